"""When two queries ask the same: ``year = 2020..2020`` is ``year = 2020``, an order may say date or year."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from rapidfuzz.distance import OSA

from rag.types.fields import FIELDS, Condition, Range, Scalar
from rag.types.query import Order, Query, Topic

CLOSE_F1 = 0.8
LEVELS = ("exact", "same words", "close", "other")
STOP_WORDS = frozenset(
    "a an the of on in at by for from to with and or about into as is are be was were its their "
    "that this these those it".split()
)
_ONE_OF = {"is": "is", "in": "is", "contains": "is", "starts": "starts"}
_NONE_OF = {"is_not": "lacks", "not_in": "lacks", "lacks": "lacks", "not_contains": "lacks"}
_PERSON_FIELDS = (
    "n_papers",
    "n_coauthors",
    "h_index",
    "n_citations",
    "page_papers",
    "novelty",
    "ai_score",
)
_NO_TOPIC = Topic(words=" ")


def fold(text: str) -> str:
    """Lower case, without accents, words joined by single spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("ł", "l"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"\w+", letters.lower()))


def normalise_query(query: Query) -> Query:
    """One spelling for queries that mean the same.

    The first papers of an order are an ``extreme``, and people at one end of an order are
    ``people``. An order by year is one by date. People count as authors unless another role is
    named, and of two people in an order the first is meant. A name that ``lacks`` excludes from
    people is one of ``besides``. The authors of papers that conditions or a topic select are the
    people whom these select. Papers that people share, and papers of people, are those of which each
    is an author.
    """
    order, want, k = query.order, query.want, query.k
    if order is not None and order.field == "year":
        order = Order("date", order.way)
    if want == "papers" and order is not None and k is not None:
        want = "extreme"
    if want == "extreme" and order is not None:
        k = k or 1
        if order.field in _PERSON_FIELDS and not query.papers:
            want = "people"
    if want == "groups":
        order, k = None, None  # rows are counted whichever way they are sorted
    by = query.by
    if want == "people":
        if query.about is None and order == Order("n_papers"):
            order = None  # people of papers that conditions select stand in this order
        by = tuple(name for name in by if name != "author" and not (order and name == order.field))
        k = None if query.people and order is not None else k
    if want == "values" and query.measure == "each":  # a date is told whichever part of it is asked
        by = tuple(dict.fromkeys("date" if name in ("year", "month") else name for name in by))
    where, companions = query.where, list(query.besides)
    relation, people = query.relation, query.people
    if relation == "authors" and not query.papers:
        relation = None
    if want in ("papers", "count") and relation is None and people:
        names = [person.names[0] if person.names else person.typed for person in people]
        where, people = (*where, *(Condition("author", "is", name) for name in names)), ()
    if relation == "shared":
        want, relation, people = "papers" if want == "people" else want, None, ()
        names = [person.names[0] if person.names else person.typed for person in query.people]
        where += tuple(Condition("author", "is", name) for name in names)
    if want == "people":
        excluded = [c for c in where if c.field == "author" and c.operator in _NONE_OF]
        companions += [str(value) for c in excluded for value in c.values]
        where = tuple(c for c in where if c not in excluded)
    if want == "values" and not by and relation is None:
        want = "people"
    return replace(
        query, want=want, by=by, order=order, k=k, where=where, besides=tuple(companions),
        relation=relation, people=people,
    )  # fmt: skip


def drop_papers_left_out(query: Query) -> Query:
    """Without conditions that leave papers out by id: those shown before need not be listed again."""
    conditions = (c for c in query.where if not (c.field == "paper" and c.operator in _NONE_OF))
    return replace(query, where=tuple(conditions))


def are_conditions_equal(actual: Sequence[Condition], expected: Sequence[Condition]) -> bool:
    """As sets, whatever their spelling."""
    left, right = normalise_conditions(actual), normalise_conditions(expected)
    unmatched = list(right)
    for condition in left:
        match = next((item for item in unmatched if _are_equal(condition, item)), None)
        if match is None:
            return False
        unmatched.remove(match)
    return not unmatched


Normal = tuple[str, str, tuple[object, ...]]
"""Field, operator, and values in order."""


def normalise_conditions(conditions: Sequence[Condition]) -> tuple[Normal, ...]:
    """Each condition in one spelling, times joined into one interval of days, none twice."""
    normal: list[Normal] = []
    times = [c for c in conditions if c.field in ("year", "month", "date")]
    days = _join_times(times)
    if days is not None:
        normal.append(("date", "is", days))
        conditions = [c for c in conditions if c not in times]
    first = {fold(str(v)) for c in conditions if c.field == "first_author" for v in c.values}
    for condition in conditions:
        if condition.field in ("year", "date") and condition.operator in ("known", "unknown"):
            condition = replace(condition, field="date")
        field = FIELDS[condition.field]
        values: tuple[object, ...] = condition.values
        operator: str = condition.operator
        if field.type in ("integer", "number"):
            operator, values = _normalise_figures(condition)
        elif field.type in ("name", "person"):
            operator = _ONE_OF.get(operator) or _NONE_OF.get(operator) or operator
            values = tuple(sorted({fold(str(value)) for value in values}))
            if condition.field == "author" and operator == "is" and set(values) <= first:
                continue  # the first author is an author
        elif field.type == "text":
            operator = "contains" if operator == "contains_any" and len(values) == 1 else operator
            values = tuple(sorted(fold(str(value)) for value in values))
        if (condition.field, operator, values) not in normal:
            normal.append((condition.field, operator, values))
    return tuple(normal)


def are_names_equal(actual: Iterable[str], expected: Iterable[str]) -> bool:
    return {fold(name) for name in actual} == {fold(name) for name in expected}


