"""The learned heads: what a question asks for, which of its words are what, how it hangs together with
the conversation. Small networks on the embedded model's word vectors and on word patterns; trained by
``python -m eval train reader`` from the examples beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.types.token_vectors import Encoding
from rag.understanding.frame_types import EntitySpan, Frame, Ranked, Slot, SlotKind, TurnContext
from rag.understanding.head_features import (
    Floats,
    WordSpan,
    list_negation_patterns,
    list_question_patterns,
    list_turn_patterns,
    list_word_patterns,
    pool_question,
    pool_words,
    split_words,
)
from rag.understanding.head_weights import Network, TagChain, unpack_network

WEIGHTS = Path(__file__).parent / "heads.npz"
WORDS_ONLY_WEIGHTS = Path(__file__).parent / "heads-words.npz"
"""For a question without word vectors: when another embedder is configured and the embedded one is
not here."""
_CERTAIN = 30.0
"""Added to the score of the tag that a certain look-up gives."""
_MOST_WORDS = 256
"""Words that are read; a longer message is read up to there."""
_N_EVIDENCE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """The weights of one embedder.

    Attributes:
        examples: sha256 of the examples that they were trained from.
        embedder: Whose word vectors they read; empty for word patterns alone.
        asking_words: Words that are seen as themselves; all others only by their shape.
        middle: (dim,) mean of word vectors and ``axes`` (dim, n) what they are projected on.
    """

    examples: str
    embedder: str
    tags: tuple[str, ...]
    asking_words: frozenset[str]
    middle: Floats
    axes: Floats
    tagger: Network
    chain: TagChain
    negation: Network
    question: Network
    turn: Network

    def read_frame(
        self,
        question: str,
        entities: Sequence[EntitySpan] = (),
        encoding: Encoding | None = None,
        context: TurnContext | None = None,
    ) -> Frame:
        """Take a question apart.

        Args:
            question: The last turn, as typed.
            entities: What look-ups recognise; the certain ones hold, the others are hints.
            encoding: Of the question by the embedder that these heads read; None if they read none.
            context: The turn before; None at the beginning of a conversation.
        """
        words = split_words(question)[:_MOST_WORDS]
        if not words:
            return Frame(question, (), (("aside", 1.0),), what=(("unsupported", 1.0),))
        vectors = self._project(encoding, words)
        slots, shares = self._tag(question, words, vectors, entities)
        spans = [(slot.start, slot.end, slot.kind) for slot in slots]
        patterns = list_question_patterns(question, spans)
        pooled = None if vectors is None else combine_question(vectors, words, spans, shares)
        scores = self.question.score(pooled, [patterns])
        wants = self.question.rank(scores, "want")
        frame = Frame(
            question,
            slots,
            wants,
            self.question.rank(scores, "asks_for"),
            self.question.rank(scores, "measure"),
            self.question.rank(scores, "what"),
            evidence=self._list_evidence(patterns, wants),
        )
        if context is None:
            return frame
        both = [*patterns, *list_turn_patterns(question, spans, context)]
        turn_scores = self.turn.score(combine_turn(pooled, wants, self.question), [both])
        links = self.turn.rank(turn_scores, "link")
        return replace(
            frame, links=links, wants=mix_wants(links, wants, self.turn.rank(turn_scores, "want"))
        )

    def _project(self, encoding: Encoding | None, words: Sequence[WordSpan]) -> Floats | None:
        if not self.embedder:
            return None
        if encoding is None:
            raise ValueError(f"these heads read word vectors of {self.embedder}; none were given")
        return np.asarray((pool_words(encoding, words) - self.middle) @ self.axes, np.float32)

    def _tag(
        self,
        question: str,
        words: Sequence[WordSpan],
        vectors: Floats | None,
        entities: Sequence[EntitySpan],
    ) -> tuple[tuple[Slot, ...], Floats]:
        patterns = list_word_patterns(question, words, entities, self.asking_words)
        around = None if vectors is None else add_neighbours(vectors)
        scores = self.tagger.score(around, patterns) / self.tagger.temperatures["tag"]
        for entity in entities:
            if entity.is_certain and entity.kind in self.tags:
                inside = [
                    i for i, (a, b) in enumerate(words) if a < entity.end and b > entity.start
                ]
                scores[inside, self.tags.index(entity.kind)] += _CERTAIN
        shares = self.chain.compute_marginals(scores)
        tags = self.chain.decode(scores)
        spans = join_tags([self.tags[tag] for tag in tags], words)
        slots, before = [], 0
        for start, end, kind, first, last in spans:
            share = float(min(shares[i, tags[i]] for i in range(first, last + 1)))
            signs = list_negation_patterns(question, (start, end, kind), before)
            negative = self.negation.rank(self.negation.score(None, [signs]), "negative")
            known = [e for e in entities if e.kind == kind and e.start < end and e.end > start]
            exact = next((e for e in known if (e.start, e.end) == (start, end)), None)
            slots.append(
                Slot(
                    start, end, kind, question[start:end], negative[0][0] == "yes",
                    1.0 if exact and exact.is_certain else share, exact.value if exact else None,
                )
            )  # fmt: skip
            before = end
        return tuple(slots), shares

    def _list_evidence(self, patterns: Sequence[str], wants: Ranked) -> tuple[str, ...]:
        """The patterns that speak most for the first want against the second."""
        labels = self.question.classes["want"]
        first, second = (labels.index(label) for label, _ in wants[:2])
        weights = self.question.select_head(self.question.pattern_weights, "want")
        speaks = {}
        for pattern in patterns:
            rows = self.question.find_patterns([pattern])
            if len(rows):
                speaks[pattern] = float(weights[rows[0], first] - weights[rows[0], second])
        best = sorted(speaks, key=lambda pattern: (-speaks[pattern], pattern))[:_N_EVIDENCE]
        return tuple(pattern for pattern in best if speaks[pattern] > 0)


def add_neighbours(vectors: Floats) -> Floats:
    """(n, 2 dim): each word's vector between the first halves of those before and behind it."""
    half = vectors[:, : vectors.shape[1] // 2]
    none = np.zeros((1, half.shape[1]), np.float32)
    return np.hstack([np.vstack([none, half[:-1]]), vectors, np.vstack([half[1:], none])])


def combine_question(
    vectors: Floats,
    words: Sequence[WordSpan],
    spans: Sequence[tuple[int, int, str]],
    shares: Floats,
) -> Floats:
    """(1, n): the pooled word vectors, and how much of the question each tag has."""
    pooled = pool_question(vectors, words, spans)
    return np.concatenate([pooled, shares.max(0), shares.mean(0)])[None].astype(np.float32)


def combine_turn(pooled: Floats | None, wants: Ranked, network: Network) -> Floats | None:
    """What the turn's head sees beside patterns: the question's vectors, and its wants by itself."""
    if pooled is None:
        return None
    shares = dict(wants)
    own = np.array([[shares[label] for label in network.classes["want"]]], np.float32)
    return np.hstack([pooled, own])


def mix_wants(links: Ranked, alone: Ranked, in_context: Ranked) -> Ranked:
    """The wants of a turn: by itself so far as it is new, else in its context."""
    new = dict(links).get("new", 0.0)
    shares = {label: new * share for label, share in alone}
    for label, share in in_context:
        shares[label] = shares.get(label, 0.0) + (1 - new) * share
    return tuple(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def join_tags(
    tags: Sequence[str], words: Sequence[WordSpan]
) -> list[tuple[int, int, SlotKind, int, int]]:
    """Runs of one tag: start and end in the text, kind, first and last word."""
    spans: list[tuple[int, int, SlotKind, int, int]] = []
    for at, tag in enumerate(tags):
        if not tag:
            continue
        kind: SlotKind = tag  # type: ignore[assignment]
        if spans and spans[-1][2] == kind and spans[-1][4] == at - 1:
            spans[-1] = (spans[-1][0], words[at][1], kind, spans[-1][3], at)
        else:
            spans.append((words[at][0], words[at][1], kind, at, at))
    return spans


def load_heads(path: Path = WEIGHTS) -> Heads:
    """The heads of a file, once a process."""
    return _load_heads(
        path
    )  # a cache tells a default from the same value given: all was read twice


@lru_cache(maxsize=2)
def _load_heads(path: Path) -> Heads:
    with np.load(path, allow_pickle=False) as file:
        arrays: dict[str, NDArray[np.generic]] = {name: file[name] for name in file.files}
    about = json.loads(bytes(np.asarray(arrays["about"], np.uint8)).decode("utf-8"))

    def get(name: str) -> Network:
        classes = {head: tuple(labels) for head, labels in about["classes"][name].items()}
        return unpack_network(name, arrays, classes, about["temperatures"][name])

    def get_floats(name: str) -> Floats:
        return np.asarray(arrays[name]).astype(np.float32)

    return Heads(
        about["examples"],
        about["embedder"],
        tuple(about["tags"]),
        frozenset(about["asking_words"]),
        get_floats("middle"),
        get_floats("axes"),
        get("tagger"),
        TagChain(*(get_floats(f"chain.{name}") for name in ("start", "steps", "end"))),
        get("negation"),
        get("question"),
        get("turn"),
    )
