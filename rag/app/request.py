"""What is asked of which papers: a reading to be answered, and the papers it is answered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from rag.answers.alternatives import refuse_unread_alone
from rag.answers.filtered_library import FilteredLibrary, apply_filters, load_excluded
from rag.answers.library_overview import answer_library, is_of_library
from rag.app.search_engine import SearchEngine
from rag.generation.model_session import ModelSession
from rag.library.view import LibraryView
from rag.types import Answer, Condition, PaperHit, Query, Reading, Retrieval, Thread

if TYPE_CHECKING:
    from rag.answers.evidence_selection import Choice


@dataclass(frozen=True, slots=True)
class Scope:
    """The papers that one question is answered from, and what is found and computed among them.

    Attributes:
        engine: Searches the whole library.
        library: The papers: all as they were when the question came, or those that filters leave.
    """

    engine: SearchEngine
    library: LibraryView

    @property
    def filtered_library(self) -> FilteredLibrary | None:
        """The papers that the conversation's filters leave; None without filters."""
        return self.library if isinstance(self.library, FilteredLibrary) else None

    @property
    def description(self) -> str:
        """Which papers the filters leave; empty without filters."""
        return self.filtered_library.description if self.filtered_library else ""

    def is_searched_for(self, query: Query) -> bool:
        """Whether papers are searched for what a query asks; else it is computed."""
        library = self.library
        return query.route == "content" and library.n_papers > 0 and not is_of_library(query)

    def retrieve(self, query: str, k: int) -> Retrieval:
        """The k best of the papers for a query."""
        if self.filtered_library is None:
            return self.engine.retrieve(query, k)
        retriever = self.engine.open_retriever()
        return retriever.retrieve(query, k, within=self.filtered_library.ids)

    def choose_papers(self, query: Query) -> Choice:
        """The papers that a content question is answered from, and whether they suffice."""
        from rag.answers.closer_look import look_closer
        from rag.answers.evidence_selection import choose_papers

        retrieve = cache(self.retrieve)  # both sides of a comparison are looked for twice

        def find(text: str, k: int) -> Retrieval:
            return self.engine.rerank(retrieve(text, k))

        # What asks for every paper on a topic needs no order, and its cut-offs were set without one.
        is_of_one = query.want not in ("overview", "comparison")
        retriever = self.engine.open_retriever()
        choice = choose_papers(
            query, find if is_of_one else retrieve, retriever.retrieve, self.library
        )
        encoder = self.engine.open_encoder()
        return choice if encoder is None else look_closer(query, choice, encoder)

    def compute_answer(self, reading: Reading, *, explain: bool = False) -> Answer:
        """What is computed for a query of people, papers and figures.

        ``explain``: say each score's parts.
        """
        query, library = reading.query, self.library
        if is_of_library(query):
            return answer_library(query, library)
        if query.route == "experts":
            from rag.answers import experts

            return experts.answer_experts(query, library, self.retrieve, explain)
        if query.route == "person":
            from rag.answers.persons import answer_person

            return answer_person(query, library, self.retrieve)
        from rag.answers.papers import answer_papers

        return refuse_unread_alone(reading) or answer_papers(query, library, self.retrieve)

    def list_hits(self, answer: Answer) -> list[PaperHit]:
        """The papers that a computed answer lists, as a model can be shown them."""
        ids = list(
            dict.fromkeys(
                [p.paper_id for p in answer.papers] + [c.paper_id for c in answer.citations]
            )
        )
        by_id = {paper.paper_id: paper for paper in self.engine.library.list_papers(set(ids))}
        papers = [by_id[paper_id] for paper_id in ids if paper_id in by_id]
        return [PaperHit(paper, 0.0, rank, (), {}) for rank, paper in enumerate(papers, 1)]


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A reading that is to be answered.

    Attributes:
        reading: Of the question.
        question: As a model reads it.
        thread: The conversation before it.
        scope: The papers that it is answered from.
        voice: The session of the model that words the answer; None: it is quoted.
        is_free: Whether another reading may be taken where this one comes to nothing: words alone chose it.
    """

    reading: Reading
    question: str
    thread: Thread
    scope: Scope
    voice: ModelSession | None = None
    is_free: bool = False

    @property
    def query(self) -> Query:
        """What is asked for."""
        return self.reading.query

    @property
    def able_voice(self) -> ModelSession | None:
        """The model where it can plan and join answers, which a small one cannot."""
        return None if self.voice is None or self.voice.is_small else self.voice

    def narrow_scope(self, conditions: Sequence[Condition]) -> Scope:
        """The papers that meet some conditions besides the conversation's filters."""
        filters = (*self.thread.filters, *conditions)
        view = self.scope.library.whole
        narrowed = apply_filters(view, replace(self.thread, filters=filters))
        return Scope(self.scope.engine, narrowed or view)

    def add_scope(self, answer: Answer, fingerprint: str) -> Answer:
        """The answer with the papers that it was found among, for the record.

        ``fingerprint``: of the library.
        """
        return replace(
            answer,
            library=fingerprint,
            warnings=(*answer.warnings, *load_excluded(answer, self.scope.filtered_library)),
            filters=self.thread.filters,
            among=self.scope.description,
        )
