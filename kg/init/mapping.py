"""The mapping of a new workspace, in YARRRML, as a person would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.init.design import Entity, Property
from kg.mapping.plan import Dialect, Formulation, LogicalSource
from kg.peek import Column, Kind
from kg.peek.columns import SEVERAL
from kg.peek.databases import login_of
from kg.peek.model import Written

_HEAD: Final = """\
# How the tables become a graph. The notation is YARRRML: `kg help mapping` teaches it.
#
# kg looked at the files and proposes this. Lines with "guess" say where it could be wrong: change
# what is, and run `kg build` again. $(column) stands for the value of a column. Where it is empty,
# nothing is said.
"""
_FORMATS: Final = {
    Formulation.CSV: "csv",
    Formulation.JSON: "json",
    Formulation.YAML: "yaml",
    Formulation.EXCEL: "excel",
    Formulation.PARQUET: "parquet",
    Formulation.SQL: "sqlite",
    Formulation.DUCKDB: "duckdb",
}
# Variables that stand for the login of a database.
_USER: Final = "$KG_DB_USER"
_PASSWORD: Final = "$KG_DB_PASSWORD"
_PLAIN: Final = re.compile(r"[A-Za-z_$(](?:[\w $()./~-]|:(?=\S))*")
# Texts that YAML would take for something else.
_NOT_TEXTS: Final = re.compile(r"(?i)(true|false|yes|no|null|on|off|y|n|~|[-+]?[0-9.].*|)")


def mapping_text(entities: Sequence[Entity], paths: Sequence[str]) -> str:
    """Return the mapping document.

    Args:
        entities: What the tables become.
        paths: For each, where its file is as the mapping sees it.
    """
    lines = [_HEAD, "sources:"]
    for entity, path in zip(entities, paths, strict=True):
        lines += [f"  {line}" for line in _source(entity, path)]
    lines += ["", "mappings:"]
    for number, entity in enumerate(entities):
        lines += [""] * bool(number)
        lines += [f"  {line}" for line in _mapping(entity)]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text as YAML has it, in quotes where it needs them.

    >>> quoted("ns:Peak"), quoted("$(a)"), quoted("$(tags[*])"), quoted("no")
    ('ns:Peak', '$(a)', "'$(tags[*])'", "'no'")
    """
    if _PLAIN.fullmatch(text) and not _NOT_TEXTS.fullmatch(text) and not text.endswith(" "):
        return text
    return json.dumps(text, ensure_ascii=False) if "\n" in text else f"'{_doubled(text)}'"


def _doubled(text: str) -> str:
    return text.replace("'", "''")


# --- sources ----------------------------------------------------------------------------------


def _source(entity: Entity, path: str) -> list[str]:
    source = entity.table.source
    notes = [f"  # guess: {note}." for note in entity.table.notes]
    options = dict(_options(source, entity.nulls))
    kind = _FORMATS[source.formulation]
    if source.lines:
        kind = "jsonl"
    if source.formulation is Formulation.CSV and options.get("delimiter") == '"\\t"':
        kind, _ = "tsv", options.pop("delimiter")
    if not options and source.database is None:
        iterator = [quoted(source.iterator)] if source.iterator else []
        shown = ", ".join([quoted(f"{path}~{kind}"), *iterator])
        return [f"{entity.source_name}: [{shown}]", *notes]
    if source.iterator:
        options["iterator"] = quoted(source.iterator)
    shape = {"access": quoted(path), "referenceFormulation": kind}
    if source.formulation is Formulation.SQL:
        shape = {"type": "sqlite", "access": quoted(path)}
        options["table"] = options.pop("iterator")
        if source.database is not None:
            shape = {"type": source.database.kind, **_access(source.database.url)}
    lines = [f"  {key}: {value}" for key, value in {**shape, **options}.items()]
    return [f"{entity.source_name}:", *notes, *lines]


def _access(address: str) -> dict[str, str]:
    """Return how a server is reached: without a password, which no file should hold."""
    found = {"access": quoted(login_of(address)[0])}
    names = login_variables(address)
    if names:
        user, password = map(quoted, names)
        found["credentials"] = f"{{username: {user}, password: {password}}}"
    return found


def login_variables(address: str) -> tuple[str, ...]:
    """Return the variables that stand for the user and password in an address; () without a login.

    >>> login_variables("mysql://me:secret@host/shop"), login_variables("mysql://host/shop")
    (('$KG_DB_USER', '$KG_DB_PASSWORD'), ())
    >>> login_variables("mysql://$SHOP_USER:secret@host/shop")
    ('$SHOP_USER', '$KG_DB_PASSWORD')
    """
    login = login_of(address)[1]
    user, _, password = login.partition(":")
    if not login:
        return ()
    return tuple(
        text if text.startswith("$") else name
        for text, name in ((user, _USER), (password, _PASSWORD))
    )


