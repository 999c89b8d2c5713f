"""What the steps of a build gave, kept for the next: a step with the same causes is not done again.

``.kg/kept.json`` has, for the build in force, a key of each step (a digest of all that the step
depends on) and what it gave besides files; the files are copied out of that build. It is data in a
workspace that may come from anywhere, so it is read as JSON, into a few known kinds of records.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kg.basis import Basis, digest
from kg.builds import (
    NEVER_CHANGED,
    check_build,
    check_index,
    check_table,
    made_digest,
    quad_digests,
)
from kg.duck import Connection
from kg.engines.outcome import MapCount
from kg.errors import KgError
from kg.files import link, writing
from kg.mapping import own_functions
from kg.mapping.plan import Constant, Formulation, Plan, TermType
from kg.mapping.walk import plan_calls, plan_sources
from kg.notes import Note, tell
from kg.packed import packed, unpacked
from kg.paths import is_file, is_folder, is_link, names_in, read_file
from kg.quads import QuadTable, differing
from kg.records import dataclass
from kg.sources.files import patterns_of
from kg.sparql.volatile import is_volatile
from kg.table.change import change_copies
from kg.temporary import write_note
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal
from kg.workspace import NO_DIGEST, Build, Workspace, sealed

_NAME: Final = "kept.json"
# Of the rows of a table, how many may differ so that these alone are looked at; few are always.
_SHARE: Final = 0.1
_FEW: Final = 2_000
# Most bytes of the statements of RDF files that are kept: reading them is a small part of a build.
_MOST_RDF: Final = 8 * 2**20
_PART: Final = re.compile(r"[0-9a-f]{64}\.parquet")
_WRONG: Final = (KgError, OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A quad table, and what was told as it was made.

    Attributes:
        table: The quad table.
        counts: What each triples map read and lost.
        files: The files of the sources.
        notes: Notes of the readers.
        inferred: Number of triples in it that were inferred; None if that is not done yet.
        graph: The graph that these are in.
    """

    table: QuadTable
    counts: tuple[MapCount, ...]
    files: tuple[Path, ...]
    notes: tuple[Note, ...] = ()
    inferred: int | None = None
    graph: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some triples maps, whose quads are kept.

    Attributes:
        number: Stands for them in the table of quads.
        counts: What each read and lost.
        files: The files of their sources.
    """

    number: int
    counts: tuple[MapCount, ...]
    files: tuple[Path, ...]


class Kept:
    """What the build in force keeps, and what the build that is made will.

    Args:
        workspace: The workspace.
        made: The build that is made.
        basis: What it is made from; without it, or if it is not sure, all is made anew.
    """

    def __init__(self, workspace: Workspace, made: Build, basis: Basis | None) -> None:
        self._workspace = workspace
        self._made = made
        self._basis = basis
        self._new: dict[str, Any] = {}
        self._old: dict[str, Any] = {}
        self._before: Build | None = None
        self._same: bool | None = None
        self._near: tuple[QuadTable, QuadTable] | None = None
        self._looked = False
        self._differing: tuple[QuadTable, QuadTable] | None = None
        self._between: tuple[QuadTable, QuadTable] | None = None
        self._is_little: bool | None = None
        self._parts: dict[str, Any] = {}
        self._rdf = ""
        self._added: list[Path] = []
        if basis is not None and not basis.anew:
            self._read(basis)

    def _read(self, basis: Basis) -> None:
        with suppress(*_WRONG, RecursionError):
            text = read_file(_note(self._workspace)).decode("ascii")
            loaded = json.loads(text)
            if sealed(text.replace(loaded["sha256"], NO_DIGEST)) != text:
                return
            before = self._workspace.current_build()
            # Other software may lay out files otherwise, also those that no key tells of.
            if loaded["build"] == before.id and loaded["software"] == basis.software:
                # What is taken over gets digests of its own, which would hide that it is damaged.
                self._before, self._old = check_build(before, again=True), loaded

    @property
    def before(self) -> Build | None:
        """The build in force, if what it has may be taken over."""
        return self._before

    def key(self, files: Iterable[Path], *causes: object) -> str | None:
        """Return the digest of what a step depends on; None if that is not known for sure.

        Args:
            files: Files that it reads, with their names.
            causes: What else; None among them makes the digest unknown.
        """
        if self._basis is None or not self._basis.is_sure or None in causes:
            return None
        digests = [(str(path), self._basis.digest(path)) for path in files]
        if any(digest is None for _, digest in digests):
            return None
        # Messages name files as seen from the current folder. The order of prefixes counts.
        whole = [self._basis.software, str(Path.cwd()), digests, *causes]
        return hashlib.sha256(json.dumps(whole).encode("ascii")).hexdigest()

    def find(self, step: str, key: str | None) -> Any:  # noqa: ANN401  (what the step gave)
        """Return what a step gave that had the same causes; None if there was none."""
        with suppress(*_WRONG, RecursionError):
            if key is not None and self._old[step]["key"] == key:
                return unpacked(self._old[step]["gave"])
        return None

    def keep(self, step: str, key: str | None, gave: object) -> None:
        """Keep what a step gave."""
        if key is not None:
            self._new[step] = {"key": key, "gave": packed(gave)}

    def last(self, step: str) -> Any:  # noqa: ANN401  (what the step gave)
        """Return what a step gave in the build before, whatever its causes; None if unknown."""
        with suppress(*_WRONG, RecursionError):
            return unpacked(self._old[step]["gave"])
        return None

    def keep_again(self, step: str, key: str | None) -> None:
        """Keep what the build before has kept of a step that had the same causes."""
        if key is not None and self.find(step, key) is not None:
            self._new[step] = self._old[step]

    def digest(self, path: Path) -> str | None:
        """Return the digest of a file; None if it is not known for sure."""
        return self._basis.digest(path) if self._basis is not None else None

    def digest_now(self, path: Path) -> str | None:
        """Return the digest of a file if it is as it was when it was noted; else None."""
        return self._basis.digest_now(path) if self._basis is not None else None

    def copy(self, name: str) -> bool:
        """Take a file or folder of the build before into the one that is made; return if it was.

        Args:
            name: Its name in both. Files that are never written to are the same in both from then
                on.
        """
        if self._before is None:
            return False
        kept, target = self._before.path / name, self._made.path / name
        try:
            if is_folder(kept):
                shutil.copytree(kept, target, ignore=_logs, copy_function=_taken)
            elif is_file(kept):
                _taken(kept, target)
            else:
                return False
        except OSError:  # made anew, which tells what is wrong with the disk
            shutil.rmtree(target, ignore_errors=True)
            return False
        return True

    def graph(self, key: str | None) -> Mapped | None:
        """Copy the quad table that had the same causes, and tell again what was told of it."""
        found = self.find("graph", key)
        if found is None or self._before is None or not self.copy(self._before.quads.name):
            return None
        tell(found["notes"])
        with suppress(*_WRONG):  # the graph has the same statements of RDF files
            self._rdf, self._new["rdf"] = str(self._old["rdf"]["gave"]["sha256"]), self._old["rdf"]
        files = tuple(Path(name) for name in found["files"])
        table = QuadTable(self._made.quads)
        return Mapped(
            table, found["counts"], files, found["notes"], found["inferred"], found["graph"]
        )

    def keep_graph(self, key: str | None, mapped: Mapped, inferred: int, graph: str | None) -> None:
        """Keep what goes with the quad table."""
        gave = {
            "counts": mapped.counts,
            "files": [str(path) for path in mapped.files],
            "notes": mapped.notes,
            "inferred": inferred,
            "graph": graph,
        }
        self.keep("graph", key, gave)

    @property
    def rows(self) -> Path:
        """The folder of copies of sources, which `kg.rows` keeps."""
        return self._workspace.state / "rows"

    @property
    def target(self) -> Path:
        """The folder of the quad table that is made, if that is in parts."""
        return self._made.quads.with_suffix("")

    def changed(self, files: Iterable[Path]) -> list[Path]:
        """Return the files that the build before has not read as they are."""
        if self._before is None or self._basis is None:
            return list(files)
        known = {source["sha256"] for source in self._before.info()["sources"]}
        return [path for path in files if self._basis.digest(path) not in known]

    def has_rules(self, key: str | None) -> bool:
        """Return whether the build before has run the same rules, and keep their key."""
        self.keep("rules", key, ())
        return self.find("rules", key) is not None

    def parts(self) -> tuple[Path, dict[str, Part]] | None:
        """Return the quads of the parts of a plan that are kept, and the parts by key."""
        with suppress(*_WRONG, RecursionError):
            known = self._old["parts"]
            path = self._folder / f"{known['sha256']}.parquet"
            if is_link(self._folder) or digest(path) != known["sha256"]:
                return None
            return path, {key: _part(unpacked(gave)) for key, gave in known["of"].items()}
        return None

    def keep_parts(self, table: Path, parts: Mapping[str, Part]) -> Path:
        """Keep the quads of the parts of a plan, and return where they are now."""
        content = digest(table)
        path = self._folder / f"{content}.parquet"
        if is_link(self._folder):
            return table  # somebody else's folder
        if not is_file(path):
            self._added.append(path)
        with writing(path):
            self._folder.mkdir(exist_ok=True)
            table.replace(path)
        of = {
            key: packed({"number": each.number, "counts": each.counts, "files": each.files})
            for key, each in parts.items()
        }
        self._parts = {"sha256": content, "of": of}
        return path

    def rdf(self, key: str | None, target: Path) -> bool:
        """Give a file the statements of RDF files that are kept; return whether they are."""
        with suppress(*_WRONG):
            found = self.find("rdf", key)
            path = self._folder / f"{found['sha256']}.parquet"
            if is_link(self._folder) or digest(path) != found["sha256"]:
                return False
            link(path, target)
            tell(found["notes"])
            self._rdf, self._new["rdf"] = str(found["sha256"]), self._old["rdf"]
            return True
        return False

    def keep_rdf(self, key: str | None, spool: Path, notes: Iterable[Note]) -> None:
        """Keep the statements of RDF files, if they are not many, and what was told of them."""
        if key is None or is_link(self._folder) or spool.stat().st_size > _MOST_RDF:
            return
        content = digest(spool)
        path = self._folder / f"{content}.parquet"
        with writing(path):
            self._folder.mkdir(exist_ok=True)
            if not is_file(path):
                self._added.append(path)
                link(spool, path)
        self._rdf = content
        self.keep("rdf", key, {"sha256": content, "notes": tuple(notes)})

    @property
    def _folder(self) -> Path:
        return self._workspace.state / "parts"

    def same_quads(self) -> Build | None:
        """Return the build before if its quad table has the bytes of the one that is made."""
        if self._before is None:
            return None
        if self._same is None:
            self._same = quad_digests(self._before) == {
                path.name: made_digest(path) for path in QuadTable(self._made.quads).files
            }
        return self._before if self._same else None

    def index(self) -> int | None:
        """Copy the index of the same quads; return how many it merges, None if there is none."""
        before = self.same_quads()
        merged = None if before is None else before.info().get("merged_by_index")
        if before is None or not isinstance(merged, int):
            return None
        with suppress(KgError):
            check_index(before, again=True)
            return merged if self.copy(self._made.store.name) else None
        return None

    def plain_index(self) -> Build | None:
        """Return the build before if it has an index, and that merges no quads."""
        before = self._before
        with suppress(KgError):
            if before is not None and before.info().get("merged_by_index") == 0:
                check_index(before, again=True)
                return before if is_folder(before.store) else None
        return None

    def near(self) -> tuple[QuadTable, QuadTable] | None:
        """Return the parts of the table before and of the new one that differ; None if many do."""
        if not self._looked:
            self._looked = True
            with suppress(KgError):
                self._near = self._find_near()
        return self._near

    def differing(self, connection: Connection) -> tuple[QuadTable, QuadTable] | None:
        """Return the rows before and now of the subjects that differ; None if many parts do."""
        near = self.near()
        if self._differing is None and near is not None:
            self._differing = differing(connection, *near, self._made.path / "spill")
        return self._differing

    def difference(self, connection: Connection) -> tuple[QuadTable, QuadTable] | None:
        """Return the rows of `differing`, also of tables that are one file each."""
        new = QuadTable(self._made.quads)
        if self._before is None or is_folder(self._before.quads) or is_folder(new.path):
            return self.differing(connection)
        if self._between is None:
            old = QuadTable(self._before.quads)
            self._between = differing(connection, old, new, self._made.path / "spill")
        return self._between

    def little(self, connection: Connection) -> tuple[QuadTable, QuadTable] | None:
        """Return the rows of `difference` if they are few, so that looking at them is quicker."""
        found, parts = self.difference(connection), self.near()
        if found is None or parts is not None:
            return found
        if self._is_little is None:
            rows = sum(side.count(connection) for side in found)
            whole = rows if rows <= _FEW else QuadTable(self._made.quads).count(connection)
            self._is_little = rows <= max(_FEW, _SHARE * whole)
        return found if self._is_little else None

    def nears(self, connection: Connection) -> Iterator[tuple[QuadTable, QuadTable]]:
        """Yield rows that differ, and parts that do: in more rows more is sure."""
        yield from (each for each in (self.little(connection), self.near()) if each)

    def quads(self) -> QuadTable | None:
        """Return the table before, if it is in parts."""
        before = self._before
        return QuadTable(before.quads) if before and is_folder(before.quads) else None

    def _find_near(self) -> tuple[QuadTable, QuadTable] | None:
        old, new = self.quads(), QuadTable(self._made.quads)
        if self._before is None or old is None or not is_folder(new.path):
            return None
        before, made = (
            quad_digests(self._before),
            {path.name: made_digest(path) for path in new.files},
        )
        same = {*before.values()} & {*made.values()}
        if len(same) < len(made) // 2:
            return None
        return (
            replace(old, without=frozenset(name for name in before if before[name] in same)),
            replace(new, without=frozenset(name for name in made if made[name] in same)),
        )

    def table(self, connection: Connection) -> bool:
        """Make the coded copies out of those of the build before; return if it was done."""
        rows = self.differing(connection)
        if self._before is None or not (rows or self.same_quads()):
            return False
        with suppress(KgError):
            check_table(self._before, again=True)
            if self.same_quads() is not None:
                return self.copy(self._made.table.name)
            if rows is not None:
                old, new = (side.sql for side in rows)
                return change_copies(connection, self._before.table, old, new, self._made.table)
        return False

    def write(self) -> None:
        """Write what is kept of the build in force, if all causes of its steps are known."""
        if self._basis is None or self._basis.leads_on:
            return
        same = self._new.get("rules") == self._old.get("rules")
        parts = self._parts or (self._old.get("parts", {}) if same else {})
        software = self._basis.software
        content = {
            "build": self._made.id,
            "software": software,
            **self._new,
            "parts": parts,
            "sha256": NO_DIGEST,
        }
        with suppress(OSError):
            write_note(_note(self._workspace), sealed(json.dumps(content)))
            wanted = parts.get("sha256"), self._rdf
            for name in () if is_link(self._folder) else names_in(self._folder):
                if _PART.fullmatch(name) and name.partition(".")[0] not in wanted:
                    (self._folder / name).unlink()
            self._added.clear()

    def close(self) -> None:
        """Remove the quads of rules that were kept for nothing, as the build is not in force."""
        for path in self._added:
            with suppress(OSError):
                path.unlink()


def note_sources(basis: Basis, plan: Plan, read: Sequence[Path]) -> None:
    """Note the sources of a plan; give up on those that are no files, on the time and on chance."""
    sources = plan_sources(plan)
    now = Constant(own_functions.now(), TermType.LITERAL)
    if (
        any(source.formulation is Formulation.SQL for source in sources)
        or any(now in call.arguments for call in plan_calls(plan))
        or any(is_volatile(source.query) for source in sources)
    ):
        basis.give_up()
    basis.add(read)
    basis.add_patterns(pattern for source in sources for pattern in patterns_of(source))


def note_shapes(basis: Basis, shapes: ShapesGraph) -> None:
    """Give up if a query of the shapes asks the time or chance; each text may be one."""
    texts = (value for _, _, value in shapes.triples() if is_literal(value))
    if any(is_volatile(split_literal(text).lexical) for text in texts):
        basis.give_up()


def _taken(source: str | Path, target: str | Path) -> None:
    """Give a file that is never written to a second name; copy others."""
    take = link if str(source).endswith(NEVER_CHANGED) else shutil.copyfile
    take(Path(source), Path(target))


def _logs(folder: str, names: list[str]) -> list[str]:
    """Return the files in which RocksDB says how it was opened: one more each time."""
    del folder
    return [name for name in names if name.startswith("LOG")]


def _note(workspace: Workspace) -> Path:
    return workspace.state / _NAME


def _part(gave: Mapping[str, Any]) -> Part:
    return Part(int(gave["number"]), gave["counts"], tuple(map(Path, gave["files"])))
