"""Asks Crossref, OpenAlex and Semantic Scholar what they know of a paper, politely and one at a time.

Only an identifier or a title leaves the machine. What comes back is the service's own record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import httpx

from rag.types.errors import ProviderUnreachable

IdentifierKind = Literal["doi", "arxiv", "title"]

_FIELDS = "title,abstract,authors,year,publicationDate,venue,journal,externalIds,fieldsOfStudy"
_TRIES = 3
LONGEST_WAIT_S = 60.0
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """One catalogue.

    Attributes:
        name: As it is printed and named in settings.
        url: Where its interface begins, without a last stroke.
        pause_s: Between two questions.
        paths: What is asked, by the kind of what a paper is known by.
        wrapped: Names under which an answer to a title keeps its list of records.
    """

    name: str
    url: str
    pause_s: float
    paths: Mapping[IdentifierKind, str]
    wrapped: tuple[str, ...]


SERVICES = (
    Service(
        "Crossref", "https://api.crossref.org", 0.2,
        {"doi": "/works/{}", "title": "/works?rows=1&query.bibliographic={}"}, ("message", "items"),
    ),
    Service(
        "OpenAlex", "https://api.openalex.org", 0.2,
        {"doi": "/works/doi:{}", "title": "/works?per-page=1&filter=title.search:{}"}, ("results",),
    ),
    Service(
        "Semantic Scholar", "https://api.semanticscholar.org/graph/v1", 1.1,
        {"doi": f"/paper/DOI:{{}}?fields={_FIELDS}", "arxiv": f"/paper/ARXIV:{{}}?fields={_FIELDS}",
         "title": f"/paper/search?limit=1&fields={_FIELDS}&query={{}}"}, ("data",),
    ),
)  # fmt: skip


class ServiceClient:
    """Asks one service; keeps its pauses, also those that it asks for.

    Args:
        service: Which one.
        contact: A mail address that the services ask for; empty for none.
        sleep: How pauses are kept.
    """

    def __init__(
        self, service: Service, contact: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.service, self._sleep, self._asked_at = service, sleep, 0.0
        agent = f"paperfolk (mailto:{contact})" if contact else "paperfolk"
        self._http = httpx.Client(
            timeout=TIMEOUT_S, headers={"User-Agent": agent}, follow_redirects=True
        )

    def find(self, kind: IdentifierKind, value: str) -> Mapping[str, Any] | None:
        """The service's record of what this identifies; None where it has none.

        Raises:
            ProviderUnreachable: It cannot be reached, or refuses for longer than is waited.
        """
        path = self.service.paths.get(kind)
        if path is None:
            return None
        answer = self._get(f"{self.service.url}{path.format(quote(value, safe='/:'))}")
        for name in self.service.wrapped:
            if isinstance(answer, Mapping) and name in answer:
                answer = answer[name]
        if isinstance(answer, list):
            answer = next(iter(answer), None)
        return answer if isinstance(answer, Mapping) else None

    def _get(self, url: str) -> Any:
        for tried in range(1, _TRIES + 1):
            self._sleep(max(0.0, self._asked_at + self.service.pause_s - time.monotonic()))
            try:
                reply = self._http.get(url)
            except httpx.HTTPError as exc:
                raise ProviderUnreachable(
                    f"{self.service.name} cannot be reached ({type(exc).__name__}); what was "
                    "brought before is kept, so ask again when there is a network"
                ) from exc
            finally:
                self._asked_at = time.monotonic()
            if reply.status_code in (404, 400):
                return None
            if reply.status_code == 429 or reply.status_code >= 500:
                wait = _parse_wait(reply.headers.get("retry-after", ""), 2.0**tried)
                if tried < _TRIES and wait <= LONGEST_WAIT_S:
                    self._sleep(wait)
                    continue
            if reply.status_code != 200:
                break
            try:
                return reply.json()
            except ValueError:
                return None
        raise ProviderUnreachable(
            f"{self.service.name} answers with status {reply.status_code}; what was brought before is "
            "kept, so ask again later"
        )

    def close(self) -> None:
        self._http.close()


def _parse_wait(seconds: str, default: float) -> float:
    return float(seconds) if seconds.strip().isdigit() else default
