"""An RML document as a graph whose triples know their lines.

The vocabularies of before (``rr:`` of R2RML, and those at semweb.mmlab.be: ``rml:``, ``ql:``,
``rmlt:`` and ``comp:`` for targets, ``fnml:`` for functions), and CARML's, are turned into that of
the W3C community group, since most mappings in the wild use them. Terms that the mapping makes are
left as they are, also those of these vocabularies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import IO, Final, cast

import pyoxigraph as ox

from kg.errors import InputError, Location
from kg.lines import LineReader
from kg.mapping.plan import Origin
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.notes import Notes
from kg.records import dataclass
from kg.terms import RDF

RML: Final = "http://w3id.org/rml/"
_OLD_NAMESPACES: Final = (
    "http://semweb.mmlab.be/ns/rml#",
    "http://semweb.mmlab.be/ns/ql#",
    "http://semweb.mmlab.be/ns/fnml#",
    "http://semweb.mmlab.be/ns/rml-target#",
    "http://semweb.mmlab.be/ns/rml-compression#",
    "http://www.w3.org/ns/r2rml#",
    # Of CARML: files, namespaces of XML, and what is several values in RML anyway.
    "http://carml.taxonic.com/carml/",
)
_RENAMED: Final[Mapping[str, str]] = {
    "logicalTable": "logicalSource",
    "column": "reference",
    "sqlQuery": "query",
    "BaseTableOrView": "LogicalSource",
    "TriplesMapClass": "TriplesMap",
    "multiReference": "reference",
    "multiTemplate": "template",
    "multiJoinCondition": "joinCondition",
    "multiFunctionValue": "functionValue",
    "namespaceName": "namespaceURL",
    "declaresNamespace": "namespace",
    # Drafts of RML-FNML.
    "execution": "functionExecution",
    "valueMap": "inputValueMap",
    "outputMap": "returnMap",
    "output": "return",
}

# Properties whose values are terms of the output.
MADE: Final = frozenset(
    {
        *("constant", "class", "subject", "predicate", "object", "graph", "datatype"),
        *("function", "parameter", "inputValue"),
    }
)

_DEEPEST_TERM: Final = 100
_UNDECLARED: Final = re.compile(r"^The prefix (\S+): has not been declared")
# What prefixes mean that a document does not declare.
_PREFIXES: Final[Mapping[str, str]] = {
    **PREDEFINED,
    "rml": RML,
    "ql": "http://semweb.mmlab.be/ns/ql#",
    "rmlt": "http://semweb.mmlab.be/ns/rml-target#",
    "comp": "http://semweb.mmlab.be/ns/rml-compression#",
    "fnml": "http://semweb.mmlab.be/ns/fnml#",
    "carml": "http://carml.taxonic.com/carml/",
    "fno": "https://w3id.org/function/ontology#",
    "grel": "http://users.ugent.be/~bjdmeest/function/grel.ttl#",
    "idlab-fn": "https://w3id.org/imec/idlab/function#",
    "d2rq": "http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#",
    "formats": "http://www.w3.org/ns/formats/",
}

Term = ox.NamedNode | ox.BlankNode | ox.Literal


@dataclass(frozen=True, slots=True)
class Value:
    """The object of a triple, with the line that the triple was read on.

    Attributes:
        is_older: Whether the document has it, or the property, in a vocabulary of before.
    """

    term: Term
    origin: Origin = field(compare=False)
    is_older: bool = field(default=False, compare=False)

    @property
    def text(self) -> str:
        """The IRI, or the lexical form."""
        return self.term.value

    @property
    def is_literal(self) -> bool:
        """Whether the term is a literal."""
        return isinstance(self.term, ox.Literal)

    @property
    def name(self) -> str | None:
        """The local name of an IRI of the RML vocabulary, else None."""
        if isinstance(self.term, ox.NamedNode) and self.term.value.startswith(RML):
            return self.term.value[len(RML) :]
        return None

    def error(self, message: str, hint: str | None = None) -> InputError:
        """Return an error about this place of the mapping."""
        return InputError("bad-mapping", message, location=self.origin.location(), hint=hint)

    def unsupported(self, message: str, hint: str | None = None) -> InputError:
        """Return an error about something that is right, but that kg does not do."""
        place = self.origin.location()
        return InputError("unsupported-mapping", message, location=place, hint=hint)


class RmlGraph:
    """The triples of an RML document, or of several, by subject and predicate.

    Args:
        text: The document, Turtle.
        file: Its name in messages.
        base: Base IRI of relative IRIs in it.
        folder: The folder that its sources are relative to.

    Attributes:
        prefixes: Prefix and namespace, as the document declares them.
        values: The objects of each subject by predicate.
        origins: Where each subject is described first.
        folders: The folder of each file.
        bases: The base that a file declares, of those that do.
        names: The IRI of a node that stands for one that several documents describe differently.
        numbers: The number of each subject in its document.

    Raises:
        InputError: It is not valid Turtle.
    """

    def __init__(self, text: str, file: str, base: str, folder: str = "") -> None:
        self.file = file
        self.base = base
        self.prefixes: dict[str, str] = {}
        self.values: dict[Term, dict[str, list[Value]]] = {}
        self.origins: dict[Term, Origin] = {}
        self.folders = {file: folder}
        self.names: dict[Term, Term] = {}
        self.numbers: dict[Term, int] = {}
        quads, declared = _parse(text, file, base, self.prefixes)
        self.bases = {file: declared} if declared else {}
        for quad, line in quads:
            origin = Origin(file, line)
            if isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple):
                raise InputError(
                    "bad-mapping", "a mapping has no triple terms", location=origin.location()
                )
            subject = _renamed(quad.subject)
            # What is in brackets is read before the triple that leads to it.
            if isinstance(quad.object, ox.BlankNode):
                origin = self.origins.get(quad.object, origin)
            self.origins.setdefault(subject, origin)
            predicate = _renamed(quad.predicate).value
            # What becomes a term of the output stays as it is written.
            made = predicate.startswith(RML) and predicate[len(RML) :] in MADE
            term = quad.object if made else _renamed(quad.object)
            is_older = term != quad.object or predicate != quad.predicate.value
            value = Value(term, origin, is_older)
            values = self.values.setdefault(subject, {}).setdefault(predicate, [])
            if value not in values:
                values.append(value)
        self.numbers.update((node, number) for number, node in enumerate(self.values, 1))

    def all(self, node: Term, *names: str) -> list[Value]:
        """Return the values of properties of the RML vocabulary, in order."""
        found = self.values.get(node, {})
        return [value for name in names for value in found.get(RML + name, [])]

    def iri_values(self, node: Term, predicate: str) -> list[Value]:
        """Return the values of any property."""
        return self.values.get(node, {}).get(predicate, [])

    def one(self, node: Term, *names: str) -> Value | None:
        """Return the value of properties of which there may be one, or None.

        Raises:
            InputError: There are several.
        """
        found = self.all(node, *names)
        if len(found) > 1:
            raise found[1].error(
                f"only one rml:{names[0]} may stand here", hint="Take the others away."
            )
        return found[0] if found else None

    def described(self, node: Term) -> bool:
        """Return whether anything is said of a node."""
        return node in self.values

    def has_type(self, node: Term, name: str) -> bool:
        """Return whether a node has a class of the RML vocabulary."""
        return any(value.name == name for value in self.iri_values(node, f"{RDF}type"))

    def subjects(self) -> Iterator[Term]:
        """Yield all subjects in the order of the document."""
        yield from self.values

    def properties(self) -> Iterator[tuple[str, Value]]:
        """Yield the properties of the RML vocabulary, without its namespace, with their values."""
        for properties in self.values.values():
            for predicate, values in properties.items():
                if predicate.startswith(RML):
                    yield from ((predicate[len(RML) :], value) for value in values)

    def others(self) -> Iterator[tuple[str, Value]]:
        """Yield the properties of other vocabularies, with their values."""
        for properties in self.values.values():
            for predicate, values in properties.items():
                if not predicate.startswith(RML):
                    yield from ((predicate, value) for value in values)

    def origin(self, node: Term) -> Origin:
        """Return where a node is described first."""
        return self.origins.get(node, Origin(self.file))

    def name(self, node: Term) -> str:
        """Return the name of a triples map: the same in every run, and in no other document."""
        file, named = self.origin(node).file, self.names.get(node, node)
        if isinstance(named, ox.NamedNode):
            short = named.value.removeprefix(self.base)
            return f"{file}{short}" if short.startswith("#") else f"{file}#<{short}>"
        return f"{file}#{self.numbers.get(node, len(self.numbers) + 1)}"

    def folder_of(self, value: Value) -> str:
        """Return the folder that a value is relative to: that of the file that describes it."""
        described = None if value.is_literal else self.origins.get(value.term)
        return self.folders[(described or value.origin).file]

    def error(self, node: Term, message: str, hint: str | None = None) -> InputError:
        """Return an error about a node."""
        place = self.origin(node).location()
        return InputError("bad-mapping", message, location=place, hint=hint)


def _renamed(term: Term) -> Term:
    if isinstance(term, ox.NamedNode):
        for namespace in _OLD_NAMESPACES:
            if term.value.startswith(namespace):
                name = term.value[len(namespace) :]
                return ox.NamedNode(RML + _RENAMED.get(name, name))
    return term


def _check_depth(text: str, file: str) -> None:
    """Refuse triple terms in one another: the parser has no stack for many, and RML no use."""
    depth = 0
    for match in re.finditer("<<|>>", text):
        depth = max(0, depth + (1 if match[0] == "<<" else -1))
        if depth > _DEEPEST_TERM:
            raise InputError(
                "too-deep",
                f"more than {_DEEPEST_TERM} triple terms stand in one another",
                location=Location(file, text.count("\n", 0, match.start()) + 1),
                hint="Take them out: a mapping has none.",
            )


def _parse(
    text: str, file: str, base: str, prefixes: dict[str, str]
) -> tuple[list[tuple[ox.Quad, int]], str]:
    """Return the triples of a document, each with its line, and its base; fill in the prefixes.

    Prefixes that a document uses and does not declare are those of the initial context of RDFa, and
    of mappings: RDF4J, with which RMLMapper and CARML read, knows the former too.
    """
    _check_depth(text, file)
    declared = ""  # on the first line, so that all others keep their numbers
    while True:
        lines = LineReader((declared + text).encode())
        found: list[tuple[ox.Quad, int]] = []
        try:
            quads = ox.parse(cast(IO[bytes], lines), ox.RdfFormat.TURTLE, base_iri=base)
            bases: dict[str | None, int] = {}
            for quad in quads:
                found.append((quad, lines.line))
                bases.setdefault(quads.base_iri, lines.line)
            prefixes.update(quads.prefixes)
            last = quads.base_iri or ""
            if len(bases.keys() - {base, None}) > 1:
                told = f"of several bases the last, <{last}>, is that of terms of records"
                Notes().add(told, Location(file, bases.get(last)), loses=False)
            return found, "" if last == base else last
        except SyntaxError as error:
            message = re.sub(r"^Parser error at .*?: ", "", error.msg or str(error))
            column = error.offset
            if error.lineno == 1 and column is not None:
                column -= len(declared)
            place = Location(file, error.lineno, column)
            missing = _UNDECLARED.search(message)
            namespace = _PREFIXES.get(missing[1]) if missing else None
            if missing is None or namespace is None or f"@prefix {missing[1]}:" in declared:
                raise InputError(
                    "bad-rdf",
                    f"not valid Turtle: {message}",
                    location=place,
                    hint="Mend the mapping at this place.",
                ) from error
            declared += f"@prefix {missing[1]}: <{namespace}> . "
            told = f"the prefix {missing[1]}: is not declared, and is taken as <{namespace}>"
            Notes().add(told, place, loses=False)
