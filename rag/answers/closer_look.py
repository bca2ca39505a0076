"""Embeds by themselves the likeliest sentences of the one paper that answers, if it has a body."""

from __future__ import annotations

from dataclasses import replace

from rag.answers.body_ranker import embed_likeliest
from rag.answers.by_itself import SentenceEncoder
from rag.answers.evidence_selection import Choice
from rag.answers.quoting import is_asking_for_paper
from rag.answers.sentence_forms import Request
from rag.library.chunking import has_body
from rag.types.query import Query


def look_closer(query: Query, choice: Choice, encoder: SentenceEncoder) -> Choice:
    """A choice of papers, the likeliest sentences of its first paper with the signals of `rag.answers.by_itself`.

    As it is where several papers are told, the first has no body, or none suffices.
    """
    if not choice.verdict.sufficient or choice.several or not has_body(choice.cited[0].paper):
        return choice
    first, *rest = choice.cited
    request = Request.read_question(query.text, query.asks_for)
    is_of_paper = is_asking_for_paper(query.text)
    closer = embed_likeliest(query.text, first, request, encoder, paper=is_of_paper)
    return replace(choice, cited=(closer, *rest))
