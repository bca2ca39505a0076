"""What readers are told in computed answers: one place a kind of sentence, in plain words.

Names and topics come here already escaped (`rag.text.markdown.plain`); a *phrase* is what limits the
papers (``from 2023 by Ann Mao``), empty for the whole library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.text.english import choose_number, counted, join_names
from rag.types import Answer

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


def add_before(phrase: str) -> str:
    """The phrase with a space before it, where there is one."""
    return f" {phrase}" if phrase else ""


def put_notes_first(notes: Sequence[str], text: str) -> str:
    """``(showing Ann Mao for 'ann mo')`` above the answer."""
    return f"({'; '.join(notes)})\n\n{text}" if notes else text


def tell_spelling(spelling: str, typed: str) -> str:
    return f"showing {spelling} for '{typed}'"


def tell_next(names: Sequence[str]) -> str:
    """The papers behind the first in an order."""
    return f"Next: {join_names(names)}."


def tell_undated_rest(way: str, names: Sequence[str], n_more: int) -> str:
    """Papers that print no year, which an order by date cannot place."""
    rest = [f"{n_more} more"] if n_more else []
    verb, be = ("prints", "is") if len(names) + n_more == 1 else ("print", "are")
    end = f"{verb} no year, so whether {'it' if be == 'is' else 'any'} is {way} cannot be told"
    return f"{join_names([*names, *rest])} {end}."


def tell_other_reading(reading: str, other_words: str, question: str) -> str:
    return f"Read as {reading}; for {other_words}, ask: '{question}'"


# --- lists and counts ---------------------------------------------------------------------------


_CLAUSE = re.compile(
    r"\b(?:be|is|are|was|were|been|can|could|does|did|has|have|had|should|would|will|cannot|don['’]?t|doesn['’]?t|who|how|why)\b"
    r"|\b\w+ed by\b|\b\w{3,}[^s\W]s (?:the|an?|its|their|our)\b",
    re.IGNORECASE,
)


def quote_clause(topic: str) -> str:
    """A topic for use in a heading: in quotation marks if it is a whole clause."""
    return f"“{topic}”" if _CLAUSE.search(topic) else topic


def head_list(n: int, phrase: str, limit: int, remarks: str) -> str:
    """``37 papers from 2023:``, with what the number does not count, and how many follow if not all."""
    first = f"the first {limit}:" if n > limit else ""
    head = f"{counted(n)}{add_before(phrase)}"
    if remarks:
        return f"{head}. {remarks} {first.capitalize()}".rstrip()
    return f"{head}; {first}" if first else f"{head}:"


def tell_count(n: int, phrase: str) -> str:
    return f"**{counted(n)}**{add_before(phrase).removesuffix('.')}."


def tell_only_paper(phrase: str) -> str:
    """The head of a list of somebody's papers that is one paper long: elsewhere there may be more."""
    return f"**{counted(1)} here**{add_before(phrase).removesuffix('.')}."


def tell_library_size(n: int, n_entries: int, n_repeated: int) -> str:
    repeated = ""
    if n_repeated:
        verb = choose_number(n_repeated, "appears", "appear")
        repeated = (
            f" ({counted(n_entries, 'entry')}; {n_repeated} {verb} in more than one document)"
        )
    return f"**{counted(n)}** in the library{repeated}."


def tell_entries(n: int, phrase: str) -> str:
    return f"**{counted(n, 'entry')}**{add_before(phrase)}."


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
    """Turn a phrase that follows ``papers`` into a predicate: ``with a year`` becomes ``have a year``."""
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
    """Which papers on a topic use its words, and which only come close to it in meaning.

    Empty where all use them, as a reader takes for granted.
    """
    if not n_in_meaning:
        return ""
    clauses = []
    if n_in_words:
        clauses.append(f"{n_in_words} {choose_number(n_in_words, 'uses', 'use')} these words")
    clauses.append(f"{n_in_meaning} {choose_number(n_in_meaning, 'is', 'are')} close in meaning")
    return f"({', '.join(clauses)}.)"


