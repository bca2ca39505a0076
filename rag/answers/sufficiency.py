"""Decides whether the evidence suffices to answer, with a known error rate.

The features measure how well the papers that would be cited match the words of the question. Their
weights are fitted (logistic regression) by ``python -m eval calibrate``, which writes
``calibration.yaml`` beside this module, together with the figures that the fit reached.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rag.answers.required_details import find_missing_particular
from rag.answers.sentence_forms import asks_for_detail, count_content_words, is_remembering
from rag.answers.units import find_kind, has_figure_of
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.text.everyday import is_everyday
from rag.types import Paper, PaperHit, Retrieval, Span, Sufficiency, WordMatch

CALIBRATION_FILE = Path(__file__).with_name("calibration.yaml")

SALIENT_IDF = 1.5
EXPECTED = 0.5
"""Least probability that an answering paper has a word, for one that may be the reason to decline."""
LEAST_TOLD = 0.2
"""Least such probability for a word of which it is told that no paper mentions it."""
RARE_IDF = 3.0
"""The idf of a rare word: in about one chunk of twenty."""
MOST_WON, MOST_LOST = 10.0, 3.0
"""Nats; more evidence counts no more."""
LEAST_PROBABILITY = 1e-3
LONG_DESCRIPTION_WORDS = 18
"""Content words from which a question counts as a full description."""
DESCRIPTION_LENGTH = (6, 16)
"""Content words up to which a text without a question mark is no description, and from which it is one."""
NEAREST = 3
"""Papers named by an abstention."""
_OF_SPEED = re.compile(r"slow|fast|quick", re.IGNORECASE)
NEAR_COSINE = 0.55
"""Of a word and the nearest token of a paper that speaks of the like; of others it is about .3."""
SAID_COSINE = 0.65
"""From which a paper says the like of a word in another: "races" of a paper on racial bias is .72. Words that a
paper has are mostly above, others hardly ever; names in capitals have no other word."""
REMEMBERED = 0.05
"""Least probability where a paper is only remembered: "something about trees of emotions in curved space"
was declined for "curved" (.11); what no paper is about stays below .01."""
N_READ = 3
"""Cited papers that are read for pairs of words."""
BACKGROUND = slice(10, 20)
"""Ranks whose scores show how well any paper of the field fits."""
BACKGROUND_SCORE = 0.3
"""Score of these ranks in a library too small to have them: about their usual one."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by feature, the intercept, and the least probability for an answer."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float


@cache
def load_calibration() -> Calibration:
    import yaml

    parameters = yaml.safe_load(CALIBRATION_FILE.read_text(encoding="utf-8"))
    return Calibration(parameters["intercept"], parameters["weights"], parameters["threshold"])


def compute_sufficiency(retrieval: Retrieval, cited: Sequence[PaperHit]) -> Sufficiency:
    """Decide whether ``cited``, the papers an answer would quote, suffice for the query.

    No paper at all is never sufficient; a paper that the query names is, unless a word is missing.
    A particular such as a learning rate must stand in a cited paper as it is asked for.
    """
    if not cited:
        return Sufficiency(False, 0.0)
    cited = tuple(map(_meet_rates, cited))
    retrieval = replace(retrieval, papers=tuple(map(_meet_rates, retrieval.papers)))
    fitted = load_calibration()
    values = compute_signals(retrieval, cited)
    logit = fitted.intercept + sum(fitted.weights[n] * v for n, v in values.items())
    probability = 1 / (1 + math.exp(-logit))
    pointed_at = _is_pointed_at(retrieval.query, cited[0])
    has_particulars = not find_missing_particular(retrieval.query, (hit.paper for hit in cited))
    threshold = fitted.threshold
    if is_remembering(retrieval.query):
        threshold = REMEMBERED
    sufficient = has_particulars and (pointed_at or probability >= threshold)
    return Sufficiency(sufficient, probability, find_missing_words(retrieval, cited))


def _meet_rates(hit: PaperHit) -> PaperHit:
    """A hit whose figures per second meet the name of any unit of a rate: "how many fps" is told by faces per second."""
    rates = [m for m in hit.words if not m.is_found and find_kind(m.word) == "rate"]
    if not rates or not has_figure_of("rate", hit.paper.text):
        return hit
    return replace(
        hit, words=tuple(replace(m, is_found=True) if m in rates else m for m in hit.words)
    )


