"""Answers about people: every paper cited, every name as the library prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answers import person_phrases, phrases
from rag.answers.authors import answer_authors, answer_common
from rag.answers.pairs import answer_company, answer_one_name, answer_pair, find_shared_papers
from rag.answers.paper_set import build_choice
from rag.answers.portrait import (
    build_expert,
    format_page_line,
    format_top_coauthors,
    render_portrait,
)
from rag.answers.rows import Listing, build_scored_papers, format_truncation, format_years
from rag.library.fields import format_conditions
from rag.library.person_index import Mention
from rag.library.selection import format_no_such_person, resolve_conditions
from rag.library.view import LibraryView
from rag.search.topics import find_on_topic, select_touching
from rag.text import join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Condition, Paper, list_sources
from rag.types.query import PersonRef, Query
from rag.types.retrievals import Retrieve


def answer_person(query: Query, library: LibraryView, retrieve: Retrieve) -> Answer:
    """The answer about people who are asked about, or about the people of papers.

    Abstains for somebody who is not in the library.

    Args:
        query: With ``people``, or with a relation to papers.
        library: Whose people are meant.
        retrieve: Finds papers for a topic.
    """
    mentions = tuple(_resolve_person(person, library) for person in query.people)
    computed_answer = _route_by_relation(query, mentions, library, retrieve)
    notes = [m.note for m in mentions if m.note]
    text = phrases.put_notes_first(list(dict.fromkeys(notes)), computed_answer.text)
    return replace(computed_answer, text=text, library=library.fingerprint)


def _resolve_person(person: PersonRef, library: LibraryView) -> Mention:
    """Whom the name means here: a name that is typed by hand may be misspelt, or of several."""
    mention = library.names.resolve(person.typed)
    if mention is not None and (not person.names or set(mention.names) & set(person.names)):
        return mention
    similar = library.names.find_similar(person.typed) if not person.names else ()
    span = (0, len(person.typed))
    return Mention(span, person.typed, person.names, "exact" if person.names else "absent", similar)


def _route_by_relation(
    query: Query, mentions: Sequence[Mention], library: LibraryView, retrieve: Retrieve
) -> Answer:
    relation = query.relation
    if relation in ("authors", "first_author"):
        return answer_authors(query, library, retrieve)
    if relation == "common_authors":
        return answer_common(query, library)
    # "who is Isaac Newton?"
    absent = [m for m in mentions if not m.names]
    if absent or not mentions:
        return _answer_absent(absent)
    # "how old is Lei Shen?"
    if relation == "not_stated":
        return _answer_unavailable(query, mentions[0], library)
    # "Shen's papers": two people are called so.
    if len(mentions) == 1 and len(mentions[0].names) > 1:
        return _answer_candidates(query, mentions[0], library)
    names = tuple(dict.fromkeys(name for m in mentions for name in m.names))
    # "Who has worked with both Ann Mao and Bo Li?"
    if relation == "common_coauthors" and len(names) == len(mentions) > 1:
        return answer_company(query, names, library)
    # "what have Yuxi Mi and Yuge Huang done together? / which of those have code?"
    is_narrowed = bool(query.about or query.where)
    if len(names) > 1 and is_narrowed and (relation == "shared" or relation in _COAUTHORS):
        return _answer_papers(query, names, library, retrieve)
    # "Is Lei Shen the same person as Li Shen?"
    if len(names) > 1 and (relation in ("same", "shared") or relation in _COAUTHORS):
        return answer_pair(query, names, library)
    # "Is Bo Li one person?"
    if relation == "same":
        return answer_one_name(names[0], library)
    if relation in _COAUTHORS:
        return _answer_coauthors(query, names[0], library, retrieve)
    # "what has Yuxi Mi done on drones?", "papers by Shen Chen and Daichi Zhang"
    if len(names) > 1 or is_narrowed:
        return _answer_papers(query, names, library, retrieve)
    return _answer_summary(query, names[0], library)


_MAX_LONGEST = 3
_COAUTHORS = ("coauthors", "top_coauthor", "common_coauthors")


def _answer_absent(absent: Sequence[Mention]) -> Answer:
    text = " ".join(format_no_such_person(m) for m in absent) or person_phrases.NOBODY_KNOWN
    return Answer("", "abstained", "person", text)


def _answer_unavailable(query: Query, mention: Mention, library: LibraryView) -> Answer:
    name = join_names(mention.names)
    n_held = sum(map(library.count_papers_of, mention.names))
    text = person_phrases.tell_unavailable(plain(name), plain(query.what), n_held)
    printed = sorted(
        {a for n in mention.names for p in library.list_papers_of(n) for a in p.affiliations}
    )
    if printed:
        text += f" {person_phrases.tell_affiliations(printed, plain(join_names(printed)))}"
    return Answer("", "abstained", "person", text)


def _answer_candidates(query: Query, mention: Mention, library: LibraryView) -> Answer:
    """Several people fit: each with a paper, none merged."""
    listing = Listing(query.topic)
    lines, people = [], []
    for name in mention.names[:12]:
        papers = library.list_papers_of(name)
        marks = " ".join(listing.get_marker(p) for p in papers[:3])
        lines.append(f"- **{plain(name)}**: {counted(len(papers))}{format_years(papers)} {marks}")
        people.append(build_expert(name, papers[:3], library))
    n_more = len(mention.names) - 12
    if n_more > 0:
        lines.append(phrases.count_more(n_more))
    text = person_phrases.ask_which_person(plain(mention.typed), len(mention.names))
    return Answer(
        "",
        "answered",
        "person",
        text + "\n\n" + "\n".join(lines),
        listing.citations,
        experts=tuple(people),
    )


# --- one person -----------------------------------------------------------------------------


def _answer_summary(query: Query, name: str, library: LibraryView) -> Answer:
    papers = library.list_papers_of(name)
    listing = Listing()
    parts = [render_portrait(name, papers, library)]
    if query.relation == "presence":
        parts[0] = "Yes. " + parts[0]
    # "Who is Shiming Ge?": below fifty papers nobody reads how often they are cited.
    parts.append(format_page_line(name, library))
    parts.append(format_top_coauthors(name, papers, library))
    parts.append(format_caution(name, papers, library))
    parts.append(listing.render_rows(papers))
    return _build_person_answer((name,), papers, listing, "\n\n".join(filter(None, parts)), library)


def _build_person_answer(
    names: Sequence[str],
    papers: Sequence[Paper],
    listing: Listing,
    text: str,
    library: LibraryView,
) -> Answer:
    people = tuple(build_expert(n, papers, library) for n in names)
    return Answer(
        "",
        "answered",
        "person",
        text,
        listing.citations,
        build_scored_papers(papers),
        people,
    )


def format_caution(name: str, papers: Sequence[Paper], library: LibraryView) -> str:
    """Other spellings of perhaps the same person, and signs that the name is of several."""
    clauses = []
    if lookalikes := person_phrases.format_lookalikes(name, library):
        clauses.append(lookalikes)
    # "who is Daichi Zhang?": papers without a common co-author may be by two people of one name;
    # an author page shows that they are one.
    if (n := _count_circles(name, papers, library)) > 1 and library.find_page(name) is None:
        clauses.append(person_phrases.tell_separate_groups(n))
    return " ".join(clauses)


def _count_circles(name: str, papers: Sequence[Paper], library: LibraryView) -> int:
    """Groups of the papers that are connected by co-authors other than the person."""
    circles: list[set[str]] = []
    for paper in papers:
        circle = set(library.list_people_of(paper)) - {name}
        joined = [c for c in circles if c & circle]
        circles = [c for c in circles if not c & circle]
        circles.append(circle.union(*joined))
    return len(circles)


def _answer_papers(
    query: Query,
    names: Sequence[str],
    library: LibraryView,
    retrieve: Retrieve,
) -> Answer:
    """Papers of the people on (or off) a topic, under further conditions."""
    resolved_conditions = resolve_conditions(query.where, library)
    are_joint = query.relation is not None
    own_papers = (
        find_shared_papers(names, library)
        if are_joint
        else list(dict.fromkeys(p for n in names for p in library.list_papers_of(n)))
    )
    ids = [p.paper_id for p in own_papers]
    allowed = library.select_ids(ids, resolved_conditions.conditions)
    all_papers = [p for p in own_papers if p.paper_id in allowed]
    papers = _select_by_topic(query, all_papers, library, retrieve)
    who = join_names(plain(n) for n in names)
    under = format_conditions(resolved_conditions.conditions)
    limits = " ".join(filter(None, (_format_topic(query), under)))
    if not papers:
        return _answer_nothing(who, limits, all_papers or own_papers, library, names)
    listing = Listing(query.topic)
    limits = f" {limits}" if limits else ""
    yes = "Yes: " if query.asks_for == "yes_no" else ""
    of_all = f" (of {len(all_papers)} here)" if len(all_papers) > len(papers) else ""
    shared = [p for p in papers if set(names) <= set(library.list_people_of(p))]
    # "papers by Shen Chen and Daichi Zhang": either may be meant, so both sorts are listed, those
    # by both first.
    if len(names) > 1 and not are_joint:
        of_all += f", {len(shared)} of them by {'both' if len(names) == 2 else 'all of them'}"
        papers = [*shared, *(p for p in papers if p not in shared)]
    head = f"{yes}{counted(len(papers))} by **{who}**{limits}{of_all}."
    text = "\n\n".join(
        filter(
            None,
            (
                head,
                listing.render_rows(papers),
                format_truncation(papers) if len(names) > 1 else "",
            ),
        )
    )
    computed_answer = _build_person_answer(names, papers, listing, text, library)
    if len(names) == 1:
        return computed_answer
    value = len(shared) if are_joint and query.want == "count" else list_sources(shared)
    return replace(computed_answer, value=value)


def _format_topic(query: Query) -> str:
    """``on drones``, ``other than drones``; empty without a topic."""
    on = f"on {plain(query.topic)}" if query.topic else ""
    off = f"other than {plain(query.without)}" if query.without else ""
    return f"{on} {off}".strip()


def _select_by_topic(
    query: Query,
    all_papers: Sequence[Paper],
    library: LibraryView,
    retrieve: Retrieve,
) -> list[Paper]:
    papers = list(all_papers)
    if query.without:
        among = [_build_choice(papers)]
        off = {h.paper.paper_id for h in find_on_topic(query.without, library, retrieve, among)}
        papers = [p for p in papers if p.paper_id not in off]
    if query.topic:
        among = [_build_choice(papers)]
        papers = [h.paper for h in select_touching(query.topic, library, retrieve, among)]
    return papers


def _build_choice(papers: Sequence[Paper]) -> Condition:
    return build_choice([paper.paper_id for paper in papers])


def _answer_nothing(
    who: str,
    what: str,
    all_papers: Sequence[Paper],
    library: LibraryView,
    names: Sequence[str],
) -> Answer:
    text = person_phrases.tell_none_by_person(f"**{who}**", what)
    if all_papers:
        titles = "; ".join(plain(p.name) for p in all_papers[:5])
        text += f" The {counted(len(all_papers))} by {who}: {titles}"
        text += "." if len(all_papers) <= 5 else f"; and {len(all_papers) - 5} more."
    return Answer(
        "",
        "abstained",
        "person",
        text,
        papers=build_scored_papers(all_papers),
        experts=tuple(build_expert(n, [], library) for n in names),
    )


def _format_most_frequent(name: str, shared: Counter[str], library: LibraryView) -> str:
    """The most frequent co-author first, and the next one where that is only the page's owner."""
    top = max(shared.values())
    best = sorted(o for o in shared if shared[o] == top)
    who = join_names(f"**{plain(o)}**" for o in best)
    text = person_phrases.tell_most_frequent(who, top)
    # "who does Daichi Zhang work with most often?": page owners stand on all papers of their
    # page, so the first name may say little.
    if all(library.find_page(o) for o in best) and (
        rest := {o: n for o, n in shared.items() if o not in best}
    ):
        n = max(rest.values())
        next_ = join_names(plain(o) for o in sorted(rest) if rest[o] == n)
        text += f" {person_phrases.tell_next_frequent(next_, n, several=' and ' in next_)}"
    return text


