"""Starts the browser chat: checks whether it may run, then hands the process over to Streamlit."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from rag.app.accounts import Accounts, is_loopback, read_provider_secrets
from rag.config.settings import ENV_PREFIX, Settings
from rag.library.permissions import keep_private, raise_file_limit
from rag.types.errors import MissingExtra, SettingsError

DESCRIPTORS = 8192
PASS_HEADER, PASS_KEY = "X-Paperfolk-Pass", "paperfolk_pass"
"""The header by which the login gate names the user to Streamlit; it is removed from requests."""


def start_server(settings: Settings, *, open_browser: bool = True) -> int:
    """Become the Streamlit server: does not return, as this process is replaced by it."""
    if has_provider():
        keep_private(settings.data)
    raise_limit()
    host = host_in_address(settings.host)
    sys.stderr.write(f"chat at http://{host}:{settings.port} (Ctrl-C ends it)\n")
    sys.stderr.flush()
    command = build_streamlit_command(settings, open_browser=open_browser)
    os.execve(command[0], command, build_environment(settings, os.environ))


def require_servable(settings: Settings) -> None:
    """Raise a SettingsError where the port is taken, or where others would reach the chat unasked."""
    check_chat_guarded(settings)
    check_port_free(settings.host, settings.port)


def check_chat_guarded(settings: Settings) -> None:
    """Raise a SettingsError for accounts that are none, and where anyone could use the chat."""
    accounts = bool(Accounts(settings.accounts, settings.data))
    if accounts and has_provider():
        raise SettingsError(
            "readers cannot sign in both by accounts and by a provider; remove the setting "
            "'accounts' or the section [auth] of .streamlit/secrets.toml"
        )
    if not (accounts or has_provider() or settings.unprotected or is_loopback(settings.host)):
        raise SettingsError(
            f"everyone who reaches {settings.host!r} could read and change this library; set "
            'accounts (a line each, by "paperfolk account NAME") or a sign-in provider, or '
            "unprotected = true if that is meant"
        )


def has_provider() -> bool:
    """Whether a provider signs readers in: secrets for it stand where Streamlit reads them.

    Raises:
        SettingsError: They are there in part, or what they need is not installed.
    """
    secrets = read_provider_secrets((Path.home(), Path.cwd()))
    if not secrets:
        return False
    needed = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
    if missing := [name for name in needed if not secrets.get(name)]:
        raise SettingsError(
            f"the section [auth] of .streamlit/secrets.toml lacks {', '.join(missing)}; "
            "add it, or remove the section"
        )
    if find_spec("authlib") is None:
        raise MissingExtra(
            'signing in by a provider needs the extra "oidc"; run: pip install "paperfolk[oidc]"'
        )
    return True


def check_port_free(host: str, port: int) -> None:
    """Raise a SettingsError that names host and port unless a server can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise SettingsError(
                f"cannot listen on {host}:{port}: {exc.strerror}; choose another with --port"
            ) from exc


def raise_limit() -> None:
    """Let this process, and so the server, open as many files as the machine allows it.

    A shell's limit may be 256, of which each page takes four and the library some forty.
    """
    raise_file_limit(DESCRIPTORS)


def host_in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def build_streamlit_command(settings: Settings, *, open_browser: bool = True) -> list[str]:
    """How the server is started; nothing is sent to anyone about its use."""
    options = {
        "server.address": settings.host,
        "server.port": str(settings.port),
        "server.headless": "false" if open_browser and _has_display() else "true",
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": host_in_address(settings.host),
        "client.toolbarMode": "minimal",
        "logger.hideWelcomeMessage": "true",  # `start_server` printed it
        "server.trustedUserHeaders": json.dumps({PASS_HEADER: PASS_KEY}),
        "runner.magicEnabled": "false",  # a screen shows what it is told to, not what stands alone
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "ui.server", *flags]


def _has_display() -> bool:
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def build_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment by which the server finds the same data folder, from any folder.

    Uvicorn would by itself believe what anyone on this machine writes of where a client is.
    """
    return {
        **environ,
        f"{ENV_PREFIX}DATA": str(Path(settings.data).resolve()),
        f"{ENV_PREFIX}PORT": str(settings.port),
        "FORWARDED_ALLOW_IPS": ",".join(settings.trusted_proxies),
    }
