"""The pages of papers, files and people, and the overview, driven by AppTest over the ingested seeds."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag.app.assistant import build
from rag.config.settings import Settings, load
from rag.types import Condition, IndexHealth
from tests.conftest import SEEDS
from tests.falconry import MORE
from tests.readers.paper_maker import make_paper
from tests.readers.test_pdf_layout import LEFT, RIGHT
from tests.ui.test_screens import answers, boards, kept, run, screen, send_press
from tests.ui.test_screens import data as data  # a fixture of every test here
from ui.components import paper_state, selected_papers
from ui.components.open_paper import OpenPaper
from ui.views.escaping import plain


def find_board(at: AppTest, holds: str = "") -> Any:
    """The last component of the page whose data hold some text."""
    found: list[Any] = list(at.main.get("bidi_component"))
    return [board for board in found if holds in board.proto.json][-1]


def read_list(at: AppTest) -> dict[str, Any]:
    """What the list of the page was given."""
    found = [json.loads(board.proto.json) for board in at.main.get("bidi_component")]
    return next(one for one in found if "signature" in one)


def list_rows(at: AppTest) -> list[str]:
    return [row for block in read_list(at)["blocks"].values() for row in block]


def press(at: AppTest, act: str, value: str, holds: str = "signature") -> AppTest:
    """What the browser reports of a press in a component."""
    return send_press(at, find_board(at, holds), act, value)


# --- papers ---------------------------------------------------------------------------------


def test_the_list_sends_the_first_rows_of_all_papers_and_more_when_they_are_asked_for() -> None:
    at = run(screen("papers"))
    told = read_list(at)
    assert told["n"] == 169 and list(told["blocks"]) == ["0", "1"]
    assert [len(rows) for rows in told["blocks"].values()] == [50, 50]
    press(at, "want", f"{told['signature']} 3")
    rows = read_list(at)["blocks"]["3"]
    assert len(rows) == 19 and 'aria-posinset="169" aria-setsize="169"' in rows[-1]


def test_boxes_narrow_the_list_and_count_what_each_would_leave() -> None:
    at = run(screen("papers"))
    for value in ("page=Shiming Ge", "category=LG", "code=True"):
        press(at, "facet", value)
    told = read_list(at)
    assert told["n"] == 3 and "<b>3</b> of 169 papers" in told["html"]
    assert 'data-value="category=CV"' in told["html"]  # a facet does not narrow itself
    assert at.query_params["q"] == 'papers where page = "Shiming Ge" and category = "LG" and code'
    press(at, "remove", "2")
    assert read_list(at)["n"] > 3
    press(at, "clear", "clear")
    assert read_list(at)["n"] == 169


def test_words_are_marked_and_papers_that_have_them_in_the_title_come_first() -> None:
    at = run(screen("papers"))
    press(at, "search", '"face recognition"')
    rows = list_rows(at)
    in_title = ["<mark>" in row.split('class="by"')[0] for row in rows]
    assert in_title == sorted(in_title, reverse=True) and in_title.count(True) == 12
    assert all("<mark>" in row for row in rows)
    assert len(rows) == read_list(at)["n"] > 12


def test_the_list_begins_with_the_newest_and_ends_with_those_without_a_year() -> None:
    at = run(screen("papers"))
    told = read_list(at)
    press(at, "want", f"{told['signature']} 0,1,2,3")
    years = [re.findall(r"(20\d\d) · |year unknown|year not printed", row) for row in list_rows(at)]
    known = [year[0] for year in years if year[0]]
    assert known == sorted(known, reverse=True)
    assert [bool(year[0]) for year in years] == [True] * len(known) + [False] * (169 - len(known))


def test_chosen_papers_are_asked_about_compared_and_let_go() -> None:
    at = run(screen("papers"))
    assert "ask_about" not in {button.key for button in at.button}
    ids = re.findall(r'data-id="([^"]+)"', "".join(list_rows(at)))[:2]
    for paper_id in ids:
        press(at, "mark", paper_id)
    assert "**2 papers selected**" in [m.value for m in at.markdown]
    at.button(key="choose_none").click()
    run(at)
    assert "compare" not in {button.key for button in at.button}
    for paper_id in ids:
        press(at, "mark", paper_id)
    at.button(key="ask_about").click()
    at.run()
    assert kept(at).filters == (Condition("paper", "in", tuple(ids)),)


def test_a_comparison_of_chosen_papers_is_of_these_and_no_others() -> None:
    with build(load()) as assistant:
        found = assistant.library.view.find_papers([Condition("title", "contains", "face forgery")])
        ids = tuple(paper.paper_id for paper in found[:3])
        query = selected_papers.build_comparison(ids, [paper.name for paper in found[:3]])
        *_, answer = assistant.stream_reading(query)
    assert {citation.paper_id for citation in answer.citations} == set(ids)  # type: ignore[union-attr]
    assert "| " in answer.text  # type: ignore[union-attr]


def test_all_listed_are_chosen_at_once_but_for_those_taken_out() -> None:
    at = run(screen("papers"))
    press(at, "facet", "category=LG")
    (first,) = re.findall(r'data-id="([^"]+)"', list_rows(at)[0])
    press(at, "all", "all")
    assert "**20 papers selected**" in [m.value for m in at.markdown]
    assert list_rows(at) == []  # the browser has them
    for _ in range(2):  # reported twice, it is one press
        press(at, "mark", first)
        assert "**19 papers selected**" in [m.value for m in at.markdown]
    told = read_list(at)
    assert told["all"] and len(told["chosen"]) == 1
    at.button(key="ask_about").click()
    at.run()
    (condition,) = kept(at).filters
    assert condition.field == "paper" and len(condition.values) == 19


def test_a_link_opens_a_narrowed_list_and_one_that_spells_nothing_says_so() -> None:
    at = screen("papers")
    at.query_params["q"] = paper_state.print_papers(
        (Condition("title", "contains", "face recognition"), Condition("year", "is", 2024))
    )
    run(at)
    assert read_list(at)["n"] == 5
    lost = screen("papers")
    lost.query_params["q"] = "papers where nonsense"
    run(lost)
    assert "nonsense" in lost.error[0].value
    assert read_list(run(lost))["n"] == 169


def test_a_search_that_finds_nothing_says_so() -> None:
    at = run(screen("papers"))
    press(at, "search", "xylophone")
    assert read_list(at)["n"] == 0 and "<b>0</b> of 169 papers" in read_list(at)["html"]


def test_a_title_opens_its_paper_beside_the_list() -> None:
    at = run(screen("papers"))
    (paper_id,) = re.findall(r'data-id="([^"]+)"', list_rows(at)[4])
    press(at, "paper", paper_id)
    assert at.session_state["source"].paper_id == paper_id
    run(at)
    assert read_list(at)["opened"] == paper_id


# --- overview -------------------------------------------------------------------------------


def test_every_number_of_the_overview_is_the_length_of_the_list_that_it_opens() -> None:
    at = run(screen("overview"))
    (html,) = (board for board in boards(at) if "tiles" in board)
    links = re.findall(
        r'data-act="papers" data-value="([^"]+)"[^>]*>(?:<b>)?([\d,]+)(?=[ <])', html
    )
    assert len(links) > 60
    with build(load()) as assistant:
        view = assistant.library.view
        for line, number in links:
            conditions = paper_state.read_state(line.replace("&quot;", '"')).every_condition
            assert view.count_papers(conditions) == int(number.replace(",", "")), line
    assert 'aria-label="few-shot class-incremental learning, no year: 4 papers"' in html


def test_a_topic_of_the_map_is_looked_at_and_its_questions_are_answered() -> None:
    at = run(screen("overview"))
    press(at, "look", "federated learning", "tiles")
    (html,) = (board for board in boards(at) if "tiles" in board)
    assert "<h3>Federated learning</h3>" in html and 'aria-pressed="true"' in html
    at = AppTest.from_file(
        str(Path(selected_papers.__file__).parents[1] / "app.py"), default_timeout=60
    )
    run(at)
    at.switch_page("screens/overview.py")
    run(at)
    press(at, "ask", "Who works on federated learning?", "tiles")
    assert answers(at)[-1].question == "Who works on federated learning?"


# --- one person -----------------------------------------------------------------------------


def test_a_topic_or_a_year_narrows_the_papers_of_a_person() -> None:
    at = screen("people")
    at.query_params["name"] = "Shiming Ge"
    run(at)
    press(at, "narrow", "topic=face recognition", "person-page")
    assert "5 of 50 papers" in "".join(boards(at))
    press(at, "narrow", "year=2024", "person-page")
    assert "4 of 50 papers" in "".join(boards(at)) or "5 of 50 papers" in "".join(boards(at))
    press(at, "narrow", "topic=face recognition", "person-page")
    assert "17 of 50 papers" in "".join(boards(at))


# --- library --------------------------------------------------------------------------------


SMALL = ("000_052e22e2ea1c628a.txt", "002_9894cba3036e365e.txt")
"""Seeds of ten papers each."""


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A library of twenty papers: what is done to files does not depend on how many others there are."""
    folder = tmp_path_factory.mktemp("small") / "data"
    with build(Settings(data=folder, model_path=weights)) as assistant:
        assistant.ingest([SEEDS / name for name in SMALL])
    return folder


