"""Papers on a topic in groups by the terms that their titles share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.topic_names import list_title_phrases
from rag.search.topics import Phrase
from rag.text import extract_terms, split_terms
from rag.types import Paper

MAX_GROUPS = 5
_LARGEST_SHARE = 0.6
"""A term of more papers than this tells nothing of how they differ, nor does one with a word that more
of them have: ``based method``."""
_WORDS_FOR_METHODS = frozenset("based method methods approach approaches framework network".split())
"""Two papers with "based method" in their titles are no group."""
_LEAST_GROUPED = 0.7
"""Groups that leave out more than this share of the papers order nothing."""


@dataclass(frozen=True, slots=True)
class PaperGroup:
    """Papers that share a term; an empty term for those that share none."""

    term: str
    papers: tuple[Paper, ...]


def group_papers(topic: str, papers: Sequence[Paper]) -> list[PaperGroup]:
    """Each paper in the largest group whose term it has, larger groups first, the others last.

    A term is a run of two or three words of a title with a word that the topic does not have, which
    another of the papers has in its title or text. One group of all where terms order too few.
    """
    own_terms = set(split_terms(topic))
    counts = Counter(
        t
        for p in papers
        for t in set(extract_terms(f"{p.title or ''} {p.text}", keep_stop_words=True))
    )
    common = {t for t, n in counts.items() if n > _LARGEST_SHARE * len(papers)} - own_terms
    terms = {
        stems: phrase
        for paper in papers
        for stems, phrase in list_title_phrases(paper.title or "").items()
        if not common & set(stems)
        and set(split_terms(phrase)) - own_terms
        and _WORDS_FOR_METHODS.isdisjoint(phrase.split())
    }
    members = {
        phrase: {p.paper_id for p in papers if finder.is_in(p.title or "", p.text)}
        for phrase in terms.values()
        for finder in (Phrase(phrase),)
    }
    ungrouped = {p.paper_id for p in papers}
    groups: list[PaperGroup] = []
    while len(groups) < MAX_GROUPS:
        best = max(members, key=lambda t: (len(members[t] & ungrouped), -len(t)), default="")
        here = members.pop(best, set()) & ungrouped
        if len(here) < 2:
            break
        if len(here) <= max(2, _LARGEST_SHARE * len(papers)):
            groups.append(PaperGroup(best, tuple(p for p in papers if p.paper_id in here)))
            ungrouped -= here
    if len(ungrouped) > _LEAST_GROUPED * len(papers):
        return [PaperGroup("", tuple(papers))]
    rest = tuple(p for p in papers if p.paper_id in ungrouped)
    return [*groups, PaperGroup("", rest)] if rest else groups
