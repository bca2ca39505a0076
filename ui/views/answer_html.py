"""Answers, papers and people as safe HTML; pure functions, no widgets.

All text from papers, models or questions is escaped here. Markdown of answers is rendered without
links, images and raw HTML, so it never loads or links anything outside this page.
Elements that can be clicked carry ``data-act`` and ``data-value``; `ui.components.click_component` reports them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape as escape
from typing import TYPE_CHECKING, Any

from rag.answers.phrases import format_checks
from rag.library.bibliography import format_byline
from rag.text import make_excerpt
from rag.types import Answer, Citation, Paper, Place, Role, Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

ROLES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "author",
    "page": "listed on their profile page",
}
SHOWN_REFERENCES = 6
SHOWN_QUOTE_WORDS = 60

# --- Markdown -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _build_markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    md = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    md.disable(["image", "link", "autolink", "html_inline", "html_block", "reference", "code"])
    md.inline.ruler.before("link", "cite", _parse_citation)
    md.add_render_rule("cite", _render_cite)
    return md


def _parse_citation(state: StateInline, silent: bool) -> bool:
    match = re.compile(r"\[(\d{1,4})\]").match(state.src, state.pos)
    if match is None or int(match[1]) not in state.env["markers"]:
        return False
    if not silent:
        state.push("cite", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _render_cite(_: Any, tokens: Sequence[Any], index: int, __: Any, env: Mapping[str, Any]) -> str:
    marker = int(tokens[index].content)
    return render_cite_button(marker, env["markers"][marker])


def render_cite_button(marker: int, title: str, *, chosen: bool = False) -> str:
    """The chip of a marker. Its label is read out; its number is shown."""
    label = escape(f"source {marker}: {title}", quote=True)
    current = ' aria-current="true"' if chosen else ""
    return (
        f'<span role="button" tabindex="0" class="cite" data-act="cite" data-value="{marker}" '
        f'aria-label="{label}"{current}>{marker}</span>'
    )


def render_markdown(
    text: str, markers: Mapping[int, str] | None = None, names: Iterable[str] = ()
) -> str:
    """An answer's Markdown as safe HTML.

    Args:
        text: Markdown with ``[n]`` markers.
        markers: The title behind each marker; a number that is not here stays plain text.
        names: People who become buttons where they stand outside of titles and quotes.
    """
    html = str(_build_markdown().render(text, {"markers": markers or {}}))
    html = html.replace(' <span role="button"', '&nbsp;<span role="button"')
    return add_people_buttons(html, names)


_TOKEN = re.compile(r"<(/?)(\w+)[^>]*>|[^<]+")


def add_people_buttons(html: str, names: Iterable[str]) -> str:
    """Names as buttons, the longest that fits; in titles (``em``) they stay text."""
    known = {escape(name, quote=False): name for name in names}
    if not known:
        return html
    longest = sorted(known, key=len, reverse=True)
    names_pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest))})(?![^\W_])")
    depth, parts = 0, []
    for token in _TOKEN.finditer(html):
        if token[2] in ("em", "span", "code"):
            depth += -1 if token[1] else 1
        text = token[0]
        if not token[2] and not depth:
            text = _apply_outside_quotes(
                text,
                lambda part: names_pattern.sub(
                    lambda m: render_pressable("person", known[m[0]]), part
                ),
            )
        parts.append(text)
    return "".join(parts)


def _apply_outside_quotes(text: str, change: Callable[[str], str]) -> str:
    """The text changed outside of its quotation marks."""
    return "".join(
        part if part.startswith("“") else change(part) for part in re.split(r"(“[^”]*”?)", text)
    )


def render_person_button(name: str) -> str:
    value = escape(name, quote=True)
    return f'<button class="person" data-act="person" data-value="{value}">{escape(name)}</button>'


def render_pressable(act: str, value: str) -> str:
    """Words of a running text that can be pressed, and break into lines like the others."""
    escaped_value = escape(value, quote=True)
    return (
        f'<span role="button" tabindex="0" class="{act}" data-act="{act}" data-value="{escaped_value}">'
        f"{escape(value)}</span>"
    )


# --- answers --------------------------------------------------------------------------------


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
        return f'<div class="pf answer live">{render_unfinished(text)}</div>'
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


def extract_bold(text: str) -> frozenset[str]:
    """What stands in bold in some Markdown, such as the names of people and papers."""
    return frozenset(remove_escapes(bold_text) for bold_text in re.findall(r"\*\*(.+?)\*\*", text))


def remove_escapes(text: str) -> str:
    """Markdown without the backslashes that keep text from papers as it is."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def render_answer_html(
    turn: Answer,
    papers: Mapping[str, Paper],
    active: int | None = None,
    names: Iterable[str] = (),
    *,
    chips: str = "",
    tools: str = "",
) -> str:
    """An answer with its citations, notes and references.

    Args:
        turn: The answer.
        papers: Those that it cites, by id.
        active: The marker whose paper is open.
        names: People who become buttons where the answer names them.
        chips: How the question was read; see `ui.views.reading_chips`.
        tools: What can be done with it; see `ui.components.answer_actions`.
    """
    markers = {c.marker: c.title or c.label for c in turn.citations}
    answer_html = add_topic_link(render_markdown(turn.text, markers, names), turn)
    parts = [
        f'<div class="answer {turn.status}">{answer_html}</div>',
        *(f'<p class="note">{escape(warning)}</p>' for warning in turn.warnings),
        render_references(turn, papers, active),
        chips,
        f'<div class="under">{tools}<div class="foot">{render_footer(turn)}</div></div>',
    ]
    return "".join(parts)


