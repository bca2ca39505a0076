"""Whatever a model server does, the reader gets an answer from the papers and one clear sentence.

Everything is real here: the library, the assistant, the vendor's client, and a server on loopback.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences
from rag.adapters.calls import CallLimits, run_in_thread
from rag.adapters.openai import build_chat_model
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Answer, Delta, Step, Thread, Turn
from rag.types.cancellation import CancelToken
from rag.types.errors import ModelError
from tests.contracts import misbehaviour
from tests.contracts.misbehaviour import DIALECTS

KEY = "sk-secret-123456789"
QUESTION = "How does DuetFace keep face recognition private?"
QUICK = {"timeout_s": 1.0, "reply_timeout_s": 60.0}
SHORT = {"timeout_s": 60.0, "reply_timeout_s": 2.0}


@dataclass(frozen=True)
class Fault:
    """What a server does, and the sentence that the reader gets; ``SERVER`` is host and port."""

    sentence: str
    reply: Reply
    settings: dict[str, Any] = field(default_factory=dict)
    tries: int = 1


def does(act: Any) -> Reply:
    return Reply(act=act)


BROKE_OFF = "the model server 'SERVER' cannot be reached or broke off; check openai_base_url and the network"
NO_PROTOCOL = (
    "the reply of 'SERVER' does not parse; check that openai_base_url leads to a server that "
    "speaks the OpenAI protocol"
)
TOO_LONG = "the model server 'SERVER' finds the call too long for 'test-model'"
LATE = "the model server 'SERVER' did not answer in time; try again, or raise timeout_s"
UNFINISHED = "the model server 'SERVER' did not finish in time; try again, or raise reply_timeout_s"
EMPTY = "model 'test-model' at 'SERVER' replied with nothing; ask again"
OWN_FAULT = "the model server 'SERVER' has a fault of its own (HTTP {}); try again later"

FAULTS = {
    "wrong key": Fault(
        "the model server 'SERVER' refused the key (HTTP 401); check OPENAI_API_KEY",
        Reply(status=401, error=f"Incorrect API key provided: {KEY}"),
    ),
    "key without rights": Fault(
        "the model server 'SERVER' refused the key (HTTP 403); check OPENAI_API_KEY",
        Reply(status=403),
    ),
    "wrong model": Fault(
        "the model server 'SERVER' knows no model 'test-model' (HTTP 404); set chat_model to one "
        "that it serves",
        Reply(status=404, error="The model `test-model` does not exist."),
    ),
    "wrong address": Fault(
        "the model server 'SERVER' knows no such address (HTTP 404); check openai_base_url, which "
        "mostly ends in /v1",
        Reply(status=404, raw='{"detail": "Not Found"}'),
    ),
    "too many calls, for a moment": Fault(
        "the model server 'SERVER' takes no more calls for now (HTTP 429); try again in 0 s, or "
        "check the quota",
        Reply(status=429, headers={"Retry-After": "0"}),
        tries=3,
    ),
    "too many calls, for long": Fault(
        "the model server 'SERVER' takes no more calls for now (HTTP 429); try again in 3600 s, or "
        "check the quota",
        Reply(status=429, headers={"Retry-After": "3600"}),
    ),
    "no credit": Fault(
        "the model server 'SERVER' says that the account has no credit left (HTTP 429); check its "
        "quota and billing",
        Reply(
            status=429, raw='{"error": {"message": "", "code": "insufficient_quota"}}',
            headers={"Retry-After": "0"},
        ),
    ),
    "internal error": Fault(
        OWN_FAULT.format(500), Reply(status=500, headers={"Retry-After": "0"}), tries=3
    ),
    "bad gateway": Fault(
        OWN_FAULT.format(502),
        Reply(status=502, raw="<html>Bad gateway</html>", headers={"Retry-After-Ms": "1"}),
        tries=3,
    ),
    "overloaded": Fault(
        OWN_FAULT.format(503), Reply(status=503, headers={"Retry-After": "0"}), tries=3
    ),
    "context too long": Fault(
        f"{TOO_LONG} (HTTP 400); lower evidence_tokens",
        Reply(status=400, error="This model's maximum context length is 8192 tokens."),
    ),
    "context too long, in other words": Fault(
        f"{TOO_LONG} (HTTP 400); lower evidence_tokens",
        Reply(
            status=400,
            raw='{"error": {"code": 400, "type": "exceed_context_size_error", "message":'
            ' "the request exceeds the available context size"}}',
        ),
    ),
    "call too large": Fault(f"{TOO_LONG} (HTTP 413); lower evidence_tokens", Reply(status=413)),
    "refused": Fault(
        "the model server 'SERVER' refused the call (HTTP 400); check that 'test-model' is a chat "
        "model",
        Reply(status=400, raw='{"object": "error", "message": "bad request"}'),
    ),
    "another address": Fault(
        "the model server 'SERVER' sends calls on to another address, where your key is not taken "
        "(HTTP 307); set openai_base_url to the right one",
        does(misbehaviour.sends_on("http://127.0.0.1:9/v1/chat/completions")),
    ),
    "never answers": Fault(LATE, does(misbehaviour.never_answers), QUICK),
    "only signs of life": Fault(LATE, does(misbehaviour.only_signs_of_life), QUICK),
    "drips": Fault(LATE, does(misbehaviour.drips), QUICK),
    "drips its headers": Fault(LATE, does(misbehaviour.drips_headers), QUICK),
    "never ends": Fault(UNFINISHED, does(misbehaviour.never_ends), SHORT),
    "hangs up": Fault(BROKE_OFF, does(misbehaviour.hangs_up), {"retries": 0}),
    "floods": Fault(
        "the reply of 'SERVER' has no end; check that openai_base_url leads to a model server",
        does(misbehaviour.floods),
        {"timeout_s": 30},
    ),
    "a small reply that unpacks to a large one": Fault(
        "the reply of 'SERVER' is compressed although that was not asked for; switch it off at the "
        "server or the proxy before it",
        does(misbehaviour.bomb),
    ),
    "no words": Fault(EMPTY, Reply("")),
    "nothing at all": Fault(NO_PROTOCOL, Reply(raw="")),
    "a web page": Fault(NO_PROTOCOL, Reply(raw="<html>Welcome</html>")),
    "not JSON": Fault(NO_PROTOCOL, Reply(raw="data: {not json\n\n")),
    "JSON of another kind": Fault(NO_PROTOCOL, Reply(raw="data: [17]\n\n")),
    "withheld": Fault(
        "the model server 'SERVER' withheld the reply by its content filter",
        Reply("", finish_reason="content_filter"),
    ),
    "no room for an answer": Fault(
        "the reply of 'test-model' reached its longest length; raise the server's limit, or ask "
        "for less",
        Reply("", finish_reason="length"),
    ),
}  # fmt: skip

STREAMED_ALONE = {
    "an error in the stream": Fault(
        "the model server 'SERVER' reported an error; ask again",
        Reply(raw='data: {"error": {"message": "engine dead"}}\n\n'),
    ),
    "too long, told in the stream": Fault(
        f"{TOO_LONG}; lower evidence_tokens",
        Reply(raw='data: {"error": "the context length of 4096 is not enough"}\n\n'),
    ),
    "over before a word": Fault(
        "the reply of 'SERVER' broke off; ask again", Reply("Good day.", end_after=0), {"retries": 0}
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def server(running: OpenAIServer) -> OpenAIServer:
    running.replies.clear()
    running.requests.clear()
    running.default = Reply(answer_with_first_sentences)
    return running


@pytest.fixture(scope="module")
def quoted(library_data: Path, weights: Path) -> Iterator[Answer]:
    """The answer without a model."""
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        yield assistant.ask(QUESTION)


@pytest.fixture(scope="module")
def at(library_data: Path, weights: Path, running: OpenAIServer) -> Callable[..., Settings]:
    def settings(**changes: Any) -> Settings:
        values = {
            "data": library_data, "model_path": weights, "openai_base_url": running.url,
            "openai_api_key": KEY, "chat_model": MODEL, "timeout_s": 5.0, "cache": False,
        }  # fmt: skip
        return Settings(**(values | changes))

    return settings


@pytest.fixture(scope="module")
def asked(at: Callable[..., Settings]) -> Iterator[Callable[..., Assistant]]:
    """An assistant by its settings; each is opened once."""
    opened: dict[str, Assistant] = {}

    def assistant(**changes: Any) -> Assistant:
        return opened.setdefault(repr(changes), build(at(**changes)))

    yield assistant
    for one in opened.values():
        one.close()


def told(fault: Fault, server: OpenAIServer) -> str:
    return fault.sentence.replace("SERVER", server.url.split("/")[2])


@pytest.mark.parametrize("name", [*FAULTS, *STREAMED_ALONE])
def test_a_fault_gives_the_quoted_answer_and_one_sentence_and_the_thread_goes_on(
    name: str, server: OpenAIServer, asked: Callable[..., Assistant], quoted: Answer
) -> None:
    fault = (FAULTS | STREAMED_ALONE)[name]
    good, server.default = server.default, fault.reply
    assistant = asked(**fault.settings)
    *before, answer = assistant.stream(QUESTION)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.text) == ("answered", quoted.text)
    note = f"{told(fault, server)}; the answer is quoted from the papers instead"
    assert answer.warnings == (note,)
    assert "".join(e.text for e in before if isinstance(e, Delta)) == answer.text
    is_no_stream = fault.reply.raw is not None and fault.reply.status == 200
    assert len(server.requests) - is_no_stream in (fault.tries - is_no_stream, fault.tries)
    assert KEY not in repr(answer)

    server.default = good
    thread = Thread((Turn(QUESTION, answer),))
    after = assistant.ask("and bridge distillation?", thread)
    assert (after.status, after.model, after.warnings) == ("answered", MODEL, ())


@pytest.mark.parametrize("name", [n for n in FAULTS if n != "drips"])
def test_a_fault_of_a_call_that_is_not_streamed_has_the_same_sentence(
    name: str, server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    fault = FAULTS[name]
    server.default = fault.reply
    model = build_chat_model(at(**fault.settings))
    with pytest.raises(ModelError) as caught:
        model.invoke("Hello?")
    late = (LATE, UNFINISHED)
    assert str(caught.value) == told(fault, server) or fault.sentence in late
    assert "in time" in str(caught.value) or fault.sentence not in late
    assert len(server.requests) == fault.tries


def test_a_server_that_is_not_there_is_named(
    at: Callable[..., Settings], quoted: Answer, server: OpenAIServer
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with build(at(openai_base_url=f"http://{address}/v1", retries=0)) as assistant:
            answer = assistant.ask(QUESTION)
    assert answer.text == quoted.text
    assert answer.warnings[0].startswith(BROKE_OFF.replace("SERVER", address))


def test_without_a_network_the_server_is_named(at: Callable[..., Settings], quoted: Answer) -> None:
    """A name that no one can resolve."""
    with build(at(openai_base_url="http://models.invalid/v1", retries=0)) as assistant:
        answer = assistant.ask(QUESTION)
    assert answer.text == quoted.text
    assert answer.warnings[0].startswith(BROKE_OFF.replace("SERVER", "models.invalid"))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"cut_after": 1}, "the model server 'SERVER' cannot be reached or broke off; "),
        ({"end_after": 1}, "the reply of 'SERVER' broke off; ask again"),
        ({"finish_reason": "length"}, "the reply of 'test-model' reached its longest length; "),
        ({"raw_piece": "{not json"}, "the reply of 'SERVER' does not parse; "),
        ({"raw_piece": '{"error": {"message": "x"}}'}, "the model server 'SERVER' reported an "),
    ],
)
def test_a_reply_cut_in_mid_sentence_keeps_the_checked_sentences_and_says_so(
    how: dict[str, Any], why: str, server: OpenAIServer, asked: Callable[..., Assistant]
) -> None:
    server.default = Reply(
        lambda call: answer_with_first_sentences(call) + " It also" * 100, size=600, **how
    )
    answer = asked().ask(QUESTION)
    assert (answer.status, answer.model) == ("answered", MODEL)
    assert answer.citations and re.search(r"\[\d+\][.!?]?$", answer.text)
    address = server.url.split("/")[2]
    assert answer.warnings[-1].startswith(
        "the answer is incomplete: " + why.replace("SERVER", address)
    )


@pytest.mark.parametrize(
    ("act", "settings", "why"),
    [(misbehaviour.stalls, QUICK, LATE), (misbehaviour.stalls, SHORT, UNFINISHED)],
)
def test_a_reply_that_stalls_keeps_the_checked_sentences_and_says_so(
    act: Any,
    settings: dict[str, Any],
    why: str,
    server: OpenAIServer,
    asked: Callable[..., Assistant],
) -> None:
    server.default = does(act)
    answer = asked(**settings).ask(QUESTION)
    assert (answer.status, answer.model) == ("answered", MODEL) and answer.citations
    told = why.replace("SERVER", server.url.split("/")[2])
    assert answer.warnings[-1] == f"the answer is incomplete: {told}"


def test_a_redirect_is_not_followed_with_the_key(
    server: OpenAIServer, asked: Callable[..., Assistant]
) -> None:
    with OpenAIServer(Reply("Good day.")) as elsewhere:
        server.default = does(misbehaviour.sends_on(f"{elsewhere.url}/chat/completions"))
        asked().ask(QUESTION)
        assert len(server.requests) == 1 and elsewhere.requests == []


def test_a_pause_between_tries_is_bounded_by_the_time_for_the_whole(
    server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    server.default = Reply(status=503, headers={"Retry-After": "8"})
    with pytest.raises(ModelError, match="fault of its own"):
        build_chat_model(at(reply_timeout_s=2.0)).invoke("Hello?")
    assert len(server.requests) == 1


# --- giving up --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        does(misbehaviour.never_answers),
        does(misbehaviour.only_signs_of_life),
        does(misbehaviour.drips_headers),
        does(misbehaviour.never_ends),
        Reply(status=503, headers={"Retry-After": "9"}),
    ],
    ids=["waiting", "signs of life", "headers", "thinking", "pausing between tries"],
)
def test_stopping_ends_a_question_whatever_it_waits_for(
    reply: Reply, server: OpenAIServer, asked: Callable[..., Assistant]
) -> None:
    server.default = reply
    stop = CancelToken()
    events = asked(timeout_s=600, reply_timeout_s=600).stream(QUESTION, stop=stop)
    seen = [next(events)]
    while not (isinstance(seen[-1], Step) and seen[-1].name.startswith("asking")):
        seen.append(next(events))
    threading.Timer(0.2, stop.set).start()
    assert list(events) == []


def test_stopping_ends_a_connection_that_is_not_made(
    at: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that does not answer cannot be interrupted, but nobody waits for it."""
    asked, over = threading.Event(), threading.Event()

    def unanswered(*_: object, **__: object) -> list[Any]:
        asked.set()
        over.wait(30)
        raise OSError("no answer")

    stop = CancelToken()
    model = build_chat_model(at(openai_base_url="http://models.invalid/v1")).until(stop)
    monkeypatch.setattr(socket, "getaddrinfo", unanswered)
    threading.Thread(target=lambda: (asked.wait(), stop.set())).start()
    with pytest.raises(ModelError, match="was stopped"):
        model.invoke("Hello?")
    assert not over.is_set()
    over.set()


