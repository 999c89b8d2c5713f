"""XPath 3.1 with elementpath, for paths that are beyond XPath 1.0.

Functions that read files, the environment or the network are replaced by ones that ask
`kg.sources.addresses`. What depends on where Python puts an object, or on the machine's language,
is replaced too, so that the same document always gives the same values.

This module needs the package elementpath, so it is imported only where a path needs it.

Spec: https://www.w3.org/TR/xpath-31/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import lxml.etree
from elementpath import ElementPathError, MissingContextError, XPathContext, XPathNode
from elementpath.compare import deep_equal
from elementpath.datatypes import Timezone
from elementpath.namespaces import XPATH_FUNCTIONS_NAMESPACE
from elementpath.tree_builders import get_node_tree
from elementpath.xpath31 import XPath31Parser
from elementpath.xpath_tokens import XPathArray, XPathFunction

from kg.basis import varies
from kg.errors import InputError
from kg.mapping.own_functions import started
from kg.sources.addresses import Reach
from kg.sources.xpath_serialize import serialize

# Of elementpath: a compiled path, a node, an item.
Token = Any
Item = Any
Context = Any

_CODEPOINTS: Final = "http://www.w3.org/2005/xpath-functions/collation/codepoint"
# What evaluation raises: errors of XPath, and of Python where elementpath does not look first.
_FAULTS: Final = (
    *(ElementPathError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, re.error, NotImplementedError, lxml.etree.LxmlError),
)
# What elementpath says before and after its message: ``'x' name at line 1, column 2: [err:...] ``.
_AROUND: Final = re.compile(r"^(?:'.*?' \S+ )?at line \d+, column \d+: |\[(?:err:)?(\w+)\] ")
# Axes and functions whose result depends on what is around a record.
_OUTSIDE: Final = frozenset(
    {
        *("..", "parent", "ancestor", "ancestor-or-self", "preceding", "preceding-sibling"),
        *("following", "following-sibling", "path", "root", "id", "idref", "element-with-id"),
        *("lang", "base-uri", "document-uri", "generate-id"),
        "function-lookup",
    }
)
# What may give another value another time; `function-lookup` makes names of texts.
_VOLATILE: Final = re.compile(r"\b(?:current-(?:dateTime|date|time)|random-number|function-lookup)")
# Children of one element whose places are remembered, and elements for which they are.
_MOST_PARENTS: Final = 16
_UTC: Final = Timezone.fromstring("Z")
# Documents of `doc` that are kept.
_MOST_DOCUMENTS: Final = 4
# Paths that are remembered for each set of namespaces.
_MOST_PATHS: Final = 5000


class PathFault(Exception):
    """A path is wrong, or fails for a record.

    Args:
        message: What is wrong.
        offset: Where in the path, if that is known.
        code: The code of the error, as XPath has it; empty if there is none.
    """

    def __init__(self, message: str, offset: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.code = code


class Xpath31:
    """Paths of one source.

    Args:
        namespaces: What prefixes stand for.
        default: The namespace of element names without a prefix; empty for none.
        reach: What their functions may read.
    """

    def __init__(self, namespaces: Mapping[str, str], default: str, reach: Reach) -> None:
        self._known = _parser(tuple(sorted(namespaces.items())), default)
        self._reach = reach
        self._context: Item = None
        self._documents: dict[Path, Item] = {}

    def compiled(self, path: str) -> Token:
        """Return a path, ready to be followed.

        Raises:
            PathFault: It is not valid.
            InputError: It asks for an address that is refused.
        """
        if _VOLATILE.search(path):
            varies()
        parser, known = self._known
        if path not in known:
            if len(known) >= _MOST_PATHS:
                known.clear()
            try:
                known[path] = parser.parse(path)
            except _FAULTS as error:
                fault = _fault(error)
                if "end of source" in fault.message:
                    fault.offset = len(path)
                raise fault from error
        return known[path]

    def enter(self, root: Item) -> Item:
        """Follow paths in a document, or in an element as if it were all, from now on.

        Args:
            root: A tree of lxml, or an element.

        Returns:
            The node of the root.
        """
        is_element = isinstance(root, lxml.etree._Element)
        node = get_node_tree(root, fragment=is_element)
        # One time for the whole run, as `now` of mappings has it, whatever the machine's zone is.
        self._context = _Context(node, current_dt=started().replace(tzinfo=_UTC), timezone=_UTC)
        self._context.reach = self._reach
        self._context.places = {}
        self._context.known_documents = self._documents
        return node

    def node_of(self, element: Item) -> Item:
        """Return the node of an element of the document."""
        return self._context.root.elements[element]

    @staticmethod
    def element_of(item: Item) -> Item:
        """Return the element of lxml that an item is; None for any other item."""
        value = item.value if isinstance(item, XPathNode) else None
        return value if isinstance(value, lxml.etree._Element) else None

    @staticmethod
    def line_of(item: Item) -> int | None:
        """Return the line of the element that an item is or belongs to, if that is known."""
        node = item
        while isinstance(node, XPathNode):
            if isinstance(node.value, lxml.etree._Element):
                return int(node.value.sourceline or 0) or None
            node = node.parent
        return None

    def items(self, token: Token, item: Item) -> Iterator[Item]:
        """Yield what a path gives for an item.

        Raises:
            PathFault: It fails.
            InputError: It asks for an address that is refused.
        """
        context = copy(self._context)
        context.item = item
        try:
            yield from token.select(context)
        except _FAULTS as error:
            raise _fault(error) from error

    def texts(self, token: Token, item: Item) -> list[str]:
        """Return the values that a path gives for an item, as texts.

        Raises:
            PathFault: It fails, or gives what is no value.
            InputError: It asks for an address that is refused.
        """
        found = _atoms(self.items(token, item))
        try:
            return [token.string_value(each) for each in found]
        except _FAULTS as error:
            raise _fault(error) from error

    @staticmethod
    def stays_inside(token: Token) -> bool:
        """Return whether what a path gives for an element depends on that element alone."""
        for each in token.iter():
            if each.symbol in _OUTSIDE or (each.symbol in ("/", "//") and len(each) < 2):
                return False
        return True


def _atoms(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, those of arrays one by one."""
    for item in items:
        if isinstance(item, XPathArray):
            yield from _atoms(item.items())
        elif isinstance(item, list):
            yield from _atoms(item)
        elif isinstance(item, XPathFunction):
            kind = "a map" if item.symbol == "map" else "a function"
            raise PathFault(f"it gives {kind}, which is no value")
        else:
            yield item


