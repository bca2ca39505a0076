"""The free checks of the figures and dates of a model's sentence against the papers cited for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise, permutations

from rag.generation.arithmetic import (
    are_of_one_kind,
    count_listed,
    find_changes,
    find_computed,
    find_result,
)
from rag.generation.ground import Ground
from rag.generation.numbers import Figure, extract_figures, read_share
from rag.text import fold, iter_words
from rag.text.english import MONTHS

_COUNTED_PAPERS = re.compile(
    r"\b(?P<n>\d{1,2}|[a-z]+)\s+(?:[a-z]+\s+)?(?:papers?|works|studies|passages|articles|publications|sources|abstracts)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    rf"\b(?:(?P<d1>\d\d?)(?:st|nd|rd|th)?\s+(?P<m1>{'|'.join(MONTHS)})|(?P<m2>{'|'.join(MONTHS)})\s+(?P<d2>\d\d?))\b"
)
_MONTH = re.compile(
    rf"\b(?:in|on|of|since|until|from|to|by|and|early|late|mid)\s+(?:\d\d?(?:st|nd|rd|th)?\s+)?({'|'.join(MONTHS)})\b(?!\s+et\b)"
)
LATEX = re.compile(r"\\[a-zA-Z]+|[{}$^_]")
_MEASURE = re.compile(r"\w[^\WA-Z]*+[A-Z]\w*+|[B-Z]")
_AGAINST = re.compile(r"^[^.;:]{0,60}\b(?:against|versus|vs|compared (?:to|with))\b", re.IGNORECASE)
_MORE = re.compile(
    r"\b(?:(?P<less>fewer|less|smaller|lower|slower|shorter|lighter)"
    r"|more|larger|bigger|higher|faster|greater|longer|heavier)\b(?! than (?:\d|half|one|two|three|ten))",
    re.IGNORECASE,
)
_LEFT = re.compile(r"\b(?:remain\w*|left|kept|keeps?|still|only|needs?)\b", re.IGNORECASE)
_THAN = re.compile(
    r"\b(?:(?P<less>fewer|less|smaller|lower)|more|larger|higher|greater) than $", re.IGNORECASE
)
_DURATIONS = ("seconds", "milliseconds", "minutes", "hours", "days")
_ALL_IN_YEAR = re.compile(
    r"\b(?:both|all|each|the (?:two|three)|they)\b[^.;]{0,200}?\b(?:in|of|from|appeared)\s+((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_PARTITIVE = re.compile(r"\s+of\s+(?:the|these|those|its|their|them)\b", re.IGNORECASE)
_SLASHED = re.compile(r"(?<![\d.,])\d[\d.,]*+\s?%?\s?/\s?\d[\d.,]*+\s?%?")


def list_checked_figures(claim: str, ground: Ground) -> list[Figure]:
    """The figures of a claim that a paper must print: not those of dates, counts of papers, sums and lists shown."""
    figures = extract_figures(LATEX.sub(" ", claim) if "\\" in claim else claim)
    free = find_computed(claim, figures)
    for match in _DAY.finditer(claim):
        month = MONTHS.index(match["m1"] or match["m2"]) + 1
        if (month, int(match["d1"] or match["d2"])) in ground.dates:
            free |= set(range(*match.span()))
    for match in _COUNTED_PAPERS.finditer(claim):
        counted_papers = extract_figures(match["n"])
        if counted_papers and ground.n_papers in counted_papers[0].values:
            free |= set(range(*match.span()))
    return [
        figure
        for figure in figures
        if figure.at not in free
        and not (figure.is_small_count and figure.values & count_listed(claim, figure))
        and not _is_time_between(figure, ground)
        and figure.text not in ground.years
    ]


def _is_time_between(figure: Figure, ground: Ground) -> bool:
    """Whether a figure is how many months or years two of the papers are apart, as months tell it."""
    n_months = {"months": 1, "years": 12}.get(figure.unit)
    return n_months is not None and any(
        abs(float(value) * n_months - between) <= max(1, n_months / (4 if value % 1 else 2))
        for value in figure.values
        for between in ground.count_months_between()
    )


def has_unknown_month(claim: str, ground: Ground) -> bool:
    """Whether a month is named that is none of the papers', nor in their words."""
    months = {MONTHS.index(match[1]) + 1: match[1] for match in _MONTH.finditer(claim)}
    return any(n not in ground.months and not ground.has_word(name) for n, name in months.items())


def locate_figures(
    claim: str, figures: Iterable[Figure], ground: Ground, english: bool
) -> list[set[int]]:
    """For each figure the papers, by place, that have it of the same thing."""
    located = []
    figures = list(figures)
    counts = [f for f in figures if f.is_small_count]
    for figure in figures:
        papers = {
            at for at, paper in enumerate(ground.each) if _has_figure(claim, figure, paper, english)
        }
        located.append(papers or _find_worked_out(claim, figure, counts, ground))
    return located


