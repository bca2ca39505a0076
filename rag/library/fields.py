"""The fields of papers that conditions can test, and how conditions are worded.

A condition reads ``field operator value``. Operators: ``is``, ``is not``, ``in``, ``not in``,
``between`` (a pair of bounds, either may be None), ``within any`` (of several pairs), ``above``, ``below``, ``contains``, ``contains any``, ``starts``,
``known``, ``unknown`` (the value is then None); ``lacks`` and ``not contains`` hold for papers that
have nothing at all. Unknown is not zero: a paper without a year meets neither ``before 2020`` nor
its opposite.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rag.library.snapshot import LibrarySnapshot
from rag.text import STOP_WORDS, fold, join_names
from rag.text.english import MONTHS
from rag.text.markdown import plain
from rag.types import Condition, Paper

_Values = Callable[[Paper, LibrarySnapshot], Sequence[object]]


@dataclass(frozen=True, slots=True)
class Field:
    """One field that conditions can test.

    Attributes:
        values: The paper's values; empty means unknown.
        noun: The field in words, as in ``without a year``.
    """

    name: str
    values: _Values
    noun: str


def _is_hosted_by(link: str, wanted: str) -> bool:
    """Whether a link leads to a host called so: ``github`` is github.com, not x.github.io."""
    address = fold(link).split("://")[-1].removeprefix("www.")
    return wanted in address if "." in wanted else address.startswith(f"{wanted}.")


def _list_single(value: object) -> Sequence[object]:
    return () if value is None or value == "" else (value,)


def _list_page_owners(paper: Paper, library: LibrarySnapshot) -> Sequence[object]:
    return [
        owner for owner, paper_ids in library.page_papers.items() if paper.paper_id in paper_ids
    ]


def _count_authors(paper: Paper, library: LibrarySnapshot) -> Sequence[object]:
    """Known only where the printed list is complete."""
    return (len(paper.authors),) if paper.authors and paper.authors_complete else ()


def _list_first_authors(paper: Paper, library: LibrarySnapshot) -> Sequence[object]:
    return [library.aliases.get(a.name, a.name) for a in paper.authorships if a.role == "first"]


def _list_last_authors(paper: Paper, library: LibrarySnapshot) -> Sequence[object]:
    """Known only where the printed list is complete."""
    if not paper.authors or not paper.authors_complete:
        return ()
    return (library.aliases.get(paper.authors[-1], paper.authors[-1]),)


def _list_title_words(paper: Paper) -> Sequence[object]:
    """The words of the title in lower case, once each, without stop words."""
    title_words = re.findall(r"[^\W\d_][^\W_]*(?:[-–][^\W_]+)*", (paper.title or "").lower())
    return [w for w in dict.fromkeys(title_words) if w not in STOP_WORDS and len(w) > 1]


CATALOGUE_FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("year", lambda p, c: _list_single(p.year), "a year"),
        Field("month", lambda p, c: _list_single(p.month), "a month"),
        Field("category", lambda p, c: _list_single(p.category), "a category"),
        Field("affiliation", lambda p, c: p.affiliations, "an affiliation"),
        Field("code", lambda p, c: (bool(p.code),), "the Code mark"),
        Field("title", lambda p, c: _list_single(p.title), "a title"),
        Field("text", lambda p, c: (f"{p.title or ''} {p.text}",) if p.text else (), "an abstract"),
        Field("link", lambda p, c: p.links, "a link in the abstract"),
        Field("score", lambda p, c: _list_single(p.score), "a score in the header"),
        Field("author", lambda p, c: c.list_people_of(p), "authors"),
        Field("printed", lambda p, c: p.authors, "printed authors"),
        Field("first author", _list_first_authors, "a printed author"),
        Field("last author", _list_last_authors, "a complete author list"),
        Field("page", _list_page_owners, "an author page"),
        Field("document", lambda p, c: [place.document for place in p.places], "a document"),
        Field("places", lambda p, c: (len(p.places),), "a place"),
        Field(
            "complete",
            lambda p, c: (p.authors_complete,) if p.authors else (),
            "a printed author list",
        ),
        Field("number of authors", _count_authors, "a complete author list"),
        Field("date", lambda p, c: (_get_date(p),) if p.year else (), "a date"),
        Field("paper", lambda p, c: (p.paper_id,), "a paper"),
        Field("title length", lambda p, c: (len(p.title),) if p.title else (), "a title"),
        Field("length", lambda p, c: (len(p.text.split()),) if p.text else (), "an abstract"),
        Field("word", lambda p, c: _list_title_words(p), "a title"),
        Field("doi", lambda p, c: _list_single(p.doi), "a DOI"),
        Field("venue", lambda p, c: _list_single(p.venue), "a venue"),
    )
}


def _get_date(paper: Paper) -> tuple[int, int, int]:
    return (paper.year or 0, paper.month or 0, paper.day or 0)


def match_condition(paper: Paper, condition: Condition, library: LibrarySnapshot) -> bool:
    """Whether a paper meets one condition.

    Raises:
        KeyError: There is no such field or operator.
    """
    values = CATALOGUE_FIELDS[condition.field].values(paper, library)
    if condition.field == "link" and isinstance(condition.value, str):
        hosted = any(_is_hosted_by(str(link), fold(condition.value)) for link in values)
        return hosted == (condition.operator not in _NEGATIVE)
    if condition.operator == "within any":
        spans = (
            replace(condition, operator="between", value=v) for v in _list_values(condition.value)
        )
        return any(match_condition(paper, span_condition, library) for span_condition in spans)
    if condition.field == "date" and condition.operator in ("between", "not between"):
        return is_dated_within(paper, condition)
    if condition.field == "number of authors" and paper.authors and not paper.authors_complete:
        least = get_least_authors(condition)
        return least is not None and len(paper.authors) + 1 >= least
    return _OPERATORS[condition.operator](values, condition.value)


def get_least_authors(condition: Condition) -> int | None:
    """How many authors are asked for where any more will do; a list cut by 'et al.' has one more."""
    if condition.field != "number of authors" or not isinstance(condition.value, tuple):
        return None
    low, high = condition.value
    return (
        int(low) if condition.operator == "between" and low is not None and high is None else None
    )


def is_dated_within(paper: Paper, condition: Condition) -> bool:
    """Whether every day that the paper may be of lies between two days (or none of them does).

    A paper that prints only its year may be of any day of it; one without a year meets neither.
    """
    assert isinstance(condition.value, tuple)
    if paper.year is None:
        return False
    first = (paper.year, paper.month or 1, paper.day or 1)
    last = (paper.year, paper.month or 12, paper.day or 31)
    low, high = condition.value
    if condition.operator == "between":
        return (low is None or first >= low) and (high is None or last <= high)
    return (low is not None and last < low) or (high is not None and first > high)


def _is_between(values: Iterable[object], bounds: object) -> bool:
    assert isinstance(bounds, tuple)
    low, high = bounds
    return any(
        (low is None or value >= low) and (high is None or value <= high) for value in values
    )


def _is_same(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return fold(value) == fold(wanted)
    return value == wanted


def _has_value(value: object, wanted: object) -> bool:
    return bool(build_phrase_pattern(str(wanted)).search(fold(str(value))))


def build_phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Finds a phrase in folded text: hyphens, spaces and the ending of the last word may differ."""
    parts = [re.escape(part) for part in re.split(r"[\s\-–—_]+", fold(phrase)) if part]
    return re.compile(r"(?<![^\W_])" + r"[\s\-–—_]*".join(parts))