def tell_excluded_papers(n: int, topic: str) -> str:
    return f"({counted(n)} about {topic} {choose_number(n, 'was', 'were')} excluded.)"


def head_similar(name: str, phrase: str, *, n_about_the_same: int, n_nearest: int) -> str:
    if n_about_the_same:
        return f"Nearest in subject to **{name}**{add_before(phrase)}:"
    end = "; the nearest are:" if n_nearest else "."
    return f"No other paper{add_before(phrase)} is about the same as **{name}**{end}"


# --- what a figure does not count ---------------------------------------------------------------


def tell_without_mark(n: int, n_unknown: int) -> str:
    """How many papers have no code mark, and for how many it is unknown because the document prints no marks."""
    n_without = n - n_unknown
    if not n_without:
        return f"Whether {choose_number(n, 'it has', 'they have')} code is unknown."
    return (
        f"{n_without} {choose_number(n_without, 'has', 'have')} no code mark; "
        f"for {n_unknown} it is unknown."
    )


def tell_undated(n: int, phrase: str, n_lost: int = 0) -> str:
    """How many papers were not counted for want of a year; ``n_lost`` of them print one that could not be read."""
    if n_lost == n:
        return f"({counted(n)}{add_before(phrase)} whose year could not be read not counted.)"
    lost = f", {n_lost} of which may print one that could not be read," if n_lost else ""
    return f"({counted(n)}{add_before(phrase)} without a printed year{lost} not counted.)"


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


def tell_none(phrase: str, *, is_further: bool = False) -> str:
    return f"No {'further ' if is_further else ''}papers{add_before(phrase)}."


LIMITATIONS_UNMARKED = (
    "(A sentence counts as a limitation only where its abstract heads it so; what papers find wrong with "
    "earlier work is under the role 'problem'.)"
)


def tell_none_on_topic(n: int, phrase: str) -> str:
    return f"({counted(n)}{add_before(phrase)}, none of them on that topic.)"


def tell_none_touches(n: int, phrase: str, topic: str) -> str:
    """Say that none of the papers on a topic mentions the further one, and what was searched."""
    if n == 1:
        subject = f"The one paper{add_before(phrase)} does not say"
    else:
        subject = f"Of the {counted(n)}{add_before(phrase)} none says"
    return f"{subject} “{topic}” in these words, nor comes near to it in meaning."


def tell_none_in_words(topic: str) -> str:
    """Where papers come near to a topic that none is about: two on SoccerNet to "football"."""
    return f"No paper is about {topic} in these words."


NEAREST_IN_MEANING = "Nearest to it in meaning:"


def tell_none_has(n: int, phrase: str, noun: str) -> str:
    """``None of the 3 papers from 2024 has a category``."""
    return f"None of the {counted(n)}{add_before(phrase)} has {noun}."


def tell_no_paper(paper_id: str) -> str:
    return f"The library has no paper #{paper_id}; it may have been removed. *paperfolk papers* lists what there is."


def refuse_unread(words: str) -> str:
    return f"I cannot check '{words}', so it is not taken into account."


def tell_unread_alone(words: str) -> str:
    return (
        f"I cannot check '{words}' over the whole library. What can be counted: years, categories, "
        "affiliations, authors, pages, the Code mark, links, and words in titles."
    )


MAX_WITHOUT = 6


def tell_without(names: Sequence[str]) -> str:
    """Which papers say nothing of it: ``Not stated in the other 2: *MAT* and *GenShield*``."""
    n = len(names)
    rest = [f"{n - MAX_WITHOUT} more"] if n > MAX_WITHOUT else []
    other_papers = "the other one" if n == 1 else f"the other {n}"
    return f"Not stated in {other_papers}: {join_names([*names[:MAX_WITHOUT], *rest])}."