def test_an_interrupt_that_reaches_another_thread_is_heard_soon() -> None:
    """A waiting main thread is not woken by it."""
    over = threading.Event()

    def make() -> Generator[str, None, None]:
        over.wait(0.3)  # until it waits
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        over.wait(20)
        yield "late"

    limits = CallLimits(20.0, time.monotonic() + 20, CancelToken())
    with pytest.raises(KeyboardInterrupt):
        list(run_in_thread(make, limits, "model call"))
    assert time.monotonic() < limits.ends_at - 10
    over.set()


def test_a_call_that_was_given_up_lets_its_connection_go(
    server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    gone = threading.Event()

    def watched(server: OpenAIServer, handler: Any, body: dict[str, Any]) -> None:
        try:
            misbehaviour.never_ends(server, handler, body)
        except OSError:
            gone.set()

    server.default = does(watched)
    with pytest.raises(ModelError, match="did not finish in time"):
        build_chat_model(at(**SHORT)).invoke("Hello?")
    assert gone.wait(10)


def test_a_stopped_wish_is_heard_once_by_who_listens_and_at_once_by_who_comes_late() -> None:
    stop, heard = CancelToken(), list[str]()
    with stop.call_on_cancel(lambda: heard.append("early")):
        stop.set()
        stop.set()
    with stop.call_on_cancel(lambda: heard.append("late")):
        assert heard == ["early", "late"]
    with CancelToken().call_on_cancel(lambda: heard.append("never")):
        pass
    assert heard == ["early", "late"]


# --- dialects ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # content as a list
@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_of_the_protocol_is_understood(
    name: str, server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    server.default = DIALECTS[name]
    chunks = list(build_chat_model(at()).stream("Hello?"))
    assert "".join(chunk.text for chunk in chunks) == "Good day."


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "Good day.", "reasoning_content": "Day or night?"},
        {"role": "assistant", "content": [{"type": "text", "text": "Good day."}]},
        {"content": "Good day.", "role": "assistant", "refusal": None, "tool_calls": []},
    ],
)
def test_a_dialect_of_whole_replies_is_understood(
    message: dict[str, Any], server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    server.default = Reply(raw=json.dumps({"model": MODEL, "choices": [choice]}))
    assert build_chat_model(at()).invoke("Hello?").text == "Good day."


def test_the_asynchronous_side_has_the_same_limits(
    server: OpenAIServer, at: Callable[..., Settings]
) -> None:
    server.replies.extend([Reply(status=503, headers={"Retry-After": "0"}), Reply("Good day.")])
    assert asyncio.run(build_chat_model(at()).ainvoke("Hello?")).text == "Good day."
    server.default = does(misbehaviour.never_answers)
    with pytest.raises(ModelError, match="in time"):
        asyncio.run(build_chat_model(at(**QUICK)).ainvoke("Hello?"))
