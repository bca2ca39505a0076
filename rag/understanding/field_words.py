"""Words for the fields of papers and people, as slots name them: ``when``, ``h-index``, ``per year``."""

from __future__ import annotations

import re

from rag.types.query import Order

_ATTRIBUTES: tuple[tuple[str, str], ...] = (
    (r"\bh[\s-]?ind|\bhirsch", "h_index"),
    (r"\bai[\s-]*score", "ai_score"),
    (r"\bnovelty", "novelty"),
    (r"\bcit(?:ed|ations?|es)\b|\bzitat", "n_citations"),
    (r"\b(?:github|web|project)[\s-]?pages?\b", "link"),
    (r"\bpapers?\b.{0,60}\bpage|\bpage\b.{0,60}\bpapers?\b", "page_papers"),
    (r"\bpublished where\b|\bwhere\b.{0,30}\b(?:published|appear)|\b(?:periodical|journal|magazine)\b.{0,30}\b(?:published|printed|ran|carried)", "venue"),
    (r"\bmonths?\b", "month"),
    (r"\b(?:when|years?|dates?|dated|old|recent|wann|quand|jahr|posted|published)\b", "year"),
    (r"\b(?:coauthors?|co-authors?)\b.{0,60}\b(?:average|mean|median)\b|\b(?:average|mean|median)\b.{0,60}\bco-?authors?\b", "n_authors"),
    (r"\bco-?authors?\b|\bcollaborators?\b", "n_coauthors"),
    (r"\b(?:how many|number of|count of)\b.{0,60}\bauthors?\b|\bauthors?\b.{0,60}\b(?:number|count)\b|^(?:authors?|names|people)$|\bteam size\b|\bby-?lines?\b|\bsignator|\bhead ?count",
     "n_authors"),
    (r"\bcode|\bimplement|\bopen[\s-]?source|\brepo", "code"),
    (r"\bcategor|\bsubject|\bfiled\b|\bfield\b|\barea\b", "category"),
    (r"\baffiliat|\buniversit|\binstitut|\bcompan|\blab\b|\borgani[sz]ation", "affiliation"),
    (r"\bvenue|\bjournal|\bconference|\bappear|\bperiodical|\bmagazine|\bimprint|\brevue|\bzeitschrift", "venue"),
    (r"\bscore|\brating", "score"),
    (r"\bdoi\b", "doi"),
    (r"\bkeywords?\b", "keyword"),
    (r"\blinks?\b|\burls?\b|\bgithub|\bweb(?:site|page)?\b|\bproject page", "link"),
    (r"\b(?:abstract|text)s?\b|\bwords?\b", "abstract_words"),
    (r"\btitle|\bcalled\b|\bname\b", "title"),
    (r"\bwhere\b|\bdocument|\bfile\b|\bplace|\bentr(?:y|ies)\b|\bline\b", "place"),
)  # fmt: skip
_GROUPS: tuple[tuple[str, str], ...] = (
    (r"\bfirst[\s-]authors?", "first_author"),
    (r"\blast[\s-]authors?|\bsenior[\s-]authors?", "last_author"),
    (r"\byear|\byrs?\b|\bannual|\bannum|\bannée|\bjahr|\btime\b|\bdecade", "year"),
    (r"\bmonth|\bmonat|\bmois", "month"),
    (r"\bcategor|\bcatégor|\bsubject|\bfield|\barea|\bkategorie|\bdiscipline|\bsubfield", "category"),
    (r"\bvenue|\bjournal|\bconference|\bperiodical|\bmagazine|\brevue|\bzeitschrift", "venue"),
    (r"\baffiliat|\buniversit|\binstitut|\bcompan|\blabs?\b|\borgani[sz]ation|\bgroups?\b", "affiliation"),
    (r"\bkeyword|\bschlag|\bmots-cl", "keyword"),
    (r"\bpages?\b|\bprofile", "page"),
    (r"\bdocument|\bfiles?\b|\bsource", "document"),
    (r"\bentr(?:y|ies)\b|\bplaces?\b", "place"),
    (r"\bword|\bterm", "title_word"),
    (r"\bcode\b", "code"),
    (r"\b(?:co-?)?authors?|\bpeople|\bppl\b|\bperson|\bresearcher|\bwho\b|\bscientist|\bnames?\b|\bwriters?\b|\bcontributor|\bexpert|\bspecialist"
     r"|\bautor|\bauteur|\bforscher|\bchercheur|\bleute\b", "author"),
)  # fmt: skip
_ORDERS: tuple[tuple[str, str], ...] = (
    (r"\bh[\s-]?ind", "h_index"),
    (r"\bai[\s-]*score", "ai_score"),
    (r"\bnovelty", "novelty"),
    (r"\bcited\b|\bcitations?\b", "n_citations"),
    (r"\bscore|\brated|\brating", "score"),
    (r"\bauthors?\b|\bnames\b|\bteams?\b", "n_authors"),
    (r"\btitles?\b", "title_chars"),
    (r"\babstracts?\b|\bwords?\b|\btexts?\b", "abstract_words"),
    (r"\bplaces\b|\bdocuments\b", "n_places"),
)
_OF_TIME = re.compile(
    r"\b(?:new|old|late|last|recent|earl|first|date|dated|time|chronolog|year|age|curren|fresh|neu|ält|récent|dernier|premier)",
    re.IGNORECASE,
)
_ASCENDING = re.compile(
    r"\b(?:old(?:er|est)?|earl(?:y|ier|iest)|first|least|lowest|fewest|shortest|smallest|chronolog\w*|ascending|bottom|worst|minimum|ältest\w*|premier\w*)\b",
    re.IGNORECASE,
)
_DESCENDING = re.compile(
    r"\b(?:new(?:er|est)?|latest?|later|last|recent\w*|most|highest|longest|largest|descending|top|best|maximum|current|neuest\w*|dernier\w*)\b",
    re.IGNORECASE,
)


def read_attribute(text: str) -> str:
    """The field that a phrase asks for; empty where it names none."""
    return _find(_ATTRIBUTES, text)


def list_attributes(text: str, most: int = 2) -> list[str]:
    """The fields that a phrase may ask for, the likeliest first."""
    found = (field for pattern, field in _ATTRIBUTES if re.search(pattern, text, re.IGNORECASE))
    return [*dict.fromkeys(found)][:most]


def read_group(text: str) -> str:
    """The field that papers are grouped by, or whose values are counted; empty for none."""
    return _find(_GROUPS, text)


def read_order(text: str, context: str = "") -> Order | None:
    """The order that ``newest``, ``lowest score`` or ``by date`` means; None for ``most`` alone.

    Args:
        text: The slot's words.
        context: The words that follow it, which may name the field.
    """
    length = "abstract_words" if re.search(r"\blong|\bshort", text, re.IGNORECASE) else ""
    field = _find(_ORDERS, text) or _find(_ORDERS, context) or length
    if not field and not _OF_TIME.search(text):
        return None
    field = field or "date"
    ascending, descending = _ASCENDING.search(text), _DESCENDING.search(text)
    if (
        ascending
        and descending
        and field == "date"
        and not re.search(r"\bfirst\b", text, re.IGNORECASE)
    ):
        return Order(field, "both ends")
    # "newest first" is no order from the oldest on.
    return Order(field, "ascending" if ascending and not descending else "descending")


def is_ascending(text: str) -> bool:
    """``fewest``, ``least``."""
    return _ASCENDING.search(text) is not None


def _find(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((field for pattern, field in table if re.search(pattern, text, re.IGNORECASE)), "")
