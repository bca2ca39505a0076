"""A run as one HTML page that needs nothing else: tables, plots, and every error to be opened."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from eval import plots
from eval.definitions import DEFINITIONS
from eval.findings import Finding, Verdict, findings, latencies, standings, verdicts
from eval.gate import expectations
from eval.public import sources
from eval.runs import Run, answers_by
from eval.sets import SETS
from eval.summary import Figure, Summary, measure_of
from eval.tables import shown

STYLE = Path(__file__).parent / "report.css"
TILES = {
    "macro": "mean over the kinds",
    "right": "of all questions right",
    "citations_valid": "citations that hold",
    "abstention_precision": "abstention precision",
    "abstention_recall": "abstention recall",
    "failed": "questions failed",
    "latency_p50_ms": "ms, median answer",
    "latency_p95_ms": "ms, 95th percentile",
}
"""Measures over the whole run that head the page, with their captions."""
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")


def page(run: Run, summary: Summary, judged: Mapping[str, Any] | None = None) -> str:
    """The whole report.

    Args:
        run: What was asked and answered.
        summary: Its figures.
        judged: What judges found (see `eval.judging.as_json`); None where none were asked.
    """
    name = str(run.about["set"]["name"])
    gate, wrong = verdicts(name, summary, expectations()), findings(run)
    sections = {
        "kinds": ("How good, by kind", plots.intervals(_decisive(summary))),
        "outcomes": ("What became of the questions", plots.stacked(summary.outcomes)),
        "errors": (f"What went wrong: {len(wrong)} of {len(run.scores)}", _errors(wrong)),
        "measures": ("Every measure, kind by kind", _kinds(summary)),
        "across": ("The same measure over all kinds", _across(summary)),
        "latency": ("Time to the whole answer", plots.distribution(latencies(run), "ms")),
        "judges": ("Judged by a model", _judged(judged)),
        "public": ("Public collections, beside published figures", _public()),
        "gate": ("Expected figures", _gate(gate)),
        "definitions": ("What the measures say", _definitions(summary, judged)),
        "about": ("What was run", _about(run)),
    }
    if judged is None:
        del sections["judges"]
    nav = "".join(f'<a href="#{key}">{escape(head)}</a>' for key, (head, _) in sections.items())
    body = "".join(
        f'<h2 id="{key}">{escape(head)}</h2>{content}' for key, (head, content) in sections.items()
    )
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Evaluation: {escape(name)}</title><style>{STYLE.read_text(encoding='utf-8')}</style>"
    )
    top = f"{_head(run)}{_banner(gate)}{_tiles(summary)}<nav>{nav}</nav>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{top}{body}</body></html>'


# --- the top --------------------------------------------------------------------------------


def _head(run: Run) -> str:
    about, env = run.about, run.about["environment"]
    told = [
        f"{about['begun'][:16].replace('T', ' ')} UTC",
        f"answers: {answers_by(run)}",
        f"embedder: {about['settings']['embedder']}",
        f"revision {about['revision'] or 'unknown'}",
        f"library {about['library'][:12]}",
        f"{env['cores']} cores, load {env['load'][0]}",
    ]
    name = escape(str(about["set"]["name"]))
    note = escape(SETS.get(str(about["set"]["name"]), "questions of your own"))
    return (
        f"<h1>Evaluation: {name}, {len(run.scores)} questions</h1><div>{note}</div>"
        f'<div class="soft">{escape(" · ".join(told))}</div>'
    )


def _banner(gate: Sequence[Verdict]) -> str:
    red = [one for one in gate if not one.ok]
    if not gate:
        return ""
    if not red:
        return f'<p class="banner">All {len(gate)} expected figures hold.</p>'
    items = "".join(
        f"<li>{escape(one.expectation.figure)} is {shown(one.now)}, expected "
        f"{shown(one.expectation.measured)}</li>"
        for one in red
    )
    told = f"{len(red)} of {len(gate)} expected figures do not hold"
    return f'<div class="banner red"><span class="bad">{told}</span><ul>{items}</ul></div>'


def _tiles(summary: Summary) -> str:
    return '<div class="tiles">' + "".join(
        f'<div class="tile" title="{escape(DEFINITIONS[name].says)}"><b>{_figure(name, value)}</b>'
        f"<span>{escape(caption)}</span></div>"
        for name, caption in TILES.items()
        if (value := summary.overall.get(name)) is not None
    ) + "</div>"  # fmt: skip


def _figure(name: str, value: float) -> str:
    return (
        f"{value:.0f}" if DEFINITIONS[name].unit != "share" or name == "failed" else f"{value:.3f}"
    )


# --- the sections ---------------------------------------------------------------------------


def _decisive(summary: Summary) -> dict[str, Figure]:
    return {
        f"{kind} {name}": figures[name]
        for kind, figures in summary.kinds.items()
        if (name := measure_of(kind)) in figures
    }


def _kinds(summary: Summary) -> str:
    panels = []
    for kind, held in summary.kinds.items():
        figures = {m: held[m] for m in DEFINITIONS if m in held}
        shares = {m: f for m, f in figures.items() if DEFINITIONS[m].unit == "share"}
        others = [[m, *_row(f)] for m, f in figures.items() if DEFINITIONS[m].unit != "share"]
        plot = plots.intervals(shares, width=560)
        table = _table(["", "mean", "95%", "n"], others)
        panels.append(f"<div><h3>{escape(kind)}</h3>{plot}{table}</div>")
    return f'<div class="panels">{"".join(panels)}</div>'


def _row(held: Figure) -> list[str]:
    return [shown(held.mean), f"{shown(held.low)} to {shown(held.high)}", str(held.n)]


def _across(summary: Summary) -> str:
    by_measure: dict[str, dict[str, Figure]] = defaultdict(dict)
    for kind, figures in summary.kinds.items():
        for measure, held in figures.items():
            if DEFINITIONS[measure].unit == "share":
                by_measure[measure][kind] = held
    panels = [
        f"<div><h3>{escape(measure)}</h3><div class=soft>{escape(DEFINITIONS[measure].says)}</div>"
        f"{_plot_or_zero(figures)}</div>"
        for measure in DEFINITIONS
        if len(figures := by_measure.get(measure, {})) > 1
    ]
    return f'<div class="panels">{"".join(panels)}</div>'


def _plot_or_zero(figures: Mapping[str, Figure]) -> str:
    if any(held.mean for held in figures.values()):
        return plots.intervals(figures, label=110, width=560)
    return f"<p>0 throughout, {sum(held.n for held in figures.values())} questions.</p>"


def _errors(wrong: Sequence[Finding]) -> str:
    if not wrong:
        return "<p>Nothing.</p>"
    parts = []
    for kind, held in groupby(sorted(wrong, key=lambda f: f.kind), key=lambda f: f.kind):
        items = [_error(finding) for finding in held]
        head = f"<summary>{escape(kind)}: {len(items)}</summary>"
        parts.append(f"<details>{head}{''.join(items)}</details>")
    return "".join(parts)


def _error(finding: Finding) -> str:
    rows = {
        "wanted": finding.wanted,
        "said": finding.text,
        "cited": ", ".join(finding.cited) or "nothing",
        "read as": finding.read_as or "unknown",
        "faults": "; ".join(finding.faults),
    }
    listed = "".join(
        f"<dt>{name}</dt>{_said(value) if name == 'said' else f'<dd>{escape(value)}</dd>'}"
        for name, value in rows.items()
        if value
    )
    head = (
        f'<span class="tag {finding.outcome}">{finding.outcome}</span>'
        f'<span class="id">{escape(finding.question_id)}</span> {escape(" → ".join(finding.turns))}'
    )
    return f"<details><summary>{head}</summary><dl>{listed}</dl></details>"


def _said(text: str) -> str:
    """An answer's text with its bold words bold; all else of it is shown as it stands."""
    bold = _BOLD.sub(r"<strong>\1</strong>", escape(text))
    return f'<dd class="text">{bold}</dd>'


