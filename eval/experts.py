"""Expert finding on a public collection: topics, papers with authors, people judged by topic.

A folder holds ``corpus.jsonl`` with authors, ``queries.jsonl``, ``people.jsonl`` ({"_id", "name"})
and ``qrels/<split>.tsv`` of query, person and grade. People are told apart by printed name here; a
name that several people share counts as each of them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from eval import measures
from eval.public import Measured, Measures, collection, measured, rows
from rag.pipeline import Assistant, Progress

DEPTH = 100
SHOWN = 10
MEASURES: Measures = {
    "nDCG@10": lambda ranking, grades: measures.ndcg(ranking, grades, 10),
    "AP": measures.average_precision,
    "RR": measures.reciprocal_rank,
    "P@10": lambda ranking, grades: measures.precision(ranking, grades, 10),
    "R@100": lambda ranking, grades: measures.recall(ranking, grades, 100),
}


def evaluate(assistant: Assistant, folder: Path, split: str, progress: Progress) -> Measured:
    """Ingest what is missing, and ask who works on each topic; timed is what a reader is shown."""
    found = collection(folder, split)
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "people.jsonl"):
        ids[str(row["name"])].append(str(row["_id"]))

    def rank(topic: str) -> tuple[list[str], float]:
        began = time.perf_counter()
        assistant.who(topic, SHOWN)
        taken_ms = (time.perf_counter() - began) * 1000
        people = assistant.who(topic, DEPTH).experts
        return [i for expert in people for i in ids.get(expert.name, [expert.name])], taken_ms

    assistant.ingest([found.corpus], progress=progress)
    assistant.who("warm up")
    return measured(found, rank, MEASURES, "topics", progress)
