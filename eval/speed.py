"""How fast and how large: ingest, cold and warm questions, memory, beside a plain LangChain chain.

Each figure is the median over several fresh processes. The other work of the machine is part of what
is measured, so its load is told with the figures.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from eval.sets import DEVELOPMENT
from eval.tables import Cell, table
from rag.config import ROOT, Settings
from rag.errors import RagError
from rag.reading import read
from rag.text import sentences

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


def _scratch() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def measure(settings: Settings, papers: int, runs: int, progress: Progress) -> dict[str, Any]:
    """Everything, at the seeds or at so many made papers.

    Args:
        settings: Whose embedder and model are used; the data folders are new ones.
        papers: 0 for the seeds.
        runs: Fresh processes for each figure.
        progress: Told what is being measured.
    """
    bench = Bench(environ(settings), runs, progress)
    with tempfile.TemporaryDirectory(prefix="paperfolk-speed-") as name:
        folder = Path(name)
        source = settings.seeds if not papers else make_papers(settings.seeds, folder, papers)
        found: dict[str, Any] = {"papers": papers or "the seeds", "load": os.getloadavg()[0]}
        found |= _ours(bench, folder, source, 1 if papers else runs)
        if not papers and find_spec("langchain_chroma"):
            found["chain"] = _median(
                bench.medians(
                    "plain chain",
                    lambda n: bench.worker("chain", folder / f"chain{n}", str(DEVELOPMENT)),
                )
            )
        if not papers:
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


def _ours(bench: Bench, folder: Path, source: Path, ingests: int) -> dict[str, Any]:
    taken = []
    for n in range(ingests):
        taken.append(
            bench.process(["-m", "rag", "--data", str(folder / f"data{n}"), "ingest", str(source)])
        )
        bench.progress("ingest", n + 1, ingests)
    data = folder / "data0"
    bench.process(["-m", "rag", "--data", str(data), "ask", QUESTION])
    cold = [
        bench.process(["-m", "rag", "--data", str(data), "ask", QUESTION])
        for _ in range(bench.runs)
    ]
    warm = bench.medians("questions", lambda n: bench.worker("questions", data, str(DEVELOPMENT)))
    return {
        "ingest_s": statistics.median(t.seconds for t in taken),
        "ingest_mb": statistics.median(t.peak_mb for t in taken),
        "cold_s": statistics.median(c.seconds for c in cold),
        "warm": _median(warm),
    }


def _first_token(bench: Bench, data: Path) -> dict[str, Any]:
    """Against a server on loopback that waits before its first word."""
    from tests.contracts.openai_server import OpenAIServer, Reply, cite_first

    with OpenAIServer(Reply(cite_first, delay_s=DELAY_S)) as server:
        found = bench.worker(
            "first-token", data, QUESTION, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="none"
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


def make_papers(seeds: Path, folder: Path, n_papers: int) -> Path:
    """Papers recombined from the sentences, titles and people of the seeds; always the same.

    There are as many people as papers, the seeds' own first; the n-th writes in proportion to
    1 / sqrt(n), so that a few write much and most write little.
    """
    entries = [e for path in sorted(seeds.glob("*.txt")) for e in read(path).entries]
    told = [e.text[a:b] for e in entries for a, b in sentences(e.text)]
    words = [e.title.split() for e in entries if e.title]
    people = _crowd(sorted({name for e in entries for name in e.authors}), n_papers)
    path = folder / "made.jsonl"
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in _made(told, words, people, n_papers))
    return path


def _made(
    told: Sequence[str], words: Sequence[Sequence[str]], people: Sequence[str], n_papers: int
) -> Iterator[dict[str, Any]]:
    chance = random.Random(0)
    share = list(itertools.accumulate((n + 1) ** -0.5 for n in range(len(people))))
    for n in range(n_papers):
        head, tail = chance.choice(words), chance.choice(words)
        yield {
            "title": " ".join([*head[: len(head) // 2], *tail[len(tail) // 2 :], f"({n})"]),
            "abstract": " ".join(chance.sample(told, 7)),
            "authors": list(
                dict.fromkeys(chance.choices(people, cum_weights=share, k=chance.randint(1, 5)))
            ),
            "year": chance.randint(2015, 2025),
        }


def _crowd(people: Sequence[str], n_people: int) -> list[str]:
    """The people given, and made ones after them: first names of two with the last of a third."""
    chance = random.Random(1)
    first = sorted({name.split()[0] for name in people})
    last = sorted({name.split()[-1] for name in people})
    made = dict.fromkeys(people)
    while len(made) < n_people:
        given = chance.sample(first, chance.randint(1, 2))
        made[f"{'-'.join(given)} {chance.choice(last)}"] = None
    return list(made)


def told(found: Mapping[str, Any]) -> str:
    """The figures as tables."""
    warm = found["warm"]
    rows: list[list[Cell]] = [
        _row("ingest, whole, s", found["ingest_s"]),
        _row("cold question, s", found["cold_s"]),
        _row("warm question p95, ms", warm["all"]["p95_ms"]),
        _row("resident memory, MB", max(warm["rss_mb"], found["ingest_mb"])),
    ]
    if "first token" in found:
        rows.append(_row("first words over the model's own, ms", found["first token"]["over_ms"]))
    routes = [
        [name, held["n"], held["p50_ms"], held["p95_ms"]] for name, held in warm["routes"].items()
    ]
    parts = [
        f"papers: {found['papers']}; load of the machine at the start: {found['load']:.1f}",
        table(["", "median", "wanted of the seeds"], rows),
        table(["route", "n", "p50 ms", "p95 ms"], routes),
    ]
    if chain := found.get("chain"):
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
    ]
    return [[name, ours, theirs, ours / theirs] for name, ours, theirs in pairs]
