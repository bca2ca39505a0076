"""What `eval.speed` measures in processes of their own: one job, one JSON object on stdout.

``python -m eval.speed_worker JOB DATA [ARGUMENT]`` with the settings in the environment.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.measures import percentile
from rag.config import Settings, load
from rag.errors import ModelError
from rag.pipeline import Assistant, build
from rag.types import Answer, Delta

ROUNDS = 1
Result = dict[str, Any]


def questions(settings: Settings, set_file: str) -> Result:
    """Warm questions by route: each of the set without a thread."""
    asked = [json.loads(line) for line in Path(set_file).read_text(encoding="utf-8").splitlines()]
    texts = [row["question"] for row in asked if not row.get("turns")]
    latencies: dict[str, list[float]] = defaultdict(list)
    with build(settings) as assistant:
        began = time.perf_counter()
        assistant.ask(texts[0])
        first_ms = (time.perf_counter() - began) * 1000
        for _ in range(ROUNDS):
            for text in texts:
                began = time.perf_counter()
                answer = assistant.ask(text)
                latencies[answer.route].append((time.perf_counter() - began) * 1000)
    return {
        "first_ms": first_ms,
        "routes": {name: _spread(held) for name, held in sorted(latencies.items())},
        "all": _spread([ms for held in latencies.values() for ms in held]),
        "rss_mb": peak_mb(),
    }


def _spread(latencies: list[float]) -> Result:
    return {
        "n": len(latencies),
        "p50_ms": percentile(latencies, 0.5),
        "p95_ms": percentile(latencies, 0.95),
    }


def chain(settings: Settings, set_file: str) -> Result:
    """The plain chain of a LangChain user: one document an abstract, Chroma, ``as_retriever()``.

    It is given our embedder, which is faster than the one that such a user would have.
    """
    from langchain_chroma import Chroma

    from rag.adapters.embedders import embedder

    documents = sorted(settings.seeds.glob("*.txt"))
    lines = [line for path in documents for line in path.read_text(encoding="utf-8").splitlines()]
    began = time.perf_counter()
    chosen = embedder(settings)
    store = Chroma.from_texts(
        [line for line in lines if len(line) > 200],
        chosen,
        persist_directory=str(settings.data),
        collection_metadata={"hnsw:space": "cosine"},
    )
    ingest_s = time.perf_counter() - began
    retriever = store.as_retriever()
    asked = [json.loads(line) for line in Path(set_file).read_text(encoding="utf-8").splitlines()]
    latencies = []
    for row in [asked[0], *asked * ROUNDS]:
        began = time.perf_counter()
        retriever.invoke(row["question"])
        latencies.append((time.perf_counter() - began) * 1000)
    return {"ingest_s": ingest_s, "all": _spread(latencies[1:]), "rss_mb": peak_mb()}


def first_token(settings: Settings, question: str) -> Result:
    """Milliseconds to the first words: through the assistant, and from the model server alone."""
    with build(settings) as assistant:
        _first_words(assistant, question)
        ours = [_first_words(assistant, question) for _ in range(7)]
    _first_bytes(settings, question)
    alone = [_first_bytes(settings, question) for _ in range(7)]
    return {"ours_ms": percentile(ours, 0.5), "alone_ms": percentile(alone, 0.5)}


def _first_words(assistant: Assistant, question: str) -> float:
    began, first = time.perf_counter(), 0.0
    for event in assistant.stream(question, fresh=True):
        if isinstance(event, Delta) and event.text.strip() and not first:
            first = time.perf_counter() - began
        if isinstance(event, Answer) and not event.usage.output_tokens:
            raise ModelError(f"question {question!r} was answered without the model; ask another")
    return first * 1000


def _first_bytes(settings: Settings, question: str) -> float:
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


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


JOBS: Mapping[str, Callable[[Settings, str], Result]] = {
    "questions": questions,
    "chain": chain,
    "first-token": first_token,
}


def main() -> None:
    job, data, argument = sys.argv[1:]
    print(json.dumps(JOBS[job](load(data=Path(data)), argument)))


if __name__ == "__main__":
    main()
