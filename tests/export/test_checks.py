"""Terms that stores refuse are reported with an example and its place; valid ones are not."""

import datetime as dt
import sys
import tempfile
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.builds import seal
from kg.duck import engine, sql_text
from kg.errors import InputError
from kg.exports import ExportOptions, export_files, export_workspace
from kg.exports.checks import EXAMPLES, check_rows, iri_code_sql
from kg.exports.survey import SURVEY_NAME, read_survey, write_survey
from kg.quads import QuadTable
from kg.workspace import read_workspace
from tests.datatypes import INVALID, VALID
from tests.export.conftest import connection, make_table
from tests.export.samples import EX, INFERRED, SAMPLE, VOC
from tests.terms import PLAIN_QUADS, XSD, row


def problems_of(rows):
    with tempfile.TemporaryDirectory() as name:
        table = make_table(Path(name) / "quads.parquet", rows)
        return check_rows(connection(), f"SELECT s, p, o, g FROM {table.sql}")


def typed(values):
    return [
        (f"<{EX}{name}-{number}>", f"<{VOC}p>", f'"{text}"^^<{XSD}{name}>', None)
        for name, texts in values.items()
        for number, text in enumerate(texts)
    ]


def test_well_typed_literals_are_no_problem():
    assert problems_of(typed(VALID)) == ()


def test_ill_typed_literals_are_reported():
    rows = typed(INVALID)
    (problem,) = problems_of(rows)
    assert (problem.code, problem.severity) == ("ill-typed-literal", "warning")
    assert problem.count == len(rows)
    assert problem.examples == tuple(sorted(rows)[:EXAMPLES])


@settings(max_examples=30, deadline=None)
@given(days=st.lists(st.dates(), min_size=1, max_size=30), delta=st.integers(1, 3))
def test_a_day_after_the_last_of_its_month_is_ill_typed(days, delta):
    good, bad = set(), set()
    for day in days:
        good.add(day.isoformat())
        next_month = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        last = (next_month - dt.timedelta(days=1)) if next_month > day else day
        good.add(last.isoformat())
        if last.day + delta <= 99:
            bad.add(f"{last.isoformat()[:8]}{last.day + delta:02}")
    rows = [(f"<{EX}g>", f"<{VOC}p>", f'"{text}"^^<{XSD}date>', None) for text in good]
    assert problems_of(rows) == ()
    rows = [(f"<{EX}b>", f"<{VOC}p>", f'"{text}"^^<{XSD}date>', None) for text in bad]
    assert [problem.count for problem in problems_of(rows)] == [len(bad)]


@pytest.mark.parametrize(
    ("quad", "code"),
    [
        (("<http://e/a b>", "<e:p>", '"o"', None), "bad-iri"),
        (("<relative>", "<e:p>", '"o"', None), "bad-iri"),
        (("<e:s>", "<e:p>", "<http://e/%zz>", None), "bad-iri"),
        (("<e:s>", "<e:p>", "<http://e/[x]>", None), "bad-iri"),
        (("<e:s>", "<e:p>", "<http://e/#a#b>", None), "bad-iri"),
        (("<e:s>", "<e:p>", "<http://e/\u0085>", None), "bad-iri"),
        (("<e:s>", "<http://e/{p}>", '"o"', None), "bad-iri"),
        (("<e:s>", "<e:p>", '"o"', "<graph>"), "bad-iri"),
        (("<e:s>", "<e:p>", '"o"^^<integer>', None), "bad-iri"),
        (("<e:s>", "_:p", '"o"', None), "not-a-term"),
        (('"s"', "<e:p>", '"o"', None), "not-a-term"),
        (("<e:s>", "<e:p>", "plain", None), "not-a-term"),
        (("<e:s>", "<e:p>", "_:-a", None), "not-a-term"),
        (("<e:s>", "<e:p>", "_:a.", None), "not-a-term"),
        (("<e:s>", "<e:p>", '"o"', '"g"'), "not-a-term"),
        (("<e:s>", "<e:p>", '"a"b"', None), "bad-literal"),
        (("<e:s>", "<e:p>", '"a\nb"', None), "bad-literal"),
        (("<e:s>", "<e:p>", '"a\\x"', None), "bad-literal"),
        (("<e:s>", "<e:p>", '"a', None), "bad-literal"),
        (("<e:s>", "<e:p>", '"a"@toolonglanguage', None), "bad-language-tag"),
        (("<e:s>", "<e:p>", '"a"@en_GB', None), "bad-language-tag"),
        (("<e:s>", "<e:p>", '"a"@', None), "bad-language-tag"),
        (("<e:s>", "<e:p>", '"a\\u0000"', None), "control-character"),
        (("<e:s>", "<e:p>", '"a\\b"@en', None), "control-character"),
        (("<e:s>", "<e:p>", '"\\uFFFE"^^<e:d>', None), "control-character"),
        (
            (
                "<e:s>",
                "<e:p>",
                '"a"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>',
                None,
            ),
            "ill-typed-literal",
        ),
    ],
)
def test_each_problem_has_its_code(quad, code):
    others = [("<e:s>", "<e:p>", '"\\\\u0000 \\" \\t\\n\\r"@en', None)]
    (problem,) = problems_of([*others, quad])
    assert (problem.code, problem.count, problem.examples) == (code, 1, (quad,))


