"""What is text in a PDF, what is not, and who wrote it, over papers set by `paper_maker`."""

from __future__ import annotations

import pytest

from rag.readers import read_bytes
from rag.readers.pdf_people import is_person_name
from rag.types import Entry
from rag.types.errors import ReadError
from tests.readers.paper_maker import BYLINE, TITLE, make_paper

LEFT = [
    ("head", "Abstract"),
    ("text", "We measured waves in forty coves with and without kelp and"),
    ("text", "found that kelp halves their height in winter storms."),
    ("gap", ""),
    ("head", "1 Introduction"),
    ("text", "Waves wear sheltered shores away. Many people hold that sea-"),
    ("text", "weed slows them, but few have measured how far. In the north-"),
    ("text", "ern coves that we study here, kelp stands from May onwards, and"),
]
RIGHT = [
    ("text", "fishermen say that it calms the water behind it for weeks."),
    ("indent", "A second paragraph begins with an indented line and tells of"),
    ("text", "the buoys1 that we moored, which sent their heights each hour to"),
    ("small", "1 The buoys were lent by the harbour office of the city."),
]
SECOND_LEFT = [
    ("text", "the laboratory on the hill, where they were kept for years."),
    ("head", "2 Results"),
    ("text", "Kelp halved the waves in thirty coves and did nothing in ten."),
    ("small", "Figure 1: Height of the waves by month, in metres, at all buoys."),
    ("head", "References"),
    ("text", "[1] A. Lovelace. Notes on engines. Taylor, 1843."),
    ("text", "[2] B. Li and C. Okafor. Seaweed and storms in the far"),
    ("text", "north. Journal of Waves, 12:1-9, 2001."),
]


@pytest.fixture(scope="module")
def entry() -> Entry:
    (only,) = read_bytes("kelp.pdf", make_paper([[LEFT, RIGHT], [SECOND_LEFT]])).entries
    return only


def test_sentences_are_whole_over_columns_and_pages(entry: Entry) -> None:
    assert "kelp stands from May onwards, and fishermen say that it calms the water" in entry.text
    assert "sent their heights each hour to the laboratory on the hill" in entry.text


@pytest.mark.parametrize(
    ("head", "venue"),
    [
        ("Journal of Coastal Botany 310", "Journal of Coastal Botany"),
        ("Journal of Coastal Botany, 4(41), 59-71", "Journal of Coastal Botany"),
        ("Proceedings of the Kelp Symposium 2018", "Proceedings of the Kelp Symposium 2018"),
    ],
)
def test_a_journal_is_named_without_its_volume(head: str, venue: str) -> None:
    (entry,) = read_bytes("kelp.pdf", make_paper([[LEFT, RIGHT]], head=head)).entries
    assert entry.venue == venue


@pytest.mark.parametrize("end", ["2014).", "it.", "[13, 14]."])
def test_the_few_letters_that_end_a_sentence_are_kept(end: str) -> None:
    """They were left out as a figure's label, and the sentence was quoted without its end."""
    column = [*LEFT[:-1], ("text", "Kelp stands here, as was told before (Quill et al.,"), ("text", end),
              ("indent", "Another paragraph begins here and is about something else.")]  # fmt: skip
    (entry,) = read_bytes("kelp.pdf", make_paper([[column]])).entries
    assert f"as was told before (Quill et al., {end}" in entry.text


def test_a_note_goes_on_under_the_small_type_of_its_mark() -> None:
    """The second line of a note was text, so that the first was quoted without its end."""
    column = [
        *LEFT,
        *[("text", "Kelp calms the water in winter as in summer, year after year.")] * 30,
    ]
    note = [("mark", "1The buoys were lent by the harbour office, which places"),
            ("note", "them in the bay each spring, as the charts of that year show.")]  # fmt: skip
    (entry,) = read_bytes("kelp.pdf", make_paper([[[*column, *note]]])).entries
    assert "which places them in the bay each spring" in entry.text