def _judged(judged: Mapping[str, Any] | None) -> str:
    if judged is None:
        return ""
    figures = {name: Figure(**held) for name, held in judged["measures"].items()}
    agreed = [
        [name, str(a["n"]), str(a["unscored"]), shown(a["accuracy"]), shown(a["kappa"])]
        for name, a in judged["agreement"].items()
    ]
    usage = judged["usage"]
    told = (
        f"{judged['model']}; {judged['unscored']} sentences or answers without a verdict; "
        f"{judged['calls']} calls, {usage['input_tokens']} tokens read, {usage['output_tokens']} written"
        + ("" if usage["cost_usd"] is None else f", ${usage['cost_usd']:.4f}")
    )
    answers = [one for one in judged["answers"] if one["complaints"]]
    complaints = "".join(
        f"<details><summary>{escape(one['question_id'])}: {len(one['complaints'])}</summary>"
        f"<ul>{''.join(f'<li>{escape(c)}</li>' for c in one['complaints'])}</ul></details>"
        for one in answers
    )
    return (
        f'<p class="soft">{escape(told)}</p>{plots.intervals(figures)}'
        f"<h3>Agreement with hand-made labels</h3>"
        f"{_table(['judge', 'n', 'unscored', 'accuracy', 'kappa'], agreed)}"
        f"<details><summary>What the judges found wanting: {len(answers)} of "
        f"{len(judged['answers'])} answers</summary>{complaints}</details>"
    )


