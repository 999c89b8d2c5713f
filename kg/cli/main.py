"""The root of the command line: global options, exit codes, and how errors are shown.

Exit codes: 0 done · 1 the answer is no · 2 the input is wrong · 3 the world failed ·
4 a limit was reached · 130 interrupted. A closed pipe ends quietly.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Annotated, NoReturn, cast

import typer

from kg.cli.build import build_command
from kg.cli.context import Settings
from kg.cli.describe import describe_command
from kg.cli.diff import diff_command
from kg.cli.export import export_command
from kg.cli.init import init_command
from kg.cli.light import LightCommand, LightGroup
from kg.cli.map import map_command
from kg.cli.push import push_command
from kg.cli.query import query_command
from kg.cli.questions import questions_command
from kg.cli.release import release_command
from kg.cli.trace import trace_command
from kg.cli.validate import validate_command
from kg.errors import ExitCode, KgError

app = typer.Typer(
    name="kg",
    cls=LightGroup,
    help="Source facts in, a validated, queryable, exportable knowledge graph out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"kg {version('kg')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "-C",
            "--workspace",
            metavar="DIR",
            help="Folder to look for kg.toml in, upwards. Default: the current folder.",
        ),
    ] = Path(),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only results and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show Python's traceback with an error.")
    ] = False,
    version: Annotated[  # noqa: ARG001  (Typer acts on it in the callback)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Source facts in, a validated, queryable, exportable knowledge graph out."""
    context.obj = Settings(folder=folder, quiet=quiet, verbose=verbose, debug=debug)


app.command("build", cls=LightCommand)(build_command)
app.command("map", cls=LightCommand)(map_command)
app.command("query", cls=LightCommand)(query_command)
app.command("questions", cls=LightCommand)(questions_command)
app.command("trace", cls=LightCommand)(trace_command)
app.command("validate", cls=LightCommand)(validate_command)
app.command("export", cls=LightCommand)(export_command)
app.command("diff", cls=LightCommand)(diff_command)
app.command("describe", cls=LightCommand)(describe_command)
app.command("release", cls=LightCommand)(release_command)
app.command("push", cls=LightCommand)(push_command)
app.command("init", cls=LightCommand)(init_command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after ``kg``; by default those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    try:
        # Not app(words): that would take sys.excepthook for itself.
        result = typer.main.get_command(app).main(words, standalone_mode=False)
    except KgError as error:
        return _fail(error, debug)
    except typer.TyperException as error:
        return _misused(error)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except SystemExit:  # how Typer ends where the reader of a pipe has gone
        return _end_quietly()
    if result == ExitCode.INTERRUPTED:  # what Typer makes of an interruption within a command
        return _interrupted()
    return _flush(int(result) if isinstance(result, int) else ExitCode.DONE)


def _interrupted() -> int:
    print("kg: interrupted", file=sys.stderr)
    return ExitCode.INTERRUPTED


def run() -> None:
    """Be the ``kg`` command: run, then leave with its exit code."""
    if "--debug" not in sys.argv:
        sys.excepthook = _admit
    code = main()
    if code == ExitCode.INTERRUPTED:
        _leave_interrupted()
    sys.exit(code)


def _leave_interrupted() -> NoReturn:
    """End the process as interrupted, with its exit code.

    Python would end it by the signal, which is another exit code, where the interruption met an
    ``exec`` of its own, as in the making of a dataclass, although it was handled since.
    """
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(ExitCode.INTERRUPTED)


def _admit(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that kg itself is at fault, where an exception comes through that it does not know."""
    del trace
    first = str(error).splitlines()[0] if str(error) else ""
    print(
        f"kg: internal error: {kind.__name__}: {first}\n"
        "  This is a fault of kg. Run it again as kg --debug …, and report what it says.",
        file=sys.stderr,
        flush=True,
    )
    os._exit(ExitCode.WORLD)  # not 1, which Python would choose: that is an answer


def _fail(error: KgError, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    print(error.report(), file=sys.stderr)
    return error.exit_code


def _misused(error: typer.TyperException) -> int:
    # The class that all errors of the command line share knows how to show itself, but has no
    # public name; BadParameter is one of its kind.
    cast(typer.BadParameter, error).show()
    return error.exit_code


def _flush(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _end_quietly()
    return code


def _end_quietly() -> int:
    # Python flushes standard output once more at exit: give it somewhere to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE
