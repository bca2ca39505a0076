"""Which sentence leads where the words of a question mislead: its form tells more than what is shared.

What is learned (`rag.answers.sentence_ranker`) weighs each sentence alone. Some answers are told by their
neighbours: what a remedy is for stands before it, and a list behind the sentence that announces it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers.answer_line import trim_opening
from rag.answers.sentence_forms import FORMS, Request, is_of_itself
from rag.answers.units import find_measures, has_figures_of
from rag.library.naming import get_short_name, is_made_up
from rag.search.thesaurus import find_everyday_phrases
from rag.text import iter_words
from rag.types import Paper, PaperHit, Sentence, Span

_CIRCULAR = re.compile(
    r"\W*(?:to|for|in order to) (?:\w+ ){0,2}?(?:address|tackle|solve|alleviate|mitigate|overcome|handle|resolve|remedy|cope with|"
    r"deal with|combat|fix|this end)\s*(?:(?:this|these|those|that|such|the|both|all|above|aforementioned|two|key|critical|existing) ){0,3}"
    r"(?:problem|issue|challenge|limitation|gap|drawback|shortcoming|difficult(?:y|ie)|obstacle|concern|dilemma|weakness)?(?:e?s)?\s*,",
    re.IGNORECASE,
)
"""``To address the problem, we propose ...``: the problem itself is stated in an earlier sentence."""

_OTHER_KINDS = frozenset(("definition", "data", "number", "count", "name", "means"))
"""Kinds beside which "challenge" or "problem" is no more than a word: "what does SCA stand for in the challenge ..."."""
_BOAST = re.compile(
    r"\W{0,9}+(?:[\w-]{1,40},? ){0,4}(?:experiments?|results?|evaluations?|experimental|studies|analysis)\b[^.]{0,400}?\b(?:state[- ]of[- ]the[- ]art|sota|"
    r"superior\w*|outperform\w*|surpass\w*|effectiveness|excellent|promising|performances?)\b",
    re.IGNORECASE,
)
_RESULT_ASKED = re.compile(
    r"\b(?:perform\w*|effective\w*|general\w*|robust\w*|improv\w*|state|sota|accura\w*|results?|evaluat\w*|test(?:s|ed)?|experiments?|"
    r"good|(?<!as )well|best|beats?|wins?|works?|better|worse|faster|slower|outperform\w*|surpass\w*|superior)\b",
    re.IGNORECASE,
)
_HOW_WELL = re.compile(r"\bhow (?:accurate|good|well|strong|robust|effective)\b", re.IGNORECASE)
_COMPARED_WITH = re.compile(r"\bcompare[sd]? (?:to|with|against)\b|\bstack up\b", re.IGNORECASE)
_THAN = re.compile(r"(?<![\w-])(?P<first>[\w-]+)\b[^.?]{0,60}?\bthan (?:the )?(?P<second>[\w-]+)")

_ATTRIBUTES = re.compile(
    r"\W*we (?:attribute|ascribe|trace) (?:this|these|such|it)\b", re.IGNORECASE
)
_SAYS_WHY = re.compile(
    r"\W*we (?:attribute|ascribe|trace) (?:this|these|such|it)\b|.{0,80}?\b(?:explanations?|reasons?|causes?) (?:for|of) (?:this|these|that|the|such)\b",
    re.IGNORECASE,
)
"""``We have traced a possible explanation for this phenomenon to ...``."""
_DANGLING = re.compile(
    r"\W*(?:(?:these|those|such|they)\b|(?:when|if|under|with|without|despite|due to|because of|given) (?:[\w-]+ ){0,3}?"
    r"(?:such|these|those) [\w-]+)",
    re.IGNORECASE,
)
_ACHIEVED = re.compile(
    r"\W*(?:this|it) (?:is|was|can be) (?:\w+ly )?(?:achieved|done|accomplished|reali[sz]ed|attained|implemented|obtained)\b",
    re.IGNORECASE,
)
"""``This is achieved by ...``: the sentence before it says what is achieved."""
MAX_JOINED_CHARS = 480
"""Of a sentence with the one before it, which it points back to."""

_OF_OTHERS = re.compile(
    r"\b(?:existing|current|previous|prior|earlier|other|others|traditional|conventional|today|state-of-the-art|addresse?s?|solve[sd]?|"
    r"tackle[sd]?|overcomes?|fix(?:es)?|handles?|mitigates?|alleviates?)\b",
    re.IGNORECASE,
)
_LIMITS_ASKED = re.compile(
    r"\b(?:limit(?:s|ed|ations?)?|drawbacks?|downsides?|weakness\w*|weak|shortcomings?|disadvantages?|cons|flaws?|pitfalls?|caveats?|"
    r"wrong|problems? with|fail(?:s|ures?)?|bad|can(?:no|')t|catch)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:our|ours|we)\b", re.IGNORECASE)
_ADMITS = re.compile(
    r"\b(?:limit(?:s|ed|ations?)|fails?|cannot|can not|unable|slower|weakness\w*|future work|drawbacks?|shortcomings?|at the cost of|"
    r"not (?:yet|able)|still (?:lags?|struggles?|requires?))\b",
    re.IGNORECASE,
)


def order_by_form(
    question: str, hit: PaperHit, chosen: Sequence[Sentence], request: Request
) -> list[Sentence]:
    """The sentences, best first, those of the form that is asked for before others of more shared words."""
    text = hit.paper.text
    order = list(chosen)
    if request.kinds & {"number", "count"} and (measures := find_measures(question)):
        # "what FLOPs reduction does D2Pruner get?" was told a reduction of tokens
        order.sort(key=lambda s: not has_figures_of(measures, text[slice(*s.span)]))
    if _HOW_WELL.search(question) and not any(FORMS["digit"].search(text, *s.span) for s in order):
        # "how accurate are the dehazing results" was told how a loss works: no figure is printed, that it wins is
        order.sort(key=lambda s: not (s.role == "result" and FORMS["wins"].search(text, *s.span)))
    if sides := find_sides_of_than(question):
        # "is SAM2 better than SAM?" was told what VL-SAM2 reaches
        order.sort(key=lambda s: not all(_names(side, text[slice(*s.span)]) for side in sides))
    elif "verdict" in request.kinds and not _RESULT_ASKED.search(question):
        # "is GenShield able to fix images?" was told of its state-of-the-art performance
        order.sort(key=lambda s: s.role == "result" and bool(_BOAST.match(text, *s.span)))
    if "why" in request.kinds and order and order[0].role in ("aim", "method", "result"):
        # "why would MLLMs lose visual quality?" was told a remedy; "We attribute this to ..." says why
        order.sort(key=lambda s: not _SAYS_WHY.match(text, *s.span))
    is_how = "means" in request.kinds and not request.kinds & {"comparison", "order", "effect"}
    is_led_by_result = bool(order) and (
        order[0].role == "result" or bool(_BOAST.match(text, *order[0].span))
    )
    if is_how and not _RESULT_ASKED.search(question) and (_has_name(question) or is_led_by_result):
        # "how does LaRE tell real images from generated ones" was told why that is hard, and how fast it is;
        # "how is privacy protected in the frequency domain?" how well it is
        order.sort(
            key=lambda s: not (s.role in (None, "aim", "method") and tells_how(hit.paper, s))
        )
    if "comparison" in request.kinds and _COMPARED_WITH.search(question):
        # "how does NAR-Former V2 compare to graph neural networks?" was told how it learns
        order.sort(key=lambda s: not (s.role == "result" and FORMS["wins"].search(text, *s.span)))
    if (
        "problem" in request.kinds
        and not request.kinds & _OTHER_KINDS
        and _CIRCULAR.match(text, *order[0].span)
    ):
        problem = _find_before(chosen, order[0])
        order.sort(key=lambda s: s is not problem)
    return order


def find_sides_of_than(question: str) -> tuple[str, ...]:
    """The two coined names of ``is A better than B``; none where one of them is a common word."""
    match = _THAN.search(question)
    if match is None:
        return ()
    before = [word for word, _ in iter_words(question[: match.start("second")]) if is_made_up(word)]
    second = match["second"]
    return (before[0], second) if len(before) == 1 and is_made_up(second) else ()


def _has_name(question: str) -> bool:
    return any(is_made_up(word) for word, _ in iter_words(question))


def _names(name: str, sentence: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence) is not None


def _find_before(sentences: Sequence[Sentence], sentence: Sentence) -> Sentence:
    """The last problem or limitation before a sentence, else the sentence before it; itself if it is the first."""
    before = sorted((s for s in sentences if s.span[1] <= sentence.span[0]), key=lambda s: s.span)
    problems = [s for s in before if s.role in ("problem", "limitation")] or before
    return problems[-1] if problems else sentence


# --- what is quoted with it -----------------------------------------------------------------


def add_sentence_before(hit: PaperHit, sentence: Sentence) -> Span:
    """The span of a sentence, extended to the previous one if it begins with a reference back to it.

    "What issue does GazeForensics address?" began with "These approaches", which were not named. A paper's own
    "These modules" has the paper's name before it (`rag.answers.answer_line`).
    """
    text, (start, end) = hit.paper.text, sentence.span
    begins = trim_opening(text, sentence.span)[0]
    is_told_by_others = sentence.role in ("background", "problem", "limitation")
    if not (
        _ATTRIBUTES.match(text, begins)
        or _ACHIEVED.match(text, begins)
        or (is_told_by_others and _DANGLING.match(text, begins))
    ):
        return sentence.span
    before = max(
        (s.span for s in hit.sentences if s.span[1] <= start),
        key=lambda span: span[0],
        default=None,
    )
    if before is None or end - before[0] > MAX_JOINED_CHARS or text[before[1] : start].strip():
        return sentence.span
    return before[0], end


def is_pointing_back(text: str, span: Span) -> bool:
    """Whether a sentence begins with what only the one before it names: ``These approaches``, ``this form of``."""
    return _POINTS_BACK.match(text, trim_opening(text, span)[0]) is not None


_POINTS_BACK = re.compile(r"\W*(?:this|these|those|such|they|it|its|their)\b", re.IGNORECASE)


def is_limit_of_others(question: str, hit: PaperHit, lead: Sentence, *, is_focus: bool) -> bool:
    """Whether a question asks for a paper's own limitations, but the best sentence is about the work before it.

    "FoPru limits?" was told what limits the models before it. ``is_focus``: the paper is spoken of.
    """
    if not asks_for_limits(question):
        return False
    name = get_short_name(hit.paper)
    coined = {word for word, _ in iter_words(hit.paper.name) if is_made_up(word)} | {name} - {""}
    is_named = any(_names(word.lower(), question.lower()) for word in coined)
    if not (is_named or is_focus) or _OF_OTHERS.search(question):
        return False
    text = hit.paper.text[slice(*lead.span)]
    if lead.role == "limitation" and not _is_before_own(hit, lead):
        return False
    is_of_it = bool(_OWN.search(text) or any(word in text for word in coined))
    return _is_before_own(hit, lead) or not (is_of_it and _ADMITS.search(text))


def asks_for_limits(question: str) -> bool:
    """Whether the words of a question ask for limits, or an everyday phrase does: ``fall short``.

    "What capability does it rely on?" was read as asking for a limitation.
    """
    return bool(_LIMITS_ASKED.search(question)) or any(
        all(_LIMITS_ASKED.search(term) for term in terms)
        for _, terms in find_everyday_phrases(question)
    )


def _is_before_own(hit: PaperHit, sentence: Sentence) -> bool:
    """Whether a sentence stands before the first in which the paper speaks of itself."""
    own_starts = [
        s.span[0]
        for s in hit.sentences
        if s.role in ("aim", "method", "result") and is_of_itself(hit.paper.text[slice(*s.span)])
    ]
    return bool(own_starts) and sentence.span[1] <= min(own_starts)


def tells_how(paper: Paper, sentence: Sentence) -> bool:
    """Whether a sentence tells how something works, and not how well, nor what was looked at first.

    Cells of *How* held "our method even surpasses ..." and "we first elucidate the seeming paradox".
    """
    text = paper.text[slice(*sentence.span)]
    if _BOAST.match(text):
        return False
    return not (_SURPASSES.search(text) or _TEASES.match(text)) or bool(FORMS["does"].search(text))


_SURPASSES = re.compile(
    r"\b(?:surpass\w*|outperform\w*|state-of-the-art|superior\w*|sota)\b", re.IGNORECASE
)
_TEASES = re.compile(
    r"\W*(?:\w+, )?(?:specifically, )?we (?:first(?:ly)? |also |further |then )?(?:elucidate|argue|find|observe|revisit|analy[sz]e|"
    r"investigate|show|prove|demonstrate|reveal|discuss|explore|study|notice)\b",
    re.IGNORECASE,
)
