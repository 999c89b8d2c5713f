"""Where Oxigraph answers otherwise than SPARQL has it, told with the answer that it may change.

Told is what the text of a query or its answer shows; ``docs/query.md`` lists all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final

import pyoxigraph as ox

from kg.datatypes import INTEGER_RANGES
from kg.query.engine import Row
from kg.sparql.grammar import triple_patterns
from kg.sparql.guard import Guarded
from kg.sparql.lexer import Kind, Token, declared_prefixes, string_value
from kg.sparql.words import Form
from kg.terms import XSD, expand, is_language_tag

_LARGEST: Final = 2**63 - 1
# Triples of one property that are looked at for a second one with the same ends.
_LOOKED_AT: Final = 10_000
_SUMS: Final = ("SUM", "AVG")
# Aggregates whose value may be missing.
_AGGREGATES: Final = (*_SUMS, "GROUP_CONCAT")


@dataclass
class Watch:
    """Columns of an answer that are reckoned, and in how many rows each is empty.

    Attributes:
        columns: Name to what makes it: ``GROUP_CONCAT``, ``SUM`` or an operator.
        empty: Name to rows.
    """

    columns: Mapping[str, str]
    empty: dict[str, int] = field(default_factory=dict)

    def rows(self, names: Sequence[str], rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and count what is empty in them."""
        places = [(at, name) for at, name in enumerate(names) if name in self.columns]
        for row in rows:
            for at, name in places:
                if row[at] is None:
                    self.empty[name] = self.empty.get(name, 0) + 1
            yield row

    def remarks(self) -> Iterator[str]:
        """Yield what to tell of empty columns."""
        for name, count in self.empty.items():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            made_by = self.columns[name]
            if made_by == "GROUP_CONCAT":
                reason = "GROUP_CONCAT joins texts alone; write GROUP_CONCAT(STR(…)) for the others"
            elif made_by in _SUMS:
                reason = (
                    f"{made_by} takes numbers alone, and whole ones up to 64 bits; for larger"
                    f" ones write {made_by}(xsd:double(…))"
                )
            else:
                reason = "its values cannot be reckoned with; whole numbers end at 64 bits"
            yield f"?{name} is empty in {rows}: {reason}"


def may_compute(query: Guarded) -> bool:
    """Tell whether a query may compute values: a quick look at its tokens."""
    return any(
        token.is_word(*_AGGREGATES)
        or token.is_mark("+", "-", "/")
        or (token.is_mark("*") and not before.is_mark("(") and not before.is_word("SELECT"))
        for before, token in pairwise(query.tokens)
    )


def watched(query: Guarded) -> Watch | None:
    """Return the columns of a SELECT that may be empty where SPARQL has a value, if there are."""
    if query.form is not Form.SELECT:
        return None
    may_lack = any(token.is_word("OPTIONAL", "UNION", "UNDEF") for token in query.tokens)
    columns = {}
    for name, inside in _expressions(query):
        words = [token.text.upper() for token in inside if token.kind is Kind.WORD]
        made_by = next((word for word in words if word in ("GROUP_CONCAT", *_SUMS)), None)
        # STR has been written already.
        if made_by == "GROUP_CONCAT" and "STR" in words:
            continue
        if made_by is None and not may_lack and any(t.is_mark("+", "-", "*", "/") for t in inside):
            made_by = "+"
        if made_by is not None:
            columns[name] = made_by
    return Watch(columns) if columns else None


def _expressions(query: Guarded) -> Iterator[tuple[str, list[Token]]]:
    """Yield the expressions that the outermost SELECT names, each with its name."""
    depth = 0
    inside: list[Token] = []
    place = query.tree.body.span.start
    start = next(at for at, token in enumerate(query.tokens) if token.start == place)
    for token in query.tokens[start + 1 :]:
        if depth == 0 and (token.is_mark("{") or token.is_word("WHERE", "FROM")):
            return
        depth += token.is_mark("(") - token.is_mark(")")
        inside.append(token)
        if depth == 0:
            if len(inside) > 3 and inside[-3].is_word("AS"):
                yield inside[-2].text[1:], inside[1:-3]
            inside = []


