"""The library as one question sees it: papers that meet some conditions, their people and words.

Nothing of it is in memory but what was looked up: each method is a statement, or a few.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import (
    Column,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from rag.library.conditions import IN_PLACE, Sorting, build_groups, compile_conditions, order_by
from rag.library.name_forms import get_name_key
from rag.library.naming import NAMED, get_recency_key, is_headed, is_made_up
from rag.library.person_index import NameIndex
from rag.library.sources import LAST, PRINTED, find_source
from rag.library.tables import (
    AFFILIATIONS,
    AUTHORSHIPS,
    DOCUMENTS,
    ENTRIES,
    LINKS,
    NAME_PARTS,
    NAMES,
    PAGES,
    PAPER_NAMES,
    PAPER_WORDS,
    PAPERS,
    PLACES,
    has_part,
    is_listed,
)
from rag.text import fold
from rag.types import Condition, Paper, Place, ProfilePage, ScoredPaper
from rag.types.fields import FIELDS
from rag.types.query import Order

if TYPE_CHECKING:
    from rag.library.catalogue import Library
    from rag.library.vocabulary import Vocabulary

MOST_TITLES = 5_000
_RARE = 2
_A_FEW = 50
PrintedField = Literal["category", "affiliation", "venue"]
_PRINTED: Mapping[PrintedField, tuple[Column[str], Column[str]]] = {
    "category": (PAPERS.c.category, PAPERS.c.folded_category),
    "affiliation": (AFFILIATIONS.c.name, AFFILIATIONS.c.folded),
    "venue": (PAPERS.c.venue, PAPERS.c.folded_venue),
}
NAME_FORMS: Mapping[str, tuple[ColumnElement[str], ...]] = {
    "name": (NAMES.c.name,),
    "exact": (NAMES.c.joined, NAMES.c.shortened),
    "turned": (NAMES.c.turned,),
    "initials": (NAMES.c.initials, NAMES.c.short_initials),
}


class LibraryView:
    """One state of a library. Read only; safe to share between threads.

    Args:
        library: Where the papers are.
        scope: Settled conditions that all papers seen meet.
    """

    def __init__(self, library: Library, scope: Sequence[Condition] = ()) -> None:
        self.library, self.scope = library, tuple(scope)

    @property
    def whole(self) -> LibraryView:
        """The library without conditions."""
        return self if not self.scope else self.library.view

    @cached_property
    def fingerprint(self) -> str:
        return self.library.fingerprint

    @cached_property
    def n_papers(self) -> int:
        return self.count_papers()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the whole library, whatever the scope."""
        from rag.library.vocabulary import Vocabulary

        return Vocabulary(self.library) if not self.scope else self.whole.vocabulary

    def _test(self, conditions: Sequence[Condition] = ()) -> ColumnElement[bool]:
        return compile_conditions((*self.scope, *conditions))

    def _chosen(self, conditions: Sequence[Condition] = ()) -> Select[Any]:
        """Ids of the papers of the scope that meet conditions, as a subquery."""
        return select(PAPERS.c.paper_id).where(self._test(conditions))

    # --- papers -------------------------------------------------------------------------------

    def get_paper(self, paper_id: str) -> Paper | None:
        papers = self.list_papers([paper_id])
        return papers[0] if papers else None

    def list_papers(self, ids: Iterable[str]) -> list[Paper]:
        """Papers by id, in order; those out of sight are left out."""
        wanted = list(ids)
        if self.scope and wanted:
            seen = self.select_ids(wanted)
            wanted = [paper_id for paper_id in wanted if paper_id in seen]
        return self.library.list_papers(wanted) if wanted else []

    def select_ids(self, ids: Collection[str], conditions: Sequence[Condition] = ()) -> set[str]:
        """Which of some papers are seen and meet conditions."""
        listed = self._chosen(conditions).where(is_listed(PAPERS.c.paper_id, ids))
        return {row[0] for row in self.library.fetch(listed)} if ids else set()

    def find_ids(
        self,
        conditions: Sequence[Condition] = (),
        sorting: Sorting = None,
        limit: int | None = None,
    ) -> list[str]:
        """Ids of the papers that meet all conditions; see `rag.library.conditions.order_by`."""
        ids = self._chosen(conditions).order_by(*order_by(sorting)).limit(limit)
        return [row[0] for row in self.library.fetch(ids)]

    def find_papers(
        self,
        conditions: Sequence[Condition] = (),
        sorting: Sorting = None,
        limit: int | None = None,
    ) -> list[Paper]:
        """The papers themselves, for few."""
        with self.library.open_snapshot():
            return self.library.list_papers(self.find_ids(conditions, sorting, limit))

    def list_titles(self, limit: int = MOST_TITLES) -> list[str]:
        """The titles of the first papers: enough to see what titles share."""
        titles = select(PAPERS.c.title).where(self._test(), PAPERS.c.title.is_not(None))
        return [row[0] for row in self.library.fetch(titles.order_by(*IN_PLACE).limit(limit))]

    def list_texts(
        self, conditions: Sequence[Condition], parts: Sequence[str]
    ) -> list[tuple[str, str | None, str]]:
        """Id, title and text of the papers whose searched text has all of some parts."""
        columns = select(PAPERS.c.paper_id, PAPERS.c.title, PAPERS.c.text)
        said = (has_part(PAPERS.c.searched_text, literal(part)) for part in parts)
        found = columns.where(self._test(conditions), *said)
        return [(row[0], row[1], row[2]) for row in self.library.fetch(found)]

    def list_scored(self, ids: Sequence[str]) -> tuple[ScoredPaper, ...]:
        """Papers in order as what a ranking says of them: ids and places alone, for any number."""
        places = select(PLACES.c.paper_id, PLACES.c.document, PLACES.c.line).order_by(
            PLACES.c.paper_id, PLACES.c.ordinal
        )
        places_by_id: dict[str, list[str]] = {}
        for paper_id, document, line in self.library.fetch(
            places.where(is_listed(PLACES.c.paper_id, ids))
        ):
            places_by_id.setdefault(paper_id, []).append(str(Place(document, line)))
        return tuple(
            ScoredPaper(paper_id, first, 1.0, tuple(others))
            for paper_id in ids
            for first, *others in (places_by_id[paper_id],)
        )

    def count_papers(self, conditions: Sequence[Condition] = ()) -> int:
        """How many papers meet all conditions."""
        return self._count(self._test(conditions))

    def _count(self, *tests: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(PAPERS).where(*tests)
        return int(self.library.fetch(counted)[0][0])

    def sum_places(self, conditions: Sequence[Condition] = ()) -> int:
        """How many entries of documents the papers have."""
        total = select(func.coalesce(func.sum(PAPERS.c.n_places), 0)).where(self._test(conditions))
        return int(self.library.fetch(total)[0][0])

    def count_cut_lists(
        self, conditions: Sequence[Condition] = (), shorter_than: float = math.inf
    ) -> int:
        """Papers whose printed author list ends in 'et al.', of those with fewer authors."""
        cut = [PRINTED, PAPERS.c.authors_complete == 0]
        if shorter_than < math.inf:
            cut.append(PAPERS.c.n_authors < shorter_than)
        return self._count(self._test(conditions), *cut)

    def count_silent_lists(self, conditions: Sequence[Condition] = ()) -> int:
        """Papers that print no author."""
        return self._count(self._test(conditions), not_(PRINTED))

    def list_days(
        self, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, int | None, int | None, int]]:
        """Year, month and day of papers that print no whole date but a year, and how many do so."""
        days = (PAPERS.c.year, PAPERS.c.month, PAPERS.c.day)
        open_end = or_(PAPERS.c.month.is_(None), PAPERS.c.day.is_(None), PAPERS.c.month == 0)
        vague = select(*days, func.count()).where(
            self._test(conditions), PAPERS.c.year.is_not(None), open_end
        )
        return [
            (row[0], row[1], row[2], row[3]) for row in self.library.fetch(vague.group_by(*days))
        ]

    @cached_property
    def newest(self) -> tuple[int, int, int] | None:
        """The newest date printed; where only its year is, the last day of that year."""
        columns = select(PAPERS.c.year, PAPERS.c.month, PAPERS.c.day).distinct()
        year = select(func.max(PAPERS.c.year)).where(self._test()).scalar_subquery()
        dates = self.library.fetch(columns.where(PAPERS.c.year == year, self._test()))
        return max(((row[0], row[1] or 12, row[2] or 28) for row in dates), default=None)

    # --- papers called by name ----------------------------------------------------------------

    def list_names_beginning(self, starts: Collection[str]) -> list[tuple[str, str]]:
        """Titles and short forms by which papers are looked for, with the papers' ids."""
        names = select(PAPER_NAMES.c.name, PAPER_NAMES.c.paper_id).where(
            is_listed(PAPER_NAMES.c.start, starts), self._is_in_scope(PAPER_NAMES)
        )
        return [(row[0], row[1]) for row in self.library.fetch(names)] if starts else []

    def list_entitled(self, folded: str) -> list[str]:
        """Ids of the papers, two at most, whose title or short form this is."""
        entitled = select(PAPER_NAMES.c.paper_id).where(
            PAPER_NAMES.c.folded == folded, self._is_in_scope(PAPER_NAMES)
        )
        return [row[0] for row in self.library.fetch(entitled.distinct().limit(2))]

    def find_papers_bearing(self, word: str, limit: int) -> tuple[str, ...]:
        """Ids of papers with a folded coined word (DuetFace, M3D), titles before texts."""
        in_title = func.max(case((PAPER_WORDS.c.kind == "title", 1), else_=0))
        n = func.sum(case((PAPER_WORDS.c.kind == "text", PAPER_WORDS.c.n), else_=0))
        bearing = (
            select(PAPER_WORDS.c.paper_id)
            .join(PAPERS)
            .where(PAPER_WORDS.c.word == word, PAPER_WORDS.c.kind != "stem", self._test())
            .group_by(PAPER_WORDS.c.paper_id, *IN_PLACE[:2])
            .order_by(in_title.desc(), case((in_title == 1, 0), else_=n).desc(), *IN_PLACE[:2])
        )
        return tuple(row[0] for row in self.library.fetch(bearing.limit(limit)))

    def list_headed(self, word: str) -> list[tuple[str, str]]:
        """Ids and titles of the papers whose titles begin with a coined word."""
        folded = fold(word)
        begun = (
            select(PAPERS.c.paper_id, PAPERS.c.title)
            .join(PAPER_WORDS)
            .where(
                PAPERS.c.folded_title >= folded,
                PAPERS.c.folded_title < folded + LAST,
                PAPER_WORDS.c.word == folded,
                PAPER_WORDS.c.kind != "stem",
                self._test(),
            )
            .distinct()
            .order_by(*IN_PLACE)
        )
        rows = self.library.fetch(begun.add_columns(*IN_PLACE[:2]))
        return [(row[0], row[1]) for row in rows if is_headed(word, row[1])]

    def iter_papers_with(self, words: Collection[str]) -> Iterator[Paper]:
        """Papers with any of some folded coined words, a few at a time."""
        with_words = select(PAPER_WORDS.c.paper_id).where(
            is_listed(PAPER_WORDS.c.word, words),
            PAPER_WORDS.c.kind != "stem",
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
        for word in filter(is_made_up, NAMED.findall(text)):
            headed = tuple(paper_id for paper_id, _ in self.list_headed(word))
            paper_ids = headed or self.find_papers_bearing(fold(word), _RARE + 1)
            if headed or 0 < len(paper_ids) <= _RARE:
                papers_by_word.append((word, paper_ids))
        return list(dict.fromkeys(papers_by_word))

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

    def find_described(self, terms: Collection[str]) -> list[str]:
        """Ids of the papers, two at most, whose titles or labels have all of some index terms."""
        described = (
            select(PAPER_WORDS.c.paper_id)
            .where(
                is_listed(PAPER_WORDS.c.word, terms),
                PAPER_WORDS.c.kind == "stem",
                self._is_in_scope(PAPER_WORDS),
            )
            .group_by(PAPER_WORDS.c.paper_id)
            .having(func.count() == len(terms))
        )
        return [row[0] for row in self.library.fetch(described.limit(2))]

    def _is_in_scope(self, table: Table) -> ColumnElement[bool]:
        return table.c.paper_id.in_(self._chosen()) if self.scope else true()

    # --- values -------------------------------------------------------------------------------

    def count_groups(self, field: str, conditions: Sequence[Condition] = ()) -> Counter[Any]:
        """How many papers have each value of a field, most first, then by value."""
        groups = self.library.fetch(build_groups(field, (*self.scope, *conditions)))
        convert = bool if FIELDS[field].type == "flag" else lambda value: value
        return Counter({convert(value): n for value, n in groups})

    def count_valued(self, field: str, conditions: Sequence[Condition] = ()) -> int:
        """How many papers have a value in a field."""
        source = find_source(field)
        known = true() if field == "code" else source.known  # a mark that is not there is no mark
        return self._count(self._test(conditions), known)

    def count_known(self, field: str, conditions: Sequence[Condition] = ()) -> int:
        """How many papers have what they are ordered by."""
        return self._count(self._test(conditions), find_source(field).known)

    def find_end(self, order: Order, conditions: Sequence[Condition] = ()) -> list[str]:
        """Ids of the first paper in an order and those equal to it."""
        source = find_source(order.field)
        known = and_(self._test(conditions), source.known)
        best = (func.min if order.way == "ascending" else func.max)(source.order)
        end = select(best).select_from(PAPERS).where(known).scalar_subquery()
        ids = select(PAPERS.c.paper_id).where(known, source.order == end)
        return [row[0] for row in self.library.fetch(ids.order_by(PAPERS.c.paper_id))]

    def count_entries(self, conditions: Sequence[Condition] = ()) -> dict[str, int]:
        """How many entries of the papers each document has."""
        entries = select(PLACES.c.document, func.count()).group_by(PLACES.c.document)
        rows = self.library.fetch(entries.where(PLACES.c.paper_id.in_(self._chosen(conditions))))
        return {row[0]: row[1] for row in rows}

    def list_printed(self, field: PrintedField, folded: Collection[str]) -> dict[str, str]:
        """Values that the papers print in a field, by those of some folded texts that they fold to."""
        raw, column = _PRINTED[field]
        printed = select(column, raw).where(
            is_listed(column, folded), self._is_in_scope(column.table)
        )
        rows = self.library.fetch(printed.distinct().order_by(raw.desc()))
        return {row[0]: row[1] for row in rows}

    def list_printed_with(self, field: str, folded: str) -> list[str]:
        """Values that contain a folded text, in the order in which papers print them."""
        raw, column = _PRINTED[cast("PrintedField", field)]
        printed = select(raw).where(has_part(column, literal(folded)), self._test())
        if column.table is not PAPERS:
            printed = printed.join(PAPERS, PAPERS.c.paper_id == column.table.c.paper_id)
            printed = printed.order_by(*IN_PLACE, column.table.c.ordinal)
        else:
            printed = printed.order_by(*IN_PLACE)
        return list(dict.fromkeys(row[0] for row in self.library.fetch(printed)))

    # --- people -------------------------------------------------------------------------------

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Other names with the one shown for them."""
        return self.library.list_aliases()

    @cached_property
    def names(self) -> NameIndex:
        return NameIndex(self, self.aliases, self.vocabulary.lower)

    def find_names(self, form: str, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        if form == "part":
            statements = [select(NAME_PARTS.c.part, NAME_PARTS.c.name).where(
                is_listed(NAME_PARTS.c.part, keys), self._is_seen(NAME_PARTS.c.name)
            )]  # fmt: skip
        else:
            statements = [
                select(column, NAMES.c.name).where(
                    is_listed(column, keys), self._is_seen(NAMES.c.name)
                )
                for column in NAME_FORMS[form]
            ]
        for statement in statements:
            for key, name in self.library.fetch(statement):
                found.setdefault(key, set()).add(name)
        return {key: tuple(sorted(names)) for key, names in found.items()}

    def count_names(self, parts: Collection[str]) -> Mapping[str, int]:
        counts = select(NAME_PARTS.c.part, func.count()).where(
            is_listed(NAME_PARTS.c.part, parts), self._is_seen(NAME_PARTS.c.name)
        )
        return {row[0]: row[1] for row in self.library.fetch(counts.group_by(NAME_PARTS.c.part))}

    def list_parts(self) -> tuple[str, ...]:
        if self.scope:
            return self.whole.names.parts
        parts = select(NAME_PARTS.c.part).distinct().order_by(NAME_PARTS.c.part)
        return tuple(row[0] for row in self.library.fetch(parts))

    def _is_seen(self, name: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether somebody of this name has a paper in the scope."""
        if not self.scope:
            return true()
        of_name = select(AUTHORSHIPS.c.paper_id).where(AUTHORSHIPS.c.name == name)
        return of_name.where(AUTHORSHIPS.c.paper_id.in_(self._chosen())).exists()

    @cached_property
    def pages(self) -> tuple[ProfilePage, ...]:
        """The author pages, by document name, that list a paper in the scope."""
        pages = self.library.list_pages()
        return tuple(p for p in pages if not self.scope or self.list_page_papers(p.person))

    def find_page(self, name: str) -> ProfilePage | None:
        """The page of one person, if it is among the seed documents."""
        return next((page for page in self.pages if page.person == name), None)

    def list_page_papers(self, person: str) -> list[str]:
        """Ids of the papers on the person's own page, in page order, once each."""
        ids = self.library.list_page_papers(person)
        if not self.scope:
            return ids
        seen = self.select_ids(ids)
        return [paper_id for paper_id in ids if paper_id in seen]

    def list_page_owners(self, paper: Paper) -> list[str]:
        """On whose pages a paper stands."""
        owners = (
            select(PAGES.c.person)
            .join_from(PAGES, ENTRIES, ENTRIES.c.document_id == PAGES.c.document_id)
            .join(DOCUMENTS, DOCUMENTS.c.document_id == PAGES.c.document_id)
            .where(ENTRIES.c.paper_id == paper.paper_id)
            .order_by(DOCUMENTS.c.name)
        )
        return list(dict.fromkeys(row[0] for row in self.library.fetch(owners)))

    def _list_spellings(self, name: str) -> list[str]:
        """The names under which papers of one person are printed."""
        others = [other for other, shown in self.aliases.items() if shown == name]
        return [*others, *([] if name in self.aliases else [name])]

    def _is_of(self, name: str) -> ColumnElement[bool]:
        own = select(AUTHORSHIPS.c.paper_id)
        return PAPERS.c.paper_id.in_(
            own.where(is_listed(AUTHORSHIPS.c.name, self._list_spellings(name)))
        )

    def list_papers_of(self, name: str) -> tuple[Paper, ...]:
        """All papers of the person, newest first."""
        ids = self._chosen().where(self._is_of(name))
        papers = self.library.list_papers([row[0] for row in self.library.fetch(ids)])
        return tuple(sorted(papers, key=get_recency_key))

    def count_papers_of(self, name: str) -> int:
        return self._count(self._test(), self._is_of(name))

    def list_people_of(self, paper: Paper) -> tuple[str, ...]:
        """The paper's people by the name shown, in order, once each."""
        return tuple(dict.fromkeys(map(self.show_name, (a.name for a in paper.authorships))))

    def list_people_by_paper(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """The people of each of some papers, by the name shown."""
        people = select(AUTHORSHIPS.c.paper_id, AUTHORSHIPS.c.name)
        names_by_paper: dict[str, list[str]] = {}
        for paper_id, name in self.library.fetch(
            people.where(is_listed(AUTHORSHIPS.c.paper_id, ids))
        ):
            names_by_paper.setdefault(paper_id, []).append(self.show_name(name))
        return names_by_paper

    def show_name(self, name: str) -> str:
        return self.aliases.get(name, name)

    def count_coauthors(self, name: str, papers: Iterable[Paper]) -> Counter[str]:
        """The number of these papers that the person shares with each co-author."""
        return Counter(
            coauthor for p in papers for coauthor in self.list_people_of(p) if coauthor != name
        )

    def count_companions(self, conditions: Sequence[Condition] = ()) -> Counter[str]:
        """With how many other people each person stands on papers that meet conditions."""
        people = find_source("author").values
        chosen = self._chosen(conditions)
        mine, theirs = people.subquery(), people.subquery()
        other = case((mine.c.value != theirs.c.value, theirs.c.value))
        pairs = (
            select(mine.c.value, func.count(other.distinct()))
            .join_from(mine, theirs, mine.c.paper_id == theirs.c.paper_id)
            .where(mine.c.paper_id.in_(chosen))
            .group_by(mine.c.value)
        )
        return Counter({row[0]: row[1] for row in self.library.fetch(pairs)})
