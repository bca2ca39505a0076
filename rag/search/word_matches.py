"""How papers meet the words of a question: as typed, by another form, or by a token that comes near."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.search import families, thesaurus
from rag.search.acronyms import (
    extract_acronyms,
    find_expansions,
    has_long_form,
    is_measure,
    is_part,
)
from rag.search.expected_words import average_spans, estimate_expected
from rag.search.query import FRAME_WORDS, AnalysedQuery, spans_in
from rag.text import extract_terms, fold, iter_words, split_terms
from rag.text.analysis import is_without_spaces
from rag.types import Paper, Span, WordMatch
from rag.types.ports import Lexical, TermCounts

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _AskedWord:
    """A word of a question, and what of a paper stands for it.

    Attributes:
        idf: What it weighs in this library; 0 for stop words and words of asking.
        expected: How surely a paper that answers has it, 0 to 1.
        forms: Index terms, all of one form: as typed, and of the research term that replaces it.
        relatives: Stems of its family; none of a name in capitals, which has no family, but for places: a
            paper on Swedish gamblers is on Sweden.
    """

    word: str
    span: Span
    idf: float
    expected: float
    forms: tuple[tuple[str, ...], ...]
    relatives: frozenset[str]


class WordMatcher:
    """Matches papers with the words of one question. What hangs on the question alone is found once.

    Args:
        query: The question.
        index: Says how rare a word is.
        rewriting: The question in research terms, if any is replaced.
        spans: Of its tokens in its text, in order; none without token vectors.
        vectors: (n_tokens, dim) of length 1; None without token vectors.
    """

    def __init__(
        self,
        query: AnalysedQuery,
        index: Lexical,
        rewriting: thesaurus.Rewriting | None,
        spans: Sequence[Span],
        vectors: Matrix | None,
    ) -> None:
        words = list(iter_words(query.text))
        terms = [() if fold(word) in FRAME_WORDS else extract_terms(word) for word, _ in words]
        all_terms = sorted({term for of_word in terms for term in of_word})
        idf = dict(zip(all_terms, compute_idf(all_terms, index), strict=True))
        expected = estimate_expected(query, words, spans, vectors)
        forms = _list_word_forms(words, rewriting)
        self._words = [
            _AskedWord(
                word,
                span,
                sum(idf[term] for term in of_word),
                p,
                tuple(_list_terms(form, keep_stop_words=True) for form in of_forms),
                families.get_relatives(word)
                if word.islower() or families.is_place(word)
                else frozenset(),
            )
            for (word, span), of_word, p, of_forms in zip(
                words, terms, expected, forms, strict=True
            )
        ]
        self._joined = [
            (at, frozenset(_list_terms(first + second)))
            for at, ((first, _), (second, _)) in enumerate(pairwise(words))
            if first.isalpha() and second.isalpha()
        ]
        self._expansions = find_expansions(query.text)
        self._tokens = [spans_in(spans, span) for _, span in words]

    def compute_nearness(self, best: Matrix | None, n_papers: int) -> list[list[float]]:
        """How near each of some papers comes to each word: the mean over its tokens, 0 without any.

        Args:
            best: (n_tokens, n_papers) greatest cosine of each token; None without token vectors.
            n_papers: As many lists are returned.
        """
        nearness = np.zeros((len(self._words), n_papers), np.float32)
        if best is not None:
            read = [at for at, inside in enumerate(self._tokens) if inside]
            nearness[read] = average_spans(best, [self._tokens[at] for at in read])
        return nearness.T.tolist()

    def match(self, paper: Paper, nearness: Sequence[float]) -> tuple[WordMatch, ...]:
        """How a paper meets each word as typed; a word's research term counts as the word.

        So does the acronym of a phrase, if this paper has it, and a word that the paper joins with its
        neighbour: ``palm print`` is met by ``palmprint``.

        How near it comes to a word is of the question as typed, though another wording found the paper: "do
        husbands of gamblers suffer?" was declined, because every word of it counted as far from everything.
        """
        has = extract_paper_terms(paper)
        acronyms = extract_acronyms(paper)
        short = [span for acronym, span in self._expansions if acronym in acronyms]
        joined = {
            at + side for at, terms in self._joined if not has.isdisjoint(terms) for side in (0, 1)
        }
        return tuple(
            WordMatch(
                asked.word,
                asked.span,
                asked.idf,
                _is_found(asked, paper, has)
                or at in joined
                or any(a <= asked.span[0] and asked.span[1] <= b for a, b in short),
                near,
                asked.expected,
            )
            for at, (asked, near) in enumerate(zip(self._words, nearness, strict=True))
        )


def _is_found(asked: _AskedWord, paper: Paper, has: frozenset[str]) -> bool:
    """Whether a paper has a word in one of its forms; ``has`` are the paper's terms."""
    word = asked.word
    return (
        any(map(has.issuperset, asked.forms))
        or not asked.relatives.isdisjoint(has)
        or is_part(word, paper)
        or has_long_form(word, has)
        or is_measure(word, paper)
        or (is_without_spaces(word) and word in f"{paper.name} {paper.text}")
    )


def compute_idf(stems: Sequence[str], index: TermCounts) -> list[float]:
    """BM25's idf of each term: ln(1 + (N - n + .5) / (n + .5))."""
    n_chunks = index.count()
    body = index.count_documents(stems)
    names = index.count_documents(stems, "names")
    counts = [max(body[term], names[term]) for term in stems]
    return [math.log(1 + (n_chunks - n + 0.5) / (n + 0.5)) for n in counts]


def _list_word_forms(
    words: Sequence[tuple[str, Span]], rewriting: thesaurus.Rewriting | None
) -> list[tuple[str, ...]]:
    """Each word as typed, with the research term that it was replaced by, if there is one."""
    replaced = rewriting.replaced if rewriting else ()
    starts = [start for (start, _), _ in replaced]
    word_forms: list[tuple[str, ...]] = []
    for word, (start, end) in words:
        at = bisect_right(starts, start) - 1
        inside = at >= 0 and end <= replaced[at][0][1]
        word_forms.append((word, replaced[at][1]) if inside else (word,))
    return word_forms


@lru_cache(maxsize=2_000)
def _list_terms(text: str, *, keep_stop_words: bool = False) -> tuple[str, ...]:
    return tuple(extract_terms(text, keep_stop_words=keep_stop_words))


@lru_cache(maxsize=2_000)
def extract_paper_terms(paper: Paper) -> frozenset[str]:
    """Every index term of what is known of a paper: title, text, people, places, dates."""
    known = [paper.name, paper.text, paper.category or "", paper.venue or "", str(paper.year or "")]
    known += [authorship.name for authorship in paper.authorships]
    known += [*paper.affiliations, *paper.links]
    return extract_text_terms(" \n ".join(known))


def extract_text_terms(text: str) -> frozenset[str]:
    """The index terms of a text, those of stop words too."""
    return frozenset(split_terms(text)) | frozenset(extract_terms(text, keep_stop_words=True))
