"""``kg query``: ask a question, write the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kg.cli.context import Settings, settings
from kg.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from kg.query.limits import Guard
    from kg.query.question import Question
    from kg.query.run import Prepared, Source
    from kg.workspace import Workspace


def query_command(
    context: typer.Context,
    target: Annotated[
        Optional[str],  # noqa: UP045  (Typer reads it)
        typer.Argument(
            metavar="[NAME|FILE.rq|-]",
            help="A question of the workspace (see `kg questions`), a file, or - for standard"
            " input.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("-e", "--text", metavar="TEXT", help="Ask this SPARQL text."),
    ] = None,
    param: Annotated[
        list[str],
        typer.Option("-p", "--param", metavar="NAME=VALUE", help="Set a parameter; repeatable."),
    ] = [],  # noqa: B006
    form: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--format",
            metavar="FORMAT",
            help="table, csv, tsv, json, xml, markdown, html; for graphs also turtle, ntriples,"
            " trig, nquads, jsonld, rdfxml. Default: table on a terminal, else csv; turtle for"
            " graphs.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write to a file; its ending says the format."
        ),
    ] = None,
    data: Annotated[
        list[Path],
        typer.Option("--data", metavar="FILE", help="Ask an RDF file instead; repeatable."),
    ] = [],  # noqa: B006
    named_graph: Annotated[
        list[str],
        typer.Option(
            "--named-graph",
            metavar="IRI=FILE",
            help="Ask an RDF file, as a named graph; repeatable.",
        ),
    ] = [],  # noqa: B006
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", help="Stop after S seconds; 0 for never.")
    ] = 600,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", metavar="N", help="Stop after N rows.")
    ] = None,
    fail_on_false: Annotated[
        bool, typer.Option("--fail-on-false", help="Exit with 1 if the answer of an ASK is no.")
    ] = False,
) -> int:
    """Ask a question in SPARQL."""
    from kg.query.dataset import parse_named_graph
    from kg.query.limits import Limits, guarded
    from kg.query.run import Source, prepare

    session = settings(context)
    named = tuple(parse_named_graph(each) for each in named_graph)
    workspace = _workspace(session, needed=not (data or named))
    source = Source(workspace, tuple(data), named)
    question = _question(target, text, source)
    values = _values(param)
    with guarded(Limits(timeout or None, None, max_rows)) as guard:
        prepared = prepare(question, values, source)
        return _answer(prepared, question, form, output, max_rows, fail_on_false, guard)


def _workspace(session: Settings, *, needed: bool) -> Workspace | None:
    try:
        return session.workspace
    except InputError as error:
        if needed or error.code != "no-workspace":
            raise
        return None


def _question(target: str | None, text: str | None, source: Source) -> Question:
    from kg.query.question import parse_question
    from kg.query.run import find_question

    if (target is None) == (text is None):
        raise UsageError(
            "usage",
            "give either a question or a text with -e"
            if target is None
            else "give a question or a text with -e, not both",
            hint="For example: kg query -e 'SELECT * { ?s ?p ?o } LIMIT 10'",
        )
    if text is not None:
        return parse_question(text, "-e", source.prefixes)
    assert target is not None
    return find_question(target, source.workspace, source.prefixes)


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
        values[name] = value
    return values


def _answer(
    prepared: Prepared,
    question: Question,
    form: str | None,
    output: Path | None,
    max_rows: int | None,
    fail_on_false: bool,
    guard: Guard,
) -> int:
    import pyoxigraph as ox

    from kg.query.answer import Style, write_answer
    from kg.query.formats import choose_format
    from kg.query.output import opened

    target = None if output == Path("-") else output
    on_terminal = target is None and sys.stdout.isatty()
    chosen = choose_format(form, target, prepared.form, on_terminal)
    style = Style(prepared.dataset.prefixes, None, question.title or "Answer", max_rows)
    answer = prepared.ask()
    with opened(target, guard) as out:
        write_answer(answer, chosen, out, style)
    if fail_on_false and isinstance(answer, ox.QueryBoolean) and not answer:
        return ExitCode.NO
    return ExitCode.DONE
