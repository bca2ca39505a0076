"""The registry of fields: what papers and people can be selected, grouped, ordered and described by.

Words, flags, filters, grouping, absence ("without a year"), SQL and the printed form of a query all
come from it. Adding a field is one entry here, a column expression in `rag.library`, and a reader
that fills it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal

from rag.types.errors import RagError

FieldType = Literal["integer", "number", "flag", "day", "name", "person", "text", "paper"]
"""``name`` is compared as a whole without regard to case and accents, ``text`` is searched in."""

Operator = Literal[
    "is",
    "is_not",
    "in",
    "not_in",
    "in_each",
    "above",
    "below",
    "contains",
    "not_contains",
    "contains_any",
    "starts",
    "has",
    "lacks",
    "two_of",
    "known",
    "unknown",
]
"""``is_not`` and ``not_in`` need a known value, ``lacks`` holds without one too; ``in_each`` is for
people with papers of each value; ``two_of`` needs two of the values; ``has`` a sign in the text."""

_ORDERED: tuple[Operator, ...] = (
    "is", "is_not", "in", "not_in", "in_each", "above", "below", "known", "unknown",
)  # fmt: skip
_NAMED: tuple[Operator, ...] = (
    "is", "is_not", "in", "not_in", "lacks", "two_of", "contains", "not_contains", "contains_any", "known", "unknown",
)  # fmt: skip
OPERATORS_OF_TYPE: dict[FieldType, tuple[Operator, ...]] = {
    "integer": _ORDERED,
    "number": _ORDERED,
    "day": _ORDERED,
    "flag": ("is", "known", "unknown"),
    "name": (*_NAMED, "starts"),
    "person": _NAMED,
    "text": (
        "is", "contains", "not_contains", "contains_any", "starts", "has", "known", "unknown",
    ),
    "paper": ("is", "is_not", "in", "not_in"),
}  # fmt: skip
"""The operators of each type of field."""

NEGATIVE: frozenset[Operator] = frozenset({"is_not", "not_in", "not_contains", "lacks"})
MANY: frozenset[Operator] = frozenset(
    {"in", "not_in", "in_each", "contains_any", "lacks", "two_of"}
)
"""Operators whose value is a tuple."""
ABSENCE: frozenset[Operator] = frozenset({"known", "unknown"})
"""Operators without a value."""
ANY_DIGIT = "a digit"
"""The value of ``has`` that any digit meets; other values are characters."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        name: As conditions and the printed form of a query spell it.
        type: Which values and operators it has.
        noun: In words, as in ``without a year``.
        of: What it belongs to.
        plural: What is counted or grouped: ``categories``; empty where grouping makes no sense.
        is_sortable: Whether papers or people can be ordered by it.
        flag: The option of the command line that sets it, without dashes; empty for none.
        help: What the option and the filter on screen say.
    """

    name: str
    type: FieldType
    noun: str
    of: Literal["paper", "person"] = "paper"
    plural: str = ""
    is_sortable: bool = False
    flag: str = ""
    help: str = ""

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS_OF_TYPE[self.type]


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("year", "integer", "a year", plural="years", is_sortable=True, flag="year",
              help="a year, or a range such as 2020..2023"),
        Field("month", "integer", "a month", plural="months", flag="month", help="a month, 1 to 12"),
        Field("day", "integer", "a day", flag="day", help="a day of the month, 1 to 31"),
        Field("date", "day", "a date", is_sortable=True, flag="date",
              help="a day, or a range such as 2023-05-01..2023-07-31"),
        Field("category", "name", "a category", plural="categories", flag="category", help="a category, such as CV"),
        Field("affiliation", "name", "an affiliation", plural="affiliations", flag="affiliation",
              help="an affiliation, or a word of it"),
        Field("venue", "name", "a venue", plural="venues", flag="venue", help="a journal or conference, or a word of it"),
        Field("keyword", "name", "keywords", plural="keywords", flag="keyword", help="a keyword that the paper gives"),
        Field("role", "name", "sentences of known roles", flag="role",
              help="a role that one of its sentences has, such as problem, method or resource (a limitation only where the abstract heads it so)"),
        Field("code", "flag", "the Code mark", plural="code marks", flag="code", help="with or without the Code mark"),
        Field("retracted", "flag", "a word on retraction", plural="marks of retraction", flag="retracted",
              help="whether the paper is marked as retracted"),
        Field("link", "text", "a link in the abstract", flag="link", help="a host that the abstract links to, such as github"),
        Field("title", "text", "a title", is_sortable=True, flag="title", help="words in the title"),
        Field("text", "text", "an abstract", flag="text", help="words in title or text"),
        Field("title_word", "name", "a title", plural="words of their titles"),
        Field("title_chars", "integer", "a title", is_sortable=True),
        Field("abstract_words", "integer", "an abstract", is_sortable=True),
        Field("score", "number", "a score in the header", is_sortable=True, flag="score",
              help="the score before the header, or a range such as 80.."),
        Field("doi", "name", "a DOI", flag="doi", help="the paper's DOI"),
        Field("author", "person", "authors", plural="people", flag="author", help="a person of the paper"),
        Field("printed_author", "person", "printed authors", plural="printed authors",
              flag="printed-author", help="a person whom the author list prints"),
        Field("first_author", "person", "a printed author", plural="first authors", flag="first-author", help="the first author"),
        Field("last_author", "person", "a complete author list", plural="last authors", flag="last-author", help="the last author"),
        Field("complete_authors", "flag", "a printed author list", plural="kinds of author list", flag="complete-authors",
              help="whether the author list is complete, without 'et al.'"),
        Field("n_authors", "integer", "a complete author list", plural="numbers of authors", is_sortable=True,
              flag="n-authors", help="how many authors, or a range such as 1..3"),
        Field("page", "person", "an author page", plural="author pages", flag="page", help="the person on whose page it stands"),
        Field("document", "name", "a document", plural="documents", flag="document", help="the document that it stands in"),
        Field("place", "name", "a place", plural="entries"),
        Field("n_places", "integer", "a place", is_sortable=True),
        Field("paper", "paper", "a paper"),
        Field("n_papers", "integer", "papers", of="person", is_sortable=True),
        Field("n_coauthors", "integer", "co-authors", of="person", is_sortable=True),
        Field("has_page", "flag", "an author page", of="person"),
        Field("h_index", "integer", "an h-index", of="person", is_sortable=True),
        Field("n_citations", "integer", "citations", of="person", is_sortable=True),
        Field("page_papers", "integer", "a number of papers on the page", of="person", is_sortable=True),
        Field("novelty", "number", "novelty", of="person", is_sortable=True),
        Field("ai_score", "integer", "an AI score", of="person", is_sortable=True),
    )
}  # fmt: skip
"""By name. The names and order are part of what other programs rely on: add, never rename."""


class QueryError(RagError, ValueError):
    """A query that cannot be: an unknown field, operator or value; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Range:
    """Values from low to high, both included; None is open. Of years, figures or days."""

    low: int | float | date | None
    high: int | float | date | None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise QueryError("a range needs at least one end, as in 2020.. or ..2020")
        if self.low is not None and self.high is not None:
            if isinstance(self.low, date) != isinstance(self.high, date):
                raise QueryError("the ends of a range are both days or both figures")
            if self.low > self.high:  # type: ignore[operator]
                raise QueryError(f"the range {self.low}..{self.high} ends before it begins")


