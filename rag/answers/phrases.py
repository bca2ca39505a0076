"""What readers are told in computed answers: one place a kind of sentence, in plain words.

Names and topics come here already escaped (`rag.text.markdown.plain`); a *phrase* is what limits the
papers (``from 2023 by Ann Mao``), empty for the whole library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.text.english import choose_number, counted, join_names
from rag.types import Role

# --- how a question was read --------------------------------------------------------------------

ROUTE_WORDS: Mapping[str, str] = {
    "content": "what the papers say",
    "experts": "a search for people",
    "person": "one person",
    "catalogue": "a count or list",
    "smalltalk": "small talk",
    "unsupported": "outside these papers",
}
"""Each route as it is named to a reader, on every screen and in the terminal."""

ROLE_WORDS: Mapping[Role, str] = {
    "first": "first author of",
    "listed": "author of",
    "page": "listed on their profile page for",
}
"""How a person stands on the papers that follow; a page fills in what 'et al.' leaves out."""

ROLE_NAMES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "further author",
    "page": "owner of the profile page",
}
"""The roles by themselves, as the parts of a score are explained."""


def add_before(phrase: str) -> str:
    """The phrase with a space before it, where there is one."""
    return f" {phrase}" if phrase else ""


def put_notes_first(notes: Sequence[str], text: str) -> str:
    """``(showing Ann Mao for 'ann mo')`` above the answer."""
    return f"({'; '.join(notes)})\n\n{text}" if notes else text


def tell_spelling(spelling: str, typed: str) -> str:
    return f"showing {spelling} for '{typed}'"


def tell_other_reading(reading: str, other_words: str, question: str) -> str:
    return f"Read as {reading}; for {other_words}, ask: '{question}'"


# --- lists and counts ---------------------------------------------------------------------------


def head_list(n: int, phrase: str, limit: int, remarks: str) -> str:
    """``37 papers from 2023:``, with what the number does not count, and how many follow if not all."""
    first = f"the first {limit}:" if n > limit else ""
    head = f"{counted(n)}{add_before(phrase)}"
    if remarks:
        return f"{head}. {remarks} {first.capitalize()}".rstrip()
    return f"{head}; {first}" if first else f"{head}:"


def tell_count(n: int, phrase: str) -> str:
    return f"**{counted(n)}**{add_before(phrase)}."


def tell_library_size(n: int, n_entries: int, n_repeated: int) -> str:
    repeated = ""
    if n_repeated:
        verb = choose_number(n_repeated, "appears", "appear")
        repeated = (
            f" ({counted(n_entries, 'entry')}; {n_repeated} {verb} in more than one document)"
        )
    return f"**{counted(n)}** in the library{repeated}."


def tell_share(n_part: int, n_all: int, base: str, predicates: Sequence[str]) -> str:
    """``**43%**: 16 of the 37 papers from 2024 have code``."""
    which = join_names(predicates) or choose_number(n_part, "is counted", "are counted")
    return f"**{n_part / n_all:.0%}**: {n_part} of the {counted(n_all)}{add_before(base)} {which}."


_PLAIN_LIMITS = {"with the Code mark": "with code", "without the Code mark": "with no code mark"}
_VERBS = (
    ("with ", "has", "have"),
    ("that mention ", "mentions", "mention"),
    ("that print ", "prints", "print"),
)


def turn_to_predicate(n: int, phrase: str) -> str:
    """What papers do or are, of a phrase that follows ``papers``: ``with a year``: ``have a year``."""
    limit = phrase.removeprefix("not ")
    negation = "not " if limit != phrase else ""
    limit = _PLAIN_LIMITS.get(limit, limit)
    for opening, singular, plural in _VERBS:
        if limit.startswith(opening):
            verb = choose_number(n, singular, plural)
            if negation:
                verb = f"{choose_number(n, 'does', 'do')} not {plural}"
            return f"{verb} {limit.removeprefix(opening)}"
    if limit.startswith("whose "):
        limit = f"{choose_number(n, 'a paper', 'papers')} {limit}"
    return f"{choose_number(n, 'is', 'are')} {negation}{limit}"


def count_more(n: int) -> str:
    return f"- and {n:,} more"


def tell_how_found(n_in_words: int, n_in_meaning: int) -> str:
    """Which papers on a topic use its words, and which only come close to it in meaning."""
    clauses = []
    if n_in_words:
        clauses.append(f"{n_in_words} {choose_number(n_in_words, 'uses', 'use')} these words")
    if n_in_meaning:
        clauses.append(
            f"{n_in_meaning} {choose_number(n_in_meaning, 'is', 'are')} close in meaning"
        )
    return f"({', '.join(clauses)}.)" if clauses else ""


def tell_excluded_papers(n: int, topic: str) -> str:
    return f"({counted(n)} about {topic} {choose_number(n, 'was', 'were')} excluded.)"


def head_similar(name: str, phrase: str, *, n_about_the_same: int, n_nearest: int) -> str:
    if n_about_the_same:
        return f"Nearest in subject to **{name}**{add_before(phrase)}:"
    end = "; the nearest are:" if n_nearest else "."
    return f"No other paper{add_before(phrase)} is about the same as **{name}**{end}"


# --- what a figure does not count ---------------------------------------------------------------


def tell_without_mark(n: int, n_unknown: int) -> str:
    """Of papers without the Code mark: for some documents that print no marks it is unknown."""
    n_without = n - n_unknown
    if not n_without:
        return f"Whether {choose_number(n, 'it has', 'they have')} code is unknown."
    return (
        f"{n_without} {choose_number(n_without, 'has', 'have')} no code mark; "
        f"for {n_unknown} it is unknown."
    )


def tell_undated(n: int, phrase: str) -> str:
    return f"({counted(n)}{add_before(phrase)} without a printed year not counted.)"


def tell_without_month(n: int) -> str:
    return f"({counted(n)} of those years without a printed month not counted.)"


def tell_undecided(n: int, phrase: str) -> str:
    """No paper surely meets the months asked for, and some print their year alone."""
    verb = choose_number(n, "gives", "give")
    return (
        f"That cannot be told: {counted(n)} of those years {verb} no month, "
        f"and no other paper is{add_before(phrase)}."
    )


def tell_uncounted_lists(n: int) -> str:
    return f"({counted(n)} with an author list cut by 'et al.' may be too, not counted.)"


def tell_cut_lists_of_person(n: int) -> str:
    return f"({counted(n)} of theirs with an author list cut by 'et al.' not counted.)"


def tell_page_count(n_on_page: int, n_in_library: int) -> str:
    verb = choose_number(n_in_library, "is", "are")
    return (
        f"Their profile page says {counted(n_on_page)}; "
        f"{n_in_library} of those {verb} in this library."
    )


def tell_printed_names(n: int) -> str:
    verb = choose_number(n, "names", "name")
    return f"{n} of them {verb} the person; the others are listed on their profile page."


# --- the filters of a conversation --------------------------------------------------------------


def tell_filtered(n: int, n_all: int, filters: str) -> str:
    """``3 of 169 papers (from 2023)``: what a conversation's filters leave."""
    return f"{n:,} of {counted(n_all)} ({filters})"


