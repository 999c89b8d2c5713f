"""The queries that make the statements about the members of collections and containers.

Collections that nothing names are told apart by their gather map. Those that have names may be one,
whichever map makes them, so that their members are numbered together.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/#generating-well-formed-named-collections-or-containers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kg.engines.duckdb.gather_sql import NIL, PLACE, made_heads, members
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.sql.made_term import TermSql
from kg.mapping.rules import Collection, Gathered, MapRules, Parent, Rule, Term, bare
from kg.records import dataclass
from kg.sql import sql_text
from kg.terms import RDF, RDF_TYPE

FIRST, REST = f"<{RDF}first>", f"<{RDF}rest>"


@dataclass(frozen=True, slots=True)
class CollectionSql:
    """A query for the statements about members.

    Attributes:
        sql: The query; its columns are s, p, o, g, and those that say what a statement is made of:
            the number of the collection (m, c), file and number of the record (f, r).
        tables: Names of the tables that it reads.
        made: What it is of.
    """

    sql: str
    tables: tuple[str, ...]
    made: tuple[Collection, ...]


# Returns the SQL of the graph of a collection, and that of a constant predicate.
GraphSql = Callable[[Collection], TermSql]
PredicateSql = Callable[[str], str]


def collection_queries(
    maps: Sequence[MapRules], graph: GraphSql, predicate: PredicateSql
) -> Iterator[CollectionSql]:
    """Yield the queries for the members of all collections and containers.

    Args:
        maps: The rules of all triples maps.
        graph: Returns the graph of a collection, as rules write it.
        predicate: Returns a constant predicate, as rules write it.
    """
    groups: dict[tuple[object, ...], list[Collection]] = {}
    for each in (each for rules in maps for each in rules.collections):
        is_list = each.gathered.kind.is_list
        own = each.number if each.gathered.head is None else None
        groups.setdefault((each.targets, is_list, own), []).append(each)
    for group in groups.values():
        rows = _members(group, graph)
        if group[0].gathered.kind.is_list:
            sql = _cells(rows, predicate)
        else:
            types = [_types(each, graph(each), predicate) for each in group]
            sql = " UNION ALL ".join([_numbers(rows), *types])
        tables = tuple(dict.fromkeys(name for each in group for name in _tables(each)))
        yield CollectionSql(sql, tables, tuple(group))


def _members(group: Sequence[Collection], graph: GraphSql) -> str:
    """Return the query for the members of collections that may have the same names."""
    rows = " UNION ALL ".join(
        sql for each in group for sql in members(TermPrinter(each.table), each, graph(each))
    )
    # What is in a graph by two of its names is in it once.
    again = len({each.number for each in group}) < len(group)
    again |= any(graph(each).many or _has_names(each) for each in group)
    return f"SELECT DISTINCT * FROM ({rows})" if again else rows


def _has_names(collection: Collection) -> bool:
    """Return whether a record may give several names of a collection."""
    head = collection.gathered.head
    return head is not None and TermPrinter(collection.table).term(head).many


def _cells(rows: str, predicate: PredicateSql) -> str:
    """Return the query for the cells of lists; the first is the head, and the last ends in nil."""
    place = " || ' ' || ".join(PLACE)
    cell = f"'_:b' || md5(h || {sql_text(chr(10))} || {place})"
    numbered = (
        "SELECT m, c, f, r, g, h, o, cell, row_number() OVER members AS number,"
        f" lead(cell) OVER members AS next FROM (SELECT *, {cell} AS cell FROM ({rows}))"
        f" WINDOW members AS (PARTITION BY g, h ORDER BY {', '.join(PLACE)})"
    )
    first = f"{{'p': {predicate(FIRST)}, 'o': o}}"
    rest = f"{{'p': {predicate(REST)}, 'o': coalesce(next, {sql_text(NIL)})}}"
    return (
        "SELECT s, u.p AS p, u.o AS o, g, m, c, f, r FROM (SELECT m, c, f, r, g,"
        f" CASE WHEN number = 1 THEN h ELSE cell END AS s, unnest([{first}, {rest}]) AS u"
        f" FROM ({numbered}))"
    )


def _numbers(rows: str) -> str:
    """Return the query for the numbered members of containers."""
    number = f"row_number() OVER (PARTITION BY g, h ORDER BY {', '.join(PLACE)})"
    return f"SELECT h AS s, '<{RDF}_' || {number} || '>' AS p, o, g, m, c, f, r FROM ({rows})"


def _types(collection: Collection, graph: TermSql, predicate: PredicateSql) -> str:
    """Return the query for the types of containers, also of those without members."""
    rows = made_heads(TermPrinter(collection.table), collection, graph)
    kind = sql_text(f"<{RDF}{collection.gathered.kind.value}>")
    m, c = collection.number
    shown = f"h AS s, {predicate(RDF_TYPE)} AS p, {kind} AS o, g, {m} AS m, {c} AS c, f, r"
    return f"SELECT {shown} FROM ({rows})"


def _tables(collection: Collection) -> Iterator[str]:
    """Yield the names of the tables that a collection is made of."""
    yield collection.table.name
    for group in collection.needs:
        for term in group:
            yield from parent_tables(term)


def gathered_tables(rule: Rule) -> tuple[str, ...]:
    """Return the names of the tables that the gathered terms of a rule read."""
    made = rule.object.subject if isinstance(rule.object, Parent) else rule.object
    terms = [rule.subject, rule.predicate, made, *([rule.graph] if rule.graph else [])]
    return tuple(name for term in terms for name in parent_tables(term))


def parent_tables(term: Term | Parent) -> Iterator[str]:
    """Yield the names of the tables of parents in a term, at any depth."""
    if isinstance(term, Parent):
        yield term.table.name
        term = term.subject
    made = bare(term)
    if isinstance(made, Gathered):
        for member in made.members:
            yield from parent_tables(member)
