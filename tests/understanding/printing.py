"""What a question asks for as one line: ``count papers where year is 2024 and code``."""

from __future__ import annotations

from collections.abc import Iterable

from rag.library.snapshot import LibrarySnapshot, LibrarySource, get_short_name, load_snapshot
from rag.types import Condition, Intent
from rag.understanding.catalogue_ask import Ask
from rag.understanding.person_ask import PersonAsk

MOST = 5
"""More papers than this are not named one by one."""
NOUNS = {"count": " papers", "list": " papers", "shared": " papers"}


def print_intent(intent: Intent, library: LibrarySource) -> str:
    """The route's own words first, then topic, conditions, papers and people.

    Papers are called by what they call themselves. The query is printed where papers are to be
    searched for other words than those typed.
    """
    now = load_snapshot(library)
    ask = intent.parts.get("ask")
    base = ask.base if isinstance(ask, Ask) else ()
    words = [_print_head(intent), *_print_people(intent), *_print_topic(intent)]
    if conditions := [each for each in intent.conditions if each not in base]:
        words.append(f"where {_print_conditions(conditions, intent, now)}")
    if base:
        words.append(f"of those where {_print_conditions(base, intent, now)}")
    if focus := intent.get_several("focus"):
        together = "among" if intent.parts.get("several") else "of"
        names = [_name_paper(key, now) for key in focus]
        words.append(f"{together} {_join(names) if len(names) <= MOST else f'{len(names)} papers'}")
    if besides := intent.get_several("besides"):
        words.append(f"besides {_join(besides)}")
    if isinstance(alike := intent.parts.get("alike"), str):
        words.append(f"like {_name_paper(alike, now)}")
    line = ", ".join([" ".join(words), *_print_order(intent)])
    if intent.route == "content" and intent.query != " ".join(intent.question.split()):
        line += f": {_quote(intent.query)}"
    return line


def _print_head(intent: Intent) -> str:
    ask = intent.parts.get("ask")
    if isinstance(ask, PersonAsk):
        return f"{ask.form}{NOUNS.get(ask.form, '')}{f' ({ask.what})' if ask.what else ''}"
    if not isinstance(ask, Ask):
        return intent.route
    return f"{ask.verb}{NOUNS.get(ask.verb, '')}" + (f" by {_join(ask.of)}" if ask.of else "")


def _print_order(intent: Intent) -> list[str]:
    """What follows a comma: the order, how many, and what was not understood."""
    ask = intent.parts.get("ask")
    if not isinstance(ask, Ask):
        k = intent.parts.get("k")
        words = ["newest first" if intent.parts.get("recent") else "", f"first {k}" if k else ""]
    else:
        words = [
            "" if ask.most else "least first",
            f"first {ask.k}" if ask.k else "",
            f"papers each {_print_range(*ask.bounds)}" if ask.bounds else "",
            f"not checked: {_quote(ask.unread)}" if ask.unread else "",
        ]
    return [each for each in words if each]


def _print_people(intent: Intent) -> list[str]:
    named = any(str(v).startswith("@") for c in intent.conditions for v in _list(c.value))
    unknown = [_quote(m.typed) for m in intent.get_several("people") if not m.names]
    people = [*intent.people, *unknown]
    if named or not people:
        return []
    return [f"{'for' if intent.route == 'person' else 'naming'} {_join(people)}"]


def _print_topic(intent: Intent) -> list[str]:
    ask = intent.parts.get("ask")
    excluded = intent.parts.get("excluded") or getattr(ask, "excluded", "")
    unused = isinstance(ask, Ask) and ask.verb == "figures"  # pages have no topic
    words = [f"about {_quote(intent.topic)}"] if intent.topic and not unused else []
    if intent.parts.get("both"):
        words = [f"about both {' and '.join(map(_quote, intent.get_several('both')))}"]
    return [*words, f"not about {_quote(str(excluded))}"] if excluded else words


def _print_conditions(conditions: Iterable[Condition], intent: Intent, now: LibrarySnapshot) -> str:
    return " and ".join(_print_condition(each, intent, now) for each in conditions)


def _print_condition(condition: Condition, intent: Intent, now: LibrarySnapshot) -> str:
    """``year is 2024``, ``not code``, ``date between 2022-06-01 and 2022-06-30``."""
    field, operator, value = condition.field, condition.operator, condition.value
    if isinstance(value, bool):
        return field if (operator == "is") == value else f"not {field}"
    if value is None:
        return f"{field} {operator}"
    if operator in ("between", "not between", "outside"):
        assert isinstance(value, tuple)
        words = operator.removesuffix("between")
        return f"{field} {words}{' ' if words == 'outside' else ''}{_print_range(*value)}"
    if operator == "within any":
        return f"{field} {' or '.join(_print_range(*each) for each in _list(value))}"
    values = [value] if field == "date" else _list(value)
    printed = (_print_value(field, each, intent, now) for each in values)
    return f"{field} {operator} {' or '.join(printed)}"


def _print_value(field: str, value: object, intent: Intent, now: LibrarySnapshot) -> str:
    """A person as the library prints them; one of several, or nobody of the library, as typed."""
    if field == "paper":
        return _name_paper(str(value), now)
    people = intent.get_several("people")
    if isinstance(value, str) and value[:1] == "@" and value[1:].isdigit():
        if int(value[1:]) < len(people):
            mention = people[int(value[1:])]
            one = len(mention.names) == 1
            return str(mention.names[0]) if one else _quote(mention.typed)
    return _print_bound(value)


def _print_range(low: object, high: object) -> str:
    if low == high:
        return f"exactly {_print_bound(low)}"
    since = "" if low is None else f"from {_print_bound(low)}"
    return since if high is None else f"{since} to {_print_bound(high)}".strip()


def _print_bound(value: object) -> str:
    """A day as ISO 8601 has it, anything else as it is."""
    return "{:04}-{:02}-{:02}".format(*value) if isinstance(value, tuple) else str(value)


def _name_paper(key: str, now: LibrarySnapshot) -> str:
    return get_short_name(now.by_id[key]) if key in now.by_id else key


def _list(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _quote(text: str) -> str:
    return f"“{text}”"


def _join(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
