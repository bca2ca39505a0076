"""What the screens show: safe whatever the text, and true to the answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answers.glance import Glance
from rag.answers.portrait import Portrait
from rag.types import (
    Answer,
    Authorship,
    Citation,
    Expert,
    Paper,
    Place,
    ProfilePage,
    Query,
    Reading,
    SaidSentence,
    Usage,
)
from rag.types.query import Topic
from ui.views import (
    answer_html,
    conversation_html,
    markdown_html,
    paper_html,
    people_html,
    reference_html,
    welcome_html,
)
from ui.views.conversation_html import Row

HOSTILE = (
    "<script>alert(1)</script>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "<img src=x onerror=alert(1)>",
    '"><button data-act="person" data-value="x">',
    "[1]: https://evil.example\n\n[1]",
    "`<b>`\n\n    <i>indented</i>",
)
ALLOWED = frozenset(
    "article b blockquote br button code dd details div dl dt em h1 h2 h3 h4 h5 h6 hr i li mark ol p pre q sup "
    "section span strong summary table tbody td th thead tr ul a".split()
)


class Tags(HTMLParser):
    """All elements and attributes of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def paper(paper_id: str = "p1", **changes: object) -> Paper:
    values: dict[str, object] = {
        "paper_id": paper_id,
        "title": "Makeup & Faces",
        "label": "“We transfer…”",
        "text": "First here. We transfer makeup <b>well</b>. Last.",
        "authorships": (
            Authorship(paper_id, "Mingrui Zhu", "first", 1),
            Authorship(paper_id, "Nannan Wang", "page"),
        ),
        "authors_complete": False,
        "places": (Place("001.txt", 12),),
        "year": 2022,
    }
    return Paper(**{**values, **changes})  # type: ignore[arg-type]


QUOTE = "We transfer makeup <b>well</b>."
SPAN = (12, 43)


def cited(text: str, n: int = 1, **changes: object) -> Answer:
    citations = tuple(
        Citation(i, f"p{i}", "001.txt:12", (), "Makeup & Faces", "", QUOTE, SPAN)
        for i in range(1, n + 1)
    )
    values: dict[str, object] = {"citations": citations, "latency_ms": 12.4, "route": "content"}
    return Answer("q", "answered", text=text, **values | changes)  # type: ignore[arg-type]


def safe(html: str) -> None:
    for tag, attrs in Tags(html).tags:
        assert tag in ALLOWED, tag
        assert not any(key.startswith("on") or key in ("src", "style") for key in attrs)
        assert (attrs.get("href") or "https://").startswith(("https://", "http://"))


# --- escaping -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_an_answer_makes_no_links_images_or_raw_html(text: str) -> None:
    html = markdown_html.render_markdown(text)
    safe(html)
    assert not {"a", "img", "script", "button"} & {tag for tag, _ in Tags(html).tags}


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_safe_wherever_it_stands(text: str) -> None:
    one = paper(
        title=text or None, label=text, text=text, links=(text,), affiliations=(text,), venue=text
    )
    answer = Answer(text, "answered", "content", text, warnings=(text,), model=text)
    day = date(2026, 1, 1)
    glance = Glance(1, 1, (2020, 2021), ((text, 1),), (one,), ((text, 1),))
    portrait = Portrait(text, (one,), ((text, (text,)),), ((text, 1),), 1, caution=text)
    ranked = replace(
        answer, route="experts", experts=(Expert(text, 1.0, ("p1",), {"p1": "first"}),)
    )
    for html in (
        answer_html.render_question_html(text),
        answer_html.render_working([(text, 0.0), (text, 0.1)], ""),
        answer_html.render_interrupted(text),
        answer_html.render_working([], text),
        answer_html.render_answer_html(answer, {}),
        paper_html.render_source(one, (0, len(text))),
        answer_html.render_paper_list([one]),
        people_html.render_portrait(portrait, answer),
        people_html.render_expert_cards(ranked, {"p1": one}),
        conversation_html.render_thread_list([Row(text, text, day)], text, text, day),
        welcome_html.render_head(glance),
        welcome_html.render_glance(glance),
        people_html.render_names([text]),
    ):
        safe(html)


def test_only_web_links_of_a_paper_are_links_and_they_tell_nobody() -> None:
    hidden = ("https://user:pw@x.example", "https://known.example\\@x.example", "https://a@b@c/")
    links = ("https://x.example/a?b=1&c=2@d", "javascript:alert(1)", *hidden)
    html = paper_html.render_source(paper(links=links))
    shown = [attrs for tag, attrs in Tags(html).tags if tag == "a"]
    assert [a["href"] for a in shown] == ["https://x.example/a?b=1&c=2@d"]
    assert shown[0]["rel"] == "noopener noreferrer"


