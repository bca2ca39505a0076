"""Several readers: the sign-in, its limits, and conversations that are each reader's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.app.accounts import format_account
from tests.browser.conftest import serving
from tests.browser.test_accessibility import violations
from tests.browser.test_chat import ask
from tests.contracts.oidc_provider import OidcProvider

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def guarded(
    served_data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A chat with three accounts."""
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(served_data, folder / "data")
    secrets = {"ada": "correct horse", "bo": "battery staple", "cy": "paper clip"}
    lines = [format_account(name, password) for name, password in secrets.items()]
    with serving(folder, weights, PAPERFOLK_ACCOUNTS=",".join(lines)) as served:
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
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/login$"))


def test_signing_out_in_one_tab_ends_the_others(guarded: str, visit: Visit) -> None:
    page = visit(at=guarded)
    enter(page, "cy", "paper clip")
    ask(page, "What is DuetFace?")
    other = page.context.new_page()
    other.goto(guarded)
    other.get_by_role("button", name="Sign out").click()
    expect(other).to_have_url(re.compile(r"/login$"))
    page.get_by_test_id("stChatInputTextArea").fill("What is SlerpFace?")
    page.get_by_test_id("stChatInputTextArea").press("Enter")
    expect(page.get_by_text("Your sign-in is over")).to_be_visible()
    expect(page.locator(".pf.question")).to_have_count(0)


def test_conversations_are_each_readers_own(guarded: str, visit: Visit) -> None:
    ada, bo = visit(at=guarded), visit(at=guarded)
    enter(ada, "ada", "correct horse")
    enter(bo, "bo", "battery staple")
    ask(ada, "What is DuetFace?")
    expect(ada).to_have_url(re.compile(r"\?thread=\w+"))
    expect(ada.locator("button.thread")).to_have_count(1)
    bo.goto(ada.url)
    expect(bo.get_by_text("there is no conversation")).to_be_visible()
    expect(bo.locator("button.thread")).to_have_count(0)


def test_axe_finds_nothing_serious_at_the_sign_in(guarded: str, visit: Visit, shoot: Shoot) -> None:
    page = visit("/login", at=guarded, width=390, provoked="status of 401")
    enter(page, "bo", "a wrong one")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Password")).to_be_focused()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shoot(page, f"wrong-{scheme}")
        assert violations(page) == [], scheme


@pytest.fixture
def provided(
    served_data: Path, weights: Path, tmp_path: Path
) -> Iterator[tuple[str, OidcProvider]]:
    """A chat for the members of one domain, and the provider that signs them in."""
    shutil.copytree(served_data, tmp_path / "data")
    (tmp_path / ".streamlit").mkdir()
    with OidcProvider("ada@lab.example") as provider:
        (tmp_path / ".streamlit" / "secrets.toml").write_text(provider.secrets(), encoding="utf-8")
        with serving(tmp_path, weights, PAPERFOLK_MEMBERS="@lab.example") as served:
            yield served, provider


def test_a_provider_signs_readers_in_and_members_alone_are_admitted(
    provided: tuple[str, OidcProvider], visit: Visit, shoot: Shoot
) -> None:
    served, provider = provided
    page = visit(at=served, provider=provider.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.get_by_test_id("stChatInputTextArea").count() == 0
    shoot(page, "1-provider")
    assert violations(page) == []
    page.get_by_role("button", name="Sign in").click()
    ask(page, "What is DuetFace?")
    expect(page.locator("button.thread")).to_have_count(1)
    shoot(page, "2-signed-in")
    provider.email, link = "eve@elsewhere.example", page.url.removeprefix(served)
    page.close()  # another reader sits down at this browser
    other = visit(link, at=served, provider=provider.url)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Not admitted")).to_be_visible()
    assert other.get_by_test_id("stChatInputTextArea").count() == 0
    shoot(other, "3-not-admitted")
    provider.email, provider.claims = "eve@lab.example", {}
    other.close()
    third = visit(link, at=served, provider=provider.url)
    third.get_by_role("button", name="Sign in").click()
    expect(third.get_by_text("does not say that the address is verified")).to_be_visible()
    assert third.get_by_test_id("stChatInputTextArea").count() == 0
