"""An overview of the library, or of the papers that meet conditions: computed, its newest papers cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rag.answers import phrases
from rag.answers.rows import Listing
from rag.answers.topic_map import count_topics
from rag.library.fields import format_conditions
from rag.library.selection import resolve_conditions
from rag.library.view import LibraryView
from rag.text.markdown import plain
from rag.types import Answer, Condition
from rag.types.query import Query

_NEWEST = 6
_MOST = 6
"""Topics, people, categories and years that are named."""


def is_of_library(query: Query) -> bool:
    """Whether an overview is of everything that is here, or of all that meets conditions."""
    is_of_something = query.about or query.papers or query.people or query.like
    return query.want == "overview" and not is_of_something


def answer_library(query: Query, library: LibraryView) -> Answer:
    """How many papers, from when, about what, by whom, and the newest of them."""
    resolved = resolve_conditions(query.where, library)
    conditions = resolved.conditions
    n = library.count_papers(conditions)
    phrase = format_conditions(conditions)
    if not n:
        text = " ".join(resolved.absent) or phrases.tell_none(phrase)
        return Answer("", "abstained", "content", text, library=library.fingerprint)
    newest = library.find_papers(conditions, "newest first", _NEWEST)
    listing = Listing()
    rows = listing.render_rows(newest)
    facts = "\n".join(f"- {fact}" for fact in _list_facts(conditions, library))
    head = phrases.head_library(n, phrase)
    text = "\n\n".join(filter(None, (head, facts, phrases.HEAD_NEWEST, rows)))
    text = phrases.put_notes_first(resolved.notes, text)
    scored = library.list_scored([p.paper_id for p in newest])
    return Answer(
        "", "answered", "content", text, listing.citations, scored, library=library.fingerprint
    )


def _list_facts(conditions: Sequence[Condition], library: LibraryView) -> list[str]:
    topics = count_topics(library, conditions, _MOST)
    years = library.count_groups("year", conditions)
    known = sorted(years.items(), reverse=True)[:_MOST]
    undated = library.count_papers(conditions) - library.count_valued("year", conditions)
    facts = [
        phrases.tell_topics([(plain(t), sum(n.values())) for t, n in topics.items()]),
        phrases.tell_years([(str(year), n) for year, n in known], undated),
        phrases.tell_most_papers(_count_most("author", conditions, library)),
        phrases.tell_categories(_count_most("category", conditions, library)),
        phrases.tell_code(library.count_papers((*conditions, Condition("code", "is", True)))),
    ]
    return [fact for fact in facts if fact]


def _count_most(
    field: str, conditions: Sequence[Condition], library: LibraryView
) -> list[tuple[str, int]]:
    groups: Counter[Any] = library.count_groups(field, conditions, _MOST)
    return [(plain(str(value)), n) for value, n in groups.items()]
