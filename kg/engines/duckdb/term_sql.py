"""From a term map to the SQL expression that makes its term out of a record's columns.

`kg.mapping.source_table` says what the columns of a record are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.datatypes import unknown_datatype
from kg.engines.duckdb.dialect import STOP, concat
from kg.engines.duckdb.function_sql import call_sql, split_sql, truth_sql
from kg.errors import InputError
from kg.mapping.advice import no_iri
from kg.mapping.datatypes import wrong_value_sql
from kg.mapping.expressions import (
    constant_datatype,
    date_calls,
    expressions_of,
    is_strict,
    splits,
    template_text,
)
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Formulation,
    Reference,
    Template,
    TermMap,
    TermType,
    references,
)
from kg.mapping.source_table import Column, SourceTable
from kg.sql import sql_text
from kg.terms import XSD, XSD_STRING, is_iri, literal

# Their columns know a date from a date with a time.
_WITH_DATES: Final = (Formulation.SQL, Formulation.PARQUET, Formulation.EXCEL)
DEFAULT_GRAPHS: Final = frozenset(
    {
        "http://w3id.org/rml/defaultGraph",
        "http://www.w3.org/ns/r2rml#defaultGraph",
        "http://semweb.mmlab.be/ns/rml#defaultGraph",
    }
)


@dataclass(frozen=True, slots=True)
class Check:
    """Finds the records whose values make no valid term, once the main query stopped at one.

    Attributes:
        code: Code of the error to raise.
        triples_map: Name of the triples map.
        table: The source table.
        references: References that the value comes from.
        sql: Query with the columns file, record, value.
        expected: What a good value is.
    """

    code: str
    triples_map: str
    table: SourceTable
    references: tuple[str, ...]
    sql: str
    expected: str


@dataclass(frozen=True, slots=True)
class TermSql:
    """SQL that makes a term: text in the form of `kg.terms`, NULL where a value is missing.

    Attributes:
        sql: A text, or a list of texts if `many`.
        missing: Condition that no term is made from a record; empty where that cannot be.
        lost: Condition that no term is made although that of the term map holds; the same as
            `missing` where the term map has none.
        prefix: A constant that all the terms start with, if one is known.
        rest: SQL of what follows the prefix.
        code: The number that stands for a constant predicate or graph.
    """

    sql: str
    many: bool
    missing: str
    lost: str = ""
    prefix: str = ""
    rest: str = ""
    code: int = -1


@dataclass(frozen=True, slots=True)
class _Value:
    """The SQL of one value: its text, and the kind of its natural datatype if it has one."""

    text: str
    kind: str | None


# What the values of references, and the parts of split texts, are in SQL.
_Bindings = Mapping[Reference | Call, _Value]


class TermCompiler:
    """Compiles the term maps of one triples map.

    Args:
        table: The source table of its records.
        base: What is prepended to relative IRIs.
        triples_map: Name, for messages and for blank nodes without an expression.
        condition: Which records the triples map takes; a check looks at no others.
    """

    def __init__(
        self, table: SourceTable, base: str, triples_map: str, condition: Expression | None = None
    ) -> None:
        self.table = table
        self.base = base
        self.triples_map = triples_map
        self.condition = condition
        self.checks: list[Check] = []

    def term(self, term_map: TermMap) -> TermSql:
        """Compile a term map.

        Raises:
            InputError: A constant makes no valid term.
        """
        parts = expressions_of(term_map)
        condition = term_map.condition
        if condition is None:
            return self._over(parts, lambda bindings: self._scalar(term_map, bindings))

        def made(bindings: _Bindings) -> str:
            holds = truth_sql(condition, lambda part: _plain(part, bindings))
            return f"CASE WHEN {holds} THEN {self._scalar(term_map, bindings)} END"

        def lacks(bindings: _Bindings) -> str:
            holds = truth_sql(condition, lambda part: _plain(part, bindings))
            return f"CASE WHEN {holds} THEN {self._scalar(term_map, bindings)} IS NULL END"

        term, lost = self._over(parts, made), self._over(parts, lacks)
        if not lost.many:
            return replace(term, lost=f"({lost.sql}) IS TRUE")
        found = f"list_contains({lost.sql}, true) AND NOT list_contains({lost.sql}, false)"
        return replace(term, lost=f"({found}) IS TRUE")

    def anchored(self, term_map: TermMap) -> TermSql | None:
        """Compile a term map whose terms all start with the same text; None if they do not."""
        expression = term_map.expression
        made = self.term(term_map)
        if made.many or not term_map.term_type.is_iri or not isinstance(expression, Template):
            return None
        start = expression.parts[0]
        for prefix in (f"<{start}", f"<{self.base}{start}"):
            rest = made.sql.removeprefix(f"{sql_text(prefix)} || ")
            if isinstance(start, str) and rest != made.sql:
                return replace(made, prefix=prefix, rest=rest)
        return None

    def graph(self, term_map: TermMap) -> TermSql | None:
        """Compile a graph map; None stands for the default graph."""
        expression = term_map.expression
        if isinstance(expression, Constant) and expression.value in DEFAULT_GRAPHS:
            return None
        return self.term(term_map)

    def ill_typed(self, term_map: TermMap) -> TermSql | None:
        """Compile the values that are not of their datatype; None where there can be none.

        A value that is of it gives NULL.
        """
        expression, datatype = term_map.expression, constant_datatype(term_map)
        if datatype is None or expression is None or isinstance(expression, Constant):
            return None
        if wrong_value_sql(datatype, "") is None:
            return None

        def bad(bindings: _Bindings) -> str:
            value = self._typed(expression, datatype, bindings)
            wrong = wrong_value_sql(datatype, value)
            return f"CASE WHEN {self._if_chosen(term_map, bindings)}{wrong} THEN {value} END"

        return self._over(expressions_of(term_map), bad)

    def unfit(self, term_map: TermMap) -> tuple[TermSql, str] | None:
        """Compile the values of which a function makes no date, with the name of the function."""
        calls = [
            call
            for expression in expressions_of(replace(term_map, condition=None))
            for call in date_calls(expression)
        ]
        if not calls:
            return None

        def bad(bindings: _Bindings) -> str:
            found = []
            for call in calls:
                value = _plain(call.arguments[0], bindings)
                chosen = self._if_chosen(term_map, bindings)
                made = f"{_plain(call, bindings)} IS NULL"
                found.append(f"CASE WHEN {chosen}{value} IS NOT NULL AND {made} THEN {value} END")
            return f"coalesce({', '.join(found)})"

        return self._over(expressions_of(term_map), bad), calls[0].function.value

    def crossed(self, *term_maps: TermMap) -> dict[str, str]:
        """Return the references of terms that may give several values, with their columns."""
        found: dict[str, str] = {}
        for term_map in term_maps:
            columns, _, _ = self._bound(expressions_of(term_map))
            found |= {c.reference: f"c{c.index}" for c in columns if c.many}
        return found

    def _if_chosen(self, term_map: TermMap, bindings: _Bindings) -> str:
        if term_map.condition is None:
            return ""
        return f"{truth_sql(term_map.condition, lambda part: _plain(part, bindings))} AND "

    def _typed(self, expression: Expression, datatype: str, bindings: _Bindings) -> str:
        """Return the SQL of a literal's text: a date of a time, where the source has types."""
        value = _plain(expression, bindings)
        kind = bindings[expression].kind if isinstance(expression, Reference) else None
        if kind is None or self.table.source.formulation not in _WITH_DATES:
            return value
        if datatype == f"{XSD}dateTime":
            return f"CASE {kind} WHEN 'D' THEN {value} || 'T00:00:00' ELSE {value} END"
        if datatype == f"{XSD}date":
            date = f"regexp_replace({value}, 'T[0-9:.]+', '')"
            return f"CASE {kind} WHEN 'T' THEN {date} ELSE {value} END"
        return value

    def key(self, expression: Expression) -> TermSql:
        """Compile an expression to its plain text, as joins compare it."""
        return self._over((expression,), lambda bindings: _plain(expression, bindings))

    def holds(self, condition: Call) -> str:
        """Compile a condition on the records of the table; it is true of one value at least."""

        def truth(bindings: _Bindings) -> str:
            return truth_sql(condition, lambda part: _plain(part, bindings))

        made = self._over((condition,), truth)
        return f"list_contains({made.sql}, true)" if made.many else made.sql

    # --- values ---------------------------------------------------------------------------

    def _over(self, parts: Sequence[Expression], scalar: Callable[[_Bindings], str]) -> TermSql:
        """Compile over all combinations of the values of references: the cross product.

        Args:
            parts: The expressions that a term is made of.
            scalar: Returns the SQL of the term for one combination.
        """
        columns, bindings, lists = self._bound(parts)
        sql = scalar(bindings)
        for depth, (name, values) in enumerate(reversed(lists)):
            sql = f"list_transform({values}, lambda {name}: {sql})"
            if depth:
                sql = f"flatten({sql})"
        if all(map(is_strict, parts)):
            missing = " OR ".join(
                f"len(c{c.index}) = 0" if c.many else f"c{c.index} IS NULL" for c in columns
            )
        elif lists:
            missing = f"len(list_filter({sql}, lambda made: made IS NOT NULL)) IS DISTINCT FROM 0"
            missing = f"NOT coalesce({missing}, false)"
        else:
            missing = f"({sql}) IS NULL"
        return TermSql(sql, bool(lists), missing, missing)

    def _bound(
        self, parts: Sequence[Expression]
    ) -> tuple[list[Column], _Bindings, list[tuple[str, str]]]:
        """Return the columns of expressions, their bindings, and what is gone through.

        The last are names of variables with the lists that their values are from, the outer
        before the inner.
        """
        needed = dict.fromkeys(reference for part in parts for reference in references(part))
        columns = [self.table.column(reference) for reference in needed]
        bindings: dict[Reference | Call, _Value] = dict(
            zip(needed, map(_bind, columns), strict=True)
        )
        strict = all(map(is_strict, parts))
        lists = [(f"e{c.index}", _list(c, strict)) for c in columns if c.many]
        for number, call in enumerate(dict.fromkeys(s for part in parts for s in splits(part))):
            values = split_sql(call, lambda part: _plain(part, bindings))
            bindings[call] = _Value(f"w{number}", None)
            lists.append((f"w{number}", values))
        return columns, bindings, lists

    # --- terms ----------------------------------------------------------------------------

    def _scalar(self, term_map: TermMap, bindings: _Bindings) -> str:
        if term_map.term_type is TermType.LITERAL:
            return self._literal(term_map, bindings)
        if term_map.term_type is TermType.BLANK_NODE:
            return self._blank_node(term_map, bindings)
        return self._iri(term_map, bindings)

    def _blank_node(self, term_map: TermMap, bindings: _Bindings) -> str:
        if term_map.expression is None:
            scope = sql_text(f"{term_map.scope or self.triples_map}\n")
            return f"'_:b' || md5({scope} || file || ' ' || record)"
        return f"'_:b' || md5({_plain(term_map.expression, bindings)})"

    def _iri(self, term_map: TermMap, bindings: _Bindings) -> str:
        expression = term_map.expression
        if isinstance(expression, Constant):
            return sql_text(f"<{self._constant_iri(expression, term_map)}>")
        if isinstance(expression, Reference | Call):
            return self._checked_iri(term_map, _plain(expression, bindings))
        assert isinstance(expression, Template)
        encode = _ENCODERS[term_map.term_type]
        made = _template(expression.parts, bindings, encode)
        start = expression.parts[0]
        if not isinstance(start, str) or term_map.term_type in _UNSAFE:
            return self._checked_iri(term_map, f"({made})")
        plain = "".join(part for part in expression.parts if isinstance(part, str))
        if not is_iri(plain) and not is_iri(self.base + plain):
            raise InputError(
                "bad-iri",
                f"the template makes no absolute IRI: {template_text(expression)!r}",
                location=term_map.origin.location(),
                hint='Start it with https:… or a prefix, without spaces or any of <>"{}|^`\\.',
            )
        # Encoded values cannot spoil an IRI behind its scheme and authority.
        rest = _template((*expression.parts[1:], ">"), bindings, encode)
        if _ANCHORED.match(start):
            return f"{sql_text('<' + start)} || {rest}"
        if ":" not in plain and _ANCHORED.match(self.base + start):
            return f"{sql_text('<' + self.base + start)} || {rest}"
        return self._checked_iri(term_map, f"({made})")

    def _checked_iri(self, term_map: TermMap, value: str) -> str:
        def good(iri: str) -> str:
            if term_map.term_type in _UNSAFE:
                return f"regexp_full_match({iri}, {sql_text(_WRITABLE)})"
            return f"kg_is_iri({iri})"

        cases = f"WHEN {value} IS NULL THEN NULL WHEN {good(value)} THEN '<' || {value} || '>'"
        bad = f"NOT {good(value)}"
        if self.base:
            # rml-core prepends the base, it does not resolve against it.
            relative = f"{sql_text(self.base)} || {value}"
            cases += f" WHEN {good(relative)} THEN '<' || {relative} || '>'"
            bad += f" AND NOT {good(relative)}"
        self._check("bad-iri", term_map, value, bad, "an absolute IRI such as https://…")
        return f"CASE {cases} ELSE {STOP} END"

    def _constant_iri(self, constant: Constant, term_map: TermMap) -> str:
        value = constant.value if is_iri(constant.value) else self.base + constant.value
        if not is_iri(value):
            what, hint = no_iri(constant.value)
            raise InputError(
                "bad-iri",
                what,
                location=term_map.origin.location(),
                hint=hint or "Write it with its scheme or a declared prefix.",
            )
        return value

    def _literal(self, term_map: TermMap, bindings: _Bindings) -> str:
        expression = term_map.expression
        assert expression is not None
        if isinstance(expression, Constant):
            if expression.datatype is not None:
                _check_datatype(expression.datatype, term_map)
            if term_map.language is None and term_map.datatype is None:
                return sql_text(literal(expression.value, expression.datatype, expression.language))
            value = sql_text(expression.value)
        else:
            value = _plain(expression, bindings)
        if term_map.language is not None:
            return f"kg_quoted({value}) || {self._language(term_map.language, bindings)}"
        if term_map.datatype is not None:
            stated = constant_datatype(term_map)
            if stated is not None:
                _check_datatype(stated, term_map.datatype)
                if not isinstance(expression, Constant):
                    value = self._typed(expression, stated, bindings)
            datatype = self._scalar(term_map.datatype, bindings)
            if datatype == sql_text(f"<{XSD_STRING}>"):
                return f"kg_quoted({value})"
            if isinstance(term_map.datatype.expression, Constant):
                return f"kg_quoted({value}) || {sql_text('^^' + datatype[1:-1])}"
            return (
                f"kg_quoted({value}) || CASE {datatype} WHEN {sql_text(f'<{XSD_STRING}>')} THEN ''"
                f" ELSE '^^' || {datatype} END"
            )
        if isinstance(expression, Reference) and (kind := bindings[expression].kind):
            return f"kg_natural({value}, {kind})"
        return f"kg_quoted({value})"

    def _language(self, term_map: TermMap, bindings: _Bindings) -> str:
        assert term_map.expression is not None
        if isinstance(term_map.expression, Constant):
            return sql_text(f"@{term_map.expression.value.lower()}")
        value = _plain(term_map.expression, bindings)
        good = f"kg_is_language({value})"
        self._check("bad-language-tag", term_map, value, f"NOT {good}", "a tag such as en or pt-BR")
        return f"CASE WHEN {value} IS NULL THEN NULL WHEN {good} THEN '@' || lower({value})" + (
            f" ELSE {STOP} END"
        )

    def _check(self, code: str, term_map: TermMap, value: str, bad: str, expected: str) -> None:
        assert term_map.expression is not None
        stated = dict.fromkeys((self.condition, term_map.condition))
        conditions = [condition for condition in stated if condition is not None]
        _, bindings, lists = self._bound((term_map.expression, *conditions))
        rows = f"SELECT * FROM {self.table.name}"
        for name, values in lists:
            rows = f"SELECT *, unnest({values}) AS {name} FROM ({rows})"
        for condition in conditions:
            holds = truth_sql(condition, lambda part: _plain(part, bindings))
            bad = f"{holds} AND {bad}"
        sql = f"SELECT file, record, {value} AS value FROM ({rows}) WHERE {bad}"
        names = tuple(reference.name for reference in references(term_map.expression))
        self.checks.append(Check(code, self.triples_map, self.table, names, sql, expected))


