"""Retrieval on a public collection, with the retriever and the settings that serve the seeds.

python -m eval beir FOLDER --split test
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eval import measures
from eval.public import Collection, ingest, published_rows
from eval.tables import Cell, table
from rag.pipeline import Assistant

DEPTH = 100
MEASURES: Mapping[str, Callable[[Sequence[str], measures.Grades], float | None]] = {
    "nDCG@10": lambda ranking, grades: measures.ndcg(ranking, grades, 10),
    "R@10": lambda ranking, grades: measures.recall(ranking, grades, 10),
    "R@100": lambda ranking, grades: measures.recall(ranking, grades, 100),
    "RR": measures.reciprocal_rank,
    "AP": measures.average_precision,
    "Success@1": lambda ranking, grades: measures.success(ranking, grades, 1),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rankings of one collection, and what they are worth.

    Attributes:
        values: By query id, by measure.
        latencies_ms: One a query, in order.
    """

    name: str
    values: Mapping[str, Mapping[str, float]]
    latencies_ms: Sequence[float]

    def mean(self, measure: str) -> float:
        return statistics.fmean(value[measure] for value in self.values.values())

    def error(self, measure: str) -> float:
        """Standard error of the mean over queries."""
        found = [value[measure] for value in self.values.values()]
        return statistics.stdev(found) / len(found) ** 0.5 if len(found) > 1 else 0.0


def rank(assistant: Assistant, found: Collection, query: str) -> list[str]:
    """Corpus ids, best first, each once."""
    hits = assistant.retrieve(query, DEPTH).papers
    return list(dict.fromkeys(item for hit in hits for item in found.ids(hit.paper)))


def run(
    assistant: Assistant,
    found: Collection,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Ask every query; the library must hold the corpus (see `eval.public.ingest`)."""
    values, latencies = {}, []
    for n, (query_id, query) in enumerate(found.queries.items(), 1):
        began = time.perf_counter()
        ranking = rank(assistant, found, query)
        latencies.append((time.perf_counter() - began) * 1000)
        grades = found.qrels[query_id]
        scored = {name: measure(ranking, grades) for name, measure in MEASURES.items()}
        values[query_id] = {name: v for name, v in scored.items() if v is not None}
        progress(n, len(found.queries))
    return Outcome(found.name, {q: v for q, v in values.items() if v}, latencies)


def told(outcome: Outcome) -> str:
    """The figures beside those of others."""
    ours: list[Cell] = ["Paperfolk", *(outcome.mean(name) for name in MEASURES)]
    error: list[Cell] = ["  standard error", *(outcome.error(name) for name in MEASURES)]
    others = published_rows(outcome.name, list(MEASURES))
    slow = measures.percentile(outcome.latencies_ms, 0.95)
    typical = statistics.median(outcome.latencies_ms)
    head = f"{outcome.name}: {len(outcome.values)} queries, {typical:.0f} ms each (p95 {slow:.0f})"
    return f"{head}\n\n{table(['system', *MEASURES], [ours, error, *others])}"


def evaluate(
    assistant: Assistant, found: Collection, progress: Callable[[str, int, int], None]
) -> Outcome:
    """Ingest what is missing, and ask."""
    ingest(assistant, found, progress)
    return run(assistant, found, lambda done, total: progress("queries", done, total))
