"""Which papers an answer about content quotes, in what order, and whether they suffice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.answering import abstaining, comparing, extractive
from rag.census import Census
from rag.coined import is_unheard, named_by, named_in
from rag.types import Intent, PaperHit, Retrieval, Sufficiency

RANKING = 20
"""Papers in the ranking behind an answer."""

Find = Callable[[str, int], Retrieval]
"""The k best papers for a query, of those that may be answered from."""


class Retrieve(Protocol):
    """The k best papers for a query, of the whole library or of some papers."""

    def __call__(
        self, query: str, k: int = ..., *, within: Collection[str] | None = ...
    ) -> Retrieval: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The ranking, the papers that are quoted, and whether they suffice.

    Attributes:
        several: Whether the question is about all the papers that are quoted.
    """

    retrieval: Retrieval
    cited: tuple[PaperHit, ...]
    verdict: Sufficiency
    several: bool = False


def choose(intent: Intent, find: Find, retrieve: Retrieve, now: Census) -> Choice:
    """What a content question is answered from: the papers in focus, those it names, or the best."""
    held = intent.parts.get("focus")
    focus = held if isinstance(held, tuple) else ()
    found = find(intent.query, RANKING)
    if focus:
        several = bool(intent.parts.get("several")) and len(focus) > 1
        found = _first(retrieve(intent.query, len(focus), within=focus).papers, found)
        n = min(len(focus), extractive.MAX_PAPERS) if several else 1
        cited = found.papers[:n]
        verdict = _judged_in_focus(intent, cited, retrieve)
        if unheard := _unheard(intent.query, now):
            verdict = Sufficiency(False, verdict.probability, unheard)
        return Choice(found, cited, verdict, several)
    named = _named(intent.query, now)
    if len(named) > 1:
        return _of_named(intent.query, named, found, retrieve)
    if compared := _compared(intent, found, find, retrieve):
        found, cited = compared
    else:
        cited = extractive.cited_papers(intent.query, found)
    verdict = abstaining.judge(found, cited)
    if named and not verdict.sufficient:
        return _without(intent.query, named, found, cited, verdict, retrieve, now)
    return Choice(found, cited, verdict)


def _named(query: str, now: Census) -> tuple[str, ...]:
    """Ids of the papers that a question names, those of the two sides of a comparison first."""
    sides = comparing.sides(query, telling=False) or ()
    own = [named_by(side, now) for side in sides]
    both = dict.fromkeys(i for i in own if i is not None)
    return tuple(both) if len(both) > 1 else named_in(query, now)[: extractive.MAX_PAPERS]


def _of_named(query: str, named: Sequence[str], found: Retrieval, retrieve: Retrieve) -> Choice:
    """Papers that are named are what is asked about, all of them; only what is asked may be missing."""
    hits = retrieve(query, len(named), within=tuple(named))
    cited = tuple(sorted(hits.papers, key=lambda hit: named.index(hit.paper.paper_id)))
    found = _first(cited, found)
    return Choice(found, cited, abstaining.judge_named(found, cited, comparing.said(query)), True)


def _without(
    query: str,
    named: Sequence[str],
    found: Retrieval,
    cited: Sequence[PaperHit],
    verdict: Sufficiency,
    retrieve: Retrieve,
    now: Census,
) -> Choice:
    """An abstention on a question that names one paper: it is the nearest, and missing is what it lacks."""
    found = _first(retrieve(query, len(named), within=tuple(named)).papers, found)
    missing = _unheard(query, now) or abstaining.missing(found, found.papers[: len(named)])
    return Choice(found, tuple(cited), replace(verdict, missing=missing))


def _unheard(query: str, now: Census) -> tuple[str, ...]:
    """Sides of a comparison that are coined words of no paper."""
    return tuple(side for side in comparing.sides(query) or () if is_unheard(side, now))


def _judged_in_focus(intent: Intent, cited: Sequence[PaperHit], retrieve: Retrieve) -> Sufficiency:
    """A follow-up leaves unsaid what its paper is about, so there the title is part of it."""
    if not cited:
        return Sufficiency(False, 0.0)
    ids = [hit.paper.paper_id for hit in cited]
    whole = retrieve(f"{cited[0].paper.name}: {intent.query}", len(ids), within=ids)
    return abstaining.judge(whole, whole.papers)


def _compared(
    intent: Intent, found: Retrieval, find: Find, retrieve: Retrieve
) -> tuple[Retrieval, tuple[PaperHit, ...]] | None:
    """The ranking with the paper of each side of a comparison first, and these papers.

    None where the question does not say two sides, or they are not two papers that are here.
    """
    pair = comparing.sides(intent.query)
    if pair is None:
        return None
    ids = []
    for side in pair:
        own = find(side, RANKING)
        if not abstaining.judge(own, own.papers[:1]).sufficient:
            return None
        ids.append(own.papers[0].paper.paper_id)
    if ids[0] == ids[1]:
        return None
    both = retrieve(intent.query, len(ids), within=tuple(ids)).papers
    cited = tuple(sorted(both, key=lambda hit: ids.index(hit.paper.paper_id)))
    return _first(cited, found), cited


def _first(hits: Sequence[PaperHit], found: Retrieval) -> Retrieval:
    """The ranking with these hits before the others."""
    ids = {hit.paper.paper_id for hit in hits}
    rest = [hit for hit in found.papers if hit.paper.paper_id not in ids]
    ranked = [*hits, *rest][:RANKING]
    return Retrieval(found.query, tuple(replace(h, rank=n) for n, h in enumerate(ranked, 1)))
