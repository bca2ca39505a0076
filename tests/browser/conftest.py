"""A real headless Chromium before a real `paperfolk ui` over freshly ingested seeds."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
from rag.app.assistant import build
from rag.config.settings import Settings
from tests.conftest import SHARE

START_S = 40.0
JOURNEY_S = 180.0
expect.set_options(timeout=30_000)  # a page that is slow on a busy machine is not a wrong page

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "artefacts"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --process-per-site"
).split()

STAYS_OPEN = "/_stcore/health"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command that starts Chromium, and leaves the process's id in ``pid`` beside it.

    `make test` may still be bringing it. Without it the journeys are left out, but not in CI.
    """
    brought = Path(os.environ.get(SHARE, "")) / "browser-is-brought"
    while brought.exists():
        time.sleep(0.2)
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            command = tmp_path_factory.mktemp("chromium") / "start"
            note = shlex.quote(str(command.with_name("pid")))
            command.write_text(f'#!/bin/sh\necho $$ >{note}\nexec {shlex.quote(found)} "$@"\n')
            command.chmod(0o755)
            return command
    leave = pytest.fail if "CI" in os.environ else pytest.skip
    leave("the browser tests need Chromium on the PATH: apt-get install chromium-headless-shell")


@contextmanager
def end_when_late(chromium: Path, seconds: float) -> Iterator[None]:
    """End Chromium where the block takes longer, so that what waits for it fails.

    Playwright waits without end for a new page or a script's value, and a Chromium that was started
    on a busy machine may never give one: a whole run once stood still at its first page.
    """
    timer = threading.Timer(
        # The group that Playwright starts it in: what is on the PATH may be a script that waits for it.
        seconds,
        lambda: os.killpg(int(chromium.with_name("pid").read_text()), signal.SIGKILL),
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
def served_data(library_data: Path, weights: Path) -> Path:
    """The library of the seeds, whose papers are screened: each server would do that by itself."""
    if SHARE not in os.environ:  # what is shared is screened already
        with build(Settings(data=library_data, model_path=weights)) as assistant:
            assistant.screen_papers(lambda *_: None)
    return library_data


@pytest.fixture(scope="package")
def url(
    served_data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the chat is served over the seeds."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(served_data, folder / "data")
    with serving(folder, weights) as address:
        yield address


@pytest.fixture(scope="package")
def model_url(
    served_data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A chat whose model writes slowly enough to be watched, each time anew."""
    folder = tmp_path_factory.mktemp("model")
    shutil.copytree(served_data, folder / "data")
    slow = Reply(answer_with_first_sentences, size=30, piece_delay_s=0.2)
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


class Profiles:
    """Profiles of one browser, which load and compile Streamlit's scripts only once from each server.

    Each has a page there that stays open, and with it the process of all pages of that server: a
    process of its own would take each page half as much processor time again. A profile that no
    other page is open in is used again, signed out.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._profiles: dict[tuple[str, bool], list[BrowserContext]] = {}

    def open_page(self, at: str, dark: bool, touch: bool, *, is_shared: bool) -> Page:
        """A page before a server; ``is_shared``: in the one profile of all pages there."""
        profiles = self._profiles.setdefault((at, touch), [])
        free = next((one for one in profiles if is_shared or len(one.pages) == 1), None)
        if free is None:
            free = self._browser.new_context(
                has_touch=touch, accept_downloads=True, reduced_motion="reduce"
            )
            free.new_page().goto(at + STAYS_OPEN)
            profiles.append(free)
        elif not is_shared:
            free.clear_cookies()
        page = free.new_page()
        page.emulate_media(color_scheme="dark" if dark else "light")
        return page


@pytest.fixture(scope="package")
def profiles(browser: Browser) -> Profiles:
    return Profiles(browser)


@pytest.fixture
def visit(profiles: Profiles, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a path in a fresh session, of the open chat unless ``at`` is another; afterwards no console
    error, no foreign request.

    Each page has a profile of its own where readers sign in; one is enough for the open chat, which
    keeps nothing in it. ``provoked`` is part of an error that the browser must log on the journey, such as a status;
    ``provider`` is where the journey leads to sign in.
    """
    watched: list[Watched] = []

    def go(
        path: str = "/",
        *,
        at: str = "",
        width: int = 1360,
        dark: bool = False,
        touch: bool = False,
        provoked: str = "",
        provider: str = "",
    ) -> Page:
        is_shared = not at
        at = at or request.getfixturevalue("url")
        page = profiles.open_page(at, dark, touch, is_shared=is_shared)
        page.set_viewport_size({"width": width, "height": 860})
        page.set_default_timeout(30_000)
        watched.append(Watched(page, at, provoked, provider))
        page.goto(at + path)
        return page

    yield go
    for one in watched:
        _, *pages = one.page.context.pages
        for page in pages:
            page.close()
        assert not one.faults
        assert not one.foreign


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of the page among the build's artefacts, where the variable PICTURES is set."""
    ARTEFACTS.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> None:
        if "PICTURES" in os.environ:
            page.screenshot(
                path=ARTEFACTS / f"{request.node.name}-{name}.png", animations="disabled"
            )

    return take
