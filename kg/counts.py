"""Counts of a graph for people: what it has of triples, classes, properties and links.

`kg build` writes them beside the quad table, since a build never changes; who shows them then
reads a small file, and needs neither a scan nor DuckDB. Where that file is missing, or was made
for another base, they are counted anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg import temporary
from kg.errors import KgError
from kg.paths import read_file
from kg.records import dataclass
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from kg.duck import Connection
    from kg.workspace import Build

# File beside the quad table. Raise the number when its content changes meaning.
COUNTS_NAME: Final = "counts.json"
_VERSION: Final = 1
# Classes, properties and links that are written down; a graph with more is counted when asked.
_MOST: Final = 20_000
# Triples that differ of which the objects are looked for one by one.
_FEW: Final = 1_000
# The namespace of an IRI: up to its last # or /.
_NAMESPACE: Final = r"'^<(.*[#/])[^#/]*>$'"
_LINKS: Final = (
    "<http://www.w3.org/2002/07/owl#sameAs>",
    *(
        f"<http://www.w3.org/2004/02/skos/core#{name}Match>"
        for name in ("exact", "close", "broad", "narrow", "related")
    ),
    "<http://www.w3.org/2000/01/rdf-schema#seeAlso>",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is in the merge of all graphs, in which each triple counts once.

    Attributes:
        triples: Distinct triples.
        entities: Subjects that are IRIs below the base.
        subjects: Distinct subjects.
        objects: Distinct objects.
        classes: Class to number of instances, most first.
        properties: Property to number of triples, most first.
        links: Property and target namespace to number of links to other data sets.
    """

    triples: int
    entities: int
    subjects: int
    objects: int
    classes: tuple[tuple[str, int], ...]
    properties: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, str, int], ...]


def count_table(
    connection: Connection, table: str, base: str, left_out: str | None = None
) -> Counts:
    """Count what a quad table has.

    Args:
        connection: From `kg.duck.engine`.
        table: The table for a FROM clause, in its order.
        base: IRI that entities begin with.
        left_out: The graph, as a term, that does not count.

    Raises:
        LimitError: The memory limit was reached.
    """
    rows = f"(SELECT s, p, o, g FROM {table} WHERE g IS DISTINCT FROM $left_out)"

    def ask(sql: str, **given: object) -> list[Any]:
        return connection.execute(sql, {"left_out": left_out or "", **given}).fetchall()

    subjects, objects, entities, graphs = ask(
        "SELECT count(DISTINCT s), count(DISTINCT o), count(DISTINCT s) FILTER"
        f" (starts_with(s, $base)), count(DISTINCT coalesce(g, '')) FROM {rows}",
        base=f"<{base}",
    )[0]
    # The rows of a triple are beside each other; within one graph there is one.
    once = rows
    if graphs > 1:
        once = (
            "(SELECT p FROM (SELECT p, (s, p, o) IS DISTINCT FROM lag((s, p, o)) OVER () AS first"
            f" FROM {rows}) WHERE first)"
        )
    properties = ask(f"SELECT p, count(*) AS n FROM {once} GROUP BY p ORDER BY n DESC, p")
    classes = ask(
        f"SELECT o, count(DISTINCT s) AS n FROM {rows} WHERE p = $type AND starts_with(o, '<')"
        " GROUP BY o ORDER BY n DESC, o",
        type=RDF_TYPE,
    )
    links = ask(
        f"SELECT p, regexp_extract(o, {_NAMESPACE}, 1) AS space, count(*) FROM"
        f" (SELECT DISTINCT s, p, o FROM {rows} WHERE p IN (SELECT unnest($links))"
        " AND starts_with(o, '<') AND NOT starts_with(o, $base))"
        " GROUP BY p, space HAVING space <> '' ORDER BY p, space",
        base=f"<{base}",
        links=[*_LINKS],
    )
    return Counts(
        triples=sum(number for _, number in properties),
        entities=entities,
        subjects=subjects,
        objects=objects,
        classes=tuple(classes),
        properties=tuple(properties),
        links=tuple(links),
    )


