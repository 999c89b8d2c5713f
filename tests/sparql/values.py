"""Values of RDF terms: what is compared, ordered and counted with.

Spec: https://www.w3.org/TR/sparql11-query/#OperatorMapping
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING, literal, split_literal

Solution = dict[str, str]


class SparqlError(Exception):
    """An expression has no value."""


class Value(NamedTuple):
    """A literal with what its lexical form stands for; None if it is ill-typed or unknown."""

    lexical: str
    datatype: str
    language: str
    value: Any


def parse(term: str) -> Value:
    """Return a literal's parts."""
    if not term.startswith('"'):
        raise SparqlError(f"{term} is no literal")
    parts = split_literal(term)
    datatype = RDF_LANG_STRING if parts.language else parts.datatype or XSD_STRING
    return Value(parts.lexical, datatype, parts.language or "", _read(parts.lexical, datatype))


def _read(text: str, datatype: str) -> Any:
    if datatype in (XSD_STRING, RDF_LANG_STRING):
        return text
    if not datatype.startswith(XSD) or not is_lexical_form(text, datatype):
        return None
    name = datatype.removeprefix(XSD)
    if datatype in INTEGER_RANGES:
        return int(text)
    if name == "decimal":
        return Decimal(text)
    if name in ("double", "float"):
        return float(text.replace("INF", "inf"))
    if name == "boolean":
        return text in ("true", "1")
    if name == "dateTime":
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if name == "date" and len(text) == 10 else None


def number(term: str) -> Any:
    """Return a number: an int, a Decimal or a float."""
    value = parse(term)
    if isinstance(value.value, bool) or not isinstance(value.value, int | Decimal | float):
        raise SparqlError(f"{term} is no number")
    return value.value


def of_number(value: Any, *, single: bool = False) -> str:
    """Return the literal of a number."""
    if isinstance(value, int):
        return literal(str(value), f"{XSD}integer")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return literal(text.rstrip("0").rstrip(".") if "." in text else text, f"{XSD}decimal")
    text = repr(value).replace("inf", "INF").replace("nan", "NaN")
    return literal(text.removesuffix(".0"), f"{XSD}{'float' if single else 'double'}")


def promoted(left: Any, right: Any) -> tuple[Any, Any]:
    """Return two numbers of one type."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return Decimal(left), Decimal(right)
    return left, right


def truth(term: str) -> bool:
    """Return the effective boolean value.

    Spec: https://www.w3.org/TR/sparql11-query/#ebv
    """
    value = parse(term)
    if value.datatype in (XSD_STRING, RDF_LANG_STRING):
        return value.lexical != ""
    if value.datatype == f"{XSD}boolean" or _is_numeric(value.datatype):
        if isinstance(value.value, float) and math.isnan(value.value):
            return False
        return bool(value.value)
    raise SparqlError(f"{term} is neither true nor false")


def _is_numeric(datatype: str) -> bool:
    return datatype in INTEGER_RANGES or datatype[len(XSD) :] in ("decimal", "double", "float")


def of_truth(value: bool) -> str:
    """Return the literal of a truth value."""
    return literal("true" if value else "false", f"{XSD}boolean")


def equals(left: str, right: str) -> bool:
    """Tell whether two terms are equal by ``=``."""
    if left == right:
        value = parse(left).value if left.startswith('"') else None
        return not (isinstance(value, float) and math.isnan(value))
    if left.startswith("<<") and right.startswith("<<"):
        raise SparqlError("triple terms")
    if not (left.startswith('"') and right.startswith('"')):
        return False
    a, b = parse(left), parse(right)
    if _is_numeric(a.datatype) and _is_numeric(b.datatype):
        if a.value is None or b.value is None:
            raise SparqlError("ill-typed")
        x, y = promoted(a.value, b.value)
        return bool(x == y)
    if a.datatype == b.datatype and a.value is not None and b.value is not None:
        return (a.value, a.language) == (b.value, b.language)
    known = (XSD_STRING, RDF_LANG_STRING)
    if a.datatype in known and b.datatype in known:
        return False
    if a.value is not None and b.value is not None:
        return False  # of datatypes that share no values
    raise SparqlError("nobody knows whether they are equal")


def less(left: str, right: str) -> bool:
    """Tell whether a term is less than another by ``<``."""
    a, b = parse(left), parse(right)
    if _is_numeric(a.datatype) and _is_numeric(b.datatype):
        x, y = promoted(number(left), number(right))
        return bool(x < y)
    if a.datatype != b.datatype or a.value is None or b.value is None or a.language:
        raise SparqlError("they do not compare")
    return bool(a.value < b.value)


def order_key(term: str | None) -> tuple[Any, ...]:
    """Return a key that sorts as ORDER BY does: no value, blank nodes, IRIs, literals."""
    if term is None:
        return (0,)
    if term.startswith("_:"):
        return (1, term)
    if not term.startswith('"'):
        return (2, term)
    value = parse(term)
    if value.value is None:
        return (3, 9, term)
    if _is_numeric(value.datatype):
        return (3, 1, float(value.value), term)
    return (3, 2, value.datatype, str(value.value), term)


def canonical(term: str | None) -> str:
    """Return a term so that numbers compare by value, and blank nodes are all one."""
    if term is None:
        return ""
    if not term.startswith('"'):
        return re.sub(r"_:[\w.]+", "_:", term)
    value = parse(term)
    if _is_numeric(value.datatype) and value.value is not None:
        kind = "integer" if value.datatype in INTEGER_RANGES else value.datatype
        return f"{float(value.value):.9g} {kind}"
    if isinstance(value.value, bool):
        return of_truth(value.value)
    if isinstance(value.value, datetime):
        return value.value.isoformat()
    return term
