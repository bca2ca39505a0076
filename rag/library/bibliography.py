"""Papers as references: BibTeX, RIS and CSV, for citation managers and spreadsheets.

Nothing is invented: an unknown year is left out, a list cut by ``et al.`` ends in ``others``, and a
label that replaces a missing title is marked as one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from rag.library.family_names import NameParts, split_name
from rag.text import STOP_WORDS, fold, join_names
from rag.types import Authorship, Entry, Paper
from rag.types.papers import CUT_LIST, NO_TITLE, OUR_NOTE

ExportFormat = Literal["bibtex", "ris", "csv"]

EXPORT_SUFFIXES: Mapping[ExportFormat, str] = {"bibtex": ".bib", "ris": ".ris", "csv": ".csv"}
MEDIA_TYPES: Mapping[ExportFormat, str] = {
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csv": "text/csv",
}
MAX_AUTHORS, SHOWN_AUTHORS = 30, 6
"""A reference prints all of so many authors; of more, so many and how many there are beside."""
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Characters that make a spreadsheet take a cell for a formula, also behind white space."""
BIBTEX_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
COLUMNS = (
    "paper title label authors authors_complete page_owners affiliations year month day category "
    "code score venue doi url links keywords arxiv pmid retracted sources text"
).split()


def format_byline(paper: Paper | Entry) -> str:
    """``A, B and C, 2022``; says so where authors or year are unknown or the list was cut."""
    n_more = len(paper.authors) - SHOWN_AUTHORS if len(paper.authors) > MAX_AUTHORS else 0
    authors = paper.authors[:SHOWN_AUTHORS] if n_more else paper.authors
    if n_more:
        names = f"{', '.join(authors)} and {n_more:,} more"
    else:
        names = join_names(authors) if paper.authors_complete else ", ".join(authors)
    if paper.authors and not paper.authors_complete:
        names += " et al."
    mark = ", retracted" if paper.retracted else ""
    return f"{names or 'authors unknown'}, {paper.year or 'year unknown'}{mark}"


def format_papers(papers: Sequence[Paper], form: ExportFormat) -> str:
    """The papers, in order, as one text in the format."""
    writers: Mapping[ExportFormat, Callable[[Sequence[Paper]], str]] = {
        "bibtex": to_bibtex,
        "ris": to_ris,
        "csv": to_csv,
    }
    return writers[form](papers)


# --- BibTeX ---------------------------------------------------------------------------------


def to_bibtex(papers: Sequence[Paper]) -> str:
    """BibTeX entries with keys such as ``li2022semi``, unique within the text."""
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field
    from bibtexparser.writer import BibtexFormat

    library = Library()
    for key, paper in zip(build_keys(papers), papers, strict=True):
        fields = [Field(name, value) for name, value in _list_bibtex_fields(paper)]
        library.add(Entry("article" if paper.venue else "misc", key, fields))
    form = BibtexFormat()  # type: ignore[no-untyped-call]  # its __init__ lacks annotations
    form.indent, form.trailing_comma, form.block_separator = "  ", True, "\n"
    return str(write_string(library, bibtex_format=form))


def build_keys(papers: Sequence[Paper]) -> list[str]:
    """A citation key for each paper: family name, year, first weighty word; letters part equals."""
    used_keys: set[str] = set()
    citation_keys: list[str] = []
    for paper in papers:
        stem = _build_key_stem(paper)
        key, n = stem, 0
        while key in used_keys:
            n += 1
            key = f"{stem}{_format_letters(n)}"
        used_keys.add(key)
        citation_keys.append(key)
    return citation_keys


def _build_key_stem(paper: Paper) -> str:
    printed = _list_printed(paper)
    family = _convert_to_ascii(_get_key_name(split_name(printed[0]))) if printed else "anon"
    words = (_convert_to_ascii(word) for word in re.split(r"[\W_]+", paper.name))
    first = next((w for w in words if len(w) > 2 and w not in STOP_WORDS), "")
    return f"{family or 'anon'}{paper.year or ''}{first}"


def _list_printed(paper: Paper) -> list[Authorship]:
    return [authorship for authorship in paper.authorships if authorship.role != "page"]


def _get_key_name(name: NameParts) -> str:
    """The family name without particles; of a group its first word that says something."""
    words = [w for w in name.family.split() if not w.islower() and fold(w) not in STOP_WORDS]
    return "".join(words if name.given else words[:1]) or name.family


def _convert_to_ascii(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(word))


def _format_letters(n: int) -> str:
    """1 -> a, 26 -> z, 27 -> aa."""
    letters = ""
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _list_bibtex_fields(paper: Paper) -> Iterable[tuple[str, str]]:
    authors = [_format_bibtex_name(person) for person in _list_printed(paper)]
    if authors and not paper.authors_complete:
        authors.append("others")
    if authors:
        yield "author", " and ".join(authors)
    yield "title", "{" + _convert_to_latex(paper.name) + "}"
    if paper.year is not None:
        yield "year", str(paper.year)
        if paper.month is not None:
            yield "month", BIBTEX_MONTHS[paper.month - 1]
            if paper.day is not None:
                yield "day", str(paper.day)
    for name, value in (
        ("journal", paper.venue),
        ("doi", paper.doi),
        ("url", paper.url or (paper.links[0] if paper.links else None)),
        ("eprint", paper.arxiv),
        ("archiveprefix", "arXiv" if paper.arxiv else None),
        ("pmid", paper.pmid),
        ("keywords", "; ".join(paper.keywords)),
        ("category", paper.category),
        ("affiliation", "; ".join(paper.affiliations)),
    ):
        if value:
            yield name, value if name in ("url", "doi", "eprint") else _convert_to_latex(value)
    yield "abstract", _convert_to_latex(paper.text)
    yield "annote", _convert_to_latex(_format_note(paper))  # most styles print a "note"


