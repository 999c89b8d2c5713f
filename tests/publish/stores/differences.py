"""Questions that a store answers differently from the local index, with the reason.

The test fails if an answer differs that is not listed, or if a listed one no longer differs.
Numbers are compared by value: `2.0` and `2` are the same answer.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Why an answer differs.

    Attributes:
        reason: How the store answers.
        error: kg's message if the store does not answer; without it the answer is a different one.
    """

    reason: str
    error: str = ""


_COMPILER = Difference("its compiler fails on it (SQ156)", "SQ156")
_UNBOUND = Difference(
    "in an OPTIONAL, a FILTER on `!BOUND` of another OPTIONAL's variable goes wrong"
)

DIFFERENCES: dict[str, dict[str, Difference]] = {
    "oxigraph": {},
    "fuseki": {},
    "rdf4j": {},
    "virtuoso": {
        "check-chains": _COMPILER,
        "check-provenance": Difference("its own triples are in the default graph too"),
        "conditions-on-talks": _COMPILER,
        "differences-of-codings": Difference(
            "an OPTIONAL with a variable for the property does not match"
        ),
        "forecasts-and-launches": Difference("its compiler fails on it (SP031)", "SP031"),
        "launches-and-talks": Difference("no answer in 30 s; elsewhere it takes one", "timeout"),
        "launch-rates-by-term": Difference(
            "in an OPTIONAL, a FILTER on what a BIND outside of it gives goes wrong"
        ),
        "launches-by-administration": _UNBOUND,
        "launches-by-month": _COMPILER,
        "launches-in-months-with-talks": Difference("the rows of months without talks are missing"),
        "record-or-judgement": Difference("a path with `*` finds nothing in an OPTIONAL"),
        "tests-during-policy": _UNBOUND,
        "who-is-who": Difference("it gives booleans as 0 and 1"),
    },
}


def differences_table() -> str:
    """Return the table of differences in Markdown, as in docs/stores.md."""
    lines = ["| question | store | what it does |", "| --- | --- | --- |"]
    for store, found in DIFFERENCES.items():
        reasons: dict[str, list[str]] = {}
        for name, difference in found.items():
            reasons.setdefault(difference.reason, []).append(f"`{name}`")
        for reason, names in reasons.items():
            lines.append(f"| {', '.join(names)} | {store.capitalize()} | {reason} |")
    return "\n".join(lines) + "\n"
