"""Starts the servers for programs: over HTTP, or over this process's standard input and output."""

from __future__ import annotations

import logging
import secrets
import sys
from contextlib import suppress

import anyio
import anyio.to_thread

from rag.app.assistant import Assistant
from rag.app.web_server import check_port_free, host_in_address, raise_limit
from rag.config.settings import Settings
from rag.serve.access import check_server_guarded
from rag.types.errors import SettingsError

BACKLOG = 256
CONNECTIONS = 512
STOP_S = 5
"""Time that answers in the making have when the server is holdings to end."""


def build_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)


def check_servable(settings: Settings) -> None:
    """Raise a SettingsError where the port is taken, or where others would reach it unasked."""
    check_server_guarded(settings)
    try:
        check_port_free(settings.api_host, settings.api_port)
    except OverflowError as exc:
        raise SettingsError(f"there is no port {settings.api_port}") from exc


def run_server(assistant: Assistant) -> None:
    """Serve over HTTP until the process is holdings to end."""
    import uvicorn

    from rag.serve.application import TOOLS_PATH, build_application

    settings = assistant.settings
    raise_limit()
    address = f"http://{host_in_address(settings.api_host)}:{settings.api_port}"
    n_papers = assistant.library.n_papers
    holdings = f"{n_papers} papers" if n_papers else 'no papers yet (run "paperfolk ingest")'
    guard = "with a token" if settings.api_tokens else "for this machine alone"
    sys.stderr.write(
        f"serving {holdings}, {guard} (Ctrl-C ends it)\n"
        f"  API     {address}/openapi.json\n"
        f"  OpenAI  {address}/v1\n"
        f"  MCP     {address}{TOOLS_PATH}\n"
    )
    sys.stderr.flush()
    config = uvicorn.Config(
        build_application(assistant),
        host=settings.api_host,
        port=settings.api_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=",".join(settings.trusted_proxies),
        backlog=BACKLOG,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=STOP_S,
        ws="none",
    )
    with suppress(KeyboardInterrupt):  # the ordinary end
        uvicorn.Server(config).run()


def run_tools(assistant: Assistant) -> None:
    """Serve the tools of MCP over standard input and output, until the input ends."""
    from mcp.server.stdio import stdio_server

    from rag.serve.conversation import Conversations
    from rag.serve.questions import Questions
    from rag.serve.tools import build_tool_server

    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr
    )  # standard output is the protocol's
    questions = Questions(assistant)
    server = build_tool_server(questions, Conversations(assistant))

    async def serve() -> None:
        async with anyio.create_task_group() as group, stdio_server() as (incoming, outgoing):
            group.start_soon(anyio.to_thread.run_sync, questions.warm_up)
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)
