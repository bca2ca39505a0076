"""Answers to what papers say: quoted from the best of them, or worded from them by a model.

Imported when papers are first searched: it loads all that quoting needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answers import extractive, phrases
from rag.answers.overview import count_shown
from rag.answers.sufficiency import NEAREST
from rag.app.request import TurnRequest
from rag.types import Answer, Delta, Event, PaperHit, Query, Retrieval, Step

if TYPE_CHECKING:
    from rag.answers.first_look import FirstLook
    from rag.app.model_writer import ModelWriter


def answer_content(request: TurnRequest, writer: ModelWriter | None) -> Iterator[Event]:
    """The events of the answer to a question that papers are searched for.

    Args:
        request: Whose papers are not none.
        writer: Words the answer; None: it is quoted.
    """
    query, screen = request.query, request.scope.engine.open_screen()
    choice = request.scope.choose_papers(query)
    retrieval, cited, verdict = choice.retrieval, choice.cited, choice.verdict
    if not verdict.sufficient and query.want == "overview" and query.topic and query.where:
        # "what's new since 2025 on pose estimation": the year is in no text, yet can be counted.
        list_query = Query("papers", where=query.where, about=query.about)
        answer = request.scope.compute_answer(replace(request.reading, query=list_query))
        yield Delta(answer.text)
        yield answer
        return
    is_overview = query.want == "overview" and choice.several
    # To screen every paper on a topic would take a twentieth of a second each, of hundreds.
    n_shown = count_shown(query) if is_overview else len(cited)

    def screen_papers() -> tuple[Retrieval, tuple[PaperHit, ...]]:
        """The ranking and the cited papers, those marked that are told."""
        if verdict.sufficient:
            marked = screen.marked(cited[:n_shown], query.text)
            return retrieval, (*marked, *cited[n_shown:])
        nearest = screen.marked(retrieval.papers[:NEAREST], query.text)
        papers = (*nearest, *retrieval.papers[NEAREST:])
        return replace(retrieval, papers=papers), cited

    def quote(retrieval: Retrieval, cited: Sequence[PaperHit]) -> Answer:
        answer = extractive.answer_by_quotes(
            query,
            retrieval,
            cited,
            verdict,
            several=choice.several,
            parts=choice.parts,
            without=choice.without,
            close=choice.close,
        )
        notes = [note for note in request.reading.notes if note not in answer.text]
        return replace(answer, text=phrases.put_notes_first(notes, answer.text))

    def quote_looked_at(look: FirstLook) -> Answer:
        """The answer; of papers that were not screened before those of which a look at its quotes leaves a doubt are."""
        hits = list(cited[:n_shown] if verdict.sufficient else retrieval.papers[:NEAREST])
        if screen.recall(hits, query.text) is not None:
            return quote(*screen_papers())
        rest = cited[n_shown:] if verdict.sufficient else retrieval.papers[NEAREST:]
        waiting = set(range(len(hits)))
        while True:
            papers = (*hits, *rest)
            answer = (
                quote(retrieval, papers)
                if verdict.sufficient
                else quote(replace(retrieval, papers=papers), cited)
            )
            doubtful = look.find_doubtful([hits[at] for at in sorted(waiting)], answer.citations)
            doubtful_places = [at for at in sorted(waiting) if hits[at].paper.paper_id in doubtful]
            if not doubtful_places:
                return answer
            marked = screen.marked([hits[at] for at in doubtful_places], query.text)
            for at, hit in zip(doubtful_places, marked, strict=True):
                hits[at] = hit
            waiting -= set(doubtful_places)

    yield Step("checking quotes")
    if writer is None:
        look = request.scope.engine.open_first_look()
        answer = quote_looked_at(look) if look else quote(*screen_papers())
        yield Delta(answer.text)
        yield answer
        return
    ranking, marked = screen_papers()
    yield from writer.write_from_passages(
        request,
        ranking,
        compares=len(cited) > 1 and query.want == "comparison",
        on_topic={hit.paper.paper_id for hit in cited} if is_overview else set(),
        abstain=lambda: extractive.build_abstention(query, ranking, verdict, marked),
        fallback=lambda: quote(ranking, marked),
    )