@settings(max_examples=25, deadline=None)
@given(quads=st.lists(PLAIN_QUADS, min_size=1, max_size=20))
def test_terms_that_oxigraph_parses_are_not_errors(quads):
    assert "error" not in {problem.severity for problem in problems_of({row(q) for q in quads})}


IRI_TEXT = st.text(
    st.sampled_from("ab:/?#[]@%09AF{}<>\" \\^`|é\u0085\ufdd0~.-_!$&'()*+,;="), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(IRI_TEXT, min_size=1, max_size=25))
def test_oxigraph_parses_exactly_the_iris_that_are_not_errors(texts):
    """No authorities are tested here: parsers check more of them."""
    terms = {f"<x:{text}>" for text in texts if not text.startswith("//")}
    values = ", ".join(f"({sql_text(term)})" for term in terms | {"<x:>"})
    ours = (
        connection()
        .execute(
            f"SELECT term FROM (VALUES {values}) AS t(term) WHERE {iri_code_sql('term')} IS NULL"
        )
        .fetchall()
    )
    assert {term for (term,) in ours} == {term for term in terms | {"<x:>"} if parses(term)}


def parses(term):
    try:
        list(ox.parse(f"{term} <e:p> <e:o> .".encode(), ox.RdfFormat.N_TRIPLES))
    except SyntaxError:
        return False
    return True


def test_nothing_is_written_if_there_are_errors(workspace):
    root = workspace([("<http://e/a b>", "<e:p>", '"o"', None), *SAMPLE])
    with pytest.raises(InputError, match="<http://e/a b>") as caught:
        export_workspace(read_workspace(root), str(root / "a.ttl"))
    assert caught.value.code == "bad-iri"
    assert not (root / "a.ttl").exists()


def test_problems_name_their_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = tmp_path / "good.ttl"
    good.write_text('<e:s> <e:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .')
    bad = tmp_path / "bad.ttl"
    bad.write_text('<e:s> <e:p> "abc"^^<http://www.w3.org/2001/XMLSchema#integer>, "\\u0001" .')
    done = export_files([good, bad], "out.nt", ExportOptions())
    assert done.written
    assert [problem.code for problem in done.problems] == ["ill-typed-literal", "control-character"]
    assert set(done.origins.values()) == {"bad.ttl"}
    assert any("bad.ttl" in line for line in done.problems[0].lines(done.origins))
    strict = export_files([good, bad], "strict.nt", ExportOptions(strict=True))
    assert not strict.written
    assert strict.files == ()
    assert not Path("strict.nt").exists()
    assert export_files([good], "strict.nt", ExportOptions(strict=True)).written


def test_long_terms_are_cut_in_messages():
    (problem,) = problems_of([("<e:s>", "<e:p>", f'"{"x" * 5000}"^^<{XSD}integer>', None)])
    assert max(map(len, problem.lines({}))) < 200


def test_a_survey_is_used_only_for_its_table_graphs_and_prefixes(workspace, monkeypatch):
    quads = [*SAMPLE, ("<e:s>", "<e:p>", f'"x"^^<{XSD}integer>', None)]
    space = read_workspace(workspace(quads))
    table = QuadTable(space.current_build().quads)
    target = space.root / "a.ttl"
    fresh = export_workspace(space, str(target))
    content = target.read_bytes()
    with engine() as connection:
        survey = write_survey(connection, table, space, f"{EX}graph/inferred")
    assert read_survey(table) == survey
    assert survey.problems == fresh.problems != ()
    api = sys.modules["kg.exports.api"]
    monkeypatch.setattr(api, "check_rows", lambda *_: pytest.fail("looked again"))
    again = export_workspace(space, str(target))
    assert (again.problems, target.read_bytes()) == (fresh.problems, content)
    monkeypatch.undo()
    # Other prefixes, other graphs, another table or a damaged file: the rows are checked again.
    (space.root / "kg.toml").write_text(
        'base = "https://example.org/"\n[prefixes]\ny = "https://example.org/"\n'
    )
    changed = read_workspace(space.root)
    export_workspace(changed, str(target))
    assert b"@prefix y: <https://example.org/> ." in target.read_bytes()
    only = export_workspace(space, str(target), ExportOptions(graphs=["record"]))
    assert only.problems == ()
    make_table(table.path, [("<e:s>", "<e:p>", '"fine"', INFERRED)])
    assert read_survey(table) is None
    seal(space.current_build(), {})
    assert export_workspace(space, str(target)).problems == ()
    table.path.with_name(SURVEY_NAME).write_text("{")
    assert read_survey(table) is None
