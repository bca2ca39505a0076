"""One call to a chat model: the streamed reply, its tokens, and its error."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag.generation.prompt_files import Message
from rag.types import Usage
from rag.types.errors import ModelError


class ChatModel(Protocol):
    """The methods of a LangChain ``BaseChatModel`` that are used; raises only `ModelError`."""

    def stream(self, input: list[Message], config: Any = None, **kwargs: Any) -> Iterator[Any]:
        """Message chunks with ``text`` and ``usage_metadata``; ``kwargs`` go to the server."""
        ...


@dataclass(slots=True)
class Reply:
    """A model's reply while it streams in."""

    usage: Usage = field(default_factory=Usage)
    error: ModelError | None = None

    def read_pieces(
        self, model: ChatModel, messages: list[Message], name: str, **kwargs: Any
    ) -> Generator[str, None, None]:
        """The reply's text; a failure ends it and is kept in ``error``."""
        try:
            stream = model.stream(messages, config={"run_name": name}, **kwargs)
            with closing(stream):  # type: ignore[type-var]
                for chunk in stream:
                    self._count(chunk.usage_metadata)
                    if chunk.text:
                        yield str(chunk.text)
        except ModelError as exc:
            self.error = exc

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Keep the largest figures: servers report once at the end, or cumulatively."""
        if usage:
            self.usage = Usage(
                max(self.usage.input_tokens, usage.get("input_tokens") or 0),
                max(self.usage.output_tokens, usage.get("output_tokens") or 0),
            )
