"""From a file on the reader's disk to an answer out of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.test_chat import ask
from tests.conftest import SEEDS
from tests.falconry import MORE

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


SMALL = ("000_052e22e2ea1c628a.txt", "002_9894cba3036e365e.txt")
"""Seeds of ten papers each."""


@pytest.fixture(scope="module")
def own_url(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chat whose library did not exist before it started, and which these tests may change."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "seeds").mkdir()
    for name in SMALL:
        shutil.copy(SEEDS / name, folder / "seeds")
    with serving(folder, weights, PAPERFOLK_SEEDS=str(folder / "seeds")) as served:
        yield served


def test_an_uploaded_paper_is_read_and_answers(own_url: str, visit: Visit, shoot: Shoot) -> None:
    page = visit("/library", at=own_url)
    page.locator("input[type=file]").set_input_files(
        {"name": "falcons.bib", "mimeType": "text/plain", "buffer": MORE}
    )
    expect(page.get_by_text("Falconry at Night")).to_be_visible()
    shoot(page, "1-plan")
    page.get_by_role("button", name="Add 1 paper", exact=True).click()
    expect(page.get_by_text("1 paper added")).to_be_visible()
    shoot(page, "2-read")
    page.get_by_role("link", name="Chat").click()
    ask(page, "What do medieval falcons hunt by?")
    expect(page.locator(".pf.board .answer")).to_contain_text("by moonlight")
    shoot(page, "3-answer")


def test_a_seed_document_is_removed_and_no_longer_answers(
    own_url: str, visit: Visit, shoot: Shoot
) -> None:
    page = visit("/library", at=own_url)
    row = page.locator(f'.listing .row[data-id="{SMALL[0]}"]')
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("1 file with 10 papers removed")).to_be_visible()
    expect(row).to_have_count(0)
    shoot(page, "1-removed")
    # A press is lost on a page that is still being drawn.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_text("Check the library").click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("In step:")).to_be_visible()
