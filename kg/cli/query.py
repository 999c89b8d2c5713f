"""``kg query``: ask a question, write the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kg.cli.context import Settings, settings, show
from kg.cli.given import STANDARD_INPUT, ContextOption, DataFormatOption, given_data
from kg.cli.options import FileOption
from kg.cli.rejects import BadRecords, OnBad, OnBadOption, RejectsOption, only_with_data
from kg.errors import ExitCode, InputError, Location, UsageError
from kg.records import dataclass
from kg.wording import counted

if TYPE_CHECKING:
    from kg.cli.watchdog import Guard
    from kg.graph import Graph
    from kg.queries.answer import Answer, AnyFirst
    from kg.queries.chart_line import ChartLine
    from kg.queries.formats import Format
    from kg.queries.limits import Limits
    from kg.queries.question import Question
    from kg.queries.run import Prepared, Source


def _names(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the questions that start with a half-typed word, with their titles, for the shell."""
    from kg.errors import KgError
    from kg.queries.question import read_question
    from kg.workspace import find_workspace

    root = context.find_root().params.get("folder")
    found = []
    try:
        workspace = find_workspace(Path(root or "."))
        for path in workspace.question_files:
            if path.stem.startswith(incomplete):
                question = read_question(path, workspace.prefixes)
                found.append((question.name, question.title or question.question))
    except KgError:  # shell completion must not print messages
        return found
    return found


class EngineName(StrEnum):
    """The engines that answer queries."""

    AUTO = "auto"
    TABLE = "table"
    OXIGRAPH = "oxigraph"


TargetArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|FILE.rq|SPARQL|-]",
        help="A question of the workspace (see `kg questions`), a file, - for standard input,"
        " or SPARQL itself.",
        autocompletion=_names,
        show_default=False,
    ),
]
TextOption = Annotated[
    str | None, typer.Option("-e", "--text", metavar="TEXT", help="Ask this SPARQL text.")
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="Set a parameter; repeatable."),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "-f",
        "--format",
        metavar="FORMAT",
        help="table, csv, tsv, json, xml, markdown, html, xlsx, parquet; for graphs also turtle,"
        " ntriples, trig, nquads, jsonld, rdfxml; for charts svg, png. Default: table on a"
        " terminal, else csv; for graphs turtle.",
    ),
]
ChartOption = Annotated[
    str | None,
    typer.Option(
        "--chart",
        metavar="LINE",
        help="Draw the answer: `bar x=COLUMN y=COLUMN`, or only bar, line, area or point for the"
        " columns that the question's own line names.",
    ),
]
DataOption = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="FILE", help="Ask an RDF file instead, or - ; repeatable."),
]
NamedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--named-graph", metavar="IRI=FILE", help="Ask an RDF file as a named graph; repeatable."
    ),
]
EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="Ask a remote store instead."),
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="Who answers: SQL on the graph's table, Oxigraph, or whichever is faster."
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="S", help="Stop after S seconds; 0 for never.")
]
RowsOption = Annotated[
    int | None,
    typer.Option("--max-rows", metavar="N", help="Stop after N rows or triples."),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        help="Give the first N rows or triples alone. Default: all, 1,000 on a terminal.",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Stop when the process takes so much. Default: 4GB, or 3/4 of a smaller machine's.",
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show what would be asked, and of what; do not ask.")
]
FailOption = Annotated[
    bool, typer.Option("--fail-on-false", help="Exit with 1 if the answer of an ASK is no.")
]


# Rows that a terminal is given unless more are wanted.
_LOOKED_AT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """The options for the answer."""

    form: str | None
    output: Path | None
    rows: int | None
    fail_on_false: bool
    chart: ChartLine | None = None
    first: int | None = None

    @property
    def target(self) -> Path | None:
        """The file to write, None for standard output."""
        return None if self.output == Path("-") else self.output


