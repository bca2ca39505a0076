"""Answers to catalogue questions: computed over the whole library, complete, each row cited."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.answering.citations import plain
from rag.catalogue.ask import Ask
from rag.catalogue.attributes import answer_attributes
from rag.catalogue.averages import answer_average, answer_shares
from rag.catalogue.fields import dated_within, least_authors, said_all
from rag.catalogue.figures import answer_figures
from rag.catalogue.orders import (
    Value,
    answer_distinct,
    answer_documents,
    answer_extreme,
    answer_group,
    answer_people,
    spaced,
)
from rag.catalogue.select import Settled, choose_one, matching, nearest, settle
from rag.census import Census, Source, census, newest_first
from rag.listing import SHOWN, Listing, Retrieve, counted, scored
from rag.readings import closed
from rag.topics import WIDE, listed, on_topic, respelt, touching, without
from rag.types import Answer, Condition, Intent, Paper, Status, sources

_SHOWN_OF_A_COUNT = 20


def answer(intent: Intent, library: Source, retrieve: Retrieve) -> Answer:
    """The answer to a catalogue intent; abstains where the library cannot know.

    Args:
        intent: With ``conditions``; ``parts`` may hold ``ask`` (Ask), ``people`` (mentions) and
            ``focus`` (ids of the papers that the question is restricted to).
        library: Read whole.
        retrieve: Finds papers for a topic among the conditions.
    """
    now = census(library)
    ask = intent.parts.get("ask")
    ask = ask if isinstance(ask, Ask) else Ask("list")
    people = intent.several("people")
    settled = settle(intent.conditions, people, now)
    ask = replace(ask, base=settle(ask.base, people, now).conditions)
    if ask.verb == "figures":
        return _signed(answer_figures(intent, ask, settled, people, now), now, settled)
    if ask.verb == "attribute":
        return _signed(answer_attributes(intent, ask, now), now, settled)
    if settled.choices:
        return _signed(_choices(intent, settled), now, settled)
    if settled.absent:
        value: Value = 0 if ask.verb in ("count", "distinct") else ()
        text = " ".join(settled.absent)
        made = Answer(intent.question, "abstained", "catalogue", text, value=value)
        return _signed(made, now, settled)
    papers = whole = _matching(now, settled.conditions, intent)
    if isinstance(alike := intent.parts.get("alike"), str):
        return _signed(
            _alike(intent, alike, now, retrieve, settled.conditions), now, settled, intent
        )
    decided = ""
    if ask.excluded:
        gone, _ = listed(ask.excluded, now, retrieve, now.by_id)
        left_out = {hit.paper.paper_id for hit in gone}
        n_before = len(papers)
        papers = [p for p in papers if p.paper_id not in left_out]
    if ask.topic:
        wanted = {p.paper_id for p in papers}
        few = bool(intent.several("focus")) or _of_one_person(settled.conditions)
        papers, decided = _about(ask.topic, now, retrieve, wanted, few=few)
        if not papers and (spelt := respelt(ask.topic, now)) != ask.topic:
            papers, decided = _about(spelt, now, retrieve, wanted, few=few)
            note = f"showing {plain(spelt)} for '{plain(ask.topic)}'"
            ask = replace(ask, topic=spelt, notes=(*ask.notes, note)) if papers else ask
    if ask.excluded and not ask.topic:
        about = counted(n_before - len(papers))
        decided = f"({about} about {plain(ask.excluded)} left out.)"
    unread = f"I cannot check '{plain(ask.unread)}', so it is not taken into account."
    if ask.unread and not settled.conditions and not ask.topic:
        text = (
            f"I cannot check '{plain(ask.unread)}' over the whole library. What can be counted: years, "
            "categories, affiliations, authors, pages, the Code mark, links, and words in titles."
        )
        return Answer(intent.question, "abstained", "catalogue", text, library=now.fingerprint)
    made = _of_papers(intent, ask, settled, papers, whole, now, decided)
    if ask.unread:
        made = replace(made, text=f"{unread}\n\n{made.text}", warnings=(unread,))
    settled = replace(settled, notes=(*settled.notes, *ask.notes))
    return _signed(made, now, settled, intent)


def _about(
    topic: str, now: Census, retrieve: Retrieve, among: Collection[str], *, few: bool
) -> tuple[list[Paper], str]:
    """The papers on a topic, and how that was decided, where both ways of deciding had a part.

    Of a few papers, such as one person's, those that touch it, which is more generous.
    """
    if few:
        return [hit.paper for hit in touching(topic, now, retrieve, among)], ""
    found, n_said = listed(topic, now, retrieve, among)
    n_near = len(found) - n_said
    said = f"{n_said} {'says' if n_said == 1 else 'say'} it in these words"
    near = f"{n_near} {'is' if n_near == 1 else 'are'} close in meaning"
    told = [part for n, part in ((n_said, said), (n_near, near)) if n]
    return [hit.paper for hit in found], f"({', '.join(told)}.)" if told else ""


def _matching(now: Census, conditions: Sequence[Condition], intent: Intent) -> list[Paper]:
    """Papers that meet the conditions, of those that the question points at if it does."""
    focus = intent.several("focus")
    return [p for p in matching(now, conditions) if not focus or p.paper_id in focus]


_ALIKE = 5
_MOST_ALIKE = 10


def _alike(
    intent: Intent, paper_id: str, now: Census, retrieve: Retrieve, under: Sequence[Condition]
) -> Answer:
    """Papers about the same as one paper; where none is, the nearest ones, said to be no more."""
    paper = now.by_id[paper_id]
    others = without(retrieve, paper_id)
    met = {p.paper_id for p in matching(now, under)}
    about = [hit.paper for hit in on_topic(paper.name, now, others)]
    found = [p for p in about if p.paper_id in met][:_MOST_ALIKE]
    near = found
    if not found:
        n = _ALIKE if len(met) + 1 >= len(now.papers) else WIDE
        ids = [h.paper.paper_id for h in others(paper.name, n).papers]
        near = [now.by_id[i] for i in ids if i in met][:_ALIKE]
    listing = Listing(paper.name)
    which = spaced(said_all(under))
    head = f"Nearest in subject to **{plain(paper.name)}**{which}:"
    if not found:
        head = f"No other paper here{which} is about the same as **{plain(paper.name)}**"
        head += "; the nearest are:" if near else "."
    return Answer(
        intent.question,
        "answered",
        "catalogue",
        f"{head}\n\n{listing.rows(near)}",
        listing.citations,
        scored(near),
        value=sources(near),
    )


def _of_one_person(conditions: Sequence[Condition]) -> bool:
    return any(
        c.field in ("author", "printed", "first author", "last author") and c.operator == "is"
        for c in conditions
    )


def _signed(made: Answer, now: Census, settled: Settled, intent: Intent | None = None) -> Answer:
    """The answer with how names were read said first."""
    notes = [note for note in settled.notes if note not in made.text]
    text = f"({'; '.join(notes)})\n\n{made.text}" if notes else made.text
    made = replace(made, text=text, library=now.fingerprint)
    return made if intent is None else replace(made, text=closed(made, intent))


def _choices(intent: Intent, settled: Settled) -> Answer:
    """Several persons fit a name: they are offered, not merged."""
    text = "\n".join(map(choose_one, settled.choices))
    return Answer(intent.question, "answered", "catalogue", text)


# --- papers ---------------------------------------------------------------------------------


def _of_papers(
    intent: Intent,
    ask: Ask,
    settled: Settled,
    papers: list[Paper],
    whole: Sequence[Paper],
    now: Census,
    decided: str,
) -> Answer:
    phrase = _phrase(ask, settled.conditions, intent)
    if ask.verb == "documents":
        return answer_documents(intent, now)
    if not papers:
        return _none(intent, ask, phrase, settled.conditions, whole, now)
    if ask.verb == "extreme":
        return answer_extreme(intent, ask, papers, phrase, now)
    if ask.verb == "average":
        return answer_average(intent, ask, papers, phrase, now)
    if ask.verb == "group" and "share" in ask.of:
        return answer_shares(intent, ask, papers, _matching(now, ask.base, intent), now)
    if ask.verb == "group":
        return answer_group(intent, ask, papers, phrase, now)
    if ask.verb == "distinct":
        return answer_distinct(intent, ask, papers, phrase, now)
    if ask.verb == "people":
        return answer_people(intent, ask, papers, phrase, now)
    listing = Listing(ask.topic or "")
    papers = papers if ask.topic else sorted(papers, key=newest_first)
    head = f"**{counted(len(papers))}**{spaced(phrase)}."
    if ask.verb == "count" and not phrase:
        head = _whole_library(now)
    elif ask.of == ("share",):
        base = _matching(now, ask.base, intent)
        share = f"{len(papers) / len(base):.0%}"
        part = said_all([c for c in settled.conditions if c not in ask.base])
        about = f"about {plain(ask.topic)}" if ask.topic else ""
        head = f"**{share}**: {len(papers)} of the {counted(len(base))} here{spaced(said_all(ask.base))} are{spaced(part)}{spaced(about)}."
    elif ask.verb == "list" and len(papers) > 1:
        head = f"{counted(len(papers))}{spaced(phrase)}; {min(len(papers), SHOWN)} of {len(papers)} are listed."
    alone = len(settled.conditions) == 1 and not ask.topic and not intent.several("focus")
    more = _asides(intent, settled.conditions, papers, now, alone=alone)
    more = f"{decided} {more}".strip()
    shown = SHOWN if ask.verb == "list" else _SHOWN_OF_A_COUNT
    rows = listing.rows(papers, k=shown) if phrase or ask.verb == "list" else ""
    text = "\n\n".join(filter(None, (f"{head} {more}".strip(), rows)))
    ambiguous = alone and _is_ambiguous(settled.conditions[0], now)
    value: Value = sources(papers) if ask.verb == "list" else None if ambiguous else len(papers)
    if ask.of == ("share",):
        value = share
    if ask.verb == "count" and not phrase and re.search(r"\bentr(?:y|ies)\b", intent.question):
        value = sum(len(p.places) for p in papers)
    return Answer(
        intent.question,
        "answered",
        "catalogue",
        text,
        listing.citations,
        scored(papers),
        value=value,
    )


def _phrase(ask: Ask, conditions: Sequence[Condition], intent: Intent) -> str:
    about = f"about {plain(ask.topic)}" if ask.topic else ""
    if ask.excluded:
        about = f"{about}{' and ' if about else ''}not about {plain(ask.excluded)}"
    among = "among those just shown" if intent.parts.get("focus") else ""
    return " ".join(filter(None, (said_all(conditions), about, among)))


def _whole_library(now: Census) -> str:
    places = sum(len(p.places) for p in now.papers)
    twice = sum(len(p.places) > 1 for p in now.papers)
    head = f"**{counted(len(now.papers))}** in the library"
    if twice:
        stands = "stands" if twice == 1 else "stand"
        head += f" ({counted(places, 'entry')}; {twice} {stands} in more than one seed document)"
    return head + "."


def _is_ambiguous(only: Condition, now: Census) -> bool:
    """``How many papers does X have?``: the page's own figure and what is held differ."""
    page = now.page(str(only.value)) if (only.field, only.operator) == ("author", "is") else None
    return page is not None and page.n_papers is not None


