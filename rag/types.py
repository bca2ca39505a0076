"""The nouns of Paperfolk: what is read, what is retrieved, what is answered.

Everything here is frozen and built on the standard library alone; the other modules hold the
functions over these types. Spans are ``[start, end)`` in characters from 0; scores are higher
for better; ranks count from 1; equal scores are ordered by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["first", "listed", "page"]
"""How a person is tied to a paper: printed first, printed later, or owner of the page it stands on."""

Status = Literal["answered", "abstained", "failed"]
RouteName = Literal["content", "experts", "person", "catalogue", "smalltalk", "unsupported"]
Span = tuple[int, int]


# --- what is read ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry begins: a seed document's file name and a 1-based line (PDF: page)."""

    document: str
    line: int

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper as one seed document gives it, already in plain text.

    Attributes:
        place: Where the entry begins.
        raw: The entry's lines, verbatim.
        title: Plain text; None where none is printed.
        text: Plain text of the abstract (or of the whole paper), what quotes are taken from.
        authors: Printed names in order; empty where none are printed.
        authors_complete: False behind ``et al.`` and where no author is printed: unknown, not empty.
        affiliations: As printed for the entry, such as ``tencent-ai``.
        year: None where the document does not say; never guessed.
        category: Such as ``CV``.
        code: The page's ``Code`` mark; None where the format has no such mark.
        score: The figure printed before the header, such as 88.9.
        links: URLs in the text, in order, once each.
        url, doi, venue: From formats that give them.
        page_starts: For paged documents, the offset in ``text`` at which each page begins.
    """

    place: Place
    raw: str
    title: str | None
    text: str
    authors: tuple[str, ...] = ()
    authors_complete: bool = False
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
    page_starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """The figures printed at the head of an author page; what the page says, not what we hold.

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
    """An entry or document that could not be read: where, and why in one sentence."""

    document: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        where = self.document if self.line is None else f"{self.document}:{self.line}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One seed document, read.

    Attributes:
        document: File name (not the whole path).
        sha256: Of the file's bytes, hex.
        format: Name of the reader that recognised it, such as ``author_page``.
        institution: The line above a list of abstracts, if there is one.
    """

    document: str
    sha256: str
    format: str
    entries: tuple[Entry, ...]
    page: ProfilePage | None = None
    institution: str | None = None
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorship:
    """The link from a paper to a person. ``position`` counts from 1; None for ``page``."""

    paper_id: str
    name: str
    role: Role
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, whatever number of places it stands in. Fields as in Entry, merged.

    Attributes:
        paper_id: Stable, from the content.
        label: Made from the paper's own words, for display where ``title`` is None.
        authorships: Printed authors in order, then page owners who are not printed.
        places: Every place, the one to be named first in front.
        documents: Institution lines and page owners live with the documents, not here.
    """

    paper_id: str
    title: str | None
    label: str
    text: str
    authorships: tuple[Authorship, ...]
    authors_complete: bool
    places: tuple[Place, ...]
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
    page_starts: tuple[int, ...] = ()

    @property
    def source(self) -> str:
        return str(self.places[0])

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


