"""Queries of a conversation put together: slots replaced, conditions added, topics narrowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from rag.library.view import LibraryView
from rag.text import split_terms
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Query, Reading, Topic
from rag.understanding.dialogue_state import CONTENT, SETS, DialogueState
from rag.understanding.paper_queries import build_author
from rag.understanding.slots import merge_conditions


def merge_turn(last: Query, alone: Reading, broader: str = "") -> Query:
    """The last query with the parts that the new turn names in their place."""
    own, last = _read_in_context(alone, last), show_all(last)
    is_ordered = any(part.slot == "order" for part in alone.parts)
    groups = {get_group(c.field) for c in own.where if not c.is_negative}
    kept = tuple(c for c in last.where if get_group(c.field) not in groups)
    # "papers from May 2022? / and June?": the month is of the year spoken of.
    times = {c.field for c in own.where if get_group(c.field) == "time"}
    if times == {"month"} and (year := find_year(last)):
        kept = (*kept, Condition("year", "is", year))
    if _ANY_TIME.search(alone.question) and not times:
        kept = tuple(c for c in kept if get_group(c.field) != "time")
    # "papers from 2018 / 2017 too"
    if _ALSO.search(alone.question):
        kept = tuple(
            c for c in last.where if c in kept or get_group(c.field) in ("time", "category")
        )
    topic = read_own_topic(alone) if last.about or last.want in SETS else own.about
    if topic is None:
        topic = last.about
    elif last.about and not topic.words and not topic.all_of:
        topic = replace(last.about, without=topic.without)
    elif last.like:  # "any similar? / what about food?"
        last, kept = replace(last, like=""), _drop_papers(kept)
    elif broader:
        topic = (narrow_papers if last.want in SETS else narrow_topic)(Topic(broader), topic)
    adds = bool(_WITH.search(alone.question))
    if adds:
        kept = tuple(c for c in last.where if get_group(c.field) not in groups - {"person"})
    people, where = last.people, (*kept, *own.where)
    if own.people:
        people = own.people if last.people else ()
        if not last.people:
            # "papers of which De Cheng is first author / and Lingfeng He?": in the same role
            role = next((c.field for c in last.where if c.field in _ROLE_FIELDS), "")
            where = tuple(c for c in where if get_group(c.field) != "person")
            where += tuple(build_author(p, role) for p in own.people)
    return replace(
        last,
        where=merge_conditions(where),
        about=topic,
        people=people,
        papers=own.papers or last.papers,
        by=own.by if own.by and own.want == last.want == "values" else last.by,
        order=(own.order if is_ordered else None) or last.order,
        besides=tuple(dict.fromkeys((*last.besides, *own.besides))),
        k=own.k or last.k,
        form=own.form,
        text=own.text if last.want in CONTENT else "",
    )


def read_own_topic(alone: Reading) -> Topic | None:
    """What a turn names as its topic, also where it sounds like content, which keeps its words whole.

    "Who works on faces? / and what about video?", "papers on forgetting / only the ones for few-shot".
    """
    return alone.query.about or (None if alone.query.papers else read_named_topic(alone))


def read_named_topic(alone: Reading) -> Topic | None:
    """The topic that a turn's own words name; None where it is only pointed at."""
    named = [p.words for p in alone.parts if p.printed.startswith('about "') and p.words]
    return Topic(named[0]) if named else None


_ALSO = re.compile(r"\b(?:too|also|as well|plus|auch|aussi)\b", re.IGNORECASE)
_ANY_TIME = re.compile(
    r"\b(?:all|whole|entire|any|every)\b.{0,12}\b(?:time|period|years?)\b|\bever\b|\bfrom all years\b",
    re.IGNORECASE,
)
_NEXT_YEAR = re.compile(
    r"\b(?:(?:the )?(?:year|one) (?P<before>before|earlier)|(?:a|one) year (?P<earlier>earlier|before)"
    r"|the (?P<previous>previous|preceding) year"
    r"|(?:the )?year (?:after|later)|(?:a|one) year later|the (?:next|following) year)\b",
    re.IGNORECASE,
)


def _read_in_context(alone: Reading, last: Query) -> Query:
    """The turn's own query, with what it says relative to the last: ``and the year before?``."""
    own = alone.query
    if not (times := read_in_context(alone.question, last)):
        return own
    rest = tuple(c for c in own.where if get_group(c.field) != "time")
    return replace(own, where=(*rest, *times))


