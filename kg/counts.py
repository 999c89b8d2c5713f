"""Counts of a graph for people: what it has of triples, classes, properties and links.

`kg build` writes them beside the quad table, since a build never changes; who shows them then
reads a small file, and needs neither a scan nor DuckDB. Where that file is missing, or was made
for another base, they are counted anew.
"""

from __future__ import annotations

import json
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
) -> None:
    """Count what a quad table has, with and without its inferred triples, and write it down.

    Args:
        connection: From `kg.duck.engine`.
        table: As for `count_table`.
        folder: Where the file goes.
        base: As for `count_table`.
        inferred: The graph of inferred triples, as a term; None if there is none.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    kinds = {"all": None} if inferred is None else {"all": None, "stated": inferred}
    found = {
        name: count_table(connection, table, base, left_out) for name, left_out in kinds.items()
    }
    every = found["all"]
    if len(every.classes) + len(every.properties) + len(every.links) > _MOST:
        return
    content = {
        "version": _VERSION,
        "base": base,
        **{name: asdict(counts) for name, counts in found.items()},
    }
    temporary.write_text(folder / COUNTS_NAME, json.dumps(content, ensure_ascii=False) + "\n")


def read_counts(build: Build, base: str, *, with_inferred: bool) -> Counts | None:
    """Return what was counted when a build was made; None if that is not known for this base.

    Args:
        build: The build, of which the files have been checked.
        base: As for `count_table`.
        with_inferred: Whether triples count that the build inferred.
    """
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
    from kg.duck import engine, translated
    from kg.quads import QuadTable
    from kg.temporary import temporary_folder

    left_out = None if with_inferred else build.inferred_graph
    with temporary_folder("counts") as spill, engine(spill, memory) as connection, translated():
        return count_table(connection, QuadTable(build.quads).sql, base, left_out)
