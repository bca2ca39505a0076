"""The assistant: the only interface of the front ends to a library and what answers from it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.adapters.chroma_server import Server
from rag.adapters.index_stores import LocalStores
from rag.answers.filtered_library import apply_filters
from rag.app.ingestion import Ingestion, IngestProgress
from rag.app.search_engine import SearchEngine
from rag.app.turn_runner import TurnRunner
from rag.config.settings import Settings
from rag.generation.model_pool import ModelPool
from rag.library import Library
from rag.library.identity import trace_fields
from rag.text import ensure_encodable
from rag.types import (
    Answer,
    Condition,
    Event,
    IndexHealth,
    Paper,
    Place,
    Plan,
    Query,
    ReadAs,
    Reading,
    Report,
    Retrieval,
    Span,
    Thread,
)
from rag.types.cancellation import CancelToken
from rag.types.ingests import IngestState, Survey
from rag.types.query import Order, PersonRef, Topic
from rag.types.query_parser import read_query
from rag.types.retrievals import RANKING

if TYPE_CHECKING:
    from rag.adapters.services import Service
    from rag.app.enriching import Brought


class Assistant:
    """Answers questions about one library. Opens what a question needs when it first needs it.

    Safe to share between threads; close it when done, or use it as a context manager.
    """

    def __init__(self, settings: Settings) -> None:
        self.library = Library(settings.data, settings.library_url)
        self._stores = LocalStores(_server(settings))
        self._engine = SearchEngine(settings, self.library, self._stores)
        self._apply_settings(settings)

    def copy_with_settings(self, settings: Settings) -> Assistant:
        """An assistant over the same opened library and indexes whose answers another model words."""
        variant = copy.copy(self)
        variant._engine = self._engine.copy_with_settings(settings)
        variant._apply_settings(settings)
        return variant

    def _apply_settings(self, settings: Settings) -> None:
        self.settings = settings
        self._ingestion = Ingestion(settings, self.library, self._stores)
        self._models = ModelPool(settings)
        self._turns = TurnRunner(settings, self._models, self._engine)

    def close(self) -> None:
        self._engine.close()
        self._models.close()
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
        return self._turns.stream_question(question, thread, read_as, stop, fresh)

    def stream_reading(
        self,
        reading: Reading,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        *,
        stop: CancelToken | None = None,
        fresh: bool = False,
    ) -> Iterator[Event]:
        """Answer a reading that is there already, such as one changed on screen; else as `stream`."""
        return self._turns.stream_reading(reading, thread, stop or CancelToken(), fresh)

    def read(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
    ) -> Reading:
        """How the next question of a thread is read, without answering it."""
        return self._turns.read(question, thread)

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
        return self._turns.answer_query(Reading(query, line, by="program"), thread)

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
        return self._turns.answer_query(reading, Thread(), explain=explain)

    def person(self, name: str) -> Answer:
        """One person: papers, co-authors, years, page figures."""
        query = Query("profile", people=(PersonRef(name),))
        reading = Reading(query, name, by="flags", reason="asked for a person")
        return self._turns.answer_query(reading, Thread())

    def catalogue(self, conditions: Sequence[Condition]) -> Answer:
        """The papers that meet all conditions, exactly and completely."""
        query = Query("papers", where=tuple(conditions))
        reading = Reading(query, by="flags", reason="asked for a list")
        return self._turns.answer_query(reading, Thread())

    def paper(self, key: str) -> Paper:
        """By paper id, by a unique beginning of one, or by ``<seed file>:<line>``."""
        return self.library.find_paper(ensure_encodable(key))

    def retrieve(
        self, query: str, k: int = RANKING, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query; ``within``: ids to choose from."""
        return self._engine.rerank(self._engine.retrieve(query, k, within=within))

    def compute_nearness(self, text: str, texts: Sequence[str]) -> float:
        """The highest similarity of a text with some others, by the embedded model."""
        return self._engine.open_screen().near(text, texts)

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
        return find_suggestions(
            thread.turns[-1].answer, thread, visible_library, self.ask, self.read
        )

    def openings(self, thread: Thread) -> tuple[str, ...]:
        """Questions to begin a conversation with filters with; each was found answerable."""
        from rag.answers.suggestions import find_openings

        visible_library = apply_filters(self.library.view, thread) or self.library.view
        return find_openings(thread, visible_library, self.ask, self.read)

    # --- the library --------------------------------------------------------------------------

    def plan_ingest(
        self,
        paths: Sequence[Path] = (),
        prune: bool = False,
        rebuild: bool = False,
        drop: Sequence[str] = (),
    ) -> Plan:
        """What `ingest` would do; nothing is written."""
        return self._ingestion.build_plan(paths, drop=drop, prune=prune, rebuild=rebuild)

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
        report = self._ingestion.apply(
            paths,
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            progress=progress,
            watch=watch,
            announce=announce,
        )
        n_files = len(report.plan.documents)

        def tell(n_done: int, n_papers: int) -> None:
            if progress:
                progress("screening", n_done, n_papers)
            if watch:
                share = n_done / n_papers
                watch(IngestState("screening", "", n_files, n_files, n_done, share))

        if self.settings.generative:
            self.screen_papers(tell)
        return report

    def screen_papers(self, tell: Callable[[int, int], None]) -> None:
        """Look over the papers before they are asked about; see `SearchEngine.screen_papers`."""
        self._engine.screen_papers(tell)

    @property
    def ingest_state(self) -> IngestState | None:
        """How far the ingest is that runs on this data folder, in any process, or was interrupted."""
        from rag.ingest.watching import read_ingest_state

        return read_ingest_state(self.settings.data)

    def part(self, places: Sequence[Place], *, join: bool = False) -> Report:
        """Part entries from the papers that they were joined to; see `rag.ingest.ingesting.part_entries`."""
        return self._ingestion.part(places, join=join)

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
        return self._ingestion.enrich(services, contact=contact, limit=limit, progress=progress)

    def draw_page(self, paper: Paper, span: Span) -> bytes | None:
        """The page of a PDF that a span begins on, as PNG with the span marked; None without one.

        Raises:
            ReadError: It cannot be drawn.
        """
        return self._ingestion.draw_page(paper, span)

    def correct(self, key: str, values: Mapping[str, object]) -> Report:
        """Say what a paper's fields are, in all of its places; kept when they are read again.

        Raises:
            NotFound: There is no such paper.
        """
        return self._ingestion.correct(self.paper(key), values)

    def health(self) -> IndexHealth:
        """Whether library, vectors and lexical index are in step."""
        from rag.ingest.indexing import check_indexes

        return check_indexes(self.library, self._stores)


def build(settings: Settings) -> Assistant:
    """An assistant over the library in ``settings.data``; nothing is opened or loaded yet."""
    return Assistant(settings)


def _server(settings: Settings) -> Server | None:
    """The Chroma server that the settings name, if any."""
    if not settings.chroma:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
    tenant, database = settings.chroma_tenant, settings.chroma_database
    return Server(settings.chroma, token, tenant, database, settings.chroma_timeout_s)
