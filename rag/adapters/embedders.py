"""The embedder that the settings name."""

from __future__ import annotations

from rag.adapters.minilm import MiniLM
from rag.adapters.weights import locate
from rag.config import Settings
from rag.errors import SettingsError


def embedder(settings: Settings) -> MiniLM:
    """Made at once, loaded at its first use."""
    if settings.embedder == "minilm":
        return MiniLM(locate(settings), precision="int8", threads=settings.threads)
    if settings.embedder == "minilm-fp32":
        return MiniLM(locate(settings), precision="fp32", threads=settings.threads)
    raise SettingsError(f"setting embedder {settings.embedder!r} is not known")
