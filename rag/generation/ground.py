"""The texts of the papers that a reply may rest on, indexed for checks of its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rag.answers.confusables import convert_each
from rag.answers.prompt_injection import has_instruction, remove_instructions
from rag.generation.numbers import Figure, extract_figures, normalize_figures
from rag.text import (
    STOP_WORDS,
    extract_terms,
    fold,
    iter_words,
    remove_hidden,
    split_sentences,
    stem,
)
from rag.types import Apart, Paper

_BRITISH = re.compile(
    r"(?P<z>(?<=[^\W\d_]{3})[iy]s)(?=(?:e|ed|es|er|ers|ing|ation|ations)$)|(?P<or>(?<=\w\w)our)(?=(?:s|ed|ing|al|able|ful)?$)"
    r"|(?P<nse>(?<=[eo])nce$)|(?P<ter>tre$)|(?P<l>(?<=[aeiou])ll)(?=(?:ed|er|ers|ing)$)|(?P<og>ogue$)|(?P<a>(?<=rt)e(?=fact))"
)
_NAMED_LIST = re.compile(
    r"(?<![\w+-])(?P<names>(?:[A-Z][\w+-]*(?: [A-Z][\w+-]*)?, ){0,8}[A-Z][\w+-]*(?: [A-Z][\w+-]*)?,? and [A-Z][\w+-]*(?: [A-Z][\w+-]*)?) (?P<noun>[a-z]{3,}s)\b"
)
_LIST_JOINT = re.compile(r", and |, | and ")
_IN_BRACKETS = re.compile(r"\(\s*([A-Z][A-Za-z\d]{0,2}[A-Z\d][A-Za-z\d]{0,5})\s*\)")
_ACRONYM = re.compile(r"[A-Z][A-Za-z]{0,2}[A-Z\d][A-Za-z\d]{0,5}")


@dataclass(frozen=True, slots=True)
class _Index:
    """The text of one paper, and what checks look up in it."""

    text: str
    terms: frozenset[str]
    folded: tuple[str, ...]
    words: frozenset[str]
    quotable: str


class Ground:
    """The texts of some papers.

    Args:
        papers: Each once.
        apart: Sentences that support nothing, by paper id.
    """

    def __init__(self, papers: Iterable[Paper], apart: Mapping[str, Apart] = {}) -> None:
        self._papers = list(papers)
        self._apart = apart
        self.n_papers = len(self._papers)
        self.people = frozenset(
            a.name
            for p in self._papers
            for a in p.authorships
            if a.name not in apart.get(p.paper_id, Apart()).names
        )
        indexes = [_index_paper(p, apart.get(p.paper_id, Apart())) for p in self._papers]
        self.text = "\n".join(index.text for index in indexes)
        self.terms = frozenset[str]().union(*(index.terms for index in indexes))
        self.words = frozenset[str]().union(*(index.words for index in indexes))
        self._folded = [word for index in indexes for word in index.folded]
        self._quotable = " ".join(index.quotable for index in indexes)

    @cached_property
    def each(self) -> Sequence[Ground]:
        """The ground of each paper alone."""
        if self.n_papers == 1:
            return (self,)
        return [Ground((paper,), self._apart) for paper in self._papers]

    @cached_property
    def figures(self) -> list[Figure]:
        return extract_figures(self.text)

    @cached_property
    def sentences(self) -> list[list[str]]:
        """The folded words of each sentence."""
        return [
            [fold(word) for word, _ in iter_words(self.text[start:end])]
            for start, end in split_sentences(self.text)
        ]

    @cached_property
    def lines(self) -> list[str]:
        """Each sentence as it stands."""
        return [self.text[start:end] for start, end in split_sentences(self.text)]

    @cached_property
    def rows(self) -> list[list[Figure]]:
        """The figures of each sentence that has some."""
        spans = split_sentences(self.text)
        rows = [[f for f in self.figures if start <= f.at < end] for start, end in spans]
        return [row for row in rows if row]

    def find_sentence(self, at: int) -> list[str]:
        """The folded words of the sentence at a place; none if there is no sentence."""
        spans = split_sentences(self.text)
        return next((s for s, (a, b) in zip(self.sentences, spans, strict=True) if a <= at < b), [])

    @cached_property
    def listed(self) -> dict[str, set[int]]:
        """How many names stand before a noun in lists: ``{"benchmark": {3}}`` of *on A, B and C benchmarks*."""
        counts: dict[str, set[int]] = {}
        for match in _NAMED_LIST.finditer(self.text):
            n_names = len(_LIST_JOINT.split(match["names"]))
            counts.setdefault(stem(fold(match["noun"])), set()).add(n_names)
        return counts

    @cached_property
    def dates(self) -> set[tuple[int, int]]:
        """Month and day of the papers, which are no numbers that they state."""
        return {(p.month, p.day) for p in self._papers if p.month and p.day}

    @cached_property
    def years(self) -> set[str]:
        return {str(paper.year) for paper in self._papers if paper.year}

    @property
    def year(self) -> int | None:
        """Of the first of the papers."""
        return self._papers[0].year if self._papers else None

    def count_months_between(self) -> set[int]:
        """Months from one of the papers to another, as far as they are dated."""
        dated = [p.year * 12 + (p.month or 1) for p in self._papers if p.year]
        return {abs(a - b) for a in dated for b in dated} - {0}

    @cached_property
    def months(self) -> set[int]:
        return {paper.month for paper in self._papers if paper.month}

    def has_word(self, word: str) -> bool:
        return (
            fold(word) in self.words
            or not set(extract_terms(word, keep_stop_words=True)) - self.terms
        )

    def has_name(self, name: str) -> bool:
        """Whether a name is there, or words that it abbreviates: *SSMs* for *state space models*."""
        single = name.removesuffix("s")
        known = self.has_word(name) or self.has_word(f"{name}s")
        known = known or (single.isupper() and self.has_word(single))
        return known or self._has_words_of(single)

    def _has_words_of(self, acronym: str) -> bool:
        if not _ACRONYM.fullmatch(acronym):
            return False
        letters = fold(acronym)
        words = [word for word in self._folded if word not in STOP_WORDS]
        return any(_abbreviates(letters, words[at : at + len(letters)]) for at in range(len(words)))

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {americanise(word): word for word in self._folded}

    def respell(self, text: str) -> str:
        """The text with words that the papers spell in the other English as they do: *derandomised*."""
        parts, at = [], 0
        for word, (start, end) in iter_words(text):
            folded = fold(word)
            if len(word) > 4 and word.islower() and folded not in self.words:
                parts += [text[at:start], self._spellings.get(americanise(folded), word)]
                at = end
        return "".join((*parts, text[at:]))

    def has_quote(self, quoted: str) -> bool:
        """Whether these very words stand there; white space, case and quote marks aside."""
        wanted = _normalize_for_quoting(normalize_figures(quoted))
        return wanted.strip(" .,;:!?…") in self._quotable

    def find_print(self, quoted: str) -> str:
        """The words as a paper prints them, such as ``深層学習（DL）``, for words in plain signs; unchanged if no paper has
        them.
        """
        at = self._plain.find(quoted)
        return self.text[at : at + len(quoted)] if at >= 0 else quoted

    @cached_property
    def _plain(self) -> str:
        return convert_each(self.text)

    def compute_share(self, claim_terms: Sequence[str]) -> float:
        """Share of the terms that occur there; 1.0 for none."""
        distinct = set(claim_terms)
        return len(distinct & self.terms) / len(distinct) if distinct else 1.0


@lru_cache(maxsize=100_000)
def americanise(word: str) -> str:
    """A folded word in American spelling: *defense* for *defence*, *labeling* for *labelling*."""
    return _BRITISH.sub(lambda m: m["z"][0] + "z" if m["z"] else str(m.lastgroup), word)


def find_initials(sentence: str) -> set[str]:
    """The initials in brackets behind the words that they stand for: names that a paper introduces."""
    initials: set[str] = set()
    for match in _IN_BRACKETS.finditer(sentence):
        letters = fold(match[1].removesuffix("s"))
        words = [fold(word) for word, _ in iter_words(sentence[: match.start()])]
        heads = (words[-n:] for n in range(2, len(letters) + 3))
        initials |= {match[1]} if any(_abbreviates(letters, head) for head in heads) else set()
    return initials


def _abbreviates(letters: str, words: Sequence[str]) -> bool:
    """Whether letters stand for two or more words: the first of each, and others in their order."""
    reachable = {0}
    for n_words, word in enumerate(words, 1):
        reachable = {end for at in reachable for end in _take_letters(letters, at, word)}
        if len(letters) in reachable and n_words > 1:
            return True
    return False


def _take_letters(letters: str, at: int, word: str) -> set[int]:
    if at >= len(letters) or not word.startswith(letters[at]):
        return set()
    ends, place = {at + 1}, 1
    for end in range(at + 1, min(at + 3, len(letters))):
        place = word.find(letters[end], place) + 1
        if not place:
            break
        ends.add(end + 1)
    return ends


@lru_cache(maxsize=512)
def _index_paper(paper: Paper, apart: Apart) -> _Index:
    text = normalize_figures(_build_ground_text(paper, apart))
    folded = tuple(fold(word) for word, _ in iter_words(text))
    return _Index(
        text=text,
        terms=frozenset(extract_terms(text, keep_stop_words=True)),
        folded=folded,
        words=frozenset((*folded, *map("".join, zip(folded, folded[1:], strict=False)))),
        quotable=_normalize_for_quoting(text),
    )


def _build_ground_text(paper: Paper, apart: Apart) -> str:
    """Everything a claim about a paper may rest on: its text and its printed particulars.

    Planted instructions are no part of it, nor are the links of a paper that has any; month and day
    of posting are none either, as "11 benchmarks" is not stated by a paper of November.
    """
    text = remove_instructions(paper.text, apart.spans)
    links = paper.links if text == paper.text else ()
    facts = [paper.title, paper.label, paper.venue, paper.category, paper.doi, paper.url]
    facts += [str(paper.year)] if paper.year is not None else []
    people = [authorship.name for authorship in paper.authorships]
    particulars = [
        fact
        for fact in (*facts, *people, *paper.affiliations)
        if fact and fact not in apart.names and not has_instruction(fact)
    ]
    return "\n\n".join([text, *particulars, *links])


def _normalize_for_quoting(text: str) -> str:
    text = re.sub(r"[\"“”„«»]|''", "", fold(remove_hidden(text)))
    return " ".join(re.sub(r"[’‘`]", "'", text).split())


def list_content(words: Iterable[str]) -> list[str]:
    """Stems of the words that are no stop words."""
    return [stem(word) for word in words if word not in STOP_WORDS]
