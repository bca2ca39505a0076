"""Several readers: the sign-in, its limits, and conversations that are each reader's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.accounts import account
from tests.browser.conftest import serving
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import ask

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def guarded(
    library_data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A chat with two accounts."""
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(library_data, folder / "data")
    lines = f"{account('ada', 'correct horse')},{account('bo', 'battery staple')}"
    with serving(folder, weights, PAPERFOLK_ACCOUNTS=lines) as served:
        yield served


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")


def test_a_reader_signs_in_and_lands_where_the_link_led(
    guarded: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit("/people?name=Nannan%20Wang", at=guarded)
    expect(page.get_by_label("Name")).to_be_focused()
    shoot(page, "1-login")
    enter(page, "ada", "correct horse")
    expect(page.get_by_role("heading", name="Nannan Wang")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("ada · Sign out")
    shoot(page, "2-signed-in")
    page.reload()
    expect(page.get_by_role("heading", name="Nannan Wang")).to_be_visible()
    page.get_by_role("link", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/login$"))


def test_conversations_are_each_readers_own(guarded: str, visit: Visit) -> None:
    ada, bo = visit(at=guarded), visit(at=guarded)
    enter(ada, "ada", "correct horse")
    enter(bo, "bo", "battery staple")
    ask(ada, "What is DuetFace?")
    expect(ada).to_have_url(re.compile(r"\?thread=\w+"))
    expect(ada.locator(".st-key-threads button")).to_have_count(1)
    bo.goto(ada.url)
    expect(bo.get_by_text("there is no conversation")).to_be_visible()
    expect(bo.locator(".st-key-threads button")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_at_the_sign_in(
    dark: bool, guarded: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit("/login", at=guarded, dark=dark, width=390, provoked="status of 401")
    enter(page, "bo", "a wrong one")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Password")).to_be_focused()
    shoot(page, "wrong")
    assert violations(page) == []
