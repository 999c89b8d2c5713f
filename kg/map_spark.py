"""Mappings run on Apache Spark: RML or YARRRML files in, a folder of Parquet or N-Quads out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.duck import engine
from kg.engines.spark.hadoop import is_address
from kg.engines.spark.run import Spark, Written
from kg.errors import UsageError, WorldError
from kg.files import making
from kg.map_files import Mapped, MappingFiles
from kg.mapping.plan import Plan
from kg.paths import kind_of, names_in, real_path, show_path
from kg.sizes import parse_size
from kg.sources import Folders
from kg.table.write import COPIES, define_macros, write_statistics

_FORMATS: Final[Mapping[str, str]] = {
    **{"parquet": "parquet", "nquads": "nquads", "nq": "nquads", "ntriples": "nquads"},
    "nt": "nquads",
}


# Bytes that Java has beside its heap, for its code, stacks and buffers, as measured on a mapping of
# ten tables; and the least heap with which Spark starts.
_BESIDE_HEAP: Final = 450_000_000
_LEAST_HEAP: Final = 550_000_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs.

    Attributes:
        master: As Spark names it; None: that of ``spark-submit``, or all cores of this machine.
        memory: What Java may take in the process itself, which does the work on one machine:
            its heap, and what it has beside that.
    """

    master: str | None = None
    memory: str | None = None

    @property
    def engine(self) -> Spark:
        """The engine.

        Raises:
            UsageError: The memory is no size, or too little for Java.
        """
        if self.memory is None:
            return Spark(self.master, {})
        heap = parse_size(self.memory) - _BESIDE_HEAP
        if heap < _LEAST_HEAP:
            least = (_BESIDE_HEAP + _LEAST_HEAP) // 10**6
            raise UsageError(
                "bad-size",
                f"Spark does not run in {self.memory}",
                hint=f"Give --memory {least}MB or more, or map without Spark.",
            )
        return Spark(self.master, {"spark.driver.memory": f"{heap >> 20}m"})


def map_on_spark(
    mappings: MappingFiles,
    target: str,
    cluster: Cluster,
    format_name: str | None = None,
    *,
    copies: bool = False,
) -> Mapped:
    """Run mapping files on Spark, and write what they make into a new folder.

    Args:
        mappings: The files.
        target: The folder to make, or an address that Hadoop knows.
        cluster: Where Spark runs.
        format_name: ``parquet`` (by default: a quad table), ``nquads`` or ``ntriples``.
        copies: Whether the coded copies are made, which the table engine asks.

    Raises:
        UsageError: There is no such format, or no copies can be made of it, or there.
        InputError: A mapping or a source is wrong, or asks for what Spark does not have.
        LimitError: Memory was too little; nothing was written.
        WorldError: The folder is there, or Spark, a disk or the cluster failed.
    """
    form = _FORMATS.get(format_name or "parquet")
    if form is None:
        raise UsageError(
            "unknown-format",
            f"Spark writes no {format_name}",
            hint="Write --format parquet, nquads or ntriples; kg export writes the others.",
        )
    if copies and (form != "parquet" or is_address(target)):
        raise UsageError(
            "usage",
            "coded copies are of a folder of Parquet that this machine reaches by its path",
            hint="Leave out --table, or map into such a folder.",
        )
    with mappings.read() as plan:
        folders = Folders(mappings.inside, Path(), "the current folder and the mapping's")
        if is_address(target):
            made = cluster.engine.run(plan, folders, target, form=form)
        else:
            made = _write(plan, folders, Path(target), cluster, form, copies=copies)
        known = mappings.prefixes_of(plan)
    return Mapped(target, made.statements, made.counts, prefixes=known)


def _write(
    plan: Plan, folders: Folders, target: Path, cluster: Cluster, form: str, *, copies: bool
) -> Written:
    if kind_of(target) is not None and (kind_of(target) != "a folder" or names_in(target)):
        raise WorldError(
            "folder-not-empty",
            f"{show_path(target)} is there already",
            hint="Name a folder that is not there.",
        )
    name = COPIES if copies else ""
    with making(real_path(target)) as part:
        made = cluster.engine.run(plan, folders, part, form=form, copies=name)
        if copies:
            with engine() as connection:
                define_macros(connection)
                write_statistics(connection, part / COPIES)
    return made


def explain_on_spark(mappings: MappingFiles, cluster: Cluster) -> str:
    """Return the SQL that mapping files compile to, and Spark's plan of the job.

    Headers of the sources are read for it. Errors are as for `map_on_spark`.
    """
    with mappings.read() as plan:
        return cluster.engine.explain(plan, Folders(None, Path(), "the current folder"))
