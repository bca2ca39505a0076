"""Rewrites a question from everyday words into research terms.

People who half remember a paper say *picture*, *footage* and *contest*; papers say image, video and
challenge. The pairs are in ``thesaurus.yaml``. A single word is replaced only by a term that is more
common in this library than the word itself, so the library's own words are never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.types import Span

THESAURUS_FILE = Path(__file__).with_name("thesaurus.yaml")
MAX_FORM_WORDS = 4

Stems = tuple[str, ...]
Frequency = Callable[[Sequence[str]], dict[str, int]]
"""In how many chunks each stem occurs."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A question in research terms; each replacement is a span of the question and its term."""

    text: str
    replaced: tuple[tuple[Span, str], ...]


@cache
def _load_sections() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The everyday words for each research term, by section."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sections: Mapping[str, Mapping[str, Sequence[str]]] = yaml.load(
        THESAURUS_FILE.read_text(encoding="utf-8"), loader
    )
    return sections


@cache
def _load_forms() -> dict[Stems, tuple[str, ...]]:
    """Research terms by the stems of their everyday words."""
    terms_by_form: dict[Stems, dict[str, None]] = {}
    for section in _load_sections().values():
        for term, phrases in section.items():
            for form in phrases:
                terms_by_form.setdefault(_get_stems(form), {})[term] = None
    return {form: tuple(research_terms) for form, research_terms in terms_by_form.items()}


@cache
def load_all_words() -> frozenset[str]:
    """Every word of the pairs, everyday ones and terms, folded."""
    phrases = {form for forms in _load_sections().values() for form in forms}
    phrases |= {
        research_term
        for forms in _load_sections().values()
        for term_forms in forms.values()
        for research_term in term_forms
    }
    return frozenset(fold(word) for phrase in phrases for word, _ in iter_words(phrase))


def convert_to_research_terms(question: str, frequency: Frequency) -> Rewriting | None:
    """The question in the library's terms; None where nothing is to be replaced."""
    question_forms = list(_find_forms(question))
    if not question_forms:
        return None
    known = {
        stem
        for form in {f for f, _ in question_forms}
        for t in _load_forms()[form]
        for stem in _get_stems(t)
    }
    counts = frequency(sorted(known | {s for form, _ in question_forms for s in form}))

    def count_papers(stems: Stems) -> int:
        return min((counts[stem] for stem in stems), default=0)

    replaced: list[tuple[Span, str]] = []
    for form, span in question_forms:
        term = max(_load_forms()[form], key=lambda t: (count_papers(_get_stems(t)), t))
        rival = count_papers(form) if len(form) == 1 else 0
        free = not replaced or replaced[-1][0][1] <= span[0]
        if free and count_papers(_get_stems(term)) > rival and not _is_said(term, question):
            replaced.append((span, term))
    return Rewriting(_apply_replacements(question, replaced), tuple(replaced)) if replaced else None


def find_everyday_phrases(question: str) -> list[tuple[Span, tuple[str, ...]]]:
    """Spans of the everyday words in a question, each with the research terms that it stands for."""
    return [(span, _load_forms()[form]) for form, span in _find_forms(question)]


def _find_forms(question: str) -> Iterator[tuple[Stems, Span]]:
    """Everyday forms in a question, in order, the longest first at each place."""
    question_words = list(iter_words(question))
    for at, (word, (start, _)) in enumerate(question_words):
        for n in range(min(MAX_FORM_WORDS, len(question_words) - at), 0, -1):
            end = question_words[at + n - 1][1][1]
            if n == 1 and (fold(word) in FRAME_WORDS | STOP_WORDS or _is_proper_name(word)):
                continue
            form = _get_stems(question[start:end])
            if form in _load_forms():
                yield form, (start, end)


def _is_proper_name(word: str) -> bool:
    """Written with capitals or figures inside, as acronyms and names of methods are."""
    # "ID" is written so by everyone
    return len(word) > 2 and any(c.isupper() or c.isdigit() for c in word[1:])


def _is_said(term: str, question: str) -> bool:
    """Whether the question has the term already."""
    return f" {term} " in f" {fold(question)} "


def _apply_replacements(question: str, replaced: Sequence[tuple[Span, str]]) -> str:
    parts, at = [], 0
    for (start, end), term in replaced:
        parts += [question[at:start], term]
        at = end
    return "".join([*parts, question[at:]])


@lru_cache(maxsize=20_000)
def _get_stems(text: str) -> Stems:
    return tuple(extract_terms(text, keep_stop_words=True))
