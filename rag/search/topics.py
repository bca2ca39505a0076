"""Decides which papers are on a topic, for experts, people and lists alike.

The retriever's signals are on fixed scales, so a threshold separates papers about a topic from those
that are merely nearest to it. The thresholds were chosen on the development questions for experts and
on forty topics that no seed document is about; see eval/LOG.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from rag.library.search_forms import WORD
from rag.library.view import LibraryView
from rag.search.topic_forms import list_forms
from rag.search.topic_members import (
    LEAST_CLOSE,
    LEAST_MEMBER,
    LEAST_SHARE,
    compute_member_signals,
    rate_member,
)
from rag.text import STOP_WORDS, extract_terms, fold, split_terms, stem
from rag.types import Condition, Paper, PaperHit, Retrieval, Span
from rag.types.cancellation import heeded
from rag.types.retrievals import Retrieve

DEPTH = 60
"""Papers retrieved to find people on a topic."""
WIDE = 200
"""Papers retrieved to find all papers of a person, or all that meet a condition."""

_WEIGHTS: Mapping[str, float] = {"late": 0.33, "local": 0.33, "dense": 0.8, "lexical": 0.16}
"""The embedding of the whole text weighs more than for a question about a detail."""


@dataclass(frozen=True, slots=True)
class RelevanceLevels:
    """Thresholds of relevance.

    Attributes:
        present: Least score of the best paper, or the topic counts as absent; for topics of up to
            two words, of three, and of more, which leave more room for other wordings.
        share: Share of the best score below which a paper is not on the topic.
        unrelated: Score that papers about something else reach.
    """

    present: tuple[float, float, float]
    share: float
    unrelated: float

    def compute_floor(self, topic: str) -> float:
        """The level that the best paper must reach for this topic to be present."""
        n_words = len(set(extract_terms(topic)))
        return self.present[min(max(n_words, 2), 4) - 2]


TOKENS = RelevanceLevels(present=(0.53, 0.51, 0.5), share=0.77, unrelated=0.3)
PLAIN = RelevanceLevels(present=(0.42, 0.4, 0.38), share=0.72, unrelated=0.15)
"""Thresholds for embedders without token vectors."""

_STEEPNESS = 6
"""Exponent with which relevance grows with the score; results are alike from 4 to 8 on both sets of
expert questions."""
_ABOVE_UNRELATED = 0.05
_NEAR_SHARE = 0.85
"""Share of a threshold that suffices if there are only a few papers to choose from."""
_WORDED = 0.6
"""Share of the topic's words, weighted by idf, that a paper must contain to touch it."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """One paper on a topic; ``relevance`` is 0-1, 1 for the best; ``span`` its closest sentence.

    ``chance``: the probability with which it is on the topic.
    """

    paper: Paper
    relevance: float
    span: Span | None = None
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """One of any number of papers on a topic; as `OnTopic`, by the paper's id."""

    paper_id: str
    relevance: float
    span: Span | None = None


def build_cached_retrieve(retrieve: Retrieve) -> Retrieve:
    """The same search, but fewer papers for a query already asked are the best of those found."""
    cache: dict[str, Retrieval] = {}

    def retrieve_cached(query: str, k: int) -> Retrieval:
        retrieval = cache.get(query)
        if retrieval is None or len(retrieval.papers) < k:
            retrieval = cache[query] = retrieve(query, k)
        return replace(retrieval, papers=retrieval.papers[:k])

    return retrieve_cached


def build_retrieve_without(retrieve: Retrieve, paper_id: str) -> Retrieve:
    """The same search as if one paper were not there: what is like it, not itself."""

    def retrieve_without(query: str, k: int) -> Retrieval:
        retrieval = retrieve(query, k + 1)
        rest = [hit for hit in retrieval.papers if hit.paper.paper_id != paper_id][:k]
        return replace(retrieval, papers=tuple(replace(h, rank=n) for n, h in enumerate(rest, 1)))

    return retrieve_without


_MIN_SLIP_CHARS = 6
"""In shorter words a misspelling cannot be told from a word that the library does not have."""


