"""Person names as people type them: exact, unaccented, reordered, shortened, misspelt, absent.

A name that is spelt validly but belongs to nobody here is absent, not misspelt: ``Hao Li`` is not
``Hao Liu`` when both ``Hao`` and ``Li`` are names in the library. Misspelling is assumed only where
a typed part is no name in the library and the full name is close to one that is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, RootModel, ValidationError
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from rag.library.identity import is_shorter_print
from rag.text import STOP_WORDS, fold
from rag.text.markdown import plain
from rag.types import Span
from rag.types.errors import SettingsError

How = Literal["exact", "alias", "reordered", "partial", "misspelt", "absent"]

_NAME_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[-'’.](?=[^\W\d_]))*\.?")
_CAPITALS = re.compile(
    r"(?:(?:Mc|Mac|Le|La|De|Di|Du|Del|Van|Von|O['’])?[A-Z][^\WA-Z\d_]*\.?(?:[-'’.]|$))+"
)
"""Capitals within a word that a name may have: ``LeCun``, ``Fei-Fei``, ``O'Neil``, ``J.K.``"""

_MAX_PARTS = 6
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_NUMBER = re.compile(r"\s(0\d{3})\b")
"""DBLP's number behind a name that several people have; no part of the name."""
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


class Aliases(RootModel[dict[str, list[str]]]):
    """The contents of ``aliases.yaml``: each name to show with the same person's other names."""

    model_config = ConfigDict(frozen=True)


ALIASES_FILE = "aliases.yaml"


def load_aliases(file: Path) -> dict[str, str]:
    """Other name -> name to show; empty where there is no such file.

    Raises:
        SettingsError: The file is no mapping from a name to a list of names.
    """
    if not file.is_file():
        return {}
    import yaml

    try:
        aliases = Aliases.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as exc:
        raise SettingsError(
            f"aliases file {str(file)!r} does not fit; "
            "each line is a name, a colon and a list of that person's other names"
        ) from exc
    return {
        other_name: name for name, other_names in aliases.root.items() for other_name in other_names
    }


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a typed name."""

    text: str
    start: int
    end: int
    key: str


def get_name_key(name: str) -> str:
    """Letters alone, folded: ``Ke-Yue Zhang`` -> ``keyuezhang``."""
    return "".join(c for c in fold(name) if c.isalpha())


@lru_cache(maxsize=64)  # a long question is looked at some hundred times, phrase by phrase
def extract_tokens(text: str) -> tuple[Token, ...]:
    """Words that may be parts of names, in order, possessive endings left off."""
    name_tokens = []
    for match in _NAME_TOKEN.finditer(text):
        word = re.sub(r"['’]s?$", "", match.group())
        if letters := get_name_key(word):
            name_tokens.append(Token(word, match.start(), match.start() + len(word), letters))
    return tuple(name_tokens)


def _drop_initials(parts: tuple[str, ...]) -> tuple[str, ...]:
    """``christopher d manning`` -> ``christopher manning``; names of initials alone stay whole."""
    long = tuple(part for part in parts if len(part) > 1)
    return long if len(long) > 1 else parts


def _get_initials(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part[:1] for part in parts)


class NameIndex:
    """Matches typed names against all names of a library.

    Args:
        names: As printed.
        aliases: Other name -> printed name, as the user wrote them.
        vocabulary: Ordinary words in lower case; a phrase of nothing else is no name.
    """

    def __init__(
        self,
        names: Iterable[str],
        aliases: Mapping[str, str] | None = None,
        vocabulary: Set[str] = frozenset(),
    ) -> None:
        self.names = tuple(sorted(set(names)))
        self._vocabulary = vocabulary
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._turned: dict[str, list[str]] = defaultdict(list)
        self._by_part: dict[str, list[str]] = defaultdict(list)
        self._by_initials: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
        self._parts = {
            name: tuple(filter(None, map(get_name_key, name.split()))) or (fold(name),)
            for name in self.names
        }
        self._spaced = {name: " ".join(parts) for name, parts in self._parts.items()}
        for name, parts in self._parts.items():
            self._exact["".join(parts)].append(name)
            self._turned["".join((parts[-1], *parts[:-1]))].append(name)
            for part in dict.fromkeys(parts):
                self._by_part[part].append(name)
            self._by_initials[_get_initials(parts)][name] = self._spaced[name]
            if len(parts) > 2 and parts[-1] in _SUFFIXES:
                self._exact["".join(parts[:-1])].append(name)
            if (short := _drop_initials(parts)) != parts:
                self._exact["".join(short)].append(name)
                self._by_initials[_get_initials(short)][name] = self._spaced[name]
        known_names = set(self.names)
        self._aliases = {get_name_key(o): n for o, n in (aliases or {}).items() if n in known_names}
        self._joined = {name: "".join(parts) for name, parts in self._parts.items()}
        self._long_parts = [part for part in self._by_part if len(part) >= 5]

    def find_mentions(self, text: str) -> list[Mention]:
        """People surely named in a question, in order, not overlapping, never absent ones."""
        mentions: list[Mention] = []
        words = extract_tokens(text)
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
        words = list(takewhile(lambda word: word.end <= end, items[first : first + _MAX_PARTS + 1]))
        if not words or len(words) > _MAX_PARTS:
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
        return get_name_key(word) in self._by_part

    def find_similar(self, typed: str, k: int = 3) -> tuple[str, ...]:
        """Names that look like ``typed``, best first; ties by name."""
        wanted = " ".join(get_name_key(part) for part in typed.split())
        scored = process.extract(
            wanted, self._spaced, scorer=fuzz.ratio, score_cutoff=_NEAR_RATIO, limit=k * 4
        )
        return tuple(n for _, _, n in sorted(scored, key=lambda s: (-s[1], s[2])))[:k]

    def find_lookalikes(self, name: str) -> tuple[str, ...]:
        """Other names that may be the same person's, such as ``Kexin Bao`` and ``Kexin Baoa``.

        One letter apart in a name of nine letters or more, the same parts turned around, or one with
        initials where the other has names: ``T. J. Siddal``, ``Tanvir Siddal``.
        """
        mine = self._parts.get(name, ())
        turned = mine[::-1]
        lookalikes = {n for n in self._exact.get("".join(turned), ()) if self._parts[n] == turned}
        for part in (part for part in mine if len(part) > 1):
            lookalikes |= {n for n in self._by_part[part] if is_shorter_print(n, name)}
        if len("".join(mine)) >= 8:
            alike = process.extract(
                "".join(mine), self._joined, scorer=OSA.distance, score_cutoff=1, limit=None
            )
            lookalikes |= {
                n
                for _, off, n in alike
                if off == 1 and self._has_rare_difference(self._parts[n], mine)
            }
        return tuple(sorted(lookalikes - {name}))

    def _has_rare_difference(self, parts: Sequence[str], other_parts: Sequence[str]) -> bool:
        """Whether one of the parts in which two names differ is only one person's."""
        return len(parts) == len(other_parts) and any(
            a != b and min(len(self._by_part[a]), len(self._by_part[b])) == 1
            for a, b in zip(parts, other_parts, strict=True)
        )

    # --- one phrase ---------------------------------------------------------------------

    def _find_longest(self, text: str, words: Sequence[Token], at: int) -> Mention | None:
        for n in range(min(_MAX_PARTS, len(words) - at), 1, -1):
            part = words[at : at + n]
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
            if number := _NUMBER.match(text, span[1]):
                numbered = tuple(n for n in names if n.endswith(number.group()))
                end = number.end() if numbered else span[1]
                return Mention((span[0], end), text[span[0] : end], numbered or names, "exact")
            return Mention(span, typed, names, "exact")
        if not comma and joined in self._aliases:
            return Mention(span, typed, (self._aliases[joined],), "alias")
        if joined in self._turned and (comma or self._is_name_like(part)):
            return Mention(span, typed, tuple(self._turned[joined]), "reordered")
        if comma or not self._is_name_like(part):
            return None
        if names := self._match_initials(part):
            return Mention(span, typed, names, "partial")
        if names := self._match_misspelt(part):
            return Mention(span, typed, names, "misspelt")
        return None

    def _find_by_spacing(self, joined: str, part: Sequence[Token]) -> tuple[str, ...]:
        spaced = " ".join(word.key for word in part)
        same = tuple(n for n in self._exact[joined] if self._spaced[n] == spaced)
        return same or tuple(self._exact[joined])

    def _match_single_word(self, text: str, word: Token) -> Mention | None:
        """A name typed in one word: ``QianyuZhou``, ``王伟``."""
        if word.key in self._exact and len(word.key) >= (5 if word.key.isascii() else 2):
            return Mention((word.start, word.end), word.text, tuple(self._exact[word.key]), "exact")
        if word.key in self._aliases:
            return Mention((word.start, word.end), word.text, (self._aliases[word.key],), "alias")
        return None

    def _match_partial(self, text: str, words: Sequence[Token]) -> Mention | None:
        """A surname or given name alone, well or badly spelt; a surname of several words as printed."""
        if len(words) > 1:
            return self._match_run(text, words)
        word = words[0]
        names = tuple(self._by_part.get(word.key, ()))
        how: How = "partial"
        if not names and len(word.key) >= 5 and self._is_name_like(words):
            close = process.extract(
                word.key, self._long_parts, scorer=OSA.distance, score_cutoff=1, limit=None
            )
            names = tuple(sorted({n for p, _, _ in close for n in self._by_part[p]}))
            how = "misspelt"
        if not names:
            return None
        return Mention((word.start, word.end), word.text, names, how)

    def _match_run(self, text: str, words: Sequence[Token]) -> Mention | None:
        """``van der Berg``, ``García Márquez``: words that follow one another in a longer name."""
        keys = tuple(word.key for word in words)
        rarest = min(keys, key=lambda key: len(self._by_part.get(key, ())))
        names = tuple(
            name
            for name in self._by_part.get(rarest, ())
            for parts in (self._parts[name],)
            if any(parts[at : at + len(keys)] == keys for at in range(len(parts) - len(keys) + 1))
        )
        span = (words[0].start, words[-1].end)
        return Mention(span, text[span[0] : span[1]], names, "partial") if names else None

    def _match_initials(self, part: Sequence[Token]) -> tuple[str, ...]:
        """``S. Ge`` or ``Nannan W.``: one part whole, the others by their first letter."""
        keys = [word.key for word in part]
        if not any(len(k) == 1 for k in keys) or all(len(k) == 1 for k in keys):
            return ()
        full_part = min(
            (k for k in keys if len(k) > 1), key=lambda k: len(self._by_part.get(k, ()))
        )
        return tuple(
            name
            for name in self._by_part.get(full_part, ())
            if len(parts := self._parts[name]) == len(keys)
            and all(
                p == k or (len(k) == 1 and p[:1] == k) for p, k in zip(parts, keys, strict=True)
            )
        )

    def _match_misspelt(self, part: Sequence[Token]) -> tuple[str, ...]:
        """The closest names, if close enough; equally close ones together.

        As a slip spares the first letters (`_is_slip`), only names with the same ones are looked at.
        """
        keys = [word.key for word in part]
        if all(k in self._by_part for k in keys):
            return ()
        costs: dict[str, int] = {}
        for order in (keys, keys[::-1]):
            same = self._by_initials.get(_get_initials(order), {})
            alike = process.extract(
                " ".join(order), same, scorer=fuzz.ratio, score_cutoff=75.0, limit=None
            )
            for _, _, name in alike:
                parts = self._parts[name]
                if len(parts) != len(order):
                    parts = _drop_initials(parts)
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
        return max((len(b) for b in right if len(self._by_part[b]) == 1), default=0)

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
        telling = False
        for word in words:
            known = word.key in self._by_part
            ordinary = word.text.lower() in self._vocabulary or word.text.lower() in STOP_WORDS
            if any(c.isupper() for c in word.text[1:]) and not _CAPITALS.fullmatch(word.text):
                return False
            if not known and ordinary:
                return False
            if not known and len(word.key) == 1 and not word.text[0].isupper():
                return False
            telling = telling or known or not ordinary
        return telling
