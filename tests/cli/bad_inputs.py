"""Faults of the files and words that a user gives, each with what the command must say."""

from __future__ import annotations

from dataclasses import dataclass, field

CONFIG = """\
title = "Small"
base = "http://example.org/"

[prefixes]
ex = "http://example.org/"
"""
MAPPING = """\
mappings:
  peak:
    sources: [[peaks.csv~csv]]
    s: ex:$(id)
    po:
      - [a, ex:Peak]
      - [ex:name, $(name)]
      - [ex:climbed, $(climbed), xsd:date]
      - [ex:page, $(page)~iri]
"""
CSV = """\
id,name,climbed,page
1,Everest,1953-05-29,http://example.org/everest
2,"K2, or
Chogori",1954-07-31,
3,Makalu,1955-05-15,http://example.org/makalu
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:PeakShape a sh:NodeShape ; sh:targetClass ex:Peak ;
  sh:property [ sh:path ex:climbed ; sh:datatype xsd:date ; sh:message "say the day" ] .
"""
QUESTION = """\
# title: Peaks climbed since a day
# question: Which peaks were climbed since a day?
# param since: xsd:date; the first day that counts
# columns: peak
SELECT ?peak WHERE {
  VALUES ?since { "1900-01-01"^^xsd:date }
  ?peak ex:climbed ?day .
  FILTER(?day >= ?since)
}
"""
RML = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix ex: <http://example.org/> .
<#peak> rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "peaks.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:name ; rml:objectMap [ rml:reference "name" ] ] .
"""
BASE: dict[str, str | bytes] = {
    "kg.toml": CONFIG,
    "data/peaks.yarrrml.yml": MAPPING,
    "data/peaks.csv": CSV,
}


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: What is wrong.
        place: What the message starts with, behind ``kg: ``.
        words: What the message must hold too.
        files: Files that differ from those of `BASE`; None for a file that is not there.
        command: What is run; `kg build` by default.
        code: The exit code.
        errors: How many errors are told.
    """

    name: str
    place: str
    words: tuple[str, ...]
    files: dict[str, str | bytes | None] = field(default_factory=dict)
    command: tuple[str, ...] = ("build", "--no-index")
    code: int = 2
    errors: int = 1


def mapping(old: str, new: str) -> dict[str, str | bytes | None]:
    assert MAPPING.count(old) == 1, old
    return {"data/peaks.yarrrml.yml": MAPPING.replace(old, new)}


def table(old: str, new: str) -> dict[str, str | bytes | None]:
    assert CSV.count(old) == 1, old
    return {"data/peaks.csv": CSV.replace(old, new)}


def other(kind: str, name: str, content: str | bytes) -> dict[str, str | bytes | None]:
    """A mapping over a source of another kind."""
    text = f"""\
mappings:
  peak:
    sources: [['{name}~{kind}', '$[*]']]
    s: ex:$(id)
    po:
      - [ex:name, $(name)]
"""
    return {"data/peaks.yarrrml.yml": text, f"data/{name}": content}


def rml(old: str, new: str) -> dict[str, str | bytes | None]:
    assert RML.count(old) == 1, old
    return {"data/peaks.rml.ttl": RML.replace(old, new), "data/peaks.yarrrml.yml": None}


def question(text: str | bytes) -> dict[str, str | bytes | None]:
    triple = "<http://e/a> <http://e/b> <http://e/c> .\n"
    return {"queries/since.rq": text, "data/peaks.nt": triple}


def latin(text: str) -> bytes:
    return text.encode("latin-1")


YML, TTL = "data/peaks.yarrrml.yml", "data/peaks.rml.ttl"
QUERY = ("query", "-e")

