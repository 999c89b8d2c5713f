"""What gives the records of a triples map: a logical source, or a logical view."""

from __future__ import annotations


class AbstractSource:
    """A logical source, or a logical view of one.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-abstract-logical-source
    """

    __slots__ = ()
