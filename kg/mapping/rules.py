"""Rules: a plan flattened, so that each rule makes statements of one shape.

A rule holds its terms as trees of the nodes below. Their leaves are the expressions of
`kg.mapping.plan`, whose references are columns of the rule's table. Constants, the texts that
terms start with, and what must be checked of values are fields; an engine prints the trees in its
own language, and need not look into what it printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from kg.mapping.calls import chosen_calls, picky, scattered
from kg.mapping.gather import CollectionKind
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    NOWHERE,
    Call,
    Expression,
    LogicalTarget,
    Origin,
    Reference,
    TermType,
    references,
)
from kg.mapping.source_table import Column, SourceTable
from kg.mapping.walk import loosened
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Fixed:
    """A term that is the same for all records, in the form of `kg.terms`."""

    term: str


@dataclass(frozen=True, slots=True)
class Iri:
    """An IRI that no value can spoil, since scheme and authority are fixed and values encoded.

    Attributes:
        prefix: The text that it starts with.
        parts: What follows.
        kind: How values are encoded.
    """

    prefix: str
    parts: tuple[str | Reference, ...]
    kind: TermType


@dataclass(frozen=True, slots=True)
class CheckedIri:
    """An IRI whose text must be looked at.

    Attributes:
        value: Its text, or a relative one.
        kind: How the values of a template are encoded, and what the IRI may hold.
        base: Prepended where the text is not an absolute IRI.
        owner: Name of the triples map that makes it, for messages.
        skips: Whether no term is made of a bad value; otherwise it is an error.
    """

    value: Expression
    kind: TermType
    base: str
    owner: str
    skips: bool = False


@dataclass(frozen=True, slots=True)
class BlankNode:
    """A blank node; the same value gives the same one.

    Attributes:
        value: What it is made of. None: the place of the record.
        scope: Blank nodes of different scopes differ, where they are made of records.
        row: The column of the place, of views whose rows share records.
    """

    value: Expression | None
    scope: str = ""
    row: str = "record"


@dataclass(frozen=True, slots=True)
class Language:
    """A language tag that must be looked at; `owner` and `skips` as for `CheckedIri`."""

    value: Expression
    owner: str
    skips: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a function that a record gives, which must be looked at.

    Attributes:
        value: The name.
        call: The call of the function.
        owner: As for `CheckedIri`.
    """

    value: Expression
    call: Call
    owner: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal. Without language and datatype, it has the natural datatype of its value.

    Attributes:
        value: Its text.
        language: Its language tag.
        datatype: Its datatype.
        turned: Whether a date is turned into a dateTime or back, or an integer into a double, as
            the datatype has it, since the source knows which of them the value is.
        natural: Which datatype it has where that is not said.
    """

    value: Expression
    language: str | Language | None = None
    datatype: Bare | None = None
    turned: bool = False
    natural: Datatypes = Datatypes.NATURAL


@dataclass(frozen=True, slots=True)
class When:
    """A term that is made only of the records where a condition is true."""

    term: Bare
    condition: Call


@dataclass(frozen=True, slots=True)
class Gathered:
    """A collection or container: the term is its head node.

    Attributes:
        head: What names it, so that those of the same name are one. None: each has a blank node of
            its own.
        members: What is gathered.
        kind: What it is gathered as.
        scope: Blank nodes of different scopes differ.
        is_product: Whether there is one for each combination of a term of each member.
        keeps_empty: Whether one without members is made.
    """

    head: Bare | None
    members: tuple[Term | Parent, ...]
    kind: CollectionKind
    scope: str
    is_product: bool = False
    keeps_empty: bool = False


Bare = Fixed | Iri | CheckedIri | BlankNode | Literal | Gathered
Term = Bare | When


@dataclass(frozen=True, slots=True)
class Parent:
    """The subject of another triples map.

    Attributes:
        name: Name of the triples map.
        table: The table of its records.
        subject: The subject, made of such a record.
        keys: Values of the child and of the parent that must be equal. None at all: child and
            parent are the same record.
        condition: What must hold of the child beside that.
        own: The same subject made of the child's values, where these are all that it takes; a
            parent must be there nevertheless.
    """

    name: str
    table: SourceTable
    subject: Term
    keys: tuple[tuple[Expression, Expression], ...] = ()
    condition: Call | None = None
    own: Term | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes the statements of one predicate, object and graph.

    Attributes:
        triples_map: Name of the triples map.
        table: The table of its records.
        graph: None: the default graph.
        targets: Bits of the targets in `Rules.targets` that its statements go to; 0: the default
            output.
    """

    triples_map: str
    table: SourceTable
    subject: Term
    predicate: Term
    object: Term | Parent
    graph: Term | None
    targets: int = 0


