"""The W3C's test manifests, read; and answers compared up to blank nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@dataclass(frozen=True)
class Case:
    """A test: its IRI, its kind, the files it names."""

    iri: str
    kind: str
    query: Path
    data: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    result: Path | None = None

    @property
    def id(self) -> str:
        """A short name: folder and fragment."""
        return f"{self.query.parent.name}/{self.iri.rpartition('#')[2]}"


class _Graph:
    def __init__(self, path: Path) -> None:
        self.store = ox.Store()
        self.store.load(path=path, base_iri=path.resolve().as_uri())

    def objects(self, subject: object, predicate: str) -> list[object]:
        named = ox.NamedNode(predicate)
        return [q.object for q in self.store.quads_for_pattern(subject, named, None)]

    def one(self, subject: object, predicate: str) -> object | None:
        found = self.objects(subject, predicate)
        assert len(found) < 2, (subject, predicate)
        return found[0] if found else None

    def items(self, head: object) -> Iterator[object]:
        while head != ox.NamedNode(RDF + "nil"):
            first = self.one(head, RDF + "first")
            assert first is not None
            yield first
            head = self.one(head, RDF + "rest")


def _path(node: object) -> Path:
    assert isinstance(node, ox.NamedNode)
    assert node.value.startswith("file://"), node
    return Path(node.value.removeprefix("file://"))


def read_manifest(path: Path) -> list[Case]:
    """Return the cases of a manifest and of those that it includes."""
    graph = _Graph(path)
    top = ox.NamedNode(path.resolve().as_uri())
    cases: list[Case] = []
    for head in graph.objects(top, MF + "include"):
        for included in graph.items(head):
            cases += read_manifest(_path(included))
    for head in graph.objects(top, MF + "entries"):
        cases += [_case(graph, entry) for entry in graph.items(head)]
    return cases


def _case(graph: _Graph, entry: object) -> Case:
    assert isinstance(entry, ox.NamedNode)
    kinds = [str(kind.value).rpartition("#")[2] for kind in graph.objects(entry, RDF + "type")]
    assert len(kinds) == 1, entry
    action = graph.one(entry, MF + "action")
    result = graph.one(entry, MF + "result")
    if isinstance(action, ox.NamedNode):
        return Case(entry.value, kinds[0], _path(action))
    return Case(
        entry.value,
        kinds[0],
        _path(graph.one(action, QT + "query")),
        tuple(map(_path, graph.objects(action, QT + "data"))),
        tuple(map(_path, graph.objects(action, QT + "graphData"))),
        None if result is None else _path(result),
    )


Answer = bool | frozenset[str] | tuple[tuple[str, ...], frozenset[str]]
_RESULTS = {
    ".srx": ox.QueryResultsFormat.XML,
    ".srj": ox.QueryResultsFormat.JSON,
    ".csv": ox.QueryResultsFormat.CSV,
    ".tsv": ox.QueryResultsFormat.TSV,
}


def read_answer(path: Path, base: str | None = None) -> Answer:
    """Return an answer in a form that is equal for equal answers: blank nodes do not matter.

    Lexical forms are those of the engine's store, on both sides.
    """
    if path.suffix in _RESULTS:
        answer = ox.parse_query_results(path=path, format=_RESULTS[path.suffix])
        if isinstance(answer, ox.QueryBoolean):
            return bool(answer)
        names = [variable.value for variable in answer.variables]
        return solutions(names, [dict(zip(names, row, strict=True)) for row in answer])
    quads = list(ox.parse(path=path, base_iri=base or path.resolve().as_uri()))
    graph = _Graph(path)
    for result in graph.store.quads_for_pattern(
        None, ox.NamedNode(RDF + "type"), ox.NamedNode(RS + "ResultSet")
    ):
        return _result_set(graph, result.subject)
    return canonical(quads)


def _result_set(graph: _Graph, top: object) -> Answer:
    boolean = graph.one(top, RS + "boolean")
    if isinstance(boolean, ox.Literal):
        return boolean.value == "true"
    names = sorted(str(v.value) for v in graph.objects(top, RS + "resultVariable"))  # type: ignore[attr-defined]
    rows = []
    for solution in graph.objects(top, RS + "solution"):
        row = {}
        for binding in graph.objects(solution, RS + "binding"):
            variable = graph.one(binding, RS + "variable")
            assert isinstance(variable, ox.Literal)
            row[variable.value] = graph.one(binding, RS + "value")
        rows.append(row)
    return solutions(names, rows)


def solutions(names: list[str], rows: list[dict[str, object]]) -> Answer:
    """Return solutions in a form that is equal for equal solutions."""
    quads = []
    for row in rows:
        node = ox.BlankNode()
        quads.append(ox.Quad(node, ox.NamedNode("row:is"), ox.Literal("row")))
        quads += [
            ox.Quad(node, ox.NamedNode(f"row:{name}"), value)  # type: ignore[arg-type]
            for name, value in row.items()
            if value is not None
        ]
    return tuple(sorted(names)), canonical(quads)


def canonical(quads: Iterable[ox.Quad]) -> frozenset[str]:
    """Return a graph in a form that is equal for equal graphs: blank nodes do not matter."""
    store = ox.Store()
    store.extend(quads)
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(map(str, dataset))
