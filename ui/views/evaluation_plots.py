"""Plots of evaluation runs as safe HTML that fits any width; pure.

Lengths are shares of the row, passed to the style sheet as custom properties; every number that a
plot draws is in it as text, too.
"""

from __future__ import annotations

from html import escape

from ui.views.evaluation_runs import OUTCOMES, EvaluationRun, Mean


def plot_figures(run: EvaluationRun, other_run: EvaluationRun | None = None) -> str:
    """The decisive figure of each kind with its interval; another run's beside it."""
    rows = []
    for kind in run.kinds:
        now = run.get_main_figure(kind)
        if now is None:
            continue
        before = other_run.get_main_figure(kind) if other_run else None
        rows.append(
            f'<li><span class="kind">{escape(kind)} <span class="by">{escape(run.decisive[kind])}'
            f'</span></span><span class="track">{_draw_dot(before, "before")}{_draw_dot(now, "now")}</span>'
            f'<span class="value">{_format_value(now, before)}</span></li>'
        )
    legend = '<span class="key now"><i></i>this run, with its 95% interval</span>'
    if other_run:
        legend += f'<span class="key before"><i></i>{escape(other_run.name)}</span>'
    return (
        f'<div class="pf plot"><ul>{"".join(rows)}</ul>'
        f'<p class="scale"><span>0</span><span>0.5</span><span>1</span></p>'
        f'<p class="legend">{legend}</p></div>'
    )


def _draw_dot(figure: Mean | None, name: str) -> str:
    if figure is None:
        return ""
    low, mean, high = (min(max(v, 0.0), 1.0) for v in (figure.low, figure.mean, figure.high))
    return (
        f'<i class="whisker {name}" style="--from:{low:.4f};--to:{high:.4f}"></i>'
        f'<i class="dot {name}" style="--at:{mean:.4f}"></i>'
    )


def _format_value(now: Mean, before: Mean | None) -> str:
    value_text = f'<b>{now.mean:.3f}</b> <span class="by">n = {now.n}</span>'
    if before is None:
        return value_text
    gap = round(now.mean - before.mean, 3)
    kind = "up" if gap > 0 else "down" if gap < 0 else "same"
    sign = {"up": f"▲ {gap:.3f}", "down": f"▼ {-gap:.3f}", "same": "as before"}[kind]
    return f'{value_text} <span class="gap {kind}">{sign}</span>'


def plot_outcomes(run: EvaluationRun) -> str:
    """What the questions of each kind came to, as shares of the kind, with their numbers."""
    rows = []
    for kind, counts in run.outcomes.items():
        shares = [(name, counts.get(name, 0)) for name in OUTCOMES if counts.get(name, 0)]
        summary = ", ".join(f"{n} {name}" for name, n in shares) or "no question"
        parts = "".join(f'<i class="{name}" style="--n:{n}">{n}</i>' for name, n in shares)
        rows.append(
            f'<li><span class="kind">{escape(kind)}</span>'
            f'<span class="stack" role="img" aria-label="{escape(kind, quote=True)}: {summary}">{parts}</span></li>'
        )
    legend = "".join(f'<span class="key {name}"><i></i>{name}</span>' for name in OUTCOMES)
    return f'<div class="pf plot"><ul>{"".join(rows)}</ul><p class="legend">{legend}</p></div>'
