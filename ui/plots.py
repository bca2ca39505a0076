"""Plots of evaluation runs as safe HTML that fits any width; pure.

Lengths are shares of the row, handed to the style sheet as custom properties; every number that a
plot draws also stands in it as text.
"""

from __future__ import annotations

from html import escape

from ui.evaluations import OUTCOMES, EvaluationRun, Mean


def figures(run: EvaluationRun, other: EvaluationRun | None = None) -> str:
    """The decisive figure of each kind with its interval; another run's beside it."""
    rows = []
    for kind in run.kinds:
        now = run.main(kind)
        if now is None:
            continue
        before = other.main(kind) if other else None
        rows.append(
            f'<li><span class="kind">{escape(kind)} <span class="by">{escape(run.decisive[kind])}'
            f'</span></span><span class="track">{_dot(before, "before")}{_dot(now, "now")}</span>'
            f'<span class="value">{_value(now, before)}</span></li>'
        )
    legend = '<span class="key now"><i></i>this run, with its 95% interval</span>'
    if other:
        legend += f'<span class="key before"><i></i>{escape(other.name)}</span>'
    return (
        f'<div class="pf plot"><ul>{"".join(rows)}</ul>'
        f'<p class="scale"><span>0</span><span>0.5</span><span>1</span></p>'
        f'<p class="legend">{legend}</p></div>'
    )


def _dot(figure: Mean | None, name: str) -> str:
    if figure is None:
        return ""
    low, mean, high = (min(max(v, 0.0), 1.0) for v in (figure.low, figure.mean, figure.high))
    return (
        f'<i class="whisker {name}" style="--from:{low:.4f};--to:{high:.4f}"></i>'
        f'<i class="dot {name}" style="--at:{mean:.4f}"></i>'
    )


def _value(now: Mean, before: Mean | None) -> str:
    told = f'<b>{now.mean:.3f}</b> <span class="by">n = {now.n}</span>'
    if before is None:
        return told
    gap = round(now.mean - before.mean, 3)
    kind = "up" if gap > 0 else "down" if gap < 0 else "same"
    sign = {"up": f"▲ {gap:.3f}", "down": f"▼ {-gap:.3f}", "same": "as before"}[kind]
    return f'{told} <span class="gap {kind}">{sign}</span>'


def outcomes(run: EvaluationRun) -> str:
    """What the questions of each kind came to, as shares of the kind, with their numbers."""
    rows = []
    for kind, counts in run.outcomes.items():
        shown = [(name, counts.get(name, 0)) for name in OUTCOMES if counts.get(name, 0)]
        told = ", ".join(f"{n} {name}" for name, n in shown) or "no question"
        parts = "".join(f'<i class="{name}" style="--n:{n}">{n}</i>' for name, n in shown)
        rows.append(
            f'<li><span class="kind">{escape(kind)}</span>'
            f'<span class="stack" role="img" aria-label="{escape(kind, quote=True)}: {told}">{parts}</span></li>'
        )
    legend = "".join(f'<span class="key {name}"><i></i>{name}</span>' for name in OUTCOMES)
    return f'<div class="pf plot"><ul>{"".join(rows)}</ul><p class="legend">{legend}</p></div>'
