"""What the Papers page lists and what is chosen of it: kept in the session, and in the page's address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from rag.answers.facets import FACET_FIELDS, is_of_facet, remove_condition, toggle_value
from rag.answers.filtered_library import format_filters
from rag.library.conditions import Sorting
from rag.types import Condition, Query
from rag.types.fields import FIELDS, QueryError, Scalar
from rag.types.query import Order
from rag.types.query_parser import read_query
from ui.views import markdown_html
from ui.views.paper_rows import ORDERS, SEARCHED_ORDER, split_words

KEY = "paper_state"
ADDRESS = "q"
"""The parameter of the page's address: the conditions as a query prints them."""


@dataclass(frozen=True, slots=True)
class PaperState:
    """The list and the choice.

    Attributes:
        words: As typed.
        conditions: Those of the facets and of links; not those of the words.
        marked: Ids of the papers chosen; of those that are not, where ``all_chosen``.
    """

    words: str = ""
    conditions: tuple[Condition, ...] = ()
    order: str = "newest"
    all_chosen: bool = False
    marked: tuple[str, ...] = ()

    @property
    def every_condition(self) -> tuple[Condition, ...]:
        words = (Condition("text", "contains", word) for word in split_words(self.words))
        return (*words, *self.conditions)

    @property
    def first(self) -> tuple[Condition, ...]:
        """Conditions of the papers to list first: the searched words are in the title."""
        if self.order != "words":
            return ()
        return tuple(Condition("title", "contains", word) for word in split_words(self.words))

    @property
    def sorting(self) -> Sorting:
        sortings: dict[str, Sorting] = {
            "oldest": Order("date", "ascending"),
            "title": Order("title", "ascending"),
        }
        return sortings.get(self.order, "newest first")

    @property
    def line(self) -> str:
        """The conditions as the address has them; empty without any."""
        return print_papers(self.every_condition) if self.every_condition else ""

    def count_chosen(self, n_listed: int) -> int:
        return n_listed - len(self.marked) if self.all_chosen else len(self.marked)


def print_papers(conditions: Sequence[Condition]) -> str:
    """The line that lists the papers which meet conditions, as a link to this page carries it."""
    return str(Query("papers", where=tuple(conditions)))


def load_state() -> PaperState:
    """The state of this session; the address, where it says something else, goes before it."""
    state: PaperState = st.session_state.get(KEY, PaperState())
    line = st.query_params.get(ADDRESS, "")
    if line and line != state.line:
        st.query_params.pop(ADDRESS)  # one that spells nothing is told of once
        state = read_state(line)
        st.query_params[ADDRESS] = state.line
        st.session_state[KEY] = state
    elif state.line and not line:
        st.query_params[ADDRESS] = state.line
    return state


def read_state(line: str) -> PaperState:
    """The state that a line of a link spells.

    Raises:
        QueryError: It spells no list of papers.
    """
    query = read_query(line)
    if query.want != "papers":
        raise QueryError(f"{line!r} is no list of papers; such a line begins with 'papers where'")
    words = [c for c in query.where if c.field == "text" and c.operator == "contains"]
    rest = tuple(condition for condition in query.where if condition not in words)
    typed = (str(c.value) for c in words)
    return PaperState(" ".join(f'"{w}"' if " " in w else w for w in typed), rest)


def store_state(state: PaperState) -> None:
    st.session_state[KEY] = state
    if state.line:
        st.query_params[ADDRESS] = state.line
    else:
        st.query_params.pop(ADDRESS, None)


def mark_row(marked: tuple[str, ...], act: str, row_id: str) -> tuple[str, ...]:
    """The rows marked after ``mark`` or ``unmark``.

    Not a toggle: a press that comes while the page is drawn may be reported twice.
    """
    remaining = tuple(marked_id for marked_id in marked if marked_id != row_id)
    return remaining if act == "unmark" else (*remaining, row_id)


def change_state(act: str, value: str) -> bool:
    """The state after a press on the list; returns whether it was one that changes it."""
    state: PaperState = st.session_state.get(KEY, PaperState())
    if act in ("mark", "unmark"):
        state = replace(state, marked=mark_row(state.marked, act, value))
    elif act == "all":
        state = replace(state, all_chosen=not state.all_chosen, marked=())
    elif act == "order":
        state = replace(state, order=value if value in {**ORDERS, **SEARCHED_ORDER} else "newest")
    elif act == "search":
        order = state.order if state.order in ORDERS else "newest"
        order = "words" if split_words(value) and order == "newest" else order
        state = replace(state, words=value, order=order, all_chosen=False, marked=())
    else:
        conditions = _change_conditions(state, act, value)
        if conditions is None:
            return False
        words = "" if act == "clear" else state.words
        state = PaperState(words, conditions, state.order)
    store_state(state)
    return True


def _change_conditions(state: PaperState, act: str, value: str) -> tuple[Condition, ...] | None:
    if act == "clear":
        return ()
    if act == "facet":
        field, _, text = value.partition("=")
        return toggle_value(state.conditions, field, _read_value(field, text))
    if act.startswith("named "):
        return (*state.conditions, Condition(act.removeprefix("named "), "contains", value))
    if act == "remove":
        chips = {key: (condition, chip) for _, key, condition, chip in _iter_chips(state)}
        if value in chips:
            return remove_condition(state.conditions, *chips[value])
    return None


def _read_value(field: str, text: str) -> Scalar | None:
    if not text:
        return None
    type_ = FIELDS[field].type
    if type_ == "flag":
        return text == "True"
    return int(text) if type_ == "integer" else text


def list_chips(state: PaperState) -> list[tuple[str, str]]:
    """The conditions in words, a value of a facet each, with what takes them away."""
    return [(text, key) for text, key, *_ in _iter_chips(state)]


def _iter_chips(state: PaperState) -> Iterator[tuple[str, str, Condition, Scalar | None]]:
    for at, condition in enumerate(state.conditions):
        of_field = [c for c in state.conditions if c.field == condition.field]
        if FIELDS[condition.field].type == "flag" and condition != of_field[0]:
            continue  # "without code" is two conditions, and one chip
        is_facet = any(is_of_facet(condition, field) for field in FACET_FIELDS)
        if is_facet and len(condition.values) > 1:
            for number, value in enumerate(condition.values):
                single = Condition(condition.field, "is", value)
                yield format_condition(single), f"{at} {number}", condition, value
        else:
            yield format_condition(condition), f"{at}", condition, None


def format_condition(condition: Condition) -> str:
    """One condition in words: ``by Shiming Ge``, ``with code``."""
    words = markdown_html.remove_escapes(format_filters([condition]))
    return words.replace("the Code mark", "code")
