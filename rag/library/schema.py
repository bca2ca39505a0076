"""The library's tables, their migrations, and how the database is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rag.library.permissions import is_full, is_readonly
from rag.library.token_vector_store import HEAD_BYTES, token_bytes
from rag.types.errors import LibraryError

LIBRARY_FILE = "library.db"

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    document_id INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    path        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    format      TEXT NOT NULL,
    institution TEXT,
    rejections  TEXT NOT NULL,                 -- JSON: [[line or null, reason], ...]
    n_kept      INTEGER NOT NULL,
    ingested_at TEXT NOT NULL
);

CREATE TABLE pages (
    document_id INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    person      TEXT NOT NULL,
    category    TEXT,
    h_index     INTEGER,
    n_papers    INTEGER,
    n_citations INTEGER,
    novelty     REAL,
    ai_score    REAL
);

CREATE TABLE papers (
    paper_id         TEXT PRIMARY KEY,
    document         TEXT NOT NULL,            -- the first place, for order
    line             INTEGER NOT NULL,
    title            TEXT,
    label            TEXT NOT NULL,
    text             TEXT NOT NULL,
    authors_complete INTEGER NOT NULL,
    year             INTEGER,
    month            INTEGER,
    day              INTEGER,
    category         TEXT,
    code             INTEGER,
    score            REAL,
    url              TEXT,
    doi              TEXT,
    venue            TEXT,
    lists            TEXT NOT NULL,            -- JSON: places, affiliations, links, page_starts
    digest           TEXT NOT NULL
);
CREATE INDEX papers_place ON papers (document, line);

CREATE TABLE entries (
    document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    paper_id    TEXT NOT NULL REFERENCES papers DEFERRABLE INITIALLY DEFERRED,
    raw         TEXT NOT NULL,                 -- verbatim
    parsed      TEXT NOT NULL,                 -- JSON of the Entry
    digest      TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX entries_paper ON entries (paper_id);

CREATE TABLE authorships (
    paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE,
    ordinal  INTEGER NOT NULL,
    name     TEXT NOT NULL,
    folded   TEXT NOT NULL,
    role     TEXT NOT NULL,
    position INTEGER,
    PRIMARY KEY (paper_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX authorships_name ON authorships (name);
CREATE INDEX authorships_folded ON authorships (folded);

CREATE TABLE chunks (
    chunk_id TEXT PRIMARY KEY,
    paper_id TEXT NOT NULL REFERENCES papers ON DELETE CASCADE,
    start    INTEGER NOT NULL,
    end      INTEGER NOT NULL,
    heading  TEXT NOT NULL
);
CREATE INDEX chunks_paper ON chunks (paper_id);

-- Made before their chunks are stored, so that an interrupted ingest embeds nothing twice.
CREATE TABLE vectors (
    chunk_id TEXT NOT NULL,
    embedder TEXT NOT NULL,
    vector   BLOB NOT NULL,                    -- float16
    tokens   BLOB,                             -- see rag/library/token_vector_store.py
    PRIMARY KEY (chunk_id, embedder)
);

-- Chunks whose index entries are not known to be in step.
CREATE TABLE outbox (chunk_id TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE ingests (
    ingest_id   INTEGER PRIMARY KEY,
    started_at  TEXT NOT NULL,
    finished_at TEXT,                          -- null: interrupted
    counts      TEXT NOT NULL                  -- JSON
);
"""

_SENTENCES = """
ALTER TABLE chunks ADD COLUMN sentences BLOB;  -- spans in the chunk's text, int32; null: not kept
"""

_LEFT_OUT = """
CREATE TABLE left_out (path TEXT PRIMARY KEY) WITHOUT ROWID;  -- documents that a reader removed
"""

LIBRARY_MIGRATIONS = (_FIRST, _SENTENCES, _LEFT_OUT)
"""Scripts in order; ``PRAGMA user_version`` counts those that were run."""

_DIMENSION = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'target_dimension')"
WHOLE_VECTOR = f"""
length(vector) = 2 * {_DIMENSION} AND (tokens IS NULL OR (length(tokens) >= {HEAD_BYTES}
    AND (length(tokens) - {HEAD_BYTES}) % ({token_bytes(0)} + {_DIMENSION} / 2) = 0))
"""
"""SQL test that a row of ``vectors`` is complete, by its lengths, which need not read the vectors."""

