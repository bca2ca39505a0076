"""The assistant: wires all rooms together, and is the only interface of the front ends."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.adapters.chroma_server import Server
from rag.adapters.index_stores import LocalStores
from rag.adapters.weights import load_whole_words
from rag.answers import small_talk
from rag.answers.alternatives import add_reading_notes, find_other_reading, refuse_unread_alone
from rag.answers.filtered_library import (
    FilteredLibrary,
    add_chosen_papers,
    add_scope_note,
    apply_filters,
    load_excluded,
)
from rag.answers.library_overview import answer_library, is_of_library
from rag.app.bounding import bound_query, bound_question, bound_thread
from rag.app.look_ups import list_focus, needs_look_ups
from rag.config.settings import Settings
from rag.generation.model_pool import ModelPool
from rag.generation.model_session import ModelSession
from rag.library import Library
from rag.library.identity import trace_fields
from rag.library.view import LibraryView
from rag.search.spelling import process_spelling
from rag.text import ensure_encodable
from rag.types import (
    Answer,
    Condition,
    Delta,
    Event,
    Health,
    Paper,
    PaperHit,
    Place,
    Plan,
    Query,
    ReadAs,
    Reading,
    Report,
    Retrieval,
    Span,
    Step,
    Sufficiency,
    Thread,
)
from rag.types.cancellation import CancelToken, heed, heeding
from rag.types.errors import ModelError
from rag.types.ingests import PARTIAL, IngestState, Survey
from rag.types.query import Order, PersonRef, Topic
from rag.types.query_parser import read_query
from rag.types.retrievals import RANKING
from rag.understanding.languages import convert_to_english
from rag.understanding.two_questions import tells_open

if TYPE_CHECKING:
    from rag.adapters.embedders import Hosted
    from rag.adapters.minilm import MiniLM
    from rag.adapters.services import Service
    from rag.answers.screening import Screen
    from rag.app.enriching import Brought
    from rag.generation.earlier import EarlierTurns
    from rag.generation.generative import Speaker
    from rag.generation.look_ups import LookUp
    from rag.ingest.indexing import Indexes
    from rag.readers.process import ReadingLimits
    from rag.search.retriever import Retriever
    from rag.types.token_vectors import Encoding

SMALL_EVIDENCE_TOKENS = 700
SMALL_THREAD_TOKENS = 200
"""Budgets of a small model: two or three passages, which it reads in seconds on a processor."""
LOOK_UP_PAPERS = 10
"""Papers of one look-up that may become evidence."""
ADDED_TO = frozenset({"overview", "groups", "profile"})
"""What is computed and still leaves something to be said of the papers: how they changed, their topics."""

IngestProgress = Callable[[str, int, int], None]


class Assistant:
    """Answers questions about one library. Opens what a question needs when it first needs it.

    Safe to share between threads; close it when done, or use it as a context manager.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(settings.data, settings.library_url)
        self._stores = LocalStores(_server(settings))
        self._retriever: Retriever | None = None
        self._screen: Screen | None = None
        self._encoder: MiniLM | None = None
        self._is_encoder_sought = False
        self._indexes: Indexes | None = None
        self._voices = ModelPool(settings)
        self._opening = threading.Lock()

    def copy_with_settings(self, settings: Settings) -> Assistant:
        """An assistant over the same opened library and indexes whose answers another model words."""
        other = copy.copy(self)
        other.settings = settings
        other._voices = ModelPool(settings)
        return other

    def close(self) -> None:
        if self._indexes is not None:
            self._indexes.close()
        self._indexes = self._retriever = None
        self._voices.close()
        self.library.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- questions ----------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        read_as: ReadAs | None = None,
    ) -> Answer:
        """One cited answer; see `stream`."""
        *_, answer = self.stream(question, thread, read_as)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        read_as: ReadAs | None = None,
        *,
        stop: CancelToken | None = None,
        fresh: bool = False,
    ) -> Iterator[Event]:
        """Answer the next question of a thread: steps, then text as it grows, then the Answer.

        Args:
            question: As typed.
            thread: The conversation before it.
            read_as: The reading that is wanted, such as an answer's ``other.route``; None to
                choose it from the words.
            stop: Once it is set, the stream ends, without an answer and whatever it waits for.
            fresh: Ask a chat model again, though its reply to the same call is kept.

        Raises:
            LibraryEmpty: Nothing was ingested yet.
            ModelError: The embedder cannot be used.
        """
        stop = stop or CancelToken()
        return self._watch(self._run_question(question, thread, read_as, stop, fresh), stop)

    def _run_question(
        self, question: str, thread: Thread, read_as: ReadAs | None, stop: CancelToken, fresh: bool
    ) -> Generator[Event, None, None]:
        began = time.perf_counter()
        self.library.ensure_not_empty()
        yield Step("reading the question")
        question = ensure_encodable(question)
        text, warnings = bound_question(question)
        warnings += _format_not_offered(thread.model, self.settings)
        thread, filtered_library, voice, spent = self._open_turn(thread, stop, fresh)
        known = (
            filtered_library
            if filtered_library and filtered_library.n_papers
            else self.library.view
        )
        heed()
        english, remarks = convert_to_english(text, known)
        was_translated = bool(remarks)
        if not remarks:
            spelt = process_spelling(english, known, load_whole_words(self.settings))
            english, remarks = spelt.text, spelt.notes
        heed()
        reading = self._read(english, thread, known, read_as)
        earlier: EarlierTurns | None = None
        if (
            voice is not None
            and not voice.is_small
            and read_as is None
            and not self._is_planned(reading, thread, known)
        ):
            reading, earlier, notes = self._read_with_model(
                text, thread, reading, voice, was_translated=was_translated
            )
            remarks = notes if reading.by == "model" else (*remarks, *notes)
        for event in self._run_reading(
            reading, text, thread, filtered_library, voice, spent, began
        ):
            if isinstance(event, Answer):
                event = replace(
                    event,
                    question=question,
                    earlier=earlier.counts if earlier else event.earlier,
                    warnings=(*warnings, *remarks, *event.warnings),
                )
            yield event

    def _open_turn(
        self, thread: Thread, stop: CancelToken, fresh: bool
    ) -> tuple[Thread, FilteredLibrary | None, ModelSession | None, tuple[str, ...]]:
        """The thread as it is read, the papers its filters leave, its model, and notes on models."""
        thread = bound_thread(thread)
        filtered_library = apply_filters(self.library.view, thread)
        fingerprint = self.library.fingerprint
        voice, spent = self._voices.open_session(thread, fingerprint, stop, fresh=fresh)
        return add_chosen_papers(thread, filtered_library), filtered_library, voice, spent

    def stream_reading(
        self,
        reading: Reading,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        *,
        stop: CancelToken | None = None,
        fresh: bool = False,
    ) -> Iterator[Event]:
        """Answer a reading that is there already, such as one changed on screen; else as `stream`."""
        stop = stop or CancelToken()
        return self._watch(self._run_given_reading(reading, thread, stop, fresh), stop)

    def _watch(self, run: Generator[Event, None, None], stop: CancelToken) -> Iterator[Event]:
        """The events of an answer, which end once it is stopped, traced where that is asked for."""
        events = heeding(run, stop)
        tracing = self._voices.get_tracing()
        return events if tracing is None else tracing.process_events(events)

    def _run_given_reading(
        self, reading: Reading, thread: Thread, stop: CancelToken, fresh: bool
    ) -> Generator[Event, None, None]:
        began = time.perf_counter()
        self.library.ensure_not_empty()
        yield Step("reading the question")
        query, warnings = bound_query(reading.query)
        warnings += _format_not_offered(thread.model, self.settings)
        reading = replace(reading, query=query)
        thread, filtered_library, voice, spent = self._open_turn(thread, stop, fresh)
        # A model words what is asked now: the question as typed may have asked for something else.
        text = query.text or str(query)
        for event in self._run_reading(
            reading, text, thread, filtered_library, voice, spent, began
        ):
            if isinstance(event, Answer):
                event = replace(
                    event, question=reading.question, warnings=(*warnings, *event.warnings)
                )
            yield event

    def _run_reading(
        self,
        reading: Reading,
        question: str,
        thread: Thread,
        filtered_library: FilteredLibrary | None,
        voice: ModelSession | None,
        spent: tuple[str, ...],
        began: float,
    ) -> Iterator[Event]:
        """The events of an answer, and the answer with how it was read and what it took.

        ``question``: as a model reads it; ``spent``: notes on models that cannot be asked any more.
        """
        fingerprint = self.library.fingerprint
        first_words_ms = first_token_ms = None
        steps = [("reading the question", 0.0)]
        for event in self._answer_reading(reading, question, thread, filtered_library, voice):
            if isinstance(event, Step):
                steps.append((event.name, _compute_ms_since(began)))
            if isinstance(event, Delta) and first_words_ms is None:
                first_words_ms = _compute_ms_since(began)
                if voice is not None and voice.first_token_at is not None:
                    first_token_ms = (voice.first_token_at - began) * 1000
            if isinstance(event, Answer):
                reading = event.reading or reading
                event = replace(
                    event,
                    reading=reading,
                    other=find_other_reading(reading),
                    library=fingerprint,
                    first_words_ms=first_words_ms,
                    first_token_ms=first_token_ms,
                    warnings=(*event.warnings, *load_excluded(event, filtered_library)),
                    filters=thread.filters,
                    among=filtered_library.description if filtered_library else "",
                    steps=_compute_durations(steps, _compute_ms_since(began)),
                )
                event = _add_model_usage(event, voice, spent, began)
            yield event

    def read(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
    ) -> Reading:
        """How the next question of a thread is read, without answering it."""
        text, _ = bound_question(question)
        return self._read(text, bound_thread(thread), self.library.view)

    def query(
        self,
        query: Query | str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
    ) -> Answer:
        """The answer to a typed query, or to the line that spells one.

        Args:
            query: Such as ``count papers where year >= 2023 and code by year``.
            thread: Whose filters hold.

        Raises:
            QueryError: The line spells no query, or its parts do not go together.
            LibraryEmpty: Nothing was ingested yet.
        """
        line = query if isinstance(query, str) else ""
        query = read_query(query) if isinstance(query, str) else query
        return self._run_query(Reading(query, line, by="program"), thread)

    def who(
        self,
        topic: str,
        k: int = 10,
        recent: bool = False,
        explain: bool = False,
        where: Sequence[Condition] = (),
    ) -> Answer:
        """The people who work on a topic, with the papers that say so.

        Args:
            topic: In words.
            k: People at most.
            recent: Weigh recent papers more.
            explain: Say each score's parts.
            where: Conditions on the papers that count.
        """
        order = Order("date") if recent else None
        query = Query("people", where=tuple(where), about=Topic(topic), order=order, k=k)
        reading = Reading(query, topic, by="flags", reason="asked for people")
        return self._run_query(reading, explain=explain)

    def person(self, name: str) -> Answer:
        """One person: papers, co-authors, years, page figures."""
        query = Query("profile", people=(PersonRef(name),))
        return self._run_query(Reading(query, name, by="flags", reason="asked for a person"))

    def catalogue(self, conditions: Sequence[Condition]) -> Answer:
        """The papers that meet all conditions, exactly and completely."""
        query = Query("papers", where=tuple(conditions))
        return self._run_query(Reading(query, by="flags", reason="asked for a list"))

    def _run_query(
        self,
        reading: Reading,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        *,
        explain: bool = False,
    ) -> Answer:
        began = time.perf_counter()
        self.library.ensure_not_empty()
        query, warnings = bound_query(reading.query)
        question = bound_question(reading.question)[0]
        reading = replace(reading, query=query, question=question)
        filtered_library = apply_filters(self.library.view, thread)
        *_, answer = self._answer_reading(
            reading, query.text, thread, filtered_library, None, explain=explain
        )
        assert isinstance(answer, Answer)
        return replace(
            answer,
            question=question,
            reading=reading,
            library=self.library.fingerprint,
            latency_ms=_compute_ms_since(began),
            warnings=(*warnings, *answer.warnings, *load_excluded(answer, filtered_library)),
            filters=thread.filters,
            among=filtered_library.description if filtered_library else "",
        )

    def paper(self, key: str) -> Paper:
        """By paper id, by a unique beginning of one, or by ``<seed file>:<line>``."""
        return self.library.find_paper(ensure_encodable(key))

    def retrieve(
        self, query: str, k: int = RANKING, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query; ``within``: ids to choose from."""
        return self._open_retriever().retrieve(bound_question(query)[0], k, within=within)

    def compute_nearness(self, text: str, others: Sequence[str]) -> float:
        """The highest similarity of a text with some others, by the embedded model."""
        self._open_retriever()
        assert self._screen is not None  # made with the retriever
        return self._screen.near(text, others)

    def examples(self) -> tuple[str, ...]:
        """Questions worth asking of this library, one of each route; none of an empty one."""
        from rag.answers.examples import build_examples

        return build_examples(self.library.view)

    def suggestions(self, thread: Thread) -> tuple[str, ...]:
        """Questions to go on with after the last answer of a thread; each was found answerable."""
        from rag.answers.suggestions import find_suggestions

        if not thread.turns:
            return ()
        visible_library = apply_filters(self.library.view, thread) or self.library.view
        return find_suggestions(thread.turns[-1].answer, thread, visible_library, self.ask)

    def openings(self, thread: Thread) -> tuple[str, ...]:
        """Questions to begin a conversation with filters with; each was found answerable."""
        from rag.answers.suggestions import find_openings

        visible_library = apply_filters(self.library.view, thread) or self.library.view
        return find_openings(thread, visible_library, self.ask)

    # --- the library --------------------------------------------------------------------------

    def plan_ingest(
        self,
        paths: Sequence[Path] = (),
        prune: bool = False,
        rebuild: bool = False,
        drop: Sequence[str] = (),
    ) -> Plan:
        """What `ingest` would do; nothing is written."""
        from rag.ingest.planning import build_plan

        return build_plan(
            self.library,
            self._choose_paths(paths, drop),
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            limits=self._limits,
        )

    def ingest(
        self,
        paths: Sequence[Path] = (),
        prune: bool = False,
        rebuild: bool = False,
        drop: Sequence[str] = (),
        progress: IngestProgress | None = None,
        watch: Callable[[IngestState], None] | None = None,
        announce: Callable[[Survey], None] | None = None,
    ) -> Report:
        """Read documents into the library; see `rag.ingest.ingesting.apply_ingest`."""
        return self._apply_ingest(
            self._choose_paths(paths, drop),
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            progress=progress,
            watch=watch,
            announce=announce,
        )

    def _apply_ingest(self, paths: Sequence[Path], **options: Any) -> Report:
        from rag.adapters.embedders import build_embedder
        from rag.ingest.ingesting import apply_ingest

        return apply_ingest(
            self.library,
            self._stores,
            lambda: build_embedder(self.settings),
            paths,
            limits=self._limits,
            **options,
        )

    @property
    def ingest_state(self) -> IngestState | None:
        """How far the ingest is that runs on this data folder, in any process, or was interrupted."""
        from rag.ingest.watching import read_ingest_state

        return read_ingest_state(self.settings.data)

    def part(self, places: Sequence[Place], *, join: bool = False) -> Report:
        """Part entries from the papers that they were joined to; see `rag.ingest.ingesting.part_entries`."""
        from rag.adapters.embedders import build_embedder
        from rag.ingest.ingesting import part_entries

        return part_entries(
            self.library, self._stores, lambda: build_embedder(self.settings), places, join=join
        )

    def trace(self, paper: Paper) -> Mapping[str, Place]:
        """At which of the paper's places each of its fields was read."""
        return trace_fields(paper, self.library.list_entries_of(paper))

    def enrich(
        self,
        services: Sequence[Service],
        *,
        contact: str = "",
        limit: int | None = None,
        progress: IngestProgress | None = None,
    ) -> tuple[Brought, Report]:
        """Ask services what papers lack, and read what they said; see `rag.app.enriching`."""
        from rag.app.enriching import bring_records

        told = progress or (lambda *_: None)
        brought = bring_records(self.library, services, contact=contact, limit=limit, progress=told)
        return brought, self._apply_ingest(brought.files, progress=progress)

    def draw_page(self, paper: Paper, span: Span) -> bytes | None:
        """The page of a PDF that a span begins on, as PNG with the span marked; None without one.

        Raises:
            ReadError: It cannot be drawn.
        """
        from rag.readers.pdf_pages import draw_page

        page = paper.find_page(span[0])
        paths = {document.name: Path(document.path) for document in self.library.list_documents()}
        for place in paper.places:
            path = paths.get(place.document)
            if page is not None and path is not None and path.suffix.lower() == ".pdf":
                if path.is_file():
                    return draw_page(path, page, paper.text[slice(*span)], self._limits)
        return None

    def correct(self, key: str, values: Mapping[str, object]) -> Report:
        """Say what a paper's fields are, in all of its places; kept when they are read again.

        Raises:
            NotFound: There is no such paper.
        """
        digests = {
            document.name: document.sha256.removeprefix(PARTIAL)
            for document in self.library.list_documents()
        }
        places = self.paper(key).places
        return self._apply_ingest(
            (), corrections={(digests[place.document], place.line): values for place in places}
        )

    @property
    def _limits(self) -> ReadingLimits:
        from rag.readers.process import ReadingLimits

        return ReadingLimits(self.settings.read_timeout_s, self.settings.read_memory_mb)

    def _choose_paths(self, paths: Sequence[Path], drop: Sequence[str]) -> tuple[Path, ...]:
        """What to read: without a word of it the seeds, but nothing where documents are dropped."""
        return tuple(paths) or (() if drop else (self.settings.seeds,))

    def health(self) -> Health:
        """Whether library, vectors and lexical index are in step."""
        from rag.ingest.indexing import check_indexes

        return check_indexes(self.library, self._stores)

    # --- how an answer is made ----------------------------------------------------------------

    def _answer_reading(
        self,
        reading: Reading,
        question: str,
        thread: Thread,
        filtered_library: FilteredLibrary | None,
        voice: ModelSession | None,
        *,
        explain: bool = False,
    ) -> Iterator[Event]:
        """Execute the query, and say beside the answer how it was read.

        ``question``: as a model reads it.
        """
        query = reading.query
        library = filtered_library or self.library.view
        route_name = query.route
        able = None if voice is None or voice.is_small else voice
        if able is not None and self._is_planned(reading, thread, library):
            note = yield from self._answer_by_look_ups(
                reading, question, thread, filtered_library, able
            )
            if not note:
                return
            able.notes = (*able.notes, note)
        if route_name == "content" and library.n_papers and not is_of_library(query):
            yield from self._answer_content(query, question, thread, filtered_library, voice)
            return
        yield Step(f"looking through {library.n_papers} papers")
        if route_name in ("smalltalk", "unsupported"):
            answer = small_talk.answer_aside(query, reading.question)
        elif filtered_library and not filtered_library.n_papers:
            answer = Answer("", "abstained", route_name, filtered_library.why_empty)
        else:
            answer = add_reading_notes(self._execute(reading, filtered_library, explain), reading)
            answer = add_scope_note(answer, filtered_library)
        answer = replace(answer, question=question)
        if able is None or query.want not in ADDED_TO or answer.status != "answered":
            yield Delta(answer.text)
            yield answer
            return
        from rag.generation.generative import add_with_model

        prompt = self._voices.load_prompts().add
        yield from add_with_model(
            answer, self._list_hits(answer), self._build_speaker(able), prompt=prompt
        )

    def _is_planned(self, reading: Reading, thread: Thread, library: LibraryView) -> bool:
        """Whether a model that is there is to plan several look-ups."""
        words = reading.query.text if reading.by == "model" else reading.question
        is_planned = self.settings.plan and library.n_papers > 0
        return is_planned and needs_look_ups(words, reading, thread, library)

    def _answer_by_look_ups(
        self,
        reading: Reading,
        question: str,
        thread: Thread,
        filtered_library: FilteredLibrary | None,
        voice: ModelSession,
    ) -> Generator[Event, None, str]:
        """The events of an answer that a model plans; why there is none, or nothing."""
        from rag.answers import extractive
        from rag.generation.generative import NO_ANSWER
        from rag.generation.look_ups import PlanLimits, Planner, answer_by_look_ups

        speaker, prompts = self._build_speaker(voice), self._voices.load_prompts()
        n_tokens = self.settings.plan_tokens
        if voice.tokens_left is not None:
            n_tokens = min(n_tokens, voice.tokens_left - self.settings.evidence_tokens)
        if n_tokens <= 0:
            return "the conversation's budget leaves no tokens for several look-ups"

        def execute(query: Query) -> LookUp:
            library = filtered_library
            if query.route == "content" and query.where:
                filters = (*thread.filters, *query.where)
                library = apply_filters(self.library.view, replace(thread, filters=filters))
            return self._look_up(bound_query(query)[0], library)

        closed = replace(reading, notes=tuple(n for n in reading.notes if not tells_open(n)))
        focus_query = replace(reading.query, text=reading.query.text or question)
        focus: tuple[PaperHit, ...] = ()
        if ids := list_focus(question, reading.query, thread, self.library.view):
            hits = self._open_retriever().retrieve(focus_query.text, len(ids), within=ids).papers
            focus = speaker.screen.marked(hits, question) if speaker.screen else hits
        return (
            yield from answer_by_look_ups(
                Planner(question, thread, focus, voice, prompts.plan, execute),
                closed,
                speaker,
                prompts,
                PlanLimits(n_tokens, self.settings.reply_timeout_s),
                abstain=lambda: Answer("", "abstained", "content", NO_ANSWER, outcome="nothing"),
                fallback=lambda found: extractive.answer_by_quotes(
                    focus_query, found, found.papers[:3], Sufficiency(True, 1.0), several=True
                ),
            )
        )

    def _look_up(self, query: Query, filtered_library: FilteredLibrary | None) -> LookUp:
        """What one planned query finds: papers to be read, or a computed answer."""
        from rag.answers.evidence_selection import choose_papers
        from rag.generation.look_ups import LookUp

        library = filtered_library or self.library.view
        if not library.n_papers:
            return LookUp(query, ())
        if query.route == "content" and not is_of_library(query):
            retriever = self._open_retriever()
            finder = self._build_finder(filtered_library)
            found = choose_papers(query, finder, retriever.retrieve, library)
            cited = {hit.paper.paper_id for hit in found.cited}
            rest = [hit for hit in found.retrieval.papers if hit.paper.paper_id not in cited]
            hits = [*found.cited, *rest][:LOOK_UP_PAPERS]
            assert self._screen is not None  # made with the retriever
            return LookUp(query, self._screen.marked(hits, query.text))
        answer = self._execute(Reading(query, by="model"), filtered_library, False)
        return LookUp(query, tuple(self._list_hits(answer)), answer)

    def _list_hits(self, answer: Answer) -> list[PaperHit]:
        """The papers that a computed answer lists, as a model can be shown them."""
        ids = list(
            dict.fromkeys(
                [p.paper_id for p in answer.papers] + [c.paper_id for c in answer.citations]
            )
        )
        by_id = {paper.paper_id: paper for paper in self.library.list_papers(set(ids))}
        papers = [by_id[paper_id] for paper_id in ids if paper_id in by_id]
        return [PaperHit(paper, 0.0, rank, (), {}) for rank, paper in enumerate(papers, 1)]

    def _build_speaker(self, voice: ModelSession) -> Speaker:
        from rag.generation.generative import Speaker
        from rag.generation.verification import Verifier

        self._open_retriever()
        judge = voice.judge
        evidence_tokens, thread_tokens = self.settings.evidence_tokens, self.settings.thread_tokens
        if voice.is_small:
            evidence_tokens = min(evidence_tokens, SMALL_EVIDENCE_TOKENS)
            thread_tokens = min(thread_tokens, SMALL_THREAD_TOKENS)
        # A small model cannot check its own words; one that is set for it can.
        is_verified = self.settings.verify and not (voice.is_small and judge is voice)
        prompts = self._voices.load_prompts()
        return Speaker(
            voice,
            voice.name,
            Verifier(judge, judge.name, prompts.verify) if is_verified else None,
            self.settings.unsupported,
            self._screen,
            evidence_tokens,
            thread_tokens,
            prompts.private,
        )

    def _execute(
        self, reading: Reading, filtered_library: FilteredLibrary | None, explain: bool
    ) -> Answer:
        """What is computed for a query of people, papers and figures."""
        query = reading.query
        library = filtered_library or self.library.view
        if is_of_library(query):
            return answer_library(query, library)
        retrieve = self._build_finder(filtered_library)
        if query.route == "experts":
            from rag.answers import experts

            return experts.answer_experts(query, library, retrieve, explain)
        if query.route == "person":
            from rag.answers.persons import answer_person

            return answer_person(query, library, retrieve)
        from rag.answers.papers import answer_papers

        return refuse_unread_alone(reading) or answer_papers(query, library, retrieve)

    def _answer_content(
        self,
        query: Query,
        question: str,
        thread: Thread,
        filtered_library: FilteredLibrary | None,
        voice: ModelSession | None,
    ) -> Iterator[Event]:
        library = filtered_library or self.library.view
        yield Step(f"searching {library.n_papers} papers")
        from rag.answers import extractive
        from rag.answers.evidence_selection import choose_papers
        from rag.answers.sufficiency import NEAREST

        choice = choose_papers(
            query, self._build_finder(filtered_library), self._open_retriever().retrieve, library
        )
        retrieval, verdict = choice.retrieval, choice.verdict
        screen = self._screen
        assert screen is not None  # made with the retriever
        if verdict.sufficient:
            cited = screen.marked(choice.cited, query.text)
        else:
            cited = choice.cited
            nearest = screen.marked(retrieval.papers[:NEAREST], query.text)
            retrieval = replace(retrieval, papers=(*nearest, *retrieval.papers[NEAREST:]))
        yield Step("checking quotes")
        if voice is None:
            answer = extractive.answer_by_quotes(
                query, retrieval, cited, verdict, several=choice.several, parts=choice.parts
            )
            yield Delta(answer.text)
            yield answer
            return
        from rag.generation.generative import answer_with_model

        prompts = self._voices.load_prompts()
        compares = len(cited) > 1 and query.want == "comparison"
        is_overview = query.want == "overview" and choice.several
        yield from answer_with_model(
            question,
            retrieval,
            thread,
            self._build_speaker(voice),
            prompt=prompts.brief
            if voice.is_small
            else prompts.compare
            if compares
            else prompts.answer,
            abstain=lambda: extractive.build_abstention(query, retrieval, verdict),
            fallback=lambda: extractive.answer_by_quotes(
                query, retrieval, cited, verdict, several=choice.several, parts=choice.parts
            ),
            topic=query.topic,
            on_topic={hit.paper.paper_id for hit in cited} if is_overview else set(),
        )

    def _build_finder(
        self, filtered_library: FilteredLibrary | None
    ) -> Callable[[str, int], Retrieval]:
        """`retrieve` among the papers that the conversation's filters leave."""
        if filtered_library is None:
            return self.retrieve
        return lambda query, k: self._open_retriever().retrieve(
            query, k, within=filtered_library.ids
        )

    def _read_with_model(
        self,
        question: str,
        thread: Thread,
        by_words: Reading,
        voice: ModelSession,
        *,
        was_translated: bool,
    ) -> tuple[Reading, EarlierTurns | None, tuple[str, ...]]:
        """The reading by words, or the model's where words are unsure; its failure is a warning."""
        from rag.generation.model_reading import is_unsure, read_with_model

        follows = bool(thread.turns)
        if not is_unsure(by_words, question, was_translated=was_translated, is_follow_up=follows):
            return by_words, None, ()
        try:
            prompt = self._voices.load_prompts().read
            by_model = read_with_model(
                question, thread, by_words, voice, prompt, self.settings.thread_tokens
            )
        except ModelError as exc:
            return by_words, None, (f"the question was read without the model: {exc}",)
        note = by_model.earlier.note
        return by_model.reading, by_model.earlier, (note,) if note else ()

    def _read(
        self,
        question: str,
        thread: Thread,
        library: LibraryView,
        read_as: ReadAs | None = None,
    ) -> Reading:
        from rag.understanding.reading import read_question

        with self.library.open_snapshot():
            return read_question(question, thread, library, self._encode_question, read_as)

    def _encode_question(self, text: str) -> Encoding | None:
        """A question as the reader's heads see it, whichever embedder searches.

        None without the embedded model: the heads then go by words alone.
        """
        with self._opening:
            encoder = self._open_encoder()
        return None if encoder is None else encoder.encode_query(text)

    def _open_encoder(self) -> MiniLM | None:
        """The embedded model, loaded once for reading and searching; with the lock held."""
        if not self._is_encoder_sought:
            self._encoder = _find_encoder(self.settings)
            self._is_encoder_sought = True
        return self._encoder

    def _open_retriever(self) -> Retriever:
        with self._opening:
            if self._retriever is None:
                from rag.adapters.embedders import build_embedder, sentence_embedder
                from rag.answers.screening import Screen
                from rag.ingest.indexing import Indexes
                from rag.search.retriever import Retriever

                self.library.ensure_not_empty()
                encoder = self._open_encoder()
                chosen: MiniLM | Hosted = build_embedder(self.settings)
                if encoder is not None and chosen.name == encoder.name:
                    chosen = encoder
                self._indexes = Indexes(self.library, self._stores, chosen.name)
                self._retriever = Retriever(self.library, self._indexes, chosen)
                self._screen = Screen(
                    sentence_embedder(self.settings, chosen), load_whole_words(self.settings)
                )
            return self._retriever


def build(settings: Settings) -> Assistant:
    """An assistant over the library in ``settings.data``; nothing is opened or loaded yet."""
    return Assistant(settings)


def _find_encoder(settings: Settings) -> MiniLM | None:
    """The embedded model; None where its weights are not here."""
    from rag.adapters.minilm import MiniLM
    from rag.adapters.weights import find_weights
    from rag.types.errors import WeightsMissing

    try:
        find_weights(settings)
    except WeightsMissing:
        return None
    return MiniLM(settings)


def _server(settings: Settings) -> Server | None:
    """The Chroma server that the settings name, if any."""
    if not settings.chroma:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
    tenant, database = settings.chroma_tenant, settings.chroma_database
    return Server(settings.chroma, token, tenant, database, settings.chroma_timeout_s)


def _compute_durations(
    begun: Sequence[tuple[str, float]], ended_ms: float
) -> tuple[tuple[str, float], ...]:
    """Each step with how long it took, from when each began."""
    ends = [*(at for _, at in begun[1:]), ended_ms]
    return tuple((name, end - at) for (name, at), end in zip(begun, ends, strict=True))


def _format_not_offered(model: str, settings: Settings) -> tuple[str, ...]:
    """Said where the conversation's own model is not offered (any more)."""
    if not model or model in settings.offered:
        return ()
    return (f"{model} is not offered by these settings; answered by {settings.offered[0]}",)


def _compute_ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _add_model_usage(
    answer: Answer, voice: ModelSession | None, spent: tuple[str, ...], began: float
) -> Answer:
    """The answer with what its model calls were and cost; replies that it stands on are kept."""
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
