"""Messages for results whose shape has no ``sh:message``.

Each sentence names the value and what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from kg.names import Namer
from kg.validation.names import RDF_TYPE, SH, sh
from kg.validation.paths import to_sparql
from kg.validation.results import Result, Severity
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal
from kg.wording import counted

# The message of a SPARQL constraint if neither it nor its shape has one.
QUERY_MESSAGE: Final = "the node is a solution of the shape's SPARQL query"
# A shape is written out in a sentence up to this many characters.
_LONGEST: Final = 60
# Predicates left out where a shape is written out; below, those with a list as value.
_UNSAID: Final = frozenset({RDF_TYPE, sh("message"), sh("severity")})
_LISTS: Final = frozenset({sh("in"), sh("languageIn"), sh("ignoredProperties")})


def component_name(component: str) -> str:
    """Return the short name of a component: ``MinCount`` of ``sh:MinCountConstraintComponent``."""
    return component[1:-1].removeprefix(SH).removesuffix("ConstraintComponent")


def standard_message(shapes: ShapesGraph, result: Result, value: str | None = None) -> str:
    """Return the sentence for a result of a core component.

    Args:
        shapes: The shapes graph.
        result: The result.
        value: Text to show for the value; by default the value itself.
    """
    namer = Namer(shapes.prefixes)
    rule = SENTENCES.get(component_name(result.component))
    shown = value or (namer(result.value) if result.value is not None else "the node")
    if rule is None:
        return f"{shown} breaks {namer(result.component)}"
    return rule(_Subject(shapes, result, namer, shown))


def expectation(shapes: ShapesGraph, result: Result) -> str | None:
    """Return what a constraint expects, such as ``at most 1 value``; None if not a core component.

    It is the same for all results of the constraint.
    """
    rule = EXPECTATIONS.get(component_name(result.component))
    return rule and rule(_Subject(shapes, result, Namer(shapes.prefixes), "the value"))


def group_message(shapes: ShapesGraph, result: Result) -> str:
    """Return the message that all results of a constraint share.

    It is the message of the SPARQL constraint or of the shape as written, or else kg's own
    without the value.
    """
    written: list[str] = []
    for node in (result.source_constraint, result.source_shape):
        written = written or list(shapes.objects(node or "", sh("message")))
    if written:
        return split_literal(min(written, key=_language_rank)).lexical
    if result.component == sh("SPARQLConstraintComponent"):
        return QUERY_MESSAGE
    return standard_message(shapes, result, "the value")


def _language_rank(message: str) -> tuple[int, str]:
    language = split_literal(message).language or ""
    return (0 if not language else 1 if language.startswith("en") else 2, message)


def message_text(result: Result) -> str:
    """Return the messages of a result as one text."""
    return "; ".join(split_literal(message).lexical for message in result.messages)


def rule_name(shapes: ShapesGraph, namer: Namer, result: Result) -> str:
    """Return the name of the constraint that a result breaks: ``ex:Shape/ex:path/MinCount``."""
    parts = [namer(shapes.owner(result.source_shape))]
    if result.path is not None:
        parts.append(to_sparql(result.path, namer))
    parts.append(component_name(result.component))
    return "/".join(parts)


def tell_counts(counts: Mapping[Severity, int]) -> str:
    """Return the counts in one sentence, worst first: ``2 violations, 1 warning``."""
    ordered = sorted(counts.items(), reverse=True)
    told = [counted(count, severity.label) for severity, count in ordered if count]
    return ", ".join(told) if told else "The graph conforms to the shapes."


def tell_results(shapes: ShapesGraph, results: Iterable[Result]) -> str:
    """Return one sentence for the results of a shape."""
    namer = Namer(shapes.prefixes)
    told = []
    for result in results:
        text = message_text(result)
        path = "" if result.path is None else to_sparql(result.path, namer)
        told.append(text if not path or text.startswith(path) else f"{path}: {text}")
    return "; ".join(dict.fromkeys(told))


def tell_branch(shapes: ShapesGraph, branch: str, results: Sequence[Result]) -> str:
    """Return a sentence: whether a node conforms to a shape, and if not, why."""
    name = _shape_name(shapes, branch, Namer(shapes.prefixes))
    told = tell_results(shapes, results)
    return f"it fails {name}: {told}" if results else f"it conforms to {name}"


def _shape_name(shapes: ShapesGraph, node: str, namer: Namer) -> str:
    """Return a shape's name; if it has none, its text if that is short, or else its line."""
    if not node.startswith("_"):
        return namer(node)
    written = _written(shapes, node, namer)
    if written is not None and len(written) <= _LONGEST:
        return written
    origin = shapes.origins.get(node)
    return node if origin is None else f"the shape in line {origin.line}"