def _format_bibtex_name(person: Authorship) -> str:
    """As read, where BibTeX parts it right by itself; a group in braces, so that nothing parts it."""
    name = split_name(person)
    if not name.given:
        return "{" + _convert_to_latex(name.family) + "}"
    if name.suffix or (" " in name.family):
        parts = (name.family, name.suffix, name.given)
        return ", ".join(_convert_to_latex(part) for part in parts if part)
    return _convert_to_latex(f"{name.given} {name.family}")


def _convert_to_latex(text: str) -> str:
    """Plain text as LaTeX that prints the same, on one line."""
    from pylatexenc.latexencode import unicode_to_latex

    return str(
        unicode_to_latex(
            " ".join(text.split()),
            replacement_latex_protection="braces-all",
            unknown_char_policy="keep",
            unknown_char_warning=False,
        )
    )


def _format_note(paper: Paper) -> str:
    parts = ["; ".join(map(str, paper.places))]
    if paper.title is None:
        parts.append(NO_TITLE)
    if paper.authors and not paper.authors_complete:
        parts.append(CUT_LIST)
    if paper.category:
        parts.append(f"category {paper.category}")
    if paper.code is not None:
        parts.append(f"code {'yes' if paper.code else 'no'}")
    if paper.score is not None:
        parts.append(f"score {paper.score:g}")
    if paper.retracted:
        parts.append("retracted")
    owners = [a.name for a in paper.authorships if a.role == "page"]
    if owners:
        parts.append(f"{join_names(owners)} among the authors by the profile page")
    return OUR_NOTE + "; ".join(parts)


# --- RIS ------------------------------------------------------------------------------------


def to_ris(papers: Sequence[Paper]) -> str:
    """RIS records, each ended by ``ER``; line ends as the format asks."""
    lines: list[str] = []
    for paper in papers:
        lines.append(f"TY  - {'JOUR' if paper.venue else 'GEN'}")
        lines.extend(
            f"{tag}  - {' '.join(value.split())}" for tag, value in _list_ris_fields(paper)
        )
        lines.extend(("ER  - ", ""))
    return "\r\n".join(lines)


def _list_ris_fields(paper: Paper) -> Iterable[tuple[str, str]]:
    yield "ID", paper.paper_id
    yield "TI", paper.name
    for name in map(split_name, _list_printed(paper)):
        yield "AU", ", ".join(filter(None, (name.family, name.given, name.suffix)))
    if paper.year is not None:
        yield "PY", str(paper.year)
        if paper.month is not None:
            yield "DA", f"{paper.year}/{paper.month:02}/{f'{paper.day:02}' if paper.day else ''}/"
    for tag, value in (("JO", paper.venue), ("DO", paper.doi)):
        if value:
            yield tag, value
    for accession in (paper.arxiv and f"arXiv:{paper.arxiv}", paper.pmid and f"PMID:{paper.pmid}"):
        if accession:
            yield "AN", accession
    yield from (("KW", keyword) for keyword in paper.keywords)
    yield from (("AD", affiliation) for affiliation in paper.affiliations)
    for link in dict.fromkeys(filter(None, (paper.url, *paper.links))):
        yield "UR", link
    yield "AB", paper.text
    yield "N1", _format_note(paper)


# --- CSV ------------------------------------------------------------------------------------


def to_csv(papers: Sequence[Paper]) -> str:
    """A table with a header row; several values in one cell are parted by ``; ``."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(_build_row(paper) for paper in papers)
    return out.getvalue()


def _build_row(paper: Paper) -> list[str]:
    owners = [a.name for a in paper.authorships if a.role == "page"]
    values: list[object] = [
        paper.paper_id,
        paper.title,
        None if paper.title else paper.label,
        "; ".join(map(_format_cell_name, _list_printed(paper))),
        "yes" if paper.authors_complete else "no",
        "; ".join(owners),
        "; ".join(paper.affiliations),
        paper.year,
        paper.month,
        paper.day,
        paper.category,
        None if paper.code is None else "yes" if paper.code else "no",
        paper.score,
        paper.venue,
        paper.doi,
        paper.url,
        "; ".join(paper.links),
        "; ".join(paper.keywords),
        paper.arxiv,
        paper.pmid,
        "yes" if paper.retracted else None,
        "; ".join(map(str, paper.places)),
        paper.text,
    ]
    return [_cell(value) for value in values]


def _format_cell_name(person: Authorship) -> str:
    """As printed, but for ``Bo W``, which would be read as the initial of a family Bo."""
    name = split_name(person)
    is_short = len(person.name.split()[-1].replace(".", "")) <= 3 and bool(name.given)
    return f"{name.family}, {name.given}" if is_short and not name.suffix else person.name


def _cell(value: object) -> str:
    """A text that a spreadsheet would compute, such as a title ``=HYPERLINK(…)``, stays text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else str(value)
