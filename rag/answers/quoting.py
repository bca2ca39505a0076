"""Selects sentences of papers for a question, quotes them exactly, and formats papers in answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answers.citations import Citations
from rag.answers.clauses import find_idea
from rag.answers.leading import asks_for_limits, order_by_form
from rag.answers.sentence_forms import (
    FORMS,
    KINDS,
    SEEKING_KINDS,
    Request,
    count_content_words,
    defines,
    find_abbreviated,
    find_defined_subject,
    is_remembering,
    rate_data,
    spells_out,
)
from rag.answers.units import find_measures, has_figures_of
from rag.library.naming import get_short_name
from rag.search.query import FRAME_WORDS, parse_query
from rag.text import STOP_WORDS, fold, iter_words
from rag.text.markdown import plain
from rag.types import Paper, PaperHit, Sentence, Span
from rag.types.query import Detail

MAX_PAPER_NAME_CHARS = 300

BODY_SENTENCES = 8
"""Sentences of a body whose forms are looked at, the likeliest ones: about as many as an abstract has."""
DESCRIPTION_WORDS = 8
"""Content words from which a question that asks nothing describes a paper."""


def choose_sentences(
    question: str,
    hit: PaperHit,
    n: int,
    *,
    several: bool = False,
    asks_for: Detail | None = None,
) -> list[Sentence]:
    """The n sentences of one paper that answer the question best, the best one first; see `rank_sentences`."""
    chosen, _ = rank_sentences(question, hit, n, several=several, asks_for=asks_for)
    return chosen[:n]


def rank_sentences(
    question: str,
    hit: PaperHit,
    n: int,
    *,
    several: bool = False,
    asks_for: Detail | None = None,
) -> tuple[list[Sentence], Mapping[Span, float]]:
    """The sentences of one paper, the one that answers the question best first, and their log-odds.

    Args:
        question: Its asking phrases tell the kind of answer: a figure, a name, an evaluation.
        hit: With the sentences scored by the retriever.
        n: Fewer come back from a shorter paper, and more mostly; what has no word is no sentence to be quoted,
            nor is what stands apart from its paper, unless the paper has nothing else.
        several: Whether the answer tells several papers, each by what it is.
        asks_for: The detail that the question's reading names.

    Returns:
        The sentences, and by their spans how likely the ranker alone holds them; of a body nothing, whose
        sentences are ranked in steps.
    """
    from rag.answers.body_ranker import (
        count_passages,  # numpy, which a light start does without
        keep_likeliest,
    )
    from rag.answers.sentence_ranker import compute_scores

    request = Request.read_question(question, asks_for)
    # "downsides of near-infrared iris capture?" was told what the paper brings
    seeks = is_asking_for_paper(question) and not (asks_for and request.kinds & {"problem"})
    paper = seeks or (several and not request.kinds & SEEKING_KINDS)
    sentences = [s for s in hit.sentences if any(iter_words(hit.paper.text[slice(*s.span)]))]
    rest = [(s, hit.apart.rest(hit.paper.text, s.span)) for s in sentences]
    sentences = [replace(s, span=span) for s, spans in rest for span in spans] or sentences
    sentences = sentences or list(hit.sentences)
    if not sentences:
        return [], {}
    log_odds: Mapping[Span, float] = {}
    if count_passages(sentences) > 1:
        n_kept = max(n, BODY_SENTENCES)
        chosen = keep_likeliest(question, hit, sentences, request, n_kept, paper=paper)
        if not paper:  # what follows goes by roles and forms that were learned from abstracts
            return _order_body(question, hit, chosen, request), {}
    else:
        scores = compute_scores(question, hit, sentences, request, paper=paper)
        order = sorted(range(len(sentences)), key=lambda at: (-scores[at], sentences[at].span))
        chosen = [sentences[at] for at in order]
        log_odds = {s.span: float(x) for s, x in zip(sentences, scores, strict=True)}
    # "why care about interpretability?" was answered by a question
    chosen.sort(key=lambda s: hit.paper.text[slice(*s.span)].rstrip().endswith("?"))
    if request.kinds >= {"why", "negative"} and not _is_problem(hit, chosen[0]):
        # "why are dynamic architectures limited?" was answered by their superior performance
        chosen.sort(key=lambda s: not _is_problem(hit, s))
    chosen = order_by_form(question, hit, chosen, request)
    if subject := find_defined_subject(question):
        chosen.sort(key=lambda s: not defines(subject, hit.paper.text[slice(*s.span)]))
    if name := find_abbreviated(question):
        chosen.sort(key=lambda s: not spells_out(name, hit.paper.text[slice(*s.span)]))
    if _asks_for_kinds_of_data(question) or (
        asks_for == "data" and "data" in request.kinds and not request.kinds & _NO_DATA_KINDS
    ):
        # "which cameras was it evaluated on?": the data, not how it is made, nor "results demonstrate"
        own_name = get_short_name(hit.paper)
        chosen.sort(key=lambda s: -rate_data(hit.paper.text[slice(*s.span)], own_name))
    if (
        asks_for == "limitation"
        and "definition" not in request.kinds
        and asks_for_limits(question)
        and chosen[0].role in ("result", "aim", "method")
    ):
        # "where does dataset condensation fall short?" was answered by what a method achieves
        chosen.sort(key=lambda s: s.role not in ("limitation", "problem"))
    # A paper that nothing more is asked of is told by what it brings.
    if paper and (several or not is_describing_paper(question)):
        idea = find_idea(hit, chosen)
        chosen.sort(key=lambda s: s is not idea)
    return chosen, log_odds


def _order_body(
    question: str, hit: PaperHit, chosen: Sequence[Sentence], request: Request
) -> list[Sentence]:
    """The likeliest sentences of a body, those with an asked measure, definition or name in full before others."""
    order, text = list(chosen), hit.paper.text
    if request.kinds & {"number", "count"} and (measures := find_measures(question)):
        order.sort(key=lambda s: not has_figures_of(measures, text[slice(*s.span)]))
    if subject := find_defined_subject(question):
        order.sort(key=lambda s: not defines(subject, text[slice(*s.span)]))
    if name := find_abbreviated(question):
        order.sort(key=lambda s: not spells_out(name, text[slice(*s.span)]))
    return order


_NO_DATA_KINDS = frozenset(
    ("number", "count", "link", "why", "means", "comparison", "order", "which", "name")
)
"""Kinds that ask something else of data: "how many images has the data set", "which methods were tried"."""
_NO_PROBLEM = re.compile(
    r"\bwithout (?:[\w-]+ ){0,2}[\w-]+|\b(?:tackl|address|solv|overcom|alleviat|mitigat|handl|resolv)\w+ (?:[\w-]+ ){0,4}?"
    r"(?:challenge|problem|issue|limitation|drawback|difficult)\w*",
    re.IGNORECASE,
)
"""``without catastrophic forgetting`` and ``attempts to tackle the three challenges`` tell none."""


def tells_problem(paper: Paper, span: Span) -> bool:
    """Whether the words of a stretch tell a problem, other than one that is solved."""
    text = _NO_PROBLEM.sub(" ", paper.text[slice(*span)])
    return any(FORMS[name].search(text) for name in ("problem", "harm"))


def _is_problem(hit: PaperHit, sentence: Sentence) -> bool:
    return sentence.role in ("problem", "limitation") or tells_problem(hit.paper, sentence.span)


def is_asking_for_paper(question: str) -> bool:
    """Whether what is asked is a paper or its name: no phrase asks for anything else.

    A few words that ask for a kind of answer (``fps of X on cpu``) do not describe a paper.
    """
    if is_remembering(question) and _NAME_ASKED.search(question):
        return True
    kinds = Request.read_question(question).kinds
    if not kinds and is_describing_paper(question):
        return True
    asking = parse_query(question).asking
    words = [word for a, b in asking for word, _ in iter_words(question[a:b])]
    if any(fold(word) not in FRAME_WORDS | STOP_WORDS for word in words):
        return False
    # "does it also have audio?" asks for no paper either
    return is_describing_paper(question) or not kinds & (SEEKING_KINDS | {"verdict"})


_NAME_ASKED = re.compile(
    r"\b(?:what (?:was|is) (?:it|that|this|the (?:paper|one))(?: one)? (?:called|named)|(?:name|title) of|which (?:one|paper) (?:was|is)|"
    r"what (?:was|is|'s) (?:its|the) (?:name|title)|find it|(?:forgot|forget|recall|remember) (?:its|the|what) (?:name|title|it))\b",
    re.IGNORECASE,
)


def is_describing_paper(question: str) -> bool:
    """Whether a question is so long that it describes a paper, which may be another than the first."""
    return count_content_words(question) >= DESCRIPTION_WORDS or is_remembering(question)


# --- as they are shown ----------------------------------------------------------------------


def render_quote(paper: Paper, span: Span, marks: Citations) -> str:
    """A stretch of a paper's text in quotation marks, with its marker."""
    marker = marks.get_marker(paper, span)
    return f"“{plain(paper.text[slice(*span)])}” [{marker}]"


