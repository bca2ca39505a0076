"""Under which terms a conversation is answered: its filters and its model, chosen above the input.

They are kept with the conversation, which begins with them where nothing was asked yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from rag.config import EXTRACTIVE, Settings
from rag.narrowing import Choices, choices, narrowed, said
from rag.pipeline import Assistant
from rag.threadstore import KeptThread, ThreadStore
from rag.types import Condition, Thread
from ui import conversations, shared, views
from ui.escaping import plain

MOST_NAMES = 1_000
"""Names sent to the browser; of more people, the others are typed."""
CODE = {"with code": True, "without code": False}


@dataclass(frozen=True, slots=True)
class Terms:
    """As in `rag.types.Thread`."""

    filters: tuple[Condition, ...] = ()
    model: str = ""


def terms(thread: KeptThread | None) -> Terms:
    """Those of the open conversation; none where there is no open one."""
    return Terms(thread.filters, thread.model) if thread else Terms()


def keep(store: ThreadStore, thread: KeptThread | None, chosen: Terms) -> None:
    if thread is None:
        conversations.open_thread(store.begin("", chosen.filters, chosen.model))
        return
    store.narrow(thread.thread_id, chosen.filters)
    store.choose_model(thread.thread_id, chosen.model)


def settings(held: Assistant, thread: KeptThread | None) -> Settings:
    """The settings with the open conversation's model."""
    return held.settings.answering_with(terms(thread).model)


def bar(held: Assistant, store: ThreadStore, thread: KeptThread | None) -> None:
    """What the next answer heeds, each of it a press from being taken away; above the input."""
    chosen = terms(thread)
    with st.container(key="terms", horizontal=True, vertical_alignment="center", gap="xsmall"):
        filtering(held, store, thread, chosen)
        for index, condition in enumerate(chosen.filters):
            st.button(
                plain(worded(condition)),
                icon=":material/close:",
                icon_position="right",
                key=f"chip_{index}",
                help="Take this filter away",
                on_click=shared.telling(take_away),
                args=(store, thread, chosen, (condition,)),
            )
        if chosen.filters:
            seen = narrowed(held.library, Thread(filters=chosen.filters))
            n = seen.n_papers if seen else held.library.n_papers
            st.caption(f"{n:,} of {held.library.n_papers:,} papers", width="content")
        modelling(held, store, thread, chosen)


def whose_widgets(thread: KeptThread | None) -> str:
    """Of the widgets of one conversation: the same ones before it begins and until it is asked."""
    return thread.thread_id if thread and thread.turns else "next"


def worded(condition: Condition) -> str:
    """A filter in a few words: ``from 2023``, ``3 chosen papers``."""
    if condition.field == "paper" and isinstance(condition.value, tuple):
        n = len(condition.value)
        return f"{n} chosen paper{'s' if n != 1 else ''}"
    return views.plain(said([condition])).replace("the Code mark", "code")


def take_away(
    store: ThreadStore, thread: KeptThread | None, chosen: Terms, gone: Sequence[Condition]
) -> None:
    """Leave some filters out; fields that are open begin anew with what is left."""
    left = tuple(condition for condition in chosen.filters if condition not in gone)
    keep(store, thread, replace(chosen, filters=left))
    st.session_state["filters_anew"] = st.session_state.get("filters_anew", 0) + 1


# --- choosing filters -----------------------------------------------------------------------


def filtering(
    held: Assistant, store: ThreadStore, thread: KeptThread | None, chosen: Terms
) -> None:
    """The filters in a popover, which is made whole so that it opens at its full height."""
    whose = whose_widgets(thread)
    with st.popover("Filters", icon=":material/tune:", type="tertiary", key=f"filters_{whose}"):
        st.caption("The next answers come from the papers that meet all of these.")
        wanted = fields(offered(held, held.library.fingerprint), chosen.filters, whose)
        if wanted != chosen.filters:
            keep(store, thread, replace(chosen, filters=wanted))
            st.rerun()
        if chosen.filters:
            st.button(
                "Take all away",
                icon=":material/filter_alt_off:",
                type="tertiary",
                key="filters_none",
                on_click=shared.telling(take_away),
                args=(store, thread, chosen, chosen.filters),
            )


@st.cache_data(show_spinner=False, max_entries=2)
def offered(_held: Assistant, fingerprint: str) -> Choices:
    """What this state of the library can be narrowed by."""
    return choices(_held.library)


def fields(offered: Choices, held: Sequence[Condition], whose: str) -> tuple[Condition, ...]:
    """The widgets, set to the filters held; returns what they ask for."""
    now = {condition.field: condition for condition in held}
    mark = f"{whose}_{st.session_state.get('filters_anew', 0)}"
    found = [years(offered, now.get("year"), mark)]
    for field, label, options in (
        ("author", "Authors", offered.authors[:MOST_NAMES]),
        ("category", "Categories", offered.categories),
    ):
        if options:
            found.append(some_of(field, label, options, now.get(field), mark))
    if offered.marked:
        was = next((w for w, v in CODE.items() if now.get("code") and now["code"].value == v), None)
        code = st.segmented_control("Code", list(CODE), default=was, key=f"code_{mark}")
        found.append(Condition("code", "is", CODE[code]) if code else None)
    found.append(now.get("paper"))
    return tuple(condition for condition in found if condition is not None)


def years(offered: Choices, held: Condition | None, mark: str) -> Condition | None:
    """A span of years; the whole span asks nothing, so papers without a year stay in."""
    if len(offered.years) < 2:
        return held
    whole = (offered.years[0], offered.years[-1])
    was = held.value if held is not None and isinstance(held.value, tuple) else whole
    span = st.slider("Years", *whole, was, key=f"years_{mark}")
    return Condition("year", "between", span) if span != whole else None


def some_of(
    field: str, label: str, options: Sequence[str], held: Condition | None, mark: str
) -> Condition | None:
    was = list(held.value) if held is not None and isinstance(held.value, tuple) else []
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


def modelling(
    held: Assistant, store: ThreadStore, thread: KeptThread | None, chosen: Terms
) -> None:
    """What words the answers; nothing to see where there is no choice."""
    offered = held.settings.offered
    if len(offered) < 2:
        return
    now = chosen.model if chosen.model in offered else offered[0]
    key = f"model_{whose_widgets(thread)}"
    with st.popover(plain(now), icon=icon(now), type="tertiary", key=f"{key}_popover"):
        st.radio(
            "Answered by",
            offered,
            index=offered.index(now),
            format_func=plain,
            captions=[plain(shared.mode(held.settings.answering_with(one))[1]) for one in offered],
            key=key,
            on_change=shared.telling(
                lambda: keep(store, thread, replace(chosen, model=st.session_state[key]))
            ),
        )


def icon(name: str) -> str:
    return ":material/format_quote:" if name == EXTRACTIVE else ":material/smart_toy:"
