"""The server for programs, running in a thread on a free port, as clients meet it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from rag.app.assistant import Assistant
from rag.serve.application import build_application


@contextmanager
def run_application(assistant: Assistant) -> Iterator[str]:
    """The address of a server over the assistant."""
    config = uvicorn.Config(
        build_application(assistant), host="127.0.0.1", port=0, log_level="error", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