def read_in_context(question: str, last: Query) -> tuple[Condition, ...]:
    """Times that a turn gives by the last query's: ``the year before``, ``how many before that?``."""
    year = find_year(last)
    if shifted := shift_year(question, year):
        return (Condition("year", "is", shifted),)
    # "which came out in 2024? / and how many before that?", "from 2011 on / and before"
    if (span := _find_years(last)) and (match := _BESIDE.search(question)):
        low, high = span
        if match["before"]:
            return (Condition("year", "is", Range(None, low - 1)),) if low else ()
        return (Condition("year", "is", Range(high + (not match["since"]), None)),) if high else ()
    return ()


def _find_years(query: Query) -> tuple[int | None, int | None] | None:
    """The first and the last year of a query's one condition of time; None for none."""
    times = [c for c in query.where if c.field in ("year", "date")]
    if len(times) != 1 or times[0].operator not in ("is", "in"):
        return None
    # "2024 and 2025 / and before?"
    ranges = [v if isinstance(v, Range) else Range(v, v) for v in times[0].values]  # type: ignore[arg-type]
    lows, highs = (
        [end.year if isinstance(end, date) else end for end in ends]
        for ends in ([r.low for r in ranges], [r.high for r in ranges])
    )
    low = None if None in lows else min(int(end) for end in lows if end is not None)
    high = None if None in highs else max(int(end) for end in highs if end is not None)
    return low, high


_BESIDE = re.compile(
    r"\b(?:(?P<before>befor\w*|earlier|older|prior|previous|until)|(?P<since>since)|after\w*|later|newer)\b",
    re.IGNORECASE,
)


def shift_year(question: str, year: int | None) -> int | None:
    """The year that ``the year after`` means; None where none is spoken of."""
    match = _NEXT_YEAR.search(question)
    if not match or not year:
        return None
    return year - 1 if any(match.groupdict().values()) else year + 1


def narrow_topic(last: Topic | None, own: Topic | None) -> Topic | None:
    """``which of these are few-shot?``: the topic spoken of, and what is said of it."""
    if last is None or own is None:
        return own or last
    if not own.words or not last.words:
        words = own.words or last.words
    elif {*split_terms(last.words)} <= (terms := {*split_terms(own.words)}):
        words = own.words
    # "experts on stellar winds and binaries / just binaries"
    elif terms <= {*split_terms(last.words)}:
        words = own.words
    else:
        words = f"{own.words} {last.words}"
    without = " or ".join(filter(None, dict.fromkeys((last.without, own.without))))
    return Topic(words, without)


def narrow_papers(last: Topic | None, own: Topic | None) -> Topic | None:
    """``papers on federated learning / any about deepfakes?``: on the one, and touching the other."""
    narrowed = narrow_topic(last, own)
    if narrowed is None or last is None or own is None or narrowed.words in (last.words, own.words):
        return narrowed
    sides = (*(last.all_of or (last.words,)), own.words)
    return Topic(" and ".join(sides), narrowed.without, sides)


_WITH = re.compile(r"\b(?:with|together|jointly|alongside)\b", re.IGNORECASE)


def find_year(query: Query) -> int | None:
    """The one year that a query's times are of."""
    years = set()
    for condition in query.where:
        for value in condition.values if condition.field in ("year", "date") else ():
            ends = (value.low, value.high) if isinstance(value, Range) else (value, value)
            years |= {end.year if isinstance(end, date) else end for end in ends}
    return years.pop() if len(years) == 1 and None not in years else None  # type: ignore[return-value]


def get_group(field: str) -> str:
    """Fields of which a new condition replaces the old one: a time a time, a person a person."""
    if field in ("year", "month", "day", "date"):
        return "time"
    return "person" if FIELDS[field].type == "person" else field


def drop_slot(query: Query, name: str) -> Query | None:
    """The query without what a word names: ``year``, ``topic``, ``code``, a word of it; or None."""
    if name in ("topic", "subject", "theme"):
        return replace(query, about=None) if query.about and query.where else None
    group = {"date": "time", "year": "time", "period": "time", "time": "time", "author": "person", "person": "person",
             "name": "person", "people": "person", "journal": "venue"}.get(name, name)  # fmt: skip
    rest = tuple(
        c
        for c in query.where
        if get_group(c.field) != group and name not in split_terms(" ".join(map(str, c.values)))
    )
    if rest != query.where:
        return replace(query, where=rest)
    # "how many papers on microRNAs in the heart? / drop heart"
    words = query.topic.split()
    kept = [word for word in words if word.lower() != name]
    return replace(query, about=Topic(" ".join(kept))) if 0 < len(kept) < len(words) else None


