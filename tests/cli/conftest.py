"""The command, ready to run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.runner import Runner


@pytest.fixture(scope="session")
def kg() -> Iterator[Runner]:
    with Runner() as runner:
        yield runner
