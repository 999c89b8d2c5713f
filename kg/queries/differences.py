"""Where the two engines answer otherwise: the one list of it.

From this list the choice of an engine is made (`found`), what is told with an answer (`remark`,
and `kg.queries.oxigraph.differences` for what an answer itself shows), and the table in
``docs/query.md``. Where nothing of the list is found, the two engines give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final

from kg.datatypes import INTEGER_RANGES
from kg.queries import meets
from kg.queries.meets import Asked
from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.guard import Guarded
from kg.sparql.names import Names
from kg.sparql.walk import find
from kg.terms import XSD, is_language_tag

_LARGEST: Final = 2**63 - 1
_INTEGER: Final = tree.Iri(f"{XSD}integer")


# -- what the text of a query shows --------------------------------------------------------------


def _subtype_remarks(query: Guarded, prefixes: Mapping[str, str]) -> Iterator[str]:
    if not any(each.function == "DATATYPE" for each in find(query.tree, tree.Call)):
        return
    names = Names(query.tree, prefixes)
    for each in find(query.tree.body, tree.Iri, tree.Name):
        iri = names.iri(each)
        if iri in INTEGER_RANGES and iri != f"{XSD}integer":
            shown = query.text[slice(*each.span)]
            yield (
                f"Oxigraph keeps whole numbers as xsd:integer, so that DATATYPE never gives {shown}"
            )
            return


def _large_remarks(query: Guarded, prefixes: Mapping[str, str]) -> Iterator[str]:
    del prefixes
    for each in find(query.tree, tree.Literal):
        number = each.lexical if each.datatype == _INTEGER else ""
        digits = number.lstrip("0")[:20]
        if number.isascii() and number.isdigit() and int(digits or "0") > _LARGEST:
            yield (
                f"{number[:30]} is over 64 bits: Oxigraph compares and reckons with no such"
                " whole number, and leaves out what would need it"
            )
            return


def tag_remarks(query: Guarded, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Yield what to tell of language tags: the graph has them in lower case, whoever answers."""
    del prefixes
    if not any(each.function == "LANG" for each in find(query.tree, tree.Call)):
        return
    for each in find(query.tree, tree.Operation):
        if each.rest[0][0] not in ("=", "!="):
            continue
        for side in (each.first, each.rest[0][1]):
            tag = side.lexical if isinstance(side, tree.Literal) else ""
            if tag != tag.lower() and is_language_tag(tag):
                yield (
                    f"language tags are kept in lower case: compare LANG with {tag.lower()!r}, or"
                    f" write LANGMATCHES(LANG(…), {tag!r})"
                )
                return


