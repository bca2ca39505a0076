"""How a passage stands in a prompt: key, title, authors, date and text, all of it fenced."""

from __future__ import annotations

from collections.abc import Mapping

from rag.generation.prompt_files import Prompt, render_fenced
from rag.text.english import MONTHS, dated_day
from rag.types import Evidence, Paper


def build_particulars(evidence: Evidence, prompt: Prompt, mark: str) -> Mapping[str, str]:
    """The values of a prompt's part ``passage``."""
    paper = evidence.paper
    unknown = prompt.render_part("unknown", {})
    items = evidence.apart.names
    authors = ", ".join(name for name in paper.authors if name not in items)
    if authors and not paper.authors_complete:
        authors += " et al."
    return {
        "key": evidence.key,
        "kind": "Title" if paper.title else "Label, no title is printed",
        "title": unknown if paper.name in items else render_fenced(paper.name, mark),
        "authors": render_fenced(authors, mark) or unknown,
        "date": _format_date(paper) or unknown,
        "text": render_fenced(evidence.quote, mark) or unknown,
        "fence": mark,
    }


def _format_date(paper: Paper) -> str:
    """``3 March 2022``, or as much as is known; without a year *3 March, year not printed*."""
    if paper.year:
        return dated_day((paper.year, paper.month or 0, paper.day or 0))
    if not paper.month:
        return ""
    return f"{paper.day or ''} {MONTHS[paper.month - 1]}, year not printed".strip()
