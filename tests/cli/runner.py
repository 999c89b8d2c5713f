"""Runs the ``kg`` command, with streams that may be broken, and collects what it said."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.launcher import run


@dataclass(frozen=True)
class Result:
    """What a run of the command said and left with."""

    code: int
    out: str
    err: str


class Runner:
    """Runs commands, each in a process of its own."""

    def __call__(
        self,
        *words: str | Path,
        cwd: Path,
        broken: Mapping[int, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run ``kg`` with words in a folder.

        Args:
            words: What stands behind ``kg``.
            cwd: The folder.
            broken: Numbers of standard streams with what is wrong with them: ``closed``,
                ``full`` (a device without room) or ``gone`` (a pipe without a reader).
            environment: Variables that are set beside those of the tests.
        """
        with (
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile("w+b") as out,
            tempfile.TemporaryFile("w+b") as err,
        ):
            code = run(
                [str(word) for word in words],
                cwd,
                (nothing.fileno(), out.fileno(), err.fileno()),
                {**os.environ, "COLUMNS": "100", **(environment or {})},
                broken=broken or {},
            )
            said = []
            for stream in (out, err):
                stream.seek(0)
                said.append(stream.read().decode("utf-8", "replace"))
        return Result(code, *said)
