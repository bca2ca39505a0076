"""Comparisons: which things a question sets side by side, and a table of what their papers say.

Every cell of the table is a sentence of the paper in that row, quoted and cited, or says ``not
stated``. Nothing is concluded here: that two papers differ is for the reader, or for a model, to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.citations import Citations
from rag.answering.everyday import is_everyday
from rag.answering.quoting import begins_at, best_sentences, described, is_of_itself, quoted
from rag.retrieving.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, stem, words
from rag.types import PaperHit, Sentence, Span

NOT_STATED = "not stated"
_COMPARES = re.compile(
    r"\b(?:compare|comparisons?|contrast|versus|vs|differs?|differences?|different(?:ly)? from|"
    r"distinguish(?:es)?|side by side|who does what|(?:dis)?agree(?:s|ment)?|in common|unlike|each (?:of )?(?:the |these |those )?papers?|"
    r"what (?:each|either|both)|which of (?:the )?(?:two|three|four|these|those|them)|first paper)\b",
    re.IGNORECASE,
)
_SIDE = r"[^?;:]{2,160}?"
_ASPECT = (
    r"(?=\s*(?:[?;:.]|,|$|\bin\s+(?:terms|how|the\s+way|what|which|their)\b|\bwith\s+(?:regard|respect)\b|\bregarding\b"
    r"|\bconcerning\b|\bas\s+to\b|\bwhen\b|\bon\s+(?:the\s+)?(?:question|matter|issue)\b))"
)
_PAIRS = tuple(
    re.compile(pattern + _ASPECT, re.IGNORECASE)
    for pattern in (
        rf"\b(?:differences?|comparisons?|distinctions?|contrasts?|relations?|in\s+common)\s+between\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})",
        rf"\b(?:compare|contrast|distinguish)\s+(?>(?P<a>{_SIDE})\s+(?:with|to|and|against|versus|vs\.?|from)\s+)(?P<b>{_SIDE})",
        rf"\bhow\s+(?:do|does|did|is|are|was|were)\s+(?>(?P<a>{_SIDE})\s+(?:differ(?:ent)?|compared?|distinguished|stand|fare|relate[ds]?)\s+(?:itself\s+)?(?:from|to|with|against)\s+)(?P<b>{_SIDE})",
        rf"\bhow\s+(?:do|does|did|are|were)\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})\s+(?:differ(?:ent)?|compare)",
        rf"\bwhat\s+(?:do|does|have|has)\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})\s+(?:have\s+)?in\s+common",
        rf"(?:^|[:,]\s*)(?>(?P<a>{_SIDE})\s+(?:versus|vs\.?)\s+)(?P<b>{_SIDE})",
        rf"\bunlike\s+(?>(?P<a>{_SIDE}),\s+)(?:how\s+|what\s+|why\s+)?(?:do|does|is|are)?\s*(?P<b>{_SIDE})",
        rf"\bwhich\s+(?:of\s+(?:the\s+)?(?:two|these|them)\b|(?:one|method|paper|approach|model)\b)?[^?,:]{{0,80}}[,:]\s*(?>(?P<a>{_SIDE})\s+or\s+)(?P<b>{_SIDE})",
    )
)
_MADE_UP = re.compile(r"\b\w*[a-z\d][A-Z]\w*|\b[A-Z]{2}\w*+(?:-\w+)*")
SIDE_WORDS = 2
"""Words of content from which words stand for something that can be looked for."""


def asks_to_compare(question: str) -> bool:
    """Whether a question sets papers side by side."""
    return bool(_COMPARES.search(question))


def said(question: str) -> list[Span]:
    """Spans of the words by which a question compares."""
    return [match.span() for match in _COMPARES.finditer(question)]


def sides(question: str, *, telling: bool = True) -> tuple[str, str] | None:
    """The two things that a question compares, if it says both so that each can be looked for.

    Not ``telling``: also where a side is a word that alone tells little, such as a name in small letters.

    ``How does A differ from B in cost?`` gives A and B; ``the first one`` or ``the follow-up`` say
    nothing that can be looked for.
    """
    for pattern in _PAIRS:
        if match := pattern.search(question):
            first, second = (" ".join(match[key].split()).strip(" ,.'\"") for key in "ab")
            tells = not telling or (_is_telling(first) and _is_telling(second))
            if tells and fold(first) != fold(second):
                return first, second
    return None


def _is_telling(side: str) -> bool:
    return bool(_MADE_UP.search(side)) or len(_content(side)) >= SIDE_WORDS


def _content(text: str) -> set[str]:
    found = (fold(word) for word, _ in words(text))
    return {stem(w) for w in found if w not in STOP_WORDS | FRAME_WORDS and not is_everyday(w)}


# --- the table --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aspect:
    """One column: its name, and the words by which a sentence of an abstract is about it."""

    name: str
    held: re.Pattern[str]


def _aspect(name: str, held: str) -> Aspect:
    return Aspect(name, re.compile(held, re.IGNORECASE))


APPROACH = _aspect(
    "Approach",
    r"\b(?:we|paper|work|study|article|method|approach|framework|model|system|authors|algorithm|module|network)\s+(?:\w+\s+){0,3}?"
    r"(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|formulat\w+|devis\w+|leverag\w+|employ\w*|adopt\w*|exploit\w*|build\w*|"
    r"describ\w+|incorporat\w+|combin\w+|us(?:e|es|ed|ing)|appl(?:y|ies|ied)|learns?|generat\w+|integrat\w+|extend\w*|treats?|cast\w*)\b"
    r"|\b(?:novel|called|named|dubbed|termed)\b",
)
TESTED = _aspect(
    "Tested on",
    r"\bexperiments?\b|\bevaluations?\b|\b(?:evaluated|validated|tested|conducted\s+on)\b|\b(?:on|across|over)\b[^.;]{0,60}?\b(?:benchmarks?|data\s?sets?|corpus|corpora)\b|"
    r"\b(?:trials?|simulations?|participants?)\b",
)
RESULT = _aspect(
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
"""What other work does or lacks, unless the sentence speaks of its own paper too."""
_LACKING = re.compile(
    r"\b(?:not|cannot|fail\w*|suffer\w*|lack\w*|sacrific\w*|struggl\w*|ignor\w*|overlook\w*|neglect\w*|vulnerable|insufficient\w*|inadequate\w*|only)\b",
    re.IGNORECASE,
)
ON_THE_QUESTION = "On the question"
OTHER_ASPECT_LOSS = 0.6
"""For each sign that a sentence is rather about another aspect."""
FEW = 3
"""Papers up to which the table has a column for each aspect; more papers get fewer columns."""


def table(question: str, hits: Sequence[PaperHit], marks: Citations) -> str:
    """Papers and aspects as a Markdown table; no sentence stands in two cells of a row.

    Where one sentence tells of two aspects, the second cell names the column of the first. What
    a paper says of other work, or before it speaks of itself, tells none of its aspects. The first column holds what each paper says on the question itself, where it asks for more than
    a comparison; the papers come in the order given.
    """
    asked = _asks_for_more(question, hits)
    few = len(hits) <= FEW
    aspects = ((APPROACH, TESTED) if few else (APPROACH,)) if asked else ASPECTS
    aspects = aspects if few or asked else (APPROACH, RESULT)
    names = (*((ON_THE_QUESTION,) if asked else ()), *(a.name for a in aspects))
    lines = [f"| Paper | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for hit in hits:
        row = _row(question, hit, aspects, asked=asked)
        cells = [_cell(hit, at, row, names, marks) for at in range(len(row))]
        named = _bars(described(hit.paper))
        if all(cell == NOT_STATED for cell in cells):
            span = hit.sentences[0].span if hit.sentences else (0, 0)
            named += f" [{marks.mark(hit.paper, span)}]"
        lines.append(f"| {named} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _asks_for_more(question: str, hits: Sequence[PaperHit]) -> bool:
    """Whether a question asks for anything beside the papers' names and topics."""
    told = " ".join((*(hit.paper.name for hit in hits), *(sides(question) or ())))
    return bool(_content(_COMPARES.sub(" ", question)) - _content(told))


