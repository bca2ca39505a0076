"""What the records of services and reference managers look like, as flat records; and their envelopes.

OpenAlex, Semantic Scholar, Crossref, DataCite, arXiv's listing, DBLP, OpenReview (notes of both versions), Zotero and
Better BibTeX, PubMed's and other search answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]

ENVELOPES = (
    "results items notes data papers works documents docs records hits hit entries articles message result "
    "publications references bibliography response esummaryresult library value"
).split()
"""Names under which answers and exports keep the list of their records."""


_LONE = ("message", "result", "response")
"""Those under which an answer has its only record."""


def find_records(value: object, levels: int = 4) -> list[object] | None:
    """The list of records within an answer or export; None where the value is itself a record."""
    if not isinstance(value, Mapping) or not levels:
        return None
    if any(
        isinstance(value.get(name), (str, Mapping, list))
        for name in ("title", "content", "display_name")
    ):
        return None
    for name in ENVELOPES:
        inner = value.get(name)
        if isinstance(inner, list) and inner and all(isinstance(item, Mapping) for item in inner):
            return inner
        if isinstance(inner, Mapping):
            if (records := find_records(inner, levels - 1)) is not None:
                return records
            if name in _LONE and "title" in inner:
                return [inner]
    return None


def is_attachment(record: object) -> bool:
    """Whether a record of Zotero's is no work but what hangs on one: a file, a note, a mark in a file."""
    if not isinstance(record, Mapping):
        return False
    inner = record.get("data")
    kind = (inner if isinstance(inner, Mapping) else record).get("itemType")
    return kind in ("attachment", "note", "annotation")


def flatten(record: Record) -> Record:
    """The record with the fields of its service under names that every format shares."""
    if _is_wrapped(record):
        record = _unwrap(record)
    convert = next((convert for is_shape, convert in _SHAPES if is_shape(record)), dict)
    return convert(record)


# --- services -------------------------------------------------------------------------------


def _is_wrapped(record: Record) -> bool:
    """Zotero's ``data``, DBLP's ``info``, a search engine's ``_source``, DataCite's ``attributes``."""
    return "title" not in record and any(isinstance(record.get(k), Mapping) for k in _WRAPPERS)


_WRAPPERS = (
    "data",
    "info",
    "_source",
    "attributes",
    "document",
    "paper",
    "work",
    "item",
    "citedPaper",
    "citingPaper",
)


def _unwrap(record: Record) -> Record:
    inner = next(record[k] for k in _WRAPPERS if isinstance(record.get(k), Mapping))
    assert isinstance(inner, Mapping)
    return inner


def _convert_openalex(record: Record) -> Record:
    flat = dict(record)
    index = flat.pop("abstract_inverted_index", None)
    if isinstance(index, Mapping) and not flat.get("abstract"):
        flat["abstract"] = invert_index(index)
    flat["authors"] = flat.pop("authorships", None)
    flat["date"] = flat.pop("publication_date", None)
    ids = flat.pop("ids", None)
    if isinstance(ids, Mapping):
        flat.setdefault("pmid", ids.get("pmid"))
        flat.setdefault("doi", ids.get("doi"))
    location = flat.get("primary_location") or flat.get("best_oa_location")
    if isinstance(location, Mapping):
        flat["url"] = location.get("landing_page_url") or location.get("pdf_url")
        flat["venue"] = location.get("source")
    keywords = [flat.pop(name, None) for name in ("keywords", "topics", "concepts")]
    flat["keywords"] = next(filter(None, keywords), None)
    known = ("title", "abstract", "authors", "publication_year", "date", "doi", "pmid", "url", "venue",
             "keywords", "is_retracted", "type", "id", "host_venue", "display_name")  # fmt: skip
    return {name: value for name, value in flat.items() if name in known}


def invert_index(index: Mapping[str, object]) -> str:
    """The text of which OpenAlex gives each word with its positions."""
    words = [
        (int(at), word)
        for word, positions in index.items()
        if isinstance(positions, Sequence) and not isinstance(positions, str)
        for at in positions
        if isinstance(at, int)
    ]
    return " ".join(word for _, word in sorted(words))


