"""Which entries of documents are about the same paper.

Entries that share a key are compared: an identifier (DOI, arXiv id, PMID), the words of the abstract, or
the title with what else is known. Two that contradict each other stay two: other DOIs, other first authors
under one "Editorial", another title and people under one publisher's stand-in for an abstract.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from rapidfuzz import fuzz

from rag.library.identity import SHORT_CHARS, compute_paper_id, extract_letters
from rag.text import fold
from rag.types import Entry

RULES = "4"
"""Changes with the rules, so that a library's papers are joined anew."""

Key = TypeVar("Key", bound=Hashable)

_MIN_TITLE_WORDS, _MIN_TITLE_LETTERS = 4, 20
"""Shorter titles (Editorial, Book reviews) say nothing without their authors and year."""
_MAX_COMPARED = 50
"""Papers of one key that an entry is compared with."""
_ALIKE_TITLES = 75.0
_MISREAD_TITLES = 90.0
"""The same title where a file's font does not say its letters: "Savanna Wres" for "Savanna fires"."""
_PREPRINT_DOI = re.compile(r"10\.(?:48550|1101|21203|31234|31219|20944|36227|26434|2139|22541)/")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What entries are compared by."""

    doi: str
    is_preprint_doi: bool
    arxiv: str
    pmid: str
    title: str
    n_title_words: int
    first: frozenset[str]
    year: int | None
    content: str
    is_file: bool


MISREAD, BY_FILE = "misread:", "by-file:"
"""Keys of a first author and a year: of any entry, and of files. The first joins nothing where no file has the
second: in 42,000 papers of a bibliography, those by a "Wang" of one year were all compared for each new one."""


def list_idle(keys: Iterable[str], known: Container[str]) -> set[str]:
    """Of some keys those that join nothing, as no file's key, of which ``known`` are some, has their author and year."""
    return {
        key
        for key in keys
        if key.startswith(MISREAD) and BY_FILE + key.removeprefix(MISREAD) not in known
    }


def list_keys(entry: Entry) -> tuple[str, ...]:
    """What the entry shares with others about the same paper, each once."""
    title = extract_letters(_fold_title(entry.title or ""))
    words = extract_letters(entry.text)
    keys = [
        f"doi:{entry.doi.lower()}" if entry.doi else "",
        f"arxiv:{entry.arxiv}" if entry.arxiv else "",
        f"pmid:{entry.pmid}" if entry.pmid else "",
        f"content:{compute_paper_id(entry.title, entry.text)}" if words or title else "",
    ]
    # A bibliography names the file of a paper; the file knows its own name.
    files = (entry.place.document,) if entry.page_starts else entry.files
    keys += [f"file:{PurePosixPath(name).name.lower()}" for name in files]
    if title and _is_telling(entry.title or "", title):
        keys.append(f"title:{title[:200]}")
        if entry.year and (first := _get_family(entry)):
            keys.append(f"{MISREAD}{first}|{entry.year}")
            if entry.page_starts:
                keys.append(f"{BY_FILE}{first}|{entry.year}")
    elif title and (first := _get_family(entry)):
        keys.append(f"title:{title}|{first}|{entry.year}")
    return tuple(dict.fromkeys(filter(None, keys)))


_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega"
_SPELT = {0x3B1 + n: name for n, name in enumerate(_GREEK.split())} | {ord("&"): " and "}
_AND = re.compile(r"\band\b")


def _fold_title(title: str) -> str:
    """The same for ``Roofs & β-Glucan`` and ``Roofs and beta-glucan``."""
    return _AND.sub(" ", fold(title).translate(_SPELT))


def _is_telling(title: str, letters: str) -> bool:
    is_long = len(title.split()) >= _MIN_TITLE_WORDS or not letters.isascii()
    return is_long and len(letters) >= (_MIN_TITLE_LETTERS if letters.isascii() else 8)


def _get_family(entry: Entry) -> str:
    return max(_get_name_parts(entry), key=len, default="")


def _get_name_parts(entry: Entry) -> frozenset[str]:
    """The long words of the first author's name; with a family name that is known, its alone."""
    if not entry.authors:
        return frozenset()
    family = entry.families[0] if entry.families else ""
    words = re.findall(r"[^\W\d_]+", fold(family or entry.authors[0]))
    return frozenset(word for word in words if len(word) > 1)


def _get_facts(entry: Entry) -> _Facts:
    return _Facts(
        doi=(entry.doi or "").lower(),
        is_preprint_doi=bool(_PREPRINT_DOI.match(entry.doi or "")),
        arxiv=entry.arxiv or "",
        pmid=entry.pmid or "",
        title=_fold_title(entry.title or ""),
        n_title_words=len((entry.title or "").split()),
        first=frozenset(
            w for w in re.findall(r"[^\W\d_]+", fold(entry.authors[0])) if len(w) > 1
        ) if entry.authors else frozenset(),
        year=entry.year,
        content=compute_paper_id(entry.title, entry.text)
        if len(extract_letters(entry.text)) >= SHORT_CHARS
        else "",
        is_file=bool(entry.page_starts),
    )  # fmt: skip


