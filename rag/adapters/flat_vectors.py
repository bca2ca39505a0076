"""A flat copy of the vectors that Chroma holds, in one file that is mapped: each is compared.

Chroma's embedded search takes a second to import and, at 100,000 vectors, 270 MB of memory for its graph, and
missed a twelfth of the ten nearest. A product with all of them, eight bits a number, takes 7 ms there and misses none.

Layout, little endian: `MAGIC`; n, dimension, bytes of an id (uint32 each); ids (n) in order, filled up with zeros;
factors (n) float32, see `Rows`; values (n, dimension) int8. There is a file exactly while it has what Chroma has: it is
deleted before the first change, and written by `FlatUpdate.commit`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types.cancellation import heed
from rag.types.errors import IndexUnreadable
from rag.types.ports import VectorRecord, VectorRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLAT_FILE = "flat-vectors"
MAGIC = b"PFV1"
_HEAD = struct.Struct("<4sIII")
_TOP = 127
_EXACT = 1 << 23
"""Whole numbers below it, and their sums below twice that, are exact in float32."""
_ROWS_AT_ONCE = 1_024
"""As floats they fit the cache; OpenBLAS gives 4,096 to several threads, which then wait for each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some vectors, each in whole numbers of its own scale.

    Attributes:
        ids: (n,) bytes, of chunks.
        factors: (n,) float32: values times it are the vector scaled to length 1.
        values: (n, dim) int8, -127 to 127.
    """

    ids: NDArray[np.bytes_]
    factors: NDArray[np.float32]
    values: NDArray[np.int8]


def build_rows(chunk_ids: Sequence[str], vectors: NDArray[np.float32]) -> Rows:
    """Round vectors (n, dim) of any length except zero."""
    import numpy as np

    peaks = np.maximum(np.abs(vectors).max(axis=1, initial=0), np.float32(1e-12))
    values = np.rint(vectors * (_TOP / peaks)[:, None]).astype(np.int8)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    ids = np.array([chunk_id.encode() for chunk_id in chunk_ids], np.bytes_)
    return Rows(ids, (peaks / _TOP / lengths).astype(np.float32), values)


class FlatVectors:
    """The copy as it is searched.

    Args:
        path: Of the file.

    Raises:
        IndexUnreadable: There is none, or it is not whole.
    """

    def __init__(self, path: Path) -> None:
        self._rows = _map_rows(path)

    def query(self, vectors: VectorRows, k: int) -> list[list[tuple[str, float]]]:
        """See `rag.types.ports.VectorSearch`; a cosine is off by .003 at most of what was measured."""
        import numpy as np

        asked = np.asarray(vectors, np.float64)
        return [self._choose(cosines, k) for cosines in self._compute_cosines(asked)]

    def _choose(self, cosines: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The k greatest, with their ids."""
        import numpy as np

        if len(cosines) > k:
            least = np.partition(cosines, len(cosines) - k)[len(cosines) - k]
            places = np.flatnonzero(cosines >= least)
        else:
            places = np.arange(len(cosines))
        # The ids are in order, and equal vectors have equal cosines.
        best = places[np.argsort(-cosines[places], kind="stable")[:k]]
        return list(zip(self._list(best), cosines[best].tolist(), strict=True))

    def _compute_cosines(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """(m, n) Of m vectors with all rows.

        A vector is rounded to whole numbers so small that no sum of products reaches what float32 holds
        exactly, by Cauchy and Schwarz: a product does not hang on the order in which it is added up.
        """
        import numpy as np

        n, dim = self._rows.values.shape
        if not n:
            return np.zeros((len(vectors), 0), np.float32)
        reach = _EXACT / (_TOP * dim**0.5)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        rounded = np.rint(vectors * (reach / lengths)).astype(np.float32)
        cosines = np.empty((len(vectors), n), np.float32)
        floats = np.empty((min(n, _ROWS_AT_ONCE), dim), np.float32)
        for start in range(0, n, _ROWS_AT_ONCE):
            heed()
            values = self._rows.values[start : start + _ROWS_AT_ONCE]
            part = floats[: len(values)]
            part[...] = values
            for one, vector in zip(
                cosines, rounded, strict=True
            ):  # as one product four times slower
                np.dot(part, vector, out=one[start : start + len(values)])
        cosines *= self._rows.factors
        cosines /= np.linalg.norm(rounded, axis=1, keepdims=True)
        return cosines

    def list_ids(self, among: Collection[str] | None = None) -> set[str]:
        if among is None:
            return set(self._list(slice(None)))
        return set(among) & set(self._list(slice(None)))

    def _list(self, places: NDArray[np.intp] | slice) -> list[str]:
        return [chunk_id.decode() for chunk_id in self._rows.ids[places].tolist()]

    def count(self) -> int:
        return len(self._rows.ids)

    def close(self) -> None:
        """The file is unmapped with the last that reads it."""


class FlatUpdate:
    """The changes to a file, as they are made to the store that it copies.

    Args:
        path: Of the file.
        create: Begin with no vectors.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self._path = path
        self._parts: list[Rows] = []
        self._n = 0
        self._places: dict[str, int] | None = None
        """Of each chunk among all parts; None before the first change, and where there was no file."""
        self._has_begun = create
        if create:
            self._path.unlink(missing_ok=True)
            self._places = {}

    def _begin(self) -> None:
        """Take over what the file has, and delete it."""
        if not self._has_begun:
            self._has_begun = True
            with suppress(IndexUnreadable):  # none, or a broken one: the store is read in the end
                mapped = _map_rows(self._path)
                self._places = {}
                self._add(Rows(mapped.ids.copy(), mapped.factors.copy(), mapped.values.copy()))
        self._path.unlink(missing_ok=True)

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        import numpy as np

        self._begin()
        if records and self._places is not None:
            vectors = np.stack([np.frombuffer(r.vector, "<f2") for r in records])
            self._add(build_rows([r.chunk_id for r in records], vectors.astype(np.float32)))

    def delete(self, chunk_ids: Sequence[str]) -> None:
        self._begin()
        if self._places is not None:
            for chunk_id in chunk_ids:
                self._places.pop(chunk_id, None)

    def _add(self, rows: Rows) -> None:
        assert self._places is not None
        for at, chunk_id in enumerate(rows.ids.tolist(), self._n):
            self._places[chunk_id.decode()] = at
        self._parts.append(rows)
        self._n += len(rows.ids)

    def commit(self, stored: Iterable[Rows]) -> None:
        """Write the file, if there is none.

        Args:
            stored: All that the store has; read where there was no file to begin with.

        Raises:
            IndexUnreadable: It cannot be written.
        """
        import numpy as np

        if not self._has_begun and not lacks_flat(self._path):
            return
        self._has_begun = True
        if self._places is None:
            self._places = {}
            for rows in stored:
                self._add(rows)
        places = np.array([self._places[i] for i in sorted(self._places)], np.intp)
        rows = _join(self._parts, places)
        self._parts, self._n, self._places, self._has_begun = [], 0, None, False
        _write(self._path, rows)


def lacks_flat(path: Path) -> bool:
    """Whether there is no whole file."""
    try:
        _read_head(path)
    except IndexUnreadable:
        return True
    return False


def _join(parts: Sequence[Rows], places: NDArray[np.intp]) -> Rows:
    import numpy as np

    if not parts:
        return Rows(np.zeros(0, "S1"), np.zeros(0, np.float32), np.zeros((0, 0), np.int8))
    ids = np.concatenate([part.ids for part in parts])[places]
    factors = np.concatenate([part.factors for part in parts])[places]
    return Rows(ids, factors, np.concatenate([part.values for part in parts])[places])


def _write(path: Path, rows: Rows) -> None:
    import numpy as np

    n, dim = rows.values.shape
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(_HEAD.pack(MAGIC, n, dim, rows.ids.dtype.itemsize))
            for array in (rows.ids, rows.factors.astype("<f4"), rows.values):
                file.write(np.ascontiguousarray(array).data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be written ({exc})") from exc


def _read_head(path: Path) -> tuple[int, int, int]:
    """How many vectors there are, their dimension, and the bytes of an id."""
    try:
        with path.open("rb") as file:
            magic, n, dim, width = _HEAD.unpack(file.read(_HEAD.size))
            size = os.fstat(file.fileno()).st_size
    except (OSError, struct.error) as exc:
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be read ({exc})") from exc
    if magic != MAGIC or size != _HEAD.size + n * (width + 4 + dim):
        raise IndexUnreadable(f"the vectors in {str(path)!r} are not whole")
    return n, dim, width


def _map_rows(path: Path) -> Rows:
    import numpy as np

    n, dim, width = _read_head(path)
    if not n:
        return _join((), np.zeros(0, np.intp))
    try:
        whole = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError) as exc:  # it has gone since, or there is no room to map it
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be read ({exc})") from exc
    behind_ids = _HEAD.size + n * width
    behind_factors = behind_ids + n * 4
    return Rows(
        np.frombuffer(whole, f"S{width}", n, _HEAD.size),
        np.frombuffer(whole, "<f4", n, behind_ids),
        np.frombuffer(whole, np.int8, n * dim, behind_factors).reshape(n, dim),
    )
