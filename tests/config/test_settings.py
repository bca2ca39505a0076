"""Settings: which source wins, what is refused and with which words, and that keys stay hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.config.settings import Settings, load, load_with_origins
from rag.types.errors import SettingsError

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_source_all_are_defaults(folder: Path) -> None:
    found, origins = load_with_origins({})
    assert found == Settings()
    assert set(origins) == set(Settings.model_fields)
    assert set(origins.values()) == {"default"}


def test_the_later_source_wins_and_is_named(folder: Path) -> None:
    (folder / "paperfolk.toml").write_text('port = 1\nthreads = 1\nretries = 1\nhost = "h"\n')
    environ = {"PAPERFOLK_PORT": "2", "PAPERFOLK_THREADS": "2", "OPENAI_BASE_URL": "http://x"}
    found, origins = load_with_origins(environ, port=3)
    assert (found.port, found.threads, found.retries, found.host) == (3, 2, 1, "h")
    assert found.openai_base_url == "http://x"
    assert {key: o for key, o in origins.items() if o != "default"} == {
        "port": "argument",
        "threads": "PAPERFOLK_THREADS",
        "retries": "paperfolk.toml",
        "host": "paperfolk.toml",
        "openai_base_url": "OPENAI_BASE_URL",
    }


def test_an_argument_of_none_is_not_given_and_an_empty_variable_neither(folder: Path) -> None:
    assert load({"PAPERFOLK_PORT": ""}, port=None) == Settings()


def test_a_named_file_is_read_in_place_of_the_default(folder: Path) -> None:
    (folder / "paperfolk.toml").write_text("port = 1\n")
    other = folder / "other.toml"
    other.write_text("threads = 4\n")
    found = load({}, file=other)
    assert (found.threads, found.port) == (4, Settings().port)


def test_the_process_environment_is_read_by_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_PORT", "77")
    assert load().port == 77


@pytest.mark.parametrize("source", ["file", "environment", "argument"])
def test_an_unknown_setting_is_refused_with_its_origin(folder: Path, source: str) -> None:
    file = folder / "s.toml"
    file.write_text("colour = 1\n" if source == "file" else "")
    environ = {"PAPERFOLK_COLOUR": "1"} if source == "environment" else {}
    given = {"colour": 1} if source == "argument" else {}
    origin = {"file": str(file), "environment": "PAPERFOLK_COLOUR", "argument": "argument"}[source]
    with pytest.raises(SettingsError) as caught:
        load(environ, file=file, **given)
    assert f"unknown setting 'colour' in {origin}; known settings: data," in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAPERFOLK_PORT", "many"),
        ("PAPERFOLK_PORT", "70000"),
        ("PAPERFOLK_RETRIES", "-1"),
        ("PAPERFOLK_TIMEOUT_S", "0"),
        ("PAPERFOLK_MODE", "magic"),
        ("PAPERFOLK_EVIDENCE_TOKENS", "3"),
        ("OPENAI_BASE_URL", "127.0.0.1:8080/v1"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:80800/v1"),
        ("PAPERFOLK_OPENAI_BASE_URL", "http://localhost:port/v1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1/v1"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_origin(
    folder: Path, variable: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"from {variable} does not fit"):
        load({variable: value})


def test_a_file_that_is_missing_or_broken_is_named(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml' does not exist"):
        load({}, file=folder / "gone.toml")
    for content in (b"port = = 1", b"\xff\xfe"):
        broken = folder / "broken.toml"
        broken.write_bytes(content)
        with pytest.raises(SettingsError, match=r"broken\.toml' is not valid TOML"):
            load({}, file=broken)


def test_settings_do_not_change_and_have_no_others(folder: Path) -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Settings(colour=1)  # type: ignore[call-arg]


def test_a_key_is_never_shown(folder: Path) -> None:
    found, origins = load_with_origins({"OPENAI_API_KEY": KEY})
    assert found.openai_api_key is not None
    assert found.openai_api_key.get_secret_value() == KEY
    for shown in (repr(found), str(found), found.model_dump_json(), repr(origins)):
        assert KEY not in shown


def test_a_key_is_not_in_the_refusal_of_another_value(folder: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"OPENAI_API_KEY": KEY, "PAPERFOLK_PORT": "many"})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "generative"),
    [
        ({}, False),
        ({"openai_api_key": KEY}, True),
        ({"openai_base_url": "http://localhost"}, True),
        ({"openai_api_key": KEY, "mode": "extractive"}, False),
        ({"mode": "generative"}, True),
    ],
)
def test_a_key_or_a_server_makes_answers_generative_unless_said(
    given: dict[str, str], generative: bool
) -> None:
    assert load({}, **given).generative is generative


def test_a_model_has_a_name_even_where_none_was_given() -> None:
    assert Settings().chat_model_name == "gpt-4o-mini"
    assert Settings(chat_model="mine").chat_model_name == "mine"


def test_what_is_offered_begins_with_the_default_and_names_each_model_once() -> None:
    quoting = Settings(chat_models=("a",))
    assert quoting.offered == ("extractive",)
    served = load({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "PAPERFOLK_CHAT_MODELS": "a, b,a"})
    assert served.offered == ("gpt-4o-mini", "a", "b", "extractive")
    assert served.copy_with_model("b").chat_model_name == "b"
    assert not served.copy_with_model("extractive").generative
    assert served.copy_with_model("unknown") == served.copy_with_model("") == served


def test_a_model_can_be_chosen_where_quoting_is_the_default() -> None:
    held = Settings(mode="extractive", openai_base_url="http://127.0.0.1:9/v1", chat_model="m")
    assert held.offered == ("extractive", "m")
    assert held.copy_with_model("m").generative


@pytest.mark.parametrize("name", ["http://chat.example", "chat.example:443", "*.example", "a b"])
def test_a_name_of_the_server_is_a_name_alone(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"'allowed_hosts' .* a name alone, such as"):
        load({}, allowed_hosts=[name])
    assert load({"PAPERFOLK_ALLOWED_HOSTS": "Chat.example., a"}).allowed_hosts == (
        "chat.example", "a",
    )  # fmt: skip


@pytest.mark.parametrize("proxy", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.1:80"])
def test_a_proxy_that_is_believed_is_an_address_or_a_network(folder: Path, proxy: str) -> None:
    with pytest.raises(
        SettingsError, match=r"'trusted_proxies' .* must be an address or a network"
    ):
        load({}, trusted_proxies=[proxy])
    assert load({}, trusted_proxies=["10.0.0.0/8", "::1"]).trusted_proxies == ("10.0.0.0/8", "::1")
