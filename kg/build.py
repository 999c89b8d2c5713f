"""The build: map, validate, index, swap in.

A build is made in ``.kg/builds/ID``; replacing the small file ``.kg/current``, in one step, puts
it in force. Killed at any point, the build before it still answers. One build runs at a time;
readers are never locked out, and the last two builds stay for those that have them open.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import duckdb

from kg.about import tool_version
from kg.duck import beside, engine, lent
from kg.errors import InputError, WorldError
from kg.export import Problem, write_survey
from kg.export.checks import check_rows
from kg.infer import infer_rdfs
from kg.lineage import Wanted, trace_workspace
from kg.mapping.reading import read_mappings
from kg.materialize import MapCount, Materialization, materialize
from kg.quads import QuadTable, write_index_files
from kg.rdf import spool_rdf
from kg.sources import Folders
from kg.store import Room, write_index
from kg.supervise import keep, leftover
from kg.validation import Options, Severity, Sink, Verdict, load_shapes, validate
from kg.validation.origins import Origins
from kg.workspace import Build, Infer, Workspace, show_path

# The one in force and the one before it, which somebody may still be reading.
KEPT_BUILDS: Final = 2

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a user may choose about a build.

    Attributes:
        index: Make the SPARQL index.
        validate: Validate before the build is put in force.
        fail_on: The mildest severity that keeps the build out of force.
        infer: What to infer; None: what ``kg.toml`` says.
        strict: Sources without records, and records that give no subject or no object, keep it
            out too.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        allow_outside: Let sources lie outside the workspace.
        ignore_unsupported: Leave out what is not supported of SHACL, instead of refusing it.
        sinks: Each is called with every validation result.
    """

    index: bool = True
    validate: bool = True
    fail_on: Severity = Severity.VIOLATION
    infer: Infer | None = None
    strict: bool = False
    memory: str | None = None
    threads: int | None = None
    allow_outside: bool = False
    ignore_unsupported: bool = False
    sinks: Sequence[Sink] = ()


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made.

    Attributes:
        build: Where it lies; it is gone if it was not put in force.
        in_force: Whether it was put in force.
        quads: Number of quads.
        triples: Number of distinct triples in the merge of all graphs.
        graphs: Each graph (None: the default graph) with its number of triples.
        counts: Records and losses of each triples map.
        verdict: What validation found; None if there was none.
        inferred: Number of triples that were inferred.
        merged: Triples that the index does not tell apart from others, since it compares values
            and not lexical forms; None without an index.
        problems: What stores may refuse; exports tell it with the places.
        seconds: CPU seconds by step.
    """

    build: Build
    in_force: bool
    quads: int
    triples: int
    graphs: tuple[tuple[str | None, int], ...]
    counts: tuple[MapCount, ...]
    verdict: Verdict | None
    inferred: int
    merged: int | None
    problems: tuple[Problem, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def build(
    workspace: Workspace,
    options: BuildOptions | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the graph of a workspace and put it in force.

    Args:
        workspace: The workspace.
        options: What the user chose.
        progress: Called with the name of each step as it begins.

    Raises:
        InputError: A mapping, source, ontology or shape is wrong.
        WorldError: The disk failed, or another build is running.
        LimitError: The memory limit was reached.
    """
    with _lock(workspace), _new_build(workspace) as made:
        return _Builder(workspace, options or BuildOptions(), progress, made).run()


