"""``kg query`` and ``kg questions`` as a user runs them."""

from __future__ import annotations

import gzip
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from kg.builds import seal
from kg.cli.main import main
from kg.workspace import Build
from tests.launcher import program
from tests.query.conftest import EX, quad_table


def run_kg(
    folder: Path, *arguments: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), "-C", str(folder), *arguments],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def ask(workspace: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Ask:
    return Ask(workspace, capfdbinary, tmp_path)


class Ask:
    """Runs ``kg query`` in this process, in a workspace."""

    def __init__(
        self, workspace: Path, capture: pytest.CaptureFixture[bytes], folder: Path
    ) -> None:
        self.workspace = workspace
        self.capture = capture
        self.folder = folder

    def __call__(self, *words: str, command: str = "query") -> tuple[int, str, str]:
        self.capture.readouterr()
        code = main(["-C", str(self.workspace), command, *words])
        said = self.capture.readouterr()
        return code, said.out.decode().replace("\r\n", "\n"), said.err.decode()


# -- what is asked ------------------------------------------------------------------------------


def test_a_question_by_name_has_its_default(workspace: Path) -> None:
    result = run_kg(workspace, "query", "since")
    assert result.stderr == ""
    assert result.stdout == "launch,day\nhttp://example.org/id/L1,2022-11-18\n"


def test_a_parameter_is_set(ask: Ask) -> None:
    code, out, _ = ask("since", "--param", "since=2020-01-01")
    assert code == 0
    assert [line.split(",")[1] for line in out.split()] == ["day", "2021-01-02", "2022-11-18"]


def test_a_file_a_text_and_standard_input(ask: Ask, workspace: Path) -> None:
    text = "SELECT ?s { ?s ex:count 12 }"
    expected = f"s\n{EX}id/L2\n"
    path = ask.folder / "my.rq"
    path.write_text(text)
    assert ask(str(path)) == (0, expected, "")
    assert ask("-e", text) == (0, expected, "")
    assert ask(text) == (0, expected, "")
    assert ask("DESCRIBE id:L2") == ask("-e", "DESCRIBE id:L2")
    assert run_kg(workspace, "query", "-", text=text).stdout == expected


def test_a_column_without_a_value_is_told(ask: Ask) -> None:
    code, out, err = ask("SELECT ?counted { ?s ex:count ?count }")
    assert (code, set(out.split())) == (0, {"counted", '""'})
    assert err.splitlines() == [
        "kg: no pattern gives ?counted a value. Bind it in a pattern, or take it out."
    ]
    _, _, err = ask("SELECT ?coutn { ?s ex:count ?count }")
    assert "Did you mean ?count?" in err


def test_a_name_of_select_in_having_is_told_once(ask: Ask) -> None:
    text = "SELECT ?s (COUNT(*) AS ?n) {{ ?s ex:count ?c }} GROUP BY ?s HAVING({})"
    code, out, err = ask(text.format("?n > 0 && ?n < 9"))
    assert (code, out) == (0, "s,n\n")
    assert err.splitlines()[0] == (
        "kg: ?n has no value in HAVING: SELECT names it afterwards. Write COUNT(*) there."
    )
    assert "HAVING" not in "".join(err.splitlines()[1:])
    _, out, err = ask(text.format("COUNT(*) > 0 && SUM(?c) < 9"))
    assert (out.split(), err) == (["s,n", f"{EX}id/L1,1"], "")
    by_key = "SELECT (STR(?c) AS ?k) { ?s ex:count ?c } GROUP BY ?c HAVING(?c > 9)"
    assert ask(by_key) == (0, "k\n12\n", "")


def test_relative_iris_are_those_of_the_workspace(ask: Ask) -> None:
    assert ask("-e", "SELECT ?n { <L1> <../ns#count> ?n }") == (0, "n\n1\n", "")


def test_the_default_graph_is_the_merge_and_named_graphs_stand_beside(ask: Ask) -> None:
    assert ask("-e", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == (0, "n\n10\n", "")
    text = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert ask("-e", text) == (0, "n\n7\n", "")
    text = f"SELECT (COUNT(*) AS ?n) FROM <{EX}graph/launches> {{ ?s ?p ?o }}"
    assert ask("-e", text) == (0, "n\n7\n", "")


def test_select_all_has_the_order_of_the_text(ask: Ask) -> None:
    text = "SELECT DISTINCT * { ?z ex:count ?a . ?z ex:day ?m } ORDER BY ?z LIMIT 1"
    assert ask("-e", text)[1].split() == ["z,a,m", f"{EX}id/L1,1,2022-11-18"]


def test_ask(ask: Ask) -> None:
    assert ask("-e", "ASK { ?s ex:count 12 }") == (0, "true\n", "")
    assert ask("-e", "ASK { ?s ex:count 13 }")[:2] == (0, "false\n")
    assert ask("-e", "ASK { ?s ex:count 13 }", "--fail-on-false")[0] == 1
    assert ask("-e", "ASK { ?s ex:count 12 }", "--fail-on-false")[0] == 0
    assert ask("-e", "SELECT ?s { ?s ex:count 13 }", "--fail-on-false")[0] == 0


def test_files_without_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(f"PREFIX my: <{EX}> my:a my:p 1 ; my:q _:x .")
    (tmp_path / "b.nq.gz").write_bytes(
        gzip.compress(f"<{EX}b> <{EX}p> _:x <{EX}g> .\n<{EX}a> <{EX}p> _:x .\n".encode())
    )
    (tmp_path / "c.nt").write_text(f"<{EX}c> <{EX}p> <{EX}d> .")
    files = ["--data", str(tmp_path / "a.ttl"), "--data", str(tmp_path / "b.nq.gz")]
    named = ["--named-graph", f"{EX}named={tmp_path / 'c.nt'}"]

    def count(pattern: str) -> str:
        text = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
        result = run_kg(tmp_path, "query", *files, *named, "-e", text)
        assert result.stderr == ""
        return result.stdout.split()[1]

    assert count("?s ?p ?o") == "4", "the merge of all that --data gives"
    assert count("?s my:p ?o") == "3", "the file's own prefix is known"
    assert count("GRAPH ?g { ?s ?p ?o }") == "2"
    assert count(f"GRAPH <{EX}named> {{ ?s ?p ?o }}") == "1"
    assert count("?s my:q ?x . ?t my:p ?x") == "0", "blank nodes of two files are two"
    assert count("?s my:p ?x . ?t my:p ?x FILTER(?s != ?t)") == "2", "of one file they are one"


def test_a_question_of_the_workspace_asked_of_files(ask: Ask) -> None:
    path = ask.folder / "other.ttl"
    path.write_text(
        f"PREFIX ex: <http://other/> <{EX}id/X> a <{EX}ns#Launch> ; <{EX}ns#day>"
        ' "2030-01-01"^^<http://www.w3.org/2001/XMLSchema#date> ; ex:count 3 .'
    )
    assert ask("since", "--data", str(path))[1].split()[1:] == [f"{EX}id/X,2030-01-01"]
    assert ask("-e", "SELECT ?n { ?s ex:count ?n }", "--data", str(path))[1] == "n\n3\n"


# -- where the answer goes ----------------------------------------------------------------------


def test_the_file_is_written_beside_and_renamed(ask: Ask) -> None:
    target = ask.folder / "out" / "answer.json"
    target.parent.mkdir()
    link = ask.folder / "link.json"
    link.symlink_to(target)
    assert ask("since", "-o", str(link)) == (0, "", "")
    assert link.is_symlink()
    assert json.loads(target.read_text())["head"]["vars"] == ["launch", "day"]
    assert [path.name for path in target.parent.iterdir()] == ["answer.json"]


def test_standard_output_and_devices(ask: Ask) -> None:
    assert ask("since", "-o", "-", "-f", "tsv")[1].startswith("?launch\t?day\n")
    assert ask("since", "-o", "/dev/null", "-f", "csv") == (0, "", "")


def test_a_table_on_a_terminal(workspace: Path) -> None:
    main_end, terminal_end = pty.openpty()
    environment = {**os.environ, "COLUMNS": "70"}
    with subprocess.Popen(
        [*program(), "-C", str(workspace), "query", "since"],
        stdout=terminal_end,
        env=environment,
    ) as process:
        assert process.wait() == 0
    os.close(terminal_end)
    with open(main_end, "rb", buffering=0) as terminal:  # noqa: PTH123
        text = terminal.read(4096).decode().replace("\r\n", "\n")
    assert text == "launch  day\n──────  ──────────\nid:L1   2022-11-18\n1 row\n"


# -- what is wrong ------------------------------------------------------------------------------


BAD: list[tuple[list[str], int, str]] = [
    (["-e", "SELECT * { ?s ?p ?o } LIMT 1"], 2, "-e:1:23: LIMT is no keyword here"),
    (["-e", "SELECT * { ?s nope:p ?o }"], 2, "the prefix nope: is not known"),
    (["-e", "SELECT * { FILTER(<http://f/f>(1)) }"], 2, "http://f/f> is not supported"),
    (["-e", ""], 2, "there is no query in it"),
    (["-e", "INSERT DATA { <a> <b> 1 }"], 2, "INSERT would change the graph"),
    (["-e", "LOAD <http://example.org/>"], 2, "LOAD would change the graph"),
    (["-e", "ASK { SERVICE <http://e/> {} }"], 2, "SERVICE would send parts of the query"),
    (["since", "-p", "since=yesterday"], 2, "--param since=2022-11-18"),
    (["since", "-p", "since="], 2, "the parameter since takes xsd:date, not ''"),
    (["since", "-p", "sinze=2022-01-01"], 2, "The parameters are: since."),
    (["since", "-p", "since"], 2, "--param takes NAME=VALUE, not 'since'"),
    (["since", "-p", "since=2022-01-01", "-p", "since=2022-01-02"], 2, "given twice"),
    (["sinse"], 2, "Did you mean since?"),
    (["SELECT * { ?s <http://e/p> ?o"], 2, "the question:1:30: the query ends"),
    (["SELECT * WHERE ?s <http://e/p> ?o }"], 2, "the question:1:16: "),
    (["no/such.rq"], 2, "there is no file no/such.rq"),
    ([], 2, "give a question or a text with -e"),
    (["since", "-e", "ASK {}"], 2, "not both"),
    (["since", "-f", "yaml"], 2, "there is no format yaml"),
    (["since", "-f", "turtle"], 2, "cannot hold the answer of a SELECT"),
    (["since", "-o", "x.yaml"], 2, "the ending of x.yaml says no format"),
    (["since", "-o", "/nowhere/x.csv"], 3, "cannot write /nowhere/x.csv: No such file"),
    (["-e", "ASK {}", "--data", "none.ttl"], 2, "there is no file none.ttl"),
    (["-e", "ASK {}", "--data", "x.doc"], 2, "there is no file x.doc"),
    (["-e", "ASK {}", "--named-graph", "x.ttl"], 2, "--named-graph takes IRI=FILE"),
    (["-e", "ASK {}", "--named-graph", "rel=x.ttl"], 2, "--named-graph takes IRI=FILE"),
    (["-e", "ASK {}", "--endpoint", "localhost"], 2, "--endpoint takes a URL"),
    (["-e", "ASK {}", "--nope"], 2, "No such option: --nope"),
]


@pytest.mark.parametrize(("words", "code", "says"), BAD)
def test_what_is_wrong_is_told_once_with_advice(
    words: list[str], code: int, says: str, ask: Ask
) -> None:
    got, out, err = ask(*words)
    assert (got, out) == (code, "")
    assert says in err
    assert "Traceback" not in err
    if "--nope" not in words:
        assert err.startswith("kg: ")
        assert err.count("kg: ") == 1
        assert len(err.splitlines()) > 1, "there is advice"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bad.rq", b"SELECT * {\xff}", "bad.rq:1: not UTF-8 at byte 10"),
        ("empty.rq", b"", "empty.rq: there is no query in it"),
        ("header.rq", b"# param x: xsd:nope\nASK {}", "header.rq:1: 'xsd:nope' is no type"),
        (
            "lines.rq",
            b"# title: T\nSELECT * {\n  ?s ex:a ?o\n  ?s ex:b ?c }",
            "lines.rq:4:3: a dot",
        ),
    ],
)
def test_wrong_files(name: str, content: bytes, says: str, ask: Ask) -> None:
    path = ask.folder / name
    path.write_bytes(content)
    code, _, err = ask(str(path))
    assert code == 2
    assert says in err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.ttl", b"<http://e/a> <http://e/p> .", "a.ttl:1:"),
        ("a.ttl.gz", b"no gzip", "the compressed file is broken"),
        ("a.nt", b"<http://e/a> <http://e/p> \xff", "a.nt"),
    ],
)
def test_wrong_data(name: str, content: bytes, says: str, ask: Ask) -> None:
    path = ask.folder / name
    path.write_bytes(content)
    code, _, err = ask("-e", "ASK {}", "--data", str(path))
    assert code == 2
    assert says in err


