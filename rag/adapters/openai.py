"""Chat models behind the OpenAI protocol, as LangChain sees them, with our errors.

`chat_model` gives a LangChain ``BaseChatModel``, so callbacks, usage and tracing work as in any
LangChain program; nothing is asked of the server before the first call. Every failure of a call is
a `ModelError` of one sentence. Tries are repeated here and not in the vendor's client, which would
wait as long as a server asks: what is not worth a reader's waiting is said at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from rag.config import Settings
from rag.errors import (
    MalformedReply,
    ModelError,
    ProviderError,
    ProviderUnreachable,
    SettingsError,
)

LONGEST_WAIT_S = 10.0
"""A server that asks for a longer pause is reported instead of waited for."""
FIRST_WAIT_S = 0.5
REACHABLE_TIMEOUT_S = 5.0
_PUBLIC = "https://api.openai.com/v1"


def chat_model(settings: Settings) -> BaseChatModel:
    """The chat model that the settings name, not yet asked anything.

    Raises:
        SettingsError: There is neither a key nor a base URL.
    """
    return _Chat(
        model=settings.chat_model_name,
        api_key=_key(settings),
        base_url=settings.openai_base_url or _PUBLIC,
        timeout=settings.timeout_s,
        max_retries=0,
        n_retries=settings.retries,
        stream_usage=True,
        use_responses_api=False,  # the part of the protocol that other servers speak too
    )


def reachable(settings: Settings) -> str:
    """What a look at the model server finds, as one clause; costs no tokens."""
    name = settings.chat_model_name
    try:
        client = openai.OpenAI(
            api_key=_key(settings).get_secret_value(),
            base_url=settings.openai_base_url or _PUBLIC,
            timeout=min(settings.timeout_s, REACHABLE_TIMEOUT_S),
            max_retries=0,
        )
        with client, _our_errors(_server(client.base_url), name):
            served = {model.id for model in client.models.list()}
    except SettingsError as exc:
        return str(exc)
    except ProviderError as exc:
        return "reachable; it does not list its models" if exc.status == 404 else str(exc)
    except ModelError as exc:
        return str(exc)
    return "reachable" if name in served else f"reachable, but it lists no model {name!r}"


def _key(settings: Settings) -> SecretStr:
    """The key; for a server of one's own, which may need none, a word in its place."""
    if settings.openai_api_key is not None:
        return settings.openai_api_key
    if settings.openai_base_url is None:
        raise SettingsError(
            f"chat model {settings.chat_model_name!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL for "
            "another server that speaks the protocol"
        )
    return SecretStr("none")


class _Chat(ChatOpenAI):
    """LangChain's model with our errors and our way of trying again; its async side has neither."""

    n_retries: int = 0

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempt = 0
        while True:
            try:
                with _our_errors(self._host, self.model_name):
                    result = super()._generate(messages, stop, run_manager, **kwargs)
                    self._check_end(result.generations[0].generation_info or {})
                    return result
            except ModelError as exc:
                attempt = self._wait(exc, attempt)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        attempt, begun = 0, False
        while True:
            try:
                for chunk in self._whole_stream(*args, **kwargs):
                    begun = True
                    yield chunk
                return
            except ModelError as exc:
                if begun:
                    raise
                attempt = self._wait(exc, attempt)

    def _whole_stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        """One try; a stream without words or without a proper end is an error."""
        end: dict[str, Any] = {}
        has_words = False
        with _our_errors(self._host, self.model_name):
            for chunk in super()._stream(*args, **kwargs):
                end |= chunk.generation_info or {}
                has_words = has_words or bool(chunk.text)
                if chunk.text or has_words:
                    yield chunk
        if not has_words:
            raise MalformedReply(
                f"model {self.model_name!r} at {self._host!r} replied with nothing"
            )
        self._check_end(end)

    def _check_end(self, info: dict[str, Any]) -> None:
        reason = info.get("finish_reason")
        if reason is None:
            raise ProviderUnreachable(f"the reply of {self._host!r} broke off; ask again")
        if reason == "length":
            raise MalformedReply(f"the reply of {self.model_name!r} reached its longest length")
        if reason == "content_filter":
            raise MalformedReply(
                f"the model server {self._host!r} withheld the reply by its content filter"
            )

    def _wait(self, exc: ModelError, attempt: int) -> int:
        """Pause before the next try and count it; raises where another try makes no sense."""
        asked = exc.retry_after_s if isinstance(exc, ProviderError) else None
        pause_s = FIRST_WAIT_S * 2**attempt if asked is None else asked
        if not exc.retryable or attempt >= self.n_retries or pause_s > LONGEST_WAIT_S:
            raise exc
        time.sleep(pause_s)
        return attempt + 1

    @property
    def _host(self) -> str:
        return _server(self.openai_api_base)


@contextmanager
def _our_errors(host: str, model: str) -> Iterator[None]:
    """Vendor errors as ours; nothing of the server's own words, which may hold parts of a key."""
    try:
        yield
    except openai.APIStatusError as exc:
        raise _of_status(exc, host, model) from exc
    except openai.APITimeoutError as exc:
        raise ProviderUnreachable(
            f"the model server {host!r} did not answer in time; try again, or raise timeout_s"
        ) from exc
    except openai.APIConnectionError as exc:
        raise ProviderUnreachable(
            f"the model server {host!r} cannot be reached or broke off; check openai_base_url and "
            "the network"
        ) from exc
    except openai.APIResponseValidationError as exc:
        raise _unparsable(host) from exc
    except openai.OpenAIError as exc:
        raise ProviderError(f"the model server {host!r} reported an error; ask again") from exc
    except (TypeError, KeyError, IndexError, ValueError, AttributeError) as exc:
        raise _unparsable(host) from exc


def _unparsable(host: str) -> MalformedReply:
    return MalformedReply(
        f"the reply of {host!r} does not parse; check that openai_base_url leads to a server that "
        "speaks the OpenAI protocol"
    )


def _of_status(exc: openai.APIStatusError, host: str, model: str) -> ProviderError:
    status = exc.status_code
    retry_after_s = _seconds(exc.response.headers.get("retry-after"))
    said = str(exc)
    if "context" in said and ("length" in said or "window" in said):
        what, then = f"finds the call too long for {model!r}", "lower evidence_tokens"
    elif status in (401, 403):
        what, then = "refused the key", "check OPENAI_API_KEY"
    elif status == 404:
        what, then = f"knows no model {model!r}", "set chat_model to one that it serves"
    elif status == 429:
        when = "later" if retry_after_s is None else f"in {retry_after_s:.0f} s"
        what, then = "takes no more calls for now", f"try again {when}, or check the quota"
    elif status >= 500:
        what, then = "has a fault of its own", "try again later"
    else:
        what, then = "refused the call", f"check that {model!r} is a chat model"
    return ProviderError(
        f"the model server {host!r} {what} (HTTP {status}); {then}",
        status=status,
        retry_after_s=retry_after_s,
    )


def _seconds(value: str | None) -> float | None:
    """A ``Retry-After`` header: seconds, or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(UTC)).total_seconds()) if when.tzinfo else None


def _server(url: object) -> str:
    """Host and port alone: a base URL may hold a password."""
    parts = urlsplit(str(url))
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
