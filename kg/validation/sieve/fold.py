"""Check many constraints on properties in one scan.

Constraints on single values and on their number are checked for all properties at once: the triples
with these predicates are grouped by subject. This covers most constraints, at the cost of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg.duck import sql_text
from kg.validation import model
from kg.validation.model import Constraint
from kg.validation.sieve.plan import Side
from kg.validation.sieve.triples import Triples
from kg.validation.sieve.values import bound, value_test, value_tests


def is_foldable(constraint: Constraint) -> bool:
    """Return whether a constraint on one predicate can be checked from the group alone."""
    counts = model.MinCount | model.MaxCount | model.HasValue
    return isinstance(constraint, counts) or value_test(constraint, "v") is not None


def folded_sql(
    triples: Triples, domain: str, demands: Mapping[str, Sequence[Constraint]], side: Side
) -> str | None:
    """Return a query (n) for the nodes of a domain that violate a constraint.

    Args:
        triples: The triples.
        domain: Table (n) of the nodes.
        demands: Predicate to foldable constraints on its values.
        side: The side to compile.

    Returns:
        The query, or None if there are no constraints, or none on the side of doubt.
    """
    if side is Side.DOUBT:
        demands = {each: found for each, found in demands.items() if bad_values(found, side)}
    numbered = list(enumerate(demands.items()))
    tests = {i: bad for i, (_, found) in numbered if (bad := bad_values(found, side))}
    checks = [check for i, (_, found) in numbered for check in _group_checks(i, found)]
    if side is Side.DOUBT:
        checks = []  # counts are certain
    if not tests and not checks:
        return None
    within = f"({valued_sql(triples, domain, list(demands))})"
    conditions = " ".join(f"WHEN {i} THEN {bad}" for i, bad in tests.items())
    bad = f"CASE i {conditions} ELSE false END" if tests else "false"
    if not checks:
        return f"SELECT n FROM {within} WHERE {bad}"
    counts = ", ".join(f"{count} AS c{number}" for number, (count, _) in enumerate(checks))
    groups = f"SELECT n, bool_or({bad}) AS bad, {counts} FROM {within} GROUP BY n"
    wrong = " OR ".join(f"coalesce(c{number}, 0) {w}" for number, (_, w) in enumerate(checks))
    return f"SELECT n FROM {domain} LEFT JOIN ({groups}) g USING (n) WHERE bad OR {wrong}"


def valued_sql(triples: Triples, domain: str, predicates: Sequence[str]) -> str:
    """Return a query (n, v, i) for the values of the nodes of a domain.

    Args:
        triples: The triples.
        domain: Table (n) of the nodes.
        predicates: The properties; i is the index of the value's property.
    """
    numbers = " ".join(f"WHEN {sql_text(each)} THEN {i}" for i, each in enumerate(predicates))
    rows = (
        f"SELECT s AS n, o AS v, CASE p {numbers} END AS i FROM {triples.name}"
        f" WHERE {triples.has(*predicates)}"
    )
    return f"SELECT n, v, i FROM ({rows}) SEMI JOIN {domain} d USING (n)"


def bad_values(constraints: Sequence[Constraint], side: Side) -> str:
    """Return the condition that a value v violates one of the constraints; '' if none can be."""
    if side is not Side.DOUBT:
        return " OR ".join(f"({side.of(test)})" for test in value_tests(constraints, "v"))
    # Each separately: for a wrong datatype, its own result is certain.
    tests = [value_test(constraint, "v") for constraint in constraints]
    unsure = [test for test in tests if test is not None and test.maybe_bad != test.surely_bad]
    return " OR ".join(f"({side.of(test)})" for test in unsure)


def _group_checks(number: int, constraints: Sequence[Constraint]) -> list[tuple[str, str]]:
    """Return the counts for one predicate in a group, each with the condition that it is wrong."""
    checks = []
    for constraint in constraints:
        match constraint:
            case model.MinCount(least) if least > 0:
                checks.append((f"count(*) FILTER (i = {number})", f"< {bound(least)}"))
            case model.MaxCount(most):
                checks.append((f"count(*) FILTER (i = {number})", f"> {bound(most)}"))
            case model.HasValue(term):
                checks.append((f"count(*) FILTER (i = {number} AND v = {sql_text(term)})", "= 0"))
    return checks
