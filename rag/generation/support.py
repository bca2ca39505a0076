"""Checks by code whether the cited papers support a model's sentence.

The papers must contain its numbers, its names and enough of its other words. That finds additions and
alterations, but not reversals: a negation passes. This module also finds the sentence of the paper
that supports the claim best, as the quote of its citation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.answers.confusables import is_patchwork
from rag.answers.prompt_injection import has_instruction, remove_instructions
from rag.generation.attributions import find_invented_names
from rag.generation.numbers import NumberSet, is_mixed
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, remove_hidden, split_sentences
from rag.types import Apart, Evidence, Paper, Span, Verdict

SUPPORTED_SHARE = 0.5
"""Share of a claim's words in the cited papers from which it counts as supported."""
FOUND_SHARE = 0.25
"""Below this share an English claim counts as not found; in other languages nothing follows."""
ENGLISH_SHARE = 0.15
"""Share of English stop words from which a sentence counts as English."""

_QUOTATION = re.compile(r"[\"“„«]([^\"“”„«»]{1,600})[\"”“»]")
_SHORT_QUOTE_WORDS = 5
LONGEST_WORD = 32
"""A longer word that is in no paper counts as encoded text."""
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SCRIPT_CHANGE = re.compile(rf"(?<=[{_CJK}])(?=[A-Za-z\d])|(?<=[A-Za-z\d])(?=[{_CJK}])")


@dataclass(frozen=True, slots=True)
class Support:
    """How well the cited papers support a claim.

    Attributes:
        numbers: Numbers of the claim, or lookalikes of numbers, that are in none of the papers.
        names: Capitalised names that are in none of the papers.
        invented: People and titles that are in none of the papers.
    """

    verdict: Verdict
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()


class Ground:
    """The texts of some papers, indexed for checks of claims.

    Args:
        papers: Each once.
        apart: Sentences that support nothing, by paper id.
    """

    def __init__(
        self,
        papers: Iterable[Paper],
        apart: Mapping[str, Apart] = {},
    ) -> None:
        paper_list = list(papers)
        self.n_papers = len(paper_list)
        self.people = frozenset(
            a.name
            for p in paper_list
            for a in p.authorships
            if a.name not in apart.get(p.paper_id, Apart()).names
        )
        self.text = "\n".join(
            _build_ground_text(p, apart.get(p.paper_id, Apart())) for p in paper_list
        )
        split_text = split_scripts(self.text)
        self.terms = set(extract_terms(split_text, keep_stop_words=True))
        folded = [fold(word) for word, _ in iter_words(split_text)]
        self.words = {*folded, *map("".join, zip(folded, folded[1:], strict=False))}
        self.figures = NumberSet(split_text)
        self._quotable = _normalize_for_quoting(self.text)

    def has_word(self, word: str) -> bool:
        return (
            fold(word) in self.words
            or not set(extract_terms(word, keep_stop_words=True)) - self.terms
        )

    def has_quote(self, quoted: str) -> bool:
        """Whether these very words stand there; white space, case and quote marks aside."""
        return _normalize_for_quoting(quoted).strip(" .,;:!?…") in self._quotable

    def compute_share(self, claim_terms: Sequence[str]) -> float:
        """Share of the terms that occur there; 1.0 for none."""
        distinct = set(claim_terms)
        return len(distinct & self.terms) / len(distinct) if distinct else 1.0


def _build_ground_text(paper: Paper, apart: Apart) -> str:
    """Everything a claim about a paper may rest on: its text and its printed particulars.

    Planted instructions are no part of it, nor are the links of a paper that has any.
    """
    text = remove_instructions(paper.text, apart.spans)
    links = paper.links if text == paper.text else ()
    facts = [paper.title, paper.label, paper.venue, paper.category, paper.doi, paper.url]
    facts += [str(n) for n in (paper.year, paper.month, paper.day) if n is not None]
    people = [authorship.name for authorship in paper.authorships]
    facts_and_names = [fact for fact in (*facts, *people, *paper.affiliations) if fact]
    return "\n".join(
        [
            text,
            *(
                fact
                for fact in facts_and_names
                if fact not in apart.names and not has_instruction(fact)
            ),
            *links,
        ]
    )


