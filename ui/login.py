"""Signing in by an account: the gate before everything the server offers, and the page at it.

The gate stands before Streamlit, so pages, files, uploads and the connection itself are closed to
whoever has no pass; the pass is a cookie that no script can read.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from html import escape
from string import Template
from urllib.parse import parse_qs, quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.accounts import PASS_S, Accounts, Throttle
from ui.board import asset

COOKIE = "paperfolk_pass"
PATH, LEAVE = "/login", "/logout"
OPEN = (PATH, LEAVE, "/_stcore/health", "/healthz")
MAX_FORM_BYTES = 4096
AT_ONCE = 2
"""Passwords tried at one time: each takes 32 MiB and a core."""

Held = Callable[[], Accounts]


class Gate:
    """Lets through whoever has a pass; everybody, where there are no accounts."""

    def __init__(self, app: ASGIApp, accounts: Held) -> None:
        self.app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN:
            return await self.app(scope, receive, send)
        accounts = self._accounts()
        connection = HTTPConnection(scope)
        if not accounts or accounts.holder(connection.cookies.get(COOKIE, "")) is not None:
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        await self._turned_away(connection)(scope, receive, send)

    def _turned_away(self, connection: HTTPConnection) -> Response:
        if connection.scope["method"] == "GET" and "text/html" in connection.headers.get(
            "accept", ""
        ):
            url = connection.url
            wanted = url.path + (f"?{url.query}" if url.query else "")
            return RedirectResponse(f"{PATH}?next={quote(wanted, safe='')}", 303)
        return PlainTextResponse("sign in first", 401)


class Login:
    """The page that asks for name and password."""

    def __init__(self, accounts: Held, throttle: Throttle | None = None) -> None:
        self._accounts = accounts
        self._throttle = throttle or Throttle()
        self._limiter: CapacityLimiter | None = None

    async def show(self, request: Request) -> Response:
        wanted = _local(request.query_params.get("next", "/"))
        return _page(wanted) if self._accounts() else RedirectResponse(wanted, 303)

    async def enter(self, request: Request) -> Response:
        """A pass for the right password; a wrong one is as slow, and soon has to wait."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return PlainTextResponse("sign in on the page itself", 403)
        length = request.headers.get("content-length", "")
        if not (length.isdecimal() and 0 < int(length) <= MAX_FORM_BYTES):
            return PlainTextResponse("this is no sign-in", 413)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        name, password, wanted = (form.get(key, [""])[0] for key in ("name", "password", "next"))
        accounts, client = self._accounts(), _client(request)
        wait = self._throttle.wait_s(client)
        if wait > 0:
            said = f"Too many tries from here; wait {math.ceil(wait)} seconds."
            return _page(wanted, name, said, 429, {"retry-after": str(math.ceil(wait))})
        self._limiter = self._limiter or CapacityLimiter(AT_ONCE)
        admitted = await to_thread.run_sync(accounts.admits, name, password, limiter=self._limiter)
        if not admitted:
            return _page(wanted, name, "This name and password do not go together.", 401)
        self._throttle.forgive(client)
        response = RedirectResponse(_local(wanted), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, accounts.grant(name), PASS_S, httponly=True, samesite="lax", secure=secure
        )
        return response

    async def leave(self, request: Request) -> Response:
        """The pass is good no more, in no other tab either."""
        if accounts := self._accounts():
            accounts.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(PATH, 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return response


def _page(
    wanted: str,
    name: str = "",
    told: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    html = Template(asset("login.html")).substitute(
        next=escape(_local(wanted), quote=True),
        name=escape(name, quote=True),
        told=f'<p class="bad" role="alert">{escape(told)}</p>' if told else "",
        focus_name="" if name else " autofocus",
        focus_password=" autofocus" if name else "",
    )
    return HTMLResponse(html, status, {"cache-control": "no-store", **(headers or {})})


def _local(wanted: str) -> str:
    """A path of this server; anything else is its first page."""
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    clean = own and not parts.scheme and not parts.netloc and wanted.isprintable()
    return wanted if clean and parts.path not in (PATH, LEAVE) else "/"


def _client(request: Request) -> str:
    """Who tries: an IPv4 address, or the network that one customer has of IPv6."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network(f"{host}/64", strict=False))
