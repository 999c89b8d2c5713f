"""The printer: a syntax tree becomes the text of a query again.

The text is one line with blanks between its tokens. It reads back as the same tree, and has no
more brackets than are needed, so that what is not too deep to read is not too deep afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from kg.sparql import tree
from kg.terms import RDF, XSD, escape

_TYPE: Final = tree.Iri(f"{RDF}type")
# How tight operators bind; see `kg.sparql.expression_parser`.
_LEVELS: Final = {"||": 0, "&&": 1, "+": 3, "-": 3, "*": 4, "/": 4}
_COMPARISON: Final = 2
# What is behind FILTER, HAVING and the like without brackets.
_CALLS: Final = (tree.Call, tree.FunctionCall, tree.Exists, tree.Aggregate)
# Literals that are written without quotes. A plus could be taken for that of a path.
_SHORT: Final = {
    f"{XSD}integer": r"-?[0-9]+",
    f"{XSD}decimal": r"-?[0-9]*\.[0-9]+",
    f"{XSD}double": r"-?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+",
    f"{XSD}boolean": "true|false",
}
_LOOSE_PATHS: Final = (tree.PathSequence, tree.PathAlternative, tree.PathInverse)
_PLAIN_LOCAL: Final = r"[A-Za-z0-9_:](?:[A-Za-z0-9_:.\-]*[A-Za-z0-9_:\-])?|"
_ESCAPED: Final = r"[~.\-!$&'()*+,;=/?#@]|%(?![0-9A-Fa-f]{2})"
_NOT_IN_IRI: Final = r"[<>\"{}|^`\\\x00-\x20]"

Write = Callable[[tree.Name | tree.Blank], str]


def print_query(query: tree.Query, write: Write | None = None) -> str:
    """Return the text of a query.

    Args:
        query: Its tree.
        write: Returns a prefixed name or a blank node as it is to be written.
    """
    return text_of(query, write)


def text_of(node: tree.Node, write: Write | None = None) -> str:
    """Return the text of a part of a query; see `print_query`."""
    printer = _Printer(write or written)
    printer.node(node)
    return " ".join(piece for piece in printer.pieces if piece)


def written(node: tree.Name | tree.Blank) -> str:
    """Return a prefixed name or the label of a blank node as SPARQL writes it."""
    if isinstance(node, tree.Blank):
        return f"_:{node.label}"
    local = node.local
    if not re.fullmatch(_PLAIN_LOCAL, local):
        local = re.sub(_ESCAPED, r"\\\g<0>", local)
    return f"{node.prefix}:{local}"


class _Printer:
    """Collects the tokens of a query, one construct with each method."""

    def __init__(self, write: Write) -> None:
        self.pieces: list[str] = []
        self._write = write
        self._put = self.pieces.append

    def node(self, node: tree.Node) -> None:
        _PRINTERS[type(node)](self, node)

    def all(self, nodes: Iterable[tree.Node]) -> None:
        for node in nodes:
            _PRINTERS[type(node)](self, node)

    # -- terms and triples -------------------------------------------------------------------

    def variable(self, node: tree.Variable) -> None:
        self._put(f"?{node.name}")

    def iri(self, node: tree.Iri) -> None:
        text = re.sub(_NOT_IN_IRI, lambda match: f"\\u{ord(match[0]):04X}", node.text)
        self._put(f"<{text}>")

    def named(self, node: tree.Name | tree.Blank) -> None:
        self._put(self._write(node))

    def literal(self, node: tree.Literal) -> None:
        datatype = node.datatype
        short = _SHORT.get(datatype.text) if isinstance(datatype, tree.Iri) else None
        if short is not None and re.fullmatch(short, node.lexical):
            self._put(node.lexical)
            return
        text = f'"{escape(node.lexical)}"'
        self._put(f"{text}@{node.language}" if node.language else text)
        if datatype is not None:
            self._put("^^")
            self.node(datatype)

    def triple_term(self, node: tree.TripleTerm) -> None:
        self._put("<<(")
        self._triple(node)
        self._put(")>>")

    def reified(self, node: tree.ReifiedTriple) -> None:
        self._put("<<")
        self._triple(node)
        if node.reifier:
            self.node(node.reifier)
        self._put(">>")

    def _triple(self, node: tree.TripleTerm | tree.ReifiedTriple) -> None:
        self.node(node.subject)
        self._verb(node.verb)
        self.node(node.object)

    def reifier(self, node: tree.Reifier) -> None:
        self._put("~")
        if node.term is not None:
            self.node(node.term)

    def blank(self, node: tree.BlankNodePropertyList) -> None:
        self._put("[")
        self._properties(node.properties)
        self._put("]")

    def collection(self, node: tree.Collection) -> None:
        self._put("(")
        self.all(node.items)
        self._put(")")

    def annotated(self, node: tree.Annotated) -> None:
        self.node(node.object)
        self.all(node.annotations)

    def annotations(self, node: tree.AnnotationBlock) -> None:
        self._put("{|")
        self._properties(node.properties)
        self._put("|}")

    def property(self, node: tree.Property) -> None:
        start = len(self.pieces)
        self._verb(node.verb)
        self.pieces[start:] = ["".join(self.pieces[start:])]
        for number, each in enumerate(node.objects):
            if number:
                self._put(",")
            self.node(each)

    def _properties(self, properties: Iterable[tree.Property]) -> None:
        for number, each in enumerate(properties):
            if number:
                self._put(";")
            self.property(each)

    def triples(self, node: tree.Triples) -> None:
        self.node(node.subject)
        self._properties(node.properties)
        self._put(".")

    # -- paths -------------------------------------------------------------------------------

    def _verb(self, node: tree.Variable | tree.Path) -> None:
        if node == _TYPE:
            self._put("a")
        else:
            self.node(node)

    def _path(self, node: tree.Path, looser: tuple[type, ...]) -> None:
        """Print a path, in brackets if it binds looser than what is around it."""
        if isinstance(node, looser):
            self._put("(")
            self.node(node)
            self._put(")")
        else:
            self._verb(node)

    def _parts(self, mark: str, parts: Iterable[tree.Path], looser: tuple[type, ...]) -> None:
        for number, each in enumerate(parts):
            if number:
                self._put(mark)
            self._path(each, looser)

    def sequence(self, node: tree.PathSequence) -> None:
        self._parts("/", node.parts, (tree.PathSequence, tree.PathAlternative))

    def alternative(self, node: tree.PathAlternative) -> None:
        self._parts("|", node.parts, (tree.PathAlternative,))

    def inverse(self, node: tree.PathInverse) -> None:
        self._put("^")
        self._path(node.path, _LOOSE_PATHS)

    def repeat(self, node: tree.PathRepeat) -> None:
        self._path(node.path, (*_LOOSE_PATHS, tree.PathRepeat))
        self._put(node.mark)

    def negated(self, node: tree.PathNegated) -> None:
        self._put("!")
        self._put("(")
        self._parts("|", node.parts, ())
        self._put(")")

    # -- expressions -------------------------------------------------------------------------

    def _bracketed(self, node: tree.Expression) -> None:
        self._put("(")
        self.node(node)
        self._put(")")

    def _operand(self, node: tree.Expression, level: int) -> None:
        """Print an operand, in brackets if it does not bind tighter than a level."""
        if _level(node) <= level:
            self._bracketed(node)
        else:
            self.node(node)

    def operation(self, node: tree.Operation) -> None:
        level = _level(node)
        self._operand(node.first, level)
        for operator, operand in node.rest:
            self._put(operator)
            if isinstance(operand, tree.Unary) and operand.operator != "!":
                self._bracketed(operand)
            else:
                self._operand(operand, level)

    def unary(self, node: tree.Unary) -> None:
        operand = node.operand
        self._put(node.operator)
        if isinstance(operand, tree.Unary) and node.operator == operand.operator == "!":
            self.node(operand)
        elif isinstance(operand, tree.Literal | tree.Operation | tree.In | tree.Unary):
            self._bracketed(operand)
        else:
            self.node(operand)

    def in_(self, node: tree.In) -> None:
        self._operand(node.value, _COMPARISON)
        self._put("NOT IN" if node.negated else "IN")
        self._listed(node.options)

    def call(self, node: tree.Call) -> None:
        # In one piece: Oxigraph takes no blank behind COALESCE and CONCAT.
        self._put(f"{node.function}(")
        self._commas(node.arguments)
        self._put(")")

    def function(self, node: tree.FunctionCall) -> None:
        self.node(node.function)
        self._listed(node.arguments)

    def _listed(self, nodes: Iterable[tree.Expression]) -> None:
        self._put("(")
        self._commas(nodes)
        self._put(")")

    def _commas(self, nodes: Iterable[tree.Expression]) -> None:
        for number, each in enumerate(nodes):
            if number:
                self._put(",")
            self.node(each)

    def exists(self, node: tree.Exists) -> None:
        self._put("NOT EXISTS" if node.negated else "EXISTS")
        self._group(node.group)

    def aggregate(self, node: tree.Aggregate) -> None:
        self._put(f"{node.function}(")
        if node.distinct:
            self._put("DISTINCT")
        if node.argument is None:
            self._put("*")
        else:
            self.node(node.argument)
        if node.separator is not None:
            self._put(f'; SEPARATOR = "{escape(node.separator)}"')
        self._put(")")

    def as_(self, node: tree.As) -> None:
        self._put("(")
        self.node(node.expression)
        self._put("AS")
        self.node(node.variable)
        self._put(")")

    def _constraint(self, node: tree.Expression | tree.As) -> None:
        """Print an expression where it is in brackets, or a call."""
        if isinstance(node, (*_CALLS, tree.As)):
            self.node(node)
        else:
            self._bracketed(node)

    # -- patterns ----------------------------------------------------------------------------

    def _group(self, node: tree.Group | tree.Select) -> None:
        if isinstance(node, tree.Group):
            self.group(node)
        else:
            self.inner_select(node)

    def group(self, node: tree.Group) -> None:
        self._put("{")
        for each in node.elements:
            if isinstance(each, tree.Select):
                self.inner_select(each)
            else:
                self.node(each)
        self._put("}")

    def inner_select(self, node: tree.Select) -> None:
        self._put("{")
        self.select(node)
        self._put("}")

    def optional(self, node: tree.Optional) -> None:
        self._put("OPTIONAL")
        self._group(node.group)

    def minus(self, node: tree.Minus) -> None:
        self._put("MINUS")
        self._group(node.group)

    def lateral(self, node: tree.Lateral) -> None:
        self._put("LATERAL")
        self._group(node.group)

    def union(self, node: tree.Union) -> None:
        for number, each in enumerate(node.groups):
            if number:
                self._put("UNION")
            self._group(each)

    def graph(self, node: tree.GraphGroup) -> None:
        self._put("GRAPH")
        self.node(node.name)
        self._group(node.group)

    def service(self, node: tree.Service) -> None:
        self._put("SERVICE SILENT" if node.silent else "SERVICE")
        self.node(node.name)
        self._group(node.group)

    def filter(self, node: tree.Filter) -> None:
        self._put("FILTER")
        self._constraint(node.condition)

    def bind(self, node: tree.Bind) -> None:
        self._put("BIND")
        self.as_(tree.As(node.expression, node.variable))

    def values(self, node: tree.Values) -> None:
        left, right = ("(", ")") if node.bracketed else ("", "")
        self._put(f"VALUES {left}")
        self.all(node.variables)
        self._put(f"{right} {{")
        for row in node.rows:
            self._put(left)
            self.all(row)
            self._put(right)
        self._put("}")

    def undef(self, _: tree.Undef) -> None:
        self._put("UNDEF")

    # -- queries -----------------------------------------------------------------------------

    def query(self, node: tree.Query) -> None:
        self.all(node.prologue)
        self.node(node.body)

    def prefix(self, node: tree.Prefix) -> None:
        self._put(f"PREFIX {node.name}:")
        self.iri(node.iri)

    def base(self, node: tree.Base) -> None:
        self._put("BASE")
        self.iri(node.iri)

    def version(self, node: tree.Version) -> None:
        self._put(f'VERSION "{escape(node.text)}"')

    def dataset(self, node: tree.Dataset) -> None:
        self._put("FROM NAMED" if node.named else "FROM")
        self.node(node.graph)

    def select(self, node: tree.Select) -> None:
        self._put("SELECT")
        if node.modifier:
            self._put(node.modifier)
        if node.items is None:
            self._put("*")
        else:
            self.all(node.items)
        self._rest(node)

    def ask(self, node: tree.Ask) -> None:
        self._put("ASK")
        self._rest(node)

    def construct(self, node: tree.Construct) -> None:
        self._put("CONSTRUCT")
        if node.template is not None:
            self._put("{")
            self.all(node.template)
            self._put("}")
        self._rest(node)

    def describe(self, node: tree.Describe) -> None:
        self._put("DESCRIBE")
        if node.targets is None:
            self._put("*")
        else:
            self.all(node.targets)
        self._rest(node)

    def _rest(self, node: tree.Select | tree.Ask | tree.Construct | tree.Describe) -> None:
        self.all(node.datasets)
        if node.where is not None:
            self._put("WHERE")
            self._group(node.where)
        self._modifiers(node.modifiers)
        if node.values is not None:
            self.values(node.values)

    def _modifiers(self, node: tree.Modifiers) -> None:
        if node.group:
            self._put("GROUP BY")
        for key in node.group:
            if isinstance(key, tree.Variable):
                self.node(key)
            else:
                self._constraint(key)
        if node.having:
            self._put("HAVING")
        for condition in node.having:
            self._constraint(condition)
        if node.order:
            self._put("ORDER BY")
        self.all(node.order)
        if node.limit is not None:
            self._put(f"LIMIT {node.limit}")
        if node.offset is not None:
            self._put(f"OFFSET {node.offset}")

    def order(self, node: tree.Order) -> None:
        if node.descending:
            self._put("DESC")
            self._bracketed(node.expression)
        elif isinstance(node.expression, tree.Variable):
            self.node(node.expression)
        else:
            self._constraint(node.expression)


def _level(node: tree.Expression) -> int:
    """Return how tight an expression binds."""
    if isinstance(node, tree.Operation):
        return _LEVELS.get(node.rest[0][0], _COMPARISON)
    return _COMPARISON if isinstance(node, tree.In) else 9


_PRINTERS: Final[dict[type, Callable[[_Printer, Any], None]]] = {
    tree.Variable: _Printer.variable, tree.Iri: _Printer.iri, tree.Name: _Printer.named,
    tree.Blank: _Printer.named, tree.Literal: _Printer.literal,
    tree.TripleTerm: _Printer.triple_term, tree.ReifiedTriple: _Printer.reified,
    tree.Reifier: _Printer.reifier, tree.BlankNodePropertyList: _Printer.blank,
    tree.Collection: _Printer.collection, tree.Annotated: _Printer.annotated,
    tree.AnnotationBlock: _Printer.annotations, tree.Property: _Printer.property,
    tree.Triples: _Printer.triples, tree.PathSequence: _Printer.sequence,
    tree.PathAlternative: _Printer.alternative, tree.PathInverse: _Printer.inverse,
    tree.PathRepeat: _Printer.repeat, tree.PathNegated: _Printer.negated,
    tree.Operation: _Printer.operation, tree.Unary: _Printer.unary, tree.In: _Printer.in_,
    tree.Call: _Printer.call, tree.FunctionCall: _Printer.function, tree.Exists: _Printer.exists,
    tree.Aggregate: _Printer.aggregate, tree.As: _Printer.as_, tree.Group: _Printer.group,
    tree.Optional: _Printer.optional, tree.Minus: _Printer.minus, tree.Lateral: _Printer.lateral,
    tree.Union: _Printer.union, tree.GraphGroup: _Printer.graph, tree.Service: _Printer.service,
    tree.Filter: _Printer.filter, tree.Bind: _Printer.bind, tree.Values: _Printer.values,
    tree.Undef: _Printer.undef,
    tree.Query: _Printer.query, tree.Prefix: _Printer.prefix, tree.Base: _Printer.base,
    tree.Version: _Printer.version, tree.Dataset: _Printer.dataset, tree.Order: _Printer.order,
    tree.Select: _Printer.select, tree.Ask: _Printer.ask, tree.Construct: _Printer.construct,
    tree.Describe: _Printer.describe,
}  # fmt: skip
