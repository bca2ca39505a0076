"""Everyday words for research terms: a question told in plain words, told again in a paper's.

People who half remember a paper say *picture*, *footage* and *contest*; papers say image, video and
challenge. The pairs stand in ``thesaurus.yaml``. A single word gives way only to a term that is more
common in this library than the word itself, so the library's own words are never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rag.retrieving.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, terms, words
from rag.types import Span

FILE = Path(__file__).with_name("thesaurus.yaml")
MAX_WORDS = 4

Stems = tuple[str, ...]
Frequency = Callable[[Sequence[str]], dict[str, int]]
"""In how many chunks each stem occurs."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A question in research terms; each replacement is a span of the question and its term."""

    text: str
    replaced: tuple[tuple[Span, str], ...]


@cache
def _sections() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """By section: what is said for each research term."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    held: Mapping[str, Mapping[str, Sequence[str]]] = yaml.load(
        FILE.read_text(encoding="utf-8"), loader
    )
    return held


@cache
def _forms() -> dict[Stems, tuple[str, ...]]:
    """Research terms by the stems of what is said for them."""
    found: dict[Stems, dict[str, None]] = {}
    for section in _sections().values():
        for term, said in section.items():
            for form in said:
                found.setdefault(_stems(form), {})[term] = None
    return {form: tuple(meant) for form, meant in found.items()}


@cache
def said_words() -> frozenset[str]:
    """Every word of the pairs, everyday ones and terms, folded."""
    told = {form for forms in _sections().values() for form in forms}
    told |= {said for forms in _sections().values() for one in forms.values() for said in one}
    return frozenset(fold(word) for phrase in told for word, _ in words(phrase))


def rewrite(question: str, frequency: Frequency) -> Rewriting | None:
    """The question in the library's terms; None where nothing is to be replaced."""
    said = list(_said(question))
    if not said:
        return None
    known = {stem for form in {f for f, _ in said} for t in _forms()[form] for stem in _stems(t)}
    counts = frequency(sorted(known | {s for form, _ in said for s in form}))

    def common(stems: Stems) -> int:
        return min((counts[stem] for stem in stems), default=0)

    replaced: list[tuple[Span, str]] = []
    for form, span in said:
        term = max(_forms()[form], key=lambda t: (common(_stems(t)), t))
        rival = common(form) if len(form) == 1 else 0
        free = not replaced or replaced[-1][0][1] <= span[0]
        if free and common(_stems(term)) > rival and not _is_said(term, question):
            replaced.append((span, term))
    return Rewriting(_replaced(question, replaced), tuple(replaced)) if replaced else None


def _said(question: str) -> Iterator[tuple[Stems, Span]]:
    """Everyday forms in a question, in order, the longest first at each place."""
    told = list(words(question))
    for at, (word, (start, _)) in enumerate(told):
        for n in range(min(MAX_WORDS, len(told) - at), 0, -1):
            end = told[at + n - 1][1][1]
            if n == 1 and (fold(word) in FRAME_WORDS | STOP_WORDS or _is_name(word)):
                continue
            form = _stems(question[start:end])
            if form in _forms():
                yield form, (start, end)


def _is_name(word: str) -> bool:
    """Written with capitals or figures inside, as acronyms and names of methods are."""
    return any(c.isupper() or c.isdigit() for c in word[1:])


def _is_said(term: str, question: str) -> bool:
    """Whether the question has the term already."""
    return f" {term} " in f" {fold(question)} "


def _replaced(question: str, replaced: Sequence[tuple[Span, str]]) -> str:
    parts, at = [], 0
    for (start, end), term in replaced:
        parts += [question[at:start], term]
        at = end
    return "".join([*parts, question[at:]])


@lru_cache(maxsize=20_000)
def _stems(text: str) -> Stems:
    return tuple(terms(text, keep_stop_words=True))
