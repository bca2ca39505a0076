"""A library in memory: papers and pages made by hand, retrieved by their words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rag.text import split_sentences, split_terms
from rag.types import (
    Authorship,
    Paper,
    PaperHit,
    Person,
    Place,
    ProfilePage,
    Retrieval,
    Sentence,
)


def paper(
    key: str,
    title: str | None = None,
    text: str = "We study a problem. It works.",
    authors: Sequence[str] = (),
    *,
    owner: str | None = None,
    complete: bool = True,
    places: Sequence[tuple[str, int]] = (),
    **fields: object,
) -> Paper:
    """A paper with id ``key``; ``owner`` stands on it as the page's person."""
    ties = [
        Authorship(key, name, "first" if at == 1 else "listed", at)
        for at, name in enumerate(authors, 1)
    ]
    if owner is not None and owner not in authors:
        ties.append(Authorship(key, owner, "page", None))
    return Paper(
        paper_id=key,
        title=title,
        label=title or f"label of {key}",
        text=text,
        authorships=tuple(ties),
        authors_complete=complete and bool(authors),
        places=tuple(Place(d, n) for d, n in places) or (Place("seed.txt", int(key.strip("p"))),),
        **fields,  # type: ignore[arg-type]
    )


class Shelf:
    """What `rag.library.snapshot.load_snapshot` reads, from a list of papers."""

    def __init__(
        self,
        papers: Iterable[Paper],
        pages: Iterable[ProfilePage] = (),
        on_page: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._papers = list(papers)
        self._pages = list(pages)
        self._on_page = dict(on_page or {})

    @property
    def fingerprint(self) -> str:
        return str(hash((tuple(self._papers), tuple(self._pages))))

    def list_papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        wanted = None if ids is None else set(ids)
        return [p for p in self._papers if wanted is None or p.paper_id in wanted]

    def list_persons(self) -> list[Person]:
        ties: dict[str, list[Authorship]] = defaultdict(list)
        for each in self._papers:
            for tie in each.authorships:
                ties[tie.name].append(tie)
        pages = {page.person: page for page in self._pages}
        return [Person(name, tuple(held), pages.get(name)) for name, held in ties.items()]

    def list_pages(self) -> list[ProfilePage]:
        return self._pages

    def list_page_papers(self, person: str) -> list[str]:
        return list(self._on_page.get(person, ()))

    def retrieve(self, query: str, k: int) -> Retrieval:
        """Papers by the share of the query's words that they have."""
        wanted = set(split_terms(query))
        scores = {
            p.paper_id: len(wanted & set(split_terms(f"{p.title} {p.text}"))) / len(wanted or "-")
            for p in self._papers
        }
        best = sorted(self._papers, key=lambda p: (-scores[p.paper_id], p.paper_id))[:k]
        hits = tuple(
            PaperHit(
                p,
                scores[p.paper_id],
                rank,
                tuple(Sentence(span, 0.0) for span in split_sentences(p.text)),
                {"late": scores[p.paper_id], "dense": scores[p.paper_id]},
            )
            for rank, p in enumerate(best, 1)
        )
        return Retrieval(query, hits)