def text_remarks(query: Guarded, prefixes: Mapping[str, str]) -> list[str]:
    """Return what to tell of a query's text, whatever its answer."""
    found = query.tokens
    words = {token.text.upper() for token in found if token.kind is Kind.WORD}
    remarks: list[str] = []
    if "DATATYPE" in words:
        remarks += _subtypes(found, {**prefixes, **declared_prefixes(found)})
    if "LANG" in words:
        remarks += _languages(found)
    for token in found:
        if token.kind is Kind.NUMBER and token.text.isdigit() and int(token.text[:20]) > _LARGEST:
            remarks.append(
                f"{token.text[:30]} is over 64 bits: Oxigraph compares and reckons with no such"
                " whole number, and leaves out what would need it"
            )
            break
    return remarks


def _subtypes(found: Sequence[Token], prefixes: Mapping[str, str]) -> Iterator[str]:
    for token in found:
        iri = token.text[1:-1] if token.kind is Kind.IRI else None
        if token.kind is Kind.NAME:
            iri = expand(token.text, prefixes)
        if iri in INTEGER_RANGES and iri != f"{XSD}integer":
            yield (
                f"Oxigraph keeps whole numbers as xsd:integer, so that DATATYPE never gives"
                f" {token.text}"
            )
            return


def _languages(found: Sequence[Token]) -> Iterator[str]:
    for before, token, after in zip((None, *found), found, (*found[1:], None), strict=False):
        beside = [t for t in (before, after) if t is not None and t.is_mark("=", "!=")]
        if token.kind is not Kind.STRING or not beside:
            continue
        tag = string_value(token.text)
        if tag != tag.lower() and is_language_tag(tag):
            yield (
                f"language tags are kept in lower case: compare LANG with {tag.lower()!r}, or"
                f" write LANGMATCHES(LANG(…), {tag!r})"
            )
            return


def path_remarks(store: ox.Store, query: Guarded, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Yield what to tell of paths with ``|`` whose ways lead between the same terms."""
    known = {**prefixes, **declared_prefixes(query.tokens)}
    for pattern in triple_patterns(query.tokens):
        names = _alternatives(pattern.verb)
        iris = [_iri(name, known) for name in names]
        for first, second in pairwise(iris):
            ends = tuple(_end(part, known) for part in (pattern.subject, pattern.object))
            if first and second and _overlap(store, first, second, *ends):
                shown = "|".join(token.text for token in names)
                yield (
                    f"{shown} leads by more than one way between some terms: Oxigraph counts that"
                    " once, SPARQL once for each way; write UNION for the latter"
                )
                return


def _alternatives(verb: Sequence[Token]) -> list[Token]:
    """Return the properties of a path that is nothing but properties with ``|`` between."""
    inside = [token for token in verb if not token.is_mark("(", ")")]
    names, marks = inside[::2], inside[1::2]
    plain = all(token.kind in (Kind.IRI, Kind.NAME) for token in names)
    return names if marks and plain and all(mark.is_mark("|") for mark in marks) else []


def _iri(token: Token, prefixes: Mapping[str, str]) -> ox.NamedNode | None:
    text = token.text[1:-1] if token.kind is Kind.IRI else expand(token.text, prefixes)
    try:
        return ox.NamedNode(text) if text else None
    except ValueError:  # relative, or with escapes
        return None


def _end(part: Sequence[Token], prefixes: Mapping[str, str]) -> ox.NamedNode | None:
    """Return the IRI at an end of a pattern; None where it is something else."""
    simple = len(part) == 1 and part[0].kind in (Kind.IRI, Kind.NAME)
    return _iri(part[0], prefixes) if simple else None


def _overlap(
    store: ox.Store,
    first: ox.NamedNode,
    second: ox.NamedNode,
    subject: ox.NamedNode | None,
    object_: ox.NamedNode | None,
) -> bool:
    default = ox.DefaultGraph()
    found = islice(store.quads_for_pattern(subject, first, object_, default), _LOOKED_AT)
    return any(ox.Quad(quad.subject, second, quad.object) in store for quad in found)
