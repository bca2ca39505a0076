"""Questions and answers as safe HTML; pure functions, no widgets.

All text from papers, models or questions is escaped here. Elements that can be clicked carry ``data-act`` and
``data-value``; `ui.components.click_component` reports them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as escape

from rag.answers.phrases import format_checks
from rag.library.bibliography import format_byline
from rag.types import Answer, Paper, Place, Role
from ui.views.markdown_html import (
    draw_counts,
    fold_lists,
    label_cells,
    remove_escapes,
    render_pressable,
)
from ui.views.markdown_html import (
    render_markdown as render_markdown,
)
from ui.views.paper_html import ROLES, format_name, raise_powers
from ui.views.people_html import render_expert_cards
from ui.views.reference_html import render_references


def render_question_html(text: str, *, last: bool = False) -> str:
    """A question as asked; the last one of a conversation is marked, for the page's style."""
    return f'<div class="pf question{" last" if last else ""}">{escape(text)}</div>'


def render_working(steps: Sequence[tuple[str, float]], text: str) -> str:
    """An answer in the making: its words so far, or the steps taken and how long each took.

    Args:
        steps: Names, with when each began in seconds since the question; the last is going on.
        text: Markdown so far.
    """
    if text:
        return f'<div class="pf answer live">{fold_lists(render_unfinished(text))}</div>'
    ends = [at for _, at in steps[1:]]
    rows = [
        f'<li>{escape(name)} <span class="by">{(end - at) * 1000:,.0f} ms</span></li>'
        for (name, at), end in zip(steps, ends, strict=False)
    ]
    rows += [f"<li>{escape(name)}</li>" for name, _ in steps[-1:]]
    return f'<div class="pf"><ul class="steps" role="status">{"".join(rows)}</ul></div>'


def render_unfinished(text: str) -> str:
    """Markdown of an unfinished answer, whose markers are not links yet."""
    return render_markdown(
        text, {int(n): "not complete yet" for n in re.findall(r"\[(\d{1,4})\]", text)}
    )


def render_interrupted(words: str) -> str:
    """What came of an answer that was stopped or cut off, and that this is not all."""
    message = "Stopped before its quotes were checked." if words else "This was not answered."
    return (
        f'<div class="pf"><div class="answer live">{render_unfinished(words)}</div>'
        f'<p class="note">{message}</p></div>'
    )


def render_answer_html(
    turn: Answer,
    papers: Mapping[str, Paper],
    active: int | None = None,
    names: Iterable[str] = (),
    *,
    chips: str = "",
    tools: str = "",
    portrait: str = "",
) -> str:
    """An answer with its sources, notes and what can be done with it.

    Args:
        turn: The answer.
        papers: Those that it cites, by id.
        active: The marker whose paper is open.
        names: People who become buttons where the answer names them.
        chips: How the question was read; see `ui.views.reading_chips`.
        tools: What can be done with it; see `ui.components.answer_actions`.
        portrait: The person that it is about, who stands in place of the words; see `ui.views.people_html`.
    """
    notes = "".join(f'<p class="note">{escape(warning)}</p>' for warning in turn.warnings)
    words = portrait or render_words(turn, papers, names)
    sources = render_references(turn, papers, active)
    return (
        f'<div class="turn{" sided" if sources else ""}">'
        f'<div class="said"><div class="answer {turn.status}">{words}</div>{notes}</div>{sources}'
        f'<div class="after">{chips}<div class="under">{tools}'
        f'<div class="foot">{render_footer(turn)}</div></div></div></div>'
    )


def render_words(turn: Answer, papers: Mapping[str, Paper], names: Iterable[str] = ()) -> str:
    """What the answer says: long lists folded, tables that become cards, ranked people as cards."""
    markers = {c.marker: c.title or c.label for c in turn.citations}
    html = render_markdown(turn.text, markers, names)
    for title in sorted({escape(title, quote=False) for title in markers.values()}, key=len):
        html = html.replace(
            f"<strong>{title}</strong>", f'<b class="title">{raise_powers(title)}</b>'
        )
    html = draw_counts(html) if turn.route == "catalogue" else html
    html = label_cells(fold_lists(add_topic_link(html, turn)))
    if turn.route == "experts" and turn.status == "answered" and turn.experts:
        cards = render_expert_cards(turn, papers)
        html = re.sub(r"<ol>.*?</ol>", lambda _: cards, html, count=1, flags=re.DOTALL)
    return html


def add_topic_link(html: str, turn: Answer) -> str:
    """A search for people with its topic, where it first stands in bold, opening its experts."""
    topic = turn.reading.query.topic if turn.reading and turn.route == "experts" else ""
    if not topic or turn.status != "answered":
        return html
    bold = f"<strong>{escape(topic, quote=False)}</strong>"
    return html.replace(bold, f"<strong>{render_pressable('topic', topic)}</strong>", 1)


def render_footer(turn: Answer) -> str:
    """What answered the question from what; what that took stands in a fold."""
    if turn.status == "failed":
        return "no answer"
    model = "" if turn.model == "extractive" else turn.model
    parts = [turn.among and f"among {remove_escapes(turn.among)}", model]
    footer_parts = [f"<span>{escape(part)}</span>" for part in parts if part]
    if turn.sentences:
        footer_parts.append(render_checks(turn))
    return " · ".join([*footer_parts, render_account(turn)])


def render_checks(turn: Answer) -> str:
    """What was checked, and by whom: ``checked by gpt-4o: 4 supported, 1 unverified``, never more than that.

    Pointing at it shows the sentences that were not found in the papers.
    """
    rest = [f"unverified: {s.text}" for s in turn.sentences if s.verdict == "not_found"]
    title = escape(chr(10).join(rest), quote=True)
    return f'<span title="{title}">{escape(format_checks(turn))}</span>'


def list_spent(turn: Answer) -> list[str]:
    """Tokens and money of an answer, as far as they are known."""
    used = turn.usage
    parts = []
    if turn.cached:
        parts.append("from the cache")
    if used.input_tokens or used.output_tokens:
        about = "about " if used.estimated else ""
        parts.append(f"{about}{used.input_tokens:,} + {used.output_tokens:,} tokens")
    if used.cost_usd is not None:
        parts.append(f"${used.cost_usd:.4f}")
    if turn.first_token_ms is not None and turn.first_words_ms is not None:
        parts.append(f"first words after {_format_time(turn.first_words_ms)}")
    return parts


def render_account(turn: Answer) -> str:
    """How the answer came about, folded: who worded it, what it cost, and the time of each step."""
    worded = "quoted, no model" if turn.model == "extractive" else f"worded by {turn.model}"
    rows = [f"<li>{escape(part)}</li>" for part in (worded, *list_spent(turn))]
    rows += [f"<li>{escape(name)} <span>{_format_time(ms)}</span></li>" for name, ms in turn.steps]
    rows.append(f"<li>in all <span>{_format_time(turn.latency_ms)}</span></li>")
    return f'<details class="took"><summary>Details</summary><ol>{"".join(rows)}</ol></details>'


def _format_time(value_ms: float) -> str:
    return f"{value_ms:,.0f} ms" if value_ms < 1000 else f"{value_ms / 1000:.1f} s"


def render_paper_list(papers: Sequence[Paper], roles: Mapping[str, Role] | None = None) -> str:
    """Papers as rows that open; with ``roles``, what the person was to each."""
    rows = []
    for paper in papers:
        role = f" · {ROLES[roles[paper.paper_id]]}" if roles and paper.paper_id in roles else ""
        rows.append(
            f'<li><button class="ref" data-act="paper" data-value="{paper.paper_id}">'
            f"<span><b>{format_name(paper.title, paper.label)}</b>"
            f'<span class="by">{escape(format_byline(paper) + role)}</span></span></button></li>'
        )
    return f'<ul class="refs plain">{"".join(rows)}</ul>'


def get_recency_key(paper: Paper) -> tuple[int, int, int, tuple[Place, ...]]:
    """Sort key: year, month, day descending; unknown years last; ties as the papers were read."""
    return (-(paper.year or 0), -(paper.month or 0), -(paper.day or 0), paper.places)
