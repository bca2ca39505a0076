"""Decides whether a model's sentence is shown, shown as unverified, or left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.answers.prompt_injection import extract_instructions, has_instruction
from rag.generation.attributions import is_titled
from rag.generation.claim_parser import Claim, ClaimReader
from rag.generation.evidence import apart_of, list_papers
from rag.generation.relevance import Near, Relevance
from rag.generation.support import (
    ENGLISH_SHARE,
    Ground,
    Support,
    compare_claim,
    find_best_sentence,
    find_quotations,
    split_scripts,
)
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.text.everyday import load_everyday_words
from rag.types import Evidence, Verdict

ATTACHED_SHARE = 0.6
"""Share of an uncited sentence's words that a sentence of a paper must have to be cited for it."""
STATING_TERMS = 3
"""Content words from which a sentence states something and needs a citation."""
REPEATED_WORDS = 2
"""A sentence with so many words that only a planted instruction has counts as repeating it."""
LEAK_WORDS = 7
"""So many consecutive words of the prompt, in no paper, count as a leak of the prompt."""

_VERDICT_WORDS = (
    "introduction summary overview comparison contribution contributions finding findings section aspect "
    "detail note experiment experiments analysis analyses researchers evaluation evaluations ablation "
    "ablations evidence training inference additionally furthermore overall moreover notably finally "
    "specifically abstract abstracts approach method methods model models authors author work works"
)
ORDINARY = frozenset({*load_everyday_words(), *FRAME_WORDS, *STOP_WORDS, *_VERDICT_WORDS.split()})
_ACROSS = re.compile(
    r"\b(?:both|the two|these two|all|these|neither of the|the)\s+(?:papers|works|studies|abstracts|articles)\b"
    r"|\b(?:papers|works|studies)\s+(?:dis)?agree\b|\bcontradicts?\b|\bdisagrees?\b",
    re.IGNORECASE,
)
_NO = r"(?:\bnot|n['’]t|\bno|\bnothing|\bneither|\bnone)\b"
_SAY = "stat|mention|specif|provid|contain|includ|discuss|report|answer|say|giv|address|describ"
DECLINES = re.compile(
    r"\b(?:passages?|papers?|abstracts?|excerpts?|evidence|context|documents?|sources?|texts?)\b"
    rf".{{0,40}}{_NO}.{{0,60}}\b(?:{_SAY})"
    r"|\b(?:is|are|was|were) not \w{0,12} ?(?:stated|mentioned|specified|provided|given|reported)"
    r"|\b(?:cannot|can['’]t|could not|unable to) (?:answer|determine|find|tell|say)"
    r"|\b(?:no|not enough|insufficient) information",
    re.IGNORECASE,
)
"""A sentence that says that the papers do not state something."""

Judge = Callable[[str, Sequence[Evidence]], Verdict | None]
"""A second opinion on a cited sentence, such as a judge model's; None if it has no verdict."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A claim, possibly with an added citation, and its verdict.

    ``verdict`` is None if it must not be shown; a claim that does not answer the question is no reason
    to show a reply.
    """

    claim: Claim
    verdict: Verdict | None
    answers: bool = True


