"""Options that are given once: in ``[defaults]`` of kg.toml, and in variables ``KG_OPT_NAME``.

A workspace may come from anywhere. So what reaches outside of it, runs code, names a target or a
server, or loosens a limit, is taken from the command line alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, Location, UsageError
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
# Commands that no workspace is asked for its defaults.
_APART: Final = frozenset({"help", "init", "peek"})
# Names that an option goes by on other commands.
_ALSO: Final = {"inference": "infer"}
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
    for name, value, error in (*_of_workspace(command, shared), *_of_environment()):
        plain = _ALSO.get(name, name)
        if plain not in ALLOWED:
            raise error(*_refused(plain))
        option = options.get(plain)
        if option is None:
            continue  # another command has it
        made = _value(option, value)
        if made is None:
            raise error(f"{plain} cannot be {value!r}", "See the options of the command: --help.")
        if not _tightens(plain, made, option.default):
            raise error(
                f"{plain} = {value} would loosen a limit",
                f"Limits are raised on the command line alone: --{plain} {value}",
            )
        found[option.name] = made
    return found


_Error = Callable[[str, str], Exception]


def _of_workspace(command: str, shared: Settings) -> Iterator[tuple[str, object, _Error]]:
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
            yield name, value, error
        elif name not in COMMANDS:
            raise error(f"there is no command {name}", f"Commands: {', '.join(COMMANDS)}.")
        elif name == command:
            own = value
    yield from ((name, value, error) for name, value in own.items())


def _of_environment() -> Iterator[tuple[str, object, _Error]]:
    for variable in sorted(os.environ):
        if not variable.startswith(START):
            continue

        def error(message: str, hint: str, variable: str = variable) -> Exception:
            return UsageError("bad-default", f"{variable}: {message}", hint=hint)

        yield variable.removeprefix(START).lower().replace("_", "-"), os.environ[variable], error


def _refused(name: str) -> tuple[str, str]:
    near = nearest(name, ALLOWED)
    guess = f"Did you mean {near}? " if near else ""
    return (
        f"{name} is no option that can be set here",
        f"{guess}Options that reach outside of the workspace, run code or name a target are given"
        f" on the command line alone. Others: {', '.join(sorted(ALLOWED))}.",
    )


def _value(option: Any, value: object) -> Any:  # noqa: ANN401  (Typer's types)
    """Return a value as Typer takes it from a default; None if it is of another kind."""
    if option.is_flag:
        return value if isinstance(value, bool) else _TRUTHS.get(str(value).lower())
    return None if isinstance(value, bool | list | dict) else str(value)


def _tightens(name: str, value: Any, usual: Any) -> bool:  # noqa: ANN401  (Typer's types)
    """Return whether a value of a limit is not looser than that without the option."""
    from kg.errors import KgError
    from kg.sizes import USUAL_MEMORY, parse_size

    try:
        if name == "memory":
            return parse_size(value) <= parse_size(USUAL_MEMORY)
        if name == "timeout":
            return 0 < float(value) <= (usual or float("inf"))
    except (ValueError, KgError):
        return True  # what is wrong with it is told by the command
    return True
