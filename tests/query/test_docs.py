"""docs/query.md: its commands show what stands there.

``python -m tests.query.test_docs`` writes what the commands show into docs/query.md.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.launcher import program
from tests.terminal import run_on_terminal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "query.md"
_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"Write `([^`]+)`:\s*\Z")


def play(text: str, folder: Path) -> str:
    """Run all blocks in their order in a folder; return the text with what they really show."""
    programs = folder / "bin"
    programs.mkdir()
    script = programs / "kg"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(program())} "$@"\n')
    script.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
    }

    def played(match: re.Match[str]) -> str:
        kind, body = match["kind"], match["body"]
        written = _FILE.search(match.string[: match.start()])
        if written:
            (folder / written[1]).write_text(body, encoding="utf-8")
        elif kind == "python":
            subprocess.run([sys.executable, "-c", body], cwd=folder, check=True, env=environment)
        else:
            assert kind == "console"
            shown = ""
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command = part.partition("\n")[0]
                code, output = run_on_terminal(command, folder, environment=environment)
                assert code == 0, output
                # CSV ends its lines with a carriage return too.
                shown += f"$ {command}\n{output}".replace("\r", "")
            return f"```console\n{shown}```"
        return match[0]

    return _BLOCK.sub(played, text)


def test_every_command_shows_what_stands_there(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(_BLOCK.findall(text)) >= 6
    shown = play(text, tmp_path)
    assert shown == text, "if it is meant to be so, run: python -m tests.query.test_docs"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(play(PAGE.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
