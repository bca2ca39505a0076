"""What readers are told about people: one place a kind of sentence, in plain words.

As in `rag.answers.phrases`: names and topics are already escaped, a *phrase* limits the papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answers.phrases import add_before, quote_clause
from rag.library.view import LibraryView
from rag.text.english import choose_number, counted, join_names
from rag.text.markdown import plain
from rag.types import Role

ROLE_NAMES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "further author",
    "page": "owner of the profile page",
}
"""The roles by themselves, as the parts of a score are explained."""

TOGETHER = "all of them together"


def tell_role(roles: Mapping[str, Role]) -> str:
    """How a person stands on papers, in a few words: ``first author of 4``, ``co-author``."""
    n_first = sum(role == "first" for role in roles.values())
    if n_first:
        return "first author" if n_first == len(roles) else f"first author of {n_first}"
    on_page_alone = all(role == "page" for role in roles.values())
    return "by their profile page" if on_page_alone else "co-author"


# --- people by what they have -------------------------------------------------------------------


def head_people(limits: str, phrase: str) -> str:
    return f"By papers in this library{limits}{add_before(phrase)}:"


def tell_further_people(names: Sequence[str], n: int) -> str:
    """``Further people: Ann Mao [2], Bo Li [3] and 4 more``; ``names``: with the markers of their papers."""
    rest = n - len(names)
    return f"Further people: {', '.join(names)}{f' and {rest} more' if rest else ''}."


def tell_unsigned_papers(marks: str) -> str:
    return f"Also on the topic, authors unknown: {marks}."


def tell_uncounted_papers(n: int) -> str:
    """Papers whose authors are unknown, which a ranking of people cannot count."""
    return f"({counted(n)} without known authors not counted.)"


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

MOST_FIRST = ", those with most papers first"
NEWER_COUNT_MORE = "newer papers count for more"


def head_experts(topic: str, n_papers: int, limits: str, n_people: int, *, recent: bool) -> str:
    """``On **drones** there are 3 papers here from 2024, by 7 people:``; ``limits`` with its space."""
    people = "one person" if n_people == 1 else f"{n_people} people"
    verb = choose_number(n_papers, "is", "are")
    end = f" ({NEWER_COUNT_MORE}):" if recent else ":"
    on = quote_clause(topic)
    on = f"**{topic}**" if on == topic else on
    return f"On {on} there {verb} {counted(n_papers)} here{limits}, by {people}{end}"


def tell_nobody(topic: str, nearest: Sequence[str], word: str = "") -> str:
    """``nearest``: papers; ``word``: the rare word of the topic that they have, if they have one."""
    text = f"Nobody here works on **{topic}**: no paper in this library is about it."
    if nearest and word:
        text += f" Nearest to it, with “{word}”, are the people of {'; '.join(nearest)}."
    elif nearest:
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


def tell_no_affiliation(n: int, n_all: int) -> str:
    """That some papers on a topic may be of the affiliation asked for or not: they print none."""
    verb = choose_number(n, "prints", "print")
    return f"{n} of the {counted(n_all)} on the topic {verb} no affiliation"


def head_without_authors(topic: str, limits: str = "", *, is_lost: bool = False) -> str:
    """``is_lost``: a reader looked for them and did not find them."""
    verb = "could not be read" if is_lost else "are not given"
    under = f" {limits}" if limits else ""
    return f"There is work on **{topic}** here{under}, but its authors {verb}:"


# --- one person, and several --------------------------------------------------------------------


def tell_unavailable(name: str, what: str, n_papers: int) -> str:
    """Asked for something of a person that no document says, such as an address."""
    return (
        f"The papers say nothing about {name}'s {what}: of people they give names, papers and, for "
        f"those with a profile page, the page's figures. "
        f"There {choose_number(n_papers, 'is', 'are')} {counted(n_papers)} by {name} here."
    )


def tell_affiliations(affiliations: Sequence[str], affiliation_list: str) -> str:
    """``The papers list the affiliation tsinghua, but not whose it is``."""
    is_one = len(affiliations) == 1
    noun, whose = ("affiliation", "whose it is") if is_one else ("affiliations", "whose they are")
    return f"The papers list the {noun} {affiliation_list}, but not {whose}."


def ask_which_person(typed: str, n: int) -> str:
    return f"'{typed}' fits {counted(n, 'person')} here; which one do you mean?"


def tell_page_role(n: int) -> str:
    return f"{n} listed on their profile page, where the paper prints only 'et al.'"


def tell_coauthors(name: str, n: int, n_papers: int, limits: str = "") -> str:
    """``limits``: what the papers are limited to, as in ``on drones (of 10 here)``."""
    end = f" {limits}" if limits else ""
    return f"**{name}** has {counted(n, 'co-author')} on {counted(n_papers)}{end}."


def tell_most_frequent(names: str, n: int) -> str:
    return f"Most often with {names}: {counted(n)} together."


def tell_longest(names: str, n_people: int, n_years: int) -> str:
    """``Longest with Ann Mao, 2019 to 2024: 5 years from the first paper together to the last``; or that no year is known."""
    rest = f", and {n_people - 3} more" if n_people > 3 else ""
    if n_years < 0:
        return "No paper together has a year, so nobody can be said to be the longest."
    years = "within one year" if n_years == 0 else f"{counted(n_years, 'year')}"
    return f"Longest with {names}{rest}: {years} from the first dated paper together to the last."


def tell_together(names: str, n: int) -> str:
    """Papers that several people wrote together."""
    if not n:
        return f"No paper here names {names} together; author lists cut by 'et al.' may hide one."
    return f"{names} are together on {counted(n)}."


def tell_common_company(names: str, n: int, limits: str = "") -> str:
    """People who wrote papers with each of several people; ``limits`` are the papers' conditions."""
    limits = f" {limits}" if limits else ""
    if not n:
        return (
            f"Nobody here has a paper{limits} with each of {names}; "
            "author lists cut by 'et al.' may hide somebody."
        )
    have = choose_number(n, "has", "have")
    return f"{counted(n, 'person')} {have} papers{limits} with each of {names}."