# -- the list ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the two engines answer otherwise.

    Attributes:
        what: What it is about.
        oxigraph: What Oxigraph makes of it, for the docs.
        table: What the table engine makes of it.
        told: When it is told, for the docs.
        found: Tells whether it may change the answer to a query.
        remark: Yields what to tell with Oxigraph's answer, from the query's text alone.
    """

    what: str
    oxigraph: str
    table: str
    told: str
    found: Callable[[Asked], bool] = field(repr=False)
    remark: Callable[[Guarded, Mapping[str, str]], Iterable[str]] | None = field(
        default=None, repr=False
    )


KNOWN: Final[tuple[Difference, ...]] = (
    Difference(
        "how a value is written",
        "`01` and `1` are one number and come out as `1`, `1.50` as `1.5`, `+00:00` as `Z`",
        "each as it is written",
        "`kg build` counts those that were merged",
        meets.respelled,
    ),
    Difference(
        "datatypes derived from `xsd:integer`",
        '`5`, `"5"^^xsd:int` and `"5"^^xsd:long` are one term, of type `xsd:integer`',
        "three terms",
        "where `DATATYPE` is compared with one",
        meets.subtypes,
        _subtype_remarks,
    ),
    Difference(
        "whole numbers over 64 bits; doubles and long decimals that are reckoned with",
        "such numbers are kept, but not compared or reckoned with: `FILTER` leaves them out, `SUM`"
        " and `AVG` have no value. `xsd:double(?x)` works",
        "exact up to 38 digits, else refused; doubles may be rounded or written otherwise",
        "where one stands in the query, or a sum is empty",
        meets.inexact,
        _large_remarks,
    ),
    Difference(
        "a path with `|` or `!` whose ways lead between the same terms",
        "one solution, not one for each way. `UNION` gives each",
        "one for each way",
        "where two properties do, among the first 10,000 triples of one",
        meets.ways,
    ),
    Difference(
        "`GROUP_CONCAT` of texts with a language, and of IRIs and numbers",
        "keeps a language that all have; IRIs and numbers have no value. `GROUP_CONCAT(STR(?x))`"
        " works",
        "gives no language; IRIs and numbers have no value either",
        "where it is empty",
        meets.joined_terms,
    ),
    Difference(
        "times of day, years and the like: reckoning with them, their order and their parts",
        "a time of day has no sum beyond midnight, `--02-29` no order and no parts",
        "the former is that of the other day, as XPath says, and `--02-29` a day as others are",
        "where a selected expression is empty, and no part of the query is optional",
        meets.times,
    ),
    Difference(
        "reckoning with durations, and their order",
        "a day and a duration in months or years has no sum, but a difference; a duration over 64"
        " bits of months, or of seconds with 18 decimals, has no value",
        "both have a value, as XPath says, and so have long durations; refused where one has too"
        " many digits",
        "where a selected expression is empty, and no part of the query is optional",
        meets.durations,
    ),
    Difference(
        "`=`, `!=` and `IN` between days, times or durations, and of times of day and years with"
        " any literal",
        "a time with a zone and one without are unequal where their order is open; `--02-29` is"
        " equal to itself alone",
        "the former is an error; the latter a day as others are",
        "no",
        meets.equal_times,
    ),
    Difference(
        "`<` and `>` between texts with a language, truth values, nodes, other datatypes or"
        " ill-typed literals; the truth of a text with a language, of an ill-typed number or truth"
        " value, and of a number over 64 bits",
        "compares texts in one language, and a node or an ill-typed literal with itself; the truth"
        ' is an error; `"300"^^xsd:byte` is the number 300',
        "compares truth values alone; a text is true unless it is empty; what is ill-typed is"
        " false, and no number",
        "no",
        meets.tagged,
    ),
    Difference(
        "the order of values of different kinds, in `ORDER BY`, `MIN` and `MAX`",
        "its own",
        "its own",
        "no: SPARQL leaves it open",
        meets.mixed,
    ),
    Difference(
        "`GRAPH ?g` around more than triples and filters, or around `?g` itself",
        "an aggregate counts once for all graphs; `VALUES` alone binds no `?g`; `MINUS` counts `?g`"
        " as shared; a `FILTER` sees `?g`",
        "asks each graph, or refuses",
        "no",
        meets.graphs,
    ),
    Difference(
        "`EXISTS` around `MINUS`",
        "`MINUS` counts variables from around as shared, and so takes away what shares nothing",
        "puts their values in first, as SPARQL says; refused where `MINUS` has one of them",
        "no",
        meets.subtracted,
    ),
    Difference(
        '`BNODE("text")`',
        "gives one node for all rows",
        "one for each row; refused outside of assignments",
        "no",
        meets.labelled_blanks,
    ),
    Difference(
        "`p*` and `p?` from a term that the data lack",
        "have no solution",
        "lead from the term to itself",
        "no",
        meets.absent,
    ),
    Difference(
        "`REGEX` and `REPLACE` with more than letters, classes, choices and repetitions; `REPLACE`"
        " of what may be empty",
        "reads the expression as Rust's library does, and replaces empty texts",
        "reads it as XPath does, by RE2; an error where empty texts would be replaced",
        "no",
        meets.patterns,
    ),
    Difference(
        "`COUNT` of an expression that may be an error",
        "has no value where one is. `COUNT(?x)` works",
        "counts the others",
        "no",
        meets.counted_expressions,
    ),
    Difference(
        "`DESCRIBE` of a named term beside a `WHERE` without solutions",
        "describes nothing",
        "describes the term",
        "no",
        meets.described,
    ),
    Difference(
        "`IN ()`",
        "an error where the value is one",
        "false",
        "no",
        meets.empty_lists,
    ),
    Difference(
        "`SUBSTR` with numbers that are not whole",
        "has no value",
        "rounds them",
        "no",
        meets.pieces,
    ),
)


def differing(asked: Asked) -> list[Difference]:
    """Return what may make the engines answer a query otherwise; nothing if they surely agree."""
    return [each for each in KNOWN if each.found(asked)]


def text_remarks(query: Guarded, prefixes: Mapping[str, str]) -> list[str]:
    """Return what to tell of a query's text with Oxigraph's answer, whatever that is."""
    remarks = (each.remark for each in KNOWN if each.remark is not None)
    found = [line for remark in remarks for line in remark(query, prefixes)]
    return [*found, *tag_remarks(query, prefixes)]
