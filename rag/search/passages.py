"""Of a long paper, the passages that fit a question best.

What ranks sentences (`rag.answers.sentence_ranker`) has learned from abstracts, where the eight or ten sentences of
one text are weighed against each other. A body has hundreds, and some of them share more words with a question than
the one that answers it, in a passage about something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Sentence

N_SENTENCES = 8
"""Sentences from which on no further passage is read: about as many as an abstract has."""


def keep_best(sentences: Sequence[Sentence], n: int = N_SENTENCES) -> list[Sentence]:
    """The sentences of the best passages, in their order: whole passages, until there are ``n``.

    Of a paper that is one chunk these are all.
    """
    sizes: dict[float, int] = {}
    for sentence in sentences:
        sizes[sentence.passage] = sizes.get(sentence.passage, 0) + 1
    least, n_kept = 0.0, 0
    for passage in sorted(sizes, reverse=True):
        if n_kept >= n:
            break
        least, n_kept = passage, n_kept + sizes[passage]
    return [sentence for sentence in sentences if sentence.passage >= least]
