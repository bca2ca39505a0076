"""Coined names that are typed without their marks, spelt as the papers print them.

``C2RL`` is printed C^2RL and ``sign d2c`` Sign-D2C: neither was found, and a comparison of the two was
declined because nothing here has the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from rag.library.naming import NAMED, drop_marks, is_made_up
from rag.library.view import LibraryView
from rag.text import STOP_WORDS, fold
from rag.types import Span

_WORD = re.compile(r"[^\W_]+(?:[-^+$][^\W_]+)*")
_MOST_WORDS = 3
_MOST_PAPERS = 8
"""Papers that are read for how they spell a name."""
_LEAST_CHARS = 3


def spell_names(text: str, library: LibraryView) -> str:
    """The text with coined names as the papers print them, where it leaves marks out or has others.

    A space stands for a hyphen alone, so that "paper id 3" is not ID^3; a name in small letters is one
    where it has a digit. What papers print as it is typed stays.
    """
    runs = {span: drop_marks(text[slice(*span)]) for span in _iter_runs(text)}
    ids = library.list_with_bare(set(runs.values()))
    library.vocabulary.coined.load(
        fold(text[slice(*span)]) for span, key in runs.items() if key in ids
    )
    spelt: list[tuple[Span, str]] = []
    for span, key in runs.items():
        typed = text[slice(*span)]
        is_taken = any(span[0] < end and start < span[1] for (start, end), _ in spelt)
        if key not in ids or is_taken or fold(typed) in library.vocabulary.coined:
            continue
        if printed := _find_printed(typed, ids[key][:_MOST_PAPERS], library):
            spelt.append((span, printed))
    for (start, end), printed in sorted(spelt, reverse=True):
        text = f"{text[:start]}{printed}{text[end:]}"
    return text


def _iter_runs(text: str) -> Iterator[Span]:
    """Stretches of one to three words that may be a name, longer ones first."""
    words = [match.span() for match in _WORD.finditer(text)]
    for n in range(_MOST_WORDS, 0, -1):
        for at in range(len(words) - n + 1):
            start, end = words[at][0], words[at + n - 1][1]
            typed = text[start:end]
            gaps = (
                text[a[1] : b[0]] for a, b in zip(words[at:], words[at + 1 : at + n], strict=False)
            )
            ends = (text[slice(*words[at])], text[slice(*words[at + n - 1])])
            may_be_name = not typed.islower() or any(c.isdigit() for c in typed)
            if (
                may_be_name
                and end - start >= _LEAST_CHARS
                and all(gap == " " for gap in gaps)
                and not any(fold(word) in STOP_WORDS for word in ends)
            ):
                yield start, end


def _find_printed(typed: str, paper_ids: list[str], library: LibraryView) -> str:
    """How the papers print a name most often; empty where they print none that is typed so."""
    key, spaces = drop_marks(typed), _find_breaks(typed, " ")
    alike = Counter(
        word
        for paper in library.list_papers(paper_ids)
        for word in NAMED.findall(f"{paper.title or ''} {paper.text}")
        if drop_marks(word) == key
    )
    # AI-Generated stands in titles, AI-generated in texts: a kind
    if not all(map(_is_name, alike)):
        return ""
    printed = [word for word, _ in alike.most_common() if spaces <= _find_breaks(word, "-")]
    return printed[0] if printed else ""


def _find_breaks(name: str, mark: str) -> set[int]:
    """Before how many letters and digits a mark stands."""
    return {sum(c.isalnum() for c in name[:at]) for at, char in enumerate(name) if char == mark}


def _is_name(word: str) -> bool:
    """Whether it is a name and no kind: ``Sign-D2C``, but not ``Semi-Supervised`` or ``GNN-based``."""
    *_, last = parts = re.split(r"[-^+$]", word)
    return not last.islower() and any(is_made_up(part) or part.isdigit() for part in parts)
