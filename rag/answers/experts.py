"""Ranks experts on a topic: the papers on it vote for their people.

The score of a person is the sum, over the person's papers on the topic, of the paper's relevance
times the weight of the person's role::

    score(person) = sum over papers p of relevance(p) * ROLE[role of the person on p]

This is the voting model with CombSUM over normalised scores (Macdonald and Ounis, Voting for
candidates, CIKM 2006), which is document model 2 of Balog et al. (SIGIR 2006) with the association
weighted by authorship. Only papers past the relevance gate vote, so that fifty papers on one page
win nothing where few of them are on the topic; breadth counts because every such paper adds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.answers import person_phrases, phrases
from rag.answers.attributes import find_code_address
from rag.answers.expert_rows import render_further, render_groups
from rag.answers.quoting import render_source
from rag.answers.ranked_people import format_person_limit, select_people
from rag.answers.rows import (
    Listing,
    build_scored_papers,
    format_truncation,
)
from rag.library.fields import format_conditions
from rag.library.selection import resolve_conditions
from rag.library.view import LibraryView
from rag.search.topics import (
    DEPTH,
    OnTopic,
    TopicEntry,
    build_cached_retrieve,
    build_retrieve_without,
    find_on_topic,
    list_on_topic,
    resolve_spelling,
)
from rag.text import extract_terms, iter_words, join_names
from rag.text.everyday import is_everyday
from rag.text.markdown import plain
from rag.types import Answer, Authorship, Condition, Expert, Paper, Role
from rag.types.fields import FIELDS
from rag.types.query import Query
from rag.types.retrievals import Retrieve

ROLE: Mapping[Role, float] = {"first": 1.0, "listed": 0.6, "page": 0.6}
"""A first author did the work; an owner of the page may be hidden anywhere behind ``et al.``."""

HALF_LIFE_YEARS = 3.0
MAX_EXPERTS = 10
_FURTHER = 20


@dataclass(frozen=True, slots=True)
class Vote:
    """One paper's contribution to a person's score: ``weight`` = relevance × weight of the role."""

    paper_id: str
    relevance: float
    role: Role
    weight: float


def count_votes(
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


def rank_experts(votes: Mapping[str, Sequence[Vote]], k: int | None = None) -> list[Expert]:
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


def compute_recency(paper: Paper, newest: int) -> float:
    """1 for the newest year, half of it every three years before; an unknown year counts half."""
    if paper.year is None:
        return 0.5
    return float(0.5 ** ((newest - paper.year) / HALF_LIFE_YEARS))


def answer_experts(
    query: Query, library: LibraryView, retrieve: Retrieve, explain: bool = False
) -> Answer:
    """Ranked people with the papers that put them there; abstains where no paper is on the topic.

    Args:
        query: With a topic; ``k`` people at most (`MAX_EXPERTS` where it is None); ordered by date,
            newer papers count for more.
        library: Whose papers vote.
        retrieve: Finds papers for the topic.
        explain: Whether the parts of each score are written out.
    """
    retrieve = build_cached_retrieve(retrieve)
    topic = query.topic or " and ".join(query.about.all_of if query.about else ())
    k = query.k or MAX_EXPERTS
    recent = query.order is not None and query.order.field == "date"
    # "What is DuetFace? / who else works on that?": DuetFace itself must not vote.
    if query.like:
        retrieve = build_retrieve_without(retrieve, query.like)
    sides = query.about.all_of if query.about else ()
    topic_papers = (
        _find_papers_on_each(sides, library, retrieve)
        if sides
        else find_on_topic(topic, library, retrieve)
    )
    notes: tuple[str, ...] = ()
    # "Who works on both drones and parsing?"
    if not topic_papers and sides:
        return _answer_nobody_on_all(sides, library)
    # Only a topic without papers is spelt anew: a rare word that is right must stay.
    if not topic_papers and (spelt := resolve_spelling(topic, library)) != topic:
        topic_papers = find_on_topic(spelt, library, retrieve)
        notes = (
            (*notes, phrases.tell_spelling(plain(spelt), plain(topic))) if topic_papers else notes
        )
        topic = spelt if topic_papers else topic
    # "re-id": too short for its meaning to be near any paper, yet papers say it.
    if not topic_papers:
        topic_papers = _find_worded(topic, library, retrieve)
    if not topic_papers:
        return _answer_nobody(topic, library, retrieve)
    # "people at tencent working on deepfakes": the papers print "tencent-ai".
    resolved = resolve_conditions(query.where, library)
    if resolved.absent:
        text = " ".join(resolved.absent)
        return Answer("", "abstained", "experts", text, library=library.fingerprint)
    query = replace(query, where=resolved.conditions)
    notes = (*notes, *resolved.notes)
    # "experts on faces / only since 2024": conditions hold for the papers that vote.
    on_papers = [c for c in query.where if FIELDS[c.field].of == "paper"]
    on_people = [c for c in query.where if FIELDS[c.field].of == "person"]
    if any(c.field == "affiliation" for c in on_papers):
        n_silent = sum(not f.paper.affiliations for f in topic_papers)
        if n_silent:
            notes = (*notes, person_phrases.tell_no_affiliation(n_silent, len(topic_papers)))
    if on_papers:
        met = library.select_ids([f.paper.paper_id for f in topic_papers], on_papers)
        topic_papers = [f for f in topic_papers if f.paper.paper_id in met]
    if not topic_papers:
        text = person_phrases.tell_none_on(plain(topic), format_conditions(on_papers))
        text = phrases.put_notes_first(notes, text)
        return Answer("", "abstained", "experts", text, library=library.fingerprint)
    newest = library.newest[0] if library.newest else 0
    votes = count_votes(
        [
            (f.paper.paper_id, f.relevance * (compute_recency(f.paper, newest) if recent else 1.0))
            for f in topic_papers
        ],
        {f.paper.paper_id: _list_displayed_authorships(f.paper, library) for f in topic_papers},
    )
    excluded_names = query.besides
    if sides:
        # "Who works on both drones and masks?": a paper on one of them votes only for people with
        # papers on the other.
        on_all = _find_people_on_all(sides, library, retrieve)
        votes = {name: votes[name] for name in votes if name in on_all}
    removed_names = _find_people_on(shut, library, retrieve) if (shut := query.without) else set()
    # "Who works on drones but not on masks?": how many this removes is said, and whether it is
    # everybody.
    n_gone = len(removed_names & set(votes))
    if shut:
        notes = (*notes, person_phrases.tell_excluded_people(n_gone, plain(shut)))
    excluded_names = (*excluded_names, *sorted(removed_names - set(excluded_names)))
    # "people with at least three papers on drones": counted are the papers on the topic.
    if on_people:
        papers = [f.paper for f in topic_papers]
        chosen = select_people(
            list(votes),
            on_people,
            {name: len(votes[name]) for name in votes},
            {name: len(library.count_coauthors(name, papers)) for name in votes},
            library,
        )
        if not chosen:
            limits = "".join(map(format_person_limit, on_people)).removeprefix(", ")
            text = person_phrases.tell_none_on(plain(topic), limits)
            return Answer("", "abstained", "experts", text, library=library.fingerprint)
        votes = {name: votes[name] for name in chosen}
    everybody = rank_experts(votes)
    # "who has the most papers on deepfakes?": they are counted, whatever their roles.
    is_counted = query.order is not None and query.order.field == "n_papers"
    if is_counted:
        everybody.sort(key=lambda expert: -len(expert.papers))
    # Papers are on the topic, but none of them prints its authors.
    if not everybody:
        answer = _answer_unknown_authors(topic, topic_papers, format_conditions(on_papers), library)
        return replace(answer, text=phrases.put_notes_first(notes, answer.text))
    if shut and len(everybody) == n_gone:
        text = person_phrases.tell_nobody_beside(plain(topic), plain(shut), n_gone)
        return Answer("", "abstained", "experts", text, library=library.fingerprint)
    people = [expert for expert in everybody if expert.name not in excluded_names][:k]
    # "who else?" after everybody was named.
    if not people:
        return _answer_nobody_else(topic, len(everybody), topic_papers, library)
    under = format_conditions(on_papers) + "".join(map(format_person_limit, on_people))
    under = f"{under}, besides those named already" if query.besides else under
    under = f"{under}{person_phrases.MOST_FIRST}" if is_counted else under
    further = [e for e in everybody if e.name not in excluded_names][len(people) :]
    text, listing = _render_experts(
        topic, people, further, topic_papers, recent=recent, under=under
    )
    # "who is the expert for this, and do they have code?": then where it is, too.
    if Condition("code", "is", True) in on_papers:
        addresses = [
            f"Code: {address} {listing.get_marker(f.paper)}"
            for f in topic_papers
            if (address := find_code_address(f.paper))
        ]
        text = "\n\n".join((text, *addresses[:_FURTHER]))
    if explain:
        text += f"\n\n{_render_scores(people, votes, listing, topic_papers, recent=recent)}"
    text = phrases.put_notes_first(notes, text)
    return Answer(
        "",
        "answered",
        "experts",
        text,
        listing.citations,
        build_scored_papers([f.paper for f in topic_papers], [f.relevance for f in topic_papers]),
        tuple(people),
        library=library.fingerprint,
    )


def _find_worded(topic: str, library: LibraryView, retrieve: Retrieve) -> list[OnTopic]:
    """Papers that contain the topic's words, used when no paper is near it in meaning."""
    found = list_on_topic(topic, library, retrieve)
    ids = [entry.paper_id for entry in found.entries[: found.n_said]]
    return [OnTopic(paper, 1.0) for paper in library.list_papers(ids)]


