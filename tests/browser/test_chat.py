"""Journeys through the chat, as a reader makes them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]

QUESTION = "How does Knowledge Swapping order its two steps?"


def ask(page: Page, question: str) -> None:
    before = page.locator(".pf.board .foot").count()
    box = page.get_by_test_id("stChatInputTextArea")
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
    expect(page.locator(".answer")).to_contain_text("Learning Before Forgetting")
    shoot(page, "2-answer")
    chip = page.locator(".pf.board .cite").first
    chip.hover()
    card = page.locator(".stMain .card .q")
    expect(card).to_be_visible()
    quote = card.inner_text().strip("“”")
    chip.click()
    mark = page.locator(".st-key-source mark")
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


def test_what_is_read_stays_in_place_beside_an_opened_paper_and_the_focus_comes_back(
    visit: Visit,
) -> None:
    page = visit()
    ask(page, "Who works on face recognition?")
    page.wait_for_timeout(1500)
    chips = page.locator(".stMain .pf.board .answer .cite")
    chip = chips.nth(chips.count() // 2)
    page.mouse.wheel(0, 1)  # a reader's own move ends the page's
    chip.evaluate("node => node.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    before = chip.bounding_box()
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-source mark")).to_be_visible()
    page.wait_for_timeout(1200)
    after = chip.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 12
    expect(chip).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source mark")).to_have_count(0)
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
    expect(page.locator("svg.graph")).to_be_visible()
    shoot(page, "person")


def test_what_the_papers_do_not_say_is_said(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    ask(page, "What is the boiling point of molten tungsten carbide?")
    expect(page.locator(".answer.abstained")).to_be_visible()
    shoot(page, "abstained")


def test_hostile_text_stays_text(visit: Visit) -> None:
    page = visit()
    ask(page, "<img src=x onerror=alert(1)> ![](https://evil.example/a.png) makeup transfer")
    expect(page.locator(".pf.question")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("[src='x'], [src*='evil.example'], a[href*='evil.example']").count() == 0


def test_a_new_conversation_forgets_the_old_one(visit: Visit) -> None:
    page = visit()
    ask(page, QUESTION)
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
    expect(page.locator(".st-key-source mark")).to_be_in_viewport()
    shoot(page, "3-source")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".st-key-source")).to_have_count(0)
