"""The OpenAI adapter against a real server on loopback, with the vendor's real client."""

from __future__ import annotations

import gc
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk
from pydantic import SecretStr

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.adapters.openai import build_chat_model
from rag.adapters.provider import check_reachable, check_streaming
from rag.config.settings import Settings
from rag.types.cancellation import CancelToken
from rag.types.errors import (
    MalformedReply,
    ModelError,
    ProviderError,
    ProviderUnreachable,
    SettingsError,
)
from tests.contracts import misbehaviour

KEY = "sk-secret-123456789"
ASKED = [("system", "Be brief."), ("human", "Hello?")]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(Reply("Good day to you.")) as running:
        yield running


def at(server: OpenAIServer, **changes: object) -> Settings:
    values = {
        "openai_base_url": server.url,
        "openai_api_key": SecretStr(KEY),
        "chat_model": MODEL,
        "retries": 0,
        "timeout_s": 5.0,
    }
    return Settings(**(values | changes))


def streamed(settings: Settings) -> str:
    return "".join(chunk.text for chunk in build_chat_model(settings).stream(ASKED))


def failure(server: OpenAIServer, reply: Reply, **changes: object) -> ModelError:
    server.replies.append(reply)
    with pytest.raises(ModelError) as caught:
        streamed(at(server, **changes))
    message = str(caught.value)
    assert KEY not in message and "secret" not in message
    assert "\n" not in message and message[0] in "tm"
    return caught.value


def test_a_reply_is_streamed_with_its_usage(server: OpenAIServer) -> None:
    chunks = list(build_chat_model(at(server)).stream(ASKED))
    assert len(chunks) > 2
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert isinstance(whole, AIMessageChunk)
    assert whole.text == "Good day to you."
    assert whole.usage_metadata is not None
    assert (whole.usage_metadata["input_tokens"], whole.usage_metadata["output_tokens"]) == (11, 7)


def test_a_reply_comes_whole_too(server: OpenAIServer) -> None:
    message = build_chat_model(at(server)).invoke(ASKED)
    assert isinstance(message, AIMessage)
    assert message.text == "Good day to you."


def test_the_call_names_the_model_and_carries_the_key(server: OpenAIServer) -> None:
    streamed(at(server))
    (request,) = server.requests
    assert request["model"] == MODEL
    assert request["headers"]["authorization"] == f"Bearer {KEY}"
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


def test_a_server_of_ones_own_needs_no_key(server: OpenAIServer) -> None:
    assert streamed(at(server, openai_api_key=None)) == "Good day to you."


def test_without_key_and_base_url_the_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        build_chat_model(Settings(mode="generative"))


def test_langchain_callbacks_see_the_call(server: OpenAIServer) -> None:
    usage = UsageMetadataCallbackHandler()
    list(build_chat_model(at(server)).stream(ASKED, config={"callbacks": [usage]}))
    assert usage.usage_metadata[MODEL]["total_tokens"] == 18


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, f"Incorrect API key provided: {KEY}", "refused the key"),
        (403, "no", "refused the key"),
        (404, "The model does not exist", f"knows no model '{MODEL}'"),
        (429, "slow down", "takes no more calls"),
        (500, "oh", "fault of its own"),
        (503, "overloaded", "fault of its own"),
        (400, "This model's maximum context length is 8192 tokens", "lower evidence_tokens"),
        (400, "bad", "refused the call"),
        (422, "bad", "refused the call"),
    ],
)
def test_a_status_is_one_sentence(server: OpenAIServer, status: int, error: str, says: str) -> None:
    exc = failure(server, Reply(status=status, error=error))
    assert isinstance(exc, ProviderError)
    assert exc.status == status
    assert says in str(exc)
    assert exc.retryable == (status in (429, 500, 503))


def test_retry_after_is_kept_and_told(server: OpenAIServer) -> None:
    exc = failure(server, Reply(status=429, headers={"Retry-After": "37"}))
    assert isinstance(exc, ProviderError)
    assert exc.retry_after_s == 37.0
    assert "in 37 s" in str(exc)


def test_retry_after_may_be_a_date(server: OpenAIServer) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    exc = failure(server, Reply(status=429, headers={"Retry-After": date}))
    assert isinstance(exc, ProviderError)
    assert exc.retry_after_s is not None
    assert 7000 < exc.retry_after_s <= 7200


def test_a_passing_fault_is_tried_again(server: OpenAIServer) -> None:
    server.replies.extend([Reply(status=429, headers={"Retry-After": "0"})] * 2)
    assert streamed(at(server, retries=2)) == "Good day to you."
    assert len(server.requests) == 3


