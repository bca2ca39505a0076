"""The library in SQLite: one file in the data folder, read while another process may write to it."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool, StaticPool

from rag.library.database import FAULTS, get_words, is_operational, translated
from rag.library.permissions import create_temporary_folder, is_full, is_readonly, require_room
from rag.library.schema import LIBRARY_FILE, LIBRARY_MIGRATIONS, require_known, run_migration
from rag.library.tables import METADATA
from rag.types.errors import LibraryError, LibraryLocked

LIBRARY_LOCK = "library.lock"
BUSY_TIMEOUT_S = 30.0
PAGE_BYTES = 2_048
"""Of a new file. A row of a few kilobytes leaves half a page empty, and so does each of seventy tables and indexes."""


class SqliteDatabase:
    """One file; it is read through an empty one in memory until it exists."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / LIBRARY_FILE
        self._guard = threading.Lock()
        self._engine: Engine | None = None
        self._file: tuple[int, ...] | None = None

    @property
    def home(self) -> str:
        return ""

    # --- reading ------------------------------------------------------------------------------

    @contextmanager
    def connect(self, *, snapshot: bool) -> Iterator[Connection]:
        """Each one is a read transaction of its own, so a snapshot costs nothing more."""
        with translated(self):
            connection = self._update_engine().connect()
        try:
            yield connection
        finally:
            with translated(self):
                connection.close()

    def _update_engine(self) -> Engine:
        """The one in use; a new one where the file came, or another took its place."""
        with self._guard:
            engine, file = self._engine, _get_file_identity(self.path)
            if engine is not None and file == self._file:
                return engine
            opened = self._open_file() if file else None
            if opened is None:
                if engine is not None and self._file is None:
                    return engine
                opened, file = build_empty_engine(), None
            if engine is not None:
                engine.dispose()
            self._engine, self._file = opened, file
            return opened

    def _open_file(self) -> Engine | None:
        """None while the file is still being created."""
        path = self.path
        with closing(open_connection(path, readonly=True)) as connection:
            version = get_version(connection)
        if not version:
            return None
        if version < len(LIBRARY_MIGRATIONS):
            path = self._migrate_older()
        return build_engine(partial(open_connection, path, readonly=True))

    def _migrate_older(self) -> Path:
        """Bring a file that an older version wrote up to date; a copy, where it takes no change."""
        if not (is_readonly(self.folder) or is_full(self.folder)):
            with self.open_writing(BUSY_TIMEOUT_S):
                return self.path
        folder = create_temporary_folder()
        try:
            for name in (LIBRARY_FILE, f"{LIBRARY_FILE}-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(self.folder / name, folder / name)
            with SqliteDatabase(folder).open_writing(0.0):
                return folder / LIBRARY_FILE
        except OSError as exc:
            raise LibraryError(
                f"the library file {str(self.path)!r} was written by an older Paperfolk, its folder "
                f"cannot be written, and it cannot be copied to {str(folder.parent)!r} ({exc}); "
                "make room or give rights"
            ) from exc

    def close(self) -> None:
        with self._guard:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = self._file = None

    # --- writing ------------------------------------------------------------------------------

    @contextmanager
    def open_writing(self, wait_s: float) -> Iterator[Connection]:
        with self._lock(wait_s):
            engine = build_engine(
                partial(open_connection, self.path, readonly=False), "BEGIN IMMEDIATE"
            )
            try:
                with engine.connect() as connection:
                    try:
                        _run_migrations(connection)
                    except FAULTS as exc:
                        raise self.build_not_written(exc) from exc
                    yield connection
            finally:
                engine.dispose()

    @contextmanager
    def _lock(self, wait_s: float) -> Iterator[None]:
        from filelock import FileLock, Timeout

        folder = self.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            require_room(folder)
            lock = FileLock(folder / LIBRARY_LOCK)
            lock.acquire(timeout=wait_s)
        except Timeout as exc:
            raise LibraryLocked(
                f"the library {str(folder)!r} is being written by another process; "
                "wait until it is done and try again"
            ) from exc
        except OSError as exc:
            todo = "make room or " if exc.errno == errno.ENOSPC else ""
            raise LibraryError(
                f"the data folder {str(folder)!r} cannot be written ({exc.strerror}); "
                f"{todo}name another one with PAPERFOLK_DATA"
            ) from exc
        try:
            yield
        finally:
            lock.release()

    # --- faults -------------------------------------------------------------------------------

    def build_damage(self, exc: Exception | str) -> LibraryError:
        return build_damage(self.path, exc)

    def build_not_written(self, exc: Exception) -> LibraryError:
        if is_operational(exc):
            return LibraryError(
                f"the library {str(self.folder)!r} cannot be written ({get_words(exc)}); nothing of "
                "this step was kept, so make room or give rights and try again"
            )
        return self.build_damage(exc)

    def find_damage(self, connection: Connection) -> list[str]:
        lines = connection.execute(text("PRAGMA integrity_check")).scalars()
        return [" ".join(str(line).split()) for line in lines if line != "ok"]

    def reclaim(self, connection: Connection) -> None:
        """A file of which a tenth is empty is written anew.

        Killed, or refused for want of room or as others read too long, that leaves the file as it was.
        """
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        n_pages, n_free = (
            raw.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "freelist_count")
        )
        if 10 * n_free > n_pages:
            with suppress(sqlite3.OperationalError):
                raw.execute("VACUUM")

    def require_whole(self, connection: Connection) -> None:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        missing = set(METADATA.tables) - {str(name) for name in names.scalars()}
        if missing:
            raise self.build_damage(f"it has no table {min(missing)!r}")
        record = connection.execute(text("PRAGMA quick_check(1)")).scalar()
        if record != "ok":
            raise self.build_damage(str(record))

    def stamp(self) -> str:
        """Size and date of the file, and of changes that are not yet in it."""
        results = []
        for name in (LIBRARY_FILE, f"{LIBRARY_FILE}-wal"):
            with suppress(OSError):
                state = (self.folder / name).stat()
                if state.st_size:
                    results.append(f"{state.st_size} {state.st_mtime_ns}")
        return ", ".join(results)


