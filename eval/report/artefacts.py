"""Writes the artefacts of a run: ``summary.json`` for programs, ``report.html`` for readers.

The browser's quality page draws ``summary.json``; fields are added to it, never renamed. Beside the
runs of a data folder, ``latest.json`` names the newest of each question set.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.judges import run_judges
from eval.measures import formulas
from eval.measures.definitions import DEFINITIONS
from eval.report import html_report
from eval.report.error_analysis import (
    Finding,
    list_findings,
    list_latencies,
    list_standings,
    list_verdicts,
)
from eval.report.expectations import load_expectations
from eval.report.summary import Summary, get_measure
from eval.run.runs import REPORT, SUMMARY, Run, find_answering_model

VERSION = 2
LATEST = "latest.json"


def write_report(run: Run, summary: Summary) -> None:
    """Write summary and report into the run folder, with its judgement if there is one."""
    judged = run_judges.load_judged(run.folder)
    summary_record = build_summary_record(run, summary, judged)
    _write(run.folder / SUMMARY, json.dumps(summary_record, indent=1, ensure_ascii=False))
    _write(run.folder / REPORT, html_report.render_report(run, summary, judged))


def build_summary_record(
    run: Run, summary: Summary, judged: dict[str, Any] | None
) -> dict[str, Any]:
    """The machine-readable form."""
    name, expected = str(run.about["set"]["name"]), load_expectations()
    kinds = {
        kind: {measure: asdict(mean_figure) for measure, mean_figure in figures.items()}
        for kind, figures in summary.kinds.items()
    }
    used = {*summary.overall, *(m for figures in kinds.values() for m in figures)}
    used |= set(judged["measures"]) if judged else set()
    return {
        "version": VERSION,
        "run": _build_about(run),
        "overall": dict(summary.overall),
        "kinds": kinds,
        "decisive": {kind: get_measure(kind) for kind in kinds},
        "outcomes": {kind: dict(counts) for kind, counts in summary.outcomes.items()},
        "definitions": {
            m: asdict(mean_figure) for m, mean_figure in DEFINITIONS.items() if m in used
        },
        "latency": {route: _build_latency(values) for route, values in list_latencies(run).items()},
        "gate": [
            {
                "figure": verdict.expectation.figure,
                "now": verdict.now,
                "expected": verdict.expectation.measured,
                "tolerance": verdict.expectation.tolerance,
                "better": verdict.expectation.better,
                "ok": verdict.ok,
            }
            for verdict in list_verdicts(name, summary, expected)
        ],
        "public": [
            {"measure": "nDCG@10", **asdict(standing)} for standing in list_standings(expected)
        ],
        "errors": [_build_error(finding) for finding in list_findings(run)],
        "judged": judged,
    }


def _build_about(run: Run) -> dict[str, Any]:
    about = run.about
    keys = ("state", "revision", "begun", "library", "set", "prompts", "environment")
    settings = about["settings"]
    return {
        **{key: about.get(key) for key in keys},
        "n": len(run.scores),
        "model": find_answering_model(run),
        "embedder": settings["embedder"],
        "settings": settings,
    }


def _build_latency(values: list[float]) -> dict[str, Any]:
    return {
        "n": len(values),
        "p50_ms": formulas.compute_percentile(values, 0.5),
        "p95_ms": formulas.compute_percentile(values, 0.95),
        "values_ms": values,
    }


def _build_error(finding: Finding) -> dict[str, Any]:
    fields = asdict(finding)
    return {"id": fields.pop("question_id"), "question": finding.turns[-1], **fields}


def save_latest(run: Run) -> None:
    """Name this run in ``latest.json`` beside it as the newest of its question set."""
    path = run.folder.parent / LATEST
    name = str(run.about["set"]["name"])
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [row for row in entries if row["set"] != name]
    rows.append({"set": name, "folder": run.folder.name, "begun": run.about["begun"]})
    _write(path, json.dumps(rows, indent=1))


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for those who read meanwhile."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
