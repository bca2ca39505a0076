"""Public test collections in BEIR's form, and what rankings of them are worth beside others'.

A folder holds ``corpus.jsonl`` ({"_id", "title", "text"}), ``queries.jsonl`` ({"_id", "text"}) and
``qrels/<split>.tsv`` with a header line (query, item, grade).
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eval.measures import Grades, percentile
from eval.tables import Cell, table
from rag.errors import ReadError
from rag.pipeline import Progress
from rag.types import Paper

CORPUS = "corpus.jsonl"
PUBLISHED = Path(__file__).parent / "published.yaml"


@dataclass(frozen=True, slots=True)
class Collection:
    """One split of a test collection.

    Attributes:
        name: Folder and split, such as ``scifact/test``.
        queries: Text by query id, those with judgements alone.
        qrels: Grade by item id, by query id.
        line_ids: The corpus's ids; the n-th belongs to line n, counted from 1.
    """

    name: str
    corpus: Path
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, float]]
    line_ids: Sequence[str]

    def ids(self, paper: Paper) -> list[str]:
        """The corpus ids of a paper; several where the corpus holds the same text twice."""
        return [self.line_ids[p.line - 1] for p in paper.places if p.document == CORPUS]


def collection(folder: Path, split: str, limit: int | None = None) -> Collection:
    """Read a folder in BEIR's form.

    Args:
        folder: Holds corpus, queries and qrels.
        split: Names the qrels.
        limit: Queries at most, the first in the order of the qrels.

    Raises:
        ReadError: A file is missing or is not in BEIR's form.
    """
    qrels = _qrels(folder / "qrels" / f"{split}.tsv")
    texts = {str(row["_id"]): str(row["text"]) for row in rows(folder / "queries.jsonl")}
    unknown = [query_id for query_id in qrels if query_id not in texts]
    if unknown:
        raise ReadError(
            f"query {unknown[0]!r} of {split!r} is not in {str(folder / 'queries.jsonl')!r}"
        )
    chosen = list(qrels)[:limit]
    return Collection(
        name=f"{folder.resolve().name}/{split}",
        corpus=folder / CORPUS,
        queries={query_id: texts[query_id] for query_id in chosen},
        qrels={query_id: qrels[query_id] for query_id in chosen},
        line_ids=[str(row["_id"]) for row in rows(folder / CORPUS)],
    )


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, each with an ``_id``.

    Raises:
        ReadError: The file cannot be read, or a line is something else.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if not isinstance(row, dict) or "_id" not in row:
                    raise ReadError(f"line {number} of {str(path)!r} is no object with an '_id'")
                yield row
    except (OSError, ValueError) as exc:
        raise ReadError(f"{str(path)!r} is not a readable JSONL file: {exc}") from exc


def _qrels(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            query_id, item_id, grade = line.split("\t")
            found[query_id][item_id] = float(grade)
    except (OSError, ValueError) as exc:
        raise ReadError(
            f"judgements {str(path)!r} are not readable lines of query, item and grade: {exc}"
        ) from exc
    return dict(found)


Measures = Mapping[str, Callable[[Sequence[str], Grades], float | None]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the rankings of one collection are worth.

    Attributes:
        asked: What its queries are called.
        measures: Names of the measures, in order.
        values: By query id, by measure.
        latencies_ms: One a query, in order.
    """

    name: str
    asked: str
    measures: Sequence[str]
    values: Mapping[str, Mapping[str, float]]
    latencies_ms: Sequence[float]

    def mean(self, measure: str) -> float:
        return statistics.fmean(value[measure] for value in self.values.values())

    def error(self, measure: str) -> float:
        """Standard error of the mean over queries."""
        found = [value[measure] for value in self.values.values()]
        return statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else 0.0


def measured(
    found: Collection,
    rank: Callable[[str], tuple[Sequence[str], float]],
    of: Measures,
    asked: str,
    progress: Progress,
) -> Measured:
    """Ask every query.

    Args:
        found: The library must hold its corpus.
        rank: Item ids for a query, best first, each once, and the milliseconds it took.
        of: By name.
        asked: What the queries are called.
        progress: Told how many are asked.
    """
    values, latencies = {}, []
    for n, (query_id, query) in enumerate(found.queries.items(), 1):
        ranking, taken_ms = rank(query)
        latencies.append(taken_ms)
        scored = {name: measure(ranking, found.qrels[query_id]) for name, measure in of.items()}
        values[query_id] = {name: v for name, v in scored.items() if v is not None}
        progress(asked, n, len(found.queries))
    worth = {query_id: value for query_id, value in values.items() if value}
    return Measured(found.name, asked, tuple(of), worth, latencies)


def told(found: Measured) -> str:
    """The figures beside those of others."""
    ours: list[Cell] = ["Paperfolk", *map(found.mean, found.measures)]
    error: list[Cell] = ["  standard error", *map(found.error, found.measures)]
    others = published_rows(found.name, found.measures)
    slow = percentile(found.latencies_ms, 0.95)
    each = f"{statistics.median(found.latencies_ms):.0f} ms each (p95 {slow:.0f})"
    head = f"{found.name}: {len(found.values)} {found.asked}, {each}"
    return f"{head}\n\n{table(['system', *found.measures], [ours, error, *others])}"


def published_rows(name: str, measures: Sequence[str]) -> list[list[Cell]]:
    """Others on a collection, best first by nDCG@10: system, and each measure where it is known."""
    held = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8")).get(name, {})
    by_measure = {"nDCG@10": held.get("figures", {}), **held.get("also", {})}
    systems = sorted(by_measure["nDCG@10"], key=lambda system: -by_measure["nDCG@10"][system])
    return [[s, *(by_measure.get(m, {}).get(s) for m in measures)] for s in systems]


def all_published() -> Mapping[str, Mapping[str, float]]:
    """nDCG@10 of others, by collection, by system."""
    held = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return {name: dict(known["figures"]) for name, known in held.items()}


def sources() -> Mapping[str, str]:
    """Where those figures come from, by collection."""
    held = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return {name: str(known["source"]) for name, known in held.items()}
