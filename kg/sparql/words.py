"""The query forms, and the names of SPARQL's functions and aggregates.

Spec: https://www.w3.org/TR/sparql12-query/#rBuiltInCall
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Form(Enum):
    """The query forms of SPARQL, and updates, which are no query."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"
    UPDATE = "UPDATE"

    @property
    def is_graph(self) -> bool:
        """Whether the answer is an RDF graph."""
        return self in (Form.CONSTRUCT, Form.DESCRIBE)


AGGREGATES: Final = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
_ANY: Final = 1_000_000
_ONE, _TWO, _THREE = (1, 1), (2, 2), (3, 3)
# The least and the greatest number of arguments of each function.
ARITIES: Final = {
    "STR": _ONE, "LANG": _ONE, "LANGMATCHES": _TWO, "DATATYPE": _ONE, "BOUND": _ONE, "IRI": _ONE,
    "URI": _ONE, "BNODE": (0, 1), "RAND": (0, 0), "ABS": _ONE, "CEIL": _ONE, "FLOOR": _ONE,
    "ROUND": _ONE, "CONCAT": (0, _ANY), "STRLEN": _ONE, "UCASE": _ONE, "LCASE": _ONE,
    "ENCODE_FOR_URI": _ONE, "CONTAINS": _TWO, "STRSTARTS": _TWO, "STRENDS": _TWO,
    "STRBEFORE": _TWO, "STRAFTER": _TWO, "YEAR": _ONE, "MONTH": _ONE, "DAY": _ONE, "HOURS": _ONE,
    "MINUTES": _ONE, "SECONDS": _ONE, "TIMEZONE": _ONE, "TZ": _ONE, "NOW": (0, 0),
    "UUID": (0, 0), "STRUUID": (0, 0), "MD5": _ONE, "SHA1": _ONE, "SHA256": _ONE, "SHA384": _ONE,
    "SHA512": _ONE, "COALESCE": (0, _ANY), "IF": _THREE, "STRLANG": _TWO, "STRDT": _TWO,
    "SAMETERM": _TWO, "ISIRI": _ONE, "ISURI": _ONE, "ISBLANK": _ONE, "ISLITERAL": _ONE,
    "ISNUMERIC": _ONE, "REGEX": (2, 3), "SUBSTR": (2, 3), "REPLACE": (3, 4), "LANGDIR": _ONE,
    "HASLANG": _ONE, "HASLANGDIR": _ONE, "STRLANGDIR": _THREE, "ISTRIPLE": _ONE, "TRIPLE": _THREE,
    "SUBJECT": _ONE, "PREDICATE": _ONE, "OBJECT": _ONE, "ADJUST": _TWO,
}  # fmt: skip
FUNCTIONS: Final = tuple(ARITIES)
