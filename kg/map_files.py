"""Mappings run without a workspace: RML or YARRRML files in, RDF files out.

What a mapping sends to logical targets goes there, the rest to the default output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kg import progress
from kg.duck import engine
from kg.engines import recording
from kg.engines.duckdb import DuckDB, explain
from kg.engines.engine import Engine
from kg.engines.outcome import LossCount as LossCount
from kg.engines.outcome import MapCount as MapCount
from kg.engines.outcome import Outcome
from kg.errors import InputError, Location, UsageError
from kg.exports import choose_format, export_table
from kg.exports.targets import write_target
from kg.files import Renames
from kg.logins import without_login
from kg.mapping.documents import read_mappings
from kg.mapping.natural import Datatypes
from kg.mapping.own_functions import files, of_texts
from kg.mapping.plan import LogicalTarget, Plan
from kg.mapping.targets import Routing, file_fault, no_file, target_path
from kg.outputs import refuse_input
from kg.paths import is_inside, real_path, show_path
from kg.records import dataclass
from kg.rejects import check_target, current
from kg.sources import Folders
from kg.sources import addresses as answering
from kg.sources.addresses import Replacements, replacing
from kg.sources.files import located
from kg.sources.inputs import input_files
from kg.sources.servers import HOSTS, is_known
from kg.temporary import temporary_folder
from kg.variables import Variables, using
from kg.workspace import COMMON_PREFIXES

# Where sources and targets may lie.
_CALLED: Final = "the current folder and the mapping's"


@dataclass(frozen=True, slots=True)
class TargetWritten:
    """A logical target that was written.

    Attributes:
        target: The target.
        path: Its file.
        statements: Number of triples (or quads) in it.
    """

    target: LogicalTarget
    path: Path
    statements: int

    @property
    def shown(self) -> str:
        """What messages call it."""
        return without_login(self.target.endpoint) or show_path(self.path)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a run of mappings did.

    Attributes:
        target: The file of the default output, or ``-``; None if there was none to write.
        statements: Number of triples (or quads) in it.
        counts: Records and losses of each triples map.
        targets: The logical targets that the mappings name.
        prefixes: Prefix and namespace, as known to the mappings.
    """

    target: str | None
    statements: int
    counts: tuple[MapCount, ...]
    targets: tuple[TargetWritten, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingFiles:
    """Mapping files, and what is known beside them.

    Attributes:
        paths: RML (``.ttl``) or YARRRML (``.yml``) files; sources are found beside them.
        base: Prepended to relative IRIs, unless a mapping has its own base.
        prefixes: Prefixes known to YARRRML without being declared, and used in Turtle
            beside those that the mappings declare.
        variables: Values that mappings name as ``${NAME}``; None: they are taken as they are.
        source_folders: Where sources are looked for that are not beside their mapping.
        datatypes: Which datatypes literals have that the mapping gives none: ``natural``,
            ``none`` or ``guess``.
        allow_outside: Let the mappings name sources and targets outside of the current folder
            and of their own, and servers.
    """

    paths: Sequence[Path]
    base: str = ""
    prefixes: Mapping[str, str] = field(default_factory=lambda: COMMON_PREFIXES)
    variables: Variables | None = None
    source_folders: Sequence[Path] = ()
    datatypes: str = Datatypes.NATURAL.value
    allow_outside: bool = False

    @contextmanager
    def read(self) -> Iterator[Plan]:
        """Give their plan; the variables have their values as long as the context lasts.

        Raises:
            InputError: A mapping is wrong.
            UsageError: There are no such datatypes.
        """
        natural = Datatypes.named(self.datatypes)
        with using(self.variables):
            plan = located(read_mappings(self.paths, self.prefixes, self.base), self.source_folders)
            yield replace(plan, datatypes=natural)

    @property
    def inside(self) -> tuple[Path, ...] | None:
        """The folders that sources and targets may lie in; None: anywhere."""
        if self.allow_outside:
            return None
        own = [real_path(path).parent for path in self.paths]
        return real_path(Path.cwd()), *own, *map(real_path, self.source_folders)

    def prefixes_of(self, plan: Plan) -> dict[str, str]:
        """Return the prefixes that are known, with those that the mappings declare."""
        return {**self.prefixes, **dict(plan.prefixes)}


def map_files(
    mappings: MappingFiles,
    target: str | None,
    *,
    format_name: str | None = None,
    memory: str | None = None,
    threads: int | None = None,
    addresses: Replacements | None = None,
    most_records: int | None = None,
) -> Mapped:
    """Run mapping files and write what they make.

    Args:
        mappings: The files.
        target: The RDF file of the default output, or ``-`` for standard output; None where all
            statements go to targets that the mappings name.
        format_name: Name of the RDF format; by default the target's ending tells it.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        addresses: What answers ``unparsed-text`` of XPath; None: addresses are refused.
        most_records: How many records of each source are mapped, the first ones; None: all.

    Raises:
        UsageError: There is no target for the default output, or there are no such datatypes.
        InputError: A mapping or a source is wrong, or a target lies outside.
        LimitError: The memory limit was reached; all files are as they were.
        WorldError: The disk failed; all files are as they were.
    """
    if target is not None:
        choose_format(target, format_name)
    with mappings.read() as plan, replacing(addresses or Replacements()):
        plan = replace(plan, most_records=most_records)
        return _map_files(plan, mappings, target, format_name, memory, threads)


def read_replacements(options: Sequence[str]) -> Replacements:
    """Return what the options ``--replace-address`` say.

    Args:
        options: Texts of the form ``PREFIX=FUNCTION``; a function is built in, or one of the
            user's own that makes one text of one text.

    Raises:
        UsageError: One has another form, or names no function.
    """
    return answering.read_replacements(options, of_texts())


def _map_files(
    plan: Plan,
    mappings: MappingFiles,
    target: str | None,
    format_name: str | None,
    memory: str | None,
    threads: int | None,
) -> Mapped:
    prefixes, inside = mappings.prefixes_of(plan), mappings.inside
    routing = Routing(plan)
    if target is None and (not routing.targets or routing.has_default(plan)):
        raise _no_output(routing)
    stated = [each for each in routing.targets if each.name is None]
    _check_targets(stated, target, inside)
    outputs, inputs = _check_inputs(plan, mappings.paths, stated, target, inside)
    with temporary_folder("map") as folder, Renames() as together:
        spill = Path(folder)
        made = _run(plan, Folders(inside, spill, _CALLED, outputs, inputs), memory, threads)
        if len(stated) < len(routing.targets):  # records named the files of the others
            written_to = [logical for logical, _ in made.targets]
            _check_targets(written_to, target, inside)
            read = [each for each in written_to if not each.endpoint and _is_read(each, inputs)]
            _refuse_inputs([*inputs], read)
            _refuse_options(written_to)
        with engine(spill, memory, threads) as connection:  # one for all files
            sent = {
                logical: write_target(
                    connection, table, logical, prefixes=prefixes, spill=spill, together=together
                )
                for logical, table in made.targets
                if not logical.endpoint
            }
            statements = 0
            if target is not None:
                progress.begin("write")
                statements = export_table(
                    made.table,
                    target,
                    format_name=format_name,
                    prefixes=prefixes,
                    connection=connection,
                ).statements
        # Servers come last: what they get cannot be taken back.
        for logical, table in made.targets:
            if logical.endpoint:
                from kg.exports.updates import send_updates

                sent[logical] = send_updates(
                    table, logical, spill=spill, memory=memory, threads=threads
                )
    written = tuple(
        TargetWritten(logical, target_path(logical), sent[logical]) for logical, _ in made.targets
    )
    return Mapped(target, statements, made.counts, written, prefixes)


def _run(plan: Plan, folders: Folders, memory: str | None, threads: int | None) -> Outcome:
    with engine(folders.spill, memory, threads) as connection:
        target = folders.spill / "quads.parquet"
        runner: Engine = DuckDB(connection)
        return runner.run(plan, folders, target, routed=True)


def _no_output(routing: Routing) -> UsageError:
    if not routing.targets:
        return UsageError(
            "missing-output", "there is no -o FILE", hint="Write -o graph.ttl, or -o - --format nt."
        )
    return UsageError(
        "missing-output",
        "there is no -o FILE, and not all statements go to targets of the mapping",
        hint="Write -o graph.ttl for what has no target.",
    )


def _check_targets(
    targets: Sequence[LogicalTarget], output: str | None, inside: tuple[Path, ...] | None
) -> None:
    """Refuse targets that lie outside, or that are the same file, before any work is done."""
    seen: dict[Path, LogicalTarget] = {}
    for target in targets:
        if target.endpoint:
            _check_server(target, inside)
            continue
        path = real_path(target_path(target))
        place = target.origin.location()
        if inside is not None and not is_inside(path, inside):
            raise InputError(
                "outside-folder",
                f"the target {target.path} lies outside {_CALLED}",
                location=place,
                hint="Name a file below them, or allow it with --allow-outside.",
            )
        fault = file_fault(target)
        if fault:
            raise no_file(target, fault, place, "Name a file.")
        if not path.parent.is_dir():
            raise InputError(
                "missing-folder",
                f"there is no folder {show_path(path.parent)} for the target {target.path}",
                location=place,
                hint="Make the folder.",
            )
        if path in seen:
            raise _same_file(target, seen[path])
        if output not in (None, "-") and path == real_path(Path(str(output))):
            raise InputError(
                "same-target",
                f"{target.path} is the file of the default output too",
                location=place,
                hint="Give -o another name.",
            )
        seen[path] = target


def _same_file(target: LogicalTarget, other: LogicalTarget) -> InputError:
    """Return the error for two targets that are one file, by their names or by links."""
    what = f"{target.path} and {other.path} are the same file"
    if target.path == other.path:
        what = f"{target.path} is a target twice"
    if replace(target, path="", folder="") != replace(other, path="", folder=""):
        what += ", in different forms"
    place, others = target.origin.location(), other.origin.location()
    hint = "Give each a file of its own." if place == others else f"The other one is at {others}."
    return InputError("same-target", what, location=place, hint=hint)


def _check_server(target: LogicalTarget, inside: tuple[Path, ...] | None) -> None:
    """Refuse a server that the user has not allowed, and named unless it is on this machine."""
    from kg.http import refuse_login

    place, shown = target.origin.location(), without_login(target.endpoint)
    refuse_login(target.endpoint)
    if inside is not None:
        raise InputError(
            "outside-folder",
            f"the target {shown} is a server",
            location=place,
            hint="Allow it with --allow-outside.",
        )
    parts = urlsplit(target.endpoint)
    if not is_known(parts.hostname or "", parts.port):
        raise InputError(
            "unknown-server",
            f"the mapping would send its statements to {parts.hostname}, which you have not named",
            location=place,
            hint=f"If that is right, name the server first: export {HOSTS}={parts.hostname}",
        )


def _check_inputs(
    plan: Plan,
    mappings: Sequence[Path],
    targets: Sequence[LogicalTarget],
    output: str | None,
    inside: tuple[Path, ...] | None,
) -> tuple[frozenset[Path], frozenset[Path]]:
    """Refuse to write over a mapping or a source, before anything is written.

    Returns:
        The files that the run writes: paths in the data may lead to them, too; those that it reads.
    """
    inputs = _inputs(plan, mappings, inside)
    outputs = _refuse_inputs(inputs, targets, output)
    read_or_written = [*inputs, *outputs]
    check_target(read_or_written)
    noted, rejects = recording.current(), current()
    if noted is not None and noted.before is not None:
        noted.before(read_or_written)
    written = [*outputs]
    written += [each.target for each in (noted, rejects) if each and each.target]
    return frozenset(map(real_path, written)), frozenset(map(real_path, inputs))


def _is_read(target: LogicalTarget, inputs: frozenset[Path]) -> bool:
    return real_path(target_path(target)) in inputs


def _inputs(plan: Plan, mappings: Sequence[Path], inside: tuple[Path, ...] | None) -> list[Path]:
    return [*mappings, *input_files(plan, Folders(inside, Path(), _CALLED)), *files()]


def _refuse_inputs(
    inputs: Sequence[Path], targets: Sequence[LogicalTarget], output: str | None = None
) -> list[Path]:
    """Refuse to write over a file that is read, and return the files that are written."""
    outputs: list[tuple[Path, Location | None]] = [
        (target_path(target), target.origin.location()) for target in targets if not target.endpoint
    ]
    if output not in (None, "-"):
        outputs.append((Path(str(output)), None))
    for path, place in outputs:
        refuse_input(path, inputs, read_as="a mapping or a source", place=place)
    return [path for path, _ in outputs]


def _refuse_options(targets: Sequence[LogicalTarget]) -> None:
    """Refuse files that records name and options of the run, too.

    With ``--rejects``, records that do so were left out.
    """
    noted = recording.current()
    if noted is None or noted.target is None:
        return
    own = real_path(noted.target)
    for target in targets:
        if not target.endpoint and real_path(target_path(target)) == own:
            raise InputError(
                "same-target",
                f"a record names {target.path}, the file of --report, as that of a target",
                location=target.origin.location(),
                hint="Give --report another name.",
            )


def explain_files(mappings: MappingFiles) -> str:
    """Return the SQL that mapping files compile to; nothing is read but the mappings.

    Raises:
        InputError: A mapping is wrong.
        UsageError: There are no such datatypes.
    """
    with mappings.read() as plan:
        return explain(plan)