MAPPINGS = [
    Fault(
        "output over a source",
        "data/peaks.csv is a mapping or a source",
        ("written over",),
        command=("map", YML, "-o", "data/peaks.csv", "--format", "nt"),
    ),
    Fault(
        "output over the mapping",
        f"{YML} is a mapping or a source",
        ("written over",),
        command=("map", YML, "-o", YML, "--format", "nt"),
    ),
    Fault(
        "a login in the address of a store",
        "the URL contains a login",
        ("KG_USER",),
        command=("query", "--endpoint", "http://user:secret@localhost:1/s", "-e", "ASK {}"),
    ),
    Fault(
        "two documents in one JSON file",
        "data/peaks.json:2:1: ",
        ("more text follows",),
        other("jsonpath", "peaks.json", '[{"id": 1, "name": "x"}]\n[{"id": 2, "name": "y"}]\n'),
    ),
    Fault(
        "two JSON objects in one file",
        "data/peaks.json:2:1: ",
        ("more text follows",),
        other("jsonpath", "peaks.json", '{"m": {"id": 1, "name": "x"}}\n{}\n'),
    ),
    Fault(
        "tag in YAML",
        "data/peaks.yaml:1:8: ",
        ("no tags but !!str are read", "float"),
        other("yaml", "peaks.yaml", "- {id: !!float 5, name: x}\n"),
    ),
    Fault(
        "aliases of aliases in YAML",
        "data/peaks.yaml:",
        ("aliases stand for more than",),
        other(
            "yaml",
            "peaks.yaml",
            "- {id: 1, name: x}\n- &a0 [xxxxxxxxxx]\n"
            + "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
        ),
    ),
    Fault(
        "wrong column name in YARRRML",
        f"{YML}:7: ",
        ("'nam'", "peaks.csv", "Did you mean 'name'?"),
        mapping("$(name)", "$(nam)"),
    ),
    Fault(
        "wrong case of a column name",
        f"{YML}:7: ",
        ("'Name'", "Did you mean 'name'?"),
        mapping("$(name)", "$(Name)"),
    ),
    Fault(
        "wrong column name in RML",
        f"{TTL}:7: ",
        ("'nam'", "Did you mean 'name'?"),
        rml('"name"', '"nam"'),
    ),
    Fault(
        "CSV with another delimiter",
        f"{YML}:",
        ("Its header holds ';'", "delimiter"),
        {"data/peaks.csv": CSV.replace(",", ";")},
    ),
    Fault(
        "unknown prefix in YARRRML",
        f"{YML}:6: ",
        ("'exx'", "Did you mean ex:?", "declare exx: under prefixes"),
        mapping("ex:Peak", "exx:Peak"),
    ),
    Fault(
        "unknown prefix in RML",
        f"{TTL}:7:",
        ("prefix", "exx"),
        rml("rml:predicate ex:name", "rml:predicate exx:name"),
    ),
    Fault(
        "bad language tag in YARRRML",
        f"{YML}:7: ",
        ("'english text'", "en or pt-BR"),
        mapping("$(name)]", "$(name), english text~lang]"),
    ),
    Fault(
        "bad language tag in RML",
        f"{TTL}:7: ",
        ("'english text'", "en or pt-BR"),
        rml('rml:reference "name"', 'rml:reference "name" ; rml:language "english text"'),
    ),
    Fault(
        "bad IRI in YARRRML",
        f"{YML}:4: ",
        ("absolute IRI",),
        mapping("ex:$(id)", "http://example.org/a b/$(id)"),
    ),
    Fault(
        "unknown key in YARRRML",
        f"{YML}:4: ",
        ("'subjekt' is no key of the mapping peak", "Did you mean subject?"),
        mapping("    s: ex", "    subjekt: ex"),
    ),
    Fault(
        "unknown mapping in a join",
        f"{YML}:9: ",
        ("no mapping 'summit'", "Mappings: peak"),
        mapping("[ex:page, $(page)~iri]", "{p: ex:in, o: {mapping: summit}}"),
    ),
    Fault(
        "join without a second parameter",
        f"{YML}:9: ",
        ("needs 2 arguments, not 1",),
        mapping(
            "[ex:page, $(page)~iri]",
            "{p: ex:in, o: {mapping: peak, condition: {function: equal, parameters:"
            " [[str1, $(id)]]}}}",
        ),
    ),
    Fault(
        "format that is none",
        f"{YML}:3: ",
        ("'cvs'", "csv"),
        mapping("~csv", "~cvs"),
    ),
    Fault(
        "unknown source",
        f"{YML}:3: ",
        ("no source 'people'",),
        mapping("[[peaks.csv~csv]]", "people"),
    ),
    Fault(
        "syntax error in YARRRML", f"{YML}:7:7: ", ("not valid YAML",), mapping("- [a,", "- [[a,")
    ),
    Fault("tab in YARRRML", f"{YML}:4:1: ", ("a tab", "spaces"), mapping("    s: ex", "\ts: ex")),
    Fault(
        "key twice in YARRRML",
        f"{YML}:5:5: ",
        ("'s' stands twice: on line 4 too", "Take one away"),
        mapping("po:", "s: x\n    po:"),
    ),
    Fault(
        "syntax error in RML",
        f"{TTL}:5:5: ",
        ("not valid Turtle",),
        rml('"peaks.csv" ] ;', '"peaks.csv" ] '),
    ),
    Fault(
        "template that is none in RML",
        f"{TTL}:6: ",
        ("not a template", "{name}"),
        rml("{id}", "{id"),
    ),
    Fault(
        "RML without a subject map",
        f"{TTL}:",
        (
            "needs one subject map, not 0",
            "rml:subjectMap",
        ),
        rml("rml:subjectMap", "ex:sm"),
    ),
    Fault(
        "unknown property of RML",
        f"{TTL}:6:",
        ("rml:subjctMap is no property", "Did you mean rml:subjectMap?"),
        rml("subjectMap", "subjctMap"),
    ),
    Fault(
        "a collection that is no list",
        f"{TTL}:7:",
        ("rml:gather needs a list of term maps", "in parentheses"),
        rml('rml:reference "name"', 'rml:gather "name"'),
    ),
    Fault("empty YARRRML", f"{YML}:1: ", ("the mapping is empty", "mappings"), {YML: ""}),
    Fault("YARRRML of comments", f"{YML}:1: ", ("the mapping is empty",), {YML: "# nothing\n"}),
    Fault("empty RML", f"{TTL}: ", ("there is no triples map",), {TTL: "", YML: None}),
    Fault(
        "YARRRML in the wrong encoding",
        f"{YML}:7:",
        ("UTF-8",),
        {YML: latin(MAPPING.replace("$(name)", "é"))},
    ),
    Fault(
        "RML in the wrong encoding",
        f"{TTL}:7:",
        ("UTF-8",),
        {TTL: latin(RML.replace('"name"', '"é"')), YML: None},
    ),
    Fault("no mapping at all", "there is no mapping", ("data/NAME.yarrrml.yml",), {YML: None}),
]

