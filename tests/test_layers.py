"""The shape of the program: layers, what a query loads, sizes, who may reach the network."""

from __future__ import annotations

import ast
import functools
import os
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graph_copy import built_workspace

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "kg").rglob("*.py"))
# What takes a tenth of a second or more to load, and what needs it.
HEAVY = {
    "duckdb", "rdflib", "pyshacl", "owlrl", "rich", "ruamel", "yaml", "numpy", "pandas", "pyarrow"
}  # fmt: skip
# Lines; nine of ten are no longer than what is usual.
LONGEST_MODULE, USUAL_MODULE = 500, 400
LONGEST_FUNCTION, USUAL_FUNCTION = 60, 30


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function with the lines of its body, the docstring not counted."""
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


# A breach of each contract: the module that gets a line, and the line. What a contract finds names
# both modules.
BREACHES = {
    "command line over use cases over engines over a pure core": (
        "kg/terms.py",
        "from kg import workspace",
    ),
    "Oxigraph is known to its engine, to the index, and to readers and writers of RDF": (
        "kg/queries/run.py",
        "import pyoxigraph",
    ),
    "DuckDB is known to the rooms that run SQL": ("kg/queries/run.py", "import duckdb"),
    "Spark is known to its engine": ("kg/queries/run.py", "import pyspark"),
    "the command line and Python reach builds, engines and sources through use cases": (
        "kg/cli/query.py",
        "import kg.store",
    ),
    "use cases neither know a command line nor end a process": (
        "kg/graph/graph.py",
        "import typer",
    ),
    "the mapping compiler runs no engine": ("kg/mapping/plan.py", "import rdflib"),
    "readers of sources know no engine": ("kg/sources/lexical.py", "from kg import duck"),
}


def linted(root: Path) -> tuple[int, str]:
    """Run the import contracts on a tree, and return exit code and output."""
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed beside this Python")
    result = subprocess.run(
        [program, "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def contracts() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


def test_imports_keep_to_the_contracts():
    code, output = linted(ROOT)
    assert code == 0, output
    assert f"Contracts: {len(contracts())} kept, 0 broken." in output


def test_each_contract_catches_a_breach(tmp_path):
    assert list(BREACHES) == contracts()
    shutil.copytree(ROOT / "kg", tmp_path / "kg", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in BREACHES.values():
        with (tmp_path / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    code, output = linted(tmp_path)
    assert code == 1
    assert f"Contracts: 0 kept, {len(BREACHES)} broken." in output
    details = output[output.index("Broken contracts") :]
    for name, (file, line) in BREACHES.items():
        module = file.removesuffix(".py").replace("/", ".")
        imported = line.replace("from kg import ", "kg.").removeprefix("import ")
        told = details[details.index(f"{name}\n---") :]
        assert f"{module} -> {imported} (l." in told, name


def loaded_by(words: list[str]) -> set[str]:
    """Return the packages that a command loads, asked of the shipped graph."""
    report = (
        "import sys; from kg.cli.main import main; code = main(sys.argv[1:]);"
        "print('loaded', *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr);"
        "sys.exit(code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", report, *words],
        cwd=built_workspace(),
        # Without coverage, which loads things of its own.
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    loaded = set(result.stderr.splitlines()[-1].split())
    assert "typer" in loaded
    return loaded


@pytest.mark.parametrize(
    "words",
    [
        ["query", "-e", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--format", "csv"],
        ["questions"],
        ["--version"],
        ["--help"],
    ],
)
def test_a_quick_command_loads_nothing_heavy(words):
    assert loaded_by(words) & HEAVY == set()


@pytest.mark.parametrize("words", [["validate", "--format", "json"], ["trace", "launch:L0270"]])
def test_options_are_read_without_pydantic(words):
    """Typer would load it for each choice, and for each limit, given or not."""
    assert "pydantic" not in loaded_by(words)


def test_a_build_loads_what_it_needs_where_little_has_changed():
    """What else it needs is loaded when it is needed: readers, reports, exports, mappings."""
    rooms = "kg.cli.build kg.building kg.validation.validating kg.validation.formats"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, {rooms.replace(' ', ', ')}; print(*sys.modules)"],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(found.stdout.split())
    assert set(rooms.split()) <= loaded
    others = {
        *("yaml", "ruamel", "lxml", "rdflib", "pyshacl", "kg.mapping.yarrrml", "kg.mapping.rml"),
        *("kg.sources.xml_files", "kg.sources.yaml_files", "kg.sources.excel_files"),
        *("kg.exports.api", "kg.exports.turtle", "kg.graph.graph", "kg.queries.question"),
        *("kg.validation.reports.page", "kg.validation.reports.junit"),
    }
    assert loaded & others == set()


def test_only_clients_of_remote_stores_reach_the_network():
    doors = ("urllib.request", "http.client", "socket", "ftplib", "httpx", "requests")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for name, _ in imports(path)
        if name.startswith(doors)
    }
    # The server listens, and connects to nothing.
    assert found == {"kg/http.py", "kg/queries/remote.py", "kg/serve/server.py"}


# What other rooms may use of the one that reads SPARQL: nothing that knows tokens.
SPARQL_DOORS = {
    "algebra", "faults", "guard", "mistakes", "names", "pieces", "places", "printer", "scopes",
    "translate", "tree", "volatile", "walk", "words",
}  # fmt: skip


def sparql_imports(source: str) -> set[str]:
    """Return the modules of `kg.sparql` that a module imports and should not."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            room, _, module = name.partition("kg.sparql.")
            if not room and module.split(".")[0] not in SPARQL_DOORS:
                found.add(module.split(".")[0])
    return found - {""}


def test_sparql_is_read_in_one_room():
    found = {
        path.relative_to(ROOT).as_posix(): sparql_imports(path.read_text(encoding="utf-8"))
        for path in MODULES
        if "sparql" not in path.relative_to(ROOT).parts[1:-1]
    }
    assert {name: modules for name, modules in found.items() if modules} == {}


@pytest.mark.parametrize(
    "breach",
    [
        "from kg.sparql.lexer import tokens",
        "from kg.sparql import lexer",
        "import kg.sparql.cursor",
        "def f():\n    from kg.sparql.parser import parse",
        "from kg.sparql import tree, term_parser",
    ],
)
def test_another_reader_of_sparql_would_be_found(breach):
    assert sparql_imports(breach)


def test_modules_are_short():
    lines = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in MODULES
    }
    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}
    assert statistics.quantiles(lines.values(), n=10)[-1] <= USUAL_MODULE


def test_functions_are_short():
    lengths = dict(functions())
    assert len(lengths) > 500
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= USUAL_FUNCTION


def test_every_module_says_what_it_is():
    assert [path for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_the_license_and_the_type_marker_are_shipped():
    assert (ROOT / "kg" / "py.typed").exists()
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
