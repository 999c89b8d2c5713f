"""Libraries that come with an extra of kg, imported where a source needs them."""

from __future__ import annotations

import importlib
from types import ModuleType

from kg.errors import InputError


def need(module: str, packages: str, what: str) -> ModuleType:
    """Return a module of a library that may not be installed.

    Args:
        module: Its name.
        packages: What is to be installed for it.
        what: What it is needed for, as messages say it.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            "missing-extra",
            f"{what} needs the package {module.partition('.')[0]}",
            hint=f"Install it with: pip install {packages}",
        ) from error
