"""Retrieval on a public collection, with the retriever and the settings that serve the seeds.

python -m eval beir FOLDER --split test
"""

from __future__ import annotations

import time

from eval.measures import formulas
from eval.sets.collections import Collection, Measured, Measures, measure_collection
from rag.app.assistant import Assistant
from rag.app.ingestion import IngestProgress

BEIR_DEPTH = 100
BEIR_MEASURES: Measures = {
    "nDCG@10": lambda ranking, grades: formulas.compute_ndcg(ranking, grades, 10),
    "R@10": lambda ranking, grades: formulas.compute_recall(ranking, grades, 10),
    "R@100": lambda ranking, grades: formulas.compute_recall(ranking, grades, 100),
    "RR": formulas.compute_reciprocal_rank,
    "AP": formulas.compute_average_precision,
    "Success@1": lambda ranking, grades: formulas.compute_success(ranking, grades, 1),
}


def score_beir(assistant: Assistant, collection: Collection, progress: IngestProgress) -> Measured:
    """Ingest the papers that are missing, then run all queries and score them."""

    def rank(query: str) -> tuple[list[str], float]:
        began = time.perf_counter()
        hits = assistant.retrieve(query, BEIR_DEPTH).papers
        ranking = list(
            dict.fromkeys(item for hit in hits for item in collection.get_ids(hit.paper))
        )
        return ranking, (time.perf_counter() - began) * 1000

    assistant.ingest([collection.corpus], progress=progress)
    return measure_collection(collection, rank, BEIR_MEASURES, "queries", progress)
