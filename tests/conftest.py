"""What all tests share: how hypothesis runs."""

from __future__ import annotations

import os

from hypothesis import settings

# No time limit for an example: a busy machine is no failure. On CI the same examples each time.
settings.register_profile("kg", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kg")
