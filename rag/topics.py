"""Which papers are on a topic: the gate that experts, people and lists share.

The retriever's signals are on fixed scales, so one level tells apart what is about a topic and what
is merely nearest to it. The levels were chosen on the development questions for experts and on forty
topics of which the seed documents hold nothing; see eval/LOG.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.census import Census
from rag.listing import Retrieve
from rag.text import STOP_WORDS, fold, index_terms, stem, terms
from rag.types import Paper, PaperHit, Retrieval, Span

DEPTH = 60
"""Papers asked of the retriever for people on a topic."""
WIDE = 200
"""The same where all papers of somebody, or all that meet a condition, are to be found."""

_WEIGHTS: Mapping[str, float] = {"late": 0.33, "local": 0.33, "dense": 0.8, "lexical": 0.16}
"""More on the meaning of the whole than for a question about a detail."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Levels of relevance.

    Attributes:
        present: The best paper's, below which the topic counts as absent, for topics of up to two
            words, of three, and of more: more words leave more room for other wordings.
        share: Of the best paper's, below which a paper is not on the topic.
        unrelated: What papers about something else reach.
    """

    present: tuple[float, float, float]
    share: float
    unrelated: float

    def floor(self, topic: str) -> float:
        """The level that the best paper must reach for this topic to be present."""
        n_words = len(set(terms(topic)))
        return self.present[min(max(n_words, 2), 4) - 2]


TOKENS = Gate(present=(0.53, 0.51, 0.5), share=0.77, unrelated=0.3)
PLAIN = Gate(present=(0.42, 0.4, 0.38), share=0.72, unrelated=0.15)
"""For embedders that give no token vectors."""

_STEEPNESS = 6
"""Of relevance in the level; flat between 4 and 8 on both sets of expert questions."""
_NEAR = 0.85
"""Share of a level that suffices where the papers are few already."""
_WORDED = 0.6
"""Share of the topic's words, by rarity, that make a paper touch it."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """One paper on a topic; ``relevance`` is 0-1, 1 for the best; ``span`` its closest sentence."""

    paper: Paper
    relevance: float
    span: Span | None = None


def once(retrieve: Retrieve) -> Retrieve:
    """The same search, but fewer papers for a query already asked are the best of those found."""
    held: dict[str, Retrieval] = {}

    def asked(query: str, k: int) -> Retrieval:
        found = held.get(query)
        if found is None or len(found.papers) < k:
            found = held[query] = retrieve(query, k)
        return replace(found, papers=found.papers[:k])

    return asked


def without(retrieve: Retrieve, paper_id: str) -> Retrieve:
    """The same search as if one paper were not there: what is like it, not itself."""

    def asked(query: str, k: int) -> Retrieval:
        found = retrieve(query, k + 1)
        rest = [hit for hit in found.papers if hit.paper.paper_id != paper_id][:k]
        return replace(found, papers=tuple(replace(h, rank=n) for n, h in enumerate(rest, 1)))

    return asked


_LEAST_CHARS = 6
"""Shorter words are too near to others for a slip to be told from a word that is not here."""


