"""The grammar of SPARQL queries, walked over tokens: where a text leaves it, and its patterns.

No engine is given a text that leaves the grammar here; what follows it and is still no query
(arities, scopes of variables) the engine refuses. The walk also lists the triple patterns, and
the functions that are called by an IRI.

Spec: https://www.w3.org/TR/sparql12-query/#sparqlGrammar
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kg.sparql.cursor import Cursor, Mistake, Stop, TriplePattern
from kg.sparql.lexer import Kind, Token
from kg.sparql.words import AGGREGATES, FUNCTIONS

_PATTERNS: Final = (
    "OPTIONAL", "GRAPH", "SERVICE", "FILTER", "BIND", "VALUES", "MINUS", "LATERAL",
)  # fmt: skip
_MODIFIERS: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
_TERMS: Final = (Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.STRING, Kind.NUMBER, Kind.BLANK)
_OPERATORS: Final = ("||", "&&", "=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/")


def find_mistake(found: Sequence[Token]) -> Mistake | None:
    """Return where tokens, without comments, leave the grammar of queries, or None.

    Raises:
        RecursionError: They nest too deep to be walked.
    """
    try:
        _Walker(found).unit()
    except Stop as stop:
        return stop.mistake
    return None


def called_functions(found: Sequence[Token]) -> list[Token]:
    """Return the IRIs and names by which functions are called in a query, in their order.

    Args:
        found: The tokens of a query that keeps to the grammar, without comments.
    """
    walker = _Walker(found)
    walker.unit()
    return walker.calls


def triple_patterns(found: Sequence[Token]) -> list[TriplePattern]:
    """Return the triple patterns of a query's tokens, without comments, in their order."""
    walker = _Walker(found)
    try:
        walker.unit()
    except (Stop, RecursionError):
        return []
    return walker.patterns


