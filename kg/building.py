"""Builds the graph of a workspace: map, validate, index, put in force.

A build is made in ``.kg/builds/ID``. Replacing the small file ``.kg/current`` in one step puts it
in force: it becomes the current build. If kg is killed at any point, the build before it still
answers. One build runs at a time. Readers are never locked out, and the last two builds are kept
for open readers.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from kg.about import tool_version
from kg.basis import Basis, noting
from kg.builds import clearing, last_build, new_build, put_in_force, seal, source_records
from kg.duck import engine
from kg.engines.outcome import MapCount
from kg.errors import InputError
from kg.exports import Problem
from kg.facts import across_of, count_graph, kinds_of, survey_of
from kg.findings import Finding, Level, as_record, read_accepted
from kg.findings.keys import unread_keys, unread_paths, with_meant
from kg.findings.material import read_material
from kg.findings.records import ill_typed, losses, shared_subjects, without_accepted
from kg.findings.results import Results
from kg.findings.sources import sources_of
from kg.findings.workspace import workspace_findings
from kg.found import STEP, graph_findings
from kg.indexing import changing, make_index
from kg.infer import infer_rdfs
from kg.kept import Kept, Mapped, note_shapes, note_sources
from kg.mapping import own_functions
from kg.mapping.documents import unnamed_mappings
from kg.mapping.plan import Plan
from kg.mapping.walk import own_files
from kg.names import Namer
from kg.outputs import files_of
from kg.parts import Elsewhere, map_all
from kg.paths import is_inside
from kg.planned import read_plan
from kg.quads import QuadTable
from kg.queries.kinds import ACROSS, NOTED
from kg.rdf.contexts import are_contexts_given
from kg.records import dataclass
from kg.rejects import check_target, current
from kg.rows import keep_rows
from kg.sizes import is_large
from kg.sources import Folders
from kg.sources.inputs import files_by_source
from kg.table.write import PARTS, write_copies
from kg.unread import keep_unread, known_unread
from kg.validation import Severity, Sink, Verdict, load_shapes
from kg.validation.shapes import ShapesGraph
from kg.verdict import Judging
from kg.workspace import Build, Infer, Workspace, show_path

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """The options of a build.

    Attributes:
        index: Make Oxigraph's index; None: if the graph is small. What is not made now is made
            when a question first wants it.
        table: Make the coded copies that the table engine asks; None: if the graph is large.
        validate: Validate before the build becomes the current one.
        fail_on: The mildest severity that makes the build fail.
        infer: The kind of inference; None: as in ``kg.toml``.
        strict: Fail also on sources without records, and on records that give no subject or
            object.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        allow_outside: Let sources lie outside the workspace.
        ignore_unsupported: Ignore unsupported features of SHACL instead of refusing them.
        sinks: Each is called with every validation result.
        basis: Notes what the build is made from.
        elsewhere: What maps in the stead of this process.
    """

    index: bool | None = None
    table: bool | None = None
    validate: bool = True
    fail_on: Severity = Severity.VIOLATION
    infer: Infer | None = None
    strict: bool = False
    memory: str | None = None
    threads: int | None = None
    allow_outside: bool = False
    ignore_unsupported: bool = False
    sinks: Sequence[Sink] = ()
    basis: Basis | None = None
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The result of a build.

    Attributes:
        build: The build; its folder is removed if it was not put in force.
        in_force: Whether it was put in force, so that it is the current build.
        quads: Number of quads.
        triples: Number of distinct triples in the merge of all graphs.
        graphs: Each graph (None: the default graph) with its number of triples.
        counts: Records and losses of each triples map.
        verdict: The result of validation; None if it did not run.
        inferred: Number of triples that were inferred.
        merged: Triples that the index cannot distinguish from others, since it compares values
            and not lexical forms; None without an index.
        problems: Problems that stores may have; exports report them with their places.
        findings: Findings that are not accepted, without losses.
        lossy: The counts of triples maps without the losses that are accepted.
        seconds: CPU seconds by step.
        skipped_records: Number of records that could not be read and were left out.
        skipped_values: Number of values that were left out of records that were read.
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
    findings: tuple[Finding, ...] = ()
    lossy: tuple[MapCount, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    skipped_records: int = 0
    skipped_values: int = 0

    @property
    def doubts(self) -> int:
        """How many findings, kinds of losses and problems there are."""
        losses = sum(not count.is_whole for count in self.lossy)
        return len(self.findings) + losses + len(self.problems)


def build(
    workspace: Workspace,
    options: BuildOptions | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the graph of a workspace and make it the current build.

    Records and values that cannot be read are an error, but within `kg.rejects.skipping`.

    Args:
        workspace: The workspace.
        options: The options of the build.
        progress: Called with the name of each step as it begins.

    Raises:
        InputError: A mapping, source, ontology or shape is not valid.
        WorldError: The disk failed, or another build is running.
        LimitError: The memory limit was reached.
    """
    chosen = options or BuildOptions()
    with new_build(workspace) as made, noting(chosen.basis):
        workspace = replace(workspace, allow_outside=chosen.allow_outside)
        builder = _Builder(workspace, chosen, progress, made)
        with closing(builder.before):
            return builder.run()


