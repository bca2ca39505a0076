"""Expert finding on a public collection: topics, papers with authors, people judged by topic.

A folder holds ``corpus.jsonl`` with authors, ``queries.jsonl``, ``people.jsonl`` ({"_id", "name"})
and ``qrels/<split>.tsv`` of query, person and grade. People are told apart by printed name here; a
name that several people share counts as each of them.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eval import measures
from eval.beir import Outcome
from eval.public import collection, published_rows, rows
from eval.tables import Cell, table
from rag.pipeline import Assistant

DEPTH = 100
SHOWN = 10
MEASURES: Mapping[str, Callable[[Sequence[str], measures.Grades], float | None]] = {
    "nDCG@10": lambda ranking, grades: measures.ndcg(ranking, grades, 10),
    "AP": measures.average_precision,
    "RR": measures.reciprocal_rank,
    "P@10": lambda ranking, grades: measures.precision(ranking, grades, 10),
    "R@100": lambda ranking, grades: measures.recall(ranking, grades, 100),
}


def evaluate(
    assistant: Assistant,
    folder: Path,
    split: str,
    progress: Callable[[str, int, int], None],
) -> Outcome:
    """Ingest what is missing, and ask who works on each topic."""
    found = collection(folder, split)
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "people.jsonl"):
        ids[str(row["name"])].append(str(row["_id"]))
    assistant.ingest([found.corpus], progress=progress)
    assistant.who("warm up")
    values, latencies = {}, []
    for n, (query_id, topic) in enumerate(found.queries.items(), 1):
        began = time.perf_counter()
        assistant.who(topic, SHOWN)
        latencies.append((time.perf_counter() - began) * 1000)
        people = assistant.who(topic, DEPTH).experts
        ranking = [person for expert in people for person in ids.get(expert.name, [expert.name])]
        scored = {name: of(ranking, found.qrels[query_id]) for name, of in MEASURES.items()}
        values[query_id] = {name: v for name, v in scored.items() if v is not None}
        progress("topics", n, len(found.queries))
    return Outcome(found.name, {q: v for q, v in values.items() if v}, latencies)


def told(outcome: Outcome) -> str:
    """The figures beside those of others."""
    ours: list[Cell] = ["Paperfolk", *(outcome.mean(name) for name in MEASURES)]
    error: list[Cell] = ["  standard error", *(outcome.error(name) for name in MEASURES)]
    others = published_rows(outcome.name, list(MEASURES))
    slow = measures.percentile(outcome.latencies_ms, 0.95)
    typical = statistics.median(outcome.latencies_ms)
    head = f"{outcome.name}: {len(outcome.values)} topics, {typical:.0f} ms each (p95 {slow:.0f})"
    return f"{head}\n\n{table(['system', *MEASURES], [ours, error, *others])}"
