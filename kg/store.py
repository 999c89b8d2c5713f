"""Makes, opens and queries the SPARQL index; no other module opens a ``pyoxigraph.Store``.

The index only answers queries. Oxigraph changes lexical forms (``01`` becomes ``1``), so counts
and exports come from the quad table. Its default graph is the merge of all graphs, and it has the
named graphs too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg import progress
from kg.builds import check_index
from kg.errors import InputError, LimitError, WorldError
from kg.paths import find_files
from kg.records import dataclass
from kg.sparql.guard import Guarded
from kg.workspace import Build, show_path

Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

REBUILD: Final = "Build it again with `kg build`."
# Bytes of RDF text. Smaller files are loaded into memory, at most about 1 GB. Larger ones go to an
# index on disk, which is slower to load and to query, but does not grow in memory.
LARGEST_IN_MEMORY: Final = 48 * 2**20
# Assumed ratio of the size of RDF text to that of its compressed file.
_COMPRESSION_RATIO: Final = 10
_PARQUET: Final = ".parquet"


def open_index(build: Build) -> ox.Store:
    """Open the SPARQL index that a build has for reading; it may be open several times.

    Raises:
        InputError: The build is damaged.
        WorldError: The index cannot be read.
    """
    check_index(build)
    return read_index(build.store)


def read_index(folder: Path) -> ox.Store:
    """Open an index for reading.

    Raises:
        WorldError: It cannot be read.
    """
    try:
        return ox.Store.read_only(str(folder))
    except (OSError, RuntimeError) as error:  # RuntimeError: the files are damaged
        raise WorldError(
            "index-unreadable", f"cannot open the SPARQL index: {error}", hint=REBUILD
        ) from error


def write_index(nquads: Sequence[Path], target: Path, room: Room | None = None) -> int:
    """Load N-Quads files into a new index on disk, and return its number of quads.

    Blank nodes keep their labels, so that they are the same in the merge and in named graphs.
    Oxigraph merges terms that differ only in lexical form, so there may be fewer quads than lines.

    Args:
        nquads: The files.
        target: The folder to make.
        room: The memory that loading may take; by default unlimited.

    Raises:
        LimitError: The memory is too small; nothing was loaded.
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


def change_index(folder: Path, gone: Path, added: Path) -> int | None:
    """Take quads out of an index on disk that merges none, and add others.

    Args:
        folder: The index.
        gone: A file of N-Quads, those to take out.
        added: A file of N-Quads, those to add then.

    Returns:
        How many of those that were added it merges with others; None if the index cannot be
        changed, or had not what was to be taken out.
    """
    form, merged = ox.RdfFormat.N_QUADS, 0
    try:
        store = ox.Store(str(folder))
        for quad in ox.parse(path=str(gone), format=form, lenient=True):
            if quad not in store:
                return None
            store.remove(quad)
        for quad in ox.parse(path=str(added), format=form, lenient=True):
            merged += quad in store
            store.add(quad)
        # A store keeps the name of a graph whose quads are all removed.
        for quad in ox.parse(path=str(gone), format=form, lenient=True):
            _forget_if_empty(store, quad.graph_name)
        store.flush()
    except (OSError, RuntimeError):
        return None
    return merged


