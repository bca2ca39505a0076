"""A catalogue question read as conditions: which words ask for what.

The vocabularies (categories, affiliations, people, years) are the library's own. Words in the place
of a condition that nothing here answers to are kept as a condition that nothing meets, or said.
"""

from __future__ import annotations

import re

from rag.catalogue.scan import Scan
from rag.catalogue.years import read_years
from rag.text import fold

HEADS = r"(?:papers?|entries|entry|works?|publications?|articles?|preprints?|titles?|abstracts?|ones|items?|studies)"
_HAVE = r"(?:with|have|has|had|having|carry|carries|give|gives|giving|show|shows|showing|print|prints|printing|bear|bears|list|lists|include|includes|offer|offers|offering|provide|provides|providing|release|releases|releasing|contain|contains|come with|comes with|get|share|shares|publish|marked (?:as )?(?:having|with)|marked)"
_NONE = rf"(?:(?:but|and)\s+)?(?:(?:{_HAVE}|there (?:is|are)|are|is)\s+)?(?:without|no|lack(?:s|ing)?(?:\s+of)?|miss(?:es|ing)?|omit(?:s|ting)?|(?:(?:that|who|which)\s+)?(?:do|does|did)(?:\s+not|n't)\s+(?:{_HAVE})(?:\s+any)?|(?:have|has)(?:\s+not|n't)(?:\s+got)?(?:\s+any)?|not\s+{_HAVE}|not)"
_DET = r"(?:(?:an?|any|the|their|its|some|of)\s+)*"

_CODE = r"(?:(?:open|source|public|released|available|official)[- ]?)*code(?:bases?)?(?:\s+(?:marks?|marked|flags?|badges?|labels?|tags?|available|availability|released|attached|public(?:ly)?|listed))*|open[- ]source(?:d)?|implementations?"
_LINK = r"(?P<host>[\w.]+)?\s*(?:links?|urls?)(?:\s+to\s+(?P<to>[\w.]+))?(?:\s+(?:in|inside|within|anywhere in)\s+(?:the\s+|their\s+|its\s+)?(?:abstracts?|texts?))?"
_GIVEN = r"(?:\s+(?:is |are |at all |is not )?(?:given|printed|shown|stated|listed|known|at all|in the header|header))*"
_NOUNS: tuple[tuple[str, str], ...] = (
    ("year", r"(?:publication |printed )?(?:years?|dates?)" + _GIVEN),
    ("title", r"(?:printed )?titles?" + _GIVEN),
    ("printed", r"(?:printed |named |known )?(?:authors?|author (?:names?|lists?)|names)" + _GIVEN),
    ("affiliation", r"(?:printed |author )?affiliations?" + _GIVEN),
    ("score", r"(?:printed |header )?scores?" + _GIVEN),
    ("category", r"categor(?:y|ies)" + _GIVEN),
    ("doi", r"dois?"),
    ("text", r"(?:abstracts?|texts?)" + _GIVEN),
)


def read_conditions(scan: Scan) -> None:
    """Take every condition that the question states."""
    _read_titles(scan, quoted=True)
    _read_flags(scan)
    _read_links(scan)
    _read_code(scan)
    for match in scan.take(
        r"\b(?:(?:in|from|of|inside)\s+)?(?:the\s+)?(?:file\s+|document\s+)?(\S+\.(?:txt|csv|jsonl?|bib|pdf|md))\b"
    ):
        scan.add("document", "is", match.group(1))
    _read_pages(scan)
    _read_scores(scan)
    read_years(scan)
    _read_titles(scan, quoted=False)
    _read_mentions(scan)
    _read_categories(scan)
    _read_affiliations(scan)
    _read_authors(scan)


# --- titles and texts -----------------------------------------------------------------------

_QUOTED = r"[\"“'‘](?P<words>[^\"”’]+?)[\"”'’]"
_STOPS = r"(?=\s+(?:from|in\s+(?:the|20|19|cat)|by|since|before|after|on|posted|published|that|which|with|without|(?:and|but)\s+(?:have|has|are|is|with|from|no))\b|\s*[?.!,;~]|\s*$)"
_REST = rf"(?P<words>[\w+-]+(?:\s+(?!from\b)[\w+-]+){{0,4}}?){_STOPS}"
_SAYS = r"(?:say|says|saying|contain|contains|containing|includ(?:e|es|ing)|mention|mentions|mentioning|have|has|having|with|us(?:e|es|ing)|featur(?:e|es|ing)|show|shows|read|reads)"
_KIND = r"(?:the\s+)?(?:(?:exact\s+)?(?:words?|terms?|phrases?|strings?)\s+)?"


