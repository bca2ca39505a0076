"""Decides which entries are the same paper, and merges them.

Papers are identified by their abstract without case, accents, spaces or punctuation, so the same
abstract is one paper in whatever document and LaTeX it occurs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from rag.library.labels import build_label
from rag.text import fold
from rag.types import Authorship, Entry, Paper, Role

SHORT_CHARS = 80
"""A text with fewer letters and digits ("No abstract.") may belong to many papers: the title joins in."""


_LETTER_GAPS = re.compile(r"[\W_]+")


def compute_paper_id(title: str | None, text: str) -> str:
    """``p`` and 12 hex digits, from the abstract's letters and digits, or the title's without one."""
    words = _extract_letters(text)
    if len(words) < SHORT_CHARS:
        words = f"{_extract_letters(title or '')}|{words}"
    if words == "|":
        words = f"{title}|{text}"
    return "p" + hashlib.sha256(words.encode()).hexdigest()[:12]


def _extract_letters(text: str) -> str:
    return _LETTER_GAPS.sub("", text.lower() if text.isascii() else fold(text))


def compute_entry_digest(entry: Entry) -> str:
    """Digest of the entry's contents, without its place."""
    return _compute_digest(get_entry_values(entry))


def compute_paper_digest(paper: Paper) -> str:
    """Digest of the paper's contents and places."""
    values = {name: getattr(paper, name) for name in _PAPER_FIELDS}
    values["authorships"] = [(a.name, a.role, a.position) for a in paper.authorships]
    values["places"] = [str(place) for place in paper.places]
    return _compute_digest(values)


def get_entry_values(entry: Entry) -> dict[str, object]:
    """All fields but the place, by name."""
    return {name: getattr(entry, name) for name in _DIGEST_ENTRY_FIELDS}


_DIGEST_ENTRY_FIELDS = tuple(field.name for field in fields(Entry) if field.name != "place")
_PAPER_FIELDS = tuple(field.name for field in fields(Paper))


_LATER_FIELDS = frozenset({"section_starts", "section_names", "references", "provenance"})
"""Fields that a digest leaves out while they are empty: it is the same as before there were any."""


def _compute_digest(values: Mapping[str, object]) -> str:
    stored = {name: value for name, value in values.items() if value or name not in _LATER_FIELDS}
    text = json.dumps(stored, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def merge(identity: str, entries: Sequence[Entry], owners: Mapping[str, str]) -> Paper:
    """The one paper that these entries describe.

    Each field comes from the first entry that knows it: entries with a title first, then by place.
    A mark counts wherever it stands: ``code`` is True if any entry says so.

    Args:
        identity: The paper's id, by `compute_paper_id`.
        entries: At least one, all of this paper.
        owners: Owner of the page, by document name.
    """
    ranked = sorted(entries, key=lambda entry: (entry.title is None, entry.place))
    text = next((e.text for e in ranked if e.text), "")
    title = next((e.title for e in ranked if e.title), None)
    printed = max(ranked, key=lambda e: (e.authors_complete, len(e.authors)))
    marks = [e.code for e in ranked if e.code is not None]
    dated = next((e for e in ranked if e.year is not None or e.month is not None), ranked[0])
    return Paper(
        paper_id=identity,
        title=title,
        label=title or build_label(text),
        text=text,
        authorships=_merge_authorships(identity, printed.authors, ranked, owners),
        authors_complete=printed.authors_complete,
        places=tuple(e.place for e in ranked),
        affiliations=_merge_distinct(e.affiliations for e in ranked),
        year=dated.year,
        month=dated.month,
        day=dated.day,
        category=next((e.category for e in ranked if e.category), None),
        code=any(marks) if marks else None,
        score=next((e.score for e in ranked if e.score is not None), None),
        links=_merge_distinct(e.links for e in ranked),
        url=next((e.url for e in ranked if e.url), None),
        doi=next((e.doi for e in ranked if e.doi), None),
        venue=next((e.venue for e in ranked if e.venue), None),
        **_get_layout(next(e for e in ranked if e.text == text)),
        references=next((e.references for e in ranked if e.references), ()),
        provenance=next((e.provenance for e in ranked if e.provenance), ()),
    )


def _get_layout(entry: Entry) -> dict[str, Any]:
    """Where pages and sections begin in the entry's text."""
    return {
        name: getattr(entry, name) for name in ("page_starts", "section_starts", "section_names")
    }


def _merge_authorships(
    identity: str, authors: Sequence[str], entries: Sequence[Entry], owners: Mapping[str, str]
) -> tuple[Authorship, ...]:
    """Printed names in order, then names that only another entry prints, then page owners."""
    authorships = [
        Authorship(identity, name, _get_role(position), position)
        for position, name in enumerate(authors, 1)
    ]
    known = set(authors)
    for name in _merge_distinct(e.authors for e in entries):
        if name not in known:
            known.add(name)
            authorships.append(Authorship(identity, name, "listed", None))
    for name in _merge_distinct(
        (owners[e.place.document],) for e in entries if e.place.document in owners
    ):
        if name not in known:
            known.add(name)
            authorships.append(Authorship(identity, name, "page"))
    return tuple(authorships)


def _get_role(position: int) -> Role:
    return "first" if position == 1 else "listed"


def _merge_distinct(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
