"""What all tests share, doctests too: what one hides in messages stays out of the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kg.logins import hide


@pytest.fixture(autouse=True)
def _nothing_hidden() -> Iterator[None]:
    """Show in messages what an earlier test in this process hid."""
    hide({})
    yield
    hide({})
