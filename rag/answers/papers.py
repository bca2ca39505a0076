"""Answers to catalogue questions: computed over the whole library, complete, each row cited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.answers import person_phrases, phrases
from rag.answers.attributes import answer_attributes
from rag.answers.averages import answer_average, answer_average_size, answer_shares
from rag.answers.orders import (
    Value,
    answer_distinct,
    answer_extreme,
    answer_groups,
    answer_in_order,
)
from rag.answers.page_figures import answer_figures, is_figure, refuse_figures_of_papers
from rag.answers.ranked_people import answer_people
from rag.answers.rows import MAX_ROWS, Listing, build_scored_papers
from rag.library.fields import (
    format_condition,
    format_conditions,
    get_least_authors,
    is_undecided,
)
from rag.library.selection import (
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
from rag.types import Answer, Condition, Paper, Status, list_sources
from rag.types.fields import FIELDS, QueryError
from rag.types.query import Query, Topic
from rag.types.retrievals import Retrieve

_SHOWN_OF_A_COUNT = 20


def answer_papers(query: Query, library: LibrarySource, retrieve: Retrieve) -> Answer:
    """The answer to a query about papers and their fields; abstains where the library cannot know.

    Args:
        query: Of papers, counts, shares, groups, extremes, values, or people without a topic.
        library: Read whole.
        retrieve: Finds papers for a topic among the conditions.

    Raises:
        QueryError: Fields and what is wanted do not go together.
    """
    snapshot = load_snapshot(library)
    resolved = resolve_conditions(query.where, snapshot)
    base = resolve_conditions(query.base, snapshot).conditions
    query = replace(query, where=resolved.conditions, base=base)
    answer = _answer_figures(query, snapshot)
    if answer is None and resolved.choices:
        # Several persons fit a name: they are offered, not merged.
        text = "\n".join(map(choose_one, resolved.choices))
        answer = Answer("", "answered", "catalogue", text)
    if answer is None and resolved.absent:
        # "papers affiliated with Stanford?": the value is not in the library, which is not the
        # same as no paper.
        text = " ".join(resolved.absent)
        answer = Answer("", "abstained", "catalogue", text, value=_get_empty_value(query))
    if answer is None:
        answer = _answer_on_papers(query, snapshot, retrieve)
    notes = [note for note in resolved.notes if note not in answer.text]
    text = phrases.put_notes_first(notes, answer.text)
    return replace(answer, text=text, library=snapshot.fingerprint)


def _answer_figures(query: Query, library: LibrarySnapshot) -> Answer | None:
    """Figures that author pages print, of people; None if none is asked for."""
    field = query.order.field if query.order else ""
    if query.want == "extreme" and is_figure(field):
        return refuse_figures_of_papers(library)
    if query.want in ("values", "people") and any(map(is_figure, (*query.by, field))):
        return answer_figures(query, query.where, library)
    return None


def _get_empty_value(query: Query) -> Value:
    is_figure_wanted = query.want == "count" or (query.want == "share" and not query.by)
    return 0 if is_figure_wanted else ()


def _split_conditions(query: Query) -> tuple[list[Condition], list[Condition]]:
    """Those on papers, and those on people, which only a question for people can have."""
    of_people = [c for c in query.where if FIELDS[c.field].of == "person"]
    counts_people = query.want == "people" or (
        query.want == "count" and any(FIELDS[f].type == "person" for f in query.by)
    )
    if of_people and not counts_people:
        fields = ", ".join(c.field for c in of_people)
        raise QueryError(
            f"{fields} is a figure of people: ask for people, as in 'people by author where ...'"
        )
    return [c for c in query.where if c not in of_people], of_people


# --- which papers ---------------------------------------------------------------------------


def _answer_on_papers(query: Query, library: LibrarySnapshot, retrieve: Retrieve) -> Answer:
    conditions, of_people = _split_conditions(query)
    limits = [*query.base, *(c for c in conditions if c not in query.base)]
    matching = _find_matching(library, limits, query)
    if query.like:
        return _answer_similar(query.like, library, retrieve, conditions)
    query = replace(query, where=tuple(limits))
    papers, query, note, remark = _select_by_topic(query, matching, library, retrieve)
    answer = _answer_selected(query, papers, matching, of_people, library, remark)
    text = phrases.put_notes_first([note] if note else [], answer.text)
    return replace(answer, text=text)


def _select_by_topic(
    query: Query, papers: Sequence[Paper], library: LibrarySnapshot, retrieve: Retrieve
) -> tuple[list[Paper], Query, str, str]:
    """The papers on (and not off) the topic, the query with the topic as it was spelt for that, a
    note if it was spelt anew, and how the papers were found.
    """
    if query.about is None:
        return list(papers), query, "", ""
    n_before = len(papers)
    # "Which papers are not about masks?": papers near the topic count as about it, so that none
    # of them slips in.
    if query.without:
        removed_items, _ = list_on_topic(query.without, library, retrieve, library.by_id)
        left_out = {hit.paper.paper_id for hit in removed_items}
        papers = [p for p in papers if p.paper_id not in left_out]
    topic = query.topic
    if not topic:
        remark = phrases.tell_excluded_papers(n_before - len(papers), plain(query.without))
        return list(papers), query, "", remark
    among = {p.paper_id for p in papers}
    # "what did Shiming Ge publish on dataset condensation in 2024?": of one person's papers, those
    # that touch the topic will do.
    few = bool(query.papers) or _has_one_person(query.where)
    on_topic, remark = _find_papers_about(topic, library, retrieve, among, few=few)
    # Only a topic without papers is spelt anew: a rare word that is right must stay.
    if not on_topic and (spelt := resolve_spelling(topic, library)) != topic:
        on_topic, remark = _find_papers_about(spelt, library, retrieve, among, few=few)
        if on_topic:
            about = Topic(spelt, query.without)
            note = phrases.tell_spelling(plain(spelt), plain(topic))
            return on_topic, replace(query, about=about), note, remark
    return on_topic, query, "", remark


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
    library: LibrarySnapshot, conditions: Sequence[Condition], query: Query
) -> list[Paper]:
    """Papers that meet the conditions, of those that the question points at if it does."""
    return [
        p
        for p in find_matching_papers(library, conditions)
        if not query.papers or p.paper_id in query.papers
    ]


def _has_one_person(conditions: Sequence[Condition]) -> bool:
    roles = ("author", "printed_author", "first_author", "last_author")
    return any(c.field in roles and c.operator == "is" for c in conditions)


_ALIKE = 5
_MOST_ALIKE = 10


def _answer_similar(
    paper_id: str, library: LibrarySnapshot, retrieve: Retrieve, under: Sequence[Condition]
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
        "",
        "answered",
        "catalogue",
        f"{head}\n\n{listing.render_rows(nearest_papers)}",
        listing.citations,
        build_scored_papers(nearest_papers),
        value=list_sources(nearest_papers),
    )


# --- what is said of them -------------------------------------------------------------------


def _answer_selected(
    query: Query,
    papers: list[Paper],
    matching: Sequence[Paper],
    of_people: Sequence[Condition],
    library: LibrarySnapshot,
    remark: str,
) -> Answer:
    """What is wanted of the papers that meet the conditions and are on the topic.

    ``matching``: those that meet the conditions; ``remark``: how the ones on the topic were found.
    """
    phrase = _format_phrase(query)
    if query.want == "values" and query.measure == "each":
        if query.papers:  # as they were named or shown
            papers = sorted(papers, key=lambda p: query.papers.index(p.paper_id))
        return answer_attributes(query.by, papers, library)
    if not papers:
        return _answer_none(query, phrase, matching, library)
    if query.want == "extreme":
        return answer_extreme(query, papers, phrase, library)
    if query.want == "papers" and query.order is not None:
        return answer_in_order(query, papers, phrase, library)
    if query.want == "values":
        return answer_average(query, papers, phrase, library)
    # "share of papers with code per year"
    if query.want == "share" and query.by:
        return answer_shares(query, papers, _find_matching(library, query.base, query), library)
    if query.want == "groups" and query.measure == "average":
        return answer_average_size(query.by[0], papers, phrase, library)
    if query.want == "groups":
        return answer_groups(query, papers, phrase, library)
    if query.want == "people" or of_people:
        return answer_people(query, papers, of_people, phrase, library)
    if query.by and query.by != ("place",):
        return answer_distinct(query.by[0], papers, phrase, library)
    return _answer_list(query, papers, phrase, library, remark)


def _answer_list(
    query: Query, papers: list[Paper], phrase: str, library: LibrarySnapshot, remark: str
) -> Answer:
    """A count, a share or a list, with rows."""
    listing = Listing(query.topic)
    papers = papers if query.topic else sorted(papers, key=get_recency_key)
    conditions = query.where
    is_alone = len(conditions) == 1 and not query.topic and not query.papers
    remarks = _list_remarks(query, papers, library, is_alone=is_alone)
    remarks = f"{remark} {remarks}".strip()
    n_shown = _SHOWN_OF_A_COUNT
    value: Value = len(papers)
    if query.want == "papers":
        n_shown = min(MAX_ROWS, query.k or MAX_ROWS)
        value = list_sources(papers[: query.k])
        head = f"{phrases.tell_count(len(papers), phrase)} {remarks}"
        if len(papers) > 1:
            head = phrases.head_list(len(papers), phrase, n_shown, remarks)
    # "what share of Ann Mao's papers are from 2024?"
    elif query.want == "share":
        base = _find_matching(library, query.base, query)
        value = f"{len(papers) / len(base):.0%}"
        head = f"{_format_share(query, papers, base)} {remarks}"
    elif query.by == ("place",):
        value = sum(len(p.places) for p in papers)
        head = f"{_format_entries(papers, phrase, library)} {remarks}"
    # "how many papers?": the size of the library, in which a paper may have several entries.
    elif not phrase:
        head = f"{_format_library_size(library)} {remarks}"
    else:
        head = f"{phrases.tell_count(len(papers), phrase)} {remarks}"
        # "how many papers does Shiming Ge have?": the page's own figure differs, so no single
        # number is the value.
        value = None if is_alone and _is_ambiguous(conditions[0], library) else value
    rows = listing.render_rows(papers, k=n_shown) if phrase or query.want == "papers" else ""
    return Answer(
        "",
        "answered",
        "catalogue",
        "\n\n".join(filter(None, (head.strip(), rows))),
        listing.citations,
        build_scored_papers(papers),
        value=value,
    )


def _format_phrase(query: Query) -> str:
    """What limits the papers: ``from 2024, about drones``."""
    about = f"about {plain(query.topic)}" if query.topic else ""
    if query.without:
        about = f"{about}{' and ' if about else ''}not about {plain(query.without)}"
    among = "among those just shown" if query.papers else ""
    return " ".join(filter(None, (format_conditions(query.where), about, among)))


def _format_share(query: Query, papers: Sequence[Paper], base: Sequence[Paper]) -> str:
    """What part of the base the papers are, each condition beyond the base as a verb of its own."""
    parts = [format_condition(c) for c in query.where if c not in query.base and c.field != "paper"]
    parts += [f"about {plain(query.topic)}"] if query.topic else []
    predicates = [phrases.turn_to_predicate(len(papers), part) for part in parts]
    return phrases.tell_share(len(papers), len(base), format_conditions(query.base), predicates)


def _format_entries(papers: Sequence[Paper], phrase: str, library: LibrarySnapshot) -> str:
    n = sum(len(p.places) for p in papers)
    return phrases.tell_entries(n, phrase) if phrase else _format_library_size(library)


def _format_library_size(library: LibrarySnapshot) -> str:
    return phrases.tell_library_size(
        len(library.papers),
        sum(len(p.places) for p in library.papers),
        sum(len(p.places) > 1 for p in library.papers),
    )


def _is_ambiguous(only: Condition, library: LibrarySnapshot) -> bool:
    """``How many papers does X have?``: the page's own figure and what is held differ."""
    if (only.field, only.operator) != ("author", "is"):
        return False
    page = library.find_page(str(only.value))
    return page is not None and page.n_papers is not None