def noted(
    workspace: Workspace, options: BuildOptions | None = None, *, anew: bool = False
) -> BuildOptions:
    """Return options whose basis lets a build take over what the one before it has.

    Args:
        workspace: The workspace.
        options: The options; a basis that they have stays.
        anew: Whether to make all anew.
    """
    chosen = options or BuildOptions()
    if chosen.basis is not None:
        return chosen
    asked = repr(replace(chosen, sinks=(), memory=None, threads=None, elsewhere=None))
    inside = replace(workspace, allow_outside=chosen.allow_outside)
    made = Basis(inside, {"python": asked}, anew=anew)
    if current() or own_functions.files() or are_contexts_given():
        made.give_up()  # the next build may have others
    return replace(chosen, basis=made)


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
        self.plan = Plan(())
        self.kept: list[Finding] = []
        self.shapes: ShapesGraph | None = None
        self.inferred_graph: str | None = None
        self.kinds: dict[str, str] | None = None
        self.across: int | None = None
        self.counted = 0
        self.before = Kept(workspace, made, options.basis)
        self.causes: str | None = None
        self.rows: str | None = None
        self.rules: str | None = None
        self.others: list[Path] = []
        self.read: list[str] = []

    def run(self) -> BuildResult:
        started, rejects = datetime.now(UTC), current()
        self.spill.mkdir()
        with (
            engine(self.spill, self.options.memory, self.options.threads) as connection,
            ExitStack() as stack,
        ):
            with self.step("map"):
                mapped, inputs = self.map(connection)
            table, inferred = mapped.table, mapped.inferred
            if self.inference == "rdfs" and inferred is None:
                with self.step("infer"):
                    table, inferred = self.infer(connection, table)
            self.before.keep_graph(self.causes, mapped, inferred or 0, self.inferred_graph)
            of_index = connection, table, self.made, self.before, self.spill
            has_index = self.wants_index(connection, table)
            change = stack.enter_context(changing(*of_index)) if has_index else None
            with self.step("validate"):
                verdict = self.validate(connection, table)
            with self.step("check"):
                lossy, findings = self.doubts(connection, table, mapped.counts, verdict)
            doubtful = not all(count.is_whole for count in lossy) or any(
                finding.level >= Level.WARNING for finding in findings
            )
            refused = (self.options.strict and doubtful) or (
                verdict is not None and verdict.fails(self.options.fail_on)
            )
            merged: int | None = None
            problems: tuple[Problem, ...] = ()
            if not refused:
                self.prepare_questions(connection, table)
                with self.step("survey"):
                    problems = self.survey(connection, table)
            if has_index and not refused:
                with self.step("index"):
                    merged = make_index(*of_index, change)
            result = BuildResult(
                build=self.made,
                in_force=not refused,
                quads=table.count(connection),
                triples=table.count_triples(connection) if refused else self.counted,
                graphs=tuple(table.graphs(connection)),
                counts=mapped.counts,
                verdict=verdict,
                inferred=inferred or 0,
                merged=merged,
                problems=problems,
                findings=tuple(findings),
                lossy=lossy,
                seconds=self.seconds,
                skipped_records=rejects.records if rejects else 0,
                skipped_values=rejects.values if rejects else 0,
            )
        shutil.rmtree(self.spill)
        if result.in_force:
            self.put_in_force(result, started, mapped, inputs)
        return result

    def put_in_force(
        self, result: BuildResult, started: datetime, mapped: Mapped, inputs: list[Path]
    ) -> None:
        known, basis = self.before.digest_now, self.options.basis
        info = _info(result, started, source_records(self.workspace, inputs, known))
        info["previous"] = last_build(self.workspace, self.made)
        info["inferred_graph"] = self.inferred_graph
        info[NOTED] = self.kinds
        info[ACROSS] = self.across
        info["findings"] = [as_record(finding) for finding in self.kept]
        seal(self.made, info)
        put_in_force(self.workspace, self.made)
        with clearing(self.workspace, self.made):
            if basis and basis.write(self.made, inputs, result.doubts):
                keep_rows(self.before, self.plan, mapped, self.rows)
                self.before.write()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.progress:
            self.progress(name)
        before = time.process_time()
        yield
        self.seconds[name] = round(time.process_time() - before, 3)

    @property
    def inference(self) -> Infer:
        return self.options.infer or self.workspace.infer

    def map(self, connection: duckdb.DuckDBPyConnection) -> tuple[Mapped, list[Path]]:
        workspace = self.workspace
        settings = dict(workspace.prefixes), self.options.strict, self.options.allow_outside
        rules = self.before.key(workspace.mapping_files, workspace.base, *settings)
        self.plan = plan = read_plan(workspace, self.before, rules)
        if not plan.triples_maps and not workspace.data_rdf_files:
            hint = "Add data/NAME.yarrrml.yml beside your facts; see `kg help mapping`."
            for path, name in unnamed_mappings(workspace.root / "data"):
                hint = f"{show_path(path)} looks like a mapping: name it {name}."
            raise InputError(
                "nothing-to-build", "there is no mapping and no RDF file below data/", hint=hint
            )
        inside = None if self.options.allow_outside else (workspace.root,)
        folders = Folders(inside, self.spill)
        sources = files_by_source(plan, folders)
        read = [path for files in sources.values() for path in files]
        check_target([*files_of(workspace), *read, *own_functions.files()])
        if self.options.basis:
            note_sources(self.options.basis, plan, read)
        # No longer known if the sources are not files alone.
        rules = self.before.key(workspace.mapping_files, workspace.base, *settings)
        self.rules, self.read = rules, [str(path) for path in read]
        self.others = [path for path, _ in workspace.graph_files()]
        self.causes = self.before.key([*self.others, *read], rules, self.inference)
        self.rows = self.before.key(self.others, rules) if self.inference == "none" else None
        mapped, same = self.before.graph(self.causes), self.before.has_rules(rules)
        if mapped is None:
            strict, elsewhere = self.options.strict, self.options.elsewhere
            of_plan = workspace, plan, folders, self.before, rules, strict, self.rows
            mapped = map_all(connection, *of_plan, sources=sources, again=same, elsewhere=elsewhere)
            if self.inference == "none":
                mapped = replace(mapped, table=self.placed(connection, mapped.table))
        elif mapped.graph:
            self.inferred_graph = mapped.graph
        own = [path for path in own_files(plan) if is_inside(path, [workspace.root])]
        return mapped, [*self.inputs(), *mapped.files, *own]

    def placed(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> QuadTable:
        return table.moved(connection, self.made.quads, self.before.quads())

    def inputs(self) -> list[Path]:
        """Return the files of the workspace that the build reads, sources left aside."""
        return [
            self.workspace.config_file,
            *self.workspace.ontology_files,
            *self.workspace.shape_files,
            *self.workspace.data_rdf_files,
            *self.workspace.mapping_files,
        ]

    def doubts(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: QuadTable,
        counts: tuple[MapCount, ...],
        verdict: Verdict | None,
    ) -> tuple[tuple[MapCount, ...], list[Finding]]:
        """Return the counts and findings that are not accepted, and write those of records."""
        workspace = self.workspace
        prefixes = {**workspace.prefixes, **dict(self.plan.prefixes)}
        shared = [
            *shared_subjects(counts, prefixes, workspace.root),
            *ill_typed(counts, workspace.root),
        ]
        inside = None if self.options.allow_outside else workspace.root
        sources = sources_of(self.plan, inside, [])
        known_keys = known_unread(self.before, self.rules, sources)
        unread = unread_paths(self.plan, sources, self.spill, known_keys)
        keep_unread(self.before, self.rules, unread)
        keys = list(unread_keys(unread, workspace.root))
        if any(loss.records == count.records for count in counts for loss in count.losses):
            unread |= unread_paths(self.plan, sources, None)
            counts = with_meant(counts, self.plan, sources, unread)
        self.kept += [*shared, *losses(counts, prefixes, workspace.root), *keys]
        known = read_accepted(workspace.root, workspace.accepted)
        material = read_material(workspace, self.plan, self.shapes)
        key, steps = graph_findings(connection, table, self.before, workspace, material, self.spill)
        found = [
            *shared,
            *keys,
            *workspace_findings(
                connection,
                table,
                workspace,
                material,
                {} if verdict is None else verdict.met,
                inside,
                steps,
                anew=self.options.basis is not None and self.options.basis.anew,
            ),
        ]
        self.before.keep(STEP, key, steps.found)
        return without_accepted(counts, known, prefixes, workspace.root), known.new(found)

    def infer(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable
    ) -> tuple[QuadTable, int]:
        taken = {graph for graph, _ in table.graphs(connection)}
        self.inferred_graph = self.workspace.free_graph(taken)
        made, count = infer_rdfs(
            connection, table, self.inferred_graph, self.spill / "inferred.parquet"
        )
        return self.placed(connection, made), count

    def validate(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Verdict | None:
        if not self.options.validate or not self.workspace.shape_files:
            return None
        shapes = load_shapes(
            self.workspace.shape_files, ignore_unsupported=self.options.ignore_unsupported
        )
        if self.options.basis:
            note_shapes(self.options.basis, shapes)
        if not self.options.ignore_unsupported:  # which leaves something out
            self.shapes = shapes
        namer = Namer({**self.workspace.prefixes, **shapes.prefixes})
        results = Results(shapes, namer, self.workspace.root)
        key, files = self.before.key, self.workspace.shape_files
        judging = Judging(
            workspace=self.workspace,
            plan=self.plan,
            shapes=shapes,
            kept=self.before,
            report=self.made.report,
            spill=self.spill,
            is_inferred=self.inferred_graph is not None,
            causes=key(files, self.causes, self.options.ignore_unsupported),
            places=key([*files, *self.others], self.rules, self.read),
            ignores=self.options.ignore_unsupported,
            memory=self.options.memory,
            threads=self.options.threads,
            sinks=(*self.options.sinks, results.add),
        )
        verdict = judging.verdict(connection, table)
        self.kept += results.findings()
        return verdict

    def wants_index(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> bool:
        wanted = self.options.index
        return not is_large(table.count(connection)) if wanted is None else wanted

    def prepare_questions(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> None:
        """Make what questions need besides the index."""
        large = is_large(table.count(connection))
        if self.options.table or (self.options.table is None and large):
            with self.step("table"):
                if not self.before.table(connection):
                    write_copies(connection, table.sql, self.made.table, PARTS if large else 1)
        with self.step("kinds"):
            self.kinds = kinds_of(connection, table, self.before)
            self.across = None if large else across_of(connection, table, self.before)

    def survey(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable
    ) -> tuple[Problem, ...]:
        inferred, base = self.inferred_graph, self.workspace.base
        problems = survey_of(connection, table, self.before, self.workspace, inferred)
        self.counted = count_graph(connection, table, self.before, self.made, base, inferred)
        return problems


def _info(result: BuildResult, started: datetime, sources: list[dict[str, Any]]) -> dict[str, Any]:
    verdict = result.verdict
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
        "skipped": {"records": result.skipped_records, "values": result.skipped_values},
        "cpu_seconds": result.seconds,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT,
        "sources": sources,
    }


# Bytes in the unit of ru_maxrss: kilobytes on Linux, bytes on macOS.
_MAXRSS_UNIT: Final = 1 if os.uname().sysname == "Darwin" else 1024
