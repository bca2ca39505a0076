"""A seed document's bytes, decoded before its format is known."""

from __future__ import annotations

import codecs
import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rag.types import Entry, ProfilePage, Rejection
from rag.types.errors import ReadError

MAX_BYTES = 64 * 1024 * 1024
"""Larger documents are refused: one is read whole, and a paper's text is a few kB."""

MAX_ENTRY_CHARS = 2_000_000
"""Longer entries are refused: a thick book has a million characters."""

HEAD_CHARS = 64 * 1024
"""How much of a document's beginning decides on its format."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class DocumentSource:
    r"""One seed document before its format is known.

    Attributes:
        text: Line ends as ``\n``; bytes that are not UTF-8 are lone surrogates; empty for a PDF.
    """

    name: str
    data: bytes
    text: str

    @property
    def head(self) -> str:
        return self.text[:HEAD_CHARS]

    @property
    def lines(self) -> list[str]:
        """Without line ends; ``lines[0]`` is line 1."""
        return self.text.split("\n")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class DocumentParts:
    """The parts that a format's reader finds in a source; ``notes`` as in `DocumentReading`."""

    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...] = ()
    page: ProfilePage | None = None
    institution: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_results(
        cls,
        results: Iterable[Entry | Rejection],
        page: ProfilePage | None = None,
        notes: Callable[[], tuple[str, ...]] = tuple,
    ) -> DocumentParts:
        """Entries and rejections as they come, each in their order; the notes when all have come."""
        entries: list[Entry] = []
        rejections: list[Rejection] = []
        for result in results:
            if isinstance(result, Entry):
                entries.append(result)
            else:
                rejections.append(result)
        return cls(tuple(entries), tuple(rejections), page, notes=notes())


def build_source(name: str, data: bytes) -> DocumentSource:
    """A document's bytes, decoded.

    Raises:
        ReadError: It is empty, too large, or not text.
    """
    if len(data) > MAX_BYTES:
        raise build_too_large_error(name, len(data))
    if not data.strip():
        raise ReadError(f"file {name!r} is empty; put papers in it or leave it out")
    if is_pdf(data):
        return DocumentSource(name, data, "")
    return DocumentSource(
        name, data, _decode_document(name, data).replace("\r\n", "\n").replace("\r", "\n")
    )


def build_too_large_error(name: str, n_bytes: int) -> ReadError:
    limit = MAX_BYTES // 2**20
    return ReadError(
        f"file {name!r} has {n_bytes / 2**20:,.0f} MB, more than the {limit} MB that one document "
        "may have; split it into smaller files"
    )


def too_long(n_chars: int) -> str:
    """Why an entry is rejected for its length."""
    return f"the entry has {n_chars:,} characters, more than {MAX_ENTRY_CHARS:,}"


def is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def _decode_document(name: str, data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as exc:
                raise ReadError(
                    f"file {name!r} begins as {encoding.upper()} but breaks at byte {exc.start}; "
                    "save it as UTF-8"
                ) from exc
    if b"\0" in data:
        raise _build_binary_error(name, data)
    return data.decode("utf-8-sig", errors="surrogateescape")


WESTERN_NOTE = "not UTF-8 but Windows-1252, and read as that; save it as UTF-8 to be sure"


def decode_western(source: DocumentSource) -> tuple[DocumentSource, tuple[str, ...]]:
    """An export that is Windows-1252 throughout, as spreadsheets save it, as text; and a note of it.

    One that has UTF-8 as well stays as it is, and its entries with other bytes are rejected.
    """
    characters = {char for char in source.text if char > "\x7f"}
    if not characters or any(not "\udc80" <= char <= "\udcff" for char in characters):
        return source, ()
    try:
        text = source.data.decode("cp1252")
    except UnicodeDecodeError:
        return source, ()
    return build_source(source.name, text.encode()), (WESTERN_NOTE,)


def _build_binary_error(name: str, data: bytes) -> ReadError:
    sample = data[:4096]
    if 0.3 < sample.count(0) / len(sample) < 0.7:
        return ReadError(
            f"file {name!r} looks like UTF-16 without a byte order mark; save it as UTF-8"
        )
    line = data.count(b"\n", 0, data.index(0)) + 1
    return ReadError(
        f"file {name!r} is binary, not text (a NUL byte in line {line}); "
        "give text, JSONL, CSV, BibTeX or PDF"
    )


def find_bad_byte(text: str) -> str | None:
    """The first byte of ``text`` that was not UTF-8, such as ``byte 0xe9``."""
    match = _SURROGATE.search(text)
    if match is None:
        return None
    code = ord(match.group())
    return f"byte 0x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


@contextmanager
def drop_logs_and_warnings(logger_name: str) -> Iterator[None]:
    """Silence a library's logs and warnings while it reads a document; its exceptions still come through."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
