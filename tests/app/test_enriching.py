"""Enrichment from services, which are recorded replies on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rag.adapters.services import SERVICES, Service, ServiceClient
from rag.app.enriching import Brought, bring_records
from rag.types.errors import ProviderUnreachable
from tests.desk import Desk

RECORDED = json.loads(
    (Path(__file__).parent.parent / "recorded" / "services.json").read_text(encoding="utf-8")
)
BIB = """@article{a, title={Peat Weights in Forty Bogs}, doi={10.5555/peat.1}, author={Moreau, Lea and others}}
@article{b, title={Bog Water in Dry Years}, author={Vries, Anke}, year={2018}}
@article{c, title={Moss on the Roofs of Barns}, author={Haas, Tom}, year={2019}}
"""


class Recorded(ThreadingHTTPServer):
    """Answers with the recorded replies; the first question is refused for a moment."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.busy = 1


class Handler(BaseHTTPRequestHandler):
    server: Recorded  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.agents.add(self.headers["User-Agent"])
        if self.server.busy:
            self.server.busy -= 1
            self.send_response(429)
            self.send_header("Retry-After", "7")
            self.end_headers()
            return
        reply = RECORDED.get(self.path)
        self.send_response(200 if reply else 404)
        self.end_headers()
        self.wfile.write(json.dumps(reply or {}).encode())

    def log_message(self, *values: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Recorded]:
    with Recorded() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "refs.bib").write_text(BIB, "utf-8")
    desk = Desk(tmp_path / "data")
    desk.ingest(tmp_path / "refs.bib")
    return desk


def enrich(desk: Desk, url: str, pauses: list[float], service: Service = SERVICES[0]) -> Brought:
    def build(service: Service, contact: str) -> ServiceClient:
        return ServiceClient(service, contact, pauses.append)

    asked = replace(service, url=url, pause_s=0.0)
    brought = bring_records(desk.library, [asked], contact="a@b.example", build_client=build)
    if brought.files:
        desk.ingest(*brought.files)
    return brought


def test_what_papers_lack_is_filled_in_once_and_marked(server: Recorded, desk: Desk) -> None:
    pauses: list[float] = []
    url = f"http://127.0.0.1:{server.server_port}"
    brought = enrich(desk, url, pauses)
    assert (brought.n_asked, brought.n_brought, brought.stopped) == (3, 2, "")
    assert 7.0 in pauses and server.agents == {"paperfolk (mailto:a@b.example)"}
    papers = {paper.title: paper for paper in desk.library.list_papers()}
    assert set(papers) == {
        "Peat Weights in Forty Bogs", "Bog Water in Dry Years", "Moss on the Roofs of Barns",
    }  # fmt: skip
    peat = papers["Peat Weights in Forty Bogs"]
    assert peat.authors == ("Lea Moreau", "Tom Haas") and peat.authors_complete
    assert (peat.year, peat.month, peat.venue, peat.retracted) == (2020, 4, "Bog Letters", True)
    assert peat.how_known("venue").startswith("filled in from Crossref on ")
    assert peat.how_known("title") == ""
    water = papers["Bog Water in Dry Years"]
    assert (water.doi, water.venue) == ("10.5555/peat.2", "Bog Letters")
    # Another paper than the one that was asked about is not taken.
    assert papers["Moss on the Roofs of Barns"].doi is None
    # What was asked is not asked again.
    n = len(server.asked)
    again = enrich(desk, url, pauses)
    assert len(server.asked) - n == again.n_asked == 1  # by the DOI that one paper has since


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_service_fills_in_what_papers_lack(
    service: Service, server: Recorded, desk: Desk
) -> None:
    brought = enrich(desk, f"http://127.0.0.1:{server.server_port}", [], service)
    assert (brought.n_asked, brought.n_brought, brought.stopped) == (3, 2, "")
    papers = {paper.title: paper for paper in desk.library.list_papers()}
    peat, water = papers["Peat Weights in Forty Bogs"], papers["Bog Water in Dry Years"]
    assert peat.authors == ("Lea Moreau", "Tom Haas") and peat.authors_complete
    assert (peat.year, peat.month, peat.venue) == (2020, 4, "Bog Letters")
    assert peat.how_known("venue").startswith(f"filled in from {service.name} on ")
    assert (water.doi, water.venue, water.authors) == (
        "10.5555/peat.2",
        "Bog Letters",
        ("Anke Vries",),
    )


def test_without_a_network_nothing_is_lost(desk: Desk) -> None:
    brought = enrich(desk, "http://127.0.0.1:9", [])
    assert brought.n_asked == 0 and brought.stopped.startswith("Crossref cannot be reached")
    assert len(desk.titles) == 3


def test_a_service_that_goes_on_refusing_is_left(server: Recorded) -> None:
    server.busy = 100
    url = f"http://127.0.0.1:{server.server_port}"
    client = ServiceClient(replace(SERVICES[0], url=url), "", lambda seconds: None)
    with pytest.raises(ProviderUnreachable, match="answers with status 429"):
        client.find("doi", "10.5555/peat.1")
    client.close()
