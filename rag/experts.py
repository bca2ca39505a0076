"""Who works on a topic: papers on it vote for their people.

The score of a person is the sum, over the papers on the topic that they stand on, of the paper's
relevance times the weight of their role there::

    score(person) = sum over papers p of relevance(p) * ROLE[role of the person on p]

This is the voting model with CombSUM over normalised scores (Macdonald and Ounis, Voting for
candidates, CIKM 2006), which is document model 2 of Balog et al. (SIGIR 2006) with the association
weighted by authorship. Only papers past the relevance gate vote, so that fifty papers on one page
win nothing where few of them are on the topic; breadth counts because every such paper adds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.citations import plain
from rag.catalogue.fields import meets, said_all
from rag.census import Census, Source, census
from rag.listing import Listing, Retrieve, counted, dated, scored, truncation, years_of
from rag.readings import closing
from rag.text import join_names
from rag.topics import OnTopic, listed, on_topic, once, respelt, without
from rag.types import Answer, Authorship, Expert, Intent, Paper, Role

ROLE: Mapping[Role, float] = {"first": 1.0, "listed": 0.6, "page": 0.6}
"""A first author did the work; an owner of the page may be hidden anywhere behind ``et al.``."""

HALF_LIFE_YEARS = 3.0
SHOWN = 10
_FURTHER = 20


@dataclass(frozen=True, slots=True)
class Vote:
    """One paper's part in a person's score: ``weight`` = relevance times the role's weight."""

    paper_id: str
    relevance: float
    role: Role
    weight: float


def tally(
    papers: Sequence[tuple[str, float]], authorships: Mapping[str, Sequence[Authorship]]
) -> dict[str, tuple[Vote, ...]]:
    """The votes that each person gets, the weightiest first.

    Args:
        papers: (paper id, relevance), relevance positive.
        authorships: By paper id; a paper that is not there votes for nobody.
    """
    votes: dict[str, list[Vote]] = defaultdict(list)
    for paper_id, relevance in papers:
        for authorship in authorships.get(paper_id, ()):
            weight = relevance * ROLE[authorship.role]
            votes[authorship.name].append(Vote(paper_id, relevance, authorship.role, weight))
    return {
        name: tuple(sorted(cast, key=lambda v: (-v.weight, v.paper_id)))
        for name, cast in votes.items()
    }


def rank(votes: Mapping[str, Sequence[Vote]], k: int | None = None) -> list[Expert]:
    """People by the sum of their votes, best first; ties by name."""
    totals = {name: sum(v.weight for v in cast) for name, cast in votes.items()}
    order = sorted(totals, key=lambda name: (-round(totals[name], 9), name))
    return [
        Expert(
            name,
            round(totals[name], 4),
            tuple(v.paper_id for v in votes[name]),
            {v.paper_id: v.role for v in votes[name]},
        )
        for name in order[:k]
    ]


def recency(paper: Paper, newest: int) -> float:
    """1 for the newest year, half of it every three years before; an unknown year counts half."""
    if paper.year is None:
        return 0.5
    return float(0.5 ** ((newest - paper.year) / HALF_LIFE_YEARS))


def answer(
    intent: Intent,
    library: Source,
    retrieve: Retrieve,
    k: int = SHOWN,
    recent: bool = False,
    explain: bool = False,
) -> Answer:
    """Ranked people with the papers that put them there; abstains where no paper is on the topic.

    Args:
        intent: With ``topic``; ``parts`` may hold ``k`` and ``recent``, which win.
        library: Read whole.
        retrieve: Finds papers for the topic.
        k: People shown at most.
        recent: Whether newer papers count for more.
        explain: Whether the parts of each score are written out.
    """
    now = census(library)
    retrieve = once(retrieve)
    topic = intent.topic or intent.query
    k = int(str(intent.parts.get("k") or k))
    recent = bool(intent.parts.get("recent", recent))
    alike = intent.parts.get("alike")
    if isinstance(alike, str):
        retrieve = without(retrieve, alike)
    sides = intent.several("both")
    found = _on_each(sides, now, retrieve) if sides else on_topic(topic, now, retrieve)
    notes = intent.several("notes")
    if not found and sides:
        return _nobody_on_all(intent, sides, now)
    if not found and (spelt := respelt(topic, now)) != topic:
        found = on_topic(spelt, now, retrieve)
        notes = (*notes, f"showing {plain(spelt)} for '{plain(topic)}'") if found else notes
        topic = spelt if found else topic
    if not found:
        return _nobody(intent, topic, now, retrieve)
    found = [f for f in found if all(meets(f.paper, c, now) for c in intent.conditions)]
    if not found:
        text = f"No paper on **{plain(topic)}** {said_all(intent.conditions)} is in this library."
        return Answer(intent.question, "abstained", "experts", text, library=now.fingerprint)
    newest = max(now.years, default=0)
    votes = tally(
        [
            (f.paper.paper_id, f.relevance * (recency(f.paper, newest) if recent else 1.0))
            for f in found
        ],
        {f.paper.paper_id: _shown_names(f.paper, now) for f in found},
    )
    besides = tuple(map(str, intent.several("besides")))
    if sides:
        votes = {name: votes[name] for name in votes if name in _common(sides, now, retrieve)}
    gone = _people_on(str(shut), now, retrieve) if (shut := intent.parts.get("excluded")) else set()
    n_gone = len(gone & set(votes))
    if shut:
        told = (
            f"{n_gone} with papers on {plain(str(shut))} {'is' if n_gone == 1 else 'are'} left out"
        )
        notes = (*notes, told)
    besides = (*besides, *sorted(gone - set(besides)))
    everybody = rank(votes)
    if not everybody:
        return _unknown_authors(intent, topic, found, now)
    if shut and len(everybody) == n_gone:
        text = f"Nobody here works on **{plain(topic)}** and not on **{plain(str(shut))}**: all {n_gone} have papers on both."
        return Answer(intent.question, "abstained", "experts", text, library=now.fingerprint)
    people = [expert for expert in everybody if expert.name not in besides][:k]
    if not people:
        return _nobody_else(intent, topic, len(everybody), found, now)
    under = said_all(intent.conditions)
    n_people = len(votes) - sum(name in votes for name in besides)
    under = f"{under}, besides those named already" if intent.parts.get("besides") else under
    text, listing = _worded(topic, people, n_people, found, now, recent=recent, under=under)
    if explain:
        text += f"\n\n{_explained(people, votes, listing, now, recent=recent)}"
    if notes:
        text = f"({'; '.join(notes)})\n\n{text}"
    if line := closing(intent):
        text += f"\n\n{line}"
    return Answer(
        intent.question,
        "answered",
        "experts",
        text,
        listing.citations,
        scored([f.paper for f in found], [f.relevance for f in found]),
        tuple(people),
        library=now.fingerprint,
    )


