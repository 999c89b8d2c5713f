"""A function that each record names: which of those that take its arguments, as a part of a plan.

`kg.mapping.chosen_functions` makes calls of it.

Spec: https://kg-construct.github.io/rml-fnml/spec/docs/#dfn-function-map
"""

from __future__ import annotations

from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """The function that the first argument names; its properties are those of `Function`.

    The other arguments are pairs: whether the name means a function, and the call of that one.

    Attributes:
        skips: Whether a name of none of them makes nothing; otherwise it is an error.
        is_whole: Whether all candidates are there, and not those alone that records name.
    """

    skips: bool = False
    is_whole: bool = True

    value = "the function of the record"
    is_boolean = False
    takes_null = True
    is_partial = True
    gives_list = False
    kind = None
