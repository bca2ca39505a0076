"""Compares speed and accuracy of the embedded embedder with sentence-transformers, in one run.

    python -m eval.benchmarks.embed_speed --reference-python /path/to/venv/bin/python [--beir DIR]

The reference interpreter has sentence-transformers and torch (`pip install torch
sentence-transformers` in an environment of its own). Each engine lives in its own process, loads
the same weights, and embeds the seed papers in turns with the others, so that a busy machine hurts
all alike; the best round of each counts. With ``--beir``, a folder with ``corpus.jsonl``,
``queries.jsonl`` and ``qrels/test.tsv``, also nDCG@10 of plain cosine search in both precisions.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.measures.formulas import compute_ndcg
from eval.sets.collections import load_collection, read_rows
from rag.adapters.minilm import MiniLM
from rag.adapters.minilm_graph import Precision
from rag.adapters.weights import SAFETENSORS, TOKENIZER, Weights, find_weights
from rag.config.settings import ROOT, Settings, load
from rag.readers import read

Vectors = NDArray[np.float32]

WORKER = """
import json, resource, sys, time
began = time.perf_counter()
{setup}
embed(["warm"])
loaded = time.perf_counter() - began
print(json.dumps(loaded), flush=True)
for line in sys.stdin:
    texts = json.loads(line)
    began = time.perf_counter()
    vectors = embed(texts)
    seconds = time.perf_counter() - began
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, rss, [[float(x) for x in v] for v in vectors]]), flush=True)
"""
OURS = """
from pathlib import Path
from rag.adapters.minilm import MiniLM
from rag.config import load
embed = MiniLM(load(threads={threads}), precision={precision!r}).embed_documents
"""
REFERENCE = """
import torch
torch.set_num_threads({threads})
from sentence_transformers import SentenceTransformer
model = SentenceTransformer({folder!r}, device="cpu")
def embed(texts):
    return model.encode(
        texts, batch_size={batch}, normalize_embeddings=True, show_progress_bar=False
    )
