"""What every embedder here is to LangChain: one of its ``Embeddings``, without its import.

That took a third of a second of each process that answers a question; `rag.adapters.langchain`, which programs that
use LangChain import, registers the embedders with it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod


class TextEmbedder(ABC):
    """Texts to vectors, by LangChain's names."""

    @abstractmethod
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""

    @abstractmethod
    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self.embed_documents, texts)

    async def aembed_query(self, text: str) -> list[float]:
        return await asyncio.to_thread(self.embed_query, text)
