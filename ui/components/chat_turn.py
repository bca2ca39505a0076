"""One turn on screen: the question, the growing answer, and the actions on both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.app.assistant import Assistant
from rag.app.conversations import Opinion, OpinionVerdict, StoredThread, StoredTurn, ThreadStore
from rag.app.jobs import AnswerJob, AnswerJobs
from rag.app.user_question_set import UserQuestionSet
from rag.types import Answer, Delta, Query, Reading, Step
from rag.types.errors import RagError
from ui.components import answer_actions, chip_editor, session
from ui.views import answer_html, query_parts, reading_chips
from ui.views.escaping import plain

REDRAW_S = 0.04
PATIENCE_S = 0.3
"""How long the rest of the page waits for the first words of an answer."""
CROWD_PATIENCE_S = 3.0
"""How much longer it waits where other readers wait for theirs."""
WHY: dict[OpinionVerdict, tuple[str, ...]] = {
    "good": ("the right papers", "complete", "to the point"),
    "bad": (
        "the wrong papers",
        "read wrongly",
        "not what was asked",
        "incomplete",
        "should have declined",
        "should not have declined",
    ),
}
"""Reasons offered for each verdict, so that one click can be enough."""
REASON_SEPARATOR = "; "

Place = tuple[str, int]
"""Identifies a turn: the id of its thread and its position there."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A question to ask in the next run of the script; see `AnswerJobs.ask` for the other fields."""

    question: str
    instead_of: int | None = None
    reading: Reading | None = None


def ask_next(question: str, instead_of: int | None = None, reading: Reading | None = None) -> None:
    """Ask a question in the next run of the script, as if the user had typed it."""
    st.session_state["pending"] = Pending(question, instead_of, reading)
    st.session_state.pop("editing", None)
    st.session_state.pop("chip", None)


def render_turn(
    assistant: Assistant,
    desk: AnswerJobs,
    thread: StoredThread,
    turn: StoredTurn,
    *,
    last: bool,
    render_others: Callable[[], None] | None = None,
) -> None:
    """Draw one turn; an unfinished answer is drawn as it grows.

    Args:
        assistant: Whose library the answer cites.
        desk: The running jobs.
        thread: The turn's conversation.
        turn: What is drawn.
        last: Whether it is the last one, which can be edited.
        render_others: Draws the other parts of the page, once the first words of the answer stand
            there.
    """
    thread_id = thread.thread_id
    asking = desk.open(thread_id, turn.ordinal) if turn.answer is None else None
    with st.chat_message("user"):
        below_question = render_question(thread_id, turn, last=last)

    def render_rest() -> None:
        if below_question is not None:
            with below_question:
                render_edit_button((thread_id, turn.ordinal))
        if render_others is not None:
            render_others()

    with st.chat_message("assistant"):
        # `st.empty` takes away what stood there, and on a busy machine for long enough to be seen: the
        # page jumped and the focus was lost as a paper was closed beside a complete answer.
        place = st.empty() if asking is not None else st.container()
    if asking is not None:
        render_while_answering(asking, desk, place, render_rest)
    else:
        render_rest()
    if turn.answer is None:  # it may have been kept since the thread was read
        thread = desk.store.get_thread(thread_id)
        turn = next(
            (other_turn for other_turn in thread.turns if other_turn.ordinal == turn.ordinal), turn
        )
        if turn.answer is None and asking is not None:
            turn = replace(turn, answer=asking.answer)
    with place.container() if asking is not None else place:
        if turn.answer is None:
            st.html(answer_html.render_interrupted(turn.words))
        else:
            render_answer(assistant, desk.store, thread, turn, last=last)
        if last and (turn.answer is None or turn.answer.status == "failed"):
            st.button(
                "Try again",
                icon=":material/refresh:",
                on_click=ask_again,
                args=(turn,),
            )


# --- what to ask next -----------------------------------------------------------------------


def render_suggestions(assistant: Assistant, desk: AnswerJobs, thread: StoredThread) -> None:
    """Draw suggested follow-up questions under the last answer; none while an answer is running.

    They are computed once, after the answer is on screen, and stored for the session.
    """
    if not thread.turns or thread.turns[-1].answer is None:
        return
    last = thread.turns[-1]
    key = (thread.thread_id, last.ordinal, assistant.library.fingerprint, thread.filters)
    suggestions_by_turn: dict[object, tuple[str, ...]] = st.session_state.setdefault("going_on", {})
    with st.container(key="going_on", horizontal=True, gap="xsmall"):
        if key not in suggestions_by_turn:
            if desk.busy:
                return
            with desk.line.aside:  # for one screen at a time: each asks several questions
                try:
                    suggestions_by_turn[key] = assistant.suggestions(
                        thread.get_thread_before(last.ordinal + 1)
                    )
                except RagError:  # the answer itself has said what is wrong
                    suggestions_by_turn[key] = ()
        for index, question in enumerate(suggestions_by_turn[key]):
            st.button(plain(question), key=f"next_{index}", on_click=ask_next, args=(question,))


