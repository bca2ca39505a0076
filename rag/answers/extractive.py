"""Answers without a model: the papers' own sentences, chosen for the question and quoted exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from rag.answers import comparison, overview, phrases
from rag.answers.answer_line import NUMBER_ASKED, build_line, find_figures
from rag.answers.answering_papers import choose_answering_papers
from rag.answers.citations import Citations
from rag.answers.common_sentences import drop_common_sentences
from rag.answers.field_problems import find_papers_with_problem, list_problems
from rag.answers.first_hit import (
    LIKELY,
    MAX_OTHERS,
    SURE,
    compute_first_hit_chance,
)
from rag.answers.leading import add_sentence_before, find_sides_of_than, is_limit_of_others
from rag.answers.neighbours import group_neighbours, join_neighbours
from rag.answers.prompt_injection import told_apart
from rag.answers.question_parts import split_question
from rag.answers.quoting import (
    BODY_SENTENCES,
    choose_sentences,
    is_asking_for_paper,
    is_describing_paper,
    rank_sentences,
    render_paper_name,
    render_quote,
    render_source,
)
from rag.answers.sentence_forms import (
    Request,
    defines,
    find_defined_subject,
    is_common,
    is_of_itself,
)
from rag.answers.sufficiency import NEAREST, find_missing_words
from rag.answers.summary import asks_for_summary, render_summary
from rag.library.chunking import has_body
from rag.library.naming import get_short_name, is_made_up
from rag.text import iter_words, join_names
from rag.text.everyday import is_everyday
from rag.text.markdown import plain
from rag.types import (
    Answer,
    Paper,
    PaperHit,
    Retrieval,
    ScoredPaper,
    Sentence,
    Span,
    Sufficiency,
)
from rag.types.query import Query

MAX_QUOTES = 3
"""Sentences quoted from one paper."""
MAX_MISSING = 4
MAX_WORD_CHARS = 40
NEAR_SCORE = 0.3
"""Score from which a paper is near a question; what is about something else stays below."""

# --- which papers ---------------------------------------------------------------------------

_SEVERAL = re.compile(
    r"\b(?:papers|studies|entries|articles|publications|reports|each paper|(?:in|from|across) (?:this|your) "
    r"(?:library|collection|corpus)|how (?:did|has|have) .{1,200} (?:change|move|develop|evolve)d?|how (?:have|do) people"
    r"|and (?:colleagues|co-?workers|co-?authors))\b",
    re.IGNORECASE,
)
"""Words that ask for several papers in a question that is neither a comparison nor an overview."""


def asks_for_several(query: Query) -> bool:
    """Whether a question asks for more than one paper: by how it was read, and by few words besides.

    "between", "compared" and "works" stand in questions about one paper as well; that something is compared
    is learned (`rag.understanding.heads`).
    """
    return query.want in ("comparison", "overview") or bool(_SEVERAL.search(query.text))


def choose_cited_papers(query: Query, retrieval: Retrieval) -> tuple[PaperHit, ...]:
    """The papers to be quoted: the best one and those that answer with it."""
    return choose_answering_papers(retrieval, several=asks_for_several(query))


# --- the words ------------------------------------------------------------------------------


def answer_by_quotes(
    query: Query,
    retrieval: Retrieval,
    cited: Sequence[PaperHit],
    verdict: Sufficiency,
    *,
    several: bool = False,
    parts: Sequence[PaperHit] = (),
    without: Sequence[PaperHit] = (),
    close: Sequence[PaperHit] = (),
) -> Answer:
    """Quote the cited papers, side by side where a comparison is asked for; or abstain.

    Args:
        query: Its words tell which sentences answer.
        retrieval: The ranking behind the answer.
        cited: The papers to quote, best first.
        verdict: Whether they suffice.
        several: Whether the question is about all of them, though its words may not say so.
        parts: The first paper's sentences scored for each part of the question, if it has parts.
        without: Papers asked about that say nothing of it.
        close: Papers that may be on an overview's topic as well.
    """
    if not verdict.sufficient:
        return build_abstention(query, retrieval, verdict, cited)
    if query.asks_for not in _DETAILS_IN_COMMON:
        cited = drop_common_sentences(cited, retrieval.papers)
    marks = Citations()
    if len(cited) > 1 and query.want == "comparison":
        table_text = comparison.render_comparison(query, cited, marks)
        text = f"{phrases.head_comparison(len(cited))}\n\n{table_text}"
    elif query.want == "overview" and several:
        text = overview.render_overview(query, cited, marks, close)
    elif len(cited) == 1 and asks_for_summary(query, cited[0].paper):
        text = render_summary(query, cited[0], marks)
    elif without or (len(cited) > 1 and (several or asks_for_several(query))):
        text = _render_many_papers(query, cited, marks)
        if without:
            text = f"{text}\n\n{phrases.tell_without(_list_names(without))}"
    else:
        telling = find_papers_with_problem(query, retrieval)
        is_of_field = {h.paper.paper_id for h in telling} == {h.paper.paper_id for h in cited}
        text = _render_likeliest(query, retrieval, cited, parts, marks, only_problems=is_of_field)
    # "what is SlerpFace? / compare both"
    if query.want == "comparison" and len(query.papers) == 1:
        text = phrases.put_notes_first([phrases.ONLY_ONE], text)
    return Answer(
        question="",
        status="answered",
        route="content",
        text=text,
        citations=marks.list_citations(),
        papers=list_scored_papers(retrieval),
        warnings=told_apart(cited),
    )


_DETAILS_IN_COMMON = ("data", "method")
"""What many papers may say in the same words: "The study draws on archival records"."""


def build_abstention(
    query: Query, retrieval: Retrieval, verdict: Sufficiency, cited: Sequence[PaperHit] = ()
) -> Answer:
    """Say which asked thing is nowhere, and quote the nearest sentence where one is near.

    Of papers that a comparison names stands below it what they say: "SDPose or DistilPose, which is better for
    a small device?", of which neither mentions a device.
    """
    first = replace(retrieval, papers=retrieval.papers[:1])
    words = verdict.missing or find_missing_words(first, first.papers)
    bounded = (plain(word[:MAX_WORD_CHARS]) for word in dict.fromkeys(words[:MAX_MISSING]))
    missing = join_names(f"“{word}”" for word in bounded)
    marks = Citations()
    nearest = [hit for hit in retrieval.papers[:NEAREST] if hit.score >= NEAR_SCORE]
    n_lacking = len(retrieval.papers[:NEAREST]) if verdict.missing else 1
    text = phrases.refuse_content(missing, n_lacking, is_near=bool(nearest))
    if query.want == "comparison" and len(cited) == len(query.sides) > 1:
        table = comparison.render_comparison(query, cited, marks)
        text = f"{text}\n\n{phrases.head_comparison(len(cited))}\n\n{table}"
    elif nearest:
        text = f"{text} {_render_nearest(query, nearest, marks)}"
    return Answer(
        question="",
        status="abstained",
        route="content",
        text=text,
        citations=marks.list_citations(),
        papers=list_scored_papers(retrieval),
        outcome="nearest" if nearest else "nothing",
    )


def _render_nearest(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """``Nearest: “…” [1] — *Title*``, and the markers of two papers more."""
    first, *runners_up = hits
    best = choose_sentences(query.text, first, 1, asks_for=query.asks_for)
    quote = (
        build_line(query.text, first.paper, best[0].span, marks).text
        if best
        else _render_title(first.paper, marks)
    )
    text = f"{phrases.HEAD_NEAREST} {quote} — {render_source(first.paper)}"
    further = []
    for hit in runners_up:
        best = choose_sentences(query.text, hit, 1)
        further.append(marks.get_marker(hit.paper, best[0].span if best else (0, 0)))
    return f"{text}\n\n{phrases.point_to_other_papers(further)}" if further else text


def list_scored_papers(retrieval: Retrieval) -> tuple[ScoredPaper, ...]:
    """The ranking behind an answer."""
    return tuple(
        ScoredPaper(hit.paper.paper_id, hit.paper.source, round(hit.score, 4), hit.paper.also_at)
        for hit in retrieval.papers
    )


def _rank_best(
    query: Query, hit: PaperHit, n: int, *, only_problems: bool
) -> tuple[list[Sentence], Mapping[Span, float]]:
    # The roles of a body's sentences are guessed from what abstracts are like.
    problems = list_problems(hit) if only_problems and not has_body(hit.paper) else ()
    hit = replace(hit, sentences=problems) if problems else hit
    ranked, log_odds = rank_sentences(query.text, hit, n, asks_for=query.asks_for)
    return ranked[:n], log_odds


def _render_further(query: Query, hit: PaperHit, marks: Citations, *, only_problems: bool) -> str:
    """What another paper says on the same: its quote and its name; nothing without an asked figure.

    "How many sequences are in the Anti-UAV subsets?": a second paper said that it models long sequences.
    """
    best, _ = _rank_best(query, hit, 1, only_problems=only_problems)
    span = best[0].span if best else (0, 0)
    if NUMBER_ASKED.search(query.text) and not find_figures(
        query.text, hit.paper.text[slice(*span)]
    ):
        return ""
    return f"{build_line(query.text, hit.paper, span, marks).text} — {render_source(hit.paper)}"


def _render_likeliest(
    query: Query,
    retrieval: Retrieval,
    cited: Sequence[PaperHit],
    parts: Sequence[PaperHit],
    marks: Citations,
    *,
    only_problems: bool,
) -> str:
    """The paper that answers, and what others say that answer with it.

    Of one that is only described, also those that may be meant instead, and how sure it is.
    """
    text = _render_one_paper(query, cited[0], parts, marks, only_problems=only_problems)
    if is_describing_paper(query.text):
        others: Sequence[PaperHit] = cited[1:]
        is_first = retrieval.papers[:1] and retrieval.papers[0].paper == cited[0].paper
        if is_first and is_asking_for_paper(query.text):
            chance = compute_first_hit_chance(retrieval)
            text = phrases.tell_chance(text, sure=chance >= SURE, likely=chance >= LIKELY)
            others = others if chance >= SURE else retrieval.papers[1 : 1 + MAX_OTHERS]
        return f"{text}\n\n{_render_others(query, others, marks)}" if others else text
    if len(cited) == 1:
        return text
    if is_asking_for_paper(query.text):
        return text
    further = (_render_further(query, hit, marks, only_problems=only_problems) for hit in cited[1:])
    return "\n\n".join((text, *filter(None, further)))


def _render_others(query: Query, hits: Sequence[PaperHit], marks: Citations) -> str:
    """The papers that may be meant instead of the first, by name."""
    lines = [phrases.HEAD_OTHER_PAPERS, ""]
    for hit in hits:
        best = choose_sentences(query.text, hit, 1)
        marker = marks.get_marker(hit.paper, best[0].span if best else (0, 0))
        lines.append(f"- {render_paper_name(hit.paper)} [{marker}]")
    return "\n".join(lines)


def _render_one_paper(
    query: Query,
    hit: PaperHit,
    parts: Sequence[PaperHit],
    marks: Citations,
    *,
    only_problems: bool,
) -> str:
    """The quote that answers, the paper, and the markers of what else it says on this.

    The paper comes first where it is the paper that is asked for. ``parts``: its sentences scored for
    each part of a question that asks several things.
    """
    is_body = has_body(hit.paper)
    likeliest, log_odds = _rank_best(
        query, hit, BODY_SENTENCES if is_body else MAX_QUOTES, only_problems=only_problems
    )
    best, told = likeliest[:MAX_QUOTES], [sentence.span for sentence in likeliest]
    if is_body:
        told = group_neighbours(hit.paper, told, MAX_QUOTES)
    if not best:
        name = render_paper_name(hit.paper)
        return f"{phrases.tell_paper_that_fits(name)} {_render_title(hit.paper, marks)}"
    leads = (
        _choose_sides(query, hit)
        or (_choose_leads(query.text, hit, parts) if parts else [])
        or _choose_named_parts(query.text, hit)
        or _choose_pair(query.text, hit, best, log_odds)
    )
    lead_spans = [_widen(add_sentence_before(hit, lead), told) for lead in leads]
    spans = join_neighbours(hit.paper, lead_spans)
    quotes = " ".join(build_line(query.text, hit.paper, span, marks).text for span in spans)
    if query.asks_for == "limitation" and is_limit_of_others(
        query.text, hit, leads[0], is_focus=hit.paper.paper_id in query.papers
    ):
        lead_text = hit.paper.text[slice(*leads[0].span)]
        is_problem = leads[0].role in ("problem", "background") and not is_of_itself(lead_text)
        head = phrases.PROBLEM_ADDRESSED if is_problem else phrases.HEAD_NEAREST
        quotes = f"{phrases.OWN_LIMITS_NOT_STATED} {head} {quotes}"
    elif _ASKS_FIGURE.search(query.text) and not _FIGURE.search(quotes):
        quotes = f"{phrases.NO_FIGURE} {quotes}"
    elif subject := _find_undefined(query.text, hit, leads[0]):
        quotes = f"{phrases.tell_undefined(plain(subject))} {quotes}"
    if is_asking_for_paper(query.text):
        text = f"{render_paper_name(hit.paper)}: {quotes}"
    else:
        text = f"{quotes} — {render_source(hit.paper)}"
    rest = [span for span in told if not any(a <= span[0] < b for a, b in spans)]
    further = [marks.get_marker(hit.paper, span) for span in rest[: MAX_QUOTES - len(leads)]]
    return f"{text}\n\n{phrases.point_to_more(further)}" if further else text


_ASKS_FIGURE = re.compile(
    r"\bhow (?:much|many|fast|far|large|big|long|often|high|low|small|old|deep)\b"
    r"|\bwhat (?:[\w-]+ ){0,2}(?:accuracy|speed|size|rate|percentage|number|score)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\d(?!\])|\b(?:one|single|once|two|twice|double|half|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|"
    r"thousands?|millions?|billions?|several|many|few)\b",
    re.IGNORECASE,
)
"""In what is quoted; a digit right before a bracket is a marker's."""