def _read_titles(scan: Scan, *, quoted: bool) -> None:
    what = _QUOTED if quoted else _REST
    starts = scan.take(
        rf"\b(?:whose\s+)?titles?\s+(?:that\s+|which\s+)?(?:start|begin)(?:s|ning|ing)?\s+with\s+{_KIND}{what}"
    )
    for match in starts:
        scan.add("title", "starts", match["words"])
    found = scan.take(
        rf"\b(?:{_HAVE}|mention|mentions|mentioning|say|says|use|uses|put|puts)?\s*{_KIND}{what}\s+in\s+(?:the\s+|their\s+|its\s+)?(?:title|name)s?\b"
    )
    found += scan.take(
        rf"\b(?:whose\s+)?(?:the\s+)?titles?\s+(?:that\s+|which\s+)?(?:actually\s+|literally\s+)?{_SAYS}\s+{_KIND}{what}"
    )
    for match in found:
        _add_words(scan, "title", match["words"], HEADS if not quoted else None)


def _add_words(scan: Scan, field: str, words: str, heads: str | None) -> None:
    """Each alternative of ``A or B``; ``A and B`` asks for both."""
    if heads:
        words = re.sub(rf"^.*\b{heads}\s+(?:{_HAVE}|{_SAYS})\s+", "", words, flags=re.IGNORECASE)
    wanted = [w.strip(" \"'") for w in re.split(r"\s+or\s+|/", words) if w.strip()]
    if len(wanted) > 1:
        scan.add(field, "contains any", tuple(wanted))
    else:
        for part in re.split(r"\s+and\s+", wanted[0] if wanted else ""):
            if part:
                scan.add(field, "contains", part)


def _read_mentions(scan: Scan) -> None:
    pattern = rf"\b(?:abstracts?|papers|entries|texts?)\s+(?:that\s+|which\s+)?(?:explicitly\s+|literally\s+)?(?:mention|mentions|mentioning|contain|contains|containing)\s+{_KIND}(?:{_QUOTED}|{_REST.replace('words', 'rest')})"
    for match in scan.take(pattern):
        _add_words(scan, "text", match["words"] or match["rest"], None)
    for match in scan.take(
        rf"\b(?:{_HAVE})\s+{_KIND}{_REST}\s+in\s+(?:the\s+|their\s+)?(?:abstracts?|texts?)\b"
    ):
        _add_words(scan, "text", match["words"], None)


# --- presence -------------------------------------------------------------------------------


def _read_flags(scan: Scan) -> None:
    """``no year``, ``untitled``, ``with et al.`` and the like."""
    scan_pairs = (
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
            "printed",
            "unknown",
        ),
    )
    for pattern, field, operator in scan_pairs:
        if scan.take(pattern):
            scan.add(field, operator)
    if scan.take(rf"\b(?:{_HAVE})?\s*(?:an?\s+)?['\"]?et\.?\s+al\b\.?['\"]?"):
        scan.add("complete", "is", False)
    if scan.take(r"\bcomplete\s+author\s+lists?|\ball\s+authors\s+(?:printed|listed|named)"):
        scan.add("complete", "is", True)
    twice = r"\b(?:(?:are|is|listed|stand|stands|appear|appears|occurs?|that|found)\s+)*(?:(?:in|on)\s+(?:two|both|more than one|several|multiple|2)\s+(?:seed\s+)?(?:documents?|files?|pages?|places?|lists?)|twice|more than once|duplicated?s?)\b"
    if scan.take(twice):
        scan.add("places", "between", (2, None))
    _read_numbers_of_authors(scan)
    for field, noun in _NOUNS:
        if scan.take(rf"\b{_NONE}\s+{_DET}{noun}\b"):
            scan.add(field, "unknown")
        elif scan.take(
            rf"\b(?:with|have|has|having|carry|that print|print)\s+(?:an?|any|some|known)\s+{noun}(?!\s+(?:of|above|below|over|under|between|at|higher|lower|greater|contain|say|like|in)\b)(?=\s*(?:[?.!,;~]|$|and\b|but\b|from\b|in\b|on\b))"
        ):
            scan.add(field, "known")


_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "single": 1, "sole": 1}


