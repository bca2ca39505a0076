"""Whether values of a field meet a condition, and how conditions are worded.

The fields, their operators and nouns are those of `rag.types.fields`; which papers meet a condition
`rag.library.conditions` says. Unknown is not zero: a paper without a year meets neither
``before 2020`` nor its opposite.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from rag.text import fold
from rag.text.english import MONTHS, join_names
from rag.text.markdown import plain
from rag.types import Condition
from rag.types.fields import ANY_DIGIT, FIELDS, IS_SURVEY, Operator, Range, Scalar


def get_days(year: int, month: int | None, day: int | None) -> Range:
    """The first and the last day that a paper with a year may be of."""
    first, last = month or 1, month or 12
    return Range(date(year, first, day or 1), date(year, last, day or monthrange(year, last)[1]))


# --- matching -------------------------------------------------------------------------------


def meets(values: Sequence[object], condition: Condition) -> bool:
    """Whether values, none for unknown, meet a condition."""
    if condition.operator in ("known", "unknown"):
        return bool(values) == (condition.operator == "known")
    return _OPERATORS[condition.operator](values, condition.values)


def get_least_authors(condition: Condition) -> int | None:
    """How many authors are asked for where any more will do; a list cut by 'et al.' has one more."""
    wanted = condition.value
    if condition.field != "n_authors" or condition.operator != "is":
        return None
    if not isinstance(wanted, Range) or wanted.high is not None or not isinstance(wanted.low, int):
        return None
    return wanted.low


def match_days(days: Range, condition: Condition) -> bool:
    """Whether every day that the paper may be of is wanted (or none of them is).

    A paper that prints only its year may be of any day of it.
    """
    if condition.operator == "above":
        return bool(days.low > condition.value)  # type: ignore[operator]
    if condition.operator == "below":
        return bool(days.high < condition.value)  # type: ignore[operator]
    spans = [v if isinstance(v, Range) else Range(v, v) for v in condition.values]  # type: ignore[arg-type]
    if condition.is_negative:
        return not any(_touches(days, span) for span in spans)
    return any(_is_within(days.low, span) and _is_within(days.high, span) for span in spans)


def is_undecided(days: Range, conditions: Sequence[Condition]) -> bool:
    """Whether a paper that prints no whole date may, and may not, be of the days asked for."""
    timed = [c for c in conditions if c.field == "date"]
    return not all(match_days(days, c) for c in timed) and all(_may_match(days, c) for c in timed)


def _may_match(days: Range, condition: Condition) -> bool:
    """Whether some day that the paper may be of is wanted."""
    if condition.operator == "above":
        return bool(days.high > condition.value)  # type: ignore[operator]
    if condition.operator == "below":
        return bool(days.low < condition.value)  # type: ignore[operator]
    spans = [v if isinstance(v, Range) else Range(v, v) for v in condition.values]  # type: ignore[arg-type]
    if condition.is_negative:
        return not any(_is_within(days.low, s) and _is_within(days.high, s) for s in spans)
    return any(_touches(days, span) for span in spans)


def _touches(days: Range, span: Range) -> bool:
    is_before = span.low is not None and days.high < span.low  # type: ignore[operator]
    is_after = span.high is not None and days.low > span.high  # type: ignore[operator]
    return not is_before and not is_after


def _is_within(value: object, span: Range) -> bool:
    return (span.low is None or value >= span.low) and (span.high is None or value <= span.high)  # type: ignore[operator]


def _is_same(value: object, wanted: Scalar) -> bool:
    if isinstance(wanted, Range):
        return _is_within(value, wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        return fold(value) == fold(wanted)
    return value == wanted


def _has_any(values: Sequence[object], wanted: Sequence[Scalar]) -> bool:
    return any(_is_same(v, w) for v in values for w in wanted)


def _contains_any(values: Sequence[object], wanted: Sequence[Scalar]) -> bool:
    patterns = [build_phrase_pattern(str(w)) for w in wanted]
    return any(pattern.search(fold(str(v))) for v in values for pattern in patterns)


def build_phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Finds a phrase in folded text: hyphens, spaces and the ending of the last word may differ."""
    parts = [re.escape(part) for part in re.split(r"[\s\-–—_]+", fold(phrase)) if part]
    return re.compile(r"(?<![^\W_])" + r"[\s\-–—_]*".join(parts))


