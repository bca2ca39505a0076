"""Selects the papers that a content answer quotes, and decides whether they suffice."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from rag.answers import extractive, sufficiency
from rag.answers.answer_line import NUMBER_ASKED
from rag.answers.answering_papers import MAX_PAPERS
from rag.answers.comparing_words import (
    SIDE_WORDS,
    content_words,
    find_comparing_words,
    is_telling,
)
from rag.answers.field_problems import find_papers_with_problem
from rag.answers.properties import find_with_property
from rag.answers.question_parts import split_question
from rag.answers.quoting import is_asking_for_paper, is_describing_paper
from rag.answers.sentence_forms import (
    asks_for_detail,
    defines,
    find_defined_subject,
    is_common,
)
from rag.answers.summary import asks_for_summary
from rag.library.chunking import has_body
from rag.library.coined import find_paper_named_by, find_papers_named_in, is_unheard
from rag.library.selection import resolve_conditions
from rag.library.view import LibraryView
from rag.search.query import FRAME_WORDS
from rag.search.topics import Phrase, list_on_topic
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.types import PaperHit, Retrieval, SentenceRole, Sufficiency
from rag.types.query import Detail, Query, Topic
from rag.types.retrievals import RANKING

Find = Callable[[str, int], Retrieval]
"""Retrieves the k best papers for a query, of those that pass the filters."""


class RetrieveWithin(Protocol):
    """Retrieves the k best papers for a query, of the whole library or of some papers."""

    def __call__(
        self, query: str, k: int = ..., *, within: Collection[str] | None = ...
    ) -> Retrieval: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The ranking, the selected papers, and whether they suffice.

    Attributes:
        several: Whether the question is about all selected papers.
        parts: The first paper's sentences scored for each part of the question, if it has parts.
        without: Papers of which the question asks which do something, and which say nothing of it.
        close: Papers that may be on an overview's topic as well.
    """

    retrieval: Retrieval
    cited: tuple[PaperHit, ...]
    verdict: Sufficiency
    several: bool = False
    parts: tuple[PaperHit, ...] = ()
    without: tuple[PaperHit, ...] = ()
    close: tuple[PaperHit, ...] = ()


def choose_papers(
    query: Query, find: Find, retrieve: RetrieveWithin, library: LibraryView
) -> Choice:
    """What a content question is answered from: the papers in focus, those it names, or the best."""
    choice = _choose_papers(query, find, retrieve, library)
    if not choice.verdict.sufficient:
        return choice
    choice = replace(choice, cited=_read_whole(query, choice.cited, retrieve))
    if choice.several:
        return choice
    within = (choice.cited[0].paper.paper_id,)
    hits = [retrieve(part, 1, within=within).papers for part in split_question(query.text)]
    return replace(choice, parts=tuple(hit for of_part in hits for hit in of_part))


def _read_whole(
    query: Query, hits: Sequence[PaperHit], retrieve: RetrieveWithin
) -> tuple[PaperHit, ...]:
    """The papers to be quoted, those with a body with all of its sentences: a search finds some passages of it."""
    ids = [hit.paper.paper_id for hit in hits[:MAX_PAPERS] if has_body(hit.paper)]
    hit_of = {hit.paper.paper_id: hit for hit in _retrieve_some(query.text, ids, retrieve)}
    return tuple(
        replace(hit, sentences=hit_of.get(hit.paper.paper_id, hit).sentences) for hit in hits
    )


def _retrieve_some(
    text: str, paper_ids: Sequence[str], retrieve: RetrieveWithin
) -> tuple[PaperHit, ...]:
    return retrieve(text, len(paper_ids), within=tuple(paper_ids)).papers if paper_ids else ()


