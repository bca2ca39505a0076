"""Reads the conditions of a catalogue question.

The vocabularies (categories, affiliations, people, years) are the library's own. An unknown value in
the place of a condition becomes a condition that no paper meets, or the answer mentions it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.text import fold
from rag.types.fields import ANY_DIGIT, Operator, Range
from rag.understanding.filler import HAVE, HEADS
from rag.understanding.flags import read_code, read_flags, read_links
from rag.understanding.scan import Scan
from rag.understanding.years import read_years


def read_conditions(scan: Scan) -> None:
    """Take every condition that the question states."""
    _read_titles(scan, quoted=True)
    read_flags(scan)
    read_links(scan)
    read_code(scan)
    for match in scan.take(
        r"\b(?:(?:in|from|of|inside)\s+)?(?:the\s+)?(?:file\s+|document\s+)?(\S{1,120}\.(?:txt|csv|jsonl?|bib|pdf|md))\b"
    ):
        scan.add("document", "is", match.group(1))
    _read_pages(scan)
    _read_scores(scan)
    read_years(scan)
    _read_titles(scan, quoted=False)
    _read_mentions(scan)
    _read_categories(scan)
    _read_venues(scan)
    _read_affiliations(scan)
    _read_authors(scan)
    read_code(scan)  # "... in the title and code": what stood before it is taken by now


# --- titles and texts -----------------------------------------------------------------------

_QUOTED_WORDS = r"(?<!\w)[\"“'‘](?P<words>[^\"”’]+?)[\"”'’](?!\w)"
_VALUE_STOPS = r"(?=\s+(?:from|in\s+(?:the|their|its|20|19|cat)|by|since|before|after|on|posted|published|that|which|with|without|(?:and|but)\s+(?:have|has|are|is|with|from|no))\b|\s*[?.!,;~]|\s*$)"
_REST = rf"(?P<words>[\w+-]{{1,60}}+(?:\s+(?!from\b)[\w+-]{{1,60}}+){{0,4}}?){_VALUE_STOPS}"
_SAYING_VERB = r"(?:say|says|saying|contain|contains|containing|includ(?:e|es|ing)|mention|mentions|mentioning|have|has|having|with|us(?:e|es|ing)|featur(?:e|es|ing)|show|shows|read|reads)"
_KIND_WORDS = r"(?:the\s+)?(?:(?:exact\s+)?(?:words?|terms?|phrases?|strings?)\s+)?"


_MARK_WORDS = {
    "question mark": "?",
    "exclamation mark": "!",
    "colon": ":",
    "digit": ANY_DIGIT,
    "number": ANY_DIGIT,
}
"""Punctuation marks that a question may require in titles."""


def _read_titles(scan: Scan, *, quoted: bool) -> None:
    what = _QUOTED_WORDS if quoted else _REST
    starts = scan.take(
        rf"\b(?:whose\s+)?titles?\s+(?:that\s+|which\s+)?(?:start|begin)(?:s|ning|ing)?\s+with\s+{_KIND_WORDS}{what}"
    )
    for match in starts:
        scan.add("title", "starts", match["words"])
    title_matches = scan.take(
        rf"\b(?:{HAVE}|mention|mentions|mentioning|say|says|use|uses|put|puts)?\s*{_KIND_WORDS}{what}\s+in\s+(?:the\s+|their\s+|its\s+)?(?:title|name)s?\b"
    )
    title_matches += scan.take(
        rf"\b(?:whose\s+)?(?:the\s+)?titles?\s+(?:that\s+|which\s+)?(?:actually\s+|literally\s+)?{_SAYING_VERB}\s+{_KIND_WORDS}{what}"
    )
    for match in title_matches:
        words = re.sub(r"^.*\b(?:an?|any|the|with|have|has)\s+", "", match["words"].lower())
        if mark := _MARK_WORDS.get(words.rstrip("s")):
            scan.add("title", "has", mark)
            continue
        _add_words(scan, "title", match["words"], HEADS if not quoted else None)


def _add_words(scan: Scan, field: str, words: str, heads: str | None) -> None:
    """Each alternative of ``A or B``; ``A and B`` asks for both."""
    if heads:
        words = re.sub(
            rf"^.*\b{heads}\s+(?:{HAVE}|{_SAYING_VERB})\s+", "", words, flags=re.IGNORECASE
        )
        words = re.sub(rf"^(?:{HAVE})\s+", "", words, flags=re.IGNORECASE)
    words, *shut_out = re.split(r"\s+(?:(?:but|and)\s+)?(?:not|without)\s+", words)
    for each in shut_out:
        scan.add(field, "not_contains", each.strip(" \"'"))
    wanted = [w.strip(" \"'") for w in re.split(r"\s+or\s+|/", words) if w.strip()]
    if len(wanted) > 1:
        scan.add(field, "contains_any", tuple(wanted))
    else:
        for part in re.split(r"\s+and\s+", wanted[0] if wanted else ""):
            if part:
                scan.add(field, "contains", part)


def _read_mentions(scan: Scan) -> None:
    pattern = rf"\b(?:abstracts?|papers|entries|texts?)\s+(?:that\s+|which\s+)?(?:explicitly\s+|literally\s+)?(?:mention|mentions|mentioning|contain|contains|containing)\s+{_KIND_WORDS}(?:{_QUOTED_WORDS}|{_REST.replace('words', 'rest')})"
    for match in scan.take(pattern):
        _add_words(scan, "text", match["words"] or match["rest"], None)
    for match in scan.take(
        rf"\b(?:{HAVE})\s+{_KIND_WORDS}{_REST}\s+in\s+(?:the\s+|their\s+)?(?:abstracts?|texts?)\b"
    ):
        _add_words(scan, "text", match["words"], None)


# --- figures, pages -------------------------------------------------------------------------

_GRAMMAR_NUMBER = r"(\d+(?:\.\d+)?)"


def _read_scores(scan: Scan) -> None:
    subject = r"\b(?:(?:with|have|has|having)\s+)?(?:an?\s+|the\s+)?(?:header\s+)?scores?\s+(?:is\s+|are\s+|of\s+)?"
    for match in scan.take(
        rf"{subject}(?:above|over|greater than|higher than|more than|>|exceeding)\s*{_GRAMMAR_NUMBER}"
    ):
        scan.add("score", "above", float(match.group(1)))
    for match in scan.take(rf"{subject}(?:below|under|less than|lower than|<)\s*{_GRAMMAR_NUMBER}"):
        scan.add("score", "below", float(match.group(1)))
    for match in scan.take(
        rf"\b(?:scored|scoring|scores?\s+(?:of|is|was|equal to))\s+{_GRAMMAR_NUMBER}"
    ):
        scan.add("score", "is", float(match.group(1)))
    for match in scan.take(rf"{subject}(?:at least|>=)\s*{_GRAMMAR_NUMBER}"):
        scan.add("score", "is", Range(float(match.group(1)), None))
    for match in scan.take(rf"{subject}(?:at most|<=)\s*{_GRAMMAR_NUMBER}"):
        scan.add("score", "is", Range(None, float(match.group(1))))


def _read_pages(scan: Scan) -> None:
    where = r"(?:(?:on|from|in|of|at|off)\s+)?(?:the\s+)?"
    page = r"(?:profile\s+|author\s+|research\s+)?(?:page|profile)\b"
    page_matches = scan.take(
        rf"\b{where}@(\d+)(?:'s?)?\s+{page}|(?<!\w){where}@(\d+)(?:'s?)?\s+{page}"
    )
    page_matches += scan.take(rf"\b{where}{page}\s+(?:of|for|by)\s+@(\d+)")
    for match in page_matches:
        number = next(g for g in match.groups() if g is not None)
        scan.add("page", "is", f"@{number}")


# --- vocabularies of the library ------------------------------------------------------------

_CATEGORY_NEGATION = r"(?:(?:with\s+)?no\s+(?:in\s+|from\s+)?|not\s+(?:in\s+|from\s+|at\s+|by\s+)?|other than\s+|except(?: for)?\s+|excluding\s+|outside(?: of)?\s+(?:the\s+)?|non-)"


def _read_categories(scan: Scan) -> None:
    known = sorted(scan.census.categories, key=lambda c: (-len(c), c))
    word = r"(?:categor(?:y|ies)|class|section|field|tag|subject|area)"
    if known:
        single = rf"(?:cs\.|eess\.|stat\.)?({'|'.join(map(re.escape, known))})"
        lists = rf"{single}(?:(?:\s*(?:,|or|and|&|/)\s*){single}){{0,12}}"
        category_pattern = rf"(?i:\b(?:(?:in|from|of|under|with|is|are)\s+)?(?:the\s+)?(?:{word}\s+)(?:is\s+|of\s+)?({_CATEGORY_NEGATION})?)({lists})\b|(?i:\b(?:(?:in|from|of|under|with)\s+)?(?:the\s+)?({_CATEGORY_NEGATION})?)({lists})\b(?i:[- ]+{word}\b)"
        for match in scan.take(category_pattern.replace("(?i:", "(?:")):
            _add_categories(scan, match.group(), known)
        for match in scan.take(
            rf"\b(?:(?:in|from|under)\s+(?:the\s+)?)?(?:{_CATEGORY_NEGATION})?(?:{lists})\b(?!-)",
            case=True,
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
    categories = [by_fold[w] for w in re.findall(r"[^\W_]+", fold(text)) if w in by_fold]
    negative = re.search(_CATEGORY_NEGATION, text, re.IGNORECASE)
    if not categories:
        return
    if negative:
        scan.add("category", "not_in", tuple(dict.fromkeys(categories)))
    else:
        scan.add_any("category", categories)


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
    lead = r"(?:(?:affiliated|affiliations?|from|by|at|with|of|both|in|list|lists|listing|naming|name|names|mention|either|the|a|an|is|people|someone|authors|researchers)\s+(?:(?:with|to|at|by|of)\s+)?){0,5}"
    if forms:
        single = _build_alternation(forms) + _ORGANISATION
        list_pattern = rf"\b{lead}(?:{_CATEGORY_NEGATION})?{single}(?:\s*(?:,|and|or|&|/)\s*(?:also\s+|with\s+)?{single}){{0,12}}(?:\s+affiliations?|\s+as\s+(?:an\s+)?affiliation|\s+(?:people|authors?|researchers?|folks))?\b"
        for match in scan.take(list_pattern):
            _add_affiliations(scan, match.group(), forms)
    phrase = r"(?P<org>[A-Z][\w&.-]*(?:\s+(?:of\s+)?[A-Z][\w&.-]*){0,8})"
    loose = r"(?P<org>[\w&.-]+(?:\s+(?!papers)[\w&.-]+){0,3}?)"
    unknown = scan.take(
        rf"\baffiliated\s+(?:with|to|at)\s+(?:the\s+)?{loose}(?=\s*(?:[?.!,;~]|$|from\b|in\b|and\b|that\b|with\b))"
    )
    unknown += scan.take(
        rf"\baffiliations?\s+(?:is\s+|of\s+|with\s+|named?\s+|to\s+|called\s+){{1,5}}(?:the\s+)?{loose}(?=\s*(?:[?.!,;~]|$|from\b|in\b|and\b|with\b))"
    )
    unknown += scan.take(
        rf"\b(?:with\s+|from\s+|have\s+)(?:an?\s+|the\s+)?(?!an?\b|the\b|any\b|no\b){loose}\s+affiliations?\b"
    )
    unknown += scan.take(
        rf"\b(?i:{HEADS}|authors|anyone|anything|people|someone)\s+(?:(?:come|comes|are|is|there)\s+){{0,5}}(?:from|at)\s+(?:the\s+)?{phrase}{_ORGANISATION}",
        case=True,
    )
    for match in unknown:
        if fold(match["org"]) not in ("unknown", "any"):
            scan.add("affiliation", "is", match["org"])


def _build_alternation(forms: Iterable[str]) -> str:
    """A pattern for any of these, the longest first."""
    return f"(?:{'|'.join(sorted(map(re.escape, forms), key=lambda f: (-len(f), f)))})"


def _add_affiliations(scan: Scan, text: str, forms: dict[str, list[str]]) -> None:
    wanted: list[str] = []
    rest = fold(text)
    for form in sorted(forms, key=lambda f: (-len(f), f)):
        if re.search(rf"\b{re.escape(form)}\b", rest):
            rest = re.sub(rf"\b{re.escape(form)}\b", " ", rest)
            wanted.append(form)
    if re.search(_CATEGORY_NEGATION + "|without", text, re.IGNORECASE):
        scan.add("affiliation", "lacks", tuple(a for f in wanted for a in forms[f]))
    elif re.search(r"\bor\b|/", text) and len(wanted) > 1:
        scan.add_any("affiliation", (a for f in wanted for a in forms[f]))
    else:
        for form in wanted:
            scan.add_any("affiliation", forms[form])


def _read_venues(scan: Scan) -> None:
    """``at EMNLP``: a venue as printed, or a word of one that is no word of the papers' texts."""
    forms: set[str] = set()
    for printed in scan.census.venues:
        parts = re.findall(r"[^\W\d_]{3,}", fold(printed))
        forms |= {fold(printed), *(p for p in parts if p not in scan.census.words)}
    if not forms:
        return
    single = _build_alternation(forms)
    lead = r"(?:(?:published|appeared|presented|accepted|appearing|were|was|are|is)\s+){0,5}(?:(?:at|in|from|of|by)\s+(?:the\s+)?)"
    for match in scan.take(
        rf"\b(?P<not>not\s+)?{lead}(?P<name>{single})(?:['’]?\d\d)?(?![\w-])|\b(?P<head>{single})(?=\s+{HEADS}\b)"
    ):
        operator: Operator = "not_contains" if match["not"] else "contains"
        scan.add("venue", operator, match["name"] or match["head"])


