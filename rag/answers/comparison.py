"""Comparisons: what can be computed of the compared papers, then a table of what each says.

A row is a paper. Its cells are what the question asks of it, its idea, how it works and what came of
it, chosen by the roles of its sentences; each is an exact stretch of the paper, cited, or ``not
stated``. No conclusion is drawn beyond dates, people, whether one names the other, and which figure of
one unit is the greatest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answers import phrases
from rag.answers.answer_line import NUMBER_ASKED, find_figures
from rag.answers.citations import Citations
from rag.answers.clauses import find_idea, find_idea_clause
from rag.answers.comparing_words import (
    COMPARISON_WORDS,
    content_words,
    find_comparing_words,
    is_telling,
)
from rag.answers.leading import tells_how
from rag.answers.quoting import choose_sentences, render_paper_name, render_quote
from rag.answers.rows import format_date, sort_by_date
from rag.answers.sentence_forms import Request, names_data
from rag.answers.sufficiency import list_asked_words
from rag.answers.verdicts import tell_verdict
from rag.library.naming import get_short_name, is_made_up
from rag.text import iter_words
from rag.text.english import join_names
from rag.text.markdown import plain
from rag.types import Paper, PaperHit, Sentence, SentenceRole, Span
from rag.types.query import Query

NOT_STATED = "not stated"
DATA = "data sets"
FEW = 3
"""Papers up to which the table has all columns."""
_FIGURE = re.compile(r"(?<![\w.])\d[\d,.]*\s?(?:%|[A-Za-z]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its heading, the roles of the sentences that can stand in it, what it answers."""

    heading: str
    roles: tuple[SentenceRole, ...]
    question: str


IDEA = Column("Idea", ("aim", "method"), "what do they propose?")
METHOD = Column("How", ("method",), "how does it work?")
RESULT = Column("Result", ("result",), "what are the results?")


