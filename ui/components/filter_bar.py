"""The filter bar above the input: the filters and the chat model of a conversation.

They are stored with the conversation; choosing some creates it if nothing was asked yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from rag.answers.filtered_library import (
    FilterChoices,
    apply_filters,
    format_filters,
    list_filter_choices,
)
from rag.app.assistant import Assistant
from rag.app.conversations import StoredThread, ThreadStore
from rag.config.settings import EXTRACTIVE, Settings
from rag.text.english import counted
from rag.types import Condition, Thread
from rag.types.fields import Range
from ui.components import conversation_list, dialogue, model_settings, session
from ui.views.escaping import plain
from ui.views.markdown_html import remove_escapes

MOST_NAMES = 1_000
"""Upper limit of names sent to the browser; others can be typed."""
FIELDS = ("year", "author", "category", "code")
"""What has a widget here; other conditions, such as a page's words, stay as they are."""
CODE = {"with code": True, "without code": False}


@dataclass(frozen=True, slots=True)
class ThreadTerms:
    """The filters and the chat model of a thread, as in `rag.types.answers.Thread`."""

    filters: tuple[Condition, ...] = ()
    model: str = ""


def get_terms(thread: StoredThread | None) -> ThreadTerms:
    """The filters and model of the open conversation; empty if none is open."""
    return ThreadTerms(thread.filters, thread.model) if thread else ThreadTerms()


def keep(store: ThreadStore, thread: StoredThread | None, chosen: ThreadTerms) -> None:
    if thread is None:
        conversation_list.open_thread(store.create_thread("", chosen.filters, chosen.model))
        return
    store.set_filters(thread.thread_id, chosen.filters)
    store.choose_model(thread.thread_id, chosen.model)


def get_settings(assistant: Assistant, thread: StoredThread | None) -> Settings:
    """The settings with the open conversation's model."""
    return assistant.settings.copy_with_model(get_terms(thread).model)


def render_bar(assistant: Assistant, store: ThreadStore, thread: StoredThread | None) -> None:
    """Draw the filters of the next answer above the input; a click removes one."""
    chosen = get_terms(thread)
    with st.container(key="terms", horizontal=True, vertical_alignment="center", gap="xsmall"):
        render_filter_popover(assistant, store, thread, chosen)
        for index, condition in enumerate(chosen.filters):
            st.button(
                plain(format_filter(condition)),
                icon=":material/close:",
                icon_position="right",
                key=f"chip_{index}",
                help="Take this filter away",
                on_click=session.telling(take_away),
                args=(store, thread, chosen, (condition,)),
            )
        if chosen.filters:
            filtered_library = apply_filters(assistant.library.view, Thread(filters=chosen.filters))
            n = filtered_library.n_papers if filtered_library else assistant.library.n_papers
            st.caption(f"{n:,} of {assistant.library.n_papers:,} papers", width="content")
        render_model_choice(assistant, store, thread, chosen)
    if dialogue.get_opened("model") is not None:
        model_settings.show_settings(assistant, get_settings(assistant, thread))


def get_widget_key(thread: StoredThread | None) -> str:
    """Key of one conversation's widgets; it stays the same when the first question creates it."""
    return thread.thread_id if thread and thread.turns else "next"


def format_filter(condition: Condition) -> str:
    """A filter in a few words: ``from 2023``, ``3 chosen papers``."""
    if condition.field == "paper" and isinstance(condition.value, tuple):
        n = len(condition.value)
        return counted(n, "chosen paper")
    return remove_escapes(format_filters([condition])).replace("the Code mark", "code")


def take_away(
    store: ThreadStore,
    thread: StoredThread | None,
    chosen: ThreadTerms,
    removed_filters: Sequence[Condition],
) -> None:
    """Remove some filters; open fields are reset to those that remain."""
    remaining_filters = tuple(
        condition for condition in chosen.filters if condition not in removed_filters
    )
    keep(store, thread, replace(chosen, filters=remaining_filters))
    st.session_state["filters_anew"] = st.session_state.get("filters_anew", 0) + 1


# --- choosing filters -----------------------------------------------------------------------


