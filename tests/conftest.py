"""The network is closed (loopback stays open), keys are cleared, and fixtures are real parts."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rag.adapters.minilm import MiniLM
    from rag.app.assistant import Assistant
    from rag.readers.process import ReadingLimits, ReadingProcess
    from tests.desk import Desk
    from tests.postgresql_run import PostgresqlServer

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
BROWSER = "tests/browser/"
MOST_TEXTS = 1_000
SHARE = "TESTS_SHARE"
"""Names the folder of what the processes of one `make test` make once for all of them."""
LONG = (
    BROWSER,
    "tests/eval/test_expectations.py",
    "tests/understanding/test_linear.py",
    "tests/readers/test_growth.py",
    "tests/adapters/test_faults.py",
    "tests/ingest/test_two_servers.py",
    "tests/ui/",
    "tests/app/",
    "tests/generation/",
    "tests/ingest/",
    "tests/cli/",
    "tests/test_wheel.py",
    "tests/eval/",
    "tests/adapters/",
    "tests/library/",
    "tests/understanding/test_cases.py",
)
"""What takes longest, longest first, and what mostly waits while the journeys have use for the time."""  # fmt: skip


def pytest_configure() -> None:
    from hypothesis import settings

    # Timing belongs to the benchmarks; half as many examples as usual, which CI makes the same each time.
    settings.register_profile("paperfolk", deadline=None, max_examples=50)
    settings.load_profile("paperfolk")
    for variable in list(os.environ):
        if variable.startswith(("PAPERFOLK_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_", "OTEL_")):
            del os.environ[variable]
    from rag.app import accounts

    accounts.COST = 10  # the least that is read: a thirtieth of a guess's time
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command line has it; workers share the cores
    # A shell starts what runs in the background deaf to Ctrl-C, and a test's own processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # all that is imported and collected stays: a third of that time looked for garbage


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """On a bare checkout one process compiles every module for the others, which wait for it."""
    from filelock import FileLock

    if SHARE not in os.environ or "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)  # who shares the files out collects none
    compiled = Path(os.environ[SHARE]) / "compiled"
    with FileLock(compiled.with_suffix(".lock")):
        if not compiled.exists():
            collected = yield
            compiled.touch()
            return collected
    return (yield)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(25_000, 20, 50)  # a library that is open is half a million objects that stay
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first, so that no worker waits long for another's last one."""

    def get_place(item: pytest.Item) -> int:
        return next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))

    items.sort(key=get_place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is one worker's, as its fixtures are; so are all journeys, which share a server.

    A journey mostly waits for that server and for the browser: the other workers have the time.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def closed_network() -> Iterator[None]:
    """Sockets reach loopback alone."""
    from pytest_socket import enable_socket, socket_allow_hosts

    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """Streamlit's tests put a script in its place, which every process that is made then would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session", autouse=True)
def texts_embedded_once() -> Iterator[None]:
    """A process has many assistants over the same papers, which would each embed the same texts."""
    from rag.adapters.minilm import MiniLM

    with pytest.MonkeyPatch.context() as patch:
        for name in ("_compute_vector", "_encode"):
            patch.setattr(MiniLM, name, keep_results(getattr(MiniLM, name)))
        yield


def keep_results(compute: Callable[[MiniLM, str], Any]) -> Callable[[MiniLM, str], Any]:
    """The same function, which keeps what it made of the last texts, by weights and precision."""
    kept: dict[tuple[object, ...], Any] = {}
    one_at_a_time = threading.Lock()

    @wraps(compute)
    def compute_once(model: MiniLM, text: str) -> Any:
        key = (model._settings.model_path or model._settings.data, model._precision, text)
        result = kept.get(key)
        if result is None:
            result = compute(model, text)
            with one_at_a_time:  # the workers of a model embed side by side
                while len(kept) >= MOST_TEXTS:
                    kept.pop(next(iter(kept)), None)
                kept[key] = result
        return result

    return compute_once


@pytest.fixture(scope="session", autouse=True)
def models_loaded_once() -> Iterator[None]:
    """Each assistant would load the embedded model for itself."""
    from rag.adapters.minilm import MiniLM

    loaded: dict[tuple[object, ...], Any] = {}
    load = MiniLM._load

    def load_once(model: MiniLM) -> Any:
        if model._loaded is None:
            key = (model._settings.model_path or model._settings.data, model._precision)
            model._loaded = loaded.get(key) or loaded.setdefault(key, load(model))
        return model._loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MiniLM, "_load", load_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Each library that is opened has an engine, which would compile the same statements for itself."""
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.util import LRUCache

    compile_for = ClauseElement._compile_w_cache
    compiled, dialects = LRUCache(2_000), {}

    def compile_once(statement: ClauseElement, dialect: Any, **options: Any) -> Any:
        if options["compiled_cache"] is not None:
            options["compiled_cache"] = compiled
            dialect = dialects.setdefault(type(dialect), dialect)
        return compile_for(statement, dialect, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClauseElement, "_compile_w_cache", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_created_once() -> Iterator[None]:
    """Each new library would run all migrations; from the second on it is a copy of an empty one."""
    from rag.library import sqlite

    migrate, empty = sqlite._run_migrations, sqlite3.connect(":memory:", check_same_thread=False)

    def copy_empty(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        if sqlite.get_version(raw):
            return migrate(connection)
        if not sqlite.get_version(empty):
            migrate(connection)
            raw.backup(empty)
        else:
            empty.backup(raw)

    with pytest.MonkeyPatch.context() as patch, closing(empty):
        patch.setattr(sqlite, "_run_migrations", copy_empty)
        yield


@pytest.fixture(scope="session", autouse=True)
def documents_read_by_few() -> Iterator[None]:
    """Each ingest starts a process that reads documents; here one that is done is lent again."""
    idle: dict[object, ReadingProcess] = {}

    @contextmanager
    def lend_process(limits: ReadingLimits) -> Iterator[ReadingProcess]:
        from rag.readers.process import ReadingProcess

        # Nothing that reads a document reads a setting.
        own = {k: v for k, v in os.environ.items() if not k.startswith(("PAPERFOLK_", "PYTEST_"))}
        started_with = (limits, os.getcwd(), frozenset(own.items()))
        process = idle.pop(started_with, None) or ReadingProcess(limits)
        try:
            yield process
        except BaseException:  # it may be reading still
            process.__exit__()
            raise
        replaced = [idle.pop(key, None) for key in list(idle)]
        idle[started_with] = process
        for one in replaced:
            if one is not None:
                one.__exit__()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.ingest.planning.ReadingProcess", lend_process)
        yield
    for process in idle.values():
        process.__exit__()


@pytest.fixture(scope="session")
def weights() -> Path:
    """The embedded model's folder, put there by `paperfolk models fetch` (make test calls it)."""
    return ROOT / "data" / "models" / "all-MiniLM-L6-v2"


@pytest.fixture(scope="session")
def seeds() -> Path:
    return SEEDS


@pytest.fixture(scope="session")
def library_data(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A data folder with the seeds ingested, by the first worker that asks; for reading only."""
    from filelock import FileLock

    from rag.app.assistant import build
    from rag.config.settings import Settings

    folder = tmp_path_factory.mktemp("library")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    shared = Path(os.environ.get(SHARE, shared))
    with FileLock(shared / "ingested.lock"):
        if (shared / "ingested").exists():
            shutil.copytree(shared / "ingested", folder, dirs_exist_ok=True)
        else:
            with build(Settings(data=folder, model_path=weights)) as assistant:
                assistant.ingest([SEEDS])
                if SHARE in os.environ:  # else whoever quotes a paper screens it, again and again
                    assistant.screen_papers(lambda *_: None)
            shutil.copytree(folder, shared / "ingested")
    return folder


@pytest.fixture(scope="session")
def assistant(library_data: Path, weights: Path) -> Iterator[Assistant]:
    """An assistant over the seeds, opened once a session; nothing may be written through it."""
    from rag.app.assistant import build
    from rag.config.settings import Settings

    with build(Settings(data=library_data, model_path=weights)) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    from tests.postgresql_run import run_postgresql

    with run_postgresql() as server:
        yield server


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""What a test runs over that takes `url`, the setting ``library`` of a database of its own."""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    return create_database(request)


def create_database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; the empty address leads to a file in the data folder."""
    if request.param == "sqlite":
        return ""
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    address = server.create_schema()
    request.addfinalizer(lambda: close_connections(address))
    return address


def close_connections(address: str) -> None:
    from rag.library.postgresql import get_engine

    get_engine(address).dispose()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    from tests.desk import Desk

    desk = Desk(tmp_path / "data")
    yield desk
    desk.library.close()