def _read_numbers_of_authors(scan: Scan) -> None:
    """``exactly one author``, ``single-author``, ``more than two authors``."""
    number = r"(\d{1,2}|one|two|three|four|five)"
    for match in scan.take(
        rf"\b(?:{_HAVE}\s+)?(exactly|only|just|more than|over|at least|fewer than|less than|at most)\s+{number}\s+(?:printed\s+)?authors?\b"
    ):
        n = int(match.group(2)) if match.group(2).isdigit() else _COUNTS[match.group(2).lower()]
        word = match.group(1).lower()
        low = (
            n + 1
            if word in ("more than", "over")
            else n
            if word in ("exactly", "only", "just", "at least")
            else None
        )
        high = (
            n - 1
            if word in ("fewer than", "less than")
            else n
            if word in ("exactly", "only", "just", "at most")
            else None
        )
        scan.add("number of authors", "between", (low, high))
    if scan.take(rf"\b(?:{_HAVE}\s+)?(?:an?\s+)?(?:single|sole)[- ]author(?:ed)?s?\b"):
        scan.add("number of authors", "between", (1, 1))


def _read_code(scan: Scan) -> None:
    if scan.take(
        rf"\b{_NONE}\s+{_DET}(?:{_CODE})\b(?!\s+(?:links?|urls?))|\b(?:lack|lacks|lacking)\s+(?:{_CODE})\b|\b(?:code|implementation)\s+(?:is\s+|are\s+)?(?:not|un)\s*(?:available|marked|released)\b"
    ):
        scan.add("code", "is", False)
    elif scan.take(
        rf"\b(?:(?:and|that|which|also)\s+)*(?:(?:{_HAVE}|whose|come with)\s+){_DET}(?:{_CODE})(?:\s+(?:is|are)\s+(?:available|released|marked|public))?\b(?!\s+(?:links?|urls?))"
        rf"|\b{_DET}code\s+(?:is\s+|are\s+)?(?:marks?|marked|available|released)\b|\bmarked\s+(?:as\s+)?['\"]?code['\"]?"
    ):
        scan.add("code", "is", True)


def _read_links(scan: Scan) -> None:
    none = scan.take(rf"\b{_NONE}\s+{_DET}{_LINK}")
    some = [] if none else scan.take(rf"\b(?:{_HAVE}|link)\s+{_DET}{_LINK}")
    linking = scan.take(
        r"\b(?:link|links|linking|pointing|point)\s+to\s+(?:an?\s+|the\s+)?(?P<to>[\w.]+)(?P<host>)?(?:\s+(?:in|from)\s+(?:the\s+|their\s+)?abstracts?)?"
    )
    dull = {"a", "an", "any", "the", "no", "with", "project", "code", "web", "their", "its", "page"}
    for match in (*none, *some, *linking):
        host = (match["to"] or match["host"] or "").lower()
        if host and host not in dull:
            scan.add("link", "not contains" if none else "contains", host)
        else:
            scan.add("link", "unknown" if none else "known")


# --- figures, pages -------------------------------------------------------------------------

_NUMBER = r"(\d+(?:\.\d+)?)"


def _read_scores(scan: Scan) -> None:
    subject = r"\b(?:(?:with|have|has|having)\s+)?(?:an?\s+|the\s+)?(?:header\s+)?scores?\s+(?:is\s+|are\s+|of\s+)?"
    for match in scan.take(
        rf"{subject}(?:above|over|greater than|higher than|more than|>|exceeding)\s*{_NUMBER}"
    ):
        scan.add("score", "above", float(match.group(1)))
    for match in scan.take(rf"{subject}(?:below|under|less than|lower than|<)\s*{_NUMBER}"):
        scan.add("score", "below", float(match.group(1)))
    for match in scan.take(rf"\b(?:scored|scoring|scores?\s+(?:of|is|was|equal to))\s+{_NUMBER}"):
        scan.add("score", "is", float(match.group(1)))
    for match in scan.take(rf"{subject}(?:at least|>=)\s*{_NUMBER}"):
        scan.add("score", "between", (float(match.group(1)), None))
    for match in scan.take(rf"{subject}(?:at most|<=)\s*{_NUMBER}"):
        scan.add("score", "between", (None, float(match.group(1))))


def _read_pages(scan: Scan) -> None:
    where = r"(?:(?:on|from|in|of|at|off)\s+)?(?:the\s+)?"
    page = r"(?:profile\s+|author\s+|research\s+)?(?:page|profile)\b"
    found = scan.take(rf"\b{where}@(\d+)(?:'s?)?\s+{page}|(?<!\w){where}@(\d+)(?:'s?)?\s+{page}")
    found += scan.take(rf"\b{where}{page}\s+(?:of|for|by)\s+@(\d+)")
    for match in found:
        number = next(g for g in match.groups() if g is not None)
        scan.add("page", "is", f"@{number}")


