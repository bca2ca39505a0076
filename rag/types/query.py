"""The query: what a question asks for, of what, under which conditions, about which topic.

Everything that asks makes one (words, flags, filters, a model, another program), and everything that
answers takes one. How a query prints and is read back is in `rag.types.query_text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from rag.types.fields import FIELDS, Condition, QueryError, find_field

Want = Literal[
    "passages",
    "overview",
    "comparison",
    "papers",
    "count",
    "share",
    "groups",
    "extreme",
    "values",
    "people",
    "profile",
    "aside",
]
"""``passages``: what papers say. ``papers``: a complete list. ``count``: of papers, or of the
distinct values of a field. ``share``: how many of those that meet ``base`` meet ``where``.
``groups``: papers by a field's values. ``extreme``: the papers at one end of an order. ``values``:
fields of papers, or figures of people. ``people``: ranked, or in a relation. ``profile``: one person.
``aside``: small talk, or nothing that papers could answer."""

ReadAs = Literal["content", "experts", "person", "catalogue"]
"""Readings that a user can force."""
RouteName = ReadAs | Literal["smalltalk", "unsupported"]

RelationKind = Literal[
    "authors",
    "first_author",
    "coauthors",
    "top_coauthor",
    "common_coauthors",
    "common_authors",
    "shared",
    "same",
    "presence",
    "not_stated",
]
"""``authors`` of papers; ``coauthors`` of people (``top``: the most frequent; ``common``: those whom
several share); ``common_authors`` of several papers; ``shared`` papers of people; whether two are the
``same`` person; whether somebody is in the library; what no document states."""

Detail = Literal[
    "definition",
    "problem",
    "cause",
    "method",
    "result",
    "number",
    "data",
    "metric",
    "limitation",
    "application",
    "comparison",
    "resource",
    "link",
    "time",
    "person",
    "abstract",
    "yes_no",
]
Measure = Literal["each", "average", "median", "sum"]
Way = Literal["descending", "ascending", "both ends"]
RECAP = "recap"
NOTHING_SHOWN = "nothing shown"
READING_ORDER = "reading order"
NEW_DATA = "new data"
"""What `Query.what` says of a recap of the conversation, of a list of what to read first, and of the papers
that bring a data set or a benchmark of their own; of an aside that asks of what an answer before did not show."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What papers are about.

    Attributes:
        words: The topic; empty if only ``without`` is given.
        without: A topic that papers (or people) must not have; empty for none.
        all_of: Two or more topics: people must have papers on each, and a paper on the first must touch the
            others; ``words`` joins them.
    """

    words: str = ""
    without: str = ""
    all_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.words or self.without or self.all_of):
            raise QueryError("a topic needs words")


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person asked about.

    Attributes:
        typed: The name as typed.
        names: As the library prints it: none for somebody unknown, several to choose from.
    """

    typed: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order of papers or people by one field."""

    field: str
    way: Way = "descending"

    def __post_init__(self) -> None:
        if not find_field(self.field).is_sortable:
            sortable = ", ".join(name for name, field in FIELDS.items() if field.is_sortable)
            raise QueryError(f"nothing can be ordered by {self.field}; there are {sortable}")


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is to be worded; only a language model can follow all of it.

    Attributes:
        shape: ``table``, ``list``, ``paragraph``, or empty.
        sentences: At most so many; None for no wish.
        audience: Such as ``a beginner``.
        language: Such as ``German``; empty for the question's own.
    """

    shape: str = ""
    sentences: int | None = None
    audience: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        by: Fields: of ``groups`` what papers are grouped by, of ``count`` the field whose distinct
            values are counted, of ``values`` what is asked of papers or people, of ``people``
            without a topic the role that counts (author, first_author).
        where: Conditions on papers and on people, all of which must hold.
        base: Of a ``share``: conditions on the whole; empty means every paper.
        people: Asked about; people as a filter are conditions.
        papers: Ids of papers named, pointed at, or shown before; empty for the whole library.
        like: Id of a paper whose topic is meant; empty for none.
        besides: Names not wanted (again).
        order: Of papers or people; with ``k`` None the whole list.
        k: How many at most.
        measure: Of ``values``: of each, or over all.
        asks_for: The detail of content asked; ``yes_no`` where yes or no is an answer.
        is_about_several: Whether more than one paper is asked for.
        what: Of ``not_stated`` the thing (``email``), of an ``aside`` its kind; ``recap`` of an overview
            of the conversation, ``reading order`` of papers to read first.
        text: The standalone question, for retrieval and quoting; of content only.
    """

    want: Want
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    base: tuple[Condition, ...] = ()
    about: Topic | None = None
    people: tuple[PersonRef, ...] = ()
    papers: tuple[str, ...] = ()
    like: str = ""
    relation: RelationKind | None = None
    besides: tuple[str, ...] = ()
    order: Order | None = None
    k: int | None = None
    measure: Measure = "each"
    asks_for: Detail | None = None
    is_about_several: bool = False
    form: Form = Form()
    what: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        _check_choice("want", self.want, get_args(Want))
        if self.relation is not None:
            _check_choice("relation", self.relation, get_args(RelationKind))
        if self.asks_for is not None:
            _check_choice("detail", self.asks_for, get_args(Detail))
        _check_choice("measure", self.measure, get_args(Measure))
        for name in self.by:
            find_field(name)
        if self.k is not None and self.k < 1:
            raise QueryError(f"first takes a whole number from 1, not {self.k}")
        if self.want == "groups" and not self.by:
            groups = ", ".join(name for name, field in FIELDS.items() if field.plural)
            raise QueryError(f"groups need a field to group by; there are {groups}")
        if self.want == "values" and not (self.by or self.relation):
            raise QueryError(f"values need a field to show; there are {', '.join(FIELDS)}")
        if self.want == "extreme" and self.order is None:
            raise QueryError("an extreme needs an order, as in order by date descending")
        if self.order is not None and find_field(self.order.field).of == "person":
            self._order_people()

    def _order_people(self) -> None:
        """Those at an end of an order by a figure of people are people; a list of papers has no such order."""
        if self.want == "papers":
            object.__setattr__(self, "order", None)
        # "which paper is most cited?" is told that no paper prints it
        if (
            self.want == "extreme"
            and self.order
            and self.order.field in ("n_papers", "n_coauthors")
        ):
            object.__setattr__(self, "want", "people")
            object.__setattr__(self, "k", self.k or 1)
            if not (self.about or self.by or self.papers):
                object.__setattr__(self, "by", ("author",))

    @property
    def topic(self) -> str:
        """The topic's words; empty if there is none."""
        return self.about.words if self.about else ""

    @property
    def route(self) -> RouteName:
        """The kind of answer: what papers say, experts on a topic, somebody, or a list or figure."""
        if self.want == "aside":
            return "unsupported" if self.what.startswith("unsupported") else "smalltalk"
        if self.want in ("passages", "overview", "comparison"):
            return "content"
        if self.want == "people" and self.about and not self.relation:
            return "experts"
        if self.relation or self.want == "profile":
            return "person"
        return "person" if self.want in ("papers", "count") and self.people else "catalogue"

    @property
    def without(self) -> str:
        return self.about.without if self.about else ""

    @property
    def sides(self) -> tuple[str, ...]:
        """What a comparison compares, as far as the words say it."""
        is_content = self.want in ("comparison", "passages")
        return self.about.all_of if self.about and is_content else ()

    def add_conditions(self, conditions: Iterable[Condition]) -> Query:
        new = tuple(condition for condition in conditions if condition not in self.where)
        return replace(self, where=(*self.where, *new))

    def remove_condition(self, condition: Condition) -> Query:
        return replace(self, where=tuple(c for c in self.where if c != condition))

    def __str__(self) -> str:
        from rag.types.query_text import print_query  # it needs this type

        return print_query(self)


