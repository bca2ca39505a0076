"""Finding papers: in the seeds by what people type, and in small libraries where all is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest

from rag.app.assistant import Assistant
from rag.search.retriever import N_WORD_MATCHES, Retriever
from rag.search.word_matches import extract_paper_terms
from rag.text import iter_words, split_sentences, split_terms
from rag.types import Chunk, Paper
from tests.shelf import paper

# --- the seeds ----------------------------------------------------------------------------------


def named(papers: Sequence[Paper], name: str) -> set[str]:
    """Papers whose title or text has the name."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return {p.paper_id for p in papers if pattern.search(f"{p.name}\n{p.text}")}


@pytest.mark.parametrize("question", ["{}", "What is {}?", "how does {} work", "which paper: {}"])
@pytest.mark.parametrize("name", ["DuetFace", "LaRE^2", "ID^3"])
def test_the_paper_of_a_named_method_is_first(
    assistant: Assistant, name: str, question: str
) -> None:
    found = assistant.retrieve(question.format(name), 3)
    assert found.papers[0].paper.paper_id in named(assistant.library.list_papers(), name)


def test_every_coined_name_that_a_title_begins_with_finds_its_paper(assistant: Assistant) -> None:
    papers = assistant.library.list_papers()
    names = [p.title.split(":")[0] for p in papers if re.match(r"^[^\s:]{3,24}: ", p.title or "")]
    coined = [n for n in names if not n.isalpha() or not (n.isupper() or n.istitle())]
    assert len(coined) > 15
    for name in coined:
        assert assistant.retrieve(name, 1).papers[0].paper.paper_id in named(papers, name), name


def test_a_paper_is_first_for_its_own_title(assistant: Assistant) -> None:
    for each in assistant.library.list_papers()[:60:5]:
        if each.title:
            assert assistant.retrieve(each.title, 1).papers[0].paper.name == each.title


def test_a_hit_holds_its_paper_whole_and_in_text_order(assistant: Assistant) -> None:
    found = assistant.retrieve("face recognition that protects privacy", 10)
    assert [hit.rank for hit in found.papers] == list(range(1, 11))
    scores = [hit.score for hit in found.papers]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.paper.paper_id for hit in found.papers}) == 10
    for hit in found.papers:
        spans = [s.span for s in hit.sentences]
        assert spans == sorted(spans) and set(spans) <= set(split_sentences(hit.paper.text))
        assert set(hit.signals) == {"late", "local", "dense", "lexical"}
        assert hit.signals["local"] <= hit.signals["late"] + 1e-6


def test_the_sentence_that_is_asked_for_scores_highest_in_its_paper(assistant: Assistant) -> None:
    right, retriever = 0, assistant._engine.open_retriever()
    asked = [p for p in assistant.library.list_papers() if len(split_sentences(p.text)) > 3][:40:4]
    for each in asked:
        span = split_sentences(each.text)[2]
        found = retriever.retrieve(each.text[slice(*span)], 1, within=[each.paper_id])
        best = max(found.papers[0].sentences, key=lambda s: s.score)
        right += best.span == span
    assert right >= len(asked) - 1


def test_the_first_papers_are_told_word_by_word(assistant: Assistant) -> None:
    question = "which paper does DuetFace hide faces with a zeppelin"
    found = assistant.retrieve(question, N_WORD_MATCHES + 2)
    told = [hit.words for hit in found.papers]
    assert all(told[:N_WORD_MATCHES]) and not any(told[N_WORD_MATCHES:])
    first = {m.word: m for m in told[0]}
    assert [(m.word, m.span) for m in told[0]] == list(iter_words(question))
    assert first["DuetFace"].is_found and first["DuetFace"].idf > first["faces"].idf > 0
    assert not first["zeppelin"].is_found
    assert first["DuetFace"].cosine > first["zeppelin"].cosine
    assert [first[w].idf for w in ("which", "paper", "does", "with", "a")] == [0] * 5


