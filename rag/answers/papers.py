"""Answers to catalogue questions: computed over the whole library, complete, each row cited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.answers import person_phrases, phrases
from rag.answers.attributes import answer_attributes, find_code_address
from rag.answers.averages import answer_average, answer_average_size, answer_shares
from rag.answers.field_table import render_field_table
from rag.answers.new_data import answer_new_data
from rag.answers.orders import (
    AnswerValue,
    answer_distinct,
    answer_extreme,
    answer_groups,
    answer_in_order,
)
from rag.answers.page_figures import answer_figures, is_figure, refuse_figures_of_papers
from rag.answers.paper_set import PaperSet, build_choice
from rag.answers.ranked_people import answer_people
from rag.answers.reading_order import answer_reading_order
from rag.answers.rows import MAX_ROWS, Listing, build_scored_papers, list_places
from rag.library.fields import (
    format_condition,
    format_conditions,
    get_days,
    get_least_authors,
    is_undecided,
)
from rag.library.selection import (
    choose_one,
    format_nearest,
    format_nearest_year,
    format_nowhere,
    resolve_conditions,
)
from rag.library.view import LibraryView
from rag.search.topics import (
    WIDE,
    OnTopic,
    build_retrieve_without,
    find_nearest,
    find_on_topic,
    list_on_topic,
    resolve_spelling,
    select_touching,
)
from rag.text.markdown import plain
from rag.types import Answer, Condition, Paper, Span, Status, list_sources
from rag.types.fields import FIELDS, QueryError, Range
from rag.types.query import NEW_DATA, READING_ORDER, Query, Topic
from rag.types.retrievals import Retrieve

_SHOWN_OF_A_COUNT = 20


def answer_papers(query: Query, library: LibraryView, retrieve: Retrieve) -> Answer:
    """The answer to a query about papers and their fields; abstains where the library cannot know.

    Args:
        query: Of papers, counts, shares, groups, extremes, values, or people without a topic.
        library: Whose papers count.
        retrieve: Finds papers for a topic among the conditions.

    Raises:
        QueryError: Fields and what is wanted do not go together.
    """
    # "where does she work?": what the entries of her papers say
    if query.want == "values" and query.people and not any(map(is_figure, query.by)):
        names = tuple(name for p in query.people for name in p.names or (p.typed,))
        authors = Condition("author", "in" if names[1:] else "is", names if names[1:] else names[0])
        query = replace(query, people=(), where=(*query.where, authors))
    resolved = resolve_conditions(query.where, library)
    base = resolve_conditions(query.base, library)
    query = replace(query, where=resolved.conditions, base=base.conditions)
    # "what fraction of Ding's papers": a name of two people is one to choose in the whole, too.
    resolved = replace(
        resolved,
        notes=tuple(dict.fromkeys((*resolved.notes, *base.notes))),
        absent=tuple(dict.fromkeys((*resolved.absent, *base.absent))),
        choices=(*resolved.choices, *(c for c in base.choices if c not in resolved.choices)),
    )
    answer = _answer_figures(query, library)
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
        answer = _answer_on_papers(query, library, retrieve)
    notes = [note for note in resolved.notes if note not in answer.text]
    text = phrases.put_notes_first(notes, answer.text)
    return replace(answer, text=text, library=library.fingerprint)


def _answer_figures(query: Query, library: LibraryView) -> Answer | None:
    """Figures that author pages print, of people; None if none is asked for."""
    field = query.order.field if query.order else ""
    if query.want == "extreme" and is_figure(field):
        return refuse_figures_of_papers(library)
    if query.want in ("values", "people") and any(map(is_figure, (*query.by, field))):
        return answer_figures(query, query.where, library)
    return None


def _get_empty_value(query: Query) -> AnswerValue:
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


def _answer_on_papers(query: Query, library: LibraryView, retrieve: Retrieve) -> Answer:
    conditions, of_people = _split_conditions(query)
    limits = [*query.base, *(c for c in conditions if c not in query.base)]
    if query.like:
        return _answer_similar(query, library, retrieve, conditions)
    matching = _select_matching(library, limits, query)
    narrowing = [c for c in conditions if c not in query.base]
    query = replace(query, where=tuple(limits))
    # "what share of the papers about deepfakes has code?": the topic limits the whole.
    is_of_topic = query.want == "share" and query.about is not None and bool(narrowing)
    base = _select_matching(library, query.base, query)
    if is_of_topic:
        base, query, note, remark = _select_by_topic(query, base, retrieve)
        papers = base.narrow(*narrowing)
    else:
        papers, query, note, remark = _select_by_topic(query, matching, retrieve)
    if papers.is_empty and query.about and len(query.about.all_of) > 1 and query.want == "papers":
        answer = _answer_none_touches(query, matching, retrieve)
    elif papers.is_empty and query.topic and query.where and not (query.want == "share" and base.n):
        answer = _answer_none_on_topic(query, matching, retrieve)
    else:
        answer = _answer_selected(query, papers, matching, of_people, remark, base)
        if papers.is_empty and query.topic and answer.status == "abstained":
            # "something about football?": two are on SoccerNet; "using hyperbolic geometry?": one on hyperbolic distances
            if nearest := find_nearest(query.topic, library, retrieve):
                answer = replace(answer, text=phrases.tell_none_in_words(plain(query.topic)))
            answer = _add_nearest(answer, nearest, query.topic)
    text = phrases.put_notes_first([note] if note else [], answer.text)
    return replace(answer, text=text)


def _select_by_topic(
    query: Query, papers: PaperSet, retrieve: Retrieve
) -> tuple[PaperSet, Query, str, str]:
    """The papers on (and not off) the topic, the query with the topic as it was spelt for that, a
    note if it was spelt anew, and how the papers were found.
    """
    if query.about is None:
        return papers, query, "", ""
    library, n_before = papers.library, papers.n
    # "Which papers are not about masks?": papers near the topic count as about it, so that none
    # of them slips in.
    if query.without:
        removed = list_on_topic(query.without, library, retrieve).entries
        off = Condition(
            "paper", "not_in", build_choice([entry.paper_id for entry in removed]).values
        )
        papers = PaperSet(library, (*papers.conditions, off))
    if query.about.all_of:
        return _select_by_each(query, papers, retrieve)
    topic = query.topic
    if not topic:
        remark = phrases.tell_excluded_papers(n_before - papers.n, plain(query.without))
        return papers, query, "", remark
    # "what did Shiming Ge publish on dataset condensation in 2024?": of one person's papers, those
    # that touch the topic will do.
    few = bool(query.papers) or _has_one_person(query.where)
    # A share and the two oldest are wrong by one that only touches it, unless nothing more is there.
    is_exact = query.want in ("share", "extreme") or query.order is not None
    on_topic, remark = _select_papers_about(topic, papers, retrieve, few=few and not is_exact)
    if few and is_exact and not on_topic.n:
        on_topic, remark = _select_papers_about(topic, papers, retrieve, few=True)
    # Only a topic without papers is spelt anew: a rare word that is right must stay.
    if not on_topic.n and (spelt := resolve_spelling(topic, library)) != topic:
        on_topic, remark = _select_papers_about(spelt, papers, retrieve, few=few)
        if on_topic.n:
            about = Topic(spelt, query.without)
            note = phrases.tell_spelling(plain(spelt), plain(topic))
            return on_topic, replace(query, about=about), note, remark
    return on_topic, query, "", remark


def _select_by_each(
    query: Query, papers: PaperSet, retrieve: Retrieve
) -> tuple[PaperSet, Query, str, str]:
    """The papers on a first topic that also touch every further one: ``are any of them about deepfakes?``.

    In meaning alone all eight papers on federated learning were near "deepfakes federated learning".
    """
    assert query.about is not None
    first, *further = query.about.all_of
    few = bool(query.papers) or _has_one_person(query.where)
    on_topic, _ = _select_papers_about(first, papers, retrieve, few=few)
    for topic in further:
        among = on_topic.all_conditions
        touching = select_touching(topic, papers.library, retrieve, among)
        name_matches = list_on_topic(topic, papers.library, retrieve, among).entries
        ids = [hit.paper.paper_id for hit in touching] + [entry.paper_id for entry in name_matches]
        on_topic = on_topic.rank(list(dict.fromkeys(ids)))
    words = query.topic or " and ".join(query.about.all_of)
    return on_topic, replace(query, about=replace(query.about, words=words)), "", ""


def _select_papers_about(
    topic: str, papers: PaperSet, retrieve: Retrieve, *, few: bool
) -> tuple[PaperSet, str]:
    """The papers on a topic, and how that was decided, where both ways of deciding had a part.

    Of a few papers, such as one person's, those that touch it, which is more generous.
    """
    library, among = papers.library, papers.conditions
    if few:
        touching = select_touching(topic, library, retrieve, among)
        return papers.rank([hit.paper.paper_id for hit in touching]), ""
    found = list_on_topic(topic, library, retrieve, among)
    how_found = phrases.tell_how_found(found.n_said, len(found.entries) - found.n_said)
    return papers.rank([entry.paper_id for entry in found.entries]), how_found


def _select_matching(
    library: LibraryView, conditions: Sequence[Condition], query: Query
) -> PaperSet:
    """Papers that meet the conditions, of those that the question points at if it does."""
    pointed = [build_choice(query.papers)] if query.papers else []
    return PaperSet(library, (*pointed, *conditions))


def _has_one_person(conditions: Sequence[Condition]) -> bool:
    roles = ("author", "printed_author", "first_author", "last_author")
    return any(c.field in roles and c.operator == "is" for c in conditions)


_ALIKE = 5
_MOST_ALIKE = 10
_MOST_CHARS = 1500
"""Of a paper's title and text that tell its subject."""


