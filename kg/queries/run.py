"""A question asked: of a workspace, of RDF files or of a remote store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from kg.errors import InputError, Location
from kg.paths import is_file
from kg.queries.answer import Style, write_answer
from kg.queries.choice import AUTO
from kg.queries.dataset import open_build, open_files, prefixes_of
from kg.queries.engine import Answer, Engine, Rows, Watch
from kg.queries.formats import Format
from kg.queries.question import (
    Question,
    decode,
    parse_question,
    question_names,
    read_question,
)
from kg.queries.syntax import check_query
from kg.sparql.guard import Guarded, read_tree
from kg.sparql.words import Form
from kg.wording import nearest
from kg.workspace import COMMON_PREFIXES, Workspace

if TYPE_CHECKING:  # only remote stores answer with odd terms
    from kg.queries.odd_terms import Odd

# Seconds for a question that is only asked of a remote store for the sake of a message.
_ASK_SECONDS: Final = 10.0
# The first words of queries.
_BEGINNINGS: Final = ("select", "ask", "construct", "describe", "prefix", "base")
# Slips of a query that are told, at most.
_SLIPS: Final = 3


@dataclass(frozen=True)
class Source:
    """What a question is asked of: an endpoint or files if there are any, else the workspace.

    Attributes:
        workspace: The workspace, if there is one; its prefixes and questions are always known.
        data: RDF files for the default graph.
        named: Graph IRI and file, for named graphs.
        endpoint: URL of a remote store; goes with no files.
        engine: Opens what answers for the workspace, given the name of an engine and what makes a
            folder for large files; by default that of the build in force.
        name: Who answers: ``auto``, ``table`` or ``oxigraph``.
        memory: Peak memory of the process, such as ``1GB``, for SQL on files.
    """

    workspace: Workspace | None = None
    data: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()
    endpoint: str | None = None
    engine: Callable[[str, Callable[[], Path] | None], Engine] | None = field(
        default=None, repr=False
    )
    name: str = AUTO
    memory: str | None = None

    @property
    def is_workspace(self) -> bool:
        """Whether the workspace itself is asked."""
        return not (self.data or self.named or self.endpoint)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """All files."""
        return (*self.data, *(path for _, path in self.named))

    def prefixes(self, question: Question | None = None) -> dict[str, str]:
        """Return the prefixes that a question may use without declaring them.

        A question of the workspace means the workspace's prefixes by its names; any other text
        means those of the files that it is asked of.
        """
        own = dict(self.workspace.prefixes if self.workspace else COMMON_PREFIXES)
        declared = prefixes_of(self.files)
        if question is not None and question.of_workspace:
            return {**declared, **own}
        return {**own, **declared}


@dataclass(frozen=True)
class Prepared:
    """A query that was checked and waits to be asked.

    Attributes:
        query: SPARQL with its parameters set.
        base: What relative IRIs are resolved against.
        prefixes: Known without a PREFIX line.
        engine: What is asked; None if a remote store is.
        endpoint: The remote store's URL.
        seconds: How long to wait for the network at most.
    """

    query: Guarded
    base: str
    prefixes: Mapping[str, str] = field(repr=False)
    engine: Engine | None = field(repr=False)
    endpoint: str | None = None
    seconds: float | None = None
    _odd: list[Odd] = field(default_factory=list, repr=False)
    _watches: list[Watch] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """The query's text."""
        return self.query.text

    @property
    def form(self) -> Form:
        """The query form."""
        return self.query.form

    @property
    def sent(self) -> str:
        """The text as it is sent: for a remote store with the prefixes that it needs."""
        if self.engine is not None:
            return self.text
        from kg.queries.remote import with_prologue

        return with_prologue(self.text, self.prefixes)

    def write(self, answer: Answer, form: Format, out: IO[bytes], style: Style) -> bool:
        """Write the answer to this query, and tell whether it holds nothing.

        Raises:
            LimitError: The answer has more rows than `style` allows.
            InputError: The query cannot be answered to its end, or not in this format.
            WorldError: The remote store's answer breaks off.
        """
        return write_answer(self.watched(answer), form, out, style)

    def watched(self, answer: Answer) -> Answer:
        """Return an answer whose rows are looked at as they pass, for `remarks` to tell of."""
        watch = None if self.engine is None else self.engine.watch(self.query)
        if watch is None or not isinstance(answer, Rows):
            return answer
        self._watches[:] = [watch]  # what an earlier answer showed is not told with this one
        return Rows(answer.columns, watch.rows(answer.columns, answer))

    def remarks(self) -> list[str]:
        """Return what to tell about an answer that has been read to its end."""
        from kg.queries.slips import slips

        remarks = [f"{slip.said}. {slip.hint}" for slip in islice(slips(self.query.tree), _SLIPS)]
        remarks += [remark for odd in self._odd if (remark := odd.remark())]
        for watch in self._watches:
            remarks += watch.remarks()
        if self.engine is not None:
            remarks += self.engine.remarks(self.query, self.prefixes)
        return remarks

    def why_empty(self) -> list[str]:
        """Return what may be the reason that the answer is empty, as remarks for people."""
        if self.engine is not None:
            from kg.queries.unknown import why_empty

            return why_empty(self.engine, self.query, self.prefixes)
        from kg.queries.remote import default_graph_is_empty

        assert self.endpoint is not None
        if not default_graph_is_empty(self.endpoint, _ASK_SECONDS):
            return []
        return [
            "the store's default graph holds nothing; what stands in named graphs is found with"
            " GRAPH ?g { … }, or after `kg push --into default`"
        ]

    def explain(self) -> Iterator[str]:
        """Yield lines on the query, and on what it is asked of; it is not asked.

        Raises:
            WorldError: The index cannot be read.
        """
        from kg.queries.explain import explain_data, explain_patterns, explain_query

        yield from explain_query(self.query, self.sent, self.prefixes, self.base)
        if self.engine is None:
            yield f"asked of: {self.endpoint}"
            return
        yield from explain_data(self.engine)
        yield from explain_patterns(self.engine, self.query, self.prefixes, self.base)
        yield from self.engine.plan(self.query, self.prefixes, self.base)

    def interrupt(self, thread: int) -> bool:
        """Interrupt what a thread asks, and return whether that can be interrupted."""
        return self.engine is not None and self.engine.interrupt(thread)

    def ask(self) -> Answer:
        """Ask, and return the answer as a stream.

        Raises:
            InputError: The query is wrong, or cannot be answered.
            WorldError: The remote store cannot be reached, or refuses.
        """
        if self.engine is None:
            # Imported here: HTTP takes longer to import than a local query to answer.
            from kg.queries.odd_terms import Odd
            from kg.queries.remote import ask_endpoint

            assert self.endpoint is not None
            self._odd[:] = [odd := Odd()]
            return ask_endpoint(self.endpoint, self.sent, self.form, self.seconds, odd)
        return self.engine.ask(self.query, self.prefixes, self.base)


