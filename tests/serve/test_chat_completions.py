"""OpenAI's clients and LangChain ask the library, with citations, in conversations, whole and streamed."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI
from mcp import Client

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.app.assistant import Assistant, build
from rag.app.jobs import line
from rag.config.settings import Settings
from rag.serve import chat_completions
from rag.types import Answer, Delta, SaidSentence
from tests.contracts import misbehaviour
from tests.serve.running import run_application

QUESTION = "What is bridge distillation?"
Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, *texts: str, **more: Any) -> Any:
    """What is answered to the last of the user's messages; what stands between them is no matter."""
    messages: Messages = [{"role": "system", "content": "You are helpful."}]
    for text in texts:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "…"}]
    return client.chat.completions.create(model="paperfolk", messages=messages[:-1], **more)


def test_the_models_are_the_library_and_what_words_its_answers(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names == ["paperfolk", "paperfolk/extractive"]
    assert client.models.retrieve(names[1]).id == names[1]
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-4o'"):
        client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": QUESTION}]
        )


def test_an_answer_names_its_sources_in_the_text_and_beside_it(client: openai.OpenAI) -> None:
    completion = ask(client, QUESTION)
    message = completion.choices[0].message
    text, sources = message.content.split("\n\n**Sources**\n\n")
    markers = re.findall(r"\[\d+\]", text)
    assert markers and set(markers) == set(re.findall(r"\[\d+\]", sources))
    record = completion.paperfolk
    assert (record["status"], record["text"]) == ("answered", text)
    assert [f"[{c['marker']}]" for c in record["citations"]] == list(dict.fromkeys(markers))
    marks = [note.url_citation for note in message.annotations]
    assert [message.content[m.start_index : m.end_index] for m in marks] == markers
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens > completion.usage.prompt_tokens > 0


def test_the_link_of_a_citation_leads_to_its_paper(client: openai.OpenAI) -> None:
    (first, *_) = ask(client, QUESTION).choices[0].message.annotations
    paper = httpx.get(first.url_citation.url).json()
    assert paper["title"] == first.url_citation.title


def test_a_stream_has_the_words_of_the_whole(client: openai.OpenAI) -> None:
    whole = ask(client, QUESTION)
    options = {"include_usage": True}
    chunks = list(ask(client, QUESTION, stream=True, stream_options=options))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage and not chunks[-1].choices
    (last,) = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert last.paperfolk["citations"] == whole.paperfolk["citations"]
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_conversation_is_carried_by_its_messages(client: openai.OpenAI) -> None:
    """Also one whose answers this server has not given: it is read from its questions."""
    alone = ask(client, "And which of them in 2023?").paperfolk
    after = ask(client, "Who works on face anti-spoofing?", "And which of them in 2023?").paperfolk
    assert "face anti-spoofing" in after["query"] and "2023" in after["query"]
    assert "face anti-spoofing" not in (alone["query"] or "")


def test_langchain_asks_and_streams(address: str) -> None:
    chat = ChatOpenAI(base_url=f"{address}/v1", api_key="none", model="paperfolk", max_retries=0)
    history = [
        HumanMessage("Who works on face anti-spoofing?"),
        AIMessage("…"),
        HumanMessage("And which of them in 2023?"),
    ]
    message = chat.invoke(history)
    assert "[1]" in message.text and message.usage_metadata["total_tokens"] > 0
    assert "".join(chunk.text for chunk in chat.stream(history)) == message.text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"messages": []}, "messages does not fit"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "is not the user's"),
        ({"messages": [{"role": "user", "content": " "}]}, "the question is empty"),
        ({"tools": [{"type": "function"}]}, "tools is not offered here"),
        ({"n": 2}, "n is not offered here"),
        ({"response_format": {"type": "json_object"}}, "response_format is not offered"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "message 0 holds 'image_url'; only text can be read here",
        ),
    ],
)
def test_what_is_not_offered_is_refused_in_one_sentence(
    body: dict[str, Any], sentence: str, client: openai.OpenAI
) -> None:
    given = {"messages": [{"role": "user", "content": QUESTION}], "model": "paperfolk"} | body
    with pytest.raises(openai.BadRequestError, match=sentence) as caught:
        client.chat.completions.create(**given)
    assert caught.value.body["message"].count("\n") == 0


