"""How well PDFs are read: titles, people, years and pages against what was read off them by eye.

The set holds addresses and truth, not files; a file in the given folder is known by its sha256.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import readers
from rag.text import fold, split_sentences
from rag.types import Entry
from rag.types.errors import ReadError

PAPERS = Path(__file__).parent.parent / "sets" / "pdfs" / "papers.jsonl"
QUOTES_PER_PAPER = 12
MIN_QUOTE_LETTERS = 40

TARGETS = {
    "title": 0.95,
    "authors": 0.80,
    "false names": 0.03,
    "year": 0.90,
    "page": 0.98,
    "seconds": 0.5,
}


@dataclass(frozen=True, slots=True)
class PaperTruth:
    """One PDF of the set; ``authors`` and ``year`` are None where none are printed on its first page."""

    name: str
    split: str
    repo: str
    commit: str
    path: str
    sha256: str
    title: str
    authors: tuple[str, ...] | None
    year: int | None

    @property
    def address(self) -> str:
        return f"https://raw.githubusercontent.com/{self.repo}/{self.commit}/{self.path}"


@dataclass(slots=True)
class PdfScore:
    """Counts over the PDFs of one split, and what was wrong."""

    n: int = 0
    right: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    n_names: int = 0
    n_false_names: int = 0
    n_found_names: int = 0
    seconds: float = 0.0
    mistakes: list[str] = field(default_factory=list)

    def add(self, what: str, is_right: bool) -> None:
        self.asked[what] = self.asked.get(what, 0) + 1
        self.right[what] = self.right.get(what, 0) + is_right

    def share(self, what: str) -> float:
        return self.right.get(what, 0) / max(1, self.asked.get(what, 0))


def load_truth(path: Path = PAPERS) -> list[PaperTruth]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_read_truth(json.loads(line)) for line in lines]


def _read_truth(record: dict[str, object]) -> PaperTruth:
    authors = record.pop("authors")
    names = tuple(map(str, authors)) if isinstance(authors, list) else None
    return PaperTruth(authors=names, **record)  # type: ignore[arg-type]


def find_files(folder: Path, truth: Sequence[PaperTruth]) -> dict[str, Path]:
    """The files of the set below a folder, by the sha256 of their bytes."""
    wanted = {paper.sha256 for paper in truth}
    files = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in folder.rglob("*.pdf")}
    return {sha256: path for sha256, path in files.items() if sha256 in wanted}


def score_pdfs(papers: Sequence[PaperTruth], files: dict[str, Path]) -> PdfScore:
    score = PdfScore()
    for paper in papers:
        path = files.get(paper.sha256)
        if path is None:
            continue
        score.n += 1
        began = time.process_time()
        try:
            (entry,) = readers.read(path).entries
        except ReadError as exc:
            entry = None
            score.mistakes.append(f"{paper.name}: {exc}")
        score.seconds += time.process_time() - began
        _score_paper(score, paper, entry)
        if entry is not None:
            for is_right in _iter_page_checks(path, entry):
                score.add("page", is_right)
    return score


def _score_paper(score: PdfScore, paper: PaperTruth, entry: Entry | None) -> None:
    title = (entry.title if entry else None) or ""
    is_same = _keep_letters(title) == _keep_letters(paper.title)
    score.add("title", is_same)
    if not is_same:
        score.mistakes.append(f"{paper.name}: title {title!r}, not {paper.title!r}")
    names = entry.authors if entry else ()
    if paper.authors is not None:
        wanted, names_read = map(set, (map(_fold_name, paper.authors), map(_fold_name, names)))
        score.n_names += len(wanted)
        score.n_found_names += len(wanted & names_read)
        score.n_false_names += len(names_read - wanted)
        score.add("authors", wanted == names_read)
        if wanted != names_read:
            score.mistakes.append(
                f"{paper.name}: without {sorted(wanted - names_read)}, with {sorted(names_read - wanted)}"
            )
    if paper.year is not None:
        year = entry.year if entry else None
        score.add("year", year == paper.year)
        if year != paper.year:
            score.mistakes.append(f"{paper.name}: year {year}, not {paper.year}")


def _keep_letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


def _fold_name(name: str) -> str:
    """Without accents, case, hyphens and the dots of initials."""
    return " ".join(re.sub(r"[\W_]+", " ", fold(name).replace("'", "").replace("’", "")).split())


def _iter_page_checks(path: Path, entry: Entry) -> Iterator[bool]:
    """Whether some sentences stand on the page that is named for them, by the file's plain text."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        pages = [_keep_letters(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()
    spans = [
        span for span in split_sentences(entry.text)
        if len(_keep_letters(entry.text[slice(*span)])) >= MIN_QUOTE_LETTERS
    ]  # fmt: skip
    for span in spans[:: max(1, len(spans) // QUOTES_PER_PAPER)]:
        beginning = _keep_letters(entry.text[slice(*span)])[:24]
        places = [at for at, page in enumerate(pages, 1) if beginning in page]
        if places:  # letters that pdfium gives in another order are found nowhere
            yield _find_page(entry, span[0]) in places


def _find_page(entry: Entry, offset: int) -> int:
    return max(1, sum(start <= offset for start in entry.page_starts))


def iter_lines(title: str, score: PdfScore) -> Iterator[str]:
    """A table of shares with the targets."""
    yield f"{title}: {score.n} PDFs"
    for what in ("title", "authors", "year", "page"):
        n = score.asked.get(what, 0)
        yield f"  {what:<12} {score.share(what):6.3f}  of {n:,} (target {TARGETS[what]})"
    false_share = score.n_false_names / max(1, score.n_false_names + score.n_found_names)
    yield f"  false names  {false_share:6.3f}  of {score.n_false_names + score.n_found_names:,} (target under {TARGETS['false names']})"
    yield f"  names found  {score.n_found_names / max(1, score.n_names):6.3f}  of {score.n_names:,}"
    yield f"  seconds      {score.seconds / max(1, score.n):6.3f}  a PDF to read, of one core (target {TARGETS['seconds']} in all)"
