"""Plans an ingest from paths and the library, without changing anything."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag import readers
from rag.ingest.correcting import Corrections, correct_entries, correct_reading
from rag.library import Library, identity
from rag.library.exclusions import EXCLUSIONS_FILE as LEFT_OUT
from rag.library.integrity import INGEST_FILE
from rag.library.integrity import STAMPS_FILE as SOUND
from rag.library.labels import build_label
from rag.library.schema import LIBRARY_FILE
from rag.library.sqlite import LIBRARY_LOCK
from rag.readers.process import ReadingLimits, ReadingProcess
from rag.readers.source import find_bad_byte
from rag.text import fold
from rag.text.english import counted
from rag.types import (
    Change,
    Document,
    DocumentPlan,
    DocumentReading,
    Entry,
    EntryPlan,
    Place,
    Plan,
    Rejection,
)
from rag.types.errors import NotFound, ReadError

PlanProgress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and the total."""


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The documents of an ingest, before any is read.

    Attributes:
        files: Those that there are, by their names in the library.
        stored: Those that the library has, by name.
        unchanged: Names of files whose bytes are those that the library has read.
        dropped: What becomes of documents to be removed.
        passed_over: Files in no format that is read.
    """

    files: Mapping[str, Path]
    stored: Mapping[str, Document]
    unchanged: frozenset[str]
    dropped: tuple[DocumentPlan, ...]
    passed_over: tuple[Rejection, ...]


def list_files(library: Library, paths: Sequence[Path], drop: Collection[str] = ()) -> DocumentList:
    """Find the documents under ``paths``; a document is known by its bytes.

    Raises:
        ReadError: A path does not exist.
        NotFound: A document to drop is not in the library.
    """
    stored = {document.name: document for document in library.list_documents()}
    dropped = tuple(_iter_dropped(library, stored, drop))
    passed_over: list[Rejection] = []
    own_files = _list_own_files(library.folder.resolve())
    files = _find_files_by_name(paths, stored, own_files, library.left_out(), passed_over)
    files = {name: path for name, path in files.items() if name not in drop}
    unchanged = frozenset(n for n, path in files.items() if _has_bytes_of(path, stored.get(n)))
    return DocumentList(files, stored, unchanged, dropped, tuple(passed_over))


def _has_bytes_of(path: Path, stored: Document | None) -> bool:
    try:
        return stored is not None and path.is_file() and _compute_sha256(path) == stored.sha256
    except OSError:  # it is told when it is to be read
        return False


def build_plan(
    library: Library,
    paths: Sequence[Path],
    *,
    prune: bool = False,
    rebuild: bool = False,
    drop: Collection[str] = (),
    limits: ReadingLimits = ReadingLimits(),  # noqa: B008 - frozen
    progress: PlanProgress | None = None,
) -> Plan:
    """Compare the documents under ``paths`` with the library.

    A document that was read from below one of the given folders and is there no longer is
    ``missing``, and with ``prune`` ``removed``. Entries that a changed document no longer has are
    removed, unless parts of it were rejected: then they are kept, and ``prune`` lets them go.
    Documents named in ``drop`` are removed with all entries, whether their files are there or not.
    One that cannot be read, or not within ``limits``, is rejected, and the others go in.

    Raises:
        ReadError: A path does not exist.
        NotFound: A document to drop is not in the library.
    """
    listing = list_files(library, paths, drop)
    planned: list[DocumentPlan] = []
    rejections: list[Rejection] = []
    plans = iter_plans(library, listing, prune=prune, rebuild=rebuild, limits=limits)
    for n_done, (document_plan, rejected) in enumerate(plans, 1):
        planned.append(document_plan)
        rejections.extend(rejected)
        if progress:
            progress("reading", n_done, len(listing.files))
    planned.extend(iter_unread(library, listing, paths, prune=prune))
    return Plan(tuple(planned), tuple(rejections), rebuild, listing.passed_over)


def iter_plans(
    library: Library,
    listing: DocumentList,
    *,
    prune: bool = False,
    rebuild: bool = False,
    limits: ReadingLimits = ReadingLimits(),  # noqa: B008 - frozen
    begin: Callable[[str], None] = lambda name: None,
) -> Generator[tuple[DocumentPlan, tuple[Rejection, ...]], None, None]:
    """What becomes of each file, read when it is asked for, and what of it cannot be read.

    ``begin`` is told the name of each before it is read.
    """
    corrections = library.list_corrections()
    known = {
        name: stored
        for name, stored in listing.stored.items()
        if name in listing.unchanged and not rebuild and not (prune and stored.n_kept)
    }
    with ReadingProcess(limits) as process:
        readings = process.read_each([p for name, p in listing.files.items() if name not in known])
        for name, path in listing.files.items():
            begin(name)
            if name in known:
                # What is unread stays so, and is named again.
                document = known[name]
                yield _plan_unchanged(library, document, path, corrections), document.rejections
                continue
            stored = listing.stored.get(name)
            plan = _plan_document(library, next(readings), name, path, stored, prune, corrections)
            if isinstance(plan, Rejection):
                n_entries = stored.n_entries if stored else 0
                yield DocumentPlan(name, str(path), "rejected", n_entries=n_entries), (plan,)
            else:
                yield plan, plan.reading.rejections if plan.reading else ()


def iter_unread(
    library: Library, listing: DocumentList, paths: Sequence[Path], *, prune: bool = False
) -> Iterator[DocumentPlan]:
    """Plans for documents that are not read again: those with corrections, those gone, and those to be removed."""
    corrections = library.list_corrections()
    names = {*listing.files, *(plan.name for plan in listing.dropped)}
    yield from _iter_corrected(library, listing.stored, names, corrections)
    yield from _iter_removed(library, paths, listing.stored, names, prune)
    yield from listing.dropped


def _plan_unchanged(
    library: Library, stored: Document, path: Path, corrections: Corrections
) -> DocumentPlan:
    corrected = _plan_corrected(library, stored, str(path), corrections)
    return corrected or DocumentPlan(
        stored.name, str(path), "unchanged", n_entries=stored.n_entries
    )


def _plan_document(
    library: Library,
    take_reading: Callable[[], DocumentReading],
    name: str,
    path: Path,
    stored: Document | None,
    prune: bool,
    corrections: Corrections,
) -> DocumentPlan | Rejection:
    if byte := find_bad_byte(str(path)):
        return Rejection(name, None, f"its path is not valid UTF-8 ({byte}); rename it")
    try:
        new_reading = correct_reading(_copy_under_name(take_reading(), name), corrections)
    except ReadError as exc:
        return Rejection(name, None, str(exc))
    except OSError as exc:
        return Rejection(name, None, f"cannot be read: {exc.strerror}")
    entries = _match_entries(
        library.list_entries(name) if stored else [],
        new_reading,
        keep=bool(new_reading.rejections) and not prune,
    )
    n_remaining = sum(entry.change != "removed" for entry in entries)
    return DocumentPlan(
        name, str(path), "changed" if stored else "new", new_reading, entries, n_remaining
    )


def _plan_corrected(
    library: Library, stored: Document, path: str, corrections: Corrections
) -> DocumentPlan | None:
    """The plan for an unchanged document with new corrections; None if they change nothing."""
    if not any(sha256 == stored.sha256 for sha256, _ in corrections):
        return None
    before = library.list_entries(stored.name)
    entries = correct_entries(before, stored.sha256, corrections)
    if entries == tuple(before):
        return None
    reading = DocumentReading(
        stored.name, stored.sha256, stored.format, entries, stored.page, stored.institution,
        stored.rejections,
    )  # fmt: skip
    entry_plans = _match_entries(before, reading, keep=False)
    return DocumentPlan(stored.name, path, "changed", reading, entry_plans, len(entries))


def _iter_corrected(
    library: Library,
    stored: Mapping[str, Document],
    names: Collection[str],
    corrections: Corrections,
) -> Iterator[DocumentPlan]:
    """Plans for stored documents that are not in this ingest but have new corrections."""
    for name, document in stored.items():
        if name not in names:
            if plan := _plan_corrected(library, document, document.path, corrections):
                yield plan


def _compute_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_under_name(original: DocumentReading, name: str) -> DocumentReading:
    """The reading under the document's name in the library, in place of its bare file name."""
    if original.document == name:
        return original
    return replace(
        original,
        document=name,
        entries=tuple(replace(e, place=Place(name, e.place.line)) for e in original.entries),
        rejections=tuple(replace(r, document=name) for r in original.rejections),
    )


