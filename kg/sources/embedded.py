"""Documents inside of values: CSV in JSON, JSON in CSV, XML and YAML in either.

They are read text by text, with the libraries that files are read with. What is found is written as
JSON, as `kg.mapping.source_table.Nest` says.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/#field-reference-formulations
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kg.errors import InputError, Location
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.source_table import FieldDocument, Nest
from kg.sources import json_nodes, json_trees
from kg.sources.csv_lines import bad_quote, take_long_fields
from kg.sources.files import listed
from kg.sources.headers import duplicate_column
from kg.sources.json_lines import half_character
from kg.sources.json_numbers import MARK_AS_JSON, mark_numbers
from kg.sources.reading import Host
from kg.wording import nearest

# Reads a text, and returns JSON; None: it holds no document.
ReadText = Callable[[str], str | None]
_NOWHERE: Final = Location("")
_HALF: Final = re.compile("[\ud800-\udfff]")
_MARKED: Final = re.compile(re.escape(MARK_AS_JSON) + r'([^"]*)"')


def text_reader(document: FieldDocument, source: LogicalSource, host: Host) -> ReadText:
    """Return what reads the texts of a field as documents.

    What it returns raises InputError or LimitError for a text that cannot be read; that error has
    no place in a source.

    Args:
        document: What the texts are, and what is looked for in them.
        source: The source of the records that have them.
        host: Matches patterns.

    Raises:
        InputError: A path is not valid, or the library for it is not installed.
    """
    return _READERS[document.formulation](document, source, host)


def _of_json(document: FieldDocument, source: LogicalSource, host: Host) -> ReadText:
    if document.nest is None:
        return _checked_json
    finder = _Trees(document.nest, source, host)

    def read(text: str) -> str:
        return finder.items(_tree(_MARKED.sub(r"\1", text)))

    return read


def _of_yaml(document: FieldDocument, source: LogicalSource, host: Host) -> ReadText:
    from kg.sources.yaml_files import json_of

    finder = _Trees(document.nest, source, host) if document.nest is not None else None

    def read(text: str) -> str | None:
        made = json_of(text, source)
        if made is None:
            return None
        return _checked_json(made) if finder is None else finder.items(_tree(made))

    return read


def _of_xml(document: FieldDocument, source: LogicalSource, _: Host) -> ReadText:
    from kg.sources.xml_files import embedded_items

    assert document.nest is not None
    namespaces = document.namespaces or source.namespaces
    find = embedded_items(document.nest, namespaces, document.origin)
    return lambda text: json.dumps(find(text), ensure_ascii=False)


def _of_csv(document: FieldDocument, source: LogicalSource, _: Host) -> ReadText:
    assert document.nest is not None
    wanted = document.nest.references
    # By rml-io, CSV has no nulls but those that are stated; elsewhere an empty field is one.
    nulls = ("",) if source.nulls is None else source.nulls

    def read(text: str) -> str:
        take_long_fields()
        rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        try:
            return json.dumps(_items(rows, wanted, nulls), ensure_ascii=False)
        except csv.Error as error:
            raise bad_quote(str(error), _NOWHERE) from error

    return read


def _items(rows: Any, wanted: Sequence[str], nulls: Sequence[str]) -> list[dict[str, Any]]:  # noqa: ANN401 (what csv.reader is has no name)
    records = (row for row in rows if row)
    header = next(records, None)
    if header is None:
        return []
    places: Mapping[str, int] = {name: n for n, name in enumerate(header)}
    for name in wanted:
        if name not in places:
            guess = nearest(name, header)
            hint = f"Did you mean {guess!r}? " if guess else ""
            raise InputError(
                "missing-column",
                f"the table in the value has no column {name!r}",
                hint=f"{hint}It has: {listed(header)}.",
            )
        if header.count(name) > 1:
            raise duplicate_column(name, _NOWHERE)
    items = []
    for number, row in enumerate(records, 1):
        if len(row) != len(header):
            raise InputError(
                "bad-csv",
                f"row {number} of the table in the value has {len(row)} fields, not {len(header)}",
                hint="Mend the value, or quote fields that hold the delimiter.",
            )
        found = [row[places[name]] for name in wanted]
        items.append({"c": [[] if value in nulls else [value] for value in found], "n": []})
    return items


def _checked_json(text: str) -> str:
    """Return a JSON text on one line, with its numbers marked, if it is valid."""
    _tree(text)
    # Some write a byte order mark in front, which is none of the document.
    data = text.removeprefix("\ufeff").encode()
    return b"".join(mark_numbers(iter((data,)))).decode()


def _tree(text: str) -> json_trees.Tree:
    try:
        tree = json_trees.parse(text.removeprefix("\ufeff").encode(), _NOWHERE)
    except ValueError as error:
        raise InputError(
            "bad-json",
            f"not valid JSON: {str(error).partition(':')[0].lower()}",
            hint="Mend the value.",
        ) from error
    if "\\u" in text and _HALF.search(json.dumps(tree, ensure_ascii=False)):
        raise half_character(_NOWHERE)
    return tree


class _Trees:
    """Finds the items of a nest in trees, by JSONPaths of any kind."""

    def __init__(self, nest: Nest, source: LogicalSource, host: Host) -> None:
        self.iterator = json_nodes.NodeFinder(nest.iterator, source, host, is_reference=False)
        self.references = [json_nodes.NodeFinder(path, source, host) for path in nest.references]
        self.nests = [_Trees(inner, source, host) for inner in nest.nests]

    def items(self, tree: json_trees.Tree) -> str:
        """Return the items in a tree as JSON."""
        return json_trees.write(self._found(json_nodes.Node(tree)), _NOWHERE)

    def _found(self, node: json_nodes.Node) -> list[dict[str, Any]]:
        return [
            {
                "c": [
                    [value for value in each.values(record, position) if value is not None]
                    for each in self.references
                ],
                "n": [each._found(record) for each in self.nests],
            }
            for position, record in enumerate(self.iterator.nodes(node))
        ]


_READERS: Final[Mapping[Formulation, Callable[[FieldDocument, LogicalSource, Host], ReadText]]] = {
    Formulation.CSV: _of_csv,
    Formulation.JSON: _of_json,
    Formulation.XPATH: _of_xml,
    Formulation.YAML: _of_yaml,
}
