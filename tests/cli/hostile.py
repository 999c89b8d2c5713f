"""Inputs that ask for something to be fetched, each with the command that reads it.

Run as a program, it runs them all and prints their exit codes as JSON: in a network namespace of
its own, where there is nothing to fetch from.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PREFIXES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.org/> .
@prefix rml: <http://w3id.org/rml/> .
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix old: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix htv: <http://www.w3.org/2011/http#> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
"""
# What SERVICE may be written as: in a query that is valid, or that an engine might take for one.
SERVICES = (
    "SERVICE <U> { ?s ?p ?o }",
    "service SILENT <U> { ?s ?p ?o }",
    "SERVICE<U>{?s ?p ?o}",
    "SeRvIcE\t<U>\n{ ?s ?p ?o }",
    "SERVICE#c\n<U> { ?s ?p ?o }",
    "SERVICE #c\r <U> { ?s ?p ?o }",
    "VALUES ?g { <U> } SERVICE ?g { ?s ?p ?o }",
    "SERVICE u: { ?s ?p ?o }",
    "SERVICE u:a { ?s ?p ?o }",
    "?a ?b trueSERVICE <U> { ?s ?p ?o }",
    "?a ?b 1SERVICE <U> { ?s ?p ?o }",
    "?a ?b 1.0SERVICE <U> { ?s ?p ?o }",
    "?a ?b 'x'SERVICE <U> { ?s ?p ?o }",
    "?a ?b 'x'@enSERVICE <U> { ?s ?p ?o }",
    "?a ?b ?oSERVICE <U> { ?s ?p ?o }",
    "?a ?b u:a.SERVICE <U> { ?s ?p ?o }",
    "?a ?b u:a.SERVICE u:b { ?s ?p ?o }",
    "?a ?b _:b.SERVICE <U> { ?s ?p ?o }",
    r"\u0053ERVICE <U> { ?s ?p ?o }",
    r"S\U00000045RVICE <U> { ?s ?p ?o }",
    r"\u005Cu0053ERVICE <U> { ?s ?p ?o }",
    "?a ?b ?c # \\u000ASERVICE <U> { ?s ?p ?o }\n",
    r"""?a ?b "\u0022 . SERVICE <U> { ?s ?p ?o } ?a ?b \u0022" """,
    "FILTER EXISTS { SERVICE <U> { ?s ?p ?o } }",
    "FILTER(1 = 1 && NOT EXISTS { SERVICE <U> { ?s ?p ?o } })",
    "OPTIONAL { SERVICE <U> { ?s ?p ?o } }",
    "MINUS { SERVICE <U> { ?s ?p ?o } }",
    "{} UNION { SERVICE <U> { ?s ?p ?o } }",
    "GRAPH ?g { SERVICE <U> { ?s ?p ?o } }",
    "{ SELECT * { SERVICE <U> { ?s ?p ?o } } }",
    "BIND(EXISTS { SERVICE <U> { ?s ?p ?o } } AS ?x)",
    "LATERAL { SERVICE <U> { ?s ?p ?o } }",
    "?a ?b ?c . SERVICE <U/%53> { ?s ?p ?o }",
)
DATA = f"{PREFIXES}ex:a a ex:C ; ex:p 1 ; owl:imports <U> .\n<U> a owl:Ontology ; owl:imports <U> ."


@dataclass(frozen=True)
class Case:
    """A command and the files that it reads; U stands for the URL that must not be asked.

    Attributes:
        name: For messages.
        words: The command.
        files: Name to text.
        code: The exit code, where it is certain.
        stdin: What standard input holds.
    """

    name: str
    words: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    code: int | None = None
    stdin: str = ""


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from _queries()
    yield from _shapes()
    yield from _documents()
    yield from _mappings()


