"""How long and how deep what is read may be, and several errors told together."""

from __future__ import annotations

from typing import Final

from kg.errors import InputError, Location

# Bytes of an IRI or a literal: what Oxigraph holds of a file at a time. A literal of that length
# is mostly data that got lost in a cell, or the rest of a file behind a missing quote.
LONGEST_TERM: Final = 16 * 2**20
# Brackets, lists or elements in one another.
DEEPEST: Final = 10_000
# Errors that are told together; the rest is counted.
SHOWN: Final = 10


def too_long(what: str, place: Location, limit: int = LONGEST_TERM) -> InputError:
    """Return the error for a value that is too long.

    Args:
        what: What is too long, such as ``a literal``.
        place: Where it begins.
        limit: The limit, in bytes.
    """
    return InputError(
        "statement-too-long",
        f"{what} that begins here is longer than {limit // 2**20} MB",
        location=place,
        hint="Is a quote missing, or has a whole file slipped into a literal?",
    )


def too_deep(what: str, place: Location, limit: int = DEEPEST) -> InputError:
    """Return the error for what nests too deep.

    Args:
        what: What nests, such as ``elements``.
        place: Where the limit is passed.
        limit: The limit.
    """
    return InputError(
        "too-deep",
        f"more than {limit:,} {what} stand in one another",
        location=place,
        hint="Name the inner nodes, and describe them on their own.",
    )


class Problems:
    """What is wrong with a file, where reading can go on behind it.

    Args:
        form: The format, as a message names it.

    Attributes:
        count: How many were noted.
    """

    def __init__(self, form: str) -> None:
        self._form = form
        self._found: list[tuple[str, Location]] = []
        self.count = 0

    def add(self, message: str, place: Location) -> None:
        """Note something that is wrong."""
        self.count += 1
        if len(self._found) < SHOWN:
            self._found.append((message, place))

    def error(self, message: str, place: Location) -> InputError:
        """Return the error for what was noted and for something behind which nothing is read."""
        self.add(message, place)
        return self.found()

    def raise_if_any(self) -> None:
        """Raise the error for what was noted.

        Raises:
            InputError: Something was.
        """
        if self.count:
            raise self.found()

    def found(self) -> InputError:
        """Return the error for what was noted; something was."""
        (message, place), *others = self._found
        more = [f"{at}: {text}" for text, at in others]
        if self.count > len(self._found):
            more.append(f"and {self.count - len(self._found):,} more")
        hint = "Mend the file at this place." if not more else "Mend the file at these places."
        return InputError(
            "bad-rdf",
            f"not valid {self._form}: {message}",
            location=place,
            hint="\n  ".join((*more, hint)),
        )