# --- vocabularies of the library ------------------------------------------------------------

_NOT = r"(?:not\s+(?:in\s+|from\s+|at\s+|by\s+)?|other than\s+|except(?: for)?\s+|excluding\s+|outside(?: of)?\s+(?:the\s+)?|non-)"


def _read_categories(scan: Scan) -> None:
    known = sorted(scan.census.categories, key=lambda c: (-len(c), c))
    word = r"(?:categor(?:y|ies)|class|section|field|tag|subject|area)"
    if known:
        one = rf"(?:cs\.|eess\.|stat\.)?({'|'.join(map(re.escape, known))})"
        lists = rf"{one}(?:(?:\s*(?:,|or|and|&|/)\s*){one})*"
        near = rf"(?i:\b(?:(?:in|from|of|under|with|is|are)\s+)?(?:the\s+)?(?:{word}\s+)(?:is\s+|of\s+)?({_NOT})?)({lists})\b|(?i:\b(?:(?:in|from|of|under|with)\s+)?(?:the\s+)?({_NOT})?)({lists})\b(?i:[- ]+{word}\b)"
        for match in scan.take(near.replace("(?i:", "(?:")):
            _add_categories(scan, match.group(), known)
        for match in scan.take(
            rf"\b(?:(?:in|from|under)\s+(?:the\s+)?)?(?:{_NOT})?(?:{lists})\b(?!-)", case=True
        ):
            _add_categories(scan, match.group(), known)
        for match in scan.take(rf"\b({lists})(?=\s+{HEADS}\b)"):
            _add_categories(scan, match.group(), known)
    for match in scan.take(
        rf"\b(?:in|from|of|under)?\s*(?:the\s+)?(?:(?:cs|eess|stat)\.)?([A-Z]{{2}})[- ]+{word}\b|\b{word}\s+(?:cs\.|eess\.)?([A-Z]{{2,4}})\b",
        case=True,
    ):
        scan.add("category", "is", match.group(1) or match.group(2))
    for match in scan.take(
        r"\b(?:in|from|under)\s+(?:the\s+)?['\"]?([\w.-]+)['\"]?\s+category\b|\bcategory\s+['\"]([\w.-]+)['\"]"
    ):
        scan.add("category", "is", (match.group(1) or match.group(2)).upper())


def _add_categories(scan: Scan, text: str, known: list[str]) -> None:
    by_fold = {fold(c): c for c in known}
    found = [by_fold[w] for w in re.findall(r"[^\W_]+", fold(text)) if w in by_fold]
    negative = re.search(_NOT, text, re.IGNORECASE)
    if negative:
        scan.add("category", "not in", tuple(dict.fromkeys(found)))
    elif len(set(found)) == 1:
        scan.add("category", "is", found[0])
    elif found:
        scan.add("category", "in", tuple(dict.fromkeys(found)))


_ORGANISATION = r"(?:\s+(?:university|institute|lab|laboratory|labs|research|group))?"


def _read_affiliations(scan: Scan) -> None:
    forms: dict[str, list[str]] = {}
    for printed in scan.census.affiliations:
        for form in {
            fold(printed),
            fold(printed).replace("-", " "),
            *re.split(r"[\s-]+", fold(printed)),
        }:
            if len(form) > 2:
                forms.setdefault(form, []).append(printed)
    lead = r"(?:(?:affiliated|affiliations?|from|by|at|with|of|both|in|list|lists|listing|naming|name|names|mention|either|the|a|an|is|people|someone|authors|researchers)\s+(?:(?:with|to|at|by|of)\s+)?)*"
    if forms:
        one = (
            "(?:"
            + "|".join(sorted(map(re.escape, forms), key=lambda f: (-len(f), f)))
            + ")"
            + _ORGANISATION
        )
        many = rf"\b{lead}(?:{_NOT})?{one}(?:\s*(?:,|and|or|&|/)\s*(?:also\s+|with\s+)?{one})*(?:\s+affiliations?|\s+as\s+(?:an\s+)?affiliation|\s+(?:people|authors?|researchers?|folks))?\b"
        for match in scan.take(many):
            _add_affiliations(scan, match.group(), forms)
    phrase = r"(?P<org>[A-Z][\w&.-]*(?:\s+(?:of\s+)?[A-Z][\w&.-]*)*)"
    loose = r"(?P<org>[\w&.-]+(?:\s+(?!papers)[\w&.-]+){0,3}?)"
    unknown = scan.take(
        rf"\baffiliated\s+(?:with|to|at)\s+(?:the\s+)?{loose}(?=\s*(?:[?.!,;~]|$|from\b|in\b|and\b|that\b|with\b))"
    )
    unknown += scan.take(
        rf"\baffiliations?\s+(?:is\s+|of\s+|with\s+|named?\s+|to\s+|called\s+)+(?:the\s+)?{loose}(?=\s*(?:[?.!,;~]|$|from\b|in\b|and\b|with\b))"
    )
    unknown += scan.take(
        rf"\b(?:with\s+|from\s+|have\s+)(?:an?\s+|the\s+)?(?!an?\b|the\b|any\b|no\b){loose}\s+affiliations?\b"
    )
    unknown += scan.take(
        rf"\b(?i:{HEADS}|authors|anyone|anything|people|someone)\s+(?:(?:come|comes|are|is|there)\s+)*(?:from|at)\s+(?:the\s+)?{phrase}{_ORGANISATION}",
        case=True,
    )
    for match in unknown:
        if fold(match["org"]) not in ("unknown", "any"):
            scan.add("affiliation", "is", match["org"])


