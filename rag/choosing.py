"""Which papers an answer about content quotes, in what order, and whether they suffice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.answering import abstaining, comparing, extractive
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
    """The ranking, the papers that are quoted, and whether they suffice."""

    retrieval: Retrieval
    cited: tuple[PaperHit, ...]
    verdict: Sufficiency


def choose(intent: Intent, find: Find, retrieve: Retrieve) -> Choice:
    """What a content question is answered from: the papers in focus, both sides, or the best."""
    held = intent.parts.get("focus")
    focus = held if isinstance(held, tuple) else ()
    found = find(intent.query, RANKING)
    if focus:
        found = _first(retrieve(intent.query, len(focus), within=focus).papers, found)
        n = min(len(focus), extractive.MAX_PAPERS) if intent.parts.get("several") else 1
        cited = found.papers[:n]
        return Choice(found, cited, _judged_in_focus(intent, cited, retrieve))
    if compared := _compared(intent, found, find, retrieve):
        found, cited = compared
    else:
        cited = extractive.cited_papers(intent.query, found)
    return Choice(found, cited, abstaining.judge(found, cited))


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
