"""Journeys with what can be done with an answer and a conversation: copied, edited, narrowed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_chat import ask

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def test_an_answer_is_copied_judged_and_read_otherwise(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Who works on face anti-spoofing?")
    page.get_by_role("button", name="Copy with references").click()
    expect(page.locator(".news", has_text="Copied")).to_have_count(1)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("On **face anti") and "\n- [1] " in copied
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_role("button", name="incomplete").click()
    expect(page.get_by_role("button", name="Bad answer: incomplete")).to_be_visible()
    shoot(page, "1-judged")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Add to the evaluation").click()
    expect(page.get_by_role("button", name="In the evaluation: take it out")).to_be_visible()
    page.locator(".reading .or").click()
    # the old answer goes as soon as the new one is there: never two in one place
    expect(page.locator(".reading:visible .want")).to_have_text("list of papers")
    expect(page.locator(".pf.question")).to_have_count(1)
    shoot(page, "2-read-otherwise")


def test_a_condition_is_taken_away_and_changed_from_the_keyboard(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit(width=390, touch=True)
    ask(page, "What is DuetFace?")
    ask(page, "How many papers from 2023 have code?")
    expect(page.locator(".answer").last).to_contain_text("6 papers")
    page.get_by_role("button", name="Take away: with code").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answer:visible").last).to_contain_text("37 papers")
    expect(page.locator(".pf.question")).to_have_text(
        ["What is DuetFace?", "How many papers from 2023 have code?"]
    )
    page.get_by_role("button", name="Change: from 2023").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Year from")).to_be_in_viewport()
    shoot(page, "changing")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("Year from").fill("2022")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".reading:visible").last).to_contain_text("from 2022 to 2023")
    expect(page.locator(".st-key-chip_editor")).to_have_count(0)
    page.get_by_role("button", name="Ask instead: number of papers, from 2023").click()
    expect(page.locator(".answer:visible").last).to_contain_text("37 papers")


def test_the_last_question_is_edited_in_its_place(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    ask(page, "What is DuetFace?")
    page.get_by_role("button", name="Edit", exact=True).click()
    shoot(page, "editing")
    page.get_by_label("Your question").fill("What is SlerpFace?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".pf.question")).to_have_text("What is SlerpFace?")
    expect(page.locator(".pf.board .answer:visible")).to_contain_text("SlerpFace")


def test_filters_stand_above_the_input_and_hold_through_a_reload(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit(dark=True)
    page.locator(".threads, .st-key-threads .at").wait_for()
    listed = page.locator("button.thread").count()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Authors").fill("Shiming Ge")
    page.get_by_role("option", name="Shiming Ge").first.click()
    expect(page.locator(".st-key-chip_0")).to_contain_text("by Shiming Ge")
    shoot(page, "1-choosing")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"\?thread=\w+"))
    page.reload()
    expect(page.locator(".st-key-chip_0")).to_contain_text("by Shiming Ge")
    expect(page.locator("button.thread")).to_have_count(listed)
    ask(page, "Who works on face recognition?")
    expect(page.locator(".pf.board .answer")).to_contain_text("Among 50 of 169 papers")
    page.reload()
    chip = page.get_by_role("button", name="by Shiming Ge")
    expect(chip).to_be_visible()
    shoot(page, "2-held")
    chip.click()
    expect(chip).to_have_count(0)
    ask(page, "Who works on face forgery detection?")
    expect(page.locator(".pf.board .answer").last).not_to_contain_text("Among")


def test_chosen_papers_are_asked_about(visit: Visit, shoot: Shoot) -> None:
    page = visit("/papers")
    page.get_by_label("Words in title or abstract").fill("anti-spoofing")
    page.get_by_label("Words in title or abstract").press("Enter")
    expect(page.get_by_text("4 of 169 papers")).to_be_visible()
    page.get_by_label("select all").click()
    page.get_by_role("button", name="Ask about these papers").click()
    expect(page.get_by_role("heading", name="Ask about 4 papers")).to_be_in_viewport()
    shoot(page, "1-opening")
    page.locator(".st-key-examples button").first.click()
    expect(page.locator(".pf.board .foot")).to_have_count(1)
    shoot(page, "2-answer")


def test_a_suggestion_leads_on_and_names_lead_to_people(visit: Visit, shoot: Shoot) -> None:
    page = visit(width=390, touch=True)
    ask(page, "What is DuetFace?")
    page.locator(".st-key-going_on button", has_text="Who wrote DuetFace?").tap()
    expect(page.locator(".pf.board .foot")).to_have_count(2)
    shoot(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".pf.board .answer .person", has_text="Yuge Huang").last.tap()
    expect(page.get_by_role("heading", name="Yuge Huang")).to_be_visible()
