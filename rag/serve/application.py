"""The application that `paperfolk serve` runs: our API, OpenAI's, and the tools of MCP, as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.routing import Route

from rag.app.assistant import Assistant
from rag.serve import chat_completions, routes
from rag.serve.access import MAX_BODY_BYTES, Access, Bodies, read_tokens
from rag.serve.conversation import Conversations
from rag.serve.faults import add_error_handlers
from rag.serve.questions import Questions
from rag.serve.schemas import ErrorBody
from rag.serve.tools import build_tool_server

TOOLS_PATH = "/mcp"
MAX_SESSIONS = 256
DESCRIPTION = (
    "Answers about a library of research papers, each quoted from the paper it comes from, and the "
    "people behind them. `/v1` speaks OpenAI's protocol, `/mcp` the Model Context Protocol."
)
ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "The request cannot be answered"},
    "5XX": {"model": ErrorBody, "description": "The server cannot answer now"},
}


def build_application(assistant: Assistant) -> FastAPI:
    """The application over one assistant, which stays the caller's to close."""
    settings = assistant.settings
    questions, conversations = Questions(assistant), Conversations(assistant)
    sessions = StreamableHTTPSessionManager(
        build_tool_server(questions, conversations),
        max_request_body_size=MAX_BODY_BYTES,
        max_sessions=MAX_SESSIONS,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(questions.warm_up)
        async with sessions.run():
            yield

    app = FastAPI(
        title="Paperfolk",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=ERRORS,
        lifespan=lifespan,
    )
    tokens = read_tokens(settings)
    app.add_middleware(Bodies)
    app.add_middleware(Access, tokens=tokens, names=settings.allowed_hosts)
    add_error_handlers(app)
    app.include_router(routes.build_router(questions, conversations))
    app.include_router(chat_completions.build_openai_router(questions, conversations))
    app.router.routes.append(Route(TOOLS_PATH, StreamableHTTPASGIApp(sessions)))
    if tokens:
        _add_token_scheme(app)
    return app


def _add_token_scheme(app: FastAPI) -> None:
    """Say in the OpenAPI document that a token is asked for."""
    build_plain = app.openapi

    def build() -> dict[str, Any]:
        document = build_plain()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        document["security"] = [{"token": []}]
        return document

    app.openapi = build  # type: ignore[method-assign]
