"""What is missing is said before a question runs into it, with what to do; and what is there is not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag.app.preflight import check_model, check_server, find_obstacles
from rag.config.settings import Settings
from ui.components import session
from ui.screens import welcome

CHAT = Path(session.__file__).parents[1] / "screens" / "chat.py"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a model, and a pip that finds no packages."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for variable in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path / "data"))
    welcome._find_missing.clear()
    return tmp_path / "data"


def test_nothing_is_missing_where_all_is_there(weights: Path, tmp_path: Path) -> None:
    assert find_obstacles(Settings(data=tmp_path, model_path=weights)) == ()


def test_a_missing_model_can_be_fetched_but_not_into_a_folder_of_the_settings(bare: Path) -> None:
    found = check_model(Settings(data=bare))
    assert found is not None and found.mendable and "models fetch" in found.message
    elsewhere = check_model(Settings(data=bare, model_path=bare / "mine"))
    assert elsewhere is not None and not elsewhere.mendable and "model_path" in elsewhere.message
    assert check_model(Settings(data=bare, embedder="openai:any")) is None


def test_a_server_that_does_not_listen_is_named_with_its_place() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        assert check_server(Settings(openai_base_url=url)) is None
    found = check_server(Settings(openai_base_url=url))
    assert found is not None and f"127.0.0.1:{port} does not answer" in found.message
    assert check_server(Settings(openai_base_url=url, mode="extractive")) is None
    assert check_server(Settings()) is None


# --- on the screen --------------------------------------------------------------------------


def shown(at: AppTest) -> str:
    return "".join(m.value for m in at.markdown) + "".join(h.proto.body for h in at.get("html"))


def test_without_a_model_the_first_view_offers_to_fetch_it_and_says_why_it_cannot(
    bare: Path,
) -> None:
    at = AppTest.from_file(str(CHAT), default_timeout=60).run()
    assert not at.exception
    assert "The embedded model is missing" in shown(at)
    read = next(b for b in at.button if b.label == "Read the documents")
    assert read.disabled
    at.button(key="fetch").click().run()
    assert not at.exception
    assert "pip could not download" in at.error[0].value


def test_a_silent_server_is_said_above_the_questions(
    library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_DATA", str(library_data))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    welcome._find_missing.clear()
    at = AppTest.from_file(str(CHAT), default_timeout=60).run()
    assert not at.exception
    assert "No model server" in shown(at) and "127.0.0.1\\:" in shown(at)
    assert len([b for b in at.button if (b.key or "").startswith("example_")]) >= 4


def test_each_example_says_what_kind_of_question_it_is(
    library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_DATA", str(library_data))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    at = AppTest.from_file(str(CHAT), default_timeout=60).run()
    labels = [at.button(key=f"example_{n}").label for n in range(4)]
    assert [label.split("[")[1] for label in labels] == [f"{kind}]" for _, kind in welcome.KINDS]
