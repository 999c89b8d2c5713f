"""From a term map to the SQL expression that makes its term out of a record's columns.

A source table has, for the reference with index 3, the column ``c3``: its text, or, where the
reference can give several values, a list of ``{v: text, t: kind}``. Where values have natural
datatypes, ``t3`` holds the kind (see `kg.mapping.dialect`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.errors import InputError
from kg.mapping.dialect import STOP, concat, text
from kg.mapping.plan import (
    Constant,
    Expression,
    LogicalSource,
    Reference,
    Template,
    TermMap,
    TermType,
    references,
    term_references,
)
from kg.terms import XSD_STRING, is_iri, literal

DEFAULT_GRAPHS: Final = frozenset(
    {"http://w3id.org/rml/defaultGraph", "http://www.w3.org/ns/r2rml#defaultGraph"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """What a source table holds for one reference.

    Attributes:
        reference: As the mapping writes it.
        index: Its number in the table: ``c<index>`` and ``t<index>``.
        many: Whether it holds a list of values.
        typed: Whether it holds kinds of natural datatypes beside the texts.
    """

    reference: str
    index: int
    many: bool
    typed: bool


@dataclass(frozen=True, slots=True)
class Computed:
    """A column that is made of the others as a source is read: subjects, which all rules need."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The table that a logical source is read into: ``file``, ``record``, and the columns.

    Attributes:
        name: Its name in SQL.
        source: What is read.
        columns: One for each reference.
        computed: Columns made of these.
        sorted_by: Name of the computed column that the table is sorted by; empty: the records
            stay in the order of the source.
    """

    name: str
    source: LogicalSource
    columns: tuple[Column, ...]
    computed: tuple[Computed, ...] = ()
    sorted_by: str = ""

    def with_computed(self, computed: Sequence[Computed], sorted_by: str) -> SourceTable:
        """Return the same table with columns that are computed as it is read, and its order."""
        return replace(self, computed=tuple(computed), sorted_by=sorted_by)

    def column(self, reference: Reference) -> Column:
        """Return the column of a reference."""
        return next(c for c in self.columns if c.reference == reference.name)


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
        prefix: A constant that all the terms start with, if one is known.
        rest: SQL of what follows the prefix.
        code: The number that stands for a constant predicate or graph.
    """

    sql: str
    many: bool
    missing: str
    prefix: str = ""
    rest: str = ""
    code: int = -1


@dataclass(frozen=True, slots=True)
class _Value:
    """The SQL of one value: its text, and the kind of its natural datatype if it has one."""

    text: str
    kind: str | None


_Bindings = Mapping[Reference, _Value]


