"""What is known of a table and its columns."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from kg.mapping.plan import Formulation, LogicalSource
from kg.records import dataclass

# What people call the kinds of databases.
_TITLES = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mssql": "SQL Server",
    "oracle": "Oracle",
    "db2": "Db2",
}


# Formats whose files have several tables with names, and iterators of JSON for all that there is.
_OF_TABLES = (Formulation.SQL, Formulation.DUCKDB, Formulation.EXCEL)
_WHOLE = ("", "$", "$[*]", "$.*")


class Kind(StrEnum):
    """What the values of a column are: local names of XSD, and three that it does not have."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "dateTime"
    TIME = "time"
    DURATION = "duration"
    BINARY = "hexBinary"
    ADDRESS = "address"
    NOTHING = "nothing"

    @property
    def datatype(self) -> str:
        """The datatype as mappings write it; empty for texts and addresses."""
        plain = self in (Kind.TEXT, Kind.ADDRESS, Kind.NOTHING)
        return "" if plain else f"xsd:{self.value}"

    @property
    def is_number(self) -> bool:
        """Whether values can be added up."""
        return self in (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)


class Written(StrEnum):
    """How values are written that are not in the form of their datatype."""

    PLAIN = ""
    COMMA = "decimal comma"
    THOUSANDS = "commas between thousands"
    POINTS = "points between thousands"
    CAPITALS = "True and False in capitals"
    WORDS = "words"
    PATTERN = "pattern"
    BLANK = "a blank between date and time"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a key of records.

    Attributes:
        name: As the file has it.
        reference: As a mapping refers to it.
        kind: What its values are.
        written: How they are written.
        pattern: Of dates, as functions of mappings take it; of booleans the two words.
        natural: Whether the format itself says what the values are.
        many: Whether a record can have several.
        filled: Records with a value.
        distinct: Different values.
        unique: Whether all records have a value, and no two the same.
        longest: Characters of the longest.
        examples: Some values, in the order of the file.
        values: All different values, in order, if there are few and short ones.
        smallest: The smallest number, as a text; empty where there are no numbers.
        nulls: Texts in it that stand for no value.
        spellings: Of a column of texts: those that would stand for no value elsewhere.
        doubts: What was guessed, for comments.
        other: Another way to read all values: what they are then, how written, the pattern.
        sql: Its value in the table that was read, NULL where there is none; a list if `many`.
    """

    name: str
    reference: str
    kind: Kind
    written: Written = Written.PLAIN
    pattern: str = ""
    natural: bool = False
    many: bool = False
    filled: int = 0
    distinct: int = 0
    unique: bool = False
    longest: int = 0
    examples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    smallest: str = ""
    nulls: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    other: tuple[Kind, Written, str] | None = field(default=None, compare=False)
    sql: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Sight:
    """A table before it is read: how, and the names of its columns.

    `mixed` are references with values of several kinds, of which some may be no single values;
    `key` are the names of the columns that the file declares as the key.
    """

    source: LogicalSource
    name: str
    names: tuple[str, ...]
    references: tuple[str, ...]
    header: int = 0
    notes: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records that are left out of a table, since they are no records of it.

    Attributes:
        reference: The column that tells them.
        texts: What they have there, and no other record.
    """

    reference: str
    texts: tuple[str, ...]

    @property
    def note(self) -> str:
        """What is told of them."""
        shown = ", ".join(" ".join(text.split()) for text in self.texts)
        what = "record is" if len(self.texts) == 1 else f"{len(self.texts)} records are"
        looks = "it looks" if len(self.texts) == 1 else "they look"
        return f"the last {what} left out, as {looks} like totals or notes: {shown}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file: a CSV file, a sheet, a table of a database, a list of a document.

    Attributes:
        source: How a mapping reads it.
        name: Short, for people.
        rows: Number of its records.
        columns: Its columns.
        header: Line or row of the header, from 1; 0 where there is none.
        notes: What was guessed, and what a mapping would not see.
        left: Records at its end that are none.
        key: Names of the columns that the file declares as its key.
        sql_name: Its name in the connection that it was read into.
    """

    source: LogicalSource
    name: str
    rows: int
    columns: tuple[Column, ...]
    header: int = 0
    notes: tuple[str, ...] = ()
    left: LeftOut | None = None
    key: tuple[str, ...] = ()
    sql_name: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """What people are told of where it is: its file, and which part of it."""
        path, iterator = self.source.path, self.source.iterator
        if self.source.formulation in _OF_TABLES:
            return path if not iterator or "#" in path else f"{path}#{iterator}"
        return path if iterator in _WHOLE else f"{path} {iterator}"

    @property
    def format_name(self) -> str:
        """What people call the format."""
        dialect = self.source.dialect
        if self.source.formulation is Formulation.CSV:
            return "TSV" if dialect.delimiter == "\t" else "CSV"
        if self.source.formulation is Formulation.JSON:
            return "JSON Lines" if self.source.lines else "JSON"
        if self.source.formulation is Formulation.SQL:
            database = self.source.database
            return "SQLite" if database is None else _TITLES.get(database.kind, database.kind)
        return str(self.source.formulation.value)
