"""Gives each sentence its rhetorical role: background, problem, aim, method, result and so on.

A small head reads the token vectors that a chunk is embedded with anyway: the mean of a sentence's
tokens, that of its first ones and of its neighbours', its place, and hashed n-grams of its
wordpieces. A linear chain over the sentences then finds the likeliest sequence. The labels of a
structured abstract ("Methods:") are read first, and the chain keeps to them. The head is trained by
``python -m eval train roles``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.types import SENTENCE_ROLES, SentenceRole, Span

if TYPE_CHECKING:
    from rag.types.token_vectors import Encoding

Matrix = NDArray[np.float32]
Allowed = frozenset[SentenceRole]

N_BUCKETS = 1 << 13
"""Places that n-grams are hashed to."""
N_FIRST = 4
"""Tokens at the beginning of a sentence that are also pooled by themselves."""
N_PLACES = 6
"""Number of equal parts an abstract is divided into, and of positions counted from each end."""

_PRIMES = np.array([2654435761, 40503, 2246822519, 3266489917], np.uint32)
_EVERY = frozenset(SENTENCE_ROLES)


@dataclass(frozen=True, slots=True, eq=False)
class RoleHead:
    """Weights of the head, one hidden layer and a linear chain; columns of roles as `SENTENCE_ROLES`.

    Attributes:
        hidden: (4 * dim, n_hidden) from the pooled vectors; ``hidden_bias`` (n_hidden,).
        output: (n_hidden, roles); ``output_bias`` (roles,).
        grams: (N_BUCKETS, roles) of hashed n-grams; ``places`` (places, roles).
        transitions: (roles + 2, roles + 2) from a row to a column; the last two are begin and end.
    """

    hidden: Matrix
    hidden_bias: Matrix
    output: Matrix
    output_bias: Matrix
    grams: Matrix
    places: Matrix
    transitions: Matrix


@cache
def load_head(path: Path) -> RoleHead:
    with np.load(path) as file:
        return RoleHead(**{name: file[name].astype(np.float32) for name in file.files})


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the sentences of one chunk are scored by.

    Attributes:
        pooled: (n, 4 * dim) means of a sentence's tokens, its first ones, the one before, the one after.
        grams: Buckets of the n-grams of all sentences; ``owners``: the sentence of each.
        places: (n, 3) rows of `RoleHead.places`; the last one where the place is unknown.
    """

    pooled: Matrix
    grams: NDArray[np.int64]
    owners: NDArray[np.int64]
    places: NDArray[np.int64]


N_PLACE_ROWS = 3 * N_PLACES + 1


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedText:
    """A text whose sentences are to get roles.

    Attributes:
        sentences: Spans in ``text``, one or more; what lies outside, such as a heading, has no role.
        is_whole: Whether these are all sentences of a paper, so that their places tell something.
    """

    text: str
    encoding: Encoding
    sentences: Sequence[Span]
    is_whole: bool


def assign_roles(head: RoleHead, texts: Sequence[EmbeddedText]) -> list[tuple[SentenceRole, ...]]:
    """The role of each sentence of each text; one product with the weights serves all of them."""
    features = [build_features(t.encoding, t.sentences, is_whole=t.is_whole) for t in texts]
    roles = []
    for item, emissions in zip(texts, compute_emissions(head, features), strict=True):
        allowed = read_labels([item.text[start:end] for start, end in item.sentences])
        best = find_best(emissions, head.transitions, allowed)
        roles.append(tuple(SENTENCE_ROLES[at] for at in best))
    return roles


def build_features(encoding: Encoding, sentences: Sequence[Span], *, is_whole: bool) -> Features:
    """Features of sentences, from the vectors and vocabulary ids of their tokens."""
    n = len(sentences)
    starts = np.array([start for start, _ in sentences])
    owners = np.searchsorted(starts, encoding.spans[:, 0], side="right") - 1
    first = np.searchsorted(owners, np.arange(n + 1))
    dim = encoding.tokens.shape[1]
    pooled = np.zeros((2, n + 2, dim), np.float32)
    for at, (begin, end) in enumerate(zip(first.tolist(), first[1:].tolist(), strict=False), 1):
        if begin < end:
            last = min(end, begin + N_FIRST)
            pooled[0, at] = np.add.reduce(encoding.tokens[begin:end]) / (end - begin)
            pooled[1, at] = np.add.reduce(encoding.tokens[begin:last]) / (last - begin)
    inside = slice(first[0], None)
    grams, gram_owners = _hash_grams(encoding.ids[inside].astype(np.uint32), owners[inside], first)
    means, openings = pooled
    return Features(
        np.concatenate((means[1:-1], openings[1:-1], means[:-2], means[2:]), axis=1),
        grams,
        gram_owners,
        _find_places(n) if is_whole else np.full((n, 3), N_PLACE_ROWS - 1),
    )


def _find_places(n: int) -> NDArray[np.int64]:
    at = np.arange(n)
    part = at * N_PLACES // max(1, n)
    ahead, behind = np.minimum(at, N_PLACES - 1), np.minimum(n - 1 - at, N_PLACES - 1)
    return np.stack((part, N_PLACES + ahead, 2 * N_PLACES + behind), axis=1)


