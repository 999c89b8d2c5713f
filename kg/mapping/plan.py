"""The plan: what a mapping says, whatever language it was written in.

YARRRML and RML documents are read into these frozen dataclasses, which the compiler turns into SQL.
An `Origin` says where an element was written, outside equality: plans that say the same are equal.

Spec: https://kg-construct.github.io/rml-core/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from enum import Enum
from hashlib import md5

from kg.errors import Location
from kg.mapping.abstract_source import AbstractSource
from kg.mapping.chosen import Chosen as Chosen
from kg.mapping.function_set import Function as Function
from kg.mapping.gather import Gather
from kg.mapping.natural import Datatypes
from kg.mapping.own_functions import OwnFunction as OwnFunction
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an element of a mapping was written: file and line, from 1."""

    file: str
    line: int | None = None

    def location(self) -> Location:
        """Return the origin as the location of an error."""
        return Location(self.file, self.line)


NOWHERE = Origin("")


class TermType(Enum):
    """The kind of RDF term that a term map makes.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-term-type
    """

    IRI = "IRI"
    URI = "URI"
    UNSAFE_IRI = "UnsafeIRI"
    UNSAFE_URI = "UnsafeURI"
    BLANK_NODE = "BlankNode"
    LITERAL = "Literal"

    @property
    def is_iri(self) -> bool:
        """Whether the term is an IRI of any of the four kinds."""
        return self not in (TermType.BLANK_NODE, TermType.LITERAL)


class Formulation(Enum):
    """How references address a record: the reference formulation.

    Spec: https://kg-construct.github.io/rml-io/spec/docs/#reference-formulations
    """

    CSV = "CSV"
    JSON = "JSONPath"
    YAML = "YAML"
    XPATH = "XPath"
    PARQUET = "Parquet"
    EXCEL = "Excel"
    DUCKDB = "DuckDB"
    SQL = "SQL"
    SPARQL = "SPARQL"
    # One record without values: of a triples map of constants, which needs no logical source.
    NONE = "none"

    @property
    def is_tabular(self) -> bool:
        """Whether a record is a row whose references are column names."""
        return self not in (Formulation.JSON, Formulation.YAML, Formulation.XPATH)

    @property
    def has_typed_columns(self) -> bool:
        """Whether its columns have types, which know a date from a date with a time.

        Spec: https://www.w3.org/TR/r2rml/#natural-mapping
        """
        return self.value in ("SQL", "Parquet", "Excel", "DuckDB")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written, or where the table of a sheet is.

    Attributes:
        names: Names of the columns, where the file does not say them or says others.
        trim: Which ends of values lose their white space: ``true``, ``start``, ``end`` or
            ``false``.
        cells: Range of the cells of a sheet that are the table, such as ``B3:F20``; empty: all.
        fills_merged: Whether each of merged cells has their value, and not the first alone.
        sheet_column: Name of a column that holds the name of the sheet; empty: there is none.

    Spec: https://www.w3.org/TR/tabular-metadata/#dialect-descriptions
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    comment: str = ""
    skip_rows: int = 0
    trim: str = "false"
    names: tuple[str, ...] = ()
    cells: str = ""
    fills_merged: bool = False
    sheet_column: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """How a database is reached.

    Each value may be written ``$NAME`` or ``${NAME}``, which stands for a variable of the
    environment, so that mappings need not hold secrets.

    Attributes:
        url: A URL as SQLAlchemy or JDBC has it; empty for an SQLite file that the source names.
        kind: The scheme of a URL that has none: the kind of database.
    """

    url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    kind: str = ""


