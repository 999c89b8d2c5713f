"""The syntax tree of a SPARQL query: a frozen node for each construct of the grammar.

Each node knows its place in the text. Places do not count when trees are compared, so that
``parse(print(tree)) == tree``. IRIs and names are kept as the text has them, escapes resolved;
`kg.sparql.names` resolves them. Brackets, ``a``, ``ASC`` and comments leave no trace.

Chains of operators and of paths are flat, so that a tree is only as deep as the text's brackets.

Spec: https://www.w3.org/TR/sparql12-query/#sparqlGrammar
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, NamedTuple, TypeAlias
from typing import Literal as OneOf

from kg.records import Family
from kg.sparql.words import Form


class Span(NamedTuple):
    """The place of a node in its text, as offsets in code points; `end` is behind it."""

    start: int
    end: int


# The place of what a text implies: the datatype of a number, modifiers that are not there.
NOWHERE: Final = Span(0, 0)


class Node(metaclass=Family):
    """A part of a query.

    Attributes:
        span: Its place in the text.
    """

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# -- terms ---------------------------------------------------------------------------------------


class Variable(Node):
    """``?name`` or ``$name``."""

    name: str


class Iri(Node):
    """An IRI in ``< >``, which may be relative."""

    text: str


class Name(Node):
    """A prefixed name; `local` without escapes."""

    prefix: str
    local: str


class Blank(Node):
    """A blank node with a label: ``_:label``."""

    label: str


class Literal(Node):
    """A literal; numbers and truth values have their datatype.

    Attributes:
        lexical: The text, without quotes and escapes.
        datatype: As written; None for plain texts and texts with a language.
        language: The tag as written, with its direction.
    """

    lexical: str
    datatype: Iri | Name | None = None
    language: str | None = None


class TripleTerm(Node):
    """``<<( subject verb object )>>``."""

    subject: GraphNode
    verb: Variable | Iri | Name
    object: GraphNode


class Reifier(Node):
    """``~ term``: a name of a triple; None for a new blank node."""

    term: GraphNode | None


class ReifiedTriple(Node):
    """``<< subject verb object ~ reifier >>``, which stands for its reifier."""

    subject: GraphNode
    verb: Variable | Iri | Name
    object: GraphNode
    reifier: Reifier | None = None


class BlankNodePropertyList(Node):
    """A blank node in ``[ ]`` with what is said of it; ``[]`` if that is nothing."""

    properties: tuple[Property, ...] = ()


class Collection(Node):
    """A list in ``( )``; ``()`` is ``rdf:nil``."""

    items: tuple[GraphNode, ...] = ()


# -- triples and paths ---------------------------------------------------------------------------


class AnnotationBlock(Node):
    """``{| properties |}`` behind an object: what is said of the triple."""

    properties: tuple[Property, ...]


class Annotated(Node):
    """An object with what is said of its triple."""

    object: GraphNode
    annotations: tuple[Reifier | AnnotationBlock, ...]


class Property(Node):
    """A verb with its objects."""

    verb: Verb
    objects: tuple[GraphNode | Annotated, ...]


class Triples(Node):
    """A subject with its properties; without any for ``[ … ] .`` and ``<< … >> .``."""

    subject: GraphNode
    properties: tuple[Property, ...] = ()


class PathSequence(Node):
    """``path / path``."""

    parts: tuple[Path, ...]


class PathAlternative(Node):
    """``path | path``."""

    parts: tuple[Path, ...]


class PathInverse(Node):
    """``^path``."""

    path: Path


class PathRepeat(Node):
    """``path*``, ``path+`` or ``path?``."""

    path: Path
    mark: OneOf["*", "+", "?"]


class PathNegated(Node):
    """``!(property | ^property)``."""

    parts: tuple[Iri | Name | PathInverse, ...]


# -- expressions ---------------------------------------------------------------------------------


class Operation(Node):
    """Operands with operators of one precedence between them, from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Unary(Node):
    """``!x``, ``-x`` or ``+x``."""

    operator: str
    operand: Expression


class In(Node):
    """``value IN (options)`` or ``value NOT IN (options)``."""

    value: Expression
    options: tuple[Expression, ...]
    negated: bool = False


class Call(Node):
    """A call of a function of SPARQL's own; its name in capitals."""

    function: str
    arguments: tuple[Expression, ...] = ()


class FunctionCall(Node):
    """A call of a function that has an IRI."""

    function: Iri | Name
    arguments: tuple[Expression, ...] = ()


class Exists(Node):
    """``EXISTS { … }`` or ``NOT EXISTS { … }``."""

    group: Group | Select
    negated: bool = False


class Aggregate(Node):
    """A call of an aggregate; without argument for ``COUNT(*)``."""

    function: str
    argument: Expression | None
    distinct: bool = False
    separator: str | None = None


