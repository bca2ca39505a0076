"""Papers that a question points at by anything but their title: each pointer becomes the title.

A DOI, an arXiv id, a PMID, an address, a BibTeX entry, a reference from a bibliography, ``Quill & Berg, 2021``, or a stretch
of the paper's own abstract. What follows then reads the title, as if it had been typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.library.coined import find_named_spans
from rag.library.view import LibraryView
from rag.text import fold
from rag.types import Condition, Paper

_WITH = r"(?:(?:the\s+)?(?:paper|article|work|preprint|one|entry|study|publication)\s+)?(?:(?:with|under|whose|having|of|at)\s+(?:the\s+)?)?"
_DOI = re.compile(
    rf"{_WITH}(?:\bDOI(?:\s+is|:)?\s*)?(?:https?://(?:dx\.)?doi\.org/|\bdoi\.org/|\bdoi:\s*)?\b(?P<id>10\.\d{{4,9}}/[^\s\"<>?]+)",
    re.IGNORECASE,
)
_ARXIV = re.compile(
    rf"{_WITH}(?:arxiv(?:\s+(?:id|number|preprint|paper))?(?:\s+is)?[:.\s]*)?"
    r"(?:(?<![\d.])(?P<id>\d{4}\.\d{4,5})|(?<![\w.-])(?P<old>[a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[a-z-]{2,9})?/\d{7}))"
    r"(?:v\d++)?+(?![\d.]*\d)",
    re.IGNORECASE,
)
_PMID = re.compile(rf"{_WITH}\b(?:PMID|PubMed(?:\s+id)?)[:\s]*(?P<id>\d{{1,9}})\b", re.IGNORECASE)
_URL = re.compile(r"(?P<id>(?:https?://|www\.)[^\s<>\"]+)", re.IGNORECASE)
_BIBTEX = re.compile(r"@[A-Za-z]+\s*\{.*\}", re.DOTALL)
_FIELD = re.compile(
    r"\b(title|doi|eprint)\s{0,9}=\s{0,9}[{\"]{1,3}((?:[^{}\"]|\{[^{}\"]{0,80}\}){1,400})",
    re.IGNORECASE,
)
_PARTICLE = r"(?:(?:van|von|der|den|de|la|le|del|di|da|dos|el|al|ten|ter)\s+){0,3}"
_SURNAME = rf"{_PARTICLE}[^\W\d_a-z][\w'’-]+(?:\s[^\W\d_a-z][\w'’-]+)?"
_CITATION = re.compile(
    rf"[\[(]?(?<![\w'’-])(?P<names>{_SURNAME}(?:(?:,? (?:&|and|und|et|y) |, (?=[^\W\d_a-z])){_SURNAME}){{0,3}}(?P<more>,? et al\.?)?)"
    r"(?:['’]s)?(?P<gap>,?\s*[(\[]|,\s*|\s+)(?P<year>(?:19|20)\d\d)(?P<letter>[a-z])?[)\]]?(?![\w-])"
)
_INITIALS = r"(?:[^\W\d_a-z]\.[\s-]?){1,4}"
_LISTED = re.compile(
    rf"(?<![\w'’-])(?P<names>{_SURNAME}, {_INITIALS}(?:,? (?:& |and )?{_SURNAME}, {_INITIALS}){{0,7}})(?P<more>,? et al\.?)?"
    rf"(?P<gap>,?\s*[(\[])(?P<year>(?:19|20)\d\d)(?P<letter>[a-z])?[)\]]"
)
"""``Kairouz, S., Paradis, C., & Nadeau, L. (2015)``: the beginning of a reference."""
_MIN_PASTED_WORDS = 15
_MAX_CHARS = 3_000
_SHINGLE, _MAX_SOURCES = 5, 20
_MOST_PAPERS = 3
"""Papers that one pointer may mean."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A stretch of a question that means papers of the library; of none, where an identifier is unknown."""

    start: int
    end: int
    papers: tuple[Paper, ...]
    typed: str


