"""Dataclasses whose methods wait are those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import inspect
import pickle
import sys
from typing import ClassVar, Generic, TypeVar

import pytest

from kg import records
from kg.sparql import tree

T = TypeVar("T")


@records.dataclass(frozen=True, slots=True)
class Base:
    """Has a field that subclasses have behind theirs."""

    kind: ClassVar[str] = "base"
    one: int
    two: list[int] = dataclasses.field(default_factory=list, compare=False)


@records.dataclass(frozen=True, slots=True)
class Child(Base, Generic[T]):
    """Adds to it."""

    three: T | None = None
    size: int = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.one + 1)


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Has fields that are named."""

    name: str


class Parent(metaclass=records.Family):
    """Says that its children are frozen, too."""

    place: int = dataclasses.field(default=0, compare=False, kw_only=True)


class Heir(Parent):
    """One of a family."""

    one: int


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """One of the standard library, for comparison."""

    one: int
    two: str = "x"


@records.dataclass(frozen=True, slots=True)
class Waiting:
    """The same, which waits."""

    one: int
    two: str = "x"


def test_objects_behave_as_those_of_the_standard_library():
    made, same = Child(1, [2], "x"), Child(1, [3], "x")
    assert made == same
    assert hash(made) == hash(same)
    assert made not in {Child(2), Base(1)}
    assert repr(made) == "Child(one=1, two=[2], three='x')"
    assert (made.size, Child.kind) == (2, "base")
    assert dataclasses.replace(made, one=5).size == 6
    assert [copy.copy(made), pickle.loads(pickle.dumps(made))] == [made, made]
    assert dataclasses.astuple(Waiting(1)) == dataclasses.astuple(Plain(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.one = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.one
    assert not hasattr(made, "__dict__")
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required .* 'one'"):
        Child()
    with pytest.raises(TypeError):
        Named("x")
    assert Named(name="x").name == "x"


FIELDS = {
    "needed": dataclasses.field(),
    "left_aside": dataclasses.field(default=1, compare=False),
    "hidden": dataclasses.field(default="x", repr=False),
    "unhashed": dataclasses.field(default_factory=list, hash=False),
    "fixed": dataclasses.field(default=3, init=False),
    "made": dataclasses.field(default_factory=dict, init=False, compare=False),
    "counted": dataclasses.field(default=(), compare=False, hash=None),
}


@pytest.mark.parametrize("chosen", [list(FIELDS)[:end] for end in range(len(FIELDS) + 1)])
def test_each_kind_of_field_is_that_of_the_standard_library(chosen):
    def kind(decorate):
        space = {name: copy.copy(FIELDS[name]) for name in chosen}
        space |= {"__annotations__": dict.fromkeys(chosen, "object"), "__doc__": "A record."}
        return decorate(frozen=True, slots=True)(type("Kind", (), space))

    waiting, plain = kind(records.dataclass), kind(dataclasses.dataclass)
    needed = {"needed": 0} if chosen else {}
    others = {
        name: 7
        for name in chosen
        if FIELDS[name].init and FIELDS[name].default_factory is dataclasses.MISSING
    }
    for given in (needed, {**needed, **others}):
        one, other = waiting(**given), plain(**given)
        assert repr(one) == repr(other)
        assert hash(one) == hash(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert one == waiting(**given)
        assert one != other
        for changed in others:
            more = {**needed, **given, changed: 8}
            assert (one == waiting(**more)) is (other == plain(**more)), changed
    assert str(inspect.signature(waiting)) == str(inspect.signature(plain))
    assert waiting.__match_args__ == plain.__match_args__
    assert str(waiting.__dataclass_params__) == str(plain.__dataclass_params__)
    for name in chosen:
        for change in (lambda each, name: setattr(each, name, 1), delattr):
            errors = []
            for each in (one, other):
                with pytest.raises(dataclasses.FrozenInstanceError) as caught:
                    change(each, name)
                errors.append(str(caught.value))
            assert errors[0] == errors[1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        waiting(**needed).unknown = 1


def test_classes_of_a_family_are_frozen_and_have_slots_without_a_decorator():
    made = Heir(1, place=7)
    assert (made, Heir.__match_args__) == (Heir(1), ("one",))
    assert pickle.loads(pickle.dumps(made)).place == 7
    assert not hasattr(made, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.one = 2


@pytest.mark.parametrize(
    "ask",
    [
        "[f.name for f in dataclasses.fields(Waiting)] == ['one', 'two']",
        "dataclasses.is_dataclass(Waiting)",
        "Waiting.__match_args__ == ('one', 'two')",
        "str(inspect.signature(Waiting)) == str(inspect.signature(Plain))",
        "pickle.loads(TEXT).two == 'y'",
        "Waiting(1).two == 'x'",
    ],
)
def test_what_is_asked_first_makes_the_methods(ask):
    kind = records.dataclass(frozen=True, slots=True)(
        type("Waiting", (), {"__annotations__": {"one": "int", "two": "str"}, "two": "x"})
    )
    kind.__module__ = __name__
    known = {"Plain": Plain, "dataclasses": dataclasses, "inspect": inspect, "pickle": pickle}
    text = pickle.dumps(Waiting(1, "y"))
    assert eval(ask, {**known, "Waiting": kind, "TEXT": text})


def test_few_methods_are_made_as_a_module_is_read(monkeypatch):
    made: list[str] = []
    whole = dataclasses.dataclass

    def counted(**options: bool) -> object:
        def make(plain: type) -> type:
            made.append(plain.__name__)
            return whole(**options)(plain)

        return make

    monkeypatch.setattr(dataclasses, "dataclass", counted)
    spec = importlib.util.spec_from_file_location("kg.sparql.tree_again", tree.__file__)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    assert made == ["Modifiers", "Node"], "there is a constant of these"
    module.Variable("x")
    assert made == ["Modifiers", "Node", "Variable"]
