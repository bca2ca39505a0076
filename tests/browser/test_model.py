"""The chat with a model behind it: words stream in, the same citations open."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from eval.benchmarks.model_server import MODEL

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def test_a_models_words_stream_in_and_its_citations_open(
    model_url: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit(at=model_url)
    expect(page.locator(".st-key-terms")).to_contain_text(MODEL)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("What is DuetFace?")
    box.press("Enter")
    live = page.locator(".answer.live")
    expect(live).not_to_be_empty(timeout=30_000)
    expect(page.locator(".st-key-examples")).to_have_count(0)
    early = live.inner_text()
    shoot(page, "1-streaming")
    expect(page.locator(".pf.board .foot")).to_contain_text(MODEL, timeout=60_000)
    assert len(page.locator(".pf.board .answer").inner_text()) > len(early)
    page.locator(".pf.board .answer .cite").first.click()
    expect(page.locator(".st-key-source mark:not(.other)")).to_be_visible()
    shoot(page, "2-answer")