def respelt(topic: str, now: Census) -> str:
    """The topic with words that stand nowhere in the library as one slip away from one that does.

    The topic itself where there is no such word, or none that it can be a slip of. Of several the one
    in most papers is taken, equal ones in order of the alphabet.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    done = topic
    for word in dict.fromkeys(re.findall(rf"[^\W\d_]{{{_LEAST_CHARS},}}", topic.lower())):
        if word in now.spoken:
            continue
        near = process.extract(word, now.words, scorer=OSA.distance, score_cutoff=1, limit=20)
        held = [str(w) for w, _, _ in near if len(w) >= _LEAST_CHARS and w[0] == word[0]]
        if held:
            best = max(sorted(held), key=lambda w: now.term_counts[stem(w)])
            done = re.sub(rf"\b{word}\b", best, done, flags=re.IGNORECASE)
    return done


def on_topic(
    topic: str, now: Census, retrieve: Retrieve, among: Collection[str] | None = None
) -> list[OnTopic]:
    """Papers on the topic, best first, equal ones by id; none if there is nothing on it.

    Args:
        topic: A few words.
        now: The library.
        retrieve: Finds papers for the topic.
        among: Ids of the papers that count; the topic may still be present through others.
    """
    hits, gate = _hits(topic, retrieve, DEPTH if among is None else WIDE)
    best = max((level(hit) for hit in hits.values()), default=0.0)
    if best < gate.floor(topic):
        return []
    hits = {i: hit for i, hit in hits.items() if not only_otherwise(topic, hit.paper)}
    least = max(gate.share * best, gate.unrelated + 0.05)
    return _sorted(
        OnTopic(now.by_id[paper_id], _scaled(level(hit), best), _closest(hit))
        for paper_id, hit in hits.items()
        if level(hit) >= least and paper_id in now.by_id and (among is None or paper_id in among)
    )


def listed(
    topic: str, now: Census, retrieve: Retrieve, among: Collection[str]
) -> tuple[list[OnTopic], int]:
    """The papers of a list on a topic: those that say it in its words, then those near in meaning.

    Returns:
        The papers, each group best first, and how many of them hold the topic's words; papers that
        do are there however far off the retriever puts them.
    """
    near = {hit.paper.paper_id: hit for hit in on_topic(topic, now, retrieve, among)}
    phrase = Phrase(topic)
    found = []
    for paper_id in among:
        paper = now.by_id[paper_id]
        if phrase.stands_in(paper) if paper_id in near else phrase.tells_of(paper):
            found.append(near.pop(paper_id, OnTopic(paper, 0.0)))
    return [*_sorted(found), *_sorted(near.values())], len(found)


def touching(topic: str, now: Census, retrieve: Retrieve, among: Collection[str]) -> list[OnTopic]:
    """Which of a few papers, such as one person's, have to do with a topic, best first.

    More generous than `on_topic`: words of the topic in the paper suffice, and so does being near
    the best of these papers, if that one is near the topic.
    """
    hits, gate = _hits(topic, retrieve, WIDE)
    levels = {paper_id: level(hit) for paper_id, hit in hits.items()}
    best = max(levels.values(), default=0.0)
    here = max((v for i, v in levels.items() if i in among), default=0.0)
    near = here >= _NEAR * gate.floor(topic)
    least = _NEAR * here if near else gate.share * best
    least = min(least, gate.share * best) if best >= gate.floor(topic) else least
    kept = []
    for paper_id in among:
        paper = now.by_id[paper_id]
        if only_otherwise(topic, paper):
            continue
        value = levels.get(paper_id, 0.0)
        worded = coverage(topic, paper, now)
        if worded >= _WORDED or (near and value >= max(least, gate.unrelated)):
            span = _closest(hits[paper_id]) if paper_id in hits else None
            kept.append(OnTopic(paper, max(_scaled(value, best), worded**_STEEPNESS), span))
    return _sorted(kept)


def _hits(topic: str, retrieve: Retrieve, k: int) -> tuple[dict[str, PaperHit], Gate]:
    hits = retrieve(topic, k).papers
    gate = TOKENS if hits and "late" in hits[0].signals else PLAIN
    return {hit.paper.paper_id: hit for hit in hits}, gate


def _closest(hit: PaperHit) -> Span | None:
    """The sentence nearest to the query; the first of equals."""
    best = max(hit.sentences, key=lambda s: (s.score, -s.span[0]), default=None)
    return best.span if best else None


def _sorted(found: Iterable[OnTopic]) -> list[OnTopic]:
    return sorted(found, key=lambda f: (-f.relevance, f.paper.paper_id))


def _scaled(value: float, best: float) -> float:
    """1 for the best; steep, so that a few close papers outweigh more that are further off."""
    return float((max(value, 0.0) / best) ** _STEEPNESS) if best > 0 else 0.0


def level(hit: PaperHit) -> float:
    """The hit's signals as one figure, comparable between topics."""
    weights = {name: w for name, w in _WEIGHTS.items() if name in hit.signals}
    if not weights:
        return hit.score
    total = sum(weights.values())
    return sum(w * hit.signals[name] for name, w in weights.items()) / total


def coverage(topic: str, paper: Paper, now: Census) -> float:
    """Share of the topic's words, by rarity, that stand in the paper."""
    wanted = dict.fromkeys(index_terms(topic))
    n = len(now.papers)
    weights = {t: math.log(1 + n / (1 + now.term_counts[t])) for t in wanted}
    total = sum(weights.values())
    held = now.terms_of(paper)
    return sum(w for t, w in weights.items() if t in held) / total if total else 0.0


