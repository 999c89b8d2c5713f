"""Records a run of mappings, and writes its report: also when the run fails, as far as it got."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from kg.engines.recording import recording
from kg.errors import InputError, KgError, UsageError
from kg.execution.formats import FORMATS, format_of, is_report
from kg.execution.model import Run
from kg.files import replacing
from kg.notes import heard
from kg.paths import kind_of, open_file, read_file, real_path, show_path
from kg.rejects import Rejects


class Reporting:
    """Writes the report of what is run within the context.

    Before the first source is read, the file says that the run goes on. At the end of the context
    it is replaced by the whole report.

    Args:
        target: The file, or ``-`` for standard output.
        format_name: Name of the format; None: the ending of the file says it.
        mappings: The mapping files.
        others: Files that the run writes.
        rejects: What is left out.
        prefixes: Prefix to namespace, to name things.

    Raises:
        UsageError: The format is not known, or the file is a mapping or written by the run.
    """

    def __init__(
        self,
        target: str,
        format_name: str | None,
        mappings: Sequence[Path],
        others: Iterable[Path],
        rejects: Rejects | None,
        prefixes: Mapping[str, str],
    ) -> None:
        self._target = target
        self._write = FORMATS[format_of(target, format_name)]
        self._stack = ExitStack()
        self._begun = False
        self._refused = False
        # An earlier report in its place, until it is certain that the run does not read it.
        self._earlier: str | None = None
        self._mappings = tuple(show_path(path) for path in mappings)
        self._rejects = rejects
        self._prefixes = dict(prefixes)
        self._refuse([*mappings, *others])

    def __enter__(self) -> Self:
        """Begin to record."""
        found = self._stack.enter_context(recording())
        found.before = self._begin
        found.target = None if self._target == "-" else Path(self._target)
        self._run = Run(self._mappings, found, self._prefixes, rejects=self._rejects)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write the report.

        Raises:
            WorldError: It cannot be written, and the run itself did not fail.
        """
        self._stack.close()
        self._run.ended, self._run.error, self._run.notes = datetime.now(UTC), error, heard()
        if self._refused or (self._begun and _is_read(error) and self._is_restored()):
            return
        if (not self._begun or _is_read(error)) and not self._may_replace():
            return
        with suppress(*(() if error is None else (Exception,))):
            self._save()

    def wrote(self, outputs: Sequence[tuple[str, int]], prefixes: Mapping[str, str]) -> None:
        """Take what the run wrote: files with their numbers of statements."""
        self._run.outputs, self._run.prefixes = tuple(outputs), dict(prefixes)

    def _begin(self, files: Iterable[Path]) -> None:
        """Say in the file that the run goes on; `files` are those that it reads and writes."""
        self._refuse(files)
        self._begun = True
        # What paths in the data lead to is not known yet, and may be this very file.
        path = Path(self._target)
        if self._target == "-":
            return
        if kind_of(path) != "a file":
            self._save()
        elif self._may_replace():
            self._earlier = read_file(path).decode(errors="surrogateescape")
            self._save()

    def _refuse(self, files: Iterable[Path]) -> None:
        if self._target == "-":
            return
        own = real_path(Path(self._target))
        if any(real_path(file) == own for file in files):
            self._refused = True
            raise UsageError(
                "same-target",
                f"{self._target} is read, or written as something else too",
                hint="Give --report another name.",
            )

    def _may_replace(self) -> bool:
        """Return whether the file is none of the user's, though it is not known what the run reads.

        A mapping that is wrong does not say what it reads, and that may be this very file.
        """
        path = Path(self._target)
        if self._target == "-" or not path.exists():
            return True
        with suppress(InputError, OSError), open_file(path) as stream:
            return is_report(stream.read(1_000).decode(errors="replace"))
        return False

    def _is_restored(self) -> bool:
        """Let the file be the report that it was, if it was one, and return whether it is."""
        if self._earlier is None:
            return False
        self._replace(self._earlier)
        return True

    def _save(self) -> None:
        text = self._write(self._run)
        if self._target == "-":
            sys.stdout.write(text)
            return
        self._replace(text)

    def _replace(self, text: str) -> None:
        with replacing(Path(self._target)) as part:
            part.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def _is_read(error: BaseException | None) -> bool:
    """Return whether a run stopped since it would have read a file that it writes."""
    return isinstance(error, KgError) and error.code == "same-target"