def compare_topics(actual: Topic | None, expected: Topic | None) -> str:
    """One of `LEVELS`; what is excluded counts as well, and the worst part decides."""
    left, right = actual or _NO_TOPIC, expected or _NO_TOPIC
    # Where each of several topics is asked, the words only join them.
    words = [[topic.words] for topic in (left, right)]
    if left.all_of and right.all_of:
        words = [sorted(topic.all_of, key=fold) for topic in (left, right)]
    if len(words[0]) != len(words[1]):
        return "other"
    levels = [_compare_words(*pair) for pair in zip(*words, strict=True)]
    levels.append(_compare_words(left.without, right.without))
    return max(levels, key=LEVELS.index)


def resolve_shown_papers(actual: Query, papers: Sequence[str], previous: Query) -> Query:
    """A query of the papers just shown is one of what showed them, with its own conditions.

    More papers may be listed than an answer has room to show.
    """
    is_of_shown = len(papers) > 1 and set(actual.papers) >= set(papers)
    if not is_of_shown or previous.papers or previous.want in ("passages", "comparison"):
        return actual
    return replace(
        actual.add_conditions(previous.where), papers=(), about=actual.about or previous.about
    )


def list_content_words(text: str) -> list[str]:
    """Folded words without stop words, in the singular and in American spelling."""
    return [
        _fold_spelling(_cut_plural(word)) for word in fold(text).split() if word not in STOP_WORDS
    ]


def _compare_words(actual: str, expected: str) -> str:
    if fold(actual) == fold(expected):
        return "exact"
    left, right = set(list_content_words(actual)), set(list_content_words(expected))
    left = {next((w for w in right if _is_slip(word, w)), word) for word in left}
    if left == right:
        return "same words"
    n_both = len(left & right)
    is_close = bool(n_both) and 2 * n_both / (len(left) + len(right)) >= CLOSE_F1
    return "close" if is_close else "other"


def _is_slip(a: str, b: str) -> bool:
    """Whether a word is another one mistyped: a letter of five, two of eight."""
    return min(len(a), len(b)) > 4 and OSA.distance(a, b) <= (1 if len(a) < 8 else 2)


def _cut_plural(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _fold_spelling(word: str) -> str:
    """``apnoea`` as ``apnea``, ``tumour`` as ``tumor``, ``randomised`` as ``randomized``."""
    word = re.sub(r"ae|oe", "e", word)
    return re.sub(r"is(e|ed|ing|ation)$", r"iz\1", re.sub(r"our$", "or", word))


def _are_equal(left: Normal, right: Normal) -> bool:
    if left[:2] != right[:2]:
        return False
    if left[2] == right[2]:
        return True
    # "Tencent" selects the same papers as "tencent-ai"; a person's name is whole.
    is_name = FIELDS[left[0]].type == "name" and len(left[2]) == len(right[2])
    return is_name and all(
        str(a) in str(b) or str(b) in str(a) for a, b in zip(left[2], right[2], strict=True)
    )


def _normalise_figures(condition: Condition) -> tuple[str, tuple[object, ...]]:
    """Comparisons with whole numbers as ranges, a single value as a range of one."""
    operator, values = condition.operator, condition.values
    step = 1 if FIELDS[condition.field].type == "integer" else 0
    if operator in ("above", "below") and step:
        end = values[0]
        assert isinstance(end, int)
        return "is", ((end + 1, None) if operator == "above" else (None, end - 1),)
    if operator in ("is", "in"):
        return "is", _join_ranges(values)
    return operator, values


def _join_ranges(values: Iterable[Scalar]) -> tuple[object, ...]:
    """Ranges (low, high) in order, neighbours joined: 2020, 2021 is 2020..2021."""
    ends = [(v.low, v.high) if isinstance(v, Range) else (v, v) for v in values]
    if any(low is None or high is None for low, high in ends) or not all(
        isinstance(end, int) for pair in ends for end in pair
    ):
        return tuple(ends)
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ends, key=str):
        assert isinstance(low, int) and isinstance(high, int)
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _join_times(conditions: Sequence[Condition]) -> tuple[object, ...] | None:
    """The days (first, last) that positive conditions on year, month and date leave.

    None where there are none, or where they are no single interval.
    """
    if not conditions or any(c.operator not in ("is", "in", "above", "below") for c in conditions):
        return None
    low, high = date.min, date.max
    # Months last: they need the year.
    for condition in sorted(conditions, key=lambda c: c.field == "month"):
        bounds = _get_day_bounds(condition, low, high)
        if bounds is None:
            return None
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return ((low, high),)


def _get_day_bounds(condition: Condition, low: date, high: date) -> tuple[date, date] | None:
    """First and last day that a condition allows; for a month, within the year of low and high."""
    if condition.field == "date":
        return _get_date_bounds(condition)
    ranges = _normalise_figures(condition)[1]
    if len(ranges) != 1:
        return None
    assert isinstance(ranges[0], tuple)
    first, last = ranges[0]
    if condition.field == "year":
        return (
            date(first, 1, 1) if first is not None else date.min,
            date(last, 12, 31) if last is not None else date.max,
        )
    if low.year != high.year:
        return None
    end = last or 12
    return date(low.year, first or 1, 1), date(low.year, end, monthrange(low.year, end)[1])


def _get_date_bounds(condition: Condition) -> tuple[date, date] | None:
    if len(condition.values) != 1:
        return None
    value = condition.values[0]
    ends = (value.low, value.high) if isinstance(value, Range) else (value, value)
    first = ends[0] if isinstance(ends[0], date) else date.min
    last = ends[1] if isinstance(ends[1], date) else date.max
    if condition.operator == "above":
        return date.fromordinal(last.toordinal() + 1), date.max
    if condition.operator == "below":
        return date.min, date.fromordinal(first.toordinal() - 1)
    return first, last