def resolve_spelling(topic: str, library: LibraryView) -> str:
    """The topic with each unknown word replaced by a known one at one letter's distance.

    The topic itself where there is no such word, or none that it can be a slip of. Of several the one
    in most papers is taken, equal ones in order of the alphabet.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    corrected_topic = topic
    vocabulary = library.vocabulary
    for word in dict.fromkeys(re.findall(rf"[^\W\d_]{{{_MIN_SLIP_CHARS},}}", topic.lower())):
        if word in vocabulary.any:
            continue
        begun = vocabulary.list_beginning("lower", word[0])
        similar_words = process.extract(word, begun, scorer=OSA.distance, score_cutoff=1, limit=20)
        candidates = [str(w) for w, _, _ in similar_words if len(w) >= _MIN_SLIP_CHARS]
        if candidates:
            best = max(sorted(candidates), key=lambda w: vocabulary.terms.get(stem(w)))
            corrected_topic = re.sub(rf"\b{word}\b", best, corrected_topic, flags=re.IGNORECASE)
    return corrected_topic


def split_alternatives(topic: str) -> list[str]:
    """The sides of a topic that names several: ``vehicle or person re-identification``, ``hail; frost``,
    ``competitions/challenges``.

    A side shorter than the last one has the last one's last word in common with it; what stands around a
    stroke belongs to both.
    """
    if stroke := _STROKE.fullmatch(topic):
        return [f"{stroke[1]}{word}{stroke[4]}" for word in stroke.group(2, 3)]
    # "deepfake / face forgery": each side is whole
    if len(apart := re.split(r"\s+/\s+", topic)) > 1 and len(topic.split()) <= _MOST_WORDS:
        return [side.strip() for side in apart if side.strip()] or [topic]
    sides = [side for part in _OR.split(topic) for side in part.split(",") if side.strip()]
    is_short = len(topic.split()) <= _MOST_WORDS  # a title ("… or not to …") has no sides
    if not _OR.search(topic) or len(sides) < 2 or not is_short:
        return [topic]
    last = sides[-1].split()
    return [
        f"{side.strip()} {last[-1]}" if len(side.split()) < len(last) else side.strip()
        for side in sides
    ]


_OR = re.compile(r",?\s+(?:and/)?or\s+|\s*;\s*", re.IGNORECASE)
_STROKE = re.compile(r"((?:[^/]*\s)?)([^\W\d_]{4,})/([^\W\d_]{4,})((?:\s[^/]*)?)")
_MOST_WORDS = 9


def find_on_topic(
    topic: str,
    library: LibraryView,
    retrieve: Retrieve,
    among: Sequence[Condition] | None = None,
) -> list[OnTopic]:
    """Papers on the topic, best first, equal ones by id; none if there is nothing on it.

    Args:
        topic: A few words.
        library: The library.
        retrieve: Finds papers for the topic.
        among: What the papers that count meet; the topic may still be present through others.
    """
    rated = _rate_near(topic, list_forms(topic, library), library, retrieve, among)
    return [paper for paper in rated if paper.chance >= LEAST_MEMBER]


def _rate_near(
    topic: str,
    forms: Sequence[str],
    library: LibraryView,
    retrieve: Retrieve,
    among: Sequence[Condition] | None,
) -> list[OnTopic]:
    """Papers that may be on a topic that is present, the nearest first; ``forms``: its wordings."""
    if len(sides := split_alternatives(topic)) > 1:
        each = [
            on
            for side in sides
            for on in _rate_near(side, list_forms(side, library), library, retrieve, among)
        ]
        best_last = sorted(each, key=lambda on: (on.chance >= LEAST_MEMBER, on.relevance))
        return _list_best_first({on.paper.paper_id: on for on in best_last}.values())
    hits, gate = _retrieve_hits(topic, retrieve, DEPTH if among is None else WIDE)
    best = max((compute_level(hit) for hit in hits.values()), default=0.0)
    if best < gate.compute_floor(topic):
        return []
    chances = _compute_chances(topic, forms, hits, gate, library)
    in_scope = library.select_ids(chances, among or ()) if among or library.scope else chances
    return _list_best_first(
        OnTopic(
            hit.paper,
            _compute_relevance(compute_level(hit), best),
            _find_closest_sentence(hit),
            chances[paper_id],
        )
        for paper_id, hit in hits.items()
        if paper_id in in_scope and not has_other_prefix_only(topic, hit.paper)
    )


def _compute_chances(
    topic: str,
    forms: Sequence[str],
    hits: Mapping[str, PaperHit],
    gate: RelevanceLevels,
    library: LibraryView,
) -> dict[str, float]:
    """The probability of the papers near a topic that is present to be on it; of the best one it is 1."""
    levels = {i: compute_level(hit) for i, hit in hits.items()}
    best = max(levels.values())
    if gate is not TOKENS:
        least = max(gate.share * best, gate.unrelated + _ABOVE_UNRELATED)
        return {i: 1.0 for i, level in levels.items() if level >= least}
    rated = {
        i: 1.0 if levels[i] == best else rate_member(row)
        for i, row in _compute_signals(topic, forms, hits, library).items()
    }
    return {i: chance for i, chance in rated.items() if chance >= LEAST_CLOSE}


def _compute_signals(
    topic: str, forms: Sequence[str], hits: Mapping[str, PaperHit], library: LibraryView
) -> dict[str, dict[str, float]]:
    """What tells whether a paper is on a topic, of those that come near enough."""
    levels = {i: compute_level(hit) for i, hit in hits.items()}
    least = LEAST_SHARE * max(levels.values(), default=0.0)
    near = [i for i, level in levels.items() if level >= least > 0]
    phrases = [phrase for form in forms if not (phrase := Phrase(form)).is_empty]
    titles = [hits[i].paper.title or "" for i in near]
    return dict(
        zip(
            near,
            compute_member_signals(
                [hits[i].paper for i in near],
                [levels[i] for i in near],
                [*levels.values()][:DEPTH],
                _compute_idf(topic, library),
                [any(phrase.is_in(title, "") for phrase in phrases) for title in titles],
            ),
            strict=True,
        )
    )


def compute_signals_of_topic(
    topic: str, library: LibraryView, retrieve: Retrieve
) -> dict[str, dict[str, float]]:
    """What `rag.search.topic_members` decides from, of each paper near a topic by its id."""
    hits, _ = _retrieve_hits(topic, retrieve, DEPTH)
    return _compute_signals(topic, list_forms(topic, library), hits, library)


_MOST_NEAR = 3
_MOST_CLOSE = 5


def find_nearest(
    topic: str, library: LibraryView, retrieve: Retrieve, among: Sequence[Condition] = ()
) -> list[OnTopic]:
    """The few papers that meet conditions and are nearest to a topic that none of them is on.

    None where they are as far from it as any paper, as all are from a topic that is foreign to the library.
    """
    hits, gate = _retrieve_hits(topic, retrieve, WIDE)
    levels = {i: compute_level(hit) for i, hit in hits.items()}
    least = gate.unrelated + _ABOVE_UNRELATED
    met = library.select_ids([i for i, level in levels.items() if level >= least], among)
    best = max((levels[i] for i in met), default=0.0)
    near = [
        OnTopic(hits[i].paper, _compute_relevance(levels[i], best))
        for i in met
        if levels[i] >= gate.share * best
    ]
    return _list_best_first(near)[:_MOST_NEAR]


@dataclass(frozen=True, slots=True)
class TopicList:
    """The papers on a topic: those that say it in its words, then those near in meaning, each group best first.

    ``n_said``: how many hold the topic's words; these are there however far off the retriever puts them.
    ``close``: papers of which it is open whether they are on it, the likeliest first.
    """

    entries: Sequence[TopicEntry] = ()
    n_said: int = 0
    close: Sequence[OnTopic] = ()


def list_on_topic(
    topic: str, library: LibraryView, retrieve: Retrieve, among: Sequence[Condition] = ()
) -> TopicList:
    """The papers that meet conditions on a topic."""
    if len(sides := split_alternatives(topic)) > 1:
        each = [list_on_topic(side, library, retrieve, among) for side in sides]
        by_words = {e.paper_id: e for one in each for e in reversed(one.entries[: one.n_said])}
        by_meaning = {e.paper_id: e for one in each for e in one.entries[one.n_said :]}
        near = [e for i, e in by_meaning.items() if i not in by_words]
        said = sorted(by_words.values(), key=_get_closeness)
        told = by_words.keys() | by_meaning.keys()
        entries = [*said, *sorted(near, key=_get_closeness)]
        return TopicList(
            entries, len(said), _list_close([on for one in each for on in one.close], told)
        )
    forms = list_forms(topic, library)
    rated = _rate_near(topic, forms, library, retrieve, among)
    neighbours = {
        on.paper.paper_id: TopicEntry(on.paper.paper_id, on.relevance, on.span)
        for on in rated
        if on.chance >= LEAST_MEMBER
    }
    saying = {
        paper_id: neighbours.get(paper_id, TopicEntry(paper_id, 0.0))
        for form in forms
        for paper_id in _find_saying(Phrase(form), library, among, neighbours)
    }
    others = [entry for paper_id, entry in neighbours.items() if paper_id not in saying]
    stated = sorted(saying.values(), key=_get_closeness)
    if stated and len(forms) == 1 and Phrase(topic).is_name:
        return TopicList(stated, len(stated))
    close = _list_close(rated, neighbours.keys() | saying.keys())
    return TopicList([*stated, *sorted(others, key=_get_closeness)], len(stated), close)


def _list_close(rated: Iterable[OnTopic], told: Collection[str]) -> list[OnTopic]:
    """The likeliest of those that are not told."""
    close = [on for on in rated if on.paper.paper_id not in told]
    return sorted(close, key=lambda on: (-on.chance, on.paper.paper_id))[:_MOST_CLOSE]


def _find_saying(
    phrase: Phrase,
    library: LibraryView,
    among: Sequence[Condition],
    neighbours: Collection[str],
) -> list[str]:
    """Ids of the papers that say a topic in these words; those near it may say it anywhere."""
    if phrase.is_empty:
        return []
    in_text = neighbours if phrase.is_in_titles else None
    texts = library.iter_texts(among, phrase.list_parts(), in_text=in_text)
    return [
        paper_id
        for paper_id, title, text in heeded(texts)
        if (phrase.is_in if paper_id in neighbours else phrase.is_topic_of)(title or "", text)
    ]


def _get_closeness(entry: TopicEntry) -> tuple[float, str]:
    return -entry.relevance, entry.paper_id


def select_touching(
    topic: str, library: LibraryView, retrieve: Retrieve, among: Sequence[Condition]
) -> list[OnTopic]:
    """Which of a few papers, such as one person's, have to do with a topic, best first.

    More generous than `find_on_topic`: words of the topic in the paper suffice, and so does being near
    the best of these papers, if that one is near the topic.
    """
    hits, gate = _retrieve_hits(topic, retrieve, WIDE)
    levels = {paper_id: compute_level(hit) for paper_id, hit in hits.items()}
    papers = library.find_papers(among)
    best = max(levels.values(), default=0.0)
    here = max((levels[p.paper_id] for p in papers if p.paper_id in levels), default=0.0)
    is_near = here >= _NEAR_SHARE * gate.compute_floor(topic)
    least = _NEAR_SHARE * here if is_near else gate.share * best
    least = min(least, gate.share * best) if best >= gate.compute_floor(topic) else least
    touching_papers = []
    for paper in papers:
        if has_other_prefix_only(topic, paper):
            continue
        value = levels.get(paper.paper_id, 0.0)
        worded = compute_coverage(topic, paper, library)
        if worded >= _WORDED or (is_near and value >= max(least, gate.unrelated)):
            hit = hits.get(paper.paper_id)
            span = _find_closest_sentence(hit) if hit else None
            touching_papers.append(
                OnTopic(paper, max(_compute_relevance(value, best), worded**_STEEPNESS), span)
            )
    return _list_best_first(touching_papers)


def _retrieve_hits(
    topic: str, retrieve: Retrieve, k: int
) -> tuple[dict[str, PaperHit], RelevanceLevels]:
    hits = retrieve(topic, k).papers
    gate = TOKENS if hits and "late" in hits[0].signals else PLAIN
    return {hit.paper.paper_id: hit for hit in hits}, gate


def _find_closest_sentence(hit: PaperHit) -> Span | None:
    """The sentence nearest to the query; the first of equals."""
    best = max(hit.sentences, key=lambda s: (s.score, -s.span[0]), default=None)
    return best.span if best else None


def _list_best_first(topic_papers: Iterable[OnTopic]) -> list[OnTopic]:
    return sorted(topic_papers, key=lambda f: (-f.relevance, f.paper.paper_id))


def _compute_relevance(value: float, best: float) -> float:
    """1 for the best; steep, so that a few close papers outweigh more that are further off."""
    return float((max(value, 0.0) / best) ** _STEEPNESS) if best > 0 else 0.0


def compute_level(hit: PaperHit) -> float:
    """The hit's signals as one figure, comparable between topics."""
    weights = {name: w for name, w in _WEIGHTS.items() if name in hit.signals}
    if not weights:
        return hit.score
    total = sum(weights.values())
    return sum(w * hit.signals[name] for name, w in weights.items()) / total


