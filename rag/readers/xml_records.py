"""XML, by lxml: PubMed, EndNote, arXiv's Atom answers, JATS articles, DBLP and MODS.

Nothing outside the document is read: no DTD, no entity, no address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rag.readers import field_mapping, jats
from rag.readers.source import DocumentParts, DocumentSource
from rag.readers.xml_elements import XmlRecord, get_markup, get_markup_at, get_text_at, list_markup
from rag.types import Entry, Place, Rejection
from rag.types.errors import ReadError

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

NAME = "xml"
SUFFIXES = (".xml", ".atom", ".nxml")

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
    parted = jats.part_body(element)
    raw = etree.tostring(element, encoding="unicode", with_tail=False).strip()
    try:
        entry = field_mapping.build_record_entry(
            {k: v for k, v in record.items() if field_mapping.is_filled(v)}, place, raw
        )
        return jats.add_body(entry, parted)
    except field_mapping.NotARecord as exc:
        return Rejection(document, place.line, str(exc))


# --- PubMed ---------------------------------------------------------------------------------


def _read_pubmed(element: Element) -> XmlRecord:
    article = element.find(".//Article")
    article = element if article is None else article
    sections = [
        (f"{part.get('Label')}: " if part.get("Label") else "") + get_markup(part)
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
        "title": (get_markup_at(article, "ArticleTitle") or get_markup_at(element, ".//BookTitle")).removesuffix("."),
        "abstract": "\n\n".join(sections) if len(sections) > 1 else "".join(sections),
        "authors": [_read_pubmed_author(node) for node in article.findall(".//AuthorList/Author")],
        "authors_complete": "no" if article.find(".//AuthorList[@CompleteYN='N']") is not None else None,
        "affiliations": list_markup(article, ".//AffiliationInfo/Affiliation"),
        "date": next(filter(None, map(_read_pubmed_date, dates)), None),
        "venue": get_markup_at(article, ".//Journal/Title") or get_markup_at(article, ".//ISOAbbreviation"),
        "doi": get_markup_at(article, "ELocationID[@EIdType='doi']") or ids.get("doi"),
        "pmid": get_markup_at(element, ".//PMID"),
        "keywords": [*list_markup(element, ".//Keyword"), *list_markup(element, ".//MeshHeading/DescriptorName")],
        "type": list_markup(element, ".//PublicationType"),
    }  # fmt: skip


def _read_pubmed_author(author: Element) -> Mapping[str, object]:
    group = get_markup_at(author, "CollectiveName")
    if group:
        return {"literal": group}
    first = get_markup_at(author, "ForeName") or get_markup_at(author, "Initials")
    return {
        "family": get_markup_at(author, "LastName"),
        "given": first,
        "suffix": get_markup_at(author, "Suffix"),
    }


def _read_pubmed_date(element: Element | None) -> object:
    if element is None:
        return None
    year = get_markup_at(element, "Year")
    if not year:
        return get_markup_at(element, "MedlineDate") or None
    return {
        "year": year,
        "month": get_markup_at(element, "Month") or None,
        "day": get_markup_at(element, "Day") or None,
    }


# --- EndNote --------------------------------------------------------------------------------


def _read_endnote(element: Element) -> XmlRecord:
    dates = element.find("dates")
    year = get_text_at(element, "dates/year")
    exact = get_text_at(element, "dates/pub-dates/date") if dates is not None else ""
    return {
        "title": get_text_at(element, "titles/title"),
        "abstract": get_text_at(element, "abstract"),
        "authors": [" ".join("".join(a.itertext()).split()) for a in element.findall("contributors/authors/author")],
        "year": year,
        "date": f"{exact} {year}" if exact and year not in exact else exact,
        "venue": get_text_at(element, "titles/secondary-title")
        or get_text_at(element, "periodical/full-title")
        or get_text_at(element, "alt-periodical/full-title"),
        "doi": get_text_at(element, "electronic-resource-num"),
        "url": get_text_at(element, "urls/related-urls/url"),
        "keywords": [" ".join("".join(k.itertext()).split()) for k in element.findall("keywords/keyword")],
        "files": [" ".join("".join(u.itertext()).split()) for u in element.findall("urls/pdf-urls/url")],
        "pmid": get_text_at(element, "accession-num")
        if "pubmed" in (get_text_at(element, "remote-database-name") + get_text_at(element, "database")).lower()
        else None,
    }  # fmt: skip


# --- Atom, DBLP, MODS -----------------------------------------------------------------


def _read_atom(element: Element) -> XmlRecord:
    links = [
        link.get("href")
        for link in element.findall("link")
        if link.get("rel") in (None, "alternate")
    ]
    category = element.find("primary_category")
    category = element.find("category") if category is None else category
    return {
        "title": get_markup_at(element, "title"),
        "abstract": get_markup_at(element, "summary") or get_markup_at(element, "content"),
        "authors": list_markup(element, "author/name"),
        "affiliations": list_markup(element, "author/affiliation"),
        "date": get_markup_at(element, "published") or get_markup_at(element, "updated"),
        "url": next(filter(None, links), None) or get_markup_at(element, "id"),
        "id": get_markup_at(element, "id"),
        "doi": get_markup_at(element, "doi"),
        "venue": get_markup_at(element, "journal_ref"),
        "category": None if category is None else category.get("term"),
    }


def _read_dblp(element: Element) -> XmlRecord:
    links = list_markup(element, "ee")
    return {
        "title": get_markup_at(element, "title").rstrip("."),
        "authors": list_markup(element, "author"),
        "year": get_markup_at(element, "year"),
        "venue": get_markup_at(element, "journal") or get_markup_at(element, "booktitle"),
        "url": links[0] if links else None,
        "doi": next((link for link in links if "doi.org/" in link), None),
    }


_AUTHOR_ROLES = frozenset(
    "aut author cre creator dis dissertant inv inventor spk speaker presenter col collaborator".split()
)
"""Roles in MODS, by MARC's code or in words, of those who wrote a work; others advised, edited or paid."""


