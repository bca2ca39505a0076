"""Paperfolk in LangChain programs: LangChain's own standard tests, and the chain in every way to call it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_tests.integration_tests import RetrieversIntegrationTests

import rag
from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag import PaperfolkChain, PaperfolkRetriever, Settings, build
from rag.answers.citations import check_citations
from rag.app.assistant import Assistant
from rag.types import Thread
from rag.types.errors import SettingsError

QUESTION = "What does DuetFace do with frequency channels?"

# Asynchronous tests run only where marked, and the standard tests may not be overridden.
pytest.mark.asyncio(RetrieversIntegrationTests.test_ainvoke_returns_documents)


@pytest.fixture
def chain(assistant: Assistant) -> PaperfolkChain:
    return PaperfolkChain(assistant=assistant)


class TestPaperfolkRetriever(RetrieversIntegrationTests):
    shared: Assistant

    @pytest.fixture(autouse=True)
    def _opened(self, assistant: Assistant) -> None:
        type(self).shared = assistant

    @property
    def retriever_constructor(self) -> type[PaperfolkRetriever]:
        return PaperfolkRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"assistant": self.shared}

    @property
    def retriever_query_example(self) -> str:
        return "face recognition that protects privacy"


def test_a_document_is_a_paper_with_its_particulars(assistant: Assistant) -> None:
    (document,) = PaperfolkRetriever(assistant=assistant, k=1).invoke("DuetFace")
    paper = assistant.paper(document.metadata["paper_id"])
    assert document.id == paper.paper_id
    assert document.page_content == paper.text
    assert document.metadata["title"] == paper.title and "DuetFace" in paper.name
    assert document.metadata["authors"] == list(paper.authors)
    assert document.metadata["year"] == paper.year
    assert document.metadata["source"] == paper.source
    assert isinstance(document.metadata["score"], float)


def test_a_passage_is_made_of_the_papers_sentences(assistant: Assistant) -> None:
    retriever = PaperfolkRetriever(assistant=assistant, k=1, content="passage")
    (document,) = retriever.invoke("DuetFace")
    text = assistant.paper(document.metadata["paper_id"]).text
    assert len(document.page_content) < len(text)
    assert all(part in text for part in document.page_content.split(" … "))


def test_a_retriever_takes_at_least_one_paper(assistant: Assistant) -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        PaperfolkRetriever(assistant=assistant, k=0)


def test_an_output_holds_answer_sources_and_documents(
    chain: PaperfolkChain, assistant: Assistant
) -> None:
    output = chain.invoke(QUESTION)
    assert (output["question"], output["status"]) == (QUESTION, "answered")
    assert output["record"]["text"] == output["answer"]
    assert output["sources"] == output["record"]["citations"]
    answer = output["thread"].turns[-1].answer
    papers = {document.id: assistant.paper(document.id) for document in output["documents"]}
    check_citations(output["answer"], answer.citations, papers)
    for document in output["documents"]:
        assert all(quote in document.page_content for quote in document.metadata["quotes"])
    markers = [m for document in output["documents"] for m in document.metadata["markers"]]
    assert sorted(markers) == [source["marker"] for source in output["sources"]]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Equal but for the time taken."""
    keys = ("question", "answer", "status", "sources", "documents")
    return all(one[key] == other[key] for key in keys)


def test_streamed_pieces_join_to_the_invoked_output(chain: PaperfolkChain) -> None:
    pieces = list(chain.stream(QUESTION))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    assert same(whole, chain.invoke(QUESTION))


def test_a_batch_answers_each_in_order(chain: PaperfolkChain) -> None:
    outputs = chain.batch([QUESTION, "How many papers are there?"])
    assert [output["question"] for output in outputs] == [QUESTION, "How many papers are there?"]


def test_asynchronous_calls_answer_the_same(chain: PaperfolkChain) -> None:
    async def ask() -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        one, many = await asyncio.gather(chain.ainvoke(QUESTION), chain.abatch([QUESTION]))
        return one, many, [piece async for piece in chain.astream(QUESTION)]

    one, many, pieces = asyncio.run(ask())
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    assert same(one, many[0]) and same(one, whole)


def test_the_chain_composes_with_other_runnables(chain: PaperfolkChain) -> None:
    composed = (
        RunnablePassthrough() | chain | RunnableLambda(lambda o: o["answer"]) | StrOutputParser()
    )
    assert composed.invoke(QUESTION) == chain.invoke(QUESTION)["answer"]


