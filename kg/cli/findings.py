"""What is said of findings after a build: the first of them, with place and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.cli.context import Settings
    from kg.findings import Finding

# Findings that a summary shows, unless all are asked for.
MOST_SHOWN: Final = 10


def say_findings(shared: Settings, findings: Sequence[Finding]) -> None:
    """Tell findings that are not accepted, the worst first.

    Args:
        shared: How to speak to the user.
        findings: The findings.
    """
    ordered = sorted(findings, key=lambda each: -each.level)
    shown = ordered if shared.verbose else ordered[:MOST_SHOWN]
    for finding in shown:
        for line in finding.lines():
            shared.say(line)
    if len(shown) < len(ordered):
        shared.say(
            f"and {counted(len(ordered) - len(shown), 'more finding')}; `kg check` tells all"
        )
    if ordered:
        shared.say("`kg check --accept` accepts what is meant to be so")
