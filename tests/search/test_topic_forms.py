"""The forms of a topic that papers write: in full, and as an acronym."""

from __future__ import annotations

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
    ],
)
def test_a_topic_is_also_what_papers_put_in_brackets_behind_it_or_before_it(
    topic: str, forms: list[str]
) -> None:
    assert list_forms(topic, SHELF) == forms


def test_papers_that_write_another_form_are_on_the_topic() -> None:
    entries, n_said = list_on_topic("multimodal LLMs", SHELF, SHELF.retrieve)
    assert {entry.paper_id for entry in entries[:n_said]} == {"p1", "p2"}
