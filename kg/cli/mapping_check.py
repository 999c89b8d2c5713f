"""``kg map --check``, and the options that give values to mappings."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from kg.cli.streams import shown
from kg.errors import ExitCode, InputError, UsageError, raise_all
from kg.variables import Variables
from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kg.cli.context import Settings

# Names of formats to those of `kg.findings.report`.
_FORMATS: Final = {"text": "table", "table": "table", "json": "json", "sarif": "sarif"}
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


def variables_of(given: Sequence[str], allowed: Sequence[str], *, looks_only: bool) -> Variables:
    """Return the values of ``--set`` and the names of ``--env``.

    Raises:
        UsageError: One is not of the right form. Its value is not shown.
    """
    values: dict[str, str] = {}
    for number, text in enumerate(given, 1):
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise UsageError(
                "bad-option",
                f"the {number}. --set is not of the form NAME=VALUE",
                hint="Write --set NAME=VALUE; a name has letters, digits and _.",
            )
        values[name] = value
    for name in allowed:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "bad-option",
                "--env takes the name of a variable alone",
                hint="Write --env NAME; --set NAME=VALUE gives a value.",
            )
    return Variables(values, frozenset(allowed), looks_only)


def checked_folders(folders: Sequence[Path]) -> Sequence[Path]:
    """Return the folders of ``--sources``.

    Raises:
        InputError: One is no folder.
    """
    from kg.paths import is_folder, show_path

    for folder in folders:
        if not is_folder(folder):
            raise InputError(
                "missing-folder",
                f"there is no folder {show_path(folder)} for --sources",
                hint="Check the name.",
            )
    return folders


def check_mappings(
    shared: Settings,
    mappings: Sequence[Path],
    prefixes: Mapping[str, str],
    base: str,
    variables: Variables,
    format_name: str | None,
) -> int:
    """Say what mappings would do, without their data.

    Returns:
        1 if something is unsupported, 2 if a mapping is wrong and that is part of the output.

    Raises:
        InputError: A mapping is wrong; as text, it is told behind the rest.
        UsageError: There is no such format.
    """
    from kg.findings import Level
    from kg.findings.model import cleaned
    from kg.findings.preview import preview
    from kg.findings.report import FORMATS

    name = format_name or "text"
    if name not in _FORMATS:
        raise UsageError(
            "unknown-format",
            f"--check has no format {name!r}",
            hint="Formats: text, json, sarif.",
        )
    found, errors = preview(mappings, prefixes, base, variables)
    found = list(map(cleaned, found))
    form = _FORMATS[name]
    is_text = form == "table"
    codes = {each.code for each in errors}
    told = [each for each in found if not (is_text and each.code in codes)]
    out = shown() if is_text else sys.stdout
    out.write(FORMATS[form](told))
    if is_text:
        raise_all(errors, "the mappings")
    unsupported = [each for each in found if each.level is Level.ERROR and each.code not in codes]
    if not found or all(each.level is Level.INFO for each in found):
        shared.say(f"{counted(len(mappings), 'mapping file')}: nothing is unsupported")
    if errors:
        return ExitCode.INPUT
    return ExitCode.NO if unsupported else ExitCode.DONE