def test_the_ways_to_follow_up_read_the_same_question(chain: PaperfolkChain) -> None:
    first = chain.invoke(QUESTION)
    follow_up = "Who wrote it?"
    by_thread = chain.invoke({"question": follow_up, "thread": first["thread"]})
    by_turns = chain.invoke({"turns": [QUESTION, follow_up]})
    assert by_thread["answer"] == by_turns["answer"]
    assert len(by_thread["thread"].turns) == 2


def test_a_chat_history_becomes_turns(assistant: Assistant) -> None:
    threads: list[Thread] = []

    class Listening:
        paper = staticmethod(assistant.paper)

        def ask(self, question: str, thread: Thread) -> Any:
            threads.append(thread)
            return assistant.ask(question)

    history = [HumanMessage("What is DuetFace?"), AIMessage("A method."), ("human", "unanswered")]
    PaperfolkChain(assistant=Listening()).invoke({"input": QUESTION, "chat_history": history})
    ((turn,),) = [thread.turns for thread in threads]
    assert (turn.question, turn.answer.text) == ("What is DuetFace?", "A method.")


@pytest.mark.parametrize("wrong", [{}, {"query": "x"}, {"question": 3}])
def test_an_input_without_a_question_is_one_sentence(
    chain: PaperfolkChain, wrong: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="no question"):
        chain.invoke(wrong)


@pytest.fixture
def generating(library_data: Path, weights: Path) -> Iterator[tuple[Assistant, OpenAIServer]]:
    with OpenAIServer() as server:
        settings = Settings(
            data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
            retries=0,
        )  # fmt: skip
        with build(settings) as opened:
            yield opened, server


@pytest.mark.parametrize("way", ["invoke", "stream", "astream"])
def test_a_models_answer_is_cited_and_its_call_is_seen(
    generating: tuple[Assistant, OpenAIServer], way: str
) -> None:
    opened, server = generating
    chain, usage = PaperfolkChain(assistant=opened), UsageMetadataCallbackHandler()
    config: Any = {"callbacks": [usage]}

    async def collected() -> list[dict[str, Any]]:
        return [piece async for piece in chain.astream(QUESTION, config)]

    if way == "invoke":
        pieces = [chain.invoke(QUESTION, config)]
    elif way == "stream":
        pieces = list(chain.stream(QUESTION, config))
    else:
        pieces = asyncio.run(collected())
    output: dict[str, Any] = {}
    for piece in pieces:
        output = {**output, **piece, "answer": output.get("answer", "") + piece.get("answer", "")}
    assert (output["status"], output["record"]["model"]) == ("answered", MODEL)
    answer = output["thread"].turns[-1].answer
    check_citations(
        output["answer"], answer.citations, {d.id: opened.paper(d.id) for d in output["documents"]}
    )
    assert output["record"]["usage"]["input_tokens"] == 11
    assert usage.usage_metadata[MODEL]["total_tokens"] == 18
    assert len(server.requests) == 1


def test_a_failing_model_leaves_the_quoted_answer(
    generating: tuple[Assistant, OpenAIServer], chain: PaperfolkChain
) -> None:
    opened, server = generating
    server.default = Reply(status=500)
    output = PaperfolkChain(assistant=opened).invoke(QUESTION)
    assert output["answer"] == chain.invoke(QUESTION)["answer"]
    assert "quoted from the papers instead" in output["record"]["warnings"][-1]


def test_every_public_name_is_there() -> None:
    assert {getattr(rag, name).__name__ for name in rag.__all__} == set(rag.__all__)
    assert set(rag.__all__) <= set(dir(rag))
    with pytest.raises(AttributeError):
        rag.nothing  # noqa: B018


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, rag; print(sorted(m for m in sys.modules if m.startswith(('rag.', 'langchain', 'pydantic', 'openai'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_conversations_at_once_do_not_cross(
    generating: tuple[Assistant, OpenAIServer],
) -> None:
    opened, _ = generating
    questions = [
        f"What does {name} do with frequency channels?"
        for name in ("DuetFace", "PartialFace", "MinusFace")
    ]
    alone = {question: opened.ask(question).text for question in questions}
    outputs = PaperfolkChain(assistant=opened).batch(questions * 6, {"max_concurrency": 18})
    assert [output["question"] for output in outputs] == questions * 6
    assert [output["answer"] for output in outputs] == [alone[q] for q in questions * 6]
