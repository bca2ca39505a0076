"""A library changed in place answers like one made anew: same frequencies, rankings, answers."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.adapters.embedders import build_embedder
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.ingest.indexing import Indexes, build_lexical_record, check_indexes
from rag.types.ports import LEXICAL_FIELDS
from tests.conftest import ROOT
from tests.stand_ins import QuickStores

ABSTRACTS = (
    "We study segmentation of images with a network. Segmentation of streets improves by a third.",
    "We study segmentation of videos with a network. Segmentation of videos is slow.",
    "We propose segmentation of text into topics with a network and a search.",
    "A survey of segmentation: images, videos, text and sound are compared with each other.",
    "Kelp drifts near northern shores. We follow kelp with buoys and a network of cameras.",
    "Kelp drifts near northern shores. We follow kelp with buoys and a network of cameras!",
)
QUESTIONS = (
    "What improves segmentation of images?",
    "Which papers study segmentation with a network?",
    "Who works on segmentation?",
    "How is kelp followed?",
)
WEIGHTS = ROOT / "data" / "models" / "all-MiniLM-L6-v2"
NAMES = ("a.jsonl", "b.jsonl", "c.jsonl")

papers = st.frozensets(st.integers(0, 2 * len(ABSTRACTS) - 1), min_size=1, max_size=5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), papers),
        st.tuples(st.sampled_from(["drop", "prune"]), st.sampled_from(NAMES), st.just(frozenset())),
    ),
    min_size=1,
    max_size=6,
)


def _document(numbers: frozenset[int]) -> str:
    """Each abstract stands under two titles, so that papers are near each other and tie."""
    return "".join(
        json.dumps({
            "title": f"Paper {number % 2} on {ABSTRACTS[number // 2].split()[2]}",
            "abstract": ABSTRACTS[number // 2],
            "authors": ["Ann Arbor", f"Bo {'ABC'[number % 3]}lum"],
            "year": 2020 + number % 3,
        }) + "\n"
        for number in sorted(numbers)
    )  # fmt: skip


def _carry_out(assistant: Assistant, folder: Path, step: tuple[str, str, frozenset[int]]) -> None:
    what, name, numbers = step
    file = folder / name
    if what == "write":
        file.write_text(_document(numbers), "utf-8")
        assistant.ingest([file])  # named by its path, also what was dropped is read again
    elif what == "drop" and file.exists():
        assistant.ingest([folder], drop=[name])
        file.unlink()
    elif what == "prune" and len(list(folder.iterdir())) > 1:
        file.unlink(missing_ok=True)
        assistant.ingest([folder], prune=True)


def _told(assistant: Assistant) -> Mapping[str, object]:
    """All that is read from the indexes, and what is made of it."""
    library = assistant.library
    assert check_indexes(library, QuickStores()).problems == ()
    entries = [
        build_lexical_record(chunk, library.find_paper(chunk.paper_id))
        for chunk in library.list_chunks()
    ]
    indexes = Indexes(library, QuickStores())
    told: dict[str, object] = {}
    for field in LEXICAL_FIELDS:
        frequencies = Counter(term for entry in entries for term in set(getattr(entry, field)))
        assert indexes.lexical.count_documents(frequencies, field) == dict(frequencies)
        told[field] = indexes.lexical.find_chunks(frequencies, 99, {field: 1.0})
    embedder = build_embedder(assistant.settings)
    for question in QUESTIONS:
        vector = embedder.embed_query(question)
        told[f"near {question}"] = indexes.vectors.query([vector], 99)[0]
        hits = assistant.retrieve(question).papers
        told[f"ranked {question}"] = [(hit.paper.paper_id, hit.score) for hit in hits]
        answer = assistant.ask(question)
        told[question] = answer.text, [citation.quote for citation in answer.citations]
    indexes.close()
    return told


@settings(max_examples=4, deadline=None)
@given(steps)
def test_a_library_changed_in_place_answers_like_one_made_anew(
    sequence: list[tuple[str, str, frozenset[int]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "papers"
        folder.mkdir()
        first = folder / "first.jsonl"
        first.write_text(_document(frozenset(range(0, 12, 2))), "utf-8")
        with build(Settings(data=place / "changed", model_path=WEIGHTS)) as changed:
            changed.ingest([folder])
            for step in sequence:
                _carry_out(changed, folder, step)
            told = _told(changed)
        with build(Settings(data=place / "anew", model_path=WEIGHTS)) as anew:
            anew.ingest([folder])
            assert _told(anew) == told
