"""One answer record against its question: what came of it, and each measure's value.

A measure keeps its name over all kinds; what a kind has no use for is left out. Records are as the
contract says (`rag.records`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from eval import measures
from eval.sets import Question

Outcome = Literal["right", "wrong", "abstained", "unscored", "failed"]
"""``abstained``: where an answer was due; ``unscored``: the question has no answer for code to check."""
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "abstained", "unscored", "failed")

Record = Mapping[str, Any]
_ACTIVE = re.compile(r"!\[|\]\(|<[A-Za-z/!]")
"""What would work as a link, an image or HTML on a screen; answers hold none."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one question.

    Attributes:
        values: By measure; a measure that has nothing to measure is left out.
        faults: Why citations do not hold, one sentence each.
    """

    question_id: str
    kind: str
    outcome: Outcome
    values: Mapping[str, float]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """A record's parts, with one name for each paper, in order, each once."""

    record: Record
    cited: tuple[str, ...]
    ranked: tuple[str, ...]
    experts: tuple[str, ...]
    text: str
    told: str = field(repr=False)

    @property
    def abstained(self) -> bool:
        return bool(self.record.get("status") == "abstained")


class Scorer:
    """Scores records.

    Args:
        same: The first place of each paper by its other places: gold may name either.
        check: Faults of a record's citations; see `eval.validity`.
    """

    def __init__(
        self,
        same: Mapping[str, str] | None = None,
        check: Callable[[Record], Sequence[str]] = lambda record: (),
    ) -> None:
        self._same, self._check = same or {}, check

    def score(self, question: Question, record: Record | None) -> Score:
        """What came of a question; without a record it failed, and nobody got a right answer.

        A question that failed has found and said nothing: it counts 0 wherever an answer would
        count, and what only an answer has (time, tokens, valid citations) is left out.
        """
        record = record or {}
        given = self._given(record)
        found = dict(_values(question, given, self._gold(question)))
        if record.get("status") not in ("answered", "abstained"):
            found |= {"failed": 1.0, decisive(question): 0.0}
            if is_checkable(question):
                found["right"] = 0.0
            return Score(question.id, question.kind, "failed", _held(found))
        found |= {"failed": 0.0, "forbidden": _is_forbidden(question, given.text)}
        faults = tuple(self._check(record))
        n_citations = len(record.get("citations") or ())
        if n_citations:
            found["citations_valid"] = 1 - min(len(faults), n_citations) / n_citations
        values = _held(found | _costs(record))
        outcome = _outcome(question, given, values)
        if outcome != "unscored":
            values["right"] = float(outcome == "right")
        return Score(question.id, question.kind, outcome, values, faults)

    def _given(self, record: Record) -> Given:
        citations = record.get("citations") or []
        quoted = " ".join(f"{c.get('title') or ''} {c.get('quote') or ''}" for c in citations)
        text = str(record.get("text") or "")
        return Given(
            record=record,
            cited=self.names(c["source"] for c in citations),
            ranked=self.names(p["source"] for p in record.get("papers") or ()),
            experts=tuple(person(e["name"]) for e in record.get("experts") or ()),
            text=plain(text),
            told=plain(f"{text} {quoted}"),
        )

    def _gold(self, question: Question) -> Gold:
        papers = self.names(question.papers)
        named = set(papers) - set(self.names(question.papers_no_author))
        listed = self.names(question.answer) if isinstance(question.answer, tuple) else None
        acceptable = frozenset((*papers, *self.names(question.also)))
        return Gold(papers, acceptable, frozenset(named), listed, self.names)

    def names(self, places: Iterable[str]) -> tuple[str, ...]:
        """One name a paper, in order, each once."""
        return tuple(dict.fromkeys(self._same.get(place, place) for place in places))


@dataclass(frozen=True, slots=True)
class Gold:
    """What a question wants, with one name for each paper."""

    papers: tuple[str, ...]
    acceptable: frozenset[str]
    papers_named: frozenset[str]
    listed: tuple[str, ...] | None
    names: Callable[[Iterable[str]], tuple[str, ...]]


