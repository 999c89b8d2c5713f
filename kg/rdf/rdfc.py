"""The child process that canonicalises: ``python -P rdfc.py FROM TO BYTES DIGEST [parts]``.

It reads N-Quads and writes canonical N-Quads. With ``parts``, all statements have blank nodes, and
each part of the graph that they connect is canonicalised separately. Then it writes a sorted line
per statement, separated by tabs: the digest of the part, its number among parts of the same digest,
the number of the statement in the part, and the canonical statement.

It runs alone so that kg can stop it and limit its memory, which Oxigraph cannot do. It does not
import kg.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

_ALGORITHMS = {
    "sha256": ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256,
    "sha384": ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_384,
}


def main(arguments: list[str]) -> int:
    """Canonicalise one file into another, within a limit on memory in bytes."""
    source, target, size, digest, *parts = arguments
    _limit_memory(int(size))
    quads = ox.parse(path=source, format=ox.RdfFormat.N_QUADS)
    if parts:
        _write_parts(_parts(list(quads)), Path(target), digest)
    else:
        ox.serialize(_canonical(quads, digest), target, ox.RdfFormat.N_QUADS)
    return 0


def _canonical(quads: Iterable[ox.Quad], digest: str) -> ox.Dataset:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(_ALGORITHMS[digest])
    return dataset


def _write_parts(parts: list[list[ox.Quad]], target: Path, digest: str) -> None:
    lines = sorted(sorted(f"{quad} ." for quad in _canonical(part, digest)) for part in parts)
    copies: Counter[str] = Counter()
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for statements in lines:
            name = hashlib.new(digest, "\n".join(statements).encode()).hexdigest()
            copies[name] += 1
            for number, statement in enumerate(statements):
                out.write(f"{name}\t{copies[name]}\t{number}\t{statement}\n")


def _parts(quads: list[ox.Quad]) -> list[list[ox.Quad]]:
    """Return the parts: quads connected by blank nodes."""
    roots: dict[str, str] = {}

    def root(node: str) -> str:
        roots.setdefault(node, node)
        while roots[node] != node:
            roots[node] = roots[roots[node]]
            node = roots[node]
        return node

    for quad in quads:
        first, *others = _labels(quad)
        for other in others:
            roots[root(other)] = root(first)
    parts: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        parts.setdefault(root(_labels(quad)[0]), []).append(quad)
    return list(parts.values())


def _labels(quad: ox.Quad) -> list[str]:
    terms = (quad.subject, quad.object, quad.graph_name)
    return [term.value for term in terms if isinstance(term, ox.BlankNode)]


def _limit_memory(size: int) -> None:
    """Limit the memory of this process, and make it end when its parent ends."""
    import resource

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
