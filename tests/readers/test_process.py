"""Documents are read in a process of its own: whatever one costs, it is rejected and the others go in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from rag.app.assistant import build
from rag.config.settings import Settings
from rag.readers import read
from rag.readers.process import ReadingLimits, ReadingProcess
from rag.types.errors import ReadError
from tests.conftest import ROOT
from tests.desk import Desk, write


def write_slow(path: Path, n_entries: int = 15_000) -> Path:
    """Some kB that take seconds: bibtexparser reads about 10,000 entries a second."""
    entries = (
        f"@misc{{k{n}, title={{T {n}}}, author={{A B and C D}}}}\n" for n in range(n_entries)
    )
    path.write_text("".join(entries), encoding="utf-8")
    return path


def write_large(path: Path) -> Path:
    path.write_text("Abstract: words\n" * 2_000_000, encoding="utf-8")
    return path


def pid_of(process: ReadingProcess) -> int:
    assert process._process is not None
    return process._process.pid


def wait_until_it_reads() -> None:
    while not any(isinstance(one, threading.Timer) for one in threading.enumerate()):
        time.sleep(0.01)
    time.sleep(0.2)


def is_there(pid: int) -> bool:
    """Whether a process is there, be it one that has ended and that nobody has waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_reads_as_reading_does(seeds: Path) -> None:
    with ReadingProcess(ReadingLimits()) as process:
        for path in sorted(seeds.glob("*.txt")):
            assert process.read(path) == read(path)