def _has_mark(text: str, mark: str) -> bool:
    return any(c.isdigit() for c in text) if mark == "a digit" else mark in text


_OPERATORS: dict[str, Callable[[Sequence[object], object], bool]] = {
    "is": lambda vs, w: any(_is_same(v, w) for v in vs),
    "is not": lambda vs, w: bool(vs) and not any(_is_same(v, w) for v in vs),
    "in": lambda vs, w: any(_is_same(v, x) for v in vs for x in _list_values(w)),
    "not in": lambda vs, w: (
        bool(vs) and not any(_is_same(v, x) for v in vs for x in _list_values(w))
    ),
    "between": _is_between,
    "not between": lambda vs, w: bool(vs) and not _is_between(vs, w),
    "outside": lambda vs, w: any(v <= w[0] or v >= w[1] for v in vs),  # type: ignore[index]
    "above": lambda vs, w: any(v > w for v in vs),  # type: ignore[operator]
    "below": lambda vs, w: any(v < w for v in vs),  # type: ignore[operator]
    "contains": lambda vs, w: any(_has_value(v, w) for v in vs),
    "not contains": lambda vs, w: not any(_has_value(v, w) for v in vs),
    "lacks": lambda vs, w: not any(_is_same(v, x) for v in vs for x in _list_values(w)),
    "contains any": lambda vs, w: any(_has_value(v, x) for v in vs for x in _list_values(w)),
    "marked": lambda vs, w: any(_has_mark(str(v), str(w)) for v in vs),
    "starts": lambda vs, w: any(fold(str(v)).startswith(fold(str(w))) for v in vs),
    "two of": lambda vs, w: sum(any(_is_same(v, x) for v in vs) for x in _list_values(w)) > 1,
    "known": lambda vs, w: bool(vs),
    "unknown": lambda vs, w: not vs,
}


_NEGATIVE = ("is not", "not in", "not contains", "lacks")


def _list_values(value: object) -> Sequence[object]:
    return value if isinstance(value, (tuple, list, frozenset, set)) else (value,)  # type: ignore[return-value]