def _queries() -> Iterator[Case]:
    for number, text in enumerate(SERVICES):
        query = f"PREFIX u: <U> SELECT * {{ {text} }}"
        # Only an escaped line feed or quote stays within its comment or text for kg.
        harmless = "\\u000A" in text or "\\u0022" in text
        told = None if harmless else 2
        yield Case(f"-e {number}", ("query", "--data", "d.ttl", "-e", query), {"d.ttl": DATA})
        files = {"q.rq": query, "d.ttl": DATA}
        yield Case(f"file {number}", ("query", "q.rq", "--data", "d.ttl"), files, told and None)
    query = "SELECT * { SERVICE <U> { ?s ?p ?o } }"
    words = ("query", "-", "--data", "d.ttl")
    yield Case("standard input", words, {"d.ttl": DATA}, 2, query)
    for text in ("LOAD <U>", "INSERT { ?s ?p ?o } WHERE { SERVICE <U> { ?s ?p ?o } }"):
        yield Case(text, ("query", "--data", "d.ttl", "-e", text), {"d.ttl": DATA}, 2)
    for text in ("SELECT * FROM <U> { ?s ?p ?o }", "ASK FROM NAMED <U> { GRAPH ?g { ?s ?p ?o } }"):
        yield Case(text, ("query", "--data", "d.ttl", "-e", text), {"d.ttl": DATA}, 0)
        yield Case(f"{text} explained", ("query", "--data", "d.ttl", "--explain", "-e", text),
                   {"d.ttl": DATA}, 0)  # fmt: skip
    yield Case("describe", ("query", "--data", "d.ttl", "-e", "DESCRIBE <U>"), {"d.ttl": DATA}, 0)
    yield Case("data by URL", ("query", "--data", "U", "-e", "ASK {}"), {}, 2)
    yield Case("graph by URL", ("query", "--named-graph", "U=U", "-e", "ASK {}"), {}, 2)


def _shapes() -> Iterator[Case]:
    words = ("validate", "--data", "d.ttl", "--shapes", "s.ttl")
    target = "ex:S a sh:NodeShape ; sh:targetClass ex:C ;"
    for number, text in enumerate(SERVICES):
        escaped = f"PREFIX u: <U> SELECT $this {{ $this a ?c . {text} }}".replace("\\", "\\\\")
        escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace('"', '\\"')
        select = f'{target} sh:sparql [ sh:select "{escaped}" ] .'
        yield Case(f"shape {number}", words, {"d.ttl": DATA, "s.ttl": PREFIXES + select}, 2)
    for query in (
        "SELECT $this FROM <U> { $this a ?c }",
        "SELECT $this FROM NAMED <U> { GRAPH ?g { $this a ?c } }",
        "SELECT $this { $this a ?c . GRAPH <U> { $this a ?c } }",
    ):
        select = f'{target} sh:sparql [ sh:select "{query}" ] .'
        yield Case(query, words, {"d.ttl": DATA, "s.ttl": PREFIXES + select}, 2)
    component = """
        ex:Component a sh:ConstraintComponent ; sh:parameter [ sh:path ex:param ] ;
            sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { @ }" ] .
        ex:S a sh:NodeShape ; sh:targetClass ex:C ; ex:param 1 ."""
    service = component.replace("@", "SERVICE <U> { ?s ?p ?o }")
    yield Case("component", words, {"d.ttl": DATA, "s.ttl": PREFIXES + service}, 2)
    for text in (
        "<> owl:imports <U> . ex:S a sh:NodeShape ; sh:targetClass ex:C .",
        "<> sh:shapesGraph <U> . ex:S a sh:NodeShape ; sh:targetClass ex:C .",
        "<> sh:suggestedShapesGraph <U> . ex:S a sh:NodeShape ; sh:targetNode <U> .",
        "ex:S a sh:NodeShape ; sh:js [ sh:jsLibrary [ sh:jsLibraryURL 'U' ] ].",
    ):
        yield Case(text, words, {"d.ttl": DATA, "s.ttl": PREFIXES + text})
    yield Case(
        "shapes by URL", ("validate", "--data", "d.ttl", "--shapes", "U"), {"d.ttl": DATA}, 2
    )


CONTEXTS = (
    '"U"', '["U"]', '{"@import": "U"}', '[{"a": "http://e/"}, "U"]', '"//H"', '"U/c.jsonld"',
    '{"a": {"@id": "http://e/a", "@context": "U"}}', '{"@base": "U", "@import": "c.jsonld"}',
)  # fmt: skip
XML_HEADS = (
    '<!DOCTYPE r SYSTEM "U">',
    '<!DOCTYPE r PUBLIC "-//x" "U">',
    '<!DOCTYPE r [<!ENTITY e SYSTEM "U">]>',
    '<!DOCTYPE r [<!ENTITY % e SYSTEM "U"> %e;]>',
    '<?xml-stylesheet href="U" type="text/xsl"?>',
)


