"""The server before Streamlit: whole pages at their addresses, held to this address alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.asking import line
from rag.config import Settings
from rag.serving import streamlit_command
from rag.stopping import Stop
from ui import health
from ui.server import PATHS, app


@pytest.fixture
def client() -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_told_where_its_server_is(path: str, client: TestClient) -> None:
    html = client.get(path).text
    assert "BACKEND_BASE_URL: location.origin" in html.split("<script type=")[0]
    assert "<title>Paperfolk</title>" in html
    assert 'src="./static/js/' in html


@pytest.mark.parametrize("path", [*PATHS, "/_stcore/host-config", "/nowhere"])
def test_a_browser_is_told_to_load_nothing_from_elsewhere(path: str, client: TestClient) -> None:
    policy = client.get(path).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in policy and "*" not in policy


def test_a_screen_shows_nothing_that_merely_stands_alone() -> None:
    assert "--runner.magicEnabled=false" in streamlit_command(Settings())


# --- whether it does its work -------------------------------------------------------------------


def checked(settings: Settings, watch: health.Watch | None = None) -> tuple[int, list[str]]:
    watch = watch or health.Watch(lambda: settings)
    own = Starlette(routes=[Route(health.PATH, watch.show)])
    response = TestClient(own).get(health.PATH)
    told = response.json()
    assert told["status"] == ("ok" if response.status_code == 200 else "failing")
    return response.status_code, told["problems"]


def test_a_server_that_works_is_well(library_data: Path, tmp_path: Path) -> None:
    assert checked(Settings(data=library_data)) == (200, [])
    assert checked(Settings(data=tmp_path)) == (200, [])  # nothing was ingested yet


def test_the_check_needs_no_account_and_says_nothing_of_folders(client: TestClient) -> None:
    response = client.get(health.PATH)
    assert response.status_code in (200, 503) and response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"status", "problems", "answering", "waiting"}


def test_a_library_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"no database" * 99)
    status, problems = checked(Settings(data=tmp_path))
    assert status == 503 and "library cannot be read" in problems[0]
    assert str(tmp_path) not in problems[0]


def test_a_server_that_stood_still_says_so(
    library_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = health.Watch(lambda: Settings(data=library_data))
    monkeypatch.setattr(health, "STILL_S", 0.05)
    app = Starlette(routes=[Route(health.PATH, watch.show)], lifespan=watch.lifespan)
    with TestClient(app) as client:
        assert client.portal is not None
        time.sleep(3 * health.BEAT_S)
        client.portal.call(lambda: time.sleep(4 * health.BEAT_S))  # holds the loop, as `re` would
        time.sleep(2 * health.BEAT_S)
        response = client.get(health.PATH)
    assert response.status_code == 503 and "stood still" in response.json()["problems"][0]


def test_an_answer_that_takes_too_long_is_told(
    library_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=library_data, at_once=3)
    monkeypatch.setattr(health, "ANSWER_S", 0.01)
    with line(settings.at_once).turn(Stop(), lambda _: None):
        threading.Event().wait(0.05)
        status, problems = checked(settings)
        assert status == 503 and "in the making" in problems[0]
    assert checked(settings) == (200, [])
