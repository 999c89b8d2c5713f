"""The documentation is whole and true: errors, commands, keys, links, and examples that run.

``python -m tests.test_docs`` writes into the pages what their commands show now.
"""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.about import error_codes, find_help
from kg.about import pages as pages_of_help
from kg.cli.main import COMMANDS, command_line
from kg.exports.checks import MESSAGES
from kg.init import init_workspace
from tests.cli.runner import Runner
from tests.documents import Stage, stable
from tests.launcher import program

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ERRORS = {"KgError", "InputError", "UsageError", "WorldError", "LimitError"}
# Pages with commands, and what their commands find in their folder: the shipped graph, the
# workspace of `kg init`, or nothing.
PLAYED = {
    "README.md": "graph",
    "docs/workspace.md": "init",
    "docs/first-graph.md": "",
    "docs/mapping.md": "",
    "docs/python.md": "init",
    "docs/mapping-reference.md": "",
    "docs/bring-a-mapping.md": "",
    "docs/functions.md": "",
    "docs/charts.md": "",
}


@pytest.fixture(scope="module")
def kg() -> Runner:
    return Runner()


# --- errors ---------------------------------------------------------------------------------


@functools.cache
def modules() -> list[tuple[Path, ast.Module]]:
    paths = sorted((ROOT / "kg").rglob("*.py"))
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def with_code_first() -> dict[str, int]:
    """Return the functions that take an error's code, with the place of that argument."""
    found = dict.fromkeys(ERRORS, 0)
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg != "self"]
                if "code" in names:
                    found[node.name] = names.index("code")
    return found


@functools.cache
def codes_raised() -> dict[str, list[str]]:
    """Return each code of an error in the program, with the places where it stands."""
    takers = with_code_first()
    found = defaultdict(list)
    for path, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = takers.get(name)
            if place is None or len(node.args) <= place:
                continue
            for constant in ast.walk(node.args[place]):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    found[constant.value].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def codes_documented() -> list[str]:
    return re.findall(r"^## (.+)$", (DOCS / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_code_that_is_raised_is_documented():
    missing = {c: where for c, where in codes_raised().items() if c not in codes_documented()}
    assert not missing, "write a paragraph for each in docs/errors.md"


def test_every_code_that_is_documented_is_raised():
    # What an export finds wrong in rows comes from a table.
    assert set(codes_documented()) - set(codes_raised()) - set(MESSAGES) == set()
    assert len(codes_documented()) > 60


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page, numbered, that are neither code, nor a table, nor a heading."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith(("    ", "#")) and line.lstrip()[:1] != "|":
            yield number, line


def test_lines_of_prose_have_at_most_100_characters():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("data/*.md"), *ROOT.glob("tests/*.md")]
    pages += [*DOCS.rglob("*.md"), *ROOT.glob("benchmarks/*/*.md")]
    long = [
        f"{page.relative_to(ROOT)}:{number}"
        for page in pages
        for number, line in prose(page.read_text(encoding="utf-8"))
        if len(line) > 100 and " " in line.strip()
    ]
    assert len(pages) > 30
    assert not long, "wrap these lines"


def test_the_floor_plan_has_every_room():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    plan = text.partition("## The floor plan")[2].partition("## Four walks")[0]
    named = {room.partition("/")[0] for room in re.findall(r"`([\w/]+)`", plan)}
    paths = [path for path in (ROOT / "kg").iterdir() if path.is_dir() or path.suffix == ".py"]
    rooms = {path.stem for path in paths if not path.stem.startswith("__")}
    assert named == rooms


# The files that CONTRIBUTING.md has a reader add.
ADDED = {"kg/sources/fixed_files.py", "tests/sources/test_fixed.py"}


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md", "tests/README.md"])
def test_files_that_a_page_names_are_there(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("kg", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    names = set(re.findall(r"`([\w/]+\.py)\b[^`]*`", text))
    assert len(names) > 10
    missing = [
        name
        for name in names - ADDED
        if not any(f"/{path}".endswith(f"/{name}") for path in there)
        or (name.startswith(("kg/", "tests/", "benchmarks/")) and name not in there)
    ]
    assert not missing
    assert not ADDED & there


def test_the_page_of_validation_has_all_its_options(kg: Runner, tmp_path: Path):
    told = kg("validate", "--help", cwd=tmp_path).out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told)) - {"--help", "--infer"}
    text = (DOCS / "validate.md").read_text(encoding="utf-8")
    assert len(options) > 10
    assert not {each for each in options if f"`{each}" not in text}


def test_codes_stand_in_order_and_look_alike():
    codes = codes_documented()
    assert codes == sorted(codes)
    assert len(codes) == len(set(codes))
    for code in codes:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)


