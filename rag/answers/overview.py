"""An overview of a topic: how many papers, when, by whom, what the problem is, and each in one clause."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answers import phrases
from rag.answers.citations import Citations
from rag.answers.clauses import find_clause, find_idea, find_telling_clause
from rag.answers.comparing_words import content_words
from rag.answers.grouping import group_papers
from rag.answers.leading import is_pointing_back
from rag.answers.new_data import is_bringing_data
from rag.answers.quoting import choose_sentences, render_quote, tells_problem
from rag.answers.rows import format_date, format_years
from rag.answers.sentence_forms import FORMS, KINDS, is_of_itself, rate_data
from rag.answers.summary import render_summary
from rag.answers.units import states_how_well
from rag.library.naming import get_recency_key, get_short_name
from rag.text import extract_terms
from rag.text.markdown import plain
from rag.types import Paper, PaperHit, Sentence, SentenceRole, Span
from rag.types.query import Detail, Order, Query

MAX_LOOKED_AT = 60
"""Papers that are read for the names of data sets."""
MAX_TOLD = 12
"""Papers told in a clause each; the others are counted."""
_FEW = 4
"""So many papers are not grouped."""
_PEOPLE = 3
_MAX_PROBLEM_CHARS = 260
_OF_NEARNESS = 0.3
"""What is added to how near a problem's sentence comes to the topic, about .3 for one of the papers' field."""
_OF_ROLE = 1.3
"""What a sentence with the role of a problem weighs, against one of background."""
_LEAST_WORDS = 6
"""Content words of a problem's clause; a shorter one is as if it had so many."""
_ROLES_OF_DETAIL: Mapping[Detail, tuple[SentenceRole, ...]] = {
    "problem": ("problem", "limitation"),
    "cause": ("problem", "limitation"),
    "limitation": ("problem", "limitation"),
    "data": ("resource", "aim", "method", "result"),
    "metric": ("result",),
    "result": ("result",),
    "link": ("resource",),
}
"""The first is told before the others: a new benchmark before one used."""


_BEST = re.compile(
    r"\bstate[- ]of[- ]the[- ]art\b|\bsota\b|\bbest (?:\w+ )?(?:results?|figures?|scores?|numbers?|performance|accuracy)\b",
    re.IGNORECASE,
)
_EVOLVES = re.compile(
    r"\bevol(?:v\w+|ution)\b|\bover (?:the years|time)\b|\bthe years\b|\bhistory of\b|\bhow (?:has|have|did) .{1,120} (?:chang|develop|progress)\w*",
    re.IGNORECASE,
)


_NEW = re.compile(r"\b(?:what(?: is|'s|s)? new|news?|newest|latest|recent(?:ly)?)\b", re.IGNORECASE)


def _read_request(query: Query) -> Query:
    """The query with the detail and the order that its words ask of each paper.

    "what is the state of the art in pose estimation?" is told in figures, how a topic has evolved by
    what each paper brought, the oldest first, and what is new without groups, in which the newest would be lost.
    """
    if query.order is None and _NEW.search(query.text) and not query.asks_for:
        return replace(query, order=Order("date"))
    if _EVOLVES.search(query.text):
        return replace(query, asks_for=None, order=Order("date", "ascending"))
    return replace(query, asks_for="result") if _BEST.search(query.text) else query


def count_shown(query: Query) -> int:
    """How many of the papers, the best first, may be told by a sentence of theirs."""
    return MAX_TOLD + (MAX_LOOKED_AT if query.asks_for == "data" else 0)


