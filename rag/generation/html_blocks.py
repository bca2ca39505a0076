"""Turns the HTML tables, lists and paragraphs of a streamed reply into Markdown, which is read line by line."""

from __future__ import annotations

import re

_OPEN = re.compile(r"<table\b[^<>]*>", re.IGNORECASE)
_CLOSE = re.compile(r"</table\s*>", re.IGNORECASE)
_BEGINS = re.compile(r"<(?:/?[a-z][^<>]{0,80})?$", re.IGNORECASE)
_ITEM = re.compile(r"\s*<li\b[^<>]*>\s*", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|ul|ol|h[1-6]|section|article)\b[^<>]*>|</li\s*>|<br\s*/?>", re.IGNORECASE
)
_ROW = re.compile(r"<tr\b[^<>]*>", re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


class BlockReader:
    """Passes on a reply; a table waits for its end, or for that of the reply."""

    def __init__(self) -> None:
        self._buffer = ""

    def process_piece(self, piece: str) -> str:
        """What of the reply so far can be passed on."""
        self._buffer += piece
        return self._take(final=False)

    def close(self) -> str:
        """What was held back."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        text = ""
        while opening := _OPEN.search(self._buffer):
            closing = _CLOSE.search(self._buffer, opening.end())
            text += _convert_blocks(self._buffer[: opening.start()])
            if closing is None and not final:
                self._buffer = self._buffer[opening.start() :]
                return text
            end = closing.start() if closing else len(self._buffer)
            text += _convert_table(self._buffer[opening.end() : end])
            self._buffer = self._buffer[closing.end() :] if closing else ""
        begun = None if final else _BEGINS.search(self._buffer)
        cut = begun.start() if begun else len(self._buffer)
        text, self._buffer = text + _convert_blocks(self._buffer[:cut]), self._buffer[cut:]
        return text


def _convert_blocks(text: str) -> str:
    """A line for each paragraph and item, so that a sentence ends where its element does."""
    return _BLOCK.sub("\n", _ITEM.sub("\n- ", text)) if "<" in text else text


def _convert_table(body: str) -> str:
    """The rows of a table between bars, a rule below the first; nothing if it has none."""
    rows = [_CELL.split(row)[1:] for row in _ROW.split(body)[1:]]
    lines = [f"| {' | '.join(map(_clean_cell, cells))} |" for cells in rows if cells]
    if len(lines) > 1:
        lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n\n" + "".join(f"{line}\n" for line in lines) + "\n"


def _clean_cell(cell: str) -> str:
    plain = _TAG.sub("", _BREAK.sub(" ", cell)).replace("|", "/")
    return " ".join(plain.split())
