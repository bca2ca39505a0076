"""No question and no reply holds the server: what reads them takes about linear time."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import rag
from tests.growth import Used, _seconds, overgrown, patterns_in, shapes_for

QUESTION_CHARS = 4_000
WORTH_MORE_S = 0.0001
"""For an eighth of that: from this on, all of it may take longer than what counts as linear."""
OTHERS = ("rag.reading", "rag.text", "rag.__main__")
MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(rag.__path__, "rag.")
    if not found.ispkg and not found.name.startswith(OTHERS)
]
PATTERNS = [used for module in MODULES for used in patterns_in(module)]


@pytest.mark.parametrize("used", PATTERNS, ids=lambda used: used.name)
def test_a_pattern_takes_linear_time(used: Used) -> None:
    def run(text: str) -> None:
        used.run(" ".join(text.split()))  # as a question and a sentence of a reply come to it

    for shape in shapes_for(used.pattern):
        n = QUESTION_CHARS // len(shape.pump)
        if _seconds(run, shape.of(n // 8)) > WORTH_MORE_S:
            assert overgrown(run, [shape], n) == ""
