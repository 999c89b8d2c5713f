"""Mapping projects of other people, run as they are. `KG_FIELD` says where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def field(*parts: str) -> Path:
    """Return a file or folder of other people; skip the test if they are not given.

    A missing one fails where they are given.
    """
    if "KG_FIELD" not in os.environ:
        pytest.skip("KG_FIELD does not say where other people's mappings are")
    path = Path(os.environ["KG_FIELD"], *parts)
    assert path.exists(), path
    return path


def files_of(project: str, pattern: str) -> list[Path]:
    """Return the files of a project, none where they are not given."""
    root = os.environ.get("KG_FIELD")
    return sorted(Path(root, project).rglob(pattern)) if root else []
