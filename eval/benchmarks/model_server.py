"""A real HTTP server on loopback that speaks the OpenAI chat protocol and misbehaves on request."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["OpenAIServer", BaseHTTPRequestHandler, dict[str, Any]], None]
"""Handles a call itself, given the server, the open connection and the request's body."""

MODEL = "test-model"
VERIFIES = "You check an answer about research papers, sentence by sentence"
"""How the prompt begins that has an answer verified."""


@dataclass(frozen=True)
class Reply:
    """How the server responds to one call.

    Attributes:
        text: The text, or a function of the request that returns it.
        size: Letters in each piece of a stream.
        cut: Cuts the words of a stream in another way.
        status: Anything but 200 is an error, with ``error`` as its message.
        cut_after: Pieces after which the connection is broken off without a word.
        end_after: Pieces after which the stream ends without its proper end.
        raw: Sent as the whole body in place of the protocol.
        raw_piece: Sent as the data of the last event of a stream.
        delay_s: Waited before anything is sent.
        piece_delay_s: Waited before each piece.
        usage: Input and output tokens; None: not reported.
        act: Does anything else in place of an answer.
        tools: Calls of tools, each a name and its arguments, sent after the text.
    """

    text: str | Callable[[dict[str, Any]], str] = ""
    size: int = 7
    cut: Callable[[str], list[str]] | None = None
    status: int = 200
    error: str = "it went wrong"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    end_after: int | None = None
    raw: str | None = None
    raw_piece: str | None = None
    delay_s: float = 0.0
    piece_delay_s: float = 0.0
    usage: tuple[int, int] | None = (11, 7)
    finish_reason: str = "stop"
    act: Act | None = None
    tools: Sequence[tuple[str, Mapping[str, Any]]] = ()


def answer_with_first_sentences(request: dict[str, Any]) -> str:
    """A well-behaved answer to the prompt of this product: the first sentence of each passage."""
    prompt_text = request["messages"][-1]["content"]
    passages = re.findall(
        r"passage \[(E\d+)\]>>>.*?\nText: (.*?[.!?])(?:\s|$)", prompt_text, re.DOTALL
    )
    return " ".join(f"{text[:-1]} [{key}]{text[-1]}" for key, text in passages[:2])


_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}


class OpenAIServer:
    """Answers ``POST /v1/chat/completions`` and ``GET /v1/models``; a context manager.

    Attributes:
        replies: Used in order, one a call; ``default`` is used when none are left.
        verdicts: Used for every call that asks for the verification of an answer, which takes none of
            `replies`; by default one that judges nothing.
        verifications: The bodies of these calls; `requests` holds the others.
        models: Names of the models to report.
        requests: The bodies received, in order, each with its ``headers``.
    """

    def __init__(self, default: Reply | None = None) -> None:
        self.default = default or Reply(answer_with_first_sentences)
        self.replies: deque[Reply] = deque()
        self.verdicts = Reply('{"verdicts": [{"n": 1, "verdict": "states nothing"}]}', usage=(0, 0))
        self.requests: list[dict[str, Any]] = []
        self.verifications: list[dict[str, Any]] = []
        self.models: Reply = Reply(raw=json.dumps(_MODELS))
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _build_handler(self))
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  # meant to break off
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def take_reply(self) -> Reply:
        return self.replies.popleft() if self.replies else self.default

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until the server ends; returns False if it has ended."""
        return not self._stopping.wait(seconds)

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _build_handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            try:
                self._answer(server.models, {"model": ""})
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            verifies = VERIFIES in json.dumps(body.get("messages", []))
            calls = server.verifications if verifies else server.requests
            calls.append({**body, "headers": headers})
            reply = server.verdicts if verifies else server.take_reply()
            server.wait(reply.delay_s)
            try:
                self._answer(reply, body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, reply: Reply, body: dict[str, Any]) -> None:
            if reply.act is not None:
                reply.act(server, self, body)
            elif reply.status != 200 and reply.raw is not None:
                self._send(reply.status, reply.raw, reply.headers)
            elif reply.status != 200:
                error = {"error": {"message": reply.error, "type": "e", "code": None}}
                self._send(reply.status, json.dumps(error), reply.headers)
            elif reply.raw is not None:
                self._send(200, reply.raw, reply.headers)
            elif body.get("stream"):
                self._stream(reply, body)
            else:
                message: dict[str, Any] = {
                    "role": "assistant",
                    "content": _get_reply_text(reply, body),
                }
                if reply.tools:
                    message["tool_calls"] = _build_tool_calls(reply)
                choice = {"index": 0, "message": message, "finish_reason": _get_end(reply)}
                self._send(
                    200,
                    json.dumps(_build_head("", body) | {"choices": [choice]} | _build_usage(reply)),
                    {},
                )

        def _send(self, status: int, content: str, headers: Mapping[str, str]) -> None:
            data = content.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, reply: Reply, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            text = _get_reply_text(reply, body)
            even = range(0, len(text), reply.size)
            pieces = reply.cut(text) if reply.cut else [text[i : i + reply.size] for i in even]
            self._event(body, {"role": "assistant", "content": ""})
            for number, piece in enumerate(pieces):
                if number == reply.cut_after:
                    self.connection.close()
                    self.close_connection = True
                    return
                if number == reply.end_after:
                    self._chunk("")
                    return
                if reply.piece_delay_s:
                    time.sleep(reply.piece_delay_s)
                self._event(body, {"content": piece})
            for call in _build_tool_calls(reply):
                self._event(body, {"tool_calls": [call]})
            if reply.raw_piece is not None:
                self._chunk(f"data: {reply.raw_piece}\n\n")
            self._event(body, {}, _get_end(reply))
            if reply.usage and (body.get("stream_options") or {}).get("include_usage"):
                usage = _build_head(".chunk", body) | {"choices": []} | _build_usage(reply)
                self._chunk(f"data: {json.dumps(usage)}\n\n")
            self._chunk("data: [DONE]\n\n")
            self._chunk("")

        def _event(
            self, body: dict[str, Any], delta: dict[str, Any], end: str | None = None
        ) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            event = json.dumps(_build_head(".chunk", body) | {"choices": [choice]})
            self._chunk(f"data: {event}\n\n")

        def _chunk(self, content: str) -> None:
            data = content.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    return Handler


def _get_reply_text(reply: Reply, body: dict[str, Any]) -> str:
    return reply.text if isinstance(reply.text, str) else reply.text(body)


def _get_end(reply: Reply) -> str:
    return "tool_calls" if reply.tools else reply.finish_reason


def _build_tool_calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "index": at,
            "id": f"call-{at}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for at, (name, arguments) in enumerate(reply.tools)
    ]


def _build_head(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": f"chat.completion{kind}",
        "created": 1,
        "model": body["model"],
    }


def _build_usage(reply: Reply) -> dict[str, Any]:
    if reply.usage is None:
        return {}
    n_read, written = reply.usage
    total = n_read + written
    return {"usage": {"prompt_tokens": n_read, "completion_tokens": written, "total_tokens": total}}
