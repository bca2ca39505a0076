"""Who wrote a paper: printed authors, the page's owner, and who may be missing."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.citations import plain
from rag.census import Census
from rag.listing import Listing, Retrieve, scored
from rag.people.ask import PersonAsk
from rag.people.portrait import expert_of
from rag.text import join_names
from rag.topics import coverage
from rag.types import Answer, Intent, Paper

_COVERED = 0.5
"""Share of the description's words, by rarity, that the paper found must hold to be the one meant."""


def answer_authors(intent: Intent, ask: PersonAsk, now: Census, retrieve: Retrieve) -> Answer:
    """The people of the papers in focus, or of the one that the topic describes."""
    papers = [now.by_id[i] for i in intent.several("focus") if i in now.by_id]
    if not papers and intent.topic:
        papers = _described(intent.topic, now, retrieve)
    if not papers:
        text = "I cannot tell which paper is meant; name it by its title or method."
        return Answer(intent.question, "abstained", "person", text)
    listing = Listing(intent.query)
    lines = [_line(paper, ask, listing) for paper in papers]
    known = [p for p in papers if p.authorships]
    names = dict.fromkeys(n for p in known for n in now.people_of(p))
    return Answer(
        intent.question,
        "answered" if known else "abstained",
        "person",
        "\n".join(lines),
        listing.citations,
        scored(papers),
        tuple(expert_of(n, known, now) for n in names),
    )


def _described(topic: str, now: Census, retrieve: Retrieve) -> list[Paper]:
    best = retrieve(topic, 1).papers
    return [h.paper for h in best if coverage(topic, h.paper, now) >= _COVERED]


def _line(paper: Paper, ask: PersonAsk, listing: Listing) -> str:
    name = f"**{plain(paper.name)}**"
    mark = listing.mark(paper)
    if not paper.authorships:
        return f"{name} {mark}: its seed document prints no authors, so they are unknown."
    owners = [a.name for a in paper.authorships if a.role == "page"]
    if ask.what == "first" and paper.authors:
        return f"The first author of {name} is **{plain(paper.authors[0])}** {mark}."
    return f"{name} is by {_people(paper.authors, owners, complete=paper.authors_complete)} {mark}."


def _people(printed: Sequence[str], owners: Sequence[str], *, complete: bool) -> str:
    said = join_names(f"**{plain(n)}**" for n in printed)
    if printed and not complete:
        said += " (the list ends in 'et al.', so more are not printed)"
    if owners:
        who = join_names(f"**{plain(n)}**" for n in owners)
        stands = "on whose page it stands" if len(owners) == 1 else "on whose pages it stands"
        said += f"; also {who}, {stands}" if said else f"{who}, {stands}"
    return said
