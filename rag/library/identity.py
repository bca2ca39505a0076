"""Decides which entries are the same paper, and merges them.

A paper's id is made from its abstract without case, accents, spaces or punctuation, so the same
abstract has one id in whatever document and LaTeX it occurs. Which entries are one paper, though
their words differ, `rag.library.matching` decides.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import fields
from functools import lru_cache
from typing import Any

from rag.library.labels import build_label
from rag.text import fold
from rag.types import Authorship, Entry, Paper, Place, Role
from rag.types.papers import FILLED_IN, NOT_FOUND

SHORT_CHARS = 80
"""A text with fewer letters and digits ("No abstract.") may belong to many papers: the title joins in."""


RECENT_TEXTS = 256
"""Texts whose letters are kept, those of as many papers with bodies as are stored at once: 20 MB at most."""
_LETTER_GAPS = re.compile(r"[\W_]+")
_ASCII_GAPS = {number: None for number in range(128) if not chr(number).isalnum()}


def compute_paper_id(title: str | None, text: str) -> str:
    """``p`` and 12 hex digits, from the abstract's letters and digits, or the title's without one."""
    words = extract_letters(text)
    if len(words) < SHORT_CHARS:
        words = f"{extract_letters(title or '')}|{words}"
    if words == "|":
        words = f"{title}|{text}"
    return "p" + hashlib.sha256(words.encode()).hexdigest()[:12]


@lru_cache(maxsize=RECENT_TEXTS)
def extract_letters(text: str) -> str:
    # Each text's are taken some twenty times in an ingest, and a pattern took a twentieth of it.
    if text.isascii():
        return text.lower().translate(_ASCII_GAPS)
    return _LETTER_GAPS.sub("", fold(text))


def compute_entry_digest(entry: Entry) -> str:
    """Digest of the entry's contents, without its place."""
    return _compute_digest(get_entry_values(entry))


def compute_paper_digest(paper: Paper) -> str:
    """Digest of the paper's contents and places."""
    values = {name: getattr(paper, name) for name in _PAPER_FIELDS}
    values["authorships"] = [
        (a.name, a.role, a.position, *filter(None, (a.family,))) for a in paper.authorships
    ]
    values["places"] = [str(place) for place in paper.places]
    return _compute_digest(values)


def get_entry_values(entry: Entry) -> dict[str, object]:
    """All fields but the place, by name."""
    return {name: getattr(entry, name) for name in _DIGEST_ENTRY_FIELDS}


_DIGEST_ENTRY_FIELDS = tuple(field.name for field in fields(Entry) if field.name != "place")
_PAPER_FIELDS = tuple(field.name for field in fields(Paper))


_LATER = frozenset(
    "arxiv pmid keywords retracted families files section_starts section_names references provenance".split()
)
"""Fields that a digest leaves out while they are empty: it is the same as before there were any."""


def _compute_digest(values: Mapping[str, object]) -> str:
    values = {k: v for k, v in values.items() if k not in _LATER or v not in (None, ())}
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def merge(identity: str, entries: Sequence[Entry], owners: Mapping[str, str]) -> Paper:
    """The one paper that these entries describe.

    Each field comes from the first entry that knows it, in the order of `_rank`. A mark counts
    wherever it stands: ``code`` is True if any entry says so.

    Args:
        identity: The paper's id, by `compute_paper_id`.
        entries: At least one, all of this paper.
        owners: Owner of the page, by document name.
    """
    ranked = sorted(entries, key=_rank)
    paged = next((e for e in ranked if e.page_starts and e.text), None)
    bodied = paged or next((e for e in ranked if e.section_starts and e.text), None)
    text = bodied.text if bodied else next((e.text for e in ranked if e.text), "")
    title = next((e.title for e in ranked if e.title), None)
    printed = max(ranked, key=_rank_authors)
    full_names = _find_full_names(printed, ranked)
    marks = [e.code for e in ranked if e.code is not None]
    retractions = [e.retracted for e in ranked if e.retracted is not None]
    dated = next((e for e in ranked if _knows_date(e)), ranked[0])
    values = {
        name: next((getattr(e, name) for e in ranked if getattr(e, name)), None) for name in _FIRST
    }
    lists = {name: _merge_distinct(getattr(e, name) for e in ranked) for name in _ALL}
    known = {name for name, value in {**values, **lists, "year": dated.year}.items() if value}
    known |= {name for name, value in (("title", title), ("authors", printed.authors)) if value}
    sources = {
        "title": next((e for e in ranked if e.title), None),
        "authors": printed,
        "year": dated,
        **{name: next((e for e in ranked if getattr(e, name)), None) for name in _FIRST},
    }
    return Paper(
        paper_id=identity,
        title=title,
        label=title or build_label(text),
        text=text,
        authorships=_merge_authorships(identity, printed, full_names, ranked, owners),
        authors_complete=printed.authors_complete,
        places=tuple(e.place for e in ranked),
        year=dated.year,
        month=dated.month,
        day=dated.day,
        code=any(marks) if marks else None,
        retracted=any(retractions) if retractions else None,
        score=next((e.score for e in ranked if e.score is not None), None),
        provenance=_merge_provenance(ranked, sources, known) + _trace_given_names(full_names),
        references=next((e.references for e in ranked if e.references), ()),
        **_get_layout(bodied),
        **values,  # type: ignore[arg-type]
        **lists,  # type: ignore[arg-type]
    )


