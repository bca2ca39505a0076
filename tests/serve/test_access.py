"""Who may use the server, how much a request may bring, and what is said to the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr
from starlette.testclient import TestClient

from rag.app.assistant import Assistant, build
from rag.app.jobs import QuestionQueue
from rag.cli.main import main
from rag.config.settings import Settings
from rag.serve.access import MAX_BODY_BYTES, Bodies, check_server_guarded
from rag.serve.application import build_application
from rag.serve.questions import Questions, iter_result
from rag.serve.routes import build_event, iter_sent_events
from rag.types import Event, Step
from rag.types.cancellation import CancelToken
from rag.types.errors import NotFound, SettingsError, StoreUnreachable, TooBusy
from tests.serve.running import run_application

TOKEN = "correct-horse-battery-staple"
LOCAL = "http://127.0.0.1:8502"
QUESTION = {"question": "What is DuetFace?"}


class Guarded:
    """The session's assistant, with tokens in its settings."""

    def __init__(self, assistant: Assistant) -> None:
        self.settings = assistant.settings.model_copy(update={"api_tokens": (SecretStr(TOKEN),)})
        self._assistant = assistant

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)


@pytest.fixture(scope="module")
def open_client(assistant: Assistant) -> Iterator[TestClient]:
    yield TestClient(build_application(assistant), base_url=LOCAL)


@pytest.fixture(scope="module")
def guarded(assistant: Assistant) -> Iterator[TestClient]:
    app = build_application(Guarded(assistant))  # type: ignore[arg-type]
    with TestClient(app, base_url="http://papers.example") as client:
        yield client


def get_sentence(response: httpx.Response) -> str:
    message: str = response.json()["error"]["message"]
    assert "\n" not in message
    return message


@pytest.mark.parametrize("path", ["/api/papers", "/v1/models", "/mcp", "/openapi.json", "/no"])
@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer", "Bearer \x80"]
)
def test_nothing_is_told_without_the_token(
    path: str, header: str | None, guarded: TestClient
) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    response = guarded.get(path, headers=headers)
    assert response.status_code == 401 and response.headers["www-authenticate"] == "Bearer"
    assert "send Authorization: Bearer TOKEN" in get_sentence(response)


def test_the_token_opens_all_and_the_document_asks_for_it(guarded: TestClient) -> None:
    headers = {"authorization": f"bearer {TOKEN}"}
    document = guarded.get("/openapi.json", headers=headers).json()
    assert document["security"] == [{"token": []}]
    assert guarded.get("/v1/models", headers=headers).status_code == 200
    assert guarded.get("/healthz").json()["status"] == "ok"


def test_real_clients_are_refused_without_the_token_and_served_with_it(
    assistant: Assistant,
) -> None:
    async def list_tools(address: str, headers: dict[str, str]) -> int:
        async with httpx2.AsyncClient(headers=headers) as carrier:
            async with Client(streamable_http_client(f"{address}/mcp", http_client=carrier)) as mcp:
                return len((await mcp.list_tools()).tools)

    with run_application(Guarded(assistant)) as address:  # type: ignore[arg-type]
        for key in ("none", TOKEN):
            with openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
                if key == TOKEN:
                    assert len(list(client.models.list())) == 2
                else:
                    with pytest.raises(openai.AuthenticationError, match="asks for a token"):
                        client.models.list()
        assert asyncio.run(list_tools(address, {"authorization": f"Bearer {TOKEN}"})) == 6
        with pytest.raises((MCPError, ExceptionGroup)):
            asyncio.run(list_tools(address, {}))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::", ""])
def test_without_tokens_it_answers_to_this_machines_names_alone(
    host: str, open_client: TestClient
) -> None:
    response = open_client.get("/v1/models", headers={"host": host})
    assert response.status_code == 421 and "allowed_hosts" in get_sentence(response)


@pytest.mark.parametrize("host", ["localhost:8502", "127.0.0.1", "[::1]:8502", "LOCALHOST"])
def test_this_machines_names(host: str, open_client: TestClient) -> None:
    assert open_client.get("/v1/models", headers={"host": host}).status_code == 200


def test_a_page_from_elsewhere_may_not_ask(open_client: TestClient) -> None:
    response = open_client.post(
        "/api/ask", json=QUESTION, headers={"origin": "https://evil.example"}
    )
    assert response.status_code == 403 and "without a token" in get_sentence(response)
    same = {"origin": "http://localhost:3000"}
    assert open_client.get("/v1/models", headers=same).status_code == 200


def test_a_form_of_a_page_asks_nothing(open_client: TestClient) -> None:
    """Pages may send text to any server unasked, but no JSON."""
    response = open_client.post(
        "/api/ask", content='{"question": "?"}', headers={"content-type": "text/plain"}
    )
    assert response.status_code == 415 and "application/json" in get_sentence(response)


