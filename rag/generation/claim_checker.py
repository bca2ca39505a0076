"""Decides whether a model's sentence is shown, shown as unverified, or left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.answers.prompt_injection import extract_instructions, has_instruction
from rag.generation.attributions import is_titled
from rag.generation.claim_parser import Claim, ClaimReader
from rag.generation.declining import declines, denies
from rag.generation.evidence import apart_of, list_papers
from rag.generation.ground import Ground
from rag.generation.numbers import split_scripts
from rag.generation.relevance import Near, Relevance
from rag.generation.support import (
    OTHER_SHARE,
    OWN_SHARE,
    Support,
    compare_claim,
    find_best_sentence,
    find_quotations,
    is_english,
)
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.text.everyday import is_everyday, load_everyday_words
from rag.types import Evidence, Verdict

ATTACHED_SHARE = 0.6
"""An uncited sentence gets a citation if one sentence of a paper has at least this share of its words."""
NUMBERED_SHARE = 0.5
"""Share of a sentence's words that a paper must have for a bare number to be its key."""
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
    r"(?<!one of )\b(?:both|the two|these two|all|these|neither of the|the)\s+(?:papers|works|studies|abstracts|articles)\b"
    r"|\b(?:papers|works|studies)\s+(?:dis)?agree\b|\bcontradicts?\b|\bdisagrees?\b",
    re.IGNORECASE,
)
_TAKES_UP = re.compile(
    r"\W*(?:(?:it|its|this|these|they|their|both|such|here|then|each|the (?:authors|method|approach|model|paper|latter|former))\b"
    r"|(?:es|sie|diese\w*|beide|il|elle|ils|ce|cette|esto|este|esta|questo|questa)\b)",
    re.IGNORECASE,
)
"""Beginnings of a sentence that continues the subject of the one before it."""
FOUND_SHARE = 0.25
"""An English sentence with a smaller share of its papers' words may follow a planted order."""
SUPPORTED_SHARE = 0.5
FEW_TERMS = 4


@dataclass(frozen=True, slots=True)
class Ruling:
    """A claim, possibly with an added citation, and what becomes of it.

    Attributes:
        shown: False if it must not be shown at all.
        verdict: None where there is nothing to support: it declines, or leads to what follows.
        answers: A claim that does not answer the question is no reason to show a reply.
        opens: Nor is one without a key of its own that has no word of the question.
    """

    claim: Claim
    is_shown: bool = True
    verdict: Verdict | None = None
    answers: bool = True
    opens: bool = True


