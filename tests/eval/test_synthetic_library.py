"""Made libraries: as large as asked for, and composed vectors that stand where the text does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.benchmarks import synthetic_library
from eval.benchmarks.synthetic_library import ComposedEmbedder, make_papers
from rag.readers import read
from rag.types.token_vectors import Encoding
from tests.stand_ins import FloatKeeper


class Letters(FloatKeeper):
    """Each letter is a token, and its vector the axis of its place in the alphabet."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        self.asked += texts
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Encoding:
        held = [(at, ord(c) - ord("a")) for at, c in enumerate(text.lower()) if c.isalpha()]
        ids = np.array([letter for _, letter in held], np.uint16)
        tokens = np.eye(26, dtype=np.float32)[ids]
        vector = tokens.sum(axis=0) if len(ids) else np.zeros(26, np.float32)
        spans = np.array([(at, at + 1) for at, _ in held], np.int32).reshape(-1, 2)
        return Encoding(vector / max(float(np.linalg.norm(vector)), 1e-9), tokens, ids, spans)


def test_composed_tokens_stand_where_their_letters_do_and_sentences_are_embedded_once() -> None:
    letters = Letters()
    text = "On bees\nBees dance well. They hum."
    (found,) = ComposedEmbedder(letters, "letters", 26).encode([text])
    assert [text[a:b].lower() for a, b in found.spans] == [c for c in text.lower() if c.isalpha()]
    assert [chr(i + ord("a")) for i in found.ids] == [text[a:b].lower() for a, b in found.spans]
    assert abs(np.linalg.norm(found.vector) - 1) < 1e-6
    assert letters.asked == ["On", "bees", "Bees dance well.", "They hum."]
    composed = ComposedEmbedder(letters, "letters", 26)
    composed.encode([text, "On bees\nThey hum."])
    assert letters.asked.count("They hum.") == 2  # once for each of the two


def test_a_text_without_words_is_embedded_as_it_is() -> None:
    (found,) = ComposedEmbedder(Letters(), "letters", 26).encode([""])
    assert len(found) == 0


def test_papers_are_spread_over_files_of_bearable_size(seeds: Path, tmp_path: Path) -> None:
    files = sorted(make_papers(seeds, tmp_path, synthetic_library.A_FILE + 5).iterdir())
    assert [len(path.read_text("utf-8").splitlines()) for path in files] == [
        synthetic_library.A_FILE,
        5,
    ]


def test_as_many_people_write_as_there_are_papers_a_few_of_them_much(
    seeds: Path, tmp_path: Path
) -> None:
    (file,) = make_papers(seeds, tmp_path, 2_000).iterdir()
    counted = Counter(name for entry in read(file).entries for name in entry.authors)
    counts = sorted(counted.values(), reverse=True)
    assert len(counts) > 1_000
    assert counts[0] > 10 * counts[len(counts) // 2]
