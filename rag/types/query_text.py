"""How a query prints as one line; `rag.types.query_parser` reads it back.

count papers where year = 2023 and code
papers about "label noise" not about "audio" where year in (2020..2022, 2024), order by date descending, first 5
people coauthors for "Ann Mao"
passages of #3f2a asking number: "How fast is DuetFace?"
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date

from rag.types.fields import ABSENCE, FIELDS, MANY, Condition, Operator, Range, Scalar
from rag.types.query import PersonRef, Query, Topic

OPERATOR_SIGNS: dict[Operator, str] = {
    "is": "=",
    "is_not": "!=",
    "in": "in",
    "not_in": "not in",
    "in_each": "in each of",
    "above": ">",
    "below": "<",
    "contains": "contains",
    "not_contains": "not contains",
    "contains_any": "contains any of",
    "starts": "starts",
    "has": "has",
    "lacks": "lacks",
    "two_of": "two of",
    "known": "known",
    "unknown": "unknown",
}


NamePaper = Callable[[str], str]
"""What a paper's id prints as."""


def _mark_id(paper_id: str) -> str:
    return f"#{paper_id}"


def print_query(query: Query, name_paper: NamePaper | None = None) -> str:
    """The query as one line, in the order in which one would say it.

    ``name_paper`` prints papers for people; only their ids, as without it, are read back.
    """
    mark = name_paper or _mark_id
    words = [_print_head(query)]
    if query.what:
        words.append(f"({_quote(query.what)})")
    if query.by:
        words.append(f"by {', '.join(query.by)}")
    if query.people:
        words.append(f"for {', '.join(map(_print_person, query.people))}")
    if query.papers:
        words.append(f"of {', '.join(map(mark, query.papers))}")
    if query.like:
        words.append(f"like {mark(query.like)}")
    words += _print_topic(query.about)
    if query.where:
        words.append(f"where {print_conditions(query.where, name_paper)}")
    if query.base:
        words.append(f"of those where {print_conditions(query.base, name_paper)}")
    if query.besides:
        words.append(f"besides {', '.join(map(_quote, query.besides))}")
    if query.asks_for:
        words.append(f"asking {query.asks_for}")
    line = ", ".join([" ".join(words), *_print_ends(query)])
    return f"{line}: {_quote(query.text)}" if query.text else line


def print_conditions(conditions: Iterable[Condition], name_paper: NamePaper | None = None) -> str:
    return " and ".join(print_condition(condition, name_paper) for condition in conditions)


def print_condition(condition: Condition, name_paper: NamePaper | None = None) -> str:
    """``year = 2020..2022``, ``not code``, ``author lacks ("Ann Mao")``."""
    name, operator = condition.field, condition.operator
    if operator in ABSENCE:
        return f"{name} {operator}"
    if isinstance(condition.value, bool):
        return name if condition.value else f"not {name}"
    if name_paper is not None and FIELDS[name].type == "paper":
        values = ", ".join(name_paper(str(value)) for value in condition.values)
    else:
        values = ", ".join(map(_print_value, condition.values))
    return f"{name} {OPERATOR_SIGNS[operator]} {f'({values})' if operator in MANY else values}"


def _print_head(query: Query) -> str:
    head: str = query.want
    if query.want == "share" or (query.want == "count" and not (query.by or query.relation)):
        head += " of papers" if query.want == "share" else " papers"
    elif query.want == "groups":
        head = "count papers"
    if query.measure != "each":
        head += f" {query.measure}"
    return f"{head} {query.relation}" if query.relation else head


def _print_topic(topic: Topic | None) -> list[str]:
    if topic is None:
        return []
    words = [f"about {_quote(topic.words)}"] if topic.words else []
    if topic.all_of:
        words.append(f"about each of {', '.join(map(_quote, topic.all_of))}")
    return [*words, f"not about {_quote(topic.without)}"] if topic.without else words


def _print_ends(query: Query) -> list[str]:
    """What follows a comma: order, number, form."""
    ends = []
    if query.order is not None:
        ends.append(f"order by {query.order.field} {query.order.way}")
    if query.k is not None:
        ends.append(f"first {query.k}")
    if query.is_about_several:
        ends.append("several")
    form = query.form
    words = [form.shape] if form.shape else []
    words += [f"in {form.sentences} sentences"] if form.sentences is not None else []
    words += [f"for {_quote(form.audience)}"] if form.audience else []
    words += [f"in {_quote(form.language)}"] if form.language else []
    return [*ends, f"as {' '.join(words)}"] if words else ends


def _print_person(person: PersonRef) -> str:
    """The name alone where it is the library's own; otherwise as typed, and whom it may mean."""
    if person.names == (person.typed,):
        return _quote(person.typed)
    return f"{_quote(person.typed)} ({' | '.join(map(_quote, person.names))})"


def _print_value(value: Scalar) -> str:
    if isinstance(value, Range):
        low, high = ("" if end is None else _print_value(end) for end in (value.low, value.high))
        return f"{low}..{high}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (int, float)) else _quote(value)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
