"""The gate on labelled claims about the seeds: what it may damage, and what it must find."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.run.claims import check_claims, compute_fault_share, format_fates, load_claims
from eval.sets.question_sets import FOLDER
from rag.app.assistant import build
from rag.config.settings import Settings
from rag.types.errors import ReadError


def test_true_claims_stay_unmarked_and_false_ones_do_not(library_data: Path, weights: Path) -> None:
    # A part of the further ones, as each takes a tenth of a second.
    further = load_claims(FOLDER / "claims_further.jsonl")[::18]
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        fates = check_claims(assistant, load_claims(FOLDER / "claims.jsonl") + further)
    true = [fate for fate in fates if fate.claim.supported]
    false = [fate for fate in fates if not fate.claim.supported]
    assert len(true) > 135 and len(false) > 95
    assert compute_fault_share(true, judged=False) <= 0.05
    # of the further ones, made of printed figures and of half-truths, half pass without a judge
    assert compute_fault_share(false, judged=False) <= 0.45
    assert compute_fault_share(true, judged=True) == compute_fault_share(false, judged=True) == 0.0
    assert "damaged (true, marked or removed)" in format_fates(fates)


def test_a_file_that_holds_no_claims_is_told(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ReadError):
        load_claims(path)
