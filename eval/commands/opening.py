"""What the commands have in common: settings, data folders, an assistant over a library that holds something."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from eval.run.progress import ProgressBar
from rag.config.settings import Settings, load

if TYPE_CHECKING:
    from rag.app.assistant import Assistant

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # no class at run time
DONE, FAILED, USAGE = 0, 1, 2
"""Exit statuses."""


@contextmanager
def open_assistant(settings: Settings) -> Iterator[Assistant]:
    """An assistant over a library that holds something: an empty one gets the seeds."""
    from rag.app.assistant import build
    from rag.types.errors import LibraryEmpty

    with build(settings) as assistant:
        try:
            assistant.library.ensure_not_empty()
        except LibraryEmpty:
            assistant.ingest(progress=ProgressBar())
        yield assistant


@contextmanager
def open_library(path: Path) -> Iterator[Assistant]:
    """An assistant over the records at a path, in a data folder that is gone afterwards."""
    from rag.app.assistant import build

    with ensure_data_folder(None) as data, build(get_settings_for(data)) as assistant:
        assistant.ingest([path])
        yield assistant


def get_run_settings(data: Path | None) -> Settings:
    """The settings of a run: kept replies of a chat model would cost nothing and take no time."""
    settings = load() if data is None else get_settings_for(data)
    return settings.model_copy(update={"cache": False})


def get_settings_for(data: Path) -> Settings:
    """The user's settings with another data folder; the embedded model stays where it is."""
    from rag.adapters.weights import find_weights

    settings = load()
    if settings.embedder.startswith("minilm") and settings.model_path is None:
        return settings.model_copy(
            update={"data": data, "model_path": find_weights(settings).folder}
        )
    return settings.model_copy(update={"data": data})


@contextmanager
def ensure_data_folder(given_folder: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone afterwards."""
    if given_folder is not None:
        yield given_folder
    else:
        with tempfile.TemporaryDirectory(prefix="paperfolk-eval-") as folder:
            yield Path(folder)


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, help="keep the library there, for another run (default: a new one)"
    )
