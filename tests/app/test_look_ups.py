"""Questions that need several look-ups, planned by a scripted model over a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.adapters.agent import find_written_calls
from rag.answers.citations import check_citations
from rag.app.assistant import Assistant, build
from rag.app.look_ups import needs_look_ups
from rag.config.settings import Settings
from rag.types import Answer, Delta, Event, Step, Thread, Turn
from rag.types.cancellation import CancelToken

COMPARED = "Compare DuetFace and PartialFace, together with who works on privacy-preserving face recognition."
DUETFACE = {"want": "passages", "text": "What is DuetFace?"}
PARTIALFACE = {"want": "passages", "text": "What is PartialFace?"}
PEOPLE = {"want": "people", "about": {"words": "privacy-preserving face recognition"}}
DONE = Reply("DONE")


def call(*queries: dict[str, Any]) -> Reply:
    return Reply(tools=[("look_up", query) for query in queries])


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def server(running: OpenAIServer) -> OpenAIServer:
    running.replies.clear()
    running.requests.clear()
    return running


@pytest.fixture
def changes(request: pytest.FixtureRequest) -> dict[str, Any]:
    return getattr(request, "param", {})


@pytest.fixture(scope="module")
def opened(library_data: Path, weights: Path) -> Iterator[Callable[..., Assistant]]:
    """Assistants by their settings, each opened once."""
    with ExitStack() as stack:

        @cache
        def open_assistant(**given: Any) -> Assistant:
            settings = Settings(
                data=library_data,
                model_path=weights,
                chat_model=MODEL,
                retries=0,
                timeout_s=10,
                **given,
            )
            return stack.enter_context(build(settings))

        yield open_assistant


@pytest.fixture
def worded(
    opened: Callable[..., Assistant], server: OpenAIServer, changes: dict[str, Any]
) -> Assistant:
    return opened(openai_base_url=server.url, **{"cache": False, "verify": False, **changes})


def ask(assistant: Assistant, question: str, thread: Thread = Thread()) -> tuple[Answer, list[str]]:  # noqa: B008 - frozen
    """The answer, with its sound citations, and the look-ups that were steps."""
    *events, answer = assistant.stream(question, thread)
    assert isinstance(answer, Answer)
    check_citations(
        answer.text, answer.citations, {p.paper_id: p for p in assistant.library.list_papers()}
    )
    streamed = "".join(event.text for event in events if isinstance(event, Delta))
    assert streamed == answer.text
    return answer, list_look_ups(events)


def list_look_ups(events: list[Event]) -> list[str]:
    return [e.name for e in events if isinstance(e, Step) and e.name.startswith("look-up ")]


def test_two_sides_and_the_people_are_looked_up_and_answered_together(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [call(DUETFACE, PARTIALFACE, PEOPLE), DONE]
    answer, look_ups = ask(worded, COMPARED)
    assert look_ups == [
        'look-up 1: passages: "What is DuetFace?"',
        'look-up 2: passages: "What is PartialFace?"',
        'look-up 3: people about "privacy-preserving face recognition"',
    ]
    assert [name for name, _ in answer.steps if name.startswith("look-up ")] == look_ups
    first, second = answer.citations[:2]
    assert "DuetFace" in (first.title or "") and "Random Frequency" in (second.title or "")
    assert [s.markers for s in answer.sentences] == [(1,), (2,)]
    computed = worded.who("privacy-preserving face recognition")
    assert computed.experts == answer.experts and answer.text.count("**Shouhong Ding**") == 1
    assert (answer.status, answer.usage.input_tokens) == ("answered", 33)


def test_the_tool_takes_a_typed_query(worded: Assistant, server: OpenAIServer) -> None:
    server.replies += [call(DUETFACE), DONE]
    ask(worded, COMPARED)
    (tool,) = server.requests[0]["tools"]
    parameters = tool["function"]["parameters"]
    assert "comparison" in parameters["properties"]["want"]["enum"]
    assert "year" in json.dumps(parameters["properties"]["where"])


def test_what_a_look_up_finds_is_read_before_the_next_and_a_condition_narrows_it(
    worded: Assistant, server: OpenAIServer
) -> None:
    in_2024 = {"field": "year", "operator": "=", "value": 2024}
    server.replies += [
        call(DUETFACE),
        call({"want": "people", "relation": "authors", "papers": ["P1"]}),
        call({"want": "passages", "text": "How are faces protected?", "where": [in_2024]}),
        DONE,
    ]
    answer, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 3 and "Yuxi Mi" in answer.text
    assert look_ups[1].startswith("look-up 2: people authors of “DuetFace: ")
    found = [m["content"] for m in server.requests[3]["messages"] if m["role"] == "tool"]
    assert "P1>>>\nTitle: DuetFace" in found[0] and "2024\nText" in found[2]
    assert "2022\nText" not in found[2] and "2023\nText" not in found[2]


def test_papers_against_one_that_is_pointed_at_are_looked_up_with_its_words_in_view(
    worded: Assistant, server: OpenAIServer
) -> None:
    question = "What is DuetFace?"
    thread = Thread((Turn(question, worded.ask(question)),))
    server.requests.clear()
    other = {"want": "passages", "text": "Do high-frequency channels leak the face?"}
    server.replies += [call(other), DONE]
    answer, look_ups = ask(worded, "Find papers that contradict [1]", thread)
    plan = server.requests[0]["messages"][-1]["content"]
    assert "paper P1>>>\nTitle: DuetFace" in plan and "high-frequency channels" in plan
    assert look_ups == ['look-up 1: passages: "Do high-frequency channels leak the face?"']
    assert "[E1]>>>\nTitle: DuetFace" in server.requests[-1]["messages"][-1]["content"]
    assert answer.status == "answered"


@pytest.mark.parametrize(
    "query",
    [
        {"want": "poems"},
        {"want": "passages", "text": "What is ZorbNet?"},
        {"want": "count", "year": 2023},
        {"want": "people", "relation": "authors", "papers": ["P40"]},
        {"want": "passages"},
        {"want": "profile", "people": [{"typed": "Zebulon Quark"}]},
    ],
)
def test_what_is_no_query_or_names_what_was_not_said_finds_nothing_and_the_model_is_told(
    worded: Assistant, server: OpenAIServer, query: dict[str, Any]
) -> None:
    server.replies += [call(query), call(DUETFACE), DONE]
    _, look_ups = ask(worded, COMPARED)
    assert look_ups[0].startswith("look-up 1: not made, ")
    (told,) = (m["content"] for m in server.requests[1]["messages"] if m["role"] == "tool")
    assert told.startswith("No query: ")


def test_six_look_ups_and_four_calls_are_all_there_are(
    worded: Assistant, server: OpenAIServer
) -> None:
    asked = [
        {"want": "count", "about": {"words": word}} for word in "faces drones keys maps".split()
    ]
    server.replies += [call(*asked, *asked), call(DUETFACE), call(PARTIALFACE), call(PEOPLE)]
    answer, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 6
    assert "the look-ups ended early: the model asked for 11 where 6 are made at most" in answer.warnings  # fmt: skip
    n_planned = sum("tools" in request for request in server.requests)
    assert n_planned == 4


@pytest.mark.parametrize("changes", [{"plan_tokens": 500}], indirect=True)
def test_no_call_begins_beyond_the_tokens_of_a_plan(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [Reply(tools=[("look_up", DUETFACE)], usage=(499, 2)), call(PARTIALFACE)]
    answer, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 1 and sum("tools" in request for request in server.requests) == 1
    assert "the look-ups ended early: planning took 501 tokens" in answer.warnings


def test_a_plan_without_an_end_is_told(worded: Assistant, server: OpenAIServer) -> None:
    server.replies += [call({"want": "count", "about": {"words": w}}) for w in "ab cd ef gh".split()]  # fmt: skip
    answer, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 4
    assert "the look-ups ended early: the model planned 4 times and was not done" in answer.warnings


@pytest.mark.parametrize(
    "written",
    [
        f"<tool_call>\n{json.dumps({'name': 'look_up', 'arguments': DUETFACE})}\n</tool_call>"
        f"<tool_call>{json.dumps({'name': 'look_up', 'parameters': PEOPLE})}</tool_call>",
        f"I look up {{both}}:\n```json\n{json.dumps([DUETFACE, PEOPLE])}\n```",
    ],
)
def test_calls_that_a_model_writes_into_its_reply_are_made(
    worded: Assistant, server: OpenAIServer, written: str
) -> None:
    server.replies += [Reply(written), DONE]
    answer, look_ups = ask(worded, COMPARED)
    assert look_ups == [
        'look-up 1: passages: "What is DuetFace?"',
        'look-up 2: people about "privacy-preserving face recognition"',
    ]
    assert answer.experts and not answer.warnings


def test_what_is_no_call_of_the_tool_is_none() -> None:
    assert not list(find_written_calls("{" * 30 + '{"name": "rm", "arguments": {"a": 1}} {"a', "look_up"))  # fmt: skip


@pytest.mark.parametrize("changes", [{"thread_budget_tokens": 2_000}], indirect=True)
def test_a_conversation_without_tokens_for_a_plan_is_answered_in_one_look_up(
    worded: Assistant, server: OpenAIServer
) -> None:
    answer, look_ups = ask(worded, COMPARED)
    assert not look_ups and not any("tools" in request for request in server.requests)
    assert any("leaves no tokens for several look-ups" in note for note in answer.warnings)


def refuse_tools(server: OpenAIServer, handler: Any, body: dict[str, Any]) -> None:
    """As Ollama does for a model that was not taught to call tools."""
    error = {"error": {"message": f"{body['model']} does not support tools"}}
    handler._send(400, json.dumps(error), {})


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (Reply(act=refuse_tools), "takes no tools"),
        (Reply("I would compare their methods."), "called no tool"),
        (Reply(tools=[("look_up", DUETFACE)], status=503), "503"),
    ],
)
def test_a_server_without_tools_is_asked_once_and_that_is_said(
    worded: Assistant, server: OpenAIServer, first: Reply, why: str
) -> None:
    server.replies.append(first)
    answer, look_ups = ask(worded, COMPARED)
    assert not look_ups and (answer.status, answer.model) == ("answered", MODEL)
    (note,) = (w for w in answer.warnings if "without a plan" in w)
    assert why in note
    assert "tools" not in server.requests[-1]


def test_what_was_looked_up_before_a_failure_is_answered_from(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [call(DUETFACE), Reply(status=401, error="no")]
    answer, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 1 and answer.status == "answered" and answer.model == MODEL
    assert any(w.startswith("the look-ups ended early: ") for w in answer.warnings)


def test_what_no_paper_says_still_leaves_what_is_computed(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [call(DUETFACE, PEOPLE), DONE, Reply("NOT STATED. No passage compares them.")]
    answer, _ = ask(worded, COMPARED)
    assert answer.status == "answered" and answer.text.startswith("No passage compares them.")
    assert "**Shouhong Ding**" in answer.text


def test_look_ups_that_find_nothing_are_an_abstention_in_words(
    worded: Assistant, server: OpenAIServer
) -> None:
    in_1900 = {"field": "year", "operator": "is", "value": 1900}
    asked = {"want": "passages", "text": "How are deepfakes detected?", "where": [in_1900]}
    server.replies += [call(asked), DONE]
    question = "Compare what was done on deepfake detection in 2022 and in 2024."
    answer, _ = ask(worded, question)
    assert answer.status == "abstained" and answer.text and len(server.requests) == 2


def test_words_that_cannot_be_used_give_way_to_quotes_of_all_that_was_looked_up(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [call(DUETFACE, PARTIALFACE), DONE, Reply(status=401, error="no")]
    answer, _ = ask(worded, COMPARED)
    assert answer.status == "answered" and answer.model == "extractive"
    assert len({c.paper_id for c in answer.citations}) > 1


def test_only_figures_and_people_need_no_words(worded: Assistant, server: OpenAIServer) -> None:
    count = {"want": "count", "about": {"words": "palmprint recognition"}}
    server.replies += [call(count, PEOPLE), DONE]
    answer, _ = ask(worded, "How many papers are on palmprints, and who wrote DuetFace?")
    assert answer.text.count("palmprint") and "**Shouhong Ding**" in answer.text
    assert len(server.requests) == 2
    assert answer.reading is not None
    assert not any("first of two questions" in note for note in answer.reading.notes)


@pytest.mark.parametrize("changes", [{"plan": False}], indirect=True)
def test_planning_can_be_switched_off(worded: Assistant, server: OpenAIServer) -> None:
    ask(worded, COMPARED)
    assert len(server.requests) == 1 and "tools" not in server.requests[0]


@pytest.mark.parametrize("changes", [{"cache": True}], indirect=True)
def test_a_plan_asked_for_twice_is_paid_once(
    worded: Assistant, server: OpenAIServer, library_data: Path
) -> None:
    question = f"{COMPARED} Please."
    server.replies += [call(DUETFACE, PEOPLE), DONE]
    first, _ = ask(worded, question)
    n_requests = len(server.requests)
    again, look_ups = ask(worded, question)
    assert len(server.requests) == n_requests and len(look_ups) == 2
    assert again.cached and again.text == first.text


def test_an_answer_that_is_stopped_makes_no_further_look_up(
    worded: Assistant, server: OpenAIServer
) -> None:
    server.replies += [call(DUETFACE, PARTIALFACE, PEOPLE), DONE]
    stop = CancelToken()
    events: list[Event] = []
    for event in worded.stream(COMPARED, stop=stop):
        events.append(event)
        if list_look_ups([event]):
            stop.set()
    assert len(list_look_ups(events)) == 1 and not isinstance(events[-1], Answer)
    assert len(server.requests) == 1


def test_a_server_that_cannot_stream_calls_tools_all_the_same(
    worded: Assistant, server: OpenAIServer
) -> None:
    def send_whole(server: OpenAIServer, handler: Any, body: dict[str, Any]) -> None:
        handler._answer(Reply(tools=[("look_up", DUETFACE)]), {**body, "stream": False})

    whole = Reply(act=send_whole)
    server.replies += [whole, whole, DONE]  # the stream that is none, and the call without one
    _, look_ups = ask(worded, COMPARED)
    assert len(look_ups) == 1


@pytest.mark.parametrize(
    ("question", "needs"),
    [
        (COMPARED, True),
        ("What is DuetFace and who wrote it?", True),
        ("Find papers that contradict DuetFace.", True),
        ("Is there any work that builds on DuetFace?", True),
        ("Compare what was done on deepfake detection in 2022 and in 2024.", True),
        ("How many papers are on UAV tracking, and what are their main ideas?", True),
        ("What is DuetFace?", False),
        ("Compare DuetFace and PartialFace.", False),
        ("Who works on UAV tracking?", False),
        ("On how many synthetic and how many real data sets was it tested?", False),
        ("Which paper on UAV tracking should I read first and why?", False),
        ("Who is Yuxi Mi and what are they known for?", False),
        ("Do the papers on UAV tracking disagree on anything?", False),
    ],
)
def test_only_questions_of_several_wants_are_planned(
    assistant: Assistant, question: str, needs: bool
) -> None:
    reading = assistant.read(question)
    assert needs_look_ups(question, reading, Thread(), assistant.library.view) is needs


def test_below_what_to_read_first_the_model_says_what_the_papers_say(
    worded: Assistant, server: OpenAIServer
) -> None:
    answer, _ = ask(worded, "Which paper on deepfake detection should I read first?")
    head, _, added = answer.text.rpartition("\n\n")
    assert "To read first" in head and answer.model == MODEL
    assert answer.sentences and answer.sentences[0].text[:40] == added[:40]
