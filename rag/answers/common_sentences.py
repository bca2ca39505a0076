"""Sentences that papers have word for word in common: they say nothing of any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag.types import PaperHit, Sentence


def drop_common_sentences(
    hits: Sequence[PaperHit], others: Sequence[PaperHit]
) -> tuple[PaperHit, ...]:
    """The hits without those sentences that another paper has too; as they are where nothing else is left.

    "Overview of youth unemployment" told two of three papers by "We use administrative records and a
    difference-in-differences design", as twenty papers of the field say.

    Args:
        hits: Papers to be quoted.
        others: Papers found with them, which may be the same.
    """
    by_id = {hit.paper.paper_id: hit for hit in (*others, *hits)}
    counts = Counter(
        text for hit in by_id.values() for text in {_read(hit, s) for s in hit.sentences}
    )

    def drop(hit: PaperHit) -> PaperHit:
        own = tuple(s for s in hit.sentences if counts[_read(hit, s)] == 1)
        return replace(hit, sentences=own) if own else hit

    return tuple(map(drop, hits))


def _read(hit: PaperHit, sentence: Sentence) -> str:
    return hit.paper.text[slice(*sentence.span)]
