"""The network is closed (loopback stays open), keys are cleared, and fixtures are real parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rag.app.assistant import Assistant
    from tests.desk import Desk

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"


def pytest_configure() -> None:
    from hypothesis import settings

    settings.register_profile("paperfolk", deadline=None)  # timing belongs to the benchmarks
    settings.load_profile("paperfolk")
    for variable in list(os.environ):
        if variable.startswith(("PAPERFOLK_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_", "OTEL_")):
            del os.environ[variable]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: the driver's event loop, once begun, is in the way of others."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def closed_network() -> Iterator[None]:
    """Sockets reach loopback alone."""
    from pytest_socket import enable_socket, socket_allow_hosts

    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def weights() -> Path:
    """The embedded model's folder, put there by `paperfolk models fetch` (make test calls it)."""
    return ROOT / "data" / "models" / "all-MiniLM-L6-v2"


@pytest.fixture(scope="session")
def seeds() -> Path:
    return SEEDS


@pytest.fixture(scope="session")
def library_data(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A data folder with the seeds ingested, once a session; for reading only."""
    from rag.app.assistant import build
    from rag.config.settings import Settings

    folder = tmp_path_factory.mktemp("library")
    with build(Settings(data=folder, model_path=weights)) as assistant:
        assistant.ingest([SEEDS])
    return folder


@pytest.fixture(scope="session")
def assistant(library_data: Path, weights: Path) -> Iterator[Assistant]:
    """An assistant over the seeds, opened once a session; nothing may be written through it."""
    from rag.app.assistant import build
    from rag.config.settings import Settings

    with build(Settings(data=library_data, model_path=weights)) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    from tests.desk import Desk

    desk = Desk(tmp_path / "data")
    yield desk
    desk.library.close()
