"""The first screen as safe HTML: how much the library holds, its topics, newest papers and people."""

from __future__ import annotations

from html import escape

from rag.answers.glance import Glance
from rag.library.bibliography import format_byline
from rag.text.english import counted
from rag.types import Paper
from ui.views.markdown_html import render_person_button
from ui.views.paper_html import format_name


def render_head(glance: Glance) -> str:
    """The name of what this is, and what is in it, in a line."""
    n_people = counted(glance.n_people, "person") if glance.n_people else ""
    years = "–".join(map(str, dict.fromkeys(glance.years or ())))
    facts = " · ".join(filter(None, (counted(glance.n_papers), n_people, years)))
    return (
        '<div class="hero first"><h1>Ask your papers, and find the people behind them</h1>'
        f"<p>{escape(facts)}</p></div>"
    )


def render_glance(glance: Glance) -> str:
    """Topics, newest papers and people, each of which can be pressed."""
    topics = "".join(
        f'<li><button data-act="ask" data-value="{_ask_about(topic)}">{escape(topic)} '
        f'<span class="by">{n}</span></button></li>'
        for topic, n in glance.topics
    )
    people = "".join(
        f'<li>{render_person_button(name)} <span class="by">{n}</span></li>'
        for name, n in glance.people
    )
    newest = "".join(map(_render_paper, glance.newest))
    parts = (
        ("Topics", f'<ul class="people">{topics}</ul>' if topics else ""),
        ("Newest papers", f'<ul class="newest">{newest}</ul>' if newest else ""),
        ("People", f'<ul class="people">{people}</ul>' if people else ""),
    )
    return (
        '<div class="glance">'
        + "".join(f"<section><h2>{head}</h2>{part}</section>" for head, part in parts if part)
        + "</div>"
    )


def _ask_about(topic: str) -> str:
    return escape(f"What do the papers say about {topic}?", quote=True)


def _render_paper(paper: Paper) -> str:
    return (
        f'<li><button data-act="paper" data-value="{paper.paper_id}"><b class="title">'
        f"{format_name(paper.title, paper.label)}</b>"
        f'<span class="by">{escape(format_byline(paper))}</span></button></li>'
    )