def group_entries(entries: Mapping[Key, Entry], apart: Iterable[Key] = ()) -> list[list[Key]]:
    """Groups of entries that are one paper each, in order of their first entries' places.

    Args:
        entries: By whatever names them.
        apart: Those that a person has parted from all others.
    """
    in_order = sorted(entries, key=lambda key: entries[key].place)
    facts = {key: _get_facts(entry) for key, entry in entries.items()}
    alone = set(apart)
    group_of: dict[Key, list[Key]] = {key: [key] for key in in_order}
    buckets: dict[str, list[Key]] = defaultdict(list)
    for key in in_order:
        if key not in alone:
            for shared in list_keys(entries[key]):
                if not shared.startswith(BY_FILE):
                    buckets[shared].append(key)
    for shared in sorted(buckets, key=_get_rank):
        kind = shared.partition(":")[0]
        if kind == "file" and not _is_one_file([facts[key] for key in buckets[shared]]):
            kind = "title"  # "Full Text PDF.pdf" is the name of many: then titles decide
        heads: list[Key] = []
        for key in buckets[shared]:
            group = group_of[key]
            for head in heads[:_MAX_COMPARED]:
                earlier = group_of[head]
                if earlier is group or _is_same(kind, group, earlier, facts):
                    break
            else:
                heads.append(key)
                continue
            if earlier is not group:
                earlier.extend(group)
                group_of.update(dict.fromkeys(group, earlier))
    groups = {id(group): group for group in group_of.values()}
    return sorted(
        (sorted(group, key=lambda key: entries[key].place) for group in groups.values()),
        key=lambda group: entries[group[0]].place,
    )


def _is_one_file(of_name: Sequence[_Facts]) -> bool:
    """Whether one file has the name, and one entry names it."""
    return sum(f.is_file for f in of_name) == 1 and sum(not f.is_file for f in of_name) == 1


def _get_rank(shared: str) -> tuple[int, str]:
    """Surer keys first, so that what they join is known when others are looked at."""
    return ("doi", "arxiv", "pmid", "content", "file", "title", "misread").index(
        shared.partition(":")[0]
    ), shared


def _is_same(
    kind: str, group: Sequence[Key], earlier: Sequence[Key], facts: Mapping[Key, _Facts]
) -> bool:
    """Whether two groups that share a key may be one: none of one contradicts any of the other."""
    pairs = [(facts[a], facts[b]) for a in group[:8] for b in earlier[:8]]
    if any(_contradict(a, b, kind) for a, b in pairs):
        return False
    if kind == "content" and not any(a.content for pair in pairs for a in pair):
        kind = "title"  # without abstracts the content is the title
    if kind == "misread":
        return _is_misread(group, earlier, facts)
    if kind != "title":
        return True
    return any(_have_like_titles(a, b) and _agree_beside_title(a, b) for a, b in pairs)


def _is_misread(group: Sequence[Key], earlier: Sequence[Key], facts: Mapping[Key, _Facts]) -> bool:
    """Whether one is a lone file and the other what a bibliography says of it, but for some letters.

    Of two bibliography entries, "in male rats" and "in female rats" are two papers.
    """
    files, others = ([facts[k] for k in g] for g in (group, earlier))
    if others[0].is_file:
        files, others = others, files
    is_lone = all(f.is_file for f in files) and not any(f.is_file for f in others)
    return is_lone and any(
        fuzz.ratio(a.title, b.title) >= _MISREAD_TITLES for a in files for b in others
    )


def _have_like_titles(a: _Facts, b: _Facts) -> bool:
    return bool(a.title and b.title) and fuzz.ratio(a.title, b.title) >= _ALIKE_TITLES


def _contradict(a: _Facts, b: _Facts, kind: str) -> bool:
    if a.doi and b.doi and a.doi != b.doi and a.is_preprint_doi == b.is_preprint_doi:
        return True
    if (a.arxiv and b.arxiv and a.arxiv != b.arxiv) or (a.pmid and b.pmid and a.pmid != b.pmid):
        return True
    differ = bool(a.first and b.first) and not a.first & b.first
    if kind in ("title", "misread"):
        return differ
    if not (a.title and b.title) or _have_like_titles(a, b):
        return differ and kind == "content" and not a.content
    return differ


def _agree_beside_title(a: _Facts, b: _Facts) -> bool:
    """Whether year and first author, as far as both know them, are of one paper in two versions."""
    years_apart = abs(a.year - b.year) if a.year and b.year else 0
    if a.first and b.first:
        n = a.n_title_words
        return years_apart <= (3 if n > _MIN_TITLE_WORDS else int(n == _MIN_TITLE_WORDS))
    return years_apart <= 1


def compute_group_ids(groups: Sequence[Sequence[Entry]]) -> list[str]:
    """An id for each group: of the contents that come first; where another has it, of more than that."""
    used: set[str] = set()
    ids: list[str] = []
    for entries in groups:
        best = min(
            entries,
            key=lambda e: (
                len(extract_letters(e.text)) < SHORT_CHARS,
                bool(e.page_starts or e.section_starts),
                e.place,
            ),
        )
        paper_id = compute_paper_id(best.title, best.text)
        number = 0
        while paper_id in used:
            parts = (
                best.doi,
                best.arxiv,
                best.pmid,
                *best.authors,
                best.year,
                best.venue,
                number or None,
            )
            paper_id = compute_paper_id(
                "|".join(str(p) for p in parts if p), best.text[:60] + str(best.title)
            )
            number += 1
        used.add(paper_id)
        ids.append(paper_id)
    return ids
