"""One question's use of the chat model: counted, timed, priced and cached.

All model calls for an answer go through the session, so that the answer's usage includes every call.
A cached reply costs nothing; a new one is cached only once `ModelSession.keep` is called, after its
answer was shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rag.generation.prices import Price
from rag.generation.prompt_files import Message
from rag.generation.response_cache import ResponseCache, compute_reply_key
from rag.types import Usage
from rag.types.errors import LibraryError, ModelError

CHARS_PER_TOKEN = 4


class _Model(Protocol):
    def stream(self, input: list[Message], config: Any = None, **kwargs: Any) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class CachedPiece:
    """Text of a cached reply, in the form of a chat model's own pieces."""

    text: str
    usage_metadata: Mapping[str, Any] | None = None


class ModelSession:
    """One question's calls of one model.

    Args:
        name: Name of the model.
        model: Opens the model; called by the first call that is not answered from the cache.
        price: Price of its tokens, if known.
        replies: The response cache; None to call the model every time.
        scope: What a reply depends on besides its messages: server, model, library.
        fresh: Ignore the cached reply, and replace it by the new one.

    Attributes:
        usage: Tokens and cost of all calls so far; unreported tokens are estimated.
        first_token_at: When the newest reply began, on the clock of ``time.perf_counter``.
        notes: Problems of the cache and the like, one sentence each.
        judge: The session of the model that verifies; this one, or another.
        tokens_left: Of the conversation's budget; None without one.
        is_small: Whether the model is asked for wordings alone, by a short prompt.
    """

    def __init__(
        self,
        name: str,
        model: Callable[[], _Model],
        *,
        price: Price | None = None,
        replies: ResponseCache | None = None,
        scope: Sequence[str] = (),
        fresh: bool = False,
    ) -> None:
        self.name = name
        self.usage = Usage()
        self.first_token_at: float | None = None
        self.notes: tuple[str, ...] = ()
        self._model = model
        self._price = price
        self._replies = replies
        self._scope = tuple(scope)
        self._is_fresh = fresh
        self._new: list[tuple[str, str]] = []
        self._n_asked = self._n_found = 0
        self.judge = self
        self.tokens_left: int | None = None
        self.is_small = False

    @property
    def cached(self) -> bool:
        """Whether there were calls and all were answered from what is kept."""
        return self._n_found > 0 and not self._n_asked

    def stream(self, input: list[Message], config: Any = None, **kwargs: Any) -> Iterator[Any]:
        """The reply in pieces with ``text`` and ``usage_metadata``.

        Raises:
            ModelError: The call failed.
        """
        self.first_token_at = None
        key = compute_reply_key(self._scope, input)
        if (cached_reply := self._find(key)) is not None:
            self._n_found += 1
            self.first_token_at = time.perf_counter()
            yield CachedPiece(cached_reply)
            return
        self._n_asked += 1
        pieces: list[str] = []
        counted: Usage | None = None
        failed = False
        try:
            for chunk in self._model().stream(input, config=config, **kwargs):
                if chunk.text and self.first_token_at is None:
                    self.first_token_at = time.perf_counter()
                pieces.append(str(chunk.text))
                counted = _merge_usage(counted, chunk.usage_metadata)
                yield chunk
        except ModelError:
            failed = True
            raise
        finally:
            self._count(counted or _compute_usage(input, pieces))
            if not failed and any(pieces):
                self._new.append((key, "".join(pieces)))

    def find_reply(self, messages: Sequence[Message]) -> str | None:
        """The cached reply to a call that is not made by `stream`; see `add_reply`."""
        reply = self._find(compute_reply_key(self._scope, messages))
        self._n_found += reply is not None
        return reply

    def add_reply(
        self, messages: Sequence[Message], text: str, reported: Mapping[str, Any] | None
    ) -> None:
        """Count a call that was made elsewhere with the model of `open_model`."""
        self._n_asked += 1
        self._count(_merge_usage(None, reported) or _compute_usage(messages, [text]))
        self._new.append((compute_reply_key(self._scope, messages), text))

    def open_model(self) -> Any:
        """The model itself, for LangChain's agent; its calls belong into `add_reply`."""
        return self._model()

    def keep(self) -> None:
        """Cache the replies of an answer that was shown, except failed ones."""
        if self._replies is None:
            return
        try:
            for key, text in self._new:
                self._replies.keep(key, text)
        except LibraryError as exc:
            self._stop_caching(exc)
        self._new.clear()

    def _find(self, key: str) -> str | None:
        if self._replies is None or self._is_fresh:
            return None
        try:
            return self._replies.find(key)
        except LibraryError as exc:
            self._stop_caching(exc)
            return None

    def _stop_caching(self, exc: LibraryError) -> None:
        self._replies = None
        self.notes = (*self.notes, str(exc))

    def _count(self, call: Usage) -> None:
        total = replace(
            self.usage,
            input_tokens=self.usage.input_tokens + call.input_tokens,
            output_tokens=self.usage.output_tokens + call.output_tokens,
            cached_tokens=self.usage.cached_tokens + call.cached_tokens,
            estimated=self.usage.estimated or call.estimated,
        )
        cost = None if self._price is None else self._price.compute_cost_usd(total)
        self.usage = replace(total, cost_usd=cost)


def _merge_usage(counted: Usage | None, reported_usage: Mapping[str, Any] | None) -> Usage | None:
    """The larger figures: servers report once at the end, or again and again."""
    if not reported_usage:
        return counted
    before = counted or Usage()
    from_cache = (reported_usage.get("input_token_details") or {}).get("cache_read") or 0
    return Usage(
        max(before.input_tokens, reported_usage.get("input_tokens") or 0),
        max(before.output_tokens, reported_usage.get("output_tokens") or 0),
        cached_tokens=max(before.cached_tokens, from_cache),
    )


def _compute_usage(messages: Sequence[Message], pieces: Sequence[str]) -> Usage:
    """Tokens by the length of the texts; a call that said nothing read nothing, as far as known."""
    if not any(pieces):
        return Usage()
    n_read = sum(len(text) for _, text in messages)
    return Usage(
        -(-n_read // CHARS_PER_TOKEN),
        -(-sum(map(len, pieces)) // CHARS_PER_TOKEN),
        estimated=True,
    )
