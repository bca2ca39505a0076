"""Answers in the papers' own words: which papers, which sentences, and that all of it can be found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answers.citations import check_citations
from rag.answers.extractive import (
    MAX_QUOTES,
    answer_by_quotes,
    asks_for_several,
    build_abstention,
)
from rag.answers.field_problems import find_papers_with_problem
from rag.answers.question_parts import split_question
from rag.answers.quoting import MAX_PAPER_NAME_CHARS, choose_sentences, render_paper_name
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.text import split_sentences
from rag.text.markdown import hazards, plain
from rag.types import (
    Answer,
    Paper,
    PaperHit,
    Query,
    Retrieval,
    Sentence,
    SentenceRole,
    Sufficiency,
    WordMatch,
)
from rag.types.query import Want
from rag.types.serialise import record
from tests.shelf import paper

ENOUGH = Sufficiency(True, 0.9)
TEXT = "Faces leak. We propose DuetFace. It reaches 92.5% on LFW. Clouds drift."


def hit(found: Paper, scores: Sequence[float] | None = None, score: float = 1.0) -> PaperHit:
    spans = split_sentences(found.text)
    values = scores or [0.5] * len(spans)
    scored = tuple(Sentence(span, v) for span, v in zip(spans, values, strict=True))
    return PaperHit(found, score, 1, scored, {})


def quoted(found: PaperHit, question: str, n: int = 1) -> list[str]:
    return [found.paper.text[slice(*s.span)] for s in choose_sentences(question, found, n)]


def answered(question: str, *hits: PaperHit, verdict: Sufficiency = ENOUGH) -> Answer:
    """The answer to a content question, checked against the papers."""
    found = answer_by_quotes(
        Query("passages", text=question), Retrieval(question, hits), hits, verdict
    )
    check_citations(found.text, found.citations, {h.paper.paper_id: h.paper for h in hits})
    assert hazards(found.text) == ()
    return found


def asked(question: str, want: Want = "passages") -> Query:
    return Query(want, text=question)


# --- which papers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("want", "question"),
    [
        ("passages", "Which papers treat gait?"), ("passages", "How is diffusion used in this library?"),
        ("passages", "how did gait work move from video to text"), ("passages", "summarise the reports on gait"),
        ("passages", "What did Ann Lee and colleagues propose?"), ("comparison", "A versus B"), ("overview", "gait"),
    ],
)  # fmt: skip
def test_a_question_may_ask_for_several_papers(want: Want, question: str) -> None:
    assert asks_for_several(Query(want, text=question))


@pytest.mark.parametrize(
    "question",
    ["What does DuetFace do?", "which paper is on gait", "Which datasets did they use?", "", "it works between cameras",
     "how much faster is it compared with earlier work", "they weighed attention vs message passing"],
)  # fmt: skip
def test_or_for_one(question: str) -> None:
    assert not asks_for_several(Query("passages", text=question))


# --- which sentences ----------------------------------------------------------------------------


def test_the_sentence_that_fits_best_is_quoted() -> None:
    found = hit(paper("p1", "T", TEXT), [0.1, 0.2, 0.3, 0.9])
    assert quoted(found, "how does rain fall?", 2) == ["Clouds drift.", "It reaches 92.5% on LFW."]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("what accuracy does it get?", "It reaches 92.5% on LFW."),
        ("how many percent?", "It reaches 92.5% on LFW."),
        ("which paper is this?", "We propose DuetFace."),
        ("what is the method called?", "We propose DuetFace."),
    ],
)
def test_the_kind_of_answer_decides_between_sentences_that_fit_alike(
    question: str, sentence: str
) -> None:
    assert quoted(hit(paper("p1", "T", TEXT)), question) == [sentence]


def test_words_of_the_name_lead_to_no_sentence() -> None:
    told = [WordMatch("ice", (0, 3), 6.0, True, 1.0), WordMatch("melts", (4, 9), 1.0, True, 1.0)]
    found = hit(paper("p1", "On ice", "Ice is cold. It melts."))
    found = replace(found, words=tuple(told))
    assert quoted(found, "ice melts") == ["It melts."]
    unnamed = replace(found, paper=paper("p1", "On rain", "Ice is cold. It melts."))
    assert quoted(unnamed, "ice melts") == ["Ice is cold."]


def test_of_several_papers_each_is_told_by_what_it_is_unless_a_kind_of_answer_is_asked_for() -> (
    None
):
    found = hit(paper("p1", "T", TEXT))
    said = [choose_sentences(q, found, 1, several=True)[0] for q in ("do they do", "what accuracy")]
    assert [TEXT[slice(*s.span)] for s in said] == [
        "We propose DuetFace.",
        "It reaches 92.5% on LFW.",
    ]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how do they guide the student?", "We guide the student by ranks."),
        ("what is the problem of others?", "Others guide the student badly."),
    ],
)
def test_what_other_work_lacks_is_told_where_it_is_asked_for(question: str, sentence: str) -> None:
    text = "Others guide the student badly. We guide the student by ranks."
    found = hit(paper("p1", "T", text))
    roles: tuple[SentenceRole, ...] = ("problem", "method")
    said = tuple(replace(s, role=role) for s, role in zip(found.sentences, roles, strict=True))
    assert quoted(replace(found, sentences=said), question) == [sentence]


def test_a_paper_that_never_speaks_of_itself_has_no_background() -> None:
    found = hit(paper("p1", "T", "Ranks guide students. Rain falls."), [0.6, 0.5])
    assert quoted(found, "how?") == ["Ranks guide students."]


def test_an_overview_tells_each_paper_by_what_it_is_also_where_another_sentence_fits_better() -> (
    None
):
    found = hit(paper("p1", "T", TEXT), [0.1, 0.3, 0.1, 0.6])
    (lead,) = choose_sentences("how do the papers differ?", found, 1, several=True)
    assert TEXT[slice(*lead.span)] == "We propose DuetFace."
    assert quoted(found, "how do clouds drift?") == ["Clouds drift."]


def test_an_evaluation_is_told_by_its_words() -> None:
    found = hit(paper("p1", "T", "The sky is grey. Experiments show gains. Rain falls."))
    assert quoted(found, "was it validated?") == ["Experiments show gains."]


def test_a_far_better_fit_outweighs_the_kind_of_answer() -> None:
    found = hit(paper("p1", "T", TEXT), [0.9, 0.1, 0.1, 0.1])
    assert quoted(found, "what accuracy does it get?") == ["Faces leak."]


def test_marks_without_a_word_are_not_quoted() -> None:
    found = hit(paper("p1", "T", "! ! Faces leak."), [0.9, 0.9, 0.1])
    assert quoted(found, "what leaks?", 3) == ["Faces leak."]


# --- the words ----------------------------------------------------------------------------------


def test_the_quote_that_answers_comes_first_then_the_paper_and_where_more_is_said() -> None:
    found = answered(
        "how does rain fall?",
        hit(paper("p1", "A: Title", TEXT, ["Wei Zhang"], year=2023), [0.3, 0.1, 0.2, 0.9]),
    )
    assert found.text == (
        "“Clouds drift.” [1] — *A: Title* (Wei Zhang, 2023)\n\nMore from this paper: [2] [3]"
    )
    first, *further = [c.quote for c in found.citations]
    assert first == "Clouds drift."
    assert set(further) == {"It reaches 92.5% on LFW.", "Faces leak."}
    assert (found.status, found.route, found.model) == ("answered", "content", "extractive")
    assert record(found)["outcome"] == "answered"


def test_a_second_sentence_is_quoted_where_it_is_about_as_likely_to_answer() -> None:
    text = "Results show high accuracy on roads. On roads it reaches 41.7% accuracy. Rain falls."
    signals = [{"plain": 0.7}, {"plain": 0.69}, {"plain": 0.1}]
    spans = split_sentences(text)
    scored = tuple(
        Sentence(span, each["plain"], "result", each)
        for span, each in zip(spans, signals, strict=True)
    )
    near = answered("what accuracy does RoadNet reach on roads?", PaperHit(paper("p1", "RoadNet", text), 1, 1, scored, {}))  # fmt: skip
    assert "**41.7%**" in near.text and "Rain" not in near.text


def test_where_no_figure_is_quoted_that_is_asked_for_it_is_said() -> None:
    plain_text = hit(paper("p1", "Kelp", "Kelp grows in cold water. It grows fast."))
    assert answered("how large are the kelp forests?", plain_text).text.startswith("No figure for this is stated.")  # fmt: skip
    with_figure = hit(paper("p1", "Kelp", "Kelp forests cover 30% of coasts. It grows fast."))
    assert "No figure" not in answered("how large are the kelp forests?", with_figure).text
    assert "No figure" not in answered("how do the kelp forests grow?", plain_text).text


def test_at_most_three_sentences_of_a_paper_are_cited() -> None:
    found = answered("what is here?", hit(paper("p1", "T", "A thing is here. " * 9)))
    assert sum(c.quote.count("A thing is here.") for c in found.citations) == MAX_QUOTES == 3


def test_papers_that_could_be_meant_as_well_follow_one_that_is_only_described() -> None:
    hits = [hit(paper(f"p{n}", f"Title {n}", f"Gait {n} is here.")) for n in (1, 2, 3)]
    described = "something on gait silhouettes recorded under bridges that become reliable after rain damage"
    assert answered(described, *hits).text == (
        "Probably **Title 1**: “Gait 1 is here.” [1]\n\nIt could also be:\n\n"
        "- **Title 2** [2]\n- **Title 3** [3]"
    )
    assert answered("how is gait measured?", *hits).text == "\n\n".join(
        f"“Gait {n} is here.” [{n}] — *Title {n}*" for n in (1, 2, 3)
    )


def test_a_question_of_two_parts_gets_a_quote_a_part() -> None:
    question = "How does it hide faces, and what does it reach on LFW?"
    assert split_question(question) == ("How does it hide faces", "what does it reach on LFW?")
    held = paper("p1", "T", TEXT)
    parts = (hit(held, [0.1, 0.9, 0.1, 0.1]), hit(held, [0.1, 0.1, 0.9, 0.1]))
    whole_hit = hit(held, [0.9, 0.1, 0.2, 0.1])
    found = answer_by_quotes(
        Query("passages", text=question), Retrieval(question, (whole_hit,)), (whole_hit,), ENOUGH,
        parts=parts,
    )  # fmt: skip
    assert found.text.startswith("“We propose DuetFace. It reaches 92.5% on LFW.” [1] — *T*")
    apart = (parts[1], hit(held, [0.9, 0.1, 0.1, 0.1]))
    found = answer_by_quotes(
        Query("passages", text=question), Retrieval(question, (whole_hit,)), (whole_hit,), ENOUGH,
        parts=apart,
    )  # fmt: skip
    assert found.text.startswith("T: “It reaches 92.5% on LFW.” [1] “Faces leak.” [2] — *T*")


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("does pruning keep accuracy, and when does it fail?", ("does pruning keep accuracy", "when does it fail?")),
        ("how are leaves drawn and does it help", ("how are leaves drawn", "does it help")),
        ("error rate on LFW, and what speed is reached", ("error rate on LFW", "what speed is reached")),
        ("are the leaves new? what do they cost", ("are the leaves new?", "what do they cost")),
    ],
)  # fmt: skip
def test_a_part_may_ask_whether_or_for_a_measure(question: str, parts: tuple[str, ...]) -> None:
    assert split_question(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What is it?",
        "what is it and what for",
        "Which loss is it?",
        "a paper: with two parts",
        "the work that writes the shape of a leaf as one string of veins and lobes to guess its speed of growth and how old it gets",
    ],
)
def test_or_it_has_no_parts(question: str) -> None:
    assert split_question(question) == ()


def test_several_papers_are_listed_where_several_are_asked_for() -> None:
    hits = [hit(paper(f"p{n}", f"Title {n}", f"Gait {n} is here.")) for n in (1, 2)]
    assert answered("which papers are on gait?", *hits).text == (
        "2 papers have something on this:\n\n"
        "- **Title 1**: “Gait 1 is here.” [1]\n- **Title 2**: “Gait 2 is here.” [2]"
    )


def test_a_paper_of_a_title_alone_is_cited_by_it() -> None:
    one = answered("which paper?", hit(paper("p1", "Gait", "")))
    assert one.text == "**Gait** is the paper that fits. [1]"
    assert [(c.quote, c.span) for c in one.citations] == [("", (0, 0))]
    two = answered("which papers?", hit(paper("p1", "Gait", "")), hit(paper("p2", "Palm", "")))
    assert two.text == "2 papers have something on this:\n\n- **Gait**: [1]\n- **Palm**: [2]"


def test_the_ranking_goes_with_the_answer() -> None:
    held = paper("p1", "T", TEXT, places=[("a.txt", 3), ("b.txt", 9)])
    (scored,) = answered("what?", hit(held, score=0.123456)).papers
    assert (scored.paper_id, scored.source, scored.score) == ("p1", "a.txt:3", 0.1235)
    assert scored.also_at == ("b.txt:9",)


@pytest.mark.parametrize(
    ("authors", "complete", "told"),
    [
        ((), True, "**T**"),
        (("A",), True, "**T** (A)"),
        (("A",), False, "**T** (A et al.)"),
        (("A", "B"), True, "**T** (A and B)"),
        (("A", "B"), False, "**T** (A et al.)"),
        (("A", "B", "C"), True, "**T** (A et al.)"),
    ],
)
def test_people_are_named_as_far_as_they_are_known(
    authors: tuple[str, ...], complete: bool, told: str
) -> None:
    assert render_paper_name(paper("p1", "T", authors=authors, complete=complete)) == told


def test_an_untitled_paper_is_named_by_its_label_and_marked_so() -> None:
    assert render_paper_name(paper("p1", None, year=2020)) == "**label of p1** (untitled) (2020)"


def test_an_endless_title_is_cut_short() -> None:
    assert len(render_paper_name(paper("p1", "very long " * 500))) < MAX_PAPER_NAME_CHARS + 10


# --- abstaining ---------------------------------------------------------------------------------


def test_an_abstention_names_what_is_missing_and_the_nearest_papers() -> None:
    hits = [hit(paper(f"p{n}", f"Title {n}", f"Gait {n} is here.")) for n in range(1, 6)]
    found = answered("zeppelins?", *hits, verdict=Sufficiency(False, 0.1, ("zeppelin", "kite")))
    assert found.text == (
        "Not stated: none of the nearest papers mentions “zeppelin” and “kite”. "
        "Nearest: “Gait 1 is here.” [1] — *Title 1*\n\nOther papers near it: [2] [3]"
    )
    assert (found.status, found.outcome, len(found.papers)) == ("abstained", "nearest", 5)


def test_where_nothing_is_near_nothing_is_quoted() -> None:
    far = hit(paper("p1", "T", TEXT), score=0.2)
    found = answered("zeppelins?", far, verdict=Sufficiency(False, 0.1, ("zeppelins",)))
    assert (
        found.text == "Nothing here is about that: the nearest paper does not mention “zeppelins”."
    )
    assert (found.outcome, found.citations) == ("nothing", ())


def test_an_abstention_without_a_missing_word_or_a_paper_says_only_that() -> None:
    found = build_abstention(
        Query("passages", text="q"), Retrieval("q", ()), Sufficiency(False, 0.0)
    )
    assert (found.text, found.citations) == ("Nothing here is about that.", ())
    assert (found.status, found.outcome) == ("abstained", "nothing")


def test_missing_words_are_told_once_few_and_short() -> None:
    missing = ("x" * 999, "a[1]", "b", "b", "c", "d")
    found = answered("q", hit(paper("p1")), verdict=Sufficiency(False, 0.1, missing))
    assert f"does not mention “{'x' * 40}”, “a(1)” and “b”." in found.text


# --- any text at all ----------------------------------------------------------------------------

HOSTILE = st.text(
    st.one_of(st.sampled_from(list("[]1()!<>`*_#|\\.? \n\u202e\u200b")), st.characters()),
    max_size=60,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=4), HOSTILE, st.booleans())
def test_whatever_papers_and_questions_say_the_answer_keeps_its_contract(
    held: list[tuple[str, str]], question: str, enough: bool
) -> None:
    hits = [
        hit(paper(f"p{n}", title or None, text.strip())) for n, (title, text) in enumerate(held, 1)
    ]
    verdict = Sufficiency(enough, 0.5, (question,))
    found = answered(question, *hits, verdict=verdict)
    for citation in found.citations:
        quote = f"“{plain(citation.quote)}” [{citation.marker}]"
        assert quote in found.text.replace("**", "") or f" [{citation.marker}]" in found.text


# --- from ingested documents --------------------------------------------------------------------


def made(folder: Path, weights: Path, rows: Sequence[dict[str, object]]) -> Assistant:
    document = folder / "papers.jsonl"
    document.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assistant = build(Settings(data=folder / "data", model_path=weights))
    assistant.ingest([document])
    return assistant


def whole(assistant: Assistant, question: str) -> Answer:
    found = assistant.ask(question)
    check_citations(
        found.text, found.citations, {p.paper_id: p for p in assistant.library.list_papers()}
    )
    return found


@pytest.fixture(scope="module")
def titles(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Assistant]:
    rows: list[dict[str, object]] = [
        {"title": "DuetFace: Collaborative Face Recognition", "authors": ["Yuxi Mi"], "year": 2022},
        {"title": "A survey of gait recognition in the dark", "year": 2021},
        {"title": "Palm prints"},
    ]
    with made(tmp_path_factory.mktemp("titles"), weights, rows) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("What is DuetFace?", "**DuetFace: Collaborative Face Recognition** (Yuxi Mi, 2022) is"),
        (
            "how is gait recognised in the dark?",
            "**A survey of gait recognition in the dark** (2021) is",
        ),
        (
            "what do they say of zeppelins?",
            "Nothing here is about that: none of the nearest papers mentions “zepp",
        ),
    ],
)
def test_a_library_of_titles_alone_answers_by_them(
    titles: Assistant, question: str, start: str
) -> None:
    found = whole(titles, question)
    assert found.text.startswith(start)
    assert {c.quote for c in found.citations} <= {""}


def test_a_heading_that_fills_the_model_leaves_its_paper_quotable(
    tmp_path: Path, weights: Path
) -> None:
    text = "Palm prints are read on glass. The glass is clean."
    rows: list[dict[str, object]] = [{"title": "Zebra gait " * 600, "abstract": text}]
    with made(tmp_path, weights, rows) as assistant:
        found = whole(assistant, "zebra gait?")
        assert {c.quote for c in found.citations} <= {
            text,
            *(text[a:b] for a, b in split_sentences(text)),
        }
        assert found.citations


def test_what_goes_wrong_in_a_field_is_told_by_the_papers_that_say_it() -> None:
    def tell(key: str, text: str, role: SentenceRole, score: float, near: float) -> PaperHit:
        told = Sentence((0, len(text)), near, role, {"plain": near})
        return PaperHit(paper(key, key, text), score, 1, (told,), {})

    plan = tell("p1", "We plant oaks.", "method", 1.0, 0.9)
    frost = tell("p2", "Oaks suffer from frost.", "problem", 0.97, 0.6)
    rain = tell("p3", "Rain is rare, which limits oaks.", "background", 0.9, 0.55)
    far = tell("p4", "Elms fail.", "problem", 0.8, 0.9)
    question = "why do oaks fail?"
    found = Retrieval(question, (plan, frost, rain, far))
    assert find_papers_with_problem(asked(question), found) == (frost, rain)
    assert find_papers_with_problem(asked("why does OakNet fail?"), found) == ()
    assert find_papers_with_problem(asked("how do oaks grow?"), found) == ()
    told = "why do oaks fail? they count the rings"
    assert find_papers_with_problem(asked(told), found) == ()
    text = answer_by_quotes(asked(question), found, (frost, rain), ENOUGH).text
    assert text.index("frost") < text.index("rare")
