"""Money, time and the cache around a chat model, over the seeds and a server on loopback."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Answer, Delta, Thread, Turn, Usage
from rag.types.cancellation import CancelToken
from rag.types.errors import SettingsError
from rag.types.serialise import record
from tests.contracts import misbehaviour

QUESTION = "How does DuetFace keep face recognition private?"
OTHER = "What is bridge distillation?"
PRICES = {"price_input_usd": 2.0, "price_output_usd": 10.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, library_data: Path) -> Path:
    """The seeds' library, with a file of replies of its own."""
    folder = tmp_path_factory.mktemp("voices")
    for part in library_data.iterdir():
        (folder / part.name).symlink_to(part)
    return folder


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def server(running: OpenAIServer, data: Path) -> OpenAIServer:
    running.replies.clear()
    running.requests.clear()
    running.default = Reply(answer_with_first_sentences)
    (data / "replies.db").unlink(missing_ok=True)
    return running


@pytest.fixture(scope="module")
def asked(data: Path, weights: Path, running: OpenAIServer) -> Iterator[Callable[..., Assistant]]:
    opened: dict[str, Assistant] = {}

    def assistant(**changes: Any) -> Assistant:
        given = {"openai_base_url": running.url, "chat_model": MODEL, "retries": 0} | changes
        settings = Settings(data=data, model_path=weights, **given)
        return opened.setdefault(repr(changes), build(settings))

    yield assistant
    for one in opened.values():
        one.close()


def after(*answers: Answer) -> Thread:
    return Thread(tuple(Turn(answer.question, answer) for answer in answers))


def spent(**usage: Any) -> Answer:
    return Answer("q", "answered", "content", "a", usage=Usage(**usage))


# --- tokens, dollars, time ----------------------------------------------------------------------