def _get_layout(entry: Entry | None) -> dict[str, Any]:
    """Where pages and sections begin in a text that is more than an abstract."""
    names = ("page_starts", "section_starts", "section_names")
    return {name: getattr(entry, name) for name in names} if entry else {}


def _merge_provenance(
    entries: Sequence[Entry], sources: Mapping[str, Entry | None], known: Set[str]
) -> tuple[str, ...]:
    """How fields are known, of the entries that gave them; what one did not find another may know."""
    line_of: dict[str, str] = {}
    for entry in entries:
        for line in entry.provenance:
            field, _, basis = line.partition(": ")
            is_lost = basis == NOT_FOUND
            if (is_lost and field not in known) or (
                not is_lost and sources.get(field, entry) is entry
            ):
                line_of.setdefault(field, line)
    return tuple(line_of.values())


_FIRST = ("category", "url", "doi", "venue", "arxiv", "pmid")
"""Fields that come from the first entry that knows them."""
_ALL = ("affiliations", "links", "keywords")
"""Fields to which every entry adds."""
_PREPRINT_VENUE = re.compile(r"\W*(?:arxiv|corr|biorxiv|medrxiv|ssrn|preprint)", re.IGNORECASE)


def _rank(entry: Entry) -> tuple[bool, bool, bool, bool, Place]:
    """Titled entries first; of a preprint and its publication the latter; files after what is said of them."""
    is_preprint = bool(entry.arxiv) and _PREPRINT_VENUE.match(entry.venue or "arXiv") is not None
    return (
        entry.title is None, _is_of_service(entry), is_preprint, bool(entry.page_starts), entry.place
    )  # fmt: skip


def _is_of_service(entry: Entry) -> bool:
    """Whether a service said so, which fills in what the paper's own documents lack."""
    return any(f": {FILLED_IN} " in line for line in entry.provenance)


def _rank_authors(entry: Entry) -> tuple[bool, bool, int, int]:
    is_read = not entry.how_known("authors").startswith("guessed")
    return is_read, entry.authors_complete, len(entry.authors), sum(map(len, entry.authors))


def _knows_date(entry: Entry) -> bool:
    return entry.year is not None or entry.month is not None


def trace_fields(paper: Paper, entries: Sequence[Entry]) -> dict[str, Place]:
    """Where each field of a merged paper was read: the first place whose entry has that very value."""
    traced: dict[str, Place] = {}
    for name in ("title", "text", "year", *_FIRST, *_ALL, "authors"):
        value = getattr(paper, name)
        if value:
            for entry in sorted(entries, key=_rank):
                entry_value = getattr(entry, name)
                if entry_value == value or (name in _ALL and entry_value):
                    traced[name] = entry.place
                    break
    if paper.authors and "authors" not in traced and entries:  # put together from several lists
        traced["authors"] = max(
            sorted(entries, key=_rank), key=lambda e: len({*e.authors} & {*paper.authors})
        ).place
    return traced


