"""Reads a seed document into its entries and the rejected parts.

Formats are recognised by content, not by name; see ``detection.FORMATS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.readers.detection import ALL_SUFFIXES, FORMATS, DocumentFormat, find_format
from rag.readers.source import (
    HEAD_CHARS,
    MAX_BYTES,
    MAX_ENTRY_CHARS,
    DocumentParts,
    build_source,
    build_too_large_error,
    find_bad_byte,
    too_long,
)
from rag.types import DocumentReading, Entry, Rejection
from rag.types.errors import ReadError

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_ENTRY_CHARS",
    "DocumentFormat",
    "find_documents",
    "read",
    "read_bytes",
]

_MANIFEST = "MANIFEST.sha256"


def read(path: Path) -> DocumentReading:
    """Read one seed document; only the file name becomes the document's name.

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
            raise build_too_large_error(path.name, n_bytes)
        return read_bytes(path.name, path.read_bytes())
    except OSError as exc:
        raise _build_unopened_error(path, exc) from exc


def read_bytes(name: str, data: bytes) -> DocumentReading:
    """As `read`, for a document that is no file, such as an upload."""
    document = build_source(name, data)
    with _rejecting(name):
        known = find_format(document)
        parts = _drop_flawed(known.reader(document), name)
    if not parts.entries:
        raise _build_nothing_error(name, parts)
    return DocumentReading(
        document=name,
        sha256=document.sha256,
        format=known.name,
        entries=parts.entries,
        page=parts.page,
        institution=parts.institution,
        rejections=parts.rejections,
        notes=parts.notes,
    )


@contextmanager
def _rejecting(name: str) -> Iterator[None]:
    """Whatever a reader raises is why that document is rejected; the others are read."""
    try:
        yield
    except (ReadError, MemoryError):
        raise
    except Exception as exc:
        # The readers rest on csv, json, pypdfium2, bibtexparser and pylatexenc, each of which raises what
        # it likes on odd bytes: csv.Error for a field of 131,073 characters, and so on.
        clause = " ".join(f"{type(exc).__name__}: {exc}".split())[:200].rstrip(" .:")
        raise ReadError(
            f"file {name!r} cannot be read ({clause}); leave it out, or save it in another format"
        ) from exc


def find_documents(
    paths: Iterable[Path], passed_over: Callable[[Path, str], None] = lambda path, reason: None
) -> list[Path]:
    """The documents that ``paths`` mean, each once, in order; folders are searched with all below.

    In folders, hidden files, README files and the manifest are left out. ``passed_over`` is told
    of what else is: links to folders, and files with an unusual suffix that no format recognises.
    A file that is named, or that cannot be opened, is always taken.

    Raises:
        ReadError: A path does not exist, or a folder cannot be listed.
    """
    documents: dict[str, Path] = {}
    for path in paths:
        try:
            path.stat()
            for file in _iter_files_below(path, passed_over) if path.is_dir() else [path]:
                documents.setdefault(os.path.realpath(file), file)
        except FileNotFoundError as exc:
            raise ReadError(f"there is no file or folder {str(path)!r}; check the path") from exc
        except OSError as exc:
            raise _build_unopened_error(path, exc) from exc
    return list(documents.values())


def _iter_files_below(folder: Path, passed_over: Callable[[Path, str], None]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_handle_walk_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for below in (Path(parent, name) for name in folders):
            if below.is_symlink():
                passed_over(below, "a link to a folder is not followed; name the folder itself")
        for name in sorted(names):
            file = Path(parent, name)
            if _is_aside(name):
                continue
            if reason := _find_unlikeness(file):
                passed_over(file, reason)
            else:
                yield file


def _handle_walk_error(exc: OSError) -> None:
    raise exc


def _is_aside(name: str) -> bool:
    return name.startswith(".") or name == _MANIFEST or Path(name).stem.lower() == "readme"


def _find_unlikeness(file: Path) -> str:
    """Why a file cannot hold papers, judged by its beginning; empty if it may hold some."""
    if file.suffix.lower() in ALL_SUFFIXES or not file.is_file():
        return ""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_CHARS)
        with _rejecting(file.name):
            find_format(build_source(file.name, head))
    except ReadError as exc:
        return str(exc)
    except OSError:
        return ""
    return ""


def _build_unopened_error(path: Path, exc: OSError) -> ReadError:
    reason = (exc.strerror or type(exc).__name__).lower()
    return ReadError(f"{str(path)!r} cannot be opened: {reason}; check the path and its rights")


def _drop_flawed(parts: DocumentParts, name: str) -> DocumentParts:
    """Without what nothing could be done with; a rejection for each."""
    entries: list[Entry] = []
    rejected = list(parts.rejections)
    for entry in parts.entries:
        reason = _find_flaw(entry)
        if reason is None:
            entries.append(entry)
        else:
            rejected.append(Rejection(name, entry.place.line, reason))
    page, institution = parts.page, parts.institution
    byte = find_bad_byte(f"{page.person if page else ''}\n{institution or ''}")
    if byte:
        page = institution = None
        rejected.append(Rejection(name, 1, f"the heading is not valid UTF-8 ({byte})"))
    rejected.sort(key=lambda rejection: rejection.line or 0)
    return DocumentParts(tuple(entries), tuple(rejected), page, institution, parts.notes)


def _find_flaw(entry: Entry) -> str | None:
    if not entry.title and not entry.text:
        known = ", ".join(filter(None, (*entry.authors[:1], str(entry.year or ""), entry.doi)))
        return f"the entry{f' ({known})' if known else ''} has neither a title nor a text"
    if len(entry.raw) > MAX_ENTRY_CHARS:
        return too_long(len(entry.raw))
    single = (entry.raw, entry.title, entry.text, entry.category, entry.url, entry.doi, entry.venue)
    several = (*entry.authors, *entry.affiliations, *entry.links, *entry.keywords)
    byte = find_bad_byte("\n".join(filter(None, (*single, *several))))
    if byte:
        return f"the entry is not valid UTF-8 ({byte}); save the file as UTF-8"
    return None


def _build_nothing_error(name: str, parts: DocumentParts) -> ReadError:
    if not parts.rejections:
        return ReadError(f"file {name!r} holds no papers; put papers in it or leave it out")
    first, *other_rejections = parts.rejections
    further = (
        f", and {len(other_rejections)} more entries were rejected" if other_rejections else ""
    )
    line = "" if first.line is None else f" line {first.line}:"
    return ReadError(f"file {name!r} holds no readable paper;{line} {first.reason}{further}")
