"""A real headless Chromium before a real `paperfolk ui` over freshly ingested seeds."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from eval.benchmarks.chat_process import start_chat_process
from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences

START_S = 40.0
JOURNEY_S = 180.0
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
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command that starts Chromium, and leaves the process's id in ``pid`` beside it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            command = tmp_path_factory.mktemp("chromium") / "start"
            note = shlex.quote(str(command.with_name("pid")))
            command.write_text(f'#!/bin/sh\necho $$ >{note}\nexec {shlex.quote(found)} "$@"\n')
            command.chmod(0o755)
            return command
    pytest.fail("the browser tests need Chromium on the PATH: apt-get install chromium")


@contextmanager
def end_when_late(chromium: Path, seconds: float) -> Iterator[None]:
    """End Chromium where the block takes longer, so that what waits for it fails.

    Playwright waits without end for a new page or a script's value, and a Chromium that was started
    on a busy machine may never give one: a whole run once stood still at its first page.
    """
    timer = threading.Timer(
        seconds, lambda: os.kill(int(chromium.with_name("pid").read_text()), signal.SIGKILL)
    )
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture(autouse=True)
def bounded_journey(chromium: Path) -> Iterator[None]:
    with end_when_late(chromium, JOURNEY_S):
        yield


def serving(folder: Path, weights: Path, **settings: str) -> AbstractContextManager[str]:
    """`paperfolk ui` over ``folder/data``; yields its address."""
    environ = {
        **os.environ,
        "PAPERFOLK_DATA": str(folder / "data"),
        "PAPERFOLK_MODEL_PATH": str(weights),
        **settings,
    }
    return start_chat_process(folder, environ)


@pytest.fixture(scope="package")
def url(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[str]:
    """Where the chat is served; its library did not exist before it started."""
    with serving(tmp_path_factory.mktemp("served"), weights) as address:
        yield address


@pytest.fixture(scope="package")
def model_url(
    library_data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A chat whose model writes slowly enough to be watched, each time anew."""
    folder = tmp_path_factory.mktemp("model")
    shutil.copytree(library_data, folder / "data")
    slow = Reply(answer_with_first_sentences, size=12, piece_delay_s=0.2)
    with (
        OpenAIServer(slow) as model,
        serving(
            folder,
            weights,
            OPENAI_BASE_URL=model.url,
            PAPERFOLK_CHAT_MODEL=MODEL,
            PAPERFOLK_CACHE="false",
        ) as address,
    ):
        yield address


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    """Closed after the last journey: the driver's event loop is in the way of other tests."""
    with sync_playwright() as playwright:
        browser = start_browser(playwright, chromium)
        yield browser
        browser.close()


def start_browser(playwright: Playwright, chromium: Path, tries: int = 3) -> Browser:
    """One that has opened a page; started anew where it does not."""
    with end_when_late(chromium, START_S):
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            browser.new_page().close()
            return browser
        except Error:
            if tries == 1:
                raise
    return start_browser(playwright, chromium, tries - 1)


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


@pytest.fixture(scope="package")
def profile(browser: Browser) -> Callable[[bool, bool], BrowserContext]:
    """A profile, dark or not, with touch or not, whose pages load Streamlit's scripts only once."""
    return cache(lambda dark, touch: start_profile(browser, dark, touch))


def start_profile(browser: Browser, dark: bool, touch: bool) -> BrowserContext:
    scheme = "dark" if dark else "light"
    return browser.new_context(color_scheme=scheme, has_touch=touch, accept_downloads=True)


@pytest.fixture
def visit(
    browser: Browser, profile: Callable[[bool, bool], BrowserContext], url: str
) -> Iterator[Callable[..., Page]]:
    """Open a path in a fresh session; afterwards no console error, no foreign request.

    The profile is fresh where readers sign in, and one for all journeys to the open chat, which
    keeps nothing in it. ``provoked`` is part of an error that the browser must log on the journey, such as a status;
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
        if at == url:
            page = profile(dark, touch).new_page()
        else:
            page = start_profile(browser, dark, touch).new_page()
        page.set_viewport_size({"width": width, "height": 860})
        page.set_default_timeout(30_000)
        watched.append(Watched(page, at, provoked, provider))
        page.goto(at + path)
        return page

    yield go
    for one in watched:
        (one.page if one.url == url else one.page.context).close()
        assert not one.faults
        assert not one.foreign


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of the page among the build's artefacts."""
    ARTEFACTS.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=ARTEFACTS / f"{request.node.name}-{name}.png", animations="disabled")

    return take
