"""No question and no reply holds the server: what reads them takes about linear time.

Questions and sentences of replies come with single spaces, up to `MAX_QUESTION_CHARS` and
`MAX_REPLY_CHARS`; a quarter as long, what grows is told from what does not. Figures are processor time,
so a busy machine does not matter.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from heapq import nlargest
from pathlib import Path
from unittest.mock import patch

import pytest

import rag
from rag.app.assistant import Assistant, build
from rag.app.bounding import MAX_QUESTION_CHARS
from rag.config.settings import Settings
from rag.generation.gate import MAX_REPLY_CHARS, CitationGate
from rag.types import Thread, Turn
from rag.understanding.languages import convert_to_english
from rag.understanding.reading import read_question
from tests.conversation import ENCODE
from tests.generation.test_gate import EVIDENCE
from tests.growth import MOST_RATIO, Shape, Used, _seconds, overgrown, patterns_in, shapes_for
from tests.shelves import FACES
from tests.understanding.test_cases import SECTIONS

WORTH_MORE_S = 0.00015
"""For a sixteenth of a question: from this on, the whole may take longer than what counts as linear."""
SLOWEST = 4
"""Shapes of a pattern that are tried at length."""
LONG_QUESTION, LONG_REPLY = MAX_QUESTION_CHARS // 4, MAX_REPLY_CHARS // 4
ENOUGH_S = 0.4
"""An answer to a quarter of a question that takes less has not grown: what this guards against took .8 seconds,
and thirteen to a whole one."""
TRIES = 3
"""Times that growth is measured before it counts: a busy machine disturbs one of two runs."""
OTHERS = ("rag.readers", "rag.text.analysis", "rag.__main__")
"""Tried with the readers, or nothing to try."""


@cache
def list_patterns() -> list[Used]:
    found = pkgutil.walk_packages(rag.__path__, "rag.")
    names = [one.name for one in found if not one.ispkg and not one.name.startswith(OTHERS)]
    return [used for name in names for used in patterns_in(importlib.import_module(name))]


def grows(used: Used) -> str:
    """On which question-like text a pattern takes worse than linear time; or nothing."""

    def run(text: str) -> None:
        used.run(" ".join(text.split()))

    def short_s(shape: Shape) -> float:
        return _seconds(run, shape.of(MAX_QUESTION_CHARS // len(shape.pump) // 16))

    tried = [
        (s, shape) for shape in shapes_for(used.pattern) if (s := short_s(shape)) > WORTH_MORE_S
    ]
    slowest = nlargest(SLOWEST, tried, key=lambda one: one[0])
    found = (overgrown(run, [shape], MAX_QUESTION_CHARS // len(shape.pump)) for _, shape in slowest)
    return next(filter(None, found), "")


def test_every_pattern_is_tried() -> None:
    names = {used.name for used in list_patterns()}
    assert {
        "rag.answers.comparing_words.COMPARISON_WORDS",
        "rag.understanding.slot_completion._NEGATION",
    } <= names
    assert {"rag.generation.claim_parser._CITED", "rag.answers.sentence_forms.FORMS"} <= names
    assert len(list_patterns()) > 200


def test_a_pattern_takes_linear_time() -> None:
    assert {used.name: told for used in list_patterns() if (told := grows(used))} == {}


def made_while_reading() -> Iterator[Used]:
    """The patterns that are put together while questions are read, as those of the catalogue are."""
    found: dict[tuple[str, int], set[str]] = {}
    compiled = re._compile  # type: ignore[attr-defined]

    def note(pattern: object, flags: int) -> object:
        if isinstance(pattern, str):
            how = sys._getframe(1).f_code.co_name
            found.setdefault((pattern, int(flags)), set()).add(how)
        return compiled(pattern, flags)

    asked = [case["question"] for one in SECTIONS for case in one["cases"] if "question" in case][
        ::3
    ]
    with patch.object(re, "_compile", note):
        for question in (*asked, "which papers by Yuxi Mi from 2022 or 2024 have code?"):
            read_question(convert_to_english(question, FACES)[0], Thread(), FACES, ENCODE)
    known = {used.pattern.pattern for used in list_patterns()}
    for (written, flags), hows in found.items():
        if written not in known:
            anchored = hows <= {"match", "fullmatch"}
            yield Used(written[:60], re.compile(written, flags), anchored)


def test_a_pattern_made_while_reading_takes_linear_time() -> None:
    used = list(made_while_reading())
    assert len(used) > 50
    assert {one.name: told for one in used if (told := grows(one))} == {}


# --- whole questions and replies --------------------------------------------------------------


@pytest.fixture(scope="module")
def assistant(library_data: Path, weights: Path) -> Iterator[Assistant]:
    with build(Settings(data=library_data, model_path=weights)) as opened:
        opened.ask("What is DuetFace?")
        yield opened


ASKED = (
    " ", "\n", "a ", "a-", "a'", "x", ".", "(", '"', "“a", "中", "\u0301", "1 ", "2022 ", "2022-05 ", "the ", "of the ",
    "and ", "is the ", "posted ", "came out ", "papers ", "who wrote ", "name ", "anyone ", "they ", "not ", "compare ",
    "versus ", "please, ", "which name is ", "segmentatiom ", "DuetFoce ", "Shiming Ge and ", "“quoted” ", "cs.CV, ",
    "by Shiming Ge, ", "recent papers ", "how many papers ", "without code ", "first author ", "why does it fail? ",
)  # fmt: skip


def took_s(run: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began


def overgrows(run: Callable[[str], object], text: str) -> str:
    """Says if a text takes over `MOST_RATIO` times as long as its quarter; each try has its own end."""
    told = ""
    for end in range(TRIES):
        long_s = took_s(run, f"{text[: len(text) - 2]}x{end}")
        if long_s < ENOUGH_S:
            return ""
        short_s = took_s(run, f"{text[: len(text) // 4]}x{end}")
        if long_s <= MOST_RATIO * short_s:
            return ""
        told = f"{text[:30]!r}: a quarter {short_s:.2f} s, the whole {long_s:.2f} s"
    return told


@pytest.mark.parametrize("part", ASKED)
def test_a_question_of_one_part_again_and_again_is_answered_soon(
    assistant: Assistant, part: str
) -> None:
    assert overgrows(assistant.ask, (part * LONG_QUESTION)[:LONG_QUESTION]) == ""
    if not part.strip():
        assert overgrows(assistant.ask, f"compare {part * 1_500}") == ""


def test_a_salad_of_words_is_answered_soon(assistant: Assistant) -> None:
    papers = assistant.library.list_papers()
    words = [word for paper in papers for word in paper.text.split()]
    salads = {
        "words": " ".join(words[::41]),
        "slips": " ".join(w[:2] + w[3:] for w in words if len(w) > 6),
        "coined": " ".join((w[:2] + w[3:]).capitalize() + "Net" for w in words if len(w) > 6),
        "titles": " ".join(paper.title or "" for paper in papers),
        "people": " ".join(a.name for paper in papers for a in paper.authorships),
        "abstracts": " ".join(paper.text for paper in papers),
    }
    for text in salads.values():
        assert overgrows(assistant.ask, text[:LONG_QUESTION]) == ""


def test_a_long_follow_up_is_answered_soon(assistant: Assistant) -> None:
    thread = Thread()
    for question in ("What is DuetFace?", "which papers by Shiming Ge have code?"):
        thread = thread.add_turn(Turn(question, assistant.ask(question, thread)))
    for part in ("they ", "no, I meant ", "and the second one, ", "aB its ", "instead, ", "both "):
        question = (part * LONG_QUESTION)[:LONG_QUESTION]
        assert overgrows(partial(assistant.ask, thread=thread), question) == ""


SAID = (
    "(", "[", "![", "[E1", "[1", "[1] ", "(E1 E1", " ", "\n", "a", "A. ", "1. ", ". ", "a.b", "a b. ", "et al. ", "Ann Bee ",
    "“a", '"a', "_a", "*", "**", "`", "~", "- ", "| ", "<", "<a ", "<svg>", "http://", "a@", "10.1234/", "a¹", "dot com ",
    "人。", "(sources ", "\\cite ", "97% ", "…", "Ann Bee (2023) says so [E1]. ",
)  # fmt: skip


@pytest.mark.parametrize("part", SAID)
def test_a_reply_that_loops_passes_the_gate_soon(part: str) -> None:
    def check(said: str) -> None:
        gate, reply = CitationGate(EVIDENCE, "NOT STATED"), f"{said} [E1]."
        for at in range(0, len(reply), 8):  # in pieces as small as a model's tokens
            gate.process_piece(reply[at : at + 8])
        gate.close()

    assert overgrows(check, (part * LONG_REPLY)[:LONG_REPLY]) == ""


@pytest.mark.parametrize("written", [r"(?:a\s+)*(?:a\s+)*b", r"\w*[A-Z]\w*!"])
def test_a_slow_pattern_is_noticed(written: str) -> None:
    assert grows(Used("slow", re.compile(written), anchored=False))


@pytest.mark.parametrize(
    "before", ["[E1", "(note", "(sources", "see", "A 3", "“Ann", "Ann Bee", "1.", "#", "|", "[1]"]
)
def test_white_space_in_a_sentence_of_a_reply_passes_soon(before: str) -> None:
    def check(said: str) -> None:
        gate = CitationGate(EVIDENCE, "NOT STATED")
        gate.process_piece(said)
        gate.close()

    assert overgrows(check, (f"{before}{' ' * 1_400}x. " * 20)[:LONG_REPLY]) == ""
