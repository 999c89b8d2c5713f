"""Functions of the user's own: how their files are loaded, what they give, how faults are told."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kg.duck import engine
from kg.engines.duckdb.own_sql import _Memo
from kg.errors import InputError, UsageError, single_errors
from kg.functions import load_functions, with_functions
from kg.lineage import Lineage, Wanted
from kg.map_files import read_replacements
from kg.mapping.own_functions import using_functions
from kg.sources import Folders
from tests.mapping.running import Run, read_plan, run_mapping, write_files, yarrrml

XSD = "http://www.w3.org/2001/XMLSchema#"
FILE = """\
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass
class Helper:
    text: str


def shout(text: str, mark: str = "!") -> str:
    return Helper(text).text.upper() + mark


def years(born: date, on: date) -> int | None:
    return None if born > on else on.year - born.year


def words(text: str) -> list[str]:
    return text.split()


def longest(words: list[str]) -> str | None:
    return max(words, key=len, default=None)


def known(text: str | None) -> bool:
    return text is not None


def half(n: int) -> float:
    return 10 / n


def price(n: Decimal) -> Decimal:
    return n * Decimal("1.10")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)


def wrong(text: str) -> int:
    return text  # type: ignore[return-value]


def nothing() -> str:
    return "nothing"


def _hidden(x): ...
"""
ROWS = "id,name,born,n\n1,ann lee,1990-05-01,2\n2,bob,2030-01-01,4\n3,,1999-01-01,0\n"


def run(folder: Path, *terms: dict[str, str], file: str = FILE, rows: str = ROWS) -> Run:
    (folder / "f.py").write_text(file)
    pairs = [json.dumps({"p": f"ex:p{n or ''}", "o": term}) for n, term in enumerate(terms)]
    with with_functions([folder / "f.py"]):
        return run_mapping(folder, yarrrml("[[t.csv~csv]]", pairs), {"t.csv": rows})


def failure(folder: Path, **given: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        run(folder, **given) if "terms" not in given else run(folder, *given.pop("terms"), **given)
    (error,) = single_errors(caught.value)
    assert isinstance(error, InputError)
    return error


class TestValues:
    @pytest.mark.parametrize(
        ("function", "made"),
        [
            ("shout($(name))", ['"ANN LEE!"', '"BOB!"']),
            ('shout($(name), "?")', ['"ANN LEE?"', '"BOB?"']),
            ('shout(mark="?", text=$(name))', ['"ANN LEE?"', '"BOB?"']),
            ("years($(born), 2026-11-27)", [f'"27"^^<{XSD}integer>', f'"36"^^<{XSD}integer>']),
            ("words($(name))", ['"ann"', '"bob"', '"lee"']),
            ("toUpperCase(words($(name)))", ['"ANN"', '"BOB"', '"LEE"']),
            ('longest(split($(name), " "))', ['"ann"', '"bob"']),
            ("known($(name))", [f'"{t}"^^<{XSD}boolean>' for t in ("false", "true", "true")]),
            ("if(known($(name)), $(id), none)", ['"1"', '"2"', '"none"']),
            ("price($(n))", [f'"{t}"^^<{XSD}decimal>' for t in ("0.00", "2.20", "4.40")]),
            ("half(length($(name)))", [f'"{t}"^^<{XSD}double>' for t in
                                       ("1.4285714285714286E0", "3.3333333333333335E0")]),
            ("concat(shout($(name)), shout($(name)))", ['"ANN LEE!ANN LEE!"', '"BOB!BOB!"']),
            ("nothing()", ['"nothing"'] * 3),
            ("http://example.org/own#shout($(name))", ['"ANN LEE!"', '"BOB!"']),
        ],
    )  # fmt: skip
    def test_what_they_give(self, tmp_path, function, made):
        assert run(tmp_path, {"function": function}).objects() == made

    def test_a_time(self, tmp_path):
        made = run(tmp_path, {"function": "at($(born))"}).objects()
        assert made[0] == f'"1990-05-01T12:00:00"^^<{XSD}dateTime>'

    def test_in_conditions_subjects_and_joins(self, tmp_path):
        (tmp_path / "f.py").write_text(FILE)
        mapping = """prefixes: {ex: 'http://example.org/'}