def _asides(
    intent: Intent,
    conditions: Sequence[Condition],
    papers: Sequence[Paper],
    now: Census,
    *,
    alone: bool,
) -> str:
    """What should be known beside the figure: a page's own count, papers that print no mark."""
    said = []
    for condition in conditions:
        page = now.page(str(condition.value)) if condition.field in ("author", "page") else None
        if alone and page is not None and page.n_papers is not None:
            said.append(
                f"The page itself says {counted(page.n_papers)}, of which "
                f"{len(now.page_papers[page.person])} are listed on it here."
            )
            if condition.field == "author":
                n = sum(page.person in p.authors for p in papers)
                said.append(f"{n} of them print the name; the others stand on the own page.")
        if condition.field == "last author":
            said.append(_cut(condition, now))
        said.append(_uncounted(condition, conditions, now, intent))
        if condition.field == "code" and not condition.value:
            silent = sum(p.code is None for p in papers)
            if silent:
                said.append(f"{silent} of them come from documents that print no such mark.")
    timed = [c for c in conditions if c.field in ("year", "date") and c.operator != "unknown"]
    if timed:
        rest = [c for c in conditions if c not in timed]
        among = _matching(now, rest, intent)
        n = sum(p.year is None for p in among)
        if n:
            said.append(
                f"({counted(n)}{spaced(said_all(rest))} without a printed year not counted.)"
            )
        vague = sum(_undecided(p, timed) for p in among)
        if vague:
            said.append(f"({counted(vague)} of those years without a printed month not counted.)")
    return " ".join(filter(None, said))