def _find_people_on(topic: str, library: LibraryView, retrieve: Retrieve) -> set[str]:
    """Everybody with a paper on the topic, by the name shown."""
    entries = list_on_topic(topic, library, retrieve).entries
    people = library.list_people_by_paper([entry.paper_id for entry in entries])
    return set().union(*people.values())


def _find_people_on_all(sides: Sequence[str], library: LibraryView, retrieve: Retrieve) -> set[str]:
    """Those with papers on each of several topics."""
    return set.intersection(*(_find_people_on(side, library, retrieve) for side in sides))


def _find_papers_on_each(
    sides: Sequence[str], library: LibraryView, retrieve: Retrieve
) -> list[OnTopic]:
    """Papers on any of the topics by people who have papers on each, a paper as its best."""
    people = _find_people_on_all(sides, library, retrieve)
    best: dict[str, TopicEntry] = {}
    for side in sides:
        entries = list_on_topic(side, library, retrieve).entries
        people_by_paper = library.list_people_by_paper([entry.paper_id for entry in entries])
        for entry in entries:
            best_so_far = best.get(entry.paper_id)
            if people.intersection(people_by_paper.get(entry.paper_id, ())) and (
                best_so_far is None or best_so_far.relevance < entry.relevance
            ):
                best[entry.paper_id] = entry
    order = sorted(best.values(), key=lambda entry: (-entry.relevance, entry.paper_id))
    papers = library.list_papers([entry.paper_id for entry in order])
    return [
        OnTopic(paper, entry.relevance, entry.span)
        for paper, entry in zip(papers, order, strict=True)
    ]


