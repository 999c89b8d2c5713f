"""``kg trace``: the source records behind an entity, or behind triples of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import settings, show
from kg.cli.limits import MemoryOption, TimeoutOption, limit
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
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    allow_outside: Annotated[
        bool,
        typer.Option("--allow-outside", help="Files and servers may lie outside the workspace."),
    ] = False,
) -> int:
    """Show which file, record and column an entity comes from.

    With a predicate that the entity lacks, the record and column are shown that would give it.
    Exit code 1 if nothing in the workspace makes such a triple.
    """
    limit(memory, timeout)
    from kg.lineage import Wanted, trace_workspace

    shared = settings(context)
    shared.allow_outside(allow_outside)
    workspace = shared.workspace
    prefixes = workspace.prefixes
    wanted = Wanted(
        _term(subject, prefixes), None if predicate is None else _term(predicate, prefixes)
    )
    found = 0
    for trace in trace_workspace(workspace, [wanted], memory=memory):
        found += 1
        show(_shown(trace, prefixes))
    if found:
        return ExitCode.DONE
    others: tuple[str, ...] = ()
    if predicate is not None:
        whole = trace_workspace(workspace, [Wanted(wanted.subject, None)], memory=memory)
        others = tuple(dict.fromkeys(trace.predicate for trace in whole if trace.predicate))
    if others:
        from kg.names import Namer

        known = ", ".join(map(Namer(prefixes), others))
        shared.say(f"no record gives {subject} a {predicate}; what records give it: {known}")
        return ExitCode.NO
    meant = _near(subject, prefixes)
    shared.say(f"no record makes {subject}" + (f"; did you mean {meant}?" if meant else ""))
    return ExitCode.NO


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
            hint=_hint(bare, prefixes),
        )
    return iri(expanded or bare)


def _hint(text: str, prefixes: Mapping[str, str]) -> str:
    """Return what may have been meant, by the prefixes of the workspace."""
    from kg.workspace import COMMON_PREFIXES

    meant = _near(text, prefixes)
    if meant is not None:
        return f"Did you mean {meant}?"
    own = [prefix for prefix in prefixes if prefix not in COMMON_PREFIXES]
    shown = f" ({', '.join(own[:5])}{', …' if len(own) > 5 else ''})" if own else ""
    return f"Write an absolute IRI, or a name with a prefix of kg.toml{shown}."


def _near(text: str, prefixes: Mapping[str, str]) -> str | None:
    """Return a name with a prefix of the workspace that is much like that of a text, or None."""
    from difflib import get_close_matches

    before, colon, name = text.partition(":")
    if not colon or before in prefixes:
        return None
    near = get_close_matches(before, prefixes, n=1)
    return f"{near[0]}:{name}" if near else None


def _shown(trace: Trace, prefixes: Mapping[str, str]) -> str:
    from kg.names import Namer

    short = Namer(prefixes)
    if trace.predicate is None:
        return f"{trace.location}"
    value = "(no value)" if trace.object is None else short(trace.object)
    return f"{trace.location}: {short(trace.predicate)} {value}"
