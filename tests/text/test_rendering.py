"""Questions in other languages, read word by word as English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.rendering import render
from rag.understanding.languages import convert_to_english
from tests.shelf import Shelf, paper


@pytest.mark.parametrize(
    ("typed", "language", "english"),
    [
        ("Wer arbeitet an Gesichtserkennung?", "German", "who works on face recognition?"),
        ("Was ist WebUAV-3M?", "German", "what is WebUAV-3M?"),
        ("Wer hat DuetFace geschrieben?", "German", "who wrote DuetFace?"),
        ("Wie viele Arbeiten gibt es von 2023?", "German", "how many papers is there from 2023?"),
        ("Welches Paper stellt einen Datensatz vor?", "German", "which paper presents a dataset?"),
        ("Qui travaille sur l'apprentissage fédéré?", "French", "who works on the federated learning?"),
        ("Comment DuetFace protège-t-il les visages?", "French", "how DuetFace protects the face?"),
        ("Qui travaille sur la reconnaissance faciale à basse résolution ?", "French", "who works on the face recognition at low resolution?"),
        ("Wer arbeitet an Personen-Wiedererkennung?", "German", "who works on person re-identification?"),
        ("und 2024?", "German", "and 2024?"),
        ("nur die mit Code", "German", "only those with code"),
        ("seulement ceux avec du code", "French", "only those with code"),
        ("Quels articles parlent de distillation?", "French", "which papers is about distillation?"),
        ("¿Quién trabaja en aprendizaje federado?", "Spanish", "who works on federated learning?"),
        ("¿Cuántos artículos hay de 2023?", "Spanish", "how many papers is there from 2023?"),
        ("谁在研究人脸识别？", "Chinese", "who works on face recognition?"),
        ("有多少篇2024年的论文？", "Chinese", "how many 2024 paper?"),
    ],
)  # fmt: skip
def test_a_question_is_put_into_english(typed: str, language: str, english: str) -> None:
    found = render(typed)
    assert found is not None
    assert (found.language, found.text, found.unknown) == (language, english, ())


@pytest.mark.parametrize(
    "typed",
    [
        "who works on face recognition?",
        "papers by De Cheng",
        "Andrew Ng publications",
        "articles and publications from 2023",
        "experts on code generation",
        "count papers w/o authors",
        "DE CHENG 2025",
        "was DuetFace tested?",
        "?",
        "",
    ],
)
def test_english_is_left_alone(typed: str) -> None:
    assert render(typed) is None


def test_what_is_not_understood_stays_and_is_told() -> None:
    found = render("Wer arbeitet an Quittenmarmelade und Gesichtern?")
    assert found is not None
    assert found.text == "who works on Quittenmarmelade and face?"
    assert found.unknown == ("Quittenmarmelade",)
    assert "read word by word from German as: who works on" in found.note


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("Quem trabalha com deteção?", "Portuguese"),
        ("кто занимается распознаванием?", "Cyrillic"),
        ("ディープフェイクの研究者は誰ですか?", "Japanese"),
    ],
)
def test_a_language_without_a_vocabulary_is_named_not_guessed(typed: str, language: str) -> None:
    found = render(typed)
    assert found is not None
    assert found.text == typed
    assert language in found.note and "ask in English" in found.note


def test_the_names_of_people_belong_to_no_language() -> None:
    shelf = Shelf([paper("p1", "Faces", authors=("Des Pour",))])
    assert convert_to_english("Des Pour Qui", shelf)[1] == ()
    assert convert_to_english("Qui est Des Pour", shelf)[0] == "who is Des Pour"


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = render(text)
    assert found is None or found.language


def test_every_word_of_a_phrase_may_have_its_ending() -> None:
    found = render("Wer forscht zu maschineller Übersetzung?")
    assert found is not None
    assert found.text == "who works on machine translation?"
