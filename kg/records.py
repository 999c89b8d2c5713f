"""Dataclasses whose methods are made when the first object is.

Python writes and compiles the methods of a dataclass as its module is read, which takes half a
millisecond for each. kg has hundreds of small ones, and a command makes objects of few: half of the
time that it took to read its modules went into methods that it never called.

Type checkers see `dataclasses.dataclass`. It finds the fields in the end; the methods of usual
classes are made here, and those of all others by it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import get_annotations  # which dataclasses needs, too
from operator import attrgetter
from reprlib import recursive_repr
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

# The last tells other threads that all are made.
_MADE: Final = ("__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__init__")
_TOLD: Final = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")
# What a class may have written itself.
_OWN: Final = frozenset(_MADE)
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
    kind = type(plain)
    made: Any = type.__new__(kind, plain.__name__, plain.__bases__, space)

    def finish() -> None:
        with _lock:
            if "__signature__" not in made.__dict__:
                return  # another thread was here first
            usual = not (options or _OWN & plain.__dict__.keys() or _has_base(plain))
            methods = _usual(plain, made) if usual else _standard(plain, options)
            for name in (*_TOLD, *_MADE):
                setattr(made, name, methods[name])
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


def _has_base(plain: type) -> bool:
    # Not `is_dataclass`, which would make the methods of the base.
    return any("__dataclass_fields__" in base.__dict__ for base in plain.__mro__[1:])


def _standard(plain: type, options: Mapping[str, bool]) -> Mapping[str, Any]:
    """Return the methods of a frozen class as the standard library makes them."""
    dataclasses.dataclass(frozen=True, **options)(plain)
    return plain.__dict__


def _usual(plain: type, made: Any) -> Mapping[str, Any]:  # noqa: ANN401  (a class with slots)
    """Return the methods of a frozen class that has no base and no method of its own for them.

    The standard library compiles six texts, which takes four times as long; here only the text of
    ``__init__`` is compiled, which puts values into slots.
    """
    plain.__doc__ = plain.__doc__ or "-"  # else the signature is worked out for it
    dataclasses.dataclass(init=False, repr=False, eq=False)(plain)
    fields = dataclasses.fields(plain)
    names = frozenset(field.name for field in fields)
    told, of_frozen = plain.__dict__, _Frozen.__dataclass_params__  # type: ignore[attr-defined]
    values = _values(field.name for field in fields if field.compare)
    keys = _values(
        field.name for field in fields if (field.compare if field.hash is None else field.hash)
    )
    shown = [field.name for field in fields if field.repr]

    def __eq__(self: object, other: object) -> bool:
        return (
            values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented
        )

    def __hash__(self: object) -> int:
        return hash(keys(self))

    @recursive_repr()
    def __repr__(self: object) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({parts})"

    def __setattr__(self: object, name: str, value: object) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    methods = (__repr__, __eq__, __hash__, __setattr__, __delattr__, _init(fields, made))
    named = dict(zip(_MADE, methods, strict=True))
    return {**{name: told[name] for name in _TOLD}, "__dataclass_params__": of_frozen, **named}


def _values(names: Iterable[str]) -> Callable[[object], tuple[object, ...]]:
    """Return what gives the values of attributes as a tuple."""
    found = tuple(names)
    if len(found) > 1:
        return attrgetter(*found)
    return lambda record: tuple(getattr(record, name) for name in found)


def _init(fields: Iterable[dataclasses.Field[Any]], made: Any) -> object:  # noqa: ANN401  (a class)
    """Return ``__init__`` of a class with slots for some fields."""
    given, lines = ["self"], []
    known: dict[str, object] = {"_made": _FACTORY}
    for field in fields:
        name, default = field.name, f"_of_{field.name}"
        known[f"_set_{name}"] = made.__dict__[name].__set__
        if field.default is not dataclasses.MISSING:
            known[default] = field.default
            parameter, value = f"{name}={default}", name
        elif field.default_factory is not dataclasses.MISSING:
            known[default] = field.default_factory
            default += "()"
            parameter, value = f"{name}=_made", f"{default} if {name} is _made else {name}"
        else:
            parameter, value, default = name, name, ""
        if field.init:
            given.append(parameter)
        if field.init or default:
            lines.append(f"  _set_{name}(self, {value if field.init else default})")
    if hasattr(made, "__post_init__"):
        lines.append("  self.__post_init__()")
    exec(f"def __init__({', '.join(given)}):\n" + "\n".join(lines or ["  pass"]), known)
    init: Any = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    types = {field.name: field.type for field in fields if field.init}
    init.__annotations__ = {**types, "return": None}
    return init


class _Factory:
    """Stands for a value that a field makes for itself."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY: Final = _Factory()


@dataclasses.dataclass(frozen=True)
class _Frozen:
    """Tells what the standard library tells of a frozen class."""


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class Family(type):
    """The metaclass of classes that are all frozen dataclasses with slots, as their base says."""

    def __new__(  # noqa: D102  (its class says what it makes)
        mcs, name: str, bases: tuple[type, ...], space: dict[str, object]
    ) -> Any:  # noqa: ANN401  (the class)
        if not bases and "__annotations__" not in space:  # it only names the family
            return super().__new__(mcs, name, bases, {**space, "__slots__": ()})
        return _waiting(super().__new__(mcs, name, bases, space), {})


class _Late:
    """What is told of a class once its methods are made, which asking for it does."""

    def __init__(self, name: str, finish: Callable[[], None]) -> None:
        self._name = name
        self._finish = finish

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401  (of any kind)
        self._finish()
        return getattr(owner, self._name)
