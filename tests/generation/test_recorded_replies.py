"""Good replies of every shape go through the gate unharmed, and refusals in every language are refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rag.answers.citations import check_citations
from rag.generation.gate import CitationGate
from rag.types import Authorship, Evidence, Paper, Place

FOLDER = Path(__file__).resolve().parents[1] / "recorded"
GOOD = json.loads((FOLDER / "good_replies.json").read_text(encoding="utf-8"))
REFUSALS = json.loads((FOLDER / "refusals.json").read_text(encoding="utf-8"))
BETWEEN = 0.5
"""A similarity in place of the embedded model's: the replies are about their passages."""


def build_paper(key: str, fields: dict[str, Any]) -> Paper:
    authorships = tuple(
        Authorship(key, name, "listed", at) for at, name in enumerate(fields["authors"], 1)
    )
    place = (Place(f"{key}.txt", 1),)
    return Paper(key, fields["title"], "", fields["text"], authorships, True, place, year=fields["year"])  # fmt: skip


PAPERS = {key: build_paper(key, fields) for key, fields in GOOD["passages"].items()}
EVIDENCE = tuple(
    Evidence(key, paper, ((0, len(paper.text)),), 1.0) for key, paper in PAPERS.items()
)


def read(question: str, reply: str, size: int = 7) -> CitationGate:
    gate = CitationGate(
        EVIDENCE, "NOT STATED", question=question, nearest=lambda text, others: BETWEEN
    )
    for at in range(0, len(reply), size):
        gate.process_piece(reply[at : at + size])
    gate.close()
    return gate


def list_words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text)


def test_there_are_sixty_replies_of_twelve_shapes_and_refusals_in_six_languages() -> None:
    assert len(GOOD["replies"]) == 60
    assert len({reply["shape"] for reply in GOOD["replies"]}) == 12
    assert len(REFUSALS) == 6 and sum(map(len, REFUSALS.values())) == 28


@pytest.mark.parametrize(
    "recorded", GOOD["replies"], ids=lambda r: f"{r['shape']}-{r['reply'][:24]}"
)
def test_a_good_reply_is_shown_whole_and_unmarked(recorded: dict[str, str]) -> None:
    gate = read(recorded["question"], recorded["reply"])
    text = gate.render()
    assert gate.is_open and not gate.refused
    assert "unverified" not in text and "[…]" not in text
    check_citations(text, gate.citations, PAPERS)
    said = recorded["reply"]
    if recorded["shape"] == "thoughts and references":
        said = re.split(r"\n\n(?:References|\*\*Sources)", said.rpartition("</think>")[2])[0]
        assert "user" not in text and "Collaborative" not in text
    said = re.sub(r"[\[【(]E\d[^\]】)]*[\]】)]", "", said)
    assert list_words(text) == list_words(said)


@pytest.mark.parametrize("refusal", [r for some in REFUSALS.values() for r in some])
def test_a_refusal_is_recognised_in_any_words_and_language(refusal: str) -> None:
    gate = read("Which fingerprint dataset is RPG-Palm pretrained on?", refusal)
    assert gate.refused and not gate.is_open
    assert gate.refusal_words == refusal
