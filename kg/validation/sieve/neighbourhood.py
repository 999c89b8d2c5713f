"""The triples that pySHACL needs to validate a focus node against a shape.

Each shape becomes an automaton over the graph. A state describes what pySHACL reads at a node; a
transition describes the triples read there, and the state at their other end. Running it from the
suspects collects all triples that pySHACL reads, for paths of any length and recursive shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kg.records import dataclass
from kg.validation import model, paths
from kg.validation.model import Shape
from kg.validation.names import RDF_TYPE, RDFS_SUBCLASS
from kg.validation.paths import Path
from kg.validation.sieve.session import Session

State = int


@dataclass(frozen=True, slots=True)
class Transition:
    """Triples that are read in a state.

    Attributes:
        state: The state.
        predicate: Their predicate; None for all triples with the node as subject.
        inverse: Whether the node is their object.
        next: The state at the other end, or None if nothing is read there.
    """

    state: State
    predicate: str | None
    inverse: bool
    next: State | None


class Automaton:
    """Describes what pySHACL reads for shapes.

    Args:
        shapes: All shapes, by node.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._states = 0
        self._of_shape: dict[Shape, State] = {}
        self._silent: dict[State, set[State]] = {}
        self._moves: list[Transition] = []
        self._ancestors: State | None = None

    def state(self, shape: Shape) -> State:
        """Return the start state for a focus node of a shape, or of a part of a shape."""
        if shape not in self._of_shape:
            self._of_shape[shape] = start = self._new()
            self._read_shape(shape, start)
        return self._of_shape[shape]

    def transitions(self) -> list[Transition]:
        """Return all transitions, after removing those that read no triple."""
        by_state: dict[State, list[Transition]] = {}
        for move in self._moves:
            by_state.setdefault(move.state, []).append(move)
        found: dict[Transition, None] = {}
        for state in range(self._states):
            for each in sorted(self._closure(state)):
                for move in by_state.get(each, ()):
                    found[Transition(state, move.predicate, move.inverse, move.next)] = None
        alive = {move.state for move in found}
        return [
            move if move.next is None or move.next in alive else replace(move, next=None)
            for move in found
        ]

    def _closure(self, state: State) -> set[State]:
        reached, pending = {state}, [state]
        while pending:
            for other in self._silent.get(pending.pop(), ()):
                if other not in reached:
                    reached.add(other)
                    pending.append(other)
        return reached

    def _new(self) -> State:
        self._states += 1
        return self._states - 1

    def _link(self, state: State, other: State) -> None:
        self._silent.setdefault(state, set()).add(other)

    def _move(
        self, state: State, predicate: str | None, other: State | None, inverse: bool = False
    ) -> None:
        self._moves.append(Transition(state, predicate, inverse, other))

    def _read_shape(self, shape: Shape, start: State) -> None:
        values = start
        if shape.path is not None:
            values = self._new()
            self._read_path(shape.path, start, values, inverse=False)
        for constraint in shape.constraints:
            match constraint:
                case model.Class():
                    self._move(values, RDF_TYPE, self._classes())
                case model.Pair(_, predicate):
                    self._move(start, predicate, None)
                case model.Closed():
                    self._move(values, None, None)
                case model.Not(other) | model.Node(other) | model.Property(other):
                    self._link(values, self.state(self._shapes[other]))
                case model.And(others) | model.Or(others) | model.Xone(others):
                    for other in others:
                        self._link(values, self.state(self._shapes[other]))
                case model.Qualified(other, siblings):
                    for each in (other, *siblings):
                        self._link(values, self.state(self._shapes[each]))

    def _classes(self) -> State:
        """Return the state of a class: its superclasses are read."""
        if self._ancestors is None:
            self._ancestors = self._new()
            self._move(self._ancestors, RDFS_SUBCLASS, self._ancestors)
        return self._ancestors

    def _read_path(self, path: Path, start: State, end: State, inverse: bool) -> None:
        match path:
            case paths.Predicate(iri):
                self._move(start, iri, end, inverse)
            case paths.Inverse(inner):
                self._read_path(inner, start, end, not inverse)
            case paths.Sequence(parts):
                for part in parts[:-1]:
                    middle = self._new()
                    self._read_path(part, start, middle, inverse)
                    start = middle
                self._read_path(parts[-1], start, end, inverse)
            case paths.Alternative(parts):
                for part in parts:
                    self._read_path(part, start, end, inverse)
            case paths.ZeroOrOne(inner):
                self._link(start, end)
                self._read_path(inner, start, end, inverse)
            case paths.ZeroOrMore(inner):
                self._loop(inner, start, end, inverse)
                self._link(start, end)
            case paths.OneOrMore(inner):
                self._loop(inner, start, end, inverse)

    def _loop(self, inner: Path, start: State, end: State, inverse: bool) -> None:
        around = self._new()
        self._link(start, around)
        back = self._new()
        self._read_path(inner, around, back, inverse)
        self._link(back, around)
        self._link(back, end)


def put_transitions(session: Session, name: str, transitions: Sequence[Transition]) -> None:
    """Make the table (q, p, inverse, next) of transitions."""
    columns = {"q": "INTEGER", "p": "VARCHAR", "inverse": "BOOLEAN", "next": "INTEGER"}
    rows = [(move.state, move.predicate, move.inverse, move.next) for move in transitions]
    session.put(name, columns, rows)


def backward_sql(frontier: str, moves: str, triples: str) -> str:
    """Return a query (n, q) for the nodes and states from which a triple leads to a frontier.

    Args:
        frontier: Table (n, q).
        moves: Table of transitions.
        triples: Table with the columns s, p, o.
    """
    leads = f"(SELECT f.n, m.q, m.p, m.inverse FROM {frontier} f JOIN {moves} m ON m.next = f.q)"
    return (
        f"WITH r AS MATERIALIZED {leads}"
        f" SELECT t.s AS n, r.q FROM {triples} t"
        " JOIN (FROM r WHERE NOT inverse) r ON t.o = r.n AND t.p = r.p"
        f" UNION SELECT t.o, r.q FROM {triples} t"
        " JOIN (FROM r WHERE inverse) r ON t.s = r.n AND t.p = r.p"
    )


def step_sql(frontier: str, moves: str, triples: str) -> str:
    """Return a query for the triples read from a frontier, and the nodes that they lead to.

    Args:
        frontier: Table (batch, n, q).
        moves: Table of transitions.
        triples: Table with the columns s, p, o.

    Returns:
        A query with the columns batch, s, p, o, n, q; n and q are NULL where nothing follows.
    """
    reads = (
        "(SELECT f.batch, f.n, m.p, m.inverse, m.next"
        f" FROM {frontier} f JOIN {moves} m ON f.q = m.q)"
    )
    columns = "r.batch, t.s, t.p, t.o"
    return (
        f"WITH r AS MATERIALIZED {reads}"
        f" SELECT {columns}, t.o AS n, r.next AS q FROM {triples} t"
        " JOIN (SELECT * FROM r WHERE NOT inverse AND p IS NOT NULL) r ON t.s = r.n AND t.p = r.p"
        f" UNION ALL SELECT {columns}, t.s AS n, r.next AS q FROM {triples} t"
        " JOIN (SELECT * FROM r WHERE inverse) r ON t.o = r.n AND t.p = r.p"
        f" UNION ALL SELECT {columns}, NULL AS n, NULL AS q FROM {triples} t"
        " JOIN (SELECT DISTINCT batch, n FROM r WHERE p IS NULL) r ON t.s = r.n"
    )
