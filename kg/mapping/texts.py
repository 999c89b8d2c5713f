"""Mapping documents as they are written."""

from __future__ import annotations

from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A document as it is written.

    Attributes:
        text: The document.
        file: Its name in messages, and in the names of its triples maps.
        folder: The folder that its sources are relative to.
    """

    text: str
    file: str
    folder: str = ""
