"""``kg map --engine spark``: what of the command is done on Apache Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kg.cli.context import Settings, show
from kg.errors import ExitCode, UsageError
from kg.wording import counted

if TYPE_CHECKING:
    from kg.cli.rejects import BadRecords
    from kg.map_files import MappingFiles
    from kg.map_spark import Cluster


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


def explain(mappings: MappingFiles, cluster: Cluster) -> int:
    """Print the SQL and Spark's plan; return the exit code."""
    from kg.map_spark import explain_on_spark

    show(explain_on_spark(mappings, cluster))
    return ExitCode.DONE


def run(
    mappings: MappingFiles,
    output: str | None,
    cluster: Cluster,
    format_name: str | None,
    shared: Settings,
    bad: BadRecords,
    *,
    strict: bool,
) -> int:
    """Map on Spark, say what was made and lost, and return the exit code."""
    from kg.cli.losses import say_losses
    from kg.map_spark import map_on_spark

    if output is None or output == "-":
        raise UsageError(
            "missing-output", "Spark writes a folder", hint="Name one that is not there: -o graph"
        )
    with shared.status() as status:
        status("map on Spark")
        mapped = map_on_spark(mappings, output, cluster, format_name)
    records = sum(count.records for count in mapped.counts)
    made = counted(mapped.statements, "statement")
    shared.say(f"wrote {made} from {counted(records, 'record')} to {output}")
    say_losses(shared, mapped.counts, mapped.prefixes, strict=strict)
    whole = all(count.is_whole for count in mapped.counts)
    return bad.finish(shared, ExitCode.NO if strict and not whole else ExitCode.DONE)
