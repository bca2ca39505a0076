"""Public collections: a tiny one, whole, through the real ingest and retriever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.__main__ import main
from eval.benchmarks.synthetic_library import make_papers
from eval.sets.collections import list_published_rows, load_collection, load_published
from rag.readers import read
from rag.types.errors import ReadError

CORPUS = [
    {"_id": "d7", "title": "Whale songs", "text": "Whales sing to each other across the ocean."},
    {"_id": "d2", "title": "Bread", "text": "Sourdough bread rises slowly with wild yeast."},
    {"_id": "d9", "title": "Whale songs", "text": "Whales sing to each other across the ocean."},
    {"_id": "d4", "title": "Comets", "text": "Comets carry ice from the edge of the system."},
]
PEOPLE = {"d7": ["Ada Sea"], "d2": ["Bea Loaf"], "d9": ["Ada Sea"], "d4": ["Cy Ice", "Bea Loaf"]}


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiny"
    (made / "qrels").mkdir(parents=True)
    authors = [
        row | {"authors": [{"id": None, "name": n} for n in PEOPLE[row["_id"]]]} for row in CORPUS
    ]
    lines(made / "corpus.jsonl", authors)
    queries = [("q1", "sourdough bread"), ("q2", "songs of whales"), ("q3", "never judged")]
    lines(made / "queries.jsonl", [{"_id": i, "text": t} for i, t in queries])
    (made / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td2\t1\nq2\td9\t1\nq2\td7\t1\n", encoding="utf-8"
    )
    lines(
        made / "people.jsonl", [{"_id": "p1", "name": "Bea Loaf"}, {"_id": "p2", "name": "Cy Ice"}]
    )
    (made / "qrels" / "people.tsv").write_text(
        "query-id\tperson-id\tscore\nq1\tp1\t2\n", encoding="utf-8"
    )
    return made


@pytest.fixture(autouse=True)
def model(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))


def test_only_judged_queries_are_asked(folder: Path) -> None:
    found = load_collection(folder, "test")
    assert list(found.queries) == ["q1", "q2"]
    assert found.qrels["q2"] == {"d9": 1.0, "d7": 1.0}
    assert list(load_collection(folder, "test", limit=1).queries) == ["q1"]


def test_a_tiny_collection_is_found_whole_even_a_text_that_stands_twice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["beir", str(folder)]) == 0
    ours = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("Paperfolk"))
    assert ours.split() == ["Paperfolk", *["1.000"] * 6]


def test_people_are_found_by_their_printed_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experts", str(folder), "--split", "people"]) == 0
    ours = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("Paperfolk"))
    assert ours.split()[1] == "1.000"


@pytest.mark.parametrize(
    ("name", "text"),
    [("qrels/test.tsv", "h\nq1 d2 1\n"), ("queries.jsonl", "{}\n"), ("corpus.jsonl", "no json\n")],
)
def test_a_folder_in_another_form_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ReadError):
        load_collection(folder, "test")


def test_a_missing_folder_is_wrong_usage(tmp_path: Path) -> None:
    assert main(["beir", str(tmp_path / "none")]) == 2


def test_published_figures_are_shares() -> None:
    known = load_published()
    assert {"scifact/test", "scitldr/dev", "acl_experts/dev"} <= set(known)
    assert all(0 < value < 1 for figures in known.values() for value in figures.values())


def test_others_are_told_best_first_with_what_is_known_of_them() -> None:
    first, *_, last = list_published_rows("acl_experts/dev", ["nDCG@10", "RR", "R@100"])
    assert first == ["BM25, votes by reciprocal rank", 0.225, None, 0.503]
    assert last == ["BM25, one text for each person", 0.17, None, 0.462]
    assert list_published_rows("unheard/of", ["nDCG@10"]) == []


def test_made_papers_are_distinct_and_always_the_same(seeds: Path, tmp_path: Path) -> None:
    path = make_papers(seeds, tmp_path, 40)
    (file,) = path.iterdir()
    first = file.read_bytes()
    entries = read(file).entries
    assert len({e.title for e in entries}) == len(entries) == 40
    assert all(e.authors and e.year and len(e.text) > 200 for e in entries)
    make_papers(seeds, tmp_path, 40)
    assert file.read_bytes() == first


def test_questions_whose_abstract_is_left_out_should_be_declined(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [("q1", "How slowly does sourdough bread rise?", "d2"), ("q2", "Comets and ice?", "d4")]
    lines(
        folder / "qa.jsonl", [{"_id": i, "question": q, "gold_doc": gold} for i, q, gold in asked]
    )
    assert main(["pubmedqa", str(folder)]) == 0
    rows = [x.split() for x in capsys.readouterr().out.splitlines()]
    assert rows[2][-2:] == ["1.000", "1"], "the abstract that is held is cited"
    assert rows[4][-2:] == ["1.000", "1"], "the question without its abstract is declined"