mappings:
  a:
    sources: [[t.csv~csv]]
    s: {function: 'shout($(name), "")', type: iri}
    condition: 'known($(name))'
    po:
      - p: ex:p
        o: {mapping: b, condition: 'equal(shout($(name)), shout($(name)))'}
  b:
    sources: [[t.csv~csv]]
    s: ex:$(id)
"""
        files = {"t.csv": ROWS.replace("ann lee", "ann")}
        with with_functions([tmp_path / "f.py"]):
            made = run_mapping(tmp_path, mapping, files, base="http://b/")
        assert [(s, o) for s, _, o, _ in made.quads] == [
            ("<http://b/ANN>", "<http://example.org/1>"),
            ("<http://b/BOB>", "<http://example.org/2>"),
        ]

    def test_several_values_of_json(self, tmp_path):
        (tmp_path / "f.py").write_text(FILE)
        pairs = [
            json.dumps({"p": "ex:p", "o": {"function": "shout($(tags[*]))"}}),
            json.dumps({"p": "ex:q", "o": {"function": "longest($(tags[*]))"}}),
        ]
        files = {"t.json": '[{"id": 1, "tags": ["a", "bb"]}, {"id": 2, "tags": []}]'}
        with with_functions([tmp_path / "f.py"]):
            made = run_mapping(tmp_path, yarrrml("[['t.json~json', '$[*]']]", pairs), files)
        assert made.objects() == ['"A!"', '"BB!"']
        assert made.objects("ex:q") == ['"bb"']

    def test_none_is_no_value_and_is_told_as_such(self, tmp_path):
        made = run(tmp_path, {"function": "years($(born), 2026-11-27)"})
        (loss,) = made.made.counts[0].losses
        assert loss.records == 1
        assert loss.unfit.startswith("years makes nothing of '2030-01-01', at ")

    def test_many_records_in_threads(self, tmp_path):
        rows = "id,name\n" + "".join(f"{n},x{n}\n" for n in range(20_000))
        made = run(tmp_path, {"function": "shout($(name))"}, rows=rows)
        assert len(set(made.objects())) == 20_000


class TestMorph:
    """Files that are written for Morph-KGC, as they are."""

    FILE = """
@udf(
    fun_id='http://example.com/toUpperCase',
    text='http://users.ugent.be/~bjdmeest/function/grel.ttl#valueParam')
def to_upper_case(text):
    return text.upper()

@udf(fun_id='http://example.com/parts', value='http://example.com/value')
def parts(value):
    return [value[:1], None, value[1:]]
"""

    def test_functions_by_their_iris(self, tmp_path):
        (tmp_path / "f.py").write_text(self.FILE)
        mapping = """@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.com/> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
<#m> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ;
    rml:path "t.csv" ] ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://e/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:functionExecution <#f> ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:q ; rml:objectMap [ rml:functionExecution <#g> ] ] .
<#f> rml:function ex:toUpperCase ;
  rml:input [ rml:parameter grel:valueParam ; rml:inputValueMap [ rml:reference "name" ] ] .
