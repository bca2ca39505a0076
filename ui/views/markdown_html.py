"""Markdown of answers as safe HTML: without links, images and raw HTML; pure functions.

So what papers or models wrote never loads or links anything outside this page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from ui.views.cell_values import shorten_quotes

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

LONGEST_LIST = 8
"""Rows of a list that are shown at once; the others are folded away."""


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


_BETWEEN = re.compile(r"\*\*|[\n,;:()“”]| and ")


def extract_spans(text: str) -> frozenset[str]:
    """What stands in bold or between marks in some Markdown, such as the names of people and papers."""
    return frozenset(remove_escapes(span.strip()) for span in _BETWEEN.split(text))


def remove_escapes(text: str) -> str:
    """Markdown without the backslashes that keep text from papers as it is."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


_COUNT_ROW = r"<li>([^<]{1,60}): ([\d,]+)</li>"


# --- what is long or wide ---------------------------------------------------------------------


def draw_counts(html: str) -> str:
    """Rows of nothing but a value and how many have it, such as ``2024: 37``, with a bar behind each."""
    rows = re.findall(_COUNT_ROW, html)
    highest = max((int(n.replace(",", "")) for _, n in rows), default=0)
    if len(rows) < 3 or not highest:
        return html
    return re.sub(
        _COUNT_ROW,
        lambda row: (
            f'<li class="count" style="--h:{int(row[2].replace(",", "")) / highest:.3f}">'
            f"<span>{row[1]}</span> <b>{row[2]}</b></li>"
        ),
        html,
    )


def fold_lists(html: str, limit: int = LONGEST_LIST) -> str:
    """Lists with all rows but the first few in a fold, where that saves more than two rows."""
    return re.sub(r"<ul>\n(.*?)</ul>", lambda m: _fold_list(m[1], limit), html, flags=re.DOTALL)


def _fold_list(rows_html: str, limit: int) -> str:
    rows = re.findall(r"<li[ >].*?</li>\n?", rows_html, re.DOTALL)
    if len(rows) <= limit + 2 or "<ul>" in rows_html:
        return f"<ul>\n{rows_html}</ul>"
    return (
        f"<ul>\n{''.join(rows[:limit])}</ul>"
        f"<details><summary>{len(rows) - limit} more</summary>"
        f"<ul>\n{''.join(rows[limit:])}</ul></details>"
    )


def label_cells(html: str) -> str:
    """Tables of short values whose cells name their column, so that each row can be a card on a narrow screen."""
    return re.sub(r"<table>.*?</table>", lambda m: _label_table(m[0]), html, flags=re.DOTALL)


def _label_table(table: str) -> str:
    heads = [re.sub("<[^>]+>", "", head) for head in re.findall(r"<th[^>]*>(.*?)</th>", table)]
    rows = shorten_quotes(table).split("<tr>")
    for at, row in enumerate(rows):
        labels = iter(heads)
        rows[at] = re.sub(r"<td(?=[ >])", lambda _: f'<td data-label="{next(labels, "")}"', row)  # noqa: B023 - called at once
    return f'<div class="wide" tabindex="0">{"<tr>".join(rows)}</div>'
