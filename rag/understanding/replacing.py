"""``What about 2023?``: merges a follow-up into the last query, replacing the part it names."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Sequence
from dataclasses import replace

from rag.library.person_index import Mention
from rag.library.selection import resolve_conditions
from rag.library.snapshot import LibrarySnapshot
from rag.types import Condition, Query, Reading
from rag.types.fields import FIELDS, Range
from rag.types.query import Order, Topic
from rag.types.query_text import read_conditions
from rag.understanding.catalogue_ask import CatalogueQuestion
from rag.understanding.catalogue_reading import list_telling_words, read_catalogue_question
from rag.understanding.filler import HEADS
from rag.understanding.intents import build_catalogue_intent
from rag.understanding.pointers import ResolvedQuestion, is_ranking
from rag.understanding.query_building import build_conditions, build_people, build_reading
from rag.understanding.scan import find_people
from rag.understanding.threads import (
    HOW_MANY_THERE,
    HOW_MANY_UNDER,
    LIST_THEM,
    MORE_PEOPLE,
    extract_replacement,
)


def merge_with_last(
    resolved_question: ResolvedQuestion, library: LibrarySnapshot
) -> Reading | None:
    """``what about 2023?``: the last reading with the named part replaced."""
    last = resolved_question.instead
    if last is None:
        return None
    query = last.query
    what = _add_year(extract_replacement(resolved_question.question), query)
    # "papers by Yuxi Mi / how many in all?"
    if HOW_MANY_THERE.match(resolved_question.question):
        return _convert_to_count(last)
    # "who has the most papers? / who else?": the same ranking, twice as long.
    if MORE_PEOPLE.match(resolved_question.question) and is_ranking(query):
        longer = replace(query, k=2 * (query.k or 5))
        return _change(last, longer, "the last question, of more people")
    # "top 1 expert on faces? / who else?"
    if resolved_question.excluded_people:
        further = replace(query, besides=resolved_question.excluded_people)
        return _change(last, further, "the last question, of further people")
    # "face privacy? / who wrote the first one? / and the second one?"
    if resolved_question.focus and not resolved_question.several:
        return _move_to_papers(last, resolved_question.focus)
    # "who wrote DuetFace? / and SlerpFace?"
    if _is_of_one_paper(query):
        return _move_to_papers(last, _find_papers_named(what, library))
    # "how many papers from 2024 have code? / which ones?"
    if LIST_THEM.match(resolved_question.question):
        return _convert_to_list(last)
    # "who works on faces? / and recently?": an order, not a condition on time.
    if query.route == "experts" and _NOW.fullmatch(what):
        newest_first = replace(query, order=Order("date"))
        return _change(last, newest_first, "the last question, newer papers first")
    # "papers by Yuxi Mi / how many in 2024?": counted first, then the year is set below.
    if HOW_MANY_UNDER.match(resolved_question.question):
        last = _convert_to_count(last) or last
    people = find_people(what, library)
    catalogue_question = read_catalogue_question(what, library, people)
    # "papers by Yuxi Mi / how many as first author?"
    if as_role := _ROLE.match(what):
        if reading := _set_role(last, "first_author" if as_role["first"] else "last_author"):
            return reading
    # "who works on UAV tracking? / what about graphs?": nothing but a topic.
    ask = catalogue_question.ask
    if not catalogue_question.conditions and ask.verb == "list" and ask.topic:
        about = re.match(r"(?:about|on|regarding|concerning)\b", what, re.IGNORECASE)
        return _set_topic(last, ask.topic, also=about is not None)
    # Words that nothing understood: a new question rather than a wrong replacement.
    if ask.left:
        return None
    # "papers by Yuxi Mi / and the newest?"
    if ask.verb in ("extreme", "group") and not people:
        return _set_want(last, catalogue_question, library)
    return _set_conditions(last, people, catalogue_question, resolved_question.question, library)


def _change(last: Reading, query: Query, reason: str, notes: Sequence[str] = ()) -> Reading:
    """The last reading with another query; what was said of its words stays said."""
    notes = tuple(dict.fromkeys((*last.notes, *notes)))
    return replace(last, query=query, reason=reason, notes=notes, unread=())


def _set_conditions(
    last: Reading,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    question: str,
    library: LibrarySnapshot,
) -> Reading | None:
    """``and Cai Wu?``, ``since 2023``: people and conditions replace those of their kind."""
    conditions = build_conditions(catalogue_question.conditions, people)
    notes = [*(m.note for m in people if m.note), *catalogue_question.ask.notes]
    apart = any(c.field in _ROLES and c.operator == "lacks" for c in conditions)
    # "how many papers has Yuxi Mi? / how many with Cai Wu?" adds a person, where "and Cai Wu?"
    # replaces one.
    if people and (apart or _TOGETHER.match(question)):
        is_count = catalogue_question.ask.verb == "count"
        if reading := _add_coauthor(last, people, conditions, notes, is_count=is_count):
            return reading
    # "papers from 2022 / 2024?", "papers with code / since 2023": conditions on other fields
    # stay.
    if last.query.route == "catalogue" and conditions:
        query = _drop_papers(last, conditions).query
        kept = _keep_conditions(conditions, query.where)
        # "the h-index of Yuxi Mi and Cai Wu? / and Ann Mao?": figures of pages have one set of
        # people, which is replaced as a whole.
        if people and any(FIELDS[field].of == "person" for field in query.by):
            others = tuple(c for c in conditions if FIELDS[c.field].type != "person")
            asked = replace(query, people=build_people(people), where=(*kept, *others))
            return _change(last, asked, "the same figures, of another person", notes)
        # "what share of the 2024 papers have code? / and 2022?": the year belongs to the
        # denominator.
        base = _keep_conditions(conditions, query.base)
        whole_of = [
            c for c in conditions if len(_keep_conditions([c], query.base)) < len(query.base)
        ]
        part = [c for c in conditions if c not in whole_of]
        query = replace(query, where=(*kept, *part), base=(*base, *whole_of))
        return _change(last, query, "the last list with a part replaced", notes)
    limits = [c for c in conditions if c.field != "author"]
    new_conditions = resolve_conditions(limits, library).conditions
    query = last.query
    # "who collaborates with Yuxi Mi? / and Ann Mao?"
    if query.route == "person" and people and not new_conditions:
        asked = replace(query, people=build_people(people))
        notes = [m.note for m in people if m.note]
        reading = replace(last, notes=())
        return _change(reading, asked, "the last question, of another person", notes)
    reason = "the last question under a further condition"
    # "experts on faces / only since 2024"
    if query.route == "experts" and new_conditions:
        kept = _keep_conditions(new_conditions, query.where)
        return _change(last, replace(query, where=(*kept, *new_conditions)), reason, notes)
    if query.route == "person" and new_conditions and query.people:
        limited = _list_papers_of(replace(query, where=new_conditions))
        return _change(last, limited, reason, notes)
    return None


def _list_papers_of(query: Query) -> Query:
    """A person under conditions, or on a topic, is a list of papers."""
    is_portrait = query.want == "profile" and query.relation in (None, "presence")
    return replace(query, want="papers", relation=None) if is_portrait else query


_TIME = frozenset({"year", "month", "date"})


def _keep_conditions(new: Sequence[Condition], old: Sequence[Condition]) -> list[Condition]:
    """The old conditions that no new one replaces; a time takes the place of every other time."""
    fields = {c.field for c in new}
    fields |= (
        # "papers from 2024 / and in February?" keeps the year; any other time replaces all.
        (_TIME - {"year"} if fields & _TIME == {"month"} else _TIME) if fields & _TIME else set()
    )
    return [c for c in old if c.field not in fields]


_NOW = re.compile(
    r"(?:recently|lately|now|nowadays|these days|at present|currently|more recently)", re.IGNORECASE
)


_TOGETHER = re.compile(
    rf"^\W*(?:and\s+|only\s+|just\s+|but\s+)*(?:(?:how\s+many|which|what|any|list|show)\s+(?:(?:{HEADS}|of\s+\w+|are|were|there)\s+)*)?(?:those\s+|the\s+ones\s+)?(?:(?:(?:together|jointly|co-?authored|written)\s+)?with|also\s+(?:by|with))\b",
    re.IGNORECASE,
)


def _add_coauthor(
    last: Reading,
    people: Sequence[Mention],
    conditions: Sequence[Condition],
    notes: Sequence[str],
    *,
    is_count: bool,
) -> Reading | None:
    """``with X``: the papers of the last answer that are also by X."""
    reason = "the last list, with a further person"
    query = last.query
    if query.route == "person" and len(query.people) == 1 and len(people) == 1:
        listed = _convert_to_papers(query)
        want = replace(listed, want="count" if is_count else "papers")
        return _change(last, want.add_conditions(conditions), reason, notes)
    if query.route == "catalogue" and query.want in ("papers", "count", "share") and not query.like:
        return _change(last, query.add_conditions(conditions), reason, notes)
    return None


def _convert_to_papers(query: Query) -> Query:
    """The papers of the one person whom a query is about, with the person as a condition."""
    person = query.people[0]
    author = Condition("author", "is", person.names[0] if len(person.names) == 1 else person.typed)
    return Query("papers", where=(author, *query.where), about=query.about, papers=query.papers)


_COUNTED = ("coauthors", "top_coauthor", "common_coauthors", "shared")
"""Relations whose answers have a number as their value, if that is asked."""


def _convert_to_count(last: Reading) -> Reading | None:
    """``how many are there?`` after a list of papers; after people, who are counted with their list."""
    reason = "the last list, counted"
    query = last.query
    if query.relation in _COUNTED:
        return _change(last, replace(query, want="count"), reason)
    if query.route == "experts" or query.relation == "common_authors":
        return _change(last, query, reason)
    if query.route == "catalogue" and query.want in ("papers", "count", "share"):
        want = "count" if query.want == "papers" else query.want
        by = query.by if query.by in ((), ("place",)) or query.want == "share" else None
        if by is None:
            return None
        return _change(last, replace(query, want=want, order=None, k=None), reason)
    is_bounded = any(c.field == "n_papers" for c in query.where)
    by_coauthors = query.order is not None and query.order.field == "n_coauthors"
    # "who has the most papers? / how many are there?": how many people.
    if is_ranking(query) and not is_bounded and not by_coauthors:
        of_papers = tuple(c for c in query.where if FIELDS[c.field].of == "paper")
        return _change(
            last, replace(query, want="count", where=of_papers, order=None, k=None), reason
        )
    is_of_one = query.want in ("profile", "papers") and query.relation in (None, "presence")
    if query.route == "person" and is_of_one and len(query.people) == 1 and not query.without:
        return _change(last, replace(_convert_to_papers(query), want="count"), reason)
    return None


_MONTH_NUMBERS = "|".join(
    name if len(name) < 4 else f"{name}|{name[:3]}" for name in month_name[1:]
)
_MONTH_ALONE = re.compile(
    rf"^(?:in\s+|from\s+|during\s+)?(?P<month>{_MONTH_NUMBERS})(?:\s*(?P<to>to|until|till|-|–|and|or)\s*(?P<other>{_MONTH_NUMBERS}))?$",
    re.IGNORECASE,
)


def _add_year(what: str, query: Query) -> str:
    """``and June?``: that month of the year that was asked for."""
    match = _MONTH_ALONE.match(what)
    if match is None:
        return what
    # "papers from 2021 or 2022 / and in March?": two years, so no year is added.
    years = {y for c in query.where for y in _list_condition_years(c)}
    year = f" {years.pop()}" if len(years) == 1 else ""
    if not match["other"]:
        return f"in {match['month']}{year}"
    first = "in" if match["to"].lower() in ("and", "or") else "from"
    between = "or" if first == "in" else "to"
    return f"{first} {match['month']}{year} {between} {match['other']}{year}"


def _list_condition_years(condition: Condition) -> set[int]:
    """The years of a condition on time, if both ends are given."""
    value = condition.value
    if condition.operator != "is" or value is None:
        return set()
    if condition.field == "year" and isinstance(value, int):
        return {value}
    if condition.field != "date":
        return set()
    ends = (value.low, value.high) if isinstance(value, Range) else (value,)
    return set() if None in ends else {end.year for end in ends}  # type: ignore[union-attr]


def _drop_papers(last: Reading, new: Sequence[Condition]) -> Reading:
    """``and without code?`` after ``which of those ...``: not of those, if those are all with code."""
    pointer = next((part for part in last.parts if part.slot == "papers"), None)
    origin = read_conditions(pointer.evidence) if pointer and pointer.evidence else ()
    if not {c.field for c in new} & {c.field for c in origin}:
        return last
    query = last.query
    query = replace(query, papers=(), is_about_several=False, where=(*origin, *query.where))
    return replace(last, query=query, parts=tuple(p for p in last.parts if p != pointer))


def _move_to_papers(last: Reading, papers: tuple[str, ...]) -> Reading | None:
    """``and SlerpFace?``: the same of another paper."""
    if not papers or not _is_of_one_paper(last.query):
        return None
    query = replace(last.query, papers=papers, about=None)
    return _change(last, query, "the last question, of another paper")


def _find_papers_named(what: str, library: LibrarySnapshot) -> tuple[str, ...]:
    """The papers named, if nothing else is said."""
    named_papers = library.find_papers_called(what)
    rest = what
    for word, _ in named_papers:
        rest = rest.replace(word, " ")
    if list_telling_words(re.sub(r"['’]s\b", " ", rest)):
        return ()
    return tuple(dict.fromkeys(ids[0] for _, ids in named_papers))


def _convert_to_list(last: Reading) -> Reading | None:
    """``list them`` after a count."""
    query = last.query
    if query.want not in ("papers", "count", "share") or query.by not in ((), ("place",)):
        return None
    listed = replace(query, want="papers", by=(), where=(*query.base, *query.where), base=())
    return _change(last, listed, f"the papers of the last answer: {last.reason}")


_ROLE = re.compile(
    r"^(?:as\s+|for\s+|by\s+)?(?:an?\s+|the\s+)?(?:(?P<first>first|lead)|last|senior)(?:[- ]authors?(?:hip)?)?$",
    re.IGNORECASE,
)
_ROLES = ("author", "printed_author", "first_author", "last_author")


def _set_role(last: Reading, role: str) -> Reading | None:
    """``and as first author?``: the same persons in that role."""
    reason = f"the last question, of {role.replace('_', ' ')}s"
    query = last.query
    if is_ranking(query) and role == "first_author":
        return _change(last, replace(query, by=(role,)), reason)
    # A portrait has no condition that could get the role, so the papers are listed.
    if query.route == "person" and query.people and not query.where:
        query = replace(_convert_to_papers(query), about=None)
    moved = tuple(replace(c, field=role) if c.field in _ROLES else c for c in query.where)
    return _change(last, replace(query, where=moved), reason) if moved != last.query.where else None


def _set_want(
    last: Reading, catalogue_question: CatalogueQuestion, library: LibrarySnapshot
) -> Reading | None:
    """``and the newest?``: another thing asked of the same papers."""
    query = last.query
    if query.route == "person" and len(query.people) == 1:
        query = _convert_to_papers(query)
    # These answers are not about a list of papers, of which there could be a newest.
    of_figures = any(FIELDS[field].of == "person" for field in query.by)
    is_of_documents = query.want == "count" and query.by == ("document",)
    if query.route != "catalogue" or of_figures or is_of_documents or _is_of_one_paper(query):
        return None
    intent = build_catalogue_intent("", "", catalogue_question, library)
    new = build_reading(intent)
    wanted = replace(
        new.query,
        about=query.about,
        where=query.where,
        papers=query.papers,
        is_about_several=query.is_about_several,
    )
    reason = "another question about the same papers"
    return _change(last, wanted.add_conditions(new.query.where), reason, new.notes)


def _is_of_one_paper(query: Query) -> bool:
    """Whether a paper's entry, or who wrote it, is asked for."""
    is_of_entry = query.want == "values" and query.measure == "each" and bool(query.papers)
    return is_of_entry or query.relation in ("authors", "first_author")


def _set_topic(last: Reading, topic: str, *, also: bool) -> Reading | None:
    """On another topic; ``about drones`` may also be a first one, for a list that has none."""
    topic = re.sub(r"^(?:about|on|regarding|concerning)\s+", "", topic, flags=re.IGNORECASE)
    query = last.query
    about = Topic(topic, query.without)
    of_papers = query.want in ("papers", "count", "share", "extreme", "groups")
    if query.route == "catalogue" and not query.topic:
        if not also or not of_papers:
            return None
        reading = _change(last, replace(query, about=about), f"{last.reason}; about {topic}")
        passages = Query("passages", text=topic)
        return replace(reading, others=(passages,), other_words=f"what papers say about {topic}")
    if query.route in ("content", "smalltalk", "unsupported"):
        return None
    is_without = query.route == "person" and query.without and not query.topic
    about = Topic(without=topic) if is_without else about
    query = _list_papers_of(replace(query, about=about))
    return _change(last, query, "the last question, on another topic")
