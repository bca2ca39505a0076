"""OpenTelemetry spans of questions, sent to the collector in the settings; without one, unloaded.

A question is a span, its steps are spans within it, and the step that calls a chat model carries its
name, tokens and cost. No text is sent: neither questions nor papers nor answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import unquote

import httpx2
from langsmith.utils import tracing_is_enabled
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from rag.adapters.faults import format_server_name
from rag.config.settings import Settings
from rag.types import Answer, Delta, Event, Step
from rag.types.errors import RagError, SettingsError

EXPORT_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


class Tracing:
    """Creates the spans of questions; close it to send the last ones."""

    def __init__(self, settings: Settings) -> None:
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "paperfolk"}))
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter(settings)))
        self._tracer = self._provider.get_tracer("paperfolk")

    def close(self) -> None:
        self._provider.shutdown()

    def process_events(self, events: Generator[Event, None, None]) -> Iterator[Event]:
        """Pass the events on, and create their spans."""
        span = self._tracer.start_span("question")
        step: Span | None = None
        has_words = False
        try:
            with closing(events):
                for event in events:
                    if isinstance(event, Step):
                        if step is not None:
                            step.end()
                        within = set_span_in_context(span)
                        step = self._tracer.start_span(_get_span_name(event), context=within)
                    elif isinstance(event, Delta) and not has_words:
                        has_words = True
                        span.add_event("first words")
                    elif isinstance(event, Answer):
                        span.set_attributes(_build_attributes(event))
                    yield event
        except RagError as exc:
            span.set_status(Status(StatusCode.ERROR, type(exc).__name__))
            raise
        finally:
            if step is not None:
                step.end()
            span.end()


def _get_span_name(step: Step) -> str:
    """``searching 169 papers`` as ``searching papers``: spans of one kind have one name."""
    return re.sub(r"\s*\d[\d,]*\s*", " ", step.name).strip()


def _build_attributes(answer: Answer) -> Mapping[str, Any]:
    """Attributes of a question's span; those of generative models by their common names."""
    attributes: dict[str, Any] = {
        "paperfolk.route": answer.route,
        "paperfolk.status": answer.status,
        "paperfolk.library": answer.library,
        "paperfolk.citations": len(answer.citations),
        "paperfolk.warnings": len(answer.warnings),
        "paperfolk.cached": answer.cached,
        "gen_ai.request.model": answer.model,
        "gen_ai.usage.input_tokens": answer.usage.input_tokens,
        "gen_ai.usage.output_tokens": answer.usage.output_tokens,
    }
    if answer.usage.cost_usd is not None:
        attributes["paperfolk.cost_usd"] = answer.usage.cost_usd
    return attributes


def format_state(settings: Settings) -> str:
    """Describe the active tracing as one clause for `doctor`."""
    clauses = []
    if settings.otel_endpoint is not None:
        clauses.append(f"questions to {format_server_name(settings.otel_endpoint)} (OpenTelemetry)")
    if tracing_is_enabled():
        clauses.append("model calls to LangSmith")
    return "; ".join(clauses) or "off"


class _Exporter(SpanExporter):
    """Sends spans as OTLP over HTTP; if the collector fails, that is only logged."""

    def __init__(self, settings: Settings) -> None:
        assert settings.otel_endpoint is not None
        self._url = f"{settings.otel_endpoint.rstrip('/')}/v1/traces"
        self._headers = {"Content-Type": "application/x-protobuf", **_parse_headers(settings)}

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            content = encode_spans(spans).SerializeToString()
            sent = httpx2.post(
                self._url, content=content, headers=self._headers, timeout=EXPORT_TIMEOUT_S
            )
            sent.raise_for_status()
        except httpx2.HTTPError as exc:
            _log.warning("spans were not taken by the collector: %s", type(exc).__name__)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _parse_headers(settings: Settings) -> dict[str, str]:
    """Parse ``name=value,name=value`` with percent escapes, as the variable defines them."""
    header_text = settings.otel_headers.get_secret_value() if settings.otel_headers else ""
    pairs = [pair.partition("=") for pair in header_text.split(",") if pair.strip()]
    if any(not separator for _, separator, _ in pairs):
        raise SettingsError("setting 'otel_headers' is not name=value,name=value; see OTLP headers")
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
