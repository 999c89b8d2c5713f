"""From the tree of a term to the Spark SQL that makes it of a record's columns.

`kg.mapping.source_table` says what the columns of a record are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.engines.spark import dialect
from kg.engines.spark.datatypes_sql import wrong_value_sql
from kg.engines.spark.functions_sql import call_sql, doubtful_sql, list_sql, truth_sql
from kg.engines.spark.made_term import TermSql
from kg.mapping.calls import list_calls, scattered
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
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
    Iri,
    Language,
    Literal,
    Term,
    bare,
    condition_of,
    expressions,
    is_strict,
    looked_at,
    skips,
)
from kg.mapping.source_table import Column, SourceTable
from kg.terms import XSD, XSD_STRING, escape


@dataclass(frozen=True, slots=True)
class _Value:
    """The SQL of one value: its text, and the kind of its natural datatype if it has one."""

    text: str
    kind: str | None


_Bindings = Mapping[Reference | Call, _Value]


class TermPrinter:
    """Prints the terms that are made of the records of a table."""

    def __init__(self, table: SourceTable) -> None:
        self.table = table

    def term(self, term: Term) -> TermSql:
        """Return the SQL of a term; a bad value gives none, as a check has found before."""
        parts, made, condition = expressions(term), bare(term), condition_of(term)
        loose = skips(term)

        def chosen(sql: str, bindings: _Bindings) -> str:
            if condition is None:
                return sql
            return f"CASE WHEN {_truth(condition, bindings)} THEN {sql} END"

        def given(bindings: _Bindings) -> str:
            return chosen(_scalar(made, bindings), bindings)

        whole = self._over(parts, given, loose=loose)
        if condition is None and not loose:
            return whole

        def lacks(bindings: _Bindings) -> str:
            # A bad value is not a missing one.
            found = [_plain(part, bindings) for part in expressions(made)]
            texts = found if loose else [_scalar(made, bindings)]
            return chosen(" OR ".join(f"{text} IS NULL" for text in texts), bindings)

        lost = self._over(parts, lacks, padded=True)
        if not lost.many:
            return replace(whole, lost=f"({lost.sql}) IS TRUE")
        found = f"exists({lost.sql}, e -> e IS TRUE) AND NOT exists({lost.sql}, e -> e IS FALSE)"
        return replace(whole, lost=f"({found})")

    def ill_typed(self, term: Term) -> TermSql | None:
        """Return the SQL of the values that are not of their datatype; None where all are."""
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
        """Return the SQL of the values that a call makes nothing of, so that there is no term."""
        made = bare(term)
        given = [each for each in call.arguments if references(each)]

        def bad(bindings: _Bindings) -> str:
            values = [_plain(each, bindings) for each in given]
            nothing = [f"{value} IS NOT NULL" for value in values]
            nothing.append(f"{_plain(call, bindings)} IS NULL")
            if expressions(made) != (call,):
                # What is made of the call may do without it.
                nothing.append(f"{_scalar(made, bindings)} IS NULL")
            value = dialect.concat([part for each in values for part in ("' and '", each)][1:])
            chosen = _if_chosen(term, bindings)
            return f"CASE WHEN {chosen}{' AND '.join(nothing)} THEN {value} END"

        return self._over(expressions(term), bad, padded=True)

    def doubtful(self, text: Expression) -> TermSql:
        """Return the SQL of texts that are asked for truth and tell none; others are NULL."""
        return self._over((text,), lambda bindings: doubtful_sql(_plain(text, bindings)))

    def key(self, expression: Expression) -> TermSql:
        """Return the SQL of an expression's plain text, as joins compare it."""
        return self._over((expression,), lambda bindings: _plain(expression, bindings))

    def holds(self, condition: Call) -> str:
        """Return the SQL of a condition on the records; it is true of one value at least."""
        made = self._over((condition,), lambda bindings: _truth(condition, bindings))
        return f"exists({made.sql}, e -> e IS TRUE)" if made.many else f"({made.sql})"

    def bad_values(self, check: Check) -> TermSql:
        """Return the SQL of what makes no valid term; others are NULL."""

        def bad(bindings: _Bindings) -> str:
            found = [_truth(condition, bindings) for condition in check.conditions]
            found.append(_bad(check.term, bindings))
            return f"CASE WHEN {' AND '.join(found)} THEN {_checked(check.term, bindings)} END"

        return self._over((check.term.value, *check.conditions), bad)

    def spoiled(self, term: Term) -> TermSql | None:
        """Return the SQL of whether values that are all there make no valid term, else NULL.

        It is None where no value can do that.
        """
        made = bare(term)
        parts = looked_at(made)
        if not parts:
            return None

        def bad(bindings: _Bindings) -> str:
            there = [f"{_plain(part, bindings)} IS NOT NULL AND " for part in expressions(made)]
            wrong = " OR ".join(_bad(part, bindings) for part in parts)
            return f"CASE WHEN {_if_chosen(term, bindings)}{''.join(there)}({wrong}) THEN '' END"

        return self._over(expressions(term), bad)

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
            sql = f"transform({values}, {name} -> {sql})"
            if depth:
                sql = f"flatten({sql})"
        if all(map(is_strict, parts)) and not loose:
            missing = " OR ".join(
                f"size(c{c.index}) = 0" if c.many else f"c{c.index} IS NULL" for c in columns
            )
        elif lists:
            missing = f"NOT coalesce(exists({sql}, made -> made IS NOT NULL), false)"
        else:
            missing = f"({sql}) IS NULL"
        return TermSql(sql, bool(lists), missing, missing)

    def _bound(
        self, parts: Sequence[Expression], *, padded: bool
    ) -> tuple[list[Column], _Bindings, list[tuple[str, str]]]:
        """Return the columns of expressions, their bindings, and what is gone through.

        The last are names of variables with the arrays that their values are from, the outer
        before the inner.
        """
        needed = dict.fromkeys(reference for part in parts for reference in scattered(part))
        columns = [self.table.column(reference) for reference in needed]
        bindings: dict[Reference | Call, _Value] = dict(
            zip(needed, map(_bind, columns), strict=True)
        )
        strict = all(map(is_strict, parts))
        lists = [(f"e{c.index}", _list(c, strict)) for c in columns if c.many]
        found = dict.fromkeys(call for part in parts for call in list_calls(part))
        for number, call in enumerate(found):
            values = list_sql(call, lambda part: _plain(part, bindings))
            if padded:
                values = f"CASE WHEN size({values}) > 0 THEN {values} ELSE {_ONE_NULL} END"
            bindings[call] = _Value(f"w{number}", None)
            lists.append((f"w{number}", values))
        return columns, bindings, lists


