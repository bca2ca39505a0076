"""Papers that a question calls by their names: a title, its short form, or a coined word.

A word counts as a paper's name where that paper alone introduces it; one that papers only use (a data
set, a common model) names none of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.census import NAMED, Census, is_headed, is_made_up, short_name
from rag.text import fold, sentences
from rag.types import Paper, Span

MOST_BEARERS = 2
"""Papers that may have a coined word, for it still to be the name of the one that introduces it."""
_SHORT = 3
_LEAST_WORDS = 3
"""Words from which a title is looked for however it is typed; a shorter one may be common words."""
_VERB = (
    r"\b(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|devis\w+|describ\w+|formulat\w+|establish\w*|construct\w*|"
    r"build|built|novel|this\s+(?:paper|work|letter|study))\b"
)
_CALLED = r"\b(?:call(?:ed)?|named?|namely|dubbed|termed?|denoted|referred\s+to|i\.e\.)(?:\s+as)?,?\s+(?:the\s+)?"
_BETWEEN = r"(?:(?!\b(?:on|using|via|from|by|based|for|in|with|to|of|than|like|as|that|and)\b)[^.;()]){0,80}?"
"""From the verb to the name that is its object; behind a preposition stands what is used."""
_SPELT_OUT = (
    r"(?:[A-Z][\w-]+\s+(?:(?:of|and|with|for|via|the|in|to|on)\s+)?){1,7}\((?:i\.e\.,?\s*)?"
)
"""``Adaptive Mixture of Experts Learning (``: in capitals, as what one names oneself is written."""
_RUN = re.compile(r"\w+")
_AROUND = re.compile(
    r"^\W*(?:(?:the|a|an|method|methods|paper|papers|approach|model|framework|system|algorithm|called|named)\b\s*)+"
    r"|(?:\s+(?:method|paper|approach|model|framework|system|algorithm))+\W*$|^\W+|\W+$",
    re.IGNORECASE,
)


def named_in(text: str, now: Census) -> tuple[str, ...]:
    """Ids of the papers that a text calls by name, in its order; a longer name goes before a shorter."""
    found: list[tuple[Span, str]] = []
    begun = _titles(now).begun
    said = _RUN.findall(text.lower())
    starts = {*((word,) for word in said), *pairwise(said)}
    phrases = {pair for start in starts for pair in begun.get(start, ())}
    for name, paper_id in sorted(phrases, key=lambda pair: (-len(pair[0]), pair[1])):
        found += [(span, paper_id) for span in _places(name, text) if _is_free(span, found)]
    for match in NAMED.finditer(text):
        owners = owners_of(match.group(), now) if _is_free(match.span(), found) else ()
        if len(owners) == 1:
            found.append((match.span(), owners[0]))
    return tuple(dict.fromkeys(paper_id for _, paper_id in sorted(found)))


def named_by(side: str, now: Census) -> str | None:
    """Id of the one paper that a side of a comparison names, and nothing besides; None if none."""
    bare = fold(_bare(side))
    whole = _titles(now).whole.get(bare, ())
    if len(whole) == 1:
        return whole[0]
    owners = owners_of(_bare(side), now) if NAMED.fullmatch(_bare(side)) else ()
    return owners[0] if len(owners) == 1 else None


def is_unheard(side: str, now: Census) -> bool:
    """Whether a side is one coined word that stands in no paper."""
    word = _bare(side)
    return NAMED.fullmatch(word) is not None and is_made_up(word) and not now.says(fold(word))


def owners_of(word: str, now: Census) -> tuple[str, ...]:
    """Ids of the papers whose name a coined word is: it heads their titles, or they introduce it."""
    if not is_made_up(word):
        return ()
    held = now.bearing(fold(word))
    headed = tuple(i for i in held if _heads(word, now.by_id[i]))
    if headed or len(held) > MOST_BEARERS or _is_said_of(word):
        return headed
    own = tuple(i for i in held if _introduces(now.by_id[i], word))
    written = sum(word in f"{p.title or ''} {p.text}" for p in now.papers) if own else 0
    return own if written <= MOST_BEARERS else ()


def _heads(word: str, paper: Paper) -> bool:
    """Whether the word begins the name that stands before the colon of the title."""
    return short_name(paper) != paper.title and is_headed(word, paper)


def _is_said_of(word: str) -> bool:
    """Whether it rather tells a kind: ``GNN-based``, ``Semi-Supervised``, ``LVLMs``."""
    *_, last = parts = word.split("-")
    plain = not any(is_made_up(part) for part in parts)
    return last.islower() or (plain and len(parts) > 1) or (word[:-1].isupper() and word[-1] == "s")


def _bare(side: str) -> str:
    return _AROUND.sub("", _AROUND.sub("", side))


@dataclass(frozen=True, slots=True)
class _Titles:
    """The names that titles give, to be looked up.

    Attributes:
        whole: Ids of the papers by their folded titles and short names.
        begun: Names with the ids of their papers, by the first one or two words in lower case.
    """

    whole: Mapping[str, list[str]]
    begun: Mapping[tuple[str, ...], list[tuple[str, str]]]


@lru_cache(maxsize=4)
def _titles(now: Census) -> _Titles:
    whole: dict[str, list[str]] = defaultdict(list)
    begun: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for paper in now.papers:
        if paper.title:
            for told in {fold(paper.title), fold(short_name(paper))}:
                whole[told].append(paper.paper_id)
        for name in _phrases(paper):
            if _is_apart(name, now):
                start = tuple(_RUN.findall(name.lower())[:2])
                begun[start].append((name, paper.paper_id))
    return _Titles(whole, begun)


def _phrases(paper: Paper) -> tuple[str, ...]:
    """The whole title, and its short form where that is a name: one word, or with one that is coined."""
    if not paper.title:
        return ()
    short = short_name(paper)
    whole = (paper.title,) if len(paper.title.split()) >= _LEAST_WORDS else ()
    is_name = len(short.split()) == 1 or any(is_made_up(word) for word in NAMED.findall(short))
    return (*whole, short) if is_name and short != paper.title else whole


def _is_apart(name: str, now: Census) -> bool:
    """Whether a name is not one common word with a capital: ``Foodfusion``, but not ``Divide``."""
    return " " in name or is_made_up(name) or fold(name) not in now.words


def _places(name: str, text: str) -> list[Span]:
    """Where a name stands as whole words; a short one only as it is written."""
    found, at = [], -1
    long = len(name.split()) >= _LEAST_WORDS
    held, sought = (text.lower(), name.lower()) if long else (text, name)
    while (at := held.find(sought, at + 1)) >= 0:
        end = at + len(sought)
        if not (held[:at][-1:].isalnum() or held[end : end + 1].isalnum() or _goes_on(held, end)):
            found.append((at, end))
    return found


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on after a hyphen: ``FedLC`` is not said by ``FedLC-2``."""
    return text[at : at + 1] in ("-", "^", "+") and text[at + 1 : at + 2].isalnum()


def _is_free(span: Span, found: list[tuple[Span, str]]) -> bool:
    return all(span[1] <= a or span[0] >= b for (a, b), _ in found)


@lru_cache(maxsize=20_000)
def _introduces(paper: Paper, word: str) -> bool:
    """Whether a sentence says the word as the name of what the paper proposes."""
    name = rf"(?<![\w-]){re.escape(word)}(?!\w|-\w)"
    ways = [rf"{_CALLED}{name}", rf"{_VERB}[^.;]*?(?-i:{_SPELT_OUT}){name}"]
    if not word.isupper() or len(word) > _SHORT:  # GNN, told as known, is spelt out nowhere
        ways.append(rf"{_VERB}{_BETWEEN}{name}")
    said = re.compile("|".join(ways), re.IGNORECASE)
    return any(said.search(paper.text[a:b]) for a, b in sentences(paper.text))
