"""How far judges agree with people: accuracy and Cohen's kappa over hand-labelled examples."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eval.judges.judge import JudgeName, JudgePanel
from eval.measures.alce import Quote
from eval.sets.question_sets import FOLDER
from rag.types.errors import ReadError

LABELS = FOLDER / "judge_labels.jsonl"


class _LabelRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str


class LabelledQuote(BaseModel):
    """A quote with its paper (``<seed file>:<line>``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: str
    title: str
    quote: str


class LabelledSentence(_LabelRow):
    """A sentence with its quotes."""

    judge: Literal["faithfulness", "citation"]
    sentence: str
    quotes: tuple[LabelledQuote, ...] = Field(min_length=1)
    verdict: Literal["supported", "partly", "unsupported", "entailed", "not entailed"]


class LabelledAnswer(_LabelRow):
    """An answer with its question."""

    judge: Literal["relevance"]
    question: str
    answer: str
    verdict: Literal["answers", "partly", "misses"]


Label = Annotated[LabelledSentence | LabelledAnswer, Field(discriminator="judge")]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of one judge with the labels.

    Attributes:
        n: Examples with a verdict; those without are ``n_unscored``.
        accuracy: Share of them with the same verdict; None without any.
        kappa: Cohen's kappa (1960): agreement beyond chance; None if chance agreement is total.
        confusion: How often each (label, verdict) occurred.
    """

    n: int
    n_unscored: int
    accuracy: float | None
    kappa: float | None
    confusion: Mapping[tuple[str, str], int]


def load_labels(path: Path = LABELS) -> tuple[LabelledSentence | LabelledAnswer, ...]:
    """The hand-labelled examples.

    Raises:
        ReadError: The file cannot be read, or a line does not fit.
    """
    adapter: TypeAdapter[LabelledSentence | LabelledAnswer] = TypeAdapter(Label)
    labels = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                labels.append(adapter.validate_json(line))
            except ValidationError as exc:
                message = exc.errors()[0]["msg"].lower()
                raise ReadError(f"line {number} of {str(path)!r} does not fit: {message}") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ReadError(f"labels {str(path)!r} cannot be read: {exc}") from exc
    return tuple(labels)


def compute_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa: (observed - expected) / (1 - expected) agreement."""
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = sum(first[name] * second[name] for name in first) / n**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def compute_agreement(pairs: Sequence[tuple[str, str | None]]) -> Agreement:
    """From (label, verdict); None is a verdict that could not be had."""
    scored = [(label, verdict) for label, verdict in pairs if verdict is not None]
    right = sum(label == verdict for label, verdict in scored)
    return Agreement(
        n=len(scored),
        n_unscored=len(pairs) - len(scored),
        accuracy=right / len(scored) if scored else None,
        kappa=compute_kappa(scored),
        confusion=Counter(scored),
    )


def check(
    bench: JudgePanel, labels: Sequence[LabelledSentence | LabelledAnswer]
) -> dict[JudgeName, Agreement]:
    """Put every example to its judge."""
    pairs: dict[JudgeName, list[tuple[str, str | None]]] = defaultdict(list)
    for label in labels:
        pairs[label.judge].append((label.verdict, _ask_judge(bench, label)))
    return {judge: compute_agreement(judge_pairs) for judge, judge_pairs in pairs.items()}


def _ask_judge(bench: JudgePanel, label: LabelledSentence | LabelledAnswer) -> str | None:
    if isinstance(label, LabelledAnswer):
        return bench.check_relevant(label.question, label.answer).said
    quotes = [Quote(q.title, q.quote) for q in label.quotes]
    if label.judge == "faithfulness":
        return bench.check_faithful(label.sentence, quotes).said
    entailed = bench.check_entailed(label.sentence, quotes)
    words = bench.prompts["citation"].words
    return None if entailed is None else words["entailed" if entailed else "not_entailed"]