def _check_choice(what: str, value: str, choices: Iterable[str]) -> None:
    choices = tuple(choices)
    if value not in choices:
        raise QueryError(f"there is no {what} {value!r}; there are {', '.join(choices)}")


ReaderName = Literal["words", "model", "flags", "screen", "program"]
Origin = Literal["words", "thread", "library"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a query and where it comes from.

    Attributes:
        slot: The name of the query's attribute, such as ``where`` or ``about``.
        printed: The part as it prints: ``year = 2023``.
        words: The words that gave it; empty where it came from the conversation.
        origin: ``thread`` for what an earlier turn said.
        evidence: Why it was read so, for ``ask --explain``; may be empty.
    """

    slot: str
    printed: str
    words: str = ""
    origin: Origin = "words"
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A query with how it came about.

    Attributes:
        question: The last turn, as typed.
        by: Who read it.
        reason: One clause for the reader of the answer: ``it asks for papers``.
        parts: The parts of the query with their words.
        unread: Words that nothing used; said, never dropped in silence.
        others: The next best readings, best first.
        is_close: Whether the first other reading is about as likely.
        other_words: The first other reading in words: ``people who work on drones``.
        notes: How names and times were read, said before the answer.
        second: A second question of the same message, which is answered behind the first.
        confidence: 0-1; 1 where no reader of words was needed.
        is_unsure: It is more likely wrong than most, which the answer says.
    """

    query: Query
    question: str = ""
    by: ReaderName = "words"
    reason: str = ""
    parts: tuple[Part, ...] = ()
    unread: tuple[str, ...] = ()
    others: tuple[Query, ...] = ()
    is_close: bool = False
    other_words: str = ""
    notes: tuple[str, ...] = ()
    confidence: float = 1.0
    second: str = ""
    is_unsure: bool = False
