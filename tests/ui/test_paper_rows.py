"""Rows of papers and files, the map of topics, and one person, as HTML; all pure."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.answers.facets import Facet, remove_condition, toggle_value
from rag.answers.topic_map import MappedTopic, TopicMap
from rag.types import Authorship, Condition, Document, Paper, Rejection
from rag.types.fields import Range
from tests.ui.test_answer_html import paper
from ui.components.paper_state import PaperState, list_chips, print_papers, read_state
from ui.views import document_rows, paper_rows, topic_drawing
from ui.views.person_html import Narrowing, count_shared

# --- rows -----------------------------------------------------------------------------------


def test_words_are_marked_where_a_word_begins_to_its_end_and_across_hyphens() -> None:
    assert paper_rows.mark_words("Faces, surface & <face>", ["face"]) == (
        "<mark>Faces</mark>, surface &amp; &lt;<mark>face</mark>&gt;"
    )
    marked = paper_rows.mark_words("few-shot and Few Shot", ["few shot"])
    assert marked == "<mark>few-shot</mark> and <mark>Few Shot</mark>"


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_marking_changes_no_character(text: str, words: list[str]) -> None:
    from html import unescape

    shown = paper_rows.mark_words(text, words)
    assert unescape(shown.replace("<mark>", "").replace("</mark>", "")) == text


def test_an_excerpt_begins_at_the_first_of_the_words_or_at_the_beginning() -> None:
    text = "nothing here at all " * 40 + "but a falcon flies " + "and so on " * 40
    assert "falcon" in paper_rows.make_excerpt_around(text, ["falcon"])
    assert paper_rows.make_excerpt_around(text, ["falcon"]).startswith("… ")
    assert paper_rows.make_excerpt_around(text, []).startswith("nothing here")
    assert len(paper_rows.make_excerpt_around(text, ["falcon"])) < 280


def test_phrases_in_quotation_marks_are_one_thing_to_search_for() -> None:
    assert paper_rows.split_words('kelp "few shot" “label noise” kelp "" !') == [
        "kelp", "few shot", "label noise", "!",
    ]  # fmt: skip


def test_a_row_says_its_place_in_the_whole_list() -> None:
    row = paper_rows.render_row(paper(), 49_999, 50_000, [])
    assert 'role="listitem"' in row and 'aria-posinset="50000" aria-setsize="50000"' in row


def test_a_facet_folds_what_is_long_and_ticks_what_is_chosen() -> None:
    facet = Facet("year", tuple((2000 + n, n) for n in range(9)), 4, (2001,))
    head = paper_rows.ListHead(1, 2, "", (), (facet,), "newest")
    html = paper_rows.render_head(head)
    assert "<summary>4 more</summary>" in html  # three years, and those without one
    assert 'data-value="year=2001" checked' in html and 'data-value="year="' in html


# --- the state ------------------------------------------------------------------------------

CONDITIONS = (
    Condition("category", "in", ("CV", "LG")),
    Condition("code", "is", True),
    Condition("year", "is", Range(2020, None)),
)


def test_a_state_goes_through_the_address_unchanged() -> None:
    state = PaperState('kelp "few shot"', CONDITIONS)
    again = read_state(state.line)
    assert again.every_condition == state.every_condition
    assert print_papers(again.every_condition) == state.line


def test_boxes_join_values_of_a_field_and_take_them_away() -> None:
    one = toggle_value((), "category", "CV")
    two = toggle_value(one, "category", "LG")
    assert two == (Condition("category", "in", ("CV", "LG")),)
    assert toggle_value(two, "category", "CV") == (Condition("category", "is", "LG"),)
    assert toggle_value(one, "category", "CV") == ()
    without = toggle_value(toggle_value((), "code", True), "code", False)
    assert without == (Condition("code", "is", False), Condition("code", "known"))
    chips = list_chips(PaperState("", without))
    assert [text for text, _ in chips] == ["without code"]
    assert remove_condition(without, without[0]) == toggle_value(without, "code", False) == ()
    assert toggle_value((), "year", None) == (Condition("year", "unknown"),)


def test_each_value_is_a_chip_of_its_own() -> None:
    chips = list_chips(PaperState("", CONDITIONS))
    assert [text for text, _ in chips] == [
        "in category CV",
        "in category LG",
        "with code",
        "from 2020 or later",
    ]
    assert remove_condition(CONDITIONS, CONDITIONS[0], "CV")[0] == Condition(
        "category", "in", ("LG",)
    )


# --- files ----------------------------------------------------------------------------------


def make_document(**more: object) -> Document:
    document = Document(
        "a.bib", "/srv/x/a.bib", "0" * 64, "bibtex", None, None, 2, "2026-01-01T10:00:00"
    )
    return replace(document, **more)  # type: ignore[arg-type]


def test_a_file_with_problems_tells_each_with_its_line_and_no_path() -> None:
    problems = (
        Rejection("a.bib", 7, "the entry has neither a title nor a text"),
        Rejection("a.bib", None, "'a.bib' is cut off, see '/srv/x/a.bib'"),
    )
    row = document_rows.render_document(make_document(rejections=problems), (), "uploaded", 0, 1)
    assert "<li>line 7: the entry has neither a title nor a text</li>" in row
    assert "<li>is cut off" in row and "/srv" not in row


# --- topics and people ----------------------------------------------------------------------


@given(st.lists(st.integers(2, 400), min_size=1, max_size=18))
def test_discs_of_a_map_stay_within_it(sizes: list[int]) -> None:
    topics = tuple(
        MappedTopic(f"topic number {n}", size, {2020 + n % 5: size}, (("Ann", 1),))
        for n, size in enumerate(sorted(sizes, reverse=True))
    )
    ties = {(0, n): 1 for n in range(1, len(topics))}
    discs = topic_drawing.place_discs(TopicMap(topics, ties))
    for disc in discs:
        assert disc.radius <= disc.x <= topic_drawing.WIDTH - disc.radius
        assert disc.radius <= disc.y <= topic_drawing.HEIGHT - disc.radius
    assert discs == topic_drawing.place_discs(TopicMap(topics, ties))


def of(paper_id: str, year: int | None, *names: str, title: str = "Kelp drift") -> Paper:
    links = tuple(Authorship(paper_id, name, "listed", n) for n, name in enumerate(names, 1))
    return paper(paper_id, title=title, year=year, authorships=links)


def test_co_authors_come_by_weight_with_their_years() -> None:
    shared = count_shared(
        "Me",
        [of("1", 2020, "Me", "Ann", "Bob"), of("2", 2022, "Me", "Ann"), of("3", None, "Me", "Cy")],
    )
    assert {name: dict(years) for name, years in shared.items()} == {
        "Ann": {2020: 1, 2022: 1}, "Bob": {2020: 1}, "Cy": {None: 1},
    }  # fmt: skip
    assert list(shared) == ["Ann", "Bob", "Cy"]


def test_a_narrowing_is_taken_back_by_the_same_press() -> None:
    papers = [
        of("1", 2020, "Me", title="Kelp drifts"),
        of("2", None, "Me", title="On mice at night"),
    ]
    topic = Narrowing().switch("topic", "kelp drift")
    assert topic.select(papers) == papers[:1]
    assert topic.switch("topic", "kelp drift").select(papers) == papers
    assert Narrowing().switch("year", "undated").select(papers) == papers[1:]
