"""Answers about people: every paper cited, every name as the library prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag.answering.citations import plain
from rag.catalogue.fields import said_all
from rag.catalogue.select import matching, no_such_person, settle
from rag.census import Census, Source, census
from rag.listing import Listing, Retrieve, counted, scored, truncation, years_of
from rag.names import Mention
from rag.people.ask import PersonAsk
from rag.people.authors import answer_authors, answer_common
from rag.people.pairs import answer_company, answer_pair
from rag.people.portrait import company, expert_of, page_line, portrait
from rag.readings import closed
from rag.text import join_names
from rag.topics import on_topic, touching
from rag.types import Answer, Intent, Paper, sources


def answer(intent: Intent, library: Source, retrieve: Retrieve) -> Answer:
    """The answer to a person intent; abstains for somebody who is not in the library.

    Args:
        intent: ``people`` as printed; ``parts`` may hold ``ask`` (PersonAsk), ``people``
            (mentions, with how each was read) and ``focus`` (paper ids).
        library: Read whole.
        retrieve: Finds papers for a topic.
    """
    now = census(library)
    ask = intent.parts.get("ask")
    ask = ask if isinstance(ask, PersonAsk) else PersonAsk("summary")
    mentions = _mentions(intent, now)
    made = _by_form(intent, ask, mentions, now, retrieve)
    notes = [m.note for m in mentions if m.note]
    text = f"({'; '.join(dict.fromkeys(notes))})\n\n{made.text}" if notes else made.text
    made = replace(made, text=text, library=now.fingerprint)
    return replace(made, text=closed(made, intent))


def _mentions(intent: Intent, now: Census) -> tuple[Mention, ...]:
    if given := intent.several("people"):
        return given
    return tuple(
        now.names.resolve(name) or Mention((0, len(name)), name, (), "absent")
        for name in intent.people
    )


def _by_form(
    intent: Intent, ask: PersonAsk, mentions: Sequence[Mention], now: Census, retrieve: Retrieve
) -> Answer:
    if ask.form == "authors":
        return answer_authors(intent, ask, now, retrieve)
    if ask.form == "common":
        return answer_common(intent, now)
    absent = [m for m in mentions if not m.names]
    if absent or not mentions:
        return _absent(intent, absent)
    if ask.form == "unheld":
        return _unheld(intent, ask, mentions[0], now)
    if len(mentions) == 1 and len(mentions[0].names) > 1:
        return _candidates(intent, mentions[0], now)
    names = tuple(dict.fromkeys(name for m in mentions for name in m.names))
    if ask.form == "coauthors" and ask.what == "each" and len(names) == len(mentions) > 1:
        return answer_company(intent, names, now)
    if len(names) > 1 and ask.form in ("same", "shared", "coauthors"):
        return answer_pair(intent, ask, names, now)
    if ask.form == "coauthors":
        return _coauthors(intent, ask, names[0], now)
    if len(names) > 1 or intent.topic or intent.conditions:
        return _papers(intent, ask, names, now, retrieve)
    return _summary(intent, ask, names[0], now)


def _absent(intent: Intent, absent: Sequence[Mention]) -> Answer:
    text = " ".join(no_such_person(m) for m in absent) or "The question names nobody I know of."
    return Answer(intent.question, "abstained", "person", text)


def _unheld(intent: Intent, ask: PersonAsk, mention: Mention, now: Census) -> Answer:
    name = join_names(mention.names)
    n_held = sum(len(now.papers_of(n)) for n in mention.names)
    text = (
        f"The seed documents say nothing about {plain(name)}'s {plain(ask.what)}: of people they "
        f"print names, papers and, for page owners, the page's figures. There {'is' if n_held == 1 else 'are'} {counted(n_held)} by {plain(name)} here."
    )
    printed = sorted({a for n in mention.names for p in now.papers_of(n) for a in p.affiliations})
    if printed:
        text += f" Some of these papers print affiliations ({plain(join_names(printed))}), of the papers and not of persons."
    return Answer(intent.question, "abstained", "person", text)


def _candidates(intent: Intent, mention: Mention, now: Census) -> Answer:
    """Several people fit: each with a paper, none merged."""
    listing = Listing(intent.topic or "")
    lines, people = [], []
    for name in mention.names[:12]:
        papers = now.papers_of(name)
        marks = " ".join(listing.mark(p) for p in papers[:3])
        lines.append(f"- **{plain(name)}**: {counted(len(papers))}{years_of(papers)} {marks}")
        people.append(expert_of(name, papers[:3], now))
    more = len(mention.names) - 12
    if more > 0:
        lines.append(f"- and {more} more")
    text = f"'{plain(mention.typed)}' fits {len(mention.names)} people here; which one do you mean?"
    return Answer(
        intent.question,
        "answered",
        "person",
        text + "\n\n" + "\n".join(lines),
        listing.citations,
        experts=tuple(people),
    )


# --- one person -----------------------------------------------------------------------------


def _summary(intent: Intent, ask: PersonAsk, name: str, now: Census) -> Answer:
    papers = now.papers_of(name)
    listing = Listing()
    parts = [portrait(name, papers, now)]
    if ask.form == "presence":
        parts[0] = "Yes. " + parts[0]
    parts.append(listing.rows(papers))
    parts.append(company(name, papers, now))
    parts += [note for note in (page_line(name, now), _caution(name, papers, now)) if note]
    return _about(intent, (name,), papers, listing, "\n\n".join(filter(None, parts)), now)


def _about(
    intent: Intent,
    names: Sequence[str],
    papers: Sequence[Paper],
    listing: Listing,
    text: str,
    now: Census,
) -> Answer:
    people = tuple(expert_of(n, papers, now) for n in names)
    return Answer(
        intent.question,
        "answered",
        "person",
        text,
        listing.citations,
        scored(papers),
        people,
    )


def _caution(name: str, papers: Sequence[Paper], now: Census) -> str:
    """Other spellings of perhaps the same person, and signs that the name is of several."""
    said = []
    if others := now.names.lookalikes(name):
        listed = join_names(f"{plain(o)} ({counted(len(now.papers_of(o)))})" for o in others)
        said.append(
            f"Perhaps the same person under another name: {listed}; they are kept apart unless "
            "the aliases file joins them."
        )
    if (n := _circles(name, papers, now)) > 1 and now.page(name) is None:
        said.append(
            f"These papers fall into {n} groups that share no co-author, so the name may be of "
            "more than one person."
        )
    return " ".join(said)


def _circles(name: str, papers: Sequence[Paper], now: Census) -> int:
    """Groups of the papers that are connected by co-authors other than the person."""
    circles: list[set[str]] = []
    for paper in papers:
        circle = set(now.people_of(paper)) - {name}
        joined = [c for c in circles if c & circle]
        circles = [c for c in circles if not c & circle]
        circles.append(circle.union(*joined))
    return len(circles)


def _papers(
    intent: Intent, ask: PersonAsk, names: Sequence[str], now: Census, retrieve: Retrieve
) -> Answer:
    """Papers of the people on (or off) a topic, under further conditions."""
    settled = settle(intent.conditions, (), now)
    allowed = {p.paper_id for p in matching(now, settled.conditions)}
    whole = [p for n in names for p in now.papers_of(n) if p.paper_id in allowed]
    whole = list(dict.fromkeys(whole))
    papers = _on_or_off(intent, ask, whole, now, retrieve)
    who = join_names(plain(n) for n in names)
    topic = plain(intent.topic or "")
    if not papers:
        return _nothing(intent, ask, who, topic, whole, now, names)
    listing = Listing("" if ask.form == "except" else intent.topic or "")
    what = f" {'other than' if ask.form == 'except' else 'on'} {topic}" if topic else ""
    under = said_all(settled.conditions)
    under = f" {under}" if under else ""
    yes = "Yes: " if _asks_whether(intent.question) else ""
    of_all = f" (of {len(whole)} here)" if len(whole) > len(papers) else ""
    shared = [p for p in papers if set(names) <= set(now.people_of(p))]
    if len(names) > 1:
        of_all += f", {len(shared)} of them by {'both' if len(names) == 2 else 'all of them'}"
        papers = [*shared, *(p for p in papers if p not in shared)]
    head = f"{yes}{counted(len(papers))} by **{who}**{what}{under}{of_all}."
    text = "\n\n".join(
        filter(None, (head, listing.rows(papers), truncation(papers) if len(names) > 1 else ""))
    )
    made = _about(intent, names, papers, listing, text, now)
    return replace(made, value=sources(shared)) if len(names) > 1 else made


def _on_or_off(
    intent: Intent, ask: PersonAsk, whole: Sequence[Paper], now: Census, retrieve: Retrieve
) -> list[Paper]:
    if not intent.topic:
        return list(whole)
    ids = {p.paper_id for p in whole}
    if ask.form == "except":
        on = {h.paper.paper_id for h in on_topic(intent.topic, now, retrieve, ids)}
        return [p for p in whole if p.paper_id not in on]
    return [h.paper for h in touching(intent.topic, now, retrieve, ids)]


def _asks_whether(question: str) -> bool:
    first = question.split(maxsplit=1)[:1]
    return "".join(first).lower() in ("did", "does", "has", "is", "do", "have", "are", "was", "and")


def _nothing(
    intent: Intent,
    ask: PersonAsk,
    who: str,
    topic: str,
    whole: Sequence[Paper],
    now: Census,
    names: Sequence[str],
) -> Answer:
    kind = "other than" if ask.form == "except" else "on"
    text = (
        f"No paper by **{who}** {kind} {topic} is here."
        if topic
        else f"No such paper by **{who}** is here."
    )
    if whole:
        text += f" The {counted(len(whole))} by {who}: " + "; ".join(
            plain(p.name) for p in whole[:5]
        )
        text += "." if len(whole) <= 5 else f"; and {len(whole) - 5} more."
    return Answer(
        intent.question,
        "abstained",
        "person",
        text,
        papers=scored(whole),
        experts=tuple(expert_of(n, [], now) for n in names),
    )


def _most(name: str, shared: Counter[str], now: Census) -> str:
    """The most frequent co-author first, and the next one where that is only the page's owner."""
    top = max(shared.values())
    best = sorted(o for o in shared if shared[o] == top)
    who = join_names(f"**{plain(o)}**" for o in best)
    said = f"Most often with {who}: {counted(top)} together."
    if all(now.page(o) for o in best) and (
        rest := {o: n for o, n in shared.items() if o not in best}
    ):
        n = max(rest.values())
        next_ = join_names(plain(o) for o in sorted(rest) if rest[o] == n)
        said += (
            f" After that comes {next_} ({n})."
            if next_.count(" and ") == 0
            else f" After that come {next_} ({n} each)."
        )
    return said


