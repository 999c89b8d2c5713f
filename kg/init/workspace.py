"""A new workspace from files: they are looked at, copied, and described."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from kg.errors import InputError, UsageError
from kg.files import writing
from kg.init.design import Entity, design
from kg.init.mapping import mapping_text
from kg.init.questions import question_texts
from kg.init.shapes import shapes_text
from kg.init.vocabulary import text, vocabulary_text
from kg.paths import is_file, is_folder, is_inside, real_path
from kg.peek import peek
from kg.peek.databases import is_address, refuse_others, refuse_secrets
from kg.peek.tables import ENDINGS, split_member
from kg.records import dataclass
from kg.sources.files import SourceFile
from kg.sources.streams import plain_name
from kg.workspace import show_path

MAPPING: Final = Path("data/tables.yarrrml.yml")
_DATA: Final = Path("data")


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of files.

    Attributes:
        written: Files that were written, relative to the workspace, sorted.
        copied: Files of data that were copied into it.
        entities: What the tables become.
        questions: Names of the questions.
    """

    written: tuple[Path, ...]
    copied: tuple[Path, ...]
    entities: tuple[Entity, ...]
    questions: tuple[str, ...]


def init_from(
    folder: Path,
    base: str,
    sources: Sequence[str],
    memory: str | None = None,
    threads: int | None = None,
) -> Made:
    """Make a workspace of files with tables.

    Args:
        folder: The folder to make; it may hold other files, such as those of data, but none that
            would be written.
        base: Absolute IRI that ends in ``/``.
        sources: Files, or folders whose files of data are taken. Those outside of `folder` are
            copied into its folder ``data``.
        memory: Peak memory of the process.
        threads: Worker threads.

    Raises:
        InputError: A file is missing or no table, or something is there that would be written.
        UsageError: Two files have one name.
        WorldError: A file cannot be written.
    """
    listed = list(dict.fromkeys(name for each in sources for name in _listed(each, folder)))
    if not listed:
        raise InputError(
            "missing-file",
            f"there are no files with tables in {', '.join(sources)}",
            hint=f"Known endings: {', '.join(sorted(ENDINGS))}.",
        )
    moved = _places(folder, [name for name in listed if not is_address(name)])
    with peek(listed, memory, threads) as peeked:
        entities = design(peeked)
    if not entities:
        raise InputError("empty-file", "the files hold no records", hint="Look at them: kg peek.")
    paths = [_path(folder, entity, moved) for entity in entities]
    texts = _texts(folder, base, entities, paths)
    _check_free(folder, [*map(Path, texts), *(path for path in moved.values() if path)])
    with writing(folder):
        for source, target in moved.items():
            if target is not None:
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / target)
        for name, content in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
    copied = tuple(sorted(path for path in moved.values() if path is not None))
    questions = tuple(Path(name).stem for name in texts if name.endswith(".rq"))
    return Made(tuple(sorted(map(Path, texts))), copied, entities, questions)


def _listed(written: str, folder: Path) -> Iterator[str]:
    """Yield a file, or the files with tables of a folder, and of the folder data below it."""
    if is_address(written):
        refuse_secrets(written)
        yield written
        return
    refuse_others(written)
    path = Path(written)
    if not is_folder(path):
        yield written
        return
    for within in (path, path / "data") if real_path(path) == real_path(folder) else (path,):
        if is_folder(within):
            for found in sorted(within.iterdir()):
                if Path(plain_name(SourceFile(found))).suffix in ENDINGS and is_file(found):
                    yield str(found)


def _places(folder: Path, listed: Sequence[str]) -> Mapping[Path, Path | None]:
    """Return where each file goes in the workspace; None if it is there."""
    found: dict[Path, Path | None] = {}
    taken: dict[Path, Path] = {}
    root = real_path(folder)
    for name in listed:
        path, _ = split_member(name)
        if is_inside(real_path(path), (root,)):
            found[path] = None
            continue
        target = _DATA / path.name
        if taken.setdefault(target, path) != path:
            raise UsageError(
                "usage",
                f"two files are called {path.name}: {show_path(taken[target])} and"
                f" {show_path(path)}",
                hint="Rename one.",
            )
        found[path] = target
    return found


def _path(folder: Path, entity: Entity, moved: Mapping[Path, Path | None]) -> str:
    """Return where the file of a table is, as the mapping sees it."""
    source = entity.table.source
    if source.database is not None:
        return source.path
    name, mark, member = source.path.partition("#")
    path = Path(source.folder) / (
        source.path if mark and Path(source.folder, source.path).exists() else name
    )
    target = moved.get(path)
    if target is None:
        relative = os.path.relpath(real_path(path), real_path(folder / _DATA))
        return Path(relative).as_posix() + (f"#{member}" if mark else "")
    return target.name + (f"#{member}" if mark else "")


def _texts(
    folder: Path, base: str, entities: Sequence[Entity], paths: Sequence[str]
) -> dict[str, str]:
    """Return the files to write: names and texts."""
    title = real_path(folder).name or "graph"
    found = {
        "kg.toml": _config(title, base, entities),
        "README.md": _readme(title, entities, paths),
        str(MAPPING): mapping_text(entities, paths),
        "ontology/vocabulary.ttl": vocabulary_text(entities, base),
        "shapes/shapes.ttl": shapes_text(entities, base),
        **{f"queries/{name}": content for name, content in question_texts(entities).items()},
    }
    ignored = files("kg").joinpath("template", "gitignore").read_text(encoding="utf-8")
    return {**found, ".gitignore": ignored}


def _config(title: str, base: str, entities: Sequence[Entity]) -> str:
    prefixes = "\n".join(f'{_key(e.prefix)} = "{base}{e.prefix}/"' for e in entities)
    return f"""\
# A kg workspace. The folder that holds this file is its root: `kg help workspace`.
title = {text(title)}
# description = "One sentence."
# licence = "https://creativecommons.org/licenses/by/4.0/"
# publisher = "Your name"

# Everything in the graph has a name that starts with this: a web address that you control, with
# / at the end. It need not lead anywhere, but change it early: names are hard to change once
# others use them. It stands here, in ontology/ and in shapes/.
base = "{base}"

# Short forms of long names, known in mappings and questions.
[prefixes]
ns = "{base}ns#"
{prefixes}
"""


def _key(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if name.isascii() else text(name)


def _readme(title: str, entities: Sequence[Entity], paths: Sequence[str]) -> str:
    rows = "\n".join(
        f"| `{path}` | `ns:{entity.class_name}` | {entity.table.rows:,} |"
        for entity, path in zip(entities, paths, strict=True)
    )
    return f"""\
# {title}

A workspace of kg: source facts in, a validated, queryable, exportable knowledge graph out.

    kg build        # map the facts, validate the graph, index it
    kg questions    # list the questions
    kg query overview

| file (seen from `data/`) | becomes | records |
| --- | --- | --- |
{rows}

| where | what |
| --- | --- |
| `kg.toml` | title, names, prefixes |
| `{MAPPING.as_posix()}` | how the tables become a graph; look at lines with "guess" |
| `ontology/` | the words of the graph |
| `shapes/` | what must hold in it |
| `queries/` | questions |
"""


def _check_free(folder: Path, names: Sequence[Path]) -> None:
    """Refuse to write over a file."""
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "folder-not-empty",
            f"{show_path(folder)} is a file",
            hint="Name a folder: kg init my-graph --from FILE",
        )
    for name in names:
        if (folder / name).exists():
            raise InputError(
                "folder-not-empty",
                f"{show_path(folder / name)} is already there",
                hint="kg init writes over nothing: name another folder, or move the file away.",
            )
