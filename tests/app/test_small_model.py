"""A small chat model is asked for wordings alone, by a short prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.benchmarks.model_server import OpenAIServer
from rag.app.assistant import build
from rag.config.settings import Settings
from rag.generation.evidence import count_tokens

LONGEST_PROMPT_TOKENS = 1_300


@pytest.mark.parametrize(
    ("name", "is_small"),
    [
        ("qwen3:1.7b", True),
        ("llama3.2:3b", True),
        ("smollm2-135m", True),
        ("SmolLM2", True),
        ("gemma-3-270m-it", True),
        ("qwen3:8b", False),
        ("mixtral-8x7b", False),
        ("qwen3-30b-a3b", False),
        ("gpt-4o-mini", False),
        ("phi-3-mini-128k", False),
    ],
)
def test_a_small_model_is_known_by_the_size_in_its_name(name: str, is_small: bool) -> None:
    assert Settings(chat_model=name).has_small_model is is_small


def test_a_setting_goes_before_the_name() -> None:
    assert Settings(chat_model="tiny", small_model=True).has_small_model
    assert not Settings(chat_model="qwen3:1.7b", small_model=False).has_small_model


def test_a_small_model_reads_one_short_prompt_and_nothing_else_is_asked_of_it(
    library_data: Path, weights: Path
) -> None:
    questions = (
        "What is DuetFace and who wrote it?",
        "Was ist DuetFace?",
        "What does Yuxi Mi work on?",
        "Compare DuetFace and PartialFace.",
    )
    with OpenAIServer() as server:
        settings = Settings(
            data=library_data, model_path=weights, openai_base_url=server.url,
            chat_model="smollm2-135m", retries=0, cache=False,
        )  # fmt: skip
        with build(settings) as assistant:
            answers = [assistant.ask(question) for question in questions]
    assert [a.model for a in answers].count("smollm2-135m") >= 2
    assert server.verifications == []
    assert len(server.requests) <= 3  # what is computed is not added to
    for request in server.requests:
        n_tokens = sum(count_tokens(message["content"]) for message in request["messages"])
        assert n_tokens < LONGEST_PROMPT_TOKENS and "tools" not in request