def _choose_papers(
    query: Query, find: Find, retrieve: RetrieveWithin, library: LibraryView
) -> Choice:
    focus = query.papers
    retrieval = find(query.text, RANKING)
    if focus:
        several = query.is_about_several and len(focus) > 1
        retrieval = _put_first(retrieve(query.text, len(focus), within=focus).papers, retrieval)
        with_evidence, without = _split_by_evidence(query, retrieval.papers[: len(focus)])
        n = min(len(with_evidence), MAX_PAPERS) if several else 1
        cited = with_evidence[:n]
        verdict = _compute_focus_sufficiency(query, cited, retrieve)
        if _is_silent(query, cited):
            # Only of these papers it can be said that they do not mention it.
            retrieval = _retrieve_titled(query, cited, retrieve)
            missing = sufficiency.find_missing_words(retrieval, retrieval.papers)
            verdict = replace(verdict, sufficient=False, missing=missing)
        if without and cited[0].score < extractive.NEAR_SCORE:
            verdict = replace(verdict, sufficient=False)
        if n == 1 and cited and asks_for_summary(query, cited[0].paper):
            verdict = Sufficiency(True, 1.0)
        if unheard := _find_unknown_sides(query, library):
            verdict = Sufficiency(False, verdict.probability, unheard)
        return Choice(retrieval, cited, verdict, several, without=without if several else ())
    if query.want == "overview" and query.topic:
        on_topic, close = _find_papers_on_topic(query, find, retrieve, library)
        # One paper alone is told so, unless the words describe a paper that is only half remembered, or
        # a detail of it is asked: "what are the limitations of dataset distillation for denoising?"
        is_told_alone = not is_describing_paper(query.text) and bool(close or not query.asks_for)
        if _is_body_asked(query, on_topic):
            asked = retrieve(query.text, 1, within=(on_topic[0].paper.paper_id,)).papers
            return Choice(_put_first(asked, retrieval), asked, Sufficiency(True, 1.0))
        if len(on_topic) > 1 or (on_topic and is_told_alone):
            ranking = _add_to_ranking(retrieval, (*on_topic, *close))
            return Choice(ranking, on_topic, Sufficiency(True, 1.0), several=True, close=close)
        if not on_topic and any(c.field in ("year", "date") for c in query.where):
            # "what's new since 2025 on pose estimation": papers of other years are no answer.
            return Choice(retrieval, (), Sufficiency(False, 0.0))
        if (
            not on_topic
            and not is_describing_paper(query.text)
            and not _is_said_in_part(query.topic, retrieval)
        ):
            missing = sufficiency.find_missing_words(retrieval, ())
            return Choice(retrieval, (), Sufficiency(False, 0.0, missing))
    named_ids = _find_named_papers(query, find, library)
    if len(named_ids) > 1:
        return _choose_named(query, named_ids, retrieval, retrieve)
    if any(asks_for_summary(query, paper) for paper in library.list_papers(named_ids)):
        if named_hits := retrieve(query.text, 1, within=named_ids).papers:
            return Choice(_put_first(named_hits, retrieval), named_hits, Sufficiency(True, 1.0))
    close = extractive.choose_cited_papers(query, retrieval)
    cited, verdict = close, sufficiency.compute_sufficiency(retrieval, close)
    if compared := _find_compared(query, retrieval, find, retrieve, library):
        retrieval, cited = compared
        verdict = sufficiency.compute_sufficiency(retrieval, cited)
    elif (
        named_ids and not is_asking_for_paper(query.text) and not extractive.asks_for_several(query)
    ):
        # "how many videos are in the UAV-Anti-UAV data?": another paper has more of these words.
        cited = retrieve(query.text, 1, within=named_ids).papers
        retrieval = _put_first(cited, retrieval)
        alone = sufficiency.compute_sufficiency(retrieval, cited)
        verdict = alone if alone.sufficient else verdict
    elif (property_said := find_with_property(query, retrieval, verdict)) is not None:
        cited, unsaid = property_said
        cited = cited[:MAX_PAPERS]
        retrieval = _put_first(cited, retrieval)
        verdict = Sufficiency(bool(cited), verdict.probability, unsaid)
        return Choice(retrieval, cited, verdict, several=len(cited) > 1)
    elif verdict.sufficient and (defining := _find_defining(query, retrieval)):
        cited = (defining,)
        retrieval = _put_first(cited, retrieval)
    elif query.want == "passages" and (telling := find_papers_with_problem(query, retrieval)):
        cited = telling
        retrieval = _put_first(cited[:1], retrieval)
    elif len(close) > 1 and not verdict.sufficient:
        # "DistilPose-S on MSCOCO: parameters, GFLOPs and FPS?" compares figures of one paper
        alone = sufficiency.compute_sufficiency(retrieval, close[:1])
        cited, verdict = (close[:1], alone) if alone.sufficient else (cited, verdict)
    if named_ids and not verdict.sufficient:
        return _abstain_on_named(query, named_ids, retrieval, cited, verdict, retrieve, library)
    if not verdict.sufficient and (telling := _find_telling(query, find, retrieve, library)):
        ranking = _put_first(telling, retrieval)
        return Choice(ranking, telling, Sufficiency(True, 1.0), several=len(telling) > 1)
    return Choice(retrieval, cited, verdict)