"""
PUBLISHED_FOLDER = {
    "config.json": {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
        "hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12,
        "num_hidden_layers": 6, "max_position_embeddings": 512, "layer_norm_eps": 1e-12,
        "type_vocab_size": 2, "vocab_size": 30522, "pad_token_id": 0,
    },
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
    "sentence_bert_config.json": {"max_seq_length": 256, "do_lower_case": False},
    "tokenizer_config.json": {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512,
    },
}  # fmt: skip
"""The published configuration files; the package of the weights contains them as well."""


@dataclass(slots=True)
class Engine:
    """One embedder in its own process, with its measurements."""

    name: str
    process: subprocess.Popen[str]
    load_s: float = 0.0
    best_s: float = math.inf
    rss_mb: float = 0.0
    vectors: Vectors | None = None

    def embed(self, texts: Sequence[str]) -> None:
        seconds, self.rss_mb, vectors = self._ask(json.dumps(texts))
        self.best_s = min(self.best_s, seconds)
        self.vectors = np.array(vectors, np.float32)

    def await_load(self) -> None:
        self.load_s = self._ask(None)

    def _ask(self, line: str | None) -> Any:
        assert self.process.stdin and self.process.stdout
        if line is not None:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            raise SystemExit(f"{self.name}: its process ended; see above")
        return json.loads(reply)


def main() -> None:
    args = _parse_arguments()
    settings = load()
    if args.reference_python:
        run_comparison(settings, args.reference_python, args.rounds, args.threads)
    for folder in args.beir:
        print_retrieval_quality(settings, folder)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--reference-python", help="interpreter that has sentence-transformers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="cores for every engine")
    parser.add_argument("--beir", type=Path, action="append", default=[], metavar="DIR")
    return parser.parse_args()


# --- speed ----------------------------------------------------------------------------------


def run_comparison(settings: Settings, reference_python: str, rounds: int, threads: int) -> None:
    """Run the engines in turns over the seed papers and print one row for each."""
    texts = list(iter_seed_texts(settings.seeds))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        _write_model(find_weights(settings), Path(folder))
        setups = [
            (sys.executable, f"paperfolk {p}", OURS.format(threads=threads, precision=p))
            for p in ("int8", "fp32")
        ]
        setups += [
            (
                reference_python,
                f"sentence-transformers, batch {n}",
                REFERENCE.format(threads=threads, folder=folder, batch=n),
            )
            for n in (32, 8)
        ]
        engines = [stack.enter_context(_EngineProcess(*setup)) for setup in setups]
        for _ in range(rounds):
            for engine in engines:
                engine.embed(texts)
    _print_speed(engines, len(texts), threads)


class _EngineProcess:
    """Starts the process of an engine and ends it."""

    def __init__(self, python: str, name: str, setup: str) -> None:
        self._command = [python, "-c", WORKER.format(setup=setup)]
        self._name = name

    def __enter__(self) -> Engine:
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._engine = Engine(self._name, process)
        self._engine.await_load()
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.process.communicate()


def iter_seed_texts(folder: Path) -> Iterator[str]:
    """The text of each seed entry to embed: its title, if any, and abstract."""
    for path in sorted(folder.glob("*.txt")):
        for entry in read(path).entries:
            yield f"{entry.title}. {entry.text}" if entry.title else entry.text


def _write_model(weights: Weights, folder: Path) -> None:
    """Write the model in the layout that sentence-transformers expects."""
    for name in (SAFETENSORS, TOKENIZER):
        (folder / name).symlink_to(weights.folder.resolve() / name)
    for name, content in PUBLISHED_FOLDER.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")


def _print_speed(engines: Sequence[Engine], n_texts: int, threads: int) -> None:
    reference = engines[-1].vectors
    reference_s = min(engine.best_s for engine in engines if "sentence" in engine.name)
    print(f"{n_texts} seed papers, {threads} cores, best round of each")
    print(
        f"{'engine':<34}{'docs/s':>8}{'x ST':>7}{'cosine min':>12}{'mean':>9}{'load s':>8}{'MB':>6}"
    )
    for engine in engines:
        assert engine.vectors is not None and reference is not None
        cosines = (engine.vectors * reference).sum(axis=1)
        print(
            f"{engine.name:<34}{n_texts / engine.best_s:8.1f}{reference_s / engine.best_s:7.2f}"
            f"{cosines.min():12.5f}{cosines.mean():9.5f}{engine.load_s:8.2f}{engine.rss_mb:6.0f}"
        )


# --- retrieval ------------------------------------------------------------------------------


def print_retrieval_quality(settings: Settings, folder: Path) -> None:
    """Print nDCG@10 of cosine search in both precisions over a BEIR set."""
    test_collection = load_collection(folder, "test")
    corpus = {
        str(r["_id"]): f"{r['title']}. {r['text']}" if r.get("title") else str(r["text"])
        for r in read_rows(test_collection.corpus)
    }
    scores: dict[Precision, list[float]] = {}
    for precision in ("fp32", "int8"):
        model = MiniLM(settings, precision=precision)
        documents = np.array(model.embed_documents(list(corpus.values())))
        query_vectors = np.array(model.embed_documents(list(test_collection.queries.values())))
        ranked = np.argsort(-(query_vectors @ documents.T), axis=1, kind="stable")[:, :10]
        ids = list(corpus)
        values = (
            compute_ndcg([ids[i] for i in row], test_collection.qrels[query_id], 10)
            for row, query_id in zip(ranked, test_collection.queries, strict=True)
        )
        scores[precision] = [value for value in values if value is not None]
    fp32, int8 = np.array(scores["fp32"]), np.array(scores["int8"])
    error = (int8 - fp32).std(ddof=1) / math.sqrt(len(fp32))
    print(
        f"{folder.name}: {len(corpus)} documents, {len(fp32)} queries, nDCG@10 "
        f"fp32 {fp32.mean():.4f}, int8 {int8.mean():.4f}, "
        f"difference {(int8 - fp32).mean():+.4f} (standard error {error:.4f}), "
        f"int8 better {(int8 > fp32).sum()}, worse {(int8 < fp32).sum()}"
    )


if __name__ == "__main__":
    main()
