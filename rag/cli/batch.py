"""Answers many questions: JSON lines in, answer records out, in order and resumable.

A line that cannot be answered yields a record with status ``failed`` and one sentence; it never stops
the rest. Records are appended one line at a time, so an interrupted batch resumes where it stopped.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rag.text import ensure_encodable
from rag.types import Answer, Condition, Status, Thread, Turn
from rag.types.errors import RagError, ReadError, say_bug

if TYPE_CHECKING:
    from rag.app.assistant import Assistant

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a batch: the turns of one conversation, or the reason why it cannot be asked."""

    item_id: str
    turns: tuple[str, ...]
    fault: str | None = None
    filters: tuple[Condition, ...] = ()


def read_items(path: Path) -> list[Item]:
    """Every line of a batch that is not blank, in order.

    Raises:
        ReadError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise ReadError(f"batch file {str(path)!r} cannot be read: {exc.strerror}") from exc
    return [_parse_item(line, n) for n, line in enumerate(lines, 1) if line.strip()]


def _parse_item(line: bytes, n: int) -> Item:
    name = f"line-{n}"
    try:
        row = json.loads(line.decode("utf-8-sig" if n == 1 else "utf-8"))
    except UnicodeDecodeError as exc:
        return Item(name, (), f"line {n} is not UTF-8: {exc.reason} at byte {exc.start}")
    except (json.JSONDecodeError, RecursionError) as exc:
        return Item(name, (), f"line {n} is not JSON: {getattr(exc, 'msg', 'nested too deep')}")
    if not isinstance(row, dict):
        return Item(name, (), f"line {n} is not a JSON object but {type(row).__name__}")
    item_id = name if row.get("id") is None else ensure_encodable(str(row["id"]))
    turns = row.get("turns", [row.get("question")])
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        fault = f'line {n} needs "question": a string, or "turns": a list of strings'
        return Item(item_id, (), fault)
    return Item(item_id, tuple(ensure_encodable(turn) for turn in turns))


def run(
    assistant: Assistant,
    batch_items: list[Item],
    out: Path,
    progress: Callable[[int, int], None] = lambda n_done, total: None,
) -> Counter[str]:
    """Answer what ``out`` does not hold yet, and append the records to it.

    A record is kept where it answers the turns that its id now has, and did not fail; another one
    of the same id goes, and the new one takes its place.

    Args:
        assistant: Answers, one question after another.
        batch_items: The batch, in order.
        out: Made if missing. A last line that was cut off is removed and asked again. What is no
            regular file, such as a pipe, holds nothing and is written to as the answers come.
        progress: Called with the number of records written so far, skipped ones included.

    Returns:
        How many records of each status were written, how many items were ``skipped``, and how many
        answers of other questions under the same ids were ``replaced``.

    Raises:
        ReadError: ``out`` cannot be written, holds something else than records, or is being
            written by another batch.
    """
    with _writing(out):
        return _run(assistant, batch_items, out, progress)


def _run(
    assistant: Assistant, questions: list[Item], out: Path, progress: Callable[[int, int], None]
) -> Counter[str]:
    from rag.types.serialise import record

    before = drop_unfinished_line(out)
    contents = _find_answered(questions, before)
    places = {id(old): n for n, old in contents.items()}
    ids = {item.item_id for item in questions}
    remaining = [old for old in before if id(old) in places or not _is_past(old, ids)]
    written: Counter[str] = Counter()
    # two files without ids both have a line-1: the answers of the first go, and not in silence
    if n_replaced := sum(old.status != "failed" for old in before) - sum(
        old.status != "failed" for old in remaining
    ):
        written["replaced"] = n_replaced
    try:
        if len(remaining) < len(before):
            _write_lines(out, [old.line for old in remaining])
        lines = [(places.get(id(old)), old) for old in remaining]
        with out.open("ab", buffering=0) as file:
            for n, item in enumerate(questions):
                if n in contents:
                    written["skipped"] += 1
                else:
                    answer = answer_item(assistant, item)
                    data = record(answer, item.item_id)
                    if len(item.turns) > 1:
                        data["turns"] = list(item.turns)
                    line = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
                    file.write(line)
                    lines.append((n, _Record(item.item_id, item.turns, answer.status, line)))
                    written[answer.status] += 1
                progress(n + 1, len(questions))
        if out.is_file():
            _write_in_order(out, lines)
    except OSError as exc:
        raise _unwritable(out, exc) from exc
    return written


def format_shared_ids(batch_items: list[Item]) -> str:
    """One sentence on ids that several lines have; empty where there are none."""
    n_by_id = Counter(item.item_id for item in batch_items)
    shared = [item_id for item_id, n in n_by_id.items() if n > 1]
    if not shared:
        return ""
    further = f" (and {len(shared) - 1} more ids in several)" if len(shared) > 1 else ""
    return (
        f"the id {shared[0]!r} stands in {n_by_id[shared[0]]} lines{further}; each line is asked, "
        "and the records follow in the order of the lines"
    )


# --- what the output holds ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Record:
    """A line of the output: the turns that it answers, and the status."""

    item_id: str
    turns: tuple[str, ...]
    status: str
    line: bytes


def check_places(values: Path, out: Path) -> None:
    """Refuse to write the answers over the questions.

    Raises:
        ReadError: Both are one file, by whatever name or link.
    """
    with suppress(OSError):  # one that is not there is no other; what else is wrong is said later
        if values.samefile(out) and values.is_file():
            raise ReadError(
                f"--batch {str(values)!r} and --out {str(out)!r} are one file; name another for --out"
            )


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Keep other batches off this output; the lock of one that was killed is free again."""
    from filelock import FileLock, Timeout

    if out.exists() and not out.is_file():
        yield
        return
    target = out.resolve()
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise ReadError(
            f"another batch is writing to {str(out)!r}; wait for it, or name another file for --out"
        ) from exc
    except OSError as exc:
        raise _unwritable(out, exc) from exc
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps open files
            Path(lock.lock_file).unlink()
        lock.release()


