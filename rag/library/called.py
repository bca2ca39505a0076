"""Finds papers by what they are called: titles, short forms, coined words, citations, addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select, union

from rag.library.conditions import IN_PLACE
from rag.library.name_forms import get_name_key
from rag.library.naming import NAMED, is_headed, is_made_up
from rag.library.scope import ScopedLibrary
from rag.library.sources import LAST
from rag.library.tables import (
    AUTHORSHIPS,
    LINKS,
    NAME_PARTS,
    PAPER_NAMES,
    PAPER_WORDS,
    PAPERS,
    encode_list,
    has_part,
    is_listed,
)
from rag.text import fold
from rag.types import Paper

_RARE = 2
_A_FEW = 50


def _has_stem(term: str) -> ColumnElement[bool]:
    """SQL test whether the paper of a row of ``paper_words`` has another stem."""
    other = PAPER_WORDS.alias()
    return (
        exists()
        .where(
            other.c.word == term, other.c.kind == "stem", other.c.paper_id == PAPER_WORDS.c.paper_id
        )
        .correlate(PAPER_WORDS)
    )


class CalledPapers(ScopedLibrary):
    """What the papers of a library are called."""

    def list_names_beginning(self, starts: Collection[str]) -> list[tuple[str, str]]:
        """Titles and short forms by which papers are looked for, with the papers' ids."""
        if not starts:
            return []
        names = self.recall(("list_names_beginning",), self._build_beginning)
        return [(row[0], row[1]) for row in self.library.fetch(names, ids=encode_list(starts))]

    def _build_beginning(self) -> Select[Any]:
        return select(PAPER_NAMES.c.name, PAPER_NAMES.c.paper_id).where(
            is_listed(PAPER_NAMES.c.start), self._is_in_scope(PAPER_NAMES)
        )

    def list_entitled(self, folded: str, limit: int = 2) -> list[str]:
        """Ids of the papers, so many at most, whose title or short form this is."""
        entitled = select(PAPER_NAMES.c.paper_id).where(
            PAPER_NAMES.c.folded == folded, self._is_in_scope(PAPER_NAMES)
        )
        return [row[0] for row in self.library.fetch(entitled.distinct().limit(limit))]

    def find_entitled(self, words: Collection[str]) -> dict[str, str]:
        """Ids of papers by those of some folded words that are the title or short form of one alone."""
        if not words:
            return {}
        entitled = self.recall(("find_entitled",), self._build_entitled)
        return {row[0]: row[1] for row in self.library.fetch(entitled, ids=encode_list(words))}

    def _build_entitled(self) -> Select[Any]:
        return (
            select(PAPER_NAMES.c.folded, func.min(PAPER_NAMES.c.paper_id))
            .where(is_listed(PAPER_NAMES.c.folded), self._is_in_scope(PAPER_NAMES))
            .group_by(PAPER_NAMES.c.folded)
            .having(func.count(PAPER_NAMES.c.paper_id.distinct()) == 1)
        )

    def find_papers_bearing(self, word: str, limit: int) -> tuple[str, ...]:
        """Ids of papers with a folded coined word (DuetFace, M3D), titles before texts."""
        return self.recall(("bearing", word, limit), lambda: self._find_bearing(word, limit))

    def _find_bearing(self, word: str, limit: int) -> tuple[str, ...]:
        in_title = func.max(case((PAPER_WORDS.c.kind == "title", 1), else_=0))
        n = func.sum(case((PAPER_WORDS.c.kind == "text", PAPER_WORDS.c.n), else_=0))
        bearing = (
            select(PAPER_WORDS.c.paper_id)
            .join(PAPERS, PAPERS.c.paper_id == PAPER_WORDS.c.paper_id)
            .where(
                PAPER_WORDS.c.word == word, PAPER_WORDS.c.kind.in_(("title", "text")), self._test()
            )
            .group_by(PAPER_WORDS.c.paper_id, *IN_PLACE[:2])
            .order_by(in_title.desc(), case((in_title == 1, 0), else_=n).desc(), *IN_PLACE[:2])
        )
        return tuple(row[0] for row in self.library.fetch(bearing.limit(limit)))

    def list_with_bare(self, words: Collection[str]) -> dict[str, list[str]]:
        """Ids of papers by those of some words that are the letters and digits of a coined word with marks."""
        bare = select(PAPER_WORDS.c.word, PAPER_WORDS.c.paper_id).where(
            is_listed(PAPER_WORDS.c.word, words),
            PAPER_WORDS.c.kind == "bare",
            self._is_in_scope(PAPER_WORDS),
        )
        ids: dict[str, list[str]] = {}
        for word, paper_id in (
            self.library.fetch(bare.order_by(PAPER_WORDS.c.paper_id)) if words else ()
        ):
            ids.setdefault(word, []).append(paper_id)
        return ids

    def list_headed(self, word: str) -> Sequence[tuple[str, str]]:
        """Ids and titles of the papers whose titles begin with a coined word."""
        return self.recall(("headed", word), lambda: self._list_headed(word))

    def _list_headed(self, word: str) -> Sequence[tuple[str, str]]:
        folded = fold(word)
        # Not joined: by the word alone a database reads the rows of all papers that have it.
        has_word = exists().where(
            PAPER_WORDS.c.paper_id == PAPERS.c.paper_id,
            PAPER_WORDS.c.word == folded,
            PAPER_WORDS.c.kind.in_(("title", "text")),
        )
        begun = (
            select(PAPERS.c.paper_id, PAPERS.c.title)
            .where(
                PAPERS.c.folded_title >= folded,
                PAPERS.c.folded_title < folded + LAST,
                has_word,
                self._test(),
            )
            .order_by(*IN_PLACE)
        )
        rows = self.library.fetch(begun)
        return [(row[0], row[1]) for row in rows if is_headed(word, row[1])]

    def iter_papers_with(self, words: Collection[str]) -> Iterator[Paper]:
        """Papers with any of some folded coined words, a few at a time."""
        with_words = select(PAPER_WORDS.c.paper_id).where(
            is_listed(PAPER_WORDS.c.word, words),
            PAPER_WORDS.c.kind.in_(("title", "text")),
            self._is_in_scope(PAPER_WORDS),
        )
        ids = [row[0] for row in self.library.fetch(with_words.distinct())] if words else []
        for start in range(0, len(ids), _A_FEW):
            yield from self.library.list_papers(ids[start : start + _A_FEW])

    def find_papers_called(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """Papers named by a coined word in a text: (word, paper ids), in the text's order.

        A word calls the papers whose titles begin with it, or else the one or two that have it; what
        stands in more (UAV, GAN) is a common term.
        """
        papers_by_word = []
        words = list(dict.fromkeys(filter(is_made_up, NAMED.findall(text))))
        self.vocabulary.coined.load(map(fold, words))
        for word in words:
            if fold(word) not in self.vocabulary.coined:
                continue
            headed = tuple(paper_id for paper_id, _ in self.list_headed(word))
            # Of all papers, the vocabulary knows how many have the word.
            is_common = not self.scope and self.vocabulary.coined.get(fold(word)) > _RARE
            if not headed and is_common:
                continue
            paper_ids = headed or self.find_papers_bearing(fold(word), _RARE + 1)
            if headed or 0 < len(paper_ids) <= _RARE:
                papers_by_word.append((word, paper_ids))
        return papers_by_word

    def find_cited(self, surname: str, year: int) -> list[Paper]:
        """Papers of a year whose first printed author has a part of the name that is folded so."""
        names = select(NAME_PARTS.c.name).where(NAME_PARTS.c.part == get_name_key(surname))
        firsts = select(AUTHORSHIPS.c.paper_id).where(
            AUTHORSHIPS.c.name.in_(names), AUTHORSHIPS.c.role == "first"
        )
        cited = self._chosen().where(PAPERS.c.year == year, PAPERS.c.paper_id.in_(firsts))
        return self.library.list_papers(
            [row[0] for row in self.library.fetch(cited.order_by(*IN_PLACE))]
        )

    def find_with_address(self, part: str) -> list[Paper]:
        """Papers whose address, DOI or links contain a folded text."""
        addresses = [PAPERS.c.url, PAPERS.c.folded_doi]
        ids = [
            select(PAPERS.c.paper_id).where(has_part(func.lower(column), literal(part)))
            for column in addresses
        ]
        linked = select(LINKS.c.paper_id).where(has_part(LINKS.c.folded, literal(part)))
        cited = self._chosen().where(PAPERS.c.paper_id.in_(union(*ids, linked)))
        return self.library.list_papers(
            [row[0] for row in self.library.fetch(cited.order_by(*IN_PLACE))]
        )

    def find_numbered(self, kind: Literal["arxiv", "pmid"], number: str) -> list[Paper]:
        """Papers with a number that arXiv or PubMed gave them."""
        numbered = self._chosen().where(PAPERS.c[kind] == number)
        return self.library.list_papers(
            [row[0] for row in self.library.fetch(numbered.order_by(*IN_PLACE))]
        )

    def find_described(self, terms: Collection[str]) -> list[str]:
        """Ids of the papers, two at most, whose titles or labels have all of some index terms.

        Those with the rarest term are looked up, one by one, for the others.
        """
        known = self.vocabulary.terms
        known.load(terms)
        rarest, *others = sorted(terms, key=lambda term: (known.get(term), term))
        described = select(PAPER_WORDS.c.paper_id).where(
            PAPER_WORDS.c.word == rarest,
            PAPER_WORDS.c.kind == "stem",
            *(_has_stem(term) for term in others),
            self._is_in_scope(PAPER_WORDS),
        )
        return [row[0] for row in self.library.fetch(described.limit(2))]

    def find_entitled_alone(self, terms: Collection[str]) -> dict[str, str]:
        """Id of the one paper whose title or label has an index term, for each term that has only one."""
        alone = (
            select(PAPER_WORDS.c.word, func.min(PAPER_WORDS.c.paper_id))
            .where(
                is_listed(PAPER_WORDS.c.word, terms),
                PAPER_WORDS.c.kind == "stem",
                self._is_in_scope(PAPER_WORDS),
            )
            .group_by(PAPER_WORDS.c.word)
            .having(func.count() == 1)
        )
        return {term: paper_id for term, paper_id in self.library.fetch(alone)}
