"""Overview: what the library is about, how it grew, who works on what, and what code and data it brings."""

from __future__ import annotations

import streamlit as st

from rag.answers.topic_map import TopicMap
from rag.app.assistant import Assistant
from rag.types import Condition
from rag.types.errors import RagError
from ui.components import page_links, session
from ui.components.click_component import render_clickable
from ui.components.library_facts import load_topic_map
from ui.views import overview_html, topic_drawing
from ui.views.escaping import fault, plain
from ui.views.overview_html import LibraryFigures

NEWEST = 3
MAX_NEW_DATA = 6
SHARES = (
    ("with the Code mark", Condition("code", "is", True)),
    ("link to GitHub", Condition("link", "contains", "github")),
    (
        "speak of a data set or benchmark",
        Condition("text", "contains_any", ("dataset", "data set", "benchmark")),
    ),
    (
        "speak of a new one",
        Condition(
            "text",
            "contains_any",
            tuple(
                f"{kind} {noun}"
                for kind in ("new", "novel", "large-scale", "million-scale")
                for noun in ("dataset", "benchmark")
            ),
        ),
    ),
)
"""What papers bring, in words, and the condition that counts it."""


@st.cache_data(show_spinner=False, max_entries=2)
def _load_figures(_assistant: Assistant, fingerprint: str) -> LibraryFigures:
    """What was counted, for this state of the library."""
    library = _assistant.library
    view = library.view
    years = view.count_each("year", [(), (Condition("code", "is", True),)])
    ids = view.find_ids([SHARES[-1][1]], "newest first")  # reading all texts once
    shares = [(text, condition, view.count_papers([condition])) for text, condition in SHARES[:-1]]
    return LibraryFigures(
        library.n_papers,
        library.n_people,
        len(library.list_documents()),
        {year: (n, n_code) for year, (n, n_code) in years.items()},
        [*shares, (*SHARES[-1], len(ids))],
        view.list_papers(ids[:MAX_NEW_DATA]),
    )


def handle_act(what: str, value: str) -> None:
    if what == "look":
        st.session_state["overview_topic"] = value
    else:
        page_links.handle_act(what, value)


def render_topics(assistant: Assistant, topic_map: TopicMap) -> str:
    """The map, with the topic that is looked at beside it; at first the largest."""
    if not topic_map.topics:
        return '<p class="by">No phrase stands in several titles yet.</p>'
    topic_of = {topic.name: topic for topic in topic_map.topics}
    chosen = topic_of.get(st.session_state.get("overview_topic", ""), topic_map.topics[0])
    newest = assistant.library.view.find_papers([chosen.condition], "newest first", NEWEST)
    drawing = topic_drawing.draw_map(topic_map, chosen.name)
    return (
        f'<div class="map"><div class="plane">{drawing}<p class="by">A disc counts papers whose titles '
        "say so; stronger colour is more recent; lines join topics that share people.</p></div>"
        f"{overview_html.render_topic(chosen, newest)}</div>"
    )


def render_overview(assistant: Assistant) -> None:
    fingerprint = assistant.library.fingerprint
    topic_map = load_topic_map(assistant)
    figures = _load_figures(assistant, fingerprint)
    parts = [
        overview_html.render_figures(figures),
        f"<h2>What it is about</h2>{render_topics(assistant, topic_map)}",
        f'<div class="two"><div><h2>Growth</h2>{overview_html.render_growth(figures)}</div>'
        f"<div><h2>Code and data</h2>{overview_html.render_shares(figures)}</div></div>",
    ]
    by_year = overview_html.render_topic_years(topic_map)
    new_data = overview_html.render_new_data(figures)
    parts.append(f'<div class="two uneven">{by_year}{new_data}</div>')
    parts.append(overview_html.render_people_topics(topic_map))
    render_clickable(
        f'<div class="overview">{"".join(parts)}</div>',
        key="overview",
        on_act=session.telling(handle_act),
        style="overview.css",
    )


def main() -> None:
    assistant = session.get_assistant()
    with st.container(key="wide"):
        st.title("Overview", anchor=False)
        n_papers = session.count_papers(assistant)
        if not n_papers:
            st.info("No papers yet: add some on the Library page.", icon=":material/info:")
            return
        st.caption(plain("Counted from the papers themselves; every number opens what it counts."))
        try:
            render_overview(assistant)
        except RagError as exc:
            st.error(fault(exc), icon=":material/error:")
    page_links.follow_link(assistant)
    session.draw_panel(assistant)


main()
