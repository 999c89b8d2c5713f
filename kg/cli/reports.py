"""Write the report of a validation to standard output or a file, in a format."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO

from kg.cli.streams import shown
from kg.errors import UsageError

STANDARD_OUTPUT = Path("-")


class ReportFormat(StrEnum):
    """The formats of results."""

    TABLE = "table"
    TURTLE = "turtle"
    JSON = "json"
    SARIF = "sarif"
    CSV = "csv"
    GITHUB = "github"
    JUNIT = "junit"
    HTML = "html"


def chosen_format(form: ReportFormat | None, output: Path | None) -> ReportFormat:
    """Return the format by an option or the ending of a file, else the table.

    Raises:
        UsageError: The ending is not that of a format.
    """
    from kg.validation.formats import ENDINGS

    if form is not None:
        return form
    if output in (None, STANDARD_OUTPUT):
        return ReportFormat.TABLE
    assert output is not None
    named = ENDINGS.get(output.suffix.lower())
    if named is None:
        raise UsageError(
            "unknown-format",
            f"cannot tell the format of the report from the file name {output}",
            hint=f"Add --format, or take one of {', '.join(ENDINGS)}.",
        )
    return ReportFormat(named)


@contextmanager
def opened(form: ReportFormat, output: Path | None) -> Iterator[IO[str]]:
    """Give a stream for a report, which is put in place if the body succeeds.

    Half a report is useless: standard output gets it when it is complete, and a file is replaced
    in one step.

    Args:
        form: The format.
        output: The file; None or - is standard output.

    Raises:
        WorldError: It cannot be written.
    """
    if output is not None and output != STANDARD_OUTPUT:
        from kg.files import replacing

        with replacing(output) as part, part.open("w", encoding="utf-8", newline="") as out:
            yield shown(out) if form is ReportFormat.TABLE else out
    elif form is ReportFormat.TABLE:
        yield shown()  # it is written at the end anyway
    else:
        from kg.temporary import scratch_file

        with scratch_file() as whole:
            yield whole
            whole.seek(0)
            shutil.copyfileobj(whole, sys.stdout)
