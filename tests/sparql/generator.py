"""Random syntax trees of queries over a small random dataset."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from kg.sparql import tree
from kg.sparql.lexer import Kind, tokens
from kg.sparql.scopes import find_fault
from kg.sparql.words import ARITIES
from kg.terms import RDF, XSD, escape

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
_NODES = ("a", "b", "n-1", "n-2")
_PROPERTIES = ("p", "q", "r")
_VARIABLES = ("x", "y", "z", "w", "u")
_GRAPHS = ("g", "h")
LITERALS = (
    tree.Literal("1", tree.Iri(f"{XSD}integer")),
    tree.Literal("2", tree.Iri(f"{XSD}integer")),
    tree.Literal("-3", tree.Iri(f"{XSD}integer")),
    tree.Literal("2.0", tree.Iri(f"{XSD}decimal")),
    tree.Literal("2.5", tree.Iri(f"{XSD}decimal")),
    tree.Literal("1e0", tree.Iri(f"{XSD}double")),
    tree.Literal("a"),
    tree.Literal("a b\n'c' \"d\" \\"),
    tree.Literal("é", None, "fr"),
    tree.Literal("a", None, "en-GB"),
    tree.Literal("2020-01-31", tree.Name("xsd", "date")),
    tree.Literal("2020-01-31T10:00:00Z", tree.Iri(f"{XSD}dateTime")),
    tree.Literal("true", tree.Iri(f"{XSD}boolean")),
    tree.Literal("x", tree.Name("ex", "type")),
)
# Forms of the same values, values at the edges, and none.
ODD = (
    *LITERALS,
    *(
        tree.Literal(text, tree.Iri(f"{XSD}{name}"))
        for name, texts in {
            "integer": ("01", "+1", "-0", "99999999999999999999", "x", "9007199254740993"),
            "int": ("1", "2"),
            "byte": ("300", "3"),
            "decimal": ("2.50", "02.5", ".5", "1.", "-0.0", "0.1", "123456789012345.678"),
            "double": ("1E0", "0.1", "-0", "NaN", "INF", "9007199254740992", "1e-7", "-2.5"),
            "float": ("0.1", "1", "16777217", "NaN", "-INF", "2.5"),
            "boolean": ("1", "false", "TRUE"),
            "date": ("2020-01-31Z", "2020-02-30", "2020-01-30", "2020-02-01+14:00"),
            "dateTime": (
                *("2020-01-31T11:00:00+01:00", "2020-01-31T10:00:00", "2020-01-31T10:00:00.50Z"),
                *("2020-01-30T23:59:59-05:30", "2020-02-01T24:00:00Z"),
            ),
            "dateTimeStamp": ("2020-01-31T10:00:00Z",),
            "time": ("10:00:00", "11:00:00+01:00", "10:00:00Z", "24:00:00", "23:30:00.50"),
            "duration": ("P1D", "P1M", "PT24H", "P1Y2M3DT4H5M6.70S"),
            "dayTimeDuration": ("P30D", "-PT1H", "PT36H"),
            "yearMonthDuration": ("P1M", "-P1Y", "P14M"),
            "gYear": ("2020", "1999", "2020Z"),
            "gYearMonth": ("2020-02", "2019-12"),
            "gMonth": ("--02",),
            "gMonthDay": ("--02-29", "--01-31"),
            "gDay": ("---31",),
        }.items()
        for text in texts
    ),
    tree.Literal(""),
    tree.Literal("", None, "en"),
    tree.Literal("a", None, "en"),
    tree.Literal("2"),
    tree.Literal("\x01\\u0001"),
    tree.Literal("\U0001f600é\t"),
)
# Functions whose values change from call to call, or are not comparable.
_UNSTEADY = ("RAND", "NOW", "UUID", "STRUUID", "BNODE")
# Those that Oxigraph gives of years and months without days, too.
_OF_TIMES = ("YEAR", "MONTH", "DAY")
_CASTS = ("integer", "decimal", "double", "string", "boolean")
_AGGREGATES = ("COUNT", "SUM", "MIN", "MAX", "AVG", "GROUP_CONCAT", "SAMPLE")


def random_data(
    rng: random.Random, *, tame: bool = False, literals: Sequence[tree.Literal] = LITERALS
) -> str:
    """Return a small dataset as N-Quads; see `Generator` for what is tame."""
    literals = [each for each in literals if _is_tame(each) or not tame]
    lines = []
    for _ in range(rng.randint(12, 36)):
        subject, verb = rng.choice(_NODES), rng.choice(_PROPERTIES)
        if rng.random() < 0.5:
            object_ = f"<{EX}{rng.choice(_NODES)}>"
        else:
            object_ = _n_triples(rng.choice(literals))
        graph = f" <{EX}{rng.choice(_GRAPHS)}>" if rng.random() < 0.25 else ""
        lines.append(f"<{EX}{subject}> <{EX}{verb}> {object_}{graph} .")
    return "\n".join(lines)


def _n_triples(literal: tree.Literal) -> str:
    text = escape(literal.lexical)
    if literal.language:
        return f'"{text}"@{literal.language}'
    if literal.datatype is None:
        return f'"{text}"'
    if isinstance(literal.datatype, tree.Iri):
        return f'"{text}"^^<{literal.datatype.text}>'
    return f'"{text}"^^<{PREFIXES[literal.datatype.prefix]}{literal.datatype.local}>'


def _is_tame(literal: tree.Literal) -> bool:
    """Tell whether Oxigraph keeps a literal's form, and always compares it alike."""
    return literal.language is None and literal.lexical not in ("2.0", "1e0", "x")


