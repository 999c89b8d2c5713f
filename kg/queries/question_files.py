"""The files of questions as they are now, for servers that run on while people edit them."""

from __future__ import annotations

from dataclasses import field, replace
from hashlib import blake2b
from pathlib import Path

from kg.errors import InputError
from kg.queries.question import Question, read_question
from kg.records import dataclass
from kg.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Found:
    """The questions of a workspace, those apart that cannot be read.

    Attributes:
        questions: Those that can be asked, by name.
        faults: What is wrong with each other one, by name; with the whole folder, by "".
    """

    questions: list[Question]
    faults: dict[str, InputError] = field(default_factory=dict)


def questions_now(workspace: Workspace) -> Found:
    """Read the questions anew; one that cannot be read takes no other with it."""
    try:
        paths = _files(workspace)
    except InputError as error:
        return Found([], {"": error})
    found = Found([])
    for path in paths:
        try:
            found.questions.append(read_question(path, workspace.prefixes))
        except InputError as error:
            found.faults[path.stem] = error
    return found


def questions_mark(workspace: Workspace) -> str:
    """Return a text that is another one when a file of a question comes, goes or changes."""
    told: list[object] = []
    try:
        for path in _files(workspace):
            told.append(path.name)
            status = path.stat()
            told.append((status.st_ino, status.st_mtime_ns, status.st_size))
    except (InputError, OSError) as error:  # told by what reads them
        told.append(str(error))
    return blake2b(repr(told).encode(), digest_size=12).hexdigest()


def _files(workspace: Workspace) -> tuple[Path, ...]:
    return replace(workspace).question_files  # a workspace lists its files once, its copy anew
