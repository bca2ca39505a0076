"""A measured process of `eval.benchmarks.speed`: runs one job and prints one JSON object.

``python -m eval.benchmarks.speed_worker JOB DATA [ARGUMENT]`` with the settings in the environment.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.benchmarks.synthetic_library import ComposedEmbedder
from eval.measures.formulas import compute_percentile
from eval.run.progress import ProgressBar
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings, load
from rag.types import Answer, Delta
from rag.types.errors import ModelError
from rag.types.ports import Encoder

A_CALL = 5_000
"""Documents added by the plain chain in one call; Chroma accepts at most 5,461."""
N_NAMED = 8
N_NEAREST = 10
N_SAMPLE = 300
N_WORDED = 20
"""Number of fact questions asked of the model server, one after the other."""
BY_NAME = (
    "What does {name} work on?",
    "papers by {wrong}",
    "Who are the co-authors of {name}?",
)
Result = dict[str, Any]


def run_warm_questions(settings: Settings, set_file: str) -> Result:
    """Time warm questions by route: those of the set without a thread, and some about people."""
    latencies: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with build(settings) as assistant:
        texts = [
            *_load_texts(set_file),
            *build_name_questions(assistant.library.list_names()),
        ]
        n_papers = assistant.library.n_papers
        began = time.perf_counter()
        for text in texts[: 2 * len(BY_NAME)]:
            assistant.ask(text)
        warmed_ms = (time.perf_counter() - began) * 1000
        for text in texts:
            began, began_cpu = time.perf_counter(), time.process_time()
            answer = assistant.ask(text)
            took = time.perf_counter() - began, time.process_time() - began_cpu
            latencies[answer.route].append((took[0] * 1000, took[1] * 1000))
    return {
        "warmed_ms": warmed_ms,
        "n_papers": n_papers,
        "routes": {
            name: _compute_spread(values_ms) for name, values_ms in sorted(latencies.items())
        },
        "all": _compute_spread([ms for values_ms in latencies.values() for ms in values_ms]),
        "rss_mb": get_peak_mb(),
    }


def _load_texts(set_file: str, kind: str | None = None) -> list[str]:
    """The questions of a set that are no follow-ups; of one kind only, if given."""
    rows = [json.loads(line) for line in Path(set_file).read_text(encoding="utf-8").splitlines()]
    alone = [row for row in rows if not row.get("turns")]
    return [row["question"] for row in alone if kind in (None, row.get("kind"))]


def build_name_questions(names: Sequence[str]) -> list[str]:
    """Questions about people from all parts of a library: spelt right, and with two letters swapped."""
    chosen = names[:: max(1, len(names) // N_NAMED)][:N_NAMED]
    return [
        form.format(name=person_name, wrong=f"{person_name[:-2]}{person_name[-1]}{person_name[-2]}")
        for person_name in chosen
        for form in BY_NAME
    ]


def _compute_spread(latencies: Sequence[tuple[float, float]]) -> Result:
    """Of times and processor times."""
    times, cpu_times = [ms for ms, _ in latencies], [cpu for _, cpu in latencies]
    return {
        "n": len(latencies),
        "p50_ms": compute_percentile(times, 0.5),
        "p95_ms": compute_percentile(times, 0.95),
        "p50_cpu_ms": compute_percentile(cpu_times, 0.5),
        "p95_cpu_ms": compute_percentile(cpu_times, 0.95),
    }


def measure_recall(settings: Settings, set_file: str) -> Result:
    """Share of the chunks nearest to each question that are among the candidates of the vectors."""
    import numpy as np

    from rag.adapters.embedders import build_embedder
    from rag.adapters.index_stores import LocalStores
    from rag.ingest.indexing import Indexes
    from rag.library import Library
    from rag.search.retriever import CANDIDATES

    embedder = build_embedder(settings)
    with Library(settings.data, settings.library_url) as library:
        indexes = Indexes(library, LocalStores(), embedder.name)
        ids = sorted(library.list_searched(embedder.name))
        stored = library.list_vectors(ids, embedder.name)
        rows = np.stack([np.frombuffer(stored[i], "<f2") for i in ids]).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        shares = []
        for text in _load_texts(set_file):
            vector = embedder.embed_query(text)
            exact = {ids[at] for at in np.argsort(-(rows @ np.asarray(vector)))[:N_NEAREST]}
            candidates = {
                chunk_id for chunk_id, _ in indexes.vectors.query([vector], CANDIDATES)[0]
            }
            shares.append(len(exact & candidates) / len(exact))
        indexes.close()
    return {"recall": sum(shares) / len(shares), "n": len(shares)}


def measure_sample(settings: Settings, source: str) -> Result:
    """Processor time to embed a paper with the real embedder, whatever made the library's vectors."""
    from rag.adapters.embedders import build_embedder

    texts = _load_abstracts(Path(source))[:N_SAMPLE]
    embedder: Any = build_embedder(settings)
    run = embedder.encode if isinstance(embedder, Encoder) else embedder.embed_documents
    run(texts[:1])
    began = time.process_time()
    run(texts)
    return {"cpu_ms": (time.process_time() - began) * 1000 / len(texts), "n": len(texts)}