class ClaimChecker:
    """Judges the sentences of one reply.

    Args:
        evidence: The evidence that the model was given.
        ground: The full texts of its papers.
        reader: The reader of the same reply, which assigns markers.
        counts: Counts of what was found, by name.
        private: The prompt's words, which must not be shown.
        question: As typed; a sentence that declines may repeat its words.
        judge: A second opinion on cited sentences whose numbers and names are in the papers.
        nearest: Similarity of a sentence to the question and the papers.
    """

    def __init__(
        self,
        evidence: Sequence[Evidence],
        ground: Ground,
        reader: ClaimReader,
        counts: Counter[str],
        *,
        private: str = "",
        question: str = "",
        judge: Judge | None = None,
        nearest: Near | None = None,
    ) -> None:
        self._relevance = Relevance(question, evidence, nearest)
        self._evidence = {item.key: item for item in evidence}
        self._all = ground
        self._reader = reader
        self._counts = counts
        self._private = _list_word_runs(private)
        self._asked = frozenset(fold(word) for word, _ in iter_words(question))
        self._second = judge
        apart = apart_of(evidence)
        papers = list_papers(evidence)
        ordered = [
            extract_instructions(question),
            *(extract_instructions(p.text, apart[p.paper_id].spans) for p in papers),
        ]
        ordered += [name for passage in apart.values() for name in passage.names]
        self._coined = {
            word
            for passage in apart.values()
            for word in passage.coined - self._asked
            if not ground.has_word(word)
        }
        self._plants = any(ordered)
        self._barred = {
            w
            for passage in ordered
            for word, _ in iter_words(split_scripts(passage))
            if not ground.has_word(w := fold(word))
        } - ORDINARY
        self._ground = lru_cache(maxsize=256)(self._make_ground)

    def check_claim(self, claim: Claim) -> Ruling:
        """Whether and how a sentence may be shown."""
        claim_words = claim.words
        if self._is_leaking(claim_words):
            return self._build_omission(claim, "prompt_removed")
        stating = is_stating(claim_words)
        if not claim.keys and stating:
            claim = self._add_missing_citation(claim)
        support = self._compute_support(claim)
        if support.numbers:
            return self._build_omission(claim, "sentences_left_out")
        if support.invented or any(self._is_title(q) for q, _ in find_quotations(claim_words)):
            return self._build_omission(claim, "sources_left_out")
        if self._is_obeying(claim_words, support):
            return self._build_omission(claim, "orders_left_out")
        verdict = self._compute_verdict(claim, support, stating)
        answers = bool(DECLINES.search(claim_words)) or self._relevance.answers(
            claim_words, claim.keys
        )
        if not answers and self._relevance.strays(claim_words, claim.keys):
            return self._build_omission(claim, "off_question_left_out")
        if not answers and (claim.keys or stating):
            verdict = "not_found"
        if stating or claim.keys or verdict == "not_found":
            self._counts[f"sentences_{verdict}"] += 1
        return Ruling(claim, verdict, answers)

    def _compute_support(self, claim: Claim) -> Support:
        claim_words = claim.words
        ground = self._ground(claim.keys) if claim.keys else self._all
        known: Collection[str] = self._asked if DECLINES.search(claim_words) else ()
        return compare_claim(claim_words, ground, ordinary=ORDINARY, known=known)

    def _build_omission(self, claim: Claim, name: str) -> Ruling:
        self._counts[name] += 1
        return Ruling(claim, None)

    def _compute_verdict(self, claim: Claim, support: Support, stating: bool) -> Verdict:
        if not claim.keys:
            lacks = stating or support.names or _is_foreign_lead(claim.words, support)
            return "not_found" if lacks else "supported"
        cited = [self._evidence[key] for key in claim.keys]
        if len(list_papers(cited)) < 2 and _ACROSS.search(claim.words) and self._all.n_papers > 1:
            return "not_found"  # said of several papers, cited for one
        if self._second is not None and not support.names:
            return self._second(claim.words, cited) or support.verdict
        return support.verdict

    def _is_leaking(self, claim_words: str) -> bool:
        return any(
            run not in self._all.text for run in _list_word_runs(claim_words) & self._private
        )

    def _is_obeying(self, claim_words: str, support: Support) -> bool:
        """Whether a sentence repeats or follows an order that was planted in a paper or a question.

        It does if it has a name that stands in such an order alone, or is about neither what was
        asked nor what a paper states.
        """
        typed = {fold(word) for word, _ in iter_words(split_scripts(claim_words))}
        if typed & self._coined:
            return True
        if self._plants and support.verdict == "not_found" and not typed & self._asked - ORDINARY:
            return True
        if self._barred:
            repeated = typed & self._barred
            known_names = {fold(name) for name in support.names}
            if len(repeated) >= REPEATED_WORDS or repeated & known_names:
                return True
        return support.verdict != "supported" and has_instruction(claim_words)

    def _is_title(self, quoted: str) -> bool:
        return is_titled(quoted) and not self._all.has_quote(quoted)

    def _add_missing_citation(self, claim: Claim) -> Claim:
        """An uncited sentence with the key of the passage that says the same, if there is one."""
        claim_words = claim.words
        shares = {k: find_best_sentence(claim_words, e)[1] for k, e in self._evidence.items()}
        key = max(shares, key=lambda k: shares[k], default="")
        if not key or shares[key] < ATTACHED_SHARE:
            return claim
        if (
            compare_claim(claim_words, self._ground((key,)), ordinary=ORDINARY).verdict
            != "supported"
        ):
            return claim
        self._counts["keys_attached"] += 1
        body = claim.text.rstrip()
        cut = len(body.rstrip(".!?。！？"))
        seated = f"{body[:cut]} {self._reader.get_placeholder(key)}{body[cut:]}"
        return replace(claim, text=seated, keys=(key,))

    def _make_ground(self, keys: tuple[str, ...]) -> Ground:
        cited = [self._evidence[key] for key in keys]
        return Ground(list_papers(cited), apart_of(cited))


def is_stating(claim_words: str) -> bool:
    """Whether a sentence states something, so that it needs a citation."""
    return len(extract_terms(claim_words)) >= STATING_TERMS and claim_words[-1] not in ":?|"


def _is_foreign_lead(claim_words: str, support: Support) -> bool:
    """Whether a line that leads to others is about something that no paper has."""
    if claim_words.startswith("|") or support.verdict != "not_found":
        return False
    typed = [fold(word) for word, _ in iter_words(claim_words)]
    english = sum(word in STOP_WORDS for word in typed) >= ENGLISH_SHARE * len(typed)
    return english and sum(word not in ORDINARY for word in typed) >= STATING_TERMS


def _list_word_runs(text: str) -> set[str]:
    """All runs of `LEAK_WORDS` words in a text."""
    folded = [fold(word) for word, _ in iter_words(text)]
    return {" ".join(folded[at : at + LEAK_WORDS]) for at in range(len(folded) - LEAK_WORDS + 1)}
