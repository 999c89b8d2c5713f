"""Mappings run without a workspace: RML or YARRRML files in, one RDF file out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.duck import engine
from kg.export import choose_format, export_table
from kg.mapping import read_mappings
from kg.materialize import MapCount, explain, materialize
from kg.sources import Folders
from kg.workspace import COMMON_PREFIXES


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a run of mappings did.

    Attributes:
        target: The file that was written, or ``-``.
        statements: Number of triples (or quads) in it.
        counts: Records and losses of each triples map.
    """

    target: str
    statements: int
    counts: tuple[MapCount, ...]


def map_files(
    mappings: Sequence[Path],
    target: str,
    *,
    format_name: str | None = None,
    base: str = "",
    prefixes: Mapping[str, str] = COMMON_PREFIXES,
    memory: str | None = None,
    threads: int | None = None,
) -> Mapped:
    """Run mapping files and write what they make.

    Args:
        mappings: RML (``.ttl``) or YARRRML (``.yml``) files; sources are found beside them.
        target: The RDF file to write, or ``-`` for standard output.
        format_name: Name of the RDF format; by default the target's ending tells it.
        base: Prepended to relative IRIs, unless a mapping has its own base.
        prefixes: Prefixes known to YARRRML without being declared, and used in Turtle.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.

    Raises:
        InputError: A mapping or a source is wrong.
        LimitError: The memory limit was reached; the target is as it was.
        WorldError: The disk failed; the target is as it was.
    """
    choose_format(target, format_name)
    plan = read_mappings(mappings, prefixes, base)
    with tempfile.TemporaryDirectory(prefix="kg-map-") as folder:
        spill = Path(folder)
        with engine(spill, memory, threads) as connection:
            made = materialize(connection, plan, Folders(None, spill), spill / "quads.parquet")
        exported = export_table(
            made.table,
            target,
            format_name=format_name,
            prefixes=prefixes,
            memory=memory,
            threads=threads,
        )
    return Mapped(target, exported.statements, made.counts)


def explain_files(mappings: Sequence[Path], base: str, prefixes: Mapping[str, str]) -> str:
    """Return the SQL that mapping files compile to; nothing is read but the mappings.

    Raises:
        InputError: A mapping is wrong.
    """
    return explain(read_mappings(mappings, prefixes, base))