def _list_remarks(
    query: Query, papers: Sequence[Paper], library: LibrarySnapshot, *, is_alone: bool
) -> str:
    """What should be known beside the figure: a page's own count, papers that print no mark."""
    remarks = []
    for condition in query.where:
        page = (
            library.find_page(str(condition.value))
            if condition.field in ("author", "page")
            else None
        )
        # "how many papers on Shiming Ge's page are in the library?"
        if is_alone and page is not None and page.n_papers is not None:
            n_in_library = len(library.page_papers[page.person])
            remarks.append(phrases.tell_page_count(page.n_papers, n_in_library))
            if condition.field == "author":
                n = sum(page.person in p.authors for p in papers)
                remarks.append(phrases.tell_printed_names(n))
        if condition.field == "author" and condition.operator == "is":
            remarks.append(person_phrases.format_lookalikes(str(condition.value), library))
        if condition.field == "last_author":
            remarks.append(_format_cut_lists(condition, library))
        remarks.append(_format_uncounted(condition, query, library))
        # "CV papers without code": a document that prints no marks at all leaves it unknown.
        if condition.field == "code" and condition.value is False:
            silent = sum(p.code is None for p in papers)
            if silent:
                remarks.append(phrases.tell_without_mark(len(papers), silent))
    timed, rest = _split_timed(query)
    if timed:
        among = _find_matching(library, rest, query)
        n = sum(p.year is None for p in among)
        if n:
            n_lost = sum(p.is_not_found("year") for p in among)
            remarks.append(phrases.tell_undated(n, format_conditions(rest), n_lost))
        # "how many papers from the first half of 2023?": papers of 2023 without a month may be
        # too.
        vague = sum(is_undecided(p, timed) for p in among)
        if vague:
            remarks.append(phrases.tell_without_month(vague))
    return " ".join(filter(None, remarks))


