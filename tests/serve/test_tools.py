"""A real MCP client uses the library over HTTP, over standard input and output, and in this process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from rag.app.assistant import Assistant
from rag.serve.conversation import Conversations
from rag.serve.questions import Questions
from rag.serve.tools import build_tool_server
from rag.types.query_json import build_schema
from tests.conftest import ROOT

T = TypeVar("T")
QUESTION = "What is bridge distillation?"


def talk(server: Any, work: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    async def run() -> T:
        async with Client(server, mode=mode) as client:
            return await work(client)

    return anyio.run(run)


def call(server: Any, tool: str, **arguments: Any) -> Any:
    return talk(server, lambda client: client.call_tool(tool, arguments))


@pytest.fixture(scope="module")
def server(assistant: Assistant) -> Any:
    return build_tool_server(Questions(assistant), Conversations(assistant))


def test_the_tools_are_described(server: Any) -> None:
    listed = talk(server, lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == ["ask", "query", "who", "person", "paper", "cite"]
    assert next(t for t in listed if t.name == "query").input_schema == build_schema(strict=False)
    assert all(tool.annotations.read_only_hint for tool in listed)


def test_an_answer_is_text_for_a_model_and_a_record_for_a_program(server: Any) -> None:
    result = call(server, "ask", question=QUESTION)
    (content,) = result.content
    assert content.text.startswith(result.structured_content["text"])
    assert "**Sources**" in content.text
    assert result.structured_content["citations"][0]["quote"] in content.text


def test_a_follow_up_is_read_after_its_conversation(server: Any) -> None:
    earlier = ["Who works on face anti-spoofing?"]
    result = call(server, "ask", question="And which of them in 2023?", earlier=earlier)
    assert "face anti-spoofing" in result.structured_content["query"]


def test_a_query_is_answered_exactly(server: Any, assistant: Assistant) -> None:
    where = [{"field": "code", "operator": "is", "value": True}]
    result = call(server, "query", want="count", where=where)
    assert result.structured_content["value"] == assistant.query("count papers where code").value


def test_people_papers_and_references(server: Any) -> None:
    people = call(server, "who", topic="face anti-spoofing", k=3).structured_content
    recent = call(server, "who", topic="face anti-spoofing", where="year >= 2023")
    assert "where year = 2023.." in recent.structured_content["query"]
    assert 1 <= len(people["experts"]) <= 3
    paper_id = people["experts"][0]["papers"][0]
    paper = call(server, "paper", id=paper_id)
    assert json.loads(paper.content[0].text) == paper.structured_content
    assert paper.structured_content["paper"] == paper_id
    assert "TY  - " in call(server, "cite", papers=[paper_id], form="ris").content[0].text
    person = call(server, "person", name=people["experts"][0]["name"])
    assert person.structured_content["route"] == "person"


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("ask", {}, "'question' is a required property"),
        ("ask", {"question": 3}, "question does not fit: 3 is not of type 'string'"),
        ("who", {"topic": "x", "where": "colour = red"}, "there is no field 'colour'"),
        ("who", {"topic": "x", "k": 0}, "k does not fit: 0 is less than the minimum of 1"),
        ("query", {"want": "extreme"}, "an extreme needs an order"),
        ("query", {"want": "papers", "wher": []}, "query has no 'wher'"),
        ("paper", {"id": "nope"}, "no paper 'nope' in the library"),
        ("sing", {}, "there is no tool 'sing'; there are ask, query"),
    ],
)
def test_a_tools_error_is_one_sentence(
    tool: str, arguments: dict[str, Any], sentence: str, server: Any
) -> None:
    result = call(server, tool, **arguments)
    assert result.is_error and sentence in result.content[0].text
    assert "\n" not in result.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_same_over_http(mode: str, address: str, server: Any) -> None:
    result = talk(f"{address}/mcp", lambda c: c.call_tool("ask", {"question": QUESTION}), mode)
    assert result.content == call(server, "ask", question=QUESTION).content


def test_the_same_over_standard_input_and_output(
    library_data: Path, weights: Path, server: Any
) -> None:
    given = StdioServerParameters(
        command=sys.executable,
        args=["-m", "rag", "mcp"],
        env={
            **os.environ, "PYTHONPATH": str(ROOT),
            "PAPERFOLK_DATA": str(library_data), "PAPERFOLK_MODEL_PATH": str(weights),
        },
    )  # fmt: skip
    result = talk(
        stdio_client(given), lambda client: client.call_tool("ask", {"question": QUESTION})
    )
    assert result.content == call(server, "ask", question=QUESTION).content
