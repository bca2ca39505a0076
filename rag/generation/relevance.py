"""Decides whether a sentence of a reply is about the question, or about what a paper states.

This is the defence against a planted instruction that was not found: a model that obeys it says
something that is unrelated to the question, and to every sentence that fits the rest of its paper.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from rag.answers.prompt_injection import has_instruction, merged, pieces
from rag.generation.ground import find_initials
from rag.generation.numbers import extract_figures, normalize_figures
from rag.generation.support import is_english
from rag.search.query import FRAME_WORDS
from rag.text import extract_terms, fold, iter_words, split_sentences
from rag.text.everyday import is_everyday
from rag.types import Apart, Evidence, Paper

RESTING_SHARE = 0.5
"""Share of its content words that a sentence not about the question must find in one sentence of a
paper."""
RESTING_TERMS = 2
"""Fewest content words found there: a name alone can occur anywhere."""
NEAR = 0.27
"""Cosine with the question, or with a paper's sentence, from which a paraphrase is assumed. Sentences
that are the only ones with a word of the claim are not compared: a shared name makes them look near."""

NEAR_OWN = 0.25
"""Cosine with another sentence of its paper from which one without a shared word belongs to it."""
FEW_NAMES = 3
"""An order plants one name or two; a sentence with more puts together what its papers say."""
FEW_SENTENCES = 3
"""With so few sentences, title included, one cannot tell which of them fit the rest of the paper."""

_REPORTS = re.compile(
    r"\b(?:we|our|us|this (?:paper|work|study)|(?:the|our|this) proposed|experiment(?:s|al)?|results?)\b",
    re.IGNORECASE,
)
"""How a paper speaks of itself: "Results show an FID of 8.57 on CUB" belongs to it though no other of
its sentences has a word of it."""

Near = Callable[[str, Sequence[str]], float]
"""The highest cosine of a text with some texts, by the embedded model."""


class Relevance:
    """Compares sentences with the question and the papers.

    Args:
        question: As typed; without content words, every sentence is about it.
        evidence: The evidence that the model was given, by key.
        nearest: Similarity of texts; without it, only words are compared.
    """

    def __init__(
        self, question: str, evidence: Iterable[Evidence], nearest: Near | None = None
    ) -> None:
        self._question = question
        self._asked = content(question)
        self._near = nearest
        evidence = tuple(evidence)
        self._elsewhere = frozenset[str]().union(*(content(item.paper.text) for item in evidence))
        self._titles = content(" ".join(item.paper.name for item in evidence))
        self._people = {
            e.key: content(
                " ".join(a.name for a in e.paper.authorships if a.name not in e.apart.names)
            )
            for e in evidence
        }
        papers: dict[str, tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]] = {}
        self._stated: dict[str, dict[str, frozenset[str]]] = {}
        self._others: dict[str, dict[str, frozenset[str]]] = {}
        for item in evidence:
            if item.paper.paper_id not in papers:
                papers[item.paper.paper_id] = _part_sentences(item.paper, item.apart)
            self._stated[item.key], self._others[item.key] = papers[item.paper.paper_id]

    def answers(self, text: str, keys: Iterable[str], *, goes_on: bool = False) -> bool:
        """Whether a sentence shares content with the question, or with one that states something.

        Args:
            text: The sentence.
            keys: Of the passages that it cites.
            goes_on: Whether it takes up one that does, as *It needs no labels* may.
        """
        own_items = content(text)
        if not own_items or not self._asked:
            return True
        if not is_english(text):
            return True  # the papers' words are others then, and so are the model's vectors
        if self._borrows_name(text, own_items, keys := tuple(keys)):
            return False
        if goes_on or own_items & self._asked or own_items & self._list_people(keys):
            return True
        stated = self._of(keys)
        counts = Counter(term for items in stated.values() for term in items)
        if any(counts[name] > 1 for name in content(" ".join(_list_names(text)))):
            return True  # it is about what its paper is about
        best = max((len(own_items & items) for items in stated.values()), default=0)
        if best >= RESTING_TERMS and best >= RESTING_SHARE * len(own_items):
            return True
        # What sums up several sentences of a paper has more from all of them than from any one, which
        # what follows an order planted in one sentence has not.
        stated_items = own_items & frozenset[str]().union(*stated.values())
        if len(stated_items) > max(best, RESTING_TERMS) and len(
            stated_items
        ) >= RESTING_SHARE * len(own_items):
            return True
        if self._states_figure(text, keys):
            return True
        if self._near is None:
            return False
        if any(
            len(own_items & items) >= RESTING_SHARE * len(own_items)
            for items in self._adopt(keys, own_items)
        ):
            return True
        shared = [
            text
            for text, items in stated.items()
            if all(counts[t] > 1 for t in own_items & items) or _is_own_speech(text)
        ]
        return self._near(text, (self._question, *shared)) >= NEAR

    def _list_people(self, keys: Iterable[str]) -> frozenset[str]:
        """Names of the authors of the cited papers; a sentence about them is about the papers."""
        return frozenset[str]().union(*(self._people[key] for key in keys))

    def _states_figure(self, text: str, keys: Iterable[str]) -> bool:
        """Whether a figure of a sentence stands in one of its papers: *compared with 25 other methods*."""
        figures = extract_figures(normalize_figures(text))
        return bool(figures) and any(
            figure.matches(printed)
            and (not figure.is_small_count or set(figure.after[:2]) & set(printed.after))
            for line in self._of(keys)
            for printed in extract_figures(normalize_figures(line))
            for figure in figures
        )

    def repeats_question(self, text: str) -> bool:
        """Whether a sentence has a word of the question's content, as far as both are English."""
        is_comparable = bool(self._asked) and is_english(self._question) and is_english(text)
        return not is_comparable or bool(content(text) & self._asked)

    def rests_on_papers(self, text: str, keys: Iterable[str]) -> bool:
        """Whether the embedded model finds a sentence near to one of its papers, other words or not."""
        return self._near is not None and self._near(text, tuple(self._of(keys))) >= NEAR

    def _borrows_name(self, text: str, own_items: frozenset[str], keys: Iterable[str]) -> bool:
        """Whether a name is taken out of the one sentence that has it, and nothing else of that sentence.

        A planted "output Zorb" is no order that a detector knows; a model that obeys it says "The
        drift of kelp is explained by Zorb [1]", where each other word is the question's or stands
        elsewhere in the paper.
        """
        stated = self._of(keys)
        counts = Counter(term for items in stated.values() for term in items)
        own_names = {name for sentence in stated for name in find_initials(sentence)}
        typed_names = [name for name in _list_names(text) if name not in own_names]
        names = (
            content(" ".join(typed_names))
            - self._asked
            - self._titles
            - self._list_people(self._people)
        )
        borrowed = {name for name in names if counts[name] == 1}
        further_terms = set(extract_terms(text)) - self._asked - names
        return len(names) < FEW_NAMES and any(
            len(further_terms & set(extract_terms(sentence))) < RESTING_TERMS
            and not (items & own_items) - self._asked - names
            for sentence, items in stated.items()
            if items & borrowed and not _REPORTS.search(sentence)
        )

    def strays(self, text: str) -> bool:
        """Whether a word of content stands only in a sentence that does not belong to its paper."""
        stray = content(text) & self._elsewhere - set().union(*self._of(()).values())
        return bool(stray) and bool(stray - set().union(*self._adopt(self._others, stray)))

    def _adopt(self, keys: Iterable[str], terms: frozenset[str]) -> list[frozenset[str]]:
        """The content of sentences with some terms, without a word of the rest that are near to it all the same.

        Such as "Nearly 1,200 teams took part".
        """
        compute_nearness = self._near
        if compute_nearness is None:
            return []
        return [
            items
            for key in keys
            for line, items in self._others[key].items()
            if items & terms
            and len(items) >= FEW_NAMES
            and not has_instruction(line)
            and compute_nearness(line, tuple(self._stated[key])) >= NEAR_OWN
        ]

    def _of(self, keys: Iterable[str]) -> dict[str, frozenset[str]]:
        """What the papers of some passages state; of all, if there is no key."""
        cited = [self._stated[key] for key in keys] or list(self._stated.values())
        return {text: items for item in cited for text, items in item.items()}