def _split_timed(query: Query) -> tuple[list[Condition], list[Condition]]:
    """The conditions on time, and the others."""
    timed = [c for c in query.where if c.field in ("year", "date") and c.operator != "unknown"]
    return timed, [c for c in query.where if c not in timed]


def _format_uncounted(condition: Condition, query: Query, library: LibrarySnapshot) -> str:
    """That some lists end in 'et al.' before it can be told whether they are long enough."""
    least = get_least_authors(condition)
    if least is None:
        return ""
    rest = _find_matching(library, [c for c in query.where if c != condition], query)
    cut = [p for p in rest if p.authors and not p.authors_complete]
    n = sum(len(p.authors) + 1 < least for p in cut)
    return phrases.tell_uncounted_lists(n) if n else ""


def _format_cut_lists(condition: Condition, library: LibrarySnapshot) -> str:
    """That the last authors of some papers by the person are not printed."""
    names = [str(v) for v in condition.values] if condition.operator == "is" else []
    n = sum(not p.authors_complete for name in names for p in library.list_papers_of(name))
    return phrases.tell_cut_lists_of_person(n) if n else ""


def _answer_none(
    query: Query, phrase: str, matching: Sequence[Paper], library: LibrarySnapshot
) -> Answer:
    """No paper matches: say none, and which filter would have matched."""
    conditions = query.where
    timed, rest = _split_timed(query)
    # "papers from 2024 / and in February?": undated papers of that year forbid a plain no.
    if vague := sum(is_undecided(p, timed) for p in _find_matching(library, rest, query)):
        text = phrases.tell_undecided(vague, phrase)
        return Answer("", "abstained", "catalogue", text)
    text = phrases.tell_none(phrase)
    # "papers from 2014": those whose year was not found may be.
    if timed and (
        lost := [p for p in _find_matching(library, rest, query) if p.is_not_found("year")]
    ):
        text += f" {phrases.tell_undated(len(lost), format_conditions(rest), len(lost))}"
    # "papers about drones from 2024"
    if query.topic and matching and conditions:
        text += f" {phrases.tell_none_on_topic(len(matching), format_conditions(conditions))}"
    elif ends := [c for c in conditions if c.field == "last_author"]:
        text += f" {_format_cut_lists(ends[0], library)}"
    elif notes := " ".join(
        filter(None, (_format_uncounted(c, query, library) for c in conditions))
    ):
        text += f" {notes}"
    # "how many papers from 1999?": which condition is in the way.
    elif not query.papers and (suggestion := format_nearest(library, conditions)):
        text += f" {suggestion}"
    status: Status = "abstained" if query.topic and not conditions else "answered"
    return Answer("", status, "catalogue", text, value=_get_empty_value(query))
