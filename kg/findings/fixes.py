"""Fix findings whose fix is certain."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kg.errors import InputError, Location
from kg.files import writing
from kg.findings.model import Finding, Fix
from kg.paths import check_inside, read_file, show_path
from kg.temporary import write_text


def apply_fixes(findings: Iterable[Finding], root: Path) -> list[Fix]:
    """Apply the fixes of findings, and return those that were applied.

    A line that has changed since the finding was made is left alone.

    Args:
        findings: The findings.
        root: The folder of the workspace; nothing outside it is changed.

    Raises:
        InputError: A file leads out of the workspace.
        WorldError: A file cannot be written.
    """
    wanted: dict[Path, list[Fix]] = {}
    for finding in findings:
        if finding.fix is not None and finding.fix not in wanted.get(finding.fix.file, ()):
            wanted.setdefault(finding.fix.file, []).append(finding.fix)
    made: list[Fix] = []
    for path, fixes in wanted.items():
        check_inside(path, [root], None)
        made += _mend(path, fixes)
    return made


def _mend(path: Path, fixes: Iterable[Fix]) -> list[Fix]:
    try:
        lines = read_file(path).decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise InputError(
            "bad-encoding",
            f"not UTF-8 at byte {error.start}",
            location=Location(show_path(path)),
            hint="Save the file as UTF-8.",
        ) from error
    made = []
    for fix in fixes:
        if fix.line <= len(lines) and lines[fix.line - 1].count(fix.old) == 1:
            lines[fix.line - 1] = lines[fix.line - 1].replace(fix.old, fix.new)
            made.append(fix)
    if made:
        with writing(path):
            write_text(path, "".join(lines))
    return made
