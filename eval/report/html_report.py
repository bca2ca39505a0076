"""Renders a run as one self-contained HTML page: tables, plots, and details of every error."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from eval.measures.definitions import DEFINITIONS
from eval.report import plots
from eval.report.error_analysis import (
    Finding,
    GateVerdict,
    list_findings,
    list_latencies,
    list_standings,
    list_verdicts,
)
from eval.report.expectations import load_expectations
from eval.report.summary import Figure, Summary, get_measure
from eval.report.tables import format_cell
from eval.run.runs import Run, find_answering_model
from eval.sets.collections import load_sources
from eval.sets.question_sets import ROUTINE_SETS

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


def render_report(run: Run, summary: Summary, judged: Mapping[str, Any] | None = None) -> str:
    """The report as HTML.

    Args:
        run: What was asked and answered.
        summary: Its figures.
        judged: What judges found (see `eval.judges.run_judges.build_judged_record`); None where none were asked.
    """
    name = str(run.about["set"]["name"])
    gate, wrong = list_verdicts(name, summary, load_expectations()), list_findings(run)
    sections = {
        "kinds": ("How good, by kind", plots.plot_intervals(_get_decisive(summary))),
        "outcomes": ("What became of the questions", plots.plot_stacked(summary.outcomes)),
        "errors": (f"What went wrong: {len(wrong)} of {len(run.scores)}", _render_errors(wrong)),
        "measures": ("Every measure, kind by kind", _render_kinds(summary)),
        "across": ("The same measure over all kinds", _render_across(summary)),
        "latency": ("Time to the whole answer", plots.plot_distribution(list_latencies(run), "ms")),
        "judges": ("Judged by a model", _render_judged(judged)),
        "public": ("Public collections, beside published figures", _render_public()),
        "gate": ("Expected figures", _render_gate(gate)),
        "definitions": ("What the measures say", _render_definitions(summary, judged)),
        "about": ("What was run", _render_about(run)),
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
    top = f"{_render_head(run)}{_render_banner(gate)}{_render_tiles(summary)}<nav>{nav}</nav>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{top}{body}</body></html>'


# --- the top --------------------------------------------------------------------------------


def _render_head(run: Run) -> str:
    about, env = run.about, run.about["environment"]
    head_parts = [
        f"{about['begun'][:16].replace('T', ' ')} UTC",
        f"answers: {find_answering_model(run)}",
        f"embedder: {about['settings']['embedder']}",
        f"revision {about['revision'] or 'unknown'}",
        f"library {about['library'][:12]}",
        f"{env['cores']} cores, load {env['load'][0]}",
    ]
    name = escape(str(about["set"]["name"]))
    note = escape(ROUTINE_SETS.get(str(about["set"]["name"]), "questions of your own"))
    return (
        f"<h1>Evaluation: {name}, {len(run.scores)} questions</h1><div>{note}</div>"
        f'<div class="soft">{escape(" · ".join(head_parts))}</div>'
    )


def _render_banner(gate: Sequence[GateVerdict]) -> str:
    red = [verdict for verdict in gate if not verdict.ok]
    if not gate:
        return ""
    if not red:
        return f'<p class="banner">All {len(gate)} expected figures hold.</p>'
    items = "".join(
        f"<li>{escape(verdict.expectation.figure)} is {format_cell(verdict.now)}, expected "
        f"{format_cell(verdict.expectation.measured)}</li>"
        for verdict in red
    )
    headline = f"{len(red)} of {len(gate)} expected figures do not hold"
    return f'<div class="banner red"><span class="bad">{headline}</span><ul>{items}</ul></div>'


def _render_tiles(summary: Summary) -> str:
    return '<div class="tiles">' + "".join(
        f'<div class="tile" title="{escape(DEFINITIONS[name].says)}"><b>{_format_figure(name, value)}</b>'
        f"<span>{escape(caption)}</span></div>"
        for name, caption in TILES.items()
        if (value := summary.overall.get(name)) is not None
    ) + "</div>"  # fmt: skip


def _format_figure(name: str, value: float) -> str:
    return (
        f"{value:.0f}" if DEFINITIONS[name].unit != "share" or name == "failed" else f"{value:.3f}"
    )


# --- the sections ---------------------------------------------------------------------------


def _get_decisive(summary: Summary) -> dict[str, Figure]:
    return {
        f"{kind} {name}": figures[name]
        for kind, figures in summary.kinds.items()
        if (name := get_measure(kind)) in figures
    }


def _render_kinds(summary: Summary) -> str:
    panels = []
    for kind, kind_figures in summary.kinds.items():
        figures = {m: kind_figures[m] for m in DEFINITIONS if m in kind_figures}
        shares = {m: f for m, f in figures.items() if DEFINITIONS[m].unit == "share"}
        other_rows = [
            [m, *_render_row(f)] for m, f in figures.items() if DEFINITIONS[m].unit != "share"
        ]
        plot = plots.plot_intervals(shares, width=560)
        table = _render_table(["", "mean", "95%", "n"], other_rows)
        panels.append(f"<div><h3>{escape(kind)}</h3>{plot}{table}</div>")
    return f'<div class="panels">{"".join(panels)}</div>'


def _render_row(figure: Figure) -> list[str]:
    return [
        format_cell(figure.mean),
        f"{format_cell(figure.low)} to {format_cell(figure.high)}",
        str(figure.n),
    ]


def _render_across(summary: Summary) -> str:
    by_measure: dict[str, dict[str, Figure]] = defaultdict(dict)
    for kind, figures in summary.kinds.items():
        for measure, figure in figures.items():
            if DEFINITIONS[measure].unit == "share":
                by_measure[measure][kind] = figure
    panels = [
        f"<div><h3>{escape(measure)}</h3><div class=soft>{escape(DEFINITIONS[measure].says)}</div>"
        f"{_render_plot_or_zero(figures)}</div>"
        for measure in DEFINITIONS
        if len(figures := by_measure.get(measure, {})) > 1
    ]
    return f'<div class="panels">{"".join(panels)}</div>'


def _render_plot_or_zero(figures: Mapping[str, Figure]) -> str:
    if any(figure.mean for figure in figures.values()):
        return plots.plot_intervals(figures, label=110, width=560)
    return f"<p>0 throughout, {sum(figure.n for figure in figures.values())} questions.</p>"


def _render_errors(wrong: Sequence[Finding]) -> str:
    if not wrong:
        return "<p>Nothing.</p>"
    parts = []
    for kind, findings in groupby(sorted(wrong, key=lambda f: f.kind), key=lambda f: f.kind):
        items = [_render_error(finding) for finding in findings]
        head = f"<summary>{escape(kind)}: {len(items)}</summary>"
        parts.append(f"<details>{head}{''.join(items)}</details>")
    return "".join(parts)


def _render_error(finding: Finding) -> str:
    rows = {
        "wanted": finding.wanted,
        "said": finding.text,
        "cited": ", ".join(finding.cited) or "nothing",
        "read as": finding.read_as or "unknown",
        "faults": "; ".join(finding.faults),
    }
    details = "".join(
        f"<dt>{name}</dt>{_render_answer_text(value) if name == 'said' else f'<dd>{escape(value)}</dd>'}"
        for name, value in rows.items()
        if value
    )
    head = (
        f'<span class="tag {finding.outcome}">{finding.outcome}</span>'
        f'<span class="id">{escape(finding.question_id)}</span> {escape(" → ".join(finding.turns))}'
    )
    return f"<details><summary>{head}</summary><dl>{details}</dl></details>"


def _render_answer_text(text: str) -> str:
    """An answer's text with its bold words bold; all else of it is shown as it stands."""
    bold = _BOLD.sub(r"<strong>\1</strong>", escape(text))
    return f'<dd class="text">{bold}</dd>'