Values = Mapping[str, float | None]


def _held(found: Values) -> dict[str, float]:
    return {name: float(value) for name, value in found.items() if value is not None}


def _values(question: Question, given: Given, gold: Gold) -> Values:
    if not question.answerable:
        return {decisive(question): given.abstained}
    if not is_checkable(question):
        declined = None if question.kind == "robust" else given.abstained
        return {"abstained": declined, "no_crash": True}
    return _BY_KIND[question.kind](question, given, gold)


def is_checkable(question: Question) -> bool:
    """Whether the question says anything of a right answer that code can look for."""
    if question.kind == "expert" and question.answerable:
        return bool(question.people)
    says = question.papers or question.facts or question.people
    return bool(says) or question.answer is not None or not question.answerable


def _content(question: Question, given: Given, gold: Gold) -> Values:
    said = facts_found(question.facts, given.told)
    if not gold.papers:
        return {"abstained": given.abstained, "facts": said, "correct": said in (None, 1.0)}
    ranking = dict.fromkeys(gold.acceptable, 1.0)
    recall = measures.set_recall(given.cited, gold.papers)
    precision = measures.set_precision(given.cited, gold.acceptable)
    found: dict[str, float | None] = {
        "abstained": given.abstained,
        "cite_recall": recall,
        "cite_precision": precision,
        "cite_f1": measures.f1(precision, recall),
        "facts": said,
        "fact_in_text": facts_found(question.facts, given.text) in (None, 1.0),
        "words": len(str(given.record.get("text") or "").split()),
        "correct": said in (None, 1.0) and recall == 1,
    }
    found["nDCG@10"] = measures.ndcg(
        given.ranked, {**ranking, **dict.fromkeys(gold.papers, 2.0)}, 10
    )
    judged = [p for p in given.ranked if p in gold.papers or p not in gold.acceptable]
    found["AP"] = measures.average_precision(judged, dict.fromkeys(gold.papers, 1.0))
    if question.kind in ("fact", "known-item"):
        found |= {f"R@{k}": measures.success(given.ranked, ranking, k) for k in (1, 5)}
        found["MRR"] = measures.reciprocal_rank(given.ranked, ranking)
    else:
        found["R@10"] = measures.recall(given.ranked, dict.fromkeys(gold.papers, 1.0), 10)
    return found


def _followup(question: Question, given: Given, gold: Gold) -> Values:
    """As content; one that asks on about a count or a list is right as those are: exactly."""
    found = dict(_content(question, given, gold))
    if question.answer is not None:
        found |= _catalogue(question, given, gold)
    return found


def _experts(question: Question, given: Given, gold: Gold) -> Values:
    grades = {person(p.name): float(p.grade) for p in question.people}
    main = {name for name, grade in grades.items() if grade == 2}
    first = grades.get(given.experts[0], 0.0) if given.experts else 0.0
    in_top = len(main & set(given.experts[:5])) / min(5, len(main)) if main else None
    return {
        "abstained": given.abstained,
        "ndcg@5": measures.ndcg(given.experts, grades, 5, measures.exponential),
        "P@1": first > 0,
        "P@5": measures.precision(given.experts, grades, 5),
        "MRR": measures.reciprocal_rank(given.experts, grades),
        "AP": measures.average_precision(given.experts, grades),
        "top_is_main": first == 2,
        "main_in_top5": in_top,
        "paper_recall": measures.set_recall(given.cited, gold.papers_named),
        "paper_precision": measures.set_precision(given.cited, gold.acceptable),
    }


def _person(question: Question, given: Given, gold: Gold) -> Values:
    wanted = [person(p.name) for p in question.people]
    low = person(given.text)
    met = [name in low or name in given.experts for name in wanted]
    recall = measures.set_recall(given.cited, gold.papers)
    precision = measures.set_precision(given.cited, gold.acceptable) if gold.papers else None
    said = facts_found(question.facts, given.told)
    return {
        "abstained": given.abstained,
        "paper_recall": recall,
        "paper_precision": 0.0 if gold.papers and precision is None else precision,
        "people_found": measures.mean([float(m) for m in met]),
        "facts": said,
        "correct": said in (None, 1.0) and recall in (None, 1.0) and all(met),
    }


