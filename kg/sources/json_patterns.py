r"""The functions `match` and `search` of JSONPath, in time that grows with the text alone.

The library for JSONPath asks Python's `re`, which can take for ever on patterns such as
``(a+)+b``. Here the RE2 of DuckDB is asked, which also knows ``\p{L}``; Python only where a pattern
has no choice to make.

Spec: https://www.rfc-editor.org/rfc/rfc9535#name-match-function-extension,
https://www.rfc-editor.org/rfc/rfc9485
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

from kg.sources.reading import Host

# What a pattern may have once, if Python is to match it, and what never: classes and anchors are
# not the same in both.
_CHOICES: Final = re.compile(r"[?*+{|]")
_OTHERWISE: Final = re.compile(r"\\[^.\-\\()\[\]{}|*+?/]|[\^$]|\(\?")
# Characters up to which such a pattern takes no time in Python.
_SHORT: Final = 500
_CALL: Final = re.compile(
    r"\b(?:match|search)\s*\([^'\"]*,\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*\)"
)
# Of a pattern: an escaped character, a class, or a dot, which stands for no line end.
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.", re.DOTALL)


def use_linear_patterns(
    environment: Any,  # noqa: ANN401  (of a library that need not be there)
    library: ModuleType,
    host: Host,
) -> None:
    """Give an environment of the library the functions `match` and `search` of this module."""
    matcher = _Matcher(host)

    class Function(library.function_extensions.FilterFunction):  # type: ignore[misc, name-defined]
        arg_types = library.function_extensions.Match.arg_types
        return_type = library.function_extensions.Match.return_type

        def __init__(self, is_whole: bool) -> None:
            self.is_whole = is_whole

        def __call__(self, value: object, pattern: object) -> bool:
            if not isinstance(value, str) or not isinstance(pattern, str):
                return False
            return matcher.fits(value, pattern, is_whole=self.is_whole)

    environment.function_extensions["match"] = Function(is_whole=True)
    environment.function_extensions["search"] = Function(is_whole=False)


def bad_pattern(path: str, host: Host) -> str:
    """Return the first pattern written in a path that is none; empty where all are well."""
    for pattern in _patterns(path):
        if host.matches(_dialect(pattern), "", is_whole=False) is None:
            return pattern
    return ""


def _patterns(path: str) -> Iterator[str]:
    for single, double in _CALL.findall(path):
        yield re.sub(r"\\(['\"\\/])", r"\1", single or double)


class _Matcher:
    """Matches texts, with the engine or, where that is as good, with Python."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def fits(self, value: str, pattern: str, *, is_whole: bool) -> bool:
        """Tell whether a pattern fits a text, or a part of it; one that is no pattern never."""
        plain = _plain(pattern)
        if plain is not None and len(value) <= _SHORT:
            return (plain.fullmatch if is_whole else plain.search)(value) is not None
        return self.host.matches(_dialect(pattern), value, is_whole=is_whole) is True


@lru_cache(maxsize=256)
def _plain(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern for Python; None where only the engine is sure to be quick and right."""
    if len(_CHOICES.findall(pattern)) > 1 or _OTHERWISE.search(pattern):
        return None
    try:
        return re.compile(_dialect(pattern))
    except re.error:
        return None


@lru_cache(maxsize=256)
def _dialect(pattern: str) -> str:
    r"""Return a pattern as RE2 and Python have it: their dot may stand for a line end.

    >>> _dialect(r"a.[.]\.")
    'a[^\\n\\r][.]\\.'
    """
    return _PIECE.sub(lambda piece: r"[^\n\r]" if piece[0] == "." else piece[0], pattern)
