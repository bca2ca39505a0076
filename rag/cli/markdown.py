"""Writes an answer's Markdown as it grows: rendered on a terminal, nearly as it is elsewhere."""

from __future__ import annotations

import io
import re
import shutil
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

WIDTH = 100
_MARKER = re.compile(r"\[\d+\]")
_FLUENT_COLUMNS = 24
"""Letters that a column of a table needs so that words stay whole."""


def remove_control_characters(text: str) -> str:
    """The text without control characters, which could steer a terminal; line ends stay."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


class AnswerWriter(Protocol):
    """Takes an answer piece by piece; ``wrote`` says whether anything has been shown."""

    wrote: bool

    def write_piece(self, text: str, *, is_last: bool = False) -> None: ...

    def close(self) -> None: ...


def open_answer_writer(stream: TextIO, *, is_terminal: bool) -> AnswerWriter:
    """The writer for a stream."""
    return TerminalWriter(stream) if is_terminal else PlainWriter(stream)


class TerminalWriter:
    """Renders block by block; the block that still grows is shown, and drawn anew with each piece."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.wrote = False
        self._pending = ""
        self._live: Live | None = None

    def write_piece(self, text: str, *, is_last: bool = False) -> None:
        self._pending += remove_control_characters(text)
        *blocks, self._pending = re.split(r"\n{2,}", self._pending)
        for block in blocks:
            self._write_block(block)
        if self._pending.strip() and not is_last:
            self._show_growing()

    def close(self) -> None:
        self._write_block(self._pending)
        self._pending = ""

    def _write_block(self, block: str) -> None:
        if not block.strip():
            return
        if self._live is not None:
            self._live.update(self._build_frame(block))
            self._live.stop()
            self._live = None
        else:
            self._separate()
            self.stream.write(f"{self._render(block)}\n")
        self.stream.flush()

    def _show_growing(self) -> None:
        from rich.live import Live

        frame = self._build_frame(self._pending)
        if self._live is None:
            self._separate()
            self._live = Live(console=self._build_console(self.stream), auto_refresh=False)
            self._live.start()
        self._live.update(frame, refresh=True)

    def _separate(self) -> None:
        """An empty line before every block but the first."""
        self.stream.write("\n" if self.wrote else "")
        self.wrote = True

    def _build_frame(self, block: str) -> Text:
        from rich.text import Text

        return Text.from_ansi(self._render(block))

    @cached_property
    def _renderer(self) -> Console:
        """Renders blocks; another than the one that draws, which would draw into what is rendered."""
        return self._build_console(io.StringIO())

    def _build_console(self, stream: TextIO) -> Console:
        from rich.console import Console

        width = min(WIDTH, shutil.get_terminal_size().columns)
        return Console(
            file=stream, width=width, force_terminal=True, color_system="standard", highlight=False
        )

    def _render(self, block: str) -> str:
        """The block as a terminal shows it, markers in colour."""
        from rich.markdown import Markdown

        console = self._renderer
        n_columns = block.partition("\n")[0].count("|") - 1
        if block.startswith("|") and console.width < n_columns * _FLUENT_COLUMNS:
            block = "\n\n".join(_list_rows(block))
        with console.capture() as capture:
            console.print(Markdown(block, hyperlinks=False))
        lines = [line.rstrip() for line in capture.get().strip("\n").splitlines()]
        return _MARKER.sub("\x1b[36m\\g<0>\x1b[39m", "\n".join(lines))


def _list_rows(table: str) -> list[str]:
    """Each row of a Markdown table as a list: its first cell, and each other behind its column's name."""
    head, _, *rows = (_split_cells(line) for line in table.splitlines())
    return [
        "\n".join(
            [f"**{cells[0]}**\n", *(f"- {n}: {c}" for n, c in zip(head[1:], cells[1:], strict=False))]
        )
        for cells in rows
    ]  # fmt: skip


def _split_cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


class PlainWriter:
    """Writes the Markdown for programs and files, without its backslashes.

    A row of a table becomes a block: its first cell, and below it each other cell behind its column's
    name.
    """

    _ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
    _UNFINISHED = re.compile(r"(?<!\\)\\$")

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.wrote = False
        self._incomplete = self._last = ""
        self._columns: list[str] = []

    def write_piece(self, text: str, *, is_last: bool = False) -> None:
        text = remove_control_characters(self._incomplete + text)
        self._incomplete = ""
        while self._is_at_line_start() and text.startswith("|"):
            row, end, text = text.partition("\n")
            if not end:
                self._incomplete = row
                return
            self._write_row(row)
        before, table, after = text.partition("\n|")
        if table:
            self._write(f"{before}\n")
            self.write_piece(f"|{after}")
            return
        self._columns = [] if text.strip() else self._columns
        cut = self._UNFINISHED.search(text)
        self._incomplete = text[cut.start() :] if cut else ""
        self._write(text[: cut.start()] if cut else text)

    def close(self) -> None:
        if self._incomplete.startswith("|") and self._is_at_line_start():
            row, self._incomplete = self._incomplete, ""
            self._write_row(row)
        if last_words := self._incomplete or self._last:
            self._write(self._incomplete if last_words.endswith("\n") else self._incomplete + "\n")

    def _is_at_line_start(self) -> bool:
        return not self._last or self._last.endswith("\n")

    def _write_row(self, row: str) -> None:
        cells = _split_cells(row)
        if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            return
        if not self._columns:
            self._columns = cells
            return
        rest = zip(self._columns[1:], cells[1:], strict=False)
        lines = [cells[0], *(f"  {name}: {cell}" for name, cell in rest)]
        self._write("\n".join(lines) + "\n\n")

    def _write(self, text: str) -> None:
        self.wrote = self.wrote or bool(text)
        self._last = text or self._last
        self.stream.write(self._ESCAPED.sub(r"\1", text))
        self.stream.flush()
