"""Functions of the user's own, loaded from a Python file.

A file is run only where the user names it on the command line, never because it lies somewhere: it
may do all that the user may. Each function whose parameters and result have types can be called by
its name; files that are written for Morph-KGC, with ``@udf(fun_id=…, name=…)``, are taken as they
are.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any, Final, TypeGuard

from kg.errors import InputError, Location
from kg.mapping.own_functions import OwnFunction, OwnParameter, local_part, printable
from kg.mapping.own_modules import find_beside
from kg.paths import read_file, show_path

_TYPES: Final[Mapping[object, str]] = {
    each: each.__name__ for each in (str, int, float, bool, date, datetime, Decimal)
}
_KNOWN: Final = "str, int, float, bool, date, datetime, Decimal, list of one, or one with | None"


def load_functions(*paths: Path) -> Mapping[str, OwnFunction]:
    """Return the functions of Python files, by their names and by the IRIs that they are given.

    Args:
        paths: The files, which are run.

    Raises:
        InputError: A file is missing, is not Python, fails, has no function, or one whose types
            are missing or unknown.
    """
    found: dict[str, OwnFunction] = {}
    for path in paths:
        for name, function in _Loader(path).functions().items():
            if name in found and found[name].place != function.place:
                raise InputError(
                    "bad-functions",
                    f"{name} is defined twice: at {found[name].place} and at {function.place}",
                    location=Location(show_path(path)),
                    hint="Rename one of them.",
                )
            found[name] = function
    return found


class _Loader:
    """Loads one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = show_path(path)
        self.marked: list[tuple[str, Callable[..., object], dict[str, str]]] = []

    def functions(self) -> dict[str, OwnFunction]:
        module = self.run()
        found: dict[str, OwnFunction] = {}
        for iri, call, names in self.marked:
            own = self.function(call, names, is_typed=False)
            found |= {iri: own, own.value: own}
        for name, value in vars(module).items():
            if name.startswith("_") or self.is_marked(value):
                continue
            if _is_function(value) and value.__module__ == module.__name__:
                found[name] = self.function(value, {}, is_typed=True)
        if not found:
            raise self.error(
                "there is no function in it",
                hint="Write one, such as: def shout(text: str) -> str: return text.upper()",
            )
        return found

    def is_marked(self, value: object) -> bool:
        return any(call is value for _, call, _ in self.marked)

    def error(self, message: str, line: int | None = None, hint: str | None = None) -> InputError:
        return InputError("bad-functions", message, location=Location(self.shown, line), hint=hint)

    def run(self) -> types.ModuleType:
        """Run the file as a module; what it imports may lie beside it."""
        source = read_file(self.path)
        module = types.ModuleType(f"kg_functions_{self.path.stem}")
        module.__file__ = str(self.path)
        module.__dict__["udf"] = self.udf
        # Standard output may be what is written.
        module.__dict__["print"] = partial(print, file=sys.stderr)
        # Dataclasses and the like look their module up.
        sys.modules[module.__name__] = module
        beside = str(self.path.resolve().parent)
        sys.path.insert(0, beside)
        find_beside(self.shown)
        try:
            with redirect_stdout(sys.stderr):
                code = compile(source, self.shown, "exec", dont_inherit=True)
                exec(code, module.__dict__)
        except SyntaxError as error:
            shown = Location(error.filename or self.shown, error.lineno)
            raise InputError(
                "bad-functions",
                f"it is not Python: {error.msg}",
                location=shown,
                hint="Mend the file at this place.",
            ) from error
        except (Exception, SystemExit) as error:
            line = line_in(error, self.shown)
            what = f"{type(error).__name__}: {printable(str(error))}"
            raise self.error(f"running it fails: {what}", line, "Mend the file.") from error
        finally:
            sys.path[:] = [folder for folder in sys.path if folder is not beside]
        return module

    def udf(self, fun_id: str, **parameters: str) -> Callable[[Any], Any]:
        """Mark a function as Morph-KGC does: its IRI, and those of its parameters."""

        def marked(call: Callable[..., object]) -> Callable[..., object]:
            self.marked.append((fun_id, call, parameters))
            return call

        return marked

    def function(
        self, call: Callable[..., object], names: Mapping[str, str], *, is_typed: bool
    ) -> OwnFunction:
        """Return a function with the types that it states; without `is_typed`, texts else."""
        plain = inspect.unwrap(call)
        line = plain.__code__.co_firstlineno if inspect.isfunction(plain) else None
        if not _is_function(call):
            raise self.error(
                f"@udf stands at a {type(call).__name__}, which is no function",
                line,
                "Write a function with def that calls it.",
            )
        name = call.__name__
        try:
            hints = typing.get_type_hints(call)
            signature = inspect.signature(call)
        except (Exception, SystemExit) as error:  # annotations are code of the user's
            raise self.error(
                f"a type of {name} is not known: {printable(str(error))}",
                line,
                f"Types: {_KNOWN}.",
            ) from error
        parameters = []
        for each in signature.parameters.values():
            if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
                raise self.error(
                    f"{name} takes any number of arguments ({each})",
                    line,
                    "Name each parameter; one that is a list takes all values.",
                )
            stated = hints.get(each.name)
            if stated is None and is_typed:
                raise self.error(
                    f"the parameter {each.name} of {name} has no type",
                    line,
                    f"Write {each.name}: str, or _{name} if no mapping calls it. Types: {_KNOWN}.",
                )
            kind, is_list, takes_none = self.type_of(
                str if stated is None else stated, f"{name}({each.name})", line
            )
            known = (each.name, *([local_part(names[each.name])] if each.name in names else []))
            optional = each.default is not inspect.Parameter.empty
            parameters.append(OwnParameter(known, kind, is_list, optional, takes_none))
        if "return" not in hints and is_typed:
            raise self.error(
                f"the result of {name} has no type", line, f"Write -> str. Types: {_KNOWN}."
            )
        result, gives_list = "", True  # without a type, it may be one value or several
        if "return" in hints:
            result, gives_list, _ = self.type_of(hints["return"], f"what {name} returns", line)
        # DuckDB takes capitals for small letters.
        sql_name = f"kg_own_{re.sub('[^a-z0-9_]', '', name)}_{md5(name.encode()).hexdigest()[:6]}"
        made = _by_names(call, signature)
        return OwnFunction(
            name, tuple(parameters), result, gives_list, self.shown, line, sql_name, made
        )

    def type_of(self, stated: object, what: str, line: int | None) -> tuple[str, bool, bool]:
        """Return the name of a type, whether it is a list of it, and whether it may be None."""
        takes_none = False
        if typing.get_origin(stated) in (typing.Union, types.UnionType):
            inner = [each for each in typing.get_args(stated) if each is not type(None)]
            takes_none = len(inner) < len(typing.get_args(stated))
            stated = inner[0] if len(inner) == 1 else stated
        is_list = stated is list or typing.get_origin(stated) is list
        if is_list:
            stated = next(iter(typing.get_args(stated)), str)
        if not isinstance(stated, type) or stated not in _TYPES:
            name = getattr(stated, "__name__", str(stated))
            raise self.error(
                f"{what} has the type {name}, which values of mappings do not have",
                line,
                f"Types: {_KNOWN}.",
            )
        return _TYPES[stated], is_list, takes_none


def _is_function(value: object) -> TypeGuard[types.FunctionType]:
    """Return whether a value is a function, or one with ``lru_cache`` or the like around it."""
    return inspect.isfunction(value) or (
        callable(value) and hasattr(value, "__name__") and inspect.isfunction(inspect.unwrap(value))
    )


def _by_names(call: Callable[..., object], signature: inspect.Signature) -> Callable[..., object]:
    """Return a function that takes all its arguments by name, the positional-only ones too."""
    unnamed = [each for each in signature.parameters.values() if each.kind is each.POSITIONAL_ONLY]
    if not unnamed:
        return call

    def called(**given: object) -> object:
        first = [given.pop(each.name, each.default) for each in unnamed]
        return call(*first, **given)

    return called


def line_in(error: BaseException, file: str) -> int | None:
    """Return the last line of a file that an error came through; None: none of it."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return lines[-1] if lines else None