def _answer_similar(
    query: Query, library: LibraryView, retrieve: Retrieve, under: Sequence[Condition]
) -> Answer:
    """Papers about the same as one paper; where none is, the nearest ones, said to be no more."""
    paper = library.get_paper(query.like)
    if paper is None:
        return Answer("", "abstained", query.route, phrases.tell_no_paper(query.like))
    retrieve_others = build_retrieve_without(retrieve, query.like)
    about = find_on_topic(paper.name, library, retrieve_others, under or None)
    similar = [hit.paper for hit in about][: query.k or _MOST_ALIKE]
    nearest_papers = similar
    # "what is DuetFace? / similar papers? / from 2024?": none is near enough; the nearest are
    # offered. "what else is like Mamba-CL?": two are, of all on continual learning, and more are near.
    if len(similar) < (query.k or _ALIKE):
        is_of_all = library.count_papers(under) + 1 >= library.n_papers
        n = max(_ALIKE, query.k or 0) if is_of_all else WIDE
        nearest = [
            hit.paper
            for hit in retrieve_others(f"{paper.name}. {paper.text}"[:_MOST_CHARS], n).papers
        ]
        met = library.select_ids([p.paper_id for p in nearest], under)
        further = [p for p in nearest if p.paper_id in met and p not in similar]
        nearest_papers = [*similar, *further][: query.k or _ALIKE]
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
    papers: PaperSet,
    matching: PaperSet,
    of_people: Sequence[Condition],
    remark: str,
    base: PaperSet,
) -> Answer:
    """What is wanted of the papers that meet the conditions and are on the topic.

    ``matching``: those that meet the conditions; ``remark``: how the ones on the topic were found;
    ``base``: those of which a share is taken.
    """
    phrase, library = _format_phrase(query, is_known=not papers.is_empty), papers.library
    if query.want == "values" and query.measure == "each":
        ids = papers.find_ids()
        if query.papers:  # as they were named or shown
            ids.sort(key=query.papers.index)
        return answer_attributes(query.by, ids, library)
    if papers.is_empty and not (query.want == "share" and not query.by and base.n):
        return _answer_none(query, phrase, matching)
    if query.want == "papers" and query.what == READING_ORDER:
        return answer_reading_order(query, papers, phrase)
    if query.want == "papers" and query.what == NEW_DATA:
        return answer_new_data(query, papers, phrase)
    if query.want == "extreme":
        return answer_extreme(query, papers, phrase)
    if query.want == "papers" and query.order is not None:
        return answer_in_order(query, papers, phrase)
    if query.want == "values":
        return answer_average(query, papers, phrase)
    # "share of papers with code per year"
    if query.want == "share" and query.by:
        return answer_shares(query, papers, base)
    if query.want == "groups" and query.measure == "average":
        return answer_average_size(query.by[0], papers, phrase)
    if query.want == "groups":
        return answer_groups(query, papers, phrase)
    if query.want == "people" or of_people:
        return answer_people(query, papers, of_people, phrase)
    if query.by and query.by != ("place",) and query.want != "papers":
        return answer_distinct(query.by[0], papers, phrase)
    return _answer_list(query, papers, phrase, remark, base)


