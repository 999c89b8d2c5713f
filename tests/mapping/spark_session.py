"""One session of Spark for the tests of a module, made to start soon rather than to be fast."""

from __future__ import annotations

import importlib.util
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kg.duck import engine
from kg.engines.outcome import MapCount
from kg.engines.spark import run
from kg.engines.spark.run import Spark, Written
from kg.engines.spark.session import LOG
from kg.engines.spark.session import session as kept
from kg.errors import InputError
from kg.mapping.plan import Plan
from kg.quads import QuadTable
from kg.sources import Folders
from tests.mapping.running import Quad

_ROOT = Path(__file__).parents[2]
_JAVA = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"),
    f"-Dlog4j2.configurationFile={LOG.as_uri()}",
)
_SOON = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.extraJavaOptions": " ".join(_JAVA),
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
}


def missing() -> str:
    """Return why Spark cannot be tried here; nothing if it can."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install 'kg-exporter[spark]'"
    lacks: str = runpy.run_path(str(_ROOT / "start.py"))["lacks_spark"]()
    return lacks


@contextmanager
def session(master: str = "local[2]", **settings: str) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).config(map={**_SOON, **settings})
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def run_spark(plan: Plan, form: str = "parquet") -> tuple[list[Quad], Written]:
    """Run a plan in the session that is there; return the quads in their order."""
    with TemporaryDirectory() as name, engine() as connection:
        target = Path(name) / "quads"
        made = Spark().run(plan, Folders(None, Path(name)), target, form=form)
        if form == "nquads":
            parts = sorted(target.glob("part-*"))
            lines = [line for part in parts for line in part.read_text("utf-8").splitlines()]
            return [(line, "", "", None) for line in lines], made
        table = QuadTable(target)
        quads = connection.execute(f"SELECT s, p, o, g FROM {table.sql}").fetchall()
        return quads, made


def collect_spark(plan: Plan) -> tuple[list[Quad], tuple[MapCount, ...]]:
    """Return the quads of a plan in their order, and the counts; nothing is written for it."""
    with kept(None, {}) as spark, TemporaryDirectory() as name:
        program, loaded, counts = run._surveyed(spark, plan, Folders(None, Path(name)))
        rows = run._frame(spark, program, loaded, counts).collect()
        return [tuple(row) for row in rows], counts


def outcome(make: Callable[[Plan], Any], plan: Plan) -> Any:
    """Return what a run gives, or the error that it ends with."""
    try:
        return make(plan)
    except InputError as error:
        return error
