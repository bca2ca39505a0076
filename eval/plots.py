"""Plots as SVG text, drawn by hand so that a report asks nothing of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval.summary import Figure

WIDTH, LABEL, ROW = 720, 150, 26
COLOURS: Mapping[str, str] = {
    "right": "#2f7d5b",
    "wrong": "#c2452d",
    "abstained": "#d9a441",
    "unscored": "#a9adb3",
    "failed": "#41444a",
}


def intervals(figures: Mapping[str, Figure]) -> str:
    """A bar for each mean, 0 to 1, with its interval and n."""
    scale = WIDTH - LABEL - 130
    parts = [_grid(len(figures), scale)]
    for at, (name, held) in enumerate(figures.items()):
        y = at * ROW + 8
        length, low, high = (_share(v) * scale for v in (held.mean, held.low, held.high))
        hint = f"{name}: {held.mean:.3f}, 95% {held.low:.3f} to {held.high:.3f}, n = {held.n}"
        parts.append(
            f"<g><title>{escape(hint)}</title>{_label(name, y)}"
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="14" class="bar"/>'
            f'<path d="M{LABEL + low:.1f} {y + 7}H{LABEL + high:.1f}" class="whisker"/>'
            f'<text x="{LABEL + scale + 10}" y="{y + 11}">{held.mean:.3f} (n = {held.n})</text></g>'
        )
    return _svg(len(figures) * ROW + 26, parts, "means with 95% intervals")


def stacked(outcomes: Mapping[str, Mapping[str, int]]) -> str:
    """What the questions of each kind came to, as shares of the kind."""
    scale = WIDTH - LABEL - 60
    parts = []
    for at, (kind, counts) in enumerate(outcomes.items()):
        y, x, total = at * ROW + 4, float(LABEL), sum(counts.values()) or 1
        parts.append(_label(kind, y))
        for name, count in counts.items():
            width = count / total * scale
            if count:
                parts.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{max(width - 1, 1):.1f}" height="16" '
                    f'fill="{COLOURS[name]}"><title>{escape(kind)}: {count} {name}</title></rect>'
                )
            x += width
        parts.append(f'<text x="{LABEL + scale + 10}" y="{y + 12}">{total}</text>')
    y, x = len(outcomes) * ROW + 10, LABEL
    for name, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{y + 10}">{name}</text>')
        x += 100
    return _svg(y + 20, parts, "outcomes by kind")


def distribution(series: Mapping[str, Sequence[float]], unit: str) -> str:
    """Every value as a tick on a line of its series, the median and the 95th percentile marked."""
    from eval.measures import percentile

    top = max((max(values) for values in series.values() if values), default=1.0) or 1.0
    scale = WIDTH - LABEL - 130
    parts = []
    for at, (name, values) in enumerate(series.items()):
        y = at * ROW + 4
        ticks = "".join(f"M{LABEL + v / top * scale:.1f} {y + 2}v12" for v in values)
        half, slow = percentile(values, 0.5) or 0.0, percentile(values, 0.95) or 0.0
        parts.append(f'{_label(name, y)}<path d="{ticks}" class="ticks"/>')
        parts.append(
            f'<path d="M{LABEL + half / top * scale:.1f} {y - 1}v18" class="median"/>'
            f'<path d="M{LABEL + slow / top * scale:.1f} {y - 1}v18" class="slow"/>'
            f'<text x="{LABEL + scale + 10}" y="{y + 12}">{half:.0f} / {slow:.0f} {unit}</text>'
        )
    y = len(series) * ROW + 14
    parts.append(
        f'<text x="{LABEL}" y="{y}">0</text>'
        f'<text x="{LABEL + scale}" y="{y}" text-anchor="end">{top:.0f} {unit}; median / p95</text>'
    )
    return _svg(y + 8, parts, "distribution by series")


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _label(name: str, y: float) -> str:
    return f'<text x="{LABEL - 10}" y="{y + 12}" text-anchor="end">{escape(name)}</text>'


def _grid(n: int, scale: int) -> str:
    lines = [
        f'<path d="M{LABEL + share * scale:.1f} 0V{n * ROW}" class="grid"/>'
        f'<text x="{LABEL + share * scale:.1f}" y="{n * ROW + 16}" text-anchor="middle">{share:g}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    return "".join(lines)


def _svg(height: float, parts: Sequence[str], name: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )
