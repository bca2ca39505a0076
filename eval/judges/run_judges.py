"""Judges a run: faithfulness, relevance, and ALCE's citation recall and precision.

Only content answers are judged: people, counts and lists are computed, and checked by code. The
results are in the run folder: verdicts in ``verdicts.jsonl``, figures in ``judged.json``. Nothing else
of a run depends on them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.judges.judge import JudgePanel
from eval.measures import formulas
from eval.measures.agreement import Agreement, check, load_labels
from eval.measures.alce import Claim, Quote, compute_citation_quality, extract_claims
from eval.report.summary import Figure, compute_figure
from eval.report.tables import Cell, format_table
from eval.run.runs import Run
from rag.types import Usage

VERDICTS, JUDGED = "verdicts.jsonl", "judged.json"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The measures of one judged answer; one without any verdict is left out, which is not 0."""

    question_id: str
    values: Mapping[str, float]
    n_unscored: int
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """The results of a judged run.

    Attributes:
        model: Name of the judges' model.
        prompts: The sha256 of each judge's prompt, by name.
        figures: Means by measure, over the answers that have it.
        n_unscored: Sentences and answers without a verdict.
        agreement: Agreement with hand-made labels, by judge.
        usage: Tokens of this judgement; stored verdicts cost nothing.
    """

    model: str
    prompts: Mapping[str, str]
    figures: Mapping[str, Figure]
    judgements: tuple[Judgement, ...]
    n_unscored: int
    agreement: Mapping[str, Agreement]
    usage: Usage
    n_calls: int


def judge_run(
    run: Run,
    bench: JudgePanel,
    progress: Callable[[int, int], None] = lambda n_done, total: None,
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
    questions_by_id = {q.id: q for q in run.questions.questions}
    records = [
        (i, run.records[i])
        for i in (s.question_id for s in run.scores)
        if i in run.records and _is_judged(run.records[i])
    ][:limit]
    judgements = []
    for n, (question_id, record) in enumerate(records, 1):
        turns = questions_by_id[question_id].turns or (questions_by_id[question_id].question,)
        judgements.append(judge_answer(bench, question_id, turns, record))
        progress(n, len(records))
    return Judged(
        model=bench.voice.name,
        prompts=bench.versions,
        figures=_compute_judge_figures(judgements),
        judgements=tuple(judgements),
        n_unscored=sum(j.n_unscored for j in judgements),
        agreement={str(name): agreement for name, agreement in agreed.items()},
        usage=bench.voice.usage,
        n_calls=bench.n_calls,
    )


def _is_judged(record: Mapping[str, Any]) -> bool:
    return bool(record["status"] == "answered" and record["route"] == "content")


def judge_answer(
    bench: JudgePanel, question_id: str, turns: Sequence[str], record: Mapping[str, Any]
) -> Judgement:
    """One answer record before all three judges."""
    answer_claims = extract_claims(record)
    grades, complaints, n_unscored = _compute_faithfulness(bench, answer_claims)
    relevance = bench.check_relevant("\n".join(turns), str(record["text"]))
    if relevance.unscored or (relevance.grade is not None and relevance.grade < 1):
        complaints.append(f"relevance: {relevance.said or 'unscored'}: {relevance.reason}")
    cited = compute_citation_quality(answer_claims, bench.check_entailed)
    values = {
        "faithfulness": formulas.compute_mean(grades),
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


def _compute_faithfulness(
    bench: JudgePanel, answer_claims: Sequence[Claim]
) -> tuple[list[float], list[str], int]:
    """Grades of the sentences, what was found wanting, and how many have no verdict."""
    quotes: tuple[Quote, ...] = tuple(
        dict.fromkeys(q for claim in answer_claims for q in claim.quotes)
    )
    grades, complaints, n_unscored = [], [], 0
    for claim in answer_claims:
        verdict = bench.check_faithful(claim.sentence, quotes)
        n_unscored += verdict.unscored
        if verdict.grade is not None:
            grades.append(verdict.grade)
        if verdict.unscored or (verdict.grade is not None and verdict.grade < 1):
            verdict_text = verdict.said or "unscored"
            complaints.append(f"faithfulness: {verdict_text}: {claim.sentence} ({verdict.reason})")
    return grades, complaints, n_unscored


def _compute_judge_figures(judgements: Sequence[Judgement]) -> dict[str, Figure]:
    values: dict[str, list[float]] = defaultdict(list)
    for judgement in judgements:
        for name, value in judgement.values.items():
            values[name].append(value)
    return {name: compute_figure(grades) for name, grades in values.items()}


# --- kept and told --------------------------------------------------------------------------


def build_judged_record(judged: Judged) -> dict[str, Any]:
    """The machine-readable form, which the summary of the run carries too."""
    return {
        "model": judged.model,
        "prompts": dict(judged.prompts),
        "measures": {name: asdict(mean_figure) for name, mean_figure in judged.figures.items()},
        "unscored": judged.n_unscored,
        "agreement": {
            name: _build_agreement_record(item) for name, item in judged.agreement.items()
        },
        "usage": asdict(judged.usage),
        "calls": judged.n_calls,
        "answers": [asdict(item) for item in judged.judgements],
    }


def _build_agreement_record(agreement: Agreement) -> dict[str, Any]:
    return {
        "n": agreement.n,
        "unscored": agreement.n_unscored,
        "accuracy": agreement.accuracy,
        "kappa": agreement.kappa,
        "confusion": [
            {"label": label, "verdict": verdict, "n": n}
            for (label, verdict), n in agreement.confusion.items()
        ],
    }


def write(folder: Path, judged: Judged) -> None:
    """Put ``judged.json`` into the run folder."""
    text = json.dumps(build_judged_record(judged), indent=1, ensure_ascii=False)
    (folder / JUDGED).write_text(text, encoding="utf-8")


def load_judged(folder: Path) -> dict[str, Any] | None:
    """What ``judged.json`` says; None where the run was not judged."""
    path = folder / JUDGED
    if not path.exists():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def format_judged(judged: Judged) -> str:
    """The tables for the terminal."""
    rows: list[list[Cell]] = [
        [name, mean_figure.mean, f"{mean_figure.low:.3f}..{mean_figure.high:.3f}", mean_figure.n]
        for name, mean_figure in judged.figures.items()
    ]
    agreed: list[list[Cell]] = [
        [name, agreement.n, agreement.n_unscored, agreement.accuracy, agreement.kappa]
        for name, agreement in judged.agreement.items()
    ]
    usage = judged.usage
    return "\n\n".join(
        [
            format_table([f"judged by {judged.model}", "mean", "95%", "n"], rows),
            f"{judged.n_unscored} without a verdict; {judged.n_calls} calls, "
            f"{usage.input_tokens} tokens read, {usage.output_tokens} written"
            + ("" if usage.cost_usd is None else f", ${usage.cost_usd:.4f}"),
            format_table(
                ["agreement with hand labels", "n", "unscored", "accuracy", "kappa"], agreed
            ),
        ]
    )