def given(**changes: Any) -> Settings:
    return Settings(**changes)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "papers.example"])
def test_it_starts_on_another_address_with_a_token_alone(host: str) -> None:
    with pytest.raises(SettingsError, match="set api_tokens"):
        check_server_guarded(given(api_host=host))
    check_server_guarded(given(api_host=host, api_tokens=(TOKEN,)))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_it_starts_for_this_machine_without(host: str) -> None:
    check_server_guarded(given(api_host=host))


@pytest.mark.parametrize("token", ["short", "fünfzehn zeichen und mehr"])
def test_a_weak_token_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match="--new-token"):
        check_server_guarded(given(api_tokens=(TOKEN, token)))


def test_the_command_refuses_and_helps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    assert capsys.readouterr().err.startswith("paperfolk: everyone who reaches '0.0.0.0'")
    assert main(["serve", "--new-token"]) == 0
    token = capsys.readouterr().out.strip()
    check_server_guarded(given(api_host="0.0.0.0", api_tokens=(token,)))
    assert main(["serve", "--port", "70000"]) == 2
    assert "api_port" in capsys.readouterr().err


# --- limits ---------------------------------------------------------------------------------


def test_a_body_too_large_is_refused_before_it_is_read_whole(open_client: TestClient) -> None:
    big = "x" * MAX_BODY_BYTES
    response = open_client.post("/api/ask", json={"question": big})
    assert response.status_code == 413 and "1,000,000 bytes" in get_sentence(response)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(*_: Any) -> None:
        raise AssertionError("nothing to work on")

    asyncio.run(Bodies(app, whole_s=0.01)({"type": "http", "method": "POST"}, receive, send))
    assert sent[0]["status"] == 408


def test_a_line_that_is_too_long_refuses_with_a_time_to_come_again(
    assistant: Assistant, open_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise TooBusy("72 questions wait here already; ask again in a minute")

    app = build_application(assistant)
    monkeypatch.setattr(QuestionQueue, "turn", refuse)
    response = TestClient(app, base_url=LOCAL).post("/api/ask", json=QUESTION)
    assert response.status_code == 429 and int(response.headers["retry-after"]) > 0
    assert "72 questions" in get_sentence(response)


def test_a_bug_is_one_sentence_without_its_inside(
    open_client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr(type(assistant), "paper", fail)
    app = build_application(assistant)
    response = TestClient(app, base_url=LOCAL, raise_server_exceptions=False).get("/api/papers/p1")
    assert response.status_code == 500 and "secret" not in get_sentence(response)


@pytest.mark.parametrize("stream", [True, False])
def test_without_papers_nothing_is_answered_and_no_folder_is_told(
    stream: bool, tmp_path: Path
) -> None:
    with build(Settings(data=tmp_path)) as empty:
        client = TestClient(build_application(empty), base_url=LOCAL)
        response = client.post("/api/ask", json={**QUESTION, "stream": stream})
        health = client.get("/healthz")
    assert (response.status_code, health.status_code) == (503, 503)
    assert get_sentence(response) == 'no papers are here yet; run "paperfolk ingest"'
    assert str(tmp_path) not in health.text


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StoreUnreachable("/home/ada/papers is away"), "the library cannot be used now"),
        (KeyError("/home/ada"), "this is a bug in paperfolk; its log says more"),
        (NotFound("no such person"), "no such person"),
    ],
)
def test_what_fails_after_the_beginning_of_a_stream_is_its_last_event(
    error: Exception, sentence: str
) -> None:
    async def fail() -> AsyncGenerator[Event]:
        yield Step("searching")
        raise error

    async def run() -> list[str]:
        return [text async for text in iter_sent_events(Step("reading"), fail(), build_event)]

    *steps, last = asyncio.run(run())
    assert len(steps) == 2 and last.startswith("event: error\n")
    assert sentence in last and "/home" not in last


# --- questions ------------------------------------------------------------------------------


def test_questions_wait_in_line_and_are_told_so(assistant: Assistant) -> None:
    questions = Questions(assistant)
    questions.line = QuestionQueue(1)

    async def run() -> list[Any]:
        first = questions.stream(_wait_for_stop)
        assert await anext(first) == "begun"
        second = questions.stream(lambda _: iter_result(lambda: "mine"))
        place = await anext(second)
        await first.aclose()  # whoever asked first gives up
        return [place, *[item async for item in second]]

    assert asyncio.run(run()) == [Step("waiting in line behind 1"), "mine"]


def _wait_for_stop(stop: CancelToken) -> Iterator[str]:
    yield "begun"
    assert stop.wait(30)


def test_what_goes_wrong_in_the_thread_comes_out(assistant: Assistant) -> None:
    def fail() -> str:
        raise SettingsError("no")

    with pytest.raises(SettingsError):
        asyncio.run(Questions(assistant).compute(fail))