def _public() -> str:
    parts = [
        '<p class="soft">nDCG@10; ours as last measured, with the command that does it again.</p>'
    ]
    origins = sources()
    for collection, held in groupby(standings(expectations()), key=lambda s: s.collection):
        rows = list(held)
        commands = "".join(f" <code>{escape(s.command)}</code>" for s in rows if s.command)
        parts.append(f"<h3>{escape(collection)}{commands}</h3>")
        parts.append(f'<div class="soft">{escape(origins[collection])}</div>')
        parts.append(plots.ranked([(s.system, s.value, s.ours) for s in rows]))
    return "".join(parts)


def _gate(gate: Sequence[Verdict]) -> str:
    if not gate:
        return '<p class="soft">Nothing is expected of this set.</p>'
    rows = [
        [one.expectation.figure, shown(one.now), shown(one.expectation.measured),
         shown(one.expectation.tolerance), "holds" if one.ok else "RED"]
        for one in gate
    ]  # fmt: skip
    return _table(["figure", "now", "expected", "may be worse by", ""], rows)


def _definitions(summary: Summary, judged: Mapping[str, Any] | None) -> str:
    used = {*summary.overall, *(m for figures in summary.kinds.values() for m in figures)}
    used |= set(judged["measures"]) if judged else set()
    rows = [[name, d.says, d.source] for name, d in DEFINITIONS.items() if name in used]
    return _table(["measure", "says", "source"], rows, "words")


def _about(run: Run) -> str:
    about, env = run.about, run.about["environment"]
    packages = ", ".join(f"{name} {number}" for name, number in env["packages"].items())
    rows = [
        ["state", about["state"]],
        ["question set", f"{about['set']['name']}, sha256 {about['set']['sha256']}"],
        ["library", about["library"]],
        ["revision", str(about["revision"] or "unknown")],
        *([f"prompt {name}", digest] for name, digest in about["prompts"].items()),
        ["dials", ", ".join(f"{k} {v}" for k, v in about["dials"].items())],
        ["machine", f"Python {env['python']} on {env['platform']}; {packages}"],
        *([key, str(value)] for key, value in about["settings"].items()),
    ]
    table = _table(["", ""], rows, "words")
    return f"<details><summary>Settings, prompts, library, machine</summary>{table}</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], style: str = "") -> str:
    if not rows:
        return ""
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide {style}"><table><tr>{heads}</tr>{body}</table></div>'
