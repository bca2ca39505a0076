"""Builds synthetic libraries of any size: papers recombined from the seeds, embedded by sentence.

A paper recombined from known sentences can be given the token vectors that its sentences have when they
stand alone, and their mean as its own vector (`ComposedEmbedder`). So a library of a hundred thousand papers is
built in minutes; its indexes are as large and as varied as if every paper had been embedded. The time
of embedding is measured separately, on fewer papers.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.readers import read
from rag.text import split_sentences
from rag.types import Span
from rag.types.ports import Encoder
from rag.types.token_vectors import CompressedTokens, Encoding

A_FILE = 10_000
"""Papers in one file; a document with a hundred thousand would be rejected for its size."""


def make_papers(seeds: Path, folder: Path, n_papers: int) -> Path:
    """Recombine sentences, titles and people of the seeds to papers; the same at every call.

    There are as many people as papers, the seeds' own first; the n-th writes in proportion to
    1 / sqrt(n), so that a few write much and most write little.
    """
    entries = [e for path in sorted(seeds.glob("*.txt")) for e in read(path).entries]
    sentence_texts = [e.text[a:b] for e in entries for a, b in split_sentences(e.text)]
    words = [e.title.split() for e in entries if e.title]
    people = _build_crowd(sorted({name for e in entries for name in e.authors}), n_papers)
    target = folder / "made"
    target.mkdir(exist_ok=True)
    rows = _iter_papers(sentence_texts, words, people, n_papers)
    for n in range(0, n_papers, A_FILE):
        with (target / f"{n:07d}.jsonl").open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in itertools.islice(rows, A_FILE))
    return target


def _iter_papers(
    sentence_texts: Sequence[str],
    words: Sequence[Sequence[str]],
    people: Sequence[str],
    n_papers: int,
) -> Iterator[dict[str, Any]]:
    chance = random.Random(0)
    share = list(itertools.accumulate((n + 1) ** -0.5 for n in range(len(people))))
    for n in range(n_papers):
        head, tail = chance.choice(words), chance.choice(words)
        yield {
            "title": " ".join([*head[: len(head) // 2], *tail[len(tail) // 2 :], f"({n})"]),
            "abstract": " ".join(chance.sample(sentence_texts, 7)),
            "authors": list(
                dict.fromkeys(chance.choices(people, cum_weights=share, k=chance.randint(1, 5)))
            ),
            "year": chance.randint(2015, 2025),
        }


def _build_crowd(people: Sequence[str], n_people: int) -> list[str]:
    """The given people, then synthetic ones: first names of two with the last name of a third."""
    chance = random.Random(1)
    first = sorted({name.split()[0] for name in people})
    last = sorted({name.split()[-1] for name in people})
    names = dict.fromkeys(people)
    while len(names) < n_people:
        given_names = chance.sample(first, chance.randint(1, 2))
        names[f"{'-'.join(given_names)} {chance.choice(last)}"] = None
    return list(names)


class ComposedEmbedder:
    """Replaces an embedder under its name; questions are embedded by the real one.

    Args:
        embedder: Embeds each sentence the first time it occurs.
        name, dimension: Those of the embedder.
    """

    def __init__(self, embedder: Encoder, name: str, dimension: int) -> None:
        self._embedder, self.name, self.dimension = embedder, name, dimension
        self._held: dict[str, Encoding] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [encoding.vector.tolist() for encoding in self.encode(texts)]

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        return [self._compute_encoding(text) for text in texts]

    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        return self.encode(texts)

    def compress(self, encoding: Encoding) -> CompressedTokens:
        return self._embedder.compress(encoding)

    def compress_to_words(self, encoding: Encoding) -> CompressedTokens:
        return self._embedder.compress_to_words(encoding)

    def narrow(self, tokens: CompressedTokens) -> CompressedTokens:
        return self._embedder.narrow(tokens)

    def _compute_encoding(self, text: str) -> Encoding:
        spans = list(_iter_pieces(text))
        parts = [self._encode_piece(text[start:end]) for start, end in spans]
        if not parts:
            return self._encode_piece(text)
        vector = np.sum([len(part) * part.vector for part in parts], axis=0)
        return Encoding(
            vector / max(float(np.linalg.norm(vector)), 1e-9),
            np.concatenate([part.tokens for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate(
                [part.spans + start for part, (start, _) in zip(parts, spans, strict=True)]
            ),
        )

    def _encode_piece(self, text: str) -> Encoding:
        if text not in self._held:
            (self._held[text],) = self._embedder.encode([text])
        return self._held[text]


_PIECE = re.compile(r"\d|[^\W\d]+|[^\w\s]")


def _iter_pieces(text: str) -> Iterator[Span]:
    """The words, digits and punctuation of the first line, the heading; sentences of the rest.

    Digits are separate because every synthetic title contains a different number.
    """
    head, _, rest = text.partition("\n")
    for match in _PIECE.finditer(head):
        yield match.span()
    for start, end in split_sentences(rest):
        yield start + len(head) + 1, end + len(head) + 1