def test_graphs_are_not_put_into_a_graph(ask: Ask) -> None:
    path = ask.folder / "g.nq"
    path.write_text(f"<{EX}a> <{EX}p> <{EX}b> <{EX}g> .\n")
    code, _, err = ask("-e", "ASK {}", "--named-graph", f"{EX}x={path}")
    assert code == 2
    assert "holds named graphs itself" in err


def test_no_workspace_and_no_build(tmp_path: Path, workspace: Path) -> None:
    assert main(["-C", str(tmp_path / "ws"), "query", "-e", "ASK {}"]) == 0
    assert main(["-C", str(tmp_path), "query", "-e", "ASK {}"]) == 2
    (workspace / ".kg" / "current").unlink()
    assert main(["-C", str(workspace), "query", "-e", "ASK {}"]) == 2


# -- what is told beside the answer -------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"K2"', '"K2"@en'),
        ('"8611"', '"8611"^^xsd:integer'),
        ('"1954-07-31"', '"1954-07-31"^^xsd:date'),
        ('"ex:Peak"', "ex:Peak"),
        ('"nowhere"', ""),
        ('"K2"@de', ""),
    ],
)
def test_a_text_that_the_data_have_in_another_form_is_told(
    written: str, meant: str, ask: Ask
) -> None:
    path = ask.folder / "peaks.ttl"
    path.write_text(
        f"@prefix ex: <{EX}> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        'ex:k2 a ex:Peak ; ex:name "K2"@en ; ex:height 8611 ; ex:day "1954-07-31"^^xsd:date .\n'
    )
    text = f"PREFIX ex: <{EX}> SELECT ?s {{ ?s ?p {written} }}"
    code, _, err = ask("-e", text, "--data", str(path))
    assert code == 0
    told = f"the text {written} stands nowhere in the data; did you mean {meant}?"
    assert (told in err) is bool(meant)


