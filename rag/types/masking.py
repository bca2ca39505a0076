"""Masks secrets in addresses, which are shown, logged and stored."""

from __future__ import annotations

import re

HIDDEN = "…"
_ADDRESS = re.compile(r"(?<=://)[^\s'\"<>]+")
_BARE = re.compile(r"(?<![^\s'\"(=])[^\s:/@'\"(=]+:[^\s/@'\"]+@(?=[\w.-])")
"""``user:password@host`` without a scheme, as a setting of a host may hold it."""
_PARAMETER = re.compile(r"(?<=[?&;])([^=&;#]{1,80})=[^&;#]+")
_SECRET_NAME = re.compile(r"key|token|secret|pass|pwd|sig|auth|cred", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """The text with users, passwords and keys in its addresses hidden."""
    return _BARE.sub(f"{HIDDEN}@", _ADDRESS.sub(lambda m: _mask(m[0]), text))


def _mask(address: str) -> str:
    """An address without its scheme: what stands before its host, and parameters named for a secret."""
    cut = re.search(r"[/?#]", address)
    host, rest = (address[: cut.start()], address[cut.start() :]) if cut else (address, "")
    if "@" in host:
        host = f"{HIDDEN}@{host.rpartition('@')[2]}"
    return host + _PARAMETER.sub(
        lambda m: f"{m[1]}={HIDDEN}" if _SECRET_NAME.search(m[1]) else m[0], rest
    )