SOURCES = [
    Fault(
        "missing source",
        f"{YML}:3: ",
        ("there is no file data/peaks.csv",),
        {"data/peaks.csv": None},
    ),
    Fault(
        "misspelt source",
        f"{YML}:3: ",
        ("there is no file data/peak.csv", "Did you mean 'peaks.csv'?"),
        mapping("peaks.csv", "peak.csv"),
    ),
    Fault(
        "source that is a folder",
        f"{YML}:3: ",
        ("is a folder",),
        {"data/peaks.csv": None, "data/peaks.csv/x": ""},
    ),
    Fault(
        "source outside the workspace",
        f"{YML}:3: ",
        ("outside the workspace", "--allow-outside"),
        {**mapping("peaks.csv", "../../outside.csv"), "../outside.csv": CSV},
    ),
    Fault("empty CSV", "data/peaks.csv: ", ("empty", "header row"), {"data/peaks.csv": ""}),
    Fault(
        "CSV of blank lines", "data/peaks.csv:1: ", ("no header row",), {"data/peaks.csv": "\n\n"}
    ),
    Fault(
        "CSV row with too few fields",
        "data/peaks.csv:5: ",
        ("2 fields", "header has 4"),
        table("3,Makalu,1955-05-15,http://example.org/makalu", "3,Makalu"),
    ),
    Fault(
        "CSV row with too many fields",
        "data/peaks.csv:2: ",
        ("5 fields", "header has 4"),
        table("Everest,", "Everest,x,"),
    ),
    Fault(
        "CSV with an open quote",
        "data/peaks.csv:5: ",
        ("never closed",),
        table("3,Makalu", '3,"Makalu'),
    ),
    Fault(
        "CSV with text behind a quote",
        "data/peaks.csv:3: ",
        ("closing quote",),
        table('Chogori",', 'Chogori"x,'),
    ),
    Fault(
        "CSV with a column twice",
        "data/peaks.csv:1: ",
        ("'name' twice",),
        {"data/peaks.csv": "id,name,climbed,page,name\n1,Everest,1953-05-29,,Chomolungma\n"},
    ),
    Fault(
        "CSV in the wrong encoding",
        "data/peaks.csv:2:3: ",
        ("UTF-8",),
        {"data/peaks.csv": latin(CSV.replace("Everest", "Évérest"))},
    ),
    Fault(
        "bad IRI in a CSV",
        'data/peaks.csv:5 (record 3), column "page": ',
        ("'not an IRI'", "absolute IRI"),
        table("http://example.org/makalu", "not an IRI"),
    ),
    Fault(
        "IRI with a bad escape",
        'data/peaks.csv:2 (record 1), column "page": ',
        ("'http://example.org/%zz'",),
        table("http://example.org/everest", "http://example.org/%zz"),
    ),
    Fault(
        "bad language tag in a CSV",
        'data/peaks.csv:3 (record 2), column "page": ',
        ("'english text'", "en or pt-BR"),
        {
            **mapping("$(name)]", "$(name), $(page)~lang]"),
            "data/peaks.csv": CSV.replace("http://example.org/everest", "en")
            .replace("http://example.org/makalu", "en")
            .replace("1954-07-31,", "1954-07-31,english text"),
        },
        errors=2,  # it is no IRI either, which the mapping makes of it too
    ),
    Fault(
        "syntax error in JSON",
        "data/peaks.json:2:3: ",
        ("not valid JSON",),
        other("json", "peaks.json", '[{"id": 1, "name": "x"},\n {"id" 2}]'),
    ),
    Fault(
        "comma too many in JSON",
        "data/peaks.json:1:12: ",
        ("not valid JSON", "comma"),
        other("json", "peaks.json", '[{"id": 1},]'),
    ),
    Fault("empty JSON", "data/peaks.json: ", ("empty",), other("json", "peaks.json", "")),
    Fault(
        "JSON in the wrong encoding",
        "data/peaks.json:1:21: ",
        ("UTF-8",),
        other("json", "peaks.json", latin('[{"id": 1, "name": "é"}]')),
    ),
    Fault(
        "JSON value that is an array of arrays",
        'data/peaks.json:2 (record 2), column "name[*]": ',
        ("an array", "name[*][*]"),
        other("json", "peaks.json", '[{"id": 1, "name": "x"},\n{"id": 2, "name": [["y"]]}]'),
    ),
    Fault(
        "iterator that is no JSONPath",
        f"{YML}:3: ",
        ("'$.a[[*]'", "not a JSONPath"),
        {
            k: v.replace("$[*]", "$.a[[*]") if isinstance(v, str) and k == YML else v
            for k, v in other("json", "peaks.json", "[]").items()
        },
    ),
    Fault(
        "syntax error in YAML",
        "data/peaks.yaml:2:",
        ("not valid YAML",),
        other("yaml", "peaks.yaml", "- id: 1\n  name: [x\n"),
    ),
    Fault(
        "key twice in YAML",
        "data/peaks.yaml:3:3: ",
        ("'name' stands twice",),
        other("yaml", "peaks.yaml", "- id: 1\n  name: x\n  name: y\n"),
    ),
    Fault("empty YAML", "data/peaks.yaml: ", ("empty",), other("yaml", "peaks.yaml", "")),
    Fault(
        "YAML in the wrong encoding",
        "data/peaks.yaml:2:9: ",
        ("UTF-8",),
        other("yaml", "peaks.yaml", latin("- id: 1\n  name: é\n")),
    ),
    Fault(
        "YAML value that is a mapping",
        'data/peaks.yaml:1 (record 1), column "name": ',
        ("an object", "name.name"),
        other("yaml", "peaks.yaml", "- id: 1\n  name: {x: 1}\n"),
    ),
]

