"""The reader's examples as the heads learn from them: texts with words, tags, look-ups, vectors."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eval.train.reader_examples import Example, Turn, get_text, list_marks
from eval.train.reader_swaps import Banks, swap_turns
from rag.types.token_vectors import Encoding
from rag.understanding.frame_types import EntitySpan, SlotKind
from rag.understanding.head_features import Floats, WordSpan, mask_question, pool_words, split_words

TAGS = ("", *get_args(SlotKind))
"""Of a word: nothing, or the slot it is in."""
Encode = Callable[[Sequence[str]], Sequence[Encoding]]

_SEEN: dict[SlotKind, float] = {
    "person": 0.8,
    "paper": 0.75,
    "affiliation": 0.7,
    "venue": 0.7,
    "category": 0.8,
    "keyword": 0.3,
}
"""How often a look-up recognises what is marked: less than at run time, so that heads read on alone."""
_FALSE_ALARMS: tuple[SlotKind, ...] = ("person", "paper", "affiliation", "keyword", "keyword")
_SHARE_OF_FALSE_ALARMS = 0.05
_UNTAUGHT_KINDS: tuple[SlotKind, ...] = ("attribute", "preamble", "form")
_FRAME_WORDS = frozenset(
    "a an the of on in at by for with to from about and or not no is are was were do does did has have "
    "had can could would should what which who when where why how whom whose that this these those it "
    "its they them their there i me my we us our you your be been ? . , ! : ;".split()
)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One text of one line.

    Attributes:
        line: Number of its example; all variants of a wording share it.
        fold: The part of the cross-validation in which it is held out.
        is_original: As written; else with other entities.
        is_last: The turn that the labels are about.
    """

    text: str
    words: tuple[WordSpan, ...]
    marks: tuple[tuple[int, int, SlotKind, bool], ...]
    line: int
    fold: int
    is_original: bool
    is_last: bool
    entities: tuple[EntitySpan, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One variant of a line: the places of its turns among the items."""

    line: int
    turns: tuple[int, ...]
    is_original: bool


def assign_folds(examples: Sequence[Example], n_folds: int) -> list[int]:
    """The fold of each example; examples that differ only in their slots share one.

    By the wording alone, as all chance in here: a new line leaves the others as they were.
    """
    return [hash_text(_compute_wording(example.turns[-1])) % n_folds for example in examples]


def hash_text(text: str) -> int:
    """A number that looks drawn by chance, always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _compute_wording(turn: Turn) -> str:
    masked = mask_question(get_text(turn), [(a, b, kind) for a, b, kind, _ in list_marks(turn)])
    return " ".join(re.findall(r"\w+", masked))


def build_items(
    examples: Sequence[Example], folds: Sequence[int], banks: Sequence[Banks], n_variants: int
) -> tuple[list[Item], list[Sample]]:
    """Every line as written, every other one also with other entities, from the banks of its fold."""
    items: list[Item] = []
    samples = []
    for line, (example, fold) in enumerate(zip(examples, folds, strict=True)):
        seed = hash_text(" ".join(map(get_text, example.turns)))
        rng = random.Random(seed)
        variants = [example.turns]
        keeps = example.want == "passages"
        for _ in range(n_variants if seed % 2 == 0 else 0):
            variant = swap_turns(example.turns, banks[fold], rng, keeps_topics=keeps)
            if variant not in variants and all(get_text(turn).strip() for turn in variant):
                variants.append(variant)
        for number, variant in enumerate(variants):
            places = []
            for at, turn in enumerate(variant):
                text, marks = get_text(turn), tuple(list_marks(turn))
                words = tuple(split_words(text))
                places.append(len(items))
                items.append(
                    Item(
                        text, words, marks, line, fold, number == 0, at == len(variant) - 1,
                        tuple(_simulate_lookups(text, words, marks, rng)),
                    )
                )  # fmt: skip
            samples.append(Sample(line, tuple(places), number == 0))
    return items, samples


def _simulate_lookups(
    text: str,
    words: Sequence[WordSpan],
    marks: Sequence[tuple[int, int, SlotKind, bool]],
    rng: random.Random,
) -> list[EntitySpan]:
    """What look-ups in a library would recognise: most names, and now and then a word that is none."""
    entities = []
    for start, end, kind, _ in marks:
        share = _SEEN.get(kind, 0.0)
        if kind == "paper" and not re.search(r"[A-Z]\w*[A-Z0-9]|\d|[\"“]", text[start:end]):
            share /= 2  # a description, not a name
        if rng.random() < share:
            entities.append(EntitySpan(start, end, kind))
        elif kind == "topic" and rng.random() < _SHARE_OF_FALSE_ALARMS:
            inner = [w for w in words if start <= w[0] and w[1] <= end and w[1] - w[0] > 2]
            if inner:
                entities.append(EntitySpan(*rng.choice(inner), rng.choice(_FALSE_ALARMS)))
    return entities


def tag_words(item: Item) -> list[int]:
    """The place in `TAGS` of each word's tag; a word is in a mark if half of it is."""
    tags = [0] * len(item.words)
    for start, end, kind, _ in item.marks:
        for at, (a, b) in enumerate(item.words):
            if 2 * (min(b, end) - max(a, start)) >= b - a:
                tags[at] = TAGS.index(kind)
    return tags


def allow_tags(item: Item, example: Example) -> NDArray[np.bool_]:
    """(n_words, n_tags): one tag a word; also those that nobody marked where marks are incomplete."""
    tags = tag_words(item)
    allowed = np.zeros((len(tags), len(TAGS)), bool)
    allowed[np.arange(len(tags)), tags] = True
    if not example.is_marked:
        open_tags = [TAGS.index(kind) for kind in _UNTAUGHT_KINDS]
        if "passages" in (example.want, example.last):
            open_tags.append(TAGS.index("topic"))
        for at, (a, b) in enumerate(item.words):
            if not tags[at] and item.text[a:b].lower() not in _FRAME_WORDS:
                allowed[at, open_tags] = True
    return allowed


def list_asking_words(items: Sequence[Item], least: int = 3) -> frozenset[str]:
    """Words that stand outside of names and topics in at least so many lines, and seldom in a topic.

    "latest cancer paper" has a topic, though unmarked questions speak of cancer without asking for it.
    """
    lines: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    seen = set()
    kinds = {TAGS.index(kind) for kind in ("flag", "number", "order", "group", "attribute")} | {0}
    kinds |= {TAGS.index(kind) for kind in ("preamble", "form", "time")}
    for item in items:
        if not item.is_original:
            continue
        for (a, b), tag in zip(item.words, tag_words(item), strict=True):
            word = item.text[a:b].lower()
            topics[word] += tag == TAGS.index("topic")
            if (
                tag in kinds
                and (item.line, word) not in seen
                and (word.isalpha() or len(word) == 1)
            ):
                seen.add((item.line, word))
                lines[word] += 1
    return frozenset(word for word, n in lines.items() if n >= max(least, topics[word]))


def encode_words(items: Sequence[Item], encode: Encode) -> list[NDArray[np.float16]]:
    """(n_words, dim) of each item; each text is encoded once."""
    texts = {item.text: item.words for item in items}
    encodings = encode(list(texts))
    pooled = {
        text: pool_words(encoding, words).astype(np.float16)
        for (text, words), encoding in zip(texts.items(), encodings, strict=True)
    }
    return [pooled[item.text] for item in items]


def compute_projection(vectors: Sequence[NDArray[np.float16]], dim: int) -> tuple[Floats, Floats]:
    """Mean of word vectors and their ``dim`` principal directions, (384, dim), as columns."""
    stacked = np.concatenate(vectors[::7]).astype(np.float32)
    middle = stacked.mean(0)
    _, axes = np.linalg.eigh(np.cov(stacked - middle, rowvar=False))
    return middle, axes[:, ::-1][:, :dim].astype(np.float32)
