"""Who may use the server for programs, and how much a request may bring.

With tokens, whoever sends one. Without, this machine alone, under its own names: a page that lets its
name resolve to this machine is known by the ``Host`` or ``Origin`` that its requests carry.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

from anyio import fail_after
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.app.accounts import is_loopback
from rag.config.settings import Settings
from rag.serve.faults import build_error
from rag.types.errors import SettingsError

MIN_TOKEN_CHARS = 16
MAX_BODY_BYTES = 1_000_000
BODY_S = 30.0
"""Time limit for a whole body."""
OPEN_PATH = "/healthz"
"""What a monitor asks without a token; it tells nothing of the library."""


def check_server_guarded(settings: Settings) -> None:
    """Raise a SettingsError where others would reach the server unasked, or a token is weak."""
    tokens = read_tokens(settings)
    if any(len(token) < MIN_TOKEN_CHARS or not token.isascii() for token in tokens):
        raise SettingsError(
            f"a token of api_tokens has fewer than {MIN_TOKEN_CHARS} characters, or others than "
            'ASCII\'s; "paperfolk serve --new-token" prints a good one'
        )
    if not tokens and not is_loopback(settings.api_host):
        raise SettingsError(
            f"everyone who reaches {settings.api_host!r} could use this library; set api_tokens "
            '("paperfolk serve --new-token" prints one), or serve on 127.0.0.1'
        )


def read_tokens(settings: Settings) -> tuple[str, ...]:
    return tuple(token.get_secret_value() for token in settings.api_tokens)


class Access:
    """Refuses whoever sends no token, or, where none is set, comes from elsewhere."""

    def __init__(self, app: ASGIApp, tokens: Iterable[str], names: Iterable[str] = ()) -> None:
        self.app = app
        self._digests = [_digest(token) for token in tokens]
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == OPEN_PATH:
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if self._digests:
            kind, _, token = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not self._is_known(token.strip()):
                sentence = "this server asks for a token; send Authorization: Bearer TOKEN"
                refusal = build_error(
                    401, sentence, code="invalid_api_key", headers={"www-authenticate": "Bearer"}
                )
                return await refusal(scope, receive, send)
        elif not self._is_own(f"//{headers.get('host', '')}"):
            sentence = (
                f"this server does not answer to {headers.get('host', '')[:100]!r}; "
                "if it should, add the name to the setting allowed_hosts"
            )
            return await build_error(421, sentence)(scope, receive, send)
        elif (origin := headers.get("origin")) is not None and not self._is_own(origin):
            sentence = f"pages of {origin[:100]!r} may not use this server without a token"
            return await build_error(403, sentence)(scope, receive, send)
        await self.app(scope, receive, send)

    def _is_known(self, token: str) -> bool:
        """Compares with all of them, so that time tells nothing."""
        digest = _digest(token)
        return sum(compare_digest(digest, known) for known in self._digests) > 0

    def _is_own(self, address: str) -> bool:
        try:
            name = (urlsplit(address).hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self._names or is_loopback(name)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


class Bodies:
    """Takes a request's body in before anything works on it: whole, bounded, and within a time."""

    def __init__(
        self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES, whole_s: float = BODY_S
    ) -> None:
        self.app, self._max_bytes, self._whole_s = app, max_bytes, whole_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body, has_more = bytearray(), True
        try:
            with fail_after(self._whole_s):
                while has_more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    has_more = message.get("more_body", False)
                    if len(body) > self._max_bytes:
                        sentence = f"a request may bring {self._max_bytes:,} bytes, not more"
                        refusal = build_error(413, sentence, headers={"connection": "close"})
                        return await refusal(scope, receive, send)
        except TimeoutError:
            sentence = f"the request did not arrive whole within {self._whole_s:g} s"
            refusal = build_error(408, sentence, headers={"connection": "close"})
            return await refusal(scope, receive, send)
        is_read = False

        async def read() -> Message:
            nonlocal is_read
            if is_read:  # whoever asks now waits for the client to go
                return await receive()
            is_read = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, read, send)
