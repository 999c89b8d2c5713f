r"""Shortens terms in Turtle and TriG, in SQL: prefixed names, numbers, booleans.

A short form is used only if reading it back gives the same term: a local name that ``PN_LOCAL``
allows without escapes, or a number in its usual form. The grammar allows ``+1`` and ``01`` too,
but they stay quoted, because some readers do not keep the lexical form of numbers.

Regex matching is the most expensive per-row step. `survey` therefore finds, once per table, the
prefixes whose local names are all valid, and datatypes are recognised by how the term ends.

Spec: https://www.w3.org/TR/turtle/#sec-grammar-grammar
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final

from kg.duck import sql_text, translated
from kg.names import LOCAL_PATTERN, is_local, ordered, split
from kg.records import dataclass
from kg.terms import RDF_TYPE, XSD, is_iri

if TYPE_CHECKING:
    import duckdb

_INTEGER: Final = "-?(?:0|[1-9][0-9]*)"
# Datatype to the lexical forms of it that may be written without quotes.
BARE_LITERALS: Final[Mapping[str, str]] = {
    f"{XSD}integer": _INTEGER,
    f"{XSD}decimal": rf"{_INTEGER}\.[0-9]+",
    f"{XSD}double": rf"{_INTEGER}(?:\.[0-9]+)?[eE][+-]?[0-9]+",
    f"{XSD}boolean": "true|false",
}
# Recognised by `ends_with`; other datatypes need a regex, which costs more.
_USUAL_DATATYPES: Final = (
    *BARE_LITERALS,
    *(f"{XSD}{name}" for name in ("date", "dateTime", "gYear", "gYearMonth", "anyURI", "duration")),
    *(f"{XSD}{name}" for name in ("time", "float", "int", "long", "nonNegativeInteger")),
)
# Up to this number, predicates are shortened once per table and not in every row, and terms are
# looked at one by one.
_MOST_PREDICATES: Final = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """Prefixes, and the SQL that shortens terms with them.

    Attributes:
        prefixes: Prefix and namespace; no two share a namespace. A namespace that starts with
            another one comes before it.
        sure: Prefixes whose namespace is followed by a valid local name in all terms of the
            table.
        predicates: Predicates in their short form; None if there are too many.
    """

    prefixes: tuple[tuple[str, str], ...]
    sure: frozenset[str] = frozenset()
    predicates: Mapping[str, str] | None = None

    @classmethod
    def of(cls, prefixes: Mapping[str, str]) -> Names:
        """Use the prefixes whose namespaces are IRIs."""
        return cls(ordered({prefix: space for prefix, space in prefixes.items() if is_iri(space)}))

    def header(self) -> str:
        """Return the directives that declare the prefixes, sorted, and an empty line."""
        lines = [f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self.prefixes]
        return "".join(sorted(lines)) + "\n" if lines else ""

    def prefix_of(self, term: str) -> str | None:
        """Return the prefix that shortens an IRI, if any.

        >>> Names.of({"ex": "http://example.org/"}).prefix_of("<http://example.org/a>")
        'ex'
        """
        found = split(term[1:-1], self.prefixes) if term.startswith("<") else None
        return None if found is None else found[0]

    def misses(self, term: str) -> list[str]:
        """Return the prefixes whose namespace an IRI starts with, but without a local name."""
        return [
            prefix
            for prefix, namespace in self.prefixes
            if term.startswith(f"<{namespace}") and not is_local(term[len(namespace) + 1 : -1])
        ]

    def short_iri(self, term: str) -> str:
        """Return the prefixed name of an IRI, or the term itself if there is none.

         Names.of({"ex": "http://example.org/"}).short_iri("<http://example.org/a/b>")
        '<http://example.org/a/b>'
        """
        found = split(term[1:-1], self.prefixes) if term.startswith("<") else None
        return term if found is None else ":".join(found)

    def short_predicate(self, term: str) -> str:
        """Return a predicate in its shortest form: ``a`` for rdf:type."""
        return "a" if term == RDF_TYPE else self.short_iri(term)

    def short_iri_sql(self, term: str) -> str:
        """Return SQL for the prefixed name of an IRI, or the term itself if there is none."""
        cases = []
        for prefix, namespace in self.prefixes:
            start = f"starts_with({term}, {sql_text('<' + namespace)})"
            if prefix not in self.sure:
                start += f" AND {_is_local(term, namespace)}"
            local = _local(term, namespace)
            cases.append(f" WHEN {start} THEN concat({sql_text(prefix + ':')}, {local})")
        return f"CASE{''.join(cases)} ELSE {term} END" if cases else term

    def short_predicate_sql(self, term: str) -> str:
        """Return SQL for a predicate in its shortest form; ``a`` for rdf:type."""
        if self.predicates is None:
            return (
                f"CASE WHEN {term} = {sql_text(RDF_TYPE)} THEN 'a'"
                f" ELSE {self.short_iri_sql(term)} END"
            )
        # If the column is dictionary-encoded, DuckDB looks up each distinct value only once.
        keys = ", ".join(map(sql_text, self.predicates))
        values = ", ".join(map(sql_text, self.predicates.values()))
        return f"map([{keys}], [{values}])[{term}]" if keys else term

    def short_object_sql(self, term: str) -> str:
        """Return SQL for an object in its shortest form."""
        cases = [
            f" WHEN starts_with({term}, '<') THEN {self.short_iri_sql(term)}",
            f" WHEN NOT ends_with({term}, '>') THEN {term}",
        ]
        for datatype in _USUAL_DATATYPES:
            tail = f'"^^<{datatype}>'
            short = self.short_iri(f"<{datatype}>")
            quoted = term
            if not short.startswith("<"):
                cut = len(datatype) + 2
                quoted = f"concat(substr({term}, 1, length({term}) - {cut}), {sql_text(short)})"
            if datatype in BARE_LITERALS:
                text = f"substr({term}, 2, length({term}) - {len(tail) + 1})"
                pattern = sql_text(f'^"(?:{BARE_LITERALS[datatype]})"')
                quoted = (
                    f"CASE WHEN regexp_matches({term}, {pattern}) THEN {text} ELSE {quoted} END"
                )
            cases.append(f" WHEN ends_with({term}, {sql_text(tail)}) THEN {quoted}")
        datatype = f"regexp_extract({term}, '<[^>]*>$')"
        other = (
            f"concat(left({term}, -length({datatype})), {self.short_iri_sql(datatype)})"
            if self.prefixes
            else term
        )
        return f"CASE{''.join(cases)} ELSE {other} END"


@dataclass(frozen=True, slots=True)
class Use:
    """The use of prefixes in some rows.

    Attributes:
        used: Prefixes that shorten a term, with the number of terms.
        unsure: Prefixes whose namespace some term starts with, but without a local name.
        predicates: All predicates; None if there are too many.
    """

    used: Mapping[str, int] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    predicates: tuple[str, ...] | None = ()

    def shorten(self, names: Names) -> Names:
        """Return the used prefixes, with `sure` and `predicates` set to make shortening cheap."""
        kept = tuple(self._usual_first(names))
        sure = frozenset(self.used) - self.unsure
        if self.predicates is None:
            return Names(kept, sure)
        short = Names(kept, sure)
        return Names(kept, sure, {term: short.short_predicate(term) for term in self.predicates})

    def _usual_first(self, names: Names) -> list[tuple[str, str]]:
        """Return the used prefixes, most used first, but a longer namespace before a shorter."""
        ordered: list[tuple[str, str]] = []
        for prefix, namespace in sorted(
            names.prefixes, key=lambda pair: (-self.used.get(pair[0], 0), pair)
        ):
            if prefix not in self.used:
                continue
            # Insert it before the first namespace that this one starts with.
            place = next(
                (n for n, (_, other) in enumerate(ordered) if namespace.startswith(other)),
                len(ordered),
            )
            ordered.insert(place, (prefix, namespace))
        return ordered


def survey(connection: duckdb.DuckDBPyConnection, rows: str, names: Names) -> Use:
    """Find the use of prefixes in the subjects, predicates and objects of rows.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o; NULL where a term is not written.
        names: All prefixes.
    """
    found = _Found(names)
    with translated():
        predicates = found.add_column(connection, rows, "p")
        found.add_distinct(connection, f"SELECT term FROM ({_datatypes(rows)}) WHERE term <> ''")
        # In one query: DuckDB takes longer to plan the tests of all prefixes than to run them.
        found.add(connection, f"{_subjects(rows)} UNION ALL {_objects(rows)}")
    return found.use(predicates)


def change_use(
    connection: duckdb.DuckDBPyConnection,
    use: Use,
    old: str,
    new: str,
    names: Names,
    table: str | None = None,
) -> Use | None:
    """Return the use of prefixes in rows of which some were replaced; None if that is not sure.

    Args:
        connection: From `kg.duck.engine`.
        use: What `survey` gave of the rows before.
        old: A query for rows that were replaced; it has all rows of a subject, or none.
        new: The same for what is in their place.
        names: All prefixes.
        table: A query for all rows as they are now, to be looked through for predicates and
            datatypes that only one of `old` and `new` has.
    """
    if use.predicates is None:
        return None
    with translated():
        turned = _turned(connection, old, new, table)
        if turned is None:
            return None
        sides = [_Found(names), _Found(names)]
        for side, rows in zip(sides, (old, new), strict=True):
            side.add_few(connection, f"{_subjects(rows)} UNION ALL {_objects(rows)}")
    for came, kind, term in turned:
        sides[came].add_term(term, RDF_TYPE if kind == "p" else "")
    before, after = (side.use(None) for side in sides)
    used = {
        prefix: count - before.used.get(prefix, 0) + after.used.get(prefix, 0)
        for prefix, count in use.used.items()
    }
    left = before.unsure - after.unsure
    if left and (table is None or not _all_missed(connection, table, names, left)):
        return None
    if after.unsure - use.unsure or after.used.keys() - used.keys():
        return None
    ways: tuple[set[str], set[str]] = (set(), set())
    for came, kind, term in turned:
        if kind == "p":
            ways[came].add(term)
    predicates = tuple(sorted({*use.predicates} - ways[0] | ways[1]))
    if len(predicates) > _MOST_PREDICATES or not all(used.values()):
        return None
    return Use(used, use.unsure, predicates)


def _all_missed(
    connection: duckdb.DuckDBPyConnection, rows: str, names: Names, prefixes: Iterable[str]
) -> bool:
    """Return whether for each prefix a subject or object of rows has no local name with it."""
    namespaces = dict(names.prefixes)
    terms = f"{_subjects(rows)} UNION ALL {_objects(rows)}"
    with translated():
        return all(
            connection.execute(
                f"SELECT 1 FROM ({terms}) WHERE starts_with(term, {sql_text('<' + each)})"
                f" AND NOT {_is_local('term', each)} LIMIT 1"
            ).fetchone()
            for each in (namespaces[prefix] for prefix in prefixes)
        )


def _turned(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, table: str | None
) -> list[tuple[int, str, str]] | None:
    """Return the predicates and datatypes that have gone or come with rows; None if not known.

    Args:
        connection: From `kg.duck.engine`.
        old: As for `change_use`.
        new: As for `change_use`.
        table: As for `change_use`.

    Returns:
        For each: 0 if it has gone, 1 if it has come; ``p`` or ``d``; the term.
    """
    sides = f"SELECT 0 AS side, p, o FROM ({old}) UNION ALL SELECT 1, p, o FROM ({new})"
    most = 2 * _MOST_PREDICATES
    found = connection.execute(f"{_kinds_of_terms(sides)} LIMIT {most}").fetchall()
    if len(found) >= most:
        return None
    both = Counter((kind, term) for _, kind, term in found)
    alone = [each for each in found if both[each[1:]] == 1]
    if not alone or table is None:
        return None if alone else []
    predicates = ", ".join(sql_text(term) for _, kind, term in alone if kind == "p")
    endings = [f"ends_with(o, {sql_text(term)})" for _, kind, term in alone if kind == "d"]
    wanted = [*([f"p IN ({predicates})"] if predicates else []), *endings]
    rest = (
        f"SELECT 0 AS side, p, o FROM ({table}) WHERE ({' OR '.join(wanted)})"
        f" AND s NOT IN (SELECT s FROM ({new}))"
    )
    others = {row[1:] for row in connection.execute(_kinds_of_terms(rest)).fetchall()}
    return [each for each in alone if each[1:] not in others]


def _kinds_of_terms(rows: str) -> str:
    """Return a query for the predicates and datatypes of rows with a column ``side``."""
    return (
        f"SELECT DISTINCT side, 'p' AS kind, p AS term FROM ({rows})"
        f" UNION ALL SELECT side, 'd', term FROM ({_datatypes(rows, 'side, ')}) WHERE term <> ''"
    )


def survey_graphs(connection: duckdb.DuckDBPyConnection, rows: str, names: Names, use: Use) -> Use:
    """Return `use` with the prefixes of graph names added."""
    found = _Found(names, dict(use.used), set(use.unsure))
    with translated():
        found.add_column(connection, rows, "g")
    return found.use(use.predicates)


class _Found:
    """Counts the uses of prefixes, and collects the unsure ones."""

    def __init__(
        self, names: Names, used: dict[str, int] | None = None, unsure: set[str] | None = None
    ) -> None:
        self._names = names
        self._used = used or {}
        self._unsure = unsure or set()

    def use(self, predicates: tuple[str, ...] | None) -> Use:
        return Use(self._used, frozenset(self._unsure), predicates)

    def _count(self, prefix: str | None, uses: int) -> None:
        if prefix is not None and uses:
            self._used[prefix] = self._used.get(prefix, 0) + uses

    def add_column(
        self, connection: duckdb.DuckDBPyConnection, rows: str, column: str
    ) -> tuple[str, ...] | None:
        """Add a column with few distinct values and return them; None if there are many."""
        distinct = f"SELECT DISTINCT {column} AS term FROM ({rows}) WHERE {column} IS NOT NULL"
        return self.add_distinct(connection, distinct, RDF_TYPE if column == "p" else "")

    def add_distinct(
        self, connection: duckdb.DuckDBPyConnection, distinct: str, short: str = ""
    ) -> tuple[str, ...] | None:
        """Add the column `term` of a query with few distinct values; return as `add_column` does.

        Args:
            connection: From `kg.duck.engine`.
            distinct: The query.
            short: A term that needs no prefix.
        """
        found = connection.execute(f"FROM ({distinct}) LIMIT {_MOST_PREDICATES + 1}").fetchall()
        if len(found) > _MOST_PREDICATES:
            self.add(connection, f"FROM ({distinct}) WHERE term <> {sql_text(short)}")
            return None
        terms = sorted(term for (term,) in found)
        self._add_each(terms, short)
        return tuple(terms)

    def _add_each(self, terms: Iterable[str], short: str = "") -> None:
        for term in terms:
            self.add_term(term, short)

    def add_term(self, term: str, short: str = "") -> None:
        """Add a term; `short` is one that needs no prefix."""
        if term != short:
            self._count(self._names.prefix_of(term), 1)
        self._unsure.update(self._names.misses(term))

    def add_few(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        """Add the column `term` of a query, which may have so few rows that no SQL is planned."""
        found = connection.execute(f"FROM ({source}) LIMIT {_MOST_PREDICATES + 1}").fetchall()
        if len(found) > _MOST_PREDICATES:
            self.add(connection, source)
        else:
            self._add_each(term for (term,) in found)

    def add(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        """Add the column `term` of a query."""
        prefixes = self._names.prefixes
        if not prefixes:
            return
        tests, uses, misses = [], [], []
        for number, (_, namespace) in enumerate(prefixes):
            start = f"starts_with(term, {sql_text('<' + namespace)})"
            tests.append(f"CASE WHEN {start} THEN {_is_local('term', namespace)} END AS f{number}")
            # A longer namespace takes precedence if its local name is valid.
            longer = (
                n for n, (_, other) in enumerate(prefixes[:number]) if other.startswith(namespace)
            )
            uses.append(f"count_if(f{number}{''.join(f' AND f{n} IS NOT true' for n in longer)})")
            misses.append(f"bool_or(NOT f{number})")
        row = connection.execute(
            f"SELECT {', '.join(uses + misses)} FROM (SELECT {', '.join(tests)} FROM ({source}))"
        ).fetchone()
        assert row is not None
        for (prefix, _), use, miss in zip(
            prefixes, row[: len(uses)], row[len(uses) :], strict=True
        ):
            self._count(prefix, use)
            if miss:
                self._unsure.add(prefix)


def _objects(rows: str) -> str:
    """Return a query for the objects that are IRIs."""
    return f"SELECT o AS term FROM ({rows}) WHERE o >= '<' AND o < '='"


def _subjects(rows: str) -> str:
    """Return a query for the subjects, without consecutive duplicates."""
    return (
        "SELECT s AS term FROM (SELECT s, lag(s) OVER () IS DISTINCT FROM s AS fresh"
        f" FROM ({rows})) WHERE fresh AND s < '='"
    )


def _datatypes(rows: str, beside: str = "") -> str:
    """Return a query for the datatypes of the literals that are written with quotes.

    Args:
        rows: A query for the rows.
        beside: Columns of the rows that are given with them, with a comma after each.
    """
    cases = []
    for datatype in _USUAL_DATATYPES:
        term = sql_text(f"<{datatype}>")
        if datatype in BARE_LITERALS:
            pattern = sql_text(f'^"(?:{BARE_LITERALS[datatype]})"')
            term = f"CASE WHEN NOT regexp_matches(o, {pattern}) THEN {term} END"
        cases.append(f""" WHEN ends_with(o, {sql_text(f'"^^<{datatype}>')}) THEN {term}""")
    case = f"CASE{''.join(cases)} ELSE regexp_extract(o, '<[^>]*>$') END"
    return (
        f"SELECT DISTINCT {beside}{case} AS term FROM ({rows}) WHERE o < '<' AND ends_with(o, '>')"
    )


def _local(term: str, namespace: str) -> str:
    size = len(namespace) + 2
    return f"substr({term}, {size}, length({term}) - {size})"


def _is_local(term: str, namespace: str) -> str:
    pattern = sql_text(f"{LOCAL_PATTERN}>")
    return f"regexp_full_match(substr({term}, {len(namespace) + 2}), {pattern})"
