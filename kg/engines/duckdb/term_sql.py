"""From the tree of a term to the SQL expression that makes it of a record's columns.

`kg.mapping.source_table` says what the columns of a record are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from kg.engines.duckdb.datatypes_sql import wrong_value_sql
from kg.engines.duckdb.dialect import STOP, concat
from kg.engines.duckdb.function_sql import call_sql, doubtful_sql, list_sql, truth_sql
from kg.engines.duckdb.gather_sql import heads
from kg.engines.duckdb.late_sql import late_term
from kg.engines.duckdb.made_term import LateSql
from kg.engines.duckdb.made_term import TermSql as TermSql
from kg.mapping.calls import gathered, list_calls, lookups, scattered
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Function,
    Lookup,
    Reference,
    Template,
    TermType,
    natural_kind,
    references,
)
from kg.mapping.rules import (
    Bare,
    BlankNode,
    Check,
    CheckedIri,
    Fixed,
    Gathered,
    Iri,
    Language,
    Literal,
    Term,
    bare,
    condition_of,
    expressions,
    is_strict,
    skips,
)
from kg.mapping.source_table import Column, SourceTable
from kg.records import dataclass
from kg.sql import sql_text
from kg.terms import XSD, XSD_STRING


@dataclass(frozen=True, slots=True)
class _Value:
    """The SQL of one value: its text, and the kind of its natural datatype if it has one."""

    text: str
    kind: str | None


# What the values of references, and the parts of split texts, are in SQL.
_Bindings = Mapping[Reference | Call, _Value]


class TermPrinter:
    """Prints the terms that are made of the records of a table."""

    def __init__(self, table: SourceTable) -> None:
        self.table = table

    def of(self, table: SourceTable) -> TermPrinter:
        """Return a printer of the terms that are made of the records of another table."""
        return TermPrinter(table)

    def term(self, term: Term) -> TermSql:
        """Return the SQL of a term."""
        parts, made, condition = expressions(term), bare(term), condition_of(term)
        if isinstance(made, Gathered):
            return heads(self, made, condition)
        loose = skips(term)
        if condition is None and not loose:
            whole = self._over(parts, lambda bindings: _scalar(made, bindings))
            return replace(whole, late=self._late(made, parts))

        def chosen(sql: str, bindings: _Bindings) -> str:
            return (
                sql
                if condition is None
                else f"CASE WHEN {_truth(condition, bindings)} THEN {sql} END"
            )

        def given(bindings: _Bindings) -> str:
            return chosen(_scalar(made, bindings), bindings)

        def lacks(bindings: _Bindings) -> str:
            # A bad value is not a missing one.
            found = [_plain(part, bindings) for part in expressions(made)]
            texts = found if loose else [_scalar(made, bindings)]
            return chosen(" OR ".join(f"{text} IS NULL" for text in texts), bindings)

        whole = self._over(parts, given, loose=loose)
        lost = self._over(parts, lacks, padded=True)
        if not lost.many:
            return replace(whole, lost=f"({lost.sql}) IS TRUE")
        found = f"list_contains({lost.sql}, true) AND NOT list_contains({lost.sql}, false)"
        return replace(whole, lost=f"({found}) IS TRUE")

    def _late(self, made: Bare, parts: Sequence[Expression]) -> LateSql | None:
        """Return the SQL of the text that a term is made of; None where it is not so simple."""
        found = late_term(made)
        if found is None:
            return None
        value, shape = found
        texts: dict[str, str] = {}

        def given(bindings: _Bindings) -> str:
            kind = bindings[value].kind if isinstance(value, Reference) else None
            texts.update(v=_plain(value, bindings), t=kind or "NULL::VARCHAR")
            return f"{{'v': {texts['v']}, 't': {texts['t']}}}"

        sql = self._over(parts, given).sql
        return LateSql(shape, texts["v"], texts["t"], sql)

    def rest(self, iri: Iri) -> str:
        """Return the SQL of an IRI, with its closing bracket, behind its prefix."""
        return _rest(iri, self._bound(expressions(iri))[1])

    def ill_typed(self, term: Term) -> TermSql | None:
        """Return the SQL of the values that are not of their datatype; None where all are.

        A value that is of it gives NULL.
        """
        made = bare(term)
        assert isinstance(made, Literal)
        assert isinstance(made.datatype, Fixed)
        datatype = made.datatype.term[1:-1]
        if wrong_value_sql(datatype, "") is None:
            return None

        def bad(bindings: _Bindings) -> str:
            value = _lexical(made, bindings)
            wrong = wrong_value_sql(datatype, value)
            return f"CASE WHEN {_if_chosen(term, bindings)}{wrong} THEN {value} END"

        return self._over(expressions(term), bad)

    def unfit(self, term: Term, call: Call) -> TermSql:
        """Return the SQL of the values that a call makes nothing of, so that there is no term.

        Args:
            term: The term.
            call: One of its `picky_calls`.
        """
        made = bare(term)
        given = [each for each in call.arguments if references(each)]

        def bad(bindings: _Bindings) -> str:
            values = [_plain(each, bindings) for each in given]
            nothing = [f"{value} IS NOT NULL" for value in values]
            nothing.append(f"{_plain(call, bindings)} IS NULL")
            if expressions(made) != (call,):
                # What is made of the call may do without it.
                nothing.append(f"{_scalar(made, bindings)} IS NULL")
            shown = [
                f"array_to_string({value}, ', ')" if _is_list(each) else value
                for each, value in zip(given, values, strict=True)
            ]
            value = concat([part for each in shown for part in ("' and '", each)][1:])
            chosen = _if_chosen(term, bindings)
            return f"CASE WHEN {chosen}{' AND '.join(nothing)} THEN {value} END"

        return self._over(expressions(term), bad, padded=True)

    def doubtful(self, text: Expression) -> TermSql:
        """Return the SQL of texts that are asked for truth and tell none; others are NULL."""
        return self._over((text,), lambda bindings: doubtful_sql(_plain(text, bindings)))

    def given(self, call: Call, values: Sequence[str]) -> str:
        """Return the condition that a record gives a call these arguments, which are SQL."""

        def same(bindings: _Bindings) -> str:
            pairs = zip(call.arguments, values, strict=True)
            found = [f"{_plain(part, bindings)} IS NOT DISTINCT FROM {v}" for part, v in pairs]
            return " AND ".join(found) or "true"

        made = self._over(call.arguments, same)
        return f"list_contains({made.sql}, true)" if made.many else made.sql

    def key(self, expression: Expression) -> TermSql:
        """Return the SQL of an expression's plain text, as joins compare it."""
        return self._over((expression,), lambda bindings: _plain(expression, bindings))

    def holds(self, condition: Call) -> str:
        """Return the SQL of a condition on the records; it is true of one value at least."""
        made = self._over((condition,), lambda bindings: _truth(condition, bindings))
        return f"list_contains({made.sql}, true)" if made.many else made.sql

    def bad_values(self, check: Check) -> str:
        """Return a query for file, record and value of what makes no valid term."""
        value = check.term.value
        _, bindings, lists = self._bound((value, *check.conditions))
        rows = f"SELECT * FROM {self.table.name}"
        for name, values in lists:
            rows = f"SELECT *, unnest({values}) AS {name} FROM ({rows})"
        bad = _bad(check.term, bindings)
        for condition in check.conditions:
            bad = f"{_truth(condition, bindings)} AND {bad}"
        shown = _checked(check.term, bindings)
        return f"SELECT file, record, {shown} AS value FROM ({rows}) WHERE {bad}"

    # --- values ---------------------------------------------------------------------------

    def _over(
        self,
        parts: Sequence[Expression],
        scalar: Callable[[_Bindings], str],
        *,
        loose: bool = False,
        padded: bool = False,
    ) -> TermSql:
        """Print for all combinations of the values of references: the cross product.

        Args:
            parts: The expressions that a term is made of.
            scalar: Returns the SQL of the term for one combination.
            loose: Whether values that are there may give no term.
            padded: Whether a text without parts counts as one part that is NULL.
        """
        columns, bindings, lists = self._bound(parts, padded=padded)
        sql = scalar(bindings)
        for depth, (name, values) in enumerate(reversed(lists)):
            sql = f"list_transform({values}, lambda {name}: {sql})"
            if depth:
                sql = f"flatten({sql})"
        if all(map(is_strict, parts)) and not loose:
            missing = " OR ".join(
                f"len(c{c.index}) = 0" if c.many else f"c{c.index} IS NULL" for c in columns
            )
        elif lists:
            made = f"len(list_filter({sql}, lambda made: made IS NOT NULL))"
            missing = f"coalesce({made} = 0, true)"
        else:
            missing = f"({sql}) IS NULL"
        return TermSql(sql, bool(lists), missing, missing)

    def _bound(
        self, parts: Sequence[Expression], *, padded: bool = False
    ) -> tuple[list[Column], _Bindings, list[tuple[str, str]]]:
        """Return the columns of expressions, their bindings, and what is gone through.

        The last are names of variables with the lists that their values are from, the outer
        before the inner.
        """
        needed = dict.fromkeys(reference for part in parts for reference in scattered(part))
        columns = [self.table.column(reference) for reference in needed]
        bindings: dict[Reference | Call, _Value] = dict(
            zip(needed, map(_bind, columns), strict=True)
        )
        for call in dict.fromkeys(call for part in parts for call in gathered(part)):
            bindings[call] = _Value(self._gathered(call), None)
        strict = all(map(is_strict, parts))
        lists = [(f"e{c.index}", _list(c, strict)) for c in columns if c.many]
        found = dict.fromkeys(call for part in parts for call in list_calls(part))
        for number, call in enumerate(found):
            values = list_sql(call, lambda part: _plain(part, bindings))
            if padded:
                values = f"CASE WHEN len({values}) > 0 THEN {values} ELSE [NULL] END"
            bindings[call] = _Value(f"w{number}", None)
            lists.append((f"w{number}", values))
        if lists:
            # DuckDB has no queries where values of a list are gone through.
            for call in dict.fromkeys(call for part in parts for call in lookups(part)):
                value = _plain(call.arguments[0], bindings)
                assert isinstance(call.function, Lookup)
                table = f"getvariable({sql_text(call.function.sql_name)})"
                bindings[call] = _Value(f"{table}[{value}]", None)
        return columns, bindings, lists

    def _gathered(self, call: Call) -> str:
        """Return the SQL of the list of all values of some expressions; those missing are none."""
        made = [self.key(argument) for argument in call.arguments]
        lists = [each.sql if each.many else f"[{each.sql}]" for each in made]
        whole = lists[0] if len(lists) == 1 else f"flatten([{', '.join(lists)}])"
        return f"list_filter({whole}::VARCHAR[], lambda each: each IS NOT NULL)"