def _fault(error: Exception) -> PathFault:
    """Return what is wrong, without the place, which is told apart."""
    if isinstance(error, RecursionError):
        return PathFault("it is nested too deep")
    text = str(error.message if isinstance(error, ElementPathError) else error)
    code = str(getattr(error, "code", None) or "").removeprefix("err:")
    token = getattr(error, "token", None)
    span = getattr(token, "span", None)
    message = _AROUND.sub("", text).strip().rstrip(".") or type(error).__name__
    if "<class " in message:  # names of Python's
        message = "a value is of the wrong type here"
    message = message.replace("unknown function ", "unregistered function ")
    return PathFault(message[:300], span[0] if span else None, code)


class _Parser(XPath31Parser):
    """The parser of XPath 3.1 with functions that keep to what kg may read."""


class _Context(XPathContext):
    """What a path is followed in.

    Attributes:
        reach: What functions may read.
        places: The number of each child among those of its name, for a few parents.
        known_documents: The documents that were read last, by their files.
    """

    reach: Reach
    places: dict[int, dict[int, int]]
    known_documents: dict[Path, Item]


@lru_cache(maxsize=8)
def _parser(namespaces: tuple[tuple[str, str], ...], default: str) -> tuple[Item, dict[str, Token]]:
    """Return a parser, and the paths that it has parsed; sources of one mapping share them."""
    parser: Item = _Parser(
        namespaces=dict(namespaces), default_namespace=default, default_collation=_CODEPOINTS
    )
    parser.tracer = lambda _: None
    return parser, {}