def _answer_nobody_on_all(sides: Sequence[str], library: LibraryView) -> Answer:
    what = join_names(f"**{plain(side)}**" for side in sides)
    text = person_phrases.tell_nobody_on_all(what)
    return Answer("", "abstained", "experts", text, library=library.fingerprint)


def _list_displayed_authorships(paper: Paper, library: LibraryView) -> tuple[Authorship, ...]:
    """Authorships under the name shown, one a person, the strongest role first."""
    strongest: dict[str, Authorship] = {}
    for a in sorted(paper.authorships, key=lambda a: -ROLE[a.role]):
        # A page owner who is also printed counts once, in the stronger role.
        name = library.show_name(a.name)
        strongest.setdefault(name, Authorship(a.paper_id, name, a.role, a.position))
    return tuple(strongest.values())


# --- in words -------------------------------------------------------------------------------


def _render_experts(
    topic: str,
    people: Sequence[Expert],
    further: Sequence[Expert],
    topic_papers: Sequence[OnTopic],
    *,
    recent: bool,
    under: str = "",
) -> tuple[str, Listing]:
    """The ranking, and everybody below it by name; ``further``: those below."""
    listing = Listing(topic, {f.paper.paper_id: f.span for f in topic_papers})
    papers = {f.paper.paper_id: f.paper for f in topic_papers}
    limits = under if not under or under.startswith(",") else f" {under}"
    n_people = len(people) + len(further)
    head = person_phrases.head_experts(plain(topic), len(papers), limits, n_people, recent=recent)
    rows = render_groups(people, papers, listing)
    rest = [render_further(further, papers, listing)]
    if unsigned := [p for p in papers.values() if not p.authorships]:
        marks = " ".join(map(listing.get_marker, unsigned))
        rest.append(person_phrases.tell_unsigned_papers(marks))
    rest.append(format_truncation(list(papers.values())))
    return "\n\n".join([head, "\n".join(rows), *filter(None, rest)]), listing


