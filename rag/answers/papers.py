"""Answers to catalogue questions: computed over the whole library, complete, each row cited."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.answers import phrases
from rag.answers.alternatives import add_closing_line
from rag.answers.attributes import answer_attributes
from rag.answers.averages import answer_average, answer_shares
from rag.answers.orders import (
    Value,
    answer_distinct,
    answer_documents,
    answer_extreme,
    answer_group,
    answer_people,
)
from rag.answers.page_figures import answer_figures
from rag.answers.rows import MAX_ROWS, Listing, build_scored_papers
from rag.library.fields import (
    format_condition,
    format_conditions,
    get_least_authors,
    is_dated_within,
)
from rag.library.selection import (
    ResolvedConditions,
    choose_one,
    find_matching_papers,
    format_nearest,
    resolve_conditions,
)
from rag.library.snapshot import LibrarySnapshot, LibrarySource, get_recency_key, load_snapshot
from rag.search.topics import (
    WIDE,
    build_retrieve_without,
    find_on_topic,
    list_on_topic,
    resolve_spelling,
    select_touching,
)
from rag.text.markdown import plain
from rag.types import Answer, Condition, Intent, Paper, Status, list_sources
from rag.types.retrievals import Retrieve
from rag.understanding.catalogue_ask import Ask

_SHOWN_OF_A_COUNT = 20


def answer_papers(intent: Intent, library: LibrarySource, retrieve: Retrieve) -> Answer:
    """The answer to a catalogue intent; abstains where the library cannot know.

    Args:
        intent: With ``conditions``; ``parts`` may hold ``ask`` (Ask), ``people`` (mentions) and
            ``focus`` (ids of the papers that the question is restricted to).
        library: Read whole.
        retrieve: Finds papers for a topic among the conditions.
    """
    snapshot = load_snapshot(library)
    ask = intent.parts.get("ask")
    ask = ask if isinstance(ask, Ask) else Ask("list")
    people = intent.get_several("people")
    resolved_conditions = resolve_conditions(intent.conditions, people, snapshot)
    ask = replace(ask, base=resolve_conditions(ask.base, people, snapshot).conditions)
    if ask.verb == "figures":
        return _add_name_notes(
            answer_figures(intent, ask, resolved_conditions, people, snapshot),
            snapshot,
            resolved_conditions,
        )
    if ask.verb == "attribute":
        return _add_name_notes(
            answer_attributes(intent, ask, snapshot), snapshot, resolved_conditions
        )
    if resolved_conditions.choices:
        return _add_name_notes(
            _render_choices(intent, resolved_conditions), snapshot, resolved_conditions
        )
    # "papers affiliated with Stanford?": the value is not in the library, which is not the same
    # as no paper.
    if resolved_conditions.absent:
        value: Value = 0 if ask.verb in ("count", "distinct") else ()
        text = " ".join(resolved_conditions.absent)
        answer = Answer(intent.question, "abstained", "catalogue", text, value=value)
        return _add_name_notes(answer, snapshot, resolved_conditions)
    papers = full = _find_matching(snapshot, resolved_conditions.conditions, intent)
    if isinstance(alike := intent.parts.get("alike"), str):
        return _add_name_notes(
            _answer_similar(intent, alike, snapshot, retrieve, resolved_conditions.conditions),
            snapshot,
            resolved_conditions,
            intent,
        )
    decided = ""
    # "Which papers are not about masks?": papers near the topic count as about it, so that none
    # of them slips in.
    if ask.excluded:
        removed_items, _ = list_on_topic(ask.excluded, snapshot, retrieve, snapshot.by_id)
        left_out = {hit.paper.paper_id for hit in removed_items}
        n_before = len(papers)
        papers = [p for p in papers if p.paper_id not in left_out]
    if ask.topic:
        wanted = {p.paper_id for p in papers}
        # "what did Shiming Ge publish on dataset condensation in 2024?": of one person's papers,
        # those that touch the topic will do.
        few = bool(intent.get_several("focus")) or _has_one_person(resolved_conditions.conditions)
        papers, decided = _find_papers_about(ask.topic, snapshot, retrieve, wanted, few=few)
        # Only a topic without papers is spelt anew: a rare word that is right must stay.
        if not papers and (spelt := resolve_spelling(ask.topic, snapshot)) != ask.topic:
            papers, decided = _find_papers_about(spelt, snapshot, retrieve, wanted, few=few)
            note = phrases.tell_spelling(plain(spelt), plain(ask.topic))
            ask = replace(ask, topic=spelt, notes=(*ask.notes, note)) if papers else ask
    if ask.excluded and not ask.topic:
        decided = phrases.tell_excluded_papers(n_before - len(papers), plain(ask.excluded))
    unread = phrases.refuse_unread(plain(ask.unread))
    # "papers not ..." with nothing else understood would list the whole library as the answer.
    if ask.unread and not resolved_conditions.conditions and not ask.topic:
        text = phrases.refuse_unread_alone(plain(ask.unread))
        return Answer(intent.question, "abstained", "catalogue", text, library=snapshot.fingerprint)
    answer = _answer_on_papers(intent, ask, resolved_conditions, papers, full, snapshot, decided)
    if ask.unread:
        answer = replace(answer, text=f"{unread}\n\n{answer.text}", warnings=(unread,))
    resolved_conditions = replace(
        resolved_conditions, notes=(*resolved_conditions.notes, *ask.notes)
    )
    return _add_name_notes(answer, snapshot, resolved_conditions, intent)


def _find_papers_about(
    topic: str, library: LibrarySnapshot, retrieve: Retrieve, among: Collection[str], *, few: bool
) -> tuple[list[Paper], str]:
    """The papers on a topic, and how that was decided, where both ways of deciding had a part.

    Of a few papers, such as one person's, those that touch it, which is more generous.
    """
    if few:
        return [hit.paper for hit in select_touching(topic, library, retrieve, among)], ""
    on_topic, n_said = list_on_topic(topic, library, retrieve, among)
    how_found = phrases.tell_how_found(n_said, len(on_topic) - n_said)
    return [hit.paper for hit in on_topic], how_found


def _find_matching(
    library: LibrarySnapshot, conditions: Sequence[Condition], intent: Intent
) -> list[Paper]:
    """Papers that meet the conditions, of those that the question points at if it does."""
    focus = intent.get_several("focus")
    return [
        p for p in find_matching_papers(library, conditions) if not focus or p.paper_id in focus
    ]


_ALIKE = 5
_MOST_ALIKE = 10


def _answer_similar(
    intent: Intent,
    paper_id: str,
    library: LibrarySnapshot,
    retrieve: Retrieve,
    under: Sequence[Condition],
) -> Answer:
    """Papers about the same as one paper; where none is, the nearest ones, said to be no more."""
    paper = library.by_id[paper_id]
    retrieve_others = build_retrieve_without(retrieve, paper_id)
    met = {p.paper_id for p in find_matching_papers(library, under)}
    about = [hit.paper for hit in find_on_topic(paper.name, library, retrieve_others)]
    similar = [p for p in about if p.paper_id in met][:_MOST_ALIKE]
    nearest_papers = similar
    # "what is DuetFace? / similar papers? / from 2024?": none is near enough; the nearest are
    # offered.
    if not similar:
        n = _ALIKE if len(met) + 1 >= len(library.papers) else WIDE
        ids = [h.paper.paper_id for h in retrieve_others(paper.name, n).papers]
        nearest_papers = [library.by_id[i] for i in ids if i in met][:_ALIKE]
    listing = Listing(paper.name)
    head = phrases.head_similar(
        plain(paper.name),
        format_conditions(under),
        n_about_the_same=len(similar),
        n_nearest=len(nearest_papers),
    )
    return Answer(
        intent.question,
        "answered",
        "catalogue",
        f"{head}\n\n{listing.render_rows(nearest_papers)}",
        listing.citations,
        build_scored_papers(nearest_papers),
        value=list_sources(nearest_papers),
    )


def _has_one_person(conditions: Sequence[Condition]) -> bool:
    return any(
        c.field in ("author", "printed", "first author", "last author") and c.operator == "is"
        for c in conditions
    )


def _add_name_notes(
    computed_answer: Answer,
    library: LibrarySnapshot,
    resolved_conditions: ResolvedConditions,
    intent: Intent | None = None,
) -> Answer:
    """The answer with how names were read said first."""
    notes = [note for note in resolved_conditions.notes if note not in computed_answer.text]
    text = phrases.put_notes_first(notes, computed_answer.text)
    computed_answer = replace(computed_answer, text=text, library=library.fingerprint)
    return (
        computed_answer
        if intent is None
        else replace(computed_answer, text=add_closing_line(computed_answer, intent))
    )


def _render_choices(intent: Intent, resolved_conditions: ResolvedConditions) -> Answer:
    """Several persons fit a name: they are offered, not merged."""
    text = "\n".join(map(choose_one, resolved_conditions.choices))
    return Answer(intent.question, "answered", "catalogue", text)


# --- papers ---------------------------------------------------------------------------------


def _answer_on_papers(
    intent: Intent,
    ask: Ask,
    resolved_conditions: ResolvedConditions,
    papers: list[Paper],
    all_papers: Sequence[Paper],
    library: LibrarySnapshot,
    decided: str,
) -> Answer:
    phrase = _format_phrase(ask, resolved_conditions.conditions, intent)
    if ask.verb == "documents":
        return answer_documents(intent, library)
    if not papers:
        return _answer_none(
            intent, ask, phrase, resolved_conditions.conditions, all_papers, library
        )
    if ask.verb == "extreme":
        return answer_extreme(intent, ask, papers, phrase, library)
    if ask.verb == "average":
        return answer_average(intent, ask, papers, phrase, library)
    # "share of papers with code per year"
    if ask.verb == "group" and "share" in ask.of:
        return answer_shares(
            intent, ask, papers, _find_matching(library, ask.base, intent), library
        )
    if ask.verb == "group":
        return answer_group(intent, ask, papers, phrase, library)
    if ask.verb == "distinct":
        return answer_distinct(intent, ask, papers, phrase, library)
    if ask.verb == "people":
        return answer_people(intent, ask, papers, phrase, library)
    listing = Listing(ask.topic or "")
    papers = papers if ask.topic else sorted(papers, key=get_recency_key)
    alone = (
        len(resolved_conditions.conditions) == 1
        and not ask.topic
        and not intent.get_several("focus")
    )
    remarks = _list_remarks(intent, resolved_conditions.conditions, papers, library, alone=alone)
    remarks = f"{decided} {remarks}".strip()
    head = f"{phrases.tell_count(len(papers), phrase)} {remarks}".strip()
    # "how many papers?": the size of the library, in which a paper may have several entries.
    if ask.verb == "count" and not phrase:
        head = f"{_format_library_size(library)} {remarks}".strip()
    # "what share of Ann Mao's papers are from 2024?"
    elif ask.of == ("share",):
        base = _find_matching(library, ask.base, intent)
        share = f"{len(papers) / len(base):.0%}"
        head = (
            f"{_format_share(ask, resolved_conditions.conditions, papers, base)} {remarks}".strip()
        )
    elif ask.verb == "list" and len(papers) > 1:
        head = phrases.head_list(len(papers), phrase, MAX_ROWS, remarks)
    n_shown = MAX_ROWS if ask.verb == "list" else _SHOWN_OF_A_COUNT
    rows = listing.render_rows(papers, k=n_shown) if phrase or ask.verb == "list" else ""
    text = "\n\n".join(filter(None, (head, rows)))
    # "how many papers does Shiming Ge have?": the page's own figure differs, so no single number
    # is the value.
    ambiguous = alone and _is_ambiguous(resolved_conditions.conditions[0], library)
    value: Value = (
        list_sources(papers) if ask.verb == "list" else None if ambiguous else len(papers)
    )
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
        build_scored_papers(papers),
        value=value,
    )


def _format_phrase(ask: Ask, conditions: Sequence[Condition], intent: Intent) -> str:
    about = f"about {plain(ask.topic)}" if ask.topic else ""
    if ask.excluded:
        about = f"{about}{' and ' if about else ''}not about {plain(ask.excluded)}"
    among = "among those just shown" if intent.parts.get("focus") else ""
    return " ".join(filter(None, (format_conditions(conditions), about, among)))


def _format_share(
    ask: Ask, conditions: Sequence[Condition], papers: Sequence[Paper], base: Sequence[Paper]
) -> str:
    """What part of the base the papers are, each condition beyond the base as a verb of its own."""
    parts = [format_condition(c) for c in conditions if c not in ask.base and c.field != "paper"]
    parts += [f"about {plain(ask.topic)}"] if ask.topic else []
    predicates = [phrases.turn_to_predicate(len(papers), part) for part in parts]
    return phrases.tell_share(len(papers), len(base), format_conditions(ask.base), predicates)


def _format_library_size(library: LibrarySnapshot) -> str:
    return phrases.tell_library_size(
        len(library.papers),
        sum(len(p.places) for p in library.papers),
        sum(len(p.places) > 1 for p in library.papers),
    )


def _is_ambiguous(only: Condition, library: LibrarySnapshot) -> bool:
    """``How many papers does X have?``: the page's own figure and what is held differ."""
    page = (
        library.find_page(str(only.value))
        if (only.field, only.operator) == ("author", "is")
        else None
    )
    return page is not None and page.n_papers is not None


