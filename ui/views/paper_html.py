"""One paper as safe HTML, for the panel beside the page: its text with what an answer quotes of it marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from rag.types import Paper, Role, Span
from ui.views.markdown_html import render_person_button

ROLES: Mapping[Role, str] = {
    "first": "first author",
    "listed": "author",
    "page": "listed on their profile page",
}


def format_name(title: str | None, label: str) -> str:
    """A title, or a label marked as one."""
    if title:
        return raise_powers(escape(title))
    return f'<span class="label">{escape(label)}</span> <i class="tag">no title</i>'


def raise_powers(html: str) -> str:
    """Turn ``LaRE^2`` in a title into a superscript."""
    return re.sub(r"(?<=\w)\^\{?(\w{1,3})\b\}?", r"<sup>\1</sup>", html)


def render_source(
    paper: Paper,
    span: Span | None = None,
    others: Sequence[Span] = (),
    *,
    bar: str = "",
    places: Sequence[str] = (),
) -> str:
    """A paper for the side panel.

    Args:
        paper: Whole.
        span: The quote that was opened, which is marked most.
        others: Further quotes of it in the same answer.
        bar: What can be done with it; see `render_bar`.
        places: Where it stands, in a reader's words; the files and lines follow in a fold.
    """
    files = escape(", ".join(map(str, paper.places)))
    return (
        f'{bar}<article class="source"><h2>{format_name(paper.title, paper.label)}</h2>'
        f'<p class="authors">{_format_authors(paper)}</p>{render_facts(paper)}'
        f'<div class="text">{render_highlighted(paper.text, span, others)}</div>'
        f"{_render_links(paper)}"
        f'<details class="at"><summary>{escape("; ".join(places) or "Where it was read")}</summary>'
        f"<p>{files}</p></details></article>"
    )


def render_bar(at: int, n: int) -> str:
    """The buttons of the panel: through the answer's quotes, on to a question, and away with a citation.

    Args:
        at: Which of the quotes is open, from 1; 0 for a paper that no quote opened.
        n: Quotes of the answer.
    """
    steps = ""
    if n > 1 and at:
        steps = (
            '<span class="steps-bar" role="group" aria-label="Quotes of this answer">'
            '<button class="tool" data-act="step" data-value="-1" aria-label="Previous quote">‹</button>'
            f"<span>{at} of {n}</span>"
            '<button class="tool" data-act="step" data-value="1" aria-label="Next quote">›</button></span>'
        )
    return (
        f'<div class="source-bar">{steps}<button class="do" data-act="about" data-value="">Ask about this paper'
        '</button><button class="do copy">Copy citation</button></div>'
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


def render_highlighted(text: str, span: Span | None = None, others: Sequence[Span] = ()) -> str:
    """The text in paragraphs, the spans in ``<mark>``; the one that was opened is marked most."""
    if not text:
        return "<p><i>this paper has no text here, only its title</i></p>"
    spans = [s for s in dict.fromkeys((span, *others)) if s and 0 <= s[0] < s[1] <= len(text)]
    apart: list[Span] = []
    for candidate in spans:  # the opened one first: another gives way where they overlap
        if all(candidate[1] <= start or end <= candidate[0] for start, end in apart):
            apart.append(candidate)
    parts, last = [], 0
    for start, end in sorted(apart):
        kind = ' tabindex="-1"' if (start, end) == span else ' class="other"'
        parts.append(f"{escape(text[last:start])}<mark{kind}>{escape(text[start:end])}</mark>")
        last = end
    return f"<p>{''.join(parts)}{escape(text[last:])}</p>"


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
