"""The process that canonicalises blank nodes: ``python -P components.py FROM TO BYTES``.

It reads N-Quads that all hold blank nodes, takes apart what does not hang together by them, and
canonicalises each part by RDFC-1.0. It writes a line a statement: the digest of the part, its
number among those of the same digest, the number of the statement in it, and the canonical
statement, parted by tabs and sorted. It is on its own so that it can be stopped and what it takes
is limited, which the library cannot do. It imports nothing of kg.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from pathlib import Path

import pyoxigraph as ox


def main(arguments: list[str]) -> int:
    """Canonicalise one file to another within so many bytes of memory."""
    source, target, size = arguments
    _limit_memory(int(size))
    quads = list(ox.parse(path=source, format=ox.RdfFormat.N_QUADS))
    lines = sorted(_canonical(part) for part in _parts(quads))
    copies: Counter[str] = Counter()
    with Path(target).open("w", encoding="utf-8", newline="\n") as out:
        for statements in lines:
            digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
            copies[digest] += 1
            for number, statement in enumerate(statements):
                out.write(f"{digest}\t{copies[digest]}\t{number}\t{statement}\n")
    return 0


def _parts(quads: list[ox.Quad]) -> list[list[ox.Quad]]:
    """Return the quads, those together that hang together by blank nodes."""
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


def _canonical(quads: list[ox.Quad]) -> list[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256)
    form = ox.RdfFormat.N_QUADS
    return sorted(
        (ox.serialize([quad], format=form) or b"").decode().rstrip("\n") for quad in dataset
    )


def _limit_memory(size: int) -> None:
    """Limit what this process takes, and have the system end it with the one that started it."""
    import resource

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
