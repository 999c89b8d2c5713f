"""Random graphs and shapes for the differential test, each made from a seed.

The vocabulary is small, so that shapes both fail and hold. The literals are awkward: escapes, other
alphabets, several lexical forms of the same value, forms that only Python reads.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

HEAD = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
NODES = [f"ex:n{number}" for number in range(7)]
BLANKS = ["_:b0", "_:b1"]
CLASSES = ["ex:A", "ex:B", "ex:C", "ex:D"]
PREDICATES = ["ex:p", "ex:q", "ex:r"]
DATATYPES = [
    *(f"xsd:{name}" for name in ("string", "integer", "decimal", "double", "date", "dateTime")),
    *(f"xsd:{name}" for name in ("boolean", "int", "byte", "anyURI", "gYear", "duration", "time")),
    *("rdf:langString", "rdfs:Literal", "ex:dt", "xsd:nonNegativeInteger", "xsd:token"),
]
LITERALS = [
    *('"a"', '"b"', '"ab"', '"abc"', '""', '"A b"', '"1"', '"10"', '"9"', '"ä"', '"ß-1"'),
    *(
        '"say \\"hi\\""',
        '"tab\\there"',
        '"line\\nbreak"',
        '"back\\\\slash"',
        '"a@en"',
        '"x\\u000Bz"',
    ),
    *('"a"@en', '"b"@en', '"c"@de', '"d"@en-GB', '"e"@de-CH', '"a"@fr', '"日本"@ja'),
    *(
        "1",
        "2",
        "3",
        "10",
        "-1",
        "0",
        '"01"^^xsd:integer',
        '"+1"^^xsd:integer',
        '"1_0"^^xsd:integer',
    ),
    *(
        '" 1"^^xsd:integer',
        '"x"^^xsd:integer',
        '"٣"^^xsd:integer',
        '"12345678901234567890"^^xsd:integer',
    ),
    *("1.0", "1.5", "2.50", "0.1", '"1."^^xsd:decimal', '".5"^^xsd:decimal', '"1E2"^^xsd:decimal'),
    *('"NaN"^^xsd:decimal', "1.0e0", "0.1e0", "1.5e3", '"INF"^^xsd:double', '"NaN"^^xsd:double'),
    *(
        '"1"^^xsd:double',
        '"1"^^xsd:float',
        '"0.1"^^xsd:float',
        '"5"^^xsd:int',
        '"9999999999"^^xsd:int',
    ),
    *(
        '"5"^^xsd:byte',
        '"300"^^xsd:byte',
        '"5"^^xsd:nonNegativeInteger',
        '"-5"^^xsd:nonNegativeInteger',
    ),
    *('"2020-01-01"^^xsd:date', '"2020-02-30"^^xsd:date', '"2020-01-02Z"^^xsd:date'),
    *('"2020-01-01"^^xsd:dateTime', '"2020-01-01T10:00:00"^^xsd:dateTime'),
    *('"2020-01-01T10:00:00Z"^^xsd:dateTime', '"2020-01-01T12:00:00+02:00"^^xsd:dateTime'),
    *('"2020-01-01T10:00:00.5"^^xsd:dateTime', '"2020-01-01T24:00:00"^^xsd:dateTime'),
    *('"10:00:00"^^xsd:time', '"25:00:00"^^xsd:time', "true", "false", '"1"^^xsd:boolean'),
    *('"TRUE"^^xsd:boolean', '"2020"^^xsd:gYear', '"P1Y"^^xsd:duration', '"x"^^xsd:duration'),
    *('"a"^^ex:dt', '"1"^^ex:dt', '"http://a b"^^xsd:anyURI', '" x  y "^^xsd:token'),
]
# More forms that are near to those of a datatype.
ODD_LITERALS = [
    *('"x"^^xsd:decimal', '"1,5"^^xsd:decimal', '"--1"^^xsd:decimal', '""^^xsd:integer'),
    *('"yes"^^xsd:boolean', '"0"^^xsd:boolean', '"1e5"^^xsd:decimal', '"-"^^xsd:integer'),
    *('"1 "^^xsd:double', '"1e"^^xsd:double', '"x"^^xsd:float', '"1.5"^^xsd:int'),
    *('"0"^^xsd:positiveInteger', '"7"^^xsd:positiveInteger', '"0"^^xsd:negativeInteger'),
    *('"-7"^^xsd:negativeInteger', '"300"^^xsd:unsignedByte', '"-1"^^xsd:unsignedByte'),
    *('"99999"^^xsd:short', '"12345678901"^^xsd:int', '"7"^^xsd:short', '"-300"^^xsd:byte'),
    *('"0000-01-01"^^xsd:date', '"2021-02-29T00:00:00"^^xsd:dateTime', '"24:00:00"^^xsd:time'),
    *('"2021-13-01"^^xsd:date', '"2021-01-01T00:61:00"^^xsd:dateTime', '"0A"^^xsd:hexBinary'),
    *('"0"^^xsd:hexBinary', '"2020-02-29"^^xsd:date', '"16777217"^^xsd:float'),
    *('"16777216"^^xsd:float', '"9"', '"09"', '"a-b"@en-gb', '"x"@de-1996', '"1.50"^^xsd:decimal'),
]
ODD_DATATYPES = [
    f"xsd:{name}"
    for name in ("positiveInteger", "negativeInteger", "unsignedByte", "short", "float")
] + ["xsd:hexBinary"]
TAGGED = ['"a"@en', '"b"@en', '"f"@en', '"c"@de', '"g"@de', '"h"@en-GB', '"日本"@ja', '"a"']
PATTERNS = [
    *("^a", "b$", "^[a-c]+$", "a|b", "^.{2,3}$", r"^\\d+$", r"\\w", r"^\\S+$", "(?=a)a", "^[^b]*$"),
    *(
        r"\\.",
        "^http",
        "n[0-3]$",
        r"^-?\\d+(\\.\\d+)?$",
        "(a)(b)?",
        "[ä-ü]",
        r"\\bb\\b",
        "^$",
        "x*",
    ),
    *(r"\\u0061", "a{1}b{0,2}", "(?i)A", "(ab?){1,2}c", r"[\\w-]+$", r"^\\D*$"),
]
LANGUAGES = ['"en"', '"en" "de"', '"*"', '"en-gb"', ""]
NODE_KINDS = [
    *("sh:IRI", "sh:BlankNode", "sh:Literal"),
    *("sh:BlankNodeOrIRI", "sh:BlankNodeOrLiteral", "sh:IRIOrLiteral"),
]
FLAGS = ["i", "m", "im", "s"]
SEVERITIES = ["sh:Violation", "sh:Warning", "sh:Info", "ex:Grave"]


# Literals that rdflib and Oxigraph store alike, for cases with queries.
PLAIN = [
    '"a"',
    '"b"',
    '"abc"',
    '"a"@en',
    '"b"@de',
    "1",
    "2",
    "10",
    "true",
    '"2020-01-01"^^xsd:date',
]
QUERIES = [
    "SELECT $this ?value WHERE { $this ex:p ?value . FILTER(isIRI(?value)) }",
    "SELECT $this WHERE { $this ex:p ?x . FILTER NOT EXISTS { ?x ex:q ?y } }",
    "SELECT $this ?value WHERE { $this ex:q+ ?value . FILTER(sameTerm(?value, $this)) }",
    "SELECT $this (ex:r AS ?path) ?value WHERE { $this ex:r ?value ; a ex:A }",
    "SELECT $this ?x WHERE { $this ex:p ?x . OPTIONAL { ?x a ?t } FILTER(!bound(?t)) }",
    "SELECT $this ?value WHERE { { $this ex:p ?value } UNION { ?value ex:q $this } }",
    "SELECT $this (COUNT(?x) AS ?n) WHERE { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)",
    "SELECT $this WHERE { FILTER NOT EXISTS { $this ex:q ?x } }",
    "SELECT DISTINCT $this ?p WHERE { $this ?p ?o . FILTER(isBlank(?o) || lang(?o) = 'en') }",
    "SELECT $this WHERE { $this ex:p/ex:q* ?x . ?x ^ex:r ?y }",
    "SELECT $this ?value WHERE { $this (ex:p|ex:r) ?value . BIND(str($this) AS ?s)"
    " FILTER(contains(?s, 'n')) }",
    "SELECT $this ?value WHERE { ?value ex:p ?x . FILTER(?x = $this) }",
    # These must run for each node:
    "SELECT $this WHERE { $this ex:p ?x } LIMIT 1",
    "SELECT $this WHERE { { SELECT $this WHERE { $this ex:r ?x } } }",
    "SELECT $this WHERE { { ?y ex:p ?x . FILTER(?x != $this) } UNION { $this ex:r ?x } }",
]
PATH_QUERIES = [
    "SELECT $this ?value WHERE { $this $PATH ?value . FILTER(isLiteral(?value)) }",
    "SELECT $this WHERE { $this $PATH ?a, ?b . FILTER(!sameTerm(?a, ?b)) }",
    "SELECT $this ?value WHERE { $this $PATH ?value . ?value $PATH ?other }",
]
MESSAGES = [
    '"Mind {?value} of {$this}."',
    '"{?x} is what it says."@en , "Und {?n} auch."@de',
    '"Mind the gap."',
]


@dataclass(frozen=True)
class RandomCase:
    """Turtle of a data graph and of a shapes graph, both with their prefixes."""

    seed: int
    data: str
    shapes: str


def random_case(seed: int) -> RandomCase:
    """Return the case of a seed; the same in every run."""
    rng = random.Random(seed)
    return RandomCase(seed, HEAD + _data(rng, LITERALS), HEAD + _Shapes(rng).text())


def small_case(seed: int) -> RandomCase:
    """Return a case with a small shape in which each part matters; the same in every run.

    In large shapes, a failure of one part may hide a fault of the sieve in another.
    """
    rng = random.Random(f"small {seed}")
    literals = TAGGED if rng.random() < 0.25 else LITERALS
    literals = rng.sample(literals, rng.randint(2, 8))
    # Few of each give long chains, and several values of one property.
    predicates = rng.sample(PREDICATES, rng.choice([1, 2, 3]))
    subjects = rng.sample(NODES + BLANKS, rng.choice([2, 5, 9]))
    data = _data(rng, literals, predicates, subjects)
    shapes = _Shapes(rng, literals=literals, predicates=predicates).small()
    return RandomCase(seed, HEAD + data, HEAD + shapes)


def nested_case(seed: int) -> RandomCase:
    """Return a case whose shapes refer to others, three deep; the same in every run."""
    rng = random.Random(f"nested {seed}")
    # Half of the cases have only literals that SQL surely reads as pySHACL does.
    literals = rng.sample(rng.choice([LITERALS, PLAIN]), rng.randint(2, 8))
    predicates = rng.sample(PREDICATES, rng.choice([1, 2, 3]))
    subjects = rng.sample(NODES + BLANKS, rng.choice([3, 5, 9]))
    data = _data(rng, literals, predicates, subjects)
    shapes = _Shapes(rng, literals=literals, predicates=predicates).nested()
    return RandomCase(seed, HEAD + data, HEAD + shapes)


def value_case(seed: int) -> RandomCase:
    """Return a case in which one constraint looks at many values; the same in every run."""
    rng = random.Random(f"value {seed}")
    ends = [*LITERALS, *ODD_LITERALS, *NODES[:2], BLANKS[0]]
    # In pairs, for components that compare two properties.
    pairs = [(end, rng.choice(ends)) for end in rng.sample(ends, 60)]
    data = "".join(f"ex:v{i} ex:p {a} ; ex:q {b} .\n" for i, (a, b) in enumerate(pairs))
    for i in range(8):  # several values, for components that look at all of a node
        several = " , ".join(rng.sample([*TAGGED, *ends[:6]], rng.choice([2, 2, 3])))
        data += f"ex:w{i} ex:p {several} .\n"
    return RandomCase(seed, HEAD + data, HEAD + _Shapes(rng, literals=ends).value())


def tagged_case(seed: int) -> RandomCase:
    """Return a case whose nodes have several texts in few languages; the same in every run."""
    rng = random.Random(f"tagged {seed}")
    data = ""
    for i in range(12):
        several = " , ".join(rng.sample(TAGGED, rng.choice([1, 2, 2, 3])))
        data += (
            f"ex:w{i} {rng.choice(['ex:p', 'ex:q'])} {several} ; ex:r ex:w{rng.randrange(12)} .\n"
        )
    leaf = f"sh:path {rng.choice(['ex:p', 'ex:q'])} ; " + rng.choice(
        ["sh:uniqueLang true", "sh:uniqueLang true", 'sh:languageIn ( "en" "de" )']
    )
    other = f"sh:path ex:p ; sh:maxCount {rng.choice([0, 1, 2])}"
    shape = rng.choice(
        [
            f"sh:not [ {leaf} ]",
            f"sh:xone ( [ {leaf} ] [ {other} ] )",
            f"sh:or ( [ {leaf} ] [ sh:not [ {other} ] ] )",
            f"sh:property [ sh:path ex:r ; sh:qualifiedValueShape [ {leaf} ] ;"
            f" sh:{rng.choice(['qualifiedMinCount', 'qualifiedMaxCount'])} {rng.choice([0, 1])} ]",
        ]
    )
    shapes = f"ex:N0 sh:targetSubjectsOf {rng.choice(['ex:p', 'ex:q', 'ex:r'])} ; {shape} .\n"
    return RandomCase(seed, HEAD + data, HEAD + shapes)


def random_query_case(seed: int) -> RandomCase:
    """Return a case whose shapes have SPARQL constraints; the same in every run."""
    rng = random.Random(f"queries {seed}")
    data = _data(rng, PLAIN)
    return RandomCase(seed, HEAD + data, HEAD + _Shapes(rng, queries=True).text())


def _data(
    rng: random.Random,
    literals: list[str],
    predicates: Sequence[str] = PREDICATES,
    subjects: Sequence[str] = (*NODES, *BLANKS),
) -> str:
    pool = rng.sample(literals, rng.randint(2, min(10, len(literals))))
    lines = []
    for below, above in (("ex:B", "ex:A"), ("ex:C", "ex:B"), ("ex:A", "ex:C")):
        if rng.random() < (0.7 if above != "ex:C" else 0.1):
            lines.append(f"{below} rdfs:subClassOf {above} .")
    lines += [f"{rng.choice(subjects)} a {rng.choice(CLASSES)} ." for _ in range(rng.randint(3, 9))]
    for _ in range(rng.randint(5, 28)):
        end = rng.choice(pool if rng.random() < 0.6 else subjects)
        lines += [f"{rng.choice(subjects)} {rng.choice(predicates)} {end} ."]
    return "\n".join(lines) + "\n"


class _Shapes:
    """Makes the shapes of one case."""

    def __init__(
        self,
        rng: random.Random,
        queries: bool = False,
        literals: Sequence[str] = LITERALS,
        predicates: Sequence[str] = PREDICATES,
    ) -> None:
        self._rng = rng
        self._predicates = predicates
        self._queries = queries
        self._node_shapes = [f"ex:N{number}" for number in range(rng.randint(1, 3))]
        self._property_shapes = [f"ex:P{number}" for number in range(rng.randint(0, 2))]
        self._recursive = rng.random() < 0.04
        self._values = rng.sample(literals, min(6, len(literals))) + rng.sample(NODES, 3)

    def text(self) -> str:
        blocks = []
        names = self._property_shapes + self._node_shapes
        for number, name in enumerate(names):
            # Later shapes refer to earlier ones, so that most cases are not recursive.
            known = names if self._recursive else names[:number]
            body = self._body(name in self._property_shapes, depth=0, known=known)
            blocks.append(f"{name} {self._targets(number + 1 == len(names))} {body} .")
        return "\n".join(blocks) + "\n"

    def small(self) -> str:
        rng = self._rng
        is_property = rng.random() < 0.3
        makers = self._inner(is_property, rng.choice([1, 2, 2]), [])
        if rng.random() < 0.3:
            makers = self._leaves(is_property)
        elif rng.random() < 0.2:
            makers = [self._ranged]
        path = f"sh:path {self._path(1)} ; " if is_property else ""
        return f"ex:N0 {self._targets(True)} {path}{rng.choice(makers)()} .\n"

    def value(self) -> str:
        """Return a shape with one constraint on values, or one that compares two properties."""
        rng = self._rng
        kinds = DATATYPES + ODD_DATATYPES
        makers = self._leaves(True)
        makers += [lambda: f"sh:datatype {rng.choice(kinds)}"] * 6
        signs = ("minExclusive", "minInclusive", "maxExclusive", "maxInclusive")
        bounds = [*LITERALS, *ODD_LITERALS]
        makers += [lambda: f"sh:{rng.choice(signs)} {rng.choice(bounds)}"] * 4
        makers += [lambda: f"sh:{rng.choice(('lessThan', 'lessThanOrEquals'))} ex:q"] * 2
        # Between the length of a text with escapes and that of what it stands for.
        makers += [lambda: f"sh:{rng.choice(('minLength', 'maxLength'))} {rng.choice((4, 8, 9))}"]
        body = rng.choice(makers)()
        path = rng.choice(["ex:p", "ex:p", "[ sh:alternativePath ( ex:p ex:r ) ]"])
        of_property = f"sh:property [ sh:path {path} ; {body} ]"
        whole = rng.choice(
            [
                *(of_property, of_property, f"sh:not [ {of_property} ]"),
                f"sh:xone ( [ {of_property} ] [ sh:nodeKind sh:IRI ] )",
                f"sh:property [ sh:path ex:p ; {self._counted()} ]",
            ]
        )
        return f"ex:N0 sh:targetSubjectsOf ex:p ; {whole} .\n"

    def _counted(self) -> str:
        """Return how many values must conform to a shape, which may be in doubt about them."""
        rng = self._rng
        shape = rng.choice(self._leaves(False))()
        bound = rng.choice(["MinCount", "MaxCount"])
        return f"sh:qualifiedValueShape [ {shape} ] ; sh:qualified{bound} {rng.choice([0, 1, 2])}"

    def nested(self) -> str:
        """Return shapes that refer to others, several of them to the same named one."""
        rng = self._rng
        self._node_shapes, self._property_shapes = ["ex:N0", "ex:N1"], []
        blocks = []
        for number, name in enumerate(self._node_shapes):
            last = number + 1 == len(self._node_shapes)
            body = self._looking(False, rng.choice([0, 1]) if last else 2, ["ex:N0"][:number])
            blocks.append(f"{name} a sh:NodeShape ; {self._targets(last)} {body} .")
        return "\n".join(blocks) + "\n"

    def _looking(self, is_property: bool, depth: int, known: list[str]) -> str:
        """Return the body of a shape; unless it is the deepest, it refers to other shapes."""
        rng = self._rng
        parts = [f"sh:path {self._path(1)}"] if is_property else []
        leaves = self._leaves(is_property)
        if depth < 3:
            inner = self._inner(is_property, depth, known, self._looking)
            parts += _together(rng.choice(inner)() for _ in range(rng.choice([1, 1, 2])))
        if depth == 3 or rng.random() < 0.4:
            parts += _together(rng.choice(leaves)() for _ in range(rng.choice([1, 1, 2])))
        if rng.random() < 0.1:
            parts.append(rng.choice(["sh:severity sh:Info", 'sh:message "As it says."']))
        if rng.random() < 0.03:
            parts.append("sh:deactivated true")
        return " ; ".join(parts)

    def _ranged(self) -> str:
        """Return a datatype with a range, which are checked together."""
        rng = self._rng
        body = f"sh:datatype xsd:{rng.choice(('integer', 'decimal', 'int', 'string', 'date'))}"
        for sign in rng.sample(["minExclusive", "minInclusive", "maxExclusive"], 2):
            body += f" ; sh:{sign} {rng.choice(LITERALS[21:43] + self._values[:2])}"
        inside = rng.choice(["", f"sh:path {self._path(1)} ; "]) + body
        return rng.choice(
            [
                body,
                f"sh:property [ sh:path {rng.choice(self._predicates)} ; {body} ]",
                f"sh:not [ {inside} ]",
                f"sh:xone ( [ {inside} ] [ sh:nodeKind sh:Literal ] )",
            ]
        )

    def _targets(self, needed: bool) -> str:
        rng = self._rng
        if not needed and rng.random() < 0.4:
            return ""
        kinds: list[Callable[[], str]] = [
            lambda: f"sh:targetClass {rng.choice(CLASSES)}",
            lambda: f"sh:targetClass {', '.join(rng.sample(CLASSES, 2))}",
            lambda: f"sh:targetSubjectsOf {rng.choice(PREDICATES)}",
            lambda: f"sh:targetObjectsOf {rng.choice(PREDICATES)}",
            lambda: f"sh:targetNode {rng.choice([*NODES, 'ex:absent', *LITERALS])}",
            lambda: "sh:targetNode ex:n0",
        ]
        return " ; ".join(pick() for pick in rng.sample(kinds, rng.choice([1, 1, 2]))) + " ;"

    def _body(self, is_property: bool, depth: int, known: list[str]) -> str:
        rng = self._rng
        parts = []
        if is_property:
            parts.append(f"sh:path {self._path(0)}")
        count = rng.choice([1, 1, 2, 2, 3]) if depth < 3 else 1
        makers = self._leaves(is_property)
        if depth < 3:
            makers += self._inner(is_property, depth, known) * (3 if depth == 0 else 1)
        chosen: dict[str, str] = {}
        for _ in range(count):
            text = rng.choice(makers)()
            if text:
                chosen.setdefault(text.split()[0], text)
        parts += chosen.values()
        if self._queries and rng.random() < (0.6 if depth < 2 else 0.1):
            parts += [self._query(is_property)]
        if rng.random() < 0.1:
            parts.append(f"sh:severity {rng.choice(SEVERITIES)}")
        if rng.random() < 0.05:
            parts.append(f"sh:deactivated {rng.choice(['true', 'true', 'false'])}")
        if rng.random() < 0.1:
            parts.append('sh:message "As it says."')
        return " ; ".join(parts)

    def _query(self, is_property: bool) -> str:
        rng = self._rng
        select = rng.choice(PATH_QUERIES if is_property and rng.random() < 0.5 else QUERIES)
        message = f" ; sh:message {rng.choice(MESSAGES)}" if rng.random() < 0.7 else ""
        off = " ; sh:deactivated true" if rng.random() < 0.05 else ""
        return f'sh:sparql [ sh:select """{select}"""{message}{off} ]'

    def _path(self, depth: int) -> str:
        rng = self._rng
        if depth > 2 or rng.random() < (0.6 if depth == 0 else 0.5):
            return rng.choice(
                [*self._predicates * (6 // len(self._predicates)), "rdf:type", "rdfs:subClassOf"]
            )
        inner = lambda: self._path(depth + 1)  # noqa: E731
        return rng.choice(
            [
                lambda: f"[ sh:inversePath {inner()} ]",
                lambda: f"( {inner()} {inner()} )",
                lambda: f"[ sh:alternativePath ( {inner()} {inner()} ) ]",
                lambda: f"[ sh:zeroOrMorePath {inner()} ]",
                lambda: f"[ sh:oneOrMorePath {inner()} ]",
                lambda: f"[ sh:zeroOrOnePath {inner()} ]",
            ]
        )()

    def _leaves(self, is_property: bool) -> list[Callable[[], str]]:
        rng = self._rng
        value = lambda: rng.choice(self._values)  # noqa: E731
        literal = lambda: rng.choice(LITERALS)  # noqa: E731
        leaves: list[Callable[[], str]] = [
            lambda: f"sh:class {rng.choice(CLASSES)}",
            lambda: f"sh:class {', '.join(rng.sample(CLASSES, 2))}",
            lambda: f"sh:datatype {rng.choice(DATATYPES)}",
            lambda: f"sh:nodeKind {rng.choice(NODE_KINDS)}",
            lambda: f"sh:{rng.choice(['minExclusive', 'minInclusive'])} {literal()}",
            lambda: f"sh:{rng.choice(['maxExclusive', 'maxInclusive'])} {literal()}",
            lambda: f"sh:minLength {rng.choice([0, 1, 2, 3, 20])}",
            lambda: f"sh:maxLength {rng.choice([0, 1, 2, 3, 20])}",
            lambda: f'sh:pattern "{rng.choice(PATTERNS)}"',
            lambda: f'sh:pattern "{rng.choice(PATTERNS)}" ; sh:flags "{rng.choice(FLAGS)}"',
            lambda: f"sh:languageIn ( {rng.choice(LANGUAGES)} )",
            lambda: f"sh:equals {rng.choice(PREDICATES)}",
            lambda: f"sh:disjoint {rng.choice(PREDICATES)}",
            lambda: f"sh:hasValue {value()}",
            lambda: f"sh:in ( {' '.join(value() for _ in range(rng.randint(0, 5)))} )",
        ]
        if is_property:
            leaves += [
                lambda: f"sh:minCount {rng.choice([0, 1, 1, 2, 3])}",
                lambda: f"sh:maxCount {rng.choice([0, 1, 1, 2])}",
                lambda: f"sh:uniqueLang {rng.choice(['true', 'true', 'false'])}",
                lambda: f"sh:lessThan {rng.choice(PREDICATES)}",
                lambda: f"sh:lessThanOrEquals {rng.choice(PREDICATES)}",
            ]
        return leaves

    def _inner(
        self,
        is_property: bool,
        depth: int,
        known: list[str],
        make: Callable[[bool, int, list[str]], str] | None = None,
    ) -> list[Callable[[], str]]:
        rng = self._rng
        body = make or self._body
        nodes = [name for name in known if name in self._node_shapes]
        properties = [name for name in known if name in self._property_shapes]

        def node_shape() -> str:
            if nodes and rng.random() < 0.4:
                return rng.choice(nodes)
            return f"[ {body(False, depth + 1, known)} ]"

        def property_shape() -> str:
            if properties and rng.random() < 0.4:
                return rng.choice(properties)
            return f"[ {body(True, depth + 1, known)} ]"

        def shape() -> str:
            return node_shape() if rng.random() < 0.6 else property_shape()

        def members() -> str:
            return " ".join(shape() for _ in range(rng.choice([1, 2, 2, 3])))

        def closed() -> str:
            own = " ".join(f"[ sh:path {rng.choice(PREDICATES)} ]," for _ in range(2))[:-1]
            ignored = rng.choice(["", " ; sh:ignoredProperties ( rdf:type )"])
            return f"sh:closed {rng.choice(['true', 'true', 'false'])}{ignored} ; sh:property {own}"

        def qualified() -> str:
            bounds = [f"sh:qualifiedMinCount {rng.choice([0, 1, 2])}"]
            bounds.append(f"sh:qualifiedMaxCount {rng.choice([0, 1, 2])}")
            text = f"sh:qualifiedValueShape {shape()} ; "
            return text + " ; ".join(rng.sample(bounds, rng.choice([1, 2])))

        def siblings() -> str:
            one, other = (
                f"[ sh:path {rng.choice(PREDICATES)} ; {qualified()} ;"
                " sh:qualifiedValueShapesDisjoint true ]"
                for _ in range(2)
            )
            return f"sh:property {one} , {other}"

        makers: list[Callable[[], str]] = [
            lambda: f"sh:property {property_shape()}",
            lambda: f"sh:property {property_shape()} , {property_shape()}",
            lambda: f"sh:node {node_shape()}",
            lambda: f"sh:not {shape()}",
            lambda: f"sh:and ( {members()} )",
            lambda: f"sh:or ( {members()} )",
            lambda: f"sh:xone ( {members()} )",
            closed,
            siblings,
        ]
        if is_property:
            makers += [qualified, qualified]
        return makers


def _together(parts: Iterable[str]) -> list[str]:
    """Return parts of a shape, one for each parameter."""
    return list({part.split()[0]: part for part in parts}.values())
