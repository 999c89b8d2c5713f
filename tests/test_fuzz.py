"""A few numbers of the fuzzing, and all that ever failed."""

import pytest

from tests import fuzz

# Numbers that once failed, kept for good.
FAILED: dict[str, tuple[int, ...]] = {"parameter": (24, 105, 2603)}


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_some_numbers(name):
    for seed in (*range(20), *FAILED.get(name, ())):
        fuzz.run(name, seed)