def tell_filters_leave_none(filters: str) -> str:
    return f"The filters of this conversation leave no paper ({filters})."


REMOVE_A_FILTER = "Take one of them away to ask."


def warn_filtered(filtered: str) -> str:
    return f"only {filtered} were looked at; without the filters there may be an answer"


# --- nothing there ------------------------------------------------------------------------------


def tell_none(phrase: str) -> str:
    return f"No papers{add_before(phrase)}."


def tell_none_on_topic(n: int, phrase: str) -> str:
    return f"({counted(n)} {phrase}, none of them on that topic.)"


def tell_none_has(n: int, phrase: str, noun: str) -> str:
    """``None of the 3 papers from 2024 has a category``."""
    return f"None of the {counted(n)}{add_before(phrase)} has {noun}."


def refuse_unread(words: str) -> str:
    return f"I cannot check '{words}', so it is not taken into account."


def refuse_unread_alone(words: str) -> str:
    return (
        f"I cannot check '{words}' over the whole library. What can be counted: years, categories, "
        "affiliations, authors, pages, the Code mark, links, and words in titles."
    )


def refuse_content(missing: str) -> str:
    """No paper answers a question of content; ``missing``: the words that none of them has."""
    if not missing:
        return "No paper here answers that."
    return f"No paper here answers that; none of the relevant ones mentions {missing}."


# --- orders and groups --------------------------------------------------------------------------


