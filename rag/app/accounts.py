"""Who may use a browser chat that others can reach: accounts, passwords as hashes, signed passes.

An account is ``NAME:scrypt.COST.SALT.KEY`` in the settings; `paperfolk account` creates it. Signing in
gives a pass: a text with the user's name and an expiry date, signed with a key of the data folder and
the account's hash. It outlives a restart; signing out or a new password ends it.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import threading
import time
import tomllib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import scrypt, sha256
from pathlib import Path

from pydantic import SecretStr

from rag.app.passes import PassFiles, SharedPasses
from rag.text import ensure_encodable
from rag.types.errors import SettingsError

COST = 15
"""Binary logarithm of scrypt's N: 32 MiB and some 0.1 s for one guess (r = 8, p = 1)."""
PASS_S = 30 * 24 * 3600
MAX_PASSWORD_CHARS = 200
"""Of a name or a password; longer ones are wrong without being tried."""
FREE_TRIES, FREE_TRIES_OF_ACCOUNT, FREE_TRIES_OF_ADDRESS = 5, 10, 20
"""Of one account from one address; of one account from all; of all accounts from one address."""
FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_SHARED_PAUSE_S = 30.0, 900.0, 60.0
"""What strangers' tries share with a reader's own pauses for a minute at most: one stranger, who may
try every quarter of an hour, then leaves the account open to its reader for most of the time.
"""
MAX_DOUBLINGS = 5
"""From the first pause to the longest; counts go no higher, so that they are soon forgotten."""
MAX_REMEMBERED = 10_000


# --- passwords ------------------------------------------------------------------------------


def format_account(name: str, password: str) -> str:
    """The line of a new account, with a salt of its own.

    Raises:
        SettingsError: The name or the password cannot be one.
    """
    if not name or len(name) > MAX_PASSWORD_CHARS or any(c in ":," or c.isspace() for c in name):
        raise SettingsError(
            f"{name!r} cannot be an account's name; use letters and digits, no space, ':' or ','"
        )
    if not 8 <= len(password) <= MAX_PASSWORD_CHARS:
        raise SettingsError(f"a password has 8 to {MAX_PASSWORD_CHARS} characters; choose another")
    if ensure_encodable(name + password) != name + password:
        raise SettingsError("name and password must be valid UTF-8; type them again")
    salt = secrets.token_bytes(16)
    return f"{name}:scrypt.{COST}.{_encode_base64(salt)}.{_encode_base64(_compute_key(password, salt, COST))}"


def _compute_key(password: str, salt: bytes, cost: int) -> bytes:
    n = 2**cost
    return scrypt(password.encode(), salt=salt, n=n, r=8, p=1, maxmem=2 * 128 * 8 * n, dklen=32)


def _encode_base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decode_base64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class _Hash:
    cost: int
    salt: bytes
    key: bytes


def _parse_account(line: str) -> tuple[str, _Hash]:
    name, colon, rest = line.partition(":")
    try:
        kind, cost, salt, key = rest.split(".")
        stored_hash = _Hash(int(cost), _decode_base64(salt), _decode_base64(key))
    except ValueError as exc:
        raise _build_unreadable_error(name if colon else "") from exc
    if (
        kind != "scrypt"
        or not name
        or not 10 <= stored_hash.cost <= 20
        or len(stored_hash.key) != 32
    ):
        raise _build_unreadable_error(name if colon else "")
    return name, stored_hash


def _build_unreadable_error(name: str) -> SettingsError:
    whose = f"the account {name!r}" if name else "an account"
    return SettingsError(
        f"{whose} in the setting 'accounts' has no password hash; "
        'make the line by "paperfolk account NAME" (a plain password is not kept)'
    )


class Accounts:
    """The accounts of the settings, and their passes.

    Args:
        lines: See the module's docstring.
        folder: The data folder, with the key that signs passes.
        url: Of the database that holds the library, if several servers share it: then the key is
            there, so that a pass of one server is good at all.

    Raises:
        SettingsError: A line is no account, or a name comes twice.
    """

    def __init__(self, lines: Iterable[SecretStr], folder: Path, url: str = "") -> None:
        self._passes: PassFiles | SharedPasses = SharedPasses(url) if url else PassFiles(folder)
        self._hashes: dict[str, _Hash] = {}
        for line in lines:
            name, stored_hash = _parse_account(line.get_secret_value().strip())
            if name in self._hashes:
                raise SettingsError(f"the account {name!r} comes twice in the setting 'accounts'")
            self._hashes[name] = stored_hash

    def __bool__(self) -> bool:
        return bool(self._hashes)

    def check_password(self, name: str, password: str) -> bool:
        """Whether this is the account's password; takes as long for a name that is not there."""
        stored_hash = self._hashes.get(name, _Hash(COST, b"nobody's salt", b"\0" * 32))
        if len(password) > MAX_PASSWORD_CHARS:
            return False
        derived_key = _compute_key(password, stored_hash.salt, stored_hash.cost)
        return hmac.compare_digest(derived_key, stored_hash.key) and name in self._hashes

    def mark(self, name: str) -> str:
        """A pass that ended long ago: it opens nothing, and shows who has signed in once."""
        return self.create_pass(name, now=0.0)

    def marks(self, mark: str, name: str) -> bool:
        """Whether a browser's mark is of this account, with the password that it has now."""
        return self.find_holder(mark, now=0.0) == name

    def create_pass(self, name: str, now: float | None = None) -> str:
        """A pass for an account, good for 30 days."""
        until = int((time.time() if now is None else now) + PASS_S)
        payload = f"{until}.{_encode_base64(name.encode())}.{secrets.token_hex(8)}"
        return f"{payload}.{_encode_base64(self._compute_signature(name, payload))}"

    def find_holder(self, granted: str, now: float | None = None) -> str | None:
        """Whose pass this is; None where it is forged, ended, or of an account that has changed."""
        payload, _, signature = granted.rpartition(".")
        until, _, name_text = payload.rpartition(".")[0].partition(".")
        try:
            name, signed, ends = (
                _decode_base64(name_text).decode(),
                _decode_base64(signature),
                int(until),
            )
        except ValueError:
            return None
        if name not in self._hashes or not hmac.compare_digest(
            self._compute_signature(name, payload), signed
        ):
            return None
        if (
            ends <= (time.time() if now is None else now)
            or _compute_pass_digest(granted) in self._passes.read_ended()
        ):
            return None
        return name

    def remove_pass(self, granted: str) -> None:
        """Sign out: this pass is nobody's from now on, wherever it is still open."""
        if self.find_holder(granted) is None:
            return
        self._passes.end(_compute_pass_digest(granted), int(granted.partition(".")[0]))

    def _compute_signature(self, name: str, payload: str) -> bytes:
        key = sha256(self._passes.read_key() + self._hashes[name].key).digest()
        return hmac.digest(key, payload.encode(), "sha256")


