"""The parts of a query, each of which can be taken away, and what else could be wanted instead.

A part is called by the attribute of the query and a number where there are several: ``where:0``,
``people:1``, ``topic``. Whatever is taken away, what is left goes together: the papers of nobody are
all papers, co-authors of nobody are the people of the library, an extreme without an order is a list.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rag.text import STOP_WORDS, fold
from rag.types.fields import (
    ABSENCE,
    FIELDS,
    MANY,
    NEGATIVE,
    Condition,
    Operator,
    QueryError,
    Scalar,
)
from rag.types.query import Form, PersonRef, Query, Reading, RelationKind, Topic

WANT = "want"
NAMED_PAPERS = 3
"""So many papers are named one by one; more are one part."""

_TUPLES = ("people", "where", "base")
_WITH_PAPERS = ("authors", "first_author", "common_authors")
"""Relations between people and papers; all others are between people."""


def list_parts(query: Query) -> tuple[str, ...]:
    """The parts in the order in which one would say them, what is wanted first."""
    if query.want == "aside":
        return (WANT,)
    parts = [WANT]
    if query.route != "content":
        parts += _number("people", query.people)
    parts += _number("papers", query.papers) if len(query.papers) <= NAMED_PAPERS else ["papers"]
    if query.route == "content":
        return tuple(parts)
    parts += ["like"] if query.like else []
    if query.about is not None:
        parts += _number("all_of", query.about.all_of)
        parts += ["topic"] if query.topic and not query.about.all_of else []
        parts += ["without"] if query.without else []
    parts += [*_number("where", query.where), *_number("base", query.base)]
    values = {"besides": query.besides, "order": query.order, "k": query.k}
    parts += [name for name, value in values.items() if value]
    return tuple([*parts, "form"] if query.form != Form() else parts)


def _number(name: str, values: tuple[object, ...]) -> list[str]:
    return [f"{name}:{at}" for at in range(len(values))]


def split_part(query: Query, part: str) -> tuple[str, int]:
    """The attribute and the number, 0 where there is one alone.

    Raises:
        QueryError: The query has no such part.
    """
    if part not in list_parts(query):
        raise QueryError(
            f"the query has no part {part!r}; there are {', '.join(list_parts(query))}"
        )
    name, _, number = part.partition(":")
    return name, int(number or 0)


# --- taking away ----------------------------------------------------------------------------


def remove_part(query: Query, part: str) -> Query:
    """The query without one part, and without what made sense only with it.

    Raises:
        QueryError: There is no such part, or it is what is wanted, which can only be changed.
    """
    name, at = split_part(query, part)
    if part == WANT:
        raise QueryError("something has to be wanted; choose something else instead")
    changed: dict[str, Any]
    if name in _TUPLES or part.startswith("papers:"):
        values = getattr(query, name)
        changed = {name: (*values[:at], *values[at + 1 :])}
    elif name in ("topic", "without", "all_of"):
        changed = {"about": _remove_from_topic(query.about or Topic("-"), name, at)}
    else:
        changed = {name: {"like": "", "order": None, "k": None, "form": Form()}.get(name, ())}
        if name == "order" and query.want == "extreme":  # the end of no order is the whole list
            changed["want"] = "papers"
    return mend_query(replace(query, **changed))


def _remove_from_topic(about: Topic, name: str, at: int) -> Topic | None:
    words, without, all_of = about.words, about.without, about.all_of
    if name == "without":
        without = ""
    elif name == "topic":
        words = ""
    else:
        all_of = (*all_of[:at], *all_of[at + 1 :])
    return build_topic(words, without, all_of) if name != "all_of" else _join(all_of, without)


def _join(all_of: tuple[str, ...], without: str) -> Topic | None:
    """Several topics that must each be met; one alone is a topic like any other."""
    words = " and ".join(all_of)
    return build_topic(words, without, all_of if len(all_of) > 1 else ())


def build_topic(words: str, without: str = "", all_of: tuple[str, ...] = ()) -> Topic | None:
    return Topic(words, without, all_of) if words or without or all_of else None


def mend_query(query: Query) -> Query:
    """The query with what it wants brought into line with what it still has."""
    query = _mend_relation(query)
    if query.about and query.about.all_of and not query.topic and query.route != "content":
        words = " and ".join(query.about.all_of)
        query = replace(query, about=replace(query.about, words=words))
    if query.want == "profile" and not query.people:
        query = replace(query, want="people", relation=None, what="")
    if query.want == "people" and query.relation is None:
        if not query.topic and not (query.about and query.about.all_of):
            # People have no topic to be kept off: only papers are "not about masks".
            query = replace(query, about=None, by=query.by or ("author",), people=())
        if not query.about and query.order and FIELDS[query.order.field].of == "paper":
            query = replace(query, order=None)
    if query.want in ("papers", "count") and query.relation is None:
        query = _mend_authors(query)
    if query.want == "share" and not (query.where or query.about):
        without_part = replace(query, where=query.base, base=())
        query = replace(without_part, want="groups" if query.by else "count")
    if not _may_have_conditions_on_people(query):
        where = tuple(c for c in query.where if FIELDS[c.field].of == "paper")
        query = replace(query, where=where)
    return query if query.route == "content" or not query.text else replace(query, text="")


def _mend_authors(query: Query) -> Query:
    """Of people without a topic a list is one of papers by them, not a portrait."""
    if not query.people or query.about or query.where:
        return query
    authors = tuple(Condition("author", "is", person.typed) for person in query.people)
    return replace(query, people=(), where=authors)


def _mend_relation(query: Query) -> Query:
    relation, n_people = query.relation, len(query.people)
    if relation is None:
        return query
    if relation in _WITH_PAPERS:
        if relation == "common_authors" and len(query.papers) == 1:
            return replace(query, relation="authors")
        is_of_something = query.papers or query.about
        return query if is_of_something else replace(query, want="people", relation=None)
    if not n_people:
        is_list = relation == "shared" and query.want in ("papers", "count")
        return replace(query, want="papers" if is_list else "people", relation=None, what="")
    if n_people == 1 and relation == "shared":
        return replace(query, relation=None)
    if n_people == 1 and relation == "same":
        return replace(query, want="profile", relation=None)
    if n_people == 1 and relation == "common_coauthors":
        return replace(query, relation="coauthors")
    return query


def _may_have_conditions_on_people(query: Query) -> bool:
    counts_people = query.want == "count" and any(FIELDS[f].type == "person" for f in query.by)
    return query.want in ("people", "values") or counts_people


# --- wanting something else -----------------------------------------------------------------


def list_other_wants(reading: Reading) -> tuple[Query, ...]:
    """What else could be asked of the same papers and people: a list, a number, people, ..."""
    query = reading.query
    passages = _build_passages(reading)
    if query.want == "aside":
        return (passages,) if passages else ()
    plain = replace(
        query,
        want="papers",
        by=(),
        where=(*query.base, *(c for c in query.where if c not in query.base)),
        base=(),
        about=query.about or _guess_topic(reading),
        people=query.people if query.route != "content" else (),
        relation=None,
        order=query.order if query.want in ("papers", "extreme") else None,
        k=query.k if query.want in ("papers", "extreme") else None,
        measure="each",
        asks_for=None,
        what="",
        text="",
    )
    wants = [plain, replace(plain, want="count", order=None, k=None)]
    if len(plain.papers) == 1 and not plain.about:
        similar = replace(plain, papers=(), like=plain.papers[0])
        wants = [replace(plain, want="people", relation="authors", order=None, k=None), similar]
    elif plain.people:
        profile = replace(plain, want="profile", about=None, where=(), order=None, k=None)
        is_one = len(query.people) == 1
        relation: RelationKind = "coauthors" if is_one else "common_coauthors"
        wants += [profile] if is_one else []
        wants += [replace(profile, want="people", relation=relation)]
    else:
        people = replace(plain, want="people", order=None, k=None)
        is_of_papers = query.papers and not plain.about
        wants += [replace(people, relation="authors") if is_of_papers else people]
        wants += [replace(people, want="groups", by=("year",))]
    mended = [mend_query(want) for want in wants] + ([passages] if passages else [])
    return tuple(want for want in mended if not _is_wanted_so(want, query))


_OF_PAPERS = "What is proposed?"
"""The question put to papers if the old one asked nothing of their content, such as "who wrote it?"."""


def _build_passages(reading: Reading) -> Query | None:
    """What papers say of the same topic or papers; None where neither is given."""
    query = reading.query
    text = query.topic or (_OF_PAPERS if query.papers else "")
    if query.want == "aside":
        text = reading.question
    return Query("passages", papers=query.papers, text=text) if text else None


def _is_wanted_so(second: Query, query: Query) -> bool:
    if second.route == "content":
        return query.route == "content"
    return all(
        getattr(second, name) == getattr(query, name) for name in ("want", "by", "relation", "like")
    )


def _guess_topic(reading: Reading) -> Topic | None:
    """What a question of content is about, as far as its other readings say it."""
    query = reading.query
    if query.route != "content" or query.papers:
        return None
    topics = [query.topic for query in reading.others if query.topic]
    words = query.text.strip(" ?.!").split()
    while words and fold(words[0]) in STOP_WORDS:
        words = words[1:]
    return build_topic(topics[0] if topics else " ".join(words))


def change_query(reading: Reading, query: Query, before: str) -> Reading:
    """The reading with another query; the one before is a press away.

    Args:
        reading: As it was answered.
        query: What is asked instead.
        before: The query before in words.
    """
    return Reading(
        query,
        reading.question,
        by="screen",
        reason="it was chosen on screen",
        parts=reading.parts,
        unread=reading.unread,
        others=(reading.query,),
        other_words=before,
    )


# --- changing -------------------------------------------------------------------------------


def set_condition(query: Query, part: str, condition: Condition) -> Query:
    """The query with one condition put in the place of another; an empty part adds it."""
    if not part:
        return query.add_conditions((condition,))
    name, at = split_part(query, part)
    conditions: tuple[Condition, ...] = getattr(query, name)
    changed = tuple(dict.fromkeys((*conditions[:at], condition, *conditions[at + 1 :])))
    return replace(query, where=changed) if name == "where" else replace(query, base=changed)


def set_words(query: Query, part: str, words: str) -> Query:
    """The query with other words for a topic or a person."""
    name, at = split_part(query, part)
    if name == "people":
        person = PersonRef(words)
        return replace(query, people=(*query.people[:at], person, *query.people[at + 1 :]))
    about = query.about or Topic(words)
    if name == "all_of":
        all_of = (*about.all_of[:at], words, *about.all_of[at + 1 :])
        return replace(query, about=_join(all_of, about.without))
    if name == "topic":
        return replace(query, about=replace(about, words=words))
    return replace(query, about=replace(about, without=words))


def build_condition(
    field: str, values: tuple[Scalar, ...], *, leave_out: bool, operator: Operator | None = None
) -> Condition:
    """The condition that chosen values amount to.

    Args:
        field: Of papers.
        values: At least one.
        leave_out: Whether papers with these values are not wanted.
        operator: Of the condition before, kept where it still fits: ``two_of``, ``in_each``.

    Raises:
        QueryError: There is no value, or it is of another type.
    """
    type_ = FIELDS[field].type
    value: tuple[Scalar, ...] | Scalar | None = values[0] if len(values) == 1 else values
    is_kept = operator is not None and operator not in ("above", "below", *ABSENCE)
    if is_kept and (operator in NEGATIVE) == leave_out and (operator in MANY) == (len(values) > 1):
        assert operator is not None
        return Condition(field, operator, value)
    if type_ == "text" and len(values) == 1:
        return Condition(field, "not_contains" if leave_out else "contains", value)
    if type_ == "text" and leave_out:
        raise QueryError("one phrase can be left out at a time; add another condition for the next")
    if type_ == "text":
        return Condition(field, "contains_any", values)
    if type_ in ("name", "person") and leave_out:
        return Condition(field, "lacks", values)
    if len(values) == 1:
        return Condition(field, "is_not" if leave_out else "is", value)
    return Condition(field, "not_in" if leave_out else "in", values)
