"""The biomedical library is built from a collection that is not part of the project."""

from __future__ import annotations

import json
from pathlib import Path

from eval.sets.readings import build_biomedicine


def test_abstracts_get_their_made_up_bylines(tmp_path: Path) -> None:
    bylines = [
        json.loads(line)
        for line in build_biomedicine.BYLINES.read_text(encoding="utf-8").splitlines()
    ]
    corpus, out = tmp_path / "corpus.jsonl", tmp_path / "out.jsonl"
    papers = [{"_id": b["_id"], "title": f"T{b['_id']}", "text": "Some text."} for b in bylines]
    corpus.write_text("\n".join(map(json.dumps, papers)), encoding="utf-8")
    assert build_biomedicine.main([str(corpus), str(out)]) == 0
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(written) == len(bylines) == 300
    assert written[0]["title"] == f"T{bylines[0]['_id']}"
    assert written[0]["authors"] == bylines[0]["authors"]
    assert "_id" not in written[0]


def test_two_paths_are_needed() -> None:
    assert build_biomedicine.main([]) == 2
