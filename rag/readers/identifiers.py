"""DOI, arXiv id and PMID as they are printed in fields and addresses."""

from __future__ import annotations

import re

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}|\\^`]+", re.IGNORECASE)
_ARXIV = re.compile(
    r"(?<![\w.])(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?P<class>\.[A-Z-]{2,9})?/\d{7})(?:v\d+)?(?![\w/]|\.\d)",
    re.IGNORECASE,
)
_ARXIV_ADDRESS = re.compile(r"arxiv\.org/(?:abs|pdf|html|format|e-print)/([^\s?#]+)", re.IGNORECASE)
_PUBMED_ADDRESS = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d{1,9})", re.IGNORECASE
)


def parse_doi(printed: str) -> str | None:
    """In lower case, as DOIs are compared: ``https://doi.org/10.1000/X`` -> ``10.1000/x``."""
    match = _DOI.search(re.sub("%2f", "/", printed.replace("\\_", "_"), flags=re.IGNORECASE))
    return match.group().rstrip(".,;)").lower() if match else None


def parse_arxiv(printed: str) -> str | None:
    """The id without its version, from an id or an address: ``arXiv:2203.04567v2`` -> ``2203.04567``.

    ``math.AG/0309136`` is ``math/0309136``: the class is no part of an old id.
    """
    address = _ARXIV_ADDRESS.search(printed)
    text = address.group(1).removesuffix(".pdf") if address else printed
    text = re.sub(r"^\s*(?:arxiv[:.\s]*|10\.48550/arxiv\.)", "", text, flags=re.IGNORECASE)
    match = _ARXIV.match(text.strip())
    return match["id"].replace(match["class"] or " ", "").lower() if match else None


def find_arxiv_in_url(url: str) -> str | None:
    """The arXiv id that an address or DOI of arXiv names."""
    if _ARXIV_ADDRESS.search(url) or re.search(r"10\.48550/arxiv\.", url, re.IGNORECASE):
        return parse_arxiv(re.sub(r"^.*(?=10\.48550)", "", url))
    return None


def find_pmid_in_url(url: str) -> str | None:
    match = _PUBMED_ADDRESS.search(url)
    return match.group(1) if match else None
