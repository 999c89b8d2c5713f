"""Options that are given once: in ``[defaults]`` of kg.toml, and in variables ``KG_OPT_NAME``.

A workspace may come from anywhere. So what reaches outside of it, runs code, names a target or a
server, or loosens a limit, is taken from the command line alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, KgError, Location, UsageError
from kg.sizes import USUAL_MEMORY, parse_size
from kg.wording import nearest

if TYPE_CHECKING:
    from kg.cli.context import Settings

START: Final = "KG_OPT_"
# Options with one value, or none, that may be given once, and what they may be; see `_tightens`.
ALLOWED: Final = frozenset(
    {
        *("datatypes", "engine", "fail-on", "fail-on-false", "format"),
        *("infer", "limit", "max-results", "max-rows", "index", "memory", "merged", "records"),
        *("strict", "table", "threads", "timeout", "with-inferred"),
    }
)
# Options of commands that have another meaning there: what a file lacks is not only not shown, and
# what maps a workspace is no business of the workspace.
_ELSEWHERE: Final = frozenset({("map", "limit"), ("build", "engine")})
# Commands that no workspace is asked for its defaults.
_APART: Final = frozenset({"help", "init", "peek"})
# Names that an option goes by on other commands.
_ALSO: Final = {"inference": "infer"}
# Limits that a number sets; `limit` says only how much of an answer is shown.
_LIMITS: Final = frozenset({"timeout", "max-rows", "max-results"})
# Formats of commands that have other ones than text and JSON.
_FORMATS: Final = {"questions": ("table", "json"), "diff": ("text", "json", "patch", "update")}
_TRUTHS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def defaults_of(command: str, options: Mapping[str, Any], shared: Settings) -> dict[str, Any]:
    """Return the values that options of a command have unless the command line says others.

    Args:
        command: Its name.
        options: The options of the command, by their long names without dashes.
        shared: Knows the workspace.

    Returns:
        Values by the names of parameters.

    Raises:
        InputError: kg.toml gives what it may not give, or an option that no command has.
        UsageError: A variable does.
    """
    found: dict[str, Any] = {}
    for name, value, error, is_own in (*_of_workspace(command, shared), *_of_environment()):
        plain = _ALSO.get(name, name)
        if plain not in ALLOWED:
            raise error(*_refused(plain))
        option = options.get(plain)
        if option is None or option.multiple or (command, plain) in _ELSEWHERE:
            continue  # another command has it
        made = _value(command, plain, option, value)
        if made is None:
            if not is_own and _is_elsewhere(command, plain, value):
                continue
            raise error(f"{plain} cannot be {value!r}", f"See the options: kg {command} --help.")
        if not _tightens(plain, made, option.default):
            raise error(
                f"{plain} = {value} would loosen a limit",
                f"Limits are raised on the command line alone: --{plain} {value}",
            )
        found[option.name] = made
    return found


def unneeded(options: Iterable[Any], params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the formats that yield to what the command line says, and what they are without.

    Args:
        options: Those that have a value from here.
        params: The values of all, by their names.
    """
    output = str(params.get("output") or "-")
    for option in options:
        # Without a default of its own, a format is told by the ending of the file.
        is_told = option.default is None and PurePath(output).suffix != ""
        if "--format" in option.opts and (is_told or params.get("check") is True):
            yield option.name, option.default


_Error = Callable[[str, str], Exception]
# A name, its value, the error if it is wrong, and whether it is for this command alone.
_Given = tuple[str, object, _Error, bool]


def _of_workspace(command: str, shared: Settings) -> Iterator[_Given]:
    """Yield the defaults of kg.toml: those for all commands, then those for this one."""
    if command in _APART:
        return
    workspace = shared.workspace_around
    if workspace is None or not workspace.defaults:
        return
    from kg.cli.main import COMMANDS

    shown = workspace.show(workspace.config_file)

    def error(message: str, hint: str) -> Exception:
        return InputError(
            "bad-default", f"[defaults]: {message}", location=Location(shown), hint=hint
        )

    own: dict[str, object] = {}
    for name, value in workspace.defaults.items():
        if not isinstance(value, dict):
            yield name, value, error, False
        elif name not in COMMANDS:
            raise error(f"there is no command {name}", f"Commands: {', '.join(COMMANDS)}.")
        elif name == command:
            own = value
    yield from ((name, value, error, True) for name, value in own.items())


def _of_environment() -> Iterator[_Given]:
    for variable in sorted(os.environ):
        if not variable.startswith(START):
            continue

        def error(message: str, hint: str, variable: str = variable) -> Exception:
            return UsageError("bad-default", f"{variable}: {message}", hint=hint)

        name = variable.removeprefix(START).lower().replace("_", "-")
        yield name, os.environ[variable], error, False


def _refused(name: str) -> tuple[str, str]:
    near = nearest(name, ALLOWED)
    guess = f"Did you mean {near}? " if near else ""
    return (
        f"{name} is no option that can be set here",
        f"{guess}Options that reach outside of the workspace, run code or name a target are given"
        f" on the command line alone. Others: {', '.join(sorted(ALLOWED))}.",
    )


def _value(command: str, name: str, option: Any, value: object) -> Any:  # noqa: ANN401  (Typer's)
    """Return a value as Typer takes it from a default; None if the option cannot have it."""
    if option.is_flag:
        return value if isinstance(value, bool) else _TRUTHS.get(str(value).lower())
    if isinstance(value, bool | list | dict):
        return None
    text, kind = str(value), option.type_descriptor.annotation
    try:
        if kind in (int, float):
            return text if kind(text) >= 0 else None
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return text if text in list(kind) else None
        if name == "memory":
            parse_size(text)
        if name == "format":
            _check_format(command, text)
    except (ValueError, KgError):
        return None
    return text


def _check_format(command: str, name: str) -> None:
    """Refuse a format that a command does not have.

    Raises:
        ValueError: It has not.
        UsageError: It has not.
    """
    if command == "query":
        from kg.queries.formats import check_format_name

        check_format_name(name, None)
    elif command in ("export", "map"):
        from kg.exports.formats import choose_format

        choose_format("-", name)
    elif command == "describe":
        from kg.describe import card_form

        card_form(Path("-"), name)
    else:
        _FORMATS.get(command, ("text", "json")).index(name)


def _is_elsewhere(command: str, name: str, value: object) -> bool:
    """Return whether another command has an option of that name that can have the value."""
    import typer

    from kg.cli.main import command_line

    group: Any = typer.main.get_command(command_line())
    return any(
        _value(other, name, option, value) is not None
        for other, each in group.commands.items()
        if other not in {command, *_APART}
        for option in each.params
        if any(_ALSO.get(o[2:], o[2:]) == name for o in option.opts) and not option.multiple
    )


def _tightens(name: str, value: Any, usual: Any) -> bool:  # noqa: ANN401  (Typer's types)
    """Return whether a value of a limit is not looser than that without the option."""
    if name == "memory":
        return parse_size(value) <= parse_size(USUAL_MEMORY)
    if name == "threads":
        return 0 < int(value) <= (os.cpu_count() or 1)
    if name in _LIMITS:  # 0 is for none
        return 0 < float(value) <= (usual or float("inf"))
    return True