def _normalize_for_quoting(text: str) -> str:
    text = re.sub(r"[\"“”„«»]|''", "", fold(remove_hidden(text)))
    return " ".join(re.sub(r"[’‘`]", "'", text).split())


def split_scripts(text: str) -> str:
    """The text with a space where a script without spaces meets a name or a number."""
    return _SCRIPT_CHANGE.sub(" ", text)


def compare_claim(
    claim: str, ground: Ground, *, ordinary: Collection[str] = (), known: Collection[str] = ()
) -> Support:
    """Compare a claim with what its papers say.

    Args:
        claim: One sentence without its keys.
        ground: What the papers cited for it say.
        ordinary: Folded words that are no names.
        known: Words that may stand in it although no paper has them: those of the question.
    """
    claim = split_scripts(claim)
    typed = [word for word, _ in iter_words(claim)]
    english = is_english(claim)

    def has_word(word: str) -> bool:
        return ground.has_word(word) or fold(word) in known

    numbers, unit_added = ground.figures.find_lacking(claim, ground.n_papers)
    numbers += [w for w in typed if not has_word(w) and _is_masked(w)]
    names = [name for name in _extract_claim_names(claim, english) if not has_word(name)]
    made_up = find_invented_names(
        claim,
        has_word=has_word,
        has_phrase=ground.has_quote,
        people=ground.people,
        ordinary=ordinary,
        english=english,
    )
    share = ground.compute_share(extract_terms(claim))
    verdict: Verdict = "supported" if share >= SUPPORTED_SHARE and not unit_added else "partly"
    if numbers or names or made_up or (english and share < FOUND_SHARE):
        verdict = "not_found"
    return Support(verdict, _drop_repeats(numbers), _drop_repeats(names), made_up)


def _drop_repeats(repeated_names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(repeated_names))


def _is_masked(word: str) -> bool:
    """Whether a word hides a number, another alphabet or something encoded."""
    encoded = len(word) > LONGEST_WORD and word.isascii()
    return is_mixed(word) or is_patchwork(word) or encoded


def is_english(text: str) -> bool:
    """Whether a text is English, as far as its small words tell."""
    typed = [word for word, _ in iter_words(text)]
    if len(typed) < _SHORT_QUOTE_WORDS:
        return all(word.isascii() for word in typed)
    return sum(word.lower() in STOP_WORDS for word in typed) >= ENGLISH_SHARE * len(typed)


def _extract_claim_names(claim: str, english: bool) -> list[str]:
    """Words with a capital inside, and, in English, those that begin with one in mid-sentence."""
    names = []
    for word, (start, _) in iter_words(claim):
        if len(word) < 2 or is_mixed(word) or word.isdigit() or word.lower() in STOP_WORDS:
            continue
        before = claim[:start].rstrip(" \"'“‘(*_")
        opens = not before or before[-1] in ".!?:;|\n-–—"
        inner = any(c.isupper() for c in word[1:])
        if inner or (english and word[0].isupper() and not opens):
            names.append(word)
    return names


def find_quotations(text: str) -> list[tuple[str, Span]]:
    """Texts in double quotation marks, with spans that include the marks."""
    return [(match[1], match.span()) for match in _QUOTATION.finditer(text)]


def find_best_sentence(claim: str, evidence: Evidence) -> tuple[Span, float]:
    """The sentence of a passage that says most of a claim, and the share of its words that it says.

    Equal sentences are ordered shorter first, then by place; where none says anything of it, the
    first is taken, and a passage without a sentence is taken whole.
    """
    wanted = set(extract_terms(claim))
    offset = evidence.span[0]
    best: tuple[tuple[float, int, int], Span] | None = None
    for start, end in split_sentences(evidence.quote):
        there = set(extract_terms(evidence.quote[start:end]))
        shared = len(wanted & there)
        rank = (-float(shared), end - start if shared else 0, start)
        if best is None or rank < best[0]:
            best = (rank, (offset + start, offset + end))
    if best is None:
        return evidence.span, 0.0
    return best[1], -best[0][0] / len(wanted) if wanted else 0.0