@dataclass(frozen=True, slots=True)
class Collection:
    """What makes the statements about the members of collections or containers.

    Attributes:
        triples_map: Name of the triples map.
        number: Number of the triples map, and its own number in it: members of the same
            collection come in this order, those of one triples map record by record.
        table: The table of its records.
        gathered: What is gathered.
        needs: Of each group, one term at least must be there; otherwise no statement has the
            collection.
        graph: None: the default graph.
        targets: As for `Rule`.
    """

    triples_map: str
    number: tuple[int, int]
    table: SourceTable
    gathered: Gathered
    needs: tuple[tuple[Term | Parent, ...], ...]
    graph: Term | None
    targets: int = 0


@dataclass(frozen=True, slots=True)
class Loss:
    """A term that a record may fail to give.

    Attributes:
        what: ``subject``, ``predicate``, ``graph``, or the predicate whose object it is.
        term: The term; of a parent, values that are joined may be missing, or the parent.
        origin: Where the mapping asks for it.
    """

    what: str
    term: Term | Parent
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Crossing:
    """References in one term, or one statement, that may each give several values.

    Attributes:
        columns: Their columns.
        is_template: Whether they are in one template.
    """

    columns: tuple[Column, ...]
    is_template: bool

    @property
    def references(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(column.reference for column in self.columns)


@dataclass(frozen=True, slots=True)
class Losses:
    """What is counted of one triples map: records, and what they fail to give.

    Records that a condition leaves out are not lost.

    Attributes:
        losses: The terms that may be missing.
        typed: Literals of a fixed datatype, whose values may not be of it.
        crossings: References whose values are combined, each with each.
        notes: What the user should know of how the triples map was read.
        is_thing: Whether each record should have a subject of its own.
    """

    losses: tuple[Loss, ...]
    typed: tuple[Term, ...]
    crossings: tuple[Crossing, ...]
    notes: tuple[str, ...]
    is_thing: bool


@dataclass(frozen=True, slots=True)
class MapRules:
    """The rules of one triples map.

    Attributes:
        name: Its name.
        table: The table of its records.
        subject: What makes the subjects of all its rules.
        rules: The rules; those of one object follow one another.
        losses: What is counted of it.
        collections: What makes the statements about members of collections and containers.
        origin: Where the mapping has it.
    """

    name: str
    table: SourceTable
    subject: Term
    rules: tuple[Rule, ...]
    losses: Losses
    collections: tuple[Collection, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What must be looked at, each once: values that may make no valid term."""
        terms: list[Term | Parent | None] = [self.subject]
        for rule in self.rules:
            terms += [rule.object, rule.predicate, rule.graph]
        terms += [loss.term for loss in self.losses.losses]
        found = (check for term in terms for check in self._checks(term))
        return tuple(dict.fromkeys(found))

    def _checks(
        self, term: Term | Parent | None, outer: tuple[Call | None, ...] = ()
    ) -> Iterator[Check]:
        if isinstance(term, Parent):
            yield from self._names((*(side for side, _ in term.keys), term.condition), ())
            # Of a parent with keys the parent's own check tells.
            term = None if term.keys else term.own
        if term is None:
            return
        stated = (condition_of(self.subject), *outer, condition_of(term))
        conditions = tuple(loosened(each) for each in dict.fromkeys(stated) if each is not None)
        yield from self._names((condition_of(term),), conditions[:-1])
        made = bare(term)
        if isinstance(made, Gathered):
            for part in (made.head, *made.members):
                yield from self._checks(part, conditions)
            return
        yield from self._names(expressions(made), conditions)
        for each in looked_at(made):
            yield Check(loosened(each), self.table, conditions)

    def _names(
        self, parts: Iterable[Expression | None], conditions: tuple[Call, ...]
    ) -> Iterator[Check]:
        for call in (c for part in parts if part is not None for c in chosen_calls(part)):
            yield Check(Named(call.arguments[0], call, self.name), self.table, conditions)


@dataclass(frozen=True, slots=True)
class Check:
    """Tells good values from bad ones, of the records where all conditions hold."""

    term: CheckedIri | Language | Named
    table: SourceTable
    conditions: tuple[Call, ...]

    @property
    def code(self) -> str:
        """Code of the error for a bad value."""
        if isinstance(self.term, Named):
            return "unknown-function"
        return "bad-iri" if isinstance(self.term, CheckedIri) else "bad-language-tag"

    @property
    def expected(self) -> str:
        """What a good value is."""
        if isinstance(self.term, CheckedIri):
            return "an absolute IRI such as https://…"
        if isinstance(self.term, Named):
            return "the name of a function that takes these parameters"
        return "a tag such as en or pt-BR"


@dataclass(frozen=True, slots=True)
class Rules:
    """A flattened plan.

    Attributes:
        tables: The tables that sources are read into, each once.
        maps: The rules of each triples map.
        targets: Files that statements go to instead of to the default output.
    """

    tables: tuple[SourceTable, ...]
    maps: tuple[MapRules, ...]
    targets: tuple[LogicalTarget, ...] = ()


# --- questions about terms ------------------------------------------------------------------


def bare(term: Term) -> Bare:
    """Return a term without its condition."""
    return term.term if isinstance(term, When) else term


def condition_of(term: Term) -> Call | None:
    """Return the condition of a term."""
    return term.condition if isinstance(term, When) else None


def skips(term: Term) -> bool:
    """Return whether a term is left out where its value is bad."""
    return any(each.skips for each in looked_at(bare(term)))


def looked_at(term: Bare) -> tuple[CheckedIri | Language, ...]:
    """Return the parts of a term whose values may make no valid one; not those of members."""
    parts = (term, term.language, term.datatype) if isinstance(term, Literal) else (term,)
    return tuple(each for each in parts if isinstance(each, CheckedIri | Language))


def expressions(term: Term) -> tuple[Expression, ...]:
    """Return the expressions that a term is made of; last that of its condition."""
    if isinstance(term, When):
        return (*expressions(term.term), term.condition)
    if isinstance(term, Iri):
        return tuple(part for part in term.parts if isinstance(part, Reference))
    if isinstance(term, Gathered):
        own = expressions(term.head) if term.head is not None else ()
        return own + tuple(part for each in term.members for part in _of_member(each))
    if isinstance(term, Literal):
        language = (term.language.value,) if isinstance(term.language, Language) else ()
        datatype = expressions(term.datatype) if term.datatype is not None else ()
        return (term.value, *language, *datatype)
    if isinstance(term, Fixed) or term.value is None:
        return ()
    return (term.value,)


def _of_member(member: Term | Parent) -> tuple[Expression, ...]:
    if not isinstance(member, Parent):
        return expressions(member)
    if member.keys:
        return tuple(own for own, _ in member.keys)
    return expressions(member.own) if member.own is not None else ()


def names(term: Term) -> tuple[str, ...]:
    """Return the references that a term is made of, without those of its condition."""
    return reference_names(expressions(bare(term)))


def reference_names(parts: Iterable[Expression]) -> tuple[str, ...]:
    """Return the references of expressions, each once."""
    return tuple(dict.fromkeys(each.name for part in parts for each in references(part)))


def may_be_missing(term: Term) -> bool:
    """Return whether there may be records that do not give the term."""
    made = bare(term)
    if isinstance(made, Gathered) and made.keeps_empty and made.head is None:
        return False
    parts = expressions(term)
    return not all(map(is_strict, parts)) or any(map(references, parts))


def is_strict(expression: Expression) -> bool:
    """Return whether an expression gives a value exactly where all its references do."""
    if not isinstance(expression, Call):
        return True
    function = expression.function
    if function.is_boolean or function.takes_null or function.is_partial:
        return False
    return all(map(is_strict, expression.arguments))


def picky_calls(term: Term) -> tuple[Call, ...]:
    """Return the calls in a term that may make nothing of a value; not those of members."""
    if isinstance(bare(term), Gathered):
        return ()
    return tuple(dict.fromkeys(c for part in expressions(bare(term)) for c in picky(part)))


def crossed(table: SourceTable, *terms: Term) -> tuple[Column, ...]:
    """Return the columns of terms that may give several values; each once for each term."""
    found: list[Column] = []
    for term in terms:
        needed = dict.fromkeys(r for part in expressions(term) for r in scattered(part))
        found += [column for column in map(table.column, needed) if column.many]
    return tuple(found)
