"""kg finds the same results as pySHACL alone, on random graphs and shapes.

Run by hand over more seeds: ``python -m tests.validation.test_differential 0 5000 [KIND]``, where
the kind is ``queries``, ``small``, ``nested``, ``value`` or ``tagged``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kg.duck import engine
from tests.validation.differential import difference
from tests.validation.random_cases import (
    RandomCase,
    nested_case,
    random_case,
    random_query_case,
    small_case,
    tagged_case,
    value_case,
)

# Seeds that once showed a difference.
REGRESSIONS: tuple[int, ...] = (2569,)  # a query of three million characters
QUERY_REGRESSIONS: tuple[int, ...] = (371, 2820, 2978, 3097, 3241, 3518, 3642, 3713)
SMALL_REGRESSIONS: tuple[int, ...] = ()
NESTED_REGRESSIONS: tuple[int, ...] = ()
# A long run tries three times as many.
_TIMES = 3 if os.environ.get("KG_LONG") else 1
SEEDS = (*range(20 * _TIMES), *REGRESSIONS)
VALUE_SEEDS = tuple(range(15 * _TIMES))
TAGGED_SEEDS = tuple(range(12 * _TIMES))
SMALL_SEEDS = (*range(15 * _TIMES), *SMALL_REGRESSIONS)
NESTED_SEEDS = (*range(20 * _TIMES), *NESTED_REGRESSIONS)
QUERY_SEEDS = (*range(10 * _TIMES), *QUERY_REGRESSIONS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sieve_equals_pyshacl_alone(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(random_case(seed), connection, tmp_path) is None


@pytest.mark.parametrize("seed", SMALL_SEEDS)
def test_the_sieve_equals_pyshacl_alone_on_small_shapes(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(small_case(seed), connection, tmp_path) is None


@pytest.mark.parametrize("seed", NESTED_SEEDS)
def test_the_sieve_equals_pyshacl_alone_on_nested_shapes(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(nested_case(seed), connection, tmp_path) is None


@pytest.mark.parametrize("seed", VALUE_SEEDS)
def test_the_sieve_equals_pyshacl_alone_on_many_values(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(value_case(seed), connection, tmp_path) is None


@pytest.mark.parametrize("seed", TAGGED_SEEDS)
def test_the_sieve_equals_pyshacl_alone_on_languages(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(tagged_case(seed), connection, tmp_path) is None


@pytest.mark.parametrize("seed", QUERY_SEEDS)
def test_queries_on_oxigraph_equal_queries_in_pyshacl(
    seed: int, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert difference(random_query_case(seed), connection, tmp_path) is None


def main(first: int, last: int, make: Callable[[int], RandomCase]) -> int:
    """Try the seeds from `first` up to but not including `last`; print those that differ."""
    differing = 0
    with engine(threads=1) as connection, tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            told = difference(make(seed), connection, Path(folder))
            if told is not None:
                differing += 1
                print(f"seed {seed}: {told}")
    print(f"{last - first} cases, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    kinds = {
        "queries": random_query_case,
        "small": small_case,
        "nested": nested_case,
        "value": value_case,
        "tagged": tagged_case,
    }
    making = next((kinds[word] for word in sys.argv if word in kinds), random_case)
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), making))
