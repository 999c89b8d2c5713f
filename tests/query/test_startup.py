"""``kg query`` starts fast: it imports what it uses, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "annotated_types", "asyncio", "duckdb", "email", "http", "httpx", "numpy", "pandas", "pyarrow",
    "pydantic", "pygments", "pyparsing", "pyshacl", "rdflib", "rich", "ruamel", "socket", "ssl",
    "tempfile", "unittest", "xml", "yaml", "zoneinfo",
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
    assert not ours & {
        "kg.duck",
        "kg.engines",
        "kg.quads",
        "kg.rdf",
        "kg.building",
        "kg.mapping",
        "kg.validation",
    }
    assert not ours & {"kg.sparql.printer"}
    assert not ours & {"kg.sparql.mistakes", "kg.sparql.translate", "kg.queries.explain"}
    assert not ours & {"kg.queries.remote", "kg.queries.tabular", "kg.queries.api"}


def test_a_query_of_files_imports_no_database(workspace: Path) -> None:
    path = workspace / "d.ttl"
    launch = "<http://example.org/ns#Launch>"
    path.write_text(f"<http://e/1> a {launch} . <http://e/2> a {launch} , [] .")
    modules = imported(words(workspace, "--data", str(path)))
    assert not modules & {"duckdb", "rdflib", "pyshacl", "pydantic", "rich", "http"}
