"""The Python API: what the commands do, as functions.

    import kg

    kg.build()
    for row in kg.query("launches-by-administration"):
        print(row.value("administration"), row.value("launches"))
    kg.export("graph.ttl")

Results are streamed, errors are those of `kg.errors`. ``docs/python.md`` has more examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.workspace import COMMON_PREFIXES, Workspace, find_workspace

if TYPE_CHECKING:
    from kg.build import BuildOptions, BuildResult
    from kg.map import Mapped
    from kg.validation import Result, Verdict

Place = Workspace | str | Path | None


def build(
    workspace: Place = None,
    options: BuildOptions | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildResult:
    """Build the graph of a workspace and put it in force: map, validate, index, swap in.

    Args:
        workspace: The workspace, or a folder in it; by default that of the current folder.
        options: What may be chosen, as `kg.build.BuildOptions`.
        progress: Called with the name of each step as it begins.

    Returns:
        What was made; ``in_force`` is false if validation failed.

    Raises:
        InputError: There is no workspace, or a mapping, source, ontology or shape is wrong.
        WorldError: The disk failed, or another build is running.
        LimitError: The memory limit was reached.
    """
    from kg.build import build as run

    return run(_workspace(workspace), options, progress)


def map(  # the name of the command
    mappings: Sequence[str | Path],
    target: str | Path | None,
    *,
    format_name: str | None = None,
    base: str = "",
    prefixes: Mapping[str, str] = COMMON_PREFIXES,
    memory: str | None = None,
    threads: int | None = None,
    allow_outside: bool = False,
) -> Mapped:
    r"""Run RML or YARRRML files without a workspace.

    Args:
        mappings: The mapping files; sources are found beside them.
        target: The RDF file to write, or ``-``; None if the mappings name targets for all.
        format_name: Name of the RDF format; by default the target's ending tells it.
        base: Prepended to relative IRIs, unless a mapping has its own base.
        prefixes: Prefixes known to YARRRML without being declared, and used in Turtle.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        allow_outside: Let sources and targets lie outside the current folder and the mappings',
            and let sources be servers.

    Returns:
        What was written, with the records and losses of each triples map.

    Raises:
        InputError: A mapping or a source is wrong.
        WorldError: The disk failed; the target is as it was.
        LimitError: The memory limit was reached; the target is as it was.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = (folder / "a.csv").write_text("id,name\n1,Ada\n")
    ...     _ = (folder / "a.yarrrml.yml").write_text(
    ...         "prefixes: {ex: 'http://example.org/'}\n"
    ...         "mappings: {m: {sources: [['a.csv~csv']], s: ex:$(id), po: [[ex:name, $(name)]]}}"
    ...     )
    ...     done = map([folder / "a.yarrrml.yml"], folder / "a.nt")
    ...     print((folder / "a.nt").read_text().strip(), done.counts[0].records)
    <http://example.org/1> <http://example.org/name> "Ada" . 1
    """
    from kg.map import map_files

    return map_files(
        [Path(path) for path in mappings],
        None if target is None else str(target),
        format_name=format_name,
        base=base,
        prefixes=prefixes,
        memory=memory,
        threads=threads,
        allow_outside=allow_outside,
    )


def validate(
    workspace: Place = None,
    *,
    data: Sequence[str | Path] = (),
    shapes: Sequence[str | Path] = (),
    report: str | Path | None = None,
    on_result: Callable[[Result], None] | None = None,
    ignore_unsupported: bool = False,
    memory: str | None = None,
    threads: int | None = None,
) -> Verdict:
    """Validate the current build of a workspace, or RDF files, against SHACL shapes.

    Args:
        workspace: The workspace, or a folder in it; by default that of the current folder.
        data: RDF files to validate in the place of a workspace.
        shapes: Files with shapes; by default those of the workspace.
        report: Where the standard report goes, in Turtle.
        on_result: Called with each result as it is found, with the records that it came from;
            none is kept.
        ignore_unsupported: Leave out what kg does not support of SHACL; the verdict notes it.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Returns:
        The verdict: counts by severity, ``conforms``, ``notes`` of what was not checked.

    Raises:
        InputError: A file or a shape is wrong, or there is no build.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = (folder / "a.ttl").write_text("<http://e/a> a <http://e/Person> .")
    ...     _ = (folder / "s.ttl").write_text(
    ...         "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://e/S> a sh:NodeShape ;"
    ...         " sh:targetClass <http://e/Person> ;"
    ...         " sh:property [ sh:path <http://e/name> ; sh:minCount 1 ] ."
    ...     )
    ...     verdict = validate(data=[folder / "a.ttl"], shapes=[folder / "s.ttl"])
    ...     print(verdict.conforms)
    False
    """
    from kg.graph import Checks, open_graph, read_shapes, validate_files

    checks = Checks(
        sinks=[on_result] if on_result else [],
        report=None if report is None else Path(report),
        memory=memory,
        threads=threads,
    )
    files = [Path(path) for path in shapes]
    if data:
        read = read_shapes(files, ignore_unsupported=ignore_unsupported)
        return validate_files([Path(path) for path in data], read, checks)
    graph = open_graph(_workspace(workspace))
    return graph.validate(graph.shapes(files, ignore_unsupported=ignore_unsupported), checks)


def _workspace(given: Place) -> Workspace:
    return given if isinstance(given, Workspace) else find_workspace(Path(given or "."))
