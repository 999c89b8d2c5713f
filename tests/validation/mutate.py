"""Makes each part of the sieve under-report, one at a time, and looks whether it is noticed.

    python -m tests.validation.mutate [NAME...] [--cases 600]

A mutant is killed by the first seed of the differential test on which sieve and judge differ
from the judge alone. Only seeds are tried whose shapes have the component; for its *surely* side,
which counts under negation alone, those that have it there. The table says which seed it was, and
how many were tried; a mutant that survives makes the exit code 1.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from kg.duck import engine
from kg.quads import QuadTable
from kg.validation import model, paths
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve import compiler, fold, neighbourhood, rows, run, values
from kg.validation.sieve.compiler import Compiler
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.plan import Side
from kg.validation.sieve.values import Test
from tests.validation.differential import by_judge, by_sieve, load
from tests.validation.random_cases import small_case

Mutation = Callable[[ExitStack], None]
_SIDES = (Side.MAYBE, Side.SURELY)
# Seeds that are looked through for cases.
_SEEDS = 60_000
# A component right below one that asks what surely fails.
_NEGATED = r"sh:(?:not|xone|qualifiedValueShape) (?:\( )?\[ [^\[\]]*"

_ALONG = r"sh:path [\[(][^;]*; [^\[\]]*"


def patch(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Set an attribute until the stack ends."""
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

        for module in (values, fold, compiler, rows):
            patch(stack, module, "value_test", changed)

    return mutate


def compiled(kind: type, side: Side, accept: Callable[[Any], bool] = lambda _: True) -> Mutation:
    """Mutate the queries of a constraint: none on the *maybe* side, all nodes on the other."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._constraint

        def changed(self: Compiler, constraint: Any, found: Any, wanted: Side) -> list[str]:
            queries = original(self, constraint, found, wanted)
            if not isinstance(constraint, kind) or not accept(constraint) or wanted is not side:
                return queries
            return [] if side is Side.MAYBE else [f"SELECT n FROM {found.domain.table}"]

        patch(stack, Compiler, "_constraint", changed)

    return mutate


def folded(kind: type) -> Mutation:
    """Leave a constraint out of what is told of a node in one scan."""

    def mutate(stack: ExitStack) -> None:
        original = fold._group_checks

        def changed(number: int, constraints: Any) -> list[tuple[str, str]]:
            return original(number, [c for c in constraints if not isinstance(c, kind)])

        patch(stack, fold, "_group_checks", changed)

    return mutate


def answered(parameter: str) -> Mutation:
    """Lose the results of a component that SQL gives."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._simple

        def changed(self: Compiler, found: Any, component: Any) -> Any:
            answers, doubts = original(self, found, component)
            return [a for a in answers if model.parameter_of(a.constraint) != parameter], doubts

        patch(stack, Compiler, "_simple", changed)

    return mutate


def undoubted(parameter: str) -> Mutation:
    """Leave the judge unasked about a component of which SQL is in doubt."""

    def mutate(stack: ExitStack) -> None:
        original = Compiler._simple

        def changed(self: Compiler, found: Any, component: Any) -> Any:
            answers, doubts = original(self, found, component)
            return answers, [d for d in doubts if d.parameters != (parameter,)]

        patch(stack, Compiler, "_simple", changed)

    return mutate


def twice(stack: ExitStack) -> None:
    """Give the results of nodes by SQL about which the judge is asked as well."""
    from dataclasses import replace

    original = Compiler._simple

    def changed(self: Compiler, found: Any, component: Any) -> Any:
        answers, doubts = original(self, found, component)
        return [replace(a, rows=a.rows.split(" r ANTI JOIN ")[0]) for a in answers], doubts

    patch(stack, Compiler, "_simple", changed)


def unweighed(stack: ExitStack) -> None:
    """Count a value once, however many focus nodes lead to it."""
    original = run._weighed
    patch(stack, run, "_weighed", lambda query, _: original(query, None))


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
    def mutate(stack: ExitStack) -> None:
        from dataclasses import replace

        original = Compiler._qualified

        def changed(self: Compiler, constraint: Any, found: Any, side: Side) -> list[str]:
            return original(self, replace(constraint, **{bound: None}), found, side)

        patch(stack, Compiler, "_qualified", changed)

    return mutate


def siblings(stack: ExitStack) -> None:
    from dataclasses import replace

    original = Compiler._qualified

    def changed(self: Compiler, constraint: Any, found: Any, side: Side) -> list[str]:
        return original(self, replace(constraint, siblings=()), found, side)

    patch(stack, Compiler, "_qualified", changed)


