"""Journeys through the chat, as a reader makes them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

QUESTION = "How does Knowledge Swapping order its two steps?"


def ask(page: Page, question: str) -> None:
    before = page.locator(".pf.board .foot").count()
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_have_count(1)  # as it moves from the first view to the bottom there are two
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".pf.board .foot")).to_have_count(before + 1)


def test_a_typed_question_gets_an_answer_whose_citation_opens_its_sentence(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Ask your papers")).to_be_visible()
    shoot(page, "1-welcome")
    ask(page, QUESTION)
    expect(page.locator(".answer")).to_contain_text("Knowledge Swapping")
    shoot(page, "2-answer")
    chip = page.locator(".pf.board .cite").first
    chip.hover()
    card = page.locator(".stMain .card .q")
    expect(card).to_be_visible()
    quote = card.inner_text().strip("“”")
    chip.click()
    mark = page.locator(".st-key-source mark:not(.other)")
    expect(mark).to_be_visible()
    assert mark.inner_text().startswith(quote.rstrip("…"))
    assert mark.evaluate("node => getComputedStyle(node).backgroundColor") != "rgba(0, 0, 0, 0)"
    shoot(page, "3-source")
    page.keyboard.press("Escape")
    expect(mark).to_have_count(0)


def test_an_example_and_a_follow_up_stand_on_one_screen(visit: Visit, shoot: Shoot) -> None:
    page = visit(dark=True)
    examples = page.locator(".st-key-examples button")
    expect(examples).to_have_count(4)
    example = examples.first
    question = example.locator("p").inner_text().splitlines()[0].strip()
    example.click()
    expect(page.locator(".pf.board .foot")).to_have_count(1)
    expect(page.locator(".pf.question").first).to_have_text(question)
    ask(page, "and who wrote it?")
    expect(page.locator(".pf.question")).to_have_count(2)
    expect(page.locator(".pf.question").last).to_be_in_viewport()
    shoot(page, "dark")


COUNT_MOVES = """
() => {
  window.moved = new Map();
  const move = Element.prototype.scrollIntoView;
  Element.prototype.scrollIntoView = function (...told) {
    window.moved.set(this, 1 + (window.moved.get(this) ?? 0));
    return move.apply(this, told);
  };
}
"""


def rests(page: Page) -> bool:
    """Whether the page soon moves no more by itself."""
    for _ in range(10):
        page.evaluate("window.moved.clear()")
        page.wait_for_timeout(700)
        if not page.evaluate("window.moved.size"):
            return True
    return False


def test_each_answer_of_a_conversation_is_read_from_its_question(visit: Visit) -> None:
    page = visit()
    page.evaluate(COUNT_MOVES)
    for question in (
        "Tell me about Shiming Ge",
        "How many papers are from 2023?",
        "How many have code?",
    ):
        ask(page, question)
        expect(page.locator(".st-key-going_on button").first).to_be_attached()
        assert rests(page)
        expect(page.locator(".pf.question").last).to_be_in_viewport()
    page.reload()
    expect(page.locator(".pf.board .foot")).to_have_count(3)
    expect(page.locator(".pf.question").last).to_be_in_viewport()


WATCH_QUESTION = """
(n) => {
  const tops = (window.tops = []);
  const isPainted = (turn) => turn.querySelector(".answer") ||
    [...turn.querySelectorAll("*")].some((node) => node.shadowRoot?.querySelector(".answer"));
  const look = () => {
    if (tops !== window.tops) return;
    const question = document.querySelectorAll(".pf.question")[n];
    const turn = question?.closest("[class*=st-key-turn_]");
    if (turn && isPainted(turn)) tops.push(question.getBoundingClientRect().top);
    requestAnimationFrame(() => setTimeout(look));
  };
  look();
}
"""
CELLS = """
nodes => nodes.map((node) => [node.clientWidth, parseFloat(getComputedStyle(node).fontSize)])
"""


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_moves_after_an_answers_first_words_and_no_column_is_a_letter_wide(
    visit: Visit, width: int
) -> None:
    page = visit(width=width, touch=width < 500)
    for n, question in enumerate(
        (
            "Who is Nannan Wang?",
            "Who works on face recognition?",
            "Compare GazeForensics and VideoReTalking",
        )
    ):
        page.evaluate(WATCH_QUESTION, n)
        ask(page, question)
        expect(page.locator(".st-key-going_on:visible button").first).to_be_attached()
        page.wait_for_function("window.tops.length > 1")  # a busy machine draws few frames
        tops = page.evaluate("window.tops")
        assert max(abs(b - a) for a, b in pairwise(tops)) < 150
        assert abs(tops[-1] - tops[0]) < 150
    sizes = page.locator(".pf.board .answer td").evaluate_all(CELLS)
    assert len(sizes) > 4
    assert all(cell_width > 7 * size / 2 for cell_width, size in sizes)


def test_the_chat_is_used_by_its_keys(visit: Visit, shoot: Shoot) -> None:
    page = visit(dark=True)
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_focused()
    ask(page, "What is DuetFace?")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box).to_have_value("What is DuetFace?")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_value("")
    box.blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    shoot(page, "keys")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator(".threads button.thread", has_text="What is DuetFace?").first.click()
    expect(page.locator(".pf.question")).to_have_text("What is DuetFace?")
    page.get_by_role("button", name="Light").click()
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", "light")
    page.get_by_role("button", name="Auto").click()
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")


def test_the_quotes_of_an_answer_are_gone_through_beside_it(visit: Visit) -> None:
    page = visit(width=1024)
    ask(page, "Compare GazeForensics and VideoReTalking")
    page.locator(".pf.board .answer .cite").first.click()
    panel = page.locator(".st-key-source")
    expect(panel.locator("mark.other").first).to_be_visible()
    opened = panel.locator("mark:not(.other)")
    first = opened.inner_text()
    panel.get_by_role("button", name="Next quote").click()
    expect(panel.get_by_text("2 of")).to_be_visible()
    expect(opened).not_to_have_text(first)
    assert page.locator(".stMainBlockContainer").bounding_box()["width"] > 500  # type: ignore[index]
    panel.get_by_role("button", name="Ask about this paper").click()
    expect(page.get_by_role("heading", name="Ask about one paper")).to_be_visible()


def test_what_is_read_stays_in_place_beside_an_opened_paper_and_the_focus_comes_back(
    visit: Visit,
) -> None:
    page = visit()
    ask(page, "Who works on face recognition?")
    page.wait_for_timeout(1500)
    chips = page.locator(".stMain .pf.board .answer .cite:visible")
    chip = chips.nth(chips.count() // 2)
    page.mouse.wheel(0, 1)  # a reader's own move ends the page's
    chip.evaluate("node => node.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    before = chip.bounding_box()
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-source mark:not(.other)")).to_be_visible()
    page.wait_for_timeout(1200)
    after = chip.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 12
    expect(chip).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source mark:not(.other)")).to_have_count(0)
    expect(chip).to_be_focused()


def test_a_reference_opens_its_paper_and_an_author_opens_the_person(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit()
    ask(page, "What is DuetFace?")
    page.locator("button.ref").first.click()
    author = page.locator(".st-key-source button.person").first
    name = author.inner_text()
    author.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_role("table", name="Co-authors")).to_be_visible()
    shoot(page, "person")


def test_what_papers_do_not_say_is_said_hostile_text_stays_text_and_a_new_conversation_is_empty(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit()
    ask(page, "What is the boiling point of molten tungsten carbide?")
    expect(page.locator(".answer.abstained")).to_be_visible()
    shoot(page, "abstained")
    ask(page, "<img src=x onerror=alert(1)> ![](https://evil.example/a.png) makeup transfer")
    expect(page.locator(".pf.question").last).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("[src='x'], [src*='evil.example'], a[href*='evil.example']").count() == 0
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".pf.question")).to_have_count(0)
    expect(page.get_by_role("heading", name="Ask your papers")).to_be_visible()


def test_the_chat_works_at_phone_width(visit: Visit, shoot: Shoot) -> None:
    page = visit(width=390, touch=True)
    shoot(page, "1-welcome")
    ask(page, QUESTION)
    expect(page.locator(".pf.question")).to_be_in_viewport()
    shoot(page, "2-answer")
    page.locator(".pf.board .cite").first.tap()
    expect(page.locator(".st-key-source mark:not(.other)")).to_be_in_viewport()
    shoot(page, "3-source")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".st-key-source")).to_have_count(0)
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_role("button", name="Rename, export or delete").first).to_be_visible()
    shoot(page, "4-conversations")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.reload()  # it lay over the page at each further visit, as Streamlit keeps that it was opened
    expect(page.locator(".pf.question")).to_be_in_viewport()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    page.locator(".pf.board .cite").first.tap()
