"""Comparisons: a table of what the compared papers say.

Every cell of the table is a sentence of the paper in that row, quoted and cited, or ``not stated``.
No conclusion is drawn; the reader or a model may say how the papers differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.citations import Citations
from rag.answers.comparing_words import COMPARES, content_words, is_telling
from rag.answers.quoting import (
    choose_sentences,
    find_beginning,
    is_of_itself,
    render_paper_name,
    render_quote,
)
from rag.types import PaperHit, Sentence
from rag.types.query import Query

NOT_STATED = "not stated"


# --- the table --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aspect:
    """One column: its name, and the words by which a sentence of an abstract is about it."""

    name: str
    pattern: re.Pattern[str]


def _build_aspect(name: str, pattern: str) -> Aspect:
    return Aspect(name, re.compile(pattern, re.IGNORECASE))


APPROACH = _build_aspect(
    "Approach",
    r"\b(?:we|paper|work|study|article|method|approach|framework|model|system|authors|algorithm|module|network)\s+(?:\w+\s+){0,3}?"
    r"(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|formulat\w+|devis\w+|leverag\w+|employ\w*|adopt\w*|exploit\w*|build\w*|"
    r"describ\w+|incorporat\w+|combin\w+|us(?:e|es|ed|ing)|appl(?:y|ies|ied)|learns?|generat\w+|integrat\w+|extend\w*|treats?|cast\w*)\b"
    r"|\b(?:novel|called|named|dubbed|termed)\b",
)
TESTED = _build_aspect(
    "Tested on",
    r"\bexperiments?\b|\bevaluations?\b|\b(?:evaluated|validated|tested|conducted\s+on)\b|\b(?:on|across|over)\b[^.;]{0,60}?\b(?:benchmarks?|data\s?sets?|corpus|corpora)\b|"
    r"\b(?:trials?|simulations?|participants?)\b",
)
RESULT = _build_aspect(
    "Result",
    r"\b(?:outperform\w*|improves?|improved|improvements?|achiev(?:es?|ed|ing)|reach(?:es|ed)|surpass\w*|superior\w*|state-of-the-art|sota|effectiveness|demonstrat\w+|"
    r"find|findings?|found|results?|show(?:s|n|ed)?|reveal\w*|conclud\w+|gains?|better|faster)\b|\d\s?%",
)
ASPECTS = (APPROACH, TESTED, RESULT)
_OF_OTHERS = re.compile(
    r"^\W*(?:\w+,\s+)?(?:however|although|though|nevertheless|unfortunately|despite|yet|while|existing|previous|prior|current|conventional|traditional|most|many)\b"
    r"|\b(?:existing|previous(?:ly)?|prior|current|conventional|traditional|recent|most|many|other)\s+(?:\S+\s+){0,4}?"
    r"(?:methods?|works?|approach(?:es)?|models?|defenses?|defences?|studies|techniques?|researches|algorithms?|frameworks?|schemes?|detectors?|solutions?|advances|efforts|metrics?|measures)\b"
    r"(?!\s+by\b)",
    re.IGNORECASE,
)
"""Sentences about other work, unless they are about their own paper too."""
_LACKING = re.compile(
    r"\b(?:not|cannot|fail\w*|suffer\w*|lack\w*|sacrific\w*|struggl\w*|ignor\w*|overlook\w*|neglect\w*|vulnerable|insufficient\w*|inadequate\w*|only)\b",
    re.IGNORECASE,
)
ON_THE_QUESTION = "On the question"
OTHER_ASPECT_LOSS = 0.6
"""Score lost for each sign that a sentence is rather about another aspect."""
FEW = 3
"""Papers up to which the table has a column for each aspect; more papers get fewer columns."""


def render_comparison(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """Papers and aspects as a Markdown table; no sentence is in two cells of a row.

    Where one sentence tells of two aspects, the second cell names the column of the first. What
    a paper says of other work, or before it speaks of itself, tells none of its aspects. The first column holds what each paper says on the question itself, where it asks for more than
    a comparison; the papers come in the order given.
    """
    has_request = _has_further_request(query, hits)
    few = len(hits) <= FEW
    aspects = ((APPROACH, TESTED) if few else (APPROACH,)) if has_request else ASPECTS
    aspects = aspects if few or has_request else (APPROACH, RESULT)
    names = (*((ON_THE_QUESTION,) if has_request else ()), *(a.name for a in aspects))
    lines = [f"| Paper | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for hit in hits:
        row = _choose_row_sentences(query.text, hit, aspects, has_request=has_request)
        cells = [_render_cell(hit, at, row, names, marks) for at in range(len(row))]
        name_cell = _escape_bars(render_paper_name(hit.paper))
        if all(cell == NOT_STATED for cell in cells):
            span = hit.sentences[0].span if hit.sentences else (0, 0)
            name_cell += f" [{marks.get_marker(hit.paper, span)}]"
        lines.append(f"| {name_cell} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _has_further_request(query: Query, hits: Sequence[PaperHit]) -> bool:
    """Whether a question asks for anything beside the papers' names and topics."""
    sides = query.sides if all(map(is_telling, query.sides)) else ()
    named_text = " ".join((*(hit.paper.name for hit in hits), *sides))
    return bool(content_words(COMPARES.sub(" ", query.text)) - content_words(named_text))