def _render_scores(
    people: Sequence[Expert],
    votes: Mapping[str, Sequence[Vote]],
    listing: Listing,
    topic_papers: Sequence[OnTopic],
    *,
    recent: bool,
) -> str:
    """The sum behind each score: relevance times the role's weight, paper by paper."""
    roles = ", ".join(
        f"{person_phrases.ROLE_NAMES[role]} {weight:g}" for role, weight in ROLE.items()
    )
    papers = {f.paper.paper_id: f.paper for f in topic_papers}
    lines = [person_phrases.head_scores(roles, recent=recent)]
    for at, expert in enumerate(people, 1):
        parts = [
            f"{v.relevance:.2f} × {ROLE[v.role]:g} {listing.get_marker(papers[v.paper_id])}"
            for v in votes[expert.name]
        ]
        lines.append(f"{at}. {plain(expert.name)} **{expert.score:.2f}** = {' + '.join(parts)}")
    return "\n".join([lines[0], "", *lines[1:]])


def _answer_nobody(topic: str, library: LibraryView, retrieve: Retrieve) -> Answer:
    """None is on the topic: the three papers nearest to it are named, first those that share a rare word with it.

    "who could review a paper on sketch to photo synthesis" was told nobody, though two papers are on sketches:
    their people may be asked.
    """
    hits = retrieve(topic, DEPTH).papers[:_LOOKED_AT]
    word, sharing = _find_sharing(topic, [hit.paper for hit in hits], library)
    nearest_hits = [hit for hit in hits if hit.paper in sharing][:_NEAREST] or hits[:_NEAREST]
    names = [render_source(hit.paper) if sharing else plain(hit.paper.name) for hit in nearest_hits]
    text = person_phrases.tell_nobody(plain(topic), names, plain(word))
    return Answer(
        "",
        "abstained",
        "experts",
        text,
        papers=build_scored_papers(
            [h.paper for h in nearest_hits], [h.score for h in nearest_hits]
        ),
        library=library.fingerprint,
    )


_LOOKED_AT, _NEAREST = 10, 3
_RARE_SHARE = 0.1
"""A word in at most this share of all papers says what a topic is about."""


def _find_sharing(
    topic: str, papers: Sequence[Paper], library: LibraryView
) -> tuple[str, list[Paper]]:
    """The rarest word of a topic that some of its nearest papers have, and these papers."""
    counts = library.vocabulary.terms
    terms = {word: set(extract_terms(word)) for word, _ in iter_words(topic)}
    counts.load({term for of_word in terms.values() for term in of_word})
    often = {
        word: max(counts.get(term) for term in of_word)
        for word, of_word in terms.items()
        if of_word and not is_everyday(word)
    }
    has = {p.paper_id: set(extract_terms(f"{p.name} . {p.text}")) for p in papers}
    for word in sorted(often, key=lambda word: (often[word], word)):
        sharing = [p for p in papers if terms[word] <= has[p.paper_id]]
        if sharing and often[word] <= max(_NEAREST, _RARE_SHARE * library.whole.n_papers):
            return word, sharing
    return "", []


def _answer_nobody_else(
    topic: str, n: int, topic_papers: Sequence[OnTopic], library: LibraryView
) -> Answer:
    """All were named before."""
    listing = Listing(topic, {f.paper.paper_id: f.span for f in topic_papers})
    papers = [f.paper for f in topic_papers]
    marks = " ".join(listing.get_marker(p) for p in papers[:_FURTHER])
    text = f"{person_phrases.tell_nobody_further(plain(topic), n, len(papers))} {marks}."
    text = "\n\n".join(filter(None, (text, format_truncation(papers))))
    return Answer(
        "",
        "answered",
        "experts",
        text,
        listing.citations,
        build_scored_papers(papers, [f.relevance for f in topic_papers]),
        library=library.fingerprint,
    )


def _answer_unknown_authors(
    topic: str, topic_papers: Sequence[OnTopic], under: str, library: LibraryView
) -> Answer:
    """``under``: the conditions that these papers meet, in words."""
    listing = Listing(topic)
    rows = listing.render_rows([f.paper for f in topic_papers])
    is_lost = any(f.paper.is_not_found("authors") for f in topic_papers)
    head = person_phrases.head_without_authors(plain(topic), under, is_lost=is_lost)
    text = f"{head}\n\n{rows}"
    return Answer(
        "",
        "abstained",
        "experts",
        text,
        listing.citations,
        build_scored_papers([f.paper for f in topic_papers], [f.relevance for f in topic_papers]),
        library=library.fingerprint,
    )
