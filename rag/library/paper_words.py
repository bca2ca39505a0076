"""The words and names of papers, counted when papers are stored, so that no question reads texts.

``paper_words`` has the words that papers are called by and found by, ``vocabulary`` in how many papers
each word stands, ``paper_names`` titles and their short forms, and ``names`` what people are called.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Table, and_, bindparam, exists, or_, select

from rag.library.name_forms import build_name_forms, split_name
from rag.library.naming import (
    COINED_CHARS,
    LETTERS,
    NAMED,
    RETRACTED,
    drop_marks,
    is_made_up,
    shorten,
)
from rag.library.tables import (
    AFFILIATIONS,
    AUTHORSHIPS,
    NAME_PARTS,
    NAMES,
    PAGES,
    PAPER_NAMES,
    PAPER_WORDS,
    PAPERS,
    VOCABULARY,
    build_insert,
    is_listed,
)
from rag.text import fold, split_terms

WordKind = Literal["title", "text", "stem", "bare"]
"""Of a paper: words of the title, coined words of the text (both folded), stems of the name, and the letters
and digits of coined words that have marks within."""
VocabularyKind = Literal["any", "lower", "term", "place", "coined", "name"]
"""Of the library: every word in lower case; those that occur so; index terms; words of affiliations,
folded; words of titles and coined words of texts, folded; coined names of titles, as printed."""

LEAST_WORDS = 3
"""Words from which a title is looked for however it is typed; a shorter one may be common words."""
WORD_RUN = re.compile(r"\w+")
_LOWER = re.compile(r"\b[a-z]{2,}\b")
_ANY = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s-]+")
_ROWS = 20_000
_READ = select(PAPERS.c.paper_id, PAPERS.c.title, PAPERS.c.label, PAPERS.c.text)
_PLACES_READ = select(AFFILIATIONS.c.paper_id, AFFILIATIONS.c.folded)


# --- of each paper --------------------------------------------------------------------------


def build_part_rows(
    papers: Iterable[tuple[str, str | None, str, str]],
) -> dict[Table, list[dict[str, Any]]]:
    """Rows of ``paper_names`` and ``paper_words`` for papers: their ids, titles, labels and texts."""
    part_rows: dict[Table, list[dict[str, Any]]] = {PAPER_NAMES: [], PAPER_WORDS: []}
    for paper_id, title, label, text in papers:
        part_rows[PAPER_NAMES] += [
            {"paper_id": paper_id, "ordinal": ordinal, "name": name, "folded": fold(name), "start": start}
            for ordinal, (name, start) in enumerate(_list_names(title or ""))
        ]  # fmt: skip
        counts: Counter[tuple[WordKind, str]] = Counter()
        counts.update(("title", fold(word)) for word in NAMED.findall(title or ""))
        coined = _list_coined(text)
        counts.update(("text", fold(word)) for word in coined)
        counts.update(("stem", term) for term in split_terms(title or label))
        marked = (w for w in (*_list_coined(title or ""), *coined) if not w.isalnum())
        counts.update(("bare", drop_marks(word)) for word in marked)
        part_rows[PAPER_WORDS] += [
            {"paper_id": paper_id, "kind": kind, "word": word, "n": n}
            for (kind, word), n in counts.items()
        ]
    return part_rows


def read_part_rows(
    connection: Connection, paper_ids: Collection[str]
) -> dict[Table, list[dict[str, Any]]]:
    """The rows of papers that are stored already."""
    stored = connection.execute(_READ.where(is_listed(PAPERS.c.paper_id, paper_ids)))
    return build_part_rows((row[0], row[1], row[2], row[3]) for row in stored)


@lru_cache(maxsize=2_000)
def _list_coined(text: str) -> tuple[str, ...]:
    """Twice wanted of each paper, when its words are stored and when they are counted."""
    return tuple(word for word in NAMED.findall(text) if is_made_up(word))


def _list_names(title: str) -> Iterator[tuple[str, str]]:
    """The title and its short form, each with the first words by which it is looked for in a question.

    The whole title is if it is long enough, the short form if it is a name: one word, or with one
    that is coined.
    """
    if not title:
        return
    short = shorten(title)
    for name in dict.fromkeys((title, RETRACTED.sub("", title))):
        yield name, _get_start(name) if len(name.split()) >= LEAST_WORDS else ""
    if short != title:
        is_name = len(short.split()) == 1 or any(map(is_made_up, NAMED.findall(short)))
        yield short, _get_start(short) if is_name else ""


def _get_start(name: str) -> str:
    return " ".join(WORD_RUN.findall(name.lower())[:2])


# --- of the library -------------------------------------------------------------------------


def change_counts(
    connection: Connection, added: Collection[str] = (), removed: Collection[str] = ()
) -> None:
    """Count the words of stored papers into the vocabulary, or out of it before they change or go.

    Words that are counted out are no longer the papers' own in ``paper_words`` either.
    """
    if removed:
        of_removed = read_part_rows(connection, removed)[PAPER_WORDS]
        if of_removed:
            keys = (PAPER_WORDS.c[n] == bindparam(f"old_{n}") for n in ("word", "kind", "paper_id"))
            connection.execute(
                PAPER_WORDS.delete().where(*keys),
                [{f"old_{n}": row[n] for n in ("word", "kind", "paper_id")} for row in of_removed],
            )
    changes: Counter[tuple[VocabularyKind, str]] = Counter()
    for paper_ids, sign in ((removed, -1), (added, 1)):
        for words in _read_vocabularies(connection, paper_ids):
            for word in words:
                changes[word] += sign
    counted = [
        {"kind": kind, "word": word, "n_papers": n} for (kind, word), n in changes.items() if n
    ]
    inserted = build_insert(connection.dialect.name, VOCABULARY)
    n_papers = VOCABULARY.c.n_papers + inserted.excluded.n_papers
    upsert = inserted.on_conflict_do_update(
        index_elements=["kind", "word"], set_={"n_papers": n_papers}
    )
    for start in range(0, len(counted), _ROWS):
        connection.execute(upsert, counted[start : start + _ROWS])
    if gone := [word for word, n in changes.items() if n < 0]:
        is_word = and_(*(VOCABULARY.c[n] == bindparam(f"old_{n}") for n in ("kind", "word")))
        connection.execute(
            VOCABULARY.delete().where(is_word, VOCABULARY.c.n_papers <= 0),
            [{"old_kind": kind, "old_word": word} for kind, word in gone],
        )


def clear_counts(connection: Connection) -> None:
    """Begin anew, before the words of all papers are stored and counted again."""
    connection.execute(PAPER_WORDS.delete())
    connection.execute(VOCABULARY.delete())


def _read_vocabularies(
    connection: Connection, paper_ids: Collection[str]
) -> Iterator[set[tuple[VocabularyKind, str]]]:
    if not paper_ids:
        return
    places: dict[str, list[str]] = defaultdict(list)
    of_papers = is_listed(AFFILIATIONS.c.paper_id, paper_ids)
    for paper_id, folded in connection.execute(_PLACES_READ.where(of_papers)):
        places[paper_id].append(folded)
    for paper_id, title, _, text in connection.execute(
        _READ.where(is_listed(PAPERS.c.paper_id, paper_ids))
    ):
        yield _list_vocabulary(title or "", text, places[paper_id])


def _list_vocabulary(
    title: str, text: str, places: Iterable[str]
) -> set[tuple[VocabularyKind, str]]:
    """Each kind of word that a paper has, once."""
    all_text = f"{title} {text}"
    words: set[tuple[VocabularyKind, str]] = {("any", w) for w in _ANY.findall(all_text.lower())}
    words.update(("lower", word) for word in _LOWER.findall(all_text))
    words.update(("term", term) for term in split_terms(f"{title} . {text}"))
    words.update(("place", word) for place in places for word in _GAP.split(place) if word)
    words.update(("coined", fold(word)) for word in NAMED.findall(title))
    words.update(("coined", fold(word)) for word in _list_coined(text))
    words.update(
        ("name", word)
        for word in LETTERS.findall(title)
        if len(word) >= COINED_CHARS and is_made_up(word)
    )
    return words


# --- of people ------------------------------------------------------------------------------


def update_names(
    connection: Connection,
    paper_ids: Collection[str] = (),
    freed: Collection[str] = (),
    *,
    is_whole: bool = True,
) -> None:
    """Bring ``names`` in step with who stands on papers or owns a page.

    Args:
        connection: In a transaction.
        paper_ids: Papers that came or changed; others are looked at where all are.
        freed: Names that stood on a paper and may stand on none now.
        is_whole: Whether all papers and names are looked at.
    """
    if is_whole or freed:
        is_author = exists().where(AUTHORSHIPS.c.name == NAMES.c.name).correlate(NAMES)
        is_owner = exists().where(PAGES.c.person == NAMES.c.name).correlate(NAMES)
        gone = NAMES.delete().where(~or_(is_author, is_owner))
        connection.execute(gone if is_whole else gone.where(is_listed(NAMES.c.name, freed)))
    known = exists().where(NAMES.c.name == AUTHORSHIPS.c.name).correlate(AUTHORSHIPS)
    authors = select(AUTHORSHIPS.c.name).where(~known)
    if not is_whole:
        authors = authors.where(is_listed(AUTHORSHIPS.c.paper_id, paper_ids))
    is_known = exists().where(NAMES.c.name == PAGES.c.person).correlate(PAGES)
    missing = authors.union(select(PAGES.c.person).where(~is_known))
    names = list(connection.execute(missing).scalars())
    if names:
        connection.execute(
            NAMES.insert(), [{"name": name, **build_name_forms(name)} for name in names]
        )
        connection.execute(NAME_PARTS.insert(), [
            {"part": part, "name": name} for name in names for part in set(split_name(name))
        ])  # fmt: skip
