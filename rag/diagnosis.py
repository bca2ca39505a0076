"""What `paperfolk doctor` says: versions, settings and their origins, library, models, servers."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rag.census import census
from rag.config import Settings, load_with_origins
from rag.errors import LibraryError, PromptError, RagError, SettingsError
from rag.masking import mask_secrets

if TYPE_CHECKING:
    from rag.library import Library
    from rag.pipeline import Assistant
    from rag.types import Health

PACKAGES = (
    "chromadb", "langchain", "langchain-core", "langchain-openai", "numpy", "onnxruntime", "openai",
    "streamlit", "tantivy", "tokenizers",
)  # fmt: skip
WELL = ("none: ", "reachable")
"""How the state of a chat model begins that keeps nothing from being answered."""
EMPTY = 'empty; run "paperfolk ingest"'


def diagnose(assistant: Assistant) -> dict[str, object]:
    """What is wrong, then state by topic, each part's own fault in its place. No secret is shown."""
    parts: dict[str, dict[str, object]] = {
        "library": _library(assistant),
        "embedder": {**_embedder(assistant.settings)},
        "chat model": {**_chat_model(assistant.settings)},
    }
    return {
        "wrong": list(_wrong(parts)),
        "versions": _versions(),
        "settings": _settings(assistant.settings),
        **parts,
        "tracing": _tracing(assistant.settings),
    }


def _wrong(parts: dict[str, dict[str, object]]) -> Iterator[str]:
    """What keeps questions from being answered, part by part."""
    well = {"library": ("in step", EMPTY), "embedder": ("works",), "chat model": WELL}
    for name, part in parts.items():
        if not str(part["state"]).startswith(well[name]) or "lists no model" in str(part["state"]):
            yield f"{name}: {part['state']}"
        if not str(part.get("streaming", "works")).startswith("works"):
            yield f"{name}: {part['streaming']}"
    used, asked = parts["library"].get("embedder"), parts["embedder"].get("name")
    if used and asked and used != asked:
        yield f'library: its vectors are by {used!r}, not {asked!r}; run "paperfolk ingest --rebuild"'


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found["platform"] = f"{sys.platform} {platform.machine()}"
    for package in ("paperfolk", *PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _settings(settings: Settings) -> dict[str, str]:
    """Each setting with its origin; one that differs from what is found now was given in code."""
    try:
        found, origins = load_with_origins()
    except SettingsError:
        found, origins = Settings(), {}
    told = {}
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        origin = origins.get(key, "default") if value == getattr(found, key) else "argument"
        told[key] = f"{_shown(value)} ({origin})"
    return told


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set, hidden"
    if isinstance(value, tuple):
        hidden = any(isinstance(one, SecretStr) for one in value)
        told = f"{len(value)} set, hidden" if hidden else ", ".join(map(str, value))
        return mask_secrets(told) or "not set"
    return "not set" if value in (None, "") else mask_secrets(str(value))


def _library(assistant: Assistant) -> dict[str, object]:
    library = assistant.library
    try:
        health = assistant.health()
        if not library.n_papers and health.ok:
            return {"state": EMPTY}
        return _told(library, health)
    except RagError as exc:
        return {"state": str(exc)}


def _told(library: Library, health: Health) -> dict[str, object]:
    try:
        census(library)  # what every question needs: papers, people and their aliases
        n_documents, n_people = len(library.documents()), len(library.persons())
    except LibraryError:  # the state says so
        return {"state": "; ".join(health.problems)}
    return {
        "state": "in step" if health.ok else "; ".join(health.problems),
        "fingerprint": library.fingerprint,
        "documents": n_documents,
        "papers": health.n_papers,
        "people": n_people,
        "chunks": health.n_chunks,
        "vectors": health.n_vectors,
        "indexed": health.n_indexed,
        "embedder": library.index_state.embedder,
    }


def _embedder(settings: Settings) -> dict[str, str]:
    from rag.adapters.embedders import embedder

    try:
        chosen = embedder(settings)
        dimension = len(chosen.embed_query("reachable?"))
    except RagError as exc:
        return {"state": str(exc)}
    return {"state": "works", "name": chosen.name, "dimension": str(dimension)}


def _chat_model(settings: Settings) -> dict[str, str]:
    if not settings.generative:
        return {"state": "none: answers are quoted from the papers (extractive)"}
    from rag import prompting
    from rag.adapters.provider import reachable, streaming

    found = {"name": settings.chat_model_name, "state": reachable(settings)}
    if not found["state"].startswith("reachable"):
        return found
    try:
        prompt = prompting.load(settings.prompts, "check_model", variables=())
    except PromptError as exc:
        return {**found, "streaming": str(exc)}
    return {**found, **streaming(settings, prompt.render({}))}


def _tracing(settings: Settings) -> dict[str, str]:
    from rag.adapters.tracing import state

    return {"state": state(settings)}
