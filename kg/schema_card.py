"""The schema card: what a program that writes SPARQL must know of a graph, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kg.names import Namer
from kg.terms import OWL, RDF, RDFS
from kg.usage import Usage, read_usage
from kg.vocabulary import Vocabulary, VocabularyTerm

if TYPE_CHECKING:
    from kg.graph import Graph
    from kg.queries.question import Question

# Classes and properties that a card lists, and properties of one class.
_MOST: Final = 150
_OF_CLASS: Final = 40
_LONGEST: Final = 200
# What every ontology has, and no question is about.
_PLUMBING: Final = (OWL, RDF, RDFS, "http://www.w3.org/ns/shacl#")


def schema_card(
    graph: Graph,
    vocabulary: Vocabulary | None = None,
    questions: Sequence[Question] | None = None,
    *,
    memory: str | None = None,
) -> str:
    """Return the card of a graph.

    Args:
        graph: The graph; its statistics are counted.
        vocabulary: Its classes and properties, if they are known already.
        questions: Its questions; read anew if None.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: The build is damaged, or the header of a question is wrong.
        LimitError: The memory limit was reached.
    """
    known = vocabulary or graph.vocabulary()
    usage = read_usage(graph.build, memory=memory)
    asked = graph.questions() if questions is None else questions
    return "\n".join((*_lines(graph, known, usage), *_questions(asked))) + "\n"


def _lines(graph: Graph, known: Vocabulary, usage: Usage) -> Iterator[str]:
    workspace = graph.workspace
    namer = Namer(workspace.prefixes)
    classes = [each for each in known.classes if each.count and not _is_plumbing(each)]
    properties = [each for each in known.properties if each.count and not _is_plumbing(each)]
    used = {
        prefix: space
        for prefix, space in sorted(known.prefixes.items())
        if any(each.iri.startswith(space) for each in (*classes, *properties))
        or space.startswith(workspace.base)
    }
    yield f"# {workspace.title}"
    if workspace.description:
        yield from ("", workspace.description)
    yield from ("", f"{usage.triples:,} triples. Things of its own have IRIs below"
                f" <{workspace.base}>.")  # fmt: skip
    yield from ("", "## Prefixes", "", "No PREFIX line is needed for them.", "", "```sparql")
    yield from (f"PREFIX {prefix}: <{space}>" for prefix, space in used.items())
    yield "```"
    yield from ("", "## Classes, with the properties of their instances", "")
    for each in classes[:_MOST]:
        yield f"- **{each.name}** ({each.count:,}){_told(each)}"
        own = usage.properties.get(each.iri, ())
        if own:
            listed = (f"{namer(f'<{p}>')} ({count:,})" for p, count in own[:_OF_CLASS])
            yield f"  - {', '.join(listed)}"
    yield from ("", "## Properties, with what they lead to", "")
    for each in properties[:_MOST]:
        objects = ", ".join(
            f"{'IRI' if kind == '' else namer(f'<{kind}>')} ({count:,})"
            for kind, count in usage.objects.get(each.iri, ())
        )
        yield f"- **{each.name}** ({each.count:,}) → {objects}{_told(each)}"
    if usage.graphs:
        yield from ("", "## Named graphs", "", "The default graph is all of them together.", "")
        yield from (f"- <{name}> ({count:,} triples)" for name, count in usage.graphs)


def _is_plumbing(term: VocabularyTerm) -> bool:
    return term.iri.startswith(_PLUMBING) and term.iri not in (f"{RDF}type", f"{RDFS}label")


def _told(term: VocabularyTerm) -> str:
    text = " ".join((term.comment or term.label).split())
    return f": {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}" if text else ""


def _questions(questions: Sequence[Question]) -> Iterator[str]:
    if not questions:
        return
    yield from ("", "## Questions", "", "Ask one by its name, rather than write it anew.", "")
    for each in questions:
        yield f"- **{each.name}**: {each.question or each.title}"
        for parameter in each.parameters:
            default = "" if parameter.default is None else f", by default {parameter.default}"
            told = f": {parameter.explanation}" if parameter.explanation else ""
            yield f"  - {parameter.name}, {parameter.type}{default}{told}"