def path_pairs(change: Callable[[Any, PathCompiler, Any, str | None, bool], str]) -> Mutation:
    def mutate(stack: ExitStack) -> None:
        original = PathCompiler.pairs

        def changed(self: PathCompiler, path: Any, starts: Any, inverse: bool = False) -> str:
            return change(original, self, path, starts, inverse)

        patch(stack, PathCompiler, "pairs", changed)

    return mutate


def shorter(kind: type, instead: Callable[[Any], Any]) -> Mutation:
    """Walk another path than one of a kind."""
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
    """Leave triples out of the neighbourhood that the judge sees."""

    def mutate(stack: ExitStack) -> None:
        original = neighbourhood.Automaton.transitions

        def changed(self: neighbourhood.Automaton) -> list[neighbourhood.Transition]:
            return [move for move in original(self) if keep(move)]

        patch(stack, neighbourhood.Automaton, "transitions", changed)

    return mutate


def no_subclasses(stack: ExitStack) -> None:
    patch(stack, compiler, "_subclasses", lambda axioms, iri: [iri])  # noqa: ARG005


def _mutants() -> Iterator[tuple[str, str, Mutation]]:
    """Yield the name of each mutant, a text that its cases must have, and the mutation."""
    everything = lambda _: True  # noqa: E731
    singles = {
        "Datatype": "sh:datatype",
        "NodeKind": "sh:nodeKind",
        "MinLength": "sh:minLength",
        "MaxLength": "sh:maxLength",
        "Pattern": "sh:pattern",
        "LanguageIn": "sh:languageIn",
        "In": "sh:in",
    }
    for name, text in singles.items():
        for side in _SIDES:
            kind = getattr(model, name)
            yield f"{name} {side.value}", text, single_value(kind, side, everything)
    for sign, text in ((">", "minEx"), (">=", "minIn"), ("<", "maxEx"), ("<=", "maxIn")):
        for side in _SIDES:
            accept = functools.partial(lambda c, s: c.sign == s, s=sign)
            mutation = single_value(model.Range, side, accept)
            yield f"Range {sign} {side.value}", f"sh:{text}", mutation
    for name in ("Class", "UniqueLang", "Closed", "Not", "And", "Or", "Xone", "Node", "Property"):
        text = f"sh:{name[0].lower()}{name[1:]} "
        for side in _SIDES:
            yield f"{name} {side.value}", text, compiled(getattr(model, name), side)
    for kind in ("equals", "disjoint", "lessThan", "lessThanOrEquals"):
        for side in _SIDES:
            accept = functools.partial(lambda c, k: c.kind == k, k=kind)
            yield f"{kind} {side.value}", f"sh:{kind} ", compiled(model.Pair, side, accept)
    for name, text in (("MinCount", "minCount"), ("MaxCount", "maxCount"), ("HasValue", "hasVal")):
        kind = getattr(model, name)
        yield f"{name} folded", f"sh:{text}", folded(kind)
        for side in _SIDES:
            yield f"{name} {side.value}", f"sh:{text}", compiled(kind, side)
    yield "Qualified minimum", "sh:qualifiedMinCount", qualified("least")
    yield "Qualified maximum", "sh:qualifiedMaxCount", qualified("most")
    yield "Qualified surely", "sh:qualifiedValue", compiled(model.Qualified, Side.SURELY)
    yield "Qualified siblings", "Disjoint true", siblings
    yield from _other_mutants()


def first_predicate(stack: ExitStack) -> None:
    """Follow the first of alternative predicates alone."""
    original = PathCompiler._step

    def changed(self: PathCompiler, iris: Sequence[str], starts: str | None, inverse: bool) -> str:
        return original(self, iris[:1], starts, inverse)

    patch(stack, PathCompiler, "_step", changed)


# Simple components, and those of them of which SQL may be in doubt.
_EXACT = (
    *("class", "nodeKind", "minCount", "maxCount", "languageIn", "uniqueLang", "equals"),
    *("disjoint", "closed", "hasValue", "in"),
)
_DOUBTFUL = (
    *("datatype", "minLength", "maxLength", "pattern", "lessThan", "lessThanOrEquals"),
    *("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"),
)


def _answer_mutants() -> Iterator[tuple[str, str, Mutation]]:
    for parameter in (*_EXACT, *_DOUBTFUL):
        yield f"answer {parameter}", f"sh:{parameter} ", answered(parameter)
    for parameter in _DOUBTFUL:
        yield f"doubt {parameter}", f"sh:{parameter} ", undoubted(parameter)
    yield "answer twice", "sh:", twice
    yield "answer weights", "sh:property ", unweighed
    yield "answer message", "sh:message ", no_messages


