r"""The table engine's values: odd lexical forms, exact numbers, orders, and what is refused."""

from __future__ import annotations

import random

import duckdb
import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.queries.engine import Rows
from kg.queries.table import relation
from kg.queries.table.engine import Table
from kg.queries.table.functions import python_double, python_rank, python_test
from kg.queries.table.ordering import python_order
from kg.sparql.guard import guard
from kg.table.ids import id_of
from kg.terms import XSD, escape, literal, text_of
from tests.query.tables import exact_answer, table_of
from tests.sparql.values import exact

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
# By property: forms of one value each, or forms in order.
ODD = {
    "int": ["1", "01", "+1"],
    "dec": ["0.30", "00.3", "+.3", "0.300"],
    "zero": ["0.0", "-0.0", "0.", "-0"],
    "text": ["\x01", "\\", "\\\\n", "\x00", "\ufffe", 'a"b', "\x7f"],
    "float": ["0.1", "1e39", "-INF", "16777217"],
    "when": ["2020-01-01T01:00:00+02:00", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00-01:00"],
    "night": ["2020-01-01T24:00:00"],
    "large": ["9007199254740992", "9007199254740993", "9007199254740994"],
}
TYPES = {
    **dict.fromkeys(("dec", "zero"), f"{XSD}decimal"),
    **dict.fromkeys(("int", "large"), f"{XSD}integer"),
    **dict.fromkeys(("when", "night"), f"{XSD}dateTime"),
    "float": f"{XSD}float",
}
KEYS = (0, 7, 12, 999999999)
MORE = f"""
{"".join(f"<{EX}key/{number}> <{EX}key> <{EX}key/{number}> .{chr(10)}" for number in KEYS)}
<{EX}a> <{EX}next> <{EX}b> .
<{EX}b> <{EX}next> <{EX}a> .
<{EX}b> <{EX}tag> "b" .
<{EX}a> <{EX}in> <{EX}b> <{EX}g> .
<{EX}g> <{EX}own> <{EX}b> <{EX}g> .
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Table:
    lines = [
        f"<{EX}{name}{number}> <{EX}{name}> {literal(form, TYPES.get(name))} ."
        for name, forms in ODD.items()
        for number, form in enumerate(forms)
    ]
    quads = ox.parse("\n".join(lines) + MORE, ox.RdfFormat.N_QUADS)
    connection = duckdb.connect(config={"threads": 1})
    return table_of(quads, tmp_path_factory.mktemp("odd") / "table", connection=connection)


def ask(table: Table, text: str):
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
    assert isinstance(found, Rows)
    return list(found)


def lexical(table: Table, text: str) -> list[str | None]:
    """Return the lexical forms of the first column, or the IRIs without what all begin with."""
    rows = [row[0] for row in ask(table, text)]
    return [
        None if t is None else t.split('"')[1] if '"' in t else t[len(EX) + 1 : -1] for t in rows
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # Equal values are equal, whatever their forms, and forms come back as they are.
        ("SELECT (COUNT(*) AS ?n) { ?s ex:int ?o FILTER(?o = 1) }", ["3"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:dec ?o FILTER(?o = 0.3) }", ["4"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:dec ?o FILTER(?o = 3e-1) }", ["4"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:zero ?o FILTER(?o = 0) }", ["4"]),
        ("SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ex:int ?o }", ["3"]),
        ("SELECT (SUM(?o) AS ?n) { ?s ex:int ?o }", ["3"]),
        ("SELECT ?n { BIND(0.1 + 0.2 AS ?n) FILTER(?n = 0.3e0) }", ["0.3"]),
        # Numbers beside others are of the wider type.
        ("SELECT ?n { BIND(9007199254740993 = 9007199254740992e0 AS ?n) }", ["true"]),
        ("SELECT ?n { BIND(9007199254740993 = 9007199254740992 AS ?n) }", ["false"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:large ?o FILTER(?o <= 9007199254740992e0) }", ["2"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:large ?o FILTER(?o <= 9007199254740992) }", ["1"]),
        # Floats have the precision of floats.
        ("SELECT ?o { ex:float0 ex:float ?f BIND(?f + 0 AS ?o) }", ["0.1"]),
        ("SELECT ?o { ex:float0 ex:float ?f BIND(?f + 0e0 AS ?o) }", ["0.10000000149011612"]),
        ("SELECT ?o { ex:float1 ex:float ?f BIND(?f + 0 AS ?o) }", ["INF"]),
        ("SELECT ?o { ex:float3 ex:float ?f BIND(?f + 0 AS ?o) }", ["16777216"]),
        ("SELECT ?o { ex:float3 ex:float ?f BIND(?f = 16777217 AS ?o) }", ["true"]),
        ("SELECT ?o { ex:float3 ex:float ?f BIND(?f = 16777217.0e0 AS ?o) }", ["false"]),
        ("SELECT ?o { ex:float0 ex:float ?f BIND(?f < 0.1e0 AS ?o) }", ["false"]),
        ("SELECT (STR(xsd:string(?f)) AS ?o) { ex:float0 ex:float ?f }", ["0.1"]),
        ("SELECT (STR(xsd:float(16777217)) AS ?o) { }", ["16777216"]),
        ("SELECT (STR(xsd:float(1e-50)) AS ?o) { }", ["0"]),
        ("SELECT (STR(xsd:float(-1e-50)) AS ?o) { }", ["-0"]),
        ("SELECT (STR(xsd:float(123456789.5)) AS ?o) { }", ["123456790"]),
        # Sums and products are exact, quotients are cut.
        ("SELECT ?n { BIND(12345678901234567890.5 * 98765432109876543210.5 AS ?n) }",
         ["1219326311370217952293019356616819082450.25"]),
        ("SELECT ?n { BIND(-2/3 AS ?n) }", ["-0.666666666666666666"]),
        ("SELECT ?n { BIND(1/0.0 AS ?n) }", [None]),
    ],
)  # fmt: skip
def test_values_are_exact(table, text, found):
    assert lexical(table, text) == found


def test_texts_of_different_languages_differ_in_python_as_in_sql():
    texts = [literal("a"), '"a"@en', '"a"@fr', '"b"@en']
    for text in texts:
        assert [python_test("=", text, other) for other in texts] == [text == o for o in texts]


def test_an_exact_number_is_rounded_once_to_a_double(table):
    # To a double before it is divided, it would be another.
    sql = "SELECT exact_double(57615448340910453820::HUGEINT), exact_double(-2500000000000000)"
    assert table._values(sql) == [(57615.44834091045, -2.5)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT ?s { ?s ex:when ?o } ORDER BY ?o", ["when0", "when1", "when2"]),
        ("SELECT ?s { ?s ex:when ?o } ORDER BY DESC(?o)", ["when2", "when1", "when0"]),
        ("SELECT ?s { ?s ex:large ?o } ORDER BY ?o", ["large0", "large1", "large2"]),
        ("SELECT ?s { ?s ex:large ?o } ORDER BY DESC(?o + 1)", ["large2", "large1", "large0"]),
        ("SELECT ?s { ?s ?p ?o FILTER(?p IN (ex:large, ex:in)) } ORDER BY ?o",
         ["large0", "large1", "large2"]),
        ("SELECT ?o { VALUES ?o { true 0 1 false 'b' 'a' } } ORDER BY ?o",
         ["0", "1", "false", "true", "a", "b"]),
        ("SELECT (MAX(?o) AS ?n) { ?s ex:when ?o }", ["2020-01-01T00:00:00-01:00"]),
        ("SELECT (MIN(?o) AS ?n) { ?s ex:large|ex:int ?o FILTER(?o > 1) }", ["9007199254740992"]),
    ],
)  # fmt: skip
def test_terms_are_in_the_order_of_their_values(table, text, found):
    assert lexical(table, text) == found


def test_texts_come_back_and_keep_their_characters(table):
    rows = ask(
        table,
        "SELECT ?o ?s (STRLEN(?o) AS ?n) (CONCAT(?s) AS ?c) { ?x ex:text ?o BIND(STR(?o) AS ?s) }",
    )
    wanted = {escape(text): len(text) for text in ODD["text"]}
    assert {row[0][1:-1]: int(str(row[2]).split('"')[1]) for row in rows} == wanted
    assert all(row[0] == row[1] == row[3] for row in rows)


@pytest.mark.parametrize("few", [0, 24])
def test_iris_with_numbers_come_back(table, monkeypatch, few):
    monkeypatch.setattr(relation, "_FEW", few)
    rows = ask(table, "SELECT ?s ?t { ?s ex:key ?o BIND(STR(?s) AS ?t) }")
    keys = [f"{EX}key/{number}" for number in KEYS]
    assert sorted(rows) == sorted((f"<{key}>", f'"{key}"') for key in keys)
    named = "VALUES ?s { <http://example.org/key/7> <http://example.org/key/07> ex:other }"
    found = ask(table, f"SELECT ?s {{ {named} OPTIONAL {{ ?s ex:key ?o }} }}")
    assert {row[0] for row in found} == {f"<{EX}{n}>" for n in ("key/7", "key/07", "other")}


@pytest.mark.parametrize("seed", range(3))
def test_escapes_in_sql_are_those_of_terms(table, seed):
    rng = random.Random(seed)
    texts = ["".join(rng.choices('\\\\\\nut"\n\t\0\x01\x7f\ufffe0001é😀', k=9)) for _ in range(60)]
    sql = "SELECT unescaped(escaped(t)), escaped(t) FROM (SELECT unnest(?) AS t)"
    found = table._values(
        sql.replace(
            "?",
            "["
            + ",".join("(" + "||".join(f"chr({ord(c)})" for c in text) + ")" for text in texts)
            + "]",
        )
    )
    assert found == [(text, escape(text)) for text in texts]


def test_what_is_new_is_new_each_time(table):
    for function in ("UUID", "STRUUID", "RAND", "BNODE"):
        text = f"SELECT ({function}() AS ?a) ({function}() AS ?b) {{ ?s ex:int ?o }}"
        terms = [term for row in ask(table, text) for term in row]
        assert len(set(terms)) == 6, function
        in_one = f"SELECT (sameTerm({function}(), {function}()) AS ?r) {{ ?s ex:int ?o }}"
        assert lexical(table, in_one) == ["false"] * 3, function


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A path without a step leads from a term to itself, though no triple has it.
        ("SELECT ?o { ex:a (ex:next*)+ ?o }", ["a", "b"]),
        ("SELECT ?o { ex:none (ex:next*)+ ?o }", ["none"]),
        ("SELECT ?o { ex:none (ex:next?)+ ?o }", ["none"]),
        ("SELECT ?o { ?o (^ex:next|ex:x*)+ ex:none }", ["none"]),
        ("SELECT ?o { GRAPH ex:g { ex:a ex:in* ?o } }", ["a", "b"]),
        ("SELECT ?o { GRAPH ex:none { ex:a ex:in* ?o } }", []),
        ("SELECT ?g { GRAPH ?g { ?g ?p ?o } }", ["g"]),
        ("SELECT ?o { ?s ex:next ?z . ?s ex:next+ ?o }", ["a", "a", "b", "b"]),
        ("SELECT ?o { ?s ex:next ?o FILTER EXISTS { ?s ex:next ?y . ?y ex:next+ ?s } }",
         ["a", "b"]),
        ("SELECT ?o { GRAPH ex:none { } BIND(1 AS ?o) }", []),
        ("SELECT ?o { GRAPH ex:g { } BIND(1 AS ?o) }", ["1"]),
    ],
)  # fmt: skip
def test_paths(table, text, found):
    assert sorted(lexical(table, text)) == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("REGEX('a_é', '^\\\\w+$')", "true"),
        ("REGEX('a\\nb', 'a.b')", "false"),
        ("REGEX('a\\nb', 'A.B', 'is')", "true"),
        ("REGEX('a.b', 'A.B', 'qi')", "true"),
        ("REGEX('axb', 'a.b', 'q')", "false"),
        ("REGEX('a\\n', 'a$')", "false"),
        ("REGEX('a\\nb', 'a$', 'm')", "true"),
        ("REGEX('ab', 'a b', 'x')", "true"),
        ("REGEX('b', '[a-z-[aeiou]]')", "true"),
        ("REGEX('٣', '^\\\\d$')", "true"),
        ("REGEX('a', 'a'@en)", None),
        ("REGEX(1, '1')", None),
        ("REGEX('a', 1)", None),
        ("REGEX(?s, CONCAT('^', ?s))", "true"),
        ("REPLACE('abcd', '(ab)|(cd)', '[$1-$2]')", "[ab-][-cd]"),
        ("REPLACE('abc', 'b', '$0$0')", "abbc"),
        ("REPLACE('abc', '(b)', '$12')", "ab2c"),
        ("REPLACE('abc', 'b', '$3')", "ac"),
        ("REPLACE('abc', 'b', '\\\\$\\\\\\\\')", "a$\\\\c"),
        ("REPLACE('abc', 'b', '$')", None),
        ("REPLACE('abc', 'b', '\\\\n')", None),
        ("REPLACE('a.c', '.', '$1\\\\', 'q')", "a$1\\\\c"),
        ("REPLACE('abc', 'x*', '-')", None),
        ("REPLACE('aBc'@en, 'b', 'x', 'i')", "axc"),
        ("REPLACE(?s, SUBSTR(?s, 1, 1), CONCAT('$0', ?s))", "ttextexttext"),
        ("REPLACE('abc', 'b'@en, 'x')", None),
    ],
)
def test_expressions_are_those_of_xpath(table, call, found):
    pattern = "{ ?x ex:tag ?t BIND(CONCAT('text', SUBSTR(?t, 1, 0)) AS ?s) }"
    assert lexical(table, f"SELECT ({call} AS ?r) {pattern}") == [found]


def test_a_blank_node_of_a_text_is_the_same_in_one_solution(table):
    call = "(BNODE(?x) AS ?{0}) (BNODE('x') AS ?{0}2)"
    pattern = "{ VALUES ?x { 'x' 'y' 1 } }"
    rows = ask(table, f"SELECT ?x {call.format('a')} {call.format('b')} {pattern}")
    assert [row[1:3] == row[3:5] for row in rows] == [True] * 3
    assert [row[1] == row[2] for row in rows] == [True, False, False]
    assert len({term for row in rows for term in row[1:3] if term}) == 4
    assert sum(row[1] is None for row in rows) == 1


@pytest.mark.parametrize(
    ("text", "bound", "found"),
    [
        ("SELECT ?s ?o { ?s ex:next ?o }", {"s": f"<{EX}a>"}, ["a"]),
        ("SELECT ?o { ?s ex:next ?o FILTER(BOUND(?s)) }", {"s": f"<{EX}a>"}, ["b"]),
        ("SELECT ?o { { SELECT ?o { ?s ex:next ?o } } }", {"s": f"<{EX}a>"}, ["a", "b"]),
        ("SELECT ?s { { SELECT ?s { ?s ex:next ?o } } }", {"s": f"<{EX}a>"}, ["a"]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:next ?o } GROUP BY ?s", {"s": f"<{EX}a>"}, ["1"]),
        ("SELECT ?r { BIND(?s + 1 AS ?r) }", {"s": f'"1"^^<{XSD}integer>'}, ["2"]),
        ("SELECT ?s { FILTER EXISTS { ?s ex:next ?o } }", {"s": f"<{EX}b>"}, ["b"]),
    ],
)
def test_values_that_are_given_beforehand(table, text, bound, found):
    rows = table.ask(guard(text, "a query", PREFIXES), PREFIXES, bound=bound)
    shown = [text_of(row[0]).removeprefix(EX) for row in rows]
    assert sorted(shown) == found


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("?s ex:next ?o MINUS { ?s ex:tag ?t }", "MINUS or VALUES"),
        ("?s ex:next ?o VALUES ?s { ex:a }", "MINUS or VALUES"),
        ("?z ex:next ?o BIND(?z AS ?s)", "an assignment"),
        ("{ ?z ex:next ?o MINUS { ?o ex:tag ?t } } ?s ex:next ?o", None),
        ("?s ex:next ?o VALUES ?o { ex:b }", None),
    ],
)
def test_what_has_no_meaning_with_values_given_beforehand_is_refused(table, pattern, told):
    query = guard(f"SELECT ?o {{ {pattern} }}", "a query", PREFIXES)
    if told is None:
        table.ask(query, PREFIXES, bound={"s": f"<{EX}a>"})
        return
    with pytest.raises(InputError, match=told):
        table.ask(query, PREFIXES, bound={"s": f"<{EX}a>"})


def test_describe_tells_of_blank_nodes_too(tmp_path):
    data = (
        f"<{EX}a> <{EX}p> _:b .\n_:b <{EX}p> _:c .\n_:c <{EX}p> _:b .\n_:c <{EX}p> <{EX}d> .\n"
        f'<{EX}d> <{EX}p> "d" .\n<{EX}a> <{EX}q> "1" <{EX}g> .\n'
    )
    quads = list(ox.parse(data, ox.RdfFormat.N_QUADS))
    store = ox.Store()
    store.extend(quads)
    table = table_of(quads, tmp_path / "table")
    for text in (
        "DESCRIBE ex:a",
        "DESCRIBE ?x { ?x ex:p ?y FILTER(isIRI(?x)) }",
        "DESCRIBE * { ?y ex:p ex:d }",
        "DESCRIBE ex:a FROM ex:g {}",
        "DESCRIBE ?x ex:none { ?y ex:p 'none' }",
    ):
        found = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
        assert not isinstance(found, bool | Rows)
        asked = store.query(text, prefixes=PREFIXES)
        assert exact_answer(found) == {" ".join(map(exact, map(str, t))) for t in asked}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"SELECT ?s {{ ?s ?p ?o FILTER(?o = {'1' * 41}) }}", "38 digits"),
        ("SELECT ?s { ex:a ex:next ?s FILTER(STR(?s) < 0.1234567890123456) }", "38 digits"),
        ("SELECT (1e-7 + xsd:decimal('0.1234567890123456789') AS ?n) { }", None),
        ("SELECT (HOURS(?o) AS ?n) { ?s ex:night ?o }", "24:00:00 is not taken apart"),
        ("SELECT (xsd:date(?o) AS ?n) { ?s ex:night ?o }", "24:00:00 is not taken apart"),
        ("SELECT (0.1 * 1e0 AS ?n) { }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?s ex:next* ?z } }", "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?z (ex:in|ex:next?)+ ?o } }", "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?z ex:next* ?y } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?s (ex:in|ex:next)+ ?o } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { ?s ex:tag ?x OPTIONAL { ?x ex:p ?o } } } }",
         None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { ?s ex:tag ?x OPTIONAL { ?x ex:p ?o } } "
         "?x ex:tag ?z } }", "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?s ex:tag ?x OPTIONAL { ?s ex:p ?z } "
         "FILTER(BOUND(?z)) } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?s ex:tag ?x MINUS { ?x ex:p ?z } } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { ?x ex:tag ?z MINUS { ?x ex:p ?s } } }",
         "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { SELECT ?s { ?s ex:tag ?x } } } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { SELECT ?z { ?z ex:tag ?o } LIMIT 1 } } }",
         "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?q } "
         "GROUP BY ?s } } }", "EXISTS around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { BIND(?o AS ?z) ?z ex:tag ?x } }", None),
        ("SELECT * { BIND(STR(1) AS ?x) FILTER EXISTS { ?z ex:tag ?x } }", None),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { ?s ?p ?z } UNION { ?s ?p ?o } "
         "FILTER(BOUND(?o)) } }", "its value from around"),
        ("SELECT * { ?s ex:next ?o FILTER EXISTS { { ?s ?p ?z } UNION { ?s ?p ?o } "
         "FILTER(?o = 1) } }", "its value from around"),
        ("SELECT (REGEX('a', '(a)\\\\1') AS ?r) { }", "is not one of RE2's"),
        ("SELECT (REGEX('a', 'a', 'z') AS ?r) { }", "there is no flag"),
        ("SELECT (REGEX(?o, ?o) AS ?r) { ?s ex:text ?o }", "is not"),
        ("SELECT (REPLACE('a', '((((((((((a))))))))))', '$10') AS ?r) { }", "beyond the ninth"),
        ("CONSTRUCT { ?s ex:p <<( ?s ex:p ?o )>> } { ?s ex:next ?o }", "triple terms"),
    ],
)  # fmt: skip
def test_what_would_be_wrong_is_refused(table, text, told):
    def answered():
        return list(table.ask(guard(text, "a query", PREFIXES), PREFIXES))

    if told is None:
        answered()
        return
    with pytest.raises(InputError, match=told) as error:
        answered()
    assert error.value.code == "not-compiled"
    assert "Python exception" not in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("EXISTS { ?s ex:tag ?t OPTIONAL { ?s ex:next ?y } }", ["b"]),
        ("EXISTS { ?z ex:tag ?t }", ["a", "b"]),
        ("EXISTS { ?s ex:tag ?t }", ["b"]),
        ("NOT EXISTS { ?s ex:tag ?z }", ["a"]),
        ("EXISTS { ?s ex:tag ?z FILTER(?z = STR(?t)) }", ["b"]),
        ("EXISTS { ?s ex:next ?z FILTER(!BOUND(?t)) }", ["a"]),
        ("EXISTS { BIND(?o AS ?z) ?z ex:tag ?y }", ["a"]),
        ("EXISTS { { SELECT ?s { ?s ex:tag ?x } } }", ["b"]),
    ],
)
def test_exists_puts_values_in(table, pattern, found):
    around = "?s ex:next ?o OPTIONAL { ?s ex:tag ?t }"
    assert sorted(lexical(table, f"SELECT ?s {{ {around} FILTER {pattern} }}")) == found


def test_what_gives_other_solutions_each_time_is_asked_once(table):
    inner = "{ SELECT ?x { ?x ex:next ?z } LIMIT 1 }"
    query = guard(f"SELECT ?y {{ {inner} ?x ex:next+ ?y }}", "a query", PREFIXES)
    assert table.compiled(query, PREFIXES)[1].sql.count("LIMIT 1") == 1


def test_constants_have_ids_of_their_own_forms():
    forms = {id_of(literal(form, f"{XSD}integer"), {}) for form in ODD["int"]}
    assert len(forms) == len(ODD["int"])


def test_numbers_with_many_digits_are_put_in_order(tmp_path):
    table = table_of([], tmp_path / "table")
    digits = "0.12345678901234567"
    wanted = [f"-{digits}92", f"-{digits}9", f"-{digits}89", "0", digits, f"{digits}1", "10"]
    listed = " ".join(f"'{each}'" for each in reversed(wanted))
    text = f"SELECT ?t {{ VALUES ?t {{ {listed} }} BIND(xsd:decimal(?t) AS ?n) }} ORDER BY "
    for order, expected in (("?n", wanted), ("DESC(?n)", wanted[::-1])):
        found = table.ask(guard(text + order, "a query", PREFIXES), PREFIXES)
        assert [text_of(row[0]) for row in found] == expected


def test_means_are_put_in_order_and_compared(tmp_path):
    table = table_of([], tmp_path / "table")
    text = (
        "SELECT ?g { VALUES (?g ?x) { (1 2) (2 1) (2 1) (2 2) (3 1) (3 0) (3 0) } } GROUP BY ?g"
        " HAVING (AVG(?x) > 0.33) ORDER BY AVG(?x)"
    )
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES)
    assert [text_of(row[0]) for row in found] == ["3", "2", "1"]


def test_plain_numbers_are_ranked_and_sorted_as_python_does_it(table):
    rng = random.Random(16)
    forms = ["0", "-0", "00", "+1", "1.", ".5", "-0.5", "0.0", "-1.0", "9" * 17, "9" * 18, "x", ""]
    for _ in range(60):
        digits = str(rng.randrange(10 ** rng.randrange(1, 19)))
        forms.append(rng.choice(["", "-", "0"]) + digits)
        forms.append(f"{forms[-1]}.{rng.randrange(10 ** rng.randrange(1, 10))}")
    terms = [literal(form, XSD + kind) for form in forms for kind in ("integer", "decimal")]
    sql = "SELECT t, plain_rank(t), plain_double(t), plain_order(t) FROM (SELECT unnest(?) AS t)"
    known = 0
    for term, rank, double, order in table._connection.execute(sql, [terms]).fetchall():
        assert (rank is None) is (double is None) is (order is None)
        if rank is not None:
            known += 1
            assert rank == python_rank(term), term
            assert double == float(python_double(term)), term
            assert order == python_order(term), term
    assert known > len(terms) // 4
