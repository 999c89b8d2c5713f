"""Limits of length and depth for RDF files, and errors that are reported together."""

from __future__ import annotations

from typing import Final

from kg.errors import InputError, Location

# Bytes of an IRI or a literal: the size of Oxigraph's buffer. A longer literal is usually data
# in the wrong cell, or the rest of a file after a missing quote.
LONGEST_TERM: Final = 16 * 2**20
# Nested brackets, lists or elements.
DEEPEST: Final = 10_000
# Errors that are reported together; the rest is counted.
SHOWN: Final = 10


def too_long(what: str, place: Location, limit: int = LONGEST_TERM) -> InputError:
    """Return the error for a value that is too long.

    Args:
        what: The value as the message calls it, such as ``a literal``.
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
    """Return the error for brackets, lists or elements that nest too deep.

    Args:
        what: Their name in the message, such as ``elements``.
        place: Where the limit is passed.
        limit: The limit.
    """
    return InputError(
        "too-deep",
        f"more than {limit:,} {what} are nested in one another",
        location=place,
        hint="Give the inner nodes a name, and describe them on their own.",
    )


class Problems:
    """Collects the errors of a file after which reading can continue.

    Args:
        form: Name of the format in messages.

    Attributes:
        count: Number of errors so far.
    """

    def __init__(self, form: str) -> None:
        self._form = form
        self._found: list[tuple[str, Location]] = []
        self.count = 0

    def add(self, message: str, place: Location) -> None:
        """Add an error."""
        self.count += 1
        if len(self._found) < SHOWN:
            self._found.append((message, place))

    def error(self, message: str, place: Location) -> InputError:
        """Return one error for those collected and a last one, after which reading stops."""
        self.add(message, place)
        return self.found()

    def raise_if_any(self) -> None:
        """Raise the collected errors as one.

        Raises:
            InputError: There are some.
        """
        if self.count:
            raise self.found()

    def found(self) -> InputError:
        """Return the collected errors, at least one, as one error."""
        (message, place), *others = self._found
        more = [f"{at}: {text}" for text, at in others]
        if self.count > len(self._found):
            more.append(f"and {self.count - len(self._found):,} more")
        hint = "Fix the file at this place." if not more else "Fix the file at these places."
        return InputError(
            "bad-rdf",
            f"not valid {self._form}: {message}",
            location=place,
            hint="\n  ".join((*more, hint)),
        )
