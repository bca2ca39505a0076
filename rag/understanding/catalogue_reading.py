"""Reads a catalogue question: its conditions, and the operation on the papers that meet them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot
from rag.text import STOP_WORDS
from rag.types import Condition
from rag.types.fields import Range
from rag.understanding.catalogue_ask import Ask, CatalogueQuestion
from rag.understanding.filler import HEADS, SHARE
from rag.understanding.grammar import read_conditions
from rag.understanding.scan import FILLER, Scan, merge_conditions
from rag.understanding.verbs import (
    read_average,
    read_distinct,
    read_documents,
    read_extreme,
    read_figures,
    read_group,
    read_people,
)
from rag.understanding.years import put_period_marks


def read_catalogue_question(
    question: str, library: LibrarySnapshot, people: tuple[Mention, ...]
) -> CatalogueQuestion:
    """The question as the catalogue understands it; the router decides whether to believe it."""
    scan = Scan(library, question, people)
    heads = scan.has(rf"\b{HEADS}\b")
    put_period_marks(scan)
    # Figures and documents first: "the highest h-index" is no extreme of papers.
    ask = read_figures(scan) or read_documents(scan)
    if ask is None:
        ask = read_average(scan) or read_extreme(scan) or read_people(scan) or read_group(scan)
    base: Sequence[Condition] = ()
    share = rf"\b(?:what|which|the)?\s*{SHARE}\s+of\s+(?:(?:all|the|these|those|them)\s+(?:of\s+)?){{0,4}}"
    # "share of papers with code per year": a share by groups, otherwise one share.
    if (ask is None or ask.verb == "group") and scan.take(share):
        base = _read_base_conditions(scan)
        ask = Ask("count", ("share",)) if ask is None else replace(ask, of=(ask.of[0], "share"))
    counting = bool(
        scan.take(
            r"\bhow many\b|\b(?:the\s+)?(?:total\s+)?number of\b|\b(?:the\s+)?(?:total\s+)?count(?: of)?\b"
        )
    )
    # "how many categories are there?" counts values, "how many papers" papers.
    if ask is None and counting:
        ask = read_distinct(scan)
    read_conditions(scan)
    part = merge_conditions([c for c in scan.conditions if c not in base])
    base = merge_conditions(base)
    scan.conditions = [*base, *part]
    # Only after the conditions: "all" and "any" belong to some of them.
    listing = bool(scan.take(_LISTING_VERB))
    if ask is None:
        ask = Ask("count" if counting else "list")
    excluded = _find_excluded_topic(scan)
    unread_words = tuple(scan.list_unread_words(FILLER))
    unread = _find_unread_words(scan)
    topic = _extract_topic(scan)
    if "share" in ask.of and not part and topic is None:
        ask = replace(ask, of=ask.of[:-1])  # of which no part is named
    # "how many papers in 2019 vs 2024?": one count a year.
    if ask.verb == "count" and (field := _find_compared_field(scan)):
        ask = Ask("group", (field,))
    notes = tuple(dict.fromkeys(scan.notes))
    catalogue_question = replace(
        ask,
        base=tuple(base),
        topic=topic,
        excluded=excluded,
        left=unread_words,
        heads=heads,
        unread=unread,
        notes=notes,
    )
    explicit = counting or listing or catalogue_question.verb not in ("count", "list")
    return CatalogueQuestion(catalogue_question, tuple(scan.conditions), people, explicit)


def _read_base_conditions(scan: Scan) -> list[Condition]:
    """Conditions on the whole in ``the share of the 2024 papers that have code``."""
    base_text = re.split(
        r"\b(?:is|are|has|have|with|without|carry|that|which|come|comes|bear)\b",
        re.sub(r"^(?:\s|~(?!\s⟦))+", "", scan.text),
    )[0]
    part = Scan(scan.census, "", scan.people)
    part.text, part.periods = base_text, scan.periods
    read_conditions(part)
    return part.conditions


_LISTING_VERB = (
    r"\b(?:which|what)(?:\s+(?:are|is|were))?(?:\s+(?:all|the))*(?=\s|$)|\b(?:list|show|give|find|display|enumerate|name|get|want|see)\b(?:\s+(?:me|us|out)\b)?(?:\s+(?:all|every|the|any)\b)*"
    r"|\b(?:is|are)\s+there\s+(?:(?:any(?:thing)?|some|a|an)\b)?|\bdo(?:es)?\s+(?:you|we|the library|it)\s+have\s+(?:(?:any(?:thing)?|some)\b)?|\ball(?:\s+the)?\b|\bany(?:thing)?\b"
)

# --- what is left ---------------------------------------------------------------------------

_NEGATED = r"\b(?:without|not|no|never|except(?:\s+for)?|excluding|lack\w*|(?:do|does|did|is|are|have|has)n't)\b[^~,.;:?!]*"


_NOT_ABOUT = (
    r"(?:(?:but|and|that|which)\s+){0,5}(?:(?:is|are|do|does)\s+)?(?:not|(?:is|are|do|does)n't|except(?:\s+for)?|excluding)\s+"
    r"(?:(?:those|the|any|ones|papers|deal(?:ing)?)\s+){0,5}(?:about|regarding|concerning)\s+(?P<out>[^~,.;:?!@]+)"
)


def _find_excluded_topic(scan: Scan) -> str:
    """The topic that the papers must not have; empty if there is none."""
    # Two exclusions cannot be told apart from what they follow, so neither is taken.
    topics = re.findall(_NOT_ABOUT, scan.text, re.IGNORECASE)
    return drop_empty_ends(scan.take(_NOT_ABOUT)[0]["out"]) if len(topics) == 1 else ""


def _find_unread_words(scan: Scan) -> str:
    """What is negated and was not understood: it must not count as what is asked for."""
    for match in re.finditer(_NEGATED, scan.text, re.IGNORECASE):
        # "papers about drones without masks": not a condition, but it must not become the topic
        # "masks".
        if list_telling_words(match.group()):
            scan.take(re.escape(match.group()))
            return match.group().strip()
    return ""


def _extract_topic(scan: Scan) -> str | None:
    """The topic in the words that are left."""
    scan.take(r"\b(?:vs|versus|compared (?:to|with))\b\.?")
    if not scan.list_unread_words(FILLER):
        return None
    pieces = [piece.strip(" ,.?!;:-") for piece in scan.pieces]
    telling = [piece for piece in pieces if list_telling_words(piece)]
    topic = " ".join(drop_empty_ends(piece) for piece in telling).strip()
    return topic or None


def _find_compared_field(scan: Scan) -> str | None:
    """The field of ``2022 vs 2023``, whose values are counted separately."""
    if not re.search(r"\b(?:vs|versus|compared)\b", scan.question, re.IGNORECASE):
        return None
    fields = [
        c.field
        for c in scan.conditions
        if c.operator == "in" and not any(isinstance(v, Range) for v in c.values)
    ]
    return fields[0] if fields else None


def list_telling_words(piece: str, filler: Collection[str] = FILLER) -> list[str]:
    """Words that say something, in order."""
    words = re.findall(r"[^\W_][\w+^'-]*", piece)
    return [w for w in words if w.lower() not in STOP_WORDS and w.lower() not in filler]


def drop_empty_ends(piece: str, tells: Callable[[str], object] = list_telling_words) -> str:
    """The piece without words at either end that tell nothing."""
    words = piece.split()
    while words and not tells(words[0]):
        words.pop(0)
    while words and not tells(words[-1]):
        words.pop()
    return " ".join(words)
