"""Selects the evidence that a chat model is shown, within a budget of tokens.

The first papers are shown whole, the next ones by their best sentence each, then these are filled up
in order, then lower-ranked papers follow. No sentence is cut; a paper is one passage with one key.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rag.answers.prompt_injection import merged
from rag.text import split_sentences
from rag.types import Apart, Evidence, Paper, PaperHit, Retrieval, Sentence, Span

WHOLE_PAPERS = 2
WHOLE_SENTENCES = 8
"""Sentences of a top paper shown before any of the others: of 191 facts in the question sets, all are in the best eight
sentences of one paper, 189 in the best seven."""
FIRST_PAPERS = 20
"""Papers of which the best sentence is shown before any but the first are filled up: of known items
103 of 109 are among 20, 97 among 8."""
FEWEST_WORDS = 5
"""A shorter sentence, such as "Code is available.", is shown only beside its neighbour."""
PASSAGE_TOKENS = 32
"""Tokens reserved for the title, the authors and the marks of a passage."""


LETTERS_PER_TOKEN = 4.2
"""Prompts of 37 questions have 4.28 letters for each of the 30,522 word pieces of the embedded model,
the smallest vocabulary in use; those of chat models are larger, so theirs are fewer."""
SENTENCE_TOKENS = 16
"""The same of a passage that is one sentence, which is shown without its authors."""


def count_tokens(text: str) -> int:
    """An estimate: so many letters a token as prompts have in word pieces, or one sign of other scripts."""
    n_ascii = len(text.encode("ascii", "ignore"))
    return math.ceil(n_ascii / LETTERS_PER_TOKEN) + len(text) - n_ascii


def choose_evidence(retrieval: Retrieval, budget_tokens: int) -> tuple[Evidence, ...]:
    """Passages for one question: best paper first, in text order within a paper, keys from ``E1``.

    Args:
        retrieval: Papers with their sentences.
        budget_tokens: Estimated tokens of all passages with their particulars. Where not even one
            sentence fits, the best paper's best sentence is cut to the budget.
    """
    chosen: dict[str, list[Span]] = {}
    n_tokens_left = budget_tokens
    for hit, span in _iter_sentences(retrieval.papers):
        spans = chosen.get(hit.paper.paper_id)
        cost = count_tokens(hit.paper.text[span[0] : span[1]])
        if spans is None:
            cost += SENTENCE_TOKENS + count_tokens(hit.paper.name)
        else:
            cost += 1 + (PASSAGE_TOKENS - SENTENCE_TOKENS if len(spans) == 1 else 0)
        if cost <= n_tokens_left:
            chosen.setdefault(hit.paper.paper_id, []).append(span)
            n_tokens_left -= cost
    if not chosen:
        first = next((hit for hit in retrieval.papers if _rank_spans(hit)), None)
        return _split_evidence(first, budget_tokens) if first else ()
    hits = [hit for hit in retrieval.papers if hit.paper.paper_id in chosen]
    return tuple(
        Evidence(
            f"E{number}",
            hit.paper,
            tuple(_merge_spans(hit.paper, chosen[hit.paper.paper_id])),
            hit.score,
            hit.apart,
        )
        for number, hit in enumerate(hits, 1)
    )


def is_one_sentence(evidence: Evidence) -> bool:
    """Whether a passage is one sentence of its paper."""
    return len(evidence.spans) == 1 and len(split_sentences(evidence.quote)) == 1


def list_papers(evidence: Iterable[Evidence]) -> list[Paper]:
    """The papers that passages are from, each once, in order."""
    return list({item.paper.paper_id: item.paper for item in evidence}.values())


def apart_of(evidence: Iterable[Evidence]) -> dict[str, Apart]:
    """For each paper id, the parts of the paper kept out of answers (`rag.answers.screening`)."""
    return {item.paper.paper_id: item.apart for item in evidence}


def _iter_sentences(hits: Sequence[PaperHit]) -> Iterator[tuple[PaperHit, Span]]:
    """Sentences in the order in which they are taken."""
    ranked = [(hit, _rank_spans(hit)) for hit in hits]
    some = ranked[:FIRST_PAPERS]
    for hit, spans in some[:WHOLE_PAPERS]:
        yield from ((hit, span) for span in spans[:WHOLE_SENTENCES])
    for hit, spans in some[WHOLE_PAPERS:]:
        yield from ((hit, span) for span in spans[:1])
    for at, (hit, spans) in enumerate(some):
        yield from ((hit, span) for span in spans[WHOLE_SENTENCES if at < WHOLE_PAPERS else 1 :])
    for hit, spans in ranked[FIRST_PAPERS:]:
        yield from ((hit, span) for span in spans)


def _rank_spans(hit: PaperHit) -> list[Span]:
    """Spans of a paper's sentences, without those that give orders to a model.

    A paper without text is shown by its title, span (0, 0).
    """
    if not hit.paper.text.strip():
        return [(0, 0)]
    scored = hit.sentences or [Sentence(span, 0.0) for span in split_sentences(hit.paper.text)]
    apart = replace(hit.apart, spans=tuple(merged(hit.paper.text, hit.apart.spans)))
    best = sorted(scored, key=lambda s: (_is_fragment(hit.paper.text, s.span), -s.score, s.span))
    return [span for s in best for span in apart.rest(hit.paper.text, s.span)]


def _is_fragment(text: str, span: Span) -> bool:
    return len(text[slice(*span)].split()) < FEWEST_WORDS


def _merge_spans(paper: Paper, spans: Iterable[Span]) -> list[Span]:
    """Spans in text order, those with only white space between them as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and not paper.text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _split_evidence(hit: PaperHit, budget_tokens: int) -> tuple[Evidence, ...]:
    start, end = _rank_spans(hit)[0]
    while end > start and count_tokens(hit.paper.text[start:end]) > budget_tokens:
        end = start + (end - start) * 2 // 3
    return (Evidence("E1", hit.paper, ((start, end),), hit.score, hit.apart),)
