"""Which tables a plan reads: one for each logical source or view, a column for each reference.

A number that only makes a literal with its natural datatype may be written anew, since such a
literal has a canonical form. In templates, comparisons, and with a datatype of the mapping, its
own text counts.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-natural-rdf-literal
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Final

from kg.errors import InputError
from kg.mapping.abstract_source import AbstractSource
from kg.mapping.jsonpath import JsonPath, parse_jsonpath
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Expression,
    Formulation,
    LogicalSource,
    Origin,
    Plan,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
    references,
    targets_of,
    term_references,
)
from kg.mapping.source_table import Column, Nest, SourceTable
from kg.mapping.view_steps import ViewBuilder, Wants
from kg.mapping.views import INDEX, LogicalView, ViewJoin, check_keys
from kg.records import dataclass

_JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)


@dataclass(frozen=True, slots=True)
class PlanTables:
    """The tables of a plan.

    Attributes:
        all: The tables, each after those that it is made of.
        of_map: For each triples map, by name, the table of its records.
    """

    all: tuple[SourceTable, ...]
    of_map: Mapping[str, SourceTable]


@dataclass(frozen=True, slots=True)
class _Use:
    """A reference to values of a triples map's records, and whether their texts count."""

    owner: TriplesMap
    reference: Reference
    origin: Origin
    is_text: bool = True
    # References without whose values the record has no subject, and so no statement.
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a column of a source's table holds."""

    reference: str
    is_document: bool = False
    nest: Nest | None = None


@dataclass(slots=True)
class _Needs:
    """What is needed of a source or view.

    Attributes:
        columns: The columns, with where the mapping refers to them first.
        textual: Those whose numbers must keep their texts.
        groups: By column, the groups of references of which a record needs one for the value to
            count; an empty group: it may always count.
        is_whole: Of a view, whether each of its iterations counts, and not only its values.
    """

    columns: dict[_Wanted, Origin] = field(default_factory=dict)
    textual: set[str] = field(default_factory=set)
    groups: dict[_Wanted, dict[tuple[str, ...], None]] = field(default_factory=dict)
    is_whole: bool = False

    def add(
        self, wanted: _Wanted, origin: Origin, *, is_text: bool, needs: tuple[str, ...] = ()
    ) -> None:
        self.columns.setdefault(wanted, origin)
        self.groups.setdefault(wanted, {})[needs] = None
        if is_text:
            self.textual.add(wanted.reference)

    def add_all(self, others: _Needs) -> None:
        self.columns = {**others.columns, **self.columns} if others.columns else self.columns
        self.textual |= others.textual
        for wanted in others.columns:
            self.groups.setdefault(wanted, {})[()] = None

    def groups_of(self, wanted: _Wanted) -> tuple[tuple[str, ...], ...]:
        """Return the groups of a column; none if its value may always count."""
        groups = self.groups.get(wanted, {(): None})
        return () if () in groups else tuple(groups)

    @property
    def wants(self) -> Wants:
        keys = {wanted.reference: origin for wanted, origin in self.columns.items()}
        return Wants(keys, frozenset(self.textual), self.is_whole)


# The last plan whose tables were found, with these: a build asks for those of one plan often.
_last: Final[list[tuple[Plan, PlanTables]]] = []


def plan_tables(plan: Plan) -> PlanTables:
    """Return the tables of a plan: one for each source, and for what each use needs of a view.

    Raises:
        InputError: An iterator or a reference is not a JSONPath where it must be one, or no field
            of a view.
    """
    for known, tables in [*_last]:
        if known is plan:
            return tables
    tables = _plan_tables(plan)
    _last[:] = [(plan, tables)]
    return tables


def _plan_tables(plan: Plan) -> PlanTables:
    sources: dict[LogicalSource, _Needs] = {}
    of_views: dict[str, _Needs] = {}

    def needs_of(triples_map: TriplesMap) -> _Needs:
        if isinstance(triples_map.source, LogicalSource):
            return sources.setdefault(triples_map.source, _Needs())
        return of_views.setdefault(triples_map.name, _Needs())

    for each in plan.triples_maps:
        needs_of(each).is_whole |= _counts_iterations(plan, each)
        for parent in _gathered_parents(plan, each):
            needs_of(parent).is_whole = True
        _check_iterator(each.source)
        for use in (*_own(each), *_of_parents(plan, each)):
            if isinstance(use.owner.source, LogicalView):
                check_keys(use.owner.source, [use.reference], use.origin)
            wanted = _Wanted(use.reference.name)
            is_text = use.is_text or plan.datatypes is not Datatypes.NATURAL
            needs_of(use.owner).add(wanted, use.origin, is_text=is_text, needs=use.needs)
    makers = _Makers(sources, plan.most_records)
    for each in plan.triples_maps:
        if each.name in of_views:
            makers.collect(each.source, of_views[each.name])
    of_map = {
        each.name: makers.table(each.source, of_views.get(each.name, _Needs()))
        for each in plan.triples_maps
    }
    return PlanTables(tuple(makers.made.values()), of_map)


