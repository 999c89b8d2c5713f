"""What is found about each question, kept for the next time: reading SPARQL takes long.

``.kg/questions.json`` has it by a digest of all that it depends on: the text, the file, the
prefixes, the base, kg itself. It is data in a workspace that may come from anywhere, so it is read
as JSON, into a few known kinds of records.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.basis import software
from kg.errors import KgError, Location
from kg.findings.model import Finding, as_record, from_record, place_record
from kg.findings.terms import Used
from kg.paths import is_folder, read_file
from kg.temporary import write_note
from kg.workspace import NO_DIGEST, Workspace, sealed

_NAME: Final = "questions.json"
_WRONG: Final = (KgError, OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is found about a question.

    Attributes:
        used: The terms that it names.
        found: The findings about it, but for those about terms.
        declared: The prefixes that it declares, with their namespaces.
    """

    used: tuple[Used, ...] = ()
    found: tuple[Finding, ...] = ()
    declared: tuple[tuple[str, str], ...] = ()


class KnownQuestions:
    """What is known of the questions of a workspace.

    Args:
        workspace: The workspace.
        anew: Whether to read all questions, whatever is known.
    """

    def __init__(self, workspace: Workspace, *, anew: bool = False) -> None:
        self._workspace = workspace
        self._old = {} if anew else self._read()
        self._new: dict[str, Any] = {}
        self._causes = [
            software(),
            str(Path.cwd()),  # messages name files as seen from there
            [*workspace.prefixes.items()],
            workspace.base,
        ]

    def of(self, path: Path, read: Callable[[Path], Asked]) -> Asked:
        """Return what is found about a question, which is read if that is not known.

        Args:
            path: The file.
            read: Reads it.

        Raises:
            Exception: As `read` does.
        """
        key = self._key(path)
        with suppress(*_WRONG):
            asked = _unpacked(self._old[key], path)
            self._new[key] = self._old[key]
            return asked
        asked = read(path)
        if key and not any(each.fix for each in asked.found):
            self._new[key] = _packed(asked)
        return asked

    def _key(self, path: Path) -> str:
        """Return the digest of what the findings about a question depend on; else nothing."""
        with suppress(KgError, OSError):
            text = hashlib.sha256(read_file(path)).hexdigest()
            causes = json.dumps([*self._causes, str(path), text])
            return hashlib.sha256(causes.encode("ascii")).hexdigest()
        return ""

    def write(self) -> None:
        """Write what is known now, if that is more or less than before."""
        state = self._workspace.state
        if self._new.keys() != self._old.keys() and is_folder(state):
            content = {"questions": self._new, "sha256": NO_DIGEST}
            with suppress(KgError, OSError):
                write_note(state / _NAME, sealed(json.dumps(content)))

    def _read(self) -> dict[str, Any]:
        with suppress(*_WRONG, RecursionError):
            text = read_file(self._workspace.state / _NAME).decode("ascii")
            loaded = json.loads(text)
            if sealed(text.replace(loaded["sha256"], NO_DIGEST)) == text:
                return dict(loaded["questions"])
        return {}


def _packed(asked: Asked) -> dict[str, object]:
    return {
        "used": [
            [each.iri, each.role, None if each.place is None else place_record(each.place)]
            for each in asked.used
        ],
        "found": [as_record(each) for each in asked.found],
        "declared": asked.declared,
    }


def _unpacked(kept: Mapping[str, Any], path: Path) -> Asked:
    used = (
        Used(str(iri), str(role), None if place is None else Location(**place), path)
        for iri, role, place in kept["used"]
    )
    declared = ((str(prefix), str(namespace)) for prefix, namespace in kept["declared"])
    return Asked(tuple(used), tuple(map(from_record, kept["found"])), tuple(declared))