def _has_sign(text: str, sign: str) -> bool:
    return any(c.isdigit() for c in text) if sign == ANY_DIGIT else sign in text


_OPERATORS: Mapping[Operator, Callable[[Sequence[object], Sequence[Scalar]], bool]] = {
    "is": _has_any,
    "is_not": lambda vs, ws: bool(vs) and not _has_any(vs, ws),
    "in": _has_any,
    "in_each": _has_any,  # of a paper; that people have papers of each is seen where they are ranked
    "not_in": lambda vs, ws: bool(vs) and not _has_any(vs, ws),
    "above": lambda vs, ws: any(v > w for v in vs for w in ws),  # type: ignore[operator]
    "below": lambda vs, ws: any(v < w for v in vs for w in ws),  # type: ignore[operator]
    "contains": _contains_any,
    "contains_any": _contains_any,
    "not_contains": lambda vs, ws: not _contains_any(vs, ws),
    "lacks": lambda vs, ws: not _has_any(vs, ws),
    "has": lambda vs, ws: any(_has_sign(str(v), str(w)) for v in vs for w in ws),
    "starts": lambda vs, ws: any(fold(str(v)).startswith(fold(str(w))) for v in vs for w in ws),
    "two_of": lambda vs, ws: sum(_has_any(vs, (w,)) for w in ws) > 1,
}


# --- in words -------------------------------------------------------------------------------


def format_condition(condition: Condition) -> str:
    """The condition in words that follow ``papers``: ``from 2024``, ``without the Code mark``."""
    field, operator, values = condition.field, condition.operator, condition.values
    if operator in ("known", "unknown"):
        if field == "code":
            return f"whose Code mark is {operator}"
        return f"{'with' if operator == 'known' else 'without'} {FIELDS[field].noun}"
    if condition == IS_SURVEY:
        return "that call themselves a survey, review or tutorial"
    if field == "paper":
        return "besides those shown" if condition.is_negative else "of those shown"
    if operator == "two_of":
        return f"by two or more of {join_names(map(str, values))}"
    if isinstance(condition.value, bool):
        return _FLAGS[field][condition.value]
    if operator in ("above", "below"):
        return f"with {_SORTED_NAMES.get(field, field)} {operator} {_format_end(values[0])}"
    negation = "not " if condition.is_negative else ""
    if field == "date" or (field == "year" and any(isinstance(v, Range) for v in values)):
        return negation + _format_spans(values)
    if field == "n_places":
        return "in more than one document"
    if (least := get_least_authors(condition)) is not None:
        return f"by at least {least} authors"
    if field == "n_authors":
        bounds = " or ".join(map(format_bounds, values)).removeprefix("of ")
        return f"whose author list is {negation}complete and {bounds} long"
    if field in _SORTED_NAMES or FIELDS[field].of == "person":
        bounds = " or ".join(map(format_bounds, values))
        return f"{negation}with {_SORTED_NAMES.get(field, field)} {bounds}"
    if field == "month":
        return f"{negation}from {_format_alternatives(list(map(_format_month, values)))}"
    return negation + _format_value(
        field, _format_alternatives([plain(str(v)) for v in values]), operator
    )


_FLAGS: Mapping[str, tuple[str, str]] = {
    "code": ("without the Code mark", "with the Code mark"),
    "retracted": ("not marked as retracted", "marked as retracted"),
    "complete_authors": ("with 'et al.'", "with a complete author list"),
    "has_page": ("without an author page", "with an author page"),
}
"""A flag that is not set, and one that is."""
_SORTED_NAMES: Mapping[str, str] = {
    "score": "a header score",
    "title_chars": "a title length",
    "abstract_words": "an abstract length in words",
    "n_papers": "a number of papers",
    "n_coauthors": "a number of co-authors",
    "h_index": "an h-index",
    "n_citations": "a number of citations",
    "page_papers": "a number of papers on their page",
    "novelty": "a novelty",
    "ai_score": "an AI score",
}


def _format_alternatives(alternatives: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(alternatives[:-1]), alternatives[-1])))


def _format_month(month: Scalar) -> str:
    if isinstance(month, Range):
        return " to ".join(MONTHS[int(str(end)) - 1] for end in (month.low or 1, month.high or 12))
    return MONTHS[int(str(month)) - 1]


_STATED = {
    "limitation": "a limitation",
    "problem": "a problem",
    "resource": "what they give away",
    "aim": "an aim",
    "method": "a method",
    "result": "a result",
    "background": "a background",
}


def _format_value(field: str, value: str, operator: Operator) -> str:
    if operator == "has":
        return f"with {value if value == ANY_DIGIT else repr(value)} in the {field}"
    if operator == "starts" and field == "title":
        return f"whose title begins '{value}'"
    words = {
        "year": f"from {value}",
        "category": f"in category {value}",
        "affiliation": f"with affiliation {value}",
        "text": f"that mention '{value}'",
        "title": f"with '{value}' in the title",
        "title_word": f"with '{value}' in the title",
        "link": f"with a {value} link in the abstract",
        "author": f"by {value}",
        "printed_author": f"that print {value} as an author",
        "first_author": f"with {value} as first author",
        "last_author": f"with {value} as last author",
        "page": f"on {value}'s page",
        "document": f"in {value}",
        "place": f"at {value}",
        "venue": f"at {value}",
        "keyword": f"with keyword {value}",
        "role": f"that state {_STATED.get(value, f'what is {value}')}",
        "doi": f"with DOI {value}",
    }
    return words.get(field, f"with {field} {value}")


def _format_spans(spans: Sequence[Scalar]) -> str:
    """``from 2020 to 2022``; of several, one is met."""
    is_open = any(isinstance(s, Range) and None in (s.low, s.high) for s in spans)
    return (", or " if is_open else " or ").join(map(_format_span, spans))


def _format_span(span: Scalar) -> str:
    if not isinstance(span, Range):
        return f"from {_format_end(span)}"
    low, high = (
        _format_end(end, is_last=is_last) for end, is_last in ((span.low, False), (span.high, True))
    )
    if span.low is None:
        return f"from {high} or earlier"
    if span.high is None:
        return f"from {low} or later"
    return f"from {low}" if low == high else f"from {low} to {high}"


def _format_end(end: object, *, is_last: bool | None = None) -> str:
    """A figure or a day; of a span, a day's month alone where that month begins (or ends) there."""
    if not isinstance(end, date):
        return f"{end:g}" if isinstance(end, float) else str(end)
    last = monthrange(end.year, end.month)[1]
    is_whole_month = is_last is not None and end.day == (last if is_last else 1)
    return f"{'' if is_whole_month else f'{end.day} '}{MONTHS[end.month - 1]} {end.year}"


def format_bounds(value: Scalar) -> str:
    """``of 3``, ``of at least 3``, ``from 3 to 5``."""
    if not isinstance(value, Range) or value.low == value.high:
        return f"of {_format_end(value.low if isinstance(value, Range) else value)}"
    if value.low is None:
        return f"of at most {_format_end(value.high)}"
    low = _format_end(value.low)
    return (
        f"of at least {low}" if value.high is None else f"from {low} to {_format_end(value.high)}"
    )


def format_conditions(conditions: Iterable[Condition]) -> str:
    """All conditions in one phrase, empty for none: ``by Ann Mao from 2023, in category LG``."""
    ordered_conditions = sorted(conditions, key=lambda c: c.is_negative)
    limits = [format_condition(c) for c in ordered_conditions if c.field != "paper"]
    people = [limit for limit in limits if limit.startswith("by ")]
    times = [limit for limit in limits if limit.startswith("from ")]
    if len(people) == len(times) == 1:
        rest = [limit for limit in limits if limit not in (*people, *times)]
        limits = [f"{people[0]} {times[0]}", *rest]
    return join_names(limits)
