"""Comparisons: the two sides of a question, and a table of quotations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.answers.citations import Citations, check_citations
from rag.answers.comparison import NOT_STATED, render_comparison
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.text import split_sentences
from rag.text.markdown import hazards
from rag.types import Paper, PaperHit, Query, Sentence
from rag.types.query import Topic
from rag.understanding.comparison import asks_to_compare, find_sides
from tests.shelf import paper

ASKED = "How does DuetFace differ from PartialFace?"
RAIN = paper("p1", "RainSign", "Rain is wet. We propose RainSign, a filter. It was evaluated on two datasets. It improves accuracy by 4%.")  # fmt: skip
NIGHT = paper("p2", "NightSign", "This paper presents NightSign | a lamp. Nights are dark.")


def hit(found: Paper) -> PaperHit:
    scored = tuple(Sentence(span, 0.5) for span in split_sentences(found.text))
    return PaperHit(found, 1.0, 1, scored, {})


def compare(question: str) -> Query:
    sides = find_sides(question)
    return Query("comparison", about=Topic(all_of=sides) if sides else None, text=question)


@pytest.mark.parametrize(
    ("question", "pair"),
    [
        (ASKED, ("DuetFace", "PartialFace")),
        ("Compare RainSign with NightSign on speed.", ("RainSign", "NightSign on speed")),
        ("What is the difference between label noise and data drift in how they arise?", ("label noise", "data drift")),
        ("RainSign vs NightSign", ("RainSign", "NightSign")),
        ("Which of the two is faster, RainSign or NightSign?", ("RainSign", "NightSign")),
        ("What do RainSign and NightSign have in common?", ("RainSign", "NightSign")),
        ("How do RainSign and NightSign differ?", ("RainSign", "NightSign")),
        ("Forgery detectors: first paper vs the follow-up", None),
        ("How do they differ?", None),
        ("Compare the methods that work at night.", None),
        ("RainSign vs RainSign", None),
        ("What is RainSign?", None),
    ],
)  # fmt: skip
def test_both_sides_are_read_where_both_can_be_looked_for(
    question: str, pair: tuple[str, str] | None
) -> None:
    assert find_sides(question) == pair


@pytest.mark.parametrize(
    ("question", "compares"),
    [(ASKED, True), ("Compare the two.", True), ("who does what?", True), ("What is RainSign?", False),
     ("I think it compared two histograms.", False)],
)  # fmt: skip
def test_a_comparison_is_told_from_other_questions(question: str, compares: bool) -> None:
    assert asks_to_compare(question) == compares


def test_every_cell_is_a_quotation_or_says_that_there_is_none() -> None:
    marks = Citations()
    made = render_comparison(
        compare("Compare RainSign and NightSign."), [hit(RAIN), hit(NIGHT)], marks
    )
    head, rule, rain, night = made.splitlines()
    assert head == "| Paper | Approach | Tested on | Result |"
    assert rule == "|---|---|---|---|"
    assert "| “We propose RainSign, a filter.” [1] | “It was evaluated on two datasets.” [2] | “It improves accuracy by 4%.” [3] |" in rain  # fmt: skip
    assert night.endswith(f"| “This paper presents NightSign ∣ a lamp.” [4] | {NOT_STATED} | {NOT_STATED} |")  # fmt: skip
    check_citations(made, marks.list_citations(), {"p1": RAIN, "p2": NIGHT})


def test_what_the_question_asks_beyond_the_names_has_the_first_column() -> None:
    made = render_comparison(
        compare("Which is wetter in the rain?"), [hit(RAIN), hit(NIGHT)], Citations()
    )
    assert made.startswith("| Paper | On the question | Approach | Tested on |")


def test_a_paper_that_says_nothing_is_cited_by_its_name() -> None:
    silent = paper("p3", "Quiet", "Hills. Rivers.")
    marks = Citations()
    made = render_comparison(
        compare("Compare RainSign and Quiet."), [hit(RAIN), hit(silent)], marks
    )
    assert "**Quiet** [4] | not stated | not stated | not stated |" in made
    check_citations(made, marks.list_citations(), {"p1": RAIN, "p3": silent})


COMPLAINT = paper(
    "p4", "DimSign", "Existing signs sacrifice accuracy on all benchmarks. We propose DimSign, a shade. "
    "However, prior methods achieve nothing in experiments. We show that existing methods fail. "
    "Experiments on two datasets demonstrate that it outperforms others.",
)  # fmt: skip


def test_what_is_said_of_other_work_tells_no_aspect_of_a_paper() -> None:
    made = render_comparison(
        compare("Compare RainSign and DimSign."), [hit(RAIN), hit(COMPLAINT)], Citations()
    )
    dim = made.splitlines()[-1]
    assert "| “We propose DimSign, a shade.” [4] | see Result | “Experiments on two datasets demonstrate" in dim  # fmt: skip
    assert "Existing" not in dim and "prior" not in dim and "existing" not in dim


# --- over the seeds ---------------------------------------------------------------------------


def papers_of(assistant: Assistant) -> dict[str, Paper]:
    return {p.paper_id: p for p in assistant.library.list_papers()}


def test_each_side_of_a_comparison_is_looked_for_and_set_beside_the_other(
    assistant: Assistant,
) -> None:
    answer = assistant.ask(ASKED)
    first, second = re.findall(r"^\| \*\*(.*?)\*\*", answer.text, re.MULTILINE)
    assert first.startswith("DuetFace") and second.endswith("Random Frequency Components")
    assert {p.paper_id for p in answer.papers[:2]} == {c.paper_id for c in answer.citations}
    check_citations(answer.text, answer.citations, papers_of(assistant))
    assert hazards(answer.text) == ()


@pytest.mark.parametrize(
    "question",
    ["Compare MMNet and GazeForensics", "Compare VISA and FoPru", "Compare DSAT and FedLC in training"],
)  # fmt: skip
def test_no_sentence_stands_twice_in_a_row(assistant: Assistant, question: str) -> None:
    rows = [r for r in assistant.ask(question).text.splitlines() if r.startswith("| **")]
    assert len(rows) == 2
    for row in rows:
        quotes = re.findall(r"“(.*?)” \[", row)
        assert quotes and len(quotes) == len(set(quotes))
        assert "existing evaluation metrics" not in row


def test_a_model_compares_in_words_and_nothing_is_put_behind_them(
    library_data: Path, weights: Path
) -> None:
    with OpenAIServer() as server:
        settings = Settings(
            data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL, retries=0
        )  # fmt: skip
        with build(settings) as worded:
            answer = worded.ask(ASKED)
            assert answer.model == MODEL
            assert re.search(r"\[\d\]", answer.text) and "| Paper |" not in answer.text
            check_citations(answer.text, answer.citations, papers_of(worded))
            asked = server.requests[0]["messages"]
            assert asked[0]["content"].startswith("You compare research papers")
            server.replies.append(Reply("NOT STATED"))
            assert worded.ask("DuetFace vs PartialFace").status == "abstained"
