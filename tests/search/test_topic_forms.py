"""The forms of a topic that papers write: in full, and as an acronym."""

from __future__ import annotations

from typing import Any

import pytest

from rag.search.topic_forms import list_forms
from rag.search.topics import list_on_topic
from tests.shelf import Shelf, paper

LONG = "multimodal large language models"
SHELF = Shelf(
    [
        paper("p1", "Pruning Tokens", "We prune Multimodal Large-Language Models (MLLMs) by half."),
        paper("p2", "Fast MLLM Inference", "An MLLM is slow."),
        paper("p3", "Texts", "Large language models (LLMs) write texts."),
        paper("p4", "Lists", "Little lime moths (LLMT) fly."),
    ]
)


@pytest.mark.parametrize(
    ("topic", "forms"),
    [
        ("multimodal LLMs", ["multimodal LLMs", LONG, "MLLM"]),
        ("MLLMs", ["MLLMs", LONG, "MLLM"]),
        (LONG, [LONG, "MLLM"]),
        ("LLMT", ["LLMT"]),
        ("moths", ["moths"]),
        (
            "deepfake detection",
            ["deepfake detection", "face forgery detection", "deep forgery detection"],
        ),
        ("face forgery", ["face forgery", "deepfake"]),
    ],
)
def test_a_topic_is_also_what_papers_put_in_brackets_behind_it_or_before_it(
    topic: str, forms: list[str]
) -> None:
    assert list_forms(topic, SHELF) == forms


def test_papers_that_write_another_form_are_on_the_topic() -> None:
    found = list_on_topic("multimodal LLMs", SHELF, SHELF.retrieve)
    assert {entry.paper_id for entry in found.entries[: found.n_said]} == {"p1", "p2"}


def test_texts_are_read_only_of_papers_with_the_acronym(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf([paper(f"p{n}", f"Set {n}", f"Face recognition {n}.") for n in range(40)])
    n_read = []
    fetch = shelf.library.fetch

    def count(statement: Any, **values: Any) -> Any:
        rows = fetch(statement, **values)
        n_read.append(len(rows))
        return rows

    monkeypatch.setattr(shelf.library, "fetch", count)
    assert list_forms("face recognition", shelf) == ["face recognition"]
    assert list_forms("FR", shelf) == ["FR"]
    assert sum(n_read) == 0
