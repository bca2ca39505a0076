"""A new conversation about some of the papers: how it is begun elsewhere, and its first screen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.narrowing import narrowed
from rag.pipeline import Assistant
from rag.types import Condition, Paper, Thread
from ui import conversations, shared, views
from ui.board import board
from ui.escaping import plain
from ui.turns import ask_next

SHOWN = 6
MOST_CHOSEN = 500
"""Papers that can be chosen one by one; more are better described by filters."""


def button(held: Assistant, key: str, filters: Sequence[Condition], why_not: str = "") -> None:
    """Begins a conversation that is answered from these papers alone, unless it is said why not."""
    if st.button(
        "Ask about these papers",
        icon=":material/forum:",
        key=key,
        disabled=bool(why_not),
        help=plain(why_not) or None,
    ):
        store = conversations.desk(held).store
        conversations.open_thread(store.begin(filters=filters))
        st.switch_page(shared.CHAT)


def of_papers(held: Assistant, key: str, papers: Sequence[Paper]) -> None:
    """The same for papers chosen one by one; without any the button waits, in its place."""
    if not papers:
        button(held, key, (), "Choose rows or narrow the list first")
        return
    if len(papers) > MOST_CHOSEN:
        st.caption(f"At most {MOST_CHOSEN:,} papers can be asked about at once; choose some rows.")
        return
    ids = tuple(paper.paper_id for paper in papers)
    button(held, key, (Condition("paper", "in", ids),))


def screen(held: Assistant, filters: tuple[Condition, ...]) -> None:
    """What the next conversation is about, and questions that these papers answer."""
    thread = Thread(filters=filters)
    seen = narrowed(held.library, thread)
    assert seen is not None
    papers = seen.papers()
    if not papers:
        st.html(f'<div class="pf"><p class="note">{views.escape(seen.emptied)}</p></div>')
        return
    n = f"{len(papers):,} papers" if len(papers) > 1 else "one paper"
    st.html(f'<div class="hero"><h1>Ask about {views.escape(n)}</h1></div>')
    with st.container(key="examples"):
        columns = st.columns(2)
        for index, question in enumerate(held.openings(thread)):
            columns[index % 2].button(
                plain(question),
                key=f"opening_{index}",
                width="stretch",
                on_click=ask_next,
                args=(question,),
            )
    board(views.paper_list(papers[:SHOWN]), key="opening_papers", on_act=shared.act, scroll=True)
    if len(papers) > SHOWN:
        st.caption(f"and {len(papers) - SHOWN:,} more")