def _convert_openreview(record: Record) -> Record:
    """Each field of a note's content is a value or, since version 2, an object that holds it."""
    content = record["content"]
    assert isinstance(content, Mapping)
    flat = {
        name: value["value"] if isinstance(value, Mapping) and "value" in value else value
        for name, value in content.items()
    }
    stamp = (
        record.get("pdate") or record.get("odate") or record.get("cdate") or record.get("tcdate")
    )
    flat.setdefault("date", stamp)
    if forum := record.get("forum") or record.get("id"):
        flat.setdefault("url", f"https://openreview.net/forum?id={forum}")
    if "TL;DR" in flat and not str(flat.get("abstract") or "").strip():
        flat["abstract"] = flat["TL;DR"]
    dropped = ("pdf", "authorids", "_bibtex", "paperhash", "TL;DR", "TLDR", "venueid", "supplementary_material",
               "one-sentence_summary", "code_of_ethics", "id")  # fmt: skip
    return {name: value for name, value in flat.items() if name not in dropped}


def _convert_crossref(record: Record) -> Record:
    flat = dict(record)
    dates = ("published-print", "published", "issued", "published-online", "created")
    flat["date"] = next((flat[name] for name in dates if _has_parts(flat.get(name))), None)
    for name in dates:
        flat.pop(name, None)
    for name in ("container-title", "title", "subtitle"):
        if isinstance(flat.get(name), list):
            flat[name] = next(filter(None, flat[name]), None)
    event = flat.pop("event", None)
    if not flat.get("container-title") and isinstance(event, Mapping):
        flat["container-title"] = event.get("name")
    updates = flat.pop("updated-by", None)
    if isinstance(updates, list) and any("retract" in str(u) for u in updates):
        flat["is_retracted"] = True
    flat["keywords"] = flat.pop("subject", None) or flat.get("keyword") or flat.get("categories")
    flat.pop("categories", None)
    flat.pop("id", None) if "DOI" in flat else None
    return {name: value for name, value in flat.items() if not _is_book_keeping(name)}


def _has_parts(value: object) -> bool:
    if not isinstance(value, Mapping):
        return isinstance(value, str)
    parts = value.get("date-parts")
    return bool(value.get("raw") or value.get("literal")) or bool(
        isinstance(parts, list) and parts and parts[0] and parts[0][0]
    )


def _is_book_keeping(name: str) -> bool:
    return (
        name
        in (
            "content-domain indexed reference references-count is-referenced-by-count relation source "
            "short-container-title original-title short-title assertion journal-issue resource event-place "
            "alternative-id update-policy funder archive issn-type isbn-type collection-title"
        ).split()
    )


def _convert_semantic_scholar(record: Record) -> Record:
    flat = dict(record)
    ids = flat.pop("externalIds", None) or flat.pop("externalids", None)
    if isinstance(ids, Mapping):
        by_name = {str(name).lower(): value for name, value in ids.items()}
        for name, key in (("doi", "doi"), ("arxiv", "arxiv"), ("pmid", "pubmed")):
            flat.setdefault(name, by_name.get(key))
    journal = flat.get("journal")
    venue = flat.get("venue") or (journal.get("name") if isinstance(journal, Mapping) else None)
    flat["venue"] = venue or flat.pop("publicationVenue", None)
    flat["keywords"] = flat.pop("s2FieldsOfStudy", None) or flat.pop("fieldsOfStudy", None)
    if isinstance(flat["keywords"], list):
        categories = [k.get("category") if isinstance(k, Mapping) else k for k in flat["keywords"]]
        flat["keywords"] = list(dict.fromkeys(categories))
    dropped = ("tldr", "embedding", "openAccessPdf", "isOpenAccess", "citationStyles", "influentialCitationCount",
               "publicationVenue", "fieldsOfStudy", "citations", "journal", "externalIds", "abstractSource")  # fmt: skip
    return {name: value for name, value in flat.items() if name not in dropped}