def _widen(span: Span, quotes: Sequence[Span]) -> Span:
    """A span with the quotes that overlap it."""
    overlapping = [quote for quote in quotes if quote[0] < span[1] and span[0] < quote[1]]
    return min(a for a, _ in (span, *overlapping)), max(b for _, b in (span, *overlapping))


def _find_undefined(question: str, hit: PaperHit, lead: Sentence) -> str:
    """What a question wants defined and the paper has words for but no definition; empty otherwise.

    "What's robust overfitting?" was answered by a sentence that only speaks of it.
    """
    subject = find_defined_subject(question)
    words = [word for word, _ in iter_words(subject)]
    if not words or Request.read_question(question).kinds != {"definition"}:
        return ""
    if any(map(is_made_up, words)) or all(map(is_everyday, words)):
        return ""
    if any(defines(subject, hit.paper.text[slice(*s.span)]) for s in (lead, *hit.sentences)):
        return ""
    is_titled = len(words) > 1 and subject.lower() in hit.paper.name.lower()
    brings_it = not is_common(subject) or is_titled or _brings(subject, hit)
    return "" if brings_it else subject


def _brings(subject: str, hit: PaperHit) -> bool:
    """Whether a paper introduces a thing itself: ``we introduce knowledge swapping, ...``."""
    words = r"\W+".join(re.escape(word) for word, _ in iter_words(subject))
    brought = re.compile(
        rf"\b(?:propose|introduce|present|call(?:ed)?|named|termed|dubbed) (?:(?:an?|the|new|novel|task|of|as)\W+){{0,4}}[\"“]?{words}\b"
        r"(?!\s(?:method|model|framework|approach|network|algorithm|system|strategy|loss|\w+ (?:method|model|framework|approach)))",
        re.IGNORECASE,
    )
    return brought.search(hit.paper.text) is not None


