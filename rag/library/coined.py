"""Finds the papers that a question names: by title, by its short form, or by a coined word.

A word is the name of a paper if only that paper introduces it; a word that papers merely use (a
data set, a common model) names none of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from rag.library.naming import NAMED, is_made_up, shorten
from rag.library.paper_words import LEAST_WORDS, WORD_RUN
from rag.library.view import LibraryView
from rag.text import fold, split_sentences
from rag.types import Paper, Span

MOST_BEARERS = 2
"""Papers that may contain a coined word before it stops being the name of one of them."""
_SHORT_NAME_CHARS = 3
_NAMING_VERB = (
    r"\b(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|devis\w+|describ\w+|formulat\w+|establish\w*|construct\w*|"
    r"build|built|novel|this\s+(?:paper|work|letter|study))\b"
)
_CALLED_PHRASE = r"\b(?:call(?:ed)?|named?|namely|dubbed|termed?|denoted|referred\s+to|i\.e\.)(?:\s+as)?,?\s+(?:the\s+)?"
_BETWEEN_WORDS = r"(?:(?!\b(?:on|using|via|from|by|based|for|in|with|to|of|than|like|as|that|and)\b)[^.;()]){0,80}?"
"""From the verb to the name that is its object; behind a preposition stands what is used."""
_SPELT_OUT = (
    r"(?:[A-Z][\w-]{1,40}\s+(?:(?:of|and|with|for|via|the|in|to|on)\s+)?){1,7}"
    r"(?:[a-z]{4,40}\s+)?\((?:i\.e\.,?\s*)?"
)
"""``Adaptive Mixture of Experts Learning (``: in capitals, as what one names oneself is written, but for a
last word, as in ``Natural Consistency representation (``."""
_AROUND = re.compile(
    r"^\W*(?:(?:the|a|an|method|methods|paper|papers|approach|model|framework|system|algorithm|called|named)\b\s*)+"
    r"|(?:\s+(?:method|paper|approach|model|framework|system|algorithm))+\W*$|^\W+|\W+$",
    re.IGNORECASE,
)


def find_papers_named_in(text: str, library: LibraryView) -> tuple[str, ...]:
    """Ids of the papers that a text calls by name, in its order; a longer name goes before a shorter."""
    return tuple(dict.fromkeys(paper_id for _, paper_id in find_named_spans(text, library)))


def find_named_spans(text: str, library: LibraryView) -> Sequence[tuple[Span, str]]:
    """Where a text calls papers by name, and which; in its order, without overlap."""
    return library.recall(("named spans", text), lambda: _find_named_spans(text, library))


def _find_named_spans(text: str, library: LibraryView) -> Sequence[tuple[Span, str]]:
    places: list[tuple[Span, str]] = []
    runs = WORD_RUN.findall(text.lower())
    starts = {*runs, *(f"{first} {second}" for first, second in pairwise(runs))}
    phrases = [p for p in library.list_names_beginning(starts) if _is_apart(p[0], library)]
    for name, paper_id in sorted(phrases, key=lambda pair: (-len(pair[0]), pair[1])):
        places += [(span, paper_id) for span in _find_places(name, text) if _is_free(span, places)]
    free = [match for match in NAMED.finditer(text) if _is_free(match.span(), places)]
    words = dict.fromkeys(match.group() for match in free if is_made_up(match.group()))
    coined = library.vocabulary.coined
    coined.load(map(fold, words))
    owners = {
        word: find_owners(word, library) or _find_owners_of_variant(word, library)
        for word in words
        if fold(word) in coined or _VARIANT.fullmatch(word)
    }
    places += [
        (match.span(), owner) for match in free for owner in _get_one(owners.get(match.group(), ()))
    ]
    return sorted(places)


def _get_one(owners: tuple[str, ...]) -> tuple[str, ...]:
    """The owner of a name that has one alone."""
    return owners if len(owners) == 1 else ()


def find_paper_named_by(side: str, library: LibraryView) -> str | None:
    """Id of the one paper that a side of a comparison names, and nothing besides; None if none."""
    name = _normalize_side(side)
    if entitled := find_paper_entitled(name, library):
        return entitled
    spans = find_named_spans(name, library)
    return spans[0][1] if [span for span, _ in spans] == [(0, len(name))] else None


def find_paper_entitled(word: str, library: LibraryView) -> str | None:
    """Id of the one paper whose title, or its short form, is this; None if none or several are."""
    return library.find_entitled([fold(word)]).get(fold(word))


def is_unheard(side: str, library: LibraryView) -> bool:
    """Whether a side is one coined word that is in no paper."""
    word = _normalize_side(side)
    return (
        NAMED.fullmatch(word) is not None
        and is_made_up(word)
        and not library.vocabulary.has_phrase(fold(word))
    )


def find_owners(word: str, library: LibraryView) -> tuple[str, ...]:
    """Ids of the papers whose name a coined word is: it heads their titles, or they introduce it."""
    if not is_made_up(word):
        return ()
    headed = tuple(
        paper_id for paper_id, title in library.list_headed(word) if shorten(title) != title
    )
    if headed or _is_said_of(word):
        return headed
    paper_ids = library.find_papers_bearing(fold(word), MOST_BEARERS + 1)
    if len(paper_ids) > MOST_BEARERS:
        return ()
    papers = library.list_papers(paper_ids)
    introducing = tuple(p.paper_id for p in papers if _is_introduced_by(p, word))
    return introducing if introducing and _is_written_by_few(word, library) else ()


_VARIANT = re.compile(r"(?P<name>[^\W_][\w-]{2,40}?)(?:-(?=[A-Z\d])|(?=[vV]\d))[\w.-]{1,20}")
"""``SDPose-T``, ``SDPose-S-V2``, ``SDPosev2``: a name and what tells one size or version of it."""


def _find_owners_of_variant(word: str, library: LibraryView) -> tuple[str, ...]:
    """Ids of the papers that own a name and print this size or version of it.

    "DistilPose-S or SDPose-T, which is smaller?" was answered from one of the two papers.
    """
    match = _VARIANT.fullmatch(word)
    owners = find_owners(match["name"], library) if match else ()
    printed = re.compile(rf"(?<![\w-]){re.escape(word)}(?!\w)")
    return tuple(p.paper_id for p in library.list_papers(owners) if printed.search(p.text))


def _is_written_by_few(word: str, library: LibraryView) -> bool:
    """Whether at most `MOST_BEARERS` papers have the word, also within longer ones."""
    longer = library.vocabulary.list_containing("coined", fold(word))
    n = 0
    for paper in library.iter_papers_with(longer):
        n += word in f"{paper.title or ''} {paper.text}"
        if n > MOST_BEARERS:
            return False
    return True


def _is_said_of(word: str) -> bool:
    """Whether it is a kind rather than a name: ``GNN-based``, ``Semi-Supervised``, ``LVLMs``."""
    *_, last = parts = word.split("-")
    plain = not any(is_made_up(part) for part in parts)
    return last.islower() or (plain and len(parts) > 1) or (word[:-1].isupper() and word[-1] == "s")


def _normalize_side(side: str) -> str:
    return _AROUND.sub("", _AROUND.sub("", side))


def _is_apart(name: str, library: LibraryView) -> bool:
    """Whether a name is not one common word with a capital: ``Foodfusion``, but not ``Divide``."""
    return " " in name or is_made_up(name) or fold(name) not in library.vocabulary.lower


def _find_places(name: str, text: str) -> list[Span]:
    """Where a name occurs as full words; a short one only in its exact spelling."""
    spans, at = [], -1
    long = len(name.split()) >= LEAST_WORDS
    haystack, sought = (text.lower(), name.lower()) if long else (text, name)
    while (at := haystack.find(sought, at + 1)) >= 0:
        end = at + len(sought)
        if not (
            haystack[:at][-1:].isalnum()
            or haystack[end : end + 1].isalnum()
            or _has_continuation(haystack, end)
        ):
            spans.append((at, end))
    return spans


def _has_continuation(text: str, at: int) -> bool:
    """Whether a word continues after a hyphen: ``FedLC-2`` does not name ``FedLC``."""
    return text[at : at + 1] in ("-", "^", "+") and text[at + 1 : at + 2].isalnum()


def _is_free(span: Span, places: list[tuple[Span, str]]) -> bool:
    return all(span[1] <= a or span[0] >= b for (a, b), _ in places)


@lru_cache(maxsize=20_000)
def _is_introduced_by(paper: Paper, word: str) -> bool:
    """Whether a sentence introduces the word as the name of the paper's proposal."""
    name = rf"(?<![\w-]){re.escape(word)}(?!\w|-\w)"
    ways = [rf"{_CALLED_PHRASE}{name}", rf"{_NAMING_VERB}[^.;]{{0,200}}?(?-i:{_SPELT_OUT}){name}"]
    if (
        not word.isupper() or len(word) > _SHORT_NAME_CHARS
    ):  # GNN, told as known, is spelt out nowhere
        ways.append(rf"{_NAMING_VERB}{_BETWEEN_WORDS}{name}")
    if not word.isupper():
        # "we design an effective diffusion transformer for image super-resolution (DiT-SR)"
        ways.append(rf"{_NAMING_VERB}[^.;()]{{0,120}}\(\s?{name}\s?\)")
    naming_pattern = re.compile("|".join(ways), re.IGNORECASE)
    return any(naming_pattern.search(paper.text[a:b]) for a, b in split_sentences(paper.text))
