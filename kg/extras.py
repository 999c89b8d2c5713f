"""Libraries that come with an extra of kg, imported where they are needed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from kg.errors import InputError

# Packages of each extra: a message that names them helps however kg was installed.
_PACKAGES: Final[Mapping[str, str]] = {
    "charts": "vl-convert-python",
    "excel": "python-calamine",
    "functions": "numpy",
    "jsonpath": "python-jsonpath",
    "mcp": "mcp",
    "serve": "starlette uvicorn",
    "spark": "pyspark",
    "sql": "sqlalchemy 'psycopg[binary]'",
    "mysql": "sqlalchemy pymysql",
    "xml": "lxml",
    "xpath": "lxml elementpath",
    "zstd": "zstandard",
}


def need(module: str, extra: str, what: str) -> ModuleType:
    """Return a module of a library that may not be installed.

    Args:
        module: Its name.
        extra: The extra of kg that brings it.
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
            hint=f"Install it with: pip install {_PACKAGES[extra]}",
        ) from error
