"""Saved web pages, by lxml: a paper's own page (its citation tags), and pages that list publications."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from rag.readers import field_mapping
from rag.readers.references import parse_reference
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, Rejection
from rag.types.errors import ReadError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

NAME = "html"
SUFFIXES = (".html", ".htm", ".xhtml")

_Record = dict[str, object]
_BEGINS = re.compile(
    r"(?:<\?xml[^<>]{0,200}\?>\s{0,9}|<!--(?:(?!-->).){0,2000}-->\s{0,9}){0,5}"
    r"<(?:!doctype\s{1,9}html|html|head|body|meta)\b",
    re.I | re.S,
)
_META = {
    "citation_title": "title", "citation_author": "authors", "citation_authors": "authors",
    "citation_publication_date": "date", "citation_date": "date", "citation_online_date": "date",
    "citation_year": "year", "citation_journal_title": "venue", "citation_conference_title": "venue",
    "citation_inbook_title": "venue", "citation_doi": "doi", "citation_abstract": "abstract",
    "citation_arxiv_id": "arxiv", "citation_pmid": "pmid", "citation_keywords": "keywords",
    "citation_keyword": "keywords", "citation_abstract_html_url": "url", "citation_public_url": "url",
    "dc.title": "title", "dc.creator": "authors", "dc.date": "date", "dc.description": "abstract",
    "dc.identifier": "doi", "dc.subject": "keywords", "dc.source": "venue",
    "prism.publicationname": "venue", "prism.doi": "doi", "prism.publicationdate": "date",
    "eprints.title": "title", "eprints.creators_name": "authors", "eprints.date": "date",
    "eprints.abstract": "abstract", "bepress_citation_title": "title", "bepress_citation_author": "authors",
    "bepress_citation_date": "date", "bepress_citation_journal_title": "venue",
}  # fmt: skip
_MANY = frozenset(("authors", "keywords"))
_KNOWN_LISTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("//tr[contains(@class, 'gsc_a_tr')]", {
        "title": ".//a[contains(@class, 'gsc_a_at')]", "authors": "(.//div[contains(@class, 'gs_gray')])[1]",
        "venue": "(.//div[contains(@class, 'gs_gray')])[2]", "year": ".//*[contains(@class, 'gsc_a_h')]",
    }),
    ("//*[contains(@class, 'entry') and .//cite]", {
        "title": ".//*[contains(@class, 'title')]", "people": ".//*[@itemprop='author']//*[@itemprop='name']",
        "venue": ".//*[@itemprop='isPartOf']//*[@itemprop='name']",
        "year": ".//*[@itemprop='datePublished']",
    }),
    ("//dl/dd[.//*[contains(@class, 'list-title')]]", {
        "title": ".//*[contains(@class, 'list-title')]", "people": ".//*[contains(@class, 'list-authors')]//a",
        "abstract": "./p|.//p[contains(@class, 'mathjax')]", "category": ".//*[contains(@class, 'primary-subject')]",
        "url": "preceding-sibling::dt[1]//a[contains(@href, '/abs/')]/@href",
    }),
    ("//div[contains(@class, 'gs_ri')]", {
        "title": ".//h3[contains(@class, 'gs_rt')]", "line": ".//div[contains(@class, 'gs_a')]",
    }),
)  # fmt: skip
"""Rows of Google Scholar's profiles and answers, DBLP's and arXiv's lists, with the paths of their fields."""


def recognise(source: DocumentSource) -> bool:
    return _BEGINS.match(source.head.lstrip("\ufeff").lstrip()) is not None


def read(source: DocumentSource) -> DocumentParts:
    page = _parse(source)
    records = [*_read_meta(page)] or [*_read_linked_data(page)]
    if records:
        return DocumentParts.from_results(_build_page_entry(source.name, page, r) for r in records)
    rows = [(element, record) for element, record in _iter_listed(page)]
    if not rows:
        raise ReadError(
            f"file {source.name!r} is a web page on which no paper and no list of publications was found; "
            "save the paper's own page, or its citation as BibTeX or RIS"
        )
    return DocumentParts.from_results(_build_page_entry(source.name, el, r) for el, r in rows)


def _parse(source: DocumentSource) -> HtmlElement:
    from lxml import etree, html

    text = re.sub(r"^\s*<\?xml[^<>]*\?>", "", source.text.lstrip("\ufeff"), count=1)
    try:
        return html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8")
        )
    except (etree.ParserError, ValueError) as exc:
        raise ReadError(
            f"file {source.name!r} is a web page without contents; save it anew"
        ) from exc


def _build_page_entry(document: str, element: HtmlElement, record: _Record) -> Entry | Rejection:
    from lxml import etree

    place = Place(document, int(element.sourceline or 1))
    raw = etree.tostring(element, encoding="unicode", with_tail=False)[:20_000]
    values = {name: value for name, value in record.items() if field_mapping.is_filled(value)}
    try:
        return field_mapping.build_record_entry(values, place, raw)
    except field_mapping.NotARecord as exc:
        return Rejection(document, place.line, str(exc))