def _choose_row_sentences(
    question: str, hit: PaperHit, aspects: Sequence[Aspect], *, has_request: bool
) -> list[Sentence | None]:
    """The sentence for each column of one paper's row."""
    order = choose_sentences(question, hit, len(hit.sentences))
    own_sentences = [s for s in order if _is_own(hit, s)]
    first = order[:1] if has_request else []
    chosen: dict[str, Sentence] = {}
    for aspect in sorted(
        aspects, key=lambda a: a is TESTED
    ):  # an experiment is told with its result
        free = [s for s in own_sentences if s not in (*first, *chosen.values())]
        if best := _find_aspect_sentence(hit, aspect, free):
            chosen[aspect.name] = best
    free_sentences = [s for s in own_sentences if s in (*first, *chosen.values())]
    row = [chosen.get(a.name) or _find_touching_sentence(hit, a, free_sentences) for a in aspects]
    head: list[Sentence | None] = [*first] or [None]
    return head + row if has_request else row


def _is_own(hit: PaperHit, sentence: Sentence) -> bool:
    """Whether a sentence tells of its paper: not what comes before it, nor what others do or lack."""
    text = hit.paper.text[slice(*sentence.span)]
    if sentence.span[0] < find_beginning(hit):
        return False
    is_of_others = _OF_OTHERS.search(text)
    if is_of_others is None:
        return True
    return is_of_itself(text) and not _LACKING.search(text, is_of_others.end())


def _find_aspect_sentence(
    hit: PaperHit, aspect: Aspect, free: Sequence[Sentence]
) -> Sentence | None:
    """The sentence that is most about an aspect, and least about another one.

    Of equals it is the one that fits the question best, which comes first in ``free``.
    """

    def score_sentence(sentence: Sentence) -> float:
        text = hit.paper.text[slice(*sentence.span)]
        n_own = len(aspect.pattern.findall(text))
        n_others = max(len(a.pattern.findall(text)) for a in ASPECTS if a is not aspect)
        return n_own - OTHER_ASPECT_LOSS * n_others if n_own else 0.0

    best = max(free, key=score_sentence, default=None)
    return best if best is not None and score_sentence(best) > 0 else None


def _find_touching_sentence(
    hit: PaperHit, aspect: Aspect, order: Sequence[Sentence]
) -> Sentence | None:
    """A sentence that says anything of an aspect, of those that stand in another cell."""
    return next((s for s in order if aspect.pattern.search(hit.paper.text[slice(*s.span)])), None)


def _render_cell(
    hit: PaperHit,
    at: int,
    row: Sequence[Sentence | None],
    names: Sequence[str],
    marks: Citations,
) -> str:
    """A cell's quotation, or the column of the row that already has it."""
    sentence = row[at]
    if sentence is None:
        return NOT_STATED
    fits = [n for n in range(len(row)) if row[n] == sentence]
    fits.sort(key=lambda n: names[n] == TESTED.name)  # a result tells what was tested, not so back
    if fits[0] != at:
        return f"see {names[fits[0]]}"
    return _escape_bars(render_quote(hit.paper, sentence, marks))


def _escape_bars(text: str) -> str:
    """Text for a cell: a bar inside it would end the cell."""
    return text.replace("|", "∣")
