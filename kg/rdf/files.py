"""Opens and parses RDF files; errors have a place in the file."""

from __future__ import annotations

import re
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

import pyoxigraph as ox

from kg.errors import InputError, Location, WorldError
from kg.lines import LineReader
from kg.paths import address_of, open_file, show_path
from kg.rdf import formats
from kg.rdf.guard import GuardedSource
from kg.rdf.limits import DEEPEST, LONGEST_TERM, Problems, too_deep, too_long
from kg.rdf.tables import is_table, open_table
from kg.rejects import current
from kg.terms import is_iri

if TYPE_CHECKING:  # these readers are imported only for files of their format
    from kg.rdf.jsonld import JsonLd
    from kg.rdf.rdfxml import RdfXml

# A statement of a file; ``str`` of its terms is their N-Triples text.
Quad = ox.Quad

_BUFFER: Final = 1 << 20  # bytes
# Counting the mistakes of a file stops here.
_MOST_MISTAKES: Final = 1_000
_BUFFER_FULL: Final = "buffer maximal size"
# A subject in its usual form: without escapes, followed by a space.
_SUBJECT: Final = re.compile(rb"[<_][^\\\t <]*+ ")
_NO_START: Final = b"\0"
# Formats with one statement a line.
_LINE_FORMATS: Final = frozenset((ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS))


def format_of(path: Path) -> ox.RdfFormat:
    """Return the RDF format of a file: as declared, by its suffix, or by its first bytes.

    Raises:
        InputError: kg does not read the format of this file.
    """
    form = formats.declared_format(path) or formats.SUFFIXES.get(formats.suffix_of(path.name))
    if form is not None:
        return form
    if is_table(path):
        return ox.RdfFormat.N_QUADS
    with open_binary(path) as source, _translated(path, None):
        head = source.read(formats.HEAD)
    unsure = formats.suffix_of(path.name) in formats.UNSURE
    if unsure and not head.removeprefix(BOM_UTF8).strip():
        return ox.RdfFormat.RDF_XML
    found = formats.sniffed(head)
    if isinstance(found, ox.RdfFormat):
        return found
    raise InputError(
        "unknown-format",
        f"{show_path(path)} is {found or 'in an unknown format'}, which kg does not read as RDF",
        hint="Convert it to Turtle first; if it is RDF, give its format with --data-format.",
    )


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading; its suffix decides how it is decompressed.

    A folder of Parquet is a file of N-Quads.

    Raises:
        InputError: The file is missing, is a folder or may not be read.
    """
    if is_table(path):
        return open_table(path)
    raw = open_file(path, buffering=_BUFFER)
    compression = path.suffix.lower()
    if compression not in formats.COMPRESSIONS:
        return raw
    raw.close()
    return _decompressed(path, compression)


def _opened(path: Path, form: ox.RdfFormat) -> IO[bytes]:
    """Open a file to parse it; invalid lines are left out if the user wants that."""
    rejects = current()
    if rejects is None or form not in _LINE_FORMATS:
        return open_binary(path)
    from kg.rdf.bad_lines import without_bad_lines

    return open_binary(without_bad_lines(path, form, rejects))


def _decompressed(path: Path, compression: str) -> IO[bytes]:
    if compression == ".zst":
        from kg.rdf.zstd import open_zstd

        return open_zstd(path)
    if compression == ".gz":
        import gzip

        return cast(IO[bytes], gzip.open(path, "rb"))
    if compression == ".bz2":
        import bz2

        return bz2.open(path, "rb")
    import lzma

    return lzma.open(path, "rb")


class Statements(Protocol):
    """The quads of a file, and the prefixes declared so far."""

    def __iter__(self) -> Iterator[ox.Quad]:
        """Return itself."""
        ...

    def __next__(self) -> ox.Quad:
        """Return the next quad."""
        ...

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefixes and their namespaces."""
        ...


class LinesOfStatements:
    """The quads of an RDF/XML or JSON-LD file.

    Attributes:
        reader: Returns the statements as lines of N-Triples or N-Quads.
    """

    def __init__(self, reader: RdfXml | JsonLd) -> None:
        self.reader = reader
        self._quads = ox.parse(cast(IO[bytes], reader), ox.RdfFormat.N_QUADS)

    def __iter__(self) -> Iterator[ox.Quad]:
        """Return itself."""
        return self

    def __next__(self) -> ox.Quad:
        """Return the next quad."""
        quad: ox.Quad = next(self._quads)
        return quad

    @property
    def prefixes(self) -> dict[str, str]:
        """Prefixes and their namespaces, without those whose namespace is not an IRI."""
        return {name: space for name, space in self.reader.prefixes.items() if is_iri(space)}


