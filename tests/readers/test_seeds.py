"""The five seed documents, whole: nothing is lost, nothing is made up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from rag.readers import find_documents, read
from rag.types import DocumentReading, Entry, ProfilePage


@pytest.fixture(scope="module")
def readings(seeds: Path) -> dict[str, DocumentReading]:
    return {path.name[:3]: read(path) for path in find_documents([seeds])}


@pytest.fixture(scope="module")
def entries(readings: dict[str, DocumentReading]) -> list[Entry]:
    return [entry for reading in readings.values() for entry in reading.entries]


def at(readings: dict[str, DocumentReading], document: str, line: int) -> Entry:
    return next(e for e in readings[document].entries if e.place.line == line)


def test_three_author_pages_and_two_lists_hold_170_entries(
    readings: dict[str, DocumentReading],
) -> None:
    found = {name: (r.format, len(r.entries)) for name, r in readings.items()}
    assert found == {
        "000": ("abstract_list", 10),
        "001": ("author_page", 50),
        "002": ("abstract_list", 10),
        "003": ("author_page", 50),
        "004": ("author_page", 50),
    }


def test_nothing_in_the_seeds_is_rejected(readings: dict[str, DocumentReading]) -> None:
    assert [str(r) for reading in readings.values() for r in reading.rejections] == []


def test_digests_are_those_of_the_manifest(
    readings: dict[str, DocumentReading], seeds: Path
) -> None:
    manifest = (seeds / "MANIFEST.sha256").read_text(encoding="utf-8").split()
    stated = dict(zip(manifest[1::2], manifest[::2], strict=True))
    assert {r.document: r.sha256 for r in readings.values()} == stated


def test_every_figure_of_the_three_pages_is_read(readings: dict[str, DocumentReading]) -> None:
    assert [r.page for r in readings.values()] == [
        None,
        ProfilePage("Nannan Wang", "CV", 55, 113, 3144, 0.51, 60.0),
        None,
        ProfilePage("Shouhong Ding", "CV", 58, 107, 4741, 0.52, 62.0),
        ProfilePage("Shiming Ge", "CV", 15, 54, 1706, 0.53, 57.0),
    ]


def test_the_institution_above_a_list_is_kept(readings: dict[str, DocumentReading]) -> None:
    assert [r.institution for r in readings.values()] == ["Zhejiang Lab", None, None, None, None]


def test_every_raw_entry_equals_the_lines_of_the_file_at_its_place(
    entries: list[Entry], seeds: Path
) -> None:
    for entry in entries:
        lines = (seeds / entry.place.document).read_text(encoding="utf-8").split("\n")
        start = entry.place.line - 1
        assert "\n".join(lines[start : start + entry.raw.count("\n") + 1]) == entry.raw


def test_every_line_of_text_belongs_to_one_entry_or_to_a_pages_head(
    readings: dict[str, DocumentReading], seeds: Path
) -> None:
    for reading in readings.values():
        lines = (seeds / reading.document).read_text(encoding="utf-8").split("\n")
        held = [line for entry in reading.entries for line in entry.raw.split("\n")]
        head = lines[: reading.entries[0].place.line - 1]
        assert [x for x in lines if x.strip()] == [x for x in head + held if x.strip()]


def test_entries_in_lists_have_unknown_authors_title_and_code(
    readings: dict[str, DocumentReading],
) -> None:
    for entry in (*readings["000"].entries, *readings["002"].entries):
        assert (entry.title, entry.authors, entry.authors_complete) == (None, (), False)
        assert (entry.code, entry.year, entry.category) == (None, None, None)
        assert entry.text and not entry.text.startswith("Abstract")


def test_entries_of_pages_have_title_authors_text_date_and_category(
    readings: dict[str, DocumentReading],
) -> None:
    for name in ("001", "003", "004"):
        for entry in readings[name].entries:
            assert entry.title and entry.text and entry.authors and entry.category
            assert entry.month and entry.day
            assert entry.authors_complete is ("et al." not in entry.raw)


def test_headers_without_a_year_leave_it_unknown(readings: dict[str, DocumentReading]) -> None:
    unknown = {n: sum(e.year is None for e in readings[n].entries) for n in ("001", "003", "004")}
    assert unknown == {"001": 3, "003": 5, "004": 5}
    assert {e.year for e in readings["001"].entries} <= {None, *range(2018, 2027)}


def test_code_marks_scores_and_affiliations_are_counted(
    readings: dict[str, DocumentReading],
) -> None:
    pages = [readings[n].entries for n in ("001", "003", "004")]
    assert [sum(e.code is True for e in page) for page in pages] == [20, 12, 9]
    assert [sum(e.code is False for e in page) for page in pages] == [30, 38, 41]
    assert [sum(bool(e.affiliations) for e in page) for page in pages] == [1, 11, 1]
    assert [[e.score for e in page if e.score] for page in pages] == [[88.9, 70.3, 50.9], [], []]


def test_categories_are_read_from_glued_headers(readings: dict[str, DocumentReading]) -> None:
    pages = [readings[n].entries for n in ("001", "003", "004")]
    assert [Counter(e.category for e in page) for page in pages] == [
        {"CV": 44, "LG": 5, "IV": 1},
        {"CV": 46, "LG": 3, "CR": 1},
        {"CV": 37, "LG": 12, "HC": 1},
    ]


def test_a_scored_header_without_a_year_is_read_whole(readings: dict[str, DocumentReading]) -> None:
    entry = at(readings, "001", 194)
    assert entry.raw.startswith("88.9LGMay 2\n")
    assert (entry.score, entry.category, entry.year) == (88.9, "LG", None)
    assert (entry.month, entry.day, entry.code) == (5, 2, False)


def test_affiliations_are_no_authors(readings: dict[str, DocumentReading]) -> None:
    entry = at(readings, "003", 12)
    assert entry.authors == ("Qianyu Zhou", "Ke-Yue Zhang", "Taiping Yao")
    assert entry.affiliations == ("tencent-ai", "tsinghua")


def test_three_entries_print_all_their_authors(entries: list[Entry]) -> None:
    assert sum(entry.authors_complete for entry in entries) == 3


def test_no_latex_remains_in_any_title_text_or_name(entries: list[Entry]) -> None:
    for entry in entries:
        for text in (entry.title or "", entry.text, *entry.authors, *entry.affiliations):
            assert not re.search(r"[\\${}`]|<http|''|(?<!\d)--|~(?!934)", text), entry.place


def test_white_space_is_even_in_every_title_and_text(entries: list[Entry]) -> None:
    for entry in entries:
        for text in (entry.title or "", entry.text):
            assert not re.search(r"[^\S ]|  |^ | $| [,.;]", text.replace("\n\n", " ")), entry.place


@pytest.mark.parametrize(
    ("document", "line", "said"),
    [
        ("000", 2, "user-specified information"),
        ("000", 2, "the opposite direction-starting from"),
        ("000", 11, "the Entity-centric Image-Text Matching (EITM)"),
        ("002", 5, "called C^2RL, in this paper"),
        ("002", 7, "Hematoxylin and Eosin (H&E). However"),
        ("001", 19, "a Semi-parametric Makeup Transfer (SpMT) method"),
        ("001", 194, "these “null bases” of old tasks"),
        ("001", 278, "the “mean-seeking bias” have"),
        ("003", 68, "FedLC (Federated learning via Logits Calibration)"),
        (
            "003",
            82,
            "BézierPalm by more than 5% and 14% in terms of TAR@FAR=1e-6 under the 1:1 and 1:3 O",
        ),
        ("003", 173, "50% ASR–attack success rate"),
        ("003", 208, "training process. Moreover, we design"),
        ("003", 243, "model termed ID^3. ID^3 employs"),
        ("003", 264, "Contents (i.e. UGC videos)"),
        ("003", 285, "publicly available at GitHub."),
        ("004", 61, "reaches up to 14,705, ~934 and 763 faces"),
        ("004", 96, "environments, e.g., coral reefs"),
        (
            "004",
            96,
            "available at https://github.com/983632847/Awesome-Multimodal-Object-Tracking.",
        ),
        ("004", 124, "Module (SPM) and a Temporal"),
        ("004", 208, "Constrained Dataset Distillation (CD^2) to facilitate"),
        ("004", 215, "optimization: i) the generator"),
        ("004", 278, "in the dataset, i.e., the test-dev"),
    ],
)
def test_latex_of_the_seeds_reads_as_plain_text(
    readings: dict[str, DocumentReading], document: str, line: int, said: str
) -> None:
    assert said in at(readings, document, line).text


def test_squares_in_titles_are_plain(readings: dict[str, DocumentReading]) -> None:
    titles = [at(readings, *place).title or "" for place in (("003", 243), ("003", 278))]
    assert [title.split(":")[0] for title in titles] == ["ID^3", "LaRE^2"]


def test_links_are_kept_whole_and_without_the_sentences_punctuation(entries: list[Entry]) -> None:
    links = [link for entry in entries for link in entry.links]
    assert links and all(re.fullmatch(r"https://[\w./-]+", link) for link in links)
    assert not [link for link in links if link.endswith(".")]


def test_every_address_in_a_raw_entry_is_among_its_links(entries: list[Entry]) -> None:
    for entry in entries:
        printed = {url.rstrip(".") for url in re.findall(r"https?://[\w./-]+", entry.raw)}
        assert {link.rstrip(".") for link in entry.links} == printed, entry.place


def test_a_link_behind_a_word_is_kept(readings: dict[str, DocumentReading]) -> None:
    assert at(readings, "003", 285).links == ("https://github.com/YZY-stack/Effort-AIGI-Detection",)


def test_one_abstract_stands_in_a_list_and_on_a_page(readings: dict[str, DocumentReading]) -> None:
    listed = {e.text for n in ("000", "002") for e in readings[n].entries}
    paged = {e.text for n in ("001", "003", "004") for e in readings[n].entries}
    assert len(listed & paged) == 1
