"""SPARQL's own formats of rows, written row by row in Python.

The engine writes these formats itself, faster, but cannot stop after a number of rows. TSV and
JSON come out as from the engine (TSV with controls escaped), CSV as from `kg.query.csv_rows`, which
a property test checks. XML is always written here: the engine's is not well-formed where a text
holds a control character, and loses carriage returns.

Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/ https://www.w3.org/TR/sparql11-results-json/
https://www.w3.org/TR/rdf-sparql-XMLres/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import InputError
from kg.terms import XSD, XSD_STRING

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.query.display import Term
    from kg.query.tabular import Row, TextSink


def write_csv(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write CSV, and return the number of rows."""
    out.write(",".join(columns) + "\r\n")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        line = ",".join(map(_csv, row))
        # An empty line would be no record for some readers.
        out.write(line + "\r\n" if line or len(columns) != 1 else '""\r\n')
    return count


_NEEDS_QUOTES: Final = re.compile('[,"\n\r]')


def _csv(term: Term | None) -> str:
    """Return a field of CSV: whatever the kind of its term, in quotes where it needs them."""
    if term is None:
        return ""
    text = term.value if isinstance(term, ox.NamedNode | ox.Literal) else _turtle(term)
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def write_tsv(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write TSV, and return the number of rows."""
    out.write("\t".join(f"?{name}" for name in columns) + "\n")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        out.write("\t".join(map(_tsv, row)) + "\n")
    return count


# Literals that TSV writes without quotes, as Turtle does.
_BARE: Final[Mapping[str, str]] = {
    f"{XSD}boolean": r"true|false",
    f"{XSD}integer": r"[+-]?[0-9]+",
    f"{XSD}decimal": r"[+-]?[0-9]*\.[0-9]+",
    f"{XSD}double": r"[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+",
}


def _tsv(term: Term | None) -> str:
    if term is None:
        return ""
    if isinstance(term, ox.Literal):
        pattern = _BARE.get(term.datatype.value)
        if pattern is not None and re.fullmatch(pattern, term.value):
            return term.value
    return _turtle(term)


def _turtle(term: Term) -> str:
    if isinstance(term, ox.Triple):
        return f"<<( {' '.join(_turtle(part) for _, part in _parts(term))} )>>"
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
    if isinstance(term, ox.Triple):
        parts = ",".join(f'"{name}":{_json(part)}' for name, part in _parts(term))
        return f'{{"type":"triple","value":{{{parts}}}}}'
    extra = ""
    if term.language:
        extra = f',"xml:lang":{_quote(term.language)}'
        if term.direction is not None:
            extra += f',"its:dir":{_quote(str(term.direction))}'
    elif term.datatype.value != XSD_STRING:
        extra = f',"datatype":{_quote(term.datatype.value)}'
    return f'{{"type":"literal","value":{_quote(term.value)}{extra}}}'


_ITS: Final = "http://www.w3.org/2005/11/its"


def _parts(triple: ox.Triple) -> tuple[tuple[str, Term], ...]:
    return (
        ("subject", triple.subject),
        ("predicate", triple.predicate),
        ("object", triple.object),
    )


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
    if isinstance(term, ox.Triple):
        parts = "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in _parts(term))
        return f"<triple>{parts}</triple>"
    extra = ""
    if term.language:
        extra = f' xml:lang="{term.language}"'
        if term.direction is not None:
            extra += f' its:dir="{term.direction}" xmlns:its="{_ITS}" its:version="2.0"'
    elif term.datatype.value != XSD_STRING:
        extra = f' datatype="{_text(term.datatype.value)}"'
    return f"<literal{extra}>{_text(term.value)}</literal>"


# A reader of XML makes a line feed of a carriage return that is not escaped, and may drop blanks
# at the ends of a text.
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;"}
)
_NOT_XML: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"


def _text(text: str) -> str:
    escaped = text.translate(_ESCAPES)
    if not text.isprintable() and re.search(_NOT_XML, text):
        raise InputError(
            "not-in-xml",
            "the answer holds a control character, which XML cannot hold",
            hint="Take another format, such as json.",
        )
    if text[:1].isspace():
        escaped = f"&#{ord(text[0])};" + (escaped[1:] if text[0] != "\r" else escaped[5:])
    if len(text) > 1 and text[-1].isspace():
        escaped = (escaped[:-1] if text[-1] != "\r" else escaped[:-5]) + f"&#{ord(text[-1])};"
    return escaped


ROW_WRITERS: Final[Mapping[str, Callable[[Sequence[str], Iterable[Row], TextSink], int]]] = {
    "csv": write_csv,
    "tsv": write_tsv,
    "json": write_json,
    "xml": write_xml,
}