class ClaimChecker:
    """Judges the sentences of one reply.

    Args:
        evidence: The evidence that the model was given.
        ground: The full texts of its papers.
        reader: The reader of the same reply, which assigns markers.
        counts: Counts of what was found, by name.
        private: The prompt's words, which must not be shown.
        question: As typed; a sentence that declines may repeat its words.
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
        nearest: Near | None = None,
    ) -> None:
        self._relevance = Relevance(question, evidence, nearest)
        self._evidence = {item.key: item for item in evidence}
        self._all = ground
        self._reader = reader
        self._counts = counts
        self._private = _list_word_runs(private)
        self._asked = frozenset(fold(word) for word, _ in iter_words(question))
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
        self._before = frozenset[str]()
        self._ground = lru_cache(maxsize=256)(self._make_ground)

    def check_claim(self, claim: Claim) -> Ruling:
        """Whether and how a sentence may be shown."""
        if self._is_leaking(claim.words):
            return self._build_omission(claim, "prompt_removed")
        claim = self._drop_wrong_numbers(claim)
        claim_words = self._all.respell(claim.words)
        is_decline = declines(claim_words)
        stating = is_stating(claim_words) and not is_decline and claim.opening != "#"
        opens = bool(claim.keys) or self._relevance.repeats_question(claim_words)
        if not claim.keys and stating:
            claim = self._add_missing_citation(claim)
        ground = self._ground(claim.keys) if claim.keys else self._all
        support = compare_claim(
            claim_words, ground, ordinary=ORDINARY, known=self._list_known(claim_words)
        )
        if support.is_masked:
            return self._build_omission(claim, "disguises_left_out")
        if support.invented or any(self._is_title(q) for q, _ in find_quotations(claim_words)):
            return self._build_omission(claim, "sources_left_out")
        if self._is_obeying(claim_words, support):
            return self._build_omission(claim, "orders_left_out")
        goes_on = bool(_TAKES_UP.match(claim_words)) and bool(self._before & set(claim.keys))
        answers = is_decline or self._relevance.answers(claim_words, claim.keys, goes_on=goes_on)
        if not answers and self._relevance.strays(claim_words):
            return self._build_omission(claim, "off_question_left_out")
        # "93.5%.NOT STATED.": a figure is none of a denial's own
        is_bare = is_decline and not (support.doubt and re.search(r"\d", claim_words))
        verdict = None if is_bare else self._compute_verdict(claim, support, stating)
        if not answers and claim.keys:
            verdict = "not_found"
        if verdict is not None:
            self._counts[f"sentences_{verdict}"] += 1
        self._before = frozenset(claim.keys) if answers and verdict != "not_found" else frozenset()
        return Ruling(claim, True, verdict, answers, opens)

    def _list_known(self, claim_words: str) -> Collection[str]:
        """Words of the question that a sentence may have though its papers do not.

        All of them where it denies something of them; else those that some paper given has.
        """
        if denies(claim_words):
            return self._asked
        return {word for word in self._asked if self._all.has_word(word)}

    def _build_omission(self, claim: Claim, name: str) -> Ruling:
        self._counts[name] += 1
        return Ruling(claim, is_shown=False)

    def _compute_verdict(self, claim: Claim, support: Support, stating: bool) -> Verdict | None:
        if support.doubt or claim.misquotes:
            return "not_found"
        if not claim.keys:
            return "not_found" if stating and self._is_foreign(claim.words) else None
        cited = [self._evidence[key] for key in claim.keys]
        if len(list_papers(cited)) < 2 and _ACROSS.search(claim.words) and self._all.n_papers > 1:
            return "not_found"  # said of several papers, cited for one
        if self._is_foreign_to(claim, support):
            return "not_found"
        return "not_found" if self._is_of_another(claim) else "checked"

    def _is_foreign_to(self, claim: Claim, support: Support) -> bool:
        """Whether hardly a word of a sentence is in its papers, and its meaning is not either."""
        return (
            support.share < FOUND_SHARE
            and is_english(claim.words)
            and not self._relevance.rests_on_papers(claim.words, claim.keys)
        )

    def _is_foreign(self, claim_words: str) -> bool:
        """Whether an uncited sentence uses words found in no paper, not in the question, and not everyday English.

        What is left is a lead ("There are three main approaches.") or a conclusion in the papers' words.
        One word alone may be the model's way of putting it, unless it names something.
        """
        if not is_english(claim_words):
            return False
        foreign = [
            word
            for word, _ in iter_words(claim_words)
            if not self._all.has_word(word)
            and fold(word) not in self._asked
            and not is_everyday(word)
            and fold(word) not in ORDINARY
            and not word.isdigit()
        ]
        names = any(any(map(str.isupper, word[1:])) for word, _ in iter_words(claim_words))
        return len(foreign) > (0 if names else 1)

    def _is_of_another(self, claim: Claim) -> bool:
        """Whether another paper's sentence says it, and the cited papers do not: a wrong key."""
        terms = extract_terms(claim.words)
        if len(set(terms)) < FEW_TERMS or self._ground(claim.keys).compute_share(terms) > OWN_SHARE:
            return False
        return any(
            find_best_sentence(claim.words, item)[1] >= OTHER_SHARE
            for key, item in self._evidence.items()
            if key not in claim.keys
        )

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
        share = support.share if is_english(claim_words) else 1.0
        strange = bool(support.doubt) or share < FOUND_SHARE
        if self._plants and strange and not typed & self._asked - ORDINARY:
            return True
        if self._barred:
            repeated = typed & self._barred
            known_names = {fold(name) for name in support.names}
            if len(repeated) >= REPEATED_WORDS or repeated & known_names:
                return True
        return (strange or share < SUPPORTED_SHARE) and has_instruction(claim_words)

    def _is_title(self, quoted: str) -> bool:
        return is_titled(quoted) and not self._all.has_quote(quoted)

    def _add_missing_citation(self, claim: Claim) -> Claim:
        """An uncited sentence with the key of the passage that says the same, if there is one."""
        claim_words = claim.words
        shares = {k: find_best_sentence(claim_words, e)[1] for k, e in self._evidence.items()}
        key = max(shares, key=lambda k: shares[k], default="")
        if not key or shares[key] < ATTACHED_SHARE:
            key = self._find_only_source(claim_words)
        if not key or self._is_doubtful(claim_words, key):
            return claim
        self._counts["keys_attached"] += 1
        body = claim.text.rstrip()
        cut = len(body.rstrip(".!?。！？"))
        seated = f"{body[:cut]} {self._reader.get_placeholder(key)}{body[cut:]}"
        return replace(claim, text=seated, keys=(key,))

    def _drop_wrong_numbers(self, claim: Claim) -> Claim:
        """Without keys that were written as numbers and whose papers do not say the sentence.

        A model that writes ``[2]`` may mean the second passage or the second source that it cites.
        """
        for key in claim.numbered:
            ground = self._ground((key,))
            share = ground.compute_share(extract_terms(claim.words))
            is_little = share < NUMBERED_SHARE and is_english(claim.words)
            if is_little or self._is_doubtful(self._all.respell(claim.words), key):
                self._counts["keys_removed"] += 1
                text = claim.text.replace(self._reader.get_placeholder(key), "")
                keys = tuple(some for some in claim.keys if some != key)
                claim = replace(claim, text=text, keys=keys)
        return claim

    def _find_only_source(self, claim_words: str) -> str:
        """The key of the one paper in which nearly every word of a sentence stands; else nothing."""
        terms = extract_terms(claim_words)
        keys = [
            key
            for key in self._evidence
            if self._ground((key,)).compute_share(terms) >= OTHER_SHARE
            and not self._is_doubtful(claim_words, key)
        ]
        return keys[0] if len(list_papers(self._evidence[key] for key in keys)) == 1 else ""

    def _is_doubtful(self, claim_words: str, key: str) -> bool:
        return bool(compare_claim(claim_words, self._ground((key,)), ordinary=ORDINARY).doubt)

    def _make_ground(self, keys: tuple[str, ...]) -> Ground:
        cited = [self._evidence[key] for key in keys]
        return Ground(list_papers(cited), apart_of(cited))


def is_stating(claim_words: str) -> bool:
    """Whether a sentence states something, so that it needs a citation."""
    return len(extract_terms(claim_words)) >= STATING_TERMS and claim_words[-1] not in ":?|"


def _list_word_runs(text: str) -> set[str]:
    """All runs of `LEAK_WORDS` words in a text."""
    folded = [fold(word) for word, _ in iter_words(text)]
    return {" ".join(folded[at : at + LEAK_WORDS]) for at in range(len(folded) - LEAK_WORDS + 1)}
