"""Tracing is off until its variables are set; then a collector gets spans, and no text in them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from eval.benchmarks.model_server import MODEL, OpenAIServer
from rag.app.assistant import build
from rag.app.doctor import get_state
from rag.config.settings import Settings, load
from rag.types import Step
from rag.types.errors import LibraryEmpty, SettingsError
from tests.conftest import ROOT
from tests.contracts.collector import Collector

QUESTION = "How does DuetFace keep face recognition private?"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def spans(collector: Collector) -> list[Span]:
    return [
        span
        for sent in collector.sent
        for resource in ExportTraceServiceRequest.FromString(sent.body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def told(span: Span) -> dict[str, object]:
    values = {one.key: one.value for one in span.attributes}
    return {key: getattr(value, value.WhichOneof("value")) for key, value in values.items()}


def test_a_question_and_its_steps_are_spans_without_text(
    collector: Collector, server: OpenAIServer, library_data: Path, weights: Path
) -> None:
    given = load(
        {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b"},
        data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
        cache=False,
    )  # fmt: skip
    with build(given) as assistant:
        answer = assistant.ask(QUESTION)
    question, *steps = sorted(spans(collector), key=lambda span: span.name != "question")
    assert question.name == "question" and not question.parent_span_id
    assert {step.parent_span_id for step in steps} == {question.span_id}
    assert {step.name for step in steps} == {
        "reading the question", "searching papers", "checking quotes", f"asking {MODEL}",
        f"checking the answer with {MODEL}",
    }  # fmt: skip
    assert all(s.start_time_unix_nano <= s.end_time_unix_nano for s in [question, *steps])
    assert [event.name for event in question.events] == ["first words"]
    assert told(question) == {
        "paperfolk.route": "content", "paperfolk.status": "answered", "paperfolk.warnings": 0,
        "paperfolk.library": answer.library, "paperfolk.citations": len(answer.citations),
        "paperfolk.cached": False, "gen_ai.request.model": MODEL,
        "gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 7,
    }  # fmt: skip
    sent = b"".join(one.body for one in collector.sent)
    assert b"DuetFace" not in sent and b"private" not in sent
    assert {(one.path, one.headers["x-key"]) for one in collector.sent} == {("/v1/traces", "a b")}


def test_a_question_that_fails_or_is_left_ends_its_spans(
    collector: Collector, tmp_path: Path, library_data: Path
) -> None:
    with build(Settings(data=tmp_path, otel_endpoint=collector.url)) as assistant:
        with pytest.raises(LibraryEmpty):
            assistant.ask(QUESTION)
    (failed,) = spans(collector)
    assert failed.status.message == "LibraryEmpty"
    collector.sent.clear()
    with build(Settings(data=library_data, otel_endpoint=collector.url)) as assistant:
        events = assistant.stream("How many papers are there?")
        assert isinstance(next(events), Step)
        events.close()  # type: ignore[attr-defined]
    assert [span.name for span in spans(collector)] == ["reading the question", "question"]


def test_a_collector_that_takes_nothing_costs_a_line_and_no_answer(
    collector: Collector, library_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 500
    with caplog.at_level(logging.WARNING):
        with build(Settings(data=library_data, otel_endpoint=collector.url)) as assistant:
            assert assistant.ask("How many papers are there?").status == "answered"
    assert "spans were not taken by the collector" in caplog.text


def test_headers_that_are_none_are_refused(library_data: Path) -> None:
    given = Settings(data=library_data, otel_endpoint="http://127.0.0.1:9", otel_headers="secret")
    with build(given) as assistant, pytest.raises(SettingsError, match="otel_headers") as caught:
        assistant.ask("How many papers are there?")
    assert "secret" not in str(caught.value)


def run(library_data: Path, weights: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """One question by the command line in a process of its own."""
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    ours = {"PAPERFOLK_DATA": str(library_data), "PAPERFOLK_MODEL_PATH": str(weights)}
    return subprocess.run(
        [sys.executable, "-m", "rag", "ask", QUESTION, "--no-cache"],
        cwd=ROOT, env={**kept, **ours, **environ}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_langsmith_gets_the_calls_when_its_variables_are_set_and_nothing_when_not(
    collector: Collector, server: OpenAIServer, library_data: Path, weights: Path
) -> None:
    environ = {
        "OPENAI_BASE_URL": server.url,
        "PAPERFOLK_CHAT_MODEL": MODEL,
        "LANGSMITH_ENDPOINT": collector.url,
        "LANGSMITH_API_KEY": "traces-key",
    }
    done = run(library_data, weights, **environ)
    assert done.returncode == 0 and len(server.requests) == 1
    assert collector.sent == []
    done = run(library_data, weights, **environ, LANGSMITH_TRACING="true")
    assert done.returncode == 0 and len(server.requests) == 2
    posted = [one for one in collector.sent if one.path.startswith("/runs")]
    assert posted and {one.headers["x-api-key"] for one in posted} == {"traces-key"}


def test_doctor_says_who_is_told_what(library_data: Path, weights: Path) -> None:
    given = {"data": library_data, "model_path": weights}
    with build(Settings(**given)) as assistant:
        assert get_state(assistant)["tracing"] == {"state": "off"}
    with build(Settings(**given, otel_endpoint="http://u:p@collector.example:4318/x")) as assistant:
        found = get_state(assistant)["tracing"]
    assert found == {"state": "questions to collector.example:4318 (OpenTelemetry)"}
