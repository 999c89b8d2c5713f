"""The SPARQL index: the only place that opens a ``pyoxigraph.Store``, and that asks one.

The index answers queries and nothing else. It rewrites lexical forms (``01`` becomes ``1``),
so counts and exports come from the quad table. Its default graph is the merge of all graphs, each
triple once, and the named graphs stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.builds import check_index
from kg.errors import InputError, LimitError, WorldError
from kg.sparql.guard import Guarded
from kg.workspace import Build, show_path

Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

REBUILD: Final = "Make it anew with `kg build`."
# Bytes of RDF text. Below it files are held in memory, at most about 1 GB; above it they go to an
# index on disk, which is slower to make and to ask but does not grow in memory.
LARGEST_IN_MEMORY: Final = 48 * 2**20
# How many times larger than its compressed file RDF text is taken to be.
_COMPRESSION_RATIO: Final = 10


def open_index(build: Build) -> ox.Store:
    """Open the SPARQL index of a build for reading; many may be open at once.

    Raises:
        InputError: The build has no index (``kg build --no-index``).
        WorldError: The index cannot be read.
    """
    if not build.store.is_dir():
        raise InputError(
            "no-index",
            "the current build has no SPARQL index",
            hint="Run `kg build` without --no-index.",
        )
    check_index(build)
    try:
        return ox.Store.read_only(str(build.store))
    except (OSError, RuntimeError) as error:  # the latter where files are damaged
        raise WorldError(
            "index-unreadable", f"cannot open the SPARQL index: {error}", hint=REBUILD
        ) from error


def write_index(nquads: Sequence[Path], target: Path, room: Room | None = None) -> int:
    """Load N-Quads files into a new index on disk, and return the number of quads it holds.

    Blank nodes keep their labels, so that they are the same in the merge and in named graphs.
    The index merges terms that differ only in lexical form, so the number may be smaller than
    that of the files' lines.

    Args:
        nquads: The files.
        target: The folder to make.
        room: The memory that loading may take; by default as much as it likes.

    Raises:
        LimitError: The room is too small; nothing was loaded.
        WorldError: The disk failed.
    """
    try:
        sizes = [_size(path) for path in nquads]
        if room is not None:
            room.check(max(size.longest for size in sizes))
        store = ox.Store(str(target))
        for path, size in zip(nquads, sizes, strict=True):
            _load(store, path, ox.RdfFormat.N_QUADS, size, room)
        store.flush()
        count = len(store)
    except (OSError, RuntimeError) as error:
        raise WorldError(
            "index-unwritable", f"cannot write the SPARQL index {show_path(target)}: {error}"
        ) from error
    del store
    return count


def load_lines(lines: Path, folder: Path | None = None, room: Room | None = None) -> ox.Store:
    """Load a file of N-Triples into a new store, in which blank nodes keep their labels.

    Args:
        lines: The file.
        folder: Where to make the store; by default in memory.
        room: The memory that loading may take; by default as much as it likes.

    Raises:
        LimitError: The room is too small; nothing was loaded.
        WorldError: The disk failed.
    """
    try:
        size = _size(lines)
        if room is not None:
            room.check(size.longest)
        store = ox.Store() if folder is None else ox.Store(str(folder))
        _load(store, lines, ox.RdfFormat.N_TRIPLES, size, room)
    except OSError as error:
        raise WorldError("disk", f"the triples cannot be indexed: {error}") from error
    return store


# --- loading within limits ------------------------------------------------------------------

# What Oxigraph takes to load quads, in bytes, measured over terms of all lengths: by itself, for
# each quad, and for each byte of its line. It works on two batches of a million quads at once.
_LOADER: Final = 40 * 2**20
_OF_QUAD: Final = 500
_OF_BYTE: Final = 2.5
_AT_ONCE: Final = 2_000_000
# For each byte of a piece of a file, which is held beside.
_OF_PIECE: Final = 3
_SMALLEST_PIECE: Final = 2**20
_LINES_OF_SMALLEST: Final = 10_000
_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """Memory that loading an index may take.

    Attributes:
        size: Bytes that are free for it.
        held: Bytes that the process holds beside.
        otherwise: What to do instead of giving more memory, as the end of a sentence.
    """

    size: int
    held: int
    otherwise: str = ""

    def check(self, longest: int) -> None:
        """Refuse to load where not even the smallest piece fits.

        Raises:
            LimitError: The room is too small; the message says how much it would have to be.
        """
        smallest = max(_SMALLEST_PIECE, longest)
        needed = _LOADER + int((_OF_BYTE + _OF_PIECE) * smallest) + _OF_QUAD * _LINES_OF_SMALLEST
        if needed <= self.size:
            return
        wanted = -(-(self.held + needed) // 10**7) * 10
        raise LimitError(
            "index-too-large",
            f"the index needs about {needed / 1e6:,.0f} MB to be loaded, and"
            f" {max(self.size, 0) / 1e6:,.0f} MB are left of --memory",
            hint=f"Give --memory {wanted}MB{self.otherwise}.",
        )

    def holds(self, size: _Size) -> bool:
        """Tell whether all of a file can be loaded at once."""
        share = min(1.0, _AT_ONCE / max(1, size.lines))
        taken = _OF_QUAD * size.lines + _OF_BYTE * size.bytes
        return _LOADER + share * taken <= self.size

    @property
    def piece(self) -> tuple[int, int]:
        """Bytes and lines of the largest piece that can be loaded at once."""
        half = (self.size - _LOADER) / 2
        by_size = max(_SMALLEST_PIECE, int(half / (_OF_BYTE + _OF_PIECE)))
        return by_size, max(_LINES_OF_SMALLEST, int(half / _OF_QUAD))


@dataclass(frozen=True, slots=True)
class _Size:
    """Of a file of lines: its bytes, its lines, the bytes of the longest line (at most)."""

    bytes: int
    lines: int
    longest: int


def _size(path: Path) -> _Size:
    """Measure a file of lines; that a line is long is known to within a block."""
    total = lines = longest = current = 0
    with path.open("rb", buffering=0) as source:
        while block := source.read(_BLOCK):
            total += len(block)
            found = block.count(b"\n")
            lines += found
            current = len(block) if found else current + len(block)
            longest = max(longest, current)
    return _Size(total, lines, longest)


def _load(store: ox.Store, path: Path, form: ox.RdfFormat, size: _Size, room: Room | None) -> None:
    """Load a file of lines, at once where there is room for it, else in pieces."""
    # Lenient: the terms were checked, and IRIs that a mapping calls unsafe are wanted.
    if room is None or room.holds(size):
        store.bulk_extend(ox.parse(path=str(path), format=form, lenient=True))
        return
    most_bytes, most_lines = room.piece
    with path.open("rb") as source:
        while piece := source.read(most_bytes):
            piece += source.readline()
            left = piece.count(b"\n")
            quads = ox.parse(input=piece, format=form, lenient=True)
            while left > 0:
                store.bulk_extend(islice(quads, most_lines))
                left -= most_lines
    # Pieces lie across each other; questions are asked faster once they are merged.
    store.optimize()


def ask(
    store: ox.Store,
    query: Guarded,
    prefixes: Mapping[str, str] | None = None,
    base: str | None = None,
    bound: Mapping[str, Term] | None = None,
) -> Answer:
    """Ask a store: the only place in which text is given to Oxigraph.

    Args:
        store: What is asked.
        query: A query that the guard has read.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        bound: Variables that have a value beforehand.

    Raises:
        SyntaxError: Oxigraph does not take the query.
        RuntimeError: It cannot answer it; or ValueError, or OSError.
    """
    if query.federated:
        raise ValueError("a query with SERVICE is not for kg's own engine")
    values = {ox.Variable(name): term for name, term in bound.items()} if bound else None
    return store.query(
        query.text,
        prefixes=dict(prefixes) if prefixes else None,
        base_iri=base,
        substitutions=values,
    )


def syntax_error(query: Guarded) -> str | None:
    """Return what Oxigraph does not take in a query, or None; nothing is asked."""
    try:
        ask(empty_store(), query)
    except (SyntaxError, ValueError) as error:
        return str(error).splitlines()[0]
    return None


def empty_store(folder: Path | None = None) -> ox.Store:
    """Return a store that holds nothing, in memory or in a folder."""
    return ox.Store() if folder is None else ox.Store(str(folder))


def is_small(files: Sequence[Path]) -> bool:
    """Tell whether RDF files are small enough to be held in memory."""
    total = 0
    for path in files:
        factor = _COMPRESSION_RATIO if path.suffix in (".gz", ".zst") else 1
        total += path.stat().st_size * factor if path.is_file() else 0
    return total <= LARGEST_IN_MEMORY


def load_files(
    default: Sequence[Path], named: Sequence[tuple[str, Path]], folder: Path | None = None
) -> ox.Store:
    """Load RDF files into a new store.

    As in the index of a workspace, the default graph is the merge of what the files of `default`
    hold, named graphs in them included, and those named graphs stand beside it. Blank nodes of
    different files are different.

    Args:
        default: Files that enter the default graph.
        named: Graph IRI and file, for files that enter a named graph only.
        folder: Where to make the store; by default in memory.

    Raises:
        InputError: A file is missing or is not valid RDF, or one of `named` holds graphs itself.
        WorldError: The disk failed.
    """
    try:
        store = ox.Store() if folder is None else ox.Store(str(folder))
        labels = None if folder else _Labels()
        for number, path in enumerate(default):
            store.bulk_extend(_merged(_labelled(path, number, labels)))
        for number, (graph, path) in enumerate(named, len(default)):
            quads = _labelled(path, number, labels)
            store.bulk_extend(_moved(quads, ox.NamedNode(graph), path))
    except (OSError, RuntimeError) as error:
        raise WorldError("disk", f"the RDF files cannot be loaded: {error}") from error
    return store


class _Labels:
    """Short labels for blank nodes, in the order in which they come: b0, b1 and so on."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], ox.BlankNode] = {}

    def get(self, node: ox.BlankNode, number: int) -> ox.BlankNode:
        key = (number, node.value)
        return self._known.setdefault(key, ox.BlankNode(f"b{len(self._known)}"))