def _answer_list(
    query: Query, papers: PaperSet, phrase: str, remark: str, base: PaperSet
) -> Answer:
    """A count, a share or a list, with rows."""
    words = [str(c.value) for c in query.where if (c.field, c.operator) == ("text", "contains")]
    library = papers.library
    scored = papers.scored
    conditions, n = query.where, len(scored)
    is_alone = len(conditions) == 1 and not query.topic and not query.papers
    remarks = _list_remarks(query, papers, is_alone=is_alone)
    remarks = f"{remark} {remarks}".strip()
    n_shown = _SHOWN_OF_A_COUNT
    value: AnswerValue = n
    if query.want == "papers":
        n_shown = min(MAX_ROWS, query.k or MAX_ROWS)
        value = list_places(scored[: query.k])
        is_of_person = is_alone and conditions[0].field == "author" and n == 1
        head = phrases.tell_only_paper(phrase) if is_of_person else phrases.tell_count(n, phrase)
        head = f"{head} {remarks}"
        if n > 1:
            head = phrases.head_list(n, phrase, n_shown, remarks)
    # "what share of Ann Mao's papers are from 2024?"
    elif query.want == "share":
        value = f"{n / base.n:.0%}"
        head = f"{_format_share(query, n, base)} {remarks}"
    elif query.by == ("place",):
        n_entries = library.sum_places(papers.all_conditions)
        value = n_entries
        entries = phrases.tell_entries(n_entries, phrase)
        head = f"{entries if phrase else _format_library_size(library)} {remarks}"
    # "how many papers?": the size of the library, in which a paper may have several entries.
    elif not phrase:
        head = f"{_format_library_size(library)} {remarks}"
    else:
        head = f"{phrases.tell_count(n, phrase)} {remarks}"
        # "how many papers does Shiming Ge have?": the page's own figure differs, so no single
        # number is the value.
        value = None if is_alone and _is_ambiguous(conditions[0], library) else value
    rows, listing = "", Listing()
    if phrase or query.want == "papers":
        top_papers = library.list_papers([p.paper_id for p in scored[:n_shown]])
        listing = Listing(
            query.topic or " ".join(words), _find_role_sentences(query, top_papers, library)
        )
        # "which of these have code?": with the address, where the paper prints one.
        is_of_code = Condition("code", "is", True) in query.where
        if query.want == "papers" and query.by:
            rows = render_field_table(top_papers, query.by, library, listing)
        else:
            rows = listing.render_rows(top_papers, find_code_address if is_of_code else None, n=n)
    return Answer(
        "",
        "answered",
        "catalogue",
        "\n\n".join(filter(None, (head.strip(), rows))),
        listing.citations,
        scored,
        value=value,
    )


