"""Functions of the user's own for mappings: loaded from Python files, and given to what runs next.

A file is run only where the user names it; see `kg.mapping.own_loader`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from kg.mapping.own_functions import OwnFunction as OwnFunction
from kg.mapping.own_functions import using_functions
from kg.mapping.own_loader import load_functions as load_functions


def with_functions(paths: Sequence[Path]) -> AbstractContextManager[None]:
    """Let mappings that are read in the context call the functions of files, which are run now.

    Raises:
        InputError: A file is missing, fails, or has no function that mappings can call.
    """
    return using_functions(load_functions(*paths))
