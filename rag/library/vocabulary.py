"""The words of a library, looked up in the tables that an ingest fills; see `rag.library.paper_words`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import and_, bindparam, func, literal, or_, select

from rag.library.lookups import Lookup
from rag.library.paper_words import VocabularyKind
from rag.library.reader import Reader
from rag.library.search_forms import build_searched
from rag.library.sources import LAST
from rag.library.tables import AFFILIATIONS, PAPERS, VOCABULARY, encode_list, has_part, is_listed
from rag.library.word_index import may_have
from rag.text import iter_words

_COUNTS = select(VOCABULARY.c.word, VOCABULARY.c.n_papers).where(
    VOCABULARY.c.kind == bindparam("kind"), is_listed(VOCABULARY.c.word)
)


MOST_READ = 2_000
"""Texts that are looked through for one phrase: with 100,000 papers two frequent words stand in 50,000, which took .6 s."""


class Vocabulary:
    """Which words the papers have, and how many papers have each.

    Attributes:
        any: Papers by a word in lower case, however they write it.
        lower: Papers by a word that they write in lower case.
        terms: Papers by an index term.
        places: Papers by a word of their affiliations, folded.
        coined: Papers by a folded word of their titles, or a coined one of their texts.
    """

    def __init__(self, library: Reader) -> None:
        self._library = library
        self.any, self.lower, self.terms, self.places, self.coined = (
            Lookup(partial(self._count, kind), 0)
            for kind in ("any", "lower", "term", "place", "coined")
        )

    def _count(self, kind: VocabularyKind, words: Collection[str]) -> Mapping[str, int]:
        rows = self._library.fetch(_COUNTS, kind=kind, ids=encode_list(words))
        return {row[0]: row[1] for row in rows}

    def load(self, text: str) -> None:
        """Look up the words of a question, all at once."""
        words = {word.lower() for word, _ in iter_words(text)}
        self.any.load(words)
        self.lower.load(words)

    def list_beginning(self, kind: VocabularyKind, *beginnings: str) -> list[str]:
        """The words of a kind with one of some beginnings, in order of the alphabet."""
        word = VOCABULARY.c.word
        begun = (and_(word >= begin, word < begin + LAST) for begin in beginnings)
        words = select(word).where(VOCABULARY.c.kind == kind, or_(*begun)).order_by(word)
        return [row[0] for row in self._library.fetch(words)]

    def list_containing(self, kind: VocabularyKind, part: str) -> list[str]:
        """The words of a kind that have a part."""
        words = select(VOCABULARY.c.word).where(
            VOCABULARY.c.kind == kind, has_part(VOCABULARY.c.word, literal(part))
        )
        return [row[0] for row in self._library.fetch(words)]

    def has_phrase(self, phrase: str) -> bool:
        """Whether the title and text of some paper have a folded phrase, from the beginning of a word on.

        Of papers with its words `MOST_READ` are looked at: what none of so many writes side by side is no phrase.
        """
        sought = build_searched(phrase)
        may_be = may_have([(sought,)], MOST_READ)
        has_words = may_be, has_part(PAPERS.c.searched_text, literal(sought))
        papers = select(PAPERS.c.paper_id).where(*has_words).limit(1)
        return bool(self._library.fetch(papers))

    def has_place(self, phrase: str) -> bool:
        """Whether some affiliation contains a folded phrase."""
        statement = select(func.count()).where(has_part(AFFILIATIONS.c.folded, literal(phrase)))
        return bool(self._library.fetch(statement)[0][0])
