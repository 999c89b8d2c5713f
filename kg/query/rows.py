"""SPARQL's own formats of rows, written row by row in Python.

The engine writes these formats itself, faster, but cannot stop after a number of rows. What is
written here is byte for byte what the engine writes, which a property test checks.

Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/ https://www.w3.org/TR/sparql11-results-json/
https://www.w3.org/TR/rdf-sparql-XMLres/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.terms import XSD_STRING

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.query.display import Term
    from kg.query.tabular import Row, TextSink


def write_csv(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write CSV, and return the number of rows."""
    out.write(",".join(columns) + "\r\n")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        out.write(",".join(map(_csv, row)) + "\r\n")
    return count


def _csv(term: Term | None) -> str:
    if term is None:
        return ""
    if not isinstance(term, ox.Literal):
        return term.value if isinstance(term, ox.NamedNode) else str(term)
    text = term.value
    if any(char in text for char in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_tsv(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write TSV, and return the number of rows."""
    out.write("\t".join(f"?{name}" for name in columns) + "\n")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        out.write("\t".join(map(_tsv, row)) + "\n")
    return count


def _tsv(term: Term | None) -> str:
    if term is None:
        return ""
    return str(term)


def write_json(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write SPARQL JSON, and return the number of rows."""
    names = [_quote(name) for name in columns]
    out.write(f'{{"head":{{"vars":[{",".join(names)}]}},"results":{{"bindings":[')
    count = 0
    for count, row in enumerate(rows, 1):
        cells = (
            f"{name}:{_json(term)}"
            for name, term in zip(names, row, strict=True)
            if term is not None
        )
        out.write(f"{',' if count > 1 else ''}{{{','.join(cells)}}}")
    out.write("]}}")
    return count


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return f'{{"type":"uri","value":{_quote(term.value)}}}'
    if isinstance(term, ox.BlankNode):
        return f'{{"type":"bnode","value":{_quote(term.value)}}}'
    assert isinstance(term, ox.Literal)
    extra = ""
    if term.language:
        extra = f',"xml:lang":{_quote(term.language)}'
    elif term.datatype.value != XSD_STRING:
        extra = f',"datatype":{_quote(term.datatype.value)}'
    return f'{{"type":"literal","value":{_quote(term.value)}{extra}}}'


def write_xml(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write SPARQL XML, and return the number of rows."""
    out.write('<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>')
    out.write("".join(f'<variable name="{name}"/>' for name in columns) + "</head><results>")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        cells = (
            f'<binding name="{name}">{_xml(term)}</binding>'
            for name, term in zip(columns, row, strict=True)
            if term is not None
        )
        out.write(f"<result>{''.join(cells)}</result>")
    out.write("</results></sparql>")
    return count


def _xml(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return f"<uri>{_text(term.value)}</uri>"
    if isinstance(term, ox.BlankNode):
        return f"<bnode>{_text(term.value)}</bnode>"
    assert isinstance(term, ox.Literal)
    extra = ""
    if term.language:
        extra = f' xml:lang="{term.language}"'
    elif term.datatype.value != XSD_STRING:
        extra = f' datatype="{_text(term.datatype.value)}"'
    return f"<literal{extra}>{_text(term.value)}</literal>"


_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


ROW_WRITERS: Final[Mapping[str, Callable[[Sequence[str], Iterable[Row], TextSink], int]]] = {
    "csv": write_csv,
    "tsv": write_tsv,
    "json": write_json,
    "xml": write_xml,
}
