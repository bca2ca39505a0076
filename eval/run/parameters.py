"""The parameters that a sweep can vary: settings, fusion weights, and some constants.

Settings are those of `rag.config.settings.Settings`: ``embedder`` reads the same documents into a library of
its own, ``prompts`` names another folder of prompt files. The numbers are constants of the program,
changed for as long as a run lasts; `get_current` tells them to the run's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rag.adapters.weights import find_weights
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.search import fusion
from rag.types.errors import SettingsError

NUMBERS: Mapping[str, tuple[str, str]] = {
    "k": ("rag.answers.evidence_selection", "RANKING"),
    "candidates": ("rag.search.retriever", "CANDIDATES"),
    "quoted_papers": ("rag.answers.answering_papers", "MAX_PAPERS"),
    "quotes": ("rag.answers.extractive", "MAX_QUOTES"),
    "evidence_papers": ("rag.generation.evidence", "FIRST_PAPERS"),
}
"""Dials that are constants: how many papers are ranked, looked at closely, quoted, or shown to a model."""
WEIGHT = "fusion."


@dataclass(frozen=True, slots=True)
class Dial:
    """A parameter with the values to try, as typed."""

    name: str
    values: tuple[str, ...]

    @staticmethod
    def parse(text: str) -> Dial:
        """``name=first,second,...``.

        Raises:
            SettingsError: It is not of that form, there is no such dial, or a value does not fit.
        """
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise SettingsError(f"dial {text!r} is not of the form name=first,second")
        dial = Dial(name, tuple(values.split(",")))
        for value in dial.values:
            dial.check(value)
        return dial

    def check(self, value: str) -> None:
        """Raises SettingsError where the dial or the value is not known."""
        weights = [f"{WEIGHT}{name}" for name in fusion.WITH_TOKENS]
        known = (*NUMBERS, *weights, *Settings.model_fields)
        if self.name not in known:
            known_dials = ", ".join((*NUMBERS, *weights))
            raise SettingsError(
                f"unknown dial {self.name!r}: neither a setting nor one of {known_dials}"
            )
        try:
            if self.name in weights:
                float(value)
            elif self.name in NUMBERS and int(value) < 1:
                raise ValueError("less than 1")
        except ValueError as exc:
            raise SettingsError(f"dial {self.name!r} takes numbers, not {value!r}") from exc


def get_current() -> dict[str, object]:
    """The fusion weights and numbers now in force."""
    numbers = {
        name: getattr(module, constant) for name, (module, constant) in _load_numbers().items()
    }
    return {**{f"{WEIGHT}{name}": w for name, w in fusion.WITH_TOKENS.items()}, **numbers}


def _load_numbers() -> dict[str, tuple[ModuleType, str]]:
    return {name: (import_module(where), constant) for name, (where, constant) in NUMBERS.items()}


@contextmanager
def apply_dial(
    settings: Settings,
    name: str,
    value: str,
    libraries: Path,
    progress: Callable[[str, int, int], None],
) -> Iterator[Settings]:
    """The settings with one dial at another value; what is no setting, for as long as this lasts.

    Args:
        settings: As they are; their library holds the documents that another embedder reads.
        name: Of the dial.
        value: As typed.
        libraries: Where libraries of other embedders are kept, for another sweep.
        progress: Told about their ingest.
    """
    if name == "embedder" and value != settings.embedder:
        yield _build_embedded_library(settings, value, libraries, progress)
    elif name in NUMBERS:
        module, constant = _load_numbers()[name]
        with _apply_constant(module, constant, int(value)):
            yield settings
    elif name.startswith(WEIGHT):
        weights = {**fusion.WITH_TOKENS, name.removeprefix(WEIGHT): float(value)}
        with _apply_constant(fusion, "WITH_TOKENS", weights):
            yield settings
    else:
        yield Settings.model_validate({**dict(settings), name: value})


@contextmanager
def _apply_constant(module: ModuleType, name: str, value: object) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)


def _build_embedded_library(
    settings: Settings, embedder: str, libraries: Path, progress: Callable[[str, int, int], None]
) -> Settings:
    """Settings over a library of the same documents, made by another embedder."""
    with Assistant(settings) as assistant:
        documents = [Path(document.path) for document in assistant.library.list_documents()]
    model_path = (
        find_weights(settings).folder if embedder.startswith("minilm") else settings.model_path
    )
    folder = libraries / "".join(c if c.isalnum() else "-" for c in embedder)
    changed = settings.model_copy(
        update={"embedder": embedder, "data": folder, "model_path": model_path}
    )
    with build(changed) as assistant:
        assistant.ingest(documents, progress=progress)
    return changed