def _argument(token: Token, context: Context, index: int = 0) -> str | None:
    """Return an argument that is a text; None for the empty sequence."""
    found = token.get_argument(context, index=index)
    if found is None:
        return None
    return str(token.string_value(found))


def _bound(token: Token, context: Context) -> Item:
    context = token.context if token.context is not None else context
    if context is None:
        raise MissingContextError("needs a record")
    return context


def _unparsed_text(token: Token, context: Context) -> Item:
    context = _bound(token, context)
    address = _argument(token, context)
    if address is None:
        return []
    encoding = _argument(token, context, 1) if len(token) > 1 else "utf-8"
    return context.reach.text(token.symbol, address, encoding or "utf-8")


def _unparsed_lines(token: Token, context: Context) -> Item:
    text = _unparsed_text(token, context)
    return [] if text == [] else text.removesuffix("\n").split("\n") if text else []


def _text_available(token: Token, context: Context) -> bool:
    try:
        return bool(_unparsed_text(token, context) != [])
    except InputError as error:
        if error.code in ("missing-file", "bad-encoding", "empty-file"):
            return False
        raise


def _doc(token: Token, context: Context) -> Item:
    context = _bound(token, context)
    address = _argument(token, context)
    if address is None:
        return []
    # It is the same document each time, and parsed once while others do not take its place.
    known, file = context.known_documents, context.reach.file(token.symbol, address)
    if file not in known:
        found = _parsed(context.reach.data(token.symbol, address), address)
        if len(known) >= _MOST_DOCUMENTS:
            known.clear()
        known[file] = found
    return known[file]


