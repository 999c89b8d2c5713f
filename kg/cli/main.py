"""The root of the command line: global options, exit codes, and how errors are shown.

Exit codes: 0 done · 1 the answer is no · 2 the input is wrong · 3 the world failed ·
4 a limit was reached · 130 interrupted, 143 by SIGTERM. A closed pipe ends quietly.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import FrameType, TracebackType
from typing import Annotated, Final, NoReturn, cast

import typer

from kg import supervise
from kg.cli.context import Settings
from kg.cli.light import LightCommand, LightGroup
from kg.cli.limits import allow_open_files
from kg.cli.log import begin, end, note
from kg.cli.streams import standard_streams
from kg.errors import ExitCode, KgError, LimitError
from kg.logins import hide
from kg.notes import Note, hearing
from kg.wording import visible

# The module of each command: only that of the given command is imported and set up.
COMMANDS: Final = {
    "build": "kg.cli.build:build_command",
    "check": "kg.cli.check:check_command",
    "map": "kg.cli.map:map_command",
    "query": "kg.cli.query:query_command",
    "questions": "kg.cli.questions:questions_command",
    "show": "kg.cli.show:show_command",
    "trace": "kg.cli.trace:trace_command",
    "validate": "kg.cli.validate:validate_command",
    "export": "kg.cli.export:export_command",
    "diff": "kg.cli.diff:diff_command",
    "describe": "kg.cli.describe:describe_command",
    "site": "kg.cli.site:site_command",
    "release": "kg.cli.release:release_command",
    "push": "kg.cli.push:push_command",
    "serve": "kg.cli.serve:serve_command",
    "mcp": "kg.cli.mcp:mcp_command",
    "init": "kg.cli.init:init_command",
    "peek": "kg.cli.peek:peek_command",
    "help": "kg.cli.help:help_command",
}


def command_line(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """Return the command line with some of its commands, by default all."""
    app = typer.Typer(
        name="kg",
        cls=LightGroup,
        help="Source facts in, a validated, queryable, exportable knowledge graph out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(root)
    for name in names:
        module, function = COMMANDS[name].split(":")
        app.command(name, cls=LightCommand)(getattr(import_module(module), function))
    return app


def _asked_for(words: list[str]) -> Iterable[str]:
    """Return the command that the words name; all commands if that is not clear."""
    remaining = iter(words)
    for word in remaining:
        if word in ("-C", "--workspace", "--log"):
            next(remaining, None)
        elif word in COMMANDS:
            return (word,)
        elif not word.startswith("-") or word in ("-h", "--help"):
            break
    return tuple(COMMANDS)


def _version(wanted: bool) -> None:
    if wanted:
        from kg.about import tool_version

        print(f"kg {tool_version()}")
        raise typer.Exit


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
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Add what is said and done, with times."),
    ] = None,
    version: Annotated[  # noqa: ARG001  (Typer acts on it in the callback)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Source facts in, a validated, queryable, exportable knowledge graph out."""
    shared = Settings(folder=folder, quiet=quiet, verbose=verbose, debug=debug)
    context.obj = shared
    if log is not None:
        begin(log, _words)
    # Reported at the end, after the result: only then the counts are known.
    notes = context.with_resource(hearing())
    context.call_on_close(lambda: _tell(shared, notes.values()))


def _tell(shared: Settings, notes: Iterable[Note]) -> None:
    for each in notes:
        shared.say(f"kg: warning: {each}")


# The words of the command line that is run.
_words: list[str] = []


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after ``kg``; by default those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    hide({})  # what an earlier call hid
    _words[:] = words
    code = _run(words)
    end(code)
    return code


