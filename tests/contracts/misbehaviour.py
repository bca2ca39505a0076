"""What a model server can do to its callers, and what other dialects of the protocol look like."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler as Handler
from typing import Any

from eval.benchmarks.model_server import (
    MODEL,
    Act,
    OpenAIServer,
    Reply,
    answer_with_first_sentences,
)


def _open_stream(handler: Handler, **headers: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.close_connection = True
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def never_answers(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    handler.close_connection = True
    while server.wait(0.02):
        pass


def only_signs_of_life(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """Comments, as proxies send them to keep a connection open, and never an event."""
    _open_stream(handler)
    while server.wait(0.01):
        handler.wfile.write(b": still here\n\n")


def drips(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """A good reply, letter by letter, slower than anyone waits for it."""
    _open_stream(handler)
    for letter in _event({"content": "Good day to you."}):
        if not server.wait(0.02):
            return
        handler.wfile.write(bytes([letter]))


def drips_headers(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while server.wait(0.02):
        handler.wfile.write(b"x")


def never_ends(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """Thinks aloud for ever, without a word of an answer."""
    _open_stream(handler)
    while server.wait(0.01):
        handler.wfile.write(_event({"content": "", "reasoning_content": "hm, "}))


def floods(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """One line without end."""
    _open_stream(handler)
    handler.wfile.write(b"data: ")
    while server.wait(0):
        handler.wfile.write(b" " * 1_000_000)


def bomb(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """Thirty kilobytes that unpack to thirty megabytes."""
    data = gzip.compress(b"data: " + b" " * 30_000_000)
    _open_stream(handler, Content_Encoding="gzip")
    handler.wfile.write(data)


def stalls(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    """Says a good deal, and then nothing, with the connection open."""
    _open_stream(handler)
    handler.wfile.write(_event({"content": answer_with_first_sentences(body) + " It also"}))
    while server.wait(0.02):
        pass


def sends_on(elsewhere: str) -> Act:
    def act(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
        handler.send_response(307)
        handler.send_header("Location", elsewhere)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return act


def hangs_up(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
    handler.close_connection = True
    handler.connection.close()


# --- dialects -----------------------------------------------------------------------------------


def _event(delta: dict[str, Any] | None, end: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": end}]
    data = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    return f"data: {json.dumps(data | {'choices': choices} | more)}\n\n".encode()


def said(*events: bytes, end: bytes = b"data: [DONE]\n\n") -> Reply:
    """A stream of exactly these events."""

    def act(server: OpenAIServer, handler: Handler, body: dict[str, Any]) -> None:
        _open_stream(handler)
        for event in (*events, end):
            handler.wfile.write(event)

    return Reply(act=act)


_USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}

DIALECTS: dict[str, Reply] = {
    "no usage": said(_event({"content": "Good "}), _event({"content": "day."}), _event({}, "stop")),
    "usage in every event": said(
        _event({"content": "Good "}, usage=_USAGE),
        _event({"content": "day."}, usage=_USAGE),
        _event({}, "stop", usage=_USAGE),
    ),
    "usage beside the end": said(_event({"content": "Good day."}, "stop", usage=_USAGE)),
    "a first event with the role alone": said(
        _event({"role": "assistant"}),
        _event({"role": "assistant", "content": None}),
        _event({"content": "Good day."}),
        _event({}, "stop"),
    ),
    "an event without choices first": said(
        _event(None, prompt_filter_results=[]), _event({"content": "Good day."}), _event({}, "stop")
    ),
    "thinking aloud": said(
        _event({"reasoning_content": "Day or night?", "content": None}),
        _event({"reasoning": "Day.", "content": ""}),
        _event({"content": "Good day."}),
        _event({}, "stop"),
    ),
    "content as a list": said(
        _event({"content": [{"type": "text", "text": "Good "}]}),
        _event({"content": [{"type": "text", "text": "day."}]}),
        _event({}, "stop"),
    ),
    "comments and events with names": said(
        b": processing\n\n",
        b"event: message\n" + _event({"content": "Good day."}),
        b": processing\n\n",
        _event({}, "stop"),
    ),
    "carriage returns": said(
        _event({"content": "Good day."}).replace(b"\n", b"\r\n"),
        _event({}, "stop").replace(b"\n", b"\r\n"),
    ),
    "no word that it is over": said(_event({"content": "Good day."}, "stop"), end=b""),
}
"""Each says ``Good day.`` in its own way."""
