"""Files of tagged lines, by rispy: RIS, PubMed's NBIB or MEDLINE, EndNote's ENW and Web of Science.

A record begins at its first tag and ends where the next begins, so one that lacks its end is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rag.readers import field_mapping, tags
from rag.readers.source import DocumentParts, DocumentSource, decode_western
from rag.types import Entry, Place, Rejection

if TYPE_CHECKING:
    from rispy import RisParser

NAME = "tagged"
SUFFIXES = (".ris", ".nbib", ".enw", ".ciw", ".isi", ".medline")


@dataclass(frozen=True, slots=True)
class _Dialect:
    """One of the formats.

    Attributes:
        line: A line with its ``tag`` and ``value``.
        start: The tag of a record's first line.
        names: Column names by tag.
        parser: The name of rispy's parser that its own is made from.
    """

    line: re.Pattern[str]
    start: str
    names: Mapping[str, str]
    parser: str = "RisParser"


_DIALECTS: Mapping[str, _Dialect] = {
    "ris": _Dialect(
        re.compile(r"\s{0,3}(?P<tag>[A-Z][A-Z0-9])  ?-(?: (?P<value>.*)|\s*)$"), "TY", tags.RIS
    ),
    "medline": _Dialect(
        re.compile(r"(?P<tag>[A-Z]{2,5}) {0,3}- ?(?P<value>.*)$"), "PMID", tags.MEDLINE
    ),
    "endnote": _Dialect(
        re.compile(r"%(?P<tag>[A-Z0-9@!>+~?^&=$#()\[|<])(?: (?P<value>.*)|\s*)$"), "0", tags.END_NOTE
    ),
    "wos": _Dialect(
        re.compile(r"(?P<tag>[A-Z][A-Z0-9])(?: (?P<value>.*)|\s*)$"), "PT", tags.WEB_OF_SCIENCE, "WokParser"
    ),
}  # fmt: skip
_FEW_LINES, _FEW_FIELDS = 60, 3
_END = "\x00"
"""A line that ends a record in every dialect; no document has it."""


def recognise(source: DocumentSource) -> bool:
    return _find_dialect(source) is not None


def _find_dialect(source: DocumentSource) -> _Dialect | None:
    """The format in whose tags one of the first lines begins a record that has a title, or several fields.

    A record without a title is refused by itself, and not for its format.
    """
    lines = [line for line in source.head.split("\n") if line.strip()][:_FEW_LINES]
    for dialect in _DIALECTS.values():
        matches = [match["tag"] for line in lines if (match := dialect.line.match(line))]
        starts = dialect.start in matches or (
            dialect.start == "0" and "T" in matches and "A" in matches
        )
        names = {dialect.names.get(tag) for tag in matches} - {None, ""}
        is_record = names & {"title", "abstract"} or len(names) >= _FEW_FIELDS
        if starts and is_record and 2 * len(matches) > min(len(lines), 4):
            return dialect
    return None


def read(source: DocumentSource) -> DocumentParts:
    source, notes = decode_western(source)
    dialect = _find_dialect(source)
    assert dialect is not None, "recognise() has found one"
    lines = source.lines
    columns = field_mapping.Columns("tag")
    parser = _build_parser(dialect)
    results = (
        _build_tagged_entry(source.name, start, lines[start:end], dialect, parser, columns)
        for start, end in _iter_spans(lines, dialect)
    )
    return DocumentParts.from_results(results, notes=lambda: (*notes, *columns.notes))


def _iter_spans(lines: Sequence[str], dialect: _Dialect) -> Iterator[tuple[int, int]]:
    """Where each record begins and ends; ENW's may begin with any tag, after a blank line."""
    starts: list[int] = []
    for index, line in enumerate(lines):
        match = dialect.line.match(line)
        if match is None:
            continue
        after_blank = index == 0 or not lines[index - 1].strip()
        loose = dialect.start == "0" and after_blank and match["tag"] != "0"
        if match["tag"] == dialect.start or loose:
            starts.append(index)
    yield from pairwise([*starts, len(lines)])


@cache
def _build_parser_class(name: str) -> type[Any]:
    import rispy

    class Parser(getattr(rispy, name)):  # type: ignore[misc]
        """One whose lines are matched by the dialect's own pattern: tools differ in their blanks."""

        pattern: re.Pattern[str]

        def parse_line(self, line: str) -> tuple[str | None, str]:
            match = self.pattern.match(line)
            if line == _END:
                return _END, ""
            if match is None or (line[:1] == " " and name == "WokParser"):
                return None, line.strip()
            return match["tag"], (match["value"] or "").strip()

    return Parser


