"""Embedders by setting; a server that speaks the OpenAI protocol stands on loopback."""

from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests
from pydantic import SecretStr

import rag.adapters.langchain  # noqa: F401 - registers the embedders
from eval.benchmarks.model_server import OpenAIServer, Reply
from rag.adapters.embedders import Hosted, build_embedder
from rag.adapters.minilm import MiniLM
from rag.config.settings import Settings
from rag.types.errors import (
    MalformedReply,
    MissingExtra,
    ProviderError,
    ProviderUnreachable,
    SettingsError,
)
from tests.contracts import misbehaviour


class Server(ThreadingHTTPServer):
    """Answers with vectors (characters, 3) unless told otherwise; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None, dict[str, Any]]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], sent))
        rows = [
            {"object": "embedding", "index": i, "embedding": [float(len(text)), 3.0]}
            for i, text in enumerate(sent["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        reply = {"object": "list", "data": rows, "model": sent["model"], "usage": usage}
        body = (json.dumps(reply) if self.server.body is None else self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def openai(server: Server, **more: Any) -> Hosted:
    settings = Settings(embedder="openai:some-model", openai_base_url=server.url, retries=0, **more)
    found = build_embedder(settings)
    assert isinstance(found, Hosted)
    return found


@pytest.mark.parametrize(
    ("setting", "name"),
    [("minilm", "minilm-l6-v2/int8"), ("minilm-fp32", "minilm-l6-v2/fp32")],
)
def test_the_embedded_model_is_named_with_its_precision(setting: str, name: str) -> None:
    found = build_embedder(Settings(embedder=setting))
    assert isinstance(found, MiniLM)
    assert (found.name, found.dimension) == (name, 384)


@pytest.mark.parametrize("setting", ["", "bert", "openai:", "hf:", "openai"])
def test_an_unknown_embedder_is_refused_with_what_there_is(setting: str) -> None:
    with pytest.raises(SettingsError, match="openai:<model>"):
        build_embedder(Settings(embedder=setting))


def test_a_hosted_model_without_key_or_server_is_refused() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        build_embedder(Settings(embedder="openai:text-embedding-3-small"))


def test_texts_are_sent_as_text_with_model_and_key(server: Server) -> None:
    found = openai(server, openai_api_key=SecretStr("the-key"))
    assert (found.name, found.dimension) == ("openai:some-model", 0)
    vectors = found.embed_documents(["four", "seventeen letters"])
    (path, authorization, sent), *rest = server.requests
    assert (path, authorization) == ("/v1/embeddings", "Bearer the-key")
    assert (sent["input"], sent["model"]) == (["four", "seventeen letters"], "some-model")
    assert not rest
    assert found.dimension == 2
    assert vectors[0] == pytest.approx([0.8, 0.6])


def test_every_vector_has_length_one(server: Server) -> None:
    for vector in openai(server).embed_documents(["a", "b" * 500]):
        assert math.hypot(*vector) == pytest.approx(1)


def test_nothing_is_asked_for_no_texts_and_empty_texts_are_not_sent_empty(server: Server) -> None:
    found = openai(server)
    assert found.embed_documents([]) == []
    assert not server.requests
    found.embed_query("")
    assert server.requests[0][2]["input"] == [" "]


def test_long_texts_are_cut_and_many_texts_go_in_several_requests(server: Server) -> None:
    vectors = openai(server).embed_documents(["x" * 100_000] + ["y"] * 200)
    sizes = [len(sent["input"]) for _, _, sent in server.requests]
    assert sizes == [128, 73]
    assert len(server.requests[0][2]["input"][0]) == 24_000
    assert len(vectors) == 201


@pytest.mark.parametrize(
    ("status", "retryable", "asked"),
    [
        (401, False, {"Retry-After": "7"}),
        (404, False, {"Retry-After": "7"}),
        (429, True, {"Retry-After-Ms": "7000"}),
        (503, True, {"Retry-After": "7"}),
    ],
)
def test_a_servers_refusal_is_one_sentence(
    server: Server, status: int, retryable: bool, asked: dict[str, str]
) -> None:
    server.status, server.headers = status, asked
    server.body = json.dumps({"error": {"message": "no such luck"}})
    with pytest.raises(ProviderError, match=f"HTTP {status}.*no such luck") as caught:
        openai(server).embed_query("text")
    assert (caught.value.status, caught.value.retry_after_s) == (status, 7)
    assert caught.value.retryable is retryable


def test_a_key_that_a_server_repeats_is_not_told(server: Server) -> None:
    server.status = 401
    server.body = json.dumps({"error": {"message": "Incorrect API key provided: sk-secret-1"}})
    with pytest.raises(ProviderError, match="Incorrect API key provided: …") as caught:
        openai(server, openai_api_key=SecretStr("sk-secret-1")).embed_query("text")
    assert "sk-" not in str(caught.value)


def test_a_server_that_never_finishes_is_given_up() -> None:
    with OpenAIServer(Reply(act=misbehaviour.drips_headers)) as server:
        settings = Settings(
            embedder="openai:m", openai_base_url=server.url, retries=0, reply_timeout_s=0.5
        )
        with pytest.raises(ProviderUnreachable, match="'openai:m' did not finish in time"):
            build_embedder(settings).embed_query("text")


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    settings = Settings(embedder="openai:m", openai_base_url="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(ProviderUnreachable, match="127.0.0.1"):
        build_embedder(settings).embed_query("text")


@pytest.mark.parametrize("body", ["<html>hello</html>", "{}", '{"data": []}', "[1]"])
def test_a_reply_that_is_not_vectors_is_refused(server: Server, body: str) -> None:
    server.body = body
    with pytest.raises((MalformedReply, ProviderError)):
        openai(server).embed_query("text")


def test_vectors_of_another_length_than_before_are_refused(server: Server) -> None:
    found = openai(server)
    found.embed_query("text")
    row = {"object": "embedding", "index": 0, "embedding": [1.0, 2.0, 3.0]}
    server.body = json.dumps({"object": "list", "data": [row], "model": "m"})
    with pytest.raises(MalformedReply, match="embedding model"):
        found.embed_query("text")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_huggingface", None)
    with pytest.raises(MissingExtra, match=r"paperfolk\[hf\]"):
        build_embedder(Settings(embedder="hf:some/model")).embed_query("text")


def test_a_hugging_face_model_is_loaded_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(model_name: str) -> DeterministicFakeEmbedding:
        asked.append(model_name)
        return DeterministicFakeEmbedding(size=5)

    stand_in = ModuleType("langchain_huggingface")
    stand_in.__dict__["HuggingFaceEmbeddings"] = load
    monkeypatch.setitem(sys.modules, "langchain_huggingface", stand_in)
    found = build_embedder(Settings(embedder="hf:some/model"))
    assert not asked
    assert math.hypot(*found.embed_query("text")) == pytest.approx(1)
    assert (asked, found.dimension, found.name) == (["some/model"], 5, "hf:some/model")


def test_a_hugging_face_model_that_cannot_be_had_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(model_name: str) -> None:
        raise OSError("no such repository\nand more lines")

    stand_in = ModuleType("langchain_huggingface")
    stand_in.__dict__["HuggingFaceEmbeddings"] = load
    monkeypatch.setitem(sys.modules, "langchain_huggingface", stand_in)
    with pytest.raises(ProviderUnreachable, match=r"no such repository\)"):
        build_embedder(Settings(embedder="hf:some/model")).embed_query("text")


# --- LangChain's own tests ------------------------------------------------------------------

for _test in (
    EmbeddingsIntegrationTests.test_aembed_query,
    EmbeddingsIntegrationTests.test_aembed_documents,
):
    pytest.mark.asyncio(_test)


class _Standard:
    embeddings_class = Hosted

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"name": "fake", "make": lambda: DeterministicFakeEmbedding(size=8)}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"OPENAI_API_KEY": "k"}, self.embedding_model_params, {"name": "fake"}


class TestHostedUnit(_Standard, EmbeddingsUnitTests):
    pass


class TestHostedIntegration(_Standard, EmbeddingsIntegrationTests):
    pass
