"""Makes a release: the files of a build that a maintainer publishes, with their checksums.

The folder appears in one step. The same build gives the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kg.builds import check_build
from kg.describe import Distribution, describe, write_card
from kg.diff import Differences, DiffOptions, diff
from kg.errors import InputError, UsageError
from kg.exports.api import export_workspace
from kg.exports.formats import choose_format
from kg.exports.options import ExportOptions
from kg.files import making
from kg.records import dataclass
from kg.workspace import Workspace, show_path

FORMATS: Final = ("nq.gz", "ttl.gz")
SUMS: Final = "SHA256SUMS"
_TAKEN: Final = ("dataset", "report", "changes", SUMS)
_QUADS: Final = ("nq", "trig", "jsonld")


@dataclass(frozen=True, slots=True)
class Released:
    """A release.

    Attributes:
        folder: Its folder.
        files: The names of all files, sorted.
        differences: The differences from the last release; None without one.
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
        workspace: The workspace.
        folder: The folder to make; it must not exist.
        formats: Suffixes of the exports, such as ``nq.gz`` or ``ttl``.
        last: The folder of the last release, or a file in it, to compare with.
        name: The exports' name without a suffix.
        memory: Peak memory of the process, such as ``1GB``.
        progress: Called with the name of each step.

    Raises:
        UsageError: A format is unknown, or the name is not a file name or is taken.
        InputError: There is no build, the folder exists, or the last release is missing.
        WorldError: The disk failed; no folder is left.
        LimitError: A limit was reached; no folder is left.
    """
    say = progress or (lambda step: None)  # noqa: ARG005
    build = check_build(workspace.current_build(), again=True)
    if name in _TAKEN or Path(name).name != name:
        raise UsageError(
            "bad-option",
            f"--name takes a file name without folders, not {name!r}",
            hint=f"For example --name graph; {', '.join(_TAKEN)} are names of other files.",
        )
    formats = tuple(dict.fromkeys(formats))
    for ending in formats:
        choose_format(f"{name}.{ending}")
    if not formats:
        raise UsageError("format-needed", "a release needs a format", hint="Add --format nq.gz.")
    if folder.exists():
        raise InputError(
            "release-exists",
            f"{show_path(folder)} exists already, and a release is never changed",
            hint="Give a new folder, for example with the version or the date in its name.",
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
    """Return the export of a release to compare with, preferably one with graphs."""
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
        f"{show_path(last)} contains no export to compare with",
        hint="Give the folder of the last release, or an RDF file.",
    )


def _write_sums(folder: Path) -> None:
    """Write ``SHA256SUMS``, which ``sha256sum -c`` reads."""
    lines = [
        f"{Distribution.of(path, '').sha256}  {path.name}\n" for path in sorted(folder.iterdir())
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
