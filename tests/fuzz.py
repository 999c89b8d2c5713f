"""Fuzzing: damaged RDF files, headers, queries and parameters, each made from a number.

    python -m tests.fuzz SECONDS [FIRST_SEED]

tries one number after the other and tells those that fail; ``test_fuzz.py`` tries a few in each
run of the tests, and all that ever failed. Terms are fuzzed by ``tests/export/test_roundtrip.py``
with ``KG_FUZZ_EXAMPLES``.

What must hold: an error is one of kg's own, with a code; what is written is valid RDF, and as
pyoxigraph reads it the very same statements; a parameter's value is one term of the query.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.term import Identifier

from kg.errors import InputError, LimitError
from kg.exports import ExportOptions, export_files
from kg.map_files import MappingFiles, map_files
from kg.queries.question import parse_question
from kg.queries.syntax import check_query
from kg.workspace import COMMON_PREFIXES
from tests.export.reading import read

ROOT = Path(__file__).resolve().parents[1]
BASE = "http://example.org/"
_SNIPPETS: Final = (
    "\x00 \x01 \x7f \u0085 \u2028 \ufeff \ufffe \U0001f680 é ~ % %2 %zz \\ \\u \\u0000 \\uD800"
    ' \\U00110000 < > <> << >> <<( )>> " """ \' { } ( ) [ ] ; , . : :: _: _:- @ @en @en-'
    " @en--ltr ^^ ^ # a true 1. 1e .5 +1 -0 01 1.0E400 BASE PREFIX @base GRAPH VERSION"
    ' xsd:date "2022-02-30"^^<http://www.w3.org/2001/XMLSchema#date> <rel> <?q> <#f> <//a> <a:b>'
    " &amp; &#0; &#x110000; <!-- ]]> xml:lang xml:base rdf:about rdf:nodeID rdf:li null NaN"
    " @id @type @value @list @graph @reverse @context @base @vocab"
)
SNIPPETS: Final = _SNIPPETS.split(" ")
QUERY: Final = """\
# param v: {type}; any
PREFIX ex: <http://example.org/>
SELECT ?v ?s {{ VALUES ?v {{ {default} }} OPTIONAL {{ ?s ex:p ?v FILTER(?s != ex:a) }} }}
"""
SAMPLES: Final = {
    ".ttl": """@base <http://example.org/> . @prefix : <http://example.org/ns#> .
<a> a :C ; :p "x"@en, "2022-11-18"^^<http://www.w3.org/2001/XMLSchema#date>, 1.50, true ;
  :q [ :r ( 1 2 [ :s \"\"\"long
text\"\"\" ] ) ] . _:b :p _:b, :p%41, :a\\~b .
""",
    ".trig": """PREFIX : <http://example.org/ns#> :g { :a :p "x", [ :q 1e0 ] } { :a :p :b . }
GRAPH _:g { _:g :p ( ) }
""",
    ".nt": """<http://e/a> <http://e/p> "x\\u00E9\\n"@en-GB . # comment
_:a.b <http://e/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
""",
    ".nq": """<http://e/a> <http://e/p> _:x <http://e/g> .
_:x <http://e/p> "\\"quoted\\"" _:g .
""",
    ".jsonld": """{"@context": {"@vocab": "http://e/", "n": {"@type": "@id"}, "xsd":
"http://www.w3.org/2001/XMLSchema#"}, "@graph": [{"@id": "http://e/a", "@type": "C", "p": [1, 1.5,
true, {"@value": "x", "@language": "en"}, {"@list": [1, {"@id": "_:b"}]}], "n": "http://e/c"}]}
""",
    ".rdf": """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"
 xml:base="http://example.org/"><e:C rdf:about="a" e:q="v"><e:p xml:lang="en">x</e:p>
<e:p rdf:datatype="http://www.w3.org/2001/XMLSchema#date">2022-11-18</e:p>
<e:r rdf:parseType="Collection"><rdf:Description rdf:nodeID="b"/></e:r></e:C></rdf:RDF>
""",
}
TYPES: Final = (
    ("xsd:string", '"d"'),
    ("xsd:date", '"2022-01-01"^^xsd:date'),
    ("xsd:integer", "7"),
    ("xsd:decimal", "1.5"),
    ("iri", "ex:b"),
    ("@en", '"d"@en'),
)


def damaged(random_: random.Random, text: str, changes: int) -> str:
    """Return a text with characters taken away, put in, doubled or moved."""
    for _ in range(changes):
        at = random_.randrange(len(text) + 1)
        to = min(len(text), at + random_.choice((1, 1, 2, 5, 20)))
        kind = random_.randrange(4)
        if kind == 0:
            text = text[:at] + text[to:]
        elif kind == 1:
            text = text[:at] + random_.choice(SNIPPETS) + text[at:]
        elif kind == 2:
            text = text[:at] + random_.choice(SNIPPETS) + text[to:]
        else:
            text = text[:to] + text[at:to] + text[to:]
    return text


def damaged_bytes(random_: random.Random, text: str) -> bytes:
    content = damaged(random_, text, random_.randrange(4)).encode("utf-8", "surrogatepass")
    if random_.random() < 0.1 and content:
        at = random_.randrange(len(content))
        content = content[:at] + bytes([random_.randrange(256)]) + content[at + 1 :]
    return content


