"""Data folders as older versions of Paperfolk left them."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import create_engine, text

from rag.library import Library
from rag.library.schema import LIBRARY_FILE, LIBRARY_MIGRATIONS, run_migration
from rag.library.sqlite import build_engine, open_connection
from rag.types import Paper

_SAME = ("meta", "documents", "pages", "entries", "authorships", "chunks", "vectors", "outbox", "ingests",
         "left_out")  # fmt: skip


def write_older(source: Path, folder: Path, version: int) -> None:
    """The library of ``source`` as a file of that version, which is less than 4."""
    with Library.open(source) as library:
        papers = {paper.paper_id: paper for paper in library.list_papers()}
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
            names = ", ".join(f'"{name}"' for name in found.scalars() if name != "lists")
            target, filler = (names, "") if table != "papers" else (f"{names}, lists", ", ''")
            connection.exec_driver_sql(
                f"INSERT INTO main.{table} ({target}) SELECT {names}{filler} FROM now.{table}"
            )
        for paper_id, paper in papers.items():
            connection.execute(
                text("UPDATE papers SET lists = :lists WHERE paper_id = :id"),
                {"id": paper_id, "lists": json.dumps(_get_lists(paper), ensure_ascii=False)},
            )
    engine.dispose()


def _get_lists(paper: Paper) -> dict[str, object]:
    return {
        "places": [(place.document, place.line) for place in paper.places],
        "affiliations": paper.affiliations,
        "links": paper.links,
        "page_starts": paper.page_starts,
    }