def _has_figure(claim: str, figure: Figure, paper: Ground, english: bool) -> bool:
    """Whether a paper has a figure, and not of another thing; small counts may be the claim's own."""
    if not figure.values:
        return figure.text in paper.text
    matching = [printed for printed in paper.figures if figure.matches(printed)]
    if not matching and not figure.is_small_count:
        return False
    if not english or not figure.after:
        return bool(matching) or figure.is_small_count
    counted_things = set(figure.after[:2])
    if any(counted_things & set(printed.after) for printed in matching):
        return not (
            _fits_another(figure, matching, paper)
            or _has_other_measure(claim, figure, matching, paper)
        )
    if not matching and paper.listed.get(figure.after[0], figure.values).isdisjoint(figure.values):
        return False  # "five benchmarks" of a paper that lists three and counts none
    is_part = figure.is_small_count and _PARTITIVE.match(claim, figure.end) is not None
    displaced = any(
        figure.after[0] in printed.after[:3]
        and not (is_part and max(figure.values) < max(printed.values, default=0))
        for printed in paper.figures
        if printed not in matching and printed.unit == figure.unit
    )
    return not displaced and not (matching and _fits_another(figure, matching, paper))


def _find_worked_out(
    claim: str, figure: Figure, counts: Sequence[Figure], ground: Ground
) -> set[int]:
    """The papers, all of them, if a figure can be worked out of theirs: *1.8 million parameters
    more* of 6.2M and 4.4M parameters.
    """
    changes = [pair for paper in ground.each for pair in find_changes(paper.text, paper.figures)]
    is_result = find_result(claim, figure, ground.figures, counts, changes)
    return set(range(ground.n_papers)) if is_result else set()


def _fits_another(figure: Figure, matching: Sequence[Figure], paper: Ground) -> bool:
    """Whether what follows a figure fits another one better: *418 on CPU and 9,433 on GPU* is no *9,433 on CPU*."""
    things = set(figure.after)

    def is_better(rival: Figure, match: Figure) -> bool:
        is_beside = any(match in row and rival in row for row in paper.rows)
        is_else = figure.after[0] not in match.after and figure.after[:1] == rival.after[:1]
        return (is_beside or is_else) and things & set(match.after) < things & set(rival.after)

    return any(
        all(is_better(printed, match) for match in matching)
        for printed in paper.figures
        if printed.unit == figure.unit and not any(printed.matches(match) for match in matching)
    )


def _has_other_measure(
    claim: str, figure: Figure, matching: Sequence[Figure], paper: Ground
) -> bool:
    """Whether a measure that a sentence names has another figure of the same thing.

    "It improves BLEU-4 by 5.3 on P14T. R@1 rises by 8.3 on P14T." does not say "BLEU-4 by 8.3 on P14T".
    """
    measures = {
        fold(word) for word, _ in iter_words(claim[: figure.at]) if _MEASURE.fullmatch(word)
    }

    def list_measures(printed: Figure) -> set[str]:
        return measures & set(paper.find_sentence(printed.at))

    things = set(figure.after)
    known = [list_measures(match) for match in matching]
    return any(
        all(list_measures(printed) > names for names in known)
        for printed in paper.figures
        if things & set(printed.after) and printed.unit == figure.unit and printed not in matching
    )


