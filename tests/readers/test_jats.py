"""JATS articles: front matter without the marks of footnotes, and the body as sections."""

from __future__ import annotations

import pytest

from rag.library.identity import merge
from rag.library.matching import group_entries
from rag.readers import read_bytes
from rag.types import Entry, Place

FRONT = (
    "<front><article-meta><article-id pub-id-type='doi'>10.5555/bog.1</article-id><title-group>"
    "<article-title>{title}</article-title></title-group>{abstract}</article-meta></front>"
)
BODY = (
    "<body><p>Before any section.</p><sec><label>1</label><title>Introduction</title><p>Peat is old"
    "<sup><xref ref-type='bibr'>1</xref>,<xref ref-type='bibr'>2</xref></sup> and wet "
    "[<xref ref-type='bibr'>3</xref>].<fig><label>Figure 1</label><caption><title>A bog</title>"
    "<p>At noon.</p></caption></fig> It has 10<sup>6</sup> cells, r = 0.83<xref ref-type='fn'><sup>2"
    "</sup></xref>.</p><list><list-item><p>First thing.</p></list-item></list><sec><title>Sites</title>"
    "<p>CO<sub>2</sub> rises.</p><disp-formula>x+y</disp-formula></sec></sec></body>"
    "<back><ref-list><ref><mixed-citation>Doe J. <source>Bogs</source>. 2001.</mixed-citation></ref>"
    "</ref-list></back>"
)


def _read(title: str = "Peat of the Archive", abstract: str = "", rest: str = BODY) -> Entry:
    front = FRONT.format(title=title, abstract=abstract)
    (entry,) = read_bytes("a.xml", f"<article>{front}{rest}</article>".encode()).entries
    return entry


def test_a_body_is_read_as_sections_and_paragraphs() -> None:
    entry = _read(abstract="<abstract><p>Peat burns.</p></abstract>")
    assert entry.text.split("\n\n") == [
        "Peat burns.",
        "Before any section.",
        "Peat is old and wet [3]. It has 10^6 cells, r = 0.83.",
        "Figure 1. A bog. At noon.",
        "First thing.",
        "CO2 rises.",
    ]
    begins = [entry.text[start:][:9] for start in entry.section_starts]
    assert dict(zip(entry.section_names, begins, strict=True)) == {
        "Abstract": "Peat burn",
        "Text": "Before an",
        "1 Introduction": "Peat is o",
        "Sites": "CO2 rises",
    }
    assert entry.references == ("Doe J. Bogs. 2001.",)


def test_without_an_abstract_the_body_is_the_text() -> None:
    rest = "<body><sec><title>Results</title><p>We found 14 plots.</p></sec></body>"
    entry = _read(rest=rest)
    assert (entry.text, entry.section_names) == ("We found 14 plots.", ("Results",))
    assert _read(rest="<body/>").text == "" and _read(rest="").section_names == ()


def test_a_reply_within_an_article_is_no_part_of_its_body() -> None:
    reply = "<sub-article><body><p>A reply.</p></body></sub-article>"
    assert "reply" not in _read(rest=BODY + reply).text


def test_a_paper_s_text_is_its_body_wherever_its_abstract_stands_too() -> None:
    article = _read(abstract="<abstract><p>Peat burns.</p></abstract>")
    listed = Entry(
        place=Place("0.csv", 2), raw="", title=article.title, text="Peat burns.", doi=article.doi
    )
    assert len(group_entries({1: article, 2: listed})) == 1
    paper = merge("p1", [listed, article], {})
    assert paper.text == article.text and paper.section_names == article.section_names


@pytest.mark.parametrize(
    "mark",
    [
        "<xref ref-type='fn'><sup>*</sup></xref>",
        "<xref>*</xref>",
        "<sup><xref ref-type='fn'>a</xref></sup>",
        "<fn><p>Funded by the bog.</p></fn>",
        "<sup>*</sup>",
        "<sup>†</sup>",
        "*†",
    ],
)
def test_marks_of_footnotes_are_no_part_of_a_title(mark: str) -> None:
    assert _read(title=f"Peat of the Archive{mark}").title == "Peat of the Archive"


def test_a_star_that_is_part_of_a_name_stays_in_a_title() -> None:
    for title in ("A Search with A*", "Flares of Sgr A<sup>*</sup>", "Growth of 10<sup>6</sup>"):
        assert _read(title=title).title == title.replace("<sup>", "^").replace("</sup>", "")
