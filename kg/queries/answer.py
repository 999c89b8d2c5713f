"""Answers written in a format, as a stream."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO, Final, TypeVar, cast

from kg.errors import InputError
from kg.names import Namer
from kg.queries.engine import Answer as Answer
from kg.queries.engine import Row, Rows, Serializer, Triple, Triples
from kg.queries.formats import Format
from kg.queries.limits import rows_error
from kg.queries.ordered import ordered
from kg.queries.rows import ROW_WRITERS, write_lines
from kg.terms import RDF_TYPE, XSD

_T = TypeVar("_T")

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
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    terminal: int | None = None
    title: str = "Answer"
    rows: int | None = None


def write_answer(answer: Answer, form: Format, out: IO[bytes], style: Style) -> bool:
    """Write an answer, and tell whether it holds nothing (no row, no triple, or no).

    Raises:
        LimitError: The answer has more rows than `style` allows; some of those were written.
        InputError: A triple cannot be written in RDF/XML.
    """
    if isinstance(answer, bool):
        if form.binary:
            _write_binary(["answer"], [(_TRUTHS[answer],)], form, out)
        else:
            _write_boolean(answer, form, out)
        return not answer
    if isinstance(answer, Rows):
        if answer.lines is not None and form.name == "csv":
            lines = limited_rows(answer.lines(), style.rows)
            return not write_lines(answer.columns, lines, out)
        if answer.serialize is not None and style.rows is None:
            written = _write_at_once(answer, answer.serialize, form, out)
            if written is not None:
                return not written
        return not _write_rows(answer.columns, answer, form, out, style)
    triples = ordered(limited_rows(answer, style.rows))
    if form.rdf:
        return not _write_graph(triples, form.name, out, style)
    return not _write_rows(["subject", "predicate", "object"], triples, form, out, style)


def _write_at_once(
    answer: Rows, serialize: Serializer, form: Format, out: IO[bytes]
) -> bool | None:
    """Have the engine write rows; return whether there were any, None if it cannot."""
    if form.name == "csv":
        from kg.queries.csv_rows import CsvOfTsv

        turned = CsvOfTsv(out, len(answer.columns))
        serialize("tsv", cast(IO[bytes], turned))  # it only calls write
        turned.finish()
        return turned.rows > 0
    if form.name not in ("tsv", "json"):
        return None
    counted = _Counted(out)
    serialize(form.name, cast(IO[bytes], counted))
    return counted.bytes > _size_without_rows(answer.columns, form)


def ends_line(form: Format) -> bool:
    """Return whether an answer in a format ends with a line's end, as a terminal wants."""
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


def _size_without_rows(columns: Sequence[str], form: Format) -> int:
    text = io.StringIO()
    ROW_WRITERS[form.name](columns, (), text)
    return len(text.getvalue().encode())


_TRUTHS: Final = {each: f'"{str(each).lower()}"^^<{XSD}boolean>' for each in (True, False)}
# Yes or no, in formats that have more for it than a line of text.
_BOOLEANS: Final[Mapping[str, str]] = {
    "json": '{{"head":{{}},"boolean":{}}}',
    "xml": '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
    "<head></head><boolean>{}</boolean></sparql>",
    "html": '<!doctype html>\n<meta charset="utf-8">\n<title>Answer</title>\n<p>{}</p>\n',
}


def _write_boolean(value: bool, form: Format, out: IO[bytes]) -> None:
    text = _BOOLEANS.get(form.name, "{}\n").format("true" if value else "false")
    out.write(text.encode())