def query_command(
    context: typer.Context,
    target: TargetArgument = None,
    text: TextOption = None,
    param: ParamOption = None,
    form: FormatOption = None,
    output: FileOption = None,
    chart: ChartOption = None,
    data: DataOption = None,
    data_format: DataFormatOption = None,
    contexts: ContextOption = None,  # noqa: ARG001  (its callback acts on it)
    named_graph: NamedOption = None,
    on_bad: OnBadOption = OnBad.STOP,
    rejects: RejectsOption = None,
    endpoint: EndpointOption = None,
    engine: EngineOption = EngineName.AUTO,
    timeout: TimeoutOption = 600,
    max_rows: RowsOption = None,
    first: LimitOption = None,
    memory: MemoryOption = None,
    explain: ExplainOption = False,
    fail_on_false: FailOption = False,
) -> int:
    """Ask a question in SPARQL.

    The workspace's graph is asked: all of it is the default graph, and each named graph can be
    asked by GRAPH. Prefixes of kg.toml need no PREFIX line.
    """
    from kg.cli.watchdog import guarded
    from kg.queries.limits import Limits, default_memory
    from kg.sizes import check_seconds, parse_size

    shared = settings(context)
    only_with_data(on_bad, rejects, [*(data or ()), *(named_graph or ())])
    bad = context.with_resource(BadRecords(on_bad, rejects))
    if target == "-" and STANDARD_INPUT in (data or []):
        raise UsageError(
            "usage",
            "the question and --data cannot both be standard input",
            hint="Give the question with -e, or as a file.",
        )
    files = context.with_resource(given_data(data or [], data_format))
    named = [each.rpartition("=")[2] for each in named_graph or ()]
    bad.check_target([*(data or ()), *named, output, target])
    source = replace(_source(shared, files, named_graph or [], endpoint), name=engine.value)
    if engine is not EngineName.AUTO and endpoint is not None:
        raise UsageError(
            "usage", "--engine chooses who answers here, --endpoint asks a remote store"
        )
    question = _question(target, text, source)
    if output is not None:
        from kg.outputs import refuse_input

        around = shared.workspace_around
        read = [*files, *map(Path, named), *([question.file] if question.file else [])]
        read += [around.config_file] if around else []
        # Files that are made of others may lie in the workspace, unless it is what is asked.
        refuse_input(output, read, None if data or named or endpoint else around)
    most = default_memory() if memory is None else parse_size(memory)
    limits = Limits(check_seconds(timeout), most, _rows(max_rows, "--max-rows"))
    drawn = _chart(question, chart, form, output)
    wish = Wish(form, output, max_rows, fail_on_false, drawn, _rows(first, "--limit"))
    source, graph = _pinned(shared, replace(source, memory=f"{most}B"))
    with guarded(limits) as guard:
        prepared = _prepare(question, param or [], source, wish, limits, guard)
        guard.interrupt = prepared.interrupt
        if explain:
            for line in prepared.explain():
                show(line)
            return bad.finish(shared, ExitCode.DONE)
        if graph is not None and not shared.quiet:
            _warn_if_stale(shared, graph())
        return bad.finish(shared, _answer(shared, prepared, question, wish, guard))


def _chart(
    question: Question, given: str | None, form: str | None, output: Path | None
) -> ChartLine | None:
    """Return how the answer is to be drawn, None if it is not.

    It is drawn if --chart asks for it, or the format is that of pictures.
    """
    from kg.queries.formats import check_format_name

    target = None if output == Path("-") else output
    chosen = check_format_name(form, target)
    if given is None and not (chosen and chosen.is_picture):
        return None
    own = question.chart_line()
    if given is not None:
        from kg.queries.chart_line import parse_chart

        asked = parse_chart(_as_text(given, "--chart"), Location("--chart"))
        if own is not None and asked.is_bare:
            return replace(own, kind=asked.kind, per=asked.per or own.per)
        return asked
    if own is None:
        raise UsageError(
            "no-chart",
            "the question does not say how its answer is drawn",
            hint="Add for example --chart 'bar x=year y=launches', or a line `# chart:`.",
        )
    return own


def _rows(rows: int | None, option: str) -> int | None:
    if rows is not None and rows < 0:
        raise UsageError("usage", f"{option} takes a number of rows, not {rows}")
    return rows


def _source(
    shared: Settings, data: list[Path], named_graph: list[str], endpoint: str | None
) -> Source:
    from kg.queries.run import Source

    if endpoint is not None and (data or named_graph):
        raise UsageError(
            "usage",
            "--endpoint asks a remote store, --data and --named-graph ask files",
            hint="Give either.",
        )
    named = tuple(map(_named_graph, named_graph))
    needed = not (data or named or endpoint)
    workspace = shared.workspace if needed else shared.workspace_around
    return Source(workspace, tuple(data), named, endpoint)


def _named_graph(text: str) -> tuple[str, Path]:
    """Return graph IRI and file of an option ``IRI=FILE``; an IRI may hold ``=``."""
    from kg.terms import is_iri

    graph, equals, file = text.rpartition("=")
    if not equals or not is_iri(graph) or not file:
        raise InputError(
            "bad-named-graph",
            f"--named-graph takes IRI=FILE, not {text!r}",
            hint="Give for example --named-graph http://example.org/g=data.ttl",
        )
    return graph, Path(file)


def _question(target: str | None, text: str | None, source: Source) -> Question:
    from kg.queries.question import parse_question
    from kg.queries.run import find_question, is_text

    if (target is None) == (text is None):
        raise UsageError(
            "usage",
            "give a question or a text with -e" + (", not both" if text is not None else ""),
            hint="For example: kg query -e 'SELECT * { ?s ?p ?o } LIMIT 10'",
        )
    if text is not None:
        return parse_question(_as_text(text, "-e"), "-e", source.prefixes())
    assert target is not None
    if is_text(target):
        return parse_question(_as_text(target, "the question"), "the question", source.prefixes())
    return find_question(target, source.workspace)


