"""Questions on the bodies of PDFs are scored as their README says."""

from __future__ import annotations

from eval.run.bodies import BodyQuestion, BodyScore, load_body_questions, score_body
from eval.run.pdfs import load_truth
from rag.types import Answer, Citation

ASKED = BodyQuestion(1, "kelp", "How fast do waves run?", r"5 m a second", 3)


def quote(marker: int, text: str, page: int, document: str = "kelp.pdf") -> Citation:
    return Citation(marker, "p1", f"{document}:1", (), "Kelp", "Kelp", text, (0, 9), page)


def score(*quotes: Citation, status: str = "answered") -> BodyScore:
    counts = BodyScore()
    answer = Answer("q", status, "content", "text", citations=quotes)  # type: ignore[arg-type]
    score_body(ASKED, "kelp.pdf", answer, counts)
    return counts


def test_each_question_is_of_a_pdf_of_the_set() -> None:
    questions = load_body_questions()
    assert len({q.question for q in questions}) == len(questions) >= 60
    assert {q.name for q in questions} <= {paper.name for paper in load_truth()}


def test_a_fact_counts_by_the_quote_that_tells_it() -> None:
    told, other = quote(1, "Waves run 5 m a sec-\nond.", 3), quote(2, "Waves are wet.", 2)
    assert score(told, other).right == {
        "answered": 1, "right paper": 1, "first quote": 1, "three quotes": 1, "page": 1
    }  # fmt: skip
    assert score(other, told).right["first quote"] == 0
    assert score(other, told).right["three quotes"] == 1
    assert score(quote(1, "Waves run 5 m a second.", 4)).right["page"] == 0


def test_a_fact_of_another_paper_or_in_an_abstention_does_not_count() -> None:
    stray = quote(1, "Waves run 5 m a second.", 3, document="moss.pdf")
    assert score(stray).right["three quotes"] == score(stray).right["right paper"] == 0
    assert score(quote(1, ASKED.fact, 3), status="abstained").right["three quotes"] == 0
