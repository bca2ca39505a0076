"""Author pages: every shape of header, every part that can be missing."""

from __future__ import annotations

import pytest

from rag.readers import read_bytes
from rag.types import DocumentReading, Entry
from rag.types.errors import ReadError

HEAD = "Ada Person\n\nCV\nh-index55\n1,113papers\n3,144citations\nNovelty51%\nAI Score60.5\n\n9 Papers\n\n"
REST = "\nA Title\n\nA B, C D et al.\n\nAn abstract.\n"
GOOD = "CVMar 3, 2020" + REST


def page(body: str) -> DocumentReading:
    return read_bytes("page.txt", (HEAD + body).encode())


def only(reading: DocumentReading) -> Entry:
    assert [str(r) for r in reading.rejections] == []
    (entry,) = reading.entries
    return entry


@pytest.mark.parametrize(
    ("header", "score", "category", "date", "code"),
    [
        ("CVMar 23, 2022Code", None, "CV", (2022, 3, 23), True),
        ("CVMar 23, 2022", None, "CV", (2022, 3, 23), False),
        ("CVMay 15Code", None, "CV", (None, 5, 15), True),
        ("IVMay 18", None, "IV", (None, 5, 18), False),
        ("88.9LGMay 2", 88.9, "LG", (None, 5, 2), False),
        ("7CRDec 31, 2019Code", 7.0, "CR", (2019, 12, 31), True),
        ("cs.CVSep 1, 2021", None, "cs.CV", (2021, 9, 1), False),
        ("50.1stat.MLJan 1, 2021Code", 50.1, "stat.ML", (2021, 1, 1), True),
        ("hep-thFeb 29", None, "hep-th", (None, 2, 29), False),
        ("ABCDOct 9, 2020", None, "ABCD", (2020, 10, 9), False),
    ],
)
def test_headers_are_read_whole(
    header: str, score: float | None, category: str, date: tuple[int | None, int, int], code: bool
) -> None:
    entry = only(page(header + REST))
    assert (entry.score, entry.category, entry.code) == (score, category, code)
    assert (entry.year, entry.month, entry.day) == date
    assert entry.place.line == 12
    assert entry.raw == (header + REST).rstrip()


def test_figures_of_the_page_are_read_and_are_not_the_number_of_entries() -> None:
    found = page(GOOD).page
    assert found is not None
    assert (found.person, found.category, found.h_index) == ("Ada Person", "CV", 55)
    assert (found.n_papers, found.n_citations) == (1113, 3144)
    assert (found.novelty, found.ai_score) == (0.51, 60.5)


def test_missing_figures_are_unknown() -> None:
    found = read_bytes("page.txt", ("Ada Person\n\n" + GOOD).encode()).page
    assert found is not None
    assert (found.person, found.h_index, found.novelty) == ("Ada Person", None, None)


def test_a_page_without_a_name_keeps_its_entries_and_says_so() -> None:
    reading = read_bytes("page.txt", GOOD.encode())
    assert reading.page is None
    assert len(reading.entries) == 1
    assert [str(r) for r in reading.rejections] == [
        "page.txt:1: the page names no person above its first entry"
    ]


@pytest.mark.parametrize(
    ("line", "authors", "complete", "affiliations"),
    [
        ("A B, C D et al.", ("A B", "C D"), False, ()),
        ("A B, C D", ("A B", "C D"), True, ()),
        ("Kexin Baoa", ("Kexin Baoa",), True, ()),
        ("A B, C D and E F", ("A B", "C D", "E F"), True, ()),
        (
            "Adrien Deliège et al. · tencent-ai, pku",
            ("Adrien Deliège",),
            False,
            ("tencent-ai", "pku"),
        ),
        (
            "Ludwig van Beethoven, Ke-Yue Zhang · pku",
            ("Ludwig van Beethoven", "Ke-Yue Zhang"),
            True,
            ("pku",),
        ),
    ],
)
def test_lines_of_authors(
    line: str, authors: tuple[str, ...], complete: bool, affiliations: tuple[str, ...]
) -> None:
    entry = only(page(f"CVMar 3, 2020\nA Title\n\n{line}\n\nText.\n"))
    assert (entry.authors, entry.authors_complete) == (authors, complete)
    assert entry.affiliations == affiliations


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("CVMar 4, 2020\n\nA B et al.\n\nText.\n", "entry 'CVMar 4, 2020' has no title"),
        ("CVMar 4, 2020\nA Title\n\nA B\n", "entry 'CVMar 4, 2020' has no abstract"),
        ("CVMar 4, 2020\nA Title\n", "entry 'CVMar 4, 2020' has no abstract"),
        ("CVMar 4, 2020\n", "entry 'CVMar 4, 2020' has neither title nor abstract"),
        ("CVFeb 30, 2020" + REST, "header 'CVFeb 30, 2020' has no such date"),
        ("Mar 4, 2020" + REST, "header 'Mar 4, 2020' is not understood"),
        ("C1Mar 4, 2020Code?" + REST, "header 'C1Mar 4, 2020Code?' is not understood"),
    ],
)
def test_a_broken_entry_in_the_middle_is_rejected_and_the_others_are_kept(
    broken: str, reason: str
) -> None:
    reading = page(f"{GOOD}\n{broken}\n{GOOD}")
    assert [(r.line, r.reason) for r in reading.rejections] == [(19, reason)]
    assert len(reading.entries) == 2
    assert all(entry.text == "An abstract." for entry in reading.entries)


