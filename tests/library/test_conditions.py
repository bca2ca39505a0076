"""Conditions in SQL against the same conditions in Python, over random libraries, on every database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.library import Library, open_writer
from rag.library.conditions import OPERATORS, SOURCES
from rag.library.fields import CATALOGUE_FIELDS, match_condition
from rag.library.selection import find_matching_papers
from rag.library.snapshot import LibrarySnapshot, get_recency_key, load_snapshot
from rag.types import Condition, DocumentPlan, Entry, Place, Plan, ProfilePage, Reading
from tests.conftest import DATABASES, create_database
from tests.desk import Desk

PIECES = ("Face", "face", "faces", "GAN", "École", "naïve", "ﬁne", "ß", "İstanbul", "中文", "αβ", "x1", "C++",
          "(a)", "a.b", "b", "9", "²", "٣", "%", "\\", "'", "[", "*", "🙂", "the")  # fmt: skip
GAPS = (" ", "-", "–", "_", ", ", "", "  ", "\n", "\u2003", "\u00a0-")
NAMES = ("Ann Mao", "Ann mao", "Bo Li", "Bo-Li", "Émile Zola", "王 伟", "Li")
DOCUMENTS = ("a.txt", "B page.txt", "c-d.txt")
LINKS = ("https://github.com/x/y", "http://www.GitHub.com/a", "https://x.github.io", "gitlab.com/b",
         "https://zenodo.org/r/1")  # fmt: skip
HOSTS = ("github", "GitHub.com", "x", ".", "", "zenodo.org/r")
YEARS = (1999, 2020, 2021, 2024)

texts = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), min_size=1, max_size=7).map(
    lambda parts: "".join(piece + gap for piece, gap in parts).strip()
)  # fmt: skip
phrases = texts | st.sampled_from((*PIECES, *GAPS, *NAMES, *DOCUMENTS, "", "fac"))
days = st.tuples(st.sampled_from(YEARS), st.integers(1, 12), st.integers(1, 28))
entries = st.builds(
    lambda document, line, **values: Entry(Place(document, line), "raw", **values),
    document=st.sampled_from(DOCUMENTS), line=st.integers(1, 9), title=st.none() | texts,
    text=st.just("") | texts, authors=st.lists(st.sampled_from(NAMES), max_size=4).map(tuple),
    authors_complete=st.booleans(), year=st.none() | st.sampled_from(YEARS),
    month=st.none() | st.integers(1, 12), day=st.none() | st.integers(1, 28),
    category=st.none() | st.sampled_from(("CV", "cv", "LG", "É")), code=st.none() | st.booleans(),
    score=st.none() | st.sampled_from((1.5, 88.9)), venue=st.none() | texts, doi=st.none() | texts,
    affiliations=st.lists(texts, max_size=2, unique=True).map(tuple),
    links=st.lists(st.sampled_from(LINKS), max_size=2, unique=True).map(tuple),
)  # fmt: skip
libraries = st.lists(entries, min_size=1, max_size=8, unique_by=lambda entry: entry.place)
aliases = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((*NAMES, "Zoë Li")), max_size=3)

NUMBERS = {"year": (*YEARS, 2020.5), "month": range(1, 13), "score": (1.5, 2, 88, 88.9), "places": range(1, 4),
           "number of authors": range(6), "title length": range(30), "length": range(8)}  # fmt: skip
MARKS = ("code", "complete")
OF_EVERY = ("is", "is not", "in", "not in", "lacks", "known", "unknown")
OF_ORDERED = (*OF_EVERY, "between", "not between", "within any", "outside", "above", "below")
OF_TEXTS = (*OF_EVERY, "contains", "not contains", "contains any", "starts", "marked", "two of")


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Of any field, with any of its operators and a value that it may have."""
    field = draw(st.sampled_from(sorted(CATALOGUE_FIELDS)))
    one: st.SearchStrategy[Any] = phrases | st.sampled_from((*NAMES, *HOSTS))
    operators = OF_TEXTS
    if field in MARKS:
        one, operators = st.booleans(), OF_EVERY
    elif field in NUMBERS or field == "date":
        one = days if field == "date" else st.sampled_from(NUMBERS[field])
        operators = OF_ORDERED
    operator = draw(st.sampled_from(operators))
    several = st.lists(one, max_size=3).map(tuple)
    span = st.tuples(one, one)
    open_span = st.tuples(st.none() | one, st.none() | one)
    values: dict[str, st.SearchStrategy[Any]] = {
        "in": several, "not in": several, "lacks": several, "contains any": several,
        "two of": several, "between": open_span, "not between": open_span, "outside": span,
        "within any": st.lists(open_span, max_size=2).map(tuple),
        "known": st.none(), "unknown": st.none(),
    }  # fmt: skip
    return Condition(field, operator, draw(values.get(operator, one)))


