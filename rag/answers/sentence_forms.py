"""What a question asks for, and the forms of sentences that hold it, as patterns.

The question words ("how many", "which datasets", "in what order") seldom occur in the sentence that
answers; a number beside the thing counted, a list of names or "three-stage" does. Which form answers
which kind, and how much it counts, is learned (`rag.answers.sentence_ranker`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.library.naming import NAMED, is_made_up
from rag.search.query import FRAME_WORDS, parse_query
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, list_word_terms
from rag.types.query import Detail

_NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    "millions?|billions?"
)


def _compile(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in patterns.items()}


KINDS = _compile(
    {
        "number": r"\bhow (?:much|fast|far|large|big|long|often|high|low|small|accurate|old|deep)\b|\b(?:accuracy|"
        r"fps|speeds?|percent(?:age)?|(?:rank|top)-?\d+|r@?\d+|eer|m?ap|points|gflops|flops|parameters?|params|rates?|scores?|gains?|"
        r"numbers?|size|memory|improvements?|resolution|frames|faster|larger|smaller|biggest|largest|smallest|"
        r"longest|share|dimensions?|drop|reduction|latency|runtime|speed-?up|fid|bleu|psnr|perplexity|f1|auc|auroc|"
        r"errors?|margin|depth|costs?|savings?|overhead)\b",
        "count": r"\bhow many\b|\bnumber of\b",
        "data": r"\b(?:benchmarks?|corpora|corpus|data ?sets?|evaluat\w+|tested|run on|experiments?|validated|"
        r"tried)\b",
        "order": r"\b(?:orders? (?:do|does|are|is|its|their|the)|in (?:what|which) (?:order|sequence)|in order\W*$|stages?|(?<!by )steps?(?! by)|"
        r"phases?|comes? (?:first|next|last|after)|(?:do|does|done|learned|happens?|follows?) (?:\w+ ){0,2}?(?:first|next|last|after|before|once)"
        r"|what follows|proceeds?|evolv(?:ed?|es))\b",
        "why": r"^\W*why\b|\bhow come\b|[,;:.–-] ?why\b|\band why\b|\b(?:tell|know|understand|say|see|wonder\w*) (?:me |us )?why\b|\b(?:reasons?|causes?|motivat\w*)\b",
        "idea": r"\b(?:ideas?|contribut\w+|novel\w*|propos\w+|gist|insights?|intuition|points?)\b",
        "negative": r"\b(?:not|no|never|few|fails?|failed|failure|seldom|rarely|hard(?:er)?|difficult\w*|expensive|costly|"
        r"wrong|poor\w*|weak\w*|bad(?:ly)?|worse|unstable|un\w+able|im\w+ible|los(?:e|es|t|ing)|lack\w*|miss\w*|limit\w*|"
        r"problem\w*|obstacles?|drawbacks?|challeng\w*|danger\w*|harm\w*|disastrous|restrict\w*|insufficient|not enough|"
        r"un(?:clear|known|solved|explored)|suffers?|hinder\w*|prevents?|vulnerab\w*|overlook\w*|ignor\w*|without)\b"
        r"|n['’]t\b|\bcannot\b",
        "problem": r"\b(?:problems?|challeng\w*|shortcomings?|motivat\w*|"
        r"drawbacks?|weakness\w*|wrong|limit(?:s|ations?)|difficult\w*|hard|hurts?|(?:remains?|still) open|open (?:problems?|questions?|issues?)|reasons?|dangers?|"
        r"flaws?|suffers?|lacking|obstacles?)\b",
        "background": r"\b(?:issues?|gaps?|fail\w*|existing|previous\w*|prior|earlier|before|older|traditional\w*|"
        r"conventional\w*|criticis\w*|threats?|risks?|concerns?|ignor\w*|overlook\w*|lack\w*|nobody|so far)\b",
        "link": r"\b(?:code|github|available|releas\w+|link|url|repository|download|open[- ]source\w*)\b",
        "name": r"\b(?:called|names?|named|term)\b",
        "which": r"\b(?:which|what) (?!(?:is|are|was|were|does|do|did|has|happens?|"
        r"papers?|works?|stud(?:y|ies)|articles?|ones?|data|data ?sets?|benchmarks?|"
        r"corpora|languages?)\b)\w+",
        "means": r"\bhow (?:does|do|did|is|are|was|were|can|to)\b|\bin what way\b|\bby what means\b|"
        r"\b(?:trick|recipe|mechanism|procedure) (?:of|behind|in|that)\b",
        "verdict": r"^\W*(?:is|are|was|were|does|do|did|can|could|has|have|will)\b",
        "comparison": r"\b(?:compar\w+|than|better|worse|against|versus|vs|differ\w*|beats?|outperform\w*|over)\b",
        "definition": r"^\W*what(?:'s| is| are|s) (?!(?:wrong|lacking|missing|bad)\b|"
        r"(?:the|its|their) (?:[\w-]+ ){1,3}(?:of|for|in|on|to|with|between)\b)|"
        r"\b(?:stands? for|abbreviat\w+|spell\w* out|mean(?:s|ing)?|defin\w+)\b",
        "purpose": r"\bwhat\b.{0,60}\bfor\b\W*$|\b(?:purpose|meant to|intended)\b|\bwhat\b.{0,40}\b(?:good|useful|used|designed) for\b",
        "effect": r"\bwhat happens\b|\b(?:effects?|consequences?|outcomes?|results?|findings?|found|show[ns]?)\b",
    }
)
"""Kinds of answer by the words that ask for them; a question may ask for several."""
DETAIL_KINDS: Mapping[Detail, str] = {
    "definition": "definition",
    "problem": "problem",
    "cause": "problem",
    "limitation": "problem",
    "method": "means",
    "result": "effect",
    "number": "number",
    "data": "data",
    "metric": "number",
    "application": "purpose",
    "comparison": "comparison",
    "resource": "link",
    "link": "link",
    "yes_no": "verdict",
}
"""The kind of a detail that the reading of a question names."""
ASKED_KINDS = frozenset(("data",))
"""Kinds that only the asking words tell, where there are any: "the evaluation protocol: which loss ..." describes."""
SEEKING_KINDS = frozenset(
    ("number", "count", "data", "order", "problem", "why", "link", "name", "which")
)
"""Kinds that are no paper: what asks for one of them does not ask which paper is meant."""

_DETAILS = ("idea", "problem", "purpose", "effect", "definition")
_ADJECTIVES = frozenset(
    "main major key biggest chief principal primary typical common usual".split()
)


def asks_for_detail(word: str) -> bool:
    """Whether a word by itself asks for a detail or ranks it: ``weaknesses``, ``main``."""
    return word.lower() in _ADJECTIVES or any(KINDS[name].fullmatch(word) for name in _DETAILS)


FORMS = _compile(
    {
        "digit": r"\d",
        "figure": r"(?<![\w.,])\d[\d,.]*\s?(?:%|\\%|[x×](?!\w)|[kmb]b?\b|ms\b|fps\b|hours?\b|points?\b|times\b|"
        r"seconds?\b|parameters\b|million\b|gflops\b|samples\b|images\b)|\borders? of magnitude\b",
        "amount": rf"\b(?:{_NUMBER_WORDS})\b",
        "tests": r"\b(?:experiment\w*|evaluat\w+|benchmark\w*|datasets?|validat\w+|results?|demonstrat\w+)\b",
        "wins": r"\b(?:outperform\w*|surpass\w*|superior|better than|than|state[- ]of[- ]the[- ]art|improv\w+|"
        r"achiev\w+|compared (?:to|with))\b",
        "steps": r"->|→|\b(?:two|three|four|five|multi)[- ](?:stage|step|phase)|\bfirst(?:ly)?\b.{0,600}\b(?:then|second)"
        r"|\(\w{1,3}\).{0,200}\(\w{1,3}\)|\b(?:first|second|third)(?:ly)?,",
        "spelt": r"\w \([A-Z][\w-]*\)",
        "problem": r"\b(?:however|suffer\w*|dilemma|hurts?|fail\w*|limit\w*|lack\w*|challeng\w*|difficult\w*|"
        r"unfortunately|problem\w*|neglect\w*|ignor\w*|overlook\w*|few|costly|expensive|poor\w*|degrad\w*|"
        r"vulnerab\w*|sensitiv\w*|threat\w*|risk\w*|inefficien\w*|hinder\w*|restrict\w*|insufficient\w*|"
        r"drawback\w*|shortcoming\w*|negative impacts?|catastroph\w*|room for|disrupt\w*|redundan\w*|prone|despite|"
        r"although|while)\b",
        "harm": r"\b(?:hurts?|harm\w*|degrad\w*|drops?|sensitiv\w*|fragil\w*|unstable|instability|disrupt\w*|collaps\w*|"
        r"overfit\w*|forget\w*|bias\w*|redundan\w*|inefficien\w*|expensive|costly|burden\w*|overhead|drawbacks?|"
        r"negative(?:ly)?|wors\w+|suboptimal|loss of|los(?:es?|ing)|slow\w*)\b",
        "untried": r"\b(?:few|rarely|seldom|little|unexplored|under-?explored|overlooked|no (?:existing|prior|previous|"
        r"dataset|work)|not (?:yet|been)|remains?|mostly|primarily|still|largely|only)\b",
        "reason": r"\b(?:because|since|due to|owing to|as a result|therefore|thus|hence|arises?|caus\w+|"
        r"leads? to|leading to|result\w* in|attribut\w+|so that|thereby|explanations? (?:for|of)|explain(?:s|ed)?|accounts? for|"
        r"responsible for|mediated by|driven by|underl(?:ies?|ying))\b",
        "proposes": r"\bwe (?:\w+ ){0,3}?(?:propose|present|introduce|develop|design|devise|describe)\b"
        r"|\b(?:this (?:paper|work)|novel|named|dubbed|termed|called)\b",
        "remedy": r"\bto (?:address|tackle|solve|alleviate|mitigate|overcome|handle|resolve|remedy)\b",
        "detail": r"^\W*(?:specifically|in particular|concretely|to be specific|more specifically|for example|"
        r"for instance|in detail|that is|namely)\b|\b(?:i\.e\.|namely|such as|including|e\.g\.)",
        "opposed": r"^\W*(?:however|but|yet|unfortunately|nevertheless|although|while|despite)\b",
        "adds": r"^\W*(?:moreover|furthermore|in addition|additionally|besides|also|meanwhile|notably)\b",
        "points": r"^\W*(?:it|they|this|these|those|such|its|their|the (?:proposed|former|latter|resulting|\w+ (?:is|are|was|were|then|"
        r"aris\w+))|(?:in part|therefore|hence|thus|as a result|consequently|instead|then|finally))\b",
        "code": r"\b(?:code|models?|data ?sets?|project|page|it)\b.{0,60}\b(?:available|released|found|open-sourced)"
        r"\b|https?://",
        "own": r"\b(?:we|our|us|(?:this|present) (?:paper|work|article|study|letter|report|survey)|"
        r"(?:is|are) (?:proposed|introduced|presented)|the proposed)\b",
        "does": r"\b(?:by|via|using|through|with) (?:\w+ ){0,3}?\w+ing\b|\b(?:consists? of|comprises?|based on|"
        r"employ\w*|adopt\w*|leverag\w+|utiliz\w+|exploit\w*|combin\w+)\b",
        "is": r"\b(?:is|are) (?:an?|the)\b|\brefers? to\b|\bdefined as\b",
        "allows": r"\b(?:enabl\w+|allow\w*|help\w*|ensur\w+|encourag\w+|in order to|can be)\b",
    }
)
"""What a sentence may look like."""
HOW_FORMS = _compile(
    {
        "sequence": r"\b(?:first(?:ly)?|then|next|subsequently|afterwards?|after|before|followed by|prior to|finally|lastly|"
        r"once|begins?|starts?|initially|eventually|progressively|sequentially|until)\b",
        "explains": r"\b(?:because|since|due to|owing to|thanks to|as a result of|arises? (?:from|due|because)|"
        r"stems? from|caused by|(?:this|these|which) (?:means?|results?|leads?|causes?|makes?|limits?|hinders?|prevents?)|"
        r"attributed to|the (?:reason|cause)|therefore|hence|thus|in part|explanations? (?:for|of)|explained by|accounts? for|"
        r"responsible for|mediated by|driven by)\b",
        "intends": r"^\W*(?:in order )?to \w+|\b(?:so that|so as to|in order to|thereby|aim(?:s|ed|ing)? (?:to|at)|"
        r"to (?:avoid|ensure|prevent|reduce|improve|enable|allow|make|better|better \w+)|motivat\w+|inspired)\b",
    }
)
"""Forms that answer how, why and in which order; elsewhere they are chance."""
_FIGURE = r"(?<![\w.,])\d[\d,.]*"
_GREAT = rf"\d{{1,3}}(?:,\d{{3}})+|{_FIGURE}\s?(?:k|m|thousand|million|billion|[kmgt]b)\b"
MEASURES = _compile(
    {
        "speed": r"\b(?:how (?:fast|quick\w*|slow\w*|long)|speed\w*|fast\w*|slow\w*|latency|fps|run ?time|throughput|time)\b",
        "size": r"\b(?:how (?:big|large|small|much data)|size)\b",
        "gain": r"\bhow (?:much|far|close|good|well|bad)\b|\bat what (?:cost|loss)\b|\b(?:gains?|improve\w*|drops?|better|worse)\b",
        "several": r"\bhow many\b|\bnumber of\b",
        "language": r"\blanguages?\b",
    }
)
"""What a figure measures, by the words that ask for it."""
MEASURED = _compile(
    {
        "speed": rf"{_FIGURE}(?:\s?(?:ms|fps|hz)\b| (?:milli|micro)?seconds?\b| (?:minute|hour|day)s?\b| (?:[\w-]+ ){{0,2}}per "
        r"second|\)?[\s-]?(?:x|×|times|fold|\\?%|\$?\\times\$)[\s-]?(?:[\w-]+ ){0,3}?(?:fast|speed|less time|throughput|increases? in "
        r"throughput))|\b(?:speed[- ]?ups?|accelerat\w+|latency|throughput|fps) (?:\w+ ){0,3}?\d|\b(?:orders?|\w+ orders) of magnitudes? "
        r"(?:\w+ )?(?:fast|slow)",
        "size": rf"{_GREAT}|{_FIGURE} hours of\b|\b(?:hundreds|thousands|millions|billions) of\b|{_FIGURE} (?:[a-z][\w-]* ){{0,3}}?"
        r"(?:images|videos|frames|clips|faces|samples|examples|sentences|questions|pairs|documents|articles|patients|people|persons|"
        r"subjects|participants|children|adults|women|men|students|cases|records|parameters)\b",
        "gain": rf"{_FIGURE}\s?(?:\\?%|points?\b|percent\b|[x×](?!\w)|times\b|-?fold\b|\$?\\times)|\bfactor of\b|\bfrom {_FIGURE}|"
        rf"{_FIGURE}%? (?:vs\.?|versus|compared|against|to) {_FIGURE}|\borders? of magnitude\b",
        "several": rf"(?:{_FIGURE}|\b(?:{_NUMBER_WORDS})) (?:[a-z][\w-]* ){{0,3}}?[a-z][\w-]*[^s\W]s\b",
        "language": r"\b(?-i:[A-Z][a-z]+(?:ish|ese|ian|sian|man)|French|Hindi|Arabic|Dutch|Greek|Urdu|Turkic|Swahili)\b",
    }
)
"""A figure of each measure: with its unit, or beside its word."""
PLACES_IN_ORDER = _compile(
    {
        "first": r"\b(?:first(?:ly)?(?! (?:time|author|of|paper))|begins?|starts?|initially|beforehand)\b",
        "second": r"\bsecond(?:ly)?,|\bsecond (?:step|stage|phase)\b",
        "later": r"\b(?:then|next|afterwards?|followed|follows|subsequently)\b",
        "last": r"\b(?:finally|lastly|last (?:step|stage|phase)|final (?:step|stage|phase)|eventually)\b",
    }
)
"""Places of a step, by the words that say them in a question or a sentence."""
_NAME = re.compile(r"\b(?=[^\WA-Z]*[A-Z][^\WA-Z0-9]*[A-Z0-9])\w++")
_COUNTING = re.compile(r"\b(?:how many|number of)\b([^?.;:]*)", re.IGNORECASE)
_AMOUNT = re.compile(rf"\b(?:\d[\d,.]*|{_NUMBER_WORDS})\b", re.IGNORECASE)
COUNTED_WITHIN = 4
"""Words between a number and what it counts."""
N_COUNTED = 6
"""Words after "how many" that may say what is counted."""


@dataclass(frozen=True, slots=True)
class Request:
    """The kinds of answer that one question asks for.

    Attributes:
        kinds: Names of `KINDS`.
        counted: Terms of what the question counts.
        terms: Terms of its content words: what a number may measure.
        words: Its words, folded: a name among them is no answer.
        places: Places in an order that it asks for, of `PLACES_IN_ORDER`.
        measures: What the asked figure measures, of `MEASURES`.
    """

    kinds: frozenset[str]
    counted: frozenset[str]
    terms: frozenset[str]
    words: frozenset[str]
    places: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()

    @classmethod
    @lru_cache(maxsize=256)
    def read_question(cls, question: str, asks_for: Detail | None = None) -> Request:
        """Read a question's words of asking.

        ``asks_for``, the detail that its reading names, counts where the words tell no kind: "which
        has fewer parameters" was read as asking for a limitation.
        """
        asking = " ".join(question[a:b] for a, b in parse_query(question).asking) or question
        kinds = {
            name
            for name, pattern in KINDS.items()
            if pattern.search(asking if name in ASKED_KINDS else question)
        }
        if not kinds and asks_for and asks_for in DETAIL_KINDS:
            kinds.add(DETAIL_KINDS[asks_for])
        words = frozenset(fold(word) for word, _ in iter_words(question))
        content = words - FRAME_WORDS - STOP_WORDS
        return cls(
            frozenset(kinds),
            frozenset(_extract_counted_nouns(question)),
            frozenset(term for word in content for term in extract_terms(word)),
            words,
            frozenset(n for n, p in PLACES_IN_ORDER.items() if p.search(question)),
            frozenset(n for n, p in MEASURES.items() if p.search(asking)),
        )

    def find_forms(self, sentence: str) -> dict[str, float]:
        """How far a sentence has each form, 0 to 1."""
        forms = dict(_find_own_forms(sentence))
        names = {n for n in _NAME.findall(sentence) if fold(n) not in self.words}
        forms["name"] = float(bool(names))
        forms["names"] = float(len(names) > 1)
        forms["counted"] = float(bool(self.counted) and self._has_count(sentence))
        forms["measured"] = float(bool(self.terms) and self._has_measure(sentence))
        forms["in_place"] = float(any(PLACES_IN_ORDER[n].search(sentence) for n in self.places))
        forms["asked_figure"] = float(any(MEASURED[n].search(sentence) for n in self.measures))
        return forms

    def _has_count(self, sentence: str) -> bool:
        for match in _AMOUNT.finditer(sentence):
            after = [word for word, _ in iter_words(sentence[match.end() :])][:COUNTED_WITHIN]
            if any(term in self.counted for word in after for term in extract_terms(word)):
                return True
        return False

    def _has_measure(self, sentence: str) -> bool:
        """Whether a number stands beside a word of the question: ``404 FPS``, ``EER of 2.3%``."""
        words = _list_word_terms(sentence)
        figures = [at for at, (word, _) in enumerate(words) if word[0].isdigit()]
        return any(
            not self.terms.isdisjoint(terms)
            for at in figures
            for _, terms in words[max(0, at - COUNTED_WITHIN) : at + COUNTED_WITHIN + 1]
        )


def _extract_counted_nouns(question: str) -> Iterator[str]:
    for match in _COUNTING.finditer(question):
        nouns = [word for word, _ in iter_words(match[1]) if fold(word) not in STOP_WORDS]
        for word in nouns[:N_COUNTED]:
            yield from extract_terms(word)


def is_pointing_to_code(text: str) -> bool:
    """Whether a sentence says where something can be had."""
    return FORMS["code"].search(text) is not None


_WHAT_IS = re.compile(
    r"^\W*what(?:'s|s|\s+is|\s+are)\s+(?:(?:an?|the)\s+)?(?P<subject>[\w-]+(?:\s+[\w-]+){0,3})\W*$",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"\bwhat (?:does|do|is) (?:the )?(?:acronym |abbreviation |name )?(?P<acronym>[\w^-]+) (?:stands? for|mean|short for)\b",
    re.IGNORECASE,
)
_MOST_BETWEEN = 2
"""Words between those of a subject: ``the 2nd Anti-UAV Workshop & Challenge`` is an Anti-UAV challenge."""
_SAYS_WHAT_IT_IS = (
    r"(?:is|are) (?:an?|the)\b|aims?\b|aiming\b|refers? to\b|seeks?\b|addresses\b|denotes?\b|means\b|"
    r"(?:is|are) (?:to|defined|designed)\b|(?:has|have) been (?:\w+ed) to\b|, (?:an?|one of|which|where|i\.e\.|that is|namely)\b|"
    r"are (?:[\w-]+ ){0,2}?[\w-]+s (?:that|which|of|for|in|with|\w+ing)\b"
)
_BRINGS_IT = (
    r"\b(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|termed|named|called|dubbed)\b"
)


def find_defined_subject(question: str) -> str:
    """What a question asks the meaning of, and nothing besides: ``what is an Anti-UAV challenge``."""
    match = _WHAT_IS.match(question)
    return match["subject"] if match else ""


def find_abbreviated(question: str) -> str:
    """The name that a question wants spelt out: ``what does SCA stand for in ...``."""
    match = _STANDS_FOR.search(question)
    return match["acronym"] if match else ""


def spells_out(name: str, sentence: str) -> bool:
    """Whether a sentence has a name in brackets behind its words: ``Similarity Coverage Analysis (SCA)``."""
    return re.search(rf"\w \({re.escape(name)}s?\)", sentence) is not None


def is_common(subject: str) -> bool:
    """Whether a subject is no name that a paper made up: many papers bring something for it, none brings it."""
    return subject.islower() and not any(is_made_up(word) for word, _ in iter_words(subject))


def defines(subject: str, sentence: str) -> bool:
    """Whether a sentence says what a subject is, or brings it in.

    "what is an Anti-UAV challenge" was answered by how many teams took part in it, and "what is federated
    learning" by "a novel personalized federated learning method".
    """
    gap = rf"(?:\W+[\w-]+){{0,{_MOST_BETWEEN}}}?\W+"
    name = gap.join(rf"{re.escape(word.rstrip('s'))}\w{{0,2}}" for word in subject.split())
    told = rf"{name}(?:\s?\([^)]*\))?(?:\s+[\w-]+)?(?:\s+|(?=,))(?:{_SAYS_WHAT_IT_IS})"
    brought = rf"{_BRINGS_IT}\W+(?:[\w-]+\W+){{0,6}}?{name}"
    form = rf"(?<![\w-])(?:{told})" if is_common(subject) else rf"(?<![\w-])(?:{told})|{brought}"
    return re.search(form, sentence, re.IGNORECASE) is not None


DATA_WORDS = r"\b(?:data ?sets?|benchmarks?|test ?(?:sets?|beds?)|corpus|corpora)\b(?! (?:condensation|distillation))"


_TRIED_ON = re.compile(
    r"\b(?:[Ee]xperiment|[Ee]valuat|[Tt]ested|[Rr]esults)\w*\b[^.;]{0,120}?\bon (?:the )?"
    r"(?=[\w-]*[A-Z])(?=[\w-]*(?:\d|[A-Z][\w-]*[A-Z]))[\w-]+"
)
"""``experiments on UCF101, HMDB51, and Kinetics400``."""


def names_data(sentence: str) -> bool:
    """Whether a sentence has a word for data sets or benchmarks, or experiments on something of a name."""
    return re.search(DATA_WORDS, sentence, re.IGNORECASE) is not None or bool(
        _TRIED_ON.search(sentence)
    )


def rate_data(sentence: str, own_name: str) -> int:
    """How far a sentence tells data: 3 what is tried on them by name, 2 other names, 1 a word for data.

    ``own_name`` is of the paper itself: "several public datasets" names none.
    """
    if _TRIED_ON.search(sentence):
        return 3
    if not names_data(sentence):
        return 0
    names = {match.group() for match in NAMED.finditer(sentence)} - {own_name}
    return 2 if any(map(is_made_up, names)) else 1


def is_of_itself(text: str) -> bool:
    """Whether a sentence speaks of the paper that it stands in."""
    return FORMS["own"].search(text) is not None


_REMEMBERS = re.compile(
    r"\b(?:i (?:vaguely )?(?:remember|recall)|there (?:was|were|is) (?:this |a |an |some )?(?:paper|work|article|something|one)"
    r"|(?:i|we) (?:read|saw|heard|skimmed) (?:about |of )?(?:a |an |some |this )?(?:paper|work|article|something)"
    r"|(?:forgot|cannot recall|can't recall|don't remember) (?:the|its|what|which)|what was (?:that|the) paper)\b"
    r"|^\W*(?:which (?:was|is) )?(?:that|the) (?:paper|study|article|work|one) (?:where|about|that|on|with|in which|whose)\b",
    re.IGNORECASE,
)


def is_remembering(question: str) -> bool:
    """Whether a question is for a paper that its asker half remembers: ``there was one that ...``."""
    return _REMEMBERS.search(question) is not None


def count_content_words(question: str) -> int:
    """Words of a question that are neither stop words nor words of asking."""
    return sum(fold(word) not in FRAME_WORDS | STOP_WORDS for word, _ in iter_words(question))


@lru_cache(maxsize=20_000)
def _list_word_terms(sentence: str) -> Sequence[tuple[str, tuple[str, ...]]]:
    return list_word_terms(sentence)


@lru_cache(maxsize=20_000)
def _find_own_forms(sentence: str) -> Mapping[str, float]:
    """The forms that a sentence has whatever is asked."""
    forms = {name: float(bool(p.search(sentence))) for name, p in (FORMS | HOW_FORMS).items()}
    problems = {word.lower() for word in FORMS["problem"].findall(sentence)}
    return forms | {"problem": min(len(problems), 3) / 3}
