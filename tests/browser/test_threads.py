"""Journeys through conversations that stay: reloaded, reopened, renamed, taken away, deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.test_chat import QUESTION, ask

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def test_a_conversation_outlives_a_reload_and_is_found_again(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    ask(page, QUESTION)
    ask(page, "and who wrote it?")
    expect(page).to_have_url(re.compile(r"\?thread=\w+"))
    page.reload()
    expect(page.locator(".pf.board .foot")).to_have_count(2)
    expect(page.locator(".pf.question").first).to_have_text(QUESTION)
    page.get_by_role("link", name="Papers").click()
    page.get_by_role("link", name="Chat").click()
    expect(page.locator(".pf.board .foot")).to_have_count(2)
    shoot(page, "1-listed")
    link = page.url
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".pf.question")).to_have_count(0)
    page.locator(".st-key-threads button").first.click()
    expect(page.locator(".pf.board .foot")).to_have_count(2)
    assert page.url == link
    other = visit("/" + link.split("/", 3)[3])
    expect(other.locator(".pf.board .foot")).to_have_count(2)


def test_a_conversation_is_renamed_exported_and_deleted(
    visit: Visit, shoot: Shoot, tmp_path: Path
) -> None:
    page = visit()
    ask(page, QUESTION)
    page.get_by_role("button", name=f"Rename, export or delete: {QUESTION}").first.click()
    page.get_by_role("textbox", name="Name").fill("Swapping, in short")
    page.get_by_role("textbox", name="Name").press("Enter")
    expect(page.locator(".st-key-threads button").first).to_have_text("Swapping, in short")
    page.get_by_role("button", name="Rename, export or delete: Swapping").click()
    saved = {}
    for name in ("Markdown", "JSON", "BibTeX", "RIS"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        saved[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[name])
    shoot(page, "1-menu")
    assert saved["Markdown"].read_text(encoding="utf-8").startswith("# Swapping, in short")
    assert len(json.loads(saved["JSON"].read_text(encoding="utf-8"))["turns"]) == 1
    assert "@misc{" in saved["BibTeX"].read_text(encoding="utf-8")
    page.get_by_role("button", name="Delete …").click()
    shoot(page, "2-delete")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Ask your papers")).to_be_visible()
    expect(page.get_by_role("button", name="Swapping, in short")).to_have_count(0)


def test_an_answer_goes_on_through_a_reload(model_url: str, visit: Visit, shoot: Shoot) -> None:
    page = visit(at=model_url)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("What is DuetFace?")
    box.press("Enter")
    expect(page.locator(".answer.live")).not_to_be_empty()
    expect(page).to_have_url(re.compile(r"\?thread=\w+"))
    page.reload()
    expect(page.locator(".pf.question")).to_have_text("What is DuetFace?")
    shoot(page, "1-reloaded")
    expect(page.locator(".pf.board .foot")).to_have_count(1)
    expect(page.locator(".pf.board .answer .cite").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    shoot(page, "2-whole")


def test_a_stopped_answer_stays_as_far_as_it_came(
    model_url: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit(at=model_url)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("What is DuetFace?")
    box.press("Enter")
    expect(page.locator(".answer.live")).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped before its quotes were checked.")).to_be_visible()
    shoot(page, "stopped")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".pf.board .foot")).to_have_count(1)
    expect(page.locator(".pf.question")).to_have_count(1)
