"""XML, by lxml: PubMed, EndNote, arXiv's Atom answers, JATS articles, DBLP and MODS.

Nothing outside the document is read: no DTD, no entity, no address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rag.readers import field_mapping
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, Rejection
from rag.types.errors import ReadError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

NAME = "xml"
SUFFIXES = (".xml", ".atom", ".nxml")

_Record = dict[str, object]
_BEGINS = re.compile(
    r"(?:<\?[^<>]{0,400}\?>\s{0,9}|<!--(?:(?!-->).){0,2000}-->\s{0,9}"
    r"|<!DOCTYPE\s{1,9}(?!html)[^<>\[]{0,400}(?:\[[^\]]{0,2000}\])?\s{0,9}>\s{0,9}){0,8}<(?!html|!)[A-Za-z]",
    re.IGNORECASE | re.DOTALL,
)


def recognise(source: DocumentSource) -> bool:
    """Whether it begins as XML and one of the records that are read stands in it."""
    head = source.head.lstrip("\ufeff").lstrip()
    return (
        head[:1] == "<"
        and _BEGINS.match(head[:4096]) is not None
        and any(re.search(rf"<(?:\w+:)?{name}[\s>]", source.text) for name in _RECORDS)
    )


def read(source: DocumentSource) -> DocumentParts:
    root = _parse(source)
    columns = field_mapping.Columns("element")
    return DocumentParts.from_results(
        (_build_xml_entry(source.name, element) for element in _iter_elements(root)),
        notes=lambda: columns.notes,
    )


def _parse(source: DocumentSource) -> Element:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    text = re.sub(r"^\s*<\?xml[^<>]*\?>", "", source.text.lstrip("\ufeff"), count=1)
    try:
        root = etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)
    except etree.XMLSyntaxError as exc:
        raise ReadError(
            f"file {source.name!r} is broken XML ({exc.msg}); export it anew, or save it whole"
        ) from exc
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.partition("}")[2]
    return root


def _iter_elements(root: Element) -> Iterator[Element]:
    """Records, outermost first: an article within an article is a reference or a reply."""
    if root.tag in _RECORDS:
        yield root
        return
    for child in root:
        if isinstance(child.tag, str):
            yield from _iter_elements(child)


def _build_xml_entry(document: str, element: Element) -> Entry | Rejection:
    from lxml import etree

    place = Place(document, int(element.sourceline or 1))
    record = _RECORDS[str(element.tag)](element)
    raw = etree.tostring(element, encoding="unicode", with_tail=False).strip()
    try:
        return field_mapping.build_record_entry(
            {k: v for k, v in record.items() if field_mapping.is_filled(v)}, place, raw
        )
    except field_mapping.NotARecord as exc:
        return Rejection(document, place.line, str(exc))


# --- elements -------------------------------------------------------------------------------


def _get(element: Element, path: str) -> str:
    """The markup within the first element at a path; empty where there is none."""
    child = element.find(path)
    return _get_markup(child) if child is not None else ""


def _get_markup(element: Element) -> str:
    from lxml import etree

    markup = etree.tostring(element, encoding="unicode", with_tail=False)
    start, end = markup.find(">") + 1, markup.rfind("</")
    return "" if end < start else re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", markup[start:end]).strip()


def _list(element: Element, path: str) -> list[str]:
    return [text for child in element.findall(path) if (text := _get_markup(child))]


def _get_words(element: Element, path: str) -> str:
    child = element.find(path)
    return " ".join("".join(child.itertext()).split()) if child is not None else ""


# --- PubMed ---------------------------------------------------------------------------------


def _read_pubmed(element: Element) -> _Record:
    article = element.find(".//Article")
    article = element if article is None else article
    sections = [
        (f"{part.get('Label')}: " if part.get("Label") else "") + _get_markup(part)
        for part in article.findall(".//Abstract/AbstractText")
    ]
    dates = [
        element.find(path)
        for path in (".//JournalIssue/PubDate", ".//ArticleDate", ".//PubMedPubDate")
    ]
    ids = {
        node.get("IdType"): (node.text or "")
        for node in element.findall(".//ArticleIdList/ArticleId")
    }
    return {
        "title": (_get(article, "ArticleTitle") or _get(element, ".//BookTitle")).removesuffix("."),
        "abstract": "\n\n".join(sections) if len(sections) > 1 else "".join(sections),
        "authors": [_read_pubmed_author(node) for node in article.findall(".//AuthorList/Author")],
        "authors_complete": "no" if article.find(".//AuthorList[@CompleteYN='N']") is not None else None,
        "affiliations": _list(article, ".//AffiliationInfo/Affiliation"),
        "date": next(filter(None, map(_read_pubmed_date, dates)), None),
        "venue": _get(article, ".//Journal/Title") or _get(article, ".//ISOAbbreviation"),
        "doi": _get(article, "ELocationID[@EIdType='doi']") or ids.get("doi"),
        "pmid": _get(element, ".//PMID"),
        "keywords": [*_list(element, ".//Keyword"), *_list(element, ".//MeshHeading/DescriptorName")],
        "type": _list(element, ".//PublicationType"),
    }  # fmt: skip


def _read_pubmed_author(author: Element) -> Mapping[str, object]:
    group = _get(author, "CollectiveName")
    if group:
        return {"literal": group}
    first = _get(author, "ForeName") or _get(author, "Initials")
    return {"family": _get(author, "LastName"), "given": first, "suffix": _get(author, "Suffix")}


def _read_pubmed_date(element: Element | None) -> object:
    if element is None:
        return None
    year = _get(element, "Year")
    if not year:
        return _get(element, "MedlineDate") or None
    return {
        "year": year,
        "month": _get(element, "Month") or None,
        "day": _get(element, "Day") or None,
    }


# --- EndNote --------------------------------------------------------------------------------


def _read_endnote(element: Element) -> _Record:
    dates = element.find("dates")
    year = _get_words(element, "dates/year")
    exact = _get_words(element, "dates/pub-dates/date") if dates is not None else ""
    return {
        "title": _get_words(element, "titles/title"),
        "abstract": _get_words(element, "abstract"),
        "authors": [" ".join("".join(a.itertext()).split()) for a in element.findall("contributors/authors/author")],
        "year": year,
        "date": f"{exact} {year}" if exact and year not in exact else exact,
        "venue": _get_words(element, "titles/secondary-title")
        or _get_words(element, "periodical/full-title")
        or _get_words(element, "alt-periodical/full-title"),
        "doi": _get_words(element, "electronic-resource-num"),
        "url": _get_words(element, "urls/related-urls/url"),
        "keywords": [" ".join("".join(k.itertext()).split()) for k in element.findall("keywords/keyword")],
        "files": [" ".join("".join(u.itertext()).split()) for u in element.findall("urls/pdf-urls/url")],
        "pmid": _get_words(element, "accession-num")
        if "pubmed" in (_get_words(element, "remote-database-name") + _get_words(element, "database")).lower()
        else None,
    }  # fmt: skip


# --- Atom, JATS, DBLP, MODS -----------------------------------------------------------------


def _read_atom(element: Element) -> _Record:
    links = [
        link.get("href")
        for link in element.findall("link")
        if link.get("rel") in (None, "alternate")
    ]
    category = element.find("primary_category")
    category = element.find("category") if category is None else category
    return {
        "title": _get(element, "title"),
        "abstract": _get(element, "summary") or _get(element, "content"),
        "authors": _list(element, "author/name"),
        "affiliations": _list(element, "author/affiliation"),
        "date": _get(element, "published") or _get(element, "updated"),
        "url": next(filter(None, links), None) or _get(element, "id"),
        "id": _get(element, "id"),
        "doi": _get(element, "doi"),
        "venue": _get(element, "journal_ref"),
        "category": None if category is None else category.get("term"),
    }


def _read_jats(element: Element) -> _Record:
    meta = element.find(".//article-meta")
    meta = element if meta is None else meta
    abstract = next(
        (a for a in meta.findall("abstract") if a.get("abstract-type") in (None, "summary")), None
    )
    dates = sorted(meta.findall("pub-date"), key=lambda d: d.find("month") is None)
    ids = {node.get("pub-id-type"): (node.text or "") for node in meta.findall("article-id")}
    title = meta.find("title-group/article-title")
    for note in title.findall(".//xref") if title is not None else ():
        note.text = ""
    return {
        "title": _get_markup(title) if title is not None else "",
        "subtitle": _get(meta, "title-group/subtitle"),
        "abstract": _join_paragraphs(abstract),
        "authors": [
            _read_jats_author(c)
            for c in meta.findall("contrib-group/contrib")
            if c.get("contrib-type") in (None, "author")
        ],
        "affiliations": [" ".join("".join(a.itertext()).split()) for a in meta.findall(".//aff")],
        "date": _read_jats_date(dates[0]) if dates else None,
        "venue": _get(element, ".//journal-title") or _get(element, ".//journal-id"),
        "doi": ids.get("doi"),
        "pmid": ids.get("pmid"),
        "keywords": _list(meta, "kwd-group/kwd") + _list(meta, "kwd-group/compound-kwd/compound-kwd-part"),
        "type": element.get("article-type"),
    }  # fmt: skip


def _join_paragraphs(abstract: Element | None) -> str:
    """Paragraphs, each with the title of its section in front."""
    if abstract is None:
        return ""
    parts: list[str] = []
    for paragraph in abstract.iter("p"):
        parent = paragraph.getparent()
        label = _get(parent, "title") if parent is not None and parent.tag == "sec" else ""
        first = parent is not None and parent.find("p") is paragraph
        parts.append(
            (f"{label.rstrip(' .:')}: " if label and first else "") + _get_markup(paragraph)
        )
    return "\n\n".join(parts) or _get_markup(abstract)


def _read_jats_author(contrib: Element) -> object:
    name = contrib.find("name")
    name = contrib.find(".//name") if name is None else name
    if name is None and contrib.find("string-name/surname") is not None:
        name = contrib.find("string-name")
    if name is None:
        return {"literal": _get_words(contrib, "collab") or _get_words(contrib, "string-name")}
    return {
        "family": _get(name, "surname"),
        "given": _get(name, "given-names"),
        "suffix": _get(name, "suffix"),
    }


def _read_jats_date(date: Element) -> _Record:
    return {name: _get(date, name) or None for name in ("year", "month", "day")}


def _read_dblp(element: Element) -> _Record:
    links = _list(element, "ee")
    return {
        "title": _get(element, "title").rstrip("."),
        "authors": _list(element, "author"),
        "year": _get(element, "year"),
        "venue": _get(element, "journal") or _get(element, "booktitle"),
        "url": links[0] if links else None,
        "doi": next((link for link in links if "doi.org/" in link), None),
    }


def _read_mods(element: Element) -> _Record:
    people = [
        {
            "family": _get(name, "namePart[@type='family']"),
            "given": _get(name, "namePart[@type='given']"),
            "name": _get(name, "namePart"),
        }
        for name in element.findall("name")
        if "edit" not in _get(name, "role/roleTerm").lower()
    ]
    return {
        "title": _get(element, "titleInfo/title"),
        "subtitle": _get(element, "titleInfo/subTitle"),
        "authors": people,
        "abstract": _get(element, "abstract"),
        "date": _get(element, ".//dateIssued"),
        "venue": _get(element, "relatedItem/titleInfo/title"),
        "doi": _get(element, "identifier[@type='doi']"),
        "url": _get(element, "location/url"),
        "keywords": _list(element, "subject/topic"),
    }


_RECORDS: Mapping[str, Callable[[Any], _Record]] = {
    "PubmedArticle": _read_pubmed,
    "PubmedBookArticle": _read_pubmed,
    "record": _read_endnote,
    "entry": _read_atom,
    "article": lambda e: _read_dblp(e) if e.get("key") else _read_jats(e),
    "inproceedings": _read_dblp,
    "incollection": _read_dblp,
    "phdthesis": _read_dblp,
    "mods": _read_mods,
}
"""By the name of the element that is a record."""
