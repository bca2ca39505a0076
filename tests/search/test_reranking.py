"""The second stage: it orders the first papers anew, and changes nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.adapters.minilm import MiniLM
from rag.app.assistant import Assistant
from rag.config.settings import Settings
from rag.library.reranker_encodings import RerankerEncodings
from rag.search.reranking import FIRST, LateReranker, rerank
from rag.types import PaperHit, Retrieval
from rag.types.token_vectors import Encoding
from tests.shelf import paper


class Given:
    """Scores papers as it is told to."""

    name = "given"

    def __init__(self, scores: Sequence[float]) -> None:
        self._scores = scores

    def score(self, query: str, hits: Sequence[PaperHit]) -> Sequence[float]:
        return [self._scores[int(hit.paper.paper_id)] for hit in hits]


def rank(n: int) -> Retrieval:
    hits = (PaperHit(paper(str(at)), 1 - at / 100, at + 1, (), {}) for at in range(n))
    return Retrieval("keels", tuple(hits))


@given(scores=st.lists(st.sampled_from([0.1, 0.2, 0.3]), max_size=14))
def test_papers_move_scores_stay_and_none_comes_or_goes(scores: list[float]) -> None:
    before = rank(len(scores))
    after = rerank(before, Given(scores))
    assert [hit.score for hit in after.papers] == [hit.score for hit in before.papers]
    assert [hit.rank for hit in after.papers] == list(range(1, len(scores) + 1))
    first = [int(hit.paper.paper_id) for hit in after.papers[:FIRST]]
    assert first == sorted(range(len(scores))[:FIRST], key=lambda at: (-scores[at], at))
    assert after.papers[FIRST:] == before.papers[FIRST:]


class Counted:
    """The embedded model in the larger one's place; counts the texts that it reads."""

    name = "counted"

    def __init__(self, weights: Path) -> None:
        self._model = MiniLM(Settings(model_path=weights))
        self.n_texts = 0

    def encode_text(self, text: str) -> Encoding:
        self.n_texts += 1
        return self._model.encode([text])[0]

    def encode_query(self, text: str) -> Encoding:
        return self._model.encode_query(text)


class Nothing:
    """Keeps nothing, as where the data folder is read-only."""

    def find(self, chunk_ids: Iterable[str]) -> Mapping[str, tuple[bytes, bytes]]:
        return {}

    def keep(self, encodings: Mapping[str, tuple[bytes, bytes]]) -> None:
        return


def test_the_same_model_gives_the_retrievers_own_scores_and_reads_a_text_once(
    assistant: Assistant, weights: Path
) -> None:
    encoder = Counted(weights)
    engine = assistant._engine
    engine.open_retriever()
    assert engine._indexes is not None
    again = LateReranker(assistant.library, engine._indexes.lexical, encoder, Nothing())
    before = engine.retrieve("pruning of visual tokens in language models", 10)
    scores = again.score(before.query, before.papers)
    # but for the question's map, which belongs to the embedded model alone
    assert np.allclose(scores, [hit.score for hit in before.papers], atol=0.04)
    n = encoder.n_texts
    assert n >= 10 and again.score(before.query, before.papers) == scores and encoder.n_texts == n


def test_what_was_encoded_is_kept_for_the_next_process_and_for_this_model_alone(
    tmp_path: Path,
) -> None:
    RerankerEncodings(tmp_path, "", "m1").keep({"c1": (b"v", b"t"), "c2": (b"w", b"u")})
    assert RerankerEncodings(tmp_path, "", "m1").find(["c2", "c3"]) == {"c2": (b"w", b"u")}
    other = RerankerEncodings(tmp_path, "", "m2")
    assert other.find(["c1"]) == {}
    other.keep({"c1": (b"x", b"y")})
    assert RerankerEncodings(tmp_path, "", "m1").find(["c1", "c2"]) == {}


def test_a_store_that_cannot_be_used_keeps_nothing_and_fails_nobody(tmp_path: Path) -> None:
    (tmp_path / "reranker.db").write_bytes(b"no database at all, but of some length" * 9)
    broken = RerankerEncodings(tmp_path, "", "m1")
    broken.keep({"c1": (b"v", b"t")})
    assert broken.find(["c1"]) == {}
