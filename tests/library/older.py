"""Data folders as older versions of Paperfolk left them."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import create_engine, text

from rag.library import Library
from rag.library.identity import get_entry_values
from rag.library.schema import LIBRARY_FILE, LIBRARY_MIGRATIONS, run_migration
from rag.library.sqlite import build_engine, open_connection
from rag.types import Paper

_SAME = ("meta", "documents", "pages", "entries", "authorships", "chunks", "vectors", "outbox", "ingests",
         "left_out")  # fmt: skip
_GONE = {"papers": ("lists",), "entries": ("raw", "parsed")}
"""Columns that later migrations take away."""


def write_older(source: Path, folder: Path, version: int) -> None:
    """The library of ``source`` as a file of that version, which is less than 4."""
    with Library.open(source) as library:
        papers = {paper.paper_id: paper for paper in library.list_papers()}
        entries = [e for d in library.list_documents() for e in library.list_entries(d.name)]
    folder.mkdir(parents=True)
    path = folder / LIBRARY_FILE
    engine = build_engine(lambda: open_connection(path, readonly=False))
    with engine.connect() as connection:
        for migration in LIBRARY_MIGRATIONS[:version]:
            run_migration(connection, migration)
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")
        connection.commit()
    engine.dispose()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(
            text("ATTACH DATABASE :place AS now"), {"place": str(source / LIBRARY_FILE)}
        )
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        tables = connection.exec_driver_sql(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        )
        for table in [name for name in tables.scalars() if name in (*_SAME, "papers")]:
            found = connection.exec_driver_sql(f"SELECT name FROM pragma_table_info('{table}')")
            gone = _GONE.get(table, ())
            names = ", ".join(f'"{name}"' for name in found.scalars() if name not in gone)
            target, filler = ", ".join((names, *gone)), ", ''" * len(gone)
            connection.exec_driver_sql(
                f"INSERT INTO main.{table} ({target}) SELECT {names}{filler} FROM now.{table}"
            )
        for paper_id, paper in papers.items():
            connection.execute(
                text("UPDATE papers SET lists = :lists WHERE paper_id = :id"),
                {"id": paper_id, "lists": json.dumps(_get_lists(paper), ensure_ascii=False)},
            )
        for entry in entries:
            values = {name: v for name, v in get_entry_values(entry).items() if name != "raw"}
            connection.execute(
                text(
                    "UPDATE entries SET raw = :raw, parsed = :parsed WHERE line = :line AND document_id ="
                    " (SELECT document_id FROM documents WHERE name = :name)"
                ),
                {"raw": entry.raw, "parsed": json.dumps(values, ensure_ascii=False),
                 "line": entry.place.line, "name": entry.place.document},
            )  # fmt: skip
    engine.dispose()


def _get_lists(paper: Paper) -> dict[str, object]:
    return {
        "places": [(place.document, place.line) for place in paper.places],
        "affiliations": paper.affiliations,
        "links": paper.links,
        "page_starts": paper.page_starts,
    }
