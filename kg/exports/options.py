"""The options of an export, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from kg.errors import UsageError
from kg.exports.checks import Origins, Problem
from kg.exports.formats import COTTAS, N_QUADS, N_TRIPLES, TRIG, TURTLE, Compression, Format
from kg.records import dataclass
from kg.terms import is_iri

# https://www.w3.org/TR/rdf-canon/#dfn-hash-algorithm
DIGESTS: Final = ("sha256", "sha384")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of an export.

    Attributes:
        format_name: Name of the format; by default that of the target's suffix.
        graphs: The graphs to write: an IRI, a prefixed name, the last part of a graph's path,
            or ``default``; none for all.
        with_inferred: Write the graph of inferred triples too.
        skolemize: Write blank nodes as IRIs below the base.
        canonical: Label blank nodes by RDFC-1.0, and report the digest of the canonical N-Quads.
            Except for Turtle and TriG, these lines are also what is written.
        digest: The hash algorithm for that; the labels of blank nodes depend on it.
        split: Maximum number of statements in a file; the file names get numbers.
        strict: Write nothing if there is a problem that stores may refuse.
        base: Base IRI of relative IRIs in RDF files, and of skolemized nodes; by default that of
            the workspace.
        timeout: Seconds that canonicalising may take.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
    """

    format_name: str | None = None
    graphs: Sequence[str] = ()
    with_inferred: bool = False
    skolemize: bool = False
    canonical: bool = False
    digest: str = "sha256"
    split: int | None = None
    strict: bool = False
    base: str | None = None
    timeout: float | None = None
    memory: str | None = None
    threads: int | None = None

    def check(self, target: str, form: Format, compression: Compression) -> None:
        """Check the options before any work is done.

        Raises:
            UsageError: Options cannot be combined, or `base` is not an absolute IRI.
            InputError: The package for the compression is not installed.
        """
        for name, number in (("--split", self.split), ("--threads", self.threads)):
            if number is not None and number < 1:
                raise _clash(f"{name} takes a number from 1, not {number}")
        if self.digest not in DIGESTS:
            raise _clash(f"--digest takes {' or '.join(DIGESTS)}, not {self.digest!r}")
        lined = form in (N_QUADS, N_TRIPLES)
        if self.canonical and not lined and form not in (TURTLE, TRIG):
            raise _clash(f"--canonical writes N-Quads, N-Triples, Turtle or TriG, not {form.title}")
        if self.split is not None and (target == "-" or not lined):
            raise _clash("--split needs an N-Quads or N-Triples file as target")
        if self.split is not None and self.canonical:
            raise _clash("--split and --canonical cannot be combined")
        if form == COTTAS and (compression or target == "-"):
            raise _clash("COTTAS needs a file as target, and is already compressed")
        if self.base is not None and not is_iri(self.base):
            raise UsageError(
                "bad-iri",
                f"--base takes an absolute IRI, not {self.base!r}",
                hint="For example --base https://example.org/",
            )
        if self.skolemize and self.base is None:
            raise _clash("outside a workspace --skolemize needs --base")
        if compression == ".zst":
            from kg.rdf.zstd import require_zstd

            require_zstd()


def _clash(message: str) -> UsageError:
    return UsageError("bad-option", message, hint="See `kg export --help`.")


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export.

    Attributes:
        target: The target; ``-`` is standard output.
        format: The format.
        written: Whether it was written; False if it was strict and there were problems.
        statements: Number of triples, or of quads if the format has graphs.
        files: The files that were written; several if the export was split.
        problems: Problems that stores may have with them.
        origins: Where the examples of the problems come from, if known.
        digest: Of canonical N-Quads, as ``sha256:`` and hexadecimal; None for other exports.
    """

    target: str
    format: Format
    written: bool
    statements: int = 0
    files: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()
    origins: Origins = field(default_factory=dict)
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """How and where to write rows.

    Attributes:
        target: Path of the file, or ``-``.
        form: The format.
        compression: How the file is compressed.
        options: The options of the export.
        prefixes: Prefix to namespace.
        folder: Folder for intermediate files.
    """

    target: str
    form: Format
    compression: Compression
    options: ExportOptions
    prefixes: Mapping[str, str]
    folder: Path
