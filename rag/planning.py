"""Paths and what the library holds -> Plan: what an ingest would do, before it does it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rag import identity, reading
from rag.errors import NotFound, ReadError
from rag.labels import label
from rag.library import Library
from rag.library.left_out import FILE as LEFT_OUT
from rag.library.locking import LOCK
from rag.library.schema import FILE
from rag.library.sound import FILE as SOUND
from rag.reading.process import Limits, ReadingProcess
from rag.reading.source import bad_byte
from rag.text import fold
from rag.types import (
    Change,
    Document,
    DocumentPlan,
    Entry,
    EntryPlan,
    Place,
    Plan,
    Reading,
    Rejection,
)

Progress = Callable[[str, int, int], None]
"""Told the name of a stage, how much of it is done, and how much there is."""


def plan(
    library: Library,
    paths: Sequence[Path],
    *,
    prune: bool = False,
    rebuild: bool = False,
    drop: Collection[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> Plan:
    """Compare the documents under ``paths`` with the library; a document is known by its bytes.

    A document that was read from below one of the given folders and is there no longer is
    ``missing``, and with ``prune`` ``removed``. Entries that a changed document no longer has are
    removed, unless parts of it were rejected: then they are kept, and ``prune`` lets them go.
    Documents named in ``drop`` are removed with all entries, whether their files are there or not.
    One that cannot be read, or not within ``limits``, is rejected, and the others go in.

    Raises:
        ReadError: A path does not exist.
        NotFound: A document to drop is not in the library.
    """
    stored = {document.name: document for document in library.documents()}
    dropped = list(_dropped(library, stored, drop))
    passed_over: list[Rejection] = []
    own = _own(library.folder.resolve())
    found = _named(paths, stored, own, library.left_out(), passed_over)
    found = {name: path for name, path in found.items() if name not in drop}
    planned: list[DocumentPlan] = []
    rejections: list[Rejection] = []
    with ReadingProcess(limits) as process:
        for done, (name, path) in enumerate(found.items(), 1):
            one = _plan_document(library, process, name, path, stored.get(name), prune, rebuild)
            if isinstance(one, Rejection):
                rejections.append(one)
                n_entries = stored[name].n_entries if name in stored else 0
                one = DocumentPlan(name, str(path), "rejected", n_entries=n_entries)
            elif one.reading:
                rejections.extend(one.reading.rejections)
            planned.append(one)
            if progress:
                progress("reading", done, len(found))
    planned.extend(_gone(library, paths, stored, {*found, *drop}, prune))
    planned.extend(dropped)
    return Plan(tuple(planned), tuple(rejections), rebuild, tuple(passed_over))


def _plan_document(
    library: Library,
    process: ReadingProcess,
    name: str,
    path: Path,
    stored: Document | None,
    prune: bool,
    rebuild: bool,
) -> DocumentPlan | Rejection:
    if byte := bad_byte(str(path)):
        return Rejection(name, None, f"its path is not valid UTF-8 ({byte}); rename it")
    try:
        if (
            stored
            and not rebuild
            and not (prune and stored.n_kept)
            and path.is_file()
            and _sha256(path) == stored.sha256
        ):
            return DocumentPlan(name, str(path), "unchanged", n_entries=stored.n_entries)
        read = _renamed(process.read(path), name)
    except ReadError as exc:
        return Rejection(name, None, str(exc))
    except OSError as exc:
        return Rejection(name, None, f"cannot be read: {exc.strerror}")
    entries = _compare(
        library.entries(name) if stored else [], read, keep=bool(read.rejections) and not prune
    )
    left = sum(entry.change != "removed" for entry in entries)
    return DocumentPlan(name, str(path), "changed" if stored else "new", read, entries, left)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _renamed(read: Reading, name: str) -> Reading:
    """The reading under the document's name in the library, in place of its bare file name."""
    if read.document == name:
        return read
    return replace(
        read,
        document=name,
        entries=tuple(replace(e, place=Place(name, e.place.line)) for e in read.entries),
        rejections=tuple(replace(r, document=name) for r in read.rejections),
    )


# --- names ----------------------------------------------------------------------------------


def _named(
    paths: Sequence[Path],
    stored: dict[str, Document],
    own: frozenset[Path],
    unwanted: frozenset[str],
    passed_over: list[Rejection],
) -> dict[str, Path]:
    """Files by the name each has, or is to have, in the library.

    A file keeps the name under which it was read before. A new one is named by its path below the
    given folder, so a seed is named by its file name; the folder's own name goes in front where
    another file, which is still there with other content, has that name already. The library's
    ``own`` files and folders are no documents, and what is ``unwanted`` is read by its own path alone.
    Files in no format that is read are added to ``passed_over``.
    """
    asked = {str(path.resolve()) for path in paths}
    names = {document.path: document.name for document in stored.values()}
    found: dict[str, Path] = {}
    seen: set[Path] = set()
    for root, path in _files(paths, own, passed_over):
        if path in seen or not own.isdisjoint((path, *path.parents)):
            continue
        if str(path) in unwanted and str(path) not in asked:
            continue
        seen.add(path)
        known = names.get(str(path))
        found[known or _new_name(root, path, stored, found)] = path
    return found