@contextmanager
def open_rdf(path: Path, base: str | None = None) -> Iterator[Statements]:
    """Open a parser for an RDF file and translate what it raises into kg's errors.

    Args:
        path: The file; for its format see `format_of`.
        base: Base IRI of relative IRIs in the file; by default the file's own address.

    Raises:
        InputError: The file is missing, not in its encoding, not valid in its format, or holds
            a value that is too long or nests too deep.
        WorldError: Reading failed half-way.
    """
    form, name = format_of(path), show_path(path)
    base = base or address_of(path)
    with _translated(path, form), _opened(path, form) as source:
        if form == ox.RdfFormat.RDF_XML:
            from kg.rdf.encodings import xml_in_utf8
            from kg.rdf.rdfxml import RdfXml

            source = cast(IO[bytes], xml_in_utf8(source, name))
        guarded = _guarded(source, path, form)
        stream = cast(IO[bytes], guarded)
        if guarded.is_empty:
            # An empty file is an empty graph, even in formats that require a root element.
            yield ox.parse(b"", ox.RdfFormat.N_QUADS)
        elif form == ox.RdfFormat.RDF_XML:
            yield LinesOfStatements(RdfXml(stream, name, base))
        elif form == ox.RdfFormat.JSON_LD:
            from kg.rdf.contexts import Contexts
            from kg.rdf.jsonld import JsonLd

            with open_binary(path) as twice:
                again = cast(IO[bytes], GuardedSource(twice))
                yield LinesOfStatements(JsonLd(stream, again, name, base, Contexts(path)))
        else:
            yield ox.parse(stream, form, base_iri=base)


def _guarded(source: IO[bytes], path: Path, form: ox.RdfFormat) -> GuardedSource:
    if form in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD):
        return GuardedSource(source)
    lines = form in _LINE_FORMATS

    def check() -> InputError | None:
        return _excess(path, sys.maxsize, DEEPEST)

    return GuardedSource(source, DEEPEST, not lines, check)


def _excess(path: Path, longest: int, deepest: int) -> InputError | None:
    """Return the error for the first token that is too long, or brackets that nest too deep."""
    from kg.rdf.scan import find_excess

    with open_binary(path) as again:
        found = find_excess(again, longest, deepest)
    if found is None:
        return None
    place = Location(show_path(path), found.line)
    if found.what == "brackets":
        return too_deep(found.what, place)
    return too_long(found.what, place)


def parse_rdf(path: Path, base: str | None = None) -> Iterator[ox.Quad]:
    """Yield the quads of an RDF file in file order.

    Args:
        path: The file; for its format see `format_of`.
        base: Base IRI of relative IRIs in the file; by default the file's own address.

    Raises:
        InputError: The file is missing, not UTF-8, or not valid in its format.
        WorldError: Reading failed half-way.
    """
    with open_rdf(path, base) as parser:
        yield from parser


def quads_with_lines(path: Path) -> Iterator[tuple[ox.Quad, int | None]]:
    """Yield the quads of an RDF file, each with the line on which it ends.

    The line is None for RDF/XML and JSON-LD. Blank nodes have the labels of the parser. Raises
    as `parse_rdf` does.
    """
    form = format_of(path)
    if form in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD):
        yield from ((quad, None) for quad in parse_rdf(path))
        return
    with _translated(path, form), _opened(path, form) as source:
        guarded = _guarded(source, path, form)
        lines = LineReader(cast(IO[bytes], guarded))
        for quad in ox.parse(cast(IO[bytes], lines), form, base_iri=address_of(path)):
            yield quad, lines.line


def quads_about(path: Path, subjects: Collection[str]) -> Iterator[tuple[ox.Quad, int | None]]:
    """Yield the quads of an RDF file that have one of the subjects, as `quads_with_lines` does.

    Of N-Triples and N-Quads only the lines with these subjects are parsed.
    """
    form = format_of(path)
    if form not in _LINE_FORMATS:
        yield from ((q, line) for q, line in quads_with_lines(path) if str(q.subject) in subjects)
        return
    wanted = {f"{subject} ".encode() for subject in subjects}
    # Most lines repeat the subject of the line before, and it is not one of those wanted.
    passed = _NO_START
    with _translated(path, form), _opened(path, form) as source:
        for number, line in enumerate(source, 1):
            if line.startswith(passed):
                continue
            found = _SUBJECT.match(line)
            if found is not None and found[0] not in wanted:
                passed = found[0]
                continue
            # Parse also the lines that the pattern does not match: their subject may be escaped.
            for quad in ox.parse(line, form):
                if str(quad.subject) in subjects:
                    yield quad, number


@contextmanager
def _translated(path: Path, form: ox.RdfFormat | None) -> Iterator[None]:
    """Translate the exceptions of parsers and decompressors into kg's errors."""
    try:
        with _as_errors(path, form):
            yield
    except InputError as error:
        is_syntax = error.code in ("bad-rdf", "bad-encoding") and form not in _LINE_FORMATS
        if is_syntax and current() is not None:
            way = "--on-bad skip leaves out bad lines of N-Triples and N-Quads only."
            error.hint = f"{error.hint}\n  {way}" if error.hint else way
        raise