def render_comparison(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """The computed lines and the table, in Markdown; no sentence stands in two cells of a row."""
    verdict = tell_verdict(query.text, [_narrow_figures(query.sides, hit) for hit in hits], marks)
    facts = [verdict] if verdict else []
    facts += list_facts([hit.paper for hit in hits], marks)
    asked_words = list_asked_words(hits, find_comparing_words(query.text))
    if unmet := [m.word for m in asked_words if not m.is_found]:
        facts.append(phrases.tell_unmet(unmet, len(hits)))
    table = _render_table(query, hits, marks)
    return "\n\n".join(filter(None, ("\n".join(f"- {fact}" for fact in facts), table)))


# --- what is computed -------------------------------------------------------------------------


def list_facts(papers: Sequence[Paper], marks: Citations) -> list[str]:
    """Which is newer, who wrote both, and whether a paper names another one."""
    facts = [_tell_order(papers), _tell_common_people(papers), *_tell_namings(papers, marks)]
    return [fact for fact in facts if fact]


def _name(paper: Paper) -> str:
    return plain(get_short_name(paper) or paper.name)


def _tell_order(papers: Sequence[Paper]) -> str:
    """Which is the newest and when the others were; empty where their dates do not tell."""
    oldest_first = sort_by_date(papers)
    return phrases.tell_order_of_dates([(_name(p), format_date(p)) for p in oldest_first[::-1]])


def _tell_common_people(papers: Sequence[Paper]) -> str:
    people = [{a.name for a in p.authorships} for p in papers]
    common = sorted(set.intersection(*people)) if people else []
    first = {p.authors[0] for p in papers if p.authors}
    is_one_first = len(first) == 1 and all(p.authors for p in papers)
    return phrases.tell_common_people(
        len(papers), join_names(map(plain, common)), plain(first.pop()) if is_one_first else ""
    )


def _tell_namings(papers: Sequence[Paper], marks: Citations) -> list[str]:
    """For each pair of papers, a sentence if one mentions the other by name; one that none does, if all have names."""
    names = {p.paper_id: get_short_name(p) for p in papers}
    facts = []
    for paper in papers:
        for rival in papers:
            name = names[rival.paper_id]
            if rival is paper or not name:
                continue
            mention = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", paper.text)
            if mention:
                marker = marks.get_marker(paper, mention.span())
                facts.append(phrases.tell_naming(_name(paper), _name(rival), marker))
    if not facts and all(names.values()):
        facts.append(phrases.tell_no_naming(len(papers)))
    return facts


# --- the table --------------------------------------------------------------------------------


def _render_table(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """A row a paper, in the order given; the first column is what the question asks beyond comparing."""
    request = _find_request(query, hits)
    columns = [IDEA, METHOD, RESULT] if len(hits) <= FEW and not request else [IDEA, RESULT]
    # A library that was read before sentences had roles: what is no idea cannot be told apart.
    columns = columns if any(s.role for hit in hits for s in hit.sentences) else [IDEA]
    headings = [*([_format_heading(request)] if request else []), *(c.heading for c in columns)]
    hits = [_narrow_figures(query.sides, hit) for hit in hits]
    rows = [_choose_row_sentences(request, hit, columns) for hit in hits]
    stated = [at for at in range(len(headings)) if any(row[at] for row in rows)]
    head = " | ".join(("Paper", *(headings[at] for at in stated)))
    lines = [f"| {head} |", "|---" * (len(stated) + 1) + "|"]
    for hit, row in zip(hits, rows, strict=True):
        cells = [
            _render_asked_cell(request, hit, row[0], marks)
            if request and not at
            else _render_cell(hit, row[at], marks)
            for at in stated
        ]
        name_cell = _escape_bars(render_paper_name(hit.paper))
        if all(cell == NOT_STATED for cell in cells):
            span = hit.sentences[0].span if hit.sentences else (0, 0)
            name_cell += f" [{marks.get_marker(hit.paper, span)}]"
        lines.append(f"| {' | '.join((name_cell, *cells))} |")
    return "\n".join(lines)


def _narrow_figures(sides: Sequence[str], hit: PaperHit) -> PaperHit:
    """The paper without the figures of other sizes of its method than the one that is compared.

    "DistilPose-S or SDPose-T, which one is smaller?" was told the results of SDPose-S-V2.
    """
    text = hit.paper.text
    side_patterns = [rf"(?<![\w-]){re.escape(side)}(?![\w-])" for side in sides if "-" in side]
    ours = [
        s for s in hit.sentences if any(re.search(n, text[slice(*s.span)]) for n in side_patterns)
    ]
    if not any(_count_figures(hit, s) for s in ours):
        return hit
    return replace(
        hit,
        sentences=tuple(
            replace(s, role="result") if s in ours and _count_figures(hit, s) else s
            for s in hit.sentences
            if s in ours or not _count_figures(hit, s)
        ),
    )


_DIFFER_IN = re.compile(
    r"\b(?:differ\w*|compar\w+|contrast|versus|vs)\b.{0,400}\b(?:in|by)\b", re.IGNORECASE
)


def _find_request(query: Query, hits: Sequence[PaperHit]) -> str:
    """The words that say by what to compare, such as ``speed and memory``; empty if there are none.

    Neither the papers' names and topics nor the words of comparing are that, nor is how they work, which
    has a column.
    """
    if NUMBER_ASKED.search(query.text):
        return join_names(dict.fromkeys(NUMBER_ASKED.findall(query.text)))
    kinds = Request.read_question(query.text).kinds
    if "data" in kinds:
        return DATA
    if kinds & {"means", "why"} and not _DIFFER_IN.search(query.text):
        return ""
    sides = query.sides if all(map(is_telling, query.sides)) else ()
    name_words = content_words(" ".join((*(hit.paper.name for hit in hits), *sides)))
    words = [
        word
        for word, _ in iter_words(COMPARISON_WORDS.sub(" ", query.text))
        if (stems := content_words(word)) and not stems & name_words
    ]
    return join_names(words)


def _choose_row_sentences(
    request: str, hit: PaperHit, columns: Sequence[Column]
) -> list[Sentence | None]:
    """The sentence for each column of one paper's row, each used once."""
    every = len(hit.sentences)
    row: list[Sentence | None] = []
    if request:
        order = choose_sentences(request, hit, every)
        if request == DATA:
            order = [s for s in order if names_data(hit.paper.text[slice(*s.span)])]
        if Request.read_question(request).kinds & {"number", "count"}:
            # "speed and memory": the sentence that has the figures seldom has these words.
            order.sort(key=lambda s: not _count_figures(hit, s))
        row.append(next(iter(order), None))
    for column in columns:
        order = choose_sentences(column.question, hit, every)
        # Of an asked figure the cell has the value alone, so its sentence may be the result as well.
        used_sentences = row[1:] if request and _is_measured(request) else row
        free = [s for s in order if s not in used_sentences]
        if column is IDEA:
            row.append(find_idea(hit, free, is_sure=True))
        else:
            row.append(_find_sentence(hit, column.roles, free))
    return row


def _find_sentence(
    hit: PaperHit, roles: Sequence[SentenceRole], free: Sequence[Sentence]
) -> Sentence | None:
    """The first of these roles that the paper has; of results those with figures come first."""
    for role in roles:
        fitting = [s for s in free if s.role == role]
        if role == "result":
            fitting.sort(key=lambda s: -_count_figures(hit, s))
        if role == "method":
            fitting.sort(key=lambda s: not tells_how(hit.paper, s))
        if fitting:
            return fitting[0]
    return None


def _count_figures(hit: PaperHit, sentence: Sentence) -> int:
    return len(_FIGURE.findall(hit.paper.text, *sentence.span))


_MEASURES = (
    ("Speed", re.compile(r"\b(?:fast|slow)|speed|fps", re.IGNORECASE)),
    ("Size", re.compile(r"big|small|large|light|heav|size|memory|param", re.IGNORECASE)),
)


_AMOUNT = re.compile(r"\b(?:more|fewer|most|fewest) (?=[a-z]+s\b)", re.IGNORECASE)


def _format_heading(request: str) -> str:
    """``faster`` asks for the speed; other words stand as they were typed, with a capital."""
    request = _AMOUNT.sub("", request)
    measure = next((name for name, pattern in _MEASURES if pattern.search(request)), "")
    return measure or plain(request if is_made_up(request) else request[:1].upper() + request[1:])


def _render_asked_cell(
    request: str, hit: PaperHit, sentence: Sentence | None, marks: Citations
) -> str:
    """A paper's cell for what the reader asked: its figures, or the sentence nearest to the request."""
    values = _render_values(request, hit, marks)
    return values or (NOT_STATED if _is_measured(request) else _render_cell(hit, sentence, marks))


def _is_measured(request: str) -> bool:
    return any(pattern.search(request) for _, pattern in _MEASURES)


_VALUE_END = re.compile(r"[,;()]|\.\s|\.$|\b(?:with|and|while|which|by|in|compared|than)\b")
_SERIES = re.compile(r"(?<![\d.,])(?:[~≈]?\d[\d.,]*(?:,\s|\sand\s|,\sand\s))+[~≈]?\d")
"""``14,705, ~934 and 763 faces per second on GPU, CPU and mobile phone, respectively``."""
MAX_CELL_VALUES, MAX_VALUE_CHARS, MAX_SERIES_CHARS = 4, 60, 110


def _render_values(request: str, hit: PaperHit, marks: Citations) -> str:
    """The asked figures of a paper, each with the words after it; the marker leads to the sentence.

    ``“71.6% mAP” [1], “74.4% mAP” [2]``; nothing where no figure has the words of the request beside it.
    """
    values: dict[str, None] = {}
    for sentence in choose_sentences(request, hit, len(hit.sentences)):
        quote = hit.paper.text[slice(*sentence.span)]
        for figure in find_figures(request, quote):
            if (value := quote[slice(*_find_value(quote, figure))].strip(" .")) and len(
                values
            ) < MAX_CELL_VALUES:
                values[f"“{plain(value)}” [{marks.get_marker(hit.paper, sentence.span)}]"] = None
    return _escape_bars(", ".join(values))


def _find_value(quote: str, figure: Span) -> Span:
    """A figure with the words behind it; one of a series with the whole series."""
    start, end = figure
    for series in _SERIES.finditer(quote):
        if series.start() <= start < series.end():
            return series.start(), min(len(quote), series.start() + MAX_SERIES_CHARS)
    tail = _VALUE_END.search(quote, end)
    return start, max(end, min(tail.start() if tail else len(quote), start + MAX_VALUE_CHARS))


def _render_cell(hit: PaperHit, sentence: Sentence | None, marks: Citations) -> str:
    if sentence is None:
        return NOT_STATED
    return _escape_bars(render_quote(hit.paper, find_idea_clause(hit, sentence), marks))


def _escape_bars(text: str) -> str:
    """Text for a cell: a bar inside it would end the cell."""
    return text.replace("|", "∣")
