"""Translates errors of a model server into one sentence for the reader.

The server's own message may contain parts of a key, so it is used only to tell errors apart and is
never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx2
import openai

from rag.adapters.calls import CallTooLong, ReplyPacked, ReplyTooLarge, SilenceTooLong
from rag.types.errors import MalformedReply, ModelError, ProviderError, ProviderUnreachable

_TOO_LONG = re.compile(
    r"context.{0,60}(?:length|window|size|overflow)|(?:exceed|length|size).{0,40}context"
    r"|prompt is too long|reduce the length|too many (?:input )?tokens|input is too long",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL = re.compile(r"\bmodels?\b", re.IGNORECASE)
_NO_QUOTA = re.compile(r"insufficient_quota|billing|exceeded your current quota", re.IGNORECASE)


@contextmanager
def convert_errors(host: str, model: str) -> Iterator[None]:
    """Convert errors of the vendor, the connection and malformed replies to ours."""
    try:
        yield
    except ModelError:
        raise
    except SilenceTooLong as exc:
        raise build_silence_error(host) from exc
    except CallTooLong as exc:
        raise build_endless_error(host) from exc
    except openai.APIStatusError as exc:
        raise _convert_status_error(exc, host, model) from exc
    except openai.APITimeoutError as exc:
        raise build_silence_error(host) from exc
    except openai.APIConnectionError as exc:
        raise _convert_connection_error(exc, host) from exc
    except openai.APIResponseValidationError as exc:
        raise build_unparsable_error(host) from exc
    except openai.OpenAIError as exc:
        raise _convert_message_error(exc, host, model) from exc
    except httpx2.TransportError as exc:
        raise _convert_connection_error(exc, host) from exc
    except (TypeError, LookupError, ValueError, AttributeError, RecursionError) as exc:
        raise build_unparsable_error(host) from exc


def build_silence_error(host: str) -> ProviderUnreachable:
    """The error for a server that sends nothing; not retryable, as a retry would take as long."""
    error = ProviderUnreachable(
        f"the model server {host!r} did not answer in time; try again, or raise timeout_s"
    )
    error.retryable = False
    return error


def build_endless_error(host: str) -> ProviderUnreachable:
    error = ProviderUnreachable(
        f"the model server {host!r} did not finish in time; try again, or raise reply_timeout_s"
    )
    error.retryable = False
    return error


def build_unparsable_error(host: str) -> MalformedReply:
    return MalformedReply(
        f"the reply of {host!r} does not parse; check that openai_base_url leads to a server that "
        "speaks the OpenAI protocol"
    )


def _convert_connection_error(exc: BaseException, host: str) -> ModelError:
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, ReplyTooLarge | ReplyPacked):
        cause = cause.__cause__
    if isinstance(cause, ReplyTooLarge):
        return MalformedReply(
            f"the reply of {host!r} has no end; check that openai_base_url leads to a model server"
        )
    if isinstance(cause, ReplyPacked):
        return MalformedReply(
            f"the reply of {host!r} is compressed although that was not asked for; switch it off "
            "at the server or the proxy before it"
        )
    return ProviderUnreachable(
        f"the model server {host!r} cannot be reached or broke off; check openai_base_url and "
        "the network"
    )


def _convert_status_error(exc: openai.APIStatusError, host: str, model: str) -> ProviderError:
    status = exc.status_code
    retry_after_s = read_requested_pause_s(exc.response.headers)
    message = f"{exc} {exc.body}"
    retryable = None
    if status == 413 or (status < 500 and _TOO_LONG.search(message)):
        what, then = f"finds the call too long for {model!r}", "lower evidence_tokens"
    elif 300 <= status < 400:
        what = "sends calls on to another address, where your key is not taken"
        then = "set openai_base_url to the right one"
    elif status in (401, 403):
        what, then = "refused the key", "check OPENAI_API_KEY"
    elif status in (404, 405) and not _NO_MODEL.search(message):
        what, then = "knows no such address", "check openai_base_url, which mostly ends in /v1"
    elif status == 404:
        what, then = f"knows no model {model!r}", "set chat_model to one that it serves"
    elif status == 429 and _NO_QUOTA.search(message):
        what, then = "says that the account has no credit left", "check its quota and billing"
        retryable = False
    elif status == 429:
        when = "later" if retry_after_s is None else f"in {retry_after_s:.0f} s"
        what, then = "takes no more calls for now", f"try again {when}, or check the quota"
    elif status >= 500:
        what, then = "has a fault of its own", "try again later"
    else:
        what, then = "refused the call", f"check that {model!r} is a chat model"
    error = ProviderError(
        f"the model server {host!r} {what} (HTTP {status}); {then}",
        status=status,
        retry_after_s=retry_after_s,
    )
    if retryable is not None:
        error.retryable = retryable
    return error


def _convert_message_error(exc: openai.OpenAIError, host: str, model: str) -> ProviderError:
    """An error reported in the middle of a stream, without a status."""
    if _TOO_LONG.search(f"{exc} {getattr(exc, 'body', '')}"):
        what, then = f"finds the call too long for {model!r}", "lower evidence_tokens"
    else:
        what, then = "reported an error", "ask again"
    return ProviderError(f"the model server {host!r} {what}; {then}")


def read_requested_pause_s(headers: httpx2.Headers) -> float | None:
    """The pause that the server requests, as milliseconds in its own header, seconds, or a date."""
    thousandths = headers.get("retry-after-ms", "")
    if thousandths.replace(".", "", 1).isdigit():
        return float(thousandths) / 1000
    value = headers.get("retry-after")
    if value is None:
        return None
    if re.fullmatch(r"\s*\d+(?:\.\d*)?\s*", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(UTC)).total_seconds()) if when.tzinfo else None


def format_server_name(url: object) -> str:
    """Host and port only, as a base URL may contain a password."""
    parts = urlsplit(str(url))
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
