"""Reading is linear: no pattern takes worse than about linear time, whatever it is shown."""

from __future__ import annotations

import re

import pytest

import rag.reading
import rag.text
from tests.growth import GENERIC, Used, overgrown, patterns_in, shapes_for

PATTERNS = [*patterns_in(rag.reading), *patterns_in(rag.text)]


def test_every_pattern_is_tried() -> None:
    names = {used.name for used in PATTERNS}
    assert {"rag.reading.names._AND", "rag.text._BOUNDARY"} <= names
    assert {"rag.reading.author_page._FIGURES"} <= names
    assert len(names) > 40


@pytest.mark.parametrize("used", PATTERNS, ids=lambda used: used.name)
def test_a_pattern_takes_linear_time(used: Used) -> None:
    assert overgrown(used.run, shapes_for(used.pattern)) == ""


@pytest.mark.parametrize(
    "written", [r"\s*,?\s+and", r"(?:a|b)+c", r"x(?:a+)+$", r"\w*a-\n", r"\[[^\]]*\]"]
)
def test_a_slow_pattern_is_noticed(written: str) -> None:
    slow = Used("slow", re.compile(written), anchored=False)
    assert overgrown(slow.run, shapes_for(slow.pattern))


def test_a_slow_function_is_noticed() -> None:
    assert overgrown(lambda text: [text[i:] for i in range(len(text))], GENERIC, 40_000)
    assert overgrown(str.split, GENERIC) == ""
