"""Answers, papers and people as safe HTML; pure functions, no widgets.

Whatever comes from papers, models or questions is escaped here. Markdown of answers is rendered
without links, images and raw HTML, so nothing outside this page is ever loaded or linked by it.
Elements that can be clicked carry ``data-act`` and ``data-value``; `ui.board` reports them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape as escape
from typing import TYPE_CHECKING, Any

from rag.bibliography import byline
from rag.text import excerpt
from rag.types import Answer, Citation, Paper, Place, Role, Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

ROUTES = {
    "content": "what the papers say",
    "experts": "a search for people",
    "person": "about a person",
    "catalogue": "a count or list",
    "smalltalk": "small talk",
    "unsupported": "outside these papers",
}
ROLES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "author",
    "page": "author by profile page",
}
SHOWN_REFERENCES = 6
SHOWN_QUOTE_WORDS = 60

# --- Markdown -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    md = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    md.disable(["image", "link", "autolink", "html_inline", "html_block", "reference", "code"])
    md.inline.ruler.before("link", "cite", _cite_rule)
    md.add_render_rule("cite", _render_cite)
    return md


def _cite_rule(state: StateInline, silent: bool) -> bool:
    match = re.compile(r"\[(\d{1,4})\]").match(state.src, state.pos)
    if match is None or int(match[1]) not in state.env["markers"]:
        return False
    if not silent:
        state.push("cite", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _render_cite(_: Any, tokens: Sequence[Any], index: int, __: Any, env: Mapping[str, Any]) -> str:
    marker = int(tokens[index].content)
    return cite_button(marker, env["markers"][marker])


def cite_button(marker: int, title: str, *, chosen: bool = False) -> str:
    """The chip of a marker. Its label is read out; its number is shown."""
    label = escape(f"source {marker}: {title}", quote=True)
    current = ' aria-current="true"' if chosen else ""
    return (
        f'<span role="button" tabindex="0" class="cite" data-act="cite" data-value="{marker}" '
        f'aria-label="{label}"{current}>{marker}</span>'
    )


def markdown(text: str, markers: Mapping[int, str] | None = None, names: Iterable[str] = ()) -> str:
    """An answer's Markdown as safe HTML.

    Args:
        text: Markdown with ``[n]`` markers.
        markers: The title behind each marker; a number that is not here stays plain text.
        names: People who become buttons where they stand outside of titles and quotes.
    """
    html = str(_markdown().render(text, {"markers": markers or {}}))
    html = html.replace(' <span role="button"', '&nbsp;<span role="button"')
    return with_people(html, names)


_TOKEN = re.compile(r"<(/?)(\w+)[^>]*>|[^<]+")


def with_people(html: str, names: Iterable[str]) -> str:
    """Names as buttons, the longest that fits; in titles (``em``) they stay text."""
    known = {escape(name, quote=False): name for name in names}
    if not known:
        return html
    longest = sorted(known, key=len, reverse=True)
    found = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest))})(?![^\W_])")
    depth, parts = 0, []
    for token in _TOKEN.finditer(html):
        if token[2] in ("em", "span", "code"):
            depth += -1 if token[1] else 1
        text = token[0]
        if not token[2] and not depth:
            text = _quoted(
                text, lambda part: found.sub(lambda m: pressed_text("person", known[m[0]]), part)
            )
        parts.append(text)
    return "".join(parts)


def _quoted(text: str, change: Callable[[str], str]) -> str:
    """The text changed outside of its quotation marks."""
    return "".join(
        part if part.startswith("“") else change(part) for part in re.split(r"(“[^”]*”?)", text)
    )


def person_button(name: str) -> str:
    value = escape(name, quote=True)
    return f'<button class="person" data-act="person" data-value="{value}">{escape(name)}</button>'


def pressed_text(act: str, value: str) -> str:
    """Words of a running text that can be pressed, and break into lines like the others."""
    told = escape(value, quote=True)
    return (
        f'<span role="button" tabindex="0" class="{act}" data-act="{act}" data-value="{told}">'
        f"{escape(value)}</span>"
    )


# --- answers --------------------------------------------------------------------------------


def question(text: str, *, last: bool = False) -> str:
    """A question as asked; the last one of a conversation is marked, for the page's style."""
    return f'<div class="pf question{" last" if last else ""}">{escape(text)}</div>'