def _options(source: LogicalSource, nulls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what the source says of its file, with the values as YAML has them."""
    own, usual = source.dialect, Dialect()
    if own.delimiter != usual.delimiter:
        yield "delimiter", json.dumps(own.delimiter)
    if source.encoding != "utf-8":
        yield "encoding", source.encoding
    if own.trim != usual.trim:
        yield "trim", own.trim
    if own.skip_rows:
        yield "skipRows", str(own.skip_rows)
    if not own.header:
        yield "header", "false"
    if own.names:
        yield "columns", f"[{', '.join(map(quoted, own.names))}]"
    if own.cells:
        yield "range", quoted(own.cells)
    if own.fills_merged:
        yield "merged", "fill"
    if own.sheet_column:
        yield "sheetColumn", quoted(own.sheet_column)
    if nulls:
        texts = dict.fromkeys(["", *nulls])
        yield "nulls", f"[{', '.join(map(quoted, texts))}]"


# --- mappings ---------------------------------------------------------------------------------


def _mapping(entity: Entity) -> Iterator[str]:
    yield f"{entity.prefix}:"
    yield f"  sources: [{entity.source_name}]"
    if entity.table.left is not None:
        plain = f'coalesce($({escaped(entity.table.left.reference)}), "")'
        yield f"  condition: {_unlike(plain, entity.table.left.texts)}"
    yield from (f"  {line}" for line in _subject(entity))
    yield "  po:"
    yield f"    - [a, ns:{entity.class_name}]"
    if entity.title is not None:
        plain = f"$({escaped(entity.title.reference)})"
        own = tuple(text for text in entity.title.nulls if text not in entity.nulls)
        yield f"    {_pair('rdfs:label', quoted(plain), _datatype(entity.title), plain, own)}"
    for each in entity.properties:
        yield from (f"    {line}" for line in _property(each))
    for column in entity.empty:
        yield f"    # {_comment(column.name)} is empty in all records."


def _subject(entity: Entity) -> Iterator[str]:
    key = entity.key
    if not key.columns:
        yield "# guess: no few columns together tell the records apart, so things have no names."
        yield "# Add a column with numbers, and s: " + f"{entity.prefix}:$(its name), to name them."
        return
    if not key.is_sure:
        shown = " and ".join(_comment(column.name) for column in key.columns)
        what = "is different" if len(key.columns) == 1 else "together are different"
        yield f"# guess: {shown} {what} in each record now, and will stay so."
    yield f"s: {quoted(f'{entity.prefix}:{reference_path(key.columns)}')}"


def reference_path(columns: Sequence[Column]) -> str:
    """Return the template of a name: the values of columns with / between them."""
    return "/".join(f"$({escaped(column.reference)})" for column in columns)


def escaped(reference: str) -> str:
    r"""Return a reference as it stands in ``$(…)``: brackets that have no partner are escaped.

    >>> escaped("height (m)"), escaped("a)b")
    ('height (m)', 'a\\)b')
    """
    reference, depth = reference.replace("\\", "\\\\"), 0
    for char in reference:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    if depth == 0:
        return reference
    return re.sub(r"([()])", r"\\\1", reference)


def _property(each: Property) -> Iterator[str]:
    column, predicate = each.column, f"ns:{each.name}"
    yield from (f"# guess: {_comment(doubt)}." for doubt in column.doubts)
    if each.link is not None:
        yield from _about_link(each)
        value = quoted(f"{each.target}:{reference_path(each.columns)}~iri")
        yield _pair(predicate, value, "", f"$({escaped(column.reference)})", each.nulls)
        return
    plain = f"$({escaped(column.reference)})"
    value = _value(column, plain)
    datatype = _datatype(column)
    if value != plain:
        shown = f"{{function: {quoted(value)}{f', datatype: {datatype}' if datatype else ''}}}"
        yield _pair(predicate, shown, "", plain, each.nulls, is_object=True)
    else:
        shown = quoted(f"{plain}~iri" if column.kind is Kind.ADDRESS else plain)
        yield _pair(predicate, shown, datatype, plain, each.nulls)


def _pair(
    predicate: str,
    value: str,
    datatype: str,
    plain: str,
    nulls: Sequence[str],
    is_object: bool = False,
) -> str:
    """Return the line of a predicate with its object, for records with a value that is one."""
    if not nulls and not is_object:
        return f"- [{predicate}, {value}{f', {datatype}' if datatype else ''}]"
    shown = f"{{value: {value}, datatype: {datatype}}}" if datatype else value
    condition = f", condition: {_unlike(plain, nulls)}" if nulls else ""
    return f"- {{p: {predicate}, o: {shown}{condition}}}"


def _unlike(value: str, texts: Sequence[str]) -> str:
    """Return the condition that a value is none of some texts, as YAML has it."""
    tests = [f"notEqual({value}, {json.dumps(text, ensure_ascii=False)})" for text in texts]
    return quoted(tests[0] if len(tests) == 1 else f"and({', '.join(tests)})")


def _about_link(each: Property) -> Iterator[str]:
    link = each.link
    assert link is not None
    where = _comment(link.target.place)
    if link.missing:
        shown = ", ".join(map(_comment, link.examples)) + ", …" * (link.missing > 3)
        yield (
            f"# guess: a link to {where}, though {link.missing:,} of {link.values:,} values are"
            f" not there ({shown})."
        )
    elif not link.is_named:
        yield f"# guess: all values are keys of {where}, so this is a link."


def _datatype(column: Column) -> str:
    if column.written is Written.WORDS:
        return ""  # the comparison gives a boolean
    if column.kind is Kind.TEXT and SEVERAL in column.doubts:
        return "xsd:string"  # of several kinds in the file
    return column.kind.datatype


def _value(column: Column, plain: str) -> str:
    """Return the value of a column in the form of its datatype: itself, or a call of functions."""
    value, written = plain, column.written
    if written is Written.COMMA:
        value = f'replace({value}, ",", ".")'
    elif written is Written.THOUSANDS:
        value = f'replace({value}, ",", "")'
    elif written is Written.POINTS:
        value = f'replace(replace({value}, ".", ""), ",", ".")'
    elif written is Written.CAPITALS:
        value = f"toLowerCase({value})"
    elif written is Written.WORDS:
        value = f'equal(toLowerCase({value}), "{column.pattern.partition("/")[0]}")'
    elif written is Written.BLANK:
        value = f'replace({value}, " ", "T")'
    elif written is Written.PATTERN:
        function = "toDate" if column.kind is Kind.DATE else "toDateTime"
        value = f'{function}({value}, "{column.pattern}")'
    return value


def _comment(text: str) -> str:
    return " ".join(text.split())
