"""``--report``: the report of a run of mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self

import typer

from kg.errors import UsageError

if TYPE_CHECKING:
    from kg.cli.rejects import BadRecords
    from kg.execution.run import Reporting
    from kg.map_files import Mapped

ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write what was read, made, lost and refused; also if the run fails.",
    ),
]
ReportFormatOption = Annotated[
    str | None,
    typer.Option(
        "--report-format",
        metavar="NAME",
        help="json, sarif or rer (RDF). Default: by the ending of FILE.",
    ),
]


class Report:
    """The report of a run, or none.

    Args:
        inner: Writes it; None: nothing is written.
    """

    def __init__(self, inner: Reporting | None) -> None:
        self._inner = inner
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Begin to record."""
        if self._inner is not None:
            self._stack.enter_context(self._inner)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write the report."""
        self._stack.__exit__(kind, error, traceback)

    def wrote(self, mapped: Mapped) -> None:
        """Take what the run wrote."""
        if self._inner is None:
            return
        outputs = [(each.shown, each.statements) for each in mapped.targets]
        if mapped.target is not None:
            outputs.insert(0, (mapped.target, mapped.statements))
        self._inner.wrote(outputs, mapped.prefixes)


def reporting(
    target: str | None,
    format_name: str | None,
    mappings: Sequence[Path],
    output: str | None,
    bad: BadRecords,
    rejects: Path | None,
    prefixes: Mapping[str, str],
) -> Report:
    """Return the report that the options ask for.

    Raises:
        UsageError: The report and the output are both standard output, or the same file, or the
            format is not known.
    """
    if target is None:
        return Report(None)
    from kg.execution.run import Reporting

    if target == output == "-":
        raise UsageError(
            "same-target",
            "the report and the output are both standard output",
            hint="Give one of them a file.",
        )
    others = [Path(name) for name in (output, rejects) if name is not None and str(name) != "-"]
    return Report(Reporting(target, format_name, mappings, others, bad.rejects, prefixes))
