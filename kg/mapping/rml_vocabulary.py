"""The properties of RML documents that kg reads; others are refused, so that none is passed over.

The vocabularies of before are turned into the present one beforehand, see `kg.mapping.rml_graph`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.mapping.other_notations import BY_PROPERTY
from kg.notes import Notes
from kg.wording import nearest

if TYPE_CHECKING:
    from kg.errors import InputError
    from kg.mapping.rml_graph import RmlGraph, Value

_CORE: Final = frozenset(
    {
        *("logicalSource", "subjectMap", "subject", "predicateObjectMap", "predicateMap"),
        *("predicate", "objectMap", "object", "graphMap", "graph", "class", "baseIRI"),
        *("constant", "reference", "template", "termType", "language", "languageMap"),
        *("datatype", "datatypeMap", "parentTriplesMap", "joinCondition"),
        *("child", "childMap", "parent", "parentMap"),
    }
)
_IO: Final = frozenset(
    {
        *("source", "referenceFormulation", "iterator", "query", "tableName", "path", "root"),
        # Of drafts of R2RML, and of Virtuoso.
        *("tableSchema", "tableOwner"),
        *("encoding", "compression", "null", "namespace", "namespacePrefix", "namespaceURL"),
        *("logicalTarget", "target", "serialization"),
    }
)
_FNML: Final = frozenset(
    {
        *("functionExecution", "function", "functionMap", "input", "parameter", "parameterMap"),
        *("inputValue", "inputValueMap", "return", "returnMap", "condition", "functionValue"),
    }
)
# Of CARML.
# Of yarrrml-parser, in join conditions by a function: whose record a value is taken from.
_SIDES: Final = frozenset({"parentTermMap", "childTermMap"})
_CARML: Final = frozenset({"url", "streamName"})
# What RMLMapper adds: dynamic targets, requests to servers, streams of events.
_EXTENSIONS: Final = "https://w3id.org/imec/rml/ns/extensions#"
TARGET_MAP: Final = f"{_EXTENSIONS}logicalTargetMap"
_LV: Final = frozenset(
    {
        *("viewOn", "field", "fieldName", "leftJoin", "innerJoin", "parentLogicalView"),
        *("structuralAnnotation", "onFields", "targetView", "targetFields"),
    }
)
# They change no triple: how a database writes a value back, and whose SQL a query is.
_HINTS: Final = frozenset({"inverseExpression", "sqlVersion"})
_CC: Final = frozenset({"gather", "gatherAs", "strategy", "allowEmptyListAndContainer"})
# What a target says of an event stream; its file is RDF all the same.
_LDES: Final = frozenset({"ldes", "ldesBaseIRI", "ldesGenerateImmutableIRI"})
_KNOWN: Final = _CORE | _IO | _FNML | _CC | _LV | _CARML | _SIDES | _HINTS
# What modules of RML that kg does not have are for, by their properties.
_OF_STAR: Final = frozenset({"quotedTriplesMap", "starMap"})
_MISSING: Final = (
    (
        "outer joins of views",
        frozenset({"outerJoin", "fullJoin"}),
        "Write rml:leftJoin, and a triples map on the other view for what has no match.",
    ),
    ("quoted triples", _OF_STAR, "Write a node for the statement, with triples about it."),
)


_STREAM: Final = (
    "{count} × a target is an event stream (LDES): its statements are written as they are"
)


def check_vocabulary(graph: RmlGraph) -> None:
    """Check that all properties of the RML vocabulary in a document are ones that kg reads.

    Raises:
        InputError: One is not; the message says which and where.
    """
    for name, value in graph.properties():
        if name in _LDES:
            Notes().add(_STREAM, value.origin.location(), loses=False)
        elif name not in _KNOWN:
            raise _refusal(name, value)
    for predicate, value in graph.others():
        if predicate in BY_PROPERTY:
            what, hint = BY_PROPERTY[predicate]
            raise value.unsupported(f"this is {what}, which kg does not read", hint=hint)
        name = predicate.removeprefix(_EXTENSIONS)
        if predicate == TARGET_MAP:
            continue
        if predicate.lower() == TARGET_MAP.lower():
            raise dynamic_target(value)
        if name != predicate:
            raise value.unsupported(
                f"{name} of RMLMapper's extensions is not supported", hint="Take it away."
            )


def is_extension(value: Value) -> bool:
    """Return whether a value is a term of RMLMapper's extensions."""
    return value.text.startswith(_EXTENSIONS)


def dynamic_target(value: Value) -> InputError:
    """Return the error for a target whose file a record is to name, and that is not described."""
    return value.unsupported(
        "the document does not say which file the record names (dynamic targets)",
        hint="Name one file, or describe the targets as yarrrml-parser does: by triples maps for"
        " rmle:ThisMapping with the same templates, and void:dataDump of the file.",
    )


def _refusal(name: str, value: Value) -> InputError:
    experiment = name.removeprefix("experimental/")
    if experiment != name:
        return value.unsupported(
            f"{experiment} of CARML's experiments is not supported",
            hint="Give what is nested a triples map with an iterator of its own, such as"
            " $.orders[*].items[*].",
        )
    for what, names, hint in _MISSING:
        if name in names:
            return value.unsupported(f"rml:{name}: {what} are not supported", hint=hint)
    similar = nearest(name, _KNOWN - _HINTS - _CARML - _SIDES)
    hint = f"Did you mean rml:{similar}?" if similar else "kg would pass it over: take it away."
    return value.error(f"rml:{name} is no property that kg knows", hint=hint)
