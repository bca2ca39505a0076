"""The definition of each measure in one sentence, with its source.

The report and the summary print these sentences, so that every figure comes with its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TREC = "trec_eval; Manning, Raghavan, Schütze, Introduction to Information Retrieval, ch. 8"
NDCG = "Järvelin and Kekäläinen, TOIS 2002; gain as in Burges et al., ICML 2005"
SET_NAMES = "van Rijsbergen, Information Retrieval, 1979, ch. 7"
ALCE = "ALCE, Gao et al., EMNLP 2023, section 4"
OWN = "this project"


@dataclass(frozen=True, slots=True)
class Definition:
    """One measure.

    Attributes:
        says: The definition, in one sentence.
        source: Source of the definition.
        unit: ``share`` is 0 to 1.
    """

    says: str
    source: str = OWN
    unit: Literal["share", "words", "ms", "tokens", "USD", "count"] = "share"
    better: Literal["higher", "lower", "neither"] = "higher"


_FAILED = "Share of questions without any answer; they count 0 wherever an answer would count."
DEFINITIONS: Mapping[str, Definition] = {
    # the ranking behind an answer
    "R@1": Definition("A paper that may be cited ranks first.", TREC),
    "R@5": Definition("A paper that may be cited is among the first five.", TREC),
    "R@10": Definition("Share of the papers that must be cited among the first ten.", TREC),
    "MRR": Definition("1 / the rank of the first right item, 0 without one; averaged.", TREC),
    "nDCG@10": Definition(
        "Discounted gain of the first ten papers as a share of the best order's; 2 for papers that "
        "must be cited, 1 for those that may.",
        "Järvelin and Kekäläinen, TOIS 2002",
    ),
    "AP": Definition(
        "Mean precision at the rank of each right item; papers that may be cited are passed over; "
        "averaged over questions it is MAP.",
        TREC,
    ),
    # what is cited
    "cite_recall": Definition("Share of the papers that must be cited that are.", SET_NAMES),
    "cite_precision": Definition("Share of the cited papers that may be cited.", SET_NAMES),
    "cite_f1": Definition("Harmonic mean of cite_precision and cite_recall.", SET_NAMES),
    "citations_valid": Definition(
        "Share of citations without a fault: the marker resolves, and the quote stands in the "
        "paper exactly where the citation says."
    ),
    # what is said
    "facts": Definition("Share of the facts that the answer or its quotes state."),
    "fact_in_text": Definition("The text states every fact."),
    "words": Definition("Words of the text.", unit="words", better="neither"),
    "words_median": Definition("Words of the text, median.", unit="words", better="neither"),
    "correct": Definition(
        "The answer is right as a whole: every fact, every paper that must be cited, the exact "
        "number or the complete list and nothing else, or an abstention where one is due."
    ),
    "right": Definition(
        "The question came out right: as `correct`, but an abstention where an answer is due never "
        "is, whatever its nearest papers hold, and a list of experts is if a main person heads it."
    ),
    "list_precision": Definition("Share of the listed papers that belong there.", SET_NAMES),
    "list_recall": Definition("Share of the list's papers that are listed.", SET_NAMES),
    "forbidden": Definition(
        "The answer holds words it must not hold, or markup that would act on a screen.",
        better="lower",
    ),
    # declining
    "abstained": Definition("The answer abstains though one is due.", better="lower"),
    "abstain_ok": Definition("The answer abstains, as it should."),
    "abstention_precision": Definition("Share of abstentions that are right.", SET_NAMES),
    "abstention_recall": Definition(
        "Share of the questions without an answer here that are declined.", SET_NAMES
    ),
    # people
    "ndcg@5": Definition(
        "Discounted gain (2^grade - 1) of the first five people as a share of the best order's; "
        "grade 2 for a main person, 1 for a co-author.",
        NDCG,
    ),
    "P@1": Definition("The first person belongs there.", TREC),
    "P@5": Definition("Share of the first five places that hold a person who belongs there.", TREC),
    "top_is_main": Definition("A main person heads the list."),
    "main_in_top5": Definition("Share of the main people, five at most, among the first five."),
    "people_found": Definition("Share of the people who must be named that are."),
    "paper_recall": Definition("Share of the people's papers that are cited.", SET_NAMES),
    "paper_precision": Definition("Share of the cited papers that are theirs.", SET_NAMES),
    # the rest
    "no_crash": Definition("An answer came; nothing more can be checked by code."),
    "failed": Definition(_FAILED, better="lower"),
    "macro": Definition("Mean over the kinds, hostile input apart, of the measure that decides."),
    "faults": Definition("Citations that do not hold.", unit="count", better="lower"),
    "latency_ms": Definition("Time to the whole answer.", unit="ms", better="lower"),
    "latency_p50_ms": Definition(
        "Half the answers took no longer (nearest rank).", unit="ms", better="lower"
    ),
    "latency_p95_ms": Definition(
        "95 of 100 answers took no longer (nearest rank).", unit="ms", better="lower"
    ),
    "tokens": Definition("Tokens read and written by a model.", unit="tokens", better="lower"),
    "cost_usd": Definition(
        "What the tokens cost, where a price is known.", unit="USD", better="lower"
    ),
    # judged by a model
    "faithfulness": Definition(
        "Share of the sentences that state something that a judge finds supported, half for those "
        "supported in part, by the quotes that they cite.",
        "after RAGAS, Es et al., EACL 2024",
    ),
    "relevance": Definition(
        "A judge's grade of how far the answer meets the question: 0, a half or 1."
    ),
    "citation_recall": Definition(
        "Share of the sentences that a judge finds entailed by all their quotes together; one "
        "without a citation counts 0.",
        ALCE,
    ),
    "citation_precision": Definition(
        "Share of the citations that are needed: their sentence is entailed, and the quote entails "
        "it alone or the other quotes do not entail it without this one.",
        ALCE,
    ),
}


def get_definition(name: str) -> Definition:
    """Of a measure that a score or a summary holds."""
    return DEFINITIONS[name]
