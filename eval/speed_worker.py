"""What `eval.speed` measures in processes of their own: one job, one JSON object on stdout.

``python -m eval.speed_worker JOB DATA [ARGUMENT]`` with the settings in the environment.
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

from eval.made import Composed
from eval.measures import percentile
from eval.progress import Progress
from rag.config import Settings, load
from rag.errors import ModelError
from rag.pipeline import Assistant, build
from rag.stores import Encoder
from rag.types import Answer, Delta

A_CALL = 5_000
"""Documents that the plain chain adds in one call; Chroma takes no more than 5,461."""
N_NAMED = 8
N_WORDED = 20
"""Questions about facts that are answered by a model server, one after the other."""
BY_NAME = (
    "What does {name} work on?",
    "papers by {wrong}",
    "Who are the co-authors of {name}?",
)
Result = dict[str, Any]


def questions(settings: Settings, set_file: str) -> Result:
    """Warm questions by route: each of the set without a thread, and some by name."""
    latencies: dict[str, list[float]] = defaultdict(list)
    with build(settings) as assistant:
        texts = [*_texts(set_file), *by_name([p.name for p in assistant.library.persons()])]
        n_papers = assistant.library.n_papers
        began = time.perf_counter()
        for text in texts[: 2 * len(BY_NAME)]:
            assistant.ask(text)
        warmed_ms = (time.perf_counter() - began) * 1000
        for text in texts:
            began = time.perf_counter()
            answer = assistant.ask(text)
            latencies[answer.route].append((time.perf_counter() - began) * 1000)
    return {
        "warmed_ms": warmed_ms,
        "n_papers": n_papers,
        "routes": {name: _spread(held) for name, held in sorted(latencies.items())},
        "all": _spread([ms for held in latencies.values() for ms in held]),
        "rss_mb": peak_mb(),
    }


def _texts(set_file: str, kind: str | None = None) -> list[str]:
    """The questions of a set that stand alone, of one kind if it is said."""
    rows = [json.loads(line) for line in Path(set_file).read_text(encoding="utf-8").splitlines()]
    alone = [row for row in rows if not row.get("turns")]
    return [row["question"] for row in alone if kind in (None, row.get("kind"))]


def by_name(names: Sequence[str]) -> list[str]:
    """Questions about people spread over a library: spelt right, and with two letters swapped."""
    chosen = names[:: max(1, len(names) // N_NAMED)][:N_NAMED]
    return [
        form.format(name=one, wrong=f"{one[:-2]}{one[-1]}{one[-2]}")
        for one in chosen
        for form in BY_NAME
    ]


def _spread(latencies: list[float]) -> Result:
    return {
        "n": len(latencies),
        "p50_ms": percentile(latencies, 0.5),
        "p95_ms": percentile(latencies, 0.95),
    }


def fill(settings: Settings, source: str) -> Result:
    """An ingest whose vectors are composed of those of single sentences."""
    from rag import ingesting
    from rag.adapters.stores import LocalStores
    from rag.library import Library

    with Library(settings.data) as library:
        report = ingesting.ingest(
            library, LocalStores(), lambda: _composed(settings), [Path(source)], progress=Progress()
        )
    return {"n_papers": report.n_papers, "seconds": report.seconds}


def _composed(settings: Settings) -> Composed:
    from rag.adapters.embedders import embedder

    real = embedder(settings)
    if not isinstance(real, Encoder):
        raise ModelError(f"embedder {real.name!r} gives no token vectors to compose papers of")
    return Composed(real, real.name, real.dimension)


def chain(settings: Settings, source: str, composed: bool = False) -> Result:
    """The plain chain of a LangChain user: one document an abstract, Chroma, ``as_retriever()``.

    It is given our embedder, which is faster than the one that such a user would have.
    """
    from langchain_chroma import Chroma

    from rag.adapters.embedders import embedder

    texts = _abstracts(Path(source))
    began = time.perf_counter()
    chosen: Any = _composed(settings) if composed else embedder(settings)
    store = Chroma(
        embedding_function=chosen,
        persist_directory=str(settings.data),
        collection_metadata={"hnsw:space": "cosine"},
    )
    for start in range(0, len(texts), A_CALL):
        store.add_texts(texts[start : start + A_CALL])
    return {"ingest_s": time.perf_counter() - began, "n_papers": len(texts)}


def _abstracts(source: Path) -> list[str]:
    """As such a user would take them: long lines of the seeds, title and abstract of made papers."""
    found = []
    for path in sorted(source.iterdir()):
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.suffix == ".jsonl":
            rows = map(json.loads, lines)
            found += [f"{row['title']}\n{row['abstract']}" for row in rows]
        elif path.suffix == ".txt":
            found += [line for line in lines if len(line) > 200]
    return found


def retrieve(settings: Settings, set_file: str) -> Result:
    """Warm questions to the plain chain's retriever."""
    from langchain_chroma import Chroma

    from rag.adapters.embedders import embedder

    store = Chroma(embedding_function=embedder(settings), persist_directory=str(settings.data))
    retriever = store.as_retriever()
    texts = _texts(set_file)
    retriever.invoke(texts[0])
    latencies = []
    for text in texts:
        began = time.perf_counter()
        retriever.invoke(text)
        latencies.append((time.perf_counter() - began) * 1000)
    return {"all": _spread(latencies), "rss_mb": peak_mb()}


def first_token(settings: Settings, set_file: str) -> Result:
    """Milliseconds to the first words: through the assistant, and from the model server alone."""
    first, *rest = _texts(set_file, kind="fact")[: N_WORDED + 1]
    with build(settings) as assistant:
        _first_words(assistant, first)
        told = [_first_words(assistant, question) for question in rest]
        ours = [waited_ms for waited_ms in told if waited_ms is not None]
    if not ours:
        raise ModelError(f"all of {set_file!r} was answered without the model; ask others")
    _first_bytes(settings, first)
    alone = [_first_bytes(settings, question) for question in rest]
    return {"ours_ms": percentile(ours, 0.5), "alone_ms": percentile(alone, 0.5)}


def _first_words(assistant: Assistant, question: str) -> float | None:
    """Milliseconds; None where the model was not asked, because the evidence is too weak."""
    began, first = time.perf_counter(), 0.0
    for event in assistant.stream(question, fresh=True):
        if isinstance(event, Delta) and event.text.strip() and not first:
            first = time.perf_counter() - began
        if isinstance(event, Answer) and not event.usage.output_tokens:
            return None
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
    "fill": fill,
    "chain": chain,
    "chain-composed": partial(chain, composed=True),
    "retrieve": retrieve,
    "first-token": first_token,
}


def main() -> None:
    job, data, argument = sys.argv[1:]
    print(json.dumps(JOBS[job](load(data=Path(data)), argument)))


if __name__ == "__main__":
    main()