def write_counts(
    connection: Connection, table: str, folder: Path, base: str, inferred: str | None
) -> Counts:
    """Count what a quad table has, with and without its inferred triples, and write it down.

    Args:
        connection: From `kg.duck.engine`.
        table: As for `count_table`.
        folder: Where the file goes.
        base: As for `count_table`.
        inferred: The graph of inferred triples, as a term; None if there is none.

    Returns:
        The counts with inferred triples.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    kinds = {"all": None} if inferred is None else {"all": None, "stated": inferred}
    found = {
        name: count_table(connection, table, base, left_out) for name, left_out in kinds.items()
    }
    put_counts(folder, base, found)
    return found["all"]


def put_counts(folder: Path, base: str, found: dict[str, Counts]) -> None:
    """Write counts down, unless they have too many rows.

    Args:
        folder: Where the file goes.
        base: As for `count_table`.
        found: The counts with inferred triples (``all``), and without (``stated``).

    Raises:
        WorldError: The disk failed.
    """
    every = found["all"]
    if len(every.classes) + len(every.properties) + len(every.links) > _MOST:
        return
    content = {
        "version": _VERSION,
        "base": base,
        **{name: asdict(counts) for name, counts in found.items()},
    }
    temporary.write_note(folder / COUNTS_NAME, json.dumps(content, ensure_ascii=False) + "\n")


def change_counts(
    connection: Connection,
    known: Counts,
    old: str,
    new: str,
    table: str,
    base: str,
    held: Callable[[Sequence[str]], Mapping[str, int] | None] | None = None,
) -> Counts:
    """Count what a quad table has that differs from one whose counts are known.

    Args:
        connection: From `kg.duck.engine`.
        known: The counts of the table before.
        old: The rows before of the subjects whose rows differ, for a FROM clause.
        new: Their rows now.
        table: The table for a FROM clause.
        base: As for `count_table`.
        held: Returns in how many rows the table has each of some terms as object, without those
            that it has in none; None where it does not know.

    Raises:
        LimitError: The memory limit was reached.
    """
    triples = "kg_counted"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {triples} AS SELECT DISTINCT s, p, o, 1 AS n FROM {new}"
        f" UNION ALL SELECT DISTINCT s, p, o, -1 FROM {old}"
    )
    own: dict[str, object] = {"base": f"<{base}"}

    def ask(sql: str, given: dict[str, object]) -> list[Any]:
        return connection.execute(sql, given).fetchall()

    subjects, entities = ask(
        "SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n) FILTER (starts_with(s, $base)), 0)"
        f"::BIGINT FROM (SELECT DISTINCT s, n FROM {triples})",
        own,
    )[0]
    # Objects that came or went count where no other row has them.
    turned = (
        f"(SELECT o, sum(n)::BIGINT AS n FROM (SELECT DISTINCT o, n FROM {triples})"
        " GROUP BY o HAVING sum(n) <> 0)"
    )
    objects = None
    if held and ask(f"SELECT count(*) FROM {triples}", {})[0][0] <= _FEW:
        numbers = dict(ask(f"SELECT o, n FROM {turned}", {}))
        rows_now = dict(ask(f"SELECT o, count(*) FROM {new} GROUP BY o", {}))
        rows = held([*numbers])
        if rows is not None:
            objects = sum(n for o, n in numbers.items() if rows.get(o, 0) == rows_now.get(o, 0))
    if objects is None:
        objects = ask(
            f"SELECT coalesce(sum(n), 0)::BIGINT FROM {turned} WHERE o NOT IN"
            f" (SELECT o FROM {table} WHERE o IN (SELECT o FROM {triples})"
            f" AND s NOT IN (SELECT s FROM {triples}))",
            {},
        )[0][0]
    properties = ask(f"SELECT p, sum(n)::BIGINT FROM {triples} GROUP BY p", {})
    classes = ask(
        f"SELECT o, sum(n)::BIGINT FROM {triples} WHERE p = $type AND starts_with(o, '<')"
        " GROUP BY o",
        {"type": RDF_TYPE},
    )
    links = ask(
        f"SELECT p, regexp_extract(o, {_NAMESPACE}, 1) AS space, sum(n)::BIGINT FROM {triples}"
        " WHERE p IN (SELECT unnest($links)) AND starts_with(o, '<')"
        " AND NOT starts_with(o, $base) GROUP BY p, space HAVING space <> ''",
        {**own, "links": [*_LINKS]},
    )
    connection.execute(f"DROP TABLE {triples}")
    counted = _added(known.properties, properties)
    return Counts(
        triples=sum(number for _, number in counted),
        entities=known.entities + entities,
        subjects=known.subjects + subjects,
        objects=known.objects + objects,
        classes=tuple(sorted(_added(known.classes, classes), key=_most_first)),
        properties=tuple(sorted(counted, key=_most_first)),
        links=tuple(
            sorted(_added(known.links, links), key=lambda row: (row[0].encode(), row[1].encode()))
        ),
    )


def _added(known: Iterable[tuple[Any, ...]], more: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Return rows that end with a number, those of two lists that begin alike added up."""
    found = {row[:-1]: row[-1] for row in known}
    for *name, number in more:
        found[tuple(name)] = found.get(tuple(name), 0) + number
    return [(*name, number) for name, number in found.items() if number]


def _most_first(row: tuple[str, int]) -> tuple[int, bytes]:
    return -row[1], row[0].encode()


def read_counts(build: Build, base: str, *, with_inferred: bool) -> Counts | None:
    """Return what was counted when a build was made; None if that is not known for this base.

    Args:
        build: The build, of which the files have been checked.
        base: As for `count_table`.
        with_inferred: Whether triples count that the build inferred.

    Raises:
        InputError: ``build.json`` is damaged.
    """
    if COUNTS_NAME not in build.info()["files"]:  # nobody has checked what lies there
        return None
    try:
        content = json.loads(read_file(build.path / COUNTS_NAME))
    except (KgError, ValueError):
        return None
    if content["version"] != _VERSION or content["base"] != base:
        return None
    stated = build.inferred_graph is not None and not with_inferred
    found: dict[str, Any] = content["stated" if stated else "all"]
    for name in ("classes", "properties", "links"):
        found[name] = tuple(map(tuple, found[name]))
    return Counts(**found)


def counts_of(build: Build, base: str, *, with_inferred: bool, memory: str | None = None) -> Counts:
    """Return what a build has: as it was written down, or counted now.

    Args:
        build: The build, of which the files have been checked.
        base: As for `count_table`.
        with_inferred: As for `read_counts`.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        LimitError: The memory limit was reached.
    """
    found = read_counts(build, base, with_inferred=with_inferred)
    if found is not None:
        return found
    # Imported here, since what was written down needs no DuckDB.
    from kg.duck import engine
    from kg.quads import QuadTable
    from kg.temporary import temporary_folder

    left_out = None if with_inferred else build.inferred_graph
    with temporary_folder("counts") as spill, engine(spill, memory) as connection:
        return count_table(connection, QuadTable(build.quads).sql, base, left_out)