def test_every_code_says_something():
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        code, _, body = part.partition("\n")
        assert len(body.split()) >= 8, code


def test_the_command_line_names_the_code(tmp_path):
    result = subprocess.run(
        [*program(), "query", "x"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr.splitlines()[0].endswith("[no-workspace]")


# --- commands -------------------------------------------------------------------------------


def commands() -> dict[str, object]:
    import typer.main

    return dict(typer.main.get_command(command_line()).commands)


def pages() -> str:
    texts = [ROOT / "README.md", *DOCS.glob("*.md")]
    return "\n".join(path.read_text(encoding="utf-8") for path in texts)


def test_every_command_explains_itself_and_is_in_the_documentation():
    found = commands()
    assert len(found) >= 8
    for name, command in found.items():
        assert command.help
        assert command.help.strip().endswith(".")
        assert f"`kg {name}`" in (DOCS / "README.md").read_text(encoding="utf-8"), name


def test_every_command_of_the_documentation_exists():
    named = set(re.findall(r"(?:`|^\$ |&& )kg (?:-[^\s`]+ )*([a-z]+)", pages(), re.MULTILINE))
    assert len(named) >= 8
    assert named - set(commands()) == set()


def test_every_option_explains_itself():
    for name, command in commands().items():
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"kg {name} {parameter.name}"


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_complete_at_80_columns(kg, tmp_path, name):
    words = [name, "--help"] if name else ["--help"]
    _, *lines = kg(*words, cwd=tmp_path, environment={"COLUMNS": "80"}).out.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if line.rstrip().endswith(("...", "…"))] == []
    assert [line for line in lines if len(line) > 80] == []


def test_both_names_of_inference_are_taken(kg, tmp_path):
    for command in ("build", "validate"):
        for option in ("--infer", "--inference"):
            # There is no workspace: the option itself is no fault.
            assert "[no-workspace]" in kg(command, option, "rdfs", cwd=tmp_path).err


def options_of(command: object) -> set[str]:
    found = (option for each in command.params for option in (*each.opts, *each.secondary_opts))
    return set(found)


def test_every_option_of_the_documentation_exists():
    import typer.main

    root = typer.main.get_command(command_line())
    known = options_of(root).union(*map(options_of, commands().values()))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", pages()))
    # Those of other programs: xmllint, oxigraph, fuseki, tdbloader, curl, start.py, spark-submit.
    others = {
        "--noent",
        "--location",
        "--file",
        "--union-default-graph",
        "--loc",
        "--long",
        *("--executor-memory", "--deploy-mode", "--conf", "--driver-java-options"),
        *("--num-executors", "--executor-cores"),
    }
    assert named - known == others | {"--data-binary"} | ({"--help"} & named)


# --- keys and links -------------------------------------------------------------------------


def test_the_keys_of_kg_toml_are_documented():
    import tomllib

    from kg.workspace import _KEYS

    text = (DOCS / "workspace.md").read_text(encoding="utf-8")
    section = text.split("## kg.toml")[1].split("## ")[0]
    rows = set(re.findall(r"^\| `([a-z.]+)` \|", section, re.MULTILINE))
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1])
    assert rows == set(example) == _KEYS - {"build", "check", "defaults"}


