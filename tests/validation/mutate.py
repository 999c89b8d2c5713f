"""Mutation test: make each part of the sieve wrong, one at a time; the results must differ.

    python -m tests.validation.mutate [NAME...] [--cases 600]

A mutant is killed by the first seed of the differential test on which kg differs from pySHACL
alone. Only seeds whose shapes have the component are tried; where a side matters under negation
alone, only seeds that have it there. Mutants named ``nested`` are tried on shapes that refer to
others. `tests.validation.text_mutants` has more, as changes of the text. The table shows the seed
and how many were tried; a surviving mutant makes the exit code 1.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from kg.duck import engine
from kg.quads import QuadTable
from kg.validation import model, paths
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.plan import Side
from tests.validation.differential import by_judge, by_sieve, load
from tests.validation.mutations import (
    Mutation,
    answered,
    any_root,
    compiled,
    first_predicate,
    folded,
    folded_doubts,
    members,
    no_messages,
    no_subclasses,
    one_page,
    one_sided,
    properties,
    qualified,
    shorter,
    siblings,
    single_value,
    targets,
    twice,
    undoubted,
    unread,
    unweighed,
    value_doubts,
    wide_pairs,
    without_details,
)
from tests.validation.random_cases import (
    RandomCase,
    nested_case,
    random_case,
    random_query_case,
    small_case,
    tagged_case,
    value_case,
)
from tests.validation.text_mutants import TEXT_MUTANTS, TextMutant, in_force

_SIDES = (Side.MAYBE, Side.SURELY)
# Seeds searched for cases.
_SEEDS = 60_000
# Where nothing is in doubt, results are those of the *surely* side; the other matters under
# negation alone.
_ONLY_NEGATED = ("Class maybe", "Closed maybe", "UniqueLang maybe")
# A component directly below one that negates it.
_NEGATED = r"sh:(?:not|xone|qualifiedValueShape) (?:\( )?\[ [^\[\]]*"

_ALONG = r"sh:path [\[(][^;]*; [^\[\]]*"


def _mutants() -> Iterator[tuple[str, str, Mutation]]:
    """Yield for each mutant its name, a text that its cases must contain, and the mutation."""
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
    for name in ("Class", "UniqueLang", "Closed", "Not", "And", "Or", "Xone", "Node"):
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
    for side in _SIDES:
        yield f"Property {side.value}", "sh:property ", properties(side)
        name = f"Qualified {side.value}"
        yield name, "sh:qualifiedValue", compiled(model.Qualified, side)
    yield "Qualified siblings", "Disjoint true", siblings
    yield from _other_mutants()


def _nested_mutants() -> Iterator[tuple[str, str, Mutation]]:
    """Yield mutants of components that refer to other shapes."""
    from dataclasses import replace

    for parameter in _NESTED:
        yield f"nested answer {parameter}", f"sh:{parameter} ", answered(parameter)
        yield f"nested doubt {parameter}", f"sh:{parameter} ", undoubted(parameter)
        kind = getattr(model, _NESTED[parameter])
        yield f"nested certainty {parameter}", f"sh:{parameter} ", compiled(kind, Side.DOUBT)
    yield "nested twice", "sh:", twice
    yield "nested details", "sh:node ", without_details(deeper=False)
    yield "nested details, deeper", "sh:node ", without_details(deeper=True)
    yield "nested details, root", "sh:node ", any_root
    yield "nested weights", "sh:property ", unweighed
    yield "nested page", "sh:node ", one_page
    yield "nested doubt, folded", "sh:property ", folded_doubts
    yield "nested doubt, values", "sh:", value_doubts
    yield "nested doubt, property", "sh:property ", properties(Side.DOUBT)
    yield "nested one side", "sh:not ", one_sided
    yield "nested pairs", "sh:path ", wide_pairs
    for name in ("Or", "And", "Xone"):
        first = members(getattr(model, name), lambda c: replace(c, shapes=c.shapes[:1]))
        yield f"nested first {name}", f"sh:{name.lower()} ", first
    as_or = members(model.Xone, lambda c: model.Or(c.shapes))
    yield "nested xone as or", "sh:xone ", as_or
    yield "nested or as and", "sh:or ", members(model.Or, lambda c: model.And(c.shapes))
    more = members(
        model.Qualified, lambda c: replace(c, least=c.least and c.least - 1, most=c.most)
    )
    yield "nested fewer", "sh:qualifiedMinCount", more
    most = members(model.Qualified, lambda c: c if c.most is None else replace(c, most=c.most + 1))
    yield "nested more", "sh:qualifiedMaxCount", most
    yield "nested siblings", "Disjoint true", siblings


# Simple components: those that SQL always decides; below, those that may be in doubt.
_EXACT = (
    *("class", "nodeKind", "minCount", "maxCount", "languageIn", "uniqueLang", "equals"),
    *("disjoint", "closed", "hasValue", "in"),
)
_DOUBTFUL = (
    *("datatype", "minLength", "maxLength", "pattern", "lessThan", "lessThanOrEquals"),
    *("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"),
)


_NESTED = {
    **{"and": "And", "or": "Or", "not": "Not", "xone": "Xone", "node": "Node"},
    "qualifiedValueShape": "Qualified",
}


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
    yield from _nested_mutants()
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
    """Random cases of a kind, each loaded and judged once for all mutants."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        make: Callable[[int], RandomCase],
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._make = make
        self._shapes: dict[int, str] = {}
        self._known: dict[int, tuple[QuadTable, ShapesGraph, Any]] = {}

    def holds(self, seed: int, pattern: re.Pattern[str]) -> bool:
        """Return whether a pattern matches in the shapes of a case."""
        if seed not in self._shapes:
            self._shapes[seed] = self._make(seed).shapes
        return pattern.search(self._shapes[seed]) is not None

    def differs(self, seed: int) -> bool:
        """Return whether kg's results differ from those of pySHACL alone."""
        if seed not in self._known:
            own = self._folder / str(seed)
            own.mkdir()
            table, shapes = load(self._make(seed), self._connection, own)
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
    """Return a pattern that the shapes of a case must match to kill a mutant."""
    found = re.escape(text)
    if name.split()[0] in ("MinCount", "MaxCount", "HasValue") and "folded" not in name:
        # On a path of a single predicate they are folded.
        found = _ALONG + found
    negated = _NEGATED if name in _ONLY_NEGATED else ""
    return re.compile(negated + found)