def working(steps: Sequence[tuple[str, float]], text: str) -> str:
    """An answer in the making: its words so far, or the steps taken and how long each took.

    Args:
        steps: Names, with when each began in seconds since the question; the last is going on.
        text: Markdown so far.
    """
    if text:
        return f'<div class="pf answer live">{unfinished(text)}</div>'
    ends = [at for _, at in steps[1:]]
    rows = [
        f'<li>{escape(name)} <span class="by">{(end - at) * 1000:,.0f} ms</span></li>'
        for (name, at), end in zip(steps, ends, strict=False)
    ]
    rows += [f"<li>{escape(name)}</li>" for name, _ in steps[-1:]]
    return f'<div class="pf"><ul class="steps" role="status">{"".join(rows)}</ul></div>'


def unfinished(text: str) -> str:
    """Markdown of an answer that is not whole: its markers lead nowhere yet."""
    return markdown(text, {int(n): "not complete yet" for n in re.findall(r"\[(\d{1,4})\]", text)})


def interrupted(words: str) -> str:
    """What came of an answer that was stopped or cut off, and that this is not all."""
    told = "Stopped before its quotes were checked." if words else "This was not answered."
    return (
        f'<div class="pf"><div class="answer live">{unfinished(words)}</div>'
        f'<p class="note">{told}</p></div>'
    )


def bold(text: str) -> frozenset[str]:
    """What stands in bold in some Markdown, such as the names of people and papers."""
    return frozenset(plain(found) for found in re.findall(r"\*\*(.+?)\*\*", text))