def test_the_prefixes_that_are_always_known_are_documented():
    from kg.workspace import COMMON_PREFIXES

    text = (DOCS / "workspace.md").read_text(encoding="utf-8")
    listed = re.search(r"`rdf`, `rdfs`.*?`sh`", text, re.DOTALL)[0]
    assert set(re.findall(r"`([a-z]+)`", listed)) == set(COMMON_PREFIXES)


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module that a user may see: all but docstrings."""
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in hidden:
            yield node.value


def test_messages_name_topics_of_help_and_no_file_that_an_installed_kg_lacks():
    texts = [text for _, tree in modules() for text in texts_of(tree)]
    assert [text for text in texts if re.search(r"docs/[\w/-]*\.md", text)] == []
    topics = {topic for text in texts for topic in re.findall(r"`kg help ([^`{]+)`", text)}
    assert {"mapping", "workspace", "stores", "validate"} <= topics
    for topic in topics:
        assert find_help(topic)


def test_help_lists_every_page():
    assert set(pages_of_help()) == {path.stem for path in DOCS.glob("*.md")} - {"README"}


def test_help_explains_every_code_and_every_section_and_shows_no_link_of_a_page():
    assert set(error_codes()) == set(codes_documented())
    assert not set(error_codes()) & set(pages_of_help())
    for code in error_codes():
        assert find_help(code).startswith(f"## {code}\n")
    for page in pages_of_help():
        shown = find_help(page)
        assert not re.search(r"\]\([\w.#-]+\)", shown)
        for topic in re.findall(r"`kg help ([a-z][\w#-]+)`", shown):
            assert find_help(topic), topic


def test_help_in_a_folder_of_its_own(kg, tmp_path):
    listed = kg("help", cwd=tmp_path)
    assert (listed.code, listed.err) == (0, "")
    assert re.search(
        r"^  mapping +mappings, a tutorial: from a table to triples$", listed.out, re.MULTILINE
    )
    code = kg("help", "[missing-column]", cwd=tmp_path)
    assert code.out.startswith("## missing-column\n")
    assert "## missing-" not in code.out[3:]
    section = kg("help", "docs/mapping-reference.md#encodings", cwd=tmp_path)
    assert section.out.startswith("### Encodings\n")
    assert kg("help", "build", cwd=tmp_path).out == kg("build", "--help", cwd=tmp_path).out
    assert "`kg query --help`" in kg("help", "query", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("topic", "nearest"),
    [
        ("missing-colum", "missing-column"),
        ("maping", "mapping"),
        ("mapping-reference#encoding", "mapping-reference#enc"),
    ],
)
def test_help_on_what_does_not_exist_names_the_nearest(kg, tmp_path, topic, nearest):
    result = kg("help", topic, cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert f"there is no help on '{topic}' [unknown-topic]" in result.err
    assert f"Did you mean {nearest}" in result.err


def heading_anchors(path: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize(
    "page",
    [p.relative_to(ROOT).as_posix() for p in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"))],
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        if anchor:
            assert anchor in heading_anchors(path), target


# --- examples -------------------------------------------------------------------------------


def played(page: str, folder: Path) -> tuple[str, str]:
    """Return a page as it stands, and with what its commands show."""
    text = (ROOT / page).read_text(encoding="utf-8")
    stage = Stage(folder, workspace=PLAYED[page] == "graph")
    if PLAYED[page] == "init":
        stage.folder = folder / "new"
        init_workspace(stage.folder)
    if PLAYED[page]:
        stage.run("kg -q build")
    return text, stage.play(text)


@pytest.mark.parametrize("page", [page for page in PLAYED if page != "README.md"])
def test_the_examples_show_what_stands_there(page, tmp_path):
    text, shown = played(page, tmp_path)
    assert stable(shown) == stable(text), "if it is meant to be so: python -m tests.test_docs"


def test_a_question_of_the_documentation_is_listed_with_its_parameter(tmp_path):
    """The page says that `kg questions` shows titles."""
    played("docs/workspace.md", tmp_path)
    result = subprocess.run(
        [*program(), "-C", str(tmp_path / "new"), "questions"],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"^high-peaks +High peaks$", result.stdout, re.MULTILINE)
    assert "--param above=8000" in result.stdout


if __name__ == "__main__":
    for each in sys.argv[1:] or PLAYED:
        with tempfile.TemporaryDirectory() as made:
            (ROOT / each).write_text(played(each, Path(made))[1], encoding="utf-8")
