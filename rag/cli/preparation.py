"""Prepares what the browser chat needs to open: the embedded model's weights, and papers."""

from __future__ import annotations

import sys

from rag.cli.ingest_progress import open_ingest_progress
from rag.cli.ingest_report import format_summary, iter_unread_lines
from rag.config.settings import Settings
from rag.types.errors import ModelError, WeightsMissing


def prepare_library(settings: Settings, *, ingest: bool = False) -> None:
    """Fetch missing weights and read the seed documents, with progress on stderr.

    Args:
        settings: Of the library and its seed documents.
        ingest: Read them also where the library holds papers already; what is unchanged is skipped.
    """
    from rag.app.assistant import build

    with build(settings) as assistant:
        n_papers = assistant.library.n_papers
        if n_papers and not ingest:
            return
        if not n_papers:
            sys.stderr.write(f"reading the papers in {settings.seeds}\n")
        try:
            with open_ingest_progress(sys.stderr) as (watch, announce):
                try:
                    outcome = assistant.ingest(watch=watch, announce=announce)
                except WeightsMissing:
                    _fetch_weights(settings)
                    outcome = assistant.ingest(watch=watch)
        except ModelError as exc:  # the screens say what is missing, and have a button for it
            sys.stderr.write(f"paperfolk: {exc}\n")
            return
        sys.stderr.writelines(
            f"{line}\n" for line in (*iter_unread_lines(outcome), format_summary(outcome))
        )


def _fetch_weights(settings: Settings) -> None:
    from rag.adapters.weights import fetch_weights

    sys.stderr.write("fetching the embedded model, once\n")
    fetch_weights(settings)
