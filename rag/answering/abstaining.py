"""Whether the papers found hold what is asked: measured, weighed, and decided with a known rate of error.

A question is a few features of how its words are met by the papers that would be cited. Their weights
are fitted (logistic regression) by ``python -m eval calibrate``, which writes ``calibration.yaml``
beside this module, together with the figures that the fit reached.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.retrieving.query import FRAME_WORDS, analyse
from rag.text import STOP_WORDS, fold, terms, words
from rag.types import Paper, PaperHit, Retrieval, Sufficiency, WordMatch

FILE = Path(__file__).with_name("calibration.yaml")

GENERIC_WORDS = frozenset(
    """
according achieve achieved achieves across actual actually add added another answer apply applied around ask
average beat beats become begin benefit besides best better bring build built case cases certain
change changed choose chosen claimed come comes common compare compared comparison concrete consider
cover current deal describe described describing detail details differ difference different differs
done each easy end ends exact exactly example examples existing expect explain far fast feature fewer figure
first fix follow following form full gain gains general get gets getting go goes good got great handle
happen happens hard harder having help helps idea important improve improved improvement improves
include includes individual instead involve involved keep keeping keeps key kind kinds last later lead
less let lets level like little long look low lower main mainly make makes making manage many max
maximum mean means meant measure min minimum much named need needs never new next nothing number
numbers obtain obtained offer old order others overall own part parts per percent pick place point
points possible present previous problem problems produce produced prove provide purpose put quite rather reach
reached reaches real really reason rely report reported rest result results return right role run runs
save saves score second see serve serves set sets several show shown shows similar single small solve
solved sort special stand start state stated step steps still suggest suggested take taken takes tell
test tested thing third three time times together top total tried try turn two type types used useful
uses using value values various version versus vs way ways well whole without work yield yields
""".split()
)
"""Words that carry a question along without being what it is about; their absence says nothing."""

SALIENT_IDF = 1.5
RARE_IDF = 3.0
"""Of a word in few chunks: about one in twenty."""
LONG_WORDS = 18
"""Words of content from which a question counts as a full description."""
N_READ = 3
"""Cited papers that are read for pairs of words."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by feature, the intercept, and the probability from which an answer is given."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float


@cache
def calibration() -> Calibration:
    import yaml

    held = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Calibration(held["intercept"], held["weights"], held["threshold"])


def judge(retrieval: Retrieval, cited: Sequence[PaperHit]) -> Sufficiency:
    """Decide whether ``cited``, the papers an answer would quote, suffice for the query.

    No paper at all is never sufficient; a paper that the query names is, unless a word is missing.
    """
    if not cited:
        return Sufficiency(False, 0.0)
    fitted = calibration()
    values = features(retrieval, cited)
    logit = fitted.intercept + sum(fitted.weights[n] * v for n, v in values.items())
    probability = 1 / (1 + math.exp(-logit))
    unmet = tuple(m.word for m in _best_matches(cited) if _salient(m) and not m.found)
    pointed_at = _is_pointed_at(retrieval.query, cited[0])
    return Sufficiency(pointed_at or probability >= fitted.threshold, probability, unmet)


def features(retrieval: Retrieval, cited: Sequence[PaperHit]) -> dict[str, float]:
    """What the decision is made from; every value is about 0-1.

    ``cited`` is not empty. A word counts as met if any cited paper meets it (questions that compare
    papers name something of each); ``single_…`` looks at the one paper that meets most, because a
    topic is not there if its words are spread over papers. Long descriptions may well have words
    that no paper has, so some values are given once more divided by the root of the length.
    """
    best, query = cited[0], retrieval.query
    rest = [hit.score for hit in retrieval.papers if hit not in cited]
    met = [m for m in _best_matches(cited) if m.idf > 0]
    asking = analyse(query).asking
    salient = [m for m in met if _salient(m)]
    asked = [m for m in salient if any(a <= m.span[0] < b for a, b in asking)]
    missing = _most_missed(salient)
    told = [[m for m in hit.words if _salient(m)] for hit in cited if hit.words]
    single = min(map(_most_missed, told), default=0.0)
    pairs = max(_pairs_met(query, hit.paper) for hit in cited[:N_READ])
    short = max(1, len(met)) ** -0.5
    return {
        "late": best.signals.get("late", best.score),
        "local": best.signals.get("local", best.score),
        "dense": best.signals.get("dense", 0.0),
        "lexical": best.signals.get("lexical", 0.0),
        "gap": best.score - max(rest, default=0.0),
        "found": _share_found(met),
        "missing": missing,
        "missing_asked": _most_missed(asked),
        "missing_names": min(2, sum(not m.found for m in met if _is_name(m, query))) / 2,
        "single_missing": single,
        "pairs": pairs,
        "short_missing": missing * short,
        "short_single_missing": single * short,
        "short_pairs": pairs * short,
        "long": min(1.0, len(met) / LONG_WORDS),
    }


def _most_missed(matches: Sequence[WordMatch]) -> float:
    return max((_gap(m) for m in matches), default=0.0)


def _is_pointed_at(query: str, hit: PaperHit) -> bool:
    """Whether the query has a name that hardly any other paper has, and no salient word is missing."""
    salient = [m for m in hit.words if _salient(m)]
    return all(m.found for m in salient) and any(
        m.idf >= RARE_IDF and _is_name(m, query) for m in salient
    )


def _share_found(matches: Sequence[WordMatch]) -> float:
    total = sum(m.idf for m in matches)
    return sum(m.idf for m in matches if m.found) / total if total else 0.0


def _pairs_met(query: str, paper: Paper) -> float:
    """Share of the query's pairs of neighbouring words that stand together in the paper too.

    One word may stand between them there; a query without such a pair gets one half.
    """
    told = list(words(query))
    wanted = [
        (*terms(one), *terms(other))
        for (one, (_, end)), (other, (start, _)) in zip(told, told[1:], strict=False)
        if query[end:start] in (" ", "-") and _has_content(one) and _has_content(other)
    ]
    if not wanted:
        return 0.5
    held = terms(f"{paper.name} . {paper.text}", keep_stop_words=True)
    together = set(zip(held, held[1:], strict=False)) | set(zip(held, held[2:], strict=False))
    return sum(pair in together for pair in wanted) / len(wanted)


def _has_content(word: str) -> bool:
    return fold(word) not in STOP_WORDS | FRAME_WORDS | GENERIC_WORDS


def _best_matches(cited: Sequence[PaperHit]) -> list[WordMatch]:
    """Each word of the query as the paper that meets it best does."""
    told = [hit.words for hit in cited if hit.words]
    return [max(same, key=lambda m: (m.found, m.cosine)) for same in zip(*told, strict=True)]


def _gap(match: WordMatch) -> float:
    """How much a word is missed: its worth, times how far its nearest token is."""
    return 0.0 if match.found else min(1.0, match.idf / 6) * (1 - max(0.0, match.cosine))


def _salient(match: WordMatch) -> bool:
    return match.idf >= SALIENT_IDF and match.word.lower() not in GENERIC_WORDS


def _is_name(match: WordMatch, query: str) -> bool:
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