def test_tries_are_bounded(server: OpenAIServer) -> None:
    server.replies.append(Reply(status=500, headers={"Retry-After": "0"}))
    failure(server, Reply(status=500, headers={"Retry-After": "0"}), retries=1)
    assert len(server.requests) == 2


def test_a_long_pause_is_reported_and_not_waited_for(server: OpenAIServer) -> None:
    failure(server, Reply(status=429, headers={"Retry-After": "60"}), retries=2)
    assert len(server.requests) == 1


def test_a_wrong_key_is_not_tried_again(server: OpenAIServer) -> None:
    failure(server, Reply(status=401), retries=2)
    assert len(server.requests) == 1


def test_a_server_that_cannot_report_tokens_is_asked_without(server: OpenAIServer) -> None:
    said = '{"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}'
    server.replies.append(Reply(status=422, raw=said))
    assert streamed(at(server)) == "Good day to you."
    assert ["stream_options" in request for request in server.requests] == [True, False]
    server.default = Reply(status=422, raw=said)
    failure(server, server.default)
    assert len(server.requests) == 4


def test_a_server_that_does_not_answer_is_given_up(server: OpenAIServer) -> None:
    exc = failure(server, Reply("late", delay_s=30), timeout_s=0.2)
    assert isinstance(exc, ProviderUnreachable)
    assert "in time" in str(exc)


def test_a_refused_connection_names_the_server(server: OpenAIServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ProviderUnreachable, match=f"127.0.0.1:{port}"):
        streamed(at(server, openai_base_url=f"http://user:hidden@127.0.0.1:{port}/v1"))


@pytest.mark.parametrize("how", [{"cut_after": 1}, {"end_after": 1}])
def test_a_stream_that_breaks_off_is_an_error_after_its_words(
    server: OpenAIServer, how: dict[str, int]
) -> None:
    server.replies.append(Reply("Good day to you.", **how))
    words: list[str] = []
    with pytest.raises(ProviderUnreachable, match="broke off"):
        for chunk in build_chat_model(at(server, retries=2)).stream(ASKED):
            words.append(chunk.text)
    assert "".join(words) == "Good da"
    assert len(server.requests) == 1


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_reply_that_was_not_finished_is_an_error(server: OpenAIServer, reason: str) -> None:
    exc = failure(server, Reply("Good", finish_reason=reason))
    assert isinstance(exc, MalformedReply)


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Good day", raw_piece="{not json"),
        Reply("Good day", raw_piece="17"),
        Reply(raw="<html>busy</html>"),
        Reply(raw=""),
        Reply(""),
        Reply("", usage=None),
    ],
)
def test_a_reply_that_does_not_parse_is_malformed(server: OpenAIServer, reply: Reply) -> None:
    server.default = reply  # one that is no stream is asked for once more, whole
    assert isinstance(failure(server, reply), MalformedReply)


