"""Serialises the content of an element as a literal of type `rdf:XMLLiteral`.

The form is Exclusive XML Canonicalization with comments, one of those that RDF 1.1 allows: a
namespace is declared on the outermost element whose name or attributes use it.

Spec: https://www.w3.org/TR/xml-exc-c14n/
"""

from __future__ import annotations

import re
from typing import Final

_TEXT: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_VALUE: Final = {
    "&": "&amp;",
    "<": "&lt;",
    '"': "&quot;",
    "\t": "&#x9;",
    "\n": "&#xA;",
    "\r": "&#xD;",
}
_IN_TEXT: Final = re.compile("[&<>\r]")
_IN_VALUE: Final = re.compile('[&<"\t\n\r]')
_XML: Final = "http://www.w3.org/XML/1998/namespace"


class XmlLiteral:
    """Builds the literal from the events of the XML parser.

    Args:
        separator: Separates namespace, local name and prefix in the names of the events.

    Attributes:
        size: Characters so far.
    """

    def __init__(self, separator: str) -> None:
        self._separator = separator
        self._parts: list[str] = []
        # Names of the open elements, and the namespaces in scope in each.
        self._open: list[tuple[str, dict[str, str]]] = []
        self.size = 0

    @property
    def depth(self) -> int:
        """The number of open elements."""
        return len(self._open)

    @property
    def text(self) -> str:
        """The literal so far."""
        return "".join(self._parts)

    def start(self, name: str, attributes: list[str]) -> None:
        """Add the start of an element."""
        rendered = self._open[-1][1] if self._open else {"": ""}
        namespace, _, tag = self._name(name)
        used = {tag.partition(":")[0] if ":" in tag else "": namespace}
        found: list[tuple[str, str, str, str]] = []
        for at in range(0, len(attributes), 2):
            uri, local, shown = self._name(attributes[at])
            found.append((uri, local, shown, attributes[at + 1]))
            if uri and uri != _XML:
                used[shown.partition(":")[0]] = uri
        fresh = {
            prefix: uri
            for prefix, uri in used.items()
            if rendered.get(prefix) != uri and uri != _XML
        }
        parts = [f"<{tag}"]
        for prefix, uri in sorted(fresh.items()):
            parts.append(f' xmlns{":" if prefix else ""}{prefix}="{_value(uri)}"')
        parts += [f' {shown}="{_value(value)}"' for _, _, shown, value in sorted(found)]
        self._add("".join(parts) + ">")
        self._open.append((tag, {**rendered, **fresh} if fresh else rendered))

    def end(self) -> None:
        """Add the end of the innermost element."""
        self._add(f"</{self._open.pop()[0]}>")

    def characters(self, text: str) -> None:
        """Add text."""
        self._add(_IN_TEXT.sub(lambda match: _TEXT[match[0]], text))

    def comment(self, text: str) -> None:
        """Add a comment."""
        self._add(f"<!--{text}-->")

    def instruction(self, target: str, data: str) -> None:
        """Add a processing instruction."""
        self._add(f"<?{target} {data}?>" if data else f"<?{target}?>")

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self.size += len(text)

    def _name(self, name: str) -> tuple[str, str, str]:
        """Return namespace, local name, and the prefixed name."""
        parts = name.split(self._separator)
        if len(parts) == 1:
            return "", parts[0], parts[0]
        prefix = parts[2] if len(parts) > 2 else ""
        return parts[0], parts[1], f"{prefix}:{parts[1]}" if prefix else parts[1]


def _value(text: str) -> str:
    return _IN_VALUE.sub(lambda match: _VALUE[match[0]], text)