def _render_judged(judged: Mapping[str, Any] | None) -> str:
    if judged is None:
        return ""
    figures = {name: Figure(**values) for name, values in judged["measures"].items()}
    agreed = [
        [name, str(a["n"]), str(a["unscored"]), format_cell(a["accuracy"]), format_cell(a["kappa"])]
        for name, a in judged["agreement"].items()
    ]
    usage = judged["usage"]
    parts = (
        f"{judged['model']}; {judged['unscored']} sentences or answers without a verdict; "
        f"{judged['calls']} calls, {usage['input_tokens']} tokens read, {usage['output_tokens']} written"
        + ("" if usage["cost_usd"] is None else f", ${usage['cost_usd']:.4f}")
    )
    answers = [answer for answer in judged["answers"] if answer["complaints"]]
    complaints = "".join(
        f"<details><summary>{escape(answer['question_id'])}: {len(answer['complaints'])}</summary>"
        f"<ul>{''.join(f'<li>{escape(c)}</li>' for c in answer['complaints'])}</ul></details>"
        for answer in answers
    )
    return (
        f'<p class="soft">{escape(parts)}</p>{plots.plot_intervals(figures)}'
        f"<h3>Agreement with hand-made labels</h3>"
        f"{_render_table(['judge', 'n', 'unscored', 'accuracy', 'kappa'], agreed)}"
        f"<details><summary>What the judges found wanting: {len(answers)} of "
        f"{len(judged['answers'])} answers</summary>{complaints}</details>"
    )


def _render_public() -> str:
    parts = [
        '<p class="soft">nDCG@10; ours as last measured, with the command that does it again.</p>'
    ]
    origins = load_sources()
    for collection, standing_rows in groupby(
        list_standings(load_expectations()), key=lambda s: s.collection
    ):
        rows = list(standing_rows)
        commands = "".join(f" <code>{escape(s.command)}</code>" for s in rows if s.command)
        parts.append(f"<h3>{escape(collection)}{commands}</h3>")
        parts.append(f'<div class="soft">{escape(origins[collection])}</div>')
        parts.append(plots.plot_ranked([(s.system, s.value, s.ours) for s in rows]))
    return "".join(parts)


def _render_gate(gate: Sequence[GateVerdict]) -> str:
    if not gate:
        return '<p class="soft">Nothing is expected of this set.</p>'
    rows = [
        [verdict.expectation.figure, format_cell(verdict.now), format_cell(verdict.expectation.measured),
         format_cell(verdict.expectation.tolerance), "holds" if verdict.ok else "RED"]
        for verdict in gate
    ]  # fmt: skip
    return _render_table(["figure", "now", "expected", "may be worse by", ""], rows)


def _render_definitions(summary: Summary, judged: Mapping[str, Any] | None) -> str:
    used = {*summary.overall, *(m for figures in summary.kinds.values() for m in figures)}
    used |= set(judged["measures"]) if judged else set()
    rows = [[name, d.says, d.source] for name, d in DEFINITIONS.items() if name in used]
    return _render_table(["measure", "says", "source"], rows, "words")


def _render_about(run: Run) -> str:
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
    table = _render_table(["", ""], rows, "words")
    return f"<details><summary>Settings, prompts, library, machine</summary>{table}</details>"


def _render_table(head: Sequence[str], rows: Sequence[Sequence[str]], style: str = "") -> str:
    if not rows:
        return ""
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide {style}"><table><tr>{heads}</tr>{body}</table></div>'
