"""Which datatype a literal has that the mapping gives none."""

from __future__ import annotations

from enum import Enum

from kg.errors import UsageError


class Datatypes(Enum):
    """The datatypes of literals for which the mapping names neither datatype nor language.

    NATURAL is what rml-core and R2RML demand. NONE gives what engines write that do not know
    natural datatypes. GUESS takes what a text looks like where the source says nothing, as others
    do.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-natural-rdf-literal
    """

    NATURAL = "natural"
    NONE = "none"
    GUESS = "guess"

    @classmethod
    def named(cls, name: str) -> Datatypes:
        """Return the datatypes of a name.

        Raises:
            UsageError: There are none.
        """
        found = {each.value: each for each in cls}.get(name)
        if found is None:
            raise UsageError(
                "bad-option",
                f"there are no datatypes {name!r}",
                hint=f"Choose one of {', '.join(each.value for each in cls)}.",
            )
        return found