def run_composed_ingest(settings: Settings, source: str) -> Result:
    """Ingest a library whose vectors are composed from those of single sentences."""
    from rag.adapters.index_stores import LocalStores
    from rag.ingest import ingesting
    from rag.library import Library

    with Library(settings.data, settings.library_url) as library:
        report = ingesting.apply_ingest(
            library,
            LocalStores(),
            lambda: _open_composed(settings),
            [Path(source)],
            progress=ProgressBar(),
        )
    return {"n_papers": report.n_papers, "seconds": report.seconds}


def _open_composed(settings: Settings) -> ComposedEmbedder:
    from rag.adapters.embedders import build_embedder

    real = build_embedder(settings)
    if not isinstance(real, Encoder):
        raise ModelError(f"embedder {real.name!r} gives no token vectors to compose papers of")
    return ComposedEmbedder(real, real.name, real.dimension)


def run_plain_chain(settings: Settings, source: str, composed: bool = False) -> Result:
    """Build the usual LangChain chain: a document for each abstract, Chroma, ``as_retriever()``.

    It uses our embedder, which is faster than the usual one.
    """
    from langchain_chroma import Chroma

    from rag.adapters.embedders import build_embedder

    texts = _load_abstracts(Path(source))
    began = time.perf_counter()
    chosen: Any = _open_composed(settings) if composed else build_embedder(settings)
    store = Chroma(
        embedding_function=chosen,
        persist_directory=str(settings.data),
        collection_metadata={"hnsw:space": "cosine"},
    )
    for start in range(0, len(texts), A_CALL):
        store.add_texts(texts[start : start + A_CALL])
    return {"ingest_s": time.perf_counter() - began, "n_papers": len(texts)}


def _load_abstracts(source: Path) -> list[str]:
    """The texts for that chain: long lines of the seeds; title and abstract of synthetic papers."""
    texts = []
    for path in sorted(source.iterdir()):
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.suffix == ".jsonl":
            rows = map(json.loads, lines)
            texts += [f"{row['title']}\n{row['abstract']}" for row in rows]
        elif path.suffix == ".txt":
            texts += [line for line in lines if len(line) > 200]
    return texts


def retrieve(settings: Settings, set_file: str) -> Result:
    """Time warm questions to the plain chain's retriever."""
    from langchain_chroma import Chroma

    from rag.adapters.embedders import build_embedder

    chosen: Any = build_embedder(settings)
    store = Chroma(embedding_function=chosen, persist_directory=str(settings.data))
    retriever = store.as_retriever()
    texts = _load_texts(set_file)
    retriever.invoke(texts[0])
    latencies = []
    for text in texts:
        began, began_cpu = time.perf_counter(), time.process_time()
        retriever.invoke(text)
        took = time.perf_counter() - began, time.process_time() - began_cpu
        latencies.append((took[0] * 1000, took[1] * 1000))
    return {"all": _compute_spread(latencies), "rss_mb": get_peak_mb()}


def run_first_token(settings: Settings, set_file: str) -> Result:
    """Milliseconds to the first words: through the assistant, and from the model server alone."""
    first, *rest = _load_texts(set_file, kind="fact")[: N_WORDED + 1]
    with build(settings) as assistant:
        _compute_first_words_ms(assistant, first)
        waits_ms = [_compute_first_words_ms(assistant, question) for question in rest]
        ours = [waited_ms for waited_ms in waits_ms if waited_ms is not None]
    if not ours:
        raise ModelError(f"all of {set_file!r} was answered without the model; ask others")
    _compute_first_bytes_ms(settings, first)
    alone = [_compute_first_bytes_ms(settings, question) for question in rest]
    return {"ours_ms": compute_percentile(ours, 0.5), "alone_ms": compute_percentile(alone, 0.5)}


def _compute_first_words_ms(assistant: Assistant, question: str) -> float | None:
    """Milliseconds; None if the model was not called because the evidence is too weak."""
    began, first = time.perf_counter(), 0.0
    for event in assistant.stream(question, fresh=True):
        if isinstance(event, Delta) and event.text.strip() and not first:
            first = time.perf_counter() - began
        if isinstance(event, Answer) and not event.usage.output_tokens:
            return None
    return first * 1000


def _compute_first_bytes_ms(settings: Settings, question: str) -> float:
    import httpx

    message = {"role": "user", "content": question}
    body = {"model": "any", "stream": True, "messages": [message]}
    began, first = time.perf_counter(), 0.0
    url = f"{settings.openai_base_url}/chat/completions"
    with httpx.stream("POST", url, json=body, timeout=30) as reply:
        for line in reply.iter_lines():
            if '"content"' in line and not first:
                first = time.perf_counter() - began
    return first * 1000


def get_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


JOBS: Mapping[str, Callable[[Settings, str], Result]] = {
    "questions": run_warm_questions,
    "fill": run_composed_ingest,
    "chain": run_plain_chain,
    "chain-composed": partial(run_plain_chain, composed=True),
    "retrieve": retrieve,
    "first-token": run_first_token,
    "recall": measure_recall,
    "sample": measure_sample,
}


def main() -> None:
    job, data, argument = sys.argv[1:]
    print(json.dumps(JOBS[job](load(data=Path(data)), argument)))


if __name__ == "__main__":
    main()
