"""From the tree of a term to the SQL expression that makes it of a record's columns.

`kg.mapping.source_table` says what the columns of a record are called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final, Self

from kg.engines.sql.datatypes import is_checked, wrong_value_sql
from kg.engines.sql.dialect import Dialect
from kg.engines.sql.made_term import TermSql
from kg.mapping.calls import (
    chosen_calls,
    gathered,
    is_named,
    list_calls,
    natural_kind,
    scattered,
    shown_arguments,
)
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Function,
    Reference,
    Template,
    TermType,
)
from kg.mapping.rules import (
    Bare,
    BlankNode,
    CheckedIri,
    Fixed,
    Iri,
    Language,
    Literal,
    Named,
    Term,
    bare,
    condition_of,
    expressions,
    is_strict,
    skips,
)
from kg.mapping.source_table import Column, SourceTable
from kg.records import dataclass
from kg.terms import XSD, XSD_STRING


@dataclass(frozen=True, slots=True)
class Value:
    """The SQL of one value: its text, and the kind of its natural datatype if it has one."""

    text: str
    kind: str | None


# What the values of references, and the parts of split texts, are in SQL.
Bindings = Mapping[Reference | Call, Value]


class TermPrinter(ABC):
    """Prints the terms that are made of the records of a table.

    Attributes:
        dialect: How an engine says it.
    """

    dialect: ClassVar[Dialect]

    def __init__(self, table: SourceTable) -> None:
        self.table = table

    def of(self, table: SourceTable) -> Self:
        """Return a printer of the terms that are made of the records of another table."""
        return type(self)(table)

    def term(self, term: Term) -> TermSql:
        """Return the SQL of a term, which is not gathered."""
        parts, made, condition = expressions(term), bare(term), condition_of(term)
        named = [*dict.fromkeys(call for part in parts for call in chosen_calls(part))]
        loose = skips(term) or bool(named)
        if condition is None and not loose:
            return self._over(parts, lambda bindings: self._scalar(made, bindings))

        def chosen(sql: str, bindings: Bindings) -> str:
            return (
                sql
                if condition is None
                else f"CASE WHEN {self._truth(condition, bindings)} THEN {sql} END"
            )

        def given(bindings: Bindings) -> str:
            return chosen(self._scalar(made, bindings), bindings)

        def lacks(bindings: Bindings) -> str:
            # A bad value is not a missing one.
            found = [self._plain(part, bindings) for part in expressions(made)]
            texts = found if loose else [self._scalar(made, bindings)]
            nothing = " OR ".join(f"{text} IS NULL" for text in texts)
            for call in named:
                nothing = f"({nothing}) AND NOT {self._misnamed(call, bindings)}"
            return chosen(nothing, bindings)

        whole = self._over(parts, given, loose=loose)
        lost = self._over(parts, lacks, padded=True)
        if not lost.many:
            return replace(whole, lost=f"({lost.sql}) IS TRUE")
        has = self.dialect.has
        found = f"{has(lost.sql, 'true')} AND NOT {has(lost.sql, 'false')}"
        return replace(whole, lost=f"({found}) IS TRUE")

    def ill_typed(self, term: Term) -> TermSql | None:
        """Return the SQL of the values that are not of their datatype; None where all are.

        A value that is of it gives NULL.
        """
        made = bare(term)
        assert isinstance(made, Literal)
        assert isinstance(made.datatype, Fixed)
        datatype = made.datatype.term[1:-1]
        if not is_checked(datatype):
            return None

        def bad(bindings: Bindings) -> str:
            value = self._lexical(made, bindings)
            wrong = wrong_value_sql(self.dialect, datatype, value)
            return f"CASE WHEN {self._if_chosen(term, bindings)}{wrong} THEN {value} END"

        return self._over(expressions(term), bad)

    def unfit(self, term: Term, call: Call) -> TermSql:
        """Return the SQL of the values that a call makes nothing of, so that there is no term.

        Args:
            term: The term.
            call: One of its `picky_calls`.
        """
        made = bare(term)
        given = shown_arguments(call)

        def bad(bindings: Bindings) -> str:
            values = [self._plain(each, bindings) for each in given]
            nothing = [f"{value} IS NOT NULL" for value in values]
            nothing.append(f"{self._plain(call, bindings)} IS NULL")
            if expressions(made) != (call,):
                # What is made of the call may do without it.
                nothing.append(f"{self._scalar(made, bindings)} IS NULL")
            shown = [
                self.dialect.shown(value) if _is_list(each) else value
                for each, value in zip(given, values, strict=True)
            ]
            value = self.dialect.concat([part for each in shown for part in ("' and '", each)][1:])
            chosen = self._if_chosen(term, bindings)
            return f"CASE WHEN {chosen}{' AND '.join(nothing)} THEN {value} END"

        return self._over(expressions(term), bad, padded=True)

    def doubtful(self, text: Expression) -> TermSql:
        """Return the SQL of texts that are asked for truth and tell none; others are NULL."""
        told = self.dialect.doubtful_sql
        return self._over((text,), lambda bindings: told(self._plain(text, bindings)))

    def key(self, expression: Expression) -> TermSql:
        """Return the SQL of an expression's plain text, as joins compare it."""
        return self._over((expression,), lambda bindings: self._plain(expression, bindings))

    def holds(self, condition: Call) -> str:
        """Return the SQL of a condition on the records; it is true of one value at least."""
        made = self._over((condition,), lambda bindings: self._truth(condition, bindings))
        return self.dialect.has(made.sql, "true") if made.many else made.sql

    # --- values ---------------------------------------------------------------------------

    def _over(
        self,
        parts: Sequence[Expression],
        scalar: Callable[[Bindings], str],
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
            sql = self.dialect.each(values, name, sql)
            if depth:
                sql = f"flatten({sql})"
        if all(map(is_strict, parts)) and not loose:
            size = self.dialect.size
            missing = " OR ".join(
                f"{size(f'c{c.index}')} = 0" if c.many else f"c{c.index} IS NULL" for c in columns
            )
        elif lists:
            missing = self.dialect.has_nothing(sql)
        else:
            missing = f"({sql}) IS NULL"
        return TermSql(sql, bool(lists), missing, missing)

    def _bound(
        self, parts: Sequence[Expression], *, padded: bool = False
    ) -> tuple[list[Column], Bindings, list[tuple[str, str]]]:
        """Return the columns of expressions, their bindings, and what is gone through.

        The last are names of variables with the lists that their values are from, the outer
        before the inner.
        """
        needed = dict.fromkeys(reference for part in parts for reference in scattered(part))
        columns = [self.table.column(reference) for reference in needed]
        bindings: dict[Reference | Call, Value] = dict(
            zip(needed, map(_bind, columns), strict=True)
        )
        for call in dict.fromkeys(call for part in parts for call in gathered(part)):
            bindings[call] = Value(self._gathered(call), None)
        strict = all(map(is_strict, parts))
        lists = [(f"e{c.index}", self._list(c, strict)) for c in columns if c.many]
        found = dict.fromkeys(call for part in parts for call in list_calls(part))
        for number, call in enumerate(found):
            values = self.dialect.list_sql(call, lambda part: self._plain(part, bindings))
            if padded:
                values = self._padded(values, self.dialect.NO_TEXT)
            bindings[call] = Value(f"w{number}", None)
            lists.append((f"w{number}", values))
        if lists:
            self._bind_inside(parts, bindings)
        return columns, bindings, lists

    @abstractmethod
    def _bind_inside(
        self, parts: Sequence[Expression], bindings: dict[Reference | Call, Value]
    ) -> None:
        """Bind calls that are printed otherwise where values of a list are gone through."""

    def _gathered(self, call: Call) -> str:
        """Return the SQL of the list of all values of some expressions; those missing are none."""
        made = [self.key(argument) for argument in call.arguments]
        return self.dialect.texts(
            [each.sql if each.many else self.dialect.array([each.sql]) for each in made]
        )

    def _list(self, column: Column, strict: bool) -> str:
        """Return the list of a column's values; where NULL counts, it is one of an empty list."""
        values = f"c{column.index}"
        return values if strict else self._padded(values, self.dialect.NO_VALUE)

    def _padded(self, values: str, nothing: str) -> str:
        return f"CASE WHEN {self.dialect.size(values)} > 0 THEN {values} ELSE {nothing} END"

    # --- one combination of values ------------------------------------------------------------

    def _scalar(self, term: Bare, bindings: Bindings) -> str:
        text, concat = self.dialect.text, self.dialect.concat
        if isinstance(term, Fixed):
            return text(term.term)
        if isinstance(term, Iri):
            return concat([text(f"<{term.prefix}"), self._rest(term, bindings)])
        if isinstance(term, CheckedIri):
            return self._checked_iri(term, bindings)
        if isinstance(term, BlankNode):
            if term.value is None:
                place = concat([text(f"{term.scope}\n"), "file", "' '", term.row])
                return concat(["'_:b'", f"md5({place})"])
            return concat(["'_:b'", f"md5({self._plain(term.value, bindings)})"])
        assert isinstance(term, Literal)
        return self._literal(term, bindings)

    def _rest(self, iri: Iri, bindings: Bindings) -> str:
        return self._template((*iri.parts, ">"), bindings, self._encoder(iri.kind))

    def _checked_iri(self, term: CheckedIri, bindings: Bindings) -> str:
        concat, otherwise = self.dialect.concat, self.dialect.otherwise(skips=term.skips)

        def made(value: str) -> str:
            cases = f"WHEN {value} IS NULL THEN NULL"
            for iri in self._readings(term, value):
                whole = concat(["'<'", iri, "'>'"])
                cases += f" WHEN {self._good(term, iri)} THEN {whole}"
            return f"CASE {cases} ELSE {otherwise} END"

        return self.dialect.let(self._checked(term, bindings), made)

    def _readings(self, term: CheckedIri, value: str) -> list[str]:
        """Return the SQL of what a value can mean.

        rml-core prepends the base, it does not resolve.
        """
        if not term.base:
            return [value]
        return [value, self.dialect.concat([self.dialect.text(term.base), value])]

    def _good(self, term: CheckedIri, iri: str) -> str:
        if term.kind in _UNSAFE:
            return self.dialect.fits(iri, _WRITABLE)
        return self.dialect.is_iri(iri)

    def _misnamed(self, call: Call, bindings: Bindings) -> str:
        """Return the SQL of whether a record names no function that a call may be of."""
        return f"(NOT {self._truth(is_named(call), bindings)})"

    def _checked(self, term: CheckedIri | Language | Named, bindings: Bindings) -> str:
        """Return the SQL of a text that is looked at."""
        if isinstance(term, CheckedIri) and isinstance(term.value, Template):
            return f"({self._template(term.value.parts, bindings, self._encoder(term.kind))})"
        return self._plain(term.value, bindings)

    def _bad(self, term: CheckedIri | Language | Named, bindings: Bindings) -> str:
        if isinstance(term, Named):
            return self._misnamed(term.call, bindings)
        value = self._checked(term, bindings)
        if isinstance(term, Language):
            return f"NOT {self.dialect.is_language(value)}"
        return " AND ".join(f"NOT {self._good(term, iri)}" for iri in self._readings(term, value))

    def _literal(self, term: Literal, bindings: Bindings) -> str:
        dialect = self.dialect
        if isinstance(term.language, str):
            return self._quoted(term, bindings, dialect.text("@" + term.language))
        if term.language is not None:
            return self._quoted(term, bindings, self._tag(term.language, bindings))
        if isinstance(term.datatype, Fixed):
            plain = term.datatype.term == f"<{XSD_STRING}>"
            ending = "" if plain else dialect.text("^^" + term.datatype.term)
            return self._quoted(term, bindings, ending)
        if term.datatype is not None:
            return self._quoted(term, bindings, self._datatype(term.datatype, bindings))
        if term.natural is Datatypes.NONE:
            return self._quoted(term, bindings)
        if isinstance(term.value, Call):
            return dialect.made(self._plain(term.value, bindings), natural_kind(term.value))
        if not isinstance(term.value, Reference):
            return self._quoted(term, bindings)
        text, kind = bindings[term.value].text, bindings[term.value].kind
        if term.natural is Datatypes.GUESS:
            guess = dialect.guess(text)
            return dialect.natural(text, f"coalesce({kind}, {guess})" if kind else guess)
        return dialect.natural(text, kind) if kind else self._quoted(term, bindings)

    def _tag(self, language: Language, bindings: Bindings) -> str:
        value = self._plain(language.value, bindings)
        tag = self.dialect.concat(["'@'", f"lower({value})"])
        return (
            f"CASE WHEN {value} IS NULL THEN NULL WHEN {self.dialect.is_language(value)} THEN {tag}"
            f" ELSE {self.dialect.otherwise(skips=language.skips)} END"
        )

    def _datatype(self, term: Bare, bindings: Bindings) -> str:
        string = self.dialect.text(f"<{XSD_STRING}>")

        def made(iri: str) -> str:
            shown = self.dialect.concat(["'^^'", iri])
            return f"CASE {iri} WHEN {string} THEN '' ELSE {shown} END"

        return self.dialect.let(self._scalar(term, bindings), made, "datatype")

    def _quoted(self, term: Literal, bindings: Bindings, ending: str = "") -> str:
        """Return the SQL of the text of a literal in quotes, and what comes behind it."""
        quoted = self.dialect.quoted(self._lexical(term, bindings))
        return self.dialect.concat([quoted, ending]) if ending else quoted

    def _lexical(self, term: Literal, bindings: Bindings) -> str:
        """Return the SQL of a literal's text: a date of a time, a double of an integer.

        Only where the source has types: an integer of JSON has no text of its own, and as a double
        it has the canonical form that doubles of JSON have.
        """
        value = self._plain(term.value, bindings)
        if not term.turned:
            return value
        assert isinstance(term.value, Reference)
        kind = bindings[term.value].kind
        if term.datatype == Fixed(f"<{XSD}double>"):
            return f"CASE {kind} WHEN 'i' THEN {self.dialect.double(value)} ELSE {value} END"
        if term.datatype == Fixed(f"<{XSD}dateTime>"):
            whole = self.dialect.concat([value, "'T00:00:00'"])
            return f"CASE {kind} WHEN 'D' THEN {whole} ELSE {value} END"
        date = f"regexp_replace({value}, 'T[0-9:.]+', '')"
        return f"CASE {kind} WHEN 'T' THEN {date} ELSE {value} END"

    def _if_chosen(self, term: Term, bindings: Bindings) -> str:
        condition = condition_of(term)
        return "" if condition is None else f"{self._truth(condition, bindings)} AND "

    def _truth(self, condition: Call, bindings: Bindings) -> str:
        return self.dialect.truth_sql(condition, lambda part: self._plain(part, bindings))

    def _plain(self, expression: Expression, bindings: Bindings) -> str:
        if isinstance(expression, Constant):
            return self.dialect.text(expression.value)
        if isinstance(expression, Reference):
            return bindings[expression].text
        if isinstance(expression, Call):
            if expression in bindings:
                return bindings[expression].text
            return self.dialect.call_sql(expression, lambda part: self._plain(part, bindings))
        return f"({self._template(expression.parts, bindings, str)})"

    def _template(
        self,
        parts: Sequence[str | Reference],
        bindings: Bindings,
        encode: Callable[[str], str],
    ) -> str:
        return self.dialect.concat(
            [
                self.dialect.text(part) if isinstance(part, str) else encode(bindings[part].text)
                for part in parts
            ]
        )

    def _encoder(self, kind: TermType) -> Callable[[str], str]:
        if kind in _UNSAFE:
            return str
        return self.dialect.iri_safe if kind is TermType.IRI else self.dialect.uri_safe


def _is_list(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function is Function.LIST


def _bind(column: Column) -> Value:
    if column.many:
        kind = f"e{column.index}.t" if column.typed else None
        return Value(f"e{column.index}.v", kind)
    return Value(f"c{column.index}", f"t{column.index}" if column.typed else None)


_UNSAFE: Final = frozenset({TermType.UNSAFE_IRI, TermType.UNSAFE_URI})
# Whoever asks for unsafe IRIs gets what the data say, as long as it can be written and read.
_WRITABLE: Final = r'[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x1F<>"\\]*'