def _check_iterator(source: AbstractSource) -> None:
    if isinstance(source, LogicalSource) and source.formulation in _JSON_LIKE and source.iterator:
        _jsonpath(source.iterator, source.origin)


# --- views ------------------------------------------------------------------------------------

# A view, the keys that are needed of it, and whether it is needed whole.
_ViewUse = tuple[LogicalView, frozenset[str], bool]


class _Makers:
    """Makes tables: first what is needed of the sources under views is collected.

    Args:
        sources: What is needed of each source.
        most_records: How many records of each source are read; None: all.

    Attributes:
        made: The tables, each after those that it is made of.
    """

    def __init__(self, sources: dict[LogicalSource, _Needs], most_records: int | None) -> None:
        self.sources = sources
        self.most_records = most_records
        self.made: dict[LogicalSource | _ViewUse, SourceTable] = {}
        self._seen: set[tuple[_ViewUse, frozenset[str]]] = set()

    def collect(self, source: AbstractSource, needs: _Needs) -> None:
        """Add what is needed of the sources under a view."""
        if isinstance(source, LogicalSource):
            _check_iterator(source)
            self.sources.setdefault(source, _Needs()).add_all(needs)
            return
        assert isinstance(source, LogicalView)
        key = (_use(source, needs), frozenset(needs.textual))
        if key not in self._seen:
            self._seen.add(key)
            base, joined = _under(source, needs)
            self.collect(source.on, base)
            for join, other in joined.items():
                self.collect(join.parent, other)

    def table(self, source: AbstractSource, needs: _Needs) -> SourceTable:
        """Return the table of a source, or of what is needed of a view."""
        if isinstance(source, LogicalSource):
            if source not in self.made:
                # Numbers of sources follow one another as the plan has them.
                for each, needed in self.sources.items():
                    made = _source_table(f"source_{len(self.made)}", each, needed)
                    self.made[each] = replace(made, most_records=self.most_records)
            return self.made[source]
        assert isinstance(source, LogicalView)
        key = _use(source, needs)
        if key not in self.made:
            base, joined = _under(source, needs)
            below = self.table(source.on, base)
            others = {join: self.table(join.parent, other) for join, other in joined.items()}
            name = f"view_{len(self.made)}"
            self.made[key] = _view_table(name, source, needs, below, others)
        return self.made[key]


def _use(view: LogicalView, needs: _Needs) -> _ViewUse:
    return view, frozenset(wanted.reference for wanted in needs.columns), needs.is_whole


def _source_table(name: str, source: LogicalSource, needs: _Needs) -> SourceTable:
    columns = tuple(
        replace(
            _column(source, wanted, origin, n, textual=wanted.reference in needs.textual),
            needs=needs.groups_of(wanted),
        )
        for n, (wanted, origin) in enumerate(needs.columns.items())
    )
    return SourceTable(name, source, columns)


def _under(view: LogicalView, needs: _Needs) -> tuple[_Needs, dict[ViewJoin, _Needs]]:
    """Return what a view needs of the source under it, and of those that it joins."""
    base = _Needs(is_whole=needs.is_whole)

    def under(
        reference: str,
        origin: Origin,
        *,
        is_text: bool = True,
        is_document: bool = False,
        nest: Nest | None = None,
    ) -> Column:
        base.add(_Wanted(reference, is_document, nest), origin, is_text=is_text)
        return Column(reference, 0, many=False, typed=True, is_document=is_document, nest=nest)

    builder = ViewBuilder(view, needs.wants, under)
    builder.steps()
    if INDEX in builder.keys and isinstance(view.on, LogicalView):
        base.is_whole = True
    joined = {}
    for join in builder.joins:
        other = joined[join] = _Needs(is_whole=needs.is_whole or builder.is_ranked(join))
        for reference, origin in builder.of_parent(join):
            other.add(_Wanted(reference.name), origin, is_text=True)
    return base, joined


def _view_table(
    name: str,
    view: LogicalView,
    needs: _Needs,
    base: SourceTable,
    joined: Mapping[ViewJoin, SourceTable],
) -> SourceTable:
    documents = {(c.reference, c.nest): c for c in base.columns if c.is_document}

    def under(
        reference: str,
        origin: Origin,
        *,
        is_text: bool = True,
        is_document: bool = False,
        nest: Nest | None = None,
    ) -> Column:
        del origin, is_text
        return documents[reference, nest] if is_document else base.by_name[reference]

    rows = ViewBuilder(view, needs.wants, under, base, joined).rows()
    columns = tuple(
        Column(wanted.reference, n, many=False, typed=True, origin=origin)
        for n, (wanted, origin) in enumerate(needs.columns.items())
    )
    return SourceTable(name, view.root, columns, rows=rows)


