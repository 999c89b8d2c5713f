"""Repeats small RDF graphs under new IRIs until there are as many triples as asked for.

    python ted.py FOLDER TRIPLES [--spoilt 0.01] [--seed 1] > OUT.nt

FOLDER holds graphs in Turtle, such as notices of public contracts that a mapping gave. In each
copy of a graph, all subjects have IRIs of their own, so links stay within the copy. A share of the
subjects is spoilt, in turn of each kind: a value is missing, a literal has another datatype, the
class is another one, a link leads to nothing. The same arguments give the same bytes. Memory holds
the graphs of FOLDER, never their copies.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyoxigraph as ox

RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
DATATYPES = tuple(
    ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{name}") for name in ("gYear", "string")
)
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
# Predicate and object of each triple of a subject.
Node = list[tuple[ox.NamedNode, Term]]


@dataclass(frozen=True)
class Source:
    """The graphs to repeat, each with the triples of each of its subjects; and all classes."""

    graphs: tuple[Mapping[str, Node], ...]
    classes: tuple[Term, ...]


def read(folder: Path) -> Source:
    """Read all Turtle files of a folder."""
    graphs = []
    classes = set()
    for path in sorted(folder.glob("*.ttl")):
        graph: dict[str, Node] = {}
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
            assert isinstance(quad.subject, ox.NamedNode), f"{path} has a blank node"
            graph.setdefault(quad.subject.value, []).append((quad.predicate, quad.object))
            if quad.predicate == RDF_TYPE:
                classes.add(quad.object)
        graphs.append(graph)
    if not graphs:
        sys.exit(f"{folder} holds no Turtle file")
    return Source(tuple(graphs), tuple(sorted(classes, key=str)))


# What spoils the triples of a node, if it can: they are chosen from, by a generator of numbers.
def _drop(node: Node, _: Source, rng: random.Random) -> bool:
    places = [i for i, (predicate, _) in enumerate(node) if predicate != RDF_TYPE]
    if places:
        del node[rng.choice(places)]
    return bool(places)


def _retype(node: Node, _: Source, rng: random.Random) -> bool:
    places = [i for i, (_, value) in enumerate(node) if isinstance(value, ox.Literal)]
    if places:
        place = rng.choice(places)
        predicate, value = node[place]
        assert isinstance(value, ox.Literal)
        other = next(each for each in DATATYPES if each != value.datatype)
        node[place] = (predicate, ox.Literal(value.value, datatype=other))
    return bool(places)


def _reclass(node: Node, source: Source, rng: random.Random) -> bool:
    places = [i for i, (predicate, _) in enumerate(node) if predicate == RDF_TYPE]
    if places:
        place = rng.choice(places)
        others = [each for each in source.classes if each != node[place][1]]
        node[place] = (RDF_TYPE, rng.choice(others))
    return bool(places)


def _unlink(node: Node, _: Source, rng: random.Random) -> bool:
    places = [
        i
        for i, (predicate, value) in enumerate(node)
        if predicate != RDF_TYPE and isinstance(value, ox.NamedNode)
    ]
    if places:
        place = rng.choice(places)
        predicate, value = node[place]
        assert isinstance(value, ox.NamedNode)
        node[place] = (predicate, ox.NamedNode(value.value + "-nothing"))
    return bool(places)


SLIPS: tuple[Callable[[Node, Source, random.Random], bool], ...] = (
    _drop,
    _retype,
    _reclass,
    _unlink,
)


def triples(source: Source, wanted: int, spoilt: float, seed: int) -> Iterator[str]:
    """Yield lines of N-Triples, as many as wanted."""
    rng = random.Random(seed)
    slips = made = 0
    for number in count():
        graph = source.graphs[number % len(source.graphs)]
        for subject, all_of_it in graph.items():
            node = list(all_of_it)
            if rng.random() < spoilt:
                turns = (SLIPS[(slips + turn) % len(SLIPS)] for turn in range(len(SLIPS)))
                any(slip(node, source, rng) for slip in turns)
                slips += 1
            for predicate, value in node:
                if made == wanted:
                    return
                yield _line(subject, predicate, value, graph, number)
                made += 1


def _line(
    subject: str, predicate: ox.NamedNode, value: Term, graph: Mapping[str, Node], number: int
) -> str:
    own = isinstance(value, ox.NamedNode) and (
        value.value in graph or value.value.endswith("-nothing")
    )
    named = f"<{value.value}/{number}>" if own and isinstance(value, ox.NamedNode) else str(value)
    return f"<{subject}/{number}> {predicate} {named} .\n"


def main() -> None:
    """Write the graph to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("triples", type=int)
    parser.add_argument("--spoilt", type=float, default=0.01, help="share of subjects with a slip")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = read(options.folder)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.writelines(triples(source, options.triples, options.spoilt, options.seed))


if __name__ == "__main__":
    main()
