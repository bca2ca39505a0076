"""The open conversation, the list of all, and the actions on one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import streamlit as st

from rag.app.assistant import Assistant
from rag.app.conversation_export import EXPORT_FORMS, list_cited_papers
from rag.app.conversations import StoredThread, ThreadStore
from rag.app.jobs import AnswerJobs
from rag.config.settings import Settings
from rag.types.errors import LibraryError, NotFound
from ui.components import dialogue, session
from ui.components.click_component import render_clickable
from ui.views.conversation_html import Row, render_thread_list
from ui.views.escaping import fault, plain, without_paths

MAX_CONVERSATIONS = 30
SEARCHED_FROM = 6
"""Fewest conversations for which a search field is shown."""


@st.cache_resource(show_spinner=False)
def _load_jobs(_assistant: Assistant, settings: Settings, owner: str) -> AnswerJobs:
    return AnswerJobs(_assistant, ThreadStore(settings.data, owner, settings.library_url))


def get_jobs(assistant: Assistant) -> AnswerJobs:
    """The answer jobs of the current user, or of the whole server if nobody signs in."""
    return _load_jobs(assistant, assistant.settings, st.session_state.get("owner", ""))


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


def render_elsewhere(assistant: Assistant) -> None:
    """Draw the conversations on a page that is not the chat; opening one leads there."""
    if st.session_state.pop("to_chat", False):
        st.switch_page(session.CHAT)
    with st.sidebar:
        render_conversations(get_jobs(assistant).store, None, assistant, elsewhere=True)


def _go_to_thread(thread_id: str | None) -> None:
    open_thread(thread_id)
    st.query_params.pop("thread", None)
    st.session_state["to_chat"] = True


def render_conversations(
    store: ThreadStore,
    thread: StoredThread | None,
    assistant: Assistant,
    *,
    elsewhere: bool = False,
) -> None:
    """Draw all conversations in the sidebar, each with a menu; ``elsewhere``: the page is not the chat."""
    go = _go_to_thread if elsewhere else open_thread
    st.button(
        "New conversation",
        icon=":material/edit_square:",
        width="stretch",
        on_click=go,
        args=(None,),
        disabled=thread is None and not elsewhere,
        key="new_thread",
    )
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
    rows = [
        Row(line.thread_id, line.name, datetime.fromisoformat(line.changed_at).astimezone().date())
        for line in matching_threads[:MAX_CONVERSATIONS]
    ]
    none = "No conversation has these words." if words else "No conversations yet."

    def handle_press(what: str, thread_id: str) -> None:
        if what == "menu":
            dialogue.open_dialogue("menu", thread_id)
        else:
            go(thread_id)

    with st.container(key="threads"):
        current = thread.thread_id if thread else None
        render_clickable(
            render_thread_list(rows, current, none, datetime.now().astimezone().date()),
            key="thread_list",
            on_act=handle_press,
        )
    if len(matching_threads) > MAX_CONVERSATIONS:
        st.caption(f"and {len(matching_threads) - MAX_CONVERSATIONS:,} older: search finds them")
    render_dialogs(store, assistant)


def render_dialogs(store: ThreadStore, assistant: Assistant) -> None:
    """Draw what is open about one conversation: its menu, or the question before it is deleted."""
    kinds: tuple[tuple[dialogue.Kind, Callable[..., object]], ...] = (
        ("menu", show_menu),
        ("delete", ask_before_delete),
    )
    for kind, show in kinds:
        if thread_id := dialogue.get_opened(kind):
            try:
                show(store, store.get_thread(thread_id), assistant)
            except NotFound:  # deleted elsewhere meanwhile
                dialogue.close_dialogue()


@st.dialog("Conversation", on_dismiss=dialogue.close_dialogue)
def show_menu(store: ThreadStore, thread: StoredThread, assistant: Assistant) -> None:
    """The menu to rename, export or delete one conversation."""
    key = f"name_{thread.thread_id}"

    @session.telling
    def rename() -> None:
        store.set_name(thread.thread_id, st.session_state[key])
        dialogue.close_dialogue()

    st.text_input("Name", value=thread.name, key=key, on_change=rename)
    st.caption("Export with its references:")
    with st.container(horizontal=True):
        for form, (suffix, media, _) in EXPORT_FORMS.items():
            st.download_button(
                plain(form),
                data=partial(render_export, assistant, thread, form),
                file_name=f"conversation{suffix}",
                mime=media,
                key=f"take_{form}",
                on_click="ignore",
            )
    st.button(
        "Delete …",
        icon=":material/delete:",
        type="tertiary",
        key="delete_thread",
        on_click=dialogue.open_dialogue,
        args=("delete", thread.thread_id),
    )
    if dialogue.get_opened("menu") is None:
        st.rerun()


def render_export(assistant: Assistant, thread: StoredThread, form: str) -> str:
    turns = tuple(
        replace(
            turn,
            words=without_paths(turn.words),
            answer=turn.answer and session.pathless(turn.answer),
        )
        for turn in thread.turns
    )
    return EXPORT_FORMS[form][2](
        replace(thread, turns=turns), assistant.library.list_papers(list_cited_papers(thread))
    )


@st.dialog("Delete this conversation?", on_dismiss=dialogue.close_dialogue)
def ask_before_delete(store: ThreadStore, thread: StoredThread, _: Assistant) -> None:
    st.text(thread.name)
    n = len(thread.turns)
    count_text = f"{n} questions and their answers" if n > 1 else "1 question and its answer"
    st.caption(plain(f"{count_text} will be deleted. This cannot be undone."))
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Cancel", type="tertiary", key="delete_cancel", on_click=dialogue.close_dialogue)
        st.button(
            "Delete",
            type="primary",
            key="delete_for_good",
            on_click=session.telling(delete),
            args=(store, thread.thread_id),
        )
    if dialogue.get_opened("delete") is None:
        st.rerun()


def delete(store: ThreadStore, thread_id: str) -> None:
    dialogue.close_dialogue()
    store.delete(thread_id)
    if st.session_state.get("thread") == thread_id:
        open_thread(None)
