"""Findings about a graph, by SQL over its quad table."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from kg.datatypes import known_names, unknown_datatype
from kg.duck import sql_text, translated
from kg.findings.model import Finding, Level
from kg.findings.terms import Used
from kg.names import Namer
from kg.records import dataclass
from kg.terms import RDF_TYPE, XSD

if TYPE_CHECKING:
    import duckdb

    from kg.quads import QuadTable

# Texts that people write for a missing value, as the end of an IRI made from it.
_NOTHING: Final = (
    *("na", "n%2fa", "n-a", "n.a.", "nan", "null", "none", "nil", "undefined", "unknown"),
    *("missing", "-", "--", "%3f", "%23n%2fa", "%23ref%21", "%20", "nat", "(null)"),
)
_USUAL: Final = ("integer", "decimal", "double", "date", "dateTime", "gYear", "boolean")
# Most unknown datatypes that are reported.
_MOST_DATATYPES: Final = 20


@dataclass(frozen=True, slots=True)
class Looked:
    """A graph, or some rows of it, that is looked at.

    Attributes:
        connection: From `kg.duck.engine`.
        table: The quad table.
        base: The start of the graph's own IRIs.
        namer: Writes terms.
    """

    connection: duckdb.DuckDBPyConnection
    table: QuadTable
    base: str
    namer: Namer

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a query."""
        with translated():
            return self.connection.execute(sql).fetchall()

    def is_own(self, term: str) -> str:
        """Return the condition that a term, given as SQL, is one of the graph's own IRIs."""
        return f"starts_with({term}, {sql_text('<' + self.base)})"

    def traced(self, subject: str, predicate: str) -> str:
        """Return how the record of a value is found."""
        words = f"{quote(self.namer(subject))} {quote(self.namer(predicate))}"
        return f"`kg trace {words}` shows the first record."


def terms_of(graph: Looked) -> Iterator[Used]:
    """Yield the properties and classes that a graph uses, with their counts."""
    rows = graph.rows(f"SELECT p, count(*) FROM {graph.table.sql} GROUP BY p ORDER BY p")
    for predicate, count in rows:
        yield Used(predicate[1:-1], "property", count=count)
    rows = graph.rows(
        f"SELECT o, count(*) FROM {graph.table.sql} WHERE p = {sql_text(RDF_TYPE)}"
        " AND starts_with(o, '<') GROUP BY o ORDER BY o",
    )
    for kind, count in rows:
        yield Used(kind[1:-1], "class", count=count)


def doubtful_keys(graph: Looked) -> Iterator[Finding]:
    """Yield findings about nodes whose keys mean no value, or have white space around them."""
    namer = graph.namer
    spelt = ", ".join(map(sql_text, _NOTHING))
    ending = "lower(regexp_extract(n, '[^/#:=]*$')[:-2])"
    nodes = (
        f"SELECT s AS n, true AS made FROM ({_subjects(graph.table)}) WHERE {graph.is_own('s')}"
        f" UNION ALL SELECT DISTINCT o, false FROM {graph.table.sql} WHERE {graph.is_own('o')}"
    )
    for node, made in graph.rows(
        f"SELECT n, bool_or(made) FROM ({nodes}) WHERE {ending} IN ({spelt}) GROUP BY n ORDER BY n",
    ):
        named = namer(node)
        yield Finding(
            "empty-key",
            named,
            f"{named} is a thing that stands for no value",
            None,
            "Say in the mapping which texts are no value, such as nulls: ['', NA]"
            + (f"; `kg trace {quote(named)}` shows the record." if made else "."),
        )
    yield from _spaced_keys(graph, nodes)


def _subjects(table: QuadTable) -> str:
    """Return a query for the subjects of a table, each once: they stand together there."""
    before = f"SELECT s, lag(s) OVER () AS before FROM {table.sql}"
    return f"SELECT s FROM ({before}) WHERE s IS DISTINCT FROM before"


def _spaced_keys(graph: Looked, nodes: str) -> Iterator[Finding]:
    """Yield a finding for each namespace of things whose keys begin or end with white space."""
    space = "(%20|%09|%0A|%0D|%C2%A0)"
    rows = graph.rows(
        "SELECT regexp_extract(n, '^<(.*[/#:=])', 1) AS part, count(*), min(n) FROM"
        f" (SELECT DISTINCT n FROM ({nodes}) WHERE contains(n, '%')"
        f" AND regexp_matches(n, '[/#:=]{space}|{space}>$')) GROUP BY part ORDER BY part",
    )
    for part, count, example in rows:
        verb = "key begins or ends" if count == 1 else "keys begin or end"
        yield Finding(
            "spaced-key",
            part,
            f"{count:,} {verb} with white space, such as that of {graph.namer(example)}",
            None,
            "Say trim: true in the source, or mend the data: with and without it are two things.",
            count,
        )


