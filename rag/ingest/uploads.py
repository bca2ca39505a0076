"""Uploaded documents: files in ``uploads`` of the data folder, read like any other.

Chosen files wait in a folder of the session below ``uploads/.chosen`` until they are confirmed. No
file is ever overwritten: if a name is taken, the new file gets another.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from filelock import FileLock

from rag.types import Document
from rag.types.errors import LibraryError

UPLOADS_FOLDER = "uploads"
STAGING_FOLDER = ".chosen"
READERS = ".readers.json"
"""The user who uploaded each file, by file name, if users sign in."""
LOCK = ".lock"
UPLOAD_LOCK_TIMEOUT_S = 10.0
LONGEST_CHOICE_S = 3600.0
"""After this time unconfirmed files are deleted; a page that is still open stores them again."""
MAX_NAME_BYTES = 200
_UNUSUAL = re.compile(r"[^\w.()+ -]+")


def get_upload_folder(data: Path) -> Path:
    return data / UPLOADS_FOLDER


def make_safe_name(name: str) -> str:
    """A plain file name: no path, not hidden, of bounded length."""
    last = PurePath(name.replace("\\", "/")).name
    stem = _UNUSUAL.sub("_", last).strip(" .") or "document"
    return stem.encode()[-MAX_NAME_BYTES:].decode(errors="ignore").lstrip(" .") or "document"


def numbered(name: str) -> Iterator[str]:
    """The name, then ``refs (2).bib``, ``refs (3).bib`` and so on."""
    yield name
    stem, suffix = os.path.splitext(name)
    n = 2
    while True:
        yield f"{stem} ({n}){suffix}"
        n += 1


def uploaders(data: Path) -> Mapping[str, str]:
    """The reader behind each uploaded file, by its name, as far as it is known."""
    try:
        result = json.loads((get_upload_folder(data) / READERS).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # told for information alone
        return {}
    return {str(k): str(v) for k, v in result.items()} if isinstance(result, dict) else {}


def delete_upload(data: Path, path: Path) -> bool:
    """Delete an uploaded file; files elsewhere are not ours and stay. Returns whether it is gone."""
    if get_upload_folder(data).resolve() not in path.resolve().parents:
        return False
    with _alone(data):
        path.unlink(missing_ok=True)
        _note(data, {path.name: ""})
    return True


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a user chose.

    Attributes:
        name: Its name in the folder and in the library.
        path: Its current path; already the final one if the same file was uploaded before.
        sha256: Hash of its bytes.
        earlier: A file or document with other content that already has its original name.
    """

    name: str
    path: Path
    sha256: str
    earlier: str = ""


