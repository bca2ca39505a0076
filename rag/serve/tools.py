"""The library as tools of the Model Context Protocol: ask, query, who, person, paper, cite.

A tool answers in Markdown for a model to read and, beside it, with the record for a program.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import mcp_types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from mcp.server import Server

from rag.library.bibliography import EXPORT_SUFFIXES, format_papers
from rag.serve.conversation import Conversations
from rag.serve.faults import BUG, say_error
from rag.serve.questions import Questions, iter_answers, iter_result
from rag.serve.routes import read_where
from rag.serve.schemas import MAX_EARLIER, MAX_PAPERS_A_PAGE, AnswerRecord, PaperRecord
from rag.serve.sources import format_answer
from rag.types import Answer
from rag.types.cancellation import CancelToken
from rag.types.errors import RagError
from rag.types.fields import QueryError
from rag.types.query_json import build_schema, load_query
from rag.types.serialise import build_paper_record, record

INSTRUCTIONS = (
    "A library of research papers, and the people behind them. Every answer quotes the papers it "
    "comes from; keep its markers such as [1]. Counts, lists and people are computed and complete. "
    "Where the library does not say, the answer says so: do not fill it in."
)
_log = logging.getLogger(__name__)
Arguments = Mapping[str, Any]
ToolResult = tuple[str, dict[str, Any] | None]
"""What a model reads, and the record beside it."""
_TEXT = {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool: what a model reads of it, and the work behind it, whose last item is the result.

    ``checks_itself``: whether the work refuses what does not fit, in better words than a schema's.
    """

    name: str
    description: str
    schema: dict[str, Any]
    work: Callable[[Arguments, CancelToken], Iterator[ToolResult]]
    output: dict[str, Any] | None = None
    checks_itself: bool = False

    def describe(self) -> mcp_types.Tool:
        hints = mcp_types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        return mcp_types.Tool(
            name=self.name,
            description=self.description,
            input_schema=self.schema,
            output_schema=self.output,
            annotations=hints,
        )

    def check_arguments(self, arguments: Arguments) -> None:
        """Raise a QueryError that names the part that does not fit."""
        error = best_match(Draft202012Validator(self.schema).iter_errors(arguments))
        if error is not None and not self.checks_itself:
            where = ".".join(map(str, error.absolute_path)) or self.name
            raise QueryError(f"{where} does not fit: {error.message[:300]}")


