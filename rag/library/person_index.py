"""Person names as people type them: exact, unaccented, reordered, shortened, misspelt, absent.

A name that is spelt validly but belongs to nobody here is absent, not misspelt: ``Hao Li`` is not
``Hao Liu`` when both ``Hao`` and ``Li`` are names in the library. Misspelling is assumed only where
a typed part is no name in the library and the full name is close to one that is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import takewhile
from typing import Literal, Protocol

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from rag.library.identity import is_shorter_print
from rag.library.lookups import Lookup
from rag.library.name_forms import (
    PARTICLES,
    Token,
    drop_initials,
    drop_suffix,
    extract_tokens,
    get_initials,
    get_name_key,
    is_some_of,
    list_endings,
    split_name,
)
from rag.text import STOP_WORDS
from rag.text.markdown import plain
from rag.types import Span

How = Literal["exact", "alias", "reordered", "family", "partial", "misspelt", "absent"]

_CAPITALS = re.compile(
    r"(?:(?:Mc|Mac|Le|La|De|Di|Du|Del|Van|Von|O['’])?[A-Z][^\WA-Z\d_]*\.?(?:[-'’.]|$))+"
)
"""Capitals within a word that a name may have: ``LeCun``, ``Fei-Fei``, ``O'Neil``, ``J.K.``"""

_MAX_PARTS, _MOST_PARTS_IN_FULL = 6, 12
"""Parts that a typed name has at most; as it is printed, in full, it may have more."""
_NUMBER = re.compile(r"\s(0\d{3})\b")
"""DBLP's number behind a name that several people have; no part of the name."""
_LONG_PART_CHARS, _MOST_JUDGED = 5, 5_000
"""Letters of a part that may be misspelt; words whose judgement is at hand."""
_PART_RATIO = 55.0
_MOST_PARTS = 200
_MOST_KEPT = 1_000
"""Of a typed name, how like its parts a name's parts must be to be compared, and how many at most."""
_NEAR_RATIO = 72.0
"""Least rapidfuzz ratio (0-100) at which a name is offered as near."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person named in a question.

    Attributes:
        span: In the text that was searched, without a possessive ending.
        typed: As typed.
        names: As the library prints them; several are candidates, none means absent.
        how: How the name was matched.
        near: For an absent name, similar names, best first.
    """

    span: Span
    typed: str
    names: tuple[str, ...]
    how: How
    near: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What to say about the reading; empty where nothing needs saying."""
        if len(self.names) == 1 and self.how in ("misspelt", "reordered", "partial", "alias"):
            return f"showing {plain(self.names[0])} for '{plain(self.typed)}'"
        return ""


class Words(Protocol):
    """Words that can be looked up."""

    def __contains__(self, word: object, /) -> bool: ...


class NameSource(Protocol):
    """The names of a library, by the forms that `rag.library.name_forms` gives them."""

    def find_names(self, form: str, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Names, in order of the alphabet, by the keys in one of their forms; see table ``names``."""

    def count_names(self, parts: Collection[str]) -> Mapping[str, int]:
        """How many names have each part."""

    def list_parts(self) -> tuple[str, ...]:
        """Every part of a name."""


