"""Runs a turn of a conversation: reads the question, answers it, and says what that took."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answers import phrases, recap, small_talk
from rag.answers.alternatives import add_reading_notes, find_other_reading
from rag.answers.citations import join_answers
from rag.answers.filtered_library import add_chosen_papers, add_scope_note, apply_filters
from rag.app.bounding import bound_query, bound_question, bound_thread
from rag.app.look_ups import is_planned
from rag.app.question_reader import QuestionReader
from rag.app.request import Scope, TurnRequest
from rag.app.search_engine import SearchEngine
from rag.app.second_look import find_told
from rag.config.settings import Settings
from rag.generation.model_pool import ModelPool
from rag.generation.model_session import ModelSession
from rag.library.view import LibraryView
from rag.text import ensure_encodable
from rag.types import Answer, Delta, Event, ReadAs, Reading, Step, Thread, Turn
from rag.types.cancellation import CancelToken, heeding
from rag.types.query import READING_ORDER, RECAP, Query

if TYPE_CHECKING:
    from rag.app.model_writer import ModelWriter

ADDED_TO = frozenset({"overview", "groups", "profile", READING_ORDER})
"""Computed answers that a model may add to: how the papers changed, their topics, which one suits whom."""


class TurnRunner:
    """Answers questions over one library.

    Args:
        settings: What models may be asked and shown.
        models: Opens the conversation's model.
        engine: Has the library, and searches it.
    """

    def __init__(self, settings: Settings, models: ModelPool, engine: SearchEngine) -> None:
        self._settings, self._models, self._engine = settings, models, engine
        self._library = engine.library
        self._reader = QuestionReader(settings, models, engine)

    def stream_question(
        self, question: str, thread: Thread, read_as: ReadAs | None, stop: CancelToken, fresh: bool
    ) -> Iterator[Event]:
        """The events of a question as typed; see `rag.app.assistant.Assistant.stream`."""
        return self._watch(self._run_question(question, thread, read_as, stop, fresh), stop)

    def stream_reading(
        self, reading: Reading, thread: Thread, stop: CancelToken, fresh: bool
    ) -> Iterator[Event]:
        """The events of a reading that is there already."""
        return self._watch(self._run_reading(reading, thread, stop, fresh), stop)

    def read(self, question: str, thread: Thread) -> Reading:
        """How a question is read by words, without answering it."""
        text, _ = bound_question(question)
        thread, view = bound_thread(thread), self._library.view
        filtered_library = apply_filters(view, thread)
        known = filtered_library if filtered_library and filtered_library.n_papers else view
        return self._reader.read_by_words(text, add_chosen_papers(thread, filtered_library), known)

    def answer_query(self, reading: Reading, thread: Thread, *, explain: bool = False) -> Answer:
        """The answer to a typed query, without a model.

        Args:
            reading: The query, and who asked so.
            thread: Whose filters hold.
            explain: Say each score's parts.
        """
        began = time.perf_counter()
        self._library.ensure_not_empty()
        query, warnings = bound_query(reading.query)
        question = bound_question(reading.question)[0]
        reading = replace(reading, query=query, question=question)
        view = self._library.view
        scope = Scope(self._engine, apply_filters(view, thread) or view)
        request = TurnRequest(reading, query.text, thread, scope)
        *_, answer = self._answer(request, explain=explain)
        assert isinstance(answer, Answer)
        answer = request.add_scope(answer, view.fingerprint)
        return replace(
            answer,
            question=question,
            reading=reading,
            latency_ms=_compute_ms_since(began),
            warnings=(*warnings, *answer.warnings),
        )

    # --- the steps of a turn ------------------------------------------------------------------

    def _watch(self, run: Generator[Event, None, None], stop: CancelToken) -> Iterator[Event]:
        """The events of an answer, ended once it is cancelled, and traced if tracing is set up."""
        events = heeding(run, stop)
        tracing = self._models.get_tracing()
        return events if tracing is None else tracing.process_events(events)

    def _run_question(
        self, question: str, thread: Thread, read_as: ReadAs | None, stop: CancelToken, fresh: bool
    ) -> Generator[Event, None, None]:
        began = time.perf_counter()
        self._library.ensure_not_empty()
        yield Step("reading the question")
        question = ensure_encodable(question)
        text, warnings = bound_question(question)
        warnings += _format_not_offered(thread.model, self._settings)
        thread, scope, voice, spent = self._open_turn(thread, stop, fresh)
        known = scope.library if scope.library.n_papers else scope.library.whole
        turn = self._reader.read_turn(text, thread, known, voice, read_as)
        request = TurnRequest(
            turn.reading,
            text,
            thread,
            scope,
            voice,
            self._is_free(turn.reading, thread, known, read_as),
        )
        for event in self._measure(request, spent, began):
            if isinstance(event, Answer):
                event = replace(
                    event,
                    question=question,
                    earlier=turn.earlier.counts if turn.earlier else event.earlier,
                    warnings=(*warnings, *turn.notes, *event.warnings),
                )
            yield event

    def _run_reading(
        self, reading: Reading, thread: Thread, stop: CancelToken, fresh: bool
    ) -> Generator[Event, None, None]:
        began = time.perf_counter()
        self._library.ensure_not_empty()
        yield Step("reading the question")
        query, warnings = bound_query(reading.query)
        warnings += _format_not_offered(thread.model, self._settings)
        thread, scope, voice, spent = self._open_turn(thread, stop, fresh)
        # A model words what is asked now: the question as typed may have asked for something else.
        text = query.text or str(query)
        request = TurnRequest(replace(reading, query=query), text, thread, scope, voice)
        for event in self._measure(request, spent, began):
            if isinstance(event, Answer):
                event = replace(
                    event, question=reading.question, warnings=(*warnings, *event.warnings)
                )
            yield event

    def _open_turn(
        self, thread: Thread, stop: CancelToken, fresh: bool
    ) -> tuple[Thread, Scope, ModelSession | None, tuple[str, ...]]:
        """The thread as it is read, the papers its filters leave, its model, and notes on models."""
        thread = bound_thread(thread)
        view = self._library.view
        filtered_library = apply_filters(view, thread)
        voice, spent = self._models.open_session(thread, view.fingerprint, stop, fresh=fresh)
        scope = Scope(self._engine, filtered_library or view)
        return add_chosen_papers(thread, filtered_library), scope, voice, spent

    def _measure(
        self, request: TurnRequest, spent: tuple[str, ...], began: float
    ) -> Generator[Event, None, None]:
        """The events of an answer, with its reading, times and usage added to the answer itself.

        ``spent``: notes on models that cannot be asked any more.
        """
        fingerprint, voice = request.scope.library.whole.fingerprint, request.voice
        first_words_ms = first_token_ms = None
        steps = [("reading the question", 0.0)]
        for event in self._answer(request):
            if isinstance(event, Step):
                steps.append((event.name, _compute_ms_since(began)))
            if isinstance(event, Delta) and first_words_ms is None:
                first_words_ms = _compute_ms_since(began)
                if voice is not None and voice.first_token_at is not None:
                    first_token_ms = (voice.first_token_at - began) * 1000
            if isinstance(event, Answer):
                reading = event.reading or request.reading
                event = replace(
                    request.add_scope(event, fingerprint),
                    reading=reading,
                    other=find_other_reading(reading),
                    first_words_ms=first_words_ms,
                    first_token_ms=first_token_ms,
                    steps=_compute_durations(steps, _compute_ms_since(began)),
                )
                event = _add_model_usage(event, voice, spent, began)
            yield event

    def _answer(self, request: TurnRequest, *, explain: bool = False) -> Iterator[Event]:
        """The answer, and behind it that to a second question of the same message."""
        for event in self._answer_one(request, explain=explain):
            if isinstance(event, Answer) and (event.reading or request.reading).second:
                yield from self._add_second(event, request)
            else:
                yield event

    def _add_second(self, answer: Answer, request: TurnRequest) -> Iterator[Event]:
        """The second question as the next of the conversation: "it" is what the first one found."""
        second = request.reading.second
        first_turn = Turn(request.question, replace(answer, reading=request.reading))
        thread = replace(request.thread, turns=(*request.thread.turns, first_turn))
        library = request.scope.library
        known = library if library.n_papers else library.whole
        reading = replace(self._reader.read_by_words(second, thread, known), second="")
        *_, added = self._answer_one(TurnRequest(reading, second, thread, request.scope))
        assert isinstance(added, Answer)
        joined = join_answers(answer, added, second)
        yield Delta(joined.text[len(answer.text) :])
        yield joined

    def _answer_one(self, request: TurnRequest, *, explain: bool = False) -> Iterator[Event]:
        """Execute the query, and say beside the answer how it was read."""
        removed = _list_removed(request.query, request.scope.library.whole)
        if removed and len(removed) == len(request.query.papers):
            text = phrases.tell_no_paper(removed[0])
            yield Delta(text)
            yield Answer(request.question, "abstained", request.query.route, text)
            return
        request = _leave_out(removed, request)
        query, scope, reading = request.query, request.scope, request.reading
        library = scope.library
        able = request.able_voice
        if able is not None and is_planned(reading, request.thread, library, self._settings):
            from rag.app.planned_answers import answer_by_plan

            note = yield from answer_by_plan(request, self._build_writer(able))
            if not note:
                return
            able.notes = (*able.notes, note)
        is_recap = query.what == RECAP and request.voice is None
        if not is_recap and scope.is_searched_for(query):
            yield from self._answer_by_search(request)
            return
        yield Step(f"looking through {library.n_papers} papers")
        answer = replace(_compute_answer(request, explain=explain), question=request.question)
        if told := find_told(request, answer):
            for event in self._answer_by_search(told):
                yield replace(event, reading=told.reading) if isinstance(event, Answer) else event
            return
        if (
            able is None
            or ADDED_TO.isdisjoint((query.want, query.what))
            or answer.status != "answered"
        ):
            yield Delta(answer.text)
            yield answer
            return
        yield from self._build_writer(able).add_to(answer, request)

    def _answer_by_search(self, request: TurnRequest) -> Iterator[Event]:
        query = request.query
        # of an overview, and of papers named, the conditions are met where the papers are chosen
        if query.where and not query.papers and query.want != "overview":
            narrowed = replace(request, scope=request.narrow_scope(query.where))
            if not narrowed.scope.library.n_papers:
                none = replace(request.reading, query=Query("papers", where=query.where))
                answer = request.scope.compute_answer(none)
                yield Delta(answer.text)
                yield answer
                return
            request = narrowed
        yield Step(f"searching {request.scope.library.n_papers} papers")
        from rag.app.content_answers import answer_content

        writer = None if request.voice is None else self._build_writer(request.voice)
        yield from answer_content(request, writer)

    def _is_free(
        self, reading: Reading, thread: Thread, library: LibraryView, read_as: ReadAs | None
    ) -> bool:
        """Whether words alone chose a reading, and this turn's alone ask for the like."""
        if read_as is not None or reading.by != "words":
            return False
        if not thread.turns:
            return True
        alone = self._reader.read_by_words(reading.question, replace(thread, turns=()), library)
        return alone.query.route == reading.query.route

    def _build_writer(self, voice: ModelSession) -> ModelWriter:
        from rag.app.model_writer import ModelWriter

        return ModelWriter(voice, self._settings, self._models, self._engine)


