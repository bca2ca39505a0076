"""A paper in a few clauses, or its whole abstract."""

from __future__ import annotations

import pytest

from rag.answers.citations import Citations, check_citations
from rag.answers.summary import MAX_WHOLE_CHARS, asks_for_summary, render_summary
from rag.text import split_sentences
from rag.types import Paper, PaperHit, Query, Sentence, SentenceRole
from rag.types.query import Form
from tests.shelf import paper

LEAF = paper("p1", "LeafNet: Leaves", "Leaves are hard to see. We propose LeafNet, a net. It has two parts. It wins by 4%. Code is here.")  # fmt: skip
ROLES: tuple[SentenceRole, ...] = ("problem", "aim", "method", "result", "resource")


def hit(found: Paper, *roles: SentenceRole) -> PaperHit:
    spans = split_sentences(found.text)
    known = roles or (None,) * len(spans)
    scored = (Sentence(span, 0.5, role) for span, role in zip(spans, known, strict=True))
    return PaperHit(found, 1.0, 1, tuple(scored), {})


@pytest.mark.parametrize(
    ("question", "form", "quotes"),
    [
        ("What does the abstract of LeafNet say?", Form(), [LEAF.text]),
        ("Tell me about LeafNet", Form(), ["We propose LeafNet, a net.", "It has two parts.", "It wins by 4%."]),
        ("Summarise LeafNet in two sentences", Form(sentences=2), ["We propose LeafNet, a net.", "It wins by 4%."]),
    ],
)  # fmt: skip
def test_a_paper_is_told_whole_or_in_its_telling_sentences(
    question: str, form: Form, quotes: list[str]
) -> None:
    marks = Citations()
    query = Query("passages", asks_for="abstract", form=form, text=question)
    text = render_summary(query, hit(LEAF, *ROLES), marks)
    assert text.startswith("**LeafNet: Leaves**: “")
    assert [c.quote for c in marks.list_citations()] == quotes
    check_citations(text, marks.list_citations(), {"p1": LEAF})


def test_a_long_text_is_not_written_out_whole() -> None:
    long = paper("p1", "LeafNet", "We propose LeafNet. " * (MAX_WHOLE_CHARS // 15))
    query = Query("passages", asks_for="abstract", text="the abstract of LeafNet")
    assert len(render_summary(query, hit(long), Citations())) < 300


@pytest.mark.parametrize(
    "question",
    [
        "main contributions of LeafNet?",
        "what does LeafNet propose?",
        "what's its main idea?",
        "novelty?",
    ],
)
def test_contributions_are_told_in_their_parts(question: str) -> None:
    """Whatever detail the question was read as asking for: here a result."""
    paper_of_parts = paper("p1", "LeafNet: Leaves", f"{LEAF.text} It turns by wind.")
    query = Query("passages", asks_for="result", text=question)
    assert asks_for_summary(query, paper_of_parts)
    marks = Citations()
    render_summary(query, hit(paper_of_parts, *ROLES, "method"), marks)
    quotes = [c.quote for c in marks.list_citations()]
    assert quotes == ["We propose LeafNet, a net.", "It has two parts.", "It turns by wind."]


@pytest.mark.parametrize(
    "question", ["what does LeafNet propose against rain?", "accuracy of LeafNet", "method?"]
)
def test_a_question_that_asks_more_is_no_wish_for_a_summary(question: str) -> None:
    assert not asks_for_summary(Query("passages", asks_for="result", text=question), LEAF)