def refuse_content(missing: str, n: int, *, is_near: bool) -> str:
    """No paper answers a question of content.

    ``missing``: the words that none of the n nearest papers has. ``is_near``: whether a paper is near
    the question, so that its nearest sentence follows.
    """
    head = "Not stated" if is_near else "Nothing here is about that"
    if not missing:
        return f"{head}."
    who = choose_number(
        n, "the nearest paper does not mention", "none of the nearest papers mentions"
    )
    return f"{head}: {who} {missing}."


NO_FIGURE = "No figure for this is stated. Nearest:"
OWN_LIMITS_NOT_STATED = "Its own limits are not stated."
PROBLEM_ADDRESSED = "The problem it addresses:"


def tell_undefined(subject: str) -> str:
    return f"No definition of “{subject}” is stated. Nearest:"


def tell_unmet(words: Sequence[str], n: int) -> str:
    """``Neither mentions “device”.``, of n papers that are compared."""
    who = "Neither mentions" if n == 2 else "None of them mentions"
    return f"{who} {join_names(f'“{word}”' for word in words)}."


# --- orders and groups --------------------------------------------------------------------------


def head_extreme(word: str, n: int, phrase: str, needed: str) -> str:
    """``The newest of the 37 papers from 2023 that give a year``, ready for a colon."""
    verb = choose_number(n, "gives", "give")
    return f"The {word} of the {counted(n)}{add_before(phrase)} that {verb} {needed}"


# --- answers in the papers' own words -----------------------------------------------------------

HEAD_NEAREST = "Nearest:"
HEAD_OTHER_PAPERS = "It could also be:"


def tell_chance(text: str, *, sure: bool, likely: bool) -> str:
    """The paper that is meant, with how sure that is: ``Probably **Title**: “…”``."""
    return text if sure else f"{'Probably' if likely else 'Perhaps'} {text}"


ONLY_ONE = "only one paper is spoken of here; name another to compare it with"


def head_comparison(n: int) -> str:
    return f"{counted(n)} compared:"


def tell_order_of_dates(dated: Sequence[tuple[str, str]]) -> str:
    """``**DANCE** (Jun 2024) is newer than M3D (Dec 2023)``; the newest first; empty for none."""
    if not dated:
        return ""
    (newest, date), *older = dated
    rest = join_names(f"{name} ({when})" for name, when in older)
    return f"**{newest}** ({date}) is newer than {rest}."


def tell_common_people(n: int, people: str, first_author: str) -> str:
    """Who stands on all of the papers; ``first_author``: of all of them, if it is one person."""
    which = "Both" if n == 2 else "All"
    if first_author:
        return f"{which} have the same first author, **{first_author}**."
    return f"{which} are by {people}." if people else ""


def tell_naming(paper: str, mentioned: str, marker: int) -> str:
    return f"{paper} names {mentioned} [{marker}]."


def tell_no_naming(n: int) -> str:
    which = "Neither abstract names the other" if n == 2 else "None of the abstracts names another"
    return f"{which}, so they are not compared directly here."


def head_library(n: int, phrase: str) -> str:
    return f"**{counted(n)}**{add_before(phrase) or ' here'}."


HEAD_NEWEST = "The newest:"