def drop_unfinished_line(out: Path) -> list[_Record]:
    """Cut an unfinished last line off; what the others answer, in order.

    A last line that lacks its end alone gets it. What was cut off must begin like a record: the
    rest of a reader's own file is never taken for one.

    Raises:
        ReadError: The file holds something else than records, and stays as it is.
    """
    if out.exists() and not out.is_file() and not out.is_dir():
        return []  # a pipe or a terminal
    try:
        data = out.read_bytes()
        end = data.rfind(b"\n") + 1
        lines, rest = data[:end].splitlines(keepends=True), data[end:]
        batch_records = [_record(line, n, out) for n, line in enumerate(lines, 1)]
        if rest and not _is_cut(rest, known=bool(batch_records)):
            batch_records.append(_record(rest + b"\n", len(lines) + 1, out))
            with out.open("ab") as file:
                file.write(b"\n")
        elif rest:
            with out.open("r+b") as file:
                file.truncate(end)
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise _unwritable(out, exc) from exc
    return batch_records


def _record(line: bytes, n: int, out: Path) -> _Record:
    try:
        row = json.loads(line)
        turns = row.get("turns") or [row.get("question")]
        if row["status"] not in get_args(Status):
            raise ValueError(row["status"])
        return _Record(str(row["id"]), tuple(turns), row["status"], line)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise ReadError(
            f"line {n} of {str(out)!r} is not an answer record, so nothing was written there; "
            "name another file for --out"
        ) from exc


def _is_cut(rest: bytes, *, known: bool) -> bool:
    """Whether a last line without its end is a record of which the end never came.

    Args:
        rest: What follows the last line end.
        known: Whether records stand before it; where it is all there is, a question that somebody
            wrote without its end begins like a record too, and only the status tells.
    """
    head = b'{"id"'
    if not (rest.startswith(head) and (known or b'"status": "' in rest)):
        return known and head.startswith(rest)
    try:
        json.JSONDecoder().raw_decode(rest.decode("utf-8", "replace"))
    except ValueError:
        return True
    return False


def _unwritable(out: Path, exc: OSError) -> ReadError:
    return ReadError(f"answers cannot be written to {str(out)!r}: {exc.strerror}")


def _find_answered(batch_items: list[Item], before: list[_Record]) -> dict[int, _Record]:
    """By their places in the batch, the items that need not be asked, with their records."""
    answered: dict[tuple[str, tuple[str, ...]], deque[_Record]] = defaultdict(deque)
    for old in before:
        if old.status != "failed":
            answered[old.item_id, old.turns].append(old)
    answered_items: dict[int, _Record] = {}
    for n, item in enumerate(batch_items):
        if item.fault is None and (same := answered.get((item.item_id, item.turns))):
            answered_items[n] = same.popleft()
    return answered_items


def _is_past(old: _Record, ids: Collection[str]) -> bool:
    """Whether an earlier record is replaced by this batch: it has one of its ids, or reports a broken line."""
    broken = old.status == "failed" and re.fullmatch(r"line-\d+", old.item_id) is not None
    return old.item_id in ids or broken


def _write_in_order(out: Path, lines: list[tuple[int | None, _Record]]) -> None:
    """Put this batch's records into its order; those of other batches stay where they are."""
    own_lines = sorted((place, old.line) for place, old in lines if place is not None)
    sorted_lines = iter(own_lines)
    ordered = [old.line if place is None else next(sorted_lines)[1] for place, old in lines]
    if ordered != [old.line for _, old in lines]:
        _write_lines(out, ordered)


def _write_lines(out: Path, lines: list[bytes]) -> None:
    """Rewrite the file completely or not at all."""
    target = out.resolve()
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(b"".join(lines))
    shutil.copymode(target, part)
    part.replace(target)


def answer_item(assistant: Assistant, item: Item) -> Answer:
    """The answer to the last turn, asked in the thread of those before; never raises for input."""
    question = item.turns[-1] if item.turns else ""
    if item.fault is not None:
        return build_failed_answer(question, item.fault)
    thread = Thread(filters=item.filters)
    try:
        for turn in item.turns[:-1]:
            thread = thread.add_turn(Turn(turn, assistant.ask(turn, thread)))
        return assistant.ask(question, thread)
    except RagError as exc:
        return build_failed_answer(question, str(exc))
    except Exception as exc:  # a bug in one question must not cost the other answers
        _log.exception("item %r", item.item_id)
        return build_failed_answer(question, say_bug(exc))


def build_failed_answer(question: str, sentence: str) -> Answer:
    """An answer that says in one sentence why there is none."""
    return Answer(question, "failed", "unsupported", sentence)
