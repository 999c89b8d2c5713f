"""``kg map --check``: what public mappings would do, and what is unsupported, by its line."""

from __future__ import annotations

import json

import pytest

from kg.cli.main import main

OLD = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
@prefix ex: <http://example.org/> .
"""
NEW = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix formats: <http://www.w3.org/ns/formats/> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix ex: <http://example.org/> .
"""
SUBJECT = 'rml:subjectMap [ rml:template "http://e/{id}" ]'
PAIR = 'rml:predicateObjectMap [ rml:predicate ex:v ; rml:objectMap [ rml:reference "v" ] ]'
CSV = '[ rml:source "d.csv" ; rml:referenceFormulation rml:CSV ]'


def new(source: str = CSV, subject: str = SUBJECT, pair: str = PAIR) -> str:
    return f"{NEW}<#m> rml:logicalSource\n{source} ;\n{subject} ;\n{pair} .\n"


def check(folder, text: str, capsys, name: str = "m.ttl", *more: str):
    """Return the exit code and the findings of a mapping."""
    (folder / name).write_text(text, encoding="utf-8")
    code = main(["map", "--check", str(folder / name), "--format", "json", *more])
    return int(code), json.loads(capsys.readouterr().out)


def places(found, *codes: str) -> list[tuple[str, int]]:
    return [
        (each["finding"], each["place"]["line"])
        for each in found
        if not codes or each["finding"] in codes
    ]