def _values(given: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        name = name.strip().lstrip("?$")
        if not equals or not name:
            raise UsageError(
                "usage",
                f"--param takes NAME=VALUE, not {each!r}",
                hint="Give for example --param since=2022-01-01",
            )
        if name in values:
            raise UsageError("usage", f"the parameter {name} is given twice", hint="Give it once.")
        values[name] = _as_text(value, "--param")
    return values


def _as_text(word: str, option: str) -> str:
    """Return a word of the command line as UTF-8, also where the locale says otherwise."""
    if word.isascii():
        return word
    import os

    from kg.queries.question import decode

    return decode(os.fsencode(word), option)


def _prepare(
    question: Question,
    param: list[str],
    source: Source,
    wish: Wish,
    limits: Limits,
    guard: Guard,
) -> Prepared:
    """Check what can be checked before files are loaded, then load them."""
    from kg.queries.formats import check_format_name
    from kg.queries.run import prepare

    check_format_name(wish.form, wish.target)
    return prepare(question, _values(param), source, folder=guard.folder, seconds=limits.seconds)


def _pinned(shared: Settings, source: Source) -> tuple[Source, Callable[[], Graph] | None]:
    """Return a source whose answers come from one build, and the graph of it.

    The graph is opened when the question is known to be right. There is none where files or a
    remote store are asked.
    """
    workspace = source.workspace
    if workspace is None or not source.is_workspace:
        return source, None

    @cache
    def graph() -> Graph:
        from kg.graph import open_graph

        return open_graph(workspace, memory=source.memory)

    def tell(made: str) -> None:
        shared.say(f"kg: {made}")

    return replace(source, engine=lambda name, place: graph().open_engine(name, place, tell)), graph


def _warn_if_stale(shared: Settings, graph: Graph) -> None:
    message = graph.stale_message()
    if message:
        shared.say(message)


def _answer(
    shared: Settings, prepared: Prepared, question: Question, wish: Wish, guard: Guard
) -> int:
    from kg.cli.output import opened, paged
    from kg.queries.answer import Style, ends_line

    on_terminal = wish.target is None and sys.stdout.isatty()
    chosen = _format(prepared, wish, on_terminal)
    terminal = None
    if on_terminal:
        from shutil import get_terminal_size

        terminal = get_terminal_size().columns
    title = question.title or question.question or "Answer"
    style = Style(prepared.prefixes, terminal, title, wish.rows)
    answer, first = _first(prepared.ask(), wish, on_terminal and chosen.name == "table")
    remarks: tuple[str, ...] = ()
    empty = False
    with paged(guard) if on_terminal else opened(wish.target, guard) as out:
        if wish.chart is not None:
            from kg.charts import write_chart

            watched = prepared.watched(answer)
            remarks = write_chart(watched, wish.chart, chosen, out, style)
        else:
            empty = prepared.write(answer, chosen, out, style)
        if on_terminal and not ends_line(chosen):
            out.write(b"\n")
    if first is not None and first.has_more:
        shared.say(_told_first(prepared, wish))
    for remark in (*remarks, *prepared.remarks()):
        shared.say(f"kg: {remark}")
    if empty and not shared.quiet:
        found = "no" if answer is False else "empty"
        for remark in prepared.why_empty():
            shared.say(f"kg: the answer is {found}: {remark}")
    if wish.fail_on_false and answer is False:
        return ExitCode.NO
    return ExitCode.DONE


def _first(answer: Answer, wish: Wish, is_looked_at: bool) -> tuple[Answer, AnyFirst | None]:
    """Return as much of an answer as is wanted, or as a person can look at."""
    from kg.queries.answer import first_of

    if wish.first is not None:
        return first_of(answer, wish.first)
    return first_of(answer, _LOOKED_AT) if is_looked_at and wish.rows is None else (answer, None)


def _told_first(prepared: Prepared, wish: Wish) -> str:
    what = "triple" if prepared.form.is_graph else "row"
    if wish.first is not None:
        shown = counted(wish.first, what)
        return f"kg: the first {shown} alone, as --limit says; there are more"
    more = "-o FILE writes all, --limit N shows more"
    return f"kg: these are the first {_LOOKED_AT:,} {what}s; {more}"


def _format(prepared: Prepared, wish: Wish, on_terminal: bool) -> Format:
    from kg.queries.formats import choose_chart_format, choose_format

    if wish.chart is None:
        return choose_format(wish.form, wish.target, prepared.form, on_terminal)
    from kg.charts import check_drawable

    chosen = choose_chart_format(wish.form, wish.target, prepared.form)
    check_drawable(chosen)
    return chosen