def expand_pointers(question: str, library: LibraryView) -> tuple[str, tuple[str, ...]]:
    """The question with titles for pointers, and what is to be said of those that nothing here fits."""
    expanded, notes, at = [], list[str](), 0
    for pointer in _drop_overlaps(_iter_pointers(question, library)):
        if not pointer.papers:
            notes.append(f"no paper here has {pointer.typed}")
            continue
        if len(pointer.papers) > 1:
            notes.append(f"{len(pointer.papers)} papers here fit {pointer.typed}")
        expanded.append(question[at : pointer.start])
        head = " " if pointer.start and question[pointer.start - 1].isalnum() else ""
        expanded.append(
            head + " and ".join(dict.fromkeys(p.name.rstrip(" .") for p in pointer.papers))
        )
        at = pointer.end
    text = "".join((*expanded, question[at:]))
    # What is longer would be cut where it is looked for, and no longer be the text that was read.
    return (question if len(text) > _MAX_CHARS else text), tuple(dict.fromkeys(notes))


def _drop_overlaps(pointers: Iterator[Pointer]) -> list[Pointer]:
    chosen: list[Pointer] = []
    for pointer in pointers:  # the surest come first
        if all(pointer.end <= other.start or pointer.start >= other.end for other in chosen):
            chosen.append(pointer)
    return sorted(chosen, key=lambda pointer: pointer.start)


def _iter_pointers(question: str, library: LibraryView) -> Iterator[Pointer]:
    if "@" in question and (match := _BIBTEX.search(question)):
        if papers := _find_by_bibtex(match.group(), library):
            yield Pointer(*match.span(), papers, match.group())
    if (reference := _find_reference(question, library)) is not None:
        yield reference
    finders: Sequence[
        tuple[re.Pattern[str], Callable[[str, LibraryView], tuple[Paper, ...]], str]
    ] = (
        (_DOI, _find_by_doi, "DOI"),
        (_URL, _find_by_url, ""),
        (_ARXIV, _find_by_arxiv, "arXiv id"),
        (_PMID, _find_by_pmid, "PMID"),
    )
    for pattern, find, noun in finders:
        for match in pattern.finditer(question):
            at = match.lastgroup or "id"
            identifier = match[at].rstrip(".,;:)]'\"”!?")
            papers = find(identifier, library)
            end = match.end(at) - len(match[at]) + len(identifier)
            end = max(end, match.end()) if match.end() > match.end(at) else end
            if papers or noun in ("DOI", "PMID"):
                yield Pointer(
                    match.start(), end, papers[:_MOST_PAPERS], f"{noun} {identifier}".strip()
                )
    for match in _LISTED.finditer(question):
        surnames = [
            fold(name) for name in re.findall(rf"({_SURNAME}), {_INITIALS}", match["names"])
        ]
        papers = _find_cited(surnames, int(match["year"]), library, is_cut=bool(match["more"]))
        if papers:
            yield Pointer(*match.span(), papers, match.group())
    for match in _CITATION.finditer(question):
        if papers := _find_by_citation(match, library):
            yield Pointer(*match.span(), papers, match.group())


# --- identifiers ----------------------------------------------------------------------------


def _find_by_doi(doi: str, library: LibraryView) -> tuple[Paper, ...]:
    doi = doi.lower()
    if arxiv := re.match(r"10\.48550/arxiv\.(\S+)", doi):
        return _find_by_arxiv(arxiv.group(1), library)
    return tuple(library.find_papers([Condition("doi", "is", doi)])) if doi else ()


def _find_by_arxiv(arxiv: str, library: LibraryView) -> tuple[Paper, ...]:
    # Of an old id the class is no part: math.AG/0309136 is math/0309136.
    number = re.sub(r"v\d+$|\.[a-z-]+(?=/)", "", arxiv.lower())
    return tuple(library.find_numbered("arxiv", number)) or tuple(
        p
        for p in library.find_with_address(number)
        if any(number in (address or "").lower() for address in (p.url, p.doi))
    )


def _find_by_pmid(pmid: str, library: LibraryView) -> tuple[Paper, ...]:
    return tuple(library.find_numbered("pmid", pmid))


