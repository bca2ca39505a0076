"""The server before Streamlit: whole pages at their addresses, held to this address alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from rag.app.accounts import format_account
from rag.app.jobs import line
from rag.app.web_server import build_environment, build_streamlit_command
from rag.config.settings import ROOT, Settings
from rag.types.cancellation import CancelToken
from ui.server import health
from ui.server.application import PATHS, app
from ui.server.hosts import is_own


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


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8501", True), ("localhost", True), ("LOCALHOST.:8501", True), ("[::1]:8501", True),
        ("chat.example", True), ("attacker.example:8501", False), ("192.0.2.1", False),
        ("localhost.attacker.example", False), ("chat.example@attacker.example", False),
        ("127.0.0.1:x", False), ("127.0.0.1/", False), ("", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", ["127.0.0.1", "localhost", "::1"])
def test_on_loopback_the_server_answers_to_its_own_names_alone(
    at: str, host: str, own: bool
) -> None:
    assert is_own(host, Settings(host=at, allowed_hosts=("chat.example",))) is own


def test_elsewhere_any_name_is_the_servers_where_readers_sign_in() -> None:
    signed = Settings(host="0.0.0.0", accounts=(SecretStr("ada:x"),))
    assert is_own("lab.example:8501", signed)
    named = signed.model_copy(update={"allowed_hosts": ("chat.example",)})
    for settings in (named, Settings(host="0.0.0.0", unprotected=True)):
        assert is_own("192.0.2.1:8501", settings) and is_own(socket.gethostname(), settings)
        assert is_own("127.0.0.1", settings) and not is_own("lab.example", settings)


@pytest.mark.parametrize("path", [*PATHS, "/login", "/_stcore/health", "/media/x"])
def test_a_page_whose_name_was_rebound_is_refused_in_a_sentence(path: str) -> None:
    answer = TestClient(app, base_url="http://attacker.example:8501").get(path)
    assert answer.status_code == 421
    assert "'attacker.example:8501'" in answer.text and "allowed_hosts" in answer.text


def test_a_connection_of_a_rebound_name_is_refused() -> None:
    rebound = TestClient(app, base_url="http://attacker.example")
    origin = {"origin": "http://attacker.example"}
    with (
        pytest.raises(WebSocketDisconnect),
        rebound.websocket_connect("ws://attacker.example/_stcore/stream", headers=origin),
    ):
        pass


def test_nobody_is_believed_about_where_a_client_is_but_whom_a_setting_names() -> None:
    own = {"FORWARDED_ALLOW_IPS": "*"}
    assert build_environment(Settings(), own)["FORWARDED_ALLOW_IPS"] == ""
    proxies = Settings(trusted_proxies=("10.0.0.1", "fd00::/8"))
    assert build_environment(proxies, own)["FORWARDED_ALLOW_IPS"] == "10.0.0.1,fd00::/8"


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert "--browser.serverAddress=[::1]" in build_streamlit_command(Settings(host="::1"))


def run_apart(code: str, folder: Path) -> str:
    """What a process of its own prints; Streamlit's runtime is one in a process, and so is a limit."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_limit_of_open_files_is_raised_as_far_as_the_machine_allows(tmp_path: Path) -> None:
    code = """
import resource
from rag.app.web_server import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))
raise_limit()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    assert run_apart(code, tmp_path).split() == ["300", "300"]


def test_pages_that_went_hold_few_descriptors_where_there_are_few(tmp_path: Path) -> None:
    code = """
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
from starlette.testclient import TestClient
from ui.server.application import app
with TestClient(app, base_url="http://127.0.0.1") as client:
    for _ in range(120):
        with client.websocket_connect("ws://127.0.0.1/_stcore/stream"):
            pass
    print(len(os.listdir("/dev/fd")))
"""
    assert int(run_apart(code, tmp_path)) < 128


def test_a_session_is_resumed_and_given_files_by_the_pass_that_opened_it(tmp_path: Path) -> None:
    lines = [format_account(name, "long enough") for name in ("ada", "bo")]
    (tmp_path / "paperfolk.toml").write_text(f"accounts = {lines!r}", encoding="utf-8")
    code = """
from starlette.testclient import TestClient
from streamlit import runtime
from streamlit.web import bootstrap
from rag.config.settings import Settings
from rag.app.web_server import build_streamlit_command
from ui.server.application import app
options = dict(one[2:].split("=", 1) for one in build_streamlit_command(Settings()) if "=" in one)
bootstrap.load_config_options({name.replace(".", "_"): options[name] for name in options})
def sessions():
    return {one.session.id for one in runtime.get_instance()._session_mgr.list_active_sessions()}
with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
    def enter(name):
        client.cookies.clear()
        client.post("/login", data={"name": name, "password": "long enough", "next": "/"})
    def connect(session_id):
        protocols = ["streamlit", "x", session_id] if session_id else ["streamlit"]
        return client.websocket_connect("ws://127.0.0.1/_stcore/stream", subprotocols=protocols)
    enter("ada")
    with connect(""):
        [own] = sessions()
        path = f"/_stcore/upload_file/{own}/file"
        enter("bo")
        print(client.put(path).text)
        with connect(own):
            print(len(sessions()))
    with connect(own):
        print(sessions() == {own})
    enter("ada")
    print(client.put(path).text)
    client.cookies.clear()
"""
    lines = run_apart(code, tmp_path).splitlines()
    assert lines[:3] == ["this upload is of another session", "2", "False"]
    assert "another" not in lines[3]


def test_a_screen_shows_nothing_that_merely_stands_alone() -> None:
    assert "--runner.magicEnabled=false" in build_streamlit_command(Settings())


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
    with line(settings.at_once).turn(CancelToken(), lambda _: None):
        threading.Event().wait(0.05)
        status, problems = checked(settings)
        assert status == 503 and "in the making" in problems[0]
    assert checked(settings) == (200, [])