def _people_on(topic: str, now: Census, retrieve: Retrieve) -> set[str]:
    """Everybody with a paper on the topic, by the name shown."""
    found, _ = listed(topic, now, retrieve, now.by_id)
    return {name for f in found for name in now.people_of(f.paper)}


def _common(sides: Sequence[object], now: Census, retrieve: Retrieve) -> set[str]:
    """Those with papers on each of several topics."""
    return set.intersection(*(_people_on(str(side), now, retrieve) for side in sides))


def _on_each(sides: Sequence[object], now: Census, retrieve: Retrieve) -> list[OnTopic]:
    """Papers on any of the topics by people who have papers on each, a paper as its best."""
    people = _common(sides, now, retrieve)
    best: dict[str, OnTopic] = {}
    for side in sides:
        for one in listed(str(side), now, retrieve, now.by_id)[0]:
            held = best.get(one.paper.paper_id)
            if people & set(now.people_of(one.paper)) and (
                held is None or held.relevance < one.relevance
            ):
                best[one.paper.paper_id] = one
    return sorted(best.values(), key=lambda f: (-f.relevance, f.paper.paper_id))


def _nobody_on_all(intent: Intent, sides: Sequence[object], now: Census) -> Answer:
    what = join_names(f"**{plain(str(side))}**" for side in sides)
    text = f"Nobody here has papers on each of {what}."
    return Answer(intent.question, "abstained", "experts", text, library=now.fingerprint)


def _shown_names(paper: Paper, now: Census) -> tuple[Authorship, ...]:
    """Authorships under the name shown, one a person, the strongest role first."""
    held: dict[str, Authorship] = {}
    for a in sorted(paper.authorships, key=lambda a: -ROLE[a.role]):
        name = now.aliases.get(a.name, a.name)
        held.setdefault(name, Authorship(a.paper_id, name, a.role, a.position))
    return tuple(held.values())


# --- in words -------------------------------------------------------------------------------

_ROLES: Mapping[Role, str] = {
    "first": "first author of",
    "listed": "author of",
    "page": "by the own page behind 'et al.' on",
}


_PLAIN_ROLES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "further author",
    "page": "owner of the page",
}


def _worded(
    topic: str,
    people: Sequence[Expert],
    n_people: int,
    found: Sequence[OnTopic],
    now: Census,
    *,
    recent: bool,
    under: str = "",
) -> tuple[str, Listing]:
    listing = Listing(topic, {f.paper.paper_id: f.span for f in found})
    papers = [f.paper for f in found]
    told: set[str] = set()
    lines = [f"{at}. {_person(expert, listing, told, now)}" for at, expert in enumerate(people, 1)]
    head = f"On **{plain(topic)}** there {'is' if len(papers) == 1 else 'are'} {counted(len(papers))} here{' ' if under and not under.startswith(',') else ''}{under}"
    head += f", by {n_people} people" if n_people != 1 else ", by one person"
    head += " (newer papers count for more):" if recent else ":"
    unsigned = [p for p in papers if not p.authorships]
    if n_people > len(people):
        more = n_people - len(people)
        lines.append(
            f"\n{more} more {'person is an author' if more == 1 else 'people are authors'}."
        )
    if unsigned:
        marks = " ".join(listing.mark(p) for p in unsigned)
        lines.append(f"\nAlso on the topic, authors unknown: {marks}.")
    _mark_rest(papers, people, listing, lines)
    if missing := truncation(papers):
        lines.append(f"\n{missing}")
    return head + "\n\n" + "\n".join(lines), listing


