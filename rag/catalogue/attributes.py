"""What the entry of one named paper says: when posted, with code, in which category, where listed."""

from __future__ import annotations

from rag.answering.citations import plain
from rag.catalogue.asking import Ask
from rag.census import Census
from rag.listing import Listing, dated, scored
from rag.text import join_names
from rag.types import Answer, Intent, Paper


def answer_attributes(intent: Intent, ask: Ask, now: Census) -> Answer:
    """One line a paper; abstains where no entry says it."""
    focus = intent.parts.get("focus")
    papers = [now.by_id[i] for i in focus if i in now.by_id] if isinstance(focus, tuple) else []
    listing = Listing(intent.query)
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
        if paper.code is None:
            return False, "its document prints no Code mark for any paper"
        return True, "the page marks code as available" if paper.code else "no Code mark"
    if name == "category":
        return paper.category is not None, f"category {paper.category or 'not printed'}"
    if name == "affiliation":
        printed = join_names(paper.affiliations)
        return bool(
            printed
        ), f"affiliation {plain(printed)}" if printed else "no affiliation is printed"
    if name == "score":
        return paper.score is not None, "score " + (
            "not printed" if paper.score is None else f"{paper.score:g}"
        )
    if name == "link":
        return bool(paper.links), " ".join(paper.links) or "no link in the abstract"
    if name == "place":
        return True, "stands at " + join_names(map(str, paper.places))
    return True, f"title: {plain(paper.name)}"


def _value(papers: list[Paper], names: tuple[str, ...]) -> int | float | str | None:
    if len(papers) != 1 or len(names) != 1:
        return None
    paper, name = papers[0], names[0]
    values: dict[str, int | float | str | None] = {
        "year": paper.year,
        "category": paper.category,
        "score": paper.score,
        "code": None if paper.code is None else ("yes" if paper.code else "no"),
        "place": paper.source,
        "affiliation": ", ".join(paper.affiliations) or None,
        "link": paper.links[0] if paper.links else None,
        "title": paper.title,
    }
    return values.get(name)
