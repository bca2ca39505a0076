"""A flat copy of the vectors that Chroma holds, in one file that is mapped: each is compared.

Chroma's embedded search takes a second to import and, at 100,000 vectors, 270 MB of memory for its graph, and
missed a twelfth of the ten nearest. A product with all of them, eight bits a number, takes 7 ms there, and 3 ms where of many vectors those alone are
compared in full whose projections on `AXES` axes, the longest, are nearest; both miss none of the ten.

Layout, little endian: `MAGIC`; n, dimension, bytes of an id, axes (uint32 each); ids (n) in order, filled up with zeros;
factors (n) float32, see `Rows`; values (n, dimension) int8; basis (dimension, axes) float32; projections (n, axes) int8.
There is a file exactly while it has what Chroma has: it is deleted before the first change, and written by
`FlatUpdate.commit`. It depends on what the vectors are, and not on how they came.
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
MAGIC = b"PFV2"
_HEAD = struct.Struct("<4sIIII")
AXES = 96
LEAST_PROJECTED = 20_000
"""Of fewer vectors all are compared in full, in 2 ms."""
COMPARED = 2_000
"""Vectors compared in full, or `COMPARED_OF_K` for each that is wanted: of 100,000, .9994 of the hundred nearest."""
COMPARED_OF_K = 4
_SAMPLE = 10_000
_TOP = 127
_EXACT = 1 << 23
"""Whole numbers below it, and their sums below twice that, are exact in float32."""
_FLOATS_AT_ONCE = 400_000
"""They fit the cache; OpenBLAS gives four times as many to several threads, which then wait for each other."""


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
        self._rows, self._basis, self._projections = _map_file(path)

    def query(self, vectors: VectorRows, k: int) -> list[list[tuple[str, float]]]:
        """See `rag.types.ports.VectorSearch`; a cosine is off by .003 at most of what was measured."""
        import numpy as np

        asked, n = np.asarray(vectors, np.float64), self.count()
        n_compared = max(COMPARED, COMPARED_OF_K * k)
        if not n:
            return [[] for _ in asked]
        if n <= n_compared or not self._basis.size:
            products = _multiply(self._rows.values, asked)
            return [self._choose(of_one * self._rows.factors, k) for of_one in products]
        found = []
        for vector, rough in zip(
            asked, _multiply(self._projections, asked @ self._basis), strict=True
        ):
            near = np.flatnonzero(rough >= np.partition(rough, n - n_compared)[n - n_compared])
            (products,) = _multiply(self._rows.values[near], vector[None])
            found.append(self._choose(products * self._rows.factors[near], k, near))
        return found

    def _choose(
        self, cosines: NDArray[np.float32], k: int, places: NDArray[np.intp] | None = None
    ) -> list[tuple[str, float]]:
        """The k greatest, with their ids.

        ``places``: of the rows that the cosines are of, in order; None: all.
        """
        import numpy as np

        at = np.arange(len(cosines))
        if len(cosines) > k:
            least = np.partition(cosines, len(cosines) - k)[len(cosines) - k]
            at = np.flatnonzero(cosines >= least)
        # The ids are in order, and equal vectors have equal cosines.
        best = at[np.argsort(-cosines[at], kind="stable")[:k]]
        ids = self._list(best if places is None else places[best])
        return list(zip(ids, cosines[best].tolist(), strict=True))

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


def _multiply(values: NDArray[np.int8], vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """(m, n) Products of rows (n, dim) with vectors (m, dim), these scaled to length 1.

    A vector is rounded to whole numbers so small that no sum of products reaches what float32 holds
    exactly, by Cauchy and Schwarz: a product does not hang on the order in which it is added up.
    """
    import numpy as np

    n, dim = values.shape
    reach = _EXACT / (_TOP * dim**0.5)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rounded = np.rint(vectors * (reach / lengths)).astype(np.float32)
    products = np.empty((len(vectors), n), np.float32)
    n_at_once = max(1, _FLOATS_AT_ONCE // max(dim, 1))
    floats = np.empty((min(n, n_at_once), dim), np.float32)
    for start in range(0, n, n_at_once):
        heed()
        part = floats[: len(values[start : start + n_at_once])]
        part[...] = values[start : start + n_at_once]
        # One vector at a time: as one product of matrices it took four times as long.
        for one, vector in zip(products, rounded, strict=True):
            np.dot(part, vector, out=one[start : start + len(part)])
    products /= np.maximum(np.linalg.norm(rounded, axis=1, keepdims=True), 1e-12)
    return products


def _project(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """The basis of the axes along which many vectors are longest, and their projections; of few vectors both are empty."""
    import numpy as np

    n, dim = rows.values.shape
    if n < LEAST_PROJECTED or dim <= AXES:
        return np.zeros((dim, 0), np.float32), np.zeros((n, 0), np.int8)
    some = slice(None, None, -(-n // _SAMPLE))
    sample = rows.values[some].astype(np.float32) * rows.factors[some, None]
    basis = np.linalg.eigh(sample.T @ sample)[1][:, -AXES:]
    scale = _TOP / np.abs(sample @ basis).max()
    projections = np.empty((n, AXES), np.int8)
    for start in range(0, n, _SAMPLE):
        part = slice(start, start + _SAMPLE)
        of_part = rows.values[part].astype(np.float32) @ basis * rows.factors[part, None]
        projections[part] = np.rint(of_part * scale).clip(-_TOP, _TOP)
    return basis, projections


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
                mapped, *_ = _map_file(self._path)
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
    basis, projections = _project(rows)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(_HEAD.pack(MAGIC, n, dim, rows.ids.dtype.itemsize, basis.shape[1]))
            factors, basis = rows.factors.astype("<f4"), basis.astype("<f4")
            for array in (rows.ids, factors, rows.values, basis, projections):
                file.write(np.ascontiguousarray(array).data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be written ({exc})") from exc


def _read_head(path: Path) -> tuple[int, int, int, int]:
    """How many vectors there are, their dimension, the bytes of an id, and the axes."""
    try:
        with path.open("rb") as file:
            magic, n, dim, width, axes = _HEAD.unpack(file.read(_HEAD.size))
            size = os.fstat(file.fileno()).st_size
    except (OSError, struct.error) as exc:
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be read ({exc})") from exc
    if magic != MAGIC or size != _HEAD.size + n * (width + 4 + dim + axes) + 4 * dim * axes:
        raise IndexUnreadable(f"the vectors in {str(path)!r} are not whole")
    return n, dim, width, axes


def _map_file(path: Path) -> tuple[Rows, NDArray[np.float32], NDArray[np.int8]]:
    """The rows, the basis and the projections; see `_project`."""
    import numpy as np

    n, dim, width, axes = _read_head(path)
    if not n:
        rows = _join((), np.zeros(0, np.intp))
        return rows, *_project(rows)
    try:
        whole = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError) as exc:  # it has gone since, or there is no room to map it
        raise IndexUnreadable(f"the vectors in {str(path)!r} cannot be read ({exc})") from exc
    factors = _HEAD.size + n * width
    values = factors + n * 4
    basis = values + n * dim
    projections = basis + 4 * dim * axes
    rows = Rows(
        np.frombuffer(whole, f"S{width}", n, _HEAD.size),
        np.frombuffer(whole, "<f4", n, factors),
        np.frombuffer(whole, np.int8, n * dim, values).reshape(n, dim),
    )
    return (
        rows,
        np.frombuffer(whole, "<f4", dim * axes, basis).reshape(dim, axes),
        np.frombuffer(whole, np.int8, n * axes, projections).reshape(n, axes),
    )
