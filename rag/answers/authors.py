"""Answers who wrote a paper: printed authors, the page's owner, and whether some may be missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.answers import person_phrases
from rag.answers.portrait import build_expert
from rag.answers.rows import Listing, build_scored_papers, find_naming_sentence, format_date
from rag.library.view import LibraryView
from rag.search.topics import compute_coverage
from rag.text import fold, join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Paper
from rag.types.query import Query
from rag.types.retrievals import Retrieve

_COVERED = 0.5
"""Share of a description's words, weighted by idf, that the retrieved paper must contain."""


def answer_authors(query: Query, library: LibraryView, retrieve: Retrieve) -> Answer:
    """The people of the papers asked about, or of the one that the topic describes."""
    papers = library.list_papers(query.papers)
    # "who wrote the paper on ...?": no paper is named, so the best match, if it has the words.
    if not papers and query.topic:
        papers = _find_described(query.topic, library, retrieve)
    if not papers:
        return Answer("", "abstained", "person", person_phrases.WHICH_PAPER)
    listing = Listing(spans={p.paper_id: find_naming_sentence(p) for p in papers})
    lines = [_render_author_line(paper, query, listing) for paper in papers]
    known = [p for p in papers if p.authorships]
    names = dict.fromkeys(n for p in known for n in library.list_people_of(p))
    return Answer(
        "",
        "answered" if known else "abstained",
        "person",
        "\n".join(lines),
        listing.citations,
        build_scored_papers(papers),
        tuple(build_expert(n, known, library) for n in names),
    )


_SHOWN = 12
"""Most people named who are on several of many papers, and most papers of one title."""


def answer_common(query: Query, library: LibraryView) -> Answer:
    """The people whom the papers have in common; those on several of them if none is on all."""
    papers = library.list_papers(query.papers)
    known = [p for p in papers if p.authorships]
    listing = Listing()
    names = [_render_linked_title(p, listing) for p in papers] if len(papers) <= 3 else []
    rest = " ".join(listing.get_marker(p) for p in papers) if len(papers) <= _SHOWN else ""
    which = join_names(names) if len(papers) <= 3 else f"the {counted(len(papers))} {rest}".strip()
    counts = Counter(n for p in known for n in dict.fromkeys(library.list_people_of(p)))
    order = [name for name, _ in counts.most_common()]  # those on as many as they stand in print
    everywhere = [n for n in order if counts[n] == len(papers)]
    several = [n for n in order if 1 < counts[n] < len(papers)]
    sentences = []
    if everywhere:
        names_text = join_names(_format_bold(everywhere))
        every_paper = f"{_format_all(papers)} {which}"
        sentences.append(person_phrases.tell_stands_on(names_text, len(everywhere), every_paper))
    # "Do DuetFace and VISA share authors?": no is only known if all of them print their authors.
    elif len(known) == len(papers) or several:
        some = bool(several)
        sentences.append(
            person_phrases.tell_no_common_author(which, len(papers), some_on_several=some)
        )
    else:
        sentences.append(person_phrases.tell_unclear_common_authors(which))
    if everywhere and len(papers) <= 3:  # "same first author?"
        firsts = dict.fromkeys(p.authors[0] for p in papers if p.authors)
        sentences.append(person_phrases.tell_first_authors([plain(name) for name in firsts]))
    # "papers with a title / do they share authors?": nobody is on all, but some are on several.
    if several:
        names_text = join_names(
            _render_author(n, known, listing, library) for n in several[:_SHOWN]
        )
        remainder = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
        sentences.append(person_phrases.tell_on_several(f"{names_text}{remainder}"))
    if silent := [p for p in papers if not p.authorships]:
        who = join_names(_render_linked_title(p, listing) for p in silent[:3])
        remainder = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        sentences.append(person_phrases.tell_unknown_authors(f"{who}{remainder}"))
    if (
        (everywhere or several or len(known) == len(papers))
        and not all(p.authors_complete for p in known)
        and len(known) > 1
    ):
        sentences.append(person_phrases.MORE_MAY_BE_HIDDEN)
    return Answer(
        "",
        "answered" if everywhere or several or len(known) == len(papers) else "abstained",
        "person",
        " ".join(filter(None, sentences)),
        listing.citations,
        build_scored_papers(papers),
        tuple(build_expert(n, known, library) for n in (*everywhere, *several)),
        value=", ".join(everywhere),
    )


def _render_author(
    name: str, papers: Sequence[Paper], listing: Listing, library: LibraryView
) -> str:
    """The person with the papers among these."""
    own_papers = [p for p in papers if name in library.list_people_of(p)]
    marks = " ".join(listing.get_marker(p) for p in own_papers[:_SHOWN])
    return f"**{plain(name)}** ({len(own_papers)}: {marks})"


def _render_linked_title(paper: Paper, listing: Listing) -> str:
    return f"*{plain(paper.name)}* {listing.get_marker(paper)}"


def _format_bold(names: Sequence[str]) -> list[str]:
    return [f"**{plain(n)}**" for n in names]


def _format_all(papers: Sequence[Paper]) -> str:
    return "both" if len(papers) == 2 else "all of" if len(papers) > 3 else "each of"


def _find_described(topic: str, library: LibraryView, retrieve: Retrieve) -> list[Paper]:
    # "who wrote Preface?": everyone who wrote one.
    if entitled := library.list_entitled(fold(topic), _SHOWN):
        return library.list_papers(sorted(entitled))
    best = retrieve(topic, 1).papers
    return [h.paper for h in best if compute_coverage(topic, h.paper, library) >= _COVERED]


def _render_author_line(paper: Paper, query: Query, listing: Listing) -> str:
    name = f"**{plain(paper.name)}**"
    mark = listing.get_marker(paper)
    # "who wrote the SignNet paper?"
    if not paper.authorships and paper.is_not_found("authors"):
        return person_phrases.tell_authors_not_found(name, mark)
    if not paper.authorships:
        return person_phrases.tell_authors_not_named(name, mark)
    owners = [a.name for a in paper.authorships if a.role == "page"]
    # "who is the first author of MaskNet?"
    if query.relation == "first_author" and paper.authors:
        return person_phrases.tell_first_author(name, plain(paper.authors[0]), mark)
    # "who wrote M3D and when?": the day is told unasked
    when = f" ({format_date(paper)})" if paper.year else ""
    authors = _format_authors(paper.authors, owners, complete=paper.authors_complete)
    return person_phrases.tell_authors(f"{name}{when}", authors, mark)


def _format_authors(printed: Sequence[str], owners: Sequence[str], *, complete: bool) -> str:
    printed_text = join_names(f"**{plain(n)}**" for n in printed)
    if printed and not complete:
        printed_text += person_phrases.CUT_AUTHOR_LIST
    if owners:
        who = join_names(f"**{plain(n)}**" for n in owners)
        owner_clause = person_phrases.tell_owner(who, len(owners))
        printed_text += f"; also {owner_clause}" if printed_text else owner_clause
    return printed_text