RDF = [
    Fault(
        "syntax error in the ontology",
        "ontology/o.ttl:3:6: ",
        ("not valid Turtle", "ontology/o.ttl:3:16: ", "at these places"),
        {"ontology/o.ttl": "@prefix ex: <http://e/> .\nex:a ex:b\nex:c ex:d ex:e ."},
    ),
    Fault(
        "ontology in the wrong encoding",
        "ontology/o.ttl:1:",
        ("UTF-8",),
        {"ontology/o.ttl": latin('<http://e/a> <http://e/b> "é" .')},
    ),
    Fault(
        "unknown prefix in the ontology",
        "ontology/o.ttl:1:",
        ("prefix", "zz"),
        {"ontology/o.ttl": "zz:a zz:b zz:c ."},
    ),
    Fault(
        "syntax error in RDF data",
        "data/more.nt:2:",
        ("not valid N-Triples",),
        {"data/more.nt": "<http://e/a> <http://e/b> <http://e/c> .\n<http://e/a> <http://e/b> .\n"},
    ),
    Fault(
        "syntax error in the shapes",
        "shapes/s.ttl:4:",
        ("not valid Turtle",),
        {"shapes/s.ttl": SHAPES.replace("sh:property [", "sh:property (")},
    ),
    Fault(
        "shapes in the wrong encoding",
        "shapes/s.ttl:4:",
        ("UTF-8",),
        {"shapes/s.ttl": latin(SHAPES.replace("the day", "é"))},
    ),
    Fault(
        "shape that is no shape",
        "shapes/s.ttl:",
        ("sh:datatype",),
        {"shapes/s.ttl": SHAPES.replace("sh:datatype xsd:date", "sh:datatype 5")},
    ),
]

