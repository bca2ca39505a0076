"""Take the pictures of README and docs from the running product, light and dark, so that they stay true.

    .venv/bin/python docs/take_pictures.py

Needs the development packages and Chromium. The chat is started over a library of the seeds in a
folder of its own; what is written is ``docs/pictures/*.png``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from eval.benchmarks.chat_process import start_chat_process

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
WEIGHTS = ROOT / "data" / "models" / "all-MiniLM-L6-v2"
QUESTIONS = {"answer": "What is bridge distillation?", "who": "Who works on face anti-spoofing?"}
SHOWN_PAGES = {
    "overview": ("/overview", ".topics"),
    "papers": ("/papers?q=papers+where+text+contains+%22face+recognition%22", ".listing .row"),
    "person": ("/people?name=Shiming+Ge", ".person-page"),
}
"""Address of each page, and what is there once it is drawn."""
SIZE = {"width": 1440, "height": 820}
TIMEOUT_MS = 60_000


def take(page: Page, address: str, question: str, path: Path) -> None:
    """Ask one question in a new conversation and keep what a reader sees."""
    page.goto(address)
    box = page.get_by_role("textbox").last
    expect(box).to_be_enabled(timeout=TIMEOUT_MS)
    box.fill(question)
    box.press("Enter")
    expect(page.get_by_text("Read as", exact=False).last).to_be_visible(timeout=TIMEOUT_MS)
    page.wait_for_timeout(1500)
    page.screenshot(path=path)


def take_page(page: Page, address: str, until: str, path: Path) -> None:
    """Open one page and keep what a reader sees."""
    page.goto(address)
    expect(page.locator(until).first).to_be_visible(timeout=TIMEOUT_MS)
    page.wait_for_timeout(1500)
    page.screenshot(path=path)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        environ = {**os.environ, "PAPERFOLK_MODEL_PATH": str(WEIGHTS), "PYTHONPATH": str(ROOT)}
        with start_chat_process(Path(folder), environ) as address:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                for name, question in QUESTIONS.items():
                    take(page, address, question, PICTURES / f"{name}-{scheme}.png")
                for name, (place, until) in SHOWN_PAGES.items():
                    take_page(page, address + place, until, PICTURES / f"{name}-{scheme}.png")
                page.close()
            browser.close()


if __name__ == "__main__":
    main()
