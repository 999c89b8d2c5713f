"""A PostgreSQL server of its own for the tests: on a free port, gone with them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cr3t-pässword$1"


def programs() -> tuple[str, str] | None:
    """Return the paths of initdb and pg_ctl, or None where there is no server."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/opt/homebrew/bin")]
    search = os.pathsep.join([os.environ["PATH"], *map(str, sorted(places))])
    found = [shutil.which(name, path=search) for name in ("initdb", "pg_ctl")]
    return (found[0], found[1]) if found[0] and found[1] else None


def _user() -> list[str] | None:
    """Return what runs a command as another user: the server does not run as root."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if shutil.which("setpriv"):
            ids = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
            return ["setpriv", *ids]
    return None


def reason_to_skip() -> str:
    """Return why no server can be started; empty where one can."""
    if programs() is None:
        return "PostgreSQL (initdb, pg_ctl) is not installed"
    return "no user to run PostgreSQL as" if _user() is None else ""


@contextmanager
def server() -> Iterator[int]:
    """Give the port of a new server with the user ``tester``."""
    found, prefix = programs(), _user()
    assert found is not None
    assert prefix is not None
    with tempfile.TemporaryDirectory(prefix="kg-pg-", dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        secret = Path(folder) / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = f"{folder}/data"

        def run(*command: str) -> None:
            environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
            subprocess.run(
                [*prefix, *command], check=True, capture_output=True, cwd=folder, env=environment
            )

        made = ["-D", data, "-U", "tester", "-A", "scram-sha-256", f"--pwfile={secret}"]
        run(found[0], *made, "-E", "UTF8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run(found[1], "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield port
        finally:
            run(found[1], "-D", data, "-m", "immediate", "-w", "stop")
