"""Dataclasses whose methods are made when the first object is.

Python writes and compiles the methods of a dataclass as its module is read, which takes half a
millisecond for each. kg has hundreds of small ones, and a command makes objects of few: half of the
time that it took to read its modules went into methods that it never called.

Type checkers see `dataclasses.dataclass`, and that is what makes the methods in the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from inspect import get_annotations  # which dataclasses needs, too
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

# The last tells other threads that all are made.
_MADE: Final = ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__init__")
_TOLD: Final = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")
_lock: Final = RLock()


if not TYPE_CHECKING:

    def dataclass(plain: type | None = None, /, **options: bool) -> object:
        """Do as `dataclasses.dataclass`; the methods of frozen classes with slots wait."""
        if plain is None:
            return partial(dataclass, **options)
        if not (options.pop("frozen", False) and options.pop("slots", False)):
            return dataclasses.dataclass(plain, **options)
        return _waiting(plain, options)


def _waiting(plain: type, options: dict[str, bool]) -> object:
    """Return a class with slots for the fields of a plain one, whose methods are not made yet."""
    fields = [
        name
        for name, kind in get_annotations(plain).items()
        if not str(kind).startswith("ClassVar")
    ]
    taken = {slot for base in plain.__mro__[1:] for slot in base.__dict__.get("__slots__", ())}
    without = {*fields, "__dict__", "__weakref__"}
    space = {name: value for name, value in plain.__dict__.items() if name not in without}
    space["__slots__"] = tuple(name for name in fields if name not in taken)
    space["__qualname__"] = plain.__qualname__
    made: Any = type(plain)(plain.__name__, plain.__bases__, space)

    def finish() -> None:
        with _lock:
            if "__signature__" not in made.__dict__:
                return  # another thread was here first
            dataclasses.dataclass(frozen=True, **options)(plain)
            for name in (*_TOLD, *_MADE):
                setattr(made, name, plain.__dict__[name])
            del made.__signature__

    def __init__(self: object, *words: object, **named: object) -> None:
        finish()
        made.__init__(self, *words, **named)

    def __getstate__(self: object) -> list[object]:
        return [getattr(self, field.name) for field in dataclasses.fields(made)]

    def __setstate__(self: object, state: list[object]) -> None:
        for field, value in zip(dataclasses.fields(made), state, strict=True):
            object.__setattr__(self, field.name, value)

    made.__init__, made.__getstate__, made.__setstate__ = __init__, __getstate__, __setstate__
    for name in (*_TOLD, "__signature__"):
        setattr(made, name, _Late(name, finish))
    return made


class _Late:
    """What is told of a class once its methods are made, which asking for it does."""

    def __init__(self, name: str, finish: Callable[[], None]) -> None:
        self._name = name
        self._finish = finish

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401  (of any kind)
        self._finish()
        return getattr(owner, self._name)
