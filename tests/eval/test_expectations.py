"""The gate holds on the development set, and turns red for what must not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eval.report import expectations, summary
from eval.run import runs
from eval.sets import question_sets
from rag.app.assistant import Assistant
from rag.app.search_engine import SearchEngine
from rag.config.settings import Settings
from rag.search.retriever import N_WORD_MATCHES
from rag.types import Answer, Retrieval, Thread

Repeats = Callable[[Callable[[Answer], Answer]], Assistant]


class Repeating(Assistant):
    """Tells the answers of another assistant, and has something done to each."""

    told: Callable[[str], Answer]

    def ask(self, question: str, thread: Thread = Thread()) -> Answer:  # noqa: B008 - frozen
        return self.told(question)


class UpsideDown:
    """A retriever whose best papers come last of the few that are looked at closely."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def retrieve(self, query: str, k: int = 20, **options: Any) -> Retrieval:
        found = self._inner.retrieve(query, k, **options)
        turned = [*reversed(found.papers[:N_WORD_MATCHES]), *found.papers[N_WORD_MATCHES:]]
        return Retrieval(query, tuple(replace(h, rank=n) for n, h in enumerate(turned, 1)))


@pytest.fixture(scope="module")
def settings(library_data: Path, weights: Path) -> Settings:
    return Settings(data=library_data, model_path=weights, mode="extractive")


@pytest.fixture(scope="module")
def some_facts() -> question_sets.QuestionSet:
    """The first facts of the development set: enough to be measured, few enough to be quick."""
    whole = question_sets.load_set()
    facts = [q for q in whole.questions if q.kind == "fact"][:12]
    return replace(whole, questions=tuple(facts))


def short(made: Assistant, questions: question_sets.QuestionSet, out: Path) -> list[str]:
    """The figures of a run that turn the gate red, those alone that its questions measure."""
    with made as assistant:
        found = summary.compute_summary(runs.run_questions(assistant, questions, out))
    by_set = {questions.name: found}
    expected = [
        e for e in expectations.load_expectations() if expectations.get_value(by_set, e) is not None
    ]
    return [sentence.split(" ")[0] for sentence in expectations.list_breaches(by_set, expected)]


def unaltered(answer: Answer) -> Answer:
    return answer


@pytest.fixture(scope="module")
def repeating(settings: Settings, quoting: Assistant) -> Repeats:
    """Makes an assistant whose answers are altered; the questions are answered once for all of them."""
    answer = cache(quoting.ask)

    def make(alter: Callable[[Answer], Answer]) -> Assistant:
        made = Repeating(settings)
        made.told = lambda question: alter(answer(question))
        return made

    return make


@pytest.fixture(scope="module")
def quoting(settings: Settings) -> Iterator[Assistant]:
    with Assistant(settings) as opened:
        yield opened


@pytest.mark.parametrize("name", question_sets.ROUTINE_SETS)
def test_the_projects_sets_pass(name: str, quoting: Assistant, tmp_path: Path) -> None:
    run = runs.run_questions(
        quoting, question_sets.load_set(question_sets.FOLDER / f"{name}.jsonl"), tmp_path
    )
    found = summary.compute_summary(run)
    expected = [e for e in expectations.load_expectations() if e.set == name]
    assert expectations.list_breaches({name: found}, expected) == [], summary.format_summary(found)


def test_every_set_that_is_run_by_default_is_gated() -> None:
    asked = [questions.name for questions in question_sets.list_routine_sets(Path("none"))]
    assert list(expectations.list_sets(expectations.load_expectations())) == asked


def test_a_few_facts_alone_pass(
    repeating: Repeats, some_facts: question_sets.QuestionSet, tmp_path: Path
) -> None:
    red = short(repeating(unaltered), some_facts, tmp_path)
    assert not {"fact.R@1", "all.faults", "all.citations_valid"} & set(red)


def test_a_broken_retriever_turns_it_red(
    settings: Settings,
    some_facts: question_sets.QuestionSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = SearchEngine.open_retriever
    monkeypatch.setattr(SearchEngine, "open_retriever", lambda self: UpsideDown(opened(self)))
    assert "fact.R@1" in short(Assistant(settings), some_facts, tmp_path)


def test_a_dropped_citation_turns_it_red(
    repeating: Repeats, some_facts: question_sets.QuestionSet, tmp_path: Path
) -> None:
    def drop(answer: Answer) -> Answer:
        return replace(answer, citations=answer.citations[1:])

    assert "all.faults" in short(repeating(drop), some_facts, tmp_path)


def test_a_made_up_quote_turns_it_red(
    repeating: Repeats, some_facts: question_sets.QuestionSet, tmp_path: Path
) -> None:
    def invent(answer: Answer) -> Answer:
        first, *rest = answer.citations
        return replace(answer, citations=(replace(first, quote=first.quote + " indeed"), *rest))

    assert "all.faults" in short(repeating(invent), some_facts, tmp_path)


def test_a_figure_that_was_not_measured_is_a_breach() -> None:
    empty = summary.Summary({}, {}, {})
    wanted = [expectations.Expectation(figure="fact.R@1", measured=0.5)]
    assert expectations.list_breaches({}, wanted) == ["fact.R@1 was not measured"]
    assert expectations.list_breaches({"development": empty}, wanted) == [
        "fact.R@1 was not measured"
    ]


def figure_of(**overall: float) -> dict[str, summary.Summary]:
    return {"development": summary.Summary({}, overall, {})}


@pytest.mark.parametrize(
    ("better", "values", "red"),
    [("higher", (0.6, 0.5, 0.45, 0.449), 1), ("lower", (0.4, 0.5, 0.55, 0.551), 1)],
)
def test_a_figure_may_be_worse_by_its_tolerance(
    better: Any, values: Sequence[float], red: int
) -> None:
    one = expectations.Expectation(figure="all.x", measured=0.5, tolerance=0.05, better=better)
    assert sum(bool(expectations.list_breaches(figure_of(x=v), [one])) for v in values) == red
