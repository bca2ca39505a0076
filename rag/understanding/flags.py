"""Presence and absence: ``no year``, ``untitled``, ``with code``, ``a github link``, ``et al.``."""

from __future__ import annotations

from rag.types.fields import Operator, Range
from rag.understanding.filler import HAVE, NUMBER, parse_bounds, parse_number
from rag.understanding.scan import Scan, build_range

_NONE = rf"(?:(?:but|and)\s+)?(?:(?:{HAVE}|there (?:is|are)|are|is)\s+)?(?:without|no|lack(?:s|ing)?(?:\s+of)?|miss(?:es|ing)?|omit(?:s|ting)?|(?:(?:that|who|which)\s+)?(?:do|does|did)(?:\s+not|n't)\s+(?:{HAVE})(?:\s+any)?|(?:have|has)(?:\s+not|n't)(?:\s+got)?(?:\s+any)?|not\s+{HAVE}|not)"
_DET = r"(?:(?:an?|any|the|their|its|some|of)\s+){0,5}"

_CODE_FLAG = r"(?:(?:open|source|public|released|available|official)[- ]?){0,5}code(?:bases?)?(?:\s+(?:marks?|marked|flags?|badges?|labels?|tags?|available|availability|released|attached|public(?:ly)?|listed))*|open[- ]source(?:d)?|implementations?"
_LINK_FLAG = r"(?P<host>[\w.]{1,60})?\s*(?:links?|urls?)(?:\s+to\s+(?P<to>[\w.]+))?(?:\s+(?:in|inside|within|anywhere in)\s+(?:the\s+|their\s+|its\s+)?(?:abstracts?|texts?))?"
_GIVEN = r"(?:\s+(?:is |are |at all |is not )?(?:given|printed|shown|stated|listed|known|at all|in the header|header))*"
_NOUNS: tuple[tuple[str, str], ...] = (
    ("year", r"(?:publication |printed )?(?:years?|dates?)" + _GIVEN),
    ("title", r"(?:printed )?titles?" + _GIVEN),
    (
        "printed_author",
        r"(?:printed |named |known )?(?:authors?|author (?:names?|lists?)|names)" + _GIVEN,
    ),
    ("affiliation", r"(?:printed |author )?affiliations?" + _GIVEN),
    ("score", r"(?:printed |header )?scores?" + _GIVEN),
    ("category", r"categor(?:y|ies)" + _GIVEN),
    ("doi", r"dois?"),
    ("text", r"(?:abstracts?|texts?)" + _GIVEN),
)


def read_flags(scan: Scan) -> None:
    """``no year``, ``untitled``, ``with et al.`` and the like."""
    scan_pairs: tuple[tuple[str, str, Operator], ...] = (
        (r"\buntitled\b|\babstract[- ]only\b", "title", "unknown"),
        (r"\b(?:titled|that have a title|which have a title)\b(?!\s+[\"'“‘])", "title", "known"),
        (r"\bundated\b", "year", "unknown"),
        (
            r"\b(?:years?|dates?)\s+(?:is|are)?\s*(?:unknown|missing|not\s+(?:given|known|printed|shown|stated))|\bunknown\s+(?:years?|dates?)",
            "year",
            "unknown",
        ),
        (
            r"\b(?:titles?)\s+(?:is|are)\s+(?:unknown|missing|not\s+(?:given|known|printed))|\bunknown\s+titles?",
            "title",
            "unknown",
        ),
        (
            r"\b(?:authors?)\s+(?:is|are)\s+(?:unknown|missing|not\s+(?:given|known|printed|named|listed))|\bunknown\s+authors?",
            "printed_author",
            "unknown",
        ),
    )
    for pattern, field, operator in scan_pairs:
        if scan.take(pattern):
            scan.add(field, operator)
    if scan.take(
        rf"\b(?:{HAVE}|(?:end|ends|ending|stop|stops)\s+(?:in|with))?\s*(?:an?\s+)?['\"]?et\.?\s+al\b\.?['\"]?"
    ):
        scan.add("complete_authors", "is", False)
    if scan.take(
        r"\b(?:an?\s+|the\s+)?(?:complete|full|whole)\s+(?:author\s+lists?|lists?\s+of\s+(?:the\s+|all\s+)?authors)|\b(?:whose\s+)?author\s+lists?\s+(?:is|are)\s+complete|\ball\s+authors\s+(?:printed|listed|named)"
    ):
        scan.add("complete_authors", "is", True)
    twice = r"\b(?:(?:are|is|listed|stand|stands|appear|appears|occurs?|that|found)\s+){0,5}(?:(?:in|on)\s+(?:two|both|more than one|several|multiple|2)\s+(?:seed\s+)?(?:documents?|files?|pages?|places?|lists?)|twice|more than once|duplicated?s?)\b"
    if scan.take(twice):
        scan.add("n_places", "is", Range(2, None))
    _read_numbers_of_authors(scan)
    for field, noun in _NOUNS:
        if scan.take(rf"\b{_NONE}\s+{_DET}{noun}\b"):
            scan.add(field, "unknown")
        elif scan.take(
            rf"\b(?:with|have|has|having|carry|that print|print|list|show|give)\s+(?:(?:an?|any|some|known|their)\s+)?{noun}(?!\s+(?:of|above|below|over|under|between|at|higher|lower|greater|contain|say|like|in)\b)(?=\s*(?:[?.!,;~]|$|and\b|but\b|from\b|in\b|on\b))"
        ):
            scan.add(field, "known")


