"""Functions of RML documents: the executions of RML-FNML, and the function values of before.

Of RML-FNML everything is read but parameters that depend on the record; the set of functions is
that of `kg.mapping.functions`. Old documents write a function value as predicate
object maps, one of which has the predicate ``fno:executes``.

Spec: https://kg-construct.github.io/rml-fnml/spec/docs/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import pyoxigraph as ox

from kg.mapping.chosen_functions import choose_call
from kg.mapping.functions import Argument, make_call
from kg.mapping.own_functions import local_part
from kg.mapping.plan import Call, Constant, Expression, JoinCondition, Template, TermType
from kg.mapping.rml_graph import RML, RmlGraph, Term, Value
from kg.mapping.templates import MOST_NESTED
from kg.terms import RDF, RDFS

# The second is of FnO's first years, and of the RML that yarrrml-parser wrote then.
_EXECUTES: Final = (
    "https://w3id.org/function/ontology#executes",
    "http://w3id.org/function/ontology#executes",
)
# What functions may say that they return, without the namespace.
_RETURNS: Final = frozenset(
    {
        *("stringOut", "stringOutput", "output_string", "boolOut", "boolOutput", "listOut"),
        *("output_bool", "o_bool", "o_boolOut", "output_number", "o_number", "output_any"),
        *("o_any", "output_array", "o_array", "output_date", "o_date", "output_datetime"),
        *("o_datetime", "output_decimal", "o_decimal", "protocolOutput", "domainOutput"),
        *("hasStringOutput", "hasProtocolOutput", "hasDomainOutput"),
    }
)
# What a join condition by a function may be.
# Properties of a function value that are none of its parameters.
_NO_PARAMETERS: Final = frozenset({f"{RDF}type", f"{RDFS}label", f"{RDFS}comment"})
_EQUAL: Final = ("equal", "equals")
_ALL: Final = ("and", "boolean_and")
_T = TypeVar("_T")
# Functions that one term may be made by: executions that are shared may stand for very many.
MOST_CALLS: Final = 1000
# Reads the expression of an expression map.
ReadExpression = Callable[[Value], Expression | None]


class FunctionReader:
    """Reads the functions of one document.

    Args:
        graph: The document.
        expression: Reads the expression of the value of a parameter.
    """

    def __init__(self, graph: RmlGraph, expression: ReadExpression) -> None:
        self.graph = graph
        self.expression = expression
        self.open: list[Term] = []
        self.read = 0
        # Whether a value that was read is one of the parent's record.
        self.of_parent = False

    def execution(self, owner: Value, execution: Value) -> Call:
        """Read ``rml:functionExecution`` of an expression map.

        Args:
            owner: The expression map, which may say what is returned.
            execution: The execution.

        Raises:
            InputError: The function or a parameter is not known.
        """
        function = self.named(execution)
        returned = self.stated(owner, "return")
        if returned is not None and local_part(returned.text) not in _RETURNS:
            raise returned.error(f"{returned.text} is nothing that a function returns")
        with_inputs = self.within(execution, self.inputs)
        part = local_part(returned.text) if returned is not None else ""
        return self.call(function, with_inputs, part, self.graph.folder_of(execution))

    def value(self, value: Value) -> Call:
        """Read ``fnml:functionValue`` of a term map, as old documents have it."""
        arguments: list[Argument] = []
        function: Value | None = None
        for name, given in self.within(value, self.pairs):
            if name.text in _EXECUTES:
                function = given
            else:
                arguments.append((name.text, self.of_map(given)))
        if function is None:
            raise value.error(
                "the function value says no function", hint="Give it the predicate fno:executes."
            )
        return self.call(function, arguments, "", self.graph.folder_of(value))

    def joins(self, value: Value) -> list[JoinCondition]:
        """Read the function value of a join condition: that two values are equal, or several are.

        yarrrml-parser writes it so where a side is more than a reference.

        Raises:
            InputError: It is another function, or not of a value of each record.
        """
        name, given = "", list[Value]()
        for parameter, each in self.within(value, self.pairs):
            if parameter.text in _EXECUTES:
                found = _folded(self.of_map(each))
                iri = found.value if isinstance(found, Constant) else ""
                name = local_part(iri).rpartition(":")[2].lower()
            else:
                given.append(each)
        if name in _ALL:
            called = [self.graph.one(each.term, "functionValue") for each in given]
            return [made for each in called if each is not None for made in self.joins(each)]
        sides: dict[bool, Expression] = {}
        for each in given:
            self.of_parent = False
            made = self.of_map(each)
            sides[self.of_parent] = made
        if name not in _EQUAL or len(given) != 2 or len(sides) != 2:
            raise value.unsupported(
                "a join condition by a function says that a value of one record equals one of the"
                " other",
                hint="Write rr:child and rr:parent, or idlab-fn:equal with rml:parentTermMap.",
            )
        return [JoinCondition(sides[False], sides[True])]

    def named(self, execution: Value) -> Value:
        """Return the function of an execution: its IRI, or the map that makes it of the record."""
        long = self.graph.one(execution.term, "functionMap")
        if long is None or self.graph.one(long.term, "constant") is not None:
            return self.constant(execution, "function")
        return long

    def call(self, function: Value, arguments: list[Argument], returned: str, folder: str) -> Call:
        """Return the call of a function that the document names, or that each record does."""
        name, origin = _folded(self.of_map(function)), function.origin
        if isinstance(name, Constant):
            return make_call(name.value, arguments, origin, returned=returned, folder=folder)
        return choose_call(name, arguments, origin, returned=returned, folder=folder)

    # --- parts ----------------------------------------------------------------------------

    def within(self, value: Value, read: Callable[[Value], Iterator[_T]]) -> list[_T]:
        """Read the parts of a function, which must not stand inside of itself."""
        if value.term in self.open:
            raise value.error("a function stands inside of itself")
        if len(self.open) >= MOST_NESTED:
            raise value.error(f"functions are nested more than {MOST_NESTED} deep")
        self.read = self.read + 1 if self.open else 1
        if self.read > MOST_CALLS:
            raise value.error(f"a term is made by more than {MOST_CALLS:,} functions")
        self.open.append(value.term)
        found = list(read(value))
        self.open.pop()
        return found

    def inputs(self, execution: Value) -> Iterator[Argument]:
        """Yield the inputs of an execution, with the IRIs of their parameters."""
        for given in self.graph.all(execution.term, "input"):
            parameter = self.constant(given, "parameter")
            short = self.graph.one(given.term, "inputValue")
            long = self.graph.one(given.term, "inputValueMap")
            if (short is None) == (long is None):
                raise given.error("an input needs one rml:inputValueMap or rml:inputValue")
            value = self.of_map(long) if long is not None else _constant(short or given)
            yield parameter.text, value

    def pairs(self, value: Value) -> Iterator[tuple[Value, Value]]:
        """Yield the parameters of a function value with what they are given.

        Without maps they are properties of it: ``fno:executes grel:toUpperCase``.
        """
        maps = self.graph.all(value.term, "predicateObjectMap")
        for predicate, values in () if maps else self.graph.values.get(value.term, {}).items():
            if not predicate.startswith(RML) and predicate not in _NO_PARAMETERS:
                name = Value(ox.NamedNode(predicate), values[0].origin)
                yield from ((name, each) for each in values)
        for pair in maps:
            name = self.constant(pair, "predicate")
            given = self.graph.all(pair.term, "object", "objectMap")
            if not given:
                raise pair.error("a parameter needs an object map")
            # Several are the values of an array.
            yield from ((name, each) for each in given)

    def of_map(self, value: Value) -> Expression:
        """Return what an expression map gives; a node that is not described is a constant."""
        if not self.graph.described(value.term):
            return _constant(value)
        for side in self.graph.all(value.term, "parentTermMap", "childTermMap"):
            self.of_parent |= bool(self.graph.all(value.term, "parentTermMap"))
            return self.of_map(side)
        found = self.expression(value)
        if found is None:
            raise value.error("the value of a parameter needs a reference, template or constant")
        return found

    def constant(self, owner: Value, what: str) -> Value:
        """Return the value of ``rml:<what>``, or of ``rml:<what>Map`` that is constant."""
        found = self.stated(owner, what)
        if found is None:
            raise owner.error(f"rml:{what} is missing")
        return found

    def stated(self, owner: Value, what: str) -> Value | None:
        """Return the same, or None where neither is there."""
        short = self.graph.one(owner.term, what)
        long = self.graph.one(owner.term, f"{what}Map")
        if short is not None or long is None:
            return short
        found = self.graph.one(long.term, "constant")
        if found is None:
            raise long.error(f"rml:{what}Map must be constant", hint="Name one with rml:constant.")
        return found


def _folded(made: Expression) -> Expression:
    """Return a template without references as the constant that it is."""
    if isinstance(made, Template):
        texts = [part for part in made.parts if isinstance(part, str)]
        if len(texts) == len(made.parts):
            return Constant("".join(texts), TermType.IRI)
    return made


def _constant(value: Value) -> Constant:
    if isinstance(value.term, ox.BlankNode):
        raise value.error("a blank node is no value of a parameter")
    kind = TermType.LITERAL if value.is_literal else TermType.IRI
    return Constant(value.text, kind)