def find_compared(claim: str, figures: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """The pairs of figures that a sentence sets against each other: *14,705 against 763 faces*."""
    return [
        (a, b)
        for a, b in pairwise(figures)
        if (a.unit == b.unit or not (a.unit and b.unit)) and _AGAINST.search(claim[a.end : b.at])
    ]


def has_wrong_order(claim: str, compared: Sequence[tuple[Figure, Figure]]) -> bool:
    """Whether what is called more has the smaller figure: *faster, at 404 FPS against 10,106*."""
    for a, b in compared:
        words = list(_MORE.finditer(claim, 0, a.at))
        if not words or not a.values or not b.values:
            continue
        is_more = words[-1]["less"] is None
        if a.unit in _DURATIONS and words[-1][0].lower() in ("faster", "slower"):
            is_more = not is_more
        low, high = (b, a) if is_more else (a, b)
        if min(low.values) > max(high.values):
            return True
    return False


def has_wrong_year(claim: str, ground: Ground) -> bool:
    """Whether papers of several years are all said to be of one."""
    match = _ALL_IN_YEAR.search(claim)
    if match is None or len(set(re.findall(r"\b(?:19|20)\d\d\b", claim))) > 1:
        return False
    return any(paper.year is not None and str(paper.year) != match[1] for paper in ground.each)


def mixes_rows(claim: str, figures: Sequence[Figure], paper: Ground) -> bool:
    """Whether a claim about one thing joins figures of two: the accuracy of the small model and the size
    of the large one, which stand in two sentences, each with its own figure of both kinds.
    """

    def find_rows(figure: Figure) -> list[list[Figure]]:
        return [row for row in paper.rows if any(figure.matches(printed) for printed in row)]

    stated = [f for f in figures if f.values and not f.is_small_count]
    for first, second in permutations(stated, 2):
        rows = find_rows(first)
        places = [p for row in find_rows(second) for p in row if second.matches(p)]
        if not rows or not places or any(p in row for p in places for row in rows):
            continue
        kinds = {(p.unit, p.after[:1]) for p in places if p.after}
        if any((p.unit, p.after[:1]) in kinds for row in rows for p in row if first.matches(p)):
            continue  # both are figures of the same kind
        displaced = [p for row in rows for p in row if (p.unit, p.after[:1]) in kinds]
        if displaced and not any(f.matches(p) for f in stated for p in displaced):
            return True
    return False


def has_unknown_share(claim: str, figures: Sequence[Figure], ground: Ground) -> bool:
    """Whether *half*, *three quarters* … stand for no percentage that the papers have."""
    measured = {figure.at for figure in extract_figures(claim)}
    for word, (start, _) in iter_words(claim):
        percent = read_share(word)
        if percent is None or ground.has_word(word) or word.lower() == "third" and not _is_fraction(claim, start):  # fmt: skip
            continue
        if claim[:start].rstrip().endswith(" and a") or start in measured:
            continue  # "two and a half times", "half a year"
        before = claim[:start].split()[-1:]
        factor = {"two": 2, "three": 3}.get(fold(before[0]) if before else "", 1)
        printed = [float(v) for f in ground.figures if f.unit == "percent" for v in f.values]
        if _LEFT.search(claim):
            printed += [100 - value for value in printed]
        if not any(abs(value - percent * factor) <= 3 for value in printed) and not (
            _is_share_of_another(percent * factor, claim[:start], figures, ground)
        ):
            return True
    return False


def _is_share_of_another(
    percent: float, before: str, figures: Sequence[Figure], ground: Ground
) -> bool:
    """Whether a figure of the claim is this share of one of its kind that the papers print.

    "1,810 videos, fewer than half as many" as the 4,500 videos of the other paper that is cited.
    """
    limit = _THAN.search(before)
    lowest, highest = (percent - 5, percent + 5) if not limit else (percent / 2, percent) if limit["less"] else (percent, 2 * percent)  # fmt: skip
    return any(
        lowest <= 100 * float(a / b) <= highest
        for figure in figures
        for paper_figure in ground.figures
        if are_of_one_kind(figure, paper_figure)
        for a in figure.values
        for b in paper_figure.values
        if b > a > 0
    )


def has_unknown_sign(claim: str, ground: Ground) -> bool:
    """Whether a numeral such as ``⅞`` or ``⑨`` stands in no word of the papers."""
    signs = [c for c in claim if unicodedata.category(c) in ("No", "Nl")]
    known = {c for word, _ in iter_words(claim) if ground.has_word(word) for c in word}
    return any(c not in known and c not in ground.text for c in signs)


def _is_fraction(claim: str, start: int) -> bool:
    return re.search(r"\b(?:one|a|two)[\s-]$", claim[:start]) is not None


def has_swapped_pair(claim: str, ground: Ground) -> bool:
    """Whether ``12.1%/11.9%`` stands there the other way round alone."""
    text = re.sub(r"[\s%]", "", ground.text)
    for match in _SLASHED.finditer(claim):
        before, after = re.sub(r"[\s%]", "", match[0]).rstrip(".,").split("/")
        if f"{before}/{after}" not in text and f"{after}/{before}" in text:
            return True
    return False


def has_moved_change(claim: str, figures: Sequence[Figure], ground: Ground) -> bool:
    """Whether ``from A to B`` has figures of the papers that stand side by side in none of them.

    "(FID from 14.81 to 8.57) and COCO (FID from 21.42 to 12.39)" does not say "from 21.42 to 8.57".
    """

    def is_printed(a: Figure, b: Figure, paper: Ground) -> bool:
        changes = find_changes(paper.text, paper.figures)
        printed_changes = [
            (before, after)
            for before, after in changes
            if any(figure.matches(end) for figure in (a, b) for end in (before, after))
        ]
        if printed_changes:
            return any(a.matches(before) and b.matches(after) for before, after in printed_changes)
        pairs = list(pairwise(f for f in paper.figures if f.unit == a.unit))
        return any(a.matches(before) and b.matches(after) for before, after in pairs) or any(
            b.matches(before) and a.matches(after) for before, after in pairs
        )

    return any(
        not any(is_printed(a, b, paper) for paper in ground.each)
        for a, b in find_changes(claim, figures)
    )
