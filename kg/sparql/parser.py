"""The parser: tokens of a query become its syntax tree, or a mistake with its place.

It reads SPARQL 1.1, and what Oxigraph has beside it: triple terms and other parts of SPARQL 1.2,
and LATERAL. Rules beside the grammar, such as scopes, are those of `kg.sparql.scopes`.

Spec: https://www.w3.org/TR/sparql12-query/#sparqlGrammar
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast
from typing import Literal as OneOf

from kg.sparql.expression_parser import ExpressionParser
from kg.sparql.lexer import Kind, Token, string_value
from kg.sparql.term_parser import PATTERNS
from kg.sparql.tree import (
    NOWHERE,
    PLAIN,
    As,
    Ask,
    Base,
    Bind,
    Construct,
    Dataset,
    DataTerm,
    Describe,
    Element,
    Expression,
    Filter,
    GraphGroup,
    Group,
    Iri,
    Lateral,
    Minus,
    Modifiers,
    Name,
    Optional,
    Order,
    Prefix,
    Query,
    Select,
    Service,
    Span,
    Triples,
    Union,
    Values,
    Variable,
    Version,
)
from kg.sparql.words import AGGREGATES, FUNCTIONS

_MODIFIERS: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
_FORMS: Final = ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK")
_CALLED: Final = (*FUNCTIONS, *AGGREGATES, "EXISTS", "NOT")
# Digits of a number of LIMIT and OFFSET, at most.
_DIGITS: Final = 18


def parse(found: Sequence[Token]) -> Query:
    """Return the tree of a query.

    Args:
        found: Its tokens, without comments.

    Raises:
        Stop: They leave the grammar.
        RecursionError: They nest too deep.
    """
    return _Parser(found).unit()


class _Parser(ExpressionParser):
    """Reads one construct of the grammar with each method, and stops at the first mistake."""

    # -- query forms -------------------------------------------------------------------------

    def unit(self) -> Query:
        start = self.here
        prologue = self.prologue()
        begun = self.here
        body: Select | Ask | Construct | Describe
        if self.take_word("SELECT"):
            body = self.select(begun)
        elif self.take_word("CONSTRUCT"):
            body = self.construct(begun)
        elif self.take_word("DESCRIBE"):
            body = self.describe(begun)
        elif self.take_word("ASK"):
            datasets, where = self.datasets(), self.where()
            modifiers, values = self.tail()
            body = Ask(datasets, where, modifiers, values, span=self.since(begun))
        else:
            self.fail(
                "SELECT, ASK, CONSTRUCT or DESCRIBE", (*_FORMS, "PREFIX", "BASE"), context="form"
            )
        if self.token is not None:
            self.fail("the end", _MODIFIERS, "end")
        return Query(prologue, body, span=self.since(start))

    def prologue(self) -> tuple[Prefix | Base | Version, ...]:
        found: list[Prefix | Base | Version] = []
        while True:
            start = self.here
            if self.take_word("VERSION"):
                text = string_value(self.need_kind("a version in quotes", Kind.STRING).text)
                found.append(Version(text, span=self.since(start)))
            elif self.take_word("PREFIX"):
                token = self.token
                if token is None or token.text.find(":") != len(token.text) - 1:
                    self.fail("a prefix such as ex:", context="prefix")
                self.at += 1
                iri = self._declared_iri()
                found.append(Prefix(token.text[:-1], iri, span=self.since(start)))
            elif self.take_word("BASE"):
                found.append(Base(self._declared_iri(), span=self.since(start)))
            else:
                return tuple(found)

    def _declared_iri(self) -> Iri:
        if not self.is_kind(Kind.IRI):
            self.fail("an IRI in <>", context="prefix")
        return cast(Iri, self.iri("an IRI in <>"))

    def select(self, start: int, *, inner: bool = False) -> Select:
        modifier: OneOf["", "DISTINCT", "REDUCED"] = ""
        if self.take_word("DISTINCT", "REDUCED"):
            modifier = cast(OneOf["DISTINCT", "REDUCED"], self.taken().text.upper())
        items: tuple[Variable | As, ...] | None = None
        begun, star = self.here, NOWHERE
        if self.take_mark("*"):
            star = self.since(begun)
        else:
            items = self._selected()
        datasets = () if inner else self.datasets()
        where = self.where("select")
        modifiers, values = self.tail()
        span = self.since(start)
        return Select(modifier, items, datasets, where, modifiers, values, star, span=span)

    def _selected(self) -> tuple[Variable | As, ...]:
        found: list[Variable | As] = []
        while self.is_kind(Kind.VARIABLE) or self.is_mark("("):
            start = self.here
            if self.is_kind(Kind.VARIABLE):
                found.append(self.variable())
                continue
            self.take_mark("(")
            expression = self.expression()
            self.need_word("AS", "select expression")
            variable = self.variable()
            self.need_mark(")")
            found.append(As(expression, variable, span=self.since(start)))
        if not found:
            self.fail("variables or *", ("DISTINCT",), "select")
        return tuple(found)

    def construct(self, start: int) -> Construct:
        template: tuple[Triples, ...] | None = None
        where: Group | Select
        if self.is_mark("{"):
            template, _ = self._template()
            datasets = self.datasets()
            where = self.where()
        else:
            datasets = self.datasets()
            self.need_word("WHERE")
            triples, span = self._template()
            where = Group(triples, span=span)
        modifiers, values = self.tail()
        return Construct(template, datasets, where, modifiers, values, span=self.since(start))

    def _template(self) -> tuple[tuple[Triples, ...], Span]:
        start = self.here
        self.need_mark("{")
        self.in_template = True
        found = self.triples(end=("}",))
        self.in_template = False
        self.need_mark("}")
        return tuple(found), self.since(start)

    def describe(self, start: int) -> Describe:
        targets: tuple[Variable | Iri | Name, ...] | None = None
        if not self.take_mark("*"):
            found = [self.iri_or_variable("an IRI, a variable or *")]
            while self.is_kind(Kind.IRI, Kind.NAME, Kind.VARIABLE):
                found.append(self.iri_or_variable(""))
            targets = tuple(found)
        datasets = self.datasets()
        where = self.where() if self.is_word("WHERE") or self.is_mark("{") else None
        modifiers, values = self.tail()
        return Describe(targets, datasets, where, modifiers, values, span=self.since(start))

    def datasets(self) -> tuple[Dataset, ...]:
        found: list[Dataset] = []
        while self.is_word("FROM"):
            start = self.here
            self.at += 1
            named = self.take_word("NAMED")
            graph = self.iri("an IRI", "from")
            found.append(Dataset(graph, named, span=self.since(start)))
        return tuple(found)

    def where(self, context: str = "") -> Group | Select:
        self.take_word("WHERE")
        if not self.is_mark("{"):
            self.fail("{", ("WHERE", "FROM"), context)
        return self.group()

    # -- what is behind the pattern ------------------------------------------------------

    def tail(self) -> tuple[Modifiers, Values | None]:
        start = self.here
        group: tuple[Expression | As, ...] = ()
        having: tuple[Expression, ...] = ()
        order: tuple[Order, ...] = ()
        if self.take_word("GROUP"):
            self.need_word("BY")
            group = self._group_keys()
        if self.take_word("HAVING"):
            having = self._conditions()
        if self.take_word("ORDER"):
            self.need_word("BY")
            order = self._order_keys()
        slices: dict[str, int] = {}
        while self.is_word(*({"LIMIT", "OFFSET"} - set(slices))):
            self.at += 1
            word = self.taken().text.upper()
            token = self.token
            if token is None or not token.text.isdecimal() or len(token.text) > _DIGITS:
                self.fail("a number")
            slices[word] = int(token.text)
            self.at += 1
        modifiers = PLAIN
        if group or having or order or slices:
            limit, offset = slices.get("LIMIT"), slices.get("OFFSET")
            modifiers = Modifiers(group, having, order, limit, offset, span=self.since(start))
        return modifiers, self.values() if self.is_word("VALUES") else None

    def _group_keys(self) -> tuple[Expression | As, ...]:
        found: list[Expression | As] = []
        while True:
            start = self.here
            if self.take_mark("("):
                expression = self.expression()
                variable = self.variable() if self.take_word("AS") else None
                self.need_mark(")")
                key = As(expression, variable, span=self.since(start)) if variable else expression
                found.append(key)
            elif self.is_kind(Kind.VARIABLE):
                found.append(self.variable())
            elif self._starts_call():
                found.append(self._call())
            else:
                break
        return tuple(found) or self._fail_condition()

    def _conditions(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self.is_mark("(") or self._starts_call():
            found.append(self.bracketed() if self.is_mark("(") else self._call())
        return tuple(found) or self._fail_condition()

    def _order_keys(self) -> tuple[Order, ...]:
        found: list[Order] = []
        while True:
            start = self.here
            if self.take_word("ASC", "DESC"):
                descending = self.taken().is_word("DESC")
                expression = self.bracketed()
                found.append(Order(expression, descending, span=self.since(start)))
                continue
            if self.is_kind(Kind.VARIABLE):
                key: Expression = self.variable()
            elif self.is_mark("("):
                key = self.bracketed()
            elif self._starts_call():
                key = self._call()
            else:
                break
            found.append(Order(key, span=self.since(start)))
        return tuple(found) or self._fail_condition()

    def _fail_condition(self) -> tuple[()]:
        self.fail("a variable or an expression in ()", ("ASC", "DESC"))

    def _starts_call(self) -> bool:
        return self.is_kind(Kind.IRI, Kind.NAME) or self.is_word(*_CALLED)

    def _call(self) -> Expression:
        """Read a call of a function, of an aggregate or EXISTS, without brackets around it."""
        if self.is_kind(Kind.WORD):
            return self.called()
        found = self.primary()
        if isinstance(found, Iri | Name):
            self.fail("(", context="arguments")
        return found

    # -- patterns ----------------------------------------------------------------------------

    def group(self) -> Group | Select:
        """Read a group in braces; a SELECT in it stands for the whole."""
        start = self.here
        self.need_mark("{")
        begun = self.here
        if self.take_word("SELECT"):
            select = self.select(begun, inner=True)
            self.need_mark("}", "pattern")
            return select
        elements: list[Element] = []
        while not self.take_mark("}"):
            if self.is_mark("{") or self.is_word(*PATTERNS):
                elements.append(self.pattern())
                self.take_mark(".")
            elif self.starts_term():
                elements += self.triples(end=("}", "{"))
            else:
                self.fail("a triple, } or a keyword such as OPTIONAL", PATTERNS, "pattern")
        return Group(tuple(elements), span=self.since(start))

    def pattern(self) -> Element:
        start = self.here
        if self.is_mark("{"):
            return self._union(start)
        if self.is_word("VALUES"):
            return self.values()
        self.at += 1
        word = self.taken().text.upper()
        if word == "OPTIONAL":
            return Optional(self.group(), span=self.since(start))
        if word == "MINUS":
            return Minus(self.group(), span=self.since(start))
        if word == "LATERAL":
            return Lateral(self.group(), span=self.since(start))
        if word == "GRAPH":
            name = self.iri_or_variable("an IRI or a variable")
            return GraphGroup(name, self.group(), span=self.since(start))
        if word == "SERVICE":
            silent = self.take_word("SILENT")
            name = self.iri_or_variable("an IRI or a variable")
            return Service(name, self.group(), silent, span=self.since(start))
        if word == "FILTER":
            return Filter(self._constraint(), span=self.since(start))
        self.need_mark("(")
        expression = self.expression()
        self.need_word("AS", "bind")
        variable = self.variable()
        self.need_mark(")")
        return Bind(expression, variable, span=self.since(start))

    def _union(self, start: int) -> Group | Select | Union:
        groups = [self.group()]
        while self.take_word("UNION"):
            groups.append(self.group())
        return Union(tuple(groups), span=self.since(start)) if groups[1:] else groups[0]

    def _constraint(self) -> Expression:
        if self._starts_call():
            return self._call()
        if not self.is_mark("("):
            self.fail("a condition in ()", FUNCTIONS, "filter")
        return self.bracketed()

    def values(self) -> Values:
        """Read ``VALUES`` with its variables and rows."""
        start = self.here
        self.need_word("VALUES")
        rows: list[tuple[DataTerm, ...]] = []
        bracketed = not self.is_kind(Kind.VARIABLE)
        if not bracketed:
            variables = [self.variable()]
            self.need_mark("{", "values")
            while not self.is_mark("}"):
                rows.append((self.data(),))
        else:
            self.need_mark("(", "values")
            variables = []
            while self.is_kind(Kind.VARIABLE):
                variables.append(self.variable())
            self.need_mark(")", "values")
            self.need_mark("{", "values")
            while self.take_mark("("):
                rows.append(tuple(self.data() for _ in variables))
                if not self.take_mark(")"):
                    self.fail(f") after {len(variables)} values", context="values")
        self.need_mark("}", "values")
        return Values(tuple(variables), tuple(rows), bracketed, span=self.since(start))
