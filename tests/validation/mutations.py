"""Mutations of the sieve: each makes it lose, invent or change results.

A mutation patches a function until a stack closes. `tests.validation.mutate` tries them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from kg.validation import model
from kg.validation.sieve import (
    answering,
    classes,
    conformance,
    fold,
    neighbourhood,
    nested,
    rows,
    values,
)
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.conformance import Conformance
from kg.validation.sieve.nested import NestedRows
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import Side
from kg.validation.sieve.rows import RowCompiler
from kg.validation.sieve.values import Test

Mutation = Callable[[ExitStack], None]


def patch(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Set an attribute until the stack closes."""
    old = getattr(owner, name)
    stack.callback(setattr, owner, name, old)
    setattr(owner, name, value)


def single_value(kind: type, side: Side, accept: Callable[[Any], bool]) -> Mutation:
    """Mutate the test of a constraint on single values: its *maybe* or its *surely* side."""

    def mutate(stack: ExitStack) -> None:
        original = values.value_test

        def changed(
            constraint: model.Constraint, v: str, datatype: str | None = None
        ) -> Test | None:
            test = original(constraint, v, datatype)
            if test is None or not isinstance(constraint, kind) or not accept(constraint):
                return test
            if side is Side.MAYBE:
                return Test("false", test.surely_bad)
            return Test(test.maybe_bad, "true")

        for module in (values, fold, conformance, rows):
            patch(stack, module, "value_test", changed)

    return mutate


def compiled(kind: type, side: Side, accept: Callable[[Any], bool] = lambda _: True) -> Mutation:
    """Mutate the rows of a constraint: none on the *maybe* side or of doubt, else all nodes."""

    def mutate(stack: ExitStack) -> None:
        original = RowCompiler.rows

        def changed(self: RowCompiler, constraint: Any, found: Any, wanted: Side) -> Any:
            queries = original(self, constraint, found, wanted)
            if not isinstance(constraint, kind) or not accept(constraint) or wanted is not side:
                return queries
            every = f"SELECT n, {nested.NO_VALUE} FROM {found.domain.table}"
            return [every] if side is Side.SURELY else []

        patch(stack, RowCompiler, "rows", changed)

    return mutate


def properties(side: Side) -> Mutation:
    """Mutate a property shape within an outer shape: no node fails it, or all do."""

    def mutate(stack: ExitStack) -> None:
        def changed(self: Conformance, found: Any, shape: Any, wanted: Side) -> list[str]:
            queries = original(self, found, shape, wanted)
            if wanted is not side:
                return queries
            return [f"SELECT n FROM {found.domain.table}"] if side is Side.SURELY else []

        original = Conformance._property
        patch(stack, Conformance, "_property", changed)

    return mutate


def folded(kind: type) -> Mutation:
    """Leave a constraint out of the scan of all properties."""

    def mutate(stack: ExitStack) -> None:
        original = fold._group_checks

        def changed(number: int, constraints: Any) -> list[tuple[str, str]]:
            return original(number, [c for c in constraints if not isinstance(c, kind)])

        patch(stack, fold, "_group_checks", changed)

    return mutate


def answered(parameter: str) -> Mutation:
    """Lose the SQL results of a component."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._told

        def changed(self: Compiler, found: Any, component: Any) -> Any:
            answers, doubts = original(self, found, component)
            return [a for a in answers if model.parameter_of(a.constraint) != parameter], doubts

        patch(stack, Compiler, "_told", changed)

    return mutate


def undoubted(parameter: str) -> Mutation:
    """Do not let pySHACL judge a component that is in doubt."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._told

        def changed(self: Compiler, found: Any, component: Any) -> Any:
            answers, doubts = original(self, found, component)
            return answers, [d for d in doubts if d.parameters != (parameter,)]

        patch(stack, Compiler, "_told", changed)

    return mutate


def twice(stack: ExitStack) -> None:
    """Report SQL results also for nodes that pySHACL judges."""
    from dataclasses import replace

    original = Compiler._told

    def changed(self: Compiler, found: Any, component: Any) -> Any:
        answers, doubts = original(self, found, component)
        return [replace(a, rows=a.rows.split(" r ANTI JOIN ")[0]) for a in answers], doubts

    patch(stack, Compiler, "_told", changed)


def unweighed(stack: ExitStack) -> None:
    """Count a value once, for any number of focus nodes that lead to it."""
    original = answering._weighed

    def changed(query: str, weights: str | None) -> str:
        if weights is not None:
            weights = f"(SELECT r, n, 1 AS w FROM {weights} u)"
        return original(query, weights)

    patch(stack, answering, "_weighed", changed)


def no_messages(stack: ExitStack) -> None:
    """Forget the message of a shape."""
    from kg.validation import answers

    patch(stack, answers.Teller, "_first", _without_messages(answers.Teller._first))


def _without_messages(original: Any) -> Any:
    from dataclasses import replace

    def changed(self: Any, *words: Any) -> Any:
        like, sentence = original(self, *words)
        return replace(like, messages=()), sentence or "\x00"

    return changed


def qualified(bound: str) -> Mutation:
    """Ignore a bound of qualified values."""

    def mutate(stack: ExitStack) -> None:
        original = NestedRows.rows

        def changed(self: NestedRows, constraint: Any, found: Any, side: Side) -> Any:
            if isinstance(constraint, model.Qualified) and getattr(constraint, bound) is not None:
                return []
            return original(self, constraint, found, side)

        patch(stack, NestedRows, "rows", changed)

    return mutate


