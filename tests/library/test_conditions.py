"""Conditions in SQL against the same conditions in Python, over random libraries, on every database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.library import Library, open_writer
from rag.library.conditions import OPERATORS
from rag.library.field_values import list_values
from rag.library.fields import get_days, get_least_authors, match_days, meets
from rag.library.naming import get_recency_key
from rag.library.search_forms import build_address
from rag.library.sources import SOURCES
from rag.library.view import LibraryView
from rag.text import fold
from rag.types import (
    Condition,
    DocumentPlan,
    DocumentReading,
    Entry,
    Paper,
    Place,
    Plan,
    ProfilePage,
)
from rag.types.fields import ABSENCE, ANY_DIGIT, FIELDS, MANY, Operator, QueryError, Range
from rag.types.query import Order
from tests.conftest import DATABASES, create_database
from tests.desk import Desk

PIECES = ("Face", "face", "faces", "GAN", "École", "naïve", "ﬁne", "ß", "İstanbul", "中文", "αβ", "x1", "C++",
          "(a)", "a.b", "b", "9", "²", "٣", "%", "\\", "'", "[", "*", "🙂", "the")  # fmt: skip
GAPS = (" ", "-", "–", "_", ", ", "", "  ", "\n", "\u2003", "\u00a0-")
NAMES = ("Ann Mao", "Ann mao", "Bo Li", "Bo-Li", "Émile Zola", "王 伟", "Li")
DOCUMENTS = ("a.txt", "B page.txt", "c-d.txt")
LINKS = ("https://github.com/x/y", "http://www.GitHub.com/a", "https://x.github.io", "gitlab.com/b",
         "https://zenodo.org/r/1")  # fmt: skip
HOSTS = ("github", "GitHub.com", "x", ".", "zenodo.org/r", ANY_DIGIT)
YEARS = (1999, 2020, 2021, 2024)

texts = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), min_size=1, max_size=7).map(
    lambda parts: "".join(piece + gap for piece, gap in parts).strip()
)  # fmt: skip
phrases = texts | st.sampled_from(
    (
        *PIECES,
        *NAMES,
        *HOSTS,
        *DOCUMENTS,
        *(f"{d}:{n}" for d in DOCUMENTS for n in range(1, 10)),
        "fac",
        "-",
    )
)
days = st.dates(date(1998, 11, 1), date(2025, 2, 1)) | st.sampled_from(
    [date(2020, 2, 28), date(2020, 2, 29), date(2021, 2, 28), date(2021, 12, 31), date(2024, 1, 1)]
)
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
    keywords=st.lists(texts, max_size=2, unique=True).map(tuple), retracted=st.none() | st.booleans(),
)  # fmt: skip
libraries = st.lists(entries, min_size=1, max_size=8, unique_by=lambda entry: entry.place)
aliases = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((*NAMES, "Zoë Li")), max_size=3)

NUMBERS = {"year": YEARS, "month": range(1, 13), "day": range(1, 32), "score": (1.5, 2, 88, 88.9), "n_places": range(1, 4),
           "n_authors": range(6), "title_chars": range(30), "abstract_words": range(8)}  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Of any field of papers, with any of its operators and a value that it may have."""
    field = draw(st.sampled_from([FIELDS[name] for name in SOURCES]))
    operator = draw(st.sampled_from(field.operators))
    if operator in ABSENCE:
        return Condition(field.name, operator)
    one: st.SearchStrategy[Any] = phrases.filter(str.strip)
    if field.type == "flag":
        one = st.booleans()
    elif field.type in ("integer", "number", "day"):
        ends = days if field.type == "day" else st.sampled_from(NUMBERS[field.name])
        one = ends
        if operator not in ("above", "below"):
            spans = st.tuples(st.none() | ends, st.none() | ends)
            one |= spans.filter(any_end).map(sorted_range)
    if operator in MANY:
        one = st.lists(one, min_size=1, max_size=3).map(tuple)
    return Condition(field.name, operator, draw(one))


def any_end(span: tuple[Any, Any]) -> bool:
    return span != (None, None)


def sorted_range(span: tuple[Any, Any]) -> Range:
    return Range(*span) if None in span else Range(*sorted(span))


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
        plans.append(
            DocumentPlan(name, name, "changed", DocumentReading(name, "0", "test", own, page))
        )
    with open_writer(library.folder, library.url) as writer:
        writer.store(Plan(tuple(plans)), "quick")
        writer.store_aliases(shown)
    library._aliases_stamp = (0, 0)  # no file is to be taken over


def match_condition(paper: Paper, condition: Condition, library: LibraryView) -> bool:
    """Whether a paper meets a condition, in Python."""
    values, operator = list_values(condition.field, paper, library), condition.operator
    if condition.field in ("code", "retracted") and operator in ABSENCE:
        # A document that prints no marks leaves it unknown whether there is code.
        return (getattr(paper, condition.field) is not None) == (operator == "known")
    if operator in ABSENCE:
        return meets(values, condition)
    if condition.field == "link" and operator in ("contains", "not_contains", "contains_any"):
        wanted = [fold(str(value)) for value in condition.values]
        is_hosted = any(is_hosted_by(str(v), w) for v in values for w in wanted)
        return is_hosted == (not condition.is_negative)
    if condition.field == "date":
        if paper.year is None:
            return False
        return match_days(get_days(paper.year, paper.month, paper.day), condition)
    if condition.field == "n_authors" and paper.authors and not paper.authors_complete:
        least = get_least_authors(condition)
        return least is not None and len(paper.authors) + 1 >= least
    return meets(values, condition)