def _find_by_url(url: str, library: LibraryView) -> tuple[Paper, ...]:
    if match := _DOI.search(url):
        return _find_by_doi(match["id"].rstrip("/"), library)
    if "arxiv.org" in url.lower() and (match := _ARXIV.search(url)):
        return _find_by_arxiv(match["id"] or match["old"], library)
    if match := re.search(
        r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)|ncbi\.nlm\.nih\.gov/pubmed/(\d+)", url
    ):
        return _find_by_pmid(match.group(1) or match.group(2), library)
    bare = _get_bare(url)
    papers = library.find_with_address(bare) if bare else []
    named = tuple(p for p in papers if p.url and _get_bare(p.url) == bare)
    return named or tuple(p for p in papers if bare in map(_get_bare, p.links))


def _get_bare(url: str) -> str:
    """An address without what differs between copies: scheme, ``www``, ``.pdf``, a last stroke, a query."""
    bare = url.lower().split("://")[-1].removeprefix("www.").partition("#")[0]
    return re.sub(r"(?:\.pdf|/pdf|\.html?)$", "", bare.partition("?utm")[0].rstrip("/"))


def _find_by_bibtex(entry: str, library: LibraryView) -> tuple[Paper, ...]:
    fields = {name.lower(): value for name, value in _FIELD.findall(entry)}
    title = re.sub(r"[{}\\]", "", fields.get("title", "")).strip()
    return (
        _find_by_doi(fields.get("doi", ""), library)
        or (_find_by_arxiv(fields["eprint"], library) if "eprint" in fields else ())
        or _find_entitled(title, library)
    )[:1]


def _find_entitled(title: str, library: LibraryView) -> tuple[Paper, ...]:
    """The papers of a title, whatever stands between its letters."""
    named = (paper_id for _, paper_id in find_named_spans(title, library))
    ids = dict.fromkeys((*library.list_entitled(fold(title)), *named)) if title else ()
    letters = _get_letters(title)
    return tuple(p for p in library.list_papers(ids) if _get_letters(p.name) == letters)


# --- references -----------------------------------------------------------------------------


def _get_letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


def _find_reference(question: str, library: LibraryView) -> Pointer | None:
    """A line of a bibliography: a title of the library among nothing but its people, year, venue and figures."""
    if not re.search(r"(?:19|20)\d\d", question) or len(question) > 600 or "," not in question:
        return None
    for (at, end), paper_id in find_named_spans(question, library):
        start = _find_start(question, at)
        if len(question[at:end].split()) < 3 or not question[start:at].strip():
            continue
        paper = library.get_paper(paper_id)
        assert paper is not None
        around = f"{question[start:at]} {question[end:]}"
        words = [word for word in _list_words(around) if len(word) > 1]
        own = {
            word
            for value in (*paper.authors, paper.venue, paper.doi, paper.url)
            for word in _list_words(value)
        }
        foreign = [word for word in words if word not in own and word not in _IN_REFERENCES]
        if len(foreign) <= len(words) // 3 and own & set(words):
            # What is asked of it stands behind it: "… Bog Letters. Who wrote it?"
            end = end if foreign and "?" in question else len(question.rstrip(" ?"))
            return Pointer(start, end, (paper,), question[start:end])
    return None


def _list_words(text: str | None) -> list[str]:
    return re.findall(r"[^\W\d_]+", fold(text or ""))


_IN_REFERENCES = frozenset(
    "et al and in vol volume no pp pages proceedings proc of the journal arxiv preprint conference international "
    "doi https http org www eds ed press university available at abs on".split()
)


def _find_start(question: str, at: int) -> int:
    """Where the reference begins: behind a request that stands in front of it with a colon."""
    colon = question.rfind(": ", 0, at)
    return colon + 2 if colon >= 0 else 0


