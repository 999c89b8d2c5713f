"""``kg query`` starts fast: it imports what it uses, and nothing else."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "annotated_types", "asyncio", "duckdb", "email", "http", "httpx", "numpy", "pandas", "pyarrow",
    "pydantic", "pygments", "pyparsing", "pyshacl", "rdflib", "rich", "ruamel", "socket", "ssl",
    "tempfile", "unittest", "xml", "zoneinfo",
)  # fmt: skip
QUERY = "SELECT (COUNT(*) AS ?n) { ?l a ex:Launch }"


def words(workspace: Path, *more: str) -> list[str]:
    return ["-C", str(workspace), "query", "-e", QUERY, "--format", "csv", *more]


def imported(arguments: list[str]) -> set[str]:
    """Return the names of the modules that a command leaves imported."""
    script = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "from kg.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    result = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys; sys.path[:] = {sys.path!r}\n{script}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "n\n2\n"
    return set(result.stderr.split())


def test_a_query_of_the_workspace_imports_nothing_heavy(workspace: Path) -> None:
    modules = imported(words(workspace))
    assert "pyoxigraph" in modules
    assert not modules & set(HEAVY)
    ours = {name for name in modules if name.startswith("kg.")}
    assert not ours & {"kg.duck", "kg.quads", "kg.rdf", "kg.build", "kg.mapping", "kg.validation"}
    assert not ours & {"kg.query.mistakes", "kg.query.grammar", "kg.query.explain"}
    assert not ours & {"kg.query.remote", "kg.query.tabular", "kg.query.api"}


def test_a_query_of_files_imports_no_database(workspace: Path) -> None:
    path = workspace / "d.ttl"
    launch = "<http://example.org/ns#Launch>"
    path.write_text(f"<http://e/1> a {launch} . <http://e/2> a {launch} , [] .")
    modules = imported(words(workspace, "--data", str(path)))
    assert not modules & {"duckdb", "rdflib", "pyshacl", "pydantic", "rich", "http"}


@pytest.mark.slow
def test_the_whole_process_takes_less_than_0_3_seconds(workspace: Path) -> None:
    command = [sys.executable, "-m", "kg", *words(workspace)]
    subprocess.run(command, check=True, capture_output=True)  # writes the bytecode
    used = []
    for _ in range(10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(used) <= 0.30, used
