"""Options from kg.toml and from variables; and what only the command line may say."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from kg.cli.defaults import ALLOWED, START
from kg.cli.main import command_line, main
from kg.init import init_workspace

# Options that reach outside of the workspace, run code, or name a target or a server.
DANGEROUS = (
    *("allow-outside", "functions", "set", "env", "endpoint", "output", "rejects", "report"),
    *("shapes", "data", "context", "sources", "replace-address", "named-graph", "log", "from"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("defaults") / "g"
    init_workspace(made)
    assert main(["-C", str(made), "-q", "build", "--no-validate"]) == 0
    return made


@pytest.fixture
def said(folder, capfd, monkeypatch):
    """Runs a command with a table [defaults], and returns its exit code and what it said."""
    config = folder / "kg.toml"
    before = config.read_text()

    def run(defaults: str, *words: str, **variables: str) -> tuple[int, str, str]:
        config.write_text(f"{before}\n{defaults}\n")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        code = main(["-C", str(folder), "-q", *words])
        shown = capfd.readouterr()
        return code, shown.out, shown.err

    yield run
    config.write_text(before)


ASKED = ("query", "-e", "SELECT ?p { ?p a ns:Peak } ORDER BY ?p")


def test_options_that_can_be_set_are_there_and_harmless():
    app = typer.main.get_command(command_line())
    found = {
        name.removeprefix("--")
        for command in app.commands.values()  # type: ignore[attr-defined]
        for option in command.params
        for name in option.opts
    }
    assert ALLOWED - found == set()
    assert not ALLOWED & {*DANGEROUS}


def test_options_come_from_kg_toml(said):
    assert said("[defaults]\nlimit = 1", *ASKED)[1].count("\n") == 2
    code, out, _ = said('[defaults.query]\nformat = "json"\nlimit = 2', *ASKED)
    assert code == 0
    assert out.count('"uri"') == 2
    # Those of other commands do not count.
    assert said('[defaults.validate]\nformat = "json"', *ASKED)[1].startswith("p")
    assert said("[defaults]\nstrict = true", *ASKED)[0] == 0


def test_the_command_line_counts_more_than_variables_and_these_more_than_kg_toml(said):
    table = '[defaults]\nformat = "json"'
    assert said(table, *ASKED, KG_OPT_FORMAT="tsv")[1].startswith("?p")
    assert said(table, *ASKED, "--format", "csv", KG_OPT_FORMAT="tsv")[1].startswith("p\r\n")


def test_flags_are_given_by_a_word(said):
    no = ("query", "-e", "ASK { <http://e/a> <http://e/b> <http://e/c> }")
    assert said("[defaults]\nfail-on-false = true", *no)[0] == 1
    assert said("", *no, KG_OPT_FAIL_ON_FALSE="yes")[0] == 1
    assert said("[defaults]\nfail-on-false = true", *no, KG_OPT_FAIL_ON_FALSE="0")[0] == 0


@pytest.mark.parametrize(
    "name",
    ["allow-outside", "functions", "set", "env", "endpoint", "output", "o", "rejects", "shapes"],
)
def test_what_reaches_outside_is_typed(said, name):
    code, _, err = said(f"[defaults]\n{name} = true", "questions")
    assert code == 2
    assert f"kg.toml: [defaults]: {name} is no option that can be set here [bad-default]" in err
    variable = f"{START}{name.upper().replace('-', '_')}"
    assert said("", "questions", **{variable: "1"})[0] == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('memory = "64GB"', "would loosen a limit"),
        ("timeout = 0", "would loosen a limit"),
        ("timeout = 601", "would loosen a limit"),
        ("limit = [1]", "limit cannot be [1]"),
        ("fail-on-false = 7", "fail-on-false cannot be 7"),
        ("mamory = 1", "Did you mean memory?"),
        ("[defaults.qery]\nlimit = 1", "there is no command qery"),
    ],
)
def test_what_is_wrong_is_told(said, table, message):
    code, _, err = said(f"[defaults]\n{table}", *ASKED)
    assert code == 2
    assert message in err
    assert said('[defaults]\nmemory = "1GB"\ntimeout = 60', *ASKED)[0] == 0


def test_commands_without_a_workspace_have_none(said, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert said("[defaults]\nnonsense = 1", "peek", str(tmp_path / "a.csv"))[0] == 0
    assert said("[defaults]\nnonsense = 1", "help")[0] == 0