def _parsed(data: bytes, address: str) -> Item:
    """Return the node of a document."""
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    parser = lxml.etree.XMLParser(remove_comments=True, remove_pis=True, **options)
    try:
        root = lxml.etree.fromstring(data, parser)
    except lxml.etree.XMLSyntaxError as error:
        raise InputError(
            "bad-xml", f"{address}, which doc reads, is not valid XML: {error}"
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("xml-entities", f"{address}, which doc reads, has a document type")
    return get_node_tree(root.getroottree())


def _doc_available(token: Token, context: Context) -> bool:
    try:
        return bool(_doc(token, context) != [])
    except InputError as error:
        if error.code in ("missing-file", "bad-xml", "empty-file"):
            return False
        raise


def _json_doc(token: Token, context: Context) -> Item:
    context = _bound(token, context)
    address = _argument(token, context)
    if address is None:
        return []
    text = context.reach.text(token.symbol, address, "utf-8")
    parse = token.parser.get_function("parse-json", 2 if len(token) > 1 else 1)
    arguments = [text, *(token.get_argument(context, index=1) for _ in range(len(token) - 1))]
    return parse(*arguments, context=context)


def _no_collection(token: Token, context: Context) -> Item:
    _bound(token, context)
    raise InputError(
        "refused-address",
        f"{token.symbol} asks for a collection of documents, and kg has none",
        hint="Name the files as the source, with a pattern such as data/*.xml.",
    )


def _environment(token: Token, context: Context) -> Item:
    context = _bound(token, context)
    value = context.reach.variable(_argument(token, context) or "")
    return [] if value is None else value


def _no_environment(token: Token, context: Context) -> list[str]:
    _bound(token, context)
    return []


def _generate_id(token: Token, context: Context) -> str:
    """Return a name that depends on the place of a node in its document alone."""
    node = token.get_argument(_bound(token, context), default_to_context=True)
    if node is None:
        return ""
    if not isinstance(node, XPathNode):
        raise token.error("XPTY0004", "generate-id needs a node")
    return f"n{node.position}"


def _path(token: Token, context: Context) -> Item:
    """Return the path of a node; elementpath's own counts all its siblings each time."""
    context = _bound(token, context)
    node = token.get_argument(context) if len(token) else context.item
    if not isinstance(node, XPathNode):
        return []
    places = context.places
    steps: list[str] = []
    while (parent := node.parent) is not None:
        steps.append(_step(node, parent, places))
        node = parent
    root = "" if node.node_kind == "document" else f"Q{{{XPATH_FUNCTIONS_NAMESPACE}}}root()"
    steps.append(root)
    return "/".join(reversed(steps)) or "/"


def _step(node: Item, parent: Item, places: dict[int, dict[int, int]]) -> str:
    if node.node_kind not in ("element", "text"):
        return str(node.path).rpartition("/")[2] if "{" not in node.path else _named(node)
    if id(parent) not in places:
        if len(places) >= _MOST_PARENTS:
            places.clear()
        places[id(parent)] = _numbered(parent.children)
    name = "text()" if node.node_kind == "text" else node.name_path
    return f"{name}[{places[id(parent)][id(node)]}]"


def _named(node: Item) -> str:
    return f"@{node.name_path}" if node.node_kind == "attribute" else f"namespace::{node.name_path}"


def _numbered(children: Iterable[Any]) -> dict[int, int]:
    counts: dict[str, int] = {}
    numbers: dict[int, int] = {}
    for child in children:
        name = child.name if child.node_kind == "element" else child.node_kind + "()"
        counts[name] = numbers[id(child)] = counts.get(name, 0) + 1
    return numbers


def _deep_equal(token: Token, context: Context) -> bool:
    """Compare two sequences; elementpath lets one selection disturb the other."""
    context = _bound(token, context)
    collation = _argument(token, context, 2) if len(token) > 2 else None
    first, second = _listed(token[0], context), _listed(token[1], context)
    return bool(deep_equal(first, second, collation=collation or token.parser.default_collation))


def _for_each_pair(token: Token, context: Context) -> list[Any]:
    context = _bound(token, context)
    function = token.get_argument(copy(context), index=2, cls=XPathFunction, required=True)
    found: list[Any] = []
    for pair in zip(_listed(token[0], context), _listed(token[1], context), strict=False):
        result = function(*pair, context=copy(context))
        found += result if isinstance(result, list) else [result]
    return found


def _serialize(token: Token, context: Context) -> str:
    return serialize(token, _bound(token, context))


def _listed(token: Token, context: Context) -> list[Any]:
    return [*token.select(copy(context))]


_REPLACED: Final[Mapping[str, Callable[[Token, Any], Any]]] = {
    "unparsed-text": _unparsed_text,
    "unparsed-text-lines": _unparsed_lines,
    "unparsed-text-available": _text_available,
    "doc": _doc,
    "doc-available": _doc_available,
    "json-doc": _json_doc,
    "collection": _no_collection,
    "uri-collection": _no_collection,
    "environment-variable": _environment,
    "available-environment-variables": _no_environment,
    "generate-id": _generate_id,
    "path": _path,
    "deep-equal": _deep_equal,
    "for-each-pair": _for_each_pair,
    "serialize": _serialize,
}


def _replace(symbol: str, function: Callable[[Token, Any], Any]) -> None:
    # Where another namespace has a function of that name, the table has a proxy for both.
    qualified = f"{{{XPATH_FUNCTIONS_NAMESPACE}}}{symbol}"
    key = qualified if qualified in _Parser.symbol_table else symbol
    old: Item = _Parser.symbol_table[key]

    def evaluate(self: Token, context: Context = None) -> Item:
        return function(self, context)

    def select(self: Token, context: Context = None) -> Iterator[Any]:
        found = function(self, context)
        yield from found if isinstance(found, list) else [found]

    _Parser.symbol_table[key] = type(
        old.__name__, (old,), {"evaluate": evaluate, "select": select, "__module__": __name__}
    )


for _symbol, _function in _REPLACED.items():
    _replace(_symbol, _function)
