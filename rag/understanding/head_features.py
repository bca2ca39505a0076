"""What the learned heads see of a question: word vectors, word patterns, shapes, look-ups."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rag.types.token_vectors import Encoding
from rag.understanding.frame_types import EntitySpan, TurnContext

Floats = NDArray[np.float32]
WordSpan = tuple[int, int]

_WORD = re.compile(r"\w+(?:[-.&/+]\w+|['’](?!s\b)\w+)*|['’]s\b|\S")
_TOKEN = re.compile(r"<\w+>|\w+(?:['’]\w+)?|[?!.,:;]")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_CATEGORY = re.compile(
    r"(?:cs|eess|stat|math|q-bio|q-fin|econ|cond-mat|astro-ph|hep-\w+|quant-ph)(?:\.[A-Za-z]{2})?$"
    r"|(?:CV|LG|CL|AI|CR|RO|IR|SD|ML|HC|NE|MM|GR|SE|IV|AS|SP)$"
)
_QUOTED = re.compile(r"[\"“„«]([^\"”“»]+)[\"”“»]")
_MONTHS = frozenset(
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve twenty dozen couple".split()
)
_NEGATIVE_WORDS = frozenset(
    "not no without except excluding exclude but besides other minus nor never omit skip drop".split()
    + "than ignoring leaving aside apart unlike lacking lack isn't don't doesn't aren't".split()
)
MASKED = ("topic", "person", "paper", "time", "category", "venue", "affiliation", "keyword", "link")
"""Slots whose own words say nothing about what is asked."""


@lru_cache(maxsize=1 << 17)
def hash_pattern(pattern: str) -> int:
    return crc32(pattern.encode("utf-8"))


def split_words(text: str) -> list[WordSpan]:
    """Character spans of the words, numbers and marks of a question."""
    return [match.span() for match in _WORD.finditer(text)]


def pool_words(encoding: Encoding, words: Sequence[WordSpan]) -> Floats:
    """(n_words, dim): the mean of each word's token vectors; zeros for a word without tokens."""
    pooled = np.zeros((len(words), encoding.tokens.shape[1]), np.float32)
    spans = encoding.spans
    for at, (start, end) in enumerate(words):
        inside = (spans[:, 0] < end) & (spans[:, 1] > start)
        if inside.any():
            pooled[at] = encoding.tokens[inside].mean(0)
    return pooled


# --- one word -----------------------------------------------------------------------------------


def _describe_shape(word: str) -> list[str]:
    lower = word.lower()
    signs = {
        "capital": word[:1].isupper(),
        "capitals": len(word) > 1 and word.isupper(),
        "mixed": any(c.isupper() for c in word[1:]) and not word.isupper(),
        "digit": any(c.isdigit() for c in word),
        "year": bool(_YEAR.match(word)),
        "month": lower in _MONTHS,
        "number": lower in _NUMBER_WORDS or (word.isdigit() and len(word) < 4),
        "category": bool(_CATEGORY.match(word)),
        "mark": not word[0].isalnum(),
        "hyphen": "-" in word,
    }
    return [name for name, holds in signs.items() if holds]


def _mark_lookups(words: Sequence[WordSpan], entities: Iterable[EntitySpan]) -> list[list[str]]:
    marks: list[list[str]] = [[] for _ in words]
    for entity in entities:
        for at, (start, end) in enumerate(words):
            if start < entity.end and end > entity.start:
                marks[at].append(entity.kind)
    return marks


def list_word_patterns(
    text: str, words: Sequence[WordSpan], entities: Iterable[EntitySpan], known: Collection[str]
) -> list[list[str]]:
    """For each word what it and its neighbours are; ``known`` are the words of asking.

    A word that is not known is only its shape: topics are recognised by where they stand, not by
    having been seen.
    """
    lower = [text[a:b].lower() for a, b in words]
    names = [word if word in known else "?" for word in lower]
    shapes = [_describe_shape(text[a:b]) for a, b in words]
    lookups = _mark_lookups(words, entities)
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    n, patterns = len(words), []
    for at in range(n):
        own = ["bias"]
        for step in (-3, -2, -1, 0, 1, 2, 3):
            to = at + step
            if not 0 <= to < n:
                if abs(step) < 3:
                    own.append(f"w{step}={'^' if to < 0 else '$'}")
                continue
            if names[to] != "?" or abs(step) < 2:
                own.append(f"w{step}={names[to]}")
            if abs(step) < 2:
                own += [f"s{step}={shape}" for shape in shapes[to]]
                if names[to] == "?":
                    own += [f"p{step}={lower[to][:4]}", f"e{step}={lower[to][-3:]}"]
            if abs(step) < 3:
                own += [f"l{step}={kind}" for kind in lookups[to]]
        if at + 1 < n:
            own.append(f"b+={names[at]} {names[at + 1]}")
        if at:
            own.append(f"b-={names[at - 1]} {names[at]}")
        if at > 1:
            own.append(f"c-={names[at - 2]} {names[at - 1]}")
        if at + 2 < n:
            own.append(f"c+={names[at + 1]} {names[at + 2]}")
        if any(start <= words[at][0] < end for start, end in quoted):
            own.append("quoted")
        own.append(f"from start {min(at, 3)}")
        own.append(f"to end {min(n - at, 3)}")
        patterns.append(own)
    return patterns