def dangling_links(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each property with links to own nodes that nothing is said of."""
    own, namer = graph.is_own("o"), graph.namer
    dangling = (
        f"SELECT s, p, o FROM {graph.table.sql} WHERE {own} AND p <> {sql_text(RDF_TYPE)}"
        f" AND o NOT IN ({_subjects(graph.table)})"
    )
    rows = graph.rows(
        f"SELECT p, count(DISTINCT o), min(o), min_by(s, (o, s)) FROM ({dangling})"
        " GROUP BY p ORDER BY p",
    )
    alike = _spelt_alike(graph, dangling) if rows else {}
    for predicate, count, example, subject in rows:
        named, near = namer(predicate), ""
        if predicate in alike:
            like, wrong, subject = alike[predicate]
            near = f"Did you mean {namer(like)}? "
            if wrong != example:
                near = f"Did you mean {namer(like)} by {namer(wrong)}? "
        links = "link leads" if count == 1 else "links lead"
        yield Finding(
            "dangling-link",
            named,
            f"{count:,} {links} by {named} to what nothing is said of, such as {namer(example)}",
            None,
            f"{near}Mend the key in the data, or add what it names;"
            f" {graph.traced(subject, predicate)}",
            count,
        )


def _spelt_alike(graph: Looked, dangling: str) -> dict[str, tuple[str, str, str]]:
    """Return by property the first node that a link misses by case or white space alone.

    It comes with the object and the subject of the link.
    """

    def plain(text: str) -> str:
        return f"lower(replace({text}, '%20', ''))"

    rows = graph.rows(
        "SELECT p, min((o, d.s, t.s)) FROM"
        f" ({dangling}) AS d JOIN ({_subjects(graph.table)}) AS t"
        f" ON {plain('d.o')} = {plain('t.s')} GROUP BY p",
    )
    return {predicate: (like, wrong, subject) for predicate, (wrong, subject, like) in rows}


def large_integers(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each property with integers that Oxigraph cannot calculate with."""
    namer = graph.namer
    digits = f"regexp_extract(o, '^\"([-+]?[0-9]{{19,}})\"\\^\\^<{XSD}', 1)"
    rows = graph.rows(
        f"SELECT p, count(*), min((s, number)) FROM (SELECT s, p, {digits} AS number"
        f" FROM {graph.table.sql} WHERE length(o) > {len(XSD) + 24} AND ends_with(o, '>'))"
        " WHERE number <> '' AND try_cast(number AS BIGINT) IS NULL GROUP BY p ORDER BY p",
    )
    for predicate, count, (subject, number) in rows:
        named = namer(predicate)
        values, have = ("value", "has") if count == 1 else ("values", "have")
        yield Finding(
            "large-integer",
            named,
            f"{count:,} {values} of {named} {have} more than 64 bits, the first"
            f" {number[:40]}: FILTER and sums of questions pass over such numbers",
            None,
            "Make it a text if it is a code, and xsd:double if it is compared or summed;"
            f" {graph.traced(subject, predicate)}",
            count,
        )


def unknown_datatypes(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each unknown XML Schema datatype of literals.

    A mapping that takes datatypes from the data, as in ``xsd:$(type)``, makes them silently.
    """
    start = f'"^^<{XSD}'
    # Taking the name out of each literal costs more than leaving most of them out first.
    usual = " OR ".join(f"ends_with(o, {sql_text(f'{start}{name}>')})" for name in _USUAL)
    rows = graph.rows(
        "SELECT name, count(*), min((s, p)) FROM"
        f" (SELECT s, p, list_extract(string_split(o, {sql_text(start)}), -1)[:-2] AS name"
        f" FROM {graph.table.sql} WHERE ends_with(o, '>') AND NOT ({usual})"
        f" AND contains(o, {sql_text(start)}))"
        f" WHERE name NOT IN ({', '.join(map(sql_text, sorted(known_names())))})"
        f" GROUP BY name ORDER BY count(*) DESC, name LIMIT {_MOST_DATATYPES}",
    )
    for name, count, (subject, predicate) in rows:
        verb = "value has" if count == 1 else "values have"
        yield Finding(
            "undeclared-term",
            f"xsd:{name}",
            f"xsd:{name} is not a datatype of XML Schema, and {count:,} {verb} it",
            None,
            f"{unknown_datatype(XSD + name)} {graph.traced(subject, predicate)}",
            count,
        )


def unused_base(graph: Looked) -> Iterator[Finding]:
    """Yield a finding if nothing in the graph has an IRI below the workspace's base."""
    below = f"SELECT 1 FROM {graph.table.sql} WHERE {graph.is_own('s')} LIMIT 1"
    if not graph.rows(below) and graph.rows(f"SELECT 1 FROM {graph.table.sql} LIMIT 1"):
        yield Finding(
            "unused-base",
            graph.base,
            f"nothing in the graph has an IRI below the base {graph.base}",
            None,
            "Write the same base in kg.toml, in the mappings and in the prefixes.",
            level=Level.WARNING,
        )
