"""Splits papers into chunks: an abstract is one chunk, a longer text windows of full sentences.

A window keeps to one section where that is known, and ends with a paragraph where it can. Its heading names
the section, so that "what are the limitations of X?" meets what stands under *Limitations*.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Sequence

from rag.text import split_sentences
from rag.types import Chunk, Paper, Span

CHUNKER = "sentences-2"
"""A new value cuts all papers anew; a chunk of the same content keeps its id, and so its vectors."""
_WHOLE = "sentences-1"
"""Part of the ``chunk_id`` of a text that is one chunk: such are cut as they always were."""

WHOLE_WORDS = 400
"""Up to here a text is one chunk."""
WINDOW_WORDS = 170
"""A window is closed once it holds this many words: with title and section the 256 tokens that the embedded
model makes its vector of."""
LEAST_WINDOW_WORDS = 50
"""A paragraph's end closes a window that lacks no more than this, a section's end one of so many."""
OPENING_CHARS = 1_500
"""Windows of a body that begin before it are found by their vectors: as a rule the two that hold title and abstract."""
PIECE_CHARS = 1_400
"""A "sentence" longer than this (a table, a text without spaces) is parted at white space."""
MAX_SECTION_CHARS = 80
_SECTION_NUMBER = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.?(?:\d{1,2}\.?)?)\s++(?=\S)"
)


def split_paper(paper: Paper) -> tuple[Chunk, ...]:
    """The paper's chunks in text order; together they cover its text, each sentence once.

    A paper without text has one chunk with an empty span, which the heading carries.
    """
    spans = _split_windows(paper.text, paper.section_starts)
    if len(spans) == 1:
        return (_build_chunk(paper, spans[0], _WHOLE, paper.title or ""),)
    return tuple(_build_chunk(paper, s, CHUNKER, _build_heading(paper, s[0])) for s in spans)


def has_body(paper: Paper) -> bool:
    """Whether a paper's text is longer than an abstract, so that it is several chunks."""
    return len(paper.text) > WHOLE_WORDS and len(paper.text.split()) > WHOLE_WORDS


def is_inner(chunk: Chunk) -> bool:
    """Whether a chunk is a window within a body, behind its opening: its gist alone is kept (`rag.types.ports.Encoder`)."""
    return chunk.span[0] >= OPENING_CHARS


def get_embedded_text(chunk: Chunk) -> str:
    """What is embedded and indexed for a chunk: heading, newline, text; or whichever there is."""
    return "\n".join(part for part in (chunk.heading, chunk.text) if part)


def get_text_offset(chunk: Chunk) -> int:
    """Where the chunk's text begins in its `get_embedded_text`."""
    return len(chunk.heading) + 1 if chunk.heading and chunk.text else 0


def get_sentences(chunk: Chunk) -> tuple[Span, ...]:
    """Spans of the sentences of the chunk's text, stored or computed."""
    return tuple(split_sentences(chunk.text)) if chunk.sentences is None else chunk.sentences


def _build_chunk(paper: Paper, span: Span, chunker: str, heading: str) -> Chunk:
    start, end = span
    text = paper.text[start:end]
    key = f"{chunker}|{paper.paper_id}|{start}|{end}|{heading}|{text}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Chunk("c" + digest[:16], paper.paper_id, span, text, heading)


def _build_heading(paper: Paper, start: int) -> str:
    """Title and section, without its number: ``Tidy Data: Related work``."""
    at = bisect_right(paper.section_starts, start) - 1
    section = _SECTION_NUMBER.sub("", paper.section_names[at]).strip() if at >= 0 else ""
    kept = section if len(section) <= MAX_SECTION_CHARS else ""
    return ": ".join(part for part in (paper.title or "", kept) if part)


def _split_windows(text: str, section_starts: Sequence[int]) -> list[Span]:
    pieces = [piece for span in split_sentences(text) for piece in _split_pieces(text, span)]
    if not pieces:
        return [(0, 0)]
    sizes = [_count_words(text[start:end]) for start, end in pieces]
    if sum(sizes) <= WHOLE_WORDS:
        return [(pieces[0][0], pieces[-1][1])]
    windows: list[Span] = []
    first, size, rest = 0, 0, sum(sizes)
    for at, words in enumerate(sizes[:-1]):
        size, rest = size + words, rest - words
        end, following = pieces[at][1], pieces[at + 1][0]
        if rest < LEAST_WINDOW_WORDS:
            break
        n_sections = [bisect_right(section_starts, place) for place in (end - 1, following)]
        least = WINDOW_WORDS
        if n_sections[0] != n_sections[1]:
            least = LEAST_WINDOW_WORDS
        elif "\n\n" in text[end:following]:
            least = WINDOW_WORDS - LEAST_WINDOW_WORDS
        if size >= least:
            windows.append((pieces[first][0], end))
            first, size = at + 1, 0
    windows.append((pieces[first][0], pieces[-1][1]))
    return windows


def _split_pieces(text: str, span: Span) -> list[Span]:
    """The span, or parts of it up to `PIECE_CHARS` long, split at white space if possible."""
    start, end = span
    pieces: list[Span] = []
    while end - start > PIECE_CHARS:
        cut = max(
            text.rfind(" ", start, start + PIECE_CHARS),
            text.rfind("\n", start, start + PIECE_CHARS),
        )
        cut = cut if cut > start else start + PIECE_CHARS
        pieces.append((start, cut))
        start = cut + (len(text[cut:end]) - len(text[cut:end].lstrip()))
    pieces.append((start, end))
    return pieces


def _count_words(text: str) -> int:
    """Words by white space, but at least one for every eight characters."""
    return max(len(text.split()), len(text) // 8)