# --- people ---------------------------------------------------------------------------------


def _read_authors(scan: Scan) -> None:
    """Every person still in the text is an author, as their words say which kind."""
    printed = scan.take(
        r"\b(?:explicitly|literally|by name|in\s+(?:the\s+|its\s+|their\s+)?author\s+(?:lines?|lists?))\b"
    )
    author = "printed_author" if printed else "author"
    who = r"@\d+(?:\s*(?:,|and|or|&|\+)\s*(?:also\s+|by\s+)?@\d+){0,30}"
    for field, word in (
        ("first_author", "(?:first|lead|main)"),
        ("last_author", "(?:last|senior)"),
    ):
        _read_role(scan, field, word, who)
    negative = rf"\b(?:without|(?:exclude|leave\s+out|drop|remove)(?:\s+(?:the\s+)?(?:ones|those|papers))?(?:\s+(?:by|with|of|from))?|not\s+(?:(?:with|by|including|from)\s+)?|excluding|except(?:\s+(?:for|by|those by))?|other than(?:\s+by)?|minus)\s*({who})"
    for match in scan.take(negative):
        for number in re.findall(r"@\d+", match.group(1)):
            scan.add(author, "lacks", (number,))
    several = rf"(?:\b(?:{HAVE}|by|from|of|written by|co-?authored (?:by|with)|authored by|together with|including|did)\s+(?:both\s+)?){{0,4}}({who})(?:'s|')?(?:\s+as\s+(?:an?\s+|the\s+|one of the\s+)?(?:co-?)?authors?|\s+(?:together|jointly|both))*"
    for match in scan.take(several):
        _add_people(scan, author, match.group(1), match.group())


