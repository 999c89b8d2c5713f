"""The schema card: what a program that writes SPARQL must know of a graph, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.builds import check_build, check_table
from kg.duck import Connection, engine, sql_text
from kg.names import Namer
from kg.quads import QuadTable
from kg.records import dataclass
from kg.table import ids
from kg.table.write import open_copies, read_statistics
from kg.temporary import temporary_folder
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, XSD, XSD_STRING
from kg.vocabulary import Vocabulary, VocabularyTerm
from kg.workspace import Build

if TYPE_CHECKING:
    from kg.graph import Graph
    from kg.queries.question import Question


# Classes and properties that a card lists, and properties of one class.
_MOST: Final = 150
_OF_CLASS: Final = 40
_LONGEST: Final = 200
# What every ontology has, and no question is about.
_PLUMBING: Final = (OWL, RDF, RDFS, "http://www.w3.org/ns/shacl#")


def schema_card(
    graph: Graph,
    vocabulary: Vocabulary | None = None,
    questions: Sequence[Question] | None = None,
    *,
    memory: str | None = None,
) -> str:
    """Return the card of a graph.

    Args:
        graph: The graph; its statistics are counted.
        vocabulary: Its classes and properties, if they are known already.
        questions: Its questions; read anew if None.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: The build is damaged, or the header of a question is wrong.
        LimitError: The memory limit was reached.
    """
    known = vocabulary or graph.vocabulary()
    usage = read_usage(graph.build, memory=memory)
    asked = graph.questions() if questions is None else questions
    return "\n".join((*_lines(graph, known, usage), *_questions(asked))) + "\n"


def _lines(graph: Graph, known: Vocabulary, usage: Usage) -> Iterator[str]:
    workspace = graph.workspace
    namer = Namer(workspace.prefixes)
    classes = [each for each in known.classes if each.count and not _is_plumbing(each)]
    properties = [each for each in known.properties if each.count and not _is_plumbing(each)]
    used = {
        prefix: space
        for prefix, space in sorted(known.prefixes.items())
        if any(each.iri.startswith(space) for each in (*classes, *properties))
        or space.startswith(workspace.base)
    }
    yield f"# {workspace.title}"
    if workspace.description:
        yield from ("", workspace.description)
    yield from ("", f"{usage.triples:,} triples. Things of its own have IRIs below"
                f" <{workspace.base}>.")  # fmt: skip
    yield from ("", "## Prefixes", "", "No PREFIX line is needed for them.", "", "```sparql")
    yield from (f"PREFIX {prefix}: <{space}>" for prefix, space in used.items())
    yield "```"
    yield from ("", "## Classes, with the properties of their instances", "")
    for each in classes[:_MOST]:
        yield f"- **{each.name}** ({each.count:,}){_told(each)}"
        own = usage.properties.get(each.iri, ())
        if own:
            listed = (f"{namer(f'<{p}>')} ({count:,})" for p, count in own[:_OF_CLASS])
            yield f"  - {', '.join(listed)}"
    yield from ("", "## Properties, with what they lead to", "")
    for each in properties[:_MOST]:
        objects = ", ".join(
            f"{'IRI' if kind == '' else namer(f'<{kind}>')} ({count:,})"
            for kind, count in usage.objects.get(each.iri, ())
        )
        yield f"- **{each.name}** ({each.count:,}) → {objects}{_told(each)}"
    if usage.graphs:
        yield from ("", "## Named graphs", "", "The default graph is all of them together.", "")
        yield from (f"- <{name}> ({count:,} triples)" for name, count in usage.graphs)


def _is_plumbing(term: VocabularyTerm) -> bool:
    return term.iri.startswith(_PLUMBING) and term.iri not in (f"{RDF}type", f"{RDFS}label")


def _told(term: VocabularyTerm) -> str:
    text = " ".join((term.comment or term.label).split())
    return f": {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}" if text else ""


def _questions(questions: Sequence[Question]) -> Iterator[str]:
    if not questions:
        return
    yield from ("", "## Questions", "", "Ask one by its name, rather than write it anew.", "")
    for each in questions:
        yield f"- **{each.name}**: {each.question or each.title}"
        for parameter in each.parameters:
            default = "" if parameter.default is None else f", by default {parameter.default}"
            told = f": {parameter.explanation}" if parameter.explanation else ""
            yield f"  - {parameter.name}, {parameter.type}{default}{told}"


# --- How the classes and properties of a graph go together, for who writes queries ----------------


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
    with temporary_folder("usage") as folder, engine(folder, memory) as connection:
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
