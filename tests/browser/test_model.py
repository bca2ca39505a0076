"""The chat with a model behind it: words stream in, the same citations open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences
from tests.browser.conftest import serving

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


@pytest.fixture
def address(library_data: Path, weights: Path, tmp_path: Path) -> Iterator[str]:
    """A chat whose model writes slowly enough to be watched."""
    shutil.copytree(library_data, tmp_path / "data")
    slow = Reply(answer_with_first_sentences, size=12, piece_delay_s=0.08)
    with (
        OpenAIServer(slow) as model,
        serving(tmp_path, weights, OPENAI_BASE_URL=model.url, PAPERFOLK_CHAT_MODEL=MODEL) as served,
    ):
        yield served


def test_a_models_words_stream_in_and_its_citations_open(
    address: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit(at=address)
    expect(page.get_by_test_id("stSidebar")).to_contain_text(f"{MODEL} words the answers")
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
    expect(page.locator(".st-key-source mark")).to_be_visible()
    shoot(page, "2-answer")
