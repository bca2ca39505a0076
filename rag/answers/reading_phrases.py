"""How a question was read, in words: what an answer says of readings that it is not sure of."""

from __future__ import annotations

from rag.library.fields import format_conditions
from rag.text import join_names
from rag.text.markdown import plain
from rag.types import Query
from rag.types.fields import FIELDS

_RELATIONS = {
    "authors": "who wrote",
    "first_author": "the first author of",
    "common_authors": "who wrote all of",
    "coauthors": "co-authors of",
    "top_coauthor": "the most frequent co-author of",
    "common_coauthors": "common co-authors of",
    "shared": "joint papers of",
    "same": "whether one person is meant by",
    "presence": "whether there is",
}


def describe_query(query: Query, topic: str = "") -> str:
    """A reading in a few words: ``people who work on drones``, ``all papers about drones from 2022``.

    Args:
        query: As read.
        topic: Of another reading, for one of what papers say that names none.
    """
    if query.route == "content":
        return _describe_content(query, topic)
    names = join_names(plain(person.typed) for person in query.people)
    if query.want == "profile" and not query.relation:
        return f"{names}, and their papers" if names else "the people of a paper"
    if query.want == "values":
        fields = join_names(FIELDS[name].noun for name in query.by)
        return f"{fields} of {names or _describe_papers(query)}"
    if query.relation in _RELATIONS and (names or query.papers):
        return _limit(f"{_RELATIONS[query.relation]} {names or _describe_papers(query)}", query)
    if query.want == "people":
        subject = f"people who work on {plain(query.topic)}" if query.topic else "people"
        return _limit(subject, query, is_topic_said=True)
    kinds = {"count": "the number of papers", "share": "the share of papers", "extreme": "papers"}
    kind = kinds.get(query.want, "papers" if names else "all papers")
    if query.want == "groups":
        kind = f"papers by {join_names(query.by)}"
    elif query.want == "count" and query.by:
        kind = f"the number of {FIELDS[query.by[0]].plural}"
    words = _limit(f"{kind} of {names}" if names else kind, query)
    if query.order is not None:
        words = f"{words}, in order of {query.order.field.replace('_', ' ')}"
    is_bare = words in ("all papers", "the number of papers")
    return "all papers that fit, counted or listed" if is_bare else words


def _describe_content(query: Query, topic: str) -> str:
    topic = plain(query.topic or topic)
    if query.papers:
        is_one = len(query.papers) == 1
        return "what the paper in view says" if is_one else "what the papers in view say"
    return f"what papers say about {topic}" if topic else "what papers say"


def _describe_papers(query: Query) -> str:
    if query.papers:
        return "that paper" if len(query.papers) == 1 else "those papers"
    return _limit("papers", query)


def _limit(words: str, query: Query, *, is_topic_said: bool = False) -> str:
    is_topic_said = is_topic_said or not query.topic or bool(query.papers)
    about = "" if is_topic_said else f"about {plain(query.topic)}"
    without = f"not about {plain(query.without)}" if query.without else ""
    besides = f"other than {join_names(map(plain, query.besides))}" if query.besides else ""
    base = f"among those {format_conditions(query.base)}" if query.base else ""
    parts = (words, about, without, format_conditions(query.where), base, besides)
    return " ".join(filter(None, parts))


def tell_unsure(reading: str, other: str) -> str:
    """``Not sure what is meant. Read as papers from 2022; it could also be ...``."""
    other = f"; it could also be {other}" if other and other != reading else ""
    return f"Not sure what is meant. Read as {reading}{other}."