LONGEST_WORDS = 200
"""Characters of SQLite's message that an error repeats at most."""

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""Errors that reading a damaged file raises; SQLite's message may be invalid text."""


def open_connection(path: Path | str, *, readonly: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any thread by one at a time.

    A file in a folder that cannot be written is read as it stands.

    Raises:
        LibraryError: The file is no library, or cannot be opened.
    """
    try:
        return _open_place(str(path), readonly=readonly)
    except sqlite3.OperationalError as exc:
        folder = Path(path).parent
        if readonly and (is_readonly(folder) or is_full(folder)):
            return _open_immutable(Path(path))
        todo = "make room" if is_full(folder) else "check its rights and those of its folder"
        raise LibraryError(
            f"the library file {str(path)!r} cannot be opened ({exc}); {todo}"
        ) from exc
    except FAULTS as exc:
        raise damage(path, exc) from exc


def damage(path: Path | str, exc: Exception | str) -> LibraryError:
    """The sentence for a file whose content cannot be read, without the text that cannot."""
    words = " ".join(str(exc).split()).partition(" with text ")[0]
    return LibraryError(
        f"the library file {str(path)!r} cannot be read ({words[:LONGEST_WORDS]}); "
        'move it away and run "paperfolk ingest" to build it again'
    )


def not_written(folder: Path, exc: Exception) -> LibraryError:
    """The sentence for a library that takes no change."""
    if isinstance(exc, sqlite3.OperationalError):
        return LibraryError(
            f"the library {str(folder)!r} cannot be written ({exc}); nothing of this "
            "step was kept, so make room or give rights and try again"
        )
    return damage(folder / LIBRARY_FILE, exc)


def _open_immutable(path: Path) -> sqlite3.Connection:
    """A connection that needs no files beside the library's, where none can be made.

    SQLite then takes the file to be complete, so nothing may be left in its write-ahead log.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        if log.exists() and log.stat().st_size:
            raise LibraryError(
                f"the library file {str(path)!r} cannot be read yet: an ingest has left changes in "
                f"{log.name!r} and its folder cannot be written; give rights to it, make room, or copy it"
            )
        place = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return _open_place(place, readonly=True, uri=True)
    except (OSError, sqlite3.Error) as exc:
        raise LibraryError(
            f"the library file {str(path)!r} cannot be opened ({exc}); check its rights"
        ) from exc


def _open_place(place: str, *, readonly: bool, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        place,
        timeout=30,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=uri,
    )
    try:
        get_version(connection)  # before anything is changed: it may be another program's
        connection.execute("PRAGMA foreign_keys = ON")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:  # whatever it is, the file is not left open
        connection.close()
        raise
    return connection


def get_version(connection: sqlite3.Connection) -> int:
    """Migrations that were run on the file; 0 for an empty one."""
    version_number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version_number > len(LIBRARY_MIGRATIONS):
        raise LibraryError(
            f"the library has version {version_number} but this Paperfolk knows versions up to "
            f"{len(LIBRARY_MIGRATIONS)}; install the newer Paperfolk that wrote it"
        )
    if not version_number and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise LibraryError(
            f"the data folder's {LIBRARY_FILE!r} is another program's database; name another folder with "
            "PAPERFOLK_DATA"
        )
    return version_number


def run_migrations(connection: sqlite3.Connection) -> None:
    """Run the missing migrations, each in one transaction."""
    for number in range(get_version(connection), len(LIBRARY_MIGRATIONS)):
        connection.executescript(
            f"BEGIN;\n{LIBRARY_MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;"
        )


def require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Raise a LibraryError that names the damage if a table or a page is missing."""
    try:
        there = _tables(connection)
        with closing(create_empty()) as full:
            removed_items = _tables(full) - there
        if removed_items:
            raise damage(path, f"it has no table {min(removed_items)!r}")
        (record,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if record != "ok":
            raise damage(path, str(record))
    except FAULTS as exc:
        raise damage(path, exc) from exc


def _tables(connection: sqlite3.Connection) -> set[str]:
    result = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(row[0]) for row in result if not row[0].startswith("sqlite_")}


def create_empty() -> sqlite3.Connection:
    """A library with nothing in it, in memory: what is read before the first ingest."""
    connection = open_connection(":memory:", readonly=False)
    run_migrations(connection)
    connection.execute("PRAGMA query_only = ON")
    return connection
