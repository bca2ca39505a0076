"""One running server, without tokens, for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.app.assistant import Assistant
from tests.serve.running import run_application


@pytest.fixture(scope="session")
def address(assistant: Assistant) -> Iterator[str]:
    with run_application(assistant) as address:
        yield address
