"""Starts a PostgreSQL server on loopback, in a temporary folder, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

WAIT_S = 60.0


@dataclass(frozen=True)
class PostgresqlServer:
    """A server whose database ``postgres`` belongs to the user ``paperfolk``."""

    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://paperfolk:secret@127.0.0.1:{self.port}/postgres"

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def create_schema(self) -> str:
        """The address of a new, empty schema."""
        name = f"s{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.url}?options={quote(f'-csearch_path={name}')}"


def find_binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, of the newest version on the machine."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in folders), key=lambda p: float(p.parent.name), default=None)


@contextmanager
def run_postgresql() -> Iterator[PostgresqlServer]:
    """A server in a folder of its own; it refuses to run as root, so another user runs it there."""
    binaries = find_binaries()
    assert binaries, "PostgreSQL is missing (Debian: apt-get install postgresql)"
    user = _find_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="paperfolk-postgresql-"))
    password = folder / "password"
    password.write_text("secret", encoding="utf-8")
    if user:
        for place in (folder, password):
            shutil.chown(place, user)
    try:
        # English orders words otherwise than code points do, so what relies on an order shows it.
        options = ["--auth=md5", "--encoding=UTF8", "--locale=C", "--locale-provider=icu",
                   "--icu-locale=en", "--username=paperfolk", f"--pwfile={password}", "--no-sync"]  # fmt: skip
        data = folder / "data"
        subprocess.run(
            [binaries / "initdb", *options, "--pgdata", data],
            user=user, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                    "fsync": "off", "shared_buffers": "32MB", "max_connections": "60", "autovacuum": "off",
                    "synchronous_commit": "off", "full_page_writes": "off"}  # fmt: skip
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *arguments],
                user=user, cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _wait_for(process, port, folder / "log")
            yield PostgresqlServer(port)
        finally:
            process.send_signal(2)  # closes all connections and ends
            process.wait(WAIT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_user() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", errors="replace")
        try:
            psycopg.connect(
                f"host=127.0.0.1 port={port} user=paperfolk password=secret dbname=postgres"
            ).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text('utf-8', errors='replace')}")
