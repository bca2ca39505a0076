"""How fast and how large: ingest, cold and warm questions, memory, beside a plain LangChain chain.

Each figure is the median over several fresh processes. The other work of the machine is part of what
is measured, so its load is told with the figures.
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

from eval.made import make_papers
from eval.model_server import OpenAIServer, Reply, cite_first
from eval.sets import DEVELOPMENT
from eval.tables import Cell, table
from rag.config import ROOT, Settings
from rag.errors import RagError, ReadError

COMPOSED_FROM = 20_000
"""Made papers from which on their vectors are composed (`eval.made.Composed`), not embedded."""
QUESTION = "How does DuetFace protect the privacy of faces?"
DELAY_S = 0.2
TARGETS: Mapping[str, float] = {
    "ingest, whole, s": 15.0,
    "cold question, s": 2.0,
    "warm question p95, ms": 100.0,
    "resident memory, MB": 600.0,
    "first words over the model's own, ms": 150.0,
}
Progress = Callable[[str, int, int], None]


class SpeedError(RagError):
    """A process that was to be measured failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that is over."""

    seconds: float
    peak_mb: float
    stdout: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What every process is started with."""

    environ: Mapping[str, str]
    runs: int
    progress: Progress
    folder: Path

    def kept(
        self, name: str, times: int, make: Callable[[int], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """What was measured when something was made; read again where it is still there."""
        path = self.folder / f"{name.replace(' ', '-')}.json"
        if path.is_file():
            found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            return found
        found = []
        for n in range(times):
            found.append(make(n))
            self.progress(name, n + 1, times)
        path.write_text(json.dumps(found), encoding="utf-8")
        return found

    def process(self, arguments: Sequence[str], **more: str) -> Finished:
        """Run Python with these arguments, alone, from start to end."""
        with _scratch() as out, _scratch() as err:
            began = time.perf_counter()
            started = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env={**self.environ, **more}, stdout=out, stderr=err
            )  # fmt: skip
            _, status, usage = os.wait4(started.pid, 0)
            seconds = time.perf_counter() - began
            started.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            if started.returncode:
                raise SpeedError(
                    f"process {arguments!r} failed: {err.read().strip().splitlines()[-1:]}"
                )
            return Finished(seconds, usage.ru_maxrss / 1024, out.read())

    def worker(self, job: str, data: Path, argument: str, **more: str) -> dict[str, Any]:
        told = self.process(["-m", "eval.speed_worker", job, str(data), argument], **more)
        found: dict[str, Any] = json.loads(told.stdout)
        return found

    def medians(self, name: str, measure: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
        """Several goes at one measurement."""
        found = []
        for n in range(self.runs):
            found.append(measure(n))
            self.progress(name, n + 1, self.runs)
        return found


def check_place(path: Path) -> None:
    """Refuse, before anything is measured, to write the figures over a file of another kind.

    Raises:
        ReadError: The file is there and holds no figures.
    """
    try:
        found = json.loads(path.read_bytes() or b"{}") if path.is_file() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or (found and not {"papers", "load"} <= found.keys()):
        raise ReadError(f"{str(path)!r} holds no figures of speed; name another file for --json")


def _scratch() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def measure(
    settings: Settings, papers: int, runs: int, progress: Progress, keep: Path | None = None
) -> dict[str, Any]:
    """Everything, at the seeds or at so many made papers.

    Args:
        settings: Whose embedder and model are used; the data folders are new ones.
        papers: 0 for the seeds.
        runs: Fresh processes for each figure.
        progress: Told of what is being measured.
        keep: Where the libraries stay, and are found again by the next run; None: nowhere.
    """
    with tempfile.TemporaryDirectory(prefix="paperfolk-speed-") as name:
        folder = keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(environ(settings), runs, progress, folder)
        source = settings.seeds if not papers else make_papers(settings.seeds, folder, papers)
        found: dict[str, Any] = {
            "papers": papers or "the seeds",
            "composed": papers >= COMPOSED_FROM,
            "load": os.getloadavg()[0],
        }
        found |= _ours(bench, source, papers)
        if find_spec("langchain_chroma"):
            found["chain"] = _chain(bench, source, papers)
        found["first token"] = _first_token(bench, folder / "data0")
    return found


def environ(settings: Settings) -> dict[str, str]:
    """The environment of a measured process: no key, the settings' embedder, nothing else set."""
    from rag.adapters.weights import locate

    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PAPERFOLK_", "OPENAI_"))}
    kept |= {"PAPERFOLK_EMBEDDER": settings.embedder, "PAPERFOLK_THREADS": str(settings.threads)}
    if settings.embedder.startswith("minilm"):
        kept["PAPERFOLK_MODEL_PATH"] = str(locate(settings).folder)
    return kept


def _ours(bench: Bench, source: Path, papers: int) -> dict[str, Any]:
    ingests = bench.kept(
        "ingest", 1 if papers else bench.runs, lambda n: _ingest(bench, n, source, papers)
    )
    data = bench.folder / "data0"
    bench.process(["-m", "rag", "--data", str(data), "ask", QUESTION])
    cold = [
        bench.process(["-m", "rag", "--data", str(data), "ask", QUESTION])
        for _ in range(bench.runs)
    ]
    warm = bench.medians("questions", lambda n: bench.worker("questions", data, str(DEVELOPMENT)))
    return {
        **_median(ingests),
        "cold_s": statistics.median(c.seconds for c in cold),
        "cold_mb": statistics.median(c.peak_mb for c in cold),
        "warm": _median(warm),
        "disk_kb": _size(data) / 1024 / warm[0]["n_papers"],
    }


def _ingest(bench: Bench, n: int, source: Path, papers: int) -> dict[str, Any]:
    """Through the command line, or with composed vectors."""
    data = str(bench.folder / f"data{n}")
    command = ["-m", "rag", "--data", data, "ingest", str(source)]
    if papers >= COMPOSED_FROM:
        command = ["-m", "eval.speed_worker", "fill", data, str(source)]
    taken = bench.process(command)
    return {"ingest_s": taken.seconds, "ingest_mb": taken.peak_mb}


def _chain(bench: Bench, source: Path, papers: int) -> dict[str, Any]:
    """The plain chain: made in one process and asked in others, as ours is."""
    job = "chain-composed" if papers >= COMPOSED_FROM else "chain"
    data = bench.folder / "chain"
    made = bench.kept("plain chain", 1, lambda n: bench.worker(job, data, str(source)))
    asked = bench.medians(
        "plain chain, questions", lambda n: bench.worker("retrieve", data, str(DEVELOPMENT))
    )
    return {**made[0], **_median(asked), "disk_kb": _size(data) / 1024 / made[0]["n_papers"]}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _first_token(bench: Bench, data: Path) -> dict[str, Any]:
    """Against a server on loopback that waits before its first word."""
    with OpenAIServer(Reply(cite_first, delay_s=DELAY_S)) as server:
        found = bench.worker(
            "first-token", data, str(DEVELOPMENT), OPENAI_BASE_URL=server.url, OPENAI_API_KEY="none"
        )
    return {**found, "over_ms": found["ours_ms"] - found["alone_ms"]}


def _median(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of each figure, at any depth, over results of one shape."""
    first = found[0]
    return {
        key: _median([f[key] for f in found])
        if isinstance(value, Mapping)
        else statistics.median(f[key] for f in found)
        for key, value in first.items()
        if all(key in f for f in found)
    }


def told(found: Mapping[str, Any]) -> str:
    """The figures as tables."""
    warm, chain = found["warm"], found.get("chain")
    rows: list[list[Cell]] = [
        _row("ingest, whole, s", found["ingest_s"]),
        _row("cold question, s", found["cold_s"]),
        _row("warm question p95, ms", warm["all"]["p95_ms"]),
        _row("resident memory, MB", max(warm["rss_mb"], found["ingest_mb"])),
        ["disk a paper, kB", found["disk_kb"], None],
    ]
    if "first token" in found:
        rows.append(_row("first words over the model's own, ms", found["first token"]["over_ms"]))
    theirs = chain["all"]["p50_ms"] if chain else None
    routes: list[list[Cell]] = [
        [
            name,
            held["n"],
            held["p50_ms"],
            held["p95_ms"],
            held["p50_ms"] / theirs if theirs else None,
        ]
        for name, held in (*warm["routes"].items(), ("all", warm["all"]))
    ]
    parts = [
        f"papers: {found['papers']}; load of the machine at the start: {found['load']:.1f}",
        table(["", "median", "wanted of the seeds"], rows),
        table(["route", "n", "p50 ms", "p95 ms", "of the plain chain's p50"], routes),
    ]
    if found.get("composed"):
        parts.insert(1, "vectors composed of those of single sentences, so ingest does not embed")
    if chain:
        parts.append(table(["", "ours", "plain chain", "ratio"], _ratios(found, chain)))
    return "\n\n".join(parts)


def _row(name: str, value: float) -> list[Cell]:
    return [name, value, f"< {TARGETS[name]:.0f}"]


def _ratios(found: Mapping[str, Any], chain: Mapping[str, Any]) -> list[list[Cell]]:
    warm = found["warm"]
    pairs = [
        ("ingest, s", found["ingest_s"], chain["ingest_s"]),
        ("question p50, ms", warm["all"]["p50_ms"], chain["all"]["p50_ms"]),
        ("question p95, ms", warm["all"]["p95_ms"], chain["all"]["p95_ms"]),
        ("resident memory, MB", warm["rss_mb"], chain["rss_mb"]),
        ("disk a paper, kB", found["disk_kb"], chain["disk_kb"]),
    ]
    return [[name, ours, theirs, ours / theirs] for name, ours, theirs in pairs]
