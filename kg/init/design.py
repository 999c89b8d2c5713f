"""What a graph of some tables can look like: classes, names, properties, links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from kg.names import is_prefix
from kg.peek import Column, Kind, Peeked, Table
from kg.peek.keys import Key, key_of
from kg.peek.links import Link, links_of
from kg.peek.words import camel, folded, label, pascal, singular, words
from kg.records import dataclass
from kg.workspace import COMMON_PREFIXES

_NAMES: Final = re.compile(
    r"name|title|label|full[ _]?name|(display|short|long)[ _]?name", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Property:
    """What is said of a record by one column, or by the columns of a link.

    Attributes:
        name: Local name in the graph's vocabulary.
        label: For people.
        columns: One, or the parts of a key.
        target: Prefix of the things that it leads to; empty for a value.
        link: The link that it is.
        nulls: Texts that stand for no value in this column, but not in others of the source.
    """

    name: str
    label: str
    columns: tuple[Column, ...]
    target: str = ""
    link: Link | None = None
    nulls: tuple[str, ...] = ()

    @property
    def column(self) -> Column:
        """The first of its columns."""
        return self.columns[0]

    @property
    def sort(self) -> str:
        """What its values are, so that two properties of one name can be told apart."""
        if self.target:
            return f"link {self.target}"
        return "number" if self.column.kind.is_number else self.column.kind.value


@dataclass(frozen=True, slots=True)
class Entity:
    """The things that the records of one table are.

    Attributes:
        table: The table.
        key: What tells the records apart.
        prefix: Of the things' names; also the name of the mapping.
        class_name: Local name of the class.
        label: Of the class, in the singular.
        title: The column that names each thing; None if there is none.
        properties: What is said of a thing.
        empty: Columns without any value.
        nulls: Texts that stand for no value in the whole source.
    """

    table: Table
    key: Key
    prefix: str
    class_name: str
    label: str
    title: Column | None
    properties: tuple[Property, ...]
    empty: tuple[Column, ...]
    nulls: tuple[str, ...]

    @property
    def source_name(self) -> str:
        """The name of the source in the mapping."""
        return f"{self.prefix}_rows"


def design(peeked: Peeked) -> tuple[Entity, ...]:
    """Return what the tables can become, in their order."""
    tables = [table for table in peeked.tables if table.columns]
    keys = {table.sql_name: key_of(peeked.connection, table) for table in tables}
    links = links_of(peeked.connection, keys, tables)
    names = _names(tables)
    entities = [_entity(table, keys[table.sql_name], names, links) for table in tables]
    return _told_apart(entities)


class _Name(NamedTuple):
    """What one record of a table is called: its words, and the prefix of its IRI."""

    words: list[str]
    prefix: str


def _names(tables: Sequence[Table]) -> Mapping[str, _Name]:
    """Return what one record of each table is called, no two the same."""
    found: dict[str, _Name] = {}
    taken = {prefix.lower() for prefix in COMMON_PREFIXES} | {"ns", "id"}
    for table in tables:
        parts = words(table.name) or ["row"]
        parts = [*parts[:-1], singular(parts[-1])]
        tried = _free(parts, taken)
        prefix = _prefix(tried)
        if not is_prefix(prefix):
            prefix = _prefix(_free(["row"], taken))
        found[table.sql_name] = _Name(tried, prefix)
    return found


def _free(parts: list[str], taken: set[str]) -> list[str]:
    """Return words with a number behind them if need be, and take their prefix."""
    number, tried = 2, parts
    while _prefix(tried).lower() in taken:
        tried = [*parts, str(number)]
        number += 1
    taken.add(_prefix(tried).lower())
    return tried


def _prefix(parts: list[str]) -> str:
    name = camel(parts).lstrip("_")
    return name if name[:1].isalpha() else f"row{name}"


def _entity(table: Table, key: Key, names: Mapping[str, _Name], links: Sequence[Link]) -> Entity:
    parts, prefix = names[table.sql_name]
    common, own = _nulls(table)
    title = _title(table, key)
    properties: list[Property] = []
    of_table = [link for link in links if link.table is table]
    single = {id(link.columns[0]): link for link in of_table if len(link.columns) == 1}
    by_target = Counter(link.target.sql_name for link in of_table)
    for column in table.columns:
        is_said = column is title and (column not in key.columns or _is_name(column))
        if column.kind is Kind.NOTHING or is_said:
            continue
        link = single.get(id(column))
        nulls = tuple(text for text in column.nulls if text in own)
        if link is None:
            name = camel(words(column.name)) or f"column{len(properties) + 1}"
            properties.append(Property(name, label(column.name), (column,), nulls=nulls))
        else:
            alone = by_target[link.target.sql_name] == 1
            properties.append(replace(_linked(link, names, alone), nulls=nulls))
    properties += [_linked(link, names, True) for link in of_table if len(link.columns) > 1]
    empty = tuple(column for column in table.columns if column.kind is Kind.NOTHING)
    return Entity(
        table,
        key,
        prefix,
        pascal(parts),
        " ".join(part.lower() for part in parts),
        title,
        _once(properties),
        empty,
        common,
    )


def _linked(link: Link, names: Mapping[str, _Name], alone: bool) -> Property:
    """Return the property of a link: named after the column, or after what it leads to."""
    target, prefix = names[link.target.sql_name]
    own = words(link.columns[0].name)
    if own and len(own) > 1 and own[-1].lower() in ("id", "key", "code", "nr", "no"):
        own = own[:-1]
    names_target = alone and link.table is not link.target
    is_of_target = {folded(link.columns[0].name), folded(" ".join(own))} & {
        folded(" ".join(target))
    }
    is_key = link.is_named and not is_of_target
    if (
        not own
        or len(link.columns) > 1
        or is_of_target
        or (names_target and is_key and _same_name(link))
    ):
        own = target
    text = " ".join(part.lower() for part in own)
    return Property(camel(own), text, link.columns, prefix, link)


def _same_name(link: Link) -> bool:
    """Return whether a link's column is called as the key that it holds."""
    return any(
        folded(column.name) == folded(link.columns[0].name)
        for column in link.target.columns
        if column.unique
    )