def test_a_note_in_type_of_the_text_s_size_cuts_no_sentence() -> None:
    left = [("text", "Waves wear the sheltered shores of the north away, year by year.")] * 20
    left += [("text", "In the third winter the buoys were moved because the river had")]
    left += [("gap", "")] * 22 + [
        ("text", "2 Values of the first survey are given in the appendix.")
    ]
    right = [("text", "risen by two metres and the kelp was gone until the month of June.")] * 9
    (only,) = read_bytes("kelp.pdf", make_paper([[left, right]], front=False)).entries
    assert "because the river had risen by two metres" in only.text
    assert "2 Values of the first survey are given" in only.text


def test_raised_figures_behind_figures_are_told_from_them() -> None:
    said = "It was 0.83^{2} on 10^{6} stems, 5 × 10^{-4} m, in 1998^{3,4}, of 1,245."
    column = [("text", "Waves wear the sheltered shores of the north away, year by year.")] * 8
    pages = [[[*column, ("text", said), *column]]] * 3
    (only,) = read_bytes("kelp.pdf", make_paper(pages)).entries
    n = only.text.count("It was 0.83^2 on 10^6 stems, 5 × 10^-4 m, in 1998^3,4, of 1,245.")
    assert n == 3, only.text


@pytest.mark.parametrize(
    "printed",
    [
        ["Doe, J., Roe, R. (2001). Voles of the north and their", "burrows. Marsh Review 4, 1-9.",
         "Quill, M. (2003). Bogs. Bog Letters 2, 3-8.", "Roe, R. (2004). Fens. Bog Letters 3, 4-9."],
        ["Doe J, Roe R. Voles of the north and their burrows.", "Marsh Review 2001; 4: 1-9.",
         "Quill M. Bogs. Bog Letters 2003; 2: 3-8.", "Roe RS, Lee A. Fens. Bog Letters 2004; 3: 4-9."],
        ["1.Doe J, Roe R. Voles of the north. Marsh Review", "12 (3), 1-9. 2001.",
         "2.Quill M. Bogs. Bog Letters 2003; 2: 3-8.", "3.Roe RS, Lee A. Fens. Bog Letters 2004; 3: 4-9."],
    ],
)  # fmt: skip
def test_references_in_close_type_are_parted(printed: list[str]) -> None:
    column = [("text", "Waves wear the sheltered shores of the north away, year by year.")] * 14
    column += [("head", "References"), *(("close", line) for line in printed)]
    (only,) = read_bytes("kelp.pdf", make_paper([[column]])).entries
    assert only.references == (" ".join(printed[:2]), *printed[2:])


def test_words_parted_at_line_ends_are_whole(entry: Entry) -> None:
    assert "hold that seaweed slows them" in entry.text
    assert "In the northern coves" in entry.text


def test_heads_feet_and_page_numbers_are_no_text(entry: Entry) -> None:
    assert "Quill et al." not in entry.text
    assert "Page 1 of 2" not in entry.text and "Page 2 of 2" not in entry.text


def test_line_numbers_of_a_manuscript_are_no_text() -> None:
    column = [("text", f"This is sentence {word} of a manuscript.") for word in "abcdefghijklmn"]
    (only,) = read_bytes("m.pdf", make_paper([[column]], line_numbers=True)).entries
    assert "sentence c of a manuscript. This is sentence d" in only.text


def test_footnotes_and_captions_are_paragraphs_beside_the_text(entry: Entry) -> None:
    paragraphs = entry.text.split("\n\n")
    assert "1 The buoys were lent by the harbour office of the city." in paragraphs
    assert any(text.startswith("Figure 1: Height of the waves") for text in paragraphs)


def test_sections_begin_where_their_headings_stand(entry: Entry) -> None:
    begins = dict(zip(entry.section_names, entry.section_starts, strict=True))
    assert list(begins) == ["Abstract", "1 Introduction", "2 Results"]
    assert entry.text[begins["Abstract"] :].startswith("We measured waves")
    assert entry.text[begins["2 Results"] :].startswith("Kelp halved the waves")
    assert "1 Introduction" not in entry.text


def test_references_are_kept_apart_from_what_is_quoted(entry: Entry) -> None:
    assert len(entry.references) == 2
    assert entry.references[1].endswith("in the far north. Journal of Waves, 12:1-9, 2001.")
    assert "Notes on engines" not in entry.text