def test_why_an_answer_is_empty(ask: Ask) -> None:
    text = "SELECT * { ?s a ex:Lunch ; ex:cound ?n ; ex:Launch 1 }"
    code, out, err = ask("-e", text)
    assert (code, out) == (0, "s,n\n")
    assert err.splitlines() == [
        "kg: the answer is empty: ex:Lunch stands nowhere in the data; did you mean ex:Launch?",
        "kg: the answer is empty: ex:cound stands nowhere in the data; did you mean ex:count?",
        "kg: the answer is empty: no triple has the property ex:Launch",
    ]
    assert main(["-q", "-C", str(ask.workspace), "query", "-e", text]) == 0
    assert ask.capture.readouterr().err == b""
    assert ask("-e", "SELECT * { ?s a ex:count }")[2].endswith("nothing has the type ex:count\n")
    assert ask("-e", "SELECT * { ?s ex:count 99 }")[2] == ""
    assert ask("-e", "ASK { ?s ex:cound 99 }")[2].startswith("kg: the answer is no: ex:cound")
    assert ask("-e", "ASK { ?s ex:count 'x'^^ex:kind }")[2] == "", "a datatype is no term"


def test_a_changed_source_is_told_once(ask: Ask) -> None:
    config = ask.workspace / "kg.toml"
    source = {"path": "kg.toml", "size": 1, "mtime_ns": 1, "sha256": "x"}
    seal(Build(ask.workspace / ".kg" / "builds" / "B1"), {**quad_table()[1], "sources": [source]})
    assert "kg.toml has changed since the build" in ask("since")[2]
    assert ask("since")[2] == ""
    config.write_text(config.read_text() + "\n")
    assert ask("since", "--data", str(_data(ask)))[2] == "", "the build is not asked"


