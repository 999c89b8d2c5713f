"""What logical targets may ask for, by the names that YARRRML and RML have for it.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Name in YARRRML, to the name of the format.
SERIALIZATIONS: Final[Mapping[str, str]] = {
    name: name
    for name in ("nquads", "ntriples", "turtle", "trig", "n3", "jsonld", "rdfxml", "rdfjson")
}
# Name in http://www.w3.org/ns/formats/, to the name of the format.
FORMATS: Final[Mapping[str, str]] = {
    "N-Quads": "nquads",
    "N-Triples": "ntriples",
    "Turtle": "turtle",
    "TriG": "trig",
    "N3": "n3",
    "JSON-LD": "jsonld",
    "RDF_XML": "rdfxml",
    "RDF_JSON": "rdfjson",
}
# Names in YARRRML and in RML, old and new.
COMPRESSIONS: Final[Mapping[str, str]] = {
    "none": "",
    "gzip": "gzip",
    "zip": "zip",
    "targz": "targz",
    "targzip": "targz",
    "tarxz": "tarxz",
}
ENCODINGS: Final[Mapping[str, str]] = {"utf-8": "utf-8", "utf-16": "utf-16"}