class As(Node):
    """``(expression AS ?variable)``, in SELECT and GROUP BY."""

    expression: Expression
    variable: Variable


# -- patterns ------------------------------------------------------------------------------------


class Group(Node):
    """``{ … }``."""

    elements: tuple[Element, ...] = ()


class Optional(Node):
    """``OPTIONAL { … }``."""

    group: Group | Select


class Minus(Node):
    """``MINUS { … }``."""

    group: Group | Select


class Lateral(Node):
    """``LATERAL { … }``: Oxigraph's own."""

    group: Group | Select


class Union(Node):
    """``{ … } UNION { … }``."""

    groups: tuple[Group | Select, ...]


class GraphGroup(Node):
    """``GRAPH name { … }``."""

    name: Variable | Iri | Name
    group: Group | Select


class Service(Node):
    """``SERVICE name { … }``, which the guard refuses."""

    name: Variable | Iri | Name
    group: Group | Select
    silent: bool = False


class Filter(Node):
    """``FILTER condition``."""

    condition: Expression


class Bind(Node):
    """``BIND(expression AS ?variable)``."""

    expression: Expression
    variable: Variable


class Undef(Node):
    """``UNDEF``: no value, in a row of VALUES."""


class Values(Node):
    """``VALUES (variables) { rows }``, or with one variable and no brackets."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[DataTerm, ...], ...] = ()
    bracketed: bool = True


# -- queries -------------------------------------------------------------------------------------


class Prefix(Node):
    """``PREFIX name: <iri>``."""

    name: str
    iri: Iri


class Base(Node):
    """``BASE <iri>``."""

    iri: Iri


class Version(Node):
    """``VERSION "1.2"``."""

    text: str


class Dataset(Node):
    """``FROM graph`` or ``FROM NAMED graph``."""

    graph: Iri | Name
    named: bool = False


class Order(Node):
    """A key of ORDER BY."""

    expression: Expression
    descending: bool = False


class Modifiers(Node):
    """What is behind the pattern: grouping, order and slice."""

    group: tuple[Expression | As, ...] = ()
    having: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None


PLAIN: Final = Modifiers()


class Select(Node):
    """A SELECT, of the query or within a group.

    Attributes:
        modifier: ``DISTINCT``, ``REDUCED`` or nothing.
        items: What is selected; None for ``*``.
        datasets: The FROM clauses.
        where: The pattern.
        modifiers: What is behind the pattern.
        values: The VALUES at the end.
        star: The place of ``*``.
    """

    modifier: OneOf["", "DISTINCT", "REDUCED"]
    items: tuple[Variable | As, ...] | None
    datasets: tuple[Dataset, ...]
    where: Group | Select
    modifiers: Modifiers = PLAIN
    values: Values | None = None
    star: Span = field(default=NOWHERE, compare=False, repr=False)


class Ask(Node):
    """An ASK."""

    datasets: tuple[Dataset, ...]
    where: Group | Select
    modifiers: Modifiers = PLAIN
    values: Values | None = None


class Construct(Node):
    """A CONSTRUCT; without template for ``CONSTRUCT WHERE { … }``."""

    template: tuple[Triples, ...] | None
    datasets: tuple[Dataset, ...]
    where: Group | Select
    modifiers: Modifiers = PLAIN
    values: Values | None = None


class Describe(Node):
    """A DESCRIBE; `targets` is None for ``*``, `where` if there is no pattern."""

    targets: tuple[Variable | Iri | Name, ...] | None
    datasets: tuple[Dataset, ...]
    where: Group | Select | None = None
    modifiers: Modifiers = PLAIN
    values: Values | None = None


class Query(Node):
    """A query: the declarations at its head, and one of the four forms."""

    prologue: tuple[Prefix | Base | Version, ...]
    body: QueryForm

    @property
    def form(self) -> Form:
        """The query form."""
        return Form[type(self.body).__name__.upper()]


QueryForm: TypeAlias = Select | Ask | Construct | Describe
DataTerm: TypeAlias = Iri | Name | Literal | TripleTerm | Undef
GraphNode: TypeAlias = (
    Variable | Iri | Name | Blank | Literal | TripleTerm | ReifiedTriple
    | BlankNodePropertyList | Collection
)  # fmt: skip
Path: TypeAlias = (
    Iri | Name | PathSequence | PathAlternative | PathInverse | PathRepeat | PathNegated
)  # fmt: skip
Verb: TypeAlias = Variable | Path
Expression: TypeAlias = (
    Variable | Iri | Name | Literal | TripleTerm | Operation | Unary | In | Call | FunctionCall
    | Exists | Aggregate
)  # fmt: skip
Element: TypeAlias = (
    Triples | Group | Select | Optional | Minus | Lateral | Union | GraphGroup | Service | Filter
    | Bind | Values
)  # fmt: skip