# --- names ----------------------------------------------------------------------------------


def _find_files_by_name(
    paths: Sequence[Path],
    stored: dict[str, Document],
    own_files: frozenset[Path],
    unwanted: frozenset[str],
    passed_over: list[Rejection],
) -> dict[str, Path]:
    """Files by the name each has, or is to have, in the library.

    A file keeps the name under which it was read before. A new one is named by its path below the
    given folder, so a seed is named by its file name; the folder's own name goes in front where
    another file, which is still there with other content, has that name already. The library's
    ``own_files`` files and folders are no documents, and what is ``unwanted`` is read by its own path alone.
    Files in no format that is read are added to ``passed_over``.
    """
    requested_paths = {str(path.resolve()) for path in paths}
    names = {document.path: document.name for document in stored.values()}
    files_by_name: dict[str, Path] = {}
    seen_paths: set[Path] = set()
    for root, path in _iter_files(paths, own_files, passed_over):
        if path in seen_paths or not own_files.isdisjoint((path, *path.parents)):
            continue
        if str(path) in unwanted and str(path) not in requested_paths:
            continue
        seen_paths.add(path)
        known = names.get(str(path))
        files_by_name[known or _choose_name(root, path, stored, files_by_name)] = path
    return files_by_name


def _list_own_files(folder: Path) -> frozenset[Path]:
    stores = (LIBRARY_FILE, "threads.db", "replies.db", "screens.db")
    files = [f"{name}{end}" for name in stores for end in ("", "-wal", "-shm", "-journal")]
    other_files = (LEFT_OUT, LIBRARY_LOCK, SOUND, INGEST_FILE, "aliases.yaml", "questions.jsonl")
    names = (*files, *other_files, "index", "models", "evaluations")
    return frozenset(folder / name for name in names)


