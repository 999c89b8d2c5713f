"""The folder of a site while it is made: no one else knows its name yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


class Folder:
    """Takes files by their paths from the root of the site.

    Args:
        root: A folder of kg's own, from `kg.files.making`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: set[str] = {""}

    def put(self, path: str, content: bytes) -> None:
        """Write a file, and the folders that it is in."""
        parent = path.rpartition("/")[0]
        if parent not in self._made:
            (self._root / parent).mkdir(parents=True, exist_ok=True)
            self._made.add(parent)
        (self._root / path).write_bytes(content)

    def read(self, path: str) -> str:
        """Return the text of a file."""
        return (self._root / path).read_text(encoding="utf-8")

    def sizes(self, path: str) -> Iterator[tuple[str, int]]:
        """Yield the files of a folder by name, each with its bytes."""
        for each in sorted((self._root / path).iterdir()):
            yield each.name, each.stat().st_size
