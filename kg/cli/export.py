"""``kg export``: the graph as an RDF file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kg.cli.context import Settings, settings
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.given import ContextOption, DataFormatOption, given_data
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.cli.options import InferredOption
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption, only_with_data
from kg.errors import ExitCode, UsageError
from kg.paths import real_path
from kg.wording import counted

# Advice if the labels of blank nodes take too long.
_POISON: Final = (
    "Some graphs take for ever by construction. Give more with --timeout, or --skolemize instead."
)

if TYPE_CHECKING:
    from kg.exports import Exported, ExportOptions
    from kg.graph import Graph


def export_command(
    context: typer.Context,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; - is standard output."),
    ],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="turtle, trig, ntriples, nquads, jsonld, rdfxml or cottas. Default: by the"
            " ending of FILE, before .gz or .zst if compressed.",
        ),
    ] = None,
    data: Annotated[
        list[Path],
        typer.Option(
            "--data", metavar="FILE", help="Convert an RDF file instead, or - ; may be repeated."
        ),
    ] = [],  # noqa: B006  (nothing changes it)
    data_format: DataFormatOption = None,
    contexts: ContextOption = None,  # noqa: ARG001  (its callback acts on it)
    graph: Annotated[
        list[str],
        typer.Option(
            "--graph",
            metavar="NAME",
            help="Only this graph: its IRI, a prefixed name, or the last part of its path; may"
            " be repeated. Default: all.",
        ),
    ] = [],  # noqa: B006  (nothing changes it)
    with_inferred: InferredOption = False,
    skolemize: Annotated[
        bool, typer.Option("--skolemize", help="Write blank nodes as IRIs below the base.")
    ] = False,
    canonical: Annotated[
        bool,
        typer.Option("--canonical", help="Canonical blank nodes (RDFC-1.0), and print the digest."),
    ] = False,
    digest: Annotated[
        str, typer.Option(metavar="NAME", help="Hash algorithm of --canonical, sha256 or sha384.")
    ] = "sha256",
    split: Annotated[
        int | None,
        typer.Option(metavar="N", help="Files of at most N statements: NAME-00001.nq and so on."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Write nothing where stores may refuse something; exit 1."),
    ] = False,
    card: Annotated[
        Path | None,
        typer.Option(
            "--card",
            metavar="FILE",
            help="Also write the dataset card, with size and checksum of the export: .ttl, .jsonld"
            " or .md.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="IRI", help="Base of relative IRIs with --data, and of --skolemize."),
    ] = None,
    functions: FunctionsOption = None,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
) -> int:
    """Write the graph as an RDF file.

    It is sorted, and has the same bytes every time.
    """
    only_with_data(on_bad, rejects, data)
    handled = BadRecords(on_bad, rejects)
    seconds = limit(memory, timeout, threads, _POISON if canonical else None)
    use_functions(context, functions)
    from kg.exports import ExportOptions
    from kg.graph import export_files, open_graph
    from kg.outputs import refuse_input

    shared = settings(context)
    options = ExportOptions(
        format_name,
        graph,
        with_inferred,
        skolemize,
        canonical,
        digest,
        split,
        strict,
        base,
        seconds,
        memory,
        threads,
    )
    if card is not None:
        _check_card(card, output, options, data)
    read = context.with_resource(given_data(data, data_format))
    if read:
        bad = context.with_resource(handled)
        bad.check_target([*data, output])
        with _status(shared, output):
            exported = export_files(read, output, options)
        return bad.finish(shared, _report(shared, exported))
    if card is not None:
        refuse_input(card, (), shared.workspace)
    with open_graph(shared.workspace, memory=memory, threads=threads) as whole:
        with _status(shared, output):
            done = whole.export(output, options)
        if card is not None and done.written:
            _write_card(shared, whole, card, done, options)
    return _report(shared, done)


def _check_card(card: Path, output: str, options: ExportOptions, data: list[Path]) -> None:
    """Refuse, before anything is written, options that would make the card wrong."""
    from kg.describe import card_form

    card_form(card)
    wrong = ""
    if output == "-":
        wrong = "it gives size and checksum of the export, which must be a file: not -o -"
    elif data or options.graphs:
        wrong = "it describes the whole build: not --data, not --graph"
    elif real_path(card) == real_path(Path(output)):
        wrong = "it is a file of its own, beside the export"
    if wrong:
        raise UsageError("bad-option", f"--card: {wrong}", hint="See `kg export --help`.")


def _write_card(
    shared: Settings, graph: Graph, card: Path, done: Exported, options: ExportOptions
) -> None:
    from kg.describe import Distribution, card_form, write_card
    from kg.files import replacing

    files = [Distribution.of(path, done.format.media_type) for path in done.files]
    described = graph.describe(distributions=files, with_inferred=options.with_inferred)
    with replacing(card) as part:
        part.write_text(write_card(described, card_form(card)), encoding="utf-8")
    shared.say(f"wrote the dataset card to {card}")


@contextmanager
def _status(shared: Settings, output: str) -> Iterator[None]:
    """Show how far it is, unless what is written may stand on the same terminal."""
    if output == "-":
        yield
        return
    with shared.status() as status:
        status("export")
        yield


def _report(shared: Settings, done: Exported) -> int:
    from kg.workspace import show_path

    for problem in done.problems:
        for line in problem.lines(done.origins):
            shared.say(line)
    if not done.written:
        shared.say("nothing was written: --strict was given")
        return ExitCode.NO
    unit = "quad" if done.format.quads else "triple"
    target = done.target
    if done.files:
        target = show_path(done.files[0]) if len(done.files) == 1 else f"{len(done.files)} files"
    shared.say(f"wrote {counted(done.statements, unit)} to {target} ({done.format.title})")
    if done.digest is not None:
        if done.target == "-":
            shared.say(done.digest)
        else:
            print(done.digest)
    return ExitCode.DONE
