"""What every store of vectors and every lexical index must do; subclasses give the fixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.types.errors import EmbedderMismatch, IndexUnreadable
from rag.types.ports import Generation, Lexical, LexicalRecord, VectorRecord, Vectors

DIMENSION = 4


def axis(n: int) -> list[float]:
    """The n-th unit vector."""
    return [1.0 if n == i else 0.0 for i in range(DIMENSION)]


def vector_record(chunk_id: str, values: list[float]) -> VectorRecord:
    import numpy as np

    vector = np.array(values, dtype="<f2").tobytes()
    return VectorRecord(chunk_id, vector)


class VectorsContract:
    """Expects a fixture ``opener(create=..., embedder=...)`` that opens one and the same store."""

    Opener = Callable[..., Vectors]

    def test_an_empty_store_finds_nothing(self, opener: Opener) -> None:
        store = opener(create=True)
        assert store.query([axis(0)], 5)[0] == []
        assert (store.list_ids(), store.count()) == (set(), 0)
        store.delete(["c1"])
        store.upsert([])
        store.close()

    def test_the_nearest_come_first_by_cosine_and_ties_by_id(self, opener: Opener) -> None:
        store = opener(create=True)
        records = [
            vector_record("c3", axis(1)),
            vector_record("c1", [5.0, 0.0, 0.0, 0.0]),
            vector_record("c2", axis(1)),
            vector_record("c4", [1.0, 1.0, 0.0, 0.0]),
        ]
        store.upsert(records)
        found = store.query([axis(1)], 9)[0]
        assert [chunk_id for chunk_id, _ in found] == ["c2", "c3", "c4", "c1"]
        assert [score for _, score in found] == pytest.approx([1.0, 1.0, 0.5**0.5, 0.0], abs=1e-3)
        assert [chunk_id for chunk_id, _ in store.query([[0.1, 0.0, 0.0, 0.0]], 1)[0]] == ["c1"]
        store.close()

    def test_adding_twice_overwrites_by_id(self, opener: Opener) -> None:
        store = opener(create=True)
        store.upsert([vector_record("c1", axis(0)), vector_record("c2", axis(1))])
        store.upsert([vector_record("c1", axis(2))])
        assert store.count() == 2
        assert store.query([axis(2)], 1)[0][0][0] == "c1"
        assert dict(store.query([axis(0)], 2)[0])["c1"] == pytest.approx(0.0)
        store.close()

    def test_what_is_deleted_is_gone_and_missing_ids_are_passed_over(self, opener: Opener) -> None:
        store = opener(create=True)
        store.upsert([vector_record("c1", axis(0)), vector_record("c2", axis(1))])
        store.delete(["c1", "c9"])
        assert (store.list_ids(), store.count()) == ({"c2"}, 1)
        assert [chunk_id for chunk_id, _ in store.query([axis(0)], 5)[0]] == ["c2"]
        store.close()

    def test_what_was_put_in_is_there_when_opened_again(self, opener: Opener) -> None:
        store = opener(create=True)
        store.upsert([vector_record(f"c{n}", [1.0, n / 3000, 0.0, 0.0]) for n in range(6_000)])
        store.close()
        again = opener()
        assert again.count() == 6_000
        assert len(again.list_ids()) == 6_000
        assert again.query([[1.0, 0.0, 0.0, 0.0]], 1)[0][0][1] == pytest.approx(1.0, abs=1e-3)
        again.close()

    def test_two_that_are_open_see_each_other_s_writes_when_opened_again(
        self, opener: Opener
    ) -> None:
        one = opener(create=True)
        one.upsert([vector_record("c1", axis(0))])
        other = opener()
        assert other.list_ids() == {"c1"}
        one.upsert([vector_record("c2", axis(1))])
        other.close()
        other = opener()
        assert [chunk_id for chunk_id, _ in other.query([axis(1)], 1)[0]] == ["c2"]
        one.close()
        other.close()

    def test_making_it_again_empties_it(self, opener: Opener) -> None:
        store = opener(create=True)
        store.upsert([vector_record("c1", axis(0))])
        store.close()
        store = opener(create=True)
        assert store.count() == 0
        store.close()

    def test_what_is_nearest_does_not_hang_on_what_was_there_before(self, opener: Opener) -> None:
        import numpy as np

        numbers = np.random.default_rng(0)
        vectors = {f"c{n:04}": numbers.normal(size=96).tolist() for n in range(1_500)}
        store = opener(create=True)
        store.upsert([vector_record(chunk_id, one) for chunk_id, one in vectors.items()])
        store.delete([chunk_id for chunk_id in vectors if chunk_id.endswith(("3", "5", "8"))])
        left = [chunk_id for chunk_id in vectors if not chunk_id.endswith(("3", "5", "8"))]
        rows = np.array([vectors[chunk_id] for chunk_id in left], np.float16).astype(float)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        asked = numbers.normal(size=(5, 96))
        found = store.query(asked.tolist(), 100)
        store.close()
        for vector, nearest in zip(asked, found, strict=True):
            cosines = dict(zip(left, rows @ vector / np.linalg.norm(vector), strict=True))
            best = sorted(cosines.values(), reverse=True)[:100]
            assert [cosine for _, cosine in nearest] == pytest.approx(best, abs=0.003)
            assert [cosines[i] for i, _ in nearest] == pytest.approx(best, abs=0.003)
        store = opener(create=True)
        store.upsert([vector_record(chunk_id, vectors[chunk_id]) for chunk_id in reversed(left)])
        assert [store.query([one], 100)[0] for one in asked.tolist()] == found
        store.close()

    def test_one_that_is_not_there_is_unreadable(self, opener: Opener) -> None:
        with pytest.raises(IndexUnreadable):
            opener()

    def test_another_embedder_is_refused(self, opener: Opener) -> None:
        opener(create=True).close()
        with pytest.raises(EmbedderMismatch) as caught:
            opener(embedder="b")
        assert "made by embedder 'a' (dim 4) but settings ask for 'b' (dim 4)" in str(caught.value)


def lexical_record(chunk_id: str, body: str, title: str = "", names: str = "") -> LexicalRecord:
    return LexicalRecord(chunk_id, f"p-{chunk_id}", body.split(), title.split(), names.split())


class LexicalContract:
    """Expects a fixture ``opener(create=...)`` that opens one and the same index."""

    Opener = Callable[..., Lexical]

    def test_an_empty_index_finds_nothing(self, opener: Opener) -> None:
        index = opener(create=True)
        assert index.find_chunks(["word"], 5) == []
        assert (index.list_ids(), index.count()) == (set(), 0)
        index.update([], ["c1"])
        index.close()

    def test_rare_terms_in_short_chunks_score_most_and_ties_go_by_id(self, opener: Opener) -> None:
        index = opener(create=True)
        index.update([
            lexical_record("c1", "common word other words here"),
            lexical_record("c2", "common rare"),
            lexical_record("c3", "common rare"),
            lexical_record("c4", "common"),
        ])  # fmt: skip
        assert [c for c, _, _ in index.find_chunks(["rare", "common"], 9)] == [
            "c2",
            "c3",
            "c4",
            "c1",
        ]
        assert [p for _, p, _ in index.find_chunks(["rare"], 1)] == ["p-c2"]
        assert index.find_chunks(["none"], 9) == index.find_chunks([], 9) == []
        assert index.count_documents(["rare", "common", "none"]) == {
            "rare": 2, "common": 4, "none": 0,
        }  # fmt: skip
        index.close()

    def test_scores_are_bm25(self, opener: Opener) -> None:
        from math import log

        index = opener(create=True)
        bodies = {"c1": "a b c d", "c2": "a a b", "c3": "d d d d d"}
        index.update([lexical_record(chunk_id, body) for chunk_id, body in bodies.items()])
        mean = (4 + 3 + 5) / 3
        for chunk_id, _, score in index.find_chunks(["a"], 9):
            words = bodies[chunk_id].split()
            idf = log(1 + (3 - 2 + 0.5) / (2 + 0.5))
            n = words.count("a")
            expected = idf * n * 2.2 / (n + 1.2 * (0.25 + 0.75 * len(words) / mean))
            assert score == pytest.approx(expected, rel=1e-4)
        index.close()

    def test_fields_are_searched_apart_and_weighed(self, opener: Opener) -> None:
        index = opener(create=True)
        index.update([
            lexical_record("c1", "body", title="x", names="ann"),
            lexical_record("c2", "x", title="title", names="bo"),
        ])  # fmt: skip
        assert [c for c, _, _ in index.find_chunks(["x"], 9)] == ["c2"]
        assert [c for c, _, _ in index.find_chunks(["ann"], 9, {"names": 1.0})] == ["c1"]
        heavy_title = index.find_chunks(["x"], 9, {"body": 1.0, "title": 3.0})
        assert [c for c, _, _ in heavy_title] == ["c1", "c2"]
        assert heavy_title[0][2] == pytest.approx(3 * heavy_title[1][2])
        index.close()

    def test_some_papers_alone_are_searched_and_scored_as_among_all(self, opener: Opener) -> None:
        index = opener(create=True)
        index.update([lexical_record(f"c{n}", f"word{' more' * n}") for n in range(9)])
        found = index.find_chunks(["word", "more"], 9)
        some = {"p-c1", "p-c7", "p-c8", "p-none"}
        wanted = [hit for hit in found if hit[1] in some]
        assert index.find_chunks(["word", "more"], 9, within=some) == wanted and len(wanted) == 3
        assert index.find_chunks(["word", "more"], 2, within=some) == wanted[:2]
        assert index.find_chunks(["word"], 9, within=()) == []
        index.close()

    def test_a_term_given_twice_counts_twice(self, opener: Opener) -> None:
        index = opener(create=True)
        index.update([lexical_record("c1", "a b")])
        once, twice = index.find_chunks(["a"], 1)[0][2], index.find_chunks(["a", "a"], 1)[0][2]
        assert twice == pytest.approx(2 * once)
        index.close()

    @pytest.mark.parametrize(
        "term",
        ["body:x", "*", "a AND b", '"', "(", "\x00", "x" * 70_000, "", "'; DROP", "日本", "^2"],
    )
    def test_any_string_is_just_a_term(self, opener: Opener, term: str) -> None:
        index = opener(create=True)
        index.update([lexical_record("c1", "x a b")])
        assert index.find_chunks([term], 5) == []
        index.close()

    def test_adding_twice_overwrites_by_id_and_deleting_passes_over_missing_ids(
        self, opener: Opener
    ) -> None:
        index = opener(create=True)
        index.update([lexical_record("c1", "old"), lexical_record("c2", "other")])
        index.update([lexical_record("c1", "new")], ["c2", "c9"])
        assert (index.list_ids(), index.count()) == ({"c1"}, 1)
        assert index.find_chunks(["old", "other"], 5) == []
        assert [c for c, _, _ in index.find_chunks(["new"], 5)] == ["c1"]
        index.close()

    def test_an_index_changed_in_place_is_one_made_anew(
        self, opener: Opener, tmp_path: Path
    ) -> None:
        index = opener(create=True)
        index.update([lexical_record(f"c{n}", f"word{' more' * n}") for n in range(9)])
        index.update([lexical_record("c3", "other"), lexical_record("c7", "word")], ["c1", "c2"])
        changed = [index.find_chunks(["word", "more"], 9), index.count_documents(["word", "more"])]
        index.close()
        index = opener(create=True)
        texts = {n: f"word{' more' * n}" for n in (0, 3, 4, 5, 6, 7, 8)} | {3: "other", 7: "word"}
        index.update([lexical_record(f"c{n}", text) for n, text in texts.items()])
        anew = [index.find_chunks(["word", "more"], 9), index.count_documents(["word", "more"])]
        assert changed == anew and anew[1] == {"word": 6, "more": 4}
        index.close()

    def test_what_was_put_in_is_there_when_opened_again(
        self, opener: Opener, tmp_path: Path
    ) -> None:
        index = opener(create=True)
        index.update([lexical_record(f"c{n:03}", "word") for n in range(300)])
        index.close()
        again = opener()
        assert (again.count(), len(again.list_ids()), len(again.find_chunks(["word"], 999))) == (
            300,
            300,
            300,
        )
        again.close()

    def test_one_that_is_not_there_is_unreadable(self, opener: Opener) -> None:
        with pytest.raises(IndexUnreadable):
            opener()


def generation(folder: Path, embedder: str = "a") -> Generation:
    return Generation(folder, f"paperfolk-{abs(hash(folder)):x}-1", embedder, DIMENSION)
