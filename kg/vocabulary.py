"""The vocabulary of a graph: classes and properties, with labels and how often they occur.

Everything is read from the quad table of a build: what the ontology declares, and what the data
use without its being declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kg.builds import check_build
from kg.counts import count_table, read_counts
from kg.duck import Connection, engine, sql_text, translated
from kg.names import Namer
from kg.quads import QuadTable
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, XSD_STRING, split_literal
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
    with (
        temporary_folder("vocabulary") as folder,
        engine(folder, memory, threads) as connection,
        translated(),
    ):
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


@dataclass(frozen=True, slots=True)
class Usage:
    """How the classes and properties of a graph go together.

    Attributes:
        triples: Distinct triples.
        properties: IRI of a class to the properties of its instances, as IRIs, each with its
            number of triples, those that occur most first.
        objects: IRI of a property to what it leads to: classes and datatypes as IRIs, an empty text
            for IRIs without a class, likewise.
        graphs: IRI and number of triples of each named graph.
    """

    triples: int
    properties: Mapping[str, Sequence[tuple[str, int]]]
    objects: Mapping[str, Sequence[tuple[str, int]]]
    graphs: Sequence[tuple[str, int]]


# Classes and datatypes told of one property.
_MOST_OBJECTS: Final = 6


def read_usage(build: Build, *, memory: str | None = None) -> Usage:
    """Count how the classes and properties of a build go together.

    Args:
        build: The build.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    with temporary_folder("usage") as folder, engine(folder, memory) as connection, translated():
        connection.execute(f"CREATE TEMP VIEW kg_said AS SELECT DISTINCT s, p, o FROM {table.sql}")
        connection.execute(
            "CREATE TEMP TABLE kg_types AS SELECT s, o AS class FROM kg_said"
            f" WHERE p = {sql_text(RDF_TYPE)} AND starts_with(o, '<')"
        )
        (total,) = connection.execute("SELECT count(*) FROM kg_said").fetchall()[0]
        properties = connection.execute(
            "SELECT class, p, count(*) AS n FROM kg_said JOIN kg_types USING (s)"
            " GROUP BY class, p ORDER BY class, n DESC, p"
        ).fetchall()
        objects = connection.execute(
            "SELECT p, coalesce(class, CASE WHEN starts_with(o, '\"') THEN"
            f" {_DATATYPE} ELSE '<>' END) AS kind, count(*) AS n FROM kg_said LEFT JOIN"
            " (SELECT s AS o, class FROM kg_types) USING (o)"
            " GROUP BY p, kind ORDER BY p, n DESC, kind"
        ).fetchall()
        graphs = connection.execute(
            f"SELECT g, count(*) FROM {table.sql} WHERE g IS NOT NULL AND starts_with(g, '<')"
            " GROUP BY g ORDER BY g"
        ).fetchall()
    return Usage(
        total,
        _by_first(properties, None),
        _by_first(objects, _MOST_OBJECTS),
        [(name[1:-1], count) for name, count in graphs],
    )


# The datatype of a literal, as a term.
_DATATYPE: Final = (
    f"CASE WHEN ends_with(o, '\"') THEN '<{XSD_STRING}>'"
    f" WHEN ends_with(o, '>') THEN '<' || regexp_extract(o, '\"\\^\\^<([^<>\"]*)>$', 1) || '>'"
    f" ELSE '<{RDF}langString>' END"
)


def _by_first(
    rows: Iterable[tuple[str, str, int]], most: int | None
) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for first, second, count in rows:
        listed = found.setdefault(first[1:-1], [])
        if most is None or len(listed) < most:
            listed.append((second[1:-1], count))
    return found


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
