"""Our own API: questions, queries, papers, people and references, as JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from rag.config.settings import EXTRACTIVE
from rag.library.bibliography import MEDIA_TYPES, ExportFormat, format_papers
from rag.serve.conversation import Conversations
from rag.serve.faults import BUG, UnfitRequest, _log, build_error_body, find_status, say_error
from rag.serve.questions import Questions, iter_answers
from rag.serve.schemas import (
    MAX_PAPERS_A_PAGE,
    AnswerRecord,
    AskRequest,
    Health,
    PaperPage,
    PaperRecord,
    QueryBody,
)
from rag.types import Answer, Condition, Delta, Event, Paper, Step
from rag.types.cancellation import CancelToken
from rag.types.errors import RagError, ReadError
from rag.types.query_json import build_schema, load_query
from rag.types.query_parser import read_conditions
from rag.types.serialise import build_paper_record, record

_T = TypeVar("_T")
EVENT_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
REFERENCES = {media: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()}
Text = Annotated[str, Query(min_length=1)]
Where = Annotated[
    str, Query(description="conditions, as in a query", examples=["year >= 2023 and code"])
]


def build_router(questions: Questions, conversations: Conversations) -> APIRouter:
    """The routes over one assistant."""
    router = APIRouter()
    assistant = questions.assistant

    async def show_answer(request: Request, work: Callable[[], Answer]) -> JSONResponse:
        return JSONResponse(record(await questions.compute(work, request)))

    @router.post(
        "/api/ask", tags=["questions"], response_model=AnswerRecord,
        responses={200: {"content": EVENT_STREAM}},
    )  # fmt: skip
    async def ask(body: AskRequest, request: Request) -> Response:
        """Answer a question with citations, whole or streamed."""
        question = check_text(body.question)
        model = find_offered_model(body.model, assistant.settings.offered)
        filters = read_where(body.filters)

        def work(stop: CancelToken) -> Iterator[Event]:
            return conversations.stream(
                question, body.earlier, stop, filters=filters, model=model, read_as=body.read_as
            )

        if not body.stream:
            answer = await questions.finish(lambda stop: iter_answers(work(stop)), request)
            return JSONResponse(record(answer))
        events = questions.stream(work, request)
        first = await anext(events, None)
        lines = iter_sent_events(first, events, build_event)
        return StreamingResponse(lines, media_type="text/event-stream")

    @router.get("/api/query", tags=["questions"], response_model=AnswerRecord)
    async def answer_line(q: Text, request: Request) -> JSONResponse:
        """Answer a query that is spelt as one line: `count papers where code by year`."""
        line = check_text(q)
        return await show_answer(request, lambda: assistant.query(line))

    @router.post("/api/query", tags=["questions"], response_model=AnswerRecord)
    async def answer_query(body: QueryBody, request: Request) -> JSONResponse:
        """Answer a typed query, as `/api/query/schema` describes it."""
        query = load_query(body)
        return await show_answer(request, lambda: assistant.query(query))

    @router.get("/api/query/schema", tags=["questions"])
    async def show_schema() -> dict[str, Any]:
        """The JSON Schema of a query."""
        return build_schema(strict=False)

    @router.get("/api/papers", tags=["papers"], response_model=PaperPage)
    async def list_papers(
        request: Request,
        where: Where = "",
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAPERS_A_PAGE)] = 100,
    ) -> JSONResponse:
        """The papers that meet all conditions, exactly and completely."""
        conditions = read_where(where)

        def work() -> Mapping[str, Any]:
            answer = assistant.catalogue(conditions)
            ids = [scored.paper_id for scored in answer.papers]
            papers = assistant.library.list_papers(ids[offset : offset + limit])
            remarks = () if papers or offset else (answer.text.split("\n\n")[0],)
            return {
                "n_papers": len(ids),
                "papers": list(map(build_paper_record, papers)),
                "warnings": [*remarks, *answer.warnings],
            }

        return JSONResponse(await questions.compute(work, request))

    @router.get("/api/papers/{key}", tags=["papers"], response_model=PaperRecord)
    async def show_paper(key: str, request: Request) -> JSONResponse:
        """One paper: by its id, a beginning of it, or `<seed file>:<line>`."""
        paper = await questions.compute(lambda: assistant.paper(key), request)
        return JSONResponse(build_paper_record(paper))

    @router.get(
        "/api/citations", tags=["papers"], response_class=Response,
        responses={200: {"content": REFERENCES}},
    )  # fmt: skip
    async def cite(
        paper: Annotated[list[str], Query(min_length=1, max_length=MAX_PAPERS_A_PAGE)],
        request: Request,
        form: ExportFormat = "bibtex",
    ) -> Response:
        """Papers as references, in the order given."""

        def work() -> str:
            papers: list[Paper] = [assistant.paper(key) for key in dict.fromkeys(paper)]
            return format_papers(papers, form)

        text = await questions.compute(work, request)
        return Response(text, media_type=MEDIA_TYPES[form])

    @router.get("/api/people", tags=["people"], response_model=AnswerRecord)
    async def rank_people(
        topic: Text,
        request: Request,
        k: Annotated[int, Query(ge=1, le=1_000)] = 10,
        recent: bool = False,
        where: Where = "",
    ) -> JSONResponse:
        """The people who work on a topic, with the papers that say so."""
        words, conditions = check_text(topic), read_where(where)
        return await show_answer(request, lambda: assistant.who(words, k, recent, where=conditions))

    @router.get("/api/people/{name}", tags=["people"], response_model=AnswerRecord)
    async def show_person(name: str, request: Request) -> JSONResponse:
        """One person: papers, co-authors, years, page figures."""
        person = check_text(name)
        return await show_answer(request, lambda: assistant.person(person))

    @router.get("/healthz", tags=["server"], response_model=Health)
    async def show_health() -> JSONResponse:
        """Whether questions can be answered; asks for no token."""
        problems = []
        try:
            await questions.compute(assistant.library.ensure_not_empty)
        except RagError as exc:
            problems.append(say_error(exc))
        answering, waiting = questions.line.counts
        lines = {"status": "failing" if problems else "ok", "problems": problems,
                 "answering": answering, "waiting": waiting}  # fmt: skip
        return JSONResponse(lines, 503 if problems else 200)

    return router


def check_text(text: str) -> str:
    """The text unchanged; raises a ReadError if it is blank."""
    if not text.replace("\x00", " ").strip():
        raise ReadError("the question is empty; say what you want to know")
    return text


def read_where(line: str) -> tuple[Condition, ...]:
    """The conditions that a line spells; none of an empty one.

    Raises:
        QueryError: It spells none.
    """
    return read_conditions(line) if line.strip() else ()


def find_offered_model(name: str, offered: tuple[str, ...]) -> str:
    """The model of a conversation, by the name that `/v1/models` gives it.

    Raises:
        UnfitRequest: There is no such model.
    """
    model = name.removeprefix("paperfolk").removeprefix("/")
    if model and model not in offered:
        names = ", ".join(("paperfolk", *(f"paperfolk/{each}" for each in offered)))
        raise UnfitRequest(
            f"there is no model {name[:100]!r}; there are {names}", "model", status=404,
            code="model_not_found",
        )  # fmt: skip
    return model if model != EXTRACTIVE or offered[0] != EXTRACTIVE else ""


async def iter_sent_events(
    first: _T | None, events: AsyncGenerator[_T], build: Callable[[_T], str]
) -> AsyncIterator[str]:
    """A stream as server-sent events; what fails after its beginning is its last one.

    Args:
        first: Taken already, so that what fails at once has a status of its own.
        events: The rest.
        build: The text of one event.
    """
    async with aclosing(events):
        try:
            if first is not None:
                yield build(first)
            async for event in events:
                yield build(event)
        except RagError as exc:
            yield format_sent("error", build_error_body(find_status(exc), say_error(exc)))
        except Exception:  # the status is sent already, so that a bug is told here
            _log.exception("a streamed answer")
            yield format_sent("error", build_error_body(500, BUG))


def build_event(event: Event) -> str:
    if isinstance(event, Answer):
        return format_sent("answer", record(event))
    if isinstance(event, Delta):
        return format_sent("delta", {"text": event.text})
    return format_sent("step", {"name": event.name}) if isinstance(event, Step) else ""


def format_sent(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