def add_topic_link(html: str, turn: Answer) -> str:
    """A search for people with its topic, where it first stands in bold, opening its experts."""
    topic = turn.reading.query.topic if turn.reading and turn.route == "experts" else ""
    if not topic or turn.status != "answered":
        return html
    bold = f"<strong>{escape(topic, quote=False)}</strong>"
    return html.replace(bold, f"<strong>{render_pressable('topic', topic)}</strong>", 1)


def render_footer(turn: Answer) -> str:
    """What answered the question from what, and what that cost."""
    if turn.status == "failed":
        return "no answer"
    model = "quoted, no model" if turn.model == "extractive" else turn.model
    parts = [turn.among and f"among {remove_escapes(turn.among)}", model, *list_spent(turn)]
    footer_parts = [f"<span>{escape(part)}</span>" for part in parts if part]
    if turn.sentences:
        footer_parts.append(render_checks(turn))
    return " · ".join([*footer_parts, render_time(turn)])


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


def render_time(turn: Answer) -> str:
    """The time of an answer, which opens into its steps and the time of each."""
    rows = [f"<li>{escape(name)} <span>{_format_time(ms)}</span></li>" for name, ms in turn.steps]
    if turn.first_words_ms is not None:
        rows.append(f"<li>first words after <span>{_format_time(turn.first_words_ms)}</span></li>")
    if not turn.steps:
        return f"<span>{_format_time(turn.latency_ms)}</span>"
    return (
        f'<details class="took"><summary>{_format_time(turn.latency_ms)}</summary>'
        f"<ol>{''.join(rows)}</ol></details>"
    )


def _format_time(value_ms: float) -> str:
    return f"{value_ms:,.0f} ms" if value_ms < 1000 else f"{value_ms / 1000:.1f} s"


def render_references(turn: Answer, papers: Mapping[str, Paper], active: int | None = None) -> str:
    """The papers behind an answer, by first marker; the later ones of many are folded away."""
    if not turn.citations:
        return ""
    answer_text = remove_escapes(turn.text)
    of_paper: dict[str, list[Citation]] = {}
    for citation in turn.citations:
        of_paper.setdefault(citation.paper_id, []).append(citation)
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
    return f'<section aria-label="References">{list_html}</section>'


def _render_reference(
    citations: Sequence[Citation], paper: Paper | None, active: int | None, answer_text: str
) -> str:
    """One paper with all its markers; a quote follows where the answer does not show it already."""
    first = citations[0]
    pages = dict.fromkeys(f"p. {c.page}" for c in citations if c.page is not None)
    places = ", ".join((first.source, *pages, *first.also_at))
    who = format_byline(paper) if paper else ""
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
        f'<span class="by">{escape(who)}</span>{quotes}'
        f'<span class="at">{escape(places)}</span></span></button></li>'
    )


def format_name(title: str | None, label: str) -> str:
    """A title, or a label marked as one."""
    if title:
        return escape(title)
    return f'<span class="label">{escape(label)}</span> <i class="tag">no title</i>'


def build_cards(turn: Answer, papers: Mapping[str, Paper]) -> list[dict[str, str]]:
    """What hovering a chip shows, by marker; plain text."""
    card_list = []
    for citation in turn.citations:
        paper = papers.get(citation.paper_id)
        card_list.append(
            {
                "value": str(citation.marker),
                "title": citation.title or citation.label,
                "by": format_byline(paper) if paper else citation.source,
                "quote": make_excerpt(citation.quote, SHOWN_QUOTE_WORDS),
            }
        )
    return card_list


# --- a paper --------------------------------------------------------------------------------


def render_source(paper: Paper, span: Span | None = None) -> str:
    """A paper for the side panel, the quoted span marked."""
    return (
        f'<article class="source"><h2>{format_name(paper.title, paper.label)}</h2>'
        f'<p class="authors">{_format_authors(paper)}</p>{render_facts(paper)}'
        f'<div class="text">{render_highlighted(paper.text, span)}</div>{_render_links(paper)}'
        f'<p class="at">{escape(", ".join(map(str, paper.places)))}</p></article>'
    )


def _format_authors(paper: Paper) -> str:
    printed = ", ".join(render_person_button(name) for name in paper.authors)
    if not printed:
        not_found = paper.is_not_found("authors")
        printed = f"<i>authors not {'found in this file' if not_found else 'printed'}</i>"
    elif not paper.authors_complete:
        printed += " et al."
    owners = [render_person_button(a.name) for a in paper.authorships if a.role == "page"]
    if owners:
        printed += f'<br><span class="by">also, by the profile page: {", ".join(owners)}</span>'
    return printed


def render_facts(paper: Paper) -> str:
    """Year, category, code mark, affiliations and venue as small tags."""
    tags = [str(paper.year) if paper.year else "year unknown"]
    if paper.category:
        tags.append(paper.category)
    if paper.code:
        tags.append("code")
    tags += [*paper.affiliations, *filter(None, [paper.venue])]
    return '<p class="tags">' + "".join(f"<span>{escape(tag)}</span>" for tag in tags) + "</p>"


def render_highlighted(text: str, span: Span | None = None) -> str:
    """The text in paragraphs, the span in ``<mark>``."""
    if not text:
        return "<p><i>this paper has no text here, only its title</i></p>"
    start, end = span or (0, 0)
    if not 0 <= start < end <= len(text):
        marked = escape(text)
    else:
        before, quoted, after = text[:start], text[start:end], text[end:]
        marked = f'{escape(before)}<mark tabindex="-1">{escape(quoted)}</mark>{escape(after)}'
    return f"<p>{marked}</p>"


def _render_links(paper: Paper) -> str:
    """The paper's own links, opened only by a click, elsewhere and without a referrer.

    None with a user or a password in it, which would be told, and stands where a host is looked for.
    """
    urls = dict.fromkeys(filter(None, (paper.url, _build_doi_url(paper), *paper.links)))
    safe = [url for url in urls if re.match(r"https?://[^/?#\\@]+(?:[/?#]|$)", url)]
    links_html = "".join(
        f'<li><a href="{escape(url, quote=True)}" target="_blank" rel="noopener noreferrer">'
        f"{escape(url)}</a></li>"
        for url in safe
    )
    return f'<ul class="links">{links_html}</ul>' if links_html else ""


def _build_doi_url(paper: Paper) -> str | None:
    return f"https://doi.org/{paper.doi}" if paper.doi else None


def render_thread_list(lines: Sequence[tuple[str, str]], active: str | None, none: str) -> str:
    """Conversations as buttons in one element; as widgets each would be sent and drawn in each run.

    Args:
        lines: Ids and names.
        active: The id of the open one, which is marked.
        none: What is said where there are no lines.
    """
    rows = []
    for thread_id, thread_name in lines:
        current = ' aria-current="true"' if thread_id == active else ""
        value = escape(thread_id, quote=True)
        rows.append(
            f'<li><button class="thread" data-act="thread" data-value="{value}"{current}>'
            f"{escape(thread_name)}</button></li>"
        )
    if not rows:
        return f'<p class="at">{escape(none)}</p>'
    return f'<ul class="threads" aria-label="Conversations">{"".join(rows)}</ul>'


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
