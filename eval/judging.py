"""A run put before the judges: faithfulness, relevance, and ALCE's citation recall and precision.

Only answers about content are judged: people, counts and lists are computed, and checked by code.
What comes of it lies in the run folder: ``verdicts.jsonl`` as they were given, ``judged.json`` the
figures. Nothing else of a run depends on it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval import measures
from eval.agreement import Agreement, check, load_labels
from eval.alce import Claim, Quote, citation_quality, claims
from eval.judges import Bench
from eval.runs import Run
from eval.summary import Figure, figure
from eval.tables import Cell, table
from rag.types import Usage

VERDICTS, JUDGED = "verdicts.jsonl", "judged.json"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answer judged; a measure without any verdict is left out, which is not 0."""

    question_id: str
    values: Mapping[str, float]
    n_unscored: int
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A run judged.

    Attributes:
        model: The judges'.
        prompts: The sha256 of each judge's prompt, by name.
        figures: By measure, over the answers that have it.
        n_unscored: Sentences and answers for which no verdict could be had.
        agreement: With hand-made labels, by judge.
        usage: Tokens of this judging; verdicts remembered from an earlier one cost nothing.
    """

    model: str
    prompts: Mapping[str, str]
    figures: Mapping[str, Figure]
    judgements: tuple[Judgement, ...]
    n_unscored: int
    agreement: Mapping[str, Agreement]
    usage: Usage
    n_calls: int


def judge(
    run: Run,
    bench: Bench,
    progress: Callable[[int, int], None] = lambda done, total: None,
    limit: int | None = None,
) -> Judged:
    """Judge the answers of a run, and first the labelled examples.

    Args:
        run: Its records are judged; nothing is asked of the assistant.
        bench: The judges.
        progress: Called with how many answers are judged, and of how many.
        limit: Answers at most, the first of the run.
    """
    agreed = check(bench, load_labels())
    asked = {q.id: q for q in run.questions.questions}
    records = [
        (i, run.records[i])
        for i in (s.question_id for s in run.scores)
        if i in run.records and _is_judged(run.records[i])
    ][:limit]
    found = []
    for n, (question_id, record) in enumerate(records, 1):
        turns = asked[question_id].turns or (asked[question_id].question,)
        found.append(judge_answer(bench, question_id, turns, record))
        progress(n, len(records))
    return Judged(
        model=bench.voice.name,
        prompts=bench.versions,
        figures=_figures(found),
        judgements=tuple(found),
        n_unscored=sum(j.n_unscored for j in found),
        agreement={str(name): one for name, one in agreed.items()},
        usage=bench.voice.usage,
        n_calls=bench.n_calls,
    )


def _is_judged(record: Mapping[str, Any]) -> bool:
    return bool(record["status"] == "answered" and record["route"] == "content")


def judge_answer(
    bench: Bench, question_id: str, turns: Sequence[str], record: Mapping[str, Any]
) -> Judgement:
    """One answer record before all three judges."""
    told = claims(record)
    grades, complaints, n_unscored = _faithfulness(bench, told)
    relevance = bench.relevant("\n".join(turns), str(record["text"]))
    if relevance.unscored or (relevance.grade is not None and relevance.grade < 1):
        complaints.append(f"relevance: {relevance.said or 'unscored'}: {relevance.reason}")
    cited = citation_quality(told, bench.entails)
    values = {
        "faithfulness": measures.mean(grades),
        "relevance": relevance.grade,
        "citation_recall": cited.recall,
        "citation_precision": cited.precision,
    }
    return Judgement(
        question_id,
        {name: value for name, value in values.items() if value is not None},
        n_unscored + cited.n_unscored + relevance.unscored,
        tuple(complaints),
    )


def _faithfulness(bench: Bench, told: Sequence[Claim]) -> tuple[list[float], list[str], int]:
    """Grades of the sentences, what was found wanting, and how many have no verdict."""
    quotes: tuple[Quote, ...] = tuple(dict.fromkeys(q for claim in told for q in claim.quotes))
    grades, complaints, n_unscored = [], [], 0
    for claim in told:
        verdict = bench.faithful(claim.sentence, quotes)
        n_unscored += verdict.unscored
        if verdict.grade is not None:
            grades.append(verdict.grade)
        if verdict.unscored or (verdict.grade is not None and verdict.grade < 1):
            said = verdict.said or "unscored"
            complaints.append(f"faithfulness: {said}: {claim.sentence} ({verdict.reason})")
    return grades, complaints, n_unscored


def _figures(found: Sequence[Judgement]) -> dict[str, Figure]:
    values: dict[str, list[float]] = defaultdict(list)
    for one in found:
        for name, value in one.values.items():
            values[name].append(value)
    return {name: figure(held) for name, held in values.items()}


# --- kept and told --------------------------------------------------------------------------


def as_json(judged: Judged) -> dict[str, Any]:
    """The machine-readable form, which the summary of the run carries too."""
    return {
        "model": judged.model,
        "prompts": dict(judged.prompts),
        "measures": {name: asdict(held) for name, held in judged.figures.items()},
        "unscored": judged.n_unscored,
        "agreement": {name: _agreement(one) for name, one in judged.agreement.items()},
        "usage": asdict(judged.usage),
        "calls": judged.n_calls,
        "answers": [asdict(one) for one in judged.judgements],
    }


def _agreement(one: Agreement) -> dict[str, Any]:
    return {
        "n": one.n,
        "unscored": one.n_unscored,
        "accuracy": one.accuracy,
        "kappa": one.kappa,
        "confusion": [
            {"label": label, "verdict": said, "n": n} for (label, said), n in one.confusion.items()
        ],
    }


def write(folder: Path, judged: Judged) -> None:
    """Put ``judged.json`` into the run folder."""
    text = json.dumps(as_json(judged), indent=1, ensure_ascii=False)
    (folder / JUDGED).write_text(text, encoding="utf-8")


def held(folder: Path) -> dict[str, Any] | None:
    """What ``judged.json`` says; None where the run was not judged."""
    path = folder / JUDGED
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def told(judged: Judged) -> str:
    """The tables for the terminal."""
    rows: list[list[Cell]] = [
        [name, held.mean, f"{held.low:.3f}..{held.high:.3f}", held.n]
        for name, held in judged.figures.items()
    ]
    agreed: list[list[Cell]] = [
        [name, one.n, one.n_unscored, one.accuracy, one.kappa]
        for name, one in judged.agreement.items()
    ]
    usage = judged.usage
    return "\n\n".join(
        [
            table([f"judged by {judged.model}", "mean", "95%", "n"], rows),
            f"{judged.n_unscored} without a verdict; {judged.n_calls} calls, "
            f"{usage.input_tokens} tokens read, {usage.output_tokens} written"
            + ("" if usage.cost_usd is None else f", ${usage.cost_usd:.4f}"),
            table(["agreement with hand labels", "n", "unscored", "accuracy", "kappa"], agreed),
        ]
    )
