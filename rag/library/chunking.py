"""Splits papers into chunks: an abstract is one chunk, a longer text windows of full sentences."""

from __future__ import annotations

import hashlib

from rag.text import split_sentences
from rag.types import Chunk, Paper, Span

CHUNKER = "sentences-1"
"""Part of every ``chunk_id``: a new value rebuilds all chunks and vectors."""

WHOLE_WORDS = 400
"""Up to here a text is one chunk."""
WINDOW_WORDS = 200
"""A window is closed once it holds this many words."""
OVERLAP_WORDS = 60
"""A window begins with the last sentences of the one before, up to this many words."""
PIECE_CHARS = 1_400
"""A "sentence" longer than this (a table, a text without spaces) is parted at white space."""


def split_paper(paper: Paper) -> tuple[Chunk, ...]:
    """The paper's chunks in text order; together they cover its text.

    A paper without text has one chunk with an empty span, which the heading carries.
    """
    return tuple(_build_chunk(paper, span) for span in _split_windows(paper.text))


def get_embedded_text(chunk: Chunk) -> str:
    """What is embedded and indexed for a chunk: heading, newline, text; or whichever there is."""
    return "\n".join(part for part in (chunk.heading, chunk.text) if part)


def get_text_offset(chunk: Chunk) -> int:
    """Where the chunk's text begins in its `get_embedded_text`."""
    return len(chunk.heading) + 1 if chunk.heading and chunk.text else 0


def get_sentences(chunk: Chunk) -> tuple[Span, ...]:
    """Spans of the sentences of the chunk's text, stored or computed."""
    return tuple(split_sentences(chunk.text)) if chunk.sentences is None else chunk.sentences


def _build_chunk(paper: Paper, span: Span) -> Chunk:
    start, end = span
    heading, text = paper.title or "", paper.text[start:end]
    key = f"{CHUNKER}|{paper.paper_id}|{start}|{end}|{heading}|{text}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Chunk("c" + digest[:16], paper.paper_id, span, text, heading)


def _split_windows(text: str) -> list[Span]:
    pieces = [piece for span in split_sentences(text) for piece in _split_pieces(text, span)]
    if not pieces:
        return [(0, 0)]
    sizes = [_count_words(text[start:end]) for start, end in pieces]
    if sum(sizes) <= WHOLE_WORDS:
        return [(pieces[0][0], pieces[-1][1])]
    windows: list[Span] = []
    first, size = 0, 0
    for at, words in enumerate(sizes):
        size += words
        rest = sum(sizes[at + 1 : at + 1 + WINDOW_WORDS])
        if size >= WINDOW_WORDS and rest >= WINDOW_WORDS // 2:
            windows.append((pieces[first][0], pieces[at][1]))
            first = _find_overlap_start(sizes, first, at)
            size = sum(sizes[first : at + 1])
    windows.append((pieces[first][0], pieces[-1][1]))
    return windows


def _find_overlap_start(sizes: list[int], first: int, last: int) -> int:
    """Index of the piece at which the window after ``first..last`` begins."""
    start, shared = last + 1, 0
    while start - 1 > first and shared + sizes[start - 1] <= OVERLAP_WORDS:
        start -= 1
        shared += sizes[start]
    return start


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