def render_filter_popover(
    assistant: Assistant, store: ThreadStore, thread: StoredThread | None, chosen: ThreadTerms
) -> None:
    """Draw the filters in a popover, all at once, so that it opens at its full height."""
    whose = get_widget_key(thread)
    with st.popover("Filters", icon=":material/tune:", type="tertiary", key=f"filters_{whose}"):
        st.caption("The next answers come from the papers that meet all of these.")
        wanted = render_fields(
            load_filter_choices(assistant, assistant.library.fingerprint), chosen.filters, whose
        )
        if wanted != chosen.filters:
            keep(store, thread, replace(chosen, filters=wanted))
            st.rerun()
        if chosen.filters:
            st.button(
                "Take all away",
                icon=":material/filter_alt_off:",
                type="tertiary",
                key="filters_none",
                on_click=session.telling(take_away),
                args=(store, thread, chosen, chosen.filters),
            )


@st.cache_data(show_spinner=False, max_entries=2)
def load_filter_choices(_assistant: Assistant, fingerprint: str) -> FilterChoices:
    """The values to filter by, for this state of the library."""
    return list_filter_choices(_assistant.library.view)


def render_fields(
    offered: FilterChoices, current_filters: Sequence[Condition], whose: str
) -> tuple[Condition, ...]:
    """Draw the widgets with the current filters; returns the filters that they now describe."""
    rest = tuple(condition for condition in current_filters if condition.field not in FIELDS)
    now = {condition.field: condition for condition in current_filters if condition not in rest}
    mark = f"{whose}_{st.session_state.get('filters_anew', 0)}"
    choice = [render_years(offered, now.get("year"), mark)]
    for field, label, options in (
        ("author", "Authors", offered.authors[:MOST_NAMES]),
        ("category", "Categories", offered.categories),
    ):
        if options:
            choice.append(render_choice(field, label, options, now.get(field), mark))
    if offered.marked:
        was = next((w for w, v in CODE.items() if now.get("code") and now["code"].value == v), None)
        code = st.segmented_control("Code", list(CODE), default=was, key=f"code_{mark}")
        choice.append(Condition("code", "is", CODE[code]) if code else None)
    return tuple(condition for condition in choice if condition is not None) + rest


def render_years(offered: FilterChoices, current: Condition | None, mark: str) -> Condition | None:
    """Draw the slider of years; the full range is no filter, so papers without a year are included."""
    if len(offered.years) < 2:
        return current
    full_span = (offered.years[0], offered.years[-1])
    chosen = current.value if current is not None else None
    was = chosen if isinstance(chosen, Range) else Range(*full_span)
    ends = (int(str(was.low or full_span[0])), int(str(was.high or full_span[1])))
    span = st.slider("Years", *full_span, ends, key=f"years_{mark}")
    return Condition("year", "is", Range(*span)) if span != full_span else None


def render_choice(
    field: str, label: str, options: Sequence[str], current: Condition | None, mark: str
) -> Condition | None:
    was = list(map(str, current.values)) if current is not None else []
    picked = st.multiselect(
        plain(label),
        [*options, *(name for name in was if name not in options)],
        default=was,
        key=f"{field}_{mark}",
        placeholder="any",
        accept_new_options=field == "author",
        select_all=False,  # the first offer is what Enter takes: a name, not all that match
    )
    return Condition(field, "in", tuple(picked)) if picked else None


# --- choosing the model ---------------------------------------------------------------------


def render_model_choice(
    assistant: Assistant, store: ThreadStore, thread: StoredThread | None, chosen: ThreadTerms
) -> None:
    """Draw the choice of the chat model; where there is none, how to add one."""
    offered = assistant.settings.offered
    if len(offered) < 2:
        model_settings.render_badge(assistant, get_settings(assistant, thread))
        return
    now = chosen.model if chosen.model in offered else offered[0]
    key = f"model_{get_widget_key(thread)}"
    with st.popover(plain(now), icon=format_icon(now), type="tertiary", key=f"{key}_popover"):
        st.radio(
            "Answered by",
            offered,
            index=offered.index(now),
            format_func=plain,
            captions=[
                plain(session.get_mode(assistant.settings.copy_with_model(model_name))[1])
                for model_name in offered
            ],
            key=key,
            on_change=session.telling(
                lambda: keep(store, thread, replace(chosen, model=st.session_state[key]))
            ),
        )
        st.button(
            "Another model …",
            type="tertiary",
            key="model_change",
            on_click=dialogue.open_dialogue,
            args=("model",),
        )


def format_icon(name: str) -> str:
    return ":material/format_quote:" if name == EXTRACTIVE else ":material/smart_toy:"