def test_tokens_dollars_and_times_stand_in_the_record(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    answer = asked(**PRICES).ask(QUESTION)
    told = record(answer)
    assert told["usage"] == {
        "input_tokens": 11, "output_tokens": 7, "cached_tokens": 0, "estimated": False,
        "cost_usd": pytest.approx((11 * 2 + 7 * 10) / 1e6),
    }  # fmt: skip
    assert 0 < told["first_token_ms"] <= told["first_words_ms"] <= told["latency_ms"]
    assert told["cached"] is False


def test_an_unknown_price_is_null_and_not_nothing(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    answer = asked().ask(QUESTION)
    assert (answer.usage.input_tokens, answer.usage.cost_usd) == (11, None)


def test_tokens_that_a_server_does_not_report_are_estimated_and_marked(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    server.default = Reply(answer_with_first_sentences, usage=None)
    usage = asked().ask(QUESTION).usage
    sent = sum(len(message["content"]) for message in server.requests[0]["messages"])
    assert usage.estimated and usage.input_tokens == -(-sent // 4)
    assert 0 < usage.output_tokens < usage.input_tokens


def test_both_calls_of_a_question_that_the_model_reads_are_counted(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    first = asked().ask(QUESTION)
    server.replies.append(Reply('{"want": "passages", "text": "What is bridge distillation?"}'))
    second = asked().ask("und was ist bridge distillation?", after(first))
    assert (second.usage.input_tokens, second.usage.output_tokens) == (22, 14)


def test_a_reply_that_could_not_be_used_is_counted_all_the_same(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    server.default = Reply("Whales sing.")
    answer = asked().ask(QUESTION)
    assert answer.model == "extractive" and answer.usage.input_tokens == 11
    assert answer.first_token_ms is None and answer.first_words_ms is not None


def test_without_a_model_there_are_times_and_no_tokens(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    answer = asked(mode="extractive").ask(QUESTION)
    assert answer.usage == Usage() and answer.first_token_ms is None
    assert answer.first_words_ms is not None and answer.first_words_ms <= answer.latency_ms


# --- budgets ------------------------------------------------------------------------------------


def test_a_conversation_that_has_used_its_tokens_is_quoted_with_one_sentence(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    assistant = asked(thread_budget_tokens=18)
    first = assistant.ask(QUESTION)
    assert first.model == MODEL and first.warnings == ()
    second = assistant.ask(OTHER, after(first))
    assert (second.status, second.model, second.usage) == ("answered", "extractive", Usage())
    assert second.warnings == (
        "this conversation has used its budget of 18 tokens (thread_budget_tokens), so the answer "
        "is quoted from the papers; a new conversation has a new budget",
    )
    assert len(server.requests) == 1
    assert assistant.ask(OTHER).model == MODEL


def test_a_budget_in_dollars_is_held_against_the_price(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    assistant = asked(thread_budget_usd=0.5, **PRICES)
    assert assistant.ask(QUESTION, after(spent(cost_usd=0.4))).model == MODEL
    over = assistant.ask(QUESTION, after(spent(cost_usd=0.4), spent(cost_usd=0.2)))
    assert over.model == "extractive"
    assert over.warnings[0].startswith("this conversation has used its budget of $0.50 (thread_bud")


def test_a_budget_in_dollars_without_a_price_is_refused(asked: Callable[..., Assistant]) -> None:
    with pytest.raises(SettingsError, match=f"no price of '{MODEL}' is known; set price_input_usd"):
        asked(thread_budget_usd=0.5).ask(QUESTION)


def test_lists_and_people_say_nothing_of_a_budget(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    answer = asked(thread_budget_tokens=18).ask(
        "How many papers are there?", after(spent(input_tokens=99))
    )
    assert answer.status == "answered" and answer.warnings == ()


# --- the cache ----------------------------------------------------------------------------------


def test_the_same_question_comes_from_the_cache_through_the_gate(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    first, second = asked().ask(QUESTION), asked().ask(QUESTION)
    assert len(server.requests) == 1
    assert (first.cached, second.cached) == (False, True)
    assert (second.text, second.citations, second.checks) == (
        first.text, first.citations, first.checks,
    )  # fmt: skip
    assert second.model == MODEL and second.usage == Usage()
    assert record(second)["cached"] is True


def test_what_the_gate_would_not_pass_now_is_not_shown_though_it_is_kept(
    asked: Callable[..., Assistant], server: OpenAIServer, data: Path
) -> None:
    """As if the gate had learned something since: the reply itself is checked, not its text."""
    asked(verify=False).ask(QUESTION)
    with closing(sqlite3.connect(data / "replies.db")) as db, db:
        db.execute("UPDATE replies SET text = 'See ![it](http://evil.example) [E99]. ' || text")
    answer = asked(verify=False).ask(QUESTION)
    assert answer.cached and "evil" not in answer.text and "E99" not in answer.text


def test_a_thread_is_part_of_the_question(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    first = asked().ask(QUESTION)
    assert not asked().ask("and bridge distillation?", after(first)).cached
    assert len(server.requests) == 2
    assert asked().ask("and bridge distillation?", after(first)).cached
    assert len(server.requests) == 2
    assert not asked().ask("and bridge distillation?", after(first, first)).cached


@pytest.mark.parametrize(
    "change", [{"chat_model": "another"}, {"evidence_tokens": 400}, {"cache": False}]
)
def test_another_model_or_other_evidence_is_another_question(
    change: dict[str, Any], asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    asked().ask(QUESTION)
    assert not asked(**change).ask(QUESTION).cached
    assert len(server.requests) == 2


def test_asking_afresh_goes_past_the_cache_and_renews_it(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    asked().ask(QUESTION)
    server.default = Reply(lambda call: answer_with_first_sentences(call).split("] ")[0] + "].")
    *_, fresh = asked().stream(QUESTION, fresh=True)
    assert isinstance(fresh, Answer) and not fresh.cached
    again = asked().ask(QUESTION)
    assert again.cached and again.text == fresh.text
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "bad",
    [
        Reply(status=500),
        Reply(""),
        Reply("Whales sing."),
        Reply("Whales sing [E77]."),
        Reply(answer_with_first_sentences, finish_reason="length"),
        Reply(
            lambda call: answer_with_first_sentences(call) + " It also" * 100, size=600, cut_after=1
        ),
    ],
)
def test_a_failure_is_never_kept(
    bad: Reply, asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    server.replies.append(bad)
    assert asked().ask(QUESTION).warnings
    good = asked().ask(QUESTION)
    assert not good.cached and good.warnings == ()
    assert len(server.requests) == 2


def test_a_question_that_was_stopped_keeps_nothing(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    server.replies.append(Reply(answer_with_first_sentences, size=50, piece_delay_s=0.05))
    stop = CancelToken()
    for event in asked().stream(QUESTION, stop=stop):
        if isinstance(event, Delta):
            stop.set()
    assert not asked().ask(QUESTION).cached


def test_another_library_does_not_answer_from_the_first_ones_replies(
    tmp_path: Path, weights: Path, server: OpenAIServer
) -> None:
    paper = {"title": "Zebra gait", "abstract": "Zebra gait is studied here. It is steady."}
    file = tmp_path / "papers.jsonl"
    settings = Settings(
        data=tmp_path / "data", model_path=weights, openai_base_url=server.url, chat_model=MODEL
    )
    with build(settings) as assistant:
        file.write_text(json.dumps(paper))
        assistant.ingest([file])
        assistant.ask("What is zebra gait?")
        assert assistant.ask("What is zebra gait?").cached
        file.write_text(f"{json.dumps(paper)}\n" + json.dumps({"title": "Y", "abstract": "Yes."}))
        assistant.ingest([file])
        assert not assistant.ask("What is zebra gait?").cached


def test_a_broken_cache_is_said_and_gone_past(
    asked: Callable[..., Assistant], server: OpenAIServer, data: Path
) -> None:
    (data / "replies.db").write_bytes(b"no database" * 100)
    answer = asked().ask(QUESTION)
    assert answer.model == MODEL and answer.citations
    assert len(answer.warnings) == 1 and "delete the file" in answer.warnings[0]


def test_the_cache_is_not_asked_about_a_model_that_is_not_there(
    asked: Callable[..., Assistant], server: OpenAIServer
) -> None:
    asked().ask(QUESTION)
    server.default = Reply(act=misbehaviour.never_answers)
    assert asked().ask(QUESTION).cached