def is_hosted_by(link: str, wanted: str) -> bool:
    address = build_address(link)
    return wanted in address if "." in wanted else address.startswith(f"{wanted}.")


def match_all(
    papers: Iterable[Paper], conditions: Iterable[Condition], library: LibraryView
) -> list[Paper]:
    return [p for p in papers if all(match_condition(p, c, library) for c in conditions)]


def test_every_field_of_papers_and_every_operator_is_there_in_sql() -> None:
    assert list(SOURCES) == [name for name, field in FIELDS.items() if field.of == "paper"]
    assert set(OPERATORS) == set(get_args(Operator))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(libraries, aliases, st.lists(conditions(), min_size=10, max_size=20))
def test_conditions_are_met_by_the_same_papers_in_sql(
    library: Library, found: list[Entry], shown: dict[str, str], asked: list[Condition]
) -> None:
    store(library, found, shown)
    papers, view = library.list_papers(), LibraryView(library)
    for condition in asked:
        expected = match_all(papers, [condition], view)
        assert view.find_papers([condition]) == expected, condition
        assert view.count_papers([condition]) == len(expected)
    for pair in zip(asked, asked[1:], strict=False):
        expected = match_all(papers, pair, view)
        assert view.find_papers(pair) == expected
        assert LibraryView(library, pair[:1], view).find_papers(pair[1:]) == expected


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(libraries, aliases, conditions())
def test_groups_count_each_paper_once_a_value(
    library: Library, found: list[Entry], shown: dict[str, str], condition: Condition
) -> None:
    store(library, found, shown)
    view = LibraryView(library)
    papers = match_all(library.list_papers(), [condition], view)
    for field in (name for name in SOURCES if FIELDS[name].plural):
        expected = Counter(v for p in papers for v in set(list_values(field, p, view)))
        groups = view.count_groups(field, [condition])
        assert groups == expected and len(groups) == len(expected), field
        assert list(groups) == sorted(groups, key=lambda value: (-groups[value], value))
        assert view.count_valued(field, [condition]) == sum(
            bool(list_values(field, p, view)) for p in papers
        )


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(libraries, st.integers(1, 4))
def test_papers_come_in_the_order_asked(library: Library, found: list[Entry], limit: int) -> None:
    store(library, found, {})
    papers, view = library.list_papers(), LibraryView(library)
    newest = sorted(papers, key=lambda p: get_recency_key(p) if p.year else (1, 0, 0, p.paper_id))
    assert view.find_papers((), Order("date")) == newest
    assert view.find_papers((), Order("date"), limit) == newest[:limit]
    assert view.find_papers(limit=limit) == papers[:limit]
    assert view.find_papers((), "newest first") == sorted(papers, key=get_recency_key)
    for field in (name for name in SOURCES if FIELDS[name].is_sortable and name != "date"):
        by_id = sorted(papers, key=lambda p: p.paper_id)
        values = {p.paper_id: list_values(field, p, view) for p in papers}
        known = [p for p in by_id if values[p.paper_id]]
        known.sort(key=lambda p: [fold(v) if isinstance(v, str) else v for v in values[p.paper_id]])
        silent = [p for p in by_id if not values[p.paper_id]]
        assert view.find_papers((), Order(field, "ascending")) == [*known, *silent]
        same = [p.paper_id for p in known if values[p.paper_id] == values[known[0].paper_id]]
        assert view.find_end(Order(field, "ascending"))[: len(same)] == same
        assert view.count_known(field) == len(known)


def test_figures_of_people_are_no_conditions_on_papers(library: Library) -> None:
    with pytest.raises(QueryError, match="h_index is a figure of people"):
        library.view.find_papers([Condition("h_index", "above", 3)])
    with pytest.raises(QueryError, match="h_index is a figure of people"):
        library.view.count_groups("h_index")


def test_names_that_the_aliases_file_joins_are_one_from_the_next_question_on(
    tmp_path: Path, url: str, seeds: Path
) -> None:
    desk = Desk(tmp_path / "data", url)
    desk.ingest(next(seeds.glob("004_*")))
    of_kexin = [Condition("author", "is", "Kexin Bao")]
    before = desk.library.view.count_papers(of_kexin)
    (desk.folder / "aliases.yaml").write_text("Kexin Bao: [Kexin Baoa]\n", "utf-8")
    papers = desk.library.view.find_papers(of_kexin)
    assert len(papers) > before
    view = desk.library.view
    assert papers == match_all(desk.library.list_papers(), of_kexin, view)
    assert not desk.library.view.count_papers([Condition("author", "is", "Kexin Baoa")])
    (desk.folder / "aliases.yaml").unlink()
    assert desk.library.view.count_papers(of_kexin) == (len(papers) if url else before)
    desk.library.close()


def test_a_sign_is_found_in_the_text_of_a_paper_without_a_title(library: Library) -> None:
    store(
        library,
        [
            Entry(Place("a.txt", 1), "raw", title=None, text="a_b"),
            Entry(Place("a.txt", 2), "raw", title=None, text="ab"),
        ],
        {},
    )
    papers = LibraryView(library).find_papers([Condition("text", "has", "_")])
    assert [paper.text for paper in papers] == ["a_b"]
