"""Explain why a source gives no records: what its document has in place of the iterator's path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.errors import KgError
from kg.mapping.jsonpath import Step, Wildcard, engine_path, parse_jsonpath
from kg.mapping.plan import Formulation, LogicalSource
from kg.sources.files import SourceFile
from kg.sources.json_scan import JsonScanner
from kg.sources.streams import text_blocks
from kg.sources.xml_files import root_of
from kg.sources.xml_namespaces import declaration, free_prefix
from kg.sources.xml_paths import parse_path
from kg.wording import nearest

# Keys that are shown.
_MOST_KEYS: Final = 10


def why_nothing(source: LogicalSource, files: Sequence[SourceFile]) -> str:
    """Return why no file of a source gives a record; empty if the reason is not known."""
    try:
        if source.formulation is Formulation.XPATH:
            return _why_xml(source, files[0])
        if source.formulation is Formulation.JSON:
            return _why_json(source, files[0])
    except KgError:  # the path cannot be followed here
        return ""
    return ""


def _why_xml(source: LogicalSource, file: SourceFile) -> str:
    namespace, name = root_of(file, source)
    steps = parse_path(source.iterator, dict(source.namespaces))
    prefixes = [prefix for prefix, iri in source.namespaces if iri == namespace]
    if (
        namespace
        and not source.takes_namespaces
        and not any(f"{prefix}:" in source.iterator for prefix in prefixes)
    ):
        return _namespace_told(source, namespace, prefixes[0] if prefixes else "")
    if steps and not steps[0].anywhere and steps[0].tag.rpartition("}")[2] not in (name, "*"):
        return f"the root element of {file.shown} is {name}"
    return ""


def _namespace_told(source: LogicalSource, namespace: str, prefix: str) -> str:
    declared = bool(prefix)
    taken = {name for name, _ in source.namespaces}
    prefix = prefix or free_prefix(taken)
    steps = parse_path(source.iterator, dict(source.namespaces)) or ()
    parts = [
        ("//" if step.anywhere else "/")
        + (step.tag if step.tag.startswith(("{", "*")) else f"{prefix}:{step.tag}")
        for step in steps
    ]
    path = "".join(parts) if parts and not any("{" in part for part in parts) else f"//{prefix}:…"
    how = f"write {path}, and {prefix}:name in references"
    if declared:
        return f"the root element is in the namespace {namespace}, whose prefix is {prefix}; {how}"
    return (
        f"the root element is in the namespace {namespace}; declare it with"
        f" {declaration(prefix, namespace)}; then {how}"
    )


def _why_json(source: LogicalSource, file: SourceFile) -> str:
    steps = parse_jsonpath(source.iterator or "$").split()[0]
    for end in range(len(steps)):
        here = engine_path(steps[:end], ["[*]"] * steps[:end].count(Wildcard.ALL))
        said = _missing_at(source, file, steps[:end], steps[end])
        if said:
            return f"{here} in {file.shown} {said}"
    return ""


def _missing_at(source: LogicalSource, file: SourceFile, above: Sequence[Step], step: Step) -> str:
    """Return what is at a path instead of a step; empty if the step is there."""
    scanner = JsonScanner((text.encode() for text in text_blocks(file, source)), file)
    keys: dict[str, None] = {}
    kind = ""
    for _ in scanner.documents(several=True):
        for _ in scanner.walk(above):
            kind = scanner.kind()
            if kind == "an object" and isinstance(step, str):
                found = scanner.keys()
                if step in found:
                    return ""
                keys.update(dict.fromkeys(found))
                continue
            return "" if _fits(kind, step) else f"is {kind}"
    if not keys:
        return ""
    near = nearest(str(step), keys)
    listed = ", ".join(list(keys)[:_MOST_KEYS]) + (", …" if len(keys) > _MOST_KEYS else "")
    return f"has no {step}; " + (f"did you mean {near}?" if near else f"it has: {listed}")


def _fits(kind: str, step: Step) -> bool:
    if isinstance(step, Wildcard):
        return kind in ("an array", "an object")
    return kind == ("an array" if isinstance(step, int) else "an object")
