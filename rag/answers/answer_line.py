"""The line that answers: one exact quote, begun where it begins to answer, its value in bold.

A quote may begin after words that point at a sentence which is not shown (``To address this issue,``);
where it begins with a pronoun, the paper's short name stands before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.answers.citations import Citations
from rag.answers.units import join_measures, join_units
from rag.library.naming import get_short_name
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, split_sentences
from rag.text.markdown import plain
from rag.types import Paper, Span

_POINTING = r"(?:this|these|those|that|such|the (?:above|aforementioned|former)|it|them)\b"
_CONNECTIVE = re.compile(
    r"(?:however|moreover|furthermore|in addition|additionally|besides|specifically|concretely|in particular|"
    r"more specifically|to be specific|thus|therefore|hence|consequently|accordingly|as a result|then|next|"
    r"finally|lastly|at last|in practice|in fact|meanwhile|notably|nevertheless|unfortunately|correspondingly|importantly|"
    r"more importantly|intuitively|also|indeed|overall|in summary|in conclusion|to this end|"
    r"for this purpose|by doing so|on the other hand|for example|for instance|empirically|and|but|"
    r"first(?:ly)?|second(?:ly)?|third(?:ly)?|"
    r"in this (?:way|paper|work|letter|study|article|regard|context)|"
    rf"(?:to|by|with|from|for|in|on|under|inspired by|motivated by|based on|guided by|given|considering)\b"
    rf"(?:\s+[\w-]+){{0,3}}?\s+{_POINTING}[^,.;:]{{0,60}})\s*,\s*",
    re.IGNORECASE,
)
MAX_OPENINGS = 3
MIN_QUOTE_WORDS = 5
_PRONOUN = re.compile(
    r"(?:it|its|they|their|our|both|the (?:proposed|resulting|suggested|presented)|"
    r"(?:this|these|the) (?:\w+ )?(?:method|approach|framework|model|network|system|algorithm|data ?set|benchmark|"
    r"strategy|module|paper|work|scheme|technique|solution)s?)\b",
    re.IGNORECASE,
)
MAX_NAME_WORDS = 6

_FIGURE = re.compile(
    r"(?<![\w.^@])(?<!\w-)[~≈<>+−-]?\d(?:[\d,.]*\d)?+(?![\w^]*\))(?!-(?!fold|times|points?|percent)[a-z])(?:\s?(?:%|‰)|\\%|[x×](?!\w)|[KMBG]B?(?!\w)|[a-z]{1,2}(?!\w))?"
    rf"(?:\s(?:{join_units('factor', 'rate', 'time', 'size', 'cost', 'level', 'thing')}|"
    r"(?:points|percent|million|billion|thousand)\b))?",
    re.IGNORECASE,
)
NUMBER_ASKED = re.compile(
    r"\b(?:faster|fastest|slower|smaller|bigger|larger|lighter|heavier)\b|\b(?:more|fewer|most|fewest) [a-z]+s\b|\bhow (?:much|many|fast|far|large|big|long|often|high|low|small|accurate|old)\b|(?<![\w-])(?:number of|speeds?|"
    rf"{join_measures()}|m?ap(?<!feature map)|"
    r"percent(?:age)?|points|rates?|scores?|gains?|size|memory|"
    r"improvements?|resolution|biggest|largest|smallest|longest|share|reduction|drop|teams)\b",
    re.IGNORECASE,
)
_UNITS = (
    (
        re.compile(r"\bfast|\bslow|\bspeed|\bfps\b", re.I),
        "fps frames second seconds faster speedup ms",
    ),
    (
        re.compile(
            r"\b(?:big|large|bigger|larger|smaller|lighter|heavier|biggest|largest|size|memory|small|tiny|params)\b",
            re.I,
        ),
        "parameters memory million mb gb samples images videos",
    ),
    (re.compile(r"\baccura\w+", re.I), "accuracy"),
)
"""Words printed beside a figure, for questions that name the quantity in another word."""
_NUMERAL = re.compile(r"[\d.,~≈<>+−-]+")
WORDS_BEFORE, WORDS_AFTER = 4, 5
"""Words around a figure that may say what it is a figure of."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A quote as it is shown: the span that is cited, and its words with name, bold and marks."""

    span: Span
    text: str


def build_line(question: str, paper: Paper, span: Span, marks: Citations) -> AnswerLine:
    """The quote of one sentence of a paper for a question, with its marker."""
    span = extend_list(paper.text, trim_opening(paper.text, _go_back(paper.text, span)))
    quote = plain(paper.text[slice(*span)])
    if figure := find_figure(question, quote):
        start, end = figure
        quote = f"{quote[:start]}**{quote[start:end]}**{quote[end:]}"
    name = _get_name_before(quote, paper)
    return AnswerLine(span, f"{name}“{quote}” [{marks.get_marker(paper, span)}]")


_LABEL = re.compile(r"[A-Z]{5,}(?: [A-Z]{2,}){0,3}:?\s+(?=[A-Z])")
"""The label of a part of a structured abstract: ``CONCLUSION Vitamin D …``."""


def trim_opening(text: str, span: Span) -> Span:
    """The span without the words at its beginning that only lead over from the sentence before it."""
    start, end = span
    for _ in range(MAX_OPENINGS):
        match = _LABEL.match(text, start, end) or _CONNECTIVE.match(text, start, end)
        if match is None or len(text[match.end() : end].split()) < MIN_QUOTE_WORDS:
            break
        start = match.end()
    return start, end