def _once(properties: Iterable[Property]) -> tuple[Property, ...]:
    """Number properties of one table that would have one name."""
    seen: Counter[str] = Counter()
    found = []
    for each in properties:
        seen[each.name] += 1
        number = seen[each.name]
        found.append(each if number == 1 else replace(each, name=f"{each.name}{number}"))
    return tuple(found)


def _told_apart(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Give properties of one name that say different things in different tables other names."""
    sorts: dict[str, set[str]] = {}
    for entity in entities:
        for each in entity.properties:
            sorts.setdefault(each.name, set()).add(each.sort)
    found = []
    # Scripts without capitals write a class and a property in one way.
    classes = {entity.class_name for entity in entities}
    for entity in entities:
        renamed = tuple(
            each
            if len(sorts[each.name]) == 1
            else replace(
                each,
                name=camel([*words(entity.class_name), *words(each.name)]),
                label=f"{entity.label} {each.label}",
            )
            for each in entity.properties
        )
        unlike = [
            replace(each, name=f"has{each.name}") if each.name in classes else each
            for each in renamed
        ]
        found.append(replace(entity, properties=_once(unlike)))
    return tuple(found)


def _title(table: Table, key: Key) -> Column | None:
    """Return the column that names a record for people."""
    texts = [
        column
        for column in table.columns
        if column.kind is Kind.TEXT and not column.many and column.filled
    ]
    of_table = folded(table.name)
    for column in texts:
        if _is_name(column) or folded(column.name) == f"{of_table}name":
            return column
    for column in texts:
        is_name = folded(column.name).endswith("name") and 2 * column.distinct > table.rows
        if is_name and len(words(column.name)) <= 2:
            return column
    alone = key.columns[0] if len(key.columns) == 1 else None
    return alone if alone is not None and alone.kind is Kind.TEXT else None


def _is_name(column: Column) -> bool:
    return bool(_NAMES.fullmatch(column.name.strip()))


def _nulls(table: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts that stand for no value in all columns, and in some columns only.

    What stands for none among numbers may be a value among texts, as NA is the code of Namibia.
    """
    found = sorted({text for column in table.columns for text in column.nulls})
    kept = {
        text for column in table.columns for text in column.spellings if text not in column.nulls
    }
    return tuple(t for t in found if t not in kept), tuple(t for t in found if t in kept)
