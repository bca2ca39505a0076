"""People: experts on a topic, and the page of one person."""

from __future__ import annotations

import streamlit as st

from rag.app.assistant import Assistant
from rag.text.english import counted
from rag.types import Condition
from rag.types.errors import NotFound, RagError
from ui.components import selected_papers, session
from ui.components.click_component import render_clickable
from ui.views import answer_html, coauthor_graph, people_html
from ui.views.escaping import fault, plain


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
    """Draw the people with the most papers; shown before a search."""
    library = assistant.library
    people = [library.find_person(name) for name in library.list_names(most_papers_first=24)]
    st.caption(
        f"{library.n_people:,} people are named in these papers. Those with most papers here:"
    )
    render_clickable(people_html.render_people(people), key="everyone", on_act=session.handle_act)


def render_picker(assistant: Assistant, label: str = "Or open a person") -> None:
    """Draw the field in which a person is chosen by name."""
    names = assistant.library.list_names()
    chosen = st.selectbox(
        plain(label), names, index=None, placeholder="a name", key="chosen_person"
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
    """Draw the page of one person: figures, years, co-authors and papers."""
    if st.button("All people", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    try:
        person = assistant.library.find_person(name)
    except NotFound:
        render_nobody(assistant, name)
        return
    known = session.get_papers_by_id(assistant, {a.paper_id for a in person.authorships})
    papers = [known[a.paper_id] for a in person.authorships]
    st.title(plain(person.name), anchor=False)
    summary = assistant.person(name).text.split("\n\n")[0]
    render_clickable(
        people_html.render_person_head(summary, person),
        key="person_head",
        on_act=session.handle_act,
    )
    selected_papers.render_button(
        assistant, "ask_about", (Condition("author", "in", (person.name,)),)
    )
    coauthor_network = coauthor_graph.count_network(person.name, papers)
    if coauthor_network.shared:
        st.header("Co-authors", anchor=False)
        render_clickable(
            coauthor_graph.draw_network(coauthor_network),
            key="coauthors",
            on_act=session.handle_act,
        )
        st.caption(plain(coauthor_graph.format_caption(coauthor_network)))
    st.header("Papers by year", anchor=False)
    render_clickable(people_html.render_by_year(papers), key="by_year", on_act=session.handle_act)
    st.header(counted(len(papers)), anchor=False)
    roles = {a.paper_id: a.role for a in person.authorships}
    render_clickable(
        answer_html.render_paper_list(sorted(papers, key=answer_html.get_recency_key), roles),
        key="person_papers",
        on_act=session.handle_act,
    )


def main() -> None:
    assistant = session.get_assistant()
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
    session.draw_panel(assistant)


main()