def _own(folder: Path) -> frozenset[Path]:
    stores = (FILE, "threads.db", "replies.db")
    files = [f"{name}{end}" for name in stores for end in ("", "-wal", "-shm", "-journal")]
    others = (LEFT_OUT, LOCK, SOUND, "aliases.yaml", "questions.jsonl")
    names = (*files, *others, "index", "models", "evaluations")
    return frozenset(folder / name for name in names)


def _files(
    paths: Sequence[Path], own: frozenset[Path], passed_over: list[Rejection]
) -> Iterator[tuple[Path, Path]]:
    told: set[Path] = set()
    for given in paths:
        root = given.resolve()

        def tell(path: Path, reason: str, root: Path = root) -> None:
            if path not in told and own.isdisjoint((path, *path.parents)):
                told.add(path)
                name = path.relative_to(root).as_posix()
                passed_over.append(Rejection(name, None, reason))

        for path in reading.discover([root], tell):
            yield root if root.is_dir() else root.parent, path.resolve() if path.exists() else path


def _new_name(root: Path, path: Path, stored: dict[str, Document], taken: Collection[str]) -> str:
    base = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    names = [base]
    for parent in [root, *root.parents]:
        names.append(f"{parent.name}/{names[-1]}")
    for name in names:
        if name not in taken and not _is_another(path, stored.get(name)):
            return name
    return str(path)


def _is_another(path: Path, stored: Document | None) -> bool:
    """Whether the stored document came from another file, still there, with other content."""
    if stored is None or stored.path == str(path) or not Path(stored.path).is_file():
        return False
    try:
        return not path.is_file() or _sha256(path) != stored.sha256
    except OSError:
        return True


def _gone(
    library: Library,
    paths: Sequence[Path],
    stored: dict[str, Document],
    found: Collection[str],
    prune: bool,
) -> Iterator[DocumentPlan]:
    folders = [path.resolve() for path in paths if path.is_dir()]
    for name, document in stored.items():
        below = any(Path(document.path).is_relative_to(folder) for folder in folders)
        if name in found or not below:
            continue
        entries: tuple[EntryPlan, ...] = ()
        if prune:
            entries = tuple(_entry_plan(entry, "removed") for entry in library.entries(name))
        change = "removed" if prune else "missing"
        yield DocumentPlan(name, document.path, change, None, entries, document.n_entries)  # type: ignore[arg-type]


def _dropped(
    library: Library, stored: dict[str, Document], drop: Collection[str]
) -> Iterator[DocumentPlan]:
    for name in drop:
        if name not in stored:
            raise NotFound(
                f"the library has no document {name!r}; its documents stand on the Library page"
            )
        entries = tuple(_entry_plan(entry, "removed") for entry in library.entries(name))
        document = stored[name]
        yield DocumentPlan(name, document.path, "removed", None, entries, document.n_entries)


# --- entries --------------------------------------------------------------------------------


def _compare(old: Sequence[Entry], read: Reading, *, keep: bool) -> tuple[EntryPlan, ...]:
    """What becomes of each entry: the new ones in their order, then those that go or are kept."""
    left = dict(enumerate(old))
    by_digest: dict[str, list[int]] = defaultdict(list)
    for at, entry in left.items():
        by_digest[identity.entry_digest(entry)].append(at)
    same: set[int] = set()
    for number, entry in enumerate(read.entries):
        matches = by_digest[identity.entry_digest(entry)]
        if matches:
            del left[matches.pop(0)]
            same.add(number)
    titles = {_title(entry): at for at, entry in left.items() if entry.title}
    lines = {entry.place.line: at for at, entry in left.items()}
    found: list[EntryPlan] = []
    for number, entry in enumerate(read.entries):
        if number in same:
            found.append(_entry_plan(entry, "unchanged"))
            continue
        earlier = titles.get(_title(entry)) if entry.title else None
        if earlier not in left:
            earlier = lines.get(entry.place.line)
        changed = earlier is not None and left.pop(earlier, None) is not None
        found.append(_entry_plan(entry, "changed" if changed else "new"))
    found.extend(_entry_plan(entry, "kept" if keep else "removed") for entry in left.values())
    return tuple(found)


def _title(entry: Entry) -> str:
    return fold(entry.title or "")


def _entry_plan(entry: Entry, change: Change) -> EntryPlan:
    name = entry.title or label(entry.text)
    return EntryPlan(entry.place, name, identity.paper_id(entry.title, entry.text), change)