def _find_role_sentences(
    query: Query, papers: Sequence[Paper], library: LibraryView
) -> dict[str, Span | None]:
    """The sentence by whose role each paper is listed: the first one of that role."""
    roles = {str(c.value) for c in query.where if (c.field, c.operator) == ("role", "is")}
    if not roles:
        return {}
    spans = {p.paper_id: library.library.list_role_spans(p.paper_id) for p in papers}
    return {
        paper_id: next((s.span for s in of_paper if s.role in roles), None)
        for paper_id, of_paper in spans.items()
    }


def _format_phrase(query: Query, *, is_known: bool = False) -> str:
    """What limits the papers: ``from 2024, about drones``.

    ``is_known``: there are some. Those near to a clause in meaning need not say what it says: "12 papers
    about face forgery detectors biased by race" were about none.
    """
    topic = phrases.quote_clause(plain(query.topic))
    about = f"{'nearest to' if is_known and topic != plain(query.topic) else 'about'} {topic}"
    about = about if query.topic else ""
    if query.without:
        about = f"{about}{' and ' if about else ''}not about {plain(query.without)}"
    among = "among those just shown" if query.papers else ""
    return " ".join(filter(None, (format_conditions(query.where), about, among)))


def _format_share(query: Query, n: int, base_papers: PaperSet) -> str:
    """What part of the whole the papers are, each condition beyond it as a verb of its own."""
    parts = [format_condition(c) for c in query.where if c not in query.base and c.field != "paper"]
    about = f"about {plain(query.topic)}" if query.topic else ""
    base = [format_conditions(query.base)]
    if base_papers.ranked is None:
        parts += [about] if about else []
    else:
        base.append(about)
    predicates = [phrases.turn_to_predicate(n, part) for part in parts]
    return phrases.tell_share(n, base_papers.n, " ".join(filter(None, base)), predicates)