def head_extreme(word: str, n: int, phrase: str, needed: str) -> str:
    """``The newest of the 37 papers from 2023 that give a year``, ready for a colon."""
    verb = choose_number(n, "gives", "give")
    return f"The {word} of the {counted(n)}{add_before(phrase)} that {verb} {needed}"


# --- people by what they have -------------------------------------------------------------------


def head_people(limits: str, phrase: str) -> str:
    return f"By papers in this library{limits}{add_before(phrase)}:"


def count_more_people(n: int) -> str:
    return f"and {counted(n, 'more person')}."


def tell_people_within(n: int, bounds: str, noun: str, phrase: str) -> str:
    verb = choose_number(n, "person has", "people have")
    return f"**{n}** {verb} {bounds} {noun}{add_before(phrase)}"


def tell_distinct_people(n: int, n_papers: int, phrase: str) -> str:
    verb = choose_number(n, "person is", "people are")
    return (
        f"**{n}** {verb} named on the {counted(n_papers)}{add_before(phrase)}; "
        "author lists cut by 'et al.' hide more."
    )


def tell_people_of_years(n: int, years: str) -> str:
    people = choose_number(n, "person has", "people have")
    return f"**{n}** {people} papers both {years}"


def tell_nobody_of_years(years: str) -> str:
    return f"Nobody here has papers both {years}."


def tell_nobody_else(phrase: str) -> str:
    return f"Nobody else is named on the papers{add_before(phrase)}."


def tell_excluded_people(n: int, topic: str) -> str:
    """``2 people who also work on deepfakes were excluded``."""
    return (
        f"{counted(n, 'person')} who also {choose_number(n, 'works', 'work')} on {topic} "
        f"{choose_number(n, 'was', 'were')} excluded"
    )


# --- people on a topic --------------------------------------------------------------------------

NEWER_COUNT_MORE = "newer papers count for more"


def head_experts(topic: str, n_papers: int, limits: str, n_people: int, *, recent: bool) -> str:
    """``On **drones** there are 3 papers here from 2024, by 7 people:``; ``limits`` with its space."""
    people = "one person" if n_people == 1 else f"{n_people} people"
    verb = choose_number(n_papers, "is", "are")
    end = f" ({NEWER_COUNT_MORE}):" if recent else ":"
    return f"On **{topic}** there {verb} {counted(n_papers)} here{limits}, by {people}{end}"


def tell_nobody(topic: str, nearest: Sequence[str]) -> str:
    text = f"Nobody here works on **{topic}**: no paper in this library is about it."
    if nearest:
        text += f" The nearest papers are about something else: {'; '.join(nearest)}."
    return text


def tell_nobody_on_all(topics: str) -> str:
    return f"Nobody here has papers on each of {topics}."


def tell_nobody_beside(topic: str, excluded: str, n: int) -> str:
    """Everybody on the topic also works on what was to be excluded."""
    return (
        f"Nobody here works on **{topic}** and not on **{excluded}**: all {n} have papers on both."
    )


def tell_nobody_further(topic: str, n_people: int, n_papers: int) -> str:
    papers = counted(n_papers)
    return f"Nobody else: all {n_people} people on the {papers} here about **{topic}** were named already"


def tell_none_on(topic: str, limits: str) -> str:
    return f"No papers on **{topic}** {limits}."


def head_without_authors(topic: str) -> str:
    return f"There is work on **{topic}** here, but its authors are not given:"


# --- one person, and several --------------------------------------------------------------------


def tell_unavailable(name: str, what: str, n_papers: int) -> str:
    """Asked for something of a person that no document says, such as an address."""
    return (
        f"The papers say nothing about {name}'s {what}: of people they give names, papers and, for "
        f"those with a profile page, the page's figures. "
        f"There {choose_number(n_papers, 'is', 'are')} {counted(n_papers)} by {name} here."
    )


def tell_affiliations(affiliations: Sequence[str], listed: str) -> str:
    """``The papers list the affiliation tsinghua, but not whose it is``."""
    one = len(affiliations) == 1
    noun, whose = ("affiliation", "whose it is") if one else ("affiliations", "whose they are")
    return f"The papers list the {noun} {listed}, but not {whose}."


def ask_which_person(typed: str, n: int) -> str:
    return f"'{typed}' fits {counted(n, 'person')} here; which one do you mean?"


def tell_page_role(n: int) -> str:
    return f"{n} listed on their profile page, where the paper prints only 'et al.'"


