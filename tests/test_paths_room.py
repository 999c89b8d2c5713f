"""Files that users name are opened, listed, replaced and removed by the rooms for that alone.

Each module that does so itself is listed here with its calls and the reason: all other files are
of kg's own making, in folders that it made.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What opens, lists, writes or removes a file, by the name of the function or method.
CALLS = frozenset(
    [
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_note",
        "write_bytes",
        "glob",
        "rglob",
        "iterdir",
        "walk",
        "scandir",
        "listdir",
        "rmtree",
        "unlink",
        "remove",
        "rmdir",
        "mkdir",
        "makedirs",
        "touch",
        "rename",
        "renames",
        "symlink_to",
        "hardlink_to",
        "copyfile",
        "copy2",
        "copytree",
        "move",
        "mkdtemp",
        "mkstemp",
        "TemporaryDirectory",
        "NamedTemporaryFile",
        "ZipFile",
        "TarFile",
        "GzipFile",
    ]
)
# Path.replace and os.replace; texts have two arguments for it.
REPLACE = "replace"
# Opened by the libraries that take a path.
BY_PATH = frozenset(["parse", "bulk_load"])

ROOMS = {"kg/files.py", "kg/paths.py", "kg/temporary.py"}
OWN = "files of kg's own making, in a folder that it made"
BUILD = "the files of a build, in the folder of builds, which was checked"
CHECKED = "after `open_file` or `check_file` of the same path"

ALLOWED = {
    "kg/about.py": ("read_text", "pages of the documentation that kg was installed with"),
    "kg/basis.py": ("glob write_note", "names of files; what was noted, in .kg"),
    "kg/building.py": ("mkdir rmtree", BUILD),
    "kg/builds.py": ("iterdir mkdir rename write_note write_text", BUILD),
    "kg/cli/describe.py": ("write_text", OWN),
    "kg/cli/diff.py": ("open", OWN),
    "kg/cli/export.py": ("write_text", OWN),
    "kg/cli/given.py": ("open", OWN),
    "kg/cli/validate.py": ("open", OWN),
    "kg/cli/log.py": ("open", "the log that --log names, which is added to"),
    "kg/cli/output.py": ("open", OWN),
    "kg/cli/streams.py": ("open", "the null device, in the place of a standard stream"),
    "kg/cli/watchdog.py": ("remove rmtree unlink", OWN),
    "kg/describe.py": ("open", "the files of an export, for their digests"),
    "kg/diff/api.py": ("iterdir mkdir open", OWN),
    "kg/diff/compare.py": ("touch", OWN),
    "kg/diff/sides.py": ("mkdir unlink", OWN),
    "kg/duck.py": ("mkdir touch", OWN),
    "kg/init/workspace.py": (
        "copyfile iterdir mkdir read_text write_text",
        "a new workspace, and files of data that were checked as they were looked at",
    ),
    "kg/peek/documents.py": ("open", OWN),
    "kg/queries/data_table.py": ("unlink", OWN),
    "kg/queries/parquet.py": ("open", OWN),
    "kg/queries/workbook.py": ("ZipFile open", "parts of the workbook that is being written"),
    "kg/peek/tables.py": ("open", "the first bytes of a file that the user names"),
    "kg/engines/duckdb/blocks.py": ("mkdir", OWN),
    "kg/execution/run.py": ("write_text", OWN),
    "kg/engines/duckdb/view_loading.py": ("open unlink", OWN),
    "kg/exports/canonical.py": ("open", OWN),
    "kg/exports/sinks.py": (
        "open replace unlink",
        "parts of targets, devices, files that were split",
    ),
    "kg/counts.py": ("write_note", BUILD),
    "kg/exports/survey.py": ("read_text write_text", BUILD),
    "kg/exports/targets.py": ("GzipFile ZipFile copyfile open unlink write_text", OWN),
    "kg/findings/accepted.py": ("write_text", "a file of the workspace; a link is replaced"),
    "kg/findings/fixes.py": ("write_text", CHECKED),
    "kg/findings/keys.py": ("open", OWN),
    "kg/findings/known.py": ("write_note", "what is known of questions, in .kg"),
    "kg/findings/vocabulary.py": ("read_text", "a list that kg was installed with"),
    "kg/http.py": ("open", "an address, not a path"),
    "kg/init/template.py": (
        "iterdir mkdir read_text write_text",
        "a new folder, and kg's own template",
    ),
    "kg/indexing.py": ("rmtree", BUILD),
    "kg/kept.py": (
        "copytree mkdir replace rmtree unlink write_note",
        f"{BUILD}, and its own beside it",
    ),
    "kg/validation/data_lines.py": ("remove", "an element of a list"),
    "kg/mapping/yaml_nodes.py": ("remove", "an element of a set"),
    "kg/memory.py": ("open", "/proc"),
    "kg/page/assets/__init__.py": ("iterdir read_bytes", "files that kg was installed with"),
    "kg/quads.py": ("mkdir replace rmtree unlink", OWN),
    "kg/queries/remote.py": ("open", "an address, not a path"),
    "kg/queries/stale.py": ("write_note", "what was told, in .kg; a link is replaced"),
    "kg/rdf/bad_lines.py": ("open", OWN),
    "kg/rdf/files.py": ("open", CHECKED),
    "kg/rdf/rdfc.py": ("open parse", OWN),
    "kg/rdf/spool.py": ("open", CHECKED),
    "kg/rdf/zstd.py": ("open", CHECKED),
    "kg/rejects.py": ("open", OWN),
    "kg/rows.py": ("copyfile mkdir touch unlink", "copies of sources, in .kg"),
    "kg/site/folder.py": (
        "iterdir mkdir read_text write_bytes",
        "the folder of a site while it is made",
    ),
    "kg/release.py": (
        "copyfile glob iterdir open write_text",
        "the folder of the release, and names in that of the last one",
    ),
    "kg/push/changes.py": ("mkdir iterdir", OWN),
    "kg/push/known.py": ("write_text", OWN),
    "kg/push/rows.py": ("open", OWN),
    "kg/serve/app.py": ("open unlink", OWN),
    "kg/serve/endpoint.py": ("mkdir open unlink", OWN),
    "kg/serve/pool.py": ("rename unlink", OWN),
    "kg/serve/state.py": ("write_bytes", OWN),
    "kg/sources/csv_files.py": ("open", OWN),
    "kg/sources/excel_files.py": ("open", CHECKED),
    "kg/sources/files.py": ("glob", "patterns of mappings; each file is checked"),
    "kg/sources/json_files.py": ("open unlink walk", OWN),
    "kg/sources/line_changes.py": ("write_bytes", OWN),
    "kg/sources/json_scan.py": ("walk", "a document, not a folder"),
    "kg/sources/nothing.py": ("walk", "a document, not a folder"),
    "kg/sources/rows.py": ("open", OWN),
    "kg/sources/sqlite_files.py": ("open", CHECKED),
    "kg/sources/streams.py": ("ZipFile open", CHECKED),
    "kg/sources/workbook_child.py": ("ZipFile open", CHECKED),
    "kg/sources/xml_files.py": ("open", OWN),
    "kg/sources/yaml_files.py": ("open replace", OWN),
    "kg/sparql/scopes.py": ("walk", "a tree of SPARQL, not a folder"),
    "kg/sparql/walk.py": ("walk", "a tree of SPARQL, not a folder"),
    "kg/store.py": ("bulk_load open parse remove", f"{OWN}; quads of an index"),
    "kg/supervise.py": ("open remove rmtree unlink", "/proc, and what the watched process named"),
    "kg/table/change.py": ("mkdir rmtree", BUILD),
    "kg/table/write.py": ("mkdir write_text", BUILD),
    "kg/validation/reports/page.py": ("read_text", "a page that kg was installed with"),
    "kg/validation/report.py": ("open", OWN),
    "kg/validation/sparql.py": ("walk", "a tree of SPARQL, not a folder"),
}


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the calls that open, list, write or remove files, by name and line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        one = isinstance(node.func, ast.Attribute) and len(node.args) == 1 and not node.keywords
        by_path = name in BY_PATH and any(word.arg == "path" for word in node.keywords)
        if name in CALLS or by_path or (name == REPLACE and one):
            yield name, node.lineno


def breaches(name: str, text: str) -> list[str]:
    """Return the calls of a module that are not listed."""
    if name in ROOMS:
        return []
    allowed = ALLOWED.get(name, ("", ""))[0].split()
    return [f"{name}:{n} {call}" for call, n in calls(ast.parse(text)) if call not in allowed]


def modules() -> dict[str, str]:
    found = sorted((ROOT / "kg").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found}


def test_no_other_code_opens_files_that_users_name():
    found = [breach for name, text in modules().items() for breach in breaches(name, text)]
    assert not found, (
        "go through kg.paths, kg.files or kg.temporary, or list the call with its reason"
    )


def test_nothing_is_listed_that_is_not_there():
    texts = modules()
    for name, (listed, _) in ALLOWED.items():
        assert set(listed.split()) == {call for call, _ in calls(ast.parse(texts[name]))}, name


@pytest.mark.parametrize(
    "line",
    [
        "open(path)",
        "path.open('rb')",
        "path.read_text()",
        "path.read_bytes()",
        "gzip.open(path)",
        "zipfile.ZipFile(path)",
        "[*path.rglob('*')]",
        "path.replace(other)",
        "os.rename(path, other)",
        "shutil.rmtree(path)",
        "path.unlink()",
        "tempfile.mkdtemp()",
        "ox.parse(path=name)",
    ],
)
def test_a_breach_is_found(line):
    assert len(breaches("kg/new.py", f"def f(path, other):\n    {line}\n")) == 1
    name = "kg/queries/question.py"
    planted = modules()[name] + f"\n\ndef planted(path, other):\n    {line}\n"
    assert len(breaches(name, planted)) == 1


def test_what_is_no_file_is_no_breach():
    assert not breaches("kg/new.py", "'a'.replace('a', 'b'); replace(node, a=1); ox.parse(data)")


def test_duckdb_is_given_no_path_but_through_one_door():
    """A path in a text of SQL that reads would be taken for a pattern."""
    for name, text in modules().items():
        for line in text.splitlines():
            reads = "read_" in line or "parquet_schema(" in line
            assert not (reads and "sql_text(str(" in line), f"{name}: use sql_file or read_parquet"
