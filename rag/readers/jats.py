"""JATS articles: what the front says of a paper, and its body as sections and paragraphs.

Of figures and tables the captions are read, of displayed formulas nothing, as what they print is no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.readers import latex
from rag.readers.xml_elements import (
    XmlRecord,
    get_markup,
    get_markup_at,
    get_text,
    get_text_at,
    list_markup,
)
from rag.types import Entry

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_FLOATS = frozenset(("fig", "table-wrap", "boxed-text", "supplementary-material", "media"))
_SILENT = frozenset(
    "label title disp-formula disp-formula-group table table-wrap-foot graphic media object-id "
    "alternatives sec-meta permissions attrib fn-group".split()
)
"""Elements of a body that hold no paragraphs."""
_CITED = re.compile(r"[\s\d,;*†‡§¶∗–-]*")


def read_record(element: Element) -> XmlRecord:
    """What the front matter says, by column name."""
    meta = element.find(".//article-meta")
    meta = element if meta is None else meta
    abstract = next(
        (a for a in meta.findall("abstract") if a.get("abstract-type") in (None, "summary")), None
    )
    dates = sorted(meta.findall("pub-date"), key=lambda d: d.find("month") is None)
    ids = {node.get("pub-id-type"): (node.text or "") for node in meta.findall("article-id")}
    title = meta.find("title-group/article-title")
    if title is not None:
        _drop_notes(title)
    return {
        "title": get_markup(title) if title is not None else "",
        "subtitle": get_markup_at(meta, "title-group/subtitle"),
        "abstract": _join_paragraphs(abstract),
        "authors": [
            _read_author(c)
            for c in meta.findall("contrib-group/contrib")
            if c.get("contrib-type") in (None, "author")
        ],
        "affiliations": [get_text(a) for a in meta.findall(".//aff")],
        "date": _read_date(dates[0]) if dates else None,
        "venue": get_markup_at(element, ".//journal-title") or get_markup_at(element, ".//journal-id"),
        "doi": ids.get("doi"),
        "pmid": ids.get("pmid"),
        "keywords": list_markup(meta, "kwd-group/kwd") + list_markup(meta, "kwd-group/compound-kwd/compound-kwd-part"),
        "type": element.get("article-type"),
    }  # fmt: skip


def _join_paragraphs(abstract: Element | None) -> str:
    """Paragraphs, each with the title of its section in front."""
    if abstract is None:
        return ""
    parts: list[str] = []
    for paragraph in abstract.iter("p"):
        parent = paragraph.getparent()
        label = get_markup_at(parent, "title") if parent is not None and parent.tag == "sec" else ""
        first = parent is not None and parent.find("p") is paragraph
        parts.append(
            (f"{label.rstrip(' .:')}: " if label and first else "") + get_markup(paragraph)
        )
    return "\n\n".join(parts) or get_markup(abstract)


def _read_author(contrib: Element) -> object:
    name = contrib.find("name")
    name = contrib.find(".//name") if name is None else name
    if name is None and contrib.find("string-name/surname") is not None:
        name = contrib.find("string-name")
    if name is None:
        return {"literal": get_text_at(contrib, "collab") or get_text_at(contrib, "string-name")}
    return {
        "family": get_markup_at(name, "surname"),
        "given": get_markup_at(name, "given-names"),
        "suffix": get_markup_at(name, "suffix"),
    }


def _read_date(date: Element) -> XmlRecord:
    return {name: get_markup_at(date, name) or None for name in ("year", "month", "day")}


# --- body -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """Sections as pairs of a heading, empty before the first, and its paragraphs; and what is cited."""

    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    references: tuple[str, ...] = ()


def part_body(element: Element) -> Body:
    """The body and references of an article, which are taken out of it: its front is what it says of itself."""
    body, back = element.find("body"), element.find("back")
    if element.tag != "article" or (body is None and back is None):
        return Body()
    sections: list[tuple[str, list[str]]] = [("", [])]
    for kind, text in _iter_blocks(body) if body is not None else ():
        if kind == "heading":
            sections.append((text, []))
        elif text:
            sections[-1][1].append(text)
    citations = back.iterfind(".//ref-list//ref") if back is not None else ()
    references = tuple(filter(None, map(_read_reference, citations)))
    for part in (body, back, *element.findall("sub-article"), *element.findall("response")):
        if part is not None:
            element.remove(part)
    return Body(tuple((name, tuple(paragraphs)) for name, paragraphs in sections), references)


def add_body(entry: Entry, body: Body) -> Entry:
    """The entry with the body behind its abstract."""
    if not any(paragraphs for _, paragraphs in body.sections):
        return replace(entry, references=body.references) if body.references else entry
    text, starts, names = entry.text, [], []
    if text:
        starts, names = [0], ["Abstract"]
    for name, paragraphs in body.sections:
        if name and paragraphs:
            starts.append(len(text) + 2 if text else 0)
            names.append(name)
        elif text and paragraphs and not name:
            starts.append(len(text) + 2)
            names.append("Text")
        for paragraph in paragraphs:
            text += ("\n\n" if text else "") + paragraph
    return replace(
        entry, text=text, section_starts=tuple(starts), section_names=tuple(names),
        references=body.references,
    )  # fmt: skip


def _iter_blocks(element: Element) -> Iterator[tuple[str, str]]:
    """Headings and paragraphs in their order, those of figures and tables behind their paragraph."""
    for child in element:
        if not isinstance(child.tag, str) or child.tag in _SILENT:
            continue
        if child.tag == "sec":
            heading = " ".join(
                filter(None, (get_text_at(child, "label"), _to_text(child.find("title"))))
            )
            if heading:
                yield "heading", heading
            yield from _iter_blocks(child)
        elif child.tag == "p":
            floats = [node for node in child.iter() if node.tag in _FLOATS]
            for node in floats:
                _remove(node)
            yield "text", _to_text(child)
            for node in floats:
                yield from _iter_float(node)
        elif child.tag in _FLOATS:
            yield from _iter_float(child)
        else:
            yield from _iter_blocks(child)


def _iter_float(element: Element) -> Iterator[tuple[str, str]]:
    caption = element.find("caption")
    if caption is None:
        yield from _iter_blocks(element)
        return
    parts = [get_text_at(element, "label"), *(_to_text(part) for part in caption)]
    ended = (part if part[-1] in ".:?!" else f"{part}." for part in parts if part)
    yield "text", " ".join(ended)


def _to_text(element: Element | None) -> str:
    if element is None:
        return ""
    _drop_notes(element)
    for formula in (*element.findall(".//disp-formula"), *element.findall(".//tex-math")):
        _remove(formula)
    return latex.to_text(get_markup(element))


def _drop_notes(element: Element) -> None:
    """Take out marks of footnotes and raised numbers of references, which are no powers: ``0.83<sup>2</sup>``."""
    for node in (*element.findall(".//xref"), *element.findall(".//fn")):
        kind = node.get("ref-type")
        is_raised = node.getparent() is not None and node.getparent().tag == "sup"
        is_mark = _CITED.fullmatch("".join(node.itertext())) is not None
        if (
            node.tag == "fn"
            or kind in ("fn", "aff", "corresp", "author-notes", "table-fn")
            or (is_mark and (is_raised or node.find("sup") is not None or element.tag != "p"))
        ):
            _remove(node)
    for node in element.findall(".//sup"):
        if not len(node) and node.text and re.fullmatch(r"[\s,;–-]+", node.text):
            _remove(node)


def _remove(node: Element) -> None:
    """Take an element out, not the text behind it."""
    parent, tail = node.getparent(), node.tail or ""
    if parent is None:
        return
    before = node.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    node.tail = None
    parent.remove(node)


def _read_reference(reference: Element) -> str:
    for path in ("mixed-citation", "citation", "nlm-citation"):
        if words := get_text_at(reference, path):
            return words
    parts = reference.iterfind("element-citation//*")
    texts = (" ".join((part.text or "").split()) for part in parts)
    return " ".join(filter(None, texts))
