"""Retrieval on a public collection, with the retriever and the settings that serve the seeds.

python -m eval beir FOLDER --split test
"""

from __future__ import annotations

import time

from eval import measures
from eval.public import Collection, Measured, Measures, measured
from rag.pipeline import Assistant, Progress

DEPTH = 100
MEASURES: Measures = {
    "nDCG@10": lambda ranking, grades: measures.ndcg(ranking, grades, 10),
    "R@10": lambda ranking, grades: measures.recall(ranking, grades, 10),
    "R@100": lambda ranking, grades: measures.recall(ranking, grades, 100),
    "RR": measures.reciprocal_rank,
    "AP": measures.average_precision,
    "Success@1": lambda ranking, grades: measures.success(ranking, grades, 1),
}


def evaluate(assistant: Assistant, found: Collection, progress: Progress) -> Measured:
    """Ingest what is missing, and ask."""

    def rank(query: str) -> tuple[list[str], float]:
        began = time.perf_counter()
        hits = assistant.retrieve(query, DEPTH).papers
        ranking = list(dict.fromkeys(item for hit in hits for item in found.ids(hit.paper)))
        return ranking, (time.perf_counter() - began) * 1000

    assistant.ingest([found.corpus], progress=progress)
    return measured(found, rank, MEASURES, "queries", progress)
