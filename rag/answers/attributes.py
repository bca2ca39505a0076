"""Answers about entries of papers: when posted, with code, in which category, where listed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers import phrases
from rag.answers.rows import (
    MAX_ROWS,
    Listing,
    find_naming_sentence,
    format_date,
    format_first_author,
    sort_by_date,
)
from rag.library.field_values import list_values
from rag.library.view import LibraryView
from rag.text import join_names, split_sentences
from rag.text.markdown import plain
from rag.types import Answer, Paper, Span
from rag.types.fields import FIELDS

_LINK_REQUEST = re.compile(
    r"(?:https?://|www\.|(?:github|gitlab)\.com/)[^\s<>\"“”]+", re.IGNORECASE
)
_CODE_LINK = re.compile(
    r"\b(?:codes?|codebase|implementations?|repositor(?:y|ies))\b", re.IGNORECASE
)
_CODE_HOST = re.compile(
    r"(?:https?://)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com)/",
    re.IGNORECASE,
)
_TIMES = ("date", "year", "month")
_SENTENCE_STOPS = ".,;:!?)]}'\"”"


# --- answering ------------------------------------------------------------------------------


def answer_attributes(names: Sequence[str], ids: Sequence[str], library: LibraryView) -> Answer:
    """One line for each paper; abstains if no entry states any of the fields.

    The sentence quoted is the one that gives an address of code, if code is asked for, or the one
    that says the paper's name.
    """
    papers = library.list_papers(ids[:MAX_ROWS])
    of_code = {"code", "link"} & set(names)
    spans = {p.paper_id: (of_code and find_code_link(p)) or find_naming_sentence(p) for p in papers}
    listing = Listing(spans=spans)
    lines, known = [], 0
    for paper in papers:
        statements = [_describe_attribute(paper, name, library) for name in names]
        known += any(is_known for is_known, _ in statements)
        text = "; ".join(words for _, words in statements)
        # "when was M3D published and by whom?": who wrote it is told unasked
        if names[0] in _TIMES and len(names) == 1 and (author := format_first_author(paper)):
            text += f", by {author}"
        lines.append(f"**{plain(paper.name)}**: {text} {listing.get_marker(paper)}.")
    if len(papers) == 2 and names and names[0] in _TIMES:
        lines = [*_tell_order(papers), *lines]
    if len(ids) > MAX_ROWS:
        lines.append(phrases.count_more(len(ids) - MAX_ROWS))
    return Answer(
        "",
        "answered" if known else "abstained",
        "catalogue",
        "\n".join(lines) or phrases.NO_SUCH_PAPER,
        listing.citations,
        library.list_scored(ids),
        value=_get_value(papers, names, library),
    )


def _tell_order(papers: Sequence[Paper]) -> list[str]:
    """Which of two dated papers came first; nothing where their dates do not tell."""
    names = [f"**{plain(p.name)}** ({format_date(p)})" for p in sort_by_date(papers)]
    return [f"{' came before '.join(names)}.", ""] if names else []


def _describe_attribute(paper: Paper, name: str, library: LibraryView) -> tuple[bool, str]:
    """Whether an attribute of a paper is known, and a phrase that states it."""
    if name in _TIMES:
        when = " ".join(filter(None, (str(paper.day or ""), format_date(paper))))
        return paper.year is not None, f"posted {when}" if when else "no date is given"
    if name == "code":
        return _describe_code(paper)
    if name == "category":
        return paper.category is not None, f"category {paper.category or 'not given'}"
    if name == "affiliation":
        printed = plain(join_names(paper.affiliations))
        return bool(printed), f"affiliation {printed}" if printed else "no affiliation is given"
    if name == "score":
        score = "not given" if paper.score is None else f"{paper.score:g}"
        return paper.score is not None, f"score {score}"
    if name == "n_authors" and paper.authors and not paper.authors_complete:
        n = len(paper.authors)
        return True, f"at least {n + 1} authors: {n} are printed, and the list is cut"
    if name == "link":
        return bool(paper.links), " ".join(paper.links) or "no link in the abstract"
    if name == "place":
        return True, "in " + join_names(map(str, paper.places))
    if name == "title":
        return True, f"title: {plain(paper.name)}"
    words = name.replace("_", " ").removeprefix("n ")
    # "what is DuetFace? / h-index of it?"
    if FIELDS[name].of == "person":
        return False, f"{words} is a figure of people, and no paper has one"
    values = [plain(str(v)) for v in list_values(name, paper, library)]
    if not values:
        return False, f"{FIELDS[name].noun.removeprefix('a ').removeprefix('an ')} not given"
    return True, f"{words} {join_names(values)}"


def _describe_code(paper: Paper) -> tuple[bool, str]:
    """Whether it is known if a paper has code, and a phrase with the address, the mark alone, or neither."""
    if address := find_code_address(paper):
        mark = "no Code mark, but the text says where code is" if paper.code is False else "yes"
        return True, f"{mark}: {address}"
    if paper.code is None:
        return False, "unknown: its document marks code for no paper"
    if not paper.code:
        return True, "no Code mark, and no address of code is printed"
    # "where is the code?": a bare yes left the question open.
    return True, "the page marks code as available, but prints no address of it"


def find_code_address(paper: Paper) -> str:
    """The address of code that the text or the record gives, escaped; empty where none is printed."""
    span = find_code_link(paper)
    address = _LINK_REQUEST.search(paper.text, *span) if span else None
    links = (address.group() if address else "", *filter(_CODE_HOST.match, paper.links))
    return plain(next(filter(None, links), "").rstrip(_SENTENCE_STOPS))


def find_code_link(paper: Paper) -> Span | None:
    """The first sentence of the text that gives an address of code, if there is one."""
    for start, end in split_sentences(paper.text):
        links = _LINK_REQUEST.findall(paper.text, start, end)
        has_code_word = _CODE_LINK.search(paper.text, start, end) is not None
        if any(has_code_word or _CODE_HOST.match(link) for link in links):
            return start, end
    return None


def _has_code(paper: Paper) -> str | None:
    if paper.code or find_code_link(paper):
        return "yes"
    return None if paper.code is None else "no"


def _get_value(
    papers: Sequence[Paper], names: Sequence[str], library: LibraryView
) -> int | float | str | None:
    if len(papers) != 1 or len(names) != 1:
        return None
    paper, name = papers[0], names[0]
    values: dict[str, int | float | str | None] = {
        "code": _has_code(paper),
        "place": paper.source,
        "link": paper.links[0] if paper.links else None,
    }
    if name in values:
        return values[name]
    printed = [v for v in list_values(name, paper, library) if isinstance(v, (int, float, str))]
    return printed[0] if len(printed) == 1 else ", ".join(map(str, printed)) or None