def _read_role(scan: Scan, field: str, word: str, who: str) -> None:
    """People who must be first, or last, in the author list."""
    patterns = (
        rf"\b(?:with|where|that have|have|has|having|in which)?\s*({who})\s+(?:as|is|are|was|being)\s+(?:an?\s+|the\s+)?{word}[- ]authors?",
        rf"\b{word}[- ]author(?:ed)?(?:\s+{HEADS})?\s+(?:by|is|of|from|does|do|did|has|have)?\s*({who})",
        rf"({who})'s?\s+{word}[- ]author(?:ed)?(?=\s+{HEADS})",
        rf"\b(?:did|does|do|has|have|had|is|was|are|were)\s+({who})\s+(?:ever\s+)?(?:been\s+)?(?:as\s+)?(?:an?\s+|the\s+)?{word}[- ]author(?:s|ed|ing)?\b",
    )
    for pattern in patterns:
        for match in scan.take(pattern):
            _add_people(scan, field, match.group(1), match.group())
    if len(scan.people) == 1 and (at := re.search(r"@\d+", scan.text)):
        if scan.take(rf"\b(?:as|being|where\s+\w+\s+is)\s+(?:an?\s+|the\s+)?{word}[- ]authors?\b"):
            scan.take(rf"(?:\b(?:by|from|of|did)\s+)?{at.group()}(?:'s)?")
            scan.add(field, "is", at.group())


def _add_people(scan: Scan, field: str, who: str, text: str) -> None:
    numbers = tuple(re.findall(r"@\d+", who))
    if re.search(r"\bor\b", who):
        scan.add(field, "in", numbers)
    else:
        for number in numbers:
            scan.add(field, "is", number)
