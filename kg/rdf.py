"""RDF files in: parsed as a stream, with errors that name file, line and column.

Every format of `RDF_FORMATS` is read, plain or compressed with gzip or zstd. Nothing is fetched:
remote JSON-LD contexts and XML entities are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from kg.errors import InputError, Location, WorldError
from kg.lines import LineReader
from kg.workspace import RDF_SUFFIXES, rdf_suffix, show_path

RDF_FORMATS: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
assert set(RDF_FORMATS) == set(RDF_SUFFIXES)

_BUFFER: Final = 1 << 20  # bytes


def format_of(path: Path) -> ox.RdfFormat:
    """Return the RDF format that a file name's ending stands for.

    Raises:
        InputError: The ending is none of those that kg reads.
    """
    suffix = rdf_suffix(path.name)
    if suffix is None:
        raise InputError(
            "unknown-format",
            f"{show_path(path)}: the ending says no RDF format",
            hint=f"kg reads {', '.join(RDF_SUFFIXES)}, also with .gz or .zst behind.",
        )
    return RDF_FORMATS[suffix]


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressed by its ending.

    Raises:
        InputError: The file is missing, is a folder or may not be read.
    """
    try:
        raw = path.open("rb", buffering=_BUFFER)
    except FileNotFoundError as error:
        raise missing_file(path) from error
    except OSError as error:
        raise InputError(
            "unreadable-file", f"{show_path(path)} cannot be read: {error.strerror}"
        ) from error
    if path.suffix == ".gz":
        import gzip

        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if path.suffix == ".zst":
        return _open_zstd(raw)
    return raw


def missing_file(path: Path) -> InputError:
    """Return the error for a file that is not there."""
    return InputError(
        "missing-file", f"there is no file {show_path(path)}", hint="Check the name and the folder."
    )


def parse_rdf(path: Path, base: str | None = None) -> Iterator[ox.Quad]:
    """Yield the quads of an RDF file, as they come.

    Args:
        path: The file; the format is told by its ending.
        base: Base IRI of relative IRIs in the file; by default the file's own address.

    Raises:
        InputError: The file is missing, not UTF-8, or not valid in its format.
        WorldError: Reading failed half-way.
    """
    form = format_of(path)
    with open_binary(path) as source:
        try:
            yield from ox.parse(source, form, base_iri=base or path.resolve().as_uri())
        except SyntaxError as error:
            raise _syntax_error(error, path) from error
        except ValueError as error:
            raise InputError(
                "bad-rdf", f"not valid {form.name}: {error}", location=Location(show_path(path))
            ) from error
        except EOFError as error:
            raise InputError(
                "bad-compression",
                "the compressed file ends too early",
                location=Location(show_path(path)),
                hint="Fetch or make the file again.",
            ) from error
        except OSError as error:
            raise WorldError(
                "disk", f"{show_path(path)} cannot be read: {error.strerror or error}"
            ) from error


def quads_with_lines(path: Path) -> Iterator[tuple[ox.Quad, int | None]]:
    """Yield the quads of an RDF file, each with the line on which it ends.

    The line is None in formats where a statement has none (RDF/XML, JSON-LD). Blank nodes have
    the labels of the parser. Errors as for `parse_rdf`.
    """
    form = format_of(path)
    if form in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD):
        yield from ((quad, None) for quad in parse_rdf(path))
        return
    with open_binary(path) as source:
        lines = LineReader(source.read())
        try:
            for quad in ox.parse(lines, form, base_iri=path.resolve().as_uri()):
                yield quad, lines.line
        except SyntaxError as error:
            raise _syntax_error(error, path) from error


def spool_rdf(files: Iterable[tuple[Path, str | None]], target: Path) -> int:
    """Parse RDF files into one table of terms, and return the number of quads written.

    The table is a text file: a quad a line, four columns parted by tabs (subject, predicate,
    object, graph; empty for the default graph), terms as in `kg.terms`, so without tabs or breaks.

    Blank nodes keep apart from file to file: their labels are made of the file's digest and
    their place in it, so that they are the same in every run.

    Args:
        files: Each file with the graph that its default graph enters, or None to leave it there.
        target: The file to write.

    Raises:
        InputError: A file is missing or is not valid RDF.
        WorldError: The disk failed.
    """
    count = 0
    try:
        with target.open("wb", buffering=_BUFFER) as out:
            for path, graph in files:
                home = "" if graph is None else str(ox.NamedNode(graph))
                for s, p, o, g in _relabelled(path):
                    named = home if isinstance(g, ox.DefaultGraph) else g
                    out.write(f"{s}\t{p}\t{o}\t{named}\n".encode())
                    count += 1
    except OSError as error:
        raise WorldError("disk", f"cannot write {show_path(target)}: {error}") from error
    return count


def _relabelled(path: Path) -> Iterator[ox.Quad]:
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()[:12]
    labels: dict[ox.BlankNode, ox.BlankNode] = {}

    def stable(node: ox.BlankNode) -> ox.BlankNode:
        return labels.setdefault(node, ox.BlankNode(f"f{digest}b{len(labels)}"))

    for quad in parse_rdf(path):
        subject, object_, graph = quad.subject, quad.object, quad.graph_name
        if isinstance(subject, ox.BlankNode):
            subject = stable(subject)
        if isinstance(object_, ox.BlankNode):
            object_ = stable(object_)
        if isinstance(graph, ox.BlankNode):
            graph = stable(graph)
        yield ox.Quad(subject, quad.predicate, object_, graph)


def _open_zstd(raw: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raw.close()
        raise InputError(
            "missing-extra",
            "reading .zst needs the package zstandard",
            hint="Install it with: pip install 'kg[zstd]'",
        ) from error
    return cast(IO[bytes], zstandard.open(raw, "rb"))


def _syntax_error(error: SyntaxError, path: Path) -> InputError:
    message = re.sub(r"^Parser error at .*?: ", "", error.msg or str(error))
    return InputError(
        "bad-rdf",
        f"not valid {format_of(path).name}: {message}",
        location=Location(show_path(path), error.lineno, error.offset),
        hint="Mend the file at this place.",
    )
