"""Reads documents into the library of an assistant, and changes what was read from them.

What reads, embeds and writes is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.adapters.index_stores import LocalStores
from rag.config.settings import Settings
from rag.library import Library
from rag.types import Paper, Place, Plan, Report, Span
from rag.types.ingests import PARTIAL

if TYPE_CHECKING:
    from rag.adapters.embedders import Hosted
    from rag.adapters.minilm import MiniLM
    from rag.adapters.services import Service
    from rag.app.enriching import Brought
    from rag.readers.process import ReadingLimits

IngestProgress = Callable[[str, int, int], None]


class Ingestion:
    """Writes to one library.

    Args:
        settings: Name the embedder, the seeds, and what one document may cost.
        library: To be written to.
        stores: Where its indexes lie.
    """

    def __init__(self, settings: Settings, library: Library, stores: LocalStores) -> None:
        self._settings, self._library, self._stores = settings, library, stores

    def build_plan(
        self, paths: Sequence[Path], *, prune: bool, rebuild: bool, drop: Sequence[str]
    ) -> Plan:
        """What `apply` would do; nothing is written."""
        from rag.ingest.planning import build_plan

        return build_plan(
            self._library,
            self._choose_paths(paths, drop),
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            limits=self._limits,
        )

    def apply(self, paths: Sequence[Path], *, drop: Sequence[str], **options: Any) -> Report:
        """Read documents, by default the seeds; options of `rag.ingest.ingesting.apply_ingest`."""
        return self._apply(self._choose_paths(paths, drop), drop=drop, **options)

    def part(self, places: Sequence[Place], *, join: bool) -> Report:
        """Part entries from their papers; see `rag.ingest.ingesting.part_entries`."""
        from rag.ingest.ingesting import part_entries

        return part_entries(self._library, self._stores, self._build_embedder, places, join=join)

    def enrich(
        self,
        services: Sequence[Service],
        *,
        contact: str,
        limit: int | None,
        progress: IngestProgress | None,
    ) -> tuple[Brought, Report]:
        """Ask services what papers lack, and read what they said; see `rag.app.enriching`."""
        from rag.app.enriching import bring_records

        report = progress or (lambda *_: None)
        brought = bring_records(
            self._library, services, contact=contact, limit=limit, progress=report
        )
        return brought, self._apply(brought.files, progress=progress)

    def correct(self, paper: Paper, values: Mapping[str, object]) -> Report:
        """Say what a paper's fields are, in all of its places; kept when they are read again."""
        digests = {
            document.name: document.sha256.removeprefix(PARTIAL)
            for document in self._library.list_documents()
        }
        corrections = {(digests[place.document], place.line): values for place in paper.places}
        return self._apply((), corrections=corrections)

    def draw_page(self, paper: Paper, span: Span) -> bytes | None:
        """The page of the paper's own PDF that a span begins on; None without one."""
        from rag.readers.pdf_pages import draw_page

        page = paper.find_page(span[0])
        paths = {document.name: Path(document.path) for document in self._library.list_documents()}
        for place in paper.places:
            path = paths.get(place.document)
            if page is not None and path is not None and path.suffix.lower() == ".pdf":
                if path.is_file():
                    return draw_page(path, page, paper.text[slice(*span)], self._limits)
        return None

    def _apply(self, paths: Sequence[Path], **options: Any) -> Report:
        from rag.ingest.ingesting import apply_ingest

        return apply_ingest(
            self._library,
            self._stores,
            self._build_embedder,
            paths,
            limits=self._limits,
            **options,
        )

    def _build_embedder(self) -> MiniLM | Hosted:
        from rag.adapters.embedders import build_embedder

        return build_embedder(self._settings)

    @property
    def _limits(self) -> ReadingLimits:
        from rag.readers.process import ReadingLimits

        return ReadingLimits(self._settings.read_timeout_s, self._settings.read_memory_mb)

    def _choose_paths(self, paths: Sequence[Path], drop: Sequence[str]) -> tuple[Path, ...]:
        """The paths to read: those given; else the seeds, unless the call only drops documents."""
        return tuple(paths) or (() if drop else (self._settings.seeds,))
