"""Parses lines and fields of author names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.readers import latex

_ET_AL_ENDING = re.compile(r"\b(?:and\s+others|et\s+al\.?)$", re.IGNORECASE)
_AND_OTHERS = re.compile(r"(?:and\s+)?others|et\s+al\.?", re.IGNORECASE)
_AFFILIATIONS = re.compile(r"(?<!\s)\s+·\s+")
_AND = re.compile(r"(?<!\s)(?:\s*+,)?\s++(?:and|&)\s+")


@dataclass(frozen=True, slots=True)
class Byline:
    """The printed authors. Without any, the list is incomplete: unknown, not empty."""

    authors: tuple[str, ...] = ()
    complete: bool = False
    affiliations: tuple[str, ...] = ()


def parse_author_line(line: str) -> Byline:
    """``First Author, Second Author et al. · tencent-ai, tsinghua``."""
    printed, *rest = _AFFILIATIONS.split(line.strip(), maxsplit=1)
    names_text, cut = _without_et_al(printed)
    authors = _normalize_names(
        part for piece in _AND.split(names_text) for part in piece.split(",")
    )
    affiliations = _normalize_names(rest[0].split(",")) if rest else ()
    return Byline(authors, bool(authors) and not cut, affiliations)


def _without_et_al(line: str) -> tuple[str, bool]:
    """The line without a last *et al.* or *and others*, and whether there was one."""
    line = line.rstrip()
    match = _ET_AL_ENDING.search(line)
    return (line[: match.start()].rstrip(" ,"), True) if match else (line, False)


def is_author_line(line: str) -> bool:
    """Whether a line reads as names and not as a sentence."""
    printed = _AFFILIATIONS.split(line.strip(), maxsplit=1)[0]
    names_text, cut = _without_et_al(printed)
    if cut:
        return True
    names = [name.strip() for piece in _AND.split(names_text) for name in piece.split(",")]
    return all(_is_name(name) for name in names)


def _is_name(name: str) -> bool:
    parts = name.split()
    if not 1 <= len(parts) <= 6 or len(name) > 60 or re.search(r"[!?:;]|\w{3}\.$", name):
        return False
    return not parts[0][0].islower() and not parts[-1][0].islower()


def parse_author_names(names: Sequence[str]) -> Byline:
    """Names already parted; ``others`` or ``et al.`` for the last says that there are more."""
    real_names = [name for name in names if not _AND_OTHERS.fullmatch(name.strip())]
    authors = _normalize_names(
        _convert_order(name) if name.count(",") == 1 else name for name in real_names
    )
    return Byline(authors, bool(authors) and len(real_names) == len(names))


def parse_author_field(field: str) -> Byline:
    """A field of several names: parted by ``;``, by ``and``, or by commas; ``Last, First`` is turned."""
    names_text, cut = _without_et_al(field.lstrip())
    if ";" in names_text:
        names = [_convert_order(name) for name in names_text.split(";")]
    elif _AND.search(names_text) and all(piece.count(",") <= 1 for piece in _AND.split(names_text)):
        names = [name for piece in _AND.split(names_text) for name in _split_pair(piece)]
    else:
        pieces = [part for piece in _AND.split(names_text) for part in piece.split(",")]
        names = _split_pair(names_text) if len(pieces) == 2 else pieces
    authors = _normalize_names(names)
    return Byline(authors, bool(authors) and not cut)


def _split_pair(piece: str) -> list[str]:
    """One ``Last, First``, or two names that stand each for themselves."""
    halves = [half.strip() for half in piece.split(",")]
    if len(halves) != 2 or all(" " in half for half in halves):
        return halves
    return [_convert_order(piece)]


def _convert_order(name: str) -> str:
    """``Last, First`` or ``Last, Jr, First`` as ``First Last`` and ``First Last Jr``."""
    parts = [part.strip() for part in name.split(",")]
    return " ".join(part for part in (parts[-1], *parts[:-1]) if part)


def _normalize_names(names: Iterable[str]) -> tuple[str, ...]:
    """Plain text, no empty ones, each once, in order."""
    plain = (latex.to_text(name).strip(" ,;·") for name in names)
    return tuple(dict.fromkeys(name for name in plain if name))
