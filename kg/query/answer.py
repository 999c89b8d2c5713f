"""Answers written in a format, as a stream."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Final, TypeVar, cast

import pyoxigraph as ox

from kg.errors import InputError
from kg.query.formats import Format
from kg.query.limits import rows_error
from kg.query.ordered import ordered
from kg.query.rows import ROW_WRITERS
from kg.terms import RDF_TYPE, XSD

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.query.differences import Watch
    from kg.query.tabular import Row

_T = TypeVar("_T")
# Rows, yes or no, or triples.
Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples | Iterator[ox.Triple]

# Triples looked at before the first is written, to find the prefixes that are in use.
_WINDOW: Final = 5_000
_XML_NAME: Final = r"[^\W\d][\w.\-\u00b7]*"


@dataclass(frozen=True, slots=True)
class Style:
    """How an answer is to look.

    Attributes:
        prefixes: For short names.
        terminal: Columns of the terminal that it goes to; None if to none.
        title: Of an HTML page.
        rows: The most rows that may be written; None for no limit.
        watch: Is told the rows, if some of their columns are to be looked at.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    terminal: int | None = None
    title: str = "Answer"
    rows: int | None = None
    watch: Watch | None = None


def write_answer(answer: Answer, form: Format, out: IO[bytes], style: Style) -> bool:
    """Write an answer, and tell whether it holds nothing (no row, no triple, or no).

    Raises:
        LimitError: The answer has more rows than `style` allows; some of those were written.
        InputError: A triple cannot be written in RDF/XML.
    """
    if isinstance(answer, ox.QueryBoolean):
        _write_boolean(bool(answer), answer, form, out)
        return not answer
    if isinstance(answer, ox.QuerySolutions):
        columns = [variable.value for variable in answer.variables]
        own = style.rows is not None or style.watch is not None or form.name == "xml"
        if form.results is not None and not own:
            if form.name == "csv":
                return _write_csv(answer, columns, out)
            counted = _Counted(out)
            answer.serialize(cast(IO[bytes], counted), form.results)  # it only calls write
            return counted.bytes == _size_without_rows(columns, form)
        rows: Iterable[Row] = (tuple(row) for row in answer)
        if style.watch is not None:
            rows = style.watch.rows(columns, rows)
        return not _write_rows(columns, rows, form, out, style)
    triples = ordered(_limited(answer, style.rows))
    if form.rdf is not None:
        return not _write_graph(triples, form.rdf, out, style)
    parts = ((triple.subject, triple.predicate, triple.object) for triple in triples)
    return not _write_rows(["subject", "predicate", "object"], parts, form, out, style)


def _write_csv(answer: ox.QuerySolutions, columns: list[str], out: IO[bytes]) -> bool:
    from kg.query.csv_rows import CsvOfTsv

    turned = CsvOfTsv(out, len(columns))
    answer.serialize(cast(IO[bytes], turned), ox.QueryResultsFormat.TSV)  # it only calls write
    turned.finish()
    return turned.rows == 0


def ends_line(form: Format) -> bool:
    """Tell whether an answer in a format ends with a line's end, as a terminal wants."""
    return form.name not in ("json", "xml", "jsonld", "rdfxml")


class _Counted:
    """Passes bytes on and counts them."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.bytes += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


def _size_without_rows(columns: list[str], form: Format) -> int:
    text = io.StringIO()
    ROW_WRITERS[form.name](columns, (), text)
    return len(text.getvalue().encode())


def _write_boolean(value: bool, answer: ox.QueryBoolean, form: Format, out: IO[bytes]) -> None:
    if form.results is not None:
        answer.serialize(out, form.results)
        if form.name in ("csv", "tsv"):
            out.write(b"\n")
        return
    text = "true" if value else "false"
    if form.name == "html":
        text = f'<!doctype html>\n<meta charset="utf-8">\n<title>Answer</title>\n<p>{text}</p>'
    out.write(f"{text}\n".encode())


def _write_rows(
    columns: list[str], rows: Iterable[Row], form: Format, out: IO[bytes], style: Style
) -> int:
    rows = _limited(rows, style.rows)
    text = io.TextIOWrapper(out, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        if form.name in ROW_WRITERS:
            return ROW_WRITERS[form.name](columns, rows, text)
        return _write_for_people(columns, rows, form, text, style)
    finally:
        text.flush()
        text.detach()


def _write_for_people(
    columns: list[str], rows: Iterable[Row], form: Format, text: io.TextIOWrapper, style: Style
) -> int:
    from kg.query.display import Shortener
    from kg.query.tabular import write_html, write_markdown, write_table

    shortener = Shortener(style.prefixes)
    if form.name == "markdown":
        return write_markdown(columns, rows, text, shortener)
    if form.name == "html":
        return write_html(columns, rows, text, shortener, style.title)
    return write_table(columns, rows, text, shortener, style.terminal)


def _limited(items: Iterable[_T], limit: int | None) -> Iterator[_T]:
    for number, item in enumerate(items):
        if number == limit:
            raise rows_error(number)
        yield item


def _write_graph(
    triples: Iterator[ox.Triple], form: ox.RdfFormat, out: IO[bytes], style: Style
) -> int:
    head = list(islice(triples, _WINDOW))
    prefixes = {} if form in _WITHOUT_PREFIXES else _used_prefixes(head, style.prefixes)
    count = 0

    def counted() -> Iterator[ox.Triple]:
        nonlocal count
        for triple in chain(head, triples):
            if form == ox.RdfFormat.RDF_XML:
                _check_xml_name(triple.predicate.value)
            count += 1
            yield triple

    ox.serialize(counted(), out, form, prefixes=prefixes)
    return count


# What Turtle writes without a name: rdf:type as ``a``, numbers and booleans bare.
_SHORT_ALREADY: Final = frozenset(
    {RDF_TYPE[1:-1]}
    | {XSD + name for name in ("string", "integer", "decimal", "double", "boolean")}
)
_WITHOUT_PREFIXES: Final = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)


def _used_prefixes(triples: Iterable[ox.Triple], prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that these triples need, in the order of their names."""
    from kg.query.display import Shortener

    shortener = Shortener(prefixes)
    used = set()
    for triple in triples:
        for term in (triple.subject, triple.predicate, triple.object):
            if isinstance(term, ox.Literal):
                term = term.datatype
            if not isinstance(term, ox.NamedNode) or term.value in _SHORT_ALREADY:
                continue
            if found := shortener.prefix_of(term.value):
                used.add(found[0])
    return {prefix: prefixes[prefix] for prefix in sorted(used)}


def _check_xml_name(predicate: str) -> None:
    if not re.fullmatch(_XML_NAME, re.split(r"[/#:?=&;]", predicate)[-1]):
        raise InputError(
            "not-in-rdfxml",
            f"RDF/XML has no way to write the property <{predicate}>",
            hint="Take another format, such as turtle.",
        )
