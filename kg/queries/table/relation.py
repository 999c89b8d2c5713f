"""What SQL a pattern becomes: a relation whose columns are the variables of its solutions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from itertools import count
from typing import Final

from kg.records import dataclass
from kg.sql import sql_text
from kg.table.ids import HASHED, Kind, chars_sql, text_sql


class NotCompiledError(Exception):
    """A query has something that this engine does not answer; its text says what."""


@dataclass(frozen=True, slots=True)
class Column:
    """A variable of a relation.

    Attributes:
        name: The column's name in SQL.
        kinds: The kinds of ids that it may hold; None where it holds text instead of ids.
        bound: Whether each solution has a value for it.
        stored: Whether the graph has all its terms, so that their texts are in the table of terms.
    """

    name: str
    kinds: frozenset[Kind] | None = None
    bound: bool = True
    stored: bool = True

    def unbound(self) -> Column:
        """Return the column of a relation in which the variable may have no value."""
        return replace(self, bound=False)


@dataclass(frozen=True, slots=True)
class Relation:
    """The solutions of a pattern.

    Attributes:
        sql: A SELECT with the columns.
        columns: By the names of the variables.
        order: Columns of the SELECT that it is sorted by, each with whether it descends.
    """

    sql: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    order: tuple[tuple[str, bool], ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names in SQL, those of its order too."""
        own = [column.name for column in self.columns.values()]
        return [*own, *(name for name, _ in self.order if name not in own)]


def may_escape(column: Column) -> bool:
    """Return whether the text of a column's terms may have escapes."""
    return column.kinds is None or Kind.LITERAL in column.kinds


UNIT: Final = Relation("SELECT 1 AS one")


class Names:
    """Gives names that no other column or table has."""

    def __init__(self) -> None:
        self._numbers: dict[str, Callable[[], int]] = {}

    def new(self, start: str) -> str:
        """Return a name that begins so."""
        counter = self._numbers.setdefault(start, count(1).__next__)
        return f"{start}{counter()}"


def columns_sql(names: Iterable[str], table: str = "") -> str:
    """Return a list of columns for SELECT; ``1 AS one`` where there are none."""
    dot = f"{table}." if table else ""
    return ", ".join(f"{dot}{name}" for name in names) or "1 AS one"


@dataclass(frozen=True, slots=True)
class Texts:
    """Where the texts of ids are, beside the table of terms.

    Attributes:
        extra: SQL for the texts of ids that the table of terms may lack.
        prefixes: The prefixes by their ids; they are looked up in their table where there are none.
        table: The table of terms, or one that has those which are wanted.
    """

    extra: dict[int, str] = field(default_factory=dict)
    prefixes: Mapping[int, str] = field(default_factory=dict)
    table: str = "terms"

    @classmethod
    def of(cls, prefixes: Mapping[str, int]) -> Texts:
        """Return the same for a query.

        Args:
            prefixes: The table of prefixes. A CASE of a few is a third of the time of a join.
        """
        if len(prefixes) > _FEW:
            return cls()
        return cls(prefixes={id_: text for text, id_ in prefixes.items()})


# More would make SQL that is long, and slow to plan.
_FEW: Final = 24


