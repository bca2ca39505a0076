"""Journeys through people and papers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import bibtexparser
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def test_a_topic_leads_to_people_and_on_to_one_person(visit: Visit, shoot: Shoot) -> None:
    page = visit("/people")
    page.get_by_label("Who works on …").fill("face anti-spoofing")
    page.keyboard.press("Enter")
    first = page.locator("ol.experts button.person").first
    expect(first).to_be_visible()
    shoot(page, "1-experts")
    page.locator("ol.experts button.ref").first.click()
    expect(page.locator(".st-key-source article")).to_be_visible()
    name = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    shoot(page, "2-person")
    coauthor = page.get_by_role("table", name="Co-authors").locator("button.person").first
    other = coauthor.inner_text()
    coauthor.press("Enter")
    expect(page.get_by_role("heading", name=other)).to_be_visible()
    expect(page.locator(".growth.years")).to_be_visible()


def test_a_link_to_a_person_opens_the_person(visit: Visit, shoot: Shoot) -> None:
    page = visit("/people?name=Nannan%20Wang", dark=True)
    expect(page.get_by_role("heading", name="Nannan Wang")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("3,144")
    shoot(page, "dark")


def test_narrowed_papers_are_exported_whole(visit: Visit, shoot: Shoot, tmp_path: Path) -> None:
    page = visit("/papers")
    for value in ("page=Shiming Ge", "category=LG", "code=True"):
        page.locator(f'.facets input[data-value="{value}"]').click()
        expect(page.locator(f'.facets input[data-value="{value}"]')).to_be_checked()
        expect(page.locator(".listing .chip")).not_to_have_count(0)
    expect(page.get_by_text("3 of 169 papers")).to_be_visible()
    page.get_by_label("select all").click()
    expect(page.get_by_text("3 papers selected")).to_be_visible()
    shoot(page, "papers")
    saved = {}
    for name in ("BibTeX", "RIS", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        saved[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[name])
    assert len(bibtexparser.parse_file(str(saved["BibTeX"])).entries) == 3
    assert saved["RIS"].read_text(encoding="utf-8").count("ER  -") == 3
    with saved["CSV"].open(encoding="utf-8", newline="") as file:
        assert {row["category"] for row in csv.DictReader(file)} == {"LG"}


def test_the_list_is_walked_by_keyboard_to_its_end_and_opens_what_is_there(
    visit: Visit, shoot: Shoot
) -> None:
    page = visit("/papers")
    page.get_by_role("searchbox").press("ArrowDown")
    row = page.locator(".listing .row:focus-within")
    expect(row).to_have_attribute("aria-posinset", "1")
    page.keyboard.press("x")
    expect(page.get_by_text("1 paper selected")).to_be_visible()
    page.keyboard.press("End")
    expect(row).to_have_attribute("aria-posinset", "169")
    title = row.locator(".name").inner_text()
    before = row.bounding_box()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-source article")).to_contain_text(title[:30])
    expect(row).to_have_attribute("aria-current", "true")
    page.wait_for_timeout(1200)
    after = row.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 12
    shoot(page, "opened")
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-source article")).to_have_count(0)


def test_a_number_of_the_overview_opens_its_papers(visit: Visit, shoot: Shoot) -> None:
    page = visit("/overview")
    page.locator(".topics .disc").nth(2).press("Enter")
    card = page.locator(".topic-card")
    expect(card.locator("h3")).to_have_text("Federated learning")
    shoot(page, "overview")
    n = card.locator("button.num").first.inner_text().split()[0]
    card.locator("button.num").first.click()
    expect(page.locator(".listing .count")).to_have_text(f"{n} of 169 papers")