# --- answers --------------------------------------------------------------------------------


def pressable(html: str, act: str) -> list[str | None]:
    return [a["data-value"] for _, a in Tags(html).tags if a.get("data-act") == act]


def visible(html: str) -> str:
    """The text that is shown while folds are closed."""
    return re.sub("<[^>]+>", "", re.sub("<ol>.*?</ol>", "", html))


def test_a_marker_with_a_citation_is_a_chip_that_says_its_paper() -> None:
    html = answer_html.render_answer_html(cited("It works [1]."), {"p1": paper()})
    chip = next(a for _, a in Tags(html).tags if a.get("class") == "cite")
    assert (chip["data-value"], chip["aria-label"]) == ("1", "source 1: Makeup & Faces")


def test_markers_look_like_chips_while_an_answer_streams() -> None:
    assert pressable(
        answer_html.render_working([("searching", 0.0)], "It works [1]. It al"), "cite"
    ) == ["1"]


def test_a_number_without_a_citation_stays_text() -> None:
    html = markdown_html.render_markdown("In [2] and x[1].", {1: "t"})
    assert "In [2] and x<span" in html


def test_a_reference_repeats_no_quote_that_the_answer_shows() -> None:
    shown = answer_html.render_answer_html(
        cited(f"“{QUOTE}” [1]".replace("<", "\\<")), {"p1": paper()}
    )
    hidden = answer_html.render_answer_html(cited("Yes [1]"), {"p1": paper()})
    assert "<q>" not in shown
    assert "<q>We transfer makeup &lt;b&gt;well&lt;/b&gt;.</q>" in hidden


def test_many_references_are_folded_but_all_there() -> None:
    html = reference_html.render_references(cited("many", 17), {})
    assert {*pressable(html, "cite")} == {str(n) for n in range(1, 18)}
    assert "<summary>11 more</summary>" in html


def test_markers_of_one_paper_share_one_reference() -> None:
    answer = cited("a [1] [2]", 2)
    same = tuple(replace(c, paper_id="p1") for c in answer.citations)
    html = reference_html.render_references(replace(answer, citations=same), {})
    assert html.count('class="refrow"') == 1
    assert {*pressable(html, "cite")} == {"1", "2"}


def test_the_open_reference_is_marked() -> None:
    tags = Tags(answer_html.render_answer_html(cited("a [1] [2]", 2), {}, active=2)).tags
    assert [a["data-value"] for _, a in tags if "aria-current" in a] == ["2"]


def test_the_footer_says_what_answered_and_the_chips_stand_above_it() -> None:
    assert visible(answer_html.render_footer(cited("x"))) == "Details"
    assert visible(answer_html.render_footer(cited("x", model="gpt-x"))) == "gpt-x · Details"
    assert "<li>quoted, no model</li>" in answer_html.render_footer(cited("x"))
    html = answer_html.render_answer_html(cited("x"), {}, chips="<b>chips</b>")
    assert html.index("<b>chips</b>") < html.index("quoted, no model")


def test_the_footer_says_what_is_estimated_kept_and_how_soon_the_first_words_came() -> None:
    made = cited("x", model="gpt-x", first_words_ms=640.0, first_token_ms=600.0, latency_ms=2_140.0)
    assert answer_html.list_spent(made) == ["first words after 640 ms"]
    assert "<li>in all <span>2.1 s</span></li>" in answer_html.render_account(made)
    guessed = replace(made, usage=Usage(1_200, 30, estimated=True), first_token_ms=None)
    assert answer_html.list_spent(guessed) == ["about 1,200 + 30 tokens"]
    assert answer_html.list_spent(replace(made, cached=True))[0] == "from the cache"


def test_the_footer_says_what_was_checked_by_whom_and_never_more() -> None:
    said = (
        SaidSentence("A is so.", "supported", (1,)),
        SaidSentence("B <may> be.", "not_found", (1,)),
    )
    html = answer_html.render_footer(cited("x", model="gpt-x", verified_by="gpt-y", sentences=said))
    assert "checked by gpt-y: 1 supported, 1 unverified" in html
    assert 'title="unverified: B &lt;may&gt; be."' in html
    assert "checked" not in answer_html.render_footer(cited("x"))
    unjudged = tuple(replace(s, verdict="checked") for s in said)
    html = answer_html.render_footer(cited("x", model="gpt-x", sentences=unjudged))
    assert ">figures and names checked<" in html and "supported" not in html