def _other_mutants() -> Iterator[tuple[str, str, Mutation]]:
    yield from _answer_mutants()
    inner = lambda path: path.path  # noqa: E731
    yield "path inverse", "sh:inversePath", shorter(paths.Inverse, inner)
    yield "path sequence", "sh:path ( ", shorter(paths.Sequence, lambda p: p.paths[0])
    yield "path alternative", "sh:alternativePath", shorter(paths.Alternative, lambda p: p.paths[0])
    yield "path predicates", "sh:alternativePath", first_predicate
    yield (
        "path zero or more",
        "sh:zeroOrMorePath",
        shorter(paths.ZeroOrMore, lambda p: paths.OneOrMore(p.path)),
    )
    yield "path one or more", "sh:oneOrMorePath", shorter(paths.OneOrMore, inner)
    yield "path zero or one", "sh:zeroOrOnePath", shorter(paths.ZeroOrOne, inner)
    yield "target class", "sh:targetClass", targets(classes=())
    yield "target node", "sh:targetNode", targets(nodes=())
    yield "target subjects", "sh:targetSubjectsOf", targets(subjects_of=())
    yield "target objects", "sh:targetObjectsOf", targets(objects_of=())
    yield "subclasses", "sh:class ", no_subclasses
    yield "neighbourhood forward", "sh:path", unread(lambda move: move.inverse)
    yield "neighbourhood inverse", "sh:inversePath", unread(lambda move: not move.inverse)
    yield "neighbourhood closed", "sh:closed true", unread(lambda m: m.predicate is not None)
    yield "neighbourhood types", "sh:class ", unread(lambda m: "#type>" not in (m.predicate or ""))
    yield (
        "neighbourhood classes",
        "sh:class ",
        unread(lambda m: "subClassOf" not in (m.predicate or "")),
    )
    yield "neighbourhood steps", "sh:path ( ", unread(lambda m: m.next is None)


@contextmanager
def _mutated(mutation: Mutation) -> Iterator[None]:
    with ExitStack() as stack:
        mutation(stack)
        yield


class _Cases:
    """The random cases, each loaded and judged once for all mutants."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._shapes: dict[int, str] = {}
        self._known: dict[int, tuple[QuadTable, ShapesGraph, Any]] = {}

    def holds(self, seed: int, pattern: re.Pattern[str]) -> bool:
        """Whether the shapes of a case have a text that fits a pattern."""
        if seed not in self._shapes:
            self._shapes[seed] = small_case(seed).shapes
        return pattern.search(self._shapes[seed]) is not None

    def differs(self, seed: int) -> bool:
        """Whether sieve and judge find something else than the judge alone."""
        if seed not in self._known:
            own = self._folder / str(seed)
            own.mkdir()
            table, shapes = load(small_case(seed), self._connection, own)
            expected = by_judge(self._connection, table, shapes)
            self._known[seed] = table, shapes, expected
        table, shapes, expected = self._known[seed]
        if not expected or isinstance(expected, str):
            return False  # nothing that could be lost
        return expected != by_sieve(self._connection, table, shapes)


def kill(
    mutation: Mutation, pattern: re.Pattern[str], cases: _Cases, most: int
) -> tuple[int | None, int]:
    """Return the first seed that kills a mutant, and how many cases it took."""
    tried = 0
    for seed in range(_SEEDS):
        if not cases.holds(seed, pattern):
            continue
        tried += 1
        with _mutated(mutation):
            if cases.differs(seed):
                return seed, tried
        if tried == most:
            break
    return None, tried


def _pattern(name: str, text: str) -> re.Pattern[str]:
    """Return what the shapes of a case must have for a mutant to be noticed."""
    found = re.escape(text)
    if name.split()[0] in ("MinCount", "MaxCount", "HasValue") and "folded" not in name:
        # With a single predicate as path they are folded.
        found = _ALONG + found
    negated = _NEGATED if name.endswith(Side.SURELY.value) else ""
    return re.compile(negated + found)


def main() -> int:
    """Try the mutants that are named, or all; print the table of kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cases", type=int, default=600)
    options = parser.parse_args()
    survived = []
    print(f"{'mutant':28} {'killed by seed':>14} {'cases':>6} {'s':>6}")
    with engine(threads=1) as connection, tempfile.TemporaryDirectory() as folder:
        cases = _Cases(connection, Path(folder))
        for name, text, mutation in _mutants():
            if options.names and not any(part in name for part in options.names):
                continue
            begun = time.monotonic()
            seed, tried = kill(mutation, _pattern(name, text), cases, options.cases)
            told = "SURVIVED" if seed is None else str(seed)
            print(f"{name:28} {told:>14} {tried:>6} {time.monotonic() - begun:6.1f}", flush=True)
            if seed is None:
                survived.append(name)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
