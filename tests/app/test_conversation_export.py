"""Answers that are pasted elsewhere."""

from __future__ import annotations

from dataclasses import replace

from rag.app.conversation_export import answer_markdown
from rag.types import Answer, Citation


def cite(marker: int, paper_id: str, quote: str) -> Citation:
    return Citation(marker, paper_id, f"{paper_id}.txt:1", (), paper_id.upper(), "", quote, (0, 1))


def test_a_paper_has_one_number_in_what_is_copied() -> None:
    citations = (
        cite(1, "a", "One."),
        cite(2, "b", "Two."),
        replace(cite(3, "a", "Three."), page=4),
    )
    text = "One and three [1][3]. Two [2]. Three again [3]."
    answer = Answer("q", "answered", "content", text, citations)
    assert answer_markdown(answer, ()) == (
        "One and three [1]. Two [2]. Three again [1].\n\n"
        "- [1] A. “One.” “Three.” (p. 4)\n- [2] B. “Two.”\n"
    )
