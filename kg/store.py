"""The SPARQL index: the only place that opens a ``pyoxigraph.Store``, and that asks one.

The index answers queries and nothing else. It rewrites lexical forms (``01`` becomes ``1``),
so counts and exports come from the quad table. Its default graph is the merge of all graphs, each
triple once, and the named graphs stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import InputError, WorldError
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
    try:
        return ox.Store.read_only(str(build.store))
    except (OSError, RuntimeError) as error:  # the latter where files are damaged
        raise WorldError(
            "index-unreadable", f"cannot open the SPARQL index: {error}", hint=REBUILD
        ) from error


def write_index(nquads: list[Path], target: Path) -> int:
    """Load N-Quads files into a new index on disk, and return the number of quads it holds.

    The index merges terms that differ only in lexical form, so the number may be smaller than
    that of the files' lines.

    Raises:
        WorldError: The disk failed.
    """
    try:
        store = ox.Store(str(target))
        for path in nquads:
            # Lenient: the terms were checked, and IRIs that a mapping calls unsafe are wanted.
            store.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS, lenient=True)
        store.flush()
        count = len(store)
    except (OSError, RuntimeError) as error:
        raise WorldError(
            "index-unwritable", f"cannot write the SPARQL index {show_path(target)}: {error}"
        ) from error
    del store
    return count


def load_lines(lines: Path, folder: Path | None = None, *, keep_labels: bool) -> ox.Store:
    """Load a file of N-Triples into a new store.

    Args:
        lines: The file.
        folder: Where to make the store; by default in memory.
        keep_labels: Whether blank nodes keep their labels, which takes longer.

    Raises:
        WorldError: The disk failed.
    """
    form = ox.RdfFormat.N_TRIPLES
    try:
        store = ox.Store() if folder is None else ox.Store(str(folder))
        if keep_labels:
            store.bulk_extend(ox.parse(path=str(lines), format=form, lenient=True))
        else:
            store.bulk_load(path=str(lines), format=form, lenient=True)
    except OSError as error:
        raise WorldError("disk", f"the triples cannot be indexed: {error}") from error
    return store


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


def empty_store() -> ox.Store:
    """Return a store in memory that holds nothing."""
    return ox.Store()


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