# --- in the topic's own words ---------------------------------------------------------------

_UNIT = re.compile(r"[^\W_]+(?:[-‐-–'’^][^\W_]+)*")
_CLAUSE = re.compile(r"(?<![.,;:!?()\[\]])[.,;:!?()\[\]]++(?:\s|$)")
_HYPHEN = re.compile(r"[-‐-–]")
_PREFIX_CHARS = 4
"""A longer first part of a compound is a word of its own."""
_PREFIX = re.compile(rf"(?<![^\W_])([^\W\d_]{{2,{_PREFIX_CHARS}}})[-‐-–](?=\w)")


class Phrase:
    """A topic's words, looked for in titles and texts: stemmed, hyphen or not, in their order.

    Between two of them one other word may stand. A word of capitals (``CLIP``) is looked for as typed.
    """

    def __init__(self, topic: str) -> None:
        prefixes = "|".join(re.escape(p) for p in dict.fromkeys(_PREFIX.findall(fold(topic))))
        self._joins = re.compile(rf"(?<![^\W_])({prefixes})[-‐-–\s](?=\w)") if prefixes else None
        self._wanted: list[tuple[str, int]] = []
        dull = set(map(stem, STOP_WORDS))
        gap = 0
        for word in self._stems(topic):
            if word in dull:
                gap += 1
            else:
                self._wanted.append((word, max(gap, 1)))
                gap = 0
        units = [u for u in _UNIT.findall(topic) if u.lower() not in STOP_WORDS]
        self._exact = units[0] if len(units) == 1 and _is_acronym(units[0]) else ""

    def stands_in(self, paper: Paper) -> bool:
        """Whether the title or the text holds the phrase."""
        return self._in(paper.title or "") or self._in(paper.text)

    def tells_of(self, paper: Paper) -> bool:
        """Whether it holds the phrase so that it is about it: one plain word must be in the title."""
        if len(self._wanted) == 1 and not self._exact:
            return self._in(paper.title or "")
        return self.stands_in(paper)

    def _in(self, text: str) -> bool:
        if self._exact:
            return re.search(rf"(?<![^\W_]){re.escape(self._exact)}s?(?![^\W_])", text) is not None
        return any(self._held(self._stems(part)) for part in _CLAUSE.split(text))

    def _stems(self, text: str) -> list[str]:
        """Every word's stem; a prefix that the topic has is one with the word after it."""
        text = self._joins.sub(r"\1", fold(text)) if self._joins else text
        return terms(text, keep_stop_words=True)

    def _held(self, said: Sequence[str]) -> bool:
        return any(self._from(said, start) for start in range(len(said)))

    def _from(self, said: Sequence[str], at: int) -> bool:
        """Whether the phrase begins at this word."""
        if not self._wanted or said[at] != self._wanted[0][0]:
            return False
        for word, gap in self._wanted[1:]:
            after = said[at + 1 : at + 2 + gap]
            if word not in after:
                return False
            at += 1 + after.index(word)
        return True


def _is_acronym(word: str) -> bool:
    return sum(c.isupper() for c in word) > 1


def only_otherwise(topic: str, paper: Paper) -> bool:
    """Whether a compound of the topic stands in the paper only with another prefix.

    ``de-identification`` is not ``re-identification``. A paper that has neither is not judged.
    """
    compounds = [u for u in _UNIT.findall(fold(topic)) if _HYPHEN.search(u)]
    if not compounds:
        return False
    text = fold(f"{paper.title or ''} {paper.text}")
    return any(_prefixed_otherwise(_HYPHEN.split(c, maxsplit=1), text) for c in compounds)


def _prefixed_otherwise(parts: Sequence[str], text: str) -> bool:
    prefix, base = parts[0], stem(parts[-1])
    if len(prefix) > _PREFIX_CHARS:
        return False
    own = rf"(?<![^\W_]){re.escape(prefix)}[-‐-–\s]?{re.escape(base)}"
    other = rf"(?<![^\W_])[^\W\d_]{{2,{_PREFIX_CHARS}}}[-‐-–]{re.escape(base)}"
    return re.search(own, text) is None and re.search(other, text) is not None
