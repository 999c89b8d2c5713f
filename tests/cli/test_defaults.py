"""Options from kg.toml and from variables; and what only the command line may say."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from kg.cli.context import Settings
from kg.cli.defaults import ALLOWED, START, defaults_of
from kg.cli.main import command_line, main
from kg.errors import UsageError
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


def test_a_limit_that_shortens_what_is_shown_does_not_shorten_files(said, tmp_path):
    (tmp_path / "a.csv").write_text("k\n1\n2\n")
    (tmp_path / "m.yml").write_text("mappings: {m: {sources: [[a.csv~csv]], s: 'http://e/$(k)',"
                                    " po: [[a, 'http://e/T']]}}")  # fmt: skip
    out = tmp_path / "o.nt"
    assert said("[defaults]\nlimit = 1", "map", str(tmp_path / "m.yml"), "-o", str(out))[0] == 0
    assert out.read_text().count("\n") == 2


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
        ("max-rows = 0", "would loosen a limit"),
        ("threads = 100000", "would loosen a limit"),
        ('memory = "much"', "memory cannot be 'much'"),
        ("timeout = -1", "timeout cannot be -1"),
        ('format = "jsno"', "format cannot be 'jsno'"),
        ('engine = "none"', "engine cannot be 'none'"),
        ('[defaults.query]\nformat = "patch"', "format cannot be 'patch'"),
        ("mamory = 1", "Did you mean memory?"),
        ("[defaults.qery]\nlimit = 1", "there is no command qery"),
    ],
)
def test_what_is_wrong_is_told(said, table, message):
    command = ("check",) if table.startswith("threads") else ASKED
    code, _, err = said(f"[defaults]\n{table}", *command)
    assert code == 2
    assert message in err
    assert "kg.toml: [defaults]" in err
    assert "[bad-default]" in err
    assert said('[defaults]\nmemory = "1GB"\ntimeout = 60', *ASKED)[0] == 0


def test_commands_without_a_workspace_have_none(said, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert said("[defaults]\nnonsense = 1", "peek", str(tmp_path / "a.csv"))[0] == 0
    assert said("[defaults]\nnonsense = 1", "help")[0] == 0


def _numbers() -> list[tuple[str, str]]:
    """Return the options that take a number, with their commands."""
    app = typer.main.get_command(command_line())
    return [
        (command, name)
        for command, each in app.commands.items()  # type: ignore[attr-defined]
        for option in each.params
        for name in (o.removeprefix("--") for o in option.opts)
        if name in ALLOWED - {"limit"} and option.type_descriptor.annotation in (int, float)
    ]


def test_no_number_loosens_a_limit(monkeypatch, tmp_path):
    app = typer.main.get_command(command_line())
    found = _numbers()
    assert {name for _, name in found} == {"timeout", "threads", "max-rows", "max-results"}
    for command, name in found:
        options = {
            o.removeprefix("--"): param
            for param in app.commands[command].params  # type: ignore[attr-defined]
            for o in param.opts
        }

        def made(value: str, command=command, name=name, options=options) -> dict[str, object]:
            monkeypatch.setenv(f"{START}{name.upper().replace('-', '_')}", value)
            return defaults_of(command, options, Settings(tmp_path))

        usual = options[name].default
        loose = ["0", *([str(usual + 1)] if usual else [])]
        for value in [*loose, *(["100000"] if name == "threads" else [])]:
            with pytest.raises(UsageError, match=r"loosen|cannot be"):
                made(value)
        assert made("1") == {options[name].name: "1"}
        monkeypatch.delenv(f"{START}{name.upper().replace('-', '_')}")


class TestAFormat:
    @pytest.mark.parametrize("table", ["defaults", "defaults.query"])
    def test_yields_to_the_ending_of_a_file(self, said, tmp_path, table):
        target = tmp_path / "o.csv"
        given = f'[{table}]\nformat = "json"'
        assert said(given, *ASKED, "-o", str(target))[0] == 0
        assert target.read_bytes().startswith(b"p\r\n")
        assert said(given, *ASKED, "-o", "-")[1].startswith("{")
        assert said(given, *ASKED, "-o", str(tmp_path / "none"))[0] == 0
        assert (tmp_path / "none").read_bytes().startswith(b"{")
        assert said("", *ASKED, "-o", str(target), KG_OPT_FORMAT="json")[0] == 0
        assert target.read_bytes().startswith(b"p\r\n")

    def test_is_passed_over_by_commands_that_have_no_such_one(self, said, tmp_path):
        given = '[defaults]\nformat = "turtle"'
        assert said(given, "questions")[0] == 0
        assert said(given, "export", "-o", str(tmp_path / "x.nt"))[0] == 0
        assert said('[defaults]\nformat = "json"', "export", "-o", str(tmp_path / "x.ttl"))[0] == 0
        assert said('[defaults]\nformat = "json"', "release", str(tmp_path / "r"))[0] == 0
        assert said("", "questions", KG_OPT_FORMAT="patch")[0] == 0