def _written(shapes: ShapesGraph, node: str, namer: Namer) -> str | None:
    """Return an unnamed shape in Turtle; None if it contains other shapes."""
    said = []
    for predicate, objects in shapes.index.get(node, {}).items():
        if predicate in _UNSAID:
            continue
        for object_ in objects:
            if predicate == sh("path"):
                value = to_sparql(shapes.path(object_), namer)
            elif predicate in _LISTS:
                value = f"( {' '.join(map(namer, shapes.members(object_)))} )"
            elif object_.startswith("_"):
                return None
            else:
                value = namer(object_)
            said.append(f"{namer(predicate)} {value}")
    return f"[ {' ; '.join(said)} ]"


class _Subject:
    """A result with what a sentence about it needs."""

    def __init__(self, shapes: ShapesGraph, result: Result, namer: Namer, value: str) -> None:
        self.value = value
        self._shapes = shapes
        self._result = result
        self._namer = namer

    @property
    def path(self) -> str:
        path = self._result.path
        return to_sparql(path, self._namer) if path is not None else "the node"

    def parameter(self, name: str) -> str:
        """The parameter's values, joined by commas."""
        found = self._shapes.objects(self._result.source_shape, sh(name))
        return ", ".join(sorted(map(self._namer, found)))

    def number(self, name: str) -> str:
        value = self._shapes.value(self._result.source_shape, sh(name)) or '""'
        return split_literal(value).lexical if is_literal(value) else value

    def count(self, name: str, noun: str) -> str:
        """The parameter's number with its noun."""
        number = self.number(name)
        return f"{number} {noun}{'' if number == '1' else 's'}"

    def members(self, name: str) -> str:
        """The members of the lists that are the parameter's values."""
        heads = self._shapes.objects(self._result.source_shape, sh(name))
        return ", ".join(self.shape(m) for head in heads for m in self._shapes.members(head))

    def shape(self, node: str) -> str:
        """A shape's name, its text or its line."""
        return _shape_name(self._shapes, node, self._namer)

    def inner(self, name: str) -> str:
        """The names of the shapes that are the parameter's values."""
        found = self._shapes.objects(self._result.source_shape, sh(name))
        return ", ".join(sorted(map(self.shape, found)))


