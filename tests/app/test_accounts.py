"""Accounts: hashes instead of passwords, passes that cannot be forged, guesses that are bounded."""

from __future__ import annotations

import inspect
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag.app import accounts
from rag.app.accounts import PASS_S, Accounts, Throttle, format_account
from rag.app.passes import ENDED_FILE, KEY_FILE
from rag.types.errors import SettingsError

ADA = format_account("ada", "correct horse")
BO = format_account("bo", "battery staple")


def of(folder: Path, *lines: str) -> Accounts:
    return Accounts([SecretStr(line) for line in lines], folder)


def test_an_account_keeps_no_password_and_salts_each_alike_one_otherwise() -> None:
    assert "correct" not in ADA and ADA.startswith(f"ada:scrypt.{accounts.COST}.")
    assert "\nCOST = 15\n" in inspect.getsource(accounts)  # the tests have less
    assert format_account("ada", "correct horse") != ADA


def test_the_right_password_of_the_right_account_is_admitted_alone(tmp_path: Path) -> None:
    held = of(tmp_path, ADA, BO)
    assert held.check_password("ada", "correct horse") and held.check_password(
        "bo", "battery staple"
    )
    for name, password in (
        ("ada", "battery staple"),
        ("ada", ""),
        ("ada", "x" * 10_000),
        ("eve", "correct horse"),
    ):
        assert not held.check_password(name, password)


@pytest.mark.parametrize(
    "line",
    [
        "secret",
        "ada:secret",
        "ada:scrypt.15.!.!",
        "ada:scrypt.40.AAAA.AAAA",
        pytest.param(":" + ADA, id="no name"),  # its salt differs from run to run
    ],
)
def test_a_plain_password_in_the_settings_is_refused_and_not_repeated(
    line: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="paperfolk account NAME") as caught:
        of(tmp_path, line)
    assert "secret" not in str(caught.value)


def test_an_account_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="twice"):
        of(tmp_path, ADA, format_account("ada", "another one"))


@pytest.mark.parametrize(
    ("name", "password"),
    [("a b", "long enough"), ("ada", "short"), ("ada", "long \udcff enough")],
)
def test_what_cannot_be_an_account_is_refused(name: str, password: str) -> None:
    with pytest.raises(SettingsError):
        format_account(name, password)


def test_a_pass_names_its_holder_after_a_restart_until_it_ends(tmp_path: Path) -> None:
    granted = of(tmp_path, ADA).create_pass("ada", now=1000.0)
    again = of(tmp_path, ADA, BO)
    assert again.find_holder(granted, now=1000.0 + PASS_S - 1) == "ada"
    assert again.find_holder(granted, now=1000.0 + PASS_S) is None


def test_a_pass_that_was_changed_or_is_of_elsewhere_is_nobodys(tmp_path: Path) -> None:
    held = of(tmp_path / "one", ADA, BO)
    granted = held.create_pass("ada")
    until, name, once, signature = granted.split(".")
    bo = held.create_pass("bo").split(".")[1]
    for forged in (
        f"{until}.{bo}.{once}.{signature}",
        f"{int(until) + 1}.{name}.{once}.{signature}",
    ):
        assert held.find_holder(forged) is None
    for nonsense in ("", ".", "..", "a.b.c", "1.é.x", granted[:-2]):
        assert held.find_holder(nonsense) is None
    assert of(tmp_path / "two", ADA).find_holder(granted) is None


def test_a_changed_password_ends_the_passes_of_that_account(tmp_path: Path) -> None:
    granted = of(tmp_path, ADA).create_pass("ada")
    assert of(tmp_path, format_account("ada", "a new one!")).find_holder(granted) is None
    assert of(tmp_path, BO).find_holder(granted) is None


def test_a_pass_that_was_signed_out_of_is_nobodys_and_the_next_one_is_good(tmp_path: Path) -> None:
    held = of(tmp_path, ADA, BO)
    one, two, bo = held.create_pass("ada"), held.create_pass("ada"), held.create_pass("bo")
    held.remove_pass(one)
    held.remove_pass("nonsense")
    for again in (held, of(tmp_path, ADA, BO)):
        assert again.find_holder(one) is None
        assert (again.find_holder(two), again.find_holder(bo)) == ("ada", "bo")
    held.remove_pass(two)
    assert held.find_holder(one) is held.find_holder(two) is None
    assert held.find_holder(held.create_pass("ada")) == "ada"
    assert one not in (tmp_path / ENDED_FILE).read_text(encoding="ascii")


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    of(tmp_path, ADA).create_pass("ada")
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_after_five_tries_pauses_double_up_to_a_bound() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    assert [throttle.compute_wait_s("ada", "a") for _ in range(5)] == [0.0] * 5
    waits = []
    for _ in range(8):
        waits.append(throttle.compute_wait_s("ada", "a"))
        now[0] += waits[-1]
        assert throttle.compute_wait_s("ada", "a") == 0.0
    assert waits == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0]
    assert throttle.compute_wait_s("bo", "b") == 0.0