def _format_library_size(library: LibraryView) -> str:
    several = Condition("n_places", "is", Range(2, None))
    return phrases.tell_library_size(
        library.n_papers, library.sum_places(), library.count_papers([several])
    )


def _is_ambiguous(only: Condition, library: LibraryView) -> bool:
    """``How many papers does X have?``: the page's own figure and what is held differ."""
    if (only.field, only.operator) != ("author", "is"):
        return False
    page = library.find_page(str(only.value))
    return page is not None and page.n_papers is not None


def _list_remarks(query: Query, papers: PaperSet, *, is_alone: bool) -> str:
    """What should be known beside the figure: a page's own count, papers that print no mark."""
    remarks, library = [], papers.library
    for condition in query.where:
        page = (
            library.find_page(str(condition.value))
            if condition.field in ("author", "page")
            else None
        )
        # "how many papers on Shiming Ge's page are in the library?"
        if is_alone and page is not None and page.n_papers is not None:
            n_in_library = len(library.list_page_papers(page.person))
            remarks.append(phrases.tell_page_count(page.n_papers, n_in_library))
            if condition.field == "author":
                n = papers.count(Condition("printed_author", "is", page.person))
                remarks.append(phrases.tell_printed_names(n))
        if condition.field == "author" and condition.operator == "is":
            remarks.append(person_phrases.format_lookalikes(str(condition.value), library))
        if condition.field == "last_author":
            remarks.append(_format_cut_lists(condition, library))
        remarks.append(_format_uncounted(condition, query, library))
        # "CV papers without code": a document that prints no marks at all leaves it unknown.
        if condition.field == "code" and condition.value is False:
            silent = papers.count(Condition("code", "unknown"))
            if silent:
                remarks.append(phrases.tell_without_mark(papers.n, silent))
    timed, rest = _split_timed(query)
    if timed:
        among = _select_matching(library, rest, query)
        n = among.count(Condition("year", "unknown"))
        if n:
            n_lost = library.count_not_found("year", among.conditions)
            remarks.append(phrases.tell_undated(n, format_conditions(rest), n_lost))
        # "how many papers from the first half of 2023?": papers of 2023 without a month may be
        # too.
        vague = _count_undecided(among, timed)
        if vague:
            remarks.append(phrases.tell_without_month(vague))
    return " ".join(filter(None, remarks))


def _count_undecided(papers: PaperSet, timed: Sequence[Condition]) -> int:
    """Papers that print no whole date and may, and may not, be of the days asked for."""
    return sum(
        n
        for year, month, day, n in papers.library.list_days(papers.conditions)
        if is_undecided(get_days(year, month, day), timed)
    )


def _split_timed(query: Query) -> tuple[list[Condition], list[Condition]]:
    """The conditions on time, and the others."""
    timed = [c for c in query.where if c.field in ("year", "date") and c.operator != "unknown"]
    return timed, [c for c in query.where if c not in timed]


def _format_uncounted(condition: Condition, query: Query, library: LibraryView) -> str:
    """That some lists end in 'et al.' before it can be told whether they are long enough."""
    least = get_least_authors(condition)
    if least is None:
        return ""
    rest = _select_matching(library, [c for c in query.where if c != condition], query)
    n = library.count_cut_lists(rest.conditions, shorter_than=least - 1)
    return phrases.tell_uncounted_lists(n) if n else ""


def _format_cut_lists(condition: Condition, library: LibraryView) -> str:
    """That the last authors of some papers by the person are not printed."""
    names = [str(v) for v in condition.values] if condition.operator == "is" else []
    n = sum(not p.authors_complete for name in names for p in library.list_papers_of(name))
    return phrases.tell_cut_lists_of_person(n) if n else ""


