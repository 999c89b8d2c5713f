"""Commands that start fast: option values are converted here, not by Pydantic.

Typer converts values with Pydantic, whose import takes about 0.1 s, longer than most queries.
`LightCommand` and `LightGroup` convert the plain types of kg's options, and the words of a choice.
Other types, and limits such as ``min=``, are left to Typer. If a version of Typer works otherwise,
nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

_PLAIN: Final[dict[object, Callable[[str], object]]] = {
    str: str,
    Path: Path,
    int: int,
    float: float,
    bool: bool,  # a flag has no value to convert
}
_NAMES: Final[dict[object, str]] = {int: "a whole number", float: "a number"}


class _Plain:
    """Converts the values of one option, in place of Typer's own converter."""

    def __init__(self, kind: object) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: Any, ctx: Any) -> object:  # noqa: ANN401  (Typer's types)
        """Return a value, or a list of them, in the option's type."""
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return [self._one(each, param, ctx) for each in value]
        return self._one(value, param, ctx)

    def _one(self, value: Any, param: Any, ctx: Any) -> object:  # noqa: ANN401  (as above)
        try:
            return _PLAIN[self._kind](value)
        except ValueError as error:
            raise typer.BadParameter(
                f"{value!r} is not {_NAMES[self._kind]}.", ctx=ctx, param=param
            ) from error


class _Deferred:
    """Replaces Typer's converter, which is made only for a value that needs it."""

    def __init__(self, kind: object, make: Callable[[], Any]) -> None:
        self._kind = kind
        self._make = make

    def coerce(self, value: Any, param: Any, ctx: Any) -> object:  # noqa: ANN401  (Typer's types)
        """Return a value in the option's type: a default as it is, a word of a choice."""
        if value is None:
            return None
        kind = self._kind
        if isinstance(kind, type) and issubclass(kind, StrEnum) and value in list(kind):
            return kind(value)
        return self._make().coerce(value, param, ctx)


def _lighten(params: Sequence[Any]) -> None:
    for param in params:
        descriptor = getattr(param, "type_descriptor", None)
        kind = getattr(descriptor, "annotation", None)
        if getattr(kind, "__origin__", None) is list:
            kind = getattr(kind, "__args__", (None,))[0]
        limited = getattr(descriptor, "is_ranged", True)
        if kind in _PLAIN and not limited:
            converter = _Plain(kind)
            param.get_runtime_param = lambda converter=converter: converter
        elif hasattr(param, "get_runtime_param"):
            deferred = _Deferred(kind, param.get_runtime_param)
            param.get_runtime_param = lambda deferred=deferred: deferred


class LightCommand(TyperCommand):
    """A command whose plain options are converted without Pydantic."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  (Typer's own)
        """Parse the words of the command line."""
        params = self.get_params(ctx)
        _lighten(params)
        given = _give_defaults(ctx, params)
        left = super().parse_args(ctx, args)
        if given:
            _take_back(ctx, given)
        return left


def _give_defaults(ctx: Any, params: Sequence[Any]) -> list[Any]:  # noqa: ANN401  (Typer's own)
    """Let options have the values of kg.toml and of variables, where the user gives none.

    Returns:
        The options that have such a value.
    """
    if ctx.obj is None:  # the command's help is shown, or completed
        return []
    from kg.cli.defaults import defaults_of

    options = {
        name.removeprefix("--"): param
        for param in params
        for name in param.opts
        if name.startswith("--")
    }
    ctx.default_map = defaults_of(ctx.info_name, options, ctx.obj)
    return [param for param in params if param.name in ctx.default_map]


def _take_back(ctx: Any, given: Sequence[Any]) -> None:  # noqa: ANN401  (Typer's own)
    """Take back values that yield to what the command line says of others."""
    from kg.cli.defaults import unneeded

    usual = [each for each in given if ctx.get_parameter_source(each.name).name == "DEFAULT_MAP"]
    ctx.params.update(unneeded(usual, ctx.params))


class LightGroup(TyperGroup):
    """A group whose own plain options are converted without Pydantic."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  (Typer's own)
        """Parse the words of the command line."""
        # Not in the constructor: the options for shell completion are added later.
        _lighten(self.get_params(ctx))
        return super().parse_args(ctx, args)