def _hash_grams(
    ids: NDArray[np.uint32], owners: NDArray[np.int64], first: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Buckets of one, two and three wordpieces in a row, and of one to three that begin a sentence."""
    offset = np.arange(len(ids)) - (first[owners] - first[0])
    code = ids * _PRIMES[0]
    buckets, belong = [code >> 7], [owners]
    for size in (1, 2, 3):
        if size > 1:
            inside = owners[size - 1 :] == owners[: len(owners) - size + 1]
            code = (code[: len(code) - 1] * _PRIMES[1]) ^ (ids[size - 1 :] * _PRIMES[size])
            buckets.append((code >> 7)[inside])
            belong.append(owners[size - 1 :][inside])
        begins = offset[: len(code)] == 0
        if size > 1:
            begins &= inside
        buckets.append(((code ^ _PRIMES[3]) >> 7)[begins])
        belong.append(owners[: len(code)][begins])
    return (np.concatenate(buckets) % N_BUCKETS).astype(np.int64), np.concatenate(belong)


def compute_emissions(head: RoleHead, features: Sequence[Features]) -> list[Matrix]:
    """(n, roles) of each text: how well each role fits each sentence by itself."""
    if not features:
        return []
    starts = np.cumsum([0, *(len(f.pooled) for f in features)])
    hidden = np.concatenate([f.pooled for f in features]) @ head.hidden
    result = np.maximum(hidden + head.hidden_bias, 0) @ head.output + head.output_bias
    result += head.places[np.concatenate([f.places for f in features])].sum(axis=1)
    owners = np.concatenate([f.owners + at for f, at in zip(features, starts, strict=False)])
    grams = head.grams[np.concatenate([f.grams for f in features])]
    result += np.stack([np.bincount(owners, column, len(result)) for column in grams.T], axis=1)
    return np.split(result.astype(np.float32), starts[1:-1])


def find_best(
    emissions: Matrix, transitions: Matrix, allowed: Sequence[Allowed | None]
) -> list[int]:
    """The likeliest sequence of roles (Viterbi), among those allowed."""
    n, n_roles = emissions.shape
    if not n:
        return []
    scores = emissions.copy()
    for at, roles in enumerate(allowed):
        if roles:
            scores[at, [role not in roles for role in SENTENCE_ROLES]] = -1e6
    between = transitions[:n_roles, :n_roles]
    best = scores[0] + transitions[n_roles, :n_roles]
    back = np.zeros((n, n_roles), np.intp)
    for at in range(1, n):
        paths = best[:, None] + between
        back[at] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[at]
    sequence = [int((best + transitions[:n_roles, n_roles + 1]).argmax())]
    for at in range(n - 1, 0, -1):
        sequence.append(int(back[at, sequence[-1]]))
    return sequence[::-1]


# --- labels of structured abstracts ---------------------------------------------------------

_CONTEXT: Allowed = frozenset(("background", "problem"))
_WORDS: dict[str, Allowed] = {
    "background|context|introduction|rationale|importance|significance": _CONTEXT,
    "problem|motivation|challenges?": frozenset(("problem",)),
    "objectives?|aims?|purpose|goals?|hypothes[ei]s|research questions?|aims and objectives": (
        frozenset(("aim",))
    ),
    "methods?|materials?|patients?|participants?|subjects?|design|setting|methodology|procedures?|"
    "measurements?|interventions?|approach|study selection|data sources?|data extraction|"
    "main outcome measures?|outcome measures?|search strategy|data collection": (
        frozenset(("method",))
    ),
    "results?|(?:principal |main |key )?findings|conclusions?|interpretation|implications?|"
    "discussion|outcomes?|contributions?|main results?|summary": frozenset(("result",)),
    "limitations?": frozenset(("limitation",)),
    "availability|data availability|code availability|availability and implementation": (
        frozenset(("resource",))
    ),
    "keywords|key words|trial registration|registration|funding": frozenset(("other",)),
}
_NAMES = [(re.compile(names, re.I), roles) for names, roles in _WORDS.items()]
_ONE = "(?:" + "|".join(_WORDS) + ")"
_LABEL = re.compile(
    rf"((?:study |research )?{_ONE}(?:(?:,| and| &|/|, and) ?(?:study |main )?{_ONE})*)"
    r"\s*(?::|[.]?$|\s[-–—]\s|(?-i:(?<=[A-Z])(?=\s+[A-Z0-9])))",
    re.I,
)
"""One label or several, as ``Methods and results``: before a colon or a dash, alone, or in capitals."""


def read_labels(sentences: Sequence[str]) -> list[Allowed | None]:
    """Roles that the labels of a structured abstract allow for each sentence; None before the first.

    A label holds up to the next one.
    """
    allowed: Allowed | None = None
    results = []
    for text in sentences:
        match = _LABEL.match(text)
        if match and _is_label(match, text):
            allowed = _read_label(match[1])
        results.append(allowed)
    return results


def _is_label(match: re.Match[str], text: str) -> bool:
    """Whether a match is a section label: in capitals, before a mark, or alone, unlike ``Results show``."""
    marked = text[match.end(1) : match.end()].strip() or match.end() == len(text)
    return bool(match[1].isupper() or (match[1][0].isupper() and marked))


def _read_label(label: str) -> Allowed:
    parts = re.split(r",? and |, ?| & |/", label.strip())
    words = [re.sub(r"^(?:study|research|main) ", "", part.strip(), flags=re.I) for part in parts]
    roles = [roles for word in words for names, roles in _NAMES if names.fullmatch(word)]
    return frozenset().union(*roles) if roles else _EVERY
