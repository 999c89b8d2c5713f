"""A standalone cluster of two workers, of which one is killed while it maps."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.mapping import spark_session
from tests.mapping.running import read_plan, run_plan
from tests.mapping.spark_session import run_spark

REASON = spark_session.missing() or (
    "" if os.environ.get("KG_LONG") else "takes minutes: python3 start.py test --long --spark"
)
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

ROWS = 60_000
MAPPING = """mappings:
  child:
    sources: [['child-*.csv~csv']]
    s: ex:child/$(id)
    po:
      - [a, ex:Child]
      - [ex:name, $(name), en~lang]
      - p: ex:of
        o:
          mapping: parent
          condition: {function: equal, parameters: [[str1, $(parent)], [str2, $(key)]]}
  parent:
    sources: [['parent.csv~csv']]
    s: ex:parent/$(id)
    po: [[a, ex:Parent]]
"""


class Cluster:
    """A master and its workers, each the first of a group of processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        log = self._start("master.Master", "--host", "127.0.0.1", "--port", "0")
        self.master = self._said(log, r"Starting Spark master at (spark://\S+)")
        logs = [
            self._start("worker.Worker", "--cores", "1", "--memory", "1g", self.master)
            for _ in range(2)
        ]
        for each in logs:
            self._said(each, r"(Successfully registered)")

    def _start(self, name: str, *words: str) -> Path:
        import pyspark

        home = Path(pyspark.__file__).parent
        log = self.folder / f"{len(self.started)}.log"
        with log.open("wb") as out:
            self.started.append(
                subprocess.Popen(
                    [home / "bin/spark-class", f"org.apache.spark.deploy.{name}", *words],
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env={
                        **os.environ,
                        "SPARK_HOME": str(home),
                        "SPARK_LOCAL_IP": "127.0.0.1",
                        "SPARK_WORKER_DIR": str(self.folder / "work"),
                    },
                    start_new_session=True,
                )
            )
        return log

    def _said(self, log: Path, pattern: str) -> str:
        for _ in range(1_200):
            found = re.search(pattern, log.read_text("utf-8"))
            if found:
                return found[1]
            time.sleep(0.1)
        raise AssertionError(log.read_text("utf-8"))

    def kill_worker(self) -> None:
        """End a worker and its executors at once."""
        worker = self.started.pop()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def stop(self) -> None:
        for each in self.started:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()


def write_sources(folder: Path) -> None:
    for part in range(4):
        rows = (
            f'{n},"name ""{n}""",k{n % 7_000}' for n in range(part, ROWS, 3 if part == 3 else 4)
        )
        text = "\n".join(["id,name,parent", *rows, ""])
        (folder / f"child-{part}.csv").write_text(text, encoding="utf-8")
    rows = (f"{n},k{n}" for n in range(5_000))
    (folder / "parent.csv").write_text("\n".join(["id,key", *rows, ""]), encoding="utf-8")


def test_a_job_ends_right_though_a_worker_is_killed(tmp_path: Path) -> None:
    write_sources(tmp_path)
    plan = read_plan(tmp_path, MAPPING)
    expected = run_plan(plan)
    settings: dict[str, Any] = {
        "spark.executor.memory": "600m",
        "spark.executor.cores": "1",
        "spark.sql.files.maxPartitionBytes": "200k",
        "spark.executor.heartbeatInterval": "2s",
    }
    with cluster(tmp_path) as made, spark_session.session(made.master, **settings) as spark:
        killer = threading.Timer(15, made.kill_worker)
        killer.start()
        runs = 0
        # Until the worker is gone, and once more without it.
        while killer.is_alive() or runs < 2:
            quads, written = run_spark(plan)
            assert quads == expected.quads
            assert [c.losses for c in written.counts] == [c.losses for c in expected.made.counts]
            runs += 1
        assert spark.sparkContext.master == made.master