@pytest.fixture
def own(tmp_path: Path, small_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small library that a test may write to."""
    shutil.copytree(small_data, tmp_path / "data")
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def own_seeds(tmp_path: Path, library_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library of all seeds that a test may write to."""
    shutil.copytree(library_data, tmp_path / "data")
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def count_held(at: AppTest) -> int:
    """The number of papers that the page says the library holds."""
    (text,) = (c.value for c in at.caption if c.value.startswith("The library holds"))
    return int(text.split()[3].replace(",", ""))


def read_plan(at: AppTest) -> str:
    return next(html for html in boards(at) if 'class="plan"' in html)


def list_uploads(own: Path) -> list[str]:
    return sorted(path.name for path in (own / "uploads").glob("[!.]*"))


def test_every_file_is_a_row_that_says_what_it_is() -> None:
    at = run(screen("library"))
    rows = list_rows(at)
    assert len(rows) == 5
    assert sum("’s page" in row for row in rows) == 3
    assert count_held(at) == 169


def test_why_a_file_cannot_be_read_stands_in_its_row(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("broken.bib", b"@article{two, title = {}}", "text/plain"))
    run(at)
    plan = read_plan(at)
    assert "holds no readable paper" in plan and plan.count("broken.bib") == 1
    assert "confirm" not in {button.key for button in at.button}


def test_an_upload_is_shown_then_read_then_undone(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("../falcons.bib", MORE, "text/plain"))
    run(at)
    plan = read_plan(at)
    assert "1 new paper" in plan and "Falconry at Night" in plan
    assert re.search(r"Falconry at Night<br><span class=\"by\">[^<]+, \d{4}</span>", plan)
    assert "line 7: the entry has neither a title nor a text" in plan
    assert not list_uploads(own)  # nothing before it is confirmed
    at.button(key="confirm").click()
    run(at)
    assert count_held(at) == 21 and list_uploads(own) == ["falcons.bib"]
    assert not list((own / "uploads" / ".chosen").iterdir())
    row = list_rows(at)[0]  # one with problems comes first
    assert "Falconry at Night" in row and "line 7" in row and "uploaded" in row
    assert "1 paper added; the library holds 21 papers." in at.markdown[0].value
    at.button(key="undo").click()
    run(at)
    assert count_held(at) == 20 and not list_uploads(own)


def test_what_was_added_is_asked_about(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("falcons.bib", MORE, "text/plain"))
    run(at)
    at.button(key="confirm").click()
    run(at)
    at.button(key="ask_added").click()
    at.run()
    assert kept(at).filters == (Condition("document", "in", ("falcons.bib",)),)


def test_a_removed_upload_comes_back_with_undo(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("falcons.bib", MORE, "text/plain"))
    run(at)
    at.button(key="confirm").click()
    run(at)
    press(at, "remove", "falcons.bib")
    assert count_held(at) == 20 and not list_uploads(own)
    at.button(key="undo").click()
    run(at)
    assert count_held(at) == 21 and list_uploads(own) == ["falcons.bib"]


def test_a_pdf_is_shown_as_it_was_read_and_corrected_and_its_page_is_drawn(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("kelp.pdf", make_paper([[LEFT, RIGHT]]), "application/pdf"))
    run(at)
    assert "authors: Mara Quill, Tomas van den Berg, J. R. Okafor (guessed" in read_plan(at)
    at.button(key="confirm").click()
    run(at)
    press(at, "correct", "kelp.pdf")
    at.number_input[0].set_value(2020)
    at.button(key="keep_correction").click()
    run(at)
    with build(load()) as assistant:
        kelp = assistant.paper("kelp.pdf:1")
        assert (kelp.year, kelp.authors[0]) == (2020, "Mara Quill")
        source = screen("chat")
        quotes = ((kelp.paper_id, (0, 40), 1),)
        source.session_state["source"] = OpenPaper(kelp.paper_id, ("", 1), quotes)
        assert assistant.draw_page(kelp, (0, 40))
    run(source)
    assert source.session_state["drawn_page"][1].startswith(b"\x89PNG")
    at.button(key="undo").click()
    run(at)
    with build(load()) as assistant:
        assert assistant.paper("kelp.pdf:1").year != 2020


def test_an_upload_of_another_readers_name_replaces_nothing_unasked(own: Path) -> None:
    refs = [MORE, MORE.replace(b"Falconry at Night", b"Falconry by Day")]
    for reader, content in zip(("ada", "bob"), refs, strict=True):
        at = run(screen("library"))
        at.session_state["reader"] = reader
        at.file_uploader[0].set_value(("refs.bib", content, "text/plain"))
        run(at)
        if reader == "bob":
            assert plain("refs.bib (uploaded by ada)") in at.caption[0].value
        at.button(key="confirm").click()
        run(at)
    assert count_held(at) == 22
    files = {path.name: path.read_bytes() for path in (own / "uploads").glob("[!.]*")}
    assert files == {"refs.bib": refs[0], "refs (2).bib": refs[1]}
    rows = "".join(list_rows(at))
    assert "uploaded by ada" in rows and "uploaded by bob" in rows


def test_an_earlier_document_goes_where_a_reader_says_so(own: Path) -> None:
    for content in (MORE, MORE.replace(b"by moonlight", b"by starlight")):
        at = run(screen("library"))
        at.file_uploader[0].set_value(("refs.bib", content, "text/plain"))
        run(at)
        for box in at.checkbox:
            box.check()
        run(at)
        at.button(key="confirm").click()
        run(at)
    assert count_held(at) == 21
    files = {path.name: path.read_bytes() for path in (own / "uploads").glob("[!.]*")}
    assert files == {"refs (2).bib": content}


def test_what_is_chosen_and_taken_back_leaves_nothing(own: Path) -> None:
    at = run(screen("library"))
    at.file_uploader[0].set_value(("falcons.bib", MORE, "text/plain"))
    run(at)
    assert list((own / "uploads" / ".chosen").iterdir())
    at.file_uploader[0].set_value(None)
    run(at)
    assert not list((own / "uploads" / ".chosen").iterdir())
    assert count_held(at) == 20


def test_several_files_are_removed_by_the_bar_and_the_seeds_stay_where_they_are(
    own_seeds: Path,
) -> None:
    at = run(screen("library"))
    for name in SMALL:
        press(at, "mark", name)
    assert "**2 files selected**" in [m.value for m in at.markdown]
    at.button(key="remove_chosen").click()
    run(at)
    assert read_list(at)["n"] == 3 and all((SEEDS / name).is_file() for name in SMALL)
    at.button(key="undo").click()
    run(at)
    assert read_list(at)["n"] == 5 and count_held(at) == 169


def test_a_merged_paper_is_parted_and_joined_again(own_seeds: Path) -> None:
    at = run(screen("library"))
    html = next(html for html in boards(at) if "merged" in html)
    place = re.findall(r'data-act="part" data-value="([^"]+)"', html)[1]
    press(at, "part", place, "merged")
    assert count_held(at) == 170
    at.button(key="undo").click()
    run(at)
    assert count_held(at) == 169


def test_health_is_checked_and_mended(own: Path) -> None:
    at = run(screen("library"))
    at.button(key="check").click()
    run(at)
    assert at.success[0].value.startswith("In step")
    assert "repair" not in {b.key for b in at.button}
    at.session_state["health"] = IndexHealth(20, 9, 8, 9, ("1 chunk has no vector",))
    run(at)
    assert at.error[0].value == "1 chunk has no vector (9 chunks, 8 vectors, 9 indexed)"
    at.button(key="repair").click()
    run(at)
    assert any(s.value.startswith("In step") for s in at.success)
    assert count_held(at) == 20 and "repair" not in {b.key for b in at.button}
