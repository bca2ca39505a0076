"""Signing in by an account: the gate before all routes of the server, and the login page.

The gate is in front of Streamlit, so pages, files, uploads and the connection itself are closed
without a pass; the pass is a cookie that no script can read. A Streamlit session belongs to the pass
that opened it: another user's session id is useless.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from hashlib import sha256
from html import escape
from string import Template
from urllib.parse import parse_qs, quote, urlsplit

from anyio import CapacityLimiter, fail_after, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

from rag.app.accounts import PASS_S, Accounts, Throttle
from rag.app.web_server import PASS_HEADER, PASS_KEY, check_chat_guarded
from rag.config.settings import load
from rag.types.errors import SettingsError
from ui.components.click_component import read_asset
from ui.server.hosts import refuse

COOKIE = "paperfolk_pass"
MARK, MARK_S = "paperfolk_browser", 365 * 24 * 3600
"""The cookie of a browser that has signed in before, which others' wrong guesses do not delay."""
PATH, LEAVE = "/login", "/logout"
OPEN = (PATH, LEAVE, "/_stcore/health", "/healthz")
UPLOADS = "/_stcore/upload_file/"
MAX_FORM_BYTES = 4096
FORM_S = 10.0
AT_ONCE = 2
"""Passwords checked at one time; each check takes 32 MiB and a core."""

Readers = Callable[[], Accounts]


class _Readers:
    """The accounts in the current settings, for requests and pages alike.

    So a removed account is locked out everywhere at once. If there were accounts before, there must
    be some now: a file that is just being rewritten does not open the chat to everybody.
    """

    def __init__(self) -> None:
        self._closed = False

    def __call__(self) -> Accounts:
        settings = load()
        check_chat_guarded(settings)
        accounts = Accounts(settings.accounts, settings.data, settings.library_url)
        if self._closed and not accounts:
            raise SettingsError(
                "the setting 'accounts' names nobody any more; "
                'start "paperfolk ui" again if nobody need sign in'
            )
        self._closed = bool(accounts)
        return accounts


readers = _Readers()


class LoginGate:
    """Admits requests with a pass; all requests if there are no accounts."""

    def __init__(self, app: ASGIApp, accounts: Readers) -> None:
        self.app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN:
            return await self.app(scope, receive, send)
        accounts, digest = self._accounts(), None
        connection = HTTPConnection(scope)
        if accounts:
            granted = connection.cookies.get(COOKIE, "")
            if accounts.find_holder(granted) is None:
                return await refuse(self._build_redirect(connection), scope, receive, send)
            digest = sha256(granted.encode()).hexdigest()
            if _is_of_another(scope["path"], digest):
                answer = PlainTextResponse("this upload is of another session", 403)
                return await refuse(answer, scope, receive, send)
        await self.app(_signed(scope, digest), receive, send)

    def _build_redirect(self, connection: HTTPConnection) -> Response:
        if connection.scope.get("method") == "GET" and "text/html" in connection.headers.get(
            "accept", ""
        ):
            url = connection.url
            wanted = url.path + (f"?{url.query}" if url.query else "")
            return RedirectResponse(f"{PATH}?next={quote(wanted, safe='')}", 303)
        return PlainTextResponse("sign in first", 401)


def _signed(scope: Scope, digest: str | None) -> Scope:
    """The request with the pass's digest, and nothing that a client wrote in its place.

    Streamlit takes it for the user of a connection, and lets a session be resumed by that user alone.
    """
    name = PASS_HEADER.lower().encode()
    headers = [header for header in scope["headers"] if header[0] != name]
    if digest is not None:
        headers.append((name, digest.encode()))
    return {**scope, "headers": headers}


def _is_of_another(path: str, digest: str) -> bool:
    """Whether a file would be put into a session that another pass has opened."""
    if not path.startswith(UPLOADS) or not runtime.exists():
        return False
    session_id = path.removeprefix(UPLOADS).partition("/")[0]
    session = runtime.get_instance().get_app_session(session_id)
    return session is not None and not session.matches_user_info({PASS_KEY: digest})


class Login:
    """The login page, with name and password."""

    def __init__(self, accounts: Readers, throttle: Throttle | None = None) -> None:
        self._accounts = accounts
        self._throttle = throttle or Throttle()
        self._limiter: CapacityLimiter | None = None

    async def show(self, request: Request) -> Response:
        wanted = _ensure_local(request.query_params.get("next", "/"))
        return _render_page(wanted) if self._accounts() else RedirectResponse(wanted, 303)

    async def handle_login(self, request: Request) -> Response:
        """A pass for the right password; a wrong one is as slow, and soon has to wait."""
        if _is_from_elsewhere(request):
            return PlainTextResponse("sign in on the page itself", 403)
        length = request.headers.get("content-length", "")
        if not (length.isdecimal() and len(length) < 9 and 0 < int(length) <= MAX_FORM_BYTES):
            return PlainTextResponse("this is no sign-in", 413)
        with fail_after(FORM_S):
            form = parse_qs((await request.body()).decode("utf-8", "replace"))
        name, password, wanted = (form.get(key, [""])[0] for key in ("name", "password", "next"))
        accounts, mark = self._accounts(), request.cookies.get(MARK, "")
        tried = (name, _get_client(request), mark if accounts.marks(mark, name) else "")
        wait = self._throttle.compute_wait_s(*tried)
        if wait > 0:
            sentence = f"Too many tries; wait {math.ceil(wait)} seconds."
            return _render_page(wanted, name, sentence, 429, {"retry-after": str(math.ceil(wait))})
        self._limiter = self._limiter or CapacityLimiter(AT_ONCE)
        admitted = await to_thread.run_sync(
            accounts.check_password, name, password, limiter=self._limiter
        )
        if not admitted:
            return _render_page(wanted, name, "This name and password do not go together.", 401)
        self._throttle.reset(*tried)
        response = RedirectResponse(_ensure_local(wanted), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, accounts.create_pass(name), PASS_S, httponly=True, samesite="lax", secure=secure
        )
        response.set_cookie(
            MARK, accounts.mark(name), MARK_S, PATH, httponly=True, samesite="lax", secure=secure
        )  # fmt: skip
        return response

    async def handle_logout(self, request: Request) -> Response:
        """The pass is good no more, in no other tab either; a link alone, or a picture, does not do it."""
        if request.method != "POST" or _is_from_elsewhere(request):
            return PlainTextResponse("sign out by the button on the page", 405, {"allow": "POST"})
        if accounts := self._accounts():
            accounts.remove_pass(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(PATH, 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return response


def _render_page(
    wanted: str,
    name: str = "",
    message: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    html = Template(read_asset("login.html")).substitute(
        next=escape(_ensure_local(wanted), quote=True),
        name=escape(name, quote=True),
        told=f'<p class="bad" role="alert">{escape(message)}</p>' if message else "",
        focus_name="" if name else " autofocus",
        focus_password=" autofocus" if name else "",
    )
    return HTMLResponse(html, status, {"cache-control": "no-store", **(headers or {})})


def _ensure_local(wanted: str) -> str:
    """A path of this server; anything else is its first page."""
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    clean = is_local and not parts.scheme and not parts.netloc and wanted.isprintable()
    return wanted if clean and parts.path not in (PATH, LEAVE) else "/"


def _is_from_elsewhere(request: Request) -> bool:
    """Whether a form was sent from another site's page; a client that is no browser sends no origin."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _get_client(request: Request) -> str:
    """Who tries: an IPv4 address, or the network that one customer has of IPv6."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network(f"{host}/64", strict=False))