def _read_numbers_of_authors(scan: Scan) -> None:
    """``exactly one author``, ``single-author``, ``more than two authors``."""
    for match in scan.take(
        rf"\b(?:{HAVE}\s+)?(exactly|only|just|more than|over|at least|fewer than|less than|at most)\s+(\d{{1,3}}|{NUMBER})\s+(?:printed\s+)?authors?\b"
    ):
        bounds = parse_bounds(match.group(1).lower(), parse_number(match.group(2)))
        scan.add("n_authors", "is", build_range(*bounds))
    if scan.take(rf"\b(?:{HAVE}\s+)?(?:an?\s+)?(?:single|sole)[- ]author(?:ed)?s?\b"):
        scan.add("n_authors", "is", 1)


def read_code(scan: Scan) -> None:
    if scan.take(
        rf"\b{_NONE}\s+{_DET}(?:{_CODE_FLAG})\b(?!\s+(?:links?|urls?))|\b(?:lack|lacks|lacking)\s+(?:{_CODE_FLAG})\b|\b(?:code|implementation)\s+(?:is\s+|are\s+)?(?:not|un)\s*(?:available|marked|released)\b"
    ):
        scan.add("code", "is", False)
    elif scan.take(
        rf"\b(?:(?:and|that|which|also)\s+){{0,5}}(?:(?:{HAVE}|whose|come with)\s+){_DET}(?:{_CODE_FLAG})(?:\s+(?:is|are)\s+(?:available|released|marked|public))?\b(?!\s+(?:links?|urls?))"
        rf"|~\s+and\s+code\b|\bcode\s+(?=papers\b|entries\b)|\bcode[- ](?:marked|bearing|carrying|tagged)\b|\b{_DET}code\s+(?:is\s+|are\s+)?(?:marks?|marked|available|released)\b|\bmarked\s+(?:as\s+)?['\"]?code['\"]?"
    ):
        scan.add("code", "is", True)


def read_links(scan: Scan) -> None:
    none = scan.take(rf"\b{_NONE}\s+{_DET}{_LINK_FLAG}")
    some = [] if none else scan.take(rf"\b(?:{HAVE}|link)\s+{_DET}{_LINK_FLAG}")
    linking = scan.take(
        r"\b(?:link|links|linking|pointing|point)\s+to\s+(?:an?\s+|the\s+)?(?P<to>[\w.]+)(?P<host>)?(?:\s+(?:in|from)\s+(?:the\s+|their\s+)?abstracts?)?"
    )
    dull = {"a", "an", "any", "the", "no", "with", "project", "code", "web", "their", "its", "page"}
    for match in (*none, *some, *linking):
        host = (match["to"] or match["host"] or "").lower()
        if host and host not in dull:
            scan.add("link", "not_contains" if none else "contains", host)
        else:
            scan.add("link", "unknown" if none else "known")
