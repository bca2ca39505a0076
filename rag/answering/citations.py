"""Citations: from a marker in an answer to a place in a paper, and text made safe to stand beside.

Two things keep the contract "every ``[n]`` has exactly one citation, and every citation is used".
`Citations` hands out markers, and `plain` takes whatever looks like one out of foreign text: a
quote that says ``[12]`` is shown as ``(12)`` while the citation keeps it as printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.text import without_hidden
from rag.types import Citation, Paper, Span

MARKER = re.compile(r"\[(\d+)\]")
"""What a reader, the screens and the evaluation take for a marker."""

_NUMBERS = re.compile(r"\[(\s*\d+(?:\s*[,;–-]\s*\d+)*\s*)\]")
_HAZARDS = (
    (
        "a link or an image",
        re.compile(r"\]\(|!\[|\]\[(?!\d+\])|^ {0,3}\[[^\]\n]+\]:", re.MULTILINE),
    ),
    ("HTML", re.compile(r"<[A-Za-z/!?]")),
    ("a code span", re.compile(r"`")),
)


class InvalidAnswer(AssertionError):
    """An answer breaks the contract: a bug of this program, so not a `RagError` to be shown."""


def cite(marker: int, paper: Paper, span: Span) -> Citation:
    """The citation of one span of a paper; an empty span cites the paper by its title alone."""
    start, end = span
    assert 0 <= start <= end <= len(paper.text), f"span {span} is outside {paper.paper_id}"
    return Citation(
        marker=marker,
        paper_id=paper.paper_id,
        source=paper.source,
        also_at=paper.also_at,
        title=paper.title,
        label=paper.label,
        quote=paper.text[start:end],
        span=span,
    )


class Citations:
    """Hands out markers from 1 in order of first use; the same span of a paper keeps its marker."""

    def __init__(self) -> None:
        self._cited: dict[tuple[str, Span], Citation] = {}

    def __len__(self) -> int:
        return len(self._cited)

    def mark(self, paper: Paper, span: Span) -> int:
        """The marker of this span, a new one if it was not cited before."""
        key = (paper.paper_id, span)
        if key not in self._cited:
            self._cited[key] = cite(len(self._cited) + 1, paper, span)
        return self._cited[key].marker

    def listed(self) -> tuple[Citation, ...]:
        """All citations, by marker."""
        return tuple(self._cited.values())


def markers(text: str) -> list[int]:
    """Every marker in a text, in order, with repeats."""
    return [int(match[1]) for match in MARKER.finditer(text)]


def check(text: str, citations: Sequence[Citation], papers: Mapping[str, Paper]) -> None:
    """Verify that markers and citations match one to one and that every quote is in its paper.

    Args:
        text: The answer's text.
        citations: Its citations.
        papers: By paper id; at least the cited ones.

    Raises:
        InvalidAnswer: Naming the first marker or quote that breaks the contract.
    """
    given = [citation.marker for citation in citations]
    if len(set(given)) != len(given):
        raise InvalidAnswer(f"a marker has two citations: {given}")
    for match in MARKER.finditer(text):
        if match[1] != str(int(match[1])) or int(match[1]) not in given:
            raise InvalidAnswer(f"marker {match[0]!r} has no citation")
    unused = set(given).difference(markers(text))
    if unused:
        raise InvalidAnswer(f"citations {sorted(unused)} are not used in the text")
    for citation in citations:
        _check_quote(citation, papers)


def _check_quote(citation: Citation, papers: Mapping[str, Paper]) -> None:
    paper = papers.get(citation.paper_id)
    if paper is None:
        raise InvalidAnswer(f"citation {citation.marker} is of no known paper")
    start, end = citation.span
    if not 0 <= start <= end <= len(paper.text) or paper.text[start:end] != citation.quote:
        raise InvalidAnswer(f"the quote of citation {citation.marker} is not at {citation.span}")
    if paper.text and not citation.quote:
        raise InvalidAnswer(f"citation {citation.marker} quotes nothing")


def plain(text: str) -> str:
    """Text from a paper or a question as one line that is neither Markdown, HTML nor a marker.

    Words, numbers and addresses stay as they are, so that a reader finds them again; only signs
    that would be taken for markup give way to their nearest look-alike or get a space. Applying it
    twice changes nothing more.
    """
    return inert(without_hidden(text))


def inert(text: str) -> str:
    """`plain` for text that has lost its hidden characters already and may hold a caller's own."""
    text = " ".join(text.split())
    text = _NUMBERS.sub(r"(\1)", text)
    text = text.replace("`", "'").replace("*", "∗")
    text = text.replace("~~", "∼∼")
    text = re.sub(r"!(?=\[)", "! ", text)
    text = re.sub(r"\](?=[(\[:])", "] ", text)
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"(?<![\w\\])_+(?=\S)", lambda run: run[0].replace("_", r"\_"), text)
    text = re.sub(r"^(?=[#>|]|[=+-]+(?:\s|$))", r"\\", text)
    text = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)
    return text.rstrip("\\ ")


def hazards(text: str) -> tuple[str, ...]:
    """What in an answer's Markdown would be more than words: links, images, HTML, code; or ()."""
    return tuple(name for name, pattern in _HAZARDS if pattern.search(text))
