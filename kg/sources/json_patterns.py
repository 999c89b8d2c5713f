r"""The functions `match` and `search` of JSONPath, in time that grows with the text alone.

The JSONPath library uses Python's `re`, which can take for ever on patterns such as ``(a+)+b``.
kg uses DuckDB's RE2 instead, which also knows ``\p{L}``. Python's `re` only matches patterns that
cannot backtrack.

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

# A pattern for Python may have one of the first, and none of the second: classes and anchors differ
# between Python and RE2.
_CHOICES: Final = re.compile(r"[?*+{|]")
_OTHERWISE: Final = re.compile(r"\\[^.\-\\()\[\]{}|*+?/]|[\^$]|\(\?")
# Up to so many characters Python matches such a pattern fast.
_SHORT: Final = 500
_CALL: Final = re.compile(
    r"\b(?:match|search)\s*\([^'\"]*,\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*\)"
)
# In a pattern: an escaped character, a class, or a dot, which matches no line end.
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\.", re.DOTALL)


def use_linear_patterns(
    environment: Any,  # noqa: ANN401  (of a library that may not be installed)
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
    """Return the first invalid pattern written in a path; empty if all are valid."""
    for pattern in _patterns(path):
        if host.matches(_dialect(pattern), "", is_whole=False) is None:
            return pattern
    return ""


def _patterns(path: str) -> Iterator[str]:
    for single, double in _CALL.findall(path):
        yield re.sub(r"\\(['\"\\/])", r"\1", single or double)


class _Matcher:
    """Matches texts with DuckDB or, for simple patterns, with Python."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def fits(self, value: str, pattern: str, *, is_whole: bool) -> bool:
        """Return whether a pattern matches a text, or a part of it; an invalid one never does."""
        plain = _plain(pattern)
        if plain is not None and len(value) <= _SHORT:
            return (plain.fullmatch if is_whole else plain.search)(value) is not None
        return self.host.matches(_dialect(pattern), value, is_whole=is_whole) is True


@lru_cache(maxsize=256)
def _plain(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern for Python; None if only DuckDB is sure to be fast and right."""
    if len(_CHOICES.findall(pattern)) > 1 or _OTHERWISE.search(pattern):
        return None
    try:
        return re.compile(_dialect(pattern))
    except re.error:
        return None


@lru_cache(maxsize=256)
def _dialect(pattern: str) -> str:
    r"""Return a pattern as RE2 and Python write it: their dot may match a line end.

    >>> _dialect(r"a.[.]\.")
    'a[^\\n\\r][.]\\.'
    """
    return _PIECE.sub(lambda piece: r"[^\n\r]" if piece[0] == "." else piece[0], pattern)
