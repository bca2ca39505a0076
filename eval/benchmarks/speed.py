"""Measures the speed and memory of ingest and of cold and warm questions, beside a LangChain chain.

Each figure is the median over several fresh processes. Other work of the machine affects the seconds,
so its load is reported with them, and processor time beside them, which hangs less on it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from eval.benchmarks.model_server import OpenAIServer, Reply, answer_with_first_sentences
from eval.benchmarks.synthetic_library import make_papers
from eval.report.tables import Cell, format_table
from eval.sets.question_sets import DEVELOPMENT
from rag.config.settings import ROOT, Settings
from rag.types.errors import RagError, ReadError

COMPOSED_FROM = 20_000
"""Library size from which on the vectors of synthetic papers are composed, not embedded."""
QUESTION = "How does DuetFace protect the privacy of faces?"
COLD_QUESTIONS: Mapping[str, str] = {
    "content": QUESTION,
    "catalogue": "How many papers from 2023 have code?",
    "list": "papers about diffusion models",
    "person": "What does Daichi Zhang work on?",
    "experts": "Who works on face anti-spoofing?",
}
"""A first question of each route."""
DELAY_S = 0.2
SPEED_TARGETS: Mapping[str, float] = {
    "ingest, whole, s": 15.0,
    "cold question, s": 2.0,
    "warm question p95, ms": 100.0,
    "resident memory, MB": 600.0,
    "first words over the model's own, ms": 150.0,
}
ReportProgress = Callable[[str, int, int], None]


class SpeedError(RagError):
    """A measured process failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of an ended process."""

    seconds: float
    peak_mb: float
    stdout: str
    cpu_s: float = 0.0
    """Processor time of it and of its children."""


@dataclass(frozen=True, slots=True)
class SpeedBench:
    """Parameters common to all measured processes."""

    environ: Mapping[str, str]
    runs: int
    progress: ReportProgress
    folder: Path

    def load_or_measure(
        self, name: str, times: int, make: Callable[[int], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Measure the building of a library, or read the figures from the file of an earlier run."""
        path = self.folder / f"{name.replace(' ', '-')}.json"
        if path.is_file():
            measurements: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            return measurements
        measurements = []
        for n in range(times):
            measurements.append(make(n))
            self.progress(name, n + 1, times)
        path.write_text(json.dumps(measurements), encoding="utf-8")
        return measurements

    def run_process(self, arguments: Sequence[str], **environment: str) -> Finished:
        """Run Python with these arguments and wait for its end, with no other measurement meanwhile."""
        with _open_scratch() as out, _open_scratch() as err:
            began = time.perf_counter()
            started = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env={**self.environ, **environment}, stdout=out, stderr=err
            )  # fmt: skip
            _, status, usage = os.wait4(started.pid, 0)
            seconds = time.perf_counter() - began
            started.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            if started.returncode:
                raise SpeedError(
                    f"process {arguments!r} failed: {err.read().strip().splitlines()[-1:]}"
                )
            cpu_s = usage.ru_utime + usage.ru_stime
            return Finished(seconds, usage.ru_maxrss / 1024, out.read(), cpu_s)

    def run_worker(self, job: str, data: Path, argument: str, **environment: str) -> dict[str, Any]:
        finished_process = self.run_process(
            ["-m", "eval.benchmarks.speed_worker", job, str(data), argument], **environment
        )
        result: dict[str, Any] = json.loads(finished_process.stdout)
        return result

    def compute_medians(
        self, name: str, measure: Callable[[int], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Repeat a measurement ``runs`` times; returns all results."""
        results = []
        for n in range(self.runs):
            results.append(measure(n))
            self.progress(name, n + 1, self.runs)
        return results


def check_place(path: Path) -> None:
    """Refuse to overwrite a file that is no figures of this kind, before anything is measured.

    Raises:
        ReadError: The file exists and contains no figures.
    """
    try:
        results = json.loads(path.read_bytes() or b"{}") if path.is_file() else {}
    except ValueError:
        results = None
    if not isinstance(results, dict) or (results and not {"papers", "load"} <= results.keys()):
        raise ReadError(f"{str(path)!r} holds no figures of speed; name another file for --json")


def _open_scratch() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def compute_speed(
    settings: Settings, papers: int, runs: int, progress: ReportProgress, keep: Path | None = None
) -> dict[str, Any]:
    """Run all measurements, on the seeds or on a synthetic library of this size.

    Args:
        settings: Their embedder and model are used; the data folders are new.
        papers: 0 for the seeds.
        runs: Number of new processes for each figure.
        progress: Called with the name of each measurement.
        keep: Folder in which the libraries are stored for the next run; None: they are deleted.
    """
    with tempfile.TemporaryDirectory(prefix="paperfolk-speed-") as name:
        folder = keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        bench = SpeedBench(build_environ(settings), runs, progress, folder)
        source = settings.seeds if not papers else make_papers(settings.seeds, folder, papers)
        figures: dict[str, Any] = {
            "papers": papers or "the seeds",
            "composed": papers >= COMPOSED_FROM,
            "load": os.getloadavg()[0],
        }
        figures |= _run_ours(bench, source, papers)
        if find_spec("langchain_chroma"):
            figures["chain"] = _run_chain(bench, source, papers)
        figures["first token"] = _run_first_token(bench, folder / "data0")
    return figures


def build_environ(settings: Settings) -> dict[str, str]:
    """The environment of a measured process: the settings' embedder, no key and no other setting."""
    from rag.adapters.weights import find_weights

    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PAPERFOLK_", "OPENAI_"))}
    variables |= {
        "PAPERFOLK_EMBEDDER": settings.embedder,
        "PAPERFOLK_THREADS": str(settings.threads),
        "OPENBLAS_NUM_THREADS": "1",  # as the command line and its servers have it
    }
    if settings.embedder.startswith("minilm"):
        variables["PAPERFOLK_MODEL_PATH"] = str(find_weights(settings).folder)
    return variables


def _run_ours(bench: SpeedBench, source: Path, papers: int) -> dict[str, Any]:
    ingests = bench.load_or_measure(
        "ingest", 1 if papers else bench.runs, lambda n: _run_ingest(bench, n, source, papers)
    )
    data = bench.folder / "data0"
    bench.run_process(["-m", "rag", "--data", str(data), "ask", QUESTION])
    cold = bench.compute_medians("cold", lambda _: _run_cold(bench, data))
    warm = bench.compute_medians(
        "questions", lambda n: bench.run_worker("questions", data, str(DEVELOPMENT))
    )
    return {
        **_compute_median(ingests),
        "cold_s": statistics.median(c["content"]["s"] for c in cold),
        "cold": _compute_median(cold),
        "warm": _compute_median(warm),
        "recall": bench.run_worker("recall", data, str(DEVELOPMENT)),
        "embedding": bench.run_worker("sample", data, str(source)),
        "disk_kb": _compute_size(data) / 1024 / warm[0]["n_papers"],
    }


def _run_cold(bench: SpeedBench, data: Path) -> dict[str, Any]:
    """Seconds, processor time and memory of a fresh process for a question of each route."""
    runs = {
        route: bench.run_process(["-m", "rag", "--data", str(data), "ask", question])
        for route, question in COLD_QUESTIONS.items()
    }
    return {
        route: {"s": run.seconds, "cpu_s": run.cpu_s, "mb": run.peak_mb}
        for route, run in runs.items()
    }


def _run_ingest(bench: SpeedBench, n: int, source: Path, papers: int) -> dict[str, Any]:
    """Measure an ingest: by the command line, or with composed vectors for large libraries."""
    data = str(bench.folder / f"data{n}")
    command = ["-m", "rag", "--data", data, "ingest", str(source)]
    if papers >= COMPOSED_FROM:
        command = ["-m", "eval.benchmarks.speed_worker", "fill", data, str(source)]
    finished_process = bench.run_process(command)
    return {
        "ingest_s": finished_process.seconds,
        "ingest_cpu_s": finished_process.cpu_s,
        "ingest_mb": finished_process.peak_mb,
    }


def _run_chain(bench: SpeedBench, source: Path, papers: int) -> dict[str, Any]:
    """Measure the plain chain: built in one process and asked in others, like our library."""
    job = "chain-composed" if papers >= COMPOSED_FROM else "chain"
    data = bench.folder / "chain"
    build_figures = bench.load_or_measure(
        "plain chain", 1, lambda n: bench.run_worker(job, data, str(source))
    )
    question_figures = bench.compute_medians(
        "plain chain, questions", lambda n: bench.run_worker("retrieve", data, str(DEVELOPMENT))
    )
    return {
        **build_figures[0],
        **_compute_median(question_figures),
        "disk_kb": _compute_size(data) / 1024 / build_figures[0]["n_papers"],
    }


def _compute_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _run_first_token(bench: SpeedBench, data: Path) -> dict[str, Any]:
    """Measure the time to the first word with a server on loopback that waits before it."""
    with OpenAIServer(Reply(answer_with_first_sentences, delay_s=DELAY_S)) as server:
        figures = bench.run_worker(
            "first-token", data, str(DEVELOPMENT), OPENAI_BASE_URL=server.url, OPENAI_API_KEY="none"
        )
    return {**figures, "over_ms": figures["ours_ms"] - figures["alone_ms"]}


def _compute_median(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each figure, at any depth, over results with the same keys."""
    first = results[0]
    return {
        key: _compute_median([f[key] for f in results])
        if isinstance(value, Mapping)
        else statistics.median(f[key] for f in results)
        for key, value in first.items()
        if all(key in f for f in results)
    }


def format_speed(figures: Mapping[str, Any]) -> str:
    """Format the figures as tables."""
    warm, chain = figures["warm"], figures.get("chain")
    rows: list[list[Cell]] = [
        _build_speed_row("ingest, whole, s", figures["ingest_s"]),
        _build_speed_row("cold question, s", figures["cold_s"]),
        _build_speed_row("warm question p95, ms", warm["all"]["p95_ms"]),
        _build_speed_row("resident memory, MB", max(warm["rss_mb"], figures["ingest_mb"])),
        ["disk a paper, kB", figures["disk_kb"], None],
    ]
    if "first token" in figures:
        rows.append(
            _build_speed_row(
                "first words over the model's own, ms", figures["first token"]["over_ms"]
            )
        )
    theirs = chain["all"]["p50_ms"] if chain else None
    if "ingest_cpu_s" in figures:
        rows.append(["ingest, processor s", figures["ingest_cpu_s"], None])
    if "embedding" in figures:
        rows.append(["embedding a paper, processor ms", figures["embedding"]["cpu_ms"], None])
        rows.append(
            [
                "candidates among the nearest by exact search, recall@10",
                figures["recall"]["recall"],
                None,
            ]
        )
    routes: list[list[Cell]] = [
        [
            name,
            latency["n"],
            latency["p50_ms"],
            latency["p95_ms"],
            latency.get("p50_cpu_ms"),
            latency.get("p95_cpu_ms"),
            latency["p50_ms"] / theirs if theirs else None,
        ]
        for name, latency in (*warm["routes"].items(), ("all", warm["all"]))
    ]
    parts = [
        f"papers: {figures['papers']}; load of the machine at the start: {figures['load']:.1f}",
        format_table(["", "median", "wanted of the seeds"], rows),
        format_table(
            ["route", "n", "p50 ms", "p95 ms", "p50 cpu", "p95 cpu", "of the plain chain's p50"],
            routes,
        ),
    ]
    if "cold" in figures:
        cold: list[list[Cell]] = [
            [route, run["s"], run["cpu_s"], run["mb"]] for route, run in figures["cold"].items()
        ]
        parts.append(format_table(["first question", "s", "processor s", "MB"], cold))
    if figures.get("composed"):
        parts.insert(1, "vectors composed of those of single sentences, so ingest does not embed")
    if chain:
        parts.append(
            format_table(["", "ours", "plain chain", "ratio"], _list_ratios(figures, chain))
        )
    return "\n\n".join(parts)


def _build_speed_row(name: str, value: float) -> list[Cell]:
    return [name, value, f"< {SPEED_TARGETS[name]:.0f}"]


def _list_ratios(figures: Mapping[str, Any], chain: Mapping[str, Any]) -> list[list[Cell]]:
    warm = figures["warm"]
    pairs = [
        ("ingest, s", figures["ingest_s"], chain["ingest_s"]),
        ("question p50, ms", warm["all"]["p50_ms"], chain["all"]["p50_ms"]),
        ("question p95, ms", warm["all"]["p95_ms"], chain["all"]["p95_ms"]),
        ("resident memory, MB", warm["rss_mb"], chain["rss_mb"]),
        ("disk a paper, kB", figures["disk_kb"], chain["disk_kb"]),
    ]
    return [[name, ours, theirs, ours / theirs] for name, ours, theirs in pairs]