def _find_full_names(printed: Entry, entries: Sequence[Entry]) -> dict[str, tuple[str, Entry]]:
    """By printed name, the print of it with more of the given names, and whose it is.

    A bibliography's "M. Quill" and "P. Roe" are the file's "Mara Quill" and "Petra Roe": paired by their
    order where both lists are as long, else where only one name can be meant.
    """
    in_full: dict[str, tuple[str, Entry]] = {}
    for entry in () if printed.how_known("authors").startswith("corrected") else entries:
        if entry is printed or entry.authors == printed.authors:
            continue
        is_paired = len(entry.authors) == len(printed.authors)
        for position, name in enumerate(printed.authors):
            print_so_far = in_full[name][0] if name in in_full else name
            candidates = entry.authors[position : position + 1] if is_paired else entry.authors
            fuller = [n for n in candidates if _is_fuller(n, print_so_far)]
            if len(fuller) == 1 and (
                is_paired or sum(is_shorter_print(n, fuller[0]) for n in printed.authors) == 1
            ):
                in_full[name] = (fuller[0], entry)
    n_uses = Counter(name for name, _ in in_full.values()) + Counter(printed.authors)
    return {name: full for name, full in in_full.items() if n_uses[full[0]] == 1}


def _is_fuller(name: str, short: str) -> bool:
    """Whether a name is another's with given names for its initials, or with more of them."""
    return is_shorter_print(short, name) and _count_words(name) > _count_words(short)


def _count_words(name: str) -> tuple[int, int]:
    words = _split_name(name)
    return sum(len(word) > 1 for word in words), len(words)


def _trace_given_names(full_names: Mapping[str, tuple[str, Entry]]) -> tuple[str, ...]:
    documents: dict[str, str] = {}
    for _, entry in full_names.values():
        basis = entry.how_known("authors")
        is_guess = basis.startswith(("guessed", FILLED_IN))
        documents[entry.place.document] = f", {basis}" if is_guess else ""
    of_documents = (f"{document}{basis}" for document, basis in documents.items())
    return (f"authors: given names from {'; '.join(of_documents)}",) if documents else ()


def _merge_authorships(
    identity: str,
    printed: Entry,
    full_names: Mapping[str, tuple[str, Entry]],
    entries: Sequence[Entry],
    owners: Mapping[str, str],
) -> tuple[Authorship, ...]:
    """Printed names in order, in full, then names that only another entry prints, then page owners."""
    families = dict(zip(printed.authors, printed.families, strict=False))
    in_full = {
        name: full_names[name][0] if name in full_names else name for name in printed.authors
    }
    authorships = [
        Authorship(identity, in_full[name], _get_role(position), position, families.get(name, ""))
        for position, name in enumerate(printed.authors, 1)
    ]
    known = {*printed.authors, *in_full.values()}
    for name in _merge_distinct(e.authors for e in entries):
        if name not in known:
            known.add(name)
            if not any(is_shorter_print(name, author) for author in (*in_full, *in_full.values())):
                authorships.append(Authorship(identity, name, "listed", None))
    for name in _merge_distinct(
        (owners[e.place.document],) for e in entries if e.place.document in owners
    ):
        if name not in known:
            known.add(name)
            authorships.append(Authorship(identity, name, "page"))
    return tuple(authorships)


def is_shorter_print(name: str, other: str) -> bool:
    """Whether one name prints the other with initials, turned or without accents: ``M. Quill``, ``Mara Quill``."""
    mine, theirs = _split_name(name), _split_name(other)
    shared = Counter(w for w in mine if len(w) > 1) & Counter(w for w in theirs if len(w) > 1)
    if not shared or name == other:
        return False
    short, long = sorted((_drop(mine, shared), _drop(theirs, shared)), key=len)
    if not long:
        return True
    if not short:  # ``Tanvir J. Siddal`` and ``Tanvir Siddal``
        return shared.total() > 1 and all(len(word) == 1 for word in long)
    pairs = zip(short, long, strict=False)
    surplus = long[len(short) :]
    return all(a[0] == b[0] and 1 in (len(a), len(b)) for a, b in pairs) and (
        all(len(word) == 1 for word in surplus) or all(len(word) == 1 for word in short)
    )


def _drop(words: Sequence[str], shared: Counter[str]) -> list[str]:
    remaining = Counter(shared)
    rest: list[str] = []
    for word in words:
        if remaining[word]:
            remaining[word] -= 1
        else:
            rest.append(word)
    return rest


def _split_name(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", fold(name))


def _get_role(position: int) -> Role:
    return "first" if position == 1 else "listed"


def _merge_distinct(groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