def _convert_arxiv(record: Record) -> Record:
    """A line of arXiv's listing: the first version has the date, ``authors_parsed`` the names."""
    flat = dict(record)
    parsed = flat.pop("authors_parsed", None)
    if isinstance(parsed, list) and parsed:
        flat["authors"] = [p[:3] for p in parsed if isinstance(p, list) and any(p)]
        places = [str(part).strip(" ,") for p in parsed if isinstance(p, list) for part in p[3:]]
        flat["affiliations"] = list(dict.fromkeys(filter(None, places)))
    versions = flat.pop("versions", None)
    first = versions[0] if isinstance(versions, list) and versions else None
    flat["date"] = (isinstance(first, Mapping) and first.get("created")) or flat.get("update_date")
    flat.pop("update_date", None)
    return {
        n: v for n, v in flat.items() if n not in ("submitter", "comments", "report-no", "license")
    }


def _convert_datacite(record: Record) -> Record:
    flat = dict(record)

    def get_first(name: str, key: str) -> object:
        values = flat.pop(name, None)
        items = values if isinstance(values, list) else []
        return next((item.get(key) for item in items if isinstance(item, Mapping)), None)

    flat["title"], flat["abstract"] = (
        get_first("titles", "title"),
        get_first("descriptions", "description"),
    )
    names = (
        "title",
        "abstract",
        "creators",
        "doi",
        "url",
        "publicationYear",
        "subjects",
        "container",
    )
    creators = flat.get("creators")
    flat["creators"] = [
        {"family": c.get("familyName"), "given": c.get("givenName"), "name": c.get("name")}
        for c in (creators if isinstance(creators, list) else [])
        if isinstance(c, Mapping)
    ]
    container = flat.get("container")
    flat["venue"] = container.get("title") if isinstance(container, Mapping) else None
    return {name: flat.get(name) for name in (*names[:-1], "venue")}


def _convert_zotero(record: Record) -> Record:
    flat = dict(record)
    flat["venue"] = next(
        (flat[k] for k in ("publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName") if flat.get(k)),
        None,
    )  # fmt: skip
    flat["files"] = [
        attached.get("path") or attached.get("title")
        for attached in (flat.pop("attachments", None) or ())
        if isinstance(attached, Mapping)
    ]
    names = ("title", "creators", "abstractNote", "date", "url", "DOI", "venue", "tags", "files", "itemType",
            "extra")  # fmt: skip
    return {name: flat[name] for name in names if name in flat}


def _convert_mesh(record: Record) -> Record:
    """PubMed's summary: ``uid``, ``sortpubdate``, names under ``authors``."""
    flat = {
        k: record.get(k) for k in ("title", "authors", "abstract", "pubdate", "fulljournalname")
    }
    flat["pmid"] = record.get("uid")
    for item in record.get("articleids") or ():
        if isinstance(item, Mapping) and item.get("idtype") == "doi":
            flat["doi"] = item.get("value")
    return flat


def _has(*names: str) -> Callable[[Record], bool]:
    return lambda record: any(name in record for name in names)


_SHAPES: Sequence[tuple[Callable[[Record], bool], Callable[[Record], Record]]] = (
    (lambda r: isinstance(r.get("content"), Mapping) and "title" not in r, _convert_openreview),
    (_has("abstract_inverted_index", "authorships"), _convert_openalex),
    (_has("authors_parsed", "versions"), _convert_arxiv),
    (
        _has("externalIds", "externalids", "publicationVenue", "s2FieldsOfStudy"),
        _convert_semantic_scholar,
    ),
    (_has("titles", "descriptions"), _convert_datacite),
    (_has("creators", "abstractNote", "itemType"), _convert_zotero),
    (
        _has("container-title", "issued", "published-print", "published-online", "DOI"),
        _convert_crossref,
    ),
    (_has("sortpubdate", "fulljournalname"), _convert_mesh),
)
"""The first that fits counts."""
