"""Reading is linear: no pattern takes worse than about linear time, whatever it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest

import rag.readers
import rag.text.analysis
from rag.readers import read_bytes
from rag.types.errors import ReadError
from tests.growth import GENERIC, Shape, Used, overgrown, patterns_in, shapes_for

PATTERNS = [*patterns_in(rag.readers), *patterns_in(rag.text.analysis)]


def test_every_pattern_is_tried() -> None:
    names = {used.name for used in PATTERNS}
    assert {"rag.readers.names._AND", "rag.text.analysis._BOUNDARY"} <= names
    assert {"rag.readers.author_page._FIGURES"} <= names
    assert len(names) > 40


@pytest.mark.parametrize("used", PATTERNS, ids=lambda used: used.name)
def test_a_pattern_takes_linear_time(used: Used) -> None:
    assert overgrown(used.run, shapes_for(used.pattern)) == ""


def reads(before: str, after: str = "", *, quoted: bool = False) -> Callable[[str], None]:
    """Reads a document of which a text is the middle; what cannot be read may be refused."""

    def run(text: str) -> None:
        middle = json.dumps(text)[1:-1] if quoted else text
        with suppress(ReadError):
            read_bytes("a", f"{before}{middle}{after}".encode())

    return run


DOCUMENTS = {
    "JSON: authors": reads('{"title": "T", "abstract": "A", "authors": "Ann ', '"}', quoted=True),
    "JSON: abstract": reads('{"title": "T", "abstract": "A ', '"}', quoted=True),
    "JSON: what follows": reads('[{"title": "T", "abstract": "A"},\n'),
    "CSV: authors": reads("title,authors,abstract\nT,", ",A\n"),
    "CSV: what follows": reads("title,authors,abstract\nT,A,A\n"),
    "BibTeX: authors": reads("@misc{k, title={T}, author={A ", "}}"),
    "BibTeX: what follows": reads("@misc{k, title={T}}\n"),
    "author page: authors": reads("Ann Bee\nh-index5\n\nCVMay 2, 2023Code\nT\n\nAnn ", "\n\nA.\n"),
    "abstract": reads("Abstract: A "),
}  # fmt: skip
BROKEN = ('{\n', '{"a" 1},\n', '{"a": "b",\n', '"a,"b\n', '"a,b\n', "@a{", "@a{b,\n", "CVMay 2, 2023Code\n", "Abstract:\n")  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_takes_linear_time(document: str) -> None:
    shapes = [*GENERIC, *(Shape(pump) for pump in BROKEN)]
    assert overgrown(DOCUMENTS[document], shapes, 1_000) == ""


@pytest.mark.parametrize(
    "written", [r"\s*,?\s+and", r"(?:a|b)+c", r"x(?:a+)+$", r"\w*a-\n", r"\[(?:[^\]])*\]"]
)
def test_a_slow_pattern_is_noticed(written: str) -> None:
    slow = Used("slow", re.compile(written), anchored=False)
    # "(?:a|b)+c" is now and then too soon done on a fast machine to be judged
    assert any(overgrown(slow.run, shapes_for(slow.pattern)) for _ in range(5))


def test_a_slow_function_is_noticed() -> None:
    assert overgrown(lambda text: sum(text.count("x", i) for i in range(len(text))), GENERIC, 8_000)
    assert overgrown(str.split, GENERIC) == ""