MORE_MAY_BE_HIDDEN = "Author lists cut by 'et al.' may hide more."


def format_lookalikes(name: str, library: LibraryView) -> str:
    """Other prints of perhaps the same person, with what speaks for it; nothing where there are none."""
    lookalikes = library.names.find_lookalikes(name)
    if not lookalikes:
        return ""
    mine = {person for p in library.list_papers_of(name) for person in library.list_people_of(p)}
    described = []
    for lookalike in lookalikes[:MAX_LOOKALIKES]:
        papers = library.list_papers_of(lookalike)
        shared = sorted(
            {n for p in papers for n in library.list_people_of(p)} & mine - {name, lookalike}
        )
        with_whom = f", also with {plain(shared[0])}" if shared else ""
        described.append(f"{plain(lookalike)} ({counted(len(papers))}{with_whom})")
    return tell_lookalikes(join_names(described))


MAX_LOOKALIKES = 6


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


def tell_missing_authors(
    n_papers: int, n_cut: int, n_unnamed: int, n_first: int | None, n_lost: int = 0
) -> str:
    """How many papers do not name all of their authors; empty where all do.

    ``n_lost``: how many of the unnamed may print authors that could not be read.

    ``n_first``: how many authors each of the cut lists names, if that is the same for all.
    """
    clauses = []
    if n_papers == 1 and n_cut and n_first is not None:
        return f"Who may be missing: the paper names only its first {counted(n_first, 'author')}."
    if n_cut:
        first = "authors" if n_first is None else counted(n_first, "author")
        verb = choose_number(n_cut, "names", "name")
        clauses.append(f"{n_cut} of the {counted(n_papers)} {verb} only the first {first}")
    if n_unnamed > n_lost:
        n = n_unnamed - n_lost
        clauses.append(f"{n} {choose_number(n, 'names', 'name')} no authors at all")
    if n_lost:
        clauses.append(f"of {n_lost} the authors could not be read")
    return f"Who may be missing: {join_names(clauses)}." if clauses else ""


# --- figures of profile pages -------------------------------------------------------------------

NO_PAGES = "None of the documents read is a profile page."


def tell_page_figures(name: str, figures: str) -> str:
    return f"{name}'s profile page says: {figures}"


def tell_page_papers(n: int) -> str:
    return f"{counted(n)} of that page {choose_number(n, 'is', 'are')} in this library."


def tell_fixed_figure(phrase: str) -> str:
    return f"A page gives one figure, whatever the papers: '{phrase}' does not change it."


# --- whether two names are one person -----------------------------------------------------------

SAME_SPELLING = "The spellings are close enough to be one person's; the aliases file can join them."
NOTHING_SHARED = "They share neither a paper nor a co-author here."


def tell_different_names(names: str, n: int) -> str:
    return (
        f"{names} are {n} different names in this library, and nothing in it says that they are one "
        "person."
    )


def tell_different_people(n_together: int) -> str:
    return f"They are together on {counted(n_together)}, so they are different people."


def tell_shared_company(names: str) -> str:
    return f"They share no paper, but co-authors: {names}."


def tell_circles(name: str, n_papers: int, n: int, always: str) -> str:
    """Whether one name is one person, as far as its co-authors tell; ``always``: who is on all papers."""
    exception = (
        f", {always} aside, who {'is' if ' and ' not in always else 'are'} on all of them"
        if always
        else ""
    )
    if n < 2:
        return (
            f"Nothing here tells two people called {name} apart: the co-authors of "
            f"{counted(n_papers)} are linked{exception}."
        )
    return (
        f"That cannot be told: {name} stands on {counted(n_papers)}, and their co-authors{exception}, "
        f"form {n} groups that never meet."
    )


def tell_circle(n_papers: int, people: str) -> str:
    return (
        f"{counted(n_papers)} with {people}" if people else f"{counted(n_papers)} with nobody else"
    )


# --- authors of papers --------------------------------------------------------------------------

NOBODY_KNOWN = "The question names nobody I know of."


def tell_unclear_common_authors(papers: str) -> str:
    return f"Whether {papers} share authors cannot be told."


def tell_authors_not_found(name: str, marker: str) -> str:
    return f"{name} {marker}: I could not find its authors in the file, so they are unknown."


def tell_authors_not_named(name: str, marker: str) -> str:
    return f"{name} {marker}: its document names no authors, so they are unknown."


def tell_first_authors(names: Sequence[str]) -> str:
    """Of papers that have somebody in common: ``The first author is the same, **Shikun Li**``."""
    if not names:
        return ""
    if len(names) == 1:
        return f"The first author is the same, **{names[0]}**."
    return f"The first authors are {join_names(f'**{name}**' for name in names)}."


def tell_first_author(name: str, author: str, marker: str) -> str:
    return f"The first author of {name} is **{author}** {marker}."


def tell_authors(name: str, authors: str, marker: str) -> str:
    return f"{name} is by {authors} {marker}."


def tell_next_frequent(names: str, n: int, *, several: bool) -> str:
    """Who shares the next most papers with somebody, behind those who share the most."""
    return f"After that come {names} ({n} each)." if several else f"After that comes {names} ({n})."


def head_scores(roles: str, *, recent: bool) -> str:
    """Above the parts of experts' scores; ``roles`` has the weight of each role in words."""
    aged = ", halved for every three years of age" if recent else ""
    return f"How the scores come about: relevance of each paper (1 for the closest{aged}) × role ({roles})."
