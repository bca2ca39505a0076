"""The report of `paperfolk doctor`: versions, settings and their origins, library, models, servers."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rag.config.settings import Settings, load_with_origins
from rag.types.errors import LibraryError, PromptError, RagError, SettingsError
from rag.types.masking import mask_secrets

if TYPE_CHECKING:
    from rag.app.assistant import Assistant
    from rag.library import Library
    from rag.types import IndexHealth

PACKAGES = (
    "chromadb", "langchain", "langchain-core", "langchain-openai", "numpy", "onnxruntime", "openai",
    "streamlit", "tantivy", "tokenizers",
)  # fmt: skip
WELL = ("none: ", "reachable")
"""Beginnings of chat model states that are no obstacle to answers."""
EMPTY = 'empty; run "paperfolk ingest"'


def get_state(assistant: Assistant) -> dict[str, object]:
    """What is wrong, then state by topic, each part's own fault in its place. No secret is shown."""
    parts: dict[str, dict[str, object]] = {
        "library": _get_library_state(assistant),
        "embedder": {**_get_embedder_state(assistant.settings)},
        "chat model": {**get_chat_model_state(assistant.settings)},
    }
    return {
        "wrong": list(_wrong(parts)),
        "versions": _get_versions(),
        "settings": _get_settings_state(assistant.settings),
        **parts,
        "tracing": _get_tracing_state(assistant.settings),
    }


def _wrong(parts: dict[str, dict[str, object]]) -> Iterator[str]:
    """What keeps questions from being answered, part by part."""
    well = {"library": ("in step", EMPTY), "embedder": ("works",), "chat model": WELL}
    for name, part in parts.items():
        if not str(part["state"]).startswith(well[name]) or "lists no model" in str(part["state"]):
            yield f"{name}: {part['state']}"
        if not str(part.get("streaming", "works")).startswith("works"):
            yield f"{name}: {part['streaming']}"
    used, requested_items = parts["library"].get("embedder"), parts["embedder"].get("name")
    if used and requested_items and used != requested_items:
        yield f'library: its vectors are by {used!r}, not {requested_items!r}; run "paperfolk ingest --rebuild"'


def _get_versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    versions["platform"] = f"{sys.platform} {platform.machine()}"
    for package in ("paperfolk", *PACKAGES):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _get_settings_state(settings: Settings) -> dict[str, str]:
    """Each setting with its origin; one that differs from what is found now was given in code."""
    try:
        current, origins = load_with_origins()
    except SettingsError:
        current, origins = Settings(), {}
    rows = {}
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        origin = origins.get(key, "default") if value == getattr(current, key) else "argument"
        rows[key] = f"{_format_setting(value)} ({origin})"
    return rows


def _format_setting(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set, hidden"
    if isinstance(value, tuple):
        hidden = any(isinstance(item, SecretStr) for item in value)
        text = f"{len(value)} set, hidden" if hidden else ", ".join(map(str, value))
        return mask_secrets(text) or "not set"
    return "not set" if value in (None, "") else mask_secrets(str(value))


def _get_library_state(assistant: Assistant) -> dict[str, object]:
    library = assistant.library
    try:
        health = assistant.health()
        if not library.n_papers and health.ok:
            return {"state": EMPTY}
        return _told(library, health)
    except RagError as exc:
        return {"state": str(exc)}


def _told(library: Library, health: IndexHealth) -> dict[str, object]:
    try:
        view = library.view  # as every question asks for it: the aliases file must be readable too
        n_documents, n_people = len(library.list_documents()), view.library.n_people
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


def _get_embedder_state(settings: Settings) -> dict[str, str]:
    from rag.adapters.embedders import build_embedder

    try:
        chosen = build_embedder(settings)
        dimension = len(chosen.embed_query("reachable?"))
    except RagError as exc:
        return {"state": str(exc)}
    return {"state": "works", "name": chosen.name, "dimension": str(dimension)}


def get_chat_model_state(settings: Settings) -> dict[str, str]:
    """Whether the chat model can be reached and streams, in clauses by name."""
    if not settings.generative:
        return {"state": "none: answers are quoted from the papers (extractive)"}
    from rag.adapters.provider import check_reachable, check_streaming
    from rag.generation import prompt_files

    state = {"name": settings.chat_model_name, "state": check_reachable(settings)}
    if not state["state"].startswith("reachable"):
        return state
    try:
        prompt = prompt_files.load_prompt(settings.prompts, "check_model", variables=())
    except PromptError as exc:
        return {**state, "streaming": str(exc)}
    return {**state, **check_streaming(settings, prompt.render({}))}


def _get_tracing_state(settings: Settings) -> dict[str, str]:
    from rag.adapters.tracing import format_state

    return {"state": format_state(settings)}