def members(kind: type, change: Callable[[Any], Any]) -> Mutation:
    """Compile another constraint instead of one that refers to shapes."""

    def mutate(stack: ExitStack) -> None:
        original = NestedRows.rows

        def changed(self: NestedRows, constraint: Any, found: Any, side: Side) -> Any:
            known = change(constraint) if isinstance(constraint, kind) else constraint
            return original(self, known, found, side)

        patch(stack, NestedRows, "rows", changed)

    return mutate


def without_details(deeper: bool) -> Mutation:
    """Report no nested results, or none within those."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._branches
        within: list[None] = []

        def changed(self: Compiler, constraint: Any) -> Any:
            if bool(within) is deeper:
                return ()
            within.append(None)
            try:
                return original(self, constraint)
            finally:
                within.pop()

        patch(stack, Compiler, "_branches", changed)

    return mutate


def any_root(stack: ExitStack) -> None:
    """Report all nested results under every root."""
    original = answering.Answering._by_root

    def changed(self: Any, found: Any, _: str) -> Any:
        roots = f"SELECT r AS v FROM {found.table}"
        known = original(self, found, roots)
        every = [told for each in known.values() for told in each]
        return dict.fromkeys(known, every)

    patch(stack, answering.Answering, "_by_root", changed)


def one_page(stack: ExitStack) -> None:
    """Read only the first page of results, with three rows."""
    original = answering.Answering._pages
    patch(stack, answering, "PAGE", 3)
    patch(stack, answering, "PAGE_WITHIN", 3)

    def changed(self: Any, found: Any, made: Any) -> Any:
        yield from list(original(self, found, made))[:1]

    patch(stack, answering.Answering, "_pages", changed)


def folded_doubts(stack: ExitStack) -> None:
    """Lose the doubts of the scan of all properties."""
    original = fold.folded_sql

    def changed(triples: Any, domain: Any, demands: Any, side: Side) -> Any:
        return None if side is Side.DOUBT else original(triples, domain, demands, side)

    patch(stack, conformance, "folded_sql", changed)


def value_doubts(stack: ExitStack) -> None:
    """Lose the doubts about values in an inner shape."""
    original = fold.bad_values
    patch(stack, conformance, "bad_values", lambda c, s: "" if s is Side.DOUBT else original(c, s))


def one_sided(stack: ExitStack) -> None:
    """Compile the shape below a negation for the same side."""
    stack.callback(setattr, Side, "other", Side.other)
    Side.other = property(lambda self: self)  # type: ignore[method-assign, assignment]


def wide_pairs(stack: ExitStack) -> None:
    """Use the values of all focus nodes instead of those of the suspects."""
    from dataclasses import replace

    def changed(_: Compiler, found: Any, suspects: str) -> Any:
        return replace(found, domain=replace(found.domain, table=suspects))

    patch(stack, Compiler, "_narrowed", changed)


def siblings(stack: ExitStack) -> None:
    """Count values that conform to siblings as well."""
    from dataclasses import replace

    original = NestedRows._conforming

    def changed(self: NestedRows, found: Any, constraint: Any, side: Side) -> str:
        return original(self, found, replace(constraint, siblings=()), side)

    patch(stack, NestedRows, "_conforming", changed)


def path_pairs(change: Callable[[Any, PathCompiler, Any, str | None, bool], str]) -> Mutation:
    def mutate(stack: ExitStack) -> None:
        original = PathCompiler.pairs

        def changed(self: PathCompiler, path: Any, starts: Any, inverse: bool = False) -> str:
            return change(original, self, path, starts, inverse)

        patch(stack, PathCompiler, "pairs", changed)

    return mutate


def shorter(kind: type, instead: Callable[[Any], Any]) -> Mutation:
    """Follow another path instead of one of a kind."""
    return path_pairs(
        lambda original, self, path, starts, inverse: original(
            self, instead(path) if isinstance(path, kind) else path, starts, inverse
        )
    )


def targets(**none: tuple[str, ...]) -> Mutation:
    def mutate(stack: ExitStack) -> None:
        from dataclasses import replace

        original = Compiler.targets

        def changed(self: Compiler, shape: model.Shape) -> str:
            return original(self, replace(shape, targets=replace(shape.targets, **none)))

        patch(stack, Compiler, "targets", changed)

    return mutate


def unread(keep: Callable[[neighbourhood.Transition], bool]) -> Mutation:
    """Leave triples out of the neighbourhood that pySHACL sees."""

    def mutate(stack: ExitStack) -> None:
        original = neighbourhood.Automaton.transitions

        def changed(self: neighbourhood.Automaton) -> list[neighbourhood.Transition]:
            return [move for move in original(self) if keep(move)]

        patch(stack, neighbourhood.Automaton, "transitions", changed)

    return mutate


def no_subclasses(stack: ExitStack) -> None:
    patch(stack, classes, "subclasses", lambda axioms, iri: [iri])  # noqa: ARG005


def first_predicate(stack: ExitStack) -> None:
    """Follow only the first of alternative predicates."""
    original = PathCompiler._step

    def changed(self: PathCompiler, iris: Sequence[str], starts: str | None, inverse: bool) -> str:
        return original(self, iris[:1], starts, inverse)

    patch(stack, PathCompiler, "_step", changed)
