"""How far an ingest is: told to whoever started it, and written down for all who read the library.

A file beside the library says it every second, so that the Library page of any process on this machine
shows an ingest that another one runs, and one that was killed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rag.library.integrity import INGEST_FILE
from rag.text.english import counted
from rag.types.ingests import IngestState, Survey

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and the total."""
Watch = Callable[[IngestState], None]

TELL_EVERY_S = 1.0
SILENT_S = 120.0
"""A state that nothing was added to for so long is of a process that has ended: no step takes longer,
but for reading one document within its limits."""
READ_SHARE, EMBEDDED_SHARE = 0.15, 0.75
"""Of the time that a document takes; the rest is storing and indexing it."""
PDF_S, ENTRY_S = 0.8, 0.03
"""Seconds for a PDF and for an entry of another document, before a library has any of its own."""
ENTRY_BYTES = 1_500
LEAST_MEASURED_S = 5.0
"""Ingests from which a library learns how fast it is here."""


def estimate_entries(path: Path, n_bytes: int) -> int:
    """About how many entries a document has: one for a PDF, else by its size."""
    return 1 if path.suffix.lower() == ".pdf" else max(1, n_bytes // ENTRY_BYTES)


def estimate_seconds(path: Path, n_bytes: int) -> float:
    is_pdf = path.suffix.lower() == ".pdf"
    return PDF_S if is_pdf else ENTRY_S * estimate_entries(path, n_bytes)


class IngestWatch:
    """Follows one ingest.

    Args:
        folder: The data folder.
        costs: Seconds that each document to be read is expected to take, by name.
        pace: How much longer than that documents have taken here before.
        watch: Told of every step.
        progress: Told of the steps of each stage.
    """

    def __init__(
        self,
        folder: Path,
        survey: Survey,
        costs: Mapping[str, float],
        pace: float = 1.0,
        watch: Watch | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._path = folder / INGEST_FILE
        self._costs, self._total, self._pace = costs, sum(costs.values()), pace
        self._watch, self._progress = watch, progress
        self._began = time.monotonic()
        self._written = 0.0
        self._spent = 0.0
        """Of the costs, what is done with."""
        self._portion = 0.0
        """Cost of what is being embedded and stored."""
        self.state = IngestState("planning", n_files=survey.n_files - survey.n_unchanged)

    @property
    def pace(self) -> float | None:
        """How much longer than expected this ingest took; None where it was too short to say."""
        elapsed = time.monotonic() - self._began
        return elapsed / self._spent if self._spent and elapsed >= LEAST_MEASURED_S else None

    def begin_file(self, name: str) -> None:
        self._change(stage="reading", file=name)

    def end_file(self, name: str, n_entries: int) -> None:
        """A document was read; it is done with once its portion is stored."""
        self._spent += self._costs.get(name, 0.0) * READ_SHARE
        n_done = self.state.n_files_done + (name in self._costs)
        self._change(n_files_done=n_done, n_entries=self.state.n_entries + n_entries)

    def begin_portion(self, parts: Sequence[tuple[str, float]]) -> None:
        """Of documents, by name, these shares are embedded and stored next."""
        self._portion = sum(self._costs.get(name, 0.0) * share for name, share in parts)
        if parts:
            self._change(file=parts[-1][0])

    def end_portion(self) -> None:
        self._spent += self._portion * (1 - READ_SHARE)
        self._portion = 0.0
        self._change()

    def report(self, stage: str, n_done: int, total: int) -> None:
        """A step of a stage."""
        if self._progress:
            self._progress(stage, n_done, total)
        share = n_done / max(total, 1)
        within = {"embedding": EMBEDDED_SHARE * share}.get(stage, 0.0)
        self._change(within, stage=stage)

    def close(self, *, is_done: bool) -> None:
        """End the progress file: removed if the work is done, else kept so that the next ingest can report it."""
        with suppress(OSError):
            if is_done:
                self._path.unlink(missing_ok=True)
            elif self._path.is_file():
                self._write(replace(self.state, is_alive=False))

    def _change(self, within: float = 0.0, **values: Any) -> None:
        elapsed = time.monotonic() - self._began
        spent = self._spent + within * self._portion
        share = min(1.0, spent / self._total) if self._total else 0.0
        rest_s = (1 / share - 1) * elapsed if share > 0.02 else (self._total - spent) * self._pace
        n_done = self.state.n_entries * share
        rate = n_done / elapsed if elapsed > 1 else 0.0
        left_s = rest_s if self._total else None
        self.state = replace(self.state, **values, share=share, left_s=left_s, rate=rate)
        if self._watch:
            self._watch(self.state)
        if time.monotonic() - self._written >= TELL_EVERY_S:
            self._written = time.monotonic()
            with suppress(OSError):  # such as on a full disk: the ingest itself says so
                self._write(self.state)

    def _write(self, state: IngestState) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(asdict(state)), encoding="utf-8")
        part.replace(self._path)


def read_ingest_state(folder: Path) -> IngestState | None:
    """The ingest that runs on a data folder, or that has ended before its work was done; else None."""
    path = folder / INGEST_FILE
    try:
        state = IngestState(**json.loads(path.read_text(encoding="utf-8")))
        is_silent = time.time() - path.stat().st_mtime > SILENT_S
    except (OSError, ValueError, TypeError):  # none, or of another version
        return None
    return replace(state, is_alive=False) if is_silent else state


def format_ingest_state(state: IngestState) -> str:
    """A line such as ``reading smith.pdf: 12 of 2,000 documents, 41 papers, 3.1 a second, 9 min left``."""
    stage = f"{state.stage} {state.file}".strip()
    if not state.is_alive:
        return f"an ingest was interrupted at {stage}; run it again and it goes on from there"
    of_files = f"{state.n_files_done:,} of {counted(state.n_files, 'document')}"
    parts = [of_files, counted(state.n_entries)]
    if state.rate >= 1:
        parts.append(f"{state.rate:.3g} a second")
    elif state.rate:  # "0.0228 a second" is hard to think of
        parts.append(f"{60 * state.rate:.2g} a minute")
    if state.left_s is not None:
        parts.append(f"{format_duration(state.left_s)} left")
    return f"{stage}: {', '.join(parts)}"


def format_survey(survey: Survey) -> str:
    """A line such as ``plan: 2,000 documents, 37 of them unchanged; about 1,963 papers, about 14 min``."""
    parts = counted(survey.n_files, "document")
    if survey.n_unchanged:
        parts += f", {survey.n_unchanged:,} of them unchanged"
    if survey.n_files == survey.n_unchanged:
        return f"plan: {parts}"
    papers = counted(survey.n_entries)
    return f"plan: {parts}; about {papers} to read, about {format_duration(survey.seconds)}"


def format_duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5_400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
