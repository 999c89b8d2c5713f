"""Builds are killed at any moment: the build in force answers right, and no files are left.

``KG_KILLS=300`` kills so many builds.
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from kg.workspace import read_workspace
from tests.build.test_state import fill, make, triples
from tests.graph_copy import ROOT

KILLS = int(os.environ.get("KG_KILLS", "3"))


def start(root: Path, temporary: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "kg", "-C", str(root), "build"],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_the_lock(root: Path) -> None:
    """Wait until all processes of a killed build have ended."""
    path = root / ".kg" / "lock"
    if path.exists():
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def test_killed_builds_do_no_harm(tmp_path):
    chance = random.Random(20221118)
    root, temporary = tmp_path / "w", tmp_path / "tmp"
    temporary.mkdir()
    make(root)
    started = time.monotonic()
    assert start(root, temporary).wait() == 0
    whole = time.monotonic() - started
    held, killed, finished = triples(root), 0, 0
    for number in range(KILLS):
        fill(root, 10 + number)
        process = start(root, temporary)
        time.sleep(chance.uniform(0, whole))
        if number % 2:
            process.send_signal(signal.SIGKILL)
        else:
            os.killpg(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        wait_for_the_lock(root)
        answer = triples(root)
        assert answer in (held, 2 * (10 + number)), f"after kill {number}"
        finished += answer != held
        held = answer
    print(f"{killed} of {KILLS} builds were killed, {finished} of all were put in force")
    assert start(root, temporary).wait() == 0
    assert triples(root) == 2 * (10 + KILLS - 1)
    workspace = read_workspace(root)
    kept = [path.name for path in workspace.builds.iterdir()]
    assert workspace.current_build().id in kept
    assert len(kept) <= 2
    assert {path.name for path in workspace.state.iterdir()} <= {
        *(
            "basis.json",
            "builds",
            "checked.json",
            "current",
            "kept.json",
            "lock",
            "parts",
            "questions.json",
            "seen.json",
        )
    }
    assert list(temporary.iterdir()) == []
