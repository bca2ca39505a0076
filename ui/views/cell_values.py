"""What a cell of a table shows of a quote: the few words that carry it; the quote stands behind its marker."""

from __future__ import annotations

import re

MOST_WORDS, FEWEST_WORDS = 14, 4
"""Of a value that is cut; a quote of a word or two more stays whole."""

_BRINGS = re.compile(
    r".{0,110}?\b(?:introduc|propos|present|develop|devis|design|construct|establish)(?:e[sd]?|ed|s)?\b"
    r"(?: (?:here|to \w+))? (?=\S)",
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"(?:(?:extensive|comprehensive|thorough|an?|our|the|quantitative|qualitative|\w+al|and|also|further) )*+"
    r"(?:experiment|evaluation|result|comparison|simulation|studie|stud|analys).{0,140}?"
    r"\b(?:show|demonstrat|reveal|verif|indicat|validat|confirm|prov|suggest)(?:e?s|e|ed|ies|y|ing)?\b(?: that)? ",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"(?:to|regarding|for|in|on|by|based on|inspired by|following|from|unlike|with|along) [^,;:]{3,90}, (?=\S)",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not?|never|nor|neither|cannot|hardly|fail\w*|without|unable)\b|n't\b", re.I
)
_NAME = re.compile(
    r"(?:the |a |an )?[\w-]*[A-Z\d][\w^-]*[A-Z\d][\w^-]*(?: \([^)]{1,40}\))?, (?=an? |the )"
)
_ARTICLE = re.compile(
    r"(?:an?|the) (?:(?:novel|new|innovative|simple|effective|efficient|and|yet|but) )*+"
)
_BOUNDARY = re.compile(
    r"(?:,|;)? (?=(?:that|which|where|while|to|by|for|with|from|via|using|in|on|so|thereby|through|without)\b)"
    r"|[,;:] "
)
_QUOTE_IN_CELL = re.compile(r"“([^”<]{1,2000})”")


def shorten_quotes(table: str) -> str:
    """A table of safe HTML with its quotes as values."""
    return _QUOTE_IN_CELL.sub(lambda match: shorten_quote(match[1]), table)


def shorten_quote(quote: str) -> str:
    """The stretch of a quote that tells, without "we introduce NAME, a novel"; ``…`` where more follows.

    Nothing is taken away that denies the rest. A quote that is short as it is keeps its marks.
    """
    if len(quote.split()) <= FEWEST_WORDS:
        return f"“{quote}”"
    lead = _BRINGS.match(quote) or _SHOWS.match(quote) or _OPENING.match(quote)
    value = quote[lead.end() :] if lead and not _DENIES.search(lead[0]) else quote
    for opening in (_NAME, _ARTICLE):
        if match := opening.match(value):
            value = value[match.end() :]
    if len(value.split()) < FEWEST_WORDS:
        value = quote
    value = _cut(value)
    return f"{value[:1].upper()}{value[1:]}"


def _cut(value: str) -> str:
    if len(value.split()) <= MOST_WORDS + 2:
        return value.rstrip(" .,;:")
    ends = [match.start() for match in _BOUNDARY.finditer(value)]
    fitting = [end for end in ends if MOST_WORDS // 2 <= len(value[:end].split()) <= MOST_WORDS]
    head = value[: fitting[-1]] if fitting else " ".join(value.split()[:MOST_WORDS])
    return f"{head.rstrip(' .,;:')} …"