def _list_removed(query: Query, library: LibraryView) -> list[str]:
    """Ids of papers asked about that the library has not, or no longer: a conversation may be older."""
    known = library.select_ids(query.papers)
    return [paper_id for paper_id in query.papers if paper_id not in known]


def _leave_out(removed: Sequence[str], request: TurnRequest) -> TurnRequest:
    """The question about the other papers, with a note on each that is left out."""
    if not removed:
        return request
    reading = request.reading
    query = replace(
        reading.query, papers=tuple(p for p in reading.query.papers if p not in removed)
    )
    notes = (*reading.notes, *map(phrases.tell_no_paper, removed))
    return replace(request, reading=replace(reading, query=query, notes=notes))


def _compute_answer(request: TurnRequest, *, explain: bool) -> Answer:
    """The answer to what no paper is searched for."""
    query, filtered_library = request.query, request.scope.filtered_library
    if query.what == RECAP:
        return recap.answer_recap(request.thread, request.scope.library.whole)
    if query.route in ("smalltalk", "unsupported"):
        return small_talk.answer_aside(query, request.reading.question)
    if filtered_library and not filtered_library.n_papers:
        return Answer("", "abstained", query.route, filtered_library.why_empty)
    answer = request.scope.compute_answer(request.reading, explain=explain)
    return add_scope_note(add_reading_notes(answer, request.reading), filtered_library)


