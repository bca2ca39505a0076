"""Answers to questions that one look-up cannot answer: a model plans several.

Imported when a plan is first needed; `rag.app.look_ups` decides by words when that is.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from rag.answers import extractive
from rag.app.bounding import bound_query
from rag.app.look_ups import list_focus
from rag.app.model_writer import ModelWriter
from rag.app.request import Scope, TurnRequest
from rag.generation.generative import NO_ANSWER, Speaker
from rag.generation.look_ups import LookUp, PlanLimits, Planner, answer_by_look_ups
from rag.types import Answer, Event, PaperHit, Query, Reading, Retrieval, Sufficiency

LOOK_UP_PAPERS = 10
"""Papers of one look-up that may become evidence."""


def answer_by_plan(request: TurnRequest, writer: ModelWriter) -> Generator[Event, None, str]:
    """The events of an answer that a model plans.

    Args:
        request: Which `rag.app.look_ups.is_planned` is true of.
        writer: Plans, and words what is not computed.

    Returns:
        Why there is no such answer, for the reader; empty if there is one.
    """
    speaker, prompts = writer.build_speaker(), writer.load_prompts()
    n_tokens = _count_plan_tokens(writer)
    if n_tokens <= 0:
        return "the conversation's budget leaves no tokens for several look-ups"
    reading, question = request.reading, request.question

    def execute(query: Query) -> LookUp:
        is_narrowed = query.route == "content" and query.where
        scope = request.narrow_scope(query.where) if is_narrowed else request.scope
        return look_up(bound_query(query)[0], scope)

    focus_query = replace(reading.query, text=reading.query.text or question)

    def quote(retrieval: Retrieval) -> Answer:
        return extractive.answer_by_quotes(
            focus_query, retrieval, retrieval.papers[:3], Sufficiency(True, 1.0), several=True
        )

    focus = _find_focus(request, focus_query, speaker)
    return (
        yield from answer_by_look_ups(
            Planner(question, request.thread, focus, writer.voice, prompts.plan, execute),
            replace(reading, second=""),
            speaker,
            prompts,
            PlanLimits(n_tokens, writer.settings.reply_timeout_s),
            abstain=lambda: Answer("", "abstained", "content", NO_ANSWER, outcome="nothing"),
            fallback=quote,
        )
    )


def look_up(query: Query, scope: Scope) -> LookUp:
    """What one planned query finds: papers to be read, or a computed answer; none of no papers."""
    if not scope.library.n_papers:
        return LookUp(query, ())
    if not scope.is_searched_for(query):
        answer = scope.compute_answer(Reading(query, by="model"))
        return LookUp(query, tuple(scope.list_hits(answer)), answer)
    screen, choice = scope.engine.open_screen(), scope.choose_papers(query)
    cited = {hit.paper.paper_id for hit in choice.cited}
    rest = [hit for hit in choice.retrieval.papers if hit.paper.paper_id not in cited]
    hits = [*choice.cited, *rest][:LOOK_UP_PAPERS]
    return LookUp(query, screen.marked(hits, query.text))


def _count_plan_tokens(writer: ModelWriter) -> int:
    """What the plan may use of the conversation's budget; what the answer needs is left to it."""
    n_tokens, tokens_left = writer.settings.plan_tokens, writer.voice.tokens_left
    if tokens_left is None:
        return n_tokens
    return min(n_tokens, tokens_left - writer.settings.evidence_tokens)


def _find_focus(request: TurnRequest, query: Query, speaker: Speaker) -> tuple[PaperHit, ...]:
    """The papers that a question points at, best first."""
    engine = request.scope.engine
    ids = list_focus(request.question, request.query, request.thread, engine.library.view)
    if not ids:
        return ()
    hits = engine.open_retriever().retrieve(query.text, len(ids), within=ids).papers
    return speaker.screen.marked(hits, request.question) if speaker.screen else hits