def _list_remarks(
    intent: Intent,
    conditions: Sequence[Condition],
    papers: Sequence[Paper],
    library: LibrarySnapshot,
    *,
    alone: bool,
) -> str:
    """What should be known beside the figure: a page's own count, papers that print no mark."""
    remarks = []
    for condition in conditions:
        page = (
            library.find_page(str(condition.value))
            if condition.field in ("author", "page")
            else None
        )
        # "how many papers on Shiming Ge's page are in the library?"
        if alone and page is not None and page.n_papers is not None:
            n_in_library = len(library.page_papers[page.person])
            remarks.append(phrases.tell_page_count(page.n_papers, n_in_library))
            if condition.field == "author":
                n = sum(page.person in p.authors for p in papers)
                remarks.append(phrases.tell_printed_names(n))
        if condition.field == "last author":
            remarks.append(_format_cut_lists(condition, library))
        remarks.append(_format_uncounted(condition, conditions, library, intent))
        # "CV papers without code": a document that prints no marks at all leaves it unknown.
        if condition.field == "code" and not condition.value:
            silent = sum(p.code is None for p in papers)
            if silent:
                remarks.append(phrases.tell_without_mark(len(papers), silent))
    timed = [c for c in conditions if c.field in ("year", "date") and c.operator != "unknown"]
    if timed:
        rest = [c for c in conditions if c not in timed]
        among = _find_matching(library, rest, intent)
        n = sum(p.year is None for p in among)
        if n:
            remarks.append(phrases.tell_undated(n, format_conditions(rest)))
        # "how many papers from the first half of 2023?": papers of 2023 without a month may be
        # too.
        vague = sum(_is_undecided(p, timed) for p in among)
        if vague:
            remarks.append(phrases.tell_without_month(vague))
    return " ".join(filter(None, remarks))


