"""Reads the operation of a catalogue question: extreme, group, people, page figures, average."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.understanding.catalogue_ask import FIGURES, Ask
from rag.understanding.filler import HEADS, NUMBER, parse_bounds, parse_number
from rag.understanding.scan import Scan

_GROUPS: dict[str, str] = {
    "year": r"years?",
    "month": r"months?",
    "category": r"categor(?:y|ies)",
    "affiliation": r"affiliations?|institutions?|organi[sz]ations?|compan(?:y|ies)",
    "venue": r"venues?|conferences?|journals?|proceedings",
    "page": r"(?:profile\s+|author\s+)?pages?|page\s+owners?|profiles?",
    "author": r"(?:co-?)?authors?|people|persons?|researchers?|scientists?|names",
    "document": r"(?:seed\s+)?(?:documents?|files?)",
}

# --- figures of pages -----------------------------------------------------------------------


def read_figures(scan: Scan) -> Ask | None:
    """Figures printed at the head of an author page, as opposed to counts of the library."""
    figure_names = [name for name, pattern in FIGURES.items() if scan.has(rf"\b(?:{pattern})")]
    says = r"(?:list|lists|listed|claim|claims|say|says|show|shows|state|states|report|reports|print|prints|advertise|advertises|mention|mentions|have|has|count|counts|boast|boasts)"
    page = r"(?:@\d+(?:'s?)?\s+(?:profile\s+|author\s+)?(?:page|profile)|(?:profile\s+|author\s+)?(?:page|profile)\s+(?:of|for)\s+@\d+|(?:each|every|the)\s+(?:\w+\s+)?(?:profile|author)?\s*pages?|page header)"
    claimed = scan.has(
        rf"\bhow many papers\b.{{0,120}}@\d+.{{0,120}}\b(?:claim|state|report|advertise|boast)s?\b|{page}.{{0,120}}\bclaims?\b"
    )
    library_words = r"\b(?:corpus|library|here|collection|included|held|stored|database|dataset|in (?:the )?(?:seed|list))\b"
    counted = scan.has(
        rf"\bhow many papers\b.{{0,120}}{page}\s+(?:actually\s+)?{says}\b|{page}(?:\s+header)?\s+{says}\b.{{0,120}}\bpapers\b|\bpapers?\s+(?:count|figure|number|total)\b|\bnumber of papers\b.{{0,120}}{page}\s+{says}|\bpapers?\s+(?:claimed|stated|reported|advertised)\s+(?:by|on)\b.{{0,120}}\bpages?\b"
    )
    if (claimed or (counted and not scan.has(library_words))) and not scan.has(
        r"\bcode\b|\b(?:19|20)\d\d\b"
    ):
        figure_names.insert(0, "n_papers")
    if not figure_names:
        return None
    order = sorted(figure_names, key=lambda name: _find_position(scan.text, name))
    descending = not scan.has(
        r"\b(?:lowest|least|smallest|fewest|worst|minimum|lower|less|fewer|smaller)\b"
    )
    extreme = scan.has(
        r"\b(?:highest|most|largest|biggest|best|top|maximum|greatest|lowest|least|smallest|fewest|minimum|rank|sort|order(?:ed)?|compare|higher|lower|more|less|fewer|bigger|smaller|larger|greater)\b"
    )
    sums = scan.has(
        r"\b(?:total|sum|combined|altogether|together|add(?:ed)? up|average|mean)\b"
    ) and not scan.has(r"@\d")
    kind = "extreme" if extreme else "sum" if sums else "plain"
    scan.take(r"\b(?:" + "|".join(FIGURES.values()) + r")\b")
    return Ask("figures", (kind, *order), descending)


def _find_position(text: str, name: str) -> int:
    match = re.search(FIGURES.get(name, r"papers?"), text, re.IGNORECASE)
    return match.start() if match else len(text)


# --- documents ------------------------------------------------------------------------------


def read_documents(scan: Scan) -> Ask | None:
    documents_pattern = r"\b(?:how many|which|what|list)\b[^?]{0,200}\b(?:seed\s+documents?|seed\s+files?|documents?|files)\b"
    if scan.has(documents_pattern) and not scan.has(rf"\b{HEADS}\b(?!\s+pages?)"):
        return Ask("documents")
    return None


# --- extremes, groups, people ---------------------------------------------------------------


def _read_list_length(text: str) -> int | None:
    """How many are wanted; none at all is no number to list."""
    match = re.search(rf"\b{NUMBER}\b", text, re.IGNORECASE)
    return parse_number(match.group()) or None if match else None


_LIST_LENGTH = rf"(?:(?:the|top|very)\s+){{0,3}}(?:{NUMBER}\s+)?"


def read_extreme(scan: Scan) -> Ask | None:
    scored = scan.take(
        rf"\b{_LIST_LENGTH}(highest|best|top|largest|biggest|greatest|maximum|max|lowest|smallest|worst|minimum|min)(?:[- ](?:header[- ])?scor(?:e|es|ed|ing)|\s+(?:\w+\s+){{0,3}}scores?)\b(?:\s+printed)?(?:\s+in\s+(?:a|the|any)\s+(?:paper\s+)?headers?)?|\bscore\s+(?:is|was)?\s*(?:the\s+)?(highest|lowest|best|largest|smallest)"
    )
    if scored:
        word = next(g for g in scored[0].groups() if g).lower()
        return Ask(
            "extreme",
            ("score",),
            word not in ("lowest", "smallest", "worst", "minimum", "min"),
            _read_list_length(scored[0].group()),
        )
    if ask := _read_measure(scan) or _read_sort(scan):
        return ask
    ends = r"(?:oldest|earliest|first)\s+(?:and|or)\s+(?:the\s+)?(?:newest|latest|last|most recent)|(?:newest|latest|most recent)\s+(?:and|or)\s+(?:the\s+)?(?:oldest|earliest|first)"
    if scan.take(rf"\b(?:the\s+)?(?:{ends})\b"):
        return Ask("extreme", ("date", "both"))
    dated = scan.take(
        rf"\b(?:the\s+)?(oldest|earliest|newest|latest|most recent)\s+{NUMBER}(?=\s*(?:[?.!,;~]|$|of\b|by\b|from\b|on\b|in\b|with\b|without\b))|\b{_LIST_LENGTH}(oldest|earliest|very first|first|newest|latest|most recent|last|youngest|most recently (?:posted|published))\s+{_LIST_LENGTH}(?=(?:[\w-]+\s+){{0,3}}(?:{HEADS}|one|@\d)\b)|\b{_LIST_LENGTH}(oldest|earliest|newest|latest|most recent|youngest|most recently (?:posted|published))\b"
    )
    dated = dated or scan.take(
        r"\b(?:which|what)(?:\s+(?:one|ones|papers?|of\s+(?:them|these|those|the\s+\w+)))?\s+(?:is|was|came|appeared|are|were)\s+(?:the\s+)?(?:out\s+)?(newer|older|newest|oldest|more recent|most recent|earlier|later|latest|earliest|first|last)\b(?!\s+than)"
    )
    if scan.has(
        r"\bwhen\s+(?:did|has|have|was|is)\s+@\d.{0,120}?\b(?:first|last|earliest|latest|most recently)\b"
    ):
        scan.take(r"\bwhen\s+(?:did|has|have|was|is)\b")
        dated = scan.take(r"\b(first|last|earliest|latest|most recently)\b")
    dated = dated or scan.take(r"\bsince when\s+(?:has|have|does|do|did|is)\s+(?=@\d)(first)?")
    if dated:
        word = next((g for g in dated[0].groups() if g), "first").lower()
        return Ask(
            "extreme",
            ("date",),
            word not in ("oldest", "earliest", "very first", "first", "older", "earlier"),
            _read_list_length(dated[0].group()),
        )
    return None


_SORT = r"^\W*(?:(?:and|now|then|please|can|could|you)\s+){0,5}(?:sort|order|arrange)\b"
_BY_DATE = r"\bby\s+(?:the\s+|their\s+)?(?:publication\s+|posting\s+)?(?:years?|dates?|age)\b"


def _read_sort(scan: Scan) -> Ask | None:
    """``sort them by year``: all of them, the newest first unless said otherwise."""
    if not scan.has(rf"{_SORT}[^?.!]*{_BY_DATE}"):
        return None
    scan.take(_SORT)
    scan.take(_BY_DATE)
    sort_matches = scan.take(
        r"\b(?:with\s+)?(?:the\s+)?(?:oldest|earliest|newest|latest|most\s+recent)(?:\s+ones?)?\s+(?:first|last|on\s+top)\b|\b(?:in\s+)?(?:ascending|descending)(?:\s+order)?\b"
    )
    sort_text = sort_matches[0].group().lower() if sort_matches else "newest first"
    old = re.search(r"oldest|earliest|ascending", sort_text) is not None
    return Ask("extreme", ("date", "all"), old == ("last" in sort_text))


_MEASURED = {
    "title_chars": r"(?:titles?|names?)",
    "abstract_words": r"(?:abstracts?|texts?|papers?|entry|entries)",
    "n_authors": r"author\s+lists?",
}


def _read_measure(scan: Scan) -> Ask | None:
    """``the longest title``, ``the paper with the most authors``."""
    for field, nouns in _MEASURED.items():
        measure_matches = scan.take(
            rf"\b{_LIST_LENGTH}(longest|shortest)\s+{_LIST_LENGTH}{nouns}\b|\b{nouns}\s+(?:is|are|was)\s+(?:the\s+)?(longest|shortest)\b"
        )
        if measure_matches:
            word = measure_matches[0].group(1) or measure_matches[0].group(2)
            return Ask(
                "extreme",
                (field,),
                word.lower() == "longest",
                _read_list_length(measure_matches[0].group()),
            )
    paper = r"(?:paper|papers|entry|entries|work|works|one|ones)"
    measure_matches = scan.take(
        rf"\b{_LIST_LENGTH}{paper}\s+(?:(?:with|has|have|had|that|which|lists?|prints?|is|are|by|from)\s+){{1,5}}(?:the\s+)?(most|fewest|highest\s+number\s+of|largest\s+number\s+of|smallest\s+number\s+of|least)\s+(?:printed\s+)?authors\b"
    )
    if measure_matches:
        descending = (
            measure_matches[0].group(1).lower() not in ("fewest", "least")
            and "smallest" not in measure_matches[0].group().lower()
        )
        return Ask(
            "extreme",
            ("n_authors",),
            descending,
            _read_list_length(measure_matches[0].group()),
        )
    return None


_AVERAGE = r"\b(?:on\s+average|in\s+the\s+mean|average|mean|median|typically|typical)\b"
_PER = r"\s+(?:per|for\s+each|for\s+every|in\s+(?:a|each|every)|by\s+each|does\s+(?:a|an|each|every)|do|has|have|each|every|an?|the|average|typical|there|are|~)"


def read_average(scan: Scan) -> Ask | None:
    """``papers per year on average``, ``the average score``, ``how many authors has a paper on average``."""
    if not scan.has(_AVERAGE):
        return None
    paper = r"(?:papers?|entries|entry|works?)"
    patterns = [
        ("n_authors", rf"authors?(?:{_PER})+\s+{paper}|{paper}(?:{_PER})+\s+authors?|number\s+of\s+authors|author\s+lists?"),
        ("title_chars", r"titles?\s+lengths?|lengths?\s+of\s+(?:the\s+|a\s+)?titles?|long\s+(?:is|are)\s+(?:the\s+|a\s+)?(?:average\s+)?titles?"),
        ("abstract_words", r"abstracts?\s+lengths?|lengths?\s+of\s+(?:the\s+|an\s+)?abstracts?|long\s+(?:is|are)\s+(?:the\s+|an\s+)?(?:average\s+)?abstracts?"),
        ("score", r"(?:header\s+)?scores?"),
    ]  # fmt: skip
    for field in ("year", "month", "category", "affiliation", "author", "page"):
        nouns = _GROUPS[field]
        patterns.append((f"per {field}", rf"{paper}(?:{_PER})+\s+(?:{nouns})|(?:{nouns})(?:{_PER})+\s+{paper}"))  # fmt: skip
    patterns.append(("year", r"(?:publication\s+)?(?:years?|dates?|age)"))
    for field, pattern in patterns:
        if scan.take(rf"\b(?:{pattern})\b"):
            scan.take(_AVERAGE)
            scan.take(r"\bhow\s+many\b|\b(?:the\s+)?number\s+of\b|\bmuch\b|\blong\b")
            return Ask("average", (field,))
    return None


_RANKED = r"(?:(?:has|have|had|with|wrote|written|published|authored|holds?|appears?\s+(?:on|in)|on|in|by)\s+)?(?:the\s+)?(most|fewest|highest number of|largest number of|greatest number of)"


def read_people(scan: Scan) -> Ask | None:
    """``who has the most papers``, ``top 5 authors``, ``most prolific``; owners of pages left out if said."""
    ask = _read_ranked_people(scan)
    if ask is not None and ask.of[0] != "co-author" and scan.take(_NO_OWNERS):
        return replace(ask, of=(*ask.of, "no owners"))
    return ask


_NO_OWNERS = r"[,(]?\s*\b(?:apart from|aside from|besides|beyond|other than|except(?:\s+for)?|excluding|not counting|without|ignoring|leaving out)\s+(?:the\s+|all\s+){0,5}(?:three\s+|two\s+)?(?:(?:page|profile)\s+)?owners?(?:\s+of\s+(?:the\s+)?pages?)?\b\)?"


def _read_bounded_people(scan: Scan, role: str) -> Ask | None:
    """``who has at least ten papers``."""
    bound_matches = scan.take(
        rf"\b(?:who|(?:which|what|how\s+many|list|all)?\s*(?:the\s+)?(?:{_GROUPS['author']}))\s+(?:(?:that|who|has|have|had|with|wrote|published|on|of|are|appear)\s+){{1,5}}(?P<word>more than|over|at least|fewer than|less than|at most|exactly|only|just)?\s*(?P<n>\d{{1,3}}|{NUMBER}|a single)\s+(?P<or>or\s+(?:more|fewer|less)\s+)?(?:first[- ]author(?:ed)?\s+)?{HEADS}(?:\s+or\s+more)?\b"
    )
    if not bound_matches:
        return None
    bound_text, word = bound_matches[0].group().lower(), (bound_matches[0]["word"] or "").lower()
    low, high = parse_bounds(
        word, parse_number(bound_matches[0]["n"].lower().replace("a single", "one"))
    )
    if "or more" in bound_text:
        high = None
    elif "or fewer" in bound_text or "or less" in bound_text:
        low = None
    of = (role, "count") if "how many" in bound_text else (role,)
    return Ask("people", of, bounds=(low, high))


_IN_EACH = (
    rf"\b(?:who|(?:which|what)\s+(?:people|authors?|researchers?))\s+(?:(?:has|have|had|all)\s+){{0,5}}(?:published|publishes|written|wrote|appeared|papers)"
    rf"(?:\s+{HEADS})?\s+both(?=\s+(?:in|from)\s+(?:19|20)\d\d\s+and\s+(?:(?:in|from)\s+)?(?:19|20)\d\d\W*$)"
)
"""``who has published both in 2022 and in 2025``: papers of each year are asked for, not of either."""


def _read_ranked_people(scan: Scan) -> Ask | None:
    company = r"\b(?:who|which\s+\w+|whose)\s+(?:(?:has|have|had|is|with|works?|worked|collaborat\w+|on\s+the)\s+){1,5}(?:the\s+)?(?:most|highest\s+number\s+of|largest\s+number\s+of)\s+(?:different\s+)?(?:co-?authors?|collaborators?|people|partners?)\b"
    if scan.take(company):
        return Ask("people", ("co-author",))
    if scan.take(_IN_EACH):
        return Ask("people", ("author", "each"))
    role = "first_author" if scan.has(r"\bfirst[- ]author") else "author"
    if ask := _read_bounded_people(scan, role):
        return ask
    who = rf"(?:who|whose|which|what)(?:\s+(?:{_GROUPS['author']}))?|{_LIST_LENGTH}(?:{_GROUPS['author']})"
    first = r"(?:first[- ]author(?:ed)?\s+)?"
    patterns = (
        rf"\b(?:{who})\s+(?:(?:is|are|does|has|have|that|who)\s+){{0,5}}{_RANKED}\s+{first}(?:of\s+the\s+)?{HEADS}\b",
        rf"\b{_LIST_LENGTH}(?:most\s+(?:prolific|productive|frequent|common|published|active)|top|busiest)\s+{_LIST_LENGTH}(?:first[- ])?(?:{_GROUPS['author']})\b",
        rf"\b(?:{who}|which\s+of\s+(?:them|these|those))\s+(?:is|was|are)\s+(?:the\s+)?(?:first|lead)\s+author\s+(?:the\s+)?most(?:\s+often)?\b",
        r"\b(?:who\s+is\s+)?(?:the\s+)?most\s+(?:prolific|productive)\b(?:\s+person)?",
        rf"\bwho\s+(?:publishes|published|writes|wrote|appears?)\s+(?:the\s+)?most(?:\s+often)?(?:\s+{HEADS})?\b(?!\s+(?:about|on))",
    )
    for pattern in patterns:
        if rank_matches := scan.take(pattern):
            descending = "fewest" not in rank_matches[0].group().lower()
            return Ask("people", (role,), descending, _read_list_length(rank_matches[0].group()))
    return None


_ARRANGED = r"\b(?:break|breaks|broken|split|group|arrange|order|sort|tabulate|divide|plot)\b(?:\s+(?:down|up|out))?|\b(?:down|up)\b"
_OVER = r"\b(?:distribution|distributed|breakdown|histogram|spread(?:\s+out)?|overview|evolve[ds]?|changed?|develop(?:ed)?)\b(?:\s+of)?"


_PLACES = r"(?:\s+(?:here|there|have|has|in|on|of|for|by|with|from|the|this|all|any|your|our|papers?|(?:author\s+|profile\s+)?pages?|library|corpus|collection|headers?|appear|used|printed|listed|represented|covered|included|~|@\d+(?:'s)?))*"


def read_group(scan: Scan) -> Ask | None:
    """``papers by year``, ``which year has most papers``, ``what categories are there``."""
    ask = _read_group(scan)
    if ask is not None:
        scan.take(_OVER)
        scan.take(_ARRANGED)
    return ask


def _read_group(scan: Scan) -> Ask | None:
    if scan.take(
        r"\b(?:who\s+are|whose|list|which\s+are|name)\s+(?:the\s+|all\s+){0,5}(?:\w+\s+)?(?:page\s+owners?|owners?\s+of\s+the\s+(?:\w+\s+)?pages|profile\s+pages|pages)\b"
    ):
        return Ask("group", ("page",))
    words = rf"(?:{NUMBER}\s+)?(?:most\s+)?(?:common|frequent|used|popular|often)?\s*"
    worded = rf"\b(?:the\s+)?(?:top\s+)?{words}(?:title\s+words|words\s+(?:(?:used|appear|that|which|are|most|often|the)\s+){{0,5}}(?:in|of)\s+(?:the\s+|all\s+){{0,5}}(?:paper\s+)?titles?)\b(?:\s+most(?:\s+often)?)?"
    if not scan.has(r"\bthe\s+words?\s+[\"'“]") and (group_matches := scan.take(worded)):
        return Ask(
            "group", ("title_word",), True, _read_list_length(group_matches[0].group()) or 10
        )
    for field, nouns in _GROUPS.items():
        top_pattern = rf"\b(?:the\s+)?(?:top\s+({NUMBER})(?:\s+most\s+(?:common|frequent))?|({NUMBER})\s+(?:most\s+(?:common|frequent|popular|productive)|busiest|largest|biggest))\s+(?:{nouns})\b"
        if field != "author" and (group_matches := scan.take(top_pattern)):
            return Ask("group", (field,), True, _read_list_length(group_matches[0].group()))
        people_pattern = rf"\b(?:which|what|in (?:which|what))\s+(?:{nouns})\s+(?=(?:does|do|did|has|have|is|are|was|were)\s+(?:the\s+)?@\d)"
        if field in ("category", "year", "affiliation") and scan.take(people_pattern):
            scan.take(
                r"\b(?:publish(?:es|ed)?|appears?|works?|show|shows|print|prints|list|active|cover|covers)\b(?:\s+(?:in|on))?"
            )
            return Ask("group", (field,))
        scan.text = re.sub(
            rf"\b((?:which|what)\s+(?:{nouns}))\s+((?:of|in)\s+(?:19|20)\d\d)\s+([^?.!]*)", r"\1 \3 \2 ",
            scan.text, flags=re.IGNORECASE,
        )  # fmt: skip
        if group_matches := scan.take(rf"\b(?:the\s+)?(busiest|quietest)\s+(?:{nouns})\b"):
            return Ask("group", (field,), group_matches[0].group(1).lower() == "busiest", 1)
        few = rf"\b(?:which|what)\s+(?:of\s+the\s+)?(?:is\s+the\s+)?(?:{nouns})\s+(?:(?:has|have|had|holds?|contains?|lists?|is|are|with|saw|sees|comes?|appears?|occurs?|that|was|were)\s+){{0,5}}(?:the\s+)?(most|fewest|least|largest|biggest)\b(?:\s+(?:common|frequent|often))?(?:\s+{HEADS})?|\b(?:the\s+)?(most|least)\s+(?:common|frequent|popular|productive)\s+(?:{nouns})\b"
        if group_matches := scan.take(few):
            word = group_matches[0].group(1) or group_matches[0].group(2)
            return Ask("group", (field,), word.lower() not in ("fewest", "least"), 1)
        grouping_pattern = rf"\b(?:(?:(?:grouped|broken down|split|sorted|divided|counted|counts?|breakdown|distribution|histogram|spread|numbers?|list)\s+)?(?:by|per|across|over)|for each|(?:in|on|from)\s+each|for every|each)\s+(?:the\s+)?(?:{nouns})\b|\b(?:distribution|breakdown|histogram|spread|overview)\s+of\s+(?:the\s+)?(?:\w+\s+)?(?:{nouns})\b"
        if field != "author" or not scan.has(r"\b(?:by|per) authors? @"):
            if scan.take(grouping_pattern):
                return Ask("group", (field,), True, None)
        listing_pattern = rf"(?<!papers )(?<!entries )(?<!ones )\b(?:which|what|list|show|give|name)\s+(?:me\s+)?(?:all\s+)?(?:the\s+)?(?:different\s+|distinct\s+)?(?:{nouns})\s*(?:(?:are|is|do|does)\s+(?:there|you|we|represented|covered|included|in|the|it|appear|occur|used|printed|listed|named|held|mentioned)\b{_PLACES}|(?:appear|occur|exist|are listed)\b{_PLACES}|in\s+(?:the|this)\s+\w+)?\s*[?.!]*$"
        if (
            scan.has(listing_pattern)
            and not scan.has(r"\b(?:19|20)\d\d\b")
            and scan.take(listing_pattern)
        ):
            return Ask("group", (field,), True, None)
    return None


def read_distinct(scan: Scan) -> Ask | None:
    if scan.take(
        r"^\W*~?\s*(?:different\s+|distinct\s+|unique\s+){0,5}(?:first|lead)[- ]authors?\b(?![- ]*(?:ed\b|{HEADS}))".replace(
            "{HEADS}", HEADS
        )
    ):
        return Ask("distinct", ("first_author",))
    for field, nouns in _GROUPS.items():
        if scan.take(
            rf"^\W*~?\s*(?:different\s+|distinct\s+|unique\s+|named\s+){{0,5}}(?:{nouns})\b(?!\s+page)"
        ):
            return Ask("distinct", (field,))
    return None