def _build_parser(dialect: _Dialect) -> RisParser:
    tags = sorted({*dialect.names, dialect.start})
    parser = _build_parser_class(dialect.parser)(
        mapping={**{tag: tag for tag in tags}, "UK": "unknown"},
        list_tags=tags,
        delimiter_tags_mapping={},
        ignore=[],
    )
    parser.pattern, parser.START_TAG, parser.END_TAG = dialect.line, dialect.start, _END
    parser._iter_till_start = lambda lines: {}  # it is given one record, from its first line on
    return parser


def _build_tagged_entry(
    document: str,
    start: int,
    lines: Sequence[str],
    dialect: _Dialect,
    parser: RisParser,
    columns: field_mapping.Columns,
) -> Entry | Rejection:
    place, raw = Place(document, start + 1), "\n".join(lines).rstrip()
    (parsed,) = parser.parse_lines(iter([*_join_continued(lines, dialect), _END])) or ({},)
    record: dict[str, Any] = {}
    for tag, values in parsed.items():
        if tag == "unknown":
            columns.count((unknown, " ".join(texts)) for unknown, texts in values.items())
        elif name := dialect.names.get(tag):
            record.setdefault(name, []).extend(filter(None, values))
    _mend(record, dialect)
    try:
        entry = field_mapping.build_record_entry(record, place, raw)
        columns.check_kept(parsed.items(), entry, dialect.names)
        return entry
    except field_mapping.NotARecord as exc:
        return Rejection(document, place.line, str(exc))


def _join_continued(lines: Sequence[str], dialect: _Dialect) -> Iterator[str]:
    """Lines up to the record's end; one that continues a value follows it, except where it lists."""
    lists = ("AU", "AF", "CR", "C1", "RP") if dialect.parser == "WokParser" else ("%K", "%A")
    current = ""
    for line in lines:
        match = dialect.line.match(line)
        is_continued = match is None or (line[:1] == " " and dialect.parser == "WokParser")
        if match and not is_continued and match["tag"] in ("ER", "EF") and dialect.start != "0":
            break
        if is_continued and not line.strip():
            continue
        if not is_continued or current[:2] in lists:
            if current:
                yield current
            current = line if not is_continued else f"{current[:2]} {line.strip()}"
        else:
            current = f"{current} {line.strip()}"
    if current:
        yield current


def _mend(record: dict[str, Any], dialect: _Dialect) -> None:
    """What a tag means only together with others."""
    for name in ("title", "abstract"):
        if isinstance(record.get(name), list):
            record[name] = (
                " ".join(dict.fromkeys(record[name])) if name == "abstract" else record[name][0]
            )
    if not record.get("journal") and not record.get("journaltitle"):
        record["venue"] = record.get("fulljournalname") or record.get("booktitle")
    elif dialect.names is tags.RIS:
        # T2 is the journal; only where a tool gives JO alone as well is one of them the short form.
        names = [
            str(v)
            for k in ("journal", "journaltitle", "fulljournalname")
            for v in record.get(k) or ()
        ]
        record["venue"] = max(names, key=len)
    for accession in record.pop("accession", None) or ():
        name, _, value = accession.partition(":")
        if name.lower() in ("arxiv", "pmid") and value:
            record.setdefault(name.lower(), value)
    if dialect.names is tags.MEDLINE:
        record["title"] = str(record.get("title") or "").removesuffix(".")
        for location in record.pop("locations", None) or ():
            if location.endswith("[doi]"):
                record["doi"] = location.removesuffix("[doi]").strip()
        record.setdefault("abstract", record.get("otherabstract"))
        record["keywords"] = [*(record.get("keywords") or ()), *_list_headings(record)]
        record.pop("meshterms", None)
    if "groups" in record:
        people = record.get("authorfullnames") or record.get("authors") or []
        groups = record.pop("groups")
        record["authors"] = [*people, *({"literal": group} for group in groups)]
        record.pop("authorfullnames", None)
    if "authoraddresses" in record:
        addresses = record.pop("authoraddresses")
        record["affiliations"] = [
            re.sub(r"^\[[^\]]*\]\s*", "", str(a)).rstrip(".") for a in addresses
        ]
    if dialect.names is tags.WEB_OF_SCIENCE:
        for name in ("keywords", "keywordsplus"):
            if name in record:
                record[name] = "; ".join(record[name])


def _list_headings(record: Mapping[str, Any]) -> list[str]:
    """MeSH headings without qualifiers: ``*Ice/chemistry`` is Ice."""
    headings = record.get("meshterms") or ()
    return [str(heading).lstrip("*").split("/")[0] for heading in headings]