class _Builder:
    """The steps of one build, in the order of `run`."""

    def __init__(
        self, workspace: Workspace, options: BuildOptions, progress: Progress | None, made: Build
    ) -> None:
        self.workspace = workspace
        self.options = options
        self.progress = progress
        self.made = made
        self.spill = made.path / "spill"
        self.seconds: dict[str, float] = {}

    def run(self) -> BuildResult:
        started = datetime.now(UTC)
        self.spill.mkdir()
        with engine(self.spill, self.options.memory, self.options.threads) as connection:
            with self.step("map"):
                mapped, inputs = self.map(connection)
            table, inferred = mapped.table, 0
            if (self.options.infer or self.workspace.infer) == "rdfs":
                with self.step("infer"):
                    table, inferred = self.infer(connection, table)
            with self.step("validate"):
                verdict = self.judge(connection, table)
            losses = self.options.strict and not all(count.is_whole for count in mapped.counts)
            refused = losses or (verdict is not None and verdict.fails(self.options.fail_on))
            merged = None
            if self.options.index and not refused:
                with self.step("index"):
                    merged = self.index(connection, table)
            problems: tuple[Problem, ...] = ()
            if not refused:
                with self.step("check"):
                    problems = write_survey(connection, table, self.workspace).problems
            result = BuildResult(
                build=self.made,
                in_force=not refused,
                quads=table.count(connection),
                triples=table.count_triples(connection),
                graphs=tuple(table.graphs(connection)),
                counts=mapped.counts,
                verdict=verdict,
                inferred=inferred,
                merged=merged,
                problems=problems,
                seconds=self.seconds,
            )
        shutil.rmtree(self.spill)
        if result.in_force:
            info = _info(result, started, _digests(self.workspace, inputs))
            _write(self.made.info_file, json.dumps(info, indent=2, ensure_ascii=False) + "\n")
            _put_in_force(self.workspace, self.made)
        return result

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.progress:
            self.progress(name)
        before = time.process_time()
        yield
        self.seconds[name] = round(time.process_time() - before, 3)

    def map(self, connection: duckdb.DuckDBPyConnection) -> tuple[Materialization, list[Path]]:
        workspace = self.workspace
        plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
        ontology = [(path, workspace.graph_iri(path)) for path in workspace.ontology_files]
        data = [(path, workspace.graph_iri(path)) for path in workspace.data_rdf_files]
        if not plan.triples_maps and not data:
            raise InputError(
                "nothing-to-build",
                "there is no mapping and no RDF file below data/",
                hint="Add data/NAME.yarrrml.yml beside your facts; see `kg help mapping`.",
            )
        spool = self.spill / "rdf.tsv"
        spool_rdf([*ontology, *data], spool)
        inside = None if self.options.allow_outside else workspace.root
        folders, made = Folders(inside, self.spill), self.spill / "quads.parquet"
        mapped = materialize(connection, plan, folders, made, spool)
        mapped = replace(mapped, table=mapped.table.moved(connection, self.made.quads))
        sources = [path for entry in mapped.loaded for path in entry.files]
        files = [
            workspace.config_file,
            *workspace.ontology_files,
            *workspace.shape_files,
            *workspace.data_rdf_files,
            *workspace.mapping_files,
            *sources,
        ]
        return mapped, files

    def infer(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable
    ) -> tuple[QuadTable, int]:
        made, count = infer_rdfs(
            connection, table, self.workspace.inferred_graph, self.spill / "inferred.parquet"
        )
        return made.moved(connection, self.made.quads), count

    def judge(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Verdict | None:
        """Validate; where a literal that is none breaks that off, tell the literal."""
        try:
            return self.validate(connection, table)
        except InputError as error:
            if error.code != "shapes-failed":
                raise
            raise self.ill_typed(connection, table) or error from error

    def ill_typed(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable
    ) -> InputError | None:
        rows = f"SELECT s, p, o, g FROM {table.sql}"
        for problem in check_rows(connection, rows):
            if problem.code != "ill-typed-literal":
                continue
            s, p, o, _ = problem.examples[0]
            found = trace_workspace(self.workspace, [Wanted(s, p, o)], memory=self.options.memory)
            trace = next(found, None)
            more = f" ({problem.count:,} values like it)" if problem.count > 1 else ""
            return InputError(
                problem.code,
                f"{o} is not in the lexical space of its datatype{more}",
                location=trace.location if trace else None,
                hint="Write a date as 2022-11-18, a number with digits; shapes cannot judge this.",
            )
        return None

    def validate(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Verdict | None:
        if not self.options.validate or not self.workspace.shape_files:
            return None
        shapes = load_shapes(
            self.workspace.shape_files, ignore_unsupported=self.options.ignore_unsupported
        )
        with ExitStack() as stack:

            @cache
            def origins() -> Origins:
                # An engine of their own: source tables have the same names as the graph's.
                sources = stack.enter_context(beside(connection, self.spill, self.options.threads))
                made = Origins(sources, self.workspace, shapes, self.spill)
                return stack.enter_context(closing(made))

            return validate(
                connection,
                table,
                shapes,
                report=self.made.report,
                sinks=self.options.sinks,
                options=Options(locate=lambda results: origins().locate(results)),
            )

    def index(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> int:
        files = write_index_files(connection, table, self.spill)
        lines = sum(lines for _, lines in files)
        with lent(connection) as (free, taken):
            room = Room(free, taken, ", or leave the index out with --no-index")
            held = write_index([path for path, _ in files], self.made.store, room)
        return lines - held


# --- the folder of builds -------------------------------------------------------------------


@contextmanager
def _lock(workspace: Workspace) -> Iterator[None]:
    workspace.builds.mkdir(parents=True, exist_ok=True)
    with (workspace.state / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorldError(
                "build-locked",
                f"another build of this workspace is running{_holder(lock)}",
                hint="Wait until it ends; queries go on meanwhile.",
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    process = lock.read().strip()
    return f" (process {process})" if process else ""


@contextmanager
def _new_build(workspace: Workspace) -> Iterator[Build]:
    """Give the folder of a new build, and take away what is not in force in the end."""
    _remove_old(workspace, keep=KEPT_BUILDS)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    made = Build(workspace.builds / stamp)
    leftover(made.path)
    try:
        made.path.mkdir()
    except OSError as error:
        raise WorldError("disk", f"cannot make {show_path(made.path)}: {error}") from error
    try:
        yield made
    finally:
        if _current(workspace) != made.id:
            shutil.rmtree(made.path, ignore_errors=True)
        else:
            _remove_old(workspace, keep=KEPT_BUILDS)


def _remove_old(workspace: Workspace, keep: int) -> None:
    """Remove builds that were never put in force, and all but the newest of the rest."""
    current = _current(workspace)
    complete = []
    for path in sorted(workspace.builds.iterdir(), reverse=True):
        if path.name == current:
            continue
        if (path / "build.json").is_file() and path.name < current:
            complete.append(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
    for path in complete[keep - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _current(workspace: Workspace) -> str:
    try:
        return workspace.current_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _put_in_force(workspace: Workspace, made: Build) -> None:
    keep(made.path)  # if it is killed from here on, the next build removes what is not in force
    _write(workspace.current_file, made.id + "\n")


def _write(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text, whatever happens."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise WorldError("disk", f"cannot write {show_path(path)}: {error}") from error


# --- build.json -----------------------------------------------------------------------------


def _info(result: BuildResult, started: datetime, sources: list[dict[str, Any]]) -> dict[str, Any]:
    verdict = result.verdict
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "id": result.build.id,
        "tool": f"kg {tool_version()}",
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "quads": result.quads,
        "triples": result.triples,
        "graphs": [{"graph": graph, "triples": count} for graph, count in result.graphs],
        "inferred": result.inferred,
        "merged_by_index": result.merged,
        "validation": None
        if verdict is None
        else {severity.label: count for severity, count in verdict.counts.items()},
        "cpu_seconds": result.seconds,
        "peak_memory": usage.ru_maxrss * _MAXRSS_UNIT,
        "sources": sources,
    }


# Bytes in the unit of ru_maxrss: kilobytes on Linux, bytes on macOS.
_MAXRSS_UNIT: Final = 1 if os.uname().sysname == "Darwin" else 1024


def _digests(workspace: Workspace, files: Sequence[Path]) -> list[dict[str, Any]]:
    found = []
    for name, path in sorted({_source_name(workspace.root, file): file for file in files}.items()):
        status = path.stat()
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        found.append(
            {
                "path": name,
                "size": status.st_size,
                "mtime_ns": status.st_mtime_ns,
                "sha256": digest,
            }
        )
    return found


def _source_name(root: Path, file: Path) -> str:
    """Return a source's path within the workspace, links kept; the whole path if it is outside."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() follows links
    if not (path.is_relative_to(root) and path.exists()):
        path = file.resolve()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