class TermCompiler:
    """Compiles the term maps of one triples map.

    Args:
        table: The source table of its records.
        base: What is prepended to relative IRIs.
        triples_map: Name, for messages and for blank nodes without an expression.
    """

    def __init__(self, table: SourceTable, base: str, triples_map: str) -> None:
        self.table = table
        self.base = base
        self.triples_map = triples_map
        self.checks: list[Check] = []

    def term(self, term_map: TermMap) -> TermSql:
        """Compile a term map.

        Raises:
            InputError: A constant makes no valid term.
        """
        needed = term_references(term_map)
        return self._over(needed, lambda bindings: self._scalar(term_map, bindings))

    def anchored(self, term_map: TermMap) -> TermSql | None:
        """Compile a term map whose terms all start with the same text; None if they do not."""
        expression = term_map.expression
        made = self.term(term_map)
        if made.many or not term_map.term_type.is_iri or not isinstance(expression, Template):
            return None
        start = expression.parts[0]
        for prefix in (f"<{start}", f"<{self.base}{start}"):
            rest = made.sql.removeprefix(f"{text(prefix)} || ")
            if isinstance(start, str) and rest != made.sql:
                return replace(made, prefix=prefix, rest=rest)
        return None

    def graph(self, term_map: TermMap) -> TermSql | None:
        """Compile a graph map; None stands for the default graph."""
        expression = term_map.expression
        if isinstance(expression, Constant) and expression.value in DEFAULT_GRAPHS:
            return None
        return self.term(term_map)

    def key(self, expression: Expression) -> TermSql:
        """Compile an expression to its plain text, as joins compare it."""
        return self._over(references(expression), lambda bindings: _plain(expression, bindings))

    # --- values ---------------------------------------------------------------------------

    def _over(self, needed: Sequence[Reference], scalar: Callable[[_Bindings], str]) -> TermSql:
        """Compile over all combinations of the values of the references: the cross product."""
        columns = {reference: self.table.column(reference) for reference in needed}
        sql = scalar({reference: _bind(column) for reference, column in columns.items()})
        many = [column for column in columns.values() if column.many]
        for depth, column in enumerate(many):
            sql = f"list_transform(c{column.index}, lambda e{column.index}: {sql})"
            if depth:
                sql = f"flatten({sql})"
        missing = [
            f"len(c{c.index}) = 0" if c.many else f"c{c.index} IS NULL" for c in columns.values()
        ]
        return TermSql(sql, bool(many), " OR ".join(missing))

    # --- terms ----------------------------------------------------------------------------

    def _scalar(self, term_map: TermMap, bindings: _Bindings) -> str:
        if term_map.term_type is TermType.LITERAL:
            return self._literal(term_map, bindings)
        if term_map.term_type is TermType.BLANK_NODE:
            return self._blank_node(term_map, bindings)
        return self._iri(term_map, bindings)

    def _blank_node(self, term_map: TermMap, bindings: _Bindings) -> str:
        if term_map.expression is None:
            scope = text(f"{self.triples_map}\n")
            return f"'_:b' || md5({scope} || file || ' ' || record)"
        return f"'_:b' || md5({_plain(term_map.expression, bindings)})"

    def _iri(self, term_map: TermMap, bindings: _Bindings) -> str:
        expression = term_map.expression
        if isinstance(expression, Constant):
            return text(f"<{self._constant_iri(expression, term_map)}>")
        if isinstance(expression, Reference):
            value = bindings[expression].text
            return self._checked_iri(term_map, value)
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
                f"the template makes no absolute IRI: {_shown(expression)!r}",
                location=term_map.origin.location(),
                hint='Start it with https:… or a prefix, without spaces or any of <>"{}|^`\\.',
            )
        # Encoded values cannot spoil an IRI behind its scheme and authority.
        rest = _template((*expression.parts[1:], ">"), bindings, encode)
        if _ANCHORED.match(start):
            return f"{text('<' + start)} || {rest}"
        if ":" not in plain and _ANCHORED.match(self.base + start):
            return f"{text('<' + self.base + start)} || {rest}"
        return self._checked_iri(term_map, f"({made})")

    def _checked_iri(self, term_map: TermMap, value: str) -> str:
        def good(iri: str) -> str:
            if term_map.term_type in _UNSAFE:
                return f"regexp_full_match({iri}, {text(_WRITABLE)})"
            return f"kg_is_iri({iri})"

        cases = f"WHEN {value} IS NULL THEN NULL WHEN {good(value)} THEN '<' || {value} || '>'"
        bad = f"NOT {good(value)}"
        if self.base:
            # rml-core prepends the base, it does not resolve against it.
            relative = f"{text(self.base)} || {value}"
            cases += f" WHEN {good(relative)} THEN '<' || {relative} || '>'"
            bad += f" AND NOT {good(relative)}"
        self._check("bad-iri", term_map, value, bad, "an absolute IRI such as https://…")
        return f"CASE {cases} ELSE {STOP} END"

    def _constant_iri(self, constant: Constant, term_map: TermMap) -> str:
        value = constant.value if is_iri(constant.value) else self.base + constant.value
        if not is_iri(value):
            raise InputError(
                "bad-iri",
                f"{constant.value!r} is not an absolute IRI",
                location=term_map.origin.location(),
                hint="Write it with its scheme or a declared prefix.",
            )
        return value

    def _literal(self, term_map: TermMap, bindings: _Bindings) -> str:
        expression = term_map.expression
        assert expression is not None
        if isinstance(expression, Constant):
            if term_map.language is None and term_map.datatype is None:
                return text(literal(expression.value, expression.datatype, expression.language))
            value = text(expression.value)
        else:
            value = _plain(expression, bindings)
        if term_map.language is not None:
            return f"kg_quoted({value}) || {self._language(term_map.language, bindings)}"
        if term_map.datatype is not None:
            datatype = self._scalar(term_map.datatype, bindings)
            if datatype == text(f"<{XSD_STRING}>"):
                return f"kg_quoted({value})"
            if isinstance(term_map.datatype.expression, Constant):
                return f"kg_quoted({value}) || {text('^^' + datatype[1:-1])}"
            return (
                f"kg_quoted({value}) || CASE {datatype} WHEN {text(f'<{XSD_STRING}>')} THEN ''"
                f" ELSE '^^' || {datatype} END"
            )
        if isinstance(expression, Reference) and (kind := bindings[expression].kind):
            return f"kg_natural({value}, {kind})"
        return f"kg_quoted({value})"

    def _language(self, term_map: TermMap, bindings: _Bindings) -> str:
        assert term_map.expression is not None
        if isinstance(term_map.expression, Constant):
            return text(f"@{term_map.expression.value.lower()}")
        value = _plain(term_map.expression, bindings)
        good = f"kg_is_language({value})"
        self._check("bad-language-tag", term_map, value, f"NOT {good}", "a tag such as en or pt-BR")
        return f"CASE WHEN {value} IS NULL THEN NULL WHEN {good} THEN '@' || lower({value})" + (
            f" ELSE {STOP} END"
        )

    def _check(self, code: str, term_map: TermMap, value: str, bad: str, expected: str) -> None:
        assert term_map.expression is not None
        needed = references(term_map.expression)
        rows = f"SELECT * FROM {self.table.name}"
        for reference in needed:
            column = self.table.column(reference)
            if column.many:
                rows = f"SELECT *, unnest(c{column.index}) AS e{column.index} FROM ({rows})"
        sql = f"SELECT file, record, {value} AS value FROM ({rows}) WHERE {bad}"
        names = tuple(reference.name for reference in needed)
        self.checks.append(Check(code, self.triples_map, self.table, names, sql, expected))


def _bind(column: Column) -> _Value:
    if column.many:
        kind = f"e{column.index}.t" if column.typed else None
        return _Value(f"e{column.index}.v", kind)
    return _Value(f"c{column.index}", f"t{column.index}" if column.typed else None)


def _plain(expression: Expression, bindings: _Bindings) -> str:
    if isinstance(expression, Constant):
        return text(expression.value)
    if isinstance(expression, Reference):
        return bindings[expression].text
    return f"({_template(expression.parts, bindings, str)})"


def _template(
    parts: Sequence[str | Reference], bindings: _Bindings, encode: Callable[[str], str]
) -> str:
    return concat(
        [text(part) if isinstance(part, str) else encode(bindings[part].text) for part in parts]
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


def _shown(template: Template) -> str:
    return "".join(part if isinstance(part, str) else f"$({part.name})" for part in template.parts)