def _count_years(papers: Sequence[Paper]) -> int:
    """Years from the first of some papers to the last; -1 where none has a year."""
    years = [p.year for p in papers if p.year is not None]
    return max(years) - min(years) if years else -1


def _format_longest(
    longest: Sequence[str], shared_by: Mapping[str, Sequence[Paper]], spans: Mapping[str, int]
) -> str:
    """Who has papers with the person over the most years, from the first one together to the last."""
    who = join_names(f"**{plain(o)}**{format_years(shared_by[o])}" for o in longest[:_MAX_LONGEST])
    return person_phrases.tell_longest(who, len(longest), spans[longest[0]])


def _answer_coauthors(query: Query, name: str, library: LibraryView, retrieve: Retrieve) -> Answer:
    """Everybody printed beside the person, with the shared papers, on a topic if one is asked for."""
    own_papers = library.list_papers_of(name)
    conditions = resolve_conditions(query.where, library).conditions
    allowed = library.select_ids([p.paper_id for p in own_papers], conditions)
    all_papers = [p for p in own_papers if p.paper_id in allowed]
    papers = _select_by_topic(query, all_papers, library, retrieve)
    limits = " ".join(filter(None, (_format_topic(query), format_conditions(conditions))))
    # "who are Daichi Zhang's co-authors on forgery videos": where none of the papers is, nobody is.
    if not papers and limits:
        return _answer_nothing(plain(name), limits, own_papers, library, (name,))
    shared = library.count_coauthors(name, papers)
    listing = Listing()
    lines = []
    shared_by = {o: [p for p in papers if o in library.list_people_of(p)] for o in shared}
    spans = {o: _count_years(shared_by[o]) for o in shared}
    by_years = query.order is not None and query.order.field == "year"
    order = sorted(shared, key=lambda o: (-spans[o] if by_years else 0, -shared[o], o))
    for coauthor in order:
        shared_papers = shared_by[coauthor]
        marks = " ".join(listing.get_marker(p) for p in shared_papers)
        lines.append(
            f"- **{plain(coauthor)}**: {counted(len(shared_papers))} together{format_years(shared_papers)} {marks}"
        )
    alone = [p for p in papers if len(library.list_people_of(p)) < 2]
    of_all = f" (of {len(own_papers)} here)" if len(papers) < len(own_papers) else ""
    limits = f"{limits}{of_all}".strip()
    head = person_phrases.tell_coauthors(plain(name), len(order), len(papers), limits)
    longest = [o for o in order if spans[o] == spans[order[0]]] if by_years else []
    if longest:
        head = f"{_format_longest(longest, shared_by, spans)} {head}"
    most_frequent = query.relation == "top_coauthor" and bool(shared) and not by_years
    if most_frequent:
        head = f"{_format_most_frequent(name, shared, library)} {head}"
    if alone:
        lines.append(f"- no co-author named: {' '.join(listing.get_marker(p) for p in alone)}")
    text = "\n\n".join(filter(None, (head, "\n".join(lines), format_truncation(papers))))
    computed_answer = _build_person_answer((name,), papers, listing, text, library)
    if query.want == "count":
        computed_answer = replace(computed_answer, value=len(order))
    if most_frequent:
        computed_answer = replace(
            computed_answer, value=", ".join(o for o in order if shared[o] == shared[order[0]])
        )
    if longest:
        computed_answer = replace(computed_answer, value=", ".join(longest))
    coauthors = tuple(build_expert(o, papers, library) for o in order)
    return replace(computed_answer, experts=(*computed_answer.experts, *coauthors))