def build_engine(creator: Callable[[], sqlite3.Connection], begin: str = "BEGIN") -> Engine:
    """Connections as ``creator`` opens them, each transaction begun by that statement."""
    engine = create_engine(
        "sqlite://", creator=creator, poolclass=QueuePool, pool_size=4, max_overflow=-1
    )
    begin_with(engine, begin)
    return engine


def begin_with(engine: Engine, statement: str) -> None:
    """Begin each transaction so: Python's driver would leave out readings."""

    @event.listens_for(engine, "connect")
    def leave_to_us(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def build_empty_engine() -> Engine:
    """Leads to a library with nothing in it, in memory: what is read before the first ingest."""
    return build_engine(_create_empty)


def build_damage(path: Path | str, exc: Exception | str) -> LibraryError:
    """The sentence for a file whose content cannot be read, without the text that cannot."""
    return LibraryError(
        f"the library file {str(path)!r} cannot be read ({get_words(exc)}); "
        'move it away and run "paperfolk ingest" to build it again'
    )


def _run_migrations(connection: Connection) -> None:
    """Run the missing migrations, each in one transaction."""
    with connection.begin():
        version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    for number in range(version, len(LIBRARY_MIGRATIONS)):
        with connection.begin():
            run_migration(connection, LIBRARY_MIGRATIONS[number])
            connection.exec_driver_sql(f"PRAGMA user_version = {number + 1}")


def _create_empty() -> sqlite3.Connection:
    """A library with nothing in it, in memory: what is read before the first ingest."""
    opened = open_connection(":memory:", readonly=False)
    engine = create_engine("sqlite://", creator=lambda: opened, poolclass=StaticPool)
    with engine.connect() as connection:
        _run_migrations(connection)
    opened.execute("PRAGMA query_only = ON")
    return opened


# --- the file -------------------------------------------------------------------------------


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
        raise build_damage(path, exc) from exc


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
        timeout=BUSY_TIMEOUT_S,
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
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:  # whatever it is, the file is not left open
        connection.close()
        raise
    return connection


def get_version(connection: sqlite3.Connection) -> int:
    """Migrations that were run on the file; 0 for an empty one."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    require_known(version, len(LIBRARY_MIGRATIONS))
    if not version and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise LibraryError(
            f"the data folder's {LIBRARY_FILE!r} is another program's database; name another folder with "
            "PAPERFOLK_DATA"
        )
    return version


def _get_file_identity(path: Path) -> tuple[int, ...] | None:
    """Of the file, whatever its name; None if there is none.

    A file in a folder that cannot be written is read as it stands: changed, it is another one.
    """
    try:
        file_stat = path.stat()
    except OSError:
        return None
    same = file_stat.st_dev, file_stat.st_ino
    return (*same, file_stat.st_mtime_ns, file_stat.st_size) if is_readonly(path.parent) else same
