"""Storage of sessions whose page was closed, so that a page reopened soon finds its state.

Streamlit gives each session its own event loop with three file descriptors and stores 128 sessions:
more descriptors than a process has whose limit is 256.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from streamlit.runtime import get_instance
from streamlit.runtime.session_manager import SessionInfo, SessionStorage
from streamlit.starlette import App

KEEP_S = 120.0
MOST = 128
RESERVED = 128
"""Descriptors reserved for the library, its indexes and the connected users."""


def n_sessions() -> int:
    """How many sessions without a page are kept: an eighth of the descriptors that are free for them."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = limit == resource.RLIM_INFINITY
    return MOST if unlimited else max(min((limit - RESERVED) // 8, MOST), 4)


class Sessions(SessionStorage):
    """Stores the last few sessions for two minutes each, and shuts others down at once.

    Streamlit's own storage leaves that to the garbage collector, which counts objects and not
    descriptors.
    """

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = maximum, clock
        self._sessions: dict[str, tuple[SessionInfo, float]] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        self._shut_down()
        session, _ = self._sessions.get(session_id, (None, 0.0))
        return session

    def save(self, session_info: SessionInfo) -> None:
        self._sessions.pop(session_info.session.id, None)
        self._sessions[session_info.session.id] = session_info, self._clock() + KEEP_S
        self._shut_down()

    def delete(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)

    def list(self) -> builtins.list[SessionInfo]:
        return [session for session, _ in self._sessions.values()]

    def _shut_down(self) -> None:
        """The oldest stand first."""
        for session_id, (info, until) in list(self._sessions.items()):
            if len(self._sessions) <= self._most and until > self._clock():
                return
            del self._sessions[session_id]
            info.session.shutdown()


@asynccontextmanager
async def bounded(_: App) -> AsyncGenerator[None]:
    """While the application runs, its sessions are kept here; Streamlit has no option for it."""
    get_instance()._session_mgr._session_storage = Sessions(n_sessions())  # type: ignore[attr-defined]
    yield
