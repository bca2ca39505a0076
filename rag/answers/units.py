"""Units of figures and the names of measures: what is printed beside a figure, and what asks for it.

One table for all that looks for figures: the bold value of a quote, the best of several papers, a figure
that is asked for and not stated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

QuantityKind = Literal["share", "factor", "rate", "time", "size", "cost", "level", "thing"]
"""What a unit measures; a *thing* is counted, and does not measure."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its forms behind a figure, a pattern that ignores case; ``words_between`` may stand before it."""

    kind: QuantityKind
    forms: str
    words_between: int = 0

    @property
    def pattern(self) -> str:
        """Its forms, with the words between: ``8,000 short video clips``."""
        between = rf"(?:[a-z-]+ ){{0,{self.words_between}}}" if self.words_between else ""
        return f"{between}(?:{self.forms})"


UNITS: Mapping[str, Unit] = {
    "%": Unit("share", r"\\?%|‰|percent\b"),
    "points": Unit("share", r"points?\b"),
    "times": Unit("factor", r"[x×](?!\w)|\$?\\times|times\b"),
    "fps": Unit("rate", r"fps\b|frames? per second"),
    "faces per second": Unit("rate", r"faces? per second"),
    "images per second": Unit("rate", r"images? per second"),
    "Hz": Unit("rate", r"[kmg]?hz\b"),
    "a rate": Unit("rate", r"(?:[a-z]+ ){1,2}per "),
    "seconds": Unit("time", r"(?:s|sec|seconds?)\b(?! per)"),
    "ms": Unit("time", r"ms\b|milliseconds?"),
    "minutes": Unit("time", r"minutes?\b"),
    "hours": Unit("time", r"hours?\b"),
    "days": Unit("time", r"days?\b"),
    "weeks": Unit("time", r"weeks?\b"),
    "years": Unit("time", r"years?\b"),
    "parameters": Unit("size", r"(?:[kmb]? |million |billion )?param\w*"),
    "MB": Unit("size", r"MB\b"),
    "GB": Unit("size", r"GB\b"),
    "FLOPs": Unit("cost", r"[KMGT]?(?:FLOPs?|MACs)\b"),
    "dB": Unit("level", r"dB\b"),
    "videos": Unit("thing", r"videos?\b|video sequences?\b|clips?\b|sequences?\b", 3),
    "images": Unit("thing", r"images?\b|photos?\b|pictures?\b", 2),
    "frames": Unit("thing", r"frames?\b(?! per)", 2),
    "samples": Unit("thing", r"samples?\b|examples?\b|pairs?\b|instances?\b", 2),
    "classes": Unit("thing", r"classes\b|categories\b|subjects\b|identities\b", 1),
    "faces": Unit("thing", r"faces\b"),
    "tokens": Unit("thing", r"tokens\b"),
}
"""By the name that is shown; where two fit the first counts."""

MEASURE_PATTERNS: Mapping[str, str] = {
    "accuracy": r"accuracy",
    "mAP": r"(?-i:m?AP)",
    "AUC": r"auc|auroc",
    "EER": r"eer",
    "F1": r"f1(?:[- ]score)?",
    "rank": r"(?:rank|top)-?\d+|r@?\d+",
    "FID": r"fid",
    "BLEU": r"bleu(?:-\d)?",
    "PSNR": r"psnr",
    "SSIM": r"ssim",
    "perplexity": r"perplexity",
    "FLOPs": r"[kmgt]?flops|macs",
    "parameters": r"param(?:eter)?s?",
    "fps": r"fps|(?:frames?|faces?|images?|pictures?) per second|(?:frames?|images?)/s(?:ec)?\b",
}
"""Measures by the names that are printed beside their figures; of these the last three are units too."""
_NAMED_ALONE = frozenset(MEASURE_PATTERNS) - {"accuracy", "perplexity"}
"""Measures with one name only: a question that names one of them wants that figure and no other."""
NUMBER = r"(?<![\w.,-])[~≈]?\d[\d,.]*+"


def join_units(*kinds: QuantityKind) -> str:
    """The forms of all units of some kinds, as alternatives of one pattern."""
    return "|".join(unit.forms for unit in UNITS.values() if unit.kind in kinds)


def find_kind(thing: str) -> QuantityKind | None:
    """What the unit of a name measures: ``fps`` a rate; None for what is counted, and for no unit."""
    named = (unit.kind for unit in UNITS.values() if re.fullmatch(unit.forms, thing, re.IGNORECASE))
    return next((kind for kind in named if kind != "thing"), None)


def has_figure_of(kind: QuantityKind, text: str) -> bool:
    """Whether a text has a figure in a unit of a kind."""
    return re.search(rf"{NUMBER}\s?(?:{join_units(kind)})", text, re.IGNORECASE) is not None


def join_measures() -> str:
    """The names of all measures, as alternatives of one pattern."""
    return "|".join(MEASURE_PATTERNS.values())


_ALONE = {
    name: re.compile(rf"(?<![a-z])(?:{MEASURE_PATTERNS[name]})(?![\w-])", re.IGNORECASE)
    for name in MEASURE_PATTERNS
    if name in _NAMED_ALONE
}
_DIGIT = re.compile(r"(?<![\w.])\d")
_MEASURED = re.compile(
    rf"{NUMBER}\s?(?:{join_units('share', 'factor', 'rate', 'cost', 'level')}|(?:{MEASURE_PATTERNS['mAP']})\b)"
    rf"|(?<![\w-])(?:{join_measures()})(?![a-z]).{{0,30}}\d",
    re.IGNORECASE,
)


def states_how_well(text: str) -> bool:
    """Whether a text has a figure that says how well something does; a year or a number of images does not."""
    return _MEASURED.search(text) is not None


def find_measures(question: str) -> list[str]:
    """The measures that a question asks for by name: ``what FLOPs reduction does D2Pruner get``."""
    return [name for name, pattern in _ALONE.items() if pattern.search(question)]


def has_figures_of(measures: list[str], sentence: str) -> bool:
    """Whether a sentence names all of these measures and has a figure besides the names."""
    rest = sentence
    for measure in measures:
        rest, n = _ALONE[measure].subn(" ", rest)
        if not n:
            return False
    return _DIGIT.search(rest) is not None