def render_paper_name(paper: Paper) -> str:
    """A paper as it is named in an answer: title or label in bold, people, year."""
    return _render_name(paper, "**")


def render_source(paper: Paper) -> str:
    """A paper as it stands behind a quote: title or label in italics, people, year."""
    return _render_name(paper, "*")


def _render_name(paper: Paper, sign: str) -> str:
    known = [_format_people(paper), str(paper.year) if paper.year else ""]
    details = ", ".join(part for part in known if part)
    paper_name = plain(paper.name)
    if len(paper_name) > MAX_PAPER_NAME_CHARS:
        paper_name = plain(paper_name[:MAX_PAPER_NAME_CHARS]) + "…"
    name = f"{sign}{paper_name}{sign}" + ("" if paper.title else " (untitled)")
    return f"{name} ({details})" if details else name


def _format_people(paper: Paper) -> str:
    names = paper.authors
    if not names:
        return ""
    if len(names) == 1 and paper.authors_complete:
        return plain(names[0])
    if len(names) == 2 and paper.authors_complete:
        return plain(f"{names[0]} and {names[1]}")
    return f"{plain(names[0])} et al."


_KIND_ASKED = re.compile(
    r"\b(?:which|what)\s+(?P<kinds>[a-z][\w-]*(?:\s+(?!(?:was|were|is|are|has|have|had|does|do|did|can)\b)"
    r"[a-z][\w-]*){0,4})\s+(?:was|were|is|are|has|have|had|does|do|did|can)\b"
)


def _asks_for_kinds_of_data(question: str) -> bool:
    """Whether a question about data asks for its kinds, in the plural: ``which diseases``."""
    if not KINDS["data"].search(question):
        return False
    kinds = (match["kinds"] for match in _KIND_ASKED.finditer(question))
    return any(re.search(r"(?<!s)s\b", kind) for kind in kinds)