def _documents() -> Iterator[Case]:
    def read(name: str, text: str) -> Iterator[Case]:
        files = {name: text, "s.ttl": f"{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:C ."}
        yield Case(f"query {text}", ("query", "--data", name, "-e", "ASK {}"), files)
        yield Case(f"validate {text}", ("validate", "--data", name, "--shapes", "s.ttl"), files)

    for context in CONTEXTS:
        body = f'{{"@context": {context}, "@id": "http://e/s", "http://e/p": {{"a": "&e;"}}}}'
        yield from read("d.jsonld", body)
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"'
    inside = '<rdf:Description rdf:about="a"><e:p rdf:resource="b"/></rdf:Description>'
    for head in XML_HEADS:
        yield from read(
            "d.rdf", f"{head.replace(' r ', ' rdf:RDF ')}<rdf:RDF {rdf}>{inside}</rdf:RDF>"
        )
    attributes = (
        'xml:base="U"',
        'xmlns:xi="http://www.w3.org/2001/XInclude" xml:base="U"',
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="U U"',
    )
    include = '<xi:include href="U" xmlns:xi="http://www.w3.org/2001/XInclude"/>'
    for attribute in attributes:
        yield from read("d.rdf", f"<rdf:RDF {rdf} {attribute}>{inside}</rdf:RDF>")
    yield from read("d.rdf", f"<rdf:RDF {rdf}>{inside}{include}</rdf:RDF>")
    yield from read("d.ttl", "@base <U> . <> <http://www.w3.org/2002/07/owl#imports> <> .")
    files = {"a.ttl": DATA}
    yield Case("diff of URLs", ("diff", "U", "a.ttl"), files)
    yield Case("export of a URL", ("export", "--data", "U", "-o", "o.ttl"), files)


ACCESSES = (
    "U", "U/a.csv", "U/*.csv", "https://H/a.csv", "s3://H/a.csv", "gcs://H/a.csv", "hf://H/a.csv",
    "azure://H/a.csv", "ftp://H/a.csv", "//H/a.csv", "\\\\\\\\H\\\\a.csv", "read_csv('U')",
    "a.csv|U",
    "a'); SELECT * FROM read_csv('U/a.csv'); --.csv", "{U,a}.csv", "/vsicurl/U", "md:U", "U/a.json",
    "ducklake:U", "a.csv?U", "file://H/a.csv", "sqlite:U", "postgres:host=H",
)  # fmt: skip


def _mappings() -> Iterator[Case]:
    for access in ACCESSES:
        for form in ("csv", "jsonpath", "xpath"):
            if form != "csv" and not access.startswith("U"):
                continue
            text = json.dumps(
                {
                    "prefixes": {"ex": "http://example.org/"},
                    "mappings": {
                        "m": {
                            "sources": [{"access": access, "referenceFormulation": form,
                                         "iterator": "$" if form == "jsonpath" else "/*"}],
                            "s": "ex:$(id)",
                            "po": [["ex:p", "$(v)"]],
                        }
                    },
                }
            )  # fmt: skip
            files = {"m.yml": text, "a.csv": "id,v\n1,2\n"}
            yield Case(f"{form} {access}", ("map", "m.yml", "-o", "o.nt"), files)
    yield Case("mapping by URL", ("map", "U", "-o", "o.nt"), {}, 2)
    sources = (
        '"U"', "<U>", '[ a rml:FilePath ; rml:path "U" ]', "[ a csvw:Table ; csvw:url 'U' ]",
        "[ a csvw:Table ; csvw:url <U> ]", "[ a dcat:Distribution ; dcat:downloadURL <U> ]",
        "[ a dcat:Distribution ; dcat:accessURL <U> ]", "[ a void:Dataset ; void:dataDump <U> ]",
        "[ a htv:Request ; htv:absoluteURI 'U' ]", "[ a sd:Service ; sd:endpoint <U> ]",
        "[ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path 'U' ]",
    )  # fmt: skip
    terms = 'rml:subjectMap [ rml:template "http://e/{id}" ; @ ] ; rml:predicateObjectMap [ '
    terms += 'rml:predicate ex:p ; rml:objectMap [ rml:reference "v" ] ] .'
    for source in sources:
        logical = f"rml:logicalSource [ rml:source {source} ; rml:referenceFormulation rml:CSV ] ;"
        text = f"{PREFIXES}ex:m {logical} {terms.replace('; @', '')}"
        yield Case(f"source {source}", ("map", "m.ttl", "-o", "o.nt"), {"m.ttl": text})
    logical = 'rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation rml:CSV ] ;'
    for target in ("[ a void:Dataset ; void:dataDump <U> ]", "[ a sd:Service ; sd:endpoint <U> ]",
                   "[ a dcat:Distribution ; dcat:accessURL <U> ]"):  # fmt: skip
        aimed = f"rml:logicalTarget [ a rml:LogicalTarget ; rml:target {target} ]"
        text = f"{PREFIXES}ex:m {logical} {terms.replace('@', aimed)}"
        files = {"m.ttl": text, "a.csv": "id,v\n1,2\n"}
        yield Case(f"target {target}", ("map", "m.ttl", "-o", "o.nt"), files)
    yield from _read_by_mappings()


