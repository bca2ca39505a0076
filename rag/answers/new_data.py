"""Which papers bring a data set or a benchmark of their own, each with the clause that says so.

The role ``resource`` does not tell it: it is mostly an address of code, and most new data sets stand in
the sentence that says what the paper proposes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.answers import phrases
from rag.answers.citations import Citations
from rag.answers.clauses import find_clause
from rag.answers.paper_set import PaperSet
from rag.answers.quoting import render_quote
from rag.answers.rows import MAX_ROWS, format_date, list_places
from rag.answers.sentence_forms import DATA_WORDS
from rag.text.markdown import plain
from rag.types import Answer, Condition, Paper, RoleSpan, Span
from rag.types.query import Query

_VERBS = (
    r"(?:propos|introduc|present|construct|collect|contribut|creat|releas|establish|buil[dt]|curat|annotat|assembl|"
    r"provid|develop)\w*"
)
_BETWEEN = (
    r"(?:(?!\b(?:on|using|from|with|over|across|against|by|via|to|than|for|method|model|framework|approach|algorithm)\b)"
    r"[^.;]){0,90}?"
)
"""Up to 90 characters without a word such as *on* or *using*, after which the data are only tested on."""
_BRINGS_DATA = re.compile(
    rf"\b(?:we|paper|work|authors)\b[^.;]{{0,40}}?\b{_VERBS}\b{_BETWEEN}{DATA_WORDS}"
    rf"|{DATA_WORDS}[^.;]{{0,80}}?\b(?:is|are|was|were)\b(?: \w+)? {_VERBS}",
    re.IGNORECASE,
)

_NAMES = ("data set", "benchmark", "test set", "test bed", "corpus", "corpora")
"""Only papers with one of these words are searched for new data; "data set" also finds "dataset"."""

MAX_READ = 2_000
"""Papers that are read sentence by sentence, the newest of those with a word for data."""


def answer_new_data(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """The papers of a set that bring data, newest first, each with its clause."""
    library = papers.library
    clauses: list[tuple[Paper, Span]] = []
    naming = {
        paper_id
        for name in _NAMES
        for paper_id in papers.narrow(Condition("text", "contains", name)).find_ids()
    }
    ids = [paper_id for paper_id in papers.find_ids("newest first") if paper_id in naming]
    for paper in library.list_papers(ids[:MAX_READ]):
        if span := find_new_data(paper, library.library.list_role_spans(paper.paper_id)):
            clauses.append((paper, span))
    marks = Citations()
    rows = [_render_row(paper, span, marks) for paper, span in clauses[: query.k or MAX_ROWS]]
    scored = library.list_scored([paper.paper_id for paper, _ in clauses[: query.k]])
    head = phrases.head_new_data(len(clauses), phrase)
    if len(ids) > MAX_READ:
        head = f"{phrases.tell_newest_read(MAX_READ)} {head}"
    return Answer(
        "",
        "answered",
        "catalogue",
        "\n\n".join(filter(None, (head, "\n".join(rows)))),
        marks.list_citations(),
        scored,
        value=list_places(scored) if query.want == "papers" else len(clauses),
    )


def is_bringing_data(paper: Paper, span: Span) -> bool:
    """Whether a sentence says that its paper brings data."""
    return _BRINGS_DATA.search(paper.text, *span) is not None


def find_new_data(paper: Paper, sentences: Iterable[RoleSpan]) -> Span | None:
    """The clause in which a paper says that it brings data; None where it does not."""
    for place in sentences:
        if place.role not in ("background", "problem") and is_bringing_data(paper, place.span):
            return find_clause(paper.text, place.span)
    return None


def _render_row(paper: Paper, span: Span, marks: Citations) -> str:
    date = format_date(paper)
    name = f"**{plain(paper.name)}**{f' ({date})' if date else ''}"
    return f"- {name}: {render_quote(paper, span, marks)}"