class Generator:
    """Makes trees of queries that keep to all rules.

    Args:
        rng: Where chance comes from.
        steady: Whether answers are the same each time, and SPARQL 1.1's alone.
        deep: How deep groups and expressions go.
        tame: Whether what is known to be answered otherwise by Oxigraph is left out; see
            `tests.sparql.differences`.
        literals: What constants are chosen from.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        steady: bool = True,
        deep: int = 3,
        tame: bool = False,
        literals: Sequence[tree.Literal] = LITERALS,
    ) -> None:
        self.rng = rng
        self.literals = literals
        self.steady = steady
        self.deep = deep
        self.tame = tame
        self._fresh = 0
        # Whether a group of EXISTS is made, or one of GRAPH.
        self._in_exists = False
        self._in_graph = False

    def query(self) -> tree.Query:
        """Return a query that breaks no rule."""
        while True:
            self._fresh = 0
            query = tree.Query(self._prologue(), self._form())
            if find_fault(query) is None:
                return query

    def one(self, *ways: Callable[[], Any]) -> Any:
        return self.rng.choice(ways)()

    def some(self, make: Callable[[], Any], most: int, least: int = 1) -> tuple[Any, ...]:
        return tuple(make() for _ in range(self.rng.randint(least, most)))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def new(self) -> tree.Variable:
        self._fresh += 1
        return tree.Variable(f"v{self._fresh}")

    # -- forms -------------------------------------------------------------------------------

    def _prologue(self) -> tuple[Any, ...]:
        found: list[Any] = [tree.Prefix(name, tree.Iri(iri)) for name, iri in PREFIXES.items()]
        if self.chance(0.2):
            found.insert(0, tree.Base(tree.Iri(EX)))
        return tuple(found)

    def _form(self) -> Any:
        roll = self.rng.random()
        if roll < 0.7:
            return self.select(self.deep)
        where, values = self.group(self.deep), self._tail_values()
        if roll < 0.8:
            return tree.Ask((), where, tree.PLAIN, values)
        if roll < 0.95:
            template = self.some(lambda: self._triples(template=True), 2, 0)
            return tree.Construct(template, (), where, self._slice(), values)
        targets = self.some(lambda: self.one(self.variable, self.iri), 2)
        return tree.Describe(tuple(dict.fromkeys(targets)), (), where, tree.PLAIN, values)

    def select(self, deep: int) -> tree.Select:
        where = self.group(deep)
        modifier = self.rng.choice(("", "", "DISTINCT", *([] if self.tame else ["REDUCED"])))
        values = self._tail_values()
        if self.chance(0.3):
            return self._grouped(where, modifier, values)
        items: tuple[Any, ...] | None = None
        if self.chance(0.6):
            named = dict.fromkeys(self.some(self.variable, 3))
            extra = self.some(lambda: tree.As(self.expression(2), self.new()), 2, 0)
            items = (*named, *extra)
        return tree.Select(modifier, items, (), where, self._slice(), values)

    def _grouped(self, where: Any, modifier: Any, values: Any) -> tree.Select:
        keys = list(dict.fromkeys(self.some(self.variable, 2, 0)))
        items: list[Any] = [key for key in keys if self.chance(0.8)]
        groups: list[Any] = list(keys)
        if self.chance(0.3):
            named = tree.As(tree.Call("STR", (self.variable(),)), self.new())
            groups.append(named)
            items.append(named.variable)
        items += self.some(lambda: tree.As(self.aggregate(), self.new()), 2)
        having = (self._comparison(self.aggregate()),) if self.chance(0.3) else ()
        order = (tree.Order(self.aggregate(), self.chance(0.5)),) if self.chance(0.2) else ()
        modifiers = tree.Modifiers(tuple(groups), having, order)
        plain = modifiers == tree.PLAIN
        return tree.Select(
            modifier, tuple(items), (), where, tree.PLAIN if plain else modifiers, values
        )

    def _comparison(self, left: Any) -> tree.Operation:
        sign = self.rng.choice(("=", "!=", "<", ">", "<=", ">="))
        right = self.literal()
        if self.tame and right.lexical == "true":  # Oxigraph has no order of truth values
            sign = "="
        return tree.Operation(left, ((sign, right),))

    def _slice(self) -> tree.Modifiers:
        order = self.some(lambda: tree.Order(self.expression(1), self.chance(0.4)), 2, 0)
        limit = self.rng.randint(0, 5) if self.chance(0.15) and not self.steady else None
        offset = self.rng.randint(0, 2) if self.chance(0.1) and not self.steady else None
        return tree.Modifiers((), (), order, limit, offset)

    def _tail_values(self) -> tree.Values | None:
        return self.values() if self.chance(0.1) else None

    # -- patterns ----------------------------------------------------------------------------

    def group(self, deep: int) -> Any:
        if deep < self.deep and not (self.tame and self._in_graph) and self.chance(0.12):
            return self.select(deep - 1)
        return tree.Group(self.some(lambda: self.element(deep), 3, 0 if self.chance(0.1) else 1))

    def element(self, deep: int) -> Any:
        if deep <= 0 or self.chance(0.45):
            return self._triples()
        ways: list[Callable[[], Any]] = [
            lambda: tree.Optional(self.group(deep - 1)),
            lambda: tree.Optional(self.group(deep - 1)),
            lambda: tree.Union(self.some(lambda: self.group(deep - 1), 3, 2)),
            lambda: self.group(deep - 1),
            lambda: self._graph(deep),
            lambda: tree.Filter(self.expression(2, deep)),
            lambda: tree.Filter(tree.Operation(self.variable(), (("!=", self.term()),))),
            lambda: tree.Bind(self.expression(2, deep), self.new()),
            self.values,
        ]
        if not self.steady:
            ways.append(lambda: tree.Lateral(self.group(deep - 1)))
        if not (self.tame and (self._in_exists or self._in_graph)):
            ways.append(lambda: tree.Minus(self.group(deep - 1)))
        return self.one(*ways)

    def _graph(self, deep: int) -> tree.GraphGroup:
        before, self._in_graph = self._in_graph, True
        name = self.one(
            self.new if self.tame else self.variable,
            lambda: tree.Name("ex", self.rng.choice(_GRAPHS)),
        )
        inner = self.group(deep - 1)
        if self.tame:
            inner = tree.Group((self._triples(), *inner.elements))
        found = tree.GraphGroup(name, inner)
        self._in_graph = before
        return found

    def _exists(self, deep: int) -> tree.Exists:
        before, self._in_exists = self._in_exists, True
        found = tree.Exists(self.group(deep - 1), self.chance(0.5))
        self._in_exists = before
        return found

    def values(self) -> tree.Values:
        variables = list(dict.fromkeys(self.some(self.variable, 2, 0 if self.chance(0.05) else 1)))

        def data() -> Any:
            return tree.Undef() if self.chance(0.15) else self.one(self.iri, self.literal)

        rows = self.some(lambda: tuple(data() for _ in variables), 3, 0 if self.chance(0.1) else 1)
        return tree.Values(tuple(variables), rows, len(variables) != 1 or self.chance(0.2))

    # -- triples -----------------------------------------------------------------------------

    def _triples(self, *, template: bool = False) -> tree.Triples:
        subject = self.iri() if self.chance(0.15) else self.variable()
        roll = self.rng.random()
        # Oxigraph reads some groups of EXISTS twice, and refuses a label that it met before.
        if roll < 0.08 and not self._in_exists:
            self._fresh += 1
            subject = tree.Blank(f"b{self._fresh}")
        elif roll < 0.14:
            subject = tree.BlankNodePropertyList(self._properties(template, 1))
            if subject.properties and self.chance(0.4):
                return tree.Triples(subject)
        elif roll < 0.15:
            subject = tree.Collection(self.some(self.term, 2))
        elif roll < 0.2 and not self.steady:
            subject = self._reified()
        simple = template or not isinstance(subject, tree.Variable)
        return tree.Triples(subject, self._properties(template, 2, simple=simple))

    def _properties(
        self, template: bool, deep: int, *, simple: bool = False
    ) -> tuple[tree.Property, ...]:
        def one() -> tree.Property:
            with_path = not (template or (self.tame and simple)) and self.chance(0.3)
            verb = self.path(2) if with_path else self._simple_verb()
            if self.tame and with_path:
                return tree.Property(verb, (self.variable(),))
            most = 2 if self.chance(0.15) else 1
            objects = self.some(lambda: self._object(template, verb, deep), most)
            return tree.Property(verb, objects)

        return self.some(one, 2 if self.chance(0.3) else 1)

    def _object(self, template: bool, verb: Any, deep: int) -> Any:
        roll = self.rng.random()
        simple = isinstance(verb, tree.Variable | tree.Iri | tree.Name)
        if not simple and not self.steady:
            return self.term()
        if roll < 0.05 and deep:
            return tree.BlankNodePropertyList(self._properties(template, deep - 1))
        if roll < 0.07:
            return tree.BlankNodePropertyList()
        if roll < 0.09:
            return tree.Collection(self.some(self.term, 2, 0))
        if self.steady or roll < 0.8:
            return self.term()
        if roll < 0.85:
            return tree.TripleTerm(self.variable(), self._simple_verb(), self.term())
        if roll < 0.9:
            return self._reified()
        notes = self.some(
            lambda: self.one(
                lambda: tree.Reifier(self.one(self.variable, self.iri, lambda: None)),
                lambda: tree.AnnotationBlock(self._properties(template, 0)),
            ),
            2,
        )
        return tree.Annotated(self.term(), notes)

    def _reified(self) -> tree.ReifiedTriple:
        reifier = self.one(lambda: None, lambda: tree.Reifier(self.one(self.variable, self.iri)))
        subject = self.one(self.variable, self.iri)
        return tree.ReifiedTriple(subject, self._simple_verb(), self.term(), reifier)

    def _simple_verb(self) -> Any:
        return self.variable() if self.chance(0.15) else self.property()

    def property(self) -> Any:
        if self.chance(0.05):
            return tree.Iri(f"{RDF}type")
        return tree.Name("ex", self.rng.choice(_PROPERTIES))

    def path(self, deep: int) -> Any:
        if deep <= 0 or self.chance(0.2):
            return self.property()

        def inner() -> Any:
            return self.path(deep - 1)

        def negated() -> tree.PathNegated:
            def part() -> Any:
                return tree.PathInverse(self.property()) if self.chance(0.3) else self.property()

            return tree.PathNegated(self.some(part, 2))

        whole = tree.PathSequence if self.tame else tree.PathAlternative
        return self.one(
            lambda: tree.PathSequence(self.some(inner, 3, 2)),
            lambda: whole(self.some(inner, 3, 2)),
            lambda: tree.PathInverse(inner()),
            lambda: tree.PathRepeat(inner(), self.rng.choice(("*", "+", "?"))),
            *([] if self.tame else [negated]),
        )

    # -- terms and expressions ---------------------------------------------------------------

    def variable(self) -> tree.Variable:
        return tree.Variable(self.rng.choice(_VARIABLES))

    def iri(self) -> Any:
        local = self.rng.choice(_NODES)
        return self.one(
            lambda: tree.Name("ex", local),
            lambda: tree.Name("ex", local),
            lambda: tree.Iri(f"{EX}{local}"),
        )

    def literal(self) -> tree.Literal:
        found = self.rng.choice(self.literals)
        return found if _is_tame(found) or not self.tame else self.literal()

    def term(self) -> Any:
        return self.variable() if self.chance(0.85) else self.one(self.iri, self.literal)

    def aggregate(self) -> tree.Aggregate:
        function = self.rng.choice(_AGGREGATES[: 5 if self.tame else 6 if self.steady else 7])
        distinct = self.chance(0.3)
        if function == "COUNT" and self.chance(0.5):
            return tree.Aggregate(function, None, distinct)
        if self.tame and function == "COUNT":
            return tree.Aggregate(function, self.variable(), distinct)
        if self.tame and function in ("MIN", "MAX"):  # of one kind, which has one order
            text = tree.Call("STR", (self.variable(),))
            return tree.Aggregate(function, tree.Call("STRLEN", (text,)), distinct)
        separator = ", " if function == "GROUP_CONCAT" and self.chance(0.5) else None
        return tree.Aggregate(function, self.expression(1), distinct, separator)

    def expression(self, deep: int, groups: int = 0) -> Any:
        if deep <= 0 or self.chance(0.2):
            return self.one(self.variable, self.variable, self.literal, self.iri)

        def inner() -> Any:
            return self.expression(deep - 1, groups)

        def operation() -> tree.Operation:
            signs = self.rng.choice((("||",), ("&&",), ("+", "-"), ("*", "/")))
            rest = self.some(lambda: (self.rng.choice(signs), inner()), 2)
            return tree.Operation(inner(), rest)

        # Oxigraph has an order of IRIs.
        signs = ("=", "!=" if self.tame else "<")
        ways: list[Callable[[], Any]] = [
            operation,
            operation,
            lambda: self._comparison(inner()),
            lambda: tree.Operation(inner(), ((self.rng.choice(signs), inner()),)),
            lambda: tree.Unary(self.rng.choice(("!", "-", "+")), inner()),
            lambda: tree.In(inner(), self.some(inner, 2, int(self.tame)), self.chance(0.5)),
            lambda: self._call(inner),
            lambda: self._call(inner),
            lambda: tree.FunctionCall(tree.Name("xsd", self.rng.choice(_CASTS)), (inner(),)),
        ]
        if groups > 0:
            ways.append(lambda: self._exists(groups))
        if not self.steady:
            ways.append(lambda: tree.TripleTerm(self.variable(), self.property(), self.term()))
        return self.one(*ways)

    def _call(self, inner: Callable[[], Any]) -> tree.Call:
        names = list(ARITIES)
        if self.steady:
            names = [name for name in names[: names.index("LANGDIR")] if name not in _UNSTEADY]
        if self.tame:
            names = [name for name in names if name not in _OF_TIMES]
        name = self.rng.choice(names)
        if name == "BOUND":
            return tree.Call(name, (self.variable(),))
        least, most = ARITIES[name]
        return tree.Call(name, self.some(inner, min(most, 3), least))


def noisy(text: str, rng: random.Random) -> str:
    """Return a query with other blanks, comments, cases of letters and marks of variables."""
    pieces: list[str] = []
    before, end = "", 0
    for token in tokens(text):
        piece = token.text
        if token.kind is Kind.WORD and piece not in ("a", "true", "false"):
            piece = rng.choice((piece, piece.lower(), piece.upper(), piece.title()))
        elif token.kind is Kind.VARIABLE:
            piece = rng.choice("?$") + piece[1:]
        tight = (before[-1:] in "({,;" or piece in "),};") and before != "<<" and piece != ")>>"
        gaps = (" ", " ", "\n", "\t  ", " # SELECT }\n", "\r\n", *([""] if tight else []))
        # A sign is part of the number that follows it at once. Oxigraph takes no blank behind
        # COALESCE and CONCAT, and () and [] hold no comment.
        signed = token.kind is Kind.NUMBER and end == token.start and before in ("+", "-")
        together = (
            signed or before.upper() in ("COALESCE", "CONCAT") or before + piece in ("()", "[]")
        )
        pieces += ["" if together else rng.choice(gaps), piece]
        before, end = piece, token.end
    return "".join(pieces)