SENTENCES: Final[Mapping[str, Callable[[_Subject], str]]] = {
    "Class": lambda r: f"{r.value} is not of class {r.parameter('class')}",
    "Datatype": lambda r: f"{r.value} is not a literal of datatype {r.parameter('datatype')}",
    "NodeKind": lambda r: f"{r.value} is not of node kind {r.parameter('nodeKind')}",
    "MinCount": lambda r: (
        f"{r.path} has no value"
        if r.number("minCount") == "1"
        else f"{r.path} has fewer than {r.number('minCount')} values"
    ),
    "MaxCount": lambda r: f"{r.path} has more than {r.count('maxCount', 'value')}",
    "MinExclusive": lambda r: f"{r.value} is not greater than {r.parameter('minExclusive')}",
    "MinInclusive": lambda r: f"{r.value} is not at least {r.parameter('minInclusive')}",
    "MaxExclusive": lambda r: f"{r.value} is not less than {r.parameter('maxExclusive')}",
    "MaxInclusive": lambda r: f"{r.value} is not at most {r.parameter('maxInclusive')}",
    "MinLength": lambda r: f"{r.value} is shorter than {r.count('minLength', 'character')}",
    "MaxLength": lambda r: f"{r.value} is longer than {r.count('maxLength', 'character')}",
    "Pattern": lambda r: f"{r.value} does not match the pattern {r.parameter('pattern')}",
    "LanguageIn": lambda r: f"{r.value} is in none of the languages {r.members('languageIn')}",
    "UniqueLang": lambda r: f"{r.path} has two values in the same language",
    "Equals": lambda r: f"{r.value} is not a value of both {r.path} and {r.parameter('equals')}",
    "Disjoint": lambda r: f"{r.value} is a value of {r.parameter('disjoint')} too",
    "LessThan": lambda r: f"{r.value} is not less than each value of {r.parameter('lessThan')}",
    "LessThanOrEquals": lambda r: (
        f"{r.value} is not less than or equal to each value of {r.parameter('lessThanOrEquals')}"
    ),
    "Not": lambda r: f"{r.value} conforms to {r.inner('not')}, and must not",
    "And": lambda r: f"{r.value} does not conform to all of {r.members('and')}",
    "Or": lambda r: f"{r.value} conforms to none of {r.members('or')}",
    "Xone": lambda r: f"{r.value} does not conform to exactly one of {r.members('xone')}",
    "Node": lambda r: f"{r.value} does not conform to {r.inner('node')}",
    "QualifiedMinCount": lambda r: (
        f"{r.path} has fewer than {r.count('qualifiedMinCount', 'value')} conforming to"
        f" {r.inner('qualifiedValueShape')}"
    ),
    "QualifiedMaxCount": lambda r: (
        f"{r.path} has more than {r.count('qualifiedMaxCount', 'value')} conforming to"
        f" {r.inner('qualifiedValueShape')}"
    ),
    "Closed": lambda r: f"the closed shape does not allow {r.path}, here with {r.value}",
    "HasValue": lambda r: f"{r.path} lacks the value {r.parameter('hasValue')}",
    "In": lambda r: f"{r.value} is not one of {r.members('in')}",
}
EXPECTATIONS: Final[Mapping[str, Callable[[_Subject], str]]] = {
    "Class": lambda r: f"an instance of {r.parameter('class')}",
    "Datatype": lambda r: f"a literal of datatype {r.parameter('datatype')}",
    "NodeKind": lambda r: f"a node of kind {r.parameter('nodeKind')}",
    "MinCount": lambda r: f"at least {r.count('minCount', 'value')}",
    "MaxCount": lambda r: f"at most {r.count('maxCount', 'value')}",
    "MinExclusive": lambda r: f"more than {r.parameter('minExclusive')}",
    "MinInclusive": lambda r: f"at least {r.parameter('minInclusive')}",
    "MaxExclusive": lambda r: f"less than {r.parameter('maxExclusive')}",
    "MaxInclusive": lambda r: f"at most {r.parameter('maxInclusive')}",
    "MinLength": lambda r: f"at least {r.count('minLength', 'character')}",
    "MaxLength": lambda r: f"at most {r.count('maxLength', 'character')}",
    "Pattern": lambda r: f"a text that matches the pattern {r.parameter('pattern')}",
    "LanguageIn": lambda r: f"a text in one of the languages {r.members('languageIn')}",
    "UniqueLang": lambda _: "no more than one value in each language",
    "Equals": lambda r: f"the same values as those of {r.parameter('equals')}",
    "Disjoint": lambda r: f"no value of {r.parameter('disjoint')}",
    "LessThan": lambda r: f"less than each value of {r.parameter('lessThan')}",
    "LessThanOrEquals": lambda r: (
        f"less than or equal to each value of {r.parameter('lessThanOrEquals')}"
    ),
    "Not": lambda r: f"a node that does not conform to {r.inner('not')}",
    "And": lambda r: f"a node that conforms to all of {r.members('and')}",
    "Or": lambda r: f"a node that conforms to at least one of {r.members('or')}",
    "Xone": lambda r: f"a node that conforms to exactly one of {r.members('xone')}",
    "Node": lambda r: f"a node that conforms to {r.inner('node')}",
    "QualifiedMinCount": lambda r: (
        f"at least {r.count('qualifiedMinCount', 'value')} conforming to"
        f" {r.inner('qualifiedValueShape')}"
    ),
    "QualifiedMaxCount": lambda r: (
        f"at most {r.count('qualifiedMaxCount', 'value')} conforming to"
        f" {r.inner('qualifiedValueShape')}"
    ),
    "Closed": lambda _: "no property but those that the shape names",
    "HasValue": lambda r: f"{r.parameter('hasValue')} among the values",
    "In": lambda r: f"one of {r.members('in')}",
}
