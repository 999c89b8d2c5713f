"""A new workspace: a small example, or an empty one for claims, to be filled bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from kg.errors import InputError, UsageError
from kg.files import writing
from kg.workspace import is_base, show_path

TEMPLATE_BASE: Final = "https://example.org/graph/"
# What may be in the folder before: a repository that was just made.
_HARMLESS: Final = frozenset({".git"})
# Not named .gitignore in the package, where it would hide files of the package itself.
_RENAMED: Final = {"gitignore": ".gitignore"}


class Template(StrEnum):
    """The workspaces that come with kg."""

    EXAMPLE = "example"
    CLAIMS = "claims"


_FOLDERS: Final = {Template.EXAMPLE: "template", Template.CLAIMS: "template_claims"}


def init_workspace(
    folder: Path, base: str = TEMPLATE_BASE, template: Template = Template.EXAMPLE
) -> tuple[Path, ...]:
    """Write a new workspace.

    Args:
        folder: The folder to make; it may be there already if it is empty.
        base: Absolute IRI that the graph's own IRIs start with; ends in ``/``, since the
            vocabulary gets a name of its own below it.
        template: What it is made of.

    Returns:
        The files that were written, relative to `folder`, sorted.

    Raises:
        InputError: The folder is not empty.
        UsageError: `base` is no such IRI.
        WorldError: A file cannot be written.
    """
    check_base(base)
    with writing(folder):
        _check_empty(folder)
        written = [_write(folder, name, text, base) for name, text in _template(_FOLDERS[template])]
    return tuple(sorted(written))


def check_base(base: str) -> None:
    """Refuse a base that the graph's own IRIs cannot start with.

    Raises:
        UsageError: It is not an absolute IRI that ends in ``/``.
    """
    if not is_base(base) or "#" in base:
        raise UsageError(
            "bad-base",
            f"{base!r} is not an absolute IRI that ends in /",
            hint="Write it like https://example.org/my-graph/",
        )


def _check_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "folder-not-empty",
            f"{show_path(folder)} is a file",
            hint="Name a new folder: kg init my-graph",
        )
    if folder.is_dir() and any(path.name not in _HARMLESS for path in folder.iterdir()):
        raise InputError(
            "folder-not-empty",
            f"{show_path(folder)} is not empty",
            hint="Name a new folder. To make a workspace of the tables in this one:"
            f" kg init {show_path(folder)} --from {show_path(folder)}",
        )


def _template(name: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each file of the template, with its text."""
    waiting: list[tuple[str, Traversable]] = [("", files("kg").joinpath(name))]
    while waiting:
        path, entry = waiting.pop()
        if entry.is_dir():
            waiting += [(f"{path}/{below.name}".lstrip("/"), below) for below in entry.iterdir()]
        else:
            yield path, entry.read_text(encoding="utf-8")


def _write(folder: Path, name: str, text: str, base: str) -> Path:
    relative = Path(_RENAMED.get(name, name))
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(TEMPLATE_BASE, base), encoding="utf-8")
    return relative
