"""Answering and declining on a public collection of questions that one abstract each answers.

A folder in PubMedQA's form (Jin et al., EMNLP 2019): ``corpus.jsonl`` and ``qa.jsonl`` ({"_id",
"question", "gold_doc"}). The abstracts of every second question are left out of the library: those
questions should be declined, the others answered from their own abstract.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eval import measures
from eval.public import CORPUS, rows
from eval.tables import table
from rag.pipeline import Assistant


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: whether its abstract was there, was cited, and whether it was declined."""

    held: bool
    cited: bool
    declined: bool


def evaluate(
    assistant: Assistant,
    folder: Path,
    work: Path,
    limit: int | None,
    progress: Callable[[str, int, int], None],
) -> list[Asked]:
    """Ingest the half, and ask the first ``limit`` questions; ``work`` takes the halved corpus."""
    questions = list(rows(folder / "qa.jsonl"))[:limit]
    left_out = {str(q["gold_doc"]) for q in questions[1::2]}
    kept = [row for row in rows(folder / CORPUS) if str(row["_id"]) not in left_out]
    work.mkdir(parents=True, exist_ok=True)
    corpus = work / CORPUS
    corpus.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    assistant.ingest([corpus], progress=progress)
    found = []
    for n, question in enumerate(questions, 1):
        answer = assistant.ask(str(question["question"]))
        lines = {c.source for c in answer.citations} | {
            a for c in answer.citations for a in c.also_at
        }
        cited = {str(kept[int(line.rpartition(":")[2]) - 1]["_id"]) for line in lines}
        gold = str(question["gold_doc"])
        found.append(Asked(gold not in left_out, gold in cited, answer.status == "abstained"))
        progress("questions", n, len(questions))
    return found


def told(found: list[Asked]) -> str:
    there = [one for one in found if one.held]
    decided = measures.decisions([(one.declined, not one.held) for one in found])
    return table(
        ["", "value", "n"],
        [
            ["own abstract cited, where it is held", measures.mean([float(o.cited) for o in there]), len(there)],
            ["declined, though it is held", measures.mean([float(o.declined) for o in there]), len(there)],
            ["declined, where it is left out", decided.recall, decided.n_unanswerable],
            ["left out, of those declined", decided.precision, decided.n_abstained],
        ],
    )  # fmt: skip
