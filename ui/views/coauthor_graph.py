"""The co-author graph of one person as SVG; pure.

The person is in the middle, co-authors around; discs grow with the papers shared with the person,
lines between co-authors with the papers that those two share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import cos, pi, sin, sqrt

from rag.text.english import counted
from rag.types import Paper
from ui.views.markdown_html import render_person_button

WIDTH, HEIGHT, RADIUS = 720, 410, 165
MOST_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Network:
    """Co-authors of ``person`` with the papers shared, most first; ties between co-authors."""

    person: str
    shared: tuple[tuple[str, int], ...]
    ties: tuple[tuple[str, str, int], ...]


def count_network(person: str, papers: Sequence[Paper]) -> Network:
    """Count who shares papers with whom among the papers of one person; equals go by name."""
    shared: dict[str, int] = {}
    ties: dict[tuple[str, str], int] = {}
    for paper in papers:
        names = sorted({a.name for a in paper.authorships} - {person})
        for name in names:
            shared[name] = shared.get(name, 0) + 1
        for pair in combinations(names, 2):
            ties[pair] = ties.get(pair, 0) + 1
    ranked = sorted(shared.items(), key=lambda item: (-item[1], item[0]))
    return Network(person, tuple(ranked), tuple((a, b, n) for (a, b), n in sorted(ties.items())))


def rank_around_ring(network: Network) -> list[str]:
    """The co-authors drawn, so ordered that those who write together stand side by side."""
    remaining_names = [name for name, _ in network.shared[:MOST_SHOWN]]
    weights = {frozenset((a, b)): n for a, b, n in network.ties}
    order = remaining_names[:1]
    remaining_names = remaining_names[1:]
    while remaining_names:
        last = order[-1]
        closest = max(remaining_names, key=lambda name: weights.get(frozenset((last, name)), 0))
        order.append(closest)
        remaining_names.remove(closest)
    return order


def draw_network(network: Network) -> str:
    """The drawing; each name is a button that opens that person."""
    order = rank_around_ring(network)
    counts = dict(network.shared)
    places = {name: _compute_place(index, len(order)) for index, name in enumerate(order)}
    chords = "".join(
        _draw_line(places[a], places[b], n, "tie")
        for a, b, n in network.ties
        if a in places and b in places
    )
    spokes = "".join(
        _draw_line((WIDTH / 2, HEIGHT / 2), places[name], counts[name], "spoke") for name in order
    )
    nodes = "".join(_draw_node(name, counts[name], places[name]) for name in order)
    middle = (
        f'<g class="self"><circle cx="{WIDTH / 2}" cy="{HEIGHT / 2}" r="26"/>'
        f'<text x="{WIDTH / 2}" y="{HEIGHT / 2 + 46}" text-anchor="middle">'
        f"{escape(network.person)}</text></g>"
    )
    label = escape(f"Co-authors of {network.person}", quote=True)
    return (
        f'<div class="drawing"><svg class="graph" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{label}">'
        f"{chords}{spokes}{nodes}{middle}</svg></div>{_render_name_list(order, counts)}"
    )


def _render_name_list(order: Sequence[str], counts: Mapping[str, int]) -> str:
    """The same co-authors as a list, for screens too narrow for the drawing."""
    ranked = sorted(order, key=lambda name: (-counts[name], name))
    rows = "".join(
        f'<li>{render_person_button(name)} <span class="by">{counts[name]}</span></li>'
        for name in ranked
    )
    return f'<ul class="people narrow">{rows}</ul>'


def _compute_place(index: int, n: int) -> tuple[float, float]:
    angle = 2 * pi * (index + 0.5) / n - pi / 2
    return WIDTH / 2 + 1.25 * RADIUS * cos(angle), HEIGHT / 2 + RADIUS * sin(angle)


def _draw_line(start: tuple[float, float], end: tuple[float, float], n: int, kind: str) -> str:
    return (
        f'<line class="{kind}" x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" '
        f'y2="{end[1]:.1f}" stroke-width="{0.6 + 0.8 * sqrt(n):.2f}"/>'
    )


def _draw_node(name: str, n: int, at: tuple[float, float]) -> str:
    x, y = at
    size = 5 + 3 * sqrt(n)
    right = x >= WIDTH / 2
    anchor, dx = ("start", size + 5) if right else ("end", -size - 5)
    value = escape(name, quote=True)
    papers = counted(n, "shared paper")
    return (
        f'<g class="node" data-act="person" data-value="{value}" role="button" tabindex="0" '
        f'aria-label="{value}, {papers}"><title>{value}: {papers}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"/>'
        f'<text x="{x + dx:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{escape(name)}'
        f"<tspan> {n}</tspan></text></g>"
    )


def format_caption(coauthor_network: Network) -> str:
    """How many co-authors there are and what the drawing says."""
    n = len(coauthor_network.shared)
    drawn = f"the {MOST_SHOWN} with most shared papers are drawn; " if n > MOST_SHOWN else ""
    return (
        f"{counted(n, 'co-author')} named; {drawn}"
        "discs and numbers count papers shared, lines join those who also write with each other. "
        "Lists cut by “et al.” hide more."
    )
