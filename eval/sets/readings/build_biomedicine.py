"""Writes the biomedical library of the readings: titles and abstracts of SciFact with made-up bylines.

    python -m eval.sets.readings.build_biomedicine SCIFACT/corpus.jsonl OUT.jsonl
    paperfolk --data FOLDER ingest OUT.jsonl

The abstracts (ODC-By, from S2ORC) are not part of this project; ``biomedicine.jsonl`` names 300 of
them. SciFact has neither people nor years: people, years, journals, keywords and identifiers there are
invented and say nothing about who wrote these papers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

BYLINES = Path(__file__).with_name("biomedicine.jsonl")


def build_biomedicine(corpus: Path, out: Path) -> int:
    """Join abstracts and bylines by ``_id``; how many were written."""
    with corpus.open(encoding="utf-8") as lines:
        paper_by_id = {paper["_id"]: paper for paper in map(json.loads, lines)}
    bylines = [json.loads(line) for line in BYLINES.read_text(encoding="utf-8").splitlines()]
    with out.open("w", encoding="utf-8") as file:
        for byline in bylines:
            paper = paper_by_id[byline.pop("_id")]
            record = {"title": paper["title"], "abstract": paper["text"], **byline}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return len(bylines)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write("usage: build_biomedicine SCIFACT/corpus.jsonl OUT.jsonl\n")
        return 2
    print(f"{build_biomedicine(Path(arguments[0]), Path(arguments[1]))} papers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
