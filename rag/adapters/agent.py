"""LangChain's own agent over one tool, bounded: by tool calls, model calls, tokens, time and cancellation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.tool_call_limit import ToolCallLimitMiddleware
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    messages_from_dict,
    messages_to_dict,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool

from rag.adapters.openai import OpenAIChat
from rag.types import Usage
from rag.types.cancellation import heed
from rag.types.errors import MalformedReply

N_MODEL_CALLS = 4
N_WRITTEN = 24
"""So many brackets of a reply are tried as the beginning of a call."""
_STEPS_PER_CALL = 6
"""Nodes of the graph that one model call with its middleware and tools may take."""

PromptMessage = tuple[str, str]


class CallLog(Protocol):
    """Where the agent's model calls are counted and kept: one question's session."""

    @property
    def usage(self) -> Usage: ...
    def find_reply(self, messages: Sequence[PromptMessage]) -> str | None: ...
    def add_reply(
        self, messages: Sequence[PromptMessage], text: str, reported: Mapping[str, Any] | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Tool:
    """What the model may call.

    Attributes:
        schema: JSON Schema of its arguments.
        call: Takes the arguments and returns what the model reads.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """Where an agent stops; what it has by then is used.

    Attributes:
        n_tool_calls: Further ones are answered with an error.
        n_tokens: Of all its model calls; no call begins beyond it.
        ends_at: On the monotonic clock.
    """

    n_tool_calls: int
    n_tokens: int
    ends_at: float


def run_agent(
    model: OpenAIChat,
    messages: Sequence[PromptMessage],
    tool: Tool,
    log: CallLog,
    limits: AgentLimits,
) -> Generator[Mapping[str, Any], None, str]:
    """Let a model call a tool until it has what it needs.

    Args:
        model: Its calls end when it is cancelled.
        messages: The system message and the first of the user.
        tool: Called one call at a time.
        log: Has every model call; a kept reply is used in place of a new one.
        limits: For the whole run.

    Yields:
        The arguments of each call, before it is made.

    Returns:
        The limit at which it stopped before it was done; empty if it was.

    Raises:
        ModelError: A call failed; `NoTools` where the server takes no tools.
    """
    (_, system), (_, question) = messages
    bounds = _BoundedCalls(log, limits, tool)
    middleware: list[AgentMiddleware[Any, None, Any]] = [
        bounds,
        ToolCallLimitMiddleware(run_limit=limits.n_tool_calls, exit_behavior="continue"),
    ]
    agent = create_agent(
        model.model_copy(update={"streaming": True}),
        [
            StructuredTool(
                name=tool.name,
                description=tool.description,
                args_schema=dict(tool.schema),
                func=lambda **arguments: tool.call(arguments),
            )
        ],
        system_prompt=system,
        middleware=middleware,
    )
    config: RunnableConfig = {
        "max_concurrency": 1,
        "recursion_limit": N_MODEL_CALLS * _STEPS_PER_CALL,
        "run_name": tool.name,
    }
    updates = agent.stream(
        {"messages": [HumanMessage(question)]}, config=config, stream_mode="updates"
    )
    n_left, waiting = limits.n_tool_calls, list[Mapping[str, Any]]()
    for update in updates:
        heed()
        for message in (update.get("model") or {}).get("messages", ()):
            call_arguments = [call["args"] for call in getattr(message, "tool_calls", ())]
            waiting, n_left = call_arguments[:n_left], n_left - len(call_arguments)
        if waiting:  # the first one is made next, each other when the one before it is through
            yield waiting.pop(0)
    if n_left < 0:
        n_made = limits.n_tool_calls
        return f"the model asked for {n_made - n_left} where {n_made} are made at most"
    return bounds.reached


class _BoundedCalls(AgentMiddleware):
    """Ends the run where a limit is reached, and has every model call in the log.

    Attributes:
        reached: The limit that ended it.
    """

    def __init__(self, log: CallLog, limits: AgentLimits, tool: Tool) -> None:
        super().__init__()
        self.reached = ""
        self._log, self._limits, self._name = log, limits, tool.name
        self._tool = ("tool", json.dumps([tool.name, tool.description, tool.schema]))
        self._n_calls = 0
        self._n_tokens_before = _count_tokens(log.usage)

    def wrap_model_call(
        self, request: ModelRequest, handler: Callable[[ModelRequest], ModelResponse]
    ) -> ModelResponse:
        heed()
        time_left_s = self._limits.ends_at - time.monotonic()
        n_tokens = _count_tokens(self._log.usage) - self._n_tokens_before
        if self._n_calls == N_MODEL_CALLS:
            self.reached = f"the model planned {N_MODEL_CALLS} times and was not done"
        elif n_tokens >= self._limits.n_tokens:
            self.reached = f"planning took {n_tokens:,} tokens"
        elif time_left_s <= 0:
            self.reached = "planning took too long"
        if self.reached:
            return ModelResponse([AIMessage("")])
        self._n_calls += 1
        system = request.system_message.text if request.system_message else ""
        texts = [("system", system), self._tool, *map(_render_message, request.messages)]
        if (reply := self._log.find_reply(texts)) is not None:
            return ModelResponse(messages_from_dict(json.loads(reply)))
        assert isinstance(request.model, OpenAIChat)
        whole_s = min(request.model.whole_s, time_left_s)
        model = request.model.model_copy(update={"whole_s": whole_s})
        response = handler(request.override(model=model))
        (message,) = response.result
        assert isinstance(message, AIMessage)
        if message.invalid_tool_calls and not message.tool_calls:
            raise MalformedReply(f"{model.model_name!r} called a tool without proper arguments")
        if not message.tool_calls:
            written = enumerate(find_written_calls(message.text, self._name))
            calls = [
                ToolCall(name=self._name, args=dict(arguments), id=f"written-{self._n_calls}-{n}")
                for n, arguments in written
            ]
            message = AIMessage(message.text, tool_calls=calls, usage_metadata=message.usage_metadata)  # fmt: skip
            response = ModelResponse([message])
        text = json.dumps(messages_to_dict([message]))
        self._log.add_reply(texts, text, message.usage_metadata)
        return response


def find_written_calls(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    """The arguments of calls that a model wrote into its reply, as it does where its server parses none.

    ``{"name": "look_up", "arguments": {…}}``, in tags or a fence or as it is, or the arguments alone.
    """
    at, decoder = 0, json.JSONDecoder()
    for _ in range(N_WRITTEN):
        if (at := text.find("{", at)) < 0:
            return
        try:
            written, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        called = written.get("name", name) == name
        arguments = next((written[k] for k in ("arguments", "parameters") if k in written), written)
        if called and isinstance(arguments, dict):
            yield arguments


def _count_tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _render_message(message: BaseMessage) -> PromptMessage:
    calls = getattr(message, "tool_calls", None)
    return (message.type, message.text + (json.dumps(calls) if calls else ""))
