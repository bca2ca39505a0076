"""Which papers to read first, each with its reason: computed, no judgement of their worth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answers import phrases
from rag.answers.overview import count_leading_people
from rag.answers.paper_set import PaperSet
from rag.answers.rows import Listing, list_places
from rag.answers.topic_names import MAX_TITLES, find_topics, has_topic
from rag.text.markdown import plain
from rag.types import Answer, Paper
from rag.types.query import Order, Query

FEW_TOPICS = 4
_GIVES_OVERVIEW = re.compile(
    r"\b(?:surveys?|reviews?|overview|tutorial|primer|introduction to|perspectives?|roadmap)\b",
    re.IGNORECASE,
)


def answer_reading_order(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """A few papers of a set, in the order to read them; a paper with two reasons has both.

    Without a topic they are the newest of each topic that most of the papers have.
    """
    if query.topic:
        ranked = papers.find_papers()
        paper_reasons = _iter_reasons(ranked, papers.find_ids(Order("date", "ascending")))
    else:
        ranked = papers.library.list_papers(papers.find_ids("newest first", MAX_TITLES))
        paper_reasons = _iter_topic_reasons(ranked)
    reasons: dict[str, list[str]] = {}
    for paper, reason in paper_reasons:
        reasons.setdefault(paper.paper_id, []).append(reason)
    by_id = {paper.paper_id: paper for paper in ranked}
    chosen = [by_id[paper_id] for paper_id in reasons][: query.k]
    listing = Listing(query.topic)
    rows = listing.render_rows(chosen, lambda p: phrases.tell_why_read(reasons[p.paper_id]))
    numbered = [f"{n}. {row[2:]}" for n, row in enumerate(rows.split("\n"), 1)]
    n_more = papers.n - len(chosen)
    remark = (
        phrases.tell_more_on_topic(n_more, plain(query.topic)) if n_more and query.topic else ""
    )
    text = "\n\n".join(
        filter(None, (phrases.head_reading_order(papers.n, phrase), "\n".join(numbered), remark))
    )
    scored = papers.library.list_scored([p.paper_id for p in chosen])
    return Answer(
        "", "answered", "catalogue", text, listing.citations, scored, value=list_places(scored)
    )


def _iter_reasons(
    ranked: Sequence[Paper], oldest_first: Sequence[str]
) -> Iterator[tuple[Paper, str]]:
    """Papers with a reason, in the order to read them.

    Args:
        ranked: On the topic, the closest first.
        oldest_first: Their ids.
    """
    by_id = {paper.paper_id: paper for paper in ranked}
    for paper in ranked:
        if _GIVES_OVERVIEW.search(paper.title or ""):
            yield paper, phrases.READ_FOR_OVERVIEW
    yield ranked[0], phrases.READ_AS_CLOSEST
    dated = [by_id[paper_id] for paper_id in oldest_first if by_id[paper_id].year is not None]
    if len(dated) > 1:
        yield dated[0], phrases.READ_AS_EARLIEST
    for name, n in count_leading_people(ranked)[:1]:
        of_person = [p for p in ranked if name in {plain(a.name) for a in p.authorships}]
        yield of_person[0], phrases.read_for_person(name, n)
    if len(dated) > 1:
        yield dated[-1], phrases.READ_AS_NEWEST


def _iter_topic_reasons(newest_first: Sequence[Paper]) -> Iterator[tuple[Paper, str]]:
    """The newest paper of each of the largest topics, and the newest of all."""
    for topic, n in find_topics([paper.title or "" for paper in newest_first], FEW_TOPICS):
        newest = next(p for p in newest_first if has_topic(p.title or "", topic))
        yield newest, phrases.read_for_topic(plain(topic), n)
    yield newest_first[0], phrases.READ_AS_NEWEST
