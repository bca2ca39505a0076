"""Which of several papers is the fastest, the biggest or the best, where their figures are of one unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.answers import figure_phrases
from rag.answers.citations import Citations
from rag.answers.units import MEASURE_PATTERNS, UNITS
from rag.library.naming import get_short_name
from rag.text.markdown import plain
from rag.types import PaperHit, Sentence

_ASKED = re.compile(
    r"\b(?P<most>fast(?:er|est)|big(?:ger|gest)|larg(?:er|est)|heavi(?:er|est)|high(?:er|est)|long(?:er|est)|most)\b"
    r"|\b(?P<least>slow(?:er|est)|small(?:er|est)|light(?:er|est)|low(?:er|est)|short(?:er|est)|fewest|fewer)\b",
    re.IGNORECASE,
)
_OF_SPEED = re.compile(r"\b(?:fast|slow)", re.IGNORECASE)
_DATA = re.compile(r"\b(?:data ?sets?|benchmarks?|corp(?:us|ora))\b", re.IGNORECASE)
_OF_DATA = ("frames", "images", "videos", "samples", "classes")
_SCORES = {
    "% accuracy": rf"%\s(?:[a-z-]+ ){{0,2}}{MEASURE_PATTERNS['accuracy']}\b",
    "mAP": rf"%?\s?{MEASURE_PATTERNS['mAP']}\b",
}
_UNITS: Mapping[str, str] = {
    name: unit.pattern
    for name, unit in UNITS.items()
    if (unit.kind in ("rate", "size") and name != "a rate") or name in ("seconds", "ms", *_OF_DATA)
} | _SCORES
_LESS_IS_MORE = ("seconds", "ms")
"""Of times the least is the fastest."""
_NUMBER = re.compile(
    r"(?<![\w.,-])(\d[\d,]*(?:\.\d+)?)\s?(million |billion |thousand |[KMB]\s(?=[a-z]))?",
    re.IGNORECASE,
)
_FACTORS = {"k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9}

_IN_SERIES = re.compile(r"\d[\d,]*\d(?:\.\d+)?|\d(?:\.\d+)?")
_SERIES = re.compile(r"(?<![\w.,-])(?:\d(?:[\d.]|,(?=\d))*+(?:,?\s+and\s+|,\s+)[~≈]?){1,9}+$")


@dataclass(frozen=True, slots=True)
class _Figure:
    value: float
    words: str
    hit: PaperHit
    sentence: Sentence


def tell_verdict(question: str, hits: Sequence[PaperHit], marks: Citations) -> str:
    """The paper with the largest or smallest figure that the question compares, or why that cannot be said.

    Empty where the question asks for no more or less. Only what each paper states of itself in a unit
    that several state is compared, and who states none is named.
    """
    superlative = _ASKED.search(question)
    if superlative is None or len(hits) < 2:
        return ""
    word = superlative[0].lower()
    figures = {
        unit: _find_figures(unit, hits, is_least=_is_least(superlative, unit))
        for unit in _list_units(question)
    }
    unit, shared = max(figures.items(), key=lambda item: len(item[1]), default=("", []))
    if not shared:
        return figure_phrases.tell_no_figure(word)
    if len(shared) < 2:
        stating = {f.hit.paper.paper_id: f for of_unit in figures.values() for f in of_unit}
        if len(stating) > 1:
            return figure_phrases.tell_no_common_unit(word)
        return figure_phrases.tell_only_figure(_format_figure(shared[0], marks), word)
    for figure in shared:  # sources are numbered in the order of the papers
        marks.get_marker(figure.hit.paper, figure.sentence.span)
    ordered = sorted(shared, key=lambda f: f.value if _is_least(superlative, unit) else -f.value)
    first, *rest = (_format_figure(f, marks) for f in ordered)
    silent = [h for h in hits if all(f.hit is not h for f in shared)]
    text = figure_phrases.tell_order(word, first, rest)
    if ordered[0].value == ordered[1].value:
        text = figure_phrases.tell_equal(word, (first, *rest))
    if silent:
        text += f" {figure_phrases.tell_unit_unstated(unit, list(map(_name, silent)))}"
    return f"{text} {figure_phrases.OWN_FIGURES}"


def _list_units(question: str) -> list[str]:
    if _OF_SPEED.search(question):
        return ["fps", "faces per second", "images per second", "ms", "seconds"]
    if _DATA.search(question):
        return list(_OF_DATA)
    words = {word.rstrip("s") for word in re.findall(r"\w+", question.lower())}
    units = [unit for unit in _UNITS if unit.split()[-1].lower().rstrip("s") in words]
    return units or ["parameters", "MB", *_OF_DATA]


def _is_least(superlative: re.Match[str], unit: str) -> bool:
    """Whether the least figure of a unit is meant: the fastest takes the fewest seconds."""
    return bool(superlative["least"]) ^ (
        bool(_OF_SPEED.search(superlative[0])) and unit in _LESS_IS_MORE
    )


def _find_figures(unit: str, hits: Sequence[PaperHit], *, is_least: bool) -> list[_Figure]:
    """The figure in a unit of each paper that states one; of several sizes the one that is asked for.

    "which is smaller, SDPose or DistilPose?": SDPose comes with 6.2M and with 4.4M parameters.
    """
    choose = min if is_least else max
    chosen = []
    for hit in hits:
        stated = [f for s in hit.sentences for f in _read_figures(unit, hit, s, choose)]
        if stated:
            chosen.append(choose(stated, key=lambda f: f.value))
    return chosen


def _read_figures(
    unit: str, hit: PaperHit, sentence: Sentence, choose: Callable[..., Any]
) -> list[_Figure]:
    text = hit.paper.text[slice(*sentence.span)]
    figures = []
    for match in _NUMBER.finditer(text):
        behind = re.match(_UNITS[unit], text[match.end() :].lstrip(), re.IGNORECASE)
        if behind is None:
            continue
        factor = _FACTORS.get((match[2] or " ")[0].lower(), 1.0)
        start = match.start()
        numbers = [match[1]]
        # "14,705, ~934 and 763 faces per second": each of the series is in that unit
        if series := _SERIES.search(text[:start]):
            start = series.start()
            numbers += _IN_SERIES.findall(series[0])
        value = choose(float(n.replace(",", "")) for n in numbers)
        words = " ".join(f"{text[start : match.end()].strip()} {behind[0].strip()}".split())
        figures.append(_Figure(value * factor, words, hit, sentence))
    return figures


def _name(hit: PaperHit) -> str:
    return plain(get_short_name(hit.paper) or hit.paper.name)


def _format_figure(figure: _Figure, marks: Citations) -> str:
    marker = marks.get_marker(figure.hit.paper, figure.sentence.span)
    return f"**{_name(figure.hit)}** ({plain(figure.words)} [{marker}])"
