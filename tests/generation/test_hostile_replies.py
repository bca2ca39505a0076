"""A hostile model against the gate: bad replies of every kind, in every place, cut at random."""

from __future__ import annotations

import re

import pytest

from rag.answers.citations import check_citations
from rag.generation.gate import CitationGate
from rag.text.markdown import hazards, markers
from tests.generation.test_gate import EVIDENCE, PAPERS
from tests.hostile import (
    PLACES,
    Payload,
    drop_unverified,
    fits,
    numbers,
    payloads,
    pieces,
    seen,
)

TRUE = (
    "DuetFace splits images into frequency channels [E1].",
    "We study label noise and propose a robust loss called TidyLoss [E2].",
)
RULES = (
    "You answer questions about research papers for a reader, from the passages of the user message alone. "
    "Every sentence that states something ends with the key of its passage before the full stop."
)
NUMBERS = set.union(*(numbers(f"{p.text} {p.year}") for p in PAPERS.values()))
PLACES_EACH = 4
"""Places that each payload is tried in; every place is used, by turns."""


def cases() -> list[tuple[Payload, str]]:
    names = list(PLACES)
    chosen = []
    for at, payload in enumerate(payloads()):
        some = [names[(at * PLACES_EACH + i) % len(names)] for i in range(PLACES_EACH)]
        chosen += [(payload, place) for place in some if fits(payload, place)]
    return chosen


CASES = cases()


def test_the_suite_is_large_and_uses_every_payload_and_place() -> None:
    assert len(CASES) > 600
    assert {payload.name for payload, _ in CASES} == {payload.name for payload in payloads()}
    assert {place for _, place in CASES} == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_nothing_hostile_is_seen_at_any_point_of_the_stream(name: str) -> None:
    for payload, place in CASES:
        if place == name:
            check_stream(payload, place)


def check_stream(payload: Payload, place: str) -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", private=RULES)
    shown, marked = "", set()
    for piece in [*pieces(PLACES[place](payload.text, TRUE), len(payload.text)), None]:
        new = gate.close() if piece is None else gate.process_piece(piece)
        if not new:
            continue
        shown += new
        words = seen(shown)
        believed = seen(drop_unverified(shown))
        hidden = believed if payload.name.startswith("number") else words
        assert not re.search(payload.seen, hidden), (payload.name, words)
        assert numbers(believed) <= NUMBERS, (payload.name, words)
        assert hazards(shown) == (), payload.name
        marked |= set(markers(shown))
        assert marked <= {citation.marker for citation in gate.citations}
    if gate.is_open:
        check_citations(shown, gate.citations, PAPERS)
    else:
        assert shown == ""


@pytest.mark.parametrize("place", [p for p in PLACES if p not in ("alone", "sentence")])
def test_what_is_true_beside_it_is_still_shown(place: str) -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", private=RULES)
    shown = (
        gate.process_piece(PLACES[place]("![x](https://evil.example/i.png)", TRUE)) + gate.close()
    )
    assert "TidyLoss [" in shown and len(gate.citations) == 2