def _iter_files(
    paths: Sequence[Path], own_files: frozenset[Path], passed_over: list[Rejection]
) -> Iterator[tuple[Path, Path]]:
    reported_files: set[Path] = set()
    for root_path in paths:
        root = root_path.resolve()

        def log_pass_over(path: Path, reason: str, root: Path = root) -> None:
            if path not in reported_files and own_files.isdisjoint((path, *path.parents)):
                reported_files.add(path)
                name = path.relative_to(root).as_posix()
                passed_over.append(Rejection(name, None, reason))

        for path in readers.find_documents([root], log_pass_over):
            yield root if root.is_dir() else root.parent, path.resolve() if path.exists() else path


def _choose_name(
    root: Path, path: Path, stored: dict[str, Document], used_names: Collection[str]
) -> str:
    base = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    names = [base]
    for parent in [root, *root.parents]:
        names.append(f"{parent.name}/{names[-1]}")
    for name in names:
        if name not in used_names and not _is_another(path, stored.get(name)):
            return name
    return str(path)


def _is_another(path: Path, stored: Document | None) -> bool:
    """Whether the stored document came from another file, still there, with other content."""
    if stored is None or stored.path == str(path) or not Path(stored.path).is_file():
        return False
    try:
        return not path.is_file() or _compute_sha256(path) != stored.sha256
    except OSError:
        return True


