"""``kg map --engine spark``: what of the command is done on Apache Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kg.cli.context import Settings, show
from kg.errors import ExitCode, UsageError
from kg.wording import counted

if TYPE_CHECKING:
    from kg.cli.rejects import BadRecords
    from kg.variables import Variables


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for.

    Attributes:
        mappings: The mapping files.
        output: The folder to make.
        master: The cluster.
        memory: ``--memory``.
        format_name: ``--format``.
        base: ``--base``.
        prefixes: Prefixes known to YARRRML.
        variables: Values of ``${NAME}``.
        folders: ``--sources``.
        datatypes: ``--datatypes``.
        allow_outside: ``--allow-outside``.
        strict: ``--strict``.
    """

    mappings: Sequence[Path]
    output: str | None
    master: str | None
    memory: str | None
    format_name: str | None
    base: str
    prefixes: Mapping[str, str]
    variables: Variables | None
    folders: Sequence[Path]
    datatypes: str
    allow_outside: bool
    strict: bool


def refuse_others(given: Mapping[str, object]) -> None:
    """Refuse options that mean nothing on Spark.

    Args:
        given: Options by name, with what was given.

    Raises:
        UsageError: One was given.
    """
    for name, value in given.items():
        if value:
            raise UsageError(
                "usage", f"{name} does not go with --engine spark", hint=f"Leave out {name}."
            )


def explain(asked: Asked) -> int:
    """Print the SQL and Spark's plan; return the exit code."""
    from kg.map_spark import Cluster, explain_on_spark

    cluster = Cluster(asked.master, asked.memory)
    show(
        explain_on_spark(
            asked.mappings,
            cluster,
            asked.base,
            asked.prefixes,
            asked.variables,
            asked.folders,
            asked.datatypes,
        )
    )
    return ExitCode.DONE


def run(asked: Asked, shared: Settings, bad: BadRecords) -> int:
    """Map on Spark, say what was made and lost, and return the exit code."""
    from kg.cli.losses import say_losses
    from kg.map_spark import Cluster, map_on_spark

    if asked.output is None or asked.output == "-":
        raise UsageError(
            "missing-output", "Spark writes a folder", hint="Name one that is not there: -o graph"
        )
    with shared.status() as status:
        status("map on Spark")
        mapped = map_on_spark(
            asked.mappings,
            asked.output,
            Cluster(asked.master, asked.memory),
            format_name=asked.format_name,
            base=asked.base,
            prefixes=asked.prefixes,
            allow_outside=asked.allow_outside,
            variables=asked.variables,
            source_folders=asked.folders,
            datatypes=asked.datatypes,
        )
    records = sum(count.records for count in mapped.counts)
    made = counted(mapped.statements, "statement")
    shared.say(f"wrote {made} from {counted(records, 'record')} to {asked.output}")
    say_losses(shared, mapped.counts, mapped.prefixes, strict=asked.strict)
    whole = all(count.is_whole for count in mapped.counts)
    return bad.finish(shared, ExitCode.NO if asked.strict and not whole else ExitCode.DONE)
