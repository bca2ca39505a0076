"""People as safe HTML: ranked experts, and one person's heading, figures and years; pure.

As in `ui.views.answer_html.render_answer_html`, all text is escaped and clickable elements carry ``data-act``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from rag.text.english import counted
from rag.types import Answer, Expert, Paper, ProfilePage
from ui.views.answer_html import ROLES, format_name, render_person_button

MAX_TOPICS = 3


def render_experts(turn: Answer, papers: Mapping[str, Paper]) -> str:
    """Ranked people, each with the papers that put them there."""
    markers = {c.paper_id: c.marker for c in turn.citations}
    rows = [
        _render_expert(rank, expert, papers, markers) for rank, expert in enumerate(turn.experts, 1)
    ]
    return f'<ol class="experts">{"".join(rows)}</ol>'


def _render_expert(
    rank: int, expert: Expert, papers: Mapping[str, Paper], markers: Mapping[str, int]
) -> str:
    expert_papers = [papers[key] for key in expert.papers if key in papers]
    evidence = "".join(
        f'<li><button class="ref" data-act="paper" data-value="{paper.paper_id}">'
        f"<span><b>{format_name(paper.title, paper.label)}</b>"
        f'<span class="by">{paper.year or "year unknown"} · '
        f"{ROLES[expert.roles[paper.paper_id]]}</span></span></button></li>"
        for paper in expert_papers
    )
    n = len(expert_papers)
    details = " · ".join(filter(None, [f"{counted(n)} on this", format_years(expert_papers)]))
    return (
        f'<li><div class="who"><span class="no">{rank}</span>{render_person_button(expert.name)}'
        f'<span class="by">{details}</span></div><ul class="refs plain">{evidence}</ul></li>'
    )


def format_years(papers: Iterable[Paper]) -> str:
    """``2019–2024``, one year, or nothing where no year is known."""
    known = sorted({paper.year for paper in papers if paper.year is not None})
    if not known:
        return ""
    return str(known[0]) if len(known) == 1 else f"{known[0]}–{known[-1]}"


def render_figures(page: ProfilePage) -> str:
    """The figures that a profile page prints, named as the page's own."""
    figure_texts = [
        ("papers", page.n_papers),
        ("h-index", page.h_index),
        ("citations", page.n_citations),
        ("novelty", None if page.novelty is None else f"{page.novelty:.0%}"),
        ("AI score", page.ai_score),
    ]
    tiles = "".join(
        f"<div><b>{_format_figure(value)}</b><span>{name}</span></div>"
        for name, value in figure_texts
        if value is not None
    )
    return f'<div class="figures">{tiles}</div><p class="by">as the profile page prints them</p>'


def _format_figure(value: object) -> str:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def render_people_cards(counts: Mapping[str, int], topics: Mapping[str, Sequence[str]]) -> str:
    """People as cards: how many papers, and what they work on."""
    rows = []
    for name, n in counts.items():
        about = ", ".join(topics.get(name, ())[:MAX_TOPICS])
        rows.append(
            f'<li>{render_person_button(name)} <span class="by">{counted(n)}</span>'
            f"{f'<p>{escape(about)}</p>' if about else ''}</li>"
        )
    return f'<ul class="person-cards">{"".join(rows)}</ul>'


def render_names(people: Iterable[str]) -> str:
    """Names as buttons."""
    return (
        f'<ul class="people">{"".join(f"<li>{render_person_button(n)}</li>" for n in people)}</ul>'
    )
