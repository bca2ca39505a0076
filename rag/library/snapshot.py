"""The library snapshot: the library in memory, as one question sees it.

Built once for each fingerprint of the library and cached, so that a question reads no file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Protocol

from rag.library.person_index import ALIASES_FILE, NameIndex, load_aliases
from rag.text import fold, split_terms
from rag.types import Authorship, Paper, Person, ProfilePage
from rag.types.cancellation import heeded

_MAX_SNAPSHOTS = 8
"""Snapshots cached at one time: the library's, and those of filtered conversations."""
_RARE = 2
_PIECES = 300_000
"""Pieces of text cached at one time."""
NAMED = re.compile(r"[^\W_](?:[^\W_]|[-^+$](?=[^\W_]))*")


class LibrarySource(Protocol):
    """The methods of a library that a snapshot is built from."""

    @property
    def fingerprint(self) -> str: ...

    def list_papers(self, ids: Iterable[str] | None = None) -> list[Paper]: ...

    def list_persons(self) -> list[Person]: ...

    def list_pages(self) -> list[ProfilePage]: ...

    def list_page_papers(self, person: str) -> list[str]: ...

    def __hash__(self) -> int: ...


class LibrarySnapshot:
    """Papers, people and vocabularies of one state of a library. Read only."""

    def __init__(self, source: LibrarySource, aliases: Mapping[str, str] | None = None) -> None:
        self.fingerprint = source.fingerprint
        self.papers: tuple[Paper, ...] = tuple(source.list_papers())
        self.by_id: Mapping[str, Paper] = {p.paper_id: p for p in self.papers}
        self.pages: tuple[ProfilePage, ...] = tuple(source.list_pages())
        self.page_papers: Mapping[str, tuple[str, ...]] = {
            page.person: tuple(source.list_page_papers(page.person)) for page in self.pages
        }
        self.aliases = dict(aliases or {})
        self._persons = {person.name: person for person in source.list_persons()}

    # --- people -------------------------------------------------------------------------

    @cached_property
    def names(self) -> NameIndex:
        owners = [page.person for page in self.pages]
        return NameIndex([*self._persons, *owners], self.aliases, self.words)

    def find_page(self, name: str) -> ProfilePage | None:
        """The page of one person, if it is among the seed documents."""
        return next((page for page in self.pages if page.person == name), None)

    @cached_property
    def authorships(self) -> Mapping[str, tuple[Authorship, ...]]:
        """By the name shown: those under its other names too, in the library's order."""
        merged: dict[str, dict[str, Authorship]] = defaultdict(dict)
        order = {p.paper_id: at for at, p in enumerate(self.papers)}
        for name, person in self._persons.items():
            display_name = self.aliases.get(name, name)
            for authorship in person.authorships:
                if authorship.paper_id in order:
                    merged[display_name].setdefault(authorship.paper_id, authorship)
        return {
            name: tuple(sorted(person_authorships.values(), key=lambda a: order[a.paper_id]))
            for name, person_authorships in merged.items()
        }

    def list_papers_of(self, name: str) -> tuple[Paper, ...]:
        """All papers of the person, newest first."""
        papers = (self.by_id[a.paper_id] for a in self.authorships.get(name, ()))
        return tuple(sorted(papers, key=get_recency_key))

    def list_people_of(self, paper: Paper) -> tuple[str, ...]:
        """The paper's people by the name shown, in order, once each."""
        return tuple(dict.fromkeys(self.aliases.get(a.name, a.name) for a in paper.authorships))

    def count_coauthors(self, name: str, papers: Iterable[Paper]) -> Counter[str]:
        """The number of these papers that the person shares with each co-author."""
        return Counter(
            coauthor for p in papers for coauthor in self.list_people_of(p) if coauthor != name
        )

    # --- vocabularies -------------------------------------------------------------------

    @property
    def words(self) -> frozenset[str]:
        """Every word that occurs in lower case in a title or a text."""
        return self._vocabularies[0]

    @property
    def all_words(self) -> frozenset[str]:
        """Every word of the titles and texts, in lower case."""
        return self._vocabularies[1]

    @cached_property
    def _vocabularies(self) -> tuple[frozenset[str], frozenset[str]]:
        """Computed from pieces between white space, each once: no word crosses white space."""
        pieces: set[str] = set()
        for paper in heeded(self.papers):
            pieces.update((paper.title or "").split(), paper.text.split())
        joined = " ".join(pieces)
        lower = frozenset(re.findall(r"\b[a-z]{2,}\b", joined))
        return lower, frozenset(re.findall(r"[^\W_]+", joined.lower()))

    @cached_property
    def _folded_texts(self) -> bytearray:
        """Every title and text, folded, one after another."""
        folded_texts = bytearray()
        for p in self.papers:
            folded_texts += fold(f"{p.title or ''} {p.text}\0").encode("utf-8", "surrogatepass")
        return folded_texts

    def has_phrase(self, phrase: str) -> bool:
        """Whether the title and text of some paper contain a folded phrase."""
        return phrase.encode("utf-8", "surrogatepass") in self._folded_texts

    @cached_property
    def printed_places(self) -> tuple[str, ...]:
        """Affiliations, folded."""
        return tuple(fold(a) for a in self.affiliations)

    @cached_property
    def place_words(self) -> frozenset[str]:
        """Every word of the affiliations, folded."""
        return frozenset(w for a in self.printed_places for w in re.split(r"[\s-]+", a))

    @cached_property
    def term_counts(self) -> Counter[str]:
        """The number of papers with each index term, in title or text."""
        counts: Counter[str] = Counter()
        terms_by_piece = _ByPiece(lambda piece: tuple(split_terms(piece)))
        for paper in heeded(self.papers):
            counts.update(
                {
                    *terms_by_piece.iter_pieces(paper.title or ""),
                    *terms_by_piece.iter_pieces(paper.text),
                }
            )
        return counts

    def get_terms(self, paper: Paper) -> frozenset[str]:
        """Index terms of a paper's title and text."""
        return frozenset(split_terms(f"{paper.title or ''} . {paper.text}"))

    @cached_property
    def categories(self) -> Counter[str]:
        return Counter(p.category for p in self.papers if p.category)

    @cached_property
    def affiliations(self) -> Counter[str]:
        return Counter(a for p in self.papers for a in p.affiliations)

    @cached_property
    def venues(self) -> Counter[str]:
        return Counter(p.venue for p in self.papers if p.venue)

    @cached_property
    def years(self) -> Counter[int]:
        return Counter(p.year for p in self.papers if p.year is not None)

    @cached_property
    def newest(self) -> tuple[int, int, int] | None:
        """The newest date printed; where only its year is, the last day of that year."""
        dates = [(p.year, p.month or 12, p.day or 28) for p in self.papers if p.year is not None]
        return max(dates, default=None)

    # --- papers called by name ----------------------------------------------------------

    @cached_property
    def _papers_by_word(self) -> tuple[Mapping[str, list[str]], Mapping[str, Counter[str]]]:
        """Papers by the words of their titles, and by the coined words of their texts."""
        titles: dict[str, list[str]] = defaultdict(list)
        texts: dict[str, Counter[str]] = defaultdict(Counter)
        words_by_piece = _ByPiece(lambda p: tuple(fold(w) for w in NAMED.findall(p)))
        made_up = _ByPiece(lambda p: tuple(fold(w) for w in NAMED.findall(p) if is_made_up(w)))
        for paper in heeded(self.papers):
            for word in words_by_piece.iter_pieces(paper.title or ""):
                titles[word].append(paper.paper_id)
            for word in made_up.iter_pieces(paper.text):
                texts[word][paper.paper_id] += 1
        return titles, texts

    def find_papers_bearing(self, word: str) -> tuple[str, ...]:
        """Papers with a coined word (DuetFace, M3D, UVA-Net), titles before texts."""
        titles, texts = self._papers_by_word
        ranked = [paper for paper, _ in texts[word].most_common()] if word in texts else ()
        return tuple(dict.fromkeys((*titles.get(word, ()), *ranked)))

    def find_papers_called(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """Papers named by a coined word in a text: (word, paper ids), in the text's order.

        A word calls the papers whose titles begin with it, or else the one or two that have it; what
        stands in more (UAV, GAN) is a common term.
        """
        papers_by_word = []
        for word in NAMED.findall(text):
            if is_made_up(word) and (paper_ids := self.find_papers_bearing(fold(word))):
                headed = tuple(i for i in paper_ids if is_headed(word, self.by_id[i]))
                if headed or len(paper_ids) <= _RARE:
                    papers_by_word.append((word, headed or paper_ids))
        return list(dict.fromkeys(papers_by_word))


class _ByPiece(dict[str, tuple[str, ...]]):
    """Caches what is found in each piece of text between white space.

    For matches that never cross white space; far fewer pieces are distinct than there are.
    """

    def __init__(self, find: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, piece: str) -> tuple[str, ...]:
        pieces = self[piece] = self._find(piece)
        return pieces

    def iter_pieces(self, text: str) -> Iterator[str]:
        if len(self) > _PIECES:
            self.clear()
        return chain.from_iterable(map(self.__getitem__, text.split()))


def is_made_up(word: str) -> bool:
    """Whether a word is a name that somebody gave: capitals within, a digit or a hyphenated name."""
    inner = word[1:]
    if not any(c.isalpha() for c in word):
        return False
    if any(c.isupper() for c in inner.replace("-", "")) or any(c.isdigit() for c in word):
        return True
    return False


def is_headed(word: str, paper: Paper) -> bool:
    """Whether the title begins with this word: ``NAR-Former`` heads ``NAR-Former V2: ...``."""
    return re.match(rf"{re.escape(fold(word))}(?![^\W_])", fold(paper.title or "")) is not None


def get_recency_key(paper: Paper) -> tuple[int, int, int, str]:
    """Sort key: year, month, day descending; unknown years last; ties by id."""
    return (-(paper.year or 0), -(paper.month or 0), -(paper.day or 0), paper.paper_id)


@dataclass(frozen=True, slots=True)
class _State:
    """The cache key of a snapshot, and the source that it is built from."""

    fingerprint: str
    aliases: tuple[tuple[str, str], ...]
    source: LibrarySource = field(compare=False)


@lru_cache(maxsize=_MAX_SNAPSHOTS)
def _build_snapshot(state: _State) -> LibrarySnapshot:
    return LibrarySnapshot(state.source, dict(state.aliases))


def load_snapshot(library: LibrarySource) -> LibrarySnapshot:
    """The snapshot of the library's current state, built once for each fingerprint and aliases."""
    folder = getattr(library, "folder", None)
    aliases = load_aliases(Path(folder) / ALIASES_FILE) if folder else {}
    return _build_snapshot(_State(library.fingerprint, tuple(sorted(aliases.items())), library))


RETRACTED = re.compile(r"^\W?(?:retracted|withdrawn)(?: article| paper)?\W+", re.IGNORECASE)
"""What stands in front of a retracted paper's title, and is no name of the paper."""


def get_short_name(paper: Paper) -> str:
    """The title up to a colon, if that is short; otherwise the full title or label."""
    title = RETRACTED.sub("", paper.title or "")
    head = title.split(":")[0].strip()
    return head if ":" in title and len(head.split()) <= 4 else paper.name
