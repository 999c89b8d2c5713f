"""A question asked: of a workspace, of RDF files or of a remote store."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kg.errors import InputError
from kg.query.answer import Answer
from kg.query.dataset import Dataset, open_files, open_workspace
from kg.query.lexer import Form
from kg.query.question import Question
from kg.query.syntax import check_query, evaluation_error, syntax_error
from kg.workspace import COMMON_PREFIXES, Workspace


@dataclass(frozen=True)
class Source:
    """What a question is asked of: files if there are any, else the workspace.

    Attributes:
        workspace: The workspace, if there is one.
        data: RDF files for the default graph.
        named: Graph IRI and file, for named graphs.
    """

    workspace: Workspace | None = None
    data: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether files are asked."""
        return bool(self.data or self.named)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes known before any file is opened."""
        return self.workspace.prefixes if self.workspace else COMMON_PREFIXES


@dataclass(frozen=True)
class Prepared:
    """A query that was checked and waits to be asked.

    Attributes:
        text: SPARQL with its parameters set.
        source: What messages call the text.
        form: The query form.
        base: What relative IRIs are resolved against.
        dataset: What is asked.
    """

    text: str
    source: str
    form: Form
    base: str
    dataset: Dataset = field(repr=False)

    def ask(self) -> Answer:
        """Ask, and return the answer as a stream.

        Raises:
            InputError: The query is wrong, or cannot be answered.
        """
        prefixes = dict(self.dataset.prefixes)
        try:
            return self.dataset.store.query(self.text, prefixes=prefixes, base_iri=self.base)
        except SyntaxError as error:
            raise syntax_error(error, self.text, self.source, prefixes) from error
        except (RuntimeError, ValueError) as error:
            raise evaluation_error(error, self.source) from error


def prepare(
    question: Question, values: Mapping[str, str], source: Source, folder: Path | None = None
) -> Prepared:
    """Set the parameters, open what is asked, and check the query.

    Args:
        question: What is asked.
        values: Parameter name to value, as the user typed it.
        source: What it is asked of.
        folder: Where an index of large files may be made; by default they are held in memory.

    Raises:
        InputError: A value, the query or a file is wrong, or there is nothing to ask.
        WorldError: The disk failed.
    """
    text = question.with_values(values, source.prefixes)
    base = (question.file or Path.cwd() / "-").absolute().as_uri()
    if source.has_files:
        dataset = open_files(source.data, source.named, source.prefixes, folder)
    elif source.workspace is not None:
        base = source.workspace.base
        dataset = open_workspace(source.workspace)
    else:
        raise InputError("nothing-to-ask", "there is neither a workspace nor a file to ask")
    form = check_query(text, question.source, dataset.prefixes, base)
    return Prepared(text, question.source, form, base, dataset)


def find_question(
    target: str, workspace: Workspace | None, prefixes: Mapping[str, str]
) -> Question:
    """Return the question that a word of the command line names.

    Args:
        target: The name of a question of the workspace, a file, or ``-`` for standard input.
        workspace: Where to look for names.
        prefixes: Known without a PREFIX line.

    Raises:
        InputError: There is no such question or file.
    """
    from kg.query.question import decode, parse_question, question_names, read_question

    if target == "-":
        name = "standard input"
        return parse_question(decode(sys.stdin.buffer.read(), name), name, prefixes)
    path = Path(target)
    if path.suffix in (".rq", ".sparql") or "/" in target or path.is_file():
        return read_question(path, prefixes)
    names = question_names(workspace) if workspace else []
    if workspace is not None and target in names:
        return read_question(workspace.root / "queries" / f"{target}.rq", prefixes)
    raise _unknown_question(target, names)


def _unknown_question(target: str, names: list[str]) -> InputError:
    from difflib import get_close_matches

    near = get_close_matches(target, names, n=1)
    hint = "See `kg questions` for the names; a file's name ends in .rq."
    if "{" in target:
        hint = f"Ask a text with -e: kg query -e '{target}'"
    elif near:
        hint = f"Did you mean {near[0]}? See `kg questions` for all names."
    return InputError("unknown-question", f"there is no question {target}", hint=hint)