_ONE_NULL: Final = "array(CAST(NULL AS STRING))"
_NO_VALUE: Final = "array(CAST(NULL AS STRUCT<v: STRING, t: STRING>))"


def _bind(column: Column) -> _Value:
    if column.many:
        kind = f"e{column.index}.t" if column.typed else None
        return _Value(f"e{column.index}.v", kind)
    return _Value(f"c{column.index}", f"t{column.index}" if column.typed else None)


def _list(column: Column, strict: bool) -> str:
    """Return the array of a column's values; where NULL counts, it is a value of an empty one."""
    values = f"c{column.index}"
    return values if strict else f"CASE WHEN size({values}) > 0 THEN {values} ELSE {_NO_VALUE} END"


# --- one combination of values ------------------------------------------------------------


def _scalar(term: Bare, bindings: _Bindings) -> str:
    if isinstance(term, Fixed):
        return dialect.text(term.term)
    if isinstance(term, Iri):
        parts = (f"<{term.prefix}", *term.parts, ">")
        return _template(parts, bindings, _ENCODERS[term.kind])
    if isinstance(term, CheckedIri):
        return _checked_iri(term, bindings)
    if isinstance(term, BlankNode):
        if term.value is None:
            scope = dialect.text(f"{term.scope}\n")
            return f"concat('_:b', md5(concat({scope}, file, ' ', {term.row})))"
        return f"concat('_:b', md5({_plain(term.value, bindings)}))"
    assert isinstance(term, Literal)
    return _literal(term, bindings)


def _checked_iri(term: CheckedIri, bindings: _Bindings) -> str:
    def made(value: str) -> str:
        cases = "".join(
            f" WHEN {_good(term, iri)} THEN concat('<', {iri}, '>')"
            for iri in _readings(term, value)
        )
        return f"CASE WHEN {value} IS NULL THEN NULL{cases} END"

    return dialect.let(_checked(term, bindings), made)


def _readings(term: CheckedIri, value: str) -> list[str]:
    """Return the SQL of what a value can mean: rml-core prepends the base, it does not resolve."""
    return [value, f"concat({dialect.text(term.base)}, {value})"] if term.base else [value]


def _good(term: CheckedIri, iri: str) -> str:
    return dialect.fits(iri, _WRITABLE) if term.kind in _UNSAFE else dialect.is_iri(iri)


def _checked(term: CheckedIri | Language, bindings: _Bindings) -> str:
    """Return the SQL of a text that is looked at."""
    if isinstance(term, CheckedIri) and isinstance(term.value, Template):
        return _template(term.value.parts, bindings, _ENCODERS[term.kind])
    return _plain(term.value, bindings)


def _bad(term: CheckedIri | Language, bindings: _Bindings) -> str:
    value = _checked(term, bindings)
    if isinstance(term, Language):
        return f"NOT ({dialect.is_language(value)})"
    return " AND ".join(f"NOT ({_good(term, iri)})" for iri in _readings(term, value))


