"""Many questions in one go: JSON lines in, answer records out, in order and resumable.

A line that cannot be asked yields a record with status ``failed`` and one sentence; it never stops
the rest. Records are appended whole, so an interrupted batch goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
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

    done = mend(out)
    written: Counter[str] = Counter()
    try:
        with out.open("ab", buffering=0) as file:
            for n, item in enumerate(asked, 1):
                if done[item.item_id] > 0:
                    done[item.item_id] -= 1
                    written["skipped"] += 1
                else:
                    answer = answer_item(assistant, item)
                    line = json.dumps(record(answer, item.item_id), ensure_ascii=False)
                    file.write(line.encode("utf-8", "replace") + b"\n")
                    written[answer.status] += 1
                progress(n, len(asked))
    except OSError as exc:
        raise ReadError(f"answers cannot be written to {str(out)!r}: {exc.strerror}") from exc
    return written


def mend(out: Path) -> Counter[str]:
    """Cut an unfinished last line off, and count the ids that are already answered.

    Raises:
        ReadError: The file holds something else than records.
    """
    if not out.exists():
        return Counter()
    try:
        data = out.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        ids = Counter(_ids(whole, out))
        if len(whole) < len(data):
            with out.open("r+b") as file:
                file.truncate(len(whole))
    except OSError as exc:
        raise ReadError(f"answers cannot be written to {str(out)!r}: {exc.strerror}") from exc
    return ids


def _ids(data: bytes, out: Path) -> Iterator[str]:
    for n, line in enumerate(data.splitlines(), 1):
        try:
            yield str(json.loads(line)["id"])
        except (ValueError, KeyError, TypeError) as exc:
            raise ReadError(
                f"line {n} of {str(out)!r} is not an answer record; name another file for --out"
            ) from exc


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