@contextmanager
def _as_errors(path: Path, form: ox.RdfFormat | None) -> Iterator[None]:
    place = Location(show_path(path))
    named = "RDF" if form is None else form.name
    try:
        yield
    except InputError as error:
        if error.code != "bad-rdf" or form != ox.RdfFormat.JSON_LD or error.location is None:
            raise
        raise bad_encoding(path, error.location.line) or error from error
    except SyntaxError as error:
        raise bad_encoding(path, error.lineno) or _syntax_error(path, form, error) from error
    except MemoryError as error:
        if _BUFFER_FULL not in str(error):
            raise
        raise _term_too_long(path, form) from error
    except UnicodeDecodeError as error:
        raise bad_encoding(path, None) or error from error
    except ValueError as error:
        raise InputError("bad-rdf", f"not valid {named}: {error}", location=place) from error
    except _decompression_errors() as error:
        raise _bad_compression(place, error) from error
    except OSError as error:
        if error.errno is None:  # raised by a decompressor, not by the operating system
            raise _bad_compression(place, error) from error
        raise WorldError("disk", f"{place} cannot be read: {error.strerror or error}") from error


def _bad_compression(place: Location, error: Exception) -> InputError:
    return InputError(
        "bad-compression",
        f"the compressed file is broken: {error}",
        location=place,
        hint="Download or create the file again.",
    )


def _term_too_long(path: Path, form: ox.RdfFormat | None) -> InputError:
    if form in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD):
        return too_long("a literal", Location(show_path(path)))
    # Oxigraph's buffer also holds some bytes beside the token, so look for one that is shorter.
    found = _excess(path, LONGEST_TERM - _BUFFER, sys.maxsize)
    return found or too_long("a statement", Location(show_path(path)))


def _decompression_errors() -> tuple[type[Exception], ...]:
    errors: list[type[Exception]] = [EOFError]
    # Only modules that are already imported can have raised one.
    for module, name in (
        ("zlib", "error"),
        ("gzip", "BadGzipFile"),
        ("lzma", "LZMAError"),
        ("zstandard", "ZstdError"),
    ):
        if module in sys.modules:
            errors.append(getattr(sys.modules[module], name))
    return tuple(errors)


def _syntax_error(path: Path, form: ox.RdfFormat | None, error: SyntaxError) -> InputError:
    """Parse the file again to collect its first mistakes, and return them as one error."""
    problems = Problems("RDF" if form is None else form.name)
    name = show_path(path)
    if form is not None:
        with open_binary(path) as source:
            stream = cast(IO[bytes], _guarded(source, path, form))
            parser = ox.parse(stream, form, base_iri=address_of(path))
            for mistake in islice(_mistakes(parser), _MOST_MISTAKES):
                place = Location(name, mistake.lineno, mistake.offset)
                problems.add(_message(mistake), place)
    if problems.count:
        return problems.found()
    return problems.error(_message(error), Location(name, error.lineno, error.offset))


def _mistakes(parser: Iterator[ox.Quad]) -> Iterator[SyntaxError]:
    """Yield the mistakes of a file; the parser continues after each, usually on the next line."""
    while True:
        try:
            if next(parser, None) is None:
                return
        except SyntaxError as error:
            yield error
        except (InputError, MemoryError, ValueError):
            return  # the parser cannot continue after these


def _message(error: SyntaxError) -> str:
    return re.sub(r"^Parser error at .*?: ", "", error.msg or str(error))


def bad_encoding(path: Path, before: int | None) -> InputError | None:
    """Return the error for the first byte that is not UTF-8, if there is one.

    Args:
        path: The file that the parser rejected.
        before: The line where the parser stopped; invalid bytes after it are ignored.
    """
    decoder = getincrementaldecoder("utf-8")()
    line, column, done = 1, 0, 0
    with open_binary(path) as source:
        while True:
            chunk = source.read(_BUFFER)
            if not done and _looks_like_utf16(chunk):
                return _not_utf8(Location(show_path(path)), "the file is in UTF-16")
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
                bad = None
            except UnicodeDecodeError as error:
                text = error.object[: error.start].decode()
                bad = done - pending + error.start
            line, column = _moved(line, column, text)
            if bad is not None:
                if before is not None and line > before:
                    return None
                place = Location(show_path(path), line, column + 1)
                return _not_utf8(place, f"the byte at offset {bad} is not UTF-8")
            if not chunk:
                return None
            done += len(chunk)


def _moved(line: int, column: int, text: str) -> tuple[int, int]:
    breaks = text.count("\n")
    return line + breaks, len(text) - text.rfind("\n") - 1 if breaks else column + len(text)


def _looks_like_utf16(start: bytes) -> bool:
    return start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in start[:4]


def _not_utf8(place: Location, what: str) -> InputError:
    return InputError(
        "bad-encoding",
        what,
        location=place,
        hint="Save the file as UTF-8, for example with: iconv -f ENCODING -t UTF-8",
    )
