"""The gate before the browser chat: closed without a pass, opened by a password, slow to guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyio import run, sleep, sleep_forever
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from rag.app import web_server
from rag.app.accounts import Accounts, Throttle, format_account
from rag.config.settings import Settings
from rag.types.errors import SettingsError
from ui.server import current_user, login
from ui.server.hosts import Patience
from ui.server.login import COOKIE, LEAVE, MARK, MAX_FORM_BYTES, PATH, Login, LoginGate, Readers

ADA = format_account("ada", "correct horse")
HTML = {"accept": "text/html"}
RIGHT = {"name": "ada", "password": "correct horse", "next": "/people?name=Bo%20Li"}


async def secret(_: Request) -> Response:
    return PlainTextResponse("secret")


async def whose(request: Request) -> Response:
    return PlainTextResponse(",".join(request.headers.getlist(web_server.PASS_HEADER)))


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("secret")
    await websocket.close()


def client(folder: Path, *lines: str, throttle: Throttle | None = None) -> TestClient:
    """A client of an application behind the gate."""
    held = Accounts([SecretStr(line) for line in lines], folder)
    app = application(lambda: held, Login(lambda: held, throttle))
    return TestClient(app, follow_redirects=False)


def application(accounts: Readers, page: Login) -> Starlette:
    """What is behind the gate tells whose pass the gate has seen."""
    routes = [
        Route(PATH, page.show),
        Route(PATH, page.handle_login, methods=["POST"]),
        Route(LEAVE, page.handle_logout, methods=["GET", "POST"]),
        WebSocketRoute("/_stcore/stream", talk),
        Route("/whose", whose),
        Route("/{path:path}", secret, methods=["GET", "POST", "PUT"]),
    ]
    middleware = [Middleware(Patience, pause_s=0.1), Middleware(LoginGate, accounts=accounts)]
    return Starlette(routes=routes, middleware=middleware)


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


def test_a_browser_that_has_signed_in_is_not_kept_waiting_by_others(tmp_path: Path) -> None:
    asked = client(tmp_path, ADA, throttle=Throttle(clock=lambda: 0.0))
    asked.post(PATH, data=RIGHT)
    own = asked.cookies[MARK]
    asked.cookies.clear()
    for _ in range(6):
        asked.post(PATH, data={**RIGHT, "password": "guess"})
    assert asked.post(PATH, data=RIGHT).status_code == 429
    asked.cookies.set(MARK, own)
    assert asked.get("/").status_code == 401
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
    assert closed.post(LEAVE).headers["location"] == PATH
    assert closed.get("/").status_code == 401


def test_a_link_or_another_site_signs_nobody_out(closed: TestClient) -> None:
    closed.post(PATH, data=RIGHT)
    assert closed.get(LEAVE).status_code == 405
    for origin in ("https://evil.example", "null"):
        assert closed.post(LEAVE, headers={"origin": origin}).status_code == 405
    assert closed.get("/").text == "secret"
    assert closed.post(LEAVE, headers={"origin": "http://testserver"}).status_code == 303


def test_what_is_behind_the_gate_learns_whose_pass_it_was_from_the_gate_alone(
    closed: TestClient, tmp_path: Path
) -> None:
    forged = {web_server.PASS_HEADER: "another's"}
    assert client(tmp_path).get("/whose", headers=forged).text == ""
    closed.post(PATH, data=RIGHT)
    one = closed.get("/whose", headers=forged).text
    assert len(one) == 64 and one == closed.get("/whose").text
    closed.post(PATH, data=RIGHT)
    assert closed.get("/whose").text != one


def test_a_line_that_is_removed_is_in_force_at_once_and_opens_nothing(nowhere: Path) -> None:
    bo, file = format_account("bo", "battery staple"), nowhere / "paperfolk.toml"
    file.write_text(f'accounts = ["{ADA}", "{bo}"]', encoding="utf-8")
    accounts = type(login.readers)()
    asked = TestClient(application(accounts, Login(accounts)), follow_redirects=False)
    asked.post(PATH, data={**RIGHT, "name": "bo", "password": "battery staple"})
    assert asked.get("/").text == "secret"
    file.write_text(f'accounts = ["{ADA}"]', encoding="utf-8")
    assert asked.get("/").status_code == 401
    for broken in ("", "accounts = ["):
        file.write_text(broken, encoding="utf-8")
        assert asked.get("/").status_code == 503
        with pytest.raises(WebSocketDisconnect), asked.websocket_connect("/_stcore/stream"):
            pass


def test_an_address_that_others_reach_is_never_opened_by_the_settings(nowhere: Path) -> None:
    (nowhere / "paperfolk.toml").write_text('host = "0.0.0.0"', encoding="utf-8")
    with pytest.raises(SettingsError, match="everyone who reaches"):
        type(login.readers)()()


def test_pages_read_the_accounts_as_the_gate_does(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page() -> None:
        from ui.server.current_user import sign_in

        sign_in()

    monkeypatch.setattr(login, "readers", type(login.readers)())
    monkeypatch.setattr(current_user, "readers", login.readers)
    file = nowhere / "paperfolk.toml"
    file.write_text(f'accounts = ["{ADA}"]', encoding="utf-8")
    assert login.readers()
    file.write_text("", encoding="utf-8")
    assert "names nobody any more" in AppTest.from_function(page).run().error[0].value


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "ada@lab.example", "email_verified": True}, "ada@lab.example"),
        ({"email": "ada@lab.example"}, ""),
        ({"email": "ada@lab.example", "email_verified": "no"}, ""),
        ({"email_verified": True}, ""),
    ],
)
def test_an_address_is_a_members_only_where_the_provider_vouches_for_it(
    claims: dict[str, object], email: str
) -> None:
    assert current_user.verified_email(claims) == email


# --- forms that do not arrive ----------------------------------------------------------------


def send_form(app: Starlette, *messages: Message, pause_s: float) -> list[Message]:
    """What a client is answered that sends these parts of a form, each after a pause, and no more."""
    answers: list[Message] = []
    parts = iter(messages)

    async def receive() -> Message:
        await sleep(pause_s)
        try:
            return next(parts)
        except StopIteration:
            await sleep_forever()
            raise

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http", "method": "POST", "path": PATH, "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"testserver"), (b"content-length", b"4000")],
        "client": ("192.0.2.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    run(app, scope, receive, send)
    return answers


PART: Message = {"type": "http.request", "body": b"n", "more_body": True}


def test_a_client_that_hangs_up_during_sign_in_is_no_fault(closed: TestClient) -> None:
    assert send_form(closed.app, PART, {"type": "http.disconnect"}, pause_s=0) == []  # type: ignore[arg-type]


def test_a_form_that_does_not_come_or_drips_is_given_up(
    closed: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "FORM_S", 0.3)
    for parts in ((), [PART] * 4000):
        answers = send_form(closed.app, *parts, pause_s=0.01)  # type: ignore[arg-type]
        assert answers[0]["status"] == 408
        assert (b"connection", b"close") in answers[0]["headers"]


# --- what may be served where ----------------------------------------------------------------


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory without secrets."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_address_needs_a_sign_in_or_a_plain_word() -> None:
    web_server.check_chat_guarded(Settings())
    with pytest.raises(SettingsError, match=r"'0\.0\.0\.0'.*accounts.*unprotected = true"):
        web_server.check_chat_guarded(Settings(host="0.0.0.0"))
    web_server.check_chat_guarded(Settings(host="0.0.0.0", accounts=(SecretStr(ADA),)))
    web_server.check_chat_guarded(Settings(host="0.0.0.0", unprotected=True))


def test_an_account_that_is_none_stops_the_start_on_every_address() -> None:
    with pytest.raises(SettingsError, match="paperfolk account NAME"):
        web_server.check_chat_guarded(Settings(accounts=(SecretStr("ada:plain"),)))


def test_a_provider_is_known_by_its_whole_secrets(nowhere: Path) -> None:
    folder = nowhere / ".streamlit"
    folder.mkdir()
    assert not web_server.has_provider()
    names = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
    lines = [f'{name} = "x"' for name in names]
    (folder / "secrets.toml").write_text("[auth]\n" + "\n".join(lines[:4]), encoding="utf-8")
    with pytest.raises(SettingsError, match="lacks server_metadata_url"):
        web_server.has_provider()
    (folder / "secrets.toml").write_text("[auth]\n" + "\n".join(lines), encoding="utf-8")
    assert web_server.has_provider()
    web_server.check_chat_guarded(Settings(host="0.0.0.0"))
    with pytest.raises(SettingsError, match="both"):
        web_server.check_chat_guarded(Settings(accounts=(SecretStr(ADA),)))
