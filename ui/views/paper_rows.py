"""Papers as rows of a list, with the words searched for marked, and the facets beside them; pure.

As in `ui.views.answer_html`, all text is escaped and what can be pressed carries ``data-act``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rag.answers.facets import Facet
from rag.answers.rows import format_date
from rag.text import fold
from rag.text.english import counted
from rag.types import Paper
from rag.types.fields import Scalar
from ui.views.markdown_html import render_person_button
from ui.views.paper_html import raise_powers

SHOWN_AUTHORS = 4
EXCERPT_CHARS = 260
BEFORE_HIT_CHARS = 70
SHOWN_VALUES = 6
HEADINGS = {
    "year": "Year", "category": "Category", "code": "Code", "author": "Person",
    "affiliation": "Affiliation", "venue": "Venue", "keyword": "Keyword", "page": "Profile page",
}  # fmt: skip
ORDERS = {"newest": "Newest first", "oldest": "Oldest first", "title": "By title"}
SEARCHED_ORDER = {"words": "Words in the title first"}


@dataclass(frozen=True, slots=True)
class ListHead:
    """What stands above and beside the rows.

    Attributes:
        chips: Conditions in words, with what taking them away reports.
        order: One of `ORDERS`, or ``words``.
        all_chosen: Whether every paper listed is chosen.
    """

    n_listed: int
    n_all: int
    words: str
    chips: Sequence[tuple[str, str]]
    facets: Sequence[Facet]
    order: str
    all_chosen: bool = False
    note: str = ""


# --- rows ---------------------------------------------------------------------------------------


def render_row(paper: Paper, position: int, n_rows: int, words: Sequence[str]) -> str:
    """One paper: a box that chooses it, its title that opens it, who and when, and two lines of it."""
    shown_name = raise_powers(mark_words(paper.name, words))
    if paper.title is None:
        shown_name = f'<span class="label">{shown_name}</span> <i class="tag">no title</i>'
    excerpt = make_excerpt_around(paper.text, words)
    text = f'<p class="excerpt">{mark_words(excerpt, words)}</p>' if excerpt else ""
    return (
        f'<div class="row" role="listitem" data-id="{escape(paper.paper_id, quote=True)}"'
        f' aria-posinset="{position + 1}" aria-setsize="{n_rows}">'
        f'<label class="pick"><input type="checkbox" aria-label="Select {escape(paper.name, quote=True)}"></label>'
        f'<div class="what"><button class="name" data-act="paper" data-value="{escape(paper.paper_id, quote=True)}">'
        f'{shown_name}</button><p class="by">{_format_by(paper)}</p>{text}</div></div>'
    )


def _format_by(paper: Paper) -> str:
    names = paper.authors or tuple(a.name for a in paper.authorships if a.role == "page")
    people = ", ".join(render_person_button(name) for name in names[:SHOWN_AUTHORS])
    n_more = len(names) - SHOWN_AUTHORS
    if n_more > 0:
        people += f" and {n_more:,} more"
    elif paper.authors and not paper.authors_complete:
        people += " et al."
    parts = [people or "authors unknown", escape(format_date(paper) or "year unknown")]
    parts += [escape(part) for part in (paper.category, paper.venue) if part]
    marks = [mark for mark, has in (("code", paper.code), ("retracted", paper.retracted)) if has]
    return " · ".join(parts) + "".join(f' <i class="tag {mark}">{mark}</i>' for mark in marks)


def split_words(text: str) -> list[str]:
    """What is searched for: words, and phrases that stand in quotation marks."""
    matches = re.findall(r'["“]([^"“”]+)["”]|(\S+)', text)
    words = ((phrase or word).strip('"“” ') for phrase, word in matches)
    return [word for word in dict.fromkeys(words) if fold(word)]


def _build_words_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """Matches any of the words at the beginning of a word, whatever hyphens and spaces are in it."""
    forms = [r"[\s\-–—_]+".join(map(re.escape, re.split(r"[\s\-–—_]+", word))) for word in words]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(forms)})", re.IGNORECASE) if forms else None


def make_excerpt_around(text: str, words: Sequence[str]) -> str:
    """The beginning of a text, or a stretch of it around the first of the words."""
    line = " ".join(text.split())
    pattern = _build_words_pattern(words)
    hit = pattern.search(line) if pattern else None
    start = 0
    if hit and hit.end() > EXCERPT_CHARS:
        start = line.find(" ", hit.start() - BEFORE_HIT_CHARS) + 1
    end = start + EXCERPT_CHARS
    if end < len(line):
        end = line.rfind(" ", start, end)
    return ("… " if start else "") + line[start:end] + (" …" if end < len(line) else "")


def mark_words(text: str, words: Sequence[str]) -> str:
    """The text as HTML, the words in ``<mark>``, each to its end."""
    pattern = _build_words_pattern(words)
    if pattern is None:
        return escape(text)
    parts, at = [], 0
    for hit in re.finditer(rf"(?:{pattern.pattern})\w*", text, re.IGNORECASE):
        parts += [escape(text[at : hit.start()]), f"<mark>{escape(hit.group())}</mark>"]
        at = hit.end()
    return "".join([*parts, escape(text[at:])])


# --- above and beside them ----------------------------------------------------------------------


def render_head(head: ListHead) -> str:
    """The search field, how many papers, by what they are narrowed and ordered, and the facets."""
    value = escape(head.words, quote=True)
    field = (
        '<div class="find"><input type="search" aria-label="Words in title or abstract" '
        f'placeholder="Words, or “a phrase” in quotes" value="{value}"></div>'
    )
    facets = "".join(map(_render_facet, head.facets))
    n_chosen = sum(len(facet.chosen) + facet.is_unknown for facet in head.facets)
    mark = f' <b class="n">{n_chosen}</b>' if n_chosen else ""
    note = f'<p class="note">{escape(head.note)}</p>' if head.note else ""
    return (
        f'{field}<details class="facets" data-name="facets"><summary>Filters{mark}</summary>'
        f'<div class="all" role="group" aria-label="Filters">{facets}</div></details>'
        f'<div class="top">{_render_chips(head)}{_render_count(head)}</div>{note}'
    )


def _render_count(head: ListHead) -> str:
    n = f"<b>{head.n_listed:,}</b> of {head.n_all:,} papers"
    if head.n_listed == head.n_all:
        n = f"<b>{head.n_all:,}</b> {'paper' if head.n_all == 1 else 'papers'}"
    offered = {**(SEARCHED_ORDER if head.words else {}), **ORDERS}
    options = "".join(
        f'<option value="{key}"{" selected" if key == head.order else ""}>{name}</option>'
        for key, name in offered.items()
    )
    checked = " checked" if head.all_chosen else ""
    every = (
        f'<label class="every"><input type="checkbox" data-act="all" data-value="all"{checked}> select all</label>'
        if head.n_listed
        else ""
    )
    return (
        f'<p class="count" role="status">{n}</p>{every}'
        f'<select data-act="order" aria-label="Order">{options}</select>'
    )


def _render_chips(head: ListHead) -> str:
    chips = "".join(
        f'<button class="chip" data-act="remove" data-value="{escape(value, quote=True)}" '
        f'aria-label="Remove the filter {escape(text, quote=True)}">{escape(text)} <span aria-hidden="true">×</span></button>'
        for text, value in head.chips
    )
    if not chips:
        return ""
    clear = '<button class="chip clear" data-act="clear" data-value="clear">Clear all</button>'
    return f'<div class="chips">{chips}{clear}</div>'


def _render_facet(facet: Facet) -> str:
    rows = [
        _render_value(
            facet.field, format_value(facet.field, value), str(value), n, value in facet.chosen
        )
        for value, n in facet.values
    ]
    if facet.n_unknown or facet.is_unknown:
        rows.append(_render_value(facet.field, "unknown", "", facet.n_unknown, facet.is_unknown))
    first_rows, folded = rows[:SHOWN_VALUES], rows[SHOWN_VALUES:]
    if len(folded) == 1:
        first_rows, folded = rows, []
    html = f"<ul>{''.join(first_rows)}</ul>"
    if folded:
        html += (
            f'<details data-name="more {facet.field}"><summary>{len(folded)} more</summary>'
            f"<ul>{''.join(folded)}</ul></details>"
        )
    if facet.field in ("author", "affiliation"):
        label = f"Another {HEADINGS[facet.field].lower()}"
        html += f'<input type="text" data-act="named {facet.field}" aria-label="{label}" placeholder="{label.lower()} …">'
    return f"<fieldset><legend>{HEADINGS[facet.field]}</legend>{html}</fieldset>"


def _render_value(field: str, name: str, value: str, n: int, chosen: bool) -> str:
    checked = " checked" if chosen else ""
    data_value = escape(f"{field}={value}", quote=True)
    return (
        f'<li><label><input type="checkbox" data-act="facet" data-value="{data_value}"{checked}>'
        f'<span class="v">{escape(name)}</span><span class="n">{n:,}</span></label></li>'
    )


def format_value(field: str, value: Scalar) -> str:
    if field == "code":
        return "with code" if value else "without"
    return str(value)


def format_chosen(n: int) -> str:
    return f"{counted(n)} selected"