def test_what_cannot_be_read_is_said_alike_and_the_process_stays(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    with ReadingProcess(ReadingLimits()) as process:
        process.read(write(tmp_path / "a.jsonl", "Apples"))
        pid = pid_of(process)
        for path in (empty, tmp_path, tmp_path / "none\udcff\n.jsonl"):
            with pytest.raises(ReadError) as here:
                read(path)
            with pytest.raises(ReadError) as there:
                process.read(path)
            assert str(there.value) == str(here.value)
        assert pid_of(process) == pid


def test_one_process_reads_all_documents_and_ends_with_them(tmp_path: Path) -> None:
    with ReadingProcess(ReadingLimits()) as process:
        process.read(write(tmp_path / "a.jsonl", "Apples"))
        pid = pid_of(process)
        process.read(write(tmp_path / "b.jsonl", "Pears"))
        assert pid_of(process) == pid
    assert not is_there(pid)


def test_the_next_documents_are_read_while_one_is_worked_on(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.jsonl", name) for name in ("Apples", "Pears", "Plums")]
    (tmp_path / "empty.jsonl").touch()
    with ReadingProcess(ReadingLimits()) as process:
        readings = process.read_each([paths[0], tmp_path / "empty.jsonl", *paths[1:]])
        assert next(readings)() == read(paths[0])
        process._asker.submit(int).result()  # what was asked for before is read then
        others = [read(path) for path in paths[1:]]
        for path in paths[1:]:
            path.unlink()
        with pytest.raises(ReadError, match="empty"):
            next(readings)()
        assert [reading() for reading in readings] == others


def test_few_are_read_ahead_and_their_sizes_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write(tmp_path / f"{n}.jsonl", f"Apples {n}") for n in range(9)]
    with ReadingProcess(ReadingLimits()) as process:
        submitted: list[Path] = []
        ask = process.read
        monkeypatch.setattr(process, "read", lambda path: submitted.append(path) or ask(path))
        monkeypatch.setattr("rag.readers.process.AHEAD", 4)
        next(process.read_each(paths))()
        process._asker.submit(int).result()
        assert submitted == paths[:4]
        submitted.clear()
        monkeypatch.setattr("rag.readers.process.AHEAD_BYTES", paths[0].stat().st_size + 1)
        next(process.read_each(paths))()
        process._asker.submit(int).result()
        assert submitted == paths[:2]


def test_what_is_read_ahead_ends_with_the_process(tmp_path: Path) -> None:
    fast, slow = write(tmp_path / "a.jsonl", "Apples"), write_slow(tmp_path / "b.bib", 300_000)
    with ReadingProcess(ReadingLimits()) as process:
        readings = process.read_each([fast, slow, fast])
        next(readings)()
        wait_until_it_reads()
        pid = pid_of(process)
    assert not is_there(pid)
    with pytest.raises((ReadError, CancelledError)):  # begun, or not yet
        next(readings)()
    assert process._process is None


def test_nothing_is_begun_where_nothing_is_read() -> None:
    with ReadingProcess(ReadingLimits()) as process:
        assert process._process is None


# --- limits -------------------------------------------------------------------------------------


def test_a_document_that_takes_too_long_is_rejected_and_the_others_go_in(
    desk: Desk, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write(papers / "a.jsonl", "Apples")
    write_slow(papers / "b.bib")
    write(papers / "c.jsonl", "Cherries")
    report = desk.ingest(papers, limits=ReadingLimits(seconds=0.3))
    assert [str(r) for r in report.plan.rejections] == [
        "b.bib: file 'b.bib' took more than 0.3 s to read; "
        "split it, or raise the setting 'read_timeout_s'"
    ]
    assert desk.titles == ["Apples", "Cherries"]


def test_the_plan_of_an_upload_is_bounded_by_the_settings(tmp_path: Path) -> None:
    slow = write_slow(tmp_path / "a.bib")
    with build(Settings(data=tmp_path / "data", read_timeout_s=0.3)) as assistant:
        (rejection,) = assistant.plan_ingest([slow]).rejections
    assert "took more than 0.3 s" in rejection.reason


def test_a_document_that_needs_too_much_memory_is_rejected_and_the_others_go_in(
    desk: Desk, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write(papers / "a.jsonl", "Apples")
    write_large(papers / "b.txt")
    write(papers / "c.jsonl", "Cherries")
    report = desk.ingest(papers, limits=ReadingLimits(memory_mb=192))
    assert [str(r) for r in report.plan.rejections] == [
        "b.txt: file 'b.txt' needs more than 192 MB of memory to be read; "
        "split it, or raise the setting 'read_memory_mb'"
    ]
    assert desk.titles == ["Apples", "Cherries"]


def test_a_larger_document_may_take_longer(tmp_path: Path) -> None:
    small, large = write(tmp_path / "a.jsonl", "Apples"), tmp_path / "b.pdf"
    with large.open("wb") as stream:
        stream.truncate(60 * 2**20)
    assert ReadingLimits(seconds=2).seconds_for(small) == 2
    assert ReadingLimits(seconds=2).seconds_for(large) == 120


def test_a_document_that_brings_the_process_down_is_rejected(tmp_path: Path) -> None:
    slow, other = write_slow(tmp_path / "a.bib"), write(tmp_path / "b.jsonl", "Pears")
    with ReadingProcess(ReadingLimits()) as process:

        def kill() -> None:
            wait_until_it_reads()
            os.kill(pid_of(process), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(ReadError, match=r"^file 'a\.bib' cannot be read: it ends the process"):
            process.read(slow)
        killer.join()
        assert len(process.read(other).entries) == 1


def test_a_process_that_has_ended_between_two_documents_is_begun_anew(tmp_path: Path) -> None:
    with ReadingProcess(ReadingLimits()) as process:
        process.read(write(tmp_path / "a.jsonl", "Apples"))
        os.kill(pid_of(process), signal.SIGKILL)
        assert len(process.read(write(tmp_path / "b.jsonl", "Pears")).entries) == 1


# --- those who ask ------------------------------------------------------------------------------

ASKS = """
import sys, threading
from pathlib import Path
from rag.readers.process import ReadingLimits, ReadingProcess
from tests.readers.test_process import pid_of, wait_until_it_reads
with ReadingProcess(ReadingLimits()) as process:
    def tell():
        wait_until_it_reads()
        print(pid_of(process), flush=True)
    threading.Thread(target=tell).start()
    process.read(Path(sys.argv[1]))
"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program in a group of its own that has begun to read a slow document."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKS, str(write_slow(tmp_path / "a.bib", 300_000))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
    ) as program:  # fmt: skip
        yield program
        program.kill()


def is_running(pid: int) -> bool:
    """Whether it has not ended; one whose parent was killed may not be waited for by anybody."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


def test_ctrl_c_ends_both(asking: subprocess.Popen[str]) -> None:
    assert asking.stdout and asking.stderr
    pid = int(asking.stdout.readline())
    os.killpg(asking.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in asking.stderr.read()
    asking.wait(10)
    assert not is_running(pid)


def test_a_process_whose_asker_was_killed_ends_too(asking: subprocess.Popen[str]) -> None:
    assert asking.stdout
    pid = int(asking.stdout.readline())
    asking.kill()
    asking.wait()
    for _ in range(150):
        if not is_running(pid):
            break
        time.sleep(0.1)
    assert not is_running(pid)
