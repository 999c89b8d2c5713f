"""The SQL of collections and containers: their head nodes, and the rows of their members.

A head node is an expression on the columns of a record, as any term is. The members of what many
records make are rows, which DuckDB sorts on the disk if need be; only the combinations that one
record gives are a list.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from kg.engines.duckdb.dialect import array
from kg.engines.sql.made_term import TermSql
from kg.mapping.plan import Call
from kg.mapping.rules import BlankNode, Collection, Gathered, Parent, Term
from kg.sql import sql_name, sql_text
from kg.terms import RDF

if TYPE_CHECKING:
    from kg.engines.duckdb.term_sql import TermPrinter

NIL: Final = f"<{RDF}nil>"
# The columns of a member: graph and head; what it comes in the order of (number of the triples map,
# file and record, number of the gather map, number of the combination, number of the member map,
# and three numbers for what that gives); the member.
PLACE: Final = ("m", "f", "r", "c", "n", "part", "i", "j", "k")


# --- head nodes ---------------------------------------------------------------------------


def heads(printer: TermPrinter, gathered: Gathered, condition: Call | None) -> TermSql:
    """Return the SQL of the head nodes that a record gives.

    Args:
        printer: Prints terms of the record.
        gathered: What is gathered.
        condition: What must hold of the record.
    """
    if gathered.head is None and gathered.is_product:
        made = _numbered_heads(printer, gathered)
    else:
        made = _named_heads(printer, gathered)
    if condition is None:
        return replace(made, lost=made.missing or "false")
    holds = printer.holds(condition)
    none = "[]" if made.many else "NULL"
    missing = f"({made.missing or 'false'}) OR ({holds}) IS NOT TRUE"
    lost = f"({made.missing or 'false'}) AND ({holds})"
    return TermSql(f"CASE WHEN {holds} THEN {made.sql} ELSE {none} END", made.many, missing, lost)


def _named_heads(printer: TermPrinter, gathered: Gathered) -> TermSql:
    """Return the SQL of head nodes that do not depend on what is gathered."""
    name = printer.term(_name(printer, gathered))
    filled = _is_filled(printer, gathered)
    if gathered.keeps_empty and not (gathered.kind.is_list and filled != "true"):
        return name
    if filled == "true":
        return name
    empty = "NULL"
    if gathered.keeps_empty:
        empty = sql_text(NIL)
    elif gathered.head is None:
        missing = f"({filled}) IS NOT TRUE"
        return TermSql(f"CASE WHEN {filled} THEN {name.sql} END", False, missing)
    if not name.many:
        # Nothing is named where there is no name.
        sql = f"CASE WHEN ({name.sql}) IS NULL THEN NULL WHEN {filled} THEN {name.sql}"
        sql += f" ELSE {empty} END"
        missing = name.missing if gathered.keeps_empty else f"({sql}) IS NULL"
        return TermSql(sql, False, missing)
    others = f"list_transform({_all(name)}, lambda term: {empty})" if gathered.keeps_empty else "[]"
    sql = f"CASE WHEN {filled} THEN {name.sql} ELSE {others} END"
    return TermSql(sql, True, f"coalesce(len({_all(TermSql(sql, True, ''))}), 0) = 0")


def _numbered_heads(printer: TermPrinter, gathered: Gathered) -> TermSql:
    """Return the SQL of a blank node for each combination of the terms of the members."""
    lists = [_terms(printer, member) for member in gathered.members]
    count = " * ".join(f"len({each})" for each in lists)
    made = f"list_transform(range({count}), lambda n: {_numbered(printer, gathered, 'n')})"
    if not gathered.keeps_empty:
        return TermSql(made, True, f"coalesce({count}, 0) = 0")
    empty = sql_text(NIL) if gathered.kind.is_list else _numbered(printer, gathered, "0")
    return TermSql(f"CASE WHEN {count} = 0 THEN [{empty}] ELSE {made} END", True, "")


def _name(printer: TermPrinter, gathered: Gathered) -> Term:
    if gathered.head is not None:
        return gathered.head
    return BlankNode(None, gathered.scope, printer.table.row)


def _numbered(printer: TermPrinter, gathered: Gathered, number: str) -> str:
    """Return the SQL of the blank node of one of the collections that a record gives."""
    scope = sql_text(f"{gathered.scope}\n")
    row = printer.table.row
    return f"'_:b' || md5({scope} || file || ' ' || {row} || ' ' || {number})"


def _is_filled(printer: TermPrinter, gathered: Gathered) -> str:
    """Return the condition that a record gives a member."""
    found = [_is_there(printer, member) for member in gathered.members]
    if gathered.is_product:
        kept = [each for each in found if each != "true"]
        return " AND ".join(f"({each})" for each in kept) or "true"
    return "true" if "true" in found else " OR ".join(f"({each})" for each in found)


def _is_there(printer: TermPrinter, member: Term | Parent) -> str:
    if not isinstance(member, Parent):
        return printer.term(member).there
    if not member.keys:
        assert member.own is not None
        return printer.term(member.own).there
    keys = [printer.key(key) for key, _ in member.keys]
    names = [f"k{n}" for n in range(len(keys))]
    if any(key.many for key in keys):
        rows = _joined(
            printer,
            member,
            f"SELECT file AS f, {printer.table.row} AS r{_keys(keys)}"
            f" FROM {sql_name(printer.table.name)}",
            "f, r",
        )
        there = f"(file, {printer.table.row}) IN (SELECT f, r FROM ({rows}))"
    else:
        own = ", ".join(key.sql for key in keys)
        there = f"({own}) IN (SELECT ({', '.join(names)}) FROM ({_parents(printer, member)}))"
        there = f"coalesce({there}, false)"
    if member.condition is not None:
        there += f" AND {printer.holds(member.condition)}"
    return there


def _terms(printer: TermPrinter, member: Term | Parent) -> str:
    """Return the SQL of the list of all terms that a member gives of a record."""
    if not isinstance(member, Parent):
        return _all(printer.term(member))
    if not member.keys:
        assert member.own is not None
        return _all(printer.term(member.own))
    conditions = []
    for number, (key, _) in enumerate(member.keys):
        own = printer.key(key)
        equal = f"list_contains({own.sql}, k{number})" if own.many else f"{own.sql} = k{number}"
        conditions.append(equal)
    found = (
        f"SELECT DISTINCT pf, pr, pk, o FROM ({_parents(printer, member)})"
        f" WHERE {' AND '.join(conditions)}"
    )
    listed = f"(SELECT list(o ORDER BY pf, pr, pk) FROM ({found}))"
    if member.condition is not None:
        listed = f"CASE WHEN {printer.holds(member.condition)} THEN {listed} END"
    return f"coalesce({listed}, [])"


# --- parents ------------------------------------------------------------------------------


def _parents(printer: TermPrinter, parent: Parent) -> str:
    """Return a query for the subjects ``o`` of a parent, in order of ``pf, pr, pk``, with keys."""
    other = printer.of(parent.table)
    subject = other.term(parent.subject)
    keys = [other.key(key) for _, key in parent.keys]
    rows = f"SELECT file AS pf, {parent.table.row} AS pr, {_all(subject)} AS o{_keys(keys)}"
    rows = f"{rows} FROM {sql_name(parent.table.name)}"
    rows = f"SELECT * REPLACE (unnest(o) AS o), generate_subscripts(o, 1) AS pk FROM ({rows})"
    return _flat(rows, keys)


def _keys(keys: Sequence[TermSql]) -> str:
    return "".join(f", {key.sql} AS k{number}" for number, key in enumerate(keys))


def _flat(rows: str, keys: Sequence[TermSql]) -> str:
    """Return a query with a row for each value of the keys that are lists."""
    for number, key in enumerate(keys):
        if key.many:
            rows = f"SELECT * REPLACE (unnest(k{number}) AS k{number}) FROM ({rows})"
    return rows


def _joined(printer: TermPrinter, parent: Parent, rows: str, kept: str) -> str:
    """Return a query for the columns of rows with keys, and those of their parents.

    Args:
        printer: Prints terms of the rows.
        parent: The parent.
        rows: A query with the columns ``k0``, ``k1``… of the child's keys.
        kept: Other columns of it.
    """
    other = printer.of(parent.table)
    own = [printer.key(key) for key, _ in parent.keys]
    theirs = [other.key(key) for _, key in parent.keys]
    condition = " AND ".join(f"child.k{n} = parent.k{n}" for n in range(len(own)))
    # Records belong together once, however many of their values are equal.
    once = "DISTINCT " if any(key.many for key in (*own, *theirs)) else ""
    return (
        f"SELECT {once}{kept}, pf, pr, pk, o FROM ({_flat(rows, own)}) AS child"
        f" JOIN ({_parents(printer, parent)}) AS parent ON {condition}"
    )


# --- members ------------------------------------------------------------------------------


def made_heads(printer: TermPrinter, collection: Collection, graph: TermSql) -> str:
    """Return a query for the graphs ``g`` and heads ``h`` of collections, as rows."""
    term = printer.term(collection.needs[-1][0])  # type: ignore[arg-type]
    return _rows(printer, collection, {"g": graph, "h": term})


def members(printer: TermPrinter, collection: Collection, graph: TermSql) -> Iterator[str]:
    """Yield queries that together give the members of collections: `PLACE`, g, h and o."""
    gathered = collection.gathered
    if gathered.is_product:
        yield _combined(printer, collection, graph)
        return
    parts = groupby(gathered.members, key=lambda m: isinstance(m, Parent) and bool(m.keys))
    name = printer.term(_name(printer, gathered))
    part = 0
    for has_keys, group in parts:
        if has_keys:
            for parent in group:
                assert isinstance(parent, Parent)
                yield _of_parent(printer, collection, {"g": graph, "h": name}, parent, part)
                part += 1
            continue
        lists = [_terms(printer, member) for member in group]
        listed = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
        rows = _rows(printer, collection, {"g": graph, "h": name}, {"o": listed})
        rows = f"SELECT * REPLACE (unnest(o) AS o), generate_subscripts(o, 1) AS i FROM ({rows})"
        yield _placed(collection, rows, {"n": "0", "part": str(part), "j": "0", "k": "0"})
        part += 1


def _of_parent(
    printer: TermPrinter,
    collection: Collection,
    terms: Mapping[str, TermSql],
    parent: Parent,
    part: int,
) -> str:
    keys = {f"k{n}": printer.key(key).sql for n, (key, _) in enumerate(parent.keys)}
    chosen = "" if parent.condition is None else printer.holds(parent.condition)
    rows = _rows(printer, collection, terms, keys, chosen)
    joined = _joined(printer, parent, rows, "f, r, g, h")
    found = {"n": "0", "part": str(part), "i": "pf", "j": "pr", "k": "pk"}
    return _placed(collection, joined, found)


def _combined(printer: TermPrinter, collection: Collection, graph: TermSql) -> str:
    """Return the query for the members of one collection for each combination."""
    gathered = collection.gathered
    lists = {f"l{n}": _terms(printer, member) for n, member in enumerate(gathered.members)}
    row = ", ".join(f"x{n}" for n in range(len(lists)))
    sql = f"[[{row}]]"
    for depth, name in enumerate(reversed(lists)):
        number = len(lists) - depth - 1
        sql = f"flatten(list_transform(lists.{name}, lambda x{number}: {sql}))"
    # Lists are taken out of the lambda functions, in which DuckDB has no queries.
    given = ", ".join(f"'{name}': {listed}" for name, listed in lists.items())
    sql = f"list_transform([{{{given}}}], lambda lists: {sql})[1]"
    terms = {"g": graph}
    if gathered.head is not None:
        terms["h"] = printer.term(gathered.head)
    rows = _rows(printer, collection, terms, {"l": sql})
    rows = f"SELECT * REPLACE (unnest(l) AS l), generate_subscripts(l, 1) - 1 AS n FROM ({rows})"
    rows = f"SELECT *, unnest(l) AS o, generate_subscripts(l, 1) AS i FROM ({rows})"
    if gathered.head is None:
        scope = sql_text(f"{gathered.scope}\n")
        head = f"'_:b' || md5({scope} || f || ' ' || r || ' ' || n)"
        rows = f"SELECT *, {head} AS h FROM ({rows})"
    return _placed(collection, rows, {"part": "0", "j": "0", "k": "0"})


def _rows(
    printer: TermPrinter,
    collection: Collection,
    terms: Mapping[str, TermSql],
    columns: Mapping[str, str] | None = None,
    chosen: str = "",
) -> str:
    """Return a query for file ``f`` and number ``r`` of records with terms, lists unnested.

    Args:
        printer: Prints terms of the records.
        collection: What they are for.
        terms: Terms by name; where one is missing, there is no row.
        columns: Further columns by name, as SQL.
        chosen: A further condition on the records.
    """
    row = printer.table.row
    shown = {"f": "file", "r": row, **{name: term.sql for name, term in terms.items()}}
    shown |= columns or {}
    listed = ", ".join(f"{sql} AS {name}" for name, sql in shown.items())
    where = [chosen] if chosen else []
    for group in collection.needs:
        there = [_is_there(printer, each) for each in group]
        where += [] if "true" in there else [" OR ".join(there)]
    conditions = " AND ".join(f"({each})" for each in where) or "true"
    rows = f"SELECT {listed} FROM {sql_name(printer.table.name)} WHERE {conditions}"
    for name, term in terms.items():
        if term.many:
            rows = f"SELECT * REPLACE (unnest({name}) AS {name}) FROM ({rows})"
    kept = [f"{name} IS NOT NULL" for name, term in terms.items() if term.missing]
    return f"SELECT * FROM ({rows}) WHERE {' AND '.join(kept)}" if kept else rows


def _placed(collection: Collection, rows: str, place: Mapping[str, str]) -> str:
    """Return a query for the columns of members."""
    number = {"m": str(collection.number[0]), "c": str(collection.number[1])}
    found = {**number, **place}
    shown = ", ".join(f"({found.get(name, name)})::BIGINT AS {name}" for name in PLACE)
    return f"SELECT {shown}, g, h, o FROM ({rows})"


def _all(term: TermSql) -> str:
    """Return the SQL of the list of all terms that are made from a record."""
    if term.many:
        return f"list_filter({term.sql}, lambda term: term IS NOT NULL)"
    return f"CASE WHEN ({term.sql}) IS NULL THEN [] ELSE [{term.sql}] END"
