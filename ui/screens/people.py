"""People: who works on a topic, and one person whole."""

from __future__ import annotations

import streamlit as st

from rag.errors import NotFound, RagError
from rag.pipeline import Assistant
from rag.types import Condition
from ui import graph, openings, profiles, shared, views
from ui.board import board
from ui.escaping import fault, plain


def search(held: Assistant) -> None:
    """Ranked people for the topic typed or linked to, with the papers that put them there."""
    columns = st.columns([4, 1], vertical_alignment="bottom")
    topic = columns[0].text_input(
        "Who works on …",
        value=st.query_params.get("topic", ""),
        placeholder="face anti-spoofing",
        key="topic",
    )
    recent = columns[1].toggle("Recent work first", key="recent")
    if not topic.strip():
        everyone(held)
        return
    st.query_params["topic"] = topic
    with st.spinner("searching …", show_time=False):
        answer = held.who(topic.strip(), 10, recent)
    papers = shared.papers_of(held, answer)
    if not answer.experts:
        shared.tell(held, answer, "nobody")
        return
    notes = "".join(f'<p class="note">{views.escape(text)}</p>' for text in answer.warnings)
    board(profiles.experts(answer, papers) + notes, key="experts", on_act=shared.act)


def everyone(held: Assistant) -> None:
    """Those with most papers, to begin with."""
    people = sorted(held.library.persons(), key=lambda p: (-len(p.authorships), p.name))
    st.caption(f"{len(people):,} people are named in these papers. Those with most papers here:")
    board(profiles.people_list(people[:24]), key="everyone", on_act=shared.act)


def pick(held: Assistant, label: str = "Or open a person") -> None:
    """Choose a person by name."""
    names = sorted(person.name for person in held.library.persons())
    chosen = st.selectbox(
        plain(label), names, index=None, placeholder="a name", key="chosen_person"
    )
    if chosen:
        st.session_state["go_to"] = {"name": chosen}


def nobody(held: Assistant, name: str) -> None:
    """A name that is printed nowhere: those it may stand for, and all names to choose from."""
    st.title("People", anchor=False)
    near = held.person(name).experts
    said = "No one is printed as" if near else "No one called"
    st.markdown(f"{plain(said)} *{plain(name)}* {'' if near else 'is named '}in these papers.")
    if near:
        st.caption("Perhaps one of these is meant:" if len(near) > 1 else "Perhaps this is meant:")
        board(profiles.names(person.name for person in near), key="near", on_act=shared.act)
    pick(held, "Open a person")


def show(held: Assistant, name: str) -> None:
    """One person: figures, years, co-authors, papers."""
    if st.button("All people", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    try:
        person = held.library.person(name)
    except NotFound:
        nobody(held, name)
        return
    known = shared.papers_by_id(held, {a.paper_id for a in person.authorships})
    papers = [known[a.paper_id] for a in person.authorships]
    st.title(plain(person.name), anchor=False)
    summary = held.person(name).text.split("\n\n")[0]
    board(profiles.person_head(summary, person), key="person_head", on_act=shared.act)
    openings.button(held, "ask_about", (Condition("author", "in", (person.name,)),))
    shown = graph.network(person.name, papers)
    if shown.shared:
        st.header("Co-authors", anchor=False)
        board(graph.svg(shown), key="coauthors", on_act=shared.act)
        st.caption(plain(graph.caption(shown)))
    st.header("Papers by year", anchor=False)
    board(profiles.by_year(papers), key="by_year", on_act=shared.act)
    st.header(f"{len(papers):,} paper{'s' if len(papers) != 1 else ''}", anchor=False)
    roles = {a.paper_id: a.role for a in person.authorships}
    board(
        views.paper_list(sorted(papers, key=views.newest_first), roles),
        key="person_papers",
        on_act=shared.act,
    )


def main() -> None:
    held = shared.assistant()
    if not shared.n_papers(held):
        st.info("No papers yet: open Chat to read the seed documents.", icon=":material/info:")
        return
    name = st.query_params.get("name")
    try:
        if name:
            show(held, name)
        else:
            st.title("People", anchor=False)
            search(held)
            pick(held)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
    shared.panel(held)


main()