def compute_sufficiency_of_named(
    retrieval: Retrieval, cited: Sequence[PaperHit], apart: Sequence[Span] = ()
) -> Sufficiency:
    """Decide whether papers that the query names suffice: they do, unless they all lack a word.

    Args:
        retrieval: With the named papers first.
        cited: The named papers.
        apart: Spans of the query that say nothing of content, such as words of comparing.
    """
    verdict = compute_sufficiency(retrieval, cited)
    lacks = not all(m.is_found for m in list_asked_words(cited, apart))
    has_particulars = not find_missing_particular(retrieval.query, (hit.paper for hit in cited))
    return replace(
        verdict, sufficient=bool(cited) and has_particulars and (not lacks or verdict.sufficient)
    )


def list_asked_words(cited: Sequence[PaperHit], apart: Sequence[Span] = ()) -> list[WordMatch]:
    """Words that an answer surely has, as the papers meet them best; those that begin in ``apart`` are left aside.

    None where the papers were found for different questions, as those of a planned answer are.
    """
    if len({tuple(m.span for m in hit.words) for hit in cited if hit.words}) > 1:
        return []
    return [
        m
        for m in _find_best_matches(cited)
        if _is_salient(m) and not any(a <= m.span[0] < b for a, b in apart)
    ]


def find_missing_words(retrieval: Retrieval, cited: Sequence[PaperHit]) -> tuple[str, ...]:
    """Salient words of the query that neither the cited papers have nor those an abstention names."""
    hits = (*cited, *retrieval.papers[:NEAREST])
    lacking = [m for m in _find_best_matches(hits) if m.idf >= SALIENT_IDF and not _is_said(m)]
    # "how are zeppelins steered?": where nothing is there, no word is surely expected, so the likeliest are named;
    # but that none mentions "matter" of "does jpeg compression matter" (.04) tells nothing
    least = max(LEAST_TOLD, max((m.expected for m in lacking), default=0.0) / 2)
    # "main weaknesses of prompt tuning": a word of asking is no word that a paper lacks
    words_missed = [m.word for m in lacking if m.expected >= least and not asks_for_detail(m.word)]
    particular = find_missing_particular(retrieval.query, (hit.paper for hit in hits))
    if particular.startswith("speed"):
        words_missed = [word for word in words_missed if not _OF_SPEED.match(word)]
    if particular and particular not in map(fold, words_missed):
        # whole: of "data sets" the word "sets" alone was said to be missing
        words_missed = [word for word in words_missed if fold(word) not in particular]
        words_missed.append(particular)
    return tuple(words_missed)


def has_no_word_of(hits: Sequence[PaperHit]) -> bool:
    """Whether a question has words that say what is asked, and no paper has any of them."""
    salient = [m for m in _find_best_matches(hits) if _is_salient(m)]
    return bool(salient) and not any(m.is_found for m in salient)


def compute_signals(retrieval: Retrieval, cited: Sequence[PaperHit]) -> dict[str, float]:
    """What the decision is made from; every value is about 0-1.

    ``cited`` is not empty. A word counts as met if any cited paper meets it (questions that compare
    papers name something of each); ``single_…`` looks at the one paper that misses least, because a
    topic is not there if its words are spread over papers. ``won`` is the evidence of the words that are
    there, ``single_lost`` against a paper of those that it lacks, by how surely each was expected. ``ahead``
    is the lead over what any paper of the field scores. Long descriptions may well have words that no paper
    has, so some values are divided by the root of the length; and a description of a half-remembered paper,
    which asks nothing (``describes``), lacks more words than a question.
    """
    best, query = cited[0], retrieval.query
    met = [m for m in _find_best_matches(cited) if m.idf > 0]
    matches_by_paper = [hit.words for hit in cited if hit.words]
    pairs = max(_compute_share_of_pairs(query, hit.paper) for hit in cited[:N_READ])
    short = max(1, len(met)) ** -0.5
    return {
        "score": best.score,
        "ahead": best.score - _compute_background([hit.score for hit in retrieval.papers]),
        "dense": best.signals.get("dense", 0.0),
        "met": _compute_share_met(best.words),
        "missing_names": min(2, sum(not m.is_found for m in met if _is_printed_name(m, query))) / 2,
        "short_single_missing": min(map(_compute_largest_gap, matches_by_paper), default=0.0)
        * short,
        "short_pairs": pairs * short,
        "long": min(1.0, len(met) / LONG_DESCRIPTION_WORDS),
        "describes": _compute_description(query),
        "won": min(MOST_WON, sum(_compute_surprise(m.expected) for m in met if m.is_found))
        / MOST_WON,
        "single_lost": min(MOST_LOST, min(map(_compute_loss, matches_by_paper), default=0.0))
        / MOST_LOST,
    }


def _compute_loss(matches: Sequence[WordMatch]) -> float:
    """How surprising it is that a paper which answers lacks the words that this one lacks.

    Without words of asking and everyday ones, which whoever has not read the paper chooses freely: "in which two subsets is it
    *divided*?" was declined.
    """
    lacking = (
        m for m in matches if m.idf > 0 and not (is_everyday(m.word) or asks_for_detail(m.word))
    )
    return sum(map(_compute_surprise, map(_compute_gap, lacking)))


