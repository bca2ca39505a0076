"""Answers and abstentions on a public collection of questions, each answered by one abstract.

A folder in PubMedQA's form (Jin et al., EMNLP 2019): ``corpus.jsonl`` and ``qa.jsonl`` ({"_id",
"question", "gold_doc"}). The abstracts of every second question are left out of the library: those
questions should be declined, the others answered from their own abstract.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval.measures import formulas
from eval.report.tables import format_table
from eval.sets.collections import CORPUS, read_rows
from rag.app.assistant import Assistant


@dataclass(frozen=True, slots=True)
class DecliningOutcome:
    """Outcome of a question: was its abstract in the library, was it cited, did the answer abstain?"""

    is_in_library: bool
    cited: bool
    declined: bool


def score_pubmedqa(
    assistant: Assistant,
    folder: Path,
    work: Path,
    limit: int | None,
    progress: Callable[[str, int, int], None],
) -> list[DecliningOutcome]:
    """Ingest half of the abstracts, stored in ``work``, and ask the first ``limit`` questions."""
    questions = list(read_rows(folder / "qa.jsonl"))[:limit]
    left_out = {str(q["gold_doc"]) for q in questions[1::2]}
    present_rows = [row for row in read_rows(folder / CORPUS) if str(row["_id"]) not in left_out]
    work.mkdir(parents=True, exist_ok=True)
    corpus = work / CORPUS
    corpus.write_text("".join(json.dumps(row) + "\n" for row in present_rows), encoding="utf-8")
    assistant.ingest([corpus], progress=progress)
    outcomes = []
    for n, question in enumerate(questions, 1):
        answer = assistant.ask(str(question["question"]))
        lines = {c.source for c in answer.citations} | {
            a for c in answer.citations for a in c.also_at
        }
        cited = {str(present_rows[int(line.rpartition(":")[2]) - 1]["_id"]) for line in lines}
        gold = str(question["gold_doc"])
        outcomes.append(
            DecliningOutcome(gold not in left_out, gold in cited, answer.status == "abstained")
        )
        progress("questions", n, len(questions))
    return outcomes


def format_pubmedqa(outcomes: list[DecliningOutcome]) -> str:
    there = [outcome for outcome in outcomes if outcome.is_in_library]
    decided = formulas.count_decisions(
        [(outcome.declined, not outcome.is_in_library) for outcome in outcomes]
    )
    return format_table(
        ["", "value", "n"],
        [
            ["own abstract cited, where it is held", formulas.compute_mean([float(o.cited) for o in there]), len(there)],
            ["declined, though it is held", formulas.compute_mean([float(o.declined) for o in there]), len(there)],
            ["declined, where it is left out", decided.recall, decided.n_unanswerable],
            ["left out, of those declined", decided.precision, decided.n_abstained],
        ],
    )  # fmt: skip