def _is_body_asked(query: Query, on_topic: Sequence[PaperHit]) -> bool:
    """Whether the one paper on a topic has a body, which answers a question better than its aim, way and result do.

    "What intuition is used to release cluster centers?" was told what the paper is about.
    """
    is_asking = query.text.rstrip().endswith("?")
    return is_asking and len(on_topic) == 1 and has_body(on_topic[0].paper)


_ROLES_OF_FIELD: Mapping[Detail, tuple[SentenceRole, ...]] = {
    "limitation": ("limitation", "problem"),
    "problem": ("problem", "limitation"),
    "cause": ("problem", "limitation"),
}
"""Details that papers on a topic tell in sentences of a role, whatever their words."""


def _find_telling(
    query: Query, find: Find, retrieve: RetrieveWithin, library: LibraryView
) -> tuple[PaperHit, ...]:
    """Papers on a topic with sentences of the asked role, though none has the words that ask for it.

    "what are the main weaknesses of prompt tuning?" was declined for "weaknesses".
    """
    roles = _ROLES_OF_FIELD.get(query.asks_for, ()) if query.asks_for else ()
    words = [
        word
        for word, _ in iter_words(query.text)
        if not (asks_for_detail(word) or fold(word) in FRAME_WORDS | STOP_WORDS)
    ]
    if not roles or not words:
        return ()
    on_topic, _ = _find_papers_on_topic(
        replace(query, about=Topic(" ".join(words))), find, retrieve, library
    )
    if not on_topic:  # "prompt tuning" is said by none, and two are about prompts
        retrieval = find(" ".join(words), RANKING)
        best = retrieval.papers[0].score if retrieval.papers else 0.0
        close = tuple(h for h in retrieval.papers if h.score >= _NEAR_TOPIC * best)
        if not sufficiency.compute_sufficiency(retrieval, close).sufficient:
            return ()
        ids = [hit.paper.paper_id for hit in close]
        on_topic = retrieve(query.text, len(ids), within=ids).papers
    telling = (h for h in on_topic if any(s.role in roles for s in h.sentences))
    return tuple(telling)[:MAX_PAPERS]


_NEAR_TOPIC = 0.9
"""Share of the best score from which a paper is about a topic as the best one is."""


def _is_said_in_part(topic: str, retrieval: Retrieval) -> bool:
    """Whether a paper among the best has two neighbouring words of a topic together, or the topic is one word.

    "low light image enhancement methods?" was answered by six papers that have its words here and there.
    """
    wanted = set(pairwise(extract_terms(topic)))
    best = (hit.paper for hit in retrieval.papers[:MAX_PAPERS])
    return not wanted or any(
        not wanted.isdisjoint(pairwise(extract_terms(f"{paper.name} . {paper.text}")))
        for paper in best
    )


def _find_defining(query: Query, retrieval: Retrieval) -> PaperHit | None:
    """The best paper that defines a common term, for a question that asks only for the definition.

    "what is federated learning" was answered by one of many methods for it.
    """
    subject = find_defined_subject(query.text)
    if not subject or not is_common(subject):
        return None
    return next(
        (
            hit
            for hit in retrieval.papers
            if any(defines(subject, hit.paper.text[slice(*s.span)]) for s in hit.sentences)
        ),
        None,
    )


_ASKS_WHICH = re.compile(r"\bwhich (?:of (?:them|these|those)|ones)\b", re.IGNORECASE)
_ASKS_WHICH_USE = re.compile(
    r"\bwhich (?:of (?:them|these|those)|ones) (?:also )?(?:us|mention|employ|appl|adopt|rel|build|cit|evaluat|test|train)\w*(?: on| with)? "
    r"((?!no |any |without |less |more |their )[\w-]+(?: [\w-]+){0,3})\W*$",
    re.IGNORECASE,
)
"""Asks which papers use a thing that can be searched by its own words. "Which of these use differential privacy?"
listed four, though only one has the words."""
_EVIDENCE_SHARE = 0.6
"""Share of the best paper's score below which a paper says nothing of what is asked: those that do had
.67 and more, the others .53 and less."""


