"""What the entry of one named paper says: when posted, with code, in which category, where listed."""

from __future__ import annotations

import re

from rag.answering.citations import plain
from rag.catalogue.ask import Ask
from rag.catalogue.reading import telling_words
from rag.census import Census
from rag.listing import Listing, dated, scored
from rag.text import join_names, sentences
from rag.types import Answer, Intent, Paper, Span

_ATTRIBUTES: tuple[tuple[str, str], ...] = (
    (
        "year",
        r"(?:in\s+)?(?:what|which)\s+(?:year|date|month)|when|how\s+(?:old|recent|new)|(?:publication|posting)?\s*(?:date|year)",
    ),
    (
        "link",
        r"(?:where|what)\s+(?:is|are|can)\b.{0,120}\b(?:code|repo(?:sitory)?|implementation)|(?:links?|urls?|github|repo(?:sitory)?)",
    ),
    ("code", r"(?:code|implementation|open[- ]source[d]?)"),
    ("category", r"categor(?:y|ies)"),
    ("affiliation", r"affiliations?"),
    ("score", r"(?:header\s+)?score"),
    ("place", r"(?:seed\s+)?(?:file|document|page|line)s?"),
    ("title", r"(?:full|exact|whole|complete)\s+title|title"),
)
_ATTRIBUTE_FILLER = frozenset(
    "posted published released written appear appeared come came out available availability mark marked"
    " marks public publicly find found full exact whole complete stand stands listed print printed category"
    " belong belongs where when year date month put paper"
    " repo repository link links url github code implementation".split()
)

_LINK = re.compile(r"(?:https?://|www\.|(?:github|gitlab)\.com/)[^\s<>\"“”]+", re.IGNORECASE)
_CODE = re.compile(r"\b(?:codes?|codebase|implementations?|repositor(?:y|ies))\b", re.IGNORECASE)
_CODE_HOST = re.compile(
    r"(?:https?://)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com)/",
    re.IGNORECASE,
)
_STOPS = ".,;:!?)]}'\"”"


def read_attributes(text: str, now: Census) -> Ask | None:
    """What a question asks of the entry of the paper it names (or means), if nothing else."""
    rest = text
    for name, _ in now.called(text):
        rest = rest.replace(name, " ")
    asked: list[str] = []
    if re.search(
        r"\bin\s+(?:the|its|their|a|any)\s+titles?\b|\btitles?\s+(?:with|contain|say|that)",
        text,
        re.IGNORECASE,
    ):
        return None
    if re.search(r"\bhow\s+(?:many|much|well|fast|does|do)\b", text, re.IGNORECASE):
        return None
    for field, pattern in _ATTRIBUTES:
        found = re.search(rf"\b(?:{pattern})\b", rest, re.IGNORECASE)
        if found:
            asked.append(field)
            rest = rest[: found.start()] + " " + rest[found.end() :]
    left = [w for w in telling_words(rest) if w.lower() not in _ATTRIBUTE_FILLER]
    return Ask("attribute", tuple(asked)) if asked and not left else None


# --- answering ------------------------------------------------------------------------------


def answer_attributes(intent: Intent, ask: Ask, now: Census) -> Answer:
    """One line a paper; abstains where no entry says it."""
    papers = [now.by_id[i] for i in intent.several("focus") if i in now.by_id]
    printed = {p.paper_id: span for p in papers if "code" in ask.of and (span := code_link(p))}
    listing = Listing(intent.query, printed)
    lines, known = [], 0
    for paper in papers:
        said = [_said(paper, name) for name in ask.of]
        known += any(found for found, _ in said)
        text = "; ".join(words for _, words in said)
        lines.append(f"**{plain(paper.name)}**: {text} {listing.mark(paper)}.")
    return Answer(
        intent.question,
        "answered" if known else "abstained",
        "catalogue",
        "\n".join(lines) or "No paper of that name is in this library.",
        listing.citations,
        scored(papers),
        value=_value(papers, ask.of),
    )


def _said(paper: Paper, name: str) -> tuple[bool, str]:
    if name == "year":
        when = " ".join(filter(None, (str(paper.day or ""), dated(paper))))
        return paper.year is not None, f"posted {when}" if when else "no date is printed"
    if name == "code":
        if not paper.code and (span := code_link(paper)):
            mark = "no Code mark, but the" if paper.code is False else "yes, the"
            address = _LINK.search(paper.text, *span)
            assert address is not None
            return True, f"{mark} text says where code is: {plain(address.group().rstrip(_STOPS))}"
        if paper.code is None:
            return False, "its document prints no Code mark for any paper"
        return True, "yes, the page marks code as available" if paper.code else "no Code mark"
    if name == "category":
        return paper.category is not None, f"category {paper.category or 'not printed'}"
    if name == "affiliation":
        printed = plain(join_names(paper.affiliations))
        return bool(printed), f"affiliation {printed}" if printed else "no affiliation is printed"
    if name == "score":
        score = "not printed" if paper.score is None else f"{paper.score:g}"
        return paper.score is not None, f"score {score}"
    if name == "link":
        return bool(paper.links), " ".join(paper.links) or "no link in the abstract"
    if name == "place":
        return True, "stands at " + join_names(map(str, paper.places))
    return True, f"title: {plain(paper.name)}"


def code_link(paper: Paper) -> Span | None:
    """The first sentence of the text that gives an address of code, if there is one."""
    for start, end in sentences(paper.text):
        links = _LINK.findall(paper.text, start, end)
        told = _CODE.search(paper.text, start, end) is not None
        if any(told or _CODE_HOST.match(link) for link in links):
            return start, end
    return None


def _has_code(paper: Paper) -> str | None:
    if paper.code or code_link(paper):
        return "yes"
    return None if paper.code is None else "no"


def _value(papers: list[Paper], names: tuple[str, ...]) -> int | float | str | None:
    if len(papers) != 1 or len(names) != 1:
        return None
    paper, name = papers[0], names[0]
    values: dict[str, int | float | str | None] = {
        "year": paper.year,
        "category": paper.category,
        "score": paper.score,
        "code": _has_code(paper),
        "place": paper.source,
        "affiliation": ", ".join(paper.affiliations) or None,
        "link": paper.links[0] if paper.links else None,
        "title": paper.title,
    }
    return values.get(name)
