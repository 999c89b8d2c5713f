"""One validation by one engine, in a process of its own: prints the number of results.

python engines.py ENGINE DATA.nt SHAPES.ttl
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

RESULT = "http://www.w3.org/ns/shacl#result"


def pyshacl(data: str, shapes: str) -> int:
    from pyshacl import validate
    from rdflib import Graph, URIRef

    graph = Graph().parse(data, format="nt")
    _, report, _ = validate(graph, shacl_graph=Graph().parse(shapes))
    return len(list(report.objects(None, URIRef(RESULT))))


def pyshacl_turbo(data: str, shapes: str) -> int:
    from pyshacl_turbo import validate
    from rdflib import URIRef

    _, report, _ = validate(data, shacl_graph=shapes, data_graph_format="nt")
    return len(list(report.objects(None, URIRef(RESULT))))


def shifty(data: str, shapes: str) -> int:
    from rdflib import URIRef
    from shifty import validate

    _, report, _ = validate(Path(data), Path(shapes))
    return len(list(report.objects(None, URIRef(RESULT))))


def shacl(data: str, shapes: str) -> int:
    from shacl import validate

    return len(validate(data, shapes).results)


def shacl_rust(data: str, shapes: str) -> int:
    from shacl_rust import validate_file

    return len(validate_file(data, shapes)["results"])


def pyrudof(data: str, shapes: str) -> int:
    from pyrudof import RDFFormat, Rudof, RudofConfig

    session = Rudof(RudofConfig())
    session.read_data(data, format=RDFFormat.NTriples)
    session.read_shacl(shapes)
    return len(session.validate_shacl())


ENGINES: dict[str, Callable[[str, str], int]] = {
    function.__name__: function
    for function in (pyshacl, pyshacl_turbo, shifty, shacl, shacl_rust, pyrudof)
}

if __name__ == "__main__":
    print(ENGINES[sys.argv[1]](*sys.argv[2:]))