def _run(words: list[str]) -> int:
    """Run a command, and return the exit code, whatever happens."""
    with standard_streams() as output:
        try:
            return _command(words)
        except supervise.Ended as ended:
            return ended.code
        except KgError as error:
            return _fail(error, "--debug" in words)
        except RecursionError as error:
            return _fail(_too_deep(error), "--debug" in words)
        except MemoryError as error:
            return _fail(_no_memory(error), "--debug" in words)
        except typer.TyperException as error:
            return _misused(error)
        except (typer.Abort, KeyboardInterrupt):
            return _interrupted()
        except SystemExit as end:  # Typer ends so if the reader of a pipe has gone
            if isinstance(end.__context__, OSError) and not output.reader_has_gone:
                raise end.__context__ from None  # a pipe or connection of another kind
            return ExitCode.DONE
        except BrokenPipeError:
            if not output.reader_has_gone:
                raise
            return ExitCode.DONE


def _too_deep(cause: RecursionError) -> LimitError:
    """Return the error for input that only Python refused as too deep, not a reader."""
    error = LimitError(
        "nested-too-deep",
        "the input nests deeper than Python follows; no target was replaced",
        hint="Look for brackets, lists or functions in one another, some hundreds deep.",
    )
    error.__cause__ = cause
    return error


def _no_memory(cause: MemoryError) -> LimitError:
    error = LimitError(
        "out-of-memory",
        "the system gave no more memory; no target was replaced",
        hint="Look for a value of many megabytes, or free some memory.",
    )
    error.__cause__ = cause
    return error


def _command(words: list[str]) -> int:
    """Run a command and return its exit code."""
    allow_open_files()
    # Typer's object is not called itself: that would replace sys.excepthook.
    result = typer.main.get_command(command_line(_asked_for(words))).main(
        words, prog_name="kg", standalone_mode=False
    )
    if result == ExitCode.INTERRUPTED:  # Typer turns an interruption within a command into this
        return _interrupted()
    sys.stdout.flush()
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _interrupted() -> int:
    print("kg: interrupted", file=sys.stderr)
    return ExitCode.INTERRUPTED


def run() -> None:
    """Run the ``kg`` command, and exit with its code."""
    if "--debug" not in sys.argv:
        sys.excepthook = _admit
    signal.signal(signal.SIGTERM, _terminated)
    supervise.allow()
    code = main()
    if supervise.has_watched():
        os._exit(code)  # shutting the interpreter down takes as long as the rest of watching
    if code == ExitCode.INTERRUPTED:
        _leave_interrupted()
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process without freeing memory, which the system frees at once.

    Files are closed by then. Freeing graphs and modules takes longer than a short query.
    """
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python reports what is wrong with the streams
    os._exit(code)


# The signal received from a program, if any: the rest is done as after Ctrl-C.
_received: list[int] = []


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    _received.append(number)
    raise KeyboardInterrupt


def _leave_interrupted() -> NoReturn:
    """End the process as interrupted, with its exit code, or that of the signal received.

    If the interruption hit an ``exec`` of Python's own, as when a dataclass is created, Python
    would end the process by the signal, with another exit code, although it was handled since.
    """
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(128 + _received[0] if _received else ExitCode.INTERRUPTED)


def _admit(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an unexpected exception as a fault of kg itself."""
    del trace
    first = visible(str(error).splitlines()[0]) if str(error) else ""
    with suppress(OSError):
        print(
            f"kg: internal error: {kind.__name__}: {first}\n"
            "  This is a fault of kg. Run it again as kg --debug …, and report what it says.",
            file=sys.stderr,
            flush=True,
        )
    os._exit(ExitCode.WORLD)  # not Python's 1, which means findings


def _fail(error: KgError, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    note(error.report())
    print(error.report(), file=sys.stderr)
    return error.exit_code


# The options of `root`, before the command.
_OPTIONS_OF_ALL: Final = frozenset(
    {"-C", "--workspace", "-q", "--quiet", "-v", "--verbose", "--debug", "--log", "--version"}
)


def _misused(error: typer.TyperException) -> int:
    # The base class of all errors of the command line can show itself, but has no public name;
    # BadParameter is a subclass.
    text = StringIO()
    cast(typer.BadParameter, error).show(file=text)
    sys.stderr.write(text.getvalue())
    asked = getattr(error, "option_name", "")
    if asked in _OPTIONS_OF_ALL:
        print(f"Write it before the command: kg {asked} COMMAND.", file=sys.stderr)
    return error.exit_code