_PARTS_ASKED = re.compile(
    r"\b(?:what|which) (?:are |were )?(?:the |its |their )?(?:\w+ )?(?P<part>module|component|branch|stage|strateg(?=ies)|variant|"
    r"objective|loss(?=es))(?:e?s|ies)\b",
    re.IGNORECASE,
)


def _choose_named_parts(question: str, hit: PaperHit) -> list[Sentence]:
    """The sentences that introduce one part each, in the paper's order, for a question that asks for its parts.

    "what are the modules of MULT?" was told the first of two. Empty where one sentence tells them.
    """
    match = _PARTS_ASKED.search(question)
    if match is None:
        return []
    pattern = re.compile(rf"\b{match['part']}\w{{0,3}}\b", re.IGNORECASE)
    sentences = [s for s in hit.sentences if pattern.search(hit.paper.text, *s.span)]
    definitions = [s for s in sentences if _SPELT.search(hit.paper.text, *s.span)]
    return (
        definitions[:MAX_QUOTES]
        if len(definitions) > 1 and len(definitions) == len(sentences)
        else []
    )


_SPELT = re.compile(r"\w \([A-Z][\w-]*\)")


CLOSE_ODDS = 1.0
"""Difference of log-odds up to which further sentences are quoted beside the one that leads: of 1,709 questions that
nothing is trained on .70 are answered by the first sentence, .80 with the second of 35%, .82 with the third of 12%."""
_EXPLAINS_IT = re.compile(
    r"\W*(?:we (?:attribute|ascribe|trace)\b"
    r"|(?:this|it|these|that|the (?:reason|cause))\b.{0,90}?\b(?:because|due to|owing to|caused by|stems? from|arises? from|"
    r"attributed to)\b)",
    re.IGNORECASE,
)


