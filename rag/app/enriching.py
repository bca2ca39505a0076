"""Fills in what papers lack from the catalogues of publications, where a person asks for it.

What a service said is kept as a document in the data folder, one line a paper, and read like any
other: it joins its paper by identity, gives only what the paper's own documents do not, and stands
there for later runs, which need no network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.adapters.services import IdentifierKind, Service, ServiceClient
from rag.ingest.watching import Progress
from rag.library import Library
from rag.library.matching import group_entries
from rag.readers import read_bytes
from rag.types import Entry, Paper
from rag.types.errors import ProviderUnreachable, ReadError
from rag.types.papers import SERVICE_MARK

ENRICHMENT_FOLDER = "enrichment"
ASKED_FILE = "asked.json"


@dataclass(frozen=True, slots=True)
class Brought:
    """What an enrichment brought: files to be read, counts, and why it stopped early, if it did."""

    files: tuple[Path, ...]
    n_asked: int
    n_brought: int
    n_known: int
    stopped: str = ""


def bring_records(
    library: Library,
    services: Sequence[Service],
    *,
    contact: str = "",
    limit: int | None = None,
    progress: Progress = lambda *_: None,
    build_client: Callable[[Service, str], ServiceClient] = ServiceClient,
) -> Brought:
    """Ask services about papers that lack something; each paper is asked about once.

    Args:
        library: Its papers are asked about, in order.
        services: In the order in which they are asked; all are.
        contact: A mail address, which the services ask for.
        limit: Papers asked about at most in this run.
        progress: Told of each paper.
        build_client: Makes the client of a service.
    """
    folder = library.folder / ENRICHMENT_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    day_of = _read_asked(folder / ASKED_FILE)
    wanting = [paper for paper in library.list_papers() if _lacks_something(paper)]
    n_asked = n_brought = n_known = 0
    stopped = ""
    clients = [build_client(service, contact) for service in services]
    try:
        for at, paper in enumerate(wanting[:limit], 1):
            for client in clients:
                name = client.service.name
                kind, value = _choose_identifier(paper, client.service)
                key = f"{name}|{kind}|{value}"
                if key in day_of:
                    n_known += 1
                    continue
                record = client.find(kind, value)
                n_asked += 1
                day_of[key] = _get_day()
                if record is not None and (
                    line := _check_record(record, name, key, paper, library)
                ):
                    with _get_file(folder, client.service).open("a", encoding="utf-8") as file:
                        file.write(line + "\n")
                    n_brought += 1
            _write_asked(folder / ASKED_FILE, day_of)
            progress("asking", at, len(wanting[:limit]))
    except ProviderUnreachable as exc:
        stopped = str(exc)
    finally:
        _write_asked(folder / ASKED_FILE, day_of)
        for client in clients:
            client.close()
    paths = [_get_file(folder, service) for service in services]
    files = tuple(path for path in paths if path.is_file())
    return Brought(files, n_asked, n_brought, n_known, stopped)


def _lacks_something(paper: Paper) -> bool:
    """Whether a field is unknown, or nobody has looked whether the paper was retracted."""
    known = (paper.title, paper.year, paper.venue, paper.authors, paper.text, paper.doi)
    return paper.title is not None and (
        not all(known) or not paper.authors_complete or paper.retracted is None
    )


def _choose_identifier(paper: Paper, service: Service) -> tuple[IdentifierKind, str]:
    if paper.doi and "doi" in service.paths:
        return "doi", paper.doi
    if paper.arxiv and "arxiv" in service.paths:
        return "arxiv", paper.arxiv
    return "title", (paper.title or "").replace(",", " ").replace(":", " ")


def _check_record(
    record: Mapping[str, Any], service: str, key: str, paper: Paper, library: Library
) -> str:
    """The record as a line of a document, where it is read as the same paper; else nothing."""
    mark = {"service": service, "asked": key.partition("|")[2], "on": _get_day()}
    line = json.dumps({SERVICE_MARK: mark, **record}, ensure_ascii=False)
    try:
        (entry, *_) = read_bytes("record.jsonl", line.encode("utf-8", "replace")).entries
    except ReadError:
        return ""
    entries: dict[int, Entry] = dict(enumerate(library.list_entries_of(paper)))
    return line if len(group_entries({**entries, len(entries): entry})) == 1 else ""


def _get_file(folder: Path, service: Service) -> Path:
    return folder / f"{service.name.lower().replace(' ', '-')}.jsonl"


def _read_asked(file: Path) -> dict[str, str]:
    try:
        day_of = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never asked, or a broken note: asking again does no harm
        return {}
    return day_of if isinstance(day_of, dict) else {}


def _write_asked(file: Path, day_of: Mapping[str, str]) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(day_of, ensure_ascii=False, indent=0), encoding="utf-8")
    temporary.replace(file)


def _get_day() -> str:
    return datetime.now(UTC).date().isoformat()
