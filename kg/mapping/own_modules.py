"""Modules beside a file of functions: they are found where that file, or one beside it, asks.

The folder is no part of Python's path, since kg itself imports what is installed, and what lies in
a folder is never run unasked.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


class Beside(MetaPathFinder):
    """Finds modules in the folder of a file of functions, as its functions import them.

    Args:
        file: The file, as its code names it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.folder = Path(file).resolve().parent

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return where a module is, if code of the folder asks for it."""
        if path is not None or not self._is_asked():
            return None
        return PathFinder.find_spec(fullname, [str(self.folder)], target)

    def _is_asked(self) -> bool:
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        name = "" if frame is None else frame.f_code.co_filename
        return name == self.file or (Path(name).is_absolute() and self.folder in Path(name).parents)


def find_beside(file: str) -> None:
    """Let functions of a file import modules that lie beside it."""
    known = [each.file for each in sys.meta_path if isinstance(each, Beside)]
    if file not in known:
        sys.meta_path.append(Beside(file))
