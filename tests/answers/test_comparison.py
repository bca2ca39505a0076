"""Comparisons: the two sides of a question, and a table of quotations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.answers.citations import Citations, check_citations
from rag.answers.comparison import NOT_STATED, list_facts, render_comparison
from rag.answers.phrases import ONLY_ONE
from rag.answers.rows import sort_by_date
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.text import split_sentences
from rag.text.markdown import hazards
from rag.types import Paper, PaperHit, Query, Sentence, SentenceRole
from rag.types.query import Topic
from tests.conversation import ask_assistant
from tests.shelf import paper

ASKED = "How does DuetFace differ from PartialFace?"
RAIN = paper("p1", "RainSign", "Rain is wet. We propose RainSign, a filter. It was evaluated on two datasets. It improves accuracy by 4%.")  # fmt: skip
NIGHT = paper("p2", "NightSign", "This paper presents NightSign | a lamp. Nights are dark.")


def hit(found: Paper, *roles: SentenceRole) -> PaperHit:
    spans = split_sentences(found.text)
    known = roles or (None,) * len(spans)
    scored = tuple(Sentence(span, 0.5, role) for span, role in zip(spans, known, strict=True))
    return PaperHit(found, 1.0, 1, scored, {})


def compare(question: str, *sides: str) -> Query:
    return Query("comparison", about=Topic(all_of=sides) if sides else None, text=question)


OF_RAIN: tuple[SentenceRole, ...] = ("background", "aim", "method", "result")
OF_NIGHT: tuple[SentenceRole, ...] = ("aim", "background")


def test_every_cell_is_a_quotation_or_says_that_there_is_none() -> None:
    marks = Citations()
    made = render_comparison(
        compare("Compare RainSign and NightSign.", "RainSign", "NightSign"),
        [hit(RAIN, *OF_RAIN), hit(NIGHT, *OF_NIGHT)],
        marks,
    )
    head, rule, rain, night = made.splitlines()[-4:]
    assert head == "| Paper | Idea | How | Result |"
    assert rule == "|---|---|---|---|"
    assert "| “We propose RainSign, a filter.” [1] | “It was evaluated on two datasets.” [2] | “It improves accuracy by 4%.” [3] |" in rain  # fmt: skip
    assert night.endswith(f"| “This paper presents NightSign ∣ a lamp.” [4] | {NOT_STATED} | {NOT_STATED} |")  # fmt: skip
    check_citations(made, marks.list_citations(), {"p1": RAIN, "p2": NIGHT})


def test_what_the_question_asks_beyond_the_names_has_the_first_column() -> None:
    hits = [hit(RAIN, *OF_RAIN), hit(NIGHT, *OF_NIGHT)]
    made = render_comparison(
        compare("How do RainSign and NightSign differ in wetness?", "RainSign", "NightSign"),
        hits,
        Citations(),
    )
    assert "| Paper | Wetness | Idea | Result |" in made


def test_a_paper_that_says_nothing_is_cited_by_its_name() -> None:
    silent = paper("p3", "Quiet", "Hills. Rivers.")
    marks = Citations()
    made = render_comparison(
        compare("Compare RainSign and Quiet.", "RainSign", "Quiet"),
        [hit(RAIN, *OF_RAIN), hit(silent, "other", "other")],
        marks,
    )
    assert "**Quiet** [4] | not stated | not stated | not stated |" in made
    check_citations(made, marks.list_citations(), {"p1": RAIN, "p3": silent})


def test_a_column_in_which_no_paper_states_anything_is_left_out() -> None:
    told = [hit(RAIN, "other", "aim", "other", "other"), hit(NIGHT, "aim", "other")]
    query = compare("Compare RainSign and NightSign.", "RainSign", "NightSign")
    assert "| Paper | Idea |\n" in render_comparison(query, told, Citations())


def test_without_roles_a_table_tells_ideas_alone() -> None:
    made = render_comparison(
        compare("Compare RainSign and NightSign.", "RainSign", "NightSign"),
        [hit(RAIN), hit(NIGHT)],
        Citations(),
    )
    assert "| Paper | Idea |\n|---|---|" in made
    assert NOT_STATED not in made


def test_what_can_be_computed_of_compared_papers_stands_above_the_table() -> None:
    old = paper("p1", "RainSign: Wet", "RainSign is here.", year=2020, authors=("Ann", "Bo"))
    new = paper("p2", "NightSign: Dark", "It beats RainSign.", year=2022, authors=("Cy", "Bo"))
    marks = Citations()
    facts = list_facts([old, new], marks)
    assert facts == [
        "**NightSign** (2022) is newer than RainSign (2020).",
        "Both are by Bo.",
        "NightSign names RainSign [1].",
    ]
    assert marks.list_citations()[0].quote == "RainSign"


def test_a_paper_of_no_known_year_is_neither_newer_nor_older() -> None:
    facts = list_facts([paper("p1", "RainSign: Wet"), paper("p2", "Dark", year=2022)], Citations())
    assert not any("newer" in fact for fact in facts)


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


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        ([(2022, 5), (2021, None)], ["p2", "p1"]),
        ([(2022, 5), (2022, None)], []),
        ([(2022, 5), (2022, 5)], []),
        ([(2022, 5), (None, None)], []),
    ],
)
def test_papers_are_in_order_only_where_their_dates_tell(
    dates: list[tuple[int | None, int | None]], order: list[str]
) -> None:
    papers = [paper(f"p{n}", year=y, month=m) for n, (y, m) in enumerate(dates, 1)]
    assert [p.paper_id for p in sort_by_date(papers)] == order


@pytest.mark.parametrize(
    ("question", "text", "cell"),
    [
        ("which is faster", "Its speed reaches 14,705, ~934 and 763 faces per second on GPU, CPU and phone.",
         "“14,705, ~934 and 763 faces per second on GPU, CPU and phone” [1]"),
        ("compare the speed of", "It runs at 418 faces per second on CPU and 9,433 faces per second on GPU.",
         "“418 faces per second on CPU” [1], “9,433 faces per second on GPU” [1]"),
        ("which has more videos", "We build it of 1,810 videos, each with 15 attributes.", "“1,810 videos” [1]"),
        ("which is faster", "It is good.", NOT_STATED),
    ],
)  # fmt: skip
def test_the_asked_figures_stand_in_the_cell_with_the_words_behind_them(
    question: str, text: str, cell: str
) -> None:
    hits = [
        hit(paper("p1", "RainSign", f"We propose RainSign. {text}"), "aim", "result"),
        hit(NIGHT, *OF_NIGHT),
    ]
    made = render_comparison(
        compare(f"{question} RainSign and NightSign", "RainSign", "NightSign"), hits, Citations()
    )
    (row,) = (line for line in made.splitlines() if line.startswith("| **RainSign"))
    assert row.split(" | ")[1] == cell


def test_the_data_sets_of_compared_papers_have_a_column(assistant: Assistant) -> None:
    text = assistant.ask("what datasets do MADE and HIL use?").text
    assert "| Paper | Data sets |" in text and "PRCC" in text and "SYSU-MM01" in text


def test_a_cell_of_figures_has_the_figures_alone() -> None:
    """ "in speed and memory": the abstract says these words of others, and 0.15MB of its own."""
    small = paper(
        "p1", "RainSign", "Nets trade speed for memory. We propose RainSign. It takes 0.15MB."
    )
    made = render_comparison(
        compare("Compare RainSign and NightSign in speed and memory", "RainSign", "NightSign"),
        [hit(small, "background", "aim", "result"), hit(NIGHT, *OF_NIGHT)],
        Citations(),
    )
    (row,) = (line for line in made.splitlines() if line.startswith("| **RainSign"))
    assert row.split(" | ")[1] == "“0.15MB” [1]"


def test_one_paper_alone_is_said_to_be_the_only_one_spoken_of(assistant: Assistant) -> None:
    text = ask_assistant(assistant, "what is SlerpFace?", "compare both").turns[-1].answer.text
    assert text.startswith(f"({ONLY_ONE})") and "SlerpFace" in text


def test_two_named_papers_are_compared_though_neither_has_a_word(assistant: Assistant) -> None:
    answer = assistant.ask("DistilPose vs SDPose, which would you take for a small edge device?")
    assert answer.text.startswith("2 papers compared")
    assert "Neither mentions “device”." in answer.text