def _forget_if_empty(store: ox.Store, graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> None:
    if isinstance(graph, ox.DefaultGraph) or not store.contains_named_graph(graph):
        return
    if next(store.quads_for_pattern(None, None, None, graph), None) is None:
        store.remove_graph(graph)


def load_lines(lines: Path, folder: Path | None = None, room: Room | None = None) -> ox.Store:
    """Load a file of N-Triples into a new store; blank nodes keep their labels.

    Args:
        lines: The file.
        folder: Folder of the store; by default it is in memory.
        room: The memory that loading may take; by default unlimited.

    Raises:
        LimitError: The memory is too small; nothing was loaded.
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

# Memory that Oxigraph needs to load quads, in bytes, measured over terms of all lengths: in
# itself, for each quad, and for each byte of its line. It loads two batches of a million quads at
# once, and the sorted files of the last ones are open by then: of ten million quads it took up to a
# third more than of two.
_LOADER: Final = 40 * 2**20
_OF_QUAD: Final = 650
_OF_BYTE: Final = 3.3
_AT_ONCE: Final = 2_000_000
# For each byte of a piece of a file, which is also in memory.
_OF_PIECE: Final = 3
_SMALLEST_PIECE: Final = 2**20
_LINES_OF_SMALLEST: Final = 10_000
_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """The memory that loading an index may take.

    Attributes:
        size: Bytes that are free for it.
        held: Bytes that the process uses beside it.
        otherwise: An alternative to more memory, as the end of the hint.
    """

    size: int
    held: int
    otherwise: str = ""

    def check(self, longest: int) -> None:
        """Check that at least the smallest piece fits.

        Raises:
            LimitError: The memory is too small; the message says how much is needed.
        """
        smallest = max(_SMALLEST_PIECE, longest)
        needed = _LOADER + int((_OF_BYTE + _OF_PIECE) * smallest) + _OF_QUAD * _LINES_OF_SMALLEST
        if needed <= self.size:
            return
        wanted = -(-(self.held + needed) // 10**7) * 10
        raise LimitError(
            "index-too-large",
            f"loading the index needs about {needed / 1e6:,.0f} MB, but only"
            f" {max(self.size, 0) / 1e6:,.0f} MB are left of --memory",
            hint=f"Give --memory {wanted}MB{self.otherwise}.",
        )

    def holds(self, size: _Size) -> bool:
        """Return whether a file can be loaded at once."""
        share = min(1.0, _AT_ONCE / max(1, size.lines))
        taken = _OF_QUAD * size.lines + _OF_BYTE * size.bytes
        return _LOADER + share * taken <= self.size

    def holds_all(self, *files: Path) -> bool:
        """Return whether files of lines can be loaded at once, one after the other."""
        return all(self.holds(_size(path)) for path in files)

    @property
    def piece(self) -> tuple[int, int]:
        """Bytes and lines of the largest piece that can be loaded at once."""
        half = (self.size - _LOADER) / 2
        by_size = max(_SMALLEST_PIECE, int(half / (_OF_BYTE + _OF_PIECE)))
        return by_size, max(_LINES_OF_SMALLEST, int(half / _OF_QUAD))


@dataclass(frozen=True, slots=True)
class _Size:
    """The bytes and lines of a file, and an upper bound for the bytes of its longest line.

    Attributes:
        blank: Whether it may have blank nodes.
    """

    bytes: int
    lines: int
    longest: int
    blank: bool


def _size(path: Path) -> _Size:
    """Measure a file of lines; the longest line is known to within a block."""
    total = lines = longest = current = 0
    blank, last = False, b""
    with path.open("rb", buffering=0) as source:
        while block := source.read(_BLOCK):
            total += len(block)
            blank = blank or b"_:" in block or last + block[:1] == b"_:"
            last = block[-1:]
            found = block.count(b"\n")
            lines += found
            current = len(block) if found else current + len(block)
            longest = max(longest, current)
    return _Size(total, lines, longest, blank)


def _load(store: ox.Store, path: Path, form: ox.RdfFormat, size: _Size, room: Room | None) -> None:
    """Load a file of lines, at once if there is enough memory, otherwise in pieces."""
    # Lenient, because the terms have been checked, and mappings may make unsafe IRIs on purpose.
    if room is None or room.holds(size):
        if size.blank:  # which `bulk_load` would give other labels
            store.bulk_extend(ox.parse(path=str(path), format=form, lenient=True))
        else:
            store.bulk_load(path=str(path), format=form, lenient=True)
        return
    most_bytes, most_lines = room.piece
    with path.open("rb") as source:
        while piece := source.read(most_bytes):
            progress.part(source.tell() / size.bytes, 1)
            piece += source.readline()
            left = piece.count(b"\n")
            quads = ox.parse(input=piece, format=form, lenient=True)
            while left > 0:
                store.bulk_extend(islice(quads, most_lines))
                left -= most_lines
    # The key ranges of pieces overlap; queries are faster once they are merged.
    store.optimize()


def ask(
    store: ox.Store,
    query: Guarded,
    prefixes: Mapping[str, str] | None = None,
    base: str | None = None,
    bound: Mapping[str, Term] | None = None,
) -> Answer:
    """Query a store. No other function gives query text to Oxigraph.

    Args:
        store: The store.
        query: A query that the guard has checked.
        prefixes: Prefixes that need no PREFIX line.
        base: Base IRI for relative IRIs.
        bound: Variables with their values.

    Raises:
        SyntaxError: Oxigraph rejects the query.
        RuntimeError: Oxigraph cannot answer it; or ValueError, or OSError.
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
    """Return Oxigraph's message if it rejects the query, or None; the query is not run."""
    try:
        ask(empty_store(), query)
    except (SyntaxError, ValueError) as error:
        return str(error).splitlines()[0]
    return None


def empty_store(folder: Path | None = None) -> ox.Store:
    """Return an empty store, in memory or in a folder."""
    return ox.Store() if folder is None else ox.Store(str(folder))


def is_small(files: Sequence[Path]) -> bool:
    """Return whether RDF files, and folders of Parquet, are small enough for memory."""
    total = 0
    for path in files:
        found = (path,) if path.is_file() else find_files(path, _is_parquet, deep=False)
        for file in found:
            factor = _COMPRESSION_RATIO if file.suffix in (".gz", ".zst", _PARQUET) else 1
            total += file.stat().st_size * factor
    return total <= LARGEST_IN_MEMORY


def _is_parquet(name: str) -> bool:
    return name.endswith(_PARQUET)


def load_files(
    default: Sequence[Path], named: Sequence[tuple[str, Path]], folder: Path | None = None
) -> ox.Store:
    """Load RDF files into a new store.

    As in the index of a workspace, the default graph is the merge of all graphs of the files in
    `default`, and the store has their named graphs too. Blank nodes of different files are
    different.

    Args:
        default: Files for the default graph.
        named: Graph IRI and file, for files that are loaded into a named graph only.
        folder: Folder of the store; by default it is in memory.

    Raises:
        InputError: A file is missing or not valid RDF, or one of `named` has named graphs itself.
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
    """Short labels for blank nodes in order of appearance: b0, b1 and so on."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], ox.BlankNode] = {}

    def get(self, node: ox.BlankNode, number: int) -> ox.BlankNode:
        key = (number, node.value)
        return self._known.setdefault(key, ox.BlankNode(f"b{len(self._known)}"))


def _labelled(path: Path, number: int, labels: _Labels | None) -> Iterator[ox.Quad]:
    """Yield the quads of a file, with labels of blank nodes that no other file has."""
    # Imported here, because querying an index needs no parser.
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


def refuse_graphs(path: Path) -> InputError:
    """Return the error for a file that is to be one named graph and has several."""
    return InputError(
        "named-graph-of-graphs",
        f"{show_path(path)} holds named graphs itself, so it cannot be put into one",
        hint="Give it with --data, or convert it to one graph first.",
    )


def _moved(quads: Iterator[ox.Quad], graph: ox.NamedNode, path: Path) -> Iterator[ox.Quad]:
    for quad in quads:
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            raise refuse_graphs(path)
        yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)