class ChosenUpload:
    """The unconfirmed files of one session; deleted with this object, or with the process.

    Args:
        data: The data folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._place = get_upload_folder(data) / STAGING_FOLDER / secrets.token_hex(8)
        # let go by whatever thread ends the session
        self._lock = FileLock(self._place.with_suffix(LOCK), thread_local=False)
        with self._writing():
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(
                timeout=UPLOAD_LOCK_TIMEOUT_S
            )  # before the folder: no sweep sees it free
        self._end = weakref.finalize(self, _clear, self._place, self._lock)

    def close(self) -> None:
        """Delete what was chosen."""
        self._end()

    def take(
        self, files: Sequence[tuple[str, bytes]], documents: Sequence[Document]
    ) -> list[Upload]:
        """Lay files aside under names that are free; the same ones again stay as they are.

        Args:
            files: Names and contents; of two that are the same in both, one is taken.
            documents: Those of the library, whose names are taken too.

        Raises:
            LibraryError: The folder cannot be written.
        """
        known = {document.name.casefold(): document.sha256 for document in documents}
        used_names: dict[str, Upload] = {}
        with self._writing():
            self._place.mkdir(parents=True, exist_ok=True)
            os.utime(self._place)
            for values, content in files:
                sha256 = hashlib.sha256(content).hexdigest()
                earlier = ""
                for name in numbered(make_safe_name(values)):
                    item = used_names.get(name.casefold())
                    if item is None:
                        item = self._free(name, sha256, known.get(name.casefold()))
                    if item is not None and item.sha256 == sha256:
                        used_names.setdefault(name.casefold(), replace(item, earlier=earlier))
                        break
                    earlier = earlier or name
                path = used_names[name.casefold()].path
                if not path.exists():
                    _write(path, content)
        return list(used_names.values())

    def _free(self, name: str, sha256: str, known: str | None) -> Upload | None:
        """An upload under this name; None if the name belongs to a file with other content."""
        place = get_upload_folder(self._data) / name
        if place.exists():
            return Upload(name, place, sha256) if _has_same_content(place, sha256) else None
        if known not in (None, sha256):
            return None
        return Upload(name, self._place / sha256 / name, sha256)

    @contextmanager
    def keeping(self, chosen: Sequence[Upload], reader: str = "") -> Iterator[list[Path]]:
        """Files in their places while they are read into the library; laid aside again if that fails.

        Args:
            chosen: Of what was taken.
            reader: Who uploads them, where readers sign in.

        Raises:
            LibraryError: The folder cannot be written.
        """
        places: list[Path] = []
        moved: list[tuple[Path, Path]] = []
        try:
            with self._writing(), _alone(self._data):
                for item in chosen:
                    place = _put_file(get_upload_folder(self._data), item)
                    places.append(place)
                    if not item.path.exists():
                        moved.append((item.path, place))
                _note(self._data, {place.name: reader for _, place in moved})
            yield places
        except BaseException:  # whatever it is, nothing half moved stays
            for path, place in moved:
                with suppress(OSError):  # then it stays where it is, whole, and is no document
                    os.replace(place, path)
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _our_errors(self._data):
            yield


def sweep(data: Path, now: float | None = None) -> None:
    """Delete what was chosen by readers whose server is gone, or long ago, and never confirmed."""
    oldest = (time.time() if now is None else now) - LONGEST_CHOICE_S
    for lock_file in (get_upload_folder(data) / STAGING_FOLDER).glob(f"*{LOCK}"):
        place, lock = lock_file.with_suffix(""), FileLock(lock_file)
        with suppress(OSError):  # another server's, or of a folder that is read only
            if place.is_dir() and place.stat().st_mtime < oldest:
                shutil.rmtree(place)
            lock.acquire(timeout=0)
            _clear(place, lock)


# --- files ----------------------------------------------------------------------------------


def _clear(place: Path, lock: FileLock) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()


def _write(path: Path, content: bytes) -> None:
    """Write a complete file to disk, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _put_file(target: Path, item: Upload) -> Path:
    """Move a file to its place; where that was taken meanwhile, to the next free one."""
    for name in numbered(item.name):
        place = target / name
        if place == item.path or (place.exists() and _has_same_content(place, item.sha256)):
            return place
        if not place.exists():
            os.replace(item.path, place)
            return place
    raise AssertionError("some number is free")


def _has_same_content(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _note(data: Path, readers: Mapping[str, str]) -> None:
    """Record who uploaded files; a file with an empty user name is forgotten."""
    before = uploaders(data)
    after = {name: who for name, who in {**before, **readers}.items() if who}
    if after != before:
        _write(get_upload_folder(data) / READERS, json.dumps(after, ensure_ascii=False).encode())


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One process and thread at a time moves uploaded files."""
    with _our_errors(data), FileLock(get_upload_folder(data) / LOCK, timeout=UPLOAD_LOCK_TIMEOUT_S):
        yield


@contextmanager
def _our_errors(data: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise LibraryError(
            f"the upload cannot be kept in {str(get_upload_folder(data))!r} ({exc.strerror or exc}); "
            "check the folder's rights and free space"
        ) from exc