_FIRST_ITEM = re.compile(r"\((?:i|1|a)\)|(?<![\w(])(?:i|1|a)\)")
_ITEM = re.compile(r"\(?(?:i{2,3}|iv|v|[2-5]|[b-e])\)\s")
MAX_LIST_CHARS = 700


_ANNOUNCES = re.compile(
    r"\b(?:limitations?|problems|issues|challenges|reasons|drawbacks|shortcomings|weaknesses|difficulties|obstacles|flaws|gaps|aspects|"
    r"steps|stages|ways|parts|factors|(?:two|three|four|several|following) (?:\w+ ){0,2}?\w+s)\b",
    re.IGNORECASE,
)
_FIRSTLY = re.compile(
    r"\s*(?:first(?:ly)?|on (?:the )?one hand|(?:the )?first one)\b,?", re.IGNORECASE
)
_NEXTLY = re.compile(
    r"\s*(?:second(?:ly)?|third(?:ly)?|fourth(?:ly)?|finally|lastly|on the other hand|(?:the )?second one)\b,?",
    re.IGNORECASE,
)
_BROKEN_FIGURE = re.compile(r"(?<=\d\.)\s+\d+\s?\\?%[^.]*+\.?")


def _go_back(text: str, span: Span) -> Span:
    """Extend a span backwards to where its sentence begins: before a figure broken at its decimal point, or before the
    list it is an item of (``Secondly, they rot``).
    """
    start, end = span
    if rest := _BROKEN_FIGURE.match(text, end):
        end = rest.end()
    before = [s for s in split_sentences(text[:start]) if end - s[0] <= MAX_LIST_CHARS]
    if before and _BROKEN_FIGURE.match(text, before[-1][1]):
        return before[-1][0], end
    while before and (_FIRSTLY.match(text, start) or _NEXTLY.match(text, start)):
        start, stop = before.pop()
        if _ANNOUNCES.search(text, start, stop) and _FIRSTLY.match(text, stop):
            return start, max(end, extend_list(text, (start, stop))[1])
    return span[0], end


def extend_list(text: str, span: Span) -> Span:
    """The span with the further items of the list that it begins: ``... (i) A. (ii) B. The B is ...``.

    "What limits dynamic architectures?" was told the first of three, and "what's wrong?" that there are
    limitations, without "Firstly, ..." behind. An item that is a heading takes the sentence behind it.
    """
    start, end = span
    if _ANNOUNCES.search(text, start, end) and _FIRSTLY.match(text, end):
        for at, stop in split_sentences(text):
            if at >= end and (
                not (_FIRSTLY.match(text, at) or _NEXTLY.match(text, at))
                or stop - start > MAX_LIST_CHARS
            ):
                break
            end = max(end, stop)
        return start, end
    if not _FIRST_ITEM.search(text, start, end):
        return span
    sentences = [s for s in split_sentences(text) if s[0] >= end and s[1] - start <= MAX_LIST_CHARS]
    is_headed = False
    for at, stop in sentences:
        if _ITEM.match(text, at):
            is_headed = len(text[at:stop].split()) < MIN_QUOTE_WORDS
            end = stop
        elif is_headed:
            end, is_headed = stop, False
    return start, end


def _get_name_before(quote: str, paper: Paper) -> str:
    name = get_short_name(paper)
    if not paper.title or len(name.split()) > MAX_NAME_WORDS or not _PRONOUN.match(quote):
        return ""
    return f"{plain(name)}: "


def find_figure(question: str, quote: str) -> Span | None:
    """The place of the one figure that a question asks for; None if it asks for none or several may be meant.

    Of several figures it is the one with most of the question's words around it.
    """
    figures = find_figures(question, quote)
    return figures[0] if len(figures) == 1 else None


def find_figures(question: str, quote: str) -> list[Span]:
    """The figures that a question asks for, judged by the words around them; empty if it asks for none."""
    if not NUMBER_ASKED.search(question):
        return []
    units = " ".join(words for pattern, words in _UNITS if pattern.search(question))
    wanted = {
        term
        for word, _ in iter_words(f"{question} {units}")
        if fold(word) not in STOP_WORDS
        for term in extract_terms(word)
    }
    # "what accuracy with 2% patches?": a figure that the question gives is none that it asks for
    question_figures = {match.group() for match in _FIGURE.finditer(question)}
    figures = [m.span() for m in _FIGURE.finditer(quote) if m.group() not in question_figures]
    scores = [_score_figure(span, quote, wanted) for span in figures]
    best = max(scores, default=0.0)
    return [figure for figure, score in zip(figures, scores, strict=True) if score == best > 0]


def _score_figure(span: Span, quote: str, wanted: set[str]) -> float:
    """The question's words beside a figure; those behind it, up to the next comma, count more."""
    ahead = re.split(r"[;(]|,\s", quote[span[0] :], maxsplit=1)[0]
    behind = re.split(r"[;)]|,\s", quote[: span[0]])[-1]
    after = [word for word, _ in iter_words(ahead)][: WORDS_AFTER + 1]
    before = [word for word, _ in iter_words(behind)][-WORDS_BEFORE:]
    words_behind = {t for word in after for t in extract_terms(word)} & wanted
    around = {t for word in before for t in extract_terms(word)} & wanted
    unit = _NUMERAL.sub(" ", quote[slice(*span)])
    has_unit = not wanted.isdisjoint(extract_terms(unit))
    return 1.5 * len(words_behind) + len(around - words_behind) + 0.5 * has_unit
