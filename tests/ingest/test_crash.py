"""An ingest killed with SIGKILL at any point leaves a library that the next start makes whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rag import readers
from rag.ingest import planning
from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library
from tests.stand_ins import (
    Fuse,
    FusedEmbedder,
    FusedStores,
    QuickEmbedder,
    QuickStores,
    list_encodings,
    vector,
)

CONTEXT = get_context("forkserver")
LIMIT_S = 60.0
"""For one process: one that hangs on a broken collection is found out."""


@dataclass(frozen=True)
class State:
    """All that an ingest is to bring about."""

    fingerprint: str
    papers: tuple[str, ...]
    chunks: tuple[str, ...]


def _state(library: Library) -> State:
    return State(
        library.fingerprint,
        tuple(paper.paper_id for paper in library.list_papers()),
        tuple(chunk.chunk_id for chunk in library.list_chunks()),
    )


# --- what the other processes do ----------------------------------------------------------------


def _read_here() -> None:
    """Documents are read by this process: one of their own takes longer than all the rest."""
    here = SimpleNamespace(read_each=lambda paths: (partial(readers.read, path) for path in paths))
    planning.ReadingProcess = lambda limits: nullcontext(here)  # type: ignore


def _ingest(folder: Path, paths: Sequence[Path], at: int, pipe: Connection) -> None:
    """Ingest, with a fuse that kills at the given point; tells how many points were passed."""
    _read_here()
    fuse = Fuse(at)
    pipe.send("ready")
    with Library.open(folder) as library:
        apply_ingest(
            library,
            FusedStores(fuse),
            lambda: FusedEmbedder(fuse),
            paths,
            prune=True,
            progress=fuse,
        )
    pipe.send(fuse.passed)


def _read_then_finish(folder: Path, paths: Sequence[Path], pipe: Connection) -> None:
    """What a reader finds after the kill, then what a second ingest makes of it."""
    _read_here()
    with Library.open(folder) as library:
        found = _state(library)
        problems = _problems_for_a_reader(library) if found.papers else ()
        embedder = QuickEmbedder()
        apply_ingest(library, QuickStores(), lambda: embedder, paths, prune=True)
        problems += check_indexes(library, QuickStores()).problems
        pipe.send((found, _state(library), problems, embedder.seen))


def _problems_for_a_reader(library: Library) -> tuple[str, ...]:
    """Opening for reading mends; then every chunk is the nearest to its own vector."""
    indexes = Indexes(library, QuickStores(), "quick")
    chunks = {chunk.chunk_id: chunk for chunk in library.list_chunks()}
    first = min(chunks)
    heading = chunks[first].heading
    text = f"{heading}\n{chunks[first].text}" if heading else chunks[first].text
    nearest = indexes.vectors.query([vector(text)], 1)[0]
    assert nearest[0][0] == first, "a vector is not its own nearest neighbour"
    assert indexes.lexical.find_chunks(["learn"], 5), "no chunk is found by a common word"
    indexes.close()
    return check_indexes(library, QuickStores()).problems


def _run(target: Any, *arguments: Any, kill_after_s: float | None = None) -> tuple[list[Any], int]:
    """What a process sent, and its exit code; killed after a while where asked."""
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    sent = []
    try:
        if kill_after_s is not None:
            sent.append(ours.recv())
            time.sleep(kill_after_s)
            process.kill()
        while ours.poll(LIMIT_S):
            sent.append(ours.recv())
        process.kill()
        raise AssertionError("the process hangs")
    except EOFError:
        process.join()
        code = process.exitcode
    process.close()
    ours.close()
    assert code is not None
    return sent, code


# --- the trials ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def forkserver() -> Iterator[None]:
    CONTEXT.set_forkserver_preload(
        ["tests.ingest.test_crash", "chromadb.api.rust", "rag.adapters.tantivy"]
    )
    # Streamlit's tests put a script in its place, which every new process would run.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield


@dataclass(frozen=True)
class Trial:
    """A library as it was, and the documents whose ingest is interrupted."""

    before: Path
    paths: tuple[Path, ...]
    state_before: State
    state_after: State
    n_points: int
    seconds: float


@pytest.fixture(scope="module", params=["from nothing", "one document", "many changes"])
def trial(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seeds: Path
) -> Trial:
    """Three ingests: three documents, one made in place, and one with changes and removals."""
    folder = tmp_path_factory.mktemp("trial")
    before, documents = folder / "before", folder / "documents"
    documents.mkdir()
    for number in ("000", "002", "003"):  # their beginnings: the steps are those of whole ones
        (seed,) = seeds.glob(f"{number}_*")
        beginning = seed.read_text("utf-8")[:6000]
        (documents / seed.name).write_text(beginning.rpartition("\n")[0], "utf-8")
    if request.param != "from nothing":
        if request.param == "one document":
            (documents / "002_9894cba3036e365e.txt").rename(folder / "later.txt")
        with Library.open(before) as library:
            apply_ingest(library, QuickStores(), QuickEmbedder, [documents])
    if request.param == "one document":
        (folder / "later.txt").rename(documents / "002_9894cba3036e365e.txt")
    if request.param == "many changes":
        (documents / "003_dfb5e0f95a23ec06.txt").unlink()
        for path in documents.glob("*.txt"):
            path.write_text(path.read_text("utf-8").replace("learning", "reasoning"), "utf-8")
    with Library.open(before) as library:
        state_before = _state(library)
    after = folder / "after"
    if before.exists():
        shutil.copytree(before, after)
    started = time.perf_counter()
    sent, code = _run(_ingest, after, (documents,), 0)
    seconds = time.perf_counter() - started
    assert code == 0
    with Library.open(after) as library:
        state_after = _state(library)
        assert check_indexes(library, QuickStores()).ok
    return Trial(before, (documents,), state_before, state_after, sent[-1], seconds)


def _assert_whole(trial: Trial, folder: Path, point: str) -> None:
    sent, code = _run(_read_then_finish, folder, trial.paths)
    assert code == 0, f"{point}: the next start failed"
    found, finished, problems, _ = sent[0]
    assert found in (trial.state_before, trial.state_after), f"{point}: neither the old nor the new"
    assert finished == trial.state_after, f"{point}: not what a clean ingest gives"
    assert problems == (), f"{point}: {problems}"


def _copy(trial: Trial, folder: Path) -> Path:
    if trial.before.exists():
        shutil.copytree(trial.before, folder)
    return folder


def test_killed_at_any_step_the_next_start_makes_it_whole(trial: Trial, tmp_path: Path) -> None:
    points = range(1, trial.n_points + 1)
    for at in points if trial.n_points <= 4 else random.Random(trial.n_points).sample(points, 4):
        folder = _copy(trial, tmp_path / f"at-{at}")
        _, code = _run(_ingest, folder, trial.paths, at)
        assert code == -signal.SIGKILL
        _assert_whole(trial, folder, f"killed at step {at} of {trial.n_points}")


def test_killed_at_any_moment_the_next_start_makes_it_whole(trial: Trial, tmp_path: Path) -> None:
    after_s = random.Random(trial.n_points).uniform(0.0, trial.seconds)
    folder = _copy(trial, tmp_path / "after")
    _run(_ingest, folder, trial.paths, 0, kill_after_s=after_s)
    _assert_whole(trial, folder, f"killed after {after_s:.3f} s")


def test_the_command_killed_again_and_again_gets_there(
    tmp_path: Path, seeds: Path, weights: Path
) -> None:
    data = tmp_path / "data"
    environment = {
        **os.environ,
        "PAPERFOLK_DATA": str(data),
        "PAPERFOLK_MODEL_PATH": str(weights),
    }
    documents = [next(seeds.glob(f"{number}_*")) for number in ("000", "002")]
    command = [sys.executable, "-m", "rag", "ingest", *map(str, documents)]
    for made in ("library.db", "index"):  # after a while, most kills came before it had begun
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and not (data / made).exists():
            time.sleep(0.005)
        process.kill()
        process.wait()
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    with Library.open(data) as library, Library.open(tmp_path / "clean") as clean:
        apply_ingest(clean, QuickStores(), QuickEmbedder, documents)
        assert _state(library) == _state(clean)
        assert check_indexes(library, QuickStores()).problems == ()
        assert len(list_encodings(library)) == 20
