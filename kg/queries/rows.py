"""SPARQL's own formats of rows, written row by row in Python.

Oxigraph writes these formats itself, faster, but cannot stop after a number of rows. TSV and
JSON come out as from Oxigraph (TSV with controls escaped), CSV as from `kg.queries.csv_rows`, which
a property test checks. XML is always written here: Oxigraph's is not well-formed where a text
holds a control character, and loses carriage returns.

Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/ https://www.w3.org/TR/sparql11-results-json/
https://www.w3.org/TR/rdf-sparql-XMLres/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

from kg.errors import InputError
from kg.queries.engine import Row, Term
from kg.terms import XSD, XSD_STRING, split_literal, text_of

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.queries.tabular import TextSink


def write_csv(columns: Sequence[str], rows: Iterable[Row], out: TextSink) -> int:
    """Write CSV, and return the number of rows."""
    out.write(_head(columns))
    count = 0
    for count, line in enumerate(csv_lines(rows), 1):  # noqa: B007
        out.write(line)
    return count


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line of CSV for each row, with its end."""
    for row in rows:
        yield csv_line(row)


def csv_line(row: Row) -> str:
    """Return a line of CSV, with its end."""
    line = ",".join(map(_csv, row))
    # An empty line would be no record for some readers.
    return line + "\r\n" if line or len(row) != 1 else '""\r\n'


def write_lines(columns: Sequence[str], lines: Iterator[str], out: IO[bytes]) -> int:
    """Write lines of CSV below a head, and return their number."""
    out.write(_head(columns).encode())
    count = 0
    while some := list(islice(lines, _TOGETHER)):
        out.write("".join(some).encode())
        count += len(some)
    return count


def _head(columns: Sequence[str]) -> str:
    return ",".join(columns) + "\r\n"


# Lines that are written together.
_TOGETHER: Final = 2048


_NEEDS_QUOTES: Final = re.compile('[,"\n\r]')


def _csv(term: Term | None) -> str:
    """Return a field of CSV: whatever the kind of its term, in quotes where it needs them."""
    if term is None:
        return ""
    text = term if term.startswith(("_:", "<<(")) else text_of(term)
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
    if term[0] == '"' and term[-1] == ">":
        quoted, _, datatype = term.rpartition('"^^<')
        pattern = _BARE.get(datatype[:-1])
        if pattern is not None and re.fullmatch(pattern, quoted[1:]):
            return quoted[1:]
    return term


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
    if term.startswith("<<("):
        parts = ",".join(f'"{name}":{_json(part)}' for name, part in _parts(term))
        return f'{{"type":"triple","value":{{{parts}}}}}'
    if term[0] == "<":
        return f'{{"type":"uri","value":{_quote(term[1:-1])}}}'
    if term[0] == "_":
        return f'{{"type":"bnode","value":{_quote(term[2:])}}}'
    text, datatype, tag = split_literal(term)
    extra = ""
    if tag:
        language, _, direction = tag.partition("--")
        extra = f',"xml:lang":{_quote(language)}'
        if direction:
            extra += f',"its:dir":{_quote(direction)}'
    elif datatype != XSD_STRING:
        extra = f',"datatype":{_quote(datatype)}'
    return f'{{"type":"literal","value":{_quote(text)}{extra}}}'


_ITS: Final = "http://www.w3.org/2005/11/its"


def _parts(term: Term) -> Iterator[tuple[str, Term]]:
    """Yield the parts of a triple term, by name."""
    # No IRI holds a blank, no predicate is a literal: so the object is what is left.
    rest = term.removeprefix("<<( ").removesuffix(" )>>")
    for name in ("subject", "predicate"):
        part, _, rest = rest.partition(" ")
        yield name, part
    yield "object", rest


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
    if term[0] == '"':
        suffix = term[term.rindex('"') + 1 :]
        return f"<literal{_xml_kind(suffix)}>{_text(text_of(term))}</literal>"
    if term[0] == "_":
        return f"<bnode>{_text(term[2:])}</bnode>"
    if term.startswith("<<("):
        parts = "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in _parts(term))
        return f"<triple>{parts}</triple>"
    return f"<uri>{_text(term[1:-1])}</uri>"


@lru_cache(maxsize=256)
def _xml_kind(suffix: str) -> str:
    """Return the attributes for what is behind the quotes of a literal."""
    _, datatype, tag = split_literal(f'""{suffix}')
    if tag:
        language, _, direction = tag.partition("--")
        told = f' xml:lang="{language}"'
        if direction:
            told += f' its:dir="{direction}" xmlns:its="{_ITS}" its:version="2.0"'
        return told
    return "" if datatype == XSD_STRING else f' datatype="{_text(datatype)}"'


# A reader of XML makes a line feed of a carriage return that is not escaped, and may drop blanks
# at the ends of a text.
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;"}
)
_NOT_XML: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
# What most texts are, none of which is changed: told in one step, since there are many.
_USUAL: Final = r"\w/:#.,;()=?!%@*+~-"


@cache
def _unchanged() -> re.Pattern[str]:
    return re.compile(f"[{_USUAL}](?:[ {_USUAL}]*[{_USUAL}])?")


def _text(text: str) -> str:
    if _unchanged().fullmatch(text):
        return text
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
