"""The vocabulary of a graph: classes and properties, with labels and how often they occur.

Everything is read from the quad table of a build: what the ontology declares, and what the data
use without its being declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kg.builds import check_build
from kg.counts import count_table, read_counts
from kg.duck import Connection, engine, sql_text
from kg.names import Namer
from kg.quads import QuadTable
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, split_literal
from kg.workspace import Build, Workspace

_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_CLASSES: Final = (f"<{RDFS}Class>", f"<{OWL}Class>")
_PROPERTIES: Final = (
    f"<{RDF}Property>",
    *(f"<{OWL}{kind}Property>" for kind in ("Object", "Datatype", "Annotation")),
)
# Of several predicates, the first that a term has.
_LABELS: Final = (f"<{_SKOS}prefLabel>", f"<{RDFS}label>")
_COMMENTS: Final = (f"<{_SKOS}definition>", f"<{RDFS}comment>")
_ABOVE: Final = (f"<{RDFS}subClassOf>", f"<{RDFS}subPropertyOf>")
_DOMAIN: Final = f"<{RDFS}domain>"
_RANGE: Final = f"<{RDFS}range>"


@dataclass(frozen=True, slots=True)
class VocabularyTerm:
    """A class or a property.

    Attributes:
        iri: Its IRI.
        name: Its short form, with a prefix of the workspace where there is one.
        count: Number of instances of a class, of triples with a property.
        is_declared: Whether the graph says that it is a class or property.
        label: Its label, in English if there is one; empty if there is none.
        comment: Its definition or comment, likewise.
        broader: IRIs of the classes or properties above it.
        domain: IRIs of the classes that a property's subjects are of.
        range: IRIs of the classes or datatypes that a property's objects are of.
    """

    iri: str
    name: str
    count: int
    is_declared: bool
    label: str = ""
    comment: str = ""
    broader: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The classes and properties of a graph, those that occur most first.

    Attributes:
        classes: The classes, declared or used.
        properties: The properties, declared or used.
        prefixes: Prefix to namespace, as the workspace has them.
    """

    classes: tuple[VocabularyTerm, ...]
    properties: tuple[VocabularyTerm, ...]
    prefixes: Mapping[str, str]


def read_vocabulary(
    workspace: Workspace, build: Build, *, memory: str | None = None, threads: int | None = None
) -> Vocabulary:
    """Read the vocabulary of a build.

    Args:
        workspace: Where the build is; its prefixes make the names.
        build: The build.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    with temporary_folder("vocabulary") as folder, engine(folder, memory, threads) as connection:
        base = workspace.base
        counts = read_counts(build, base, with_inferred=True)
        counts = counts or count_table(connection, table.sql, base)
        classes, properties = dict(counts.classes), dict(counts.properties)
        declared = {kind: _declared(connection, table, kind) for kind in (_CLASSES, _PROPERTIES)}
        terms = {*classes, *properties, *declared[_CLASSES], *declared[_PROPERTIES]}
        said = _said(connection, table, terms)
    namer = Namer(workspace.prefixes)
    return Vocabulary(
        _terms(classes, declared[_CLASSES], said, namer),
        _terms(properties, declared[_PROPERTIES], said, namer),
        workspace.prefixes,
    )


# Subject and predicate to objects, all as terms.
_Said = Mapping[tuple[str, str], Sequence[str]]


def _declared(connection: Connection, table: QuadTable, kinds: Sequence[str]) -> set[str]:
    listed = ", ".join(map(sql_text, kinds))
    rows = connection.execute(
        f"SELECT DISTINCT s FROM {table.sql} WHERE p = {sql_text(RDF_TYPE)} AND o IN ({listed})"
        " AND starts_with(s, '<')"
    ).fetchall()
    return {term for (term,) in rows}


def _said(connection: Connection, table: QuadTable, terms: Iterable[str]) -> _Said:
    """Return what the graph says of terms with the predicates that describe a vocabulary."""
    predicates = (*_LABELS, *_COMMENTS, *_ABOVE, _DOMAIN, _RANGE)
    connection.execute("CREATE OR REPLACE TEMP TABLE kg_terms AS SELECT unnest(?) AS s", [[*terms]])
    rows = connection.execute(
        f"SELECT DISTINCT s, p, o FROM {table.sql} SEMI JOIN kg_terms USING (s)"
        f" WHERE p IN ({', '.join(map(sql_text, predicates))}) ORDER BY s, p, o"
    ).fetchall()
    said: dict[tuple[str, str], list[str]] = {}
    for s, p, o in rows:
        said.setdefault((s, p), []).append(o)
    return said


def _terms(
    counts: Mapping[str, int], declared: Iterable[str], said: _Said, namer: Namer
) -> tuple[VocabularyTerm, ...]:
    known = set(declared)
    made = (
        VocabularyTerm(
            iri=term[1:-1],
            name=namer(term),
            count=counts.get(term, 0),
            is_declared=term in known,
            label=_text(term, _LABELS, said),
            comment=_text(term, _COMMENTS, said),
            broader=_iris(term, _ABOVE, said),
            domain=_iris(term, (_DOMAIN,), said),
            range=_iris(term, (_RANGE,), said),
        )
        for term in known | counts.keys()
    )
    return tuple(sorted(made, key=lambda each: (-each.count, each.iri)))


def _text(term: str, predicates: Sequence[str], said: _Said) -> str:
    """Return the text that a term has, in English or without a language if there is one."""
    for predicate in predicates:
        parts = [split_literal(o) for o in said.get((term, predicate), ()) if o.startswith('"')]
        if parts:
            parts.sort(key=lambda each: (not (each.language or "en").startswith("en"), each))
            return parts[0].lexical
    return ""


def _iris(term: str, predicates: Sequence[str], said: _Said) -> tuple[str, ...]:
    found = (o for predicate in predicates for o in said.get((term, predicate), ()))
    return tuple(o[1:-1] for o in found if o.startswith("<"))
