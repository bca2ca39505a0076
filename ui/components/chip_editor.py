"""Changes one part of how a question was read: a small form under the answer, made from the field registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import streamlit as st

from rag.answers.filtered_library import list_field_values, list_known_fields
from rag.app.assistant import Assistant
from rag.types import Condition, Query, Reading
from rag.types.fields import FIELDS, MANY, QueryError, Range, Scalar
from rag.types.query import Order, PersonRef
from ui.views import query_parts, reading_chips
from ui.views.escaping import fault, plain
from ui.views.query_parts import WANT

MOST_VALUES = 1_000
"""Most values sent to the browser; others can be typed."""
_FIRST_DAY, _LAST_DAY = date(1000, 1, 1), date(2999, 12, 31)
_YES_NO = {"yes": True, "no": False}
_WAYS = {"highest or newest first": "descending", "lowest or oldest first": "ascending"}

Ask = Callable[[Query], None]


def render_editor(
    assistant: Assistant, reading: Reading, part: str, ask: Ask, close: Callable[[], None]
) -> None:
    """Draw the form for one part.

    Args:
        assistant: Whose library gives the values to choose from.
        reading: How the question was read.
        part: Its name in `ui.views.query_parts`; empty for one more condition.
        ask: Called with the changed query.
        close: Called where nothing is to be changed.
    """
    with st.container(key="chip_editor", border=True, gap="small"):
        if part == WANT:
            _render_wants(reading, ask, close)
            return
        field = _choose_field(assistant) if not part else ""
        with st.form("chip_form", border=False, enter_to_submit=True):
            change = None
            try:
                change = _render_part(assistant, reading.query, part, field)
            except QueryError as exc:
                st.error(fault(exc), icon=":material/error:")
            with st.container(horizontal=True, horizontal_alignment="right"):
                cancelled = st.form_submit_button("Cancel", type="tertiary", key="chip_cancel")
                sent = st.form_submit_button("Ask", type="primary", key="chip_ask")
    if sent and change is not None:
        ask(change)
    if cancelled:
        close()
    if cancelled or (sent and change is not None):
        st.rerun()


def _render_wants(reading: Reading, ask: Ask, close: Callable[[], None]) -> None:
    st.caption("What should be answered instead?")
    with st.container(horizontal=True, gap="xsmall"):
        for at, query in enumerate(query_parts.list_other_wants(reading)):
            words = reading_chips.format_want(query)
            st.button(plain(words), key=f"want_{at}", on_click=ask, args=(query,))
        st.button("Cancel", key="chip_cancel", type="tertiary", on_click=close)


def _choose_field(assistant: Assistant) -> str:
    names = _load_known_fields(assistant, assistant.library.fingerprint)
    return st.selectbox(
        "Only papers with a certain",
        names,
        format_func=reading_chips.format_field,
        key="chip_field",
    )


@st.cache_data(show_spinner=False, max_entries=2)
def _load_known_fields(_assistant: Assistant, fingerprint: str) -> tuple[str, ...]:
    return list_known_fields(_assistant.library.view)


@st.cache_data(show_spinner=False, max_entries=32)
def _load_values(_assistant: Assistant, field: str, fingerprint: str) -> tuple[str, ...]:
    return list_field_values(_assistant.library.view, field)[:MOST_VALUES]


def _render_part(assistant: Assistant, query: Query, part: str, field: str) -> Query | None:
    """Draw the fields for one part; the query with the new value, or None while the fields are empty."""
    if not part:
        condition = _render_condition(assistant, field, None, "new")
        return query_parts.set_condition(query, "", condition) if condition else None
    name, at = query_parts.split_part(query, part)
    if name in ("where", "base"):
        was: Condition = getattr(query, name)[at]
        condition = _render_condition(assistant, was.field, was, part)
        if condition is None:
            return query_parts.remove_part(query, part)
        return query_parts.set_condition(query, part, condition)
    if name == "k":
        k = st.number_input("At most", 1, None, query.k or 1, key="chip_k")
        return replace(query, k=int(k))
    if name == "order":
        return _render_order(query)
    if name == "people":
        return _render_person(assistant, query, part, query.people[at])
    words = {"topic": query.topic, "without": query.without}.get(name)
    if words is None:
        words = query.about.all_of[at] if query.about else ""
    label = "Not about" if name == "without" else "About"
    typed = st.text_input(plain(label), words, key=f"chip_words_{part}").strip()
    return query_parts.set_words(query, part, typed) if typed else None


def _render_person(
    assistant: Assistant, query: Query, part: str, person: PersonRef
) -> Query | None:
    names = _load_values(assistant, "author", assistant.library.fingerprint)
    options = list(dict.fromkeys((person.typed, *names)))
    chosen = st.selectbox("Person", options, 0, key=f"chip_{part}", accept_new_options=True)
    return query_parts.set_words(query, part, chosen.strip()) if chosen.strip() else None


def _render_order(query: Query) -> Query:
    order = query.order or Order("date")
    kind = FIELDS[order.field].of
    fields = [name for name, f in FIELDS.items() if f.is_sortable and f.of == kind]
    field = st.selectbox(
        "By",
        fields,
        fields.index(order.field),
        format_func=reading_chips.format_field,
        key="chip_order",
    )
    now = list(_WAYS.values()).index(order.way) if order.way in _WAYS.values() else 0
    way = st.radio("Order", list(_WAYS), now, key="chip_way", label_visibility="collapsed")
    return replace(
        query, order=Order(field, "ascending" if _WAYS[way] == "ascending" else "descending")
    )


# --- conditions: a widget for each type of field ----------------------------------------------


def _render_condition(
    assistant: Assistant, field: str, was: Condition | None, mark: str
) -> Condition | None:
    """The widget that the type of the field asks for; None while nothing is chosen in it."""
    kind = FIELDS[field].type
    label, key = _make_label(field), f"chip_{mark}_{field}"
    if kind == "flag":
        now = 1 if was is not None and was.value is False else 0
        chosen = st.radio(plain(label), list(_YES_NO), now, key=key, horizontal=True)
        return Condition(field, "is", _YES_NO[chosen])
    values: tuple[Scalar, ...]
    is_list = was is not None and was.operator in MANY and not _has_range(was)
    if kind in ("name", "person") or (is_list and kind != "text"):
        values = _render_choice(assistant, field, was, label, key)
    elif kind == "text":
        words = ", ".join(map(str, was.values)) if was else ""
        typed = st.text_input(plain(label), words, key=key)
        phrases = typed.split(",") if was and was.operator in MANY else [typed]
        values = tuple(filter(None, map(str.strip, phrases)))
    else:
        values = _render_range(field, was, key)
    leave_out = st.checkbox(
        "Leave these papers out", was is not None and was.is_negative, key=f"{key}_out"
    )
    if not values:
        return None
    operator = was.operator if was else None
    return query_parts.build_condition(field, values, leave_out=leave_out, operator=operator)


def _make_label(field: str) -> str:
    words = reading_chips.format_field(field)
    return words[0].upper() + words[1:]


def _has_range(condition: Condition) -> bool:
    return any(isinstance(value, Range) for value in condition.values)


def _render_choice(
    assistant: Assistant, field: str, was: Condition | None, label: str, key: str
) -> tuple[Scalar, ...]:
    """Some of the values that the library has; a name may also be typed."""
    known = _load_values(assistant, field, assistant.library.fingerprint)
    now = list(map(str, was.values)) if was else []
    picked = st.multiselect(
        plain(label),
        list(dict.fromkeys((*now, *known))),
        now,
        key=key,
        placeholder="any",
        accept_new_options=FIELDS[field].type in ("name", "person"),
        select_all=False,
    )
    return tuple(_read_value(field, value) for value in picked)


def _read_value(field: str, text: str) -> Scalar:
    kind = FIELDS[field].type
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    return date.fromisoformat(text) if kind == "day" else text


def _render_range(field: str, was: Condition | None, key: str) -> tuple[Scalar, ...]:
    """From and to, each of which may stay open; one value where they are the same."""
    low, high = _find_ends(was)
    name = _make_label(field)
    ends: list[int | float | date | None] = []
    columns = st.columns(2)
    for column, label, now in zip(columns, ("from", "to"), (low, high), strict=True):
        with column:
            ends.append(_render_end(field, f"{name} {label}", now, f"{key}_{label}"))
    low, high = ends
    if low is None and high is None:
        return ()
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        low, high = high, low
    return (low,) if low == high and low is not None else (Range(low, high),)


def _find_ends(
    was: Condition | None,
) -> tuple[int | float | date | None, int | float | date | None]:
    """The outermost ends of what a condition allows; None where it is open."""
    if was is None or not was.values:
        return None, None
    spans = [v if isinstance(v, Range) else Range(v, v) for v in was.values]  # type: ignore[arg-type]
    if was.operator == "above":
        return spans[0].low, None
    if was.operator == "below":
        return None, spans[0].high
    lows, highs = [s.low for s in spans], [s.high for s in spans]
    low = None if None in lows else min(lows)  # type: ignore[type-var]
    return low, None if None in highs else max(highs)  # type: ignore[type-var]


def _render_end(
    field: str, label: str, now: int | float | date | None, key: str
) -> int | float | date | None:
    kind = FIELDS[field].type
    if kind == "day":
        day = now if isinstance(now, date) else None
        return st.date_input(plain(label), day, _FIRST_DAY, _LAST_DAY, key=key)
    value = float(str(now)) if now is not None else None
    if kind == "number":
        return st.number_input(plain(label), value=value, key=key)
    low, high = (1, 12) if field == "month" else (None, None)
    number = int(value) if value is not None else None
    return st.number_input(plain(label), low, high, number, 1, "%d", key=key)
