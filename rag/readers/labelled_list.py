"""Lists whose papers are given by labels: ``Title:``, ``Authors:``, ``Abstract:``; arXiv's mails as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.readers import field_mapping
from rag.readers.columns import get_key
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, Rejection

NAME = "labelled_list"
SUFFIXES = (".txt",)

_LABELS = (
    "title paper-title author authors author(s) by abstract summary year date published published-in "
    "publication-date journal venue conference source booktitle doi url link arxiv arxiv-id pmid keywords "
    "key-words index-terms affiliation affiliations institution category categories subjects comments "
    "journal-ref report-no msc-class acm-class volume pages type"
)
_LABEL = re.compile(
    r"^\s{0,6}(?:[-*+•#]{1,4}\s+|\[?\d{1,4}[.)\]]\s*)?(?:\*\*|__)?"
    rf"(?P<label>{'|'.join(re.escape(label).replace(chr(92) + '-', '[ -]') for label in _LABELS.split())})"
    r"(?:\*\*|__)?\s*[:：](?:\*\*|__)?[ \t]*(?P<value>.*)$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*(?:\\\\|[-=_*]{3,})(?:\s*\(.*)?\s*$")
_ALSO = {"by": "authors", "publishedin": "venue", "published": "date", "indexterms": "keywords"}


def recognise(source: DocumentSource) -> bool:
    """Whether a title and, near it, authors or an abstract are given by labels."""
    labels = [
        get_key(match["label"])
        for line in source.head.split("\n")[:400]
        if (match := _LABEL.match(line))
    ]
    return "title" in labels and bool({"authors", "author", "abstract", "summary"} & set(labels))


def read(source: DocumentSource) -> DocumentParts:
    lines = source.lines
    columns = field_mapping.Columns("label")
    starts = list(_iter_starts(lines))
    results = (
        _build_labelled_entry(source.name, start, lines[start:end], columns)
        for start, end in pairwise([*starts, len(lines)])
    )
    return DocumentParts.from_results(results, notes=lambda: columns.notes)


def _iter_starts(lines: list[str]) -> Iterator[int]:
    """Where each paper begins: at the label with which the first one does, or at a label that it has."""
    labels: set[str] = set()
    for index, line in enumerate(lines):
        match = _LABEL.match(line)
        if match is None:
            continue
        label = _get_label(match)
        if not labels or (
            label in labels and label in ("title", "authors", "arxiv", "date", "venue")
        ):
            if not labels or "title" in labels or label == "title":
                labels = set()
                yield index
        labels.add(label)


def _get_label(match: re.Match[str]) -> str:
    key = get_key(match["label"])
    return _ALSO.get(
        key, {"author": "authors", "summary": "abstract", "journal": "venue"}.get(key, key)
    )


def _build_labelled_entry(
    document: str, start: int, lines: list[str], columns: field_mapping.Columns
) -> Entry | Rejection:
    record: dict[str, object] = {}
    label, parts = "", list[str]()

    def store() -> None:
        value = (
            "\n".join(parts).strip() if label == "abstract" else " ".join(" ".join(parts).split())
        )
        if label and value:
            record.setdefault(label, value)

    for line in lines:
        if match := _LABEL.match(line):
            store()
            label, parts = _get_label(match), [match["value"]]
        elif _RULE.match(line):
            store()
            # arXiv's mails part the abstract from what stands above it by a line of two strokes.
            label = "abstract" if "title" in record and "abstract" not in record else ""
            parts = []
        elif label and not line.strip() and label != "abstract":
            store()
            label = ""
        else:
            parts.append(line.rstrip() if line.strip() else "")
    store()
    columns.count(record.items())
    raw = "\n".join(lines).rstrip()
    entry = field_mapping.build_record_entry(record, Place(document, start + 1), raw)
    columns.check_kept(record.items(), entry)
    return entry