UNSUPPORTED = {
    "star": new(subject="rml:subjectMap [ rml:quotedTriplesMap <#n> ]"),
    "formulation": new('[ rml:source "a.html" ; rml:referenceFormulation rml:CSS3 ]'),
    "stream": new("[ rml:source [ a ex:KafkaStream ] ; rml:referenceFormulation rml:CSV ]"),
    "endpoint": new(
        "[ rml:source [ a sd:Service ; sd:endpoint ex:sparql ] ; rml:iterator 'SELECT' ;"
        " rml:referenceFormulation formats:SPARQL_Results_CSV ]"
    ),
    "compression": new(
        '[ rml:source [ rml:path "a" ; rml:compression rml:rar ] ;'
        " rml:referenceFormulation rml:CSV ]"
    ),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_unsupported_is_not_called_wrong(tmp_path, capsys, name):
    code, found = check(tmp_path, UNSUPPORTED[name], capsys)
    assert code == 1
    line = 7 if name == "star" else 6
    assert places(found, "unsupported-mapping") == [("unsupported-mapping", line)]


@pytest.mark.parametrize(
    "target",
    [
        "rml:target [ a ex:EventStream ]",
        'rml:target [ rml:path "a" ] ; rml:serialization formats:HDT',
        'rml:target [ rml:path "a" ] ; rml:compression rml:rar',
    ],
)
def test_targets_that_are_unsupported(tmp_path, capsys, target):
    subject = f'rml:subjectMap [ rml:template "http://e/{{id}}" ; rml:logicalTarget [ {target} ] ]'
    code, found = check(tmp_path, new(subject=subject), capsys)
    assert (code, places(found, "unsupported-mapping")) == (1, [("unsupported-mapping", 7)])


def test_all_faults_of_a_triples_map_are_told_by_line(tmp_path, capsys):
    pairs = PAIR.replace("rml:reference", "rml:termType rml:Foo ; rml:reference")
    text = new(
        '[ rml:source "a" ; rml:referenceFormulation rml:CSS3 ]', SUBJECT, f"{PAIR} ;\n{pairs}"
    )
    code, found = check(tmp_path, text, capsys)
    assert code == 2
    assert places(found) == [("unsupported-mapping", 6), ("bad-mapping", 9)]


YARRRML = """\
prefixes: {ex: "http://example.org/"}
mappings:
  m:
    sources:
      - {access: "tcp://localhost:1883", type: mqtt, referenceFormulation: jsonpath}
    s: http://e/$(id)
    po:
      - p: ex:x
        o: {function: ex:mine, parameters: [[ex:p, $(a)]]}
      - [ex:fine, $(b)]
      - p: ex:y
        o: {function: ex:yours, parameters: [[ex:p, $(a)]]}
"""


def test_all_that_is_unsupported_in_a_mapping_of_yarrrml(tmp_path, capsys):
    code, found = check(tmp_path, YARRRML, capsys, "m.yml")
    assert code == 1
    assert places(found) == [
        ("unsupported-mapping", 5),
        ("unknown-function", 9),
        ("unknown-function", 12),
    ]


ELSEWHERE = """\
mappings:
  m:
    sources:
      - access: "ADDRESS"
        type: directhttprequest
        methodName: GET
        headers: {name: Accept, value: application/json}
        referenceFormulation: jsonpath
        iterator: $[*]
    s: http://e/$(id)
    po: [[http://e/p, $(a)]]
"""


def test_a_copy_of_what_is_elsewhere(tmp_path, capsys):
    text = ELSEWHERE.replace("ADDRESS", "mqtt://localhost/a/Friends.json?x=1")
    code, found = check(tmp_path, text, capsys, "m.yml")
    assert (code, places(found)) == (0, [("source", 4), ("remark", 4)])
    assert "the file Friends.json beside the mapping" in found[1]["message"]
    code, found = check(tmp_path, ELSEWHERE.replace("ADDRESS", "a.json"), capsys, "m.yml")
    assert code == 2  # headers is a slip for header, where there is a file


def test_a_database_in_the_way_of_before(tmp_path, capsys):
    text = f"""{OLD}<#db> d2rq:jdbcDSN "jdbc:mysql://h/d" ; d2rq:username "$WHO" ;
      d2rq:password "${{PASS}}" .
    <#m> rml:logicalSource [ rml:source <#db> ; rr:sqlVersion rr:SQL2008 ; rr:tableName "T" ] ;
      rr:subjectMap [ rr:template "http://e/{{ID}}" ] ;
      rr:predicateObjectMap [ rr:predicate ex:v ; rr:objectMap [ rml:reference "V" ] ] ."""
    code, found = check(tmp_path, text, capsys)
    assert code == 0
    missing = [each["message"] for each in found if each["finding"] == "variable"]
    assert missing == ["${WHO} has no value", "${PASS} has no value"]
    (source,) = [each for each in found if each["finding"] == "source"]
    assert source["message"] == "reads the database jdbc:mysql://h/d, T; columns: ID, V"
    code, found = check(tmp_path, text, capsys, "m.ttl", "--set", "WHO=x", "--set", "PASS=y")
    assert places(found, "variable") == []


def test_the_database_of_r2rml(tmp_path, capsys, monkeypatch):
    text = f"""{OLD}<#m> rr:logicalTable [ rr:tableName "T" ] ;
      rr:subjectMap [ rr:template "http://e/{{ID}}" ] ;
      rr:predicateObjectMap [ rr:predicate ex:v ; rr:objectMap [ rr:column "V" ] ] ."""
    monkeypatch.delenv("KG_DATABASE", raising=False)
    code, found = check(tmp_path, text, capsys)
    (missing,) = [each for each in found if each["finding"] == "variable"]
    assert (code, missing["about"]) == (0, "KG_DATABASE")
    assert "export KG_DATABASE" in missing["advice"]
    monkeypatch.setenv("KG_DATABASE", "sqlite:a.db")
    assert places(check(tmp_path, text, capsys)[1], "variable") == []


def test_addresses_are_not_fetched(tmp_path, capsys):
    code, found = check(tmp_path, new(CSV.replace("d.csv", "https://h/x/d.csv?a=1")), capsys)
    assert code == 0
    (remark,) = [each for each in found if each["finding"] == "remark"]
    assert remark["message"].startswith("https://h/x/d.csv?a=1 is not fetched: the file d.csv")


def test_a_triples_map_without_subject_is_told_with_its_line(tmp_path, capsys):
    text = f"{NEW}<#m> rml:logicalSource {CSV} ;\n {PAIR} .\n"
    code, found = check(tmp_path, text, capsys)
    assert (code, places(found)) == (2, [("bad-mapping", 5)])
    assert "needs one subject map, not 0" in found[0]["message"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("jdbc:mysql://me:hush/hush@h/d?password=hush", "jdbc:mysql://***@h/d"),
        ("jdbc:oracle:thin:me/hush;hush@h/d", "jdbc:oracle:***@h/d"),
        ("jdbc:sqlserver://h;databaseName=d;password=hush", "jdbc:sqlserver://h"),
        ("postgresql://me:hush@h/d?sslpassword=hush", "postgresql://***@h/d"),
    ],
)
def test_logins_of_databases_are_not_shown(tmp_path, capsys, address, shown):
    text = (
        "mappings: {m: {sources: [{access: '" + address + "', type: mysql,"
        " referenceFormulation: rdb, query: SELECT * FROM t}], s: http://e/$(id)}}"
    )
    code, found = check(tmp_path, text, capsys, "m.yml")
    assert "hush" not in json.dumps(found)
    if code == 0:
        assert f"the database {shown}" in json.dumps(found)


def test_names_of_targets_are_listed(tmp_path, capsys):
    text = (
        "prefixes: {ex: 'http://e/'}\nsources: {s: ['t.csv~csv']}\n"
        "targets:\n  t: ['of-$(to).nt', ntriples]\n"
        "mappings:\n  m: {sources: s, s: {value: 'ex:$(id)', targets: t}, po: [[ex:p, $(to)]]}\n"
    )
    code, found = check(tmp_path, text, capsys, "m.yml")
    assert code == 0
    assert places(found, "target") == [("target", 4)]
    assert any("writes a file for each of-$(to).nt" in each["message"] for each in found)