def _answer_none_on_topic(query: Query, matching: PaperSet, retrieve: Retrieve) -> Answer:
    """No paper on the topic meets the conditions: say which come near to both.

    Those of another year, and those without one, are counted on the topic; of another condition, such
    as the Code mark, the papers that meet it and are nearest in meaning are listed: "deepfake detection
    with code" is not what the papers on face forgery call it.
    """
    answer = _answer_none(query, _format_phrase(query), matching)
    library, topic = matching.library, query.topic
    timed, rest = _split_timed(query)
    if answer.status != "answered" or query.papers:
        return answer
    if timed:
        among = _select_matching(library, rest, query)
        on_topic, _ = _select_papers_about(topic, among, retrieve, few=False)
        years, n_undated = on_topic.count_groups("year")
        about = f"about {plain(topic)}"
        n_lost = library.count_not_found("year", on_topic.all_conditions)
        undated = phrases.tell_undated(n_undated, about, n_lost) if n_undated else ""
        nearest = format_nearest_year(timed, years, about)
        text = " ".join(filter(None, (answer.text, undated, nearest)))
        return replace(answer, text=text)
    if query.want != "papers" or matching.is_empty:
        return answer
    return _add_nearest(answer, find_nearest(topic, library, retrieve, matching.conditions), topic)


def _add_nearest(answer: Answer, nearest: Sequence[OnTopic], topic: str) -> Answer:
    """The answer that there is none, with the papers that come near to the topic."""
    if not nearest:
        return answer
    listing = Listing(topic)
    rows = listing.render_rows([on.paper for on in nearest])
    text = f"{answer.text} {phrases.NEAREST_IN_MEANING}\n\n{rows}"
    return replace(answer, text=text, citations=listing.citations)


def _answer_none_touches(query: Query, matching: PaperSet, retrieve: Retrieve) -> Answer:
    """Say that no paper on one topic touches another, what was searched for, and which papers come nearest.

    "Papers on noisy labels / any surveys?": that none says so in these words is no proof that there is none.
    """
    assert query.about is not None
    *broader, last = query.about.all_of
    about = replace(query.about, words=" and ".join(broader), all_of=tuple(broader[1:] and broader))
    among, *_ = _select_by_topic(replace(query, about=about), matching, retrieve)
    answer = _answer_none(query, _format_phrase(query), matching)
    if not among.n:
        return answer
    phrase = _format_phrase(replace(query, about=about))
    text = phrases.tell_none_touches(among.n, phrase, plain(last))
    nearest = find_nearest(last, among.library, retrieve, among.all_conditions)
    return _add_nearest(replace(answer, text=text), nearest, last)


def _answer_none(query: Query, phrase: str, matching: PaperSet) -> Answer:
    """No paper matches: say none, and which filter would have matched."""
    conditions, library = query.where, matching.library
    timed, rest = _split_timed(query)
    # "papers from 2024 / and in February?": undated papers of that year forbid a plain no.
    among = _select_matching(library, rest, query)
    if vague := _count_undecided(among, timed):
        text = phrases.tell_undecided(vague, phrase)
        return Answer("", "abstained", "catalogue", text)
    is_further = any((c.field, c.operator) == ("paper", "not_in") for c in conditions)
    text = phrases.tell_none(phrase, is_further=is_further)
    # "papers from 2014": those without a year may be.
    if timed and not query.topic and (n := among.count(Condition("year", "unknown"))):
        n_lost = library.count_not_found("year", among.conditions)
        text += f" {phrases.tell_undated(n, format_conditions(rest), n_lost)}"
    if any((c.field, c.value) == ("role", "limitation") for c in conditions):
        text += f" {phrases.LIMITATIONS_UNMARKED}"
    # "papers about drones from 2024"
    # "papers on pruning at CVPR", of which no paper prints the venue
    if nowhere := format_nowhere(library, conditions):
        text += f" {nowhere}"
    elif query.topic and matching.n and conditions:
        text += f" {phrases.tell_none_on_topic(matching.n, format_conditions(conditions))}"
    elif ends := [c for c in conditions if c.field == "last_author"]:
        text += f" {_format_cut_lists(ends[0], library)}"
    elif notes := " ".join(
        filter(None, (_format_uncounted(c, query, library) for c in conditions))
    ):
        text += f" {notes}"
    # "how many papers from 1999?": which condition is in the way.
    elif (
        not query.papers and not query.topic and (suggestion := format_nearest(library, conditions))
    ):
        text += f" {suggestion}"
    status: Status = "abstained" if query.topic and not conditions else "answered"
    return Answer("", status, "catalogue", text, value=_get_empty_value(query))
