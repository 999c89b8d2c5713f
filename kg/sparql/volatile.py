"""Whether a query may give another answer at another time, although the graph is the same.

Spec: https://www.w3.org/TR/sparql11-query/#SparqlOps
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from kg.sparql.guard import unescaped
from kg.sparql.lexer import Kind, tokens

# The time, chance, and new blank nodes.
_VOLATILE: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")


def is_volatile(text: str) -> bool:
    r"""Return whether a query calls a function whose values differ from one time to the next.

    Args:
        text: SPARQL; in a text that is none, words are looked at all the same.

    >>> (
    ...     is_volatile("SELECT (now # the time\n () AS ?n) {}"),
    ...     is_volatile(r"ASK { FILTER(N\u004FW() > 1) }"),
    ... )
    (True, True)
    >>> is_volatile("ASK { ?now <now()> 'now()' } # now()")
    False
    """
    if "(" not in text:
        return False
    found = [token for token in tokens(unescaped(text)) if token.kind is not Kind.COMMENT]
    return any(word.is_word(*_VOLATILE) and after.is_mark("(") for word, after in pairwise(found))
