"""The open conversation, the list of all, and the actions on one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from rag.app.assistant import Assistant
from rag.app.conversation_export import FORMS, list_cited_papers
from rag.app.conversations import StoredThread, ThreadStore
from rag.app.jobs import AnswerJobs
from rag.config.settings import Settings
from rag.types.errors import LibraryError, NotFound
from ui.components import session
from ui.components.click_component import render_clickable
from ui.views import answer_html
from ui.views.escaping import fault, plain, without_paths

MAX_CONVERSATIONS = 30
SEARCHED_FROM = 6
"""Fewest conversations for which a search field is shown."""


@st.cache_resource(show_spinner=False)
def _load_jobs(settings: Settings, owner: str) -> AnswerJobs:
    return AnswerJobs(
        session.build_once(settings), ThreadStore(settings.data, owner, settings.library_url)
    )


def get_jobs(assistant: Assistant) -> AnswerJobs:
    """The answer jobs of the current user, or of the whole server if nobody signs in."""
    return _load_jobs(assistant.settings, st.session_state.get("owner", ""))


# --- which one is open ----------------------------------------------------------------------


def get_current() -> str | None:
    """The id of the open conversation: from the link, or the last one opened in this session."""
    linked = st.query_params.get("thread")
    if linked:
        st.session_state["thread"] = linked
    elif "thread" in st.session_state:
        st.query_params["thread"] = st.session_state["thread"]
    return st.session_state.get("thread")


def open_thread(thread_id: str | None) -> None:
    """Open a conversation, or a new one if None, from the next run of the script on."""
    session.close_source()
    for key in ("editing", "judging"):
        st.session_state.pop(key, None)
    if thread_id is None:
        st.session_state.pop("thread", None)
        st.query_params.pop("thread", None)
        st.session_state["filters_anew"] = st.session_state.get("filters_anew", 0) + 1
    else:
        st.session_state["thread"] = thread_id
        st.query_params["thread"] = thread_id


def read(store: ThreadStore, thread_id: str | None) -> StoredThread | None:
    """Read the open conversation; if it was deleted, say so and close it."""
    if thread_id is None:
        return None
    try:
        return store.get_thread(thread_id)
    except NotFound as exc:
        open_thread(None)
        st.warning(fault(exc), icon=":material/link_off:")
    except LibraryError as exc:  # asking goes on, in a conversation of its own
        open_thread(None)
        st.warning(fault(exc), icon=":material/warning:")
    return None


def say_unkept(store: ThreadStore, thread: StoredThread) -> None:
    """Warn that a conversation is not being stored at present, and why."""
    if why := store.why_unkept(thread.thread_id):
        text = f"This conversation is not kept for now ({why}): it is lost if the server ends"
        st.warning(plain(text), icon=":material/warning:")


# --- the list -------------------------------------------------------------------------------


def render_conversations(
    store: ThreadStore, thread: StoredThread | None, assistant: Assistant
) -> None:
    """Draw all conversations in the sidebar, with the menu of the open one."""
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
        render_menu(store, thread, assistant)
    try:
        every = store.list_threads()
    except LibraryError as exc:
        st.warning(fault(exc), icon=":material/warning:")
        return
    words = ""
    if len(every) >= SEARCHED_FROM:
        words = st.text_input(
            "Search conversations",
            key="thread_search",
            placeholder="Search conversations",
            label_visibility="collapsed",
        )
    matching_threads = store.list_threads(words) if words else every
    lines = [(line.thread_id, line.name) for line in matching_threads[:MAX_CONVERSATIONS]]
    none = "No conversation has these words." if words else "No conversations yet."
    with st.container(key="threads"):
        render_clickable(
            answer_html.render_thread_list(lines, thread.thread_id if thread else None, none),
            key="thread_list",
            on_act=lambda _, thread_id: open_thread(thread_id),
        )
    if len(matching_threads) > MAX_CONVERSATIONS:
        st.caption(f"and {len(matching_threads) - MAX_CONVERSATIONS:,} older: search finds them")


def render_menu(store: ThreadStore, thread: StoredThread, assistant: Assistant) -> None:
    """Draw the menu to rename, export or delete the open conversation."""
    opened = st.session_state.setdefault("menu_opened", 0)
    with st.popover(
        "This conversation", icon=":material/more_horiz:", width="stretch", key=f"menu_{opened}"
    ):
        key = f"name_{thread.thread_id}"
        st.text_input(
            "Name",
            value=thread.name,
            key=key,
            on_change=session.telling(
                lambda: store.set_name(thread.thread_id, st.session_state[key])
            ),
        )
        st.caption("Export with its references:")
        with st.container(horizontal=True):
            for name, (suffix, media, _) in FORMS.items():
                st.download_button(
                    plain(name),
                    data=partial(render_export, assistant, thread, name),
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
        ask_before_delete(store, thread)


def close_menu() -> None:
    """Redraw the menu, which closes it."""
    st.session_state["menu_opened"] += 1


def render_export(assistant: Assistant, thread: StoredThread, form: str) -> str:
    turns = tuple(
        replace(
            turn,
            words=without_paths(turn.words),
            answer=turn.answer and session.pathless(turn.answer),
        )
        for turn in thread.turns
    )
    return FORMS[form][2](
        replace(thread, turns=turns), assistant.library.list_papers(list_cited_papers(thread))
    )


@st.dialog("Delete this conversation?")
def ask_before_delete(store: ThreadStore, thread: StoredThread) -> None:
    st.text(thread.name)
    n = len(thread.turns)
    count_text = f"{n} questions and their answers" if n > 1 else "1 question and its answer"
    st.caption(plain(f"{count_text} will be deleted. This cannot be undone."))
    args = (store, thread.thread_id)
    with st.container(horizontal=True, horizontal_alignment="right"):
        cancel_pressed = st.button("Cancel", type="tertiary", key="delete_cancel")
        delete_pressed = st.button(
            "Delete",
            type="primary",
            key="delete_for_good",
            on_click=session.telling(delete),
            args=args,
        )
    if cancel_pressed or delete_pressed:
        st.rerun()


def delete(store: ThreadStore, thread_id: str) -> None:
    store.delete(thread_id)
    open_thread(None)