Scalar = str | int | float | bool | date | Range
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, checked when it is made: ``year in (2020..2023)``, ``code is False``.

    Unknown is not zero: a paper without a year meets neither ``year below 2020`` nor its opposite.

    Raises:
        QueryError: The field or operator does not exist, or the value is of another type.
    """

    field: str
    operator: Operator
    value: Value = None

    def __post_init__(self) -> None:
        field = find_field(self.field)
        if self.operator not in field.operators:
            raise QueryError(
                f"{field.name} cannot be compared with {self.operator!r}; "
                f"it has {', '.join(field.operators)}"
            )
        if self.operator in ABSENCE:
            if self.value is not None:
                raise QueryError(f"{field.name} {self.operator} takes no value")
            return
        if (self.operator in MANY) != isinstance(self.value, tuple):
            kind = "several values" if self.operator in MANY else "one value"
            raise QueryError(f"{field.name} {self.operator} takes {kind}, not {self.value!r}")
        if isinstance(self.value, tuple) and not self.value:
            raise QueryError(f"{field.name} {self.operator} needs at least one value")
        if field.name == "doi":  # "papers --doi https://doi.org/10.1/x" found nothing
            bare = tuple(drop_doi_prefix(v) if isinstance(v, str) else v for v in self.values)
            object.__setattr__(self, "value", bare if isinstance(self.value, tuple) else bare[0])
        for value in self.values:
            _check_value(field, self.operator, value)

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The value as a tuple; empty for ``known`` and ``unknown``."""
        if self.value is None:
            return ()
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @property
    def is_negative(self) -> bool:
        return self.operator in NEGATIVE


_DOI_PREFIX = re.compile(
    r"\s*(?:doi\s*[:=]?\s*)?(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/)?(?=10\.)", re.IGNORECASE
)


def drop_doi_prefix(doi: str) -> str:
    """A DOI without what is printed before it: ``https://doi.org/10.1000/x``, ``doi:10.1000/x``."""
    prefix = _DOI_PREFIX.match(doi)
    return doi[prefix.end() :].strip() if prefix else doi


def find_field(name: str) -> Field:
    """The field of this name.

    Raises:
        QueryError: There is none; the message names those that there are.
    """
    if name not in FIELDS:
        raise QueryError(f"there is no field {name!r}; there are {', '.join(FIELDS)}")
    return FIELDS[name]


_EXAMPLES: dict[FieldType, str] = {
    "integer": "a whole number, such as 2023",
    "number": "a number, such as 88.9",
    "flag": "true or false",
    "day": "a day, such as 2023-05-01",
    "name": "text",
    "person": "a name",
    "text": "text",
    "paper": "a paper's id",
}


def _check_value(field: Field, operator: Operator, value: object) -> None:
    if isinstance(value, Range):
        is_right = field.type in ("integer", "number", "day") and operator not in ("above", "below")
        ends: list[object] = [end for end in (value.low, value.high) if end is not None]
    else:
        is_right, ends = True, [value]
    if not is_right or not all(_has_type(end, field.type) for end in ends):
        raise QueryError(f"{field.name} takes {_EXAMPLES[field.type]}, not {value!r}")
    if field.name == "month" and not all(1 <= int(str(end)) <= 12 for end in ends):
        raise QueryError(f"month takes 1 to 12, not {value!r}")


def _has_type(value: object, type_: FieldType) -> bool:
    if type_ == "flag":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if type_ == "integer":
        return isinstance(value, int)
    if type_ == "number":
        return isinstance(value, (int, float)) and isfinite(value)
    if type_ == "day":
        return isinstance(value, date)
    return isinstance(value, str) and bool(value.strip())


IS_SURVEY = Condition(
    "text",
    "contains_any",
    (
        "a survey", "this survey", "we survey", "survey of", "survey on", "comprehensive survey", "survey paper",
        "a review", "this review", "we review", "review of", "review on", "systematic review", "literature review",
        "scoping review", "narrative review", "comprehensive review", "meta analysis", "tutorial on", "this tutorial",
    ),
)  # fmt: skip
"""What a survey or review says of itself in its title or abstract."""
