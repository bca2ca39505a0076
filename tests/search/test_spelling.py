"""Slips of the pen are read as the words of the library; what may be another word or name is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.adapters.weights import load_whole_words
from rag.config.settings import Settings
from rag.library import Library
from rag.search.compounds import iter_compounds
from rag.search.spelling import process_spelling
from tests.desk import Desk

TEXTS = (
    (
        "Bridge Distillation for Face Recognition",
        "We propose bridge distillation to turn a model for classification into one for tracking.",
    ),
    (
        "Knowledge Swapping",
        "Introducing knowledge swapping, a task where knowledge of a model is swapped for what users"
        " need; adversarial attacks and annotations are a bridge to objects in more images.",
    ),
    (
        "DuetFace: Collaborative Face Recognition",
        "This paper presents a method for person identification that needs no annotations at all.",
    ),
)


@pytest.fixture(scope="module")
def english(weights: Path) -> frozenset[str]:
    return load_whole_words(Settings(model_path=weights))


@pytest.fixture
def library(desk: Desk, tmp_path: Path) -> Library:
    lines = [json.dumps({"title": title, "abstract": text}) for title, text in TEXTS]
    (tmp_path / "papers.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    desk.ingest(tmp_path / "papers.jsonl")
    return desk.library


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("waht is brige distillation?", "what is bridge distillation?"),
        ("Brige distillation", "Bridge distillation"),
        ("How does Knowlege Swaping work?", "How does Knowledge Swapping work?"),
        ("person re-identifcation", "person re-identification"),
        ("adverserial atacks", "adversarial attacks"),
        ("papres on trakcing", "papers on tracking"),
        ("what does DuetFcae do", "what does DuetFace do"),
    ],
)
def test_a_slip_is_read_as_the_word_of_the_library_and_told(
    library: Library, english: frozenset[str], typed: str, meant: str
) -> None:
    found = process_spelling(typed, library.view, english)
    assert found.text == meant
    changed = [(a, b) for a, b in zip(typed.split(), meant.split(), strict=True) if a != b]
    assert len(found.notes) == len(changed)
    assert "read “brige” as “bridge”" in process_spelling("a brige", library.view, english).notes


@pytest.mark.parametrize(
    "question",
    [
        "papers on moire and stenting",
        "which annotators asked for a clarification",
        "papers by Kevin Brige",
        "what is FaceNet, SegNet or DuetFaces2",
        "who is nanan wang",
        'papers with "brige" in the title',
        "mail brige@place.org",
        "a bicycle, a solver and a smartwatch",
    ],
)
def test_other_words_names_quotes_and_addresses_stay(
    library: Library, english: frozenset[str], question: str
) -> None:
    assert process_spelling(question, library.view, english).text == question


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("make up transfer", "makeup transfer"),
        ("who does make-up?", "who does makeup?"),
        ("superresolution of faces", "super-resolution of faces"),
        ("deidentification of faces", "de-identification of faces"),
        ("re identification", "re identification"),
        ("data set", "data set"),
        ("123 ?!", "123 ?!"),
        ('papers with "make up" in the title', 'papers with "make up" in the title'),
        ("Make Up For Lost Time", "Make Up For Lost Time"),
    ],
)
def test_compounds_are_read_as_the_papers_write_them(
    desk: Desk, english: frozenset[str], tmp_path: Path, typed: str, meant: str
) -> None:
    text = "Makeup moves between faces after super-resolution, by re-identification on a data set or dataset, and de-identification."
    record = {"title": "Makeup Transfer", "abstract": text}
    (tmp_path / "papers.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    desk.ingest(tmp_path / "papers.jsonl")
    assert process_spelling(typed, desk.library.view, english).text == meant


def test_an_everyday_word_is_not_looked_for_in_two_words_in_every_text(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[str] = []
    monkeypatch.setattr(library.view.vocabulary, "has_phrase", sought.append)
    assert list(iter_compounds("give me an overview", library.view)) == []
    list(iter_compounds("introducingtask", library.view))
    assert sought == ["introducing-task", "introducing task"]


def test_a_word_as_near_to_two_others_stays(
    desk: Desk, english: frozenset[str], tmp_path: Path
) -> None:
    record = {
        "title": "On trams",
        "abstract": "A quarkle and a quarkly are told apart here at last.",
    }
    (tmp_path / "papers.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    desk.ingest(tmp_path / "papers.jsonl")
    assert process_spelling("a quarklx", desk.library.view, english).notes == ()


def test_without_a_list_of_words_nothing_is_mended(library: Library, tmp_path: Path) -> None:
    assert load_whole_words(Settings(model_path=tmp_path)) == frozenset()
    assert process_spelling("a brige", library.view, frozenset()).notes == ()
