"""Tells which papers of a ranking answer a question of content: the best alone, or others with it.

"How can rain be taken out of photos?" is answered by two papers, "how fast is SlerpFace?" by one, and no word of
either says so: the shape of the ranking does. The weights (logistic regression) are fitted by
``python -m eval train papers`` to questions of which all answering papers are known, and stand in
``answering_papers.yaml``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rag.library.naming import is_made_up
from rag.text import iter_words
from rag.types import PaperHit, Retrieval

PAPERS_WEIGHTS_FILE = Path(__file__).with_name("answering_papers.yaml")

MAX_PAPERS = 6
MAX_TOGETHER = 4
"""Papers told where the question does not say that it wants several."""
LEAST_TOGETHER = 0.4
"""Least probability with which a paper answers too."""
_SIGNALS = ("dense", "late", "lexical", "local")
_NUMBERS = {word: n for n, word in enumerate("two three four five six".split(), 2)}
_STATED = re.compile(
    rf"\b({'|'.join(_NUMBERS)}) (?:[\w/-]+ ){{0,3}}?(?:papers|works|studies|entries|articles|publications|reports"
    r"|methods|approaches|ways|models|systems|techniques|strategies|frameworks|ideas)\b",
    re.IGNORECASE,
)


def choose_answering_papers(retrieval: Retrieval, *, several: bool) -> tuple[PaperHit, ...]:
    """The papers that answer, in the order of the ranking: the best one and those that do so with it.

    Args:
        retrieval: Of the question; its words tell how many papers are asked for, if they do.
        several: Whether more than one paper may be asked for; two sides may well be of one.
    """
    ranked = retrieval.papers
    if len(ranked) < 2:
        return ranked
    shares = [compute_share(retrieval, at) for at in range(1, min(len(ranked), 2 * MAX_PAPERS))]
    likeliest = sorted(range(1, len(shares) + 1), key=lambda at: (-shares[at - 1], at))
    if several and (stated := _STATED.search(retrieval.query)):
        chosen = likeliest[: _NUMBERS[stated[1].lower()] - 1]
    else:
        most = MAX_PAPERS if several else MAX_TOGETHER
        chosen = [at for at in likeliest[: most - 1] if shares[at - 1] >= LEAST_TOGETHER]
    return (ranked[0], *(ranked[at] for at in sorted(chosen)))


def compute_share(retrieval: Retrieval, at: int) -> float:
    """The probability with which the paper at a place behind the first, from 1 on, answers as well."""
    weights = _load_weights()
    logit = weights["intercept"] + sum(
        weights[name] * value for name, value in compute_paper_signals(retrieval, at).items()
    )
    return 1 / (1 + math.exp(-logit))


@cache
def _load_weights() -> Mapping[str, float]:
    import yaml

    weights: Mapping[str, float] = yaml.safe_load(PAPERS_WEIGHTS_FILE.read_text(encoding="utf-8"))
    return weights


def compute_paper_signals(retrieval: Retrieval, at: int) -> dict[str, float]:
    """What the decision is made from: how near the paper comes to the question, to the best and to its neighbours.

    ``words`` is how much more of the question's words, by their idf, it has than the best one.
    """
    ranked, question = retrieval.papers, retrieval.query
    first, before, hit = ranked[0], ranked[at - 1], ranked[at]
    after = ranked[at + 1] if at + 1 < len(ranked) else hit
    best = max(first.score, 1e-9)
    coined = any(is_made_up(word) for word, _ in iter_words(question))
    return {
        "share": hit.score / best,
        "score": hit.score,
        "best": first.score,
        "behind": (before.score - hit.score) / best,
        "ahead": (hit.score - after.score) / best,
        "near": hit.signals.get("dense", 0.0),
        **{n: hit.signals.get(n, 0.0) - first.signals.get(n, 0.0) for n in _SIGNALS},
        "words": compute_share_found(hit) - compute_share_found(first),
        "place": at / MAX_PAPERS,
        "length": min(1.0, len(question.split()) / 20),
        "coined": float(coined),
    }


def compute_share_found(hit: PaperHit) -> float:
    """The share, by their idf, of the question's words that a paper has; 0 where none counts."""
    total = sum(match.idf for match in hit.words)
    return sum(m.idf for m in hit.words if m.is_found) / total if total > 0 else 0.0
