"""From a rule to the SQL that makes its statements: for the quads of a graph, and for lineage.

Both differ in what they keep of a record: its subject, or its place; and lineage keeps the records
that give no object, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kg.engines.duckdb.term_sql import TermPrinter, TermSql
from kg.mapping.rules import Parent, Rule, Term
from kg.sql import sql_name


def scan_sql(
    rows: str, kept: Mapping[str, str], terms: Mapping[str, TermSql], where: Sequence[str] = ()
) -> str:
    """Return a query for the terms of records, each with each where they are lists.

    Args:
        rows: What is in the FROM clause.
        kept: Further columns by name, as SQL.
        terms: The terms by name.
        where: Conditions on the records.
    """
    shown = ", ".join(f"{sql} AS {name}" for name, sql in kept.items())
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    if not any(term.many for term in terms.values()):
        made = ", ".join(f"{term.sql} AS {name}" for name, term in terms.items())
        return f"SELECT {shown}, {made} FROM {rows}{chosen}"
    listed = ", ".join((*kept, *(f"u.{name}" for name in terms)))
    inside = f"SELECT {shown}, unnest({combined(terms)}) AS u FROM {rows}{chosen}"
    return f"SELECT {listed} FROM ({inside})"


def bound(rows: str, terms: Mapping[str, TermSql]) -> tuple[str, dict[str, TermSql]]:
    """Return rows with columns that hold terms, and the terms as these columns.

    A term that reads other tables cannot be in the lambda functions that combine terms.
    """
    listed = ", ".join(f"{term.sql} AS made_{name}" for name, term in terms.items())
    made = {name: replace(term, sql=f"made_{name}") for name, term in terms.items()}
    return f"(SELECT *, {listed} FROM {rows})", made


def combined(terms: Mapping[str, TermSql], more: Mapping[str, str] | None = None) -> str:
    """Return the SQL of a struct of terms; where some are lists, a list of all combinations.

    Args:
        terms: The terms by name.
        more: Further parts of the struct, or what to have in it instead of a term.
    """
    inner = {key: f"x_{key}" if term.many else term.sql for key, term in terms.items()}
    inner |= more or {}
    sql = "{" + ", ".join(f"'{key}': {value}" for key, value in inner.items()) + "}"
    for depth, (key, term) in enumerate((k, t) for k, t in terms.items() if t.many):
        sql = f"list_transform({term.sql}, lambda x_{key}: {sql})"
        sql = f"flatten({sql})" if depth else sql
    return sql


def join_sql(
    rule: Rule,
    parent: Parent,
    rows: str,
    kept: Mapping[str, TermSql],
    others: str,
    subject: TermSql,
    verb: str = "JOIN",
) -> str:
    """Return what is in a FROM clause for the records of a rule and those of its parent.

    Args:
        rule: The rule.
        parent: Its object.
        rows: The records of the rule.
        kept: Columns that are made of them.
        others: The records of the parent.
        subject: The parent's subject, which is the column ``o``.
        verb: The kind of join.
    """
    child, other = TermPrinter(rule.table), TermPrinter(parent.table)
    if parent.condition is not None:
        rows = f"(SELECT * FROM {rows} WHERE {child.holds(parent.condition)})"
    own = {f"k{n}": child.key(key) for n, (key, _) in enumerate(parent.keys)}
    theirs = {f"k{n}": other.key(key) for n, (_, key) in enumerate(parent.keys)}
    condition = " AND ".join(f"child.{key} = parent.{key}" for key in own)
    return (
        f"({_distinct(rows, {**kept, **own})}) AS child {verb}"
        f" ({_distinct(others, {'o': subject, **theirs})}) AS parent ON {condition}"
    )


def there_sql(rule: Rule, parent: Parent) -> str:
    """Return the condition that a record of a rule has a parent, whose keys are single values."""
    child, other = TermPrinter(rule.table), TermPrinter(parent.table)
    own = [child.key(key).sql for key, _ in parent.keys]
    theirs = [other.key(key).sql for _, key in parent.keys]
    keys = own[0] if len(own) == 1 else f"({', '.join(own)})"
    there = f"{keys} IN (SELECT {', '.join(theirs)} FROM {parent.table.name})"
    if parent.condition is not None:
        there = f"{there} AND {child.holds(parent.condition)}"
    return there


def traced_sql(rule: Rule, rows: str) -> str:
    """Return a query for file, record, s, p and o of records; without an object, o is NULL.

    Args:
        rule: The rule.
        rows: Records of its table, with their subjects in the column ``kg_s``.
    """
    printer = TermPrinter(rule.table)
    kept = {"file": "file", "record": "record", "s": "kg_s"}
    predicate = or_null(printer.term(rule.predicate))
    made = rule.object
    if isinstance(made, Parent) and made.keys:
        columns = {name: TermSql(sql, False, "") for name, sql in kept.items()}
        subject = TermPrinter(made.table).term(made.subject)
        others = sql_name(made.table.name)
        joined = join_sql(
            rule, made, rows, {**columns, "p": predicate}, others, subject, "LEFT JOIN"
        )
        return f"SELECT DISTINCT file, record, s, p, o FROM {joined}"
    term: Term | None = made.own if isinstance(made, Parent) else made
    assert term is not None
    rows, terms = bound(rows, {"p": predicate, "o": or_null(printer.term(term))})
    found = scan_sql(rows, kept, terms)
    # Rows of a view may be of one record, and say the same.
    return found if rule.table.rows is None else f"SELECT DISTINCT * FROM ({found})"


def or_null(term: TermSql) -> TermSql:
    """Let an empty list be a list of one NULL, so that it takes no record away when unnested."""
    return replace(term, sql=f"coalesce(nullif({term.sql}, []), [NULL])") if term.many else term


def _distinct(rows: str, columns: Mapping[str, TermSql]) -> str:
    """Return a query for the distinct rows of expressions, lists unnested one after another."""
    final = {}
    for name, term in columns.items():
        if term.many:
            rows = f"(SELECT *, unnest({term.sql}) AS m_{name} FROM {rows})"
            final[name] = f"m_{name}"
        else:
            final[name] = term.sql
    shown = ", ".join(f"{sql} AS {name}" for name, sql in final.items())
    return f"SELECT DISTINCT {shown} FROM {rows}"
