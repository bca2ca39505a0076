"""Scores an answer record against its question: the outcome, and the value of each measure.

A measure has the same name for all kinds; those that do not apply to a kind are left out. Records are
as docs/CONTRACT.md describes them (`rag.types.serialise`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from eval.measures import formulas
from eval.sets.question_sets import Question

Outcome = Literal["right", "wrong", "abstained", "unscored", "failed"]
"""``abstained``: where an answer was due; ``unscored``: the question has no answer for code to check."""
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "abstained", "unscored", "failed")

Record = Mapping[str, Any]
_ACTIVE = re.compile(r"!\[|\]\(|<[A-Za-z/!]")
"""What would work as a link, an image or HTML on a screen; answers hold none."""


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome and measures of one question.

    Attributes:
        values: By measure; those that do not apply are left out.
        faults: Faults of its citations, one sentence each.
    """

    question_id: str
    kind: str
    outcome: Outcome
    values: Mapping[str, float]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """A record's parts, with one name for each paper, in order, each once."""

    record: Record
    cited: tuple[str, ...]
    ranked: tuple[str, ...]
    experts: tuple[str, ...]
    text: str
    full_text: str = field(repr=False)

    @property
    def abstained(self) -> bool:
        return bool(self.record.get("status") == "abstained")


class Scorer:
    """Scores records.

    Args:
        same: The first place of each paper by its other places: gold may name either.
        check: Lists the faults of a record's citations; see `eval.measures.citation_checks.find_faults`.
    """

    def __init__(
        self,
        same: Mapping[str, str] | None = None,
        check: Callable[[Record], Sequence[str]] = lambda record: (),
    ) -> None:
        self._same, self._check = same or {}, check

    def score(self, question: Question, record: Record | None) -> Score:
        """The score of one question; without a record it counts as failed.

        A question that failed has found and said nothing: it counts 0 wherever an answer would
        count, and what only an answer has (time, tokens, valid citations) is left out.
        """
        record = record or {}
        answer_parts = self._build_answer_parts(record)
        all_values = dict(_compute_values(question, answer_parts, self._build_gold(question)))
        if record.get("status") not in ("answered", "abstained"):
            all_values |= {"failed": 1.0, get_decisive_measure(question): 0.0}
            if is_checkable(question):
                all_values["right"] = 0.0
            return Score(question.id, question.kind, "failed", _drop_missing(all_values))
        all_values |= {"failed": 0.0, "forbidden": _is_forbidden(question, answer_parts.text)}
        faults = tuple(self._check(record))
        n_citations = len(record.get("citations") or ())
        if n_citations:
            all_values["citations_valid"] = 1 - min(len(faults), n_citations) / n_citations
        values = _drop_missing(all_values | _get_costs(record))
        outcome = _get_outcome(question, answer_parts, values)
        if outcome != "unscored":
            values["right"] = float(outcome == "right")
        return Score(question.id, question.kind, outcome, values, faults)

    def _build_answer_parts(self, record: Record) -> AnswerParts:
        citations = record.get("citations") or []
        quoted = " ".join(f"{c.get('title') or ''} {c.get('quote') or ''}" for c in citations)
        text = str(record.get("text") or "")
        return AnswerParts(
            record=record,
            cited=self.list_names(c["source"] for c in citations),
            ranked=self.list_names(p["source"] for p in record.get("papers") or ()),
            experts=tuple(normalize_name(e["name"]) for e in record.get("experts") or ()),
            text=normalize_text(text),
            full_text=normalize_text(f"{text} {quoted}"),
        )

    def _build_gold(self, question: Question) -> Gold:
        papers = self.list_names(question.papers)
        named_papers = set(papers) - set(self.list_names(question.papers_no_author))
        listed_names = (
            self.list_names(question.answer) if isinstance(question.answer, tuple) else None
        )
        acceptable = frozenset((*papers, *self.list_names(question.also)))
        return Gold(papers, acceptable, frozenset(named_papers), listed_names, self.list_names)

    def list_names(self, places: Iterable[str]) -> tuple[str, ...]:
        """One name a paper, in order, each once."""
        return tuple(dict.fromkeys(self._same.get(place, place) for place in places))


@dataclass(frozen=True, slots=True)
class Gold:
    """The expected answer of a question, with one name for each paper."""

    papers: tuple[str, ...]
    acceptable: frozenset[str]
    papers_named: frozenset[str]
    listed_names: tuple[str, ...] | None
    names: Callable[[Iterable[str]], tuple[str, ...]]


