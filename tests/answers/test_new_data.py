"""Which papers bring data of their own: by what they say, and by what the question asks."""

from __future__ import annotations

import pytest

from rag.answers.citations import check_citations
from rag.answers.new_data import find_new_data
from rag.app.assistant import Assistant
from rag.text import split_sentences
from rag.types import RoleSpan, SentenceRole
from rag.types.query import NEW_DATA
from tests.shelf import paper


def find(text: str, role: SentenceRole = "aim") -> str:
    told = paper("p1", "T", text)
    span = find_new_data(told, [RoleSpan(span, role) for span in split_sentences(text)])
    return text[slice(*span)] if span else ""


@pytest.mark.parametrize(
    "text",
    [
        "In this paper, we introduce a large-scale food image composite dataset, FC22k.",
        "We also construct a new benchmark for CFFD.",
        "Moreover, we introduce two new test sets: DDA-COCO and EvalGEN.",
        "A high-quality dataset with pairs is also constructed.",
        "To support the study, we built a new large-scale benchmark, BioID.",
        "This paper presents a corpus of sea shanties.",
    ],
)
def test_a_sentence_that_brings_data_is_found(text: str) -> None:
    assert find(text)


@pytest.mark.parametrize(
    "text",
    [
        "We propose a filter and test it on two datasets.",
        "We propose to benchmark the task with a strategy.",
        "We present a method for dataset condensation.",
        "Extensive experiments on public datasets demonstrate the proposed method.",
        "We introduce a model trained from a large corpus.",
    ],
)
def test_a_sentence_that_uses_data_is_not(text: str) -> None:
    assert not find(text)


def test_what_is_missing_so_far_is_not_brought() -> None:
    assert not find("Few have introduced a dataset, and we lack a benchmark built here.", "problem")


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("which papers propose a new dataset", ""),
        ("what new benchmarks do these papers contribute", ""),
        ("which federated learning papers propose a benchmark?", "federated learning"),
        ("what new data sets for deepfakes were introduced", "deepfakes"),
    ],
)
def test_it_is_asked_for_in_many_ways(assistant: Assistant, question: str, topic: str) -> None:
    answer = assistant.ask(question)
    assert answer.reading is not None
    query = answer.reading.query
    assert (query.want, query.what, query.topic) == ("papers", NEW_DATA, topic)
    papers = {p.paper_id: p for p in assistant.library.list_papers()}
    check_citations(answer.text, answer.citations, papers)


@pytest.mark.parametrize(
    "question", ["which dataset does Foodfusion introduce", "which papers are about datasets"]
)
def test_one_papers_data_and_data_as_a_topic_are_other_questions(
    assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.reading is not None and answer.reading.query.what != NEW_DATA


def test_a_named_paper_is_asked_though_another_has_more_of_the_words(assistant: Assistant) -> None:
    """ "how many videos are in the UAV-Anti-UAV data": the second Anti-UAV challenge has 140."""
    answer = assistant.ask("how many videos are in the UAV-Anti-UAV data")
    assert "**1,810" in answer.text and len({c.paper_id for c in answer.citations}) == 1


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("how does FedLMD treat labels?", ("majority and minority labels",)),
        ("why do visual token pruning methods fail at localization?", ("catastrophically fail", "positional bias")),
        ("ultrafast saliency/attention prediction for videos with distillation, give the speeds", ("10,106 FPS", "28,738 FPS")),
    ],
)  # fmt: skip
def test_two_sentences_where_one_does_not_answer(
    assistant: Assistant, question: str, quotes: tuple[str, ...]
) -> None:
    text = assistant.ask(question).text.replace("*", "")
    assert all(quote in text for quote in quotes)


def test_the_list_is_complete_and_each_row_tells_what_is_brought(assistant: Assistant) -> None:
    text = assistant.ask("which papers propose a new dataset").text
    for name in ("FC22k", "IrisGeneral", "UW-COT220", "WebUAV-3M", "VL-SOT500", "DPC-Captions"):
        assert name in text
    assert "FedLMD" not in text


def test_data_sets_of_a_topic_are_told_by_name_alone(assistant: Assistant) -> None:
    text = assistant.ask("which data sets do the person re-identification papers use").text
    for name in ("SYSU-MM01", "Market-1501", "PRCC"):
        assert name in text
    assert "name none in the abstract" in text
