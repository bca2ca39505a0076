"""The papers behind an answer, as a list beside it, and what pointing at a marker shows; pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rag.library.bibliography import format_byline
from rag.text import make_excerpt
from rag.types import Answer, Citation, Paper
from ui.views.markdown_html import remove_escapes, render_cite_button
from ui.views.paper_html import format_name

SHOWN_REFERENCES = 6
SHOWN_QUOTE_WORDS = 60


def render_references(turn: Answer, papers: Mapping[str, Paper], active: int | None = None) -> str:
    """The papers behind an answer, by first marker; the later ones of many are folded away.

    None where the answer is itself the list of these papers, or says that they do not answer.
    """
    answer_text = remove_escapes(turn.text)
    of_paper: dict[str, list[Citation]] = {}
    for citation in turn.citations:
        of_paper.setdefault(citation.paper_id, []).append(citation)
    if turn.route != "content":
        on_cards = {paper_id for expert in turn.experts for paper_id in expert.papers}
        of_paper = {
            key: group
            for key, group in of_paper.items()
            if key not in on_cards and (group[0].title or group[0].label) not in answer_text
        }
    name = (
        "Sources" if len(of_paper) == len({c.paper_id for c in turn.citations}) else "Other sources"
    )
    if not of_paper or turn.status != "answered":
        return ""
    items = [
        _render_reference(group, papers.get(key), active, answer_text)
        for key, group in of_paper.items()
    ]
    first, further_items = items[:SHOWN_REFERENCES], items[SHOWN_REFERENCES:]
    list_html = f'<ul class="refs">{"".join(first)}</ul>'
    if further_items:
        list_html += (
            f"<details><summary>{len(further_items)} more</summary>"
            f'<ul class="refs">{"".join(further_items)}</ul></details>'
        )
    return f'<section class="sources" aria-label="{name}"><h3>{name}</h3>{list_html}</section>'


def _render_reference(
    citations: Sequence[Citation], paper: Paper | None, active: int | None, answer_text: str
) -> str:
    """One paper with all its markers; a quote follows where the answer does not show it already."""
    first = citations[0]
    pages = ", ".join(dict.fromkeys(f"p. {c.page}" for c in citations if c.page is not None))
    who = ", ".join(filter(None, (format_byline(paper) if paper else "", pages)))
    hidden = dict.fromkeys(c.quote for c in citations if c.quote not in answer_text)
    quotes = "".join(f"<q>{escape(make_excerpt(quote, SHOWN_QUOTE_WORDS))}</q>" for quote in hidden)
    chips = "".join(
        render_cite_button(c.marker, c.title or c.label, chosen=c.marker == active)
        for c in citations
    )
    return (
        f'<li class="refrow"><span class="chips">{chips}</span>'
        f'<button class="ref" data-act="cite" data-value="{first.marker}">'
        f"<span><b>{format_name(first.title, first.label)}</b>"
        f'<span class="by">{escape(who)}</span>{quotes}</span></button></li>'
    )


def build_cards(turn: Answer, papers: Mapping[str, Paper]) -> list[dict[str, str]]:
    """What hovering a chip shows, by marker; plain text."""
    card_list = []
    for citation in turn.citations:
        paper = papers.get(citation.paper_id)
        card_list.append(
            {
                "value": str(citation.marker),
                "title": citation.title or citation.label,
                "by": format_byline(paper) if paper else "",
                "quote": make_excerpt(citation.quote, SHOWN_QUOTE_WORDS),
            }
        )
    return card_list
