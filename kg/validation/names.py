"""IRIs of the SHACL vocabulary, in the form of the quad table.

Spec: https://www.w3.org/TR/shacl/#shacl-constraint-components
"""

from __future__ import annotations

from typing import Final

from kg.terms import OWL, RDF, RDF_TYPE, RDFS

SH: Final = "http://www.w3.org/ns/shacl#"

RDF_FIRST: Final = f"<{RDF}first>"
RDF_REST: Final = f"<{RDF}rest>"
RDF_NIL: Final = f"<{RDF}nil>"
RDFS_CLASS: Final = f"<{RDFS}Class>"
RDFS_SUBCLASS: Final = f"<{RDFS}subClassOf>"
RDFS_RESOURCE: Final = f"<{RDFS}Resource>"
RDFS_ENTAILMENT: Final = "<http://www.w3.org/ns/entailment/RDFS>"
OWL_CLASS: Final = f"<{OWL}Class>"

__all__ = [
    "OWL",
    "OWL_CLASS",
    "RDFS",
    "RDFS_CLASS",
    "RDFS_ENTAILMENT",
    "RDFS_RESOURCE",
    "RDFS_SUBCLASS",
    "RDF_FIRST",
    "RDF_NIL",
    "RDF_REST",
    "RDF_TYPE",
    "SH",
    "sh",
]


def sh(name: str) -> str:
    """Return a term of the SHACL vocabulary.

    >>> sh("path")
    '<http://www.w3.org/ns/shacl#path>'
    """
    return f"<{SH}{name}>"
