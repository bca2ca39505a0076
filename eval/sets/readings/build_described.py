"""Writes the library of half-remembered papers: the abstracts that ``known_papers.jsonl`` describes.

    python -m eval.sets.readings.build_described FOLDER OUT.jsonl
    paperfolk --data described ingest OUT.jsonl

The abstracts stand in FOLDER (``<set>/corpus.jsonl``: SciTLDR, Apache-2.0; SciFact, ODC-By; PubMedQA, MIT) and are
not part of this project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

DESCRIPTIONS = Path(__file__).parents[1] / "known_papers.jsonl"


def build_described(folder: Path, out: Path) -> int:
    """Write each described paper once; how many there are."""
    rows = [json.loads(line) for line in DESCRIPTIONS.read_text(encoding="utf-8").splitlines()]
    described = {(row["set"], row["paper"]) for row in rows}
    records = []
    for name in sorted({name for name, _ in described}):
        with (folder / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            papers = [json.loads(line) for line in lines]
        records += [
            {"title": paper["title"], "abstract": paper["text"]}
            for paper in papers
            if (name, paper["_id"]) in described
        ]
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    out.write_text("".join(lines), encoding="utf-8")
    return len(records)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: build_described FOLDER OUT.jsonl\n")
        return 2
    print(f"{build_described(Path(arguments[0]), Path(arguments[1]))} papers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
