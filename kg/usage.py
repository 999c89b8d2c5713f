"""How the classes and properties of a graph go together, for who writes queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from kg.builds import check_build, check_table
from kg.duck import Connection, engine, sql_text, translated
from kg.quads import QuadTable
from kg.records import dataclass
from kg.table import ids
from kg.table.write import open_copies, read_statistics
from kg.temporary import temporary_folder
from kg.terms import RDF, RDF_TYPE, XSD, XSD_STRING
from kg.workspace import Build


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
        if build.table.is_dir():
            check_table(build)
            return of_copies(connection, build.table)
        return of_quads(connection, table.sql)


def of_quads(connection: Connection, quads: str) -> Usage:
    """Count in a quad table, given for a FROM clause."""
    connection.execute(f"CREATE TEMP VIEW kg_said AS SELECT DISTINCT s, p, o FROM {quads}")
    connection.execute(
        "CREATE TEMP TABLE kg_types AS SELECT s, o AS class FROM kg_said"
        f" WHERE p = {sql_text(RDF_TYPE)} AND starts_with(o, '<')"
    )
    (total,) = connection.execute("SELECT count(*) FROM kg_said").fetchall()[0]
    properties = connection.execute(
        "SELECT class, p, count(*) AS n FROM kg_said JOIN kg_types USING (s) GROUP BY class, p"
    ).fetchall()
    objects = connection.execute(
        "SELECT p, coalesce(class, CASE WHEN starts_with(o, '\"') THEN"
        f" {_DATATYPE.format('o')} ELSE '<>' END) AS kind, count(*) FROM kg_said LEFT JOIN"
        " (SELECT s AS o, class FROM kg_types) USING (o) GROUP BY p, kind"
    ).fetchall()
    graphs = connection.execute(
        f"SELECT g, count(*) FROM {quads} WHERE g IS NOT NULL GROUP BY g"
    ).fetchall()
    return _usage(total, properties, objects, graphs)


def of_copies(connection: Connection, folder: Path) -> Usage:
    """Count in coded copies: what is joined is ids, and few of them need their texts."""
    open_copies(connection, folder)
    # A class that is a blank node is told like other nodes.
    connection.execute(
        "CREATE TEMP TABLE kg_types AS SELECT s, o AS class FROM pos WHERE first AND p ="
        f" {ids.hashed(RDF_TYPE, ids.Kind.NODE)} AND id_kind(o) IN ({_NODES}) AND o NOT IN"
        " (SELECT id FROM terms WHERE is_blank(t))"
    )
    properties = connection.execute(
        f"SELECT {_NAME.format('class')}, {_NAME.format('p')}, n FROM (SELECT class, p,"
        " count(*) AS n FROM pso JOIN kg_types USING (s) WHERE first GROUP BY class, p)"
    ).fetchall()
    datatypes = " ".join(f"WHEN {int(kind)} THEN '<{XSD}{name}>'" for kind, name in _INLINE.items())
    objects = connection.execute(
        f"SELECT {_NAME.format('p')}, coalesce({_NAME.format('class')}, datatype), sum(n)::BIGINT"
        f" FROM (SELECT p, class, CASE WHEN class IS NULL THEN CASE id_kind(o) {datatypes} WHEN"
        f" {int(ids.Kind.LITERAL)} THEN {_DATATYPE.format('terms.t')} ELSE '<>' END END AS"
        " datatype, count(*) AS n FROM (SELECT p, o, class FROM pso LEFT JOIN"
        " (SELECT s AS o, class FROM kg_types) USING (o) WHERE first) LEFT JOIN terms"
        f" ON terms.id = o AND id_kind(o) = {int(ids.Kind.LITERAL)} GROUP BY p, class, datatype)"
        " GROUP BY ALL"
    ).fetchall()
    graphs = connection.execute(
        f"SELECT {_NAME.format('g')}, n FROM (SELECT g, count(*) AS n FROM spo"
        " WHERE g IS NOT NULL GROUP BY g)"
    ).fetchall()
    return _usage(read_statistics(folder).triples, properties, objects, graphs)


# The text of a node, given its id.
_NAME: Final = (
    "(SELECT CASE WHEN id_kind({0}) = 1 THEN (SELECT t FROM prefixes WHERE id = id_prefix({0}))"
    " || id_number({0}) || '>' ELSE (SELECT t FROM terms WHERE id = {0}) END)"
)
_NODES: Final = f"{int(ids.Kind.NODE)}, {int(ids.Kind.NUMBERED)}"
_INLINE: Final = {
    ids.Kind.INTEGER: "integer",
    ids.Kind.DECIMAL: "decimal",
    ids.Kind.DATE: "date",
    ids.Kind.INSTANT: "dateTime",
    ids.Kind.TRUTH: "boolean",
}


def _usage(
    total: int,
    properties: list[tuple[str, str, int]],
    objects: list[tuple[str, str, int]],
    graphs: list[tuple[str, int]],
) -> Usage:
    return Usage(
        total,
        _by_first(properties, None),
        _by_first(objects, _MOST_OBJECTS),
        sorted((name[1:-1], count) for name, count in graphs if name.startswith("<")),
    )


# The datatype of a literal, as a term.
_DATATYPE: Final = (
    f"CASE WHEN ends_with({{0}}, '\"') THEN '<{XSD_STRING}>'"
    " WHEN ends_with({0}, '>') THEN '<' || regexp_extract({0}, '\"\\^\\^<([^<>\"]*)>$', 1) || '>'"
    f" ELSE '<{RDF}langString>' END"
)


def _by_first(
    rows: Iterable[tuple[str, str, int]], most: int | None
) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for first, second, count in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
        listed = found.setdefault(first[1:-1], [])
        if most is None or len(listed) < most:
            listed.append((second[1:-1], count))
    return found