def _check_datatype(iri: str, term_map: TermMap) -> None:
    hint = unknown_datatype(iri)
    if hint is not None:
        raise InputError(
            "unknown-datatype",
            f"xsd:{iri.removeprefix(XSD)} is no datatype of XML Schema",
            location=term_map.origin.location(),
            hint=hint,
        )


def _bind(column: Column) -> _Value:
    if column.many:
        kind = f"e{column.index}.t" if column.typed else None
        return _Value(f"e{column.index}.v", kind)
    return _Value(f"c{column.index}", f"t{column.index}" if column.typed else None)


def _list(column: Column, strict: bool) -> str:
    """Return the list of a column's values; where NULL counts, it is a value of an empty one."""
    values = f"c{column.index}"
    return values if strict else f"CASE WHEN len({values}) > 0 THEN {values} ELSE [NULL] END"


def _plain(expression: Expression, bindings: _Bindings) -> str:
    if isinstance(expression, Constant):
        return sql_text(expression.value)
    if isinstance(expression, Reference):
        return bindings[expression].text
    if isinstance(expression, Call):
        if expression in bindings:
            return bindings[expression].text
        return call_sql(expression, lambda part: _plain(part, bindings))
    return f"({_template(expression.parts, bindings, str)})"


def _template(
    parts: Sequence[str | Reference], bindings: _Bindings, encode: Callable[[str], str]
) -> str:
    return concat(
        [sql_text(part) if isinstance(part, str) else encode(bindings[part].text) for part in parts]
    )


_ENCODERS: Final[Mapping[TermType, Callable[[str], str]]] = {
    TermType.IRI: lambda value: f"kg_iri_safe({value})",
    TermType.URI: lambda value: f"kg_uri_safe({value})",
    TermType.UNSAFE_IRI: str,
    TermType.UNSAFE_URI: str,
}


_UNSAFE: Final = frozenset({TermType.UNSAFE_IRI, TermType.UNSAFE_URI})
# Whoever asks for unsafe IRIs gets what the data say, as long as it can be written and read.
_WRITABLE: Final = r'[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x1F<>"\\]*'
# A text that an IRI starts with and that its scheme and authority end in.
_ANCHORED: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[^/?#]*[/?#]|(?!//|/$))")