class NameIndex:
    """Matches typed names against all names of a library, which stay where they are.

    Args:
        source: The names as printed.
        aliases: Other name -> printed name, as the user wrote them.
        vocabulary: Ordinary words in lower case; a phrase of nothing else is no name.
    """

    def __init__(
        self,
        source: NameSource,
        aliases: Mapping[str, str] | None = None,
        vocabulary: Words = frozenset(),
    ) -> None:
        self._vocabulary = vocabulary
        self._source = source
        names: tuple[str, ...] = ()
        self._exact = Lookup(partial(source.find_names, "exact"), names)
        self._turned = Lookup(partial(source.find_names, "turned"), names)
        self._by_part = Lookup(partial(source.find_names, "part"), names)
        self._by_initials = Lookup(partial(source.find_names, "initials"), names)
        self._counts = Lookup(source.count_names, 0)
        self._judged: dict[str, bool | None] = {}
        self._similar: dict[str, tuple[str, ...]] = {}
        labels = source.find_names("name", set((aliases or {}).values())) if aliases else {}
        self._aliases = {get_name_key(o): n for o, n in (aliases or {}).items() if n in labels}

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Every part of a name; read once it is needed."""
        return self._source.list_parts()

    @cached_property
    def _long_parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if len(part) >= _LONG_PART_CHARS)

    def _load(self, words: Sequence[Token]) -> None:
        """Look up what the words of a text may be, all at once."""
        keys = [word.key for word in words]
        self._counts.load(keys)
        joined = {
            "".join(keys[at : at + n])
            for at in range(len(keys))
            for n in range(1, _MOST_PARTS_IN_FULL + 1)
        }
        self._exact.load(joined)
        self._turned.load(joined)
        # A text of slips would ask for the initials of each run by themselves.
        judged = [self._judge(word) for word in words]
        known = [key in self._counts for key in keys]
        runs = (slice(at, at + n) for at in range(len(words)) for n in range(2, _MAX_PARTS + 1))
        self._by_initials.load(
            get_initials(order)
            for run in runs
            if _is_name_like(judged[run]) and not all(known[run])
            for order in (keys[run], keys[run][::-1])
        )

    def find_mentions(self, text: str) -> list[Mention]:
        """People surely named in a question, in order, not overlapping, never absent ones."""
        mentions: list[Mention] = []
        words = extract_tokens(text)
        self._load(words)
        at = 0
        while at < len(words):
            mention = self._find_longest(text, words, at)
            if mention is None:
                at += 1
                continue
            mentions.append(mention)
            while at < len(words) and words[at].start < mention.span[1]:
                at += 1
        return mentions

    def resolve(
        self, text: str, span: Span | None = None, *, with_similar: bool = True
    ) -> Mention | None:
        """The person that a phrase standing where a name is expected means.

        Args:
            text: The question, or the phrase alone.
            span: Of the phrase in ``text``; the whole text by default.
            with_similar: Whether an absent name comes with those that look like it.

        Returns:
            A mention, with no names where nobody is called that; None where it is no name at all.
        """
        start, end = span or (0, len(text))
        items = extract_tokens(text)
        first = bisect_left(items, start, key=lambda word: word.start)
        words = list(
            takewhile(lambda word: word.end <= end, items[first : first + _MOST_PARTS_IN_FULL + 1])
        )
        self._load(words)
        is_printed = "".join(word.key for word in words) in self._exact
        if not words or (len(words) > _MAX_PARTS and not is_printed):
            return None
        mention = self._find_longest(text, words, 0) or self._match_partial(text, words)
        if mention is not None and mention.span[1] >= words[-1].end:
            return mention
        if not self._is_name_like(words):
            return None
        typed = text[words[0].start : words[-1].end]
        alike = self.find_similar(typed) if with_similar else ()
        return Mention((words[0].start, words[-1].end), typed, (), "absent", alike)

    def is_part(self, word: str) -> bool:
        """Whether somebody here has this word as a part of the name."""
        return get_name_key(word) in self._counts

    def find_similar(self, typed: str, k: int = 3) -> tuple[str, ...]:
        """Names that look like ``typed``, best first; ties by name.

        Only those are compared that have a part like one of the typed ones. What was found is kept: a
        question asks up to four times, and its follow-up again.
        """
        found = self._similar.get(typed)
        if found is None:
            if len(self._similar) >= _MOST_KEPT:
                self._similar = {}
            found = self._similar[typed] = self._find_similar(typed)
        return found[:k]

    def _find_similar(self, typed: str) -> tuple[str, ...]:
        """All of them."""
        typed_parts = [get_name_key(part) for part in typed.split()]
        alike = {
            part
            for typed_part in set(filter(None, typed_parts))
            for part, _, _ in process.extract(
                typed_part, self.parts, scorer=fuzz.ratio, score_cutoff=_PART_RATIO, limit=_MOST_PARTS
            )
        }  # fmt: skip
        self._by_part.load(alike)
        spaced = {name: _join(name) for part in alike for name in self._by_part.get(part)}
        scored = process.extract(
            " ".join(typed_parts), spaced, scorer=fuzz.ratio, score_cutoff=_NEAR_RATIO, limit=None
        )
        return tuple(n for _, _, n in sorted(scored, key=lambda s: (-s[1], s[2])))

    def find_lookalikes(self, name: str) -> tuple[str, ...]:
        """Other names that may be the same person's, such as ``Kexin Bao`` and ``Kexin Baoa``.

        One letter apart in a name of nine letters or more, the same parts turned around, or one with
        initials where the other has names: ``T. J. Siddal``, ``Tanvir Siddal``.
        """
        mine = split_name(name)
        turned = mine[::-1]
        lookalikes = {n for n in self._exact.get("".join(turned)) if split_name(n) == turned}
        words = [part for part in mine if len(part) > 1]
        self._by_part.load(words)
        for word in words:
            lookalikes |= {n for n in self._by_part.get(word) if is_shorter_print(n, name)}
        joined = "".join(mine)
        if len(joined) >= 8:
            lookalikes |= {
                n
                for n in self._list_near(mine)
                if OSA.distance("".join(split_name(n)), joined, score_cutoff=1) == 1
                and self._has_rare_difference(split_name(n), mine)
            }
        return tuple(sorted(lookalikes - {name}))

    def _list_near(self, parts: Sequence[str]) -> set[str]:
        """Names that one letter may part from a name: they share its other parts, if it has any."""
        if len(parts) > 1:
            self._by_part.load(parts)
            return {name for part in parts for name in self._by_part.get(part)}
        close = process.extract(
            parts[0], self.parts, scorer=OSA.distance, score_cutoff=1, limit=None
        )
        return {name for part, _, _ in close for name in self._by_part.get(part)}

    def _has_rare_difference(self, parts: Sequence[str], other_parts: Sequence[str]) -> bool:
        """Whether one of the parts in which two names differ is only one person's."""
        return len(parts) == len(other_parts) and any(
            a != b and min(self._counts.get(a), self._counts.get(b)) == 1
            for a, b in zip(parts, other_parts, strict=True)
        )

    # --- one phrase ---------------------------------------------------------------------

    def _find_longest(self, text: str, words: Sequence[Token], at: int) -> Mention | None:
        for n in range(min(_MOST_PARTS_IN_FULL, len(words) - at), 1, -1):
            part = words[at : at + n]
            if n > _MAX_PARTS and "".join(word.key for word in part) not in self._exact:
                continue
            gaps = [text[a.end : b.start] for a, b in zip(part, part[1:], strict=False)]
            if all(gap in (" ", ", ") for gap in gaps):
                if (mention := self._match(text, part, comma=", " in gaps)) is not None:
                    return mention
        return self._match_single_word(text, words[at])

    def _match(self, text: str, part: Sequence[Token], *, comma: bool) -> Mention | None:
        span = (part[0].start, part[-1].end)
        typed = text[span[0] : span[1]]
        joined = "".join(word.key for word in part)
        if not comma and joined in self._exact:
            names = self._find_by_spacing(joined, part)
            # "van der Berg" is J. van der Berg in short, and Pieter van der Berg's family name
            if part[0].key in PARTICLES and len(family := self._match_family(part)) > len(names):
                return Mention(span, typed, choose_fullest_print(family), "family")
            if number := _NUMBER.match(text, span[1]):
                numbered = tuple(n for n in names if n.endswith(number.group()))
                end = number.end() if numbered else span[1]
                return Mention((span[0], end), text[span[0] : end], numbered or names, "exact")
            return Mention(span, typed, names, "exact")
        if not comma and joined in self._aliases:
            return Mention(span, typed, (self._aliases[joined],), "alias")
        if joined in self._turned and (comma or self._is_name_like(part)):
            return Mention(span, typed, self._turned.get(joined), "reordered")
        if not comma and (names := self._match_family(part)):
            return Mention(span, typed, choose_fullest_print(names), "family")
        if comma or not self._is_name_like(part):
            return None
        if names := self._match_initials(part):
            return Mention(span, typed, names, "partial")
        if names := self._match_misspelt(part):
            return Mention(span, typed, names, "misspelt")
        return None

    def _find_by_spacing(self, joined: str, part: Sequence[Token]) -> tuple[str, ...]:
        spaced = " ".join(word.key for word in part)
        names = self._exact.get(joined)
        return tuple(name for name in names if _join(name) == spaced) or names

    def _match_single_word(self, text: str, word: Token) -> Mention | None:
        """A name typed in one word: ``QianyuZhou``, ``王伟``."""
        if word.key in self._exact and len(word.key) >= (5 if word.key.isascii() else 2):
            return Mention((word.start, word.end), word.text, self._exact.get(word.key), "exact")
        if word.key in self._aliases:
            return Mention((word.start, word.end), word.text, (self._aliases[word.key],), "alias")
        return None

    def _match_partial(self, text: str, words: Sequence[Token]) -> Mention | None:
        """A surname or given name alone, well or badly spelt; a surname of several words as printed."""
        if len(words) > 1:
            return self._match_run(text, words)
        word = words[0]
        names = self._by_part.get(word.key)
        how: How = "partial"
        if not names and len(word.key) >= _LONG_PART_CHARS and self._is_name_like(words):
            close = process.extract(
                word.key, self._long_parts, scorer=OSA.distance, score_cutoff=1, limit=None
            )
            names = tuple(sorted({n for p, _, _ in close for n in self._by_part.get(p)}))
            how = "misspelt"
        if not names:
            return None
        return Mention((word.start, word.end), word.text, choose_fullest_print(names), how)

    def _match_run(self, text: str, words: Sequence[Token]) -> Mention | None:
        """``van der Berg``, ``García Márquez``: words that follow one another in a longer name."""
        keys = tuple(word.key for word in words)
        names = tuple(
            name
            for name in self._by_part.get(min(keys, key=self._counts.get))
            for parts in (split_name(name),)
            if any(parts[at : at + len(keys)] == keys for at in range(len(parts) - len(keys) + 1))
        )
        span = (words[0].start, words[-1].end)
        typed = text[span[0] : span[1]]
        return Mention(span, typed, choose_fullest_print(names), "partial") if names else None

    def _match_family(self, part: Sequence[Token]) -> tuple[str, ...]:
        """``de la Croix``: a family name of several words, which begins with a particle of names here.

        Given names or initials before it are some of the person's: ``C. de la Croix``; hyphens are spaces.
        """
        at = next((n for n, word in enumerate(part) if word.key in PARTICLES), len(part))
        first_names, part = part[:at], part[at:]
        if not part or not part[-1].text[0].isupper():
            return ()
        keys = [word.key for word in part]
        pieces = [get_name_key(piece) for word in part for piece in re.split("[-‐–]", word.text)]
        tail = "".join(keys)
        return tuple(
            name
            for key in dict.fromkeys((keys[-1], pieces[-1], "".join(keys[-2:])))
            if key in self._counts
            for name in self._by_part.get(key)
            if (before := list_endings(drop_suffix(split_name(name))).get(tail)) is not None
            and is_some_of([word.key for word in first_names], before)
        )

    def _match_initials(self, part: Sequence[Token]) -> tuple[str, ...]:
        """``S. Ge`` or ``Nannan W.``: one part whole, the others by their first letter; ``P. Smith`` is Peter J. Smith."""
        keys = [word.key for word in part]
        if not any(len(k) == 1 for k in keys) or all(len(k) == 1 for k in keys):
            return ()
        full_part = min((k for k in keys if len(k) > 1), key=self._counts.get)
        return tuple(
            name
            for name in self._by_part.get(full_part)
            for parts in (split_name(name),)
            if any(_is_short_for(keys, each) for each in (parts, drop_initials(parts)))
        )

    def _match_misspelt(self, part: Sequence[Token]) -> tuple[str, ...]:
        """The closest names, if close enough; equally close ones together.

        As a slip spares the first letters (`_is_slip`), only names with the same ones are looked at.
        """
        keys = [word.key for word in part]
        if all(k in self._counts for k in keys):
            return ()
        costs: dict[str, int] = {}
        for order in (keys, keys[::-1]):
            same = {name: _join(name) for name in self._by_initials.get(get_initials(order))}
            alike = process.extract(
                " ".join(order), same, scorer=fuzz.ratio, score_cutoff=75.0, limit=None
            )
            for _, _, name in alike:
                parts = split_name(name)
                if len(parts) != len(order):
                    parts = drop_initials(parts)
                cost = self._compute_cost(order, parts)
                if cost is not None:
                    costs[name] = min(cost, costs.get(name, cost))
        best = min(costs.values(), default=0)
        return tuple(name for name, cost in costs.items() if cost == best)

    def _compute_cost(self, keys: Sequence[str], parts: Sequence[str]) -> int | None:
        """Letters to change, or None where that is too many to be a slip."""
        if len(keys) != len(parts):
            return None
        total = sum(map(len, parts))
        if abs(total - sum(map(len, keys))) > 2:
            return None
        changes = [OSA.distance(a, b) for a, b in zip(keys, parts, strict=True)]
        if sum(changes) > max(1, round(0.2 * total)):
            return None
        for typed, known_part, n in zip(keys, parts, changes, strict=True):
            if n and not self._is_slip(
                typed, known_part, n, anchor=self._compute_anchor(keys, parts)
            ):
                return None
        return sum(changes)

    def _compute_anchor(self, keys: Sequence[str], parts: Sequence[str]) -> int:
        """Letters of the longest part that is spelt right and belongs to one person alone."""
        right = (b for a, b in zip(keys, parts, strict=True) if a == b)
        return max((len(b) for b in right if self._counts.get(b) == 1), default=0)

    @staticmethod
    def _is_slip(typed: str, known_part: str, n: int, *, anchor: int) -> bool:
        """Every part keeps its first letter; a short one may gain, lose or swap letters only."""
        if typed[0] != known_part[0]:
            return False
        if min(len(typed), len(known_part)) <= 3:
            replaced = len(typed) == len(known_part) and sorted(typed) != sorted(known_part)
            return n == 1 and (not replaced or anchor >= 6)
        return n <= (1 if len(known_part) <= 5 else 2)

    def _is_name_like(self, words: Sequence[Token]) -> bool:
        """Whether each word may be part of a name and at least one is no ordinary word."""
        return _is_name_like([self._judge(word) for word in words])

    def _judge(self, word: Token) -> bool | None:
        """Whether a word that may be part of a name tells one, being no ordinary word; None where it may not.

        Each run of words that may be a name asks it of each of them again.
        """
        judged = self._judged
        try:
            return judged[word.text]
        except KeyError:
            if len(judged) >= _MOST_JUDGED:
                judged = self._judged = {}
            verdict = judged[word.text] = self._judge_anew(word)
            return verdict

    def _judge_anew(self, word: Token) -> bool | None:
        known = word.key in self._counts
        ordinary = word.text.lower() in self._vocabulary or word.text.lower() in STOP_WORDS
        if any(c.isupper() for c in word.text[1:]) and not _CAPITALS.fullmatch(word.text):
            return None
        if not known and ordinary:
            return None
        if not known and len(word.key) == 1 and not word.text[0].isupper():
            return None
        return known or not ordinary


def _is_name_like(judged: Sequence[bool | None]) -> bool:
    return None not in judged and True in judged


def choose_fullest_print(names: tuple[str, ...]) -> tuple[str, ...]:
    """The one of which the others are shorter prints, ``J. Doe`` of Jana Doe; else all of them.

    The answer then names the others as perhaps the same person.
    """
    fullest = max(names, key=lambda name: (len(name), name), default="")
    is_one = all(name == fullest or is_shorter_print(name, fullest) for name in names)
    return (fullest,) if names and is_one else names


def _join(name: str) -> str:
    return " ".join(split_name(name))


def _is_short_for(keys: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether what was typed for each part of a name is that part, or its first letter."""
    return len(parts) == len(keys) and all(
        p == k or (len(k) == 1 and p[:1] == k) for p, k in zip(parts, keys, strict=True)
    )
