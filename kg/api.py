"""The Python API: what the commands do, as functions.

    import kg

    kg.build()
    graph = kg.open()
    for row in graph.ask("launches-by-administration"):
        print(row.value("administration"), row.value("launches"))
    graph.export("graph.ttl")

Answers are read as they are found, errors are those of `kg.errors`. ``docs/python.md`` has more
examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from kg.graph import Graph, ask, open_graph, read_shapes, validate_files
from kg.workspace import COMMON_PREFIXES, Workspace, find_workspace, workspace_around

if TYPE_CHECKING:
    from kg.building import BuildOptions, BuildResult
    from kg.exports import Exported, ExportOptions
    from kg.map_files import Mapped
    from kg.queries.limits import Limits
    from kg.queries.results import Result as Answer
    from kg.queries.term import Value
    from kg.validation import Result, Verdict

Place = Workspace | str | Path | None


def open(  # as the name says, like Python's own
    folder: Workspace | str | Path = ".", *, memory: str | None = None, threads: int | None = None
) -> Graph:
    """Return the graph in force of a workspace.

    Args:
        folder: The workspace, or a folder in it; by default that of the current folder.
        memory: Peak memory of the process, such as ``1GB``, for all but questions.
        threads: Worker threads, for all but questions.

    Raises:
        InputError: There is no workspace, or it has not been built.
    """
    return open_graph(folder, memory=memory, threads=threads)


def build(
    workspace: Place = None,
    options: BuildOptions | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    full: bool = False,
) -> BuildResult:
    """Build the graph of a workspace and put it in force: map, validate, index, swap in.

    What has not changed since the last build is taken over from it, with the same result.

    Args:
        workspace: The workspace, or a folder in it; by default that of the current folder.
        options: What may be chosen, as `kg.BuildOptions`.
        progress: Called with the name of each step as it begins.
        full: Make all of it anew.

    Returns:
        What was made; ``in_force`` is false if validation failed.

    Raises:
        InputError: There is no workspace, or a mapping, source, ontology or shape is wrong.
        WorldError: The disk failed, or another build is running.
        LimitError: The memory limit was reached.
    """
    from kg.building import build as run
    from kg.building import noted

    where = _workspace(workspace)
    return run(where, noted(where, options, anew=full), progress)


def map(  # the name of the command
    mappings: Sequence[str | Path],
    target: str | Path | None,
    *,
    format_name: str | None = None,
    base: str = "",
    prefixes: Mapping[str, str] | None = None,
    memory: str | None = None,
    threads: int | None = None,
    allow_outside: bool = False,
    variables: Mapping[str, str] | None = None,
    source_folders: Sequence[str | Path] = (),
    datatypes: str = "natural",
    addresses: Mapping[str, str] | None = None,
    functions: Sequence[str | Path] = (),
) -> Mapped:
    r"""Run RML or YARRRML files without a workspace.

    Args:
        mappings: The mapping files; sources are found beside them.
        target: The RDF file to write, or ``-``; None if the mappings name targets for all.
        format_name: Name of the RDF format; by default the target's ending tells it.
        base: Prepended to relative IRIs, unless a mapping has its own base.
        prefixes: Prefixes known to YARRRML without being declared, and used in Turtle; by default
            those of the workspace that the current folder is in, or else the common ones.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        allow_outside: Let sources and targets lie outside the current folder and the mappings',
            and let sources be servers.
        variables: Values of ``${NAME}`` by name, as ``--set`` gives them; None: mappings are taken
            as they are. Messages of the process hide the values from then on.
        source_folders: Where sources are looked for that are not beside their mapping.
        datatypes: Which datatypes literals have that the mapping gives none: ``natural``,
            ``none`` or ``guess``.
        addresses: How addresses begin that ``unparsed-text`` of XPath asks for, and the function
            that answers with the rest: ``uuid``, ``sha256`` or one of ``functions``.
        functions: Python files with functions that the mappings call; they are run.

    Returns:
        What was written, with the records and losses of each triples map.

    Raises:
        UsageError: There are no such datatypes, or there is no such function for an address.
        InputError: A mapping, a source or a file of functions is wrong.
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
    from kg.functions import with_functions
    from kg.map_files import MappingFiles, map_files, read_replacements
    from kg.variables import Variables

    if prefixes is None:
        around = workspace_around(Path())
        prefixes = around.prefixes if around else COMMON_PREFIXES
    own = [Path(file) for file in functions]
    with with_functions(own) if own else nullcontext():
        return map_files(
            MappingFiles(
                [Path(path) for path in mappings],
                base,
                prefixes,
                None if variables is None else Variables(dict(variables)),
                [Path(folder) for folder in source_folders],
                datatypes,
                allow_outside,
            ),
            None if target is None else str(target),
            format_name=format_name,
            memory=memory,
            threads=threads,
            addresses=read_replacements([f"{p}={name}" for p, name in (addresses or {}).items()]),
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
    from kg.graph import Checks

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


def query(
    question: str | Path,
    *,
    workspace: Place = None,
    data: Sequence[str | Path] = (),
    named_graphs: Mapping[str, str | Path] | None = None,
    endpoint: str | None = None,
    parameters: Mapping[str, Value] | None = None,
    limits: Limits | None = None,
    engine: str = "auto",
) -> Answer:
    """Ask a question.

    Args:
        question: SPARQL text, the name of a question of the workspace, or a file.
        workspace: The workspace, or a folder in it; by default that of the current folder. Its
            prefixes and questions are known also where something else is asked.
        data: RDF files to ask instead of the workspace.
        named_graphs: Graph IRI to RDF file, to ask instead of the workspace.
        endpoint: URL of a remote store to ask instead of the workspace.
        parameters: Parameter name to value.
        limits: What the query may take, as `kg.Limits`; by default as much as it
            likes.
        engine: Who answers about the workspace: ``auto``, ``table`` or ``oxigraph``.

    Returns:
        Solutions for SELECT, Statements for CONSTRUCT and DESCRIBE, a bool for ASK.

    Raises:
        InputError: The query, a parameter or a file is wrong, or there is no workspace.
        WorldError: The disk, the network or the remote store failed.
        LimitError: A limit was reached; also while the answer is read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "launches.ttl")
    ...     _ = file.write_text('PREFIX ex: <http://example.org/> ex:L1 ex:day "2022-11-18" .')
    ...     for row in query("SELECT ?launch ?day { ?launch ex:day ?day }", data=[file]):
    ...         print(row["launch"], row.value("day"))
    <http://example.org/L1> 2022-11-18
    """
    from kg.queries.run import Source

    files = tuple(Path(path) for path in data)
    named = tuple((graph, Path(path)) for graph, path in (named_graphs or {}).items())
    if not (files or named or endpoint):
        graph = open_graph(_workspace(workspace))
        return graph.ask(question, parameters, limits=limits, engine=engine)
    known = workspace_around(Path()) if workspace is None else _workspace(workspace)
    source = Source(known, files, named, endpoint, name=engine)
    return ask(question, source, parameters, limits=limits)


def export(
    target: str | Path,
    *,
    workspace: Place = None,
    data: Sequence[str | Path] = (),
    options: ExportOptions | None = None,
) -> Exported:
    """Write the graph of a workspace, or RDF files, as an RDF file.

    Args:
        target: Path of the file, or ``-`` for standard output.
        workspace: The workspace, or a folder in it; by default that of the current folder.
        data: RDF files to write in the place of a workspace.
        options: What else may be chosen, as `kg.ExportOptions`.

    Returns:
        What was written, and what stores may refuse in it.

    Raises:
        UsageError: The format is unknown, or options do not go together.
        InputError: There is no build yet, a file is not valid RDF, a graph is unknown, or a row
            is no RDF or not in the reach of the format.
        WorldError: The disk failed; the target is as it was.
        LimitError: A limit was reached; the target is as it was.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     _ = (folder / "a.nt").write_text('<http://e/s> <http://e/p> "tomorrow"@en .')
    ...     done = export(folder / "a.ttl", data=[folder / "a.nt"])
    ...     print(done.statements, (folder / "a.ttl").read_text().strip())
    1 <http://e/s> <http://e/p> "tomorrow"@en .
    """
    if data:
        from kg.graph import export_files

        return export_files([Path(path) for path in data], target, options)
    return open_graph(_workspace(workspace)).export(target, options)


def _workspace(given: Place) -> Workspace:
    return given if isinstance(given, Workspace) else find_workspace(Path(given or "."))