@pytest.fixture(scope="module", params=DATABASES)
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("library")
    with Library.open(folder, create_database(request)) as library:
        yield library


def store(library: Library, found: list[Entry], shown: dict[str, str]) -> None:
    """These entries in place of all others; one document is a person's page."""
    plans = []
    for name in DOCUMENTS:
        own = tuple(e for e in found if e.place.document == name)
        page = ProfilePage("Bo Li") if name == "B page.txt" else None
        plans.append(DocumentPlan(name, name, "changed", Reading(name, "0", "test", own, page)))
    with open_writer(library.folder, library.url) as writer:
        writer.store(Plan(tuple(plans)), "quick")
        writer.store_aliases(shown)
    library._aliases_stamp = (0, 0)  # no file is to be taken over


def test_every_field_and_operator_is_there_in_sql() -> None:
    from rag.library.fields import _OPERATORS

    assert set(SOURCES) == set(CATALOGUE_FIELDS)
    assert set(OPERATORS) == {*_OPERATORS, "within any"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(libraries, aliases, st.lists(conditions(), min_size=15, max_size=30))
def test_conditions_are_met_by_the_same_papers_in_sql(
    library: Library, found: list[Entry], shown: dict[str, str], asked: list[Condition]
) -> None:
    store(library, found, shown)
    snapshot = LibrarySnapshot(library, shown)
    for condition in asked:
        expected = [p for p in snapshot.papers if match_condition(p, condition, snapshot)]
        assert library.find_papers([condition]) == expected, condition
        assert library.count_papers([condition]) == len(expected)
    for pair in zip(asked, asked[1:], strict=False):
        assert library.find_papers(pair) == find_matching_papers(snapshot, pair)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(libraries, aliases, conditions())
def test_groups_count_each_paper_once_a_value(
    library: Library, found: list[Entry], shown: dict[str, str], condition: Condition
) -> None:
    store(library, found, shown)
    snapshot = LibrarySnapshot(library, shown)
    papers = find_matching_papers(snapshot, [condition])
    for field in ("year", "category", "affiliation", "author", "last author", "venue", "document",
                  "page", "word", "number of authors", "places"):  # fmt: skip
        expected = Counter(
            v for p in papers for v in set(CATALOGUE_FIELDS[field].values(p, snapshot))
        )
        groups = library.count_groups(field, [condition])
        assert dict(groups) == expected and len(groups) == len(expected), field
        assert groups == sorted(groups, key=lambda group: (-group[1], group[0]))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(libraries, st.integers(1, 4))
def test_papers_come_in_the_order_asked(library: Library, found: list[Entry], limit: int) -> None:
    store(library, found, {})
    papers = library.list_papers()
    newest = sorted(papers, key=get_recency_key)
    assert library.find_papers(order="date", descending=True) == newest
    assert library.find_papers(order="date", descending=True, limit=limit) == newest[:limit]
    by_length = sorted(papers, key=lambda p: (not p.title, len(p.title or ""), p.paper_id))
    assert library.find_papers(order="title length") == by_length
    assert library.find_papers(limit=limit) == papers[:limit]


def test_what_cannot_be_asked_is_refused(library: Library) -> None:
    for condition in (Condition("colour", "is", "red"), Condition("year", "like", 2020),
                      Condition("year", "contains", "20"), Condition("year", "is", "2020"),
                      Condition("title", "above", "a")):  # fmt: skip
        with pytest.raises(ValueError, match="papers have no|has no operator"):
            library.find_papers([condition])
    for order in ("colour", "author"):
        with pytest.raises(ValueError, match="cannot be sorted by"):
            library.find_papers(order=order)
    with pytest.raises(ValueError, match="no field 'colour'"):
        library.count_groups("colour")


def test_names_that_the_aliases_file_joins_are_one_from_the_next_question_on(
    tmp_path: Path, url: str, seeds: Path
) -> None:
    desk = Desk(tmp_path / "data", url)
    desk.ingest(seeds)
    of_kexin = [Condition("author", "is", "Kexin Bao")]
    before = desk.library.count_papers(of_kexin)
    (desk.folder / "aliases.yaml").write_text("Kexin Bao: [Kexin Baoa]\n", "utf-8")
    papers = desk.library.find_papers(of_kexin)
    assert len(papers) > before
    assert papers == find_matching_papers(load_snapshot(desk.library), of_kexin)
    assert not desk.library.count_papers([Condition("author", "is", "Kexin Baoa")])
    (desk.folder / "aliases.yaml").unlink()
    assert desk.library.count_papers(of_kexin) == (len(papers) if url else before)
    desk.library.close()
