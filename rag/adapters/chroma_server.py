"""A Chroma server: its address and headers, and a client with a time limit on every call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from rag.types.errors import SettingsError, StoreUnreachable
from rag.types.ports import Generation

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.config import Settings

DEFAULT_PORT = 8000
OLDEST = (1, 5, 9)
"""Older servers are not tested with this version; those that run in Python let strangers run code
(CVE-2026-45829)."""
MARK_OF_OLDEST = "SparseIndexAlgorithm"
"""Occurs in the API description of `chroma run` from 1.5.9 on; 1.5.8 and 1.5.9 both report 1.0.0."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Chroma server, from the settings.

    Attributes:
        where: ``host``, ``host:port``, or an ``http://`` or ``https://`` address.
        token: Sent as ``Authorization: Bearer`` and as ``X-Chroma-Token``; empty: none.
        timeout_s: For a connection, and for each answer.
    """

    where: str
    token: str = field(default="", repr=False)
    tenant: str = "default_tenant"
    database: str = "default_database"
    timeout_s: float = 20.0

    @property
    def address(self) -> str:
        """With scheme and port.

        Raises:
            SettingsError: The setting is not a valid address.
        """
        written = self.where if "://" in self.where else f"http://{self.where}"
        try:
            parts = urlsplit(written.rstrip("/"))
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        fits = parts.scheme in ("http", "https") and re.fullmatch(r"[^\s@?#]+", parts.netloc)
        if not (fits and parts.hostname) or parts.query or parts.fragment or port == 0:
            raise SettingsError(
                "setting 'chroma' must be 'host:port' or an address such as "
                "'https://chroma.example:8000', without a password: that is 'chroma_token'"
            )
        plain = parts.scheme == "http" and port is None
        return f"{parts.scheme}://{parts.netloc}{f':{DEFAULT_PORT}' if plain else ''}{parts.path}"

    @property
    def headers(self) -> dict[str, str]:
        token = self.token
        return {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}


def connect(server: Server, settings: Settings) -> Client:
    """Connect to the server; returns the client.

    Raises:
        StoreUnreachable: The server does not answer in time, denies access, or is too old.
        SettingsError: Its setting is not a valid address.
    """
    import httpx
    from chromadb.api.client import Client
    from chromadb.errors import ChromaError

    class LimitedClient(Client):
        """Sets the time limit before the calls that Chroma's client makes in its constructor."""

        def get_user_identity(self) -> Any:
            limit(self._server)
            return super().get_user_identity()

        def _validate_tenant_database(self, tenant: str, database: str) -> None:
            limit(cast(Any, self._admin_client)._server)
            super()._validate_tenant_database(tenant, database)

    def limit(api: Any) -> None:
        api._session.timeout = server.timeout_s

    _greet(server)
    settings.chroma_api_impl = "chromadb.api.fastapi.FastAPI"
    settings.chroma_server_host = server.address
    settings.chroma_server_http_port = DEFAULT_PORT  # asked for, and not used beside an address
    settings.chroma_server_headers = server.headers
    try:
        return LimitedClient(server.tenant, server.database, settings)
    except (ChromaError, ValueError) as exc:
        if isinstance(exc.__context__, httpx.HTTPError):  # which Chroma's client has made vague
            raise explain_failure(server, exc.__context__) from exc
        raise StoreUnreachable(
            f"the Chroma server at {server.where!r} does not open database {server.database!r} of "
            f"tenant {server.tenant!r} ({exc}); check the settings 'chroma_tenant', "
            "'chroma_database' and 'chroma_token'"
        ) from exc


def sessions(client: Client) -> list[httpx.Client]:
    """The HTTP sessions of a client of a server, which Chroma does not close."""
    servers: tuple[Any, Any] = (client._server, cast(Any, client._admin_client)._server)
    return [server._session for server in servers if hasattr(server, "_session")]


def name_collection(generation: Generation) -> str:
    """The generation's collection on a server, which several data folders may use.

    A copy of a data folder has the same library id, so that two machines with one backup would
    write over each other. The number that the file system gives the folder is not copied; it stays
    when the folder is moved, or mounted elsewhere. Where it changes all the same, the vectors are
    built again from the library. A library in a shared database has the database's number instead.
    """
    home = generation.home or f"{generation.folder.parent.parent.stat().st_ino:x}"
    return f"{generation.collection}-{home}"


def unreachable(server: Server, reason: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"the Chroma server at {server.where!r} does not answer ({reason}); start it "
        '("chroma run") or clear the setting "chroma" to use the embedded store'
    )


def explain_failure(server: Server, exc: BaseException) -> StoreUnreachable:
    """Describe an error of the connection as a sentence."""
    import httpx

    if isinstance(exc, httpx.TimeoutException):
        return unreachable(server, f"nothing came within {server.timeout_s:g} s")
    return unreachable(server, " ".join(str(exc).split())[:200] or type(exc).__name__)


def _greet(server: Server) -> None:
    """Request the version first: it shows whether the server can be reached and is new enough."""
    import httpx

    try:
        with httpx.Client(timeout=server.timeout_s, headers=server.headers) as http:
            answer = http.get(f"{server.address}/api/v2/version")
            described = None
            if answer.status_code == 200 and answer.text.strip() == '"1.0.0"':
                described = http.get(f"{server.address}/openapi.json")
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise explain_failure(server, exc) from exc
    if answer.status_code in (401, 403):
        raise StoreUnreachable(
            f"the Chroma server at {server.where!r} lets nobody in with this token "
            f"(HTTP {answer.status_code}); check the setting 'chroma_token'"
        )
    version = re.fullmatch(r'"(\d++)\.(\d++)\.(\d++)[^"\s]*+"', answer.text.strip())
    if answer.status_code != 200 or not version:
        raise unreachable(server, "what answers there is no Chroma server")
    lines = tuple(map(int, version.groups()))
    if described is not None:  # a description that is kept back tells nothing
        is_older = described.status_code == 200 and MARK_OF_OLDEST not in described.text
    else:
        is_older = lines < OLDEST
    if is_older:
        raise StoreUnreachable(
            f"the Chroma server at {server.where!r} is older than {'.'.join(map(str, OLDEST))}, which "
            "has known flaws; update it, or clear the setting 'chroma' to use the embedded store"
        )