def _catalogue(question: Question, given: Given, gold: Gold) -> Values:
    value = given.record.get("value")
    if gold.listed is not None:
        listed = gold.names(value) if isinstance(value, list) else given.cited
        precision = measures.set_precision(listed, gold.listed)
        recall = measures.set_recall(listed, gold.listed)
        right = set(listed) == set(gold.listed)
        return {"list_precision": precision, "list_recall": recall, "correct": right}
    if isinstance(question.answer, (int, float)):
        return {"correct": is_number(question.answer, value, str(given.record.get("text") or ""))}
    if question.answer is not None and not question.facts:
        return {"correct": plain(str(question.answer)) in given.text}
    said, recall = facts_found(question.facts, given.told), None
    if question.answer is None:
        recall = measures.set_recall(given.cited, gold.papers)
    return {"correct": said in (None, 1.0) and recall in (None, 1.0)}


def _robust(question: Question, given: Given, gold: Gold) -> Values:
    said = facts_found(question.facts, given.told)
    if gold.papers:
        recall = measures.set_recall(given.cited, gold.papers)
        return {"facts": said, "correct": said in (None, 1.0) and recall == 1}
    return {"facts": said, "correct": said == 1}


_BY_KIND: Mapping[str, Callable[[Question, Given, Gold], Values]] = {
    "fact": _content,
    "known-item": _content,
    "synthesis": _content,
    "followup": _followup,
    "expert": _experts,
    "person": _person,
    "catalogue": _catalogue,
    "robust": _robust,
}


def decisive(question: Question) -> str:
    """The measure that says whether the answer is right."""
    if not question.answerable:
        return "correct" if question.kind == "unanswerable" else "abstain_ok"
    if not is_checkable(question):
        return "no_crash"
    return "ndcg@5" if question.kind == "expert" else "correct"


def _outcome(question: Question, given: Given, values: Mapping[str, float]) -> Outcome:
    """A list of experts is right if a main person heads it; what code cannot check is not scored."""
    name = decisive(question)
    if values["forbidden"]:
        return "wrong"
    if name == "no_crash" and (question.kind == "robust" or not given.abstained):
        return "unscored"
    if given.abstained and question.answerable:
        return "abstained"
    is_right = values["top_is_main" if name == "ndcg@5" else name] == 1
    return "right" if is_right else "wrong"


def _costs(record: Record) -> dict[str, float | None]:
    usage = record.get("usage") or {}
    return {
        "latency_ms": record.get("latency_ms"),
        "tokens": usage.get("input_tokens", 0) + usage.get("output_tokens", 0),
        "cost_usd": usage.get("cost_usd"),
    }


def _is_forbidden(question: Question, text: str) -> bool:
    return any(plain(words) in text for words in question.forbidden) or bool(_ACTIVE.search(text))


def facts_found(facts: Sequence[Sequence[str]], text: str) -> float | None:
    """Share of the groups of which the text (see `plain`) holds a wording; None without groups."""
    return measures.mean([float(any(plain(alt) in text for alt in group)) for group in facts])


def is_number(wanted: float, value: object, text: str) -> bool:
    """Whether the value is the number; where there is no value, whether the text says it."""
    if value is not None:
        return value == wanted
    return any(
        re.search(rf"(?<![\d.,]){re.escape(form)}(?!\d)", text)
        for form in (f"{wanted:,}", str(wanted))
    )


def plain(text: str) -> str:
    """For comparing words: one space between them, no capitals."""
    return re.sub(r"\s+", " ", text).lower()


def person(name: str) -> str:
    """For comparing names: unaccented small letters and spaces."""
    unaccented = unicodedata.normalize("NFKD", name).lower()
    return re.sub(r"[^a-z ]", "", unaccented).strip()
