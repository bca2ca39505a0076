"""Requests in set words that no learned head needs to read: a table of fields, trust, what comes up most."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.types.fields import Condition
from rag.types.query import Form, Query, Reading
from rag.understanding.field_words import read_attribute, read_group

_FIELD = (
    r"(?:the |their |its )?(?:(?:full |paper )?titles?|names?|years?|dates?|first authors?|authors?|venues?|journals?|"
    r"conferences?|dois?|code(?: links?)?|links?|categor(?:y|ies)|affiliations?)"
)
_FIELDS = rf"{_FIELD}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*[&+/|]\s*){_FIELD})+"
_TABLE = re.compile(r"\b(?:table|tabulate|spreadsheet|columns)\b", re.IGNORECASE)
_AS_TABLE = re.compile(r"\b(?:as|in|into) a (?:table|spreadsheet)\b", re.IGNORECASE)
_TABLE_FIELDS = re.compile(
    rf"\s*(?:[:,(\[–-]\s*)?(?:\b(?:with|of|showing|listing|having|containing|giving|including)\s+)?"
    rf"(?:(?:the\s+)?columns?\s*(?:for|:|of)?\s*)?(?<!\w)({_FIELDS})(?!\w)[)\]]?",
    re.IGNORECASE,
)


def split_table(question: str) -> tuple[str, tuple[str, ...]]:
    """The question without its wish for a table of fields, and these; none where it has no such wish.

    "Give me a table: title, year, authors of the papers on drones" looked for people, for its last field.
    """
    wish = _TABLE_FIELDS.search(question) if _TABLE.search(question) else None
    if wish is None:
        return question, ()
    rest = f"{question[: wish.start()]} {question[wish.end() :]}"
    rest = _TABLE.sub("list", re.sub(_AS_TABLE, " ", rest))
    words = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s*[&+/|]\s*", wish[1])
    fields = (_read_field(word) for word in words)
    return " ".join(rest.split()).strip(" ,:;"), tuple(dict.fromkeys(filter(None, fields)))


def _read_field(word: str) -> str:
    if re.search(r"\bauthor", word, re.IGNORECASE):
        return read_group(word)
    return "title" if re.search(r"\b(?:title|name)", word, re.IGNORECASE) else read_attribute(word)


def tabulate(reading: Reading, fields: tuple[str, ...]) -> Reading:
    """A list of papers as a table of fields; another reading as it is."""
    query = reading.query
    if query.want not in ("papers", "overview", "passages", "people") or query.relation:
        return reading
    # "a table of the person re-identification papers" looked for people
    if query.want in ("passages", "people") and not (query.about or query.papers or query.where):
        return reading
    query = replace(
        query, want="papers", by=fields, form=Form("table"), asks_for=None, text="", what=""
    )
    return replace(reading, query=query, unread=())


_TRUSTS = re.compile(
    r"\b(?:can|should|could|may|do|why (?:should|would|do)) (?:i|we|you)(?: really| even)? (?:trust|believe|rely on)"
    r" (?:you|what you|your|this (?:tool|assistant|program|app|chat)|these answers|the answers?)\b"
    r"|\b(?:do|are|did|could|can|will|would) you (?:\w+ )?(?:mak(?:e|ing) (?:\w+ ){1,2}up|hallucinat\w*|invent(?:ing)? (?:things|stuff|answers|facts|papers)|"
    r"lie|lying|bluff\w*|guess(?:ing)?|reliable|trustworthy)\b"
    r"|\bhow (?:reliable|accurate|trustworthy|correct|sure|certain) (?:are (?:you|your|these answers)|is (?:this (?:tool|assistant|program)))\b",
    re.IGNORECASE,
)
_MOST_WORDS = 18


def asks_for_trust(question: str) -> bool:
    """Whether a question is about the program's word: ``do you make things up?``."""
    return len(question.split()) <= _MOST_WORDS and _TRUSTS.search(question) is not None


_SUBJECTS = r"(?:subjects?|topics?|themes?|research areas?)"
_MOST = r"(?:most|often|common|frequent\w*|popular|dominat\w*|dominant|recur\w*|prevalent|typical)"
_ASKS_FOR_SUBJECTS = re.compile(
    rf"\s*(?:(?:and|so|ok)[\s,]+)?(?:which|what)(?: are)?(?: the)? {_SUBJECTS}\b[^?]{{0,50}}\b{_MOST}\b"
    rf"|\s*(?:(?:which|what|list|show|name|give)\b(?: me)?(?: are| is|['’]s)? )?(?:the )?{_MOST} (?:\w+ )?{_SUBJECTS}\b",
    re.IGNORECASE,
)


def asks_for_subjects(question: str) -> bool:
    """Whether the topics that come up most are asked for; ``subjects`` ranked the authors."""
    return _ASKS_FOR_SUBJECTS.match(question) is not None


_USED_THING = re.compile(
    r"\bwhich (?:of (?:them|these|those)|ones) (?:also )?(?:us|mention|employ|adopt|appl|rel)\w*(?: on)? "
    r"((?!no |any |without |less |more |their |the )[\w-]{3,40}(?: [\w-]{2,40}){0,3})\W*$",
    re.IGNORECASE,
)


def narrow_to_users(question: str, reading: Reading, listed: tuple[str, ...]) -> Reading:
    """The papers just listed that name a thing: ``which of these use differential privacy?``.

    Its words and the topic of the list were one topic, and what is near that uses it or not.
    """
    used = _USED_THING.search(question)
    query = reading.query
    if not used or not listed or query.want != "papers" or query.papers or query.relation:
        return reading
    mentions = Condition("text", "contains", used[1])
    return replace(reading, query=Query("papers", papers=listed, where=(mentions,)), unread=())


ABOUT_ITSELF = Query("aside", what="about_you")
