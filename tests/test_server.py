"""The server before Streamlit: whole pages at their addresses, held to this address alone."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from rag.config import Settings
from rag.serving import streamlit_command
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