def find_flag(query: Query) -> Condition | None:
    """The last condition that holds or does not, such as ``code``."""
    return next((c for c in reversed(query.where) if isinstance(c.value, bool)), None)


def get_set(state: DialogueState) -> Query | None:
    """The papers that ``those`` are of: the last list, or those on the topic spoken of; None for neither.

    An answer from several papers has shown which are meant.
    """
    last = show_all(state.query)
    if last.want in SETS:
        return last
    if last.want in ("overview", "people") and last.about is not None and not last.papers:
        where = tuple(c for c in last.where if FIELDS[c.field].of == "paper")
        return Query("papers", where=where, about=last.about)
    if len(state.papers) < 2 and state.last_set is not None:
        return show_all(state.last_set)
    if state.topic is not None and state.topic.words and len(state.papers) < 2:
        return Query("papers", about=state.topic)
    return None


def show_all(query: Query) -> Query:
    """The query with the papers that ``more`` left out, since they had been shown."""
    return query if query.like else replace(query, where=_drop_papers(query.where))


def _drop_papers(where: Sequence[Condition]) -> tuple[Condition, ...]:
    return tuple(c for c in where if (c.field, c.operator) != ("paper", "not_in"))


EXCLUDES = re.compile(
    r"\b(?:no|not|n['’]t|without|except|excluding|exclude|but|other|others|else|besides|minus|drop|skip|aside|apart|never|isn|wasn|doesn|out|outside|lacks?|hasn|haven|rest)\b",
    re.IGNORECASE,
)
"""Words that may leave somebody or something out."""
_ROLE_FIELDS = ("first_author", "last_author", "printed_author")


def set_role(where: Sequence[Condition], alone: Reading) -> tuple[Condition, ...]:
    """``how many as first author?``: the person of the last question in another role."""
    role = next((p.printed for p in alone.parts if p.printed in _ROLE_FIELDS), "")
    if not role or any(FIELDS[c.field].type == "person" for c in alone.query.where):
        return tuple(where)
    return tuple(
        replace(c, field=role) if c.field in ("author", *_ROLE_FIELDS) else c for c in where
    )


def exclude(where: Sequence[Condition], papers: Sequence[str]) -> tuple[Condition, ...]:
    before = tuple(
        v for c in where if (c.field, c.operator) == ("paper", "not_in") for v in c.values
    )
    rest = _drop_papers(where)
    gone = tuple(dict.fromkeys((*before, *papers)))
    return (*rest, Condition("paper", "not_in", gone)) if gone else rest


# --- names to choose from ---------------------------------------------------------------------


def choose_offered(query: Query, last: Query, library: LibraryView) -> Query:
    """``papers by De Chang`` offers De Cheng; ``sorry, Cheng`` is that one, though others are called so."""
    offered = {name for typed in _list_typed(last) for name in _list_candidates(typed, library)}
    if not offered:
        return query

    def choose(typed: str) -> str:
        mention = library.names.resolve(typed)
        names = offered.intersection(mention.names if mention else ())
        return names.pop() if len(names) == 1 else typed

    people = tuple(
        replace(p, names=(name,)) if (name := choose(p.typed)) != p.typed else p
        for p in query.people
    )
    where = tuple(
        replace(c, value=choose(str(c.value))) if _is_of_one(c.field, c.operator) else c
        for c in query.where
    )
    return replace(query, people=people, where=where)


def _list_typed(query: Query) -> list[str]:
    """The names of a query, whether or not it is known whom they mean."""
    return [
        *(p.typed for p in query.people),
        *(str(c.value) for c in query.where if _is_of_one(c.field, c.operator)),
    ]


def _list_candidates(typed: str, library: LibraryView) -> tuple[str, ...]:
    mention = library.names.resolve(typed)
    if mention is None or not mention.names:
        return tuple(mention.near if mention else library.names.find_similar(typed))
    return mention.names


def _is_of_one(field: str, operator: str) -> bool:
    return FIELDS[field].type == "person" and operator == "is"