def tell_coauthors(name: str, n: int, n_papers: int) -> str:
    return f"**{name}** has {counted(n, 'co-author')} on {counted(n_papers)}."


def tell_most_frequent(names: str, n: int) -> str:
    return f"Most often with {names}: {counted(n)} together."


def tell_together(names: str, n: int) -> str:
    """Papers that several people wrote together."""
    if not n:
        return f"No paper here names {names} together; author lists cut by 'et al.' may hide one."
    return f"{names} are together on {counted(n)}."


def tell_common_company(names: str, n: int) -> str:
    """People who wrote papers with each of several people."""
    if not n:
        return (
            f"Nobody here has a paper with each of {names}; "
            "author lists cut by 'et al.' may hide somebody."
        )
    return f"{counted(n, 'person')} {choose_number(n, 'has', 'have')} papers with each of {names}."


MORE_MAY_BE_HIDDEN = "Author lists cut by 'et al.' may hide more."


def tell_lookalikes(names: str) -> str:
    return (
        f"Perhaps the same person under another name: {names}; they are kept apart unless the "
        "aliases file joins them."
    )


def tell_separate_groups(n: int) -> str:
    return (
        f"These papers fall into {n} groups that share no co-author, so the name may be of more "
        "than one person."
    )


def tell_none_by_person(name: str, topic: str) -> str:
    """``topic``: ``on drones`` or ``other than drones``, empty where conditions alone were asked for."""
    return f"No papers by {name} {topic}." if topic else f"No such papers by {name}."


def tell_stands_on(names: str, n_people: int, which: str) -> str:
    """The people whom papers have in common."""
    return f"Yes: {names} {choose_number(n_people, 'is an author', 'are authors')} of {which}."


def tell_no_common_author(names: str, n_papers: int, *, some_on_several: bool) -> str:
    head = "Nobody" if some_on_several else "No: nobody"
    every = "both" if n_papers == 2 else "all"
    return f"{head} is an author of {every} of {names}."


def tell_on_several(names: str) -> str:
    return f"More than one of them is by {names}."


def tell_unknown_authors(names: str) -> str:
    return f"The authors of {names} are not given, so they are unknown."


def tell_owner(names: str, n: int) -> str:
    return f"{names}, on whose profile {choose_number(n, 'page', 'pages')} it is listed"


CUT_AUTHOR_LIST = " (the list is cut by 'et al.', so there are more)"
WHICH_PAPER = "I cannot tell which paper is meant; name it by its title or method."


# --- who may be missing -------------------------------------------------------------------------


def tell_missing_authors(n_papers: int, n_cut: int, n_unnamed: int, n_first: int | None) -> str:
    """How many papers do not name all of their authors; empty where all do.

    ``n_first``: how many authors each of the cut lists names, if that is the same for all.
    """
    clauses = []
    if n_papers == 1 and n_cut and n_first is not None:
        return f"Who may be missing: the paper names only its first {counted(n_first, 'author')}."
    if n_cut:
        first = "authors" if n_first is None else counted(n_first, "author")
        verb = choose_number(n_cut, "names", "name")
        clauses.append(f"{n_cut} of the {counted(n_papers)} {verb} only the first {first}")
    if n_unnamed:
        clauses.append(f"{n_unnamed} {choose_number(n_unnamed, 'names', 'name')} no authors at all")
    return f"Who may be missing: {join_names(clauses)}." if clauses else ""


# --- figures of profile pages -------------------------------------------------------------------

NO_PAGES = "None of the documents read is a profile page."


def tell_page_figures(name: str, figures: str) -> str:
    return f"{name}'s profile page says: {figures}"


def tell_page_papers(n: int) -> str:
    return f"{counted(n)} of that page {choose_number(n, 'is', 'are')} in this library."


def tell_fixed_figure(phrase: str) -> str:
    return f"A page gives one figure, whatever the papers: '{phrase}' does not change it."


# --- answers in the papers' own words -----------------------------------------------------------

HEAD_NEAREST = "The nearest papers, in case one of them helps:"
HEAD_FURTHER_QUOTES = "It also says:"
HEAD_OTHER_PAPERS = "It could also be:"


def head_comparison(n: int) -> str:
    return f"{counted(n)} side by side, in their own words:"


def head_several_papers(n: int) -> str:
    return f"{counted(n)} {choose_number(n, 'has', 'have')} something on this:"


def tell_paper_that_fits(name: str) -> str:
    return f"{name} is the paper that fits."
