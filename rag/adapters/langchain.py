"""Paperfolk inside LangChain programs: papers as a retriever, cited answers as a runnable.

    from rag import PaperfolkChain, PaperfolkRetriever, build, load

    assistant = build(load())
    documents = PaperfolkRetriever(assistant=assistant, k=5).invoke("face recognition privacy")
    chain = PaperfolkChain(assistant=assistant)
    print(chain.invoke("What does DuetFace split?")["answer"])

When a chat model is configured, its call runs inside the chain's own run, so that callbacks, usage
and tracing of the surrounding program see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import convert_to_messages
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig, RunnableSerializable
from langchain_core.runnables.config import run_in_executor
from langchain_core.runnables.utils import AddableDict
from pydantic import ConfigDict, Field, SkipValidation

from rag.adapters.text_embedder import TextEmbedder
from rag.types import Answer, Delta, Event, Paper, PaperHit, Retrieval, Thread, Turn
from rag.types.errors import SettingsError
from rag.types.serialise import record

Embeddings.register(TextEmbedder)  # type: ignore[type-abstract]  # which may be abstract

ChainInput = str | Mapping[str, Any]
"""A question, or a mapping with ``question`` and, for a follow-up, the conversation so far."""

PASSAGE_SENTENCES = 3


class Answers(Protocol):
    """The methods of an `rag.app.assistant.Assistant` that are used here."""

    def ask(self, question: str, thread: Thread = ...) -> Answer: ...
    def stream(self, question: str, thread: Thread = ...) -> Iterator[Event]: ...
    def retrieve(self, query: str, k: int = ...) -> Retrieval: ...
    def paper(self, key: str) -> Paper: ...


class PaperfolkRetriever(BaseRetriever):
    """The k best papers for a query, one document a paper, best first.

    ``content`` says what a document holds: the paper's text, or its best sentences for the query.
    Metadata: paper_id, title (None where none is printed), label, authors, authors_complete, year,
    source (``<seed file>:<line>``), also_at, score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    assistant: SkipValidation[Answers] = Field(exclude=True, repr=False)
    k: int = Field(4, ge=1)
    content: Literal["paper", "passage"] = "paper"

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        hits = self.assistant.retrieve(query, self.k if k is None else k)
        return [self._build_hit_document(hit) for hit in hits.papers]

    def _build_hit_document(self, hit: PaperHit) -> Document:
        text = _render_passage(hit) if self.content == "passage" else hit.paper.text
        return _build_document(hit.paper, text, score=hit.score)


def _render_passage(hit: PaperHit) -> str:
    """The best sentences in text order, with an ellipsis for omitted ones between them."""
    best = sorted(hit.sentences, key=lambda s: (-s.score, s.span))[:PASSAGE_SENTENCES]
    text, end = "", 0
    for start, stop in sorted(sentence.span for sentence in best):
        if text:
            text += " … " if hit.paper.text[end:start].strip() else " "
        text, end = text + hit.paper.text[start:stop], stop
    return text or hit.paper.text


def _build_document(paper: Paper, text: str, **metadata: Any) -> Document:
    """The document of a paper; its content is the title if the paper has no text."""
    return Document(
        id=paper.paper_id,
        page_content=text or paper.name,
        metadata={
            "paper_id": paper.paper_id,
            "title": paper.title,
            "label": paper.label,
            "authors": list(paper.authors),
            "authors_complete": paper.authors_complete,
            "year": paper.year,
            "source": paper.source,
            "also_at": [str(place) for place in paper.places[1:]],
            **metadata,
        },
    )


