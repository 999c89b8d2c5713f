"""The formats that ``kg export`` writes, and how one is chosen.

The name or the target's suffix decides; an unknown suffix is an error, never a guess.
"""

from __future__ import annotations

from typing import Final, Literal

from kg.errors import UsageError
from kg.records import dataclass

Compression = Literal["", ".gz", ".zst"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of RDF files.

    Attributes:
        name: Value of ``--format``.
        title: Its usual name.
        suffixes: Suffixes of file names; the first is the usual one.
        quads: Whether it supports named graphs.
        media_type: As registered with IANA.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    quads: bool
    media_type: str


TURTLE: Final = Format("turtle", "Turtle", (".ttl",), False, "text/turtle")
TRIG: Final = Format("trig", "TriG", (".trig",), True, "application/trig")
N_TRIPLES: Final = Format("ntriples", "N-Triples", (".nt",), False, "application/n-triples")
N_QUADS: Final = Format("nquads", "N-Quads", (".nq",), True, "application/n-quads")
JSON_LD: Final = Format("jsonld", "JSON-LD", (".jsonld",), True, "application/ld+json")
RDF_XML: Final = Format("rdfxml", "RDF/XML", (".rdf", ".owl"), False, "application/rdf+xml")
COTTAS: Final = Format("cottas", "COTTAS", (".cottas",), True, "application/vnd.apache.parquet")
FORMATS: Final = (TURTLE, TRIG, N_TRIPLES, N_QUADS, JSON_LD, RDF_XML, COTTAS)


def choose_format(target: str, name: str | None = None) -> tuple[Format, Compression]:
    """Return the format and the compression for a target.

    Args:
        target: Path of the file to write, or ``-`` for standard output.
        name: Name of a format, which overrides the suffix.

    Raises:
        UsageError: The name is unknown, or there is no name and the suffix is unknown.

    >>> form, compression = choose_format("graph.nq.gz")
    >>> form.title, compression
    ('N-Quads', '.gz')
    """
    stem, compression = _compression(target)
    if name is not None:
        return _by_name(name), compression
    if target == "-":
        raise UsageError(
            "format-needed",
            "standard output has no file name that gives the format",
            hint=f"Add --format with one of {names()}.",
        )
    for form in FORMATS:
        if stem.lower().endswith(form.suffixes):
            return form, compression
    raise UsageError(
        "unknown-format",
        f"cannot tell the format from the file name {target}",
        hint=f"Use the suffix {endings()} (.gz or .zst may follow), or add --format: {names()}.",
    )


def names() -> str:
    """Return the names of all formats as text."""
    return ", ".join(form.name for form in FORMATS)


def endings() -> str:
    """Return the suffixes of all formats as text."""
    return ", ".join(suffix for form in FORMATS for suffix in form.suffixes)


def _compression(target: str) -> tuple[str, Compression]:
    for ending in (".gz", ".zst"):
        if target.lower().endswith(ending):
            return target[: -len(ending)], ending
    return target, ""


def _by_name(name: str) -> Format:
    for form in FORMATS:
        if name.lower() in (form.name, *(suffix[1:] for suffix in form.suffixes)):
            return form
    raise UsageError(
        "unknown-format", f"kg does not write the format {name!r}", hint=f"It writes {names()}."
    )