def test_guesses_are_bounded_by_account_and_by_address_too() -> None:
    by_account, by_address = Throttle(clock=lambda: 0.0), Throttle(clock=lambda: 0.0)
    assert sum(by_account.compute_wait_s("ada", f"address {n}") == 0 for n in range(99)) == 10
    assert sum(by_address.compute_wait_s(f"name {n}", "a") == 0 for n in range(99)) == 20


def test_one_stranger_keeps_no_reader_out_for_long() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for _ in range(50):
        now[0] += throttle.compute_wait_s("ada", "the stranger's")
    while wait := throttle.compute_wait_s("ada", "the stranger's"):
        now[0] += wait
    assert 0.0 < throttle.compute_wait_s("ada", "ada's") <= 60.0
    now[0] += 60.0
    assert throttle.compute_wait_s("ada", "ada's") == 0.0


def test_a_right_try_begins_anew_for_its_account_and_its_address_alone() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    for _ in range(4):
        throttle.compute_wait_s("ada", "a")
    for _ in range(30):
        assert throttle.compute_wait_s("bo", "a") == 0.0
        throttle.reset("bo", "a")
    assert throttle.compute_wait_s("ada", "a") == 0.0
    assert throttle.compute_wait_s("ada", "a") == 30.0
    throttle = Throttle(clock=lambda: 0.0)
    for _ in range(5):
        throttle.compute_wait_s("ada", "a")
    throttle.reset("ada", "a")
    assert throttle.compute_wait_s("ada", "a") == 0.0


def test_own_sign_ins_between_guesses_at_others_forgive_none_of_them() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    guesses = 0
    for n in range(50):
        if throttle.compute_wait_s("eve", "a") == 0.0:
            throttle.reset("eve", "a")
        guesses += throttle.compute_wait_s(f"name {n}", "a") == 0.0
    assert guesses == 20


def test_a_marked_browser_is_counted_by_itself() -> None:
    throttle = Throttle(clock=lambda: 0.0)
    while throttle.compute_wait_s("ada", "a") == 0.0:
        pass
    assert [throttle.compute_wait_s("ada", "a", "mark") for _ in range(6)] == [0.0] * 5 + [30.0]


def test_tries_are_forgotten_one_by_one_in_quiet_quarters_of_an_hour() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for _ in range(4):
        throttle.compute_wait_s("ada", "a")
    now[0] = 2 * 900.0
    assert [throttle.compute_wait_s("ada", "a") for _ in range(4)] == [0.0, 0.0, 0.0, 30.0]


def test_what_is_remembered_of_guesses_is_bounded_and_keeps_the_worst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accounts, "MAX_REMEMBERED", 20)
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    for _ in range(5):
        throttle.compute_wait_s("ada", "a")
    for n in range(50):
        now[0] += 0.1
        throttle.compute_wait_s(f"name {n}", f"client {n}")
    assert len(throttle._counts) <= 20
    assert throttle.compute_wait_s("ada", "a") == 25.0


def test_a_mark_names_who_signed_in_once_and_opens_nothing(tmp_path: Path) -> None:
    both = of(tmp_path, ADA, BO)
    mark = both.mark("ada")
    assert both.marks(mark, "ada") and both.find_holder(mark) is None
    assert not both.marks(mark, "bo") and not both.marks("", "ada") and not both.marks("x.y", "")
    assert not of(tmp_path, format_account("ada", "a new one!")).marks(mark, "ada")


def test_members_are_addresses_or_whole_domains() -> None:
    assert accounts.is_member((), "anyone@anywhere.example")
    named = ("ada@example.org", "@lab.example")
    assert accounts.is_member(named, "Ada@Example.org") and accounts.is_member(
        named, "x@lab.example"
    )
    assert not accounts.is_member(named, "bo@example.org")
    assert not accounts.is_member(named, "x@evil-lab.example")
    assert not accounts.is_member(named, "")


def test_secrets_of_a_provider_are_found_and_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    assert accounts.read_provider_secrets([tmp_path]) == {}
    (folder / "secrets.toml").write_text('[auth]\nclient_id = "me"\n', encoding="utf-8")
    assert accounts.read_provider_secrets([tmp_path / "none", tmp_path]) == {"client_id": "me"}
    (folder / "secrets.toml").write_text("[auth", encoding="utf-8")
    with pytest.raises(SettingsError, match="not valid TOML"):
        accounts.read_provider_secrets([tmp_path])


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("chat.example", False)],
)  # fmt: skip
def test_only_this_machine_reaches_loopback(host: str, alone: bool) -> None:
    assert accounts.is_loopback(host) is alone