def _explained(
    people: Sequence[Expert],
    votes: Mapping[str, Sequence[Vote]],
    listing: Listing,
    now: Census,
    *,
    recent: bool,
) -> str:
    """The sum behind each score: relevance times the role's weight, paper by paper."""
    roles = ", ".join(f"{_PLAIN_ROLES[role]} {weight:g}" for role, weight in ROLE.items())
    aged = ", halved for every three years of age" if recent else ""
    lines = [
        f"How the scores come about: relevance of each paper (1 for the closest{aged}) × role ({roles})."
    ]
    for at, expert in enumerate(people, 1):
        parts = [
            f"{v.relevance:.2f} × {ROLE[v.role]:g} {listing.mark(now.by_id[v.paper_id])}"
            for v in votes[expert.name]
        ]
        lines.append(f"{at}. {plain(expert.name)} **{expert.score:.2f}** = {' + '.join(parts)}")
    return "\n".join([lines[0], "", *lines[1:]])


def _mark_rest(
    papers: Sequence[Paper], people: Sequence[Expert], listing: Listing, lines: list[str]
) -> None:
    """Papers on the topic whose people did not make it into the list."""
    told = {paper_id for expert in people for paper_id in expert.papers}
    rest = [p for p in papers if p.authorships and p.paper_id not in told]
    if rest:
        marks = " ".join(listing.mark(p) for p in rest[:_FURTHER])
        more = f" and {len(rest) - _FURTHER} more" if len(rest) > _FURTHER else ""
        lines.append(f"\nFurther papers on the topic: {marks}{more}.")


def _person(expert: Expert, listing: Listing, told: set[str], now: Census) -> str:
    """The papers by role; a title is written out where it is met first, later its marker will do."""
    papers = [now.by_id[paper_id] for paper_id in expert.papers][:_FURTHER]
    parts = []
    for role, words in _ROLES.items():
        own = [p for p in papers if expert.roles[p.paper_id] == role]
        if own:
            parts.append(f"{words} {', '.join(_told(p, listing, told) for p in own)}")
    company = _company(expert.name, papers, now)
    return (
        f"**{plain(expert.name)}** ({counted(len(expert.papers))}{years_of(papers)}): "
        f"{'; '.join(parts)}{company}"
    )


def _told(paper: Paper, listing: Listing, told: set[str]) -> str:
    mark = listing.mark(paper)
    if paper.paper_id in told:
        return mark
    told.add(paper.paper_id)
    date = dated(paper)
    return f"*{plain(paper.name)}*{f' ({date})' if date else ''} {mark}"


def _company(name: str, papers: Sequence[Paper], now: Census) -> str:
    """Who shares two or more of these papers."""
    often = [other for other, n in now.beside(name, papers).most_common(3) if n > 1]
    return f". Often with {join_names(plain(o) for o in often)}" if often else ""


def _nobody(intent: Intent, topic: str, now: Census, retrieve: Retrieve) -> Answer:
    """None is on the topic: the three papers nearest to it are named."""
    near = retrieve(topic, 3).papers
    text = f"Nobody here works on **{plain(topic)}**: no paper in this library is about it."
    if near:
        text += " The nearest papers are about something else: "
        text += "; ".join(plain(hit.paper.name) for hit in near) + "."
    return Answer(
        intent.question,
        "abstained",
        "experts",
        text,
        papers=scored([h.paper for h in near], [h.score for h in near]),
        library=now.fingerprint,
    )


def _nobody_else(
    intent: Intent, topic: str, n: int, found: Sequence[OnTopic], now: Census
) -> Answer:
    """All were named before."""
    listing = Listing(topic, {f.paper.paper_id: f.span for f in found})
    papers = [f.paper for f in found]
    marks = " ".join(listing.mark(p) for p in papers[:_FURTHER])
    text = f"Nobody else: all {n} people on the {counted(len(papers))} here about **{plain(topic)}** were named already {marks}."
    text = "\n\n".join(filter(None, (text, truncation(papers))))
    return Answer(
        intent.question,
        "answered",
        "experts",
        text,
        listing.citations,
        scored(papers, [f.relevance for f in found]),
        library=now.fingerprint,
    )


def _unknown_authors(intent: Intent, topic: str, found: Sequence[OnTopic], now: Census) -> Answer:
    listing = Listing(topic)
    rows = listing.rows([f.paper for f in found])
    text = f"There is work on **{plain(topic)}** here, but its authors are not printed:\n\n{rows}"
    return Answer(
        intent.question,
        "abstained",
        "experts",
        text,
        listing.citations,
        scored([f.paper for f in found], [f.relevance for f in found]),
        library=now.fingerprint,
    )