def test_a_word_counts_as_found_by_the_research_term_that_replaces_it(assistant: Assistant) -> None:
    found = assistant.retrieve("footage with a swapped face", 8)
    told = {hit.paper.paper_id: m for hit in found.papers for m in hit.words if m.word == "footage"}
    with_video = {
        p.paper_id for p in assistant.library.list_papers() if "video" in extract_paper_terms(p)
    }
    assert {i for i, m in told.items() if m.is_found} == with_video & set(told) != set()


def test_a_word_is_as_near_as_typed_whichever_wording_finds_the_paper(assistant: Assistant) -> None:
    """All words of a question counted as far from a paper that its research terms found."""
    (hit,) = assistant.retrieve("how do they find fake pictures of faces?", 1).papers
    assert all(m.cosine > 0.2 for m in hit.words if m.idf)
    nearness = {m.word: m.cosine for m in hit.words}
    assert nearness["fake"] > nearness["they"]


def test_within_many_papers_the_candidates_give_what_scoring_all_gives(
    assistant: Assistant,
) -> None:
    every = assistant._engine.open_retriever()
    few = Retriever(every._library, every._indexes, every._embedder, most_scored=10)
    ids = [p.paper_id for p in assistant.library.list_papers() if p.year and p.year >= 2022]
    assert len(ids) > 50
    for question in ("DuetFace", "how are forged faces detected", "learning from noisy labels"):
        whole = every.retrieve(question, 5, within=ids).papers
        found = few.retrieve(question, 5, within=ids).papers
        assert [hit.paper.paper_id for hit in found] == [hit.paper.paper_id for hit in whole]
        assert {hit.paper.paper_id for hit in few.retrieve(question, 50, within=ids).papers} <= {
            *ids
        }


def test_within_restricts_and_finds_all_that_are_named(assistant: Assistant) -> None:
    ids = [p.paper_id for p in assistant.library.list_papers()][-7:]
    found = assistant._engine.open_retriever().retrieve("DuetFace", 20, within=ids)
    assert {hit.paper.paper_id for hit in found.papers} == set(ids)
    assert assistant._engine.open_retriever().retrieve("DuetFace", 20, within=[]).papers == ()
    assert len(assistant._engine.open_retriever().retrieve("DuetFace", 2, within=ids).papers) == 2


def test_a_score_does_not_depend_on_what_else_may_be_chosen(assistant: Assistant) -> None:
    retriever = assistant._engine.open_retriever()
    among_all = retriever.retrieve("how are forged faces detected", 5).papers
    ids = [hit.paper.paper_id for hit in among_all]
    alone = retriever.retrieve("how are forged faces detected", 5, within=ids).papers
    assert [h.paper.paper_id for h in alone] == ids
    assert [h.score for h in alone] == pytest.approx([h.score for h in among_all])


def test_the_same_question_finds_the_same(assistant: Assistant) -> None:
    question = "knowledge distillation for small models, what is new"
    assert assistant.retrieve(question) == assistant.retrieve(question)


@pytest.mark.parametrize("text", ["", "  \n", "???", "🎉🎉", "\x00\x01\x02", "\u0301\u0301", "—"])
def test_a_text_without_words_finds_nothing(assistant: Assistant, text: str) -> None:
    assert assistant.retrieve(text).papers == ()


@pytest.mark.parametrize(
    "text",
    [
        "the of a",
        "which paper",
        "مرحبا كيف حالك",
        "学习论文",
        "x" * 3_000,
        "word picture " * 700,
        '[1] <b>bold</b> `code` AND (OR) title:face* "',
        "face\x00recognition\u202e",
    ],
)
def test_any_text_with_words_is_looked_for(assistant: Assistant, text: str) -> None:
    found = assistant.retrieve(text, 3)
    assert len(found.papers) == 3
    assert all(np.isfinite([hit.score, *hit.signals.values()]).all() for hit in found.papers)
    assert all(np.isfinite(s.score) for hit in found.papers for s in hit.sentences)


