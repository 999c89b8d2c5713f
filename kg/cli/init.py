"""``kg init``: a new, small workspace that builds at once, or one of the user's own tables."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg.cli.context import Settings, settings
from kg.cli.limits import MemoryOption, ThreadsOption, TimeoutOption, limit
from kg.errors import UsageError
from kg.init.template import Template
from kg.logins import without_login
from kg.wording import counted, printable

if TYPE_CHECKING:
    from kg.init.workspace import Made


def init_command(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="More files for --from.", show_default=False),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Make it of tables: CSV, TSV, JSON, YAML, Excel, Parquet, SQLite, DuckDB files, a"
            " folder of them, or the address of a database server. Several may follow.",
        ),
    ] = None,
    base: Annotated[
        str,
        typer.Option(metavar="IRI", help="Start of the IRIs of your graph; ends in /."),
    ] = "https://example.org/graph/",
    template: Annotated[
        Template,
        typer.Option(help="What to make: a small example, or an empty workspace for claims."),
    ] = Template.EXAMPLE,
    memory: MemoryOption = None,
    threads: ThreadsOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Make a workspace: a small example, or of your tables."""
    shared = settings(context)
    if sources:
        from kg.init import check_base
        from kg.init.workspace import init_from

        _check_order(folder)
        check_base(base)
        limit(memory, timeout, threads)
        with shared.status() as status:
            status("look at the files")
            made = init_from(folder, base, [*sources, *(more or ())], memory, threads)
        _tell_made(shared, folder, made)
        return
    if more:
        raise UsageError(
            "usage",
            f"kg init makes one folder, not {1 + len(more)}",
            hint="Files come behind --from: kg init my-graph --from a.csv b.csv",
        )
    from kg.init import init_workspace

    written = init_workspace(folder, base, template)
    shared.say(f"made {without_login(str(folder))}:")
    for path in written:
        shared.say(f"  {path}")
    is_example = template is Template.EXAMPLE
    first = "  kg query first-ascents\n" if is_example else ""
    before = "" if is_example else "  fill data/ as README.md says, from nothing to a first claim\n"
    steps = f"  cd {shlex.quote(str(folder))}\n{before}  kg build\n{first}  kg questions"
    shared.say(f"next:\n{steps}")


def _check_order(folder: Path) -> None:
    if folder.is_file():
        raise UsageError(
            "usage",
            f"{folder} is a file, and the folder to make comes first",
            hint="kg init my-graph --from a.csv b.csv",
        )


def _tell_made(shared: Settings, folder: Path, made: Made) -> None:
    from kg.init.mapping import login_variables

    for entity in made.entities:
        key = " and ".join(printable(column.name) for column in entity.key.columns) or "no key"
        guess = "" if entity.key.is_sure or not entity.key.columns else " (a guess)"
        file = printable(entity.table.place)
        records = counted(entity.table.rows, "record")
        verb = "becomes" if entity.table.rows == 1 else "become"
        shared.say(f"{file}: {records} {verb} ns:{entity.class_name}, key: {key}{guess}")
        for note in entity.table.notes:
            shared.say(f"  {printable(note)}")
        for each in entity.properties:
            link = each.link
            if link is not None:
                shown = " and ".join(printable(column.name) for column in each.columns)
                lost = f", {link.missing:,} of {link.values:,} not there" if link.missing else ""
                shared.say(f"  {shown} leads to {printable(link.target.place)}{lost}")
    shared.say(f"made {without_login(str(folder))}:")
    for path in made.written:
        shared.say(f"  {path}")
    for path in made.copied:
        shared.say(f"  {path} (a copy)")
    there = "" if folder.resolve() == Path.cwd() else f"  cd {shlex.quote(str(folder))}\n"
    asked = "\n".join(f"  kg query {name}" for name in made.questions)
    servers = [e.table.source.database for e in made.entities if e.table.source.database]
    outside = " --allow-outside" if servers else ""
    names = dict.fromkeys(name for server in servers for name in login_variables(server.url))
    if names:
        shown = " and ".join(name.strip("${}") for name in names)
        shared.say(f"the login of the database is not written down: export {shown},")
        shared.say("or write your own variables into the mapping")
    shared.say(f"next:\n{there}  kg build{outside}\n{asked}")
