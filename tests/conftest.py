"""What all tests share: how hypothesis runs, and a folder for what is made once."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# No time limit for an example: a busy machine is no failure. On CI the same examples each time.
settings.register_profile(
    "kg",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    # Tests that say no number; more find little more, and a long run has many of them.
    max_examples=min(200, int(os.environ.get("KG_EXAMPLES", "30"))),
)
settings.load_profile("kg")


@pytest.fixture(scope="session", autouse=True)
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Name the folder that `tests.graph_copy.made_once` uses, the same for all processes."""
    base = tmp_path_factory.getbasetemp()
    is_one_of_many = "PYTEST_XDIST_WORKER" in os.environ
    os.environ["KG_TESTS_FOLDER"] = str(base.parent if is_one_of_many else base)
