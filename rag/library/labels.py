"""A short label, in the paper's own words, for a paper whose title was not printed.

Abstracts state their contribution in one pattern: "we propose a novel X (Y), a Z that ...". The label
is its name, if it has one, and that X; without such a sentence it is the beginning of the text.
"""

from __future__ import annotations

import re

from rag.text import make_excerpt, split_sentences

MAX_LABEL_WORDS = 10
MAX_LABEL_CHARS = 100
LABEL_CHARS = 5_000
"""Only this much of a text is searched for the contribution."""

_BRINGS = re.compile(
    r"\b(?:we|this (?:paper|work|study|article)|the (?:paper|authors?))\b"
    r"(?:[^.;]{0,600}?\s|\s)"
    r"(?:propos|introduc|present|devis|develop|design|describ)(?:e|es|ed|s)?\s+",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?:(?:an?|the|our|its|some|novel|new|innovative|simple|effective|efficient|first|yet|but|and)\b[\s,]*)+",
    re.IGNORECASE,
)
_THING_NOUN = (
    "framework|method|approach|model|network|system|algorithm|strategy|paradigm|technique|"
    "architecture|pipeline|scheme|mechanism|dataset|benchmark|task|module"
)
_STOP = re.compile(r"[,;:?!](?=\s|$)|\.(?=\s|[A-Z]|$)")
_END = re.compile(
    rf"{_STOP.pattern}|\s(?:that|which|where|whose|in this (?:paper|work|study)|by|to(?!\s+(?:the|a|an)\b))\s"
)
_RELATIVE_CLAUSE = re.compile(r"(?<![\s,])[\s,]*+(?:that|which)\s", re.IGNORECASE)
_ACRONYM_END = re.compile(rf"\([A-Z][^()\s]*\)(?:\s+(?:{_THING_NOUN})\b)?")
_METHOD_NAME = r"(?=[^\s,.]*[A-Z0-9^])(?>[A-Za-z][^\s,.;()]*[A-Z0-9^])[^\s,.;()]*+"
_CALLED_NAME = re.compile(rf"\b(?:named|called|dubbed|termed|coined)\s+({_METHOD_NAME})")
_APPOSED = re.compile(rf",\s+({_METHOD_NAME})(?=,)")
_APPOSITION = re.compile(r",\s+(?:an?|the|our)\s+", re.IGNORECASE)
_LOOSE_ENDS = frozenset(
    "a an the of and or for with to in on by at from via as that which based using is are its".split()
)


def build_label(text: str) -> str:
    """At most ten words of the text; ``Untitled`` where there is no text."""
    text = text[:LABEL_CHARS]
    spans = split_sentences(text)
    if not spans:
        return "Untitled"
    for start, end in spans:
        contribution = _extract_contribution(text[start:end])
        if contribution and len(contribution) <= MAX_LABEL_CHARS:
            return (
                contribution[0].upper() + contribution[1:]
                if contribution.split()[0].islower()
                else contribution
            )
    beginning = make_excerpt(text[slice(*spans[0])], MAX_LABEL_WORDS)
    return beginning if len(beginning) <= MAX_LABEL_CHARS else beginning[:MAX_LABEL_CHARS] + "…"


def _extract_contribution(sentence: str) -> str:
    """The contribution that the sentence states; empty if there is none, or an empty word."""
    match = _BRINGS.search(sentence)
    if match is None:
        return ""
    rest = sentence[match.end() :]
    thing, after = _extract_noun_phrase(_drop_article(rest))
    if not thing or thing.split()[0].lower() in ("extensive", "experiments", "results"):
        return ""
    called = _CALLED_NAME.search(after) or _APPOSED.match(after)
    if called and called.group(1) not in thing:
        if re.fullmatch(_THING_NOUN, thing, re.IGNORECASE):
            thing = _extract_relative_object(after[called.end() :]) or thing
        return _make_short(f"{called.group(1)}: {thing}")
    if re.fullmatch(_THING_NOUN, thing, re.IGNORECASE) and _RELATIVE_CLAUSE.match(after):
        return _make_short(thing + _STOP.split(after, maxsplit=1)[0])
    apposition = _APPOSITION.match(after)
    if apposition and len(thing.split()) <= 3:
        return _make_short(f"{thing}: {_extract_clause(after[apposition.end() :])}")
    return _make_short(thing) if " " in thing or re.fullmatch(_METHOD_NAME, thing) else ""


def _extract_noun_phrase(rest: str) -> tuple[str, str]:
    """The noun phrase at the beginning, and what comes after it."""
    end = _END.search(rest)
    cut = end.start() if end else len(rest)
    acronym = _ACRONYM_END.search(rest, 0, cut + 1)
    if acronym and acronym.end() <= cut:
        cut = acronym.end()
    return rest[:cut].strip(), rest[cut:]


def _extract_relative_object(after: str) -> str:
    """The object of a relative clause: ``that employs a diffusion model`` -> ``diffusion model``."""
    match = _RELATIVE_CLAUSE.match(after)
    if match is None:
        return ""
    _, _, rest = after[match.end() :].partition(" ")
    return _extract_clause(rest)


def _extract_clause(after: str) -> str:
    return _drop_article(_STOP.split(after, maxsplit=1)[0])


def _drop_article(text: str) -> str:
    match = _ARTICLE.match(text)
    return text[match.end() :] if match else text


def _make_short(phrase: str) -> str:
    """At most `MAX_LABEL_WORDS` words, not ending in the middle of a construction."""
    parts = phrase.split()
    short_words = parts[:MAX_LABEL_WORDS]
    while len(short_words) > 1 and short_words[-1].lower() in _LOOSE_ENDS:
        short_words.pop()
    return " ".join(short_words) + ("…" if len(short_words) < len(parts) else "")
