"""A person in a few lines: how much, when, about what, with whom, and what the page says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.answering.citations import plain
from rag.catalogue.figures import page_figures
from rag.census import Census
from rag.listing import counted, years_of
from rag.text import STOP_WORDS, fold, join_names, stem
from rag.types import Expert, Paper, Role

_THEMES = 6
_COMPANY = 6
_TITLE_WORD = re.compile(r"[^\W_]+(?:[-–'][^\W_]+)*")


def expert_of(name: str, papers: Sequence[Paper], now: Census) -> Expert:
    """The person with those of the papers that are theirs as evidence; the score counts them."""
    roles: dict[str, Role] = {}
    for paper in papers:
        for a in paper.authorships:
            if now.aliases.get(a.name, a.name) == name:
                roles.setdefault(paper.paper_id, a.role)
    return Expert(name, float(len(roles)), tuple(roles), roles)


def portrait(name: str, papers: Sequence[Paper], now: Census) -> str:
    """Papers held, years, roles, and what the titles have in common."""
    roles = Counter(expert_of(name, papers, now).roles.values())
    said = [f"{counted(len(papers))} here{years_of(papers)}"]
    if roles["first"]:
        said.append(f"first author of {roles['first']}")
    if roles["page"]:
        where = "listed on their profile page, where the paper prints only 'et al.'"
        said.append(f"{roles['page']} {where}")
    text = f"**{plain(name)}**: {', '.join(said)}."
    if common := themes(papers):
        text += " Often about " + join_names(f"{plain(t)} ({n})" for t, n in common) + "."
    return text


def themes(papers: Sequence[Paper], k: int = _THEMES) -> list[tuple[str, int]]:
    """Phrases of two or three words that stand in several of the titles, most frequent first."""
    counts: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], str] = {}
    for paper in papers:
        phrases = _phrases(paper.title or "")
        counts.update(phrases.keys())
        for stems, phrase in phrases.items():
            shown.setdefault(stems, phrase)
    kept: list[tuple[str, ...]] = []
    for stems, n in sorted(counts.items(), key=lambda c: (-c[1], -len(c[0]), c[0])):
        covered = any(set(stems) & set(other) for other in kept)
        if n > 1 and not covered:
            kept.append(stems)
    return [(shown[stems], counts[stems]) for stems in kept[:k]]


def _phrases(title: str) -> dict[tuple[str, ...], str]:
    """Runs of two and three neighbouring words without stop words, by their stems."""
    tokens = [(m.group(), m.span()) for m in _TITLE_WORD.finditer(title)]
    found = {}
    for n in (3, 2):
        for at in range(len(tokens) - n + 1):
            run = tokens[at : at + n]
            if any(w.lower() in STOP_WORDS or len(w) < 2 for w, _ in run):
                continue
            between = title[run[0][1][1] : run[-1][1][0]]
            if any(c in between for c in ":,;()"):
                continue
            phrase = title[run[0][1][0] : run[-1][1][1]].lower()
            found[tuple(stem(fold(w)) for w, _ in run)] = phrase
    return found


def company(name: str, papers: Sequence[Paper], now: Census) -> str:
    """The most frequent co-authors."""
    shared = now.beside(name, papers)
    often = sorted(shared.items(), key=lambda s: (-s[1], s[0]))[:_COMPANY]
    if not often:
        return ""
    more = len(shared) - len(often)
    listed = join_names(f"{plain(o)} ({n})" for o, n in often)
    return f"Most often with {listed}" + (f"; {more} others." if more > 0 else ".")


def page_line(name: str, now: Census) -> str:
    """The figures of the person's page; empty where there is none."""
    page = now.page(name)
    return page_figures(page, len(now.page_papers[name])) if page else ""
