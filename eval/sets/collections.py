"""Public test collections in BEIR's form, and the measures of rankings of them.

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

from eval.measures.formulas import Grades, compute_percentile
from eval.report.tables import Cell, format_table
from rag.app.ingestion import IngestProgress
from rag.types import Paper
from rag.types.errors import ReadError

CORPUS = "corpus.jsonl"
PUBLISHED_FILE = Path(__file__).parent / "published.yaml"


@dataclass(frozen=True, slots=True)
class Collection:
    """One split of a test collection.

    Attributes:
        name: Folder and split, such as ``scifact/test``.
        queries: Text by query id, only those with judgements.
        qrels: Grade by item id, by query id.
        line_ids: The corpus's ids; the n-th belongs to line n, counted from 1.
    """

    name: str
    corpus: Path
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, float]]
    line_ids: Sequence[str]

    def get_ids(self, paper: Paper) -> list[str]:
        """The corpus ids of a paper; several where the corpus holds the same text twice."""
        return [self.line_ids[p.line - 1] for p in paper.places if p.document == CORPUS]


def load_collection(folder: Path, split: str, limit: int | None = None) -> Collection:
    """Read a folder in BEIR's form.

    Args:
        folder: Holds corpus, queries and qrels.
        split: Names the qrels.
        limit: Queries at most, the first in the order of the qrels.

    Raises:
        ReadError: A file is missing or is not in BEIR's form.
    """
    qrels = _read_qrels(folder / "qrels" / f"{split}.tsv")
    texts = {str(row["_id"]): str(row["text"]) for row in read_rows(folder / "queries.jsonl")}
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
        line_ids=[str(row["_id"]) for row in read_rows(folder / CORPUS)],
    )


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
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


def _read_qrels(path: Path) -> dict[str, dict[str, float]]:
    qrels: dict[str, dict[str, float]] = defaultdict(dict)
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            query_id, item_id, grade = line.split("\t")
            qrels[query_id][item_id] = float(grade)
    except (OSError, ValueError) as exc:
        raise ReadError(
            f"judgements {str(path)!r} are not readable lines of query, item and grade: {exc}"
        ) from exc
    return dict(qrels)


Measures = Mapping[str, Callable[[Sequence[str], Grades], float | None]]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measures of the rankings of one collection.

    Attributes:
        task: What its queries are called.
        measures: Names of the measures, in order.
        values: By query id, by measure.
        latencies_ms: One a query, in order.
    """

    name: str
    task: str
    measures: Sequence[str]
    values: Mapping[str, Mapping[str, float]]
    latencies_ms: Sequence[float]

    def compute_mean(self, measure: str) -> float:
        return statistics.fmean(value[measure] for value in self.values.values())

    def compute_standard_error(self, measure: str) -> float:
        """Standard error of the mean over queries."""
        value_list = [value[measure] for value in self.values.values()]
        return statistics.stdev(value_list) / len(value_list) ** 0.5 if len(value_list) > 1 else 0.0


def measure_collection(
    test_collection: Collection,
    rank: Callable[[str], tuple[Sequence[str], float]],
    of: Measures,
    task: str,
    progress: IngestProgress,
) -> Measured:
    """Ask every query.

    Args:
        test_collection: The library must hold its corpus.
        rank: Item ids for a query, best first, each once, and the milliseconds it took.
        of: By name.
        task: What the queries are called.
        progress: Told how many are asked.
    """
    values, latencies = {}, []
    for n, (query_id, query) in enumerate(test_collection.queries.items(), 1):
        ranking, taken_ms = rank(query)
        latencies.append(taken_ms)
        scored = {
            name: measure(ranking, test_collection.qrels[query_id]) for name, measure in of.items()
        }
        values[query_id] = {name: v for name, v in scored.items() if v is not None}
        progress(task, n, len(test_collection.queries))
    scored_queries = {query_id: value for query_id, value in values.items() if value}
    return Measured(test_collection.name, task, tuple(of), scored_queries, latencies)


def format_measured(measured_collection: Measured) -> str:
    """The figures beside those of others."""
    ours: list[Cell] = [
        "Paperfolk",
        *map(measured_collection.compute_mean, measured_collection.measures),
    ]
    error: list[Cell] = [
        "  standard error",
        *map(measured_collection.compute_standard_error, measured_collection.measures),
    ]
    published_figures = list_published_rows(measured_collection.name, measured_collection.measures)
    slow = compute_percentile(measured_collection.latencies_ms, 0.95)
    each = f"{statistics.median(measured_collection.latencies_ms):.0f} ms each (p95 {slow:.0f})"
    head = f"{measured_collection.name}: {len(measured_collection.values)} {measured_collection.task}, {each}"
    return f"{head}\n\n{format_table(['system', *measured_collection.measures], [ours, error, *published_figures])}"


def list_published_rows(name: str, measures: Sequence[str]) -> list[list[Cell]]:
    """Others on a collection, best first by nDCG@10: system, and each measure where it is known."""
    published_figures = yaml.safe_load(PUBLISHED_FILE.read_text(encoding="utf-8")).get(name, {})
    by_measure = {
        "nDCG@10": published_figures.get("figures", {}),
        **published_figures.get("also", {}),
    }
    systems = sorted(by_measure["nDCG@10"], key=lambda system: -by_measure["nDCG@10"][system])
    return [[s, *(by_measure.get(m, {}).get(s) for m in measures)] for s in systems]


def load_published() -> Mapping[str, Mapping[str, float]]:
    """nDCG@10 of others, by collection, by system."""
    published_figures = yaml.safe_load(PUBLISHED_FILE.read_text(encoding="utf-8"))
    return {name: dict(known["figures"]) for name, known in published_figures.items()}


def load_sources() -> Mapping[str, str]:
    """Where those figures come from, by collection."""
    published_figures = yaml.safe_load(PUBLISHED_FILE.read_text(encoding="utf-8"))
    return {name: str(known["source"]) for name, known in published_figures.items()}
