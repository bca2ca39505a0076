"""Documents, entries, papers and their people."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["first", "listed", "page"]
"""A person's role on a paper: printed first, printed later, or owner of the page that lists it."""

NOT_FOUND = "not found"
"""How a field is known that a reader looked for: not known to be absent."""
SERVICE_MARK = "paperfolk_service"
FILLED_IN = "filled in from"
"""The name under which a service's record says who gave it; how its fields are known."""
NO_TITLE = "no title printed, label made from the text"
CUT_LIST = "author list cut by et al."
OUR_NOTE = "Paperfolk: "
"""What a note begins with in which an export says what its format has no field for; by these words the
export is read back.
"""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry begins: a seed document's file name and a 1-based line (PDF: page)."""

    document: str
    line: int

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Bibliographic details of a work besides its title, people and text.

    Attributes:
        affiliations: As printed for the entry, such as ``tencent-ai``.
        year: None where the document does not say; never guessed.
        category: Such as ``CV``.
        code: The page's ``Code`` mark; None where the format has no such mark.
        score: The figure printed before the header, such as 88.9.
        links: URLs in the text, in order, once each.
        url, doi, venue: From formats that give them.
        arxiv: The arXiv id without its version, such as ``2203.04567``.
        pmid: The number in PubMed.
        keywords: Keywords, subject headings and tags, each once.
        retracted: Whether the document says that the paper was retracted; None where it says nothing.
        page_starts: For paged documents, the offset in ``text`` at which each page begins.
        section_starts, section_names: The offset at which each section begins, and its heading.
        references: The works that the paper cites, as it prints them; never quoted as evidence.
        provenance: How fields are known, where that is not by their being printed as such:
            ``year: guessed from the copyright``, ``authors: not found``.
    """

    affiliations: tuple[str, ...] = ()
    year: int | None = None
    month: int | None = None
    day: int | None = None
    category: str | None = None
    code: bool | None = None
    score: float | None = None
    links: tuple[str, ...] = ()
    url: str | None = None
    doi: str | None = None
    venue: str | None = None
    arxiv: str | None = None
    pmid: str | None = None
    keywords: tuple[str, ...] = ()
    retracted: bool | None = None
    page_starts: tuple[int, ...] = ()
    section_starts: tuple[int, ...] = ()
    section_names: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()

    def how_known(self, field: str) -> str:
        """``guessed from the copyright``, ``not found``; empty where a field was read, or is not there."""
        of_field = (line for line in self.provenance if line.startswith(f"{field}: "))
        return next(of_field, "").partition(": ")[2]


@dataclass(frozen=True, slots=True)
class Entry(Particulars):
    """One paper as one seed document gives it, already in plain text.

    Attributes:
        place: Where the entry begins.
        raw: The entry's lines, verbatim.
        title: Plain text; None where none is printed.
        text: Plain text of the abstract (or of the whole paper), what quotes are taken from.
        authors: Printed names in order; empty where none are printed.
        authors_complete: False behind ``et al.`` and where no author is printed: unknown, not empty.
        families: The family name of each author, empty where the document does not part it.
        files: Names of the files that the entry says are its text.
    """

    place: Place
    raw: str
    title: str | None
    text: str
    authors: tuple[str, ...] = ()
    authors_complete: bool = False
    families: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """The figures printed at the head of an author page, which may differ from the library's.

    ``n_papers`` is the page's own figure (113), apart from the entries that the page lists (50).
    ``novelty`` is a share, 0-1.
    """

    person: str
    category: str | None = None
    h_index: int | None = None
    n_papers: int | None = None
    n_citations: int | None = None
    novelty: float | None = None
    ai_score: float | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An entry or document that could not be read: its place, and the reason in one sentence."""

    document: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        where = self.document if self.line is None else f"{self.document}:{self.line}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """The contents of one seed document.

    Attributes:
        document: File name (not the whole path).
        sha256: Of the file's bytes, hex.
        format: Name of the reader that recognised it, such as ``author_page``.
        institution: The line above a list of abstracts, if there is one.
        notes: What is to be said of the reading, though nothing was rejected: columns that were not
            understood, pages without text.
    """

    document: str
    sha256: str
    format: str
    entries: tuple[Entry, ...]
    page: ProfilePage | None = None
    institution: str | None = None
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorship:
    """The link from a paper to a person. ``position`` counts from 1; None for ``page``.

    ``family`` is the family name, where a document parts it from the rest.
    """

    paper_id: str
    name: str
    role: Role
    position: int | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class Paper(Particulars):
    """One work: its entries from all documents, merged.

    Institution lines and page owners live with the documents, not here.

    Attributes:
        paper_id: Stable, from the content.
        label: Made from the paper's own words, for display where ``title`` is None.
        authorships: Printed authors in order, then page owners who are not printed.
        places: All places, the preferred one first.
    """

    paper_id: str
    title: str | None
    label: str
    text: str
    authorships: tuple[Authorship, ...]
    authors_complete: bool
    places: tuple[Place, ...]

    def __hash__(self) -> int:
        """Of two fields: those of all thirty took as long as what is cached by paper."""
        return hash((self.paper_id, self.text))

    @property
    def source(self) -> str:
        return str(self.places[0])

    @property
    def also_at(self) -> tuple[str, ...]:
        """Every place but the first."""
        return tuple(str(place) for place in self.places[1:])

    def find_page(self, offset: int) -> int | None:
        """The page, from 1, on which a character of the text stands; None without pages."""
        return max(1, bisect_right(self.page_starts, offset)) if self.page_starts else None

    def is_not_found(self, field: str) -> bool:
        """Whether a reader looked for a field and did not find it, though it may be printed."""
        return self.how_known(field) == NOT_FOUND

    @property
    def name(self) -> str:
        """The title, or the label where none was printed."""
        return self.title or self.label

    @property
    def authors(self) -> tuple[str, ...]:
        """Printed authors, in order; empty means unknown."""
        return tuple(a.name for a in self.authorships if a.role != "page")


@dataclass(frozen=True, slots=True)
class Person:
    """One printed human name with its papers (``authorships``) and, if there is one, its page."""

    name: str
    authorships: tuple[Authorship, ...]
    page: ProfilePage | None = None


def list_sources(papers: Sequence[Paper]) -> tuple[str, ...]:
    """The ``<seed file>:<line>`` of each paper, in order."""
    return tuple(paper.source for paper in papers)