def test_the_footer_says_what_was_spent_and_what_was_left_to_answer_from() -> None:
    used = Usage(1200, 30, 0.00421)
    made = cited("x", usage=used, latency_ms=2340.0, among="3 of 9 papers (by A\\_1)")
    html = answer_html.render_footer(made)
    assert visible(html) == "among 3 of 9 papers (by A_1) · Details"
    assert "<li>1,200 + 30 tokens</li><li>$0.0042</li>" in html


def test_the_time_of_an_answer_opens_into_its_steps() -> None:
    made = cited("x", steps=(("searching 9 <papers>", 5.0), ("checking quotes", 1200.0)))
    html = answer_html.render_footer(made)
    assert "<li>searching 9 &lt;papers&gt; <span>5 ms</span></li>" in html
    assert "<li>checking quotes <span>1.2 s</span></li>" in html
    assert "<li>in all <span>12 ms</span></li>" in html


def test_names_of_people_in_bold_open_the_person() -> None:
    answer = cited("1. **Mary O'Neil** [1]\n2. **Other** and Mary O'Neil, Mary O'Neille")
    html = answer_html.render_answer_html(answer, {}, names=["Mary O'Neil", "Mary"])
    assert pressable(html, "person") == ["Mary O'Neil", "Mary O'Neil", "Mary"]
    assert "<strong>Other</strong>" in html


def test_names_in_titles_quotes_and_chips_stay_text() -> None:
    answer = cited("*Bo Li and Friends* says “Bo Li <b>” [1], with Bo Li: \\<Bo Li")
    html = answer_html.render_answer_html(answer, {}, names=["Bo Li"])
    assert len(pressable(html, "person")) == 2
    assert "<em>Bo Li and Friends</em>" in html and "“Bo Li &lt;b&gt;”" in html
    safe(html)


def test_the_topic_of_a_search_for_people_opens_its_experts() -> None:
    reading = Reading(Query("people", about=Topic("a & b")), "q")
    answer = cited("On **a & b** there is **a & b**", route="experts", reading=reading)
    html = answer_html.render_answer_html(answer, {})
    assert pressable(html, "topic") == ["a & b"]


def test_what_stands_in_bold_or_in_a_list_is_read_without_backslashes() -> None:
    spans = markdown_html.extract_spans("**A\\_1** and **B** has most: C D (3), E F (2).")
    assert spans >= {"A_1", "B", "C D", "E F"}


def test_a_failed_answer_shows_its_sentence_and_no_figures() -> None:
    html = answer_html.render_answer_html(
        Answer("q", "failed", "unsupported", "no <server> answered"), {}
    )
    assert "no &lt;server&gt; answered" in html
    assert "ms" not in answer_html.render_footer(Answer("q", "failed", "unsupported", ""))


def test_hover_cards_hold_paper_authors_year_and_quote() -> None:
    (card,) = reference_html.build_cards(cited("x [1]"), {"p1": paper()})
    assert card == {
        "value": "1",
        "title": "Makeup & Faces",
        "by": "Mingrui Zhu et al., 2022",
        "quote": QUOTE,
    }


def test_an_answer_that_says_no_has_no_sources_and_a_list_is_not_listed_twice() -> None:
    said_no = replace(cited("They do not say [1]."), status="abstained")
    assert "Sources" not in answer_html.render_answer_html(said_no, {})
    listing = cited("- **Makeup & Faces** [1]", route="catalogue")
    html = answer_html.render_answer_html(listing, {"p1": paper()})
    assert "Sources" not in html and '<b class="title">Makeup &amp; Faces</b>' in html


def test_a_long_list_is_folded_and_a_short_one_is_not() -> None:
    rows = "\n".join(f"- row {n}" for n in range(12))
    html = answer_html.render_answer_html(cited(rows), {})
    assert "<summary>4 more</summary>" in html and html.count("<li>row") == 12
    assert "more</summary>" not in answer_html.render_answer_html(cited("- a\n- b"), {})


def test_counts_have_bars_as_long_as_they_are() -> None:
    rows = "- 2022: 10\n- 2023: 1,000\n- unknown: 5"
    html = answer_html.render_answer_html(cited(rows, 0, route="catalogue"), {})
    shares = [a["style"] for tag, a in Tags(html).tags if a.get("class") == "count"]
    assert shares == ["--h:0.010", "--h:1.000", "--h:0.005"]