# --- the whole question -------------------------------------------------------------------------


def mask_question(text: str, slots: Iterable[tuple[int, int, str]]) -> str:
    """The question in lower case with its slots replaced by their kinds: ``who works on <topic>``."""
    parts, at = [], 0
    for start, end, kind in sorted(slots):
        if start < at or kind not in (*MASKED, "words", "preamble", "number"):
            continue
        parts += [text[at:start].lower(), f" <{kind}> "]
        at = end
    return "".join([*parts, text[at:].lower()])


def list_question_patterns(text: str, slots: Sequence[tuple[int, int, str]]) -> list[str]:
    """Runs of one to three words of the masked question, its beginning with each word, and stems."""
    found = _TOKEN.findall(mask_question(text, slots))
    tokens = ["^", *found, "$"]
    patterns = {" ".join(tokens[i : i + n]) for n in (1, 2, 3) for i in range(len(tokens) - n + 1)}
    first = next((t for t in found if t != "<preamble>"), "")
    patterns |= {f"1:{first} {token}" for token in found}
    patterns |= {f"p:{token[:4]}" for token in found if len(token) > 4 and token[0] != "<"}
    patterns |= {f"e:{token[-4:]}" for token in found if len(token) > 5 and token[0] != "<"}
    patterns |= {f"has {kind}" for _, _, kind in slots}
    patterns.add(f"length {min(8, len(found) // 3)}")
    return sorted(patterns)


def pool_question(
    vectors: Floats, words: Sequence[WordSpan], slots: Sequence[tuple[int, int, str]]
) -> Floats:
    """Mean, maximum, first and last word vector, and mean and maximum outside the masked slots."""
    if not len(vectors):
        return np.zeros(6 * vectors.shape[1], np.float32)
    hidden = [(a, b) for a, b, kind in slots if kind in (*MASKED, "preamble")]
    outside = [i for i, (s, e) in enumerate(words) if not any(a <= s and e <= b for a, b in hidden)]
    frame = vectors[outside] if outside else np.zeros((1, vectors.shape[1]), np.float32)
    return np.concatenate(
        [vectors.mean(0), vectors.max(0), vectors[0], vectors[-1], frame.mean(0), frame.max(0)]
    )


_CUES = {
    "those": "these those them they their ones above",
    "it": "it its this that",
    "person": "he she him her his hers",
    "place": "first second third fourth fifth last 1st 2nd 3rd top middle bottom latter former",
    "more": "more other others another else similar like related next further rest continue",
    "no": "no not wrong meant mean sorry actually oops typo nope isn isn't rather",
    "only": "only just without with and but in for by restrict limit exclude instead plus add same",
    "why": "why how explain elaborate detail details simpler shorter longer sure",
    "all": "we so far conversation summarise summarize recap found everything",
}  # fmt: skip
_CUE_OF = {word: name for name, line in _CUES.items() for word in line.split()}


def list_turn_patterns(
    text: str, slots: Sequence[tuple[int, int, str]], context: TurnContext
) -> list[str]:
    """What a follow-up's words are beside what was asked and shown before."""
    words = re.findall(r"\w+", text.lower())
    cues = {f"cue {_CUE_OF[w]}" for w in words if w in _CUE_OF} or {"no cue"}
    if re.search(r"#\d|\[\d\]|\bn(?:o|umber|r)\.? ?\d", text.lower()):
        cues.add("cue place")
    kinds = {kind for _, _, kind in slots if kind != "preamble"}
    cues |= {f"has {kind}" for kind in kinds} or {"no slot"}
    before = {f"want {context.want}", f"shown {context.shown}"}
    patterns = cues | before | {f"{c} after {b}" for c in cues for b in before}
    patterns |= {f"{kind} again" for kind in kinds & context.slots}
    patterns |= {f"{kind} is new" for kind in kinds - context.slots}
    patterns.add(f"turn length {min(7, len(words) // 2)}")
    if words:
        patterns |= {f"first {words[0]}", f"first {words[0]} after {context.shown}"}
    old = set(re.findall(r"\w{4,}", context.question.lower()))
    patterns.add(f"words again {min(2, len(old & set(words)))}")
    return sorted(patterns)


def list_negation_patterns(text: str, slot: tuple[int, int, str], before: int) -> list[str]:
    """What tells an excluded slot; ``before`` is where the slot before it ends."""
    start, end, kind = slot
    ahead = re.findall(r"[\w'’]+|[,;:!?]", text[max(before, start - 60) : start].lower())[-5:]
    inside = re.findall(r"[\w'’]+", text[start:end].lower())
    after = re.findall(r"[\w'’]+|[,;:!?]", text[end : end + 30].lower())[:2]
    patterns = [f"kind {kind}", f"-1 {ahead[-1] if ahead else '^'}", f"-2 {' '.join(ahead[-2:])}"]
    patterns += [f"near {word}" for word in ahead]
    patterns += [f"cue {kind}" for word in ahead if word in _NEGATIVE_WORDS or word.endswith("n't")]
    patterns += [f"in {word}" for word in inside[:1]] + [f"after {word}" for word in after]
    patterns += ["inner cue" for word in inside[:1] if word in _NEGATIVE_WORDS]
    return patterns