def _labelled(path: Path, number: int, labels: _Labels | None) -> Iterator[ox.Quad]:
    """Yield the quads of a file with blank nodes that no other file has."""
    # Imported here: whoever asks an index parses no files.
    from kg.rdf import parse_rdf

    def fresh(node: ox.BlankNode) -> ox.BlankNode:
        if labels is None:  # memory must not grow with the data
            return ox.BlankNode(f"f{number}.{node.value}")
        return labels.get(node, number)

    for quad in parse_rdf(path):
        subject, object_, graph = quad.subject, quad.object, quad.graph_name
        if isinstance(subject, ox.BlankNode):
            subject = fresh(subject)
        elif not isinstance(object_, ox.BlankNode) and not isinstance(graph, ox.BlankNode):
            yield quad
            continue
        if isinstance(object_, ox.BlankNode):
            object_ = fresh(object_)
        if isinstance(graph, ox.BlankNode):
            graph = fresh(graph)
        yield ox.Quad(subject, quad.predicate, object_, graph)


def _merged(quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
    for quad in quads:
        yield quad
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            yield ox.Quad(quad.subject, quad.predicate, quad.object)


def _moved(quads: Iterator[ox.Quad], graph: ox.NamedNode, path: Path) -> Iterator[ox.Quad]:
    for quad in quads:
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            raise InputError(
                "named-graph-of-graphs",
                f"{show_path(path)} holds named graphs itself, so it cannot be put into one",
                hint="Give it with --data, or convert it to one graph first.",
            )
        yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