Values = Mapping[str, float | None]


def _drop_missing(values: Values) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}


def _compute_values(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    if not question.answerable:
        return {get_decisive_measure(question): answer_parts.abstained}
    if not is_checkable(question):
        declined = None if question.kind == "robust" else answer_parts.abstained
        return {"abstained": declined, "no_crash": True}
    return _BY_KIND[question.kind](question, answer_parts, gold)


def is_checkable(question: Question) -> bool:
    """Whether the question says anything of a right answer that code can look for."""
    if question.kind == "expert" and question.answerable:
        return bool(question.people)
    says = question.papers or question.facts or question.people
    return bool(says) or question.answer is not None or not question.answerable


def _compute_content(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    fact_recall = compute_facts_found(question.facts, answer_parts.full_text)
    if not gold.papers:
        return {
            "abstained": answer_parts.abstained,
            "facts": fact_recall,
            "correct": fact_recall in (None, 1.0),
        }
    ranking = dict.fromkeys(gold.acceptable, 1.0)
    recall = formulas.compute_set_recall(answer_parts.cited, gold.papers)
    precision = formulas.compute_set_precision(answer_parts.cited, gold.acceptable)
    values: dict[str, float | None] = {
        "abstained": answer_parts.abstained,
        "cite_recall": recall,
        "cite_precision": precision,
        "cite_f1": formulas.compute_f1(precision, recall),
        "facts": fact_recall,
        "fact_in_text": compute_facts_found(question.facts, answer_parts.text) in (None, 1.0),
        "words": len(str(answer_parts.record.get("text") or "").split()),
        "correct": fact_recall in (None, 1.0) and recall == 1,
    }
    values["nDCG@10"] = formulas.compute_ndcg(
        answer_parts.ranked, {**ranking, **dict.fromkeys(gold.papers, 2.0)}, 10
    )
    judged = [p for p in answer_parts.ranked if p in gold.papers or p not in gold.acceptable]
    values["AP"] = formulas.compute_average_precision(judged, dict.fromkeys(gold.papers, 1.0))
    if question.kind in ("fact", "known-item"):
        values |= {
            f"R@{k}": formulas.compute_success(answer_parts.ranked, ranking, k) for k in (1, 5)
        }
        values["MRR"] = formulas.compute_reciprocal_rank(answer_parts.ranked, ranking)
    else:
        values["R@10"] = formulas.compute_recall(
            answer_parts.ranked, dict.fromkeys(gold.papers, 1.0), 10
        )
    return values


def _compute_followup(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    """As content; one that asks on about a count or a list is right as those are: exactly."""
    values = dict(_compute_content(question, answer_parts, gold))
    if question.answer is not None:
        values |= _compute_catalogue(question, answer_parts, gold)
    return values


def _compute_experts(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    grades = {normalize_name(p.name): float(p.grade) for p in question.people}
    main = {name for name, grade in grades.items() if grade == 2}
    first = grades.get(answer_parts.experts[0], 0.0) if answer_parts.experts else 0.0
    in_top = len(main & set(answer_parts.experts[:5])) / min(5, len(main)) if main else None
    return {
        "abstained": answer_parts.abstained,
        "ndcg@5": formulas.compute_ndcg(
            answer_parts.experts, grades, 5, formulas.get_exponential_gain
        ),
        "P@1": first > 0,
        "P@5": formulas.compute_precision(answer_parts.experts, grades, 5),
        "MRR": formulas.compute_reciprocal_rank(answer_parts.experts, grades),
        "AP": formulas.compute_average_precision(answer_parts.experts, grades),
        "top_is_main": first == 2,
        "main_in_top5": in_top,
        "paper_recall": formulas.compute_set_recall(answer_parts.cited, gold.papers_named),
        "paper_precision": formulas.compute_set_precision(answer_parts.cited, gold.acceptable),
    }


def _compute_person(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    wanted = [normalize_name(p.name) for p in question.people]
    low = normalize_name(answer_parts.text)
    met = [name in low or name in answer_parts.experts for name in wanted]
    recall = formulas.compute_set_recall(answer_parts.cited, gold.papers)
    precision = (
        formulas.compute_set_precision(answer_parts.cited, gold.acceptable) if gold.papers else None
    )
    fact_recall = compute_facts_found(question.facts, answer_parts.full_text)
    return {
        "abstained": answer_parts.abstained,
        "paper_recall": recall,
        "paper_precision": 0.0 if gold.papers and precision is None else precision,
        "people_found": formulas.compute_mean([float(m) for m in met]),
        "facts": fact_recall,
        "correct": fact_recall in (None, 1.0) and recall in (None, 1.0) and all(met),
    }


def _compute_catalogue(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    value = answer_parts.record.get("value")
    if gold.listed_names is not None:
        listed_names = gold.names(value) if isinstance(value, list) else answer_parts.cited
        precision = formulas.compute_set_precision(listed_names, gold.listed_names)
        recall = formulas.compute_set_recall(listed_names, gold.listed_names)
        right = set(listed_names) == set(gold.listed_names)
        return {"list_precision": precision, "list_recall": recall, "correct": right}
    if isinstance(question.answer, (int, float)):
        return {
            "correct": is_number(question.answer, value, str(answer_parts.record.get("text") or ""))
        }
    if question.answer is not None and not question.facts:
        return {"correct": normalize_text(str(question.answer)) in answer_parts.text}
    fact_recall, recall = compute_facts_found(question.facts, answer_parts.full_text), None
    if question.answer is None:
        recall = formulas.compute_set_recall(answer_parts.cited, gold.papers)
    return {"correct": fact_recall in (None, 1.0) and recall in (None, 1.0)}


def _compute_robust(question: Question, answer_parts: AnswerParts, gold: Gold) -> Values:
    fact_recall = compute_facts_found(question.facts, answer_parts.full_text)
    if gold.papers:
        recall = formulas.compute_set_recall(answer_parts.cited, gold.papers)
        return {"facts": fact_recall, "correct": fact_recall in (None, 1.0) and recall == 1}
    return {"facts": fact_recall, "correct": fact_recall == 1}


_BY_KIND: Mapping[str, Callable[[Question, AnswerParts, Gold], Values]] = {
    "fact": _compute_content,
    "known-item": _compute_content,
    "synthesis": _compute_content,
    "followup": _compute_followup,
    "expert": _compute_experts,
    "person": _compute_person,
    "catalogue": _compute_catalogue,
    "robust": _compute_robust,
}


def get_decisive_measure(question: Question) -> str:
    """The measure that says whether the answer is right."""
    if not question.answerable:
        return "correct" if question.kind == "unanswerable" else "abstain_ok"
    if not is_checkable(question):
        return "no_crash"
    return "ndcg@5" if question.kind == "expert" else "correct"


def _get_outcome(
    question: Question, answer_parts: AnswerParts, values: Mapping[str, float]
) -> Outcome:
    """A list of experts is right if a main person heads it; what code cannot check is not scored."""
    name = get_decisive_measure(question)
    if values["forbidden"]:
        return "wrong"
    if name == "no_crash" and (question.kind == "robust" or not answer_parts.abstained):
        return "unscored"
    if answer_parts.abstained and question.answerable:
        return "abstained"
    is_right = values["top_is_main" if name == "ndcg@5" else name] == 1
    return "right" if is_right else "wrong"


def _get_costs(record: Record) -> dict[str, float | None]:
    usage = record.get("usage") or {}
    return {
        "latency_ms": record.get("latency_ms"),
        "tokens": usage.get("input_tokens", 0) + usage.get("output_tokens", 0),
        "cost_usd": usage.get("cost_usd"),
    }


def _is_forbidden(question: Question, text: str) -> bool:
    return any(normalize_text(words) in text for words in question.forbidden) or bool(
        _ACTIVE.search(text)
    )


def compute_facts_found(facts: Sequence[Sequence[str]], text: str) -> float | None:
    """Share of the groups of which the text (see `normalize_text`) holds a wording; None without groups."""
    return formulas.compute_mean(
        [float(any(normalize_text(alt) in text for alt in group)) for group in facts]
    )


def is_number(wanted: float, value: object, text: str) -> bool:
    """Whether the value is the number; where there is no value, whether the text says it."""
    if value is not None:
        return value == wanted
    return any(
        re.search(rf"(?<![\d.,]){re.escape(form)}(?!\d)", text)
        for form in (f"{wanted:,}", str(wanted))
    )


def normalize_text(text: str) -> str:
    """For comparing words: one space between them, no capitals."""
    return re.sub(r"\s+", " ", text).lower()


def normalize_name(name: str) -> str:
    """For comparing names: unaccented small letters and spaces."""
    unaccented = unicodedata.normalize("NFKD", name).lower()
    return re.sub(r"[^a-z ]", "", unaccented).strip()