def _counts_iterations(plan: Plan, triples_map: TriplesMap) -> bool:
    """Return whether a triples map makes blank nodes, or collections, of single iterations."""
    for each in triples_map.maps:
        made = each if isinstance(each, TermMap) else None
        if isinstance(each, RefObjectMap) and not each.joins and plan.has(each.parent):
            made = plan.triples_map(each.parent).subject
        if made is not None and (made.expression is None or made.gather is not None):
            return True
    return False


def _gathered_parents(plan: Plan, triples_map: TriplesMap) -> Iterator[TriplesMap]:
    """Yield the triples maps whose subjects are gathered, in the order of their iterations."""
    for each in triples_map.maps:
        if isinstance(each, TermMap) and each.gather is not None:
            for member in each.gather.members:
                if isinstance(member, RefObjectMap) and plan.has(member.parent):
                    yield plan.triples_map(member.parent)


# --- references -------------------------------------------------------------------------------


def _own(triples_map: TriplesMap) -> Iterator[_Use]:
    """Yield the references of a triples map to its own records."""
    yield from _of_terms(triples_map, triples_map.subject)
    needs = _needs(triples_map)
    for use in _beside_subject(triples_map):
        yield replace(use, needs=needs)
    for each in triples_map.maps:
        for target in targets_of(each):
            for reference in references(target.name) if target.name is not None else ():
                yield _Use(triples_map, reference, target.origin, needs=needs)


def _needs(triples_map: TriplesMap) -> tuple[str, ...]:
    """Return references that all must have values for a record to have a subject."""
    subject = triples_map.subject
    if subject.condition is not None or subject.gather is not None:
        return ()
    if not isinstance(subject.expression, Reference | Template):
        return ()
    return tuple(dict.fromkeys(reference.name for reference in term_references(subject)))


def _beside_subject(triples_map: TriplesMap) -> Iterator[_Use]:
    yield from _of_terms(triples_map, *triples_map.graphs)
    for pair in triples_map.predicate_objects:
        yield from _of_terms(triples_map, *pair.predicates, *pair.graphs)
        for object_map in pair.objects:
            yield from _of_object(triples_map, object_map)


def _of_terms(owner: TriplesMap, *term_maps: TermMap) -> Iterator[_Use]:
    for term_map in term_maps:
        for reference in term_references(term_map):
            yield _Use(owner, reference, term_map.origin)
        for member in term_map.gather.members if term_map.gather is not None else ():
            yield from _of_object(owner, member)


def _of_object(owner: TriplesMap, term_map: TermMap | RefObjectMap) -> Iterator[_Use]:
    if isinstance(term_map, RefObjectMap):
        used: list[Expression] = [join.child for join in term_map.joins]
        used += [term_map.condition] if term_map.condition is not None else []
        for expression in used:
            for reference in references(expression):
                yield _Use(owner, reference, term_map.origin)
        return
    value = term_map.expression
    natural = term_map.term_type is TermType.LITERAL and isinstance(value, Reference)
    if natural and term_map.language is None and term_map.datatype is None:
        assert isinstance(value, Reference)
        yield _Use(owner, value, term_map.origin, is_text=False)
        chosen = references(term_map.condition) if term_map.condition is not None else ()
        yield from (_Use(owner, reference, term_map.origin) for reference in chosen)
    else:
        yield from _of_terms(owner, term_map)


def _of_parents(plan: Plan, child: TriplesMap) -> Iterator[_Use]:
    """Yield the references that the objects of a triples map make to others."""
    for object_map in child.maps:
        if isinstance(object_map, TermMap) or not plan.has(object_map.parent):
            continue  # what is not there is told where rules are made
        parent = plan.triples_map(object_map.parent)
        for join in object_map.joins:
            for reference in references(join.parent):
                yield _Use(parent, reference, object_map.origin, needs=_needs(parent))
        if not object_map.joins and parent.source == child.source:
            yield from _of_terms(child, parent.subject)


def _jsonpath(text: str, origin: Origin) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except InputError as error:
        raise error.at(origin.location()) from error


def _column(
    source: LogicalSource, wanted: _Wanted, origin: Origin, index: int, *, textual: bool
) -> Column:
    many = source.formulation is Formulation.XPATH
    typed = source.formulation.has_typed_columns
    if source.formulation in _JSON_LIKE:
        many, typed = _jsonpath(wanted.reference, origin).is_many, not wanted.is_document
    return Column(
        wanted.reference, index, many, typed, textual, origin, wanted.is_document, wanted.nest
    )