def _answer_whole(
    server: OpenAIServer, handler: BaseHTTPRequestHandler, body: dict[str, Any]
) -> None:
    """A server that knows no streaming: the whole reply, whatever was asked."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Good day."},
        "finish_reason": "stop",
    }
    data = json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    )
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data.encode())


@pytest.mark.parametrize(
    "first", [Reply(act=_answer_whole), Reply(status=400, error="stream is not supported")]
)
def test_a_server_that_cannot_stream_is_asked_for_the_whole_reply(
    server: OpenAIServer, first: Reply
) -> None:
    server.replies.extend([first, Reply(act=_answer_whole)])
    assert streamed(at(server)) == "Good day."


def test_a_server_that_knows_no_response_format_is_asked_without(server: OpenAIServer) -> None:
    server.replies.append(Reply(status=400, error="response_format is unknown"))
    # The first such call loads much of the vendor's client: 5 s on a busy machine.
    model = build_chat_model(at(server, timeout_s=60))
    text = "".join(
        str(chunk.text) for chunk in model.stream(ASKED, response_format={"type": "json_object"})
    )
    assert text and "response_format" not in server.requests[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"text": "Good day."}', "Good day."),
        ('{"want": "count", "k": 2}', '{"want": "count", "k": 2}'),
    ],
)
def test_what_comes_as_a_tool_call_alone_is_the_reply(
    server: OpenAIServer, arguments: str, said: str
) -> None:
    call = {
        "index": 0,
        "id": "c",
        "type": "function",
        "function": {"name": "answer", "arguments": arguments},
    }
    piece = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
             "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}  # fmt: skip
    server.replies.append(Reply("", raw_piece=json.dumps(piece), finish_reason="tool_calls"))
    assert streamed(at(server)) == said


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": [{"id": "c", "type": "function",
                         "function": {"name": "answer", "arguments": '{"text": "Good day."}'}}]},
        {"function_call": {"name": "answer", "arguments": '{"text": "Good day."}'}},
    ],
    ids=["tool call", "function call"],
)  # fmt: skip
def test_a_tool_call_is_the_reply_of_a_server_that_cannot_stream_too(
    server: OpenAIServer, message: dict[str, Any]
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": "tool_calls"}  # fmt: skip
    whole = {"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}  # fmt: skip
    server.replies += [Reply(status=400, error="stream is not supported"), Reply(raw=json.dumps(whole))]  # fmt: skip
    assert streamed(at(server)) == "Good day."


def test_the_older_form_of_a_tool_call_is_the_reply(server: OpenAIServer) -> None:
    piece = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
             "choices": [{"index": 0, "delta": {"function_call": {"name": "answer", "arguments": '{"a": "Hi."}'}}, "finish_reason": None}]}  # fmt: skip
    server.replies.append(Reply("", raw_piece=json.dumps(piece), finish_reason="function_call"))
    assert streamed(at(server)) == "Hi."


def test_reasoning_content_is_no_part_of_the_reply(server: OpenAIServer) -> None:
    piece = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
             "choices": [{"index": 0, "delta": {"reasoning_content": "The user wants"}, "finish_reason": None}]}  # fmt: skip
    server.replies.append(Reply("Good day.", raw_piece=json.dumps(piece)))
    assert streamed(at(server)) == "Good day."


def test_an_error_in_mid_stream_is_one_sentence(server: OpenAIServer) -> None:
    exc = failure(server, Reply("Good", raw_piece='{"error": {"message": "overloaded"}}'))
    assert isinstance(exc, ProviderError)


@pytest.mark.parametrize(
    "raw", ["{not json", "[]", '{"choices": []}', '{"choices": null}', '"words"', "null"]
)
def test_a_whole_reply_that_does_not_parse_is_malformed(server: OpenAIServer, raw: str) -> None:
    server.replies.append(Reply(raw=raw))
    with pytest.raises(MalformedReply):
        build_chat_model(at(server)).invoke(ASKED)


LISTLESS = [Reply(status=404), Reply(status=405, raw=""), Reply(raw='{"data": []}')]


def test_doctor_says_whether_the_model_is_served(server: OpenAIServer) -> None:
    assert check_reachable(at(server)) == "reachable"
    assert check_reachable(at(server, chat_model="other")) == (
        f"reachable, but it lists no model 'other'; set chat_model to one of these: {MODEL}"
    )
    assert "cannot be reached" in check_reachable(
        at(server, openai_base_url="http://127.0.0.1:9/v1")
    )


@pytest.mark.parametrize("reply", LISTLESS)
def test_a_server_without_a_list_of_models_is_reachable(server: OpenAIServer, reply: Reply) -> None:
    server.models = reply
    assert check_reachable(at(server)) == "reachable; it does not list its models"


def test_a_model_may_be_listed_with_its_default_tag(server: OpenAIServer) -> None:
    server.models = Reply(raw='{"object": "list", "data": [{"id": "llama3:latest"}]}')
    assert check_reachable(at(server, chat_model="llama3")) == "reachable"


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (Reply(status=401), "refused the key"),
        (Reply(act=misbehaviour.never_answers), "did not answer in time"),
        (Reply(act=misbehaviour.only_signs_of_life), "did not answer in time"),
        (Reply(raw="<html>"), "does not parse"),
    ],
)
def test_a_list_of_models_that_is_none_says_why(
    server: OpenAIServer, models: Reply, says: str
) -> None:
    server.models = models
    assert says in check_reachable(at(server, timeout_s=0.3))


def test_doctor_tries_a_stream_and_says_whether_tokens_are_counted(server: OpenAIServer) -> None:
    found = check_streaming(at(server), ASKED)
    assert re.fullmatch(r"works; first words after \d+ ms", found["streaming"])
    assert found["tokens"] == "reported"
    server.default = Reply("Good day.", usage=None)
    assert check_streaming(at(server), ASKED)["tokens"].startswith(
        "not reported; tokens are estimated"
    )
    server.default = Reply(status=503)
    assert "has a fault of its own" in check_streaming(at(server, retries=2), ASKED)["streaming"]
    assert len(server.requests) == 3


def test_the_last_copy_of_a_model_closes_its_connections() -> None:
    settings = Settings(openai_base_url="http://127.0.0.1:9/v1", chat_model="m")
    model = build_chat_model(settings)
    client = model.http_client
    copy = model.until(CancelToken())
    del model
    gc.collect()
    assert not client.is_closed
    del copy
    gc.collect()
    assert client.is_closed
