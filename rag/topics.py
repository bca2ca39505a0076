"""Which papers are on a topic: the gate that experts, people and lists share."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from rag.census import Census
from rag.listing import Retrieve
from rag.text import index_terms
from rag.types import Paper, PaperHit

DEPTH = 60
"""Papers asked of the retriever for one topic."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """One paper on a topic; ``relevance`` is 0-1."""

    paper: Paper
    relevance: float


def on_topic(
    topic: str,
    now: Census,
    retrieve: Retrieve,
    among: Collection[str] | None = None,
    *,
    generous: bool = False,
) -> list[OnTopic]:
    """Papers on the topic, best first; none if the library has nothing on it."""
    retrieval = retrieve(topic, DEPTH if among is None else max(DEPTH, len(now.papers)))
    hits = retrieval.papers
    if not hits:
        return []
    top = hits[0].score
    found = []
    for hit in hits:
        cover = coverage(topic, hit.paper, now)
        relevance = cover * (hit.score / top if top > 0 else 0.0)
        if cover >= (0.45 if generous else 0.6) and relevance >= (0.1 if generous else 0.35):
            found.append(OnTopic(hit.paper, relevance))
    found.sort(key=lambda f: (-f.relevance, f.paper.paper_id))
    return [f for f in found if among is None or f.paper.paper_id in among]


def nearest(topic: str, now: Census, retrieve: Retrieve, k: int = 3) -> list[PaperHit]:
    return list(retrieve(topic, k).papers)


def coverage(topic: str, paper: Paper, now: Census) -> float:
    """Share of the topic's words, by rarity, that stand in the paper."""
    wanted = dict.fromkeys(index_terms(topic))
    n = len(now.papers)
    weights = {t: math.log(1 + n / (1 + now.term_counts[t])) for t in wanted}
    total = sum(weights.values())
    held = now.terms_of(paper)
    return sum(w for t, w in weights.items() if t in held) / total if total else 0.0