def _compute_surprise(probability: float) -> float:
    """Of an event of the opposite probability, in nats."""
    return -math.log(max(LEAST_PROBABILITY, 1 - probability))


def _compute_description(query: str) -> float:
    """How much a text is a description, 0-1, by its length; what ends in a question mark is none."""
    if query.rstrip().endswith("?"):
        return 0.0
    short, full = DESCRIPTION_LENGTH
    return min(1.0, max(0.0, (count_content_words(query) - short) / (full - short)))


def _compute_background(scores: Sequence[float]) -> float:
    """Mean of the scores at the ranks of BACKGROUND, a usual one where there is no paper."""
    background_scores = list(scores[BACKGROUND])
    n = BACKGROUND.stop - BACKGROUND.start
    return (sum(background_scores) + BACKGROUND_SCORE * (n - len(background_scores))) / n


def _compute_largest_gap(matches: Sequence[WordMatch]) -> float:
    return max((_compute_gap(m) for m in matches if _is_salient(m)), default=0.0)


def _is_pointed_at(query: str, hit: PaperHit) -> bool:
    """Whether the query has a name that hardly any other paper has, and no salient word is missing.

    "which diseases was mclSTExp tested on?" is near to the cancer that it was tested on.
    """
    salient = [m for m in hit.words if _is_salient(m)]
    return all(m.is_found or m.cosine >= NEAR_COSINE for m in salient) and any(
        m.idf >= RARE_IDF and _is_printed_name(m, query) for m in salient
    )


def _compute_share_met(matches: Sequence[WordMatch]) -> float:
    """How well one paper meets the words, by their idf: those it lacks count as near as they come."""
    total = sum(m.idf * m.expected for m in matches)
    met = sum(m.idf * m.expected * (1.0 if m.is_found else m.cosine) for m in matches)
    return met / total if total else 0.0


def _compute_share_of_pairs(query: str, paper: Paper) -> float:
    """Share of the query's pairs of neighbouring words that stand together in the paper too.

    One word may stand between them there; a query without such a pair gets one half.
    """
    tokens = list(iter_words(query))
    wanted = [
        (*extract_terms(first), *extract_terms(second))
        for (first, (_, end)), (second, (start, _)) in zip(tokens, tokens[1:], strict=False)
        if query[end:start] in (" ", "-") and _has_content(first) and _has_content(second)
    ]
    if not wanted:
        return 0.5
    paper_terms = extract_terms(f"{paper.name} . {paper.text}", keep_stop_words=True)
    together = set(zip(paper_terms, paper_terms[1:], strict=False)) | set(
        zip(paper_terms, paper_terms[2:], strict=False)
    )
    return sum(pair in together for pair in wanted) / len(wanted)


def _has_content(word: str) -> bool:
    folded = fold(word)
    return not (folded in STOP_WORDS or folded in FRAME_WORDS or is_everyday(word))


def _find_best_matches(cited: Sequence[PaperHit]) -> list[WordMatch]:
    """Each word of the query as the paper that meets it best does."""
    matches_by_paper = [hit.words for hit in cited if hit.words]
    return [
        max(same, key=lambda m: (m.is_found, m.cosine))
        for same in zip(*matches_by_paper, strict=True)
    ]


def _compute_gap(match: WordMatch) -> float:
    """How much a word is missed: how surely it was expected, times how far its nearest token is."""
    return 0.0 if match.is_found else match.expected * (1 - max(0.0, match.cosine))


def _is_said(match: WordMatch) -> bool:
    """Whether a paper has a word, or says the like of it in another."""
    return match.is_found or (match.word.islower() and match.cosine >= SAID_COSINE)


def _is_salient(match: WordMatch) -> bool:
    """Whether a word may be the reason to decline: expected, and neither common here nor everyday nor one of asking.

    "What does the abbreviation DFD stand for?" was declined for "abbreviation".
    """
    if is_everyday(match.word) or asks_for_detail(match.word):
        return False
    return match.idf >= SALIENT_IDF and match.expected >= EXPECTED


def _is_printed_name(match: WordMatch, query: str) -> bool:
    """Written like a name: capitals or digits inside, or a capital that no sentence begins with."""
    word, start = match.word, match.span[0]
    if any(c.isdigit() for c in word):
        return any(c.isalpha() for c in word)
    if any(c.isupper() for c in word[1:]):
        return True
    return (
        word[0].isupper()
        and bool(query[:start].strip())
        and query[:start].rstrip()[-1] not in ".?!:"
    )