def test_powers_in_titles_are_raised() -> None:
    assert paper_html.format_name("LaRE^2: <b>", "") == "LaRE<sup>2</sup>: &lt;b&gt;"


def test_cells_of_a_table_name_their_column() -> None:
    html = answer_html.render_answer_html(cited("| A & B | C |\n|---|---|\n| 1 | 2 |"), {})
    cells = [a.get("data-label") for tag, a in Tags(html).tags if tag == "td"]
    assert cells == ["A & B", "C"]


def test_people_of_the_same_papers_share_a_card() -> None:
    roles = {"p1": "listed", "p2": "listed"}
    experts = tuple(
        Expert(name, 1.0, ids, {i: roles[i] for i in ids})
        for name, ids in (("Ann", ("p1", "p2")), ("Bob", ("p2", "p1")), ("Cy", ("p1",)))
    )
    ranking = cited(
        "1. **Ann** and **Bob** [1]\n2. **Cy** [1]", 2, route="experts", experts=experts
    )
    html = answer_html.render_answer_html(ranking, {i: paper(i) for i in ("p1", "p2")})
    assert html.count('<div class="who">') == 2
    assert pressable(html, "person") == ["Ann", "Bob", "Cy"]
    assert "2 papers · 2022 · all of them together" in html


def test_a_portrait_shows_five_papers_and_leads_to_all() -> None:
    papers = tuple(paper(f"p{n}") for n in range(7))
    portrait = Portrait("Ann", papers, (("2022", ("makeup",)),), (("Bob", 3),), 4)
    html = people_html.render_portrait(portrait, cited("x"))
    assert html.count('<b class="title">') == 5
    assert ">All 7 papers →<" in html and "and 3 more co-authors" in html
    assert pressable(html, "topic") == ["makeup"]


# --- papers ---------------------------------------------------------------------------------


def test_the_quoted_span_alone_is_marked() -> None:
    html = paper_html.render_source(paper(), SPAN)
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == [
        "We transfer makeup &lt;b&gt;well&lt;/b&gt;."
    ]


def test_all_quotes_of_an_answer_are_marked_and_the_opened_one_most() -> None:
    html = paper_html.render_highlighted("One. Two. Three.", (5, 9), [(0, 4), (5, 9), (7, 12)])
    assert html == '<p><mark class="other">One.</mark> <mark tabindex="-1">Two.</mark> Three.</p>'


def test_file_names_are_folded_away_behind_a_readers_words() -> None:
    html = paper_html.render_source(paper(), places=["Ann's page, entry 9"])
    assert "<summary>Ann&#x27;s page, entry 9</summary><p>001.txt:12</p>" in html
    assert "001.txt" not in answer_html.render_answer_html(cited("x [1]"), {"p1": paper()})


@pytest.mark.parametrize("span", [None, (0, 0), (5, 3), (-4, 2), (0, 10_000)])
def test_a_span_outside_the_text_marks_nothing(span: tuple[int, int] | None) -> None:
    assert "<mark" not in paper_html.render_highlighted("short text", span)


def test_a_label_is_never_shown_as_a_title() -> None:
    html = paper_html.render_source(paper(title=None))
    assert '<i class="tag">no title</i>' in html


def test_page_owners_are_named_apart_from_printed_authors() -> None:
    html = paper_html.render_source(paper())
    assert (
        html.index("Mingrui Zhu") < html.index("also, by the profile page") < html.index("Nannan")
    )


# --- people ---------------------------------------------------------------------------------


def test_page_figures_are_the_pages_own() -> None:
    html = people_html.render_figures(
        ProfilePage("N", n_papers=113, n_citations=3144, novelty=0.51)
    )
    assert [*re.findall(r"<b>(.*?)</b>", html)] == ["113", "3,144", "51%"]


# --- conversations --------------------------------------------------------------------------


def test_conversations_stand_under_their_days_and_each_has_a_menu() -> None:
    today = date(2026, 3, 10)
    days = (today, date(2026, 3, 9), date(2026, 3, 5), date(2025, 12, 1))
    rows = [Row(f"t{n}", f"about {n}", day) for n, day in enumerate(days)]
    html = conversation_html.render_thread_list(rows, "t1", "none", today)
    assert re.findall("<h3>(.*?)</h3>", html) == [
        "Today",
        "Yesterday",
        "This week",
        "December 2025",
    ]
    assert pressable(html, "thread") == pressable(html, "menu") == ["t0", "t1", "t2", "t3"]
    assert html.count("aria-current") == 1