CONFIGS = [
    Fault(
        "syntax error in kg.toml",
        "kg.toml:2:",
        ("not valid TOML",),
        {"kg.toml": CONFIG.replace('base = "', "base = ")},
    ),
    Fault("empty kg.toml", "kg.toml: ", ("base", "absolute IRI"), {"kg.toml": ""}),
    Fault(
        "kg.toml in the wrong encoding",
        "kg.toml",
        ("UTF-8",),
        {"kg.toml": latin(CONFIG.replace("Small", "é"))},
    ),
    Fault(
        "unknown key in kg.toml",
        "kg.toml: ",
        ("the key licens is not one of", "licence"),
        {"kg.toml": CONFIG.replace("title", "licens")},
    ),
    Fault(
        "base that is no IRI",
        "kg.toml: ",
        ("base", "'example'"),
        {"kg.toml": CONFIG.replace('base = "http://example.org/"', 'base = "example"')},
    ),
    Fault(
        "prefix that is no text",
        "kg.toml: ",
        ("prefixes.ex",),
        {"kg.toml": CONFIG.replace('ex = "http://example.org/"', "ex = 5")},
    ),
    Fault("no workspace", "there is no kg.toml", ("kg init",), {"kg.toml": None}),
]

WORDS = [
    Fault(
        "memory that is no size",
        "'much' is not a size",
        ("400MB",),
        command=("build", "--memory", "much"),
    ),
    Fault(
        "too little memory",
        "--memory 1MB is too little",
        ("at least",),
        command=("build", "--memory", "1MB"),
    ),
    Fault(
        "map of a missing file",
        "there is no file none.yml",
        ("Check the name",),
        command=("map", "none.yml", "-o", "o.nt"),
    ),
    Fault(
        "map of a folder",
        "data is a folder",
        ("Name a file in it",),
        command=("map", "data", "-o", "o.nt"),
    ),
    Fault(
        "map of what is no mapping",
        "data/peaks.csv",
        ("no mapping by its ending",),
        command=("map", "data/peaks.csv", "-o", "o.nt"),
    ),
    Fault("map without a target", "there is no -o FILE", ("-o graph.ttl",), command=("map", YML)),
    Fault("map to an unknown format", "", ("o.xyz", ".ttl"), command=("map", YML, "-o", "o.xyz")),
    Fault(
        "map with a base that is none",
        "the base 'b c' is not",
        ("https://example.org/",),
        mapping("ex:$(id)", "$(id)"),
        command=("map", YML, "--base", "b c", "-o", "o.nt"),
    ),
    Fault(
        "map into a folder that is not there",
        "",
        ("no/o.nt",),
        command=("map", YML, "-o", "no/o.nt"),
        code=3,
    ),
    Fault(
        "map with a bad value",
        'data/peaks.csv:5 (record 3), column "page": ',
        ("'not an IRI'",),
        table("http://example.org/makalu", "not an IRI"),
        command=("map", YML, "-o", "o.nt"),
    ),
]

