"""Whether the sources of a workspace changed since its build, told once for each change.

Size and time of each source are compared with what ``build.json`` holds; the content is read only
where they differ. What was found is remembered in ``.kg/seen.json``, so that neither the reading
nor the telling is repeated.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kg.errors import KgError
from kg.paths import open_file, read_file
from kg.temporary import write_note
from kg.workspace import Build, Workspace

_MEMORY: Final = "seen.json"
# File names shown in the message.
_SHOWN: Final = 3


def stale_message(workspace: Workspace, build: Build) -> str | None:
    """Return what to tell the user about changed sources, or None if there is nothing new.

    A build that says nothing about its sources is not judged. Nothing here fails: a folder that
    cannot be written only makes the message come again.
    """
    changed, news = _remembered(workspace, build, tell=True)
    return _message(changed) if changed and news else None


def changed_sources(workspace: Workspace, build: Build) -> tuple[str, ...]:
    """Return the files that have changed, come or gone since a build, as paths in the workspace.

    Sources in databases are not looked at. A build that says nothing about its sources has none.
    """
    return tuple(_remembered(workspace, build, tell=False)[0])


def _remembered(workspace: Workspace, build: Build, *, tell: bool) -> tuple[list[str], bool]:
    """Return what has changed, and whether the user has not been told; note what was read.

    Args:
        workspace: The workspace.
        build: The build.
        tell: Whether the user is told now.
    """
    sources = _recorded(build)
    if sources is None:
        return [], False
    memory_file = workspace.state / _MEMORY
    memory = _read(memory_file)
    before = memory if memory.get("build") == build.id else {}
    now = {"build": build.id, "seen": {}, "told": before.get("told", [])}
    changed = [
        source["path"]
        for source in sources
        if _changed(workspace.root, source, before.get("seen", {}), now["seen"])
    ]
    changed += _new_files(workspace, {source["path"] for source in sources})
    changed.sort()
    news = changed != now["told"]
    if tell:
        now["told"] = changed
    if now != memory and (now["seen"] or changed or memory):
        _write(memory_file, now)
    return changed, news


def _message(changed: list[str]) -> str:
    names = ", ".join(changed[:_SHOWN])
    if len(changed) > _SHOWN:
        names += f" and {len(changed) - _SHOWN} more"
    verb = "has" if len(changed) == 1 else "have"
    return f"kg: {names} {verb} changed since the build; run `kg build` to see the changes."


def _recorded(build: Build) -> list[dict[str, Any]] | None:
    sources = _read(build.info_file).get("sources")
    if not isinstance(sources, list):
        return None
    return [source for source in sources if isinstance(source, dict) and "path" in source]


def _changed(
    root: Path, source: dict[str, Any], before: dict[str, Any], seen: dict[str, Any]
) -> bool:
    """Return whether a source changed; put into `seen` what had to be read for that."""
    path = root / source["path"]
    try:
        stat = path.stat()
    except OSError:
        return True
    if [stat.st_size, stat.st_mtime_ns] == [source.get("size"), source.get("mtime_ns")]:
        return False
    key = [stat.st_size, stat.st_mtime_ns]
    known = before.get(source["path"])
    if isinstance(known, list) and known[:2] == key:
        seen[source["path"]] = known
        return bool(known[2])
    differs = stat.st_size != source.get("size") or _digest(path) != source.get("sha256")
    seen[source["path"]] = [*key, differs]
    return differs


def _digest(path: Path) -> str | None:
    import hashlib

    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (KgError, OSError):
        return None


def _new_files(workspace: Workspace, recorded: set[str]) -> list[str]:
    """Return files that the next build would read and this one did not know."""
    # Nothing is read here, so links may lead anywhere.
    workspace = replace(workspace, allow_outside=True)
    found = (*workspace.ontology_files, *workspace.data_rdf_files, *workspace.mapping_files)
    paths = [path.relative_to(workspace.root).as_posix() for path in found]
    return [path for path in paths if path not in recorded]


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(read_file(path))
    except (KgError, ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    with suppress(OSError):
        write_note(path, json.dumps(content))
