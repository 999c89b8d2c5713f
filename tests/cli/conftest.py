"""The command, ready to run."""

from __future__ import annotations

import pytest

from tests.cli.runner import Runner


@pytest.fixture(scope="session")
def kg() -> Runner:
    return Runner()