_EXPLANATION_ASKED = re.compile(
    r"\b(?:explain|describe|elaborate|walk me through|tell me (?:more )?about|what (?:does|do) \S+(?: \S+){0,5} do\b|how (?:does|do) .{1,80} works?\b)",
    re.IGNORECASE,
)


def _choose_pair(
    question: str, hit: PaperHit, best: Sequence[Sentence], log_odds: Mapping[Span, float]
) -> list[Sentence]:
    """The sentence that answers best, and the next best where they are about as likely to.

    "What certified accuracy does it get?" was answered without the figure, which stood in the second quote. Why
    something is so stands behind that it is so: "We attribute this failure to ...".
    """
    kinds = Request.read_question(question).kinds
    # "how does SlerpFace protect a template?": what "This is achieved by ..." points at is told with it
    if best and add_sentence_before(hit, best[0]) != best[0].span:
        return list(best[:1])
    if kinds & {"why", "problem"} and best:
        behind = min(
            (s for s in hit.sentences if s.span[0] >= best[0].span[1]),
            key=lambda s: s.span,
            default=None,
        )
        if behind and _EXPLAINS_IT.match(hit.paper.text[slice(*behind.span)]):
            return [best[0], behind]
    if not best or best[0].span not in log_odds:
        return list(best[:1])
    least = log_odds[best[0].span] - CLOSE_ODDS
    close = list(takewhile(lambda s: log_odds.get(s.span, least - 1) >= least, best))
    if len(close) == 1 and close[0].role == "aim" and _EXPLANATION_ASKED.search(question):
        # "explain this label masking thing" was told that it was proposed, and not what is masked
        close += [s for s in best[1:] if s.role == "method"][:1]
    return close