class View:
    """A relation with what is looked up and computed of its columns, for expressions over it.

    What SQL would name often is computed once, in a column of its own: SQL that repeated it would
    grow with the depth of an expression, and planning it grows faster.

    Args:
        relation: The relation.
        names: Gives names.
        texts: Where texts are.
    """

    def __init__(self, relation: Relation, names: Names, texts: Texts) -> None:
        self.relation = relation
        self.alias = names.new("r")
        self._names = names
        self._texts = texts
        self._joins: dict[str, str] = {}
        self._columns: dict[str, str] = {}
        self._levels: list[dict[str, str]] = []
        self._level_of: dict[str, int] = {}

    def value(self, column: Column) -> str:
        """Return SQL for a column as it is: an id, or text."""
        return f"{self.alias}.{column.name}"

    def let(self, sql: str, *, is_new: bool = False) -> str:
        """Return SQL for the same value, computed once.

        Args:
            sql: The SQL.
            is_new: Whether it is computed again though it was computed before.
        """
        known = None if is_new else self._columns.get(sql)
        if known is not None:
            return known
        own = _LET.findall(sql)
        level = 1 + max((self._level_of.get(name, 0) for name in own), default=0)
        while len(self._levels) < level:
            self._levels.append({})
        name = self._names.new("x")
        self._levels[level - 1][name] = sql
        self._level_of[name] = level
        self._columns[sql] = f"{self.alias}.{name}"
        return self._columns[sql]

    def text(self, column: Column) -> str:
        """Return SQL for the text of a column's terms."""
        value = self.value(column)
        if column.kinds is None:
            return value
        prefix = self._prefix(column)
        return self.let(text_sql(value, column.kinds, prefix, self._text(column)))

    def field(self, column: Column) -> str:
        """Return SQL for a column's terms as fields of CSV, if they have no escapes."""
        value = self.value(column)
        if column.kinds is None:
            return self._quoted(value)
        known = self._texts.prefixes.values()
        if known and not any("," in text for text in known):
            numbered = f"{self._prefix(column, start=1)} || id_number({value})"
        else:
            prefix = self.let(self._prefix(column))
            numbered = f"csv_quoted({prefix}[2:] || id_number({value}))"
        stored = self._quoted(self._text(column)) if HASHED & column.kinds else "NULL"
        return chars_sql(value, column.kinds, numbered, stored)

    def _quoted(self, text: str) -> str:
        """Return SQL for terms as text as fields of CSV."""
        return f"csv_quoted({self.let(f'csv_chars({text})')})"

    def _text(self, column: Column) -> str:
        """Return SQL for what the table of terms has of the texts of a column's terms."""
        if not column.kinds or not HASHED & column.kinds:
            return "NULL"
        stored = self._stored(column, "t")
        if column.stored or not self._texts.extra:
            return stored
        return f"coalesce({stored}, {_case(self.value(column), self._texts.extra)})"

    def _prefix(self, column: Column, *, start: int = 0) -> str:
        value = self.value(column)
        if not column.kinds or Kind.NUMBERED not in column.kinds:
            return "NULL"
        if self._texts.prefixes:
            known = {id_: sql_text(text[start:]) for id_, text in self._texts.prefixes.items()}
            return _case(f"id_prefix({value})", known)
        self._join("prefixes", column, f"id = id_prefix({value}) AND id_kind({value}) = 1")
        return f"prefixes_{column.name}.t"

    def stored(self, column: Column, what: str) -> str:
        """Return SQL for what the table of terms has of a column's terms: a column of it."""
        return self.let(self._stored(column, what))

    def _stored(self, column: Column, what: str) -> str:
        table = self._texts.table
        self._join(table, column, f"id = {self.value(column)}")
        return f"{table}_{column.name}.{what}"

    def _join(self, table: str, column: Column, condition: str) -> None:
        alias = f"{table}_{column.name}"
        self._joins[alias] = f" LEFT JOIN {table} AS {alias} ON {alias}.{condition}"

    def select(self, items: Sequence[str], where: str = "") -> str:
        """Return a SELECT of expressions over the view."""
        source = f"({self.relation.sql}) AS {self.alias}"
        joins = "".join(self._joins.values())
        for level in self._levels:
            computed = ", ".join(f"{sql} AS {name}" for name, sql in level.items())
            source = f"(SELECT {self.alias}.*, {computed} FROM {source}{joins}) AS {self.alias}"
            joins = ""
        condition = f" WHERE {where}" if where else ""
        return f"SELECT {', '.join(items) or '1 AS one'} FROM {source}{joins}{condition}"


def _case(value: str, texts: Mapping[int, str]) -> str:
    return f"CASE {value} {' '.join(f'WHEN {id_} THEN {text}' for id_, text in texts.items())} END"


_LET: Final = re.compile(r"\bx[0-9]+\b")
