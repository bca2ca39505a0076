"""Answers worded by a chat model from chosen evidence, let out through the citation gate.

The joined deltas of an answer are always its text: nothing is shown that has to be taken back. A
call that fails, or whose reply cites nothing valid, before anything was shown gives the extractive
answer; one that breaks off later keeps the sentences already checked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from rag import prompting
from rag.answering.citations import MARKER
from rag.answering.evidence import choose
from rag.answering.extractive import scored
from rag.answering.gate import Gate, Unsupported
from rag.errors import MalformedReply, ModelError
from rag.prompting import Message, Prompt, enclosed
from rag.text import excerpt
from rag.types import (
    Answer,
    Delta,
    Event,
    Evidence,
    Intent,
    Retrieval,
    Step,
    Sufficiency,
    Thread,
    Turn,
    Usage,
)

SHOWN_TURNS = 3
SHOWN_ANSWER_WORDS = 80
LONGEST_QUESTION_CHARS = 1_000


class ChatModel(Protocol):
    """What is needed of a LangChain ``BaseChatModel``; one that raises `ModelError` alone."""

    def stream(self, input: list[Message], config: Any = None) -> Iterator[Any]:
        """Message chunks with ``text`` and ``usage_metadata``."""
        ...


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of this module, checked."""

    answer: Prompt
    condense: Prompt


def load_prompts(folder: Path) -> Prompts:
    """Read and check the prompt files.

    Raises:
        PromptError: One is missing or does not fit this module.
    """
    return Prompts(
        answer=prompting.load(
            folder,
            "answer_question",
            variables=("question", "passages", "turns", "fence"),
            parts=("passage", "turn", "unknown"),
        ),
        condense=prompting.load(
            folder, "condense_question", variables=("question", "turns", "fence"), parts=("turn",)
        ),
    )


