"""People: experts on a topic, and the page of one person."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rag.app.assistant import Assistant
from rag.types import Condition
from rag.types.errors import NotFound, RagError
from ui.components import page_links, selected_papers, session
from ui.components.click_component import render_clickable
from ui.components.library_facts import load_topic_map
from ui.views import answer_html, people_html, person_html
from ui.views.escaping import fault, plain
from ui.views.person_html import Narrowing

MAX_PEOPLE = 24
MAX_NAMES = 1_000  # that are sent to the browser; others can be typed
NARROWED = "person_narrowed"


def render_search(assistant: Assistant) -> None:
    """Draw the people ranked for the topic in the field or the link, with their papers on it."""
    columns = st.columns([4, 1], vertical_alignment="bottom")
    topic = columns[0].text_input(
        "Who works on …",
        value=st.query_params.get("topic", ""),
        placeholder="face anti-spoofing",
        key="topic",
    )
    recent = columns[1].toggle("Recent work first", key="recent")
    if not topic.strip():
        render_everyone(assistant)
        return
    st.query_params["topic"] = topic
    with st.spinner("searching …", show_time=False):
        answer = assistant.who(topic.strip(), 10, recent)
    papers = session.get_papers_of(assistant, answer)
    if not answer.experts:
        session.draw_answer(assistant, answer, "nobody")
        return
    notes = "".join(f'<p class="note">{answer_html.escape(text)}</p>' for text in answer.warnings)
    render_clickable(
        people_html.render_experts(answer, papers) + notes, key="experts", on_act=session.handle_act
    )


def render_everyone(assistant: Assistant) -> None:
    """Draw the people with the most papers and what they work on; shown before a search."""
    library = assistant.library
    counts = library.view.count_groups("author", limit=MAX_PEOPLE)
    topics: dict[str, list[str]] = {}
    for topic in load_topic_map(assistant).topics:
        for name, _ in topic.people:
            topics.setdefault(name, []).append(topic.name)
    st.caption(
        f"{library.n_people:,} people are named in these papers. Those with most papers here:"
    )
    render_clickable(
        people_html.render_people_cards(counts, topics),
        key="everyone",
        on_act=page_links.handle_act,
        style="overview.css",
    )


def render_picker(assistant: Assistant, label: str = "Or open a person") -> None:
    """Draw the field in which a person is chosen by name."""
    names = assistant.library.list_names(most_papers_first=MAX_NAMES)
    chosen = st.selectbox(
        plain(label),
        names,
        index=None,
        placeholder="a name",
        key="chosen_person",
        accept_new_options=True,
    )
    if chosen:
        st.session_state["go_to"] = {"name": chosen}


def render_nobody(assistant: Assistant, name: str) -> None:
    """Draw the page for an unknown name: similar names, and a choice of all names."""
    st.title("People", anchor=False)
    similar_people = assistant.person(name).experts
    opening = "No one is printed as" if similar_people else "No one called"
    st.markdown(
        f"{plain(opening)} *{plain(name)}* {'' if similar_people else 'is named '}in these papers."
    )
    if similar_people:
        st.caption(
            "Perhaps one of these is meant:"
            if len(similar_people) > 1
            else "Perhaps this is meant:"
        )
        render_clickable(
            people_html.render_names(person.name for person in similar_people),
            key="near",
            on_act=session.handle_act,
        )
    render_picker(assistant, "Open a person")


def show_person(assistant: Assistant, name: str) -> None:
    """Draw the page of one person: papers, and beside them years, topics and co-authors."""
    if st.button("All people", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    try:
        person = assistant.library.find_person(name)
    except NotFound:
        render_nobody(assistant, name)
        return
    st.title(plain(person.name), anchor=False)
    papers = sorted(
        assistant.library.list_papers([a.paper_id for a in person.authorships]),
        key=answer_html.get_recency_key,
    )
    render_clickable(
        person_html.render_lead(person, papers),
        key="person_head",
        on_act=page_links.handle_act,
        style="overview.css",
    )
    selected_papers.render_button(
        assistant, "ask_about", (Condition("author", "in", (person.name,)),)
    )
    if papers:
        narrowing, shows_all = get_narrowing(name)
        render_clickable(
            person_html.render_person(person, papers, narrowing, shows_all=shows_all),
            key="person_page",
            on_act=partial(handle_act, name),
            style="overview.css",
        )


def get_narrowing(name: str) -> tuple[Narrowing, bool]:
    """How a person's papers are narrowed now, and whether all of them are shown."""
    before, narrowing, shows_all = st.session_state.get(NARROWED, ("", Narrowing(), False))
    return (narrowing, shows_all) if before == name else (Narrowing(), False)


def handle_act(name: str, what: str, value: str) -> None:
    """Narrow the papers of a person, or follow the link."""
    narrowing, _ = get_narrowing(name)
    if what == "narrow":
        kind, _, chosen = value.partition("=")
        st.session_state[NARROWED] = (name, narrowing.switch(kind, chosen), False)
    elif what == "all":
        st.session_state[NARROWED] = (name, narrowing, True)
    else:
        page_links.handle_act(what, value)


def main() -> None:
    assistant = session.get_assistant()
    with st.container(key="wide"):
        render_page(assistant)
    page_links.follow_link(assistant)
    session.draw_panel(assistant)


def render_page(assistant: Assistant) -> None:
    if not session.count_papers(assistant):
        st.info("No papers yet: open Chat to read your documents.", icon=":material/info:")
        return
    name = st.query_params.get("name")
    try:
        if name:
            show_person(assistant, name)
        else:
            st.title("People", anchor=False)
            render_search(assistant)
            render_picker(assistant)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")


main()
