r"""Short forms of terms in Turtle and TriG, as SQL: prefixed names, numbers, booleans.

A short form is used only where reading it back gives the same term: a local name that
``PN_LOCAL`` allows without escapes, a number whose digits the grammar keeps as they stand. The
grammar would take ``+1`` and ``01`` bare too; they keep their quotes, since some readers count
with numbers instead of keeping their digits.

Matching a pattern is the dearest step for a row, so a prefix whose names all fit is found out
once for the whole table (`survey`), and a datatype is told by its ending.

Spec: https://www.w3.org/TR/turtle/#sec-grammar-grammar
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.duck import sql_text, translated
from kg.names import LOCAL_PATTERN, is_local, ordered, split
from kg.terms import RDF_TYPE, XSD, is_iri

if TYPE_CHECKING:
    import duckdb

_INTEGER: Final = "-?(?:0|[1-9][0-9]*)"
# Datatype to the lexical forms that stand for a literal of that datatype without quotes.
BARE_LITERALS: Final[Mapping[str, str]] = {
    f"{XSD}integer": _INTEGER,
    f"{XSD}decimal": rf"{_INTEGER}\.[0-9]+",
    f"{XSD}double": rf"{_INTEGER}(?:\.[0-9]+)?[eE][+-]?[0-9]+",
    f"{XSD}boolean": "true|false",
}
# Told by their ending; any other datatype is looked for by a pattern, which costs more.
_USUAL_DATATYPES: Final = (
    *BARE_LITERALS,
    *(f"{XSD}{name}" for name in ("date", "dateTime", "gYear", "gYearMonth", "anyURI", "duration")),
    *(f"{XSD}{name}" for name in ("time", "float", "int", "long", "nonNegativeInteger")),
)
# Predicates that are shortened once for all, and not in every row.
_MOST_PREDICATES: Final = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """Prefixes, and the SQL that shortens terms with them.

    Attributes:
        prefixes: Prefix and namespace; no two share a namespace. A namespace that starts with
            another one comes before it.
        sure: Prefixes whose namespace is followed by nothing but local names, in all terms of
            the table.
        predicates: Predicates in their short form; None if they are too many to hold.
    """

    prefixes: tuple[tuple[str, str], ...]
    sure: frozenset[str] = frozenset()
    predicates: Mapping[str, str] | None = None

    @classmethod
    def of(cls, prefixes: Mapping[str, str]) -> Names:
        """Take the prefixes whose namespaces are IRIs."""
        return cls(ordered({prefix: space for prefix, space in prefixes.items() if is_iri(space)}))

    def header(self) -> str:
        """Return the directives that declare the prefixes, sorted, and an empty line."""
        lines = [f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self.prefixes]
        return "".join(sorted(lines)) + "\n" if lines else ""

    def prefix_of(self, term: str) -> str | None:
        """Return the prefix that shortens an IRI, if there is one.

        >>> Names.of({"ex": "http://example.org/"}).prefix_of("<http://example.org/a>")
        'ex'
        """
        found = split(term[1:-1], self.prefixes) if term.startswith("<") else None
        return None if found is None else found[0]

    def misses(self, term: str) -> list[str]:
        """Return the prefixes whose namespace an IRI starts with, but no local name follows."""
        return [
            prefix
            for prefix, namespace in self.prefixes
            if term.startswith(f"<{namespace}") and not is_local(term[len(namespace) + 1 : -1])
        ]

    def short_iri(self, term: str) -> str:
        """Return the prefixed name of an IRI, or the term itself where there is none.

        >>> Names.of({"ex": "http://example.org/"}).short_iri("<http://example.org/a/b>")
        '<http://example.org/a/b>'
        """
        found = split(term[1:-1], self.prefixes) if term.startswith("<") else None
        return term if found is None else ":".join(found)

    def short_predicate(self, term: str) -> str:
        """Return a predicate in its shortest form: ``a`` for rdf:type."""
        return "a" if term == RDF_TYPE else self.short_iri(term)

    def short_iri_sql(self, term: str) -> str:
        """Return SQL for the prefixed name of an IRI, or the term itself where there is none."""
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
        # A map costs nothing where the column comes as a dictionary: DuckDB then looks up each
        # entry once.
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
    """What some rows need of prefixes.

    Attributes:
        used: Prefixes that shorten a term, with how many.
        unsure: Prefixes whose namespace some term starts with, and no local name follows.
        predicates: All predicates; None if they are too many to hold.
    """

    used: Mapping[str, int] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    predicates: tuple[str, ...] | None = ()

    def shorten(self, names: Names) -> Names:
        """Return only the prefixes that are used, and what else makes shortening cheap."""
        kept = tuple(self._usual_first(names))
        sure = frozenset(self.used) - self.unsure
        if self.predicates is None:
            # Predicates were not looked at one by one.
            return Names(kept, sure)
        short = Names(kept, sure)
        return Names(kept, sure, {term: short.short_predicate(term) for term in self.predicates})

    def _usual_first(self, names: Names) -> list[tuple[str, str]]:
        """Return the prefixes that are used, in an order in which few have to be tried."""
        ordered: list[tuple[str, str]] = []
        for prefix, namespace in sorted(
            names.prefixes, key=lambda pair: (-self.used.get(pair[0], 0), pair)
        ):
            if prefix not in self.used:
                continue
            # Before the first namespace that is the start of this one.
            place = next(
                (n for n, (_, other) in enumerate(ordered) if namespace.startswith(other)),
                len(ordered),
            )
            ordered.insert(place, (prefix, namespace))
        return ordered


def survey(connection: duckdb.DuckDBPyConnection, rows: str, names: Names) -> Use:
    """Return what the subjects, predicates and objects of rows need.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o; what is NULL is not written.
        names: All prefixes.
    """
    found = _Found(names)
    with translated():
        predicates = found.add_column(connection, rows, "p")
        for source in (_subjects(rows), _objects(rows), _datatypes(rows)):
            found.add(connection, source)
    return found.use(predicates)


def survey_graphs(connection: duckdb.DuckDBPyConnection, rows: str, names: Names, use: Use) -> Use:
    """Return the same with what the names of graphs need too."""
    found = _Found(names, dict(use.used), set(use.unsure))
    with translated():
        found.add_column(connection, rows, "g")
    return found.use(use.predicates)


class _Found:
    """Prefixes that shorten a term, and those that meet one that they do not."""

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
        """Look at a column with few values, and return them; None if they are many after all."""
        distinct = f"SELECT DISTINCT {column} AS term FROM ({rows}) WHERE {column} IS NOT NULL"
        found = connection.execute(f"{distinct} LIMIT {_MOST_PREDICATES + 1}").fetchall()
        if len(found) > _MOST_PREDICATES:
            self.add(connection, f"FROM ({distinct}) WHERE term <> {sql_text(RDF_TYPE)}")
            return None
        terms = sorted(term for (term,) in found)
        for term in terms:
            if term != RDF_TYPE or column != "p":
                self._count(self._names.prefix_of(term), 1)
            self._unsure.update(self._names.misses(term))
        return tuple(terms)

    def add(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        """Look at the column term of a query."""
        prefixes = self._names.prefixes
        if not prefixes:
            return
        tests, uses, misses = [], [], []
        for number, (_, namespace) in enumerate(prefixes):
            start = f"starts_with(term, {sql_text('<' + namespace)})"
            tests.append(f"CASE WHEN {start} THEN {_is_local('term', namespace)} END AS f{number}")
            # A longer namespace goes first where its name fits too.
            longer = (
                n for n, (_, other) in enumerate(prefixes[:number]) if _within(other, namespace)
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


def _within(namespace: str, other: str) -> bool:
    return namespace.startswith(other)


def _objects(rows: str) -> str:
    """Return a query for the objects that are IRIs."""
    return f"SELECT o AS term FROM ({rows}) WHERE o >= '<' AND o < '='"


def _subjects(rows: str) -> str:
    """Return a query for the subjects, each once where its rows stand together."""
    return (
        "SELECT s AS term FROM (SELECT s, lag(s) OVER () IS DISTINCT FROM s AS fresh"
        f" FROM ({rows})) WHERE fresh AND s < '='"
    )


def _datatypes(rows: str) -> str:
    """Return a query for the datatypes of those literals that are not written bare."""
    cases = []
    for datatype in _USUAL_DATATYPES:
        term = sql_text(f"<{datatype}>")
        if datatype in BARE_LITERALS:
            pattern = sql_text(f'^"(?:{BARE_LITERALS[datatype]})"')
            term = f"CASE WHEN NOT regexp_matches(o, {pattern}) THEN {term} END"
        cases.append(f""" WHEN ends_with(o, {sql_text(f'"^^<{datatype}>')}) THEN {term}""")
    return (
        f"SELECT DISTINCT CASE{''.join(cases)} ELSE regexp_extract(o, '<[^>]*>$') END AS term"
        f" FROM ({rows}) WHERE o < '<' AND ends_with(o, '>')"
    )


def _local(term: str, namespace: str) -> str:
    size = len(namespace) + 2
    return f"substr({term}, {size}, length({term}) - {size})"


def _is_local(term: str, namespace: str) -> str:
    pattern = sql_text(f"{LOCAL_PATTERN}>")
    return f"regexp_full_match(substr({term}, {len(namespace) + 2}), {pattern})"
