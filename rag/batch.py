"""Many questions in one go: JSON lines in, answer records out, in order and resumable.

A line that cannot be asked yields a record with status ``failed`` and one sentence; it never stops
the rest. Records are appended whole, so an interrupted batch goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RagError, ReadError
from rag.text import encodable
from rag.types import Answer, Condition, Thread, Turn

if TYPE_CHECKING:
    from rag.pipeline import Assistant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a batch: the turns of one conversation, or the fault that keeps it from being asked."""

    item_id: str
    turns: tuple[str, ...]
    fault: str | None = None
    filters: tuple[Condition, ...] = ()


def items(path: Path) -> list[Item]:
    """Every line of a batch that is not blank, in order.

    Raises:
        ReadError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise ReadError(f"batch file {str(path)!r} cannot be read: {exc.strerror}") from exc
    return [_item(line, n) for n, line in enumerate(lines, 1) if line.strip()]


def _item(line: bytes, n: int) -> Item:
    name = f"line-{n}"
    try:
        row = json.loads(line.decode("utf-8-sig" if n == 1 else "utf-8"))
    except UnicodeDecodeError as exc:
        return Item(name, (), f"line {n} is not UTF-8: {exc.reason} at byte {exc.start}")
    except (json.JSONDecodeError, RecursionError) as exc:
        return Item(name, (), f"line {n} is not JSON: {getattr(exc, 'msg', 'nested too deep')}")
    if not isinstance(row, dict):
        return Item(name, (), f"line {n} is not a JSON object but {type(row).__name__}")
    item_id = name if row.get("id") is None else encodable(str(row["id"]))
    asked = row.get("turns", [row.get("question")])
    if not isinstance(asked, list) or not asked or not all(isinstance(t, str) for t in asked):
        fault = f'line {n} needs "question": a string, or "turns": a list of strings'
        return Item(item_id, (), fault)
    return Item(item_id, tuple(encodable(turn) for turn in asked))


def run(
    assistant: Assistant,
    asked: list[Item],
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[str]:
    """Answer what ``out`` does not hold yet, and append the records to it.

    A record is kept where it answers the turns that its id now has, and did not fail; another one
    of the same id goes, and the new one takes its place.

    Args:
        assistant: Answers, one question after another.
        asked: The batch, in order.
        out: Made if missing. A last line that was cut off is removed and asked again.
        progress: Called with the number of records written so far, skipped ones included.

    Returns:
        How many records of each status were written, and how many items were ``skipped``.

    Raises:
        ReadError: ``out`` cannot be written, or holds something else than records.
    """
    from rag.records import record

    before = mend(out)
    held = _held(asked, before)
    places = {id(old): n for n, old in held.items()}
    ids = {item.item_id for item in asked}
    left = [old for old in before if id(old) in places or not _is_past(old, ids)]
    written: Counter[str] = Counter()
    try:
        if len(left) < len(before):
            _replace(out, [old.line for old in left])
        lines = [(places.get(id(old)), old) for old in left]
        with out.open("ab", buffering=0) as file:
            for n, item in enumerate(asked):
                if n in held:
                    written["skipped"] += 1
                else:
                    answer = answer_item(assistant, item)
                    told = record(answer, item.item_id)
                    if len(item.turns) > 1:
                        told["turns"] = list(item.turns)
                    line = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
                    file.write(line)
                    lines.append((n, _Record(item.item_id, item.turns, answer.status, line)))
                    written[answer.status] += 1
                progress(n + 1, len(asked))
        _order(out, lines)
    except OSError as exc:
        raise ReadError(f"answers cannot be written to {str(out)!r}: {exc.strerror}") from exc
    return written


def shared_ids(asked: list[Item]) -> str:
    """One sentence on ids that several lines have; empty where there are none."""
    n_by_id = Counter(item.item_id for item in asked)
    shared = [item_id for item_id, n in n_by_id.items() if n > 1]
    if not shared:
        return ""
    more = f" (and {len(shared) - 1} more ids in several)" if len(shared) > 1 else ""
    return (
        f"the id {shared[0]!r} stands in {n_by_id[shared[0]]} lines{more}; each line is asked, "
        "and the records follow in the order of the lines"
    )


# --- what the output holds ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Record:
    """A line of the output: which turns it answers, and how that ended."""

    item_id: str
    turns: tuple[str, ...]
    status: str
    line: bytes


def mend(out: Path) -> list[_Record]:
    """Cut an unfinished last line off; what the others answer, in order.

    Raises:
        ReadError: The file holds something else than records.
    """
    if not out.exists():
        return []
    try:
        data = out.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        found = list(_records(whole, out))
        if len(whole) < len(data):
            with out.open("r+b") as file:
                file.truncate(len(whole))
    except OSError as exc:
        raise ReadError(f"answers cannot be written to {str(out)!r}: {exc.strerror}") from exc
    return found


def _records(data: bytes, out: Path) -> Iterator[_Record]:
    for n, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            row = json.loads(line)
            turns = row.get("turns") or [row.get("question")]
            found = _Record(str(row["id"]), tuple(turns), str(row.get("status")), line)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise ReadError(
                f"line {n} of {str(out)!r} is not an answer record; name another file for --out"
            ) from exc
        yield found


def _held(asked: list[Item], before: list[_Record]) -> dict[int, _Record]:
    """By their places in the batch, the items that need not be asked, with their records."""
    answered: dict[tuple[str, tuple[str, ...]], deque[_Record]] = defaultdict(deque)
    for old in before:
        if old.status != "failed":
            answered[old.item_id, old.turns].append(old)
    found: dict[int, _Record] = {}
    for n, item in enumerate(asked):
        if item.fault is None and (same := answered.get((item.item_id, item.turns))):
            found[n] = same.popleft()
    return found


def _is_past(old: _Record, ids: Collection[str]) -> bool:
    """Whether a record answers what an id of this batch asked before, or tells of a broken line."""
    broken = old.status == "failed" and re.fullmatch(r"line-\d+", old.item_id) is not None
    return old.item_id in ids or broken


def _order(out: Path, lines: list[tuple[int | None, _Record]]) -> None:
    """Put this batch's records into its order; those of other batches stay where they are."""
    own = sorted((place, old.line) for place, old in lines if place is not None)
    sorted_lines = iter(own)
    ordered = [old.line if place is None else next(sorted_lines)[1] for place, old in lines]
    if ordered != [old.line for _, old in lines]:
        _replace(out, ordered)


def _replace(out: Path, lines: list[bytes]) -> None:
    """Write the file anew, whole or not at all."""
    target = out.resolve()
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(b"".join(lines))
    shutil.copymode(target, part)
    part.replace(target)


def answer_item(assistant: Assistant, item: Item) -> Answer:
    """The answer to the last turn, asked in the thread of those before; never raises for input."""
    question = item.turns[-1] if item.turns else ""
    if item.fault is not None:
        return failed(question, item.fault)
    thread = Thread(filters=item.filters)
    try:
        for turn in item.turns[:-1]:
            thread = thread.plus(Turn(turn, assistant.ask(turn, thread)))
        return assistant.ask(question, thread)
    except RagError as exc:
        return failed(question, str(exc))
    except Exception as exc:  # a bug in one question must not cost the other answers
        log.exception("item %r", item.item_id)
        return failed(question, f"this is a bug in paperfolk: {type(exc).__name__}: {exc}")


def failed(question: str, sentence: str) -> Answer:
    """An answer that says in one sentence why there is none."""
    return Answer(question, "failed", "unsupported", sentence)
