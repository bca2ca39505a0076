"""A real headless Chromium before a real `paperfolk ui` over freshly ingested seeds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from eval.benchmarks.chat_process import start_chat_process

expect.set_options(timeout=30_000)  # a page that is slow on a busy machine is not a wrong page

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "artefacts"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail("the browser tests need Chromium on the PATH: apt-get install chromium")


def serving(folder: Path, weights: Path, **settings: str) -> AbstractContextManager[str]:
    """`paperfolk ui` over ``folder/data``; yields its address."""
    environ = {
        **os.environ,
        "PAPERFOLK_DATA": str(folder / "data"),
        "PAPERFOLK_MODEL_PATH": str(weights),
        **settings,
    }
    return start_chat_process(folder, environ)


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[str]:
    """Where the chat is served; its library did not exist before it started."""
    with serving(tmp_path_factory.mktemp("served"), weights) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page, what went wrong on it, and whom it asked besides its own server."""

    def __init__(self, page: Page, url: str, provoked: str = "", provider: str = "") -> None:
        self.page = page
        self.url = url
        self.provider = provider
        self.provoked = provoked
        self.faults: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        meant = self.provoked and self.provoked in message.text
        if message.type == "error" and not meant:
            self.faults.append(f"{message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        own = (self.url, self.url.replace("http", "ws", 1), "data:", "blob:")
        led_to = self.provider and request.is_navigation_request()
        if led_to and request.url.startswith(self.provider):
            return
        if not request.url.startswith(own):
            self.foreign.append(request.url)


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Open a path in a fresh session; afterwards no console error, no foreign request.

    ``provoked`` is part of an error that the browser must log on the journey, such as a status;
    ``provider`` is where the journey leads to sign in.
    """
    watched: list[Watched] = []

    def go(
        path: str = "/",
        *,
        at: str = url,
        width: int = 1360,
        dark: bool = False,
        touch: bool = False,
        provoked: str = "",
        provider: str = "",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        watched.append(Watched(page, at, provoked, provider))
        page.goto(at + path)
        return page

    yield go
    for one in watched:
        one.page.context.close()
        assert not one.faults
        assert not one.foreign


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of the page among the build's artefacts."""
    ARTEFACTS.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=ARTEFACTS / f"{request.node.name}-{name}.png")

    return take