def _split_by_evidence(
    query: Query, hits: Sequence[PaperHit]
) -> tuple[tuple[PaperHit, ...], tuple[PaperHit, ...]]:
    """The papers pointed at that say something of what is asked, and those that do not.

    "which of them need no training?" quoted a sentence of each of five papers, though one alone says it.
    What asks for the most or the least compares all of them.
    """
    if not hits or not _ASKS_WHICH.search(query.text) or NUMBER_ASKED.search(query.text):
        return tuple(hits), ()
    use_match = _ASKS_WHICH_USE.search(query.text)
    phrase = Phrase(use_match[1]) if use_match else None
    saying = [h for h in hits if phrase and phrase.is_in(h.paper.title or "", h.paper.text)]
    if saying and phrase and not phrase.is_empty:
        return tuple(saying), tuple(hit for hit in hits if hit not in saying)
    least = max(_EVIDENCE_SHARE * hits[0].score, extractive.NEAR_SCORE)
    n = max(1, sum(hit.score >= least for hit in hits))
    return tuple(hits[:n]), tuple(hits[n:])


def _add_to_ranking(retrieval: Retrieval, on_topic: Sequence[PaperHit]) -> Retrieval:
    """The ranking of a question with the papers on its topic that it lacks.

    "the paper that unlearns by swapping" may be read as an overview: its ranking is by all its words.
    """
    ranked = {hit.paper.paper_id: hit for hit in (*retrieval.papers, *on_topic)}.values()
    return Retrieval(retrieval.query, tuple(replace(h, rank=n) for n, h in enumerate(ranked, 1)))


def _find_papers_on_topic(
    query: Query, find: Find, retrieve: RetrieveWithin, library: LibraryView
) -> tuple[tuple[PaperHit, ...], tuple[PaperHit, ...]]:
    """Every paper on the topic of an overview that meets its conditions, best first, and those of which it is open."""
    conditions = resolve_conditions(query.where, library).conditions
    found = list_on_topic(query.topic, library, find, conditions)
    # "which datasets are used for it?": the sentences are to be matched with what is asked of them.
    text = query.text if query.asks_for else query.topic
    ids = [entry.paper_id for entry in found.entries]
    close_ids = [on.paper.paper_id for on in found.close]
    hits = {h.paper.paper_id: h for h in _retrieve_some(text, [*ids, *close_ids], retrieve)}
    on_topic = tuple(hits[paper_id] for paper_id in ids if paper_id in hits)
    return on_topic, tuple(hits[paper_id] for paper_id in close_ids if paper_id in hits)


def _find_named_papers(query: Query, find: Find, library: LibraryView) -> tuple[str, ...]:
    """Ids of the papers that a question names, those of the two sides of a comparison first.

    "DuetFace and the learnable privacy budgets paper" names the second by words of its title.
    """
    side_ids = [
        find_paper_named_by(side, library) or _find_titled(side, find) for side in query.sides
    ]
    distinct_ids = dict.fromkeys(i for i in side_ids if i is not None)
    return (
        tuple(distinct_ids)
        if len(distinct_ids) > 1
        else find_papers_named_in(query.text, library)[:MAX_PAPERS]
    )


def _find_titled(side: str, find: Find) -> str | None:
    """Id of the best paper for a side, where its title has every content word of that, two or more."""
    wanted = content_words(side)
    best = find(side, RANKING).papers[:1] if len(wanted) >= SIDE_WORDS else ()
    return next((h.paper.paper_id for h in best if wanted <= content_words(h.paper.name)), None)


def _choose_named(
    query: Query, paper_ids: Sequence[str], retrieval: Retrieval, retrieve: RetrieveWithin
) -> Choice:
    """Papers that are named are what is asked about, all of them; only what is asked may be missing.

    A comparison stands though a word is missing, which it tells: "which would you take for a small edge
    device?" was declined for "device". Not so where all that is asked is missing.
    """
    hits = retrieve(query.text, len(paper_ids), within=tuple(paper_ids))
    cited = tuple(sorted(hits.papers, key=lambda hit: paper_ids.index(hit.paper.paper_id)))
    retrieval = _put_first(cited, retrieval)
    apart = find_comparing_words(query.text)
    verdict = sufficiency.compute_sufficiency_of_named(retrieval, cited, apart)
    if query.want == "comparison" and len(query.sides) == len(cited):
        names = [
            m.span()
            for s in query.sides
            for m in re.finditer(re.escape(s), query.text, re.IGNORECASE)
        ]
        asked_words = sufficiency.list_asked_words(cited, [*apart, *names])
        stands = not asked_words or any(m.is_found for m in asked_words)
        verdict = replace(verdict, sufficient=stands or verdict.sufficient)
    return Choice(retrieval, cited, verdict, True)


