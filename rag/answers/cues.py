"""Recognises which kind of answer a question asks for, and which sentences contain that kind.

The question words ("how many", "which datasets", "in what order") seldom occur in the sentence that
answers; a number beside the thing counted, a list of names after "experiments on" or "three-stage"
does. Each kind that is asked for and contained adds to a sentence's score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.types import SentenceRole
from rag.types.query import Detail


@dataclass(frozen=True, slots=True)
class Cue:
    """A kind of answer: patterns of questions and of sentences for it, and the score it adds."""

    question_pattern: re.Pattern[str]
    answer_pattern: re.Pattern[str]
    gain: float


def _build_cue(question_pattern: str, answer_pattern: str, gain: float) -> Cue:
    return Cue(
        re.compile(question_pattern, re.IGNORECASE), re.compile(answer_pattern, re.IGNORECASE), gain
    )


_RESULTS = (
    r"accuracy|fps|speeds?|percent(?:age)?|rank-?1|eer|map|points|count|gflops|parameters?|rates?|scores?|"
    r"gains?|numbers?|size|memory|results?|performance|improvements?|resolution|frames|faster|larger|"
    r"smaller|biggest|largest|smallest|longest|share|dimensions?"
)
_EVALUATED = (
    r"\b(?:experiment\w*|evaluat\w+|benchmark\w*|datasets?|validat\w+|outperform\w*|results?)\b"
)
_NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    "millions?|billions?"
)

CUES = (
    _build_cue(
        rf"\bhow (?:much|many|fast|far|large|big|long|often)\b|\b(?:{_RESULTS})\b", r"\d", 0.2
    ),
    _build_cue(r"\bhow many\b|\bnumber of\b", rf"\d|\b(?:{_NUMBER_WORDS})\b", 0.2),
    _build_cue(
        r"\b(?:benchmarks?|corpora|corpus|data ?sets?|evaluat\w+|tested|run on|experiments?|"
        r"validated|tried)\b",
        _EVALUATED,
        0.1,
    ),
    _build_cue(
        r"\b(?:what|which) (?:order|sequence|stages?|steps?|phases?)\b|\b(?:stages|phases)\b"
        r"|\bin (?:what|which) order\b",
        r"->|→|\b(?:two|three|four|five|multi)[- ](?:stage|step|phase)|\bfirst(?:ly)?\b.{0,600}\b(?:then|second)",
        0.25,
    ),
    _build_cue(r"\bstands? for\b|\babbreviat\w+\b|\bspell\w* out\b", r"\w \([A-Z][\w-]*\)", 0.2),
)
"""Gains are on the scale of `rag.search.late.compute_sentence_scores`, where a full match is 1."""

_DETAIL_WORDS: Mapping[Detail, re.Pattern[str]] = {
    "problem": re.compile(
        r"^\W*why\b|[,;:.] ?why\b|\band why\b|\b(?:problems?|challeng\w*|shortcomings?|motivat\w*|drawbacks?|weakness\w*|wrong|limit(?:s|ations?)|"
        r"difficult\w*|hard|hurts?|remains? open|reasons?|dangers?|flaws?|suffers?)\b",
        re.IGNORECASE,
    ),
    "link": re.compile(
        r"\b(?:code|github|available|releas\w+|link|url|repository|download|open[- ]source\w*)\b",
        re.IGNORECASE,
    ),
}
"""Words that ask for a detail which the reading of the question may not name."""
_ASKS_FOR_BACKGROUND = re.compile(
    r"\b(?:issues?|gaps?|fail\w*|existing|previous\w*|prior|earlier|before|older|traditional\w*|conventional\w*|"
    r"criticis\w*|threats?|risks?|concerns?|ignor\w*|overlook\w*|lack\w*|nobody|so far)\b",
    re.IGNORECASE,
)
_OF_PROBLEMS = frozenset(("problem", "cause", "limitation"))
PROBLEM_ROLE_GAIN = 0.2
PROBLEM_WORD_GAIN = 0.12
"""Gains of what is told as a problem, by its role or by up to three of its words, if a problem or a
reason is asked for."""
MAX_PROBLEM_WORDS = 3
PROPOSAL_LOSS = 0.15
"""Score then lost by what the paper proposes against it."""
RESOURCE_GAIN = 0.15
"""Gain of a sentence that tells what the paper gives away, if that or its address is asked for."""
_TELLS_PROBLEM = re.compile(
    r"\b(?:however|suffer\w*|dilemma|hurts?|fail\w*|limit\w*|lack\w*|challeng\w*|difficult\w*|unfortunately|"
    r"problem\w*|neglect\w*|ignor\w*|overlook\w*|few|costly|expensive|poor\w*|degrad\w*|vulnerab\w*|"
    r"sensitiv\w*|threat\w*|risk\w*|inefficien\w*|hinder\w*|restrict\w*|insufficient\w*|drawback\w*|"
    r"shortcoming\w*|negative impacts?|catastroph\w*|room for|disrupt\w*|redundan\w*|prone)\b",
    re.IGNORECASE,
)
_PROPOSES = re.compile(
    r"\bwe (?:\w+ ){0,3}?(?:propose|present|introduce|develop|design|devise|describe)\b"
    r"|\bto (?:address|tackle|solve|alleviate|mitigate|overcome|handle|resolve|remedy)\b",
    re.IGNORECASE,
)

_ASKS_FOR_NAMES = re.compile(
    r"\b(?:called|names?|named)\b|\bwhich \w+|\b(?:benchmarks?|corpora|data ?sets?|evaluat\w+|tested)\b",
    re.IGNORECASE,
)
_ASKS_FOR_DATA = re.compile(
    r"\b(?:benchmarks?|corpora|corpus|data ?sets?|evaluated|tested|tried|report)\b", re.IGNORECASE
)
_NAME_CUE = re.compile(r"\b(?=[^\WA-Z]*[A-Z][^\WA-Z0-9]*[A-Z0-9])\w++")
NAME_GAIN = 0.1
"""Gain for a name that is not in the question."""
LIST_GAIN = 0.15
"""Gain for several such names in a sentence about experiments, if the question asks for data."""
_TESTS = re.compile(_EVALUATED, re.IGNORECASE)

_HOW_MANY_NOUN = re.compile(r"\b(?:how many|number of)\b([^?.;:]*)", re.IGNORECASE)
_COUNTED_NOUN = re.compile(rf"\b(?:\d[\d,.]*|{_NUMBER_WORDS})\b", re.IGNORECASE)
COUNT_GAIN = 0.25
"""Gain for a number before one of the things that the question counts."""
COUNTED_WITHIN = 4
"""Words between a number and what it counts."""
N_COUNTED = 6
"""Words after "how many" that may say what is counted."""


@dataclass(frozen=True, slots=True)
class AnswerCues:
    """The kinds of answer that one question asks for."""

    cues: tuple[Cue, ...]
    names: bool
    data: bool
    counted: frozenset[str]
    count_nouns: frozenset[str]
    details: frozenset[Detail]
    background: bool

    @classmethod
    def read_question(cls, question: str, asks_for: Detail | None = None) -> AnswerCues:
        """Read a question's asking words; ``asks_for``: the detail that its reading names."""
        details = {detail for detail, words in _DETAIL_WORDS.items() if words.search(question)}
        return cls(
            background=bool(_ASKS_FOR_BACKGROUND.search(question)),
            details=frozenset({*details, asks_for} if asks_for else details),
            cues=tuple(cue for cue in CUES if cue.question_pattern.search(question)),
            names=bool(_ASKS_FOR_NAMES.search(question)),
            data=bool(_ASKS_FOR_DATA.search(question)),
            counted=frozenset(_extract_counted_nouns(question)),
            count_nouns=frozenset(fold(word) for word, _ in iter_words(question)),
        )

    @property
    def kinds(self) -> bool:
        """Whether any kind of answer is asked for."""
        return bool(self.cues or self.names or self.data or self.counted)

    @property
    def asks_for_problem(self) -> bool:
        """Whether a problem or a reason is asked for, as others' work or the background tells it."""
        return not self.details.isdisjoint(_OF_PROBLEMS)

    @property
    def asks_for_link(self) -> bool:
        """Whether it is asked where something, such as code, can be had."""
        return not self.details.isdisjoint(("link", "resource"))

    def compute_gain(self, sentence: str, role: SentenceRole | None = None) -> float:
        """What a sentence gains by holding what is asked for; 0 where nothing is."""
        total = self._compute_problem_gain(sentence, role) if self.asks_for_problem else 0.0
        if self.asks_for_link and role == "resource":
            total += RESOURCE_GAIN
        total += sum(cue.gain for cue in self.cues if cue.answer_pattern.search(sentence))
        new = {name for name in _NAME_CUE.findall(sentence) if fold(name) not in self.count_nouns}
        if self.names and new:
            total += NAME_GAIN
        if self.data and len(new) > 1 and _TESTS.search(sentence):
            total += LIST_GAIN
        if self.counted and self._has_count(sentence):
            total += COUNT_GAIN
        return total

    def _compute_problem_gain(self, sentence: str, role: SentenceRole | None) -> float:
        total = PROBLEM_ROLE_GAIN if role in _OF_PROBLEMS else 0.0
        told = {word.lower() for word in _TELLS_PROBLEM.findall(sentence)}
        total += PROBLEM_WORD_GAIN * min(len(told), MAX_PROBLEM_WORDS)
        if role == "aim" or _PROPOSES.search(sentence):
            total -= PROPOSAL_LOSS
        return total

    def _has_count(self, sentence: str) -> bool:
        for match in _COUNTED_NOUN.finditer(sentence):
            after = [word for word, _ in iter_words(sentence[match.end() :])][:COUNTED_WITHIN]
            if any(term in self.counted for word in after for term in extract_terms(word)):
                return True
        return False


def _extract_counted_nouns(question: str) -> Iterator[str]:
    for match in _HOW_MANY_NOUN.finditer(question):
        nouns = [word for word, _ in iter_words(match[1]) if fold(word) not in STOP_WORDS]
        for word in nouns[:N_COUNTED]:
            yield from extract_terms(word)
