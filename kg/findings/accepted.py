"""Findings and losses that are intended: they are not reported until they change.

They are in ``accepted.toml`` beside ``kg.toml``, a table for each kind and a line for each
finding, which ``kg check --accept`` writes and a person can edit; or as patterns under ``[check]``
in ``kg.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Final

from kg.errors import InputError, Location
from kg.files import writing
from kg.findings.model import Finding
from kg.paths import is_file, read_file, show_path
from kg.records import dataclass
from kg.temporary import write_text
from kg.workspace import ACCEPTED_NAME

LOST_RECORDS: Final = "lost-records"
# Records that may be lost in addition to the accepted ones.
_FEW: Final = 5
_HEAD: Final = """\
# What `kg build` and `kg check` need not report, since it is intended. Written by
# `kg check --accept`; edit it as you like. A finding is reported again once it counts more than
# here (records that gave nothing: than a tenth and five more than here, or than twice as many).
# A reason may be given: "what it is about" = {count = 2, why = "the source has no more"}
"""
_KEYS: Final = {"count", "why"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted findings and losses.

    Attributes:
        counts: Code and subject of each finding, with the count up to which it is accepted.
        reasons: Why, as a person wrote it, for some of them.
        patterns: Codes, or a code, a colon and a pattern of subjects, as kg.toml has them.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()

    def covers(self, code: str, about: str, count: int) -> bool:
        """Return whether a finding is accepted."""
        known = self.counts.get((code, about))
        if known is not None and count <= known + _allowance(code, known):
            return True
        return any(fnmatchcase(f"{code}: {about}", _whole(pattern)) for pattern in self.patterns)

    def new(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that are not accepted."""
        return [each for each in findings if not self.covers(each.code, each.about, each.count)]


def _allowance(code: str, count: int) -> int:
    """Return by how much a finding may grow before it is reported again.

    Values that may be missing are missing in new records, too.
    """
    return min(count, max(_FEW, count // 10)) if code == LOST_RECORDS else 0


def _whole(pattern: str) -> str:
    return pattern if ":" in pattern else f"{pattern}: *"


def read_accepted(root: Path, patterns: Sequence[str] = ()) -> Accepted:
    """Return the findings and losses that a workspace accepts.

    Args:
        root: The folder of the workspace.
        patterns: The patterns of ``kg.toml``.

    Raises:
        InputError: ``accepted.toml`` cannot be read.
    """
    path = root / ACCEPTED_NAME
    if not is_file(path):
        return Accepted(patterns=tuple(patterns))
    counts, reasons = {}, {}
    for code, table in _content(path).items():
        if not isinstance(table, dict):
            raise _wrong(path, f"{code} must be a table")
        for about, value in table.items():
            entry = value if isinstance(value, dict) else {"count": value}
            count, why = entry.get("count", 1), entry.get("why", "")
            is_count = isinstance(count, int) and not isinstance(count, bool)
            if set(entry) - _KEYS or not is_count or not isinstance(why, str):
                raise _wrong(path, f"{about!r} must have a count, or {{count = 1, why = …}}")
            counts[code, about] = count
            reasons[code, about] = why
    return Accepted(counts, reasons, tuple(patterns))


def _content(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_file(path).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = Location(show_path(path), *(map(int, match.groups()) if match else ()))
        raise InputError(
            "bad-config",
            f"not valid TOML: {str(error).split(' (at ')[0]}",
            location=place,
            hint="Mend it, or remove the file and write it anew with `kg check --accept`.",
        ) from error


def _wrong(path: Path, what: str) -> InputError:
    return InputError(
        "bad-config",
        what,
        location=Location(show_path(path)),
        hint="Remove the file and write it anew with `kg check --accept`.",
    )


def accept(root: Path, findings: Sequence[Finding], before: Accepted) -> int:
    """Replace the content of ``accepted.toml`` by these findings; reasons are kept.

    Args:
        root: The folder of the workspace.
        findings: All findings to accept.
        before: The findings accepted before.

    Returns:
        The number of findings that were not accepted before.

    Raises:
        WorldError: The disk failed.
    """
    lines: list[str] = []
    by_key = {(each.code, each.about): each for each in findings}
    for code, group in groupby(sorted(by_key), lambda key: key[0]):
        lines.append(f"\n[{code}]\n")
        for key in group:
            count, why = by_key[key].count, before.reasons.get(key, "")
            value = f"{{count = {count}, why = {_quoted(why)}}}" if why else str(count)
            lines.append(f"{_quoted(key[1])} = {value}\n")
    text = _HEAD + "".join(lines)
    with writing(root / ACCEPTED_NAME):
        write_text(root / ACCEPTED_NAME, text)
    return len(before.new(findings))


def _quoted(text: str) -> str:
    r"""Return a text as a basic string of TOML.

    >>> _quoted('a "b"\n')
    '"a \\"b\\"\\u000A"'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04X}", escaped) + '"'
