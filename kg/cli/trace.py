"""``kg trace``: the source records behind an entity, or behind triples of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import settings
from kg.errors import ExitCode, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.lineage import Trace


def trace_command(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="IRI", help="The entity: an IRI or a prefixed name.")
    ],
    predicate: Annotated[
        str | None,
        typer.Argument(metavar="[PREDICATE]", help="Only triples with this predicate."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Peak memory of the process. Default: 2GB."),
    ] = None,
) -> int:
    """Show which file, record and column say what the graph says of an entity.

    With a predicate that the entity lacks, the record and column are shown that would give it.
    Exit code 1 if nothing in the workspace makes such a triple.
    """
    from kg.lineage import Wanted, trace_workspace

    shared = settings(context)
    workspace = shared.workspace
    prefixes = workspace.prefixes
    wanted = Wanted(
        _term(subject, prefixes), None if predicate is None else _term(predicate, prefixes)
    )
    found = 0
    for trace in trace_workspace(workspace, [wanted], memory=memory):
        found += 1
        print(_shown(trace, prefixes))
    if not found:
        shared.say(f"no record makes such a triple of {subject}")
        return ExitCode.NO
    return ExitCode.DONE


def _term(text: str, prefixes: Mapping[str, str]) -> str:
    from kg.terms import RDF_TYPE, expand, iri, is_iri

    if text == "a":
        return RDF_TYPE
    bare = text.removeprefix("<").removesuffix(">")
    expanded = expand(bare, prefixes)
    if expanded is None and not is_iri(bare):
        raise InputError(
            "bad-iri",
            f"{text!r} is neither an IRI nor a prefixed name",
            hint="Write launch:L0270 or an absolute IRI; prefixes are those of kg.toml.",
        )
    return iri(expanded or bare)


def _shown(trace: Trace, prefixes: Mapping[str, str]) -> str:
    from kg.validation.messages import Namer

    short = Namer(prefixes)
    if trace.predicate is None:
        return f"{trace.location}"
    value = "(no value)" if trace.object is None else short(trace.object)
    return f"{trace.location}: {short(trace.predicate)} {value}"