# Asked of an RDF file, so that nothing need be built.
ASK = ("query", "queries/since.rq", "--data", "data/peaks.nt")
NO_DEFAULT = QUESTION.replace('{ "1900-01-01"^^xsd:date }', "{ }")
QUESTIONS = [
    Fault(
        "syntax error in a question",
        "queries/since.rq:9:1: ",
        ("a ) is missing", "Close each ("),
        question(QUESTION.replace("FILTER(", "FILTER((")),
        ASK,
    ),
    Fault(
        "unknown prefix in a question",
        "queries/since.rq:7:9: ",
        ("the prefix exx: is not known", "Did you mean ex:?"),
        question(QUESTION.replace("?peak ex:climbed", "?peak exx:climbed")),
        ASK,
    ),
    Fault("empty question", "queries/since.rq", ("empty",), question(""), ASK),
    Fault(
        "question in the wrong encoding",
        "queries/since.rq",
        ("UTF-8",),
        question(latin(QUESTION.replace("Peaks", "é"))),
        ASK,
    ),
    Fault(
        "missing question",
        "",
        ("queries/none.rq",),
        question(QUESTION),
        ("query", "queries/none.rq", "--data", "data/peaks.nt"),
    ),
    Fault("parameter that is missing", "", ("since", "--param since="), question(NO_DEFAULT), ASK),
    Fault(
        "parameter of the wrong type",
        "",
        ("since", "xsd:date"),
        question(QUESTION),
        (*ASK, "--param", "since=yesterday"),
    ),
    Fault(
        "unknown parameter",
        "",
        ("sinse", "since"),
        question(QUESTION),
        (*ASK, "--param", "sinse=1950-01-01"),
    ),
    Fault(
        "question of a missing file",
        "",
        ("none.ttl",),
        question(QUESTION),
        ("query", "queries/since.rq", "--data", "none.ttl"),
    ),
    Fault(
        "question of a broken file",
        "bad.ttl:1:",
        ("Turtle",),
        {**question(QUESTION), "bad.ttl": "x"},
        ("query", "queries/since.rq", "--data", "bad.ttl"),
    ),
    Fault("question without a build", "", ("kg build",), question(QUESTION), ("query", "since")),
]

FAULTS = [*MAPPINGS, *SOURCES, *RDF, *CONFIGS, *WORDS, *QUESTIONS]
