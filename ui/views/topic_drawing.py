"""Topics as discs on a plane, those with the same people near each other; pure.

A disc's area counts papers, its colour says how recent they are on average, a line joins topics that
share people. Places come from a small simulation without chance: the same topics, the same map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, pi, sin, sqrt

from rag.answers.topic_map import MappedTopic, TopicMap
from rag.text.english import counted

WIDTH, HEIGHT = 760, 560
STEPS = 260
CHAR_WIDTH = 6.9
LINE_CHARS = 13
MIN_RADIUS, MAX_RADIUS = 27.0, 74.0
GAP = 7.0
MARGIN = 12.0
MAX_SPREAD = 1.6
SHOWN_TIES = 24


@dataclass(slots=True)
class _Disc:
    x: float
    y: float
    radius: float
    reach: float
    """Distance from its centre at which another disc may begin; text may be wider than the disc."""


def draw_map(topic_map: TopicMap, chosen: str) -> str:
    """The map as SVG; each disc is a button that reports ``look``."""
    discs = place_discs(topic_map)
    recency = _compute_recency(topic_map.topics)
    strongest = sorted(topic_map.ties.items(), key=lambda tie: (-tie[1], tie[0]))[:SHOWN_TIES]
    highest = max((n for _, n in strongest), default=1)
    ties = "".join(
        f'<line class="tie" x1="{discs[a].x:.1f}" y1="{discs[a].y:.1f}" x2="{discs[b].x:.1f}" '
        f'y2="{discs[b].y:.1f}" stroke-width="{0.8 + 3.2 * n / highest:.2f}"/>'
        for (a, b), n in strongest
    )
    nodes = "".join(
        _draw_disc(topic, disc, share, chosen=topic.name == chosen)
        for topic, disc, share in zip(topic_map.topics, discs, recency, strict=True)
    )
    return (
        f'<svg class="topics" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="Map of topics">'
        f"{ties}{nodes}</svg>"
    )


def _draw_disc(topic: MappedTopic, disc: _Disc, recency: float, *, chosen: bool) -> str:
    lines = wrap_label(topic.name)
    value = escape(topic.name, quote=True)
    top = disc.y - 7.5 * (len(lines) - 1) - 3
    words = "".join(
        f'<tspan x="{disc.x:.1f}" y="{top + 15 * at:.1f}">{escape(line)}</tspan>'
        for at, line in enumerate(lines)
    )
    n_at = top + 15 * len(lines)
    pressed = "true" if chosen else "false"
    return (
        f'<g class="disc" data-act="look" data-value="{value}" role="button" tabindex="0" '
        f'aria-pressed="{pressed}" aria-label="{value}, {counted(topic.n_papers)}">'
        f'<circle cx="{disc.x:.1f}" cy="{disc.y:.1f}" r="{disc.radius:.1f}" style="--t:{recency:.2f}"/>'
        f'<text text-anchor="middle">{words}'
        f'<tspan class="n" x="{disc.x:.1f}" y="{n_at:.1f}">{topic.n_papers:,}</tspan></text></g>'
    )


def wrap_label(name: str) -> list[str]:
    """The words of a name on lines of some length, none cut."""
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + len(word) < LINE_CHARS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if lines:
        lines[0] = lines[0][:1].upper() + lines[0][1:]
    return lines


def _compute_recency(topics: Sequence[MappedTopic]) -> list[float]:
    """From 0, the topic whose papers are oldest on average, to 1; one half where no year is known."""
    means = []
    for topic in topics:
        known = {year: n for year, n in topic.years.items() if year is not None}
        total = sum(known.values())
        means.append(sum(year * n for year, n in known.items()) / total if total else None)
    dated = [mean for mean in means if mean is not None]
    low, high = min(dated, default=0.0), max(dated, default=0.0)
    return [0.5 if mean is None or high == low else (mean - low) / (high - low) for mean in means]


# --- places -------------------------------------------------------------------------------------


def place_discs(topic_map: TopicMap) -> list[_Disc]:
    """Where each topic stands; no two discs overlap by much, all are within the drawing."""
    discs = [_begin_disc(at, topic, topic_map) for at, topic in enumerate(topic_map.topics)]
    pulls = _compute_pulls(topic_map)
    for step in range(STEPS):
        force = 1 - step / STEPS
        for (a, b), pull in pulls.items():
            _draw_near(discs[a], discs[b], 0.05 * pull * force)
        for disc in discs:
            disc.x += (WIDTH / 2 - disc.x) * 0.012 * force
            disc.y += (HEIGHT / 2 - disc.y) * 0.03 * force
        for a in range(len(discs)):
            for b in range(a):
                _push_apart(discs[a], discs[b])
        for disc in discs:
            disc.x = min(max(disc.x, disc.reach + MARGIN), WIDTH - disc.reach - MARGIN)
            disc.y = min(max(disc.y, disc.radius + MARGIN), HEIGHT - disc.radius - MARGIN)
    _spread(discs)
    return discs


def _spread(discs: Sequence[_Disc]) -> None:
    """Move discs apart until they fill the drawing, so far as they are not much further from each other."""
    if len(discs) < 2:
        return
    x0 = min(disc.x - disc.reach for disc in discs)
    right = max(disc.x + disc.reach for disc in discs)
    top = min(disc.y - disc.radius for disc in discs)
    bottom = max(disc.y + disc.radius for disc in discs)
    wider = min(max((WIDTH - 2 * MARGIN) / (right - x0), 1.0), MAX_SPREAD)
    higher = min(max((HEIGHT - 2 * MARGIN) / (bottom - top), 1.0), MAX_SPREAD)
    for disc in discs:
        disc.x = WIDTH / 2 + (disc.x - (x0 + right) / 2) * wider
        disc.y = HEIGHT / 2 + (disc.y - (top + bottom) / 2) * higher
        disc.x = min(max(disc.x, disc.reach + MARGIN), WIDTH - disc.reach - MARGIN)
        disc.y = min(max(disc.y, disc.radius + MARGIN), HEIGHT - disc.radius - MARGIN)


def _begin_disc(at: int, topic: MappedTopic, topic_map: TopicMap) -> _Disc:
    highest = topic_map.topics[0].n_papers
    crowd = sqrt(max(len(topic_map.topics), 1) / 18)
    radius = max(MIN_RADIUS, MAX_RADIUS * sqrt(topic.n_papers / highest) / max(crowd, 0.8))
    widest = max(len(line) for line in wrap_label(topic.name)) * CHAR_WIDTH / 2
    angle, far = at * pi * (3 - sqrt(5)), 46 * sqrt(at)
    x, y = WIDTH / 2 + 1.5 * far * cos(angle), HEIGHT / 2 + far * sin(angle)
    return _Disc(x, y, radius, max(radius, widest))


def _compute_pulls(topic_map: TopicMap) -> Mapping[tuple[int, int], float]:
    """How strongly two topics belong together: the people of both, of the geometric mean of theirs."""
    sizes = [len(topic.people) for topic in topic_map.topics]
    return {(a, b): n / sqrt(sizes[a] * sizes[b]) for (a, b), n in topic_map.ties.items()}


def _draw_near(first: _Disc, second: _Disc, share: float) -> None:
    dx, dy = second.x - first.x, second.y - first.y
    first.x, first.y = first.x + dx * share, first.y + dy * share
    second.x, second.y = second.x - dx * share, second.y - dy * share


def _push_apart(first: _Disc, second: _Disc) -> None:
    dx, dy = second.x - first.x, second.y - first.y
    wide = (first.reach + second.reach + GAP) / (first.radius + second.radius + GAP)
    apart = hypot(dx / wide, dy) or 0.01
    overlap = first.radius + second.radius + GAP - apart
    if overlap <= 0:
        return
    shift_x, shift_y = dx / apart / wide * overlap / 2, dy / apart * overlap / 2
    first.x, first.y = first.x - shift_x, first.y - shift_y
    second.x, second.y = second.x + shift_x, second.y + shift_y