def plain(text: str) -> str:
    """Markdown without the backslashes that keep text from papers as it is."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def answer(
    turn: Answer,
    papers: Mapping[str, Paper],
    active: int | None = None,
    names: Iterable[str] = (),
    *,
    tools: str = "",
    can_reread: bool = False,
) -> str:
    """An answer with its chips, notes and references.

    Args:
        turn: The answer.
        papers: Those that it cites, by id.
        active: The marker whose paper is open.
        names: People who become buttons where the answer names them.
        tools: What can be done with it; see `ui.tools`.
        can_reread: Whether the reading that was not taken can be taken by a press.
    """
    markers = {c.marker: c.title or c.label for c in turn.citations}
    told = with_topic(markdown(turn.text, markers, names), turn)
    parts = [
        f'<div class="answer {turn.status}">{told}</div>',
        *(f'<p class="note">{escape(warning)}</p>' for warning in turn.warnings),
        references(turn, papers, active),
        f'<div class="under">{tools}<div class="foot">{footer(turn, can_reread)}</div></div>',
    ]
    return "".join(parts)


def with_topic(html: str, turn: Answer) -> str:
    """A search for people with its topic, where it first stands in bold, opening its experts."""
    topic = turn.intent.topic if turn.intent and turn.route == "experts" else None
    if not topic or turn.status != "answered":
        return html
    bold = f"<strong>{escape(topic, quote=False)}</strong>"
    return html.replace(bold, f"<strong>{pressed_text('topic', topic)}</strong>", 1)


def footer(turn: Answer, can_reread: bool = False) -> str:
    """How the question was read, what answered it from what, and what that cost.

    Args:
        turn: The answer.
        can_reread: Whether the reading that was not taken can be taken by a press.
    """
    if turn.status == "failed":
        return "no answer"
    why = turn.intent.reason if turn.intent else ""
    read = f'<span title="{escape(why, quote=True)}">read as {ROUTES[turn.route]}</span>'
    if note := why.partition("; ")[2]:
        read += f" <span>({escape(note)})</span>"
    model = "quoted, no model" if turn.model == "extractive" else turn.model
    parts = [turn.among and f"among {plain(turn.among)}", model, *spent(turn)]
    told = [read, *(f"<span>{escape(part)}</span>" for part in parts if part)]
    if can_reread and turn.other is not None:
        told.insert(
            1,
            f'<button class="reread" data-act="reread" data-value="{turn.other.route}">'
            f"read it as {escape(turn.other.words)} instead</button>",
        )
    if turn.sentences:
        told.append(checked(turn))
    return " · ".join([*told, took(turn)])


VERDICTS = {"supported": "supported", "partly": "in part", "not_found": "not found"}


def checked(turn: Answer) -> str:
    """``sentences: 4 supported, 1 in part``; pointing at it shows those that are less than supported."""
    counts = ", ".join(f"{n} {VERDICTS[verdict]}" for verdict, n in turn.n_by_verdict.items())
    rest = [f"{VERDICTS[s.verdict]}: {s.text}" for s in turn.sentences if s.verdict != "supported"]
    return f'<span title="{escape(chr(10).join(rest), quote=True)}">sentences: {counts}</span>'


def spent(turn: Answer) -> list[str]:
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
        parts.append(f"first words after {_time(turn.first_words_ms)}")
    return parts


def took(turn: Answer) -> str:
    """The time of an answer, which opens into its steps and the time of each."""
    rows = [f"<li>{escape(name)} <span>{_time(ms)}</span></li>" for name, ms in turn.steps]
    if turn.first_words_ms is not None:
        rows.append(f"<li>first words after <span>{_time(turn.first_words_ms)}</span></li>")
    if not turn.steps:
        return f"<span>{_time(turn.latency_ms)}</span>"
    return (
        f'<details class="took"><summary>{_time(turn.latency_ms)}</summary>'
        f"<ol>{''.join(rows)}</ol></details>"
    )


def _time(value_ms: float) -> str:
    return f"{value_ms:,.0f} ms" if value_ms < 1000 else f"{value_ms / 1000:.1f} s"


def references(turn: Answer, papers: Mapping[str, Paper], active: int | None = None) -> str:
    """The papers behind an answer, by first marker; the later ones of many are folded away."""
    if not turn.citations:
        return ""
    said = plain(turn.text)
    of_paper: dict[str, list[Citation]] = {}
    for citation in turn.citations:
        of_paper.setdefault(citation.paper_id, []).append(citation)
    items = [_reference(group, papers.get(key), active, said) for key, group in of_paper.items()]
    first, more = items[:SHOWN_REFERENCES], items[SHOWN_REFERENCES:]
    listed = f'<ul class="refs">{"".join(first)}</ul>'
    if more:
        listed += (
            f"<details><summary>{len(more)} more</summary>"
            f'<ul class="refs">{"".join(more)}</ul></details>'
        )
    return f'<section aria-label="References">{listed}</section>'


def _reference(
    citations: Sequence[Citation], paper: Paper | None, active: int | None, said: str
) -> str:
    """One paper with all its markers; a quote follows where the answer does not show it already."""
    first = citations[0]
    places = ", ".join((first.source, *first.also_at))
    who = byline(paper) if paper else ""
    hidden = dict.fromkeys(c.quote for c in citations if c.quote not in said)
    quotes = "".join(f"<q>{escape(excerpt(quote, SHOWN_QUOTE_WORDS))}</q>" for quote in hidden)
    chips = "".join(
        cite_button(c.marker, c.title or c.label, chosen=c.marker == active) for c in citations
    )
    return (
        f'<li class="refrow"><span class="chips">{chips}</span>'
        f'<button class="ref" data-act="cite" data-value="{first.marker}">'
        f"<span><b>{name(first.title, first.label)}</b>"
        f'<span class="by">{escape(who)}</span>{quotes}'
        f'<span class="at">{escape(places)}</span></span></button></li>'
    )


def name(title: str | None, label: str) -> str:
    """A title, or a label marked as one."""
    if title:
        return escape(title)
    return f'<span class="label">{escape(label)}</span> <i class="tag">no title</i>'


def cards(turn: Answer, papers: Mapping[str, Paper]) -> list[dict[str, str]]:
    """What hovering a chip shows, by marker; plain text."""
    found = []
    for citation in turn.citations:
        paper = papers.get(citation.paper_id)
        found.append(
            {
                "value": str(citation.marker),
                "title": citation.title or citation.label,
                "by": byline(paper) if paper else citation.source,
                "quote": excerpt(citation.quote, SHOWN_QUOTE_WORDS),
            }
        )
    return found


# --- a paper --------------------------------------------------------------------------------


def source(paper: Paper, span: Span | None = None) -> str:
    """A whole paper for the side panel, the quoted span marked."""
    return (
        f'<article class="source"><h2>{name(paper.title, paper.label)}</h2>'
        f'<p class="authors">{_authors(paper)}</p>{facts(paper)}'
        f'<div class="text">{highlighted(paper.text, span)}</div>{_links(paper)}'
        f'<p class="at">{escape(", ".join(map(str, paper.places)))}</p></article>'
    )


def _authors(paper: Paper) -> str:
    printed = ", ".join(person_button(name) for name in paper.authors)
    if not printed:
        printed = "<i>authors not printed</i>"
    elif not paper.authors_complete:
        printed += " et al."
    owners = [person_button(a.name) for a in paper.authorships if a.role == "page"]
    if owners:
        printed += f'<br><span class="by">also, by the profile page: {", ".join(owners)}</span>'
    return printed


def facts(paper: Paper) -> str:
    """Year, category, code mark, affiliations and venue as small tags."""
    tags = [str(paper.year) if paper.year else "year unknown"]
    if paper.category:
        tags.append(paper.category)
    if paper.code:
        tags.append("code")
    tags += [*paper.affiliations, *filter(None, [paper.venue])]
    return '<p class="tags">' + "".join(f"<span>{escape(tag)}</span>" for tag in tags) + "</p>"


def highlighted(text: str, span: Span | None = None) -> str:
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


def _links(paper: Paper) -> str:
    """The paper's own links, opened only by a click, elsewhere and without a referrer.

    None with a user or a password in it, which would be told, and stands where a host is looked for.
    """
    urls = dict.fromkeys(filter(None, (paper.url, _doi_url(paper), *paper.links)))
    safe = [url for url in urls if re.match(r"https?://[^/?#\\@]+(?:[/?#]|$)", url)]
    shown = "".join(
        f'<li><a href="{escape(url, quote=True)}" target="_blank" rel="noopener noreferrer">'
        f"{escape(url)}</a></li>"
        for url in safe
    )
    return f'<ul class="links">{shown}</ul>' if shown else ""


def _doi_url(paper: Paper) -> str | None:
    return f"https://doi.org/{paper.doi}" if paper.doi else None


def thread_list(lines: Sequence[tuple[str, str]], active: str | None, none: str) -> str:
    """Conversations as buttons in one element; as widgets each would be sent and drawn in each run.

    Args:
        lines: Ids and names.
        active: The id of the open one, which is marked.
        none: What is said where there are no lines.
    """
    rows = []
    for thread_id, named in lines:
        current = ' aria-current="true"' if thread_id == active else ""
        value = escape(thread_id, quote=True)
        rows.append(
            f'<li><button class="thread" data-act="thread" data-value="{value}"{current}>'
            f"{escape(named)}</button></li>"
        )
    if not rows:
        return f'<p class="at">{escape(none)}</p>'
    return f'<ul class="threads" aria-label="Conversations">{"".join(rows)}</ul>'


def paper_list(papers: Sequence[Paper], roles: Mapping[str, Role] | None = None) -> str:
    """Papers as rows that open; with ``roles``, what the person was to each."""
    rows = []
    for paper in papers:
        role = f" · {ROLES[roles[paper.paper_id]]}" if roles and paper.paper_id in roles else ""
        rows.append(
            f'<li><button class="ref" data-act="paper" data-value="{paper.paper_id}">'
            f"<span><b>{name(paper.title, paper.label)}</b>"
            f'<span class="by">{escape(byline(paper) + role)}</span></span></button></li>'
        )
    return f'<ul class="refs plain">{"".join(rows)}</ul>'


def newest_first(paper: Paper) -> tuple[int, int, int, tuple[Place, ...]]:
    """Sort key: year, month, day descending; unknown years last; ties as the papers were read."""
    return (-(paper.year or 0), -(paper.month or 0), -(paper.day or 0), paper.places)


def paper_row(paper: Paper) -> dict[str, object]:
    """One row of the papers table."""
    return {
        "Title": paper.title or f"{paper.label} (no title)",
        "Authors": _printed(paper),
        "Year": paper.year,
        "Category": paper.category,
        "Code": bool(paper.code),
        "Affiliations": ", ".join(paper.affiliations),
        "Places": ", ".join(map(str, paper.places)),
    }


def _printed(paper: Paper) -> str | None:
    if not paper.authors:
        return None
    return ", ".join(paper.authors) + ("" if paper.authors_complete else " et al.")