def _row(
    question: str, hit: PaperHit, aspects: Sequence[Aspect], *, asked: bool
) -> list[Sentence | None]:
    """The sentence for each column of one paper's row."""
    order = best_sentences(question, hit, len(hit.sentences))
    own = [s for s in order if _is_own(hit, s)]
    first = order[:1] if asked else []
    chosen: dict[str, Sentence] = {}
    for aspect in sorted(
        aspects, key=lambda a: a is TESTED
    ):  # an experiment is told with its result
        free = [s for s in own if s not in (*first, *chosen.values())]
        if best := _of_aspect(hit, aspect, free):
            chosen[aspect.name] = best
    told = [s for s in own if s in (*first, *chosen.values())]
    found = [chosen.get(a.name) or _touching(hit, a, told) for a in aspects]
    head: list[Sentence | None] = [*first] or [None]
    return head + found if asked else found


def _is_own(hit: PaperHit, sentence: Sentence) -> bool:
    """Whether a sentence tells of its paper: not what comes before it, nor what others do or lack."""
    text = hit.paper.text[slice(*sentence.span)]
    if sentence.span[0] < begins_at(hit):
        return False
    others = _OF_OTHERS.search(text)
    if others is None:
        return True
    return is_of_itself(text) and not _LACKING.search(text, others.end())


def _of_aspect(hit: PaperHit, aspect: Aspect, free: Sequence[Sentence]) -> Sentence | None:
    """The sentence that is most about an aspect, and least about another one.

    Of equals it is the one that fits the question best, which comes first in ``free``.
    """

    def worth(sentence: Sentence) -> float:
        text = hit.paper.text[slice(*sentence.span)]
        own = len(aspect.held.findall(text))
        others = max(len(a.held.findall(text)) for a in ASPECTS if a is not aspect)
        return own - OTHER_ASPECT_LOSS * others if own else 0.0

    best = max(free, key=worth, default=None)
    return best if best is not None and worth(best) > 0 else None


def _touching(hit: PaperHit, aspect: Aspect, order: Sequence[Sentence]) -> Sentence | None:
    """A sentence that says anything of an aspect, of those that stand in another cell."""
    return next((s for s in order if aspect.held.search(hit.paper.text[slice(*s.span)])), None)


def _cell(
    hit: PaperHit,
    at: int,
    row: Sequence[Sentence | None],
    names: Sequence[str],
    marks: Citations,
) -> str:
    """A cell's quotation, or the column of its row in which that stands."""
    sentence = row[at]
    if sentence is None:
        return NOT_STATED
    fits = [n for n in range(len(row)) if row[n] == sentence]
    fits.sort(key=lambda n: names[n] == TESTED.name)  # a result tells what was tested, not so back
    if fits[0] != at:
        return f"see {names[fits[0]]}"
    return _bars(quoted(hit.paper, sentence, marks))


def _bars(text: str) -> str:
    """Text for a cell: a bar inside it would end the cell."""
    return text.replace("|", "∣")
