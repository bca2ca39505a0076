"""Markers, quotes and text made safe."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.answers.citations import Citations, InvalidAnswer, build_citation, check_citations
from rag.text.markdown import hazards, markers, plain
from rag.types import Paper, Place
from tests.shelf import paper

PAPER = Paper(
    paper_id="p1",
    title=None,
    label="Faces in pairs",
    text="DuetFace splits frequencies [12]. It needs 0.5 bits.",
    authorships=(),
    authors_complete=False,
    places=(Place("a.txt", 3), Place("b.txt", 7)),
)
OTHER = replace(PAPER, paper_id="p2", title="Two", text="")
PAPERS = {paper.paper_id: paper for paper in (PAPER, OTHER)}
MARKUP = st.text(
    st.sampled_from(list("[]()!<>`*_~#-+=|.:;,\\&\"'/?$^{} \n\taZx109١\u200b\u202e")), max_size=40
)


def test_a_citation_holds_the_exact_quote_and_every_place() -> None:
    citation = build_citation(1, PAPER, (0, 33))
    assert citation.quote == "DuetFace splits frequencies [12]."
    assert (citation.source, citation.also_at) == ("a.txt:3", ("b.txt:7",))
    assert (citation.title, citation.label) == (None, "Faces in pairs")


def test_a_span_outside_the_paper_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        build_citation(1, PAPER, (0, 1000))


def test_markers_count_from_1_in_order_of_first_use_and_a_span_keeps_its_own() -> None:
    citations = Citations()
    given_out = [
        citations.get_marker(PAPER, (34, 52)),
        citations.get_marker(PAPER, (0, 33)),
        citations.get_marker(PAPER, (34, 52)),
        citations.get_marker(OTHER, (0, 0)),
    ]
    assert given_out == [1, 2, 1, 3]
    assert len(citations) == 3
    assert [c.marker for c in citations.list_citations()] == [1, 2, 3]


def test_a_right_answer_passes() -> None:
    listed = (build_citation(1, PAPER, (0, 33)), build_citation(2, OTHER, (0, 0)))
    check_citations("It splits them [1][2], again [1].", listed, PAPERS)


@pytest.mark.parametrize(
    ("text", "citations", "complaint"),
    [
        ("Nothing [1].", (), "no citation"),
        ("Nothing [01].", (build_citation(1, PAPER, (0, 33)),), "no citation"),
        ("Nothing [١].", (build_citation(1, PAPER, (0, 33)),), "no citation"),
        ("Nothing.", (build_citation(1, PAPER, (0, 33)),), "not used"),
        (
            "Two [1].",
            (build_citation(1, PAPER, (0, 33)), build_citation(1, PAPER, (34, 52))),
            "two citations",
        ),
        ("Changed [1].", (replace(build_citation(1, PAPER, (0, 33)), quote="DuetFace"),), "not at"),
        ("Outside [1].", (replace(build_citation(1, PAPER, (0, 33)), span=(40, 99)),), "not at"),
        ("Empty [1].", (build_citation(1, PAPER, (4, 4)),), "quotes nothing"),
        (
            "Stranger [1].",
            (replace(build_citation(1, PAPER, (0, 33)), paper_id="p9"),),
            "no known paper",
        ),
    ],
)
def test_a_broken_contract_is_named(text: str, citations: tuple, complaint: str) -> None:
    with pytest.raises(InvalidAnswer, match=complaint):
        check_citations(text, citations, PAPERS)


def test_bracketed_numbers_of_a_paper_are_no_markers() -> None:
    shown = plain("as in [1], [2, 3] and [4–6], not [a] or x[i]")
    assert shown == "as in (1), (2, 3) and (4–6), not [a] or x[i]"
    assert markers(shown) == []


def test_words_numbers_and_addresses_stay_as_they_are() -> None:
    text = "AUC rises 3.5% (p < 0.05) on ID$^3$ and x_i; code at https://github.com/a_b/c-d."
    assert plain(text) == text


def test_hidden_and_turning_characters_go() -> None:
    assert plain("a\u202eb\u200bc [1\ufeff] \x1bd") == "abc (1) d"


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/a.png)",
        "[click](https://evil.example)",
        "[click][ref]\n\n[ref]: https://evil.example",
        "<img src=x onerror=alert(1)>",
        "<https://evil.example>",
        "```\ncode\n```",
    ],
)
def test_markup_is_a_hazard_until_it_is_made_plain(text: str) -> None:
    assert hazards(text)
    assert not hazards(plain(text))


@given(MARKUP)
@example("=\\")
def test_plain_text_renders_as_one_paragraph_without_any_markup(text: str) -> None:
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    shown = plain(text)
    html = renderer.render(shown)
    assert set(re.findall(r"</?(\w+)", html)) <= {"p"}
    assert not hazards(shown)
    assert not markers(shown)
    assert plain(shown) == shown


def test_a_citation_names_the_page_that_its_quote_begins_on() -> None:
    paged = paper("p1", text="One is here. Two is there. Three.", page_starts=(0, 13, 27))
    pages = [build_citation(1, paged, span).page for span in ((0, 12), (13, 26), (5, 33), (27, 33))]
    assert pages == [1, 2, 1, 3]
    assert build_citation(1, paper("p2", text="No pages."), (0, 9)).page is None


def test_a_page_without_text_is_never_named() -> None:
    paged = paper("p1", text="One. Three.", page_starts=(0, 5, 5))
    assert build_citation(1, paged, (5, 11)).page == 3
