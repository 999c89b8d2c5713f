"""Find by SQL the focus nodes for which a query may have solutions.

A query costs Oxigraph some look-ups for each focus node. Most nodes lack a pattern that every
solution needs, or fail a comparison: the query need not run for them.
"""

from __future__ import annotations

from typing import Final

from kg.duck import sql_text
from kg.sql import is_blank, is_iri, is_literal
from kg.validation.paths import Path, Sequence
from kg.validation.patterns import THIS, Comparison, Pattern, Patterns
from kg.validation.sieve.paths import PathCompiler
from kg.validation.sieve.values import (
    DATE_TIMES,
    DATES,
    EXACT_NUMBERS,
    STRINGS,
    UTC_DATE_TIMES,
    keyed,
    less_than,
)

# Kinds of terms that Oxigraph compares as DuckDB does. It reads floats with less precision.
_KINDS: Final = (EXACT_NUMBERS, DATES, DATE_TIMES, UTC_DATE_TIMES, STRINGS)

Chain = tuple[Path, ...]


def solvable_sql(paths: PathCompiler, domain: str, patterns: Patterns) -> str | None:
    """Return a query (n) for the nodes of a domain that may have a solution, or None for all.

    Args:
        paths: The compiler of paths.
        domain: Table (n) of focus nodes.
        patterns: The patterns of the query.
    """
    chains = paths_to_variables(patterns.needed)
    conditions = []
    covered: set[Chain] = set()  # paths that a comparison already requires
    for comparison in patterns.comparisons:
        condition = comparison_sql(paths, domain, chains, comparison)
        if condition is not None:
            conditions.append(condition)
            for side in (comparison.left, comparison.right):
                covered.add(chains.get(side, ())[:1])
    for pattern in patterns.needed:
        if pattern.subject != THIS or pattern.path is None:
            continue
        if pattern.object.startswith("<"):
            pairs = paths.pairs(pattern.path, domain)
            conditions.append(f"SELECT n FROM ({pairs}) WHERE v = {sql_text(pattern.object)}")
        elif (pattern.path,) not in covered:
            conditions.append(f"SELECT n FROM ({paths.pairs(pattern.path, domain)})")
    if not conditions:
        return None
    joins = " ".join(f"SEMI JOIN ({sql}) c{i} USING (n)" for i, sql in enumerate(conditions))
    # Oxigraph finds a literal in all its lexical forms.
    literals = f"SELECT n FROM {domain} WHERE {is_literal('n')}"
    return f"{literals} UNION SELECT n FROM {domain} {joins}"


def paths_to_variables(patterns: list[Pattern]) -> dict[str, Chain]:
    """Return paths that lead from the focus node to variables.

    If several patterns bind a variable, the first is used: in a solution, the variable's value is
    one of the ends of that path (literals may have another lexical form).
    """
    chains: dict[str, Chain] = {THIS: ()}
    grown = True
    while grown:
        grown = False
        for pattern in patterns:
            known = pattern.subject in chains and pattern.path is not None
            if known and pattern.object.startswith("?") and pattern.object not in chains:
                assert pattern.path is not None
                chains[pattern.object] = (*chains[pattern.subject], pattern.path)
                grown = True
    return chains


def comparison_sql(
    paths: PathCompiler, domain: str, chains: dict[str, Chain], comparison: Comparison
) -> str | None:
    """Return a query (n) for the nodes for which a comparison may hold."""
    sides = [_side(paths, domain, chains, of) for of in (comparison.left, comparison.right)]
    if None in sides:
        return None
    left, right = (keyed(f"({side})", _KINDS) for side in sides if side is not None)
    fails = less_than("a", "b", comparison.sign.replace("!=", "<>")).surely_bad
    if comparison.sign == "=":
        fails += f" OR ({is_iri('a.v')} AND {is_iri('b.v')} AND a.v <> b.v)"
    elif comparison.sign == "!=":
        fails += f" OR (({is_iri('a.v')} OR {is_blank('a.v')}) AND a.v = b.v)"
    return f"SELECT a.n FROM ({left}) a JOIN ({right}) b USING (n) WHERE NOT ({fails})"


def _side(paths: PathCompiler, domain: str, chains: dict[str, Chain], of: str) -> str | None:
    """Return a query (n, v) for the values of one side of a comparison."""
    if not of.startswith("?"):
        return f"SELECT n, {sql_text(of)} AS v FROM {domain}"
    chain = chains.get(of)
    if chain is None:
        return None
    if not chain:
        return f"SELECT n, n AS v FROM {domain}"
    return paths.pairs(chain[0] if len(chain) == 1 else Sequence(chain), domain)
