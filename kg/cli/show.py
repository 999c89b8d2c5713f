"""``kg show``: a term of the graph, with all that is known of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kg.cli.context import Settings, settings, show
from kg.cli.functions import FunctionsOption, use_functions
from kg.cli.limits import MemoryOption, TimeoutOption, limit
from kg.cli.options import OutsideOption
from kg.errors import ExitCode, InputError, UsageError
from kg.wording import printable, width

if TYPE_CHECKING:
    from kg.graph import Graph
    from kg.page.about import ClaimOn
    from kg.page.entity import Entity, Group
    from kg.page.reading import Reader
    from kg.queries.display import Shortener

# Values of one property that are shown, and terms that lead here by one.
_MOST: Final = 10
# Characters of a label beside a short name.
_LONGEST: Final = 40


def show_command(
    context: typer.Context,
    term: Annotated[
        str,
        typer.Argument(metavar="TERM", help="An IRI, a prefixed name, or a label."),
    ],
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="text or json.")
    ] = "text",
    whole: Annotated[
        bool, typer.Option("--all", help="Show all values, not the first ten.")
    ] = False,
    records: Annotated[
        bool, typer.Option("--records/--no-records", help="Look up the records that it comes from.")
    ] = True,
    functions: FunctionsOption = None,
    timeout: TimeoutOption = None,
    memory: MemoryOption = None,
    allow_outside: OutsideOption = False,
) -> int:
    """Show what the graph knows of a term, and where from.

    Its label and types, what is said of it, what leads to it, claims about it, and the records of
    sources behind it. Exit code 1 if the graph says nothing of it, or several terms are called so;
    2 if TERM is no IRI, no prefixed name and no label.
    """
    if not term.strip():
        raise UsageError("usage", "TERM is empty", hint="Name a term: kg show 'a label'")
    if form not in ("text", "json"):
        raise UsageError("unknown-format", f"there is no format {form}", hint="Take text or json.")
    limit(memory, timeout)
    use_functions(context, functions)
    from kg.graph import open_graph
    from kg.page.about import claims_on
    from kg.page.reading import Reader
    from kg.queries.display import Shortener

    shared = settings(context)
    shared.allow_outside(allow_outside)
    workspace = shared.workspace
    with open_graph(workspace, memory=memory) as graph:
        if message := graph.stale_message():
            shared.say(message)
        reader = Reader(graph.open_engine(), workspace.base)
        shortener = Shortener(workspace.prefixes)
        iri = _named(shared, graph, reader, shortener, term)
        found = reader.entity(iri) if iri is not None else None
        if found is None or not found.is_known:
            if iri is not None:
                shared.say(f"kg: the graph says nothing of {shortener.iri(iri)}")
            return ExitCode.NO
        shower = _Shower(found, shortener, None if whole else _MOST)
        claims = claims_on(reader, found.iri)
        if form == "json":
            places = _places(graph, found) if records else []
            json.dump(shower.as_json(claims, places), sys.stdout, ensure_ascii=False, indent=2)
            print()
            return ExitCode.DONE
        shower.show(claims)
        for number, place in enumerate(_places(graph, found) if records else ()):
            show(f"records\n  {place}" if not number else f"  {place}")
    return ExitCode.DONE


def _named(
    shared: Settings, graph: Graph, reader: Reader, shortener: Shortener, text: str
) -> str | None:
    """Return the IRI that a text means; None if there are several, or none, which is told."""
    from kg.page.about import called

    try:
        return graph.tracer.term(text)[1:-1]
    except InputError as error:
        if error.code != "bad-iri":
            raise
        found = called(reader, text)
        if not found:
            raise error.__class__(
                error.code, error.message + ", nor the label of one", hint=error.hint
            ) from error
    if len(found) == 1:
        return found[0][1:-1]
    shared.say(f"kg: {len(found)} terms are called so, in full or in part:")
    for each in found:
        show(f"kg show {shortener.iri(each[1:-1])}")
    return None


def _places(graph: Graph, found: Entity) -> Iterable[str]:
    """Return the records that an entity comes from, each once."""
    traces = graph.trace(found.term)
    return dict.fromkeys(str(each.location.within(None)) for each in traces)


class _Shower:
    """Writes an entity for a terminal.

    Args:
        entity: The entity.
        shortener: Writes terms.
        most: Values of one property that are shown; None for all.
    """

    def __init__(self, entity: Entity, shortener: Shortener, most: int | None) -> None:
        self._entity = entity
        self._shortener = shortener
        self._most = most

    def show(self, claims: Sequence[ClaimOn]) -> None:
        """Write what is said of it, what leads to it, and claims."""
        from kg.page.entity import LABELS
        from kg.terms import RDF_TYPE

        entity, name = self._entity, self._shortener.iri(self._entity.iri)
        label = entity.text(LABELS)
        show(printable(f"{label}  ({name})" if label and label != name else name))
        if entity.types:
            show(f"a {', '.join(map(self._name, entity.types))}")
        if not name.startswith("<"):
            show(entity.iri)
        said = [group for group in entity.outgoing if group.predicate != RDF_TYPE]
        self._groups("what is said of it", said)
        self._groups("what leads to it", entity.incoming)
        if claims:
            show("claims")
        for each in claims:
            judged = f" [{each.direction}]" if each.direction else ""
            who = f"{each.who}: " if each.who else ""
            show(printable(f"  {self._name(each.term)}{judged}  {who}{each.says}"))

    def as_json(self, claims: Sequence[ClaimOn], places: Iterable[str]) -> dict[str, Any]:
        """Return all of it as JSON holds it."""
        from kg.page.entity import LABELS

        entity = self._entity

        def listed(groups: Sequence[Group]) -> list[dict[str, Any]]:
            return [
                {"predicate": g.predicate[1:-1], "terms": list(g.terms), "total": g.total}
                for g in groups
            ]

        return {
            "iri": entity.iri,
            "name": self._shortener.iri(entity.iri),
            "label": entity.text(LABELS) or None,
            "types": [each[1:-1] for each in entity.types],
            "says": listed(entity.outgoing),
            "incoming": listed(entity.incoming),
            "claims": [
                {
                    "claim": each.term[1:-1],
                    "says": each.says,
                    "claimant": each.who,
                    "direction": each.direction or None,
                }
                for each in claims
            ],
            "records": list(places),
        }

    def _groups(self, title: str, groups: Sequence[Group]) -> None:
        if not groups:
            return
        show(title)
        names = [self._shortener.iri(group.predicate[1:-1]) for group in groups]
        size = max(map(width, names))
        for name, group in zip(names, groups, strict=True):
            shown = group.terms if self._most is None else group.terms[: self._most]
            for number, term in enumerate(shown):
                first = name if number == 0 else ""
                show(f"  {first}{' ' * (size - width(first))}  {self._value(term)}")
            rest = None if group.total is None else group.total - len(shown)
            if rest != 0:
                more = "more" if rest is None else f"{rest:,} more"
                show(f"  {' ' * size}  … {more}")

    def _value(self, term: str) -> str:
        nested = self._entity.nested.get(term)
        if nested is not None:
            parts = (
                f"{self._shortener.iri(g.predicate[1:-1])} {', '.join(map(self._name, g.terms))}"
                for g in nested
            )
            return printable(f"[ {'; '.join(parts)} ]")
        return printable(self._name(term))

    def _name(self, term: str) -> str:
        """Return a term as people read it: its label with its short name."""
        short = self._shortener.text(term)
        label = self._entity.labels.get(term)
        if not label or label == short:
            return short
        cut = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
        return f"{cut} ({short})"
