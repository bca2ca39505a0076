"""Paperfolk: chat with your papers, and find the people behind them.

For programs:

    from rag import build, load

    with build(load()) as assistant:
        answer = assistant.ask("What does DuetFace split?")

`PaperfolkRetriever` and `PaperfolkChain` are the same for LangChain programs. Everything is
imported when it is first asked for: ``import rag`` loads nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.adapters.langchain import PaperfolkChain, PaperfolkRetriever
    from rag.app.assistant import Assistant, build
    from rag.config.settings import Settings, load
    from rag.types import Answer, Citation, Delta, Paper, Step, Thread, Turn
    from rag.types.errors import RagError
    from rag.types.serialise import record

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Delta",
    "Paper",
    "PaperfolkChain",
    "PaperfolkRetriever",
    "RagError",
    "Settings",
    "Step",
    "Thread",
    "Turn",
    "build",
    "load",
    "record",
]

_HOMES = {
    "PaperfolkChain": "rag.adapters.langchain",
    "PaperfolkRetriever": "rag.adapters.langchain",
    "Settings": "rag.config.settings",
    "load": "rag.config.settings",
    "RagError": "rag.types.errors",
    "Assistant": "rag.app.assistant",
    "build": "rag.app.assistant",
    "record": "rag.types.serialise",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "rag.types")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
