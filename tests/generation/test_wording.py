"""Computed answers in a model's words: shown where they change nothing, else as computed."""

from __future__ import annotations

from typing import Any

import pytest

from rag.answers.citations import build_citation
from rag.config.settings import Settings
from rag.generation import wording
from rag.generation.generative import load_prompts
from rag.generation.wording import is_wordable, split_answer
from rag.types import Answer, Delta, Step
from rag.types.errors import ProviderUnreachable
from tests.generation.test_generative import Scripted
from tests.shelf import paper

PROMPT = load_prompts(Settings().prompts).word
LIST = "\n\n- **Roads**, 2022 [1]\n- **Signs**, 2022 [2]"
FACTS = "**2 papers** from 2022."
COMPUTED = Answer(
    "How many from 2022?", "answered", "catalogue", f"{FACTS}{LIST}",
    (build_citation(1, paper("p1", "Roads"), (0, 2)), build_citation(2, paper("p2", "Signs"), (0, 2))), value=2,
)  # fmt: skip


def said(model: Any, computed: Answer = COMPUTED) -> tuple[Answer, list[Any]]:
    *before, answer = wording.render_with_model(computed, model, model_name="m", prompt=PROMPT)
    assert isinstance(answer, Answer)
    assert "".join(e.text for e in before if isinstance(e, Delta)) == answer.text
    return answer, before


def test_the_sentence_is_the_models_and_the_list_is_computed() -> None:
    answer, before = said(Scripted(list("There are **2 papers** here from 2022.")))
    assert answer.text == f"There are **2 papers** here from 2022.{LIST}"
    assert (answer.model, answer.value, answer.warnings) == ("m", 2, ())
    assert answer.citations == COMPUTED.citations
    assert answer.prompt_sha256 == PROMPT.sha256
    assert [s.verdict for s in answer.sentences] == ["supported"]
    assert [type(event) for event in before] == [Step, Delta]


@pytest.mark.parametrize(
    "reply", ["There are 3 papers from 2022.", "Papers from 2022.", "2 papers from 2022, the best by Quark.", "- 2 papers from 2022. " * 99]
)  # fmt: skip
def test_a_wording_that_differs_gives_way_to_the_computed_words(reply: str) -> None:
    answer, _ = said(Scripted([reply]))
    assert (answer.text, answer.model) == (COMPUTED.text, "extractive")
    assert answer.warnings[0].startswith("the wording of 'm' was not used: it ")
    assert answer.warnings[0].endswith("the computed words are shown instead")


def test_a_call_that_fails_gives_way_too() -> None:
    answer, _ = said(Scripted(["There are"], ProviderUnreachable("the server broke off")))
    assert answer.text == COMPUTED.text
    assert answer.warnings == ("the server broke off; the computed words are shown instead",)


def test_the_model_is_shown_the_facts_and_not_the_list() -> None:
    model = Scripted([FACTS])
    said(model)
    (_, asked) = model.asked[0][1]
    assert FACTS in asked and "Roads" not in asked and "How many from 2022?" in asked


def test_a_reply_without_end_is_broken_off() -> None:
    model = Scripted(["2 papers "] * 10_000)
    said(model)
    assert model.closed


def test_what_may_be_worded_ends_where_the_list_begins() -> None:
    assert split_answer(COMPUTED.text).facts == FACTS
    noted = split_answer("(read as 'A (B)')\n\nOne here. Two there.\n\nMore of it.")
    assert noted.note == "(read as 'A (B)')\n\n"
    assert (noted.facts, noted.rest) == ("One here. Two there.", "\n\nMore of it.")


@pytest.mark.parametrize(
    ("text", "status", "route", "wordable"),
    [
        ("**2 papers** from 2022.", "answered", "catalogue", True),
        ("None here at all.", "abstained", "catalogue", False),
        ("- **Roads** [1]", "answered", "person", False),
        ("Hello to you too.", "answered", "smalltalk", False),
        ("What the papers say.", "answered", "content", False),
    ],
)
def test_answers_with_a_computed_sentence_are_worded(
    text: str, status: Any, route: Any, wordable: bool
) -> None:
    assert is_wordable(Answer("?", status, route, text)) == wordable
