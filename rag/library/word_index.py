"""Which papers may have some words: SQLite's full-text index over their searched texts.

To look for a phrase in every text took a tenth of a second at 100,000 papers, and a question may look for ten. The index
names the few papers that have the words, of which alone the texts are then read; it has no places of words, which would
take three times the room. Triggers keep it in step, so it is written in the transaction that writes a paper.
PostgreSQL has none: there the texts themselves are looked through, with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from rag.library.search_forms import WORD
from rag.library.tables import PAPERS

NUMBERS, INDEX = "paper_numbers", "word_index"
"""The numbers that the index knows papers by, which no later change of the file may move; the index."""
_ADD = f"""INSERT INTO {INDEX} (rowid, words)
    SELECT number, new.searched_text FROM {NUMBERS} WHERE paper_id = new.paper_id;"""
_DROP = f"""INSERT INTO {INDEX} ({INDEX}, rowid, words)
    SELECT 'delete', number, old.searched_text FROM {NUMBERS} WHERE paper_id = old.paper_id;"""
_STATEMENTS = (
    *(f"DROP TRIGGER IF EXISTS papers_{event}" for event in ("numbered", "reworded", "unnumbered")),
    *(f"DROP TABLE IF EXISTS {table}" for table in (NUMBERS, INDEX)),
    f"CREATE TABLE {NUMBERS} (number INTEGER PRIMARY KEY, paper_id TEXT NOT NULL UNIQUE)",
    # Every sign but letters and digits of ASCII parts words here; behind any other stands a `WORD`, which does.
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5"
    "(words, content='', columnsize=0, detail=none, tokenize='ascii')",
    f"INSERT INTO {NUMBERS} (paper_id) SELECT paper_id FROM papers ORDER BY rowid",
    f"INSERT INTO {INDEX} (rowid, words) SELECT number, searched_text FROM papers"
    f" JOIN {NUMBERS} USING (paper_id) ORDER BY number",
    f"CREATE TRIGGER papers_numbered AFTER INSERT ON papers BEGIN"
    f" INSERT INTO {NUMBERS} (paper_id) VALUES (new.paper_id); {_ADD} END",
    f"CREATE TRIGGER papers_reworded AFTER UPDATE OF searched_text ON papers"
    f" WHEN old.searched_text IS NOT new.searched_text BEGIN {_DROP} {_ADD} END",
    f"CREATE TRIGGER papers_unnumbered AFTER DELETE ON papers BEGIN"
    f" {_DROP} DELETE FROM {NUMBERS} WHERE paper_id = old.paper_id; END",
)
_TOKEN = re.compile(r"[0-9a-z\x80-\U0010ffff]+")


def create_word_index(connection: Connection) -> None:
    """Index the papers that are there, and from now on each that is written."""
    if connection.dialect.name == "sqlite":
        for statement in _STATEMENTS:
            connection.exec_driver_sql(statement)


class _IsIndexed(FunctionElement[Any]):
    """SQL test whether the index has a paper (its id) for a full-text query.

    It has no type: SQLAlchemy would compare a truth value of SQLite with 1, and no index is used then.
    """

    inherit_cache = True


@compiles(_IsIndexed, "sqlite")
def _find_for_sqlite(element: _IsIndexed, compiler: Any, **options: Any) -> str:
    paper_id, query, *limit = (compiler.process(clause, **options) for clause in element.clauses)
    found = f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH {query}"
    found += "".join(f" LIMIT {n}" for n in limit)
    return f"{paper_id} IN (SELECT paper_id FROM {NUMBERS} WHERE number IN ({found}))"


@compiles(_IsIndexed, "postgresql")
def _find_for_postgresql(element: _IsIndexed, compiler: Any, **options: Any) -> str:
    return "true"


def may_have(parts: Iterable[Collection[str]], at_most: int | None = None) -> ColumnElement[bool]:
    """SQL test that holds for every paper whose searched text has one of each of some parts, and for few others.

    Args:
        parts: In the searched form; such as begin with `WORD` are looked up.
        at_most: Of the papers that the index finds only so many count, the first that were stored; None: all.
    """
    clauses = []
    for alternatives in parts:
        tokens = [_TOKEN.findall(part) for part in alternatives if part.startswith(WORD)]
        if len(tokens) == len(alternatives) and all(tokens):
            clauses.append(" OR ".join(map(_build_clause, tokens)))
    if not clauses:
        return true()
    query = " AND ".join(f"({clause})" for clause in clauses)
    limit = () if at_most is None else (literal(at_most),)
    return _IsIndexed(PAPERS.c.paper_id, literal(query), *limit)


def _build_clause(tokens: list[str]) -> str:
    """The words of a part, of which the last may go on."""
    return "(" + " AND ".join(f'"{token}"' for token in tokens) + " *)"