class _Walker(Cursor):
    """Reads one construct of the grammar with each method, and stops at the first mistake."""

    def __init__(self, found: Sequence[Token]) -> None:
        super().__init__(found)
        self.patterns: list[TriplePattern] = []
        self.calls: list[Token] = []
        self.in_template = False
        self.graph: Token | None = None

    # -- query forms -------------------------------------------------------------------------

    def unit(self) -> None:
        self.prologue()
        forms: dict[str, Callable[[], None]] = {
            "SELECT": self.select,
            "CONSTRUCT": self.construct,
            "DESCRIBE": self.describe,
            "ASK": self.ask,
        }
        for word, read in forms.items():
            if self.take_word(word):
                read()
                break
        else:
            self.fail("SELECT, ASK, CONSTRUCT or DESCRIBE", (*forms, "PREFIX", "BASE"), "form")
        if self.token is not None:
            self.fail("the end", _MODIFIERS, "end")

    def prologue(self) -> None:
        while self.is_word("PREFIX", "BASE", "VERSION"):
            word = self.token.text.upper() if self.token else ""
            self.at += 1
            if word == "VERSION":
                self.need_kind("a version in quotes", Kind.STRING)
                continue
            if word == "PREFIX":
                if self.token is None or not (
                    self.token.kind is Kind.NAME and self.token.text.endswith(":")
                ):
                    self.fail("a prefix such as ex:", context="prefix")
                self.at += 1
            self.need_kind("an IRI in <>", Kind.IRI, context="prefix")

    def select(self) -> None:
        self.take_word("DISTINCT", "REDUCED")
        if not self.take_mark("*"):
            count = 0
            while self.is_kind(Kind.VARIABLE) or self.is_mark("("):
                self.selected("select expression")
                count += 1
            if not count:
                self.fail("variables or *", ("DISTINCT",), "select")
        self.datasets()
        self.where("select")
        self.modifiers()

    def selected(self, context: str) -> None:
        if self.take_kind(Kind.VARIABLE):
            return
        self.need_mark("(")
        self.expression()
        self.need_word("AS", context)
        self.need_kind("a variable", Kind.VARIABLE)
        self.need_mark(")")

    def construct(self) -> None:
        if self.is_mark("{"):
            self.take_mark("{")
            self.in_template = True
            self.triples(end=("}",))
            self.in_template = False
            self.need_mark("}")
            self.datasets()
            self.where()
        else:
            self.datasets()
            self.need_word("WHERE")
            self.group()
        self.modifiers()

    def describe(self) -> None:
        if not self.take_mark("*"):
            self.need_kind("an IRI, a variable or *", Kind.IRI, Kind.NAME, Kind.VARIABLE)
            while self.take_kind(Kind.IRI, Kind.NAME, Kind.VARIABLE):
                pass
        self.datasets()
        if self.is_word("WHERE") or self.is_mark("{"):
            self.where()
        self.modifiers()

    def ask(self) -> None:
        self.datasets()
        self.where()
        self.modifiers()

    def datasets(self) -> None:
        while self.take_word("FROM"):
            self.take_word("NAMED")
            self.need_kind("an IRI", Kind.IRI, Kind.NAME, context="from")

    def where(self, context: str = "") -> None:
        self.take_word("WHERE")
        if not self.is_mark("{"):
            self.fail("{", ("WHERE", "FROM"), context)
        self.group()

    def modifiers(self) -> None:
        if self.take_word("GROUP"):
            self.need_word("BY")
            self.conditions(grouping=True)
        if self.take_word("HAVING"):
            self.conditions(grouping=False)
        if self.take_word("ORDER"):
            self.need_word("BY")
            self.conditions(grouping=False, ordering=True)
        for _ in range(2):
            if self.take_word("LIMIT", "OFFSET"):
                self.need_kind("a number", Kind.NUMBER)
        if self.is_word("VALUES"):
            self.values()

    def conditions(self, *, grouping: bool, ordering: bool = False) -> None:
        count = 0
        while True:
            if ordering and self.take_word("ASC", "DESC"):
                self.bracketed()
            elif self.is_mark("("):
                self.take_mark("(")
                self.expression()
                if grouping and self.take_word("AS"):
                    self.need_kind("a variable", Kind.VARIABLE)
                self.need_mark(")")
            elif self.is_kind(Kind.VARIABLE):
                self.at += 1
            elif self.is_kind(Kind.IRI, Kind.NAME) or self.is_word(*FUNCTIONS, *AGGREGATES):
                self.primary()
            else:
                break
            count += 1
        if not count:
            self.fail("a variable or an expression in ()", ("ASC", "DESC"))

    # -- patterns ----------------------------------------------------------------------------

    def group(self) -> None:
        self.need_mark("{")
        if self.take_word("SELECT"):
            self.select()
            self.need_mark("}", "pattern")
            return
        while not self.is_mark("}"):
            if self.is_mark("{") or self.is_word(*_PATTERNS):
                self.pattern()
                self.take_mark(".")
            elif self.starts_term():
                self.triples(end=("}", "{"))
            else:
                self.fail("a triple, } or a keyword such as OPTIONAL", _PATTERNS, "pattern")
        self.take_mark("}")

    def pattern(self) -> None:
        if self.is_mark("{"):
            self.group()
            while self.take_word("UNION"):
                self.group()
        elif self.take_word("OPTIONAL", "MINUS", "LATERAL"):
            self.group()
        elif self.take_word("GRAPH", "SERVICE"):
            self.take_word("SILENT")
            outer, self.graph = self.graph, self.token
            self.need_kind("an IRI or a variable", Kind.IRI, Kind.NAME, Kind.VARIABLE)
            self.group()
            self.graph = outer
        elif self.take_word("FILTER"):
            self.constraint()
        elif self.take_word("BIND"):
            self.need_mark("(")
            self.expression()
            self.need_word("AS", "bind")
            self.need_kind("a variable", Kind.VARIABLE)
            self.need_mark(")")
        else:
            self.values()

    def constraint(self) -> None:
        if self.is_word("EXISTS", "NOT", *FUNCTIONS) or self.is_kind(Kind.IRI, Kind.NAME):
            self.primary()
        elif self.is_mark("("):
            self.bracketed()
        else:
            self.fail("a condition in ()", FUNCTIONS, "filter")

    def values(self) -> None:
        self.need_word("VALUES")
        if self.take_kind(Kind.VARIABLE):
            self.need_mark("{", "values")
            while not self.is_mark("}"):
                self.data()
        else:
            self.need_mark("(", "values")
            start = self.at
            while self.take_kind(Kind.VARIABLE):
                pass
            count = self.at - start
            self.need_mark(")", "values")
            self.need_mark("{", "values")
            while self.take_mark("("):
                for _ in range(count):
                    self.data()
                if not self.take_mark(")"):
                    self.fail(f") after {count} values", context="values")
        self.need_mark("}", "values")

    def data(self) -> None:
        if self.take_word("UNDEF"):
            return
        if self.is_kind(Kind.VARIABLE, Kind.BLANK) or not self.term():
            self.fail("an IRI, a literal or UNDEF", ("UNDEF", "TRUE", "FALSE"), "values")

    # -- triples -----------------------------------------------------------------------------

    def starts_term(self) -> bool:
        signed = self.is_mark("+", "-")
        opens = self.is_mark("[", "(", "<<", "<<(")
        return self.is_kind(*_TERMS) or opens or signed or self.is_boolean()

    def is_boolean(self) -> bool:
        return self.is_word("TRUE", "FALSE")

    def triples(self, end: tuple[str, ...]) -> None:
        while self.starts_term():
            start = self.triple = self.at
            alone = self.is_mark("[", "(", "<<")
            self.node()
            subject = tuple(self.tokens[start : self.at])
            over = self.is_mark(".", *end) or self.is_word(*_PATTERNS)
            if not (alone and len(subject) > 2 and over):
                self.properties(subject, (*end, "."))
            self.triple = None
            if not self.take_mark("."):
                break
        if not self.is_mark(*end) and not (self.is_word(*_PATTERNS) and not self.in_template):
            self.fail(". or }", _PATTERNS, "triple")

    def properties(self, subject: tuple[Token, ...], end: tuple[str, ...]) -> None:
        while True:
            start = self.at
            self.verb()
            verb = tuple(self.tokens[start : self.at])
            self.objects(subject, verb)
            if not self.is_mark(";"):
                break
            while self.take_mark(";"):
                pass
            if self.is_mark(*end) or (self.is_word(*_PATTERNS)) or self.token is None:
                break
        if self.is_mark("]", *end) or self.is_word(*_PATTERNS):
            return
        self.fail(". or ; or , or }", _PATTERNS, "triple")

    def objects(self, subject: tuple[Token, ...], verb: tuple[Token, ...]) -> None:
        while True:
            start = self.at
            if not self.starts_term():
                self.fail("an object", ("TRUE", "FALSE"), "object")
            self.node()
            found = tuple(self.tokens[start : self.at])
            if not self.in_template:
                self.patterns.append(TriplePattern(subject, verb, found, self.graph))
            self.annotations()
            if not self.take_mark(","):
                return

    def annotations(self) -> None:
        """Read what is said of a triple behind its object: names of it, and ``{| |}``."""
        while True:
            start = self.at
            if self.take_mark("~"):
                self.take_kind(Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.BLANK)
            elif self.take_mark("{|"):
                self.properties(tuple(self.tokens[start : self.at]), ("|}",))
                self.need_mark("|}")
            else:
                return

    def node(self) -> None:
        """Read a term, a list in ``( )`` or a blank node with its properties in ``[ ]``."""
        if self.take_mark("["):
            if not self.is_mark("]"):
                self.properties(tuple(self.tokens[self.at - 1 : self.at]), ("]",))
            self.need_mark("]")
        elif self.take_mark("("):
            while self.starts_term():
                self.node()
            self.need_mark(")")
        elif self.take_mark("<<"):
            self.inner_triple()
            self.annotations()
            self.need_mark(">>")
        elif not self.term():
            self.fail("a term", context="triple")

    def inner_triple(self) -> None:
        self.node()
        self.verb()
        self.node()

    def term(self) -> bool:
        if self.take_kind(Kind.STRING):
            if self.take_mark("^^"):
                self.need_kind("a datatype", Kind.IRI, Kind.NAME)
            else:
                self.take_kind(Kind.LANGUAGE)
            return True
        if self.is_mark("+", "-"):
            self.at += 1
            self.need_kind("a number", Kind.NUMBER)
            return True
        if self.take_mark("<<("):
            self.inner_triple()
            self.need_mark(")>>")
            return True
        if self.is_kind(*_TERMS) or self.is_boolean():
            self.at += 1
            return True
        return False

    def verb(self) -> None:
        if self.take_kind(Kind.VARIABLE):
            return
        self.path()

    def path(self) -> None:
        self.path_step()
        while self.take_mark("/", "|"):
            self.path_step()

    def path_step(self) -> None:
        self.take_mark("^")
        if self.take_mark("!"):
            self.take_mark("^")
        if self.take_mark("("):
            if not self.is_mark(")"):
                self.path()
            self.need_mark(")")
        elif not (self.take_kind(Kind.IRI, Kind.NAME) or self.take_a()):
            self.fail("a property", ("a",), "verb")
        self.take_mark("*", "+", "?")

    def take_a(self) -> bool:
        if self.token is not None and self.token.kind is Kind.WORD and self.token.text == "a":
            self.at += 1
            return True
        return False

    # -- expressions -------------------------------------------------------------------------

    def bracketed(self) -> None:
        self.need_mark("(")
        self.expression()
        self.need_mark(")")

    def expression(self) -> None:
        self.operand()
        while True:
            if self.take_mark(*_OPERATORS):
                self.operand()
            elif self.is_word("IN", "NOT"):
                self.take_word("NOT")
                self.need_word("IN")
                self.arguments()
            else:
                return

    def operand(self) -> None:
        while self.take_mark("!", "+", "-"):
            pass
        self.primary()

    def primary(self) -> None:
        if self.is_mark("("):
            self.bracketed()
        elif self.take_word("NOT"):
            self.need_word("EXISTS")
            self.group()
        elif self.take_word("EXISTS"):
            self.group()
        elif self.take_word(*AGGREGATES):
            self.aggregate()
        elif self.take_word(*FUNCTIONS):
            self.arguments()
        elif self.is_kind(Kind.IRI, Kind.NAME):
            self.at += 1
            if self.is_mark("("):
                self.calls.append(self.tokens[self.at - 1])
                self.arguments()
        elif not self.term():
            words = (*FUNCTIONS, *AGGREGATES, "EXISTS", "NOT")
            self.fail("a value, a variable or a function", words, "expression")

    def arguments(self) -> None:
        self.need_mark("(", "arguments")
        self.take_word("DISTINCT")
        if not self.is_mark(")"):
            self.expression()
            while self.take_mark(","):
                self.expression()
        if not self.take_mark(")"):
            self.fail(") or ,", context="expression end")

    def aggregate(self) -> None:
        self.need_mark("(", "arguments")
        self.take_word("DISTINCT")
        if not self.take_mark("*"):
            self.expression()
        if self.take_mark(";"):
            self.need_word("SEPARATOR")
            self.need_mark("=")
            self.need_kind("a separator in quotes", Kind.STRING)
        if not self.take_mark(")"):
            self.fail(")", context="expression end")
