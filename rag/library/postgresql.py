"""The library in a PostgreSQL database, which any number of servers may read and one may write."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from rag.library.database import get_words, is_operational, translated
from rag.library.schema import LIBRARY_MIGRATIONS, Migration, require_known, run_migration
from rag.library.sqlite import build_empty_engine
from rag.library.tables import METADATA
from rag.types.errors import (
    LibraryError,
    LibraryLocked,
    MissingExtra,
    SettingsError,
    StoreUnreachable,
)

CONNECT_TIMEOUT_S = 5
LOCK_POLL_S = 0.1
MIGRATION_WAIT_S = 60.0
PART = "library"

_EXAMPLE = "it is to be such as postgresql+psycopg://user:password@host/database"
_VERSIONS = "paperfolk_versions"
"""One row for each part of Paperfolk that keeps tables in the database, with its migrations run."""
_CREATE_VERSIONS = f"CREATE TABLE {_VERSIONS} (part TEXT PRIMARY KEY, version BIGINT NOT NULL)"
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
    "AND relkind IN ('r', 'p', 'v', 'm')"
)
_HOME = text(
    "SELECT to_hex((SELECT system_identifier FROM pg_control_system())) || '-' || "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) || '-' || "
    "CAST(current_schema()::regnamespace AS oid)"
)
_MIGRATION_LOCK = "hashtextextended('paperfolk migrations ' || current_schema(), 0)"
_LOCK = "hashtextextended('paperfolk library ' || current_schema(), 0)"


class PostgresqlDatabase:
    """The tables in the schema that the address leads to; read as empty until they are there."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._is_current = False
        self._empty: Engine | None = None
        self._shown = show_url(url)
        self._engine = get_engine(url)
        self._plain = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._stable = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @cached_property
    def home(self) -> str:
        with self.connect(snapshot=False) as connection:
            return str(connection.execute(_HOME).scalar())

    # --- reading ------------------------------------------------------------------------------

    @contextmanager
    def connect(self, *, snapshot: bool) -> Iterator[Connection]:
        with translated(self):
            connection = self._choose_engine(snapshot).connect()
        try:
            yield connection
        finally:
            with translated(self):
                connection.close()

    def _choose_engine(self, snapshot: bool) -> Engine:
        with self._guard:
            if not self._is_current:
                with self._plain.connect() as connection:
                    version = self._get_version(connection)
                if not version:
                    self._empty = self._empty or build_empty_engine()
                    return self._empty
                if version < len(LIBRARY_MIGRATIONS):
                    with self.open_writing(MIGRATION_WAIT_S):
                        pass
                self._is_current = True
        return self._stable if snapshot else self._plain

    def _get_version(self, connection: Connection) -> int:
        """Migrations that were run on the library's tables; 0 where there are none."""
        return get_version(connection, PART, len(LIBRARY_MIGRATIONS), self._shown)

    def close(self) -> None:
        """The connections to the database belong to the process; see `get_engine`."""
        if self._empty is not None:
            self._empty.dispose()

    # --- writing ------------------------------------------------------------------------------

    @contextmanager
    def open_writing(self, wait_s: float) -> Iterator[Connection]:
        """The lock belongs to the connection, so it ends with the process that held it."""
        with self._engine.connect() as connection:
            self._lock(connection, wait_s)
            try:
                run_migrations(connection, PART, LIBRARY_MIGRATIONS, self._shown)
                yield connection
            finally:
                if not connection.invalidated:
                    connection.rollback()
                    with connection.begin():
                        connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))

    def _lock(self, connection: Connection, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        while True:
            with connection.begin():
                if connection.execute(text(f"SELECT pg_try_advisory_lock({_LOCK})")).scalar():
                    return
            if time.monotonic() >= deadline:
                raise LibraryLocked(
                    f"the library in the database {self._shown!r} is being written by another "
                    "process; wait until it is done and try again"
                )
            time.sleep(LOCK_POLL_S)

    # --- faults -------------------------------------------------------------------------------

    def build_damage(self, exc: Exception | str) -> LibraryError:
        if not isinstance(exc, str) and is_operational(exc):
            return StoreUnreachable(
                f"the database {self._shown!r} cannot be used ({get_words(exc)}); check that it "
                "runs and that the setting 'library' names it"
            )
        return LibraryError(
            f"the library in the database {self._shown!r} cannot be read ({get_words(exc)}); restore "
            'it from a backup, or name an empty schema and run "paperfolk ingest"'
        )

    def build_not_written(self, exc: Exception) -> LibraryError:
        return LibraryError(
            f"the library in the database {self._shown!r} cannot be written ({get_words(exc)}); nothing "
            "of this step was kept, so mend that and try again"
        )

    def find_damage(self, connection: Connection) -> list[str]:
        """Nothing: the server checks its pages when it reads them, and its owner keeps backups."""
        return []

    def reclaim(self, connection: Connection) -> None:
        """Nothing: the server uses it for what comes next."""

    def require_whole(self, connection: Connection) -> None:
        missing = set(METADATA.tables) - set(connection.execute(_TABLES).scalars())
        if missing:
            raise self.build_damage(f"it has no table {min(missing)!r}")

    def stamp(self) -> str:
        """Which library it is: its files are the server's care, so there is nothing to look over."""
        with self.connect(snapshot=False) as connection:
            return str(
                connection.execute(text("SELECT value FROM meta WHERE key = 'library_id'")).scalar()
                or ""
            )


# --- any part of Paperfolk that keeps tables there ------------------------------------------

_ENGINES: dict[str, Engine] = {}
_ENGINES_GUARD = threading.Lock()


def get_engine(url: str) -> Engine:
    """The connections of this process to a database, shared by all that use it until it ends.

    Raises:
        SettingsError: The address is none of a PostgreSQL database.
        MissingExtra: The driver is not installed.
    """
    with _ENGINES_GUARD:
        if url not in _ENGINES:
            _ENGINES[url] = _create_engine(url)
        return _ENGINES[url]


def _create_engine(url: str) -> Engine:
    try:
        parts = make_url(url)
    except ArgumentError as exc:
        raise SettingsError(f"the setting 'library' is no address; {_EXAMPLE}") from exc
    if parts.get_backend_name() != "postgresql":
        raise SettingsError(
            f"the setting 'library' names {parts.get_backend_name()!r}, which is no "
            f"database of a library; {_EXAMPLE}"
        )
    try:
        engine = create_engine(
            parts.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,  # a server that was started again meanwhile costs no question
            pool_size=4,
            max_overflow=12,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
        event.listen(engine, "before_cursor_execute", _drop_nul, retval=True)
        atexit.register(engine.dispose)
        return engine
    except ImportError as exc:
        raise MissingExtra(
            'a library in PostgreSQL needs its driver; run pip install "paperfolk[postgresql]"'
        ) from exc


def _drop_nul(
    _1: object, _2: object, statement: str, values: Any, _3: object, is_batch: bool
) -> tuple[str, Any]:
    """PostgreSQL's texts hold every character but one, which says nothing to a reader."""

    def clean(row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        dirty = {n: v.replace("\0", "") for n, v in row.items() if isinstance(v, str) and "\0" in v}
        return {**row, **dirty} if dirty else row

    return statement, [clean(row) for row in values] if is_batch else clean(values)


def show_url(url: str) -> str:
    """The address without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return ""


def get_version(connection: Connection, part: str, known: int, database: str) -> int:
    """Migrations that were run on the tables of a part; 0 where there are none.

    Raises:
        LibraryError: The tables there are another program's, or a newer Paperfolk's.
    """
    names = set(connection.execute(_TABLES).scalars())
    if names and _VERSIONS not in names:
        raise LibraryError(
            f"the database {database!r} holds another program's tables, such as "
            f"{min(names)!r}; name another database or schema with the setting 'library'"
        )
    if not names:
        return 0
    versions = text(f"SELECT version FROM {_VERSIONS} WHERE part = :part")
    version = int(connection.execute(versions, {"part": part}).scalar() or 0)
    require_known(version, known, f"the {part} in the database {database!r}")
    return version


def run_migrations(
    connection: Connection, part: str, migrations: Sequence[Migration], database: str
) -> None:
    """Run the missing migrations, each in one transaction, over all servers one after another."""
    noted = text(
        f"INSERT INTO {_VERSIONS} VALUES (:part, :version) "
        "ON CONFLICT (part) DO UPDATE SET version = :version"
    )
    while True:
        with connection.begin():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            version = get_version(connection, part, len(migrations), database)
            if version == len(migrations):
                return
            if not set(connection.execute(_TABLES).scalars()):
                connection.exec_driver_sql(_CREATE_VERSIONS)
            run_migration(connection, migrations[version])
            connection.execute(noted, {"part": part, "version": version + 1})
