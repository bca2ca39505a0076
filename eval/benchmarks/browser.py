"""Measures the time from Enter to the first words of an answer, in a real Chromium.

The chat is started over a copy of the seeds' library and asked through its pages, first by one user
and then by several at once. Browser and server share the machine, as they do for a user at home; the
machine's load is reported with the figures.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.benchmarks.chat_process import start_chat_process
from eval.measures.formulas import compute_percentile
from eval.report.tables import format_table
from eval.run.progress import ProgressBar
from eval.sets.question_sets import QuestionSet
from rag.config.settings import ROOT, Settings
from rag.types.errors import MissingExtra

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ANSWER_S = 60
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
BROWSER_TARGETS_MS = {1: ("p50", 150.0), 10: ("p95", 1500.0)}
"""By number of simultaneous users: a percentile and its upper limit in milliseconds."""

WATCH = """
() => {
  const words = () => {
    const turn = document.querySelector(".question.last")?.closest("[class*=st-key-turn_]");
    if (!turn) return false;
    const boards = [...turn.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
    const drawn = boards.map((host) => host.shadowRoot?.querySelector(".answer"));
    return [turn.querySelector(".answer"), ...drawn].some((node) => node?.textContent.trim());
  };
  window.firstWords = new Promise((done, failed) => {
    const pressed = (event) => {
      if (event.key !== "Enter") return;
      document.removeEventListener("keydown", pressed, true);
      const began = performance.now();
      const look = () => {
        const waited = performance.now() - began;
        if (words()) done(waited);
        else if (waited > LIMIT) failed(new Error("no answer came"));
        else setTimeout(look, 8);
      };
      look();
    };
    document.addEventListener("keydown", pressed, true);
  });
}
"""
"""Resolves ``firstWords`` to milliseconds, in a new conversation: from Enter to words of its answer,
which stand in the turn while it grows and in the shadow of a component once it is whole."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds to the first words of each answer, for a number of simultaneous users."""

    n_readers: int
    values: tuple[float, ...]

    def get_percentile(self, share: float) -> float:
        return compute_percentile(self.values, share) or 0.0


def compute_waits(
    settings: Settings,
    question_set: QuestionSet,
    n_questions: int,
    n_readers: int,
    progress: ProgressBar,
) -> list[Waits]:
    """Measure ``n_questions`` by one user, then as many by ``n_readers`` at once.

    Raises:
        MissingExtra: Playwright or Chromium is not installed.
        RagError: The chat did not start.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as exc:
        raise MissingExtra('this needs the extra "dev"; run: pip install -e ".[dev]"') from exc
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise MissingExtra("this needs Chromium on the PATH; run: apt-get install chromium")
    single = [q.question for q in question_set.questions if not q.turns and q.kind != "robust"]
    questions = single[:: max(len(single) // n_questions, 1)][:n_questions]
    with start_chat(settings) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            alone = _ask(browser, address, questions, 1, progress)
            return [alone, _ask(browser, address, questions, n_readers, progress)]
        finally:
            browser.close()


def _ask(
    browser: Browser, address: str, questions: Sequence[str], n_readers: int, progress: ProgressBar
) -> Waits:
    pages = [_open_page(browser, address) for _ in range(n_readers)]
    waits_ms: list[float] = []
    for start in range(0, len(questions), n_readers):
        together = list(zip(pages, questions[start : start + n_readers], strict=False))
        for page, question in together:
            _ensure_settled(page)
            page.evaluate(WATCH.replace("LIMIT", str(ANSWER_S * 1000)))
            page.get_by_test_id("stChatInputTextArea").fill(question)
        for page, _ in together:
            page.get_by_test_id("stChatInputTextArea").press("Enter", no_wait_after=True)
        waits_ms += [float(page.evaluate("window.firstWords")) for page, _ in together]
        for page, _ in together:
            _ensure_settled(page)
            page.get_by_role("button", name="New conversation").click()
            page.locator(".st-key-examples").wait_for()
        progress(f"{n_readers} at once", len(waits_ms), len(questions))
    for page in pages:
        page.context.close()
    return Waits(n_readers, tuple(waits_ms))


def _open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1360, "height": 860}).new_page()
    page.set_default_timeout(ANSWER_S * 1000)
    page.goto(address)
    return page


def _ensure_settled(page: Page) -> None:
    """Wait until the page is drawn and its script has finished."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    # As it moves from the first view to the bottom, or back, there are two for a moment.
    page.wait_for_function(
        "() => document.querySelectorAll('[data-testid=stChatInputTextArea]').length === 1"
    )


@contextmanager
def start_chat(settings: Settings) -> Iterator[str]:
    """Start the chat over newly ingested seeds in a separate process; yields its address."""
    from rag.adapters.weights import find_weights

    with tempfile.TemporaryDirectory(prefix="paperfolk-browser-") as name:
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PAPERFOLK_", "OPENAI_"))},
            "PAPERFOLK_DATA": str(Path(name) / "data"),
            "PAPERFOLK_MODEL_PATH": str(find_weights(settings).folder.resolve()),
            "PYTHONPATH": str(ROOT),
        }
        with start_chat_process(Path(name), environ) as address:
            yield address


def format_waits(measured_waits: Sequence[Waits]) -> str:
    rows: list[list[Any]] = []
    for waits in measured_waits:
        name, target_ms = BROWSER_TARGETS_MS.get(waits.n_readers, ("p95", 0.0))
        value = waits.get_percentile(0.5 if name == "p50" else 0.95)
        target = (
            f"{name} < {target_ms:.0f}: {'kept' if value < target_ms else 'MISSED'}"
            if target_ms
            else "-"
        )
        figures = [round(waits.get_percentile(share)) for share in (0.5, 0.95, 1.0)]
        rows.append([f"{waits.n_readers} at once", len(waits.values), *figures, target])
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    head = ["from Enter to first words, ms", "n", "p50", "p95", "slowest", "target"]
    return f"{format_table(head, rows)}\n{load}"
