"""Objects of YARRRML that are subjects of another mapping.

A condition ``equal`` between a value of the child record (``s``) and one of the parent record
(``o``) is a join condition; without marks, the first parameter is the child's. Any other condition,
such as one with a constant, must be about the child record alone, and chooses the records that
take part.

Spec: https://rml.io/yarrrml/spec/#referring-to-other-mappings
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kg.mapping.functions import make_call
from kg.mapping.own_functions import local_part
from kg.mapping.plan import Call, Expression, Function, JoinCondition, RefObjectMap, references
from kg.mapping.templates import CallText
from kg.mapping.yaml_nodes import Node
from kg.mapping.yarrrml_terms import (
    CONDITIONS,
    FUNCTION,
    TermReader,
    parameter_parts,
    parameters_of,
)

_MAPPINGS: Final = ("mapping", "mappings", "m")
# A value of a condition, and the side that it says it is of.
_Side = tuple[str | None, Expression, str | None]


class JoinReader:
    """Reads the references to mappings of one document.

    Args:
        terms: Reads expressions.
        full_name: Gives the name that a mapping has in the plan, None where there is none.
        mappings: The names of all mappings.
    """

    def __init__(
        self,
        terms: TermReader,
        full_name: Callable[[str], str | None],
        mappings: Iterable[str],
    ) -> None:
        self.terms = terms
        self.full_name = full_name
        self.mappings = mappings

    def is_join(self, node: Node) -> bool:
        """Tell ``function: join(mapping=m, equal(…))`` from other functions."""
        return self.shortcut(node) is not None

    def shortcut(self, node: Node) -> CallText | None:
        """Return the call of ``join`` that an object is, if it is one."""
        function = node.get(*FUNCTION)
        if function is None or not isinstance(function.value, str):
            return None
        written = self.terms.call_text(function, function.value)
        return written if written and written.name == "join" else None

    def objects(self, node: Node) -> tuple[RefObjectMap, ...]:
        """Return one object map for each mapping that an object refers to.

        Raises:
            InputError: There is no such mapping, or a condition is none that joins.
        """
        written = self.shortcut(node)
        if written is not None:
            return (self.from_shortcut(node, written),)
        target = node.get(*_MAPPINGS)
        assert target is not None
        names = [self.name(each, each.text("mapping")) for each in target.items()]
        found = node.get(*CONDITIONS)
        made = [m for each in (found.items() if found else ()) for m in self.condition(each)]
        joins = tuple(m for m in made if isinstance(m, JoinCondition))
        rest = tuple(m for m in made if isinstance(m, Call))
        condition = Call(Function.AND, rest) if len(rest) > 1 else next(iter(rest), None)
        # Without a condition it is what yarrrml-parser makes of it: RML of before.
        return tuple(
            RefObjectMap(name, joins, condition, is_older=True, origin=node.origin)
            for name in names
        )

    def name(self, node: Node, name: str) -> str:
        """Return the name that a mapping has in the plan."""
        found = self.full_name(name)
        if found is None:
            raise node.error(
                f"there is no mapping {name!r}", hint=f"Mappings: {', '.join(self.mappings)}."
            )
        return found

    def from_shortcut(self, node: Node, written: CallText) -> RefObjectMap:
        """Read ``join(mapping=m, equal(str1=$(a), str2=$(b)))``."""
        name: str | None = None
        joins: list[JoinCondition] = []
        for parameter, value in written.arguments:
            if isinstance(value, CallText):
                joins += [m for m in self.of_text(node, value) if isinstance(m, JoinCondition)]
            elif parameter == "mapping":
                name = self.name(node, value)
        if name is None or len(joins) != len(written.arguments) - 1:
            raise node.error(
                "a join needs a mapping and conditions",
                hint="Write join(mapping=other, equal(str1=$(a), str2=$(b))).",
            )
        return RefObjectMap(name, tuple(joins), origin=node.origin)

    # --- conditions -----------------------------------------------------------------------

    def condition(self, node: Node) -> Iterator[JoinCondition | Call]:
        """Yield the join conditions of a condition, or the condition itself."""
        function = node.get(*FUNCTION) if node.is_map else node
        if function is None:
            raise node.error("a function is needed", hint="Write function: equal.")
        text = function.text("a function")
        written = self.terms.call_text(function, text)
        if written is not None:
            yield from self.of_text(node, written)
            return
        if local_part(self.terms.function_name(text)).lower() in ("and", "boolean_and"):
            for parameter in parameters_of(node):
                yield from self.condition(parameter_parts(parameter)[1])
            return
        sides: list[_Side] = []
        for parameter in parameters_of(node):
            name, value = self.terms.argument(parameter)
            sides.append((name, value, _side_of(parameter)))
        arguments = [(name, value) for name, value, _ in sides]
        call = make_call(self.terms.function_name(text), arguments, node.origin, text)
        yield from self.joined(node, call, sides)

    def of_text(self, node: Node, written: CallText) -> Iterator[JoinCondition | Call]:
        """Yield the same of a condition that is written in one line."""
        call = self.terms.from_text(node, written)
        if call.function is Function.AND:
            for part in written.arguments:
                if isinstance(part[1], CallText):
                    yield from self.of_text(node, part[1])
            return
        yield from self.joined(node, call, [(None, value, None) for value in call.arguments])

    def joined(self, node: Node, call: Call, sides: list[_Side]) -> Iterator[JoinCondition | Call]:
        """Yield what a call is: a join condition, or a condition on the child record.

        Args:
            node: Where it stands.
            call: The call.
            sides: Its arguments, with ``s`` or ``o`` where they say whose value they are.
        """
        marked = {side for _, _, side in sides}
        is_join = "o" in marked or all(map(references, call.arguments))
        if call.function is Function.EQUAL and is_join:
            if marked == {None}:
                yield JoinCondition(*call.arguments)
                return
            of = {id(value): side or "s" for _, value, side in sides}
            first, second = (of[id(value)] for value in call.arguments)
            if (first, second) == ("s", "o"):
                yield JoinCondition(call.arguments[0], call.arguments[1])
                return
            if (first, second) == ("o", "s"):
                yield JoinCondition(call.arguments[1], call.arguments[0])
                return
        if "o" in marked:
            raise node.error(
                "only equal compares with a value of the other mapping",
                hint="parameters: [[str1, $(child column), s], [str2, $(parent column), o]]",
            )
        if not call.function.is_boolean:
            raise node.error(f"a condition is true or false, not {call.function.value}")
        yield call


def _side_of(parameter: Node) -> str | None:
    """Return the side that a parameter, or one of the function in it, says."""
    _, value, side = parameter_parts(parameter)
    if side is None and value.is_map:
        found = {_side_of(each) for each in parameters_of(value)} - {None}
        if len(found) > 1:
            raise parameter.error("a value is of the subject or of the object, not of both")
        return next(iter(found), None)
    return side
