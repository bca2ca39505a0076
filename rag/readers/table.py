"""Papers as CSV or tabs: a header that names a title or abstract, one row a paper.

A column that the header names in no known way is read by its values where these leave no doubt: years, or
lists of people. Before the header may stand a spreadsheet's ``sep=;``. Web of Science's two letters are column names too.

The delimiter (comma, semicolon, tab or bar) is the one under which the header names most fields.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from rag.readers import field_mapping
from rag.readers.pdf_people import is_person_name
from rag.readers.source import DocumentParts, DocumentSource, decode_western
from rag.readers.tags import WEB_OF_SCIENCE
from rag.types import Entry, Place, Rejection

NAME = "csv"
SUFFIXES = (".csv", ".tsv")

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
_MAX_HEADER_CHARS = 40
N_GUESSED, MIN_GUESSED = 200, 2
"""Rows by whose values a column is guessed at most, and at least."""
_PRINTED_FIELD = re.compile(r"^.*\S.*$", re.MULTILINE)


def recognise(source: DocumentSource) -> bool:
    return _find_header(source.text) is not None


def read(source: DocumentSource) -> DocumentParts:
    source, notes = decode_western(source)
    header = _find_header(source.text)
    assert header is not None, "recognise() has found one"
    lines = source.lines
    header, guesses = _guess_columns(header, lines)
    columns = field_mapping.Columns()
    results = (
        _build_table_entry(source.name, header, row, "\n".join(lines[row.start : row.end]), columns)
        for row in _iter_rows(lines, header.index + 1, header.delimiter)
    )
    return DocumentParts.from_results(results, notes=lambda: (*notes, *guesses, *columns.notes))


@dataclass(frozen=True, slots=True)
class _Header:
    index: int
    delimiter: str
    columns: tuple[str, ...]

    @property
    def n_known(self) -> int:
        return len({field for field in map(field_mapping.find_column_field, self.columns) if field})


def _find_header(text: str) -> _Header | None:
    """The first line that is not blank, if it names two known columns or reads as column names."""
    separator = None
    printed = _PRINTED_FIELD.search(text)
    if printed and (separator := _SEPARATOR_LINE.fullmatch(printed.group())):
        printed = _PRINTED_FIELD.search(text, printed.end())
    if printed is None:
        return None
    delimiters = separator.group(1) if separator else _DELIMITERS
    index = text.count("\n", 0, printed.start())
    tried: list[_Header] = []
    for delimiter in delimiters:
        # csv refuses a field of more than 131,072 characters, which all of a wide table's header
        # is under a delimiter that it does not have.
        with suppress(csv.Error):
            (cells,) = csv.reader([printed.group()], delimiter=delimiter)
            tried.append(_Header(index, delimiter, _name_columns(cells)))
    if not tried:
        return None
    best = max(tried, key=lambda header: (header.n_known, len(header.columns)))
    fields = {field_mapping.find_column_field(column) for column in best.columns}
    if len(best.columns) < 2 or not fields & {"title", "text"}:
        return None
    short = all(len(column) <= _MAX_HEADER_CHARS for column in best.columns)
    return best if short else None


def _name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Column names; those of Web of Science, ``PT AU TI``, in words."""
    names = tuple(cell.strip() for cell in cells)
    if {"PT", "AU", "TI"} <= set(names):
        return tuple(WEB_OF_SCIENCE.get(name, name) for name in names)
    return names


def _guess_columns(header: _Header, lines: list[str]) -> tuple[_Header, tuple[str, ...]]:
    """The header with unnamed columns identified by their values, and a note for each guess.

    "Jaartal" with 2019 and 2021 in it is the year, which a person need not be asked.
    """
    rows = list(islice(_iter_rows(lines, header.index + 1, header.delimiter), N_GUESSED))
    fields = {field_mapping.find_column_field(column) for column in header.columns}
    names, notes = list(header.columns), []
    for field, same, are_of_field in (
        ("year", {"year", "date"}, _are_years),
        ("authors", {"authors"}, _are_people),
    ):
        for at, column in enumerate(header.columns):
            if fields & same or field_mapping.is_known(column):
                continue
            cells = [row.cells[at].strip() for row in rows if at < len(row.cells)]
            filled = list(filter(field_mapping.is_filled, cells))
            if len(filled) >= MIN_GUESSED and are_of_field(filled):
                names[at], same = field, {field}
                fields.add(field)
                notes.append(f"column {column!r}: read as the {field}, as its values are")
    return replace(header, columns=tuple(names)), tuple(notes)


def _are_years(values: Sequence[str]) -> bool:
    return all(re.fullmatch(r"(?:18|19|20)\d\d", value) for value in values)


def _are_people(values: Sequence[str]) -> bool:
    """Whether all are names, and a third lists of them: one name alone may be a journal's."""
    lists = [
        re.split(r" ?; ?| (?:and|&) ", " ".join(value.split()).strip(" ;")) for value in values
    ]
    return sum(len(people) > 1 for people in lists) >= len(lists) / 3 and all(
        is_person_name(person.replace(",", "")) for people in lists for person in people
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """Lines ``start`` to ``end`` (from 0) with their cells, or the reason why they are no row."""

    start: int
    end: int
    cells: Sequence[str] = ()
    flaw: str = ""


def _iter_rows(lines: list[str], start: int, delimiter: str) -> Iterator[_Row]:
    """Rows from ``start``; after one that cannot be parsed, on from the line below its first."""
    while start < len(lines):
        reader = csv.reader(
            (f"{lines[i]}\n" for i in range(start, len(lines))), delimiter=delimiter, strict=True
        )
        begun = 0
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _Row(start + begun, start + reader.line_num, cells)
                begun = reader.line_num
            return
        except csv.Error as exc:
            yield _Row(start + begun, start + begun + 1, flaw=f"not a row of the table ({exc})")
            start += begun + 1


def _build_table_entry(
    document: str, header: _Header, row: _Row, raw: str, columns: field_mapping.Columns
) -> Entry | Rejection:
    place = Place(document, row.start + 1)
    if row.flaw:
        return Rejection(document, place.line, row.flaw)
    n_columns = len(header.columns)
    if len(row.cells) < n_columns or any(cell.strip() for cell in row.cells[n_columns:]):
        reason = f"the row has {len(row.cells)} fields where the header names {n_columns}"
        return Rejection(document, place.line, reason)
    record: dict[str, object] = {}
    is_own = "page_owners" in header.columns
    for column, cell in zip(header.columns, row.cells, strict=False):
        if field_mapping.is_filled(cell):
            # Our own export marks what a spreadsheet would compute: ``'=HYPERLINK(…)``.
            record.setdefault(column, cell[1:] if is_own and cell[:1] == "'" else cell)
    columns.count(record.items())
    entry = field_mapping.build_record_entry(record, place, raw)
    columns.check_kept(record.items(), entry)
    return entry
