"""Chat models behind the OpenAI protocol, as LangChain sees them, with our errors and our limits.

`build_chat_model` gives a LangChain ``BaseChatModel``, so callbacks, usage and tracing work as in any
LangChain program; nothing is asked of the server before the first call. Every failure of a call is
a `ModelError` of one sentence. Calls are retried here and not by the vendor's client, which would
wait as long as a server asks; an error that a retry cannot mend is reported at once.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import partial
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from rag.adapters.calls import (
    CallLimits,
    CallTooLong,
    Lease,
    SilenceTooLong,
    build_http_client,
    run_call,
    run_in_thread,
)
from rag.adapters.faults import build_unparsable_error, convert_errors, format_server_name
from rag.config.settings import Settings
from rag.types.cancellation import CancelToken
from rag.types.errors import (
    MalformedReply,
    ModelError,
    ProviderError,
    ProviderUnreachable,
    SettingsError,
)

_log = logging.getLogger(__name__)

LONGEST_RETRY_WAIT_S = 10.0
"""If a server asks for a longer pause, the error is reported instead."""
FIRST_WAIT_S = 0.5
LONGEST_FLUSH_S = 5.0
PUBLIC_URL = "https://api.openai.com/v1"


def build_chat_model(settings: Settings) -> OpenAIChat:
    """Build the chat model of the settings; it is not called yet.

    Raises:
        SettingsError: There is neither a key nor a base URL.
    """
    client = build_http_client(settings.timeout_s)
    return OpenAIChat(
        model=settings.chat_model_name,
        api_key=get_api_key(settings),
        base_url=settings.openai_base_url or PUBLIC_URL,
        timeout=settings.timeout_s,
        max_retries=0,
        n_retries=settings.retries,
        silence_s=settings.timeout_s,
        whole_s=settings.reply_timeout_s,
        http_client=client,
        lease=Lease(client),
        stream_usage=True,
        use_responses_api=False,  # the part of the protocol that other servers speak too
    )


def send_traces() -> None:
    """Send LangSmith the pending traces of LangChain's own tracing, if it is configured."""
    limits = CallLimits(LONGEST_FLUSH_S, time.monotonic() + LONGEST_FLUSH_S, CancelToken())
    try:
        run_call(wait_for_all_tracers, limits, "flush traces")
    except (SilenceTooLong, CallTooLong):
        _log.warning("traces were not taken by LangSmith within %s s", LONGEST_FLUSH_S)


def get_api_key(settings: Settings) -> SecretStr:
    """The key, or a placeholder for a configured base URL, whose server may need none.

    Raises:
        SettingsError: There is neither a key nor a base URL.
    """
    if settings.openai_api_key is not None:
        return settings.openai_api_key
    if settings.openai_base_url is None:
        raise SettingsError(
            f"chat model {settings.chat_model_name!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL for "
            "another server that speaks the protocol"
        )
    return SecretStr("none")


def _open_generator(
    make: Callable[..., Iterator[ChatGenerationChunk]], *args: Any, **kwargs: Any
) -> Generator[ChatGenerationChunk, None, None]:
    yield from make(*args, **kwargs)


def _refuses(exc: ModelError, name: str) -> bool:
    """Whether the error says that the server does not know a part of the request."""
    refused = isinstance(exc, ProviderError) and exc.status in (400, 404, 422, 501)
    error_text = f"{exc.__cause__} {getattr(exc.__cause__, 'body', '')}"
    return refused and re.search(rf"\b{name}\b", error_text) is not None


class _NoStream(MalformedReply):
    """The server sent something, but no stream."""


class NoTools(ModelError):
    """The server, or its model, takes no tools."""


def _refuses_tools(exc: ModelError, kwargs: dict[str, Any]) -> bool:
    """``does not support tools`` and the like; llama.cpp's server says it with a status of 500."""
    if "tools" not in kwargs or not isinstance(exc, ProviderError):
        return False
    error_text = f"{exc.__cause__} {getattr(exc.__cause__, 'body', '')}"
    return exc.status in (400, 404, 422, 500, 501) and "tool" in error_text.lower()


def _get_function_text(message: Any) -> str:
    """Arguments of the protocol's older form of a tool call."""
    call = getattr(message, "additional_kwargs", {}).get("function_call") or {}
    return str(call.get("arguments") or "")


def _list_tool_chunks(chunk: ChatGenerationChunk) -> list[Any]:
    return list(getattr(chunk.message, "tool_call_chunks", None) or ())


def _build_text_chunk(text: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text))


def _extract_tool_text(arguments: str) -> str:
    """What a model says as arguments of a tool that nobody offered, as some servers have it do."""
    try:
        loaded = json.loads(arguments)
    except ValueError:
        return ""
    values = list(loaded.values()) if isinstance(loaded, dict) else []
    return values[0] if len(values) == 1 and isinstance(values[0], str) else arguments