def prepare(
    question: Question,
    values: Mapping[str, str],
    source: Source,
    *,
    folder: Callable[[], Path] | None = None,
    seconds: float | None = None,
) -> Prepared:
    """Set the parameters, open what is asked, and check the query.

    Args:
        question: What is asked.
        values: Parameter name to value, as the user typed it.
        source: What it is asked of.
        folder: Makes a folder for an index of large files; by default they are held in memory.
        seconds: How long to wait for the network at most.

    Raises:
        InputError: A value, the query, a file or the endpoint's URL is wrong, or there is nothing
            to ask.
        WorldError: The disk failed.
    """
    if source.endpoint is not None:
        from kg.queries.remote import check_endpoint

        check_endpoint(source.endpoint)
    prefixes = source.prefixes(question)
    text = question.with_values(values, prefixes)
    base = (question.file or Path.cwd() / "-").absolute().as_uri()
    if source.is_workspace and source.workspace is not None:
        base = source.workspace.base
    remote = source.endpoint is not None
    checked = check_query(text, question.source, prefixes, base, allow_service=remote)
    if values and read_tree(question.text) is None:  # nothing was set
        raise question.unknown_parameter(next(iter(values)))
    return Prepared(
        # A remote store gets the text as it is: it has its own order for SELECT *.
        query=checked.as_given if remote else checked.query,
        base=base,
        prefixes=prefixes,
        engine=None if remote else _open(source, folder),
        endpoint=source.endpoint,
        seconds=seconds,
    )


def _open(source: Source, folder: Callable[[], Path] | None) -> Engine:
    if not source.is_workspace:
        return open_files(source.data, source.named, source.name, folder, memory=source.memory)
    if source.workspace is None:
        raise InputError(
            "nothing-to-ask",
            "there is neither a workspace nor a file to ask",
            hint="Go to a workspace, or give files with --data.",
        )
    if source.engine is not None:
        return source.engine(source.name, folder)
    return open_build(source.workspace.current_build(), source.name, folder)


def check_question(question: Question, workspace: Workspace) -> None:
    """Check a question of a workspace without asking it: its header and its query.

    Raises:
        InputError: The query is wrong, or gives other columns than the header promises or draws.
    """
    values = {each.name: each.type.example for each in question.parameters if each.default is None}
    text = question.with_values(values, workspace.prefixes)
    checked = check_query(text, question.source, workspace.prefixes, workspace.base)
    if question.columns and checked.columns != question.columns:
        raise InputError(
            "wrong-columns",
            f"the header promises the columns {', '.join(question.columns)}, the query gives "
            + (", ".join(checked.columns) or "none"),
            location=Location(question.source),
            hint="Mend the line `# columns:` or the query.",
        )
    if (line := question.chart_line()) is not None:
        line.check(checked.columns)


def is_text(target: str) -> bool:
    """Tell whether a word in the place of a name is SPARQL, and no file.

    It has a brace, or begins as queries do: what is wrong in it is told by its parser.
    """
    first, *more = target.split(maxsplit=1) or [""]
    is_sparql = "{" in target or (bool(more) and first.lower() in _BEGINNINGS)
    return is_sparql and not is_file(Path(target))


def find_question(target: str, workspace: Workspace | None) -> Question:
    """Return the question that a word of the command line names.

    Args:
        target: The name of a question of the workspace, a file, or ``-`` for standard input.
        workspace: Where to look for names; its prefixes are known in headers.

    Raises:
        InputError: There is no such question or file.
    """
    prefixes = workspace.prefixes if workspace else COMMON_PREFIXES
    if target == "-":
        name = "standard input"
        return parse_question(decode(sys.stdin.buffer.read(), name), name, prefixes)
    path = Path(target)
    if path.suffix in (".rq", ".sparql") or "/" in target:
        return read_question(path, prefixes)
    names = question_names(workspace) if workspace else []
    if workspace is not None and target in names:
        question = read_question(workspace.root / "queries" / f"{target}.rq", prefixes)
        return replace(question, of_workspace=True)
    if is_file(path):
        return read_question(path, prefixes)
    raise _unknown_question(target, names)


def _unknown_question(target: str, names: list[str]) -> InputError:
    near = nearest(target, names)
    hint = "See `kg questions` for the names; the name of a file ends in .rq."
    if near:
        hint = f"Did you mean {near}? See `kg questions` for all names."
    return InputError("unknown-question", f"there is no question {target}", hint=hint)