@dataclass(slots=True)
class _Reply:
    """A model's reply while it comes."""

    usage: Usage = field(default_factory=Usage)
    error: ModelError | None = None

    def pieces(
        self, model: ChatModel, messages: list[Message], name: str
    ) -> Generator[str, None, None]:
        """The reply's text; a failure ends it and is kept in ``error``."""
        try:
            stream = model.stream(messages, config={"run_name": name})
            with closing(stream):  # type: ignore[type-var]
                for chunk in stream:
                    self._count(chunk.usage_metadata)
                    if chunk.text:
                        yield str(chunk.text)
        except ModelError as exc:
            self.error = exc

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Keep the largest figures: servers report once at the end, or cumulatively."""
        if usage:
            self.usage = Usage(
                max(self.usage.input_tokens, usage.get("input_tokens") or 0),
                max(self.usage.output_tokens, usage.get("output_tokens") or 0),
            )


def stream(
    intent: Intent,
    retrieval: Retrieval,
    sufficiency: Sufficiency,
    thread: Thread,
    model: ChatModel,
    *,
    model_name: str,
    prompt: Prompt,
    evidence_tokens: int,
    unsupported: Unsupported = "mark",
    abstain: Callable[[], Answer],
    fallback: Callable[[], Answer],
) -> Iterator[Event]:
    """Answer a content question with a chat model.

    Args:
        intent: The question and its route.
        retrieval: The papers found for it.
        sufficiency: If the papers do not suffice, no call is made.
        thread: Earlier turns.
        model: Called once, streaming.
        model_name: For the record.
        prompt: As `load_prompts` gives it.
        evidence_tokens: Budget of passages, estimated.
        unsupported: What becomes of a sentence that its papers do not say.
        abstain: The abstention for this question, without a model.
        fallback: The answer for this question, without a model.

    Yields:
        Steps, deltas and the whole answer last; the deltas joined are its text.
    """
    evidence = choose(retrieval, evidence_tokens)
    if not sufficiency.sufficient or not evidence:
        yield from _whole(abstain())
        return
    yield Step(f"asking {model_name}")
    messages = _messages(prompt, intent, thread, evidence)
    gate = Gate(evidence, prompt.words["refusal"], private=messages[0][1], question=intent.question)
    reply = _Reply()
    shown: list[str] = []
    with closing(reply.pieces(model, messages, prompt.name)) as ps:
        for piece in ps:
            if text := gate.feed(piece):
                shown.append(text)
                yield Delta(text)
            if gate.is_full:
                break
    if reply.error is None and (text := gate.close()):
        shown.append(text)
        yield Delta(text)
    if gate.is_open:
        answer = _answer(intent, retrieval, gate, "".join(shown), reply, model_name)
        yield _spent(answer, reply, gate, prompt)
    elif gate.refused:
        yield from _whole(_spent(replace(abstain(), model=model_name), reply, gate, prompt))
    else:
        note = f"{_why(reply, model_name)}; the answer is quoted from the papers instead"
        answer = fallback()
        answer = replace(answer, warnings=(*answer.warnings, note))
        yield from _whole(_spent(answer, reply, gate, prompt))


def _spent(answer: Answer, reply: _Reply, gate: Gate, prompt: Prompt) -> Answer:
    """The answer with what the call was and cost, also where its words were not used."""
    counts = dict(+gate.counts)
    return replace(
        answer,
        usage=reply.usage,
        prompt_sha256=prompt.sha256,
        checks=counts,
        sentences=gate.said if gate.is_open else (),
    )


def _whole(answer: Answer) -> Iterator[Event]:
    """An answer that was not made piece by piece."""
    if answer.text:
        yield Delta(answer.text)
    yield answer


def _why(reply: _Reply, model_name: str) -> str:
    if reply.error is not None:
        return str(reply.error)
    return f"the reply of {model_name!r} cited no passage"


def _answer(
    intent: Intent,
    retrieval: Retrieval,
    gate: Gate,
    text: str,
    reply: _Reply,
    model_name: str,
) -> Answer:
    warnings = gate.warnings()
    if reply.error is not None:
        warnings = (*warnings, f"the answer is incomplete: {reply.error}")
    return Answer(
        question=intent.question,
        status="answered",
        route=intent.route,
        text=text,
        citations=gate.citations,
        papers=scored(retrieval),
        model=model_name,
        warnings=warnings,
        intent=intent,
    )


# --- what the model reads -------------------------------------------------------------------


def _messages(
    prompt: Prompt, intent: Intent, thread: Thread, evidence: tuple[Evidence, ...]
) -> list[Message]:
    turns = thread.turns[-SHOWN_TURNS:]
    said = [text for turn in turns for text in (turn.question, turn.answer.text)]
    mark = prompting.fence(intent.question, *said, *(item.quote for item in evidence))
    return prompt.render(
        {
            "question": enclosed(intent.question, mark),
            "passages": "\n\n".join(_passage(prompt, item, mark) for item in evidence),
            "turns": _turns(prompt, turns, mark),
            "fence": mark,
        }
    )


def _passage(prompt: Prompt, evidence: Evidence, mark: str) -> str:
    paper = evidence.paper
    unknown = prompt.part("unknown", {})
    authors = ", ".join(paper.authors)
    if authors and not paper.authors_complete:
        authors += " et al."
    return prompt.part(
        "passage",
        {
            "key": evidence.key,
            "title": enclosed(paper.name, mark),
            "authors": enclosed(authors, mark) or unknown,
            "year": str(paper.year) if paper.year else unknown,
            "text": enclosed(evidence.quote, mark) or unknown,
            "fence": mark,
        },
    )


def _turns(prompt: Prompt, turns: tuple[Turn, ...], mark: str) -> str:
    return "\n\n".join(
        prompt.part(
            "turn",
            {
                "question": enclosed(excerpt(turn.question, SHOWN_ANSWER_WORDS), mark),
                "answer": enclosed(_shortened(turn.answer), mark),
                "fence": mark,
            },
        )
        for turn in turns
    )


def _shortened(answer: Answer) -> str:
    return excerpt(MARKER.sub("", answer.text), SHOWN_ANSWER_WORDS)


# --- follow-ups -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standalone:
    """A follow-up question made whole, and what that cost."""

    question: str
    usage: Usage


def condense(question: str, thread: Thread, model: ChatModel, prompt: Prompt) -> Standalone:
    """Make a follow-up question whole; one without earlier turns stays as it is, without a call.

    Raises:
        ModelError: The call failed, or the reply is no question of one line.
    """
    turns = thread.turns[-SHOWN_TURNS:]
    if not turns:
        return Standalone(question, Usage())
    said = [text for turn in turns for text in (turn.question, turn.answer.text)]
    mark = prompting.fence(question, *said)
    messages = prompt.render(
        {"question": enclosed(question, mark), "turns": _turns(prompt, turns, mark), "fence": mark}
    )
    reply = _Reply()
    text = "".join(reply.pieces(model, messages, prompt.name)).strip().strip('"').strip()
    if reply.error is not None:
        raise reply.error
    if not text or "\n" in text or len(text) > LONGEST_QUESTION_CHARS:
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} is not one line with a question"
        )
    return Standalone(text, reply.usage)
