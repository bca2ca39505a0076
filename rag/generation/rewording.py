"""Checks that a model's rewording of a computed answer keeps its facts.

A rewording must have the same names in the same order, the same numbers with what they count, the
same markers, the same deciding words (``not``, ``most``, ``before``), and no content word that the
computed answer does not have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.confusables import RAISED
from rag.generation import markup
from rag.generation.numbers import VALUES, normalize_number
from rag.text import STOP_WORDS, fold, iter_words, stem
from rag.text.markdown import MARKER, markers

DECIDING = frozenset(
    """
not no none nobody nothing never neither nor without n't cannot only alone except other than more most fewer fewest
less least over under above below before after since until till between first second third last lead oldest newest
latest earliest older newer later earlier both all every each either any some several few many half twice double
almost nearly about approximately roughly exactly perhaps maybe possibly likely unlikely may might could would should
up down per yes instead also too again still yet if unless but however although
""".split()
)
"""Deciding words, which change the meaning; a rewording has the same ones equally often."""
FREE = frozenset({"also", "too", "but", "however", "although", "each", "below", "about", "all"})
"""Of these, those that may be left out or added: they join sentences or point at the list."""
NEUTRAL = frozenset(
    """
paper papers publication publications work works library collection document documents written wrote write writes
author authors authored list lists listed listing following follows follow shown show shows name names named appear
appears appearing stand stands include includes included including hold holds held total altogether number count
counted counts found find finds topic topics subject subjects people person persons researcher researchers entry
entries year years date dated print prints printed together here there result results answer question
""".split()
)
DROPPED = frozenset(
    "paper papers here library listed listing follow follows following stand stands counted held".split()
)
"""Content words that a rewording may drop."""
_WORDED_NUMBER = re.compile(r"\d[\d,.]*")
_WORDING_CLAUSE_END = re.compile(r"[.,;:()!?|\n]")


@dataclass(frozen=True, slots=True)
class _Facts:
    """The parts of a text that must not change, in order."""

    names: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    markers: tuple[int, ...]
    deciding: tuple[str, ...]


def check_wording(facts: str, wording: str) -> tuple[str, str]:
    """The wording as it may be shown, and why it may not; one of the two is empty.

    Args:
        facts: Computed, as Markdown with markers.
        wording: A model's.
    """
    if not wording.strip():
        return "", "it is empty"
    bare, n_removed = markup.extract_words(" ".join(wording.split()), lambda _: False)
    if n_removed or re.search(r"[<>`|#\\\[\]{}【】]", MARKER.sub(" ", bare)) or RAISED.search(bare):
        return "", "it has markup"
    plain_facts, plain_wording = _convert_to_plain(facts), _convert_to_plain(bare)
    if reason := _find_difference(plain_facts, plain_wording, _extract_names(facts)):
        return "", reason
    text = MARKER.sub(lambda m: chr(markup.FIRST_SEAT + int(m[1])), bare)
    safe = markup.SEATS.sub(
        lambda m: f"[{ord(m[0]) - markup.FIRST_SEAT}]", markup.escape_keeping_bold(text)
    )
    return safe, ""


def _find_difference(facts: str, wording: str, names: frozenset[str]) -> str:
    """In which way two texts say different things; empty if they say the same."""
    given_facts, worded_facts = _extract_facts(facts, names), _extract_facts(wording, names)
    known = {stem(fold(word)) for word, _ in iter_words(facts)}
    for word, _ in iter_words(MARKER.sub(" ", wording)):
        folded = fold(word)
        plain = folded in STOP_WORDS or folded in NEUTRAL or folded in DECIDING
        if not plain and stem(folded) not in known and not word.isdigit() and folded not in VALUES:
            return f"it adds “{word[:40]}”"
    if worded_facts.names != given_facts.names:
        return "it changes the names or their order"
    if worded_facts.markers != given_facts.markers:
        return "it changes the markers"
    if not _has_same_numbers(given_facts.numbers, worded_facts.numbers):
        return "it changes a number or what it counts"
    if sorted(worded_facts.deciding) != sorted(given_facts.deciding):
        return "it changes a word such as “not” or “most”"
    stems = {stem(fold(word)) for word, _ in iter_words(wording)}
    for word, _ in iter_words(MARKER.sub(" ", facts)):
        if fold(word) not in STOP_WORDS | DROPPED and stem(fold(word)) not in stems:
            return f"it leaves out “{word[:40]}”"
    if len(wording) > 2 * len(facts) + 200:
        return "it is too long"
    return ""


def _convert_to_plain(text: str) -> str:
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text.replace(markup.BOLD_WORDS, ""))
    return re.sub(r"[*∗_]+", "", text)


def _extract_names(facts: str) -> frozenset[str]:
    """Folded words of the facts that stand in bold or italics, or have a capital in mid-sentence."""
    set_off = " ".join(re.findall(r"(?<!\*)\*++([^*\n]+)\*++", facts))
    names = {fold(w) for w, _ in iter_words(set_off) if not w.isdigit()}
    plain = _convert_to_plain(facts)
    for word, (start, _) in iter_words(plain):
        before = plain[:start].rstrip(" \"'“‘(")
        opens = not before or before[-1] in ".!?:;\n"
        if any(c.isupper() for c in (word[1:] if opens else word)) and not word.isdigit():
            names.add(fold(word))
    return frozenset(names - NEUTRAL - STOP_WORDS)


def _extract_facts(text: str, names: frozenset[str]) -> _Facts:
    cited = tuple(markers(text))
    text = MARKER.sub(" ", text)
    typed = list(iter_words(text))
    folded = [fold(word) for word, _ in typed]
    return _Facts(
        tuple(word for word in folded if word in names),
        tuple(_extract_numbers(text, typed)),
        cited,
        tuple(w for w in _extract_decisions(text) if w not in FREE and w not in VALUES),
    )


def _extract_decisions(text: str) -> list[str]:
    parted = re.sub(r"n['’]t\b", " not", text)
    return [fold(word) for word, _ in iter_words(parted) if fold(word) in DECIDING]


def _extract_numbers(
    text: str, typed: Sequence[tuple[str, tuple[int, int]]]
) -> list[tuple[str, str]]:
    """Every number with what it counts: the next word of content in its clause, or nothing."""
    numbers = []
    last = 0
    for match in re.finditer(rf"{_WORDED_NUMBER.pattern}|[^\W\d_]+", text):
        if match.start() < last:
            continue
        number = match[0].rstrip(".,")
        value = normalize_number(number) if number[0].isdigit() else VALUES.get(fold(number), "")
        if not value or fold(number) == "one":
            continue
        last = match.start() + len(number)
        numbers.append((value, _extract_counted_stem(text[last:])))
    return numbers


def _extract_counted_stem(rest: str) -> str:
    """The stem of the first word of content behind a number, within its clause."""
    end = _WORDING_CLAUSE_END.search(rest)
    for word, _ in list(iter_words(rest[: end.start()] if end else rest))[:4]:
        folded = fold(word)
        if folded[0].isdigit() or folded in VALUES:
            return ""
        if folded not in STOP_WORDS:
            return stem(folded)
    return ""


def _has_same_numbers(
    given_numbers: Sequence[tuple[str, str]], worded_numbers: Sequence[tuple[str, str]]
) -> bool:
    if [value for value, _ in given_numbers] != [value for value, _ in worded_numbers]:
        return False
    pairs = zip(given_numbers, worded_numbers, strict=True)
    return all(is_ == was or (not was and is_ in ("", "paper")) or not is_ for (_, was), (_, is_) in pairs)  # fmt: skip
