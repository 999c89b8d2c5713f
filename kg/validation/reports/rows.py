"""Results as rows of CSV, for spreadsheets and scripts.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv
from typing import IO, Final

from kg.validation.messages import message_text
from kg.validation.paths import to_sparql
from kg.validation.results import Result, Verdict
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_blank, is_literal, split_literal

COLUMNS: Final = (
    *("file", "record", "line", "column"),
    *("shape", "focusNode", "path", "value", "component", "severity", "message"),
)


class CsvReport:
    """Writes a row for each result, with the first of its origins.

    Terms have the form of SPARQL's CSV results: IRIs and literals without brackets, quotes,
    datatype and language. Values are unchanged, even where a spreadsheet sees a formula.

    Args:
        out: Where the text goes.
        shapes: The shapes graph.

    Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/#csv
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph) -> None:
        self._rows = csv.writer(out, lineterminator="\r\n")
        self._shapes = shapes
        self._rows.writerow(COLUMNS)

    def add(self, result: Result) -> None:
        """Write one result."""
        place = result.origins[0] if result.origins else None
        self._rows.writerow(
            (
                *((place.file, place.record, place.line, place.column) if place else [None] * 4),
                _text(self._shapes.owner(result.source_shape)),
                _text(result.focus_node),
                None if result.path is None else to_sparql(result.path),
                None if result.value is None else _text(result.value),
                _text(result.component),
                result.level.label,
                message_text(result),
            )
        )

    def close(self, _: Verdict | None = None, /) -> None:
        """Do nothing: all rows are already written."""


def _text(term: str) -> str:
    if is_literal(term):
        return split_literal(term).lexical
    return term if is_blank(term) else term[1:-1]