def _format_uncounted(
    condition: Condition, conditions: Sequence[Condition], library: LibrarySnapshot, intent: Intent
) -> str:
    """That some lists end in 'et al.' before it can be told whether they are long enough."""
    least = get_least_authors(condition)
    if least is None:
        return ""
    rest = _find_matching(library, [c for c in conditions if c != condition], intent)
    cut = [p for p in rest if p.authors and not p.authors_complete]
    n = sum(len(p.authors) + 1 < least for p in cut)
    return phrases.tell_uncounted_lists(n) if n else ""


def _format_cut_lists(condition: Condition, library: LibrarySnapshot) -> str:
    """That the last authors of some papers by the person are not printed."""
    who = [v for v in (condition.value,) if isinstance(v, str)]
    n = sum(not p.authors_complete for name in who for p in library.list_papers_of(name))
    return phrases.tell_cut_lists_of_person(n) if n else ""


def _is_undecided(paper: Paper, timed: Sequence[Condition]) -> bool:
    """Whether a paper of which only the year (or month) is printed may be of the days asked for."""
    spans = [c for c in timed if c.field == "date" and "between" in c.operator]
    if paper.year is None or (paper.month and paper.day) or not spans:
        return False
    shut = [replace(c, operator="not between") for c in spans if c.operator == "between"]
    now_in = all(is_dated_within(paper, c) for c in spans)
    return not now_in and not any(is_dated_within(paper, c) for c in shut)


