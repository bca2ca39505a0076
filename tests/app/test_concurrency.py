"""Many conversations at once over one assistant: every one gets its own answer, whole."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences
from rag.app.assistant import Assistant, build
from rag.app.conversations import ThreadStore
from rag.app.jobs import AnswerJobs
from rag.config.settings import Settings
from rag.types import Answer, Thread, Turn

N = 4


def speaks(call: dict[str, Any]) -> str:
    """An answer from the call's own passages, or the follow-up as it was typed."""
    asked = call["messages"][-1]["content"]
    if "passage [" in asked:
        return answer_with_first_sentences(call)
    found = re.search(r"last question>>>\n(.*?)\n<<<", asked, re.DOTALL)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def pairs(library_data: Path) -> list[tuple[str, str]]:
    """Two questions for each conversation, each about a paper of its own."""
    with build(Settings(data=library_data)) as assistant:
        titles = [paper.title for paper in assistant.library.list_papers() if paper.title][: 2 * N]
    asked = [f"What is proposed in {title}?" for title in titles]
    return list(zip(asked[:N], asked[N:], strict=True))


def told(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.model, answer.text, answer.citations, answer.warnings


def conversation(assistant: Assistant, questions: tuple[str, str]) -> list[Answer]:
    thread, answers = Thread(), []
    for question in questions:
        answers.append(assistant.ask(question, thread))
        thread = thread.add_turn(Turn(question, answers[-1]))
    return answers


def at_once(make: Callable[[int], list[Answer]]) -> list[list[Answer]]:
    """All conversations begin together."""
    gate = threading.Barrier(N)

    def one(n: int) -> list[Answer]:
        gate.wait(30)
        return make(n)

    with ThreadPoolExecutor(N) as pool:
        return list(pool.map(one, range(N)))


def test_many_conversations_without_a_model(
    library_data: Path, weights: Path, pairs: list[tuple[str, str]]
) -> None:
    given = Settings(data=library_data, model_path=weights)
    with build(given) as alone:
        expected = [[told(a) for a in conversation(alone, pair)] for pair in pairs]
    assert len({answer for one in expected for answer in one}) > N
    with build(given) as shared:  # nothing of it is open yet
        found = at_once(lambda n: conversation(shared, pairs[n]))
    assert [[told(a) for a in one] for one in found] == expected


def test_many_conversations_with_a_model_through_the_desk(
    library_data: Path, weights: Path, pairs: list[tuple[str, str]], tmp_path: Path
) -> None:
    with OpenAIServer(Reply(speaks, size=60, piece_delay_s=0.002)) as server:
        given = Settings(
            data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
            cache=False,
        )  # fmt: skip
        with build(given) as alone:
            expected = [[told(a) for a in conversation(alone, pair)] for pair in pairs]
        assert all(answer[1] == MODEL for one in expected for answer in one)
        assert len({answer[2] for one in expected for answer in one}) == 2 * N
        n_calls = len(server.requests)
        with build(given) as shared:
            store = ThreadStore(tmp_path)
            desk = AnswerJobs(shared, store)
            threads = [store.create_thread(first) for first, _ in pairs]

            def asked(n: int) -> list[Answer]:
                answers = []
                for question in pairs[n]:
                    *_, last = desk.ask(threads[n], question).iter_events()
                    assert isinstance(last.event, Answer)
                    answers.append(last.event)
                return answers

            found = at_once(asked)
            kept = [[turn.answer for turn in store.get_thread(one).turns] for one in threads]
        assert len(server.requests) == 2 * n_calls
    assert [[told(a) for a in one] for one in found] == expected
    assert kept == found


def test_many_at_once_of_one_question_ask_a_model_and_agree(
    library_data: Path, weights: Path, pairs: list[tuple[str, str]], tmp_path: Path
) -> None:
    """The file of kept replies is read and written by all of them."""
    data = tmp_path / "data"
    data.mkdir()
    for part in library_data.iterdir():
        (data / part.name).symlink_to(part)
    (data / "replies.db").unlink(missing_ok=True)
    with OpenAIServer(Reply(speaks)) as server:
        given = Settings(
            data=data, model_path=weights, openai_base_url=server.url, chat_model=MODEL
        )
        with build(given) as shared:
            found = at_once(lambda n: [shared.ask(pairs[0][0])])
            assert len({told(one) for (one,) in found}) == 1
            assert found[0][0].warnings == ()
            assert shared.ask(pairs[0][0]).cached