def _abstain_on_named(
    query: Query,
    paper_ids: Sequence[str],
    retrieval: Retrieval,
    cited: Sequence[PaperHit],
    verdict: Sufficiency,
    retrieve: RetrieveWithin,
    library: LibraryView,
) -> Choice:
    """An abstention on a question that names one paper: it is the nearest, and missing is what it lacks."""
    retrieval = _put_first(
        retrieve(query.text, len(paper_ids), within=tuple(paper_ids)).papers, retrieval
    )
    missing = _find_unknown_sides(query, library) or sufficiency.find_missing_words(
        retrieval, retrieval.papers[: len(paper_ids)]
    )
    return Choice(retrieval, tuple(cited), replace(verdict, missing=missing))


def _find_unknown_sides(query: Query, library: LibraryView) -> tuple[str, ...]:
    """Sides of a comparison that are coined words of no paper."""
    if not all(map(is_telling, query.sides)):
        return ()
    return tuple(side for side in query.sides if is_unheard(side, library))


def _compute_focus_sufficiency(
    query: Query, cited: Sequence[PaperHit], retrieve: RetrieveWithin
) -> Sufficiency:
    """Whether the paper that a follow-up is about answers it, with its title added: the follow-up leaves the topic
    unsaid.

    The title cannot stand for what is asked (`_is_silent`): "what attack does it defend against?" was
    answered from a paper that has neither word nor anything near them.
    """
    if not cited:
        return Sufficiency(False, 0.0)
    titled_retrieval = _retrieve_titled(query, cited, retrieve)
    return sufficiency.compute_sufficiency(titled_retrieval, titled_retrieval.papers)


def _retrieve_titled(
    query: Query, cited: Sequence[PaperHit], retrieve: RetrieveWithin
) -> Retrieval:
    """The cited papers for the question with the title of the first before it."""
    ids = [hit.paper.paper_id for hit in cited]
    return retrieve(f"{cited[0].paper.name}: {query.text}", len(ids), within=ids)


def _is_silent(query: Query, cited: Sequence[PaperHit]) -> bool:
    """Whether papers pointed at have no word of what is asked, nor anything near it."""
    is_far = max((hit.score for hit in cited), default=1.0) < extractive.NEAR_SCORE
    return is_far and sufficiency.has_no_word_of(cited)


_EACH_PAPER = re.compile(
    r"\beach (?:of (?:the |these |those )?)?(?:papers?|works?)\b", re.IGNORECASE
)


def _find_compared(
    query: Query,
    retrieval: Retrieval,
    find: Find,
    retrieve: RetrieveWithin,
    library: LibraryView,
) -> tuple[Retrieval, tuple[PaperHit, ...]] | None:
    """The ranking with the paper of each side of a comparison first, and these papers.

    None where the question does not say two sides, or they are not two papers that are here. In "X: how does
    each paper get its Y?" X and Y are the topic and what is asked of its papers, however it was read.
    """
    if not query.sides or _EACH_PAPER.search(query.text) or not all(map(is_telling, query.sides)):
        return None
    side_ids = [_find_paper_of_side(side, find, library) for side in query.sides]
    ids = [paper_id for paper_id in side_ids if paper_id is not None]
    if len(ids) < len(side_ids) or len(set(ids)) < 2:
        return None
    side_hits = retrieve(query.text, len(ids), within=tuple(ids)).papers
    cited = tuple(sorted(side_hits, key=lambda hit: ids.index(hit.paper.paper_id)))
    return _put_first(cited, retrieval), cited


def _find_paper_of_side(side: str, find: Find, library: LibraryView) -> str | None:
    """Id of the paper that a side names, or of the best that suffices for it; None without one."""
    if paper_id := find_paper_named_by(side, library):
        return paper_id
    retrieval = find(side, RANKING)
    best = retrieval.papers[:1]
    is_enough = sufficiency.compute_sufficiency(retrieval, best).sufficient
    return best[0].paper.paper_id if is_enough else None


def _put_first(hits: Sequence[PaperHit], retrieval: Retrieval) -> Retrieval:
    """The ranking with these hits before the others."""
    ids = {hit.paper.paper_id for hit in hits}
    rest = [hit for hit in retrieval.papers if hit.paper.paper_id not in ids]
    ranked = [*hits, *rest][:RANKING]
    return Retrieval(retrieval.query, tuple(replace(h, rank=n) for n, h in enumerate(ranked, 1)))
