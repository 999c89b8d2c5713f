"""A release: the files of a build that a maintainer publishes, with their checksums.

The folder appears in one step, whole. It is the same, byte for byte, for the same build.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.builds import check_build
from kg.describe import Distribution, describe, write_card
from kg.diff import Differences, DiffOptions, diff
from kg.errors import InputError, UsageError
from kg.export.api import export_workspace
from kg.export.formats import choose_format
from kg.export.options import ExportOptions
from kg.files import making
from kg.workspace import Workspace, show_path

FORMATS: Final = ("nq.gz", "ttl.gz")
SUMS: Final = "SHA256SUMS"
_TAKEN: Final = ("dataset", "report", "changes", SUMS)
_QUADS: Final = ("nq", "trig", "jsonld")


@dataclass(frozen=True, slots=True)
class Released:
    """What a release holds.

    Attributes:
        folder: Where it lies.
        files: The names of all files, sorted.
        differences: What differs from the last release; None without one.
    """

    folder: Path
    files: tuple[str, ...]
    differences: Differences | None


def release(
    workspace: Workspace,
    folder: Path,
    *,
    formats: Sequence[str] = FORMATS,
    last: Path | None = None,
    name: str = "graph",
    memory: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Released:
    """Make the folder of a release of the current build.

    Args:
        workspace: Where the build is.
        folder: The folder to make; it must not be there yet.
        formats: Endings of the exports, such as ``nq.gz`` or ``ttl``.
        last: The folder of the last release, or a file in it, to tell the differences from.
        name: The exports' name without an ending.
        memory: Peak memory of the process, such as ``1GB``.
        progress: Called with what is being done.

    Raises:
        UsageError: A format is unknown, or the name is no file name or taken.
        InputError: There is no build, the folder is there, or the last release is not.
        WorldError: The disk failed; there is no folder then.
        LimitError: A limit was reached; there is no folder then.
    """
    say = progress or (lambda step: None)  # noqa: ARG005
    build = check_build(workspace.current_build())
    if name in _TAKEN or Path(name).name != name:
        raise UsageError(
            "bad-option",
            f"--name takes a file name without folders, not {name!r}",
            hint=f"For example --name graph; not {', '.join(_TAKEN)}, which other files have.",
        )
    formats = tuple(dict.fromkeys(formats))
    for ending in formats:
        choose_format(f"{name}.{ending}")
    if not formats:
        raise UsageError("format-needed", "a release needs a format", hint="Say --format nq.gz.")
    if folder.exists():
        raise InputError(
            "release-exists",
            f"{show_path(folder)} is there already, and a release does not change",
            hint="Name a new folder, for example with the version or the day.",
        )
    old = _export_of(last) if last else None
    with making(folder) as part:
        files = []
        for ending in formats:
            say(f"writing {name}.{ending}")
            target = part / f"{name}.{ending}"
            done = export_workspace(workspace, str(target), ExportOptions(memory=memory))
            files.append(Distribution.of(target, done.format.media_type))
        if build.report.is_file():
            shutil.copyfile(build.report, part / "report.ttl")
        say("describing")
        card = describe(workspace, build, distributions=files, memory=memory)
        for form, ending in (("turtle", "ttl"), ("jsonld", "jsonld"), ("markdown", "md")):
            text = write_card(card, form)  # type: ignore[arg-type]
            (part / f"dataset.{ending}").write_text(text, encoding="utf-8")
        found = None
        if old:
            say("comparing with the last release")
            found = _compare(workspace, old, part, memory)
        _write_sums(part)
    return Released(folder, tuple(sorted(path.name for path in folder.iterdir())), found)


def _compare(workspace: Workspace, old: Path, part: Path, memory: str | None) -> Differences:
    options = DiffOptions(memory=memory)
    with (part / "changes.txt").open("wb") as sink:
        return diff(str(old), "current", sink, workspace=workspace, options=options)


def _export_of(last: Path) -> Path:
    """Return the export of a release to compare with: one with graphs, if there is one."""
    if last.is_file():
        return last
    for endings in (_QUADS, ("ttl", "nt", "rdf")):
        for ending in endings:
            found = sorted(last.glob(f"*.{ending}*"))
            found = [path for path in found if path.stem not in ("dataset", "report")]
            if found:
                return found[0]
    raise InputError(
        "no-release",
        f"{show_path(last)} holds no export to compare with",
        hint="Name the folder of the last release, or an RDF file.",
    )


def _write_sums(folder: Path) -> None:
    """Write ``SHA256SUMS``, which ``sha256sum -c`` reads."""
    lines = [
        f"{Distribution.of(path, '').sha256}  {path.name}\n" for path in sorted(folder.iterdir())
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