def _join_counts(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({n:,})" for name, n in counts)


def tell_topics(counts: Sequence[tuple[str, int]]) -> str:
    return f"Often in titles: {_join_counts(counts)}." if counts else ""


def tell_years(counts: Sequence[tuple[str, int]], n_undated: int) -> str:
    """The latest years first; ``n_undated``: papers that print no year."""
    undated = f"; {n_undated:,} without a printed year" if n_undated else ""
    return f"By year: {_join_counts(counts)}{undated}." if counts else ""


def tell_most_papers(counts: Sequence[tuple[str, int]]) -> str:
    return f"Most papers: {_join_counts(counts)}." if counts else ""


def tell_categories(counts: Sequence[tuple[str, int]]) -> str:
    return f"Categories: {_join_counts(counts)}." if counts else ""


def tell_code(n: int) -> str:
    return f"With code: {n:,}." if n else ""


def head_overview(topic: str, n: int, years: str, people: Sequence[tuple[str, int]]) -> str:
    """``**8 papers** on **drones**, 2019 to 2024, most by Ann Mao (3):``; ``years`` with its comma."""
    by = join_names(f"{name} ({count})" for name, count in people)
    on = f" on **{topic}**" if topic else ""  # "summarise what we found": of the papers shown
    if (clause := quote_clause(topic)) != topic:
        on = f" nearest to {clause}"
    return f"**{counted(n)}**{on}{years}{f', most by {by}' if by else ''}."


THE_PROBLEM = "The problem:"
NO_SUCH_PAPER = "No paper of that name is in this library."
OTHER_PAPERS = "others"


def tell_more_on_topic(n: int, topic: str) -> str:
    return (
        f"And {counted(n, 'more paper')} on it; for all of them ask: 'list the papers on {topic}'."
    )


def tell_close(names: Sequence[str]) -> str:
    """Papers of which it is open whether they are on a topic."""
    return f"Close to it: {join_names(names)}."


READ_FOR_OVERVIEW = "its title promises an overview"
READ_AS_CLOSEST = "closest to the topic"
READ_AS_EARLIEST = "the earliest with a year"
READ_AS_NEWEST = "the newest with a year"


def read_for_person(name: str, n: int) -> str:
    return f"by {name}, who has most of them ({n})"


def read_for_topic(topic: str, n: int) -> str:
    return f"the newest of {counted(n)} on {topic}"


def head_reading_order(n: int, phrase: str) -> str:
    return f"{counted(n)}{add_before(phrase)}. To read first, and why:"


def tell_newest_read(n: int) -> str:
    return f"Of the {n:,} newest papers that speak of data:"


def tell_without_data(n: int) -> str:
    return f"{counted(n, 'more paper')} on it {choose_number(n, 'names', 'name')} none in the abstract."


def head_new_data(n: int, phrase: str) -> str:
    """``15 papers bring a data set or a benchmark of their own:``."""
    about = add_before(phrase)
    if n == 0:
        return f"None: no paper{about} says that it brings a data set or a benchmark of its own."
    verb, noun = ("brings", "its own") if n == 1 else ("bring", "their own")
    return f"{counted(n)}{about} {verb} a data set or a benchmark of {noun}:"


def tell_why_read(reasons: Sequence[str]) -> str:
    return f"*{join_names(reasons)}*"


NOTHING_TO_RECAP = "Nothing has been asked of the papers in this conversation yet."


def head_recap(n: int, n_told: int) -> str:
    """``So far 14 questions, the latest 12 with what answered them:``."""
    latest = f"the latest {n_told}" if n_told < n else "each"
    return f"So far {counted(n, 'question')}, {latest} with what answered {choose_number(n, 'it', 'them')}:"


def head_several_papers(n: int) -> str:
    return f"{counted(n)} {choose_number(n, 'has', 'have')} something on this:"


def point_to_more(markers: Sequence[int]) -> str:
    """``More from this paper: [2] [3]``: quotes that are read behind their markers."""
    return f"More from this paper: {' '.join(f'[{marker}]' for marker in markers)}"


def point_to_other_papers(markers: Sequence[int]) -> str:
    return f"Other papers near it: {' '.join(f'[{marker}]' for marker in markers)}"


def tell_paper_that_fits(name: str) -> str:
    return f"{name} is the paper that fits."


def format_checks(answer: Answer) -> str:
    """What was checked of a model's sentences: ``figures and names checked: 2 unverified``."""
    words = {"supported": "supported", "checked": "not judged", "not_found": "unverified"}
    counts = answer.n_by_verdict
    if not answer.verified_by:
        n = counts.get("not_found", 0)
        return "figures and names checked" + (f": {n} unverified" if n else "")
    listing = ", ".join(f"{n} {words[verdict]}" for verdict, n in counts.items())
    return f"checked by {answer.verified_by}: {listing}"