def _coauthors(intent: Intent, ask: PersonAsk, name: str, now: Census) -> Answer:
    """Everybody printed beside the person, with the shared papers."""
    papers = now.papers_of(name)
    shared = now.beside(name, papers)
    listing = Listing()
    lines = []
    order = sorted(shared, key=lambda o: (-shared[o], o))
    for other in order:
        both = [p for p in papers if other in now.people_of(p)]
        marks = " ".join(listing.mark(p) for p in both)
        lines.append(f"- **{plain(other)}**: {counted(len(both))} together{years_of(both)} {marks}")
    alone = [p for p in papers if len(now.people_of(p)) < 2]
    head = (
        f"**{plain(name)}** stands with {len(order)} other people on {counted(len(papers))} here."
    )
    if ask.what == "most" and shared:
        head = f"{_most(name, shared, now)} {head}"
    if alone:
        lines.append(f"- nobody else printed: {' '.join(listing.mark(p) for p in alone)}")
    text = "\n\n".join(filter(None, (head, "\n".join(lines), truncation(papers))))
    made = _about(intent, (name,), papers, listing, text, now)
    if intent.question.lower().lstrip().startswith("how many"):
        made = replace(made, value=len(order))
    if ask.what == "most" and shared:
        made = replace(made, value=", ".join(o for o in order if shared[o] == shared[order[0]]))
    others = tuple(expert_of(o, papers, now) for o in order)
    return replace(made, experts=(*made.experts, *others))
