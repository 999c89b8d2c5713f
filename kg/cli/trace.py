"""``kg trace``: the source records behind an entity, or behind triples of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import settings, show
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.limits import MemoryOption, TimeoutOption, limit
from kg.cli.options import OutsideOption
from kg.cli.results import FormOption, of_traces, print_json, wants_json
from kg.errors import ExitCode

if TYPE_CHECKING:
    from kg.graph import Trace
    from kg.names import Namer


def trace_command(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="IRI", help="The entity: an IRI or a prefixed name.")
    ],
    predicate: Annotated[
        str | None,
        typer.Argument(metavar="[PREDICATE]", help="Only triples with this predicate."),
    ] = None,
    form: FormOption = "text",
    functions: FunctionsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    allow_outside: OutsideOption = False,
) -> int:
    """Show which file, record and column an entity comes from.

    For a predicate that the entity lacks, show the record and column that would give it.
    Exit code 1 if nothing in the workspace makes such a triple.
    """
    as_json = wants_json(form)
    limit(memory, timeout)
    use_functions(context, functions)
    from kg.graph import open_tracer
    from kg.names import Namer

    shared = settings(context)
    shared.allow_outside(allow_outside)
    workspace = shared.workspace
    namer = Namer(workspace.prefixes)
    with open_tracer(workspace, memory=memory) as tracer:
        found = tracer.trace(subject, predicate)
        if as_json:
            print_json(of_traces(found))
        for trace in () if as_json else found:
            show(_shown(trace, namer))
        if found:
            return ExitCode.DONE
        whole = [] if predicate is None else tracer.trace(subject)
        meant = tracer.near(subject)
    others = dict.fromkeys(trace.predicate for trace in whole if trace.predicate)
    if others:
        known = ", ".join(map(namer, others))
        shared.say(f"no record gives {subject} a {predicate}; what records give it: {known}")
        return ExitCode.NO
    shared.say(f"no record makes {subject}" + (f"; did you mean {meant}?" if meant else ""))
    return ExitCode.NO


def _shown(trace: Trace, short: Namer) -> str:
    if trace.predicate is None:
        return f"{trace.location}"
    value = "(no value)" if trace.object is None else short(trace.object)
    return f"{trace.location}: {short(trace.predicate)} {value}"