def render_overview(
    query: Query, hits: Sequence[PaperHit], marks: Citations, close: Sequence[PaperHit] = ()
) -> str:
    """All papers on the query's topic.

    Args:
        query: Read as an overview.
        hits: The best first, which are told if not all can be.
        marks: Takes the citations.
        close: Papers that may be on the topic as well, which are named.
    """
    query = _read_request(query)
    topic = plain(query.topic)
    papers = [hit.paper for hit in hits]
    looked_at = hits[:MAX_LOOKED_AT] if query.asks_for == "data" else ()
    without = [hit for hit in looked_at if find_detail(query, hit) is None]
    shown_hits = [hit for hit in hits if hit not in without] if len(without) < len(hits) else hits
    # "an overview of noisy labels in two sentences": how many papers there are, and a clause of the nearest
    n_told = min(MAX_TOLD, max(1, (query.form.sentences or MAX_TOLD + 1) - 1))
    hit_of = {hit.paper.paper_id: hit for hit in shown_hits[:n_told]}
    head = phrases.head_overview(
        topic, len(papers), format_years(papers), count_leading_people(papers)
    )
    parts = [head]
    if len(hits) == 1 and not query.asks_for:
        return "\n\n".join(
            filter(
                None,
                (head, render_summary(query, hits[0], marks), _name_close(query, close, marks)),
            )
        )
    if (
        not query.asks_for
        and not query.form.sentences
        and (problem := _find_problem(query, list(hit_of.values())))
    ):
        parts.append(f"{phrases.THE_PROBLEM} {render_quote(*problem, marks)}")
    newest_first = sorted((hit.paper for hit in hit_of.values()), key=get_recency_key)
    if query.order and query.order.way == "ascending":
        undated = [p for p in newest_first if p.year is None]
        newest_first = [p for p in reversed(newest_first) if p.year is not None] + undated
    is_grouped = query.order is None and len(hit_of) > _FEW
    groups = group_papers(query.topic, newest_first) if is_grouped else []
    if len(groups) < 2:
        parts.append(_render_rows(query, newest_first, hit_of, marks))
    else:
        for group in groups:
            rows = _render_rows(query, group.papers, hit_of, marks)
            parts.append(f"*{plain(group.term) or phrases.OTHER_PAPERS}*\n\n{rows}")
    if len(shown_hits) < len(hits):
        parts.append(phrases.tell_without_data(len(hits) - len(shown_hits)))
    if len(shown_hits) > len(hit_of):
        parts.append(phrases.tell_more_on_topic(len(shown_hits) - len(hit_of), topic))
    parts.append("" if query.form.sentences else _name_close(query, close, marks))
    return "\n\n".join(filter(None, parts))