# --- what is stored -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One seed document as the library holds it.

    Attributes:
        name: Unambiguous within the library: the path below the folder it was read from.
        path: The file it was read from; it may be gone by now.
        ingested_at: ISO 8601, UTC.
        n_kept: Entries held on to from an older version, because the present one had broken parts.
    """

    name: str
    path: str
    sha256: str
    format: str
    institution: str | None
    page: ProfilePage | None
    n_entries: int
    ingested_at: str
    rejections: tuple[Rejection, ...] = ()
    n_kept: int = 0


Change = Literal["new", "changed", "unchanged", "removed", "kept"]
"""What an ingest does to an entry. ``kept`` would go, but its document could not be read whole."""


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """What an ingest does to one entry; ``name`` is its title or label."""

    place: Place
    name: str
    paper_id: str
    change: Change


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """What an ingest does to one document.

    ``missing`` is no longer where it was read from and stays until ``--prune``; ``rejected`` could
    not be read at all, so whatever the library holds of it stays.

    Attributes:
        reading: What is to be stored; None where nothing of the document is written.
        entries: One for each of its entries; empty for an unchanged or missing document.
        n_entries: Entries it has after the ingest, or, if it is to be removed, had before.
    """

    name: str
    path: str
    change: Literal["new", "changed", "unchanged", "removed", "missing", "rejected"]
    reading: Reading | None = None
    entries: tuple[EntryPlan, ...] = ()
    n_entries: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ingest would do, document by document; nothing is written yet."""

    documents: tuple[DocumentPlan, ...]
    rejections: tuple[Rejection, ...] = ()
    rebuild: bool = False

    def count(self, change: Change) -> int:
        """Entries with this change; those of unchanged documents are unchanged."""
        whole = "unchanged" if change == "unchanged" else None
        return sum(
            document.n_entries
            if document.change == whole and not document.entries
            else sum(entry.change == change for entry in document.entries)
            for document in self.documents
        )

    @property
    def counts(self) -> dict[str, int]:
        """Entries by change, and how much was rejected: what ``--dry-run`` prints."""
        changes: tuple[Change, ...] = ("new", "changed", "unchanged", "removed", "kept")
        return {**{c: self.count(c) for c in changes}, "rejected": len(self.rejections)}

    @property
    def changes_nothing(self) -> bool:
        return not self.rebuild and all(
            d.change in ("unchanged", "missing", "rejected") for d in self.documents
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest did. ``n_papers`` and ``n_chunks`` are the whole library's, afterwards."""

    plan: Plan
    n_papers: int
    n_chunks: int
    n_embedded: int
    fingerprint: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Health:
    """Whether library, vectors and lexical index are in step; ``problems`` is empty if they are."""

    n_papers: int
    n_chunks: int
    n_vectors: int
    n_indexed: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


# --- what is retrieved ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unit of indexing: a span of one paper's text.

    ``chunk_id`` comes from paper, span and chunker, so that the same content has the same id.
    ``text`` is ``paper.text[span]``; ``heading`` (title or nothing) is put before it to be embedded.
    """

    chunk_id: str
    paper_id: str
    span: Span
    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One item of a ranking. ``item_id`` is a chunk or a paper id, as the ranking says."""

    item_id: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Hits of one query by one retriever, best first, ranks 1..n."""

    query: str
    retriever: str
    hits: tuple[Hit, ...]

    @staticmethod
    def from_scores(query: str, retriever: str, scores: Mapping[str, float], k: int) -> Ranking:
        """The k best of ``scores``; equal scores are ordered by id."""
        best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
        return Ranking(
            query,
            retriever,
            tuple(Hit(item, score, rank) for rank, (item, score) in enumerate(best, 1)),
        )


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one paper's text and how well it fits the query, comparable within a query."""

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class WordMatch:
    """How one word of the query is met by one paper.

    Attributes:
        word: As typed, at ``span`` of the query.
        idf: What it is worth in this library; 0 for stop words and words of asking.
        found: Whether the paper has the word itself (title, text, people, year, ...).
        cosine: Its nearest token in the paper, -1 to 1; 0 where there are no token vectors.
    """

    word: str
    span: Span
    idf: float
    found: bool
    cosine: float


@dataclass(frozen=True, slots=True)
class PaperHit:
    """One paper of a retrieval: its hits joined, its sentences in text order.

    Attributes:
        signals: The parts that the score was made of, by retriever name.
        words: How the query's words are met, in query order; for the first few papers alone.
    """

    paper: Paper
    score: float
    rank: int
    sentences: tuple[Sentence, ...]
    signals: Mapping[str, float]
    words: tuple[WordMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieval:
    """All that was found for one query, best paper first."""

    query: str
    papers: tuple[PaperHit, ...]


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Whether the papers found can answer the question.

    Attributes:
        sufficient: The decision.
        probability: That the papers hold the answer, 0-1, as calibrated.
        missing: Words of the question that the papers do not have, for the abstention to name.
    """

    sufficient: bool
    probability: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage chosen for one question, with the opaque key by which a model may cite it."""

    key: str
    paper: Paper
    span: Span
    score: float

    @property
    def quote(self) -> str:
        return self.paper.text[self.span[0] : self.span[1]]


# --- what is answered -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Citation:
    """From a marker in an answer to a place in a paper.

    ``quote`` equals ``paper.text[span]``, except where a paper holds no text at all: then both
    are empty and the title carries the citation.
    """

    marker: int
    paper_id: str
    source: str
    also_at: tuple[str, ...]
    title: str | None
    label: str
    quote: str
    span: Span


@dataclass(frozen=True, slots=True)
class ScoredPaper:
    """One paper of the ranking behind an answer."""

    paper_id: str
    source: str
    score: float
    also_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expert:
    """A person ranked for one topic. ``roles`` maps each supporting paper to the person's role."""

    name: str
    score: float
    papers: tuple[str, ...]
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a catalogue question: ``year between (2020, 2023)``, ``code is False``."""

    field: str
    operator: str
    value: object


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question asks for.

    Attributes:
        route: The branch that answers it.
        question: The last turn, as typed.
        query: What is sent to the retrievers: the question made whole from its thread.
        reason: One clause saying why this route, for the reader.
        topic: For experts and persons on a topic; None if there is none.
        people: Names the question means, as the library prints them.
        conditions: For the catalogue.
        parts: Whatever else the route's module needs, by name.
    """

    route: RouteName
    question: str
    query: str
    reason: str = ""
    topic: str | None = None
    people: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    parts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money spent on models for one answer; ``cost_usd`` None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets: see CONTRACT for the record made of it.

    ``checks`` holds what the citation gate counted in a model's reply, by name; empty without one.
    """

    question: str
    status: Status
    route: RouteName
    text: str
    citations: tuple[Citation, ...] = ()
    papers: tuple[ScoredPaper, ...] = ()
    experts: tuple[Expert, ...] = ()
    value: int | float | str | tuple[str, ...] | None = None
    model: str = "extractive"
    prompt_sha256: str | None = None
    library: str = ""
    latency_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()
    intent: Intent | None = None
    checks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation, oldest turn first."""

    turns: tuple[Turn, ...] = ()

    def plus(self, turn: Turn) -> Thread:
        return Thread((*self.turns, turn))


@dataclass(frozen=True, slots=True)
class Step:
    """A named step while an answer is made, for a screen to show."""

    name: str


@dataclass(frozen=True, slots=True)
class Delta:
    """More words of the answer's text, in order."""

    text: str


Event = Step | Delta | Answer
"""What a streamed answer consists of: steps and deltas, and the whole Answer last."""


def sources(papers: Sequence[Paper]) -> tuple[str, ...]:
    """The ``<seed file>:<line>`` of each paper, in order."""
    return tuple(paper.source for paper in papers)
