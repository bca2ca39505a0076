"""Required details: phrases of a question that an answering paper must contain literally.

*What learning rate was used to train X?* is not answered by a sentence that has *learning* and,
elsewhere, *rate*: the phrase must occur as it is, in the singular or the plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.answers.sentence_forms import names_data
from rag.answers.units import NUMBER, UNITS, find_kind, has_figure_of, join_measures, join_units
from rag.library.naming import is_made_up
from rag.search.families import get_relatives
from rag.text import fold, iter_words
from rag.types import Paper

_PRINTED = (
    r"learning rates?",
    r"weight decay",
    r"dropout(?: rates?)?",
    r"warm-?up(?: steps?| epochs?)?",
    r"momentum",
    r"temperature",
    r"optimi[sz]ers?",
    r"random seeds?",
    r"batch[- ]sizes?",
    r"epochs?",
    r"iterations?",
    r"training steps?",
    r"training time",
    r"hidden (?:size|dimension|units)",
    r"(?:annotators?|labell?ers?|raters?)",
    r"(?:volunteers|participants)",
    r"(?:parameters|params)",
    r"(?:attention )?heads",
    UNITS["FLOPs"].forms,
    r"(?:gpu|tpu)[- ](?:hours|days)",
    r"(?:gpus?|tpus?)",
    r"licen[cs]e",
)
"""Details that may be asked for, in phrases that are unambiguous at the start of a question."""
_PARTICULAR_REQUEST = re.compile(
    r"\b(?:what|which|how (?:many|much|large an?|big an?|high an?|long an?))\s+"
    r"(?:(?:is|are|was|were)\s+)?(?:the\s+|a\s+|an\s+)?"
    r"(?:(?:initial|base|exact|total|human|trainable|learnable|model|training|expert|different)\s+)*"
    rf"(?P<thing>{'|'.join(_PRINTED)})(?![\w-])"
)
_PARTICULAR_FIRST = re.compile(
    rf"^\W*(?:the )?(?:(?:initial|exact|total|number of) )*(?P<thing>{'|'.join(_PRINTED)})"
    r"(?= (?:of|for|used|needed|required|in|to)\b|\W*$)"
)
"""``gpu hours needed to distill the model?``, without a word of asking."""
_LASTING = re.compile(r"\bhow long (?:did|does|do)\b.{0,200}\btrain(?:ing)?\b.{0,200}\btake\b")
_TIMED = re.compile(
    r"\b(?:\d+|one|two|few|several)[\s-]*(?:(?:gpu|tpu)[\s-]*)?(?:seconds?|minutes?|hours?|days?|weeks?)\b|\btraining time\b"
)


_COUNT_ASKED = re.compile(
    r"\bhow many (?P<things>(?:[a-z][\w-]* ){0,2}?(?!is\b|was\b|does\b|has\b|times\b)[a-z][\w-]*s)\b(?! (?:of|a|per|more|less|better|faster))"
)
_FOREIGN_FIGURE = re.compile(
    rf"{NUMBER}(?:(?:,? and|,|/)? ?{NUMBER}){{0,9}}+\)?\s?"
    rf"(?:{join_units('share', 'factor', 'rate', 'time', 'size', 'cost', 'level')}|@|[kmg]?b\b)"
    r"|\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
"""Figures that count no things but measure: rates, shares, sizes, times, years."""
_COUNTED_WITHIN = 8
_AMOUNT = rf"(?:{NUMBER}[kmb]?|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|millions?))"


def _find_missing_count(folded_query: str, paper_texts: Sequence[str]) -> str:
    """``number of images`` where things are to be counted and the papers have only figures that measure.

    "how many images does bridge distillation need?" was told its speed, in faces per second.
    """
    match = _COUNT_ASKED.search(folded_query)
    if match is None:
        return ""
    thing = match["things"].split()[-1]
    if (kind := find_kind(thing)) and any(has_figure_of(kind, text) for text in paper_texts):
        return ""  # "how many fps?" is told by faces per second
    relatives = "|".join(map(re.escape, sorted(get_relatives(thing))))
    counted = re.compile(
        rf"{_AMOUNT}(?:\W+[\w-]+){{0,{_COUNTED_WITHIN}}}?\W+(?:{relatives})\w{{0,4}}\b"
    )
    for text in paper_texts:
        if counted.search(text) or re.search(NUMBER, _FOREIGN_FIGURE.sub(" ", text)):
            return ""
    return f"number of {thing}"


_FIGURE_ASKED = re.compile(
    rf"\bhow much (?P<thing>(?!do|did|is|are|was|were|can|of|more|less|better|worse|it|they)[a-z][\w-]+)?|"
    rf"\b(?:what|which)(?: is| was|'s)?(?: the| its)? (?P<measure>{join_measures()}|map|percentage)\b",
)
_NO_FIGURE = re.compile(
    r"https?:\S+|\b(?:19|20)\d\d\b|\b\d-?d\b|\(?\b(?:\d|[ivx]{1,3})\)|\b(?:table|figure|task|track) \d"
)
"""Digits that say no amount: of addresses, years, dimensions, lists."""
_SAID_IN_WORDS = re.compile(
    r"\b(?:half|halv\w+|twice|doubl\w+|tripl\w+|quarter|thirds?|\w+fold|orders? of magnitude|percent|hundreds?|thousands?|millions?|zero)\b"
)


def _find_missing_figure(folded_query: str, paper_texts: Sequence[str]) -> str:
    """``accuracy in figures`` where an amount is asked for and the papers have no figure at all.

    "How much accuracy does PartialFace gain?" was told of a seeming paradox.
    """
    match = _FIGURE_ASKED.search(folded_query)
    if match is None:
        return ""
    for text in paper_texts:
        if re.search(NUMBER, _NO_FIGURE.sub(" ", text)) or _SAID_IN_WORDS.search(text):
            return ""
    return f"{match['thing'] or match['measure'] or 'how much'} in figures"


_GAIN_OF_SPEED_ASKED = re.compile(r"\bhow much (?:faster|slower|quicker)\b")
_GAIN_OF_SPEED = re.compile(
    r"\d[^.]{0,60}\b(?:fast|slow|speed|quick|accelerat|latency|fps|per second)|\b(?:fast|slow|speed|quick|accelerat|latency|fps)\w*\b[^.]{0,60}\d"
    r"|\b(?:twice|times|magnitudes?)\b[^.]{0,20}\b(?:fast|slow)"
)
_SPEED_ASKED = re.compile(
    r"^\W*(?:[^?.:]{0,60}[:,.] )?(?:does|do|is|are|will|can|did|would)\b[^?]{0,120}\b(?:slow(?:s|er)?|faster|fast|quick(?:er|ly)?|speeds? up|real[- ]time)\b"
)
_SPEED_SAID = re.compile(
    r"\b(?:fast|slow|speed|quick|latency|fps|real[- ]time|run ?time|throughput|accelerat|light-?weight|time-consuming|flops|"
    r"computation\w* (?:cost|overhead|burden|complexity|efficien)|(?:inference|training|running|processing) time)"
)


def _find_missing_speed(query: str, paper_texts: Sequence[str]) -> str:
    """``speed`` where a named method is asked for it and the papers say nothing of it.

    "does SlerpFace slow down recognition?" was told how accurate it is. Without a name of mixed letters it
    may be asked of anything: "does exercise slow ageing?".
    """
    folded_query = fold(query)
    is_named = any(is_made_up(word) and not word.isupper() for word, _ in iter_words(query))
    if _GAIN_OF_SPEED_ASKED.search(folded_query) or (is_named and "how fast" in folded_query):
        return "" if any(map(_GAIN_OF_SPEED.search, paper_texts)) else "speed in figures"
    if not is_named or not _SPEED_ASKED.search(folded_query):
        return ""
    return "" if any(map(_SPEED_SAID.search, paper_texts)) else "speed"


_DATA_ASKED = re.compile(
    r"\b(?:what|which)(?: (?!new|own)\w+)? (?P<thing>data ?sets?|benchmarks?|corpus|corpora)\b"
)


def _find_missing_data(folded_query: str, papers: Sequence[Paper]) -> str:
    """``data sets`` if a question asks for them and the papers neither name one nor say what was tested on what.

    "what data sets were used for training SlerpFace?" was told what protects templates.
    """
    data_match = _DATA_ASKED.search(folded_query)
    is_named = any(names_data(f"{paper.name} . {paper.text}") for paper in papers)
    return data_match["thing"] if data_match and not is_named else ""


def find_missing_particular(query: str, papers: Iterable[Paper]) -> str:
    """The particular that a question asks for and none of the papers prints; else nothing."""
    folded_query, papers = fold(query), list(papers)
    paper_texts = [fold(f"{paper.name} . {paper.text}") for paper in papers]
    if _LASTING.search(folded_query):
        return "" if any(map(_TIMED.search, paper_texts)) else "training time"
    first = _PARTICULAR_FIRST.match(folded_query)
    for match in (*([first] if first else ()), *_PARTICULAR_REQUEST.finditer(folded_query)):
        form = next(f for f in _PRINTED if re.fullmatch(f, match.group("thing")))
        printed = re.compile(rf"\b(?:{form})(?!\w)")
        if not any(map(printed.search, paper_texts)):
            return str(match.group("thing"))
    return (
        _find_missing_count(folded_query, paper_texts)
        or _find_missing_speed(query, paper_texts)
        or _find_missing_figure(folded_query, paper_texts)
        or _find_missing_data(folded_query, papers)
    )
