"""Conversations on screen: which one is open, the list of all, and what can be done with one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from rag.asking import Desk
from rag.config import Settings
from rag.errors import NotFound
from rag.pipeline import Assistant
from rag.threadexport import FORMS, cited
from rag.threadstore import KeptThread, KeptTurn, ThreadStore
from ui import shared, views
from ui.board import board
from ui.escaping import fault, plain

SHOWN = 30
SEARCHED_FROM = 6
"""Conversations from which on a search field is worth its place."""


@st.cache_resource(show_spinner=False)
def _desk(settings: Settings, owner: str) -> Desk:
    return Desk(shared.build_once(settings), ThreadStore(settings.data, owner))


def desk(held: Assistant) -> Desk:
    """The desk of who is signed in; where nobody signs in, the one desk of this server."""
    return _desk(held.settings, st.session_state.get("owner", ""))


# --- which one is open ----------------------------------------------------------------------


def current() -> str | None:
    """The id of the open conversation: the link's, or the one that was open before."""
    linked = st.query_params.get("thread")
    if linked:
        st.session_state["thread"] = linked
    elif "thread" in st.session_state:
        st.query_params["thread"] = st.session_state["thread"]
    return st.session_state.get("thread")


def open_thread(thread_id: str | None) -> None:
    """Open a conversation, or with None a new one, from the next run on."""
    shared.close_source()
    for key in ("editing", "judging"):
        st.session_state.pop(key, None)
    if thread_id is None:
        st.session_state.pop("thread", None)
        st.query_params.pop("thread", None)
        st.session_state["filters_anew"] = st.session_state.get("filters_anew", 0) + 1
    else:
        st.session_state["thread"] = thread_id
        st.query_params["thread"] = thread_id


def read(store: ThreadStore, thread_id: str | None) -> KeptThread | None:
    """The open conversation; one that is gone is said to be, and closed."""
    if thread_id is None:
        return None
    try:
        return store.thread(thread_id)
    except NotFound as exc:
        open_thread(None)
        st.warning(fault(exc), icon=":material/link_off:")
        return None


# --- the list -------------------------------------------------------------------------------


def listing(store: ThreadStore, thread: KeptThread | None, held: Assistant) -> None:
    """All conversations in the sidebar, and what can be done with the open one."""
    st.button(
        "New conversation",
        icon=":material/edit_square:",
        width="stretch",
        on_click=open_thread,
        args=(None,),
        disabled=thread is None,
        key="new_thread",
    )
    if thread is not None and thread.turns:
        menu(store, thread, held)
    every = store.threads()
    words = ""
    if len(every) >= SEARCHED_FROM:
        words = st.text_input(
            "Search conversations",
            key="thread_search",
            placeholder="Search conversations",
            label_visibility="collapsed",
        )
    found = store.threads(words) if words else every
    lines = [(line.thread_id, line.name) for line in found[:SHOWN]]
    none = "No conversation has these words." if words else "No conversations yet."
    with st.container(key="threads"):
        board(
            views.thread_list(lines, thread.thread_id if thread else None, none),
            key="thread_list",
            on_act=lambda _, thread_id: open_thread(thread_id),
        )
    if len(found) > SHOWN:
        st.caption(f"and {len(found) - SHOWN:,} older: search finds them")


def menu(store: ThreadStore, thread: KeptThread, held: Assistant) -> None:
    """Rename, export, delete."""
    opened = st.session_state.setdefault("menu_opened", 0)
    with st.popover(
        "This conversation", icon=":material/more_horiz:", width="stretch", key=f"menu_{opened}"
    ):
        key = f"name_{thread.thread_id}"
        st.text_input(
            "Name",
            value=thread.name,
            key=key,
            on_change=lambda: store.rename(thread.thread_id, st.session_state[key]),
        )
        st.caption("Export with its references:")
        with st.container(horizontal=True):
            for name, (suffix, media, _) in FORMS.items():
                st.download_button(
                    plain(name),
                    data=partial(written, held, thread, name),
                    file_name=f"conversation{suffix}",
                    mime=media,
                    key=f"take_{name}",
                    on_click="ignore",
                )
        st.caption("Its address in the browser opens it again.")
        deleting = st.button(
            "Delete …", icon=":material/delete:", key="delete_thread", on_click=close_menu
        )
    if deleting:
        confirm_delete(store, thread)


def close_menu() -> None:
    """Draw the menu anew, which is closed then."""
    st.session_state["menu_opened"] += 1


def written(held: Assistant, thread: KeptThread, form: str) -> str:
    told = replace(thread, turns=tuple(map(_pathless, thread.turns)))
    return FORMS[form][2](told, held.library.papers(cited(thread)))


def _pathless(turn: KeptTurn) -> KeptTurn:
    if turn.answer is None:
        return turn
    answer = shared.pathless(turn.answer)
    return replace(
        turn, answer=answer, words=answer.text if answer.status == "failed" else turn.words
    )


@st.dialog("Delete this conversation?")
def confirm_delete(store: ThreadStore, thread: KeptThread) -> None:
    st.text(thread.name)
    n = len(thread.turns)
    told = f"{n} questions and their answers" if n > 1 else "1 question and its answer"
    st.caption(plain(f"{told} will be deleted. This cannot be undone."))
    args = (store, thread.thread_id)
    with st.container(horizontal=True, horizontal_alignment="right"):
        left = st.button("Cancel", type="tertiary", key="delete_cancel")
        gone = st.button(
            "Delete", type="primary", key="delete_for_good", on_click=delete, args=args
        )
    if left or gone:
        st.rerun()


def delete(store: ThreadStore, thread_id: str) -> None:
    store.delete(thread_id)
    open_thread(None)
