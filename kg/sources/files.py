"""Find the files of a logical source: names, patterns, several files, members of archives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Final

from kg.errors import InputError, Location
from kg.logins import without_login
from kg.mapping.addresses import is_address, name_at
from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.source_table import Column
from kg.mapping.walk import plan_sources, with_sources
from kg.notes import Notes
from kg.paths import is_file, is_inside, is_link, kind_of, names_in, real_path, show_path
from kg.records import dataclass
from kg.wording import nearest

WORKSPACE: Final = "the workspace"
# A character that makes a name a pattern.
PATTERN: Final = r"[*?\[]"
ARCHIVE_ENDINGS: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")
ARCHIVES: Final = frozenset({"zip", "tar", "targz", "tarxz"})
# Names that a message lists.
_MOST_NAMES: Final = 50
# How far above a mapping a missing file is looked for.
_LEVELS: Final = 3
# Formats that may have a title above the header.
_WITH_TITLES: Final = (Formulation.CSV, Formulation.EXCEL)
_MEMBER: Final = re.compile(
    rf"(.*(?:{'|'.join(map(re.escape, ARCHIVE_ENDINGS))}))#(.+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where source files may lie.

    Attributes:
        inside: Sources must lie below one of these folders, links followed; None: anywhere.
        spill: A folder for files made on the way.
        called: What messages call the folders.
        outputs: The real paths of files that the run writes, which nothing in it may read.
        inputs: The real paths of files that it reads, which no value may name as a target's.
    """

    inside: tuple[Path, ...] | None
    spill: Path
    called: str = WORKSPACE
    outputs: frozenset[Path] = frozenset()
    inputs: frozenset[Path] = frozenset()

    @property
    def code(self) -> str:
        """The code of the error for what lies elsewhere."""
        return "outside-workspace" if self.called == WORKSPACE else "outside-folder"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a logical source.

    Attributes:
        path: Where it is.
        member: The member of an archive, or the sheet of a workbook; empty for the whole file.
        name: Its name in messages if it is a server.
    """

    path: Path
    member: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """The name in messages."""
        return self.name or show_path(self.path) + (f"#{self.member}" if self.member else "")

    @property
    def location(self) -> Location:
        """The place of the whole file in messages."""
        return Location(self.shown)


def find_files(source: LogicalSource, folders: Folders) -> tuple[SourceFile, ...]:
    """Return the files of a source: as written, the matches of a pattern sorted by name.

    Raises:
        InputError: A file is missing, empty, or in a folder that is not allowed.
    """
    found = [file for written in source.paths for file in _matches(source, written)]
    for file in found:
        check_file(file, source, folders)
    return tuple(dict.fromkeys(found))


def patterns_of(source: LogicalSource) -> Iterator[tuple[Path, str]]:
    """Yield the patterns among a source's files, each with the folder that it is looked for in."""
    for written in source.paths:
        if not is_address(written):
            pattern = _pattern(Path(source.folder), _split_member(source, written)[0])
            if pattern is not None:
                yield pattern


def located(plan: Plan, folders: Sequence[Path]) -> Plan:
    """Return a plan whose sources are looked for in further folders, in this order.

    A source that is beside its mapping stays there, and so does one that is nowhere.
    """
    known: dict[LogicalSource, LogicalSource] = {}
    for source in plan_sources(plan):
        tried = (replace(source, folder=str(real_path(folder))) for folder in folders)
        known[source] = next(filter(_is_there, (source, *tried)), source)
    return with_sources(plan, known)


def _is_there(source: LogicalSource) -> bool:
    if source.database is not None:
        return True
    try:
        found = [file for written in source.paths for file in _matches(source, written)]
    except InputError:
        return False
    return all(kind_of(file.path) is not None for file in found)


def _folder_name(folder: Path) -> str:
    shown = show_path(folder)
    return "the current folder" if shown == "." else f"the folder {shown}"


def _matches(source: LogicalSource, written: str) -> Iterator[SourceFile]:
    if is_address(written):
        yield _copy_of(source, written)
        return
    name, member = _split_member(source, written)
    folder = Path(source.folder)
    pattern = _pattern(folder, name)
    if pattern is None:
        yield SourceFile(_of_elsewhere(source, name) or folder / name, member)
        return
    found = sorted(pattern[0].glob(pattern[1]))
    files = [SourceFile(match, member) for match in found if is_file(match)]
    if not files:
        raise InputError(
            "missing-file",
            f"no file matches {name}",
            location=source.origin.location(),
            hint=f"The pattern was looked for in {_folder_name(folder)}.",
        )
    yield from files


def _of_elsewhere(source: LogicalSource, name: str) -> Path | None:
    """Return the file that an absolute path of another computer names by its end, if it is there.

    It is looked for as that of an address is: mappings that are published name folders of homes.
    """
    parts = PureWindowsPath(name)  # has both kinds of slashes
    path = Path(source.folder) / parts.name
    is_absolute = parts.is_absolute() or name.startswith("/")
    if not is_absolute or kind_of(Path(name)) is not None or not is_file(path):
        return None
    text = f"{name} is not there: the file {show_path(path)} is read in its stead"
    Notes().add(text.replace("{", "{{").replace("}", "}}"), source.origin.location(), loses=False)
    return path


def has_pattern(source: LogicalSource) -> bool:
    """Return whether several files, or several sheets of one, may be meant by a name."""
    of_sheets = source.iterator if source.formulation is Formulation.EXCEL else ""
    return re.search(PATTERN, f"{source.path}{of_sheets}") is not None