def compute_coverage(topic: str, paper: Paper, library: LibraryView) -> float:
    """Share of the topic's words, weighted by idf, that the paper contains."""
    weights = _compute_idf(topic, library)
    total = sum(weights.values())
    paper_terms = frozenset(split_terms(f"{paper.title or ''} . {paper.text}"))
    return sum(w for t, w in weights.items() if t in paper_terms) / total if total else 0.0


def _compute_idf(topic: str, library: LibraryView) -> dict[str, float]:
    """The topic's terms with their idf in the whole library."""
    wanted = dict.fromkeys(split_terms(topic))
    n, terms = library.whole.n_papers, library.vocabulary.terms
    terms.load(wanted)
    return {t: math.log(1 + n / (1 + terms.get(t))) for t in wanted}


# --- in the topic's own words ---------------------------------------------------------------

_UNIT_WORDS = re.compile(r"[^\W_]+(?:[-‐-–'’^][^\W_]+)*")
_CLAUSE = re.compile(r"[.,;:!?()\[\]](?<![.,;:!?()\[\]]{2})[.,;:!?()\[\]]*+(?:\s|$)")
"""Here and in `Phrase._marked_start` a look behind comes after the first sign: before it, it is tried at every character."""
_HYPHEN = re.compile(r"[-‐-–]")
_MARKS_IN_WORDS = re.compile(r"['’^]")