def _literal(term: Literal, bindings: _Bindings) -> str:
    if isinstance(term.language, str):
        return _quoted(term, bindings, dialect.text("@" + term.language))
    if term.language is not None:
        value = _plain(term.language.value, bindings)
        tag = f"CASE WHEN {dialect.is_language(value)} THEN concat('@', lower({value})) END"
        return _quoted(term, bindings, tag)
    if isinstance(term.datatype, Fixed):
        plain = term.datatype.term == f"<{XSD_STRING}>"
        return _quoted(term, bindings, "''" if plain else dialect.text("^^" + term.datatype.term))
    if term.datatype is not None:
        string = dialect.text(f"<{XSD_STRING}>")
        shown = dialect.let(
            _scalar(term.datatype, bindings),
            lambda d: f"CASE WHEN {d} = {string} THEN '' ELSE concat('^^', {d}) END",
            "datatype",
        )
        return _quoted(term, bindings, shown)
    if term.natural is Datatypes.NONE:
        return _quoted(term, bindings, "''")
    if isinstance(term.value, Call):
        return _made(_plain(term.value, bindings), natural_kind(term.value))
    if not isinstance(term.value, Reference):
        return _quoted(term, bindings, "''")
    text, kind = bindings[term.value].text, bindings[term.value].kind
    if term.natural is Datatypes.GUESS:
        guess = dialect.guess(text)
        return dialect.natural(text, f"coalesce({kind}, {guess})" if kind else guess)
    return dialect.natural(text, kind) if kind else dialect.quoted(text)


def _quoted(term: Literal, bindings: _Bindings, ending: str) -> str:
    """Return the SQL of the text of a literal in quotes, and what comes behind it."""
    if isinstance(term.value, Template):
        # Each character is escaped for itself, so that parts can be, and constants beforehand.
        parts = [
            dialect.text(escape(part))
            if isinstance(part, str)
            else dialect.escaped(bindings[part].text)
            for part in term.value.parts
        ]
        return dialect.concat(["'\"'", *parts, _joined('"', ending)])
    value = dialect.escaped(_lexical(term, bindings))
    return dialect.concat(["'\"'", value, _joined('"', ending)])


def _joined(mark: str, ending: str) -> str:
    """Return a mark and the SQL of what follows as one expression."""
    if ending == "''":
        return f"'{mark}'"
    return f"'{mark}{ending[1:]}" if ending.startswith("'") else f"concat('{mark}', {ending})"


def _made(value: str, kind: str | None) -> str:
    """Return the SQL of a literal of what a function gives, which is worked out once."""
    if kind is None:
        return dialect.quoted(value)
    return dialect.natural(value, dialect.text(kind))


def _lexical(term: Literal, bindings: _Bindings) -> str:
    """Return the SQL of a literal's text: a date of a time, a double of an integer."""
    value = _plain(term.value, bindings)
    if not term.turned:
        return value
    assert isinstance(term.value, Reference)
    kind = bindings[term.value].kind
    if term.datatype == Fixed(f"<{XSD}double>"):
        return f"CASE {kind} WHEN 'i' THEN {dialect.double(value)} ELSE {value} END"
    if term.datatype == Fixed(f"<{XSD}dateTime>"):
        return f"CASE {kind} WHEN 'D' THEN concat({value}, 'T00:00:00') ELSE {value} END"
    date = f"regexp_replace({value}, 'T[0-9:.]+', '')"
    return f"CASE {kind} WHEN 'T' THEN {date} ELSE {value} END"


def _if_chosen(term: Term, bindings: _Bindings) -> str:
    condition = condition_of(term)
    return "" if condition is None else f"{_truth(condition, bindings)} AND "


def _truth(condition: Call, bindings: _Bindings) -> str:
    return truth_sql(condition, lambda part: _plain(part, bindings))


def _plain(expression: Expression, bindings: _Bindings) -> str:
    if isinstance(expression, Constant):
        return dialect.text(expression.value)
    if isinstance(expression, Reference):
        return bindings[expression].text
    if isinstance(expression, Call):
        if expression in bindings:
            return bindings[expression].text
        return call_sql(expression, lambda part: _plain(part, bindings))
    return _template(expression.parts, bindings, str)


def _template(
    parts: Sequence[str | Reference], bindings: _Bindings, encode: Callable[[str], str]
) -> str:
    return dialect.concat(
        [
            dialect.text(part) if isinstance(part, str) else encode(bindings[part].text)
            for part in parts
        ]
    )


_ENCODERS: Final[Mapping[TermType, Callable[[str], str]]] = {
    TermType.IRI: dialect.iri_safe,
    TermType.URI: dialect.uri_safe,
    TermType.UNSAFE_IRI: str,
    TermType.UNSAFE_URI: str,
}
_UNSAFE: Final = frozenset({TermType.UNSAFE_IRI, TermType.UNSAFE_URI})
# Whoever asks for unsafe IRIs gets what the data say, as long as it can be written and read.
_WRITABLE: Final = r'[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x1F<>"\\]*'