def test_an_entry_without_authors_is_kept_with_unknown_authors() -> None:
    entry = only(page("CVMar 4, 2020\nA Title\n\nThis is a sentence, not a name.\n"))
    assert (entry.authors, entry.authors_complete) == ((), False)
    assert entry.text == "This is a sentence, not a name."


def test_an_unusual_line_of_authors_is_not_taken_for_the_abstract() -> None:
    entry = only(page("CVMar 4, 2020\nA Title\n\nXiaofei he, the ABC team\n\nText.\n"))
    assert entry.authors == ("Xiaofei he", "the ABC team")
    assert entry.text == "Text."


def test_a_title_that_looks_like_a_header_is_a_title() -> None:
    reading = page("CVMar 4, 2020\nCVMay 18\n\nA B\n\nText.\n\n" + GOOD)
    assert [entry.title for entry in reading.entries] == ["CVMay 18", "A Title"]


def test_a_header_that_lost_its_entry_does_not_swallow_the_next() -> None:
    reading = page("CVMar 4, 2020\n" + GOOD)
    assert [r.line for r in reading.rejections] == [12]
    assert [entry.place.line for entry in reading.entries] == [13]


def test_an_abstract_of_several_paragraphs_and_lines_is_read_whole() -> None:
    entry = only(page("CVMar 4, 2020\nA Title\nin two lines\n\nA B\n\nOne\ntwo.\n\nThree.\n"))
    assert entry.title == "A Title in two lines"
    assert entry.text == "One two.\n\nThree."


def test_entries_that_follow_without_a_blank_line_are_parted() -> None:
    reading = page(GOOD + GOOD)
    assert [entry.text for entry in reading.entries] == ["An abstract.", "An abstract."]


def test_windows_line_ends_change_nothing() -> None:
    unix = page(GOOD)
    windows = read_bytes("page.txt", (HEAD + GOOD).replace("\n", "\r\n").encode())
    assert windows.entries == unix.entries
    assert windows.page == unix.page


def test_a_page_without_entries_is_refused() -> None:
    with pytest.raises(ReadError, match=r"^file 'page\.txt' holds no papers; "):
        page("")


def test_a_page_of_broken_entries_only_is_refused_with_the_first_reason() -> None:
    with pytest.raises(ReadError) as caught:
        page("CVMar 4, 2020\nA Title\n\nCVMar 5, 2020\nA Title\n")
    assert str(caught.value) == (
        "file 'page.txt' holds no readable paper; line 12: entry 'CVMar 4, 2020' has no abstract, "
        "and 1 more entries were rejected"
    )


def test_authors_right_under_the_title_are_no_part_of_it() -> None:
    entry = only(page("CVMar 4, 2020\nA Title\nA B, C D et al.\n\nText.\n"))
    assert (entry.title, entry.authors, entry.text) == ("A Title", ("A B", "C D"), "Text.")


def test_a_title_parted_from_its_header_is_found() -> None:
    entry = only(page("CVMar 4, 2020\n\nA Title\n\nA B, C D et al.\n\nText.\n"))
    assert (entry.title, entry.authors, entry.text) == ("A Title", ("A B", "C D"), "Text.")


def test_rejections_are_in_the_order_of_their_lines() -> None:
    bad_byte = b"CVMar 4, 2020\nA \xe9\n\nA B\n\nText.\n\n"
    data = HEAD.encode() + bad_byte + b"CVMar 5, 2020\nA Title\n\n" + GOOD.encode()
    assert [r.line for r in read_bytes("page.txt", data).rejections] == [12, 19]


@pytest.mark.parametrize(
    "line", ["h-index" + "1" * 4_301, "h-index" + "9" * 20, "Novelty1.2.3%", "AI Score" + "9" * 400]
)
def test_a_figure_that_can_be_none_is_unknown(line: str) -> None:
    reading = read_bytes("page.txt", f"Ada Person\n{line}\n\n{GOOD}".encode())
    assert len(reading.entries) == 1 and reading.page
    page = reading.page
    assert (page.h_index, page.novelty, page.ai_score) == (None, None, None)
