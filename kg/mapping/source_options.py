"""Which options of a source its format knows: the others are refused, not passed over.

An option that says what holds anyway, such as ``header: true``, is never refused.

Spec: https://www.w3.org/TR/tabular-metadata/#dialect-descriptions,
https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import Dialect, Formulation, LogicalSource

_TABLE: Final = frozenset(("header", "skipRows", "trim", "columns"))
_SHEET: Final = frozenset(("range", "merged", "sheetColumn"))
_TEXT: Final = frozenset(("encoding", "compression"))
# By format, which of the options below it knows; `nulls` all of them do.
HONOURED: Final[Mapping[Formulation, frozenset[str]]] = {
    # Mappings for other engines give tables an iterator, which each row matches.
    Formulation.CSV: _TABLE | _TEXT | {"delimiter", "quote", "escape", "comment", "iterator"},
    Formulation.EXCEL: _TABLE | _SHEET | {"compression", "iterator"},
    Formulation.JSON: _TEXT | {"iterator"},
    Formulation.YAML: _TEXT | {"iterator"},
    Formulation.XPATH: _TEXT | {"iterator", "namespaces"},
    Formulation.PARQUET: frozenset(("compression", "iterator")),
    Formulation.DUCKDB: frozenset(("iterator",)),
    # The iterator is the name of a table.
    Formulation.SQL: frozenset(("query", "iterator")),
    Formulation.SPARQL: frozenset(("query",)),
    Formulation.NONE: frozenset(),
}
_NAMES: Final[Mapping[Formulation, str]] = {
    Formulation.CSV: "a CSV file",
    Formulation.EXCEL: "a workbook",
    Formulation.JSON: "a JSON file",
    Formulation.YAML: "a YAML file",
    Formulation.XPATH: "an XML file",
    Formulation.PARQUET: "a Parquet file",
    Formulation.DUCKDB: "a DuckDB file",
    Formulation.SQL: "a database",
    Formulation.SPARQL: "an RDF file that is asked in SPARQL",
    Formulation.NONE: "a triples map without source",
}
_HINTS: Final[Mapping[str, str]] = {
    "trim": "Use the function trim where the value is used.",
    "query": "Only databases and RDF files are asked; a condition picks records of others.",
    "iterator": "Leave it out: each solution is a record.",
    "encoding": "Leave it out: the format says how its texts are encoded.",
    "compression": "Leave it out, or unpack the file.",
    "namespaces": "Leave them out: only XML has them.",
}


def check_options(source: LogicalSource) -> LogicalSource:
    """Return a source, if its format knows all that is said of it.

    Raises:
        InputError: It does not; the message names the option.
    """
    for name in _stated(source):
        if name not in HONOURED[source.formulation]:
            raise refused_option(source, name)
    return source


# How DuckDB reads files in SQL, which morph-kgc hands such queries to.
_FILES_IN_SQL: Final = re.compile(
    r"\b(?:from|join)\s+(?P<quote>['\"])[^'\"]*\.(?:csv|tsv|parquet|json|jsonl|ndjson|xlsx?|txt)"
    r"(?:\.\w+)?(?P=quote)|\b(?:read_(?:csv|parquet|json|ndjson)\w*|parquet_scan)\s*\(",
    re.IGNORECASE,
)


def check_query(source: LogicalSource) -> LogicalSource:
    """Return a source, if its query asks a database, not files.

    Raises:
        InputError: It asks files.
    """
    found = _FILES_IN_SQL.search(source.query)
    if found:
        raise InputError(
            "unsupported-mapping",
            f"SQL over files is not supported: {found[0]!r}",
            location=source.origin.location(),
            hint="Name the file as the source, and pick records by a condition; or load the files"
            " into a database, such as SQLite.",
        )
    return source


def refused_option(source: LogicalSource, name: str) -> InputError:
    """Return the error for an option that the format of a source does not know."""
    known = sorted({*HONOURED[source.formulation], "nulls"})
    return InputError(
        "bad-mapping",
        f"{name} has no meaning for {_NAMES[source.formulation]}",
        location=source.origin.location(),
        hint=_HINTS.get(name, f"Leave it out; such a source can have {', '.join(known)}."),
    )


def _stated(source: LogicalSource) -> Iterator[str]:
    """Yield the names of the options that say anything but what holds without them."""
    own, usual = source.dialect, Dialect()
    said = {
        "delimiter": own.delimiter != usual.delimiter,
        "quote": own.quote != usual.quote,
        "escape": own.escape != usual.escape,
        "header": own.header != usual.header,
        "comment": own.comment != usual.comment,
        "skipRows": own.skip_rows != usual.skip_rows,
        "trim": own.trim != usual.trim,
        "columns": own.names != usual.names,
        "range": own.cells != usual.cells,
        "merged": own.fills_merged != usual.fills_merged,
        "sheetColumn": own.sheet_column != usual.sheet_column,
        "encoding": source.encoding.lower().replace("_", "-") not in ("utf-8", "utf8"),
        "compression": source.compression not in ("", "none"),
        "iterator": bool(source.iterator.strip()),
        "query": bool(source.query.strip()),
        "namespaces": bool(source.namespaces),
    }
    yield from (name for name, is_said in said.items() if is_said)