<#g> rml:function ex:parts ;
  rml:input [ rml:parameter ex:value ; rml:inputValueMap [ rml:functionExecution <#f> ] ] .
"""
        with with_functions([tmp_path / "f.py"]):
            made = run_mapping(tmp_path, mapping, {"t.csv": "id,name\n1,ab\n"})
        found = sorted((p[-3:], o) for _, p, o, _ in made.quads)
        assert found == [("/p>", '"AB"'), ("/q>", '"A"'), ("/q>", '"B"')]


class TestFaults:
    @pytest.mark.parametrize(
        ("function", "place", "said", "hint"),
        [
            ("half($(n))", 't.csv:4 (record 3), column "n"', "half failed with ZeroDivisionError",
             "f.py:34"),
            ("years($(name), 2026-11-27)", 't.csv:2 (record 1), column "name"',
             "years: 'ann lee' is no date, which born must be", "f.py:17"),
            ("wrong($(name))", 't.csv:2 (record 1), column "name"',
             "wrong: it returned 'ann lee' (str), not int", "f.py:45"),
            ("half(length(shout($(born), $(n))))", None, None, None),
        ],
    )  # fmt: skip
    def test_a_failure_names_the_record(self, tmp_path, function, place, said, hint):
        if place is None:  # nothing fails
            assert len(run(tmp_path, {"function": function}).objects()) == 3
            return
        chosen = {"value": "$(id)", "condition": f"equal({function}, 1)"}
        for term in ({"function": function}, chosen):
            error = failure(tmp_path, terms=[term])
            assert error.code == "function-failed"
            assert str(error.location).endswith(place)
            assert said in error.message
            assert hint in (error.hint or "")
            assert "It was given" in (error.hint or "")

    def test_a_failure_in_a_subject(self, tmp_path):
        (tmp_path / "f.py").write_text(FILE)
        mapping = yarrrml("[[t.csv~csv]]", ["[ex:p, x]"], "{function: 'half($(n))', type: iri}")
        with with_functions([tmp_path / "f.py"]), pytest.raises(InputError) as caught:
            run_mapping(tmp_path, mapping, {"t.csv": ROWS}, base="http://b/")
        assert str(caught.value.location).endswith('t.csv:4 (record 3), column "n"')

    @pytest.mark.parametrize(
        ("file", "line", "said"),
        [
            ("x = 1\n", None, "there is no function"),
            ("def f(:\n", 1, "it is not Python"),
            ("\nimport nothing_there\n", 2, "ModuleNotFoundError"),
            ("\n\ndef f(x): return x\n", 3, "the parameter x of f has no type"),
            ("def f(x: str): return x\n", 1, "the result of f has no type"),
            ("def f(x: set) -> str: ...\n", 1, "f(x) has the type set"),
            ("def f(x: str) -> dict: ...\n", 1, "what f returns has the type dict"),
            ("def f(x: Nope) -> str: ...\n", 1, "Nope"),
            ("def f(*x: str) -> str: ...\n", 1, "any number of arguments"),
            ("raise SystemExit(3)\n", 1, "SystemExit"),
        ],
    )
    def test_a_file_that_is_wrong(self, tmp_path, file, line, said):
        (tmp_path / "f.py").write_text(file)
        with pytest.raises(InputError) as caught:
            load_functions(tmp_path / "f.py")
        assert caught.value.code == "bad-functions"
        assert said in caught.value.message
        assert caught.value.location is not None
        assert caught.value.location.line == line
        assert caught.value.hint

    def test_a_name_in_two_files(self, tmp_path):
        for name in ("f.py", "g.py"):
            (tmp_path / name).write_text("def f(x: str) -> str: return x\n")
        with pytest.raises(InputError) as caught:
            load_functions(tmp_path / "f.py", tmp_path / "g.py")
        assert "f is defined twice" in caught.value.message

    @pytest.mark.parametrize(
        ("function", "said"),
        [
            ("shout()", "needs text"),
            ("shout($(name), a, b)", "takes 1 or 2 arguments"),
            ("shout(txt=$(name))", "has no parameter txt"),
            ("shut($(name))", "shut is no function"),
            ("nothing($(name))", "takes no arguments"),
            ("_hidden($(name))", "_hidden is no function"),
        ],
    )
    def test_a_call_that_is_wrong(self, tmp_path, function, said):
        error = failure(tmp_path, terms=[{"function": function}])
        assert said in error.message
        assert str(error.location).endswith("mapping.yml:6")
        if function.startswith("shut"):
            assert "Did you mean shout?" in (error.hint or "")

    def test_nothing_is_loaded_unasked(self, tmp_path):
        (tmp_path / "f.py").write_text(FILE)
        with pytest.raises(InputError) as caught:
            run_mapping(
                tmp_path,
                yarrrml("[[t.csv~csv]]", ["{p: ex:p, o: {function: 'shout($(name))'}}"]),
                {"t.csv": ROWS},
            )
        assert caught.value.code == "unknown-function"
        assert "--functions FILE" in (caught.value.hint or "")


def test_lineage_leads_back_through_functions(tmp_path):
    write_files(tmp_path, {"t.csv": ROWS, "f.py": FILE})
    pair = json.dumps({"p": "ex:p", "o": {"function": "shout($(name))"}})
    with with_functions([tmp_path / "f.py"]):
        plan = read_plan(tmp_path, yarrrml("[[t.csv~csv]]", [pair]))
    wanted = Wanted("<http://example.org/2>", "<http://example.org/p>")
    with engine() as connection:
        lineage = Lineage(connection, plan, Folders(None, tmp_path))
        (trace,) = lineage.trace([wanted])
    assert (trace.object, trace.location.record) == ('"BOB!"', 2)


def test_one_of_texts_answers_addresses_of_xpath(tmp_path):
    (tmp_path / "f.py").write_text(
        "def shout(x: str) -> str:\n    return x.upper()\n\n\n"
        "def broken(x: str) -> str:\n    raise ValueError('no such name')\n\n\n"
        "def more(x: str, y: str) -> str:\n    return x + y\n"
    )
    with with_functions([tmp_path / "f.py"]):
        made = read_replacements(["http://h/=shout", "http://b/=broken"])
        with pytest.raises(UsageError, match="no function 'more'"):
            read_replacements(["http://h/=more"])
    assert made.answer("http://h/a") == "A"
    with pytest.raises(InputError, match=r"broken .*fails for 'x': ValueError: no such name"):
        made.answer("http://b/x")


# Bodies of a function of a text, and what is said of what they do.
FAULTS = [
    ("import sys; sys.exit()", "SystemExit"),
    ("import sys; sys.exit(0)", "SystemExit"),
    ("raise SystemExit('enough')", "enough"),
    (r"raise ValueError('\ud800')", r"ValueError: \ud800"),
    (r"return '\ud800'", "half a character"),
    (r"return x + '\udfff'", "half a character"),
    (r"return 'a\0b'", "half a character, or NUL"),
]


@pytest.mark.parametrize(("body", "said"), FAULTS)
def test_what_a_function_does_ends_no_run_unsaid(tmp_path, body, said):
    file = f"def boom(x: str) -> str:\n    {body}\n"
    error = failure(tmp_path, terms=[{"function": "boom($(id))"}], file=file)
    assert error.code == "function-failed"
    assert said in error.message
    error.message.encode()
    assert str(error.location).endswith('t.csv:2 (record 1), column "id"')


@pytest.mark.parametrize(("body", "said"), FAULTS)
def test_what_a_function_does_ends_no_answer_unsaid(tmp_path, body, said):
    (tmp_path / "f.py").write_text(f"def boom(x: str) -> str:\n    {body}\n")
    with with_functions([tmp_path / "f.py"]):
        made = read_replacements(["http://h/=boom"])
    with pytest.raises(InputError) as caught:
        made.answer("http://h/a")
    assert caught.value.code == "function-failed"
    assert said in caught.value.message
    caught.value.message.encode()


def given(folder: Path, source: str, call: str, value: str = "abc") -> list[str]:
    """Return the values that a function of a file gives for one record."""
    return run(folder, {"function": call}, file=source, rows=f"id,v\n1,{value}\n").objects()


WRAPPED = """\
from functools import cache, lru_cache, wraps

def _loud(call):
    @wraps(call)
    def louder(*given, **named):
        return call(*given, **named).upper()
    return louder

@_loud
def f(v: str) -> str: return v

@lru_cache
def g(v: str) -> str: return v

@udf("http://e/h", v="http://e/v")
@cache
def h(v): return v

def k(v: str, w: str = "-", /, x: str = ".") -> str: return v + w + x
"""


@pytest.mark.parametrize(
    ("source", "call", "made"),
    [
        ("def f(words: list[str] = ['d'], m: str = '!') -> str: return words[0] + m", "f()", "d!"),
        ("def f(m: str, words: list[str] | None = None) -> str: return m + str(words)", "f(x)",
         "xNone"),
        (WRAPPED, "f($(v))", "ABC"),
        (WRAPPED, "g($(v))", "abc"),
        (WRAPPED, "h($(v))", "abc"),
        (WRAPPED, "k($(v))", "abc-."),
        (WRAPPED, "k($(v), x=y)", "abc-y"),
        ("import dataclasses\n@dataclasses.dataclass\nclass D:\n    a: int\n"
         "def f() -> str: return D.__dataclass_fields__['a'].type.__name__", "f()", "int"),
        ("def f(v: str) -> str:\n    import beside\n    return beside.up(v)", "f($(v))", "ABC3"),
    ],
)  # fmt: skip
def test_what_files_of_functions_hold(tmp_path, source, call, made):
    (tmp_path / "beside.py").write_text(
        "def up(v):\n    from beside_too import three\n    return v.upper() + three"
    )
    (tmp_path / "beside_too.py").write_text("three = '3'")
    try:
        assert given(tmp_path, source, call) == [f'"{made}"']
    finally:
        for name in ("beside", "beside_too"):
            sys.modules.pop(name, None)
    with pytest.raises(ImportError):  # nobody else finds it
        importlib.import_module("beside")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(v: 'list[') -> str: return v", "a type of f is not known"),
        ("def f(v: '1/0') -> str: return v", "a type of f is not known: division by zero"),
        ("def f(v: [str]) -> str: return v", "which values of mappings do not have"),
        ("def f(v: {}) -> str: return v", "which values of mappings do not have"),
        ("def f(v: str) -> str: return v\nf.__signature__ = 3", "a type of f is not known"),
        ("from functools import partial\ndef _f(v): return v\nudf('http://e/f')(partial(_f))",
         "@udf stands at a partial, which is no function"),
        ("raise ValueError('\\ud800')", r"ValueError: \\ud800"),
    ],
)  # fmt: skip
def test_files_that_are_wrong(tmp_path, source, message):
    with pytest.raises(InputError, match=message) as caught:
        given(tmp_path, source, "f($(v))")
    assert caught.value.code == "bad-functions"


@pytest.mark.parametrize("kind", ["int", "float", "Decimal"])
@pytest.mark.parametrize("value", ["1_0", "\u0661\u0662", "\u00b2"])
def test_numbers_are_those_of_data(tmp_path, kind, value):
    source = f"from decimal import Decimal\ndef f(v: {kind}) -> str: return repr(v)"
    with pytest.raises(InputError, match=f"is no {kind}, which v must be"):
        given(tmp_path, source, "f($(v))", value)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "sNaN"])
def test_a_decimal_is_a_number(tmp_path, value):
    source = f"from decimal import Decimal\ndef f(v: str) -> Decimal: return Decimal('{value}')"
    with pytest.raises(InputError, match=r"which is no xsd:decimal"):
        given(tmp_path, source, "f($(v))")


def test_what_functions_print_is_no_output(tmp_path, capsys):
    source = (
        "import sys\nprint('loaded')\n"
        "def f(v: str) -> str:\n    print('called')\n    sys.stdout.write('written')\n    return v"
    )
    given(tmp_path, source, "f($(v))")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "loaded\ncalled\nwritten"


def test_a_function_is_called_once_for_the_same_values(tmp_path):
    (tmp_path / "f.py").write_text(
        "calls = []\n"
        "def f(v: str, w: list[str]) -> str | None:\n"
        "    calls.append(v)\n"
        "    return v + w[0] if v != '3' else None\n"
    )
    functions = load_functions(tmp_path / "f.py")
    rows = "id,v,w\n" + "".join(f"{n},{n % 7},x\n" for n in range(50))
    pairs = [
        "{p: ex:p, o: {function: 'f($(v), $(w))'}}",
        "{p: ex:q, o: {function: 'toUpperCase(f($(v), $(w)))'}}",
        "{p: ex:r, o: {value: $(v)}, condition: 'equal(f($(v), $(w)), \"1x\")'}",
    ]
    with using_functions(functions):
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", pairs), {"t.csv": rows})
    assert len(made.objects()) == 43
    told = [each.unfit.partition(", at ")[0] for each in made.made.counts[0].losses]
    assert told == ["f makes nothing of '3 and x'"] * 2
    assert sorted(functions["f"].call.__globals__["calls"]) == [str(n) for n in range(7)]


def test_no_more_is_kept_of_calls_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr("kg.engines.duckdb.own_sql._MOST_KEPT", 3)
    memo = _Memo()
    for n in range(10):
        memo.kept((str(n),), "made")
        assert len(memo._known) <= 3
    memo.kept(("long" * 100,), "made")
    assert memo.find(("9",)) == "made"
    assert [memo.find(values) for values in (("long" * 100,), (), ("0",))] == [_Memo] * 3
    memo.kept((), "long" * 100)
    assert memo.find(()) == "long" * 100


def test_a_function_without_parameters_is_called_once_in_a_run(tmp_path):
    (tmp_path / "f.py").write_text(
        "calls = []\ndef f() -> str:\n    calls.append(1)\n    return str(len(calls)) * 300\n"
    )
    functions = load_functions(tmp_path / "f.py")
    pairs = ["{p: ex:p, o: {function: 'f()'}}", "{p: ex:q, o: {function: 'toUpperCase(f())'}}"]
    with using_functions(functions):
        made = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", pairs), {"t.csv": "id\n1\n2\n"})
    assert set(made.objects()) == {f'"{"1" * 300}"'}
    assert functions["f"].call.__globals__["calls"] == [1]