def fuzz_file(random_: random.Random, folder: Path) -> None:
    """Convert a damaged RDF file: an error with a code, or the same statements again."""
    suffix = random_.choice(list(SAMPLES))
    source = folder / f"in{suffix}"
    source.write_bytes(damaged_bytes(random_, SAMPLES[suffix]))
    target = folder / f"out{random_.choice(('.nq', '.trig', '.jsonld', '.cottas', '.nq.gz'))}"
    try:
        export_files([source], str(target), ExportOptions(threads=1, base=BASE))
    except InputError:
        assert not target.exists()
        return
    found, again = set(read(target)), folder / "again.nq"
    if target.suffix != ".cottas":
        export_files([target], str(again), ExportOptions(threads=1, base=BASE))
        assert len(set(read(again))) == len(found)


def fuzz_header(random_: random.Random, folder: Path) -> None:
    """Map a table with a damaged header and cells by a mapping that names its columns."""
    names = [damaged(random_, name, random_.randrange(3)) for name in ("id", "name", "a b", "x")]
    cells = [damaged(random_, text, random_.randrange(3)) for text in ("1", "Ada", "é", "2022")]
    with (folder / "t.csv").open("w", newline="", encoding="utf-8", errors="replace") as stream:
        writer = csv.writer(stream, quoting=random_.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
        writer.writerows([names, cells])
    escaped = [name.replace("\\", "\\\\").replace(")", "\\)") for name in names]
    quoted = ["'" + f"$({name})".replace("'", "''") + "'" for name in escaped]
    mapping = (
        "prefixes: {ex: 'http://example.org/'}\nmappings:\n  m:\n    sources: [['t.csv~csv']]\n"
        f"    s: 'ex:{quoted[0][1:-1]}'\n    po: [[ex:p, {quoted[1]}], [ex:q, {quoted[2]}],"
        f" [ex:r, {quoted[3]}, xsd:date]]\n"
    )
    path, target = folder / "t.yarrrml.yml", folder / "out.nt"
    path.write_text(mapping, encoding="utf-8", errors="replace")
    try:
        done = map_files(MappingFiles([path], BASE), str(target), threads=1)
    except InputError:
        assert not target.exists()
        return
    assert len(read(target)) == done.statements <= 3


def fuzz_parameter(random_: random.Random, folder: Path) -> None:
    """Set a parameter: an error, or the query with one term changed."""
    del folder
    kind, default = random_.choice(TYPES)
    value = damaged(random_, random_.choice(("x", "2022-11-18", "12", "ex:a")), 3)
    if random_.random() < 0.5:
        value = value.replace(" ", "") + random_.choice(('" }', "> }", "\n#", '"@en', "' .", ""))
    question = parse_question(QUERY.format(type=kind, default=default), "-e")
    try:
        text = question.with_values({"v": value}, COMMON_PREFIXES)
    except InputError as error:
        if error.code != "bad-parameter":
            raise
        return
    assert shape(text) == shape(question.text)
    check_query(text, "-e", COMMON_PREFIXES, BASE)
    (row,) = ox.Store().query("PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> " + text)  # type: ignore[misc]
    if kind in ("xsd:string", "@en"):
        assert row["v"].value == value


def shape(text: str) -> Any:
    """Return the syntax tree of a query by another parser, its terms of VALUES masked."""
    declared = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in COMMON_PREFIXES.items())
    # rdflib takes the digits behind an escape of four for a part of it.
    escapes = r"\\u(?:00[01][0-9A-F]|00[57]5|007F|FFF[EF])"
    return _masked(parseQuery(declared + re.sub(escapes, "_", text)))


def _masked(node: Any) -> Any:
    if isinstance(node, Identifier) or getattr(node, "name", "") in ("literal", "pname"):
        return "term"
    if hasattr(node, "name") and hasattr(node, "items"):
        return (node.name, [(key, _masked(value)) for key, value in node.items()])
    if hasattr(node, "__iter__") and not isinstance(node, str):
        return [_masked(each) for each in node]
    return "text"


def fuzz_query(random_: random.Random, folder: Path) -> None:
    """Check a damaged query: an error with a code, or what the engine takes as well."""
    del folder
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "queries").glob("*.rq"))]
    text = damaged(random_, random_.choice(texts), random_.randrange(1, 4))
    with suppress(InputError, LimitError):
        question = parse_question(text, "-e")
        values = {each.name: random_.choice(("1", "a", BASE, '"}')) for each in question.parameters}
        check_query(question.with_values(values, COMMON_PREFIXES), "-e", COMMON_PREFIXES, BASE)


TARGETS: Final[dict[str, Callable[[random.Random, Path], None]]] = {
    "file": fuzz_file,
    "header": fuzz_header,
    "parameter": fuzz_parameter,
    "query": fuzz_query,
}


def run(name: str, seed: int) -> None:
    """Try one target with one number."""
    with tempfile.TemporaryDirectory() as folder:
        TARGETS[name](random.Random(f"{name} {seed}"), Path(folder))


def main(seconds: float, seed: int) -> int:
    """Try numbers for so many seconds; return how many failed."""
    end, failed, first = time.monotonic() + seconds, 0, seed
    while time.monotonic() < end:
        for name in TARGETS:
            try:
                run(name, seed)
            except Exception:  # noqa: BLE001 - whatever it is, it is a finding
                failed += 1
                print(f"--- {name} {seed}", traceback.format_exc(limit=-3), flush=True)
        seed += 1
    print(f"{seed - first} numbers from {first}, {len(TARGETS)} targets, {failed} failures")
    return failed


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]), int(given[1]) if len(given) > 1 else 0) > 0)
