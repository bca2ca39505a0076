"""Times in a question: where years, months, days and periods stand, and what they ask of papers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.text.english import dated_day
from rag.text.time_expressions import (
    COUNT,
    FINE,
    MONTH,
    RELATIVE_WORDS,
    SEASON_MONTHS,
    TIME_UNIT,
    YEAR,
    Day,
    Period,
    add_days,
    build_months,
    build_span,
    build_years,
    get_month,
    parse_count,
    parse_period,
)
from rag.types.fields import Condition, Range

_RECENTLY = (
    r"(?:quite\s+|very\s+|most\s+|more\s+)?(?:recently|lately)|(?:in\s+)?recent\s+years|newly"
)

_ATOM = re.compile(
    rf"(?<![\w.@])(?<![^\W\d_]-)(?:(?P<fine>{FINE})|(?P<year>{YEAR})(?:'s)?(?![\w%]|-(?!(?:19|20)\d\d\b)\w|\.\d)"
    rf"|(?P<month>{MONTH})(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))?(?![\w])"
    rf"|(?P<season>spring|summer|autumn|winter)\b"
    rf"|(?P<than>older|newer|younger|more\s+recent)\s+than\s+(?P<n>{COUNT})\s+(?P<unit>{TIME_UNIT})(?!\s+ago)"
    rf"|(?P<recent>{_RECENTLY})\b)",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:next|coming|upcoming)\s{1,3}\Z", re.IGNORECASE)
_TO = re.compile(r"\s*(?:-|–|—|\.\.+|to|until|till|through|thru|up\s+to)\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+(?:the\s+years?\s+)?$", re.IGNORECASE)
_BEGINS_SPAN = re.compile(r"\b(?:between|from|since|in)\s{1,3}\Z", re.IGNORECASE)
_ENDS_SPAN = re.compile(rf"\s*(?:\b(?:and|to|until|till)\b|-|–)\s*(?:{MONTH})\b", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|to)\s+(?:in\s+)?|\s*[-–]\s*", re.IGNORECASE)
_LIST = re.compile(
    r"\s*(?:,|&|/|\b(?:or|and|nor|vs\.?|versus)\b)+\s*(?:(?:or|and|in|from|of)\s+)*", re.IGNORECASE
)
_LEAD = (
    r"(?:(?:posted|published|dated|released|written|appeared|appearing|uploaded|made|out|come|came|"
    r"are|were|is|was|the|year|years|only|ones)\s+){0,5}"
)
_ENDS: tuple[tuple[str, int | None, int | None], ...] = (
    # words before the time; days to add to its end for the lower bound, to its begin for the upper
    (r"before|prior\s+to|older\s+than|earlier\s+than|preceding|predating|pre-?", None, -1),
    (r"until|till|up\s+to|through|no\s+later\s+than|not\s+after|at\s+latest|by(?:\s+the\s+end\s+of)?", None, 0),
    (r"after|newer\s+than|later\s+than|more\s+recent\s+than|younger\s+than|past|post-?", 1, None),
    (r"since|starting\s+(?:in|from|with)|as\s+of|not\s+before|no\s+earlier\s+than|beginning\s+(?:in|with)", 0, None),
)  # fmt: skip
_BEFORE_IT = tuple(
    (re.compile(rf"(?<!\w){_LEAD}(?:{words})\s*(?:the\s+)?$", re.IGNORECASE), low, high)
    for words, low, high in _ENDS
)
_ONWARDS = re.compile(
    r"\s+(?:onwards?|(?:and|or)\s+(?:later|newer|after|up|onwards?)|upwards?)\b|\s+on(?=\s*(?:[?.!,;]|$|(?:please|pls|only|then)\b))|\s*\+(?!\w)",
    re.IGNORECASE,
)
_BACKWARDS = re.compile(r"\s+(?:or|and)\s+(?:earlier|older|before)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\bnot|\b\w+n't|\bother\s+than|\bexcept(?:\s+for)?|\bwithout|\b(?:exclud|remov)(?:e|ing)|\b(?:drop|skip|omit|ignore)"
    r"|\b(?:leave|leaving|throw)\s+out|\bminus|\boutside(?:\s+of)?)\s+"
    r"(?:(?:those|ones?|papers|all|any|anything|everything|the|that|which|is|are|was|were|posted|published|dated|in|from|of)\s+)*$",
    re.IGNORECASE,
)
_IN = re.compile(
    rf"(?<!\w){_LEAD}(?:(?:in|from|of|for|during|within|over|throughout|across|year|years|either|on|dated|both)\s+){{1,5}}"
    r"(?:the\s+(?:(?:period|time|years?|months?)\s+(?:of\s+)?)?)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TimePhrase:
    """One phrase of time in a question.

    Attributes:
        start, end: Of the phrase with its preposition.
        conditions: What it asks of papers.
        relative: The phrase where it counts back from the newest paper; empty for a date.
        is_certain: Its form says that it is a time; a bare year may as well be a part of a name.
    """

    start: int
    end: int
    conditions: tuple[Condition, ...]
    relative: str = ""
    is_certain: bool = True

    def describe(self, newest: Day) -> str:
        """How a relative phrase was read; empty for a date."""
        if not self.relative:
            return ""
        return f"'{self.relative}' is counted back from the newest dated paper here, of {dated_day(newest)}"


@dataclass(frozen=True, slots=True)
class _Atom:
    """One time without the words around it."""

    match: re.Match[str]
    period: Period | None = None
    months: tuple[int, ...] = ()
    day: int | None = None

    @property
    def span(self) -> tuple[int, int]:
        return self.match.span()

    @property
    def is_bare_year(self) -> bool:
        return self.match["year"] is not None


def find_times(text: str, newest: Day | None) -> list[TimePhrase]:
    """Every phrase of time, from left to right.

    Args:
        text: A question.
        newest: The day that relative phrases count from; without one they are left alone.
    """
    atoms = [a for match in _ATOM.finditer(text) if (a := _read_atom(match, newest)) is not None]
    phrases, at = [], 0
    while at < len(atoms):
        group = [atoms[at]]
        while at + len(group) < len(atoms):
            following = atoms[at + len(group)]
            between = text[group[-1].span[1] : following.span[0]]
            if not (_TO.fullmatch(between) or _LIST.fullmatch(between)):
                break
            # "from 2019 to 2022 or from 2024 to 2025": a span is a phrase of its own.
            if len(group) == 2 and _TO.fullmatch(text[group[0].span[1] : group[1].span[0]]):
                break
            group.append(following)
        if (phrase := _read_group(text, group)) is not None:
            phrases.append(phrase)
        at += len(group)
    return phrases


def _read_atom(match: re.Match[str], newest: Day | None) -> _Atom | None:
    if match["year"]:
        return _Atom(match, build_years(int(match["year"]), int(match["year"])))
    # "a workshop next spring": no paper is from then
    if (match["month"] or match["season"]) and _NEXT.search(match.string[: match.start()]):
        return None
    if match["month"]:
        # "may" and "march" in small letters are words before they are months, but in "between may and june".
        is_word = match["month"] in ("may", "march", "mar", "sep", "dec")
        begins_span = _BEGINS_SPAN.search(match.string[: match.start()]) and _ENDS_SPAN.match(
            match.string, match.end()
        )
        if is_word and not begins_span:
            return None
        day = int(match["day"]) if match["day"] else None
        if day is not None and not 1 <= day <= 31:
            return None
        return _Atom(match, months=(get_month(match["month"]),), day=day)
    if match["season"]:
        first = SEASON_MONTHS[match["season"].lower()]
        return _Atom(match, months=tuple((first + n - 1) % 12 + 1 for n in range(3)))
    if newest is None and (match["recent"] or match["than"]):
        return None
    if match["recent"]:
        return _Atom(match, build_span(2, "year", newest or (1, 1, 1)))
    if match["than"]:
        span = build_span(
            parse_count(match), match["unit"].lower().rstrip("s"), newest or (1, 1, 1)
        )
        if match["than"].lower() == "older":
            return _Atom(match, Period(None, add_days(span.low, -1)))
        return _Atom(match, Period(span.low, None))
    if newest is None and re.fullmatch(RELATIVE_WORDS, match["fine"], re.IGNORECASE):
        return None
    period = parse_period(match["fine"], newest or (1, 1, 1))
    return None if period is None else _Atom(match, period)


def _read_group(text: str, group: Sequence[_Atom]) -> TimePhrase | None:
    """The phrase that neighbouring times make together."""
    start, end = group[0].span[0], group[-1].span[1]
    before = text[max(0, start - 60) : start]
    shift = start - len(before)
    ranged = len(group) == 2 and bool(_TO.fullmatch(text[group[0].span[1] : group[1].span[0]]))
    if between := _BETWEEN.search(before):
        ranged = ranged or len(group) == 2
        before = before[: between.start()]
        start = shift + between.start()
    if ranged or all(a.months and not a.period for a in group) or all(a.period for a in group):
        pass
    elif len(group) == 2 and group[0].months and group[1].period:
        ranged = False
    else:
        return _read_group(text, group[:1])
    is_certain = bool(between) or ranged or not all(a.is_bare_year for a in group)
    low_days: int | None = None
    high_days: int | None = None
    is_open = False
    for pattern, low, high in _BEFORE_IT:
        if match := pattern.search(before):
            is_open, low_days, high_days = True, low, high
            start, before = shift + match.start(), before[: match.start()]
            break
    else:
        if onwards := _ONWARDS.match(text, end):
            is_open, low_days, end = True, 0, onwards.end()
        elif backwards := _BACKWARDS.match(text, end):
            is_open, high_days, end = True, 0, backwards.end()
        if match := _IN.search(before):
            start, before = shift + match.start(), before[: match.start()]
            is_certain = True
    is_negative = False
    if match := _NEGATED.search(before):
        is_negative, start = True, shift + match.start()
    conditions = _build_conditions(
        group, ranged=ranged, ends=(low_days, high_days) if is_open else None, negative=is_negative
    )
    if not conditions:
        return None
    relative = _find_relative(text, group)
    return TimePhrase(start, end, conditions, relative, is_certain or is_open or is_negative)


def _find_relative(text: str, group: Sequence[_Atom]) -> str:
    for atom in group:
        words = atom.match.group()
        if atom.match["recent"] or atom.match["than"]:
            return words
        if atom.match["fine"] and re.fullmatch(RELATIVE_WORDS, words, re.IGNORECASE):
            return words
    return ""


def _build_conditions(
    group: Sequence[_Atom],
    *,
    ranged: bool,
    ends: tuple[int | None, int | None] | None,
    negative: bool,
) -> tuple[Condition, ...]:
    if all(atom.months and not atom.period for atom in group):
        return _build_month_conditions(group, ranged=ranged, negative=negative)
    periods = [atom.period for atom in group if atom.period is not None]
    # "March to May 2023": the first month is of the second one's year.
    if group[0].months and not group[0].period and group[-1].period and group[-1].period.high:
        year = group[-1].period.high[0]
        periods = [build_months(year, group[0].months[0], group[0].months[-1]), *periods]
        ranged = ranged or len(group) == 2
    if ranged and len(periods) == 2:
        first, last = sorted(periods, key=lambda p: p.low or (0, 0, 0))
        periods = [Period(first.low, last.high)]
    if ends is not None and len(periods) == 1:
        low_days, high_days = ends
        period = periods[0]
        low = (
            None
            if low_days is None
            else add_days(period.high if low_days else period.low, low_days)
        )
        high = (
            None
            if high_days is None
            else add_days(period.low if high_days else period.high, high_days)
        )
        periods = [Period(low, high)]
    whole_years = all(_is_whole_years(p) for p in periods)
    field = "year" if whole_years else "date"
    values = [_build_value(p, whole_years=whole_years) for p in periods]
    if len(values) == 1:
        return (Condition(field, "is_not" if negative else "is", values[0]),)
    return (Condition(field, "not_in" if negative else "in", tuple(dict.fromkeys(values))),)


def _build_month_conditions(
    group: Sequence[_Atom], *, ranged: bool, negative: bool
) -> tuple[Condition, ...]:
    """Months of any year: ``in March``, ``not in May or June``, ``dated Jan 13``."""
    months = tuple(dict.fromkeys(month for atom in group for month in atom.months))
    if ranged:
        first, last = group[0].months[0], group[-1].months[-1]
        months = tuple(m for m in range(1, 13) if _is_month_within(m, first, last))
    if len(months) > 1:
        return (Condition("month", "not_in" if negative else "in", months),)
    condition = Condition("month", "is_not" if negative else "is", months[0])
    if group[0].day is None:
        return (condition,)
    return (condition, Condition("day", "is_not" if negative else "is", group[0].day))


def _is_month_within(month: int, first: int, last: int) -> bool:
    return first <= month <= last if first <= last else month >= first or month <= last


def _is_whole_years(period: Period) -> bool:
    return (period.low is None or period.low[1:] == (1, 1)) and (
        period.high is None or period.high[1:] == (12, 31)
    )


def _build_value(period: Period, *, whole_years: bool) -> int | date | Range:
    if whole_years:
        low, high = (end and end[0] for end in (period.low, period.high))
        return low if low is not None and low == high else Range(low, high)
    first, last = (None if end is None else date(*end) for end in (period.low, period.high))
    return first if first is not None and first == last else Range(first, last)
