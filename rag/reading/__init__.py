"""Reading seed documents: a file in, its entries and what had to be rejected out.

Formats are recognised by content, not by name; see ``detection.FORMATS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import ReadError
from rag.reading.detection import FORMATS, SUFFIXES, Format, detect
from rag.reading.source import (
    HEAD_CHARS,
    MAX_BYTES,
    MAX_ENTRY_CHARS,
    Parts,
    bad_byte,
    source,
    too_large,
    too_long,
)
from rag.types import Entry, Reading, Rejection

__all__ = ["FORMATS", "MAX_BYTES", "MAX_ENTRY_CHARS", "Format", "discover", "read", "read_bytes"]

_MANIFEST = "MANIFEST.sha256"


def read(path: Path) -> Reading:
    """Everything one seed document holds; the file name alone becomes the document's name.

    Raises:
        ReadError: The document as a whole cannot be read, or holds no readable paper.
    """
    try:
        n_bytes = path.stat().st_size
        if path.is_dir():
            raise ReadError(f"{str(path)!r} is a folder, not a file; name a file in it")
        if not path.is_file():
            raise ReadError(f"{str(path)!r} is no regular file; name one")
        if n_bytes > MAX_BYTES:
            raise too_large(path.name, n_bytes)
        return read_bytes(path.name, path.read_bytes())
    except OSError as exc:
        raise _unopened(path, exc) from exc


def read_bytes(name: str, data: bytes) -> Reading:
    """As `read`, for a document that is no file, such as an upload."""
    document = source(name, data)
    with _rejecting(name):
        known = detect(document)
        parts = _checked(known.read(document), name)
    if not parts.entries:
        raise _nothing(name, parts)
    return Reading(
        document=name,
        sha256=document.sha256,
        format=known.name,
        entries=parts.entries,
        page=parts.page,
        institution=parts.institution,
        rejections=parts.rejections,
    )


@contextmanager
def _rejecting(name: str) -> Iterator[None]:
    """Whatever a reader raises is why that document is rejected; the others are read."""
    try:
        yield
    except (ReadError, MemoryError):
        raise
    except Exception as exc:
        # The readers rest on csv, json, pypdf, bibtexparser and pylatexenc, each of which raises what
        # it likes on odd bytes: csv.Error for a field of 131,073 characters, and so on.
        clause = " ".join(f"{type(exc).__name__}: {exc}".split())[:200].rstrip(" .:")
        raise ReadError(
            f"file {name!r} cannot be read ({clause}); leave it out, or save it in another format"
        ) from exc


def discover(
    paths: Iterable[Path], passed_over: Callable[[Path, str], None] = lambda path, reason: None
) -> list[Path]:
    """The documents that ``paths`` mean, each once, in order; folders are searched with all below.

    In folders, hidden files, README files and the manifest are left out. ``passed_over`` is told
    of what else is: links to folders, and files with an unusual suffix that no format recognises.
    A file that is named, or that cannot be opened, is always taken.

    Raises:
        ReadError: A path does not exist, or a folder cannot be listed.
    """
    found: dict[str, Path] = {}
    for path in paths:
        try:
            path.stat()
            for file in _files_below(path, passed_over) if path.is_dir() else [path]:
                found.setdefault(os.path.realpath(file), file)
        except FileNotFoundError as exc:
            raise ReadError(f"there is no file or folder {str(path)!r}; check the path") from exc
        except OSError as exc:
            raise _unopened(path, exc) from exc
    return list(found.values())


def _files_below(folder: Path, passed_over: Callable[[Path, str], None]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_raised):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for below in (Path(parent, name) for name in folders):
            if below.is_symlink():
                passed_over(below, "a link to a folder is not followed; name the folder itself")
        for name in sorted(names):
            file = Path(parent, name)
            if _is_aside(name):
                continue
            if reason := _unlike_papers(file):
                passed_over(file, reason)
            else:
                yield file


def _raised(exc: OSError) -> None:
    raise exc


def _is_aside(name: str) -> bool:
    return name.startswith(".") or name == _MANIFEST or Path(name).stem.lower() == "readme"


def _unlike_papers(file: Path) -> str:
    """Why a file holds no papers, from its beginning; empty where it may, or where it is to be said."""
    if file.suffix.lower() in SUFFIXES or not file.is_file():
        return ""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_CHARS)
        with _rejecting(file.name):
            detect(source(file.name, head))
    except ReadError as exc:
        return str(exc)
    except OSError:
        return ""
    return ""


def _unopened(path: Path, exc: OSError) -> ReadError:
    reason = (exc.strerror or type(exc).__name__).lower()
    return ReadError(f"{str(path)!r} cannot be opened: {reason}; check the path and its rights")


def _checked(parts: Parts, name: str) -> Parts:
    """Without what nothing could be done with; a rejection for each."""
    kept: list[Entry] = []
    rejected = list(parts.rejections)
    for entry in parts.entries:
        reason = _flaw(entry)
        if reason is None:
            kept.append(entry)
        else:
            rejected.append(Rejection(name, entry.place.line, reason))
    page, institution = parts.page, parts.institution
    byte = bad_byte(f"{page.person if page else ''}\n{institution or ''}")
    if byte:
        page = institution = None
        rejected.append(Rejection(name, 1, f"the heading is not valid UTF-8 ({byte})"))
    rejected.sort(key=lambda rejection: rejection.line or 0)
    return Parts(tuple(kept), tuple(rejected), page, institution)


def _flaw(entry: Entry) -> str | None:
    if not entry.title and not entry.text:
        return "the entry has neither a title nor a text"
    if len(entry.raw) > MAX_ENTRY_CHARS:
        return too_long(len(entry.raw))
    single = (entry.raw, entry.title, entry.text, entry.category, entry.url, entry.doi, entry.venue)
    several = (*entry.authors, *entry.affiliations, *entry.links)
    byte = bad_byte("\n".join(filter(None, (*single, *several))))
    if byte:
        return f"the entry is not valid UTF-8 ({byte}); save the file as UTF-8"
    return None


def _nothing(name: str, parts: Parts) -> ReadError:
    if not parts.rejections:
        return ReadError(f"file {name!r} holds no papers; put papers in it or leave it out")
    first, *others = parts.rejections
    more = f", and {len(others)} more entries were rejected" if others else ""
    line = "" if first.line is None else f" line {first.line}:"
    return ReadError(f"file {name!r} holds no readable paper;{line} {first.reason}{more}")