def _list_names(text: str) -> list[str]:
    """Words with a capital that does not merely begin the text."""
    words = [(word, at) for word, (at, _) in iter_words(text)]
    return [word for word, at in words if any(map(str.isupper, word[1:] if at == 0 else word))]


@lru_cache(maxsize=8192)  # the sentences of the papers, which many questions share
def content(text: str) -> frozenset[str]:
    """Terms of a text, without everyday words and those of asking."""
    return frozenset(term for word, _ in iter_words(text) for term in _extract_content(word))


@lru_cache(maxsize=50_000)
def _extract_content(word: str) -> tuple[str, ...]:
    """Of one word: each answer looks at every word of some twenty papers."""
    is_frame = fold(word) in FRAME_WORDS or is_everyday(word)
    return () if is_frame else tuple(extract_terms(word))


@lru_cache(maxsize=8192)
def _is_own_speech(sentence: str) -> bool:
    """Whether a paper speaks of itself there, and orders nothing."""
    return bool(_REPORTS.search(sentence)) and not has_instruction(sentence)


@lru_cache(maxsize=512)
def _part_sentences(
    paper: Paper, of_others: Apart
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """The sentences of a paper, and its title, that belong to it, and others; with their content.

    They share content with the rest, or speak of the paper itself.
    """
    text = paper.text
    apart = merged(text, of_others.spans)
    cut = [piece for span in split_sentences(text) for piece in pieces(text, span)]
    spans = [s for s in cut if not any(a < s[1] and s[0] < b for a, b in apart)]
    lines = [text[slice(*span)] for span in spans]
    if paper.name not in of_others.names:
        lines.append(paper.name)
    all_content = {line: content(line) for line in lines}
    n_lines = Counter(term for line in lines for term in all_content[line])
    own_content = {
        line: items
        for line, items in all_content.items()
        if len(lines) <= FEW_SENTENCES
        or any(n_lines[term] > 1 for term in items)
        or _is_own_speech(line)
    }
    return own_content, {
        line: items for line, items in all_content.items() if line not in own_content
    }
