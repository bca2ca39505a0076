"""What a sentence works out of figures: a difference, how often one goes into another, a sum, a count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise, permutations

from rag.generation.numbers import COUNT_WORDS, Figure, extract_figures

SUMMED = re.compile(r"\b(?:together|in (?:total|all|sum)|altogether|combined|jointly|overall|zusammen|insgesamt)\b", re.IGNORECASE)  # fmt: skip
NEIGHBOURING_CHARS = 40
_EACH = re.compile(r"\s+\S+\s+(?:an?|per|in each|for each|pro|je|par)\s", re.IGNORECASE)
_LIST_LEAD = re.compile(
    rf":\s|,\s(?=(?:\d|{'|'.join(COUNT_WORDS)})\b)|\s[–—-]\s|,?\s(?:namely|i\.e\.)[,:]?\s"
)
_LIST_JOINTS = re.compile(r"[,;]\s*(?:and|or|und|et|y)?\s|\s(?:and|or|und|et|y)\s")
_FROM = re.compile(r"\b(?:from|von|de|du|da|desde)\W+(?:\w+\W+)?$", re.IGNORECASE)
_TO = re.compile(r"\W*(?:to|auf|à|a|hasta|->|→)\W*(?:\w+\W+)?", re.IGNORECASE)


def find_changes(text: str, figures: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """The pairs of figures of which the text says that one became the other: ``from 14.81 to 8.57``."""
    return [
        (a, b)
        for a, b in pairwise(figures)
        if _TO.fullmatch(text[a.end : b.at]) and _FROM.search(text[: a.at])
    ]


def find_computed(text: str, figures: list[Figure]) -> set[int]:
    """Places of figures that the sentence computes rightly itself.

    ``3.3M / 4,500 ≈ 733``; ``some 730 frames (3.3M / 4,500)``; ``by 6.24 points, from 14.81 to 8.57``.
    """
    places = set()
    for triple in zip(figures, figures[1:], figures[2:], strict=False):
        a, b, c = triple
        if text[a.end : b.at].endswith("("):
            c, a, b = triple
        elif text[b.end : c.at].strip() not in ("=", "≈", "~", "≃"):
            continue
        operator = text[a.end : b.at].strip()
        x, y, z = (float(max(f.values)) for f in (a, b, c))
        results = {"/": x / y if y else 0, "÷": x / y if y else 0, "×": x * y, "x": x * y, "*": x * y,
                   "+": x + y, "-": x - y, "−": x - y, "–": x - y}  # fmt: skip
        if abs(results.get(operator, float("nan")) - z) <= 0.01 * abs(z):
            places.add(c.at)
    for figure in figures:
        operands = [
            f for f in figures if f is not figure and f.unit != "times" and len(f.values) == 1
        ]
        worked_out = [
            *_work_out(text, figure, operands),
            *_compute_changes(figure, find_changes(text, operands)),
        ]
        if any(figure.is_result(exact) for exact in worked_out):
            places.add(figure.at)
    return places


def find_result(
    text: str,
    figure: Figure,
    printed: Sequence[Figure],
    counts: Sequence[Figure],
    changes: Sequence[tuple[Figure, Figure]],
) -> bool:
    """Whether a figure in a sentence can be calculated from figures of the paper, so need not be printed there.

    Args:
        text: The sentence.
        figure: One of its figures.
        printed: Those of the paper that may be compared.
        changes: Those of which the paper says that one became the other.
        counts: The small counts of the sentence: *the two subsets hold 280* of 140 each.
    """
    some = [f for f in printed if f.unit != "times" and f.values]
    results = [*_work_out(text, figure, some, of_a_kind=True)]
    if figure.compares or figure.unit == "percent" and figure.hedged:
        results += _compute_changes(figure, changes)
    if any(figure.is_result(exact) for exact in results):
        return True
    return SUMMED.search(text) is not None and any(
        figure.is_result(value * n) and set(figure.after[:2]) & set(f.after)
        for f in some
        for value in f.values
        for count in counts
        for n in count.values
    )


def _work_out(
    text: str, figure: Figure, operands: Sequence[Figure], *, of_a_kind: bool = False
) -> Iterator[Decimal]:
    """The values that two other figures give by the operation that the sentence names: ratio, difference or sum."""
    is_share = bool(_EACH.match(text, figure.end))
    is_sum = SUMMED.search(text) is not None
    if not (is_share or is_sum or figure.compares or figure.unit == "times"):
        return  # a sentence of 400 figures has 160,000 pairs, for each of its figures
    for first, second in permutations(operands, 2):
        a, b = max(first.values, default=Decimal(0)), max(second.values, default=Decimal(0))
        if not a or not b or first.unit != second.unit:
            continue
        if is_share and figure.after[:2] == (*first.after[:1], *second.after[:1]):
            yield a / b
        if of_a_kind and not are_of_one_kind(first, second):
            continue
        if figure.unit == "times" and a > b:
            yield a / b
        is_points = figure.unit == "percent" and not first.unit and not of_a_kind
        is_thing = figure.unit or not of_a_kind or set(figure.after[:2]) & set(first.after[:2])
        if not is_thing or not (is_points or figure.unit == first.unit):
            continue
        if figure.compares and a > b:
            yield a - b
        if is_sum:
            yield a + b


def _compute_changes(figure: Figure, changes: Sequence[tuple[Figure, Figure]]) -> Iterator[Decimal]:
    """By how much, or by what share in percent, one figure became another."""
    for before, after in changes:
        for a in before.values:
            for b in after.values:
                yield abs(a - b)
                if figure.unit == "percent" and a:
                    yield abs(a - b) / a * 100


def are_of_one_kind(first: Figure, second: Figure) -> bool:
    """Whether two figures are of the same thing, so that they can be compared.

    Rates and sizes can be by their unit alone: *10,106 FPS on GPU and 404 FPS on CPU*.
    """
    if first.unit not in ("", "percent"):
        return first.unit == second.unit
    if first.unit and 0 < max(second.at - first.end, first.at - second.end) < NEIGHBOURING_CHARS:
        return True  # "11.47% on CIFAR-100 and 3.67% on ImageNet-1K"
    if first.after and second.after:
        return first.after[0] == second.after[0]
    return bool(first.unit)


def count_listed(text: str, figure: Figure) -> set[Decimal]:
    """How many things a sentence lists behind a figure: its parts, and those that they count.

    *five models: 2 teachers, 2 students and the desired one* lists three parts, and five things.
    """
    lead = _LIST_LEAD.search(text, figure.end)
    if lead is None:
        return set()
    parts = [part for part in _LIST_JOINTS.split(text[lead.end() :]) if part.strip(" .")]
    numbers = [extract_figures(part)[:1] for part in parts]
    n_things = sum((max(f[0].values, default=Decimal(1)) if f else Decimal(1) for f in numbers), Decimal(0))  # fmt: skip
    return {Decimal(len(parts)), n_things} if len(parts) > 1 else set()