def _write_rows(
    columns: Sequence[str], rows: Iterable[Row], form: Format, out: IO[bytes], style: Style
) -> int:
    rows = limited_rows(rows, style.rows)
    if form.binary:
        return _write_binary(columns, rows, form, out)
    text = io.TextIOWrapper(out, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        if form.name in ROW_WRITERS:
            return ROW_WRITERS[form.name](columns, rows, text)
        return _write_for_people(columns, rows, form, text, style)
    finally:
        text.flush()
        text.detach()


def _write_binary(columns: Sequence[str], rows: Iterable[Row], form: Format, out: IO[bytes]) -> int:
    if form.name == "xlsx":
        from kg.queries.workbook import write_workbook

        return write_workbook(columns, rows, out)
    from kg.queries.parquet import write_parquet

    return write_parquet(columns, rows, out)


def _write_for_people(
    columns: Sequence[str], rows: Iterable[Row], form: Format, text: io.TextIOWrapper, style: Style
) -> int:
    from kg.queries.display import Shortener
    from kg.queries.tabular import write_html, write_markdown, write_table

    # What a terminal shows is looked at; what goes elsewhere may be read by programs.
    is_looked_at = style.terminal is not None and form.name == "table"
    shortener = Shortener(style.prefixes, rounds=is_looked_at)
    if form.name == "markdown":
        return write_markdown(columns, rows, text, shortener)
    if form.name == "html":
        return write_html(columns, rows, text, shortener, style.title)
    return write_table(columns, rows, text, shortener, style.terminal)


class First(Iterator[_T]):
    """The first rows or triples of an answer.

    Args:
        items: The answer.
        most: How many are given.

    Attributes:
        has_more: Whether there are others; known once those were given.
    """

    def __init__(self, items: Iterable[_T], most: int) -> None:
        self._items = iter(items)
        self._left = most
        self.has_more = False

    def __next__(self) -> _T:
        """Return the next row or triple."""
        item = next(self._items)
        if self._left == 0:
            self.has_more = True
            raise StopIteration
        self._left -= 1
        return item


AnyFirst = First[Row] | First[Triple]


def first_of(answer: Answer, most: int) -> tuple[Answer, AnyFirst | None]:
    """Return an answer with its first rows or triples alone, and what tells of others."""
    if isinstance(answer, bool):
        return answer, None
    if isinstance(answer, Rows):
        rows = First(answer, most)
        return Rows(answer.columns, rows), rows
    triples = First(answer, most)
    return Triples(triples), triples


def limited_rows(items: Iterable[_T], limit: int | None) -> Iterator[_T]:
    """Yield rows or triples.

    Raises:
        LimitError: There are more than the limit.
    """
    for number, item in enumerate(items):
        if number == limit:
            raise rows_error(number)
        yield item


def _write_graph(triples: Iterator[Triple], name: str, out: IO[bytes], style: Style) -> int:
    from kg.serialize import LINES, write_triples

    head = list(islice(triples, _WINDOW))
    prefixes = {} if name in LINES else _used_prefixes(head, style.prefixes)
    count = 0

    def counted() -> Iterator[Triple]:
        nonlocal count
        for triple in chain(head, triples):
            if name == "rdfxml":
                _check_xml_name(triple[1][1:-1])
            count += 1
            yield triple

    try:
        write_triples(counted(), name, out, prefixes)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise InputError(
            "cannot-evaluate",
            f"the answer cannot be written as {name}: {error}",
            hint="Take another format, such as ntriples.",
        ) from error
    return count


# What Turtle writes without a name: rdf:type as ``a``, numbers and booleans bare.
_SHORT_ALREADY: Final = frozenset(
    {RDF_TYPE[1:-1]}
    | {XSD + name for name in ("string", "integer", "decimal", "double", "boolean")}
)


def _used_prefixes(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that these triples need, in the order of their names."""
    namer = Namer(prefixes)
    used = set()
    for triple in triples:
        for term in triple:
            if term.startswith('"'):
                _, _, term = term.rpartition('"^^')
            if not term.startswith("<") or term[1:-1] in _SHORT_ALREADY:
                continue
            if found := namer.prefix_of(term[1:-1]):
                used.add(found)
    return {prefix: prefixes[prefix] for prefix in sorted(used)}


def _check_xml_name(predicate: str) -> None:
    if not re.fullmatch(_XML_NAME, re.split(r"[/#:?=&;]", predicate)[-1]):
        raise InputError(
            "not-in-rdfxml",
            f"RDF/XML has no way to write the property <{predicate}>",
            hint="Take another format, such as turtle.",
        )