def test_the_answer_and_what_is_said_of_its_sources_come_from_one_build(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kg.workspace import Workspace

    looked: list[Workspace] = []
    current = Workspace.current_build

    def counted(self: Workspace) -> Build:
        looked.append(self)
        return current(self)

    monkeypatch.setattr(Workspace, "current_build", counted)
    assert ask("since")[0] == 0
    assert len(looked) == 1


def _data(ask: Ask) -> Path:
    path = ask.folder / "d.ttl"
    path.write_text(
        f"<{EX}id/X> a <{EX}ns#Launch> ; <{EX}ns#day>"
        ' "2030-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .'
    )
    return path


def test_explain(ask: Ask) -> None:
    code, out, err = ask("since", "--explain", "-p", "since=2020-01-01")
    assert (code, err) == (0, "")
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "form: SELECT"
    assert 'VALUES ?since { "2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date> }' in lines
    assert any(line.startswith("OrderBy ?") for line in lines)
    assert "asked of: build B1" in lines
    assert "default graph: 10 triples" in lines
    assert f"7  <{EX}graph/launches>" in lines
    assert "2  ?launch a ex:Launch" in lines
    assert "2  ?launch ex:day ?day" in lines


def test_explain_shows_the_algebra(ask: Ask) -> None:
    query = (
        "SELECT ?s (COUNT(DISTINCT ?o) AS ?n) { ?s ex:p*/ex:q ?o"
        " OPTIONAL { ?s ?p 1 FILTER(?o > 2) } FILTER NOT EXISTS { VALUES ?s { ex:a UNDEF } } }"
        " GROUP BY ?s ORDER BY DESC(?n) OFFSET 5"
    )
    _, out, _ = ask("-e", query, "--explain")
    assert (
        out.partition("algebra:\n")[2].partition("asked of")[0]
        == """\
  Slice 5
    Project ?s ?n
      OrderBy ?n descending
        Extend ?n ?.agg1
          AggregateJoin ?.agg1 COUNT(DISTINCT ?o)
            Group ?s
              Filter !(exists(Values ?s ex:a UNDEF))
                LeftJoin (?o > 2)
                  Join
                    Path ?s ZeroOrMorePath(ex:p) ?.1
                    BGP
                      ?.1 ex:q ?o
                  BGP
                    ?s ?p 1
"""
    )


def test_explain_a_remote_question(ask: Ask) -> None:
    code, out, _ = ask("since", "--explain", "--endpoint", "http://127.0.0.1:9/")
    assert code == 0
    assert "PREFIX ex: <http://example.org/ns#>" in out
    assert "asked of: http://127.0.0.1:9/" in out


# -- questions ----------------------------------------------------------------------------------


def test_questions_are_listed(ask: Ask) -> None:
    (ask.workspace / "queries" / "must.rq").write_text(
        "# question: Who?\nSELECT ?x { VALUES ?who { } ?x ?p ?who }"
    )
    code, out, err = ask(command="questions")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "must   Who?",
        "         --param who=…  xsd:string, must be given",
        "since  Launches since a day",
        "         --param since=2022-01-01  xsd:date; the first day that counts",
    ]
    code, out, _ = ask("--format", "json", command="questions")
    must, since = json.loads(out)
    assert must["parameters"] == [
        {"name": "who", "type": "xsd:string", "default": None, "explanation": ""}
    ]
    assert since["columns"] == ["launch", "day"]
    assert since["chart"] == "bar x=day y=launch"
    assert since["file"].endswith("queries/since.rq")
    assert ask("--format", "yaml", command="questions")[0] == 2


