"""``kg build --watch``: builds again on each change, and says what the change did to the graph.

Each build is made by a child process, which takes its memory with it when it ends, and cannot end
the watching. It has all modules already, so that a small build takes no time to start.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, field
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from kg import supervise
from kg.cli.context import Settings
from kg.errors import ExitCode, KgError
from kg.paths import find_files, show_path
from kg.records import dataclass
from kg.terms import split_literal
from kg.wording import counted, printable
from kg.workspace import ACCEPTED_NAME, CONFIG_NAME

if TYPE_CHECKING:
    from kg.basis import Basis
    from kg.building import BuildOptions, BuildResult
    from kg.queries.display import Shortener
    from kg.validation.results import Result
    from kg.workspace import Workspace

# Seconds between two looks, and the share of the time that looking may take.
_PAUSE: Final = 0.2
_SHARE: Final = 0.1
# What is told of one build: files, new results, rows of the answer.
_TOLD: Final = 5
# Results, and rows of the answer, that are compared from build to build.
_COMPARED: Final = 10_000
_FOLDERS: Final = ("data", "ontology", "shapes", "queries")
# What a build imports, and is there already when one begins.
_MODULES: Final = (
    *("kg.building", "kg.diff", "kg.graph", "kg.validation", "kg.queries.run"),
    *("kg.queries.results", "kg.queries.oxigraph", "kg.findings", "kg.engines.duckdb"),
)
# Makes the options of a build of a workspace, with what takes the results of validation.
Options = Callable[["Workspace", Callable[["Result"], None]], "BuildOptions"]


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the last build, to compare the next one with.

    Attributes:
        build: The build in force; empty if there is none.
        results: The results of validation, as lines.
        answer: The rows of the pinned question, as lines; None if it was not asked.
        files: The files that it read, or builds before it.
    """

    build: str = ""
    results: tuple[str, ...] = ()
    answer: tuple[str, ...] | None = None
    files: tuple[Path, ...] = ()