def _read_meta(page: HtmlElement) -> Iterator[_Record]:
    record: _Record = {}
    for meta in page.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower().replace("dcterms.", "dc.")
        field, value = _META.get(name), (meta.get("content") or "").strip()
        if field is None or not value:
            continue
        if field in _MANY:
            record.setdefault(field, []).append(value)  # type: ignore[attr-defined]
        elif not (field == "doi" and "10." not in value):
            record.setdefault(field, value)
    if "title" in record and ("authors" in record or "date" in record or "doi" in record):
        authors = record.get("authors")
        if isinstance(authors, list) and len(authors) == 1:
            record["authors"] = authors[0]
        # What the tags call a description is often its beginning only.
        abstract = _find_abstract(page)
        if len(abstract) > len(str(record.get("abstract") or "")):
            record["abstract"] = abstract
        yield record


def _find_abstract(page: HtmlElement) -> str:
    """The longest text of an element that calls itself an abstract, without that word."""
    paths = "//*[contains(@class, 'abstract') or contains(@id, 'abstract') or contains(@class, 'Abstract')]"
    texts = [_get_words(element) for element in page.xpath(paths) if element.tag != "meta"]
    best = max((t for t in texts if 40 <= len(t) <= 6_000), key=len, default="")
    return re.sub(r"^(?:Abstract|Summary)\s{0,9}[:.]?\s{0,9}", "", best)


def _read_linked_data(page: HtmlElement) -> Iterator[_Record]:
    for script in page.iter("script"):
        if script.get("type") != "application/ld+json":
            continue
        with suppress(ValueError):
            value = json.loads(script.text or "")
            graph = value.get("@graph", value) if isinstance(value, dict) else value
            for item in graph if isinstance(graph, list) else [graph]:
                if isinstance(item, dict) and "Article" in str(item.get("@type")):
                    part = item.get("isPartOf")
                    yield {
                        "title": item.get("headline") or item.get("name"),
                        "authors": item.get("author"),
                        "date": item.get("datePublished"),
                        "abstract": item.get("abstract") or item.get("description"),
                        "venue": part.get("name") if isinstance(part, dict) else None,
                        "doi": item.get("sameAs") or item.get("@id"),
                        "url": item.get("url"),
                        "keywords": item.get("keywords"),
                    }


def _iter_listed(page: HtmlElement) -> Iterator[tuple[HtmlElement, _Record]]:
    """Items of a list that the site marks, else of the list most of whose items read as publications."""
    for path, fields in _KNOWN_LISTS:
        rows = page.xpath(path)
        if rows:
            for row in rows:
                if (record := _read_row(row, fields)) is not None:
                    yield row, record
            return
    best: list[tuple[HtmlElement, _Record]] = []
    for path in ("//li[not(.//li)]", "//p", "//tr[not(.//tr)]", "//dd"):
        elements = page.xpath(path)
        read_items = [(el, r) for el in elements if (r := _read_item(el)) is not None]
        if len(read_items) > len(best) and 3 * len(read_items) > len(elements):
            best = read_items
    yield from best


def _read_row(row: HtmlElement, fields: Mapping[str, str]) -> _Record | None:
    record: _Record = {}
    for field, path in fields.items():
        nodes = row.xpath(path)
        if field == "people":
            record["authors"] = [_get_words(person) for person in nodes]
        elif nodes:
            first = nodes[0]
            text = (
                str(first) if isinstance(first, str) else first.get("content") or _get_words(first)
            )
            record[field] = re.sub(
                r"^(?:Title|Authors|Subjects|Abstract):\s*|^\[[A-Z]+\]\s*", "", text
            )
    if "line" in record:  # ``M Quill, J Berg - Journal of Bees, 2021 - publisher``
        names, _, rest = str(record.pop("line")).partition(" - ")
        record["authors"], record["year"] = names, rest
        record["venue"] = re.split(r",? (?:19|20)\d\d", rest)[0]
    if url := str(record.get("url") or ""):
        record["url"] = f"https://arxiv.org{url}" if url.startswith("/abs") else url
    if category := str(record.get("category") or ""):
        match = re.search(r"\(([\w.-]+)\)", category)
        record["category"] = match.group(1) if match else category
    return record if record.get("title") else None


def _read_item(element: HtmlElement) -> _Record | None:
    titles = [
        _get_words(el).strip(" .")
        for el in element.xpath(".//b|.//strong|.//a|.//*[contains(@class,'title')]")
    ]
    venues = [_get_words(el) for el in element.xpath(".//i|.//em|.//*[contains(@class,'venue')]")]
    links = list(map(str, element.xpath(".//a/@href")))
    return parse_reference(_get_words(element), titles, venues, links)


def _get_words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
