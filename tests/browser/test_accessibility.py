"""Every page before axe-core: nothing serious, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.test_chat import QUESTION, ask

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

GRAVE = ("serious", "critical")


AT_REST = """
() => {
  const resting = [...document.querySelectorAll("[data-testid=stApp]")].every((app) =>
      app.dataset.testScriptState === "notRunning")
    && !document.querySelector("[data-stale=true]")
    && document.getAnimations().every((one) =>
      one.playState !== "running" || one.effect.getTiming().iterations === Infinity);
  const now = performance.now();
  if (!resting) window.restless = now;
  return now - (window.restless ??= now) > 300;
}
"""


def violations(page: Page) -> list[str]:
    """What axe-core holds to be serious or critical: rule, element and reason; nothing excluded.

    Looked at is the page at rest: what fades in or is about to be drawn anew is pale for a moment.
    """
    page.evaluate("delete window.restless")
    page.wait_for_function(AT_REST, polling=100)
    page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert len(found["passes"]) > 20  # it has looked
    return [
        f"{rule['id']}: {node['html'][:200]} ({node.get('failureSummary', '')})"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def an_answer(page: Page) -> None:
    ask(page, QUESTION)
    page.locator(".pf.board .cite").first.click()
    expect(page.locator(".st-key-source mark:not(.other)")).to_be_visible()


def a_judged_answer(page: Page) -> None:
    page.get_by_role("button", name="Filters").click()
    page.get_by_text("with code", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="with code")).to_be_visible()
    ask(page, "Who works on face recognition?")
    page.get_by_role("button", name="Bad answer").click()
    expect(page.locator(".st-key-judging")).to_be_visible()
    page.locator(".took summary").click()


def a_paper(page: Page) -> None:
    page.get_by_label("Who works on …").fill("face anti-spoofing")
    page.keyboard.press("Enter")
    page.locator("ol.experts button.ref").first.click()
    expect(page.locator(".st-key-source article")).to_be_visible()


def the_heading(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def the_list(page: Page) -> None:
    page.locator(".listing .row .pick input").first.click()
    expect(page.locator(".st-key-chosen")).to_be_visible()


def the_map(page: Page) -> None:
    page.locator(".topics .disc").nth(1).click()
    expect(page.locator('.topics .disc[aria-pressed="true"]')).to_have_count(1)


PAGES: dict[str, tuple[str, tuple[Callable[[Page], None], ...]]] = {
    "chat": ("/", (the_heading, an_answer)),
    "judged": ("/", (a_judged_answer,)),
    "overview": ("/overview", (the_map,)),
    "people": ("/people", (the_heading, a_paper)),
    "person": ("/people?name=Nannan%20Wang", (the_heading,)),
    "papers": ("/papers", (the_list,)),
    "library": ("/library", (the_list,)),
    "quality": ("/quality", (the_heading,)),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_and_the_page_fits_a_phone(
    name: str, visit: Visit, shoot: Shoot
) -> None:
    path, steps = PAGES[name]
    page = visit(path)
    odd = list(PAGES).index(name) % 2 == 1
    for step in steps:
        page.set_viewport_size({"width": 1360, "height": 860})
        step(page)
        for width, dark in ((1360, odd), (390, not odd)):  # both widths and colours of every page
            page.set_viewport_size({"width": width, "height": 860})
            page.emulate_media(color_scheme="dark" if dark else "light")
            expect(page.get_by_test_id("stApp")).to_have_css(
                "color-scheme", "dark" if dark else "light"
            )
            assert violations(page) == [], f"{step.__name__}, {width} wide, {dark=}"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot(page, step.__name__)
        odd = not odd


def test_axe_finds_what_is_wrong(visit: Visit) -> None:
    page = visit("/people")
    the_heading(page)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"\">')")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert {found.split(":")[0] for found in violations(page)} == {"image-alt", "color-contrast"}
