"""The people of the papers that one sees: their names, pages, papers and company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import CompoundSelect, Select, case, func, select, true, union
from sqlalchemy.sql.elements import ColumnElement

from rag.library.naming import get_recency_key
from rag.library.person_index import NameIndex
from rag.library.scope import ScopedLibrary
from rag.library.sources import find_source
from rag.library.tables import (
    AUTHORSHIPS,
    DOCUMENTS,
    ENTRIES,
    NAME_PARTS,
    NAMES,
    PAGES,
    PAPERS,
    encode_list,
    is_listed,
)
from rag.types import Condition, Paper, ProfilePage

NAME_FORMS: Mapping[str, tuple[ColumnElement[str], ...]] = {
    "name": (NAMES.c.name,),
    "exact": (NAMES.c.joined, NAMES.c.shortened, NAMES.c.unsuffixed),
    "turned": (NAMES.c.turned,),
    "initials": (NAMES.c.initials, NAMES.c.short_initials),
}


class ScopedPeople(ScopedLibrary):
    """The people of a library."""

    whole: ScopedPeople

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Other names with the one shown for them."""
        return self.library.list_aliases()

    @cached_property
    def names(self) -> NameIndex:
        return NameIndex(self, self.aliases, self.vocabulary.lower)

    def find_names(self, form: str, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        names_of: dict[str, set[str]] = {}
        found = self.recall(("find_names", form), lambda: self._build_found(form))
        for key, name in self.library.fetch(found, ids=encode_list(keys)):
            names_of.setdefault(key, set()).add(name)
        return {key: tuple(sorted(names)) for key, names in names_of.items()}

    def _build_found(self, form: str) -> CompoundSelect[Any]:
        """The keys of a form, of those in ``ids``, with the names that have them."""
        parts = NAME_PARTS.c
        columns = [(parts.part, parts.name)] if form == "part" else [
            (column, NAMES.c.name) for column in NAME_FORMS[form]
        ]  # fmt: skip
        return union(
            *(select(k, name).where(is_listed(k), self._is_seen(name)) for k, name in columns)
        )

    def count_names(self, parts: Collection[str]) -> Mapping[str, int]:
        counts = self.recall(("count_names",), self._build_counts)
        return {row[0]: row[1] for row in self.library.fetch(counts, ids=encode_list(parts))}

    def _build_counts(self) -> Select[Any]:
        part = NAME_PARTS.c.part
        seen = select(part, func.count()).where(is_listed(part), self._is_seen(NAME_PARTS.c.name))
        return seen.group_by(part)

    def list_parts(self) -> tuple[str, ...]:
        if self.whole is not self:
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
        in_scope = self.select_ids(ids)
        return [paper_id for paper_id in ids if paper_id in in_scope]

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
        spellings = [spelling for spelling, label in self.aliases.items() if label == name]
        return [*spellings, *([] if name in self.aliases else [name])]

    def _is_of(self, name: str) -> ColumnElement[bool]:
        ids = select(AUTHORSHIPS.c.paper_id)
        return PAPERS.c.paper_id.in_(
            ids.where(is_listed(AUTHORSHIPS.c.name, self._list_spellings(name)))
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
        companion = case((mine.c.value != theirs.c.value, theirs.c.value))
        pairs = (
            select(mine.c.value, func.count(companion.distinct()))
            .join_from(mine, theirs, mine.c.paper_id == theirs.c.paper_id)
            .where(mine.c.paper_id.in_(chosen))
            .group_by(mine.c.value)
        )
        return Counter({row[0]: row[1] for row in self.library.fetch(pairs)})
