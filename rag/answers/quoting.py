"""Selects sentences of papers for a question, quotes them exactly, and formats papers in answers."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.answers.citations import Citations
from rag.answers.cues import AnswerCues
from rag.search.query import FRAME_WORDS, parse_query
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.text.markdown import plain
from rag.types import Paper, PaperHit, Sentence

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
_ASKS_FOR_CODE = re.compile(
    r"\b(?:code|github|available|releas\w+|link|url|repository|download|open[- ]source\w*)\b",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r"\b(?:we|our|us|(?:this|present) (?:paper|work|article|study|letter|report|survey)|"
    r"(?:is|are) (?:proposed|introduced|presented)|the proposed|outperform\w*)\b",
    re.IGNORECASE,
)
_ASKS_FOR_BACKGROUND = re.compile(
    r"\b(?:why|problems?|limit\w*|challeng\w*|shortcomings?|motivat\w*|issues?|gaps?|drawbacks?|"
    r"weakness\w*|fail\w*|existing|previous\w*|prior|earlier|before|traditional\w*|conventional\w*|"
    r"criticis\w*|wrong|difficult\w*|hard|threats?|risks?|concerns?|ignor\w*|overlook\w*|lack\w*|"
    r"reasons?)\b",
    re.IGNORECASE,
)
BACKGROUND_LOSS = 0.2
"""Score lost by sentences before the first one about the paper itself, such as faults of other work,
unless the question asks for background."""
WORDS_GAIN = 0.3
"""Gain for a sentence with all words of the question; with fewer, in proportion to their idf."""
NAMED_SHARE = 0.2
"""Share of its weight that a word keeps if it is in the paper's name, since it then distinguishes
papers, not sentences."""
CODE_LOSS = 0.3
"""Score lost by a sentence that only says where the code is, unless the question asks for it."""
INTRODUCTION_GAIN = 0.15
"""Gain for a sentence that introduces its paper, if the question looks for a paper."""
OVERVIEW_GAIN = 0.4
"""The same if several papers are quoted and no kind of answer is asked for."""


def choose_sentences(
    question: str, hit: PaperHit, n: int, *, several: bool = False
) -> list[Sentence]:
    """The n sentences of one paper that answer the question best, the best one first.

    Args:
        question: Its asking phrases tell the kind of answer: a figure, a name, an evaluation.
        hit: With the sentences scored by the retriever.
        n: Fewer come back from a shorter paper; what has no word is no sentence to be quoted, nor
            is what stands apart from its paper, unless the paper has nothing else.
        several: Whether the answer tells several papers, each by what it is.
    """
    asked_for = AnswerCues.read_question(question)
    overview = several and not asked_for.kinds
    introduced = INTRODUCTION_GAIN if _is_asking_for_paper(question) else 0.0
    introduced = OVERVIEW_GAIN if overview else introduced
    asks_for_code = bool(_ASKS_FOR_CODE.search(question))
    begins = 0 if _ASKS_FOR_BACKGROUND.search(question) else find_beginning(hit)

    name_terms = set(extract_terms(hit.paper.name))
    wanted = {
        term: m.idf * (NAMED_SHARE if term in name_terms else 1)
        for m in hit.words
        if m.idf > 0
        for term in extract_terms(m.word)
    }
    total = sum(wanted.values()) or 1.0
    sentences = [s for s in hit.sentences if any(iter_words(hit.paper.text[slice(*s.span)]))]
    sentences = [
        replace(s, span=span) for s in sentences for span in hit.apart.rest(hit.paper.text, s.span)
    ] or sentences

    def score_sentence(sentence: Sentence) -> float:
        text = hit.paper.text[slice(*sentence.span)]
        gains = asked_for.compute_gain(text)
        if introduced and _INTRODUCES.search(text):
            gains += introduced
        gains += (
            WORDS_GAIN * sum(wanted.get(term, 0.0) for term in set(extract_terms(text))) / total
        )
        if not asks_for_code and _POINTS_TO_CODE.search(text):
            gains -= CODE_LOSS
        if sentence.span[0] < begins:
            gains -= BACKGROUND_LOSS
        return sentence.score + gains

    return sorted(sentences or hit.sentences, key=lambda s: (-score_sentence(s), s.span))[:n]


def find_beginning(hit: PaperHit) -> int:
    """Where a paper's text begins to speak of the paper itself; 0 if it never does."""
    starts = (s.span[0] for s in hit.sentences if _OF_ITSELF.search(hit.paper.text[slice(*s.span)]))
    return min(starts, default=0)


def is_of_itself(text: str) -> bool:
    """Whether a sentence speaks of the paper that it stands in."""
    return _OF_ITSELF.search(text) is not None


def _is_asking_for_paper(question: str) -> bool:
    """Whether what is asked is a paper or its name: no phrase asks for anything else."""
    asking = parse_query(question).asking
    asking_words = [word for a, b in asking for word, _ in iter_words(question[a:b])]
    return all(fold(word) in FRAME_WORDS | STOP_WORDS for word in asking_words)


# --- as they are shown ----------------------------------------------------------------------


def render_quote(paper: Paper, sentence: Sentence, marks: Citations) -> str:
    """A sentence of a paper in quotation marks, with its marker."""
    marker = marks.get_marker(paper, sentence.span)
    return f"“{plain(paper.text[slice(*sentence.span)])}” [{marker}]"


def render_paper_name(paper: Paper) -> str:
    """A paper as it is named in an answer: title or label in bold, people, year."""
    known = [_format_people(paper), str(paper.year) if paper.year else ""]
    details = ", ".join(part for part in known if part)
    paper_name = plain(paper.name)
    paper_name = (
        paper_name
        if len(paper_name) <= MAX_PAPER_NAME_CHARS
        else plain(paper_name[:MAX_PAPER_NAME_CHARS]) + "…"
    )
    name = f"**{paper_name}**" if paper.title else f"**{paper_name}** (untitled)"
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
