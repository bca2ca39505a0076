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
    from rag.config import Settings, load
    from rag.errors import RagError
    from rag.pipeline import Assistant, build
    from rag.records import record
    from rag.types import Answer, Citation, Delta, Paper, Step, Thread, Turn

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
    "Settings": "rag.config",
    "load": "rag.config",
    "RagError": "rag.errors",
    "Assistant": "rag.pipeline",
    "build": "rag.pipeline",
    "record": "rag.records",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "rag.types")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