# --- small libraries ----------------------------------------------------------------------------


class Shelf:
    """The part of a library that a retriever reads, over papers with one chunk or one a sentence."""

    def __init__(self, papers: Sequence[Paper], *, by_sentence: bool = False) -> None:
        self._papers = {p.paper_id: p for p in papers}
        self.held: dict[str, Chunk] = {}
        for each in papers:
            spans = split_sentences(each.text) if by_sentence else [(0, len(each.text))]
            for n, (a, b) in enumerate(spans):
                chunk_id = f"{each.paper_id}.{n}"
                heading = each.title or ""
                self.held[chunk_id] = Chunk(
                    chunk_id, each.paper_id, (a, b), each.text[a:b], heading
                )

    def open_snapshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def list_papers(self, ids: Sequence[str]) -> list[Paper]:
        return [self._papers[i] for i in ids]

    def list_chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [self.held[i] for i in ids]


class Indexes:
    """Exact ones: every chunk that shares a term, by their number, and every vector, by cosine."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._terms = {i: split_terms(f"{c.heading} {c.text}") for i, c in shelf.held.items()}

    def open(self) -> tuple[Words, Indexes]:
        return Words(self._shelf, self._terms), self

    def query(self, vectors: Sequence[Sequence[float]], k: int) -> list[list[tuple[str, float]]]:
        found = []
        for vector in vectors:
            scores = {i: float(np.array(vector) @ bag(t)) for i, t in self._terms.items()}
            found.append(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k])
        return found


class Words:
    def __init__(self, shelf: Shelf, held: Mapping[str, list[str]]) -> None:
        self._shelf, self._held = shelf, held

    def count(self) -> int:
        return len(self._held)

    def find_chunks(
        self, terms: Sequence[str], k: int, boosts: Mapping[str, float], within: None
    ) -> list[tuple[str, str, float]]:
        scores = {i: float(len(set(terms) & set(h))) for i, h in self._held.items()}
        best = sorted((i for i in scores if scores[i]), key=lambda i: (-scores[i], i))[:k]
        return [(i, self._shelf.held[i].paper_id, scores[i]) for i in best]

    def count_documents(self, terms: Sequence[str], field: str = "body") -> dict[str, int]:
        held = self._held.values() if field == "body" else []
        return {t: sum(t in h for h in held) for t in terms}


def bag(terms: Sequence[str]) -> np.ndarray:
    values = np.full(64, 1e-3)
    for term in terms:
        values[sum(map(ord, term)) % 64] += 1
    return values / np.linalg.norm(values)


class Bags:
    """An embedder without token vectors."""

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in bag(split_terms(text))]


def small(papers: Sequence[Paper], *, by_sentence: bool = False) -> Retriever:
    shelf = Shelf(papers, by_sentence=by_sentence)
    return Retriever(shelf, Indexes(shelf), Bags())  # type: ignore[arg-type]


TWINS = [paper(f"p{n}", "Gait in the dark", "People walk. Nobody sees them.") for n in (3, 1, 2)]


def test_equal_scores_are_ordered_by_paper_id() -> None:
    found = small(TWINS).retrieve("gait of people", 3)
    assert [hit.paper.paper_id for hit in found.papers] == ["p1", "p2", "p3"]
    assert len({hit.score for hit in found.papers}) == 1


def test_an_embedder_without_token_vectors_finds_by_cosine_and_words() -> None:
    held = [*TWINS[:1], paper("p9", "Palm prints", "A palm is pressed on glass. It is read.")]
    found = small(held).retrieve("is a palm on glass", 2)
    best, other = found.papers
    assert best.paper.paper_id == "p9"
    assert set(best.signals) == {"dense", "lexical"}
    assert best.signals["lexical"] > other.signals["lexical"] == 0
    assert best.signals["dense"] > other.signals["dense"]
    assert [s.score for s in best.sentences] == [1.0, 0.0]
    assert {m.word: m.is_found for m in best.words}["palm"]
    assert {m.cosine for m in best.words} == {0.0}


def test_the_chunks_of_a_paper_join_into_one_hit() -> None:
    held = [*TWINS, paper("p9", None, "A palm is pressed. Then a cloud. Glass is read.")]
    found = small(held, by_sentence=True).retrieve("palm on glass", 4)
    assert found.papers[0].paper.paper_id == "p9"
    assert [s.span for s in found.papers[0].sentences] == split_sentences(held[-1].text)
    assert [hit.paper.paper_id for hit in found.papers].count("p9") == 1


def test_an_empty_library_finds_nothing() -> None:
    assert small([]).retrieve("gait", 3).papers == ()


def test_plain_words_find_what_is_written_in_research_terms() -> None:
    held = [
        paper("p1", "Video forgery", "The video is forged."),
        paper("p2", "Forged video", "No video is safe."),
        paper("p3", "Forged papers", "They fill a folder."),
    ]
    found = small(held).retrieve("forged footage", 3)
    assert {hit.paper.paper_id for hit in found.papers[:2]} == {"p1", "p2"}
    assert {m.word: m.is_found for m in found.papers[0].words}["footage"]
    assert {m.word: m.is_found for m in found.papers[2].words} == {"forged": True, "footage": False}


# --- what is known of a paper -------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["Zhang", "2023", "Tencent", "CVPR", "tencent-ai", "duet", "DuetFace", "Müller", "split"],
)
def test_people_dates_and_places_typed_in_a_question_count_as_found(typed: str) -> None:
    known = paper(
        "p1",
        "DuetFace",
        "We split images.",
        ["Wei Zhang", "Jan Muller"],
        year=2023,
        venue="CVPR",
        affiliations=("tencent-ai",),
    )
    found = small([known]).retrieve(f"which paper with {typed}", 1)
    (match,) = [m for m in found.papers[0].words if m.word == words_of(typed)[-1]]
    assert match.is_found


def test_a_place_counts_as_found_where_the_paper_names_its_people() -> None:
    found = small([paper("p1", "Gamblers", "We study Swedish gamblers.")]).retrieve(
        "betting in Sweden", 1
    )
    assert {m.word for m in found.papers[0].words if m.is_found} >= {"Sweden"}


def test_a_phrase_counts_as_found_where_the_paper_has_its_acronym() -> None:
    papers = [
        paper("p1", "Fast poses", "It runs at 40 FPS on a phone."),
        paper("p2", "Slow poses", "Every second counts."),
    ]
    found = small(papers).retrieve("frames per second of poses", 2)
    said = {h.paper.paper_id: {m.word: m.is_found for m in h.words} for h in found.papers}
    assert said["p1"]["frames"] and said["p1"]["second"]
    assert said["p2"]["second"] and not said["p2"]["frames"]


def test_a_word_that_the_paper_joins_with_its_neighbour_is_found() -> None:
    retriever = small([paper("p1", "T", "A palmprint is read."), paper("p2", "T", "Rain falls.")])
    found = retriever.retrieve("palm print readers")
    said = {h.paper.paper_id: {m.word: m.is_found for m in h.words} for h in found.papers}
    assert said["p1"]["palm"] and said["p1"]["print"]
    assert not (said["p2"]["palm"] or said["p2"]["print"])


def test_what_a_paper_does_not_say_is_not_found() -> None:
    found = small([paper("p1", "DuetFace", "We split images.")]).retrieve("images of zebras", 1)
    assert {m.word: m.is_found for m in found.papers[0].words} == {
        "images": True, "of": False, "zebras": False,
    }  # fmt: skip


def words_of(text: str) -> list[str]:
    return [word for word, _ in iter_words(text)]
