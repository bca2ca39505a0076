"""Which papers are on a topic: the gate that experts, people and lists share.

The retriever's signals are on fixed scales, so one level tells apart what is about a topic and what
is merely nearest to it. The levels were chosen on the development questions for experts and on forty
topics of which the seed documents hold nothing; see eval/LOG.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rag.census import Census
from rag.listing import Retrieve
from rag.text import index_terms
from rag.types import Paper, PaperHit

DEPTH = 200
"""Papers asked of the retriever for one topic, at most."""

_WEIGHTS: Mapping[str, float] = {"late": 0.33, "local": 0.33, "dense": 0.8, "lexical": 0.16}
"""More on the meaning of the whole than for a question about a detail."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Levels of relevance.

    Attributes:
        present: The best paper's, below which the topic counts as absent.
        share: Of the best paper's, below which a paper is not on the topic.
        unrelated: What papers about something else reach.
    """

    present: float
    share: float
    unrelated: float


TOKENS = Gate(present=0.5, share=0.74, unrelated=0.3)
PLAIN = Gate(present=0.44, share=0.7, unrelated=0.15)
"""For embedders that give no token vectors."""

_GENEROUS = 0.55
"""Share that suffices where the papers are few already, such as one person's."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """One paper on a topic; ``relevance`` is 0-1, 1 for the best."""

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
    """Papers on the topic, best first, equal ones by id; none if there is nothing on it.

    Args:
        topic: A few words.
        now: The library.
        retrieve: Finds papers for the topic.
        among: Ids of the papers that count; the topic may still be present through others.
        generous: Keep what is near the topic too.
    """
    hits = retrieve(topic, DEPTH).papers
    if not hits:
        return []
    levels = [(hit.paper, level(hit)) for hit in hits]
    gate = TOKENS if "late" in hits[0].signals else PLAIN
    best = max(value for _, value in levels)
    if best < gate.present * (0.9 if generous else 1.0):
        return []
    least = (_GENEROUS if generous else gate.share) * best
    kept = [
        OnTopic(paper, ((value - gate.unrelated) / (best - gate.unrelated)) ** 2)
        for paper, value in levels
        if value >= max(least, gate.unrelated + 0.05)
    ]
    kept.sort(key=lambda f: (-f.relevance, f.paper.paper_id))
    return [f for f in kept if among is None or f.paper.paper_id in among]


def level(hit: PaperHit) -> float:
    """The hit's signals as one figure, comparable between topics."""
    weights = {name: w for name, w in _WEIGHTS.items() if name in hit.signals}
    if not weights:
        return hit.score
    total = sum(weights.values())
    return sum(w * hit.signals[name] for name, w in weights.items()) / total


def nearest(topic: str, now: Census, retrieve: Retrieve, k: int = 3) -> list[PaperHit]:
    """The papers nearest to a topic, on it or not."""
    return list(retrieve(topic, k).papers)


def coverage(topic: str, paper: Paper, now: Census) -> float:
    """Share of the topic's words, by rarity, that stand in the paper."""
    wanted = dict.fromkeys(index_terms(topic))
    n = len(now.papers)
    weights = {t: math.log(1 + n / (1 + now.term_counts[t])) for t in wanted}
    total = sum(weights.values())
    held = now.terms_of(paper)
    return sum(w for t, w in weights.items() if t in held) / total if total else 0.0
