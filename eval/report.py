"""A run as one HTML page that needs nothing else: tables, plots, and every error to be opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eval import plots
from eval.gate import COMMAND, Expectation, breach, expectations, value_of
from eval.public import all_published
from eval.runs import REPORT, Run
from eval.scoring import Score
from eval.sets import Question
from eval.summary import DECISIVE, Summary
from eval.tables import shown

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1d2024, #e8e8e6);
  --paper: light-dark(#fdfdfb, #17191c); --soft: light-dark(#6a6f76, #9aa0a8);
  --line: light-dark(#dcdcd6, #33373d); --bar: light-dark(#4a7fb0, #6fa3d2); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
.wide { overflow-x: auto; } th, td { text-align: right; padding: .2rem .7rem; }
th:first-child, td:first-child { text-align: left; } tr { border-bottom: 1px solid var(--line); }
svg { width: 100%; max-width: 45rem; } svg text { font-size: 12px; fill: var(--ink); }
.bar { fill: var(--bar); } .whisker { stroke: var(--ink); stroke-width: 2; }
.grid { stroke: var(--line); } .ticks { stroke: var(--bar); stroke-opacity: .5; }
.median { stroke: var(--ink); stroke-width: 2; } .slow { stroke: #c2452d; stroke-width: 2; }
details { border-bottom: 1px solid var(--line); padding: .35rem 0; } summary { cursor: pointer; }
.soft { color: var(--soft); } pre { white-space: pre-wrap; font: inherit; margin: .4rem 0; }
.red { color: #c2452d; font-weight: 600; }
"""


def write(run: Run, summary: Summary) -> None:
    """Put ``report.html`` into the run folder."""
    (run.folder / REPORT).write_text(page(run, summary), encoding="utf-8")


def page(run: Run, summary: Summary) -> str:
    name = escape(str(run.about["set"]["name"]))
    parts = [
        f"<h1>{name}: {len(run.scores)} questions</h1>",
        _about(run.about),
        "<h2>How good, by kind</h2>",
        plots.intervals(_decisive(summary)),
        "<h2>What came of the questions</h2>",
        plots.stacked(summary.outcomes),
        "<h2>Over all</h2>",
        _table(["", "value"], [[k, shown(v)] for k, v in summary.overall.items()]),
        "<h2>How long an answer takes, by route</h2>",
        plots.distribution(_latencies(run), "ms"),
        "<h2>Every measure</h2>",
        *(_measures(kind, summary) for kind in summary.kinds),
        "<h2>Expected</h2>",
        _expected({str(run.about["set"]["name"]): summary}, expectations()),
        "<h2>Public collections, beside published figures (nDCG@10)</h2>",
        _public(expectations()),
        "<h2>What went wrong</h2>",
        *_errors(run),
    ]
    head = f'<meta charset="utf-8"><title>Evaluation: {name}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _about(about: Mapping[str, Any]) -> str:
    settings = about["settings"]
    env = about["environment"]
    model = settings["chat_model"] or "gpt-4o-mini"
    generative = settings["mode"] == "generative" or (
        settings["mode"] == "auto" and (settings["openai_api_key"] or settings["openai_base_url"])
    )
    told = [
        f"begun {about['begun']}",
        f"answers by {model if generative else 'extraction'}, embedder {settings['embedder']}",
        f"library {about['library'][:12]}, revision {about['revision'] or 'unknown'}, state {about['state'][:12]}",
        f"Python {env['python']} on {env['platform']}, {env['cores']} cores, load {env['load'][0]}",
    ]
    return f'<p class="soft">{escape(" · ".join(told))}</p>'


def _decisive(summary: Summary) -> dict[str, Any]:
    names = {kind: DECISIVE.get(kind, "correct") for kind in summary.kinds}
    return {
        f"{kind} {name}": summary.kinds[kind][name]
        for kind, name in names.items()
        if name in summary.kinds[kind]
    }


def _latencies(run: Run) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for record in run.records.values():
        found[str(record["route"])].append(float(record["latency_ms"]))
    return dict(sorted(found.items()))


def _measures(kind: str, summary: Summary) -> str:
    rows = [
        [name, f"{f.mean:.3f}", f"{f.low:.3f} to {f.high:.3f}", str(f.n)]
        for name, f in summary.kinds[kind].items()
    ]
    table = _table(["measure", "mean", "95%", "n"], rows)
    return f"<details><summary>{escape(kind)}</summary>{table}</details>"


def _expected(found: Mapping[str, Summary], expected: Sequence[Expectation]) -> str:
    rows = [
        [one.figure, shown(value_of(found, one)), shown(one.measured), shown(one.tolerance),
         "RED" if breach(found, one) else "ok"]
        for one in expected
        if one.command == COMMAND and one.set in found
    ]  # fmt: skip
    return _table(["figure", "now", "expected", "tolerance", ""], rows)


def _public(expected: Sequence[Expectation]) -> str:
    rows = []
    for name, figures in all_published().items():
        ours = next((e for e in expected if e.figure == f"{name}.nDCG@10"), None)
        if ours:
            rows.append([name, "Paperfolk", shown(ours.measured), ours.command])
        rows += [[name, system, shown(value), ""] for system, value in figures.items()]
    return _table(["collection", "system", "nDCG@10", "command"], rows)


def _errors(run: Run) -> list[str]:
    questions = {q.id: q for q in run.questions.questions}
    parts = []
    for kind in dict.fromkeys(s.kind for s in run.scores):
        bad = [s for s in run.scores if s.kind == kind and _is_error(s)]
        if bad:
            items = "".join(_error(s, questions[s.question_id], run.records) for s in bad)
            parts.append(f"<details><summary>{escape(kind)}: {len(bad)}</summary>{items}</details>")
    return parts or ["<p>Nothing.</p>"]


def _is_error(score: Score) -> bool:
    return score.outcome in ("wrong", "abstained", "failed") or bool(score.faults)


def _error(score: Score, question: Question, records: Mapping[str, Mapping[str, Any]]) -> str:
    record = records.get(score.question_id, {})
    wanted = {
        "papers": question.papers,
        "facts": question.facts,
        "people": tuple(p.name for p in question.people),
        "answer": question.answer,
        "abstention": None if question.answerable else "yes",
    }
    told = "; ".join(f"{name}: {value}" for name, value in wanted.items() if value)
    cited = ", ".join(str(c["source"]) for c in record.get("citations") or ())
    turns = " → ".join(question.turns or (question.question,))
    lines = [
        f'<p class="soft">wanted: {escape(told or question.expect)}</p>',
        f"<pre>{escape(str(record.get('text', 'no record')))}</pre>",
        f'<p class="soft">cited: {escape(cited or "nothing")}; read as: {escape(str(record.get("read_as", "")))}</p>',
        *(f'<p class="red">{escape(fault)}</p>' for fault in score.faults),
    ]
    head = f'{escape(score.question_id)} <span class="red">{score.outcome}</span> {escape(turns)}'
    return f"<details><summary>{head}</summary>{''.join(lines)}</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{heads}</tr>{body}</table></div>'
