"""What was found out about a paper's sentences by the screen for planted instructions, kept beside the library.

Scores hang on a paper's words and on the screen alone, whatever is asked. A screen of another version
finds none of its own and computes them anew, so that old data folders need nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from rag.library.derived_rows import DerivedRows

SCORES = Table(
    "scores", MetaData(), Column("key", Text, primary_key=True), Column("version", Text),
    Column("scores", LargeBinary),
)  # fmt: skip
_CREATION = """
CREATE TABLE IF NOT EXISTS scores (
    key {text} PRIMARY KEY, version {text} NOT NULL, scores {blob} NOT NULL
) {keyed};
"""


class ScreenScores:
    """The scores kept in one data folder; see `DerivedRows`.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self._rows = DerivedRows(folder, url, "screens", "the screen's scores", SCORES, _CREATION)

    def find(self, keys: Iterable[str]) -> Mapping[str, tuple[float, ...]]:
        """Those that are kept, by key."""
        wanted = select(SCORES.c.key, SCORES.c.scores).where(SCORES.c.key.in_(list(keys)))
        try:
            return {key: tuple(array("d", bytes(blob))) for key, blob in self._rows.find(wanted)}
        except ValueError:  # a blob that no scores were written into
            return {}

    def keep(self, version: str, scores: Mapping[str, Iterable[float]]) -> None:
        """Keep scores; those of other versions of the screen go."""
        self._rows.keep(
            version,
            [{"key": key, "scores": array("d", some).tobytes()} for key, some in scores.items()],
        )
