"""What may be chosen about an export, and what it tells in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kg.errors import UsageError
from kg.export.checks import Origins, Problem
from kg.export.formats import COTTAS, N_QUADS, N_TRIPLES, TRIG, TURTLE, Compression, Format
from kg.terms import is_iri

# https://www.w3.org/TR/rdf-canon/#dfn-hash-algorithm
DIGESTS: Final = ("sha256", "sha384")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What a user may choose about an export.

    Attributes:
        format_name: Name of the format; by default the target's ending tells it.
        graphs: The graphs to write: an IRI, a prefixed name, the last part of a graph's path,
            or ``default``; none for all.
        with_inferred: Write the graph of inferred triples too.
        skolemize: Write blank nodes as IRIs below the base.
        canonical: Label blank nodes by RDFC-1.0, and tell the digest of the canonical N-Quads;
            these are what is written but for Turtle and TriG.
        digest: The hash algorithm for that; the labels of blank nodes depend on it.
        split: Most statements of a file; the target's name then gets numbers.
        strict: Write nothing if there is something that stores may refuse.
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
        """Refuse what does not go together, before any work is done.

        Raises:
            UsageError: Options do not go together, or `base` is no absolute IRI.
            InputError: A package for the compression is not there.
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
            raise _clash("--split needs a file of N-Quads or N-Triples")
        if self.split is not None and self.canonical:
            raise _clash("--split and --canonical do not go together")
        if form == COTTAS and (compression or target == "-"):
            raise _clash("COTTAS needs a file, and is compressed in itself")
        if self.base is not None and not is_iri(self.base):
            raise UsageError(
                "bad-iri",
                f"--base takes an absolute IRI, not {self.base!r}",
                hint="For example --base https://example.org/",
            )
        if self.skolemize and self.base is None:
            raise _clash("--skolemize needs --base outside of a workspace")
        if compression == ".zst":
            from kg.rdf.zstd import require_zstd

            require_zstd()


def _clash(message: str) -> UsageError:
    return UsageError("bad-option", message, hint="See `kg export --help`.")


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Attributes:
        target: What it was asked to write; ``-`` is standard output.
        format: The format.
        written: Whether it was written; not if it was strict and there were problems.
        statements: How many triples (or quads, where the format has graphs) were written.
        files: The files that were written; more than one if they were to be split.
        problems: What stores may refuse in them.
        origins: Where the examples of the problems come from, as far as that is known.
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
    """What is to be written, and where.

    Attributes:
        target: Path of the file, or ``-``.
        form: The format.
        compression: How the file is compressed.
        options: What was chosen.
        prefixes: Prefix to namespace.
        folder: Where files may be made while it is written.
    """

    target: str
    form: Format
    compression: Compression
    options: ExportOptions
    prefixes: Mapping[str, str]
    folder: Path
