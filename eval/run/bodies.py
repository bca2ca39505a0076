"""Questions on the bodies of PDFs: is the fact in the first quote, in the first three, and on its page?

The questions are about PDFs of ``eval/sets/pdfs``, each named by its paper's name there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.app.assistant import Assistant
from rag.types import Answer, Citation

QUESTIONS = Path(__file__).parent.parent / "sets" / "pdfs" / "questions.jsonl"
N_QUOTES = 3
TARGETS = {"first quote": 0.6, "three quotes": 0.85, "page": 0.98}


@dataclass(frozen=True, slots=True)
class BodyQuestion:
    """One question; ``fact`` is a pattern of what answers it, on ``page`` of the PDF ``name``.

    ``half`` 1 was looked at when passages were made to be found, 2 was not.
    """

    half: int
    name: str
    question: str
    fact: str
    page: int


@dataclass(slots=True)
class BodyScore:
    """Right ones of all, by measure, and the questions that went wrong."""

    right: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def add(self, measure: str, is_right: bool) -> None:
        self.asked[measure] = self.asked.get(measure, 0) + 1
        self.right[measure] = self.right.get(measure, 0) + is_right


def load_body_questions(path: Path = QUESTIONS) -> list[BodyQuestion]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [BodyQuestion(**json.loads(line)) for line in lines]


def group_by_half(questions: Sequence[BodyQuestion]) -> dict[int, list[BodyQuestion]]:
    halves: dict[int, list[BodyQuestion]] = {}
    for asked in questions:
        halves.setdefault(asked.half, []).append(asked)
    return halves


def score_bodies(
    questions: Sequence[BodyQuestion], file_of: Mapping[str, str], assistant: Assistant
) -> BodyScore:
    """Ask the questions whose PDF is there; ``file_of``: document names by the papers' names."""
    score = BodyScore()
    for asked in questions:
        if asked.name in file_of:
            score_body(asked, file_of[asked.name], assistant.ask(asked.question), score)
    return score


def score_body(asked: BodyQuestion, document: str, answer: Answer, score: BodyScore) -> None:
    """Count one answer; a page is judged where the fact is quoted."""
    quotes = answer.citations[:N_QUOTES] if answer.status == "answered" else ()
    telling = [quote for quote in quotes if _tells(quote, asked, document)]
    score.add("answered", answer.status == "answered")
    score.add("right paper", any(_get_document(quote) == document for quote in quotes[:1]))
    score.add("first quote", bool(telling) and telling[0] is quotes[0])
    score.add("three quotes", bool(telling))
    if telling:
        score.add("page", any(quote.page == asked.page for quote in telling))
    if not telling or telling[0] is not quotes[0]:
        place = "further" if telling else "nowhere"
        score.mistakes.append(f"{place}: {asked.question} ({asked.name})")


def _tells(quote: Citation, asked: BodyQuestion, document: str) -> bool:
    text = re.sub(r"-\s+", "", " ".join(quote.quote.split()))
    is_there = re.search(asked.fact, text, re.IGNORECASE) is not None
    return _get_document(quote) == document and is_there


def _get_document(quote: Citation) -> str:
    return quote.source.rpartition(":")[0]


def iter_body_lines(score: BodyScore) -> Iterator[str]:
    """A line a measure: ``first quote  31 of 62 (target 0.6)``."""
    for measure, n in score.asked.items():
        target = f" (target {TARGETS[measure]})" if measure in TARGETS else ""
        yield f"  {measure:<12} {score.right[measure]} of {n}{target}"