def _add_affiliations(scan: Scan, text: str, forms: dict[str, list[str]]) -> None:
    wanted: list[str] = []
    rest = fold(text)
    for form in sorted(forms, key=lambda f: (-len(f), f)):
        if re.search(rf"\b{re.escape(form)}\b", rest):
            rest = re.sub(rf"\b{re.escape(form)}\b", " ", rest)
            wanted.append(form)
    if re.search(_NOT + "|without", text, re.IGNORECASE):
        scan.add("affiliation", "lacks", tuple(a for f in wanted for a in forms[f]))
    elif re.search(r"\bor\b|/", text) and len(wanted) > 1:
        scan.add("affiliation", "in", tuple(dict.fromkeys(a for f in wanted for a in forms[f])))
    else:
        for form in wanted:
            held = forms[form]
            scan.add(
                "affiliation",
                "is" if len(held) == 1 else "in",
                held[0] if len(held) == 1 else tuple(held),
            )


# --- people ---------------------------------------------------------------------------------


def _read_authors(scan: Scan) -> None:
    """Every person still in the text is an author, as their words say which kind."""
    printed = scan.take(
        r"\b(?:explicitly|literally|by name|in\s+(?:the\s+|its\s+|their\s+)?author\s+(?:lines?|lists?))\b"
    )
    author = "printed" if printed else "author"
    who = r"@\d+(?:\s*(?:,|and|or|&|\+)\s*(?:also\s+|by\s+)?@\d+)*"
    first = (
        rf"\b(?:with|where|that have|have|has|having|in which)?\s*({who})\s+(?:as|is|are|was|being)\s+(?:an?\s+|the\s+)?(?:first|lead|main)[- ]authors?",
        rf"\b(?:first|lead)[- ]author(?:ed)?(?:\s+{HEADS})?\s+(?:by|is|of|from)?\s*({who})",
        rf"({who})'s?\s+(?:first|lead)[- ]author(?:ed)?(?=\s+{HEADS})",
    )
    for pattern in first:
        for match in scan.take(pattern):
            _add_people(scan, "first author", match.group(1), match.group())
    negative = rf"\b(?:without|not\s+(?:(?:with|by|including|from)\s+)?|excluding|except(?:\s+(?:for|by|those by))?|other than(?:\s+by)?|minus)\s*({who})"
    for match in scan.take(negative):
        for number in re.findall(r"@\d+", match.group(1)):
            scan.add(author, "lacks", number)
    several = rf"(?:\b(?:{_HAVE}|by|from|of|written by|co-?authored (?:by|with)|authored by|together with|including|did)\s+(?:both\s+)?)*({who})(?:'s|')?(?:\s+as\s+(?:an?\s+|the\s+|one of the\s+)?(?:co-?)?authors?|\s+(?:together|jointly|both))*"
    for match in scan.take(several):
        _add_people(scan, author, match.group(1), match.group())


def _add_people(scan: Scan, field: str, who: str, text: str) -> None:
    numbers = tuple(re.findall(r"@\d+", who))
    if re.search(r"\bor\b", who):
        scan.add(field, "in", numbers)
    else:
        for number in numbers:
            scan.add(field, "is", number)