def _iter_removed(
    library: Library,
    paths: Sequence[Path],
    stored: Mapping[str, Document],
    names: Collection[str],
    prune: bool,
) -> Iterator[DocumentPlan]:
    folders = [path.resolve() for path in paths if path.is_dir()]
    for name, document in stored.items():
        below = any(Path(document.path).is_relative_to(folder) for folder in folders)
        if name in names or not below:
            continue
        entries: tuple[EntryPlan, ...] = ()
        if prune:
            entries = tuple(
                _build_entry_plan(entry, "removed") for entry in library.list_entries(name)
            )
        change = "removed" if prune else "missing"
        yield DocumentPlan(name, document.path, change, None, entries, document.n_entries)  # type: ignore[arg-type]


def _iter_dropped(
    library: Library, stored: dict[str, Document], drop: Collection[str]
) -> Iterator[DocumentPlan]:
    for name in drop:
        if name not in stored:
            raise NotFound(
                f"the library has no document {name!r}; its documents stand on the Library page"
            )
        entries = tuple(_build_entry_plan(entry, "removed") for entry in library.list_entries(name))
        document = stored[name]
        yield DocumentPlan(name, document.path, "removed", None, entries, document.n_entries)


# --- entries --------------------------------------------------------------------------------


def _match_entries(
    old: Sequence[Entry], new_reading: DocumentReading, *, keep: bool
) -> tuple[EntryPlan, ...]:
    """What becomes of each entry: the new ones in their order, then those that go or are kept."""
    unmatched_entries = dict(enumerate(old))
    by_digest: dict[str, list[int]] = defaultdict(list)
    for at, entry in unmatched_entries.items():
        by_digest[identity.compute_entry_digest(entry)].append(at)
    same: set[int] = set()
    for number, entry in enumerate(new_reading.entries):
        matches = by_digest[identity.compute_entry_digest(entry)]
        if matches:
            del unmatched_entries[matches.pop(0)]
            same.add(number)
    titles = {_get_entry_title(entry): at for at, entry in unmatched_entries.items() if entry.title}
    lines = {entry.place.line: at for at, entry in unmatched_entries.items()}
    entry_plans: list[EntryPlan] = []
    for number, entry in enumerate(new_reading.entries):
        if number in same:
            entry_plans.append(_build_entry_plan(entry, "unchanged"))
            continue
        earlier = titles.get(_get_entry_title(entry)) if entry.title else None
        if earlier not in unmatched_entries:
            earlier = lines.get(entry.place.line)
        changed = earlier is not None and unmatched_entries.pop(earlier, None) is not None
        entry_plans.append(_build_entry_plan(entry, "changed" if changed else "new"))
    entry_plans.extend(
        _build_entry_plan(entry, "kept" if keep else "removed")
        for entry in unmatched_entries.values()
    )
    return tuple(entry_plans)


def _get_entry_title(entry: Entry) -> str:
    return fold(entry.title or "")


def _build_entry_plan(entry: Entry, change: Change) -> EntryPlan:
    name = entry.title or build_label(entry.text)
    paper_id = identity.compute_paper_id(entry.title, entry.text)
    return EntryPlan(entry.place, name, paper_id, change, _describe_entry(entry))


def _describe_entry(entry: Entry) -> str:
    """The fields of a paper that a reader had to guess, each with its source; empty if none was guessed."""
    if not entry.provenance:
        return ""
    sources = dict(line.split(": ", 1) for line in entry.provenance)
    authors = ", ".join(entry.authors) + ("" if entry.authors_complete else " et al.")
    values = {
        "title": entry.title and f"“{entry.title}”",
        "authors": entry.authors and authors,
        "year": entry.year and str(entry.year),
        "venue": entry.venue,
    }
    parts = [
        f"{field}: {value or 'not found'}" + (f" ({sources[field]})" if value else "")
        for field, value in values.items()
        if field in sources
    ]
    if "text" in sources:
        parts.append(f"text: {sources['text']}")
    if entry.page_starts:
        parts.append(counted(len(entry.page_starts), "page"))
    return "; ".join(parts)