_KINDS: dict[str, Callable[[int], RandomCase]] = {
    "small": small_case,
    "nested": nested_case,
    "queries": random_query_case,
    "random": random_case,
    "value": value_case,
    "tagged": tagged_case,
}


def _all_mutants() -> Iterator[tuple[str, re.Pattern[str], Mutation, str]]:
    """Yield the name of each mutant, the pattern and the kind of its cases, and the mutation."""
    for name, text, mutation in _mutants():
        kind = "nested" if name.startswith("nested") else "small"
        if name == "UniqueLang maybe":  # few small cases have a language twice
            kind = "tagged"
        yield name, _pattern(name, text), mutation, kind
    for mutant in TEXT_MUTANTS:
        changed = functools.partial(_as_text, mutant)
        yield f"text {mutant.name}", re.compile(mutant.needs), changed, mutant.kind


def _as_text(mutant: TextMutant, stack: ExitStack) -> None:
    stack.enter_context(in_force(mutant))


def main() -> int:
    """Try the named mutants, or all; print the table of kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--skip", type=int, default=0, help="pass over so many of the mutants")
    options = parser.parse_args()
    survived, count = [], 0
    print(f"{'killed by seed':>14} {'cases':>6} {'s':>6} mutant")
    with engine(threads=1) as connection, tempfile.TemporaryDirectory() as folder:
        kinds = {}
        for kind, make in _KINDS.items():
            own = Path(folder) / kind
            own.mkdir()
            kinds[kind] = _Cases(connection, own, make)
        for name, pattern, mutation, kind in islice(_all_mutants(), options.skip, None):
            if options.names and not any(part in name for part in options.names):
                continue
            begun = time.process_time()
            seed, tried = kill(mutation, pattern, kinds[kind], options.cases)
            told = "SURVIVED" if seed is None else str(seed)
            print(f"{told:>14} {tried:>6} {time.process_time() - begun:6.1f} {name}", flush=True)
            count += 1
            survived += [name] if seed is None else []
    print(f"{count} mutants, {count - len(survived)} killed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
