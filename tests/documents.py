"""Documents whose blocks are run: what they show must be what the commands show.

Blocks ``console`` are run on a terminal, command by command (``console fails``: each must fail);
a block behind a file's name in backquotes with a colon is written to that file; ``python`` blocks
are run, and ``pycon`` blocks line by line, in one session for the document. Other blocks are left
alone. All blocks of a document run in their order, in one folder.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.graph_copy import copy_workspace
from tests.launcher import program
from tests.terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([^`\s]+)`:\s*$")
# What differs from build to build: its name, and the time that it took.
_VARYING = re.compile(r"\b\d{8}T\d{12}Z\b|\b\d+\.\d s\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind, its text, the text before it."""

    kind: str
    body: str
    before: str

    @property
    def file(self) -> str | None:
        """The file that the block is written to."""
        found = _FILE.search(self.before)
        return found[1] if found else None


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a document."""
    return [Block(m["kind"], m["body"], text[: m.start()]) for m in _BLOCK.finditer(text)]


def commands(block: Block) -> Iterator[str]:
    """Yield the commands of a console block."""
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        yield part.partition("\n")[0]


def stable(text: str) -> str:
    """Return a text without what differs from build to build."""
    return _VARYING.sub("…", text)


class Stage:
    """A folder, with a ``kg`` on PATH, that commands run in one after the other."""

    def __init__(self, parent: Path, *, workspace: bool) -> None:
        self.folder = parent / "kg"
        if workspace:
            copy_workspace(self.folder)
        programs = self.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        script = programs / "kg"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(program())} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
        self.names: dict[str, object] = {}
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm",
        }

    def run(self, command: str, *, fails: bool = False) -> str:
        """Run a command and return what it shows; ``cd`` holds for those that follow."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            assert self.folder.is_dir()
            return ""
        code, shown = run_on_terminal(command, self.folder, environment=self.environment)
        assert (code != 0) is fails, f"{command}\n{shown}"
        assert "Traceback" not in shown
        return shown

    def _session(self, body: str) -> str:
        """Return a session with what Python shows."""
        shown = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(shown):
            for example in doctest.DocTestParser().get_examples(body):
                first, *rest = example.source.splitlines()
                shown.write("\n".join([f">>> {first}", *(f"... {line}" for line in rest)]) + "\n")
                exec(compile(example.source, "<stdin>", "single"), self.names)
        return re.sub("^[.]{3} $", "...", shown.getvalue(), flags=re.MULTILINE)

    def play(self, text: str) -> str:
        """Run all blocks of a document; return its text with what they really show."""
        return _BLOCK.sub(self._played, text)

    def _played(self, match: re.Match[str]) -> str:
        block = Block(match["kind"], match["body"], match.string[: match.start()])
        if block.kind.split()[:1] == ["console"]:
            fails = block.kind == "console fails"
            body = "".join(f"$ {c}\n{self.run(c, fails=fails)}" for c in commands(block))
            return f"```{block.kind}\n{body}```"
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.kind == "pycon":
            return f"```pycon\n{self._session(block.body)}```"
        elif block.kind == "python":
            subprocess.run([sys.executable, "-c", block.body], cwd=self.folder, check=True)
        return match[0]