# --- the question ---------------------------------------------------------------------------


def render_question(thread_id: str, turn: StoredTurn, *, last: bool) -> DeltaGenerator | None:
    """Draw the question as asked; returns the place of the button to edit the last one."""
    if last and st.session_state.get("editing") == (thread_id, turn.ordinal):
        render_edit(turn)
        return None
    st.html(answer_html.render_question_html(turn.question, last=last))
    return st.container(key="question_tools") if last else None


def render_edit_button(place: Place) -> None:
    st.button(
        "Edit",
        icon=":material/edit:",
        type="tertiary",
        key="edit",
        help="Ask it otherwise; this answer goes",
        on_click=lambda: st.session_state.update(editing=place),
    )


def render_edit(turn: StoredTurn) -> None:
    """Draw the question in a text field, with the buttons to ask it or to cancel."""
    with st.form("edit_form", border=False, enter_to_submit=True):
        text = st.text_area(
            "Your question",
            value=turn.question,
            key=f"edited_{turn.ordinal}",
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            cancel_pressed = st.form_submit_button("Cancel", type="tertiary", key="edit_cancel")
            sent = st.form_submit_button("Ask", type="primary", key="edit_ask")
    if sent and text.strip():
        ask_next(text.strip(), turn.ordinal)
    if cancel_pressed:
        st.session_state.pop("editing", None)
    if cancel_pressed or (sent and text.strip()):
        st.rerun()


# --- the answer -----------------------------------------------------------------------------


def render_while_answering(
    asking: AnswerJob,
    desk: AnswerJobs,
    place: DeltaGenerator,
    render_others: Callable[[], None],
) -> None:
    """Show steps and text as they come, until the answer is complete or cancelled.

    What else the page shows is drawn behind the first words: before them it would take the answer
    its time, and that of every other reader of this process. A reader who has words to read can
    wait for it while others have none.
    """
    steps: list[tuple[str, float]] = []
    text, stoppable = "", False
    others = [render_others]
    with place.container():
        words, below = st.empty(), st.empty()
    begun = asking.wait_for_words(PATIENCE_S)
    if not begun and sum(desk.line.counts) > 1:
        begun = asking.wait_for_words(CROWD_PATIENCE_S)
    drawn = time.monotonic() if begun else 0.0  # what led to words that are there is not drawn
    until = time.monotonic() + CROWD_PATIENCE_S
    for timed in asking.iter_events():
        event = timed.event
        first = isinstance(event, Delta) and not text
        if isinstance(event, Step):
            steps.append((event.name, timed.at_s))
        elif isinstance(event, Delta):
            text += event.text
        if not isinstance(event, Answer) and (first or time.monotonic() - drawn > REDRAW_S):
            words.html(answer_html.render_working(steps, text))
            drawn = time.monotonic()
        if not stoppable and (text or not begun) and not asking.done:
            stoppable = True
            below.button(
                "Stop",
                key="stop",
                icon=":material/stop_circle:",
                type="tertiary",
                on_click=desk.stop,
                args=(asking.turn[0],),
            )
        can_wait = text and time.monotonic() < until and not desk.line.wait_for_words(0)
        if stoppable and others and not can_wait:
            others.pop()()
    if stoppable:
        below.empty()
    if others:
        desk.line.wait_for_words(until - time.monotonic())
        others.pop()()


def render_answer(
    assistant: Assistant,
    store: ThreadStore,
    thread: StoredThread,
    turn: StoredTurn,
    *,
    last: bool,
) -> None:
    """Draw a complete answer with its buttons; after a rating, ask for a reason below it."""
    assert turn.answer is not None
    place = (thread.thread_id, turn.ordinal)
    questions = UserQuestionSet(assistant.settings.data, assistant.settings.library_url)
    acts: dict[str, Callable[[str], None]] = {
        "judge": lambda value: handle_thumb(store, questions, place, value),
        "keep": lambda _: update_question_set(store, questions, place),
    }
    if last:
        acts["retry"] = lambda _: ask_again(turn)
        acts["change"] = lambda part: st.session_state.update(chip=(place, part))
        acts["remove"] = lambda part: remove_part(assistant, turn, part)
        acts["other"] = lambda _: ask_other_reading(assistant, turn)
    opened_place, part = st.session_state.get("chip", (None, None))
    opened = part if last and opened_place == place else None
    held_already = None
    if turn.opinion is not None:
        held_already = questions.has_question(thread, turn.ordinal)
    session.draw_answer(
        assistant,
        turn.answer,
        f"answer_{place[0]}_{place[1]}",
        tools=answer_actions.render_tools(turn, last=last, is_stored=held_already),
        acts=acts,
        opened=opened,
    )
    if opened is not None and turn.answer.reading is not None:
        chip_editor.render_editor(
            assistant,
            turn.answer.reading,
            opened,
            ask=lambda query: ask_query(assistant, turn, query),
            close=lambda: st.session_state.pop("chip", None),
        )
    if turn.opinion is not None and st.session_state.get("judging") == place:
        render_reasons(store, questions, place, turn.opinion)


def ask_again(turn: StoredTurn) -> None:
    """Ask the question again, in the reading that the user chose, if any."""
    reading = turn.answer.reading if turn.answer else None
    by_hand = reading if reading is not None and reading.by == "screen" else None
    ask_next(turn.question, turn.ordinal, by_hand)


def ask_query(assistant: Assistant, turn: StoredTurn, query: Query) -> None:
    """Ask another query in the place of an answer; the one before stays a press away."""
    assert turn.answer is not None and turn.answer.reading is not None
    reading = turn.answer.reading
    before = reading_chips.format_query(reading.query, session.get_titles(assistant, reading))
    changed = query_parts.change_query(reading, query, before)
    ask_next(turn.question, turn.ordinal, changed)


def remove_part(assistant: Assistant, turn: StoredTurn, part: str) -> None:
    """Ask again without one part of how the question was read."""
    if turn.answer is not None and turn.answer.reading is not None:
        query = query_parts.remove_part(turn.answer.reading.query, part)
        ask_query(assistant, turn, query)


def ask_other_reading(assistant: Assistant, turn: StoredTurn) -> None:
    """Ask the question again, in the next best reading that its answer offers."""
    if turn.answer is not None and turn.answer.reading and turn.answer.reading.others:
        ask_query(assistant, turn, turn.answer.reading.others[0])


# --- what a reader thinks of it -------------------------------------------------------------


def handle_thumb(store: ThreadStore, questions: UserQuestionSet, place: Place, value: str) -> None:
    """Store a rating; pressing the same thumb again removes it."""
    thread = store.get_thread(place[0])
    before = thread.get_turn(place[1]).opinion
    back = before is not None and before.verdict == value
    for verdict in get_args(OpinionVerdict):
        if verdict == value:
            save_opinion(store, questions, place, None if back else Opinion(verdict))
    st.session_state["judging"] = None if back else place


def save_opinion(
    store: ThreadStore, questions: UserQuestionSet, place: Place, opinion: Opinion | None
) -> None:
    """Store an opinion, and update the question if it is in the evaluation set."""
    store.save_opinion(*place, opinion)
    thread = store.get_thread(place[0])
    if not questions.has_question(thread, place[1]):
        return
    if opinion is None:
        questions.remove(thread, place[1])
    else:
        questions.keep(thread, place[1], opinion)


def update_question_set(store: ThreadStore, questions: UserQuestionSet, place: Place) -> None:
    """Add a rated question to the evaluation set, or remove it."""
    thread = store.get_thread(place[0])
    opinion = thread.get_turn(place[1]).opinion
    if questions.has_question(thread, place[1]) or opinion is None:
        questions.remove(thread, place[1])
        return
    questions.keep(thread, place[1], opinion)
    st.toast("Added to the evaluation: `paperfolk eval` asks it from now on.")


def render_reasons(
    store: ThreadStore, questions: UserQuestionSet, place: Place, opinion: Opinion
) -> None:
    """Ask why an answer is good or bad: buttons with reasons and a text field, stored at once."""
    offered = WHY[opinion.verdict]
    chosen_reasons = [part for part in opinion.reason.split(REASON_SEPARATOR) if part]
    keys = [f"{kind}_{opinion.verdict}_{place[0]}_{place[1]}" for kind in ("why", "said")]

    @session.telling
    def save_reasons() -> None:
        chosen: Sequence[str] = st.session_state[keys[0]]
        own_reason = st.session_state[keys[1]].strip()
        reason = REASON_SEPARATOR.join(filter(None, (*chosen, own_reason)))
        save_opinion(store, questions, place, Opinion(opinion.verdict, reason))

    with st.container(key="judging", border=True, gap="small"):
        st.caption("What was good about it?" if opinion.verdict == "good" else "What was wrong?")
        st.pills(
            "Reasons",
            offered,
            selection_mode="multi",
            default=[part for part in chosen_reasons if part in offered],
            key=keys[0],
            on_change=save_reasons,
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text_input(
                "In your own words",
                value=REASON_SEPARATOR.join(part for part in chosen_reasons if part not in offered),
                key=keys[1],
                on_change=save_reasons,
                placeholder="in your own words",
                label_visibility="collapsed",
            )
            st.button(
                "Done",
                key="judging_done",
                on_click=lambda: st.session_state.pop("judging", None),
            )
