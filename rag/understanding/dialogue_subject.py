"""Follow-ups to a question about a thing that many papers are on: they are about that thing, too.

"What's catastrophic forgetting?" is answered from one paper; "which papers try to fix it?" and "does it
grow with the tasks?" are asked of all, while "who wrote it?" is asked of that paper.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.view import LibraryView
from rag.text import STOP_WORDS, split_terms
from rag.types.fields import Condition
from rag.types.query import Query, Reading, Topic
from rag.understanding.dialogue_merging import narrow_set, narrow_topic
from rag.understanding.dialogue_state import SETS, DialogueState
from rag.understanding.frame_types import Frame

_LEAST_PAPERS = 3
"""Papers with the words of a thing from which on it is no paper's own."""
_OF_A_PAPER = ("data", "number", "metric", "resource", "link", "time", "person", "abstract")
"""Details that one paper has: after "how does it help?", "on which data?" is asked of the paper quoted."""
_IT = re.compile(r"\b(?:it|this|that|they|them|these|those)\b(?! \w*(?:paper|work|stud|method|approach|one))", re.IGNORECASE)  # fmt: skip


def find_subject(state: DialogueState, library: LibraryView) -> Topic | None:
    """What the last question was about, where that was content, no paper, and is in several papers."""
    topic, query = state.topic, state.query
    if query.want != "passages" or query.papers or topic is None or not topic.words:
        return None
    if not {*split_terms(topic.words)} - STOP_WORDS <= {*split_terms(query.text)}:
        return None
    n = library.count_papers((Condition("text", "contains", topic.words),))
    return topic if n >= _LEAST_PAPERS else None


def ask_of_subject(
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """A turn about the subject of the last question; None where it is about something else."""
    own, link = alone.query, frame.links[0][0]
    if link not in ("same_paper", "one_of", "all_of", "narrow", "refine") or own.people:
        return None
    if _names_paper(alone) or (subject := find_subject(state, library)) is None:
        return None
    if own.want in SETS and not own.by:
        return narrow_set(frame, alone, Query("papers", about=subject))
    if own.want == "people" and own.relation is None:
        return replace(own, like="", papers=(), about=narrow_topic(subject, _find_own_topic(alone)))
    if own.want != "passages" or own.asks_for in _OF_A_PAPER:
        return None
    text, n = _IT.subn(subject.words, frame.question, count=1)
    text = text if n else f"{frame.question} {subject.words}"
    return Query("passages", text=text, asks_for=own.asks_for, form=own.form)


def _names_paper(alone: Reading) -> bool:
    return any(p.slot == "papers" and p.printed[:1] == "#" for p in alone.parts)


def _find_own_topic(alone: Reading) -> Topic | None:
    return None if alone.query.like else alone.query.about
