"""The documentation of shapes: what they demand, in words, from the shapes themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.page.markup import Html, joined, tag
from kg.page.show import Shower
from kg.records import dataclass
from kg.terms import split_literal
from kg.validation import model
from kg.validation.names import sh
from kg.validation.paths import to_sparql
from kg.validation.shape_reader import read_model
from kg.validation.shapes import ShapesGraph
from kg.wording import counted


@dataclass(frozen=True, slots=True)
class ShapeDocs:
    """The documentation of shapes.

    Attributes:
        main: The main part of their page.
        of_class: IRI of a class to what shapes demand of its instances, with links to that page.
    """

    main: Html
    of_class: Mapping[str, Html]


def document_shapes(shapes: ShapesGraph, shower: Shower, page: str) -> ShapeDocs:
    """Return the documentation of shapes.

    Args:
        shapes: The shapes.
        shower: Writes terms, for links from the page of shapes.
        page: The link to that page, from the page of the vocabulary beside it.
    """
    docs = _Docs(shapes, shower)
    named = [each for each in docs.shapes.values() if each.path is None and each.targets]
    named.sort(key=lambda each: docs.name(each))
    sections = [docs.section(each) for each in named]
    index = (tag("li", tag("a", docs.name(each), href=f"#{docs.anchor(each)}")) for each in named)
    main = joined(
        [
            tag("h1", "Shapes"),
            tag(
                "p",
                f"What {counted(len(named), 'shape')} demand of the graph; ",
                tag("code", "kg validate"),
                " checks it.",
            ),
            tag("ul", *index, class_="names"),
            *sections,
        ]
    )
    of_class: dict[str, list[Html]] = {}
    for each in named:
        link = tag("a", docs.name(each), href=f"{page}#{docs.anchor(each)}")
        for target in each.targets.classes:
            of_class.setdefault(target[1:-1], []).append(link)
    told = {
        iri: tag("p", "checked by ", joined(links, ", "), class_="soft")
        for iri, links in of_class.items()
    }
    return ShapeDocs(main, told)


class _Docs:
    """Writes shapes.

    Args:
        shapes: The shapes.
        shower: Writes terms.
    """

    def __init__(self, shapes: ShapesGraph, shower: Shower) -> None:
        self._graph = shapes
        self._shower = shower
        self._namer = shower.namer
        self.shapes = read_model(shapes)

    def name(self, shape: model.Shape) -> str:
        """Return what a shape is called."""
        return self._text(shape.node, "name") or self._namer(shape.node)

    def anchor(self, shape: model.Shape) -> str:
        """Return the anchor of a shape on the page."""
        return re.sub(r"[^A-Za-z0-9_.:-]", "-", self._namer(shape.node)).strip("-")

    def _text(self, node: str, name: str) -> str:
        found = self._graph.value(node, sh(name))
        return split_literal(found).lexical if found and found.startswith('"') else ""

    def section(self, shape: model.Shape) -> Html:
        """Return what one shape demands."""
        rows = list(self._rows(shape))
        told = self._text(shape.node, "description") or self._text(shape.node, "message")
        return tag(
            "section",
            tag("h2", self.name(shape), id=self.anchor(shape)),
            tag("p", told, class_="comment") if told else None,
            tag("p", "for ", joined(self._targets(shape), ", ")),
            tag("p", "switched off", class_="soft") if shape.deactivated else None,
            tag("p", f"not documented: {shape.unreadable}") if shape.unreadable else None,
            tag("div", tag("table", _HEAD, tag("tbody", *rows)), class_="scroll", tabindex="0",
                role="region", aria_label=self.name(shape)) if rows else None,
            class_="term",
        )  # fmt: skip

    def _targets(self, shape: model.Shape) -> Iterator[Html]:
        targets = shape.targets
        for before, terms in (
            ("instances of ", targets.classes),
            ("", targets.nodes),
            ("subjects of ", targets.subjects_of),
            ("objects of ", targets.objects_of),
        ):
            for term in terms:
                yield joined([before, self._shower.term(term)])

    def _rows(self, shape: model.Shape) -> Iterator[Html]:
        own = [each for each in shape.constraints if not isinstance(each, model.Property)]
        if own:
            yield _row("itself", self._demands(own), self._text(shape.node, "message"))
        for constraint in shape.constraints:
            inner = (
                self.shapes.get(constraint.shape)
                if isinstance(constraint, model.Property)
                else None
            )
            if inner is None or inner.path is None:
                continue
            path = to_sparql(inner.path, self._namer)
            told = self._text(inner.node, "description") or self._text(inner.node, "message")
            yield _row(tag("code", path), self._demands(inner.constraints), told)

    def _demands(self, constraints: Iterable[model.Constraint]) -> Html:
        return joined((self._demand(each) for each in constraints), "; ")

    def _demand(self, constraint: model.Constraint) -> Html:
        show = self._shower.term
        match constraint:
            case model.MinCount(least):
                return Html(f"at least {least}")
            case model.MaxCount(most):
                return Html(f"at most {most}")
            case model.Class(iri) | model.Datatype(iri):
                return joined([show(iri if iri.startswith("<") else f"<{iri}>")])
            case model.NodeKind(starts):
                kinds = {"<": "IRI", "_": "blank node", '"': "literal"}
                return joined([" or ".join(kinds[each] for each in sorted(starts))])
            case model.Pattern(pattern):
                return joined(["like ", tag("code", pattern)])
            case model.Range(sign, bound):
                return joined([f"{sign} ", show(bound)])
            case model.HasValue(term):
                return joined(["among them ", show(term)])
            case model.In(terms):
                return joined(["one of ", joined((show(each) for each in terms), ", ")])
            case model.Node(shape) | model.Not(shape):
                word = "not " if isinstance(constraint, model.Not) else ""
                return joined([f"{word}as ", self._link(shape)])
            case model.Or(shapes) | model.And(shapes) | model.Xone(shapes):
                word = {"Or": " or ", "And": " and "}.get(type(constraint).__name__, " or else ")
                return joined((self._link(each) for each in shapes), word)
            case model.Pair(kind, predicate):
                return joined([f"{_PAIRS.get(kind, kind)} ", tag("code", self._namer(predicate))])
            case model.MinLength(least):
                return Html(f"at least {counted(least, 'character')}")
            case model.MaxLength(most):
                return Html(f"at most {counted(most, 'character')}")
            case model.LanguageIn(languages):
                return joined([f"in the language {' or '.join(languages)}"])
            case model.UniqueLang():
                return Html("one for each language")
            case model.Sparql(node):
                return joined([self._text(node, "message") or "a query in SPARQL"])
        return joined([tag("code", f"sh:{model.parameter_of(constraint)}")])

    def _link(self, node: str) -> Html:
        shape = self.shapes.get(node)
        if shape is None or node.startswith("_:"):
            inner = () if shape is None else self._demands(shape.constraints)
            return joined(["(", inner, ")"]) if inner else Html("a shape within it")
        if shape.targets and shape.path is None:
            return tag("a", self.name(shape), href=f"#{self.anchor(shape)}")
        return joined([self.name(shape)])


_PAIRS: Final = {
    "lessThan": "less than each",
    "lessThanOrEquals": "at most each",
    "equals": "the same as",
    "disjoint": "other than",
}
_HEAD: Final = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in (
    "of", "demands", "why"))))  # fmt: skip


def _row(of: str | Html, demands: Html, told: str) -> Html:
    return tag("tr", tag("td", of), tag("td", demands), tag("td", told))
