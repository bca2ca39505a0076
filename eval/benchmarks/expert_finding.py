"""Expert finding on a public collection: topics, papers with authors, people judged by topic.

A folder holds ``corpus.jsonl`` with authors, ``queries.jsonl``, ``people.jsonl`` ({"_id", "name"})
and ``qrels/<split>.tsv`` of query, person and grade. People are told apart by printed name here; a
name that several people share counts as each of them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from eval.measures import formulas
from eval.sets.collections import Measured, Measures, load_collection, measure_collection, read_rows
from rag.app.assistant import Assistant
from rag.app.ingestion import IngestProgress

EXPERTS_DEPTH = 100
SHOWN = 10
EXPERTS_MEASURES: Measures = {
    "nDCG@10": lambda ranking, grades: formulas.compute_ndcg(ranking, grades, 10),
    "AP": formulas.compute_average_precision,
    "RR": formulas.compute_reciprocal_rank,
    "P@10": lambda ranking, grades: formulas.compute_precision(ranking, grades, 10),
    "R@100": lambda ranking, grades: formulas.compute_recall(ranking, grades, 100),
}


def score_experts(
    assistant: Assistant, folder: Path, split: str, progress: IngestProgress
) -> Measured:
    """Ingest the papers that are missing, then rank people for each topic; the full answer is timed."""
    test_collection = load_collection(folder, split)
    ids: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(folder / "people.jsonl"):
        ids[str(row["name"])].append(str(row["_id"]))

    def rank(topic: str) -> tuple[list[str], float]:
        began = time.perf_counter()
        assistant.who(topic, SHOWN)
        taken_ms = (time.perf_counter() - began) * 1000
        people = assistant.who(topic, EXPERTS_DEPTH).experts
        return [i for expert in people for i in ids.get(expert.name, [expert.name])], taken_ms

    assistant.ingest([test_collection.corpus], progress=progress)
    assistant.who("warm up")
    return measure_collection(test_collection, rank, EXPERTS_MEASURES, "topics", progress)