def _find_by_citation(match: re.Match[str], library: LibraryView) -> tuple[Paper, ...]:
    """Papers of that year whose authors begin with these surnames, and are as many as the citation says."""
    names = re.sub(r",? et al\.?$", "", match["names"])
    surnames = [fold(n).strip() for n in re.split(r",? (?:&|and|und|et|y) |, ", names) if n.strip()]
    year, is_cut = int(match["year"]), bool(match["more"])
    # "papers by Jana Doe 2019": a person whose name is whole, and a year.
    if any(" " in m.typed and m.how != "family" for m in library.names.find_mentions(names)):
        return ()
    if (
        match["gap"].isspace()
        and not is_cut
        and re.search(r"\b(?:by|from)\s+$", match.string[: match.start()])
    ):
        return ()
    papers = _find_cited(surnames, year, library, is_cut=is_cut)
    if (
        not papers and " " in surnames[0]
    ):  # "Since Varga (2019)": the word before is none of the name
        papers = _find_cited([surnames[0].split()[-1], *surnames[1:]], year, library, is_cut=is_cut)
    return papers


def _find_cited(
    surnames: Sequence[str], year: int, library: LibraryView, *, is_cut: bool
) -> tuple[Paper, ...]:
    fitting = [
        p
        for p in library.find_cited(surnames[0].split()[-1], year)
        if len(p.authors) >= len(surnames) and all(map(_ends_with, p.authors, surnames))
    ]
    if is_cut:
        fitting = [p for p in fitting if len(p.authors) > 1 or not p.authors_complete]
    exact = [p for p in fitting if not is_cut and len(p.authors) == len(surnames)]
    return tuple(exact or fitting)[:_MOST_PAPERS]


def _ends_with(name: str, surname: str) -> bool:
    folded = re.sub(r"(?:,? (?:jr|sr|ii|iii|iv)\.?| 0\d{3})$", "", fold(name))
    return folded == surname or folded.endswith(f" {surname}")


# --- pasted text ----------------------------------------------------------------------------


def find_pasted(question: str, library: LibraryView) -> tuple[Paper | None, str, str] | None:
    """A pasted abstract: its paper if that is here, its words, and the request around it; None without one."""
    parts = re.split(r"(?<=[.:?!])\s+", question.strip())
    lengths = [len(part.split()) for part in parts]
    if sum(lengths) < _MIN_PASTED_WORDS + 3 or len(parts) < 2:
        return None
    is_first, is_last = _is_request(parts[0]), _is_request(parts[-1])
    if is_first == is_last:
        return None
    request, body = (parts[0], parts[1:]) if is_first else (parts[-1], parts[:-1])
    text = " ".join(body)
    if len(text.split()) < _MIN_PASTED_WORDS or "?" in text:
        return None
    return _find_source(text, library), text, request


def _find_source(text: str, library: LibraryView) -> Paper | None:
    """The paper that more than half of a pasted text stands in."""
    words = text.split()
    samples = [
        " ".join(words[at : at + _SHINGLE]) for at in (0, len(words) // 2, len(words) - _SHINGLE)
    ]
    candidates = library.find_papers(
        [Condition("text", "contains_any", tuple(samples))], limit=_MAX_SOURCES
    )
    wanted = _get_shingles(text)
    shared = {p.paper_id: len(wanted & _get_shingles(p.text)) for p in candidates}
    best = max(candidates, key=lambda p: shared[p.paper_id], default=None)
    return best if best is not None and shared[best.paper_id] > len(wanted) / 2 else None


_REQUEST = re.compile(
    r"\b(?:similar|related|like|neighbou?rs?|resembl\w+|close to)\b"
    r"|^(?:who|which (?:people|authors|researchers)|how many papers)\b.*\b(?:this|these|following|such)\b",
    re.IGNORECASE,
)
"""What asks for papers like a text or for people on it; "which work is this?" asks for the paper that is told."""


def _is_request(part: str) -> bool:
    words = part.split()
    ends = part.endswith((":", "?")) or bool(
        re.match(r"(?:find|list|show|give|name|which|who)\b", part, re.I)
    )
    return len(words) <= 14 and ends and _REQUEST.search(part) is not None


def _get_shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", fold(text))
    return {tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1)}