# --- in words -------------------------------------------------------------------------------


def format_condition(condition: Condition) -> str:
    """The condition in words that follow ``papers``: ``from 2024``, ``without the Code mark``."""
    field, operator, value = condition.field, condition.operator, condition.value
    if operator in ("known", "unknown"):
        return f"{'with' if operator == 'known' else 'without'} {CATALOGUE_FIELDS[field].noun}"
    if operator == "two of":
        return f"by two or more of {join_names(str(v) for v in _list_values(value))}"
    if field == "code":
        return "with the Code mark" if _is_positive(condition) else "without the Code mark"
    if field == "complete":
        return "with a complete author list" if _is_positive(condition) else "with 'et al.'"
    if operator == "outside":
        assert isinstance(value, tuple)
        return f"from {value[0]} or earlier, or from {value[1]} or later"
    if field == "date" and operator == "is" and isinstance(value, tuple):
        return f"of {value[2]} {MONTHS[value[1] - 1]} {value[0]}"
    if operator == "within any":
        return " or ".join(map(_format_range, _list_values(value)))
    if field in ("year", "date") and operator in ("between", "not between"):
        return ("not " if operator == "not between" else "") + _format_range(value)
    if field == "places":
        return "in more than one document"
    if operator in ("above", "below"):
        return f"with a header {field} {operator} {value:g}"
    if (least := get_least_authors(condition)) is not None:
        return f"by at least {least} authors"
    if field == "number of authors":
        return f"whose author list is complete and {_format_bounds(value).removeprefix('of ')} long"
    if field == "score" and operator == "between":
        return f"with a header score {_format_bounds(value)}"
    negation = "not " if operator in _NEGATIVE else ""
    if field == "month":
        month_names = [MONTHS[int(str(m)) - 1] for m in _list_values(value)]
        return f"{negation}from {' or '.join(filter(None, (', '.join(month_names[:-1]), month_names[-1])))}"
    return negation + _format_value(field, _format_alternatives(value), operator)


def _is_positive(condition: Condition) -> bool:
    return (condition.operator == "is") == bool(condition.value)


def _format_alternatives(value: object) -> str:
    alternatives = [plain(str(v)) for v in _list_values(value)]
    return " or ".join(filter(None, (", ".join(alternatives[:-1]), alternatives[-1])))


def _format_value(field: str, value: str, operator: str) -> str:
    if field == "title":
        if operator == "marked":
            return f"with {value if value == 'a digit' else repr(value)} in the title"
        starts = operator == "starts"
        return f"whose title begins '{value}'" if starts else f"with '{value}' in the title"
    words = {
        "year": f"from {value}",
        "category": f"in category {value}",
        "affiliation": f"with affiliation {value}",
        "text": f"that mention '{value}'",
        "link": f"with a {value} link in the abstract",
        "author": f"by {value}",
        "printed": f"that print {value} as an author",
        "first author": f"with {value} as first author",
        "last author": f"with {value} as last author",
        "page": f"on {value}'s page",
        "document": f"in {value}",
        "venue": f"at {value}",
    }
    return words.get(field, f"with {field} {value}")


def _format_range(value: object) -> str:
    assert isinstance(value, tuple)
    low, high = (
        _format_day(v, end) if isinstance(v, tuple) else v
        for v, end in zip(value, (False, True), strict=True)
    )
    if low is None:
        return f"from {high} or earlier"
    if high is None:
        return f"from {low} or later"
    return f"from {low}" if low == high else f"from {low} to {high}"


def _format_day(day: tuple[int, int, int], end: bool) -> str:
    """The day, or its month where that month begins (or ends) there."""
    year, month, number = day
    last = monthrange(year, month)[1] if 1 <= month <= 12 else 31
    is_whole_month = number >= last if end else number == 1
    return (
        f"{MONTHS[month - 1]} {year}" if is_whole_month else f"{number} {MONTHS[month - 1]} {year}"
    )


def _format_bounds(value: object) -> str:
    assert isinstance(value, tuple)
    low, high = value
    if low is None:
        return f"of at most {high}"
    if low == high:
        return f"of {low}"
    return f"of at least {low}" if high is None else f"from {low} to {high}"


def format_conditions(conditions: Sequence[Condition]) -> str:
    """All conditions in one phrase, empty for none: ``by Ann Mao from 2023, in category LG``."""
    ordered_conditions = sorted(conditions, key=lambda c: c.operator in _NEGATIVE)
    limits = [format_condition(c) for c in ordered_conditions if c.field != "paper"]
    people = [limit for limit in limits if limit.startswith("by ")]
    times = [limit for limit in limits if limit.startswith("from ")]
    if len(people) == len(times) == 1:
        rest = [limit for limit in limits if limit not in (*people, *times)]
        limits = [f"{people[0]} {times[0]}", *rest]
    return join_names(limits)