def test_each_sentence_knows_its_page(entry: Entry) -> None:
    first, second = entry.page_starts
    assert first == 0
    assert entry.text[second:].startswith("the laboratory on the hill"), (
        "in the midst of a sentence"
    )


def test_people_institutions_and_dates_come_from_the_first_page(entry: Entry) -> None:
    assert entry.title == TITLE
    assert entry.authors == ("Mara Quill", "Tomas van den Berg", "J. R. Okafor")
    assert "University of Harbour City" in entry.affiliations
    assert "Marine Institute" in entry.affiliations
    assert entry.year == 2019
    assert BYLINE not in entry.text and "example.org" not in entry.text


def test_fields_say_how_they_are_known(entry: Entry) -> None:
    sources = dict(line.split(": ", 1) for line in entry.provenance)
    assert sources["authors"] == "guessed from the lines under the title"
    assert sources["year"].startswith("guessed from")
    (bare,) = read_bytes("bare.pdf", make_paper([[LEFT]], front=False, head="")).entries
    assert "authors: not found" in bare.provenance and not bare.authors


def test_what_may_not_be_copied_is_read_and_what_needs_a_password_is_told() -> None:
    (only,) = read_bytes("o.pdf", make_paper([[LEFT]], owner="secret")).entries
    assert only.title == TITLE
    with pytest.raises(ReadError, match=r"'p\.pdf' is encrypted; save it without its password"):
        read_bytes("p.pdf", make_paper([[LEFT]], password="secret"))


def test_a_paper_is_read_from_behind_a_cover_page() -> None:
    cover = [
        ("text", "Your use of the JSTOR archive indicates your acceptance of the Terms."),
        ("text", "JSTOR is a not-for-profit service that helps scholars."),
    ]
    body = make_paper([[LEFT, RIGHT]])
    both = _join([make_paper([[cover]], front=False, head=""), body])
    (only,) = read_bytes("j.pdf", both).entries
    assert only.title == TITLE and "JSTOR" not in only.text
    assert only.page_starts == (0, 0)
    assert any("behind a cover page by JSTOR" in line for line in only.provenance)


def test_fonts_that_do_not_say_their_letters_are_told() -> None:
    column = [("text", "%$ ) ('& !#%$ )('& *+,- ./01 ::;; <=>? 23 45") for _ in range(30)]
    with pytest.raises(ReadError, match="fonts that do not say which letters they print"):
        read_bytes("f.pdf", make_paper([[column]]))


@pytest.mark.parametrize(
    ("line", "is_garbled"),
    [
        (
            "Mae'r astudiaeth hon yn archwilio effeithiau newid hinsawdd ar gorsydd mawn Cymru.",
            False,
        ),
        ("Penelitian ini mengkaji dampak festival musik pada pariwisata dengan survei.", False),
        ("Wkh vwxgb hadplqhv wkh hiihfwv ri iluh rq wkh vrlov ri iruhvwv lq wkh zhvw.", True),
    ],
)
def test_a_language_without_common_words_is_no_code_of_a_font(line: str, is_garbled: bool) -> None:
    data = make_paper([[[("text", line)] * 30]], front=False)
    if is_garbled:
        with pytest.raises(ReadError, match="fonts that do not say which letters they print"):
            read_bytes("f.pdf", data)
    else:
        (entry,) = read_bytes("f.pdf", data).entries
        assert entry.text


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "J. R. Okafor",
        "Tomas van den Berg",
        "Bo Li",
        "Mary J. O’Connell",
        "DE LA CRUZ ANA",
    ],
)
def test_names_are_told_by_their_shape(name: str) -> None:
    assert is_person_name(name)


@pytest.mark.parametrize(
    "piece",
    [
        "University of Oslo",
        "Ann Arbor",
        "Department of Botany",
        "Open Access",
        "Mausam",
        "the quick fox",
    ],
)
def test_places_and_institutions_are_no_names(piece: str) -> None:
    assert not is_person_name(piece)


def _join(parts: list[bytes]) -> bytes:
    import io

    import pypdfium2

    joined = pypdfium2.PdfDocument.new()
    for part in parts:
        joined.import_pages(pypdfium2.PdfDocument(part))
    out = io.BytesIO()
    joined.save(out)
    return out.getvalue()