def _format_not_offered(model: str, settings: Settings) -> tuple[str, ...]:
    """Said where the conversation's own model is not offered (any more)."""
    if not model or model in settings.offered:
        return ()
    return (f"{model} is not offered by these settings; answered by {settings.offered[0]}",)


def _add_model_usage(
    answer: Answer, voice: ModelSession | None, spent: tuple[str, ...], began: float
) -> Answer:
    """The answer with the usage and cost of its model calls; the replies it is based on are put in the cache."""
    latency_ms = _compute_ms_since(began)
    if voice is None:
        notes = spent if answer.route == "content" else ()
        return replace(answer, warnings=(*answer.warnings, *notes), latency_ms=latency_ms)
    if speaks := answer.model == voice.name:
        voice.keep()
        voice.judge.keep()
    return replace(
        answer,
        usage=voice.usage if voice.judge is voice else voice.usage + voice.judge.usage,
        cached=speaks and voice.cached,
        first_token_ms=answer.first_token_ms if speaks else None,
        warnings=(*answer.warnings, *voice.notes),
        latency_ms=latency_ms,
    )


def _compute_durations(
    begun: Sequence[tuple[str, float]], ended_ms: float
) -> tuple[tuple[str, float], ...]:
    """Each step with how long it took, from when each began."""
    ends = [*(at for _, at in begun[1:]), ended_ms]
    return tuple((name, end - at) for (name, at), end in zip(begun, ends, strict=True))


def _compute_ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