def test_questions_are_checked(ask: Ask) -> None:
    assert ask("--check", command="questions") == (0, "", "kg: 1 question is right\n")
    queries = ask.workspace / "queries"
    (queries / "a.rq").write_text("# columns: s, o\nSELECT ?s { ?s ?p ?o }")
    (queries / "b.rq").write_text("SELECT ?s { ?s ?p ?o")
    (queries / "c.rq").write_text("# param x: xsd:date\nASK {}")
    code, out, err = ask("--check", command="questions")
    assert (code, out) == (2, "")
    assert "a.rq: the header promises the columns s, o, the query gives s" in err
    assert "b.rq:1:" in err
    assert "c.rq: the header declares the parameter x" in err
    assert "since" not in err


def test_no_questions(ask: Ask) -> None:
    (ask.workspace / "queries" / "since.rq").unlink()
    code, out, err = ask(command="questions")
    assert (code, out) == (0, "")
    assert "queries/" in err


def test_the_shell_completes_names(workspace: Path) -> None:
    environment = {
        **os.environ,
        "_KG_COMPLETE": "complete_bash",
        "COMP_WORDS": f"kg -C {workspace} query si",
        "COMP_CWORD": "4",
    }
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv[0] = 'kg'; from kg.cli.main import run; run()",
        ],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert result.stdout.split() == ["since"]


def test_output_is_utf8_whatever_the_locale(workspace: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = subprocess.run(
        [*program(), "-C", str(workspace), "query", "-f", "table",
         "-e", "SELECT ('朝鮮' AS ?x) {}"],
        capture_output=True, check=False, env=environment,
    )  # fmt: skip
    assert result.stderr == b""
    assert "朝鮮" in io.TextIOWrapper(io.BytesIO(result.stdout), "utf-8").read()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonld", '{"@context": {"x": "http://e/<b>", "y": "a b"}, "@id": "http://e/a",'
                     ' "http://e/p": "v"}'),
        ("a.rdf", '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
                  ' xmlns:e="http://e/" xmlns:x="no iri" xmlns:y="relative">'
                  '<r:Description r:about="http://e/a"><e:p>v</e:p></r:Description></r:RDF>'),
    ],
)  # fmt: skip
def test_a_prefix_of_a_file_that_stands_for_no_iri_does_not_matter(name, content, tmp_path, capsys):
    (tmp_path / name).write_text(content, encoding="utf-8")
    words = ["-e", "SELECT ?v { ?s <http://e/p> ?v }", "-f", "csv"]
    assert main(["query", "--data", str(tmp_path / name), *words]) == 0
    assert capsys.readouterr().out == "v\r\nv\r\n"