def _read_mods(element: Element) -> XmlRecord:
    titles = [t for t in element.findall("titleInfo") if t.get("type") is None]
    title = next(iter(titles or element.findall("titleInfo")), element)
    article, name = get_markup_at(title, "nonSort"), get_markup_at(title, "title")
    gap = "" if article.endswith(("'", "’", "-")) else " "
    host = element.find("relatedItem[@type='host']")
    host = element.find("relatedItem") if host is None else host
    return {
        "title": f"{article}{gap}{name}" if article else name,
        "subtitle": get_markup_at(title, "subTitle"),
        "authors": [_read_mods_name(n) for n in element.findall("name") if _is_mods_author(n)],
        "abstract": get_markup_at(element, "abstract"),
        "date": get_markup_at(element, ".//dateIssued"),
        "venue": " ".join(filter(None, (get_markup_at(host, f"titleInfo/{part}") for part in ("nonSort", "title"))))
        if host is not None
        else "",
        "doi": get_markup_at(element, "identifier[@type='doi']"),
        "url": get_markup_at(element, "location/url"),
        "keywords": list_markup(element, "subject/topic"),
    }  # fmt: skip


def _is_mods_author(name: Element) -> bool:
    """Whether one of its roles is to write; without any role it is an author."""
    roles = [
        " ".join("".join(term.itertext()).lower().split()) for term in name.findall("role/roleTerm")
    ]
    roles += [
        address.rpartition("/")[2]
        for term in name.findall("role/roleTerm")
        if (address := term.get("valueURI"))
    ]
    return not roles or any(role in _AUTHOR_ROLES for role in roles)


def _read_mods_name(name: Element) -> Mapping[str, object]:
    plain = [part for part in name.findall("namePart") if part.get("type") is None]
    printed = " ".join(" ".join("".join(part.itertext()).split()) for part in plain)
    if name.get("type") in ("corporate", "conference"):
        return {"literal": printed}
    return {
        "family": get_markup_at(name, "namePart[@type='family']"),
        "given": " ".join(list_markup(name, "namePart[@type='given']")),
        "name": printed,
    }


_RECORDS: Mapping[str, Callable[[Any], XmlRecord]] = {
    "PubmedArticle": _read_pubmed,
    "PubmedBookArticle": _read_pubmed,
    "record": _read_endnote,
    "entry": _read_atom,
    "article": lambda e: _read_dblp(e) if e.get("key") else jats.read_record(e),
    "inproceedings": _read_dblp,
    "incollection": _read_dblp,
    "phdthesis": _read_dblp,
    "mods": _read_mods,
}
"""By the name of the element that is a record."""
