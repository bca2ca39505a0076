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
    page.get_by_label("Who works on").fill("face anti-spoofing")
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
    coauthor = page.locator("svg.graph g.node").first
    other = coauthor.get_attribute("data-value")
    coauthor.press("Enter")
    expect(page.get_by_role("heading", name=other)).to_be_visible()
    expect(page.locator(".bars")).to_be_visible()


def test_a_link_to_a_person_opens_the_person(visit: Visit, shoot: Shoot) -> None:
    page = visit("/people?name=Nannan%20Wang", dark=True)
    expect(page.get_by_role("heading", name="Nannan Wang")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("3,144")
    shoot(page, "dark")


def test_filtered_papers_are_exported_whole(visit: Visit, shoot: Shoot, tmp_path: Path) -> None:
    page = visit("/papers")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    for label, option in (
        ("Profile page", "Shiming Ge"),
        ("Category", "LG"),
        ("Code", "with code"),
    ):
        page.get_by_label(label).click()
        page.get_by_role("option", name=option, exact=True).click()
    expect(page.get_by_text("3 of 169 papers")).to_be_visible()
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


def test_a_chosen_row_opens_its_paper_and_is_exported_alone(visit: Visit, shoot: Shoot) -> None:
    page = visit("/papers")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    page.wait_for_timeout(500)  # the table is a canvas: there is nothing in it to wait for
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 54)
    opened = page.locator(".st-key-source article")
    expect(opened).to_contain_text(".txt:")
    expect(page.get_by_text("Export 1 chosen")).to_be_visible()
    shoot(page, "opened")
    page.wait_for_timeout(500)
    box = table.bounding_box()  # the page beside an opened paper is narrower
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 89)
    expect(page.get_by_text("Export 2 chosen")).to_be_in_viewport()
    expect(opened).to_have_count(0)
    ask = page.get_by_role("button", name="Ask about these papers").bounding_box()
    box = table.bounding_box()
    assert ask is not None and box is not None and ask["y"] < box["y"]
    shoot(page, "two")


def test_the_library_page_names_its_documents(visit: Visit, shoot: Shoot) -> None:
    page = visit("/library")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("169")
    shoot(page, "library")


def test_papers_fit_a_phone(visit: Visit, shoot: Shoot) -> None:
    page = visit("/papers", width=390, dark=True)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    shoot(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
