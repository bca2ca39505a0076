"""A library in memory: papers and pages made by hand, retrieved by their words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from rag.library import Library, paper_words, rows
from rag.library.sqlite import SqliteDatabase, build_empty_engine, build_engine
from rag.library.tables import ALIASES, DOCUMENTS, ENTRIES, META, PAGES, PAPERS
from rag.library.view import LibraryView
from rag.text import split_sentences, split_terms
from rag.types import Authorship, Paper, PaperHit, Place, ProfilePage, Retrieval, Sentence


def paper(
    key: str,
    title: str | None = None,
    text: str = "We study a problem. It works.",
    authors: Sequence[str] = (),
    *,
    owner: str | None = None,
    complete: bool = True,
    places: Sequence[tuple[str, int]] = (),
    **fields: object,
) -> Paper:
    """A paper with id ``key``; ``owner`` stands on it as the page's person."""
    ties = [
        Authorship(key, name, "first" if at == 1 else "listed", at)
        for at, name in enumerate(authors, 1)
    ]
    if owner is not None and owner not in authors:
        ties.append(Authorship(key, owner, "page", None))
    return Paper(
        paper_id=key,
        title=title,
        label=title or f"label of {key}",
        text=text,
        authorships=tuple(ties),
        authors_complete=complete and bool(authors),
        places=tuple(Place(d, n) for d, n in places) or (Place("seed.txt", int(key.strip("p"))),),
        **fields,  # type: ignore[arg-type]
    )


class Shelf(LibraryView):
    """A library in memory, from a list of papers; ``aliases``: other names with the one shown."""

    def __init__(
        self,
        papers: Iterable[Paper],
        pages: Iterable[ProfilePage] = (),
        on_page: Mapping[str, Sequence[str]] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.papers = list(papers)
        library = Library.open(Path("/nowhere"))
        image = _build_image(self.papers, list(pages), on_page or {}, aliases or {})
        assert isinstance(library.database, SqliteDatabase)
        library.database._engine = build_engine(lambda: _open_image(image))
        library._aliases_stamp = (0, 0)  # no file is to be taken over
        super().__init__(library)

    def retrieve(self, query: str, k: int) -> Retrieval:
        """Papers by the share of the query's words that they have."""
        wanted = set(split_terms(query))
        scores = {
            p.paper_id: len(wanted & set(split_terms(f"{p.title} {p.text}"))) / len(wanted or "-")
            for p in self.papers
        }
        best = sorted(self.papers, key=lambda p: (-scores[p.paper_id], p.paper_id))[:k]
        hits = tuple(
            PaperHit(
                p,
                scores[p.paper_id],
                rank,
                tuple(Sentence(span, 0.0) for span in split_sentences(p.text)),
                {"late": scores[p.paper_id], "dense": scores[p.paper_id]},
            )
            for rank, p in enumerate(best, 1)
        )
        return Retrieval(query, hits)


def _open_image(image: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.deserialize(image)
    return connection


@cache
def _build_empty() -> bytes:
    with build_empty_engine().connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        image = raw.serialize()
    # Copied from a library in a file (`tables_created_once`), it says that it has a write-ahead log, which no database
    # in memory has: bytes 18 and 19 of the header, 2 with one and 1 without.
    return image[:18] + b"\x01\x01" + image[20:]


def _build_image(
    papers: list[Paper],
    pages: list[ProfilePage],
    on_page: Mapping[str, Sequence[str]],
    aliases: Mapping[str, str],
) -> bytes:
    """What an ingest would have stored of these papers."""
    opened = _open_image(_build_empty())
    engine = create_engine("sqlite://", creator=lambda: opened, poolclass=StaticPool)
    with engine.begin() as connection:
        parts = rows.build_part_rows(papers)
        parts |= paper_words.build_part_rows((p.paper_id, p.title, p.label, p.text) for p in papers)
        parts[PAPERS] = [rows.build_paper_row(p, "digest") for p in papers]
        parts[META] = [{"key": "fingerprint", "value": f"{hash((*papers, *pages)):032x}"}]
        parts[ALIASES] = [
            {"name": name, "shown": shown, **rows.build_forms(shown)}
            for name, shown in aliases.items()
        ]
        for n, page in enumerate(pages):
            forms = rows.build_forms(page.person)
            parts.setdefault(PAGES, []).append({"document_id": n, **asdict(page), **forms})
            parts.setdefault(DOCUMENTS, []).append({
                "document_id": n, "name": f"{n} page.txt", "path": "", "sha256": "", "format": "",
                "rejections": "[]", "n_kept": 0, "ingested_at": "",
            })  # fmt: skip
            parts.setdefault(ENTRIES, []).extend(
                {"document_id": n, "ordinal": at, "line": at, "paper_id": paper_id,
                 "packed": b"", "digest": ""}
                for at, paper_id in enumerate(on_page.get(page.person, ()))
            )  # fmt: skip
        for table, values in parts.items():
            if values:
                connection.execute(table.insert(), values)
        paper_words.change_counts(connection, added=[p.paper_id for p in papers])
        paper_words.update_names(connection)
    return opened.serialize()
