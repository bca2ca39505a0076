"""OpenAI's chat completions over the library, so that any client of theirs can ask it.

An answer's text ends in its sources; beside it stand OpenAI's own ``annotations`` (a URL a citation)
and ``paperfolk``, the whole answer record.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from rag.generation.evidence import count_tokens
from rag.library import Library
from rag.serve.conversation import Conversations
from rag.serve.faults import UnfitRequest
from rag.serve.questions import Questions, iter_answers
from rag.serve.routes import EVENT_STREAM, check_text, find_offered_model, iter_sent_events
from rag.serve.schemas import ChatCompletion, ChatMessage, ChatRequest, ModelCard, ModelList
from rag.serve.sources import format_answer, format_sources
from rag.types import Answer, Delta, Event
from rag.types.answers import UNVERIFIED
from rag.types.cancellation import CancelToken
from rag.types.serialise import record

MODEL_NAME = "paperfolk"


def build_openai_router(questions: Questions, conversations: Conversations) -> APIRouter:
    """The routes that OpenAI's clients use, below ``/v1``."""
    router = APIRouter(prefix="/v1", tags=["openai"])
    assistant, offered = questions.assistant, questions.assistant.settings.offered
    started_at = int(time.time())

    @router.get("/models", response_model=ModelList)
    async def list_models() -> ModelList:
        """`paperfolk` answers as the settings say; the others name what words the answers."""
        names = (MODEL_NAME, *(f"{MODEL_NAME}/{each}" for each in offered))
        return ModelList(data=[ModelCard(id=name, created=started_at) for name in names])

    @router.get("/models/{name:path}", response_model=ModelCard)
    async def show_model(name: str) -> ModelCard:
        """One model."""
        find_offered_model(name, offered)
        return ModelCard(id=name, created=started_at)

    @router.post(
        "/chat/completions", response_model=ChatCompletion,
        responses={200: {"content": EVENT_STREAM}},
    )  # fmt: skip
    async def complete(body: ChatRequest, request: Request) -> Response:
        """Answer the last message; the ones before it are the conversation."""
        check_offered(body)
        model = find_offered_model(body.model, offered)
        *earlier, question = list_questions(body.messages)

        reply = ChatReply(body, assistant.library, str(request.base_url).rstrip("/"))

        def work(stop: CancelToken) -> Iterator[Event]:
            return conversations.stream(question, earlier, stop, model=model)

        def work_whole(stop: CancelToken) -> Iterator[dict[str, Any]]:
            return map(reply.build_whole, iter_answers(work(stop)))

        if not body.stream:
            return JSONResponse(await questions.finish(work_whole, request))
        chunks = questions.stream(lambda stop: map(reply.build_chunks, work(stop)), request)
        first = await anext(chunks, None)
        lines = iter_sent_events(
            first, chunks, lambda item: item if isinstance(item, str) else reply.build_chunks(item)
        )
        return StreamingResponse(end_stream(lines), media_type="text/event-stream")

    return router


def list_questions(messages: Sequence[ChatMessage]) -> list[str]:
    """What the user said, turn by turn; messages of one turn are one question.

    Raises:
        UnfitRequest: The last message is not the user's, or one holds something else than text.
    """
    if messages[-1].role != "user":
        raise UnfitRequest("the last message is not the user's, so nothing is asked", "messages")
    turns: list[list[str]] = []
    is_open = False
    for n, message in enumerate(messages):
        if message.role == "user":
            if not is_open:
                turns.append([])
            turns[-1].append(_get_text(message, n))
        is_open = message.role == "user"
    questions = [" ".join(texts) for texts in turns]
    check_text(questions[-1])
    return [text for text in questions if text.strip()]


def _get_text(message: ChatMessage, n: int) -> str:
    if isinstance(message.content, str) or message.content is None:
        return message.content or ""
    if kind := next((part.type for part in message.content if part.type != "text"), None):
        raise UnfitRequest(
            f"message {n} holds {kind[:40]!r}; only text can be read here", f"messages.{n}.content"
        )
    return " ".join(part.text or "" for part in message.content)


