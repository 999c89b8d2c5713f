"""What leads from where to where in a build: for each class its properties, and what these lead to.

Other programs learn from it what can be asked of an endpoint.

Spec: https://www.w3.org/TR/void/#class-property-partitions, http://ldf.fi/void-ext
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kg.builds import check_build
from kg.duck import engine, sql_text
from kg.quads import QuadTable
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.terms import RDF, RDF_TYPE, XSD, literal
from kg.workspace import Build

_VOID: Final = "http://rdfs.org/ns/void#"
_VOID_EXT: Final = "http://ldf.fi/void-ext#"
# More partitions than these tell nobody anything.
_MOST: Final = 20_000
_DATATYPE: Final = "'\"\\^\\^<([^<>\"]*)>$'"


@dataclass(frozen=True, slots=True)
class Partition:
    """Triples from instances of a class, by a property, to things of one kind.

    Attributes:
        subject: The class, as a term.
        predicate: The property, as a term.
        object: The class or datatype that they lead to, as a term; empty where it is unknown.
        is_datatype: Whether that is a datatype.
        triples: How many there are.
    """

    subject: str
    predicate: str
    object: str
    is_datatype: bool
    triples: int


def read_partitions(build: Build) -> list[Partition]:
    """Return the partitions of a build, sorted; of very many, those with most triples.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    sql = f"""
        WITH facts AS (SELECT DISTINCT s, p, o FROM {table.sql}),
        kinds AS (SELECT s, o AS kind FROM facts
                  WHERE p = {sql_text(RDF_TYPE)} AND starts_with(o, '<'))
        SELECT a.kind, f.p, coalesce(b.kind, CASE
                 WHEN NOT starts_with(f.o, '"') THEN ''
                 WHEN regexp_matches(f.o, {_DATATYPE})
                 THEN '<' || regexp_extract(f.o, {_DATATYPE}, 1) || '>'
                 WHEN ends_with(f.o, '"') THEN '<{XSD}string>'
                 ELSE '<{RDF}langString>' END) AS found,
               starts_with(f.o, '"') AS is_datatype, count(*) AS n
        FROM facts f JOIN kinds a ON f.s = a.s LEFT JOIN kinds b ON f.o = b.s
        WHERE f.p <> {sql_text(RDF_TYPE)}
        GROUP BY 1, 2, 3, 4 ORDER BY n DESC, 1, 2, 3 LIMIT {_MOST}"""
    with temporary_folder("partitions") as folder, engine(folder) as connection:
        rows = connection.execute(sql).fetchall()
    return sorted(
        (Partition(*row) for row in rows), key=lambda p: (p.subject, p.predicate, p.object)
    )


def partition_triples(
    partitions: Iterable[Partition], nodes: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield partitions as triples, without blank nodes.

    Args:
        partitions: Sorted by class and property.
        nodes: Class to the node of its partition, both as terms; others are left out.
    """
    at, number, part, total = ("", ""), 0, "", 0
    for each in partitions:
        node = nodes.get(each.subject)
        if node is None:
            continue
        if (each.subject, each.predicate) != at:
            if total:
                yield part, f"<{_VOID}triples>", _number(total)
            number = number + 1 if each.subject == at[0] else 1
            at, part, total = (each.subject, each.predicate), f"{node[:-1]}-property-{number}>", 0
            yield node, f"<{_VOID}propertyPartition>", part
            yield part, f"<{_VOID}property>", each.predicate
        total += each.triples
        if each.object:
            yield from _target(part, each)
    if total:
        yield part, f"<{_VOID}triples>", _number(total)


def _target(part: str, partition: Partition) -> Iterator[tuple[str, str, str]]:
    space, kind = (_VOID_EXT, "datatype") if partition.is_datatype else (_VOID, "class")
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in partition.object[1:-1])
    node = f"{part[:-1]}-{kind}-{name}>"
    yield part, f"<{space}{kind}Partition>", node
    yield node, f"<{space}{kind}>", partition.object
    yield node, f"<{_VOID}triples>", _number(partition.triples)


def _number(value: int) -> str:
    return literal(str(value), f"{XSD}integer")