@dataclass(frozen=True, slots=True)
class LogicalSource(AbstractSource):
    """Where records come from, and how they are addressed.

    Attributes:
        path: File name or pattern, as written; for a database what messages call it.
        folder: The folder that `path` is relative to; usually the mapping's own.
        iterator: What selects the records of a document: JSONPath, XPath, the name of a sheet or
            of a database's table; empty for other tabular sources.
        nulls: Texts that stand for no value, beside what the format has for it. None: an empty
            CSV field that is not in quotes.
        query: SQL or SPARQL query whose results are the records.
        lines: JSON: one document a line, whatever the file is called.
        more: Further files or patterns whose records follow those of `path`.
        database: Where the source is not a file.
        has_members: Whether a reference to a list gives its members; otherwise it is an error.
        takes_namespaces: As ql:XPath: names mean what the root of the document declares.
    """

    path: str
    formulation: Formulation
    iterator: str = ""
    folder: str = ""
    dialect: Dialect = Dialect()
    nulls: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    compression: str = ""
    query: str = ""
    namespaces: tuple[tuple[str, str], ...] = ()
    lines: bool = False
    more: tuple[str, ...] = ()
    database: Database | None = None
    has_members: bool = field(default=True, compare=False)
    takes_namespaces: bool = False
    origin: Origin = field(default=NOWHERE, compare=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """All files and patterns, as written."""
        return (self.path, *self.more)


@dataclass(frozen=True, slots=True)
class Constant:
    """An expression with the same value for each record.

    Attributes:
        value: The text: an IRI, a lexical form, or a blank node's label.
        kind: What the mapping document wrote the value as.
        datatype: Datatype IRI of a literal written with one.
        language: Language tag of a literal written with one.
    """

    value: str
    kind: TermType
    datatype: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression that takes a value out of the record: column name, JSONPath or XPath."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """An expression that puts values between texts; it gives nothing where a value is missing.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-string-template
    """

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A function that finds a value in a table beside the records; its properties are `Function`'s.

    Attributes:
        source: The table, a CSV file.
        key: The column that a value is looked for in.
        found: The column that is given, of the first row with the value.
    """

    source: LogicalSource
    key: Reference
    found: Reference

    value = Function.LOOKUP.value
    is_boolean = False
    takes_null = False
    is_partial = True
    gives_list = False
    kind = None

    @property
    def sql_name(self) -> str:
        """What the engine calls the table, the same in each run."""
        place = (self.source.folder, self.source.path, self.source.dialect.delimiter)
        return f"kg_lookup_{md5(repr((place, self.key, self.found)).encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Call:
    """An expression that a function makes of others; it gives nothing where a value is missing.

    Attributes:
        function: Which one.
        arguments: In the order of the function's parameters; one that is optional and not given
            is left out at the end.

    Spec: https://kg-construct.github.io/rml-fnml/spec/docs/
    """

    function: Function | OwnFunction | Lookup | Chosen
    arguments: tuple[Expression, ...]


Expression = Constant | Reference | Template | Call


def both(first: Call | None, second: Call | None) -> Call | None:
    """Return the condition that two conditions hold; None where there is none."""
    if first is None or second is None:
        return first or second
    return Call(Function.AND, (first, second))


def with_filter(term_map: TermMap) -> TermMap:
    """Return a term map whose conditional value, without any other, is a condition of its own.

    Documents of the older vocabularies have no conditions: there a function that gives a value only
    if something holds says which records make the term. The others are left out, not lost.
    """
    call = term_map.expression
    while isinstance(call, Call) and call.function is Function.IF and len(call.arguments) == 2:
        holds, value = call.arguments
        stated = both(term_map.condition, Call(Function.AND, (holds,)))
        # The text of the value, as the function gives it.
        text = value if isinstance(value, Call) else Call(Function.TO_STRING, (value,))
        term_map = replace(term_map, expression=text, condition=stated)
        call = term_map.expression
    return term_map


def references(expression: Expression) -> tuple[Reference, ...]:
    """Return the references of an expression, each once, in order."""
    if isinstance(expression, Reference):
        return (expression,)
    if isinstance(expression, Template):
        return tuple(dict.fromkeys(p for p in expression.parts if isinstance(p, Reference)))
    if isinstance(expression, Call):
        found = (reference for each in expression.arguments for reference in references(each))
        return tuple(dict.fromkeys(found))
    return ()


@dataclass(frozen=True, slots=True)
class LogicalTarget:
    """A file, or a server, that statements go to, instead of to the default output.

    Attributes:
        path: File name, or the address of a server, as written.
        folder: The folder that `path` is relative to.
        serialization: Name of the RDF format, one of `kg.mapping.targets`.
        compression: ``gzip``, ``zip``, ``targz``, ``tarxz`` or nothing.
        encoding: ``utf-8`` or ``utf-16``.
        endpoint: Where SPARQL Update is sent to; empty for a file.
        name: What makes the file name of a record, where each has its own.

    Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
    """

    path: str
    folder: str = ""
    serialization: str = "nquads"
    compression: str = ""
    encoding: str = "utf-8"
    endpoint: str = ""
    name: Template | None = None
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TermMap:
    """How one RDF term is made from a record.

    Attributes:
        expression: Where its text comes from. None for a blank node that is new for each record.
        language: Language tag of a literal: a term map of texts.
        datatype: Datatype of a literal: a term map of IRIs.
        condition: The term is made only where this is true.
        targets: Where statements with the term go; none: to the default output, unless another
            term of the statement has targets.
        scope: Name of the triples map that a blank node without expression belongs to; empty:
            the one that the term map is in.
        note: What the user should know of how it was read.
        gather: What is gathered; the term is the collection or container then.
    """

    expression: Expression | None
    term_type: TermType
    language: TermMap | None = None
    datatype: TermMap | None = None
    condition: Call | None = None
    targets: tuple[LogicalTarget, ...] = ()
    scope: str = ""
    note: str = field(default="", compare=False)
    gather: Gather | None = None
    origin: Origin = field(default=NOWHERE, compare=False)


def with_members(maps: Iterable[TermMap | RefObjectMap]) -> Iterator[TermMap | RefObjectMap]:
    """Yield maps, each before those whose terms it gathers."""
    for each in maps:
        yield each
        if isinstance(each, TermMap) and each.gather is not None:
            yield from with_members(each.gather.members)


def term_references(term_map: TermMap) -> tuple[Reference, ...]:
    """Return the references of a term map, its language, datatype and condition; not of members."""
    found = references(term_map.expression) if term_map.expression is not None else ()
    for inner in (term_map.language, term_map.datatype):
        if inner is not None:
            found += term_references(inner)
    if term_map.condition is not None:
        found += references(term_map.condition)
    return tuple(dict.fromkeys(found))


def targets_of(term_map: TermMap | RefObjectMap) -> tuple[LogicalTarget, ...]:
    """Return the targets of a map, those of its language and datatype included."""
    found = term_map.targets
    if isinstance(term_map, TermMap):
        for inner in (term_map.language, term_map.datatype):
            found += targets_of(inner) if inner is not None else ()
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class JoinCondition:
    """An equality between a value of the child record and one of the parent record.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-join-condition
    """

    child: Expression
    parent: Expression


@dataclass(frozen=True, slots=True)
class RefObjectMap:
    """Objects that are the subjects of another triples map.

    Attributes:
        parent: Name of the parent triples map.
        joins: All must hold. None: child and parent are the same record.
        condition: What must hold of the child record beside the joins.
        targets: As for a term map.
        is_older: Whether it is written in the vocabulary of before.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-referencing-object-map
    """

    parent: str
    joins: tuple[JoinCondition, ...] = ()
    condition: Call | None = None
    targets: tuple[LogicalTarget, ...] = ()
    is_older: bool = field(default=False, compare=False)
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PredicateObjectMap:
    """Predicates and objects, each with each.

    Attributes:
        graphs: Graph maps beside those of the subject map; none at all: the default graph.
    """

    predicates: tuple[TermMap, ...]
    objects: tuple[TermMap | RefObjectMap, ...]
    graphs: tuple[TermMap, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TriplesMap:
    """How the records of one logical source or view become triples.

    Attributes:
        name: As the mapping calls it; unique in a plan.
        graphs: Graph maps of the subject map. Classes are written as predicate-object maps.
        base: Prepended to relative IRIs.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-triples-map
    """

    name: str
    source: AbstractSource
    subject: TermMap
    predicate_objects: tuple[PredicateObjectMap, ...]
    graphs: tuple[TermMap, ...] = ()
    base: str = ""
    origin: Origin = field(default=NOWHERE, compare=False)

    @property
    def maps(self) -> Iterator[TermMap | RefObjectMap]:
        """All its maps in order, each before those whose terms it gathers."""
        yield from with_members((self.subject, *self.graphs))
        for pair in self.predicate_objects:
            yield from with_members((*pair.predicates, *pair.objects, *pair.graphs))


@dataclass(frozen=True, slots=True)
class Plan:
    """All triples maps of one or more mapping documents.

    Attributes:
        triples_maps: The triples maps.
        prefixes: Prefix and namespace, as the documents declare them.
        datatypes: Which datatypes literals have that the mapping gives none.
        most_records: How many records of each source are read, the first ones; None: all.
    """

    triples_maps: tuple[TriplesMap, ...]
    prefixes: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    datatypes: Datatypes = Datatypes.NATURAL
    most_records: int | None = None
    _by_name: Mapping[str, TriplesMap] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find triples maps by name without going through all of them."""
        object.__setattr__(self, "_by_name", {t.name: t for t in reversed(self.triples_maps)})

    @property
    def parents(self) -> frozenset[str]:
        """Names of the triples maps whose subjects are objects of others."""
        maps = (each for triples_map in self.triples_maps for each in triples_map.maps)
        return frozenset(each.parent for each in maps if isinstance(each, RefObjectMap))

    def has(self, name: str) -> bool:
        """Return whether there is a triples map of that name."""
        return name in self._by_name

    def triples_map(self, name: str) -> TriplesMap:
        """Return the triples map of that name; KeyError where there is none."""
        return self._by_name[name]
