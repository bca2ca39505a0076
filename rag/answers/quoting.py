"""Selects sentences of papers for a question, quotes them exactly, and formats papers in answers."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.answers.citations import Citations
from rag.answers.cues import AnswerCues
from rag.search.query import FRAME_WORDS, parse_query
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.text.markdown import plain
from rag.types import Paper, PaperHit, Sentence, Span
from rag.types.query import Detail

MAX_PAPER_NAME_CHARS = 300

_INTRODUCES = re.compile(
    r"\b(?:propos\w+|introduc\w+|present\w*|develop\w*|nam(?:ed|ely)|call(?:ed)?|dubbed|term(?:ed)?|"
    r"novel|this paper|we describe)\b",
    re.IGNORECASE,
)
_POINTS_TO_CODE = re.compile(
    r"\b(?:code|models?|data ?sets?|project|page|it)\b.{0,60}\b(?:available|released|found|open-sourced)\b|https?://",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r"\b(?:we|our|us|(?:this|present) (?:paper|work|article|study|letter|report|survey)|"
    r"(?:is|are) (?:proposed|introduced|presented)|the proposed|outperform\w*)\b",
    re.IGNORECASE,
)
BACKGROUND_LOSS = 0.12
"""Score lost by sentences before the first one about the paper itself, such as faults of other work,
unless the question asks for a problem."""
WORDS_GAIN = 0.3
"""Gain for a sentence with all words of the question; with fewer, in proportion to their idf."""
NAMED_SHARE = 0.2
"""Share of its weight that a word keeps if it is in the paper's name, since it then distinguishes
papers, not sentences."""
CODE_LOSS = 0.3
"""Score lost by a sentence that only says where the code is, unless the question asks for it."""
INTRODUCTION_GAIN = 0.15
"""Gain for a sentence that introduces its paper, if the question looks for a paper."""
DESCRIPTION_WORDS = 8
"""Content words from which a question that asks nothing describes a paper."""
OVERVIEW_GAIN = 0.4
"""The same if several papers are quoted and no kind of answer is asked for."""


def choose_sentences(
    question: str,
    hit: PaperHit,
    n: int,
    *,
    several: bool = False,
    asks_for: Detail | None = None,
) -> list[Sentence]:
    """The n sentences of one paper that answer the question best, the best one first.

    Args:
        question: Its asking phrases tell the kind of answer: a figure, a name, an evaluation.
        hit: With the sentences scored by the retriever.
        n: Fewer come back from a shorter paper; what has no word is no sentence to be quoted, nor
            is what stands apart from its paper, unless the paper has nothing else.
        several: Whether the answer tells several papers, each by what it is.
        asks_for: The detail that the question's reading names.
    """
    asked_for = AnswerCues.read_question(question, asks_for)
    overview = several and not (asked_for.kinds or asked_for.details)
    introduced = INTRODUCTION_GAIN if is_asking_for_paper(question) else 0.0
    introduced = OVERVIEW_GAIN if overview else introduced
    has_background = asked_for.asks_for_problem or asked_for.background
    begins = 0 if has_background else find_beginning(hit)

    name_terms = set(extract_terms(hit.paper.name))
    wanted = {
        term: m.idf * (NAMED_SHARE if term in name_terms else 1)
        for m in hit.words
        if m.idf > 0
        for term in extract_terms(m.word)
    }
    total = sum(wanted.values()) or 1.0
    sentences = [s for s in hit.sentences if any(iter_words(hit.paper.text[slice(*s.span)]))]
    rest = [(s, hit.apart.rest(hit.paper.text, s.span)) for s in sentences]
    sentences = [replace(s, span=span) for s, spans in rest for span in spans] or sentences

    def score_sentence(sentence: Sentence) -> float:
        text = hit.paper.text[slice(*sentence.span)]
        gains = asked_for.compute_gain(text, sentence.role)
        if introduced and _INTRODUCES.search(text):
            gains += introduced
        gains += (
            WORDS_GAIN * sum(wanted.get(term, 0.0) for term in set(extract_terms(text))) / total
        )
        if not asked_for.asks_for_link and _POINTS_TO_CODE.search(text):
            gains -= CODE_LOSS
        if sentence.span[0] < begins:
            gains -= BACKGROUND_LOSS
        return sentence.score + gains

    return sorted(sentences or hit.sentences, key=lambda s: (-score_sentence(s), s.span))[:n]


def find_beginning(hit: PaperHit) -> int:
    """Where a paper's text begins to speak of the paper itself; 0 if it never does."""
    starts = (s.span[0] for s in hit.sentences if _OF_ITSELF.search(hit.paper.text[slice(*s.span)]))
    return min(starts, default=0)


def is_pointing_to_code(text: str) -> bool:
    """Whether a sentence says where something can be had."""
    return _POINTS_TO_CODE.search(text) is not None


def is_of_itself(text: str) -> bool:
    """Whether a sentence speaks of the paper that it stands in."""
    return _OF_ITSELF.search(text) is not None


def is_asking_for_paper(question: str) -> bool:
    """Whether what is asked is a paper or its name: no phrase asks for anything else.

    A few words that ask for a kind of answer (``fps of X on cpu``) do not describe a paper.
    """
    asking = parse_query(question).asking
    words = [word for a, b in asking for word, _ in iter_words(question[a:b])]
    if any(fold(word) not in FRAME_WORDS | STOP_WORDS for word in words):
        return False
    request = AnswerCues.read_question(question)
    return is_describing_paper(question) or not (request.kinds or request.details)


def is_describing_paper(question: str) -> bool:
    """Whether a question is so long that it describes a paper, which may be another than the first."""
    return count_content_words(question) >= DESCRIPTION_WORDS


def count_content_words(question: str) -> int:
    """Words of a question that are neither stop words nor words of asking."""
    return sum(fold(word) not in FRAME_WORDS | STOP_WORDS for word, _ in iter_words(question))


# --- as they are shown ----------------------------------------------------------------------


def render_quote(paper: Paper, span: Span, marks: Citations) -> str:
    """A stretch of a paper's text in quotation marks, with its marker."""
    marker = marks.get_marker(paper, span)
    return f"“{plain(paper.text[slice(*span)])}” [{marker}]"


def render_paper_name(paper: Paper) -> str:
    """A paper as it is named in an answer: title or label in bold, people, year."""
    return _render_name(paper, "**")


def render_source(paper: Paper) -> str:
    """A paper as it stands behind a quote: title or label in italics, people, year."""
    return _render_name(paper, "*")


def _render_name(paper: Paper, sign: str) -> str:
    known = [_format_people(paper), str(paper.year) if paper.year else ""]
    details = ", ".join(part for part in known if part)
    paper_name = plain(paper.name)
    if len(paper_name) > MAX_PAPER_NAME_CHARS:
        paper_name = plain(paper_name[:MAX_PAPER_NAME_CHARS]) + "…"
    name = f"{sign}{paper_name}{sign}" + ("" if paper.title else " (untitled)")
    return f"{name} ({details})" if details else name


def _format_people(paper: Paper) -> str:
    names = paper.authors
    if not names:
        return ""
    if len(names) == 1 and paper.authors_complete:
        return plain(names[0])
    if len(names) == 2 and paper.authors_complete:
        return plain(f"{names[0]} and {names[1]}")
    return f"{plain(names[0])} et al."