class PaperfolkChain(RunnableSerializable[ChainInput, dict[str, Any]]):
    """Questions in, cited answers out.

    Input: a string; or a mapping with ``question`` and one of ``thread`` (the one that an earlier
    output holds: the exact way to follow up) and ``chat_history`` (LangChain messages); or one with
    ``turns``, all questions of a conversation, the last of which is answered.

    Output: ``question``; ``answer``, Markdown with ``[n]`` markers; ``status``; ``sources``, the
    citations as in the answer record; ``documents``, the cited papers, each with the ``quotes``
    and ``markers`` that lead to it; ``record``, the whole answer record; ``thread``, to ask on.
    Streamed, ``answer`` comes in pieces that join to it, then the rest at once.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    assistant: SkipValidation[Answers] = Field(exclude=True, repr=False)

    def invoke(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        return self._call_with_config(self._run_to_answer, input, config, **kwargs)

    def stream(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        yield from self.transform(iter([input]), config, **kwargs)

    def transform(
        self, input: Iterator[ChainInput], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        yield from self._transform_stream_with_config(input, self._run_stream, config, **kwargs)

    async def astream(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        running = self.stream(input, config, **kwargs)
        end_marker: dict[str, Any] = {}
        try:
            while (
                chunk := await run_in_executor(config, next, running, end_marker)
            ) is not end_marker:
                yield chunk
        finally:
            await run_in_executor(config, running.close)  # type: ignore[attr-defined]

    def _run_to_answer(self, input: ChainInput) -> dict[str, Any]:
        question, thread = self._read(input)
        answer = self.assistant.ask(question, thread)
        return {"answer": answer.text, **self._build_output_fields(answer, thread)}

    def _run_stream(self, input: Iterator[ChainInput]) -> Iterator[dict[str, Any]]:
        for chunk in input:
            question, thread = self._read(chunk)
            for event in self.assistant.stream(question, thread):
                if isinstance(event, Delta):
                    yield AddableDict(answer=event.text)
                elif isinstance(event, Answer):
                    yield AddableDict(self._build_output_fields(event, thread))

    def _read(self, input: ChainInput) -> tuple[str, Thread]:
        """The question to answer, and its conversation."""
        if isinstance(input, str):
            return input, Thread()
        if turns := input.get("turns"):
            return self._build_replayed_thread([str(turn) for turn in turns])
        question = input.get("question", input.get("input"))
        if not isinstance(question, str):
            keys = sorted(map(str, input))
            raise SettingsError(
                f"the chain's input has the keys {keys} and no question; give a string, or a "
                "mapping with 'question' or 'turns'"
            )
        thread = input.get("thread")
        return question, thread if isinstance(thread, Thread) else _build_thread(input)

    def _build_replayed_thread(self, turns: Sequence[str]) -> tuple[str, Thread]:
        thread = Thread()
        for question in turns[:-1]:
            thread = thread.add_turn(Turn(question, self.assistant.ask(question, thread)))
        return turns[-1], thread

    def _build_output_fields(self, answer: Answer, thread: Thread) -> dict[str, Any]:
        """All fields of an output except the answer's text."""
        fields = record(answer)
        return {
            "question": answer.question,
            "status": answer.status,
            "sources": fields["citations"],
            "documents": self._list_documents(answer),
            "record": fields,
            "thread": thread.add_turn(Turn(answer.question, answer)),
        }

    def _list_documents(self, answer: Answer) -> list[Document]:
        cited: dict[str, list[int]] = {}
        for number, citation in enumerate(answer.citations):
            cited.setdefault(citation.paper_id, []).append(number)
        documents = []
        for paper_id, numbers in cited.items():
            paper = self.assistant.paper(paper_id)
            quotes = [answer.citations[number].quote for number in numbers]
            markers = [answer.citations[number].marker for number in numbers]
            documents.append(_build_document(paper, paper.text, quotes=quotes, markers=markers))
        return documents


def _build_thread(input: Mapping[str, Any]) -> Thread:
    """A chat history as turns: each human message with the reply to it."""
    turns: list[Turn] = []
    question: str | None = None
    for message in convert_to_messages(input.get("chat_history") or []):
        if message.type == "human":
            question = message.text
        elif message.type == "ai" and question is not None:
            answer = Answer(question, "answered", "content", message.text)
            turns.append(Turn(question, answer))
            question = None
    return Thread(tuple(turns))