def _is_list(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function is Function.LIST


def _bind(column: Column) -> _Value:
    if column.many:
        kind = f"e{column.index}.t" if column.typed else None
        return _Value(f"e{column.index}.v", kind)
    return _Value(f"c{column.index}", f"t{column.index}" if column.typed else None)


def _list(column: Column, strict: bool) -> str:
    """Return the list of a column's values; where NULL counts, it is a value of an empty one."""
    values = f"c{column.index}"
    return values if strict else f"CASE WHEN len({values}) > 0 THEN {values} ELSE [NULL] END"


# --- one combination of values ------------------------------------------------------------


def _scalar(term: Bare, bindings: _Bindings) -> str:
    if isinstance(term, Fixed):
        return sql_text(term.term)
    if isinstance(term, Iri):
        return f"{sql_text('<' + term.prefix)} || {_rest(term, bindings)}"
    if isinstance(term, CheckedIri):
        return _checked_iri(term, bindings)
    if isinstance(term, BlankNode):
        if term.value is None:
            scope = sql_text(f"{term.scope}\n")
            return f"'_:b' || md5({scope} || file || ' ' || {term.row})"
        return f"'_:b' || md5({_plain(term.value, bindings)})"
    assert isinstance(term, Literal)
    return _literal(term, bindings)


def _rest(iri: Iri, bindings: _Bindings) -> str:
    return _template((*iri.parts, ">"), bindings, _ENCODERS[iri.kind])


def _checked_iri(term: CheckedIri, bindings: _Bindings) -> str:
    value = _checked(term, bindings)
    cases = f"WHEN {value} IS NULL THEN NULL"
    for iri in _readings(term, value):
        cases += f" WHEN {_good(term, iri)} THEN '<' || {iri} || '>'"
    return f"CASE {cases} ELSE {_or_else(term)} END"


def _or_else(term: CheckedIri | Language) -> str:
    """Return the SQL of what comes of a bad value."""
    return "NULL" if term.skips else STOP


def _readings(term: CheckedIri, value: str) -> list[str]:
    """Return the SQL of what a value can mean: rml-core prepends the base, it does not resolve."""
    return [value, f"{sql_text(term.base)} || {value}"] if term.base else [value]


def _good(term: CheckedIri, iri: str) -> str:
    if term.kind in _UNSAFE:
        return f"regexp_full_match({iri}, {sql_text(_WRITABLE)})"
    return f"kg_is_iri({iri})"


def _checked(term: CheckedIri | Language, bindings: _Bindings) -> str:
    """Return the SQL of a text that is looked at."""
    if isinstance(term, CheckedIri) and isinstance(term.value, Template):
        return f"({_template(term.value.parts, bindings, _ENCODERS[term.kind])})"
    return _plain(term.value, bindings)


def _bad(term: CheckedIri | Language, bindings: _Bindings) -> str:
    value = _checked(term, bindings)
    if isinstance(term, Language):
        return f"NOT kg_is_language({value})"
    return " AND ".join(f"NOT {_good(term, iri)}" for iri in _readings(term, value))


def _literal(term: Literal, bindings: _Bindings) -> str:
    quoted = f"kg_quoted({_lexical(term, bindings)})"
    if isinstance(term.language, str):
        return f"{quoted} || {sql_text('@' + term.language)}"
    if term.language is not None:
        value = _plain(term.language.value, bindings)
        return (
            f"{quoted} || CASE WHEN {value} IS NULL THEN NULL WHEN kg_is_language({value})"
            f" THEN '@' || lower({value}) ELSE {_or_else(term.language)} END"
        )
    if isinstance(term.datatype, Fixed):
        plain = term.datatype.term == f"<{XSD_STRING}>"
        return quoted if plain else f"{quoted} || {sql_text('^^' + term.datatype.term)}"
    if term.datatype is not None:
        datatype = _scalar(term.datatype, bindings)
        return (
            f"{quoted} || CASE {datatype} WHEN {sql_text(f'<{XSD_STRING}>')} THEN ''"
            f" ELSE '^^' || {datatype} END"
        )
    if term.natural is Datatypes.NONE:
        return quoted
    if isinstance(term.value, Call):
        return _made(_plain(term.value, bindings), natural_kind(term.value))
    if not isinstance(term.value, Reference):
        return quoted
    text, kind = bindings[term.value].text, bindings[term.value].kind
    if term.natural is Datatypes.GUESS:
        guess = f"kg_guess({text})"
        return f"kg_natural({text}, {f'coalesce({kind}, {guess})' if kind else guess})"
    return f"kg_natural({text}, {kind})" if kind else quoted


def _made(value: str, kind: str | None) -> str:
    """Return the SQL of a literal of what a function gives, which is worked out once."""
    shown = "kg_quoted(made)"
    if kind is not None:
        shown = f"kg_natural(made, {'kg_number_kind(made)' if kind == '#' else sql_text(kind)})"
    return f"list_transform([{value}], lambda made: {shown})[1]"


def _lexical(term: Literal, bindings: _Bindings) -> str:
    """Return the SQL of a literal's text: a date of a time, a double of an integer.

    Only where the source has types: an integer of JSON has no text of its own, and as a double it
    has the canonical form that doubles of JSON have.
    """
    value = _plain(term.value, bindings)
    if not term.turned:
        return value
    assert isinstance(term.value, Reference)
    kind = bindings[term.value].kind
    if term.datatype == Fixed(f"<{XSD}double>"):
        return f"CASE {kind} WHEN 'i' THEN kg_double({value}) ELSE {value} END"
    if term.datatype == Fixed(f"<{XSD}dateTime>"):
        return f"CASE {kind} WHEN 'D' THEN {value} || 'T00:00:00' ELSE {value} END"
    date = f"regexp_replace({value}, 'T[0-9:.]+', '')"
    return f"CASE {kind} WHEN 'T' THEN {date} ELSE {value} END"


def _if_chosen(term: Term, bindings: _Bindings) -> str:
    condition = condition_of(term)
    return "" if condition is None else f"{_truth(condition, bindings)} AND "


def _truth(condition: Call, bindings: _Bindings) -> str:
    return truth_sql(condition, lambda part: _plain(part, bindings))


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