def _uncounted(
    condition: Condition, conditions: Sequence[Condition], now: Census, intent: Intent
) -> str:
    """That some lists end in 'et al.' before it can be told whether they are long enough."""
    least = least_authors(condition)
    if least is None:
        return ""
    rest = _matching(now, [c for c in conditions if c != condition], intent)
    cut = [p for p in rest if p.authors and not p.authors_complete]
    n = sum(len(p.authors) + 1 < least for p in cut)
    return f"({counted(n)} with a list that ends in 'et al.' may be too, not counted.)" if n else ""


def _cut(condition: Condition, now: Census) -> str:
    """That the last authors of some papers by the person are not printed."""
    who = [v for v in (condition.value,) if isinstance(v, str)]
    n = sum(not p.authors_complete for name in who for p in now.papers_of(name))
    return f"({counted(n)} of theirs with a list that ends in 'et al.' not counted.)" if n else ""


def _undecided(paper: Paper, timed: Sequence[Condition]) -> bool:
    """Whether a paper of which only the year (or month) is printed may be of the days asked for."""
    spans = [c for c in timed if c.field == "date" and "between" in c.operator]
    if paper.year is None or (paper.month and paper.day) or not spans:
        return False
    shut = [replace(c, operator="not between") for c in spans if c.operator == "between"]
    now_in = all(dated_within(paper, c) for c in spans)
    return not now_in and not any(dated_within(paper, c) for c in shut)


