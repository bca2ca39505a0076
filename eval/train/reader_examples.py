"""The reader's examples: questions with inline mark-up, read and checked.

The mark-up is described in rag/understanding/examples/README.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import rag.understanding
from rag.types.errors import ReadError
from rag.types.query import Detail, Measure, RelationKind, Want
from rag.understanding.frame_types import Link, SlotKind

FOLDER = Path(rag.understanding.__file__).parent / "examples"
LETTERS: dict[str, SlotKind] = {
    "T": "topic",
    "P": "person",
    "A": "paper",
    "D": "time",
    "C": "category",
    "V": "venue",
    "I": "affiliation",
    "K": "keyword",
    "L": "link",
    "F": "flag",
    "N": "number",
    "O": "order",
    "G": "group",
    "X": "words",
    "Q": "attribute",
    "W": "preamble",
    "S": "form",
}
ASIDES = ("greeting", "thanks", "goodbye", "about_you", "capabilities", "feedback", "unsupported")
_MARK = re.compile(r"\[(!?)([A-Za-z]):([^\[\]]*)\]")
_LIKE_A_MARK = re.compile(r"\[!?[A-Za-z]:")
_MOST_FAULTS = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a marked line; ``kind`` None for words of asking."""

    text: str
    kind: SlotKind | None = None
    is_negative: bool = False
    is_fixed: bool = False


Turn = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One line of the examples.

    Attributes:
        place: File and line.
        turns: One question, or a conversation, whose last turn the labels are about.
        want: Want and relation, as the heads name them.
        last: Want of the turn before; empty where nobody wrote it.
        is_marked: False if topics lack their marks, so that only the marks that are there count.
    """

    place: str
    turns: tuple[Turn, ...]
    want: str
    asks_for: str = ""
    measure: str = ""
    what: str = ""
    link: str = ""
    last: str = ""
    is_marked: bool = True


class ExamplesError(ReadError):
    """Examples with faulty mark-up; the message names file, line and fault."""


def get_text(turn: Turn) -> str:
    return "".join(piece.text for piece in turn)


def list_marks(turn: Turn) -> list[tuple[int, int, SlotKind, bool]]:
    """Start, end, kind and whether it is excluded."""
    marks, at = [], 0
    for piece in turn:
        if piece.kind:
            marks.append((at, at + len(piece.text), piece.kind, piece.is_negative))
        at += len(piece.text)
    return marks


def list_files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.rglob("*.txt"), key=lambda path: path.relative_to(folder).as_posix())


def compute_digest(folder: Path = FOLDER) -> str:
    """sha256 over names and contents of all examples and banks."""
    digest = hashlib.sha256()
    for path in list_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_examples(folder: Path = FOLDER) -> list[Example]:
    """All examples, each wording once, in the order of files and lines.

    Raises:
        ExamplesError: Mark-up or header is wrong; the message lists the first faults by file and line.
    """
    faults: list[str] = []
    examples: dict[tuple[tuple[str, ...], str, str], Example] = {}
    for path in list_files(folder):
        if path.parent.name == "banks":
            continue
        for example in _read_file(path, path.relative_to(folder).as_posix(), faults):
            wordings = tuple(get_text(turn) for turn in example.turns)
            examples.setdefault((wordings, example.want, example.link), example)
    if faults:
        rest = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise ExamplesError("; ".join(faults[:_MOST_FAULTS]) + rest)
    if not examples:
        raise ExamplesError(f"there are no examples in {str(folder)!r}")
    return list(examples.values())


def _read_file(path: Path, name: str, faults: list[str]) -> Iterator[Example]:
    header: dict[str, str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line, place = line.strip(), f"{name}:{number}"
        try:
            if line.startswith("## "):
                header = None
                header = _read_header(line[3:])
            elif line and not line.startswith("#"):
                if header is None:
                    raise ValueError("a question stands before any sound header")
                yield _read_line(line, header, place)
        except ValueError as exc:
            faults.append(f"{place}: {exc}")


_CHOICES = {
    "asks": get_args(Detail),
    "measure": get_args(Measure),
    "what": None,
    "rel": get_args(Link),
    "want": get_args(Want),
    "last": get_args(Want),
}


def _read_header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            value = word
            if word == "unmarked":
                key = word
            elif word in get_args(RelationKind) and (
                header.get("want") or word not in get_args(Want)
            ):
                key = "relation"
            else:
                key = "want"
        choices = _CHOICES.get(key, (value,) if not equals else ())
        if choices is not None and value not in choices:
            known = ", ".join(choices) or f"keys {', '.join(_CHOICES)}"
            raise ValueError(f"{word!r} is not a header's part; there are {known}")
        if key in header:
            raise ValueError(f"the header has {key} twice")
        header[key] = value
    if "want" not in header:
        raise ValueError("the header has no want")
    if header["want"] == "aside" and not header.get("rel"):
        kind = header.get("what", "")
        if kind not in ASIDES:
            raise ValueError(f"an aside needs what=KIND; there are {', '.join(ASIDES)}")
    return header


def _read_line(line: str, header: dict[str, str], place: str) -> Example:
    parts = re.split(r"(?<=\s)=>(?=\s)", line) if "rel" in header else [line]
    turns = tuple(read_turn(part.strip()) for part in parts)
    if "rel" in header and len(turns) < 2:
        raise ValueError("a conversation has the form first => second")
    if not all(get_text(turn).strip() for turn in turns):
        raise ValueError("an empty turn")
    want = " ".join(filter(None, (header["want"], header.get("relation", ""))))
    return Example(
        place, turns, want, header.get("asks", ""), header.get("measure", ""),
        header.get("what", ""), header.get("rel", ""), header.get("last", ""),
        "unmarked" not in header,
    )  # fmt: skip


def read_turn(text: str) -> Turn:
    """The pieces of one marked question.

    Raises:
        ValueError: A mark is not closed, nested, empty, or of an unknown letter.
    """
    pieces: list[Piece] = []
    at = 0
    for match in _MARK.finditer(text):
        pieces += _read_plain(text[at : match.start()])
        negative, letter, words = match.groups()
        kind = LETTERS.get("T" if letter == "t" else letter)
        if kind is None:
            known = ", ".join(f"{key} {value}" for key, value in LETTERS.items())
            raise ValueError(f"there is no mark {letter!r}; there are {known}")
        if not words.strip():
            raise ValueError(f"the mark {match.group()!r} is empty")
        pieces.append(Piece(words, kind, bool(negative), letter == "t"))
        at = match.end()
    return tuple([*pieces, *_read_plain(text[at:])])


def _read_plain(text: str) -> Sequence[Piece]:
    if open_mark := _LIKE_A_MARK.search(text):
        raise ValueError(f"the mark {text[open_mark.start() :][:20]!r} is nested or not closed")
    return [Piece(text)] if text else []
