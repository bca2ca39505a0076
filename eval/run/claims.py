"""Measures the citation gate on labelled claims: true ones damaged, false ones passed.

Each claim goes through the gate behind a true sentence, with the evidence that its question finds and
the papers that it cites; once without a judge, once with one that is always right. The second
says what the gate does to a right verdict, not how good a model's verdicts are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rag.app.assistant import Assistant
from rag.generation.evidence import choose_evidence
from rag.generation.gate import CitationGate
from rag.types import Evidence, Paper, Retrieval
from rag.types.errors import ReadError

N_PAPERS = 20
EVIDENCE_TOKENS = 3000
FATES = ("clean", "marked", "removed")


class LabelledClaim(BaseModel):
    """One claim about cited papers.

    Attributes:
        cited: Titles or labels of the papers.
        supported: Whether they say it.
        kind: Such as ``num`` or ``paraphrase``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    question: str
    claim: str
    cited: tuple[str, ...]
    supported: bool
    kind: str


@dataclass(frozen=True, slots=True)
class ClaimFate:
    """What the gate made of a claim, without a judge and with a perfect one."""

    claim: LabelledClaim
    unjudged: str
    judged: str


def load_claims(path: Path) -> list[LabelledClaim]:
    """The claims of a JSONL file.

    Raises:
        ReadError: It cannot be read, or a line is no claim.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [LabelledClaim.model_validate(json.loads(line)) for line in lines if line.strip()]
    except (OSError, ValueError) as exc:
        reason = str(exc).splitlines()[0]
        raise ReadError(f"claims in {str(path)!r} cannot be read: {reason}") from exc


def check_claims(assistant: Assistant, claims: Iterable[LabelledClaim]) -> list[ClaimFate]:
    """The fate of each claim in the assistant's library.

    Raises:
        ReadError: A claim cites a paper that is not in the library.
    """
    papers = {paper.name: paper for paper in assistant.library.list_papers()}
    retrievals: dict[str, Retrieval] = {}
    fates = []
    for claim in claims:
        if claim.question not in retrievals:
            retrievals[claim.question] = assistant.retrieve(claim.question, N_PAPERS)
        evidence, keys = _build_evidence(claim, retrievals[claim.question], papers)
        fates.append(
            ClaimFate(
                claim,
                _find_fate(claim, evidence, keys, assistant, judged=False),
                _find_fate(claim, evidence, keys, assistant, judged=True),
            )
        )
    return fates


def _build_evidence(
    claim: LabelledClaim, retrieval: Retrieval, papers: dict[str, Paper]
) -> tuple[list[Evidence], list[str]]:
    evidence = list(choose_evidence(retrieval, EVIDENCE_TOKENS))
    keys = []
    for name in claim.cited:
        if name not in papers:
            raise ReadError(f"claim {claim.id!r} cites {name!r}, which is not in the library")
        paper = papers[name]
        key = next((e.key for e in evidence if e.paper.paper_id == paper.paper_id), "")
        if not key:
            key = f"E{len(evidence) + 1}"
            evidence.append(Evidence(key, paper, ((0, len(paper.text)),), 0.0))
        keys.append(key)
    return evidence, keys


def _find_fate(
    claim: LabelledClaim,
    evidence: Sequence[Evidence],
    keys: Sequence[str],
    assistant: Assistant,
    *,
    judged: bool,
) -> str:
    gate = CitationGate(
        evidence,
        "NOT STATED",
        question=claim.question,
        verified=judged,
        nearest=assistant.compute_nearness,
    )
    lead = f"{_first_words(evidence[0])} [{evidence[0].key}]."
    cited = "".join(f"[{key}]" for key in keys)
    text = claim.claim.rstrip(".")
    gate.process_piece(f"{lead}\n\n")
    n_before = len(gate.shown)
    gate.process_piece(f"{text} {cited}." if cited else f"{text}.")
    gate.close()
    n_before = max(n_before, 1)
    if len(gate.shown) <= n_before:
        return "removed"
    if judged:
        gate.apply_verdicts({at: claim.supported for at in range(n_before, len(gate.shown))})
    marked = any(s.verdict == "not_found" for s in gate.shown[n_before:])
    return "marked" if marked else "clean"


def _first_words(evidence: Evidence) -> str:
    return evidence.quote.split(". ")[0].rstrip(".")


def format_fates(fates: Sequence[ClaimFate]) -> str:
    """A row a kind, then the totals; ``damaged`` and ``passed`` are what should be none."""
    lines = [f"{'kind':18}{'label':7}{'n':>4}  without a judge        with a perfect judge"]
    kinds = sorted({(f.claim.supported, f.claim.kind) for f in fates}, reverse=True)
    for supported, kind in kinds:
        some = [f for f in fates if (f.claim.supported, f.claim.kind) == (supported, kind)]
        lines.append(f"{kind:18}{str(supported).lower():7}{len(some):4}  {_row(some)}")
    for supported, name in ((True, "damaged (true, marked or removed)"), (False, "passed (false, unmarked)")):  # fmt: skip
        some = [f for f in fates if f.claim.supported is supported]
        shares = [compute_fault_share(some, judged=judged) for judged in (False, True)]
        lines.append(f"{name}: {shares[0]:.0%} of {len(some)} without a judge, {shares[1]:.0%} with a perfect one")  # fmt: skip
    return "\n".join(lines)


def _row(fates: Sequence[ClaimFate]) -> str:
    counts = [Counter(f.unjudged for f in fates), Counter(f.judged for f in fates)]
    return "   ".join("/".join(f"{c[fate]} {fate}" for fate in FATES) for c in counts)


def compute_fault_share(fates: Sequence[ClaimFate], *, judged: bool) -> float:
    """Share of claims of one label that were not treated as their label asks; 0.0 for none."""
    pairs = [(f.claim.supported, f.judged if judged else f.unjudged) for f in fates]
    faults = sum((fate != "clean") if supported else (fate == "clean") for supported, fate in pairs)
    return faults / len(pairs) if pairs else 0.0