def _answer_none(
    intent: Intent,
    ask: Ask,
    phrase: str,
    conditions: Sequence[Condition],
    all_papers: Sequence[Paper],
    library: LibrarySnapshot,
) -> Answer:
    """No paper matches: say none, and which filter would have matched."""
    timed = [c for c in conditions if c.field in ("year", "date")]
    rest = _find_matching(library, [c for c in conditions if c not in timed], intent)
    # "papers from 2024 / and in February?": undated papers of that year forbid a plain no.
    if vague := sum(_is_undecided(p, timed) for p in rest):
        text = phrases.tell_undecided(vague, phrase)
        return Answer(intent.question, "abstained", "catalogue", text)
    text = phrases.tell_none(phrase)
    # "papers about drones from 2024"
    if ask.topic and all_papers and conditions:
        text += f" {phrases.tell_none_on_topic(len(all_papers), format_conditions(conditions))}"
    elif ends := [c for c in conditions if c.field == "last author"]:
        text += f" {_format_cut_lists(ends[0], library)}"
    elif notes := " ".join(
        filter(None, (_format_uncounted(c, conditions, library, intent) for c in conditions))
    ):
        text += f" {notes}"
    # "how many papers from 1999?": which condition is in the way.
    elif not intent.get_several("focus") and (suggestion := format_nearest(library, conditions)):
        text += f" {suggestion}"
    status: Status = "abstained" if ask.topic and not conditions else "answered"
    value: Value = 0 if ask.verb in ("count", "distinct") else ()
    return Answer(intent.question, status, "catalogue", text, value=value)
