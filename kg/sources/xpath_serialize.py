"""``serialize`` of XPath 3.1 with lxml; elementpath's own fails for documents with namespaces.

This module needs the packages elementpath and lxml, so it is imported only where a path needs it.

Spec: https://www.w3.org/TR/xpath-functions-31/#func-serialize,
https://www.w3.org/TR/xslt-xquery-serialization-31/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from xml.sax.saxutils import escape

import lxml.etree
from elementpath import XPathNode
from elementpath.serialization import get_serialization_params, serialize_to_json
from elementpath.xpath_tokens import XPathArray, XPathFunction

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
# Parameters that change what is written as XML, and are obeyed; of the others a few only matter to
# bytes.
_OBEYED: Final = frozenset({"method", "xml_declaration", "indent", "item_separator"})
_OF_BYTES: Final = frozenset({"encoding", "html-version"})


def serialize(token: Any, context: Any) -> str:  # noqa: ANN401 (a token and a context of elementpath)
    """Return the text that ``serialize`` makes of its argument.

    Raises:
        elementpath.ElementPathError: A parameter is wrong or not known to kg, or an item cannot be
            serialized.
    """
    given = token.get_argument(context, index=1) if len(token) > 1 else None
    parameters = get_serialization_params(given, token)
    method = parameters.get("method", "xml")
    if method == "json":
        return str(serialize_to_json(token[0].select(context), token=token, **parameters))
    unknown = [name for name in parameters if name not in _OBEYED | _OF_BYTES]
    if method not in ("xml", "html", "text") or unknown:
        name = unknown[0] if unknown else f"method {method}"
        raise token.error("SEPM0016", f"kg does not serialize with {name}")
    separator = parameters.get("item_separator")
    pieces = list(_pieces(token, _flat(token[0].select(context)), parameters, separator))
    text = (separator or "").join(pieces)
    if method == "xml" and parameters.get("xml_declaration"):
        return _DECLARATION + text
    return text


def _flat(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, XPathArray):
            yield from _flat(item.items())
        elif isinstance(item, list):
            yield from _flat(item)
        else:
            yield item


def _pieces(
    token: Any,  # noqa: ANN401
    items: Iterable[Any],
    parameters: dict[str, Any],
    separator: str | None,
) -> Iterator[str]:
    """Yield what items are written as; values that follow one another have a blank between them."""
    is_text, is_after_value = parameters.get("method") == "text", False
    for item in items:
        if isinstance(item, XPathNode):
            yield str(item.string_value) if is_text else _node(token, item, parameters)
            is_after_value = False
            continue
        if isinstance(item, XPathFunction):
            raise token.error("SENR0001", "a map or a function cannot be serialized as XML")
        blank = " " if is_after_value and separator is None else ""
        value = str(token.string_value(item))
        yield blank + (value if is_text else escape(value))
        is_after_value = True


def _node(token: Any, node: XPathNode, parameters: dict[str, Any]) -> str:  # noqa: ANN401
    if node.node_kind in ("attribute", "namespace"):
        raise token.error("SENR0001", f"{node.node_kind} nodes cannot be serialized alone")
    if node.node_kind == "text":
        return escape(str(node.string_value))
    if node.node_kind == "document":
        return "".join(_node(token, child, parameters) for child in node.children or ())
    made: str = lxml.etree.tostring(
        node.value,
        encoding="unicode",
        method=parameters.get("method", "xml"),
        pretty_print=parameters.get("indent", False),
        with_tail=False,
    )
    return made