def _name_close(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """``Close to it: *Title* (Nov 2025) [9]``, each with the sentence that says what it brings; nothing without papers."""
    names = []
    for hit in hits:
        date = format_date(hit.paper)
        order = choose_sentences(query.topic, hit, len(hit.sentences), several=True)
        idea = find_idea(hit, order)
        marker = marks.get_marker(hit.paper, idea.span if idea else (0, 0))
        names.append(f"*{plain(hit.paper.name)}*{f' ({date})' if date else ''} [{marker}]")
    return phrases.tell_close(names) if names else ""


def count_leading_people(papers: Sequence[Paper]) -> list[tuple[str, int]]:
    """The people on most of the papers with their counts, escaped for Markdown; only those on several papers."""
    counts = Counter(name for p in papers for name in {a.name for a in p.authorships})
    often = sorted((-n, name) for name, n in counts.items() if n > 1)
    return [(plain(name), -n) for n, name in often[:_PEOPLE]]


def _render_rows(
    query: Query, papers: Sequence[Paper], hit_of: dict[str, PaperHit], marks: Citations
) -> str:
    return "\n".join(_render_row(query, hit_of[p.paper_id], marks) for p in papers)


def _render_row(query: Query, hit: PaperHit, marks: Citations) -> str:
    """``- **Title** (Mar 2022): “one clause” [1]``."""
    date = format_date(hit.paper)
    name = f"**{plain(hit.paper.name)}**{f' ({date})' if date else ''}"
    best = find_detail(query, hit) if _asks_for_detail(query) else None
    if best is None:
        every = len(hit.sentences)
        order = choose_sentences(query.text or query.topic, hit, every, several=True)
        if idea := find_idea(hit, order):
            span = find_telling_clause(hit, idea, order)
            return f"- {name}: {render_quote(hit.paper, span, marks)}"
    if best is None:
        return f"- {name} [{marks.get_marker(hit.paper, (0, 0))}]"
    return f"- {name}: {_render_clause(hit, best, marks)}"


def _asks_for_detail(query: Query) -> bool:
    """Whether each paper is to tell a detail; "what do the papers say about X" is read as one of results."""
    if query.asks_for == "result":
        return bool(
            _BEST.search(query.text)
            or KINDS["effect"].search(query.text)
            or KINDS["number"].search(query.text)
        )
    return query.asks_for is not None


def find_detail(query: Query, hit: PaperHit) -> Sentence | None:
    """The sentence that tells the query's detail: of a fitting role, the one that answers best.

    None where no sentence has such a role. That it is about the topic goes without saying.
    """
    assert query.asks_for is not None
    order = choose_sentences(query.text, hit, len(hit.sentences), asks_for=query.asks_for)
    roles = _ROLES_OF_DETAIL.get(query.asks_for, ())
    if query.asks_for == "data":
        brought = [s for s in order if s.role in roles and is_bringing_data(hit.paper, s.span)]
        return next(iter([*brought, *(s for s in order if _is_naming_data(hit, s))]), None)
    if query.asks_for == "result" and _BEST.search(query.text):
        # "Extensive experiments validate the advantages" is no state of the art: what was proposed is.
        order = [s for s in order if states_how_well(hit.paper.text[slice(*s.span)])]
    of_first = [s for s in order if s.role == roles[0]] if roles else []
    return next(iter([*of_first, *(s for s in order if s.role in roles)]), None)


def _is_naming_data(hit: PaperHit, sentence: Sentence) -> bool:
    """Whether a sentence says data by name."""
    return rate_data(hit.paper.text[slice(*sentence.span)], get_short_name(hit.paper)) > 1


def _render_clause(hit: PaperHit, sentence: Sentence, marks: Citations) -> str:
    span = find_clause(hit.paper.text, sentence.span)
    # a result whose figure stands in its tail is told whole
    cut = hit.paper.text[span[1] : sentence.span[1]]
    if sentence.role == "result" and states_how_well(cut):
        span = (span[0], sentence.span[1])
    return render_quote(hit.paper, span, marks)


_Problem = tuple[PaperHit, Sentence, Span, frozenset[str]]


def _find_problem(query: Query, hits: Sequence[PaperHit]) -> tuple[Paper, Span] | None:
    """The problem that most of the papers told share words with; None where none is shared by two.

    One paper's remark ("insufficient attention has been dedicated to scrutinizing gaze authenticity") is no
    problem of deepfake detection. A sentence that begins by pointing back ("this form of supervision") tells
    nothing alone. Of two or three papers, that of the nearest.
    """
    problems = [
        (hit, s, span, _extract_told_words(query, hit.paper, span))
        for hit in hits
        for s in hit.sentences
        if s.role in ("problem", "background")
        and hit.apart.rest(hit.paper.text, s.span) == (s.span,)
        for span in (_find_problem_span(hit.paper, s),)
        if _is_problem(hit.paper, s, span)
    ]
    words_by_paper: dict[str, set[str]] = {}
    for hit, _, _, words in problems:
        words_by_paper.setdefault(hit.paper.paper_id, set()).update(words)
    counts = Counter(word for words in words_by_paper.values() for word in words)

    def rate(problem: _Problem) -> float:
        _, sentence, _, words = problem
        shared = sum(math.log(counts[word]) for word in words)
        nearness = _OF_NEARNESS + sentence.signals.get("plain", sentence.score)
        weight = _OF_ROLE if sentence.role == "problem" else 1.0
        return weight * nearness * nearness * shared / math.sqrt(max(_LEAST_WORDS, len(words)))

    best = max(problems, key=rate, default=None)
    return (best[0].paper, best[2]) if best and rate(best) > 0 else None


def _is_problem(paper: Paper, sentence: Sentence, span: Span) -> bool:
    """Whether a stretch tells a problem of others than the paper, by itself; what is background must tell two.

    The challenges of "SoccerNet 2022 Challenges Results" are none.
    """
    text, titled = paper.text[slice(*span)], set(extract_terms(paper.name))
    told = {
        name: [m for m in FORMS[name].findall(text) if titled.isdisjoint(extract_terms(m))]
        for name in ("problem", "harm")
    }
    n_told = len(told["problem"]) + bool(told["harm"])
    is_told = tells_problem(paper, span) and n_told > (sentence.role != "problem")
    return is_told and not (is_of_itself(text) or is_pointing_back(paper.text, sentence.span))


def _find_problem_span(paper: Paper, sentence: Sentence) -> Span:
    """A sentence behind its opening: its tail is often the problem ("..., which suffers from"), unless it is long."""
    start, end = find_clause(paper.text, sentence.span)
    return (
        (start, sentence.span[1])
        if sentence.span[1] - start <= _MAX_PROBLEM_CHARS
        else (start, end)
    )


def _extract_told_words(query: Query, paper: Paper, span: Span) -> frozenset[str]:
    """Stems of the content words of a stretch, without those of the topic."""
    return frozenset(content_words(paper.text[slice(*span)]) - content_words(query.topic))
