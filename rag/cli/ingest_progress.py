"""Shows an ingest in a terminal: what there is to do, then how far it is, with the document in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rag.cli.format import is_coloured
from rag.cli.markdown import remove_control_characters
from rag.ingest.watching import Watch, format_ingest_state, format_survey
from rag.types.ingests import IngestState, Survey

LINE_EVERY_S = 10.0
"""Between two lines where no terminal shows a bar; a step in the work comes sooner."""
MOST_CHARS = 60


@contextmanager
def open_ingest_progress(err: TextIO) -> Iterator[tuple[Watch, Callable[[Survey], None]]]:
    """Functions to be told how far an ingest is and what it has before it: a bar on a terminal, else lines."""

    def announce(survey: Survey) -> None:
        err.write(f"{format_survey(survey)}\n")
        err.flush()

    if not is_coloured(err):
        yield _build_plain_watch(err), announce
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    line = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(24), TaskProgressColumn(), line)
    with Progress(*columns, console=Console(file=err), transient=True) as bar:
        task = bar.add_task("planning", total=1.0)

        def show(state: IngestState) -> None:
            bar.update(task, completed=state.share, description=_format_short(state))

        yield show, announce


def _format_short(state: IngestState) -> str:
    """The state's line with the rest of a long file name cut off."""
    file = remove_control_characters(state.file)
    line = remove_control_characters(format_ingest_state(state))
    return line.replace(file, f"{file[: MOST_CHARS - 1]}…") if len(file) > MOST_CHARS else line


def _build_plain_watch(err: TextIO) -> Watch:
    """A line for each tenth of the work, and now and then between."""
    tenth, at = -1, time.monotonic()

    def show(state: IngestState) -> None:
        nonlocal tenth, at
        now = time.monotonic()
        if not state.n_files:  # nothing is read: the report says so
            return
        if int(state.share * 10) > tenth or now - at >= LINE_EVERY_S:
            tenth, at = max(tenth, int(state.share * 10)), now
            err.write(f"{_format_short(state)}\n")
            err.flush()

    return show
