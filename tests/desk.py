"""A library on a desk: documents made by hand, and what an ingest makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library
from rag.types import Plan, Report
from tests.stand_ins import QuickEmbedder, QuickStores, vector

FILLER = " A sentence long enough that this abstract is told from others by its own words alone."


class Desk:
    """A library with what is needed to ingest into it; ``embedded`` are the texts of the last time."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.library = Library.open(folder, url)
        self.stores = QuickStores()
        self.embedded: list[str] = []

    def ingest(self, *paths: Path, embedder: QuickEmbedder | None = None, **options: Any) -> Report:
        embedder = embedder or QuickEmbedder()
        report = apply_ingest(self.library, self.stores, lambda: embedder, paths, **options)
        self.embedded = embedder.seen
        assert check_indexes(self.library, self.stores).problems == ()
        return report

    @property
    def titles(self) -> list[str | None]:
        return [paper.title for paper in self.library.list_papers()]

    def nearest(self, title: str) -> str | None:
        """Title of the paper whose vector is that of this paper's chunk, if any is near."""
        return self.list_nearest([title])[0]

    def list_nearest(self, titles: Sequence[str]) -> list[str | None]:
        with closing(Indexes(self.library, self.stores, "quick")) as indexes:
            vectors = [vector(f"{title}\n{abstract(title)}") for title in titles]
            found = indexes.vectors.query(vectors, 1)
        return [
            self.library.list_chunks([one[0][0]])[0].heading if one and one[0][1] >= 0.99 else None
            for one in found
        ]

    def found(self, term: str, field: str = "body") -> set[str | None]:
        return self.list_found([term], field)[0]

    def list_found(self, terms: Sequence[str], field: str = "body") -> list[set[str | None]]:
        """Titles of the papers with each term."""
        with closing(Indexes(self.library, self.stores)) as indexes:
            hits = [indexes.lexical.find_chunks([term], 50, {field: 1.0}) for term in terms]
        titles = {paper.paper_id: paper.title for paper in self.library.list_papers()}
        return [{titles[paper_id] for _, paper_id, _ in one} for one in hits]


def abstract(title: str) -> str:
    return f"{title} is about {title.lower()}.{FILLER}"


def write(path: Path, *titles: str, **values: object) -> Path:
    """A document with one paper a line; equal titles have equal abstracts."""
    lines = [json.dumps({"title": t, "abstract": abstract(t), **values}) for t in titles]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def counts(found: Plan) -> dict[str, int]:
    return {change: n for change, n in found.counts.items() if n}
