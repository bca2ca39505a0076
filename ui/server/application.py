"""The server that `paperfolk ui` starts: Streamlit's application with our routes and headers.

Each page is Streamlit's own, with the address of its server filled in (it would otherwise look for it
below each page's path first) and a policy that makes the browser load nothing from other servers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util
from streamlit.starlette import App

from rag.app.assistant import Assistant
from rag.config.settings import Settings, load
from ui.server import health
from ui.server.hosts import Hosts, Patience
from ui.server.login import LEAVE, PATH, Login, LoginGate, readers
from ui.server.preparation import Preparation
from ui.server.sessions import bounded

SCRIPT = Path(__file__).parents[1] / "app.py"
PATHS = ("/", "/overview", "/people", "/papers", "/library", "/quality")
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob:",  # blob: components; inline: Streamlit's page
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
HERE = '<script>window.__streamlit = { BACKEND_BASE_URL: location.origin + "/" }</script>'


@cache
def build_page() -> str:
    """Streamlit's page with our name and the server's address filled in."""
    html = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    page_html = html.replace("<title>Streamlit</title>", "<title>Paperfolk</title>")
    return page_html.replace("<head>", f"<head>{HERE}", 1)


async def show_page(_: Request) -> Response:
    return HTMLResponse(build_page(), headers={"cache-control": "no-cache"})


class Headers:
    """Adds to every response the headers that restrict pages to this server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *ours]}
            await send(message)

        await self.app(scope, receive, answer)


def _build(settings: Settings) -> Assistant:
    """The assistant that the pages share, built through Streamlit's cache so that it does not warn in the terminal."""
    from ui.components.session import build_once

    return build_once(settings)


login = Login(readers)
watch = health.Watch(load)
preparation = Preparation(load, _build)


@asynccontextmanager
async def lifespan(streamlit: App) -> AsyncGenerator[None]:
    """Bounded sessions, a pulse and a prepared library, for as long as the server runs."""
    async with (
        bounded(streamlit),
        watch.lifespan(streamlit),
        preparation.lifespan(streamlit),
    ):
        yield


app = App(
    SCRIPT,
    routes=[
        *(Route(path, show_page) for path in PATHS),
        Route(PATH, login.show),
        Route(PATH, login.handle_login, methods=["POST"]),
        Route(LEAVE, login.handle_logout, methods=["GET", "POST"]),
        Route(health.PATH, watch.show),
    ],
    middleware=[
        Middleware(Headers),
        Middleware(Patience),
        Middleware(Hosts, settings=load),
        Middleware(LoginGate, accounts=readers),
    ],
    lifespan=lifespan,
)
