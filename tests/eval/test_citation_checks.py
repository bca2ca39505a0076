"""What breaks a citation is found, each way by itself."""

from __future__ import annotations

from typing import Any

import pytest

from eval.measures.citation_checks import find_faults

TEXT = "We propose a thing. It works."


def record(**changes: Any) -> dict[str, Any]:
    citation = {"marker": 1, "paper": "p", "quote": "It works.", "span": [20, 29]}
    return {"text": "Works [1].", "citations": [citation | changes]}


def found(given: dict[str, Any]) -> list[str]:
    return find_faults(given, {"p": TEXT, "empty": ""}.get)


def test_an_exact_quote_holds() -> None:
    assert found(record()) == []


@pytest.mark.parametrize(
    "changes",
    [{"quote": "It worked."}, {"span": [0, 9]}, {"paper": "q"}, {"quote": "", "span": [3, 3]}],
)
def test_a_quote_that_is_not_what_stands_there_is_a_fault(changes: dict[str, Any]) -> None:
    assert len(found(record(**changes))) == 1


def test_a_paper_without_text_is_cited_by_an_empty_quote() -> None:
    assert found(record(paper="empty", quote="", span=[0, 0])) == []


def test_markers_and_citations_answer_to_each_other() -> None:
    stray = record()
    stray["text"] = "Works [2]."
    assert len(found(stray)) == 2
    twice = record()
    twice["citations"] *= 2
    assert found(twice) == ["marker [1] stands for 2 citations"]