def _read_by_mappings() -> Iterator[Case]:
    def mapped(name: str, text: str, more: dict[str, str], reference: str = "v") -> Case:
        mapping = {
            "prefixes": {"ex": "http://example.org/"},
            "mappings": {
                "m": {
                    "sources": [{"access": name, **more}],
                    "s": "ex:a",
                    "po": [["ex:p", f"$({reference})"]],
                }
            },
        }
        files = {"m.yml": json.dumps(mapping), name: text}
        return Case(f"{name} {text} {reference} {more}", ("map", "m.yml", "-o", "o.nt"), files)

    xpath = {"referenceFormulation": "xpath", "iterator": "/r"}
    for head in XML_HEADS:
        yield mapped("a.xml", f"{head}<r><v>&e;</v></r>", xpath)
        yield mapped("a.xml", f"{head}<r><v>1</v></r>", xpath)
    include = '<xi:include href="U" xmlns:xi="http://www.w3.org/2001/XInclude"/>'
    yield mapped("a.xml", f"<r><v>{include}</v></r>", xpath)
    yield mapped("a.xml", "<r><v>1</v></r>", xpath, "document('U')")
    yield mapped("a.xml", "<r><v>1</v></r>", xpath, "doc('U')/a")
    yield mapped("a.xml", "<r><v>1</v></r>", {**xpath, "iterator": "document('U')/r"})
    yield mapped("a.json", '{"$ref": "U", "v": {"$ref": "U"}}', {"referenceFormulation": "jsonpath",
                                                                "iterator": "$"})  # fmt: skip
    yield mapped("a.yaml", "v: !include U\n", {"referenceFormulation": "yaml", "iterator": "$"})
    for text in SERVICES:
        query = f"PREFIX u: <U> SELECT ?v {{ {text} }}"
        yield mapped("a.ttl", DATA, {"referenceFormulation": "sparql", "query": query})


def filled(case: Case, url: str) -> Case:
    """Return a case with the URL, and its host and port, in their places."""
    host = url.removeprefix("http://").rstrip("/")

    def put(text: str) -> str:
        for mark in ("<U", '"U', "'U", "(U", "{U", ":U", "=U", "|U", "?U", " U", "/U"):
            text = text.replace(mark, mark[:-1] + url.rstrip("/"))
        text = (
            url.rstrip("/") + text[1:]
            if text.startswith("U") and text[1:2] in ("", "/", "=")
            else text
        )
        return (
            text.replace("//H", f"//{host}").replace("\\H", f"\\{host}").replace("=H", f"={host}")
        )

    files = {name: put(text) for name, text in case.files.items()}
    return Case(case.name, tuple(map(put, case.words)), files, case.code, put(case.stdin))


def run(case: Case, folder: Path) -> tuple[int, str]:
    """Run a case in a folder, which is the current one, and return exit code and what is said."""
    from kg.cli.main import main

    for name, text in case.files.items():
        Path(folder, name).write_text(text, encoding="utf-8", newline="")
    said = io.StringIO()
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(case.stdin.encode()))
    out = io.TextIOWrapper(io.BytesIO())
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
            return main(["-q", *case.words]), said.getvalue()
    finally:
        sys.stdin = before


if __name__ == "__main__":
    import os

    os.chdir(sys.argv[1])
    # One of each kind and more, but not all of them, for the time that it takes.
    chosen = list(cases())[:: int(sys.argv[3])]
    codes = {case.name: run(filled(case, sys.argv[2]), Path())[0] for case in chosen}
    json.dump(codes, sys.stdout)
