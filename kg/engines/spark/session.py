"""The session of Spark: how it is started, and what its failures say."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.errors import InputError, KgError, LimitError, WorldError
from kg.extras import need

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL: Final = "local[*]"
# Is set where ``spark-submit`` has started the process, which knows the cluster then.
_STARTED_BY: Final = "PYSPARK_GATEWAY_PORT"
# Says that Java keeps its log to itself: what a failure is, kg tells.
LOG: Final = Path(__file__).with_name("log4j2.properties")
# What the SQL counts on, whatever a cluster's own settings are.
_NEEDED: Final[Mapping[str, str]] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
    "spark.sql.caseSensitive": "true",
    # Equal rows that follow one another become one: no table of all of them is held.
    "spark.sql.execution.useHashAggregateExec": "false",
    "spark.sql.execution.useObjectHashAggregateExec": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.codegen.maxFields": "400",
    # Java compiles no method that is longer; all sources in one would be.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.codegen.wholeStage.union.enabled": "false",
    # Letters change their case as Unicode says, as they do on one machine.
    "spark.sql.icu.caseMappings.enabled": "true",
}
# What is set unless the cluster, or who submits the job, says otherwise.
_USUAL: Final[Mapping[str, str]] = {
    # Keys of parents that are sent to all tasks: otherwise all records of the child are shuffled.
    "spark.sql.autoBroadcastJoinThreshold": "32MB",
}
# A run uses much of Spark a few thousand times: to compile all that as well as can be would take
# half of the processor time.
_JAVA: Final = (
    "-XX:+UseParallelGC",
    *("-XX:Tier4InvocationThreshold=40000", "-XX:Tier4MinInvocationThreshold=5000"),
    *("-XX:Tier4CompileThreshold=100000", "-XX:Tier4BackEdgeThreshold=400000"),
)
# What a session is started with, unless its user says otherwise.
_STARTED: Final[Mapping[str, str]] = {
    "spark.app.name": "kg map",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def session(master: str | None, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """Give a session, which is stopped at the end unless it was there before.

    Args:
        master: The cluster, such as ``spark://host:7077``; None: that of ``spark-submit``, or all
            cores of this machine.
        settings: Settings of Spark.

    Raises:
        InputError: pyspark or Java is missing, or the cluster's name is none.
        WorldError: The cluster cannot be reached.
    """
    sql = need("pyspark.sql", "spark", "mapping on Spark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise InputError(
            "missing-java", "Spark needs Java 17 or newer", hint="Install it, or set JAVA_HOME."
        )
    running = sql.SparkSession.getActiveSession()
    builder = sql.SparkSession.builder
    if running is None:
        java = " ".join((*_JAVA, f"-Dlog4j2.configurationFile={LOG.as_uri()}"))
        started = {**_STARTED, "spark.driver.extraJavaOptions": java, **settings}
        builder = builder.config(map=started)
        if master or _STARTED_BY not in os.environ:
            builder = builder.master(master or LOCAL)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    with translated():
        spark: SparkSession = builder.getOrCreate()
        for key, value in _NEEDED.items():
            spark.conf.set(key, value)
        for key, value in _USUAL.items():
            if spark.conf.get(key, None) is None:
                spark.conf.set(key, value)
    try:
        yield spark
    finally:
        if running is None:
            spark.stop()


# --- failures -------------------------------------------------------------------------------

# What the message of a failed job holds, and what that is in the words of kg.
_MEANT: Final = (
    (
        r"OutOfMemoryError|GC overhead limit|exit code 137|Container killed by YARN",
        ("out-of-memory", "an executor had too little memory"),
        "Give executors more (spark.executor.memory; on one machine --memory), or more cores less"
        " each.",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        ("disk", "a disk of the cluster is full"),
        "Free space, or let spark.local.dir name a larger disk.",
    ),
    (
        r"PATH_NOT_FOUND|FileNotFoundException|FILE_NOT_EXIST|does not exist",
        ("missing-file", "a file is not there, or not on all machines"),
        "Sources and the output must be reached by the same path from every machine.",
    ),
    (
        r"Connection refused|UnknownHostException|All masters are unresponsive|Invalid Spark URL",
        ("spark-failed", "the cluster cannot be reached"),
        "Check --master, and that the cluster runs.",
    ),
    (
        r"AccessDenied|AccessControlException|Permission denied|Forbidden",
        ("spark-failed", "reading or writing was denied"),
        "Check the rights of who runs the executors.",
    ),
)
_CAUSE: Final = re.compile(
    r"(?:Caused by: |^)(?:[\w$]+\.)+([\w$]+(?:Error|Exception)): ([^\n]+)", re.M
)
_LONGEST: Final = 300


@contextmanager
def translated() -> Iterator[None]:
    """Turn failures of Spark into errors of kg: the cause in a line, not where in Java it was.

    Raises:
        WorldError: The cluster, a disk or the network failed.
        LimitError: Memory was too little.
        InputError: A file is missing.
    """
    errors = need("pyspark.errors", "spark", "mapping on Spark")
    protocol = need("py4j.protocol", "spark", "mapping on Spark")
    try:
        yield
    except (errors.PySparkException, protocol.Py4JError) as error:
        raise explained(str(error)) from error


def explained(said: str) -> KgError:
    """Return the error for what Spark says of a failure."""
    causes = _CAUSE.findall(said)
    kind, cause = causes[-1] if causes else ("", said.strip().partition("\n")[0])
    shown = f"{kind}: {cause}" if kind and kind not in cause else cause
    shown = shown.strip()[:_LONGEST]
    for pattern, (code, what), hint in _MEANT:
        if re.search(pattern, said):
            if code == "out-of-memory":
                return LimitError(code, f"{what}: {shown}", hint=hint)
            if code == "missing-file":
                return InputError(code, f"{what}: {shown}", hint=hint)
            return WorldError(code, f"{what}: {shown}", hint=hint)
    return WorldError(
        "spark-failed", f"the job failed on Spark: {shown}", hint="Nothing was written."
    )
