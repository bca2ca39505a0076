"""Checks the model server for `doctor`: does it answer, have the model, and stream?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import chain

import openai

from rag.adapters.calls import CallLimits, build_http_client, run_call
from rag.adapters.faults import convert_errors, format_server_name
from rag.adapters.openai import PUBLIC_URL, build_chat_model, get_api_key
from rag.config.settings import Settings
from rag.types.cancellation import CancelToken
from rag.types.errors import ModelError, ProviderError, SettingsError

LONGEST_LOOK_S = 5.0
LONGEST_REPLY_S = 30.0
SHOWN_MODELS = 5


def check_reachable(settings: Settings) -> str:
    """Check that the server reports its models; returns one clause and costs no tokens."""
    name = settings.chat_model_name
    try:
        served = _list_served_models(settings)
    except ProviderError as exc:
        if exc.status not in (404, 405, 501):
            return str(exc)
        return "reachable; it does not list its models"
    except (ModelError, SettingsError) as exc:
        return str(exc)
    if name in served or f"{name}:latest" in served:
        return "reachable"
    if not served:
        return "reachable; it does not list its models"
    model_list = ", ".join(served[:SHOWN_MODELS]) + (", …" if len(served) > SHOWN_MODELS else "")
    return (
        f"reachable, but it lists no model {name!r}; set chat_model to one of these: {model_list}"
    )


def _list_served_models(settings: Settings) -> list[str]:
    """Names of the models, sorted.

    Raises:
        ModelError: The server does not report them.
    """
    url = settings.openai_base_url or PUBLIC_URL
    look_s = min(settings.timeout_s, LONGEST_LOOK_S)
    secret = get_api_key(settings).get_secret_value()
    with (
        build_http_client(look_s) as http,
        convert_errors(format_server_name(url), settings.chat_model_name),
        openai.OpenAI(api_key=secret, base_url=url, http_client=http, max_retries=0) as client,
    ):
        limits = CallLimits(look_s, time.monotonic() + 2 * look_s, CancelToken())
        page = run_call(client.models.list, limits, "model list")
        return sorted({str(model.id) for model in page.data or ()})


def check_streaming(settings: Settings, messages: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Check a short call, streamed like every answer; returns one clause and costs a few tokens."""
    hasty = settings.model_copy(
        update={
            "retries": 0,
            "timeout_s": min(settings.timeout_s, LONGEST_REPLY_S),
            "reply_timeout_s": min(settings.reply_timeout_s, LONGEST_REPLY_S),
        }
    )
    began = time.perf_counter()
    try:
        chunks = iter(build_chat_model(hasty).stream(list(messages)))
        first = next(chunks)
        first_ms = (time.perf_counter() - began) * 1000
        usage = [chunk.usage_metadata for chunk in chain([first], chunks) if chunk.usage_metadata]
    except (ModelError, SettingsError) as exc:
        return {"streaming": str(exc)}
    usage_text = (
        "reported" if usage else "not reported; tokens are estimated from the text's length"
    )
    return {"streaming": f"works; first words after {first_ms:.0f} ms", "tokens": usage_text}
