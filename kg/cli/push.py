"""``kg push``: the graph into a remote store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from kg.cli.context import settings, show
from kg.cli.limits import MemoryOption, TimeoutOption, limit
from kg.cli.options import InferredOption
from kg.cli.results import FormOption, of_push, print_json, wants_json
from kg.errors import UsageError
from kg.logins import without_login

if TYPE_CHECKING:
    from kg.push import Changed, PushOptions
    from kg.workspace import Workspace

# Least and most seconds to wait for a store.
_SHORTEST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 86_400


def push_command(
    context: typer.Context,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            show_default=False,
            help="The store's Graph Store URL, such as http://localhost:3030/ds/data.",
        ),
    ],
    add: Annotated[
        bool, typer.Option("--add", help="Add to the store's graphs; default: replace them.")
    ] = False,
    graph: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this graph; may be given more than once."),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Push all into one graph: an IRI, or default."),
    ] = None,
    skolemize: Annotated[
        bool, typer.Option("--skolemize", help="Push blank nodes as IRIs below the base.")
    ] = False,
    with_inferred: InferredOption = False,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="SPARQL endpoint for the check. Default: found from the store's URL.",
        ),
    ] = None,
    changes: Annotated[
        bool,
        typer.Option(
            "--changes", help="Send only what has changed since the last push to this store."
        ),
    ] = False,
    update: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Endpoint that takes the changes. Default: found from the store's URL.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option(help="Count afterwards what the store holds of each graph.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")
    ] = False,
    chunk: Annotated[int, typer.Option(min=1, help="Triples of a request.")] = 20_000,
    wait: Annotated[
        float,
        typer.Option(metavar="S", help="Seconds to wait for the store at each step."),
    ] = 120.0,
    tries: Annotated[
        int, typer.Option(min=1, help="How often a request is sent while the store is not ready.")
    ] = 8,
    form: FormOption = "text",
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
) -> None:
    """Replace or add graphs in a remote store.

    The store needs the Graph Store Protocol. A login comes from KG_USER and KG_PASSWORD,
    KG_TOKEN, or netrc. A push that breaks can be run again: nothing is lost, nothing comes twice.
    """
    as_json = wants_json(form)
    limit(memory, timeout)
    if not _SHORTEST_WAIT <= wait <= _LONGEST_WAIT:  # NaN fails this too
        raise UsageError(
            "usage", f"--wait takes {_SHORTEST_WAIT} to {_LONGEST_WAIT:,} seconds, not {wait:g}"
        )
    from kg.push import PushOptions, push

    shared = settings(context)
    options = PushOptions(
        add=add,
        graphs=graph or (),
        into=into,
        skolemize=skolemize,
        with_inferred=with_inferred,
        endpoint=endpoint,
        check=check,
        chunk=chunk,
        timeout=wait,
        tries=tries,
        memory=memory,
        changes=changes,
        update=update,
    )
    if dry_run:
        _show_plan(shared.workspace, url, options)
        return
    with shared.status() as progress:
        done = push(shared.workspace, url, options, progress=progress, say=shared.say)
    if as_json:
        print_json(of_push(done, without_login(url)))
    for pushed in done.graphs:
        merged = f", {pushed.merged:,} merged by value in the store" if pushed.merged else ""
        shared.detail(f"{pushed.name or 'default graph'}: {pushed.triples:,} triples{merged}")
    total = sum(pushed.triples for pushed in done.graphs)
    merged_total = sum(pushed.merged for pushed in done.graphs)
    retries = f" ({done.retried} retries)" if done.retried else ""
    if done.changed is None:
        shared.say(f"pushed {total:,} triples in {len(done.graphs)} graphs to {url}{retries}")
    elif done.requests:
        shared.say(f"pushed to {url}: {_of_changes(done.changed)}, {total:,} in all{retries}")
    else:
        shared.say(f"nothing has changed since the last push to {url}: {total:,} triples")
    if done.checked:
        held = (
            f"; {merged_total:,} are merged with others of the same value" if merged_total else ""
        )
        shared.say(f"the store holds them all{held}")
        if done.default_is_empty:
            shared.say(
                "its default graph is empty, and queries ask that one: push with --into default,"
                " or let the store take the union of all graphs for it; see `kg help stores`"
            )
    elif check:
        shared.say("not checked: give the store's SPARQL endpoint with --endpoint")


def _show_plan(workspace: Workspace, url: str, options: PushOptions) -> None:
    """Print the requests that a push would send."""
    from kg.push import check_url, graph_url, plan_changes, plan_push

    check_url(url)
    if options.changes:
        found = plan_changes(workspace, url, options)
        if not isinstance(found, str):
            show(f"only changes: {_of_changes(found)}")
            return
        show(f"all is sent: {found}")
    for planned in plan_push(workspace, options):
        method = "POST" if options.add else "PUT"
        requests = -(-planned.triples // options.chunk)
        show(
            f"{method} {graph_url(url, planned.name)}: {planned.triples:,} triples,"
            f" {requests:,} requests"
        )


def _of_changes(changed: Changed) -> str:
    return f"{changed.removed:,} triples removed, {changed.added:,} added"
