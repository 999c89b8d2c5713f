"""What a difference of triples leaves of the results of shapes, and which nodes to judge again.

The automaton of `kg.validation.sieve.neighbourhood` says which triples are read for a focus node.
Run backwards from the triples that were added or removed, it finds the focus nodes for which one
of them is read: only their results may have changed. A walk over a triple that was removed has read
that one, so walks in the new graph find all. Shapes for which this is not sure are judged whole:
those with queries, those of which pySHACL judged nodes, and those with results for other nodes than
the focus node. If subclasses have changed, or much has, all shapes are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from kg.duck import sql_text
from kg.quads import QuadTable
from kg.records import dataclass
from kg.validation import model
from kg.validation.model import Shape
from kg.validation.names import RDF_TYPE, RDFS_SUBCLASS
from kg.validation.results import Result
from kg.validation.sieve.classes import subclasses
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.neighbourhood import Automaton, backward_sql, put_transitions
from kg.validation.sieve.plan import NOTHING
from kg.validation.sieve.routes import Route, has_query, reads_unbounded, route_of, unaffected
from kg.validation.sieve.session import Session
from kg.validation.sieve.triples import Triples

# Of the triples, how many may have changed, or be near a change; few always may.
_SHARE: float = 0.1
_FEW: int = 2_000


@dataclass(frozen=True, slots=True)
class Before:
    """The validation of a graph of which the new one differs a little, with the same shapes.

    Attributes:
        old: Rows of its table that are gone or stay: all rows of a subject, or none.
        new: The rows in their place.
        results: Its results, in order.
        sieved: Shapes, each with how many of the first results DuckDB found for it, in order.
        met: Shape with targets to the number of its focus nodes.
        judged: Shape with targets to the number of nodes that pySHACL judged for it.
    """

    old: QuadTable
    new: QuadTable
    results: Sequence[Result]
    sieved: Sequence[tuple[str, int]]
    met: Mapping[str, int]
    judged: Mapping[str, int] = field(default_factory=dict)


class Renewal:
    """The routes of shapes after a small difference, and the results that stay.

    Args:
        session: Makes the tables.
        triples: The triples.
        shapes: All shapes, by node.
        compiler: Compiles the shapes.
        axioms: Pairs of a class and a superclass.
        before: The validation before.
    """

    def __init__(
        self,
        session: Session,
        triples: Triples,
        shapes: Mapping[str, Shape],
        compiler: Compiler,
        axioms: Sequence[tuple[str, str]],
        before: Before,
    ) -> None:
        self._session = session
        self._triples = triples
        self._shapes = shapes
        self._compiler = compiler
        self._axioms = axioms
        self._before = before
        self._affected = session.name("affected")
        self._partly: dict[str, int] = {}
        self._counted: dict[str, str] = {}
        self._stay: dict[str, list[Result]] = {}

    def routes(self) -> list[Route] | None:
        """Return the routes of all shapes with targets, sorted; None if all must be judged whole.

        Routes of shapes that are judged in part have the focus nodes to judge again.
        """
        active = [
            self._shapes[node]
            for node in sorted(self._shapes)
            if self._shapes[node].targets and not self._shapes[node].deactivated
        ]
        partly = [shape for shape in active if self._is_sure(shape)]
        if not partly or not self._find_changed() or not self._find_affected(partly):
            return None
        self._partly = {shape.node: number for number, shape in enumerate(partly)}
        domains, turned = self._domains(partly)
        self._find_staying()
        found: list[Route] = []
        for shape in active:
            number = self._partly.get(shape.node)
            if number in turned:
                self._counted[shape.node] = self._compiler.targets(shape)
            if number is None:
                found.append(route_of(self._shapes, shape, self._compiler))
            elif number in domains:
                again = domains[number]
                found.append(route_of(self._shapes, shape, self._compiler, again))
            else:
                found.append(unaffected(shape, self._empty))
        return found

    def count(self, route: Route) -> int:
        """Return the number of all focus nodes of a route's shape."""
        node = route.shape.node
        if node in self._counted:
            return self._session.count(self._counted[node])
        return (
            self._before.met[node] if node in self._partly else self._session.count(route.targets)
        )

    def merged(self, route: Route, found: Iterator[Result]) -> Iterator[Result]:
        """Yield the results of a route's shape: those that stay among those that were found."""
        stay = iter(self._stay.get(route.shape.node, ()))
        first = next(stay, None)
        for result in found:
            while first is not None and first.focus_node < result.focus_node:
                yield first
                first = next(stay, None)
            yield result
        if first is not None:
            yield first
            yield from stay

    def _is_sure(self, shape: Shape) -> bool:
        """Return whether results of a shape hang on what the automaton reads, node by node."""
        if self._before.judged.get(shape.node) or shape.node not in self._before.met:
            return False
        if has_query(self._shapes, shape) or reads_unbounded(self._shapes, shape) is not None:
            return False
        inner = _properties(shape)
        return not inner or (
            shape.path is None and not any(_properties(self._shapes[node]) for node in inner)
        )

    @property
    def _changed(self) -> str:
        return self._session.name("changed")

    @property
    def _empty(self) -> str:
        return self._session.name("none")

    def _limit(self) -> float:
        return max(_FEW, _SHARE * self._session.count(self._triples.name))

    def _find_changed(self) -> bool:
        """Make the table of triples that only one of the graphs has; return if they are of use."""
        one, other = (
            f"SELECT s, p, o FROM {table.sql}" for table in (self._before.old, self._before.new)
        )
        count = self._session.make(
            self._changed, f"({one} EXCEPT {other}) UNION ALL ({other} EXCEPT {one})"
        )
        self._session.make(self._empty, NOTHING)
        axioms = f"(FROM {self._changed} WHERE p = {sql_text(RDFS_SUBCLASS)})"
        return count <= self._limit() and not self._session.count(axioms)

    def _find_affected(self, partly: Sequence[Shape]) -> bool:
        """Make the table (i, n) of nodes for which a shape reads a changed triple; False if many.

        Nodes that may be no focus nodes are among them, and those that were and are so no more.
        """
        automaton, session = Automaton(self._shapes), self._session
        starts = ", ".join(
            f"({number}, {automaton.state(shape)})" for number, shape in enumerate(partly)
        )
        moves, seen = session.name("reads"), session.name("near")
        put_transitions(session, moves, automaton.transitions())
        count = session.make(
            seen,
            f"SELECT c.s AS n, m.q FROM {self._changed} c JOIN {moves} m"
            f" ON m.p = c.p WHERE NOT m.inverse UNION SELECT c.o, m.q FROM {self._changed} c"
            f" JOIN {moves} m ON m.p = c.p WHERE m.inverse UNION SELECT c.s, m.q"
            f" FROM {self._changed} c, (FROM {moves} WHERE p IS NULL) m",
        )
        frontier = seen
        for number in itertools.count():
            step = backward_sql(frontier, moves, self._triples.name)
            name = session.name(f"back{number}")
            new = session.make(name, f"SELECT n, q FROM ({step}) EXCEPT SELECT n, q FROM {seen}")
            count += new
            if not new:
                break
            if count > self._limit():
                return False
            session.add(seen, f"SELECT n, q FROM {name}")
            frontier = name
        session.make(
            self._affected,
            f"SELECT DISTINCT i, n FROM {seen} JOIN (VALUES {starts}) AS starts(i, q) USING (q)",
        )
        return True

    def _domains(self, partly: Sequence[Shape]) -> tuple[dict[int, str], set[int]]:
        """Find the focus nodes to judge again.

        Returns:
            By the number of a shape the table (n) of them, and the numbers of shapes that have
            focus nodes which they did not have, or have some no more.
        """
        session, aims = self._session, self._session.name("aims")
        columns = {"i": "INTEGER", "p": "VARCHAR", "o": "VARCHAR", "inverse": "BOOLEAN"}
        session.put(aims, columns, _targets(partly, self._axioms))
        turned = session.name("turned")
        session.make(
            turned,
            f"SELECT DISTINCT a.i, if(a.inverse, c.o, c.s) AS n FROM {self._changed} c"
            f" JOIN {aims} a ON a.p = c.p WHERE a.o IS NULL OR a.o = c.o",
        )
        session.add(
            self._affected, f"SELECT i, n FROM {turned} EXCEPT SELECT i, n FROM {self._affected}"
        )
        focus, near = session.name("focus"), f"{self._affected} n JOIN {aims} a ON n.i = a.i"
        session.make(
            focus,
            f"SELECT n.i, n.n FROM {near} JOIN {self._triples.name} t ON t.s = n.n AND t.p = a.p"
            " WHERE NOT a.inverse AND (a.o IS NULL OR a.o = t.o)"
            f" UNION SELECT n.i, n.n FROM {near} JOIN {self._triples.name} t"
            " ON t.o = n.n AND t.p = a.p WHERE a.inverse"
            f" UNION SELECT n.i, n.n FROM {near} WHERE a.p IS NULL AND a.o = n.n",
        )
        domains: dict[int, str] = {}
        for (number,) in session.run(f"SELECT DISTINCT i FROM {focus} ORDER BY i"):
            domains[number] = session.fresh("again")
            session.make(domains[number], f"SELECT n FROM {focus} WHERE i = {number}")
        return domains, {number for (number,) in session.run(f"SELECT DISTINCT i FROM {turned}")}

    def _find_staying(self) -> None:
        """Collect the results of nodes that are not affected."""
        source = iter(self._before.results)
        for shape, count in self._before.sieved:
            results = list(itertools.islice(source, count))
            if shape not in self._partly:
                continue
            rows = self._session.run(
                f"SELECT n FROM {self._affected} WHERE i = ? AND n IN (SELECT unnest(?))",
                [self._partly[shape], [result.focus_node for result in results]],
            )
            gone = {node for (node,) in rows}
            self._stay[shape] = [each for each in results if each.focus_node not in gone]


def _properties(shape: Shape) -> list[str]:
    return [each.shape for each in shape.constraints if isinstance(each, model.Property)]


def _targets(
    shapes: Sequence[Shape], axioms: Sequence[tuple[str, str]]
) -> list[tuple[int, str | None, str | None, bool]]:
    """Return what makes nodes targets: (i, p, o, inverse); without p, the node is o."""
    rows: list[tuple[int, str | None, str | None, bool]] = []
    for number, shape in enumerate(shapes):
        targets = shape.targets
        classes = {iri for each in targets.classes for iri in subclasses(axioms, each)}
        rows += [(number, RDF_TYPE, iri, False) for iri in sorted(classes)]
        rows += [(number, None, node, False) for node in targets.nodes]
        rows += [(number, iri, None, False) for iri in targets.subjects_of]
        rows += [(number, iri, None, True) for iri in targets.objects_of]
    return rows
