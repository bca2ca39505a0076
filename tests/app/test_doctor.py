"""What doctor says: state by topic, never a secret, and what is broken in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.app.assistant import build
from rag.app.doctor import get_state
from rag.config.settings import Settings

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No settings file of the working directory takes part."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def doctor(**values: Any) -> dict[str, Any]:
    with build(Settings(**values)) as assistant:
        return get_state(assistant)


def test_a_library_in_step_is_counted(library_data: Path, weights: Path) -> None:
    found = doctor(data=library_data, model_path=weights)
    library = found["library"]
    assert (library["state"], library["documents"]) == ("in step", 5)
    assert library["chunks"] == library["vectors"] == library["indexed"] >= library["papers"] > 100
    assert library["people"] > 100
    with build(Settings(data=library_data)) as assistant:
        assert library["fingerprint"] == assistant.library.fingerprint
    assert found["embedder"] == {
        "state": "works", "name": library["embedder"], "dimension": "384",
    }  # fmt: skip
    assert found["chat model"]["state"].startswith("none: answers are quoted")


def test_what_keeps_questions_from_being_answered_is_wrong(
    library_data: Path, weights: Path, tmp_path: Path
) -> None:
    for part in ("library.db", "index"):
        (tmp_path / part).symlink_to(library_data / part)
    assert doctor(data=tmp_path, model_path=weights)["wrong"] == []
    (tmp_path / "aliases.yaml").write_text("- 1\n", "utf-8")
    (wrong,) = doctor(data=tmp_path, model_path=weights)["wrong"]
    assert wrong.startswith("library: aliases file")
    wrong = doctor(data=library_data, model_path=tmp_path)["wrong"]
    assert [one.partition(":")[0] for one in wrong] == ["embedder"]


def test_an_empty_library_and_a_missing_model_say_what_to_do(folder: Path) -> None:
    found = doctor(data=folder / "data", model_path=folder)
    assert found["library"] == {"state": 'empty; run "paperfolk ingest"'}
    assert "models fetch" in found["embedder"]["state"] or str(folder) in found["embedder"]["state"]


def test_versions_of_what_matters_are_told(folder: Path) -> None:
    versions = doctor(data=folder / "data", model_path=folder)["versions"]
    assert versions["python"].startswith("3.")
    for package in ("paperfolk", "chromadb", "langchain", "streamlit", "tantivy", "onnxruntime"):
        assert versions[package][0].isdigit(), package


def test_every_setting_is_told_with_where_it_came_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "paperfolk.toml").write_text("retries = 1\n")
    monkeypatch.setenv("PAPERFOLK_PORT", "8600")
    told = doctor(data=folder / "data", model_path=folder, retries=1, port=8600, threads=3)[
        "settings"
    ]
    assert set(told) == set(Settings.model_fields)
    assert told["retries"] == "1 (paperfolk.toml)"
    assert told["port"] == "8600 (PAPERFOLK_PORT)"
    assert told["threads"] == "3 (argument)"
    assert told["host"] == "127.0.0.1 (default)"
    assert told["chroma"] == "not set (default)"


def test_settings_given_in_code_are_told_though_those_around_are_broken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_PORT", "many")
    told = doctor(data=folder / "data", model_path=folder)["settings"]
    assert told["data"] == f"{folder / 'data'} (argument)"
    assert told["port"] == "8501 (default)"


def test_a_key_is_never_told(folder: Path, server: OpenAIServer) -> None:
    found = doctor(
        data=folder / "data", model_path=folder, openai_api_key=KEY, openai_base_url=server.url
    )
    assert found["settings"]["openai_api_key"] == "set, hidden (argument)"
    assert KEY not in str(found)


def test_no_password_in_an_address_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:pw-secret@127.0.0.1:9")
    url = "http://user:pw-secret@127.0.0.1:9/v1?api_key=pw-secret"
    given = {"data": folder / "data", "model_path": folder, "retries": 0, "otel_endpoint": url}
    found = doctor(openai_base_url=url, chroma="user:pw-secret@127.0.0.1:9", **given)
    assert found["settings"]["openai_base_url"] == "http://…@127.0.0.1:9/v1?api_key=… (argument)"
    assert "pw-secret" not in str(found)


def test_a_chat_model_is_named_and_its_server_tried(folder: Path, server: OpenAIServer) -> None:
    server.default = Reply("ready")
    given = {"data": folder / "data", "model_path": folder, "chat_model": MODEL, "retries": 0}
    told = doctor(openai_base_url=server.url, **given)["chat model"]
    assert (told["name"], told["state"]) == (MODEL, "reachable")
    assert told["streaming"].startswith("works; first words after ")
    gone = doctor(openai_base_url="http://127.0.0.1:9/v1", **given)["chat model"]
    assert gone["state"] != told["state"]


def test_an_embedder_that_fails_says_so(folder: Path) -> None:
    url = "http://127.0.0.1:9/v1"
    told = doctor(data=folder / "data", embedder="openai:e", openai_base_url=url, retries=0)
    assert "'openai:e' got no answer" in told["embedder"]["state"]