def _pattern(folder: Path, name: str) -> tuple[Path, str] | None:
    """Return where to look for what; None if the name is that of one file."""
    path = folder / name
    if not re.search(PATTERN, name) or is_file(path):
        return None
    root = Path(path.anchor)
    return (root, str(path.relative_to(root))) if path.is_absolute() else (folder, name)


def _copy_of(source: LogicalSource, address: str) -> SourceFile:
    """Return the file that an address names by its end, in the folder of the source.

    Raises:
        InputError: There is none; kg fetches nothing.
    """
    shown, place = without_login(address), source.origin.location()
    name = name_at(address)
    path = Path(source.folder) / name
    if name and is_file(path):
        text = f"{shown} is not fetched: the file {show_path(path)} is read in its stead"
        Notes().add(text.replace("{", "{{").replace("}", "}}"), place, loses=False)
        return SourceFile(path)
    raise InputError(
        "missing-file",
        f"the source {shown} is an address: kg fetches nothing",
        location=place,
        hint=(
            f"Fetch it first, such as with curl -O {shown}, to beside the mapping or into a folder"
            " that --sources names."
            if re.match("(?:https?|ftp)://", shown)
            else f"Write what it holds to a file {name or 'of its own'}, beside the mapping or in a"
            " folder that --sources names."
        ),
    )


def _split_member(source: LogicalSource, written: str) -> tuple[str, str]:
    if source.formulation is Formulation.EXCEL or source.compression in ARCHIVES:
        name, _, member = written.partition("#")
        return name, member
    found = _MEMBER.fullmatch(written)
    return (found[1], found[2]) if found else (written, "")


def check_file(file: SourceFile, source: LogicalSource, folders: Folders) -> None:
    """Refuse a file that is missing, empty, or in a folder that is not allowed.

    Raises:
        InputError: The file is refused.
    """
    path = file.path
    if folders.inside is not None and not is_inside(path, folders.inside):
        raise InputError(
            folders.code,
            f"the source {show_path(path)} {'leads' if is_link(path) else 'lies'} outside"
            f" {folders.called}",
            location=source.origin.location(),
            hint="Copy it beside the mapping, or allow it with --allow-outside.",
        )
    kind = kind_of(path)
    if kind == "a folder":
        raise InputError(
            "unreadable-file",
            f"{show_path(path)} is a folder, not a file",
            location=source.origin.location(),
            hint=f"Name a file in it, or all with {path.name}/*.",
        )
    if kind is not None and kind != "a file":
        raise InputError(
            "unreadable-file",
            f"{show_path(path)} is {kind}, not a file",
            location=source.origin.location(),
            hint="Write its content to a file first.",
        )
    if kind is None:
        near = nearest(path.name, names_in(path.parent))
        raise InputError(
            "missing-file",
            f"there is no file {show_path(path)}",
            location=source.origin.location(),
            hint=f"Did you mean {near!r}?" if near else _nearer(path, source, folders),
        )
    if path.stat().st_size == 0:
        raise empty_file(file)


def _nearer(path: Path, source: LogicalSource, folders: Folders) -> str:
    """Return the advice for a missing file: where else it is.

    Other engines start in the current folder, or in that of the project; to a workspace these mean
    nothing.
    """
    if folders.called != WORKSPACE and path.is_relative_to(source.folder):
        name, folder = path.relative_to(source.folder), Path(source.folder)
        for other in (Path(), *folder.parents[:_LEVELS]):
            if is_file(other / name):
                shown = show_path(other)
                return f"There is {show_path(other / name)}: add --sources {shown} to read it."
    above = path.parent.parent / path.name
    if kind_of(above) == "a file":
        return f"There is {show_path(above)}: paths start in the folder of the mapping."
    return "Check the name and the folder."


def empty_file(file: SourceFile) -> InputError:
    """Return the error for a file without content."""
    return InputError(
        "empty-file",
        "the file is empty",
        location=file.location,
        hint="A CSV file needs a header row; a JSON, YAML or XML file needs a document.",
    )


def listed(names: Sequence[str]) -> str:
    """Return names as messages list them, shortened if there are many.

    >>> listed(["a", "b"])
    'a, b'
    """
    return ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")


def missing_reference(
    column: Column, known: Sequence[str], source: LogicalSource, shown: str = ""
) -> InputError:
    """Return the error for a reference that no record of a source has.

    Args:
        column: What is referred to.
        known: The names that there are.
        source: The source.
        shown: Which of several files, or sheets, it is, as messages name it.
    """
    reference = column.reference
    where = shown if shown and (source.more or has_pattern(source)) else source.path
    guess = nearest(reference, known)
    hint = f"Did you mean {guess!r}? " if guess else ""
    alone = known[0] if len(known) == 1 and not guess else ""
    mark = next((mark for mark in ";\t|," if mark in alone), None)
    if source.formulation is Formulation.CSV and mark and mark != source.dialect.delimiter:
        tabs = ", or write ~tsv" if mark == "\t" else ""
        hint = f"Its header holds {mark!r}: set that as the delimiter{tabs}. "
    elif alone and source.formulation in _WITH_TITLES and not source.dialect.skip_rows:
        hint = f"If {alone!r} is a title above the header, set skipRows: 1 in the source. "
    return InputError(
        "missing-column",
        f"the mapping refers to {reference!r}, which {where} does not have",
        location=column.origin.location(),
        hint=f"{hint}It has: {listed(known) or 'no columns'}.",
    )