def _none(
    intent: Intent,
    ask: Ask,
    phrase: str,
    conditions: Sequence[Condition],
    whole: Sequence[Paper],
    now: Census,
) -> Answer:
    """No paper matches: say none, and which filter would have matched."""
    timed = [c for c in conditions if c.field in ("year", "date")]
    rest = _matching(now, [c for c in conditions if c not in timed], intent)
    if vague := sum(_undecided(p, timed) for p in rest):
        text = (
            f"That cannot be told: {counted(vague)} of those years"
            f" {'prints' if vague == 1 else 'print'} no month, and no other paper is{spaced(phrase)}."
        )
        return Answer(intent.question, "abstained", "catalogue", text)
    text = f"None: no paper{spaced(phrase)} in this library."
    if ask.topic and whole and conditions:
        text += f" Papers {said_all(conditions)}: {len(whole)}, none of them on that topic."
    elif ends := [c for c in conditions if c.field == "last author"]:
        text += f" {_cut(ends[0], now)}"
    elif told := " ".join(
        filter(None, (_uncounted(c, conditions, now, intent) for c in conditions))
    ):
        text += f" {told}"
    elif not intent.several("focus") and (more := nearest(now, conditions)):
        text += f" {more}"
    status: Status = "abstained" if ask.topic and not conditions else "answered"
    value: Value = 0 if ask.verb in ("count", "distinct") else ()
    return Answer(intent.question, status, "catalogue", text, value=value)
