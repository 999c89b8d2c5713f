"""Annotations of GitHub: workflow commands, which it shows beside the lines of a change.

Spec: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import Final, Literal

from kg.errors import Location
from kg.wording import printable

AnnotationLevel = Literal["error", "warning", "notice"]
# GitHub shows at most this many annotations of each level for a step.
MOST_SHOWN: Final = 10


def annotation(level: AnnotationLevel, place: Location | None, title: str, text: str) -> str:
    r"""Return the line that makes GitHub show a text at a place.

    Args:
        level: How bad it is.
        place: The file, and the line and column if they are known.
        title: The bold line above the text.
        text: The text; it may have several lines.

    >>> annotation("notice", Location("a,b.csv", 2), "doubt", "100%\nsure")
    '::notice file=a%2Cb.csv,title=doubt,line=2::100%25%0Asure'
    """
    fields = {"title": title}
    if place is not None:
        fields = {"file": place.file, **fields}
        if place.line is not None:
            fields["line"] = str(place.line)
            if place.column_number is not None:
                fields["col"] = str(place.column_number)
    listed = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in fields.items())
    return f"::{level} {listed}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Escape characters that end a field or command; make control characters visible."""
    escaped = "%\r\n" + more
    return "".join(f"%{ord(char):02X}" if char in escaped else printable(char) for char in text)
