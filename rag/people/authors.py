"""Who wrote a paper: printed authors, the page's owner, and who may be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.answering.citations import plain
from rag.census import Census
from rag.listing import Listing, Retrieve, counted, scored
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


_SHOWN = 12
"""People named at most of those who stand on several of many papers."""


def answer_common(intent: Intent, now: Census) -> Answer:
    """The people whom the papers in focus have in common; those on several of them if none is on all."""
    papers = [now.by_id[i] for i in intent.several("focus") if i in now.by_id]
    known = [p for p in papers if p.authorships]
    listing = Listing()
    names = [_titled(p, listing) for p in papers] if len(papers) <= 3 else []
    rest = " ".join(listing.mark(p) for p in papers) if len(papers) <= _SHOWN else ""
    which = join_names(names) if len(papers) <= 3 else f"the {counted(len(papers))} {rest}".strip()
    counts = Counter(n for p in known for n in dict.fromkeys(now.people_of(p)))
    order = sorted(counts, key=lambda n: (-counts[n], n))
    everywhere = [n for n in order if counts[n] == len(papers)]
    several = [n for n in order if 1 < counts[n] < len(papers)]
    said = []
    if everywhere:
        said.append(
            f"Yes: {join_names(_bold(everywhere))} {_stand(everywhere)} on {_all(papers)} {which}."
        )
    elif len(known) == len(papers) or several:
        none = "both" if len(papers) == 2 else "all"
        head = "Nobody" if several else "No: nobody"
        said.append(f"{head} is printed on {none} of {which}.")
    else:
        said.append(f"Whether {which} share authors cannot be told.")
    if several:
        told = join_names(_marked(n, known, listing, now) for n in several[:_SHOWN])
        more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
        said.append(f"On more than one of them {_stand(several)} {told}{more}.")
    if silent := [p for p in papers if not p.authorships]:
        who = join_names(_titled(p, listing) for p in silent[:3])
        more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        said.append(f"The authors of {who}{more} are not printed, so they are unknown.")
    if (
        (everywhere or several or len(known) == len(papers))
        and not all(p.authors_complete for p in known)
        and len(known) > 1
    ):
        said.append("Lists that end in 'et al.' may hide more.")
    return Answer(
        intent.question,
        "answered" if everywhere or several or len(known) == len(papers) else "abstained",
        "person",
        " ".join(said),
        listing.citations,
        scored(papers),
        tuple(expert_of(n, known, now) for n in (*everywhere, *several)),
        value=", ".join(everywhere),
    )


def _marked(name: str, papers: Sequence[Paper], listing: Listing, now: Census) -> str:
    """The person with the papers among these."""
    own = [p for p in papers if name in now.people_of(p)]
    marks = " ".join(listing.mark(p) for p in own[:_SHOWN])
    return f"**{plain(name)}** ({len(own)}: {marks})"


def _titled(paper: Paper, listing: Listing) -> str:
    return f"*{plain(paper.name)}* {listing.mark(paper)}"


def _bold(names: Sequence[str]) -> list[str]:
    return [f"**{plain(n)}**" for n in names]


def _stand(names: Sequence[str]) -> str:
    return "stands" if len(names) == 1 else "stand"


def _all(papers: Sequence[Paper]) -> str:
    return "both" if len(papers) == 2 else "all of" if len(papers) > 3 else "each of"


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