def _choose_sides(query: Query, hit: PaperHit) -> list[Sentence]:
    """What one paper says of two things that it compares: the sentence with both, or one for each.

    "SAM vs SAM2 for underwater tracking?" was told what data are new.
    """
    sides = query.sides or find_sides_of_than(query.text)
    if len(sides) < 2 or not all(map(is_made_up, sides)):
        return []
    naming = [_find_naming(side, hit) for side in sides]
    common = [sentence for sentence in naming[0] if all(sentence in rest for rest in naming[1:])]
    if common:
        return choose_sentences(query.text, replace(hit, sentences=tuple(common)), 1)
    leads = {
        sentence.span: sentence
        for side, sentences in zip(sides, naming, strict=True)
        for sentence in choose_sentences(side, replace(hit, sentences=tuple(sentences)), 1)
    }
    return list(leads.values()) if len(leads) > 1 else []


def _find_naming(name: str, hit: PaperHit) -> list[Sentence]:
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return [s for s in hit.sentences if pattern.search(hit.paper.text, *s.span)]


def _choose_leads(question: str, hit: PaperHit, parts: Sequence[PaperHit]) -> list[Sentence]:
    """One sentence for each part of a question, no sentence twice; empty if a single sentence covers all parts."""
    texts = split_question(question)
    chosen = [
        choose_sentences(text, replace(part, apart=hit.apart), 1)
        for text, part in zip(texts, parts, strict=True)
    ]
    leads = {sentence.span: sentence for (sentence,) in filter(None, chosen)}
    return list(leads.values()) if len(leads) > 1 else []


def _render_many_papers(query: Query, cited: Sequence[PaperHit], marks: Citations) -> str:
    n = 2 if len(cited) <= MAX_QUOTES and not query.form.sentences else 1
    lines = [phrases.head_several_papers(len(cited)), ""]
    for hit in cited[: query.form.sentences]:
        best = choose_sentences(query.text, hit, n, several=True, asks_for=query.asks_for)
        quote = (
            render_quote(hit.paper, best[0].span, marks)
            if best
            else _render_title(hit.paper, marks)
        )
        further = "".join(f" [{marks.get_marker(hit.paper, s.span)}]" for s in best[1:])
        lines.append(f"- {render_paper_name(hit.paper)}: {quote}{further}")
    return "\n".join(lines)


def _list_names(hits: Sequence[PaperHit]) -> list[str]:
    return [f"*{plain(get_short_name(hit.paper) or hit.paper.name)}*" for hit in hits]


def _render_title(paper: Paper, marks: Citations) -> str:
    return f"[{marks.get_marker(paper, (0, 0))}]"
