"""Mappings run on Apache Spark: RML or YARRRML files in, a folder of Parquet or N-Quads out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kg.engines.spark.hadoop import is_address
from kg.engines.spark.run import Spark, Written
from kg.errors import UsageError, WorldError
from kg.files import making
from kg.map_files import Mapped, source_folders_of
from kg.mapping.documents import read_mappings
from kg.mapping.natural import Datatypes
from kg.mapping.plan import Plan
from kg.paths import kind_of, names_in, real_path, show_path
from kg.sources import Folders
from kg.sources.files import located
from kg.variables import Variables, using
from kg.workspace import COMMON_PREFIXES

_FORMATS: Final[Mapping[str, str]] = {
    **{"parquet": "parquet", "nquads": "nquads", "nq": "nquads", "ntriples": "nquads"},
    "nt": "nquads",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs.

    Attributes:
        master: As Spark names it; None: that of ``spark-submit``, or all cores of this machine.
        memory: For the process itself, in which the work is done on one machine.
    """

    master: str | None = None
    memory: str | None = None

    @property
    def engine(self) -> Spark:
        """The engine."""
        return Spark(self.master, {"spark.driver.memory": self.memory} if self.memory else {})


def read_plan(
    mappings: Sequence[Path],
    base: str,
    prefixes: Mapping[str, str],
    source_folders: Sequence[Path],
    datatypes: str,
) -> Plan:
    """Return the plan of mapping files.

    Raises:
        InputError: A mapping is wrong.
        UsageError: There are no such datatypes.
    """
    natural = Datatypes.named(datatypes)
    plan = located(read_mappings(mappings, prefixes, base), source_folders)
    return replace(plan, datatypes=natural)


def map_on_spark(
    mappings: Sequence[Path],
    target: str,
    cluster: Cluster,
    *,
    format_name: str | None = None,
    base: str = "",
    prefixes: Mapping[str, str] = COMMON_PREFIXES,
    allow_outside: bool = False,
    variables: Variables | None = None,
    source_folders: Sequence[Path] = (),
    datatypes: str = Datatypes.NATURAL.value,
) -> Mapped:
    """Run mapping files on Spark, and write what they make into a new folder.

    Args:
        mappings: As for `kg.map_files.map_files`, like all that are not named here.
        target: The folder to make, or an address that Hadoop knows.
        cluster: Where Spark runs.
        format_name: ``parquet`` (by default: a quad table), ``nquads`` or ``ntriples``.
        base: Prepended to relative IRIs.
        prefixes: Prefixes known to YARRRML.
        allow_outside: Let sources lie outside of the current folder and of the mapping's.
        variables: Values of ``${NAME}``.
        source_folders: Where sources are looked for that are not beside their mapping.
        datatypes: Which datatypes literals have that the mapping gives none.

    Raises:
        UsageError: There is no such format.
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
    with using(variables):
        plan = read_plan(mappings, base, prefixes, source_folders, datatypes)
        inside = None if allow_outside else source_folders_of(mappings, source_folders)
        folders = Folders(inside, Path(), "the current folder and the mapping's")
        if is_address(target):
            made = cluster.engine.run(plan, folders, target, form=form)
        else:
            made = _write(plan, folders, Path(target), cluster, form)
    known = {**prefixes, **dict(plan.prefixes)}
    return Mapped(target, made.statements, made.counts, prefixes=known)


def _write(plan: Plan, folders: Folders, target: Path, cluster: Cluster, form: str) -> Written:
    if kind_of(target) is not None and (kind_of(target) != "a folder" or names_in(target)):
        raise WorldError(
            "folder-not-empty",
            f"{show_path(target)} is there already",
            hint="Name a folder that is not there.",
        )
    with making(real_path(target)) as part:
        return cluster.engine.run(plan, folders, part, form=form)


def explain_on_spark(
    mappings: Sequence[Path],
    cluster: Cluster,
    base: str,
    prefixes: Mapping[str, str],
    variables: Variables | None = None,
    source_folders: Sequence[Path] = (),
    datatypes: str = Datatypes.NATURAL.value,
) -> str:
    """Return the SQL that mapping files compile to, and Spark's plan of the job.

    Headers of the sources are read for it. Arguments and errors are as for `map_on_spark`.
    """
    with using(variables) if variables else nullcontext():
        plan = read_plan(mappings, base, prefixes, source_folders, datatypes)
        return cluster.engine.explain(plan, Folders(None, Path(), "the current folder"))
