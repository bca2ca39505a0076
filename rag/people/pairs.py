"""Two people (or more) compared: whether they are one, and what they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from rag.answering.citations import plain
from rag.census import Census
from rag.listing import Listing, counted, scored
from rag.people.ask import PersonAsk
from rag.people.portrait import expert_of, portrait
from rag.text import fold, join_names
from rag.types import Answer, Intent, Paper, sources


def answer_pair(intent: Intent, ask: PersonAsk, names: Sequence[str], now: Census) -> Answer:
    """Each one's papers, the shared ones first, and what speaks for one person or two."""
    listing = Listing(intent.topic or "")
    shared = shared_papers(names, now)
    parts = [_verdict(names, shared, now) if ask.form == "same" else _together(names, shared)]
    papers = list(shared)
    if shared:
        parts.append(listing.rows(shared))
    if ask.form == "same":
        for name in names:
            own = [p for p in now.papers_of(name) if p not in shared]
            parts.append(portrait(name, now.papers_of(name), now))
            parts.append(listing.rows(own))
            papers += [p for p in own if p not in papers]
    counting = ask.form == "shared" and "how many" in intent.question.lower()
    people = tuple(expert_of(n, papers, now) for n in names)
    return Answer(
        intent.question,
        "answered",
        "person",
        "\n\n".join(filter(None, parts)),
        listing.citations,
        scored(papers),
        people,
        value=len(shared) if counting else sources(shared) if ask.form == "shared" else None,
    )


def answer_company(intent: Intent, names: Sequence[str], now: Census) -> Answer:
    """Everybody who stands with each of several people, with the papers; most papers first."""
    listing = Listing()
    papers: list[Paper] = []
    held = {n: now.papers_of(n) for n in names}
    by_number = Counter(
        {o: sum(o in now.people_of(p) for n in names for p in held[n]) for o in _common(names, now)}
    )
    order = sorted(by_number, key=lambda o: (-by_number[o], o))
    lines = []
    for other in order:
        told = []
        for name in names:
            own = [p for p in held[name] if other in now.people_of(p)]
            papers += [p for p in own if p not in papers]
            marks = " ".join(listing.mark(p) for p in own)
            told.append(f"{counted(len(own))} with {plain(name)} {marks}")
        lines.append(f"- **{plain(other)}**: {', '.join(told)}")
    who = join_names(f"**{plain(n)}**" for n in names)
    head = f"{len(order)} {'person stands' if len(order) == 1 else 'people stand'} on papers with each of {who} here."
    if not order:
        head = f"Nobody is printed beside each of {who} here; lists that end in 'et al.' may hide somebody."
    return Answer(
        intent.question,
        "answered",
        "person",
        "\n\n".join(filter(None, (head, "\n".join(lines)))),
        listing.citations,
        scored(papers),
        tuple(expert_of(o, papers, now) for o in order),
    )


def shared_papers(names: Sequence[str], now: Census) -> list[Paper]:
    """Papers on which all of them stand, newest first."""
    return [p for p in now.papers_of(names[0]) if set(names) <= set(now.people_of(p))]


def _together(names: Sequence[str], shared: Sequence[Paper]) -> str:
    who = join_names(f"**{plain(n)}**" for n in names)
    if not shared:
        return f"No paper here prints {who} together; lists that end in 'et al.' may hide one."
    return f"{who} stand together on {counted(len(shared))} here."


def _verdict(names: Sequence[str], shared: Sequence[Paper], now: Census) -> str:
    """What the library can say: different names are different people unless somebody says so."""
    who = join_names(plain(n) for n in names)
    said = [
        f"{who} are {len(names)} different names in this library, and nothing in it says that they are one person."
    ]
    if shared:
        said.append(f"They stand together on {counted(len(shared))}, so they are different people.")
    else:
        common = _common(names, now)
        if common:
            said.append(f"They share no paper, but co-authors: {join_names(map(plain, common))}.")
        else:
            said.append("They share neither a paper nor a co-author here.")
    for a, b in combinations(names, 2):
        if b in now.names.lookalikes(a) or fold(a) == fold(b):
            said.append(
                "The spellings are close enough to be one person's; the aliases file can join them."
            )
    return " ".join(said)


def _common(names: Sequence[str], now: Census) -> list[str]:
    circles = [{o for p in now.papers_of(n) for o in now.people_of(p)} - set(names) for n in names]
    return sorted(set.intersection(*circles)) if circles else []
