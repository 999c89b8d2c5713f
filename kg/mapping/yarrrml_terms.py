r"""Terms of YARRRML documents: templates, prefixed names, functions, conditions.

**IRI or text.** A subject, predicate, graph and class is an IRI; an object is a literal unless it
says ``~iri`` or ``type: iri``, as in the specification's examples and its reference
implementation. As in that implementation, prefixes are expanded in literals too, which makes
``[foaf:knows, ex:bob]`` a text that looks like an IRI. That is seldom meant, so it is reported
once for a file. ``\:``, quotes in a call and ``type: literal`` keep the text as it is written.

Spec: https://rml.io/yarrrml/spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from kg.mapping.advice import doubt, in_braces, no_iri, with_references
from kg.mapping.chosen_functions import choose_call
from kg.mapping.functions import FUNCTION_PREFIXES, Argument, make_call
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Function,
    Reference,
    Template,
    TermMap,
    TermType,
    with_filter,
)
from kg.mapping.templates import CallText, TemplateError, escaped, parse_call, parse_template
from kg.mapping.yaml_nodes import Node
from kg.mapping.yarrrml_targets import TargetReader
from kg.notes import Notes
from kg.terms import RDF_LANG_STRING, expand, is_iri, is_language_tag
from kg.wording import nearest

VALUE: Final = ("value", "v")
CONDITIONS: Final = ("condition", "conditions", "c")
FUNCTION: Final = ("function", "fn", "f")
_PARAMETERS: Final = ("parameters", "pms")
_PARAMETER: Final = ("parameter", "pm")
TERM_KEYS: Final = frozenset(
    {*VALUE, *FUNCTION, *_PARAMETERS, *CONDITIONS, "type", "datatype", "language"}
    | {"targets", "target"}
)
_CALL_KEYS: Final = frozenset({*FUNCTION, *_PARAMETERS})
_TYPES: Final[Mapping[str, TermType]] = {
    "iri": TermType.IRI,
    "literal": TermType.LITERAL,
    "blank": TermType.BLANK_NODE,
    "blanknode": TermType.BLANK_NODE,
}
# Schemes that are written with a colon alone, so that they look like prefixes.
_SCHEMES: Final = frozenset(
    {"urn", "mailto", "tel", "tag", "data", "doi", "info", "geo", "did", "ark", "ni", "news", "sip"}
)
_AS_IN_RML: Final = (
    "{count} × an IRI has a name in braces, as RML writes references, and it is taken for one;"
    " write $(name)"
)
# The name of a function that each record has its own of.
_BY_RECORD: Final = re.compile(r"[^()]*(?:\$\([^()]*\)[^()$]*)+")
_PREFIXED: Final = (
    "{count} × a text starts with a declared prefix, which is written out in it; write ~iri behind"
    r" it for an IRI, \: for a text with this colon"
)
_BRACES: Final = (
    "{count} × a parameter holds a name in braces, which stays as it is; write $(name) for a"
    " reference"
)
NO_LITERAL: Final = "only a literal has a datatype or a language"
BOTH: Final = "a literal has a datatype or a language, not both"


class TermReader:
    """Reads the terms of one document.

    Args:
        prefixes: Prefix to namespace.
        base: Base IRI of the document.
        external: Values of external references.
        targets: Reads the targets of terms.
        folder: The folder that files of lookups are relative to.
    """

    def __init__(
        self,
        prefixes: Mapping[str, str],
        base: str,
        external: Mapping[str, str],
        targets: TargetReader,
        folder: str = "",
    ) -> None:
        self.notes = Notes()
        self.prefixes = prefixes
        self.base = base
        self.external = external
        self.targets = targets
        self.folder = folder

    # --- terms ----------------------------------------------------------------------------

    def iri(self, node: Node) -> TermMap:
        """Read a predicate, graph, datatype or class, in short or written out."""
        if node.is_map:
            return self.long(node, TermType.IRI, frozenset({TermType.IRI}))
        return self.short(node, TermType.IRI)

    def short(self, node: Node, term_type: TermType) -> TermMap:
        """Read a term that is written as a text; ``~iri`` and the like are taken off."""
        text, marked = _marked(node.text("a term"))
        return self.made(node, text, marked or term_type)

    def object(self, node: Node, term_type: TermType) -> TermMap:
        """Read an object that is written as a text; it is a literal unless something says else."""
        text, marked = _marked(node.text("an object"))
        value, is_language, _ = text.rpartition("~lang")
        if is_language and text.endswith("~lang"):
            raise node.error(
                f"{text!r} is no object: ~lang stands behind a language",
                hint=f"Write [predicate, {value}, en~lang], or $(column)~lang for the language.",
            )
        found = marked or term_type
        if found is not TermType.LITERAL or marked is not None:
            return self.made(node, text, found)
        made = self.made(node, self.text(node, text), found)
        return replace(made, note=doubt(text))

    def long(self, node: Node, term_type: TermType, allowed: frozenset[TermType]) -> TermMap:
        """Read a term that is written out as ``value``, ``type``, ``datatype`` and so on.

        Args:
            node: The mapping with these keys.
            term_type: What it is if it does not say.
            allowed: What it may be here.
        """
        node.check_keys("a term", TERM_KEYS)
        kind, value = node.get("type"), node.get(*VALUE)
        if kind:
            term_type = self.type_of(kind, allowed)
        if value is not None and not value.is_map and node.get(*FUNCTION):
            raise node.error("a term has a value or a function, not both")
        term = self.valued(node, value, term_type)
        if term.term_type not in allowed:
            raise node.error(f"a {term.term_type.value} cannot stand here")
        made = replace(
            self.noted(node, term),
            condition=self.condition(node),
            targets=self.targets.of_term(node),
        )
        return with_filter(made)

    def valued(self, node: Node, value: Node | None, term_type: TermType) -> TermMap:
        """Return the term of the value, or of the function, that a node has."""
        if node.get(*FUNCTION):
            return TermMap(self.call(node), term_type, origin=node.origin)
        if value is None:
            if term_type is TermType.BLANK_NODE:
                return TermMap(None, term_type, origin=node.origin)
            raise node.error("a term needs a value", hint="Write value: $(column).")
        if value.is_map:
            return TermMap(self.call(value), term_type, origin=value.origin)
        if node.get("type"):
            return self.short(value, term_type)
        return self.object(value, term_type)

    def type_of(self, node: Node, allowed: frozenset[TermType]) -> TermType:
        """Read ``iri``, ``literal`` or ``blank``, which must be one of those allowed."""
        name = node.text("type").lower()
        if name not in _TYPES:
            raise node.error(f"{name!r} is no type", hint="Types: iri, literal, blank.")
        if _TYPES[name] not in allowed:
            raise node.error(f"a {_TYPES[name].value} cannot stand here")
        return _TYPES[name]

    def noted(self, node: Node, term: TermMap) -> TermMap:
        """Add the datatype or the language that a node gives."""
        datatype, language = node.get("datatype"), node.get("language")
        note = language or datatype
        if note and term.term_type is not TermType.LITERAL:
            raise note.error(NO_LITERAL)
        if language and datatype and not self.is_of_languages(datatype):
            raise language.error(BOTH)
        if datatype and not language:
            return replace(term, datatype=self.iri(datatype), note="")
        return replace(term, language=self.language(language), note="") if language else term

    def is_of_languages(self, datatype: Node) -> bool:
        """Return whether a datatype is that of all literals with a language: it adds nothing."""
        found = self.iri(datatype).expression
        return isinstance(found, Constant) and found.value == RDF_LANG_STRING

    def language(self, node: Node, text: str | None = None) -> TermMap:
        """Read a language tag: a text, or a value with targets."""
        value = node.get(*VALUE) if node.is_map else node
        if value is None:
            raise node.error("a language needs a value", hint="Write value: en.")
        if node.is_map:
            node.check_keys("a language", frozenset({*VALUE, "targets", "target"}))
        expression = self.expression(value, text or value.text("a language"))
        if isinstance(expression, Constant) and not is_language_tag(expression.value):
            raise node.error(
                f"{expression.value!r} is not a language tag", hint="Write one like en or pt-BR."
            )
        targets = self.targets.of_term(node)
        return TermMap(expression, TermType.LITERAL, targets=targets, origin=value.origin)

    def annotated(self, term: TermMap, note: Node) -> TermMap:
        """Add the third part of ``[p, o, xsd:date]`` or ``[p, o, en~lang]``."""
        text = note.text("a datatype or language")
        term = replace(term, note="")
        if term.term_type is not TermType.LITERAL:
            raise note.error(NO_LITERAL, hint="Take this away, or ~iri from the object.")
        if text.endswith("~lang"):
            return replace(term, language=self.language(note, text.removesuffix("~lang")))
        return replace(term, datatype=self.iri(note))

    def made(self, node: Node, text: str, term_type: TermType) -> TermMap:
        """Return the term of a template; prefixes are expanded in IRIs."""
        if term_type.is_iri:
            text = self.expanded(self.in_yarrrml(node, text), node)
        expression = self.expression(node, text)
        if isinstance(expression, Template) and term_type.is_iri:
            self.check_braces(node, text, expression)
        if isinstance(expression, Constant):
            expression = Constant(expression.value, term_type)
            # What is an IRI stays one behind a base. This test of it is the quicker one.
            whole = self.base + expression.value
            if term_type.is_iri and not (is_iri(expression.value) or is_iri(whole)):
                what, hint = no_iri(expression.value)
                raise node.error(what, hint=hint or self.advice(text))
            note = f"{text!r} has no prefix, so it is <{self.base}{text}>"
            if term_type.is_iri and re.fullmatch(r"\w[\w-]*", expression.value):
                return TermMap(expression, term_type, note=note, origin=node.origin)
        return TermMap(expression, term_type, origin=node.origin)

    def in_yarrrml(self, node: Node, text: str) -> str:
        """Return the template of an IRI; references that it has as in RML are told."""
        made = with_references(text) if "{" in text else text
        if made != text:
            self.notes.add(_AS_IN_RML, node.origin.location(), text, loses=False)
        return made

    def check_braces(self, node: Node, text: str, template: Template) -> None:
        """Refuse the template of an IRI with a reference as other languages write it.

        Raises:
            InputError: It has a name in braces, which no IRI may have.
        """
        named = next((n for p in template.parts if isinstance(p, str) and (n := in_braces(p))), "")
        if named:
            raise node.error(
                f"{text!r} makes no IRI: it holds '{{'", hint=f"Write a reference as $({named})."
            )

    def advice(self, text: str) -> str:
        """Return what to do about a text that is not an IRI."""
        prefix, colon, _ = text.partition(":")
        if not colon:
            return f"Write it with its scheme, or with a prefix: ex:{text}."
        similar = nearest(prefix, self.prefixes)
        if similar:
            return f"Did you mean {similar}:? Otherwise declare {prefix}: under prefixes."
        return f"Declare {prefix}: under prefixes of this file, or in kg.toml for all files."

    def expression(self, node: Node, text: str) -> Expression:
        """Return what a template stands for, external references filled in."""
        try:
            return parse_template(text, self.external)
        except TemplateError as error:
            raise node.error(str(error), hint=r"Write \$ where no reference is meant.") from error

    def expanded(self, text: str, node: Node) -> str:
        """Return the template of an IRI with its prefix expanded, if it has one."""
        prefix, colon, rest = text.partition(":")
        if not colon or rest.startswith("//") or prefix.endswith("\\") or "$(" in prefix:
            return text
        if prefix in self.prefixes:
            # The namespace is plain text: what has a meaning in templates is escaped.
            return escaped(self.prefixes[prefix]) + rest
        if re.fullmatch(r"[A-Za-z][\w.-]*", prefix) and prefix not in _SCHEMES:
            raise node.error(
                f"the prefix {prefix!r} is not known",
                hint=self.advice(text),
            )
        return text

    def text(self, node: Node, text: str) -> str:
        """Return the template of a text; a prefix that it starts with is written out, and told.

        So the reference implementation takes it. A text with white space is not a prefixed name.
        """
        if expand(text, self.prefixes) is None or "://" in text:
            return text
        expression = self.expression(node, text)
        parts = expression.parts if isinstance(expression, Template) else (text,)
        if any(isinstance(part, str) and re.search(r"\s", part) for part in parts):
            return text
        self.notes.add(_PREFIXED, node.origin.location(), text, loses=False)
        prefix, _, rest = text.partition(":")
        return escaped(self.prefixes[prefix]) + rest

    # --- functions ------------------------------------------------------------------------

    def condition(self, node: Node) -> Call | None:
        """Return the condition that a node has; several must all hold."""
        found = node.get(*CONDITIONS)
        calls = [self.call(each) for each in found.items()] if found else []
        for call, each in zip(calls, found.items() if found else (), strict=True):
            if not call.function.is_boolean and call.function is not Function.IF:
                raise each.error(
                    f"a condition is true or false, which {call.function.value} is not",
                    hint="Compare what it gives, as in equal($(a), $(b)).",
                )
        if len(calls) < 2:
            return calls[0] if calls else None
        return Call(Function.AND, tuple(calls))

    def call(self, node: Node) -> Call:
        """Read the call of a function: ``function`` with ``parameters``, or in one line."""
        function, parameters = node, None
        if node.is_map:
            node.check_keys(
                "a function", _CALL_KEYS | TERM_KEYS if node.get(*FUNCTION) else _CALL_KEYS
            )
            named = node.get(*FUNCTION)
            if named is None:
                raise node.error("a function is needed", hint="Write function: equal.")
            function, parameters = named, node.get(*_PARAMETERS)
        text = function.text("a function")
        written = self.call_text(function, text)
        if parameters is None:
            if written is None and not node.is_map:
                raise node.error(
                    f"{text!r} is no call of a function", hint="Write it as equal($(a), $(b))."
                )
            return self.from_text(function, written or CallText(text, ()))
        if written is not None:
            raise parameters.error("the parameters stand in the function's line already")
        arguments = [self.argument(each) for each in parameters_in(parameters)]
        if _BY_RECORD.fullmatch(text):
            name = self.expression(function, self.function_name(text))
            return choose_call(name, arguments, function.origin, folder=self.folder)
        return make_call(
            self.function_name(text), arguments, function.origin, text, folder=self.folder
        )

    def call_text(self, node: Node, text: str) -> CallText | None:
        """Return the call that a text is; None where it is a name alone."""
        if _BY_RECORD.fullmatch(text):
            return None
        try:
            return parse_call(text)
        except TemplateError as error:
            hint = "Put the call in quotes: YAML parts texts in brackets at commas."
            if "nested" in str(error):
                hint = "Work out a part of it in another column of the source."
            raise node.error(str(error), hint=hint) from error

    def from_text(self, node: Node, written: CallText) -> Call:
        """Return the call of a function that is written in one line."""
        arguments: list[Argument] = []
        for name, value in written.arguments:
            made = (
                self.from_text(node, value)
                if isinstance(value, CallText)
                else (self.value(node, value))
            )
            arguments.append((name, made))
        name = self.function_name(written.name)
        return make_call(name, arguments, node.origin, written.name, folder=self.folder)

    def argument(self, node: Node) -> Argument:
        """Read a parameter: ``[name, value]``, or ``parameter`` and ``value``."""
        name, value, _ = parameter_parts(node)
        if value.is_map:
            return name, self.call(value)
        return name, self.value(value, value.text("a parameter"))

    def value(self, node: Node, text: str) -> Expression:
        """Read the value of a parameter, which is a text unless it says ``~iri``."""
        body, marked = _marked(text)
        if marked is TermType.IRI:
            return self.made(node, body, TermType.IRI).expression or Constant("", TermType.IRI)
        made = self.expression(node, self.text(node, text))
        if in_braces(text) and not isinstance(made, Reference):
            self.notes.add(_BRACES, node.origin.location(), text, loses=False)
        return made

    def function_name(self, name: str) -> str:
        """Return the IRI of a function, or its name where it has no prefix."""
        return expand(name, {**FUNCTION_PREFIXES, **self.prefixes}) or name


def parameter_parts(node: Node) -> tuple[str, Node, str | None]:
    """Return name, value, and ``s`` or ``o`` where it says whose value it is.

    Raises:
        InputError: It is not a parameter.
    """
    name, value = node.get(*_PARAMETER), node.get(*VALUE)
    parts = list(node.items()) if node.is_list else [part for part in (name, value) if part]
    if len(parts) not in (2, 3):
        raise node.error("a parameter is written [name, $(column)] or [name, $(column), s]")
    side = parts[2].text("a side") if len(parts) == 3 else None
    if side not in (None, "s", "o", "subject", "object"):
        raise parts[2].error(f"{side!r} is neither s (subject) nor o (object)")
    return parts[0].text("the name of a parameter"), parts[1], side[0] if side else None


def parameters_of(node: Node) -> Iterator[Node]:
    """Yield the parameters of a function that is written out."""
    found = node.get(*_PARAMETERS)
    yield from parameters_in(found) if found else ()


def parameters_in(node: Node) -> Iterator[Node]:
    """Yield the parameters in a list of them; some write ``name: value`` for ``[name, value]``."""
    for each in node.items():
        if each.is_map and each.value and each.get(*_PARAMETER) is None:
            for name, value in each.entries("a parameter"):
                yield Node((Node(name, value.origin), value), value.origin)
        else:
            yield each


def _marked(text: str) -> tuple[str, TermType | None]:
    """Take ``~iri``, ``~literal`` or ``~blank`` off a text, and return what it says."""
    body, tilde, mark = text.rpartition("~")
    if tilde and mark.lower() in ("iri", "literal", "blank"):
        return body, _TYPES[mark.lower()]
    return text, None
