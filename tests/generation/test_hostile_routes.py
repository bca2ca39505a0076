"""A hostile model against the whole program: every route, a real server, replies cut at random."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.answers.citations import check_citations
from rag.answers.screening import Screen
from rag.app.assistant import Assistant, build
from rag.app.question_reader import QuestionReader
from rag.config.settings import Settings
from rag.search.retriever import Retriever
from rag.text.markdown import hazards, markers
from rag.types import Answer, Delta, Paper, Thread, Turn
from tests.hostile import PLACES, Payload, drop_unverified, fits, numbers, payloads, pieces, seen

COMPUTED = {
    "person": "What does Yuxi Mi work on?",
    "groups": "How many papers on face recognition are there by year?",
}
READ = {
    "content": "What is DuetFace?",
    "follow-up": "and on what is it tried?",
    "comparison": "How does DuetFace differ from PartialFace?",
}
EACH = 4
"""Each route is tried with every fourth payload, by turns, so that each payload is used."""


def cases(routes: dict[str, str], first: int) -> list[tuple[str, Payload, str]]:
    names, found = list(PLACES), []
    for number, route in enumerate(routes, first):
        for at, payload in enumerate(payloads()):
            places = [names[(at + number + step) % len(names)] for step in range(len(names))]
            if at % EACH == number % EACH:
                found.append((route, payload, next(p for p in places if fits(payload, p))))
    return found


def named(some: list[tuple[str, Payload, str]]) -> list[str]:
    return [f"{route}-{payload.name}-{place}" for route, payload, place in some]


READ_CASES, COMPUTED_CASES = cases(READ, 0), cases(COMPUTED, len(READ))


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def plain(assistant: Assistant) -> Callable[[str], Answer]:
    """What is answered without a model."""
    return cache(assistant.ask)


@pytest.fixture(scope="module")
def worded(library_data: Path, weights: Path, server: OpenAIServer) -> Iterator[Assistant]:
    settings = Settings(
        data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
        retries=0, cache=False, verify=False,
    )  # fmt: skip
    with build(settings) as opened, pytest.MonkeyPatch.context() as patch:
        keep_results(patch, Retriever, "retrieve", lambda *given, **named: f"{given} {named}")
        keep_results(
            patch,
            QuestionReader,
            "read_by_words",
            lambda asked, thread, *_: (asked, len(thread.turns)),
        )
        keep_results(patch, Screen, "marked", lambda hits, asked: (asked, *(h.paper for h in hits)))
        yield opened


def keep_results(
    patch: pytest.MonkeyPatch, owner: type, name: str, key: Callable[..., Any]
) -> None:
    """What comes before the model's words is made once: few questions are asked with every payload."""
    make, found = getattr(owner, name), dict[Any, Any]()

    def make_once(self: object, *given: Any, **named: Any) -> Any:
        at = key(*given, **named)
        if at not in found:
            found[at] = make(self, *given, **named)
        return found[at]

    patch.setattr(owner, name, make_once)


@pytest.fixture(scope="module")
def papers(assistant: Assistant) -> dict[str, Paper]:
    return {paper.paper_id: paper for paper in assistant.library.list_papers()}


def passages(request: dict[str, Any]) -> list[str]:
    """The first sentence of each passage with its key, as an honest model would cite it."""
    asked = request["messages"][-1]["content"]
    found = re.findall(r"passage \[(E\d+)\]>>>.*?\nText: (.*?[.!?])(?:\s|$)", asked, re.DOTALL)
    return [f"{text[:-1]} [{key}]{text[-1]}" for key, text in found[:2]]


def hostile(payload: Payload, place: str, true: Callable[[dict[str, Any]], list[str]]) -> Reply:
    def says(request: dict[str, Any]) -> str:
        return PLACES[place](payload.text, true(request) or ["Nothing is known [E1]."])

    return Reply(says, cut=lambda text: pieces(text, len(text), (9, 40)))


def streamed(assistant: Assistant, question: str, thread: Thread) -> tuple[list[str], Answer]:
    """Everything that stood on the screen while the answer came, and the answer."""
    shown, states = "", []
    *before, answer = assistant.stream(question, thread)
    assert isinstance(answer, Answer)
    for event in before:
        if isinstance(event, Delta):
            shown += event.text
            states.append(shown)
    assert shown == answer.text
    return states, answer


def test_the_suite_covers_every_route_and_payload() -> None:
    assert len(READ_CASES) + len(COMPUTED_CASES) >= 250
    assert {payload.name for _, payload, _ in READ_CASES} | {
        payload.name for _, payload, _ in COMPUTED_CASES
    } == {payload.name for payload in payloads()}


@pytest.mark.parametrize(("route", "payload", "place"), READ_CASES, ids=named(READ_CASES))
def test_of_what_papers_say_nothing_hostile_is_seen(
    worded: Assistant, plain: Callable[[str], Answer], papers: dict[str, Paper], server: OpenAIServer, route: str, payload: Payload, place: str
) -> None:  # fmt: skip
    server.default = hostile(payload, place, passages)
    server.requests.clear()
    thread = Thread()
    if route == "follow-up":
        thread = Thread((Turn(READ["content"], plain(READ["content"])),))
    states, answer = streamed(worded, READ[route], thread)
    check_citations(answer.text, answer.citations, papers)
    cited = {citation.marker for citation in answer.citations}
    read = "\n".join(str(m["content"]) for r in server.requests for m in r["messages"][1:])
    known = numbers(f"{read} {seen(answer.text) if answer.model != MODEL else ''} {len(cited)} 2")
    for state in states:
        words = seen(state)
        assert hazards(state) == ()
        assert set(markers(state)) <= cited
        believed = seen(drop_unverified(state))
        assert numbers(believed) <= known, numbers(believed) - known
        if not re.search(payload.seen, read):
            hidden = believed if payload.name.startswith("number") else words
            assert not re.search(payload.seen, hidden), words


@pytest.mark.parametrize(("route", "payload", "place"), COMPUTED_CASES, ids=named(COMPUTED_CASES))
def test_what_was_computed_stands_as_it_is_above_what_a_model_adds(
    worded: Assistant, plain: Callable[[str], Answer], papers: dict[str, Paper], server: OpenAIServer, route: str, payload: Payload, place: str
) -> None:  # fmt: skip
    computed = plain(COMPUTED[route])
    server.default = hostile(payload, place, passages)
    server.requests.clear()
    states, answer = streamed(worded, COMPUTED[route], Thread())
    assert (answer.value, answer.experts) == (computed.value, computed.experts)
    assert answer.text.startswith(computed.text) and states[0] == computed.text
    check_citations(answer.text, answer.citations, papers)
    added = answer.text.removeprefix(computed.text)
    assert hazards(added) == ()
    hidden = seen(drop_unverified(added) if payload.name.startswith("number") else added)
    read = "\n".join(str(m["content"]) for r in server.requests for m in r["messages"][1:])
    if not re.search(payload.seen, f"{computed.text} {read}"):
        assert not re.search(payload.seen, hidden), hidden