def check_offered(body: ChatRequest) -> None:
    """Raise an UnfitRequest for what would change the answer and is not offered."""
    structured = (body.response_format or {}).get("type", "text") != "text"
    wishes = {
        "n": body.n not in (None, 1),
        "tools": bool(body.tools),
        "functions": bool(body.functions),
        "response_format": structured,
        "logprobs": bool(body.logprobs),
        "modalities": "audio" in (body.modalities or ()),
    }
    for param, is_wished in wishes.items():
        if is_wished:
            raise UnfitRequest(
                f"{param} is not offered here: an answer is one text with its citations", param
            )


class ChatReply:
    """Writes one answer as OpenAI's clients read it."""

    def __init__(self, body: ChatRequest, library: Library, base_url: str) -> None:
        self._body, self._library, self._base_url = body, library, base_url
        self._id, self._created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self._is_begun = False
        self._streamed = ""

    def build_whole(self, answer: Answer) -> dict[str, Any]:
        """The completion; reads the library."""
        text = format_answer(answer, self._library)
        message = {
            "role": "assistant",
            "content": text,
            "refusal": None,
            "annotations": self._list_annotations(answer, text),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {
            **self._build_head("chat.completion", [choice]),
            "usage": self._count(answer, text),
            "paperfolk": record(answer),
        }

    def build_chunks(self, event: Event) -> str:
        """The events that one event of the answer is; a step is a comment, which keeps the line open."""
        if isinstance(event, Delta):
            self._streamed += event.text
            return self._begin() + self._write_chunk({"content": event.text})
        if not isinstance(event, Answer):
            return self._begin() + f": {event.name}\n\n"
        marks = event.list_late_marks(self._streamed)
        sources = "".join(f"\n\n{UNVERIFIED} {sentence}" for sentence in marks)
        sources += format_sources(event, self._library)
        text = self._streamed + sources
        annotations = self._list_annotations(event, text)
        tail = self._write_chunk({"content": sources}) if sources else ""
        tail += self._write_chunk({"annotations": annotations}) if annotations else ""
        tail += self._write_chunk({}, finish_reason="stop", paperfolk=record(event))
        if self._body.stream_options and self._body.stream_options.include_usage:
            head = self._build_head("chat.completion.chunk", [])
            tail += _format_data({**head, "usage": self._count(event, text)})
        return self._begin() + tail

    def _begin(self) -> str:
        if self._is_begun:
            return ""
        self._is_begun = True
        return self._write_chunk({"role": "assistant", "content": ""})

    def _write_chunk(
        self, delta: dict[str, Any], finish_reason: str | None = None, **fields: Any
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _format_data(self._build_head("chat.completion.chunk", [choice]) | fields)

    def _build_head(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._body.model,
            "choices": choices,
        }

    def _list_annotations(self, answer: Answer, text: str) -> list[dict[str, Any]]:
        """A link for each citation, where its marker first stands; to our own record in need."""
        ids = {citation.paper_id for citation in answer.citations}
        papers = {paper.paper_id: paper for paper in self._library.list_papers(ids)}
        annotations = []
        for citation in answer.citations:
            marker = f"[{citation.marker}]"
            start = text.find(marker)
            paper = papers.get(citation.paper_id)
            url = (paper and (paper.doi and f"https://doi.org/{paper.doi}" or paper.url)) or (
                f"{self._base_url}/api/papers/{citation.paper_id}"
            )
            place = {
                "start_index": start,
                "end_index": start + len(marker),
                "title": citation.title or citation.label,
                "url": url,
            }
            annotations.append({"type": "url_citation", "url_citation": place})
        return annotations

    def _count(self, answer: Answer, text: str) -> dict[str, Any]:
        """What a model read and wrote; where none did, the length of question and answer."""
        usage = answer.usage
        n_read, n_written = usage.input_tokens, usage.output_tokens
        if not n_read + n_written:
            n_read = sum(
                count_tokens(_get_text(message, n))
                for n, message in enumerate(self._body.messages)
                if message.role == "user"
            )
            n_written = count_tokens(text)
        return {
            "prompt_tokens": n_read,
            "completion_tokens": n_written,
            "total_tokens": n_read + n_written,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        }


async def end_stream(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The stream with OpenAI's last line."""
    async for line in lines:
        yield line.removeprefix("event: error\n")  # their clients look for an error in the data
    yield "data: [DONE]\n\n"


def _format_data(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