def test_text_in_parts_is_read(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "bridge distillation?"}]
    completion = client.chat.completions.create(
        model="paperfolk/extractive", messages=[{"role": "user", "content": parts}]
    )
    assert completion.paperfolk["question"] == QUESTION


def test_a_question_too_long_is_cut_and_that_is_noted(client: openai.OpenAI) -> None:
    completion = ask(client, "makeup transfer " * 1000)
    assert "*Note: only the first 4000 characters" in completion.choices[0].message.content


# --- with a chat model behind it ------------------------------------------------------------


@pytest.fixture(scope="module")
def worded(library_data: Path, weights: Path) -> Iterator[tuple[OpenAIServer, str, Assistant]]:
    """A model's server, the address of ours before it, and the assistant."""
    with OpenAIServer() as model:
        given = Settings(
            data=library_data, model_path=weights, openai_base_url=model.url, chat_model=MODEL,
            cache=False, timeout_s=600, reply_timeout_s=600, at_once=3,
        )  # fmt: skip
        with build(given) as assistant, run_application(assistant) as address:
            yield model, address, assistant


def test_usage_is_the_models_own(worded: tuple[OpenAIServer, str, Assistant]) -> None:
    _, address, _ = worded
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none") as client:
        usage = ask(client, QUESTION).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (11, 7, 18)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_ends_its_question(
    stream: bool, worded: tuple[OpenAIServer, str, Assistant]
) -> None:
    model, address, assistant = worded
    is_asked = threading.Event()

    def never_answer(*given: Any) -> None:
        is_asked.set()
        misbehaviour.never_answers(*given)

    model.replies.append(Reply(act=never_answer))
    body = {"messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    questions = line(assistant.settings.at_once)
    url = httpx.URL(f"{address}/v1/chat/completions")
    request = httpx.Request("POST", url, json=body)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(f"POST {url.path} HTTP/1.1\r\n{head}\r\n".encode() + request.content)
        assert is_asked.wait(30) and questions.counts == (1, 0)
    _wait_until_free(questions)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_tool_call_given_up_ends_its_question(
    mode: str, worded: tuple[OpenAIServer, str, Assistant]
) -> None:
    model, address, assistant = worded
    is_asked = threading.Event()

    def never_answer(*given: Any) -> None:
        is_asked.set()
        misbehaviour.never_answers(*given)

    async def give_up() -> None:
        async with Client(f"{address}/mcp", mode=mode) as mcp:
            call = asyncio.create_task(mcp.call_tool("ask", {"question": QUESTION}))
            assert await asyncio.to_thread(is_asked.wait, 30)
            call.cancel()
            await asyncio.wait([call])
            await asyncio.to_thread(_wait_until_free, line(assistant.settings.at_once))

    model.replies.append(Reply(act=never_answer))
    asyncio.run(give_up())


def _wait_until_free(questions: Any) -> None:
    """Until nothing is answered any more; the model itself would take ten minutes."""
    pause = threading.Event()
    for _ in range(300):
        if questions.counts == (0, 0):
            return
        pause.wait(0.1)
    raise AssertionError("the question goes on")


def test_marks_that_came_after_the_words_stand_below_them_in_a_stream(
    library_data: Path, weights: Path
) -> None:
    said = (SaidSentence("Gulls sing.", "not_found"),)
    answer = Answer("q", "answered", "content", "Gulls sing. (unverified)", sentences=said)
    body = chat_completions.ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "q"}]}
    )
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        reply = chat_completions.ChatReply(body, assistant.library, "http://x")
        words = reply.build_chunks(Delta("Gulls sing."))
        assert "(unverified) Gulls sing." in reply.build_chunks(answer) and "unver" not in words
        reply = chat_completions.ChatReply(body, assistant.library, "http://x")
        reply.build_chunks(Delta(answer.text))
        assert reply.build_chunks(answer).count("(unverified) Gulls") == 0