@dataclass
class Watch:
    """The watching of a workspace.

    Args:
        shared: The settings of the command.
        options: Makes the options of a build.
        prepare: Sets the limits of the process that builds, and what it runs.
        question: The name of a question that is asked after each build; empty for none.
        named: Files that the command line names.
    """

    shared: Settings
    options: Options
    prepare: Callable[[], object]
    question: str
    named: tuple[Path, ...] = ()
    state: State = field(default_factory=State)
    basis: Basis | None = None

    def run(self) -> int:
        """Build, and build again on each change, until the user interrupts.

        Raises:
            InputError: The folder is in no workspace.
        """
        for module in _MODULES:
            import_module(module)
        root = self.shared.workspace.root
        try:
            before, marks = self.files, _marks(root, self.files)
            self.build()
            self.shared.say(f"watching {show_path(root)}; Ctrl-C ends it")
            while True:
                # What changed while the build ran counts; files that it was the first to read
                # are known from now on.
                marks = {**_marks_of(set(self.files).difference(marks, before)), **marks}
                changed = _wait(root, marks, self.files)
                before, marks = self.files, _marks(root, self.files)
                self.shared.say(_told(changed, root))
                self.build()
        except KeyboardInterrupt:
            self.shared.say("kg: no longer watching")
            return ExitCode.DONE

    @property
    def files(self) -> tuple[Path, ...]:
        """The files, wherever they lie, that the last build read or that were named."""
        made = self.shared.workspace.state
        return (*self.named, *(each for each in self.state.files if made not in each.parents))

    def build(self) -> None:
        """Build once, in a child, and keep what is needed to compare the next build with."""
        sys.stdout.flush()
        sys.stderr.flush()
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            self._leave(write)
        os.close(write)
        try:
            with os.fdopen(read, encoding="utf-8") as pipe:
                said = pipe.read()
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        except KeyboardInterrupt:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            raise
        if said:
            self.state = _state(said)
        if code:
            self._say(f"not built, the build ended with {code}; the build before it still answers")

    def _leave(self, write: int) -> None:
        """Build in this process, write the new state to a pipe, and end the process.

        Whatever happens the process ends here: what called this belongs to the one that watches.
        """
        code: int = ExitCode.WORLD
        made = self.state
        try:
            try:
                self.prepare()
                made = self._round()
                code = ExitCode.DONE
            except KgError as error:
                print(error.report(), file=sys.stderr)
                code = error.exit_code
            files = dict.fromkeys((*self.state.files, *(self.basis.files if self.basis else ())))
            with os.fdopen(write, "w", encoding="utf-8") as pipe:
                json.dump({**asdict(made), "files": list(map(str, files))}, pipe)
        except supervise.Ended as ended:  # the process that it watched has written
            code = ended.code
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
        finally:
            _end(code)

    def _round(self) -> State:
        from kg.building import build
        from kg.workspace import read_workspace

        started = time.monotonic()
        workspace = read_workspace(self.shared.workspace.root)
        results: list[str] = []

        def take(result: Result) -> None:
            if len(results) < _COMPARED:
                results.append(_line(result, workspace.prefixes))

        with self.shared.status() as status:
            options = self.options(workspace, take)
            self.basis = options.basis
            made = build(workspace, options, status)
        seconds = time.monotonic() - started
        state = State(
            made.build.id if made.in_force else self.state.build,
            tuple(results),
            self._answer(workspace) if made.in_force else self.state.answer,
        )
        self._tell(made, state, workspace, seconds)
        return state

    # --- what is told -----------------------------------------------------------------------

    def _tell(self, made: BuildResult, state: State, workspace: Workspace, seconds: float) -> None:
        parts = [self._triples(made, workspace)]
        new, gone = _apart(self.state.results, state.results)
        parts += [counted(len(new), "new result")] * bool(new)
        parts += [f"{counted(len(gone), 'result')} gone"] * bool(gone)
        parts += [counted(len(made.findings), "finding")] * bool(made.findings)
        rows_new, rows_gone = _apart(self.state.answer or (), state.answer or ())
        if self.state.answer is not None and (rows_new or rows_gone):
            parts.append(f"{self.question}: +{len(rows_new)} −{len(rows_gone)} rows")
        elif state.answer is not None and self.state.answer is None:
            parts.append(f"{self.question}: {counted(len(state.answer), 'row')}")
        if not made.in_force:
            parts.append("NOT in force, the build before it still answers")
        self._say(f"{', '.join(filter(None, parts))} ({seconds:.1f} s)")
        for line in _few(new):
            self.shared.say(f"  new: {line}")
        if self.state.answer is not None:
            for line in (
                *_few(f"− {row}" for row in rows_gone),
                *_few(f"+ {row}" for row in rows_new),
            ):
                self.shared.say(f"  {line}")

    def _triples(self, made: BuildResult, workspace: Workspace) -> str:
        """Return how the graph differs from that of the last build."""
        if not made.in_force or not self.state.build or self.state.build == made.build.id:
            return counted(made.triples, "triple")
        from kg.diff import DiffOptions, diff

        options = DiffOptions(form="patch", with_inferred=True)
        found = diff(
            self.state.build, made.build.id, io.BytesIO(), workspace=workspace, options=options
        )
        return f"+{found.added:,} −{found.removed:,} quads" if found else "no quad changed"

    def _answer(self, workspace: Workspace) -> tuple[str, ...] | None:
        """Return the rows of the pinned question."""
        if not self.question:
            return None
        from kg.graph import open_graph
        from kg.queries.display import Shortener

        shortener = Shortener(workspace.prefixes)
        with open_graph(workspace) as graph:
            found = graph.ask(self.question)
            if isinstance(found, bool):
                return ("yes" if found else "no",)
            rows = (row.values() if isinstance(row, Mapping) else row for row in found)
            return tuple(
                printable(", ".join(_bare(shortener, str(term)) for term in row))
                for row in islice(rows, _COMPARED)
            )

    def _say(self, text: str) -> None:
        self.shared.say(f"{datetime.now():%H:%M:%S}  {text}")