def _has_marks(text: str) -> bool:
    return "'" in text or "’" in text or "^" in text


_SHORT_STEM_CHARS = 3
_PREFIX_CHARS = 4
"""A longer first part of a compound is a word of its own."""
_PREFIX = re.compile(rf"(?<![^\W_])([^\W\d_]{{2,{_PREFIX_CHARS}}})[-‐-–](?=\w)")


@cache
def _load_dull_stems() -> frozenset[str]:
    return frozenset(map(stem, STOP_WORDS))


class Phrase:
    """Searches titles and texts for a topic's words in order: stemmed, with or without hyphens.

    One other word may come between two of them. A word in capitals (``CLIP``) must match as typed.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        prefixes = "|".join(re.escape(p) for p in dict.fromkeys(_PREFIX.findall(fold(topic))))
        self._joins = re.compile(rf"({prefixes})[-‐-–\s](?=\w)") if prefixes else None
        self._wanted: list[tuple[str, int]] = []
        gap = 0
        for word in self._list_stems(topic):
            if word in _load_dull_stems():
                gap += 1
            else:
                self._wanted.append((word, max(gap, 1)))
                gap = 0
        units = [u for u in _UNIT_WORDS.findall(topic) if u.lower() not in STOP_WORDS]
        self._exact = units[0] if len(units) == 1 and _is_acronym(units[0]) else ""
        self._gate = self._build_gate()
        self._known: dict[str, bool] = {}
        self._plain = self._list_plain()

    @property
    def is_empty(self) -> bool:
        """Whether it has no word by which a paper could be told: such is in none."""
        return not self._wanted and not self._exact

    def list_parts(self) -> list[tuple[str, ...]]:
        """What the searched text of every paper that contains the phrase has one of each of.

        Stems end otherwise than their words at most in their last letter, but for some short ones.
        A prefix may be written apart or not, so the word behind it begins with it or without.
        """
        if self._exact:
            return [(WORD + re.split(r"[\W_]", fold(self._exact))[0],)]
        prefixes = set(_PREFIX.findall(fold(self._topic)))
        parts: list[tuple[str, ...]] = []
        begins = [""]
        for word in re.findall(r"[^\W_]+", fold(self._topic)):
            if word in prefixes:
                begins = ["", *(begin + word for begin in begins)]
                continue
            if stem(word) not in _load_dull_stems() and len(word) > 1:
                parts.append(tuple(WORD + begin + _cut_stem(stem(word)) for begin in begins))
            begins = [""]
        return parts

    def is_in(self, title: str, text: str) -> bool:
        """Whether the title or the text contains the phrase."""
        return (
            self._is_plainly_in(title)
            or self._is_plainly_in(text)
            or self._is_in_text(title)
            or self._is_in_text(text)
        )

    def _is_plainly_in(self, text: str) -> bool:
        """Whether a text says it in so many words, as most do of which a list on a topic is: nothing is to be stemmed."""
        return bool(self._plain) and any(map(text.lower().__contains__, self._plain))

    def _list_plain(self) -> tuple[str, ...]:
        """The topic's words between spaces, the last with and without its s; none where more than words decides."""
        words, stems = self._topic.lower().split(), [word for word, _ in self._wanted]
        are_plain = all(word.isascii() and word.isalpha() for word in words)
        if self._exact or self._joins or not are_plain or list(map(stem, words)) != stems:
            return ()
        *before, last = words or [""]
        ends = {last, f"{last}s", last.removesuffix("s")}
        return tuple(
            f" {' '.join([*before, end])} " for end in sorted(ends) if [stem(end)] == stems[-1:]
        )

    @property
    def is_name(self) -> bool:
        """Whether it is one coined name, such as a data set's: what is near ``ImageNet`` has not got it.

        What is near an acronym may be the same in full.
        """
        return bool(self._exact) and not self._exact.isupper()

    @property
    def is_in_titles(self) -> bool:
        """Whether papers about it have it in their titles: one plain word is in many texts."""
        return len(self._wanted) == 1 and not self._exact

    def is_topic_of(self, title: str, text: str) -> bool:
        """Whether the paper is about the phrase."""
        if self.is_in_titles:
            return self._is_in_text(title)
        return self.is_in(title, text)

    def _is_in_text(self, text: str) -> bool:
        if self._exact:
            # ImageNet100 is of ImageNet
            pattern = rf"(?<![^\W_]){re.escape(self._exact)}s?(?![^\W\d_])"
            return re.search(pattern, text) is not None
        text = fold(self._join_prefixes(text))
        if self._gate is None:
            return any(map(self._is_in_stems, map(self._list_stems, _CLAUSE.split(text))))
        # Only what is like it is stemmed: to split, search and stem all clauses took most of a long
        # list's time.
        parts = self._iter_marked if _has_marks(text) else self._iter_plain
        return any(map(self._is_begun, parts(self._gate, text)))

    def _is_begun(self, part: str) -> bool:
        """Whether a part of a text begins with the phrase; thousands of papers say it in the same few words."""
        known = self._known.get(part)
        if known is None:
            known = self._known[part] = self._begins(self._list_stems(part))
        return known

    def _iter_plain(self, gate: re.Pattern[str], folded: str) -> Iterator[str]:
        """What may be the phrase, as far as it is of one clause."""
        beginning = _cut_stem(self._wanted[0][0])
        at = folded.find(beginning)
        while at >= 0:
            begins_word = at == 0 or not folded[at - 1].isalnum()
            if begins_word and (like := gate.match(folded, at)):
                end = _CLAUSE.search(folded, at, like.end())
                yield folded[at : end.start() if end else like.end()]
            at = folded.find(beginning, at + 1)

    def _iter_marked(self, gate: re.Pattern[str], folded: str) -> Iterator[str]:
        """The same of a text with marks, which do not count within a word; up to the end of the clause."""
        for start in self._marked_start.finditer(folded):
            end = _CLAUSE.search(folded, start.start())
            part = folded[start.start() : end.start() if end else None]
            if gate.match(_MARKS_IN_WORDS.sub("", part)):
                yield part

    @cached_property
    def _marked_start(self) -> re.Pattern[str]:
        first, *rest = map(re.escape, _cut_stem(self._wanted[0][0]))
        letters = "".join(f"['’^]*{letter}" for letter in rest)
        return re.compile(rf"{first}(?<![^\W_]{first})(?<![^\W_]['’^]{first}){letters}")

    def _build_gate(self) -> re.Pattern[str] | None:
        """Matches what may be the phrase, and little else, as stemming takes long; nothing longer may be it."""
        stems = [word for word, _ in self._wanted]
        if self._exact or not stems or not all(word.isascii() for word in stems):
            return None  # words that no spaces part
        begun = [re.escape(_cut_stem(word)) + r"[^\W_]*" for word in stems]
        between = [
            rf"[\W_]+(?:[^\W_]+[\W_]+){{0,{3 * gap + 2}}}" for _, gap in self._wanted[1:]
        ]  # a number may be several words here
        rest = (gap + word for gap, word in zip(between, begun[1:], strict=True))
        return re.compile(f"{''.join(begun[:1])}{''.join(rest)}")

    def _join_prefixes(self, text: str) -> str:
        """A prefix that the topic has is one with the word after it."""
        return self._joins.sub(_join_if_first, fold(text)) if self._joins else text

    def _list_stems(self, text: str) -> list[str]:
        return extract_terms(self._join_prefixes(text), keep_stop_words=True)

    def _is_in_stems(self, text_stems: Sequence[str]) -> bool:
        return any(self._begins(text_stems, start) for start in range(len(text_stems)))

    def _begins(self, text_stems: Sequence[str], at: int = 0) -> bool:
        """Whether the phrase begins at this word."""
        if not self._wanted or text_stems[at : at + 1] != [self._wanted[0][0]]:
            return False
        for word, gap in self._wanted[1:]:
            after = text_stems[at + 1 : at + 2 + gap]
            if word not in after:
                return False
            at += 1 + after.index(word)
        return True


def _join_if_first(prefix: re.Match[str]) -> str:
    """A prefix without its hyphen, if a word begins with it: to look for that first took most of the time."""
    at = prefix.start()
    return prefix.group() if prefix.string[at - 1 : at].isalnum() else prefix.group(1)


def _cut_stem(word: str) -> str:
    """What every word with this stem begins with."""
    return word[:-1] if len(word) > _SHORT_STEM_CHARS else word[:1]


def _is_acronym(word: str) -> bool:
    return sum(c.isupper() for c in word) > 1


def has_other_prefix_only(topic: str, paper: Paper) -> bool:
    """Whether the paper has a compound of the topic only with another prefix.

    ``de-identification`` is not ``re-identification``. A paper that has neither is not judged.
    """
    compounds = [u for u in _UNIT_WORDS.findall(fold(topic)) if _HYPHEN.search(u)]
    if not compounds:
        return False
    text = fold(f"{paper.title or ''} {paper.text}")
    return any(_is_prefixed_otherwise(_HYPHEN.split(c, maxsplit=1), text) for c in compounds)


def _is_prefixed_otherwise(parts: Sequence[str], text: str) -> bool:
    prefix, base = parts[0], stem(parts[-1])
    if len(prefix) > _PREFIX_CHARS:
        return False
    own_pattern = rf"(?<![^\W_]){re.escape(prefix)}[-‐-–\s]?{re.escape(base)}"
    other_pattern = rf"(?<![^\W_])[^\W\d_]{{2,{_PREFIX_CHARS}}}[-‐-–]{re.escape(base)}"
    return re.search(own_pattern, text) is None and re.search(other_pattern, text) is not None
