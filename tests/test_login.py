"""The gate before the browser chat: closed without a pass, opened by a password, slow to guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from rag import serving
from rag.accounts import Accounts, Throttle, account
from rag.config import Settings
from rag.errors import SettingsError
from ui.login import COOKIE, LEAVE, MAX_FORM_BYTES, PATH, Gate, Login

ADA = account("ada", "correct horse")
HTML = {"accept": "text/html"}
RIGHT = {"name": "ada", "password": "correct horse", "next": "/people?name=Bo%20Li"}


async def secret(_: Request) -> Response:
    return PlainTextResponse("secret")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("secret")
    await websocket.close()


def client(folder: Path, *lines: str, throttle: Throttle | None = None) -> TestClient:
    """A client of an application behind the gate."""
    held = Accounts([SecretStr(line) for line in lines], folder)
    login = Login(lambda: held, throttle)
    routes = [
        Route(PATH, login.show),
        Route(PATH, login.enter, methods=["POST"]),
        Route(LEAVE, login.leave),
        WebSocketRoute("/_stcore/stream", talk),
        Route("/{path:path}", secret, methods=["GET", "POST", "PUT"]),
    ]
    gate = Middleware(Gate, accounts=lambda: held)
    return TestClient(Starlette(routes=routes, middleware=[gate]), follow_redirects=False)


@pytest.fixture
def closed(tmp_path: Path) -> TestClient:
    return client(tmp_path, ADA)


def test_without_accounts_everything_is_open(tmp_path: Path) -> None:
    open_to_all = client(tmp_path)
    assert open_to_all.get("/people").text == "secret"
    assert open_to_all.get(PATH).headers["location"] == "/"


def test_a_page_leads_to_the_sign_in_and_back(closed: TestClient) -> None:
    away = closed.get("/people?name=Bo%20Li", headers=HTML)
    assert (away.status_code, away.headers["location"]) == (
        303, "/login?next=%2Fpeople%3Fname%3DBo%2520Li",
    )  # fmt: skip
    page = closed.get(away.headers["location"]).text
    assert 'name="next" value="/people?name=Bo%20Li"' in page
    entered = closed.post(PATH, data=RIGHT)
    assert (entered.status_code, entered.headers["location"]) == (303, "/people?name=Bo%20Li")
    assert closed.get("/people", headers=HTML).text == "secret"


@pytest.mark.parametrize(
    "path", ["/", "/media/x.png", "/_stcore/upload_file/a/b", "/login/x", "/LOGIN"]
)
def test_nothing_else_is_given_without_a_pass(path: str, closed: TestClient) -> None:
    for method in ("GET", "POST", "PUT"):
        answer = closed.request(method, path)
        assert answer.status_code == 401 and "secret" not in answer.text


def test_the_connection_is_closed_without_a_pass_and_open_with_one(closed: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), closed.websocket_connect("/_stcore/stream"):
        pass
    closed.cookies.set(COOKIE, "9999999999.YWRh.AAAA")
    with pytest.raises(WebSocketDisconnect), closed.websocket_connect("/_stcore/stream"):
        pass
    closed.cookies.clear()
    closed.post(PATH, data=RIGHT)
    with closed.websocket_connect("/_stcore/stream") as connection:
        assert connection.receive_text() == "secret"


def test_the_pass_is_out_of_reach_of_scripts_and_other_sites(closed: TestClient) -> None:
    told = closed.post(PATH, data=RIGHT).headers["set-cookie"].lower()
    assert "httponly" in told and "samesite=lax" in told and "secure" not in told
    safe = TestClient(closed.app, base_url="https://chat.example", follow_redirects=False)
    assert "secure" in safe.post(PATH, data=RIGHT).headers["set-cookie"].lower()


def test_a_wrong_password_is_told_without_saying_what_was_wrong(closed: TestClient) -> None:
    wrong = closed.post(PATH, data={**RIGHT, "password": "guess"})
    nobody = closed.post(PATH, data={**RIGHT, "name": "<eve>", "password": "guess"})
    assert wrong.status_code == nobody.status_code == 401
    assert "do not go together" in wrong.text and "do not go together" in nobody.text
    assert "<eve>" not in nobody.text and 'value="&lt;eve&gt;"' in nobody.text
    assert COOKIE not in wrong.cookies and "guess" not in wrong.text


def test_guesses_are_made_to_wait_even_when_the_next_is_right(tmp_path: Path) -> None:
    now = [0.0]
    asked = client(tmp_path, ADA, throttle=Throttle(clock=lambda: now[0]))
    for _ in range(5):
        assert asked.post(PATH, data={**RIGHT, "password": "guess"}).status_code == 401
    waiting = asked.post(PATH, data=RIGHT)
    assert waiting.status_code == 429 and waiting.headers["retry-after"] == "30"
    assert "wait 30 seconds" in waiting.text
    now[0] = 30.0
    assert asked.post(PATH, data=RIGHT).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/login"],
)
def test_the_sign_in_leads_nowhere_else(elsewhere: str, closed: TestClient) -> None:
    assert closed.post(PATH, data={**RIGHT, "next": elsewhere}).headers["location"] == "/"


def test_another_sites_form_and_what_is_no_form_are_refused(closed: TestClient) -> None:
    assert (
        closed.post(PATH, data=RIGHT, headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert closed.post(PATH, data=RIGHT, headers={"origin": "http://testserver"}).status_code == 303
    assert closed.post(PATH, content=b"x" * (MAX_FORM_BYTES + 1)).status_code == 413
    assert closed.post(PATH, content=iter([b"name=ada"])).status_code == 413


def test_signing_out_takes_the_pass_away(closed: TestClient) -> None:
    closed.post(PATH, data=RIGHT)
    assert closed.get("/").text == "secret"
    closed.get(LEAVE)
    assert closed.get("/").status_code == 401


# --- what may be served where ----------------------------------------------------------------


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory without secrets."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_address_needs_a_sign_in_or_a_plain_word() -> None:
    serving.require_guarded(Settings())
    with pytest.raises(SettingsError, match=r"'0\.0\.0\.0'.*accounts.*unprotected = true"):
        serving.require_guarded(Settings(host="0.0.0.0"))
    serving.require_guarded(Settings(host="0.0.0.0", accounts=(SecretStr(ADA),)))
    serving.require_guarded(Settings(host="0.0.0.0", unprotected=True))


def test_an_account_that_is_none_stops_the_start_on_every_address() -> None:
    with pytest.raises(SettingsError, match="paperfolk account NAME"):
        serving.require_guarded(Settings(accounts=(SecretStr("ada:plain"),)))


def test_a_provider_is_known_by_its_whole_secrets(nowhere: Path) -> None:
    folder = nowhere / ".streamlit"
    folder.mkdir()
    assert not serving.by_provider()
    names = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
    lines = [f'{name} = "x"' for name in names]
    (folder / "secrets.toml").write_text("[auth]\n" + "\n".join(lines[:4]), encoding="utf-8")
    with pytest.raises(SettingsError, match="lacks server_metadata_url"):
        serving.by_provider()
    (folder / "secrets.toml").write_text("[auth]\n" + "\n".join(lines), encoding="utf-8")
    assert serving.by_provider()
    serving.require_guarded(Settings(host="0.0.0.0"))
    with pytest.raises(SettingsError, match="both"):
        serving.require_guarded(Settings(accounts=(SecretStr(ADA),)))