def build_tools(questions: Questions, conversations: Conversations) -> tuple[ServedTool, ...]:
    """All tools over one assistant."""
    assistant = questions.assistant

    def show(answer: Answer) -> ToolResult:
        return format_answer(answer, assistant.library), record(answer)

    def ask(arguments: Arguments, stop: CancelToken) -> Iterator[ToolResult]:
        events = conversations.stream(arguments["question"], arguments.get("earlier", ()), stop)
        return map(show, iter_answers(events))

    def run_query(arguments: Arguments, _: CancelToken) -> Iterator[ToolResult]:
        return iter_result(lambda: show(assistant.query(load_query(arguments))))

    def who(arguments: Arguments, _: CancelToken) -> Iterator[ToolResult]:
        k, recent = arguments.get("k", 10), arguments.get("recent", False)
        where = read_where(arguments.get("where", ""))
        return iter_result(lambda: show(assistant.who(arguments["topic"], k, recent, where=where)))

    def person(arguments: Arguments, _: CancelToken) -> Iterator[ToolResult]:
        return iter_result(lambda: show(assistant.person(arguments["name"])))

    def paper(arguments: Arguments, _: CancelToken) -> Iterator[ToolResult]:
        def build() -> ToolResult:
            paper_record = build_paper_record(assistant.paper(arguments["id"]))
            return json.dumps(paper_record, ensure_ascii=False, indent=1), dict(paper_record)

        return iter_result(build)

    def cite(arguments: Arguments, _: CancelToken) -> Iterator[ToolResult]:
        def build() -> ToolResult:
            papers = [assistant.paper(key) for key in dict.fromkeys(arguments["papers"])]
            return format_papers(papers, arguments.get("form", "bibtex")), None

        return iter_result(build)

    earlier = {
        "type": "array",
        "items": _TEXT,
        "maxItems": MAX_EARLIER,
        "description": "the questions before it, oldest first, where it refers to them",
    }
    answer_schema = AnswerRecord.model_json_schema()
    return (
        ServedTool(
            "ask",
            "Answer a question about the papers, in plain words, with quotes from them.",
            _build_object({"question": _TEXT, "earlier": earlier}, ["question"]),
            ask,
            answer_schema,
        ),
        ServedTool(
            "query",
            "Answer a typed query exactly and completely: lists, counts, shares, groups and extremes "
            "of papers, people on a topic, co-authors. For papers of 2023 with code: "
            '{"want": "papers", "where": [{"field": "year", "operator": "is", "value": 2023}, '
            '{"field": "code", "operator": "is", "value": true}]}.',
            build_schema(strict=False),
            run_query,
            answer_schema,
            checks_itself=True,
        ),
        ServedTool(
            "who",
            "Rank the people who work on a topic, with the papers that say so.",
            _build_object(
                {
                    "topic": _TEXT,
                    "k": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
                    "where": {
                        "type": "string",
                        "description": "conditions on the papers: year >= 2023 and code",
                    },
                    "recent": {"type": "boolean", "description": "weigh recent papers more"},
                },
                ["topic"],
            ),
            who,
            answer_schema,
        ),
        ServedTool(
            "person",
            "Show one person: papers, co-authors, years, page figures.",
            _build_object({"name": _TEXT}, ["name"]),
            person,
            answer_schema,
        ),
        ServedTool(
            "paper",
            "Show one paper, whole: title, authors, year, text.",
            _build_object(
                {"id": _TEXT | {"description": "its id, a beginning of it, or <seed file>:<line>"}},
                ["id"],
            ),
            paper,
            PaperRecord.model_json_schema(),
        ),
        ServedTool(
            "cite",
            "Write papers as references.",
            _build_object(
                {
                    "papers": {
                        "type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_PAPERS_A_PAGE,
                        "description": "ids of papers, as answers cite them",
                    },
                    "form": {"type": "string", "enum": list(EXPORT_SUFFIXES), "default": "bibtex"},
                },
                ["papers"],
            ),
            cite,
        ),
    )  # fmt: skip


def _build_object(properties: dict[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def build_tool_server(questions: Questions, conversations: Conversations) -> Server[Any]:
    """The server of the protocol, whatever carries it."""
    tools = {tool.name: tool for tool in build_tools(questions, conversations)}

    async def list_tools(_: Any, __: Any) -> mcp_types.ListToolsResult:
        return mcp_types.ListToolsResult(tools=[tool.describe() for tool in tools.values()])

    async def call_tool(
        _: Any, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.CallToolResult:
        arguments = params.arguments or {}
        try:
            if (tool := tools.get(params.name)) is None:
                raise QueryError(f"there is no tool {params.name!r}; there are {', '.join(tools)}")
            tool.check_arguments(arguments)
            text, answer_record = await questions.finish(lambda stop: tool.work(arguments, stop))
        except RagError as exc:
            return _build_result(say_error(exc), is_error=True)
        except Exception:  # a bug must not end the connection
            _log.exception("tool %s", params.name)
            return _build_result(BUG, is_error=True)
        return _build_result(text, answer_record)

    return Server(
        "paperfolk",
        version=_find_version(),
        title="Paperfolk",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _build_result(
    text: str, answer_record: dict[str, Any] | None = None, *, is_error: bool = False
) -> mcp_types.CallToolResult:
    content = [mcp_types.TextContent(type="text", text=text)]
    return mcp_types.CallToolResult(
        content=content, structured_content=answer_record, is_error=is_error
    )


def _find_version() -> str:
    try:
        return version("paperfolk")
    except PackageNotFoundError:
        return "0"
