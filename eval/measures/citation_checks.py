"""Checks the citations of a record: markers resolve, and quotes are literally in the paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from rag.library import Library
from rag.types.errors import NotFound

_MARKER = re.compile(r"\[(\d+)\]")


def find_faults(record: Mapping[str, Any], text_of: Callable[[str], str | None]) -> list[str]:
    """Every way in which the citations break the contract, one sentence each.

    Args:
        record: An answer record.
        text_of: The text of a paper by id; None for one that is not in the library.
    """
    citations = record.get("citations") or []
    used = {int(n) for n in _MARKER.findall(str(record.get("text") or ""))}
    marker_counts = Counter(c["marker"] for c in citations)
    sentences = [f"marker [{n}] leads nowhere" for n in sorted(used - marker_counts.keys())]
    sentences += [
        f"citation [{n}] is not used in the text" for n in sorted(marker_counts.keys() - used)
    ]
    sentences += [
        f"marker [{n}] stands for {count} citations"
        for n, count in marker_counts.items()
        if count > 1
    ]
    for citation in citations:
        sentences += _find_quote_faults(citation, text_of(citation["paper"]))
    return sentences


def _find_quote_faults(citation: Mapping[str, Any], text: str | None) -> list[str]:
    marker, (start, end) = citation["marker"], citation["span"]
    if text is None:
        return [f"citation [{marker}] names paper {citation['paper']!r}, which is not held"]
    if text[start:end] != citation["quote"]:
        return [f"the quote of [{marker}] is not what stands at {start} to {end} of its paper"]
    if not citation["quote"].strip() and text.strip():
        return [f"the quote of [{marker}] is empty"]
    return []


def build_text_lookup(library: Library) -> Callable[[str], str | None]:
    """The text of a paper of this library by id, each read once."""
    texts_by_id: dict[str, str | None] = {}

    def get_text(paper_id: str) -> str | None:
        if paper_id not in texts_by_id:
            try:
                texts_by_id[paper_id] = library.find_paper(paper_id).text
            except NotFound:
                texts_by_id[paper_id] = None
        return texts_by_id[paper_id]

    return get_text