class OpenAIChat(ChatOpenAI):
    """LangChain's chat model with our errors, our retries, and a time limit on every call.

    Attributes:
        n_retries: Retries of errors that may pass, if no words were shown yet.
        silence_s: Time limit for the first and every next piece of a reply.
        whole_s: Time limit for a call with all its retries and pauses.
        given_up: Cancels a call at any point.
        lease: Shared by the model and its copies; see `rag.adapters.calls.Lease`.
    """

    n_retries: int = 0
    silence_s: float = 60.0
    whole_s: float = 300.0
    given_up: Any = None
    lease: Any = None

    def until(self, stop: CancelToken) -> OpenAIChat:
        """A copy of the model whose calls end as soon as ``stop`` is set."""
        return self.model_copy(update={"given_up": stop})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        limits, attempt = self._build_limits(), 0
        make = partial(super()._generate, messages, stop, run_manager, **kwargs)
        while True:
            try:
                with convert_errors(self._host, self.model_name):
                    chat_result = run_call(make, limits, "model call")
                    (reply,) = chat_result.generations
                has_words = bool(
                    reply.text
                    or getattr(reply.message, "tool_calls", ())
                    or _get_function_text(reply.message)
                )
                self._check_end(reply.generation_info or {}, has_words=has_words)
                return chat_result
            except ModelError as exc:
                attempt = self._wait(exc, attempt, limits)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        limits, attempt, begun = self._build_limits(), 0, False
        while True:
            try:
                for chunk in self._read_whole_stream(limits, *args, **kwargs):
                    begun = True
                    yield chunk
                return
            except ModelError as exc:
                if begun:
                    raise
                if _refuses_tools(exc, kwargs):
                    raise NoTools(f"{self.model_name!r} at {self._host!r} takes no tools") from exc
                if _refuses(exc, "stream_options") and kwargs.get("stream_usage") is not False:
                    kwargs["stream_usage"] = False
                elif "response_format" in kwargs and _refuses(exc, "response_format"):
                    del kwargs["response_format"]
                elif isinstance(exc, _NoStream) or _refuses(exc, "stream"):
                    yield self._answer_at_once(exc, *args, **kwargs)
                    return
                else:
                    attempt = self._wait(exc, attempt, limits)

    def _answer_at_once(self, exc: ModelError, *args: Any, **kwargs: Any) -> ChatGenerationChunk:
        """The whole reply of a server that cannot stream; the stream's error if it has none either."""
        kwargs.pop("stream_usage", None)
        try:
            # An agent's model has `streaming` set, which would go to the server here too.
            at_once = self.model_copy(update={"streaming": False})
            (reply,) = at_once._generate(*args, **kwargs).generations
        except ModelError:
            raise exc from None
        usage = getattr(reply.message, "usage_metadata", None)
        calls = [
            tool_call_chunk(
                name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=at
            )
            for at, call in enumerate(getattr(reply.message, "tool_calls", ()))
        ]
        words = reply.text
        if not words and "tools" not in kwargs:
            arguments = "".join(call["args"] or "" for call in calls)
            words = _extract_tool_text(arguments or _get_function_text(reply.message))
        message = AIMessageChunk(content=words, usage_metadata=usage, tool_call_chunks=calls)
        return ChatGenerationChunk(message=message, generation_info=reply.generation_info)

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return await BaseChatModel._agenerate(self, *args, **kwargs)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        async for chunk in BaseChatModel._astream(self, *args, **kwargs):
            yield chunk

    def _read_whole_stream(
        self, limits: CallLimits, *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        """Make one attempt; a stream without text or without a proper end is an error."""
        end: dict[str, Any] = {}
        has_pieces = has_words = False
        offers_tools = "tools" in kwargs
        arguments = ""
        with convert_errors(self._host, self.model_name):
            make = partial(_open_generator, super()._stream, *args, **kwargs)
            for chunk in run_in_thread(make, limits, "model call"):
                has_pieces = True
                end |= chunk.generation_info or {}
                has_words = has_words or bool(chunk.text)
                calls = _list_tool_chunks(chunk)
                arguments += "".join(c["args"] or "" for c in calls)
                arguments += "" if calls else _get_function_text(chunk.message)
                if offers_tools and calls:
                    has_words = True
                if has_words:
                    yield chunk
        if not has_pieces:
            raise _NoStream(str(build_unparsable_error(self._host)))
        if not has_words and (text := _extract_tool_text(arguments)):
            has_words = True
            yield _build_text_chunk(text)
        self._check_end(end, has_words=has_words)

    def _check_end(self, info: dict[str, Any], *, has_words: bool) -> None:
        """Raise if the reply ended early or is empty."""
        reason = info.get("finish_reason")
        if reason is None:
            raise ProviderUnreachable(f"the reply of {self._host!r} broke off; ask again")
        if reason == "length":
            raise MalformedReply(
                f"the reply of {self.model_name!r} reached its longest length; raise the server's "
                "limit, or ask for less"
            )
        if reason == "content_filter":
            raise MalformedReply(
                f"the model server {self._host!r} withheld the reply by its content filter"
            )
        if not has_words:
            raise MalformedReply(
                f"model {self.model_name!r} at {self._host!r} replied with nothing; ask again"
            )

    def _build_limits(self) -> CallLimits:
        ends_at = time.monotonic() + self.whole_s
        return CallLimits(self.silence_s, ends_at, self.given_up or CancelToken())

    def _wait(self, exc: ModelError, attempt: int, limits: CallLimits) -> int:
        """Count and pause before the next attempt; raises the error if a retry makes no sense."""
        asked_s = exc.retry_after_s if isinstance(exc, ProviderError) else None
        pause_s = FIRST_WAIT_S * 2**attempt * random.uniform(0.75, 1.25)
        if asked_s is not None:
            pause_s = asked_s
        if not exc.retryable or attempt >= self.n_retries or pause_s > LONGEST_RETRY_WAIT_S:
            raise exc
        if not limits.has_time_for(pause_s):
            raise exc
        limits.pause(pause_s)
        return attempt + 1

    @property
    def _host(self) -> str:
        return format_server_name(self.openai_api_base)
