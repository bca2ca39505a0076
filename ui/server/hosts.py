"""Restricts the host names of requests, and the time that the server waits for a client.

A foreign page can let its own name resolve to this machine (DNS rebinding), so that the browser takes
both for one origin. The ``Host`` header of such requests reveals the foreign name.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import fail_after
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.app.accounts import is_loopback
from rag.config.settings import Settings
from rag.types.errors import RagError

_LOGGER = logging.getLogger(__name__)
BODY_PAUSE_S = 30.0
"""Time limit for a client to send the next part of a body."""


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request in place of the application; a connection is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)


class Hosts:
    """Refuses requests for a host name that is not this server's."""

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        self.app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            host = Headers(scope=scope).get("host", "")
            if not is_own(host, self._settings()):
                sentence = (
                    f"this chat does not answer to {host[:100]!r}; "
                    "if it should, add the name to the setting allowed_hosts\n"
                )
                return await refuse(PlainTextResponse(sentence, 421), scope, receive, send)
        await self.app(scope, receive, send)


def is_own(host: str, settings: Settings) -> bool:
    """Whether a ``Host`` header names this server.

    Where readers sign in on an address that others reach, any name is its own until some are set:
    a page that rebinds its name has no pass. An address is always its own there, as no name led to it.
    """
    try:
        parts = urlsplit(f"//{host}")
        name, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if not name or parts.netloc != host or "@" in host:
        return False
    if name in (*settings.allowed_hosts, settings.host.lower()) or is_loopback(name):
        return True
    if is_loopback(settings.host):
        return False
    if settings.allowed_hosts or (settings.unprotected and not settings.accounts):
        return _is_address(name) or name == socket.gethostname().lower()
    return True


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Patience:
    """Ends requests that cannot be served with one sentence or none, instead of a traceback.

    It stops waiting for a body that does not come, sends nothing to a client that is gone, and
    admits nobody if the settings cannot be read.
    """

    def __init__(self, app: ASGIApp, pause_s: float = BODY_PAUSE_S) -> None:
        self.app, self._pause_s = app, pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        is_complete, begun = scope["type"] == "websocket", False

        async def read() -> Message:
            nonlocal is_complete
            if is_complete:  # whoever asks now waits for the client to go, however long that takes
                return await receive()
            with fail_after(self._pause_s):
                message = await receive()
            is_complete = not message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, read, answer)
        except ClientDisconnect:
            return
        except TimeoutError:
            if begun or is_complete:
                raise
            late = PlainTextResponse("the request did not arrive whole\n", 408)
            late.headers["connection"] = "close"
            await late(scope, receive, send)
        except RagError as exc:
            if begun:
                raise
            _LOGGER.error("%s", exc)
            closed = PlainTextResponse("this chat is out of order; its log says why\n", 503)
            await refuse(closed, scope, receive, send)
