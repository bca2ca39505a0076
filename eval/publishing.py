"""What a run leaves for others: ``summary.json`` for programs, ``report.html`` for readers.

The browser's quality page draws ``summary.json``; fields are added to it, never renamed. Beside the
runs of a data folder, ``latest.json`` names the newest of each question set.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval import judging, measures, report
from eval.definitions import DEFINITIONS
from eval.findings import Finding, findings, latencies, standings, verdicts
from eval.gate import expectations
from eval.runs import REPORT, SUMMARY, Run, answers_by
from eval.summary import Summary, measure_of

VERSION = 2
LATEST = "latest.json"


def publish(run: Run, summary: Summary) -> None:
    """Write summary and report into the run folder, with its judgement if there is one."""
    judged = judging.held(run.folder)
    made = as_json(run, summary, judged)
    _write(run.folder / SUMMARY, json.dumps(made, indent=1, ensure_ascii=False))
    _write(run.folder / REPORT, report.page(run, summary, judged))


def as_json(run: Run, summary: Summary, judged: dict[str, Any] | None) -> dict[str, Any]:
    """The machine-readable form."""
    name, expected = str(run.about["set"]["name"]), expectations()
    kinds = {
        kind: {measure: asdict(held) for measure, held in figures.items()}
        for kind, figures in summary.kinds.items()
    }
    used = {*summary.overall, *(m for figures in kinds.values() for m in figures)}
    used |= set(judged["measures"]) if judged else set()
    return {
        "version": VERSION,
        "run": _about(run),
        "overall": dict(summary.overall),
        "kinds": kinds,
        "decisive": {kind: measure_of(kind) for kind in kinds},
        "outcomes": {kind: dict(counts) for kind, counts in summary.outcomes.items()},
        "definitions": {m: asdict(held) for m, held in DEFINITIONS.items() if m in used},
        "latency": {route: _latency(values) for route, values in latencies(run).items()},
        "gate": [
            {
                "figure": one.expectation.figure,
                "now": one.now,
                "expected": one.expectation.measured,
                "tolerance": one.expectation.tolerance,
                "better": one.expectation.better,
                "ok": one.ok,
            }
            for one in verdicts(name, summary, expected)
        ],
        "public": [{"measure": "nDCG@10", **asdict(standing)} for standing in standings(expected)],
        "errors": [_error(finding) for finding in findings(run)],
        "judged": judged,
    }


def _about(run: Run) -> dict[str, Any]:
    about = run.about
    kept = ("state", "revision", "begun", "library", "set", "prompts", "environment")
    settings = about["settings"]
    return {
        **{key: about.get(key) for key in kept},
        "n": len(run.scores),
        "model": answers_by(run),
        "embedder": settings["embedder"],
        "settings": settings,
    }


def _latency(values: list[float]) -> dict[str, Any]:
    return {
        "n": len(values),
        "p50_ms": measures.percentile(values, 0.5),
        "p95_ms": measures.percentile(values, 0.95),
        "values_ms": values,
    }


def _error(finding: Finding) -> dict[str, Any]:
    told = asdict(finding)
    return {"id": told.pop("question_id"), "question": finding.turns[-1], **told}


def note_latest(run: Run) -> None:
    """Name this run in ``latest.json`` beside it as the newest of its question set."""
    path = run.folder.parent / LATEST
    name = str(run.about["set"]["name"])
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [row for row in held if row["set"] != name]
    rows.append({"set": name, "folder": run.folder.name, "begun": run.about["begun"]})
    _write(path, json.dumps(rows, indent=1))


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for those who read meanwhile."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