def _compute_pass_digest(granted: str) -> str:
    return sha256(granted.encode()).hexdigest()


@dataclass(slots=True)
class Throttle:
    """Bounds how often a password can be guessed: a few tries are free, then pauses double.

    Tries are counted by account and address together, by account (guesses from many addresses), and
    by address (guesses at many accounts). A browser that shows the mark of an earlier sign-in to the
    account is counted by that mark alone: else a stranger who goes on guessing could lock its reader
    out for ever. A try counts as wrong until it is forgiven, so many at once are no way around it; a
    quiet quarter of an hour takes one off each count.
    """

    clock: Callable[[], float] = time.monotonic
    _counts: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    """How many tries, and when the next may be made."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def compute_wait_s(self, name: str, address: str, mark: str = "") -> float:
        """Count a try; 0 if it may be made now, else how long to wait first."""
        with self._lock:
            now, limits = self.clock(), _limits(name, address, mark)
            wait = max(self._counts.get(key, (0, now))[1] - now for key in limits)
            if wait > 0:
                return wait
            for key, (free, longest) in limits.items():
                n = min(self._count(key, now) + 1, free + MAX_DOUBLINGS)
                pause = min(FIRST_PAUSE_S * 2 ** (n - free), longest) if n >= free else 0.0
                self._counts[key] = (n, now + pause)
            if len(self._counts) > MAX_REMEMBERED:  # what has been tried most stays
                worst = sorted(self._counts.items(), key=lambda item: item[1], reverse=True)
                self._counts = dict(worst[: MAX_REMEMBERED // 2])
            return 0.0

    def reset(self, name: str, address: str, mark: str = "") -> None:
        """The password was right: reset this account's count at this address, and no other.

        Of the wider counts it takes back itself alone: else whoever has an account could guess at
        the others' between sign-ins of their own.
        """
        with self._lock:
            now = self.clock()
            for key in _limits(name, address, mark):
                n = self._count(key, now) - 1
                if all(key) or mark or n <= 0:
                    self._counts.pop(key, None)
                else:
                    self._counts[key] = (n, now)

    def _count(self, key: tuple[str, str], now: float) -> int:
        n, since = self._counts.get(key, (0, now))
        return max(n - max(int((now - since) / LONGEST_PAUSE_S), 0), 0)


def _limits(name: str, address: str, mark: str) -> dict[tuple[str, str], tuple[int, float]]:
    """What a try is counted by, and of each how many tries are free and how long a pause becomes."""
    if mark:
        return {("mark", mark): (FREE_TRIES, LONGEST_PAUSE_S)}
    name = name[:MAX_PASSWORD_CHARS]
    return {
        (name, address): (FREE_TRIES, LONGEST_PAUSE_S),
        (name, ""): (FREE_TRIES_OF_ACCOUNT, LONGEST_SHARED_PAUSE_S),
        ("", address): (FREE_TRIES_OF_ADDRESS, LONGEST_SHARED_PAUSE_S),
    }


# --- sign-in by a provider, and whether there is any ----------------------------------------


def read_provider_secrets(folders: Iterable[Path]) -> Mapping[str, object]:
    """The section ``auth`` of Streamlit's ``secrets.toml``, of the last folder that has one.

    Raises:
        SettingsError: A file is not TOML.
    """
    section: Mapping[str, object] = {}
    for folder in folders:
        path = folder / ".streamlit" / "secrets.toml"
        if path.is_file():
            try:
                secrets_file = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
                raise SettingsError(f"{str(path)!r} is not valid TOML: {exc}") from exc
            section = secrets_file.get("auth", section)
    return section


def is_member(members: Iterable[str], email: str) -> bool:
    """Whether an address is among ``ada@example.org`` and ``@example.org``; none named: all are."""
    allowed = [member_pattern.casefold() for member_pattern in members]
    address = email.casefold()
    return not allowed or any(
        address.endswith(member_pattern)
        if member_pattern.startswith("@")
        else address == member_pattern
        for member_pattern in allowed
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
