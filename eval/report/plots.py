"""Plots as SVG text, without a plotting library, so that a report loads nothing from the network.

Colours come from the report's style sheet, so that a plot is readable on light and dark ground.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from eval.measures import formulas
from eval.report.summary import Figure
from eval.run.scoring import OUTCOMES

PLOT_WIDTH, ROW = 720, 26


def plot_intervals(figures: Mapping[str, Figure], label: int = 150, width: int = PLOT_WIDTH) -> str:
    """A bar for each mean, 0 to 1, with its 95% interval and n."""
    scale = width - label - 130
    parts = [_draw_grid(len(figures), label, scale)]
    for at, (name, mean_figure) in enumerate(figures.items()):
        y = at * ROW + 6
        length, low, high = (
            _compute_x(v) * scale for v in (mean_figure.mean, mean_figure.low, mean_figure.high)
        )
        hint = f"{name}: {mean_figure.mean:.3f}, 95% {mean_figure.low:.3f} to {mean_figure.high:.3f}, n = {mean_figure.n}"
        parts.append(
            f"<g><title>{escape(hint)}</title>{_draw_label(name, label, y)}"
            f'<rect x="{label}" y="{y + 1}" width="{length:.1f}" height="13" rx="2" class="bar"/>'
            f'<path d="M{label + low:.1f} {y + 3}v9m0 -4.5H{label + high:.1f}m0 -4.5v9" class="whisker"/>'
            f'<text x="{label + scale + 12}" y="{y + 12}">{mean_figure.mean:.3f}'
            f'<tspan class="soft" dx="8">n = {mean_figure.n}</tspan></text></g>'
        )
    return _build_svg(width, len(figures) * ROW + 24, parts, "means with 95% intervals")


def plot_stacked(outcomes: Mapping[str, Mapping[str, int]]) -> str:
    """What the questions of each kind came to, as shares of the kind."""
    label, scale = 150, PLOT_WIDTH - 150 - 130
    parts = []
    for at, (kind, counts) in enumerate(outcomes.items()):
        y, x, total = at * ROW + 4, float(label), sum(counts.values()) or 1
        parts.append(_draw_label(kind, label, y))
        for name in OUTCOMES:
            if count := counts.get(name, 0):
                width = count / total * scale
                parts.append(
                    f"<g><title>{escape(kind)}: {count} {name} of {total}</title>"
                    f'<rect x="{x:.1f}" y="{y}" width="{max(width - 1, 1):.1f}" height="17" rx="2" class="{name}"/>'
                    + (_count(x + width / 2, y + 13, count, name) if width > 16 else "")
                    + "</g>"
                )
                x += width
        parts.append(f'<text x="{label + scale + 12}" y="{y + 13}" class="soft">n = {total}</text>')
    y, x = len(outcomes) * ROW + 10, label
    for name in OUTCOMES:
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" rx="2" class="{name}"/>')
        parts.append(f'<text x="{x + 17}" y="{y + 10}">{name}</text>')
        x += 100
    return _build_svg(PLOT_WIDTH, y + 20, parts, "outcomes by kind")


def _count(x: float, y: float, count: int, name: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="middle" class="on {name}">{count}</text>'


def plot_distribution(series: Mapping[str, Sequence[float]], unit: str) -> str:
    """Every value as a tick on a logarithmic line, the median and the 95th percentile marked."""
    values = [v for series_values in series.values() for v in series_values if v > 0]
    if not values:
        return '<p class="soft">Nothing was measured.</p>'
    low = math.floor(math.log10(max(min(values), 0.1)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    label, scale = 150, PLOT_WIDTH - 150 - 190

    def compute_place(value: float) -> float:
        return label + (math.log10(max(value, 10.0**low)) - low) / (high - low) * scale

    parts = []
    for power in range(low, high + 1):
        x, bottom = compute_place(10.0**power), len(series) * ROW
        parts.append(
            f'<path d="M{x:.1f} 0V{bottom}" class="grid"/>'
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" class="soft">{10.0**power:g}</text>'
        )
    for at, (name, series_values) in enumerate(series.items()):
        y = at * ROW + 4
        ticks = "".join(f"M{compute_place(v):.1f} {y + 3}v12" for v in series_values)
        half = formulas.compute_percentile(series_values, 0.5) or 0.0
        slow = formulas.compute_percentile(series_values, 0.95) or 0.0
        hint = f"{name}: median {half:.0f} {unit}, p95 {slow:.0f} {unit}, n = {len(series_values)}"
        parts.append(
            f"<g><title>{escape(hint)}</title>{_draw_label(name, label, y)}"
            f'<path d="{ticks}" class="ticks"/>'
            f'<path d="M{compute_place(half):.1f} {y}v18" class="median"/>'
            f'<path d="M{compute_place(slow):.1f} {y}v18" class="slow"/>'
            f'<text x="{label + scale + 12}" y="{y + 13}">{half:.0f} / {slow:.0f} {unit}'
            f'<tspan class="soft" dx="8">n = {len(series_values)}</tspan></text></g>'
        )
    y = len(series) * ROW + 40
    parts.append(
        f'<path d="M{label} {y - 5}h14" class="median"/><text x="{label + 20}" y="{y}">median</text>'
        f'<path d="M{label + 90} {y - 5}h14" class="slow"/><text x="{label + 110}" y="{y}">p95</text>'
        f'<text x="{label + scale}" y="{y}" text-anchor="end" class="soft">{escape(unit)}, logarithmic</text>'
    )
    return _build_svg(PLOT_WIDTH, y + 6, parts, "distribution by series")


def plot_ranked(rows: Sequence[tuple[str, float, bool]]) -> str:
    """A bar for each (name, value, ours), 0 to 1, in the order given; ours stand out."""
    label, scale = 230, PLOT_WIDTH - 230 - 80
    parts = [_draw_grid(len(rows), label, scale)]
    for at, (name, value, ours) in enumerate(rows):
        y = at * ROW + 5
        parts.append(
            f'<g class="{"ours" if ours else "theirs"}">{_draw_label(name, label, y)}'
            f'<rect x="{label}" y="{y + 1}" width="{_compute_x(value) * scale:.1f}" height="14" rx="2"/>'
            f'<text x="{label + scale + 12}" y="{y + 13}">{value:.3f}</text></g>'
        )
    return _build_svg(PLOT_WIDTH, len(rows) * ROW + 24, parts, "systems, best first")


def _compute_x(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _draw_label(name: str, x: int, y: float) -> str:
    return f'<text x="{x - 12}" y="{y + 12}" text-anchor="end">{escape(name)}</text>'


def _draw_grid(n: int, label: int, scale: int) -> str:
    lines = [
        f'<path d="M{label + share * scale:.1f} 0V{n * ROW}" class="grid"/>'
        f'<text x="{label + share * scale:.1f}" y="{n * ROW + 16}" text-anchor="middle" class="soft">{share:g}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    return "".join(lines)


def _build_svg(width: int, height: float, parts: Sequence[str], name: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" style="max-width:{width}px" role="img" '
        f'aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )
