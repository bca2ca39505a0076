"""How a question was read, as a row of chips: pure functions from a reading to words and HTML.

The words of all chips are here. What pressing one does is in `ui.components.chip_editor`; HTML is
escaped as in `ui.views.answer_html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from rag.answers.phrases import ROUTE_WORDS
from rag.library.fields import format_condition
from rag.text import join_names, make_excerpt
from rag.text.english import counted
from rag.types import Condition, Query, Reading
from rag.types.fields import FIELDS
from rag.types.query import Form, Order, Part
from ui.views.markdown_html import remove_escapes
from ui.views.query_parts import NAMED_PAPERS, WANT, list_parts, split_part

TITLE_WORDS = 8
OTHER_WORDS = 12
FROM_BEFORE = "from before"
ADD = "+ condition"


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of a query as it is shown.

    Attributes:
        part: Its name in `ui.views.query_parts`.
        words: Plain text, not escaped.
        is_from_thread: Whether an earlier question of the conversation said it.
        is_removable: False for what is wanted, which can only be changed.
        is_editable: Whether something else can be put in its place.
    """

    part: str
    words: str
    is_from_thread: bool = False
    is_removable: bool = True
    is_editable: bool = True


Titles = Mapping[str, str]
"""What papers are called, by id."""


def list_chips(reading: Reading, titles: Titles | None = None) -> tuple[Chip, ...]:
    """A chip for each part of the query, what is wanted first; none for small talk.

    Args:
        reading: How the question was read.
        titles: Of the papers that `list_paper_ids` lists; one without a title here is "one paper".
    """
    query = reading.query
    if query.route == "smalltalk":
        return ()
    return tuple(
        Chip(
            part,
            _format_part(query, part, titles or {}),
            _is_from_thread(query, part, reading.parts),
            is_removable=part != WANT,
            is_editable=_is_editable(query, part),
        )
        for part in list_parts(query)
    )


def list_paper_ids(reading: Reading) -> tuple[str, ...]:
    """The papers that chips name."""
    query = reading.query
    paper_ids = query.papers if len(query.papers) <= NAMED_PAPERS else ()
    chosen = [c for c in query.where if c.field == "paper" and len(c.values) == 1]
    return tuple(
        dict.fromkeys(filter(None, (*paper_ids, query.like, *(str(c.values[0]) for c in chosen))))
    )


_FIXED = ("papers", "like", "besides", "form")
"""Parts that can be taken away but not changed."""


def _is_editable(query: Query, part: str) -> bool:
    name, at = split_part(query, part)
    if name in ("where", "base"):
        condition: Condition = getattr(query, name)[at]
        return FIELDS[condition.field].of == "paper" and condition.field != "paper"
    return name not in _FIXED


def _is_from_thread(query: Query, part: str, parts: Iterable[Part]) -> bool:
    """Whether a part that the reading ascribes to the conversation is this one."""
    name, at = split_part(query, part)
    slot = "about" if name in ("topic", "without", "all_of") else name
    printed = [p.printed for p in parts if p.slot == slot and p.origin == "thread"]
    if name in ("where", "base"):
        field = getattr(query, name)[at].field
        return any(field in line.replace(",", " ").split() for line in printed)
    if name == "people":
        return any(query.people[at].typed in line for line in printed)
    if slot == "about":
        return any(line.startswith("not ") == (name == "without") for line in printed)
    return bool(printed)


# --- in words -------------------------------------------------------------------------------


def format_query(query: Query, titles: Titles | None = None) -> str:
    """All chips in one phrase: ``list of papers, about drones, from 2023``."""
    words = [_format_part(query, part, titles or {}) for part in list_parts(query)]
    return make_excerpt(", ".join(words), OTHER_WORDS)


def format_other(reading: Reading) -> str:
    """The next best reading in words; empty where there is none that could be answered."""
    if not reading.others or reading.others[0].relation == "not_stated":
        return ""
    words = reading.other_words or format_query(reading.others[0])
    return "" if words == format_want(reading.query) else words


def _format_part(query: Query, part: str, titles: Titles) -> str:
    name, at = split_part(query, part)
    about = query.about
    if name == WANT:
        return format_want(query)
    if name == "people":
        return query.people[at].typed
    if name == "papers":
        return _format_papers(query.papers[at : at + 1] if ":" in part else query.papers, titles)
    if name == "like":
        return f"like {_format_papers((query.like,), titles)}"
    if name == "all_of":
        return f"{'about' if at == 0 else 'and about'} {about.all_of[at] if about else ''}"
    if name in ("topic", "without"):
        return f"about {query.topic}" if name == "topic" else f"not about {query.without}"
    if name == "where":
        return _format_condition(query.where[at], titles)
    if name == "base":
        return f"of those {_format_condition(query.base[at], titles)}"
    if name == "besides":
        return f"besides {join_names(query.besides)}"
    if name == "order":
        assert query.order is not None
        return format_order(query.order)
    return f"at most {query.k}" if name == "k" else _format_form(query.form)


_RELATIONS: Mapping[str, str] = {
    "authors": "authors",
    "first_author": "first author",
    "coauthors": "co-authors",
    "top_coauthor": "most frequent co-author",
    "common_coauthors": "co-authors of all of them",
    "common_authors": "authors of all of them",
    "shared": "papers they share",
    "same": "whether they are the same person",
    "presence": "whether somebody is in the library",
}
_WANTS: Mapping[str, str] = {
    "passages": ROUTE_WORDS["content"],
    "overview": "an overview",
    "comparison": "a comparison",
    "papers": "list of papers",
    "share": "share of papers",
    "people": "people",
    "profile": "about the person",
}
_MEASURES = {"average": "average", "median": "median", "sum": "total"}
_FIELDS: Mapping[str, str] = {
    "abstract_words": "length of the abstract",
    "ai_score": "AI score",
    "code": "code mark",
    "complete_authors": "complete author list",
    "doi": "DOI",
    "h_index": "h-index",
    "keyword": "keyword",
    "n_authors": "number of authors",
    "role": "role of a sentence",
    "n_citations": "citations",
    "n_coauthors": "number of co-authors",
    "n_papers": "number of papers",
    "n_places": "number of documents",
    "page": "author page",
    "page_papers": "papers on the page",
    "score": "header score",
    "text": "words in title or text",
    "title": "words in the title",
    "title_chars": "length of the title",
}
_LEAST_AND_MOST: Mapping[str, tuple[str, str]] = {
    "year": ("oldest first", "newest first"),
    "date": ("oldest first", "newest first"),
    "title": ("by title, A to Z", "by title, Z to A"),
    "n_papers": ("fewest papers first", "most papers first"),
}


def format_field(name: str) -> str:
    """``number of authors``, ``first author``: a field as chips and their editors call it."""
    return _FIELDS.get(name, name.replace("_", " "))


def format_want(query: Query) -> str:
    """``list of papers``, ``number of venues``, ``papers by year``, ``people``."""
    want, fields = query.want, join_names(map(format_field, query.by))
    if want == "aside":
        return ROUTE_WORDS[query.route]
    if query.like and want == "papers":
        return "similar papers"
    if query.relation == "not_stated":
        return query.what or "what no document states"
    if query.relation is not None:
        words = _RELATIONS[query.relation]
        return f"number of {words}" if want == "count" else words
    if want == "count":
        plural = FIELDS[query.by[0]].plural if query.by else "papers"
        return f"number of {plural or fields}"
    if want == "groups":
        return (
            f"average papers by {fields}" if query.measure == "average" else f"papers by {fields}"
        )
    if want == "share":
        return f"share of papers by {fields}" if fields else _WANTS[want]
    if want == "extreme":
        return "top of the list"
    if want == "values":
        return " ".join(filter(None, (_MEASURES.get(query.measure), fields)))
    if want == "people" and query.by and query.by != ("author",) and not query.about:
        return FIELDS[query.by[0]].plural or fields
    return _WANTS[want]


def format_order(order: Order) -> str:
    """``newest first``; ``by header score, highest first``."""
    field = format_field(order.field)
    if order.way == "both ends":
        return f"both ends by {field}"
    is_most_first = order.way == "descending"
    if order.field in _LEAST_AND_MOST:
        return _LEAST_AND_MOST[order.field][is_most_first]
    return f"by {field}, {'highest' if is_most_first else 'lowest'} first"


def _format_papers(ids: tuple[str, ...], titles: Titles) -> str:
    if len(ids) > 1:
        return f"in {counted(len(ids))}"
    return f"“{make_excerpt(titles[ids[0]], TITLE_WORDS)}”" if ids[0] in titles else "one paper"


def _format_condition(condition: Condition, titles: Titles) -> str:
    if condition.field == "paper":
        words = _format_papers(tuple(map(str, condition.values)), titles)
        return f"besides {words}" if condition.is_negative else words
    # The condition comes escaped for Markdown, and these are plain words.
    return remove_escapes(format_condition(condition)).replace("the Code mark", "code")


def _format_form(form: Form) -> str:
    words = [
        f"as a {form.shape}" if form.shape else "",
        f"in at most {counted(form.sentences, 'sentence')}" if form.sentences else "",
        f"for {form.audience}" if form.audience else "",
        f"in {form.language}" if form.language else "",
    ]
    return ", ".join(filter(None, words))


# --- as HTML --------------------------------------------------------------------------------


def render_chips(
    reading: Reading,
    titles: Titles | None = None,
    *,
    can_change: bool = False,
    opened: str | None = None,
) -> str:
    """The row under an answer; empty where nothing was read.

    Args:
        reading: How the question was read.
        titles: As in `list_chips`.
        can_change: Whether its parts can be pressed, as those of the last answer.
        opened: The part that is being changed; empty for a condition that is being added.
    """
    chips = list_chips(reading, titles)
    if not chips:
        return ""
    parts = [_render_chip(chip, reading.reason, can_change, opened) for chip in chips]
    if can_change and _takes_conditions(reading.query):
        parts.append(_render_button("change", "", ADD, "Add a condition", "add", opened == ""))
    if reading.unread:
        unread = ", ".join(f"“{words}”" for words in reading.unread)
        parts.append(f'<span class="unread">not used: {escape(unread)}</span>')
    if can_change and (question := format_other(reading)):
        html = f"or: {escape(question)}"
        parts.append(_render_button("other", "", html, f"Ask instead: {question}", "or"))
    return (
        '<div class="reading" role="group" aria-label="How the question was read">'
        f'<span class="by">Read as</span>{"".join(parts)}</div>'
    )


def _takes_conditions(query: Query) -> bool:
    return query.route in ("catalogue", "experts") or (
        query.want in ("papers", "count") and not query.relation
    )


def _render_chip(chip: Chip, reason: str, can_change: bool, opened: str | None) -> str:
    html, label = escape(chip.words), chip.words
    if chip.is_from_thread:
        html, label = f'{html} <i class="from">{FROM_BEFORE}</i>', f"{label}, {FROM_BEFORE}"
    title = f' title="{escape(reason, quote=True)}"' if chip.part == WANT and reason else ""
    kind = "want" if chip.part == WANT else "part"
    if can_change and chip.is_editable:
        is_open = chip.part == opened
        inner = _render_button("change", chip.part, html, f"Change: {label}", "words", is_open)
    else:
        inner = f'<span class="words">{html}</span>'
    if can_change and chip.is_removable:
        inner += _render_button("remove", chip.part, "✕", f"Take away: {label}", "x")
    return f'<span class="{kind}"{title}>{inner}</span>'


def _render_button(
    act: str, value: str, html: str, label: str, kind: str, is_open: bool | None = None
) -> str:
    """One button; ``is_open`` where pressing it opens a form."""
    state = "" if is_open is None else f' aria-expanded="{str(is_open).lower()}"'
    return (
        f'<button class="{kind}" data-act="{act}" data-value="{escape(value, quote=True)}" '
        f'aria-label="{escape(label, quote=True)}"{state}>{html}</button>'
    )