def _end(code: int) -> NoReturn:
    """End this process, and tell of a fault that is on its way."""
    try:
        fault = sys.exc_info()[1]
        if fault is not None and not isinstance(fault, supervise.Ended | KeyboardInterrupt):
            traceback.print_exception(fault)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _state(said: str) -> State:
    """Return the state that a build has written."""
    known = json.loads(said)
    answer = known["answer"]
    return State(
        known["build"],
        tuple(known["results"]),
        None if answer is None else tuple(answer),
        tuple(map(Path, known["files"])),
    )


def _apart(old: Iterable[str], new: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what is new, and what is gone, as often as it is."""
    before, after = Counter(old), Counter(new)
    return list((after - before).elements()), list((before - after).elements())


def _few(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:_TOLD]
    if len(found) > _TOLD:
        yield f"… and {len(found) - _TOLD:,} more"


def _bare(shortener: Shortener, term: str) -> str:
    """Return a term as people read it, without the language of a text."""
    language = split_literal(term).language if term.startswith('"') else None
    return shortener.text(term, language)


def _line(result: Result, prefixes: Mapping[str, str]) -> str:
    """Return a result of validation as a line, the same in each build."""
    from kg.queries.display import Shortener

    shortener = Shortener(prefixes)
    value = f" {shortener.text(result.value)}" if result.value else ""
    places = f" ({result.origins[0]})" if result.origins else ""
    message = "; ".join(shortener.text(each, "en") for each in result.messages)
    return printable(f"{shortener.text(result.focus_node)}{value}: {message}{places}")


# --- changes ----------------------------------------------------------------------------------

# Inode, size and time of each file.
_Marks = dict[Path, tuple[int, int, int]]


def _marks(root: Path, files: Iterable[Path] = ()) -> _Marks:
    """Return the files of a workspace, and others, and what changes with their content."""
    listed: list[Path] = list(find_files(root, _is_of_root, deep=False))
    for folder in _FOLDERS:
        listed += find_files(root / folder, _is_seen)
    return _marks_of([*listed, *files])


def _marks_of(files: Iterable[Path]) -> _Marks:
    found: _Marks = {}
    for path in files:
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = (state.st_ino, state.st_size, state.st_mtime_ns)
    return found


def _is_of_root(name: str) -> bool:
    """Return whether a file beside kg.toml counts: tables may lie there, notes and logs do too."""
    return name in (CONFIG_NAME, ACCEPTED_NAME) or (
        _is_seen(name) and not name.endswith((".log", ".md", ".txt", ".out"))
    )


def _is_seen(name: str) -> bool:
    """Return whether a file counts: editors write hidden files, and copies that end in ~."""
    return not name.startswith((".", "#")) and not name.endswith(("~", ".swp", ".part", ".tmp"))


def _wait(root: Path, known: _Marks, files: Sequence[Path] = ()) -> list[Path]:
    """Wait for a change, and until it is over; return the files that changed."""
    pause = _PAUSE
    while True:
        time.sleep(pause)
        begun = time.monotonic()
        marks = _marks(root, files)
        pause = max(_PAUSE, (time.monotonic() - begun) / _SHARE)
        if marks == known:
            continue
        while True:  # an editor, or a program, may still be writing
            time.sleep(_PAUSE / 2)
            again = _marks(root, files)
            if again == marks:
                break
            marks = again
        if marks != known:
            everything: dict[Path, Any] = {**known, **marks}
            return [each for each in sorted(everything) if known.get(each) != marks.get(each)]


def _told(changed: list[Path], root: Path) -> str:
    names = [
        each.relative_to(root).as_posix() if root in each.parents else show_path(each)
        for each in changed
    ]
    return f"changed: {', '.join(_few(names))}"
